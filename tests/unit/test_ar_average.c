#include "data/csv.h"
#include "data/fault.h"
#include "model/est.h"
#include "model/response.h"
#include "num/ar_average.h"
#include "unit/own_fit.h"

static rl_request average_request(const char *formula)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name("ar");
    r.method = "average";
    r.time = "t";
    return r;
}

/* y = 2.385 + 0.83 x + 0.41 x of the period before + u, u_t = persistence u_{t-1} + e_t; x wanders. */
static rl_table series(size_t T, double persistence, uint64_t seed)
{
    rl_table t = fit_table(T);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "y", &cx);
    rl_rng r = rl_rng_for(seed, 19);
    double u = 0, x = 0, before = 0;
    for (size_t i = 0; i < T; i++) {
        u = persistence * u + rl_normal(&r);
        before = x;
        x += rl_normal(&r);
        t.col[0].num[i] = (double)i;
        t.col[1].num[i] = x;
        t.col[2].num[i] = 2.385 + 0.83 * x + 0.41 * before + u;
    }
    return t;
}

/* sales on lag(lead,3:4), the first 64 periods of Box and Jenkins's series M: 48 fits by R 4.2.2's nlme::gls with
 * corAR1(rho, fixed = TRUE), method REML, weighed by its logLik and the prior; loglik: the best of method ML. */
static void as_gls_has_it(void **s)
{
    (void)s;
    static const struct {
        const char *term;
        double b, se, walk_b, walk_se;
    } WANT[] = {{"(Intercept)", 137.403293827627, 40.6582789192240, 137.174704925875, 53.9347410209612},
                {"lag(lead,3)", 4.226283796062, 0.2998413741094, 4.222953399512, 0.2988788749737},
                {"lag(lead,4)", 2.387670842829, 0.3040418364401, 2.383721905625, 0.3030569935451}};
    static const char *const NAME[] = {"period", "sales", "lead"};
    rl_source src = rl_source_of("datasets/bjsales/bjsales.csv");
    rl_want want[3] = {0};
    rl_faults faults;
    rl_table t;
    for (size_t j = 0; j < 3; j++) want[j] = (rl_want){.name = NAME[j], .type = RL_NUM, .key = "test"};
    rl_faults_init(&faults, cx.keep);
    CHECK_OK(rl_table_read(&src, want, 3, &faults, &t, cx.keep, &cx), &cx);
    t.n = 64;
    rl_request q = average_request("sales ~ lag(lead,3:4)");
    q.time = "period";
    rl_result r = run(&t, q);
    assert_int_equal(r.m, 3);
    assert_int_equal(r.rows_used, 60);
    for (size_t j = 0; j < 3; j++) {
        CHECK_DIGITS(r.est[j].estimate, WANT[j].b, 11);
        CHECK_DIGITS(r.est[j].std_error, WANT[j].se, 10);
        CHECK_DIGITS(r.wander->b[j], WANT[j].walk_b, 10);
        CHECK_DIGITS(sqrt(*rl_mat_at(&r.wander->V, j, j)), WANT[j].walk_se, 10);
        assert_string_equal(r.est[j].label.term, WANT[j].term);
    }
    CHECK_DIGITS(r.V[1 + 2 * 3], 0.03508451257021, 10);
    CHECK_DIGITS(r.wander->rho, 0.9971019266285, 11);
    CHECK_DIGITS(r.wander->sd, 0.005303437004959, 10);
    CHECK_DIGITS(r.wander->chance, 0.9950263861925, 11);
    CHECK_DIGITS(r.loglik, -69.42118632113, 11);
    CHECK_DIGITS(r.df, 57, 15);
    assert_non_null(strstr(r.note[0], "100 %"));
}

enum { N = 13, K = 2 };
static const int AT[N] = {3, 4, 5, 9, 10, 12, 13, 14, 20, 1, 2, 4, 9}; /* two series with gaps */

static void pair_of_series(rl_mat *X, double *y, int32_t *step)
{
    rl_rng r = rl_rng_for(23, 5);
    *X = rl_mat_new(N, K, cx.keep);
    for (size_t i = 0; i < N; i++) {
        *rl_mat_at(X, i, 0) = 1, *rl_mat_at(X, i, 1) = 3.7 * rl_normal(&r);
        y[i] = 2.385 - 0.417 * *rl_mat_at(X, i, 1) + rl_normal(&r);
        step[i] = i == 0 || i == 9 ? 0 : AT[i] - AT[i - 1];
    }
}

