#include "starts_fixture.h"
#include "own_ctx.h"

enum { N = 30 };

typedef struct moments {
    double n, y1, y2, v1, v2, c12; /* units, means, variances and covariance of two periods */
} moments;

static moments of(const rl_table *t, int T, const double *start, double g, int p1, int p2)
{
    moments m = {.n = (double)starts_size(start, N, g),
                 .y1 = starts_change(t, T, start, g, 0, p1),
                 .y2 = starts_change(t, T, start, g, 0, p2)};
    for (size_t u = 0; u < N; u++) {
        if (isnan(g) ? !isnan(start[u]) : !(start[u] == g)) continue;
        double a = starts_y(t, T, u, p1) - m.y1, b = starts_y(t, T, u, p2) - m.y2;
        m.v1 += a * a / (m.n - 1);
        m.v2 += b * b / (m.n - 1);
        m.c12 += a * b / (m.n - 1);
    }
    return m;
}

/* Two periods, two groups: everything from means, variances and covariances. */
static void two_groups_by_hand(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 2 : NAN;
    rl_table t = starts_panel(N, 2, start, 51, &cx);
    moments a = of(&t, 2, start, 2, 1, 2), b = of(&t, 2, start, NAN, 1, 2);
    double best = (a.c12 / a.n + b.c12 / b.n) / (a.v1 / a.n + b.v1 / b.n);
    double told = a.c12 / a.v1 - b.c12 / b.v1; /* slopes on the period before, the controls' with the sign of theirs */
    told = told * told * (a.v1 + b.v1) / 2 / N;
    static const char *const METHOD[] = {"efficient", "cs", "sa"};
    for (int i = 0; i < 3; i++) {
        double beta = i == 0 ? best : 1;
        rl_request r = starts_request("staggered", "y ~ 1");
        r.method = METHOD[i];
        rl_result f = starts_fit(&t, &r, &cx);
        const rl_estimate *x = fit_find(&f, "overall");
        double V =
            (a.v2 - 2 * beta * a.c12 + beta * beta * a.v1) / a.n + (b.v2 - 2 * beta * b.c12 + beta * beta * b.v1) / b.n;
        CHECK_DIGITS(x->estimate, a.y2 - b.y2 - beta * (a.y1 - b.y1), 12);
        CHECK_DIGITS(x->std_error_neyman, sqrt(V), 12);
        CHECK_DIGITS(x->std_error, sqrt(V - told), 11);
        assert_true(x->df == 0);
    }
}

static void three_starts(double *start)
{
    for (size_t u = 0; u < N; u++) start[u] = u % 5 == 0 ? 3 : u % 5 == 1 ? 4 : u % 5 == 2 ? 6 : NAN;
}

/* Effect of cohort g at p, less the gap in the period before it: against all that start later, or the never treated. */
static double cell(const rl_table *t, int T, const double *start, double g, int p, bool last)
{
    double own = starts_change(t, T, start, g, (int)g - 1, p), other = 0, n = 0;
    for (size_t u = 0; u < N; u++) {
        bool later = start[u] > fmax(g, p);
        if (!isnan(start[u]) && (last || !later)) continue;
        other += starts_y(t, T, u, p) - starts_y(t, T, u, (int)g - 1);
        n++;
    }
    return own - other / n;
}

static void averages_by_hand(void **state)
{
    (void)state;
    enum { T = 7 };
    static const double G[3] = {3, 4, 6};
    double start[N], n[3];
    three_starts(start);
    rl_table t = starts_panel(N, T, start, 52, &cx);
    for (int c = 0; c < 3; c++) n[c] = (double)starts_size(start, N, G[c]);
    for (int last = 0; last < 2; last++) {
        rl_request r = starts_request("staggered", "y ~ 1");
        r.method = last ? "sa" : "cs";
        double all = 0, sum = 0, groups = 0, of_groups = 0, periods = 0;
        r.agg = RL_AGG_GROUP;
        rl_result f = starts_fit(&t, &r, &cx);
        for (int c = 0; c < 3; c++) {
            double mean = 0;
            for (int p = (int)G[c]; p <= T; p++) {
                mean += cell(&t, T, start, G[c], p, last) / (T - G[c] + 1);
                sum += n[c] * cell(&t, T, start, G[c], p, last);
                all += n[c];
            }
            assert_int_equal(f.est[c].label.group, (int)G[c]);
            CHECK_DIGITS(f.est[c].estimate, mean, 11);
            groups += n[c];
            of_groups += n[c] * mean;
        }
        CHECK_DIGITS(fit_find(&f, "overall")->estimate, of_groups / groups, 11);
        r.agg = RL_AGG_SIMPLE;
        f = starts_fit(&t, &r, &cx);
        CHECK_DIGITS(fit_find(&f, "overall")->estimate, sum / all, 11);
        r.agg = RL_AGG_CALENDAR;
        f = starts_fit(&t, &r, &cx);
        for (int p = 3; p <= T; p++) {
            double x = 0, w = 0;
            for (int c = 0; c < 3; c++) {
                if (p < G[c]) continue;
                x += n[c] * cell(&t, T, start, G[c], p, last);
                w += n[c];
            }
            CHECK_DIGITS(f.est[p - 3].estimate, x / w, 11);
            periods += x / w / (T - 2);
        }
        CHECK_DIGITS(fit_find(&f, "overall")->estimate, periods, 11);
    }
}

