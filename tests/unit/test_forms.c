#include "base/fmath.h"
#include "base/holiday.h"
#include "model/infer.h"
#include "unit/own_fit.h"

enum { N = 48 };

static double rounded(double x, double unit) { return rint(x / unit) * unit; }

/* Spend x and price z of 48 months, outcomes of its stock (y: rate .55), of a saturating
 * stock (yh) and of a delayed one (yw), with noise that is no noise: t x z y yh yw w. */
static rl_table series(void)
{
    static const char *const NAME[] = {"t", "x", "z", "y", "yh", "yw", "w"};
    rl_table t = fit_table(N);
    double *v[7], slow = 0, fast = 0;
    for (int j = 0; j < 7; j++) fit_num(&t, NAME[j], &cx);
    for (int j = 0; j < 7; j++) v[j] = t.col[j].num;
    for (int i = 1; i <= N; i++) {
        double x = rounded(12 + 9 * sin(1.3 * i) + (7 * i) % 5 + 14 * ((3 * i) % 11 == 0), 0.01);
        double z = rounded(5 + 3 * cos(0.9 * i) + (5 * i) % 7, 0.01);
        double u = rounded(1.7 * sin(2.1 * i) + 1.1 * cos(3.7 * i * i), 0.001), late = 0;
        slow = x + 0.55 * slow;
        fast = x + 0.4 * fast;
        v[0][i - 1] = i, v[1][i - 1] = x, v[2][i - 1] = z, v[6][i - 1] = 1 + (i % 3) / 2.0;
        for (int l = 0; l < i; l++) late += (exp(-pow(l / 3.0, 1.8)) - exp(-pow((l + 1) / 3.0, 1.8))) * v[1][i - 1 - l];
        v[3][i - 1] = rounded(20 + 0.8 * slow - 0.6 * z + u, 0.001);
        v[4][i - 1] = rounded(20 + 30 * pow(fast, 2.2) / (pow(fast, 2.2) + pow(25, 2.2)) - 0.6 * z + u, 0.001);
        v[5][i - 1] = rounded(15 + 1.4 * late - 0.6 * z + u, 0.001);
    }
    return t;
}

static rl_request asked(const char *formula)
{
    rl_request r = fit_request(formula);
    r.time = "t";
    return r;
}

static rl_result fitted(const rl_table *t, rl_request r)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static void is(const rl_result *r, const char *term, double b, double se, double digits)
{
    const rl_estimate *e = fit_find(r, term);
    CHECK_DIGITS(e->estimate, b, digits);
    CHECK_DIGITS(e->std_error, se, digits);
}

/* nls() of R 4.2.2, tol = 1e-8 with central differences. */
static void rates(void **s)
{
    (void)s;
    rl_table t = series();
    rl_result r = fitted(&t, asked("y ~ adstock(x) + z"));
    is(&r, "(Intercept)", 18.9637254639140, 1.47456325844555, 7);
    is(&r, "adstock(x)", 0.8213159891274, 0.02868321803284, 7);
    is(&r, "z", -0.5928958054393, 0.09138099831341, 7);
    is(&r, "rate::adstock(x)", 0.5550352244351, 0.01599993412193, 7);
    CHECK_DIGITS(r.df, 44, 16);
    rl_request w = asked("y ~ adstock(x) + z");
    w.weights = "w";
    r = fitted(&t, w);
    is(&r, "adstock(x)", 0.8234937929583, 0.02994004099446, 7);
    is(&r, "rate::adstock(x)", 0.5547374113111, 0.01647383827322, 7);
    w = asked("y ~ adstock(x) + z");
    w.vcov.kind = RL_HC0;
    r = fitted(&t, w);
    is(&r, "rate::adstock(x)", 0.5550352244351, 0.01505013108512, 7);
    is(&r, "z", -0.5928958054393, 0.09296268579634, 7);
    t.n = 14; /* the set rss(rate) <= rss (1 + F / df) by uniroot(): .14875 to .56458 */
    r = fitted(&t, asked("yh ~ adstock(x)"));
    CHECK_DIGITS(fit_find(&r, "rate::adstock(x)")->estimate, 0.399578084, 6);
    assert_true(noted(&r, "every rate from 0.149 to 0.565 fits at 95 %, the estimate being 0.4"));
    t.n = 11;
    r = fitted(&t, asked("yh ~ adstock(x)"));
    assert_true(noted(&r, "every rate from 0 to 0.654 fits at 95 %, down to the least that was looked at"));
    w = asked("yh ~ adstock(x)");
    w.level = 0.999;
    refused_hint(&t, w, RL_EDATA, "every one from 0 to 0.99 fits at 99.9 %", "adstock(x,0.399)");
}

