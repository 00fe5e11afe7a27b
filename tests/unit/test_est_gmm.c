#include "base/fmath.h"
#include "model/est.h"
#include "unit/own_fit.h"

static rl_request request(const char *formula, const char *estimator)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name(estimator);
    r.unit = "unit", r.time = "t";
    r.vcov.kind = RL_VCOV_DEFAULT;
    return r;
}

static const rl_test *test_of(const rl_result *r, const char *name)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, name) == 0) return &r->test[i];
    return NULL;
}

/* Rows are found unusable while fitting, and the design is made again: of a table that may be spent by then. */
static void a_spent_table(void **s)
{
    (void)s;
    static const char *const ASK[][2] = {
        {"anderson-hsiao", "difference"}, {"anderson-hsiao", NULL}, {"arellano-bond", NULL}};
    for (size_t e = 0; e < 3; e++) {
        rl_table t = fit_panel(40, 8, 91, &cx);
        double *y = rl_table_col(&t, "y")->num;
        for (size_t i = 5; i < t.n; i += 23) y[i] = NAN; /* rows alone in their run */
        rl_request r = request("y ~ lag(y,1) + x + w | unit", ASK[e][0]);
        r.method = ASK[e][1];
        rl_result kept = run(&t, r);
        r.spend = cx.keep;
        rl_result spent = run(&t, r);
        size_t left = 0;
        for (size_t i = 0; i < kept.n_dropped; i++)
            if (strstr(kept.dropped[i].why, "without a complete row") != NULL) left = kept.dropped[i].rows;
        assert_in_range(left, 1, 200);
        assert_int_equal(spent.m, kept.m);
        for (size_t j = 0; j < kept.m; j++) assert_true(spent.est[j].estimate == kept.est[j].estimate);
    }
}

/* --- what can be asked ------------------------------------------------------------------ */

static void formulas(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 28, &cx);
    static const char *const BOTH[] = {"arellano-bond", "anderson-hsiao"};
    for (size_t e = 0; e < 2; e++) {
        refused_both(&t, request("y ~ x | unit", BOTH[e]), RL_EUSAGE, BOTH[e], "needs a lag of the outcome");
        refused_both(&t, request("y ~ lag(y,1) + x", BOTH[e]), RL_EUSAGE, "removes the effect of 'unit'", "none");
        refused_both(&t, request("y ~ lag(y,1) + x | t", BOTH[e]), RL_EUSAGE, "removes the effect of 'unit'", "none");
        refused_both(&t, request("y ~ lag(y,1) | unit + region", BOTH[e]), RL_EUSAGE, "effects of 'unit' and 't'",
                     "'region'");
        refused_both(&t, request("y ~ lag(y,1) + lag(y,1):x | unit", BOTH[e]), RL_EUSAGE, "lag(y,1):x", "another form");
        refused_both(&t, request("y ~ lag(y,1) + abs(y) | unit", BOTH[e]), RL_EUSAGE, "abs(y)", "another form");
        refused_both(&t, request("y ~ lag(y,1) + lead(y,1) | unit", BOTH[e]), RL_EUSAGE, "lead(y,1)", "another form");
        refused_both(&t, request("y ~ lag(y,1) | unit | x ~ w", BOTH[e]), RL_EUSAGE, BOTH[e], "takes no instruments");
        rl_request r = request("y ~ lag(y,1) | unit", BOTH[e]);
        r.time = NULL;
        refused_both(&t, r, RL_EUSAGE, BOTH[e], "needs --time");
    }
    refused_both(&t, request("exp(y) ~ lag(exp(y),1) + lag(y,1) | unit", "arellano-bond"), RL_EUSAGE, "lag(y,1)",
                 "another form");
    refused_both(&t, request("y ~ lag(y,2) | unit", "anderson-hsiao"), RL_EUSAGE, "anderson-hsiao", "needs a lag");
    assert_true(run(&t, request("y ~ lag(y,2) | unit", "arellano-bond")).m == 1);
}

