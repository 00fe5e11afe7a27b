#include <string.h>

#include "base/rng.h"
#include "num/gram.h"
#include "num/ols.h"
#include "own_ctx.h"

enum { N = 20011, A = 5, B = 3, DENSE = 3, K = DENSE + (A - 1) + A * B + B + B, PAIRS = (K + 1) * (K + 2) / 2 };

/* Numbers with more than 53 bits, a factor of A levels whose level 2 is the
 * reference, the same crossed with one of B levels, the latter times u, and
 * times u and its low part again under other codes. */
static rl_cols example(double **y, double **w)
{
    rl_cols X = rl_cols_new(N, K, 4, cx.keep);
    double *one = RL_NEW(cx.keep, double, N), *u = RL_NEW(cx.keep, double, N), *v = RL_NEW(cx.keep, double, N),
           *u_low = RL_NEW(cx.keep, double, N);
    int32_t *a = RL_NEW(cx.keep, int32_t, N), *b = RL_NEW(cx.keep, int32_t, N), *ab = RL_NEW(cx.keep, int32_t, N);
    *y = RL_NEW(cx.keep, double, N);
    *w = RL_NEW(cx.keep, double, N);
    rl_rng r = rl_rng_for(2385, 1);
    for (size_t i = 0; i < N; i++) {
        one[i] = 1;
        u[i] = 1e3 * (2.385 + rl_normal(&r));
        u_low[i] = u[i] * 0x1p-54 * rl_uniform(&r);
        v[i] = 1e-5 * rl_exponential(&r);
        a[i] = (int32_t)(A * rl_uniform(&r));
        b[i] = (int32_t)(B * rl_uniform(&r));
        ab[i] = a[i] + A * b[i];
        (*y)[i] = 0.7 * u[i] + a[i] - b[i] + rl_normal(&r);
        (*w)[i] = 0.3 + 3 * rl_uniform(&r);
    }
    rl_cols_add(&X, 0, one, NULL);
    rl_cols_add(&X, 1, u, u_low);
    rl_hot h = {.G = A, .code = a, .col = RL_NEW(cx.keep, int32_t, A)};
    for (int g = 0; g < A; g++) h.col[g] = g == 2 ? -1 : 2 + (g < 2 ? g : g - 1);
    rl_cols_add_block(&X, h);
    rl_cols_add(&X, 2 + A - 1, v, NULL);
    h = (rl_hot){.G = A * B, .code = ab, .col = RL_NEW(cx.keep, int32_t, A * B)};
    for (int g = 0; g < A * B; g++) h.col[g] = DENSE + A - 1 + g;
    rl_cols_add_block(&X, h);
    h = (rl_hot){.G = B, .code = b, .z = v, .col = RL_NEW(cx.keep, int32_t, B)};
    for (int g = 0; g < B; g++) h.col[g] = DENSE + A - 1 + A * B + g;
    rl_cols_add_block(&X, h);
    h = (rl_hot){.G = B, .code = b, .z = u, .z_low = u_low, .col = RL_NEW(cx.keep, int32_t, B)};
    for (int g = 0; g < B; g++) h.col[g] = DENSE + A - 1 + A * B + B + g;
    rl_cols_add_block(&X, h);
    return X;
}

/* The same written out, low parts too. */
static rl_cols dense(const rl_cols *X)
{
    rl_mat M = rl_cols_written(X, &cx);
    double **low = RL_NEW(cx.keep, double *, K);
    for (size_t j = 0; j < K; j++) {
        low[j] = RL_NEW(cx.keep, double, N);
        const rl_hot *h = X->x[j] == NULL ? &X->hot[X->block[j]] : NULL;
        for (size_t i = 0; i < N; i++) {
            if (h == NULL && X->low[j] != NULL) low[j][i] = X->low[j][i];
            if (h != NULL && h->z_low != NULL && h->code[i] == X->level[j]) low[j][i] = h->z_low[i];
        }
    }
    return rl_cols_of(&M, low, cx.keep);
}

/* G in the columns' own units. */
static void gram(const rl_cols *X, const double *y, const double *w, rl_dd *G)
{
    int e[K + 2];
    CHECK_OK(rl_cols_gram(X, y, NULL, w, G, e, &cx), &cx);
    for (size_t i = 0; i <= K; i++)
        for (size_t j = i; j <= K; j++) {
            rl_dd *g = &G[rl_gram_pair(K + 1, i, j)];
            *g = (rl_dd){ldexp(g->hi, e[i] + e[j] + e[K + 1]), ldexp(g->lo, e[i] + e[j] + e[K + 1])};
        }
}

