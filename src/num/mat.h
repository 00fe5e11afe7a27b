/* num/mat.h -- column-major views.
 *
 * A regressor is one contiguous column, so that sweeping, lagging and
 * accumulating stream through memory; a BLAS takes a view as it is.
 */
#ifndef RL_NUM_MAT_H
#define RL_NUM_MAT_H

#include <stddef.h>

#include "base/arena.h"

typedef struct rl_mat {
    double *a;          /* element (i, j) is a[i + j * ld] */
    size_t n, k, ld;    /* rows, columns, leading dimension >= n */
} rl_mat;

static inline rl_mat rl_mat_new(size_t n, size_t k, rl_arena *in)
{
    return (rl_mat){RL_NEW(in, double, n * k), n, k, n};
}
static inline double *rl_mat_col(const rl_mat *m, size_t j) { return m->a + j * m->ld; }
static inline double *rl_mat_at(const rl_mat *m, size_t i, size_t j) { return m->a + i + j * m->ld; }

#endif
