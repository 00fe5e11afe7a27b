/* Texts that wait to be looked up: the codes of going through them one after another. */
#include <stdio.h>
#include <string.h>

#include "base/fresh.h"
#include "base/rng.h"
#include "own_ctx.h"

enum { LISTS = 5, MOST = 4000, BATCHES = 6 };

static char *text_of(uint64_t kind, size_t *n)
{
    char *s = rl_alloc(cx.keep, 64, 1);
    *n = kind == 3 ? 0
                   : (size_t)snprintf(s, 64,
                                      kind % 5 == 0   ? "a rather long name, number %llu"
                                      : kind % 7 == 0 ? "%llu"
                                                      : "id-%llu",
                                      (unsigned long long)kind);
    return s;
}

static void same_dictionaries(rl_dict *d, rl_dict *one)
{
    assert_int_equal(d->n, one->n);
    for (size_t c = 0; c < d->n; c++) {
        assert_int_equal(d->len[c], one->len[c]);
        assert_string_equal(d->text[c], one->text[c]);
        assert_int_equal(rl_dict_find(d, one->text[c], one->len[c]), c);
    }
    assert_int_equal(rl_dict_find(d, "never", 5), -1);
    assert_int_equal(rl_dict_code(d, "new afterwards", 14), one->n);
}

/* The codes of cells so far, and those of one dictionary that sees them in turn. */
typedef struct cells {
    int32_t *code, *want;
    size_t n;
} cells;

static void settle(rl_fresh *f, const cells *x)
{
    size_t from, waited = f->wait, had = f->d->n - waited;
    const int32_t *now = rl_fresh_settle(f, &from, &cx);
    assert_int_equal(from, had);
    assert_int_equal(f->wait, 0);
    assert_true(now != NULL || f->d->n == had + waited);
    for (size_t i = 0; now != NULL && i < x->n; i++)
        if (x->code[i] >= (int32_t)from) x->code[i] = now[(size_t)x->code[i] - from];
    for (size_t i = 0; i < x->n; i++) assert_int_equal(x->code[i], x->want[i]);
}

/* kinds = 0: all different.  Every third seed some batches are merged at once instead. */
static void same_codes(uint64_t seed, uint64_t kinds, size_t expect, int threads)
{
    rl_rng g = rl_rng_for(418, seed);
    rl_dict *d = rl_dict_new(cx.keep), *one = rl_dict_new(cx.keep);
    rl_fresh f = {.d = d};
    rl_words list[LISTS], *at[LISTS];
    cells x = {RL_NEW(cx.keep, int32_t, LISTS * MOST * BATCHES), RL_NEW(cx.keep, int32_t, LISTS * MOST * BATCHES), 0};
    int32_t whole[LISTS * MOST];
    cx.threads = threads;
    for (size_t l = 0; l < LISTS; l++) {
        rl_words_init(&list[l], MOST, cx.keep);
        at[l] = &list[l];
    }
    for (size_t b = 0; b < BATCHES; b++) {
        const bool at_once = seed % 3 == 0 && b % 3 == 0;
        const size_t first = x.n;
        if (at_once || rl_bits(&g) % 3 == 0) settle(&f, &x);
        for (size_t l = 0; l < LISTS; l++) {
            size_t n = l == 2 ? 0 : (size_t)(rl_bits(&g) % MOST);
            rl_words_begin(&list[l], l % 2 == 0);
            for (size_t i = 0; i < n; i++) {
                size_t length;
                const char *s = text_of(kinds > 0 ? rl_bits(&g) % kinds : 4 + x.n, &length);
                whole[x.n - first] = rl_words_number(&list[l], s, length) + (int32_t)(l * MOST);
                x.want[x.n++] = rl_dict_code(one, s, length);
            }
        }
        if (at_once)
            rl_words_merge(at, LISTS, d, expect, &cx);
        else
            rl_fresh_add(&f, at, LISTS, expect, &cx);
        for (size_t i = first; i < x.n; i++) {
            const rl_words *w = &list[whole[i - first] / MOST];
            const int32_t k = whole[i - first] % MOST;
            x.code[i] = at_once ? w->code[k] : w->first + k;
        }
    }
    settle(&f, &x);
    same_dictionaries(d, one);
    rl_arena_reset(cx.keep);
}

