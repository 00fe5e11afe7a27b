/* Truths about ardl, koyck and lp that need no stored answer. */
#include "base/fmath.h"
#include "base/str.h"
#include "model/dynamic.h"
#include "unit/own_fit.h"

/* Two regressors, one of them slow; AR(1) outcome. */
static rl_table series(size_t n, uint64_t seed, double phi)
{
    rl_table t = fit_table(n);
    fit_num(&t, "t", &cx), fit_num(&t, "y", &cx), fit_num(&t, "x", &cx), fit_num(&t, "z", &cx);
    double *at = t.col[0].num, *y = t.col[1].num, *x = t.col[2].num, *z = t.col[3].num;
    rl_rng r = rl_rng_for(seed, 29);
    for (size_t i = 0; i < n; i++) {
        at[i] = (double)i;
        x[i] = rl_normal(&r) + (i > 0 ? 0.9 * x[i - 1] : 0);
        z[i] = rl_normal(&r);
        y[i] = 1.7 + 0.8 * x[i] + 0.5 * (i > 0 ? z[i - 1] : 0) + rl_normal(&r) + (i > 0 ? phi * y[i - 1] : 0);
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

static rl_table shuffled(const rl_table *t)
{
    rl_table out = fit_table(t->n);
    for (size_t j = 0; j < t->k; j++) {
        double *v = fit_num(&out, t->col[j].name, &cx);
        for (size_t i = 0; i < t->n; i++) v[i] = t->col[j].num[(i * 37 + 11) % t->n];
    }
    return out;
}

static void same(const rl_result *a, const rl_result *b, double digits)
{
    assert_int_equal(a->m, b->m);
    for (size_t i = 0; i < a->m; i++) {
        assert_string_equal(a->est[i].label.term, b->est[i].label.term);
        CHECK_DIGITS(a->est[i].estimate, b->est[i].estimate, digits);
        CHECK_DIGITS(a->est[i].std_error, b->est[i].std_error, digits);
    }
    for (size_t i = 0; i < a->n_tests; i++) CHECK_DIGITS(a->test[i].statistic, b->test[i].statistic, digits);
}

static void shuffled_rows(void **s)
{
    (void)s;
    rl_table t = series(89, 1, 0.5), u = shuffled(&t);
    rl_request q[4] = {lagged("ardl", "y ~ x + z"), lagged("ardl", "y ~ x + z"), lagged("koyck", "y ~ x + z"),
                       lagged("lp", "y ~ x + lag(y,1)")};
    q[0].max_lags = 3;
    assert_true(rl_orders_read("2,0,2", &q[1]));
    q[1].method = "ecm";
    q[3].shock = "x", q[3].horizon = 5, q[3].vcov.kind = RL_NW;
    for (size_t i = 0; i < 4; i++) {
        rl_result a = run(&t, q[i]), b = run(&u, q[i]);
        same(&a, &b, 12);
    }
}

/* Both forms are one regression: residuals, the speed of adjustment, the long run. */
static void two_forms(void **s)
{
    (void)s;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        rl_table t = series(60, seed, 0.6);
        rl_request q = lagged("ardl", "y ~ x + z");
        q.max_lags = 3;
        rl_result a = run(&t, q);
        q.method = "ecm";
        rl_result b = run(&t, q);
        double sum = -1;
        for (size_t i = 0; i < a.m; i++)
            if (strncmp(a.est[i].label.term, "lag(y,", 6) == 0) sum += a.est[i].estimate;
        CHECK_DIGITS(fit_find(&a, "ec")->estimate, sum, 12);
        CHECK_DIGITS(fit_find(&a, "ec")->estimate, fit_find(&b, "ec")->estimate, 16);
        CHECK_DIGITS(fit_find(&a, "long_run::x")->std_error, fit_find(&b, "long_run::x")->std_error, 16);
        CHECK_DIGITS(a.deviance, b.deviance, 16);
    }
}

/* The chosen order against every order fitted on the same rows. */
static void order_never_beaten(void **s)
{
    (void)s;
    enum { N = 50, MOST = 2 };
    for (uint64_t seed = 1; seed <= 6; seed++) {
        rl_table t = series(N, seed, 0.4);
        rl_request q = lagged("ardl", "y ~ x + z"), o = lagged("ols", NULL);
        unsigned char leave[N] = {1, 1};
        double best = INFINITY;
        const char *winner = NULL;
        q.max_lags = MOST, q.ic = RL_IC_BIC;
        rl_result a = run(&t, q);
        o.leave = leave, o.leave_why = "start";
        for (int p = 1; p <= MOST; p++)
            for (int x = 0; x <= MOST; x++)
                for (int z = 0; z <= MOST; z++) {
                    rl_str f = rl_str_new(cx.keep);
                    rl_str_addf(&f, "y ~ x + z + lag(y,1:%d)", p);
                    if (x > 0) rl_str_addf(&f, " + lag(x,1:%d)", x);
                    if (z > 0) rl_str_addf(&f, " + lag(z,1:%d)", z);
                    o.formula = rl_str_text(&f);
                    rl_result b = run(&t, o);
                    assert_int_equal(b.rows_used, N - MOST);
                    if (b.bic < best) best = b.bic, winner = o.formula;
                }
        rl_request w = lagged("ols", winner);
        rl_result b = run(&t, w);
        CHECK_DIGITS(a.bic, b.bic, 12);
        CHECK_DIGITS(fit_find(&a, "lag(y,1)")->estimate, fit_find(&b, "lag(y,1)")->estimate, 12);
    }
}

/* Twice the outcome: twice every response; x in thousands: a thousand times its response. */
static void units(void **s)
{
    (void)s;
    rl_table t = series(70, 3, 0.5), u = series(70, 3, 0.5);
    for (size_t i = 0; i < 70; i++) u.col[1].num[i] *= 2, u.col[2].num[i] /= 1024;
    rl_request q = lagged("ardl", "y ~ x + z");
    q.max_lags = 2;
    rl_result a = run(&t, q), b = run(&u, q);
    CHECK_DIGITS(fit_find(&b, "long_run::x")->estimate, 2048 * fit_find(&a, "long_run::x")->estimate, 11);
    CHECK_DIGITS(fit_find(&b, "ec")->std_error, fit_find(&a, "ec")->std_error, 11);
    for (size_t i = 0; i < a.n_tests; i++) CHECK_DIGITS(a.test[i].statistic, b.test[i].statistic, 10);
}

/* Under geometric lags Koyck's long run is covered by its interval about 95 times in a hundred. */
static void koyck_covers(void **s)
{
    (void)s;
    enum { DRAWS = 300, N = 120 };
    int in = 0;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        rl_table t = fit_table(N);
        fit_num(&t, "t", &cx), fit_num(&t, "y", &cx), fit_num(&t, "x", &cx);
        rl_rng r = rl_rng_for(41, draw);
        double stock = 0;
        for (size_t i = 0; i < N; i++) {
            t.col[0].num[i] = (double)i;
            t.col[2].num[i] = 3 + 3 * rl_normal(&r);
            stock = t.col[2].num[i] + 0.6 * stock;
            t.col[1].num[i] = 0.7 * stock + rl_normal(&r);
        }
        rl_request q = lagged("koyck", "y ~ x");
        q.vcov.kind = RL_NW, q.vcov.lag = 1;
        rl_result a = run(&t, q);
        const rl_estimate *e = fit_find(&a, "long_run::x");
        in += e->conf_low <= 0.7 / 0.4 && e->conf_high >= 0.7 / 0.4;
    }
    assert_true(in > 0.90 * DRAWS && in < 0.99 * DRAWS);
}

int main(void)
{
    const struct CMUnitTest t[] = {TEST(shuffled_rows), TEST(two_forms), TEST(order_never_beaten), TEST(units),
                                   TEST(koyck_covers)};
    return cmocka_run_group_tests(t, NULL, NULL);
}