static void blocks_are_the_columns_they_stand_for(void **state)
{
    (void)state;
    double *y, *w;
    rl_cols X = example(&y, &w), D = dense(&X);
    for (int weighted = 0; weighted < 2; weighted++) {
        rl_dd G[PAIRS], H[PAIRS];
        gram(&X, y, weighted ? w : NULL, G);
        gram(&D, y, weighted ? w : NULL, H);
        for (size_t i = 0; i <= K; i++)
            for (size_t j = i; j <= K; j++) {
                rl_dd g = G[rl_gram_pair(K + 1, i, j)], h = H[rl_gram_pair(K + 1, i, j)];
                double size = sqrt(G[rl_gram_pair(K + 1, i, i)].hi * G[rl_gram_pair(K + 1, j, j)].hi);
                CHECK_NEAR((g.hi - h.hi) + (g.lo - h.lo), 0.0, 1e-30 * size);
            }
        /* counts are exact: the crossed levels add up to the factor's */
        for (size_t g = 0; g < A && !weighted; g++) {
            size_t j = g < 2 ? 2 + g : 1 + g, c = DENSE + A - 1 + g;
            double sum = 0;
            for (size_t b = 0; b < B; b++) sum += G[rl_gram_pair(K + 1, c + A * b, c + A * b)].hi;
            if (g != 2) assert_true(sum == G[rl_gram_pair(K + 1, j, j)].hi && G[rl_gram_pair(K + 1, j, j)].lo == 0);
        }
    }
}

static void the_same_bits_from_any_number_of_threads(void **state)
{
    (void)state;
    double *y, *w;
    rl_cols X = example(&y, &w);
    rl_dd G[2][PAIRS];
    for (int t = 0; t < 2; t++) {
        cx.threads = t == 0 ? 1 : 5;
        gram(&X, y, w, G[t]);
    }
    assert_memory_equal(G[0], G[1], sizeof G[0]);
}

static void rows_and_stretches(void **state)
{
    (void)state;
    double *y, *w, a[K], out[7], v[K], whole[K], room[7];
    size_t at[K];
    rl_cols X = example(&y, &w);
    rl_mat M = rl_cols_written(&X, &cx);
    assert_int_equal(rl_cols_most(&X), DENSE + 4);
    for (size_t j = 0; j < K; j++) a[j] = 0.417 - (double)j;
    for (size_t from = 113; from < 1113; from += 500) {
        memset(out, 0, sizeof out);
        rl_cols_times(&X, a, from, 7, out);
        for (size_t r = 0; r < 7; r++) {
            double sum = 0, size = 0;
            rl_cols_whole_row(&X, from + r, whole);
            size_t m = rl_cols_row(&X, from + r, at, v);
            assert_in_range(m, DENSE + 3, DENSE + 4); /* one less where the reference is */
            for (size_t j = 0; j < K; j++) {
                double x = *rl_mat_at(&M, from + r, j);
                assert_true(whole[j] == x && rl_cols_part(&X, j, from, 7, room)[r] == x);
                for (size_t p = 0; p < m; p++)
                    if (at[p] == j) whole[j] -= v[p];
                assert_true(whole[j] == 0);
                sum += a[j] * x;
                size += fabs(a[j] * x);
            }
            CHECK_NEAR(out[r], sum, 1e-14 * size);
        }
    }
}

static void columns_left_out(void **state)
{
    (void)state;
    double *y, *w, room[2];
    size_t keep[K], m = 0;
    rl_cols X = example(&y, &w);
    rl_mat M = rl_cols_written(&X, &cx);
    for (size_t j = 0; j < K; j++) keep[j] = j == 1 || j == 3 || j == K - 1 ? SIZE_MAX : m++;
    rl_cols Y = rl_cols_keep(&X, keep, m, cx.keep);
    assert_int_equal(Y.k, K - 3);
    for (size_t j = 0; j < K; j++)
        for (size_t i = 0; i < 50 && keep[j] != SIZE_MAX; i++)
            assert_true(*rl_cols_part(&Y, keep[j], i, 1, room) == *rl_mat_at(&M, i, j));
}

/* Residuals and estimates of a fit on blocks and on the same columns written out; one column depends on others. */
static void a_fit_on_blocks(void **state)
{
    (void)state;
    double *y, *w;
    rl_cols X = example(&y, &w), D = dense(&X);
    rl_ols_fit f, g;
    CHECK_OK(rl_ols_cols(&X, y, NULL, w, NULL, NULL, &f, cx.keep, &cx), &cx);
    CHECK_OK(rl_ols_cols(&D, y, NULL, w, NULL, NULL, &g, cx.keep, &cx), &cx);
    assert_int_equal(f.rank, g.rank);
    assert_in_range(f.rank, K - 12, K - 5);
    for (size_t j = 0; j < K; j++) {
        assert_int_equal(f.dropped[j], g.dropped[j]);
        CHECK_NEAR(f.b[j], g.b[j], 1e-14 * fabs(g.b[j]));
        CHECK_NEAR(*rl_mat_at(&f.A, j, j), *rl_mat_at(&g.A, j, j), 1e-14 * *rl_mat_at(&g.A, j, j));
    }
    for (size_t i = 0; i < N; i++) CHECK_NEAR(f.e[i], g.e[i], 1e-12);
    CHECK_DIGITS(f.rss, g.rss, 14);
    double *h = RL_NEW(cx.keep, double, N), *l = RL_NEW(cx.keep, double, N);
    rl_mat M = rl_cols_written(&X, &cx);
    rl_cols_leverage(&X, K, w, &f.A, h, &cx);
    rl_leverage(&M, w, &f.A, l, &cx);
    for (size_t i = 0; i < N; i++) CHECK_NEAR(h[i], l[i], 1e-9 * l[i]);
}

