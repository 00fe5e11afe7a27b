#include <string.h>

#include "app/fit.h"
#include "model/est.h"
#include "model/infer.h"
#include "own_ctx.h"

static void set(rl_fit_args *a, const char *name, const char *value)
{
    CHECK_OK(rl_fit_option(a, name, value, &cx), &cx);
}

static void options_become_a_request(void **s)
{
    (void)s;
    rl_fit_args a;
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "panel", "sales, region,month"); /* the last comma divides */
    set(&a, "period", "quarter");
    set(&a, "window", "-6:8");
    set(&a, "ref", "-1,-3");
    set(&a, "subset", "region=South, inner=x");
    set(&a, "level", "0.9");
    set(&a, "estimator", "etwfe");
    set(&a, "agg", "calendar");
    set(&a, "as", "reghdfe");
    set(&a, "endpoints", "drop");
    set(&a, "data", "x.csv");
    set(&a, "cluster", "a+b");
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_string_equal(a.req.unit, "sales, region");
    assert_string_equal(a.req.time, "month");
    assert_int_equal(a.req.calendar.kind, RL_QUARTER);
    assert_true(a.req.window_lo == -6 && a.req.window_hi == 8 && a.req.has_window && a.req.endpoints_drop);
    assert_true(a.req.n_ref == 2 && a.req.ref[1] == -3);
    assert_string_equal(a.req.subset_value, "South, inner=x");
    assert_true(a.req.level == 0.9);
    assert_int_equal(a.req.agg, RL_AGG_CALENDAR);
    assert_true(a.req.vcov.kind == RL_CLUSTER && a.req.vcov.ways == 2);
    assert_true(a.req.leads); /* --control never is the default */
    set(&a, "control", "notyet");
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_false(a.req.leads);
}

static void refused(const char *name, const char *value, const char *word)
{
    rl_ctx one;
    rl_fit_args a;
    check_ctx(&one);
    rl_fit_args_init(&a, "y ~ x");
    rl_code code = rl_fit_option(&a, name, value, &one);
    if (code == RL_OK) code = rl_fit_finish(&a, &one);
    assert_int_equal(code, RL_EUSAGE);
    if (strstr(one.err.what, word) == NULL && strstr(one.err.hint, word) == NULL)
        fail_msg("--%s %s: \"%s\" lacks '%s'", name, value, one.err.what, word);
    rl_ctx_free(&one);
}

/* --inference placebo, jackknife and --reps 0 belong together, and to estimators that are repeated. */
static void repetitions(void **s)
{
    (void)s;
    static const struct {
        const char *estimator, *inference, *reps, *word;
    } CASE[] = {{"sdid", "placebo", "0", NULL},        {"sc", "jackknife", "199", NULL},
                {"sdid", "bootstrap", "99", NULL},     {"sc", NULL, "0", NULL},
                {"sdid", "jackknife", "0", "too few"}, {"sdid", "bootstrap", "0", "too few"},
                {"cs", "placebo", "199", "'sc' and"},  {"cs", NULL, "0", "too few"},
                {"ols", "jackknife", NULL, "'sc' and"}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        rl_fit_args a;
        rl_fit_args_init(&a, "y ~ 1");
        set(&a, "data", "x.csv");
        set(&a, "estimator", CASE[i].estimator);
        if (CASE[i].reps != NULL) set(&a, "reps", CASE[i].reps);
        if (CASE[i].inference != NULL) set(&a, "inference", CASE[i].inference);
        rl_code code = rl_fit_finish(&a, &cx);
        assert_int_equal(code, CASE[i].word != NULL ? RL_EUSAGE : RL_OK);
        if (code != RL_OK && strstr(cx.err.what, CASE[i].word) == NULL)
            fail_msg("\"%s\" lacks '%s'", cx.err.what, CASE[i].word);
        rl_forgive(&cx);
        assert_true(a.req.every == (CASE[i].reps != NULL && *CASE[i].reps == '0'));
    }
}

