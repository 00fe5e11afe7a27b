/* model/holes.h -- why cells of cohort and period are not identified.
 *
 * A regression on cells learns the effect of a period from rows outside all cells in that period, and the effect of a
 * unit (without units: of a cohort) from its own rows outside them.  Where either is missing the last dependent column
 * is some cell's, seldom the one with the hole: these functions look for the hole itself.  They are asked after a
 * regression was refused.
 *
 *   of   n  cell of each row, -1 = none (a control, or a row of reference)
 *
 * Each replaces the error of cx by one that names the cell, the column and the counts, and leaves it alone where it
 * finds nothing.
 *
 * Cost  a few passes over the rows
 */
#ifndef RL_MODEL_HOLES_H
#define RL_MODEL_HOLES_H

#include "model/design.h"

/* A period without controls, a cohort that is never seen before its start, a cell whose units are not. */
bool rl_holes_cells(const rl_design *d, const rl_request *r, const int32_t *of, rl_ctx *cx);
/* A covariate of the formula that depends on those before it, everywhere or in a cell (C cells). */
bool rl_holes_covariates(const rl_design *d, const int32_t *of, size_t C, rl_ctx *cx);

#endif
