#include "unit/fit_fixture.h"

#include "model/response.h"
#include "num/dist.h"
#include "own_ctx.h"

/* N units of T periods: t, x, z (positive), y with lags of x and of itself, u and region. */
static rl_table series(size_t N, size_t T, double phi, uint64_t seed)
{
    static const char *const REGION[] = {"North", "South", "West"};
    rl_table t = fit_table(N * T);
    const char **unit = RL_NEW(cx.keep, const char *, t.n), **region = RL_NEW(cx.keep, const char *, t.n);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "z", &cx), fit_num(&t, "y", &cx);
    double *at = t.col[0].num, *x = t.col[1].num, *z = t.col[2].num, *y = t.col[3].num;
    rl_rng r = rl_rng_for(seed, 3);
    for (size_t u = 0; u < N; u++)
        for (size_t p = 0; p < T; p++) {
            size_t i = u * T + p;
            at[i] = 100 + (double)p;
            x[i] = 2 + rl_normal(&r);
            z[i] = 3 + 2 * rl_uniform(&r);
            y[i] = 5 + 0.9 * x[i] + (p > 0 ? 0.5 * x[i - 1] + phi * y[i - 1] : 0) + 0.4 * rl_normal(&r);
            unit[i] = rl_sprintf(cx.keep, "u%zu", u);
            region[i] = REGION[u % 3];
        }
    fit_text(&t, "unit", unit, &cx);
    fit_text(&t, "region", region, &cx);
    return t;
}

static rl_result answer(const rl_table *t, const char *formula, const char *what)
{
    rl_request r = fit_request(formula);
    rl_result out;
    const char **list = RL_NEW(cx.keep, const char *, 1);
    list[0] = what;
    r.response = list, r.n_response = 1;
    r.time = "t";
    r.unit = rl_table_col(t, "unit") != NULL ? "unit" : NULL;
    r.horizon = -1;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static double v(const rl_result *r, size_t i, size_t j) { return r->V[i + j * r->m]; }

/* Finite lags: the coefficients themselves, their sums, and ratios of sums. */
static void finite_lags(void **s)
{
    (void)s;
    rl_table t = series(1, 60, 0.3, 1);
    rl_result r = answer(&t, "y ~ lag(x,0:3) + z", "x");
    assert_int_equal(r.n_responses, 1);
    const rl_response *a = &r.response[0];
    assert_string_equal(a->variable, "x");
    assert_int_equal(a->n, 4);
    double sum = 0, var = 0, first = 0, g[4];
    for (size_t h = 0; h < 4; h++) {
        CHECK_DIGITS(a->impulse[h].est, r.est[h + 1].estimate, 15);
        CHECK_DIGITS(a->impulse[h].se, r.est[h + 1].std_error, 13);
        CHECK_DIGITS(a->impulse[h].low, r.est[h + 1].conf_low, 12);
        sum += r.est[h + 1].estimate;
        first += (double)h * r.est[h + 1].estimate;
        var = 0;
        for (size_t i = 1; i <= h + 1; i++)
            for (size_t j = 1; j <= h + 1; j++) var += v(&r, i, j);
        CHECK_DIGITS(a->cumulative[h].est, sum, 14);
        CHECK_DIGITS(a->cumulative[h].se, sqrt(var), 12);
    }
    CHECK_DIGITS(a->long_run.est, sum, 14);
    CHECK_DIGITS(a->long_run.se, sqrt(var), 12);
    assert_null(a->long_run.why);
    if (a->mean_lag.why != NULL) fail_msg("%s", a->mean_lag.why);
    CHECK_DIGITS(a->mean_lag.est, first / sum, 14);
    for (size_t h = 0; h < 4; h++) g[h] = ((double)h - first / sum) / sum;
    var = 0;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) var += g[i] * g[j] * v(&r, i + 1, j + 1);
    CHECK_DIGITS(a->mean_lag.se, sqrt(var), 12);
    CHECK_DIGITS(a->share_after.est, 1 - r.est[1].estimate / sum, 14); /* what a period is is not known: after one */
    double b0 = r.est[1].estimate, b1 = r.est[2].estimate;
    CHECK_DIGITS(a->half_life.est, b0 >= sum / 2 ? sum / 2 / b0 : 1 + (sum / 2 - b0) / b1, 14);
    assert_true(a->half_life.low < a->half_life.est && a->half_life.est < a->half_life.high);
    assert_true(a->n_says >= 2 && strstr(a->says[0], "long run") != NULL);
}

