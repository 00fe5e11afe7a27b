#include "starts_fixture.h"
#include "own_ctx.h"

enum { N = 120 };

/* Mean change from p0 to p1 of the units of a start and a side, its squared error sum (y - mean)^2 / n^2, and n. */
static double side(const rl_table *t, int T, const double *start, double g, bool eligible, int p0, int p1, double *v)
{
    double sum = 0, n = 0, s = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t u = eligible; u < N; u += 2) {
            if (isnan(g) ? !isnan(start[u]) : !(start[u] == g)) continue;
            double y = starts_y(t, T, u, p1) - starts_y(t, T, u, p0);
            if (pass == 0)
                sum += y, n++;
            else
                s += (y - sum / n) * (y - sum / n) / (n * n);
        }
    *v = s;
    return sum / n;
}

static rl_request request(const char *formula)
{
    rl_request r = starts_request("ddd", formula);
    r.partition = "part";
    return r;
}

static void two_periods_by_hand(void **state)
{
    (void)state;
    double start[N], v[4];
    for (size_t u = 0; u < N; u++) start[u] = u % 5 < 2 ? 2 : NAN;
    rl_table t = starts_panel(N, 2, start, 71, &cx);
    rl_request r = request("y ~ 1");
    r.agg = RL_AGG_SIMPLE;
    r.omega = "overall";
    rl_result f = starts_fit(&t, &r, &cx);
    double want = side(&t, 2, start, 2, true, 1, 2, &v[0]) - side(&t, 2, start, 2, false, 1, 2, &v[1]) -
                  side(&t, 2, start, NAN, true, 1, 2, &v[2]) + side(&t, 2, start, NAN, false, 1, 2, &v[3]);
    const rl_estimate *x = fit_find(&f, "overall");
    CHECK_DIGITS(x->estimate, want, 11);
    CHECK_DIGITS(x->std_error, sqrt((v[0] + v[1] + v[2] + v[3]) * N / (N - 1)), 11);
    double sum = 0;
    for (size_t k = 0; k < f.rows_used; k++) sum += f.omega[k] * rl_table_col(&t, "y")->num[f.row[k]];
    CHECK_DIGITS(sum, want, 10);
}

/* cs on two of the groups, `a` as if treated and `b` as if never; group = 2 * starts + eligible. */
static double two_differences(const rl_table *t, int T, const double *start, int a, int b, int g, const char *method)
{
    size_t n = 0;
    rl_table s = fit_table(t->n);
    const char **unit = RL_NEW(cx.keep, const char *, t->n);
    double *at = fit_num(&s, "t", &cx), *when = fit_num(&s, "g", &cx), *x = fit_num(&s, "x", &cx),
           *w = fit_num(&s, "w", &cx), *y = fit_num(&s, "y", &cx);
    for (size_t u = 0; u < N; u++) {
        int group = 2 * (start[u] == g) + (int)(u % 2);
        if (group != a && group != b) continue;
        for (int p = 0; p < T; p++) {
            size_t i = u * (size_t)T + (size_t)p;
            at[n] = p + 1;
            when[n] = group == a ? (double)g : (double)NAN;
            x[n] = rl_table_col(t, "x")->num[i];
            w[n] = rl_table_col(t, "w")->num[i];
            y[n] = rl_table_col(t, "y")->num[i];
            unit[n++] = rl_sprintf(cx.keep, "u%zu", u);
        }
    }
    s.n = s.rows_read = n;
    fit_text(&s, "unit", unit, &cx);
    rl_request r = starts_request("cs", "y ~ x");
    r.method = method;
    r.weights = "w";
    rl_result f = starts_fit(&s, &r, &cx);
    for (size_t i = 0; i < f.m; i++)
        if (f.est[i].label.time == g) return f.est[i].estimate;
    fail_msg("no effect at %d", g);
    return NAN;
}

