/* A panel with some treated units and its effect, as model/few.h takes them: by hand, without a study. */
#ifndef RL_TESTS_FEW_FIXTURE_H
#define RL_TESTS_FEW_FIXTURE_H

#include "fit_fixture.h"
#include "model/few.h"

/* N units, periods 1 .. T, cohort[u] (NaN = never); y by unit and period.  The effect is that of etwfe. */
static inline rl_att few_att(size_t N, size_t T, const double *cohort, const double *y, rl_ctx *cx)
{
    rl_att e = {.N = N};
    rl_table t = fit_table(N * T);
    const char **unit = RL_NEW(cx->keep, const char *, t.n);
    e.panel.unit_code = RL_NEW(cx->keep, int32_t, t.n);
    for (size_t i = 0; i < t.n; i++) {
        e.panel.unit_code[i] = (int32_t)(i / T);
        unit[i] = i % T > 0 ? unit[i - 1] : rl_sprintf(cx->keep, "u%03zu", i / T);
    }
    fit_text(&t, "unit", unit, cx);
    double *period = fit_num(&t, "period", cx);
    double *start = fit_num(&t, "cohort", cx);
    double *out = fit_num(&t, "y", cx);
    for (size_t i = 0; i < t.n; i++) {
        period[i] = (double)(i % T) + 1;
        start[i] = cohort[i / T];
        out[i] = y[i];
    }
    e.panel.t = t;
    e.panel.y = out;
    rl_request r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name("etwfe");
    r.unit = "unit";
    r.time = "period";
    r.cohort = "cohort";
    r.agg = RL_AGG_SIMPLE;
    r.omega = "overall";
    r.student = true;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    CHECK_OK(rl_estimate_run(&r, &e.panel.t, &e.fit, cx->keep, cx), cx);
    const rl_estimate *x = fit_find(&e.fit, "overall");
    e.at = (size_t)(x - e.fit.est);
    e.effect = x->estimate;
    e.se = x->std_error;
    e.df = x->df;
    e.psi = RL_NEW(cx->keep, double, N);
    for (size_t g = 0; g < e.fit.G; g++)
        e.psi[atoi(e.fit.cluster_label[g] + 1)] = e.fit.psi_G[g + e.fit.G * e.at];
    return e;
}

#endif
