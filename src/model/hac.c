#include "model/hac.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/fmath.h"
#include "base/par.h"
#include "base/simd.h"
#include "num/ols.h"

enum { CHUNK = 512, MOST_WORKERS = 64 };

typedef struct job {
    const rl_hac_rows *h;
    const int32_t *at, *unit;
    const double *w;
    size_t L, halo; /* lags; rows that can be so far back */
    bool by_rank;
    size_t ld, size; /* of a worker's room: h of the chunk and the halo before, m-by-ld; f, m-by-CHUNK */
    double *room;
    atomic_flag *busy;
    size_t workers;
    double *slot; /* a block by pairs */
} job;

/* Do the rows from - L .. to-1 follow each other without a gap? */
static bool even(const job *p, size_t from, size_t to)
{
    if (p->L == 0) return true;
    if (from < p->L) return false; /* so the halo is all of L */
    size_t lo = from - p->L;
    if (p->unit != NULL && p->unit[lo] != p->unit[to - 1]) return false;
    return p->by_rank || (int64_t)p->at[to - 1] - p->at[lo] == (int64_t)(to - 1 - lo);
}

/* f = h / 2 + sum_l w_l h_l of n neighbours, sixteen at a time. */
RL_CLONES static void filter(const double *h, const double *w, size_t L, size_t n, double *f)
{
    enum { STEP = 16 };
    size_t r = 0;
    for (; r + STEP <= n; r += STEP) {
        const double *x = h + r;
        rl_four s0 = 0.5 * RL_FOUR_OF(x), s1 = 0.5 * RL_FOUR_OF(x + 4), s2 = 0.5 * RL_FOUR_OF(x + 8),
                s3 = 0.5 * RL_FOUR_OF(x + 12);
        for (size_t l = 1; l <= L; l++) {
            const rl_four by = {w[l], w[l], w[l], w[l]};
            const double *before = x - l;
            s0 += by * RL_FOUR_OF(before);
            s1 += by * RL_FOUR_OF(before + 4);
            s2 += by * RL_FOUR_OF(before + 8);
            s3 += by * RL_FOUR_OF(before + 12);
        }
        RL_FOUR(f + r) = s0;
        RL_FOUR(f + r + 4) = s1;
        RL_FOUR(f + r + 8) = s2;
        RL_FOUR(f + r + 12) = s3;
    }
    for (; r < n; r++) {
        f[r] = 0.5 * h[r];
        for (size_t l = 1; l <= L; l++) f[r] += w[l] * *(h + r - l);
    }
}

/* The same of row i, from the rows before it that are there. */
static void filter_row(const job *p, size_t i, const double *h, double *f)
{
    for (size_t a = 0; a < p->h->m; a++) f[a * CHUNK] = 0.5 * h[a * p->ld];
    for (size_t back = 1; back <= p->halo && back <= i; back++) {
        size_t j = i - back;
        int64_t l = p->by_rank ? (int64_t)back : (int64_t)p->at[i] - p->at[j];
        if ((p->unit != NULL && p->unit[j] != p->unit[i]) || l > (int64_t)p->L) return;
        for (size_t a = 0; a < p->h->m; a++) f[a * CHUNK] += p->w[l] * *(h + a * p->ld - back);
    }
}

/* sum of a_r d_r + b_r c_r, in four lanes */
RL_CLONES static double products(const double *a, const double *b, const double *c, const double *d, size_t n)
{
    rl_four s = {0};
    size_t r = 0;
    for (; r + 4 <= n; r += 4) s += RL_FOUR_OF(a + r) * RL_FOUR_OF(d + r) + RL_FOUR_OF(b + r) * RL_FOUR_OF(c + r);
    for (; r < n; r++) s[0] += a[r] * d[r] + b[r] * c[r];
    return rl_four_sum(&s);
}

