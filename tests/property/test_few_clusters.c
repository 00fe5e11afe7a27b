/* With few clusters of unequal size: how often a true null is rejected at 10 %. */
#include "unit/fit_fixture.h"

#include "model/est.h"
#include "own_ctx.h"

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

/* --- instruments, likelihoods, several coefficients ------------------------------------- */

/* Ten clusters again: x moves with the error and with z, a shock a cluster in both; won is whether y is large;
 * a and b vary by cluster only, in part. */
static rl_table harder(uint64_t seed)
{
    static const char *const NAME[] = {"y", "x", "z", "won", "a", "b", "d"};
    rl_table t = fit_table(ROWS);
    const char **g = RL_NEW(cx.keep, const char *, ROWS);
    double shock[CLUSTERS], own[3][CLUSTERS];
    for (size_t j = 0; j < 7; j++) fit_num(&t, NAME[j], &cx);
    rl_rng r = rl_rng_for(seed, 2);
    for (int c = 0; c < CLUSTERS; c++) {
        shock[c] = rl_normal(&r);
        for (int j = 0; j < 3; j++) own[j][c] = rl_normal(&r);
    }
    for (int i = 0; i < ROWS; i++) {
        double u = (i + 0.5) / ROWS;
        int c = (int)((0.3 * u + 0.7 * u * u) * CLUSTERS);
        g[i] = rl_sprintf(cx.keep, "g%d", c);
        double e = 0.6 * shock[c] + rl_normal(&r), z = own[0][c] + 0.5 * rl_normal(&r),
               x = 0.5 * z + 0.5 * e + rl_normal(&r), a = own[1][c] + 0.5 * rl_normal(&r),
               b = own[2][c] + 0.5 * rl_normal(&r), d = own[0][c] * own[1][c] + 0.5 * rl_normal(&r);
        const double v[] = {0.37 * x + e, x, z, 1 / (1 + exp(-0.5 * z - 0.5 * shock[c])) > rl_uniform(&r), a, b, d};
        for (size_t j = 0; j < 7; j++) t.col[j].num[i] = v[j];
    }
    fit_text(&t, "g", g, &cx);
    return t;
}

typedef struct tally {
    size_t plain, right;
} tally;

/* One world: rejections at 10 % under clustered errors and under `better`. */
static void count(rl_request r, const rl_table *t, rl_vcov_kind better, tally *n)
{
    rl_result out;
    r.level = 0.9;
    for (int k = 0; k < 2; k++) {
        r.vcov =
            (rl_vcov_spec){.kind = k ? better : RL_CLUSTER, .ways = 1, .by = {"g"}, .lag = -1, .reps = 399, .form = 11};
        CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
        double p = NAN;
        for (size_t i = 0; i < out.n_tests && r.n_restriction > 0; i++)
            if (strcmp(out.test[i].name, r.restriction[0]) == 0) p = out.test[i].p_value;
        if (r.n_lincom > 0) p = fit_find(&out, r.lincom[0])->p_value;
        assert_true(isfinite(p));
        *(k ? &n->right : &n->plain) += p <= 0.1;
    }
}

static void judge(const char *what, const tally *n, size_t worlds)
{
    double plain = (double)n->plain / (double)worlds, right = (double)n->right / (double)worlds;
    if (!(plain > 0.13)) fail_msg("%s: clustered errors reject a true null in %.1f %%: too easy", what, 100 * plain);
    if (!(right > 0.03 && right < 0.15))
        fail_msg("%s: a true null is rejected in %.1f %% of worlds", what, 100 * right);
}

static void true_nulls_elsewhere(void **state)
{
    (void)state;
    enum { FEWER = 250 };
    static const char *const IV[] = {"x - 0.37"}, *const LOGIT[] = {"z - 0.5"},
                             *const JOINT[] = {"a = 0, b = 0, d = 0"};
    tally iv = {0}, logit = {0}, joint = {0};
    for (uint64_t seed = 1; seed <= FEWER; seed++) {
        rl_table t = harder(seed);
        rl_request r = fit_request("y ~ 1 | 0 | x ~ z"), l = fit_request("won ~ z"),
                   j = fit_request("y ~ z + a + b + d");
        r.lincom = IV, r.n_lincom = 1;
        l.lincom = LOGIT, l.n_lincom = 1;
        l.estimator = rl_estimator_by_name("logit");
        j.restriction = JOINT, j.n_restriction = 1;
        count(r, &t, RL_WILD, &iv);
        count(l, &t, RL_WILD, &logit);
        count(j, &t, RL_CR2, &joint);
        rl_arena_reset(cx.tmp);
    }
    judge("instruments", &iv, FEWER);
    judge("logit", &logit, FEWER);
    judge("three coefficients", &joint, FEWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(true_nulls), TEST(true_nulls_elsewhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
