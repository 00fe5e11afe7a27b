/* GMM on differences against the textbook's matrices, written out. */
#include <string.h>

#include "base/rng.h"
#include "num/gmm.h"
#include "num/weight.h"
#include "own_ctx.h"

enum { N = 14, T = 5, ROWS = N * T, K = 3, Q = 7, LISTED = 5 };

/* Unit 3 has a hole after its second row; column 0 of X has instruments in lists, 1 and 2 their own. */
typedef struct sample {
    rl_gmm p;
    double Z[ROWS][Q];
} sample;

static sample *make(void)
{
    sample *s = RL_NEW(cx.keep, sample, 1);
    size_t *first = RL_NEW(cx.keep, size_t, N + 1), *list = RL_NEW(cx.keep, size_t, ROWS + 1), at = 0;
    static const size_t OWN[] = {1, 2};
    int32_t *time = RL_NEW(cx.keep, int32_t, ROWS);
    uint32_t *col = RL_NEW(cx.keep, uint32_t, 2 * ROWS);
    double *y = RL_NEW(cx.keep, double, ROWS), *z = RL_NEW(cx.keep, double, 2 * ROWS);
    rl_rng r = rl_rng_for(31, 1);
    s->p = (rl_gmm){.n = ROWS, .N = N, .first = first, .at = time, .y = y, .X = rl_mat_new(ROWS, K, cx.keep), .q = Q};
    s->p.z_first = list, s->p.z_col = col, s->p.z = z, s->p.n_own = 2, s->p.own = OWN;
    for (size_t i = 0; i < ROWS; i++) {
        size_t t = i % T;
        double e = (0.6 + 0.2 * (double)(i / T % 3)) * rl_normal(&r), x0 = 0.7 * e;
        first[i / T] = i - t;
        time[i] = (int32_t)t + 4 + (i / T == 3 && t > 1);
        list[i] = at;
        for (size_t a = 0; a < 2; a++) {
            double v = a == 1 && t == 0 ? 0 : 1.3 + rl_normal(&r);
            if (a == 1 && t == 0) continue;
            col[at] = (uint32_t)((t + 3 * a) % LISTED), z[at++] = v;
            s->Z[i][(t + 3 * a) % LISTED] += v;
            x0 += (0.3 + 0.2 * (double)a) * v;
        }
        *rl_mat_at(&s->p.X, i, 0) = x0;
        for (size_t j = 1; j < K; j++) s->Z[i][LISTED + j - 1] = *rl_mat_at(&s->p.X, i, j) = rl_normal(&r) + 0.2 * x0;
        y[i] = 0.53 * x0 - 0.31 * *rl_mat_at(&s->p.X, i, 1) + 0.17 * *rl_mat_at(&s->p.X, i, 2) + e;
    }
    first[N] = ROWS;
    list[ROWS] = at;
    return s;
}

/* --- by the book -------------------------------------------------------------------------- */

/* B (n-by-n) inverted by Gauss and Jordan. */
static void invert(double *B, size_t n)
{
    double M[Q][2 * Q] = {{0}};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) M[i][j] = B[i * n + j];
        M[i][n + i] = 1;
    }
    for (size_t p = 0; p < n; p++) {
        size_t best = p;
        for (size_t i = p; i < n; i++)
            if (fabs(M[i][p]) > fabs(M[best][p])) best = i;
        for (size_t j = 0; j < 2 * n; j++) {
            double swap = M[p][j];
            M[p][j] = M[best][j], M[best][j] = swap;
        }
        double by = M[p][p];
        for (size_t j = 0; j < 2 * n; j++) M[p][j] /= by;
        for (size_t i = 0; i < n; i++) {
            double f = i == p ? 0 : M[i][p];
            for (size_t j = 0; j < 2 * n; j++) M[i][j] -= f * M[p][j];
        }
    }
    for (size_t i = 0; i < n * n; i++) B[i] = M[i / n][n + i % n];
}

static void weight(const sample *s, const double *e, double *W)
{
    memset(W, 0, Q * Q * sizeof *W);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < ROWS; j++) {
            if (i / T != j / T) continue;
            int gap = abs(s->p.at[i] - s->p.at[j]);
            double h = e != NULL ? e[i] * e[j] : gap == 0 ? 2 : gap == 1 ? -1 : 0;
            for (size_t a = 0; a < Q; a++)
                for (size_t b = 0; b < Q; b++) W[a * Q + b] += h * s->Z[i][a] * s->Z[j][b];
        }
    invert(W, Q);
}

