/* ardl, koyck and lp: what they write out, what they report, what they refuse. */
#include "unit/study_fixture.h"

#include "model/dynamic.h"
#include "model/response.h"
#include "model/solve.h"
#include "unit/own_fit.h"

/* t, y, x, z: y_t = 2.3 + .6 y_(t-1) - .15 y_(t-2) + .9 x_t + .35 x_(t-1) - .4 z_t + e_t */
static rl_table series(size_t n, uint64_t seed)
{
    rl_table t = fit_table(n);
    double *at = fit_num(&t, "t", &cx), *x = NULL, *y = NULL, *z = NULL;
    fit_num(&t, "y", &cx), fit_num(&t, "x", &cx), fit_num(&t, "z", &cx), fit_num(&t, "one", &cx);
    fit_num(&t, "trend", &cx);
    at = t.col[0].num, y = t.col[1].num, x = t.col[2].num, z = t.col[3].num;
    rl_rng r = rl_rng_for(seed, 11);
    for (size_t i = 0; i < n; i++) {
        at[i] = 2000 + (double)i;
        t.col[4].num[i] = 7.5;
        t.col[5].num[i] = 3 + 0.25 * (double)i;
        x[i] = rl_normal(&r) + (i > 0 ? 0.5 * x[i - 1] : 0);
        z[i] = rl_normal(&r);
        y[i] = 2.3 + 0.9 * x[i] - 0.4 * z[i] + 0.3 * rl_normal(&r);
        if (i > 0) y[i] += 0.6 * y[i - 1] + 0.35 * x[i - 1];
        if (i > 1) y[i] -= 0.15 * y[i - 2];
    }
    return t;
}

static rl_request lagged(const char *estimator, const char *formula)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name(estimator);
    r.time = "t";
    r.horizon = r.max_lags = -1;
    return r;
}

static void orders(rl_request *r, const char *text) { assert_true(rl_orders_read(text, r)); }

static bool has(const rl_result *r, const char *term)
{
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, term) == 0) return true;
    return false;
}

static double value(const rl_result *r, const char *term) { return fit_find(r, term)->estimate; }

static void levels(void **s)
{
    (void)s;
    rl_table t = series(73, 1);
    rl_request q = lagged("ardl", "y ~ x + z"), o = lagged("ols", "y ~ lag(y,1:2) + x + lag(x,1) + z");
    orders(&q, "2, 1,0");
    rl_result a = run(&t, q), b = run(&t, o);
    for (size_t i = 0; i < b.m; i++) {
        const rl_estimate *e = fit_find(&a, b.est[i].label.term);
        CHECK_DIGITS(e->estimate, b.est[i].estimate, 15);
        CHECK_DIGITS(e->std_error, b.est[i].std_error, 15);
    }
    assert_string_equal(a.formula, "y ~ x + z + lag(y,1:2) + lag(x,1)");
    double D = 1 - value(&b, "lag(y,1)") - value(&b, "lag(y,2)");
    CHECK_DIGITS(value(&a, "ec"), -D, 14);
    CHECK_DIGITS(value(&a, "long_run::x"), (value(&b, "x") + value(&b, "lag(x,1)")) / D, 14);
    CHECK_DIGITS(value(&a, "long_run::z"), value(&b, "z") / D, 14);
    CHECK_DIGITS(value(&a, "long_run::(Intercept)"), value(&b, "(Intercept)") / D, 14);
    CHECK_DIGITS(a.loglik, b.loglik, 15);
    assert_int_equal(a.n_tests, 3);
    for (size_t i = 0; i < 3; i++) assert_non_null(strstr(a.test[i].says, "beyond"));
}

/* A long run by its definition: what y moves to when x stays one higher. */
static void long_run_is_where_it_settles(void **s)
{
    (void)s;
    rl_table t = series(73, 2);
    rl_request q = lagged("ardl", "y ~ x");
    orders(&q, "2,1");
    rl_result a = run(&t, q);
    double y[400] = {0}, b0 = value(&a, "x"), b1 = value(&a, "lag(x,1)");
    for (int i = 2; i < 400; i++)
        y[i] = value(&a, "lag(y,1)") * y[i - 1] + value(&a, "lag(y,2)") * y[i - 2] + b0 + (i > 2 ? b1 : 0);
    CHECK_DIGITS(y[399], value(&a, "long_run::x"), 12);
}

