/* The bootstrap of an ARDL fit: data as arrays, what is asked of a draw, intervals from the draws. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/ardl.h"
#include "num/ardlboot.h"
#include "num/lagsel.h"
#include "num/order.h"

typedef struct boot {
    const rl_request *req;
    rl_result *out;
    rl_dynamic y;
    rl_ardl_series s;
    size_t B, full, m; /* draws, coefficients, estimates  */
    bool constant;     /* z[0]; everything else is centred then */
    double ybar, *xbar, *zbar;
    const char **z_name;
    double *b, *V, *e; /* of the actual outcome           */
    double *from;      /* full  what the draws are made from */
    double *theta;     /* m     long runs under `from`       */
    rl_mat R;          /* m-by-full  and r, student: see num/ardlboot.h */
    double *r;
    bool *student;
    double *draws; /* B-by-m  from the estimates, */
    double *slow;  /* and from those of an outcome that remembers as long as it may */
} boot;

/* --- the series as arrays -------------------------------------------------------------------- */

static rl_code not_one_series(const rl_design *d, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "--inference bootstrap needs consecutive periods: %zu rows stand in %d periods", d->n,
            d->last_time - d->first_time + 1);
    return rl_hint(cx, "it makes each period from the one before; without it a gap costs rows alone");
}

static double *in_time(const double *v, const rl_design *d, rl_ctx *cx)
{
    double *out = RL_NEW(cx->tmp, double, d->n);
    for (size_t i = 0; i < d->n; i++) out[d->at[i] - d->first_time] = v[i];
    return out;
}

/* Less its mean, which is returned. */
static double centre(double *v, size_t n, bool yes)
{
    double sum = 0;
    for (size_t i = 0; i < n && yes; i++) sum += v[i];
    for (size_t i = 0; i < n && yes; i++) v[i] -= sum / (double)n;
    return yes ? sum / (double)n : 0;
}

static void arrays(boot *w, const rl_design *d, rl_ctx *cx)
{
    rl_ardl_series *s = &w->s;
    size_t M = d->n;
    const double **x = RL_NEW(cx->tmp, const double *, w->y.k), **z = RL_NEW(cx->tmp, const double *, d->X.k);
    uint64_t *key = RL_NEW(cx->tmp, uint64_t, M);
    double *y = in_time(d->y, d, cx);
    w->xbar = RL_NEW(cx->tmp, double, w->y.k);
    w->zbar = RL_NEW(cx->tmp, double, d->X.k);
    w->z_name = RL_NEW(cx->tmp, const char *, d->X.k);
    w->constant = d->constant;
    w->ybar = centre(y, M, w->constant);
    for (size_t j = 0; j < d->X.k; j++) {
        double *v = in_time(rl_mat_col(&d->X, j), d, cx);
        size_t i = 0;
        while (i < w->y.k && strcmp(w->y.x[i], d->x_name[j]) != 0) i++;
        double mean = centre(v, M, w->constant && j > 0);
        if (i < w->y.k) {
            x[i] = v;
            w->xbar[i] = mean;
            continue;
        }
        z[s->f] = v;
        w->zbar[s->f] = mean;
        w->z_name[s->f++] = d->x_name[j];
    }
    for (size_t i = 0; i < M; i++) key[i] = (uint64_t)((int64_t)d->first_time + (int64_t)i);
    s->M = M, s->k = w->y.k, s->y = y, s->x = x, s->z = z, s->key = key;
}

/* Columns of z that depend on those before (the fit left them out, by name) go. */
static void orders(boot *w, const rl_request *req, rl_ctx *cx)
{
    rl_ardl_series *s = &w->s;
    size_t *order = RL_NEW(cx->tmp, size_t, s->k + 1), longest = 0;
    for (size_t j = 0; j <= s->k; j++) {
        order[j] = (size_t)req->order[j];
        if (order[j] > longest) longest = order[j];
    }
    s->order = order;
    s->start = longest;
    s->choose = req->max_lags > 0;
    s->P = s->choose ? (size_t)req->max_lags : longest;
    s->penalty = rl_ardl_penalty(req->ic, (double)(s->M - s->P));
    s->most = RL_LAGSEL_MOST;
    w->full = s->f + s->P + s->k * (s->P + 1);
}

