/* Civil dates, the ways they are written, and the periods made of them. */
#include "check.h"

#include <string.h>

#include "base/date.h"
#include "base/rng.h"

static void days_are_counted_from_1970(void **state)
{
    (void)state;
    assert_int_equal(rl_day(1970, 1, 1), 0);
    assert_int_equal(rl_day(1969, 12, 31), -1);
    assert_int_equal(rl_day(2024, 2, 29), 19782);
    assert_int_equal(rl_day(1000, 1, 1), RL_DAY_MIN);
    assert_int_equal(rl_day(2999, 12, 31), RL_DAY_MAX);
    assert_int_equal(rl_day(1900, 2, 29), RL_NO_DAY);
    assert_int_equal(rl_day(2000, 2, 29), rl_day(2000, 3, 1) - 1);
    assert_int_equal(rl_day(2023, 2, 29), RL_NO_DAY);
    assert_int_equal(rl_day(2023, 13, 1), RL_NO_DAY);
    assert_int_equal(rl_day(2023, 0, 1), RL_NO_DAY);
    assert_int_equal(rl_day(2023, 4, 31), RL_NO_DAY);
    assert_int_equal(rl_day(2023, 4, 0), RL_NO_DAY);
    assert_int_equal(rl_day(999, 12, 31), RL_NO_DAY);
    assert_int_equal(rl_day(3000, 1, 1), RL_NO_DAY);
}

/* Every day of two thousand years comes after the one before it, and back. */
static void every_day_round_trips(void **state)
{
    (void)state;
    int y0 = 999, m0 = 12, d0 = 31;
    for (int32_t day = RL_DAY_MIN; day <= RL_DAY_MAX; day++) {
        int y, m, d;
        rl_civil(day, &y, &m, &d);
        if (rl_day(y, m, d) != day) fail_msg("day %d is %d-%d-%d is day %d", day, y, m, d, rl_day(y, m, d));
        bool next = (y == y0 && m == m0 && d == d0 + 1) || (d == 1 && d0 >= 28 && y == y0 && m == m0 + 1) ||
                    (d == 1 && m == 1 && d0 == 31 && m0 == 12 && y == y0 + 1);
        if (!next) fail_msg("%d-%d-%d follows %d-%d-%d", y, m, d, y0, m0, d0);
        y0 = y, m0 = m, d0 = d;
    }
}

static bool reads(const char *s, int32_t want)
{
    int32_t day = 12345;
    bool ok = rl_day_parse(s, strlen(s), &day);
    return want == RL_NO_DAY ? !ok && day == 12345 : ok && day == want;
}

static void iso_dates_and_times(void **state)
{
    (void)state;
    static const char *const GOOD[] = {
        "2024-03-11",
        " 2024-03-11\t",
        "2024-03-11T10:20",
        "2024-03-11 10:20",
        "2024-03-11t10:20:30z",
        "2024-03-11T10:20:30.123456Z",
        "2024-03-11T10:20:30,5+02:00",
        "2024-03-11 23:59:60-0800",
        "2024-03-11 10:20:30+00",
        "2024-03-11 10:20:30 UTC",
        "2024-03-11 00:00:00 +0530",
        "2024-03-11T24:00:00Z",
    };
    static const char *const BAD[] = {
        "",
        "2024",
        "2024-03",
        "2024-3-11",
        "2024-03-1",
        "24-03-11",
        "2024/03/11",
        "2024-13-01",
        "2024-02-30",
        "2023-02-29",
        "0999-01-01",
        "2024-03-11x",
        "2024-03-11T",
        "2024-03-11T10",
        "2024-03-11T10:",
        "2024-03-11T25:00",
        "2024-03-11T24:00:01",
        "2024-03-11T24:00:00.5",
        "2024-03-11T10:60",
        "2024-03-11T10:20:61",
        "2024-03-11T10:20:30.",
        "2024-03-11T10:20:30.5x",
        "2024-03-11T10:20+2",
        "2024-03-11T10:20+02:60",
        "2024-03-11T10:20+16:00",
        "2024-03-11T10:20+02:000",
        "2024-03-11T10:20  Z",
        "-024-03-11",
        "2024-+3-11",
        "2024-03-11 CET",
        "n.a.",
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        if (!reads(GOOD[i], rl_day(2024, 3, 11))) fail_msg("'%s' should be a date", GOOD[i]);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        if (!reads(BAD[i], RL_NO_DAY)) fail_msg("'%s' should be no date", BAD[i]);
    }
}

