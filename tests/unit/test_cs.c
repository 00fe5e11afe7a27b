/* Estimator cs: which cells, against whom, from which base; what it refuses. */
#include "fit_fixture.h"

#include "model/est.h"
#include "model/request.h"

static rl_request cs_request(const char *formula, const char *method, rl_agg agg)
{
    rl_request r = fit_program("cs", formula);
    r.method = method;
    r.agg = agg;
    return r;
}

static rl_result run(const rl_request *r, const rl_table *t, rl_ctx *cx)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(r, t, &out, cx->keep, cx), cx);
    return out;
}

static const rl_estimate *cell(const rl_result *r, int g, int t)
{
    for (size_t i = 0; i < r->m; i++)
        if (r->est[i].label.group == g && r->est[i].label.time == t) return &r->est[i];
    return NULL;
}

/* Mean of y of the panel's units of cohort g (0 = never) at t; `later` adds those that start after it. */
static double mean_of(const rl_table *tab, int g, int t, int later)
{
    const double *at = tab->col[0].num, *start = tab->col[1].num, *y = tab->col[4].num;
    double sum = 0, n = 0;
    for (size_t i = 0; i < tab->n; i++) {
        bool never = isnan(start[i]);
        bool in = g == 0 ? never || (later > 0 && start[i] > later) : start[i] == g;
        if (!in || at[i] != t) continue;
        sum += y[i];
        n++;
    }
    return sum / n;
}

static double by_hand(const rl_table *t, int g, int now, int base, int later)
{
    return mean_of(t, g, now, 0) - mean_of(t, g, base, 0) - mean_of(t, 0, now, later) + mean_of(t, 0, base, later);
}

static void cells_are_four_means(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(45, 8, 3, &cx);
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    rl_result out = run(&r, &t, &cx);
    assert_int_equal(out.m, 14); /* cohorts 4 and 6, periods 2 to 8 */
    CHECK_NEAR(cell(&out, 4, 7)->estimate, by_hand(&t, 4, 7, 3, 0), 1e-13);
    CHECK_NEAR(cell(&out, 6, 3)->estimate, by_hand(&t, 6, 3, 2, 0), 1e-13);
    r.notyet = true;
    out = run(&r, &t, &cx);
    CHECK_NEAR(cell(&out, 4, 5)->estimate, by_hand(&t, 4, 5, 3, 5), 1e-13);
    CHECK_NEAR(cell(&out, 4, 7)->estimate, by_hand(&t, 4, 7, 3, 7), 1e-13);
    r.universal = true;
    out = run(&r, &t, &cx);
    assert_int_equal(out.m, 16);
    CHECK_NEAR(cell(&out, 6, 2)->estimate, by_hand(&t, 6, 2, 5, 0), 1e-13);
    assert_true(cell(&out, 6, 5)->estimate == 0 && isnan(cell(&out, 6, 5)->std_error));
    r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    r.anticipation = 2;
    out = run(&r, &t, &cx);
    CHECK_NEAR(cell(&out, 4, 4)->estimate, by_hand(&t, 4, 4, 1, 0), 1e-13);
    CHECK_NEAR(cell(&out, 6, 8)->estimate, by_hand(&t, 6, 8, 3, 0), 1e-13);
    CHECK_NEAR(cell(&out, 6, 5)->estimate, by_hand(&t, 6, 5, 4, 0), 1e-13);
    r.anticipation = 3; /* cohort 4 has no period left before it anticipates */
    out = run(&r, &t, &cx);
    assert_null(cell(&out, 4, 5));
    assert_string_equal(out.dropped[0].why, "treated or anticipating from the first period");
    rl_ctx_free(&cx);
}

