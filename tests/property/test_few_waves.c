/* A slice of `make coverage-rollout`: with 50 clusters the small-sample intervals hold and its tests keep their size. */
#include "check.h"
#include "coverage/rollout.h"

enum { DRAWS = 200 };

static void intervals_hold(void **state)
{
    (void)state;
    static const rollout WHAT[] = {{.G = 50},
                                   {.G = 50, .notyet = true, .covariate = true, .weights = true},
                                   {.G = 50, .rcs = true, .clusters = true}};
    rl_ctx cx;
    check_ctx(&cx);
    double convention = 0;
    for (size_t k = 0; k < 3; k++) {
        roll_tally tally[ROLL_WAYS] = {0};
        double n = 0;
        for (uint64_t d = 0; d < DRAWS; d++) {
            roll_said s[ROLL_WAYS];
            rl_code code = roll_ask(&WHAT[k], "cs", 7919 * k + 101 * d + 3, s, &cx);
            assert_true(code == RL_OK || code == RL_EDATA); /* no overlap: few */
            rl_forgive(&cx);
            rl_arena_reset(cx.tmp);
            cx.n_notes = 0;
            if (code != RL_OK) continue;
            n++;
            for (size_t w = 0; w < ROLL_WAYS; w++) roll_count(&tally[w], &s[w]);
        }
        const roll_tally *t = &tally[ROLL_SMALL];
        assert_true(n > 0.97 * DRAWS);
        assert_true(t->overall / n > 0.91 && t->overall / n < 0.99);
        assert_true(t->event / n > 0.91 && t->event / n < 0.99);
        assert_true(t->pre / n > 0.01 && t->pre / n < 0.09 && t->cells / n > 0.01 && t->cells / n < 0.1);
        convention += tally[ROLL_PEER].cells / n / 3;
    }
    assert_true(convention > 0.15); /* why the other one stands beside it */
    rl_ctx_free(&cx);
}

/* 15 units start at 5, a few at 8, 30 never: parallel trends, and four to six estimates before each start. */
static rl_table uneven(size_t few, uint64_t seed, rl_arena *in)
{
    enum { T = 9 };
    static const char *const NAME[] = {"unit", "t", "g", "y"};
    rl_table t = {.n = (45 + few) * T, .k = 4, .col = RL_NEW(in, rl_col, 4)};
    t.rows_read = t.n;
    for (size_t c = 0; c < 4; c++)
        t.col[c] = (rl_col){.name = NAME[c], .type = RL_NUM, .num = RL_NEW(in, double, t.n), .field = -1};
    rl_rng r = rl_rng_for(seed, few);
    for (size_t i = 0; i < t.n; i++) {
        size_t u = i / T;
        double v[] = {(double)u, (double)(i % T + 1), u < few ? 8 : u < few + 15 ? 5 : (double)NAN, rl_normal(&r)};
        for (size_t c = 0; c < 4; c++) t.col[c].num[i] = v[c];
    }
    return t;
}

/* A cohort of a few units before which there are many periods: the small-sample test leaves out what they cannot bear. */
static void tests_keep_their_size_with_small_cohorts(void **state)
{
    (void)state;
    static const size_t FEW[] = {1, 3, 5};
    rl_ctx cx;
    check_ctx(&cx);
    double convention = 0;
    for (size_t k = 0; k < 3; k++) {
        double refused = 0;
        for (uint64_t d = 0; d < DRAWS; d++) {
            rl_table t = uneven(FEW[k], 31 * d + 5, cx.tmp);
            rl_request r = roll_request(&(rollout){0}, "cs");
            rl_result fit;
            r.universal = true;
            CHECK_OK(rl_estimate_run(&r, &t, &fit, cx.tmp, &cx), &cx);
            refused += roll_p(&fit, "pre-trend-small-sample") < 0.05;
            convention += roll_p(&fit, "pre-trend") < 0.05;
            rl_arena_reset(cx.tmp);
            cx.n_notes = 0;
        }
        assert_true(refused / DRAWS < 0.09);
    }
    assert_true(convention / DRAWS / 3 > 0.3);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(intervals_hold),
                                       cmocka_unit_test(tests_keep_their_size_with_small_cohorts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
