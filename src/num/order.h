/* num/order.h -- numbers in order, and quantiles of them.
 *
 * One comparison for each type, so that nobody writes his own: x < y comes
 * first, equal ones are alike.  No NaN among them: it has no place.
 *
 *   x   n   sorted in place, ascending
 *
 * Cost  n log n comparisons (qsort)
 *
 * Source: Hyndman & Fan (1996), The American Statistician 50(4), for the names of quantiles.
 */
#ifndef RL_NUM_ORDER_H
#define RL_NUM_ORDER_H

#include <stddef.h>
#include <stdint.h>

void rl_order(double *x, size_t n);
void rl_order_int(int32_t *x, size_t n);
void rl_order_long(int64_t *x, size_t n);
void rl_order_key(uint64_t *x, size_t n);

/* The different ones, ascending, at the front of x; returns how many. */
size_t rl_order_different(double *x, size_t n);
size_t rl_order_different_int(int32_t *x, size_t n);

/* Place of `what` in sorted x (any of those alike), or SIZE_MAX. */
size_t rl_order_find(const double *x, size_t n, double what);
size_t rl_order_find_int(const int32_t *x, size_t n, int32_t what);
size_t rl_order_find_long(const int64_t *x, size_t n, int64_t what);
size_t rl_order_find_key(const uint64_t *x, size_t n, uint64_t what);

/* Quantile p, 0 .. 1, of sorted x, n > 0.
 *
 *   rl_order_quantile   the least of x that a share p is not above (type 1): always one of x.  n p counts as whole
 *                       where it is so but for rounding
 *   rl_order_between    (n + 1) p, a straight line between neighbours, the ends beyond them (type 6) */
double rl_order_quantile(const double *x, size_t n, double p);
double rl_order_between(const double *x, size_t n, double p);

#endif