static void add_chunk(const job *p, size_t from, size_t to, const double *H, double *F, double *slot)
{
    size_t m = p->h->m, n = to - from;
    if (even(p, from, to))
        for (size_t a = 0; a < m; a++) filter(H + a * p->ld + p->halo, p->w, p->L, n, F + a * CHUNK);
    else
        for (size_t r = 0; r < n; r++) filter_row(p, from + r, H + p->halo + r, F + r);
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b <= a; b++)
            *slot++ += products(H + a * p->ld + p->halo, F + a * CHUNK, H + b * p->ld + p->halo, F + b * CHUNK, n);
}

static void add_block(size_t block, void *arg)
{
    const job *p = arg;
    size_t worker = 0, m = p->h->m, from = block * RL_ROWS_PER_BLOCK, end = from + RL_ROWS_PER_BLOCK;
    while (atomic_flag_test_and_set_explicit(&p->busy[worker], memory_order_acquire))
        worker = (worker + 1) % p->workers;
    double *H = p->room + worker * p->size, *F = H + m * p->ld;
    size_t before = from < p->halo ? from : p->halo;
    if (end > p->h->n) end = p->h->n;
    p->h->rows(p->h->of, from - before, before, H + (p->halo - before), p->ld);
    for (size_t to; from < end; from = to) {
        to = end - from < CHUNK ? end : from + CHUNK;
        p->h->rows(p->h->of, from, to - from, H + p->halo, p->ld);
        add_chunk(p, from, to, H, F, p->slot + block * (m * (m + 1) / 2));
        for (size_t a = 0; a < m; a++) memmove(H + a * p->ld, H + a * p->ld + (to - from), p->halo * sizeof *H);
    }
    atomic_flag_clear_explicit(&p->busy[worker], memory_order_release);
}

void rl_hac_made(const rl_hac_rows *h, const int32_t *at, const int32_t *unit, const double *w, int L, bool by_rank,
                 rl_mat *V, rl_ctx *cx)
{
    size_t m = h->m, pairs = m * (m + 1) / 2, blocks = rl_blocks(h->n, RL_ROWS_PER_BLOCK);
    job p = {.h = h, .at = at, .unit = unit, .w = w, .L = (size_t)L, .by_rank = by_rank};
    p.halo = p.L < h->n ? p.L : h->n;
    p.ld = p.halo + CHUNK;
    p.size = m * (p.ld + CHUNK);
    p.workers = cx->threads < MOST_WORKERS ? (size_t)cx->threads : MOST_WORKERS;
    if (p.workers > blocks) p.workers = blocks > 0 ? blocks : 1;
    p.room = RL_NEW(cx->tmp, double, p.workers *p.size);
    p.busy = RL_NEW(cx->tmp, atomic_flag, p.workers);
    for (size_t t = 0; t < p.workers; t++) atomic_flag_clear(&p.busy[t]);
    p.slot = RL_NEW(cx->tmp, double, blocks *pairs);
    rl_par(blocks, add_block, &p, cx);
    for (size_t a = 0, q = 0; a < m; a++)
        for (size_t b = 0; b <= a; b++, q++) {
            double sum = 0;
            for (size_t k = 0; k < blocks; k++) sum += p.slot[k * pairs + q];
            *rl_mat_at(V, a, b) = *rl_mat_at(V, b, a) = sum;
        }
    rl_release(cx->tmp, p.room);
    rl_release(cx->tmp, p.slot);
}

static void stored(const void *of, size_t from, size_t count, double *out, size_t ld)
{
    const rl_mat *h = of;
    for (size_t j = 0; j < h->k; j++) memcpy(out + j * ld, rl_mat_col(h, j) + from, count * sizeof *out);
}

void rl_hac_weighted(const rl_mat *h, const int32_t *at, const int32_t *unit, const double *w, int L, bool by_rank,
                     rl_mat *V, rl_ctx *cx)
{
    rl_hac_rows rows = {h->n, h->k, stored, h};
    rl_hac_made(&rows, at, unit, w, L, by_rank, V, cx);
}

double *rl_hac_bartlett(int L, rl_ctx *cx)
{
    double *w = RL_NEW(cx->tmp, double, (size_t)L + 1);
    for (int l = 0; l <= L; l++) w[l] = 1 - l / (L + 1.0);
    return w;
}

