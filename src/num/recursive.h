/* num/recursive.h -- least squares row by row: what each row adds to what is known before it.
 *
 * Row t, taken into a QR decomposition by Givens rotations, leaves behind
 * exactly its recursive residual
 *
 *   w_t = (y_t - x_t'b_(t-1)) / sqrt(1 + x_t'(X'X)^-1_(t-1) x_t)
 *
 * or, when it raises the rank, nothing (NaN).  Under constant coefficients
 * and normal errors the w are independent N(0, s2), and the sum of their
 * squares up to t is the sum of squared residuals of the first t rows.
 *
 * Source: Brown, Durbin & Evans (1975), JRSS B 37; Golub & Van Loan 6.5.3.
 */
#ifndef RL_NUM_RECURSIVE_H
#define RL_NUM_RECURSIVE_H

#include <stdbool.h>

#include "base/ctx.h"
#include "num/mat.h"

/*   X        n-by-k
 *   y        n
 *   backward rows from the last to the first
 *   w        out n   recursive residuals, in row order; NaN where the rank was raised
 *
 * Cost  3 n k^2 */
void rl_recursive(const rl_mat *X, const double *y, bool backward, double *w, rl_ctx *cx);

/* P(max over 0 < t <= 1 of |W(t)| / (1 + 2 t) > x), W a Brownian motion: the size of the CUSUM test. */
double rl_cusum_p(double x);

/* P(max |S - its line| > d) for the running share S of m squared independent normals, m >= 8: Kolmogorov's
 * distribution at (h + 0.36 + 0.65/h) d, h = sqrt(m/2), its limit as m grows; the two constants from 200,000 draws each
 * of m = 8, 10, 12, 16, 20, 30, 50, 81, 120 and 200, whose 10, 5 and 1 % points it meets to 4 % of d. */
double rl_cusumsq_p(double d, size_t m);

/* P(max of a chi-squared(k) process over the dates between shares a and 1 - a of the sample > x): sup-Wald tests of a
 * break at an unknown date (Andrews 1993), by the expansion of its tail (DeLong 1981; Estrella 2003): to some 15 % of
 * p below .10 (20 % from k = 10 on), on the side of caution; more above one half. */
double rl_sup_wald_p(double x, size_t k, double a);

#endif