/* Without covariates every method is the same comparison. */
static void methods_agree_without_covariates(void **state)
{
    (void)state;
    static const char *const METHOD[] = {"reg", "ipw", "ipw-ht", "drimp"};
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(45, 8, 5, &cx);
    rl_request r = cs_request("y ~ 1", "dr", RL_AGG_DYNAMIC);
    r.weights = "w";
    rl_result one = run(&r, &t, &cx);
    for (size_t m = 0; m < 4; m++) {
        r.method = METHOD[m];
        rl_result two = run(&r, &t, &cx);
        for (size_t i = 0; i < one.m; i++) {
            CHECK_NEAR(two.est[i].estimate, one.est[i].estimate, 1e-13);
            CHECK_NEAR(two.est[i].std_error, one.est[i].std_error, 1e-13);
        }
    }
    rl_ctx_free(&cx);
}

/* The overall effect is the weighted sum of the outcomes it says it is, for every method, in all three layouts. */
static void outcome_weights(void **state)
{
    (void)state;
    static const char *const METHOD[] = {"dr", "reg", "ipw", "ipw-ht", "drimp"};
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(90, 6, 9, &cx);
    const double *y = t.col[4].num;
    for (size_t m = 0; m < 5; m++)
        for (int layout = 0; layout < 3; layout++) {
            rl_request r = cs_request("y ~ x", METHOD[m], RL_AGG_SIMPLE);
            r.weights = "w";
            r.omega = "overall";
            r.rcs = layout == 1;
            r.keep_unbalanced = layout == 2;
            if (layout == 2) {
                unsigned char *leave = RL_NEW(cx.keep, unsigned char, t.n);
                for (size_t i = 0; i < t.n; i += 17) leave[i] = 1;
                r.leave = leave;
                r.leave_why = "left out";
            }
            rl_result out = run(&r, &t, &cx);
            assert_non_null(out.omega);
            double sum = 0;
            for (size_t i = 0; i < out.rows_used; i++) sum += out.omega[i] * y[out.row[i]];
            CHECK_NEAR(sum, fit_find(&out, "overall")->estimate, 1e-11);
        }
    rl_ctx_free(&cx);
}

static void incomplete_units(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(60, 6, 11, &cx);
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_DYNAMIC), q = r;
    rl_result all = run(&r, &t, &cx);
    r.keep_unbalanced = true; /* nothing is missing: the same panel */
    rl_result kept = run(&r, &t, &cx);
    for (size_t i = 0; i < all.m; i++) assert_true(all.est[i].std_error == kept.est[i].std_error);
    unsigned char *leave = RL_NEW(cx.keep, unsigned char, t.n);
    leave[2 * 6 + 3] = leave[7 * 6] = leave[7 * 6 + 1] = 1;
    q.leave = r.leave = leave;
    q.leave_why = r.leave_why = "left out";
    rl_result less = run(&q, &t, &cx);
    assert_int_equal(less.rows_used, 58 * 6);
    assert_int_equal(less.n_dropped, 2);
    assert_string_equal(less.dropped[0].why, "left out");
    assert_string_equal(less.dropped[1].why, "unit not seen in every period");
    assert_int_equal(less.dropped[1].rows, 5 + 4);
    kept = run(&r, &t, &cx);
    assert_int_equal(kept.rows_used, 60 * 6 - 3);
    assert_int_equal(kept.G, 60);
    rl_ctx_free(&cx);
}

/* Repeated cross-sections of a panel, errors by unit: the same effects, and the same errors but for what the
 * pairing of a unit's rows takes off; without covariates none at all. */
static void cross_sections_of_a_panel(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(60, 6, 13, &cx);
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_DYNAMIC);
    r.notyet = true;
    rl_result panel = run(&r, &t, &cx);
    r.rcs = true;
    rl_result rows = run(&r, &t, &cx);
    for (size_t i = 0; i < panel.m; i++) {
        CHECK_NEAR(rows.est[i].estimate, panel.est[i].estimate, 1e-12);
        CHECK_NEAR(rows.est[i].std_error, panel.est[i].std_error, 1e-12);
    }
    r.unit = NULL; /* every row for itself */
    rows = run(&r, &t, &cx);
    assert_true(rows.est[0].std_error > panel.est[0].std_error);
    rl_ctx_free(&cx);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(90, 8, 15, &cx);
    for (int rcs = 0; rcs < 2; rcs++) {
        rl_request r = cs_request("y ~ x", NULL, RL_AGG_GROUP_TIME);
        r.rcs = rcs;
        r.notyet = true;
        cx.threads = 1;
        rl_result one = run(&r, &t, &cx);
        cx.threads = 3;
        rl_result three = run(&r, &t, &cx);
        for (size_t i = 0; i < one.m; i++) {
            assert_true(one.est[i].estimate == three.est[i].estimate);
            assert_true(one.est[i].std_error == three.est[i].std_error);
        }
    }
    rl_ctx_free(&cx);
}