void rl_hac_sum(const rl_mat *h, const int32_t *at, const int32_t *unit, int L, bool by_rank, rl_mat *V, rl_ctx *cx)
{
    rl_hac_weighted(h, at, unit, rl_hac_bartlett(L, cx), L, by_rank, V, cx);
}

/* Residuals of a VAR(1) without a constant, n - 1 rows; B (k-by-k): u_t = B' u_(t-1) + out_t. */
static bool whiten(const rl_mat *u, rl_mat *out, rl_mat *B, rl_ctx *cx)
{
    size_t n = u->n - 1, k = u->k;
    rl_mat lagged = rl_mat_new(n, k, cx->tmp);
    *out = rl_mat_new(n, k, cx->tmp);
    *B = rl_mat_new(k, k, cx->tmp);
    for (size_t j = 0; j < k; j++) memcpy(rl_mat_col(&lagged, j), rl_mat_col(u, j), n * sizeof(double));
    for (size_t j = 0; j < k; j++) {
        rl_ols_fit o;
        if (rl_ols(&lagged, rl_mat_col(u, j) + 1, NULL, NULL, &o, cx->tmp, cx) != RL_OK || o.rank < k) return false;
        memcpy(rl_mat_col(out, j), o.e, n * sizeof(double));
        memcpy(rl_mat_col(B, j), o.b, k * sizeof(double));
    }
    return true;
}

/* D = (I - B')^-1 by Gauss-Jordan with row exchange. */
static bool recolour(const rl_mat *B, rl_mat *D, rl_ctx *cx)
{
    size_t k = B->k;
    long double *M = RL_NEW(cx->tmp, long double, 2 * k * k); /* row-major [I - B' | I] */
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            M[i * 2 * k + j] = (i == j) - (long double)*rl_mat_at(B, j, i);
            M[i * 2 * k + k + j] = i == j;
        }
    for (size_t c = 0; c < k; c++) {
        size_t p = c;
        for (size_t i = c + 1; i < k; i++)
            if (fabsl(M[i * 2 * k + c]) > fabsl(M[p * 2 * k + c])) p = i;
        if (fabsl(M[p * 2 * k + c]) < 1e-12L) return false;
        for (size_t j = 0; j < 2 * k; j++) {
            long double v = M[p * 2 * k + j];
            M[p * 2 * k + j] = M[c * 2 * k + j];
            M[c * 2 * k + j] = v;
        }
        long double pivot = M[c * 2 * k + c];
        for (size_t j = 0; j < 2 * k; j++) M[c * 2 * k + j] /= pivot;
        for (size_t i = 0; i < k; i++) {
            long double v = M[i * 2 * k + c];
            for (size_t j = 0; j < 2 * k && i != c; j++) M[i * 2 * k + j] -= v * M[c * 2 * k + j];
        }
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) *rl_mat_at(D, i, j) = (double)M[i * 2 * k + k + j];
    return true;
}

rl_code rl_hac_prewhitened(const rl_mat *h, const double *w, int L, rl_mat *V, rl_ctx *cx)
{
    size_t k = h->k;
    rl_mat white, B, D = rl_mat_new(k, k, cx->tmp), M = rl_mat_new(k, k, cx->tmp);
    if (h->n < k + 2 || !whiten(h, &white, &B, cx) || !recolour(&B, &D, cx)) {
        rl_fail(cx, RL_EDATA, "the scores of %zu periods cannot be prewhitened", h->n);
        return rl_hint(cx, "leave it out, as in NW:4,prewhite=0");
    }
    rl_hac_weighted(&white, NULL, NULL, w != NULL ? w : rl_hac_bartlett(L, cx), L, true, &M, cx);
    for (size_t a = 0; a < k; a++) /* V = D M D' */
        for (size_t b = 0; b <= a; b++) {
            long double sum = 0;
            for (size_t i = 0; i < k; i++)
                for (size_t j = 0; j < k; j++)
                    sum += (long double)*rl_mat_at(&D, a, i) * *rl_mat_at(&M, i, j) * *rl_mat_at(&D, b, j);
            *rl_mat_at(V, a, b) = *rl_mat_at(V, b, a) = (double)sum;
        }
    return RL_OK;
}

