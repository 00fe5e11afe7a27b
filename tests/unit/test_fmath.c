#include "check.h"

#include <float.h>
#include <string.h>

#include "base/dd.h"
#include "base/fmath.h"
#include "base/rng.h"

/* Distance of got from want in units of the last place of a double. */
static double ulps(double got, long double want)
{
    int e;
    frexp((double)want, &e);
    if (e < -1021) e = -1021;
    return (double)fabsl(((long double)got - want) / ldexpl(1.0L, e - 53));
}

#define CHECK_ULPS(got, want)                                                                            \
    do {                                                                                                 \
        double got_ = (got);                                                                             \
        long double want_ = (want);                                                                      \
        if (isfinite(got_) && !(ulps(got_, want_) <= 0.6))                                               \
            fail_msg("%s is %a, off by %.3f ulp (x = %a, y = %a)", #got, got_, ulps(got_, want_), x, y); \
    } while (0)

static void within_half_an_ulp(void **state)
{
    (void)state;
    rl_rng r = rl_rng_for(71, 3);
    for (int i = 0; i < 20000; i++) {
        double u = rl_uniform(&r), v = rl_uniform(&r), s = u - 0.5, x, y = 0.0;
        x = 1500.0 * s;
        CHECK_ULPS(rl_exp(x), expl(x));
        x = ldexp(s, 6 - (int)(60.0 * v));
        CHECK_ULPS(rl_exp(x), expl(x));
        CHECK_ULPS(rl_expm1(x), expm1l(x));
        x = ldexp(u, (int)(2000.0 * v) - 1040);
        CHECK_ULPS(rl_log(x), logl(x));
        x = 1.0 + ldexp(s, -(int)(50.0 * v));
        CHECK_ULPS(rl_log(x), logl(x));
        x = ldexp(s, -(int)(60.0 * v));
        CHECK_ULPS(rl_log1p(x), log1pl(x));
        x = ldexp(u, (int)(900.0 * v));
        CHECK_ULPS(rl_log1p(x), log1pl(x));
        x = ldexp(u, (int)(10.0 * v));
        y = 300.0 * (rl_uniform(&r) - 0.5);
        CHECK_ULPS(rl_pow(x, y), powl(x, y));
        x = 1.0 + 1e-3 * s;
        y = 1e5 * (v - 0.5);
        CHECK_ULPS(rl_pow(x, y), powl(x, y));
    }
}

static void mix(uint64_t *h, double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    *h = rl_mix64(*h ^ u);
}

/* The figure is the point: another compiler or CPU must find the same one. */
static void the_same_bits_everywhere(void **state)
{
    (void)state;
    uint64_t h = 0;
    rl_rng r = rl_rng_for(2385, 17);
    for (int i = 0; i < 20000; i++) {
        double u = rl_uniform(&r), v = rl_uniform(&r);
        mix(&h, rl_exp(1500.0 * (u - 0.5)));
        mix(&h, rl_expm1(8.0 * (u - 0.5)));
        mix(&h, rl_log(ldexp(u, (int)(2000.0 * v) - 1000)));
        mix(&h, rl_log1p(3.0 * u - 0.9));
        mix(&h, rl_pow(9.0 * u, 40.0 * (v - 0.5)));
        mix(&h, rl_normal(&r));
        mix(&h, rl_gamma(&r, 0.1 + 5.0 * u));
        mix(&h, (double)rl_poisson(&r, 60.0 * v));
    }
    assert_true(h == 0x4dccd2223bdd7b7e);
}

static void special_values(void **state)
{
    (void)state;
    double inf = HUGE_VAL;
    assert_true(rl_exp(-inf) == 0.0 && rl_exp(inf) == inf && isnan(rl_exp(NAN)));
    assert_true(rl_exp(709.7) < inf && rl_exp(709.79) == inf && rl_exp(-745.2) == 0.0);
    assert_true(rl_exp(-745.1) == 0x1p-1074 && rl_exp(0.0) == 1.0);
    assert_true(rl_expm1(-inf) == -1.0 && rl_expm1(inf) == inf && isnan(rl_expm1(NAN)));
    assert_true(signbit(rl_expm1(-0.0)) && rl_expm1(1e-300) == 1e-300);
    assert_true(rl_log(0.0) == -inf && rl_log(inf) == inf && isnan(rl_log(-1.7)) && isnan(rl_log(NAN)));
    assert_true(rl_log(1.0) == 0.0);
    CHECK_DIGITS(rl_log(0x1p-1074), -744.44007192138126, 16);
    assert_true(rl_log1p(-1.0) == -inf && rl_log1p(inf) == inf && isnan(rl_log1p(-1.1)) && isnan(rl_log1p(NAN)));
    assert_true(signbit(rl_log1p(-0.0)));
}

static void powers(void **state)
{
    (void)state;
    double inf = HUGE_VAL;
    const double at[] = {-inf, -3.0, -2.385, -2.0, -1.0, -0.5, -0.0,  0.0,   0.5,
                         1.0,  2.0,  2.385,  3.0,  inf,  NAN,  1e308, -1e308};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        for (size_t j = 0; j < sizeof at / sizeof *at; j++) {
            double got = rl_pow(at[i], at[j]), want = pow(at[i], at[j]);
            if (isnan(want))
                assert_true(isnan(got));
            else if (!(got == want && signbit(got) == signbit(want)) && !(check_digits_of(got, want) > 15.5))
                fail_msg("%g^%g is %g, want %g", at[i], at[j], got, want);
        }
    }
    assert_true(rl_pow(3.0, 30.0) == 205891132094649.0);
    assert_true(rl_pow(2.0, -1074.0) == 0x1p-1074 && rl_pow(2.0, -1075.5) == 0.0);
    assert_true(rl_pow(7.0, 1e-30) == 1.0 && rl_pow(-1.0, 1e20) == 1.0);
}

