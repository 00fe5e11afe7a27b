#include "model/est.h"
#include "model/infer.h"
#include "unit/own_fit.h"

/* y = 1.7 + 0.83 x + 0.31 c + e with e in x too; z and q move x, two units. */
static rl_table endogenous(size_t n, uint64_t seed)
{
    rl_table t = fit_table(n);
    const char *const NAME[] = {"y", "x", "c", "z", "q", "d", "twin", "w", "s"};
    for (size_t j = 0; j < 9; j++) fit_num(&t, NAME[j], &cx);
    const char **unit = RL_NEW(cx.keep, const char *, n);
    rl_rng r = rl_rng_for(seed, 3);
    for (size_t i = 0; i < n; i++) {
        double e = rl_normal(&r), c = rl_normal(&r), z = rl_normal(&r), q = rl_normal(&r), d = i % 3 == 0;
        double x = 0.4 * c + 0.7 * z + 0.5 * q + 0.9 * d + 0.6 * e + rl_normal(&r);
        const double v[] = {1.7 + 0.83 * x + 0.31 * c + e, x, c, z, q, d, 2.385 * z, 0.5 + rl_uniform(&r),
                            x + 0.3 * rl_normal(&r)};
        for (size_t j = 0; j < 9; j++) t.col[j].num[i] = v[j];
        unit[i] = rl_sprintf(cx.keep, "u%02zu", i % 11);
    }
    fit_text(&t, "unit", unit, &cx);
    return t;
}

static const rl_test *test_of(const rl_result *r, const char *name)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, name) == 0) return &r->test[i];
    return NULL;
}

static void a_binary_instrument_is_the_wald_ratio(void **s)
{
    (void)s;
    rl_table t = endogenous(157, 5);
    rl_result r = run(&t, fit_request("y ~ 1 | 0 | x ~ d"));
    double y[2] = {0}, x[2] = {0}, n[2] = {0};
    for (size_t i = 0; i < t.n; i++) {
        int g = t.col[5].num[i] == 1;
        y[g] += t.col[0].num[i], x[g] += t.col[1].num[i], n[g]++;
    }
    double ratio = (y[1] / n[1] - y[0] / n[0]) / (x[1] / n[1] - x[0] / n[0]);
    CHECK_DIGITS(fit_find(&r, "x")->estimate, ratio, 12);
    assert_string_equal(r.estimator->name, "iv"); /* by the third part alone */
    assert_null(test_of(&r, "sargan"));           /* nothing to test */
    /* one instrument: F is t squared of the first stage */
    rl_result first = run(&t, fit_request("x ~ d"));
    double f = fit_find(&first, "d")->statistic;
    CHECK_DIGITS(test_of(&r, "first-stage-f")->statistic, f * f, 11);
    assert_string_equal(test_of(&r, "first-stage-f")->variable, "x");
}

/* The residuals are those of x as it is, not of what the instruments predict of it. */
static void residuals_are_structural(void **s)
{
    (void)s;
    rl_table t = endogenous(93, 8);
    rl_result r = run(&t, fit_request("y ~ c | 0 | x ~ z + q"));
    double rss = 0, a = fit_find(&r, "(Intercept)")->estimate, b = fit_find(&r, "x")->estimate,
           c = fit_find(&r, "c")->estimate;
    for (size_t i = 0; i < t.n; i++) {
        double e = t.col[0].num[i] - a - b * t.col[1].num[i] - c * t.col[2].num[i];
        rss += e * e;
    }
    CHECK_DIGITS(r.sigma, sqrt(rss / 90), 12);
    CHECK_DIGITS(r.deviance, rss, 12);
    assert_true(isnan(r.loglik));
    assert_string_equal(r.est[1].label.term, "x"); /* right behind the constant */
}

