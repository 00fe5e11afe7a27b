#include "model/stride.h"
#include "unit/own_fit.h"

/* One series: n dates as texts, or as dates; x, and y that follows it. */
static rl_table series(const int32_t *day, size_t n, bool texts)
{
    rl_table t = fit_table(n);
    fit_num(&t, "x", &cx), fit_num(&t, "y", &cx);
    double *x = t.col[0].num, *y = t.col[1].num, e = 0;
    rl_rng r = rl_rng_for(5, 5);
    const char **text = RL_NEW(cx.keep, const char *, n);
    for (size_t i = 0; i < n; i++) {
        char buf[16];
        text[i] = rl_strdup(cx.keep, rl_day_text(buf, day[i]));
        x[i] = rl_normal(&r) + (i > 0 ? 0.6 * x[i - 1] : 0);
        e = 0.6 * e + rl_normal(&r);
        y[i] = 2.5 + 0.7 * x[i] + e;
    }
    if (texts)
        fit_text(&t, "when", text, &cx);
    else
        memcpy(rl_table_add(&t, "when", RL_DATE, NULL, cx.keep)->day, day, n * sizeof *day);
    return t;
}

static rl_period_kind found(const int32_t *day, size_t n, const char *words)
{
    rl_period_kind kind[2];
    for (int texts = 0; texts < 2; texts++) {
        const char *how;
        rl_table t = series(day, n, texts);
        kind[texts] = rl_stride_find(&t, rl_table_col(&t, "when"), &how, cx.keep);
        if (words != NULL) assert_string_equal(how, words);
    }
    assert_int_equal(kind[0], kind[1]);
    return kind[0];
}

/* Steps of two weeks: no --period is one, which the note and the refusal of a lag say. */
static void fortnights(void **s)
{
    (void)s;
    int32_t day[40];
    for (int i = 0; i < 40; i++) day[i] = rl_day(2021, 3, 3) + 14 * i;
    rl_table t = series(day, 40, true);
    rl_request r = fit_request("y ~ lag(x,0:1)");
    r.time = "when";
    rl_result out;
    size_t notes = cx.n_notes;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.note[notes].text,
                           "14 days apart: a period is a week, 2 from each date to the next: number "
                           "the periods 1, 2, 3 .. to count by those; --period day"));
    assert_non_null(strstr(cx.err.hint, "rows are mostly 2 weeks apart"));
    assert_non_null(strstr(cx.err.hint, "no --period is as long, number the periods 1, 2, 3 .."));
    rl_forgive(&cx);
    for (int i = 0; i < 40; i++) day[i] = rl_day(2000 + i / 4, 2 + 3 * (i % 4), 1);
    t = series(day, 40, true);
    r.calendar = (rl_calendar){RL_MONTH, 1}; /* one that is as long is named */
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "rows are mostly 3 months apart, and a lag of a month finds none: add --period "
                                        "quarter"));
    rl_forgive(&cx);
}

static void kinds(void **s)
{
    (void)s;
    int32_t day[40];
    for (int i = 0; i < 40; i++) day[i] = rl_day(2021, 3, 3) + 7 * i;
    assert_int_equal(found(day, 40, "7 days apart"), RL_WEEK);
    assert_int_equal(found(day, 3, NULL), RL_PERIOD_NONE); /* too few to tell */
    day[17] += 1;
    assert_int_equal(found(day, 40, NULL), RL_PERIOD_NONE);
    for (int i = 0; i < 40; i++) day[i] = rl_day(2021, 3, 3) + 14 * i;
    assert_int_equal(found(day, 40, "14 days apart"), RL_WEEK);
    for (int i = 0; i < 40; i++) day[i] = rl_day(2020 + i / 12, 1 + i % 12, 1);
    assert_int_equal(found(day, 40, "all first days of months"), RL_MONTH);
    assert_int_equal(found(day, 2, NULL), RL_PERIOD_NONE);
    for (int i = 0; i < 39; i++) day[i] = rl_day(2020 + (i + 1) / 12, 1 + (i + 1) % 12, 1) - 1;
    assert_int_equal(found(day, 39, "all last days of months"), RL_MONTH);
    for (int i = 0; i < 40; i++) day[i] = rl_day(2000 + i / 4, 2 + 3 * (i % 4), 1);
    assert_int_equal(found(day, 40, NULL), RL_QUARTER);
    for (int i = 0; i < 40; i++) day[i] = rl_day(1980 + i, 7, 1);
    assert_int_equal(found(day, 40, NULL), RL_YEAR);
    for (int i = 0; i < 40; i++) day[i] = rl_day(2020, 1, 1) + i;
    assert_int_equal(found(day, 40, NULL), RL_PERIOD_NONE);
    for (int i = 0; i < 40; i++) day[i] = rl_day(2020, 1, 1); /* one date: no step */
    assert_int_equal(found(day, 40, NULL), RL_PERIOD_NONE);
}

