/* num/supt.h -- the critical value of a band that holds everywhere at once.
 *
 * c with P(max_h |t_h| <= c) = level for t = S z / sd, z standard normal, over
 * the root of an independent chi-squared(df) / df: the sup-t band of joint
 * normal (or t) estimates.  By RL_SUPT_DRAWS draws keyed by the seed: the same
 * bits on every machine; standard error of c about 0.01.
 *
 * Source: Montiel Olea & Plagborg-Moller (2019), Journal of Applied
 * Econometrics 34(1).
 */
#ifndef RL_NUM_SUPT_H
#define RL_NUM_SUPT_H

#include <stdint.h>

#include "base/ctx.h"
#include "num/mat.h"

enum { RL_SUPT_DRAWS = 20000 };

/* G  n_G of q-by-n  gradients of n figures each: a band a set of them; V  q-by-q, positive semi-definite
 * covariance of the parameters; df  of t, 0 = normal; pointwise  the critical value of one: no c (n_G, out)
 * is below it.  Figures without variance are left out; NaN when V is not finite or nothing varies.
 * Cost: 20,000 q n multiplications on all threads, 20,000 q normal draws, and an eigenproblem of order q <= 512. */
void rl_supt(const rl_mat *G, size_t n_G, const rl_mat *V, double df, double level, double pointwise, uint64_t seed,
             double *c, rl_ctx *cx);

/* S (q-by-q) with S S' = V, negative eigenvalues taken for 0; false when V is not finite. */
bool rl_supt_root(const rl_mat *V, rl_mat *S, rl_ctx *cx);

#endif
