#include "starts_fixture.h"
#include "own_ctx.h"

enum { N = 24, T = 6 };

/* Differences of changes since the period before, of stack g against the units never treated or later than `clean`. */
static double change(const rl_table *t, const double *start, double g, double clean, int e, double *treated,
                     double *controls)
{
    double own = 0, other = 0, n1 = 0, n0 = 0;
    int p = (int)g + e, base = (int)g - 1;
    for (size_t u = 0; u < N; u++) {
        double y = starts_y(t, T, u, p) - starts_y(t, T, u, base);
        if (start[u] == g) {
            own += y;
            n1++;
        } else if (isnan(start[u]) || start[u] > clean) {
            other += y;
            n0++;
        }
    }
    *treated = n1;
    *controls = n0;
    return own / n1 - other / n0;
}

/* One start date: the regression on event time. */
static void one_stack_is_the_event_study(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 4 : NAN;
    rl_table t = starts_panel(N, T, start, 21, &cx);
    rl_request r = starts_request("stacked", "y ~ 1"), q = starts_request("event", "y ~ 1");
    r.stack_plain = true;
    starts_window(&r, -3, 2);
    starts_window(&q, -3, 2);
    rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&t, &q, &cx);
    for (int e = -3; e <= 2; e++) {
        const rl_estimate *x = fit_event(&a, e), *y = fit_event(&b, e);
        CHECK_NEAR(x->estimate, y->estimate, 1e-13);
        if (e == -1) continue;
        CHECK_DIGITS(x->std_error, y->std_error, 12);
        CHECK_DIGITS(x->p_value, y->p_value, 9);
    }
    assert_true(starts_noted(&a, "1 of 1 cohorts make a stack"));
    CHECK_DIGITS(a.test[0].p_value, b.test[0].p_value, 9);
}

static void two_starts(double *start)
{
    for (size_t u = 0; u < N; u++) start[u] = u % 4 == 0 ? 3 : u % 4 == 1 && u < 14 ? 4 : NAN;
}

/* Weighed, an effect is the mean over the treated units: by hand, from means. */
static void weights_make_the_mean_over_treated_units(void **state)
{
    (void)state;
    double start[N], n1, n0, m1, m0, mean = 0;
    two_starts(start);
    rl_table t = starts_panel(N, T, start, 22, &cx);
    rl_request r = starts_request("stacked", "y ~ 1");
    starts_window(&r, -2, 2);
    rl_result a = starts_fit(&t, &r, &cx);
    for (int e = -2; e <= 2; e++) {
        if (e == -1) continue;
        double x = change(&t, start, 3, 5, e, &n1, &n0), y = change(&t, start, 4, 6, e, &m1, &m0);
        CHECK_DIGITS(fit_event(&a, e)->estimate, (n1 * x + m1 * y) / (n1 + m1), 11);
        if (e >= 0) mean += (n1 * x + m1 * y) / (n1 + m1) / 3;
    }
    CHECK_DIGITS(fit_find(&a, "overall")->estimate, mean, 11);
}

/* Plain, stacks weigh by the variance of treatment in them. */
static void plain_stacks_weigh_by_variance(void **state)
{
    (void)state;
    double start[N], n1, n0, m1, m0;
    two_starts(start);
    rl_table t = starts_panel(N, T, start, 23, &cx);
    rl_request r = starts_request("stacked", "y ~ 1");
    r.stack_plain = true;
    starts_window(&r, -2, 2);
    rl_result a = starts_fit(&t, &r, &cx);
    for (int e = -2; e <= 2; e++) {
        if (e == -1) continue;
        double x = change(&t, start, 3, 5, e, &n1, &n0), y = change(&t, start, 4, 6, e, &m1, &m0);
        double v = n1 * n0 / (n1 + n0), w = m1 * m0 / (m1 + m0);
        CHECK_DIGITS(fit_event(&a, e)->estimate, (v * x + w * y) / (v + w), 10);
    }
}

