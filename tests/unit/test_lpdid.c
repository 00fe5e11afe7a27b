#include "starts_fixture.h"
#include "own_ctx.h"

enum { N = 24, T = 7 };

/* Mean of y at t + e less the mean of the K periods before t; NaN when a period is not there. */
static double moved(const rl_table *t, size_t u, int at, int e, int K)
{
    double before = 0;
    if (at + e < 1 || at + e > T || at - K < 1) return NAN;
    for (int k = 1; k <= K; k++) before += starts_y(t, T, u, at - k) / K;
    return starts_y(t, T, u, at + e) - before;
}

enum { VARIANCE, UNITS };

/* Event time e by hand: in each period the change of those that start less that of those clean until `ahead` periods
 * later, periods by the variance of starting or by the units that start. */
static double by_hand(const rl_table *t, const double *start, int e, int ahead, int K, int weigh)
{
    double sum = 0, all = 0;
    for (int at = 1; at <= T; at++) {
        double own = 0, other = 0, n1 = 0, n0 = 0;
        for (size_t u = 0; u < N; u++) {
            double y = moved(t, u, at, e, K);
            if (isnan(y)) continue;
            if (start[u] == at) {
                own += y;
                n1++;
            } else if (isnan(start[u]) || start[u] > at + ahead) {
                other += y;
                n0++;
            }
        }
        if (n1 == 0 || n0 == 0) continue;
        double w = weigh == UNITS ? n1 : n1 * n0 / (n1 + n0);
        sum += w * (own / n1 - other / n0);
        all += w;
    }
    return sum / all;
}

static void starts_of(double *start)
{
    for (size_t u = 0; u < N; u++) start[u] = u % 4 == 0 ? 3 : u % 4 == 1 && u < 14 ? 5 : u == 22 ? 6 : NAN;
}

/* One start date: a difference of mean changes, and the error of the regression on starting in that period. */
static void one_start_is_a_difference_of_means(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 4 : NAN;
    rl_table t = starts_panel(N, T, start, 31, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -3, 3);
    rl_result a = starts_fit(&t, &r, &cx);
    double mean = 0;
    for (int e = -3; e <= 3; e++) {
        double want = starts_change(&t, T, start, 4, 3, 4 + e) - starts_change(&t, T, start, NAN, 3, 4 + e);
        if (e != -1) CHECK_DIGITS(fit_event(&a, e)->estimate, want, 11);
        if (e >= 0) mean += want / 4;
    }
    assert_true(fit_event(&a, -1)->estimate == 0 && isnan(fit_event(&a, -1)->std_error));
    CHECK_DIGITS(fit_find(&a, "overall")->estimate, mean, 11);
}

/* An event time is least squares on its own rows: the same coefficient and error from ols. */
static void an_event_time_is_a_regression(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    rl_table t = starts_panel(N, T, start, 32, &cx), o = fit_table(N * T);
    rl_request r = starts_request("lpdid", "y ~ x"), q = fit_request("dy ~ D + lag + x | t");
    starts_window(&r, -1, 1);
    r.ylags = 1;
    rl_result a = starts_fit(&t, &r, &cx);
    double *dy = fit_num(&o, "dy", &cx), *D = fit_num(&o, "D", &cx), *lag = fit_num(&o, "lag", &cx),
           *x = fit_num(&o, "x", &cx), *at = fit_num(&o, "t", &cx);
    const char **unit = RL_NEW(cx.keep, const char *, o.n);
    size_t n = 0;
    for (size_t u = 0; u < N; u++)
        for (int p = 3; p + 1 <= T; p++) {
            bool starts = start[u] == p;
            if (!starts && !isnan(start[u]) && !(start[u] > p + 1)) continue;
            dy[n] = starts_y(&t, T, u, p + 1) - starts_y(&t, T, u, p - 1);
            lag[n] = starts_y(&t, T, u, p - 1) - starts_y(&t, T, u, p - 2);
            D[n] = starts;
            at[n] = p;
            x[n] = rl_table_col(&t, "x")->num[u * T];
            unit[n++] = rl_sprintf(cx.keep, "u%zu", u);
        }
    o.n = o.rows_read = n;
    fit_text(&o, "unit", unit, &cx);
    q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    rl_result b = starts_fit(&o, &q, &cx);
    CHECK_DIGITS(fit_event(&a, 1)->estimate, fit_find(&b, "D")->estimate, 11);
    CHECK_DIGITS(fit_event(&a, 1)->std_error, fit_find(&b, "D")->std_error, 11);
}

