#include "base/fmath.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dd.h"
#include "base/fmath_table.h"

static uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* 2^k for -1022 <= k <= 1023. */
static double pow2(int k) { return from_bits((uint64_t)(k + 1023) << 52); }

/* v 2^k rounded once, also where that is subnormal; 1/2 < v < 4. */
static double scale(rl_dd v, int k)
{
    double x = v.hi + v.lo;
    if (k > 1030) return HUGE_VAL;
    if (k > 1000) return x * 0x1p1000 * pow2(k - 1000);
    if (k > -1022 || (k == -1022 && x >= 1.0)) return x * pow2(k);
    if (k < -1080) return 0.0;
    /* Next to c the doubles are as coarse as the subnormals are next to v 2^k. */
    double c = pow2(-1022 - k);
    rl_dd s = rl_two_sum(c, v.hi);
    return ((s.hi + (s.lo + v.lo)) - c) * 0x1p-500 * pow2(k + 500);
}

/* exp(x) - 1 for |x.hi| < 0.0055; relative error below 2^-68. */
static rl_dd expm1_small(rl_dd x)
{
    double h = x.hi, r = h * h * h;
    rl_dd q = rl_two_mul(h, h);
    double tail = r * (1.0 / 6 + h * (1.0 / 24 + h * (1.0 / 120 + h * (1.0 / 720 + h * (1.0 / 5040 + h / 40320)))));
    rl_dd s = rl_quick_sum(h, 0.5 * q.hi);
    return rl_quick_sum(s.hi, s.lo + (tail + (x.lo + (0.5 * q.lo + h * x.lo))));
}

/* exp(x) = v 2^k, |x.hi| < 800; relative error of v below 2^-74. */
static rl_dd exp_dd(rl_dd x, int *k)
{
    double n = x.hi * 0x1.71547652b82fep+6; /* 64 / log 2 */
    n = (n + 0x1.8p52) - 0x1.8p52;
    rl_dd r = rl_two_sum(x.hi - n * LN2_64[0], -n * LN2_64[1]);
    r = rl_quick_sum(r.hi, r.lo + (x.lo - n * LN2_64[2]));
    int j = (int)n & 63;
    *k = ((int)n - j) / 64;
    rl_dd p = expm1_small(r), t = EXP2[j], tp = rl_dd_mul(t, p);
    rl_dd s = rl_quick_sum(t.hi, tp.hi);
    return rl_quick_sum(s.hi, s.lo + (tp.lo + t.lo)); /* 2^(j/64) (1 + p) */
}

/* log(1 + x) for |x.hi| < 2^-6.9; relative error below 2^-75. */
static rl_dd log1p_small(rl_dd x)
{
    double h = x.hi;
    double tail =
        -1.0 / 4 +
        h * (1.0 / 5 +
             h * (-1.0 / 6 +
                  h * (1.0 / 7 + h * (-1.0 / 8 + h * (1.0 / 9 + h * (-1.0 / 10 + h * (1.0 / 11 + h * (-1.0 / 12))))))));
    rl_dd sq = rl_dd_mul(x, x), cube = rl_dd_mul(sq, x);
    rl_dd third = rl_dd_mul(cube, (rl_dd){0x1.5555555555555p-2, 0x1.5555555555555p-56});
    third = rl_dd_add_d(third, sq.hi * sq.hi * tail);
    rl_dd s = rl_dd_add((rl_dd){-0.5 * sq.hi, -0.5 * sq.lo}, third);
    return rl_dd_add(x, s);
}

/* log(hi + lo) for a positive finite hi and |lo| <= ulp(hi). */
static rl_dd log_dd(double hi, double lo)
{
    int k = 0;
    if (hi < 0x1p-1022) {
        hi *= 0x1p54;
        lo *= 0x1p54;
        k = -54;
    }
    uint64_t u = bits_of(hi);
    int e = (int)(u >> 52) - 1023, j = (int)(u >> 45) & 127, half = j >= 53;
    double m = from_bits((u & 0xfffffffffffffu) | (uint64_t)(1023 - half) << 52);
    if (lo != 0.0) {
        lo = e > 1000 ? lo * 0x1p-1000 * pow2(1000 - e) : lo * pow2(-e);
        if (half) lo *= 0.5;
    }
    k += e + half;

    rl_dd mc = rl_two_mul(m, LOG[j].c);
    rl_dd r = rl_quick_sum(mc.hi - 1.0, mc.lo + lo * LOG[j].c);
    rl_dd y = log1p_small(r);
    if (LOG[j].c != 1.0) y = rl_dd_add(LOG[j].minus_log, y);
    if (k != 0) {
        y = rl_dd_add(rl_dd_mul_d(LN2_REST, k), y);
        y = rl_dd_add((rl_dd){k * LN2_TOP, 0.0}, y);
    }
    return y;
}