static void saturation_and_delay(void **s)
{
    (void)s;
    rl_table t = series();
    rl_result r = fitted(&t, asked("yh ~ hill(adstock(x)) + z"));
    is(&r, "hill(adstock(x))", 19.4409443110270, 3.75964115186013, 6);
    is(&r, "rate::adstock(x)", 0.4039009636674, 0.02876392214083, 6);
    is(&r, "half::hill(adstock(x))", 24.6490994155786, 1.64362147262756, 6);
    is(&r, "slope::hill(adstock(x))", 4.0530909416832, 1.13400610712273, 6);
    CHECK_DIGITS(r.sigma * r.sigma * 42, 93.86765706282, 12);
    r = fitted(&t, asked("yw ~ weibull(x) + z"));
    is(&r, "weibull(x)", 1.4595814641077, 0.08365289706686, 7);
    is(&r, "shape::weibull(x)", 1.7403210044852, 0.07488230319373, 7);
    is(&r, "scale::weibull(x)", 3.0155042085085, 0.11909415301424, 7);
}

/* The parameter given at its optimum gives the same fit; a lag of a form, a product, the same form twice. */
static void chains(void **s)
{
    (void)s;
    rl_table t = series();
    rl_result free = fitted(&t, asked("yh ~ hill(adstock(x)) + z"));
    double rate = fit_find(&free, "rate::adstock(x)")->estimate,
           half = fit_find(&free, "half::hill(adstock(x))")->estimate,
           slope = fit_find(&free, "slope::hill(adstock(x))")->estimate;
    rl_result fixed =
        fitted(&t, asked(rl_sprintf(cx.keep, "yh ~ hill(adstock(x,%.17g),%.17g,%.17g) + z", rate, half, slope)));
    CHECK_DIGITS(fixed.est[1].estimate, free.est[1].estimate, 8);
    CHECK_DIGITS(fixed.rmse, free.rmse, 13);
    assert_true(fixed.K == 3 && free.K == 6);
    rl_result lagged = fitted(&t, asked("y ~ lag(adstock(x),0:1) + z"));
    assert_int_equal(lagged.m, 5);
    assert_int_equal(lagged.rows_used, N - 1);
    rl_result twice = fitted(&t, asked("y ~ adstock(x) + adstock(x):z"));
    assert_int_equal(twice.m, 4); /* one rate */
    fit_find(&twice, "adstock(x):z");
    rl_result brand = fitted(&t, asked("y ~ adstock(x) + adstock(x,0.95) + z"));
    fit_find(&brand, "adstock(x,0.95)");
    fit_find(&brand, "rate::adstock(x)");
}

static void panels(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 30, 5, &cx);
    double *x = rl_table_col(&t, "x")->num, *y = rl_table_col(&t, "y")->num, stock = 0;
    for (size_t i = 0; i < t.n; i++) {
        stock = i % 30 == 0 ? x[i] : x[i] + 0.7 * stock;
        y[i] += 1.5 * stock;
    }
    rl_request r = fit_request("y ~ adstock(x) | unit + t");
    r.unit = "unit", r.time = "t";
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    rl_result out = fitted(&t, r);
    const rl_estimate *rate = fit_find(&out, "rate::adstock(x)");
    CHECK_NEAR(rate->estimate, 0.6, 0.15);
    assert_true(rate->std_error > 0 && rate->std_error < 0.1);
    r.formula = "y ~ adstock(x,0.7):region | unit"; /* by segment */
    out = fitted(&t, r);
    assert_int_equal(out.m, 3);
    fit_find(&out, "adstock(x,0.7):region::South");
    r.formula = "y ~ lag(x,0:1):region | unit";
    out = fitted(&t, r);
    assert_int_equal(out.m, 6);
    r.formula = "y ~ almon(x,0:4,2):region | unit";
    out = fitted(&t, r);
    fit_find(&out, "lag(x,4):region::West");
    fit_find(&out, "long_run::x:region::North");
    r.formula = "y ~ adstock(x):region | unit";
    out = fitted(&t, r);
    assert_int_equal(out.m, 4); /* one rate for all */
    r.vcov = (rl_vcov_spec){.kind = RL_DK, .lag = 2};
    out = fitted(&t, r);
    assert_true(fit_find(&out, "rate::adstock(x)")->std_error > 0);
}

