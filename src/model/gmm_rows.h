/* model/gmm_rows.h -- a design in levels as equations in first differences.
 *
 * An equation is a row of the design whose unit has another one, one period
 * earlier: a difference over a gap is missing.  The unit's effect is gone;
 * effects of the time become one column a period.  Instruments:
 *
 *   lists    y of `lo` to `hi` periods ago, one column for each period and lag, or one a lag when
 *            collapsed; 0 where there is no such row (Arellano & Bond); the same of endogenous
 *            regressors, and one period sooner of predetermined ones
 *   single   y two periods ago, or its difference (Anderson & Hsiao); equations without it are left out
 *   own      differences of the regressors that are in no list
 *
 * y is known further back than the rows used, whose lags are complete: see
 * rl_past of model/design.h.
 */
#ifndef RL_MODEL_GMM_ROWS_H
#define RL_MODEL_GMM_ROWS_H

#include "model/design.h"
#include "num/gmm.h"

typedef struct rl_gmm_ask {
    bool single, difference; /* Anderson & Hsiao; by y's difference, not its level */
    int lo, hi;              /* lists                                               */
    bool collapse;
    const rl_request *req;   /* predetermined, endogenous                           */
} rl_gmm_ask;

typedef struct rl_gmm_rows {
    rl_gmm p;                /* X: effects of the time, then the regressors that vary */
    size_t n_time;           /* of the former                                         */
    size_t *col;             /* k - n_time  column of design.X                        */
    int *y_lag;              /* k - n_time  lag of the outcome, 0 = another regressor */
    size_t *row;             /* p.n  row of the design                                */
    size_t listed;           /* columns of Z in lists                                 */
    unsigned char *leave;    /* n of the design: rows in no difference; NULL = none   */
} rl_gmm_rows;

/* Lag of the outcome in column j of design.X, or 0. */
int rl_gmm_y_lag(const rl_design *d, size_t j);

/* What column j is, or is a lag of: "x" for x and lag(x,2); NULL for products, factors, powers, leads. */
const char *rl_gmm_base(const rl_design *d, size_t j);

/* Errors  RL_EDATA  nothing to difference, too many instruments, nothing varies
 *         RL_ENUM   see num/ols.h */
RL_MUST rl_code rl_gmm_rows_make(const rl_design *d, const rl_gmm_ask *ask, rl_gmm_rows *g, rl_fit *f,
                                 rl_ctx *cx);

#endif