/* b = A G'W Z'y and e; A, C = A G'W when wanted. */
static void by_the_book(const sample *s, const double *W, double *b, double *e, double *A, double *C)
{
    double G[Q][K + 1] = {{0}}, own_A[K * K], own_C[K * Q];
    if (A == NULL) A = own_A, C = own_C;
    memset(A, 0, K * K * sizeof *A);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t a = 0; a < Q; a++)
            for (size_t c = 0; c <= K; c++) G[a][c] += s->Z[i][a] * (c < K ? *rl_mat_at(&s->p.X, i, c) : s->p.y[i]);
    for (size_t c = 0; c < K; c++)
        for (size_t d = 0; d < K; d++)
            for (size_t a = 0; a < Q; a++)
                for (size_t f = 0; f < Q; f++) A[c * K + d] += G[a][c] * W[a * Q + f] * G[f][d];
    invert(A, K);
    for (size_t c = 0; c < K; c++) {
        b[c] = 0;
        for (size_t a = 0; a < Q; a++) {
            C[c * Q + a] = 0;
            for (size_t d = 0; d < K; d++)
                for (size_t f = 0; f < Q; f++) C[c * Q + a] += A[c * K + d] * G[f][d] * W[f * Q + a];
            b[c] += C[c * Q + a] * G[a][K];
        }
    }
    for (size_t i = 0; i < ROWS && e != NULL; i++) {
        e[i] = s->p.y[i];
        for (size_t c = 0; c < K; c++) e[i] -= *rl_mat_at(&s->p.X, i, c) * b[c];
    }
}

/* sum over units of (C Z'e)(C Z'e)' */
static void sandwich(const sample *s, const double *C, const double *e, double *V)
{
    memset(V, 0, K * K * sizeof *V);
    for (size_t u = 0; u < N; u++) {
        double p[K] = {0};
        for (size_t i = u * T; i < (u + 1) * T; i++)
            for (size_t c = 0; c < K; c++)
                for (size_t a = 0; a < Q; a++) p[c] += C[c * Q + a] * s->Z[i][a] * e[i];
        for (size_t c = 0; c < K * K; c++) V[c] += p[c / K] * p[c % K];
    }
}

static void of_influence(const sample *s, const rl_gmm_fit *f, double *V)
{
    memset(V, 0, K * K * sizeof *V);
    for (size_t u = 0; u < N; u++) {
        double p[K] = {0}, row[K];
        for (size_t i = u * T; i < (u + 1) * T; i++) {
            rl_gmm_psi(&s->p, f, i, row);
            for (size_t c = 0; c < K; c++) p[c] += row[c];
        }
        for (size_t c = 0; c < K * K; c++) V[c] += p[c / K] * p[c % K];
    }
}

static void first_step(void **state)
{
    (void)state;
    sample *s = make();
    rl_gmm_fit f;
    double W[Q * Q], b[K], e[ROWS], A[K * K], C[K * Q], V[K * K], P[K * K];
    CHECK_OK(rl_gmm_solve(&s->p, false, &f, cx.keep, &cx), &cx);
    weight(s, NULL, W);
    by_the_book(s, W, b, e, A, C);
    sandwich(s, C, e, V);
    of_influence(s, &f, P);
    assert_true(f.identified);
    assert_int_equal(f.rank, Q);
    for (size_t c = 0; c < K; c++) CHECK_DIGITS(f.b[c], b[c], 11);
    for (size_t c = 0; c < K * K; c++) CHECK_DIGITS(f.A1.a[c], A[c], 10);
    for (size_t c = 0; c < K * K; c++) CHECK_DIGITS(P[c], V[c], 9);
}

/* Windmeijer's formula with the derivative of b2 by b1 from differences of fourth order. */
static void second_step(void **state)
{
    (void)state;
    sample *s = make();
    rl_gmm_fit f;
    double W1[Q * Q], W[Q * Q], b1[K], e1[ROWS], A1[K * K], C1[K * Q], b[K], A[K * K], C[K * Q], V1[K * K], D[K][K];
    double P[K * K];
    CHECK_OK(rl_gmm_solve(&s->p, true, &f, cx.keep, &cx), &cx);
    weight(s, NULL, W1);
    by_the_book(s, W1, b1, e1, A1, C1);
    sandwich(s, C1, e1, V1);
    for (size_t d = 0; d < K; d++) {
        static const double AT[] = {-2, -1, 1, 2}, BY[] = {1. / 12, -8. / 12, 8. / 12, -1. / 12};
        for (size_t c = 0; c < K; c++) D[c][d] = 0;
        for (size_t q = 0; q < 4; q++) {
            double e[ROWS], moved[K];
            for (size_t i = 0; i < ROWS; i++) e[i] = e1[i] - 1e-3 * AT[q] * *rl_mat_at(&s->p.X, i, d);
            weight(s, e, W);
            by_the_book(s, W, moved, NULL, NULL, NULL);
            for (size_t c = 0; c < K; c++) D[c][d] += BY[q] * moved[c] / 1e-3;
        }
    }
    weight(s, e1, W);
    by_the_book(s, W, b, NULL, A, C);
    of_influence(s, &f, P);
    assert_int_equal(f.moments_rank, Q);
    for (size_t c = 0; c < K; c++) CHECK_DIGITS(f.b[c], b[c], 10);
    for (size_t c = 0; c < K; c++)
        for (size_t d = 0; d < K; d++) {
            double v = A[c * K + d];
            for (size_t g = 0; g < K; g++) {
                v += D[c][g] * A[g * K + d] + A[c * K + g] * D[d][g];
                for (size_t h = 0; h < K; h++) v += D[c][g] * V1[g * K + h] * D[d][h];
            }
            CHECK_NEAR(P[c * K + d], v, 1e-8 * sqrt(A[c * K + c] * A[d * K + d]));
        }
}

