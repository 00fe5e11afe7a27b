/* model/eval.h -- expressions of a formula on the rows of a table.
 *
 * Values are computed for the rows that `keep` marks; a missing input gives
 * NaN.  A function outside its domain (log of 0) is an error with its place,
 * never a silent NaN.  lag, lead and diff go by the calendar within a unit.
 */
#ifndef RL_MODEL_EVAL_H
#define RL_MODEL_EVAL_H

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
    uint32_t *order;               /* rows by unit and time, made when first needed      */
    size_t n_order;
    rl_calendar season;            /* what a time is a period of; kind NONE: not known   */
} rl_scene;

/* Rows that take part, sorted by unit and time, into s->order.
 * Errors  RL_EINPUT  two rows of one unit and time: names both */
RL_MUST rl_code rl_scene_sort(rl_scene *s, rl_ctx *cx);

/* The same, where e needs the time of a row.  Errors  RL_EUSAGE  without one */
RL_MUST rl_code rl_scene_timed(rl_scene *s, const rl_expr *e, rl_ctx *cx);

/* One column of numbers: lag(x,lo:hi) at its k-th lag lo + k, poly(x,d) at
 * its power k + 1, anything else with k = 0.  v (n of t) out. */
RL_MUST rl_code rl_eval(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx);

/* Is it a power, so that rl_eval_low() has something to say? */
bool rl_eval_rounds(const rl_expr *e, int k);

/* What rounding took from x^d, or from poly(x,d)'s power k + 1: low (n of t)
 * out, to be added to what rl_eval() gives.  some = false, and low untouched
 * or zero, when it is zero in all rows or e is no power. */
RL_MUST rl_code rl_eval_low(rl_scene *s, const rl_expr *e, int k, double *low, bool *some, rl_ctx *cx);

/* out is not finite where in is known: an error at the first place, or with na_drop rows that go, and a remark. */
rl_code rl_eval_outside(const rl_scene *s, const rl_expr *e, const double *in, const double *out, rl_ctx *cx);
rl_code rl_eval_no_value(const rl_scene *s, const rl_expr *e, const double *in, double *out, rl_ctx *cx);

/* adstock, weibull, hill, almon (its k-th polynomial), trend.  Where parameters are to be
 * estimated (model/forms.h) v is 1 where the form is known whatever they are. */
RL_MUST rl_code rl_eval_stock(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx);
/* almon: the polynomials, so many columns, and the lag weights they make: lags-by-columns. */
size_t rl_eval_basis(const rl_expr *e);
rl_mat rl_eval_weights(const rl_expr *e, rl_arena *in);
/* season(): levels in the order of the year, codes of the rows.  Errors  RL_EUSAGE  no calendar */
RL_MUST rl_code rl_eval_season(rl_scene *s, const rl_expr *e, rl_groups *out, rl_ctx *cx);

/* The rows of s->order as a series, for num/stock.h. */
rl_track rl_eval_track(const rl_scene *s, rl_ctx *cx);
/* Where parameters are to be estimated: from lo to hi, and the periods a stock needs to wear off at the most. */
enum { RL_LONGEST_SCALE = 200 };
size_t rl_eval_wear(const rl_expr *e);

/* How many columns of numbers an expression makes, and the name of the k-th. */
size_t rl_eval_width(const rl_expr *e);
const char *rl_eval_name(const rl_expr *e, size_t k, rl_arena *in);

#endif