/* The error-correction form against its own regression in differences. */
static void error_correction(void **s)
{
    (void)s;
    rl_table t = series(73, 3);
    rl_request q = lagged("ardl", "y ~ x + z");
    rl_request o = lagged("ols", "diff(y) ~ lag(y,1) + lag(x,1) + z + lag(diff(y),1:2) + diff(x) + lag(diff(x),1)");
    orders(&q, "3,2,0");
    q.method = "ecm";
    rl_result a = run(&t, q), b = run(&t, o);
    CHECK_DIGITS(a.deviance, b.deviance, 12);
    static const char *const SAME[] = {"lag(diff(y),1)", "lag(diff(y),2)", "diff(x)", "lag(diff(x),1)", "(Intercept)"};
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        CHECK_DIGITS(value(&a, SAME[i]), value(&b, SAME[i]), 11);
        CHECK_DIGITS(fit_find(&a, SAME[i])->std_error, fit_find(&b, SAME[i])->std_error, 11);
    }
    CHECK_DIGITS(value(&a, "ec"), value(&b, "lag(y,1)"), 11);
    CHECK_DIGITS(value(&a, "diff(z)"), value(&b, "z"), 11);
    CHECK_DIGITS(value(&a, "long_run::x"), -value(&b, "lag(x,1)") / value(&b, "lag(y,1)"), 11);
    assert_false(has(&a, "lag(y,1)") || has(&a, "x"));
}

static void chosen(void **s)
{
    (void)s;
    rl_table t = series(140, 104);
    rl_request q = lagged("ardl", "y ~ x + z");
    q.max_lags = 4;
    q.ic = RL_IC_BIC;
    rl_result a = run(&t, q);
    assert_string_equal(a.formula, "y ~ x + z + lag(y,1:2) + lag(x,1)");
    assert_int_equal(a.rows_used, 138);
    assert_true(noted(&a, "lags 2,1,0 chosen by bic among 100 orders") && noted(&a, "on the same 136 rows"));
    q.ic = RL_IC_HQ;
    assert_true(noted(&(rl_result){.note = (a = run(&t, q), a.note), .n_notes = a.n_notes}, "by hq"));
}

/* What has no lags: factors, products, lag() as written, and they are not in the orders. */
static void fixed_regressors(void **s)
{
    (void)s;
    rl_table t = series(73, 5);
    const char *text[73];
    for (size_t i = 0; i < 73; i++) text[i] = i % 4 == 0 ? "a" : i % 4 == 1 ? "b" : i % 4 == 2 ? "c" : "d";
    fit_text(&t, "season", text, &cx);
    rl_request q = lagged("ardl", "y ~ x + season + lag(z,0) + x:z");
    orders(&q, "1,1");
    rl_result a = run(&t, q);
    assert_true(has(&a, "season::b") && has(&a, "lag(z,0)") && has(&a, "x:z") && has(&a, "long_run::x"));
    assert_false(has(&a, "long_run::season::b") || has(&a, "long_run::lag(z,0)"));
    assert_int_equal(a.test[0].df, 3);
}

static const rl_test *bounds(const rl_result *r, const char *name, int kase)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, name) == 0 && r->test[i].kase == kase) return &r->test[i];
    return NULL;
}

/* Cases by what stands beside the levels; F of case 5 from the two sums of squares. */
static void cases(void **s)
{
    (void)s;
    rl_table t = series(73, 6);
    rl_request q = lagged("ardl", "y ~ x + lag(trend,0)"), none = lagged("ardl", "y ~ x - 1");
    rl_request with = lagged("ols", "diff(y) ~ lag(trend,0) + diff(x) + lag(y,1) + lag(x,1)"),
               without = lagged("ols", "diff(y) ~ lag(trend,0) + diff(x)"), bare = lagged("ols", "diff(y) ~ diff(x)");
    orders(&q, "1,1"), orders(&none, "1,1");
    rl_result a = run(&t, q), b = run(&t, none), w = run(&t, with), o = run(&t, without), e = run(&t, bare);
    assert_true(a.n_tests == 3 && bounds(&a, "bounds-f", 4) && bounds(&a, "bounds-f", 5) && bounds(&a, "bounds-t", 5));
    assert_true(b.n_tests == 2 && bounds(&b, "bounds-f", 1) && bounds(&b, "bounds-t", 1));
    double s2 = w.deviance / (72 - 5);
    CHECK_DIGITS(bounds(&a, "bounds-f", 5)->statistic, (o.deviance - w.deviance) / 2 / s2, 10);
    CHECK_DIGITS(bounds(&a, "bounds-f", 4)->statistic, (e.deviance - w.deviance) / 3 / s2, 10);
    CHECK_DIGITS(bounds(&a, "bounds-t", 5)->statistic, fit_find(&w, "lag(y,1)")->statistic, 10);
}