/* Cholesky root of V_ij = rho^|t_i - t_j| within a series, and v divided by it. */
static void divide(double rho, const double *v, double *out, double *logdet)
{
    double L[N][N] = {{0}};
    *logdet = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) {
            double a = (i < 9) == (j < 9) ? pow(rho, fabs((double)(AT[i] - AT[j]))) : 0;
            for (size_t q = 0; q < j; q++) a -= L[i][q] * L[j][q];
            L[i][j] = i == j ? sqrt(a) : a / L[j][j];
        }
    for (size_t i = 0; i < N; i++) {
        double a = v[i];
        for (size_t q = 0; q < i; q++) a -= L[i][q] * out[q];
        out[i] = a / L[i][i];
        *logdet += 2 * log(L[i][i]);
    }
}

typedef struct gls {
    double b[2], V[2][2], restricted;
} gls;

/* Generalised least squares written out with the covariance of all rows. */
static gls gls_at(double rho, const rl_mat *X, const double *y)
{
    gls g;
    double x[K][N], e[N], a = 0, b = 0, c = 0, p = 0, q = 0, rss = 0, logdet;
    for (size_t j = 0; j < K; j++) divide(rho, rl_mat_col(X, j), x[j], &logdet);
    divide(rho, y, e, &logdet);
    for (size_t i = 0; i < N; i++) {
        a += x[0][i] * x[0][i], b += x[0][i] * x[1][i], c += x[1][i] * x[1][i];
        p += x[0][i] * e[i], q += x[1][i] * e[i];
    }
    double det = a * c - b * b;
    g.b[0] = (c * p - b * q) / det, g.b[1] = (a * q - b * p) / det;
    for (size_t i = 0; i < N; i++) {
        double u = e[i] - g.b[0] * x[0][i] - g.b[1] * x[1][i];
        rss += u * u;
    }
    double s2 = rss / (N - K);
    g.V[0][0] = s2 * c / det, g.V[1][1] = s2 * a / det, g.V[0][1] = g.V[1][0] = -s2 * b / det;
    g.restricted = -0.5 * ((N - K) * log(rss) + logdet + log(det));
    return g;
}

/* One persistence is generalised least squares; two are weighed by likelihood and prior; a gap is a gap. */
static void one_point_is_gls(void **s)
{
    (void)s;
    static const double RHO[] = {-0.55, 0, 0.35, 0.6, 0.975}, ONE[] = {1, 3};
    rl_mat X;
    double y[N];
    int32_t step[N];
    rl_ar_average f;
    pair_of_series(&X, y, step);
    for (size_t r = 0; r < 5; r++) {
        gls g = gls_at(RHO[r], &X, y);
        CHECK_OK(rl_ar_average_of(&X, y, step, &RHO[r], ONE, 1, &f, &cx), &cx);
        for (size_t j = 0; j < K; j++) {
            CHECK_DIGITS(f.b[j], g.b[j], 11);
            for (size_t i = 0; i < K; i++) CHECK_DIGITS(*rl_mat_at(&f.V, i, j), g.V[i][j], 11);
        }
        CHECK_DIGITS(f.rho, RHO[r], 15);
        assert_true(f.weight[0] == 1 && f.sd < 1e-12);
    }
    gls g[2] = {gls_at(0.35, &X, y), gls_at(0.975, &X, y)};
    static const double TWO[] = {0.35, 0.975};
    double w = 3 * exp(g[1].restricted - g[0].restricted), mean[K];
    CHECK_OK(rl_ar_average_of(&X, y, step, TWO, ONE, 2, &f, &cx), &cx);
    w /= 1 + w;
    CHECK_DIGITS(f.weight[1], w, 10);
    CHECK_DIGITS(f.wanders, w, 10);
    for (size_t j = 0; j < K; j++) {
        mean[j] = (1 - w) * g[0].b[j] + w * g[1].b[j];
        CHECK_DIGITS(f.b[j], mean[j], 10);
    }
    for (size_t j = 0; j < K; j++)
        for (size_t i = 0; i < K; i++) {
            double V = (1 - w) * (g[0].V[i][j] + (g[0].b[i] - mean[i]) * (g[0].b[j] - mean[j])) +
                       w * (g[1].V[i][j] + (g[1].b[i] - mean[i]) * (g[1].b[j] - mean[j]));
            CHECK_DIGITS(*rl_mat_at(&f.V, i, j), V, 9);
        }
}