static bool tells(const rl_response *a, const char *words)
{
    for (size_t i = 0; i < a->n_says; i++)
        if (strstr(a->says[i], words) != NULL) return true;
    return false;
}

/* What is said beside the figures: of what they are, where a curve's slope is taken, how late it comes on average. */
static void in_words(void **s)
{
    (void)s;
    static const char *const ASKED[] = {"x"};
    rl_table t = series(1, 120, 0.6, 2);
    double *y = rl_table_col(&t, "y")->num, *z = rl_table_col(&t, "z")->num, mean = 0;
    rl_result r = answer(&t, "y ~ hill(z,2,1)", "z");
    for (size_t i = 0; i < t.n; i++) mean += z[i] / (double)t.n;
    assert_true(
        tells(&r.response[0], rl_sprintf(cx.keep, "slope of hill(z,2,1) where z is at its observed mean, %.4g", mean)));
    r = answer(&t, "y ~ lag(x,0:2)", "x");
    assert_true(tells(&r.response[0], rl_sprintf(cx.keep, "the mean lag is %.1f periods", r.response[0].mean_lag.est)));
    assert_true(r.response[0].bent == NULL && !r.response[0].index);
    r = answer(&t, "y ~ x", "x"); /* all at once: nothing to say */
    assert_false(tells(&r.response[0], "mean lag") || tells(&r.response[0], "-0"));
    for (size_t i = 0; i < t.n; i++) y[i] = y[i] > 19;
    for (int logit = 0; logit < 2; logit++) {
        rl_request q = fit_request("y ~ lag(x,0:1)");
        q.estimator = rl_estimator_by_name(logit ? "logit" : "poisson");
        q.time = "t", q.response = ASKED, q.n_response = 1;
        CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
        const rl_response *a = &r.response[0];
        assert_string_equal(a->outcome, logit ? "log-odds of y" : "log of the mean of y");
        assert_true(a->index && a->at_means != NULL && tells(a, a->at_means));
        assert_true(tells(a, logit ? "in the log-odds of y in the long run" : "in the log of the mean of y"));
        assert_false(tells(a, "the outcome is a log"));
    }
}

