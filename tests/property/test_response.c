/* Responses: truths that need no stored answer, and intervals that hold the truth about as often as they say. */
#include "unit/fit_fixture.h"

#include "model/response.h"
#include "own_ctx.h"

enum { H = 6, BURN = 60 };

/* y_t = 1 + 0.8 x_t + 0.4 x_{t-1} + phi y_{t-1} + e_t, x an AR(1) of 0.5: T periods after the start has faded. */
static rl_table world(size_t T, double phi, uint64_t seed, double unit)
{
    rl_table t = fit_table(T);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "y", &cx);
    rl_rng r = rl_rng_for(seed, 11);
    double x = 0, y = 0;
    for (size_t p = 0; p < T + BURN; p++) {
        double before = x;
        x = 0.5 * x + rl_normal(&r);
        y = 1 + 0.8 * x + 0.4 * before + phi * y + rl_normal(&r);
        if (p < BURN) continue;
        t.col[0].num[p - BURN] = (double)p;
        t.col[1].num[p - BURN] = unit * x;
        t.col[2].num[p - BURN] = y;
    }
    return t;
}

static rl_response respond(const rl_table *t, const char *formula)
{
    static const char *const WHAT[] = {"x,6"};
    rl_request r = fit_request(formula);
    rl_result out;
    r.response = WHAT, r.n_response = 1, r.time = "t", r.horizon = -1;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.tmp, &cx), &cx);
    return out.response[0];
}

static void truth(double phi, double each[H + 1], double *total)
{
    *total = 1.2 / (1 - phi);
    for (int h = 0; h <= H; h++) each[h] = (h == 0 ? 0.8 : h == 1 ? 0.8 * phi + 0.4 : phi * each[h - 1]);
}

/* Of 120 series each: intervals of the sum over 6 periods and of the long run, and bands of all periods at once. */
static void covers(double phi, size_t T, const char *formula, double least, double least_band, double least_long)
{
    enum { TIMES = 120 };
    double each[H + 1], total, sum = 0, in_sum = 0, in_band = 0, in_long = 0, longs = 0;
    truth(phi, each, &total);
    for (int h = 0; h <= H; h++) sum += each[h];
    for (uint64_t seed = 1; seed <= TIMES; seed++) {
        rl_table t = world(T, phi, seed, 1);
        rl_response s = respond(&t, formula);
        bool all = true;
        for (int h = 0; h <= H; h++) all = all && s.impulse[h].band_low <= each[h] && each[h] <= s.impulse[h].band_high;
        in_band += all;
        in_sum += s.cumulative[H].low <= sum && sum <= s.cumulative[H].high;
        longs += s.long_run.why == NULL;
        in_long += s.long_run.low <= total && total <= s.long_run.high;
        rl_arena_reset(cx.tmp);
        rl_arena_reset(cx.keep);
    }
    print_message("phi %.1f, T %zu, %s: sum %.3f, band %.3f, long run %.3f of %.0f told\n", phi, T, formula,
                  in_sum / TIMES, in_band / TIMES, in_long / TIMES, longs);
    if (in_sum / TIMES < least || in_sum / TIMES > 0.999) fail_msg("the sum is covered %.3f", in_sum / TIMES);
    if (in_band / TIMES < least_band || in_band / TIMES > 0.999) fail_msg("the band covers %.3f", in_band / TIMES);
    if (in_long / TIMES < least_long) fail_msg("the long run is covered %.3f", in_long / TIMES);
}

/* 2 % is the error of a share here.  With 300 series: sum .93 to .96, band .94 to .98, long run .92 to .95 over
 * persistence 0, .5, .9 and 36, 60, 120 periods. */
static void coverage(void **s)
{
    (void)s;
    covers(0, 60, "y ~ lag(x,0:2)", 0.89, 0.89, 0.89);
    covers(0.5, 60, "y ~ x + lag(x,1) + lag(y,1)", 0.89, 0.89, 0.89);
    covers(0.9, 36, "y ~ x + lag(x,1) + lag(y,1)", 0.88, 0.89, 0.88);
}

/* Dollars or thousands of them; a series shifted in time; bands around intervals; sums that run. */
static void invariance(void **s)
{
    (void)s;
    rl_table a = world(80, 0.4, 5, 1), b = world(80, 0.4, 5, 1000);
    for (size_t i = 0; i < 80; i++) b.col[0].num[i] += 7919;
    rl_response p = respond(&a, "y ~ lag(x,0:3) + lag(y,1:2)"), q = respond(&b, "y ~ lag(x,0:3) + lag(y,1:2)");
    double sum = 0;
    for (int h = 0; h <= H; h++) {
        CHECK_DIGITS(1000 * q.impulse[h].est, p.impulse[h].est, 9);
        CHECK_DIGITS(1000 * q.cumulative[h].se, p.cumulative[h].se, 9);
        sum += p.impulse[h].est;
        CHECK_DIGITS(p.cumulative[h].est, sum, 13);
        assert_true(p.impulse[h].band_low <= p.impulse[h].low && p.impulse[h].high <= p.impulse[h].band_high);
        assert_true(p.cumulative[h].band_low <= p.cumulative[h].low);
    }
    CHECK_DIGITS(q.half_life.est, p.half_life.est, 9);
    CHECK_DIGITS(q.half_life.high, p.half_life.high, 7);
    CHECK_DIGITS(q.crit_impulse, p.crit_impulse, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(coverage), cmocka_unit_test(invariance)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