static void grid(void **s)
{
    (void)s;
    double rho[RL_AR_GRID], prior[RL_AR_GRID], sum = 0;
    rl_ar_grid(rho, prior);
    for (size_t i = 0; i < RL_AR_GRID; i++) {
        assert_true(prior[i] > 0 && (i == 0 || rho[i] > rho[i - 1]));
        sum += prior[i];
    }
    CHECK_DIGITS(sum, log(1.95 / 5e-5), 12);
    assert_true(rho[0] == -0.9 && rho[18] == 0 && rho[RL_AR_GRID - 1] == 0.9999);
}

/* Other units, another zero and another order of rows: the same answer. */
static void units_and_order(void **s)
{
    (void)s;
    rl_table t = series(47, 0.8, 3), m = series(47, 0.8, 3);
    for (size_t i = 0; i < t.n; i++) {
        size_t from = (i * 11 + 5) % t.n;
        m.col[0].num[i] = t.col[0].num[from];
        m.col[1].num[i] = 0.001 * t.col[1].num[from] + 7;
        m.col[2].num[i] = 1000 * t.col[2].num[from] - 350;
    }
    rl_result a = run(&t, average_request("y ~ lag(x,0:2)")), b = run(&m, average_request("y ~ lag(x,0:2)"));
    CHECK_DIGITS(a.wander->rho, b.wander->rho, 9);
    for (size_t j = 1; j < a.m; j++) {
        CHECK_DIGITS(1e6 * a.est[j].estimate, b.est[j].estimate, 9);
        CHECK_DIGITS(1e6 * a.est[j].std_error, b.est[j].std_error, 8);
    }
}

/* A polynomial of as high a degree as there are lags is no restriction. */
static void almon_weights(void **s)
{
    (void)s;
    rl_table t = series(60, 0.7, 8);
    static const char *const X[] = {"x"};
    rl_request q = average_request("y ~ almon(x,0:3,3)"), p = average_request("y ~ lag(x,0:3)");
    q.response = p.response = X, q.n_response = p.n_response = 1;
    rl_result a = run(&t, q), l = run(&t, p);
    for (size_t j = 0; j < l.m; j++) {
        const rl_estimate *e = fit_find(&a, l.est[j].label.term);
        CHECK_DIGITS(e->estimate, l.est[j].estimate, 9);
        CHECK_DIGITS(e->std_error, l.est[j].std_error, 9);
        size_t at = (size_t)(e - a.est);
        CHECK_DIGITS(a.wander->b[at], l.wander->b[j], 8);
        CHECK_DIGITS(*rl_mat_at(&a.wander->V, at, at), *rl_mat_at(&l.wander->V, j, j), 8);
    }
    CHECK_DIGITS(fit_find(&a, "long_run::x")->std_error, l.response[0].cumulative[3].se, 9);
}

/* Actual less fitted is y - X b, in the order of the rows. */
static void residuals(void **s)
{
    (void)s;
    rl_table t = series(40, 0.5, 2);
    static const char *const X[] = {"x"};
    rl_request q = average_request("y ~ lag(x,0:1)");
    q.response = X, q.n_response = 1;
    rl_result r = run(&t, q);
    for (size_t i = 0; i < r.rows_used; i++) {
        size_t row = r.row[i];
        double fitted =
            r.est[0].estimate + r.est[1].estimate * t.col[1].num[row] + r.est[2].estimate * t.col[1].num[row - 1];
        CHECK_DIGITS(r.fitted[i], fitted, 11);
        CHECK_DIGITS(r.fitted[i] + r.residual[i], t.col[2].num[row], 12);
    }
}

/* Unrelated random walks: cannot tell, with the differences beside it; related ones, and errors that do not wander,
 * are told; the rule by hand. */