/* y_t = .. + b x_t + phi y_{t-1}: b phi^h, and where it ends with its error by numeric derivatives. */
static void feedback(void **s)
{
    (void)s;
    rl_table t = series(1, 120, 0.6, 2);
    rl_result r = answer(&t, "y ~ x + lag(y,1)", "x,20");
    const rl_response *a = &r.response[0];
    double b = fit_find(&r, "x")->estimate, phi = fit_find(&r, "lag(y,1)")->estimate, lr = b / (1 - phi);
    assert_int_equal(a->n, 21);
    for (size_t h = 0; h < 21; h++) {
        CHECK_DIGITS(a->impulse[h].est, b * pow(phi, (double)h), 12);
        CHECK_DIGITS(a->cumulative[h].est, lr * (1 - pow(phi, (double)h + 1)), 12);
        double db = pow(phi, (double)h), dp = b * (double)h * pow(phi, (double)h - 1);
        CHECK_DIGITS(a->impulse[h].se, sqrt(db * db * v(&r, 1, 1) + 2 * db * dp * v(&r, 1, 2) + dp * dp * v(&r, 2, 2)),
                     11);
        assert_true(a->impulse[h].band_low <= a->impulse[h].low && a->impulse[h].high <= a->impulse[h].band_high);
        assert_true(a->cumulative[h].band_low <= a->cumulative[h].low);
    }
    CHECK_DIGITS(a->long_run.est, lr, 13);
    double step = 1e-6, db = ((b + step) - (b - step)) / (1 - phi) / (2 * step),
           dp = (b / (1 - phi - step) - b / (1 - phi + step)) / (2 * step);
    CHECK_DIGITS(a->long_run.se, sqrt(db * db * v(&r, 1, 1) + 2 * db * dp * v(&r, 1, 2) + dp * dp * v(&r, 2, 2)), 8);
    /* its ends: where |b - l (1 - phi)| is crit of its own standard errors */
    for (int end = 0; end < 2; end++) {
        double l = end ? a->long_run.high : a->long_run.low, crit = rl_t_quantile(0.975, r.df);
        CHECK_DIGITS(fabs(b - l * (1 - phi)), crit * sqrt(v(&r, 1, 1) + 2 * l * v(&r, 1, 2) + l * l * v(&r, 2, 2)), 9);
    }
    CHECK_DIGITS(a->mean_lag.est, phi / (1 - phi), 12);
    CHECK_DIGITS(a->mean_lag.se, sqrt(v(&r, 2, 2)) / (1 - phi) / (1 - phi), 11);
    CHECK_DIGITS(a->share_after.est, phi, 12);
    CHECK_DIGITS(a->share_after.se, sqrt(v(&r, 2, 2)), 10);
}

/* The same regression written with lags and as an error correction: one response. */
static void error_correction(void **s)
{
    (void)s;
    rl_table t = series(1, 90, 0.5, 3);
    rl_result r = answer(&t, "y ~ x + lag(x,1) + lag(y,1:2)", "x,12");
    rl_result e = answer(&t, "diff(y) ~ lag(y,1) + lag(diff(y),1) + lag(x,1) + diff(x)", "x,12");
    const rl_response *a = &r.response[0], *b = &e.response[0];
    assert_string_equal(b->outcome, "y");
    /* an estimator's own form, whose level is called ec, hides it: refused instead of misread */
    static const char *const X[] = {"x"};
    rl_request q = fit_request("diff(y) ~ ec + lag(x,1) + diff(x)");
    rl_result hidden;
    rl_table own = series(1, 40, 0.5, 3);
    double *ec = fit_num(&own, "ec", &cx);
    for (size_t i = 0; i < own.n; i++) ec[i] = own.col[2].num[i];
    q.response = X, q.n_response = 1, q.time = "t", q.unit = "unit", q.horizon = -1;
    assert_int_equal(rl_estimate_run(&q, &own, &hidden, cx.keep, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.what, "'ec'"));
    rl_forgive(&cx);
    for (size_t h = 0; h <= 12; h++) {
        CHECK_NEAR(a->impulse[h].est, b->impulse[h].est, 1e-10);
        CHECK_NEAR(a->cumulative[h].se, b->cumulative[h].se, 1e-9);
    }
    CHECK_DIGITS(a->long_run.est, b->long_run.est, 9);
    CHECK_DIGITS(a->long_run.se, b->long_run.se, 8);
    CHECK_DIGITS(a->mean_lag.se, b->mean_lag.se, 7);
}

