/* num/chol.h -- the normal equations: from the Gram matrix of [X y] to the
 * coefficients and the inverse, in extended precision.
 *
 * Cholesky column by column; a column is passed over when less than 1e-20 of
 * its squared norm is left after the columns before it.  A column that was
 * computed from others in double arithmetic leaves rounding errors alone,
 * (2^-53)^2 = 1e-32 of its square, up to 1e-24 or so when large terms
 * cancelled on the way; what was swept out leaves no more.  The hardest
 * regression in the textbooks, Filip's tenth powers, leaves 3e-15.
 *
 * Up to 64 columns everything is in quadruple precision, k^3 / 2 operations.
 * Wider systems are eliminated in panels of 64 columns: the panel's own
 * triangle in quadruple precision, the rows beside it in double-double, the
 * rest of the matrix by num/slices.h; the inverse comes along as further
 * rows, those of the identity matrix.  The same bits on every CPU, kernel
 * of OpenBLAS and number of threads.
 */
#ifndef RL_NUM_CHOL_H
#define RL_NUM_CHOL_H

#include "base/dd.h"
#include "num/ols.h"
#include "num/wide.h"

enum { RL_CHOL_NARROW = 64 };

/* The scaled problem: G of [X y] in pairs, exp[k+2] of X, of y, of the weights, see num/gram.h. */
typedef struct rl_system {
    size_t k;
    const rl_dd *G;
    const int *exp;
    const double *norm0; /* k  or NULL, see num/ols.h */
} rl_system;

/* Sets dropped, rank, norm2, pivot, A and R of f, and b (k) in the columns' own units.
 *
 * Cost    narrow: 4 k^2 quadruple numbers; wide: 7 k^2 doubles, and 0.4 s for 1,000 columns on
 *         two threads, 60 ms for 300 */
void rl_chol_solve(const rl_system *s, rl_ols_fit *f, rl_dd *b, rl_ctx *cx);
/* The two ways, for k of any size: they agree to what their precision is. */
void rl_chol_narrow(const rl_system *s, rl_ols_fit *f, rl_dd *b, rl_ctx *cx);
void rl_chol_wide(const rl_system *s, rl_ols_fit *f, rl_dd *b, rl_ctx *cx);

/* Is column j, with `left` of it left, one to pass over?  Sets norm2, pivot, dropped, rank. */
bool rl_chol_judge(const rl_system *s, size_t j, rl_wide left, rl_ols_fit *f);

#endif
