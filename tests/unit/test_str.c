/* Text that grows, names seen once, names that are near. */
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "base/str.h"
#include "own_ctx.h"

static void text_grows(void **state)
{
    (void)state;
    rl_str t = rl_str_new(cx.keep);
    assert_string_equal(rl_str_text(&t), "");
    rl_str_add(&t, "spend");
    rl_str_addc(&t, '_');
    rl_str_addn(&t, "usdxxx", 3);
    rl_str_addf(&t, "=%d,%s", -17, "x");
    assert_string_equal(rl_str_text(&t), "spend_usd=-17,x");
    assert_int_equal(t.n, 15);
    rl_str_addn(&t, "", 0);
    rl_str_addn(&t, "a\0b", 3);
    assert_int_equal(t.n, 18);
    assert_memory_equal(t.s + 15, "a\0b\0", 4);
    for (int i = 0; i < 30000; i++) rl_str_addf(&t, "%05d", i);
    assert_int_equal(t.n, 18 + 150000);
    assert_memory_equal(t.s + 18 + 5 * 29999, "29999", 6);
    assert_string_equal(rl_sprintf(cx.keep, "%s-%.3f", "did", 2.385), "did-2.385");
}

static void codes_in_order_of_appearance(void **state)
{
    (void)state;
    rl_dict *d = rl_dict_new(cx.keep);
    assert_int_equal(rl_dict_find(d, "web", 3), -1);
    assert_int_equal(rl_dict_code(d, "web", 3), 0);
    assert_int_equal(rl_dict_code(d, "webinar", 7), 1);
    assert_int_equal(rl_dict_code(d, "webinar", 3), 0); /* n counts, not the NUL */
    assert_int_equal(rl_dict_code(d, "", 0), 2);
    assert_int_equal(rl_dict_code(d, "w\0b", 3), 3);
    assert_int_equal(rl_dict_code(d, "w\0c", 3), 4);
    assert_int_equal(rl_dict_find(d, "webinar", 7), 1);
    assert_int_equal(rl_dict_find(d, "Web", 3), -1);
    assert_int_equal(d->n, 5);
    assert_int_equal(d->len[1], 7);
    assert_string_equal(d->text[1], "webinar");
}

static void many_texts(void **state)
{
    (void)state;
    enum { N = 100000 };
    char s[32];
    rl_dict *d = rl_dict_new(cx.keep);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < N; i++) {
            int n = snprintf(s, sizeof s, "D-%d", i * 7);
            if (rl_dict_code(d, s, (size_t)n) != i) fail_msg("'%s' has another code than %d", s, i);
        }
    }
    assert_int_equal(d->n, N);
    for (int i = 0; i < N; i++) {
        int n = snprintf(s, sizeof s, "D-%d", i * 7 + 1);
        if (rl_dict_find(d, s, (size_t)n) >= 0) fail_msg("'%s' was never added", s);
    }
}

static void ranks_are_c_locale_order(void **state)
{
    (void)state;
    static const char *const T[] = {"beta", "Zeta", "alpha", "", "\u00e4", "alphabet", "10", "9"};
    static const int RANK[] = {6, 3, 4, 0, 7, 5, 1, 2};
    rl_dict *d = rl_dict_new(cx.keep);
    for (int i = 0; i < 8; i++) rl_dict_code(d, T[i], strlen(T[i]));
    int32_t *rank = rl_dict_rank(d, cx.tmp);
    for (int i = 0; i < 8; i++) assert_int_equal(rank[i], RANK[i]);
    assert_non_null(rl_dict_rank(rl_dict_new(cx.keep), cx.tmp));
}

static void fixed(void **state)
{
    (void)state;
    assert_string_equal(rl_fixed(-0.004, 2, cx.tmp), "0.00");
    assert_string_equal(rl_fixed(-0.3, 0, cx.tmp), "0");
    assert_string_equal(rl_fixed(-0.006, 2, cx.tmp), "-0.01");
    assert_string_equal(rl_fixed(-12.5, 1, cx.tmp), "-12.5");
    assert_string_equal(rl_fixed(7.26, -3, cx.tmp), "7");
}

static void plurals(void **state)
{
    (void)state;
    static const char *const WORD[][2] = {
        {"account", "accounts"}, {"country", "countries"}, {"day", "days"},           {"branch", "branches"},
        {"class", "classes"},    {"box", "boxes"},         {"Standort", "Standorts"}, {"x", "x"}};
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++) {
        assert_string_equal(rl_plural(WORD[i][0], 1, cx.tmp), WORD[i][0]);
        assert_string_equal(rl_plural(WORD[i][0], 0, cx.tmp), WORD[i][1]);
        assert_string_equal(rl_plural(WORD[i][0], 12, cx.tmp), WORD[i][1]);
    }
}

static void near_names(void **state)
{
    (void)state;
    static const char *const KNOWN[] = {"account", "month", "spend", "revenue", "w"};
    assert_string_equal(rl_nearest("acount", KNOWN, 5), "account");
    assert_string_equal(rl_nearest("spnd", KNOWN, 5), "spend");
    assert_string_equal(rl_nearest("SPEND", KNOWN, 5), "spend");
    assert_string_equal(rl_nearest("revneue", KNOWN, 5), "revenue");
    assert_null(rl_nearest("cost", KNOWN, 4));
    assert_null(rl_nearest("quarterly", KNOWN, 5));
    assert_null(rl_nearest("spend", KNOWN, 0));
    char lengthy[200];
    memset(lengthy, 'a', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    assert_null(rl_nearest(lengthy, KNOWN, 5));
}

/* The shortest text that reads back to the same bits. */
static void numbers_as_text(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(rl_num_text(buf, 2.385), "2.385");
    assert_string_equal(rl_num_text(buf, 0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(rl_num_text(buf, -1e300), "-1e+300");
    assert_string_equal(rl_num_text(buf, 146542), "146542");
    rl_rng r = rl_rng_for(3, 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rl_bits(&r);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x) && strtod(rl_num_text(buf, x), NULL) != x) fail_msg("%s is not %.17g", buf, x);
    }
}

/* One byte or one length more is another hash. */
static void hashes_differ(void **state)
{
    (void)state;
    char hex[65];
    uint64_t seen[512];
    size_t n = 0;
    for (size_t len = 0; len < 64; len++) {
        char s[64] = {0};
        for (size_t k = 0; k < 8; k++) {
            if (len > 0) s[len - 1] = (char)('a' + k);
            if (len > 0 || k == 0) seen[n++] = rl_hash64(s, len);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) assert_true(seen[i] != seen[j]);
    }
    rl_sha256("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_grows),    TEST(codes_in_order_of_appearance),
        TEST(many_texts),    TEST(ranks_are_c_locale_order),
        TEST(fixed),         TEST(plurals),
        TEST(near_names),    TEST(numbers_as_text),
        TEST(hashes_differ),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