/* --- what it refuses, and says ---------------------------------------------------------- */

static void refused(const rl_request *r, const rl_table *t, rl_code code, const char *what, rl_ctx *cx)
{
    rl_result out;
    rl_code got = rl_estimate_run(r, t, &out, cx->keep, cx);
    if (got != code || strstr(cx->err.what, what) == NULL)
        fail_msg("code %d, '%s'; want %d, '%s'", (int)got, cx->err.what, (int)code, what);
    rl_forgive(cx);
}

static void set_start(rl_table *t, double from, double to)
{
    double *g = t->col[1].num;
    for (size_t i = 0; i < t->n; i++)
        if (isnan(from) ? isnan(g[i]) : g[i] == from) g[i] = to;
}

static void controls_are_needed(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(30, 8, 17, &cx);
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    set_start(&t, NAN, 6);
    rl_result out = run(&r, &t, &cx); /* cohort 6 stands in, until it starts */
    assert_int_equal(out.m, 4);
    assert_int_equal(out.periods, 5);
    assert_string_equal(out.dropped[0].why, "no control left");
    r.anticipation = 1;
    out = run(&r, &t, &cx);
    assert_int_equal(out.periods, 4);
    r.anticipation = 0;
    set_start(&t, 6, 4);
    refused(&r, &t, RL_EDATA,
            "no control: no unit is never treated, and all that have a pre-period start at 4 (240 rows)", &cx);
    set_start(&t, 4, 1);
    refused(&r, &t, RL_EDATA, "no cohort has a pre-period: the data begin at 1", &cx);
    set_start(&t, 1, 11);
    refused(&r, &t, RL_EDATA, "no row is treated: all starts in 'g' (11", &cx);
    set_start(&t, 11, NAN);
    refused(&r, &t, RL_EDATA, "nobody is treated", &cx);
    rl_ctx_free(&cx);
}

/* In a complete panel a period that all controls miss leaves none of them. */
static void controls_that_miss_a_period(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(30, 8, 17, &cx);
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    size_t units = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (!isnan(t.col[1].num[i])) continue;
        if (t.col[0].num[i] == 7 || (t.col[0].num[i] == 3 && units++ < 2)) t.col[4].num[i] = NAN;
    }
    const char *what =
        rl_sprintf(cx.keep,
                   "no control is seen in all of the 8 periods: %zu of %zu units never treated (%zu rows) "
                   "have no row at 7",
                   units, units, 7 * units - 2);
    refused(&r, &t, RL_EDATA, what, &cx);
    r.notyet = true; /* later cohorts are left, until the last starts */
    refused(&r, &t, RL_EDATA, "cell of cohort 4 and time 6: no control has a row at 6", &cx);
    r.notyet = false;
    r.keep_unbalanced = true;
    refused(&r, &t, RL_EDATA, "no control has a row at 7", &cx);
    rl_ctx_free(&cx);
}

static void usage(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(30, 8, 19, &cx);
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    r.unit = NULL;
    refused(&r, &t, RL_EUSAGE, "estimator 'cs' needs --unit", &cx);
    r = cs_request("y ~ x | region", NULL, RL_AGG_GROUP_TIME);
    refused(&r, &t, RL_EUSAGE, "takes no fixed effects", &cx);
    r = cs_request("y ~ x", "dR", RL_AGG_GROUP_TIME);
    refused(&r, &t, RL_EUSAGE, "--method 'dR' is not known to estimator 'cs'", &cx);
    r = cs_request("y ~ 0", NULL, RL_AGG_GROUP_TIME);
    refused(&r, &t, RL_EUSAGE, "needs the constant", &cx);
    rl_ctx_free(&cx);
}

