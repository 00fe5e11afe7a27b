#include "num/unitroot.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "num/ols.h"

static const char *const SHORT = "too short: %zu periods leave nothing over for %d lags and %zu more coefficients";

/* Columns 1, t. */
static size_t deterministic(rl_det det, size_t n, rl_mat *X, size_t at)
{
    for (size_t i = 0; i < n && det != RL_DET_NONE; i++) *rl_mat_at(X, i, at) = 1;
    for (size_t i = 0; i < n && det == RL_DET_TREND; i++) *rl_mat_at(X, i, at + 1) = (double)(i + 1);
    return (size_t)det;
}

/* dy_t, t = lags+1 .. n-1, on y_(t-1), 1, t and the lags of dy. */
static rl_code regression(const double *y, size_t n, int lags, rl_det det, rl_mat *X, double **dy, rl_ctx *cx)
{
    size_t p = (size_t)lags, k = 1 + (size_t)det + p, m = n > p + 1 ? n - 1 - p : 0;
    if (m < k + 3) return rl_fail(cx, RL_EDATA, SHORT, n, lags, k - p);
    *X = rl_mat_new(m, k, cx->tmp);
    *dy = RL_NEW(cx->tmp, double, m);
    for (size_t i = 0; i < m; i++) {
        size_t t = i + p + 1;
        *rl_mat_at(X, i, 0) = y[t - 1];
        (*dy)[i] = y[t] - y[t - 1];
        for (size_t j = 1; j <= p; j++) *rl_mat_at(X, i, (size_t)det + j) = y[t - j] - y[t - j - 1];
    }
    deterministic(det, m, X, 1);
    return RL_OK;
}

/* y_(t-1) and what stands beside it must not be one and the same. */
static rl_code must_vary(const rl_ols_fit *o, rl_ctx *cx)
{
    bool line = false;
    for (size_t j = 0; j < o->k; j++) line |= o->dropped[j];
    if (!line && o->rss > 0 && !(o->rss <= 1e-26 * o->yy)) return RL_OK;
    return rl_fail(cx, RL_EDATA, "it follows a line (or its own past) exactly: nothing is left to test");
}

static void tau_of(const rl_ols_fit *o, size_t m, rl_tau *out)
{
    double s2 = o->rss / (double)(m - o->k);
    *out = (rl_tau){o->b[0] / sqrt(s2 * o->A.a[0]), o->b[0], m};
}

rl_code rl_adf(const double *y, size_t n, int lags, rl_det det, rl_tau *out, rl_ctx *cx)
{
    rl_mat X;
    double *dy = NULL;
    rl_ols_fit o;
    RL_TRY(regression(y, n, lags, det, &X, &dy, cx));
    RL_TRY(rl_ols(&X, dy, NULL, NULL, &o, cx->tmp, cx));
    RL_TRY(must_vary(&o, cx));
    tau_of(&o, X.n, out);
    rl_release(cx->tmp, X.a);
    return RL_OK;
}

rl_code rl_adf_lags(const double *y, size_t n, int most, rl_det det, rl_lag_ic ic, int *lags, rl_ctx *cx)
{
    int room = ((int)n - 6 - (int)det) / 3;
    if (most < 0) most = (int)(12 * sqrt(sqrt((double)n / 100)));
    if (most > room) most = room > 0 ? room : 0;
    *lags = 0;
    if (most == 0) return RL_OK;
    rl_mat X, hi, lo;
    double *dy = NULL;
    RL_TRY(regression(y, n, most, det, &X, &dy, cx));
    size_t m = X.n, k = X.k, first = 1 + (size_t)det;
    rl_mat all =
        rl_mat_new(m, k + 1, cx->tmp); /* dy last: a Cholesky factor's last row tells what each column explains */
    for (size_t j = 0; j < k; j++) memcpy(rl_mat_col(&all, j), rl_mat_col(&X, j), m * sizeof(double));
    memcpy(rl_mat_col(&all, k), dy, m * sizeof(double));
    hi = rl_mat_new(k + 1, k + 1, cx->tmp);
    lo = rl_mat_new(k + 1, k + 1, cx->tmp);
    RL_TRY(rl_gram(&all, NULL, &hi, &lo, cx));
    long double *L = RL_NEW(cx->tmp, long double, (k + 1) * (k + 1)), rss = *rl_mat_at(&hi, k, k);
    double best = HUGE_VAL;
    for (size_t j = 0; j < k; j++) {
        for (size_t i = j; i <= k; i++) {
            long double v = (long double)*rl_mat_at(&hi, i, j) + *rl_mat_at(&lo, i, j);
            for (size_t q = 0; q < j; q++) v -= L[i * (k + 1) + q] * L[j * (k + 1) + q];
            if (i == j && !(v > 1e-18L * *rl_mat_at(&hi, j, j))) return RL_OK; /* what follows is not told apart */
            L[i * (k + 1) + j] = i == j ? sqrtl(v) : v / L[j * (k + 1) + j];
        }
        rss -= L[k * (k + 1) + j] * L[k * (k + 1) + j];
        if (j + 1 < first || !(rss > 0)) continue;
        double penalty = ic == RL_LAG_AIC ? 2 : rl_log((double)m);
        double value = (double)m * rl_log((double)rss / (double)m) + penalty * (double)(j + 1);
        if (value < best) {
            best = value;
            *lags = (int)(j + 1 - first);
        }
    }
    rl_release(cx->tmp, X.a);
    rl_release(cx->tmp, all.a);
    return RL_OK;
}

