/* num/recast.h -- the least linear change that gives vectors another covariance.
 *
 * For vectors with cross-product A (sum of x x') the vectors T'x have the
 * cross-product B = T'AT, and no other T does it with smaller moves:
 *
 *   T = A^-1/2 (A^1/2 B A^1/2)^1/2 A^-1/2
 *
 * Worked out on the scale of correlations; directions that A does not have
 * (a zero on its diagonal, sums of other entries) are left out.
 *
 * Source: Olkin & Pukelsheim (1982), Linear Algebra and its Applications 48.
 */
#ifndef RL_NUM_RECAST_H
#define RL_NUM_RECAST_H

#include <stdbool.h>

#include "base/ctx.h"
#include "num/mat.h"

/* T (m-by-m) from A and B (m-by-m, symmetric).
 *
 * False, and T not valid, where B is not the covariance of anything that A can
 * be moved to: not positive semi-definite, or with a variance where A has none.
 * Cost  five products and two eigenvalue problems of size m; 5 m^2 doubles from cx->tmp, given back */
bool rl_recast(const rl_mat *A, const rl_mat *B, rl_mat *T, rl_ctx *cx);

#endif
