#include "unit/fit_fixture.h"

#include "model/diag.h"

static rl_ctx cx;
static int setup(void **s)
{
    (void)s;
    check_ctx(&cx);
    return 0;
}
static int teardown(void **s)
{
    (void)s;
    rl_ctx_free(&cx);
    return 0;
}

static rl_result with_test(const rl_table *t, const char *formula, const char *test)
{
    rl_request r = fit_request(formula);
    rl_result out;
    const char *const list[] = {test};
    r.diag = list, r.n_diag = 1;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

/* 1.3 2.7 0.4 5.9 3.1 9.2: n/6 (S^2 + (K-3)^2/4) of R's moments. */
static void jarque_bera(void **s)
{
    (void)s;
    static const double Y[] = {1.3, 2.7, 0.4, 5.9, 3.1, 9.2};
    rl_table t = fit_table(6);
    fit_num(&t, "y", &cx);
    for (size_t i = 0; i < 6; i++) t.col[0].num[i] = Y[i];
    rl_result r = with_test(&t, "y ~ 1", "jarque-bera");
    assert_int_equal(r.n_tests, 1);
    CHECK_DIGITS(r.test[0].statistic, 0.673075706018969, 12);
    CHECK_DIGITS(r.test[0].p_value, 0.714238846974597, 12);
    assert_non_null(strstr(r.test[0].says, "normal"));
}

static void refused(const char *text, const char *word)
{
    rl_ctx one;
    rl_diag_spec spec;
    check_ctx(&one);
    assert_int_equal(rl_diag_parse(text, &spec, one.keep, &one), RL_EUSAGE);
    if (strstr(one.err.what, word) == NULL && strstr(one.err.hint, word) == NULL)
        fail_msg("%s: \"%s\" lacks '%s'", text, one.err.what, word);
    rl_ctx_free(&one);
}

static void words(void **s)
{
    (void)s;
    assert_true(rl_diag_known("jarque-bera"));
    assert_true(rl_diag_known("jarque-bera:3")); /* its name is known, what follows is wrong */
    assert_false(rl_diag_known("jarque"));
    assert_false(rl_diag_known("x1 = x2"));
    refused("jarque-bero", "jarque-bera");
    refused("jarque-bera:3", "takes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(jarque_bera), cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
