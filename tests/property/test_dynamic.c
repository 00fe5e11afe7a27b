/* Truths about lags of the outcome beside effects of the unit that need no stored answer. */
#include "model/est.h"
#include "unit/own_fit.h"

static const double RHO = 0.5, BETA = 0.8;

/* y_t = 0.5 y_t-1 + 0.8 x_t + a + u, x correlated with a, begun 20 periods earlier; columns t, x, y, unit. */
static rl_table dynamic(size_t N, int T, uint64_t seed)
{
    rl_table t = fit_table(N * (size_t)T);
    const char **unit = RL_NEW(cx.keep, const char *, t.n);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "y", &cx);
    rl_rng r = rl_rng_for(seed, 9);
    for (size_t u = 0; u < N; u++) {
        double a = rl_normal(&r), y = 2 * a;
        const char *name = rl_sprintf(cx.keep, "u%04zu", u);
        for (int p = -20; p < T; p++) {
            double x = 0.4 * a + rl_normal(&r);
            y = RHO * y + BETA * x + a + (0.7 + 0.1 * (double)(u % 5)) * rl_normal(&r);
            if (p < 0) continue;
            size_t i = u * (size_t)T + (size_t)p;
            t.col[0].num[i] = p + 3, t.col[1].num[i] = x, t.col[2].num[i] = y;
            unit[i] = name;
        }
    }
    fit_text(&t, "unit", unit, &cx);
    return t;
}

static rl_request request(const char *formula, const char *estimator)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name(estimator);
    r.unit = "unit", r.time = "t";
    r.vcov.kind = RL_VCOV_DEFAULT;
    return r;
}

static void same(const rl_result *a, const rl_result *b, double digits)
{
    assert_int_equal(a->m, b->m);
    for (size_t j = 0; j < a->m; j++) {
        CHECK_DIGITS(a->est[j].estimate, b->est[j].estimate, digits);
        CHECK_DIGITS(a->est[j].std_error, b->est[j].std_error, digits);
    }
    for (size_t j = 0; j < a->n_tests; j++) CHECK_DIGITS(a->test[j].statistic, b->test[j].statistic, digits - 1);
}

/* One instrument: differences through two-stage least squares, by hand. */
static void anderson_hsiao_is_instrumental_variables_on_differences(void **s)
{
    (void)s;
    static const struct {
        const char *method, *formula, *by_hand;
    } CASE[] = {
        {"level", "y ~ lag(y,1) + x | unit", "diff(y) ~ 0 + diff(x) | 0 | diff(lag(y,1)) ~ lag(y,2)"},
        {"difference", "y ~ lag(y,1) + x | unit", "diff(y) ~ 0 + diff(x) | 0 | diff(lag(y,1)) ~ lag(diff(y),2)"},
        {"level", "y ~ lag(y,1:2) + lag(x,0:1) | unit + t",
         "diff(y) ~ diff(lag(y,2)) + diff(x) + diff(lag(x,1)) + factor(t) | 0 | diff(lag(y,1)) ~ lag(y,2)"},
        {"difference", "y ~ lag(y,1:2) + x | unit",
         "diff(y) ~ 0 + diff(lag(y,2)) + diff(x) | 0 | diff(lag(y,1)) ~ lag(diff(y),3)"}};
    rl_table t = dynamic(60, 8, 11);
    t.col[2].num[17] = t.col[1].num[103] = t.col[2].num[400] = NAN; /* gaps */
    for (size_t c = 0; c < sizeof CASE / sizeof *CASE; c++) {
        rl_request r = request(CASE[c].formula, "anderson-hsiao"), q = request(CASE[c].by_hand, "iv");
        r.method = CASE[c].method;
        q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
        q.profile = "plm";
        rl_result a = run(&t, r), b = run(&t, q);
        const char *const PAIR[][2] = {{"lag(y,1)", "diff(lag(y,1))"},
                                       {"x", "diff(x)"},
                                       {"lag(x,0)", "diff(x)"},
                                       {"lag(y,2)", "diff(lag(y,2))"},
                                       {"lag(x,1)", "diff(lag(x,1))"}};
        size_t compared = 0;
        assert_int_equal(a.rows_used, b.rows_used);
        for (size_t j = 0; j < a.m; j++)
            for (size_t p = 0; p < sizeof PAIR / sizeof *PAIR; p++) {
                if (strcmp(a.est[j].label.term, PAIR[p][0]) != 0) continue;
                const rl_estimate *e = fit_find(&b, PAIR[p][1]);
                CHECK_DIGITS(a.est[j].estimate, e->estimate, 10);
                CHECK_DIGITS(a.est[j].std_error, e->std_error, 10);
                compared++;
            }
        assert_int_equal(compared, c == 2 ? 4 : c == 3 ? 3 : 2);
    }
}

/* As many instruments as regressors: the weights do not matter. */
static void one_lag_collapsed_is_anderson_hsiao(void **s)
{
    (void)s;
    rl_table t = dynamic(70, 7, 12);
    rl_request r = request("y ~ lag(y,1) + x | unit + t", "arellano-bond");
    r.gmm_lo = r.gmm_hi = 2;
    r.collapse = true;
    rl_result two = run(&t, r);
    r.method = "one-step";
    rl_result one = run(&t, r), ah = run(&t, request(r.formula, "anderson-hsiao"));
    same(&one, &ah, 10);
    same(&two, &ah, 10);
}

