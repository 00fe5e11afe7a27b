/* num/wre.h -- two-stage least squares of wild bootstrap samples, from sums by cluster.
 *
 *   y1* = [X Y2*] theta + v u      Y2* = Z Pi + v w      v: one number a unit drawn for
 *
 * Z holds X and the instruments.  A sample enters only through Z'y1* and Z'Y2*, which are sums by
 * cell, and its errors through Z_g'(residuals) of each cluster; effects that were swept are taken
 * out of v u and v w by what their columns E leave.
 *
 *   t*^2 = (c'(theta* - theta))^2 / sum_g (c'(Xh'Xh)^-1 Xh_g'e_g)^2     Xh = [X, Z Pi*], e = y1* - [X Y2*] theta*
 *
 *   q  columns of Z   x  the first of them, which are regressors   g  endogenous   H  clusters
 *   p = x + g         E  columns of effects                        N  draws
 *
 * Source: Davidson & MacKinnon (2010), Journal of Business & Economic Statistics 28(1); Roodman,
 * Nielsen, MacKinnon & Webb (2019), Stata Journal 19(1), section 3.4
 */
#ifndef RL_NUM_WRE_H
#define RL_NUM_WRE_H

#include "num/boot.h"

typedef struct rl_wre {
    rl_cells cells;
    size_t q, x, g, E;
    rl_mat ZZ, A;      /* q-by-q              Z'WZ and its inverse                      */
    const double *ZZg; /* H of q-by-q         Z_g'W Z_g                                 */
    const double *ZE;  /* H of q-by-E         Z_g'W E_g                                 */
    const double *zu;  /* cells of q-by-(1+g) Z_c'W [u w]_c                             */
    const double *eu;  /* units of E-by-(1+g) (E'WE)^-1 E_h'W [u w]_h                   */
    rl_mat Pi;         /* q-by-g                                                        */
    const double *c;   /* p                   x first, then the endogenous              */
    double t2;         /* of the data, which a draw of ones gives again                 */
} rl_wre;

/* draw (N, out): t*^2, infinite where a sample identifies nothing.
 * Cost  N H (q^2 + q E) flops */
void rl_wre_run(const rl_boot_plan *plan, const rl_wre *w, double *draw, rl_ctx *cx);

#endif
