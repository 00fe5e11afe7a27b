#include "num/order.h"

#include <math.h>
#include <stdlib.h>

// clang-format off
#define COMPARE(name, type)                       \
    static int name(const void *a, const void *b) \
    {                                             \
        type x = *(const type *)a, y = *(const type *)b; \
        return (x > y) - (x < y);                 \
    }
// clang-format on
COMPARE(by_double, double)
COMPARE(by_int, int32_t)
COMPARE(by_long, int64_t)
COMPARE(by_key, uint64_t)

/* Nothing may stand at NULL. */
static void sort(void *x, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    if (n > 1) qsort(x, n, size, compare);
}

void rl_order(double *x, size_t n) { sort(x, n, sizeof *x, by_double); }
void rl_order_int(int32_t *x, size_t n) { sort(x, n, sizeof *x, by_int); }
void rl_order_long(int64_t *x, size_t n) { sort(x, n, sizeof *x, by_long); }
void rl_order_key(uint64_t *x, size_t n) { sort(x, n, sizeof *x, by_key); }

size_t rl_order_different(double *x, size_t n)
{
    size_t m = 0;
    rl_order(x, n);
    for (size_t i = 0; i < n; i++)
        if (m == 0 || x[m - 1] != x[i]) x[m++] = x[i];
    return m;
}

size_t rl_order_different_int(int32_t *x, size_t n)
{
    size_t m = 0;
    rl_order_int(x, n);
    for (size_t i = 0; i < n; i++)
        if (m == 0 || x[m - 1] != x[i]) x[m++] = x[i];
    return m;
}

static size_t find(const void *what, const void *x, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    const char *hit = n > 0 ? bsearch(what, x, n, size, compare) : NULL;
    return hit != NULL ? (size_t)(hit - (const char *)x) / size : SIZE_MAX;
}

size_t rl_order_find(const double *x, size_t n, double what) { return find(&what, x, n, sizeof *x, by_double); }
size_t rl_order_find_int(const int32_t *x, size_t n, int32_t what) { return find(&what, x, n, sizeof *x, by_int); }
size_t rl_order_find_long(const int64_t *x, size_t n, int64_t what) { return find(&what, x, n, sizeof *x, by_long); }
size_t rl_order_find_key(const uint64_t *x, size_t n, uint64_t what) { return find(&what, x, n, sizeof *x, by_key); }

double rl_order_quantile(const double *x, size_t n, double p)
{
    double at = (double)n * p, whole = floor(at + 1e-9);
    size_t i = at - whole > 1e-9 ? (size_t)whole : (size_t)whole - 1;
    return x[whole < 1 ? 0 : i < n ? i : n - 1];
}

double rl_order_between(const double *x, size_t n, double p)
{
    double at = p * ((double)n + 1) - 1;
    if (at <= 0) return x[0];
    if (at >= (double)n - 1) return x[n - 1];
    size_t i = (size_t)at;
    return x[i] + (at - (double)i) * (x[i + 1] - x[i]);
}
