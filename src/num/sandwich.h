/* num/sandwich.h -- L M L' for the sums M of squared scores of many columns.
 *
 * M in double-double, products by num/slices.h to 92 bits: what cancels in
 * L M L' does so in the digits beyond double's.  The same bits everywhere.
 */
#ifndef RL_NUM_SANDWICH_H
#define RL_NUM_SANDWICH_H

#include "base/ctx.h"
#include "base/dd.h"
#include "num/mat.h"

/*   L      m-by-k
 *   G,exp  M, scaled, in pairs: as rl_cols_gram() of num/cols.h gives it without y
 *   V      out  m-by-m
 *
 * Cost    20 m k (m + k) flops of OpenBLAS; 2 (m + k) k + 2 m k doubles */
void rl_sandwich(const rl_mat *L, const rl_dd *G, const int *exp, rl_mat *V, rl_ctx *cx);

#endif
