#include "num/ar.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "num/eig.h"
#include "num/ols.h"

enum { ROUNDS = 200, HALVINGS = 40 };

/* How the first errors of a run are predicted: row m of coef from m earlier ones, with variance v[m]. */
typedef struct start {
    size_t p;
    double coef[RL_AR_MOST + 1][RL_AR_MOST]; /* coef[m][j] goes with u_{t-1-j} */
    double v[RL_AR_MOST + 1];                /* v[p] = 1                       */
} start;

bool rl_ar_partial(const double *phi, size_t p, double *partial)
{
    double a[RL_AR_MOST], lower[RL_AR_MOST];
    memcpy(a, phi, p * sizeof *a);
    for (size_t m = p; m > 0; m--) {
        double r = a[m - 1], left = 1 - r * r;
        partial[m - 1] = r;
        if (!(left > 0)) return false;
        for (size_t j = 0; j + 1 < m; j++) lower[j] = (a[j] + r * a[m - 2 - j]) / left;
        memcpy(a, lower, (m - 1) * sizeof *a);
    }
    return true;
}

/* From phi to the shorter predictions and their variances; false when not stationary. */
static bool prepare(const double *phi, size_t p, start *s)
{
    double partial[RL_AR_MOST];
    if (!rl_ar_partial(phi, p, partial)) return false;
    s->p = p;
    for (size_t m = 1; m <= p; m++) {
        double r = partial[m - 1];
        for (size_t j = 0; j + 1 < m; j++) s->coef[m][j] = s->coef[m - 1][j] - r * s->coef[m - 1][m - 2 - j];
        s->coef[m][m - 1] = r;
    }
    s->v[p] = 1;
    for (size_t m = p; m > 0; m--) s->v[m - 1] = s->v[m] / (1 - partial[m - 1] * partial[m - 1]);
    return true;
}

/* out = scale (u_t - predicted) / sqrt(v_t). */
static void whiten(const start *s, double scale, const double *u, const int32_t *since, size_t n, double *out)
{
    double unit[RL_AR_MOST + 1];
    for (size_t m = 0; m <= s->p; m++) unit[m] = scale / sqrt(s->v[m]);
    for (size_t t = 0; t < n; t++) {
        size_t m = (size_t)since[t] < s->p ? (size_t)since[t] : s->p;
        double e = u[t];
        for (size_t j = 0; j < m; j++) e -= s->coef[m][j] * u[t - 1 - j];
        out[t] = unit[m] * e;
    }
}

/* (prod v_t)^(1/2n), and the sum of log v_t. */
static double scale_of(const start *s, const int32_t *since, size_t n, double *logdet)
{
    size_t count[RL_AR_MOST + 1] = {0};
    double sum = 0;
    for (size_t t = 0; t < n; t++)
        if ((size_t)since[t] < s->p) count[since[t]]++;
    for (size_t m = 0; m < s->p; m++) sum += (double)count[m] * rl_log(s->v[m]);
    *logdet = sum;
    return rl_exp(sum / (2 * (double)n));
}

/* --- the problem at (b, phi) -------------------------------------------------- */

typedef struct problem {
    const rl_mat *X;
    const double *y;
    const int32_t *since;
    size_t n, k, p;
    double *u, *r, *near[4]; /* n each */
} problem;

/* r and its sum of squares; infinite when phi is not stationary. */
static double residuals(const problem *w, const double *b, const double *phi, rl_ctx *cx)
{
    start s = {0};
    double logdet;
    if (!prepare(phi, w->p, &s)) return INFINITY;
    for (size_t t = 0; t < w->n; t++) {
        long double e = w->y[t];
        for (size_t j = 0; j < w->k; j++) e -= (long double)*rl_mat_at(w->X, t, j) * b[j];
        w->u[t] = (double)e;
    }
    whiten(&s, scale_of(&s, w->since, w->n, &logdet), w->u, w->since, w->n, w->r);
    return rl_dot(NULL, w->r, w->r, w->n, cx);
}

static const double AT[4] = {-2, -1, 1, 2}, BY[4] = {1, -8, 8, -1}; /* sum BY f(AT h) / 12h: the derivative */

/* How far phi may move in direction i, half the way to where it stops being stationary at most. */
static double room(const double *phi, size_t p, size_t i)
{
    double h = 1e-3, moved[RL_AR_MOST], partial[RL_AR_MOST];
    for (;; h /= 2) {
        bool fine = true;
        for (int side = -1; side <= 1; side += 2) {
            memcpy(moved, phi, p * sizeof *moved);
            moved[i] += side * 4 * h;
            fine = fine && rl_ar_partial(moved, p, partial);
        }
        if (fine || h < 1e-12) return h;
    }
}

