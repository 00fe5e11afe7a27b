#include "fit_fixture.h"
#include "model/infer.h"
#include "num/dist.h"
#include "num/fixedb.h"
#include "own_ctx.h"

/* An AR(1) of Park & Miller's numbers. */
static void ar(double *x, size_t n, double rho)
{
    uint64_t s = 12345;
    double p = 0;
    for (size_t i = 0; i < n; i++) {
        s = s * 16807 % 2147483647;
        x[i] = p = rho * p + (double)s / 2147483647 - 0.5;
    }
}

enum { T = 63 };

/* N units with the same series t, x, y: 1.7 + .83 x and persistent errors. */
static rl_table table(size_t N, double scale)
{
    rl_table t = fit_table(N * T);
    double x[2 * T], e[T];
    const char **unit = RL_NEW(cx.keep, const char *, N *T);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "y", &cx);
    ar(x, 2 * T, 0.4);
    ar(e, T, 0.6);
    for (size_t i = 0; i < N * T; i++) {
        size_t p = i % T;
        unit[i] = i % T > 0 ? unit[i - 1] : rl_sprintf(cx.keep, "u%zu", i / T);
        t.col[0].num[i] = (double)p + 101;
        t.col[1].num[i] = x[T + p];
        t.col[2].num[i] = scale * (1.7 + 0.83 * x[T + p] + e[p]);
    }
    fit_text(&t, "unit", unit, &cx);
    return t;
}

static rl_code attempt(const rl_table *t, const char *vcov, const char *as, const char *const *test, rl_result *out)
{
    rl_request r = fit_request("y ~ x");
    r.time = "t";
    if (t->n > T) r.unit = "unit";
    r.profile = as;
    r.restriction = test;
    r.n_restriction = test != NULL;
    CHECK_OK(rl_vcov_parse(vcov, &r.vcov, cx.keep, &cx), &cx);
    return rl_estimate_run(&r, t, out, cx.keep, &cx);
}

static rl_result run(const rl_table *t, const char *vcov, const char *as)
{
    static const char *const TEST[] = {"(Intercept) = 0, x = 0"};
    rl_result out;
    CHECK_OK(attempt(t, vcov, as, TEST, &out), &cx);
    return out;
}

/* R 4.2: 2/B crossprod(cos(pi outer(1:T - .5, 1:B)/T)' psi), pt() and pf(). */
static void cosines(void **state)
{
    (void)state;
    rl_table t = table(1, 1);
    rl_result r = run(&t, "EWC", NULL), asked = run(&t, "EWC:6", "sandwich"), all = run(&t, "EWC:62", NULL),
              hc = run(&t, "HC0", NULL);
    assert_string_equal(r.vcov_kind, "EWC");
    assert_true(r.terms == 6 && r.df == 6 && r.lag == -1 && r.draws == 0);
    CHECK_DIGITS(r.est[0].std_error, 0.0639411502560207, 12);
    CHECK_DIGITS(r.est[1].std_error, 0.1875155556820858, 12);
    CHECK_DIGITS(r.est[0].p_value, 1.80928123932510e-07, 10);
    CHECK_DIGITS(r.est[1].p_value, 1.08506934996793e-02, 11);
    CHECK_DIGITS(r.test[0].statistic, 364.216249834336, 11);
    CHECK_DIGITS(r.test[0].p_value, 3.83729011461363e-06, 10);
    assert_true(r.test[0].df == 2 && r.test[0].df2 == 5);
    for (int j = 0; j < 2; j++) {
        assert_true(asked.est[j].std_error == r.est[j].std_error && asked.est[j].p_value == r.est[j].p_value);
        CHECK_DIGITS(all.est[j].std_error, hc.est[j].std_error * sqrt(63 / 62.0), 12); /* Parseval */
    }
}

/* Sums by period: equal units are one series; units of measurement do not matter. */
static void panels(void **state)
{
    (void)state;
    static const char *const VCOV[] = {"EWC", "DK:lls", "block:5,reps=199", "wild-dependent:pw,reps=199"};
    rl_table one = table(1, 1), three = table(3, 1), big = table(1, 1024);
    for (size_t v = 0; v < sizeof VCOV / sizeof *VCOV; v++) {
        rl_result a = run(&one, VCOV[v], NULL), b = run(&three, VCOV[v], NULL), c = run(&big, VCOV[v], NULL);
        double by = v == 1 ? sqrt((3 * T - 1) / (3 * T - 2.0) * (T - 2) / (T - 1)) : 1; /* (n-1)/(n-K) */
        for (int j = 0; j < 2; j++) {
            CHECK_DIGITS(b.est[j].std_error, a.est[j].std_error * by, 11);
            CHECK_DIGITS(c.est[j].std_error, 1024 * a.est[j].std_error, 11);
            CHECK_DIGITS(c.est[j].p_value, a.est[j].p_value, 9);
            if (v != 1) CHECK_DIGITS(b.est[j].p_value, a.est[j].p_value, 9);
        }
    }
}

