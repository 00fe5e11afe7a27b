/* Money by channel against sums made by hand. */
#include "unit/fit_fixture.h"

#include "model/channel.h"
#include "own_ctx.h"

enum { T = 40 };

/* t, spend (from `least` on), spend_b (constant), y */
static rl_table series(double least, uint64_t seed)
{
    rl_table t = fit_table(T);
    fit_num(&t, "t", &cx), fit_num(&t, "spend", &cx), fit_num(&t, "spend_b", &cx), fit_num(&t, "y", &cx);
    double *at = t.col[0].num, *x = t.col[1].num, *b = t.col[2].num, *y = t.col[3].num;
    rl_rng r = rl_rng_for(seed, 21);
    for (size_t i = 0; i < T; i++) {
        at[i] = 2000 + (double)i;
        x[i] = i % 7 == 3 ? least : least + 4 * rl_uniform(&r);
        b[i] = 7.5;
        y[i] = 20 + 1.5 * x[i] + (i > 0 ? 0.7 * x[i - 1] + 0.3 * (y[i - 1] - 20) : 0) + 0.5 * rl_normal(&r);
    }
    return t;
}

static rl_channels channels(const rl_table *t, const char *formula, rl_result *out, const char *column)
{
    static const char *const ALL[] = {"all"};
    rl_request r = fit_request(formula);
    rl_channels c;
    r.response = ALL, r.n_response = 1, r.response_if_any = true, r.time = "t", r.horizon = -1, r.step = RL_MONTH;
    CHECK_OK(rl_estimate_run(&r, t, out, cx.keep, &cx), &cx);
    CHECK_OK(rl_channels_make(&r, t, out, &column, 1, 0.6, &c, cx.keep, &cx), &cx);
    if (c.why != NULL) fail_msg("%s", c.why);
    return c;
}

/* g'Vg for the estimates named first .. first + n - 1. */
static double error(const rl_result *r, size_t first, const double *g, size_t n)
{
    double v = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) v += g[i] * g[j] * r->V[first + i + (first + j) * r->m];
    return sqrt(v);
}

/* y = b0 x_t + b1 x_{t-1}: sums of what is above the comparison. */
static void straight(void **s)
{
    (void)s;
    for (int zero = 0; zero < 2; zero++) {
        double least = zero ? 0 : 3.5;
        rl_table t = series(least, 1);
        const double *x = t.col[1].num;
        rl_result r;
        rl_channels all = channels(&t, "y ~ lag(spend,0:1)", &r, "spend");
        const rl_channel *c = &all.v[0];
        double g[2] = {0}, b0 = r.est[1].estimate, b1 = r.est[2].estimate;
        for (size_t i = 1; i < T; i++) g[0] += x[i] - least, g[1] += x[i - 1] - least;
        assert_true(c->answered && c->straight && c->from_zero == zero);
        CHECK_DIGITS(c->gain.est, b0 * g[0] + b1 * g[1], 13);
        CHECK_DIGITS(c->gain.se, error(&r, 1, g, 2), 12);
        CHECK_DIGITS(c->above, g[0], 13);
        CHECK_DIGITS(c->average.est, (b0 * g[0] + b1 * g[1]) / g[0], 13);
        CHECK_DIGITS(c->profit.est, 0.6 * (b0 * g[0] + b1 * g[1]) / g[0] - 1, 12);
        CHECK_DIGITS(c->to_come.est, b1 * (x[T - 1] - least), 12);
        const double one[2] = {1, 1};
        CHECK_DIGITS(c->marginal.est, b0 + b1, 10);
        CHECK_DIGITS(c->marginal.se, error(&r, 1, one, 2), 10);
        CHECK_DIGITS(c->today, (x[T - 1] + x[T - 2] + x[T - 3]) / 3, 14);
        CHECK_DIGITS(c->lowest, least, 15);
        CHECK_DIGITS(c->curve[0].spend, least, 15);
        CHECK_DIGITS(c->curve[c->n_curve - 1].spend, c->highest, 15);
        CHECK_DIGITS(c->curve[c->n_curve - 1].gain.est, (b0 + b1) * (c->highest - least), 12);
        double sum = 0;
        for (size_t p = 0; p < all.n_periods; p++) sum += c->by_period[p];
        CHECK_DIGITS(sum, c->gain.est, 13);
        assert_int_equal(all.n_periods, T - 1);
        assert_int_equal(all.period[0], 2001);
    }
}

