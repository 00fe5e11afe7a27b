/* est_ar.c -- regression with autoregressive errors.
 *
 *   y_t = x_t'b + u_t        u_t = phi_1 u_{t-1} + .. + phi_p u_{t-p} + e_t
 *
 * ml       by exact maximum likelihood (num/ar.h)
 * average  p = 1, b averaged over the persistence of the errors (num/ar_average.h): intervals that hold in
 *          short series and where errors are nearly a random walk.  A mixture, not a minimum of anything:
 *          rows have no influence on it that could be summed, so its covariance, within and between the
 *          persistences, is the only one, and is handed on as a bread.
 *
 * What persists is the noise, not the effect: a response ends with the lags
 * of x in the formula, unlike in a regression on lag(y).
 *
 * Estimand  the coefficients of x; ml: and ar::1 .. ar::p
 * Assumes   the errors, and so what is left out, do not move with x at any lag or lead
 * Source    Harvey & Phillips (1979), Biometrika 66; Zellner & Tiao (1964), JASA 59
 */
#include "model/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "model/dynamic.h"
#include "num/ar.h"
#include "num/ar_average.h"
#include "num/ols.h"

static const char METHODS[] = "ml average";
enum { ML, AVERAGE };

typedef struct place {
    int32_t unit, at;
    uint32_t row;
} place;