/* Crossed with a factor: one response a level, the reference by itself. */
static void segments(void **s)
{
    (void)s;
    rl_table t = series(6, 30, 0.3, 4);
    rl_result r = answer(&t, "y ~ lag(x,0:1) + lag(x,0:1):region | unit", "x");
    assert_int_equal(r.n_responses, 3);
    assert_string_equal(r.response[0].segment, "region: reference level");
    assert_string_equal(r.response[1].segment, "region::South");
    CHECK_DIGITS(r.response[0].impulse[1].est, fit_find(&r, "lag(x,1)")->estimate, 14);
    CHECK_DIGITS(r.response[2].impulse[1].est,
                 fit_find(&r, "lag(x,1)")->estimate + fit_find(&r, "lag(x,1):region::West")->estimate, 13);
    rl_result own = answer(&t, "y ~ x:region + lag(y,1) | unit", "x,3");
    assert_int_equal(own.n_responses, 3);
    assert_string_equal(own.response[0].segment, "region::North");
    double b = fit_find(&own, "x:region::West")->estimate, phi = fit_find(&own, "lag(y,1)")->estimate;
    CHECK_DIGITS(own.response[2].impulse[3].est, b * phi * phi * phi, 12);
}

/* Logs: elasticities in words, and plain units at the means. */
static void logs(void **s)
{
    (void)s;
    rl_table t = series(1, 60, 0.2, 5);
    rl_result r = answer(&t, "log(y) ~ lag(log1p(z),0:1) + x", "log1p(z)");
    const rl_response *a = &r.response[0];
    double y = 0, z = 0;
    for (size_t i = 1; i < 60; i++) y += t.col[3].num[i] / 59, z += t.col[2].num[i] / 59;
    assert_true(a->log_variable && a->log_outcome);
    assert_non_null(strstr(a->says[0], "elasticities"));
    CHECK_DIGITS(a->factor, y / (1 + z), 12);
    assert_string_equal(a->variable_unit, "z");
    rl_result plain = answer(&t, "log(y) ~ lag(log1p(z),0:1) + x", "z"); /* asked for in its own unit */
    CHECK_DIGITS(plain.response[0].impulse[1].est, r.est[2].estimate / (1 + z), 12);
    CHECK_DIGITS(plain.response[0].factor, y, 12);
    rl_result scaled = answer(&t, "y ~ lag(z/4,0:1)", "z");
    CHECK_DIGITS(scaled.response[0].impulse[1].est, scaled.est[2].estimate / 4, 14);
    assert_true(scaled.response[0].factor == 1);
}

/* What is not there is said, with no number. */
static void not_there(void **s)
{
    (void)s;
    rl_table t = series(1, 80, 0.2, 6);
    double *y = t.col[3].num, *x = t.col[1].num;
    rl_rng r = rl_rng_for(8, 8);
    for (size_t i = 1; i < 80; i++) y[i] = 1.03 * y[i - 1] + x[i] + 0.01 * rl_normal(&r);
    rl_result up = answer(&t, "y ~ x + lag(y,1)", "x");
    assert_true(isnan(up.response[0].long_run.est) && isnan(up.response[0].half_life.est));
    assert_non_null(strstr(up.response[0].long_run.why, "never dies out"));
    for (size_t i = 1; i < 80; i++) y[i] = 0.99 * y[i - 1] + 0.01 * x[i] + rl_normal(&r);
    rl_result root = answer(&t, "y ~ x + lag(y,1)", "x"); /* the normal tells it from 1, Dickey and Fuller do not */
    assert_true(isfinite(root.response[0].long_run.low) && root.response[0].long_run.why == NULL);
    assert_non_null(strstr(root.response[0].unit_root, "unit root"));
    for (size_t i = 1; i < 80; i++) y[i] = 0.98 * y[i - 1] + 0.5 * x[i] - 1 + 0.6 * rl_normal(&r);
    rl_result far = answer(&t, "y ~ x + lag(y,1)", "x");
    if (far.response[0].long_run.why == NULL) fail_msg("phi %g %g", far.est[2].estimate, far.est[2].std_error);
    assert_non_null(strstr(far.response[0].long_run.why, "cannot tell"));
    assert_true(far.response[0].long_run.low > 0 && isinf(far.response[0].long_run.high));
    assert_non_null(strstr(far.response[0].says[0], "or more"));
    for (size_t i = 1; i < 80; i++) y[i] = x[i] - 0.6 * x[i - 1] + 0.1 * rl_normal(&r);
    rl_result sign = answer(&t, "y ~ lag(x,0:1)", "x");
    assert_true(isnan(sign.response[0].half_life.est) && isnan(sign.response[0].mean_lag.est));
    assert_non_null(strstr(sign.response[0].half_life.why, "sign"));
    for (size_t i = 1; i < 80; i++) y[i] = 2 + rl_normal(&r);
    rl_result flat = answer(&t, "y ~ lag(x,0:3) + lead(x,1)", "x");
    assert_true(flat.response[0].leads);
    assert_true(isnan(flat.response[0].half_life.low));
}

