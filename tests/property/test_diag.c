/* What holds for the diagnostics without a stored answer: units do not matter, and a test of size 5 % refuses 5 %.
 * RL_DRAWS (default 400) is the number of simulated series a size is taken from: `make sizes` takes 20,000. */
#include "unit/diag_fixture.h"

#include <stdlib.h>

#include "num/ols.h"
#include "num/ratio.h"
#include "num/recursive.h"
#include "num/unitroot.h"
#include "own_ctx.h"

static size_t draws;

/* y in other units and from another zero, x too, rows in another order. */
static void units(void **s)
{
    (void)s;
    static const char *const TEST[] = {
        "breusch-godfrey:2", "ljung-box:3", "durbin-watson", "arch:2",       "breusch-pagan",  "white",
        "jarque-bera",       "reset:2:3",   "adf:y:2:trend", "pp:y:2:drift", "kpss:y:3:level", "engle-granger:1",
        "leads:x:2",         "granger:x:2", "feedback:x:1",  "chow:25",      "quandt",         "cusum",
        "cusumsq",           "influence"};
    for (size_t i = 0; i < sizeof TEST / sizeof *TEST; i++) {
        rl_table a = diag_series(&cx), b = diag_series(&cx);
        for (size_t r = 0; r < 60; r++) {
            double row[5];
            for (size_t c = 0; c < 5; c++) row[c] = a.col[c].num[(r * 7 + 3) % 60];
            row[1] = 1000 * row[1] - 350;
            row[2] = 0.001 * row[2] + 7;
            for (size_t c = 0; c < 5; c++) b.col[c].num[r] = row[c];
        }
        rl_test p = diag_test(&a, "y ~ x + z", TEST[i], RL_HC1, &cx),
                q = diag_test(&b, "y ~ x + z", TEST[i], RL_HC1, &cx);
        if (check_digits_of(q.statistic, p.statistic) < 7)
            fail_msg("%s: %.12g, %.12g", TEST[i], p.statistic, q.statistic);
        if (isfinite(p.p_value) && check_digits_of(q.p_value, p.p_value) < 6) fail_msg("p of %s", TEST[i]);
    }
}

/* Largest distance of sorted p values from the uniform distribution, in units of 1/sqrt(n). */
static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double from_uniform(double *p, size_t n)
{
    double most = 0;
    qsort(p, n, sizeof *p, by_value);
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fmax(fabs(p[i] - (double)i / (double)n), fabs(p[i] - (double)(i + 1) / (double)n)));
    return most * sqrt((double)n);
}

/* Durbin and Watson's exact p under normal errors, a trend and a trending regressor: uniform. */
static void exact(void **s)
{
    (void)s;
    enum { N = 18, K = 3 };
    double *p = RL_NEW(cx.keep, double, draws), diag[N] = {0}, off[N] = {0}, y[N];
    rl_mat X = rl_mat_new(N, K, cx.keep);
    for (size_t i = 0; i < N; i++) {
        *rl_mat_at(&X, i, 0) = 1;
        *rl_mat_at(&X, i, 1) = (double)i;
        *rl_mat_at(&X, i, 2) = (double)(i * i % 7);
        if (i > 0) diag[i] += 1, diag[i - 1] += 1, off[i] = -1;
    }
    for (size_t b = 0; b < draws; b++) {
        rl_rng r = rl_rng_for(31, b);
        rl_ols_fit o;
        double steps = 0;
        for (size_t i = 0; i < N; i++) y[i] = rl_normal(&r);
        CHECK_OK(rl_ols(&X, y, NULL, NULL, &o, cx.tmp, &cx), &cx);
        for (size_t i = 1; i < N; i++) steps += (o.e[i] - o.e[i - 1]) * (o.e[i] - o.e[i - 1]);
        CHECK_OK(rl_ratio_below(&X, diag, off, steps / o.rss, &p[b], &cx), &cx);
        rl_arena_reset(cx.tmp);
    }
    assert_true(from_uniform(p, draws) < 1.63); /* 1 % */
}

/* --- sizes ------------------------------------------------------------------------------ */

static void within(const char *name, size_t hits, double low, double high)
{
    double share = (double)hits / (double)draws, noise = 3 * sqrt(0.05 * 0.95 / (double)draws);
    if (getenv("RL_DRAWS") != NULL) printf("%-40s %.4f\n", name, share);
    if (share < low - noise || share > high + noise) fail_msg("%s refuses %.4f of %zu", name, share, draws);
}

static void fill_walk(double *v, size_t n, double drift, rl_rng *r)
{
    double w = 0;
    for (size_t i = 0; i < n; i++) v[i] = w += drift + rl_normal(r);
}

