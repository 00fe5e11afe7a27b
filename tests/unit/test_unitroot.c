#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "num/ols.h"
#include "num/unitroot.h"
#include "own_ctx.h"

/* t <- 1:24; y <- cumsum(((71*t*t+13*t)%%89)/89-.48)+.1*t */
static void walk(double y[24])
{
    double w = 0;
    for (int t = 1; t <= 24; t++) {
        w += (71 * t * t + 13 * t) % 89 / 89.0 - .48;
        y[t - 1] = w + .1 * t;
    }
}

/* urca 1.3.3's ur.df; Hamilton's formula, the sums of kpss and the bandwidth by R 4.2.2. */
static void statistics(void **s)
{
    (void)s;
    double y[24], e[24], eta, mean = 0;
    rl_tau tau;
    walk(y);
    CHECK_OK(rl_adf(y, 24, 3, RL_DET_TREND, &tau, &cx), &cx);
    CHECK_DIGITS(tau.t, -1.78943987542928, 11);
    CHECK_DIGITS(tau.rho, -0.908613875986952, 11);
    assert_int_equal(tau.used, 20);
    CHECK_OK(rl_adf(y, 24, 0, RL_DET_DRIFT, &tau, &cx), &cx);
    CHECK_DIGITS(tau.t, -2.15508590488573, 11);
    CHECK_OK(rl_pp(y, 24, 2, RL_DET_DRIFT, &tau, &cx), &cx);
    CHECK_DIGITS(tau.t, -2.12992197518243, 11);
    CHECK_OK(rl_pp(y, 24, 0, RL_DET_DRIFT, &tau, &cx), &cx); /* nothing to take out */
    CHECK_DIGITS(tau.t, -2.15508590488573, 11);
    CHECK_OK(rl_kpss(y, 24, 3, false, &eta, &cx), &cx);
    CHECK_DIGITS(eta, 0.643677528827369, 11);
    for (int i = 0; i < 24; i++) mean += y[i] / 24;
    for (int i = 0; i < 24; i++) e[i] = y[i] - mean;
    CHECK_DIGITS(rl_bartlett(e, 24, 3), 0.663457121818116, 11);
    assert_int_equal(rl_kpss_lags(y, 24, false, &cx), 3);
}

/* Every number of lags fitted by itself on the periods of the longest. */
static int by_hand(const double *y, size_t n, int most, rl_det det, rl_lag_ic ic)
{
    double best = HUGE_VAL;
    int at = -1;
    for (int p = 0; p <= most; p++) {
        size_t m = n - 1 - (size_t)most, k = 1 + (size_t)det + (size_t)p;
        rl_mat X = rl_mat_new(m, k, cx.tmp);
        double *dy = RL_NEW(cx.tmp, double, m);
        rl_ols_fit o;
        for (size_t i = 0; i < m; i++) {
            size_t t = i + (size_t)most + 1;
            dy[i] = y[t] - y[t - 1];
            *rl_mat_at(&X, i, 0) = y[t - 1];
            if (det != RL_DET_NONE) *rl_mat_at(&X, i, 1) = 1;
            if (det == RL_DET_TREND) *rl_mat_at(&X, i, 2) = (double)t;
            for (size_t j = 1; j <= (size_t)p; j++) *rl_mat_at(&X, i, (size_t)det + j) = y[t - j] - y[t - j - 1];
        }
        CHECK_OK(rl_ols(&X, dy, NULL, NULL, &o, cx.tmp, &cx), &cx);
        double M = (double)m, v = M * rl_log(o.rss / M) + (ic == RL_LAG_AIC ? 2 : rl_log(M)) * (double)k;
        if (v < best) best = v, at = p;
    }
    return at;
}

static void automatic(void **s)
{
    (void)s;
    double y[150];
    int found[7] = {0};
    for (uint64_t seed = 1; seed <= 12; seed++) {
        rl_rng r = rl_rng_for(seed, 4);
        double d1 = 0, d2 = 0, d3 = 0, level = 0;
        for (int i = 0; i < 150; i++) {
            double d = 0.3 * d1 - 0.4 * d2 + 0.35 * d3 + rl_normal(&r);
            d3 = d2, d2 = d1, d1 = d;
            y[i] = level += d;
        }
        rl_det det = (rl_det)(seed % 3);
        rl_lag_ic ic = seed % 2 == 0 ? RL_LAG_AIC : RL_LAG_BIC;
        int lags;
        CHECK_OK(rl_adf_lags(y, 150, 6, det, ic, &lags, &cx), &cx);
        assert_int_equal(lags, by_hand(y, 150, 6, det, ic));
        found[lags]++;
    }
    assert_true(found[3] > 5); /* the three that are there */
    int lags;
    CHECK_OK(rl_adf_lags(y, 7, -1, RL_DET_DRIFT, RL_LAG_BIC, &lags, &cx), &cx);
    assert_int_equal(lags, 0);
}

