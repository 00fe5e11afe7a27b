#include "base/holiday.h"

#include <assert.h>
#include <strings.h>

#include "base/date.h"

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

/* A date from a year: a fixed day; the n-th weekday of a month (n = 5: the last) and some days later; some days after
 * Easter. */
typedef enum kind { FIXED, NTH, EASTER } kind;
typedef struct rule {
    const char *name;
    kind kind;
    int month, day; /* FIXED                             */
    int weekday, n; /* NTH                               */
    int plus;       /* NTH, EASTER: so many days later   */
} rule;

enum {
    NEWYEAR,
    MLK,
    PRESIDENTS,
    GOODFRIDAY,
    EASTERSUNDAY,
    EASTERMONDAY,
    MAYDAY,
    EARLYMAY,
    VICTORY,
    ASCENSION,
    WHITMONDAY,
    MEMORIAL,
    JUNETEENTH,
    INDEPENDENCE,
    BASTILLE,
    ASSUMPTION,
    SUMMERBANK,
    LABORDAY,
    UNITY,
    COLUMBUS,
    ALLSAINTS,
    VETERANS,
    THANKSGIVING,
    BLACKFRIDAY,
    CYBERMONDAY,
    CHRISTMASEVE,
    CHRISTMAS,
    BOXING,
    NEWYEARSEVE,
    DAYS
};

static const rule RULE[DAYS] = {[NEWYEAR] = {"newyear", FIXED, .month = 1, .day = 1},
                                [MLK] = {"mlk", NTH, .month = 1, .weekday = MON, .n = 3},
                                [PRESIDENTS] = {"presidents", NTH, .month = 2, .weekday = MON, .n = 3},
                                [GOODFRIDAY] = {"goodfriday", EASTER, .plus = -2},
                                [EASTERSUNDAY] = {"easter", EASTER, .plus = 0},
                                [EASTERMONDAY] = {"eastermonday", EASTER, .plus = 1},
                                [MAYDAY] = {"mayday", FIXED, .month = 5, .day = 1},
                                [EARLYMAY] = {"earlymay", NTH, .month = 5, .weekday = MON, .n = 1},
                                [VICTORY] = {"victory", FIXED, .month = 5, .day = 8},
                                [ASCENSION] = {"ascension", EASTER, .plus = 39},
                                [WHITMONDAY] = {"whitmonday", EASTER, .plus = 50},
                                [MEMORIAL] = {"memorial", NTH, .month = 5, .weekday = MON, .n = 5},
                                [JUNETEENTH] = {"juneteenth", FIXED, .month = 6, .day = 19},
                                [INDEPENDENCE] = {"independence", FIXED, .month = 7, .day = 4},
                                [BASTILLE] = {"bastille", FIXED, .month = 7, .day = 14},
                                [ASSUMPTION] = {"assumption", FIXED, .month = 8, .day = 15},
                                [SUMMERBANK] = {"summerbank", NTH, .month = 8, .weekday = MON, .n = 5},
                                [LABORDAY] = {"laborday", NTH, .month = 9, .weekday = MON, .n = 1},
                                [UNITY] = {"unity", FIXED, .month = 10, .day = 3},
                                [COLUMBUS] = {"columbus", NTH, .month = 10, .weekday = MON, .n = 2},
                                [ALLSAINTS] = {"allsaints", FIXED, .month = 11, .day = 1},
                                [VETERANS] = {"veterans", FIXED, .month = 11, .day = 11},
                                [THANKSGIVING] = {"thanksgiving", NTH, .month = 11, .weekday = THU, .n = 4},
                                [BLACKFRIDAY] = {"blackfriday", NTH, .month = 11, .weekday = THU, .n = 4, .plus = 1},
                                [CYBERMONDAY] = {"cybermonday", NTH, .month = 11, .weekday = THU, .n = 4, .plus = 4},
                                [CHRISTMASEVE] = {"christmaseve", FIXED, .month = 12, .day = 24},
                                [CHRISTMAS] = {"christmas", FIXED, .month = 12, .day = 25},
                                [BOXING] = {"boxing", FIXED, .month = 12, .day = 26},
                                [NEWYEARSEVE] = {"newyearseve", FIXED, .month = 12, .day = 31}};

