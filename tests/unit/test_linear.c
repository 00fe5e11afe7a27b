#include "fit_fixture.h"
#include "model/linear.h"
#include "num/dist.h"
#include "own_ctx.h"

enum { M = 9 };

static const rl_label *labels(void)
{
    static const char *const TERM[M] = {"(Intercept)",     "x",        "x1", "log(x)", "lag(x,2)", "region::North",
                                        "x:region::North", "odd name", "att"};
    static rl_label l[M];
    for (size_t j = 0; j < M; j++) l[j] = rl_label_of(TERM[j]);
    l[8].group = 2004;
    l[8].time_text = "2006Q1";
    return l;
}

static void sums(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double want[M], constant;
    } CASE[] = {
        {"x", {0, 1}, 0},
        {"x1+2*x-1", {0, 2, 1}, -1},
        {" - x1 + x / 4 + .5e1", {0, 0.25, -1}, 5},
        {"2*3*x - x*2", {0, 4}, 0},
        {"(Intercept) - lag(x, 2)", {1, 0, 0, 0, -1}, 0},
        {"log( x )-x:region::North", {0, 0, 0, 1, 0, 0, -1}, 0},
        {"region::North--`odd name`", {0, 0, 0, 0, 0, 1, 0, 1}, 0},
        {"att[2004,2006Q1] + 1 + 2", {0, 0, 0, 0, 0, 0, 0, 0, 1}, 3},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        rl_linear l;
        CHECK_OK(rl_linear_combination(CASE[i].text, labels(), M, &l, &cx), &cx);
        assert_int_equal(l.q, 1);
        CHECK_DIGITS(l.constant[0], CASE[i].constant, 15);
        for (size_t j = 0; j < M; j++) CHECK_DIGITS(l.C[j], CASE[i].want[j], 15);
    }
}

static void restrictions(void **state)
{
    (void)state;
    rl_linear l;
    CHECK_OK(rl_linear_restrictions("x = x1, lag(x,2)=0.3 , (Intercept) == x + 1 = 2*x1", labels(), M, &l, &cx), &cx);
    static const double WANT[4][M] = {{0, 1, -1}, {0, 0, 0, 0, 1}, {1, -1}, {0, 1, -2}};
    static const double CONSTANT[4] = {0, -0.3, -1, 1};
    assert_int_equal(l.q, 4);
    for (size_t i = 0; i < 4; i++) {
        CHECK_DIGITS(l.constant[i], CONSTANT[i], 15);
        for (size_t j = 0; j < M; j++) CHECK_DIGITS(l.C[i * M + j], WANT[i][j], 15);
    }
    assert_true(rl_linear_is_restriction("x = 0"));
    assert_false(rl_linear_is_restriction("ljung-box:4"));
    assert_false(rl_linear_is_restriction("`a=b`"));
}

static void refused(bool sum, const char *text, const char *word)
{
    rl_ctx one;
    rl_linear l;
    check_ctx(&one);
    rl_code code =
        sum ? rl_linear_combination(text, labels(), M, &l, &one) : rl_linear_restrictions(text, labels(), M, &l, &one);
    if (code != RL_EUSAGE) fail_msg("'%s' was taken", text);
    if (strstr(one.err.what, word) == NULL && strstr(one.err.hint, word) == NULL)
        fail_msg("'%s': '%s' is neither in '%s' nor in '%s'", text, word, one.err.what, one.err.hint);
    rl_ctx_free(&one);
}

static void refusals(void **state)
{
    (void)state;
    refused(true, "", "should stand here");
    refused(true, "x +", "should stand here");
    refused(true, "x x1", "where + or -");
    refused(true, "x = 1", "--test");
    refused(true, "x * x1", "not linear");
    refused(true, "1 / x", "not linear");
    refused(true, "x / 0", "division by zero");
    refused(true, "x - x", "no estimate is in it");
    refused(true, "7", "no estimate is in it");
    refused(true, "regoin::North", "did you mean 'region::North'");
    refused(true, "zzzzzzz", "known: (Intercept)");
    refused(true, "`odd", "never closed");
    refused(true, "`odd one`", "not among the estimates");
    refused(true, "x12", "'x12' is not among");
    refused(false, "x", "'=' should stand here");
    refused(false, "x = 0,", "should stand here");
    refused(false, "x = 0 ; x1 = 0", "where a comma");
    refused(false, "x = x", "no estimate is left");
}

/* --- in a fit ------------------------------------------------------------------------ */

