#include "base/rng.h"
#include "check.h"
#include "num/dist.h"
#include "num/fixedb.h"

static rl_ctx cx;
static int32_t at[2000];

static int setup(void **state)
{
    (void)state;
    check_ctx(&cx);
    for (int i = 0; i < 2000; i++) at[i] = i - 7;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

static rl_fixedb made(size_t T, double S, double factor)
{
    rl_fixedb f;
    assert_true(rl_fixedb_make(at, T, S, factor, &f, &cx));
    return f;
}

/* Without lags, and T - 1 in the denominator, t is Student's and F Hotelling's. */
static void no_lag_is_student(void **state)
{
    (void)state;
    for (size_t T = 2; T < 90; T = 3 * T - 1) {
        double df = (double)T - 1;
        rl_fixedb f = made(T, 1, (double)T / df);
        for (double t = 0.3; t < 1e6; t *= 11) CHECK_DIGITS(rl_fixedb_p(&f, t), rl_t_p(t, df), 11);
        CHECK_DIGITS(rl_fixedb_critical(&f, 0.9), rl_t_quantile(0.95, df), 9);
        CHECK_DIGITS(rl_fixedb_student(rl_fixedb_critical(&f, 0.9), 0.9), df, 5);
        CHECK_DIGITS(f.mean, 1, 12);
        CHECK_DIGITS(f.df, df, 11);
        if (T < 20) continue;
        for (size_t q = 2; q < 8; q += 3) {
            double m = (double)q, p = rl_f_p(2.385 * (df - m + 1) / df, m, df - m + 1);
            CHECK_NEAR(rl_fixedb_joint(&f, q, 2.385, &cx), p, 0.0025);
        }
    }
    rl_fixedb f = made(31, 1, 31.0 / 30), g = made(41, 1, 41.0 / 40);
    CHECK_DIGITS(rl_fixedb_p(&g, 14.7), 1.01514454199116e-17, 11); /* R's 2 pt(-14.7, 40) */
    assert_true(rl_fixedb_p(&f, 0) == 1 && rl_fixedb_p(&f, HUGE_VAL) == 0 && isnan(rl_fixedb_p(&f, NAN)));
    CHECK_DIGITS(rl_fixedb_p(&f, -1.7), rl_fixedb_p(&f, 1.7), 17);
    CHECK_DIGITS(rl_fixedb_p(&f, 1e12), rl_t_p(1e12, 30), 9); /* 1e-330: nothing is lost on the way */
}

/* Kiefer & Vogelsang (2002), Econometric Theory 18, b = 1: 90, 95, 97.5 % and 99 % of Bartlett's t.
 * Kiefer & Vogelsang (2005): the fitted polynomial of the 97.5 % value. */
static void published(void **state)
{
    (void)state;
    rl_fixedb one = made(RL_FIXEDB_EXACT, RL_FIXEDB_EXACT, 1);
    CHECK_NEAR(rl_fixedb_critical(&one, 0.8), 2.740, 0.001);
    CHECK_NEAR(rl_fixedb_critical(&one, 0.9), 3.764, 0.001);
    CHECK_NEAR(rl_fixedb_critical(&one, 0.95), 4.771, 0.001);
    CHECK_NEAR(rl_fixedb_critical(&one, 0.98), 6.090, 0.001);
    for (double b = 0.04; b < 1; b *= 1.9) {
        rl_fixedb f = made(RL_FIXEDB_EXACT, b * RL_FIXEDB_EXACT, 1);
        CHECK_NEAR(rl_fixedb_critical(&f, 0.95), 1.96 + 2.9694 * b + 0.416 * b * b - 0.5324 * b * b * b, 0.045);
    }
}

/* Share of |t| beyond c of `times` series of white noise at these periods. */
static double simulated(const int32_t *when, size_t T, double S, double c, size_t times)
{
    size_t beyond = 0;
    double x[64];
    for (size_t r = 0; r < times; r++) {
        rl_rng g = rl_rng_for(905, r);
        double mean = 0, V = 0;
        for (size_t i = 0; i < T; i++) mean += (x[i] = rl_normal(&g)) / (double)T;
        for (size_t i = 0; i < T; i++)
            for (size_t j = 0; j < T; j++) {
                double k = 1 - fabs((double)when[i] - when[j]) / S;
                if (k > 0) V += k * (x[i] - mean) * (x[j] - mean) / (double)(T * T);
            }
        beyond += fabs(mean) > c * sqrt(V);
    }
    return (double)beyond / (double)times;
}

static void draws_agree(void **state)
{
    (void)state;
    static const int32_t gaps[] = {1, 2, 3, 7, 8, 10, 11, 12, 13, 25, 26, 27, 28, 30, 31, 33};
    rl_fixedb f = made(23, 7, 1), g;
    CHECK_NEAR(simulated(at, 23, 7, rl_fixedb_critical(&f, 0.95), 20000), 0.05, 0.0047); /* three standard errors */
    CHECK_NEAR(simulated(at, 23, 7, 1.1, 20000), rl_fixedb_p(&f, 1.1), 0.0102);
    assert_true(rl_fixedb_make(gaps, 16, 5, 1, &g, &cx));
    CHECK_NEAR(simulated(gaps, 16, 5, rl_fixedb_critical(&g, 0.9), 20000), 0.1, 0.0064);
}

/* Beyond 400 periods only b counts, and where it is small Student's t stands in. */
static void long_series(void **state)
{
    (void)state;
    rl_fixedb a = made(400, 40, 1), b = made(1200, 120, 1), c = made(399, 40, 1), small = made(2000, 6, 1);
    CHECK_DIGITS(rl_fixedb_p(&a, 2.385), rl_fixedb_p(&b, 2.385), 12);
    CHECK_DIGITS(rl_fixedb_p(&a, 2.385), rl_fixedb_p(&c, 2.385), 2);
    assert_true(small.n == 0 && small.df > 450 && small.df < 600);
    CHECK_DIGITS(small.mean, 1 - 6.0 / 2000, 4);
    CHECK_DIGITS(rl_fixedb_p(&small, rl_fixedb_critical(&small, 0.95)), 0.05, 9);
    CHECK_DIGITS(rl_fixedb_joint(&small, 3, 2.1, &cx),
                 rl_f_p(2.1 * small.mean * (small.df - 2) / small.df, 3, small.df - 2), 12);
}

static void several(void **state)
{
    (void)state;
    rl_fixedb f = made(60, 11, 1);
    rl_ctx one = cx;
    one.threads = 1;
    double p = rl_fixedb_joint(&f, 3, 4, &cx);
    assert_true(p == rl_fixedb_joint(&f, 3, 4, &one));
    CHECK_NEAR(p, 0.127, 0.004); /* 60,000 draws of z and A, another program */
    CHECK_NEAR(rl_fixedb_joint(&f, 5, 6, &cx), 0.0799, 0.004);
    CHECK_DIGITS(rl_fixedb_joint(&f, 1, 4, &cx), rl_fixedb_p(&f, 2), 17);
    assert_true(isnan(rl_fixedb_joint(&f, 9, 4, &cx)) && isnan(rl_fixedb_joint(&f, 2, NAN, &cx)));
    assert_true(rl_fixedb_student(1.9, 0.95) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_lag_is_student), cmocka_unit_test(published), cmocka_unit_test(draws_agree),
        cmocka_unit_test(long_series),       cmocka_unit_test(several),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
