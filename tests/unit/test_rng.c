#include "check.h"

#include "base/rng.h"

static void normal_quantiles(void **state)
{
    (void)state;
    /* From the normal distribution function inverted to 16 digits. */
    CHECK_DIGITS(rl_normal_of(0.975), 1.9599639845400542, 15);
    CHECK_DIGITS(rl_normal_of(0.3), -0.5244005127080407, 15);
    CHECK_DIGITS(rl_normal_of(1e-10), -6.361340902404056, 15);
    CHECK_DIGITS(rl_normal_of(1e-100), -21.273453560965326, 15);
    assert_true(rl_normal_of(0.5) == 0.0);
    assert_true(rl_normal_of(0.0) == -HUGE_VAL && rl_normal_of(1.0) == HUGE_VAL);
    assert_true(isnan(rl_normal_of(1.5)) && isnan(rl_normal_of(NAN)));
    for (int i = 1; i < 64; i++) assert_true(rl_normal_of(i / 128.0) == -rl_normal_of(1.0 - i / 128.0));
}

static void draws_belong_to_their_unit(void **state)
{
    (void)state;
    assert_true(rl_draw(7, 11, 0) == rl_draw(7, 11, 0));
    assert_true(rl_draw(7, 11, 0) != rl_draw(7, 11, 1));
    assert_true(rl_draw(7, 11, 0) != rl_draw(7, 12, 0));
    assert_true(rl_draw(7, 11, 0) != rl_draw(8, 11, 0));
    rl_rng a = rl_rng_for(7, 11), b = rl_rng_for(7, 11);
    for (int i = 0; i < 17; i++) assert_true(rl_normal(&a) == rl_normal(&b));
    assert_true(rl_uniform_of(0) > 0.0 && rl_uniform_of(UINT64_MAX) < 1.0);
}

typedef double draw_fn(rl_rng *r, double p);
static double a_uniform(rl_rng *r, double p) { return p * rl_uniform(r); }
static double a_normal(rl_rng *r, double p) { return p + rl_normal(r); }
static double an_exponential(rl_rng *r, double p) { return p * rl_exponential(r); }
static double a_gamma(rl_rng *r, double p) { return rl_gamma(r, p); }
static double a_poisson(rl_rng *r, double p) { return (double)rl_poisson(r, p); }

/* Mean and variance of N draws lie within 5 standard errors of the truth; the
 * fourth central moment gives the variance's own. */
static void check_moments(draw_fn *fn, double p, double mean, double var, double fourth)
{
    enum { N = 40000 };
    rl_rng r = rl_rng_for(2385, (uint64_t)(1000.0 * p));
    double s = 0.0, ss = 0.0;
    for (int i = 0; i < N; i++) {
        double x = fn(&r, p) - mean;
        s += x;
        ss += x * x;
    }
    CHECK_NEAR(s / N, 0.0, 5.0 * sqrt(var / N));
    CHECK_NEAR(ss / N, var, 5.0 * sqrt((fourth - var * var) / N));
}

static void moments(void **state)
{
    (void)state;
    check_moments(a_uniform, 3.0, 1.5, 0.75, 81.0 / 80);
    check_moments(a_normal, 2.385, 2.385, 1.0, 3.0);
    check_moments(an_exponential, 1.7, 1.7, 1.7 * 1.7, 9.0 * 1.7 * 1.7 * 1.7 * 1.7);
    const double shape[] = {0.07, 0.37, 1.0, 2.385, 71.3};
    for (int i = 0; i < 5; i++)
        check_moments(a_gamma, shape[i], shape[i], shape[i], 3.0 * shape[i] * shape[i] + 6.0 * shape[i]);
    const double rate[] = {0.03, 2.385, 9.99, 10.0, 37.7, 499.0};
    for (int i = 0; i < 6; i++) check_moments(a_poisson, rate[i], rate[i], rate[i], rate[i] + 3.0 * rate[i] * rate[i]);
}

/* Every count of a Poisson has its own probability, on both sides of the
 * change of method: chi-squared over the cells with 5 or more expected. */
static void poisson_cells(void **state)
{
    (void)state;
    const double rate[] = {9.7, 10.3, 43.0};
    for (int m = 0; m < 3; m++) {
        enum { N = 40000, MOST = 200 };
        double seen[MOST] = {0}, p = exp(-rate[m]), chi2 = 0.0;
        int cells = 0;
        rl_rng r = rl_rng_for(17, (uint64_t)m);
        for (int i = 0; i < N; i++) seen[rl_poisson(&r, rate[m])]++;
        for (int k = 0; k < MOST; p *= rate[m] / ++k) {
            if (N * p < 5.0) continue;
            chi2 += (seen[k] - N * p) * (seen[k] - N * p) / (N * p);
            cells++;
        }
        CHECK_NEAR(chi2, cells, 4.5 * sqrt(2.0 * cells));
    }
    rl_rng r = rl_rng_for(1, 1);
    for (int i = 0; i < 71; i++) assert_int_equal(rl_poisson(&r, 0.0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_quantiles),
        cmocka_unit_test(draws_belong_to_their_unit),
        cmocka_unit_test(moments),
        cmocka_unit_test(poisson_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