static void cannot_be_estimated(void **s)
{
    (void)s;
    rl_table t = series();
    refused_hint(&t, asked("adstock(y) ~ x"), RL_EUSAGE, "the rate of 'adstock(y)' cannot be estimated in the outcome",
                 "adstock(y,0.5)");
    refused_hint(&t, asked("y ~ log1p(adstock(x))"), RL_EUSAGE, "inside another function", "adstock(x,0.5)");
    refused_hint(&t, asked("y ~ adstock(log1p(weibull(x)),0.5)"), RL_EUSAGE, "the shape and the scale of 'weibull(x)'",
                 "weibull(x,2,3)");
    refused_hint(&t, asked("y ~ adstock(x):hill(z)"), RL_EUSAGE, "in a product with another", "hill(z,20,2)");
    refused_hint(&t, asked("y ~ z | 0 | adstock(x) ~ w"), RL_EUSAGE, "of an endogenous regressor", "");
    refused_hint(&t, asked("y ~ z | 0 | x ~ adstock(w)"), RL_EUSAGE, "of an instrument", "");
    refused_hint(&t, asked("y ~ almon(x,0:2,1):almon(z,0:2,1)"), RL_EUSAGE, "two polynomials", "");
    rl_request r = asked("y ~ adstock(x) + z");
    r.estimator = rl_estimator_by_name("poisson");
    refused_hint(&t, r, RL_EUSAGE, "by estimator 'poisson'", "adstock(x,0.5)");
    refused_hint(&t, asked("y ~ weibull(x) + weibull(z) + weibull(w) + weibull(yh) + adstock(yw)"), RL_EUSAGE,
                 "more than 8 parameters", "give some");
    r = fit_request("y ~ adstock(x) + z");
    refused_hint(&t, r, RL_EUSAGE, "needs to know the time", "--time");
    r.formula = "y ~ trend()";
    refused_hint(&t, r, RL_EUSAGE, "needs to know the time", "--time");
    refused_hint(&t, asked("y ~ x + season()"), RL_EUSAGE, "'season()' needs dates: 't' holds numbers",
                 "--period month");
    r = asked("y ~ adstock(x) + z");
    r.vcov = (rl_vcov_spec){.kind = RL_WILD, .ways = 1, .by = {"t"}, .lag = -1, .reps = 99, .form = 11};
    refused_hint(&t, r, RL_EDATA, "null imposed", "null=no");
}

static void cannot_be_told(void **s)
{
    (void)s;
    rl_table t = series();
    double *x = t.col[1].num, *y = t.col[3].num, *z = t.col[2].num;
    refused_hint(&t, asked("z ~ adstock(x)"), RL_EDATA,
                 "the data cannot tell the rate of 'adstock(x)': every one from 0 to 0.99", "adstock(x,");
    rl_rng noise = rl_rng_for(3, 1);
    for (size_t i = 0; i < N; i++) y[i] = 3 * x[i] - z[i] + 0.8 * rl_normal(&noise) - (i > 0 ? 0.4 * x[i - 1] : 0);
    refused_hint(&t, asked("y ~ adstock(x) + z"), RL_EDATA, "the best is 0, an end of what was looked at",
                 "no carry-over");
    refused_hint(&t, asked("y ~ hill(x) + z"), RL_EDATA, "the half of 'hill(x)'", "no saturation is seen");
    for (size_t i = 0; i < N; i++) x[i] = 7.25;
    refused_hint(&t, asked("y ~ adstock(x) + z"), RL_EDATA, "'x' is the same in all rows", "adstock(x,0.5)");
    for (size_t i = 0; i < N; i++) x[i] = NAN;
    refused_hint(&t, asked("y ~ adstock(x) + z"), RL_EDATA, "'x' has no value in any row", "");
    t = series();
    t.col[1].num[17] = -2.5;
    refused_hint(&t, asked("y ~ hill(x,20,2)"), RL_EINPUT, "hill of -2.5 does not exist", "");
    refused_hint(&t, asked("y ~ hill(adstock(x))"), RL_EINPUT, "of -2.5 does not exist", "");
    rl_result r = fitted(&t, asked("y ~ adstock(x) + z"));
    assert_true(noted(&r, "'x' is negative in 1 row: 'adstock(x)' carries"));
    t = series();
    t.n = 5;
    refused_hint(&t, asked("y ~ adstock(x) + z + w"), RL_EDATA,
                 "5 rows cannot carry 4 coefficients and 1 parameter:", "give the");
}