/* Units treated within another cohort's window are no controls of it. */
static void controls_stay_untreated_through_the_window(void **state)
{
    (void)state;
    double start[N], n1, n0, m1, m0;
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 3 : u % 3 == 1 ? 5 : NAN;
    rl_table t = starts_panel(N, T, start, 24, &cx);
    rl_request r = starts_request("stacked", "y ~ 1");
    starts_window(&r, -1, 1);
    rl_result a = starts_fit(&t, &r, &cx);
    for (int e = 0; e <= 1; e++) {
        double x = change(&t, start, 3, 4, e, &n1, &n0), y = change(&t, start, 5, 6, e, &m1, &m0);
        assert_true(n0 == 16 && m0 == 8);
        CHECK_DIGITS(fit_event(&a, e)->estimate, (n1 * x + m1 * y) / (n1 + m1), 11);
    }
    starts_window(&r, -1, 2); /* cohort 5 has no window, and is no control of 3 any more */
    a = starts_fit(&t, &r, &cx);
    CHECK_DIGITS(fit_event(&a, 2)->estimate, change(&t, start, 3, 5, 2, &n1, &n0), 11);
    assert_true(n0 == 8);
    assert_true(starts_noted(&a, "1 of 2 cohorts make a stack"));
}

/* A panel without the rows whose unit and period `gone` names. */
static rl_table without(const rl_table *t, const double *start,
                        bool (*gone)(const double *start, size_t unit, int period))
{
    static const char *const COL[] = {"t", "g", "y"};
    size_t n = 0, *from = RL_NEW(cx.keep, size_t, t->n);
    for (size_t i = 0; i < t->n; i++)
        if (!gone(start, i / T, (int)(i % T) + 1)) from[n++] = i;
    rl_table out = fit_table(n);
    const char **unit = RL_NEW(cx.keep, const char *, n);
    for (size_t c = 0; c < 3; c++) {
        double *v = fit_num(&out, COL[c], &cx);
        for (size_t k = 0; k < n; k++) v[k] = rl_table_col(t, COL[c])->num[from[k]];
    }
    for (size_t k = 0; k < n; k++) unit[k] = rl_sprintf(cx.keep, "u%03zu", from[k] / T);
    fit_text(&out, "unit", unit, &cx);
    return out;
}

static bool period_5(const double *start, size_t unit, int period)
{
    (void)start;
    (void)unit;
    return period == 5;
}
static bool cohort_5_at_6(const double *start, size_t unit, int period)
{
    (void)start;
    return period == 6 && start[unit] == 5;
}
static bool controls_at_6(const double *start, size_t unit, int period) { return period == 6 && isnan(start[unit]); }
static bool one_row(const double *start, size_t unit, int period)
{
    (void)start;
    return unit == 1 && period == 2;
}

/* A cohort without a period of its window, its own or its controls', makes no stack: nor a false effect. */
static void a_window_is_seen_in_every_period(void **state)
{
    (void)state;
    double start[N], n1, n0;
    static bool (*const GONE[])(const double *, size_t, int) = {period_5, cohort_5_at_6, controls_at_6};
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 3 : u % 3 == 1 ? 5 : NAN;
    rl_table t = starts_panel(N, T, start, 27, &cx);
    double *y = rl_table_col(&t, "y")->num;
    for (size_t i = 0; i < t.n; i++)
        if (start[i / T] == 5) y[i] += 20; /* would pass for an effect */
    rl_request r = starts_request("stacked", "y ~ 1");
    for (int way = 0; way < 2; way++)
        for (int k = 0; k < 3; k++) {
            rl_table u = without(&t, start, GONE[k]);
            r.stack_plain = way == 1;
            starts_window(&r, -2, 1);
            rl_result a = starts_fit(&u, &r, &cx);
            assert_true(starts_noted(&a, "1 of 2 cohorts make a stack"));
            for (int e = -2; e <= 1; e++)
                if (e != -1) CHECK_DIGITS(fit_event(&a, e)->estimate, change(&t, start, 3, 4, e, &n1, &n0), 11);
        }
    r.stack_plain = false;
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 1 ? 5 : NAN;
    rl_table u = starts_panel(N, T, start, 27, &cx), v = without(&u, start, controls_at_6);
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &v, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "no control of cohort 5 at 6"));
    rl_forgive(&cx);
    v = without(&u, start, cohort_5_at_6);
    assert_int_equal(rl_estimate_run(&r, &v, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "no row of cohort 5 at 6"));
    rl_forgive(&cx);
}

