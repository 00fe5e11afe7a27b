/* Effects recovered, singletons kept, and everything that is wrong with data by its name. */
#include "model/axis.h"
#include "unit/own_fit.h"

static double effect_of(const rl_result *r, const char *effect, const char *level)
{
    for (size_t i = 0; i < r->n_effects; i++)
        if (strcmp(r->effect[i].effect, effect) == 0 && strcmp(r->effect[i].level, level) == 0)
            return r->effect[i].coefficient;
    fail_msg("no effect %s %s", effect, level);
    return NAN;
}

/* Firms 3, 10 and b over three years; firms y and z over two others. */
static rl_table effects_table(void)
{
    static const char *const FIRM[] = {"b", "b", "b", "10", "10", "10", "3", "3", "z", "z", "y", "y", "z"};
    static const double YEAR[] = {2003, 2001, 2002, 2001, 2002, 2003, 2002, 2003, 1990, 1991, 1991, 1990, 1990};
    static const double X[] = {1.3, 2.6, 0.4, 1.5, 2.2, 3.1, 2.4, 2.7, 4.1, 5.3, 1.7, 0.2, 1.1},
                        E[] = {.1, -.2, .3, .1, 0, -.3, .2, -.1, .4, -.2, .1, .2, -.4};
    rl_table t = fit_table(13);
    fit_text(&t, "firm", FIRM, &cx);
    fit_num(&t, "year", &cx), fit_num(&t, "x", &cx), fit_num(&t, "y", &cx), fit_num(&t, "w", &cx);
    for (size_t i = 0; i < t.n; i++) {
        t.col[1].num[i] = YEAR[i];
        t.col[2].num[i] = X[i];
        t.col[3].num[i] = 0.7 * X[i] + (double)FIRM[i][0] / 8 + (YEAR[i] - 2000) * 0.31 + E[i];
        t.col[4].num[i] = 1 + (double)(i % 3);
    }
    return t;
}

/* y - x b - effects must be residuals: weighted sums of zero in every level, and against x. */
static void check_normal_equations(const rl_table *t, const rl_result *r, bool weighted)
{
    double b = fit_find(r, "x")->estimate, along = 0, of_year = 0;
    for (size_t l = 0; l < r->n_effects; l++) {
        double sum = 0;
        for (size_t i = 0; i < t->n; i++) {
            char buf[32], year[32];
            const char *firm = rl_cell_text(&t->col[0], i, buf);
            rl_cell_text(&t->col[1], i, year);
            double e =
                t->col[3].num[i] - b * t->col[2].num[i] - effect_of(r, "firm", firm) - effect_of(r, "year", year);
            double w = weighted ? t->col[4].num[i] : 1;
            if (l == 0) along += w * e * t->col[2].num[i];
            bool firms = strcmp(r->effect[l].effect, "firm") == 0;
            if (strcmp(r->effect[l].level, firms ? firm : year) == 0) sum += w * e;
        }
        CHECK_NEAR(sum, 0, 1e-12);
        of_year += strcmp(r->effect[l].effect, "year") == 0;
    }
    CHECK_NEAR(along, 0, 1e-12);
    assert_int_equal((int)of_year, 5);
}

static void effects_solve_the_normal_equations(void **state)
{
    (void)state;
    rl_table t = effects_table();
    for (int weighted = 0; weighted < 2; weighted++) {
        rl_result r;
        rl_request req = fit_request("y ~ x | firm + year");
        req.keep_effects = true;
        req.weights = weighted ? "w" : NULL;
        CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
        assert_int_equal(r.n_effects, 10);
        check_normal_equations(&t, &r, weighted);
        assert_string_equal(r.effect[0].level, "3"); /* numbers by size, then words */
        assert_string_equal(r.effect[1].level, "10");
        assert_string_equal(r.effect[2].level, "b");
        CHECK_NEAR(effect_of(&r, "year", "2001"), 0, 0); /* the first of each component */
        CHECK_NEAR(effect_of(&r, "year", "1990"), 0, 0);
        req.keep_effects = false;
        CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
        assert_int_equal(r.n_effects, 0);
    }
}

