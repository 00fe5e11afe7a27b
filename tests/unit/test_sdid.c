#include <string.h>

#include "model/design.h"
#include "starts_fixture.h"
#include "unit/own_fit.h"

/* `controls` units never treated, `treated` from period `before` + 1 on, T periods; numbers that R makes alike. */
static rl_table table(size_t controls, size_t treated, int T, int before)
{
    size_t N = controls + treated;
    rl_table t = fit_table(N * (size_t)T);
    const char **unit = RL_NEW(cx.keep, const char *, t.n);
    double *at = fit_num(&t, "t", &cx), *g = fit_num(&t, "g", &cx), *w = fit_num(&t, "w", &cx),
           *y = fit_num(&t, "y", &cx);
    for (size_t i = 0; i < t.n; i++) {
        int u = (int)(i / (size_t)T) + 1, p = (int)(i % (size_t)T) + 1;
        bool on = (size_t)u > controls;
        unit[i] = rl_sprintf(cx.keep, "u%03d", u);
        at[i] = p;
        g[i] = on ? (double)before + 1 : (double)NAN;
        w[i] = 1;
        y[i] = (double)((u * 7919 + p * 104729 + u * p * 611953) % 1009) / 200 + 0.375 * u + 0.25 * p * (u % 3 + 1) +
               (on && p > before ? 2.5 : 0);
    }
    fit_text(&t, "unit", unit, &cx);
    return t;
}

static rl_request request(const char *estimator)
{
    rl_request r = starts_request(estimator, "y ~ 1");
    r.repeat = RL_REPEAT_PLACEBO;
    return r;
}

static double share(const rl_result *r, const char *unit, const char *period)
{
    for (size_t i = 0; i < r->n_share; i++) {
        const rl_share *s = &r->share[i];
        if (unit != NULL && s->unit != NULL && strcmp(s->unit, unit) == 0) return s->weight;
        if (period != NULL && s->period != NULL && strcmp(s->period, period) == 0) return s->weight;
    }
    return 0;
}

/* synthdid 0.0.9's steps written out in R 4.2.2 (they give its printed -15.60383 and -19.61966 for Proposition 99):
 * synthdid_estimate(), sc_estimate(), the effect curve, vcov(method = "jackknife"), and all 84 placebos. */
static void peer(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double tau, curve[3], jackknife, placebo, p;
    } WANT[] = {{"sdid",
                 1.3287975005705122,
                 {0.24206213274755983, 1.23887477773024957, 2.50545559123372685},
                 0.62175254344707576,
                 0.90389470005160533,
                 0.12941176470588237},
                {"sc",
                 1.6115997969987059,
                 {0.52677932197884347, 1.91827392528128016, 2.38974614373599437},
                 1.5467392002678151,
                 1.1151867177796448,
                 0.15294117647058825}};
    rl_table t = table(9, 3, 10, 7);
    for (int k = 0; k < 2; k++) {
        rl_request r = request(WANT[k].name);
        rl_result out = run(&t, r);
        const rl_estimate *all = fit_find(&out, "overall");
        assert_int_equal(out.m, 4);
        assert_int_equal(out.draws, 84);
        assert_string_equal(out.vcov_kind, "placebo");
        CHECK_DIGITS(all->estimate, WANT[k].tau, 12);
        CHECK_DIGITS(all->std_error, WANT[k].placebo, 11);
        CHECK_DIGITS(all->p_value, WANT[k].p, 15);
        CHECK_DIGITS(all->conf_high - all->conf_low, 2 * 1.959963984540054 * all->std_error, 12);
        for (int e = 0; e < 3; e++) {
            assert_string_equal(out.est[e].label.term, "att");
            assert_int_equal(out.est[e].label.time, 8 + e);
            assert_int_equal(out.est[e].label.group, 8);
            assert_int_equal(out.est[e].label.event, e);
            CHECK_DIGITS(out.est[e].estimate, WANT[k].curve[e], 12);
            assert_true(out.est[e].std_error > 0);
        }
        r.repeat = RL_REPEAT_JACKKNIFE;
        out = run(&t, r);
        all = fit_find(&out, "overall");
        assert_string_equal(out.vcov_kind, "jackknife");
        assert_int_equal(out.draws, 0);
        CHECK_DIGITS(all->std_error, WANT[k].jackknife, 12);
        CHECK_DIGITS(all->statistic, WANT[k].tau / WANT[k].jackknife, 11);
    }
}