double rl_bartlett(const double *e, size_t n, int lags)
{
    long double total = 0;
    for (int j = 0; j <= lags && (size_t)j < n; j++) {
        long double sum = 0;
        for (size_t t = (size_t)j; t < n; t++) sum += (long double)e[t] * e[t - (size_t)j];
        total += (j == 0 ? 1 : 2) * (1 - (long double)j / (lags + 1)) * sum;
    }
    return (double)(total / (long double)n);
}

rl_code rl_pp(const double *y, size_t n, int lags, rl_det det, rl_tau *out, rl_ctx *cx)
{
    rl_mat X;
    double *dy = NULL;
    rl_ols_fit o;
    RL_TRY(regression(y, n, 0, det, &X, &dy, cx));
    RL_TRY(rl_ols(&X, dy, NULL, NULL, &o, cx->tmp, cx));
    RL_TRY(must_vary(&o, cx));
    tau_of(&o, X.n, out);
    double m = (double)X.n, g0 = o.rss / m, l2 = rl_bartlett(o.e, X.n, lags);
    /* Hamilton (1994), eq. 17.6.12: A_00 is the variance of rho over that of u */
    out->t = out->t * sqrt(g0 / l2) - 0.5 * (l2 - g0) * m * sqrt(o.A.a[0]) / sqrt(l2);
    rl_release(cx->tmp, X.a);
    return RL_OK;
}

/* Deviations from the mean or a line. */
static rl_code deviations(const double *y, size_t n, bool trend, double **e, rl_ctx *cx)
{
    rl_ols_fit o;
    if (n < 5) return rl_fail(cx, RL_EDATA, "too short: %zu periods", n);
    rl_mat X = rl_mat_new(n, trend ? 2 : 1, cx->tmp);
    deterministic(trend ? RL_DET_TREND : RL_DET_DRIFT, n, &X, 0);
    RL_TRY(rl_ols(&X, y, NULL, NULL, &o, cx->tmp, cx));
    *e = o.e;
    if (o.rss > 1e-26 * o.yy) return RL_OK;
    return rl_fail(cx, RL_EDATA, "it is %s: nothing is left to test", trend ? "a line" : "constant");
}

int rl_kpss_lags(const double *y, size_t n, bool trend, rl_ctx *cx)
{
    double *e, s0, s1 = 0;
    if (deviations(y, n, trend, &e, cx) != RL_OK) return 0; /* rl_kpss() will say it */
    int m = (int)rl_pow((double)n, 2.0 / 9);
    s0 = rl_dot(NULL, e, e, n, cx);
    for (int j = 1; j <= m && (size_t)j < n; j++) {
        double sum = rl_dot(NULL, e + j, e, n - (size_t)j, cx);
        s0 += 2 * sum;
        s1 += 2 * j * sum;
    }
    double r = s1 / s0, best = 1.1447 * rl_pow(r * r, 1.0 / 3) * rl_pow((double)n, 1.0 / 3);
    return !(best < (double)n - 1) ? (int)n - 1 : (int)best;
}

rl_code rl_kpss(const double *y, size_t n, int lags, bool trend, double *eta, rl_ctx *cx)
{
    double *e;
    RL_TRY(deviations(y, n, trend, &e, cx));
    if (lags < 0) lags = rl_kpss_lags(y, n, trend, cx);
    long double part = 0, sum = 0;
    for (size_t t = 0; t < n; t++) {
        part += e[t];
        sum += part * part;
    }
    *eta = (double)(sum / ((long double)n * n)) / rl_bartlett(e, n, lags);
    return RL_OK;
}