static bool reads_as(const char *s, const char *format, int32_t want)
{
    int32_t day = 12345;
    bool ok = rl_day_parse_as(s, strlen(s), format, &day);
    return want == RL_NO_DAY ? !ok && day == 12345 : ok && day == want;
}

static void stated_formats(void **state)
{
    (void)state;
    const int32_t want = rl_day(2024, 3, 11);
    char lengthy[200];
    memset(lengthy, ' ', sizeof lengthy - 1);
    memcpy(lengthy, "11.03.2024", 10);
    lengthy[sizeof lengthy - 2] = 'x';
    lengthy[sizeof lengthy - 1] = '\0';
    assert_true(reads_as("11.03.2024", "%d.%m.%Y", want));
    assert_true(reads_as(" 3/11/24 ", "%m/%d/%y", want));
    assert_true(reads_as("11 Mar 2024", "%d %b %Y", want));
    assert_true(reads_as("2024071", "%Y%j", want));
    assert_true(reads_as("03/11/2024 07:05 PM", "%m/%d/%Y %I:%M %p", want));
    assert_true(reads_as("30.02.2024", "%d.%m.%Y", RL_NO_DAY));
    assert_true(reads_as("31.04.2023", "%d.%m.%Y", RL_NO_DAY));
    assert_true(reads_as("2023366", "%Y%j", RL_NO_DAY));
    assert_true(reads_as("11.03.2024 ", "%d.%m.%Y", want));
    assert_true(reads_as("11.03.2024x", "%d.%m.%Y", RL_NO_DAY));
    assert_true(reads_as("11.03", "%d.%m", RL_NO_DAY));
    assert_true(reads_as("", "%d.%m.%Y", RL_NO_DAY));
    assert_true(reads_as(lengthy, "%d.%m.%Y", RL_NO_DAY));
    int32_t day = 7;
    assert_false(rl_day_parse_as("11.03.2024\0", 11, "%d.%m.%Y", &day));
    assert_int_equal(day, 7);
}

static void seconds_do_not_know_the_zone(void **state)
{
    (void)state;
    setenv("TZ", "Pacific/Auckland", 1);
    assert_true(reads_as("1710115200", "%s", rl_day(2024, 3, 11)));
    assert_true(reads_as("1710201599", "%s", rl_day(2024, 3, 11)));
    assert_true(reads_as("-1", "%s", -1));
    assert_true(reads_as("0", "%s", 0));
    assert_true(reads_as("-86400", "%s", -1));
    assert_true(reads_as("12x", "%s", RL_NO_DAY));
    assert_true(reads_as("-", "%s", RL_NO_DAY));
    assert_true(reads_as("999999999999", "%s", RL_NO_DAY));
    assert_true(reads_as("1234567890123", "%s", RL_NO_DAY));
    unsetenv("TZ");
}

static void formats_must_name_a_day(void **state)
{
    (void)state;
    assert_true(rl_date_format_ok("%Y-%m-%d"));
    assert_true(rl_date_format_ok("%d %B %y, %H:%M"));
    assert_true(rl_date_format_ok("%F"));
    assert_true(rl_date_format_ok("%D"));
    assert_true(rl_date_format_ok("%Y%j"));
    assert_true(rl_date_format_ok("%-d.%-m.%EY"));
    assert_true(rl_date_format_ok("%s"));
    assert_false(rl_date_format_ok("%Y-%m"));
    assert_false(rl_date_format_ok("%d.%m."));
    assert_false(rl_date_format_ok("%H:%M"));
    assert_false(rl_date_format_ok("dd.mm.yyyy"));
    assert_false(rl_date_format_ok("%F %s"));
    assert_false(rl_date_format_ok("%Y-%m-%"));
    assert_false(rl_date_format_ok("%%Y-%%m-%%d"));
}

static const char *text(rl_period_kind kind, int fiscal, int y, int m, int d)
{
    static char buf[16];
    rl_calendar cal = {kind, fiscal};
    return rl_period_text(buf, cal, rl_period_of(cal, rl_day(y, m, d)));
}