static void tests_agree_with_regressions(void **s)
{
    (void)s;
    rl_table t = endogenous(120, 2);
    rl_result r = run(&t, fit_request("y ~ c | 0 | x ~ z + q")), first = run(&t, fit_request("x ~ c + z + q"));
    /* Sargan: n R2 of the residuals on instruments */
    double *e = fit_num(&t, "e", &cx), *v = fit_num(&t, "v", &cx);
    for (size_t i = 0; i < t.n; i++) {
        double at[5];
        for (size_t j = 0; j < 5; j++) at[j] = t.col[j].num[i];
        e[i] = at[0] - fit_find(&r, "(Intercept)")->estimate - fit_find(&r, "x")->estimate * at[1] -
               fit_find(&r, "c")->estimate * at[2];
        v[i] = at[1] - fit_find(&first, "(Intercept)")->estimate - fit_find(&first, "c")->estimate * at[2] -
               fit_find(&first, "z")->estimate * at[3] - fit_find(&first, "q")->estimate * at[4];
    }
    rl_result over = run(&t, fit_request("e ~ c + z + q"));
    CHECK_DIGITS(test_of(&r, "sargan")->statistic, 120 * over.r2, 9);
    CHECK_DIGITS(test_of(&r, "sargan")->df, 1, 15);
    /* Wu-Hausman: t squared of the first stage's residuals */
    rl_result wu = run(&t, fit_request("y ~ c + x + v"));
    double tt = fit_find(&wu, "v")->statistic;
    CHECK_DIGITS(test_of(&r, "wu-hausman")->statistic, tt * tt, 10);
    CHECK_DIGITS(test_of(&r, "wu-hausman")->df2, 116, 15);
    CHECK_DIGITS(test_of(&r, "wu-hausman")->p_value, fit_find(&wu, "v")->p_value, 9);
    assert_null(test_of(&r, "first-stage-wald")); /* under iid errors it is the F */
}

/* A test asked for by name is there, or a note says why not. */
static void tests_by_name(void **s)
{
    (void)s;
    static const char *const NAME[] = {"first-stage-f",
                                       "first-stage-wald",
                                       "wu-hausman",
                                       "sargan",
                                       "hansen",
                                       "anderson-lm",
                                       "cragg-donald-f",
                                       "kleibergen-paap-lm",
                                       "sanderson-windmeijer-f",
                                       "kleibergen-paap-f"};
    static const char *const FORMULA[] = {"y ~ c | 0 | x ~ z", "y ~ c | 0 | x ~ z + q", "y ~ 1 | 0 | x + c ~ z + q",
                                          "y ~ 1 | 0 | x + c ~ z + q + w"};
    rl_table t = endogenous(132, 4);
    double *w = fit_num(&t, "w", &cx);
    rl_rng rng = rl_rng_for(3, 3);
    for (size_t i = 0; i < t.n; i++) w[i] = rl_normal(&rng) + rl_table_col(&t, "c")->num[i];
    for (int i = 0; i < 8; i++) {
        rl_request r = fit_request(FORMULA[i / 2]);
        if (i % 2) r.vcov.kind = RL_HC1;
        r.iv_test = NAME;
        r.n_iv_test = sizeof NAME / sizeof *NAME;
        rl_result out = run(&t, r);
        for (size_t j = 0; j < r.n_iv_test; j++) {
            const char *missing = rl_sprintf(cx.keep, "no %s: ", NAME[j]);
            size_t said = 0;
            for (size_t k = 0; k < out.n_notes; k++) said += strncmp(out.note[k], missing, strlen(missing)) == 0;
            if ((test_of(&out, NAME[j]) != NULL) + said != 1) fail_msg("%s, %d: %zu", NAME[j], i, said);
        }
    }
}

/* With one instrument the robust first-stage Wald is the robust t squared. */
static void wald_uses_the_covariance_asked_for(void **s)
{
    (void)s;
    rl_table t = endogenous(132, 4);
    rl_request r = fit_request("y ~ c | unit | x ~ z"), f = fit_request("x ~ c + z | unit");
    r.vcov = f.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    rl_result iv = run(&t, r), first = run(&t, f);
    double z = fit_find(&first, "z")->statistic;
    CHECK_DIGITS(test_of(&iv, "first-stage-wald")->statistic, z * z, 11);
    assert_int_equal(iv.n_notes, 1); /* few clusters: said once, not for each stage */
}