static void unit_roots(void **s)
{
    (void)s;
    enum { N = 80 };
    size_t adf[3] = {0}, pp = 0, kpss[2] = {0}, kept = 0;
    double y[N], e[N];
    for (size_t b = 0; b < draws; b++) {
        rl_rng r = rl_rng_for(77, b);
        rl_tau tau;
        double eta;
        int lags;
        fill_walk(y, N, 0, &r);
        for (int det = 0; det < 3; det++) {
            CHECK_OK(rl_adf(y, N, 1, (rl_det)det, &tau, &cx), &cx);
            adf[det] += rl_tau_p(tau.t, (rl_det)det, 1, tau.used) < 0.05;
        }
        CHECK_OK(rl_adf_lags(y, N, -1, RL_DET_DRIFT, RL_LAG_BIC, &lags, &cx), &cx);
        CHECK_OK(rl_adf(y, N, lags, RL_DET_DRIFT, &tau, &cx), &cx);
        kept += rl_tau_p(tau.t, RL_DET_DRIFT, 1, tau.used) < 0.05;
        CHECK_OK(rl_pp(y, N, 3, RL_DET_DRIFT, &tau, &cx), &cx);
        pp += rl_tau_p(tau.t, RL_DET_DRIFT, 1, tau.used) < 0.05;
        for (size_t i = 0; i < N; i++) e[i] = rl_normal(&r) + 5;
        for (int trend = 0; trend < 2; trend++) {
            CHECK_OK(rl_kpss(e, N, 3, trend, &eta, &cx), &cx);
            kpss[trend] += rl_kpss_p(eta, trend) < 0.05;
        }
        rl_arena_reset(cx.tmp);
    }
    within("adf none", adf[0], 0.045, 0.055);
    within("adf drift", adf[1], 0.045, 0.055);
    within("adf trend", adf[2], 0.045, 0.06);
    within("adf drift, lags by bic", kept, 0.045, 0.085); /* choosing costs a little */
    within("pp drift", pp, 0.04, 0.065);
    within("kpss level", kpss[0], 0.03, 0.055);
    within("kpss trend", kpss[1], 0.02, 0.055);
}

/* Independent random walks of one series a column: p of `test` below .05. */
static size_t refusals(const char *test, const char *formula, void (*make)(rl_table *, rl_rng *), size_t n,
                       uint64_t seed)
{
    size_t hits = 0;
    for (size_t b = 0; b < draws; b++) {
        rl_ctx one;
        check_ctx(&one);
        one.threads = 1;
        rl_table t = fit_table(n);
        rl_rng r = rl_rng_for(seed, b);
        double *at = fit_num(&t, "t", &one);
        fit_num(&t, "y", &one), fit_num(&t, "x", &one), fit_num(&t, "z", &one);
        for (size_t i = 0; i < n; i++) at[i] = (double)i;
        make(&t, &r);
        rl_request q = diag_request(formula, &test, 1);
        rl_result out;
        q.checked = true;
        CHECK_OK(rl_estimate_run(&q, &t, &out, one.keep, &one), &one);
        hits += out.test[0].p_value < 0.05;
        rl_ctx_free(&one);
    }
    return hits;
}

static void walks(rl_table *t, rl_rng *r)
{
    for (size_t c = 1; c < 4; c++) fill_walk(t->col[c].num, t->n, 0, r);
}

/* Two regressors with memory and white errors. */
static void plain(rl_table *t, rl_rng *r)
{
    double x = 0, z = 0;
    for (size_t i = 0; i < t->n; i++) {
        t->col[2].num[i] = x = 0.5 * x + rl_normal(r);
        t->col[3].num[i] = z = 0.8 * z + rl_normal(r);
        t->col[1].num[i] = 2 + 0.6 * x - 0.3 * z + rl_normal(r);
    }
}

static void of_regressions(void **s)
{
    (void)s;
    static const struct {
        const char *test;
        double low, high;
    } T[] = {{"breusch-godfrey:2", 0.03, 0.06}, {"arch:2", 0.02, 0.06},       {"breusch-pagan", 0.03, 0.06},
             {"reset:2:3", 0.035, 0.065},       {"leads:x:2", 0.04, 0.06},    {"granger:z:1", 0.03, 0.07},
             {"chow:25", 0.04, 0.06},           {"cusum", 0.015, 0.055},      {"cusumsq", 0.03, 0.06},
             {"quandt", 0.015, 0.065},          {"durbin-watson", 0.04, 0.06}};
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        size_t hits = strcmp(T[i].test, "granger:z:1") == 0 ? refusals("granger:z:1", "x ~ z", plain, 60, 8)
                                                            : refusals(T[i].test, "y ~ x + z", plain, 60, 9);
        within(T[i].test, hits, T[i].low, T[i].high);
    }
    within("engle-granger:1, 2 series", refusals("engle-granger:1", "y ~ x", walks, 80, 5), 0.04, 0.06);
    within("engle-granger:1, 3 series", refusals("engle-granger:1", "y ~ x + z", walks, 80, 6), 0.04, 0.065);
    within("engle-granger:1:trend", refusals("engle-granger:1:trend", "y ~ x", walks, 80, 7), 0.035, 0.065);
}

