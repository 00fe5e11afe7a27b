/* Sun and Abraham's estimator beside others, and under changes that must not matter. */
#include <string.h>

#include "unit/fit_fixture.h"

#include "model/design.h"

static rl_request request(const char *estimator, rl_agg agg)
{
    rl_request r = fit_program(estimator, "y ~ 1");
    r.agg = agg;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    return r;
}

static rl_result run(rl_request r, const rl_table *t, rl_ctx *cx)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx->keep, cx), cx);
    return out;
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-10 * (1 + fabs(want)))) fail_msg("got %.17g, want %.17g", got, want);
}

/* One cohort: there is nothing to average, and it is the event study. */
static void one_cohort_is_the_event_study(void **s)
{
    (void)s;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(45, 9, 41, &cx);
    for (size_t i = 0; i < t.n; i++) {
        if (t.col[1].num[i] == 6) t.col[1].num[i] = 4;
        if (i % 13 == 5) t.col[4].num[i] = NAN;
    }
    rl_request sa = request("sunab", RL_AGG_DYNAMIC), ev = request("event", RL_AGG_DEFAULT);
    sa.formula = ev.formula = "y ~ x";
    for (int w = 0; w < 2; w++) {
        sa.weights = ev.weights = w ? "w" : NULL;
        rl_result a = run(sa, &t, &cx), b = run(ev, &t, &cx);
        assert_int_equal(a.m, b.m);
        for (size_t j = 0; j < a.m; j++) {
            near(a.est[j].estimate, b.est[j].estimate);
            if (a.est[j].label.event != -1) near(a.est[j].std_error, b.est[j].std_error);
        }
        near(a.test[0].statistic, b.test[0].statistic);
    }
    rl_ctx_free(&cx);
}

/* Mean outcome of a cohort (0 = never) at a time. */
static double mean_at(const rl_table *t, double g, double at)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < t->n; i++) {
        double own = isnan(t->col[1].num[i]) ? 0 : t->col[1].num[i];
        if (own != g || t->col[0].num[i] != at) continue;
        sum += t->col[4].num[i];
        n++;
    }
    return sum / n;
}

/* A balanced panel: every cell is a difference of changes since the reference, as Callaway and Sant'Anna's with the
 * universal base. */
static void cells_are_long_differences(void **s)
{
    (void)s;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(51, 8, 42, &cx);
    rl_request cs = request("cs", RL_AGG_GROUP_TIME);
    cs.universal = true;
    rl_result a = run(request("sunab", RL_AGG_GROUP_TIME), &t, &cx), b = run(cs, &t, &cx);
    assert_int_equal(a.m, 14);
    for (size_t j = 0, q = 0; j < b.m; j++) {
        if (strcmp(b.est[j].label.term, "att") != 0 || b.est[j].label.time == b.est[j].label.group - 1) continue;
        near(a.est[q].estimate, b.est[j].estimate);
        assert_int_equal(a.est[q++].label.group, b.est[j].label.group);
    }
    for (size_t j = 0; j < a.m; j++) {
        double g = a.est[j].label.group, at = g + a.est[j].label.event;
        near(a.est[j].estimate,
             (mean_at(&t, g, at) - mean_at(&t, g, g - 1)) - (mean_at(&t, 0, at) - mean_at(&t, 0, g - 1)));
    }
    rl_ctx_free(&cx);
}

/* With leads, Wooldridge's regression has the same cells, and rows for shares. */
static void with_leads_etwfe_agrees(void **s)
{
    (void)s;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(60, 8, 43, &cx);
    for (size_t i = 0; i < t.n; i++)
        if (i % 17 == 4 && t.col[0].num[i] != 3 && t.col[0].num[i] != 5) t.col[4].num[i] = NAN;
    for (rl_agg agg = RL_AGG_SIMPLE; agg <= RL_AGG_CALENDAR; agg++) {
        rl_request e = request("etwfe", agg);
        e.leads = true;
        rl_result a = run(request("sunab", agg), &t, &cx), b = run(e, &t, &cx);
        assert_int_equal(a.m, b.m);
        for (size_t j = 0; j < a.m; j++) {
            assert_string_equal(a.est[j].label.term, b.est[j].label.term);
            near(a.est[j].estimate, b.est[j].estimate);
            if (b.est[j].std_error > 0) near(a.est[j].std_error, b.est[j].std_error);
        }
    }
    rl_ctx_free(&cx);
}

