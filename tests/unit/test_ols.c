#include "check.h"

#include <string.h>

#include "base/rng.h"
#include "num/gram.h"
#include "num/ols.h"

enum { N = 71, K = 3 };

/* x1 is 1, x2 and x3 are drawn; y = 2.385 - 0.7 x2 + 1.9 x3 + noise. */
static rl_mat example(size_t n, double *y, rl_ctx *cx)
{
    rl_mat X = rl_mat_new(n, K, cx->keep);
    rl_rng r = rl_rng_for(71, n);
    for (size_t i = 0; i < n; i++) {
        *rl_mat_at(&X, i, 0) = 1.0;
        *rl_mat_at(&X, i, 1) = 5.5 + rl_normal(&r);
        *rl_mat_at(&X, i, 2) = rl_exponential(&r);
        y[i] = 2.385 - 0.7 * *rl_mat_at(&X, i, 1) + 1.9 * *rl_mat_at(&X, i, 2) + rl_normal(&r);
    }
    return X;
}

/* The normal equations hold, residuals are y - X b, A inverts X'WX. */
static void check_fit(const rl_mat *X, const double *y, const double *w, const rl_ols_fit *f, rl_ctx *cx)
{
    rl_mat hi = rl_mat_new(X->k, X->k, cx->keep), lo = rl_mat_new(X->k, X->k, cx->keep);
    CHECK_OK(rl_gram(X, w, &hi, &lo, cx), cx);
    double rss = 0.0;
    for (size_t i = 0; i < X->n; i++) {
        double e = y[i];
        for (size_t j = 0; j < X->k; j++) e -= *rl_mat_at(X, i, j) * f->b[j];
        CHECK_NEAR(f->e[i], e, 1e-13 * (1.0 + fabs(y[i])));
        rss += (w ? w[i] : 1.0) * e * e;
    }
    CHECK_DIGITS(f->rss, rss, 12);
    for (size_t j = 0; j < X->k; j++) {
        CHECK_NEAR(rl_dot(w, rl_mat_col(X, j), f->e, X->n, cx), 0.0, 1e-12 * sqrt(f->norm2[j] * f->rss));
        CHECK_DIGITS(f->norm2[j], *rl_mat_at(&hi, j, j), 15);
        for (size_t i = 0; i < X->k; i++) {
            double s = 0.0;
            for (size_t p = 0; p < X->k; p++) s += *rl_mat_at(&hi, i, p) * *rl_mat_at(&f->A, p, j);
            CHECK_NEAR(s, i == j ? 1.0 : 0.0, 1e-11);
        }
    }
}

static void fits(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    double y[N], w[N];
    rl_mat X = example(N, y, &cx);
    rl_ols_fit f;
    for (int i = 0; i < N; i++) w[i] = i % 7 == 3 ? 0.0 : 0.3 + (double)(i % 5);
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    assert_int_equal(f.rank, K);
    check_fit(&X, y, NULL, &f, &cx);
    CHECK_OK(rl_ols(&X, y, w, NULL, &f, cx.keep, &cx), &cx);
    assert_int_equal(f.rank, K);
    check_fit(&X, y, w, &f, &cx);
    rl_ctx_free(&cx);
}

static void leverage_sums_to_rank(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    double y[N], w[N], h[N], root[N];
    rl_mat X = example(N, y, &cx);
    rl_ols_fit f;
    for (int i = 0; i < N; i++) w[i] = 0.3 + (double)(i % 5);
    for (int weighted = 0; weighted < 2; weighted++) {
        CHECK_OK(rl_ols(&X, y, weighted ? w : NULL, NULL, &f, cx.keep, &cx), &cx);
        rl_leverage(&X, weighted ? w : NULL, &f.A, h, &cx);
        CHECK_DIGITS(rl_sum(h, N, &cx), (double)K, 13);
        rl_leverage_root(&X, weighted ? w : NULL, &f.R, root, &cx);
        for (int i = 0; i < N; i++) CHECK_DIGITS(root[i], h[i], 12);
        for (int i = 0; i < N; i++) assert_true(h[i] > 0.0 && h[i] < 1.0);
    }
    rl_ctx_free(&cx);
}

