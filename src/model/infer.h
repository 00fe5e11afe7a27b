/* model/infer.h -- influence -> covariance, intervals, p values; once, for every estimator.
 *
 *   iid          L (X'WX)^-1 L' e'We / (n - K)             needs the core
 *   HC0 .. HC3   sum_i psi_i psi_i', each scaled by its leverage
 *   cluster      sum_g psi_g psi_g'; several ways by inclusion and exclusion
 *   NW, DK       Bartlett sums of psi within a unit, or of psi summed by period
 *
 * What the conventions do differently (K, factors, degrees of freedom, lag
 * rules) stands in one table in infer.c, a row a profile.
 */
#ifndef RL_MODEL_INFER_H
#define RL_MODEL_INFER_H

#include "model/design.h"

const rl_profile *rl_profile_by_name(const char *name);   /* NULL name: the default; NULL when unknown */
const char *rl_profile_names(void);                       /* "fixest reghdfe .."                       */

/* Read a --vcov word into a request: "cluster:a+b", "NW:4", "HC1".
 * Errors RL_EUSAGE, naming the words that are known. */
RL_MUST rl_code rl_vcov_parse(const char *word, rl_vcov_spec *v, rl_arena *in, rl_ctx *cx);

/* Fill covariance, estimates, tests and psi_G of the result.
 * Errors  RL_EDATA   one cluster; a leverage of 1 under HC2, HC3; no influence
 *         RL_EINPUT  two rows of one unit and time under NW */
RL_MUST rl_code rl_infer(const rl_design *d, const rl_fit *f, const rl_request *r, rl_result *out, rl_arena *keep,
                         rl_ctx *cx);

/* The fit's own tests: first stages and sums of squares (infer_iv.c).  The end of rl_infer(). */
RL_MUST rl_code rl_infer_compare(const rl_design *d, const rl_fit *f, const rl_request *r, rl_result *out,
                                 rl_arena *keep, rl_ctx *cx);

/* Leverages of the full design, effects included, into h (n).  Cost: the
 * levels of all effects but the largest become columns.  Errors RL_EDATA when
 * they are more than 3,000. */
RL_MUST rl_code rl_full_leverage(const rl_design *d, const rl_core *core, double *h, rl_ctx *cx);

/* m-by-m symmetric V made positive semi-definite: negative eigenvalues become 0.  False when nothing was to do. */
bool rl_psd_fix(rl_mat *V, rl_ctx *cx);

/* Wald statistic b'V^-1 b over `index`; NaN when V is singular there. */
double rl_wald(const double *b, const double *V, size_t m, const size_t *index, size_t q, rl_ctx *cx);

#endif
