/* model/impute.h -- the effects of many cells without a column for each.
 *
 * When every treated row has a dummy of its cell (cohort x period), the unit
 * and time effects are those of the rows without one, and the effect of a
 * cell is the mean of what its rows have beyond them: least squares, solved
 * by hand.  Averages of cells come with the weight of every row, so that
 * influence and covariances are those of the regression, to rounding.
 *
 * Source: Borusyak, Jaravel & Spiess (2024), proposition 1; Wooldridge (2021).
 */
#ifndef RL_MODEL_IMPUTE_H
#define RL_MODEL_IMPUTE_H

#include "model/design.h"

/* Can it be done?  Two effects, no other regressor, errors by cluster, the
 * smaller effect of at most 2000 levels, both connected by the rows without a
 * cell. */
typedef struct rl_imputer rl_imputer;

/* The effects, factored; NULL when it cannot be done.
 *   of  n  cell of each row, -1 = none
 * Cost  n + T^2 doubles, T = levels of the smaller effect; T flops a row and T^3/3 */
rl_imputer *rl_imputer_make(const rl_design *d, const int32_t *of, size_t n_cell, rl_ctx *cx);

/* Everything of a fit: estimates L b (L m-by-cells) of the effects b of the cells.
 * Cost  n m doubles, and some passes over the rows an estimate */
void rl_impute(const rl_imputer *p, rl_mat L, const rl_label *label, rl_fit *f, rl_ctx *cx);

#endif