double rl_hac_bandwidth(const rl_mat *u, size_t skip, bool prewhite, rl_ctx *cx)
{
    rl_mat white = *u, B;
    if (u->n < 3) return NAN;
    if (prewhite && !whiten(u, &white, &B, cx)) return NAN;
    size_t n = white.n;
    double *hw = RL_NEW(cx->tmp, double, n), s0, s1 = 0;
    for (size_t j = 0; j < white.k; j++)
        for (size_t i = 0; i < n && !(j == skip && white.k > 1); i++) hw[i] += *rl_mat_at(&white, i, j);
    int m = (int)floor((prewhite ? 3 : 4) * rl_pow((double)n / 100, 2.0 / 9));
    s0 = rl_dot(NULL, hw, hw, n, cx) / (double)n;
    for (int j = 1; j <= m && (size_t)j < n; j++) {
        double sigma = rl_dot(NULL, hw, hw + j, n - (size_t)j, cx) / (double)n;
        s0 += 2 * sigma;
        s1 += 2 * j * sigma;
    }
    double ratio = s1 / s0;
    return 1.1447 * rl_pow(ratio * ratio * (double)u->n, 1.0 / 3);
}

/* --- Andrews ------------------------------------------------------------------------- */

/* u_t = mean + rho (u_(t-1) - ..) + e_t by least squares with a constant; s4 = var(e)^2. */
static bool autoregression(const double *u, size_t n, double *rho, double *s4, rl_ctx *cx)
{
    rl_mat X = rl_mat_new(n - 1, 2, cx->tmp);
    rl_ols_fit o;
    for (size_t i = 0; i + 1 < n; i++) {
        X.a[i] = 1;
        X.a[i + n - 1] = u[i];
    }
    if (rl_ols(&X, u + 1, NULL, NULL, &o, cx->tmp, cx) != RL_OK || o.rank < 2) return false;
    double var = o.rss / (double)(n - 1);
    *rho = o.b[1];
    *s4 = var * var;
    return true;
}

double rl_hac_andrews(const rl_mat *u, size_t skip, bool prewhite, bool spectral, rl_ctx *cx)
{
    rl_mat white = *u, B;
    double above = 0, below = 0;
    if (u->n < 4) return NAN;
    if (prewhite && !whiten(u, &white, &B, cx)) return NAN;
    for (size_t j = 0; j < white.k; j++) {
        double rho, s4;
        if (j == skip && white.k > 1) continue;
        if (!autoregression(rl_mat_col(&white, j), white.n, &rho, &s4, cx)) return NAN;
        double d = 1 - rho, d2 = d * d, d4 = d2 * d2, d6 = d4 * d2, s = 1 + rho;
        above += 4 * rho * rho * s4 / (spectral ? d4 * d4 : d6 * s * s);
        below += s4 / d4;
    }
    double x = (double)white.n * (above / below);
    return spectral ? 1.3221 * rl_pow(x, 1.0 / 5) : 1.1447 * rl_pow(x, 1.0 / 3);
}

/* sinl and cosl: their software has no variants by CPU, and the result is rounded to double. */
static double quadratic_spectral(double x)
{
    long double z = 6 * 3.14159265358979323846L * (long double)x / 5;
    if (z < 1e-3L) return (double)(1 - z * z / 10);
    return (double)(3 * (sinl(z) / z - cosl(z)) / (z * z));
}

double *rl_hac_spectral(double bandwidth, size_t n, int *L, rl_ctx *cx)
{
    double *w = RL_NEW(cx->tmp, double, n);
    *L = 0;
    for (size_t l = 0; l < n; l++) {
        w[l] = l == 0 ? 1 : bandwidth > 0 ? quadratic_spectral((double)l / bandwidth) : 0;
        if (fabs(w[l]) > 1e-7) *L = (int)l;
    }
    return w;
}
