#include "unit/own_fit.h"

enum { MOST = 5 };

/* A unit: its treatments and outcomes by period; NaN = the cell is empty. */
typedef struct unit {
    double cluster, d[MOST], y[MOST];
} unit;

static rl_table table(const unit *u, size_t N, size_t T)
{
    rl_table t = fit_table(N * T);
    double *id = fit_num(&t, "id", &cx), *at = fit_num(&t, "t", &cx), *d = fit_num(&t, "d", &cx),
           *c = fit_num(&t, "c", &cx), *w = fit_num(&t, "w", &cx), *y = fit_num(&t, "y", &cx);
    for (size_t i = 0; i < t.n; i++) {
        id[i] = (double)(i / T) + 21;
        at[i] = (double)(i % T) + 2011;
        d[i] = u[i / T].d[i % T];
        c[i] = u[i / T].cluster;
        w[i] = 1 + (double)(i / T % 2);
        y[i] = u[i / T].y[i % T];
    }
    return t;
}

static rl_request request(int lo, int hi)
{
    rl_request r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name("dcdh");
    r.unit = "id";
    r.time = "t";
    r.treated = "d";
    r.vcov.kind = RL_VCOV_DEFAULT;
    r.has_window = true;
    r.window_lo = lo;
    r.window_hi = hi;
    return r;
}

static rl_result fit(const unit *u, size_t N, size_t T, const rl_request *r)
{
    rl_table t = table(u, N, T);
    rl_result out;
    CHECK_OK(rl_estimate_run(r, &t, &out, cx.keep, &cx), &cx);
    return out;
}

/* Rows left out under that name; 0 = none. */
static size_t left_out(const rl_result *r, const char *why)
{
    for (size_t i = 0; i < r->n_dropped; i++)
        if (strcmp(r->dropped[i].why, why) == 0) return r->dropped[i].rows;
    return 0;
}

static const char MIXED[] = "treated both more and less than at first by then",
                  ALIKE[] = "whose first treatment ends for all at once or for none",
                  ALONE[] = "whose first treatment no unit still has";

/* Two periods: a difference of means, and s1^2/n1 + s0^2/n0. */
static void two_by_two(void **state)
{
    (void)state;
    static const unit U[] = {
        {1, {0, 1}, {2.385, 5.1}}, {2, {0, 1}, {1.7, 3.3}}, {3, {0, 0}, {4.2, 4.9}},
        {4, {0, 0}, {0.3, 0.2}},   {5, {0, 0}, {3.1, 4.6}},
    };
    rl_request r = request(-1, 0);
    rl_result out = fit(U, 5, 2, &r);
    const rl_estimate *e = fit_event(&out, 0);
    CHECK_DIGITS(e->estimate, (2.715 + 1.6) / 2 - (0.7 - 0.1 + 1.5) / 3, 14);
    double s1 = 2 * (2.715 - 2.1575) * (2.715 - 2.1575), s0 = 0 + 0.8 * 0.8 + 0.8 * 0.8;
    CHECK_DIGITS(e->std_error, sqrt(s1 / 2 + s0 / 2 / 3), 14);
    assert_true(e->df == 0);
    CHECK_DIGITS(fit_find(&out, "overall")->estimate, e->estimate, 15);
    assert_int_equal(out.n_tests, 0);
}

/* What goes from 1 to 0 counts with the other sign, against those that stay at 1. */
static const unit ON_OFF[] = {
    {1, {0, 0, 1}, {1, 1.5, 4.75}},  {1, {0, 0, 1}, {2, 2.25, 5}},    {2, {0, 0, 0}, {1, 1.25, 1.875}},
    {2, {0, 0, 0}, {3, 3.5, 4}},     {1, {1, 1, 0}, {6, 6.5, 4.125}}, {2, {1, 1, 0}, {5, 5.125, 3.75}},
    {3, {1, 1, 1}, {7, 7.375, 7.5}}, {3, {1, 1, 1}, {8, 8.25, 9}},
};

