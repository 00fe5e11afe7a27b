/* out/view.h -- labels, units, rounding: numbers become words here.
 *
 * Shared by every writer of this floor, so that a figure reads the same in
 * the report, the workbook, a chart and at the terminal.  Digits follow the
 * interval: an estimate shows two leading digits of its standard error, and
 * all figures of one interval share unit and decimals.
 *
 * Nothing here computes a result; scaling (0.031 to 3.1 points) and rounding
 * for the eye is all.  Texts live in the arena of the view.
 */
#ifndef RL_OUT_VIEW_H
#define RL_OUT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/answer.h"

typedef struct rl_view {
    rl_arena *in;
    const char *currency;     /* as in the study; "" = none                             */
    const char *minus, *nbsp; /* U+2212 and U+00A0, or "-" and " " for ASCII media      */
    const char *open, *close; /* quotation marks                                         */
    double level;             /* 0.95                                                    */
} rl_view;

/* ascii: for the terminal and other places without typography. */
rl_view rl_view_of(const rl_study *study, bool ascii, rl_arena *in);

/* What a figure counts; decides the words around it. */
typedef enum rl_unit {
    RL_UNIT_PLAIN,
    RL_UNIT_POINTS,
    RL_UNIT_PERCENT,
    RL_UNIT_DAYS,
    RL_UNIT_MONTHS,
    RL_UNIT_MONEY
} rl_unit;

rl_unit rl_unit_of_lift(const rl_view *v, const rl_lift *lift); /* by lift.unit: "points" "%" "days" or the currency */

/* The unit of a lift's numbers before they are scaled for the eye: "share" for
 * points, else the lift's.  The tables of numbers (estimates.csv, results.json,
 * the workbook) hold these; `scale` makes points of a share.  "" without a lift. */
const char *rl_unit_own(const rl_model_answer *m);

/* --- single figures (x = NaN gives "n/a") ---------------------------------- */

/* Decimals that show two leading digits of `se`: 0.43 -> 2, 4.3 -> 1, 43 -> 0, 430 -> -1. */
int rl_view_decimals(double se);

const char *rl_view_number(const rl_view *v, double x, int decimals); /* 1,234.50; decimals < 0 round to tens, .. */
const char *rl_view_count(const rl_view *v, uint64_t n);              /* 12,345 */
const char *rl_view_percent(const rl_view *v, double share, int decimals);  /* 0.631 -> 63.1 % */
const char *rl_view_money(const rl_view *v, double x, int decimals);        /* $1,234,567 */
const char *rl_view_signed(const rl_view *v, const char *figure, double x); /* + before a positive one */
const char *rl_view_p(const rl_view *v, double p, size_t draws);            /* 0.0031, "below 0.0001": rl_p_floor() */
const char *rl_view_date(const rl_view *v, int32_t day);                    /* 2025-03-11, or n/a */
const char *rl_view_level(const rl_view *v);                                /* 95 % */

/* --- figures with an interval ---------------------------------------------- */

/* A scale that all figures of one interval share: money is cut to K, M or B. */
typedef struct rl_scale {
    rl_unit unit;
    double times;
    int decimals;
    const char *suffix;
} rl_scale;

/* `scale` multiplies before anything is shown (100 for points and percent). */
rl_scale rl_scale_for(const rl_interval *x, rl_unit unit, double scale);
rl_scale rl_scale_full(const rl_interval *x, rl_unit unit, double scale);    /* money in whole units: tables */
const char *rl_scaled(const rl_view *v, const rl_scale *s, double x);        /* $1.24 M; 3.1 points   */
const char *rl_scaled_signed(const rl_view *v, const rl_scale *s, double x); /* +3.1 points           */
const char *rl_scaled_bare(const rl_view *v, const rl_scale *s, double x);   /* 3.1, money with sign  */

/* "$0.40 M to $2.08 M"; "1.2 to 5.0 points": unit once when it stands behind. */
const char *rl_view_range(const rl_view *v, const rl_scale *s, const rl_interval *x);
/* A Fieller set in words: "1.2 to 3.4", "any value", "below -1.0 or above 2.1", "none". */
const char *rl_view_ratio(const rl_view *v, const rl_ratio *r, rl_unit unit, double scale);
const char *rl_view_ratio_set(const rl_view *v, const rl_ratio *r, rl_unit unit, double scale);

bool rl_excludes_zero(const rl_interval *x);  /* false when a bound is not known */
bool rl_interval_known(const rl_interval *x); /* estimate and both bounds finite */

/* --- names ------------------------------------------------------------------ */

const char *rl_outcome_words(rl_outcome o); /* "win rate" */
const char *rl_outcome_title(rl_outcome o); /* "Win rate" */
/* Does a positive effect mean good news?  +1, -1 (decision_time and
 * days_to_win: fewer days are better), 0 for columns of a panel.  `velocity`
 * is time gained by winning (restricted mean): more wins, or sooner ones. */
int rl_outcome_good(rl_outcome o);
const char *rl_model_title(const rl_view *v, const rl_model_answer *m); /* its question, or a made one */

/* --- text from the user's files ------------------------------------------------ */

/* One line of valid UTF-8: control characters become blanks, marks that turn
 * the direction of writing are left out, bytes that are no UTF-8 become
 * U+FFFD; longer than `max` characters (0 = any): cut, with an ellipsis. */
const char *rl_view_clean(const char *s, size_t max, rl_arena *in);

#endif
