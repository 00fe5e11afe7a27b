/* Least squares over coefficients b and parameters theta together.
 *
 *   y = Z g + X(theta) b + e          Z fixed columns and effects
 *
 * For a given theta the rest is linear (variable projection), so what is
 * searched is rss(theta): points of a fixed sequence in the box, the best of
 * them improved by Gauss-Newton steps on the residuals that Z and X(theta)
 * leave, damped where they do not improve (Kaufman 1975; Levenberg 1944).
 *
 * At the optimum the regression of y on [Z, X, D], D_j = dX/dtheta_j b, is
 * the linear model that all errors rest on: its coefficients of D are the last
 * step, its (X'X)^-1, residuals and influence those of the nonlinear fit.
 *
 * The data need not know theta.  The set of values that an F test does not
 * reject, rss(theta_j) <= rss (1 + F / df), is searched in both directions:
 * when it is the whole box, or the optimum is an end of it, that is an error;
 * when it is not what estimate and error suggest, a note.
 *
 * Source  Golub & Pereyra (1973), SIAM J. Numer. Anal. 10(2); Kaufman (1975), BIT 15;
 *         Bates & Watts (1988), Nonlinear Regression, 2.2 and 6.1; Davies (1987), Biometrika 74(1),
 *         for a parameter that only exists when b is not 0
 */
#include "model/forms_fit.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/est.h"
#include "num/dist.h"
#include "num/ols.h"

static const double GONE = 1e-18; /* of the square of a column: nothing is left but rounding */

/* --- one point ------------------------------------------------------------------------ */

/* Least squares of v on what is in Q: v = v - Q Q'v, twice. */
static void project(const rl_mat *Q, double *v, rl_ctx *cx)
{
    for (int turn = 0; turn < 2; turn++)
        for (size_t j = 0; j < Q->k; j++) {
            const double *q = rl_mat_col(Q, j);
            double dot = rl_dot(NULL, q, v, Q->n, cx);
            for (size_t i = 0; i < Q->n; i++) v[i] -= dot * q[i];
        }
}

/* Columns of V swept, weighted, and less what Z explains. */
static rl_code partial_out(const rl_search *s, rl_mat *V, rl_ctx *cx)
{
    const rl_design *d = s->d;
    rl_absorbed info;
    if (d->fe.n_fe > 0 && V->k > 0) RL_TRY(rl_absorb(&d->fe, d->w, V, NULL, &info, cx));
    for (size_t j = 0; j < V->k; j++) {
        double *v = rl_mat_col(V, j);
        for (size_t i = 0; i < d->n && s->root != NULL; i++) v[i] *= s->root[i];
        project(&s->Q, v, cx);
    }
    return RL_OK;
}

/* Q R of V in place; the norms before say what counts as nothing.  rank 0 columns are zero, r_jj = 0. */
static void factor(rl_mat *V, double *R, const double *norm0, rl_ctx *cx)
{
    for (size_t j = 0; j < V->k; j++) {
        double *v = rl_mat_col(V, j);
        for (int turn = 0; turn < 2; turn++)
            for (size_t q = 0; q < j; q++) {
                const double *u = rl_mat_col(V, q);
                double dot = rl_dot(NULL, u, v, V->n, cx);
                R[q + j * V->k] += dot;
                for (size_t i = 0; i < V->n; i++) v[i] -= dot * u[i];
            }
        double left = rl_dot(NULL, v, v, V->n, cx);
        bool gone = !(left > GONE * norm0[j]);
        R[j + j * V->k] = gone ? 0 : sqrt(left);
        for (size_t i = 0; i < V->n; i++) v[i] = gone ? 0 : v[i] / R[j + j * V->k];
    }
}

static void back_solve(const double *R, const double *c, size_t k, double *b)
{
    for (size_t j = k; j-- > 0;) {
        double sum = c[j];
        for (size_t q = j + 1; q < k; q++) sum -= R[j + q * k] * b[q];
        b[j] = R[j + j * k] > 0 ? sum / R[j + j * k] : 0;
    }
}