/* What lags, gaps and late starts do to the rows is said. */
static void waterfall(void **s)
{
    (void)s;
    rl_table t = series();
    rl_result r = fitted(&t, asked("y ~ lag(x,0:3) + lead(z,2)"));
    assert_int_equal(r.n_dropped, 2);
    assert_string_equal(r.dropped[0].why, "'lag(x,0:3)' reaches before the first period");
    assert_int_equal(r.dropped[0].rows, 3);
    assert_string_equal(r.dropped[1].why, "'lead(z,2)' reaches beyond the last period");
    assert_int_equal(r.dropped[1].rows, 2);
    for (size_t i = 0; i < 9; i++) t.col[1].num[i] = 0;
    r = fitted(&t, asked("y ~ adstock(x,0.5)"));
    assert_int_equal(r.n_dropped, 0);
    assert_true(noted(&r, "'x' is 0 in the first 9 of 48 periods and starts in 10"));
    r = fitted(&t, asked("y ~ hill(x,3,2)"));
    assert_true(noted(&r, "'x' is 0 in the first 9 of 48 periods and starts in 10"));
    t.col[1].name = "spend_x";
    t.col[1].num[30] = -2.5;
    r = fitted(&t, asked("y ~ lag(spend_x,0:1)"));
    assert_true(noted(&r, "'spend_x' is negative in 1 row: 'lag(spend_x,0:1)' takes it as less than nothing spent"));
    t.col[1].name = "x";
    t.col[1].num[30] = 2.5;
    for (size_t i = 0; i < 9; i++) t.col[1].num[i] = NAN;
    r = fitted(&t, asked("y ~ lag(x,1)"));
    assert_true(
        noted(&r, "'x' has no value in the first 9 of 48 periods and starts in 10: the rows before are left out"));
    assert_int_equal(r.dropped[0].rows, 1);
    assert_int_equal(r.dropped[1].rows, 9);
    for (size_t i = 20; i < N; i++) t.col[0].num[i] += 2; /* periods 21 and 22 */
    r = fitted(&t, asked("y ~ adstock(x,0.5)"));
    assert_true(noted(&r, "2 periods are missing, the first after 20"));
    assert_true(noted(&r, "6 rows behind a missing period left out")); /* .5^7 is below 1 % */
    assert_int_equal(r.rows_used, N - 9 - 6);
    r = fitted(&t, asked("y ~ trend() + x"));
    CHECK_DIGITS(fit_find(&r, "trend()")->estimate, fitted(&t, asked("y ~ t + x")).est[1].estimate,
                 12); /* gaps count */
    for (size_t i = 0; i < N; i++) t.col[2].num[i] = 3.5;
    r = fitted(&t, asked("y ~ adstock(x,0.5) + lag(z,0:1)"));
    assert_true(noted(&r, "'z' is 3.5 in every row"));
    t.col[0].num[30] = t.col[0].num[29];
    refused_hint(&t, asked("y ~ adstock(x)"), RL_EINPUT, "two rows of time", "--panel UNIT");
}

/* Too few periods: what they could carry is said. */
static void too_few(void **s)
{
    (void)s;
    rl_table t = series();
    t.n = 12;
    refused_hint(&t, asked("y ~ lag(x,0:5) + z"), RL_EDATA, "7 rows cannot carry 8 coefficients",
                 "lag(x,0:4) would leave enough");
    rl_result r = fitted(&t, asked("y ~ lag(x,0:4) + z"));
    assert_true(r.rows_used > r.K);
    refused_hint(&t, asked("y ~ almon(x,0:8,2) + z"), RL_EDATA, "4 rows cannot carry 5", "almon(x,0:6,2) would leave");
    assert_int_equal(fitted(&t, asked("y ~ almon(x,0:6,2) + z")).K, 5);
    refused_hint(&t, asked("y ~ lag(x,0:20) + z"), RL_EDATA, "no row is left", "lag(x,0:4) would leave enough");
    t.n = 4;
    refused_hint(&t, asked("y ~ lag(x,0:1) + z"), RL_EDATA, "3 rows cannot carry 4",
                 "lag(x,0) alone would leave enough");
    t.n = 3;
    refused_hint(&t, asked("y ~ lag(x,0:1) + z"), RL_EDATA, "2 rows cannot carry 4", "not even lag(x,0) alone");
}