static void cannot_tell(void **s)
{
    (void)s;
    static const char *const X[] = {"x"};
    rl_table t = series(60, 1, 4);
    rl_request q = average_request("y ~ lag(x,0:2)");
    q.response = X, q.n_response = 1;
    rl_result r = run(&t, q);
    assert_true(r.wander->chance > 0.5);
    assert_null(r.response[0].verdict);
    for (size_t i = 0; i < t.n; i++)
        t.col[2].num[i] -= 0.83 * t.col[1].num[i] + (i > 0 ? 0.41 * t.col[1].num[i - 1] : 0);
    r = run(&t, q);
    const rl_response *a = &r.response[0];
    assert_string_equal(a->verdict, "cannot tell");
    assert_non_null(strstr(a->doubt, "random walk"));
    assert_non_null(strstr(a->doubt, "in differences"));
    assert_true(strncmp(a->says[0], "cannot tell what x does", 23) == 0);
    rl_table calm = series(200, 0.2, 6);
    r = run(&calm, q);
    assert_true(r.wander->chance < 0.01);
    assert_null(r.response[0].verdict);

    rl_banded sum = {0.9, 0.3, 0.3, 1.5, 0, 0};
    rl_response one = {.outcome = "y", .variable = "x", .period = "month", .level = 0.95, .n = 1, .cumulative = &sum};
    static const struct {
        double chance, low, b0;
        bool told;
    } RULE[] = {{0.49, -0.1, 0, true},
                {0.5, 0.3, 0.61, true},
                {0.5, 0.3, 0.59, false},
                {0.5, -0.1, 0.61, false},
                {0.9, 0.3, -0.61, true}};
    for (size_t i = 0; i < sizeof RULE / sizeof *RULE; i++) {
        sum.low = RULE[i].low;
        one.verdict = NULL;
        rl_response_doubt(&one, RULE[i].chance, RULE[i].b0, 0.3, 2, cx.keep);
        if ((one.verdict == NULL) != RULE[i].told) fail_msg("rule %zu", i);
    }
}

/* A missing period is a longer step, not the row before; several series start anew. */
static void gaps(void **s)
{
    (void)s;
    rl_table t = series(40, 0.6, 7), cut = series(40, 0.6, 7);
    rl_result whole = run(&t, average_request("y ~ x"));
    cut.col[2].num[17] = NAN;
    rl_result less = run(&cut, average_request("y ~ x"));
    assert_int_equal(less.rows_used, 39);
    double moved = fabs(fit_find(&less, "x")->estimate / fit_find(&whole, "x")->estimate - 1);
    assert_true(moved > 1e-12 && moved < 0.2);
    const char *unit[40];
    for (size_t i = 0; i < 40; i++) {
        unit[i] = i < 20 ? "a" : "b";
        t.col[0].num[i] = (double)(i % 20);
    }
    fit_text(&t, "unit", unit, &cx);
    rl_request q = average_request("y ~ x");
    q.unit = "unit";
    rl_result two = run(&t, q);
    assert_int_equal(two.units, 2);
    assert_true(fit_find(&two, "x")->estimate != fit_find(&whole, "x")->estimate);
}

static void mistakes(void **s)
{
    (void)s;
    rl_table t = series(30, 0.5, 4);
    rl_request q = average_request("y ~ x");
    double *g = fit_num(&t, "g", &cx);
    for (size_t i = 0; i < t.n; i++) g[i] = (double)(i % 3);
    for (int kind = RL_HC0; kind <= RL_WILD_DEPENDENT; kind++) {
        if (kind == RL_CLUSTER || kind == RL_CR2 || kind == RL_CR3 || kind == RL_WILD || kind == RL_DK) continue;
        q.vcov.kind = (rl_vcov_kind)kind;
        refused(&t, q, RL_EUSAGE, "covariance of its own");
    }
    q = average_request("y ~ x");
    q.max_lags = 3;
    refused(&t, q, RL_EUSAGE, "one lag");
    q.max_lags = -1, q.n_orders = 1, q.order[0] = 2;
    refused(&t, q, RL_EUSAGE, "one lag");
    q.order[0] = 1;
    run(&t, q);
    q.method = "mean";
    refused_hint(&t, q, RL_EUSAGE, "--method 'mean' is not known", "ml average");
    q = average_request("y ~ x | g");
    refused(&t, q, RL_EUSAGE, "sweep");
    refused(&t, average_request("y ~ adstock(x)"), RL_EUSAGE, "adstock");
    q = average_request("x ~ x");
    refused(&t, q, RL_EDATA, "nothing is left");
    rl_table few = series(3, 0.5, 4);
    refused(&few, average_request("y ~ x"), RL_EDATA, "3 rows");
    t.col[0].num[20] = 19;
    refused(&t, average_request("y ~ x"), RL_EINPUT, "two rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_gls_has_it), cmocka_unit_test(one_point_is_gls),
                                       cmocka_unit_test(grid),          cmocka_unit_test(units_and_order),
                                       cmocka_unit_test(almon_weights), cmocka_unit_test(residuals),
                                       cmocka_unit_test(cannot_tell),   cmocka_unit_test(gaps),
                                       cmocka_unit_test(mistakes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
