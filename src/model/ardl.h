/* model/ardl.h -- the parts of est_ardl.c: orders, bounds tests, bootstrap.
 *
 *   y_t = c + sum_i=1..p phi_i y_(t-i) + sum_j sum_i=0..q_j beta_ji x_j,t-i + fixed + e_t
 *
 * Order 0 is p, order j is q_j.
 */
#ifndef RL_MODEL_ARDL_H
#define RL_MODEL_ARDL_H

#include "model/dynamic.h"

/* The formula with lags written out: order (1 + d->k). */
const char *rl_ardl_formula(const rl_dynamic *d, const int *order, rl_arena *in);

/* Do the outcome and the dynamic regressors vary?  d: the design without lags, X written out, no note made.
 * Errors  RL_EDATA  one of them never changes */
RL_MUST rl_code rl_ardl_vary(const rl_request *req, const rl_dynamic *y, const rl_table *t, rl_design *d, rl_ctx *cx);

/* Can the rows carry these orders, and do the regressors vary?
 * Errors  RL_EDATA  more coefficients than rows (with the largest order there could be), what never changes */
RL_MUST rl_code rl_ardl_room(const rl_request *req, const rl_dynamic *d, const rl_table *t, const int *order,
                             rl_ctx *cx);

/* Orders up to `most` by the request's criterion, all compared on the rows that have `most` lags of
 * everything (num/lagsel.h).  Says what was compared, and how far behind the runner-up is. */
RL_MUST rl_code rl_ardl_choose(const rl_request *req, const rl_dynamic *d, const rl_table *t, int most, int *order,
                               rl_ctx *cx);

/* Orders, signs, residuals and all anew: p values and intervals of the result from a bootstrap
 * (num/ardlboot.h).  Coefficients: percentiles.  ec and the long run: studentised, the long run
 * by the set of values that its t test does not reject (Fieller), which may have no ends.  What is a
 * large t is taken from two sets of draws, one of them with as long a memory as the interval of ec
 * allows: least squares forgets too fast, and draws from a short memory would not show it.
 * Errors  RL_EDATA  not one series without gaps, an explosive estimate */
RL_MUST rl_code rl_ardl_bootstrap(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out,
                                  rl_ctx *cx);
double rl_ardl_penalty(rl_ic ic, double n);      /* of a coefficient */

/* Where the coefficients stand in a fit of the formula above. */
typedef struct rl_ardl_terms {
    size_t p, k;
    size_t *past;          /* p                coefficients of the outcome's lags              */
    size_t *first, *x;     /* k+1, first[k]    x[first[j] .. first[j+1]-1] of regressor j      */
    size_t constant, trend;/* SIZE_MAX = none                                                  */
} rl_ardl_terms;

/* The bounds tests of a fit whose estimates are still its coefficients, into f->test; bounds at
 * level alpha are told in words (model/bounds.h). */
RL_MUST rl_code rl_ardl_bounds(const rl_design *d, const rl_ardl_terms *terms, double alpha, rl_fit *f, rl_ctx *cx);

#endif