/* The outcome's own lags carry it on: within the data from the second row on, or after them. */
static double carried(const rl_table *t, double b, double phi, bool after)
{
    double d = 0, sum = 0;
    for (size_t i = 0; i < T + 900; i++) {
        d = phi * d + (i < T ? b * t->col[1].num[i] : 0);
        if (after ? i >= T : i >= 1 && i < T) sum += d;
    }
    return sum;
}

static void carries_on(void **s)
{
    (void)s;
    rl_table t = series(0, 2);
    rl_result r;
    rl_channels all = channels(&t, "y ~ spend + lag(y,1)", &r, "spend");
    const rl_channel *c = &all.v[0];
    double b = r.est[1].estimate, phi = r.est[2].estimate, h = 1e-6;
    CHECK_DIGITS(c->gain.est, carried(&t, b, phi, false), 12);
    CHECK_DIGITS(c->to_come.est, carried(&t, b, phi, true), 10);
    double g[2] = {(carried(&t, b + h, phi, false) - carried(&t, b - h, phi, false)) / (2 * h),
                   (carried(&t, b, phi + h, false) - carried(&t, b, phi - h, false)) / (2 * h)};
    CHECK_DIGITS(c->gain.se, error(&r, 1, g, 2), 6);
    double lr = b / (1 - phi), d[2] = {1 / (1 - phi), b / (1 - phi) / (1 - phi)};
    CHECK_DIGITS(c->marginal.est, lr, 9);
    CHECK_DIGITS(c->marginal.se, error(&r, 1, d, 2), 8);
}

/* log(y) on log1p(spend): y (1 - exp(-d)). */
static void logs(void **s)
{
    (void)s;
    rl_table t = series(0, 3);
    const double *x = t.col[1].num, *y = t.col[3].num;
    rl_result r;
    rl_channels all = channels(&t, "log(y) ~ lag(log1p(spend),0:1)", &r, "spend");
    const rl_channel *c = &all.v[0];
    double b0 = r.est[1].estimate, b1 = r.est[2].estimate, gain = 0, g[2] = {0}, more = 0, spent = 0;
    for (size_t i = 1; i < T; i++) {
        double z0 = log(1 + x[i]), z1 = log(1 + x[i - 1]), keep = exp(-b0 * z0 - b1 * z1);
        gain += y[i] * (1 - keep);
        g[0] += y[i] * keep * z0, g[1] += y[i] * keep * z1;
    }
    assert_true(c->answered && !c->straight && all.relative);
    CHECK_DIGITS(c->gain.est, gain, 12);
    CHECK_DIGITS(c->gain.se, error(&r, 1, g, 2), 11);
    double late = (y[T - 1] + y[T - 2] + y[T - 3]) / 3;
    for (size_t i = T - 3; i < T; i++) {
        more += x[i] / (1 + x[i]) * (b0 * y[i] + b1 * (i + 1 < T ? y[i + 1] : late));
        spent += x[i];
    }
    CHECK_DIGITS(c->marginal.est, more / spent, 6);
    assert_true(c->curve[1].gain.est - c->curve[0].gain.est > c->curve[40].gain.est - c->curve[39].gain.est);
}

/* An estimated rate: the gain and its gradient, by the series run forward. */
static double stocked(const rl_table *t, double b, double rate)
{
    double stock = 0, sum = 0;
    for (size_t i = 0; i < T; i++) {
        stock = t->col[1].num[i] + rate * stock;
        sum += b * stock;
    }
    return sum;
}