static void lists_of_instruments(void **s)
{
    (void)s;
    rl_fit_args a;
    size_t notes = cx.n_notes;
    rl_fit_args_init(&a, "y ~ lag(y,1) + x + log(w) | u");
    set(&a, "data", "x.csv");
    set(&a, "estimator", "arellano-bond");
    set(&a, "method", "one-step");
    set(&a, "gmm-lags", "3:5");
    set(&a, "predetermined", "x");
    set(&a, "predetermined", "lead, in");
    set(&a, "endogenous", "log(w)");
    set(&a, "collapse", NULL);
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_true(a.req.gmm_lo == 3 && a.req.gmm_hi == 5 && a.req.collapse);
    assert_int_equal(a.req.n_predetermined, 2);
    assert_string_equal(a.req.predetermined[1], "lead, in");
    assert_string_equal(a.req.endogenous[0], "log(w)");
    assert_int_equal(cx.n_notes, notes);
    set(&a, "gmm-lags", "2:");
    assert_true(a.req.gmm_lo == 2 && a.req.gmm_hi == 0);
    set(&a, "estimator", "ols"); /* all of it is idle, and says so */
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_int_equal(cx.n_notes, notes + 5);
    rl_fit_args_init(&a, "y ~ lag(x,0:3)");
    set(&a, "data", "x.csv");
    set(&a, "horizon", "3");
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_string_equal(cx.note[notes + 5].text, "--horizon does nothing with estimator 'ols'");
    set(&a, "response", "x"); /* which it is the horizon of */
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_int_equal(cx.n_notes, notes + 6);
}

/* Anticipation changes what an effect is: where it is not taken it is no remark. */
static void anticipation_is_taken_or_refused(void **s)
{
    (void)s;
    static const char *const NAME[] = {"cs", "bjs", "did2s", "ddd", "etwfe", "sunab", "lpdid", "twfe", "ols"};
    for (size_t e = 0; e < 9; e++) {
        rl_fit_args a;
        rl_fit_args_init(&a, "y ~ 1");
        set(&a, "data", "x.csv");
        set(&a, "estimator", NAME[e]);
        set(&a, "anticipation", "2");
        rl_code got = rl_fit_finish(&a, &cx);
        assert_int_equal(got, e < 4 ? RL_OK : RL_EUSAGE);
        if (e < 4) continue;
        assert_string_equal(cx.err.what,
                            rl_sprintf(cx.keep, "--anticipation does not apply to estimator '%s'", NAME[e]));
        assert_true((strstr(cx.err.hint, "cs, bjs, did2s and ddd take it") != NULL) == (e < 8));
        rl_forgive(&cx);
        set(&a, "anticipation", "0");
        CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    }
}

static void draws_beside_a_jackknife(void **s)
{
    (void)s;
    rl_fit_args a;
    rl_fit_args_init(&a, "y ~ 1");
    set(&a, "data", "x.csv");
    set(&a, "estimator", "sdid");
    set(&a, "inference", "jackknife");
    set(&a, "reps", "499");
    size_t notes = cx.n_notes;
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_int_equal(cx.n_notes, notes + 1);
    assert_non_null(strstr(cx.note[notes].text, "--reps does nothing with --inference jackknife"));
    assert_int_equal(rl_fit_option(&a, "reps", "50", &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.hint, "200 for sc and sdid"));
    rl_forgive(&cx);
}

/* Draws that nobody asked for: the option that is missing is named. */
static void draws_without_a_bootstrap(void **s)
{
    (void)s;
    static const char *const OPTION[] = {"multiplier", "reps"}, *const VALUE[] = {"rademacher", "499"};
    for (size_t i = 0; i < 2; i++) {
        rl_fit_args a;
        rl_fit_args_init(&a, "y ~ 1");
        set(&a, "data", "x.csv");
        set(&a, "estimator", "cs");
        set(&a, OPTION[i], VALUE[i]);
        size_t notes = cx.n_notes;
        CHECK_OK(rl_fit_finish(&a, &cx), &cx);
        assert_int_equal(cx.n_notes, notes + 1);
        assert_non_null(strstr(cx.note[notes].text, OPTION[i]));
        assert_non_null(strstr(cx.note[notes].text, "does nothing without --inference bootstrap"));
        set(&a, "inference", "bootstrap");
        CHECK_OK(rl_fit_finish(&a, &cx), &cx);
        assert_int_equal(cx.n_notes, notes + 1);
        set(&a, "inference", "analytic");
        set(&a, "estimator", "ols"); /* has none */
        CHECK_OK(rl_fit_finish(&a, &cx), &cx);
        assert_non_null(strstr(cx.note[notes + 1].text, "does nothing with estimator 'ols'"));
    }
    rl_fit_args a;
    rl_fit_args_init(&a, "y ~ lag(x,0:2)");
    set(&a, "data", "x.csv");
    set(&a, "horizon", "3");
    size_t notes = cx.n_notes;
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_int_equal(cx.n_notes, notes + 1);
    assert_non_null(strstr(cx.note[notes].text, "--horizon does nothing with estimator 'ols'"));
    set(&a, "response", "x"); /* its horizon */
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_int_equal(cx.n_notes, notes + 1);
    rl_vcov_spec twice;
    assert_int_equal(rl_vcov_parse("cluster:a+b+a", &twice, cx.keep, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.what, "'a' is named twice"));
    rl_forgive(&cx);
    refused("reps", "1", "the default is 1999, 1000 for multipliers, and 200 for sc and sdid");
}