static void joint_tests_are_f_tests(void **state)
{
    (void)state;
    rl_table t = fit_panel(23, 7, 3, &cx);
    double *z = fit_num(&t, "z", &cx);
    for (size_t i = 0; i < t.n; i++) z[i] = t.col[2].num[i] * t.col[3].num[i] + 0.1 * (double)(i % 13);
    static const char *const TEST[] = {"x = 0, z = 0", "x = z", "2*x = 1.3", "x - z = 0"};
    static const char *const SUM[] = {"x - z", "2*x - 1.3"};
    rl_request r = fit_request("y ~ x + z | unit");
    r.restriction = TEST;
    r.n_restriction = 4;
    r.lincom = SUM;
    r.n_lincom = 2;
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_int_equal(out.n_tests, 4);
    assert_int_equal(out.m, 4);
    /* iid errors: the F test compares sums of squares */
    double n = (double)t.n, K = 2 + 23, rss1 = out.sigma * out.sigma * (n - K), within = 0;
    for (size_t u = 0; u < 23; u++) {
        double mean = 0;
        for (size_t i = 0; i < 7; i++) mean += t.col[4].num[u * 7 + i] / 7;
        for (size_t i = 0; i < 7; i++) within += (t.col[4].num[u * 7 + i] - mean) * (t.col[4].num[u * 7 + i] - mean);
    }
    CHECK_DIGITS(out.test[0].statistic, (within - rss1) / 2 / (rss1 / (n - K)), 11);
    CHECK_DIGITS(out.test[0].df2, n - K, 15);
    CHECK_DIGITS(out.test[0].p_value, rl_f_p(out.test[0].statistic, 2, n - K), 12);
    for (size_t i = 0; i < 2; i++) { /* one restriction: F = t^2 */
        const rl_estimate *e = fit_find(&out, SUM[i]);
        CHECK_DIGITS(out.test[1 + i].statistic, e->statistic * e->statistic, 11);
        CHECK_DIGITS(out.test[1 + i].p_value, e->p_value, 10);
    }
    CHECK_DIGITS(out.test[1].statistic, out.test[3].statistic, 14);
}

/* x + z of y ~ x + z is x of y ~ x + (z - x), under any covariance. */
static void under_any_covariance(void **state)
{
    (void)state;
    static const rl_vcov_kind KIND[] = {RL_IID, RL_HC1, RL_HC3, RL_CLUSTER, RL_NW, RL_DK, RL_CR2, RL_CR3};
    static const char *const SUM[] = {"x + z"};
    rl_table t = fit_panel(29, 8, 4, &cx);
    double *z = fit_num(&t, "z", &cx), *d = fit_num(&t, "d", &cx);
    rl_rng g = rl_rng_for(4, 4);
    for (size_t i = 0; i < t.n; i++) {
        z[i] = rl_normal(&g);
        d[i] = z[i] - t.col[2].num[i];
    }
    for (size_t k = 0; k < sizeof KIND / sizeof *KIND; k++) {
        rl_request r = fit_request("y ~ x + z | region"), s = fit_request("y ~ x + d | region");
        r.unit = s.unit = "unit";
        r.time = s.time = "t";
        bool few = KIND[k] == RL_CLUSTER || KIND[k] == RL_CR2 || KIND[k] == RL_CR3;
        r.vcov = s.vcov = (rl_vcov_spec){.kind = KIND[k], .ways = few, .by = {"unit"}, .lag = few ? -1 : 2};
        r.lincom = SUM;
        r.n_lincom = 1;
        rl_result a, b;
        CHECK_OK(rl_estimate_run(&r, &t, &a, cx.keep, &cx), &cx);
        CHECK_OK(rl_estimate_run(&s, &t, &b, cx.keep, &cx), &cx);
        const rl_estimate *e = fit_find(&a, "x + z"), *f = fit_find(&b, "x");
        CHECK_DIGITS(e->estimate, f->estimate, 12);
        CHECK_DIGITS(e->std_error, f->std_error, 11);
        CHECK_DIGITS(e->df, f->df, 10);
        CHECK_DIGITS(e->p_value, f->p_value, 9);
        if (!few) continue;
        double sum = 0; /* psi by cluster has the combination too */
        for (size_t c = 0; c < a.G; c++) sum += a.psi_G[c + 2 * a.G] * a.psi_G[c + 2 * a.G];
        CHECK_DIGITS(sqrt(sum), e->std_error, 12);
    }
}

static void redundant_restrictions(void **state)
{
    (void)state;
    static const char *const TEST[] = {"x = 0, 2*x = 0"};
    rl_table t = fit_panel(9, 4, 3, &cx);
    rl_request r = fit_request("y ~ x");
    r.restriction = TEST;
    r.n_restriction = 1;
    rl_result out;
    rl_ctx one;
    check_ctx(&one);
    assert_int_equal(rl_estimate_run(&r, &t, &out, one.keep, &one), RL_EDATA);
    assert_non_null(strstr(one.err.what, "singular"));
    rl_ctx_free(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums),
        TEST(restrictions),
        TEST(refusals),
        TEST(joint_tests_are_f_tests),
        TEST(under_any_covariance),
        TEST(redundant_restrictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
