/* model/design.h -- where names meet arrays: a request and a table become
 * y, X, weights, effects, clusters, times, and the waterfall of rows lost.
 *
 * Rows are lost, in this order, to: the subset, weight 0, lags that reach
 * before the first period of a unit (leads: beyond the last), missing values,
 * what the estimator cannot use (always treated, no control left, outside
 * the window), singletons.  A text column in the formula is a factor; its
 * reference is the first level in C-locale order among the rows used.
 *
 * Everything in it lives in cx->tmp or is the table's.  Times and cohorts are
 * numbers of the clock (model/axis.h): in a message rl_time_words(d->clock, ..).
 */
#ifndef RL_MODEL_DESIGN_H
#define RL_MODEL_DESIGN_H

#include "model/axis.h"
#include "model/formula.h"
#include "model/result.h"
#include "num/absorb.h"
#include "num/cols.h"

typedef struct rl_forms rl_forms;        /* model/forms.h */

#define RL_NEVER INT32_MIN               /* in cohort[]; the same number as RL_NO_TIME and RL_NO_ID */

/* The outcome, and regressors that need instruments, on all rows that take part, before some are lost to
 * missing values: further back than the rows used, whose lags are complete. */
typedef struct rl_past {
    size_t n;
    const uint32_t *row;                 /* n   table row, by unit and time                   */
    const int32_t *unit, *at;            /* of each table row                                 */
    const double *y;                     /* of each table row, NaN = missing                  */
    size_t n_x;                          /* request.predetermined, then .endogenous           */
    double **x;                          /* n_x of each table row                             */
} rl_past;

struct rl_design {
    const rl_table *t;
    const rl_formula *formula;
    size_t n;                            /* rows used                                         */
    uint32_t *row;                       /* n   table row                                     */
    const char *y_name;
    double *y;                           /* n                                                 */
    /* The regressors, k of them.  Methods with `blocks` (ols) find them in
     *   blocks         without effects, never written out
     *   blocks, own    beside effects: plain numbers, to be swept where they stand
     *   X, x_low       beside effects: factors, and powers and products with what rounding took from them
     * and every other method in X, with x_low for `wide` ones.  X.a is NULL where blocks are given. */
    rl_mat X;                            /* n-by-k  constant first when there is one; room for one more column behind.
                                            ols sweeps it in place.  a NULL: in blocks        */
    double **x_low;                      /* k+1 what rounding took from powers and products (n, or NULL), y's the
                                            last; NULL when there are none                    */
    rl_cols *blocks;                     /* n-by-k  the same, never written out: what ols takes, columns of the
                                            table where they stand; NULL beside effects for factors, products */
    double **own;                        /* k   blocks beside effects: the columns, to be swept .. */
    const double **own_from;             /* k   .. from where they are now: own[j] itself, or the table's */
    const char **x_name;                 /* k                                                 */
    size_t *x_term;                      /* k   term of the formula, SIZE_MAX for the constant */
    bool constant;                       /* column 0 of X                                     */
    rl_mat endo, inst;                   /* endogenous regressors, instruments; k = 0 without */
    double **endo_low, **inst_low;       /* of them, as x_low                                 */
    const char **endo_name, **inst_name;
    const double *offset;                /* n   part of the linear index, or NULL             */
    const double *w;                     /* n > 0, or NULL                                    */
    rl_fe fe;                            /* effects to sweep out                              */
    const char **fe_name;                /* fe.n_fe                                           */
    const char ***fe_label;              /* fe.n_fe of its levels                             */
    rl_forms *forms;                     /* regressors whose parameters are estimated (model/forms.h), or NULL: X
                                            holds 1, or what else is in the product, in their place */
    bool keep_effects;                   /* the request wants them recovered                  */
    const char *unit_name, *time_name;   /* or NULL                                           */
    rl_groups unit;                      /* G = 0 without                                     */
    rl_clock clock;
    int32_t *at;                         /* n   time; NULL without                            */
    rl_groups time;                      /* codes of the times, ascending, without labels; G = 0 without */
    int32_t *time_at;                    /* time.G  the time of a code                        */
    int32_t first_time, last_time;
    int32_t *cohort;                     /* n   first treated time or RL_NEVER; NULL without.  After the frame: a
                                            cohort beyond the data, or kept as the control, is RL_NEVER too */
    double *treated;                     /* n   0/1 or a dose; NULL without                   */
    rl_groups trait;                     /* cells of the request's covariates; G = 0 without  */
    rl_vcov_spec vcov;                   /* the request's, with the estimator's default       */
    rl_groups cluster[RL_MAX_WAYS];      /* vcov.ways of them                                 */
    rl_groups drawn;                     /* of vcov.draw_by; G = 0 without                    */
    rl_past past;                        /* methods with `past`                               */
    const rl_design *all;                /* the design that this one stands for (model/collapse.h), or NULL */
    const double *times;                 /* n   rows of `all` behind each row; NULL = 1       */
    rl_dropped *dropped;                 /* n_dropped                                         */
    size_t n_dropped;
};

/* Rows of the data that are used, for messages: a design may stand for a larger one. */
static inline size_t rl_rows_used(const rl_design *d)
{
    return d->all != NULL ? d->all->n : d->n;
}

/* Errors: see rl_estimate_run() in model/result.h.
 * Cost    one pass a column; 8 bytes a cell for y, X and every function of the formula */
RL_MUST rl_code rl_design_make(const rl_request *req, const rl_table *t, rl_design *d, rl_ctx *cx);

/* A method has come to an end on this design: where no time follows another, say how long a step of event time is,
 * as a note, or with what failed. */
void rl_design_tell_step(const rl_design *d, const rl_request *req, rl_code code, rl_ctx *cx);

/* For estimators that carry a request out by themselves (result.c): the formula, the rows and what
 * became of them; the notes made from number `from` on. */
void rl_result_sample(const rl_design *d, const rl_fit *f, rl_result *out, rl_arena *keep, rl_ctx *cx);
void rl_result_notes(const rl_ctx *cx, size_t from, rl_result *out, rl_arena *keep);

#endif
