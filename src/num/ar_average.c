#include "num/ar_average.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "num/ols.h"

static const double NEAR_ONE[] = {0.925, 0.94, 0.955, 0.965, 0.975, 0.983, 0.988, 0.992, 0.995, 0.998, 0.9999};
enum { EVEN = 37 }; /* -0.9 .. 0.9 by 0.05 */
static const double FROM = -0.95, TO = 0.99995, TWO_PI = 2 * 3.14159265358979323846;

void rl_ar_grid(double rho[RL_AR_GRID], double prior[RL_AR_GRID])
{
    for (int i = 0; i < EVEN; i++) rho[i] = (i - 18) / 20.0;
    memcpy(rho + EVEN, NEAR_ONE, sizeof NEAR_ONE);
    for (size_t i = 0; i < RL_AR_GRID; i++) {
        double low = i == 0 ? FROM : (rho[i - 1] + rho[i]) / 2;
        double high = i + 1 == RL_AR_GRID ? TO : (rho[i] + rho[i + 1]) / 2;
        prior[i] = rl_log((1 - low) / (1 - high)); /* the integral of 1 / (1 - rho) */
    }
}

/* rho^d and 1 + rho^2 + .. + rho^(2d-2); where a run begins 0 and 1 / (1 - rho^2). */
static void ahead(double rho, int32_t d, double *carry, double *variance)
{
    double power = 1, sum = 0;
    if (d == 0) {
        *carry = 0;
        *variance = 1 / ((1 - rho) * (1 + rho));
        return;
    }
    for (int32_t i = 0; i < d && power != 0; i++) {
        sum += power * power;
        power *= rho;
    }
    *carry = power;
    *variance = sum;
}

/* One rho: the columns whitened, and what is left of the log of its variances. */
typedef struct whitener {
    double *carry, *by; /* n  rho^d, 1 / sqrt(variance) */
    double logdet;      /* sum of log variances          */
} whitener;

static void prepare(double rho, const int32_t *step, size_t n, whitener *w)
{
    double last = 1;
    w->logdet = 0;
    for (size_t t = 0; t < n; t++) {
        if (t > 0 && step[t] == step[t - 1]) { /* mostly */
            w->carry[t] = w->carry[t - 1];
            w->by[t] = w->by[t - 1];
        } else {
            ahead(rho, step[t], &w->carry[t], &last);
            w->by[t] = 1 / sqrt(last);
            last = rl_log(last);
        }
        w->logdet += last;
    }
}

static void whiten(const whitener *w, const double *u, size_t n, double *out)
{
    out[0] = w->by[0] * u[0];
    for (size_t t = 1; t < n; t++) out[t] = w->by[t] * (u[t] - w->carry[t] * u[t - 1]);
}

/* What one rho gives. */
typedef struct point {
    double *b, *A; /* k; k-by-k: rss / (n - k) (X'V^-1 X)^-1 */
    double rss, restricted, loglik;
} point;

static rl_code fit_point(const rl_mat *X, const double *y, const whitener *w, rl_mat *room, double *left, point *out,
                         rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    rl_ols_fit o;
    for (size_t j = 0; j < k; j++) whiten(w, rl_mat_col(X, j), n, rl_mat_col(room, j));
    whiten(w, y, n, left);
    RL_TRY(rl_ols(room, left, NULL, NULL, &o, cx->tmp, cx));
    if (o.rank < k)
        return rl_fail(cx, RL_ENUM, "the regressors are collinear once the persistence of the errors is taken off");
    if (!(o.rss > 1e-20 * o.yy)) {
        rl_fail(cx, RL_EDATA, "nothing is left of the outcome: there are no errors whose persistence could be told");
        return rl_hint(cx, "is the outcome made of the regressors?");
    }
    double free = (double)(n - k), det = 0;
    for (size_t j = 0; j < k; j++) det += rl_log(o.pivot[j]); /* |X'V^-1 X| */
    out->rss = o.rss;
    out->restricted = -0.5 * (free * rl_log(o.rss) + det + w->logdet);
    out->loglik = -0.5 * ((double)n * (rl_log(TWO_PI * o.rss / (double)n) + 1) + w->logdet);
    memcpy(out->b, o.b, k * sizeof *out->b);
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < k; i++) out->A[i + j * k] = *rl_mat_at(&o.A, i, j) * (o.rss / free);
    rl_release(cx->tmp, o.e);
    return RL_OK;
}

static void mix(const point *p, const double *rho, size_t g, size_t k, rl_ar_average *f)
{
    for (size_t i = 0; i < g; i++) {
        double w = f->weight[i];
        for (size_t j = 0; j < k; j++) f->b[j] += w * p[i].b[j];
        f->rho += w * rho[i];
        f->rss += w * p[i].rss;
        if (rho[i] > RL_AR_WANDERS) f->wanders += w;
    }
    for (size_t i = 0; i < g; i++) {
        double w = f->weight[i];
        f->sd += w * (rho[i] - f->rho) * (rho[i] - f->rho);
        for (size_t c = 0; c < k; c++)
            for (size_t r = 0; r < k; r++)
                *rl_mat_at(&f->V, r, c) += w * (p[i].A[r + c * k] + (p[i].b[r] - f->b[r]) * (p[i].b[c] - f->b[c]));
    }
    f->sd = sqrt(f->sd);
    f->last_b = p[g - 1].b;
    f->last_V = (rl_mat){p[g - 1].A, k, k, k};
}

rl_code rl_ar_average_of(const rl_mat *X, const double *y, const int32_t *step, const double *rho, const double *prior,
                         size_t g, rl_ar_average *f, rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    point p[RL_AR_GRID];
    double most = -INFINITY, sum = 0;
    assert(k < n && g > 0 && g <= RL_AR_GRID);
    *f = (rl_ar_average){.b = RL_NEW(cx->tmp, double, k + 1), .V = rl_mat_new(k, k, cx->tmp)};
    for (size_t i = 0; i < g; i++)
        p[i] = (point){.b = RL_NEW(cx->tmp, double, k + 1), .A = RL_NEW(cx->tmp, double, k *k + 1)};
    whitener w = {RL_NEW(cx->tmp, double, n), RL_NEW(cx->tmp, double, n), 0};
    rl_mat room = rl_mat_new(n, k, cx->tmp);
    double *left = RL_NEW(cx->tmp, double, n);
    for (size_t i = 0; i < g; i++) {
        prepare(rho[i], step, n, &w);
        RL_TRY(fit_point(X, y, &w, &room, left, &p[i], cx));
        most = fmax(most, p[i].restricted);
        f->loglik = i == 0 ? p[i].loglik : fmax(f->loglik, p[i].loglik);
    }
    for (size_t i = 0; i < g; i++) sum += f->weight[i] = prior[i] * rl_exp(p[i].restricted - most);
    for (size_t i = 0; i < g; i++) f->weight[i] /= sum;
    mix(p, rho, g, k, f);
    return RL_OK;
}
