#include "model/hac.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "num/ols.h"

/* Row t - l of row i, or SIZE_MAX. q: where the last search ended. */
static size_t before(const int32_t *at, const int32_t *unit, size_t i, int l, bool by_rank, size_t *q)
{
    if (by_rank) {
        size_t j = i - (size_t)l;
        return i < (size_t)l || (unit != NULL && unit[j] != unit[i]) ? SIZE_MAX : j;
    }
    int64_t want = (int64_t)at[i] - l;
    while (*q < i && ((unit != NULL && unit[*q] != unit[i]) || at[*q] < want)) (*q)++;
    return *q < i && at[*q] == want ? *q : SIZE_MAX;
}

/* V_ab += w (h_ia h_jb + h_ja h_ib) for all pairs (i, j) of lag l */
static void add_lag(const rl_mat *h, const int32_t *at, const int32_t *unit, int l, double w, bool by_rank, rl_mat *V)
{
    size_t m = h->k, q = 0;
    for (size_t i = 0; i < h->n; i++) {
        size_t j = before(at, unit, i, l, by_rank, &q);
        if (j == SIZE_MAX) continue;
        for (size_t a = 0; a < m; a++)
            for (size_t b = 0; b <= a; b++) {
                double s = *rl_mat_at(h, i, a) * *rl_mat_at(h, j, b) + *rl_mat_at(h, j, a) * *rl_mat_at(h, i, b);
                *rl_mat_at(V, a, b) += w * s;
            }
    }
}

void rl_hac_weighted(const rl_mat *h, const int32_t *at, const int32_t *unit, const double *w, int L, bool by_rank,
                     rl_mat *V, rl_ctx *cx)
{
    size_t m = h->k;
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b <= a; b++)
            *rl_mat_at(V, a, b) = rl_dot(NULL, rl_mat_col(h, a), rl_mat_col(h, b), h->n, cx);
    for (int l = 1; l <= L; l++) add_lag(h, at, unit, l, w[l], by_rank, V);
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b < a; b++) *rl_mat_at(V, b, a) = *rl_mat_at(V, a, b);
}

static double *bartlett(int L, rl_ctx *cx)
{
    double *w = RL_NEW(cx->tmp, double, (size_t)L + 1);
    for (int l = 0; l <= L; l++) w[l] = 1 - l / (L + 1.0);
    return w;
}

void rl_hac_sum(const rl_mat *h, const int32_t *at, const int32_t *unit, int L, bool by_rank, rl_mat *V, rl_ctx *cx)
{
    rl_hac_weighted(h, at, unit, bartlett(L, cx), L, by_rank, V, cx);
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
    rl_hac_weighted(&white, NULL, NULL, w != NULL ? w : bartlett(L, cx), L, true, &M, cx);
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