/* The weighted statistic is n times the weighted R2. */
static void sargan_under_weights(void **s)
{
    (void)s;
    rl_table t = endogenous(120, 6);
    rl_request q = fit_request("y ~ c | 0 | x ~ z + q"), o = fit_request("e ~ c + z + q");
    q.weights = o.weights = "w";
    rl_result r = run(&t, q);
    double *e = fit_num(&t, "e", &cx);
    for (size_t i = 0; i < t.n; i++)
        e[i] = t.col[0].num[i] - fit_find(&r, "(Intercept)")->estimate - fit_find(&r, "x")->estimate * t.col[1].num[i] -
               fit_find(&r, "c")->estimate * t.col[2].num[i];
    CHECK_DIGITS(test_of(&r, "sargan")->statistic, 120 * run(&t, o).r2, 9);
}

/* Two-step GMM by hand, for y on x without a constant by z and q. */
static void hansen_is_the_criterion_of_two_step_gmm(void **s)
{
    (void)s;
    rl_table t = endogenous(140, 12);
    rl_request q = fit_request("y ~ 0 | 0 | x ~ z + q");
    q.vcov.kind = RL_HC1;
    rl_result r = run(&t, q);
    double b = fit_find(&r, "x")->estimate, S[3] = {0}, gy[2] = {0}, gx[2] = {0};
    for (size_t i = 0; i < t.n; i++) {
        double z[2] = {t.col[3].num[i], t.col[4].num[i]}, e = t.col[0].num[i] - b * t.col[1].num[i];
        S[0] += z[0] * z[0] * e * e, S[1] += z[0] * z[1] * e * e, S[2] += z[1] * z[1] * e * e;
        for (int j = 0; j < 2; j++) gy[j] += z[j] * t.col[0].num[i], gx[j] += z[j] * t.col[1].num[i];
    }
    double det = S[0] * S[2] - S[1] * S[1], W[3] = {S[2] / det, -S[1] / det, S[0] / det};
    double xx = W[0] * gx[0] * gx[0] + 2 * W[1] * gx[0] * gx[1] + W[2] * gx[1] * gx[1];
    double xy = W[0] * gx[0] * gy[0] + W[1] * (gx[0] * gy[1] + gx[1] * gy[0]) + W[2] * gx[1] * gy[1];
    double g0 = gy[0] - xy / xx * gx[0], g1 = gy[1] - xy / xx * gx[1];
    CHECK_DIGITS(test_of(&r, "hansen")->statistic, W[0] * g0 * g0 + 2 * W[1] * g0 * g1 + W[2] * g1 * g1, 10);
    CHECK_DIGITS(test_of(&r, "hansen")->df, 1, 15);
    assert_null(test_of(&r, "no such test"));
}

static void refusals_name_the_matter(void **s)
{
    (void)s;
    rl_table t = endogenous(60, 9);
    refused(&t, fit_request("y ~ 1 | 0 | x + c ~ z"), RL_EDATA, "too few instruments: 1 instrument for 2");
    refused(&t, fit_request("y ~ 1 | 0 | x + c ~ z + twin"), RL_EDATA, "too few instruments: 1 instrument left");
    refused(&t, fit_request("y ~ 1 | 0 | x + s ~ z + q + z:q - z:q + d - d - q + twin"), RL_EDATA, "too few");
    rl_request r = fit_request("y ~ c | 0 | x ~ z");
    r.estimator = rl_estimator_by_name("ols");
    refused(&t, r, RL_EUSAGE, "takes no instruments");
    r = fit_request("y ~ c");
    r.estimator = rl_estimator_by_name("iv");
    refused(&t, r, RL_EUSAGE, "needs instruments");
    refused(&t, fit_request("y ~ c | 0 | x ~ z + c"), RL_EUSAGE, "'c' is an instrument and a regressor");
    refused(&t, fit_request("y ~ c + x | 0 | x ~ z"), RL_EUSAGE, "'x' is among the exogenous");
    refused(&t, fit_request("y ~ c | 0 | x ~"), RL_EUSAGE, "ends");
    refused(&t, fit_request("y ~ c | 0 | x"), RL_EUSAGE, "instruments should stand");
    refused(&t, fit_request("y ~ c | 0 | 1 ~ z"), RL_EUSAGE, "no endogenous regressor");
    /* two endogenous regressors that one direction of the instruments moves */
    double *a = fit_num(&t, "a", &cx), *b = fit_num(&t, "b", &cx);
    for (size_t i = 0; i < t.n; i++) a[i] = t.col[3].num[i] + t.col[4].num[i], b[i] = 2 * a[i];
    refused(&t, fit_request("y ~ 1 | 0 | a + b ~ z + q"), RL_EDATA, "'a' and 'b' are not identified");
}

