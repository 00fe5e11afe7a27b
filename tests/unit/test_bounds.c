/* Simulated bounds against Pesaran, Shin & Smith (2001), tables CI and CII at T = 1000: the published
 * figures are simulated too, from 40,000 draws, so that both are within a few hundredths. */
#include "check.h"

#include "model/bounds.h"

static void published(void **s)
{
    (void)s;
    static const struct {
        bool t;
        int kase;
        size_t k;
        double alpha, lower, upper;
    } KNOWN[] = {
        {false, 1, 1, .05, 3.15, 4.11},  {false, 2, 1, .05, 3.62, 4.16},  {false, 3, 1, .05, 4.94, 5.73},
        {false, 3, 1, .10, 4.04, 4.78},  {false, 3, 1, .01, 6.84, 7.84},  {false, 3, 4, .05, 2.86, 4.01},
        {false, 4, 1, .05, 4.68, 5.15},  {false, 5, 1, .05, 6.56, 7.30},  {false, 3, 2, .05, 3.79, 4.85},
        {true, 1, 1, .05, -1.95, -2.60}, {true, 3, 1, .05, -2.86, -3.22}, {true, 3, 4, .05, -2.86, -3.99},
        {true, 5, 1, .05, -3.41, -3.69},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        double lo = rl_bounds_critical(KNOWN[i].t, KNOWN[i].kase, KNOWN[i].k, 1000, false, KNOWN[i].alpha);
        double hi = rl_bounds_critical(KNOWN[i].t, KNOWN[i].kase, KNOWN[i].k, 1000, true, KNOWN[i].alpha);
        CHECK_NEAR(lo, KNOWN[i].lower, KNOWN[i].alpha < .05 ? 0.1 : 0.07);
        CHECK_NEAR(hi, KNOWN[i].upper, KNOWN[i].alpha < .05 ? 0.1 : 0.07);
    }
}

/* With no regressor t is that of Dickey and Fuller: -2.86 at 5 % with a constant, -3.41 with a trend, -1.94 without. */
static void dickey_fuller(void **s)
{
    (void)s;
    for (int upper = 0; upper < 2; upper++) {
        CHECK_NEAR(rl_bounds_critical(true, 3, 0, 1e6, upper, .05), -2.86, 0.02);
        CHECK_NEAR(rl_bounds_critical(true, 5, 0, 1e6, upper, .05), -3.41, 0.02);
        CHECK_NEAR(rl_bounds_critical(true, 1, 0, 1e6, upper, .05), -1.94, 0.02);
        CHECK_NEAR(rl_bounds_critical(true, 3, 0, 50, upper, .05), -2.92, 0.03);
    }
}

/* p of a critical value is its level, falls with the statistic, and is larger at the upper bound. */
static void p_values(void **s)
{
    (void)s;
    for (int t = 0; t < 2; t++)
        for (int kase = 1; kase <= 5; kase += t ? 2 : 1)
            for (size_t k = 1; k <= RL_BOUNDS_MOST; k += 3)
                for (double alpha = .005; alpha < .9; alpha *= 1.7) {
                    double T = 83, x = rl_bounds_critical(t, kase, k, T, true, alpha), far = t ? x - .1 : x + .1;
                    CHECK_DIGITS(rl_bounds_p(t, kase, k, T, true, x), alpha, 9);
                    assert_true(rl_bounds_p(t, kase, k, T, true, far) < alpha);
                    if (k > 3) assert_true(rl_bounds_p(t, kase, k, T, false, x) < alpha);
                }
    assert_true(rl_bounds_p(false, 3, 2, 90, true, 60.3) < 1e-6);
    assert_true(rl_bounds_p(false, 3, 2, 90, true, 0.001) > 0.99);
    assert_true(isnan(rl_bounds_p(false, 3, RL_BOUNDS_MOST + 1, 90, true, 4.2)));
    assert_true(isnan(rl_bounds_critical(false, 3, RL_BOUNDS_MOST + 1, 90, true, .05)));
}

int main(void)
{
    const struct CMUnitTest t[] = {cmocka_unit_test(published), cmocka_unit_test(dickey_fuller),
                                   cmocka_unit_test(p_values)};
    return cmocka_run_group_tests(t, NULL, NULL);
}
