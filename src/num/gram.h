/* num/gram.h -- the Gram matrix of the columns of a tall matrix in double-double.
 *
 * Columns are scaled by powers of two to magnitudes in [1/2, 1) and cut into
 * tiles of GRAM_TILE rows; row r of a tile goes to lane r mod 8.  Every lane
 * of every pair of columns holds a sum s and the sum c of what s lost:
 *
 *   p + d = x y exactly;   s, e = two_sum(s, p);   c = c + (e + d)
 *
 * Tiles are added up over a block of rows, blocks in order.  The three
 * builds of the kernel (any machine, AVX2 with FMA, AVX-512) do the same
 * operations on the same lanes, so they give the same bits; where there is
 * no FMA, d comes from Dekker's splitting, which is exact too.  Values below
 * 2^-320 of the largest in their column count as zero: that keeps all of d
 * above the subnormals, and is far below what a double-double can hold.
 *
 * Source: Ogita, Rump & Oishi (2005), SIAM J. Sci. Comput. 26(6), Dot2.
 */
#ifndef RL_NUM_GRAM_H
#define RL_NUM_GRAM_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/dd.h"
#include "num/mat.h"

enum { GRAM_TILE = 512, GRAM_LANES = 8 };

/* One tile, packed: column j starts at x + j * GRAM_TILE. */
typedef struct rl_gram_tile {
    const double *x;   /* columns, scaled                                 */
    const double *xh;  /* their upper halves (x = xh + (x - xh)); NULL when the kernel has FMA */
    const double *wx;  /* w x rounded, its upper half, and what the rounding lost: */
    const double *wxh; /*       all NULL without weights                  */
    const double *wxl;
} rl_gram_tile;

/* Add rows 0 .. GRAM_TILE-1 to the pairs (i, j), i <= j < k.  acc holds 16
 * doubles a pair, lanes of s then of c, pairs by i, then j. */
typedef void rl_gram_fn(const rl_gram_tile *t, size_t k, double *acc);
rl_gram_fn rl_gram_base, rl_gram_avx2, rl_gram_avx512;

typedef enum rl_gram_kind { RL_GRAM_BEST, RL_GRAM_BASE, RL_GRAM_AVX2, RL_GRAM_AVX512 } rl_gram_kind;
bool rl_gram_has(rl_gram_kind kind); /* can this machine run it? */

/* G = X'WX of the scaled columns [X y]: G[pair(i, j)] 2^(exp[i] + exp[j] + exp[k])
 * is the sum of w x_i x_j.  k is X->k, plus 1 when y is given.
 *
 *   G      out  k(k+1)/2   pairs (i, j), i <= j, by i, then j
 *   exp    out  k+1        of the columns, last of the weights (even)
 *
 * Errors  RL_ENUM   a value is not finite
 */
RL_MUST rl_code rl_gram_scaled(const rl_mat *X, const double *y, const double *w, rl_gram_kind kind, rl_dd *G, int *exp,
                               rl_ctx *cx);

/* Where the numbers of a column are that stand nowhere: rows from .. from+m-1 of column j, in room (m) or elsewhere. */
typedef struct rl_gram_far {
    const double *(*part)(const void *of, size_t j, size_t from, size_t m, double *room);
    const void *of;
} rl_gram_far;

/* The same for k columns of n wherever they stand; col has room for one more.
 * bound  k  what no |x| of a column exceeds, finite; 0 = not known.  NULL = none is
 * far       asked for the columns whose col[j] is NULL; NULL = there are none */
RL_MUST rl_code rl_gram_columns(const double **col, const rl_gram_far *far, const double *bound, size_t n, size_t k,
                                const double *w, rl_gram_kind kind, rl_dd *G, int *exp, rl_ctx *cx);

static inline size_t rl_gram_pair(size_t k, size_t i, size_t j) { return i * k - i * (i + 1) / 2 + j; } /* i <= j */

#endif
