/* Lists of words merged into a dictionary: the codes of going through them one text after another. */
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/words.h"
#include "own_ctx.h"

enum { LISTS = 7, MOST = 3000 };

/* A text that is one of `kinds`; every fifth kind is long, one is empty. */
static size_t text_of(char *buf, uint64_t kind)
{
    if (kind == 3) return 0;
    int n = snprintf(buf, 64,
                     kind % 5 == 0   ? "a rather long name, number %llu"
                     : kind % 7 == 0 ? "%llu"
                                     : "id-%llu",
                     (unsigned long long)kind);
    return (size_t)n;
}

/* Batches of lists into one dictionary, and each text by itself into another. */
static void same_codes(uint64_t seed, uint64_t kinds, size_t batches, bool all_new, size_t expect, int threads)
{
    rl_rng g = rl_rng_for(417, seed);
    rl_dict *d = rl_dict_new(cx.keep), *one = rl_dict_new(cx.keep);
    rl_words list[LISTS], *at[LISTS];
    int32_t *whole = RL_NEW(cx.keep, int32_t, LISTS * MOST), *want = RL_NEW(cx.keep, int32_t, LISTS * MOST);
    size_t n[LISTS];
    cx.threads = threads;
    rl_dict_code(d, "known before", 12);
    rl_dict_code(one, "known before", 12);
    for (size_t l = 0; l < LISTS; l++) {
        rl_words_init(&list[l], MOST, cx.keep);
        at[l] = &list[l];
    }
    for (size_t b = 0; b < batches; b++) {
        for (size_t l = 0; l < LISTS; l++) {
            rl_words_begin(&list[l], all_new);
            n[l] = l == 2 ? 0 : (size_t)(rl_bits(&g) % MOST);
            for (size_t i = 0; i < n[l]; i++) {
                char *s = rl_alloc(cx.keep, 64, 1);
                uint64_t kind = kinds > 0 ? rl_bits(&g) % kinds : seed + 100 * (b * LISTS * MOST + l * MOST + i);
                size_t length = text_of(s, kind);
                whole[l * MOST + i] = rl_words_number(&list[l], s, length);
                want[l * MOST + i] = rl_dict_code(one, s, length);
            }
        }
        rl_words_merge(at, LISTS, d, expect, &cx);
        for (size_t l = 0; l < LISTS; l++) {
            for (size_t i = 0; i < n[l]; i++) assert_int_equal(list[l].code[whole[l * MOST + i]], want[l * MOST + i]);
        }
    }
    assert_int_equal(d->n, one->n);
    for (size_t c = 0; c < d->n; c++) {
        assert_int_equal(d->len[c], one->len[c]);
        assert_string_equal(d->text[c], one->text[c]);
        assert_int_equal(rl_dict_find(d, one->text[c], one->len[c]), c);
    }
    assert_int_equal(rl_dict_find(d, "never", 5), -1);
    assert_int_equal(rl_dict_code(d, "new afterwards", 14), one->n);
    rl_arena_reset(cx.keep);
}

static void codes_are_those_of_one_after_another(void **state)
{
    (void)state;
    static const uint64_t KINDS[] = {0, 5, 300, 9000, 1000000};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t kinds = KINDS[seed % 5];
        same_codes(seed, kinds, 1 + seed % 4, seed % 3 == 0, seed % 2 ? 0 : 30000, 1 + (int)(seed % 4));
    }
}

/* Texts whose hash begins with the same bits: all of them in a few regions, which run over. */
static void crowded_regions(void **state)
{
    (void)state;
    rl_dict *d = rl_dict_new(cx.keep);
    rl_words list[2], *at[] = {&list[0], &list[1]};
    char(*text)[24] = rl_alloc(cx.keep, 4000, sizeof *text);
    size_t n = 0;
    for (uint64_t i = 0; n < 3000; i++) {
        int length = snprintf(text[n], sizeof *text, "%llu", (unsigned long long)i);
        uint32_t first = rl_hash_text(text[n], (size_t)length) >> 26;
        n += first == 17 || first == 63; /* the last one runs on into the first */
    }
    for (size_t l = 0; l < 2; l++) {
        rl_words_init(&list[l], 4000, cx.keep);
        rl_words_begin(&list[l], l == 1);
        for (size_t i = 0; i < 2 * n / 3; i++) {
            const char *s = text[l == 0 ? i : n - 1 - i];
            rl_words_number(&list[l], s, strlen(s));
        }
    }
    cx.threads = 3;
    rl_words_merge(at, 2, d, 0, &cx);
    assert_int_equal(d->n, n);
    for (size_t i = 0; i < n; i++) {
        size_t code = i < 2 * n / 3 ? i : n - 1 - (i - 2 * n / 3);
        assert_int_equal(rl_dict_find(d, text[i], strlen(text[i])), code);
    }
}

static void texts_that_differ_little(void **state)
{
    (void)state;
    char a[41], b[41];
    for (size_t n = 0; n <= 40; n++) {
        for (size_t at = 0; at < n; at++) {
            memset(a, 'x', sizeof a);
            memcpy(b, a, sizeof b);
            assert_true(rl_same_text(a, b, n));
            b[at] = 'y';
            assert_false(rl_same_text(a, b, n));
            if (rl_hash_text(a, n) == rl_hash_text(b, n)) fail_msg("%zu characters, a change of the %zu-th", n, at);
        }
        assert_int_equal(rl_hash_text(a, n), rl_hash_text(a, n));
        b[0] = 'x';
        if (n < 40 && rl_hash_text(a, n) == rl_hash_text(a, n + 1)) fail_msg("%zu characters and one more", n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(codes_are_those_of_one_after_another),
        TEST(crowded_regions),
        TEST(texts_that_differ_little),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
