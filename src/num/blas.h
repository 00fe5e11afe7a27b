/* num/blas.h -- matrix products of whole numbers by OpenBLAS.
 *
 * A library of tuned kernels adds up in an order of its own on every CPU,
 * so its results are only used where every product and every partial sum is
 * a whole number below 2^53: then rounding never happens, and all kernels,
 * and the plain loops that take over where the library is not installed,
 * give the same bits.
 *
 * The library is opened when it is first asked for: loading it takes 3 ms
 * and starts threads, which small fits should not pay for.
 */
#ifndef RL_NUM_BLAS_H
#define RL_NUM_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

/* Must have been called, from one thread, before the products.  Is there a library? */
bool rl_blas_open(void);

/* C = A B' of whole numbers, all column-major: A m-by-k, B n-by-k, C m-by-n.  Any thread may call. */
void rl_blas_product(size_t m, size_t n, size_t k, const double *A, size_t lda, const double *B, size_t ldb, double *C,
                     size_t ldc);
/* The same by plain loops. */
void rl_blas_plain(size_t m, size_t n, size_t k, const double *A, size_t lda, const double *B, size_t ldb, double *C,
                   size_t ldc);

#endif