static void periods_have_names(void **state)
{
    (void)state;
    char buf[16];
    assert_string_equal(text(RL_DAY, 1, 2024, 3, 11), "2024-03-11");
    assert_string_equal(text(RL_WEEK, 1, 2024, 3, 11), "2024-W11");
    assert_string_equal(text(RL_WEEK, 1, 2024, 3, 10), "2024-W10");
    assert_string_equal(text(RL_WEEK, 1, 2021, 1, 3), "2020-W53");
    assert_string_equal(text(RL_WEEK, 1, 2024, 12, 30), "2025-W01");
    assert_string_equal(text(RL_WEEK, 1, 2016, 1, 1), "2015-W53");
    assert_string_equal(text(RL_MONTH, 1, 2024, 3, 31), "2024-03");
    assert_string_equal(text(RL_QUARTER, 1, 2024, 3, 31), "2024Q1");
    assert_string_equal(text(RL_QUARTER, 1, 1969, 12, 31), "1969Q4");
    assert_string_equal(text(RL_QUARTER, 0, 2024, 10, 1), "2024Q4");
    assert_string_equal(text(RL_YEAR, 1, 1968, 3, 31), "1968");
    assert_string_equal(text(RL_QUARTER, 2, 2024, 1, 31), "FY2024Q4");
    assert_string_equal(text(RL_QUARTER, 2, 2024, 2, 1), "FY2025Q1");
    assert_string_equal(text(RL_YEAR, 10, 2023, 10, 1), "FY2024");
    assert_string_equal(text(RL_YEAR, 10, 2023, 9, 30), "FY2023");
    assert_string_equal(rl_day_text(buf, RL_NO_DAY), "");
}

/* First <= day <= last, neighbours touch, and the name reads back. */
static void check_calendar(rl_calendar cal)
{
    char a[16], b[16];
    for (int32_t day = rl_day(1970, 1, 1); day <= rl_day(2070, 12, 31); day++) {
        int32_t p = rl_period_of(cal, day), first = rl_period_first(cal, p), last = rl_period_last(cal, p), q = 99999;
        rl_period_text(a, cal, p);
        if (day < first || day > last) fail_msg("%s is not in %s", rl_day_text(b, day), a);
        if (rl_period_of(cal, first) != p || rl_period_of(cal, last) != p) fail_msg("%s leaks", a);
        if (rl_period_first(cal, p + 1) != last + 1) fail_msg("a gap after %s", a);
        if (!rl_period_parse(a, strlen(a), cal, &q) || q != p) fail_msg("%s reads back as %d, not %d", a, q, p);
        rl_day_text(b, day);
        if (!rl_period_parse(b, strlen(b), cal, &q) || q != p) fail_msg("%s is in %d, not %d", b, q, p);
    }
}

static void every_period_round_trips(void **state)
{
    (void)state;
    for (int kind = RL_DAY; kind <= RL_YEAR; kind++) {
        for (int start = 1; start <= 12; start += kind < RL_QUARTER ? 12 : 1)
            check_calendar((rl_calendar){(rl_period_kind)kind, start});
    }
}

static bool parses(const char *s, rl_period_kind kind, int fiscal, const char *want)
{
    char buf[16];
    int32_t p = 0;
    rl_calendar cal = {kind, fiscal};
    bool ok = rl_period_parse(s, strlen(s), cal, &p);
    return want == NULL ? !ok : ok && strcmp(rl_period_text(buf, cal, p), want) == 0;
}

static void periods_as_people_write_them(void **state)
{
    (void)state;
    assert_true(parses("2019Q4", RL_QUARTER, 1, "2019Q4"));
    assert_true(parses("2019-Q4", RL_QUARTER, 1, "2019Q4"));
    assert_true(parses(" 2019q4 ", RL_QUARTER, 1, "2019Q4"));
    assert_true(parses("2019-10", RL_MONTH, 1, "2019-10"));
    assert_true(parses("2019M10", RL_MONTH, 1, "2019-10"));
    assert_true(parses("2019-M7", RL_MONTH, 1, "2019-07"));
    assert_true(parses("2019-7", RL_MONTH, 1, "2019-07"));
    assert_true(parses("2019", RL_YEAR, 1, "2019"));
    assert_true(parses("2019-W05", RL_WEEK, 1, "2019-W05"));
    assert_true(parses("2019w5", RL_WEEK, 1, "2019-W05"));
    assert_true(parses("2020-W53", RL_WEEK, 1, "2020-W53"));
    assert_true(parses("2019-10", RL_QUARTER, 1, "2019Q4"));
    assert_true(parses("2019-10", RL_YEAR, 7, "FY2020"));
    assert_true(parses("2019Q3", RL_YEAR, 1, "2019"));
    assert_true(parses("FY2020Q2", RL_QUARTER, 7, "FY2020Q2"));
    assert_true(parses("FY2020", RL_YEAR, 7, "FY2020"));
    assert_true(parses("FY2020Q2", RL_YEAR, 7, "FY2020"));
    assert_true(parses("2019-10-31T10:00Z", RL_MONTH, 1, "2019-10"));
}

