/* model/roster.h -- who is seen when, and treated from when: a design as units by periods.
 *
 * Estimators that compare changes of units walk this instead of the rows:
 * units in the order of their first row, each with its rows by time.  Periods
 * are the different times of the rows used, ascending, numbered 0 .. T-1; they
 * need not be equally far apart (biennial data), and event time is counted in
 * the clock's steps, not in these numbers.
 *
 * t is a period's number here, g and `time` are times of the clock: time[t] is
 * the way back, rl_roster_period() the way there.  n: rows of the design; all
 * arrays live in cx->tmp.
 */
#ifndef RL_MODEL_ROSTER_H
#define RL_MODEL_ROSTER_H

#include "model/design.h"

#define RL_NO_ROW UINT32_MAX

typedef struct rl_roster {
    size_t N, T;
    const int32_t *time;     /* T    ascending                                              */
    const size_t *first;     /* N+1  rows of unit u are row[first[u]] .. row[first[u+1]-1]  */
    const uint32_t *row;     /* n    row of the design, by unit and then time               */
    const int32_t *when;     /* n    period of row[k]                                       */
    const int32_t *cohort;   /* N    first treated time, or RL_NEVER                        */
    const uint32_t *start;   /* N    the first row of the unit: stands for it (rl_units)    */
    bool balanced;           /* every unit has all T periods                                */
    size_t n_cohort;         /* cohorts that are treated at some time ..                    */
    const int32_t *cohort_time;      /* n_cohort  ascending                                 */
    const size_t *cohort_size;       /* n_cohort  units                                     */
    size_t never;            /* units never treated                                         */
} rl_roster;

/* The roster of a design; `rows` = every row is a unit of its own (repeated
 * cross-sections), and no unit is needed.
 *
 * Errors  RL_EDATA   one period; nobody is ever treated
 * Cost    16 bytes a row; a counting sort, none where the rows are in order */
RL_MUST rl_code rl_roster_make(const rl_design *d, bool rows, rl_roster *r, rl_ctx *cx);

/* Row of unit u in period t, or RL_NO_ROW. */
static inline uint32_t rl_roster_at(const rl_roster *r, size_t u, int32_t t)
{
    size_t lo = r->first[u], hi = r->first[u + 1];
    if (r->balanced) return r->row[lo + (size_t)t];
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (r->when[mid] < t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < r->first[u + 1] && r->when[lo] == t ? r->row[lo] : RL_NO_ROW;
}

/* Number of the period of a time, or of the last one before it; -1 = all are later.  time[] says which it was. */
int32_t rl_roster_period(const rl_roster *r, int64_t time);

/* Periods before a time: T0 of a start. */
static inline size_t rl_roster_before(const rl_roster *r, int64_t time)
{
    return (size_t)(rl_roster_period(r, time - 1) + 1);
}

/* For methods that know one start (cohort_time[0]): the periods before it, 0 .. T.
 *
 *   who     the estimator's name
 *
 * Errors  RL_EDATA   several starts: which, and of how many units each */
RL_MUST rl_code rl_roster_one_start(const rl_design *d, const rl_roster *r, const char *who, size_t *T0, rl_ctx *cx);

/* The unit's name for messages; "(row)" where a design has none. */
const char *rl_roster_unit(const rl_design *d, const rl_roster *r, size_t u);

/* Errors RL_EDATA naming the first unit that misses a period (bacon, sdid need all). */
RL_MUST rl_code rl_roster_need_balanced(const rl_design *d, const rl_roster *r, const char *who, rl_ctx *cx);

#endif
