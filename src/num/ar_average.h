/* num/ar_average.h -- regression with first-order errors, averaged over how much they persist.
 *
 *   y_t = x_t'b + u_t        u_t = rho u_{t-1} + e_t
 *
 * One estimate of rho is biased towards 0 in short series, and an interval
 * that takes it for the truth is far too short where errors nearly wander.
 * Here every rho of a grid, -0.9 .. 0.9999, counts by what the data say of it:
 *
 *   weight(rho) ~ prior(rho) |V|^-1/2 |X'V^-1 X|^-1/2 rss(rho)^-(n-k)/2
 *
 * the restricted likelihood (b and the variance integrated out) times the
 * prior 1 / (1 - rho), which counts orders of magnitude of 1 - rho alike and
 * so leaves a random walk its part.  Mean and covariance are those of the
 * mixture: b of each rho by weights, the covariances of each rho, and how far
 * the estimates of different rho lie apart.
 *
 * Rows may be missing: u_t, d periods after the row before, has the mean
 * rho^d u_{t-d} and the variance 1 + rho^2 + .. + rho^(2d-2).
 *
 *   n  rows, in order of time within a run      k  regressors
 *
 * Source: Harville (1974), Biometrika 61 (restricted likelihood); Zellner &
 * Tiao (1964), JASA 59 (averaging over rho); the law of total variance.
 */
#ifndef RL_NUM_AR_AVERAGE_H
#define RL_NUM_AR_AVERAGE_H

#include "base/ctx.h"
#include "num/mat.h"

enum { RL_AR_GRID = 48 };

typedef struct rl_ar_average {
    double *b;          /* k                                                        */
    rl_mat V;           /* k-by-k     within and between                            */
    double rho, sd;     /* mean and standard deviation of rho                       */
    double wanders;     /* weight of all rho above RL_AR_WANDERS                    */
    double rss;         /* sum of squared e_t, by weights                           */
    double loglik;      /* greatest (unrestricted) log likelihood on the grid       */
    double *last_b;     /* k          of the last point of the grid: a regression of differences */
    rl_mat last_V;      /* k-by-k                                                   */
    double weight[RL_AR_GRID];
} rl_ar_average;

#define RL_AR_WANDERS 0.97

/* The grid, ascending, and what the prior gives each of its points. */
void rl_ar_grid(double rho[RL_AR_GRID], double prior[RL_AR_GRID]);

/*   X      n-by-k, of full rank, k < n
 *   step   n        periods since the row before in the same run; 0 where a run begins
 *   rho    g        points to average over, |rho| < 1
 *   prior  g        their weights before the data, > 0; g <= RL_AR_GRID
 *   f      out      in cx->tmp
 *
 * Errors  RL_EDATA  nothing is left of y, so that no weight is finite
 *         RL_ENUM   a column that depends on others, once the rho of the grid is taken off
 * Cost    g least squares of n rows and k columns; (k + 1) n doubles */
RL_MUST rl_code rl_ar_average_of(const rl_mat *X, const double *y, const int32_t *step, const double *rho,
                                 const double *prior, size_t g, rl_ar_average *f, rl_ctx *cx);

#endif