static void periods_that_are_none(void **state)
{
    (void)state;
    assert_true(parses("2019W53", RL_WEEK, 1, NULL)); /* 2019 has 52 weeks        */
    assert_true(parses("2019-W00", RL_WEEK, 1, NULL));
    assert_true(parses("2019-W54", RL_WEEK, 1, NULL));
    assert_true(parses("2019-13", RL_MONTH, 1, NULL));
    assert_true(parses("2019-00", RL_MONTH, 1, NULL));
    assert_true(parses("2019Q5", RL_QUARTER, 1, NULL));
    assert_true(parses("2019Q0", RL_QUARTER, 1, NULL));
    assert_true(parses("2019Q", RL_QUARTER, 1, NULL));
    assert_true(parses("2019Q11", RL_QUARTER, 1, NULL));
    assert_true(parses("2019", RL_QUARTER, 1, NULL)); /* longer than what is asked */
    assert_true(parses("2019Q4", RL_MONTH, 1, NULL));
    assert_true(parses("2019-10", RL_DAY, 1, NULL));
    assert_true(parses("2019-10", RL_WEEK, 1, NULL));
    assert_true(parses("2019-W05", RL_MONTH, 1, NULL)); /* a week lies in two months */
    assert_true(parses("2019Q4", RL_QUARTER, 7, NULL)); /* calendar or fiscal?       */
    assert_true(parses("2019", RL_YEAR, 7, NULL));
    assert_true(parses("FY2019-10", RL_MONTH, 7, NULL));
    assert_true(parses("201910", RL_MONTH, 1, NULL));
    assert_true(parses("", RL_YEAR, 1, NULL));
    assert_true(parses("abcd", RL_YEAR, 1, NULL));
    assert_true(parses("0019", RL_YEAR, 1, NULL));
    assert_true(parses("2019", RL_PERIOD_NONE, 1, NULL));
}

static void kinds_by_name(void **state)
{
    (void)state;
    for (int k = RL_DAY; k <= RL_YEAR; k++) {
        assert_int_equal(rl_period_kind_of(rl_period_name((rl_period_kind)k)), k);
    }
    assert_int_equal(rl_period_kind_of("none"), RL_PERIOD_NONE);
    assert_int_equal(rl_period_kind_of("Quarter"), RL_PERIOD_NONE);
    CHECK_DIGITS(rl_period_days(RL_MONTH), 30.436875, 15);
    CHECK_DIGITS(rl_period_days(RL_QUARTER) * 4, rl_period_days(RL_YEAR), 15);
    CHECK_DIGITS(rl_period_days(RL_WEEK), 7, 15);
}

/* A day alone is read ten characters at once, a day with a time one after another. */
static void a_day_with_and_without_a_time(void **state)
{
    (void)state;
    static const char AMONG[] = "0123456789012345678901234567890123456789-/: T\xb5\x80\xff";
    rl_rng r = rl_rng_for(12, 1);
    size_t days = 0;
    for (int i = 0; i < 300000; i++) {
        char s[] = "2024-03-11T10:20";
        int32_t a = 7, b = 7;
        for (uint64_t k = rl_bits(&r) % 4; k > 0; k--) s[rl_bits(&r) % 10] = AMONG[rl_bits(&r) % (sizeof AMONG - 1)];
        bool alone = rl_day_parse(s, 10, &a), timed = s[0] != ' ' && rl_day_parse(s, 16, &b);
        if (s[0] == ' ' || s[9] == ' ') continue;
        if (alone != timed || a != b) fail_msg("'%.10s' is %d, with a time %d", s, a, b);
        days += alone;
    }
    assert_true(days > 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted_from_1970),
        cmocka_unit_test(every_day_round_trips),
        cmocka_unit_test(iso_dates_and_times),
        cmocka_unit_test(stated_formats),
        cmocka_unit_test(seconds_do_not_know_the_zone),
        cmocka_unit_test(formats_must_name_a_day),
        cmocka_unit_test(periods_have_names),
        cmocka_unit_test(every_period_round_trips),
        cmocka_unit_test(periods_as_people_write_them),
        cmocka_unit_test(periods_that_are_none),
        cmocka_unit_test(kinds_by_name),
        cmocka_unit_test(a_day_with_and_without_a_time),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