static void off_as_well_as_on(void **state)
{
    (void)state;
    rl_request r = request(-2, 0);
    rl_result out = fit(ON_OFF, 8, 3, &r);
    double up = (3.25 + 2.75) / 2 - (0.625 + 0.5) / 2, down = (-2.375 - 1.375) / 2 - (0.125 + 0.75) / 2;
    CHECK_DIGITS(fit_event(&out, 0)->estimate, (up - down) / 2, 14);
    double up0 = -(0.5 + 0.25) / 2 + (0.25 + 0.5) / 2, down0 = -(0.5 + 0.125) / 2 + (0.375 + 0.25) / 2;
    CHECK_NEAR(fit_event(&out, -2)->estimate, (up0 - down0) / 2, 1e-15);
    /* variances of four means, each of two: (a - b)^2 / 2 / 2, times (2/4)^2 */
    double v = (0.5 * 0.5 + 0.125 * 0.125 + 1 + 0.625 * 0.625) / 4 / 4;
    CHECK_DIGITS(fit_event(&out, 0)->std_error, sqrt(v), 14);
    assert_string_equal(out.test[0].name, "pre-trend");
    assert_false(noted(&out, "--as exact"));
}

static void clusters_with_both(void **state)
{
    (void)state;
    rl_request r = request(-1, 0);
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"c"}, .lag = -1};
    rl_result peer = fit(ON_OFF, 8, 3, &r);
    assert_true(noted(&peer, "--as exact"));
    r.profile = "exact";
    rl_result exact = fit(ON_OFF, 8, 3, &r);
    assert_false(noted(&exact, "--as exact"));
    /* influence of units: +-(half the difference) sqrt(2) / 4 */
    double q = sqrt(2) / 4 / 2;
    double up[2] = {0.5 * q, -0.5 * q}, up0[2] = {-0.125 * q, 0.125 * q}, down[2] = {-1 * q, 1 * q};
    double one = up[0] + up[1], two = up0[0] + up0[1], three = 0;
    CHECK_DIGITS(peer.est[0].std_error, sqrt((one + down[0]) * (one + down[0]) + (two + down[1]) * (two + down[1])),
                 14);
    CHECK_DIGITS(exact.est[0].std_error,
                 sqrt((one - down[0]) * (one - down[0]) + (two - down[1]) * (two - down[1]) + three), 14);
    static const unit MORE = {1, {0, 0, 1}, {2, 2.5, 3.5}};
    unit u[8];
    memcpy(u, ON_OFF, sizeof u);
    u[1] = MORE;
    u[1].cluster = 2; /* now up and down share clusters 1 and 2 unevenly */
    r.profile = NULL;
    peer = fit(u, 8, 3, &r);
    r.profile = "exact";
    exact = fit(u, 8, 3, &r);
    CHECK_DIGITS(peer.est[0].estimate, exact.est[0].estimate, 15);
    assert_true(fabs(peer.est[0].std_error - exact.est[0].std_error) > 0.05);
}

/* Doses from 1: to 3 and stays, to 2 and then 4; effects, treatment received, and the overall figure. */
static const unit DOSES[] = {
    {1, {1, 3, 3}, {1, 5, 6.5}},        {2, {1, 2, 4}, {2, 3.25, 8.5}},     {3, {1, 1, 1}, {1.5, 1.875, 2}},
    {4, {1, 1, 1}, {2.5, 2.625, 2.75}}, {5, {0, 0, 2}, {1, 1.125, 3.3125}},
};

