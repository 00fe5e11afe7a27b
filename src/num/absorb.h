/* num/absorb.h -- fixed effects swept out.
 *
 * Replaces each column v by its residual from a (weighted) regression on the
 * dummies of one or more classifications.
 *
 *   one              group means
 *   two              the largest classification is eliminated exactly: what is
 *                    left is the Schur complement S = D - K' D_u^-1 K of the
 *                    other one, a graph Laplacian, grounded at one level per
 *                    connected component and solved by Cholesky
 *   three and more   the same with the levels of all the others in S, whose
 *                    dependent pivots are passed over
 *   S too large      conjugate gradients on S, to a relative residual of 1e-13 or
 *                    to the rounding error of its right side
 *
 * Every solve is repeated on what it left behind until that is rounding
 * error.  Chunks of levels and the order of their sums depend on the data
 * alone: the same bits for any number of threads.
 *
 * Source: Frisch-Waugh-Lovell; Abowd, Creecy & Kramarz (2002) for the
 * connected components; Correia (2016) for conjugate gradients.
 */
#ifndef RL_NUM_ABSORB_H
#define RL_NUM_ABSORB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/cols.h"
#include "num/mat.h"

typedef struct rl_fe {
    size_t n_fe;
    size_t *levels;             /* n_fe                                              */
    const int32_t **code;       /* n_fe of n   0 .. levels-1, every level occurs     */
} rl_fe;

typedef struct rl_absorbed {
    size_t redundant;           /* dummies that depend on others: connected components
                                   for two; for three and more the exact rank loss when
                                   S is solved by Cholesky, else one per later effect,
                                   the components in place of the first of them         */
    int iterations;             /* of conjugate gradients, the most of any column; 0 = exact */
} rl_absorbed;

/*   V      n-by-k  swept in place
 *   w      n       weights > 0, or NULL
 *   alpha  out     n_fe matrices, levels-by-k: the coefficients; or NULL when not wanted
 *                  (two: the first level of the second effect in each component is 0;
 *                  more: the first level of each later effect is 0)
 *
 * Errors  RL_ENUM   a value is not finite; conjugate gradients did not get there
 * Cost    O(n k), and with T = levels of all but the largest classification: T^2 doubles and
 *         T^3/3 flops up to T = 2000, else some tens to hundreds of passes over the rows;
 *         n k doubles when the rows are not sorted by the largest classification
 */
RL_MUST rl_code rl_absorb(const rl_fe *fe, const double *w, rl_mat *V, rl_mat *alpha, rl_absorbed *info, rl_ctx *cx);
/* The same of numbers of two doubles, V and what rounding took from it (low: k pointers to n, or NULL = 0), to
 * some 32 digits: the same coefficients taken off, twice where little is left, from both.  All of low is there then.
 * Cost    that once or twice, and 2 n k doubles */
RL_MUST rl_code rl_absorb_low(const rl_fe *fe, const double *w, rl_mat *V, double **low, rl_mat *alpha,
                              rl_absorbed *info, rl_ctx *cx);
/* The same of k columns of n, wherever they stand.
 *   from   k      the columns as they are; from[j] may be v[j].  Two effects without weights
 *                 in rows sorted by the larger go from one place to the other on the way
 *   v      out k  swept
 *   norm2  out k  squared norms (weighted) before the sweep, to the digits that a threshold needs; or NULL */
RL_MUST rl_code rl_absorb_columns(const rl_fe *fe, const double *w, const double *const *from, double *const *v,
                                  size_t n, size_t k, rl_mat *alpha, double *norm2, rl_absorbed *info, rl_ctx *cx);

/* The same of the columns of X and what comes behind them: v[j] is where column j of from[] is to stand (n),
 * or NULL where it is a view, which from now on is less its effects and takes no room
 * but for its coefficients.  A view wants rl_absorb_views(). */
RL_MUST rl_code rl_absorb_cols(const rl_fe *fe, const double *w, rl_cols *X, const double *const *from,
                               double *const *v, size_t k, rl_mat *alpha, double *norm2, rl_absorbed *info,
                               rl_ctx *cx);

/* Are the coefficients of a column much less than the column itself? */
bool rl_absorb_views(const rl_fe *fe, size_t n);

/* Connected components of the levels of two effects; part_a (levels_a) and
 * part_b (levels_b) receive the component of each level, numbered by first
 * level of a.  Returns how many. */
size_t rl_components(const int32_t *a, size_t levels_a, const int32_t *b, size_t levels_b, size_t n, int32_t *part_a,
                     int32_t *part_b, rl_ctx *cx);

/* Find rows that are alone in a level of some effect, again and again until
 * none is left.  keep (n, out) is 0 for those and 1 for the others.  Returns
 * how many are 0.  Cost: O(n n_fe), whatever the order they fall in; whether
 * there is any, which nearly always there is not, is asked of all threads. */
bool rl_any_singleton(const rl_fe *fe, size_t n, rl_ctx *cx);
size_t rl_singletons(const rl_fe *fe, size_t n, unsigned char *keep, rl_ctx *cx);

/* True when every level of `inner` lies in one level of `outer`. */
bool rl_nested(const int32_t *inner, size_t inner_levels, const int32_t *outer, size_t n, rl_ctx *cx);

#endif