/* --- what is asked of a draw --------------------------------------------------------------------- */

static double *weight(boot *w, size_t row, size_t column) { return rl_mat_at(&w->R, row, column); }
static size_t own(const boot *w, size_t lag) { return w->s.f + lag - 1; }
static size_t of_x(const boot *w, size_t j, size_t lag) { return w->s.f + w->s.P + j * (w->s.P + 1) + lag; }

/* The constant as it is without centring: c + ybar (1 - sum phi) - sum x_bar beta - sum z_bar gamma. */
static void ask_constant(boot *w, size_t row)
{
    *weight(w, row, 0) = 1;
    w->r[row] = -w->ybar;
    for (size_t i = 1; i <= w->s.P; i++) *weight(w, row, own(w, i)) = -w->ybar;
    for (size_t j = 0; j < w->s.k; j++)
        for (size_t i = 0; i <= w->s.P; i++) *weight(w, row, of_x(w, j, i)) = -w->xbar[j];
    for (size_t j = 1; j < w->s.f; j++) *weight(w, row, j) = -w->zbar[j];
}

/* A long run: its numerator is there; theta D goes to the other side, sum beta - theta (1 - sum phi). */
static void ask_ratio(boot *w, size_t row)
{
    double N = -w->r[row], D = 1;
    for (size_t i = 0; i < w->full; i++) N += *weight(w, row, i) * w->from[i];
    for (size_t i = 1; i <= w->s.P; i++) D -= w->from[own(w, i)];
    double theta = w->theta[row] = N / D;
    for (size_t i = 1; i <= w->s.P; i++) *weight(w, row, own(w, i)) += theta;
    w->r[row] += theta;
    w->student[row] = true;
}

static void ask_difference(boot *w, size_t row, size_t first, size_t lag)
{
    for (size_t l = lag + 1; l <= w->s.P; l++) *weight(w, row, first + l) = -1;
}

static bool is(const boot *w, size_t row, const char *fmt, const char *x, size_t lag, rl_ctx *cx)
{
    return strcmp(w->out->est[row].label.term, rl_sprintf(cx->tmp, fmt, x, lag)) == 0;
}

static bool ask_regressor(boot *w, size_t row, size_t j, rl_ctx *cx)
{
    const char *x = w->y.x[j], *term = w->out->est[row].label.term;
    for (size_t i = 0; i <= w->s.P; i++) {
        if (strcmp(term, rl_lag_name(x, (int)i, cx->tmp)) == 0) {
            *weight(w, row, of_x(w, j, i)) = 1;
            return true;
        }
        if (i > 0 && is(w, row, "lag(diff(%s),%zu)", x, i, cx)) {
            ask_difference(w, row, of_x(w, j, 0), i);
            return true;
        }
    }
    if (strcmp(term, rl_sprintf(cx->tmp, "diff(%s)", x)) == 0) {
        *weight(w, row, of_x(w, j, 0)) = 1;
        return true;
    }
    if (strcmp(term, rl_sprintf(cx->tmp, "long_run::%s", x)) != 0) return false;
    for (size_t i = 0; i <= w->s.P; i++) *weight(w, row, of_x(w, j, i)) = 1;
    ask_ratio(w, row);
    return true;
}

static bool ask_own(boot *w, size_t row, rl_ctx *cx)
{
    for (size_t i = 1; i <= w->s.P; i++) {
        if (is(w, row, "lag(%s,%zu)", w->y.y, i, cx)) {
            *weight(w, row, own(w, i)) = 1;
            return true;
        }
        if (is(w, row, "lag(diff(%s),%zu)", w->y.y, i, cx)) {
            ask_difference(w, row, w->s.f - 1, i); /* own(l) = f - 1 + l */
            return true;
        }
    }
    return false;
}

