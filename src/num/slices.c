#include "num/slices.h"

#include <math.h>

#include "base/dd.h"
#include "num/blas.h"

/* The whole number next to x, |x| <= 2^51. */
static inline double whole(double x)
{
    const double shift = 0x1.8p52;
    return (x + shift) - shift;
}

void rl_slice_rows(rl_slices *p, const double *hi, const double *lo, size_t ld, size_t from, size_t to)
{
    size_t last = RL_SLICES - 1;
    for (size_t i = from; i < to; i++) {
        double most = 0;
        int e;
        for (size_t j = 0; j < p->inner; j++) most = fmax(most, fabs(hi[i + j * ld]));
        frexp(most, &e);
        double up = ldexp(1, -e);
        p->scale[i] = ldexp(1, e);
        for (size_t j = 0; j < p->inner; j++) {
            rl_dd x = {hi[i + j * ld] * up, lo[i + j * ld] * up};
            double unit = 0x1p22, back = 0x1p-22;
            for (size_t t = 0; t < RL_SLICES; t++) {
                double s = whole(x.hi * unit);
                p->s[i + (t * p->inner + j) * p->rows] = s;
                p->r[i + ((last - t) * p->inner + j) * p->rows] = s;
                x = rl_two_sum(x.hi - s * back, x.lo);
                unit *= 0x1p23;
                back *= 0x1p-23;
            }
        }
    }
}

/* Two columns of numbers at once, on any machine. */
typedef double pair __attribute__((vector_size(16), may_alias, aligned(8)));

static inline __attribute__((always_inline)) void two_sum(pair a, pair b, pair *s, pair *e)
{
    pair t = a + b, z = t - a;
    *e = (a - (t - z)) + (b - z);
    *s = t;
}

#define AT(p) (*(pair *)(p))
#define OF(p) (*(const pair *)(p))

/* (hi, lo) += by * sum_t P_t 2^-(44 + 23 t), two rows. */
static inline __attribute__((always_inline)) void add_orders(const double *P, size_t each, int orders, pair by,
                                                             double *hi, double *lo)
{
    static const double WEIGHT[RL_SLICES] = {0x1p-44, 0x1p-67, 0x1p-90, 0x1p-113, 0x1p-136};
    pair s = {0, 0}, l = {0, 0}, e, h;
    for (int t = orders; t-- > 0;) {
        two_sum(s, OF(P + (size_t)t * each) * WEIGHT[t], &s, &e);
        l += e;
    }
    two_sum(AT(hi), s * by, &h, &e);
    two_sum(h, AT(lo) + (e + l * by), &AT(hi), &AT(lo));
}

void rl_slice_product(const rl_slices *p, size_t a, size_t m, size_t b, size_t n, int orders, double sign, double *hi,
                      double *lo, size_t ld, double *room)
{
    size_t each = m * n, inner = p->inner, last = RL_SLICES - 1;
    for (size_t t = 0; t < (size_t)orders; t++)
        rl_blas_product(m, n, (t + 1) * inner, p->s + a, p->rows, p->r + b + (last - t) * inner * p->rows, p->rows,
                        room + t * each, m);
    for (size_t j = 0; j < n; j++) {
        double by = sign * p->scale[b + j], *h = hi + j * ld, *l = lo + j * ld, last_h[2], last_l[2], last_P[10];
        const double *P = room + j * m;
        for (size_t i = 0; i + 2 <= m; i += 2) add_orders(P + i, each, orders, by * OF(p->scale + a + i), h + i, l + i);
        if (m % 2 == 0) continue;
        size_t i = m - 1;
        for (int t = 0; t < orders; t++) last_P[2 * t] = P[i + (size_t)t * each], last_P[2 * t + 1] = 0;
        last_h[0] = h[i], last_l[0] = l[i], last_h[1] = last_l[1] = 0;
        add_orders(last_P, 2, orders, (pair){by * p->scale[a + i], 0}, last_h, last_l);
        h[i] = last_h[0], l[i] = last_l[0];
    }
}