/* Stocks: b r^h with the rate estimated, lag weights that sum to 1, and saturation by its slope at the mean. */
static void carry_over(void **s)
{
    (void)s;
    rl_table t = series(1, 90, 0, 9);
    double *x = t.col[1].num, *y = t.col[3].num, stock = 0;
    rl_rng g = rl_rng_for(4, 4);
    for (size_t i = 0; i < 90; i++) {
        x[i] = 1 + 6 * rl_uniform(&g);
        stock = x[i] + 0.6 * stock;
        y[i] = 5 + 0.9 * stock + 0.3 * rl_normal(&g);
    }
    rl_result r = answer(&t, "y ~ adstock(x)", "x,8");
    const rl_response *a = &r.response[0];
    double b = fit_find(&r, "adstock(x)")->estimate, rate = fit_find(&r, "rate::adstock(x)")->estimate;
    size_t at = (size_t)(fit_find(&r, "rate::adstock(x)") - r.est);
    for (size_t h = 0; h <= 8; h++) {
        double p = pow(rate, (double)h), d = b * (double)h * pow(rate, (double)h - 1);
        CHECK_DIGITS(a->impulse[h].est, b * p, 12);
        CHECK_DIGITS(a->impulse[h].se, sqrt(p * p * v(&r, 1, 1) + 2 * p * d * v(&r, 1, at) + d * d * v(&r, at, at)),
                     10);
    }
    CHECK_DIGITS(a->long_run.est, b / (1 - rate), 12);
    CHECK_DIGITS(a->mean_lag.est, rate / (1 - rate), 11);
    rl_result known = answer(&t, "y ~ adstock(x,0.6)", "x,4");
    CHECK_DIGITS(known.response[0].impulse[3].est, known.est[1].estimate * 0.216, 13);
    CHECK_DIGITS(known.response[0].long_run.se, known.est[1].std_error / 0.4, 12);
    rl_result late = answer(&t, "y ~ weibull(x,1.7,2.4)", "x");
    CHECK_DIGITS(late.response[0].long_run.est, late.est[1].estimate, 11);
    CHECK_DIGITS(late.response[0].impulse[1].est,
                 late.est[1].estimate * (exp(-pow(1 / 2.4, 1.7)) - exp(-pow(2 / 2.4, 1.7))), 12);
    rl_result bent = answer(&t, "y ~ hill(adstock(x,0.6),9,2.5)", "x,2");
    double m = 0, e = 1e-5;
    for (size_t i = 0; i < 90; i++) {
        stock = i > 0 ? x[i] + 0.6 * stock : x[i];
        m += stock / 90;
    }
    double up = pow(m + e, 2.5), down = pow(m - e, 2.5), half = pow(9, 2.5);
    CHECK_DIGITS(bent.response[0].impulse[1].est,
                 bent.est[1].estimate * 0.6 * (up / (up + half) - down / (down + half)) / (2 * e), 8);
    rl_result poly = answer(&t, "y ~ almon(x,0:5,2)", "x");
    CHECK_DIGITS(poly.response[0].long_run.est, fit_find(&poly, "long_run::x")->estimate, 11);
    CHECK_DIGITS(poly.response[0].long_run.se, fit_find(&poly, "long_run::x")->std_error, 9);
}

