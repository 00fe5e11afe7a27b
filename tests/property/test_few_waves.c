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
        assert_true(t->pre / n < 0.09 && t->cells / n < 0.1);
        convention += tally[ROLL_PEER].cells / n / 3;
    }
    assert_true(convention > 0.15); /* why the other one stands beside it */
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(intervals_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