static void order_of_rows_and_threads_change_nothing(void **s)
{
    (void)s;
    rl_table t = dynamic(90, 7, 13), u = fit_table(t.n);
    const char **unit = RL_NEW(cx.keep, const char *, t.n);
    const char *const NAME[] = {"t", "x", "y"};
    for (size_t j = 0; j < 3; j++) fit_num(&u, NAME[j], &cx);
    for (size_t i = 0; i < t.n; i++) {
        size_t from = (i * 389 + 17) % t.n; /* 389 and 630 have no divisor in common */
        for (size_t j = 0; j < 3; j++) u.col[j].num[i] = t.col[j].num[from];
        unit[i] = t.col[3].dict->text[t.col[3].code[from]];
    }
    fit_text(&u, "unit", unit, &cx);
    rl_request r = request("y ~ lag(y,1:2) + x | unit + t", "arellano-bond");
    rl_result a = run(&t, r), b = run(&u, r);
    same(&a, &b, 11);
    for (int threads = 1; threads <= 5; threads += 2) {
        cx.threads = threads;
        rl_result c = run(&t, r);
        same(&a, &c, 17);
    }
}

/* A constant per unit (and a path over time, beside effects of the time) is what differences take away;
 * but it moves the instruments, which are levels: only the estimate by differences keeps its digits. */
static void effects_of_units_do_not_matter(void **s)
{
    (void)s;
    rl_table t = dynamic(80, 8, 14), u = dynamic(80, 8, 14);
    for (size_t i = 0; i < t.n; i++) u.col[2].num[i] += 0.37 * (double)(i / 8 % 13) + sin(u.col[0].num[i]);
    rl_request r = request("y ~ lag(y,1) + x | unit + t", "anderson-hsiao");
    r.method = "difference";
    rl_result a = run(&t, r), b = run(&u, r);
    same(&a, &b, 10);
}

static void units_of_measurement_do_not_matter(void **s)
{
    (void)s;
    rl_table t = dynamic(20, 9, 15), u = dynamic(20, 9, 15); /* fewer units than instruments */
    for (size_t i = 0; i < t.n; i++) u.col[2].num[i] *= 1000;
    rl_request r = request("y ~ lag(y,1) + x | unit", "arellano-bond");
    rl_result a = run(&t, r), b = run(&u, r);
    CHECK_DIGITS(fit_find(&a, "lag(y,1)")->estimate, fit_find(&b, "lag(y,1)")->estimate, 8);
    CHECK_DIGITS(1000 * fit_find(&a, "x")->estimate, fit_find(&b, "x")->estimate, 8);
    CHECK_DIGITS(1000 * fit_find(&a, "x")->std_error, fit_find(&b, "x")->std_error, 8);
}

/* 120 worlds of 200 units and 7 periods: hardly a bias, and intervals that cover; least squares with
 * effects of the unit is far off, and says so. */
static void the_truth_is_covered(void **s)
{
    (void)s;
    enum { WORLDS = 120 };
    double mean = 0, naive = 0, rejected = 0;
    int covered[3] = {0};
    for (int w = 0; w < WORLDS; w++) {
        rl_table t = dynamic(200, 7, 1000 + (uint64_t)w);
        rl_result r = run(&t, request("y ~ lag(y,1) + x | unit + t", "arellano-bond"));
        const char *const TERM[] = {"lag(y,1)", "x", "long_run::x"};
        const double TRUTH[] = {RHO, BETA, BETA / (1 - RHO)};
        for (size_t j = 0; j < 3; j++) {
            const rl_estimate *e = fit_find(&r, TERM[j]);
            covered[j] += e->conf_low < TRUTH[j] && TRUTH[j] < e->conf_high;
        }
        mean += fit_find(&r, "lag(y,1)")->estimate / WORLDS;
        for (size_t j = 0; j < r.n_tests; j++)
            rejected += strcmp(r.test[j].name, "m2") == 0 && r.test[j].p_value < 0.05;
        rl_result ols = run(&t, request("y ~ lag(y,1) + x | unit + t", "ols"));
        naive += fit_find(&ols, "lag(y,1)")->estimate / WORLDS;
        rl_arena_reset(cx.tmp);
    }
    printf("rho: mean %.4f (least squares %.4f), covered %d %d %d of %d, m2 rejects %g\n", mean, naive, covered[0],
           covered[1], covered[2], WORLDS, rejected);
    CHECK_NEAR(mean, RHO, 0.02);
    assert_true(naive < RHO - 0.08);
    for (size_t j = 0; j < 3; j++) assert_in_range(covered[j], WORLDS * 90 / 100, WORLDS * 99 / 100);
    assert_true(rejected <= 0.1 * WORLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(anderson_hsiao_is_instrumental_variables_on_differences),
        TEST(one_lag_collapsed_is_anderson_hsiao),
        TEST(order_of_rows_and_threads_change_nothing),
        TEST(effects_of_units_do_not_matter),
        TEST(units_of_measurement_do_not_matter),
        TEST(the_truth_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
