/* num/absorb.h -- fixed effects swept out.
 *
 * Replaces each column v by its residual from a (weighted) regression on the
 * dummies of one or more classifications.  One: group means.  Two: exact
 * elimination through the Schur complement of the larger factor, one level
 * grounded per connected component.  More: preconditioned conjugate
 * gradients on the normal equations, to a relative residual of 1e-13.
 *
 * Source: Frisch-Waugh-Lovell; Abowd, Creecy & Kramarz (2002) for the
 * connected components.
 */
#ifndef RL_NUM_ABSORB_H
#define RL_NUM_ABSORB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/mat.h"

typedef struct rl_fe {
    size_t n_fe;
    size_t *levels;             /* n_fe                                              */
    const int32_t **code;       /* n_fe of n   0 .. levels-1, every level occurs     */
} rl_fe;

typedef struct rl_absorbed {
    size_t redundant;           /* dummies that depend on others: connected components
                                   of the first two; for three and more the exact rank
                                   loss when it is cheap, else that of the first two  */
    int iterations;             /* 0 = exact                                         */
} rl_absorbed;

/*   V      n-by-k  swept in place
 *   w      n       weights > 0, or NULL
 *   alpha  out     per effect: levels-by-k coefficients, or NULL when not wanted
 *                  (normalised: the first level of each later effect in each component is 0)
 *
 * Errors  RL_ENUM   conjugate gradients did not get there (three and more)
 * Cost    two-way: O(n k) + Schur (T^2 doubles, T^3/3 flops; T = smaller factor)
 */
RL_MUST rl_code rl_absorb(const rl_fe *fe, const double *w, rl_mat *V, rl_mat *alpha, rl_absorbed *info, rl_ctx *cx);

/* Mark rows that are alone in a level of some effect, again and again until
 * none is left: keep[i] = 0.  Returns how many were marked. */
size_t rl_singletons(const rl_fe *fe, size_t n, unsigned char *keep, rl_ctx *cx);

/* True when every level of `inner` lies in one level of `outer`. */
bool rl_nested(const int32_t *inner, size_t inner_levels, const int32_t *outer, size_t n, rl_ctx *cx);

#endif