static void a_value_that_is_not_finite(void **state)
{
    (void)state;
    double *y, *w;
    rl_cols X = example(&y, &w);
    rl_ols_fit f;
    double *v = RL_NEW(cx.keep, double, N);
    memcpy(v, X.hot[2].z, N * sizeof *v);
    v[17] = NAN;
    X.hot[2].z = v;
    assert_int_equal(rl_ols_cols(&X, y, NULL, w, NULL, NULL, &f, cx.keep, &cx), RL_ENUM);
    assert_non_null(strstr(cx.err.what, "not finite"));
}

/* A stretch of a column, rows here and there, and both beside a block: what is seen counts, not where it stands. */
static void views_are_the_columns_they_show(void **state)
{
    (void)state;
    enum { M = 1700, W = 5 };
    double *base = RL_NEW(cx.keep, double, M + 9), *y = RL_NEW(cx.keep, double, M);
    uint32_t *row = RL_NEW(cx.keep, uint32_t, M), *mixed = RL_NEW(cx.keep, uint32_t, M);
    int32_t *code = RL_NEW(cx.keep, int32_t, M), col[2] = {3, 4};
    rl_rng r = rl_rng_for(93, 3);
    for (size_t i = 0; i < M + 9; i++) base[i] = 2.385 + rl_normal(&r);
    for (size_t i = 0; i < M; i++) {
        row[i] = (uint32_t)(i + (i > 400 ? 2 : 0) + (i > 403 ? 1 : 0) + 2);
        mixed[i] = (uint32_t)(rl_uniform(&r) * (M + 9));
        code[i] = (int32_t)(2 * rl_uniform(&r));
        y[i] = rl_normal(&r);
    }
    rl_cols X = rl_cols_new(M, W, 1, cx.keep), D = rl_cols_new(M, W, 1, cx.keep);
    rl_cols_add_view(&X, 0, (rl_shifted){.v = base, .back = -4});
    rl_cols_add_view(&X, 1, (rl_shifted){.v = base, .row = row, .rises = true, .back = 2});
    rl_cols_add_view(&X, 2, (rl_shifted){.v = base, .row = mixed});
    assert_true(X.x[0] == base + 4 && X.x[1] == NULL && rl_cols_has_views(&X));
    for (size_t j = 0; j < 3; j++) {
        double *x = RL_NEW(cx.keep, double, M);
        for (size_t i = 0; i < M; i++) x[i] = j == 0 ? base[i + 4] : j == 1 ? base[row[i] - 2] : base[mixed[i]];
        rl_cols_add(&D, j, x, NULL);
    }
    rl_hot h = {.G = 2, .code = code, .col = col};
    rl_cols_add_block(&X, h);
    rl_cols_add_block(&D, h);
    assert_false(rl_cols_has_views(&D));
    rl_ols_fit f, g;
    for (int few = 0; few < 2; few++) {
        CHECK_OK(rl_ols_cols(&X, y, NULL, few ? base : NULL, NULL, NULL, &f, cx.keep, &cx), &cx);
        CHECK_OK(rl_ols_cols(&D, y, NULL, few ? base : NULL, NULL, NULL, &g, cx.keep, &cx), &cx);
        assert_memory_equal(f.b, g.b, X.k * sizeof *f.b);
        assert_memory_equal(f.A.a, g.A.a, X.k * X.k * sizeof *f.b);
        assert_memory_equal(f.e, g.e, M * sizeof *f.e);
        size_t keep[W] = {0, SIZE_MAX, 1, 2, 3};
        X = rl_cols_keep(&X, keep, W - 1, cx.keep);
        D = rl_cols_keep(&D, keep, W - 1, cx.keep);
    }
    double v[W], u[W], a[W] = {0.3, -2.385, 0.71, 1.1, 0}, *Xa = RL_NEW(cx.keep, double, M),
                       *Da = RL_NEW(cx.keep, double, M);
    size_t at[W];
    rl_cols_times(&X, a, 0, M, Xa);
    rl_cols_times(&D, a, 0, M, Da);
    assert_memory_equal(Xa, Da, M * sizeof *Xa);
    for (size_t i = 0; i < M; i += 13) {
        assert_int_equal(rl_cols_row(&X, i, at, v), rl_cols_row(&D, i, at, u));
        assert_memory_equal(v, u, rl_cols_most(&X) * sizeof *v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_are_the_columns_they_stand_for),
        TEST(the_same_bits_from_any_number_of_threads),
        TEST(rows_and_stretches),
        TEST(columns_left_out),
        TEST(a_fit_on_blocks),
        TEST(a_value_that_is_not_finite),
        TEST(views_are_the_columns_they_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