static rl_result fitted(const rl_table *t, const char *formula, rl_period_kind kind)
{
    rl_request q = fit_request(formula);
    rl_result out;
    q.time = "when";
    q.calendar = (rl_calendar){kind, 1};
    q.vcov = (rl_vcov_spec){.kind = RL_NW, .lag = 3};
    CHECK_OK(rl_estimate_run(&q, t, &out, cx.keep, &cx), &cx);
    return out;
}

/* Weeks without a word are weeks, and said to be; whoever wants days has them, with what that means. */
static void unasked(void **s)
{
    (void)s;
    int32_t day[90];
    for (int i = 0; i < 90; i++) day[i] = rl_day(2021, 3, 3) + 7 * i;
    rl_table t = series(day, 90, true);
    rl_result week = fitted(&t, "y ~ x", RL_WEEK), none = fitted(&t, "y ~ x", RL_PERIOD_NONE),
              days = fitted(&t, "y ~ x", RL_DAY);
    assert_true(fit_find(&none, "x")->std_error == fit_find(&week, "x")->std_error);
    assert_true(fit_find(&none, "x")->std_error > 1.05 * fit_find(&days, "x")->std_error);
    assert_true(
        noted(&none, "the dates of 'when' are 7 days apart: a period is a week; --period day reads them as days"));
    assert_false(noted(&week, "7 days apart") || noted(&week, "absent"));
    assert_true(noted(&days, "534 of 624 periods of the calendar are absent") && noted(&days, "--period week"));
    none = fitted(&t, "y ~ lag(x,0:2)", RL_PERIOD_NONE);
    assert_int_equal(none.rows_used, 88);
    rl_request q = fit_request("y ~ 1");
    q.time = "when", q.estimator = rl_estimator_by_name("twfe"); /* starts may lie between the dates */
    rl_stride_settle(&q, &t, &cx);
    assert_int_equal(q.calendar.kind, RL_PERIOD_NONE);
    q.estimator = rl_estimator_by_name("ardl");
    rl_stride_settle(&q, &t, &cx);
    assert_int_equal(q.calendar.kind, RL_WEEK);
}

/* Where lags find nothing the hint is at what a period is, not at fewer lags. */
static void no_lag_there(void **s)
{
    (void)s;
    int32_t day[60];
    for (int i = 0; i < 60; i++) day[i] = rl_day(2021, 3, 3) + 7 * i + (i == 9);
    rl_table t = series(day, 60, true);
    rl_request q = fit_request("y ~ lag(x,0:3)");
    rl_result out;
    q.time = "when";
    assert_int_equal(rl_estimate_run(&q, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "mostly 7 days apart"));
    assert_non_null(strstr(cx.err.hint, "--period week"));
    rl_forgive(&cx);
    q.calendar = (rl_calendar){RL_WEEK, 1};
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    fit_num(&t, "step", &cx);
    double *at = rl_table_col(&t, "step")->num;
    for (size_t i = 0; i < 60; i++) at[i] = 2 * (double)i;
    q.time = "step";
    assert_int_equal(rl_estimate_run(&q, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "mostly 2 periods apart"));
    rl_forgive(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(unasked), cmocka_unit_test(fortnights),
                                       cmocka_unit_test(unasked), cmocka_unit_test(no_lag_there)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
