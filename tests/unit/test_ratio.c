#include "num/dist.h"
#include "num/ratio.h"
#include "own_ctx.h"

/* Powers 0 .. k-1 of i/n, and the Laplacian of n rows in a line. */
static double tail(size_t n, size_t k, double d, double *mean, double *variance)
{
    rl_mat X = rl_mat_new(n, k, cx.tmp);
    double *diag = RL_NEW(cx.tmp, double, n), *off = RL_NEW(cx.tmp, double, n), p;
    for (size_t i = 0; i < n; i++) {
        double v = 1;
        for (size_t j = 0; j < k; j++, v *= (double)(i + 1) / (double)n) *rl_mat_at(&X, i, j) = v;
        if (i > 0) diag[i] += 1, diag[i - 1] += 1, off[i] = -1;
    }
    CHECK_OK(rl_ratio_below(&X, diag, off, d, &p, &cx), &cx);
    CHECK_OK(rl_ratio_moments(&X, diag, off, mean, variance, &cx), &cx);
    rl_arena_reset(cx.tmp);
    return p;
}

/* Imhof's integral over eigenvalues by R 4.2.2's eigen() and integrate(), rel.tol 1e-12. */
static void imhof(void **s)
{
    (void)s;
    static const struct {
        size_t n, k;
        double d, p;
    } WANT[] = {{40, 2, 1.2, 0.00225631718113284},
                {40, 2, 2.2, 0.680721773871571},
                {20, 3, 0.8, 9.23977876651216e-05},
                {300, 3, 1.7, 0.00314233092785959}};
    double mean, variance;
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
        CHECK_NEAR(tail(WANT[i].n, WANT[i].k, WANT[i].d, &mean, &variance), WANT[i].p, 3e-12);
}

/* Two rows and no regressor but one: d is 2 whatever the errors. Three rows and a constant: the ratio of two squares. */
static void few(void **s)
{
    (void)s;
    double mean, variance;
    assert_true(tail(2, 1, 1.99, &mean, &variance) < 1e-9);
    assert_true(tail(2, 1, 2.01, &mean, &variance) > 1 - 1e-9);
    CHECK_DIGITS(mean, 2, 14);
    assert_true(variance < 1e-14);
    /* eigenvalues 1 and 3: P((Z1^2 + 3 Z2^2) < d (Z1^2 + Z2^2)) = P(F < (d-1)/(3-d)), F(1,1): 2/pi atan sqrt */
    static const double D[] = {1.1, 1.7, 2, 2.6, 2.97};
    for (size_t i = 0; i < 5; i++)
        CHECK_NEAR(tail(3, 1, D[i], &mean, &variance), 2 / 3.14159265358979324 * atan(sqrt((D[i] - 1) / (3 - D[i]))),
                   1e-12);
    CHECK_DIGITS(mean, 2, 14);
    CHECK_DIGITS(variance, 0.5, 14);                          /* of 1 + 2 B, B beta(1/2, 1/2) */
    assert_true(tail(3, 1, 0.999, &mean, &variance) < 1e-12); /* beyond what it can be */
    assert_true(tail(3, 1, 4.5, &mean, &variance) == 1);
}

/* d and 4 - d: turning every second error round changes A into 4 - A at the ends' cost; without regressors of its own
 * kind only the sum of both tails is known: P(d < x) rises with x, and the normal approximation is near in the middle. */
static void monotone(void **s)
{
    (void)s;
    double mean, variance, last = -1;
    for (double d = 0.3; d < 3.9; d += 0.2) {
        double p = tail(25, 2, d, &mean, &variance);
        assert_true(p > last && p >= 0 && p <= 1);
        last = p;
    }
    tail(200, 2, 2, &mean, &variance);
    CHECK_NEAR(tail(200, 2, mean, &mean, &variance), 0.5, 0.01);
    double p = tail(2000, 3, 2 - 2 * sqrt(4 / 2000.0), &mean, &variance);
    CHECK_NEAR(p, rl_t_p((2 - 2 * sqrt(4 / 2000.0) - mean) / sqrt(variance), 0) / 2, 2e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(imhof), cmocka_unit_test(few), cmocka_unit_test(monotone)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