static void words(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 28, &cx);
    rl_request r = request("y ~ lag(y,1) + x | unit", "arellano-bond"), q;
    q = r, q.method = "level";
    refused_both(&t, q, RL_EUSAGE, "--method 'level'", "arellano-bond");
    q = r, q.estimator = rl_estimator_by_name("anderson-hsiao"), q.method = "two-step";
    refused_both(&t, q, RL_EUSAGE, "--method 'two-step'", "anderson-hsiao");
    q = r, q.weights = "w";
    refused_both(&t, q, RL_EUSAGE, "--weights", "arellano-bond");
    q = r, q.keep_effects = true;
    refused_both(&t, q, RL_EUSAGE, "--fe-out", "arellano-bond");
    q = r, q.vcov.kind = RL_HC1;
    refused_both(&t, q, RL_EUSAGE, "--vcov", "cluster and wild");
    q = r, q.vcov.kind = RL_IID;
    refused_both(&t, q, RL_EUSAGE, "--vcov iid", "two-step");
    q = r, q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"t"}, .lag = -1};
    refused_both(&t, q, RL_EDATA, "clusters of 't'", "'unit'");
    q.vcov.by[0] = "region";
    assert_int_equal(run(&t, q).clusters, 3);
    static const char *const NAME[] = {"w", "x", "`x`"};
    q = r, q.predetermined = NAME, q.n_predetermined = 1;
    refused_both(&t, q, RL_EUSAGE, "--predetermined 'w'", "no regressor");
    q = r, q.endogenous = NAME + 1, q.n_endogenous = 1, q.formula = "y ~ lag(y,1) + x + x^2 | unit";
    refused_both(&t, q, RL_EUSAGE, "--endogenous x", "x^2");
    q.formula = r.formula;
    rl_result a = run(&t, q);
    q.endogenous = NAME + 2;
    rl_result b = run(&t, q);
    CHECK_DIGITS(fit_find(&a, "x")->estimate, fit_find(&b, "x")->estimate, 17);
}

static void too_little(void **s)
{
    (void)s;
    rl_table two = fit_panel(12, 2, 28, &cx), three = fit_panel(12, 3, 28, &cx);
    refused_both(&two, request("y ~ lag(y,1) + x | unit", "arellano-bond"), RL_EDATA, "nothing to difference",
                 "'unit'");
    rl_request r = request("y ~ lag(y,1) | unit", "anderson-hsiao");
    rl_result a = run(&three, r);
    assert_int_equal(a.rows_used, 12);
    assert_null(test_of(&a, "m1"));
    assert_true(noted(&a, "m2 was left out"));
    r.method = "difference";
    refused_both(&three, r, RL_EDATA, "no instrument", "2 periods before");
    r = request("y ~ lag(y,1:2) + x | unit + t", "arellano-bond");
    rl_table four = fit_panel(5, 4, 28, &cx);
    r.gmm_lo = r.gmm_hi = 2;
    refused_both(&four, r, RL_EDATA, "not identified", "3 instruments");
    rl_table longer = fit_panel(3, 66, 28, &cx); /* 64 + 63 + .. */
    r = request("y ~ lag(y,1) + x | unit", "arellano-bond");
    refused_both(&longer, r, RL_EDATA, "2081 instruments", "too many");
    r.collapse = true;
    assert_true(run(&longer, r).m == 3);
    rl_table few = fit_panel(3, 4, 28, &cx);
    refused_both(&few, request("y ~ lag(y,1) + x + w + x:w + lag(x,1) + lag(w,1) | unit", "arellano-bond"), RL_EDATA,
                 "6 differences", "6 coefficients");
    assert_int_equal(run(&four, request("y ~ lag(y,1) | unit", "arellano-bond")).rows_used, 10);
}

/* --- rows ------------------------------------------------------------------------------- */

/* A difference over a gap is missing; the outcome before it still is an instrument. */
static void gaps(void **s)
{
    (void)s;
    rl_table t = fit_panel(30, 8, 4, &cx);
    size_t hole = 3 * 8 + 3; /* unit 3, t = 4 */
    rl_result full = run(&t, request("y ~ lag(y,1) + x | unit", "arellano-bond"));
    t.col[4].num[hole] = NAN;
    rl_result r = run(&t, request("y ~ lag(y,1) + x | unit", "arellano-bond"));
    assert_int_equal(full.rows_used, 30 * 6);
    assert_int_equal(r.rows_used, 30 * 6 - 3); /* of t = 4, 5, 6 */
    size_t dropped = 0;
    for (size_t i = 0; i < r.n_dropped; i++) dropped += r.dropped[i].rows;
    assert_int_equal(r.rows_read - dropped, r.rows_used);
    /* the same as a row that is not there */
    t.col[4].num[hole] = t.col[2].num[hole] = 0.83;
    rl_request q = request("y ~ lag(y,1) + x | unit", "arellano-bond");
    q.subset_col = "w", q.subset_value = "1";
    for (size_t i = 0; i < t.n; i++) t.col[3].num[i] = i != hole;
    rl_result gone = run(&t, q);
    for (size_t j = 0; j < r.m; j++) {
        CHECK_DIGITS(gone.est[j].estimate, r.est[j].estimate, 13);
        CHECK_DIGITS(gone.est[j].std_error, r.est[j].std_error, 13);
    }
    t.col[0].num[hole] = 5;
    refused_both(&t, request("y ~ lag(y,1) | unit", "arellano-bond"), RL_EINPUT, "two rows of unit 'u003'", "'5'");
}

