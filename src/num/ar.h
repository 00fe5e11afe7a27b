/* num/ar.h -- regression whose errors are autoregressive, by exact maximum likelihood.
 *
 *   y_t = x_t'b + u_t        u_t = phi_1 u_{t-1} + .. + phi_p u_{t-p} + e_t
 *
 * with normal e_t of one variance and u stationary from its first period on
 * (every run of periods without a gap starts anew).  The first p errors of a
 * run have the variances v_t and the shorter predictions that the stationary
 * process implies (Durbin 1960, Levinson 1947), so no row is lost.  The
 * likelihood, its variance concentrated out, is greatest where
 *
 *   sum r_t^2 is least,     r_t = s (u_t - predicted) / sqrt(v_t),     s = (prod_t v_t)^(1/2n)
 *
 * a nonlinear least-squares problem in (b, phi), solved by Gauss and Newton's
 * steps from ordinary least squares and the Yule-Walker estimates.  Its
 * Jacobian gives the influence of every row, its Hessian the covariance.
 *
 *   n  rows, in order of time within a run      k  regressors      p  order
 *
 * Source: Harvey & Phillips (1979), Biometrika 66; Box, Jenkins & Reinsel, chapter 7.
 */
#ifndef RL_NUM_AR_H
#define RL_NUM_AR_H

#include <stdbool.h>

#include "base/ctx.h"
#include "num/mat.h"

typedef struct rl_ar_fit {
    double *b;          /* k                                                        */
    double *phi;        /* p                                                        */
    rl_mat J;           /* n-by-(k+p)  - dr/d(b, phi)                               */
    double *r;          /* n           at the optimum; J'r = 0                      */
    rl_mat A;           /* (k+p)^2     (J'J + sum r d2r)^-1: times rss/n, the inverse of the observed information */
    double rss;         /* r'r                                                      */
    double innovations; /* sum of squared e_t: rss / s^2                            */
    double loglik;
    int rounds;
} rl_ar_fit;

/*   X      n-by-k, of full rank
 *   since  n        rows of the same run before this one: 0 where a run begins
 *   f      out      in cx->tmp
 *
 * Errors  RL_ENUM   no convergence in 200 rounds, or the errors are not stationary at the optimum
 * Cost    each round a Gram of k + p columns and 4 p^2 n flops; (k + p + 8) n doubles */
RL_MUST rl_code rl_ar(const rl_mat *X, const double *y, const int32_t *since, size_t p, rl_ar_fit *f, rl_ctx *cx);

/* Partial autocorrelations (p) of phi (p), by Levinson's recursion turned round; false when not stationary. */
bool rl_ar_partial(const double *phi, size_t p, double *partial);

enum { RL_AR_MOST = 24 };

#endif
