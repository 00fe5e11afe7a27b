/* The score bootstrap against likelihoods maximised under the null and one sum a draw. */
#include "model/infer.h"
#include "unit/own_fit.h"

enum { N = 120, WIDE = 8, VECTORS = 64 };

/* --- the plain way ---------------------------------------------------------------- */

typedef struct data {
    size_t k;
    bool logit;
    double X[WIDE][N], y[N], w[N], offset[N];
    int by[N], h[N];
} data;

static void mean_at(const data *p, double eta, double *mu, double *slope)
{
    *mu = p->logit ? 1 / (1 + exp(-eta)) : exp(eta);
    *slope = p->logit ? *mu * (1 - *mu) : *mu;
}

/* x = A^-1 x, k-by-k. */
static void solve(double A[WIDE][WIDE], size_t k, double *x)
{
    for (size_t c = 0; c < k; c++) {
        double d = A[c][c];
        for (size_t j = 0; j < k; j++) A[c][j] /= d;
        x[c] /= d;
        for (size_t i = 0; i < k; i++) {
            double t = A[i][c];
            for (size_t j = 0; j < k && i != c; j++) A[i][j] -= t * A[c][j];
            if (i != c) x[i] -= t * x[c];
        }
    }
}

/* Newton's steps for k columns and an offset; eta at the end. */
static void maximise(const data *p, double (*X)[N], size_t k, const double *offset, double *eta)
{
    double b[WIDE] = {0};
    for (int step = 0; step < 60; step++) {
        double A[WIDE][WIDE] = {{0}}, s[WIDE] = {0};
        for (size_t i = 0; i < N; i++) {
            double mu, slope;
            eta[i] = offset[i];
            for (size_t j = 0; j < k; j++) eta[i] += b[j] * X[j][i];
            mean_at(p, eta[i], &mu, &slope);
            for (size_t j = 0; j < k; j++) {
                s[j] += p->w[i] * X[j][i] * (p->y[i] - mu);
                for (size_t l = 0; l < k; l++) A[j][l] += p->w[i] * X[j][i] * X[l][i] * slope;
            }
        }
        solve(A, k, s);
        for (size_t j = 0; j < k; j++) b[j] += s[j];
    }
}

/* c'A score of each row at eta. */
static void row_scores(const data *p, const double *eta, const double *c, double *s)
{
    double A[WIDE][WIDE] = {{0}}, l[WIDE], mu, slope;
    for (size_t i = 0; i < N; i++) {
        mean_at(p, eta[i], &mu, &slope);
        for (size_t j = 0; j < p->k; j++)
            for (size_t q = 0; q < p->k; q++) A[j][q] += p->w[i] * p->X[j][i] * p->X[q][i] * slope;
    }
    memcpy(l, c, sizeof l);
    solve(A, p->k, l);
    for (size_t i = 0; i < N; i++) {
        mean_at(p, eta[i], &mu, &slope);
        s[i] = 0;
        for (size_t j = 0; j < p->k; j++) s[i] += l[j] * p->X[j][i];
        s[i] *= p->w[i] * (p->y[i] - mu);
    }
}

/* The score statistic, squared, with cluster sums centred by the clusters' shares. */
static double statistic(const data *p, const double *s)
{
    double sum[N] = {0}, share[N] = {0}, all = 0, W = 0, V = 0;
    for (size_t i = 0; i < N; i++) {
        sum[p->h[i]] += s[i];
        share[p->h[i]] += p->w[i];
        all += s[i];
        W += p->w[i];
    }
    for (size_t g = 0; g < N; g++) V += (sum[g] - share[g] / W * all) * (sum[g] - share[g] / W * all);
    return all * all / V;
}