/* Unit 0 has every other period only: no difference, so it is no cluster. */
static void units_without_a_difference_are_left_out(void **s)
{
    (void)s;
    rl_table t = fit_panel(30, 9, 4, &cx);
    for (size_t i = 0; i < 9; i++) t.col[0].num[i] = 1 + 2 * (double)i;
    rl_result r = run(&t, request("y ~ lag(y,2) | unit", "arellano-bond"));
    assert_int_equal(r.clusters, 29);
    assert_int_equal(r.units, 29);
    assert_true(strstr(r.dropped[1].why, "without a complete row") != NULL);
}

static void regressors_that_do_not_vary_are_named(void **s)
{
    (void)s;
    rl_table t = fit_panel(30, 8, 4, &cx);
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = (double)(i / 8 % 4); /* g: fixed */
    rl_result r = run(&t, request("y ~ lag(y,1) + g + x + t | unit + t", "arellano-bond"));
    assert_true(noted(&r, "'g', 't' were left out"));
    rl_result same = run(&t, request("y ~ lag(y,1) + x | unit + t", "arellano-bond"));
    CHECK_DIGITS(fit_find(&r, "x")->std_error, fit_find(&same, "x")->std_error, 13);
    /* effects of the time as a factor */
    rl_result f = run(&t, request("y ~ lag(y,1) + x + factor(t) | unit", "arellano-bond"));
    CHECK_DIGITS(fit_find(&f, "x")->estimate, fit_find(&same, "x")->estimate, 10);
    CHECK_DIGITS(fit_find(&f, "x")->std_error, fit_find(&same, "x")->std_error, 10);
    assert_true(fit_find(&f, "t::5")->std_error > 0);
    refused_both(&t, request("y ~ lag(g,1) + t | unit + t", "arellano-bond"), RL_EUSAGE, "needs a lag", "outcome");
}

/* --- results ---------------------------------------------------------------------------- */

static void long_run(void **s)
{
    (void)s;
    rl_table t = fit_panel(60, 8, 4, &cx);
    rl_request r = request("y ~ lag(y,1:2) + lag(x,0:1) + w + x:w + factor(region):w | unit", "arellano-bond");
    rl_result a = run(&t, r);
    double b[4], V[4][4], g[4];
    static const char *const TERM[] = {"lag(y,1)", "lag(y,2)", "lag(x,0)", "lag(x,1)"};
    size_t at[4];
    for (size_t i = 0; i < 4; i++)
        for (at[i] = 0; strcmp(a.est[at[i]].label.term, TERM[i]) != 0;) at[i]++;
    for (size_t i = 0; i < 4; i++) {
        b[i] = a.est[at[i]].estimate;
        for (size_t j = 0; j < 4; j++) V[i][j] = a.V[at[i] + at[j] * a.m];
    }
    double left = 1 - b[0] - b[1], want = (b[2] + b[3]) / left, v = 0;
    g[0] = g[1] = want / left;
    g[2] = g[3] = 1 / left;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) v += g[i] * V[i][j] * g[j];
    CHECK_DIGITS(fit_find(&a, "long_run::x")->estimate, want, 12);
    CHECK_DIGITS(fit_find(&a, "long_run::x")->std_error, sqrt(v), 10);
    size_t rows = 0;
    for (size_t i = 0; i < a.m; i++) rows += strncmp(a.est[i].label.term, "long_run::", 10) == 0;
    assert_int_equal(rows, 2); /* of x and w; not of products */
    /* an outcome that grows: none */
    for (size_t i = 0; i < t.n; i++) t.col[4].num[i] = rl_exp(0.4 * t.col[0].num[i]) * (1 + 0.01 * t.col[4].num[i]);
    r = request("y ~ lag(y,1) + x | unit", "arellano-bond");
    rl_result grows = run(&t, r);
    assert_true(fit_find(&grows, "lag(y,1)")->estimate >= 1);
    assert_int_equal(grows.m, 2);
    assert_true(noted(&grows, "no long-run effects"));
}

