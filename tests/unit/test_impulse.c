/* Responses put together by hand, their derivatives by differences, where they end, and their band. */
#include <string.h>

#include "num/impulse.h"
#include "num/supt.h"
#include "own_ctx.h"

enum { N = 40, Q = 6 };

/* b0 x_t + b1 x_{t-2} - .. of two paths, a stock, weights and feedback: t[0..5] = b0 b1 rate weight phi1 phi2 */
static rl_impulse path(const double t[Q], size_t n)
{
    static const int AT[] = {3};
    const double w[] = {0.3, t[3], t[3] * t[3]}, dw[] = {0, 1, 2 * t[3]};
    const double *const by[] = {dw};
    rl_impulse a = rl_impulse_new(n, Q, 1, cx.keep), b = rl_impulse_new(n, Q, 1, cx.keep);
    rl_mat dphi = rl_mat_new(Q, 2, cx.keep);
    rl_impulse_stock(&a, t[2], 2);
    rl_impulse_weigh(&a, w, 3, by, AT, 1, cx.keep);
    rl_impulse_scale(&a, t[0], 0);
    rl_impulse_lag(&b, 2);
    rl_impulse_diff(&b, 3);
    rl_impulse_scale(&b, t[1], 1);
    rl_impulse_add(&a, &b);
    *rl_mat_at(&dphi, 4, 0) = 1;
    *rl_mat_at(&dphi, 5, 1) = 1;
    rl_impulse_feed(&a, t + 4, 2, &dphi);
    return a;
}

/* y_t = b0 w(L) s_t + b1 (x_{t-2} - x_{t-5}) + phi1 y_{t-1} + phi2 y_{t-2}, run period by period. */
static void run_forward(void **s)
{
    (void)s;
    const double t[Q] = {1.7, 0.83, 0.61, 0.29, 0.47, -0.13};
    double x[N] = {1}, stock[N], y[N];
    for (int h = 0; h < N; h++) {
        stock[h] = x[h] + (h > 0 ? t[2] * stock[h - 1] : 0);
        y[h] = 0;
        for (int i = 0; i < 3 && i <= h; i++) y[h] += t[0] * (i == 0 ? 0.3 : pow(t[3], i)) * stock[h - i];
        if (h >= 2) y[h] += t[1] * x[h - 2];
        if (h >= 5) y[h] -= t[1] * x[h - 5];
        if (h >= 1) y[h] += t[4] * y[h - 1];
        if (h >= 2) y[h] += t[5] * y[h - 2];
    }
    rl_impulse p = path(t, N);
    for (int h = 0; h < N; h++) CHECK_NEAR(p.psi[h], y[h], 1e-14);
    assert_true(p.fades);
}

static void ends(void **s)
{
    (void)s;
    const double t[Q] = {1.7, 0.83, 0.61, 0.29, 0.47, -0.13};
    rl_impulse p = path(t, 400);
    double total = 0, first = 0;
    for (size_t h = 0; h < 400; h++) {
        total += p.psi[h];
        first += (double)h * p.psi[h];
    }
    CHECK_DIGITS(p.total, total, 13);
    CHECK_DIGITS(p.first, first, 13);
}

static void derivatives(void **s)
{
    (void)s;
    const double t[Q] = {1.7, 0.83, 0.61, 0.29, 0.47, -0.13}, step = 1e-5;
    rl_impulse p = path(t, N);
    for (size_t j = 0; j < Q; j++) {
        double up[Q], down[Q];
        memcpy(up, t, sizeof up), memcpy(down, t, sizeof down);
        up[j] += step, down[j] -= step;
        rl_impulse a = path(up, N), b = path(down, N);
        for (size_t h = 0; h < N; h++) CHECK_NEAR(*rl_mat_at(&p.J, j, h), (a.psi[h] - b.psi[h]) / (2 * step), 2e-8);
        CHECK_DIGITS(p.d_total[j], (a.total - b.total) / (2 * step), 7);
        CHECK_DIGITS(p.d_first[j], (a.first - b.first) / (2 * step), 7);
    }
}