static rl_code ask(boot *w, size_t row, rl_ctx *cx)
{
    const rl_estimate *e = &w->out->est[row];
    bool found = false;
    if (w->constant && strcmp(e->label.term, "(Intercept)") == 0) {
        ask_constant(w, row);
        return RL_OK;
    }
    if (w->constant && strcmp(e->label.term, "long_run::(Intercept)") == 0) {
        ask_constant(w, row);
        ask_ratio(w, row);
        return RL_OK;
    }
    if (strcmp(e->label.term, "ec") == 0) {
        for (size_t i = 1; i <= w->s.P; i++) {
            *weight(w, row, own(w, i)) = 1;
            w->r[row] += w->from[own(w, i)];
        }
        w->student[row] = true;
        return RL_OK;
    }
    found = ask_own(w, row, cx);
    for (size_t j = 0; j < w->s.k && !found; j++) found = ask_regressor(w, row, j, cx);
    for (size_t j = 0; j < w->s.f && !found; j++)
        if (strcmp(w->z_name[j], e->label.term) == 0) {
            *weight(w, row, j) = 1;
            found = true;
        }
    if (found) return RL_OK;
    rl_fail(cx, RL_EDATA, "--inference bootstrap has no answer for '%s'", e->label.term);
    return rl_hint(cx, "leave it to the analytic intervals");
}

/* --- from draws to intervals ----------------------------------------------------------------------- */

/* The finite draws of an estimate, sorted; how many. */
static size_t sorted(const boot *w, const double *draws, size_t row, double *v)
{
    size_t n = 0;
    for (size_t i = 0; i < w->B; i++) {
        double x = draws[i + row * w->B];
        if (isfinite(x)) v[n++] = w->student[row] ? fabs(x) : x;
    }
    rl_order(v, n);
    return n;
}

static size_t below(const double *v, size_t n, double x, bool equal)
{
    size_t count = 0;
    while (count < n && (equal ? v[count] <= x : v[count] < x)) count++;
    return count;
}

static double quadratic(const boot *w, const double *u, const double *v)
{
    double sum = 0;
    for (size_t i = 0; i < w->full; i++)
        for (size_t j = 0; j < w->full && u[i] != 0; j++) sum += u[i] * w->V[i + j * w->full] * v[j];
    return sum;
}

/* {theta: (N - theta D)^2 <= c^2 var(N - theta D)}; without ends when it is not an interval. */
static void fieller(boot *w, size_t row, double c, double *low, double *high, double *t0, rl_ctx *cx)
{
    rl_estimate *e = &w->out->est[row];
    double *num = RL_NEW(cx->tmp, double, w->full), *phi = RL_NEW(cx->tmp, double, w->full), D = 1;
    for (size_t i = 0; i < w->full; i++) num[i] = *weight(w, row, i);
    for (size_t i = 1; i <= w->s.P; i++) {
        num[own(w, i)] -= w->theta[row];
        phi[own(w, i)] = 1;
        D -= w->b[own(w, i)];
    }
    double N = e->estimate * D, vn = quadratic(w, num, num), vp = quadratic(w, phi, phi), np = quadratic(w, num, phi);
    double a = D * D - c * c * vp, b = N * D + c * c * np, g = N * N - c * c * vn, disc = b * b - a * g;
    *t0 = fabs(N) / sqrt(vn);
    *low = -INFINITY, *high = INFINITY;
    if (!(a > 0) || !(disc >= 0)) return;
    *low = (b - sqrt(disc)) / a;
    *high = (b + sqrt(disc)) / a;
}

/* Standard error of the sum of the outcome's lags. */
static double sum_error(const boot *w, rl_ctx *cx)
{
    double *phi = RL_NEW(cx->tmp, double, w->full);
    for (size_t i = 1; i <= w->s.P; i++) phi[own(w, i)] = 1;
    return sqrt(quadratic(w, phi, phi));
}

