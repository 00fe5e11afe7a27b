/* num/unitroot.h -- does a series wander?
 *
 *   adf    t of rho in  dy_t = rho y_(t-1) + sum_j c_j dy_(t-j) + (1 + (t)) + u   H0: unit root
 *   pp     the same without the lags, serial correlation taken out of t itself     H0: unit root
 *   kpss   sum of squared partial sums over the long-run variance                  H0: stationary
 *
 * A series is n doubles, one period after the other, without gaps.
 *
 * p values of adf, pp and residuals of a regression between N - 1 regressors
 * and an outcome: MacKinnon's (1994) response surfaces of the limiting
 * distribution, read at the statistic less the distance between his (2010)
 * critical values of the sample at hand and of infinity (their 1, 5 and 10 %
 * points, in between by straight lines, fading above): exact at those points
 * for any n, to some .003 elsewhere.
 *
 * p values of kpss: the limiting distribution, a sum of squared normals over
 * known roots (num/unitroot_p.c), to ten digits.
 *
 * Source: Dickey & Fuller (1979); Phillips & Perron (1988); Kwiatkowski et al.
 * (1992); MacKinnon (1994), JBES 12, tables 3 and 4; MacKinnon (2010), QED
 * working paper 1227, tables 2 to 4; Hobijn, Franses & Ooms (2004) for the
 * bandwidth of kpss.
 */
#ifndef RL_NUM_UNITROOT_H
#define RL_NUM_UNITROOT_H

#include <stdbool.h>

#include "base/ctx.h"

typedef enum rl_det { RL_DET_NONE, RL_DET_DRIFT, RL_DET_TREND } rl_det;
typedef enum rl_lag_ic { RL_LAG_AIC, RL_LAG_BIC } rl_lag_ic;

enum { RL_TAU_MOST = 6 }; /* series that p values are known for */

typedef struct rl_tau {
    double t;    /* the statistic                                   */
    double rho;  /* what is added to 1 for the root                 */
    size_t used; /* periods in the regression                       */
} rl_tau;

/* Errors  RL_EDATA  fewer than 3 degrees of freedom; the series is constant or a line: says so without its name.
 * Cost    n (lags + 3)^2 */
RL_MUST rl_code rl_adf(const double *y, size_t n, int lags, rl_det det, rl_tau *out, rl_ctx *cx);

/* The number of lags, 0 .. most, that the criterion likes best, all compared on the periods of the longest.
 * most < 0: 12 (n/100)^1/4 (Schwert 1989), less where n is short.  Cost n most^2 */
RL_MUST rl_code rl_adf_lags(const double *y, size_t n, int most, rl_det det, rl_lag_ic ic, int *lags, rl_ctx *cx);

/* lags of the Bartlett weights 1 - j/(lags+1). */
RL_MUST rl_code rl_pp(const double *y, size_t n, int lags, rl_det det, rl_tau *out, rl_ctx *cx);

/* trend: deviations from a line, else from the mean.  lags < 0: by the data, see rl_kpss_lags(). */
RL_MUST rl_code rl_kpss(const double *y, size_t n, int lags, bool trend, double *eta, rl_ctx *cx);
int rl_kpss_lags(const double *y, size_t n, bool trend, rl_ctx *cx);

/* p of a tau statistic; N series, 1 .. RL_TAU_MOST; NONE only with N = 1 (and n = 0: infinity). */
double rl_tau_p(double t, rl_det det, size_t N, size_t n);
double rl_kpss_p(double eta, bool trend);

/* Bartlett's estimate of the long-run variance of e (n): sum over lags of (1 - j/(lags+1)) e_t e_(t-j) / n. */
double rl_bartlett(const double *e, size_t n, int lags);

#endif
