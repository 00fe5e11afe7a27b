#include "num/recursive.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "num/dist.h"

/* Rotate row x, y into R, z. True when it raised the rank. */
static bool take(double *R, double *z, const double *size, size_t k, double *x, double *y)
{
    for (size_t j = 0; j < k; j++) {
        double *r = R + j * k;
        if (fabs(x[j]) <= 1e-11 * size[j]) continue;
        if (r[j] == 0) {
            memcpy(r + j, x + j, (k - j) * sizeof *r);
            z[j] = *y;
            return true;
        }
        double h = sqrt(r[j] * r[j] + x[j] * x[j]), c = fabs(r[j]) / h, s = r[j] < 0 ? -x[j] / h : x[j] / h, t = z[j];
        z[j] = c * t + s * *y;
        *y = c * *y - s * t;
        for (size_t b = j; b < k; b++) {
            t = r[b];
            r[b] = c * t + s * x[b];
            x[b] = c * x[b] - s * t;
        }
    }
    return false;
}

void rl_recursive(const rl_mat *X, const double *y, bool backward, double *w, rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    double *R = RL_NEW(cx->tmp, double, k *k), *z = RL_NEW(cx->tmp, double, k), *x = RL_NEW(cx->tmp, double, k),
           *size = RL_NEW(cx->tmp, double, k);
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < n; i++) size[j] = fmax(size[j], fabs(*rl_mat_at(X, i, j)));
    for (size_t t = 0; t < n; t++) {
        size_t i = backward ? n - 1 - t : t;
        double left = y[i];
        for (size_t j = 0; j < k; j++) x[j] = *rl_mat_at(X, i, j);
        w[i] = take(R, z, size, k, x, &left) ? (double)NAN : left;
    }
}

/* P(Z > x). */
static double above(double x)
{
    double two = rl_t_p(x, 0);
    return x >= 0 ? two / 2 : 1 - two / 2;
}

/* Reflections at the lines +-(x + 2 x t): k of them in turns, upper and lower first (Anderson 1960). */
double rl_cusum_p(double x)
{
    double p = 0;
    if (isnan(x)) return NAN;
    if (x < 0.05) return 1;
    for (int k = 1; k < 200; k++) {
        double m = 2 * k - 1, j = k - 1;
        double part = rl_exp(-4 * x * x * j * j) * above((m + 2) * x) + rl_exp(-4 * x * x * k * k) * above((m - 2) * x);
        p += k % 2 == 1 ? part : -part;
        if (part < 1e-17) break;
    }
    return fmin(2 * p, 1);
}

double rl_cusumsq_p(double d, size_t m)
{
    double root = sqrt((double)m / 2), x = (root + 0.36 + 0.65 / root) * d, p = 0;
    if (isnan(d)) return NAN;
    if (x < 0.2) return 1;
    for (int k = 1; k < 200; k++) {
        double part = rl_exp(-2 * x * x * k * k);
        p += k % 2 == 1 ? part : -part;
        if (part < 1e-17) break;
    }
    return fmin(fmax(2 * p, 0), 1);
}

/* x^(k/2) e^(-x/2) / (2^(k/2) gamma(k/2)) ((1 - k/x) log(((1-a)/a)^2) + 2/x). */
double rl_sup_wald_p(double x, size_t k, double a)
{
    double m = (double)k, l = 2 * rl_log((1 - a) / a), log_gamma = 0, half = m / 2;
    if (isnan(x)) return NAN;
    double most = m + 2 + sqrt(2 * m); /* below it the expansion turns round */
    if (x < most) x = most;
    for (; half > 1; half -= 1) log_gamma += rl_log(half - 1);
    if (half < 1) log_gamma += 0.572364942924700087; /* log gamma(1/2) */
    double p = rl_exp(m / 2 * rl_log(x / 2) - x / 2 - log_gamma) * ((1 - m / x) * l + 2 / x);
    return fmin(p, 1);
}