static void shares(void **state)
{
    (void)state;
    rl_table t = table(9, 3, 10, 7);
    rl_result d = run(&t, request("sdid")), s = run(&t, request("sc"));
    double units = 0, periods = 0;
    CHECK_DIGITS(share(&d, "u005", NULL), 0.167950733416706688, 11);
    CHECK_DIGITS(share(&d, NULL, "4"), 0.33555742798327037, 10);
    CHECK_DIGITS(share(&s, "u005", NULL), 0.49869190131398639, 11);
    assert_int_equal(s.n_share, 3);
    for (size_t i = 0; i < d.n_share; i++) {
        assert_true(d.share[i].weight > 0);
        *(d.share[i].unit != NULL ? &units : &periods) += d.share[i].weight;
    }
    CHECK_NEAR(units, 1, 1e-14);
    CHECK_NEAR(periods, 1, 1e-14);
    assert_int_equal(d.n_share, 11);
}

/* --as exact: no weight gains, and those in use are level, at the weights that are reported. */
static void exact_is_the_minimum(void **state)
{
    (void)state;
    enum { C = 9, B = 7 };
    rl_table t = table(C, 3, 10, B);
    const double *y = rl_table_col(&t, "y")->num;
    for (int k = 0; k < 2; k++) {
        rl_request r = request(k ? "sc" : "sdid");
        r.profile = "exact";
        rl_result out = run(&t, r), plain = run(&t, request(k ? "sc" : "sdid"));
        CHECK_NEAR(fit_find(&out, "overall")->estimate, fit_find(&plain, "overall")->estimate, 0.05);
        double A[C][B], b[B] = {0}, w[C], v[B], mean = 0, square = 0, own[C] = {0}, least = INFINITY, most = -INFINITY;
        for (int u = 0; u < C + 3; u++)
            for (int p = 0; p < B; p++) {
                if (u < C)
                    A[u][p] = y[u * 10 + p];
                else
                    b[p] += y[u * 10 + p] / 3;
            }
        for (int u = 0; u < C; u++)
            for (int p = 1; p < B; p++) mean += (y[u * 10 + p] - y[u * 10 + p - 1]) / (C * (B - 1));
        for (int u = 0; u < C; u++)
            for (int p = 1; p < B; p++) square += pow(y[u * 10 + p] - y[u * 10 + p - 1] - mean, 2);
        double sigma2 = square / (C * (B - 1) - 1), ridge = B * sigma2 * (k ? 1e-12 : 3), centre = 0;
        for (int u = 0; u < C; u++) {
            w[u] = share(&out, rl_sprintf(cx.keep, "u%03d", u + 1), NULL);
            for (int p = 0; p < B; p++) own[u] += A[u][p] / B;
        }
        for (int p = 0; p < B; p++) {
            v[p] = -b[p];
            for (int u = 0; u < C; u++) v[p] += w[u] * A[u][p];
            centre += v[p] / B;
        }
        for (int u = 0; u < C; u++) {
            double g = ridge * w[u];
            for (int p = 0; p < B; p++) g += (A[u][p] - (k ? 0 : own[u])) * (v[p] - (k ? 0 : centre));
            least = fmin(least, g);
            if (w[u] > 0) most = fmax(most, g);
        }
        CHECK_NEAR(most, least, 1e-10);
    }
}

static void averages(void **state)
{
    (void)state;
    rl_table t = table(9, 3, 10, 7);
    rl_request r = request("sdid");
    rl_result plain = run(&t, r);
    double tau = fit_find(&plain, "overall")->estimate, before = 0;
    r.agg = RL_AGG_SIMPLE;
    rl_result out = run(&t, r);
    assert_int_equal(out.m, 1);
    assert_true(out.est[0].estimate == tau && out.est[0].std_error == plain.est[3].std_error);
    r.agg = RL_AGG_DYNAMIC;
    out = run(&t, r);
    assert_int_equal(out.m, 11);
    for (int e = -7; e < 3; e++) {
        const rl_estimate *x = fit_event(&out, e);
        if (e >= 0) assert_true(x->estimate == plain.est[e].estimate);
        if (e < 0) before += x->estimate * share(&out, NULL, rl_sprintf(cx.keep, "%d", e + 8));
    }
    CHECK_NEAR(before, 0, 1e-13);
    r.agg = RL_AGG_CALENDAR;
    out = run(&t, r);
    assert_int_equal(out.m, 4);
    assert_true(fit_find(&out, "calendar")->label.time == 8 && fit_find(&out, "calendar")->label.event == RL_NO_ID);
    r.agg = RL_AGG_GROUP;
    out = run(&t, r);
    assert_int_equal(out.m, 2);
    assert_true(fit_find(&out, "group")->label.group == 8 && fit_find(&out, "group")->estimate == tau);
    /* combinations come from the same placebos */
    static const char *const SUM[] = {"att[8,10,2] - att[8,8,0]", "2*overall"};
    r.agg = RL_AGG_DEFAULT;
    r.lincom = SUM;
    r.n_lincom = 2;
    out = run(&t, r);
    CHECK_DIGITS(out.est[4].estimate, out.est[2].estimate - out.est[0].estimate, 14);
    assert_true(out.est[4].std_error > 0 && out.est[4].p_value > 0);
    const rl_estimate *twice = &out.est[out.m - 1];
    CHECK_DIGITS(twice->estimate, 2 * tau, 14);
    CHECK_DIGITS(twice->std_error, 2 * plain.est[3].std_error, 13);
    CHECK_DIGITS(twice->p_value, plain.est[3].p_value, 15);
}

