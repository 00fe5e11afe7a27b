/* Truths about logit, Poisson and instruments that need no stored answer. */
#include "base/fmath.h"
#include "model/est.h"
#include "unit/own_fit.h"

static double poisson_draw(rl_rng *r, double mean)
{
    double p = 1, stop = exp(-mean);
    int k = 0;
    while ((p *= rl_uniform(r)) > stop) k++;
    return k;
}

/* unit, t, x, q, w, y (amounts with zeros), n (counts), b (0/1); true slopes 0.4 and -0.25. */
static rl_table world(size_t N, int T, uint64_t seed)
{
    static const char *const SEG[] = {"Large", "Mid", "Small"};
    rl_table t = fit_table(N * (size_t)T);
    const char *const NAME[] = {"t", "x", "q", "w", "y", "n", "b", "o"};
    const char **unit = RL_NEW(cx.keep, const char *, t.n), **seg = RL_NEW(cx.keep, const char *, t.n);
    for (size_t j = 0; j < 8; j++) fit_num(&t, NAME[j], &cx);
    rl_rng r = rl_rng_for(seed, 5);
    for (size_t u = 0; u < N; u++) {
        double a = 0.6 * rl_normal(&r);
        for (int p = 0; p < T; p++) {
            size_t i = u * (size_t)T + (size_t)p;
            double x = rl_normal(&r) + 0.4 * a, q = rl_normal(&r), h = 0.3 + a + 0.1 * p + 0.4 * x - 0.25 * q;
            double n = poisson_draw(&r, exp(h)), v[] = {p,
                                                        x,
                                                        q,
                                                        0.5 + rl_uniform(&r),
                                                        n * (0.2 + rl_uniform(&r)),
                                                        n,
                                                        rl_uniform(&r) < 1 / (1 + exp(-h)),
                                                        0.3 * rl_normal(&r)};
            for (size_t j = 0; j < 8; j++) t.col[j].num[i] = v[j];
            unit[i] = p > 0 ? unit[i - 1] : rl_sprintf(cx.keep, "u%03zu", u);
            seg[i] = SEG[rl_uniform(&r) < 0.4 ? 0 : rl_uniform(&r) < 0.5 ? 1 : 2];
        }
    }
    fit_text(&t, "unit", unit, &cx);
    fit_text(&t, "seg", seg, &cx);
    return t;
}

static rl_request request(const char *formula, const char *estimator, rl_vcov_kind kind)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name(estimator);
    r.vcov.kind = kind;
    r.profile = "statsmodels"; /* at the estimate, no factor */
    if (kind == RL_CLUSTER) r.vcov.ways = 1, r.vcov.by[0] = "seg";
    return r;
}

static void same(const rl_result *a, const rl_result *b, double digits, double se_digits)
{
    for (size_t i = 0; i < a->m; i++) {
        const rl_estimate *e = &a->est[i], *f;
        if (strcmp(e->label.term, "(Intercept)") == 0) continue;
        f = fit_find(b, e->label.term);
        CHECK_DIGITS(e->estimate, f->estimate, digits);
        CHECK_DIGITS(e->std_error, f->std_error, se_digits);
    }
}

/* Coefficients, average marginal effects and the errors of both: absorbed as with dummies. */
static void absorbed_effects_are_dummies(void **s)
{
    (void)s;
    rl_table t = world(14, 12, 3);
    const rl_vcov_kind KIND[] = {RL_IID, RL_HC0, RL_CLUSTER, RL_HC3};
    const char *const OUTCOME[] = {"b", "y"}, *const NAME[] = {"logit", "poisson"};
    for (size_t e = 0; e < 2; e++)
        for (size_t k = 0; k < 4; k++) {
            rl_request a = request(rl_sprintf(cx.keep, "%s ~ x + q + seg | unit + t", OUTCOME[e]), NAME[e], KIND[k]),
                       d = request(rl_sprintf(cx.keep, "%s ~ x + q + seg + unit + factor(t)", OUTCOME[e]), NAME[e],
                                   KIND[k]);
            a.margins = d.margins = true;
            a.weights = d.weights = k == 1 ? "w" : NULL;
            a.offset = d.offset = k == 2 ? "o" : NULL;
            rl_result absorbed = run(&t, a), dummies = run(&t, d);
            assert_int_equal(absorbed.m, 8);
            same(&absorbed, &dummies, 11, k == 2 ? 6 : 10); /* three clusters: sums that nearly cancel */
            CHECK_DIGITS(absorbed.deviance, dummies.deviance, 12);
            CHECK_DIGITS(absorbed.loglik, dummies.loglik, 12);
            CHECK_DIGITS(absorbed.aic, dummies.aic, 12);
        }
}

