/* What --as means to estimators for programmes. */
#include "model/infer.h"
#include "unit/own_fit.h"

static rl_request ask(const char *estimator, const char *profile, rl_agg agg)
{
    rl_request r = fit_program(estimator, "y ~ 1");
    r.profile = profile;
    r.agg = agg;
    return r;
}

static void draws_of_programs(void **s)
{
    (void)s;
    rl_table t = fit_panel(36, 8, 5, &cx);
    rl_result r = run(&t, ask("cs", "did", RL_AGG_DYNAMIC));
    assert_int_equal(r.draws, 1000);
    assert_string_equal(r.multiplier, "rademacher");
    assert_true(r.crit > 1.96);
    rl_request q = ask("cs", "did", RL_AGG_DYNAMIC);
    q.inference_said = true; /* analytic */
    r = run(&t, q);
    assert_int_equal(r.draws, 0);
    rl_result plain = run(&t, ask("cs", NULL, RL_AGG_DYNAMIC)), csdid = run(&t, ask("cs", "csdid", RL_AGG_DYNAMIC));
    for (size_t j = 0; j < r.m; j++) {
        CHECK_NEAR(r.est[j].std_error, plain.est[j].std_error, 0);
        CHECK_NEAR(csdid.est[j].std_error, plain.est[j].std_error, 0);
    }
    q = ask("cs", "csdid", RL_AGG_DYNAMIC);
    q.bootstrap = q.inference_said = true;
    r = run(&t, q);
    assert_int_equal(r.draws, 999);
    assert_string_equal(r.multiplier, "mammen");
    q.multiplier = RL_WEBB;
    q.multiplier_said = true;
    q.reps = 199;
    r = run(&t, q);
    assert_int_equal(r.draws, 199);
    assert_string_equal(r.multiplier, "webb");
}

/* Before its start csdid sets a cohort beside later ones and the never treated, never beside an earlier one. */
static void controls_before_the_start(void **s)
{
    (void)s;
    rl_table t = fit_panel(36, 8, 7, &cx);
    rl_request q = ask("cs", NULL, RL_AGG_GROUP_TIME);
    rl_result never = run(&t, q);
    q.notyet = true;
    rl_result notyet = run(&t, q);
    q.profile = "csdid";
    rl_result csdid = run(&t, q);
    int others = 0;
    assert_int_equal(csdid.m, notyet.m);
    for (size_t j = 0; j < csdid.m; j++) {
        const rl_label *l = &csdid.est[j].label;
        const rl_result *want = l->group == 6 && l->time < 6 ? &never : &notyet;
        CHECK_DIGITS(csdid.est[j].estimate, want->est[j].estimate, 13);
        CHECK_DIGITS(csdid.est[j].std_error, want->est[j].std_error, 13);
        others += fabs(never.est[j].estimate - notyet.est[j].estimate) > 1e-6;
    }
    assert_true(others >= 4);
}

/* Clusters of several units: the mean of a cell counts its rows alike, or by their clusters' sizes. */
static void means_of_cells(void **s)
{
    (void)s;
    enum { UNITS = 29, REGIONS = 3 };
    rl_table t = fit_panel(UNITS, 2, 59, &cx);
    double *g = t.col[1].num, *y = t.col[4].num, mean[2] = {0}, n[2] = {0}, n_r[REGIONS] = {0}, sum[REGIONS] = {0};
    const rl_col *region = rl_table_col(&t, "region");
    for (size_t u = 0; u < UNITS; u++) {
        g[2 * u] = g[2 * u + 1] = u % 3 == 0 ? 2 : NAN;
        mean[u % 3 == 0] += y[2 * u + 1] - y[2 * u];
        n[u % 3 == 0]++;
        if (u % 3 != 0) continue;
        n_r[region->code[2 * u]]++;
        sum[region->code[2 * u]] += y[2 * u + 1] - y[2 * u];
    }
    mean[0] /= n[0];
    mean[1] /= n[1];
    double heavy = 0, weight = 0, dev[2][REGIONS] = {{0}}, V[2] = {0};
    for (int r = 0; r < REGIONS; r++) {
        heavy += n_r[r] * sum[r];
        weight += n_r[r] * n_r[r];
    }
    heavy /= weight;
    for (size_t u = 0; u < UNITS; u++) {
        double d = y[2 * u + 1] - y[2 * u];
        int32_t r = region->code[2 * u];
        for (int k = 0; k < 2; k++)
            dev[k][r] += u % 3 == 0 ? (d - (k ? heavy : mean[1])) / n[1] : -(d - mean[0]) / n[0];
    }
    for (int k = 0; k < 2; k++)
        for (int r = 0; r < REGIONS; r++) V[k] += dev[k][r] * dev[k][r];
    static const char *const PROFILE[] = {"didimputation", "did_imputation"};
    for (int k = 0; k < 2; k++) {
        rl_request q = ask("bjs", PROFILE[k], RL_AGG_SIMPLE);
        rl_result own = run(&t, q);
        q.profile = NULL;
        rl_result plain = run(&t, q); /* by unit they are one */
        CHECK_NEAR(own.est[0].std_error, plain.est[0].std_error, 0);
        q.profile = PROFILE[k];
        q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"region"}, .lag = -1};
        CHECK_DIGITS(run(&t, q).est[0].std_error, sqrt(V[k]), 11);
    }
    assert_true(fabs(V[0] / V[1] - 1) > 1e-3);
    rl_request q = ask("bjs", "didimputation", RL_AGG_SIMPLE);
    q.weights = "w";
    rl_result told = run(&t, q);
    bool said = false;
    for (size_t i = 0; i < told.n_notes; i++) said = said || strstr(told.note[i], "didimputation 0.5.0") != NULL;
    assert_true(said);
}

