/* Truths about a fit that need no stored answer. */
#include "unit/own_fit.h"

static rl_request request(const char *formula, rl_vcov_kind kind, const char *by)
{
    rl_request r = fit_request(formula);
    r.vcov = (rl_vcov_spec){.kind = kind, .ways = by != NULL, .by = {by}, .lag = -1};
    r.unit = "unit";
    r.time = "t";
    return r;
}

static void holes(rl_table *t)
{
    rl_col *y = rl_table_col(t, "y");
    for (size_t i = 0; i < t->n; i += 11) y->num[i] = NAN;
}

static void same(const rl_result *a, const rl_result *b, double digits)
{
    assert_int_equal(a->m, b->m);
    for (size_t j = 0; j < a->m; j++) {
        CHECK_DIGITS(a->est[j].estimate, b->est[j].estimate, digits);
        if (isnan(a->est[j].std_error)) continue;
        CHECK_DIGITS(a->est[j].std_error, b->est[j].std_error, digits - 1);
        CHECK_DIGITS(a->est[j].conf_low, b->est[j].conf_low, digits - 2);
    }
}

/* Effects swept out and effects as dummies: one model, every covariance. */
static void effects_are_dummies(void **s)
{
    (void)s;
    static const rl_vcov_kind KIND[] = {RL_IID, RL_HC1, RL_HC2, RL_HC3, RL_DK, RL_NW};
    rl_table t = fit_panel(14, 7, 101, &cx);
    holes(&t);
    for (int weighted = 0; weighted < 2; weighted++)
        for (size_t k = 0; k < sizeof KIND / sizeof *KIND; k++) {
            rl_request a = request("y ~ x | unit + t", KIND[k], NULL),
                       b = request("y ~ x + unit + factor(t)", KIND[k], NULL);
            a.weights = b.weights = weighted ? "w" : NULL;
            a.profile = b.profile = "reghdfe"; /* K by rank in both */
            if (KIND[k] == RL_NW) a.vcov.lag = b.vcov.lag = 2;
            rl_result u = run(&t, a), v = run(&t, b);
            CHECK_DIGITS(fit_find(&u, "x")->estimate, fit_find(&v, "x")->estimate, 12);
            CHECK_DIGITS(fit_find(&u, "x")->std_error, fit_find(&v, "x")->std_error, 11);
            CHECK_DIGITS(u.r2, v.r2, 12);
            CHECK_DIGITS(u.loglik, v.loglik, 12);
        }
}

/* A factor, and its product with x, as codes and as columns written out by hand: few columns and many. */
static void factors_are_columns(void **s)
{
    (void)s;
    static const struct {
        rl_vcov_kind kind;
        const char *by;
    } V[] = {{RL_IID, NULL},        {RL_HC1, NULL},    {RL_HC2, NULL},    {RL_HC3, NULL},    {RL_NW, NULL},
             {RL_CLUSTER, "group"}, {RL_CR2, "group"}, {RL_CR3, "group"}, {RL_WILD, "group"}};
    for (int many = 0; many < 2; many++) {
        size_t units = many ? 81 : 9;
        rl_table t = fit_panel(units, 7, many ? 113 : 112, &cx);
        holes(&t);
        const rl_col *unit = rl_table_col(&t, "unit");
        double *x = rl_table_col(&t, "x")->num, *group = fit_num(&t, "group", &cx);
        rl_str byhand = rl_str_new(cx.keep);
        rl_str_add(&byhand, "y ~ x");
        for (size_t u = 1; u < units; u++) {
            double *d = fit_num(&t, rl_sprintf(cx.keep, "d%zu", u), &cx);
            for (size_t i = 0; i < t.n; i++) d[i] = unit->code[i] == (int32_t)u;
            rl_str_addf(&byhand, " + d%zu", u);
        }
        for (size_t u = 1; u < units && !many; u++) {
            double *d = fit_num(&t, rl_sprintf(cx.keep, "s%zu", u), &cx);
            for (size_t i = 0; i < t.n; i++) d[i] = unit->code[i] == (int32_t)u ? x[i] : 0;
            rl_str_addf(&byhand, " + s%zu", u);
        }
        for (size_t i = 0; i < t.n; i++) group[i] = (double)(i % 11);
        for (size_t k = 0; k < sizeof V / sizeof *V; k++) {
            if (many && k > 5) break; /* what is reduced or drawn by cluster takes few columns */
            rl_request a = request(many ? "y ~ x + unit" : "y ~ x * unit", V[k].kind, V[k].by),
                       b = request(rl_str_text(&byhand), V[k].kind, V[k].by);
            if (V[k].kind == RL_NW) a.vcov.lag = b.vcov.lag = 2;
            a.vcov.reps = b.vcov.reps = 99;
            a.vcov.form = b.vcov.form = 11;
            a.weights = b.weights = k % 2 == 1 ? "w" : NULL;
            rl_result u = run(&t, a), v = run(&t, b);
            same(&u, &v, 11);
            CHECK_DIGITS(u.loglik, v.loglik, 13);
        }
    }
}