/* An average marginal effect moves with b as its numerical derivative says. */
static void margins_are_derivatives(void **s)
{
    (void)s;
    rl_table t = world(25, 6, 8);
    rl_request r = request("b ~ x + seg", "logit", RL_IID);
    r.margins = true;
    rl_result f = run(&t, r);
    const double *x = rl_table_col(&t, "x")->num;
    const rl_col *seg = rl_table_col(&t, "seg");
    const char *const TERM[] = {"(Intercept)", "x", "seg::Mid", "seg::Small"};
    const char *const AME[] = {"ame::x", "ame::seg::Mid"};
    for (size_t a = 0; a < 2; a++) {
        double J[4], value = 0, var = 0;
        for (size_t j = 0; j < 5; j++) {
            double b[4], sum[2] = {0};
            for (int side = 0; side < 2; side++) {
                for (size_t p = 0; p < 4; p++) b[p] = fit_find(&f, TERM[p])->estimate;
                if (j < 4) b[j] += side ? 1e-6 : -1e-6;
                for (size_t i = 0; i < t.n; i++) {
                    char buf[32];
                    const char *own = rl_cell_text(seg, i, buf);
                    double mid = strcmp(own, "Mid") == 0, small = strcmp(own, "Small") == 0;
                    double h = b[0] + b[1] * x[i] + b[2] * mid + b[3] * small, h0 = b[0] + b[1] * x[i];
                    double p = 1 / (1 + exp(-h)), m1 = 1 / (1 + exp(-h0 - b[2])), m0 = 1 / (1 + exp(-h0));
                    sum[side] += (a == 0 ? b[1] * p * (1 - p) : m1 - m0) / (double)t.n;
                }
            }
            if (j < 4)
                J[j] = (sum[1] - sum[0]) / 2e-6;
            else
                value = sum[0];
        }
        for (size_t p = 0; p < 4; p++)
            for (size_t q = 0; q < 4; q++) var += J[p] * J[q] * f.V[p + q * f.m];
        CHECK_DIGITS(fit_find(&f, AME[a])->estimate, value, 12);
        CHECK_DIGITS(fit_find(&f, AME[a])->std_error, sqrt(var), 7);
    }
}

static void order_scale_and_threads_change_nothing(void **s)
{
    (void)s;
    rl_table t = world(40, 7, 4), u = fit_shuffled(&t, 2, &cx);
    rl_request r = request("y ~ x + q | unit + t", "poisson", RL_CLUSTER);
    r.vcov.by[0] = "unit";
    rl_result one = run(&t, r), other = run(&u, r);
    same(&one, &other, 12, 11);
    cx.threads = 5;
    rl_result threads = run(&t, r);
    for (size_t i = 0; i < one.m; i++) {
        assert_true(one.est[i].estimate == threads.est[i].estimate);
        assert_true(one.est[i].std_error == threads.est[i].std_error);
    }
    assert_true(one.loglik == threads.loglik && one.deviance == threads.deviance);
    for (size_t i = 0; i < t.n; i++) {
        rl_table_col(&u, "x")->num[i] *= 1000;
        rl_table_col(&u, "y")->num[i] *= 0x1p-20;
    }
    rl_result scaled = run(&u, r);
    CHECK_DIGITS(fit_find(&scaled, "x")->estimate * 1000, fit_find(&one, "x")->estimate, 11);
    CHECK_DIGITS(fit_find(&scaled, "q")->std_error, fit_find(&one, "q")->std_error, 10);
}

