/* Few clusters by the influence (--as small-sample): Welch's error, its degrees of freedom, tests, refusals. */
#include "fit_fixture.h"

#include "model/est.h"
#include "model/request.h"
#include "num/dist.h"

static rl_request request(const char *estimator, rl_agg agg)
{
    rl_request r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name(estimator);
    r.vcov = (rl_vcov_spec){.kind = RL_VCOV_DEFAULT, .lag = -1};
    r.unit = "unit";
    r.time = "t";
    r.cohort = "g";
    r.agg = agg;
    r.profile = "small-sample";
    return r;
}

static rl_result run(const rl_request *r, const rl_table *t, rl_ctx *cx)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(r, t, &out, cx->keep, cx), cx);
    return out;
}

static const rl_test *named(const rl_result *r, const char *name)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, name) == 0) return &r->test[i];
    return NULL;
}

/* Changes of units of cohort g (NaN = never) from period `old` to `now`; rows of fit_panel by unit and time. */
static size_t changes(const rl_table *t, double g, int T, int old, int now, double *out)
{
    const double *start = t->col[1].num, *y = t->col[4].num;
    size_t n = 0;
    for (size_t i = 0; i < t->n; i += (size_t)T)
        if (start[i] == g || (isnan(g) && isnan(start[i]))) out[n++] = y[i + (size_t)now - 1] - y[i + (size_t)old - 1];
    return n;
}

/* Variance of the mean; adds what Satterthwaite's sum has of it, shares d of V each. */
static double mean_variance(const double *x, size_t n)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)(n - 1) / (double)n;
}

static double shares(const double *x, size_t n, double V)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = (x[i] - mean) * (x[i] - mean) / ((double)n * (double)(n - 1)) / V;
        sum += d * d / pow(1 - d, 0.4);
    }
    return sum;
}

static void an_effect_has_the_error_of_welch(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    enum { N = 23, T = 7 };
    rl_table t = fit_panel(N, T, 5, &cx);
    rl_request r = request("cs", RL_AGG_GROUP_TIME);
    rl_result out = run(&r, &t, &cx);
    double a[N], b[N];
    for (size_t i = 0; i < out.m; i++) {
        const rl_estimate *e = &out.est[i];
        if (e->label.group != 4 || e->label.time != 6) continue;
        size_t na = changes(&t, 4, T, 3, 6, a), nb = changes(&t, NAN, T, 3, 6, b);
        double V = mean_variance(a, na) + mean_variance(b, nb);
        CHECK_NEAR(e->std_error, sqrt(V), 1e-13);
        double df = 3 / (shares(a, na, V) + shares(b, nb, V));
        assert_true(df < N - 1);
        CHECK_NEAR(e->df, df, 1e-9);
        CHECK_NEAR(e->conf_high, e->estimate + rl_t_quantile(0.975, df) * sqrt(V), 1e-11);
    }
    for (size_t i = 0; i < out.m; i++)
        for (size_t j = 0; j < out.m; j++) { /* what joint covariances across models are made of is the same */
            double v = 0;
            for (size_t g = 0; g < out.G; g++) v += out.psi_G[g + i * out.G] * out.psi_G[g + j * out.G];
            CHECK_NEAR(v, out.V[i + j * out.m], 1e-13);
        }
    rl_ctx_free(&cx);
}

static void one_restriction_is_a_t_test(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(31, 7, 8, &cx);
    rl_request r = request("cs", RL_AGG_DYNAMIC);
    r.has_window = true;
    r.window_lo = -1;
    r.window_hi = 2;
    rl_result out = run(&r, &t, &cx);
    const rl_test *pre = named(&out, "pre-trend");
    const rl_estimate *e = fit_event(&out, -1);
    assert_non_null(pre);
    assert_null(named(&out, "pre-trend-small-sample"));
    CHECK_NEAR(pre->statistic, e->statistic * e->statistic, 1e-12);
    CHECK_NEAR(pre->p_value, e->p_value, 1e-12);
    CHECK_NEAR(pre->df2, e->df, 1e-10);
    r.profile = NULL; /* the method's own convention has the same test beside its own */
    out = run(&r, &t, &cx);
    const rl_test *small = named(&out, "pre-trend-small-sample");
    assert_non_null(small);
    assert_string_equal(named(&out, "pre-trend")->kind, "chi2");
    CHECK_NEAR(small->p_value, pre->p_value, 1e-13);
    assert_true(named(&out, "pre-trend")->p_value < small->p_value);
    r.window_lo = -3;
    out = run(&r, &t, &cx);
    small = named(&out, "pre-trend-small-sample");
    assert_true(small->df == 3 && small->df2 > 5 && small->df2 < 28);
    rl_ctx_free(&cx);
}

static void who_gets_it(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(31, 7, 8, &cx);
    rl_request r = request("cs", RL_AGG_DYNAMIC), s = r;
    s.profile = NULL;
    s.student = true; /* studies */
    rl_result small = run(&r, &t, &cx), study = run(&s, &t, &cx);
    for (size_t i = 0; i < small.m; i++)
        assert_true(small.est[i].conf_low == study.est[i].conf_low || isnan(small.est[i].conf_low));
    s.estimator = rl_estimator_by_name("sunab"); /* a regression: it has a factor and t */
    study = run(&s, &t, &cx);
    assert_null(named(&study, "pre-trend-small-sample"));
    assert_true(study.df == 30);
    s.profile = "small-sample";
    small = run(&s, &t, &cx);
    assert_true(isnan(small.df) && fit_event(&small, 0)->df <= 30 && fit_event(&small, 2)->df < 25);
    static const char *const SUM[] = {"mean(event 0:1) - mean(event -2:-1)"};
    r.contrast = SUM;
    r.n_contrast = 1;
    small = run(&r, &t, &cx);
    assert_true(small.est[small.m - 1].std_error > 0 && small.est[small.m - 1].df > 5);
    rl_ctx_free(&cx);
}

