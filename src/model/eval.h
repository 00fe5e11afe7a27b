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
} rl_scene;

/* Rows that take part, sorted by unit and time, into s->order.
 * Errors  RL_EINPUT  two rows of one unit and time: names both */
RL_MUST rl_code rl_scene_sort(rl_scene *s, rl_ctx *cx);

/* One column of numbers: lag(x,lo:hi) at its k-th lag lo + k, poly(x,d) at
 * its power k + 1, anything else with k = 0.  v (n of t) out. */
RL_MUST rl_code rl_eval(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx);

/* Is it a power, so that rl_eval_low() has something to say? */
bool rl_eval_rounds(const rl_expr *e, int k);

/* What rounding took from x^d, or from poly(x,d)'s power k + 1: low (n of t)
 * out, to be added to what rl_eval() gives.  some = false, and low untouched
 * or zero, when it is zero in all rows or e is no power. */
RL_MUST rl_code rl_eval_low(rl_scene *s, const rl_expr *e, int k, double *low, bool *some, rl_ctx *cx);

/* How many columns of numbers an expression makes, and the name of the k-th. */
size_t rl_eval_width(const rl_expr *e);
const char *rl_eval_name(const rl_expr *e, size_t k, rl_arena *in);

#endif
