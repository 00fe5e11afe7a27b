#include "check.h"
#include "base/rng.h"
#include "num/eig.h"

enum { MOST = 83 };

/* Symmetric r-by-r with the given eigenvalues: S = sum_j v_j q_j q_j', q from Gram-Schmidt. */
static void with_values(const double *v, size_t r, double *S, uint64_t seed)
{
    static double q[MOST * MOST];
    rl_rng g = rl_rng_for(seed, 3);
    for (size_t j = 0; j < r; j++) {
        double *x = q + j * r, n2 = 0;
        for (size_t i = 0; i < r; i++) x[i] = rl_normal(&g);
        for (int pass = 0; pass < 2; pass++)
            for (size_t l = 0; l < j; l++) {
                double s = 0;
                for (size_t i = 0; i < r; i++) s += q[i + l * r] * x[i];
                for (size_t i = 0; i < r; i++) x[i] -= s * q[i + l * r];
            }
        for (size_t i = 0; i < r; i++) n2 += x[i] * x[i];
        for (size_t i = 0; i < r; i++) x[i] /= sqrt(n2);
    }
    for (size_t a = 0; a < r; a++)
        for (size_t b = 0; b <= a; b++) {
            double s = 0;
            for (size_t j = 0; j < r; j++) s += v[j] * q[a + j * r] * q[b + j * r];
            S[a + b * r] = S[b + a * r] = s;
        }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* S Q = Q diag(v), Q'Q = I. */
static void check_vectors(const double *S, const double *Q, const double *v, size_t r)
{
    for (size_t j = 0; j < r; j++)
        for (size_t i = 0; i < r; i++) {
            double left = 0, inner = 0;
            for (size_t l = 0; l < r; l++) {
                left += S[i + l * r] * Q[l + j * r];
                inner += Q[l + i * r] * Q[l + j * r];
            }
            CHECK_NEAR(left, v[j] * Q[i + j * r], 3e-13);
            CHECK_NEAR(inner, i == j ? 1 : 0, 3e-14);
        }
}

static void known_values(void **state)
{
    (void)state;
    static const size_t SIZE[] = {1, 2, 3, 7, 29, MOST};
    static double S[MOST * MOST], Q[MOST * MOST], want[MOST], v[MOST], alone[MOST], work[MOST];
    for (size_t s = 0; s < sizeof SIZE / sizeof *SIZE; s++) {
        size_t r = SIZE[s];
        for (size_t j = 0; j < r; j++) want[j] = j % 3 == 2 ? 0.37 : 1.13 - 0.021 * (double)j; /* repeated ones too */
        with_values(want, r, S, 11 + s);
        for (size_t i = 0; i < r * r; i++) Q[i] = S[i];
        assert_true(rl_eig(Q, r, v, work));
        check_vectors(S, Q, v, r);
        for (size_t i = 0; i < r * r; i++) Q[i] = S[i];
        assert_true(rl_eig_values(Q, r, alone, work));
        assert_memory_equal(alone, v, r * sizeof *v);
        qsort(v, r, sizeof *v, ascending);
        qsort(want, r, sizeof *want, ascending);
        for (size_t j = 0; j < r; j++) CHECK_NEAR(v[j], want[j], 2e-14);
    }
}

static void low_rank(void **state)
{
    (void)state;
    static double S[MOST * MOST], Q[MOST * MOST], want[MOST], v[MOST], work[MOST];
    want[5] = 0.83;
    want[17] = 1;
    with_values(want, MOST, S, 5);
    for (size_t i = 0; i < MOST * MOST; i++) Q[i] = S[i];
    assert_true(rl_eig(Q, MOST, v, work));
    check_vectors(S, Q, v, MOST);
}

static void diagonal_and_empty(void **state)
{
    (void)state;
    double D[9] = {2.385, 0, 0, 0, -0.7, 0, 0, 0, 2.385}, v[3], work[3];
    assert_true(rl_eig(D, 3, v, work));
    CHECK_DIGITS(v[0], 2.385, 16);
    CHECK_DIGITS(v[1], -0.7, 16);
    CHECK_DIGITS(D[4], 1, 16);
    assert_true(rl_eig(D, 0, v, work) && rl_eig_values(D, 0, v, work));
}

static void not_finite(void **state)
{
    (void)state;
    double S[9] = {1, NAN, 0.2, NAN, 1, 0.3, 0.2, 0.3, 1}, v[3], work[3];
    assert_false(rl_eig(S, 3, v, work));
    S[1] = S[3] = NAN;
    assert_false(rl_eig_values(S, 3, v, work));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(low_rank),
        cmocka_unit_test(diagonal_and_empty),
        cmocka_unit_test(not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
