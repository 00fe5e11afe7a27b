/* model/glm_fit.h -- a logit or Poisson fit for est_*.c, and averages of its means. */
#ifndef RL_MODEL_GLM_FIT_H
#define RL_MODEL_GLM_FIT_H

#include "model/design.h"
#include "num/glm.h"

/* As rl_fit_linear(), of the design's y under its weights, offset and effects.
 *
 *   profile           whose conventions: see profile.h, last_step; or NULL
 *   X       n-by-k    not changed
 *   strict, kept      as there
 *   g       out       the numbers behind it
 *
 * f->leave is set, and nothing else, when effects alone fit rows perfectly.
 *
 * Errors  RL_EDATA  a regressor separates the outcome; nothing varies; more coefficients than rows
 *         RL_ENUM   no convergence */
RL_MUST rl_code rl_fit_glm(const rl_design *d, rl_family family, const char *profile, const rl_mat *X,
                           const rl_label *label, size_t strict, size_t *kept, rl_glm_fit *g, rl_fit *f, rl_ctx *cx);

/* The fit under a linear restriction (model/est.h).  X must live as long as the fit. */
const rl_null *rl_glm_null(const rl_design *d, rl_family family, const rl_mat *X, const rl_glm_fit *g, rl_ctx *cx);

/* A figure a(b, eta) = sum of functions of the rows' indices: how it moves. */
typedef struct rl_margin {
    rl_label label;
    double value;
    double *by_eta;        /* n        da / d eta_i, all of b and the effects in eta     */
    double *by_b;          /* rank     da / d b_j beside that                            */
} rl_margin;

/* Append figures to the estimates, with the influence of b and of the effects. */
RL_MUST rl_code rl_fit_append(const rl_design *d, const rl_glm_fit *g, const rl_margin *margin, size_t count,
                              rl_fit *f, rl_ctx *cx);

/* Append the average marginal effects: 'ame::x' for a number, the mean of
 * dmu/dx_i; for a level of a factor, the mean difference to its reference
 * level.  In the unit of the mean: probability, or the outcome.  Terms that
 * share a variable with another have none and are named in a note. */
RL_MUST rl_code rl_fit_margins(const rl_design *d, const rl_glm_fit *g, rl_fit *f, rl_ctx *cx);

#endif
