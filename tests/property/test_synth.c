/* Weighted controls (sc, sdid): what must not matter does not, and where the truth is known it is found. */
#include "unit/starts_fixture.h"
#include "own_ctx.h"

enum { N = 30, T = 16, START = 12, TREATED = 4 };
static const char *const NAME[] = {"sdid", "sc"};

/* y = unit + period + two factors, the treated high on the first, + 1.5 from the start on. */
static rl_table panel(uint64_t seed, double unit, double noise)
{
    rl_table t = fit_table(N * T);
    const char **name = RL_NEW(cx.keep, const char *, t.n);
    double *at = fit_num(&t, "t", &cx), *g = fit_num(&t, "g", &cx), *y = fit_num(&t, "y", &cx), f[2][T];
    rl_rng r = rl_rng_for(seed, 12);
    for (int k = 0; k < 2; k++)
        for (int p = 0; p < T; p++) f[k][p] = rl_normal(&r) + (p > 0 ? 0.8 * f[k][p - 1] : 0);
    for (int u = 0; u < N; u++) {
        bool on = u >= N - TREATED;
        double a = unit * rl_normal(&r), l = rl_uniform(&r) + (on ? 0.25 : 0), m = rl_uniform(&r);
        for (int p = 0; p < T; p++) {
            size_t i = (size_t)(u * T + p);
            name[i] = p > 0 ? name[i - 1] : rl_sprintf(cx.keep, "u%02d", u);
            at[i] = p + 1;
            g[i] = on ? (double)START : (double)NAN;
            y[i] = a + 0.2 * p + l * f[0][p] + m * f[1][p] + noise * rl_normal(&r) + (on && p + 1 >= START ? 1.5 : 0);
        }
    }
    fit_text(&t, "unit", name, &cx);
    return t;
}

static rl_result run(const rl_table *t, const char *name, bool exact)
{
    rl_request r = starts_request(name, "y ~ 1");
    r.profile = exact ? "exact" : NULL;
    r.reps = 99;
    return starts_fit(t, &r, &cx);
}

/* Another unit of measurement: every figure follows.  A power of two: to the bit. */
static void scale(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        rl_table t = panel(3, 1, 0.5);
        rl_result a = run(&t, NAME[k % 2], k > 1);
        for (size_t i = 0; i < t.n; i++) t.col[2].num[i] *= 1024;
        rl_result b = run(&t, NAME[k % 2], k > 1);
        for (size_t i = 0; i < t.n; i++) t.col[2].num[i] *= -1e9;
        rl_result c = run(&t, NAME[k % 2], k > 1);
        for (size_t j = 0; j < a.m; j++) {
            assert_true(b.est[j].estimate == 1024 * a.est[j].estimate && b.est[j].p_value == a.est[j].p_value);
            CHECK_DIGITS(c.est[j].estimate, -1024e9 * a.est[j].estimate, 10);
            CHECK_DIGITS(c.est[j].std_error, 1024e9 * a.est[j].std_error, 8);
        }
    }
}

/* Levels of units (sdid alone) and another origin of the scale change nothing. */
static void levels(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        rl_table t = panel(4, 1, 0.5);
        rl_result a = run(&t, NAME[k % 2], k > 1);
        for (size_t i = 0; i < t.n; i++) t.col[2].num[i] += (k % 2 ? 0 : 50 * sin((double)(i / T))) + 3.5;
        rl_result b = run(&t, NAME[k % 2], k > 1);
        for (size_t j = 0; j < a.m; j++) {
            CHECK_NEAR(b.est[j].estimate, a.est[j].estimate, 1e-9);
            CHECK_DIGITS(b.est[j].std_error, a.est[j].std_error, 7);
        }
    }
}

/* What happens to all in a period, too, where the weights are those of the minimum and are not shrunk (sc --as exact).
 * Elsewhere it moves sigma, the noise of the outcome as it is: sdid shrinks more, by up to half a standard error here
 * (0.5 measured), and sc stops earlier (0.04 measured). */
static void common_shocks(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++)
        for (uint64_t seed = 4; seed <= 8; seed++) {
            bool sc = k % 2, exact = k > 1;
            rl_table t = panel(seed, 1, 0.5);
            rl_result a = run(&t, NAME[k % 2], exact);
            for (size_t i = 0; i < t.n; i++) t.col[2].num[i] += 7 * cos((double)(i % T));
            rl_result b = run(&t, NAME[k % 2], exact);
            for (size_t j = 0; j < a.m; j++) {
                double moved = fabs(b.est[j].estimate - a.est[j].estimate), se = a.est[j].std_error;
                assert_true(moved < (!sc ? 0.75 * se : !exact ? 0.1 * se : 1e-9));
                if (sc) CHECK_NEAR(b.est[j].std_error, se, exact ? 1e-9 * se : 0.02 * se);
                if (!sc) assert_true(moved > 1e-4);
            }
        }
}

/* The treated are a mixture of three controls, and an effect: exactly that is found, without the others' help. */
static void mixture(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        rl_table t = panel(seed, 1, 0.5);
        double *y = t.col[2].num;
        for (int u = N - TREATED; u < N; u++)
            for (int p = 0; p < T; p++)
                y[u * T + p] = 0.5 * y[2 * T + p] + 0.25 * (y[5 * T + p] + y[11 * T + p]) +
                               (p + 1 >= START ? 0.75 * (p + 2 - START) : 0);
        rl_result f = run(&t, "sc", true);
        for (size_t j = 0; j + 1 < f.m; j++) CHECK_NEAR(f.est[j].estimate, 0.75 * (double)(j + 1), 1e-3);
        CHECK_NEAR(fit_find(&f, "overall")->estimate, 0.75 * 3, 1e-3);
    }
}

/* 100 worlds whose treated load more on a factor than controls do.  The factor goes either way, so none of the three is
 * off on average; in each world the difference of four means has the larger error (mean squares 0.056, 0.041 and 0.213).
 * Placebo intervals of sdid hold the truth about as often as they say. */
static void truth(void **state)
{
    (void)state;
    enum { WORLDS = 100 };
    double bias[3] = {0}, square[3] = {0};
    double covered = 0;
    for (uint64_t world = 1; world <= WORLDS; world++) {
        rl_table t = panel(world + 50, 0.3, 0.4);
        for (int k = 0; k < 3; k++) {
            rl_request r = starts_request(k == 2 ? "did" : NAME[k], "y ~ 1");
            r.agg = RL_AGG_SIMPLE;
            r.reps = 99;
            r.profile = k == 1 ? "exact" : NULL;
            rl_result f = starts_fit(&t, &r, &cx);
            double e = f.est[0].estimate - 1.5;
            bias[k] += e / WORLDS;
            square[k] += e * e / WORLDS;
            if (k == 0) covered += f.est[0].conf_low <= 1.5 && f.est[0].conf_high >= 1.5;
        }
        rl_arena_reset(cx.tmp);
    }
    for (int k = 0; k < 2; k++) {
        assert_true(fabs(bias[k]) < 0.06);
        assert_true(square[k] < 0.5 * square[2]);
    }
    if (covered < 0.85 * WORLDS || covered > 0.995 * WORLDS) fail_msg("%g of %d hold the truth", covered, WORLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scale), TEST(levels), TEST(common_shocks), TEST(mixture), TEST(truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