/* Random placebos and draws of units: keyed by labels, so the order of rows and the threads are nothing to them. */
static void draws(void **state)
{
    (void)state;
    rl_table t = table(14, 4, 9, 6), s = fit_table(t.n);
    for (size_t c = 0; c < t.k; c++) {
        rl_col *to = rl_table_add(&s, t.col[c].name, t.col[c].type, t.col[c].dict, cx.keep);
        for (size_t i = 0; i < t.n; i++) {
            size_t from = i * 101 % t.n; /* 162 and 101 share no factor */
            if (t.col[c].type == RL_NUM)
                to->num[i] = t.col[c].num[from];
            else
                to->code[i] = t.col[c].code[from];
        }
    }
    for (int k = 0; k < 4; k++) {
        rl_request r = request(k % 2 ? "sc" : "sdid");
        r.bootstrap = k >= 2;
        r.reps = k == 1 ? 150 : 0;
        rl_result a = run(&t, r), b = run(&s, r);
        cx.threads = 1;
        rl_result c = run(&t, r);
        cx.threads = 2;
        cx.seed = 7;
        rl_result d = run(&t, r);
        cx.seed = 1;
        assert_int_equal(a.draws, k == 1 ? 150 : 200);
        assert_string_equal(a.vcov_kind, k >= 2 ? "bootstrap" : "placebo");
        for (size_t j = 0; j < a.m; j++) {
            assert_true(a.est[j].estimate == b.est[j].estimate && a.est[j].std_error == b.est[j].std_error);
            assert_true(a.est[j].std_error == c.est[j].std_error && a.est[j].p_value == c.est[j].p_value);
            assert_true(a.est[j].estimate == d.est[j].estimate && a.est[j].std_error != d.est[j].std_error);
            CHECK_NEAR(d.est[j].std_error, a.est[j].std_error, 0.5 * a.est[j].std_error);
        }
    }
    /* 1,001 placebos of four among fourteen: all of them, or 200 */
    rl_request r = request("sdid");
    r.every = true;
    rl_result all = run(&t, r);
    assert_int_equal(all.draws, 1001);
    r.every = false;
    r.reps = 1500;
    rl_result enough = run(&t, r);
    assert_int_equal(enough.draws, 1001);
    assert_true(all.est[0].std_error == enough.est[0].std_error);
}

/* Nothing asked for: placebos where there are more controls, else the jackknife, else none and a word why. */
static void by_itself(void **state)
{
    (void)state;
    rl_request r = request("sdid");
    r.repeat = RL_REPEAT_DEFAULT;
    rl_table t = table(9, 1, 10, 7);
    rl_result out = run(&t, r);
    assert_string_equal(out.vcov_kind, "placebo");
    assert_int_equal(out.draws, 9);
    assert_true(out.n_notes == 1 && strstr(out.note[0], "9 placebos") != NULL);
    assert_true(fit_find(&out, "overall")->p_value >= 0.1);
    t = table(4, 5, 10, 7);
    out = run(&t, r);
    assert_string_equal(out.vcov_kind, "jackknife");
    t = table(1, 1, 10, 7);
    out = run(&t, r);
    assert_string_equal(out.vcov_kind, "none");
    assert_true(isnan(out.est[0].std_error) && isfinite(out.est[0].estimate));
    assert_true(out.n_notes == 1 && starts_noted(&out, "no standard errors: 1 control and one treated unit"));
    static const char *const ZERO[] = {"overall = 0"};
    r.restriction = ZERO;
    r.n_restriction = 1;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
}

/* Room of a repetition: the square of the periods only where these are weighed. */
static void room_of_a_repetition(void **state)
{
    (void)state;
    enum { BEFORE = 70 };
    rl_table t = table(9, 3, BEFORE + 10, BEFORE);
    for (int k = 0; k < 2; k++) {
        rl_request r = request(k ? "sc" : "sdid");
        rl_design d;
        rl_fit f = {.m = 0};
        CHECK_OK(rl_design_make(&r, &t, &d, &cx), &cx);
        CHECK_OK(r.estimator->fit(&d, &r, &f, &cx), &cx);
        assert_true((f.refit->room > BEFORE * BEFORE) == (k == 0));
    }
}