static void settle(boot *w, size_t row, double *v, rl_ctx *cx)
{
    rl_estimate *e = &w->out->est[row];
    size_t n = sorted(w, w->draws, row, v);
    double alpha = 1 - w->out->level, N = (double)n;
    if (!w->student[row]) {
        double up = (double)below(v, n, 0, true), down = N - (double)below(v, n, 0, false);
        e->conf_low = rl_order_between(v, n, alpha / 2);
        e->conf_high = rl_order_between(v, n, 1 - alpha / 2);
        e->p_value = fmin(1, 2 * fmin(up, down) / N);
        return;
    }
    double *u = RL_NEW(cx->tmp, double, w->B), t0;
    size_t n_slow = sorted(w, w->slow, row, u);
    double c = rl_order_between(v, n, 1 - alpha);
    if (n_slow > 0) c = fmax(c, rl_order_between(u, n_slow, 1 - alpha));
    if (strcmp(e->label.term, "ec") == 0) {
        double se = sum_error(w, cx);
        t0 = fabs(e->estimate) / se;
        e->conf_low = e->estimate - c * se;
        e->conf_high = e->estimate + c * se;
    } else {
        fieller(w, row, c, &e->conf_low, &e->conf_high, &t0, cx);
    }
    e->p_value = (N - (double)below(v, n, t0, false)) / N;
    if (n_slow > 0)
        e->p_value = fmax(e->p_value, ((double)n_slow - (double)below(u, n_slow, t0, false)) / (double)n_slow);
    rl_release(cx->tmp, u);
}

static void say(const boot *w, size_t failed, rl_ctx *cx)
{
    const char *anew = w->s.choose ? "; the lags are chosen anew in every draw, so the intervals cover their choice"
                                   : "; the lags are those given in every draw";
    rl_remark(cx, "bootstrap",
              "p and intervals from %zu draws of the whole series, each period from those before with the sign of its "
              "residual thrown%s",
              w->B - failed, anew);
    rl_remark(cx, "bootstrap",
              "coefficients have percentile intervals%s; ec and the long run are studentised, also by draws in "
              "which the outcome remembers as long as it may, the long run's interval is what its t test does not "
              "reject",
              w->s.choose ? " (a lag that was not chosen counts as zero)" : "");
    for (size_t j = 0; j < w->m; j++)
        if (isinf(w->out->est[j].conf_low)) {
            rl_remark(cx, "bootstrap",
                      "an interval without ends: the outcome may remember so long that the data do not tell the long "
                      "run");
            break;
        }
}

static rl_code read_series(boot *w, const rl_design *d, rl_ctx *cx)
{
    rl_design plain;
    rl_request asked = *w->req;
    asked.formula = asked.as_asked;
    RL_TRY(rl_dynamic_read(asked.formula, &asked, d->t, false, &w->y, cx));
    RL_TRY(rl_ardl_vary(&asked, &w->y, d->t, &plain, cx));
    if ((size_t)(plain.last_time - plain.first_time) + 1 != plain.n) return not_one_series(&plain, cx);
    arrays(w, &plain, cx);
    orders(w, w->req, cx);
    if (d->n == plain.n - w->s.start) return RL_OK;
    rl_fail(cx, RL_EDATA,
            "--inference bootstrap: %zu rows are used, and %zu periods have the outcome and its regressors", d->n,
            plain.n);
    return rl_hint(cx, "lags written out, and columns that start late, shorten one and not the other: cut the data to "
                       "where all have values");
}

static rl_code draw(boot *w, const double *from, double *draws, rl_ctx *cx)
{
    w->s.coef = w->from = RL_NEW(cx->tmp, double, w->full);
    memcpy(w->from, from, w->full * sizeof *from);
    memset(w->R.a, 0, w->m * w->full * sizeof *w->R.a);
    memset(w->r, 0, w->m * sizeof *w->r);
    for (size_t j = 0; j < w->m; j++) RL_TRY(ask(w, j, cx));
    rl_ardl_boot(&w->s, &w->R, w->r, w->student, w->B, cx->seed, draws, cx);
    return RL_OK;
}