/* Independent random walks: no level relation, and the words for it. */
static void no_level_relation(void **s)
{
    (void)s;
    rl_table t = series(200, 8);
    rl_rng r = rl_rng_for(17, 4);
    for (size_t i = 1; i < 200; i++)
        for (size_t j = 1; j <= 2; j++) t.col[j].num[i] = t.col[j].num[i - 1] + rl_normal(&r);
    rl_request q = lagged("ardl", "y ~ x");
    orders(&q, "1,0");
    rl_result a = run(&t, q);
    assert_non_null(strstr(bounds(&a, "bounds-f", 3)->says, "below the lower bound"));
    assert_true(bounds(&a, "bounds-f", 3)->p_value > 0.1);
}

/* y doubles every period: a long run would be a number without a meaning. */
static void explosive(void **s)
{
    (void)s;
    rl_table t = series(40, 9);
    for (size_t i = 1; i < 40; i++) t.col[1].num[i] = 1.3 * t.col[1].num[i - 1] + t.col[2].num[i];
    rl_request q = lagged("ardl", "y ~ x"), k = lagged("koyck", "y ~ x");
    orders(&q, "1,0");
    k.method = "ols";
    rl_result a = run(&t, q), b = run(&t, k);
    assert_false(has(&a, "long_run::x") || has(&a, "long_run::(Intercept)") || has(&b, "long_run::x"));
    assert_true(has(&a, "ec") && noted(&a, "never fades") && noted(&b, "never fades"));
}

static void stationary(void **s)
{
    (void)s;
    const double fine[] = {0.5, 0.3}, one[] = {0.7, 0.3}, swings[] = {0.2, -1.1}, falls[] = {-1.2};
    assert_true(rl_stationary(fine, 2) && rl_stationary(NULL, 0));
    assert_false(rl_stationary(one, 2) || rl_stationary(swings, 2) || rl_stationary(falls, 1));
}

static void koyck(void **s)
{
    (void)s;
    rl_table t = series(73, 10);
    rl_request q = lagged("koyck", "y ~ x + z"), o = lagged("iv", "y ~ x + z | 0 | lag(y,1) ~ lag(x,1) + lag(z,1)");
    rl_result a = run(&t, q), b = run(&t, o);
    for (size_t i = 0; i < b.m; i++) {
        CHECK_DIGITS(value(&a, b.est[i].label.term), b.est[i].estimate, 15);
        CHECK_DIGITS(fit_find(&a, b.est[i].label.term)->std_error, b.est[i].std_error, 15);
    }
    assert_int_equal(a.n_tests, b.n_tests);
    double phi = value(&b, "lag(y,1)");
    CHECK_DIGITS(value(&a, "long_run::z"), value(&b, "z") / (1 - phi), 14);
    q.method = "ols";
    rl_result c = run(&t, q);
    assert_string_equal(c.formula, "y ~ x + z + lag(y,1)");
    assert_true(value(&c, "lag(y,1)") != phi);
}

/* The delta method by hand: g = (1/D, b/D^2). */
static void delta_method(void **s)
{
    (void)s;
    rl_table t = series(73, 12);
    rl_request q = lagged("koyck", "y ~ x");
    q.method = "ols";
    rl_result a = run(&t, q);
    size_t x = 0, l = 0;
    for (size_t i = 0; i < a.m; i++) {
        if (strcmp(a.est[i].label.term, "x") == 0) x = i;
        if (strcmp(a.est[i].label.term, "lag(y,1)") == 0) l = i;
    }
    double D = 1 - a.est[l].estimate, g = 1 / D, h = a.est[x].estimate / (D * D);
    double v = g * g * a.V[x + x * a.m] + 2 * g * h * a.V[x + l * a.m] + h * h * a.V[l + l * a.m];
    CHECK_DIGITS(fit_find(&a, "long_run::x")->std_error, sqrt(v), 13);
}

