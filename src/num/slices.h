/* num/slices.h -- products of matrices of double-doubles to some 106 bits by
 * the double-precision products of num/blas.h.
 *
 * A row of numbers is cut into whole numbers: with 2^e above the largest,
 *
 *   x = 2^e (s_0 2^-22 + s_1 2^-45 + .. + s_4 2^-114),   |s_t| <= 2^22
 *
 * and what is left out is below 2^-115 of the largest of the row.  The
 * products s_a s_b with a + b = t have the same weight, 2^-(44 + 23 t); of
 * inner dimension 96 or less their sum is below 5 * 96 * 2^44 < 2^53, so it is
 * exact in any order.  Orders beyond the fourth are left out, 2^-106 of the
 * product of the two rows' largest.
 *
 * Source: Ozaki, Ogita, Oishi & Rump (2012), Numerical Algorithms 59, 95-118.
 */
#ifndef RL_NUM_SLICES_H
#define RL_NUM_SLICES_H

#include <stddef.h>

enum { RL_SLICES = 5, RL_SLICE_BITS = 23, RL_SLICE_INNER = 64 };

typedef struct rl_slices {
    size_t rows, inner;
    double *s;          /* rows by slices * inner   s_0, s_1, .. beside each other  */
    double *r;          /* the same in reverse, s_4 first                           */
    double *scale;      /* rows   2^e                                               */
} rl_slices;

/* Cut rows from .. to-1 of the `inner` columns at hi and lo (leading dimension ld). */
void rl_slice_rows(rl_slices *p, const double *hi, const double *lo, size_t ld, size_t from, size_t to);

/* C += sign * (rows a.. of p) (rows b.. of p)', m-by-n at hi and lo, to `orders` <= 5 orders (23 bits
 * each).  room  orders * m * n */
void rl_slice_product(const rl_slices *p, size_t a, size_t m, size_t b, size_t n, int orders, double sign, double *hi,
                      double *lo, size_t ld, double *room);

#endif
