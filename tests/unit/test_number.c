/* Numbers as people write them; the same bits as strtod. */
#include "check.h"

#include <string.h>

#include "base/rng.h"
#include "data/csv.h"

static bool reads(const char *s, rl_number_format f, double want)
{
    double x = 2.385;
    bool ok = rl_number_parse(s, strlen(s), f, &x);
    return isnan(want) ? !ok && x == 2.385 : ok && x == want && signbit(x) == signbit(want);
}

#define READS(s, f, want)                                                                                \
    do {                                                                                                 \
        if (!reads(s, f, want)) fail_msg("'%s' should read as %g (nan: not at all)", s, (double)(want)); \
    } while (0)

static void plain_numbers(void **state)
{
    (void)state;
    const rl_number_format f = RL_NUMBERS_PLAIN;
    READS("2.5", f, 2.5);
    READS(" -17.25\t", f, -17.25);
    READS("+3", f, 3.0);
    READS(".5", f, 0.5);
    READS("5.", f, 5.0);
    READS("-0", f, -0.0);
    READS("007", f, 7.0);
    READS("1e3", f, 1000.0);
    READS("1.5E-3", f, 0.0015);
    READS("12e+2", f, 1200.0);
    READS("9007199254740993", f, 9007199254740992.0);
    READS("123456789012345678901234567890", f, 123456789012345678901234567890.0);
    READS("1.7976931348623157e308", f, 1.7976931348623157e308);
    READS("4.9e-324", f, 4.9e-324);
    READS("1e-999", f, 0.0);
    READS("0e99999999999999999999", f, 0.0);
}

static void no_numbers(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",         " ",     ".",     "-",      "+",    "e5",      "1e",    "1e+",    "1e5.5", "--1",
        "+-1",      "- 1",   "1 2",   "1.2.3",  "1,5",  "1,234",   "$5",    "inf",    "-inf",  "INF",
        "infinity", "nan",   "NaN",   "nan(7)", "0x10", "0x1p3",   "1e999", "-1e999", "1e309", "1O",
        "n.a.",     "12abc", "1_000", "\u0665", "5%",   "\u00a05", "(5)",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) READS(BAD[i], RL_NUMBERS_PLAIN, NAN);
    double x;
    assert_false(rl_number_parse("1\0002", 3, RL_NUMBERS_PLAIN, &x));
    char lengthy[1100];
    memset(lengthy, '1', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    lengthy[1] = '.';
    READS(lengthy, RL_NUMBERS_PLAIN, NAN);
    READS(lengthy, RL_NUMBERS_US, NAN);
    lengthy[1024] = '\0';
    READS(lengthy, RL_NUMBERS_PLAIN, strtod(lengthy, NULL));
}

static void us_numbers(void **state)
{
    (void)state;
    const rl_number_format f = RL_NUMBERS_US;
    READS("2.5", f, 2.5);
    READS("1e3", f, 1000.0);
    READS("1,234", f, 1234.0);
    READS("12,345,678.25", f, 12345678.25);
    READS("$1,234.50", f, 1234.5);
    READS("-$1,234.50", f, -1234.5);
    READS("$-1,234.50", f, -1234.5);
    READS("$ 12", f, 12.0);
    READS("(1,234.50)", f, -1234.5);
    READS("($17)", f, -17.0);
    READS("( 17 )", f, -17.0);
    READS("USD 1,234", f, 1234.0);
    READS("1,234 USD", f, 1234.0);
    READS("1234USD", f, 1234.0);
    READS("\u20ac12.5", f, 12.5);
    READS("12.5\u00a0\u00a3", f, 12.5);
    READS("\u00a5900", f, 900.0);
    READS("\u2212"
          "3.5",
          f, -3.5);
    READS(" \t$5\n", f, 5.0);
    static const char *const BAD[] = {
        "1,23",   "1,2345",    "12,34,567", "1234,567", ",123", "1,,234", "1.234,5", "1,234.5.6", "$",
        "USD",    "$$5",       "$5 USD",    "(5",       "5)",   "()",     "(-5)",    "-(5)",      "- $ - 5",
        "usd 5",  "US 5",      "5 dollars", "inf",      "$inf", "nan",    "0x10",    "1e999",     "$1e999",
        "1,234e", "1,234 567", "1,234,",    "12 34",    "",     "$ ",     ".",       "$.",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) READS(BAD[i], f, NAN);
}