static const double MOST_MEMORY = 0.98;
enum { STEPS = 20 };

/* Least squares makes the outcome forget too fast, least noticed where it remembers long.  So what counts as a
 * large t is taken from a second set of draws too: the coefficients moved, as little as their covariance
 * allows, to where those of the outcome's lags sum to the upper end of their own interval. */
static rl_code draw_slow(boot *w, double *room, rl_ctx *cx)
{
    double *to = RL_NEW(cx->tmp, double, w->full), sum = 0, se = sum_error(w, cx);
    size_t row = w->m;
    for (size_t j = 0; j < w->m; j++)
        if (strcmp(w->out->est[j].label.term, "ec") == 0) row = j;
    for (size_t i = 1; i <= w->s.P; i++) sum += w->b[own(w, i)];
    size_t n = sorted(w, w->draws, row, room);
    double target = fmin(sum + rl_order_between(room, n, w->out->level) * se, MOST_MEMORY);
    if (!(target > sum)) return RL_OK;
    for (int step = STEPS; step > 0; step--) {
        double by = (target - sum) * step / STEPS / (se * se);
        for (size_t i = 0; i < w->full; i++) {
            double cov = 0;
            for (size_t l = 1; l <= w->s.P; l++) cov += w->V[i + own(w, l) * w->full];
            to[i] = w->b[i] + by * cov;
        }
        if (rl_stationary(to + w->s.f, w->s.P)) return draw(w, to, w->slow, cx);
    }
    return RL_OK;
}

rl_code rl_ardl_bootstrap(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_ctx *cx)
{
    boot w = {.req = req, .out = out, .B = req->reps > 0 ? req->reps : 1999, .m = f->m};
    size_t failed = 0;
    RL_TRY(read_series(&w, d, cx));
    w.b = RL_NEW(cx->tmp, double, w.full);
    w.V = RL_NEW(cx->tmp, double, w.full *w.full);
    w.e = RL_NEW(cx->tmp, double, w.s.M);
    if (!rl_ardl_once(&w.s, w.b, w.V, w.e, cx)) {
        rl_fail(cx, RL_EDATA, "--inference bootstrap: a regressor depends on the others");
        return rl_hint(cx, "leave out what the notes name as collinear");
    }
    if (!rl_stationary(w.b + w.s.f, w.s.P)) {
        rl_fail(cx, RL_EDATA, "--inference bootstrap: the estimated series explodes, and so would every draw");
        return rl_hint(cx, "a model of differences, diff(%s), may be what is meant", w.y.y);
    }
    double grow = sqrt((double)f->dof.n / (double)(f->dof.n - f->dof.k));
    for (size_t t = 0; t < w.s.M; t++) w.e[t] *= grow;
    w.s.e = w.e;
    w.theta = RL_NEW(cx->tmp, double, w.m);
    w.R = rl_mat_new(w.m, w.full, cx->tmp);
    w.r = RL_NEW(cx->tmp, double, w.m);
    w.student = RL_NEW(cx->tmp, bool, w.m);
    w.draws = RL_NEW(cx->tmp, double, w.B *w.m);
    w.slow = RL_NEW(cx->tmp, double, w.B *w.m);
    for (size_t i = 0; i < w.B * w.m; i++) w.slow[i] = NAN;
    double *room = RL_NEW(cx->tmp, double, w.B);
    RL_TRY(draw(&w, w.b, w.draws, cx));
    for (size_t i = 0; i < w.B; i++) failed += isfinite(w.draws[i]) ? 0 : 1;
    if (2 * failed > w.B)
        return rl_fail(cx, RL_EDATA, "--inference bootstrap: no fit in %zu of %zu draws", failed, w.B);
    RL_TRY(draw_slow(&w, room, cx));
    for (size_t j = 0; j < w.m; j++) settle(&w, j, room, cx);
    out->draws = out->p_draws = w.B - failed;
    say(&w, failed, cx);
    return RL_OK;
}