static void singletons_are_kept_when_asked(void **state)
{
    (void)state;
    rl_result drop, keep;
    rl_table t = effects_table();
    t.col[0].code[12] = rl_dict_code(t.col[0].dict, "alone", 5);
    rl_request req = fit_request("y ~ x | firm + year");
    CHECK_OK(rl_estimate_run(&req, &t, &drop, cx.keep, &cx), &cx);
    req.keep_singletons = true;
    CHECK_OK(rl_estimate_run(&req, &t, &keep, cx.keep, &cx), &cx);
    assert_int_equal(drop.rows_used, 12);
    assert_int_equal(keep.rows_used, 13);
    CHECK_DIGITS(keep.est[0].estimate, drop.est[0].estimate, 13);
    CHECK_DIGITS(keep.est[0].std_error, drop.est[0].std_error, 12); /* as many degrees of freedom */
    assert_int_equal((int)keep.df, (int)drop.df);
}

static void no_freedom_by_count(void **state)
{
    (void)state;
    rl_result r;
    rl_table t = effects_table();
    t.n = t.rows_read = 10;
    t.col[0].code[9] = rl_dict_code(t.col[0].dict, "alone", 5);
    rl_request req = fit_request("y ~ x | firm + year");
    req.keep_singletons = true; /* ten coefficients by count, eight by rank */
    assert_int_equal(rl_estimate_run(&req, &t, &r, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "no freedom is left"));
    rl_forgive(&cx);
}

static void labels_have_an_order(void **state)
{
    (void)state;
    assert_true(rl_level_order("9", "10") < 0);
    assert_true(rl_level_order("-3", "2.5") < 0);
    assert_true(rl_level_order("100", "a") < 0);
    assert_true(rl_level_order("b", "7") > 0);
    assert_true(rl_level_order("B", "a") < 0);
    assert_int_equal(rl_level_order("x", "x"), 0);
}

/* ---- what is wrong ---- */

static rl_table plain_table(size_t n)
{
    rl_table t = fit_table(n);
    fit_num(&t, "y", &cx), fit_num(&t, "x", &cx), fit_num(&t, "w", &cx), fit_num(&t, "g", &cx);
    rl_rng g = rl_rng_for(11, 3);
    for (size_t i = 0; i < n; i++) {
        t.col[1].num[i] = rl_normal(&g);
        t.col[0].num[i] = 2.385 * t.col[1].num[i] + rl_normal(&g);
        t.col[2].num[i] = 1 + rl_uniform(&g);
        t.col[3].num[i] = (double)(i % 7);
    }
    return t;
}

static void bad_input_has_a_name(void **state)
{
    (void)state;
    rl_table t = plain_table(40);
    rl_request req = fit_request("y ~ x");
    rl_result r;

    req.keep_effects = true;
    refused(&t, req, RL_EUSAGE, "no fixed effects");
    req = fit_request("y ~ x | g");
    req.keep_effects = true;
    req.estimator = rl_estimator_by_name("poisson");
    refused(&t, req, RL_EUSAGE, "--fe-out does not apply");

    req = fit_request("y ~ x");
    t.col[2].num[5] = -0.5;
    req.weights = "w";
    refused(&t, req, RL_EINPUT, "a negative weight, -0.5");
    t.col[2].num[5] = 1;

    req = fit_request("y ~ x");
    req.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"g"}, .lag = -1};
    for (size_t i = 0; i < t.n; i++) t.col[3].num[i] = 4;
    refused(&t, req, RL_EDATA, "one cluster");
    req = fit_request("y ~ x + factor(g)");
    CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
    assert_int_equal(r.m, 2);
    assert_true(noted(&r, "one level"));

    for (size_t i = 0; i < t.n; i++) t.col[0].num[i] = NAN;
    refused(&t, fit_request("y ~ x"), RL_EDATA, "every cell of the outcome 'y' is missing");

    rl_table few = plain_table(3);
    refused(&few, fit_request("y ~ x + w + g"), RL_EDATA, "no degree of freedom");
}

static void leverage_of_one_is_refused(void **state)
{
    (void)state;
    rl_table t = plain_table(30);
    for (size_t i = 0; i < t.n; i++) t.col[3].num[i] = (double)(i == 4);
    rl_request req = fit_request("y ~ x + g");
    req.vcov.kind = RL_HC3;
    refused(&t, req, RL_EDATA, "leverage");
}