static void eu_numbers(void **state)
{
    (void)state;
    const rl_number_format f = RL_NUMBERS_EU;
    READS("7,5", f, 7.5);
    READS("17", f, 17.0);
    READS("1.234", f, 1234.0);
    READS("1.234.567,25", f, 1234567.25);
    READS("1 234 567,25", f, 1234567.25);
    READS("1\u00a0"
          "234,5",
          f, 1234.5);
    READS("1\u202f"
          "234,5",
          f, 1234.5);
    READS("1'234,5", f, 1234.5);
    READS("1\u2019"
          "234,5",
          f, 1234.5);
    READS("-1.234,5", f, -1234.5);
    READS("(1.234,5)", f, -1234.5);
    READS("1.234,50 \u20ac", f, 1234.5);
    READS("\u20ac 1.234,50", f, 1234.5);
    READS("1.234,50\u202f"
          "EUR",
          f, 1234.5);
    READS("1,5e3", f, 1500.0);
    READS(",5", f, 0.5);
    READS("1234567,5", f, 1234567.5);
    static const char *const BAD[] = {
        "1.5", "1.23", "12.5", "1.2345", "1.234 567", "1 234.567", "7,5,5", "1,234.5",  "1..234", ".234",   "1.234,5.6",
        "inf", "nan",  "",     ",",      "\u20ac",    "1e999",     "1'23",  "1234.567", "0x10",   "7,5 kg",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) READS(BAD[i], f, NAN);
}

/* Random decimals of every length and size: the same bits as strtod. */
static void the_bits_of_strtod(void **state)
{
    (void)state;
    rl_rng r = rl_rng_for(20240311, 7);
    for (int i = 0; i < 300000; i++) {
        char s[64];
        uint64_t bits = rl_bits(&r), kind = rl_bits(&r) % 4;
        double v, got = NAN;
        memcpy(&v, &bits, sizeof v);
        if (kind == 0 && isfinite(v))
            snprintf(s, sizeof s, "%.17g", v);
        else if (kind == 1)
            snprintf(s, sizeof s, "%.*f", (int)(bits % 9), rl_uniform(&r) * 1e7 - 5e6);
        else if (kind == 2)
            snprintf(s, sizeof s, "%llu.%llue%d", (unsigned long long)(bits % 100000),
                     (unsigned long long)(rl_bits(&r) >> (bits % 64)), (int)(bits % 60) - 30);
        else
            snprintf(s, sizeof s, "-%llu", (unsigned long long)(bits >> (bits % 60)));
        double want = strtod(s, NULL);
        bool ok = rl_number_parse(s, strlen(s), RL_NUMBERS_PLAIN, &got);
        if (isinf(want) ? ok : !ok || memcmp(&got, &want, sizeof got) != 0)
            fail_msg("'%s' is %.17g, not %.17g", s, got, want);
    }
}

/* Whatever is printed in the one format reads back in it, and plain is part of us. */
static void formats_agree(void **state)
{
    (void)state;
    rl_rng r = rl_rng_for(5, 5);
    for (int i = 0; i < 20000; i++) {
        unsigned m = (unsigned)(rl_bits(&r) % 999) + 1, t = (unsigned)(rl_bits(&r) % 1000),
                 c = (unsigned)(rl_bits(&r) % 100);
        char plain[32], us[32], eu[32];
        double a = 0, b = 1, d = 2;
        snprintf(plain, sizeof plain, "-%u%03u.%02u", m, t, c);
        snprintf(us, sizeof us, "($%u,%03u.%02u)", m, t, c);
        snprintf(eu, sizeof eu, "-%u.%03u,%02u EUR", m, t, c);
        assert_true(rl_number_parse(plain, strlen(plain), RL_NUMBERS_PLAIN, &a));
        assert_true(rl_number_parse(plain, strlen(plain), RL_NUMBERS_US, &b));
        assert_true(a == b);
        assert_true(rl_number_parse(us, strlen(us), RL_NUMBERS_US, &b) && a == b);
        assert_true(rl_number_parse(eu, strlen(eu), RL_NUMBERS_EU, &d) && a == d);
        assert_false(rl_number_parse(us, strlen(us), RL_NUMBERS_PLAIN, &b));
        assert_false(rl_number_parse(eu, strlen(eu), RL_NUMBERS_US, &b));
    }
}