typedef enum land { US, UK, DE, FR, LANDS } land;
static const struct {
    const char *name;
    int since;
} LAND[LANDS] = {{"US", 1978}, {"UK", 1978}, {"DE", 1995}, {"FR", 1982}};

/* Who keeps which, from a year on. */
enum { MOST = 16 };
static const struct {
    int rule, from;
} KEEPS[LANDS][MOST] = {
    [US] = {{NEWYEAR, 0},
            {MLK, 1986},
            {PRESIDENTS, 0},
            {MEMORIAL, 0},
            {JUNETEENTH, 2021},
            {INDEPENDENCE, 0},
            {LABORDAY, 0},
            {COLUMBUS, 0},
            {VETERANS, 0},
            {THANKSGIVING, 0},
            {CHRISTMAS, 0},
            {-1, 0}},
    [UK] = {{NEWYEAR, 0},
            {GOODFRIDAY, 0},
            {EASTERMONDAY, 0},
            {EARLYMAY, 0},
            {MEMORIAL, 0}, /* the spring bank holiday has the same rule */
            {SUMMERBANK, 0},
            {CHRISTMAS, 0},
            {BOXING, 0},
            {-1, 0}},
    [DE] = {{NEWYEAR, 0},
            {GOODFRIDAY, 0},
            {EASTERMONDAY, 0},
            {MAYDAY, 0},
            {ASCENSION, 0},
            {WHITMONDAY, 0},
            {UNITY, 0},
            {CHRISTMAS, 0},
            {BOXING, 0},
            {-1, 0}},
    [FR] = {{NEWYEAR, 0},
            {EASTERMONDAY, 0},
            {MAYDAY, 0},
            {VICTORY, 0},
            {ASCENSION, 0},
            {WHITMONDAY, 0},
            {BASTILLE, 0},
            {ASSUMPTION, 0},
            {ALLSAINTS, 0},
            {VETERANS, 0},
            {CHRISTMAS, 0},
            {-1, 0}},
};

/* By proclamation: days that were added, and days that were moved away. */
static const struct {
    land land;
    int year, month, day;
    bool added;
} ONCE[] = {{UK, 1981, 7, 29, true},  {UK, 1995, 5, 1, false}, {UK, 1995, 5, 8, true},   {UK, 1999, 12, 31, true},
            {UK, 2002, 5, 27, false}, {UK, 2002, 6, 3, true},  {UK, 2002, 6, 4, true},   {UK, 2011, 4, 29, true},
            {UK, 2012, 5, 28, false}, {UK, 2012, 6, 4, true},  {UK, 2012, 6, 5, true},   {DE, 2017, 10, 31, true},
            {UK, 2020, 5, 4, false},  {UK, 2020, 5, 8, true},  {UK, 2022, 5, 30, false}, {UK, 2022, 6, 2, true},
            {UK, 2022, 6, 3, true},   {UK, 2022, 9, 19, true}, {UK, 2023, 5, 8, true}};

/* --- dates ----------------------------------------------------------------------------------- */

static int weekday_of(int32_t day) { return (int)((((int64_t)day + 3) % 7 + 7) % 7); } /* 1970-01-01: a Thursday */
static bool weekend(int32_t day) { return weekday_of(day) >= SAT; }

static int32_t easter(int year)
{
    int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
    int h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
    int m = (a + 11 * h + 22 * l) / 451, n = h + l - 7 * m + 114;
    return rl_day(year, n / 31, n % 31 + 1);
}

static int32_t nth(int year, int month, int weekday, int n)
{
    if (n == 5) {
        int32_t next = month == 12 ? rl_day(year, 12, 31) + 1 : rl_day(year, month + 1, 1);
        return next - 1 - (weekday_of(next - 1) - weekday + 7) % 7;
    }
    int32_t first = rl_day(year, month, 1);
    return first + (weekday - weekday_of(first) + 7) % 7 + 7 * (n - 1);
}