static void doses(void **state)
{
    (void)state;
    rl_request r = request(-1, 1);
    rl_result out = fit(DOSES, 5, 3, &r);
    double first = (4 + 1.25) / 2 - 0.25, second = (5.5 + 6.5) / 2 - 0.375;
    CHECK_DIGITS(fit_event(&out, 0)->estimate, first, 14);
    CHECK_DIGITS(fit_event(&out, 1)->estimate, second, 14);
    CHECK_DIGITS(fit_find(&out, "overall")->estimate, (2 * first + 2 * second) / (2 + 1 + 2 + 3), 14);
    assert_int_equal(left_out(&out, ALIKE), 3); /* the only unit that starts at 0 */
    assert_int_equal(out.rows_used, 12);
    assert_int_equal(out.clusters, 4);
    assert_true(noted(&out, "2 of 2 switches are alone"));
    CHECK_DIGITS(fit_event(&out, 0)->std_error, sqrt(2) * 0.125 * sqrt(2) / 2, 14); /* the controls' alone */
    r.profile = "exact"; /* changes 4 and 1.25 beside 0.375 and 0.125 of the controls: mean 1.4375 */
    rl_result normal, exact = fit(DOSES, 5, 3, &r);
    assert_false(noted(&exact, "alone with"));
    CHECK_DIGITS(fit_event(&exact, 0)->std_error, sqrt((2.5625 * 2.5625 + 0.1875 * 0.1875) * 4 / 3 / 4 + 0.125 * 0.125),
                 14);
    r.profile = NULL;
    r.normalized = true;
    normal = fit(DOSES, 5, 3, &r);
    CHECK_DIGITS(fit_event(&normal, 0)->estimate, first / 1.5, 14);
    CHECK_DIGITS(fit_event(&normal, 1)->estimate, second / ((4 + 4) / 2.), 14);
    CHECK_DIGITS(fit_event(&normal, 1)->std_error, fit_event(&out, 1)->std_error / 4, 14);
    CHECK_DIGITS(fit_find(&normal, "overall")->estimate, fit_find(&out, "overall")->estimate, 15);
    CHECK_DIGITS(fit_find(&normal, "overall")->std_error, fit_find(&out, "overall")->std_error, 14);
    r.normalized = false;
    r.has_window = false;
    r.agg = RL_AGG_SIMPLE;
    rl_result simple = fit(DOSES, 5, 3, &r);
    assert_int_equal(simple.m, 1);
    CHECK_DIGITS(simple.est[0].estimate, fit_find(&out, "overall")->estimate, 15);
    CHECK_DIGITS(simple.est[0].std_error, fit_find(&out, "overall")->std_error, 15);
}

static void fixed_composition(void **state)
{
    (void)state;
    unit u[5];
    memcpy(u, DOSES, sizeof u);
    u[1].y[2] = NAN; /* seen at event 0 alone */
    rl_request r = request(-1, 1);
    rl_result out = fit(u, 5, 3, &r);
    CHECK_DIGITS(fit_event(&out, 0)->estimate, (4 + 1.25) / 2 - 0.25, 14);
    CHECK_DIGITS(fit_event(&out, 1)->estimate, 5.5 - 0.375, 14);
    r.same_units = true;
    out = fit(u, 5, 3, &r);
    CHECK_DIGITS(fit_event(&out, 0)->estimate, 4 - 0.25, 14);
    CHECK_DIGITS(fit_event(&out, 1)->estimate, 5.5 - 0.375, 14);
}

static void weights(void **state)
{
    (void)state;
    static const unit U[] = {
        {1, {0, 1}, {2, 5}},
        {2, {0, 1}, {1, 3.5}},
        {3, {0, 0}, {4, 4.75}},
        {4, {0, 0}, {1, 1.25}},
    };
    rl_request r = request(-1, 0);
    r.weights = "w"; /* 1 2 1 2 */
    rl_result out = fit(U, 4, 2, &r);
    CHECK_DIGITS(out.est[0].estimate, (3 + 2 * 2.5) / 3 - (0.75 + 2 * 0.25) / 3, 14);
}

