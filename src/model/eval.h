/* model/eval.h -- expressions of a formula on the rows of a table.
 *
 * Values are computed for the rows that `keep` marks; a missing input gives
 * NaN.  A function outside its domain (log of 0) is an error with its place,
 * never a silent NaN.  lag, lead and diff go by the calendar within a unit.
 *
 * A lag is no column of its own: it is its column, seen from rows that come
 * later.  Where every unit's rows follow each other period by period that
 * needs nothing but a distance, else a map of the rows, one for a distance.
 */
#ifndef RL_MODEL_EVAL_H
#define RL_MODEL_EVAL_H

#include <stddef.h>

#include "base/dd.h"
#include "model/axis.h"
#include "model/formula.h"
#include "num/stock.h"

typedef struct rl_scene {
    const rl_table *t;
    const unsigned char *keep;     /* n of t: rows that take part                        */
    bool na_drop;                  /* a value outside a function's domain is missing, not an error */
    const char *formula;           /* for carets                                         */
    const char *unit_name, *time_name;
    const rl_groups *unit;         /* NULL: one series                                   */
    const int32_t *at;             /* n  times, or NULL: no lags                         */
    struct rl_past *past;          /* made when first needed                             */
    rl_calendar season;            /* what a time is a period of; kind NONE: not known   */
} rl_scene;

#define RL_NO_ROW UINT32_MAX

/* Where the row of the same unit k periods ago stands: */
typedef struct rl_ago {
    int k;
    const int32_t *unit;           /* even: row i - k, when it is there and of the same unit (NULL = one) */
    size_t n;
    uint32_t *from;                /* n  not even: from[i], or RL_NO_ROW; NULL = even    */
} rl_ago;

static inline size_t rl_ago_row(const rl_ago *a, size_t i)
{
    if (a->from != NULL) return a->from[i] == RL_NO_ROW ? SIZE_MAX : a->from[i];
    size_t j = (size_t)((ptrdiff_t)i - a->k); /* below 0: too large */
    return j >= a->n || (a->unit != NULL && a->unit[i] != a->unit[j]) ? SIZE_MAX : j;
}

/* k periods ago, as seen by the lag or lead e (for messages); the same map for the same k.
 * Errors  RL_EUSAGE  no times
 *         RL_EINPUT  two rows of one unit and time: names both */
RL_MUST rl_code rl_scene_ago(rl_scene *s, const rl_expr *e, int k, rl_ago *out, rl_ctx *cx);

/* The maps made so far, for the rows used alone: from[i] of row[i] (m of them, ascending) becomes the i-th. */
void rl_scene_pack(rl_scene *s, const uint32_t *row, size_t m);

/* Periods between a row and what the k-th column of lag(x,..) or lead(x,..) sees of it; 0 columns otherwise. */
bool rl_eval_is_shift(const rl_expr *e);
static inline int rl_eval_shift(const rl_expr *e, size_t k)
{
    return e->fn == RL_FN_LEAD ? -(e->lo + (int)k) : e->lo + (int)k;
}

/* Errors  RL_EUSAGE  e needs the time of a row, and there is none */
RL_MUST rl_code rl_scene_timed(const rl_scene *s, const rl_expr *e, rl_ctx *cx);

/* Rows that take part as series, for num/stock.h: unit by unit, in the order of time. */
typedef struct rl_line {
    rl_track track;
    const uint32_t *row;           /* track.n  row of the table; NULL = the same         */
} rl_line;
static inline uint32_t rl_line_row(const rl_line *l, size_t p) { return l->row != NULL ? l->row[p] : (uint32_t)p; }

/* For the function e, as above. */
RL_MUST rl_code rl_scene_line(rl_scene *s, const rl_expr *e, rl_line *out, rl_ctx *cx);

/* One column of numbers: lag(x,lo:hi) at its k-th lag lo + k, poly(x,d) at
 * its power k + 1, anything else with k = 0.  v (n of t) out. */
RL_MUST rl_code rl_eval(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx);

/* model/eval_low.c: x^d, poly(x,d), products inside a function, and what + - lag lead diff make of them,
 * hold more digits than a double.
 *
 * Is it one of them, so that rl_eval_low() has something to say? */
bool rl_eval_rounds(const rl_expr *e, int k);

/* What rounding took from column k: low (n of t) out, to be added to v, which
 * rl_eval() gave.  some = false when it is zero in all rows. */
RL_MUST rl_code rl_eval_low(rl_scene *s, const rl_expr *e, int k, const double *v, double *low, bool *some,
                            rl_ctx *cx);

/* x^d, d > 0, to some 30 digits (rl_dd_times). */
rl_dd rl_eval_power(rl_dd x, int d);

/* out is not finite where in is known: an error at the first place, or with na_drop rows that go, and a remark. */
rl_code rl_eval_outside(const rl_scene *s, const rl_expr *e, const double *in, const double *out, rl_ctx *cx);
rl_code rl_eval_no_value(const rl_scene *s, const rl_expr *e, const double *in, double *out, rl_ctx *cx);

/* adstock, weibull, hill, almon (its k-th polynomial), trend, holiday.  Where parameters are to be
 * estimated (model/forms.h) v is 1 where the form is known whatever they are. */
RL_MUST rl_code rl_eval_stock(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx);
/* almon: the polynomials, so many columns, and the lag weights they make: lags-by-columns. */
size_t rl_eval_basis(const rl_expr *e);
rl_mat rl_eval_weights(const rl_expr *e, rl_arena *in);
/* season(): levels in the order of the year, codes of the rows.  Errors  RL_EUSAGE  no calendar */
RL_MUST rl_code rl_eval_season(rl_scene *s, const rl_expr *e, rl_groups *out, rl_ctx *cx);

/* Where parameters are to be estimated: from lo to hi, and the periods a stock needs to wear off at the most. */
enum { RL_LONGEST_SCALE = 200 };
size_t rl_eval_wear(const rl_expr *e);

/* How many columns of numbers an expression makes, and the name of the k-th. */
size_t rl_eval_width(const rl_expr *e);
const char *rl_eval_name(const rl_expr *e, size_t k, rl_arena *in);

#endif
