#include "check.h"

#include <stdatomic.h>
#include <string.h>

#include "base/par.h"

enum { BLOCKS = 257 };

typedef struct tally {
    atomic_int calls[BLOCKS];
    double slot[BLOCKS];
} tally;

static void note(size_t block, void *arg)
{
    tally *t = arg;
    atomic_fetch_add(&t->calls[block], 1);
    t->slot[block] = 1.0 / (2.385 + (double)block);
}

static void every_block_once(void **state)
{
    (void)state;
    const int threads[] = {1, 2, 3, 8, 200};
    double first[BLOCKS];
    for (int i = 0; i < 5; i++) {
        rl_ctx cx;
        tally t = {0};
        rl_ctx_init(&cx, threads[i], 1, check_nomem, NULL);
        rl_par(BLOCKS, note, &t, &cx);
        for (int b = 0; b < BLOCKS; b++) assert_int_equal(atomic_load(&t.calls[b]), 1);
        if (i == 0) memcpy(first, t.slot, sizeof first);
        assert_memory_equal(first, t.slot, sizeof first);
        rl_ctx_free(&cx);
    }
}

static void no_blocks_no_calls(void **state)
{
    (void)state;
    rl_ctx cx;
    tally t = {0};
    check_ctx(&cx);
    rl_par(0, note, &t, &cx);
    assert_int_equal(atomic_load(&t.calls[0]), 0);
    rl_par(1, note, &t, &cx);
    assert_int_equal(atomic_load(&t.calls[0]), 1);
    rl_ctx_free(&cx);
}

static void blocks_cover_the_rows(void **state)
{
    (void)state;
    assert_int_equal(rl_blocks(0, 71), 0);
    assert_int_equal(rl_blocks(71, 71), 1);
    assert_int_equal(rl_blocks(72, 71), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_once),
        cmocka_unit_test(no_blocks_no_calls),
        cmocka_unit_test(blocks_cover_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