/* Rows in another order, times counted from elsewhere, units with other names and levels, another scale of y. */
static void what_does_not_matter(void **s)
{
    (void)s;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(48, 7, 44, &cx), u = fit_panel(48, 7, 44, &cx);
    const char **name = RL_NEW(cx.keep, const char *, t.n);
    for (size_t i = 0; i < t.n; i++) {
        size_t from = i * 5 % t.n, unit = from / 7;
        for (size_t j = 0; j < 5; j++) u.col[j].num[i] = t.col[j].num[from];
        u.col[0].num[i] += 1990;
        u.col[1].num[i] += 1990;
        u.col[4].num[i] = 3 * u.col[4].num[i] + 2.385 * (double)(unit * unit % 17) + 0.5 * u.col[0].num[i];
        name[i] = rl_sprintf(cx.keep, "%zu.z", (unit * 31) % 48);
    }
    fit_text(&u, "other", name, &cx);
    for (rl_agg agg = RL_AGG_GROUP_TIME; agg <= RL_AGG_CALENDAR; agg++) {
        rl_request r = request("sunab", agg), o = r;
        r.weights = o.weights = "w";
        o.unit = o.vcov.by[0] = "other";
        rl_result a = run(r, &t, &cx), b = run(o, &u, &cx);
        for (size_t j = 0; j < a.m; j++) {
            near(b.est[j].estimate, 3 * a.est[j].estimate);
            if (a.est[j].std_error > 0) near(b.est[j].std_error, 3 * a.est[j].std_error);
        }
    }
    rl_ctx_free(&cx);
}

/* Cohorts that gain 1 and 3: plain event-time dummies mix them up, averages by share do not. */
static void effects_that_differ_by_cohort(void **s)
{
    (void)s;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(90, 9, 45, &cx);
    for (size_t i = 0; i < t.n; i++) {
        double at = t.col[0].num[i], g = t.col[1].num[i];
        t.col[4].num[i] =
            0.3 * at + (double)(i / 9) + (at >= g ? (g == 4 ? 1 + 0.5 * (at - g) : 3) : 0) + 0.001 * t.col[2].num[i];
    }
    rl_result a = run(request("sunab", RL_AGG_DYNAMIC), &t, &cx), e = run(request("event", RL_AGG_DEFAULT), &t, &cx);
    if (!(fabs(fit_event(&a, 0)->estimate - 2) < 0.001)) fail_msg("%g", fit_event(&a, 0)->estimate);
    if (!(fabs(fit_event(&a, 2)->estimate - 2.5) < 0.001)) fail_msg("%g", fit_event(&a, 2)->estimate);
    if (!(fabs(fit_event(&a, -3)->estimate) < 0.001)) fail_msg("%g", fit_event(&a, -3)->estimate);
    assert_true(fabs(fit_event(&e, 2)->estimate - 2.5) > 0.02);
    rl_ctx_free(&cx);
}

/* What each outcome weighs in the overall effect, with covariates and weights of units too. */
static void weights_of_outcomes(void **s)
{
    (void)s;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(66, 8, 46, &cx);
    for (size_t i = 0; i < t.n; i++) t.col[3].num[i] = t.col[3].num[i / 8 * 8];
    for (int x = 0; x < 2; x++) {
        rl_request r = request("sunab", RL_AGG_SIMPLE);
        r.formula = x ? "y ~ x" : "y ~ 1";
        r.weights = x ? "w" : NULL;
        r.omega = "overall";
        rl_result a = run(r, &t, &cx);
        double sum = 0, effect = 0;
        for (size_t k = 0; k < a.rows_used; k++) {
            size_t i = a.row[k];
            sum += a.omega[k] * t.col[4].num[i];
            effect += a.omega[k] * t.col[2].num[i];
        }
        near(sum, fit_find(&a, "overall")->estimate);
        if (x) near(effect, 0);
    }
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cohort_is_the_event_study), cmocka_unit_test(cells_are_long_differences),
        cmocka_unit_test(with_leads_etwfe_agrees),       cmocka_unit_test(what_does_not_matter),
        cmocka_unit_test(effects_that_differ_by_cohort), cmocka_unit_test(weights_of_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
