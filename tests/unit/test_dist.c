#include "check.h"

#include <gsl/gsl_errno.h>

#include "num/dist.h"

/* Against closed forms: t with 1 and 2 degrees of freedom, chi-squared with
 * 2, F with 2 above; the normal through the complementary error function. */
static void tails(void **state)
{
    (void)state;
    for (double t = 0.0171; t < 30.0; t *= 1.3) {
        CHECK_DIGITS(rl_t_p(t, 1.0), 2.0 * atan(1.0 / t) / acos(-1.0), 12);
        CHECK_DIGITS(rl_t_p(-t, 2.0), 2.0 / (sqrt(2.0 + t * t) * (sqrt(2.0 + t * t) + t)), 12);
        CHECK_DIGITS(rl_t_p(t, 0.0), erfc(t / sqrt(2.0)), 12);
        CHECK_DIGITS(rl_t_p(t, HUGE_VAL), rl_t_p(t, 0.0), 17);
        CHECK_DIGITS(rl_chi2_p(t, 2.0), exp(-t / 2.0), 12);
        CHECK_DIGITS(rl_chi2_p(t * t, 1.0), erfc(t / sqrt(2.0)), 12);
        CHECK_DIGITS(rl_f_p(t, 2.0, 7.0), pow(1.0 + 2.0 * t / 7.0, -3.5), 12);
        CHECK_DIGITS(rl_f_p(t, 3.0, 0.0), rl_chi2_p(3.0 * t, 3.0), 12);
        CHECK_DIGITS(rl_f_p(t * t, 1.0, 11.5), rl_t_p(t, 11.5), 12);
    }
}

static void quantiles(void **state)
{
    (void)state;
    CHECK_DIGITS(rl_t_quantile(0.975, 10.0), 2.2281388519862744, 12);
    CHECK_DIGITS(rl_t_quantile(0.975, 0.0), 1.959963984540054, 12.5);
    CHECK_DIGITS(rl_t_quantile(0.025, 7.5), -rl_t_quantile(0.975, 7.5), 12);
    for (double df = 1.0; df < 3000.0; df *= 2.385) {
        for (double p = 0.9; p < 0.9999; p += 0.0171)
            CHECK_DIGITS(rl_t_p(rl_t_quantile(p, df), df), 2.0 - 2.0 * p, 10.5);
    }
}

static void thirteen_digits(void **state)
{
    (void)state;
    char text[40];
    double p = rl_t_p(2.385, 11.0);
    snprintf(text, sizeof text, "%.12e", p);
    assert_true(strtod(text, NULL) == p);
}

static void edges(void **state)
{
    (void)state;
    assert_true(rl_t_p(HUGE_VAL, 5.0) == 0.0 && rl_t_p(0.0, 5.0) == 1.0 && isnan(rl_t_p(NAN, 5.0)));
    assert_true(isnan(rl_t_p(1.7, -1.0)) && isnan(rl_t_p(1.7, NAN)));
    assert_true(rl_t_quantile(0.0, 3.0) == -HUGE_VAL && rl_t_quantile(1.0, 3.0) == HUGE_VAL);
    assert_true(isnan(rl_t_quantile(1.1, 3.0)) && isnan(rl_t_quantile(NAN, 3.0)) && isnan(rl_t_quantile(0.5, -2.0)));
    assert_true(rl_chi2_p(0.0, 2.0) == 1.0 && rl_chi2_p(-1.0, 2.0) == 1.0 && rl_chi2_p(HUGE_VAL, 2.0) == 0.0);
    assert_true(isnan(rl_chi2_p(1.7, 0.0)) && isnan(rl_chi2_p(NAN, 2.0)));
    assert_true(rl_f_p(0.0, 2.0, 7.0) == 1.0 && rl_f_p(HUGE_VAL, 2.0, 7.0) == 0.0);
    assert_true(isnan(rl_f_p(1.7, 0.0, 7.0)) && isnan(rl_f_p(NAN, 2.0, 7.0)) && isnan(rl_f_p(1.7, 2.0, -1.0)));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails),
        cmocka_unit_test(quantiles),
        cmocka_unit_test(thirteen_digits),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
