/* num/weight.h -- the inverse of a symmetric matrix of moments, applied to vectors.
 *
 * Cholesky in extended precision after scaling to a unit diagonal; a row is
 * passed over when less than 1e-16 of its square is left after the rows
 * before it.  Where the matrix should be of full rank and is not, Moore and
 * Penrose's inverse: M = F F' by Cholesky with the largest pivot first, down
 * to 1e-12 of the diagonal, and M+ = F (F'F)^-2 F'.
 */
#ifndef RL_NUM_WEIGHT_H
#define RL_NUM_WEIGHT_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct rl_weight {
    size_t q, rank;
    bool *passed;        /* q    passed over: 0 in all that comes out             */
    double *scale;       /* q    1 / root of the diagonal; 0 where passed         */
    long double *L;      /* q-by-q, rows one after the other: the lower triangle; or NULL, and    */
    long double *F;      /* q-by-rank, columns one after the other                         */
    struct rl_weight *inner;  /* F'F                                                       */
} rl_weight;

/*   M     q-by-q, rows one after the other, the lower triangle; overwritten
 *   skip  q       rows to leave out, or NULL
 *   span  the inverse on the span where rows would be passed over
 *
 * Errors  RL_ENUM  a value is not finite */
RL_MUST rl_code rl_weight_make(long double *M, size_t q, const bool *skip, bool span, rl_weight *w, rl_arena *in,
                               rl_ctx *cx);
/* out = W v, q numbers each; out may be v. */
void rl_weight_apply(const rl_weight *w, const long double *v, long double *out, rl_ctx *cx);

#endif
