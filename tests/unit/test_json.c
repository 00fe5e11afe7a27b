#include "unit/fit_fixture.h"

#include "out/json.h"
#include "out/json_fit.h"
#include "out/text_fit.h"
#include "own_ctx.h"

static void quoted(const char *in, const char *want)
{
    rl_str s = rl_str_new(cx.keep);
    rl_json_quote(&s, in);
    assert_string_equal(rl_str_text(&s), want);
}

static void strings(void **s)
{
    (void)s;
    quoted("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"");
    quoted("l1\nl2\tx\r", "\"l1\\nl2\\tx\\u000d\"");
    quoted("\x1b[31m\x7f", "\"\\u001b[31m\\u007f\"");
    quoted("Zo\xc3\xab \xe6\x97\xa5 \xf0\x9f\x98\x80", "\"Zo\xc3\xab \xe6\x97\xa5 \xf0\x9f\x98\x80\"");
    quoted("a\xff"
           "b",
           "\"a\\ufffdb\"");
    quoted("\xc3", "\"\\ufffd\"");                       /* cut off */
    quoted("\xc0\xaf", "\"\\ufffd\\ufffd\"");            /* longer than needed */
    quoted("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* half of a pair */
}

static void values(void **s)
{
    (void)s;
    rl_json j = rl_json_new(cx.keep);
    rl_json_open_flat(&j, NULL, '{');
    rl_json_num(&j, "a", 0.1);
    rl_json_num(&j, "b", NAN);
    rl_json_num(&j, "c", -INFINITY);
    rl_json_num(&j, "d", 1.0 / 3);
    rl_json_int(&j, "e", -9007199254740993);
    rl_json_open_flat(&j, "f", '[');
    rl_json_bool(&j, NULL, true);
    rl_json_str(&j, NULL, NULL);
    rl_json_open(&j, NULL, '{');
    rl_json_close(&j);
    rl_json_close(&j);
    rl_json_null(&j, "g");
    rl_json_close(&j);
    assert_string_equal(rl_json_text(&j), "{\"a\": 0.1, \"b\": null, \"c\": null, \"d\": 0.3333333333333333, "
                                          "\"e\": -9007199254740993, \"f\": [true, null, {}], \"g\": null}\n");
}

static void lines(void **s)
{
    (void)s;
    rl_json j = rl_json_new(cx.keep);
    rl_json_open(&j, NULL, '[');
    rl_json_int(&j, NULL, 1);
    rl_json_open(&j, NULL, '{');
    rl_json_int(&j, "x", 2);
    rl_json_close(&j);
    rl_json_close(&j);
    assert_string_equal(rl_json_text(&j), "[\n  1,\n  {\n    \"x\": 2\n  }\n]\n");
}

static rl_result event_study(void)
{
    rl_table t = fit_panel(12, 7, 31, &cx);
    rl_request r = fit_program("event", "y ~ x");
    rl_result out;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    return out;
}

static void a_fit(void **s)
{
    (void)s;
    static const char *const CALL[] = {"fit", "y ~ x"};
    rl_result r = event_study();
    const char *text = rl_json_fit(&r, CALL, 2, cx.keep);
    static const char *const WANT[] = {
        "\"schema\": 1",
        "\"estimator\": \"event\"",
        "\"call\": [\"fit\", \"y ~ x\"]",
        "\"rows_used\": 84",
        "\"kind\": \"cluster\"",
        "\"by\": [\"unit\"]",
        "\"lag\": null",
        "\"df\": 11",
        "{\"term\": \"event\", \"event\": -1, \"estimate\": 0, \"std_error\": null, \"statistic\": null",
        "\"name\": \"pre-trend\"",
        "\"units\": 12",
        "\"periods\": 7"};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
        if (strstr(text, WANT[i]) == NULL) fail_msg("lacks %s in\n%s", WANT[i], text);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
}

static void a_table(void **s)
{
    (void)s;
    rl_result r = event_study();
    r.est[0].estimate = 12.34567, r.est[0].std_error = 0.0123;
    r.est[0].conf_low = 12.3, r.est[0].conf_high = 12.39;
    r.formula = "y ~ \x1b[2J";
    const char *text = rl_text_fit(&r, cx.keep);
    assert_null(strchr(text, '\x1b'));       /* no cell drives a terminal */
    assert_non_null(strstr(text, "12.346")); /* two leading digits of .0123 */
    assert_non_null(strstr(text, "0.012 "));
    assert_non_null(strstr(text, "event -1"));
    assert_non_null(strstr(text, "cluster by unit, 12 clusters; t with 11 degrees of freedom"));
    assert_non_null(strstr(text, "pre-trend"));
}

/* No p is less than what it rests on can tell, and one row is one. */
static void small_figures(void **s)
{
    (void)s;
    rl_result r = event_study();
    rl_dropped one = {"missing values, most of them in 'x'", 1};
    r.n_tests = 1;
    r.test[0] = (rl_test){.name = "x = 0, z = 0", .statistic = 67.119, .df = 2, .df2 = NAN, .p_value = 1e-9};
    r.est[0].p_value = 0;
    r.dropped = &one, r.n_dropped = 1;
    const char *text = rl_text_fit(&r, cx.keep);
    assert_non_null(strstr(text, "F = 67.119 on 2 and inf, p < .0001"));
    assert_non_null(strstr(text, "<.0001"));
    assert_non_null(strstr(text, "left out: 1 with missing values"));
    r.test[0].df2 = 9, r.test[0].p_value = 0, r.test[0].draws = 199, r.p_draws = 999;
    text = rl_text_fit(&r, cx.keep);
    assert_non_null(strstr(text, "on 2 and 9, p < .0050"));
    assert_non_null(strstr(text, "<.0010"));
    r.test[0].p_value = 1.0 / 199, r.df = 1;
    text = rl_text_fit(&r, cx.keep);
    assert_non_null(strstr(text, "p = 0.0050"));
    assert_non_null(strstr(text, "t with 1 degree of freedom\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings), cmocka_unit_test(values),  cmocka_unit_test(lines),
        cmocka_unit_test(a_fit),   cmocka_unit_test(a_table), cmocka_unit_test(small_figures),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