static void dependent_columns_fall(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    double y[N];
    rl_mat X0 = example(N, y, &cx), X = rl_mat_new(N, 9, cx.keep);
    for (size_t i = 0; i < N; i++) {
        double x1 = *rl_mat_at(&X0, i, 1), x2 = *rl_mat_at(&X0, i, 2);
        const double row[9] = {1.0,
                               x1,
                               2.0 * x1 - 3.0, /* exact but for one rounding */
                               x2,
                               0.1 * x1 + 0.3 * x2, /* three roundings            */
                               0.0,
                               (x1 - 5.5) * 1e-9,               /* another unit               */
                               x1 + 1e-7 * (double)(i % 3),     /* close, but its own         */
                               x1 / 3.0 + 1e6 * x2 - 1e6 * x2}; /* cancellation on the way    */
        for (size_t j = 0; j < 9; j++) *rl_mat_at(&X, i, j) = row[j];
    }
    const bool want[9] = {0, 0, 1, 0, 1, 1, 1, 0, 1};
    rl_ols_fit f, f0;
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    for (size_t j = 0; j < 9; j++) {
        if (f.dropped[j] != want[j]) fail_msg("column %zu: pivot %g of %g", j, f.pivot[j], f.norm2[j]);
        if (!want[j]) continue;
        assert_true(f.b[j] == 0.0);
        for (size_t i = 0; i < 9; i++) assert_true(*rl_mat_at(&f.A, i, j) == 0.0 && *rl_mat_at(&f.A, j, i) == 0.0);
    }
    assert_int_equal(f.rank, 4);

    /* What is left is the regression without them. */
    X.k = 5;
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    CHECK_OK(rl_ols(&X0, y, NULL, NULL, &f0, cx.keep, &cx), &cx);
    const size_t at[K] = {0, 1, 3};
    for (size_t j = 0; j < K; j++) {
        assert_true(f.b[at[j]] == f0.b[j]);
        assert_true(*rl_mat_at(&f.A, at[j], at[j]) == *rl_mat_at(&f0.A, j, j));
    }
    assert_true(f.rss == f0.rss);
    rl_ctx_free(&cx);
}

/* A column that was nearly all swept out falls by its norm before that. */
static void norm0_decides(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    double y[N];
    rl_mat X = example(N, y, &cx);
    rl_ols_fit f;
    for (size_t i = 0; i < N; i++) *rl_mat_at(&X, i, 2) *= 1e-15;
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    assert_false(f.dropped[2]);
    const double norm0[K] = {71.0, 2000.0, 142.0};
    CHECK_OK(rl_ols(&X, y, NULL, norm0, &f, cx.keep, &cx), &cx);
    assert_true(f.dropped[2] && !f.dropped[0] && !f.dropped[1]);
    rl_ctx_free(&cx);
}

static void more_columns_than_rows(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_mat X = rl_mat_new(3, 5, cx.keep);
    rl_rng r = rl_rng_for(1, 2);
    double y[3] = {2.385, -0.71, 17.3};
    for (size_t i = 0; i < 15; i++) X.a[i] = rl_normal(&r);
    rl_ols_fit f;
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    assert_int_equal(f.rank, 3);
    assert_true(f.rss < 1e-28);
    X.k = 0;
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    CHECK_DIGITS(f.rss, 2.385 * 2.385 + 0.71 * 0.71 + 17.3 * 17.3, 15);
    X = rl_mat_new(0, 2, cx.keep);
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &f, cx.keep, &cx), &cx);
    assert_true(f.rank == 0 && f.rss == 0.0);
    rl_ctx_free(&cx);
}

static rl_code try(const rl_mat *X, const double *y, const double *w)
{
    rl_ctx cx;
    rl_ols_fit f;
    check_ctx(&cx);
    rl_code code = rl_ols(X, y, w, NULL, &f, cx.tmp, &cx);
    assert_true(code == RL_OK || cx.err.what[0] != '\0');
    rl_ctx_free(&cx);
    return code;
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    double y[N], w[N];
    rl_mat X = example(N, y, &cx), hi = rl_mat_new(K, K, cx.keep), lo = rl_mat_new(K, K, cx.keep);
    for (int i = 0; i < N; i++) w[i] = 1.7;
    assert_int_equal(try(&X, y, w), RL_OK);
    double *at[3] = {rl_mat_at(&X, 17, 1), &y[70], &w[3]};
    for (int i = 0; i < 3; i++) {
        double was = *at[i];
        *at[i] = NAN;
        assert_int_equal(try(&X, y, w), RL_ENUM);
        *at[i] = -HUGE_VAL;
        assert_int_equal(try(&X, y, w), RL_ENUM);
        *at[i] = was;
    }
    *rl_mat_at(&X, 17, 1) = 1e200; /* its square overflows */
    assert_int_equal(try(&X, y, NULL), RL_ENUM);
    assert_int_equal(rl_gram(&X, NULL, &hi, &lo, &cx), RL_ENUM);
    *rl_mat_at(&X, 17, 1) = 1.7;
    for (int i = 0; i < N; i++) y[i] *= 1e200; /* the residuals' squares do */
    assert_int_equal(try(&X, y, NULL), RL_ENUM);
    rl_ctx_free(&cx);
}