static int32_t date_of(const rule *r, int year)
{
    if (year < 1000 || year > 2999) return RL_NO_DAY;
    if (r->kind == FIXED) return rl_day(year, r->month, r->day);
    return (r->kind == EASTER ? easter(year) : nth(year, r->month, r->weekday, r->n)) + r->plus;
}

/* --- countries ------------------------------------------------------------------------------- */

static bool among(const int32_t *day, int n, int32_t one)
{
    for (int i = 0; i < n; i++)
        if (day[i] == one) return true;
    return false;
}

/* Where a holiday of a country is kept; RL_NO_DAY = it is lost. */
static int32_t observed(land l, int32_t day, const int32_t *taken, int n)
{
    if (!weekend(day)) return day;
    if (l == US) return weekday_of(day) == SAT ? day - 1 : day + 1;
    if (l != UK) return RL_NO_DAY;
    do day++;
    while (weekend(day) || among(taken, n, day));
    return day;
}

enum { MOST_DAYS = 2 * MOST };

/* The working days a country's holidays of a year take, each once; some may lie in the year before or after. */
static int days_off(land l, int year, int32_t out[MOST_DAYS])
{
    int32_t date[MOST_DAYS];
    int dates = 0, n = 0;
    for (int i = 0; KEEPS[l][i].rule >= 0; i++)
        if (year >= KEEPS[l][i].from) date[dates++] = date_of(&RULE[KEEPS[l][i].rule], year);
    for (size_t i = 0; i < sizeof ONCE / sizeof *ONCE; i++) {
        if (ONCE[i].land != l || ONCE[i].year != year) continue;
        int32_t day = rl_day(year, ONCE[i].month, ONCE[i].day);
        if (ONCE[i].added) {
            date[dates++] = day;
            continue;
        }
        int kept = 0;
        for (int j = 0; j < dates; j++)
            if (date[j] != day) date[kept++] = date[j];
        dates = kept;
    }
    for (int i = 0; i < dates; i++) /* first those that stay, so that the others know what is taken */
        if (!weekend(date[i]) && !among(out, n, date[i])) out[n++] = date[i];
    for (int i = 0; i < dates; i++) {
        int32_t day = weekend(date[i]) ? observed(l, date[i], out, n) : RL_NO_DAY;
        if (day != RL_NO_DAY && !among(out, n, day)) out[n++] = day;
    }
    return n;
}

/* --- by number: the countries first ---------------------------------------------------------- */

size_t rl_holiday_count(void) { return LANDS + DAYS; }

const char *rl_holiday_name(int holiday)
{
    assert(holiday >= 0 && holiday < LANDS + DAYS);
    return holiday < LANDS ? LAND[holiday].name : RULE[holiday - LANDS].name;
}

int rl_holiday_find(const char *name)
{
    for (int i = 0; i < LANDS + DAYS; i++)
        if (strcasecmp(name, rl_holiday_name(i)) == 0) return i;
    return -1;
}

bool rl_holiday_country(int holiday, int *since)
{
    if (holiday >= LANDS) return false;
    *since = LAND[holiday].since;
    return true;
}

int32_t rl_holiday_date(int holiday, int year)
{
    assert(holiday >= LANDS && holiday < LANDS + DAYS);
    return date_of(&RULE[holiday - LANDS], year);
}

static int year_of(int32_t day)
{
    int year, month, mday;
    rl_civil(day, &year, &month, &mday);
    return year;
}

int rl_holiday_days(int holiday, int from, int to, int32_t first, int32_t last)
{
    int count = 0;
    if (holiday < LANDS) {
        int32_t day[MOST_DAYS];
        for (int year = year_of(first) - 1; year <= year_of(last) + 1; year++)
            for (int i = days_off((land)holiday, year, day); i-- > 0;) count += day[i] >= first && day[i] <= last;
        return count;
    }
    int32_t next = first; /* the first day not yet counted: windows may overlap */
    for (int year = year_of(first - to) - 1; year <= year_of(last - from) + 1; year++) {
        int32_t day = rl_holiday_date(holiday, year);
        if (day == RL_NO_DAY) continue;
        int32_t a = day + from > next ? day + from : next, b = day + to < last ? day + to : last;
        if (b < a) continue;
        count += b - a + 1;
        next = b + 1;
    }
    return count;
}
