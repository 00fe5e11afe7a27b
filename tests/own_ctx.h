/* tests/own_ctx.h -- check.h, and a context `cx` of the file's own.
 *
 *   TEST(name)                                      each test begins with a fresh one, freed behind it
 *   cmocka_run_group_tests(tests, setup, teardown)  one for all tests of the file
 *
 * Two threads, seed 1, and a word before it aborts where memory is gone (check_ctx).  The last of the includes:
 * functions of other headers call an argument `cx` too.
 */
#ifndef RL_TESTS_OWN_CTX_H
#define RL_TESTS_OWN_CTX_H

#include "check.h"

static rl_ctx cx;

static inline int setup(void **state)
{
    (void)state;
    check_ctx(&cx);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