/* x^2 and x^3 are what poly() makes, and beside effects they are what they are beside dummies. */
static void powers(void **s)
{
    (void)s;
    rl_table t = fit_panel(17, 9, 114, &cx);
    double *z = fit_num(&t, "z", &cx), *x = rl_table_col(&t, "x")->num;
    for (size_t i = 0; i < t.n; i++) z[i] = 1995 + rl_table_col(&t, "t")->num[i] + 0.1 * x[i]; /* like a date */
    rl_request q = request("y ~ poly(z,3) | unit", RL_CLUSTER, "unit");
    rl_result a = run(&t, q);
    q.formula = "y ~ z + z^2 + z^3 | unit";
    rl_result b = run(&t, q);
    assert_string_equal(b.est[1].label.term, "z^2");
    for (size_t j = 0; j < 3; j++) assert_memory_equal(&a.est[j].estimate, &b.est[j].estimate, sizeof(double));
    q.formula = "y ~ z + z^2 + z^3 + unit";
    rl_result c = run(&t, q);
    for (size_t j = 0; j < 3; j++) {
        CHECK_DIGITS(c.est[j + 1].estimate, b.est[j].estimate, 12);
        CHECK_DIGITS(c.est[j + 1].std_error, b.est[j].std_error, 1); /* other degrees of freedom */
    }
    q = request("y ~ poly(z,2) | unit + t", RL_IID, NULL);
    a = run(&t, q);
    q.formula = "y ~ poly(z,2) + unit + factor(t)";
    c = run(&t, q);
    for (size_t j = 0; j < 2; j++) {
        CHECK_DIGITS(c.est[j + 1].estimate, a.est[j].estimate, 12);
        CHECK_DIGITS(c.est[j + 1].std_error, a.est[j].std_error, 12);
    }
}

static void order_of_rows_does_not_matter(void **s)
{
    (void)s;
    rl_table t = fit_panel(20, 7, 102, &cx);
    holes(&t);
    rl_table u = fit_shuffled(&t, 5, &cx);
    rl_request q = request("y ~ x + lag(x,1) + region | unit", RL_CLUSTER, "unit");
    rl_result a = run(&t, q), b = run(&u, q);
    same(&a, &b, 12);
    q = request("y ~ x", RL_CLUSTER, "unit");
    q.estimator = rl_estimator_by_name("etwfe");
    q.cohort = "g";
    q.leads = true;
    q.agg = RL_AGG_DYNAMIC;
    a = run(&t, q), b = run(&u, q);
    same(&a, &b, 10);
    q = request("y ~ x", RL_NW, NULL);
    a = run(&t, q), b = run(&u, q);
    same(&a, &b, 12);
}

static void threads_do_not_matter(void **s)
{
    (void)s;
    rl_table t = fit_panel(6000, 7, 103, &cx); /* several blocks of rows */
    rl_request q = request("y ~ x | unit + t", RL_CLUSTER, "unit");
    cx.threads = 1;
    rl_result a = run(&t, q);
    cx.threads = 3;
    rl_result b = run(&t, q);
    cx.threads = 2;
    assert_memory_equal(a.V, b.V, a.m * a.m * sizeof(double));
    for (size_t j = 0; j < a.m; j++) assert_memory_equal(&a.est[j].estimate, &b.est[j].estimate, 7 * sizeof(double));
}

/* Dollars or thousands of dollars. */
static void units_of_measure(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 6, 104, &cx);
    rl_request q = request("y ~ x + poly(t,2) | unit", RL_CLUSTER, "unit");
    rl_result a = run(&t, q);
    rl_col *y = rl_table_col(&t, "y"), *x = rl_table_col(&t, "x");
    for (size_t i = 0; i < t.n; i++) {
        y->num[i] *= 1024;
        x->num[i] *= 0.5;
    }
    rl_result b = run(&t, q);
    CHECK_DIGITS(fit_find(&b, "x")->estimate, 2048 * fit_find(&a, "x")->estimate, 13);
    CHECK_DIGITS(fit_find(&b, "x")->std_error, 2048 * fit_find(&a, "x")->std_error, 13);
    CHECK_DIGITS(fit_find(&b, "x")->p_value, fit_find(&a, "x")->p_value, 11);
    CHECK_DIGITS(b.r2, a.r2, 13);
}