/* Unit effects, eight periods: what sweeping does to neighbours is not taken for their own. */
static void short_panels(void **s)
{
    (void)s;
    size_t hits = 0, found = 0, tries = draws / 4;
    for (size_t b = 0; b < 2 * tries; b++) {
        rl_ctx one;
        check_ctx(&one);
        one.threads = 1;
        enum { N = 30, T = 8 };
        rl_table t = fit_table(N * T);
        rl_rng r = rl_rng_for(55, b);
        const char **unit = RL_NEW(one.keep, const char *, t.n);
        double *at = fit_num(&t, "t", &one), *y = fit_num(&t, "y", &one), *x = fit_num(&t, "x", &one);
        for (size_t u = 0; u < N; u++) {
            double a = 3 * rl_normal(&r), e = 0;
            for (size_t p = 0; p < T; p++) {
                size_t i = u * T + p;
                unit[i] = p > 0 ? unit[i - 1] : rl_sprintf(one.keep, "u%02zu", u);
                at[i] = (double)p;
                x[i] = rl_normal(&r) + 0.5 * a;
                e = (b < tries ? 0 : 0.5) * e + rl_normal(&r);
                y[i] = a + 0.7 * x[i] + e;
            }
        }
        fit_text(&t, "unit", unit, &one);
        rl_request q = diag_request("y ~ x | unit", &(const char *){"breusch-godfrey:1"}, 1);
        rl_result out;
        q.unit = "unit";
        q.checked = true;
        CHECK_OK(rl_estimate_run(&q, &t, &out, one.keep, &one), &one);
        *(b < tries ? &hits : &found) += out.test[0].p_value < 0.05;
        rl_ctx_free(&one);
    }
    double share = (double)hits / (double)tries, noise = 3 * sqrt(0.05 * 0.95 / (double)tries);
    if (!(share < 0.06 + noise && share > 0.04 - noise)) fail_msg("size %.4f of %zu", share, tries);
    assert_true((double)found > 0.8 * (double)tries);
}

/* How often a levels regression between independent random walks is flagged, and one that is sound is not. */
static size_t flags(bool together, size_t *wrong)
{
    size_t hits = 0;
    *wrong = 0;
    for (size_t b = 0; b < draws; b++) {
        rl_ctx one;
        check_ctx(&one);
        one.threads = 1;
        rl_table t = fit_table(120);
        rl_rng r = rl_rng_for(404, b);
        double *at = fit_num(&t, "t", &one), *y = fit_num(&t, "y", &one), *x = fit_num(&t, "x", &one);
        fill_walk(x, 120, 0.2, &r);
        fill_walk(y, 120, 0.2, &r);
        for (size_t i = 0; i < 120; i++) {
            at[i] = (double)i;
            if (together) y[i] = 2 * x[i] + rl_normal(&r);
        }
        rl_request q = diag_request("y ~ x", NULL, 0);
        rl_result out;
        CHECK_OK(rl_estimate_run(&q, &t, &out, one.keep, &one), &one);
        bool flagged = false, significant = out.est[1].p_value < 0.05;
        for (size_t i = 0; i < out.n_notes; i++) flagged |= strstr(out.note[i], "spurious") != NULL;
        hits += flagged;
        *wrong += significant && !flagged;
        rl_ctx_free(&one);
    }
    return hits;
}

static void guard(void **s)
{
    (void)s;
    size_t wrong;
    size_t apart = flags(false, &wrong);
    if (getenv("RL_DRAWS") != NULL)
        printf("independent walks: flagged %.4f, significant and not flagged %.4f\n", (double)apart / (double)draws,
               (double)wrong / (double)draws);
    assert_true((double)apart > 0.9 * (double)draws);
    assert_true((double)wrong < 0.09 * (double)draws);
    size_t together = flags(true, &wrong);
    if (getenv("RL_DRAWS") != NULL) printf("cointegrated walks: flagged %.4f\n", (double)together / (double)draws);
    assert_true((double)together < 0.03 * (double)draws);
}

int main(void)
{
    draws = check_draws(400);
    const struct CMUnitTest tests[] = {cmocka_unit_test(units),        cmocka_unit_test(exact),
                                       cmocka_unit_test(unit_roots),   cmocka_unit_test(of_regressions),
                                       cmocka_unit_test(short_panels), cmocka_unit_test(guard)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