static void codes_are_those_of_one_after_another(void **state)
{
    (void)state;
    static const uint64_t KINDS[] = {0, 5, 300, 30000, 1000000};
    for (uint64_t seed = 1; seed <= 20; seed++)
        same_codes(seed, KINDS[seed % 5], seed % 2 ? 0 : 70000, 1 + (int)(seed % 4));
}

/* Texts whose hash begins with the same bits: all in two regions of the table, which run over, before and after it
 * grew; some of them twice. */
static void crowded_regions(void **state)
{
    (void)state;
    enum { TEXTS = 400 };
    rl_dict *d = rl_dict_new(cx.keep), *one = rl_dict_new(cx.keep);
    rl_fresh f = {.d = d};
    rl_words list, *at = &list;
    cells x = {RL_NEW(cx.keep, int32_t, 2 * TEXTS), RL_NEW(cx.keep, int32_t, 2 * TEXTS), 0};
    char(*text)[24] = rl_alloc(cx.keep, TEXTS + 1, sizeof *text);
    size_t n = 0;
    for (uint64_t i = 0; n < TEXTS; i++) {
        int length = snprintf(text[n], sizeof *text, "%llu", (unsigned long long)i);
        uint32_t first = rl_hash_text(text[n], (size_t)length) >> 24;
        n += first == 68 || first == 255; /* the last one runs on into the first */
    }
    rl_words_init(&list, TEXTS, cx.keep);
    cx.threads = 3;
    for (size_t b = 0; b < 4; b++) {
        rl_words_begin(&list, true);
        for (size_t i = b * 90; i < b * 90 + 130; i++) { /* 40 of them again in the next batch */
            int32_t k = rl_words_number(&list, text[i], strlen(text[i]));
            x.want[x.n] = rl_dict_code(one, text[i], strlen(text[i]));
            x.code[x.n++] = k + (int32_t)d->n;
        }
        rl_fresh_add(&f, &at, 1, b == 2 ? 3000 : 0, &cx);
        settle(&f, &x);
    }
    same_dictionaries(d, one);
}

/* It is time when every eighth text was known, and when a million wait. */
static void when_to_look_up(void **state)
{
    (void)state;
    rl_dict *d = rl_dict_new(cx.keep);
    rl_fresh f = {.d = d};
    rl_words list, *at = &list;
    size_t from, n;
    rl_words_init(&list, MOST, cx.keep);
    assert_false(rl_fresh_due(&f, 5000000));
    for (uint64_t b = 0; b < 4; b++) {
        rl_words_begin(&list, true);
        for (uint64_t i = 0; i < MOST; i++) {
            const char *s = text_of((b == 3 ? 0 : b) * MOST + i, &n);
            rl_words_number(&list, s, n);
        }
        rl_fresh_add(&f, &at, 1, 0, &cx);
        assert_int_equal(rl_fresh_due(&f, MOST), b == 3);
        assert_true(rl_fresh_due(&f, 5000000));
        if (b == 1) assert_null(rl_fresh_settle(&f, &from, &cx));
    }
    const int32_t *now = rl_fresh_settle(&f, &from, &cx);
    assert_int_equal(from, 2 * MOST);
    assert_int_equal(d->n, 3 * MOST);
    for (int32_t i = 0; i < MOST; i++) {
        assert_int_equal(now[i], 2 * MOST + i);
        assert_int_equal(now[MOST + i], i);
    }
    assert_null(rl_fresh_settle(&f, &from, &cx));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(codes_are_those_of_one_after_another),
        TEST(crowded_regions),
        TEST(when_to_look_up),
    };
    return cmocka_run_group_tests_name("fresh", tests, NULL, NULL);
}