/* A row of weight 2 counts like two rows (in the estimate). */
static void weights_are_copies(void **s)
{
    (void)s;
    rl_table t = fit_panel(10, 6, 105, &cx), u = fit_table(2 * t.n);
    double *w = rl_table_col(&t, "w")->num;
    static const char *const COL[] = {"x", "y"};
    for (size_t i = 0; i < t.n; i++) w[i] = i % 3 == 0 ? 2 : 1;
    fit_num(&u, "x", &cx), fit_num(&u, "y", &cx);
    for (size_t j = 0; j < 2; j++) {
        const double *from = rl_table_col(&t, COL[j])->num;
        for (size_t i = 0; i < t.n; i++) {
            u.col[j].num[2 * i] = from[i];
            u.col[j].num[2 * i + 1] = i % 3 == 0 ? from[i] : NAN;
        }
    }
    rl_request q = request("y ~ x", RL_IID, NULL);
    q.weights = "w";
    rl_result a = run(&t, q), b = run(&u, fit_request("y ~ x"));
    CHECK_DIGITS(fit_find(&a, "x")->estimate, fit_find(&b, "x")->estimate, 13);
    CHECK_DIGITS(a.r2, b.r2, 12);
}

/* etwfe with unit effects, one reference and one cohort: the event study. */
static void etwfe_of_one_cohort_is_the_event_study(void **s)
{
    (void)s;
    rl_table t = fit_panel(18, 7, 106, &cx);
    unsigned char *keep = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) keep[i] = t.col[1].num[i] != 6;
    rl_table_filter(&t, keep, cx.keep);
    rl_request q = request("y ~ 1", RL_CLUSTER, "unit");
    q.cohort = "g";
    q.leads = true;
    q.agg = RL_AGG_DYNAMIC;
    q.estimator = rl_estimator_by_name("event");
    rl_result a = run(&t, q);
    q.estimator = rl_estimator_by_name("etwfe");
    rl_result b = run(&t, q);
    assert_int_equal(a.m, b.m);
    for (size_t j = 0; j < a.m; j++) {
        CHECK_NEAR(a.est[j].estimate, b.est[j].estimate, 1e-12);
        if (isfinite(a.est[j].std_error)) CHECK_DIGITS(a.est[j].std_error, b.est[j].std_error, 10);
    }
    CHECK_DIGITS(a.test[0].statistic, b.test[0].statistic, 9);
}

/* The true effect lies in the 95 % interval about 95 % of the time. */
static void intervals_cover(void **s)
{
    (void)s;
    enum { DRAWS = 300 };
    int in_etwfe = 0, in_x = 0;
    for (int k = 0; k < DRAWS; k++) {
        rl_ctx one;
        check_ctx(&one);
        rl_table t = fit_panel(60, 7, 5000 + (uint64_t)k, &one);
        rl_request q = request("y ~ x", RL_CLUSTER, "unit");
        rl_result out;
        q.cohort = "g";
        q.estimator = rl_estimator_by_name("etwfe");
        q.agg = RL_AGG_DYNAMIC;
        CHECK_OK(rl_estimate_run(&q, &t, &out, one.keep, &one), &one);
        const rl_estimate *e = fit_event(&out, 1); /* true: 1.3 + 0.2 */
        in_etwfe += e->conf_low <= 1.5 && 1.5 <= e->conf_high;
        q = request("y ~ x | unit + g^t", RL_CLUSTER, "unit");
        CHECK_OK(rl_estimate_run(&q, &t, &out, one.keep, &one), &one);
        e = fit_find(&out, "x");
        in_x += e->conf_low <= 0.83 && 0.83 <= e->conf_high;
        rl_ctx_free(&one);
    }
    if (in_etwfe < 0.91 * DRAWS || in_etwfe > 0.985 * DRAWS) fail_msg("etwfe: %d of %d", in_etwfe, DRAWS);
    if (in_x < 0.91 * DRAWS || in_x > 0.985 * DRAWS) fail_msg("x: %d of %d", in_x, DRAWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_columns), cmocka_unit_test(powers),
        cmocka_unit_test(effects_are_dummies), cmocka_unit_test(order_of_rows_does_not_matter),
        cmocka_unit_test(units_of_measure),    cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(weights_are_copies),  cmocka_unit_test(etwfe_of_one_cohort_is_the_event_study),
        cmocka_unit_test(intervals_cover),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