static void rounding_to_digits(void **state)
{
    (void)state;
    assert_true(rl_round_digits(2.38549999, 3) == 2.39);
    assert_true(rl_round_digits(-123456.5, 2) == -120000.0);
    assert_true(rl_round_digits(0.1 + 0.2, 13) == 0.3);
    assert_true(rl_round_digits(0.1 + 0.2, 17) == 0.1 + 0.2);
    assert_true(rl_round_digits(0.1 + 0.2, 99) == 0.1 + 0.2);
    assert_true(rl_round_digits(9.7, 0) == 10.0);
    assert_true(rl_round_digits(0.0, 5) == 0.0 && rl_round_digits(HUGE_VAL, 5) == HUGE_VAL);
    assert_true(isnan(rl_round_digits(NAN, 5)));
}

static void double_double_is_exact(void **state)
{
    (void)state;
    rl_dd p = rl_two_mul(1.0 + 0x1p-52, 1.0 - 0x1p-52), s = rl_two_sum(1e16, 2.385);
    assert_true(p.hi == 1.0 && p.lo == -0x1p-104);
    assert_true(s.hi + s.lo == s.hi && (s.hi - 1e16) + s.lo == 2.385);
    rl_dd third = {1.0 / 3, 0x1.5555555555555p-56}, one = rl_dd_mul_d(third, 3.0);
    assert_true(one.hi == 1.0 && fabs(one.lo) < 0x1p-104);
    rl_dd ninth = rl_dd_mul(third, third);
    one = rl_dd_add(rl_dd_mul_d(ninth, 9.0), (rl_dd){-1.0, 0.0});
    assert_true(fabs(one.hi) < 0x1p-102);
    one = rl_dd_add_d(rl_dd_mul_d(ninth, 9.0), -1.0);
    assert_true(fabs(one.hi) < 0x1p-102);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_half_an_ulp), cmocka_unit_test(the_same_bits_everywhere),
        cmocka_unit_test(special_values),     cmocka_unit_test(powers),
        cmocka_unit_test(rounding_to_digits), cmocka_unit_test(double_double_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
