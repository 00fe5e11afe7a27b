/* The size of 5 % tests on short dependent series: how often a true null is rejected.
 *
 * y is an AR(1) around a mean of 0; the mean is tested.  The bounds leave
 * three standard errors of a share of 400 around what 2,000 series gave
 * (in the order of the columns, %):
 *
 *   rho   T      NW:nw2, normal   NW:lls   EWC   block   wild-dependent
 *    0    60           6             5      5      6           7
 *   .5    60          14             7      6      7           9
 *   .7    60          23            11      8     10          12
 *   .5   120          11             7      6      7           8
 *   .7   120          18             9      7      7           9
 */
#include "unit/fit_fixture.h"
#include "model/infer.h"

enum { SERIES = 400, WAYS = 5 };
static const char *const VCOV[WAYS] = {"NW:nw2", "NW:lls", "EWC", "block,reps=199", "wild-dependent,reps=199"};

static void reject(size_t T, double rho, double share[WAYS])
{
    double count[WAYS] = {0};
    for (size_t s = 0; s < SERIES; s++) {
        rl_ctx one;
        check_ctx(&one);
        rl_table t = fit_table(T);
        fit_num(&t, "t", &one), fit_num(&t, "y", &one);
        rl_rng r = rl_rng_for(4100 + T, s);
        double y = rl_normal(&r) / sqrt(1 - rho * rho);
        for (size_t i = 0; i < T; i++, y = rho * y + rl_normal(&r)) {
            t.col[0].num[i] = (double)i;
            t.col[1].num[i] = y;
        }
        for (int v = 0; v < WAYS; v++) {
            rl_request q = fit_request("y ~ 1");
            rl_result out;
            q.time = "t";
            q.profile = v == 0 ? "statsmodels" : NULL;
            CHECK_OK(rl_vcov_parse(VCOV[v], &q.vcov, one.keep, &one), &one);
            CHECK_OK(rl_estimate_run(&q, &t, &out, one.keep, &one), &one);
            count[v] += out.est[0].p_value <= 0.05;
        }
        rl_ctx_free(&one);
    }
    for (int v = 0; v < WAYS; v++) share[v] = count[v] / SERIES;
    print_message(
        "rho %.1f, %3zu periods: NW:nw2, normal %.3f, NW:lls %.3f, EWC %.3f, block %.3f, wild-dependent %.3f\n", rho, T,
        share[0], share[1], share[2], share[3], share[4]);
}

static void size(void **state)
{
    (void)state;
    static const struct {
        double rho;
        size_t T;
        double normal_at_least, at_most[WAYS];
    } GRID[] = {{0.0, 60, 0.02, {0.10, 0.085, 0.085, 0.095, 0.11}},
                {0.5, 60, 0.09, {1, 0.11, 0.10, 0.11, 0.135}},
                {0.7, 60, 0.16, {1, 0.16, 0.125, 0.145, 0.17}},
                {0.7, 120, 0.12, {1, 0.135, 0.11, 0.115, 0.135}}};
    for (size_t g = 0; g < sizeof GRID / sizeof *GRID; g++) {
        double share[WAYS];
        reject(GRID[g].T, GRID[g].rho, share);
        assert_true(share[0] >= GRID[g].normal_at_least);
        for (int v = 0; v < WAYS; v++) assert_true(share[v] <= GRID[g].at_most[v] && share[v] > 0.01);
        for (int v = 1; v < WAYS && GRID[g].rho > 0; v++) assert_true(share[v] < share[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
