/* num/bkw.h -- which columns cannot be told apart.
 *
 * Columns are scaled to length 1.  With X = U S V' the variance of b_j is
 * s2 sum_i (v_ji / s_i)^2: a small s_i is a near-dependency, and the columns
 * whose variance comes from it are the ones it ties together.
 *
 * Source: Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 3.
 */
#ifndef RL_NUM_BKW_H
#define RL_NUM_BKW_H

#include "base/ctx.h"
#include "num/cols.h"

typedef struct rl_bkw {
    size_t k;
    double *index; /* k       largest singular value over this one, ascending: the last is the condition number */
    rl_mat share;  /* k-by-k  (i, j): share of component i in the variance of b_j; columns add to 1           */
} rl_bkw;

/* Errors  RL_ENUM  a value is not finite, eigenvalues that do not settle
 * Cost    num/cols.h's Gram matrix and 9 k^3 */
RL_MUST rl_code rl_bkw_of(const rl_cols *X, const double *w, rl_bkw *out, rl_arena *in, rl_ctx *cx);

#endif
