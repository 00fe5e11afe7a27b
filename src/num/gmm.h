/* num/gmm.h -- linear GMM on first differences of a panel, one and two steps.
 *
 *     y = X b + e,   sum_i Z_i'e_i = 0,   i a unit, e_i its differenced errors
 *
 *   one-step   W1 = (sum_i Z_i'H_i Z_i)^-1, H of -1, 2, -1 beside the diagonal: what differences of errors
 *              that are independent from one period to the next have as their covariance
 *   two-step   W2 = (sum_i Z_i'e1_i e1_i'Z_i)^-1, e1 the residuals of the first step
 *   b          (G'WG)^-1 G'W Z'y,   G = Z'X
 *
 * Knows nothing of names.  Z is never written out: the instruments of a row
 * are a short list of columns and values, and regressors that are their own
 * instruments are read where they stand.  Sums are by units, in extended
 * precision, over fixed blocks of units: the same bits for any number of
 * threads.  Instruments that depend on others are passed over; a covariance
 * of moments that is singular all the same (more instruments than units) is
 * inverted on what it spans, after scaling to a unit diagonal, so that units
 * of measurement do not matter.
 *
 * The influence of row r is C z_r e1_r.  For two steps C holds Windmeijer's
 * correction: with D the derivative of b2 with respect to b1 (through W2),
 *
 *     psi = A2 G'W2 Z'e1 + D A1 G'W1 Z'e1,   A = (G'WG)^-1,
 *
 * and because sum_i Z_i'e1 e1'Z_i = W2^-1, the sum of psi psi' over units is
 * A2 + D A2 + A2 D' + D V1 D', his formula, to the last digit.
 *
 * Source: Arellano & Bond (1991), Review of Economic Studies 58; Windmeijer
 * (2005), Journal of Econometrics 126; Roodman (2009), Stata Journal 9(1).
 */
#ifndef RL_NUM_GMM_H
#define RL_NUM_GMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/mat.h"

typedef struct rl_gmm {
    size_t n, N;             /* rows; units                                        */
    const size_t *first;     /* N+1   first row of a unit; its rows ascend in time */
    const int32_t *at;       /* n     time                                         */
    const double *y;         /* n                                                  */
    rl_mat X;                /* n-by-k                                             */
    size_t q;                /* instruments: listed ones, then own                 */
    const size_t *z_first;   /* n+1   the list of row r begins here                */
    const uint32_t *z_col;   /*       columns of Z, below q - n_own                */
    const double *z;         /*       their values                                 */
    size_t n_own;
    const size_t *own;       /* n_own columns of X that are instruments themselves */
} rl_gmm;

typedef struct rl_gmm_fit {
    double *b, *e;           /* k, n   coefficients and residuals of the last step  */
    double *e1;              /* n      residuals of the first step                  */
    rl_mat A1;               /* k-by-k (G'W1G)^-1                                   */
    rl_mat C;                /* k-by-q                                              */
    size_t rank;             /* instruments that do not depend on others            */
    size_t moments_rank;     /* two-step: rank of their covariance                  */
    double distance;         /* g'W g of the last step: Hansen's J after two steps  */
    double m[2];             /* serial correlation of e at distance 1 and 2: normal when there is none;
                                NaN where no unit has two such rows                 */
    bool identified;         /* false: G'W1G is singular, the rest is not valid     */
} rl_gmm_fit;

/* Errors  RL_ENUM   a sum is not finite
 * Cost    one-step: n l^2 operations, l instruments in the list of a row, and q^3/3; two-step: N q^2/2 more;
 *         16 q^2 bytes for each of at most 16 blocks of units */
RL_MUST rl_code rl_gmm_solve(const rl_gmm *p, bool two_step, rl_gmm_fit *f, rl_arena *in, rl_ctx *cx);

/* Row r of psi, k numbers. */
void rl_gmm_psi(const rl_gmm *p, const rl_gmm_fit *f, size_t r, double *psi);

#endif
