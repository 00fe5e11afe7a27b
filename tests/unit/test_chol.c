#include <string.h>

#include "base/rng.h"
#include "num/blas.h"
#include "num/chol.h"
#include "num/cols.h"
#include "num/gram.h"
#include "num/sandwich.h"
#include "num/slices.h"
#include "own_ctx.h"

enum { N = 700, K = 203, PAIRS = (K + 1) * (K + 2) / 2 };

/* Columns of all sizes; each seventh is the sum of two before it, so it is
 * dropped, and the 100th all but depends on the 99th. */
static rl_mat example(double *y)
{
    rl_mat X = rl_mat_new(N, K, cx.keep);
    rl_rng r = rl_rng_for(700, 3);
    for (size_t j = 0; j < K; j++)
        for (size_t i = 0; i < N; i++) {
            double x = ldexp(rl_normal(&r), (int)(j % 23) - 11) + (j % 5 == 0);
            if (j % 7 == 6) x = *rl_mat_at(&X, i, j - 1) + *rl_mat_at(&X, i, j - 4);
            if (j == 100) x = *rl_mat_at(&X, i, 99) * (1 + 1e-7 * x);
            *rl_mat_at(&X, i, j) = x;
        }
    for (size_t i = 0; i < N; i++) y[i] = 2.385 * *rl_mat_at(&X, i, 3) - *rl_mat_at(&X, i, 150) + rl_normal(&r);
    return X;
}

static rl_ols_fit room(void)
{
    return (rl_ols_fit){.k = K,
                        .dropped = RL_NEW(cx.keep, bool, K),
                        .A = rl_mat_new(K, K, cx.keep),
                        .R = rl_mat_new(K, K, cx.keep),
                        .norm2 = RL_NEW(cx.keep, double, K),
                        .pivot = RL_NEW(cx.keep, double, K)};
}

static void both_ways_agree(void **state)
{
    (void)state;
    double y[N];
    rl_mat X = example(y);
    rl_cols C = rl_cols_of(&X, NULL, cx.keep);
    rl_dd *G = RL_NEW(cx.keep, rl_dd, PAIRS), *b = RL_NEW(cx.keep, rl_dd, K), *c = RL_NEW(cx.keep, rl_dd, K),
          *t = RL_NEW(cx.keep, rl_dd, K);
    int exp[K + 2];
    CHECK_OK(rl_cols_gram(&C, y, NULL, NULL, G, exp, &cx), &cx);
    rl_system s = {K, G, exp, NULL};
    rl_ols_fit f = room(), g = room(), h = room();
    rl_chol_narrow(&s, &f, b, &cx);
    cx.threads = 1;
    rl_chol_wide(&s, &g, c, &cx);
    cx.threads = 5;
    rl_chol_wide(&s, &h, t, &cx);
    assert_int_equal(f.rank, K - K / 7);
    assert_int_equal(g.rank, f.rank);
    for (size_t j = 0; j < K; j++) {
        assert_int_equal(f.dropped[j], j % 7 == 6);
        assert_int_equal(g.dropped[j], f.dropped[j]);
        assert_true(g.norm2[j] == f.norm2[j]);
        if (!f.dropped[j]) CHECK_DIGITS(g.pivot[j], f.pivot[j], 15);
        if (f.dropped[j]) CHECK_NEAR(g.pivot[j], 0.0, 1e-28 * f.norm2[j]);
        double size = sqrt(*rl_mat_at(&f.A, j, j)); /* column 100 leaves 1e-14 of itself, so 31 digits become 16 */
        CHECK_NEAR((b[j].hi - c[j].hi) + (b[j].lo - c[j].lo), 0.0, 1e-16 * size);
        for (size_t i = 0; i < K; i++) {
            double both = size * sqrt(*rl_mat_at(&f.A, i, i));
            CHECK_NEAR(*rl_mat_at(&g.A, i, j), *rl_mat_at(&f.A, i, j), 3e-16 * both);
            CHECK_NEAR(*rl_mat_at(&g.R, i, j), *rl_mat_at(&f.R, i, j), 3e-16 * sqrt(*rl_mat_at(&f.A, i, i)));
        }
    }
    assert_memory_equal(c, t, K * sizeof *c);
    assert_memory_equal(g.A.a, h.A.a, K * K * sizeof(double));
    assert_memory_equal(g.R.a, h.R.a, K * K * sizeof(double));
}