/* MacKinnon (2010): the 1, 5 and 10 % points of any n have p .01, .05 and .10; urca's punitroot (MacKinnon 1996) between. */
static void mackinnon(void **s)
{
    (void)s;
    static const struct {
        double t;
        rl_det det;
        size_t N, n;
        double p, tol;
    } P[] = {{-3.5064, RL_DET_DRIFT, 1, 96, 0.01, 4e-4},  {-2.8922, RL_DET_DRIFT, 1, 96, 0.05, 4e-4},
             {-2.5831, RL_DET_DRIFT, 1, 96, 0.10, 1e-3},  {-4.05817, RL_DET_TREND, 1, 96, 0.01, 4e-4},
             {-3.45727, RL_DET_TREND, 1, 96, 0.05, 6e-4}, {-2.5894, RL_DET_NONE, 1, 96, 0.01, 4e-4},
             {-1.94413, RL_DET_NONE, 1, 96, 0.05, 6e-4},  {-3.39807, RL_DET_DRIFT, 2, 100, 0.05, 1e-3},
             {-4.72, RL_DET_TREND, 4, 60, 0.05, 5e-3},    {-1.761, RL_DET_DRIFT, 1, 96, 0.397664092069882, 4e-3},
             {-2.5, RL_DET_DRIFT, 1, 50, 0.1215, 3e-3},   {-2.0, RL_DET_DRIFT, 1, 50, 0.2860, 3e-3},
             {-3.0, RL_DET_TREND, 1, 50, 0.1425, 4e-3},   {-0.5, RL_DET_DRIFT, 1, 0, 0.8889, 4e-3},
             {-1.5, RL_DET_NONE, 1, 0, 0.1254, 1e-3},     {2.0, RL_DET_NONE, 1, 0, 0.99, 1e-2}};
    for (size_t i = 0; i < sizeof P / sizeof *P; i++)
        CHECK_NEAR(rl_tau_p(P[i].t, P[i].det, P[i].N, P[i].n), P[i].p, P[i].tol);
    assert_true(rl_tau_p(3.5, RL_DET_DRIFT, 1, 50) == 1);
    assert_true(rl_tau_p(-40, RL_DET_DRIFT, 6, 50) == 0);
    assert_true(isnan(rl_tau_p(NAN, RL_DET_DRIFT, 1, 50)));
    for (size_t N = 1; N <= RL_TAU_MOST; N++)
        for (int det = 1; det <= 2; det++)
            for (double t = -6, last = 0; t < 1; t += 0.05) { /* rises with t, falls with N */
                double p = rl_tau_p(t, (rl_det)det, N, 80);
                assert_true(p >= last - 1.5e-3);
                last = p;
                if (N < RL_TAU_MOST && t < 0) assert_true(rl_tau_p(t, (rl_det)det, N + 1, 80) >= p - 1e-9);
            }
}

/* Anderson & Darling (1952), table 1: the limit of level is Cramer and von Mises's; the means of both limits are 1/6
 * and 1/15; Kwiatkowski et al. (1992), table 1, rests on simulations. */
static void limits(void **s)
{
    (void)s;
    CHECK_NEAR(rl_kpss_p(0.34730, false), 0.10, 6e-6);
    CHECK_NEAR(rl_kpss_p(0.46136, false), 0.05, 6e-6);
    CHECK_NEAR(rl_kpss_p(0.74346, false), 0.01, 6e-6);
    CHECK_NEAR(rl_kpss_p(1.16786, false), 0.001, 6e-6);
    CHECK_NEAR(rl_kpss_p(0.11888, false), 0.50, 2e-5);
    CHECK_NEAR(rl_kpss_p(0.119, true), 0.10, 4e-3);
    CHECK_NEAR(rl_kpss_p(0.146, true), 0.05, 4e-3);
    CHECK_NEAR(rl_kpss_p(0.216, true), 0.01, 1e-3);
    for (int trend = 0; trend < 2; trend++) { /* mean = integral of the tail */
        double mean = 0, h = 1e-3;
        for (double x = h / 2; x < 6; x += h) mean += h * rl_kpss_p(x, trend);
        CHECK_NEAR(mean, trend ? 1.0 / 15 : 1.0 / 6, 1e-6);
    }
    assert_true(isnan(rl_kpss_p(NAN, false)));
}

static void refused(rl_code code, const char *word)
{
    assert_int_equal(code, RL_EDATA);
    if (strstr(cx.err.what, word) == NULL) fail_msg("\"%s\" lacks '%s'", cx.err.what, word);
    rl_forgive(&cx);
}

static void too_little(void **s)
{
    (void)s;
    double y[24], c[24], line[24], eta;
    rl_tau tau;
    walk(y);
    for (int i = 0; i < 24; i++) c[i] = 2.385, line[i] = 1.5 + 0.25 * i;
    refused(rl_adf(y, 24, 10, RL_DET_TREND, &tau, &cx), "too short");
    refused(rl_adf(y, 1, 0, RL_DET_NONE, &tau, &cx), "too short");
    refused(rl_adf(c, 24, 1, RL_DET_DRIFT, &tau, &cx), "exactly");
    refused(rl_adf(line, 24, 1, RL_DET_TREND, &tau, &cx), "exactly");
    refused(rl_pp(c, 24, 1, RL_DET_DRIFT, &tau, &cx), "exactly");
    refused(rl_kpss(c, 24, 1, false, &eta, &cx), "constant");
    refused(rl_kpss(line, 24, 1, true, &eta, &cx), "a line");
    refused(rl_kpss(y, 4, 1, true, &eta, &cx), "too short");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(statistics), cmocka_unit_test(automatic),
                                       cmocka_unit_test(mackinnon), cmocka_unit_test(limits),
                                       cmocka_unit_test(too_little)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