static rl_request projection(const char *formula, int H)
{
    rl_request q = lagged("lp", formula);
    q.shock = "x";
    q.horizon = H;
    return q;
}

static void projections(void **s)
{
    (void)s;
    rl_table t = series(73, 13);
    rl_request q = projection("y ~ x + lag(y,1) + lag(x,1)", 4), o = lagged("ols", "y ~ x + lag(y,1) + lag(x,1)");
    q.vcov.kind = o.vcov.kind = RL_HC1;
    rl_result a = run(&t, q), b = run(&t, o);
    assert_int_equal(a.m, 5);
    CHECK_DIGITS(a.est[0].estimate, value(&b, "x"), 15);
    CHECK_DIGITS(a.est[0].std_error, fit_find(&b, "x")->std_error, 15);
    o.formula = "lead(y,3) ~ x + lag(y,1) + lag(x,1)";
    b = run(&t, o);
    CHECK_DIGITS(a.est[3].estimate, value(&b, "x"), 15);
    CHECK_DIGITS(a.est[3].conf_high, fit_find(&b, "x")->conf_high, 15);
    CHECK_DIGITS(a.V[3 + 3 * 5], a.est[3].std_error * a.est[3].std_error, 15);
    for (size_t h = 0; h < 5; h++) assert_int_equal(a.est[h].label.event, h);
}

/* Between horizons: sum_i psi_hi psi_gi, here from the two regressions' own residuals. */
static void between_horizons(void **s)
{
    (void)s;
    enum { N = 50 };
    rl_table t = series(N, 14);
    rl_request q = projection("y ~ x - 1", 1);
    q.vcov.kind = RL_HC0;
    rl_result a = run(&t, q);
    const double *x = t.col[2].num, *y = t.col[1].num;
    double xx0 = 0, xx1 = 0, b0 = a.est[0].estimate, b1 = a.est[1].estimate, c = 0;
    for (size_t i = 0; i < N; i++) xx0 += x[i] * x[i], xx1 += i + 1 < N ? x[i] * x[i] : 0;
    for (size_t i = 0; i + 1 < N; i++) c += x[i] * x[i] * (y[i] - b0 * x[i]) * (y[i + 1] - b1 * x[i]) / (xx0 * xx1);
    CHECK_DIGITS(a.V[0 + 1 * 2], c, 12);
    const char *sum[] = {"x[0] + x[1]"};
    q.lincom = sum, q.n_lincom = 1;
    a = run(&t, q);
    double v = a.V[0] + 2 * a.V[3] + a.V[4];
    CHECK_DIGITS(a.est[2].std_error, sqrt(v), 12);
    CHECK_DIGITS(a.est[2].estimate, b0 + b1, 15);
}

/* Cumulative: on the rows that have all leads, the sum of the responses. */
static void cumulative(void **s)
{
    (void)s;
    rl_table t = series(60, 15);
    rl_request q = projection("y ~ x + lag(y,1)", 2), o = lagged("ols", "lead(y,1) ~ x + lag(y,1)");
    q.method = "cumulative";
    unsigned char leave[60] = {0};
    leave[58] = leave[59] = 1; /* rows without all leads */
    rl_result a = run(&t, q);
    double sum = 0;
    static const char *const Y[] = {"y ~ x + lag(y,1)", "lead(y,1) ~ x + lag(y,1)", "lead(y,2) ~ x + lag(y,1)"};
    for (size_t h = 0; h < 3; h++) {
        o.formula = Y[h];
        o.leave = leave, o.leave_why = "no leads";
        rl_result b = run(&t, o);
        sum += value(&b, "x");
    }
    assert_string_equal(a.est[2].label.term, "cumulative::x");
    CHECK_DIGITS(a.est[2].estimate, sum, 12);
}