/* The path of a treatment is known where the outcome is not, and the other way round. */
static void missing_cells(void **state)
{
    (void)state;
    static const unit CONTROL[] = {{5, {0, 0, 0, 0}, {1, 1.25, 1.75, 2}}, {6, {0, 0, 0, 0}, {2, 2.125, 2.5, 3}}};
    rl_request r = request(-1, 1);
    unit u[4] = {{1, {0, 0, 1, 1}, {1, NAN, 4, 5}}, {2, {0, 0, 1, 1}, {2, 2.5, 5, 7}}, CONTROL[0], CONTROL[1]};
    rl_result out = fit(u, 4, 4, &r); /* the first has no outcome before its switch */
    CHECK_DIGITS(fit_event(&out, 0)->estimate, 2.5 - (0.5 + 0.375) / 2, 14);
    u[0] = (unit){1, {0, NAN, 1, 1}, {1, 1.5, 4, 5}}; /* switched in 2 or 3: a control until 1, that is: not at all */
    out = fit(u, 4, 4, &r);
    CHECK_DIGITS(fit_event(&out, 0)->estimate, 2.5 - (0.5 + 0.375) / 2, 14);
    u[0] = (unit){1, {0, 0, 1, NAN}, {1, 1.5, 4, 5}}; /* goes on as in the period of the switch */
    out = fit(u, 4, 4, &r);
    CHECK_DIGITS(fit_event(&out, 1)->estimate, (3.5 + 4.5) / 2 - (0.75 + 0.875) / 2, 14);
    CHECK_DIGITS(fit_find(&out, "overall")->estimate, (fit_event(&out, 0)->estimate + fit_event(&out, 1)->estimate) / 2,
                 14);
    u[0] = (unit){1, {NAN, 0, 1, 1}, {1, 1.5, 4, 5}}; /* begins in 2 */
    r.window_lo = -2;
    out = fit(u, 4, 4, &r);
    CHECK_DIGITS(fit_event(&out, 0)->estimate, (2.5 + 2.5) / 2 - (0.5 + 0.375) / 2, 14);
    CHECK_DIGITS(fit_event(&out, -2)->estimate, -0.5 + (0.25 + 0.125) / 2, 14);
    u[0] = (unit){1, {0, 1, -1, -1}, {1, 1.5, 4, 5}}; /* above and then below: two rows */
    out = fit(u, 4, 4, &r);
    assert_int_equal(left_out(&out, MIXED), 2);
    assert_int_equal(out.rows_used, 14);
}

/* Rows of no use are counted out, each under its reason; without them every figure is the same. */
static void rows_of_no_use(void **state)
{
    (void)state;
    static const unit U[] = {
        {1, {0, 1, 1, 1}, {1, 3, 3.5, 5}},  {2, {0, 1, 1, -1}, {2, 4.5, 5, 7}}, {3, {0, 0, 1, 1}, {1, 1.5, 4, 4.25}},
        {4, {0, 0, 1, 1}, {3, 3.25, 5, 6}}, {5, {7, 7, 7, 7}, {1, 2, 4, 8}},    {6, {7, 7, 7, 7}, {3, 2, 3.5, 1}},
    };
    rl_request r = request(-1, 0);
    rl_result out = fit(U, 6, 4, &r), few;
    assert_int_equal(left_out(&out, MIXED), 1);
    assert_int_equal(left_out(&out, ALIKE), 8);
    assert_int_equal(left_out(&out, ALONE), 7); /* periods 3 and 4 of the first four units, but for the one above */
    assert_int_equal(out.rows_used, 8);
    assert_int_equal(out.clusters, 4);
    assert_int_equal(out.n_dropped, 3);
    assert_false(noted(&out, "not used"));
    CHECK_DIGITS(fit_event(&out, 0)->estimate, (2 + 2.5) / 2 - (0.5 + 0.25) / 2, 14);
    few = fit(U, 4, 2, &r);
    assert_int_equal(few.n_dropped, 0);
    for (size_t j = 0; j < out.m; j++) {
        CHECK_DIGITS(few.est[j].estimate, out.est[j].estimate, 14);
        CHECK_DIGITS(few.est[j].std_error, out.est[j].std_error, 14);
    }
}