static void weak_instruments_are_said_to_be(void **s)
{
    (void)s;
    rl_table t = endogenous(75, 1);
    double *noise = fit_num(&t, "noise", &cx);
    rl_rng r = rl_rng_for(2, 2);
    for (size_t i = 0; i < t.n; i++) noise[i] = rl_normal(&r);
    rl_result weak = run(&t, fit_request("y ~ 1 | 0 | x ~ noise"));
    assert_true(test_of(&weak, "first-stage-f")->statistic < 10);
    assert_non_null(strstr(weak.note[0], "weak instruments: the first-stage F of 'x' is"));
}

static void a_collinear_instrument_is_named(void **s)
{
    (void)s;
    rl_table t = endogenous(75, 1);
    rl_result with = run(&t, fit_request("y ~ c | 0 | x ~ z + q + twin"));
    assert_int_equal(with.n_notes, 1);
    assert_non_null(strstr(with.note[0], "'twin' was left out"));
    rl_result without = run(&t, fit_request("y ~ c | x ~ z + q")); /* without `| 0 |` */
    CHECK_DIGITS(fit_find(&with, "x")->estimate, fit_find(&without, "x")->estimate, 13);
    CHECK_DIGITS(test_of(&with, "sargan")->df, 1, 15);
}

/* y on a and b by four instruments; clusters of unequal size, effects, weights. */
static rl_table two_endogenous(void)
{
    enum { N = 80 };
    static const char *const NAME[] = {"y", "a", "b", "x", "z1", "z2", "z3", "z4", "w", "t"};
    rl_table t = fit_table(N);
    const char *text[3][N];
    for (size_t j = 0; j < 10; j++) fit_num(&t, NAME[j], &cx);
    for (int r = 0; r < N; r++) {
        int i = r + 1, g = (int)floor(sqrt(3.0 * i));
        double x = sin(i), z1 = cos(1.7 * i) + 0.2 * x, z2 = sin(0.9 * i * i), z3 = cos(2.3 * i * i) - 0.1 * x,
               z4 = sin(3.1 * i) * cos(i), a = z1 + 0.4 * z2 - 0.3 * z4 + sin(5.3 * i * i) + 0.3 * cos(g),
               b = 0.6 * z2 - 0.5 * z3 + 0.3 * a + cos(4.1 * i * i * i);
        const double v[] = {a - b + x, a, b, x, z1, z2, z3, z4, 0.5 + i * 13 % 11 / 10.0, i};
        for (size_t j = 0; j < 10; j++) t.col[j].num[r] = v[j];
        text[0][r] = rl_sprintf(cx.keep, "g%d", g);
        text[1][r] = rl_sprintf(cx.keep, "h%d", i * 7 % 23);
        text[2][r] = rl_sprintf(cx.keep, "f%d", i % 4);
    }
    fit_text(&t, "g", text[0], &cx);
    fit_text(&t, "h", text[1], &cx);
    fit_text(&t, "f", text[2], &cx);
    return t;
}