/* Share of the 64 sign vectors, null imposed. */
static double share(const data *p, const double *c, double r)
{
    static double X[WIDE][N], offset[N], eta[N], s[N], d[N];
    size_t pivot = 0, k = 0, count = 0;
    for (size_t j = 0; j < p->k; j++)
        if (c[j] != 0) pivot = j; /* any will do */
    for (size_t i = 0; i < N; i++) offset[i] = p->offset[i] + r / c[pivot] * p->X[pivot][i];
    for (size_t j = 0; j < p->k; j++) {
        if (j == pivot) continue;
        for (size_t i = 0; i < N; i++) X[k][i] = p->X[j][i] - c[j] / c[pivot] * p->X[pivot][i];
        k++;
    }
    maximise(p, X, k, offset, eta);
    row_scores(p, eta, c, s);
    double t = statistic(p, s);
    for (int v = 0; v < VECTORS; v++) {
        for (size_t i = 0; i < N; i++) d[i] = v >> p->by[i] & 1 ? -s[i] : s[i];
        count += statistic(p, d) >= t * (1 - 1e-9);
    }
    return (double)count / VECTORS;
}

/* --- worlds --------------------------------------------------------------------------- */

static rl_table world(uint64_t seed, bool logit, bool years, bool weights, int level, data *p)
{
    static const char *const NAME[] = {"y", "x", "z", "w", "o"};
    rl_table t = fit_table(N);
    const char *text[3][N];
    for (size_t j = 0; j < 5; j++) fit_num(&t, NAME[j], &cx);
    rl_rng r = rl_rng_for(seed, 6);
    *p = (data){.k = years ? 5 : 3, .logit = logit};
    for (size_t i = 0; i < N; i++) {
        int by = i < 12 ? (int)i % 6 : (int)(rl_uniform(&r) * 6), year = (int)(rl_uniform(&r) * 3);
        double common = rl_normal_of((by * 5 % 6 + 0.5) / 6), x = rl_normal(&r) + 0.4 * common, z = rl_normal(&r),
               o = 0.3 * rl_normal(&r), eta = 0.4 * x - 0.3 * z + 0.4 * common + 0.2 * year + o, y;
        if (logit)
            y = rl_uniform(&r) < 1 / (1 + exp(-eta));
        else
            y = floor(exp(eta) * 2 * rl_uniform(&r) + 0.5);
        const double v[] = {y, x, z, 0.4 + rl_uniform(&r), o};
        for (size_t j = 0; j < 5; j++) t.col[j].num[i] = v[j];
        p->by[i] = by;
        p->h[i] = level == 0 ? by : level == 1 ? (int)(i % 9) : by / 2;
        p->y[i] = y;
        p->offset[i] = o;
        p->w[i] = weights ? v[3] : 1;
        p->X[0][i] = 1, p->X[1][i] = x, p->X[2][i] = z;
        p->X[3][i] = year == 1, p->X[4][i] = year == 2;
        text[0][i] = rl_sprintf(cx.keep, "g%d", by);
        text[1][i] = rl_sprintf(cx.keep, "h%d", p->h[i]);
        text[2][i] = rl_sprintf(cx.keep, "%d", 2019 + year);
    }
    fit_text(&t, "g", text[0], &cx);
    fit_text(&t, "h", text[1], &cx);
    fit_text(&t, "year", text[2], &cx);
    return t;
}

static rl_request wild(const char *formula, bool logit, bool imposed)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name(logit ? "logit" : "poisson");
    r.offset = "o";
    r.vcov = (rl_vcov_spec){
        .kind = RL_WILD, .ways = 1, .by = {"g"}, .lag = -1, .reps = 999, .form = 11, .null_free = !imposed};
    return r;
}

/* --- against sums by hand ---------------------------------------------------------------- */

static void one_sum_a_draw(void **state)
{
    (void)state;
    static const char *const AT[] = {"x - 0.25", "z + 0.45", "x + 2*z + 0.1"};
    static data p;
    for (int bits = 0; bits < 24; bits++) {
        bool logit = bits & 1, years = bits & 2, weights = bits & 4;
        int level = bits / 8;
        rl_table t = world(20 + (uint64_t)bits, logit, years, weights, level, &p);
        rl_request r = wild(years ? "y ~ x + z | year" : "y ~ x + z", logit, true);
        if (level > 0) r.vcov.by[0] = "h", r.vcov.draw_by = "g";
        r.weights = weights ? "w" : NULL;
        r.lincom = AT;
        r.n_lincom = 3;
        rl_result out = run(&t, r);
        assert_int_equal(out.draws, VECTORS);
        const double c[3][WIDE] = {{0, 1}, {0, 0, 1}, {0, 1, 2}}, at[] = {0.25, -0.45, -0.1};
        for (size_t i = 0; i < 3; i++) CHECK_DIGITS(fit_find(&out, AT[i])->p_value, share(&p, c[i], at[i]), 15);
        CHECK_DIGITS(fit_find(&out, "x")->p_value, share(&p, c[0], 0), 15);
    }
}

