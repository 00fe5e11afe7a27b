/* With few clusters of unequal size: how often a true null is rejected at 10 %. */
#include "unit/fit_fixture.h"

static rl_ctx cx;

static int setup(void **state)
{
    (void)state;
    check_ctx(&cx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

enum { WORLDS = 500, CLUSTERS = 10, ROWS = 120 };

/* Clusters of 4 to 26 rows with a common shock each, a regressor that varies by cluster in part,
 * four years; the slope is 0.37. */
static rl_table world(uint64_t seed)
{
    rl_table t = fit_table(ROWS);
    const char **g = RL_NEW(cx.keep, const char *, ROWS), **year = RL_NEW(cx.keep, const char *, ROWS);
    double *y = fit_num(&t, "y", &cx), *x = fit_num(&t, "x", &cx), shock[CLUSTERS], own[CLUSTERS];
    rl_rng r = rl_rng_for(seed, 1);
    for (int c = 0; c < CLUSTERS; c++) {
        shock[c] = rl_normal(&r);
        own[c] = rl_normal(&r);
    }
    for (int i = 0; i < ROWS; i++) {
        double u = (i + 0.5) / ROWS;
        int c = (int)((0.3 * u + 0.7 * u * u) * CLUSTERS);
        g[i] = rl_sprintf(cx.keep, "g%d", c);
        year[i] = rl_sprintf(cx.keep, "%d", 2019 + i % 4);
        x[i] = own[c] + 0.5 * rl_normal(&r);
        y[i] = 0.37 * x[i] + 0.6 * shock[c] + 0.1 * (i % 4) + rl_normal(&r);
    }
    fit_text(&t, "g", g, &cx);
    fit_text(&t, "year", year, &cx);
    return t;
}

static void true_nulls(void **state)
{
    (void)state;
    static const char *const AT[] = {"x - 0.37"};
    enum { PLAIN, CR2, CR3, WILD, WILD31, KINDS };
    static const rl_vcov_kind KIND[KINDS] = {RL_CLUSTER, RL_CR2, RL_CR3, RL_WILD, RL_WILD};
    size_t rejected[KINDS] = {0}, outside[KINDS] = {0};
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        rl_table t = world(seed);
        for (int k = 0; k < KINDS; k++) {
            rl_request r = fit_request("y ~ x | year");
            rl_result out;
            r.vcov = (rl_vcov_spec){
                .kind = KIND[k], .ways = 1, .by = {"g"}, .lag = -1, .reps = 399, .form = k == WILD31 ? 31 : 11};
            r.lincom = AT;
            r.n_lincom = 1;
            r.level = 0.9;
            CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
            const rl_estimate *e = fit_find(&out, "x");
            rejected[k] += fit_find(&out, AT[0])->p_value <= 0.1;
            outside[k] += !(e->conf_low <= 0.37 && 0.37 <= e->conf_high);
        }
        rl_arena_reset(cx.tmp);
    }
    for (int k = 0; k < KINDS; k++) {
        double share = (double)rejected[k] / WORLDS;
        /* the interval holds exactly what is not rejected (p(r) need not be monotone: a draw or two of the bootstrap) */
        CHECK_NEAR((double)outside[k], (double)rejected[k], KIND[k] == RL_WILD ? 0.006 * WORLDS : 0);
        if (k == PLAIN)
            assert_true(share > 0.13); /* the reason for the others */
        else if (!(share > 0.04 && share < 0.145))
            fail_msg("kind %d rejects a true null at 10 %% in %.1f %% of worlds", k, 100 * share);
    }
    assert_true(rejected[CR2] < rejected[PLAIN] && rejected[CR3] <= rejected[CR2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(true_nulls, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