/* x by lags and its polynomial; instruments; a likelihood; what cannot be told apart. */
static void polynomials(void **s)
{
    (void)s;
    rl_table t = series();
    rl_result lags = fitted(&t, asked("y ~ lag(x,0:3) + z")), poly = fitted(&t, asked("y ~ almon(x,0:3,3) + z"));
    for (size_t i = 0; i < 4; i++) {
        const char *term = rl_sprintf(cx.keep, "lag(x,%zu)", i);
        CHECK_DIGITS(fit_find(&poly, term)->estimate, fit_find(&lags, term)->estimate, 11);
        CHECK_DIGITS(fit_find(&poly, term)->std_error, fit_find(&lags, term)->std_error, 11);
    }
    rl_result both = fitted(&t, asked("y ~ almon(x,0:5,4,both) + z")),
              far = fitted(&t, asked("y ~ almon(x,0:5,2,far)"));
    assert_int_equal(both.K, 5);
    assert_int_equal(far.K, 3);
    rl_result split = fitted(&t, asked("y ~ almon(x,0:3,1) + almon(x,4:7,1)"));
    double sum = 0;
    for (size_t i = 0; i < 8; i++) sum += fit_find(&split, rl_sprintf(cx.keep, "lag(x,%zu)", i))->estimate;
    CHECK_DIGITS(fit_find(&split, "long_run::x")->estimate, sum, 12);
    assert_int_equal(split.m, 10);
    rl_result iv = fitted(&t, asked("y ~ z | 0 | almon(x,0:2,1) ~ lag(x,0:2)"));
    fit_find(&iv, "lag(x,2)");
    rl_request r = asked("y ~ almon(x,0:2,1) + z");
    r.estimator = rl_estimator_by_name("poisson");
    r.margins = true;
    rl_result glm = fitted(&t, r);
    fit_find(&glm, "lag(x,1)");
    fit_find(&glm, "ame::lag(x,1)");
    refused_hint(&t, asked("y ~ lag(x,0:2) + almon(x,0:2,1)"), RL_EDATA, "'almon(x,0:2,1)' is not identified",
                 "leave out what moves");
    refused_hint(&t, asked("y ~ almon(x,0:4,2) + almon(x,0:4,1)"), RL_EDATA, "'almon(x,0:4,1)' is not identified", "");
    r = asked("y ~ almon(x,0:2,1)");
    r.estimator = rl_estimator_by_name("twfe");
    r.unit = "w", r.treated = "w";
    rl_ctx one;
    check_ctx(&one);
    rl_result out;
    assert_true(rl_estimate_run(&r, &t, &out, one.keep, &one) != RL_OK);
    rl_ctx_free(&one);
}

/* Dummies of the period in its year, the first the reference. */
static void seasons(void **s)
{
    (void)s;
    static const struct {
        rl_period_kind kind;
        int32_t first;
        const char *reference, *second, *last;
    } KIND[] = {{RL_MONTH, 600, "season::Jan", "season::Feb", "season::Dec"},
                {RL_QUARTER, 160, "season::Q1", "season::Q2", "season::Q4"},
                {RL_WEEK, 2600, "season::W01", "season::W02", "season::W52"},
                {RL_DAY, 18000, "season::Mon", "season::Tue", "season::Sun"}};
    for (size_t k = 0; k < 4; k++) {
        rl_table t = fit_table(160);
        fit_num(&t, "y", &cx);
        const char **when = RL_NEW(cx.keep, const char *, t.n);
        rl_calendar cal = {KIND[k].kind, 1};
        for (size_t i = 0; i < t.n; i++) {
            char buf[16];
            when[i] = rl_strdup(cx.keep, rl_period_text(buf, cal, KIND[k].first + (int32_t)i));
            t.col[0].num[i] = (double)(i % 7) + (double)(i * i % 11);
        }
        fit_text(&t, "when", when, &cx);
        rl_request r = fit_request("y ~ season()");
        r.time = "when", r.calendar = cal;
        rl_result out = fitted(&t, r);
        fit_find(&out, KIND[k].second);
        fit_find(&out, KIND[k].last);
        for (size_t j = 0; j < out.m; j++) assert_string_not_equal(out.est[j].label.term, KIND[k].reference);
    }
    rl_table t = series();
    rl_request r = asked("y ~ season() + x");
    r.calendar = (rl_calendar){RL_MONTH, 1};
    refused_hint(&t, r, RL_EUSAGE, "needs dates", "");
    r.numbered = true;
    rl_result out = fitted(&t, r); /* a study's periods */
    assert_string_equal(out.est[1].label.term, "season::Feb");
    r.calendar = (rl_calendar){RL_YEAR, 1};
    refused_hint(&t, r, RL_EUSAGE, "a year has no seasons", "--period");
}

