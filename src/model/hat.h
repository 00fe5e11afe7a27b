/* model/hat.h -- the whole design behind a fit, effects included, in a form
 * whose hat matrix can be taken cluster by cluster.
 *
 *   [X D F]   X  the regression's columns, all effects swept out
 *             D  the other effects' dummies with F swept out, those that depend on others left away
 *             F  the effect with the most levels, by group means
 *
 * so that X'WD = 0, X'WF = 0 and D'WF = 0.
 */
#ifndef RL_MODEL_HAT_H
#define RL_MODEL_HAT_H

#include "model/design.h"

typedef struct rl_hat {
    rl_cols X;             /* n-by-k                                              */
    rl_mat RX;             /* k-by-k upper triangular, (X'WX)^-1 = RX RX'          */
    rl_mat D, RD;          /* n-by-q, q-by-q, the same; q may be 0                */
    const int32_t *F;      /* n   level, or NULL without effects                  */
    size_t levels;
    bool nested;           /* every level of F lies in one cluster of the first cluster variable */
} rl_hat;

/*   root   RX is wanted: one more pass over X
 *
 * Errors  RL_EDATA  the dummies of D are too many: above 3,000 columns or 4 GB, named for `what`
 * Cost    n q doubles, and least squares on q columns */
RL_MUST rl_code rl_hat_make(const rl_design *d, const rl_core *core, const char *what, bool root, rl_hat *h,
                            rl_ctx *cx);

/* Covariance by CR2 or CR3 (num/cr.h) of the estimates L beta.
 *
 *   L    m-by-k   of the core's coefficients
 *   S    out      G-by-m   sums by cluster whose cross-product is V
 *   V    out      m-by-m
 *   df   out      m    Satterthwaite; NaN for a row of zeros
 *
 * Errors  RL_EDATA  CR3 where an estimate does not exist without some cluster, by name */
RL_MUST rl_code rl_reduced_covariance(const rl_design *d, const rl_core *core, const rl_mat *L, bool jackknife,
                                      rl_mat *S, rl_mat *V, double *df, rl_ctx *cx);

/* Degrees of freedom of that covariance as a whole, for Hotelling's T squared (num/cr.h). */
RL_MUST rl_code rl_reduced_joint(const rl_design *d, const rl_core *core, const rl_mat *L, bool jackknife, double *df,
                                 rl_ctx *cx);

#endif