/* Levels that explain all change no coefficient; they are counted, with what becomes a singleton. */
static void perfect_levels_are_left_out_and_counted(void **s)
{
    (void)s;
    rl_table t = world(20, 6, 6);
    double *n = rl_table_col(&t, "n")->num, *b = rl_table_col(&t, "b")->num;
    for (size_t i = 0; i < 12; i++) n[i] = 0, b[i] = i < 6;
    rl_result p = run(&t, request("n ~ x | unit", "poisson", RL_IID)),
              l = run(&t, request("b ~ x | unit", "logit", RL_IID));
    assert_int_equal(p.rows_used, 108);
    assert_int_equal(p.dropped[0].rows, 12);
    assert_true(l.rows_used <= 108);
    unsigned char *keep = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) keep[i] = i >= 12;
    rl_table_filter(&t, keep, cx.keep);
    rl_result without = run(&t, request("n ~ x | unit", "poisson", RL_IID));
    same(&p, &without, 15, 15);
}

/* Rows that two effects fit together, neither alone: a0 with b0, where a1 with b1 is never seen.
 * They are left out, and the estimate is that of the others. */
static void rows_that_effects_separate_are_left_out(void **s)
{
    (void)s;
    rl_table t = world(14, 6, 7);
    double *n = rl_table_col(&t, "n")->num;
    const char **g = RL_NEW(cx.keep, const char *, t.n), **h = RL_NEW(cx.keep, const char *, t.n);
    unsigned char *keep = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) {
        g[i] = i % 3 == 2 ? "a1" : "a0";
        h[i] = i % 3 == 1 ? "b1" : "b0";
        if (i % 3 == 0) n[i] = 0;
        keep[i] = i % 3 != 0;
    }
    fit_text(&t, "g", g, &cx);
    fit_text(&t, "h", h, &cx);
    rl_result r = run(&t, request("n ~ x | g + h", "poisson", RL_HC0));
    assert_int_equal(r.rows_used, 56);
    assert_int_equal(r.n_dropped, 1);
    assert_int_equal(r.dropped[0].rows, 28);
    rl_table_filter(&t, keep, cx.keep);
    rl_result others = run(&t, request("n ~ x | g + h", "poisson", RL_HC0));
    same(&r, &others, 15, 15);
}

/* Intervals cover the truth they should. */
static void intervals_cover(void **s)
{
    (void)s;
    enum { RUNS = 200 };
    size_t hit[3] = {0};
    for (uint64_t k = 0; k < RUNS; k++) {
        rl_table t = world(30, 6, 1000 + k);
        double *y = fit_num(&t, "late", &cx), *d = fit_num(&t, "d", &cx);
        const double *x = rl_table_col(&t, "x")->num, *q = rl_table_col(&t, "q")->num;
        rl_rng r = rl_rng_for(k, 9);
        for (size_t i = 0; i < t.n; i++) {
            double e = rl_normal(&r);
            d[i] = 0.8 * q[i] + e + rl_normal(&r);
            y[i] = 0.55 * d[i] + 0.2 * x[i] + e;
        }
        rl_result f[3] = {run(&t, request("n ~ x + q | unit + t", "poisson", RL_IID)),
                          run(&t, request("b ~ q + x + t", "logit", RL_IID)),
                          run(&t, fit_request("late ~ x | unit | d ~ q"))};
        const char *const TERM[] = {"x", "q", "d"};
        const double TRUTH[] = {0.4, -0.25, 0.55};
        for (size_t j = 0; j < 3; j++) {
            const rl_estimate *e = fit_find(&f[j], TERM[j]);
            hit[j] += e->conf_low <= TRUTH[j] && TRUTH[j] <= e->conf_high;
        }
        rl_arena_reset(cx.tmp);
    }
    for (size_t j = 0; j < 3; j++)
        if ((double)hit[j] < RUNS * 0.89 || (double)hit[j] > RUNS * 0.99)
            fail_msg("model %zu covers %zu of %d", j, hit[j], RUNS);
}