static void dies_out(void **s)
{
    (void)s;
    double work[8];
    const double ok[] = {0.9, -0.2}, sum_one[] = {0.7, 0.3}, swing[] = {-0.4, -1.02}, far[] = {0, 0, 0.97},
                 up[] = {1.3, -0.2};
    assert_true(rl_impulse_stable(ok, 2, work));
    assert_false(rl_impulse_stable(sum_one, 2, work));
    assert_false(rl_impulse_stable(swing, 2, work));
    assert_true(rl_impulse_stable(far, 3, work));
    assert_false(rl_impulse_stable(up, 2, work));
    assert_true(rl_impulse_stable(ok, 0, work));
    rl_impulse p = rl_impulse_new(3, 1, 1, cx.keep);
    rl_impulse_stock(&p, 1.04, RL_IMPULSE_GIVEN);
    assert_false(p.fades);
}

static double supt(const rl_mat *G, const rl_mat *V, double df, uint64_t seed)
{
    double c;
    rl_supt(G, 1, V, df, 0.95, df > 0 ? 2.3646 : 1.959963984540054, seed, &c, &cx);
    return c;
}

/* One figure: the normal's own quantile.  Independent ones: Sidak's.  The same one twice: as one. */
static void band(void **s)
{
    (void)s;
    const double z = 1.959963984540054;
    rl_mat G = rl_mat_new(3, 3, cx.keep), V = rl_mat_new(3, 3, cx.keep);
    for (size_t i = 0; i < 3; i++) *rl_mat_at(&G, i, i) = 2.385 + (double)i, *rl_mat_at(&V, i, i) = 0.7 + (double)i;
    CHECK_NEAR(supt(&G, &V, 0, 1), 2.38774, 0.03); /* Phi^-1((1 + .95^(1/3)) / 2) */
    CHECK_NEAR(supt(&G, &V, 7, 1), 3.0, 0.12);     /* joint t: beyond the normal's, below Bonferroni's 3.128 */
    rl_mat one = rl_mat_new(3, 2, cx.keep);
    *rl_mat_at(&one, 0, 0) = 1.3, *rl_mat_at(&one, 0, 1) = -2.6;
    double c = supt(&one, &V, 0, 1);
    assert_true(c >= z);
    CHECK_NEAR(c, z, 0.03);
    double again = supt(&one, &V, 0, 1);
    assert_true(c == again);
    cx.threads = 1;
    assert_true(supt(&G, &V, 0, 9) == (cx.threads = 2, supt(&G, &V, 0, 9)));
    *rl_mat_at(&V, 1, 1) = NAN;
    assert_true(isnan(supt(&G, &V, 0, 1)));
}

/* S S' = V, also where V is singular and its units lie far apart. */
static void root(void **s)
{
    (void)s;
    const double b[3] = {1e-6, 2.5, 4e5}, c[3] = {3e-6, -1.5, 1e5};
    rl_mat V = rl_mat_new(3, 3, cx.keep), S = rl_mat_new(3, 3, cx.keep);
    for (size_t j = 0; j < 3; j++)
        for (size_t i = 0; i < 3; i++) *rl_mat_at(&V, i, j) = b[i] * b[j] + c[i] * c[j];
    assert_true(rl_supt_root(&V, &S, &cx));
    for (size_t j = 0; j < 3; j++)
        for (size_t i = 0; i < 3; i++) {
            double v = 0;
            for (size_t k = 0; k < 3; k++) v += *rl_mat_at(&S, i, k) * *rl_mat_at(&S, j, k);
            CHECK_DIGITS(v, *rl_mat_at(&V, i, j), 12);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(run_forward), cmocka_unit_test(ends),
                                       cmocka_unit_test(derivatives), cmocka_unit_test(dies_out),
                                       cmocka_unit_test(band),        cmocka_unit_test(root)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
