/* Does a series wander, and do outcome and regressors wander together? */
#include "model/diag_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_work.h"
#include "num/ols.h"
#include "num/unitroot.h"

static const char *const MODEL[] = {"none", "drift", "trend"};

/* Put the series' name before what the numbers said. */
static rl_code named(rl_code code, const rl_diag *g, const char *name, rl_ctx *cx)
{
    if (code != RL_OK) return rl_context(cx, "--test %s: '%s': ", g->spec->text, name);
    return RL_OK;
}

/* LAGS, or a word for a rule: -1, -2, ... in the order of `words`. */
static rl_code lags_of(const rl_diag *g, size_t arg, const char *words, int *lags, rl_ctx *cx)
{
    size_t word;
    if (g->spec->n_args <= arg) {
        *lags = -1;
        return RL_OK;
    }
    const char *s = g->spec->arg[arg];
    if (*s >= '0' && *s <= '9') return rl_diag_whole(g, arg, 0, lags, cx);
    RL_TRY(rl_diag_word(g, arg, words, &word, cx));
    *lags = -1 - (int)word;
    return RL_OK;
}

static rl_code det_of(const rl_diag *g, size_t arg, const char *words, size_t first, rl_det *det, rl_ctx *cx)
{
    size_t word = 0;
    if (g->spec->n_args > arg) RL_TRY(rl_diag_word(g, arg, words, &word, cx));
    *det = (rl_det)(first + word);
    return RL_OK;
}

/* A unit root as the null: what it means for the reader. */
static void say_root(const rl_diag *g, const char *name, double p, rl_test *t, rl_ctx *cx)
{
    bool root = !(p < 0.05);
    t->says = root ? rl_sprintf(cx->tmp,
                                "'%s' may wander without returning (p below 0.05 would speak against it): in levels it "
                                "can seem to follow any other trending series; compare with diff(), or test "
                                "engle-granger",
                                name)
                   : rl_sprintf(cx->tmp, "'%s' returns to its %s: levels may be used", name,
                                t->model != NULL && strcmp(t->model, "trend") == 0 ? "trend" : "mean");
    t->verdict = root ? RL_CAUTION : RL_FINE;
    (void)g;
}

static void add_root(const rl_diag *g, const char *name, const rl_tau *tau, int lags, rl_det det, rl_ctx *cx)
{
    rl_test t = {.variable = name,
                 .kind = "t",
                 .statistic = tau->t,
                 .df = NAN,
                 .df2 = NAN,
                 .n_lags = 1,
                 .lag = lags,
                 .model = MODEL[det]};
    t.p_value = rl_tau_p(tau->t, det, 1, tau->used);
    say_root(g, name, t.p_value, &t, cx);
    rl_diag_add(g, t);
}

rl_code rl_diag_adf(const rl_diag *g, rl_ctx *cx)
{
    rl_diag_series s;
    rl_tau tau;
    rl_det det;
    int lags;
    RL_TRY(lags_of(g, 1, "bic aic", &lags, cx));
    RL_TRY(det_of(g, 2, "drift trend none", RL_DET_DRIFT, &det, cx));
    if ((int)det == 3) det = RL_DET_NONE;
    RL_TRY(rl_diag_column(g, g->spec->arg[0], &s, cx));
    if (lags < 0)
        RL_TRY(named(rl_adf_lags(s.v, s.n, -1, det, lags == -1 ? RL_LAG_BIC : RL_LAG_AIC, &lags, cx), g, s.name, cx));
    RL_TRY(named(rl_adf(s.v, s.n, lags, det, &tau, cx), g, s.name, cx));
    add_root(g, s.name, &tau, lags, det, cx);
    return RL_OK;
}

/* Bartlett lags when none are given: 4 (n/100)^1/4. */
static int default_lags(size_t n) { return (int)(4 * sqrt(sqrt((double)n / 100))); }

rl_code rl_diag_pp(const rl_diag *g, rl_ctx *cx)
{
    rl_diag_series s;
    rl_tau tau;
    rl_det det;
    int lags;
    RL_TRY(lags_of(g, 1, "auto", &lags, cx));
    RL_TRY(det_of(g, 2, "drift trend", RL_DET_DRIFT, &det, cx));
    RL_TRY(rl_diag_column(g, g->spec->arg[0], &s, cx));
    if (lags < 0) lags = default_lags(s.n);
    RL_TRY(named(rl_pp(s.v, s.n, lags, det, &tau, cx), g, s.name, cx));
    add_root(g, s.name, &tau, lags, det, cx);
    return RL_OK;
}