/* The moving columns at the jets; with b, the derivatives D instead. */
static void moving_column(const rl_search *s, size_t c, const double *v, double *x)
{
    const rl_moving *m = &s->forms->moving[c];
    const double *z = rl_mat_col(&s->d->X, m->column);
    for (size_t i = 0; i < s->d->n; i++) x[i] = z[i] * v[m->from[i]];
}

static void slope_column(const rl_search *s, const rl_jet *jet, size_t j, const double *b, double *x)
{
    for (size_t c = 0; c < s->forms->m; c++) {
        const rl_moving *m = &s->forms->moving[c];
        const double *z = rl_mat_col(&s->d->X, m->column), *v = jet[m->chain].d[j];
        for (size_t i = 0; i < s->d->n && v != NULL; i++) x[i] += b[c] * z[i] * v[m->from[i]];
    }
}

static double length2(const double *v, size_t n, rl_ctx *cx) { return rl_dot(NULL, v, v, n, cx); }

/* rss, box and, when asked, gradient and Gauss-Newton matrix at p->theta. */
static rl_code evaluate(const rl_search *s, rl_point *p, bool slopes, rl_ctx *sub)
{
    const rl_forms *f = s->forms;
    size_t n = s->d->n, m = f->m, q = f->q;
    rl_jet *jet = RL_NEW(sub->tmp, rl_jet, f->n_chains);
    rl_forms_values(f, p->theta, p->fixed, slopes, jet, p->lo, p->hi, sub->tmp);
    rl_mat M = rl_mat_new(n, m, sub->tmp), D = rl_mat_new(n, slopes ? q : 0, sub->tmp);
    double *norm0 = RL_NEW(sub->tmp, double, m), *R = RL_NEW(sub->tmp, double, m *m), *c = RL_NEW(sub->tmp, double, m);
    double *e = RL_NEW(sub->tmp, double, n);
    for (size_t j = 0; j < m; j++) {
        moving_column(s, j, jet[f->moving[j].chain].v, rl_mat_col(&M, j));
        norm0[j] = length2(rl_mat_col(&M, j), n, sub);
    }
    RL_TRY(partial_out(s, &M, sub));
    factor(&M, R, norm0, sub);
    memcpy(e, s->y, n * sizeof *e);
    for (size_t j = 0; j < m; j++) c[j] = rl_dot(NULL, rl_mat_col(&M, j), s->y, n, sub);
    project(&M, e, sub);
    back_solve(R, c, m, p->b);
    p->rss = length2(e, n, sub);
    if (!slopes) return RL_OK;
    for (size_t j = 0; j < q; j++) slope_column(s, jet, j, p->b, rl_mat_col(&D, j));
    RL_TRY(partial_out(s, &D, sub));
    for (size_t j = 0; j < q; j++) {
        project(&M, rl_mat_col(&D, j), sub);
        p->g[j] = rl_dot(NULL, rl_mat_col(&D, j), e, n, sub);
        for (size_t i = 0; i <= j; i++)
            p->H[i + j * q] = p->H[j + i * q] = rl_dot(NULL, rl_mat_col(&D, i), rl_mat_col(&D, j), n, sub);
    }
    return RL_OK;
}

rl_point rl_point_new(size_t q, size_t m, rl_arena *in)
{
    double *v = RL_NEW(in, double, 4 * q + q * q + m);
    return (rl_point){.theta = v, .lo = v + q, .hi = v + 2 * q, .g = v + 3 * q, .H = v + 4 * q, .b = v + 4 * q + q * q};
}

void rl_point_copy(rl_point *to, const rl_point *from, size_t q, size_t m)
{
    memcpy(to->theta, from->theta, (4 * q + q * q + m) * sizeof(double));
    to->rss = from->rss;
}

