/* model/collapse.h -- one row for all the rows that a design cannot tell apart.
 *
 * A difference-in-differences design knows of a row its cohort, its time, its
 * trait and its effects, nothing else.  Units first treated in the same period
 * and seen in the same periods (a TYPE) therefore have the same regressors,
 * row for row, also after the effects are swept out, and
 *
 *   sum_i x_i y_i = sum_r N_r x_r ybar_r           x swept; N_r rows behind row r
 *
 * so the estimates are those of the regression of the means ybar weighted by
 * N, with a type's effect in place of its units'.  The residual of a row is
 * that of its mean, and the row's own deviation less its unit's mean deviation:
 *
 *   e_i = e_r(i) + d_i - dbar_u(i)                 d_i = y_i - ybar_r(i)
 *
 * A panel of two million rows and ten periods becomes some hundred rows; what
 * is left to do for the two million are sums.  An estimator that says
 * `repeats` need not know: it fits the small design, and its fit is expanded.
 *
 * Weights that do not vary within a unit change nothing but N_r, which is
 * their sum.  Covariates z have rows of their own.  Each is regressed on the
 * small design as the outcome is, and what is left of the outcome on what is
 * left of them:
 *
 *   e_y = e_z c + e      b = b_y - b_z c           X and e_z are orthogonal
 *
 * (rl_core.beside).  Their own columns, beside the small one, are all that a row has.
 *
 * Source: Frisch-Waugh-Lovell; Wong et al. (2021), arXiv 2102.11297, for
 * regression on grouped data and its clustered errors.
 */
#ifndef RL_MODEL_COLLAPSE_H
#define RL_MODEL_COLLAPSE_H

#include "model/design.h"
#include "model/est.h"

typedef struct rl_collapse {
    const rl_design *all;
    rl_design small;           /* the design of the means                                 */
    size_t unit;               /* effect of the units, all->fe.n_fe = none                */
    int32_t *row_of;           /* all->n  row of small                                    */
    double *mean;              /* small.n of the outcome                                  */
    double *times;             /* small.n rows, or their weights, behind a small row      */
    size_t q;                  /* covariates: columns of all->X                           */
} rl_collapse;

/* False when it cannot be done (weights that vary within units, a likelihood, errors that need each row's
 * regressors) or would not help (more than a quarter of the rows are left).
 * Cost  some passes over the rows, 12 bytes a row */
bool rl_collapse_make(const rl_design *d, const rl_request *req, rl_collapse *c, rl_ctx *cx);

/* A fit of c->small becomes one of c->all: residuals, influence, sums of squares, degrees of freedom, and
 * behind its estimates the covariates'.
 *
 * Errors  RL_EDATA   an effect depends on the covariates; no degree of freedom is left */
RL_MUST rl_code rl_collapse_expand(const rl_collapse *c, rl_fit *f, rl_ctx *cx);

/* The inside of it, collapse_beside.c. */

/* mean (small.n) of v, one per row of `all`. */
void rl_collapse_means(const rl_collapse *c, const double *v, double *mean, rl_ctx *cx);
/* e (n): small_e of its small row, and v less the row's mean and less the mean of that within its unit, over
 * the rows that unit effects are taken from (anchor, of the small rows; NULL = all). */
void rl_collapse_residuals(const rl_collapse *c, const double *v, const double *mean, const unsigned char *anchor,
                           const double *small_e, double *e, rl_ctx *cx);
/* The covariates' part: f has residuals of the outcome, and a core, without them. */
RL_MUST rl_code rl_collapse_beside(const rl_collapse *c, const rl_core *small, rl_core *core, rl_fit *f, rl_ctx *cx);

#endif