static void interval_is_the_inverted_test(void **state)
{
    (void)state;
    static data p;
    for (int bits = 0; bits < 4; bits++) {
        bool logit = bits & 1, years = bits & 2;
        rl_table t = world(3 + (uint64_t)bits, logit, years, false, 0, &p);
        rl_request r = wild(years ? "y ~ x + z | year" : "y ~ x + z", logit, true);
        r.level = 0.9;
        rl_result out = run(&t, r);
        const rl_estimate *e = fit_find(&out, "x");
        const double c[WIDE] = {0, 1};
        double off = 1e-7 * e->std_error;
        assert_true(e->conf_low < e->estimate && e->estimate < e->conf_high);
        assert_true(isfinite(e->conf_low) && isfinite(e->conf_high));
        assert_true(share(&p, c, e->conf_low + off) > 0.1 && share(&p, c, e->conf_low - off) <= 0.1);
        assert_true(share(&p, c, e->conf_high - off) > 0.1 && share(&p, c, e->conf_high + off) <= 0.1);
    }
}

/* --- what it must not depend on ------------------------------------------------------------- */

/* An average effect of a model with a constant alone but one dummy is a difference of means, which least squares
 * has too: their influence is the same, so without the null imposed their draws are. */
static void influence_is_enough_without_the_null(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(9, true, false, false, 0, &p);
    double *d = fit_num(&t, "d", &cx);
    for (size_t i = 0; i < N; i++) d[i] = t.col[1].num[i] > 0;
    rl_request r = wild("y ~ factor(d)", true, false), s = fit_request("y ~ factor(d)");
    r.offset = NULL;
    r.margins = true;
    r.vcov.draws = RL_WEBB;
    r.vcov.reps = 1999;
    s.vcov = r.vcov;
    rl_result logit = run(&t, r), ols = run(&t, s);
    const rl_estimate *a = fit_find(&logit, "ame::d::1"), *b = fit_find(&ols, "d::1");
    CHECK_DIGITS(a->estimate, b->estimate, 12);
    assert_true(a->p_value > 0 && a->p_value < 1);
    /* the linear one refits each draw, the score one does not: alike, not the same */
    CHECK_NEAR(a->p_value, b->p_value, 0.05);
    CHECK_NEAR(a->conf_low, b->conf_low, 0.5 * b->std_error);
}

static rl_result tested(const rl_table *t, rl_request r, const char *const *test, size_t n)
{
    r.restriction = test;
    r.n_restriction = n;
    return run(t, r);
}

/* Restrictions together: what they are written as does not count, one alone is its own p; with the null imposed draws
 * take one at a time, and that is said. */
static void several_at_once(void **state)
{
    (void)state;
    static const char *const TEST[] = {"x = 0.2, z = 0.1", "x + z = 0.3, x - 2*z = 0", "x = 0"};
    static data p;
    int inside = 0;
    for (int bits = 0; bits < 4; bits++) {
        bool logit = bits & 1;
        rl_table t = world(30 + (uint64_t)bits, logit, true, bits & 2, 0, &p);
        rl_request r = wild("y ~ x + z | year", logit, false);
        r.weights = bits & 2 ? "w" : NULL;
        rl_result out = tested(&t, r, TEST, 3);
        assert_int_equal(out.n_tests, 3);
        assert_int_equal(out.test[0].draws, out.draws);
        inside += out.test[0].p_value > 0 && out.test[0].p_value < 1;
        CHECK_DIGITS(out.test[1].p_value, out.test[0].p_value, 15);
        CHECK_DIGITS(out.test[2].p_value, fit_find(&out, "x")->p_value, 15);
        r.vcov.null_free = false;
        rl_result imposed = tested(&t, r, TEST, 2);
        r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"g"}, .lag = -1};
        rl_result clustered = tested(&t, r, TEST, 2);
        size_t said = 0;
        for (size_t i = 0; i < 2; i++) CHECK_DIGITS(imposed.test[i].p_value, clustered.test[i].p_value, 12);
        assert_int_equal(imposed.test[0].draws, 0);
        for (size_t i = 0; i < imposed.n_notes; i++)
            said += strstr(imposed.note[i], "not by draws, which impose one restriction at a time") != NULL;
        assert_int_equal(said, 1);
    }
    assert_true(inside >= 2);
}