static void clean_controls_and_weights(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    rl_table t = starts_panel(N, T, start, 33, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -2, 2);
    rl_result a = starts_fit(&t, &r, &cx);
    for (int e = -2; e <= 2; e++)
        if (e != -1) CHECK_DIGITS(fit_event(&a, e)->estimate, by_hand(&t, start, e, e > 0 ? e : 0, 1, VARIANCE), 11);
    r.reweight = true;
    a = starts_fit(&t, &r, &cx);
    for (int e = 0; e <= 2; e++) CHECK_DIGITS(fit_event(&a, e)->estimate, by_hand(&t, start, e, e, 1, UNITS), 11);
}

static void mean_of_periods_before(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    rl_table t = starts_panel(N, T, start, 34, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -1, 1);
    r.premean = 2;
    rl_result a = starts_fit(&t, &r, &cx);
    for (int e = -1; e <= 1; e++)
        CHECK_DIGITS(fit_event(&a, e)->estimate, by_hand(&t, start, e, e > 0 ? e : 0, 2, VARIANCE), 11);
}

/* Controls are those untreated through the window at every event time; cohorts too late for it are out. */
static void the_same_units(void **state)
{
    (void)state;
    double start[N], only[N];
    starts_of(start);
    rl_table t = starts_panel(N, T, start, 35, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -2, 2);
    r.same_units = true;
    rl_result a = starts_fit(&t, &r, &cx);
    for (size_t u = 0; u < N; u++) only[u] = start[u] >= T - 2 ? 0 : start[u]; /* 0: neither starts nor is clean */
    for (int e = -2; e <= 2; e++) {
        if (e == -1) continue;
        double own = 0, other = 0, n1 = 0, n0 = 0;
        for (size_t u = 0; u < N; u++) { /* cohort 3 alone is left */
            double y = moved(&t, u, 3, e, 1);
            if (only[u] == 3) own += y, n1++;
            if (isnan(only[u])) other += y, n0++;
        }
        CHECK_DIGITS(fit_event(&a, e)->estimate, own / n1 - other / n0, 11);
    }
}

/* What changed before t cannot be told from controls that are those changes: 0, no test of trends, and said. */
static void made_of_its_controls(void **state)
{
    (void)state;
    static const struct {
        int ylags, premean, from, to; /* events from .. to are 0 */
    } CASE[] = {{1, 0, -2, -2}, {2, 0, -3, -2}, {1, 2, -2, -1}, {1, 3, 0, -1}, {0, 2, 0, -1}};
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 5 : u % 3 == 1 ? 6 : (double)NAN;
    rl_table t = starts_panel(N, T, start, 36, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -3, 1);
    for (size_t c = 0; c < sizeof CASE / sizeof *CASE; c++) {
        r.ylags = CASE[c].ylags;
        r.premean = CASE[c].premean;
        rl_result a = starts_fit(&t, &r, &cx);
        size_t tested = 0;
        for (int e = -3; e < 0; e++) {
            const rl_estimate *x = fit_event(&a, e);
            bool made = e >= CASE[c].from && e <= CASE[c].to && CASE[c].from < 0;
            if (made) assert_true(x->estimate == 0 && x->std_error == 0 && isnan(x->p_value) && isnan(x->conf_low));
            if (!made && (e < -1 || CASE[c].premean > 1)) {
                assert_true(fabs(x->estimate) > 1e-3 && x->std_error > 1e-3);
                tested++;
            }
        }
        assert_true(starts_noted(&a, "0 by construction") == (CASE[c].from < 0));
        if (CASE[c].from == 0) continue; /* deviations from their own mean add up to 0: no test of all */
        if (tested > 0) assert_true(a.test[0].df == (double)tested);
        if (tested == 0) assert_int_equal(a.n_tests, 0);
    }
}

