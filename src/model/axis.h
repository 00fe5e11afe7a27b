/* model/axis.h -- cells of any column as groups, times and cohorts.
 *
 * A time is a period number: whole numbers as the column has them, or, for
 * dates and texts such as 2019Q4, the period of a calendar.  Consecutive
 * periods differ by 1, so a gap is a gap.  Under --period month or quarter
 * a column of years and parts of years (2002, 2002.0833, ..) is read as R and
 * Stata write such series.
 */
#ifndef RL_MODEL_AXIS_H
#define RL_MODEL_AXIS_H

#include "data/table.h"

#define RL_NO_TIME INT32_MIN

typedef struct rl_clock {
    rl_calendar cal;       /* kind NONE: numbers as they are            */
    bool dates;            /* shown by rl_period_text                   */
    bool fractions;        /* months or quarters written as years: 2002.0833 is February 2002 */
} rl_clock;

/* Fail at a cell: file, line, column and excerpt when the table came from a
 * file, else the row number. */
rl_code rl_fail_cell(const rl_table *t, const rl_col *c, size_t i, rl_ctx *cx, rl_code code, const char *fmt, ...)
    RL_PRINTF(6, 7);

/* Where a row stands, for messages: "line 12" of its file, else "row 12". */
const char *rl_row_words(const rl_table *t, const rl_col *c, size_t i, rl_ctx *cx);

/* Column by name.  Errors RL_EINPUT with the nearest name. */
RL_MUST rl_code rl_table_need(const rl_table *t, const char *name, const char *what_for, const rl_col **out,
                              rl_ctx *cx);

/* The times of a column (n of t; RL_NO_TIME = missing).
 *
 *   cal     as asked for; kind NONE takes numbers as they are and finds out
 *           from the texts what they are (dates by day, 2019-W07, 2019-04,
 *           2019Q4): the shortest that all of them name
 *   clock   out: what is to be used for other columns of the same model
 *
 * Errors  RL_EINPUT  a cell that is no time, at its place
 */
RL_MUST rl_code rl_times_of(const rl_table *t, const rl_col *c, rl_calendar cal, rl_clock *clock, int32_t *at,
                            rl_ctx *cx);

/* First treated times: as above, empty, 0 and Inf = never (RL_NO_TIME). */
RL_MUST rl_code rl_cohorts_of(const rl_table *t, const rl_col *c, rl_clock clock, int32_t *at, rl_ctx *cx);

/* Two cells of a time column that fall into one period: the longest period that keeps them apart ("month"), or NULL. */
const char *rl_times_apart(const rl_col *c, rl_clock clock, size_t i, size_t j);

/* A time as text in `in`, NULL when it is a plain number. */
const char *rl_time_text(rl_clock clock, int32_t at, rl_arena *in);
/* The same for messages: a plain number is written out; never NULL. */
const char *rl_time_words(rl_clock clock, int32_t at, rl_arena *in);

/* Order of two labels: as numbers when both are, numbers before words, else in C-locale order. */
int rl_level_order(const char *a, const char *b);

/* Groups of several columns joined: the pairs that occur, in order. */
void rl_groups_join(const rl_groups *a, const rl_groups *b, size_t n, rl_groups *out, rl_arena *in, rl_ctx *cx);

/* Keep the rows listed (m of them, ascending) and number the groups that still
 * occur anew; the same codes and labels when all rows and groups stay. */
void rl_groups_keep(const rl_groups *g, const uint32_t *row, size_t m, rl_groups *out, rl_arena *in);

#endif
