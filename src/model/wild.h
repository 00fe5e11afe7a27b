/* model/wild.h -- wild cluster bootstrap p values and intervals, for every
 * estimate of a regression, with effects absorbed, and for combinations.
 *
 * The regression is run once.  All that draws need are sums by cluster:
 * cross-products of the design, effects included, and its products with the
 * residuals.  The null is imposed for each estimate by moving the residuals
 * along its own direction, so no regression is run again either.
 *
 * Forms, after MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38(5):
 *   11   residuals as they are, clustered errors
 *   31   jackknifed residuals, (I - H_gg)^-1 u_g of the model under test
 *   13   residuals as they are, jackknife errors (CR3)
 *   33   both
 */
#ifndef RL_MODEL_WILD_H
#define RL_MODEL_WILD_H

#include "model/design.h"

typedef struct rl_wild {
    double *p, *low, *high;   /* m   NaN where the estimate is 0 by construction         */
    double *std_error;        /* m   forms 13 and 33 only, else NULL                     */
    size_t draws;
    bool all;                 /* every vector of signs (or six points), once             */
} rl_wild;

/*   L, b   m-by-k, m   the estimates L beta, less nothing
 *   null   m           what is tested: 0 for estimates
 *   level  of the interval {r: p(r) > 1 - level}
 *
 * Errors  RL_EDATA  a method without a linear regression behind it; sums by cluster too
 *                   large; forms 31, 13, 33 where a cluster alone identifies something, by name
 * Cost    n K (k + 1) for K = k, the other effects and those levels of the largest that
 *         are not nested in clusters; num/boot.h for each estimate */
RL_MUST rl_code rl_wild_run(const rl_design *d, const rl_fit *f, const rl_mat *L, const double *b, double level,
                            rl_wild *out, rl_ctx *cx);

#endif
