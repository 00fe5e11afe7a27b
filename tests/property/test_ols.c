/* Truths about least squares that need no stored answer. */
#include <string.h>

#include "base/rng.h"
#include "check.h"
#include "num/ols.h"

static double column(rl_rng *r, size_t j)
{
    return j == 0 ? 1.0 : (double)j + rl_normal(r) * (j % 3 == 1 ? 40.0 : 0.3);
}

static rl_mat draw(size_t n, size_t k, double *y, rl_ctx *cx)
{
    rl_mat X = rl_mat_new(n, k, cx->keep);
    rl_rng r = rl_rng_for(2385, n + k);
    for (size_t i = 0; i < n; i++) {
        y[i] = rl_normal(&r);
        for (size_t j = 0; j < k; j++) {
            *rl_mat_at(&X, i, j) = column(&r, j);
            y[i] += *rl_mat_at(&X, i, j) * (j % 2 ? 0.71 : -2.385);
        }
    }
    return X;
}

static rl_ols_fit fit(const rl_mat *X, const double *y, const double *w, rl_ctx *cx)
{
    rl_ols_fit f;
    CHECK_OK(rl_ols(X, y, w, NULL, &f, cx->keep, cx), cx);
    return f;
}

/* The difference in differences of four cell means, and its variance. */
static void four_means_are_a_saturated_regression(void **state)
{
    (void)state;
    enum { N = 97 };
    rl_ctx cx;
    check_ctx(&cx);
    rl_mat X = rl_mat_new(N, 4, cx.keep);
    double y[N], sum[4] = {0}, cells[4] = {0}, rss = 0.0;
    rl_rng r = rl_rng_for(7, 1);
    for (size_t i = 0; i < N; i++) {
        size_t c = i % 7 % 4;
        double treated = c >= 2, post = (double)(c % 2);
        y[i] = 17.3 + 2.385 * treated + rl_normal(&r);
        const double row[4] = {1.0, treated, post, treated * post};
        for (size_t j = 0; j < 4; j++) *rl_mat_at(&X, i, j) = row[j];
        sum[c] += y[i];
        cells[c]++;
    }
    for (size_t i = 0; i < N; i++) {
        size_t c = i % 7 % 4;
        rss += (y[i] - sum[c] / cells[c]) * (y[i] - sum[c] / cells[c]);
    }
    rl_ols_fit f = fit(&X, y, NULL, &cx);
    double m[4];
    for (int c = 0; c < 4; c++) m[c] = sum[c] / cells[c];
    CHECK_DIGITS(f.b[3], (m[3] - m[2]) - (m[1] - m[0]), 13);
    CHECK_DIGITS(*rl_mat_at(&f.A, 3, 3), 1 / cells[0] + 1 / cells[1] + 1 / cells[2] + 1 / cells[3], 15);
    CHECK_DIGITS(f.rss, rss, 14);
    rl_ctx_free(&cx);
}

static void units_only_rescale(void **state)
{
    (void)state;
    enum { N = 210, K = 5 };
    rl_ctx cx;
    check_ctx(&cx);
    double *y = RL_NEW(cx.keep, double, N), *ys = RL_NEW(cx.keep, double, N);
    rl_mat X = draw(N, K, y, &cx), Xs = rl_mat_new(N, K, cx.keep);
    const double unit[K] = {1.0, 0x1p-30, 0x1p40, 0x1p-200, 8.0}, y_unit = 0x1p60;
    for (size_t i = 0; i < N; i++) {
        ys[i] = y[i] * y_unit;
        for (size_t j = 0; j < K; j++) *rl_mat_at(&Xs, i, j) = *rl_mat_at(&X, i, j) * unit[j];
    }
    rl_ols_fit f = fit(&X, y, NULL, &cx), s = fit(&Xs, ys, NULL, &cx);
    for (size_t j = 0; j < K; j++) {
        assert_true(s.b[j] * unit[j] == f.b[j] * y_unit); /* powers of two: the same bits */
        assert_true(*rl_mat_at(&s.A, j, j) * unit[j] * unit[j] == *rl_mat_at(&f.A, j, j));
    }
    for (size_t i = 0; i < N; i++) {
        ys[i] = y[i] / 1000.0;
        *rl_mat_at(&Xs, i, 2) = *rl_mat_at(&X, i, 2) * 1e12;
        *rl_mat_at(&Xs, i, 3) = *rl_mat_at(&X, i, 3) * 1e-9;
    }
    s = fit(&Xs, ys, NULL, &cx);
    CHECK_DIGITS(s.b[2] * 1e15, f.b[2], 13);
    CHECK_DIGITS(s.b[3] * 1e-6, f.b[3], 13);
    rl_ctx_free(&cx);
}

