/* model/design.h -- where names meet arrays: a request and a table become
 * y, X, weights, effects, clusters, times, and the waterfall of rows lost.
 *
 * Rows are lost, in this order, to: the subset, weight 0, missing values,
 * what the estimator cannot use (always treated, no control left, outside
 * the window), singletons.  A text column in the formula is a factor; its
 * reference is the first level in C-locale order among the rows used.
 */
#ifndef RL_MODEL_DESIGN_H
#define RL_MODEL_DESIGN_H

#include "model/axis.h"
#include "model/formula.h"
#include "model/result.h"
#include "num/absorb.h"
#include "num/cols.h"

#define RL_NEVER INT32_MIN               /* in cohort[] */

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
     *   X, x_low       beside effects: factors, and powers with what rounding took from them
     * and every other method in X.  X.a is NULL where blocks are given.              */
    rl_mat X;                            /* n-by-k  constant first when there is one; room for one more column behind.
                                            ols sweeps it in place.  a NULL: in blocks        */
    double **x_low;                      /* k+1 beside effects, for ols: what rounding took from powers (n, or NULL),
                                            y's the last; NULL when there are none            */
    rl_cols *blocks;                     /* n-by-k  the same, never written out: what ols takes, columns of the
                                            table where they stand; NULL for factors and powers beside effects */
    double **own;                        /* k   blocks beside effects: the columns, to be swept .. */
    const double **own_from;             /* k   .. from where they are now: own[j] itself, or the table's */
    const char **x_name;                 /* k                                                 */
    size_t *x_term;                      /* k   term of the formula, SIZE_MAX for the constant */
    bool constant;                       /* column 0 of X                                     */
    rl_mat endo, inst;                   /* endogenous regressors, instruments; k = 0 without */
    const char **endo_name, **inst_name;
    const double *offset;                /* n   part of the linear index, or NULL             */
    const double *w;                     /* n > 0, or NULL                                    */
    rl_fe fe;                            /* effects to sweep out                              */
    const char **fe_name;                /* fe.n_fe                                           */
    const char ***fe_label;              /* fe.n_fe of its levels                             */
    bool keep_effects;                   /* the request wants them recovered                  */
    const char *unit_name, *time_name;   /* or NULL                                           */
    rl_groups unit;                      /* G = 0 without                                     */
    rl_clock clock;
    int32_t *at;                         /* n   time; NULL without                            */
    rl_groups time;                      /* codes of the times, ascending; G = 0 without      */
    int32_t *time_at;                    /* time.G  the time of a code                        */
    int32_t first_time, last_time;
    int32_t *cohort;                     /* n   first treated time or RL_NEVER; NULL without  */
    double *treated;                     /* n   0/1 or a dose; NULL without                   */
    rl_groups trait;                     /* cells of the request's covariates; G = 0 without  */
    rl_vcov_spec vcov;                   /* the request's, with the estimator's default       */
    rl_groups cluster[RL_MAX_WAYS];      /* vcov.ways of them                                 */
    rl_groups drawn;                     /* of vcov.draw_by; G = 0 without                    */
    const rl_design *all;                /* the design that this one stands for (model/collapse.h), or NULL */
    const double *times;                 /* n   rows of `all` behind each row; NULL = 1       */
    rl_dropped *dropped;                 /* n_dropped                                         */
    size_t n_dropped;
};

/* Errors: see rl_estimate_run() in model/result.h.
 * Cost    one pass a column; 8 bytes a cell for y, X and every function of the formula */
RL_MUST rl_code rl_design_make(const rl_request *req, const rl_table *t, rl_design *d, rl_ctx *cx);

#endif
