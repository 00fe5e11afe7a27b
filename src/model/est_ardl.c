/* est_ardl.c -- autoregressive distributed lags.
 *
 *   y_t = c + sum_i=1..p phi_i y_(t-i) + sum_j sum_i=0..q_j beta_ji x_j,t-i + fixed + e_t
 *
 *   long_run::x_j = sum_i beta_ji / (1 - sum_i phi_i)
 *   ec            = sum_i phi_i - 1, the share of a departure from the long run made up for in a period
 *
 * The same regression in error-correction form (--method ecm), a linear map of
 * the coefficients with the same residuals:
 *
 *   dy_t = c + ec (y_(t-1) - sum_j long_run_j x_j,t-1) + sum_i a_i dy_(t-i) + sum_j sum_i b_ji dx_j,t-i + fixed + e_t
 *   a_i = -sum_l>i phi_l,   b_j0 = beta_j0,   b_ji = -sum_l>i beta_jl
 *
 * Orders are given (--lags p,q1,q2..) or chosen (--max-lags N --ic aic|bic|hq, model/ardl_orders.c).
 * Which regressors have lags: model/dynamic.h.
 *
 * Assumes   errors that are not serially correlated, regressors that do not answer to them
 * Source    Pesaran & Shin (1999), in Strom (ed.), Econometrics and Economic Theory in the 20th Century;
 *           Pesaran, Shin & Smith (2001), Journal of Applied Econometrics 16(3)
 */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/ardl.h"
#include "num/lagsel.h"

extern const rl_estimator rl_est_ols;

static const char METHODS[] = "levels ecm";

/* --- which formula --------------------------------------------------------------------- */

static const char *regressors(const rl_dynamic *d, rl_ctx *cx)
{
    rl_str s = rl_str_new(cx->tmp);
    for (size_t j = 0; j < d->k; j++) rl_str_addf(&s, "%s'%s'", j ? ", " : "", d->x[j]);
    return rl_str_text(&s);
}

static rl_code given_orders(const rl_request *req, const rl_dynamic *d, const rl_table *t, rl_ctx *cx)
{
    if (req->max_lags > 0) {
        rl_fail(cx, RL_EUSAGE, "--lags or --max-lags, not both");
        return rl_hint(cx, "--lags says the orders, --max-lags lets them be chosen");
    }
    if (req->ic != RL_IC_DEFAULT) {
        rl_fail(cx, RL_EUSAGE, "--ic chooses orders, and --lags gives them");
        return rl_hint(cx, "write --max-lags instead of --lags");
    }
    if (req->n_orders != d->k + 1) {
        rl_fail(cx, RL_EUSAGE, "--lags has %zu order%s where %zu are needed: the outcome's, then those of %s",
                req->n_orders, req->n_orders == 1 ? "" : "s", d->k + 1, regressors(d, cx));
        return rl_hint(cx, "what should have no lags, and no order, stands as factor(x) or lag(x,0)");
    }
    if (req->order[0] == 0) {
        rl_fail(cx, RL_EUSAGE, "--lags: the outcome needs a lag or more of its own");
        return rl_hint(cx, "without one it is a regression of lags: ols with lag(x,0:4)");
    }
    for (size_t j = 0; j <= d->k; j++)
        if (req->order[j] > 100) return rl_fail(cx, RL_EUSAGE, "--lags: %d lags are more than 100", req->order[j]);
    return rl_ardl_room(req, d, t, req->order, cx);
}

