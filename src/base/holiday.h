/* base/holiday.h -- holidays that a rule gives: fixed days, n-th weekdays of a
 * month, days around Easter; and the public holidays of a few countries.
 *
 * A day by its own name (thanksgiving) is counted on its date, whatever the
 * weekday.  A country (US) stands for the working days its public holidays
 * take: Monday to Friday, as observed when the date falls on a weekend (US:
 * the Friday before or the Monday after; UK: the next working day; DE and FR:
 * lost).  Moved and single ones (a jubilee) are in the list.  Only what holds in
 * the whole country counts; UK is England and Wales.
 *
 * Source: Easter by Butcher's algorithm (Nature, 1876); 5 U.S.C. 6103; the
 * Banking and Financial Dealings Act 1971 and its proclamations; Code du
 * travail L3133-1; the holiday laws of the German states.
 */
#ifndef RL_BASE_HOLIDAY_H
#define RL_BASE_HOLIDAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By name, whatever the case; -1 = there is none. */
int rl_holiday_find(const char *name);

/* How many there are; the name of each: "US", "thanksgiving". */
size_t rl_holiday_count(void);
const char *rl_holiday_name(int holiday);

/* A country?  If so, the first year its list is right for. */
bool rl_holiday_country(int holiday, int *since);

/* Its date in a year, for one that is no country; RL_NO_DAY outside 1000..2999. */
int32_t rl_holiday_date(int holiday, int year);

/* Days from `first` to `last` that lie in its window: `from` to `to` days after its date (both 0: the
 * date alone), each day once; for a country its working days, without a window.
 * Cost: some 20 dates a year, so in proportion to the length */
int rl_holiday_days(int holiday, int from, int to, int32_t first, int32_t last);

#endif