/* A cohort that is one cluster: its own luck is not in the error, and nothing is divided by zero. */
static void one_cluster_in_a_cohort(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(13, 6, 3, &cx);
    double *g = t.col[1].num;
    for (size_t i = 0; i < t.n; i++) g[i] = i < 6 ? 4 : NAN;
    rl_request r = request("cs", RL_AGG_SIMPLE);
    rl_result out = run(&r, &t, &cx);
    assert_true(isfinite(out.est[0].std_error) && out.est[0].std_error > 0 && out.est[0].df <= 12);
    rl_ctx_free(&cx);
}

/* The first `small` units start at 8, others at 5 or never: events -7 .. -5 rest on the small cohort alone. */
static rl_table uneven(size_t small, rl_ctx *cx)
{
    enum { T = 9 };
    rl_table t = fit_panel(small + 45, T, 12, cx);
    double *g = t.col[1].num;
    for (size_t i = 0; i < t.n; i++) g[i] = i / T < small ? 8 : i / T < small + 15 ? 5 : NAN;
    return t;
}

static bool noted(const rl_result *r, const char *what)
{
    for (size_t i = 0; i < r->n_notes; i++)
        if (strstr(r->note[i], what) != NULL) return true;
    return false;
}

/* n clusters bear n/2 - 1 estimates at most, the nearest to the start first; the others are named. */
static void few_bear_few(void **state)
{
    (void)state;
    static const struct {
        size_t units;
        double events, cells;
    } EACH[] = {{1, 3, 3}, {3, 3, 3}, {4, 4, 4}, {5, 4, 4}, {6, 5, 5}, {8, 6, 6}, {14, 6, 9}};
    rl_ctx cx;
    check_ctx(&cx);
    for (size_t k = 0; k < sizeof EACH / sizeof EACH[0]; k++) {
        rl_table t = uneven(EACH[k].units, &cx);
        rl_request r = request("cs", RL_AGG_DYNAMIC);
        r.universal = true;
        rl_result out = run(&r, &t, &cx);
        CHECK_NEAR(named(&out, "pre-trend")->df, EACH[k].events, 0);
        assert_int_equal(noted(&out, "the pre-trend test leaves out"), EACH[k].events < 6);
        r.agg = RL_AGG_GROUP_TIME;
        out = run(&r, &t, &cx);
        CHECK_NEAR(named(&out, "pre-trend")->df, EACH[k].cells, 0);
    }
    rl_table t = uneven(1, &cx);
    rl_request r = request("cs", RL_AGG_DYNAMIC);
    r.universal = true;
    rl_result out = run(&r, &t, &cx);
    assert_true(noted(&out, "leaves out 3 of its 6 estimates"));
    assert_true(noted(&out, "'event (event time -5)': 1 treated cluster)"));
    r.profile = NULL; /* the convention stays, with a word */
    out = run(&r, &t, &cx);
    CHECK_NEAR(named(&out, "pre-trend")->df, 6, 0);
    CHECK_NEAR(named(&out, "pre-trend-small-sample")->df, 3, 0);
    assert_true(noted(&out, "of its 6 estimates 3 are borne by too few"));
    for (size_t i = 0; i < t.n; i++) /* one unit is all that is treated: nothing is left to test */
        if (t.col[1].num[i] == 5) t.col[1].num[i] = NAN;
    r.profile = "small-sample";
    out = run(&r, &t, &cx);
    assert_null(named(&out, "pre-trend"));
    assert_true(noted(&out, "the pre-trend test was left out: too few treated clusters bear its"));
    rl_ctx_free(&cx);
}

static void refuse(const rl_request *r, const rl_table *t, const char *what, rl_ctx *cx)
{
    rl_result out;
    assert_int_equal(rl_estimate_run(r, t, &out, cx->keep, cx), RL_EUSAGE);
    if (strstr(cx->err.what, what) == NULL) fail_msg("'%s' is not in '%s'", what, cx->err.what);
    rl_forgive(cx);
}

static void refusals(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(31, 7, 8, &cx);
    rl_request r = request("cs", RL_AGG_SIMPLE);
    r.bootstrap = true;
    refuse(&r, &t, "errors of its own", &cx);
    r = request("sunab", RL_AGG_SIMPLE);
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 2, .by = {"unit", "region"}, .lag = -1};
    refuse(&r, &t, "one cluster variable", &cx);
    r.vcov = (rl_vcov_spec){.kind = RL_IID, .lag = -1};
    refuse(&r, &t, "one cluster variable", &cx);
    r = fit_request("y ~ x");
    r.profile = "small-sample";
    r.estimator = rl_estimator_by_name("ols");
    refuse(&r, &t, "no convention of estimator 'ols'", &cx);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_effect_has_the_error_of_welch),
        cmocka_unit_test(one_restriction_is_a_t_test),
        cmocka_unit_test(who_gets_it),
        cmocka_unit_test(one_cluster_in_a_cohort),
        cmocka_unit_test(few_bear_few),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
