#include "model/bounds.h"

#include <assert.h>
#include <math.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "model/bounds_table.h"
#include "num/dist.h"

static size_t stat_of(bool t, int kase)
{
    assert(kase >= 1 && kase <= 5 && (!t || kase % 2 == 1));
    return t ? 5 + (size_t)kase / 2 : (size_t)kase - 1;
}

static double quantile(size_t stat, size_t k, double T, bool upper, size_t level)
{
    const short *c = TABLE[upper][stat][k][level];
    double u = 100 / fmax(T, 30);
    return (c[0] + u * (c[1] + u * c[2])) / 1000;
}

/* On the scale where quantiles are nearly straight: normal quantiles of the level against t, or the root of F. */
static double straight(bool t, double x) { return t ? -x : sqrt(fmax(x, 0)); }

double rl_bounds_p(bool t, int kase, size_t k, double T, bool upper, double statistic)
{
    if (k > RL_BOUNDS_MOST || isnan(statistic)) return NAN;
    size_t stat = stat_of(t, kase), i = 0;
    double x = straight(t, statistic), q[TABLE_LEVELS];
    for (size_t l = 0; l < TABLE_LEVELS; l++) q[l] = straight(t, quantile(stat, k, T, upper, l));
    while (i + 2 < TABLE_LEVELS && x < q[i + 1]) i++; /* between levels i and i + 1, or beyond an end */
    double a = rl_normal_of(TABLE_LEVEL[i]), b = rl_normal_of(TABLE_LEVEL[i + 1]);
    double z = a + (b - a) * (x - q[i]) / (q[i + 1] - q[i]);
    double p = rl_t_p(z, 0) / 2;
    return z > 0 ? 1 - p : p;
}

double rl_bounds_critical(bool t, int kase, size_t k, double T, bool upper, double alpha)
{
    if (k > RL_BOUNDS_MOST) return NAN;
    size_t stat = stat_of(t, kase), i = 0;
    while (i + 2 < TABLE_LEVELS && alpha > TABLE_LEVEL[i + 1]) i++;
    double a = rl_normal_of(TABLE_LEVEL[i]), b = rl_normal_of(TABLE_LEVEL[i + 1]), z = rl_normal_of(alpha);
    double lo = straight(t, quantile(stat, k, T, upper, i)), hi = straight(t, quantile(stat, k, T, upper, i + 1));
    double x = lo + (hi - lo) * (z - a) / (b - a);
    return t ? -x : x * x;
}