rl_code rl_search_at(rl_search *s, rl_point *p, bool slopes, rl_ctx *cx)
{
    rl_ctx sub = *cx;
    sub.tmp = s->scratch;
    if (s->cost < 1e6) sub.threads = 1; /* threads would cost more than they bring */
    rl_code code = evaluate(s, p, slopes, &sub);
    cx->err = sub.err;
    rl_arena_reset(s->scratch);
    return code;
}

/* --- steps ------------------------------------------------------------------------------ */

static bool at_end(const rl_point *p, size_t j, double way)
{
    double near = 1e-9 * (p->hi[j] - p->lo[j]);
    return (way < 0 && p->theta[j] <= p->lo[j] + near) || (way > 0 && p->theta[j] >= p->hi[j] - near);
}

/* (H + damp diag H) step = g over the parameters that are free to move.  False when H is singular. */
static bool solve_step(const rl_point *p, size_t q, const bool *held, double damp, double *step)
{
    double C[RL_FORMS_MOST * RL_FORMS_MOST];
    for (size_t j = 0; j < q; j++) {
        step[j] = held[j] ? 0 : p->g[j];
        for (size_t i = j; i < q; i++) {
            double sum = held[i] || held[j] ? (i == j ? 1 : 0) : p->H[i + j * q] * (i == j ? 1 + damp : 1);
            for (size_t k = 0; k < j; k++) sum -= C[i + k * q] * C[j + k * q];
            if (i == j && !(sum > 1e-14 * p->H[j + j * q]) && !held[j]) return false;
            C[i + j * q] = i == j ? sqrt(sum) : sum / C[j + j * q];
        }
        for (size_t k = 0; k < j; k++) step[j] -= C[j + k * q] * step[k];
        step[j] /= C[j + j * q];
    }
    for (size_t j = q; j-- > 0;) {
        for (size_t k = j + 1; k < q; k++) step[j] -= C[k + j * q] * step[k];
        step[j] /= C[j + j * q];
    }
    return true;
}