/* Three lengths on the rows of the longest, weighed by AIC, a tenth kept for the longest; the spread between them is in
 * the interval. */
static void average(void **s)
{
    (void)s;
    rl_table t = series(1, 70, 0.2, 12), cut = series(1, 70, 0.2, 12);
    static const char *const FORMULA[] = {"y ~ lag(x,0:0) + z", "y ~ lag(x,0:1) + z", "y ~ lag(x,0:2) + z"};
    static const char *const X[] = {"x,2"};
    rl_request q = fit_request("y ~ z + lag( x , 0:2 )");
    rl_result r, one[3];
    q.response = X, q.n_response = 1, q.time = "t", q.unit = "unit", q.horizon = -1, q.average = RL_AVERAGE_LENGTHS;
    CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
    const rl_response *a = &r.response[0];
    assert_int_equal(a->average->n_candidates, 3);
    assert_string_equal(a->average->candidate[1].form, "lag( x ,0:1)");
    cut.col[3].num[0] = cut.col[3].num[1] = NAN; /* the rows that two lags cost */
    double w[3], sum = 0, mean = 0, se = 0;
    for (size_t k = 0; k < 3; k++) {
        one[k] = answer(&cut, FORMULA[k], "x,2");
        assert_int_equal(one[k].rows_used, 68);
    }
    for (size_t k = 0; k < 3; k++) sum += w[k] = exp(-(one[k].aic - one[2].aic) / 2);
    for (size_t k = 0; k < 3; k++) {
        w[k] = 0.9 * w[k] / sum + (k == 2 ? 0.1 : 0);
        CHECK_DIGITS(a->average->candidate[k].weight, w[k], 9);
        mean += w[k] * one[k].response[0].cumulative[2].est;
    }
    for (size_t k = 0; k < 3; k++) {
        const rl_banded *c = &one[k].response[0].cumulative[2];
        se += w[k] * sqrt(c->se * c->se + (c->est - mean) * (c->est - mean));
    }
    CHECK_DIGITS(a->average->cumulative[2].est, mean, 10);
    CHECK_DIGITS(a->average->cumulative[2].se, se, 9);
    assert_non_null(strstr(a->says[a->n_says - 3], "covers the choice"));
    q.formula = "y ~ x + lag(x,1) + z";
    assert_int_equal(rl_estimate_run(&q, &t, &r, cx.keep, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.what, "not one range"));
    rl_forgive(&cx);
    q.n_response = 0;
    assert_int_equal(rl_estimate_run(&q, &t, &r, cx.keep, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.hint, "--response COL"));
    rl_forgive(&cx);
}

/* Each horizon an estimate: what they are, their sums, and nothing beyond. */
static void projected(void **s)
{
    (void)s;
    static const char *const X[] = {"x"}, *const FAR[] = {"x,5"};
    rl_estimate est[3];
    double V[9] = {0.04, 0.01, 0, 0.01, 0.09, 0.02, 0, 0.02, 0.16};
    rl_request q = fit_request("y ~ x");
    q.response = X, q.n_response = 1, q.step = RL_MONTH;
    for (int cumulated = 0; cumulated < 2; cumulated++) {
        for (int h = 0; h < 3; h++) {
            est[h] = (rl_estimate){.label = {.term = cumulated ? "cumulative::x" : "x", .event = h},
                                   .estimate = 1.3 - 0.4 * h};
            est[h].label.group = est[h].label.time = RL_NO_ID;
        }
        rl_result r = {.formula = "y ~ x", .m = 3, .est = est, .V = V, .level = 0.95, .df = 0, .periods = 40};
        CHECK_OK(rl_response_projected(&q, &r, cx.keep, &cx), &cx);
        const rl_response *a = &r.response[0];
        assert_int_equal(a->n, 3);
        CHECK_DIGITS(a->impulse[1].est, cumulated ? -0.4 : 0.9, 14);
        CHECK_DIGITS(a->impulse[1].se, cumulated ? sqrt(0.04 + 0.09 - 0.02) : 0.3, 14);
        CHECK_DIGITS(a->cumulative[2].est, cumulated ? 0.5 : 2.7, 14);
        CHECK_DIGITS(a->cumulative[2].se, cumulated ? 0.4 : sqrt(0.04 + 0.09 + 0.16 + 0.02 + 0.04), 14);
        assert_string_equal(a->period, "month");
        assert_non_null(strstr(a->long_run.why, "last horizon"));
        q.response = FAR;
        assert_int_equal(rl_response_projected(&q, &r, cx.keep, &cx), RL_EUSAGE);
        rl_forgive(&cx);
        q.response = X;
    }
}

