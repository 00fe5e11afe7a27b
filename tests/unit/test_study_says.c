/* Options of `fit` become keys of a study, or are left unsaid. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "model/study_says.h"

static rl_ctx cx;

static int begin(void **state)
{
    (void)state;
    check_ctx(&cx);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

static void options_and_keys(void **state)
{
    (void)state;
    static const char *const CASE[][2] = {
        {"leave the covariate out", "leave the covariate out"},
        {"a -- b and well-being", "a -- b and well-being"},
        {"--control notyet adds units not yet treated", "`control: notyet` adds units not yet treated"},
        {"leave it out, or use --method reg, which needs no score",
         "leave it out, or use `method: reg`, which needs no score"},
        {"add --vcov NW, or lags", "add `vcov: NW`, or lags"},
        {"leave --vcov out, or name one column: --cluster COL", "leave `vcov` out, or name one column: `cluster: COL`"},
        {"--window bins event times, --period makes periods coarser",
         "`window` bins event times, `period` makes periods coarser"},
        {"name it, as in --period week", "name it, as in `period: week`"},
        {"up to 2 lags could be estimated: --max-lags 2", "up to 2 lags could be estimated: `max_lags: 2`"},
        {"--ref names other event times of reference", ""},
        {"one row a unit and period; with --rcs every row is its own", "one row a unit and period"},
        {"with --rcs every row is its own; leave it out", "leave it out"},
        {"too much: --balance keeps more; so be it", "too much; so be it"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        assert_string_equal(rl_study_says(CASE[i][0], cx.keep), CASE[i][1]);
    assert_ptr_equal(rl_study_says(CASE[0][0], cx.keep), CASE[0][0]);
}

static void errors(void **state)
{
    (void)state;
    rl_code code = rl_fail(&cx, RL_EDATA, "--agg type is of 'bacon'");
    assert_int_equal(code, RL_EDATA);
    (void)rl_hint(&cx, "--ref names other event times");
    rl_study_error(&cx);
    assert_string_equal(cx.err.what, "--agg type is of 'bacon'"); /* an error is never without words */
    assert_string_equal(cx.err.hint, "");
    (void)rl_hint(&cx, "take more controls: --control notyet");
    rl_study_error(&cx);
    assert_string_equal(cx.err.hint, "take more controls: `control: notyet`");
    rl_forgive(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(options_and_keys, begin, end),
        cmocka_unit_test_setup_teardown(errors, begin, end),
    };
    return cmocka_run_group_tests_name("study_says", tests, NULL, NULL);
}
