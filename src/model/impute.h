/* model/impute.h -- the effects of many cells without a column for each.
 *
 * Unit and time effects are taken from the rows without a cell (not treated
 * yet), and the effect of a cell (cohort x period) is the mean of what its
 * rows have beyond them.  In a balanced panel without weights that is the
 * regression with a dummy for each cell; when rows are missing the regression
 * also learns how units differ from the treated rows of one cell, and the two
 * differ a little, with the same expectation.  Averages of cells come with the
 * weight of every row, and with residuals about the mean of each cell.
 *
 * Source: Borusyak, Jaravel & Spiess (2024), equations 4-6 and 11.
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