static void fixed_b(void **state)
{
    (void)state;
    rl_table t = table(1, 1);
    rl_result r = run(&t, "NW:8,fixed-b", NULL), plain = run(&t, "NW:8", NULL), bare = run(&t, "NW:8,fixed-b", "gretl"),
              lls = run(&t, "NW:lls", NULL), white = run(&t, "NW:8,fixed-b", "sandwich"), dk = run(&t, "DK:lls", NULL);
    int32_t at[T];
    rl_fixedb f, g;
    for (int i = 0; i < T; i++) at[i] = i;
    assert_true(rl_fixedb_make(at, T, 9, T / (T - 1.0), &f, &cx) && rl_fixedb_make(at, T, 9, 1, &g, &cx));
    double crit = rl_fixedb_critical(&f, 0.95);
    for (int j = 0; j < 2; j++) {
        const rl_estimate *e = &r.est[j];
        assert_true(e->std_error == plain.est[j].std_error);
        CHECK_DIGITS(e->p_value, rl_fixedb_p(&f, e->statistic), 12);
        CHECK_DIGITS(e->conf_high, e->estimate + crit * e->std_error, 12);
        CHECK_DIGITS(rl_t_quantile(0.975, e->df), crit, 5); /* what else reads the result finds the interval */
        CHECK_DIGITS(bare.est[j].p_value, rl_fixedb_p(&g, bare.est[j].statistic), 12);
        if (j == 1)
            CHECK_DIGITS(bare.est[j].p_value, e->p_value, 1); /* K = 1 or 2 is all that is left between conventions */
        CHECK_DIGITS(white.est[j].std_error, bare.est[j].std_error, 12);
        assert_true(lls.est[j].p_value == dk.est[j].p_value);
    }
    CHECK_DIGITS(r.fixed_b, 9.0 / T, 14);
    CHECK_DIGITS(r.test[0].p_value, rl_fixedb_joint(&f, 2, r.test[0].statistic, &cx), 12);
    assert_true(lls.lag == 10 && lls.fixed_b > 0); /* bandwidth ceil(1.3 sqrt(63)) = 11 */
}

/* sqrt(diag(NeweyWest(m, lag = 6, prewhite = FALSE, adjust = FALSE))) of sandwich 3.0-2. */
static void blocks(void **state)
{
    (void)state;
    rl_table t = table(1, 1);
    static const char *const KIND[] = {"block", "wild-dependent"};
    for (int k = 0; k < 2; k++) {
        const char *word = rl_sprintf(cx.keep, "%s:7,reps=999", KIND[k]);
        rl_result r = run(&t, word, NULL), as = run(&t, word, "statsmodels");
        cx.threads = 1;
        rl_result one = run(&t, word, NULL);
        cx.threads = 2;
        cx.seed = 2;
        rl_result other = run(&t, word, NULL);
        cx.seed = 1;
        assert_string_equal(r.vcov_kind, KIND[k]);
        assert_true(r.block == 7 && r.lag == 6 && r.draws == 999 && r.terms == 0);
        CHECK_DIGITS(r.est[0].std_error, 0.0597027220852832, 11);
        CHECK_DIGITS(r.est[1].std_error, 0.1806748807327427, 11);
        for (int j = 0; j < 2; j++) {
            const rl_estimate *e = &r.est[j];
            CHECK_DIGITS(e->conf_high - e->estimate, e->estimate - e->conf_low, 12);
            assert_true((e->p_value <= 0.05) == (e->conf_low > 0 || e->conf_high < 0));
            assert_true(e->conf_high == as.est[j].conf_high && e->conf_high == one.est[j].conf_high);
            assert_true(e->conf_high != other.est[j].conf_high);
            CHECK_DIGITS(e->conf_high - e->estimate, other.est[j].conf_high - e->estimate, 0.9);
        }
        rl_request q = fit_request("y ~ x"); /* a combination has the draws of what it is made of */
        static const char *const SUM[] = {"x - 0.4 + 0.4", "2 * x"};
        rl_result sum;
        q.time = "t";
        q.lincom = SUM;
        q.n_lincom = 2;
        CHECK_OK(rl_vcov_parse(word, &q.vcov, cx.keep, &cx), &cx);
        CHECK_OK(rl_estimate_run(&q, &t, &sum, cx.keep, &cx), &cx);
        CHECK_DIGITS(sum.est[2].conf_low, r.est[1].conf_low, 12);
        CHECK_DIGITS(sum.est[3].conf_low, 2 * r.est[1].conf_low, 12);
        CHECK_DIGITS(sum.est[3].std_error, 2 * r.est[1].std_error, 12);
        assert_true(sum.est[2].p_value == r.est[1].p_value && sum.est[3].p_value == r.est[1].p_value);
        rl_result own = run(&t, KIND[k], NULL);
        assert_true(own.block == 7 && own.draws == 9999); /* ceil(1.75 63^(1/3)) */
    }
}