static void refusals_name_the_matter(void **s)
{
    (void)s;
    rl_table t = world(10, 6, 2);
    double *z = fit_num(&t, "z", &cx), *neg = fit_num(&t, "neg", &cx), *zero = fit_num(&t, "zero", &cx);
    const double *n = rl_table_col(&t, "n")->num, *b = rl_table_col(&t, "b")->num;
    for (size_t i = 0; i < t.n; i++) z[i] = n[i] == 0 && i % 2, neg[i] = i == 7 ? -0.5 : 1, zero[i] = 0;
    refused(&t, request("n ~ x + z", "poisson", RL_IID), RL_EDATA, "separation: 'z' marks");
    refused(&t, request("n ~ x + z | unit", "poisson", RL_IID), RL_EDATA, "separation: 'z' marks");
    for (size_t i = 0; i < t.n; i++) z[i] = 2 * b[i] - 1 + 0.01 * (double)i / (double)t.n;
    refused(&t, request("b ~ x + z", "logit", RL_IID), RL_EDATA, "separation:");
    refused(&t, request("n ~ x", "logit", RL_IID), RL_EDATA, "neither 0 nor 1");
    refused(&t, request("neg ~ x", "poisson", RL_IID), RL_EDATA, "-0.5 is below 0");
    refused(&t, request("zero ~ x", "poisson", RL_IID), RL_EDATA, "'zero' is 0 in all 60 rows");
    refused(&t, request("zero ~ x | unit", "logit", RL_IID), RL_EDATA, "'zero' is 0 in all");
    refused(&t, request("b ~ 0", "logit", RL_IID), RL_EDATA, "nothing to estimate");
    for (size_t i = 0; i < t.n; i++) zero[i] = i < 30;
    refused(&t, request("zero ~ x | unit", "logit", RL_IID), RL_EDATA, "does not vary within any level of 'unit'");
    rl_request r = request("y ~ x", "ols", RL_IID);
    r.margins = true;
    refused(&t, r, RL_EUSAGE, "--margins does not apply");
    r.margins = false;
    r.offset = "o";
    refused(&t, r, RL_EUSAGE, "--offset does not apply");
    r = request("b ~ x | unit", "logit", RL_IID);
    r.offset = "seg";
    refused(&t, r, RL_EINPUT, "(--offset) must hold numbers");
    r = request("b ~ x", "logit", RL_IID);
    r.family = RL_POISSON;
    refused(&t, r, RL_EUSAGE, "--family does not apply");
}

/* Nothing left to explain: said, and no statistic. */
static void a_constant_outcome_is_a_perfect_fit(void **s)
{
    (void)s;
    rl_table t = world(10, 6, 2);
    double *c = fit_num(&t, "c", &cx);
    for (size_t i = 0; i < t.n; i++) c[i] = 2.385;
    rl_result f = run(&t, request("c ~ x", "poisson", RL_HC1));
    CHECK_DIGITS(fit_find(&f, "(Intercept)")->estimate, rl_log(2.385), 15);
    assert_true(isnan(fit_find(&f, "x")->statistic));
    assert_non_null(strstr(f.note[0], "perfect fit"));
}

/* A variable that enters twice has no marginal effect of one term. */
static void margins_of_shared_variables_are_left_out(void **s)
{
    (void)s;
    rl_table t = world(20, 6, 5);
    rl_request r = request("b ~ x + q + x:q + poly(w,2) + log1p(y)", "logit", RL_IID);
    r.margins = true;
    rl_result f = run(&t, r);
    assert_int_equal(f.m, 8);
    fit_find(&f, "ame::log1p(y)");
    assert_int_equal(f.n_notes, 2); /* what is left out, and the unit of the others */
    assert_non_null(strstr(f.note[0], "'x', 'q', 'poly(w,2)', 'x:q'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(absorbed_effects_are_dummies),
        TEST(margins_are_derivatives),
        TEST(order_scale_and_threads_change_nothing),
        TEST(perfect_levels_are_left_out_and_counted),
        TEST(rows_that_effects_separate_are_left_out),
        TEST(intervals_cover),
        TEST(refusals_name_the_matter),
        TEST(a_constant_outcome_is_a_perfect_fit),
        TEST(margins_of_shared_variables_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