double rl_exp(double x)
{
    if (isnan(x)) return x + x;
    if (x > 710.0) return HUGE_VAL;
    if (x < -746.0) return 0.0;
    int k;
    rl_dd v = exp_dd((rl_dd){x, 0.0}, &k);
    return scale(v, k);
}

double rl_expm1(double x)
{
    if (isnan(x)) return x + x;
    if (x > 45.0) return rl_exp(x);
    if (x < -45.0) return -1.0;
    if (fabs(x) < 0x1p-70) return x;
    rl_dd v;
    if (fabs(x) < 0.0054) {
        v = expm1_small((rl_dd){x, 0.0});
    } else {
        int k;
        v = exp_dd((rl_dd){x, 0.0}, &k);
        v = rl_dd_add_d((rl_dd){v.hi * pow2(k), v.lo * pow2(k)}, -1.0);
    }
    return v.hi + v.lo;
}

double rl_log(double x)
{
    if (isnan(x) || x < 0.0) return isnan(x) ? x + x : NAN;
    if (x == 0.0) return -HUGE_VAL;
    if (isinf(x)) return x;
    rl_dd v = log_dd(x, 0.0);
    return v.hi + v.lo;
}

double rl_log1p(double x)
{
    if (isnan(x) || x < -1.0) return isnan(x) ? x + x : NAN;
    if (x == -1.0) return -HUGE_VAL;
    if (isinf(x)) return x;
    if (fabs(x) < 0x1p-70) return x;
    rl_dd v;
    if (fabs(x) < 0x1p-7) {
        v = log1p_small((rl_dd){x, 0.0});
    } else {
        rl_dd s = rl_two_sum(1.0, x);
        v = log_dd(s.hi, s.lo);
    }
    return v.hi + v.lo;
}

static bool is_integer(double y) { return fabs(y) >= 0x1p52 || (fabs(y) + 0x1p52) - 0x1p52 == fabs(y); }
static bool is_odd(double y) { return fabs(y) < 0x1p53 && is_integer(y) && ((int64_t)y & 1) != 0; }

/* What C's pow gives when x or y is 0 or not finite. */
static double pow_special(double x, double y)
{
    if (isnan(x) || isnan(y)) return x + y;
    double a = fabs(x), sign = signbit(x) && is_odd(y) ? -1.0 : 1.0;
    if (isinf(y)) {
        if (a == 1.0) return 1.0;
        return (a > 1.0) == (y > 0.0) ? HUGE_VAL : 0.0;
    }
    return sign * ((a == 0.0) == (y > 0.0) ? 0.0 : HUGE_VAL);
}

double rl_pow(double x, double y)
{
    if (y == 0.0 || x == 1.0) return 1.0;
    if (!isfinite(x) || !isfinite(y) || x == 0.0) return pow_special(x, y);
    double sign = 1.0;
    if (x < 0.0) {
        if (!is_integer(y)) return NAN;
        if (is_odd(y)) sign = -1.0;
        x = -x;
        if (x == 1.0) return sign;
    }
    if (fabs(y) < 0x1p-70) return sign; /* |log x| < 2^10 */
    if (fabs(y) > 0x1p65) return sign * ((x > 1.0) == (y > 0.0) ? HUGE_VAL : 0.0);
    rl_dd p = rl_dd_mul_d(log_dd(x, 0.0), y);
    if (p.hi > 710.0) return sign * HUGE_VAL;
    if (p.hi < -746.0) return sign * 0.0;
    int k;
    rl_dd v = exp_dd(p, &k);
    return sign * scale(v, k);
}

double rl_round_digits(double x, int digits)
{
    if (!isfinite(x) || x == 0.0) return x;
    char text[40];
    if (digits < 1) digits = 1;
    if (digits > 17) digits = 17;
    snprintf(text, sizeof text, "%.*e", digits - 1, x); /* both ways exactly rounded by libc */
    return strtod(text, NULL);
}
