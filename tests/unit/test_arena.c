/* The only malloc, and the context that carries it. */
#include "check.h"

#include <setjmp.h>
#include <string.h>

#include "base/arena.h"

static bool is_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) return false;
    }
    return true;
}

/* Blocks of every size are zeroed, aligned and apart. */
static void blocks_are_zeroed_and_aligned(void **state)
{
    (void)state;
    enum { N = 3000 };
    static unsigned char *p[N];
    rl_arena *a = rl_arena_new(check_nomem, NULL);
    for (size_t i = 0; i < N; i++) {
        size_t n = i * 7 % 6000;
        p[i] = rl_alloc(a, n, 1);
        if (!is_zero(p[i], n)) fail_msg("%zu bytes are not zero", n);
        if ((uintptr_t)p[i] % (n >= 1024 ? 64 : 16) != 0) fail_msg("%zu bytes at %p", n, (void *)p[i]);
        memset(p[i], (int)(i % 251) + 1, n);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < i * 7 % 6000; k++) {
            if (p[i][k] != i % 251 + 1) fail_msg("block %zu was overwritten", i);
        }
    }
    assert_non_null(rl_alloc(a, 0, 8));
    rl_arena_reset(a);
    assert_int_equal(rl_arena_bytes(a), 0);
    assert_true(is_zero(rl_alloc(a, 5000, 8), 40000));
    rl_arena_free(a);
    rl_arena_free(NULL);
}

static void arrays_grow(void **state)
{
    (void)state;
    rl_arena *a = rl_arena_new(check_nomem, NULL);
    double *x = NULL;
    size_t n = 0;
    for (size_t cap = 3; cap < 100000; cap = 2 * cap + 1) {
        x = rl_regrow(a, x, n, cap, sizeof *x);
        for (size_t i = 0; i < n; i++) assert_true(x[i] == (double)i);
        for (size_t i = n; i < cap; i++) {
            assert_true(x[i] == 0);
            x[i] = (double)i;
        }
        n = cap;
    }
    assert_true(rl_arena_bytes(a) < (n + 4096) * sizeof *x); /* the old ones went back */
    rl_release(a, x);
    assert_true(rl_arena_bytes(a) < 16384);
    rl_release(a, NULL);
    assert_string_equal(rl_strdup(a, "pipe"), "pipe");
    assert_memory_equal(rl_strndup(a, "a\0bcd", 4), "a\0bc", 5);
    assert_string_equal(rl_strndup(a, NULL, 0), "");
    rl_arena_free(a);
}

static char closed[8];
static void close_it(void *what) { strcat(closed, what); }

static void closers_run_newest_first(void **state)
{
    (void)state;
    rl_arena *a = rl_arena_new(check_nomem, NULL);
    closed[0] = '\0';
    rl_arena_defer(a, close_it, "1");
    rl_arena_defer(a, close_it, "2");
    rl_arena_defer(a, close_it, "3");
    rl_arena_reset(a);
    assert_string_equal(closed, "321");
    rl_arena_free(a);
    assert_string_equal(closed, "321");
}

/* The address sanitizer would stop the program where calloc says NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static jmp_buf back;
static size_t asked;

static void no_memory(size_t bytes, void *user)
{
    asked = bytes;
    longjmp(back, *(int *)user);
}

static void memory_that_is_gone(void **state)
{
    (void)state;
    int mark = 17;
    rl_arena *a = rl_arena_new(no_memory, &mark);
    int came = setjmp(back);
    if (came == 0) rl_alloc(a, SIZE_MAX / 4, 8); /* n * size overflows */
    assert_int_equal(came, 17);
    assert_true(asked == SIZE_MAX);
    came = setjmp(back);
    if (came == 0) rl_alloc(a, SIZE_MAX / 3, 1); /* more than there is */
    assert_int_equal(came, 17);
    assert_true(asked >= SIZE_MAX / 3);
    assert_non_null(rl_alloc(a, 10, 1));
    rl_arena_free(a);
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    assert_int_equal(rl_fail_at(&cx, RL_EINPUT, "deals.csv", 12, 3, "'%s' is no date", "x"), RL_EINPUT);
    assert_int_equal(rl_hint(&cx, "do %s", "this"), RL_EINPUT);
    assert_int_equal(rl_fail(&cx, RL_EIO, "later"), RL_EINPUT);
    assert_int_equal(rl_hint(&cx, "or that"), RL_EINPUT);
    assert_int_equal(rl_context(&cx, "model '%s': ", "did"), RL_EINPUT);
    assert_string_equal(cx.err.what, "model 'did': 'x' is no date");
    assert_string_equal(cx.err.hint, "do this");
    assert_string_equal(cx.err.file, "deals.csv");
    assert_int_equal(cx.err.line, 12);
    assert_int_equal(rl_exit_status(cx.err.code), 3);
    rl_forgive(&cx);
    assert_int_equal(cx.err.code, RL_OK);
    char lengthy[1000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    rl_fail(&cx, RL_EDATA, "%s", lengthy);
    rl_context(&cx, "%s", lengthy);
    assert_int_equal(strlen(cx.err.what), sizeof cx.err.what - 1);
    rl_ctx_free(&cx);
}

static void notes_are_kept_in_order(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    for (int i = 0; i < 40; i++) rl_remark(&cx, "design", "row %d", i);
    assert_int_equal(cx.n_notes, 40);
    assert_string_equal(cx.note[39].text, "row 39");
    assert_string_equal(cx.note[0].topic, "design");
    rl_progress(&cx, "reading", 0.5); /* nobody listens */
    rl_ctx_free(&cx);
}

static void codes_have_status_and_words(void **state)
{
    (void)state;
    static const int STATUS[RL_CODES_END] = {0, 1, 2, 3, 4, 4, 4, 5, 5};
    for (int c = 0; c < RL_CODES_END; c++) {
        assert_int_equal(rl_exit_status((rl_code)c), STATUS[c]);
        assert_true(strlen(rl_code_text((rl_code)c)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_aligned), cmocka_unit_test(arrays_grow),
        cmocka_unit_test(closers_run_newest_first),      cmocka_unit_test(memory_that_is_gone),
        cmocka_unit_test(the_first_failure_stays),       cmocka_unit_test(notes_are_kept_in_order),
        cmocka_unit_test(codes_have_status_and_words),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