static void the_three_kernels_agree(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    enum { ROWS = 20011, COLS = 7, PAIRS = (COLS + 1) * (COLS + 2) / 2 };
    rl_mat X = rl_mat_new(ROWS, COLS, cx.keep);
    double *y = RL_NEW(cx.keep, double, ROWS), *w = RL_NEW(cx.keep, double, ROWS);
    rl_rng r = rl_rng_for(3, 4);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLS; j++) {
            /* Wild: up to 2^+-400 within a column, zeros among them. */
            *rl_mat_at(&X, i, j) =
                i % 5 == j ? 0.0 : ldexp(rl_normal(&r), j < 3 ? (int)(rl_bits(&r) % 800) - 400 : (int)j);
        }
        y[i] = rl_normal(&r) * 1e9;
        w[i] = ldexp(rl_exponential(&r), (int)(rl_bits(&r) % 40));
    }
    static rl_dd base[PAIRS], other[PAIRS];
    int exp[COLS + 2];
    assert_true(rl_gram_has(RL_GRAM_BASE) && rl_gram_has(RL_GRAM_BEST));
    for (int weighted = 0; weighted < 2; weighted++) {
        CHECK_OK(rl_gram_scaled(&X, y, weighted ? w : NULL, RL_GRAM_BASE, base, exp, &cx), &cx);
        for (rl_gram_kind kind = RL_GRAM_BEST; kind <= RL_GRAM_AVX512; kind++) {
            if (!rl_gram_has(kind)) continue;
            CHECK_OK(rl_gram_scaled(&X, y, weighted ? w : NULL, kind, other, exp, &cx), &cx);
            assert_memory_equal(base, other, sizeof base);
        }
    }
    rl_ctx_free(&cx);
}

/* A bound on a column spares a look at its numbers, and the sums are what they were. */
static void bounds_change_no_sum(void **state)
{
    (void)state;
    enum { LONG = 1003 };
    rl_ctx cx;
    check_ctx(&cx);
    double *x = RL_NEW(cx.keep, double, K *LONG), bound[K] = {0};
    const double *col[K + 1];
    rl_rng r = rl_rng_for(3, 5);
    for (size_t j = 0; j < K; j++) {
        col[j] = x + j * LONG;
        for (size_t i = 0; i < LONG; i++) {
            x[j * LONG + i] = ldexp(rl_normal(&r), 30 * (int)j);
            bound[j] += x[j * LONG + i] * x[j * LONG + i];
        }
        bound[j] = j == 1 ? 0 : sqrt(bound[j]); /* the second is not known */
    }
    rl_dd G[K * (K + 1) / 2], H[K * (K + 1) / 2];
    int e[K + 1], f[K + 1];
    CHECK_OK(rl_gram_columns(col, NULL, NULL, LONG, K, NULL, RL_GRAM_BEST, G, e, &cx), &cx);
    CHECK_OK(rl_gram_columns(col, NULL, bound, LONG, K, NULL, RL_GRAM_BEST, H, f, &cx), &cx);
    assert_true(f[0] > e[0] && f[1] == e[1] && f[2] > e[2]);
    for (size_t i = 0; i < K; i++)
        for (size_t j = i; j < K; j++) {
            size_t p = rl_gram_pair(K, i, j);
            assert_true(ldexp(G[p].hi, e[i] + e[j]) == ldexp(H[p].hi, f[i] + f[j]));
            assert_true(ldexp(G[p].lo, e[i] + e[j]) == ldexp(H[p].lo, f[i] + f[j]));
        }
    rl_ctx_free(&cx);
}

