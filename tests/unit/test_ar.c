#include "data/csv.h"
#include "data/fault.h"
#include "model/est.h"
#include "num/ar.h"
#include "unit/own_fit.h"

static rl_request ar_request(const char *formula, int order)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name("ar");
    r.time = "t";
    r.n_orders = 1;
    r.order[0] = order;
    return r;
}

/* Units of T periods: y = 2.385 + 0.83 x + u, u_t = 0.6 u_{t-1} - 0.25 u_{t-2} + e_t. */
static rl_table series(size_t units, size_t T, uint64_t seed)
{
    rl_table t = fit_table(units * T);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "y", &cx), fit_num(&t, "twin", &cx);
    const char **unit = RL_NEW(cx.keep, const char *, t.n);
    rl_rng r = rl_rng_for(seed, 11);
    for (size_t u = 0, i = 0; u < units; u++) {
        double u1 = 0, u2 = 0;
        for (size_t s = 0; s < T + 50; s++) {
            double e = 0.6 * u1 - 0.25 * u2 + rl_normal(&r), x = rl_normal(&r);
            u2 = u1, u1 = e;
            if (s < 50) continue;
            const double v[] = {(double)(s - 50), x, 2.385 + 0.83 * x + e, 3.1 * x};
            for (size_t j = 0; j < 4; j++) t.col[j].num[i] = v[j];
            unit[i++] = rl_sprintf(cx.keep, "u%zu", u);
        }
    }
    fit_text(&t, "unit", unit, &cx);
    return t;
}

/* diff(sales) on lag(diff(lead),3:5) of Box and Jenkins's series M, AR(2) errors.  R 4.2.2: Newton's steps on the exact
 * likelihood by ARMAacf and chol, from arima(method = "ML"); Hessian by differences of the fourth order. */
static void sales_follow_the_lead(void **s)
{
    (void)s;
    static const struct {
        const char *term;
        double b, se;
    } WANT[] = {{"(Intercept)", 0.233866540953, 0.158403990459},
                {"lag(diff(lead),3)", 4.231842590856, 0.109700727357},
                {"lag(diff(lead),4)", 2.510077340109, 0.123982893234},
                {"lag(diff(lead),5)", 0.960845037728, 0.117449557419},
                {"ar::1", 0.433320557710, 0.083915446558},
                {"ar::2", 0.358811029496, 0.083003110545}};
    static const char *const NAME[] = {"period", "sales", "lead"};
    rl_source src = rl_source_of("datasets/bjsales/bjsales.csv");
    rl_want want[3] = {0};
    rl_faults faults;
    rl_table t;
    for (size_t j = 0; j < 3; j++)
        want[j] = (rl_want){.name = NAME[j], .type = j == 0 ? RL_TEXT : RL_NUM, .key = "test"};
    rl_faults_init(&faults, cx.keep);
    CHECK_OK(rl_table_read(&src, want, 3, &faults, &t, cx.keep, &cx), &cx);
    rl_request q = ar_request("diff(sales) ~ lag(diff(lead),3:5)", 2);
    q.time = "period";
    rl_result r = run(&t, q);
    assert_int_equal(r.m, 6);
    for (size_t j = 0; j < 6; j++) {
        CHECK_DIGITS(fit_find(&r, WANT[j].term)->estimate, WANT[j].b, 9);
        CHECK_DIGITS(fit_find(&r, WANT[j].term)->std_error, WANT[j].se, 8);
    }
    CHECK_DIGITS(r.loglik, -76.1253914932, 11);
    CHECK_DIGITS(r.aic, 2 * 7 + 2 * 76.1253914932, 11);
}

static void order_zero_is_least_squares(void **s)
{
    (void)s;
    rl_table t = series(1, 61, 3);
    rl_result a = run(&t, ar_request("y ~ x", 0)), o = run(&t, fit_request("y ~ x"));
    CHECK_DIGITS(fit_find(&a, "x")->estimate, fit_find(&o, "x")->estimate, 13);
    CHECK_DIGITS(a.loglik, o.loglik, 13);
    /* maximum likelihood: e'e/n */
    CHECK_DIGITS(fit_find(&a, "x")->std_error, fit_find(&o, "x")->std_error * sqrt(59.0 / 61), 12);
}

static void order_of_rows_does_not_matter(void **s)
{
    (void)s;
    rl_table t = series(3, 40, 5), m = series(3, 40, 5);
    for (size_t i = 0; i < t.n; i++) {
        size_t from = (i * 37 + 11) % t.n; /* 37 and 120 have no common factor */
        for (size_t j = 0; j < 4; j++) m.col[j].num[i] = t.col[j].num[from];
        m.col[4].code[i] = t.col[4].code[from];
    }
    rl_request q = ar_request("y ~ x", 2);
    q.unit = "unit";
    rl_result a = run(&t, q), b = run(&m, q);
    for (size_t j = 0; j < a.m; j++) {
        CHECK_DIGITS(a.est[j].estimate, fit_find(&b, a.est[j].label.term)->estimate, 11);
        CHECK_DIGITS(a.est[j].std_error, fit_find(&b, a.est[j].label.term)->std_error, 10);
    }
}