/* A period in which only rows of no use stand is a period still: event 1 is two later, where nobody is seen. */
static void periods_of_rows_left_out(void **state)
{
    (void)state;
    static const unit U[] = {
        {1, {0, 1, 1, 1}, {1, 3, NAN, 5}},   {2, {0, 0, 0, 0}, {2, 2.5, NAN, 3}}, {3, {0, 0, 0, 0}, {1, 1.75, NAN, 4}},
        {4, {0, 1, 1, 1}, {1, 3.5, NAN, 9}}, {5, {7, 7, 7, 7}, {1, 2, 4, 8}},
    };
    rl_request r = request(-1, 2);
    rl_result out;
    rl_table t = table(U, 5, 4);
    for (size_t i = 2; i < 16; i += 4) t.col[1].num[i] = NAN;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_int_equal(left_out(&out, ALIKE), 4);
    CHECK_DIGITS(fit_event(&out, 2)->estimate, (4 + 8) / 2. - (1 + 3) / 2., 14);
}

/* Rows that the request leaves out have a treatment and no outcome. */
static void rows_left_out(void **state)
{
    (void)state;
    rl_request r = request(-1, 1);
    rl_table t = table(DOSES, 5, 3);
    unsigned char leave[15] = {0};
    leave[5] = 1;
    r.leave = leave;
    r.leave_why = "left out";
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    CHECK_DIGITS(fit_event(&out, 0)->estimate, (4 + 1.25) / 2 - 0.25, 14);
    CHECK_DIGITS(fit_event(&out, 1)->estimate, 5.5 - 0.375, 14);
}

static void refused_of(const unit *u, size_t N, size_t T, rl_request r, rl_code code, const char *word)
{
    rl_table t = table(u, N, T);
    refused(&t, r, code, word);
}

static void refusals(void **state)
{
    (void)state;
    static const unit AT_ONCE[] = {{1, {0, 1}, {1, 2}}, {2, {0, 1}, {1, 3}}},
                      NEVER[] = {{1, {0, 0}, {1, 2}}, {2, {0, 0}, {1, 3}}};
    rl_request r = request(-1, 0), with = r;
    refused_of(AT_ONCE, 2, 2, r, RL_EDATA, "4 rows");
    refused_of(NEVER, 2, 2, r, RL_EDATA, "no switch of 'd'");
    refused_of(DOSES, 5, 1, r, RL_EDATA, "one period");
    with.window_lo = 1, with.window_hi = 2;
    refused_of(DOSES, 5, 3, with, RL_EUSAGE, "--window 1:2");
    with = r, with.formula = "y ~ w";
    refused_of(DOSES, 5, 3, with, RL_EUSAGE, "no covariates");
    with = r, with.agg = RL_AGG_GROUP;
    refused_of(DOSES, 5, 3, with, RL_EUSAGE, "--agg");
    with = r, with.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"t"}, .lag = -1};
    refused_of(DOSES, 5, 3, with, RL_EDATA, "'t' differs");
    rl_table t = table(DOSES, 5, 3);
    rl_result out;
    t.col[1].num[4] = 2011;
    cx.err = (rl_err){0};
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EINPUT);
    assert_non_null(strstr(cx.err.what, "'22'"));
    unit u[5];
    memcpy(u, DOSES, sizeof u);
    u[0].y[2] = u[1].y[2] = NAN;
    with = request(-1, 1), with.same_units = true;
    refused_of(u, 5, 3, with, RL_EDATA, "at each of the effects");
}

static void asked_too_much(void **state)
{
    (void)state;
    rl_request r = request(-4, 5);
    rl_result out = fit(DOSES, 5, 3, &r);
    assert_true(noted(&out, "of 6 effects asked for, 2 can be estimated"));
    assert_true(noted(&out, "of 3 placebos asked for, 2 are given"));
    assert_true(noted(&out, "event -2 cannot be estimated"));
    r = request(-1, 0);
    rl_table t = table(DOSES, 5, 3);
    for (size_t i = 2; i < t.n; i += 3) t.col[1].num[i] = 2015;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_true(noted(&out, "not equally far apart"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_by_two),    TEST(off_as_well_as_on), TEST(clusters_with_both),
        TEST(doses),         TEST(fixed_composition), TEST(weights),
        TEST(missing_cells), TEST(rows_of_no_use),    TEST(periods_of_rows_left_out),
        TEST(rows_left_out), TEST(refusals),          TEST(asked_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
