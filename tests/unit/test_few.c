#include "few_fixture.h"
#include "num/dist.h"
#include "own_ctx.h"

enum { N = 20, T = 4 };

static void outcomes(double *y, uint64_t seed)
{
    rl_rng r = rl_rng_for(seed, 5);
    for (size_t i = 0; i < N * T; i++) y[i] = rl_normal(&r) + 0.2 * (double)(i % T) + (double)(i / T % 3);
}

/* One treated unit, starting in period 3: its luck is that of the change of two means of a control. */
static void one_treated_unit(void **state)
{
    (void)state;
    double cohort[N], y[N * T], mean[T] = {0}, v = 0;
    for (size_t u = 0; u < N; u++) cohort[u] = u == 4 ? 3 : NAN;
    outcomes(y, 1);
    rl_att e = few_att(N, T, cohort, y, &cx);
    rl_few few;
    rl_few_widen(&e, 0.95, &few, cx.keep, &cx);
    for (size_t u = 0; u < N; u++)
        for (size_t p = 0; p < T && u != 4; p++) mean[p] += y[u * T + p] / (N - 1);
    for (size_t u = 0; u < N; u++) {
        if (u == 4) continue;
        double s = 0;
        for (size_t p = 0; p < T; p++) s += (p < 2 ? -0.5 : 0.5) * (y[u * T + p] - mean[p]);
        v += s * s / (N - 2);
    }
    assert_int_equal(few.units, 1);
    assert_int_equal(few.alone, 1);
    CHECK_DIGITS(few.se, sqrt(e.se * e.se + v - e.psi[4] * e.psi[4]), 10);
    assert_true(few.se > 2 * e.se);
    double t = rl_t_quantile(0.975, N - 2); /* one less than there are controls */
    CHECK_DIGITS(few.high - few.low, 2 * t * few.se, 10);
    CHECK_DIGITS((few.high + few.low) / 2, e.effect, 12);
    assert_non_null(strstr(few.says, "1 treated unit is"));
}

/* Beside a large cohort the lonely unit alone is widened, with the degrees of freedom there are. */
static void beside_a_large_cohort(void **state)
{
    (void)state;
    double cohort[N], y[N * T];
    for (size_t u = 0; u < N; u++) cohort[u] = u == 4 ? 2 : u % 3 == 0 ? 3 : NAN;
    outcomes(y, 2);
    rl_att e = few_att(N, T, cohort, y, &cx);
    rl_few few;
    rl_few_widen(&e, 0.9, &few, cx.keep, &cx);
    assert_int_equal(few.units, 1);
    assert_true(few.se > e.se);
    CHECK_DIGITS(few.high - few.low, 2 * rl_t_quantile(0.95, e.df) * few.se, 10);
}

static void larger_cohorts_stay(void **state)
{
    (void)state;
    double cohort[N], y[N * T];
    for (size_t u = 0; u < N; u++) cohort[u] = u < RL_FEW ? 2 : u < 2 * RL_FEW ? 3 : NAN;
    outcomes(y, 3);
    rl_att e = few_att(N, T, cohort, y, &cx);
    rl_few few;
    rl_few_widen(&e, 0.95, &few, cx.keep, &cx);
    assert_int_equal(few.units, 0);
    assert_true(isnan(few.se));
    for (size_t u = 0; u < N; u++) cohort[u] = u < RL_FEW - 1 ? 2 : u < 2 * RL_FEW ? 3 : NAN; /* one unit fewer */
    e = few_att(N, T, cohort, y, &cx);
    rl_few_widen(&e, 0.95, &few, cx.keep, &cx);
    assert_int_equal(few.units, RL_FEW - 1);
    assert_int_equal(few.alone, 0);
}

/* Without the weights of the outcomes nothing is said; with one control there is nothing to take the luck from. */
static void what_cannot_be_had(void **state)
{
    (void)state;
    double cohort[N], y[N * T];
    for (size_t u = 0; u < N; u++) cohort[u] = u == 4 ? 3 : NAN;
    outcomes(y, 4);
    rl_att e = few_att(N, T, cohort, y, &cx);
    rl_few few;
    e.fit.omega = NULL;
    rl_few_widen(&e, 0.95, &few, cx.keep, &cx);
    assert_int_equal(few.units, 0);
    for (size_t u = 0; u < N; u++) cohort[u] = u == 4 ? 3 : u == 7 ? NAN : 2;
    e = few_att(N, T, cohort, y, &cx);
    rl_few_widen(&e, 0.95, &few, cx.keep, &cx);
    assert_true(isnan(few.se));
    assert_non_null(strstr(few.why, "fewer than two controls"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_treated_unit),
        cmocka_unit_test(beside_a_large_cohort),
        cmocka_unit_test(larger_cohorts_stay),
        cmocka_unit_test(what_cannot_be_had),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