static void all(void **s)
{
    (void)s;
    rl_table t = series(3, 40, 0.4, 7);
    rl_result r = answer(&t, "y ~ lag(x,0:2) + z + lag(log(z),1) | unit", "all");
    assert_int_equal(r.n_responses, 2); /* z itself acts at once only */
    assert_string_equal(r.response[0].variable, "x");
    assert_string_equal(r.response[1].variable, "log(z)");
    rl_result own = answer(&t, "y ~ x + z + lag(y,1)", "all,4");
    assert_int_equal(own.n_responses, 2);
    assert_int_equal(own.response[1].n, 5);
}

static void refused(const rl_table *t, const char *formula, const char *what, const char *time, const char *word)
{
    rl_ctx one;
    check_ctx(&one);
    rl_request r = fit_request(formula);
    rl_result out;
    const char *const list[] = {what};
    r.response = list, r.n_response = 1, r.time = time, r.unit = time != NULL ? "unit" : NULL, r.horizon = -1;
    assert_int_equal(rl_estimate_run(&r, t, &out, one.keep, &one), RL_EUSAGE);
    if (strstr(one.err.what, word) == NULL && strstr(one.err.hint, word) == NULL)
        fail_msg("%s %s: \"%s\" (%s) lacks '%s'", formula, what, one.err.what, one.err.hint, word);
    rl_ctx_free(&one);
}

static void refusals(void **s)
{
    (void)s;
    rl_table t = series(6, 20, 0.4, 8);
    refused(&t, "y ~ lag(x,0:2)", "spend", "t", "no number of the formula");
    fit_num(&t, "still", &cx);
    for (size_t i = 0; i < t.n; i++) rl_table_col(&t, "still")->num[i] = 5;
    refused(&t, "y ~ lag(still,0:2) + lag(x,1)", "still", "t", "was left out of the fit");
    refused(&t, "y ~ lag(x,0:2) + z", "log(x", "t", "no number");
    refused(&t, "y ~ lag(x,0:2)", "y", "t", "outcome");
    refused(&t, "y ~ x + z", "x", NULL, "--time");
    refused(&t, "y ~ lag(x,0:2)", "x,20", "t", "longer than the data");
    refused(&t, "y ~ lag(x,0:2)", "x,two", "t", "not a number of periods");
    refused(&t, "y ~ x + z", "all", "t", "no regressor acts later");
    refused(&t, "y ~ x + x^2 + lag(x,1)", "x", "t", "x^2");
    refused(&t, "y ~ lag(x,0:1):z", "x", "t", "another number");
    refused(&t, "y ~ lag(x,0:1):region + lag(x,0:1):unit", "x", "t", "segments");
    refused(&t, "y ~ x:region:unit", "x", "t", "two factors");
    refused(&t, "log(y) ~ x + lag(y,1)", "x", "t", "no lag of it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_lags),      cmocka_unit_test(feedback),   cmocka_unit_test(in_words),
        cmocka_unit_test(error_correction), cmocka_unit_test(segments),   cmocka_unit_test(logs),
        cmocka_unit_test(not_there),        cmocka_unit_test(carry_over), cmocka_unit_test(average),
        cmocka_unit_test(projected),        cmocka_unit_test(all),        cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
