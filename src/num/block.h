/* num/block.h -- bootstraps of a sum over time, T periods with influence h_t on each of m estimates.
 *
 *   blocks      the series is put together anew from overlapping blocks of L periods
 *   dependent   every h_t is multiplied by w_t, standard normal, of correlation max(0, 1 - |l| / L)
 *
 * and t* is made of the new series as t was of the old one: its sum, less what
 * is expected of it, over the root of its Bartlett variance with L - 1 lags,
 *
 *   V = sum_t h_t^2 + 2 sum_(l < L) (1 - l / L) sum_t h_t h_(t-l) = sum of squared sums over L periods / L
 *
 * after its own mean was taken off.  The same formula on both sides is what keeps the
 * size where dependence is strong: that V is random is in t* as it is in t.
 * A draw belongs to (seed, draw): the same for every estimate, and for any number of threads.
 *
 * Source: Goetze & Kuensch (1996), Annals of Statistics 24; Shao (2010), JASA 105;
 * Goncalves & Vogelsang (2011), Econometric Theory 27, for V of the new series.
 */
#ifndef RL_NUM_BLOCK_H
#define RL_NUM_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/mat.h"

/*   h      T-by-m   a row a period, absent periods 0
 *   L      2 L <= T
 *   t      out N-by-m  |t*|; infinite where a new series does not vary
 *
 * Cost  3 T m N; with dependent T N normal draws more. */
void rl_block_run(const rl_mat *h, size_t L, bool dependent, size_t N, uint64_t seed, rl_mat *t, rl_ctx *cx);

/* V of one column. */
double rl_block_variance(const double *h, size_t T, size_t L);

/* The length of blocks that serves the variance of the mean of x (T) best: Politis & White (2004),
 * Econometric Reviews 23, as corrected by Patton, Politis & White (2009), Econometric Reviews 28;
 * circular blocks.  NaN when x does not vary or T < 5. */
double rl_block_length(const double *x, size_t T, rl_ctx *cx);

#endif