static void what_is_said(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 9, 4, &cx);
    rl_result r = run(&t, request("y ~ lag(y,1) + x | unit", "arellano-bond"));
    assert_true(noted(&r, "29 instruments, 12 units"));
    assert_true(noted(&r, "--collapse"));
    assert_true(noted(&r, "has rank 12"));
    assert_true(noted(&r, "only 12 units"));
    assert_string_equal(test_of(&r, "m1")->kind, "z");
    assert_true(strstr(test_of(&r, "hansen")->says, "says nothing") != NULL);
    CHECK_DIGITS(test_of(&r, "hansen")->df, 27, 15);
    rl_request q = request("y ~ lag(y,1) + x | unit", "arellano-bond");
    q.collapse = true;
    q.gmm_lo = 2, q.gmm_hi = 4;
    r = run(&t, q);
    assert_false(noted(&r, "--collapse"));
    CHECK_DIGITS(test_of(&r, "hansen")->df, 2, 15);
    q.method = "one-step";
    r = run(&t, q);
    assert_null(test_of(&r, "hansen"));
    CHECK_DIGITS(test_of(&r, "sargan")->df, 2, 15);
    assert_true(r.df == 0); /* normal */
    assert_non_null(strstr(r.ssc, "none"));
}

/* Independent errors make half of sum e^2 the scale. */
static void iid_is_half_the_residuals(void **s)
{
    (void)s;
    rl_table t = fit_panel(40, 7, 6, &cx);
    rl_request r = request("y ~ lag(y,1) | unit", "anderson-hsiao");
    r.vcov.kind = RL_IID;
    rl_result a = run(&t, r);
    double b = fit_find(&a, "lag(y,1)")->estimate, rss = 0, zx = 0, zhz = 0;
    for (size_t i = 0; i < t.n; i++) {
        const double *y = &t.col[4].num[i];
        if (i % 7 < 2) continue;
        double e = y[0] - y[-1] - b * (y[-1] - y[-2]);
        rss += e * e;
        zx += y[-2] * (y[-1] - y[-2]);
        zhz += 2 * y[-2] * y[-2] - (i % 7 > 2 ? 2 * y[-2] * y[-3] : 0);
    }
    CHECK_DIGITS(fit_find(&a, "lag(y,1)")->std_error, sqrt(rss / 2 / (40 * 5 - 1) * zhz) / fabs(zx), 11);
}

static void nickell(void **s)
{
    (void)s;
    rl_table t = fit_panel(20, 8, 4, &cx), longer = fit_panel(4, 40, 4, &cx);
    rl_result r = run(&t, request("y ~ lag(y,1) + x | unit", "ols"));
    assert_true(noted(&r, "'lag(y,1)' is biased by up to about -(1 + rho)/(T - 1)"));
    assert_true(noted(&r, "with 7 rows a unit"));
    assert_true(noted(&r, "--estimator arellano-bond --panel unit,t"));
    double b = fit_find(&r, "lag(y,1)")->estimate, rho = (6 * b + 1) / 5;
    assert_true(noted(&r, rl_sprintf(cx.keep, "= %.2g, with", -(1 + rho) / 6)));
    r = run(&t, request("y ~ lag(y,1) + x | region", "ols"));
    assert_false(noted(&r, "Nickell"));
    r = run(&t, request("y ~ lag(x,1) | unit", "ols"));
    assert_false(noted(&r, "Nickell"));
    r = run(&t, request("y ~ lag(y,1) + x | unit", "arellano-bond"));
    assert_false(noted(&r, "Nickell"));
    r = run(&longer, request("y ~ lag(y,1) + x | unit", "ols"));
    assert_false(noted(&r, "Nickell"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(formulas),
        TEST(words),
        TEST(too_little),
        TEST(gaps),
        TEST(units_without_a_difference_are_left_out),
        TEST(regressors_that_do_not_vary_are_named),
        TEST(long_run),
        TEST(a_spent_table),
        TEST(what_is_said),
        TEST(iid_is_half_the_residuals),
        TEST(nickell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