/* Rows of the data are not rows of the stacks, and levels move with who is seen. */
static void rows_are_those_of_the_data(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 3 : u % 3 == 1 ? 4 : NAN;
    rl_table t = starts_panel(N, T, start, 28, &cx), u = without(&t, start, one_row);
    rl_request r = starts_request("stacked", "y ~ 1");
    starts_window(&r, -1, 1);
    rl_result a = starts_fit(&t, &r, &cx); /* periods 2-4 and 3-5 */
    assert_int_equal(a.rows_read, N * T);
    assert_int_equal(a.rows_used, 4 * 8 * 3);
    assert_int_equal(a.rows_behind, 8 * 3 + 8 * 3 + 8 * 4);
    assert_int_equal(a.n_dropped, 1);
    assert_string_equal(a.dropped[0].why, "in no stack");
    assert_int_equal(a.dropped[0].rows, a.rows_read - a.rows_behind);
    assert_false(starts_noted(&a, "is missing"));
    starts_window(&r, -2, 1);
    a = starts_fit(&u, &r, &cx);
    assert_true(starts_noted(&a, "in 1 of 32 places"));
    r.stack_plain = true;
    a = starts_fit(&u, &r, &cx);
    assert_false(starts_noted(&a, "is missing"));
}

/* Rounding errors are no residuals: no statistic, and no test of them. */
static void a_constant_outcome(void **state)
{
    (void)state;
    double start[N];
    two_starts(start);
    rl_table t = starts_panel(N, T, start, 29, &cx);
    double *y = rl_table_col(&t, "y")->num;
    for (size_t i = 0; i < t.n; i++) y[i] = 0.3;
    rl_request r = starts_request("stacked", "y ~ x");
    starts_window(&r, -2, 1);
    for (int way = 0; way < 3; way++) {
        r.formula = way == 0 ? "y ~ x" : "y ~ 1";
        r.stack_plain = way == 2;
        rl_result a = starts_fit(&t, &r, &cx);
        assert_true(starts_noted(&a, "a perfect fit"));
        assert_int_equal(a.n_tests, 0);
        for (size_t j = 0; j < a.m; j++) assert_true(isnan(a.est[j].statistic) && isnan(a.est[j].p_value));
        r.restriction = (const char *const[]){"event[-2] = 0"};
        r.n_restriction = 1;
        starts_refused(&t, &r, RL_EDATA, "event[-2] = 0", "perfect fit", &cx);
        r.n_restriction = 0;
    }
}

static void refusals(void **state)
{
    (void)state;
    double start[N];
    two_starts(start);
    rl_table t = starts_panel(N, T, start, 25, &cx);
    rl_request r = starts_request("stacked", "y ~ 1");
    starts_refused(&t, &r, RL_EUSAGE, "'stacked'", "window", &cx);
    starts_window(&r, 0, 2);
    starts_refused(&t, &r, RL_EUSAGE, "0:2", "reference", &cx);
    starts_window(&r, -3, -1);
    starts_refused(&t, &r, RL_EUSAGE, "-3:-1", "from 0 on", &cx);
    starts_window(&r, -5, 3);
    starts_refused(&t, &r, RL_EDATA, "-5:3", "no cohort has its whole window", &cx);
    starts_quarters(&t, &cx);
    r.time = "tq";
    r.cohort = "gq";
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "from 2019Q1 to 20"));
    rl_forgive(&cx);
    r.time = "t";
    r.cohort = "g";
    for (size_t u = 0; u < N; u++) start[u] = 4; /* nobody to compare with */
    t = starts_panel(N, T, start, 26, &cx);
    starts_window(&r, -2, 2);
    starts_refused(&t, &r, RL_EDATA, "control", "-2:2", &cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stack_is_the_event_study),
        cmocka_unit_test(weights_make_the_mean_over_treated_units),
        cmocka_unit_test(plain_stacks_weigh_by_variance),
        cmocka_unit_test(controls_stay_untreated_through_the_window),
        cmocka_unit_test(a_window_is_seen_in_every_period),
        cmocka_unit_test(rows_are_those_of_the_data),
        cmocka_unit_test(a_constant_outcome),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