/* Variance of sum_j w_j b_j. */
static double variance(const rl_result *f, const double *w)
{
    double v = 0;
    for (size_t i = 0; i < f->m; i++)
        for (size_t j = 0; j < f->m; j++) v += w[i] * w[j] * f->V[i + j * f->m];
    return v;
}

/* Where an average is a weighted sum of others it is so in its error too: the change of the influence is linear. */
static void errors_of_averages_agree(void **state)
{
    (void)state;
    enum { T = 7 };
    double start[N], w[4] = {0}, groups = 0;
    three_starts(start);
    rl_table t = starts_panel(N, T, start, 53, &cx);
    rl_request r = starts_request("staggered", "y ~ 1");
    r.method = "cs";
    r.agg = RL_AGG_GROUP;
    rl_result f = starts_fit(&t, &r, &cx);
    assert_int_equal(f.m, 4);
    for (int c = 0; c < 3; c++) groups += w[c] = (double)starts_size(start, N, f.est[c].label.group);
    for (int c = 0; c < 3; c++) w[c] /= groups;
    const rl_estimate *all = fit_find(&f, "overall");
    assert_true(all->std_error < all->std_error_neyman);
    CHECK_DIGITS(sqrt(variance(&f, w)), all->std_error, 9);
}

static void events(void **state)
{
    (void)state;
    enum { T = 7 };
    double start[N], *w, mean = 0;
    three_starts(start);
    rl_table t = starts_panel(N, T, start, 54, &cx);
    rl_request r = starts_request("staggered", "y ~ 1");
    r.agg = RL_AGG_DYNAMIC;
    rl_result f = starts_fit(&t, &r, &cx);
    assert_int_equal(f.est[0].label.event, -5); /* cohort 6 at 1 */
    assert_true(fit_event(&f, -1)->estimate == 0 && isnan(fit_event(&f, -1)->std_error));
    assert_string_equal(f.test[0].name, "pre-trend");
    w = RL_NEW(cx.keep, double, f.m);
    for (size_t j = 0; j + 1 < f.m; j++) {
        assert_true(f.est[j].label.event == -1 || f.est[j].std_error <= f.est[j].std_error_neyman);
        if (f.est[j].label.event < 0) continue;
        w[j] = 0.2; /* 0 .. 4 */
        mean += 0.2 * f.est[j].estimate;
    }
    CHECK_DIGITS(fit_find(&f, "overall")->estimate, mean, 12);
    CHECK_DIGITS(fit_find(&f, "overall")->std_error, sqrt(variance(&f, w)), 11);
    starts_window(&r, 0, 1);
    rl_result few = starts_fit(&t, &r, &cx);
    assert_int_equal(few.m, 3);
    CHECK_DIGITS(fit_event(&few, 1)->estimate, fit_event(&f, 1)->estimate, 13);
    CHECK_DIGITS(fit_event(&few, 1)->std_error, fit_event(&f, 1)->std_error, 9);
}

/* The weights of the outcomes make the estimate. */
static void weights_of_outcomes(void **state)
{
    (void)state;
    enum { T = 6 };
    double start[N];
    three_starts(start);
    rl_table t = starts_panel(N, T, start, 55, &cx);
    static const rl_agg AGG[] = {RL_AGG_SIMPLE, RL_AGG_GROUP, RL_AGG_CALENDAR, RL_AGG_DYNAMIC};
    for (int i = 0; i < 4; i++) {
        rl_request r = starts_request("staggered", "y ~ 1");
        r.omega = "overall";
        r.agg = AGG[i];
        rl_result f = starts_fit(&t, &r, &cx);
        double sum = 0;
        for (size_t k = 0; k < f.rows_used; k++) sum += f.omega[k] * rl_table_col(&t, "y")->num[f.row[k]];
        CHECK_DIGITS(sum, fit_find(&f, "overall")->estimate, 11);
    }
}

/* Shifting the outcome by period or by a constant changes nothing, nor does a unit of account. */
static void shifts_and_scales(void **state)
{
    (void)state;
    enum { T = 6 };
    double start[N];
    three_starts(start);
    rl_table t = starts_panel(N, T, start, 56, &cx), s = starts_panel(N, T, start, 56, &cx);
    double *y = rl_table_col(&s, "y")->num;
    for (size_t i = 0; i < s.n; i++) y[i] = 1000 * y[i] + 1e7 + 314 * (double)(i % T * i % T);
    rl_request r = starts_request("staggered", "y ~ 1");
    rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&s, &r, &cx);
    CHECK_DIGITS(b.est[0].estimate, 1000 * a.est[0].estimate, 8);
    CHECK_DIGITS(b.est[0].std_error, 1000 * a.est[0].std_error, 8);
}