/* Without any factor: the leads of bjs, and each event time of lpdid. */
static void exact(void **s)
{
    (void)s;
    rl_table t = fit_panel(36, 2, 13, &cx);
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = i / 2 % 3 == 0 ? 2 : NAN;
    rl_request q = ask("lpdid", NULL, RL_AGG_DEFAULT);
    q.has_window = true;
    q.window_lo = -1;
    rl_result own = run(&t, q);
    q.profile = "exact";
    rl_result bare = run(&t, q);
    CHECK_DIGITS(fit_event(&own, 0)->std_error / fit_event(&bare, 0)->std_error, sqrt(35. / 34 * 36 / 35), 13);
    t = fit_panel(36, 8, 11, &cx);
    q = ask("bjs", NULL, RL_AGG_DYNAMIC);
    q.has_window = true;
    q.window_lo = -2;
    q.window_hi = 1;
    own = run(&t, q);
    q.profile = "exact";
    bare = run(&t, q);
    assert_true(own.est[0].df > 1 && own.est[0].std_error > 1.01 * bare.est[0].std_error);
    assert_true(bare.est[0].df == 0);
    CHECK_DIGITS(fit_event(&bare, 0)->std_error, fit_event(&own, 0)->std_error, 14);
}

static void refusals(void **s)
{
    (void)s;
    static const char *const BAD[][3] = {
        {"cs", "fixest", "'cs' has did csdid small-sample and exact"},
        {"cs", "did2s", "'cs' has did csdid small-sample and exact"},
        {"bjs", "did", "'bjs' has didimputation did_imputation small-sample and exact"},
        {"did2s", "reghdfe", "'did2s' has did2s small-sample and exact"},
        {"dcdh", "csdid", "'dcdh' has did_multiplegt_dyn small-sample and exact"},
        {"sunab", "csdid", "'sunab' has those of regressions (fixest reghdfe ..) and small-sample and exact"},
        {"etwfe", "did", "'etwfe' has those of regressions (fixest reghdfe ..) and small-sample and exact"},
        {"ols", "lpdid", "'ols' has those of regressions (fixest reghdfe ..) and exact"},
        {"bacon", "exact", "it gives no standard errors: there is none to choose"},
    };
    rl_table t = fit_panel(36, 8, 5, &cx);
    rl_result out;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        rl_request q = ask(BAD[i][0], BAD[i][1], RL_AGG_DEFAULT);
        assert_int_equal(rl_estimate_run(&q, &t, &out, cx.keep, &cx), RL_EUSAGE);
        assert_string_equal(cx.err.what,
                            rl_sprintf(cx.keep, "--as %s is no convention of estimator '%s'", BAD[i][1], BAD[i][0]));
        assert_string_equal(cx.err.hint, BAD[i][2]);
        rl_forgive(&cx);
    }
    rl_request q = ask("cs", "didd", RL_AGG_DEFAULT);
    assert_int_equal(rl_estimate_run(&q, &t, &out, cx.keep, &cx), RL_EUSAGE);
    assert_string_equal(cx.err.what, "--as 'didd' is not known");
    assert_non_null(strstr(cx.err.hint, "csdid didimputation"));
    rl_forgive(&cx);
    static const char *const GOOD[][2] = {
        {"sunab", "fixest"}, {"etwfe", "reghdfe"}, {"twfe", "areg"},          {"stacked", "fixest"},
        {"did2s", "did2s"},  {"cs", "exact"},      {"bjs", "did_imputation"}, {"did2s", "exact"},
        {"ols", "plm"},      {"lpdid", "lpdid"},   {"ols", "exact"},          {"dcdh", "did_multiplegt_dyn"}};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        q = ask(GOOD[i][0], GOOD[i][1], RL_AGG_DEFAULT);
        CHECK_OK(rl_profile_settle(&q, &cx), &cx);
        assert_true(!q.bootstrap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(draws_of_programs), TEST(controls_before_the_start), TEST(means_of_cells), TEST(exact), TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
