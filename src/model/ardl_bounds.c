/* The bounds tests of an ARDL fit, from its coefficients and their inverse. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/ardl.h"
#include "model/bounds.h"
#include "model/infer.h"

typedef struct work {
    const rl_design *d;
    const rl_ardl_terms *a;
    rl_fit *f;
    double alpha, s2, T;
    size_t q;      /* restrictions so far          */
    double *R, *r; /* q-by-f->m row-major, q: R b  */
    rl_test *test;
} work;

/* One restriction more: the coefficients listed sum to `less`. */
static void restrict_sum(work *w, const size_t *at, size_t n, double less)
{
    double *row = w->R + w->q * w->f->m;
    long double sum = -less;
    memset(row, 0, w->f->m * sizeof *row);
    for (size_t i = 0; i < n; i++) {
        row[at[i]] = 1;
        sum += w->f->b[at[i]];
    }
    w->r[w->q++] = (double)sum;
}

/* F of the first q restrictions under iid errors. */
static double wald(const work *w, rl_ctx *cx)
{
    size_t q = w->q, m = w->f->m, *index = RL_NEW(cx->tmp, size_t, q);
    double *V = RL_NEW(cx->tmp, double, q *q);
    for (size_t a = 0; a < q; a++) {
        index[a] = a;
        for (size_t b = 0; b < q; b++) {
            long double sum = 0;
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < m && w->R[a * m + i] != 0; j++)
                    sum += (long double)w->R[a * m + i] * *rl_mat_at(&w->f->core->A, i, j) * w->R[b * m + j];
            V[a + b * q] = (double)(sum * w->s2);
        }
    }
    return rl_wald(w->r, V, q, index, q, cx) / (double)q;
}

static const char *p_text(double p, rl_ctx *cx)
{
    return p < 0.001 ? "less than .001" : rl_sprintf(cx->tmp, "%.3f", p);
}

/* "3.95 and 5.01 at 5 %; p is .02 when all regressors are stationary, .07 when all are integrated" */
static const char *bounds_text(double lo, double hi, double alpha, double p0, double p1, rl_ctx *cx)
{
    const char *p = p1 < 0.001
                        ? "less than .001 either way"
                        : rl_sprintf(cx->tmp, "%s when all regressors are stationary, %s when all are integrated",
                                     p_text(p0, cx), p_text(p1, cx));
    return rl_sprintf(cx->tmp, "%.2f and %.2f at %g %%; p is %s", lo, hi, 100 * alpha, p);
}

static const char *meaning(const work *w, bool t, int kase, double x, rl_ctx *cx)
{
    size_t k = w->a->k;
    if (k > RL_BOUNDS_MOST)
        return rl_sprintf(cx->keep, "no bounds are known for more than %d regressors", RL_BOUNDS_MOST);
    double lo = rl_bounds_critical(t, kase, k, w->T, false, w->alpha);
    double hi = rl_bounds_critical(t, kase, k, w->T, true, w->alpha), sign = t ? -1 : 1;
    const char *bounds = bounds_text(lo, hi, w->alpha, rl_bounds_p(t, kase, k, w->T, false, x),
                                     rl_bounds_p(t, kase, k, w->T, true, x), cx);
    if (sign * x > sign * hi) return rl_sprintf(cx->keep, "beyond the upper bound (%s): a level relation", bounds);
    if (sign * x > sign * lo)
        return rl_sprintf(cx->keep,
                          "between the bounds (%s): cannot tell before it is known whether the regressors are "
                          "stationary",
                          bounds);
    return rl_sprintf(cx->keep,
                      "below the lower bound (%s): no level relation found; the long run is not to be relied "
                      "upon, a model in differences is",
                      bounds);
}

static void add(work *w, bool t, int kase, double x, rl_ctx *cx)
{
    if (!isfinite(x)) return;
    w->test[w->f->n_test++] = (rl_test){.name = t ? "bounds-t" : "bounds-f",
                                        .kind = t ? "t" : "F",
                                        .statistic = x,
                                        .df = t ? (double)(w->d->n - w->f->m) : (double)w->q,
                                        .df2 = t ? NAN : (double)(w->d->n - w->f->m),
                                        .kase = kase,
                                        .p_value = rl_bounds_p(t, kase, w->a->k, w->T, true, x),
                                        .says = meaning(w, t, kase, x, cx)};
}

rl_code rl_ardl_bounds(const rl_design *d, const rl_ardl_terms *a, double alpha, rl_fit *f, rl_ctx *cx)
{
    bool constant = a->constant != SIZE_MAX, trend = a->trend != SIZE_MAX;
    if (d->unit.G > 1 || d->fe.n_fe > 0 || (trend && !constant) || d->n <= f->m) {
        rl_remark(cx, "bounds",
                  trend && !constant ? "no bounds tests: there is a trend without a constant"
                                     : "no bounds tests: they are for one series without effects");
        return RL_OK;
    }
    size_t levels = 1 + a->k, most = levels + 1;
    work w = {.d = d, .a = a, .f = f, .alpha = alpha, .s2 = f->rss / (double)(d->n - f->m)};
    w.T = (double)(d->n - (f->m - levels - constant - trend));
    w.R = RL_NEW(cx->tmp, double, most * f->m);
    w.r = RL_NEW(cx->tmp, double, most);
    f->test = w.test = RL_NEW(cx->tmp, rl_test, 3);
    restrict_sum(&w, a->past, a->p, 1);
    int kase = trend ? 5 : constant ? 3 : 1;
    double F = wald(&w, cx), t = (w.r[0] < 0 ? -1 : 1) * sqrt(F);
    for (size_t j = 0; j < a->k; j++) restrict_sum(&w, a->x + a->first[j], a->first[j + 1] - a->first[j], 0);
    F = wald(&w, cx);
    if (constant || trend) {
        restrict_sum(&w, trend ? &a->trend : &a->constant, 1, 0);
        add(&w, false, trend ? 4 : 2, wald(&w, cx), cx);
        w.q--;
    }
    add(&w, false, kase, F, cx);
    add(&w, true, kase, t, cx);
    return RL_OK;
}