static rl_code check_bootstrap(const rl_request *req, const rl_dynamic *d, rl_ctx *cx)
{
    if (!req->bootstrap) return RL_OK;
    const char *what = req->unit != NULL           ? "a panel"
                       : d->f.n_effects > 0        ? "fixed effects"
                       : req->weights != NULL      ? "weights"
                       : req->n_lincom > 0         ? "--lincom"
                       : req->n_restriction > 0    ? "--test of restrictions"
                       : req->vcov.kind == RL_WILD ? "--vcov wild"
                                                   : NULL;
    if (what == NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--inference bootstrap of 'ardl' does not go with %s", what);
    return rl_hint(cx, "it makes one series anew, and answers for its coefficients and long run");
}

static rl_code finish(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_ctx *cx)
{
    return req->bootstrap ? rl_ardl_bootstrap(d, f, req, out, cx) : RL_OK;
}

static rl_code expand(const rl_request *req, const rl_table *t, rl_request *out, rl_ctx *cx)
{
    rl_dynamic d;
    size_t method;
    RL_TRY(rl_dynamic_method(req, METHODS, &method, cx));
    RL_TRY(rl_dynamic_read(req->formula, req, t, false, &d, cx));
    if (d.k == 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'ardl' needs a regressor that has lags");
        return rl_hint(cx, "a column of numbers, or a function of one; factors, lag() and products stay as they are");
    }
    if (d.k + 1 > RL_MAX_ORDERS)
        return rl_fail(cx, RL_EUSAGE, "%zu regressors with lags, more than %d", d.k, RL_MAX_ORDERS - 1);
    *out = *req;
    out->as_asked = req->formula;
    RL_TRY(check_bootstrap(req, &d, cx));
    if (req->bootstrap) out->spend = NULL; /* it reads the series again */
    if (req->n_orders > 0)
        RL_TRY(given_orders(req, &d, t, cx));
    else if (req->max_lags < 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'ardl' needs --lags or --max-lags");
        return rl_hint(cx, "--lags 2%s gives the orders, --max-lags 4 --ic aic has them chosen",
                       d.k == 1 ? ",1" : ",1,0");
    } else if (req->max_lags == 0 || req->max_lags > 100) {
        return rl_fail(cx, RL_EUSAGE, "--max-lags %d: from 1 to 100", req->max_lags);
    } else {
        RL_TRY(rl_ardl_choose(req, &d, t, req->max_lags, out->order, cx));
    }
    out->n_orders = d.k + 1;
    out->formula = rl_ardl_formula(&d, out->order, cx->keep);
    return RL_OK;
}

/* --- what is reported --------------------------------------------------------------------- */

static rl_code place(const rl_report *r, const char *x, int lag, size_t *at, const rl_design *d, rl_ctx *cx)
{
    const char *name = rl_lag_name(x, lag, cx->tmp);
    *at = rl_report_find(r, name);
    if (*at != SIZE_MAX) return RL_OK;
    rl_fail(cx, RL_EDATA, "'%s' is not identified in the %zu rows used: it depends on the other columns", name, d->n);
    return rl_hint(cx, "give '%s' fewer lags, or leave out a regressor that says the same", x);
}

/* A column among the fixed ones that is a straight line in time. */
static size_t find_trend(const rl_design *d, const rl_fit *f, const bool *taken, rl_ctx *cx)
{
    double *room = RL_NEW(cx->tmp, double, d->n), span = (double)d->last_time - d->first_time;
    if (d->unit.G > 1 || d->fe.n_fe > 0 || d->n < 3) return SIZE_MAX;
    size_t first = 0, last = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->at[i] == d->first_time) first = i;
        if (d->at[i] == d->last_time) last = i;
    }
    for (size_t j = 0; j < f->m; j++) {
        const double *x = rl_cols_part(&f->core->X, j, 0, d->n, room);
        double slope = (x[last] - x[first]) / span, most = fabs(x[first]) + fabs(x[last]);
        bool line = !taken[j] && slope != 0;
        for (size_t i = 0; i < d->n && line; i++)
            line = fabs(x[first] + slope * ((double)d->at[i] - d->first_time) - x[i]) <= 1e-10 * most;
        if (line) return j;
    }
    return SIZE_MAX;
}

static rl_code find_terms(const rl_design *d, const rl_request *req, const rl_dynamic *y, const rl_report *r,
                          bool *taken, rl_ardl_terms *a, rl_ctx *cx)
{
    size_t n = 0;
    *a = (rl_ardl_terms){.p = (size_t)req->order[0], .k = y->k};
    for (size_t j = 0; j < a->k; j++) n += (size_t)req->order[j + 1] + 1;
    a->past = RL_NEW(cx->tmp, size_t, a->p);
    a->first = RL_NEW(cx->tmp, size_t, a->k + 1);
    a->x = RL_NEW(cx->tmp, size_t, n);
    for (size_t i = 0; i < a->p; i++) {
        RL_TRY(place(r, y->y, (int)i + 1, &a->past[i], d, cx));
        taken[a->past[i]] = true;
    }
    for (size_t j = 0; j < a->k; j++) {
        size_t q = (size_t)req->order[j + 1];
        a->first[j + 1] = a->first[j] + q + 1;
        for (size_t i = 0; i <= q; i++) {
            RL_TRY(place(r, y->x[j], (int)i, &a->x[a->first[j] + i], d, cx));
            taken[a->x[a->first[j] + i]] = true;
        }
    }
    a->constant = rl_report_find(r, "(Intercept)");
    if (a->constant != SIZE_MAX) taken[a->constant] = true;
    a->trend = find_trend(d, r->f, taken, cx);
    return RL_OK;
}

/* Less the sum of coefficients at[i+1 ..]: that of the i-th difference. */
static void add_difference(rl_report *r, const char *term, const size_t *at, size_t from, size_t n)
{
    long double sum = 0;
    double *row = rl_report_add(r, term, 0);
    for (size_t i = from; i < n; i++) {
        row[at[i]] = -1;
        sum -= r->f->b[at[i]];
    }
    r->b[r->m - 1] = (double)sum;
}