/* How the file is written: the words a study has, one option each. */
static void files(void **s)
{
    (void)s;
    rl_fit_args a;
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "data", "f.csv");
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_true(a.source.delimiter == 0 && a.source.encoding == RL_UTF8 && a.source.numbers == RL_NUMBERS_PLAIN);
    set(&a, "delimiter", "semicolon");
    set(&a, "encoding", "latin-1");
    set(&a, "number-format", "eu");
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_true(a.source.delimiter == ';' && a.source.encoding == RL_LATIN1 && a.source.numbers == RL_NUMBERS_EU);
    assert_string_equal(a.source.path, "f.csv");
    assert_int_equal(a.source.n_missing, 2);
    set(&a, "delimiter", "|");
    assert_true(a.source.delimiter == '|');
    refused("delimiter", "blank", "semicolon");
    refused("encoding", "utf8", "latin-1");
    refused("number-format", "german", "eu (1.234,50)");
}

static void mistakes(void **s)
{
    (void)s;
    refused("gmm-lags", "2", "--gmm-lags 2:4");
    refused("gmm-lags", "1:3", "from 2 on");
    refused("gmm-lags", "4:3", "smaller");
    refused("gmm-lags", "2:x", "--gmm-lags 2:4");
    refused("window", "3", "-6:8");
    refused("window", "4:2", "smaller");
    refused("ref", "-1,x", "--ref");
    refused("ref", "1,2,3,4,5,6,7,8,9", "--ref");
    refused("panel", "region", "--panel");
    refused("estimator", "olss", "ols");
    refused("inference", "exactly", "placebo jackknife");
    refused("reps", "1", "too few");
    refused("agg", "mean", "group-time");
    refused("period", "hour", "week");
    refused("subset", "region", "COL=VALUE");
    refused("level", "1.5", "level");
    refused("level", "x", "level");
    refused("as", "spss", "fixest");
    refused("endpoints", "bin", "drop");
    refused("speed", "9", "speed");
    refused("unit", "u", "--data");
    rl_fit_args a;
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "data", "x.csv");
    set(&a, "vcov", "HC1");
    set(&a, "cluster", "u");
    assert_int_equal(rl_fit_finish(&a, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.what, "contradict"));
    rl_forgive(&cx);
    /* draws take over the errors' clusters; others must be named */
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "data", "x.csv");
    set(&a, "vcov", "wild:b");
    set(&a, "cluster", "u");
    assert_int_equal(rl_fit_finish(&a, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.hint, "wild:b,errors=u"));
    rl_forgive(&cx);
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "data", "x.csv");
    set(&a, "vcov", "wild:b,errors=u");
    set(&a, "cluster", "u");
    CHECK_OK(rl_fit_finish(&a, &cx), &cx);
    assert_string_equal(a.req.vcov.by[0], "u");
    assert_string_equal(a.req.vcov.draw_by, "b");
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "data", "x.csv");
    set(&a, "vcov", "wild:b,errors=v");
    set(&a, "cluster", "u");
    assert_int_equal(rl_fit_finish(&a, &cx), RL_EUSAGE);
    rl_forgive(&cx);
    rl_fit_args_init(&a, "y ~ x");
    set(&a, "data", "x.csv");
    set(&a, "control", "never");
    assert_int_equal(rl_fit_finish(&a, &cx), RL_EUSAGE);
    rl_forgive(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(options_become_a_request),
                                       cmocka_unit_test(repetitions),
                                       cmocka_unit_test(lists_of_instruments),
                                       cmocka_unit_test(files),
                                       cmocka_unit_test(draws_without_a_bootstrap),
                                       cmocka_unit_test(draws_beside_a_jackknife),
                                       cmocka_unit_test(anticipation_is_taken_or_refused),
                                       cmocka_unit_test(mistakes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