/* -dr/d(b, phi) at u.  In phi by differences of the fourth order: h^4 is 1e-12 of the curve. */
static void jacobian(const problem *w, const double *phi, rl_mat *J)
{
    start s = {0};
    double logdet, moved[RL_AR_MOST];
    bool fine = prepare(phi, w->p, &s);
    double scale = scale_of(&s, w->since, w->n, &logdet);
    assert(fine);
    (void)fine;
    for (size_t j = 0; j < w->k; j++) whiten(&s, scale, rl_mat_col(w->X, j), w->since, w->n, rl_mat_col(J, j));
    for (size_t i = 0; i < w->p; i++) {
        double h = room(phi, w->p, i), *to = rl_mat_col(J, w->k + i);
        for (size_t q = 0; q < 4; q++) {
            memcpy(moved, phi, w->p * sizeof *moved);
            moved[i] += AT[q] * h;
            prepare(moved, w->p, &s);
            whiten(&s, scale_of(&s, w->since, w->n, &logdet), w->u, w->since, w->n, w->near[q]);
        }
        for (size_t t = 0; t < w->n; t++) {
            double d = 0;
            for (size_t q = 0; q < 4; q++) d += BY[q] * w->near[q][t];
            to[t] = -d / (12 * h);
        }
    }
}

/* Yule and Walker's estimates from the residuals u: always stationary. */
static void yule_walker(const problem *w, double *phi)
{
    long double c[RL_AR_MOST + 1] = {0};
    double a[RL_AR_MOST], v;
    for (size_t t = 0; t < w->n; t++)
        for (size_t l = 0; l <= w->p && l <= (size_t)w->since[t]; l++) c[l] += (long double)w->u[t] * w->u[t - l];
    v = (double)c[0];
    memset(phi, 0, w->p * sizeof *phi);
    for (size_t m = 1; m <= w->p && v > 0; m++) {
        double g = (double)c[m];
        for (size_t j = 0; j + 1 < m; j++) g -= phi[j] * (double)c[m - 1 - j];
        double r = fmin(fmax(g / v, -0.98), 0.98);
        memcpy(a, phi, m * sizeof *a);
        for (size_t j = 0; j + 1 < m; j++) phi[j] = a[j] - r * a[m - 2 - j];
        phi[m - 1] = r;
        v *= 1 - r * r;
    }
}

/* Take the step d, or as large a part of it as lowers the sum of squares; false when none does. */
static bool move(const problem *w, const double *d, double *b, double *phi, double *rss, rl_ctx *cx)
{
    double *nb = RL_NEW(cx->tmp, double, w->k + 1), nphi[RL_AR_MOST], part = 1;
    for (int i = 0; i < HALVINGS; i++, part /= 2) {
        for (size_t j = 0; j < w->k; j++) nb[j] = b[j] + part * d[j];
        for (size_t j = 0; j < w->p; j++) nphi[j] = phi[j] + part * d[w->k + j];
        double now = residuals(w, nb, nphi, cx);
        if (!(now <= *rss * (1 + 1e-14))) continue;
        memcpy(b, nb, w->k * sizeof *b);
        memcpy(phi, nphi, w->p * sizeof *phi);
        *rss = now;
        return true;
    }
    return false;
}

/* --- the observed information ---------------------------------------------------- */

/* v whitened at phi + step, times r. */
static double turned(const problem *w, const double *phi, const double *step, const double *v, rl_ctx *cx)
{
    start s = {0};
    double moved[RL_AR_MOST], logdet;
    for (size_t i = 0; i < w->p; i++) moved[i] = phi[i] + step[i];
    prepare(moved, w->p, &s);
    whiten(&s, scale_of(&s, w->since, w->n, &logdet), v, w->since, w->n, w->near[0]);
    return rl_dot(NULL, w->near[0], w->r, w->n, cx);
}

/* What the curvature of r adds to J'J: sum_t r_t d2 r_t.  In b alone r is straight. */
static void curvature(const problem *w, const double *phi, rl_mat *H, rl_ctx *cx)
{
    double h[RL_AR_MOST];
    for (size_t a = 0; a < w->p; a++) h[a] = room(phi, w->p, a);
    for (size_t a = 0; a < w->p; a++) {
        for (size_t j = 0; j < w->k; j++) {
            double d = 0, step[RL_AR_MOST] = {0};
            for (size_t q = 0; q < 4; q++) {
                step[a] = AT[q] * h[a];
                d += BY[q] * turned(w, phi, step, rl_mat_col(w->X, j), cx);
            }
            *rl_mat_at(H, j, w->k + a) -= d / (12 * h[a]);
            *rl_mat_at(H, w->k + a, j) = *rl_mat_at(H, j, w->k + a);
        }
        for (size_t b = 0; b <= a; b++) {
            double d = 0;
            for (size_t q = 0; q < 16; q++) {
                double step[RL_AR_MOST] = {0};
                step[a] += AT[q % 4] * h[a];
                step[b] += AT[q / 4] * h[b];
                d += BY[q % 4] * BY[q / 4] * turned(w, phi, step, w->u, cx);
            }
            *rl_mat_at(H, w->k + b, w->k + a) += d / (144 * h[a] * h[b]);
            *rl_mat_at(H, w->k + a, w->k + b) = *rl_mat_at(H, w->k + b, w->k + a);
        }
    }
}

