/* est_koyck.c -- geometric lags: what worked last period still works, a share phi of it.
 *
 *   y_t = a + sum_j b_j (x_jt + phi x_j,t-1 + phi^2 x_j,t-2 + ..) + u_t
 *       = a (1 - phi) + phi y_(t-1) + sum_j b_j x_jt + (u_t - phi u_(t-1))
 *
 * The last term moves with y_(t-1), so least squares is biased: iv (the
 * default) takes each x_j,t-1 as an instrument for y_(t-1), ols does not mind.
 *
 * Estimand  b_j, phi, and the long run b_j / (1 - phi)
 * Assumes   one rate phi for all regressors; for iv: x does not answer to u
 * Source    Koyck (1954), Distributed Lags and Investment Analysis; Liviatan (1963),
 *           International Economic Review 4(1)
 */
#include <math.h>

#include "base/fmath.h"
#include "base/str.h"

#include "model/ardl.h"

extern const rl_estimator rl_est_ols, rl_est_iv;

static const char METHODS[] = "iv ols";

static rl_code no_long_run(double phi, rl_ctx *cx)
{
    char buf[32];
    rl_remark(cx, "long run", "the outcome's own lag has coefficient %s: %s, so no long run is given",
              rl_num_text(buf, rl_round_digits(phi, 4)),
              phi >= 1 ? "what happens once never fades" : "the response grows from period to period");
    return RL_OK;
}

static rl_code report(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    rl_dynamic y;
    rl_report r;
    RL_TRY(rl_dynamic_read(d->formula->text, req, d->t, true, &y, cx));
    rl_report_init(&r, f, f->m + y.k, cx);
    const char *own = rl_lag_name(y.y, 1, cx->tmp);
    size_t lag = rl_report_find(&r, own), at = rl_report_find(&r, "(Intercept)");
    if (at != SIZE_MAX) rl_report_keep(&r, at);
    if (lag == SIZE_MAX) {
        rl_fail(cx, RL_EDATA, "'%s' is not identified: it depends on the other columns", own);
        return rl_hint(cx, "does '%s' vary in the %zu rows used?", y.y, d->n);
    }
    rl_report_keep(&r, lag);
    for (size_t j = 0; j < f->m; j++)
        if (j != lag && j != at) rl_report_keep(&r, j);
    for (size_t j = 0; j < y.k; j++)
        if (rl_report_find(&r, y.x[j]) == SIZE_MAX) {
            rl_fail(cx, RL_EDATA, "'%s' is not identified: its column depends on the other columns", y.x[j]);
            return rl_hint(cx, "a regressor that never changes in the %zu rows used has no response", d->n);
        }
    double phi = f->b[lag];
    if (d->vcov.kind == RL_WILD)
        rl_remark(cx, "long run", "a wild bootstrap tests coefficients, not ratios of them: no long run is given");
    else if (!rl_stationary(&phi, 1))
        RL_TRY(no_long_run(phi, cx));
    else
        for (size_t j = 0; j < y.k; j++) {
            size_t num = rl_report_find(&r, y.x[j]);
            rl_report_long_run(&r, rl_sprintf(cx->keep, "long_run::%s", y.x[j]), &num, 1, &lag, 1);
        }
    if (phi < 0 && phi > -1)
        rl_remark(cx, "koyck",
                  "'%s' has a negative coefficient: the response changes sign every period, which "
                  "geometric lags do not mean",
                  own);
    rl_report_end(&r, cx);
    return RL_OK;
}

static rl_code fit_ols(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    RL_TRY(rl_est_ols.fit(d, req, f, cx));
    return report(d, req, f, cx);
}

static rl_code fit_iv(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    RL_TRY(rl_est_iv.fit(d, req, f, cx));
    return report(d, req, f, cx);
}

#define WORDS                                                                                                       \
    .name = "koyck", .what = "geometric lags: the outcome on its own lag (--method iv, the default, or ols)",       \
    .method = "The outcome is regressed on its own lag and today's regressors; the long run of a regressor is its " \
              "coefficient over one less that of the lag.  By iv the lagged outcome is instrumented by the lagged " \
              "regressors, by ols it is not.",                                                                      \
    .source = "Koyck (1954); Liviatan (1963)", .needs_time = true, .methods = METHODS, .frame = RL_FRAME_PLAIN,     \
    .wide = true

static const rl_estimator BY_IV = {WORDS, .instruments = true, .fit = fit_iv},
                          BY_OLS = {WORDS, .blocks = true, .fit = fit_ols};

static rl_code expand(const rl_request *req, const rl_table *t, rl_request *out, rl_ctx *cx)
{
    rl_dynamic d;
    size_t method;
    RL_TRY(rl_dynamic_method(req, METHODS, &method, cx));
    RL_TRY(rl_dynamic_read(req->formula, req, t, false, &d, cx));
    if (d.k == 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'koyck' needs a regressor whose lags it stands for");
        return rl_hint(cx, "a column of numbers, or a function of one; factors, lag() and products have no lags here");
    }
    rl_design plain;
    RL_TRY(rl_ardl_vary(req, &d, t, &plain, cx));
    *out = *req;
    out->estimator = method == 0 ? &BY_IV : &BY_OLS;
    if (method == 1) {
        out->formula =
            rl_sprintf(cx->keep, "%s ~ %s + lag(%s,1)%s%s", d.head, d.rhs, d.head, *d.tail ? " " : "", d.tail);
        return RL_OK;
    }
    rl_str s = rl_str_new(cx->keep);
    rl_str_addf(&s, "%s ~ %s %s | lag(%s,1) ~ ", d.head, d.rhs, *d.tail ? d.tail : "| 0", d.head);
    for (size_t j = 0; j < d.k; j++) rl_str_addf(&s, "%slag(%s,1)", j ? " + " : "", d.x_text[j]);
    out->formula = rl_str_text(&s);
    return RL_OK;
}

const rl_estimator rl_est_koyck = {WORDS, .instruments = true, .expand = expand};