static const rl_test *rank_test(const rl_result *r, bool lm)
{
    const rl_test *t = test_of(r, lm ? "kleibergen-paap-lm" : "kleibergen-paap-f");
    if (t == NULL) t = test_of(r, lm ? "anderson-lm" : "cragg-donald-f");
    assert_non_null(t);
    return t;
}

/* Digits of a second implementation, in R: all equations at once, theta normalised by roots, its singular value
 * decomposition, and the Kronecker covariance of vec(Pi); under iid errors canonical correlations. */
static void rank_tests_as_by_kronecker_products(void **s)
{
    (void)s;
    static const struct {
        const char *vcov;
        bool weights, effects;
        double lm, F;
    } PEER[] = {
        {"HC1", false, false, 17.817999239157, 7.93591744155763},
        {"cluster:g", false, false, 7.1561612041965, 7.0505295412264},
        {"cluster:g", true, true, 6.95785962977785, 4.2790019443789},
        {"cluster:g+h", false, true, 6.37439024109268, 4.62198530077243},
        {"NW:3,prewhite=0", false, false, 10.6410319055591, 9.34601442952795},
        {"iid", false, false, 24.6391606665045, 8.23369872671967},
    };
    rl_table t = two_endogenous();
    for (size_t i = 0; i < sizeof PEER / sizeof *PEER; i++) {
        rl_request r = fit_request(PEER[i].effects ? "y ~ x | f | a + b ~ z1 + z2 + z3 + z4"
                                                   : "y ~ x | 0 | a + b ~ z1 + z2 + z3 + z4");
        CHECK_OK(rl_vcov_parse(PEER[i].vcov, &r.vcov, cx.keep, &cx), &cx);
        r.weights = PEER[i].weights ? "w" : NULL;
        r.time = r.vcov.kind == RL_NW ? "t" : NULL;
        r.profile = r.vcov.kind == RL_NW ? "sandwich" : NULL;
        rl_result out = run(&t, r);
        CHECK_DIGITS(rank_test(&out, true)->statistic, PEER[i].lm, 10);
        CHECK_DIGITS(rank_test(&out, false)->statistic, PEER[i].F, 10);
        CHECK_DIGITS(rank_test(&out, true)->df, 3, 15);
        CHECK_DIGITS(rank_test(&out, false)->df, 4, 15);
        assert_true(isnan(rank_test(&out, false)->p_value)); /* Stock and Yogo's values are no p */
    }
}

/* Which combinations of regressors and of instruments are written does not matter. */
static void rank_is_a_matter_of_spaces(void **s)
{
    (void)s;
    static const char *const VCOV[] = {"iid", "HC2", "CR2:g", "cluster:g+h"};
    rl_table t = two_endogenous();
    double *p = fit_num(&t, "p", &cx), *q = fit_num(&t, "q", &cx), *u = fit_num(&t, "u", &cx);
    for (size_t i = 0; i < t.n; i++) {
        double a = t.col[1].num[i], b = t.col[2].num[i];
        p[i] = 3 * a - 2 * b;
        q[i] = 0.5 * b + 7 * a;
        u[i] = t.col[4].num[i] + 40 * t.col[5].num[i] - 0.3 * t.col[7].num[i];
    }
    for (size_t i = 0; i < 4; i++) {
        rl_request one = fit_request("y ~ x | f | a + b ~ z1 + z2 + z3 + z4"),
                   two = fit_request("y ~ x | f | q + p ~ z3 + u + z1 + z4");
        CHECK_OK(rl_vcov_parse(VCOV[i], &one.vcov, cx.keep, &cx), &cx);
        two.vcov = one.vcov;
        rl_result a = run(&t, one), b = run(&t, two);
        CHECK_DIGITS(rank_test(&a, true)->statistic, rank_test(&b, true)->statistic, 9);
        CHECK_DIGITS(rank_test(&a, false)->statistic, rank_test(&b, false)->statistic, 9);
    }
}