/* H^-1 by its eigenvalues, scaled to a unit diagonal; false when H is not positive definite. */
static bool inverse(const rl_mat *H, rl_mat *A, rl_ctx *cx)
{
    size_t m = H->n;
    double *Q = RL_NEW(cx->tmp, double, m *m), *v = RL_NEW(cx->tmp, double, 2 * m), *d = RL_NEW(cx->tmp, double, m);
    for (size_t j = 0; j < m; j++) {
        if (!(*rl_mat_at(H, j, j) > 0)) return false;
        d[j] = 1 / sqrt(*rl_mat_at(H, j, j));
    }
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++) Q[i + j * m] = d[i] * d[j] * *rl_mat_at(H, i, j);
    if (!rl_eig(Q, m, v, v + m)) return false;
    *A = rl_mat_new(m, m, cx->tmp);
    for (size_t q = 0; q < m; q++) {
        if (!(v[q] > 1e-14)) return false;
        for (size_t j = 0; j < m; j++)
            for (size_t i = 0; i < m; i++) *rl_mat_at(A, i, j) += d[i] * Q[i + q * m] / v[q] * Q[j + q * m] * d[j];
    }
    return true;
}

static rl_code observed(const problem *w, rl_ar_fit *f, rl_ctx *cx)
{
    rl_mat low = rl_mat_new(f->J.k, f->J.k, cx->tmp), H = rl_mat_new(f->J.k, f->J.k, cx->tmp);
    RL_TRY(rl_gram(&f->J, NULL, &H, &low, cx));
    curvature(w, f->phi, &H, cx);
    if (inverse(&H, &f->A, cx)) return RL_OK;
    rl_fail(cx, RL_ENUM, "the likelihood is flat: the data do not tell all coefficients and lags of the errors apart");
    return rl_hint(cx, "use fewer lags of the errors, or fewer regressors");
}

rl_code rl_ar(const rl_mat *X, const double *y, const int32_t *since, size_t p, rl_ar_fit *f, rl_ctx *cx)
{
    problem w = {.X = X, .y = y, .since = since, .n = X->n, .k = X->k, .p = p};
    rl_ols_fit o;
    assert(p <= RL_AR_MOST);
    *f = (rl_ar_fit){.J = rl_mat_new(w.n, w.k + p, cx->tmp)};
    f->phi = RL_NEW(cx->tmp, double, p + 1);
    f->b = RL_NEW(cx->tmp, double, w.k + 1);
    w.r = RL_NEW(cx->tmp, double, w.n);
    w.u = RL_NEW(cx->tmp, double, w.n);
    for (size_t q = 0; q < 4; q++) w.near[q] = RL_NEW(cx->tmp, double, w.n);
    if (w.k > 0) {
        RL_TRY(rl_ols(X, y, NULL, NULL, &o, cx->tmp, cx));
        memcpy(f->b, o.b, w.k * sizeof *f->b);
    }
    residuals(&w, f->b, f->phi, cx); /* phi = 0: leaves u */
    yule_walker(&w, f->phi);
    f->rss = residuals(&w, f->b, f->phi, cx);
    for (;; f->rounds++) {
        double size = 0;
        jacobian(&w, f->phi, &f->J);
        RL_TRY(rl_ols(&f->J, w.r, NULL, NULL, &o, cx->tmp, cx));
        for (size_t j = 0; j < w.k + p; j++) size = fmax(size, fabs(o.b[j]) * sqrt(o.norm2[j] / o.yy));
        if (size < 1e-11) break;
        if (f->rounds == ROUNDS || !move(&w, o.b, f->b, f->phi, &f->rss, cx)) {
            if (size < 1e-8) break; /* as near as rounding lets it come */
            rl_fail(cx, RL_ENUM, "the errors' autoregression was not found in %d rounds", f->rounds);
            return rl_hint(cx, "the errors may not be stationary: regress differences, or use fewer lags");
        }
    }
    start s = {0};
    double logdet;
    f->rss = residuals(&w, f->b, f->phi, cx); /* a step that was refused has left its own behind */
    prepare(f->phi, p, &s);
    double scale = scale_of(&s, since, w.n, &logdet), n = (double)w.n;
    f->r = w.r;
    f->innovations = f->rss / (scale * scale);
    f->loglik = -0.5 * (n * (rl_log(2 * 3.14159265358979323846 * f->innovations / n) + 1) + logdet);
    return f->J.k > 0 ? observed(&w, f, cx) : RL_OK;
}