static void cells_without_an_answer(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(60, 8, 21, &cx);
    double *at = t.col[0].num, *g = t.col[1].num, *x = t.col[2].num, *w = t.col[3].num;
    for (size_t i = 0; i < t.n; i++) w[i] = g[i] == 6 ? 1 : 0.25 * x[i]; /* covariate that tells cohort 6 */
    rl_request r = cs_request("y ~ w", "dr", RL_AGG_GROUP_TIME);
    refused(&r, &t, RL_EDATA, "cell of cohort 6 and time 6: no overlap: 'w' tells treated and controls apart", &cx);
    r.method = "reg";
    run(&r, &t, &cx);
    for (size_t i = 0; i < t.n; i++) w[i] = isnan(g[i]) ? 0.3 : x[i];
    refused(&r, &t, RL_EDATA, "cell of cohort 4 and time 4: 'w' does not vary", &cx);

    /* before treatment: left out, and said so */
    for (size_t i = 0; i < t.n; i++) w[i] = at[i] == 1 && g[i] == 6 ? 9 + x[i] : x[i];
    r.method = "dr";
    size_t notes = cx.n_notes;
    rl_result out = run(&r, &t, &cx);
    assert_null(cell(&out, 6, 2));
    assert_non_null(cell(&out, 6, 3));
    assert_int_equal(cx.n_notes, notes + 1);
    assert_non_null(strstr(cx.note[notes].text, "1 cell before treatment has no answer and is left out: cell of cohort "
                                                "6 and time 2: no overlap: 'w'"));

    /* no control in the base period of cohort 6, then no row of the cohort there: one further back */
    unsigned char *leave = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) leave[i] = at[i] == 5 && isnan(g[i]);
    r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    r.leave = leave;
    r.leave_why = "left out";
    r.keep_unbalanced = true;
    refused(&r, &t, RL_EDATA, "cell of cohort 4 and time 5: no control has a row at 5", &cx);
    for (size_t i = 0; i < t.n; i++) leave[i] = at[i] == 5 && g[i] == 6;
    notes = cx.n_notes;
    out = run(&r, &t, &cx);
    CHECK_NEAR(cell(&out, 6, 7)->estimate, by_hand(&t, 6, 7, 4, 0), 1e-12);
    assert_string_equal(cx.note[notes].text,
                        "cohort 6 has no row at 5, the last period before treatment: its base is 4, the last one with "
                        "rows");
    for (size_t i = 0; i < t.n; i++) leave[i] = at[i] < 6 && g[i] == 6;
    refused(&r, &t, RL_EDATA, "cell of cohort 6 and time 6: the cohort has no row before its start", &cx);
    rl_ctx_free(&cx);
}

static void one_unit(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(30, 8, 23, &cx);
    for (size_t i = 0; i < t.n; i++)
        if (i / 8 == 7) t.col[1].num[i] = 5;
    rl_request r = cs_request("y ~ 1", NULL, RL_AGG_GROUP_TIME);
    size_t notes = cx.n_notes;
    run(&r, &t, &cx);
    assert_int_equal(cx.n_notes, notes + 2);
    assert_non_null(strstr(cx.note[notes].text, "cohort 5 has one unit"));
    assert_non_null(strstr(cx.note[notes + 1].text, "borne by too few treated clusters"));
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_four_means),
        cmocka_unit_test(methods_agree_without_covariates),
        cmocka_unit_test(outcome_weights),
        cmocka_unit_test(incomplete_units),
        cmocka_unit_test(cross_sections_of_a_panel),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(controls_are_needed),
        cmocka_unit_test(controls_that_miss_a_period),
        cmocka_unit_test(usage),
        cmocka_unit_test(cells_without_an_answer),
        cmocka_unit_test(one_unit),
    };
    return cmocka_run_group_tests_name("cs", tests, NULL, NULL);
}
