/* num/ardlboot.h -- a bootstrap of autoregressive distributed lags in which the lags are chosen anew.
 *
 *   y_t = sum_z gamma_z z_t + sum_i=1..p phi_i y_(t-i) + sum_j sum_i=0..q_j beta_ji x_j,t-i + e_t
 *
 * A draw makes the outcome anew, period by period from the actual start, with
 * residuals whose signs are thrown (wild, so that errors may differ in size);
 * x and z stay as they are.  Orders are then chosen as they were
 * (num/lagsel.h, on the periods that have `most` lags), the chosen order is
 * fitted on all its periods, and what is asked for is computed: linear
 * functions of the coefficients, lags that were not chosen counting as zero,
 * as they are or over their standard error (iid) in the draw.
 *
 *   M  periods, consecutive    f  columns z    k  regressors    P  most lags
 *
 * Coefficients stand in one vector of f + P + k (P + 1): gamma, phi_1 .. phi_P, beta_10 .. beta_1P, beta_20 ..
 *
 * Cost  a draw: some (P + 1) (f + P + k (P + 1)) M flops, the search, one Cholesky.  2,000 draws of 200
 *       periods, four regressors and P = 4 (2,500 orders each): under a second on two threads.
 * Source: Wu (1986), Annals of Statistics 14; Goncalves & Kilian (2004), Journal of Econometrics 123 (recursive
 *         design).
 */
#ifndef RL_NUM_ARDLBOOT_H
#define RL_NUM_ARDLBOOT_H

#include <stdbool.h>

#include "base/ctx.h"
#include "num/mat.h"

typedef struct rl_ardl_series {
    size_t M, f, k, P;
    const double *y;            /* M                                                            */
    const double *const *x;     /* k of M                                                       */
    const double *const *z;     /* f of M                                                       */
    const double *coef;         /* f + P + k (P + 1)  what the draws are made from              */
    size_t start;               /* the first period that is made anew: the longest lag in coef  */
    const double *e;            /* M  residuals from `start` on                                 */
    const uint64_t *key;        /* M  what the signs are keyed by: the times                    */
    const size_t *order;        /* 1 + k  lags of the outcome (1 or more), then of each regressor */
    bool choose;                /* orders are chosen up to P; else `order` is fitted            */
    double penalty;             /* of the choice, a coefficient                                 */
    size_t most;                /* see num/lagsel.h                                             */
} rl_ardl_series;

/* R b - r (m of them) in every draw; over its standard error where student[j].
 *
 *   out  B-by-m  column-major; NaN in a draw without an estimate (no order could be fitted)
 */
void rl_ardl_boot(const rl_ardl_series *s, const rl_mat *R, const double *r, const bool *student, size_t B,
                  uint64_t seed, double *out, rl_ctx *cx);

/* The same of the actual outcome under the orders given: coefficients (f + P + k (P + 1)), their
 * covariance under iid errors (the same size squared, column-major, zero where a lag is not in the order),
 * residuals (M, from the longest lag on).  False when a column depends on the others. */
bool rl_ardl_once(const rl_ardl_series *s, double *b, double *V, double *e, rl_ctx *cx);

#endif