static void blank_cells_are_dropped_and_counted(void **state)
{
    (void)state;
    rl_table t = plain_table(30);
    rl_result r;
    rl_request req = fit_request("y ~ x");
    t.col[0].num[3] = t.col[1].num[3] = t.col[1].num[9] = NAN;
    CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
    assert_int_equal(r.rows_used, 28);
    assert_int_equal(r.n_dropped, 1);
    assert_int_equal(r.dropped[0].rows, 2);
    assert_non_null(strstr(r.dropped[0].why, "missing"));
}

static void values_that_do_not_exist(void **state)
{
    (void)state;
    rl_table t = plain_table(30);
    rl_result r;
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = (double)(i % 10);
    refused(&t, fit_request("y ~ log(x)"), RL_EINPUT, "log of 0 does not exist, and in 2 more rows");
    rl_request req = fit_request("y ~ log(x) + w");
    req.na_drop = true;
    CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
    assert_int_equal(r.rows_used, 27);
    assert_true(noted(&r, "3 rows where 'log(x)' has no value were left out"));
}

static void a_perfect_fit_is_a_note(void **state)
{
    (void)state;
    rl_table t = plain_table(30);
    rl_result r;
    rl_request req = fit_request("y ~ x + w");
    for (size_t i = 0; i < t.n; i++) t.col[0].num[i] = 3.0 + 0.7 * t.col[1].num[i] - 1.1 * t.col[2].num[i];
    CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
    assert_true(noted(&r, "a perfect fit"));
    CHECK_DIGITS(fit_find(&r, "x")->estimate, 0.7, 14);
    assert_true(fit_find(&r, "x")->std_error < 1e-14);
    assert_true(isnan(fit_find(&r, "x")->statistic) && isnan(fit_find(&r, "x")->p_value));
    t.col[0].num[3] += 1e-9;
    CHECK_OK(rl_estimate_run(&req, &t, &r, cx.keep, &cx), &cx);
    assert_true(!isnan(fit_find(&r, "x")->statistic));
}

/* Columns of a table that nobody needs afterwards are swept where they stand; others are copied, and the table
 * stays what it was.  Products are formed of what was read, not of what was swept. */
static void columns_are_taken_over(void **state)
{
    (void)state;
    const char *const formula[] = {"y ~ x | unit + t", "y ~ x + w + x:w | unit", "y ~ x + y:w | region",
                                   "y ~ x + log(w) + w | unit + t"};
    for (size_t i = 0; i < 4; i++) {
        rl_table kept = fit_panel(21, 7, 3, &cx), was = fit_panel(21, 7, 3, &cx), spent = fit_panel(21, 7, 3, &cx);
        rl_request r = fit_request(formula[i]);
        rl_result a, b, c;
        CHECK_OK(rl_estimate_run(&r, &kept, &a, cx.keep, &cx), &cx);
        CHECK_OK(rl_estimate_run(&r, &kept, &b, cx.keep, &cx), &cx);
        for (size_t j = 0; j < 5; j++) assert_memory_equal(kept.col[j].num, was.col[j].num, kept.n * sizeof(double));
        r.spend = cx.keep;
        CHECK_OK(rl_estimate_run(&r, &spent, &c, cx.keep, &cx), &cx);
        assert_true((spent.col[2].num == NULL) == (i != 1)); /* x: a product needs it */
        assert_non_null(spent.col[4].num);
        assert_int_equal(a.m, c.m);
        for (size_t j = 0; j < a.m; j++) {
            assert_true(a.est[j].estimate == b.est[j].estimate && a.est[j].estimate == c.est[j].estimate);
            assert_true(a.est[j].std_error == c.est[j].std_error && a.est[j].std_error > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_are_taken_over),         TEST(effects_solve_the_normal_equations),
        TEST(singletons_are_kept_when_asked), TEST(no_freedom_by_count),
        TEST(labels_have_an_order),           TEST(bad_input_has_a_name),
        TEST(leverage_of_one_is_refused),     TEST(blank_cells_are_dropped_and_counted),
        TEST(values_that_do_not_exist),       TEST(a_perfect_fit_is_a_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
