/* Dates of holidays, and the working days they take. */
#include "check.h"

#include <string.h>

#include "base/date.h"
#include "base/holiday.h"

static int of(const char *name)
{
    int h = rl_holiday_find(name);
    if (h < 0) fail_msg("no holiday %s", name);
    return h;
}

static void dated(const char *name, int year, int month, int day)
{
    char got[16], want[16];
    rl_day_text(got, rl_holiday_date(of(name), year));
    rl_day_text(want, rl_day(year, month, day));
    if (strcmp(got, want) != 0) fail_msg("%s %d: %s, not %s", name, year, got, want);
}

/* dateutil.easter of Python; the earliest and the latest that can be among them. */
static void easters(void **s)
{
    (void)s;
    static const int WHEN[][3] = {{1818, 3, 22}, {1943, 4, 25}, {1961, 4, 2},  {1981, 4, 19}, {2000, 4, 23},
                                  {2008, 3, 23}, {2011, 4, 24}, {2024, 3, 31}, {2038, 4, 25}, {2049, 4, 18}};
    for (size_t i = 0; i < sizeof WHEN / sizeof *WHEN; i++) dated("easter", WHEN[i][0], WHEN[i][1], WHEN[i][2]);
    dated("goodfriday", 2024, 3, 29);
    dated("eastermonday", 2024, 4, 1);
    dated("ascension", 2024, 5, 9);
    dated("whitmonday", 2024, 5, 20);
}

static void weekdays_of_months(void **s)
{
    (void)s;
    dated("thanksgiving", 2018, 11, 22); /* the earliest */
    dated("thanksgiving", 2019, 11, 28); /* the latest   */
    dated("blackfriday", 2019, 11, 29);
    dated("cybermonday", 2019, 12, 2); /* in another month than its Thursday */
    dated("mlk", 2025, 1, 20);
    dated("presidents", 2025, 2, 17);
    dated("memorial", 2021, 5, 31); /* the last day of its month */
    dated("memorial", 2025, 5, 26);
    dated("laborday", 2025, 9, 1);
    dated("columbus", 2025, 10, 13);
    dated("summerbank", 2025, 8, 25);
    dated("christmas", 2023, 12, 25);
    assert_int_equal(rl_holiday_date(of("christmas"), 999), RL_NO_DAY);
    assert_int_equal(rl_holiday_date(of("easter"), 3000), RL_NO_DAY);
}

/* Working days and the sum of their places in the year: python3-holidays 0.10.1 (US, England, Germany, France). */
static void countries(void **s)
{
    (void)s;
    static const struct {
        const char *name;
        int year, days, places;
    } WANT[] = {{"US", 1999, 11, 2302}, {"US", 2005, 9, 1938}, {"US", 2011, 9, 1938}, {"US", 2016, 10, 1941},
                {"US", 2020, 10, 1944}, {"UK", 1999, 9, 1792}, {"UK", 2005, 8, 1408}, {"UK", 2011, 9, 1583},
                {"UK", 2016, 8, 1413},  {"UK", 2020, 8, 1448}, {"DE", 1999, 5, 465},  {"DE", 2005, 6, 1068},
                {"DE", 2011, 6, 1180},  {"DE", 2016, 7, 1075}, {"DE", 2020, 7, 983},  {"FR", 1999, 7, 1188},
                {"FR", 2005, 7, 1390},  {"FR", 2011, 7, 1474}, {"FR", 2016, 8, 1398}, {"FR", 2020, 9, 1523}};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        int h = of(WANT[i].name), days = 0, places = 0;
        int32_t first = rl_day(WANT[i].year, 1, 1), last = rl_day(WANT[i].year, 12, 31);
        for (int32_t d = first; d <= last; d++) {
            int n = rl_holiday_days(h, 0, 0, d, d);
            days += n;
            places += n * (int)(d - first + 1);
        }
        if (days != WANT[i].days || places != WANT[i].places)
            fail_msg("%s %d: %d days, places %d", WANT[i].name, WANT[i].year, days, places);
    }
}

/* gov.uk/bank-holidays and 5 U.S.C. 6103 since the last change: what the list above is too old for. */
static void late_changes(void **s)
{
    (void)s;
    static const struct {
        const char *name;
        int year, month, day, is;
    } WANT[] = {{"US", 2021, 6, 18, 1}, {"US", 2022, 6, 20, 1}, {"US", 2020, 6, 19, 0}, {"UK", 2002, 6, 3, 1},
                {"UK", 2002, 6, 4, 1},  {"UK", 2002, 5, 27, 0}, {"UK", 2022, 5, 30, 0}, {"UK", 2022, 6, 2, 1},
                {"UK", 2022, 6, 3, 1},  {"UK", 2022, 9, 19, 1}, {"UK", 2023, 5, 8, 1},  {"UK", 2022, 12, 27, 1},
                {"UK", 2022, 1, 3, 1},  {"US", 2021, 12, 31, 1}};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        int32_t day = rl_day(WANT[i].year, WANT[i].month, WANT[i].day);
        assert_int_equal(rl_holiday_days(of(WANT[i].name), 0, 0, day, day), WANT[i].is);
    }
}

/* A period has what its days have, whatever the period; windows that meet count a day once. */
static void sums(void **s)
{
    (void)s;
    static const rl_period_kind KIND[] = {RL_WEEK, RL_MONTH, RL_QUARTER, RL_YEAR};
    static const int WINDOW[][2] = {{0, 0}, {-7, 6}, {3, 9}, {-180, 180}};
    int32_t first = rl_day(1979, 2, 7), last = rl_day(2031, 11, 19);
    for (int h = 0; h < (int)rl_holiday_count(); h++)
        for (size_t w = 0; w < 4; w++) {
            int since, from = WINDOW[w][0], to = WINDOW[w][1], days = 0;
            if (rl_holiday_country(h, &since) && w > 0) continue;
            for (int32_t d = first; d <= last; d++) {
                int n = rl_holiday_days(h, from, to, d, d);
                assert_in_range(n, 0, 1);
                days += n;
            }
            assert_int_equal(rl_holiday_days(h, from, to, first, last), days);
            for (size_t k = 0; k < 4; k++) {
                rl_calendar cal = {KIND[k], 4};
                int sum = 0;
                for (int32_t p = rl_period_of(cal, first); p <= rl_period_of(cal, last); p++) {
                    int32_t a = rl_period_first(cal, p), b = rl_period_last(cal, p);
                    sum += rl_holiday_days(h, from, to, a < first ? first : a, b > last ? last : b);
                }
                assert_int_equal(sum, days);
            }
        }
}

static void names(void **s)
{
    (void)s;
    int since = 0;
    assert_int_equal(of("Thanksgiving"), of("thanksgiving"));
    assert_string_equal(rl_holiday_name(of("us")), "US");
    assert_int_equal(rl_holiday_find("carnival"), -1);
    assert_true(rl_holiday_country(of("DE"), &since) && since == 1995);
    assert_false(rl_holiday_country(of("boxing"), &since));
    for (int h = 0; h < (int)rl_holiday_count(); h++) assert_int_equal(of(rl_holiday_name(h)), h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(easters),   cmocka_unit_test(weekdays_of_months),
                                       cmocka_unit_test(countries), cmocka_unit_test(late_changes),
                                       cmocka_unit_test(sums),      cmocka_unit_test(names)};
    return cmocka_run_group_tests_name("holiday", tests, NULL, NULL);
}