static int by_place(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Rows in order of time within the unit; since[t] counts those of the same unit before row t, step[t] the periods
 * since the last of them (0: none).  Gaps are refused but by `gaps`. */
static rl_code in_order(const rl_design *d, bool gaps, place *v, int32_t *since, int32_t *step, rl_ctx *cx)
{
    for (size_t i = 0; i < d->n; i++) v[i] = (place){d->unit.G > 0 ? d->unit.code[i] : 0, d->at[i], (uint32_t)i};
    qsort(v, d->n, sizeof *v, by_place);
    for (size_t t = 0; t < d->n; t++) {
        bool first = t == 0 || v[t].unit != v[t - 1].unit;
        since[t] = first ? 0 : since[t - 1] + 1;
        step[t] = first ? 0 : v[t].at - v[t - 1].at;
        if (first || step[t] == 1 || (gaps && step[t] > 1)) continue;
        const char *from = rl_time_words(d->clock, v[t - 1].at, cx->tmp),
                   *to = rl_time_words(d->clock, v[t].at, cx->tmp);
        if (v[t].at == v[t - 1].at)
            rl_fail(cx, RL_EINPUT, "two rows of time '%s'%s%s%s", to, d->unit.G > 0 ? " and unit '" : "",
                    d->unit.G > 0 ? d->unit.label[v[t].unit] : "", d->unit.G > 0 ? "'" : "");
        else
            rl_fail(cx, RL_EDATA, "no row between '%s' and '%s': autoregressive errors need every period", from, to);
        return rl_hint(cx, v[t].at == v[t - 1].at ? "name the unit too: --panel UNIT,TIME"
                                                  : "fill the gap, or use --method average, which bears gaps");
    }
    return RL_OK;
}

/* The columns that do not depend on earlier ones, rows in order. */
static rl_code columns(const rl_design *d, const place *v, rl_mat *X, double *y, rl_label *label, rl_fit *f, rl_ctx *cx)
{
    rl_ols_fit o = {0};
    rl_mat all = {d->X.a, d->n, d->X.k, d->X.ld};
    size_t kept = 0;
    for (size_t t = 0; t < d->n; t++) y[t] = d->y[v[t].row];
    for (size_t j = 0; j < all.k; j++) label[j] = rl_label_of(d->x_name[j]);
    *X = rl_mat_new(d->n, all.k, cx->tmp);
    if (all.k == 0) return RL_OK;
    RL_TRY(rl_ols(&all, d->y, NULL, NULL, &o, cx->tmp, cx));
    RL_TRY(rl_fit_dropped(d, o.dropped, all.k, label, SIZE_MAX, f, cx));
    for (size_t j = 0; j < all.k; j++) {
        if (o.dropped[j]) continue;
        for (size_t t = 0; t < d->n; t++) *rl_mat_at(X, t, kept) = *rl_mat_at(&all, v[t].row, j);
        label[kept++] = label[j];
    }
    X->k = kept;
    return RL_OK;
}

static double criterion(const rl_ar_fit *a, size_t n, size_t k, size_t p, rl_ic ic)
{
    double per = ic == RL_IC_AIC ? 2 : ic == RL_IC_HQ ? 2 * rl_log(rl_log((double)n)) : rl_log((double)n);
    return per * (double)(k + p + 1) - 2 * a->loglik;
}

/* The order asked for, or the best up to max_lags on the same rows. */
static rl_code order_of(const rl_mat *X, const double *y, const int32_t *since, const rl_request *r, size_t *p,
                        rl_ctx *cx)
{
    static const char *const NAME[] = {"BIC", "AIC", "BIC", "HQ"};
    double best = INFINITY, second = INFINITY;
    *p = r->n_orders > 0 ? (size_t)r->order[0] : 1;
    if (r->max_lags < 0) return RL_OK;
    for (size_t q = 0; q <= (size_t)r->max_lags; q++) {
        rl_ar_fit a;
        RL_TRY(rl_ar(X, y, since, q, &a, cx));
        double c = criterion(&a, X->n, X->k, q, r->ic);
        if (c < best)
            second = best, best = c, *p = q;
        else
            second = fmin(second, c);
    }
    if (isfinite(second))
        rl_remark(cx, "orders", "order %zu of 0 to %d was chosen by %s, the next one is %.3f behind", *p, r->max_lags,
                  NAME[r->ic], second - best);
    return RL_OK;
}

static rl_code refuse(const rl_design *d, const rl_request *r, size_t most, rl_ctx *cx)
{
    if (r->n_orders > 1) {
        rl_fail(cx, RL_EUSAGE, "--lags of estimator 'ar' is one number, the order of the errors");
        return rl_hint(cx, "write --lags %d; lags of regressors stand in the formula, as in lag(x,0:3)", r->order[0]);
    }
    if (most > RL_AR_MOST)
        return rl_fail(cx, RL_EUSAGE, "estimator 'ar' takes up to %d lags of the errors", RL_AR_MOST);
    if (d->fe.n_fe > 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'ar' does not sweep effects out");
        return rl_hint(cx, "write factor(%s) among the regressors, or use ols with --vcov NW or DK", d->fe_name[0]);
    }
    if (d->w != NULL) {
        rl_fail(cx, RL_EUSAGE, "estimator 'ar' takes no weights");
        return rl_hint(cx, "use ols with --weights and --vcov NW");
    }
    if (d->X.k + most + 1 < d->n) return RL_OK;
    rl_fail(cx, RL_EDATA, "%zu rows cannot carry %zu coefficients and %zu lags of the errors", d->n, d->X.k, most);
    return rl_hint(cx, "use fewer lags, or more periods");
}

/* From rows in order of time to the design's. */
static rl_core *core_of(const rl_design *d, const place *v, const rl_ar_fit *a, rl_ctx *cx)
{
    rl_core *c = RL_NEW(cx->tmp, rl_core, 1);
    rl_mat J = rl_mat_new(d->n, a->J.k, cx->tmp);
    double *e = RL_NEW(cx->tmp, double, d->n);
    for (size_t t = 0; t < d->n; t++) e[v[t].row] = a->r[t];
    for (size_t j = 0; j < J.k; j++)
        for (size_t t = 0; t < d->n; t++) *rl_mat_at(&J, v[t].row, j) = *rl_mat_at(&a->J, t, j);
    *c = (rl_core){.X = rl_cols_of(&J, NULL, cx->tmp),
                   .e = e,
                   .A = a->A,
                   .L = rl_mat_new(J.k, J.k, cx->tmp),
                   .rss = a->rss,
                   .working = true};
    for (size_t j = 0; j < J.k; j++) *rl_mat_at(&c->L, j, j) = 1;
    return c;
}

/* Sum of phi: 1 is a random walk. */
static void say_persistence(const rl_ar_fit *a, size_t p, rl_ctx *cx)
{
    double sum = 0;
    for (size_t i = 0; i < p; i++) sum += a->phi[i];
    if (sum > 0.95)
        rl_remark(cx, "errors",
                  "the errors are nearly a random walk (their lags add up to %.3f): compare with a regression of "
                  "differences, diff(y) on diff(x)",
                  sum);
}

/* --- averaged over the persistence ------------------------------------------------------------ */

static rl_code refuse_average(const rl_design *d, const rl_request *r, rl_ctx *cx)
{
    if (r->max_lags >= 0 || r->n_orders > 1 || (r->n_orders == 1 && r->order[0] != 1)) {
        rl_fail(cx, RL_EUSAGE, "--method average is for errors with one lag: no --lags, no --max-lags");
        return rl_hint(cx, "leave them out, or use --method ml");
    }
    if (d->vcov.kind == RL_IID) return RL_OK;
    rl_fail(cx, RL_EUSAGE,
            "--method average has a covariance of its own, over the persistence of the errors: "
            "no robust --vcov applies");
    return rl_hint(cx, "leave --vcov out; where the variance of the errors changes, use ols with --vcov NW");
}

static void say_average(const rl_ar_average *a, rl_ctx *cx)
{
    rl_remark(cx, "persistence",
              "of an error %.2f is left a period later (standard deviation %.2f; chance of a random walk or nearly "
              "one, above %.2f: %.0f %%): estimates and intervals are averaged over it",
              a->rho, a->sd, RL_AR_WANDERS, 100 * a->wanders);
}

/* The mixture as a bread, V = rss / (n - K) A; and its last component, where errors are a random walk. */
static void hand_over(const rl_design *d, const place *v, const rl_mat *X, const double *y, const rl_ar_average *a,
                      rl_fit *f, rl_ctx *cx)
{
    size_t k = X->k;
    rl_core *c = RL_NEW(cx->tmp, rl_core, 1);
    rl_wander *w = RL_NEW(cx->tmp, rl_wander, 1);
    *c = (rl_core){.A = rl_mat_new(k, k, cx->tmp), .L = rl_mat_new(k, k, cx->tmp), .rss = a->rss};
    for (size_t j = 0; j < k; j++) {
        *rl_mat_at(&c->L, j, j) = 1;
        for (size_t i = 0; i < k; i++)
            *rl_mat_at(&c->A, i, j) = *rl_mat_at(&a->V, i, j) / (a->rss / (double)(d->n - k));
    }
    *w = (rl_wander){a->rho, a->sd, a->wanders, a->last_b, a->last_V, RL_NEW(cx->tmp, double, d->n)};
    for (size_t t = 0; t < d->n; t++) {
        long double e = y[t];
        for (size_t j = 0; j < k; j++) e -= (long double)*rl_mat_at(X, t, j) * a->b[j];
        w->e[v[t].row] = (double)e;
    }
    f->b = a->b;
    f->bread = c;
    f->wander = w;
}

static rl_code average(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    place *v = RL_NEW(cx->tmp, place, d->n);
    int32_t *since = RL_NEW(cx->tmp, int32_t, d->n), *step = RL_NEW(cx->tmp, int32_t, d->n);
    double *y = RL_NEW(cx->tmp, double, d->n), rho[RL_AR_GRID], prior[RL_AR_GRID];
    rl_mat X;
    rl_ar_average a;
    RL_TRY(refuse_average(d, req, cx));
    RL_TRY(refuse(d, req, 1, cx));
    RL_TRY(in_order(d, true, v, since, step, cx));
    f->label = RL_NEW(cx->tmp, rl_label, d->X.k + 1);
    RL_TRY(columns(d, v, &X, y, f->label, f, cx));
    f->m = X.k;
    if (f->m == 0) return rl_fit_nothing(d, f->label, 0, cx);
    rl_ar_grid(rho, prior);
    RL_TRY(rl_ar_average_of(&X, y, step, rho, prior, RL_AR_GRID, &a, cx));
    hand_over(d, v, &X, y, &a, f, cx);
    f->rss = a.rss;
    RL_TRY(rl_fit_degrees(d, f->m, 0, f, cx));
    f->dof.constant = d->constant;
    rl_fit_figures(d, NAN, f, cx);
    f->loglik = a.loglik;
    say_average(&a, cx);
    return RL_OK;
}

/* --- by maximum likelihood --------------------------------------------------------------------- */

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    size_t method, p = req->n_orders > 0 ? (size_t)req->order[0] : 1;
    size_t most = req->max_lags > (int)p ? (size_t)req->max_lags : p;
    place *v = RL_NEW(cx->tmp, place, d->n);
    int32_t *since = RL_NEW(cx->tmp, int32_t, d->n);
    double *y = RL_NEW(cx->tmp, double, d->n);
    rl_label *label = RL_NEW(cx->tmp, rl_label, d->X.k + RL_AR_MOST);
    rl_mat X;
    rl_ar_fit a;
    RL_TRY(rl_dynamic_method(req, METHODS, &method, cx));
    if (method == AVERAGE) return average(d, req, f, cx);
    RL_TRY(refuse(d, req, most, cx));
    RL_TRY(in_order(d, false, v, since, RL_NEW(cx->tmp, int32_t, d->n), cx));
    RL_TRY(columns(d, v, &X, y, label, f, cx));
    RL_TRY(order_of(&X, y, since, req, &p, cx));
    RL_TRY(rl_ar(&X, y, since, p, &a, cx));
    f->m = X.k + p;
    if (f->m == 0) return rl_fit_nothing(d, label, 0, cx);
    for (size_t i = 0; i < p; i++) label[X.k + i] = rl_label_of(rl_sprintf(cx->tmp, "ar::%zu", i + 1));
    f->label = label;
    f->b = RL_NEW(cx->tmp, double, f->m);
    memcpy(f->b, a.b, X.k * sizeof *f->b);
    memcpy(f->b + X.k, a.phi, p * sizeof *f->b);
    f->core = core_of(d, v, &a, cx);
    f->psi = rl_psi_core(f->core, d->n, f->m, true, cx);
    f->rss = a.innovations;
    f->likelihood = f->normal = true;
    RL_TRY(rl_fit_degrees(d, f->m, 0, f, cx));
    f->dof.constant = d->constant;
    rl_fit_figures(d, NAN, f, cx);
    f->loglik = a.loglik;
    say_persistence(&a, p, cx);
    return RL_OK;
}

const rl_estimator rl_est_ar = {
    .name = "ar",
    .what = "regression with autoregressive errors (--lags p, or --max-lags and --ic)",
    .method = "Coefficients and the autoregression of the errors maximise the exact normal likelihood together, or "
              "(average) coefficients are averaged over all persistences of the errors by what the data say of each; "
              "what persists is the noise, so a response ends with the lags in the formula.",
    .source = "Harvey & Phillips (1979); Zellner & Tiao (1964)",
    .needs_time = true,
    .frame = RL_FRAME_PLAIN,
    .orders = true,
    .methods = METHODS,
    .fit = fit,
};
