/* num/eig.h -- eigenvalues and eigenvectors of a symmetric matrix.
 *
 * Householder's tridiagonal form, then implicit QL with Wilkinson's shift.
 * Additions, products, quotients and square roots in a fixed order: the same
 * bits on every machine, which no LAPACK promises.
 *
 * Source: Golub & Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3.
 */
#ifndef RL_NUM_EIG_H
#define RL_NUM_EIG_H

#include <stdbool.h>
#include <stddef.h>

/* A = Q diag(v) Q'.
 *
 *   A     in    r-by-r, column-major, symmetric
 *         out   Q, one eigenvector a column
 *   v     out   r  eigenvalues, in no order
 *   work        r
 *
 * False when an eigenvalue has not settled after 60 rounds (a value is not finite).
 * Cost: about 9 r^3 flops, no memory.  Safe in workers of rl_par(). */
bool rl_eig(double *A, size_t r, double *v, double *work);

/* The eigenvalues alone, the same bits; A is spoilt.  Cost: 4/3 r^3. */
bool rl_eig_values(double *A, size_t r, double *v, double *work);

#endif
