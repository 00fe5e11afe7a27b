#include "num/ratio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"

typedef struct cplx {
    double re, im;
} cplx;

static cplx cmul(cplx a, cplx b) { return (cplx){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

static cplx cinv(cplx a)
{
    double n = a.re * a.re + a.im * a.im;
    return (cplx){a.re / n, -a.im / n};
}

/* Principal square root where the real part is positive. */
static cplx croot(cplx a)
{
    double re = sqrt((sqrt(a.re * a.re + a.im * a.im) + a.re) / 2);
    return (cplx){re, a.im / (2 * re)};
}

/* z 2^e, brought back to a middling size. */
typedef struct scaled {
    cplx z;
    int e;
} scaled;

static void times(scaled *s, cplx by)
{
    s->z = cmul(s->z, by);
    int e;
    frexp(fmax(fabs(s->z.re), fabs(s->z.im)), &e);
    if (abs(e) < 200) return;
    s->z.re = ldexp(s->z.re, -e);
    s->z.im = ldexp(s->z.im, -e);
    s->e += e;
}

typedef struct form {
    size_t n, k;
    const double *Q; /* n-by-k, row by row  orthonormal columns that span X */
    const double *diag, *off;
    double d;
    cplx *z, *G; /* k, k-by-k */
} form;

/* det X'C^-1 X into the product, G being that matrix (its upper triangle). */
static void pivots(const form *f, scaled *out)
{
    cplx *G = f->G;
    size_t k = f->k;
    for (size_t j = 0; j < k; j++) {
        times(out, croot(G[j * k + j]));
        cplx by = cinv(G[j * k + j]);
        for (size_t a = j + 1; a < k; a++) {
            cplx l = cmul(G[j * k + a], by);
            for (size_t b = a; b < k; b++) {
                cplx t = cmul(l, G[j * k + b]);
                G[a * k + b].re -= t.re;
                G[a * k + b].im -= t.im;
            }
        }
    }
}

/* 1 / M(s): the square root of det C det Q'C^-1 Q. */
static scaled root_det(const form *f, cplx s)
{
    scaled out = {{1, 0}, 0};
    size_t k = f->k;
    cplx before = {1, 0}, inverse = {1, 0};
    memset(f->G, 0, k * k * sizeof *f->G);
    for (size_t i = 0; i < f->n; i++) {
        double a = -2 * (f->diag[i] - f->d);
        cplx p = {1 + a * s.re, a * s.im}, l = {0, 0};
        const double *q = f->Q + i * k;
        if (i > 0 && f->off[i] != 0) {
            cplx e = {-2 * s.re * f->off[i], -2 * s.im * f->off[i]}, le;
            l = cmul(e, inverse);
            le = cmul(l, e);
            p.re -= le.re;
            p.im -= le.im;
        }
        before = p;
        inverse = cinv(before);
        times(&out, croot(p));
        for (size_t j = 0; j < k; j++) {
            cplx t = cmul(l, f->z[j]);
            f->z[j] = (cplx){q[j] - t.re, -t.im};
        }
        for (size_t j = 0; j < k; j++) {
            cplx zj = cmul(f->z[j], inverse);
            for (size_t b = j; b < k; b++) {
                cplx t = cmul(zj, f->z[b]);
                f->G[j * k + b].re += t.re;
                f->G[j * k + b].im += t.im;
            }
        }
    }
    pivots(f, &out);
    return out;
}

/* log |M(c) / c| for real c. */
static double log_height(const form *f, double c)
{
    scaled r = root_det(f, (cplx){c, 0});
    return -rl_log(r.z.re) - 0.693147180559945309 * r.e - rl_log(fabs(c));
}

/* The lowest point of log |M(c) / c| between 0 and `end`: convex there. */
static double saddle(const form *f, double end, double *height)
{
    const double g = 0.618033988749894848;
    double a = 1e-12 * end, b = end * (1 - 1e-9), x = b - g * (b - a), y = a + g * (b - a);
    double fx = log_height(f, x), fy = log_height(f, y);
    for (int i = 0; i < 60 && fabs(b - a) > 1e-3 * fabs(a + b); i++) {
        if (fx < fy) {
            b = y, y = x, fy = fx;
            x = b - g * (b - a), fx = log_height(f, x);
        } else {
            a = x, x = y, fx = fy;
            y = a + g * (b - a), fy = log_height(f, y);
        }
    }
    *height = fx < fy ? fx : fy;
    return fx < fy ? x : y;
}

/* How wide the peak at c is along the imaginary axis. */
static double width(const form *f, double c, double end)
{
    double step = 1e-3 * fmin(fabs(c), fabs(end - c));
    double bend = (log_height(f, c + step) - 2 * log_height(f, c) + log_height(f, c - step)) / (step * step);
    return bend > 0 ? fmin(1 / sqrt(bend), fabs(c)) : fabs(c);
}

/* Re and modulus of M(s) / (s sign) exp(-height) at s = c + i a sinh u, times cosh u. */
static double integrand(const form *f, double c, double a, double u, double height, double *modulus)
{
    double e = rl_exp(u), sh = 0.5 * (e - 1 / e), ch = 0.5 * (e + 1 / e);
    cplx s = {c, a * sh};
    scaled r = root_det(f, s);
    cplx v = cinv(cmul(r.z, s));
    double by = (c < 0 ? -1 : 1) * ch * rl_exp(-0.693147180559945309 * r.e - height);
    *modulus = sqrt(v.re * v.re + v.im * v.im) * fabs(by);
    return v.re * by;
}

/* Sum of the integrand at u = first, first + h, .. until it is lost. */
static double tail_sum(const form *f, double c, double a, double first, double h, double height)
{
    double sum = 0, modulus, most = 0;
    for (double u = first; u < 200; u += h) {
        sum += integrand(f, c, a, u, height, &modulus);
        if (modulus > most) most = modulus;
        if (modulus < 1e-17 * most && u > 1) break;
    }
    return sum;
}

/* P of the side of zero that c stands for. */
static double side(const form *f, double c, double a, double height)
{
    double modulus, h = 1, sum = 0.5 * integrand(f, c, a, 0, height, &modulus), last = NAN;
    sum += tail_sum(f, c, a, h, h, height);
    for (int i = 0; i < 9; i++) {
        double now = sum * h;
        if (fabs(now - last) <= 1e-13 * fabs(now)) return now * a / 3.14159265358979323846 * rl_exp(height);
        last = now;
        h *= 0.5;
        sum += tail_sum(f, c, a, h, 2 * h, height);
    }
    return NAN;
}

/* Columns of X made orthonormal (twice, so that they are), row by row. */
static double *orthonormal(const rl_mat *X, rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    rl_mat Q = rl_mat_new(n, k, cx->tmp);
    double *rows = RL_NEW(cx->tmp, double, n *k);
    for (size_t j = 0; j < k; j++) {
        double *q = rl_mat_col(&Q, j), top = 0;
        memcpy(q, rl_mat_col(X, j), n * sizeof *q);
        for (size_t i = 0; i < n; i++) top = fmax(top, fabs(q[i]));
        for (size_t i = 0; i < n && top > 0; i++) q[i] /= top;
        for (size_t turn = 0; turn < 2; turn++)
            for (size_t b = 0; b <= j; b++) {
                const double *o = rl_mat_col(&Q, b);
                long double dot = 0;
                for (size_t i = 0; i < n; i++) dot += (long double)o[i] * q[i];
                double root = (double)(b == j ? sqrtl(dot) : dot);
                for (size_t i = 0; i < n; i++) q[i] = b == j ? q[i] / root : q[i] - root * o[i];
            }
        for (size_t i = 0; i < n; i++) rows[i * k + j] = q[i];
    }
    rl_release(cx->tmp, Q.a);
    return rows;
}

rl_code rl_ratio_below(const rl_mat *X, const double *diag, const double *off, double d, double *p, rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    double low = HUGE_VAL, high = -HUGE_VAL; /* of the eigenvalues of A, by Gershgorin's circles */
    for (size_t i = 0; i < n; i++) {
        double r = (i > 0 ? fabs(off[i]) : 0) + (i + 1 < n ? fabs(off[i + 1]) : 0);
        low = fmin(low, diag[i] - r);
        high = fmax(high, diag[i] + r);
    }
    *p = d <= low ? 0 : 1;
    if (d <= low || d >= high) return RL_OK;
    form f = {.n = n,
              .k = k,
              .Q = orthonormal(X, cx),
              .diag = diag,
              .off = off,
              .d = d,
              .z = RL_NEW(cx->tmp, cplx, k),
              .G = RL_NEW(cx->tmp, cplx, k * k)};
    double end[2] = {0.5 / (low - d), 0.5 / (high - d)}, height[2], c[2];
    for (int i = 0; i < 2; i++) c[i] = saddle(&f, end[i], &height[i]);
    int at = height[0] <= height[1] ? 0 : 1; /* the smaller tail */
    double q = side(&f, c[at], width(&f, c[at], end[at]), height[at]);
    *p = fmin(fmax(at == 0 ? q : 1 - q, 0), 1);
    rl_release(cx->tmp, (void *)f.Q);
    return RL_OK;
}

/* A q of one column. */
static void apply(const double *diag, const double *off, const double *Q, size_t n, size_t k, size_t j, double *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = diag[i] * Q[i * k + j];
        if (i > 0) out[i] += off[i] * Q[(i - 1) * k + j];
        if (i + 1 < n) out[i] += off[i + 1] * Q[(i + 1) * k + j];
    }
}

rl_code rl_ratio_moments(const rl_mat *X, const double *diag, const double *off, double *mean, double *variance,
                         rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    double *Q = orthonormal(X, cx), *Aq = RL_NEW(cx->tmp, double, n);
    long double P = 0, R = 0;
    for (size_t i = 0; i < n; i++) {
        P += diag[i];
        R += (long double)diag[i] * diag[i] + (i > 0 ? 2 * (long double)off[i] * off[i] : 0);
    }
    for (size_t j = 0; j < k; j++) {
        apply(diag, off, Q, n, k, j, Aq);
        long double square = 0;
        for (size_t i = 0; i < n; i++) square += (long double)Aq[i] * Aq[i];
        R -= 2 * square;
        for (size_t b = 0; b < k; b++) {
            long double dot = 0;
            for (size_t i = 0; i < n; i++) dot += (long double)Aq[i] * Q[i * k + b];
            if (b == j) P -= dot;
            R += dot * dot;
        }
    }
    long double m = (long double)(n - k);
    *mean = (double)(P / m);
    *variance = fmax((double)(2 / (m * (m + 2)) * (R - P * P / m)), 0);
    rl_release(cx->tmp, Q);
    return RL_OK;
}