static void stock(void **s)
{
    (void)s;
    rl_table t = series(0, 6);
    rl_result r;
    rl_channels all = channels(&t, "y ~ adstock(spend)", &r, "spend");
    const rl_channel *c = &all.v[0];
    double b = r.est[1].estimate, rate = r.est[2].estimate, h = 1e-6;
    assert_string_equal(r.est[2].label.term, "rate::adstock(spend)");
    CHECK_DIGITS(c->gain.est, stocked(&t, b, rate), 12);
    double g[2] = {stocked(&t, 1, rate), (stocked(&t, b, rate + h) - stocked(&t, b, rate - h)) / (2 * h)};
    CHECK_DIGITS(c->gain.se, error(&r, 1, g, 2), 6);
    double d[2] = {1 / (1 - rate), b / (1 - rate) / (1 - rate)};
    CHECK_DIGITS(c->marginal.est, b / (1 - rate), 8);
    CHECK_DIGITS(c->marginal.se, error(&r, 1, d, 2), 4); /* differences of differences */
    CHECK_DIGITS(c->curve[40].gain.est, b / (1 - rate) * c->highest, 11);
    CHECK_DIGITS(c->curve[40].gain.se, error(&r, 1, d, 2) * c->highest, 6);
}

static void not_answered(void **s)
{
    (void)s;
    rl_table t = series(0, 4);
    rl_result r;
    rl_channels all = channels(&t, "y ~ lag(spend,0:1) + spend_b", &r, "spend_b");
    assert_false(all.v[0].answered);
    assert_non_null(strstr(all.v[0].why, "never changed"));
    all = channels(&t, "y ~ spend + spend^2 + lag(spend,1)", &r, "spend");
    assert_false(all.v[0].answered);
    assert_non_null(strstr(all.v[0].why, "spend^2"));
    t.col[1].num[5] = -1;
    all = channels(&t, "y ~ lag(spend,0:1)", &r, "spend");
    assert_non_null(strstr(all.v[0].why, "negative"));
    static const char *const ALL[] = {"all"}, *const ONE[] = {"spend"};
    rl_request q = fit_request("exp(y/100) ~ lag(spend,0:1)");
    rl_channels c;
    q.response = ALL, q.n_response = 1, q.response_if_any = true, q.time = "t", q.horizon = -1;
    CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
    CHECK_OK(rl_channels_make(&q, &t, &r, ONE, 1, NAN, &c, cx.keep, &cx), &cx);
    assert_int_equal(c.n, 0);
    assert_non_null(strstr(c.why, "exp"));
}

/* Means by period, and autocorrelations from the definition. */
static void track(void **s)
{
    (void)s;
    rl_table t = series(0, 5);
    rl_result r;
    static const char *const ALL[] = {"all"};
    rl_request q = fit_request("y ~ lag(spend,0:1)");
    rl_trace k;
    q.response = ALL, q.n_response = 1, q.response_if_any = true, q.time = "t", q.horizon = -1;
    CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
    CHECK_OK(rl_trace_make(&q, &t, &r, &k, cx.keep, &cx), &cx);
    assert_int_equal(k.n, T - 1);
    CHECK_DIGITS(k.actual[4], t.col[3].num[5], 14);
    double top = 0, all = 0;
    for (size_t i = 0; i < r.rows_used; i++) {
        all += r.residual[i] * r.residual[i];
        if (i >= 2) top += r.residual[i] * r.residual[i - 2];
    }
    CHECK_DIGITS(k.acf[1], top / all, 11);
    assert_int_equal(k.n_acf, (T - 1) / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(straight),     cmocka_unit_test(carries_on),
                                       cmocka_unit_test(logs),         cmocka_unit_test(stock),
                                       cmocka_unit_test(not_answered), cmocka_unit_test(track)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