rl_code rl_diag_kpss(const rl_diag *g, rl_ctx *cx)
{
    rl_diag_series s;
    int lags;
    size_t trend = 0;
    double eta;
    RL_TRY(lags_of(g, 1, "nw", &lags, cx));
    if (g->spec->n_args > 2) RL_TRY(rl_diag_word(g, 2, "level trend", &trend, cx));
    RL_TRY(rl_diag_column(g, g->spec->arg[0], &s, cx));
    if (lags < 0) lags = rl_kpss_lags(s.v, s.n, trend == 1, cx);
    RL_TRY(named(rl_kpss(s.v, s.n, lags, trend == 1, &eta, cx), g, s.name, cx));
    rl_test t = {.variable = s.name,
                 .kind = "eta",
                 .statistic = eta,
                 .df = NAN,
                 .df2 = NAN,
                 .n_lags = 1,
                 .lag = lags,
                 .model = trend == 1 ? "trend" : "level"};
    t.p_value = rl_kpss_p(eta, trend == 1);
    bool wanders = t.p_value < 0.05;
    t.says = rl_sprintf(cx->tmp,
                        wanders ? "'%s' does not stay around a fixed %s: put a trend or diff() into the formula, or "
                                  "test engle-granger before levels are believed"
                                : "nothing speaks against '%s' staying around a fixed %s",
                        s.name, trend == 1 ? "line" : "level");
    t.verdict = wanders ? RL_CAUTION : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}

/* Residuals of the outcome on the fit's regressors, and a line when asked for: levels that belong together leave
 * residuals that return (Engle & Granger 1987; p by MacKinnon for as many series). */
static rl_code residuals(const rl_diag *g, rl_det det, const rl_diag_rows *r, double **e, size_t *N, rl_ctx *cx)
{
    const rl_core *c;
    rl_mat X;
    rl_ols_fit o;
    RL_TRY(rl_diag_core(g, 0, &c, cx));
    rl_diag_take(c, r, 2, NULL, &X, cx);
    size_t n = r->n, k = c->X.k;
    double *y = RL_NEW(cx->tmp, double, n);
    for (size_t p = 0; p < n; p++) {
        y[p] = g->d->y[r->at[p]];
        *rl_mat_at(&X, p, k) = 1;
        *rl_mat_at(&X, p, k + 1) = (double)(p + 1);
    }
    *N = 1 + rl_diag_series_count(g, &X, k, cx);
    X.k = k + (det == RL_DET_TREND ? 2 : 1);
    RL_TRY(rl_ols(&X, y, NULL, NULL, &o, cx->tmp, cx));
    *e = o.e;
    return RL_OK;
}

rl_code rl_diag_engle_granger(const rl_diag *g, rl_ctx *cx)
{
    rl_diag_rows r;
    rl_tau tau;
    rl_det det;
    double *e;
    size_t N;
    int lags;
    RL_TRY(lags_of(g, 0, "bic aic", &lags, cx));
    RL_TRY(det_of(g, 1, "drift trend", RL_DET_DRIFT, &det, cx));
    RL_TRY(rl_diag_order(g, &r, cx));
    if (r.gaps > 0) {
        rl_fail(cx, RL_EDATA, "--test %s: there is a gap after '%s'", g->spec->text,
                rl_diag_when(g, r.gap_after, cx->tmp));
        return rl_hint(cx, "the test needs a series without gaps; if these periods exist, is --period right?");
    }
    RL_TRY(residuals(g, det, &r, &e, &N, cx));
    if (N < 2) return rl_fail(cx, RL_EDATA, "--test %s: there is no regressor to wander together with", g->spec->text);
    if (lags < 0) {
        rl_lag_ic ic = lags == -1 ? RL_LAG_BIC : RL_LAG_AIC;
        RL_TRY(named(rl_adf_lags(e, r.n, -1, RL_DET_NONE, ic, &lags, cx), g, "residuals", cx));
    }
    RL_TRY(named(rl_adf(e, r.n, lags, RL_DET_NONE, &tau, cx), g, "residuals", cx));
    rl_test t = {.variable = g->d->y_name,
                 .kind = "t",
                 .statistic = tau.t,
                 .df = NAN,
                 .df2 = NAN,
                 .n_lags = 1,
                 .lag = lags,
                 .model = MODEL[det],
                 .p_value = NAN};
    if (N <= RL_TAU_MOST) t.p_value = rl_tau_p(tau.t, det, N, r.n - 1);
    if (N > RL_TAU_MOST) {
        t.says = "more than 5 regressors: the distribution is not known; test fewer channels, or their sum";
        t.verdict = RL_UNSURE;
    } else if (t.p_value < 0.05) {
        t.says = "outcome and regressors keep together in the long run: the levels regression means something, and its "
                 "lags are best read from --estimator ardl";
        t.verdict = RL_FINE;
    } else {
        t.says = "no sign that outcome and regressors keep together: if they wander, this levels regression may be "
                 "spurious; regress diff(outcome) on diff(spend), or use --estimator ardl and its bounds test";
        t.verdict = RL_CAUTION;
    }
    rl_diag_add(g, t);
    return RL_OK;
}