static void instruments_twice(void **state)
{
    (void)state;
    sample *s = make();
    rl_gmm p = s->p;
    rl_gmm_fit a, b;
    size_t n = p.z_first[ROWS], *list = RL_NEW(cx.keep, size_t, ROWS + 1);
    uint32_t *col = RL_NEW(cx.keep, uint32_t, 2 * n);
    double *z = RL_NEW(cx.keep, double, 2 * n);
    for (size_t r = 0; r <= ROWS; r++) list[r] = 2 * p.z_first[r];
    for (size_t j = 0; j < n; j++) {
        col[2 * j] = p.z_col[j], z[2 * j] = p.z[j];
        col[2 * j + 1] = p.z_col[j] + LISTED, z[2 * j + 1] = -2.385 * p.z[j];
    }
    p.z_first = list, p.z_col = col, p.z = z, p.q = Q + LISTED;
    for (int two = 0; two <= 1; two++) {
        CHECK_OK(rl_gmm_solve(&s->p, two, &a, cx.keep, &cx), &cx);
        CHECK_OK(rl_gmm_solve(&p, two, &b, cx.keep, &cx), &cx);
        assert_int_equal(b.rank, Q);
        for (size_t c = 0; c < K; c++) CHECK_DIGITS(b.b[c], a.b[c], 11);
        CHECK_DIGITS(b.distance, a.distance, 10);
        CHECK_DIGITS(b.m[0], a.m[0], 10);
    }
}

static void not_identified(void **state)
{
    (void)state;
    sample *s = make();
    rl_gmm_fit f;
    s->p.n_own = 1; /* column 2 has no instrument but what the lists hold .. */
    s->p.q = Q - 1;
    s->p.z_first = RL_NEW(cx.keep, size_t, ROWS + 1); /* .. and they are empty */
    CHECK_OK(rl_gmm_solve(&s->p, true, &f, cx.keep, &cx), &cx);
    assert_false(f.identified);
}

/* Fewer units than instruments: the inverse on the span, W M W = W. */
static void inverse_on_the_span(void **state)
{
    (void)state;
    static const double V[2][4] = {{1.1, -0.4, 0.3, 0.9}, {0.2, 1.7, -0.6, 0.5}};
    long double M[16] = {0}, x[4], y[4], z[4];
    rl_weight w;
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < 16; i++) M[i] += (long double)V[p][i / 4] * V[p][i % 4];
    long double keep[16];
    memcpy(keep, M, sizeof M);
    CHECK_OK(rl_weight_make(M, 4, NULL, true, &w, cx.keep, &cx), &cx);
    assert_int_equal(w.rank, 2);
    for (size_t i = 0; i < 4; i++) x[i] = 0.3 * (double)i - 0.7;
    rl_weight_apply(&w, x, y, &cx);
    for (size_t i = 0; i < 4; i++) {
        z[i] = 0;
        for (size_t j = 0; j < 4; j++) z[i] += keep[i * 4 + j] * y[j];
    }
    rl_weight_apply(&w, z, z, &cx);
    for (size_t i = 0; i < 4; i++) CHECK_DIGITS((double)z[i], (double)y[i], 12);
    memcpy(M, keep, sizeof M);
    CHECK_OK(rl_weight_make(M, 4, NULL, false, &w, cx.keep, &cx), &cx);
    assert_int_equal(w.rank, 2);
    assert_false(w.passed[0] || w.passed[1]);
    assert_true(w.passed[2] && w.passed[3]);
}

static void not_finite(void **state)
{
    (void)state;
    sample *s = make();
    rl_gmm_fit f;
    *rl_mat_at(&s->p.X, 11, 1) = INFINITY;
    assert_int_equal(rl_gmm_solve(&s->p, false, &f, cx.keep, &cx), RL_ENUM);
    assert_non_null(strstr(cx.err.what, "not finite"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_step),     TEST(second_step),         TEST(instruments_twice),
        TEST(not_identified), TEST(inverse_on_the_span), TEST(not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