/* Under iid errors Anderson's statistic of one regressor is n times the partial R2. */
static void one_regressor(void **s)
{
    (void)s;
    rl_table t = endogenous(120, 7);
    rl_result iv = run(&t, fit_request("y ~ c | 0 | x ~ z + q")), with = run(&t, fit_request("x ~ c + z + q")),
              without = run(&t, fit_request("x ~ c"));
    CHECK_DIGITS(test_of(&iv, "anderson-lm")->statistic, 120 * (1 - with.deviance / without.deviance), 11);
    CHECK_DIGITS(test_of(&iv, "anderson-lm")->df, 2, 15);
    assert_null(test_of(&iv, "cragg-donald-f")); /* it is the first stage's F */
    assert_null(test_of(&iv, "sanderson-windmeijer-f"));
}

/* The regressor less what two-stage least squares predicts of it from the others. */
static void conditional_first_stages_by_regressions(void **s)
{
    (void)s;
    static const char *const ALL[] = {"z1 = 0, z2 = 0, z3 = 0, z4 = 0"};
    static const rl_vcov_kind KIND[] = {RL_IID, RL_HC1};
    rl_table t = two_endogenous();
    double *e = fit_num(&t, "e", &cx);
    for (size_t k = 0; k < 2; k++) {
        rl_request all = fit_request("y ~ x | f | a + b ~ z1 + z2 + z3 + z4"),
                   others = fit_request("b ~ x | f | a ~ z1 + z2 + z3 + z4"),
                   left = fit_request("e ~ x + z1 + z2 + z3 + z4 | f");
        all.vcov.kind = left.vcov.kind = KIND[k];
        left.restriction = ALL;
        left.n_restriction = 1;
        rl_result r = run(&t, all), o = run(&t, others);
        for (size_t i = 0; i < t.n; i++) e[i] = t.col[2].num[i] - fit_find(&o, "a")->estimate * t.col[1].num[i];
        rl_result l = run(&t, left);
        const rl_test *b = NULL;
        for (size_t i = 0; i < r.n_tests; i++)
            if (strcmp(r.test[i].name, "sanderson-windmeijer-f") == 0 && strcmp(r.test[i].variable, "b") == 0)
                b = &r.test[i];
        assert_non_null(b);
        CHECK_DIGITS(b->statistic, l.test[0].statistic * 4 / 3, 9);
        CHECK_DIGITS(b->df, 3, 15);
    }
}

/* Instruments that move both regressors, but together: each first stage is strong, their rank is not. */
static void weak_rank_is_said(void **s)
{
    (void)s;
    rl_table t = endogenous(400, 3);
    double *twin = t.col[8].num;
    rl_rng r = rl_rng_for(4, 4);
    for (size_t i = 0; i < t.n; i++) twin[i] = t.col[1].num[i] + 0.5 * rl_normal(&r);
    rl_request q = fit_request("y ~ c | 0 | x + s ~ z + q + d");
    q.vcov.kind = RL_HC1;
    rl_result out = run(&t, q);
    for (size_t i = 0; i < out.n_tests; i++)
        if (strcmp(out.test[i].name, "first-stage-wald") == 0) assert_true(out.test[i].statistic > 30);
    assert_true(rank_test(&out, false)->statistic < 10);
    assert_true(rank_test(&out, true)->p_value > 0.01);
    bool said = false;
    for (size_t i = 0; i < out.n_notes; i++)
        said = said || strstr(out.note[i], "weak instruments: they move the 2 endogenous regressors too little apart");
    assert_true(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_binary_instrument_is_the_wald_ratio),
        TEST(residuals_are_structural),
        TEST(tests_agree_with_regressions),
        TEST(tests_by_name),
        TEST(wald_uses_the_covariance_asked_for),
        TEST(sargan_under_weights),
        TEST(hansen_is_the_criterion_of_two_step_gmm),
        TEST(refusals_name_the_matter),
        TEST(weak_instruments_are_said_to_be),
        TEST(a_collinear_instrument_is_named),
        TEST(rank_tests_as_by_kronecker_products),
        TEST(rank_is_a_matter_of_spaces),
        TEST(one_regressor),
        TEST(conditional_first_stages_by_regressions),
        TEST(weak_rank_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