static void refused_of(rl_request r, rl_table t, rl_code code, const char *word) { refused(&t, r, code, word); }

static void refusals(void **state)
{
    (void)state;
    rl_request r = request("sdid"), with;
    refused_of(r, table(3, 3, 10, 7), RL_EDATA, "more controls than treated units: there are 3 and 3");
    refused_of(r, table(0, 3, 10, 7), RL_EDATA, "no control is left");
    refused_of(r, table(9, 3, 10, 1), RL_EDATA, "one period before the start (2)");
    refused_of(r, table(9, 3, 10, 0), RL_EDATA, "no period before the start");
    refused_of(r, table(1, 2, 10, 2), RL_EDATA, "one control ('u001') and two periods");
    refused_of(r, table(9, 0, 10, 7), RL_EDATA, "nobody is treated");
    refused_of(r, table(9, 3, 10, 10), RL_EDATA, "nobody is treated");
    with = r, with.anticipation = 5;
    refused_of(with, table(9, 3, 10, 11), RL_EDATA, "the start is 12, the last period 10");
    with = r, with.repeat = RL_REPEAT_JACKKNIFE;
    refused_of(with, table(9, 1, 10, 7), RL_EDATA, "the jackknife needs two treated units");
    refused_of(with, table(1, 3, 10, 7), RL_EDATA, "one carries all of it");
    with.repeat = RL_REPEAT_DEFAULT, with.bootstrap = true;
    refused_of(with, table(9, 1, 10, 7), RL_EDATA, "the bootstrap needs two treated units");
    with = r, with.repeat = RL_REPEAT_DEFAULT, with.inference_said = true;
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "no analytic errors");
    with = r, with.every = true;
    refused_of(with, table(40, 10, 10, 7), RL_EDATA, "10 of 40 controls");
    with = r, with.vcov = (rl_vcov_spec){.kind = RL_HC1, .lag = -1};
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "no --vcov");
    with = r, with.weights = "w";
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "takes no weights");
    with = r, with.formula = "y ~ w";
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "no covariates");
    with = r, with.formula = "y ~ 1 | unit";
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "no fixed effects");
    with = r, with.profile = "fixest";
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "no convention of estimator 'sdid'");
    with = r, with.profile = "small-sample";
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "no convention of estimator 'sdid'");
    with = r, with.agg = RL_AGG_PAIRS;
    refused_of(with, table(9, 3, 10, 7), RL_EUSAGE, "--agg type and pairs");
    rl_table t = table(9, 3, 10, 7);
    t.col[1].num[110] = 9;
    for (int p = 111; p < 120; p++) t.col[1].num[p] = 9;
    refused_of(r, t, RL_EDATA, "2: 8 (2), 9 (1)");
    t = table(9, 3, 10, 7);
    t.n--;
    refused_of(r, t, RL_EDATA, "the first is 'u012' at 10");
    t = table(9, 3, 10, 7);
    t.col[0].num[34] = 4;
    refused_of(r, t, RL_EINPUT, "unit 'u004' has two rows at time 4");
    t = table(9, 3, 10, 7);
    t.col[3].num[34] = NAN;
    refused_of(r, t, RL_EDATA, "'u004' at 5");
    t = table(9, 3, 10, 7);
    for (size_t i = 0; i < t.n; i++) t.col[3].num[i] *= 1e307;
    refused_of(r, t, RL_EDATA, "overflows");
}

/* Controls that all move alike leave no noise, and still a control: all of them. */
static void no_noise(void **state)
{
    (void)state;
    rl_table t = table(6, 2, 9, 6);
    for (size_t i = 0; i < t.n; i++)
        t.col[3].num[i] = (double)(i / 9) * 1.5 + (double)(i % 9) * 0.25 + (i >= 54 && i % 9 > 5);
    for (int exact = 0; exact < 2; exact++) {
        rl_request r = request("sdid");
        r.profile = exact ? "exact" : NULL;
        rl_result out = run(&t, r);
        CHECK_DIGITS(fit_find(&out, "overall")->estimate, 1, 13);
        assert_true(isnan(fit_find(&out, "overall")->p_value) || fit_find(&out, "overall")->p_value > 0);
        for (int u = 1; u <= 6; u++) CHECK_DIGITS(share(&out, rl_sprintf(cx.keep, "u%03d", u), NULL), 1.0 / 6, 13);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(peer),      TEST(shares),   TEST(exact_is_the_minimum), TEST(averages), TEST(draws),
        TEST(by_itself), TEST(no_noise), TEST(room_of_a_repetition), TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