/* A table of n periods from `first` on; y = base + effect (working days lost to US holidays) exactly. */
static rl_table closed_days(rl_calendar cal, int32_t first, size_t n)
{
    rl_table t = fit_table(n);
    const char **when = RL_NEW(cx.keep, const char *, n);
    fit_num(&t, "y", &cx);
    for (size_t i = 0; i < n; i++) {
        int32_t at = first + (int32_t)i;
        char buf[16];
        when[i] = rl_strdup(cx.keep, rl_period_text(buf, cal, at));
        t.col[0].num[i] = 40.5 - 2.385 * rl_holiday_days(rl_holiday_find("US"), 0, 0, rl_period_first(cal, at),
                                                         rl_period_last(cal, at));
    }
    fit_text(&t, "when", when, &cx);
    return t;
}

static void holidays(void **s)
{
    (void)s;
    static const rl_period_kind KIND[] = {RL_DAY, RL_WEEK, RL_MONTH, RL_QUARTER};
    for (size_t k = 0; k < 4; k++) {
        rl_calendar cal = {KIND[k], 1};
        rl_table t = closed_days(cal, rl_period_of(cal, rl_day(2021, 5, 1)), 60);
        rl_request r = fit_request("y ~ holiday(us)");
        r.time = "when", r.calendar = cal;
        rl_result out = fitted(&t, r);
        assert_string_equal(out.est[1].label.term, "holiday(US)");
        CHECK_DIGITS(out.est[1].estimate, -2.385, 11);
        CHECK_DIGITS(out.est[0].estimate, 40.5, 11);
    }
    rl_calendar week = {RL_WEEK, 1}; /* 24 December to 1 January: six days of one week, three of the next */
    rl_table t = closed_days(week, rl_period_of(week, rl_day(2024, 12, 16)), 4);
    rl_request r = fit_request("y ~ 0 + holiday(christmas,-1:7)");
    r.time = "when", r.calendar = week;
    t.col[0].num[0] = t.col[0].num[3] = 0;
    t.col[0].num[1] = 6, t.col[0].num[2] = 3;
    CHECK_DIGITS(fitted(&t, r).est[0].estimate, 1.0, 12);
    t.col[0].num[1] = 3, t.col[0].num[2] = 6;
    CHECK_DIGITS(fitted(&t, r).est[0].estimate, 36.0 / 45, 12);

    t = closed_days((rl_calendar){RL_MONTH, 1}, rl_period_of((rl_calendar){RL_MONTH, 1}, rl_day(1977, 11, 1)), 30);
    r = fit_request("y ~ holiday(US)");
    r.time = "when", r.calendar = (rl_calendar){RL_MONTH, 1};
    refused_hint(&t, r, RL_EUSAGE, "known from 1978 on, and 'when' begins with 1977-11", "holiday(christmas)");
    t = series();
    r = asked("y ~ x + holiday(thanksgiving)");
    refused_hint(&t, r, RL_EUSAGE, "'holiday(thanksgiving)' needs dates: 't' holds numbers", "--period month");
    r.numbered = true, r.calendar = (rl_calendar){RL_YEAR, 1};
    refused_hint(&t, r, RL_EUSAGE, "every year has it", "--period");
    r.time = NULL;
    refused_hint(&t, r, RL_EUSAGE, "", "--time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),
        cmocka_unit_test(saturation_and_delay),
        cmocka_unit_test(chains),
        cmocka_unit_test(panels),
        cmocka_unit_test(cannot_be_estimated),
        cmocka_unit_test(cannot_be_told),
        cmocka_unit_test(waterfall),
        cmocka_unit_test(too_few),
        cmocka_unit_test(polynomials),
        cmocka_unit_test(seasons),
        cmocka_unit_test(holidays),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