/* 1e15 + 0.1 - 1e15 + 0.1, ten thousand times: the tenths stay. */
static void sums_keep_what_is_small(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    enum { ROWS = 40000 };
    double *v = RL_NEW(cx.keep, double, ROWS), *u = RL_NEW(cx.keep, double, ROWS), *w = RL_NEW(cx.keep, double, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        v[i] = i % 2 ? 0.1 : i % 4 ? -1e15 : 1e15;
        u[i] = 3.7;
        w[i] = 0.5;
    }
    CHECK_DIGITS(rl_sum(v, ROWS, &cx), 2000.0, 15);
    CHECK_DIGITS(rl_dot(NULL, u, v, ROWS, &cx), 7400.0, 15);
    CHECK_DIGITS(rl_dot(w, u, v, ROWS, &cx), 3700.0, 15);
    CHECK_DIGITS(rl_dot(w, NULL, v, ROWS, &cx), 1000.0, 15);
    CHECK_DIGITS(rl_dot(NULL, NULL, v, ROWS, &cx), 2000.0, 15);
    rl_dd sum, squares, part = rl_dot_rows(w, u, v, 16384, 32768), tail = rl_dot_rows(w, u, v, 32768, ROWS);
    rl_sum_squares(v, ROWS - 3, &sum, &squares, &cx);
    assert_true(sum.hi + sum.lo == rl_sum(v, ROWS - 3, &cx));
    assert_true(squares.hi + squares.lo == rl_dot(NULL, v, v, ROWS - 3, &cx));
    part = rl_dd_add(rl_dd_add(rl_dot_rows(w, u, v, 0, 16384), part), tail);
    assert_true(part.hi + part.lo == rl_dot(w, u, v, ROWS, &cx));
    assert_true(rl_sum(v, 0, &cx) == 0.0);
    v[3] = 1e300;
    CHECK_DIGITS(rl_sum(v, ROWS, &cx), 1e300, 15);
    assert_true(rl_dot(NULL, v, v, 10, &cx) == HUGE_VAL);
    v[3] = NAN;
    assert_true(isnan(rl_sum(v, ROWS, &cx)));
    rl_ctx_free(&cx);
}

/* Residuals of columns of two doubles: what e cannot hold is in e_low. */
static void residuals_in_two_parts(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    double y[N], y_low[N], low[N], e[N], e_low[N];
    rl_mat X = rl_mat_new(N, 1, cx.keep);
    double *columns[] = {low}, b = 1.0 / 3, b_low = 0x1.8p-57;
    for (size_t i = 0; i < N; i++) {
        X.a[i] = 2.385 + 0.1 * (double)i;
        low[i] = X.a[i] * 0x1.3p-55;
        rl_dd fitted = rl_dd_mul((rl_dd){X.a[i], low[i]}, (rl_dd){b, b_low});
        y[i] = fitted.hi;
        y_low[i] = fitted.lo + (i % 2 ? 0x1p-70 : -0x1.7p-64);
    }
    rl_cols C = rl_cols_of(&X, columns, cx.keep);
    rl_cols_left(&C, y, y_low, &b, &b_low, e, e_low, &cx);
    for (size_t i = 0; i < N; i++) CHECK_NEAR(e[i] + e_low[i], i % 2 ? 0x1p-70 : -0x1.7p-64, 1e-30);
    for (size_t i = 0; i < N; i++) y[i] = 1e3 * (double)(i + 1); /* nothing cancels: two doubles are needed */
    rl_cols_left(&C, y, NULL, &b, &b_low, e, e_low, &cx);
    size_t some = 0;
    for (size_t i = 0; i < N; i++) {
        rl_dd sum = rl_dd_add(rl_dd_mul((rl_dd){X.a[i], low[i]}, (rl_dd){b, b_low}), (rl_dd){e[i], e_low[i]});
        CHECK_NEAR(sum.hi - y[i] + sum.lo, 0, 1e-28 * y[i]);
        some += e_low[i] != 0;
    }
    assert_true(some > N / 2);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits),
        cmocka_unit_test(residuals_in_two_parts),
        cmocka_unit_test(leverage_sums_to_rank),
        cmocka_unit_test(dependent_columns_fall),
        cmocka_unit_test(norm0_decides),
        cmocka_unit_test(more_columns_than_rows),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(the_three_kernels_agree),
        cmocka_unit_test(bounds_change_no_sum),
        cmocka_unit_test(sums_keep_what_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
