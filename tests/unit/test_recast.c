#include "base/rng.h"
#include "num/recast.h"
#include "own_ctx.h"

/* Sum of x x' over n draws of m numbers. */
static rl_mat covariance(size_t m, size_t n, uint64_t seed)
{
    rl_mat V = rl_mat_new(m, m, cx.tmp);
    rl_rng r = rl_rng_for(seed, 3);
    for (size_t i = 0; i < n; i++) {
        double x[8];
        for (size_t j = 0; j < m; j++) x[j] = rl_normal(&r) * (double)(1 + 50 * j) + (j > 0 ? x[0] : 0);
        for (size_t a = 0; a < m; a++)
            for (size_t b = 0; b < m; b++) *rl_mat_at(&V, a, b) += x[a] * x[b];
    }
    return V;
}

static double turned(const rl_mat *A, const rl_mat *T, size_t i, size_t j)
{
    double sum = 0;
    for (size_t a = 0; a < A->n; a++)
        for (size_t b = 0; b < A->n; b++) sum += *rl_mat_at(T, a, i) * *rl_mat_at(A, a, b) * *rl_mat_at(T, b, j);
    return sum;
}

static void reaches_the_other_covariance(void **state)
{
    (void)state;
    rl_mat A = covariance(5, 40, 1), B = covariance(5, 60, 2), T = rl_mat_new(5, 5, cx.tmp);
    assert_true(rl_recast(&A, &B, &T, &cx));
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) {
            double scale = sqrt(*rl_mat_at(&B, i, i) * *rl_mat_at(&B, j, j));
            CHECK_NEAR(turned(&A, &T, i, j) / scale, *rl_mat_at(&B, i, j) / scale, 1e-12);
        }
}

/* Nothing to change: the identity; one number: the square root of the ratio. */
static void the_least_change(void **state)
{
    (void)state;
    rl_mat A = covariance(4, 30, 3), T = rl_mat_new(4, 4, cx.tmp);
    assert_true(rl_recast(&A, &A, &T, &cx));
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            double scale = sqrt(*rl_mat_at(&A, j, j) / *rl_mat_at(&A, i, i));
            CHECK_NEAR(*rl_mat_at(&T, i, j) / scale, i == j ? 1 : 0, 1e-11);
        }
    rl_mat a = rl_mat_new(1, 1, cx.tmp), b = rl_mat_new(1, 1, cx.tmp), t = rl_mat_new(1, 1, cx.tmp);
    a.a[0] = 7.25;
    b.a[0] = 2.385;
    assert_true(rl_recast(&a, &b, &t, &cx));
    CHECK_DIGITS(t.a[0], sqrt(2.385 / 7.25), 15);
}

/* The third is the sum of the first two, in both: fewer directions than numbers. */
static void singular(void **state)
{
    (void)state;
    rl_mat two[2] = {covariance(2, 25, 4), covariance(2, 35, 5)}, V[2], T = rl_mat_new(3, 3, cx.tmp);
    static const double L[3][2] = {{1, 0}, {0, 1}, {1, 1}};
    for (int q = 0; q < 2; q++) {
        V[q] = rl_mat_new(3, 3, cx.tmp);
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++)
                for (size_t a = 0; a < 2; a++)
                    for (size_t b = 0; b < 2; b++)
                        *rl_mat_at(&V[q], i, j) += L[i][a] * *rl_mat_at(&two[q], a, b) * L[j][b];
    }
    assert_true(rl_recast(&V[0], &V[1], &T, &cx));
    for (size_t i = 0; i < 3; i++) CHECK_DIGITS(turned(&V[0], &T, i, i), *rl_mat_at(&V[1], i, i), 10);
}

static void not_to_be_had(void **state)
{
    (void)state;
    rl_mat A = covariance(3, 30, 6), B = covariance(3, 30, 7), T = rl_mat_new(3, 3, cx.tmp);
    *rl_mat_at(&B, 0, 1) = *rl_mat_at(&B, 1, 0) = 2 * sqrt(*rl_mat_at(&B, 0, 0) * *rl_mat_at(&B, 1, 1));
    assert_false(rl_recast(&A, &B, &T, &cx)); /* a correlation of 2 */
    B = covariance(3, 30, 8);
    for (size_t i = 0; i < 3; i++) *rl_mat_at(&A, i, 2) = *rl_mat_at(&A, 2, i) = 0;
    assert_false(rl_recast(&A, &B, &T, &cx)); /* a variance out of nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_the_other_covariance),
        cmocka_unit_test(the_least_change),
        cmocka_unit_test(singular),
        cmocka_unit_test(not_to_be_had),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