static void lag_augmented(void **s)
{
    (void)s;
    rl_table t = series(60, 16);
    rl_request q = projection("y ~ x + lag(y,1:2)", 1);
    q.method = "lag-augmented";
    q.vcov.kind = RL_VCOV_DEFAULT;
    rl_result a = run(&t, q);
    assert_string_equal(a.formula, "y ~ x + lag(y,1:2) + lag(y,3) + lag(x,1)");
    assert_string_equal(a.vcov_kind, "HC1");
    assert_true(noted(&a, "what has lags: errors need no lags then") && !noted(&a, "lag h + 1"));
    q.vcov.kind = RL_NW; /* asked for all the same */
    a = run(&t, q);
    assert_true(noted(&a, "lag h + 1") && noted(&a, "those asked for are used all the same"));
    q.vcov.kind = RL_VCOV_DEFAULT;
    q.method = "plain";
    a = run(&t, q);
    assert_string_equal(a.vcov_kind, "NW");
    assert_true(noted(&a, "lag h + 1") && a.df == 0);
}

/* The outcome's own past beside lag weights on a polynomial: what the response says in the long run. */
static void long_run_of_polynomials(void **s)
{
    (void)s;
    rl_table t = series(73, 1);
    static const char *const ASKED[] = {"x"};
    rl_request q = lagged("ols", "y ~ lag(y,1:2) + almon(x,0:3,2) + z"), w;
    q.response = ASKED, q.n_response = 1;
    rl_result a = run(&t, q), b, c;
    CHECK_DIGITS(value(&a, "long_run::x"), a.response[0].long_run.est, 12);
    CHECK_DIGITS(fit_find(&a, "long_run::x")->std_error, a.response[0].long_run.se, 9);
    q = lagged("ols", "diff(y) ~ lag(y,1) + lag(diff(y),1) + almon(x,0:3,2) + z");
    b = run(&t, q); /* the same regression */
    CHECK_DIGITS(value(&b, "long_run::x"), value(&a, "long_run::x"), 9);
    CHECK_DIGITS(fit_find(&b, "long_run::x")->std_error, fit_find(&a, "long_run::x")->std_error, 9);
    q = lagged("koyck", "y ~ x + almon(z,0:2,1)");
    c = run(&t, q);
    double D = 1 - value(&c, "lag(y,1)");
    CHECK_DIGITS(value(&c, "long_run::x"), value(&c, "x") / D, 12);
    CHECK_DIGITS(value(&c, "long_run::z"), 3 * value(&c, "lag(z,1)") / D, 12);
    w = lagged("ols", "y ~ almon(y,1:2,1) + x"); /* the past of the outcome is no cause of it */
    b = run(&t, w);
    assert_true(has(&b, "lag(y,2)") && !has(&b, "long_run::y"));
    w = lagged("ols", "y ~ lag(y,1):z + almon(x,0:2,1)");
    b = run(&t, w);
    assert_true(!has(&b, "long_run::x") && noted(&b, "plain lags"));
    w = lagged("ols", "trend ~ lag(trend,1) + lag(y,0) + almon(x,0:2,1)");
    for (size_t i = 1; i < t.n; i++) t.col[5].num[i] = 1.02 * t.col[5].num[i - 1] + t.col[2].num[i];
    b = run(&t, w);
    assert_true(!has(&b, "long_run::x") && noted(&b, "add up to 1.0"));
}

/* Figures that are combinations of coefficients already keep their errors where lag weights come in as well. */
static void combined_twice(void **s)
{
    (void)s;
    rl_table t = series(73, 1);
    rl_request q = lagged("ardl", "y ~ x + almon(z,0:2,2)"), o = lagged("ardl", "y ~ x + lag(z,0:2)");
    orders(&q, "1,1"), orders(&o, "1,1");
    for (int ecm = 0; ecm < 2; ecm++) {
        static const char *const TERM[] = {"long_run::(Intercept)", "long_run::x", "ec", "lag(z,0)", "lag(z,2)"};
        q.method = o.method = ecm ? "ecm" : NULL;
        rl_result a = run(&t, q), b = run(&t, o);
        for (size_t i = 0; i < 5; i++) {
            CHECK_DIGITS(value(&a, TERM[i]), value(&b, TERM[i]), 11);
            CHECK_DIGITS(fit_find(&a, TERM[i])->std_error, fit_find(&b, TERM[i])->std_error, 11);
        }
        double sum = value(&b, "lag(z,0)") + value(&b, "lag(z,1)") + value(&b, "lag(z,2)");
        CHECK_DIGITS(value(&a, "long_run::z"), -sum / value(&b, "ec"), 11);
        assert_true(fit_find(&a, "long_run::z")->std_error > 0);
    }
    q = lagged("logit", "one ~ almon(x,0:2,2) + z"), o = lagged("logit", "one ~ lag(x,0:2) + z");
    for (size_t i = 0; i < t.n; i++) t.col[4].num[i] = t.col[1].num[i] > 5 + (double)(i % 3) * 0.4;
    q.margins = o.margins = true;
    rl_result a = run(&t, q), b = run(&t, o);
    for (size_t i = 0; i < b.m; i++) CHECK_DIGITS(fit_find(&a, b.est[i].label.term)->std_error, b.est[i].std_error, 8);
}