static double clamped(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

enum { STEPS = 200, SHRINKS = 12 };
static const double TINY = 1e-11, SMALL = 1e-5;

/* The largest move of a step, in shares of the box. */
static double move_of(const rl_point *from, const double *to, size_t q)
{
    double most = 0;
    for (size_t j = 0; j < q; j++) {
        double width = from->hi[j] - from->lo[j];
        if (width > 0) most = fmax(most, fabs(to[j] - from->theta[j]) / width);
    }
    return most;
}

rl_code rl_search_improve(rl_search *s, rl_point *p, const bool *fixed, rl_ctx *cx)
{
    size_t q = s->forms->q, m = s->forms->m;
    rl_point next = rl_point_new(q, m, cx->tmp);
    double damp = 0, step[RL_FORMS_MOST];
    bool held[RL_FORMS_MOST];
    p->fixed = next.fixed = fixed;
    RL_TRY(rl_search_at(s, p, true, cx));
    for (int turn = 0; turn < STEPS; turn++) {
        bool better = false;
        double move = 0;
        for (size_t j = 0; j < q; j++) held[j] = (fixed != NULL && fixed[j]) || at_end(p, j, p->g[j]);
        for (int t = 0; t < SHRINKS && !better; t++) {
            if (solve_step(p, q, held, damp, step)) {
                for (size_t j = 0; j < q; j++)
                    next.theta[j] = held[j] ? p->theta[j] : clamped(p->theta[j] + step[j], p->lo[j], p->hi[j]);
                move = move_of(p, next.theta, q);
                if (move <= TINY) return RL_OK;
                RL_TRY(rl_search_at(s, &next, true, cx));
                /* near the optimum the sums no longer tell steps apart: the gradient does */
                better = next.rss < p->rss || (move < SMALL && next.rss <= p->rss * (1 + 1e-12));
            }
            damp = better ? (damp < 1e-6 ? 0 : damp / 10) : damp == 0 ? 1e-3 : damp * 10;
        }
        if (!better) return RL_OK;
        rl_point_copy(p, &next, q, m);
    }
    return RL_OK;
}

/* --- starting ----------------------------------------------------------------------------- */

enum { MOST_POINTS = 1000, FEWEST_POINTS = 12, STARTS = 6 };

/* The golden ratio of q dimensions: the root of g^(q+1) = g + 1 (Roberts 2018). */
static double golden(size_t q)
{
    double g = 2;
    for (int i = 0; i < 60; i++) g = rl_pow(1 + g, 1 / (double)(q + 1));
    return g;
}

/* Point t of a sequence that fills the cube evenly, however long it is. */
static void point_of(size_t q, double g, size_t t, double *u)
{
    double a = 1;
    for (size_t j = 0; j < q; j++) {
        a /= g;
        double x = 0.5 + a * (double)(t + 1);
        u[j] = x - floor(x);
    }
}

static bool far_apart(const double *u, const double *v, size_t q)
{
    double most = 0;
    for (size_t j = 0; j < q; j++) most = fmax(most, fabs(u[j] - v[j]));
    return most > 0.15;
}

/* The best points that are not neighbours: count of them in best[]. */
static size_t choose(const double *u, const double *rss, size_t points, size_t q, size_t *best)
{
    size_t n = 0;
    double floor_of = -1;
    size_t last = SIZE_MAX;
    while (n < STARTS) {
        size_t pick = SIZE_MAX; /* the next in order of rss, then of place */
        for (size_t t = 0; t < points; t++) {
            bool after = rss[t] > floor_of || (rss[t] == floor_of && last != SIZE_MAX && t > last);
            if (after && (pick == SIZE_MAX || rss[t] < rss[pick])) pick = t;
        }
        if (pick == SIZE_MAX) break;
        floor_of = rss[pick];
        last = pick;
        bool apart = true;
        for (size_t i = 0; i < n && apart; i++) apart = far_apart(u + best[i] * q, u + pick * q, q);
        if (apart) best[n++] = pick;
    }
    return n;
}

rl_code rl_search_start(rl_search *s, rl_point **optimum, size_t *count, rl_ctx *cx)
{
    size_t q = s->forms->q, m = s->forms->m, best[STARTS];
    double g = golden(q);
    size_t points = s->cost < 1e8 / MOST_POINTS ? MOST_POINTS : (size_t)(1e8 / s->cost);
    if (points < FEWEST_POINTS * q) points = FEWEST_POINTS * q;
    if (points > 60 * q * q) points = 60 * q * q;
    double *u = RL_NEW(cx->tmp, double, points *q), *rss = RL_NEW(cx->tmp, double, points);
    rl_point p = rl_point_new(q, m, cx->tmp);
    for (size_t t = 0; t < points; t++) {
        point_of(q, g, t, u + t * q);
        rl_forms_theta(s->forms, u + t * q, p.theta, s->scratch);
        RL_TRY(rl_search_at(s, &p, false, cx));
        rss[t] = p.rss;
    }
    *count = 0;
    *optimum = RL_NEW(cx->tmp, rl_point, STARTS);
    for (size_t i = 0, starts = choose(u, rss, points, q, best); i < starts && (i < 2 || s->cost < 1e6); i++) {
        rl_point o = rl_point_new(q, m, cx->tmp);
        rl_forms_theta(s->forms, u + best[i] * q, o.theta, s->scratch);
        RL_TRY(rl_search_improve(s, &o, NULL, cx));
        (*optimum)[(*count)++] = o;
    }
    for (size_t i = 1; i < *count; i++) /* the best first */
        if ((*optimum)[i].rss < (*optimum)[0].rss) {
            rl_point first = (*optimum)[0];
            (*optimum)[0] = (*optimum)[i];
            (*optimum)[i] = first;
        }
    return RL_OK;
}

/* --- what does not move ------------------------------------------------------------------------ */

rl_code rl_search_open(const rl_design *d, rl_search *s, rl_ctx *cx)
{
    const rl_forms *f = d->forms;
    size_t k = d->X.k - f->m, n = d->n, at = 0;
    *s = (rl_search){.d = d, .forms = f, .scratch = rl_arena_like(cx->tmp)};
    rl_arena_defer(cx->tmp, (void (*)(void *))rl_arena_free, s->scratch);
    rl_mat V = rl_mat_new(n, k + 1, cx->tmp);
    double *norm0 = RL_NEW(cx->tmp, double, k + 1), *R = RL_NEW(cx->tmp, double, k *k);
    for (size_t j = 0; j < d->X.k; j++) {
        bool moves = false;
        for (size_t c = 0; c < f->m; c++) moves |= f->moving[c].column == j;
        if (moves) continue;
        memcpy(rl_mat_col(&V, at), rl_mat_col(&d->X, j), n * sizeof(double));
        norm0[at] = rl_dot(d->w, rl_mat_col(&V, at), rl_mat_col(&V, at), n, cx);
        at++;
    }
    memcpy(rl_mat_col(&V, k), d->y, n * sizeof(double));
    rl_absorbed info = {0};
    if (d->fe.n_fe > 0) RL_TRY(rl_absorb(&d->fe, d->w, &V, NULL, &info, cx));
    if (d->w != NULL) {
        double *root = RL_NEW(cx->tmp, double, n);
        for (size_t i = 0; i < n; i++) root[i] = sqrt(d->w[i]);
        s->root = root;
        for (size_t j = 0; j <= k; j++)
            for (size_t i = 0; i < n; i++) rl_mat_col(&V, j)[i] *= root[i];
    }
    s->Q = (rl_mat){V.a, n, k, n};
    factor(&s->Q, R, norm0, cx);
    s->y = rl_mat_col(&V, k);
    project(&s->Q, s->y, cx);
    s->rank = f->m + f->q;
    for (size_t j = 0; j < k; j++) s->rank += R[j + j * k] > 0;
    for (size_t e = 0; e < d->fe.n_fe; e++) s->rank += d->fe.levels[e];
    s->rank -= info.redundant;
    s->cost = (double)n * (double)(f->m + f->q) * (double)(4 * k + 4 * f->m + 8);
    return RL_OK;
}

/* --- the linear model at the optimum ---------------------------------------------------------------- */

rl_code rl_search_finish(rl_search *s, const rl_point *p, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = s->d;
    const rl_forms *forms = s->forms;
    size_t k = d->X.k, q = forms->q;
    rl_jet *jet = RL_NEW(cx->tmp, rl_jet, forms->n_chains);
    rl_label *label = RL_NEW(cx->tmp, rl_label, k + q);
    size_t *kept = RL_NEW(cx->tmp, size_t, k + q);
    rl_mat X = rl_mat_new(d->n, k + q + 1, cx->tmp);
    rl_forms_values(forms, p->theta, NULL, true, jet, NULL, NULL, cx->tmp);
    for (size_t j = 0; j < k; j++) {
        memcpy(rl_mat_col(&X, j), rl_mat_col(&d->X, j), d->n * sizeof(double));
        label[j] = rl_label_of(d->x_name[j]);
    }
    for (size_t c = 0; c < forms->m; c++)
        moving_column(s, c, jet[forms->moving[c].chain].v, rl_mat_col(&X, forms->moving[c].column));
    for (size_t j = 0; j < q; j++) {
        slope_column(s, jet, j, p->b, rl_mat_col(&X, k + j));
        label[k + j] = rl_label_of(forms->par[j].label);
    }
    RL_TRY(rl_fit_linear(d, X, label, k, kept, f, cx));
    for (size_t j = 0; j < q; j++) f->b[kept[k + j]] += p->theta[j]; /* the last step */
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    *core = *f->core;
    core->working = true; /* y is not X b + e */
    f->core = core;
    return RL_OK;
}
