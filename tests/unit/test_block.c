#include "base/rng.h"
#include "num/block.h"
#include "own_ctx.h"

static void variance(void **state)
{
    (void)state;
    const double h[] = {2.3, -1.1, 0.4, 3.5};
    double own = 2.3 * 2.3 + 1.1 * 1.1 + 0.4 * 0.4 + 3.5 * 3.5, l1 = -2.3 * 1.1 - 1.1 * 0.4 + 0.4 * 3.5,
           l2 = 2.3 * 0.4 - 1.1 * 3.5;
    CHECK_DIGITS(rl_block_variance(h, 4, 1), own, 14);
    CHECK_DIGITS(rl_block_variance(h, 4, 2), own + l1, 14);
    CHECK_DIGITS(rl_block_variance(h, 4, 3), own + 2 * (2 * l1 + l2) / 3, 14);
}

enum { T = 11, L = 3, N = 200 };

/* |t*| by lag and lag of a series written out; its sum less what is expected. */
static double statistic(const double *x, double expected)
{
    double sum = 0, V = 0;
    for (int i = 0; i < T; i++) sum += x[i];
    for (int i = 0; i < T; i++)
        for (int j = 0; j < T; j++)
            if (abs(i - j) < L) V += (1 - abs(i - j) / (double)L) * (x[i] - sum / T) * (x[j] - sum / T);
    return fabs(sum - expected) / sqrt(V);
}

static void draws(void **state)
{
    (void)state;
    rl_mat h = rl_mat_new(T, 2, cx.keep), t = rl_mat_new(N, 2, cx.keep), again = rl_mat_new(N, 2, cx.keep);
    rl_rng r = rl_rng_for(12, 4);
    for (int i = 0; i < 2 * T; i++) h.a[i] = rl_normal(&r) + 0.1 * i;
    for (int dependent = 0; dependent < 2; dependent++) {
        rl_block_run(&h, L, dependent == 1, N, 99, &t, &cx);
        cx.threads = 1;
        rl_block_run(&h, L, dependent == 1, N, 99, &again, &cx);
        cx.threads = 2;
        assert_memory_equal(t.a, again.a, 2 * N * sizeof(double));
        for (size_t d = 0; d < N; d++) {
            rl_rng g = rl_rng_for(99, d);
            double from[T], z[T + L - 1];
            for (int i = 0; i < T && !dependent; i++)
                from[i] = i % L == 0 ? floor(rl_uniform(&g) * (T - L + 1)) : from[i - 1] + 1;
            for (int i = 0; i < T + L - 1 && dependent; i++) z[i] = rl_normal(&g);
            for (size_t j = 0; j < 2; j++) {
                const double *x = rl_mat_col(&h, j);
                double y[T], expected = 0;
                for (int i = 0; i < T && !dependent; i++) {
                    y[i] = x[(int)from[i]];
                    for (int s = 0; s <= T - L; s++) expected += x[s + i % L] / (T - L + 1);
                }
                for (int i = 0; i < T && dependent; i++) y[i] = x[i] * (z[i] + z[i + 1] + z[i + 2]) / sqrt(3);
                CHECK_DIGITS(*rl_mat_at(&t, d, j), statistic(y, expected), 10);
            }
        }
    }
    for (int i = 0; i < T; i++) h.a[i] = 1; /* does not vary: no t* */
    rl_block_run(&h, L, false, N, 99, &t, &cx);
    for (size_t d = 0; d < N; d++) assert_true(isinf(t.a[d]));
}

/* An AR(1) of Park & Miller's numbers. */
static void series(double *x, size_t n, double rho)
{
    uint64_t s = 12345;
    double p = 0;
    for (size_t i = 0; i < n; i++) {
        s = s * 16807 % 2147483647;
        x[i] = p = rho * p + (double)s / 2147483647 - 0.5;
    }
}

/* BstarCB of b.star() of the R package np 0.70-4. */
static void length(void **state)
{
    (void)state;
    double x[200];
    series(x, 50, 0.5);
    CHECK_DIGITS(rl_block_length(x, 50, &cx), 2.48720838274421, 10);
    series(x, 120, 0.7);
    CHECK_DIGITS(rl_block_length(x, 120, &cx), 8.83508325409886, 10);
    series(x, 200, 0);
    CHECK_DIGITS(rl_block_length(x, 200, &cx), 0.642384467583129, 10);
    series(x, 60, 0.95);
    CHECK_DIGITS(rl_block_length(x, 60, &cx), 10.9951948512608, 10);
    for (int i = 0; i < 60; i++) x[i] = i; /* a trend: ten lags, the last significant */
    CHECK_DIGITS(rl_block_length(x, 60, &cx), 12.04118, 6);
    assert_true(isnan(rl_block_length(x, 4, &cx)));
    for (int i = 0; i < 60; i++) x[i] = 3.5;
    assert_true(isnan(rl_block_length(x, 60, &cx)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(variance), cmocka_unit_test(draws), cmocka_unit_test(length)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