/* Whole numbers up to the limit: the library and the plain loops give the same bits. */
static void products_of_whole_numbers_are_exact(void **state)
{
    (void)state;
    enum { M = 37, P = 29, INNER = RL_SLICES * RL_SLICE_INNER };
    static double A[M * INNER], B[P * INNER], C[M * P], D[M * P];
    rl_rng r = rl_rng_for(22, 5);
    for (size_t i = 0; i < M * INNER; i++) A[i] = floor(0x1p23 * rl_uniform(&r)) - 0x1p22;
    for (size_t i = 0; i < P * INNER; i++) B[i] = floor(0x1p23 * rl_uniform(&r)) - 0x1p22;
    for (size_t p = 0; p < INNER; p++) A[3 + p * M] = B[5 + p * P] = 0x1p22; /* the largest there is */
    rl_blas_open();
    rl_blas_product(M, P, INNER, A, M, B, P, C, M);
    rl_blas_plain(M, P, INNER, A, M, B, P, D, M);
    assert_memory_equal(C, D, sizeof C);
    assert_true(C[3 + 5 * M] == INNER * 0x1p44);
}

static void slices_hold_a_double_double(void **state)
{
    (void)state;
    enum { M = 11, INNER = RL_SLICE_INNER, ROWS = 2 * M };
    static double hi[ROWS * INNER], lo[ROWS * INNER], s[ROWS * INNER * RL_SLICES], t[ROWS * INNER * RL_SLICES],
        scale[ROWS], work[RL_SLICES * M * M], ch[M * M], cl[M * M];
    rl_rng r = rl_rng_for(106, 5);
    for (size_t i = 0; i < ROWS * INNER; i++) {
        hi[i] = ldexp(rl_normal(&r), (int)(i % ROWS) * 20 - 300);
        lo[i] = hi[i] * 0x1p-53 * (rl_uniform(&r) - 0.5);
    }
    memset(hi + 4, 0, sizeof *hi); /* and a zero or two */
    rl_slices p = {ROWS, INNER, s, t, scale};
    rl_slice_rows(&p, hi, lo, ROWS, 0, ROWS);
    rl_slice_product(&p, 0, M, M, M, RL_SLICES, 1, ch, cl, M, work);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < M; j++) {
            rl_wide sum = 0;
            for (size_t q = 0; q < INNER; q++)
                sum += rl_wide_of((rl_dd){hi[i + q * ROWS], lo[i + q * ROWS]}) *
                       rl_wide_of((rl_dd){hi[M + j + q * ROWS], lo[M + j + q * ROWS]});
            double off = (double)(sum - rl_wide_of((rl_dd){ch[i + j * M], cl[i + j * M]}));
            CHECK_NEAR(off, 0.0, 0x1p-104 * scale[i] * scale[M + j]);
        }
}

/* L M L' for rows of L that cancel all but a part in 1e12 of what they sum. */
static void a_sandwich_of_what_cancels(void **state)
{
    (void)state;
    enum { ESTIMATES = 70, COLS = 90 };
    rl_mat X = rl_mat_new(N, COLS, cx.keep), L = rl_mat_new(ESTIMATES, COLS, cx.keep),
           V = rl_mat_new(ESTIMATES, ESTIMATES, cx.keep), T = rl_mat_new(ESTIMATES, ESTIMATES, cx.keep);
    rl_rng r = rl_rng_for(70, 90);
    for (size_t j = 0; j < COLS; j++)
        for (size_t i = 0; i < N; i++)
            *rl_mat_at(&X, i, j) = j % 2 == 0 ? ldexp(rl_normal(&r), (int)(j % 9) * 6)
                                              : *rl_mat_at(&X, i, j - 1) * (1 + 1e-6 * rl_normal(&r));
    for (size_t a = 0; a < ESTIMATES; a++)
        for (size_t j = 0; j < COLS; j++) *rl_mat_at(&L, a, j) = j % 2 == 0 ? rl_normal(&r) : -*rl_mat_at(&L, a, j - 1);
    rl_cols C = rl_cols_of(&X, NULL, cx.keep);
    rl_dd G[COLS * (COLS + 1) / 2];
    int exp[COLS + 1];
    CHECK_OK(rl_cols_gram(&C, NULL, NULL, NULL, G, exp, &cx), &cx);
    rl_sandwich(&L, G, exp, &V, &cx);
    cx.threads = 3;
    rl_sandwich(&L, G, exp, &T, &cx);
    assert_memory_equal(V.a, T.a, ESTIMATES * ESTIMATES * sizeof(double));
    for (size_t a = 0; a < ESTIMATES; a += 23) {
        rl_wide want = 0;
        for (size_t i = 0; i < N; i++) {
            rl_wide z = 0;
            for (size_t j = 0; j < COLS; j++) z += (rl_wide)*rl_mat_at(&L, a, j) * *rl_mat_at(&X, i, j);
            want += z * z;
        }
        CHECK_DIGITS(*rl_mat_at(&V, a, a), (double)want, 14);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sandwich_of_what_cancels),
        TEST(both_ways_agree),
        TEST(products_of_whole_numbers_are_exact),
        TEST(slices_hold_a_double_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