static void short_run(rl_report *r, const rl_ardl_terms *a, const rl_dynamic *y, rl_ctx *cx)
{
    for (size_t i = 1; i < a->p; i++)
        add_difference(r, rl_sprintf(cx->keep, "lag(diff(%s),%zu)", y->y, i), a->past, i, a->p);
    for (size_t j = 0; j < a->k; j++) {
        const size_t *at = a->x + a->first[j], n = a->first[j + 1] - a->first[j];
        double *row = rl_report_add(r, rl_sprintf(cx->keep, "diff(%s)", y->x[j]), r->f->b[at[0]]);
        row[at[0]] = 1;
        for (size_t i = 1; i + 1 < n; i++)
            add_difference(r, rl_sprintf(cx->keep, "lag(diff(%s),%zu)", y->x[j], i), at, i + 1, n);
    }
}

static void long_run(rl_report *r, const rl_ardl_terms *a, const rl_dynamic *y, const rl_design *d, rl_ctx *cx)
{
    double *phi = RL_NEW(cx->tmp, double, a->p);
    long double sum = 0;
    char buf[32];
    for (size_t i = 0; i < a->p; i++) sum += phi[i] = r->f->b[a->past[i]];
    if (d->vcov.kind == RL_WILD) {
        rl_remark(cx, "long run", "a wild bootstrap tests coefficients, not ratios of them: no long run is given");
    } else if (!rl_stationary(phi, a->p)) {
        const char *total = rl_num_text(buf, rl_round_digits((double)sum, 4));
        if (sum >= 1)
            rl_remark(cx, "long run",
                      "the coefficients of the outcome's lags sum to %s: what happens once never fades, "
                      "so there is no long run to give",
                      total);
        else
            rl_remark(cx, "long run",
                      "the response swings ever wider (the coefficients of the outcome's lags sum to %s, "
                      "with a root outside the unit circle), so there is no long run to give",
                      total);
    } else {
        if (a->constant != SIZE_MAX) rl_report_long_run(r, "long_run::(Intercept)", &a->constant, 1, a->past, a->p);
        for (size_t j = 0; j < a->k; j++)
            rl_report_long_run(r, rl_sprintf(cx->keep, "long_run::%s", y->x[j]), a->x + a->first[j],
                               a->first[j + 1] - a->first[j], a->past, a->p);
    }
    double *row = rl_report_add(r, "ec", (double)(sum - 1));
    for (size_t i = 0; i < a->p; i++) row[a->past[i]] = 1;
}

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    rl_dynamic y;
    rl_report r;
    rl_ardl_terms a;
    size_t ecm;
    RL_TRY(rl_est_ols.fit(d, req, f, cx));
    RL_TRY(rl_dynamic_method(req, METHODS, &ecm, cx));
    RL_TRY(rl_dynamic_read(d->formula->text, req, d->t, true, &y, cx));
    rl_report_init(&r, f, 2 * f->m + y.k + 3, cx);
    bool *taken = RL_NEW(cx->tmp, bool, f->m);
    RL_TRY(find_terms(d, req, &y, &r, taken, &a, cx));
    if (a.constant != SIZE_MAX) rl_report_keep(&r, a.constant);
    for (size_t i = 0; i < a.p && !ecm; i++) rl_report_keep(&r, a.past[i]);
    for (size_t i = 0; i < a.first[a.k] && !ecm; i++) rl_report_keep(&r, a.x[i]);
    if (ecm) short_run(&r, &a, &y, cx);
    for (size_t j = 0; j < f->m; j++)
        if (!taken[j]) rl_report_keep(&r, j);
    long_run(&r, &a, &y, d, cx);
    if (!f->perfect) RL_TRY(rl_ardl_bounds(d, &a, 1 - req->level, f, cx));
    rl_report_end(&r, cx);
    return RL_OK;
}

const rl_estimator rl_est_ardl = {
    .name = "ardl",
    .what = "autoregressive distributed lags: --lags p,q1,q2.. or --max-lags N --ic aic|bic|hq;\n"
            "--method ecm shows the error-correction form",
    .method = "The outcome is regressed on its own lags and on today's and lagged regressors; long_run::x is the sum "
              "of the coefficients of x over one less those of the outcome's lags, ec the share of a departure from "
              "the long run that is made up for in a period.  The bounds tests ask whether there is a level relation.",
    .source = "Pesaran & Shin (1999); Pesaran, Shin & Smith (2001)",
    .needs_time = true,
    .frame = RL_FRAME_PLAIN,
    .blocks = true,
    .wide = true,
    .orders = true,
    .methods = METHODS,
    .fit = fit,
    .expand = expand,
    .finish = finish,
};
