/* base/date.h -- civil dates as day numbers, and the periods made of them.
 *
 * A day is an int32: days since 1970-01-01 in the proleptic Gregorian
 * calendar.  A period number counts periods of one kind from a fixed origin,
 * so consecutive periods differ by 1 and a gap is a gap.
 */
#ifndef RL_BASE_DATE_H
#define RL_BASE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RL_NO_DAY INT32_MIN
enum { RL_DAY_MIN = -354285 /* 1000-01-01 */, RL_DAY_MAX = 376199 /* 2999-12-31 */ };

typedef enum rl_period_kind { RL_PERIOD_NONE, RL_DAY, RL_WEEK, RL_MONTH, RL_QUARTER, RL_YEAR } rl_period_kind;

/* A calendar: kind of period, and the month a fiscal year starts in (1 = calendar year). */
typedef struct rl_calendar { rl_period_kind kind; int fiscal_start; } rl_calendar;

int32_t rl_day(int year, int month, int day);                   /* RL_NO_DAY when there is no such date */
void rl_civil(int32_t day, int *year, int *month, int *mday);

/* "2024-03-11", "2024-03-11T10:20:30.5+02:00", "2024-03-11 10:20", "..Z": the
 * date as written, in its own zone; the time is checked and dropped.  False
 * when the n bytes are no such thing. */
bool rl_day_parse(const char *s, size_t n, int32_t *day);
/* As strptime(3) in the C locale; the whole text must match and the day must
 * exist.  "%s" alone is seconds since 1970 in UTC, whatever the machine's zone. */
bool rl_day_parse_as(const char *s, size_t n, const char *format, int32_t *day);

/* Does the format name a year, a month and a day (or is it "%s")? */
bool rl_date_format_ok(const char *format);

char *rl_day_text(char buf[16], int32_t day);                   /* 2024-03-11; "" for RL_NO_DAY */

/* The period that holds `day`.  Weeks start on Monday. */
int32_t rl_period_of(rl_calendar cal, int32_t day);
int32_t rl_period_first(rl_calendar cal, int32_t period);       /* its first day */
int32_t rl_period_last(rl_calendar cal, int32_t period);        /* its last day  */

/* 2024-03-11, 2024-W11 (ISO week), 2024-03, 2024Q1, 2024; fiscal: FY2024Q1,
 * FY2024 (named by the year it ends in).
 *
 * rl_period_parse reads these, ISO dates, 2024-Q1, 2024M03 and 2024-3.  A text
 * that names a shorter period gives the period it lies in; a longer one, or a
 * week where a month is wanted, is false.  With a fiscal year, 2024 and 2024Q1
 * without FY are ambiguous and false. */
char *rl_period_text(char buf[16], rl_calendar cal, int32_t period);
bool rl_period_parse(const char *s, size_t n, rl_calendar cal, int32_t *period);

/* The kind by name ("quarter"), or RL_PERIOD_NONE. */
rl_period_kind rl_period_kind_of(const char *name);
const char *rl_period_name(rl_period_kind kind);

double rl_period_days(rl_period_kind kind);                     /* mean length: 1, 7, 30.436875, .. */

#endif
