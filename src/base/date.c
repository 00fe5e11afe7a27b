#include "base/date.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int32_t floor_div(int32_t a, int32_t b)
{
    int32_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int days_in(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && is_leap(year));
}

/* Years are counted from 1 March, so that the leap day is the last of its year. */
int32_t rl_day(int year, int month, int day)
{
    static const unsigned SINCE_MARCH[] = {306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
    if (year < 1000 || year > 2999 || month < 1 || month > 12 || day < 1) return RL_NO_DAY;
    if (day > 28 && day > days_in(year, month)) return RL_NO_DAY;
    unsigned y = (unsigned)year - (month <= 2), century = y / 100;
    unsigned before = 365 * y + y / 4 - century + century / 4;            /* days in earlier years     */
    return (int32_t)(before + SINCE_MARCH[month - 1]) + day - 1 - 719468; /* 719468 = 1970-01-01 */
}

void rl_civil(int32_t day, int *year, int *month, int *mday)
{
    enum { ERA = 146097 /* days in 400 years */ };
    int32_t z = day + 719468, era = floor_div(z, ERA), d = z - era * ERA;
    int32_t y = (d - d / 1460 + d / 36524 - d / (ERA - 1)) / 365;
    int32_t doy = d - (365 * y + y / 4 - y / 100), m = (5 * doy + 2) / 153;
    *mday = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + 400 * era + (*month <= 2);
}

/* Exactly `width` digits at s + *at; -1 when there are none. */
static int digits(const char *s, size_t n, size_t *at, size_t width)
{
    int v = 0;
    if (n < width || *at > n - width) return -1;
    for (size_t i = 0; i < width; i++) {
        unsigned d = (unsigned)(s[*at + i] - '0');
        if (d > 9) return -1;
        v = 10 * v + (int)d;
    }
    *at += width;
    return v;
}

static bool eat(const char *s, size_t n, size_t *at, char c)
{
    if (*at >= n || s[*at] != c) return false;
    ++*at;
    return true;
}

static void trim(const char **s, size_t *n)
{
    while (*n > 0 && (**s == ' ' || **s == '\t')) ++*s, --*n;
    while (*n > 0 && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t')) --*n;
}

/* "", "Z", "UTC", "GMT", "+02", "+0200", "+02:00", up to the end. */
static bool is_zone(const char *s, size_t n)
{
    size_t at = 0;
    if (n > 1 && s[0] == ' ') s++, n--;
    if (n == 0 || (n == 1 && (s[0] == 'Z' || s[0] == 'z'))) return true;
    if (n == 3 && (memcmp(s, "UTC", 3) == 0 || memcmp(s, "GMT", 3) == 0)) return true;
    if (!eat(s, n, &at, '+') && !eat(s, n, &at, '-')) return false;
    int hour = digits(s, n, &at, 2), minute = 0;
    if (hour < 0 || hour > 15) return false;
    if (at < n) {
        eat(s, n, &at, ':');
        minute = digits(s, n, &at, 2);
    }
    return at == n && minute >= 0 && minute < 60;
}

/* "10:20", "10:20:30", "10:20:30.5", then a zone. */
static bool is_time(const char *s, size_t n)
{
    size_t at = 0;
    int hour = digits(s, n, &at, 2), minute, second = 0;
    bool rest = false; /* something after 24:00     */
    if (hour < 0 || hour > 24 || !eat(s, n, &at, ':')) return false;
    minute = digits(s, n, &at, 2);
    if (minute < 0 || minute > 59) return false;
    if (eat(s, n, &at, ':')) {
        second = digits(s, n, &at, 2);
        if (second < 0 || second > 60) return false;
        if (eat(s, n, &at, '.') || eat(s, n, &at, ',')) {
            size_t from = at;
            for (int d; (d = digits(s, n, &at, 1)) >= 0;) rest |= d > 0;
            if (at == from) return false;
        }
    }
    if (hour == 24 && (minute > 0 || second > 0 || rest)) return false;
    return is_zone(s + at, n - at);
}

static unsigned at(uint64_t w, int i) { return (unsigned)(w >> 8 * i) & 0xff; }

/* "2024-03-11" and no more, in two words of characters less what they should at least be. */
static bool ten_characters(const char *s, int32_t *day)
{
    const uint64_t over = 0x7676767676767676u, high = 0x8080808080808080u;
    uint64_t w, v = 0, least = 0;
    memcpy(&least, "0000-00-", 8);
    memcpy(&w, s, 8);
    memcpy(&v, s + 6, 4);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
    v = __builtin_bswap64(v);
    least = __builtin_bswap64(least);
#endif
    w ^= least;
    v = (v >> 16) ^ 0x3030;
    if ((((w + over) | w | (v + over) | v) & high) != 0 || at(w, 4) != 0 || at(w, 7) != 0) return false;
    int year = (int)(1000 * at(w, 0) + 100 * at(w, 1) + 10 * at(w, 2) + at(w, 3));
    *day = rl_day(year, (int)(10 * at(w, 5) + at(w, 6)), (int)(10 * at(v, 0) + at(v, 1)));
    return *day != RL_NO_DAY;
}

bool rl_day_parse(const char *s, size_t n, int32_t *day)
{
    size_t at = 0;
    int32_t whole;
    if (n == 10 && ten_characters(s, &whole)) {
        *day = whole;
        return true;
    }
    trim(&s, &n);
    int y = digits(s, n, &at, 4);
    if (y < 0 || !eat(s, n, &at, '-')) return false;
    int m = digits(s, n, &at, 2);
    if (m < 0 || !eat(s, n, &at, '-')) return false;
    int d = digits(s, n, &at, 2);
    if (d < 0) return false;
    int32_t got = rl_day(y, m, d);
    if (got == RL_NO_DAY) return false;
    if (at < n) {
        if (s[at] != 'T' && s[at] != 't' && s[at] != ' ') return false;
        if (!is_time(s + at + 1, n - at - 1)) return false;
    }
    *day = got;
    return true;
}

bool rl_date_format_ok(const char *format)
{
    bool year = false, month = false, mday = false;
    if (strcmp(format, "%s") == 0) return true;
    for (const char *f = format; (f = strchr(f, '%')) != NULL;) {
        f++;
        f += strspn(f, "-_0^#EO");
        if (*f == '\0' || *f == 's') return false; /* seconds stand alone       */
        year |= strchr("YyDFxc", *f) != NULL;
        month |= strchr("mbBhjDFxc", *f) != NULL;
        mday |= strchr("dejDFxc", *f) != NULL;
        f++;
    }
    return year && month && mday;
}

/* Seconds since 1970, UTC: strptime's own %s depends on the machine's time zone. */
static bool seconds(const char *s, size_t n, int32_t *day)
{
    bool minus = n > 0 && s[0] == '-';
    int64_t v = 0;
    if (minus) s++, n--;
    if (n == 0 || n > 12) return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        v = 10 * v + (s[i] - '0');
    }
    if (minus) v = -v;
    int64_t d = v / 86400 - (v % 86400 < 0);
    if (d < RL_DAY_MIN || d > RL_DAY_MAX) return false;
    *day = (int32_t)d;
    return true;
}

bool rl_day_parse_as(const char *s, size_t n, const char *format, int32_t *day)
{
    char text[128];
    struct tm tm = {.tm_mday = 0, .tm_mon = -1, .tm_year = INT32_MIN};
    trim(&s, &n);
    if (n == 0 || n >= sizeof text || memchr(s, '\0', n) != NULL) return false;
    if (strcmp(format, "%s") == 0) return seconds(s, n, day);
    memcpy(text, s, n);
    text[n] = '\0';
    char *end = strptime(text, format, &tm);
    if (end == NULL || *end != '\0' || tm.tm_year < -1900 || tm.tm_year > 1099) return false;
    int32_t got = rl_day(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    if (got == RL_NO_DAY) return false;
    *day = got;
    return true;
}

char *rl_day_text(char buf[16], int32_t day)
{
    int y, m, d;
    buf[0] = '\0';
    if (day == RL_NO_DAY) return buf;
    rl_civil(day, &y, &m, &d);
    snprintf(buf, 16, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u, (unsigned)d % 100u);
    return buf;
}

/* Months since 1970-01, and months the fiscal year starts after January. */
static int32_t month_of(int32_t day)
{
    int y, m, d;
    rl_civil(day, &y, &m, &d);
    return 12 * (y - 1970) + m - 1;
}

static int32_t first_of_month(int32_t month)
{
    int32_t y = floor_div(month, 12);
    return rl_day(1970 + y, month - 12 * y + 1, 1);
}

static int32_t shift(rl_calendar cal) { return cal.fiscal_start > 1 ? cal.fiscal_start - 1 : 0; }

int32_t rl_period_of(rl_calendar cal, int32_t day)
{
    switch (cal.kind) {
    case RL_DAY:
        return day;
    case RL_WEEK:
        return floor_div(day + 3, 7); /* 1970-01-01 was a Thursday */
    case RL_MONTH:
        return month_of(day);
    case RL_QUARTER:
        return floor_div(month_of(day) - shift(cal), 3);
    case RL_YEAR:
        return floor_div(month_of(day) - shift(cal), 12);
    case RL_PERIOD_NONE:
        break;
    }
    assert(false && "a calendar without a kind of period");
    return 0;
}

int32_t rl_period_first(rl_calendar cal, int32_t period)
{
    switch (cal.kind) {
    case RL_DAY:
        return period;
    case RL_WEEK:
        return 7 * period - 3;
    case RL_MONTH:
        return first_of_month(period);
    case RL_QUARTER:
        return first_of_month(3 * period + shift(cal));
    case RL_YEAR:
        return first_of_month(12 * period + shift(cal));
    case RL_PERIOD_NONE:
        break;
    }
    assert(false && "a calendar without a kind of period");
    return 0;
}

int32_t rl_period_last(rl_calendar cal, int32_t period)
{
    if (cal.kind == RL_DAY) return period;
    if (cal.kind == RL_WEEK) return 7 * period + 3;
    int y, m, d, months = cal.kind == RL_MONTH ? 1 : cal.kind == RL_QUARTER ? 3 : 12;
    rl_civil(rl_period_first(cal, period), &y, &m, &d);
    m += months - 1;
    if (m > 12) y++, m -= 12;
    return rl_day(y, m, days_in(y, m));
}

/* ISO week number: that of the week's Thursday in its year. */
static int week_of(int32_t day)
{
    int y, m, d;
    int32_t thursday = 7 * floor_div(day + 3, 7);
    rl_civil(thursday, &y, &m, &d);
    return (thursday - rl_day(y, 1, 1)) / 7 + 1;
}

char *rl_period_text(char buf[16], rl_calendar cal, int32_t period)
{
    int y, m, d;
    int32_t first = rl_period_first(cal, period);
    const char *fy = shift(cal) > 0 ? "FY" : "";
    if (cal.kind == RL_DAY) return rl_day_text(buf, period);
    rl_civil(cal.kind == RL_WEEK ? first + 3 : first, &y, &m, &d); /* a week's year: Thursday's */
    unsigned year = (unsigned)y % 10000u;
    switch (cal.kind) {
    case RL_WEEK:
        snprintf(buf, 16, "%04u-W%02u", year, (unsigned)week_of(first) % 100u);
        break;
    case RL_MONTH:
        snprintf(buf, 16, "%04u-%02u", year, (unsigned)m % 100u);
        break;
    case RL_QUARTER:
    case RL_YEAR: {
        int32_t in_year = cal.kind == RL_YEAR ? period : floor_div(period, 4);
        year = (unsigned)(1970 + in_year + (shift(cal) > 0)) % 10000u;
        if (cal.kind == RL_YEAR)
            snprintf(buf, 16, "%s%04u", fy, year);
        else
            snprintf(buf, 16, "%s%04uQ%d", fy, year, (period - 4 * in_year) % 4 + 1);
        break;
    }
    default:
        break;
    }
    return buf;
}

/* One or two digits up to the end of the text. */
static int last_digits(const char *s, size_t n, size_t at)
{
    int v = n == at + 1 || n == at + 2 ? digits(s, n, &at, n - at) : -1;
    return v;
}

static bool within(rl_calendar cal, rl_period_kind finest, int32_t day, int32_t *period)
{
    if (day == RL_NO_DAY || cal.kind < finest) return false;
    if (finest == RL_WEEK && cal.kind != RL_WEEK) return false; /* weeks cross months        */
    if (finest != RL_WEEK && finest != RL_DAY && cal.kind == RL_WEEK) return false;
    *period = rl_period_of(cal, day);
    return true;
}

/* YYYYQn and YYYY: with a fiscal year only as FYyyyy, which is unambiguous. */
static bool quarter_or_year(int year, int quarter, bool fy, rl_calendar cal, int32_t *period)
{
    if (shift(cal) > 0 && !fy) return false;
    int32_t index = year - 1970 - (shift(cal) > 0);
    if (year < 1001 || year > 2998 || quarter > 4) return false;
    if (quarter > 0 && cal.kind == RL_QUARTER)
        *period = 4 * index + quarter - 1;
    else if (cal.kind == RL_YEAR)
        *period = index;
    else
        return false;
    return true;
}

bool rl_period_parse(const char *s, size_t n, rl_calendar cal, int32_t *period)
{
    size_t at = 0;
    int32_t day;
    if (cal.kind == RL_PERIOD_NONE) return false;
    trim(&s, &n);
    if (rl_day_parse(s, n, &day)) return within(cal, RL_DAY, day, period);
    bool fy = n > 2 && s[0] == 'F' && s[1] == 'Y';
    if (fy) s += 2, n -= 2;
    int year = digits(s, n, &at, 4);
    if (year < 0) return false;
    if (at == n) return quarter_or_year(year, 0, fy, cal, period);
    bool dash = eat(s, n, &at, '-');
    char letter = at < n ? (char)(s[at] & ~32) : '\0';
    if (letter == 'Q') {
        int q = last_digits(s, n, at + 1);
        return q >= 1 && quarter_or_year(year, q, fy, cal, period);
    }
    if (fy) return false;
    if (letter == 'W') {
        int w = last_digits(s, n, at + 1);
        int32_t jan4 = rl_day(year, 1, 4); /* always in week 1          */
        if (w < 1 || w > 53 || jan4 == RL_NO_DAY) return false;
        day = jan4 + 7 * (w - 1);
        if (w == 53 && week_of(day) != 53) return false;
        return within(cal, RL_WEEK, day, period);
    }
    if (letter == 'M')
        at++;
    else if (!dash)
        return false;
    int m = last_digits(s, n, at);
    return m >= 1 && within(cal, RL_MONTH, rl_day(year, m, 1), period);
}

static const char *const NAMES[] = {
    [RL_PERIOD_NONE] = "none", [RL_DAY] = "day",         [RL_WEEK] = "week",
    [RL_MONTH] = "month",      [RL_QUARTER] = "quarter", [RL_YEAR] = "year",
};

rl_period_kind rl_period_kind_of(const char *name)
{
    for (int k = RL_DAY; k <= RL_YEAR; k++) {
        if (strcmp(name, NAMES[k]) == 0) return (rl_period_kind)k;
    }
    return RL_PERIOD_NONE;
}

const char *rl_period_name(rl_period_kind kind) { return NAMES[kind]; }

double rl_period_days(rl_period_kind kind)
{
    static const double DAYS[] = {
        [RL_PERIOD_NONE] = 0,     [RL_DAY] = 1,         [RL_WEEK] = 7, [RL_MONTH] = 30.436875,
        [RL_QUARTER] = 91.310625, [RL_YEAR] = 365.2425,
    };
    return DAYS[kind];
}
