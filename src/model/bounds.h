/* model/bounds.h -- is there a level relation between y and its regressors?
 *
 * In the error-correction form of an ARDL model the test that all lagged
 * levels have coefficient zero (F), or that of the outcome alone (t), has a
 * distribution that lies between two bounds: all regressors stationary, I(0),
 * and all integrated, I(1).  Beyond the upper one there is a level relation,
 * below the lower one none was found, between them it depends on what is not
 * known.  Cases, by what stands beside the levels:
 *
 *   1  nothing                     4  constant; trend among what is tested
 *   2  constant, tested too        5  constant and trend
 *   3  constant
 *
 * The quantiles are simulated, a function of the sample size (tests/bounds/simulate.c).
 *
 * Source: Pesaran, Shin & Smith (2001), Journal of Applied Econometrics 16(3);
 *         Kripfganz & Schneider (2020), Oxford Bulletin of Economics and Statistics 82(6).
 */
#ifndef RL_MODEL_BOUNDS_H
#define RL_MODEL_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>

enum { RL_BOUNDS_MOST = 10 };      /* regressors with a known distribution */

/* p value of a statistic when all regressors are I(upper).  kase 1 .. 5; t: 1, 3, 5.  T: rows less the
 * short-run coefficients, 30 or more (fewer are treated as 30).  NaN with more than RL_BOUNDS_MOST regressors. */
double rl_bounds_p(bool t, int kase, size_t k, double T, bool upper, double statistic);

/* Critical value at level alpha (between .001 and .995). */
double rl_bounds_critical(bool t, int kase, size_t k, double T, bool upper, double alpha);

#endif