/* Clusters are counted once, however many rows they have: the factor is (n-1)/(n-K) G/(G-1). */
static void clusters_of_hundreds_of_rows(void **state)
{
    (void)state;
    enum { MANY = 720, G = 4 };
    double start[MANY], never = 0;
    for (size_t u = 0; u < MANY; u++) {
        start[u] = u % 3 == 0 ? 4 : NAN;
        never += isnan(start[u]);
    }
    rl_table t = starts_panel(MANY, T, start, 39, &cx);
    double *group = fit_num(&t, "group", &cx);
    for (size_t i = 0; i < t.n; i++) group[i] = (double)(i / T % G);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -1, 0);
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"group"}, .lag = -1};
    rl_result own = starts_fit(&t, &r, &cx), bare;
    r.profile = "exact";
    bare = starts_fit(&t, &r, &cx);
    double n = never * (T - 1) + (MANY - never) * 3, factor = (n - 1) / (n - T) * G / (G - 1.0);
    CHECK_DIGITS(fit_event(&own, 0)->std_error, sqrt(factor) * fit_event(&bare, 0)->std_error, 11);
}

/* A unit seen only when treated and one seen once are in no regression: no row and no cluster of theirs counts. */
static void units_in_no_regression(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    assert_true(start[4] == 3 && isnan(start[23]));
    rl_table t = starts_panel(N, T, start, 40, &cx), without = starts_panel(N, T, start, 40, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -2, 2);
    rl_result whole = starts_fit(&t, &r, &cx);
    for (int p = 1; p <= T; p++) {
        if (p < 3) rl_table_col(&t, "y")->num[4 * T + p - 1] = NAN;
        if (p != 5) rl_table_col(&t, "y")->num[23 * T + p - 1] = NAN;
        rl_table_col(&without, "y")->num[4 * T + p - 1] = rl_table_col(&without, "y")->num[23 * T + p - 1] = NAN;
    }
    rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&without, &r, &cx);
    assert_int_equal(whole.clusters, N);
    assert_int_equal(a.clusters, N - 2);
    assert_int_equal(a.rows_used, (N - 2) * T);
    assert_int_equal(a.n_dropped, 2);
    assert_string_equal(a.dropped[1].why, "of units in no regression");
    assert_int_equal(a.dropped[1].rows, T - 2 + 1);
    assert_true(a.df == N - 3 && a.m == b.m);
    for (size_t j = 0; j < a.m; j++) {
        assert_true(a.est[j].estimate == b.est[j].estimate);
        if (a.est[j].label.event == -1) continue;
        assert_true(a.est[j].p_value == b.est[j].p_value && a.est[j].conf_low == b.est[j].conf_low);
    }
}

static void refusals(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    rl_table t = starts_panel(N, T, start, 36, &cx);
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_refused(&t, &r, RL_EUSAGE, "'lpdid'", "window", &cx);
    starts_window(&r, 1, 3);
    starts_refused(&t, &r, RL_EUSAGE, "1:3", "event time 0", &cx);
    starts_window(&r, -3, -1);
    starts_refused(&t, &r, RL_EUSAGE, "-3:-1", "reach 0", &cx);
    starts_window(&r, 0, 5);
    starts_refused(&t, &r, RL_EDATA, "event time 5", "after its start", &cx);
    starts_window(&r, -6, 1);
    starts_refused(&t, &r, RL_EDATA, "event time -6", "before its start", &cx);
    for (size_t u = 0; u < N; u++) start[u] = u % 2 ? 3 : 5;
    t = starts_panel(N, T, start, 38, &cx);
    starts_window(&r, 0, 2);
    starts_refused(&t, &r, RL_EDATA, "event time 2", "no clean control", &cx);
    for (size_t u = 0; u < N; u++) start[u] = 4;
    t = starts_panel(N, T, start, 37, &cx);
    starts_window(&r, -1, 1);
    starts_refused(&t, &r, RL_EDATA, "no clean control", "24 units", &cx);
    starts_quarters(&t, &cx);
    r.time = "tq";
    r.cohort = "gq";
    starts_refused(&t, &r, RL_EDATA, "no clean control", "(2019Q4)", &cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_start_is_a_difference_of_means),
        cmocka_unit_test(an_event_time_is_a_regression),
        cmocka_unit_test(clean_controls_and_weights),
        cmocka_unit_test(mean_of_periods_before),
        cmocka_unit_test(the_same_units),
        cmocka_unit_test(made_of_its_controls),
        cmocka_unit_test(clusters_of_hundreds_of_rows),
        cmocka_unit_test(units_in_no_regression),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