/* The order of the rows does not matter; an absent period contributes nothing, and none moves up. */
static void order_and_gaps(void **state)
{
    (void)state;
    static const char *const VCOV[] = {"EWC", "NW:5,fixed-b", "block:4,reps=99", "wild-dependent:4,reps=99"};
    rl_table t = table(1, 1), mixed = table(1, 1), gap = table(1, 1);
    for (size_t i = 0; i < T; i++)
        for (int c = 0; c < 3; c++) mixed.col[c].num[i] = t.col[c].num[i * 20 % T];
    for (size_t i = 30; i < T; i++) gap.col[0].num[i] += 4;
    for (size_t v = 0; v < 4; v++) {
        rl_result a = run(&t, VCOV[v], NULL), b = run(&mixed, VCOV[v], NULL), c = run(&gap, VCOV[v], NULL);
        for (int j = 0; j < 2; j++) {
            CHECK_DIGITS(b.est[j].std_error, a.est[j].std_error, 12);
            CHECK_DIGITS(b.est[j].p_value, a.est[j].p_value, 10);
            assert_true(fabs(c.est[j].std_error / a.est[j].std_error - 1) > 1e-4);
        }
    }
}

/* Each period its own cluster: heteroskedasticity alone. */
static void wild_by_period(void **state)
{
    (void)state;
    rl_table t = table(1, 1);
    rl_result r = run(&t, "wild:t,reps=199", NULL), hc = run(&t, "HC1", NULL);
    assert_true(r.clusters == T && r.draws == 199);
    CHECK_DIGITS(r.est[1].std_error, hc.est[1].std_error, 12); /* G/(G-1) (n-1)/(n-K) = n/(n-K) */
}

static void refused(const rl_table *t, const char *vcov, const char *const *test, rl_code code, const char *says)
{
    rl_result out;
    assert_int_equal(attempt(t, vcov, NULL, test, &out), code);
    if (strstr(cx.err.what, says) == NULL) fail_msg("%s: '%s' does not say '%s'", vcov, cx.err.what, says);
    assert_true(cx.err.hint[0] != '\0');
    rl_forgive(&cx);
}

static void no_words(const char *vcov, const char *says)
{
    rl_vcov_spec v;
    assert_int_equal(rl_vcov_parse(vcov, &v, cx.keep, &cx), RL_EUSAGE);
    if (strstr(cx.err.what, says) == NULL) fail_msg("%s: '%s' does not say '%s'", vcov, cx.err.what, says);
    assert_true(cx.err.hint[0] != '\0');
    rl_forgive(&cx);
}

static void refusals(void **state)
{
    (void)state;
    static const char *const TEST[] = {"x = 0, (Intercept) = 1"};
    rl_table t = table(1, 1), three = table(3, 1), twice = table(1, 1), few = table(1, 1), odd = table(1, 1);
    twice.col[0].num[5] = twice.col[0].num[50];
    few.n = few.rows_read = 3;
    odd.col[0].num[T - 1] = 1e6;
    refused(&t, "EWC:63", NULL, RL_EDATA, "63 periods hold at most 62 cosines");
    refused(&t, "EWC:1", TEST, RL_EDATA, "1 degrees of freedom are too few for 2 restrictions");
    refused(&t, "NW:62,fixed-b", (const char *const[]){"x = 0, (Intercept) = 1, x = 2"}, RL_EDATA, "singular");
    refused(&t, "block:64", NULL, RL_EDATA, "the series has 63 periods, fewer than a block");
    refused(&t, "wild-dependent:32", NULL, RL_EDATA, "63 periods hold no two blocks of 32");
    refused(&three, "NW:2,fixed-b", NULL, RL_EDATA, "fixed-b is for one series, and 'unit' makes a panel");
    refused(&twice, "EWC", NULL, RL_EINPUT, "EWC: two rows of time '151'");
    refused(&twice, "block", NULL, RL_EINPUT, "block: two rows of time '151'");
    refused(&few, "wild-dependent", NULL, RL_EDATA, "wild-dependent needs four periods or more, 't' has 3");
    refused(&few, "NW:1,fixed-b", NULL, RL_EDATA, "fixed-b needs four periods or more");
    refused(&odd, "EWC", NULL, RL_EDATA, "'t' has 63 periods in a span of 999900");
    rl_request r = fit_request("y ~ x");
    rl_result out;
    CHECK_OK(rl_vcov_parse("block", &r.vcov, cx.keep, &cx), &cx);
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.what, "--vcov block needs to know the time of a row"));
    rl_forgive(&cx);
    no_words("EWC:0", "whole number");
    no_words("EWC:x", "whole number");
    no_words("block:0", "'0' is no length");
    no_words("block:3,4", "'4' is no length");
    no_words("wild-dependent:pw,reps=5", "reps");
    no_words("NW:4,fixed-b,prewhite=1", "prewhitened");
    no_words("NW:4,fixed-b,fixed-b", "whole number or a rule");
    no_words("HAC:qs,fixed-b", "not known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosines),  cmocka_unit_test(panels),         cmocka_unit_test(fixed_b),
        cmocka_unit_test(blocks),   cmocka_unit_test(order_and_gaps), cmocka_unit_test(wild_by_period),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