/* Digits among the characters next to them: a number is what strtod reads to the end, and nothing else. */
static void near_digits(void **state)
{
    (void)state;
    static const char AMONG[] = "0123456789.,/:*+-; 0123456789012345678901234567890123456789";
    rl_rng r = rl_rng_for(6, 6);
    size_t read = 0;
    for (int i = 0; i < 200000; i++) {
        char s[24];
        size_t n = 1 + rl_bits(&r) % 20;
        for (size_t k = 0; k < n; k++) s[k] = AMONG[rl_bits(&r) % (sizeof AMONG - 1)];
        s[n] = '\0';
        if (s[0] == ' ' || s[n - 1] == ' ') continue;
        char *end;
        double want = strtod(s, &end), got = 0;
        bool is = *end == '\0';
        assert_int_equal(rl_number_parse(s, n, RL_NUMBERS_PLAIN, &got), is);
        if (is) assert_true(got == want);
        read += is;
    }
    assert_true(read > 10000);
}

/* Cells of a column: those that are read at once have the bits of reading them one by one, whatever stands
 * behind them; the plain shape is read at once. */
static void cells_of_a_column(void **state)
{
    (void)state;
    static const char AMONG[] = "0123456789..-0123456789+e,/ 0123456789012345678901234567890123456789";
    rl_rng r = rl_rng_for(8, 8);
    size_t all = 0, some = 0;
    for (int i = 0; i < 20000; i++) {
        char text[64 * 24 + RL_NUMBER_PAD];
        rl_field cell[3 * 64];
        double x[64], one;
        size_t n = 1 + rl_bits(&r) % 64, used = 0;
        memset(text, '7', sizeof text);
        for (size_t k = 0; k < n; k++) { /* one behind the other, without a gap */
            size_t most = sizeof text - RL_NUMBER_PAD - used;
            int length = 0;
            if (i % 3 == 0) {
                length = (int)(rl_bits(&r) % 22);
                if ((size_t)length > most) length = 0;
                for (int c = 0; c < length; c++) text[used + (size_t)c] = AMONG[rl_bits(&r) % (sizeof AMONG - 1)];
            } else {
                length = snprintf(text + used, most, "%.*f", (int)(rl_bits(&r) % 17),
                                  (rl_uniform(&r) - .5) * (double)(rl_bits(&r) >> rl_bits(&r) % 64) * 1e-9);
            }
            if ((size_t)length > most) length = 0;
            cell[3 * k] = (rl_field){text + used, (size_t)length, false};
            used += (size_t)length;
        }
        uint64_t left = rl_number_cells(cell, 3, n, x);
        assert_true(n == 64 || left >> n == 0);
        for (size_t k = 0; k < n; k++) {
            const rl_field *f = &cell[3 * k];
            bool is = rl_number_parse(f->s, f->n, RL_NUMBERS_PLAIN, &one), once = !(left >> k & 1);
            if (once && (!is || memcmp(&one, &x[k], sizeof one) != 0)) fail_msg("'%.*s'", (int)f->n, f->s);
            some += is;
            all += once;
        }
    }
    assert_true(all > some / 2);
    static const struct {
        const char *s;
        double x;
    } PLAIN[] = {{"0", 0},
                 {"-0", -0.0},
                 {"5.", 5},
                 {"-.5", -.5},
                 {"123456789012345", 123456789012345.0},
                 {"1234567.7654321", 1234567.7654321},
                 {"-12345678.87654321", -12345678.87654321},
                 {"0.0000000000000001", 1e-16},
                 {"-0.737562942044854", -0.737562942044854},
                 {"9007.199254740992", 9007.199254740992}};
    static const char *const OTHER[] = {"",
                                        "-",
                                        ".",
                                        "-.",
                                        "+1",
                                        "1e3",
                                        "--1",
                                        "1-",
                                        "1.2.3",
                                        "0.00000000000000001",
                                        "1234567890123456",
                                        "9007.199254740993",
                                        "1,5",
                                        "1:",
                                        "/1",
                                        " 1",
                                        "1 "};
    char text[64 + RL_NUMBER_PAD] = {0};
    double x;
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++) {
        strcpy(text, PLAIN[i].s);
        if (rl_number_cells(&(rl_field){text, strlen(text), false}, 1, 1, &x) != 0) fail_msg("'%s' is left", text);
        if (x != PLAIN[i].x || signbit(x) != signbit(PLAIN[i].x)) fail_msg("'%s' is not %.17g", text, x);
    }
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++) {
        strcpy(text, OTHER[i]);
        if (rl_number_cells(&(rl_field){text, strlen(text), false}, 1, 1, &x) != 1) fail_msg("'%s' is taken", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_numbers), cmocka_unit_test(no_numbers),         cmocka_unit_test(us_numbers),
        cmocka_unit_test(eu_numbers),    cmocka_unit_test(the_bits_of_strtod), cmocka_unit_test(formats_agree),
        cmocka_unit_test(near_digits),   cmocka_unit_test(cells_of_a_column),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