/* With covariates and weights: three answers of cs. */
static void three_answers_of_cs(void **state)
{
    (void)state;
    enum { T = 3 };
    static const char *const METHOD[] = {"dr", "reg", "ipw"};
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 5 < 2 ? 2 : NAN;
    rl_table t = starts_panel(N, T, start, 72, &cx);
    for (int i = 0; i < 3; i++) {
        rl_request r = request("y ~ x");
        r.method = METHOD[i];
        r.weights = "w";
        rl_result f = starts_fit(&t, &r, &cx);
        double want = two_differences(&t, T, start, 3, 2, 2, METHOD[i]) +
                      two_differences(&t, T, start, 3, 1, 2, METHOD[i]) -
                      two_differences(&t, T, start, 3, 0, 2, METHOD[i]);
        assert_int_equal(f.est[0].label.time, 2);
        CHECK_DIGITS(f.est[0].estimate, want, 9);
    }
}

/* Two groups of controls, averaged with the weights of least variance. */
static void several_controls(void **state)
{
    (void)state;
    enum { T = 4 };
    double start[N], v[6], a[2];
    for (size_t u = 0; u < N; u++) start[u] = u % 6 < 2 ? 2 : u % 6 < 4 ? 4 : NAN;
    rl_table t = starts_panel(N, T, start, 73, &cx);
    double own = side(&t, T, start, 2, true, 1, 2, &v[0]) - side(&t, T, start, 2, false, 1, 2, &v[1]);
    a[0] = own - side(&t, T, start, 4, true, 1, 2, &v[2]) + side(&t, T, start, 4, false, 1, 2, &v[3]);
    a[1] = own - side(&t, T, start, NAN, true, 1, 2, &v[4]) + side(&t, T, start, NAN, false, 1, 2, &v[5]);
    double c = v[0] + v[1], x = v[2] + v[3], y = v[4] + v[5], w = y / (x + y);
    rl_request r = request("y ~ 1");
    r.notyet = true;
    rl_result f = starts_fit(&t, &r, &cx);
    assert_true(f.est[0].label.group == 2 && f.est[0].label.time == 2);
    CHECK_DIGITS(f.est[0].estimate, w * a[0] + (1 - w) * a[1], 11);
    CHECK_DIGITS(f.est[0].std_error, sqrt((c + x * y / (x + y)) * N / (N - 1)), 11);
    assert_true(f.est[2].label.time == 4); /* the later cohort is treated: the never treated alone */
    double only = side(&t, T, start, 2, true, 1, 4, &v[0]) - side(&t, T, start, 2, false, 1, 4, &v[1]) -
                  side(&t, T, start, NAN, true, 1, 4, &v[2]) + side(&t, T, start, NAN, false, 1, 4, &v[3]);
    CHECK_DIGITS(f.est[2].estimate, only, 11);
    CHECK_DIGITS(f.est[2].std_error, sqrt(v[0] + v[1] + v[2] + v[3]), 11);
}

static void base_periods(void **state)
{
    (void)state;
    enum { T = 5 };
    double start[N], v;
    for (size_t u = 0; u < N; u++) start[u] = u % 5 < 2 ? 4 : NAN;
    rl_table t = starts_panel(N, T, start, 74, &cx);
    for (int universal = 0; universal < 2; universal++) {
        rl_request r = request("y ~ 1");
        r.universal = universal;
        rl_result f = starts_fit(&t, &r, &cx);
        for (size_t i = 0; i < f.m; i++) {
            int p = f.est[i].label.time, base = universal || p >= 4 ? 3 : p - 1;
            if (p == base) {
                assert_true(f.est[i].estimate == 0 && isnan(f.est[i].std_error));
                continue;
            }
            double want = side(&t, T, start, 4, true, base, p, &v) - side(&t, T, start, 4, false, base, p, &v) -
                          side(&t, T, start, NAN, true, base, p, &v) + side(&t, T, start, NAN, false, base, p, &v);
            CHECK_DIGITS(f.est[i].estimate, want, 10);
        }
        assert_int_equal(f.m, universal ? 5 : 4);
    }
}

