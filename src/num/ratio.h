/* num/ratio.h -- the exact distribution of a ratio of quadratic forms in residuals.
 *
 *   P(e'A e < d e'e)    e = (I - X(X'X)^-1 X') u,   u ~ N(0, s2 I)
 *
 * for a symmetric tridiagonal A: Durbin and Watson's d when A is the graph
 * Laplacian of rows that follow each other.  Nothing is said of s2, which
 * cancels.
 *
 * With B = A - d I on the n - k dimensions that X leaves, e'B e has the
 * moment generating function
 *
 *   M(s) = (det C  det X'C^-1 X / det X'X)^-1/2,   C = I - 2 s B  (tridiagonal)
 *
 * so that no eigenvalue is needed, and P(e'B e < 0) is the integral of
 * M(s) / -s / 2 pi i along Re s = c < 0.  c is the saddle point, which keeps
 * the digits of small probabilities; s = c + i a sinh u makes the integrand
 * fall off exponentially, so that equal steps in u converge like no other
 * rule.  Real parts of all pivots of C and of X'C^-1 X are positive there:
 * principal square roots are the right branch, and additions, products,
 * quotients and square roots are all it takes, the same bits everywhere.
 *
 * Source: Imhof (1961), Biometrika 48; Shively, Ansley & Kohn (1990), JASA 85,
 * for the determinants; Rice (1980), SIAM J. Sci. Stat. Comput. 1, for the path.
 */
#ifndef RL_NUM_RATIO_H
#define RL_NUM_RATIO_H

#include "base/ctx.h"
#include "num/mat.h"

/*   X     n-by-k   of full rank, k < n
 *   diag  n        of A
 *   off   n        off[i] stands beside row i and i-1; off[0] is not read
 *   d
 *   p     out      NaN when the integral did not settle (never seen)
 *
 * Cost  some 200 n k^2 complex products; 2 n k doubles */
RL_MUST rl_code rl_ratio_below(const rl_mat *X, const double *diag, const double *off, double d, double *p, rl_ctx *cx);

/* Mean and variance of the ratio, for its normal approximation.  Cost n k^2.
 * Source: Durbin & Watson (1951), Biometrika 38. */
RL_MUST rl_code rl_ratio_moments(const rl_mat *X, const double *diag, const double *off, double *mean, double *variance,
                                 rl_ctx *cx);

#endif
