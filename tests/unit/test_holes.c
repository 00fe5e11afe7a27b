/* Cells that are not identified, and what is missing: a period without controls, a past, a covariate of its own. */
#include "starts_fixture.h"

static rl_ctx cx;

static int setup(void **state)
{
    (void)state;
    check_ctx(&cx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

enum { N = 12, T = 6 };
static const double START[N] = {3, NAN, 4, 3, NAN, 4, 4, NAN, 3, 5, 5, NAN};

static rl_table panel(void) { return starts_panel(N, T, START, 12, &cx); }

static rl_request request(const char *estimator, const char *formula)
{
    rl_request r = starts_request(estimator, formula);
    r.leads = true;
    r.agg = RL_AGG_GROUP_TIME;
    return r;
}

static void refused(const rl_table *t, rl_request r, const char *what, const char *hint)
{
    rl_result out;
    rl_code got = rl_estimate_run(&r, t, &out, cx.keep, &cx);
    if (got != RL_EDATA) fail_msg("%s: code %d: %s", r.estimator->name, (int)got, cx.err.what);
    if (strcmp(cx.err.what, what) != 0) fail_msg("%s: '%s', not '%s'", r.estimator->name, cx.err.what, what);
    if (strstr(cx.err.hint, hint) == NULL) fail_msg("%s: '%s' lacks '%s'", r.estimator->name, cx.err.hint, hint);
    rl_forgive(&cx);
}

static void a_period_without_controls(void **state)
{
    (void)state;
    rl_table t = panel();
    double *y = rl_table_col(&t, "y")->num;
    for (size_t i = 0; i < t.n; i++)
        if (isnan(START[i / T]) && t.col[0].num[i] == 4) y[i] = NAN;
    const char *what = "cell of cohort 3 and time 4 (3 rows): no control has a row at 4";
    refused(&t, request("etwfe", "y ~ 1"), what, "--control notyet");
    refused(&t, request("sunab", "y ~ 1"), what, "leave the rows of 4 out");
    rl_request r = request("etwfe", "y ~ 1"); /* those not treated yet tell the period's effect */
    r.notyet = true;
    r.leads = false;
    starts_fit(&t, &r, &cx);
    r = request("etwfe", "y ~ 1"); /* without units cohorts have the effects */
    r.unit = NULL;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    refused(&t, r, what, "--control notyet");
}

static void a_cohort_without_a_past(void **state)
{
    (void)state;
    rl_table t = panel();
    double *y = rl_table_col(&t, "y")->num;
    for (size_t i = 0; i < t.n; i++)
        if (START[i / T] == 4 && t.col[0].num[i] < 4) y[i] = NAN;
    refused(&t, request("etwfe", "y ~ 1"), "cohort 4 has no row before its start (9 rows of 3 units)",
            "leave the cohort out");
    rl_request r = request("etwfe", "y ~ 1");
    r.unit = NULL;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    refused(&t, r, "cohort 4 has no row before its start (9 rows)", "leave the cohort out");
}

static void a_cell_without_a_past(void **state)
{
    (void)state;
    rl_table t = panel();
    double *y = rl_table_col(&t, "y")->num;
    for (size_t u = 0; u < N; u++) {
        if (START[u] != 4) continue;
        for (size_t p = 0; p < T; p++) /* the first is not seen before, the others not at 5 */
            if (u == 2 ? p < 3 : p == 4) y[u * T + p] = NAN;
    }
    rl_request r = request("etwfe", "y ~ 1");
    starts_fit(&t, &r, &cx); /* the others tell the effect at 4, that the unit's own, that the effect at 5 */
    for (size_t u = 0; u < N; u++)
        for (size_t p = 0; p < T; p++)
            if (START[u] == 4 && (u == 2 ? p == 3 : p == 5)) y[u * T + p] = NAN;
    refused(&t, request("etwfe", "y ~ 1"),
            "cell of cohort 4 and time 5 (1 row): of its 1 unit none has a row before the start", "the cell's rows");
}

static void covariates_that_say_the_same(void **state)
{
    (void)state;
    enum { UNITS = 60 };
    double start[UNITS];
    for (size_t u = 0; u < UNITS; u++) start[u] = u % 4 == 3 ? NAN : (double)(3 + u % 4);
    rl_table t = starts_panel(UNITS, T, start, 12, &cx);
    double *twice = fit_num(&t, "twice", &cx), *there = fit_num(&t, "there", &cx);
    const double *x = rl_table_col(&t, "x")->num;
    for (size_t i = 0; i < t.n; i++) {
        twice[i] = 2 * x[i];
        there[i] = start[i / T] == 4 && t.col[0].num[i] == 5 ? 1 - 3 * x[i] : sin(7. * (double)i);
    }
    refused(&t, request("etwfe", "y ~ x + twice"),
            "covariate 'twice' does not vary, or depends on 'x' in all 360 rows: it has no slopes of its own",
            "leave 'twice' out");
    refused(&t, request("etwfe", "y ~ x + there"),
            "cell of cohort 4 and time 5: covariate 'there' does not vary, or depends on 'x' among its 15 rows",
            "leave 'there' out");
    for (size_t i = 0; i < t.n; i++) there[i] = isnan(start[i / T]) ? 2.5 : sin(7. * (double)i);
    rl_request r = request("etwfe", "y ~ there");
    r.unit = NULL;
    r.leads = false;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    refused(&t, r, "time 5: covariate 'there' does not vary among the 15 rows that are controls there",
            "leave 'there' out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_period_without_controls, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cohort_without_a_past, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cell_without_a_past, setup, teardown),
        cmocka_unit_test_setup_teardown(covariates_that_say_the_same, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