static void bad_requests(void **s)
{
    (void)s;
    rl_table t = series(30, 17);
    rl_request q = lagged("ardl", "y ~ x + z");
    refused(&t, q, RL_EUSAGE, "--max-lags");
    orders(&q, "1,1");
    refused(&t, q, RL_EUSAGE, "'x', 'z'");
    orders(&q, "0,1,1");
    refused(&t, q, RL_EUSAGE, "lag or more of its own");
    orders(&q, "9,9,9");
    refused_hint(&t, q, RL_EDATA, "no freedom is left", "--max-lags 6");
    q.n_orders = 0, q.max_lags = 7;
    refused_hint(&t, q, RL_EDATA, "no freedom is left", "--max-lags 6");
    q.max_lags = 6;
    run(&t, q);
    q.formula = "y ~ one";
    refused(&t, q, RL_EDATA, "'one' never changes");
    q.formula = "one ~ x";
    refused(&t, q, RL_EDATA, "'one' never changes");
    q.formula = "y ~ lag(y,1) + x";
    refused(&t, q, RL_EUSAGE, "lags of the outcome itself");
    q.formula = "y ~ x | 0 | z ~ one";
    refused(&t, q, RL_EUSAGE, "no instruments");
    q.formula = "y ~ lag(x,1)";
    refused(&t, q, RL_EUSAGE, "needs a regressor");
    q.formula = "y ~ x", q.method = "iv";
    refused_hint(&t, q, RL_EUSAGE, "--method 'iv' is not known", "levels ecm");
    q.method = NULL, q.time = NULL;
    refused(&t, q, RL_EUSAGE, "--time");
    q.time = "t", q.formula = "y ~ x + trend", q.max_lags = -1;
    orders(&q, "1,1,1");
    refused(&t, q, RL_EDATA, "trend");
    rl_request k = lagged("koyck", "y ~ one");
    refused(&t, k, RL_EDATA, "one");
    k.formula = "y ~ lag(x,1)";
    refused(&t, k, RL_EUSAGE, "needs a regressor");
    k.formula = "y ~ x", k.method = "gmm";
    refused_hint(&t, k, RL_EUSAGE, "--method 'gmm' is not known", "iv ols");
}

static void bad_projections(void **s)
{
    (void)s;
    rl_table t = series(30, 18);
    rl_request q = projection("y ~ x + z", 3);
    q.shock = NULL;
    refused(&t, q, RL_EUSAGE, "--shock");
    q.shock = "w";
    refused(&t, q, RL_EUSAGE, "not a regressor");
    q.shock = "x", q.horizon = -1;
    refused(&t, q, RL_EUSAGE, "--horizon");
    q.horizon = 30;
    refused(&t, q, RL_EDATA, "longer than the series");
    q.horizon = 28;
    refused(&t, q, RL_EDATA, "horizon 27");
    q.horizon = 501;
    refused(&t, q, RL_EUSAGE, "501");
    q.horizon = 2, q.shock = "one", q.formula = "y ~ one";
    refused(&t, q, RL_EDATA, "not identified");
    q.formula = "y ~ z | 0 | x ~ one", q.shock = "z";
    refused(&t, q, RL_EUSAGE, "no instruments");
    const char *list[] = {"jarque-bera"};
    q.formula = "y ~ z", q.diag = list, q.n_diag = 1;
    refused(&t, q, RL_EUSAGE, "jarque-bera");
}

/* A gap in time costs the rows that would reach over it; nothing is taken from before it. */
static void gaps(void **s)
{
    (void)s;
    rl_table t = series(60, 19);
    for (size_t i = 30; i < 60; i++) t.col[0].num[i] += 5;
    rl_request q = lagged("ardl", "y ~ x");
    orders(&q, "2,1");
    assert_int_equal(run(&t, q).rows_used, 56);
    rl_request p = projection("y ~ x + lag(y,1)", 2);
    assert_true(noted(&(rl_result){.note = run(&t, p).note, .n_notes = 2}, "58 at 0, 54 at 2"));
}