static void threads_and_dummies_do_not_matter(void **state)
{
    (void)state;
    static data p;
    for (int logit = 0; logit < 2; logit++) {
        rl_table t = world(12, logit, true, true, 0, &p);
        rl_request r = wild("y ~ x + z | year", logit, true), s = wild("y ~ x + z + factor(year)", logit, true);
        r.vcov.draws = s.vcov.draws = RL_MAMMEN;
        r.weights = s.weights = "w";
        r.level = s.level = 0.8;
        cx.threads = 1;
        rl_result one = run(&t, r);
        cx.threads = 3;
        rl_result three = run(&t, r), dummies = run(&t, s);
        for (size_t j = 0; j < one.m; j++) {
            const rl_estimate *e = fit_find(&dummies, one.est[j].label.term);
            assert_true(one.est[j].p_value == three.est[j].p_value);
            assert_true(one.est[j].conf_low == three.est[j].conf_low);
            CHECK_DIGITS(one.est[j].p_value, e->p_value, 15);
            CHECK_NEAR(one.est[j].conf_low, e->conf_low, 1e-6 * e->std_error);
            CHECK_NEAR(one.est[j].conf_high, e->conf_high, 1e-6 * e->std_error);
        }
    }
}

/* What is nothing but the one regressor under test: the null leaves none. */
static void a_single_regressor(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(14, false, true, false, 0, &p);
    rl_request r = wild("y ~ 0 + x", false, true), s = wild("y ~ x | year", false, true);
    p.k = 1;
    memcpy(p.X[0], p.X[1], sizeof p.X[0]);
    rl_result out = run(&t, r);
    CHECK_DIGITS(out.est[0].p_value, share(&p, (const double[WIDE]){1}, 0), 15);
    out = run(&t, s);
    assert_int_equal(out.m, 1);
    assert_true(out.est[0].p_value > 0);
}

/* --- refusals ------------------------------------------------------------------------------- */

static void refusals(void **state)
{
    (void)state;
    static data p;
    rl_table t = world(15, true, false, false, 0, &p);
    rl_request r = wild("y ~ x + z", true, true);
    r.margins = true;
    refused(&t, r, RL_EDATA, "'ame::x' is an average of the fit");
    r.margins = false;
    r.vcov.form = 33;
    refused(&t, r, RL_EDATA, "form=33 is not defined for this estimator");
    /* words */
    static const char *const BAD[][2] = {{"wild:g,errors=", "'errors=' is not known"},
                                         {"wild,errors=h", "errors= names the clusters of the errors"},
                                         {"wild:g,errors=h,errors=x", "errors= names the clusters of the errors"},
                                         {"wild:g,errors=h+x", "one cluster variable, not 2"}};
    for (size_t i = 0; i < 4; i++) {
        rl_vcov_spec v;
        assert_int_equal(rl_vcov_parse(BAD[i][0], &v, cx.keep, &cx), RL_EUSAGE);
        if (strstr(cx.err.what, BAD[i][1]) == NULL) fail_msg("'%s' lacks '%s'", cx.err.what, BAD[i][1]);
        rl_forgive(&cx);
    }
    rl_vcov_spec v;
    CHECK_OK(rl_vcov_parse("wild:g,reps=199,errors=`odd, name`", &v, cx.keep, &cx), &cx);
    assert_string_equal(v.draw_by, "g");
    assert_string_equal(v.by[0], "`odd, name`");
    CHECK_OK(rl_vcov_parse("wild:g,errors=g", &v, cx.keep, &cx), &cx);
    assert_null(v.draw_by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_sum_a_draw),  TEST(interval_is_the_inverted_test),     TEST(influence_is_enough_without_the_null),
        TEST(several_at_once), TEST(threads_and_dummies_do_not_matter), TEST(a_single_regressor),
        TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
