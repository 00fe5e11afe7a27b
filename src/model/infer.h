/* model/infer.h -- influence -> covariance, intervals, p values; once, for every estimator.
 *
 *   iid          L (X'WX)^-1 L' e'We / (n - K)             needs the core
 *   HC0 .. HC3   sum_i psi_i psi_i', each scaled by its leverage
 *   cluster      sum_g psi_g psi_g'; several ways by inclusion and exclusion
 *   NW, DK       Bartlett sums of psi within a unit, or of psi summed by period
 *   HAC:qs       the quadratic spectral kernel, bandwidth by the data (infer_lags.c)
 *   CR2, CR3     cluster, scores scaled by their leverage, own degrees of freedom (infer_few.c, num/cr.h)
 *   EWC          cosines of psi summed by period; NW and DK with fixed-b; block, wild-dependent:
 *                bootstraps of psi over time (infer_series.c)
 *   small-sample cluster, scores by cohort and period scaled by the cluster's share, own degrees of freedom: profile of
 *                estimators of programmes, and what studies use (infer_small.c)
 *   placebo, bootstrap, jackknife   of methods without influence: the method again, on other units (infer_repeat.c)
 *   wild         tests and intervals from a bootstrap of the clusters' signs (model/wild.h)
 *
 * What the conventions do differently (K, factors, degrees of freedom, lag
 * rules) stands in one table in infer.c, a row a profile.
 */
#ifndef RL_MODEL_INFER_H
#define RL_MODEL_INFER_H

#include "model/design.h"

const rl_profile *rl_profile_by_name(const char *name);   /* NULL name: the default; NULL when unknown */
const char *rl_profile_names(void);                       /* "fixest reghdfe .."                       */
bool rl_profile_fits(const char *profile, const rl_estimator *e);
bool rl_profile_is(const rl_request *r, const char *name);
/* What the profile of a request means to its estimator (profile_did.c): draws that nothing was said of.
 * Errors RL_EUSAGE: the name is not known, or not a convention of this estimator. */
RL_MUST rl_code rl_profile_settle(rl_request *r, rl_ctx *cx);

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

/* The rank of the first stages together, of which g are for g endogenous regressors (infer_rank.c):
 *
 *   kleibergen-paap-lm   are the regressors identified at all?  chi-squared(q - g + 1); anderson-lm under iid
 *   kleibergen-paap-f    how strongly?  Wald form over q, to be held against Stock and Yogo's
 *                        values; cragg-donald-f under iid; g > 1, for with one it is the first stage's own
 *   sanderson-windmeijer-f   each regressor, given what the others take; g > 1
 *
 * under the covariance asked for, small-sample factor included but for LM, which has none. */
RL_MUST rl_code rl_infer_rank(const rl_design *d, const rl_fit *f, const rl_request *r, rl_result *out, rl_arena *keep,
                              rl_ctx *cx);

/* Append a test to the result, its names copied. */
void rl_infer_add_test(rl_result *r, rl_test t, rl_arena *keep);
/* The request as the tests of a fit carry it out: without combinations and draws; without
 * factors too when `bare`. */
rl_request rl_infer_for_tests(const rl_request *req, bool bare);
rl_design rl_infer_design_for_tests(const rl_design *d, bool bare);

/* Leverages of the full design, effects included, into h (n).  Cost: the
 * levels of all effects but the largest become columns.  Errors RL_EDATA when
 * they are more than 3,000. */
RL_MUST rl_code rl_full_leverage(const rl_design *d, const rl_core *core, double *h, rl_ctx *cx);

/* m-by-m symmetric V made positive semi-definite: negative eigenvalues become 0.  False when nothing was to do. */
bool rl_psd_fix(rl_mat *V, rl_ctx *cx);

/* Wald statistic b'V^-1 b over `index`; NaN when V is singular there. */
double rl_wald(const double *b, const double *V, size_t m, const size_t *index, size_t q, rl_ctx *cx);

#endif
