#include "base/rng.h"
#include "num/bkw.h"
#include "num/dist.h"
#include "num/ols.h"
#include "num/recursive.h"
#include "own_ctx.h"

/* strucchange 1.5.3's recresid(y ~ x) of the series of test_unitroot.c, x <- ((37*t)%%101)/10. */
static const double RECRESID[] = {0.19575770410531,  0.157688266426532,  0.371134729402678, 0.509153019393072,
                                  0.187314724772613, 0.0392686491330289, 0.495371943605018, 0.362845656554544};

static void made(rl_mat *X, double *y)
{
    double w = 0;
    *X = rl_mat_new(24, 2, cx.tmp);
    for (int t = 1; t <= 24; t++) {
        w += (71 * t * t + 13 * t) % 89 / 89.0 - .48;
        y[t - 1] = w + .1 * t;
        *rl_mat_at(X, (size_t)t - 1, 0) = 1;
        *rl_mat_at(X, (size_t)t - 1, 1) = 37 * t % 101 / 10.0;
    }
}

static void peer(void **s)
{
    (void)s;
    double y[24], w[24];
    rl_mat X;
    made(&X, y);
    rl_recursive(&X, y, false, w, &cx);
    assert_true(isnan(w[0]) && isnan(w[1]));
    for (size_t i = 0; i < sizeof RECRESID / sizeof *RECRESID; i++) CHECK_DIGITS(w[i + 2], RECRESID[i], 10);
}

/* Squares add up to the residual sum of squares, forwards and backwards, also when the first rows are one. */
static void sums(void **s)
{
    (void)s;
    double y[24], w[24], back[24];
    rl_mat X;
    rl_ols_fit o;
    made(&X, y);
    for (size_t i = 1; i < 5; i++) *rl_mat_at(&X, i, 1) = *rl_mat_at(&X, 0, 1);
    rl_recursive(&X, y, false, w, &cx);
    rl_recursive(&X, y, true, back, &cx);
    CHECK_OK(rl_ols(&X, y, NULL, NULL, &o, cx.tmp, &cx), &cx);
    double a = 0, b = 0;
    size_t none = 0;
    for (size_t i = 0; i < 24; i++) {
        none += isnan(w[i]) ? 1 : 0;
        a += isnan(w[i]) ? 0 : w[i] * w[i];
        b += isnan(back[i]) ? 0 : back[i] * back[i];
    }
    assert_int_equal(none, 2);
    assert_true(isnan(w[5]) && !isnan(w[1]));
    CHECK_DIGITS(a, o.rss, 12);
    CHECK_DIGITS(b, o.rss, 12);
}

/* Brown, Durbin & Evans (1975): .850, .948 and 1.143; two terms of the series by R. */
static void crossing(void **s)
{
    (void)s;
    CHECK_DIGITS(rl_cusum_p(0.85), 0.0999490865660007, 7);
    CHECK_DIGITS(rl_cusum_p(0.948), 0.0499620204984701, 9);
    CHECK_DIGITS(rl_cusum_p(1.143), 0.00999761162252886, 11);
    CHECK_DIGITS(rl_cusum_p(1.5), 0.000237125627182459, 11);
    assert_true(rl_cusum_p(0.01) == 1);
    assert_true(rl_cusum_p(0.3) > 0.9 && rl_cusum_p(0.2) >= rl_cusum_p(0.3));
    assert_true(isnan(rl_cusum_p(NAN)));
    for (double x = 0.06, last = 1.0000001; x < 2; x += 0.02) {
        double p = rl_cusum_p(x);
        assert_true(p <= last + 1e-12);
        last = p;
    }
}

/* The size of the test on draws of its own. */
static void squares(void **s)
{
    (void)s;
    assert_true(rl_cusumsq_p(0.0001, 60) == 1);
    assert_true(isnan(rl_cusumsq_p(NAN, 60)));
    static const size_t M[] = {12, 30, 81, 200};
    for (size_t k = 0; k < 4; k++) { /* by simulation */
        size_t m = M[k], hits = 0, draws = 4000;
        rl_rng r = rl_rng_for(11, k);
        for (size_t b = 0; b < draws; b++) {
            double v[200], total = 0, sum = 0, most = 0;
            for (size_t i = 0; i < m; i++) {
                double z = rl_normal(&r);
                total += v[i] = z * z;
            }
            for (size_t i = 0; i < m; i++) {
                sum += v[i];
                most = fmax(most, fabs(sum / total - (double)(i + 1) / (double)m));
            }
            hits += rl_cusumsq_p(most, m) < 0.05;
        }
        double share = (double)hits / (double)draws;
        if (!(share > 0.04 && share < 0.06)) fail_msg("m = %zu: size %.4f", m, share);
    }
}

/* Andrews (1993, 2003 corrigendum), table 1, 15 % trimming: 10, 5 and 1 % points of sup W for k = 1, 2, 5, 10. */
static void sup_wald(void **s)
{
    (void)s;
    static const struct {
        size_t k;
        double at[3];
    } P[] = {
        {1, {7.12, 8.68, 12.16}}, {2, {10.00, 11.72, 15.56}}, {5, {16.28, 18.35, 22.60}}, {10, {24.62, 27.03, 32.01}}};
    static const double p[] = {0.10, 0.05, 0.01};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++)
            CHECK_NEAR(rl_sup_wald_p(P[i].at[j], P[i].k, 0.15), p[j], (P[i].k < 10 ? 0.15 : 0.2) * p[j]);
    for (size_t k = 1; k < 12; k++)
        for (double x = 0, last = 1.1; x < 40; x += 0.25) {
            double v = rl_sup_wald_p(x, k, 0.15);
            assert_true(v <= last + 1e-12 && v >= 0 && v <= 1);
            last = v;
        }
    assert_true(isnan(rl_sup_wald_p(NAN, 2, 0.15)));
}

/* Belsley, Kuh & Welsch's figures by R's svd(), for 1, x and 2 x + something small. */
static void dependency(void **s)
{
    (void)s;
    static const double INDEX[] = {1, 4.08143142315777, 225.80789576217},
                        SHARE[] = {0.0147585151558542,   0.541821718355065,    0.44341976648908,
                                   1.37007141308849e-05, 0.000109659110807986, 0.999876640175061,
                                   1.3291569858687e-05,  9.46274949747507e-05, 0.999892080935167};
    rl_mat X = rl_mat_new(24, 3, cx.tmp);
    rl_bkw b;
    for (int t = 1; t <= 24; t++) {
        double x = 37 * t % 101 / 10.0;
        X.a[t - 1] = 1;
        *rl_mat_at(&X, (size_t)t - 1, 1) = 1e6 * x; /* the scale does not matter */
        *rl_mat_at(&X, (size_t)t - 1, 2) = 2 * x + 11 * t * t % 47 / 90.0;
    }
    rl_cols C = rl_cols_of(&X, NULL, cx.tmp);
    CHECK_OK(rl_bkw_of(&C, NULL, &b, cx.tmp, &cx), &cx);
    for (size_t i = 0; i < 3; i++) CHECK_DIGITS(b.index[i], INDEX[i], 10);
    for (size_t i = 0; i < 9; i++) CHECK_DIGITS(b.share.a[i], SHARE[i], 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(peer),     cmocka_unit_test(sums),
                                       cmocka_unit_test(crossing), cmocka_unit_test(squares),
                                       cmocka_unit_test(sup_wald), cmocka_unit_test(dependency)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
