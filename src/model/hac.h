/* model/hac.h -- sums of lagged products, Bartlett weights w_l = 1 - l / (L + 1).
 *
 *   V = sum_t h_t h_t' + sum_l w_l sum_t (h_t h_(t-l)' + h_(t-l) h_t')
 *
 * t - l goes by the calendar: where no such period is there, nothing is
 * added.  By rank: the l-th period before among those that are there.
 *
 * With f_t = h_t / 2 + sum_l w_l h_(t-l) it is V = sum_t (h_t f_t' + f_t h_t'):
 * a row costs m L + m^2 products and not m^2 L.  Rows are taken a stretch at
 * a time and need not stand anywhere.
 */
#ifndef RL_MODEL_HAC_H
#define RL_MODEL_HAC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/mat.h"

/*   h     T-by-m   sums by period, ascending
 *   at    T        the periods, ascending; with unit: ascending within each unit
 *   unit  T        or NULL: one series; rows of a unit stand together
 *   V     out      m-by-m                                                       */
void rl_hac_sum(const rl_mat *h, const int32_t *at, const int32_t *unit, int L, bool by_rank, rl_mat *V, rl_ctx *cx);

/* The same with weights w_0 .. w_L of one's own. */
void rl_hac_weighted(const rl_mat *h, const int32_t *at, const int32_t *unit, const double *w, int L, bool by_rank,
                     rl_mat *V, rl_ctx *cx);

/* The same of n rows of m numbers that are made when they are wanted: rows from .. from+count-1,
 * number j of them at out + j ld. */
typedef struct rl_hac_rows {
    size_t n, m;
    void (*rows)(const void *of, size_t from, size_t count, double *out, size_t ld);
    const void *of;
} rl_hac_rows;
void rl_hac_made(const rl_hac_rows *h, const int32_t *at, const int32_t *unit, const double *w, int L, bool by_rank,
                 rl_mat *V, rl_ctx *cx);
double *rl_hac_bartlett(int L, rl_ctx *cx);      /* w_0 .. w_L */

/* The same of one series after a VAR(1) without a constant was taken out, and
 * put back (Andrews & Monahan 1992).  Rows of h in time order; w NULL: Bartlett.  Errors RL_EDATA. */
RL_MUST rl_code rl_hac_prewhitened(const rl_mat *h, const double *w, int L, rl_mat *V, rl_ctx *cx);

/* Newey & West (1994) automatic bandwidth of the Bartlett kernel, n observations
 * of the scores u (n-by-k, in time order); column `skip` (the constant's; k = none)
 * has weight 0.  prewhite: a VAR(1) is fitted first.  Not finite when there are too few rows.
 * As in the R package sandwich. */
double rl_hac_bandwidth(const rl_mat *u, size_t skip, bool prewhite, rl_ctx *cx);

/* Andrews (1991) automatic bandwidth, from an AR(1) of each score: of the
 * quadratic spectral kernel, or of Bartlett's.  As in the R package sandwich. */
double rl_hac_andrews(const rl_mat *u, size_t skip, bool prewhite, bool spectral, rl_ctx *cx);

/* Quadratic spectral weights of lags 0 .. n-1; L: the last above 1e-7. */
double *rl_hac_spectral(double bandwidth, size_t n, int *L, rl_ctx *cx);

#endif
