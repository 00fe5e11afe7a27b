/* num/stock.h -- what a series leaves behind: carry-over, delay, saturation,
 * with derivatives by the parameters.
 *
 *   adstock   a_t = x_t + rate a_(t-1)                        0 <= rate < 1
 *   weibull   a_t = sum_l w_l x_(t-l),  w_l = S(l) - S(l+1),  S(l) = exp(-(l / scale)^shape)
 *   hill      h = x^slope / (x^slope + half^slope)            x >= 0
 *
 * The stock begins with the first known value of x in each unit: what came
 * before counts as nothing, as it does where a series begins.  A period that
 * is missing later (no row, or x not known) is another matter: something was
 * there and is not known.  It counts as 0, and the stock is NaN until less
 * than 1 % of its effect is still to come: `wear` periods.
 *
 * The weights of weibull are the density over each period, so that they sum
 * to 1 and the coefficient is the long-run effect.  Lags beyond MOST and
 * those with less than 1e-12 to come are left out.
 *
 * Source: Broadbent (1979), adstock; Jin, Wang, Sun, Chan & Koehler (2017),
 * Google research 46001, delayed adstock and hill; Meta's Robyn for Weibull
 * weights (there the density at l + 1, largest weight 1); Almon (1965),
 * Econometrica 33(1).
 */
#ifndef RL_NUM_STOCK_H
#define RL_NUM_STOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "num/mat.h"

enum { RL_STOCK_MOST = 1000 };   /* lags of weibull                          */

/* Rows of several units, one unit after the other, each in the order of time. */
typedef struct rl_track {
    size_t n;
    const int32_t *unit;         /* n   NULL: one unit                       */
    const int32_t *at;           /* n   period, rising within a unit         */
} rl_track;

/* A series, and its derivatives by q parameters: d[j] (n), NULL = 0. */
typedef struct rl_jet {
    double *v;                   /* n   NaN = not known                      */
    size_t q;
    double **d;                  /* q                                        */
} rl_jet;

rl_jet rl_jet_new(size_t n, size_t q, rl_arena *in);

/* Periods until less than 1 % is to come of what is not known. */
size_t rl_adstock_wear(double rate);
size_t rl_weibull_wear(double shape, double scale);

/* out (made by rl_jet_new, its derivatives in arena `in`) from x.  own[] says which
 * of the q derivatives are by the function's own parameters, SIZE_MAX = none.
 * Cost  n (q + 1); weibull times the lags in its window */
void rl_jet_adstock(const rl_track *t, const rl_jet *x, double rate, size_t wear, size_t own, rl_jet *out,
                    rl_arena *in);
void rl_jet_weibull(const rl_track *t, const rl_jet *x, const double par[2], size_t wear, const size_t own[2],
                    rl_jet *out, rl_arena *in);
void rl_jet_hill(size_t n, const rl_jet *x, const double par[2], const size_t own[2], rl_jet *out, rl_arena *in);

/* Polynomials of a degree over the lags lo .. hi, as orthonormal columns: lag
 * weights = M c.  near: they pass through 0 at lag lo - 1; far: at hi + 1.
 *
 *   M  out  (hi-lo+1)-by-(degree+1 - near - far), which must be at least 1 and at most the lags */
rl_mat rl_almon_basis(int lo, int hi, int degree, bool near, bool far, rl_arena *in);

/* Where x stood k periods before row p: its place, or SIZE_MAX.  *from is where to begin to look, for
 * rows asked for in order; start it at 0. */
size_t rl_track_before(const rl_track *t, size_t p, int64_t k, size_t *from);

#endif
