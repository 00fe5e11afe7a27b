#include "num/block.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/par.h"
#include "base/rng.h"

/* --- draws --------------------------------------------------------------------------- */

typedef struct job {
    const rl_mat *h;
    size_t L, N, per; /* draws a chunk */
    bool dependent;
    uint64_t seed;
    const double *expected; /* m        sum of a new series      */
    double *room;           /* 3T a chunk                        */
    rl_mat *t;
} job;

/* Sum of squared sums over L periods of x less its mean, windows that stick out at the ends included, over L. */
static double bartlett(const double *x, size_t T, size_t L, double mean)
{
    double run = 0, squares = 0;
    for (size_t i = 0; i < T + L - 1; i++) {
        if (i < T) run += x[i] - mean;
        if (i >= L) run -= x[i - L] - mean;
        squares += run * run;
    }
    return squares / (double)L;
}

double rl_block_variance(const double *h, size_t T, size_t L) { return bartlett(h, T, L, 0); }

static void draw_blocks(const job *q, rl_rng *r, double *from)
{
    size_t T = q->h->n, L = q->L;
    for (size_t i = 0; i < T; i += L) {
        double start = floor(rl_uniform(r) * (double)(T - L + 1));
        for (size_t o = 0; o < L && i + o < T; o++) from[i + o] = start + (double)o;
    }
}

/* w_t = sum of L standard normals / sqrt(L), each window one step on. */
static void draw_weights(const job *q, rl_rng *r, double *w)
{
    size_t T = q->h->n, L = q->L;
    double *z = w + T, run = 0, root = sqrt((double)L); /* z: the last L, in a ring */
    for (size_t i = 0; i + 1 < L; i++) run += z[i] = rl_normal(r);
    for (size_t i = 0; i < T; i++) {
        size_t at = (i + L - 1) % L;
        z[at] = rl_normal(r);
        run += z[at];
        w[i] = run / root;
        run -= z[i % L];
    }
}

static void chunk(size_t c, void *arg)
{
    const job *q = arg;
    size_t T = q->h->n, end = (c + 1) * q->per < q->N ? (c + 1) * q->per : q->N;
    double *by = q->room + c * 3 * T, *x = by + 2 * T;
    for (size_t d = c * q->per; d < end; d++) {
        rl_rng r = rl_rng_for(q->seed, d);
        (q->dependent ? draw_weights : draw_blocks)(q, &r, by);
        for (size_t j = 0; j < q->h->k; j++) {
            const double *h = rl_mat_col(q->h, j);
            double sum = 0;
            for (size_t i = 0; i < T; i++) {
                x[i] = q->dependent ? by[i] * h[i] : h[(size_t)by[i]];
                sum += x[i];
            }
            double V = bartlett(x, T, q->L, sum / (double)T), t = fabs(sum - q->expected[j]) / sqrt(V);
            *rl_mat_at(q->t, d, j) = isnan(t) ? HUGE_VAL : t;
        }
    }
}

/* What is expected of the sum: each place of a block is any of T - L + 1 periods. */
static double expectation(const double *x, size_t T, size_t L)
{
    long double run = 0, sum = 0;
    size_t starts = T - L + 1;
    for (size_t i = 0; i < starts; i++) run += x[i];
    for (size_t o = 0; o < L; o++) {
        sum += run * (long double)((T - o + L - 1) / L); /* blocks that reach place o */
        if (o + 1 < L) run += (long double)x[o + starts] - x[o];
    }
    return (double)(sum / (long double)starts);
}

void rl_block_run(const rl_mat *h, size_t L, bool dependent, size_t N, uint64_t seed, rl_mat *t, rl_ctx *cx)
{
    size_t most = (1 << 20) / h->n, chunks = most < 1 ? 1 : most > 64 ? 64 : most;
    double *expected = RL_NEW(cx->tmp, double, h->k);
    for (size_t j = 0; j < h->k && !dependent; j++) expected[j] = expectation(rl_mat_col(h, j), h->n, L);
    job q = {h, L, N, (N + chunks - 1) / chunks, dependent, seed, expected, NULL, t};
    q.room = RL_NEW(cx->tmp, double, 3 * h->n * chunks);
    rl_par(chunks, chunk, &q, cx);
    rl_release(cx->tmp, q.room);
}

/* --- length -------------------------------------------------------------------------- */

static double covariance(const double *x, size_t T, size_t l, double mean)
{
    long double sum = 0;
    for (size_t i = l; i < T; i++) sum += ((long double)x[i] - mean) * ((long double)x[i - l] - mean);
    return (double)(sum / (long double)T);
}

/* The first lag from which Kn in a row are insignificant; else the last significant one. */
static size_t last_significant(const double *R, size_t most, size_t Kn, double bound)
{
    size_t run = 0, last = 1;
    for (size_t l = 1; l <= most; l++) {
        bool small = fabs(R[l] / R[0]) < bound;
        run = small ? run + 1 : 0;
        if (!small) last = l;
        if (run == Kn) return l - Kn + 1;
    }
    return last;
}

double rl_block_length(const double *x, size_t T, rl_ctx *cx)
{
    double n = (double)T, log10n = rl_log(n) / 2.302585092994045684;
    if (T < 5) return NAN;
    size_t Kn = log10n > 5 ? (size_t)ceil(log10n) : 5, most = (size_t)ceil(sqrt(n)) + Kn;
    long double sum = 0;
    for (size_t i = 0; i < T; i++) sum += x[i];
    double mean = (double)(sum / n), *R = RL_NEW(cx->tmp, double, most + 1);
    for (size_t l = 0; l <= most; l++) R[l] = l < T ? covariance(x, T, l, mean) : 0;
    if (!(R[0] > 0)) return NAN;
    size_t M = 2 * last_significant(R, most, Kn, 1.959963984540054 * sqrt(log10n / n));
    if (M > most) M = most;
    double G = 0, spectrum = R[0];
    for (size_t l = 1; l <= M; l++) {
        double s = (double)l / (double)M, flat = s < 0.5 ? 1 : 2 * (1 - s);
        G += 2 * flat * (double)l * R[l];
        spectrum += 2 * flat * R[l];
    }
    double b = rl_pow(2 * G * G / (4.0 / 3 * spectrum * spectrum) * n, 1.0 / 3);
    return fmin(b, ceil(fmin(3 * sqrt(n), n / 3)));
}