#define STUDY(models)                                                                                    \
    "study: {title: t, currency: USD, period: month, cut: 2027-12-31}\n"                                 \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status,\n" \
    "        amount: amount, won: [Won], lost: [Lost], open: [Open]}\n"                                  \
    "panel: {file: g.csv, unit: geo, date: day, columns: [sales, spend]}\n"                              \
    "models:\n" models

static void open_study(fixture *f, const char *study)
{
    rl_str g = rl_str_new(cx.keep);
    rl_rng r = rl_rng_for(23, 1);
    rl_str_add(&g, "geo,day,sales,spend\n");
    for (int m = 0; m < 48; m++)
        for (int u = 0; u < 2; u++) {
            double spend = 5 + rl_normal(&r);
            rl_str_addf(&g, "%c,%d-%02d-01,%.3f,%.3f\n", "NS"[u], 2024 + m / 12, m % 12 + 1, 20 + spend + rl_normal(&r),
                        spend);
        }
    fixture_open(f);
    fixture_write(f, "d.csv", "id,account,created,closed,status,amount\nD1,A,2024-01-10,2024-02-01,Won,100.5\n");
    fixture_write(f, "g.csv", rl_str_text(&g));
    CHECK_OK(fixture_read(f, study), &f->cx);
}

/* A study takes the estimators by name, with the words of the command line as keys. */
static void in_a_study(void **s)
{
    (void)s;
    fixture f;
    rl_answer a = {0};
    open_study(&f, STUDY("  r: {level: panel, formula: 'sales ~ spend + lag(sales,1) | geo', estimator: lp, "
                         "shock: spend, periods: 2}\n"
                         "  o: {level: panel, formula: 'sales ~ spend | geo', estimator: ardl, lags: \"2, 1\"}\n"
                         "  c: {level: panel, formula: 'sales ~ spend | geo', estimator: ardl, max_lags: 2, ic: bic}\n"
                         "  k: {level: panel, formula: 'sales ~ spend | geo', estimator: koyck, method: ols}\n"));
    a.study = &f.study;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    for (size_t i = 0; i < 4; i++) assert_int_equal(a.model[i].status, RL_MODEL_DONE);
    assert_true(a.model[0].main.m == 3 && a.model[0].main.est[2].label.event == 2);
    assert_string_equal(a.model[1].main.formula, "sales ~ spend + lag(sales,1:2) + lag(spend,1) | geo");
    assert_true(has(&a.model[2].main, "long_run::spend") && has(&a.model[3].main, "long_run::spend"));
    assert_false(a.model[1].has_lags);
    fixture_close(&f);
}

static void bad_study(const char *model, const char *word)
{
    fixture f;
    rl_answer a = {0};
    open_study(&f, model);
    a.study = &f.study;
    assert_int_equal(rl_solve(&f.t, &a, &f.cx), RL_EINPUT);
    if (strstr(f.cx.err.what, word) == NULL) fail_msg("no '%s' in '%s'", word, f.cx.err.what);
    assert_true(f.cx.err.line > 0);
    fixture_close(&f);
}

static void bad_words_of_a_study(void **s)
{
    (void)s;
    bad_study(STUDY("  o: {level: panel, formula: 'sales ~ spend', estimator: ardl, lags: \"2;1\"}\n"), "2;1");
    bad_study(STUDY("  o: {level: panel, formula: 'sales ~ spend', estimator: ardl, max_lags: 2, ic: aicc}\n"), "aicc");
}

int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(levels),
        TEST(long_run_is_where_it_settles),
        TEST(error_correction),
        TEST(chosen),
        TEST(fixed_regressors),
        TEST(cases),
        TEST(no_level_relation),
        TEST(explosive),
        TEST(stationary),
        TEST(koyck),
        TEST(delta_method),
        TEST(long_run_of_polynomials),
        TEST(combined_twice),
        TEST(projections),
        TEST(between_horizons),
        TEST(cumulative),
        TEST(lag_augmented),
        TEST(bad_requests),
        TEST(bad_projections),
        TEST(gaps),
        TEST(in_a_study),
        TEST(bad_words_of_a_study),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