static void order_of_rows_does_not_matter(void **state)
{
    (void)state;
    enum { N = 40009, K = 4 };
    rl_ctx cx;
    check_ctx(&cx);
    double *y = RL_NEW(cx.keep, double, N), *ys = RL_NEW(cx.keep, double, N);
    rl_mat X = draw(N, K, y, &cx), Xs = rl_mat_new(N, K, cx.keep);
    for (size_t i = 0; i < N; i++) {
        size_t from = i * 7919 % N;
        ys[i] = y[from];
        for (size_t j = 0; j < K; j++) *rl_mat_at(&Xs, i, j) = *rl_mat_at(&X, from, j);
    }
    rl_ols_fit f = fit(&X, y, NULL, &cx), s = fit(&Xs, ys, NULL, &cx);
    for (size_t j = 0; j < K; j++) {
        CHECK_DIGITS(s.b[j], f.b[j], 15.6);
        CHECK_DIGITS(*rl_mat_at(&s.A, j, j), *rl_mat_at(&f.A, j, j), 15.6);
    }
    CHECK_DIGITS(s.rss, f.rss, 15.6);
    rl_ctx_free(&cx);
}

/* A whole number of copies of a row is that weight. */
static void weights_are_copies(void **state)
{
    (void)state;
    enum { N = 90, K = 4 };
    rl_ctx cx;
    check_ctx(&cx);
    double y[N], w[N], *yc = RL_NEW(cx.keep, double, 4 * N);
    rl_mat X = draw(N, K, y, &cx), C = rl_mat_new(4 * N, K, cx.keep);
    size_t n = 0;
    for (size_t i = 0; i < N; i++) {
        w[i] = (double)(i * i % 5);
        for (int c = 0; c < (int)w[i]; c++, n++) {
            yc[n] = y[i];
            for (size_t j = 0; j < K; j++) *rl_mat_at(&C, n, j) = *rl_mat_at(&X, i, j);
        }
    }
    C.n = n;
    rl_ols_fit f = fit(&X, y, w, &cx), c = fit(&C, yc, NULL, &cx);
    for (size_t j = 0; j < K; j++) {
        CHECK_DIGITS(f.b[j], c.b[j], 15.6);
        CHECK_DIGITS(*rl_mat_at(&f.A, j, j), *rl_mat_at(&c.A, j, j), 15.6);
    }
    CHECK_DIGITS(f.rss, c.rss, 15.6);
    rl_ctx_free(&cx);
}

static void the_same_bits_for_any_threads(void **state)
{
    (void)state;
    enum { N = 70001, K = 6, WIDE = 90 };
    const int threads[] = {1, 2, 3, 8};
    rl_ctx keep;
    check_ctx(&keep);
    double *y = RL_NEW(keep.keep, double, N), *w = RL_NEW(keep.keep, double, N);
    rl_mat X = draw(N, K, y, &keep), Y = draw(300, WIDE, RL_NEW(keep.keep, double, 300), &keep);
    rl_ols_fit first = {0}, wide = {0};
    for (size_t i = 0; i < N; i++) w[i] = 0.1 + (double)(i % 11);
    for (int t = 0; t < 4; t++) {
        rl_ctx cx;
        rl_ctx_init(&cx, threads[t], 1, check_nomem, NULL);
        rl_ols_fit f, g;
        CHECK_OK(rl_ols(&X, y, w, NULL, &f, keep.keep, &cx), &cx);
        CHECK_OK(rl_ols(&Y, y, NULL, NULL, &g, keep.keep, &cx), &cx);
        if (t == 0) first = f;
        if (t == 0) wide = g;
        assert_memory_equal(f.b, first.b, K * sizeof(double));
        assert_memory_equal(f.e, first.e, N * sizeof(double));
        assert_memory_equal(f.A.a, first.A.a, K * K * sizeof(double));
        assert_memory_equal(&f.rss, &first.rss, sizeof(double));
        assert_memory_equal(g.b, wide.b, WIDE * sizeof(double));
        assert_memory_equal(g.A.a, wide.A.a, WIDE * WIDE * sizeof(double));
        rl_ctx_free(&cx);
    }
    rl_ctx_free(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_means_are_a_saturated_regression), cmocka_unit_test(units_only_rescale),
        cmocka_unit_test(order_of_rows_does_not_matter),         cmocka_unit_test(weights_are_copies),
        cmocka_unit_test(the_same_bits_for_any_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