/* No coefficient moved a little makes the likelihood greater: r'r is least at the answer. */
static void nothing_near_is_better(void **s)
{
    (void)s;
    rl_table t = series(1, 80, 9);
    rl_mat X = rl_mat_new(80, 2, cx.keep);
    int32_t *since = RL_NEW(cx.keep, int32_t, 80);
    rl_ar_fit f;
    for (size_t i = 0; i < 80; i++) {
        *rl_mat_at(&X, i, 0) = 1, *rl_mat_at(&X, i, 1) = t.col[1].num[i];
        since[i] = (int32_t)i;
    }
    CHECK_OK(rl_ar(&X, t.col[2].num, since, 2, &f, &cx), &cx);
    for (size_t j = 0; j < 4; j++) { /* J'r = 0 */
        double sum = 0, size = 0;
        for (size_t i = 0; i < 80; i++) {
            sum += *rl_mat_at(&f.J, i, j) * f.r[i];
            size += *rl_mat_at(&f.J, i, j) * *rl_mat_at(&f.J, i, j);
        }
        assert_true(fabs(sum) < 1e-9 * sqrt(size * f.rss));
    }
    double partial[2], back[] = {0.6, -0.25};
    assert_true(rl_ar_partial(back, 2, partial));
    CHECK_DIGITS(partial[1], -0.25, 15);
    CHECK_DIGITS(partial[0], 0.6 / 1.25, 15);
    back[0] = 1.1, back[1] = 0.2;
    assert_false(rl_ar_partial(back, 2, partial));
}

/* 95 % intervals of a slope with such errors, 300 worlds of 60 periods. */
static void intervals_cover(void **s)
{
    (void)s;
    size_t inside = 0, naive = 0, worlds = 300;
    for (uint64_t w = 0; w < worlds; w++) {
        rl_ctx one;
        check_ctx(&one);
        rl_ctx save = cx;
        cx = one;
        rl_table t = series(1, 60, 100 + w);
        for (size_t i = 1; i < 60; i++) t.col[1].num[i] += 0.7 * t.col[1].num[i - 1]; /* x persists too */
        for (size_t i = 0; i < 60; i++) t.col[2].num[i] += 0.83 * (t.col[1].num[i] - t.col[3].num[i] / 3.1);
        rl_result a = run(&t, ar_request("y ~ x", 2)), o = run(&t, fit_request("y ~ x"));
        const rl_estimate *e = fit_find(&a, "x"), *n = fit_find(&o, "x");
        inside += e->conf_low < 0.83 && e->conf_high > 0.83;
        naive += n->conf_low < 0.83 && n->conf_high > 0.83;
        one = cx;
        cx = save;
        rl_ctx_free(&one);
    }
    assert_in_range(inside, 273, 294); /* 91 to 98 % */
    assert_true(naive < inside);
}

static void mistakes(void **s)
{
    (void)s;
    rl_table t = series(1, 30, 4);
    refused_hint(&t, ar_request("y ~ x | unit", 1), RL_EUSAGE, "does not sweep effects out", "factor(unit)");
    refused(&t, ar_request("y ~ x", 25), RL_EUSAGE, "24");
    rl_request two = ar_request("y ~ x", 1);
    two.n_orders = 2;
    refused_hint(&t, two, RL_EUSAGE, "--lags of estimator 'ar' is one number", "lag(x,0:3)");
    rl_request heavy = ar_request("y ~ 1", 1);
    heavy.weights = "x";
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = 1 + (double)i;
    refused(&t, heavy, RL_EUSAGE, "weights");
    t.col[0].num[20] = 77;
    refused(&t, ar_request("y ~ x", 1), RL_EDATA, "'19'");
    t.col[0].num[20] = 19;
    refused(&t, ar_request("y ~ x", 1), RL_EINPUT, "two rows");
    rl_table few = series(1, 5, 4);
    refused(&few, ar_request("y ~ x", 3), RL_EDATA, "5 rows");
}

static void orders_are_chosen(void **s)
{
    (void)s;
    rl_table t = series(1, 400, 21);
    rl_request q = ar_request("y ~ x", 1);
    q.n_orders = 0;
    q.max_lags = 4;
    rl_result r = run(&t, q);
    assert_int_equal(r.m, 4); /* ar::1 and ar::2, the truth */
    assert_non_null(strstr(r.note[0], "order 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sales_follow_the_lead),
                                       cmocka_unit_test(order_zero_is_least_squares),
                                       cmocka_unit_test(order_of_rows_does_not_matter),
                                       cmocka_unit_test(nothing_near_is_better),
                                       cmocka_unit_test(intervals_cover),
                                       cmocka_unit_test(mistakes),
                                       cmocka_unit_test(orders_are_chosen)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
