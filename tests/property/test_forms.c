/* Truths about carry-over that need no stored answer. */
#include "unit/fit_fixture.h"
#include "own_ctx.h"

/* One series: t, x >= 0 with pauses, z, and y of the stock of x with the rate, its saturation when half > 0. */
static rl_table series(size_t n, double rate, double half, double noise, uint64_t seed)
{
    rl_table t = fit_table(n);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "z", &cx), fit_num(&t, "y", &cx);
    rl_rng r = rl_rng_for(seed, 11);
    double stock = 0;
    for (size_t i = 0; i < n; i++) {
        double x = rl_uniform(&r) < 0.3 ? 0 : 10 + 9 * rl_normal(&r);
        if (x < 0) x = 0;
        stock = x + rate * stock;
        t.col[0].num[i] = (double)i;
        t.col[1].num[i] = x;
        t.col[2].num[i] = rl_normal(&r);
        double effect = half > 0 ? 40 * stock * stock / (stock * stock + half * half) : 0.9 * stock;
        t.col[3].num[i] = 12 + effect - 0.5 * t.col[2].num[i] + noise * rl_normal(&r);
    }
    return t;
}

static rl_result fitted(const rl_table *t, const char *formula)
{
    rl_result out;
    rl_request r = fit_request(formula);
    r.time = "t";
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static double estimate(const rl_result *r, const char *term) { return fit_find(r, term)->estimate; }

/* y_t - rate y_(t-1) has x_t alone in it: y = 1 + 2 a without noise gives 2, whatever the rate. */
static void recursion(void **s)
{
    (void)s;
    for (double rate = 0; rate < 0.96; rate += 0.19) {
        rl_table t = series(60, rate, 0, 0, 3);
        double *x = t.col[1].num, *y = t.col[3].num;
        for (size_t i = 0; i < t.n; i++) y[i] = 1 + (i > 0 ? rate * (y[i - 1] - 1) : 0) + 2 * x[i];
        rl_result r = fitted(&t, rl_sprintf(cx.keep, "y ~ adstock(x,%.17g)", rate));
        CHECK_DIGITS(r.est[1].estimate, 2, 11);
        CHECK_NEAR(r.est[0].estimate, 1, 1e-10);
    }
}

static void nothing_carried(void **s)
{
    (void)s;
    rl_table t = series(70, 0.4, 0, 2, 5);
    rl_result a = fitted(&t, "y ~ adstock(x,0) + z"), b = fitted(&t, "y ~ x + z");
    for (size_t j = 0; j < 3; j++) {
        CHECK_DIGITS(a.est[j].estimate, b.est[j].estimate, 15);
        CHECK_DIGITS(a.est[j].std_error, b.est[j].std_error, 15);
    }
}

/* A polynomial of the highest degree is no restriction; ends at 0 are those of a longer polynomial. */
static void free_polynomials(void **s)
{
    (void)s;
    rl_table t = series(90, 0.5, 0, 3, 7);
    for (int d = 1; d <= 6; d++) {
        rl_result p = fitted(&t, rl_sprintf(cx.keep, "y ~ almon(x,0:%d,%d) + z", d, d));
        rl_result l = fitted(&t, rl_sprintf(cx.keep, "y ~ lag(x,0:%d) + z", d));
        for (int i = 0; i <= d; i++) {
            const char *term = rl_sprintf(cx.keep, "lag(x,%d)", i);
            CHECK_DIGITS(estimate(&p, term), estimate(&l, term), 10);
            CHECK_DIGITS(fit_find(&p, term)->std_error, fit_find(&l, term)->std_error, 10);
        }
    }
    rl_result both = fitted(&t, "y ~ almon(x,0:5,2,both)"); /* one shape: (l + 1)(6 - l) */
    for (int i = 0; i < 6; i++)
        CHECK_DIGITS(estimate(&both, rl_sprintf(cx.keep, "lag(x,%d)", i)) / estimate(&both, "lag(x,0)"),
                     (i + 1) * (6 - i) / 6.0, 12);
}

/* No other value of the parameters, nor any near the optimum, leaves less. */
static void least(void **s)
{
    (void)s;
    rl_rng r = rl_rng_for(9, 1);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        rl_table t = series(80, 0.6, 0, 4, seed), h = series(120, 0.5, 14, 1.5, seed);
        rl_result a = fitted(&t, "y ~ adstock(x) + z"), b = fitted(&h, "y ~ hill(adstock(x)) + z");
        double rate = estimate(&a, "rate::adstock(x)"), carry = estimate(&b, "rate::adstock(x)"),
               half = estimate(&b, "half::hill(adstock(x))"), slope = estimate(&b, "slope::hill(adstock(x))");
        for (int trial = 0; trial < 12; trial++) {
            double width = trial < 6 ? 1e-3 : 0.2;
            double other = fmin(0.98, fabs(rate + width * rl_normal(&r)));
            rl_result q = fitted(&t, rl_sprintf(cx.keep, "y ~ adstock(x,%.17g) + z", other));
            assert_true(q.rmse >= a.rmse);
            q = fitted(&h, rl_sprintf(cx.keep, "y ~ hill(adstock(x,%.17g),%.17g,%.17g) + z",
                                      fmin(0.98, fabs(carry + width * rl_normal(&r))),
                                      half * exp(width * rl_normal(&r)), slope * exp(width * rl_normal(&r))));
            assert_true(q.rmse >= b.rmse);
        }
    }
}

