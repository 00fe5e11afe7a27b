/* base/dd.h -- double-double: an unevaluated sum hi + lo, about 106 bits.
 *
 * Only + - * / and sqrt on doubles in a fixed order, so the bits are the same
 * on every machine (compile with -ffp-contract=off).  The product splits by
 * Dekker and is exact for 2^-480 < |a|, |b| < 2^490; what lies outside is
 * the caller's to scale away.
 *
 * Source: Dekker (1971), Numerische Mathematik 18; Knuth, TAOCP 2, 4.2.2;
 * Joldes, Muller & Popescu (2017), ACM TOMS 44, for the error bounds.
 */
#ifndef RL_BASE_DD_H
#define RL_BASE_DD_H

#include <math.h>

typedef struct rl_dd {
    double hi, lo;
} rl_dd;

/* a + b exactly; the quick one when |a| >= |b| or a = 0. */
static inline rl_dd rl_two_sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (rl_dd){s, (a - (s - t)) + (b - t)};
}

static inline rl_dd rl_quick_sum(double a, double b)
{
    double s = a + b;
    return (rl_dd){s, b - (s - a)};
}

/* a * b exactly. */
static inline rl_dd rl_two_mul(double a, double b)
{
    double p = a * b, ca = 0x8000001p0 * a, cb = 0x8000001p0 * b;
    double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh;
    return (rl_dd){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

/* Relative errors: sum 3 * 2^-106, product 5 * 2^-106. */
static inline rl_dd rl_dd_add(rl_dd x, rl_dd y)
{
    rl_dd s = rl_two_sum(x.hi, y.hi), t = rl_two_sum(x.lo, y.lo);
    s = rl_quick_sum(s.hi, s.lo + t.hi);
    return rl_quick_sum(s.hi, s.lo + t.lo);
}

static inline rl_dd rl_dd_add_d(rl_dd x, double y)
{
    rl_dd s = rl_two_sum(x.hi, y);
    return rl_quick_sum(s.hi, s.lo + x.lo);
}

static inline rl_dd rl_dd_mul(rl_dd x, rl_dd y)
{
    rl_dd p = rl_two_mul(x.hi, y.hi);
    return rl_quick_sum(p.hi, p.lo + (x.hi * y.lo + x.lo * y.hi));
}

static inline rl_dd rl_dd_mul_d(rl_dd x, double y)
{
    rl_dd p = rl_two_mul(x.hi, y);
    return rl_quick_sum(p.hi, p.lo + x.lo * y);
}

/* The product of numbers of any size: beyond the reach of the exact one it is rounded, lo = 0. */
static inline rl_dd rl_dd_times(rl_dd x, rl_dd y)
{
    double p = x.hi * y.hi;
    if (!(fabs(p) > 1e-200 && fabs(x.hi) < 1e140 && fabs(y.hi) < 1e140)) return (rl_dd){p, 0};
    return rl_dd_mul(x, y);
}

#endif