static size_t lost(const rl_result *f, const char *why)
{
    for (size_t i = 0; i < f->n_dropped; i++)
        if (strcmp(f->dropped[i].why, why) == 0) return f->dropped[i].rows;
    return 0;
}

static void rows_it_cannot_use(void **state)
{
    (void)state;
    enum { T = 6 };
    double start[N];
    three_starts(start);
    start[0] = 5;            /* alone */
    start[7] = start[8] = 1; /* always treated */
    rl_table t = starts_panel(N, T, start, 57, &cx);
    rl_table_col(&t, "y")->num[3 * T + 2] = NAN; /* a unit that misses a period */
    rl_request r = starts_request("staggered", "y ~ 1");
    rl_result f = starts_fit(&t, &r, &cx);
    assert_int_equal(lost(&f, "unit not seen in every period"), T - 1);
    assert_int_equal(lost(&f, "only unit of its cohort"), T);
    assert_int_equal(lost(&f, "always treated"), 0);
    assert_true(starts_noted(&f, "one unit left out (5)"));
    assert_true(starts_noted(&f, "2 units are treated from the first period on"));
    r.method = "cs";
    f = starts_fit(&t, &r, &cx);
    assert_int_equal(lost(&f, "always treated"), 2 * T);
    assert_int_equal(f.units, N - 4);
}

/* Errors by groups of units: sums of Neyman's influence, said so. */
static void clusters_of_units(void **state)
{
    (void)state;
    enum { T = 2 };
    double start[N], sum[5] = {0}, V = 0;
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 2 : NAN;
    rl_table t = starts_panel(N, T, start, 58, &cx);
    double *c = fit_num(&t, "c", &cx);
    for (size_t i = 0; i < t.n; i++) c[i] = (double)(i / T % 5);
    rl_request r = starts_request("staggered", "y ~ 1");
    r.method = "cs";
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"c"}, .lag = -1};
    rl_result f = starts_fit(&t, &r, &cx);
    for (size_t u = 0; u < N; u++) {
        double g = start[u], n = (double)starts_size(start, N, g);
        double e = starts_y(&t, T, u, 2) - starts_y(&t, T, u, 1) - starts_change(&t, T, start, g, 1, 2);
        sum[u % 5] += (isnan(g) ? -e : e) / sqrt(n * (n - 1));
    }
    for (int i = 0; i < 5; i++) V += sum[i] * sum[i];
    CHECK_DIGITS(f.est[0].std_error, sqrt(V), 12);
    assert_true(f.est[0].std_error_neyman == 0);
    assert_true(starts_noted(&f, "conservative"));
}

static void refusals(void **state)
{
    (void)state;
    enum { T = 6 };
    double start[N];
    three_starts(start);
    rl_table t = starts_panel(N, T, start, 59, &cx);
    rl_request r = starts_request("staggered", "y ~ x");
    starts_refused(&t, &r, RL_EUSAGE, "'staggered'", "covariates", &cx);
    r = starts_request("staggered", "y ~ 1 | unit");
    starts_refused(&t, &r, RL_EUSAGE, "'staggered'", "fixed effects", &cx);
    r = starts_request("staggered", "y ~ 1");
    r.weights = "w";
    starts_refused(&t, &r, RL_EUSAGE, "'staggered'", "weights", &cx);
    r.weights = NULL;
    r.agg = RL_AGG_GROUP_TIME;
    starts_refused(&t, &r, RL_EUSAGE, "'staggered'", "averages", &cx);
    r.agg = RL_AGG_SIMPLE;
    r.method = "dr";
    starts_refused(&t, &r, RL_EUSAGE, "'dr'", "staggered", &cx);
    r.method = NULL;
    r.agg = RL_AGG_DYNAMIC;
    starts_window(&r, 5, 9);
    starts_refused(&t, &r, RL_EDATA, "5:9", "event time", &cx);
    for (size_t u = 0; u < N; u++)
        if (!isnan(start[u])) rl_table_col(&t, "y")->num[u * T + u % T] = NAN;
    r = starts_request("staggered", "y ~ 1");
    starts_refused(&t, &r, RL_EDATA, "no treated unit", "all of the 6 periods", &cx);
    for (size_t u = 0; u < N; u++) start[u] = 4;
    t = starts_panel(N, T, start, 60, &cx);
    r = starts_request("staggered", "y ~ 1");
    starts_refused(&t, &r, RL_EDATA, "no control", "1 cohort", &cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_groups_by_hand),
        cmocka_unit_test(averages_by_hand),
        cmocka_unit_test(errors_of_averages_agree),
        cmocka_unit_test(events),
        cmocka_unit_test(weights_of_outcomes),
        cmocka_unit_test(shifts_and_scales),
        cmocka_unit_test(rows_it_cannot_use),
        cmocka_unit_test(clusters_of_units),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