static void refusals(void **state)
{
    (void)state;
    enum { T = 3 };
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 5 < 2 ? 2 : NAN;
    rl_table t = starts_panel(N, T, start, 75, &cx);
    rl_request r = starts_request("ddd", "y ~ 1");
    starts_refused(&t, &r, RL_EUSAGE, "'ddd'", "--partition", &cx);
    r.partition = "nowhere";
    starts_refused(&t, &r, RL_EINPUT, "nowhere", "--partition", &cx);
    r.partition = "unit";
    starts_refused(&t, &r, RL_EINPUT, "'unit'", "0 and 1", &cx);
    r.partition = "t";
    starts_refused(&t, &r, RL_EINPUT, "'t'", "0 or 1", &cx);
    r = request("y ~ 1 | unit");
    starts_refused(&t, &r, RL_EUSAGE, "'ddd'", "fixed effects", &cx);
    r = request("y ~ 0 + x");
    starts_refused(&t, &r, RL_EUSAGE, "'ddd'", "constant", &cx);
    r = request("y ~ x + x2");
    r.method = "reg";
    double *twice = fit_num(&t, "x2", &cx);
    for (size_t i = 0; i < t.n; i++) twice[i] = 2 * rl_table_col(&t, "x")->num[i];
    starts_refused(&t, &r, RL_EDATA,
                   "'x2' does not vary, or depends on the columns before it, among 24 units that are not",
                   "cohort 2 and time 2", &cx);
    double *part = rl_table_col(&t, "part")->num;
    part[4 * T + 1] = 1 - part[4 * T + 1];
    r = request("y ~ 1");
    starts_refused(&t, &r, RL_EINPUT, "'u004'", "two different values of 'part'", &cx);
    for (size_t i = 0; i < t.n; i++) part[i] = start[i / T] == 2 ? 1 : (double)(i / T % 2);
    starts_refused(&t, &r, RL_EDATA, "cohort 2", "48 eligible units and 0 others", &cx);
    for (size_t i = 0; i < t.n; i++) part[i] = isnan(start[i / T]) ? 0 : (double)(i / T % 2);
    starts_refused(&t, &r, RL_EDATA, "never treated", "0 eligible units", &cx);
    for (size_t i = 0; i < t.n; i++) part[i] = (double)(i / T % 2);
    double *x = rl_table_col(&t, "x")->num;
    for (size_t i = 0; i < t.n; i++) x[i] = start[i / T] == 2 ? 5 + (double)(i / T % 7) : -(double)(i / T % 7);
    r = request("y ~ x");
    starts_refused(&t, &r, RL_EDATA, "no overlap: 'x' tells them apart", "eligible of the never treated", &cx);
}

/* A cell before the start that has no answer is left out and said; one after it is refused. */
static void cells_before_treatment(void **state)
{
    (void)state;
    enum { T = 4 };
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 5 < 2 ? 3 : NAN;
    rl_table t = starts_panel(N, T, start, 75, &cx);
    double *x = rl_table_col(&t, "x")->num;
    for (size_t i = 0; i < t.n; i++) x[i] += i % T == 0 && start[i / T] == 3 ? 50 : 0;
    rl_request r = request("y ~ x");
    rl_result f = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&f,
                             "1 cell before treatment has no answer and is left out: cell of cohort 3 and time 2, "
                             "eligible against the eligible of the never treated: no overlap: 'x' tells them apart"));
    assert_int_equal(f.m, 2);
    assert_int_equal(f.est[0].label.time, 3);
    for (size_t i = 0; i < t.n; i++) x[i] += i % T == 1 && start[i / T] == 3 ? 50 : 0;
    starts_refused(&t, &r, RL_EDATA, "no overlap: 'x'", "cohort 3 and time 3", &cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_periods_by_hand),
        cmocka_unit_test(three_answers_of_cs),
        cmocka_unit_test(several_controls),
        cmocka_unit_test(base_periods),
        cmocka_unit_test(refusals),
        cmocka_unit_test(cells_before_treatment),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