/* Units and scale: y in thousands moves b alone, x in thousands b and the half. */
static void scales(void **s)
{
    (void)s;
    rl_table t = series(120, 0.5, 14, 1.5, 2);
    rl_result a = fitted(&t, "y ~ hill(adstock(x)) + z");
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] *= 1000, t.col[3].num[i] /= 1000;
    rl_result b = fitted(&t, "y ~ hill(adstock(x)) + z");
    CHECK_DIGITS(estimate(&b, "rate::adstock(x)"), estimate(&a, "rate::adstock(x)"), 8);
    CHECK_DIGITS(estimate(&b, "half::hill(adstock(x))"), 1000 * estimate(&a, "half::hill(adstock(x))"), 8);
    CHECK_DIGITS(estimate(&b, "hill(adstock(x))"), estimate(&a, "hill(adstock(x))") / 1000, 8);
    CHECK_DIGITS(fit_find(&b, "slope::hill(adstock(x))")->std_error, fit_find(&a, "slope::hill(adstock(x))")->std_error,
                 7);
}

/* Effects swept out and dummies written out are one model; weights of 2 are rows twice (but for the degrees). */
static void effects_and_weights(void **s)
{
    (void)s;
    rl_table t = fit_panel(6, 25, 8, &cx);
    double *x = rl_table_col(&t, "x")->num, *y = rl_table_col(&t, "y")->num, *w = rl_table_col(&t, "w")->num, a = 0;
    for (size_t i = 0; i < t.n; i++) {
        a = i % 25 == 0 ? x[i] : x[i] + 0.65 * a;
        y[i] += 1.2 * a;
    }
    rl_request r = fit_request("y ~ adstock(x) | unit");
    r.unit = "unit", r.time = "t", r.weights = "w";
    rl_result swept, dummies, scaled;
    CHECK_OK(rl_estimate_run(&r, &t, &swept, cx.keep, &cx), &cx);
    r.formula = "y ~ adstock(x) + unit";
    CHECK_OK(rl_estimate_run(&r, &t, &dummies, cx.keep, &cx), &cx);
    for (size_t i = 0; i < t.n; i++) w[i] *= 7;
    CHECK_OK(rl_estimate_run(&r, &t, &scaled, cx.keep, &cx), &cx);
    static const char *const TERM[] = {"adstock(x)", "rate::adstock(x)"};
    for (size_t j = 0; j < 2; j++) {
        CHECK_DIGITS(estimate(&swept, TERM[j]), estimate(&dummies, TERM[j]), 9);
        CHECK_DIGITS(fit_find(&swept, TERM[j])->std_error, fit_find(&dummies, TERM[j])->std_error, 9);
        CHECK_DIGITS(fit_find(&scaled, TERM[j])->std_error, fit_find(&dummies, TERM[j])->std_error, 9);
    }
}

/* The same bytes whatever the order of the rows and the threads. */
static void order_and_threads(void **s)
{
    (void)s;
    rl_table t = series(100, 0.5, 14, 1.5, 6);
    rl_result a = fitted(&t, "y ~ hill(adstock(x)) + z");
    cx.threads = 1;
    rl_result b = fitted(&t, "y ~ hill(adstock(x)) + z");
    cx.threads = 2;
    for (size_t i = 0; i < t.n / 2; i++)
        for (size_t c = 0; c < t.k; c++) {
            double v = t.col[c].num[i];
            t.col[c].num[i] = t.col[c].num[t.n - 1 - i];
            t.col[c].num[t.n - 1 - i] = v;
        }
    rl_result c = fitted(&t, "y ~ hill(adstock(x)) + z");
    for (size_t j = 0; j < a.m; j++) {
        assert_true(a.est[j].estimate == b.est[j].estimate && a.est[j].std_error == b.est[j].std_error);
        CHECK_DIGITS(c.est[j].estimate, a.est[j].estimate, 9);
    }
}

/* 95 % intervals of the rate and of the long-run effect b / (1 - rate) hold the truth: 120 worlds. */
static void covered(void **s)
{
    (void)s;
    enum { WORLDS = 120 };
    int rate = 0, total = 0, told = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        rl_table t = series(60, 0.6, 0, 6, 100 + seed);
        rl_request q = fit_request("y ~ adstock(x) + z");
        rl_result r;
        q.time = "t";
        rl_ctx one;
        check_ctx(&one);
        if (rl_estimate_run(&q, &t, &r, one.keep, &one) == RL_OK) {
            const rl_estimate *e = fit_find(&r, "rate::adstock(x)"), *b = fit_find(&r, "adstock(x)");
            size_t j = (size_t)(e - r.est), k = (size_t)(b - r.est);
            double left = 1 - e->estimate, by_b = 1 / left, by_rate = b->estimate / (left * left);
            double var = by_b * by_b * r.V[k + k * r.m] + 2 * by_b * by_rate * r.V[k + j * r.m] +
                         by_rate * by_rate * r.V[j + j * r.m];
            told++;
            rate += e->conf_low <= 0.6 && 0.6 <= e->conf_high;
            total += fabs(b->estimate / left - 0.9 / 0.4) <= 2.003 * sqrt(var);
        }
        rl_ctx_free(&one);
    }
    assert_true(told > 0.95 * WORLDS);
    if (rate < 0.90 * told || total < 0.90 * told)
        fail_msg("of %d intervals %d hold the rate, %d the long-run effect", told, rate, total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recursion),        cmocka_unit_test(nothing_carried),
        cmocka_unit_test(free_polynomials), cmocka_unit_test(least),
        cmocka_unit_test(scales),           cmocka_unit_test(effects_and_weights),
        cmocka_unit_test(covered),          cmocka_unit_test(order_and_threads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
