#include "model/hac.h"
#include "model/infer.h"
#include "model/profile.h"
#include "num/dist.h"
#include "unit/own_fit.h"

static rl_request with(const char *formula, const char *vcov, const char *as)
{
    rl_request r = fit_request(formula);
    CHECK_OK(rl_vcov_parse(vcov, &r.vcov, cx.keep, &cx), &cx);
    r.unit = "unit";
    r.time = "t";
    r.profile = as;
    return r;
}

/* --- by hand: y on a constant and x ------------------------------------------------ */

enum { N = 12, T = 6, ROWS = N * T };

typedef struct hand {
    double A[2][2], psi[ROWS][2], e[ROWS], h[ROWS], rss;
} hand;

static hand by_hand(const rl_table *t)
{
    hand m = {.rss = 0};
    const double *x = rl_table_col(t, "x")->num, *y = rl_table_col(t, "y")->num;
    double sx = 0, sxx = 0, sy = 0, sxy = 0, n = ROWS;
    for (int i = 0; i < ROWS; i++) sx += x[i], sxx += x[i] * x[i], sy += y[i], sxy += x[i] * y[i];
    double det = n * sxx - sx * sx;
    m.A[0][0] = sxx / det, m.A[1][1] = n / det, m.A[0][1] = m.A[1][0] = -sx / det;
    double b0 = m.A[0][0] * sy + m.A[0][1] * sxy, b1 = m.A[1][0] * sy + m.A[1][1] * sxy;
    for (int i = 0; i < ROWS; i++) {
        m.e[i] = y[i] - b0 - b1 * x[i];
        m.rss += m.e[i] * m.e[i];
        m.h[i] = m.A[0][0] + 2 * m.A[0][1] * x[i] + m.A[1][1] * x[i] * x[i];
        for (int k = 0; k < 2; k++) m.psi[i][k] = (m.A[k][0] + m.A[k][1] * x[i]) * m.e[i];
    }
    return m;
}

/* sum over groups of (sum of psi_1 over the group)^2 */
static double grouped(const hand *m, int (*group)(int), int G)
{
    double total = 0;
    for (int g = 0; g < G; g++) {
        double s = 0;
        for (int i = 0; i < ROWS; i++)
            if (group(i) == g) s += m->psi[i][1];
        total += s * s;
    }
    return total;
}

static int unit_of(int i) { return i / T; }
static int time_of(int i) { return i % T; }
static int row_of(int i) { return i; }

static double se(const rl_table *t, const char *vcov, const char *as, double *df)
{
    rl_request r = with("y ~ x", vcov, as);
    rl_result out = run(t, r);
    if (df != NULL) *df = out.df;
    return fit_find(&out, "x")->std_error;
}

static void one_way(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 11, &cx);
    hand m = by_hand(&t);
    double df, n = ROWS, u = grouped(&m, unit_of, N), w = grouped(&m, row_of, ROWS), h2 = 0, h3 = 0;
    CHECK_DIGITS(se(&t, "iid", NULL, &df), sqrt(m.A[1][1] * m.rss / (n - 2)), 12);
    assert_true(df == n - 2);
    CHECK_DIGITS(se(&t, "HC0", NULL, NULL), sqrt(w), 12);
    CHECK_DIGITS(se(&t, "HC1", NULL, &df), sqrt(w * n / (n - 2)), 12);
    assert_true(df == n - 2);
    for (int i = 0; i < ROWS; i++) {
        h2 += m.psi[i][1] * m.psi[i][1] / (1 - m.h[i]);
        h3 += m.psi[i][1] * m.psi[i][1] / (1 - m.h[i]) / (1 - m.h[i]);
    }
    CHECK_DIGITS(se(&t, "HC2", NULL, NULL), sqrt(h2), 12);
    CHECK_DIGITS(se(&t, "HC3", NULL, NULL), sqrt(h3), 12);
    CHECK_DIGITS(se(&t, "cluster:unit", NULL, &df), sqrt(u * N / (N - 1.0) * (n - 1) / (n - 2)), 12);
    assert_true(df == N - 1);
    CHECK_DIGITS(se(&t, "cluster:unit", "plm", &df), sqrt(u), 12);
    assert_true(df == n - 2);
    CHECK_DIGITS(se(&t, "cluster:unit", "statsmodels", &df), sqrt(u * N / (N - 1.0) * (n - 1) / (n - 2)), 12);
    assert_true(df == 0);
}

static void two_ways(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 12, &cx);
    hand m = by_hand(&t);
    double df, n = ROWS, u = grouped(&m, unit_of, N), v = grouped(&m, time_of, T), w = grouped(&m, row_of, ROWS);
    double nk = (n - 1) / (n - 2);
    CHECK_DIGITS(se(&t, "cluster:unit+t", NULL, &df), sqrt((u + v - w) * T / (T - 1.0) * nk), 11);
    assert_true(df == T - 1);
    CHECK_DIGITS(se(&t, "cluster:unit+t", "sandwich", NULL),
                 sqrt((u * N / (N - 1.0) + v * T / (T - 1.0) - w * n / (n - 1)) * nk), 11);
    CHECK_DIGITS(se(&t, "cluster:unit^t", NULL, NULL), sqrt(w * n / (n - 1) * nk), 12);
}

static void lags(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 13, &cx);
    hand m = by_hand(&t);
    double df, n = ROWS, h[T] = {0}, dk = 0, nw = 0, factor = T / (T - 1.0) * (n - 1) / (n - 2);
    for (int i = 0; i < ROWS; i++) h[time_of(i)] += m.psi[i][1];
    for (int a = 0; a < T; a++)
        for (int b = 0; b < T; b++) dk += abs(a - b) <= 2 ? (1 - abs(a - b) / 3.0) * h[a] * h[b] : 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++)
            if (unit_of(i) == unit_of(j) && abs(i - j) <= 1) nw += (1 - abs(i - j) / 2.0) * m.psi[i][1] * m.psi[j][1];
    CHECK_DIGITS(se(&t, "DK:2", NULL, &df), sqrt(dk * factor), 11);
    assert_true(df == T - 1);
    CHECK_DIGITS(se(&t, "DK:2", "plm", NULL), sqrt(dk), 11);
    CHECK_DIGITS(se(&t, "NW:1", NULL, NULL), sqrt(nw * factor), 11);
    CHECK_DIGITS(se(&t, "NW", NULL, NULL), sqrt(nw * factor), 11); /* floor(6^(1/4)) = 1 */
}

/* Weights are of the lag asked for, also where no two periods are so far apart; a gap sets periods further apart than
 * there are periods. */
static void lags_beyond_the_periods(void **s)
{
    (void)s;
    enum { L = 9, GAP = 14 };
    rl_table t = fit_panel(N, T, 13, &cx);
    hand m = by_hand(&t);
    double n = ROWS, h[T] = {0}, dk = 0, nw = 0, gap = 0, factor = T / (T - 1.0) * (n - 1) / (n - 2);
    for (int i = 0; i < ROWS; i++) h[time_of(i)] += m.psi[i][1];
    for (int a = 0; a < T; a++)
        for (int b = 0; b < T; b++) {
            double l = abs(a - b), far = l + (a / 3 != b / 3 ? GAP : 0);
            dk += (1 - l / (L + 1.0)) * h[a] * h[b];
            gap += (1 - far / (2 * L + 1.0)) * (far <= 2 * L) * h[a] * h[b];
        }
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++)
            nw += (unit_of(i) == unit_of(j)) * (1 - abs(i - j) / (L + 1.0)) * m.psi[i][1] * m.psi[j][1];
    CHECK_DIGITS(se(&t, "DK:9", NULL, NULL), sqrt(dk * factor), 11);
    CHECK_DIGITS(se(&t, "NW:9", NULL, NULL), sqrt(nw * factor), 11);
    CHECK_DIGITS(se(&t, "NW:9", "statsmodels", NULL), sqrt(nw), 11);
    rl_request r = with("y ~ x", "DK:9", NULL);
    rl_result out = run(&t, r);
    assert_int_equal(out.lag, L);
    size_t said = 0;
    for (size_t i = 0; i < out.n_notes; i++)
        said +=
            strstr(out.note[i], "lag 9 of 6 periods: as asked, though no two periods are more than 5 apart") != NULL;
    assert_int_equal(said, 1);
    for (int i = 0; i < ROWS; i++) rl_table_col(&t, "t")->num[i] += time_of(i) >= 3 ? GAP : 0;
    CHECK_DIGITS(se(&t, "DK:18", NULL, NULL), sqrt(gap * factor), 11);
}

/* gretl 2022c, 'set hac_lag nw3', and sandwich 3.0.2, NeweyWest(m, prewhite = FALSE), on these formulas. */
static void bandwidth_of_what_is_summed(void **s)
{
    (void)s;
    rl_table t = fit_table(90);
    double *y = fit_num(&t, "y", &cx), *x = fit_num(&t, "x", &cx), *at = fit_num(&t, "t", &cx);
    for (int i = 1; i <= 90; i++) {
        double u = sin(0.7 * i) + cos((double)i * i);
        at[i - 1] = i;
        x[i - 1] = u;
        y[i - 1] = 1 + 0.5 * u + sin(0.31 * i) + 0.7 * cos(1.9 * i) * (1 + 0.4 * u);
    }
    static const char *const AS[][2] = {
        {"gretl", "NW:nw3"}, {"sandwich", "NW:nw3,prewhite=0"}, {NULL, "NW:nw3"}, {"gretl", "NW:nw3,prewhite=1"}};
    for (int i = 0; i < 4; i++) {
        rl_request r = with("y ~ x", AS[i][1], AS[i][0]);
        r.unit = NULL;
        rl_result out = run(&t, r);
        bool said = false;
        for (size_t j = 0; j < out.n_notes; j++) said |= strstr(out.note[j], "(1994), prewhitened scores") != NULL;
        assert_int_equal(said, i >= 2);
        if (i >= 2) continue;
        assert_int_equal(out.lag, 2);
        CHECK_DIGITS(fit_find(&out, "(Intercept)")->std_error, 0.125661270094295, 12);
        CHECK_DIGITS(fit_find(&out, "x")->std_error, 0.0906645955050872, 12);
    }
}

/* --- a gap, seen by calendar and by rank --------------------------------------------- */

static void gaps(void **s)
{
    (void)s;
    static const double H[] = {1.5, -2.25, 0.75, 3.5, -1.125};
    static const int32_t AT[] = {1, 2, 5, 6, 7};
    double v, sum = 0, lag1 = 0, by_rank = 0;
    rl_mat h = {(double *)(uintptr_t)H, 5, 1, 5}, V = {&v, 1, 1, 1};
    for (int i = 0; i < 5; i++) sum += H[i] * H[i];
    for (int i = 1; i < 5; i++) by_rank += H[i] * H[i - 1];
    lag1 = by_rank - H[2] * H[1];
    rl_hac_sum(&h, AT, NULL, 1, false, &V, &cx);
    CHECK_DIGITS(v, sum + lag1, 14);
    rl_hac_sum(&h, AT, NULL, 1, true, &V, &cx);
    CHECK_DIGITS(v, sum + by_rank, 14);
    rl_hac_sum(&h, AT, NULL, 0, false, &V, &cx);
    CHECK_DIGITS(v, sum, 14);
}

/* --- small pieces ----------------------------------------------------------------------- */

static void negative_eigenvalues(void **s)
{
    (void)s;
    double a[] = {2.5, 3.1, 3.1, 1.5}, good[] = {2.5, 1.1, 1.1, 1.5};
    rl_mat V = {a, 2, 2, 2}, W = {good, 2, 2, 2};
    double mean = 2, half = sqrt(0.25 + 3.1 * 3.1), top = mean + half; /* its eigenvalues: mean +- half */
    assert_true(rl_psd_fix(&V, &cx));
    CHECK_DIGITS(a[0] + a[3], top, 13); /* only the positive one is left */
    CHECK_NEAR(a[0] * a[3] - a[1] * a[2], 0, 1e-13);
    assert_false(rl_psd_fix(&W, &cx));
    assert_true(good[1] == 1.1);
}

static void wald(void **s)
{
    (void)s;
    static const double V[] = {2, 0.5, 0, 0.5, 1, 0, 0, 0, 0}, b[] = {1.5, -0.75, 2};
    static const size_t BOTH[] = {0, 1}, SINGULAR[] = {0, 2};
    /* V^-1 = [1 -.5; -.5 2] / 1.75 */
    CHECK_DIGITS(rl_wald(b, V, 3, BOTH, 2, &cx), (1.5 * 1.5 + 0.5 * 2 * 1.5 * 0.75 + 2 * 0.75 * 0.75) / 1.75, 14);
    assert_true(isnan(rl_wald(b, V, 3, SINGULAR, 2, &cx)));
}

static void psi_by_cluster_makes_V(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 14, &cx);
    rl_request r = with("y ~ x + region | t", "cluster:unit", NULL);
    rl_result out = run(&t, r);
    assert_int_equal(out.G, N);
    assert_string_equal(out.cluster_label[3], "u003");
    for (size_t a = 0; a < out.m; a++)
        for (size_t b = 0; b < out.m; b++) {
            double sum = 0;
            for (size_t g = 0; g < out.G; g++) sum += out.psi_G[g + a * out.G] * out.psi_G[g + b * out.G];
            CHECK_NEAR(sum, out.V[a + b * out.m], 1e-14);
        }
    assert_int_equal(out.clusters, N);
    assert_non_null(strstr(out.ssc, "G/(G-1) x (n-1)/(n-K)"));
}

static void nested_effects_do_not_count(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 15, &cx);
    rl_request a = with("y ~ x | unit + t", "cluster:unit", NULL), b = with("y ~ x | unit + t", "cluster:unit", "areg");
    rl_result u = run(&t, a), v = run(&t, b);
    double n = ROWS, ratio = (n - 1 - T) / (n - 1 - (N + T - 1));
    CHECK_DIGITS(fit_find(&v, "x")->std_error / fit_find(&u, "x")->std_error, sqrt(ratio), 13);
}

static void intervals(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 16, &cx);
    rl_request r = with("y ~ x", "cluster:unit", NULL);
    r.level = 0.9;
    rl_result out = run(&t, r);
    const rl_estimate *e = fit_find(&out, "x");
    CHECK_DIGITS(e->conf_high - e->estimate, rl_t_quantile(0.95, N - 1) * e->std_error, 12);
    CHECK_DIGITS(e->estimate - e->conf_low, rl_t_quantile(0.95, N - 1) * e->std_error, 12);
    CHECK_DIGITS(e->p_value, rl_t_p(e->estimate / e->std_error, N - 1), 12);
}

/* --- words and errors ------------------------------------------------------------------------ */

static void words(void **s)
{
    (void)s;
    rl_vcov_spec v;
    CHECK_OK(rl_vcov_parse("cluster:a + b^c+`d+e`", &v, cx.keep, &cx), &cx);
    assert_int_equal(v.ways, 3);
    assert_string_equal(v.by[0], "a");
    assert_string_equal(v.by[1], "b^c");
    assert_string_equal(v.by[2], "`d+e`");
    CHECK_OK(rl_vcov_parse("NW:4,prewhite=0", &v, cx.keep, &cx), &cx);
    assert_true(v.kind == RL_NW && v.lag == 4 && v.prewhite == -1);
    CHECK_OK(rl_vcov_parse("DK", &v, cx.keep, &cx), &cx);
    assert_true(v.kind == RL_DK && v.lag == -1);
    CHECK_OK(rl_vcov_parse("NW:nw2,prewhite=1", &v, cx.keep, &cx), &cx);
    assert_true(v.lag == -1 && v.rule == 1 + RL_LAG_NW94 && v.prewhite == 1);
    CHECK_OK(rl_vcov_parse("wild:`a,b`,reps=499,type=webb,null=no,form=31", &v, cx.keep, &cx), &cx);
    assert_true(v.kind == RL_WILD && v.reps == 499 && v.draws == RL_WEBB && v.null_free && v.form == 31);
    assert_string_equal(v.by[0], "`a,b`");
    CHECK_OK(rl_vcov_parse("wild", &v, cx.keep, &cx), &cx);
    CHECK_OK(rl_vcov_parse("wild,null=no", &v, cx.keep, &cx), &cx);
    assert_true(v.ways == 0 && v.null_free);
    CHECK_OK(rl_vcov_parse("wild", &v, cx.keep, &cx), &cx);
    assert_true(v.ways == 0 && v.reps == 9999 && v.draws == RL_RADEMACHER && !v.null_free && v.form == 11);
    CHECK_OK(rl_vcov_parse("HAC:qs,prewhite=1", &v, cx.keep, &cx), &cx);
    assert_true(v.kind == RL_HAC && v.prewhite == 1);
    static const char *const BAD[] = {"HC9",
                                      "HC1:x",
                                      "cluster",
                                      "cluster:",
                                      "cluster:a+",
                                      "cluster:a+b+a",
                                      "CR2:a+a",
                                      "NW:x",
                                      "DK:1,5",
                                      "NW:-1",
                                      "cluster:a+b+c+d+e",
                                      "CR2:a+b",
                                      "CR3:a,x",
                                      "",
                                      "HAC",
                                      "HAC:parzen",
                                      "HAC:qs,prewhite=2",
                                      "NW:nw9",
                                      "NW:t4,3",
                                      "wild:a+b",
                                      "wild:a,reps=9",
                                      "wild:a,reps=x",
                                      "wild:a,type=normal",
                                      "wild:a,null=maybe",
                                      "wild:a,form=12",
                                      "conley:5"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        rl_ctx one;
        check_ctx(&one);
        if (rl_vcov_parse(BAD[i], &v, one.keep, &one) != RL_EUSAGE) fail_msg("'%s' was taken", BAD[i]);
        assert_true(one.err.what[0] != '\0');
        rl_ctx_free(&one);
    }
}

static void mistakes(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 17, &cx);
    rl_request r = with("y ~ x", "cluster:region", NULL);
    r.subset_col = "region";
    r.subset_value = "West";
    refused_both(&t, r, RL_EDATA, "one cluster", "'region'");
    r = with("y ~ x", "HC1", "SAS");
    refused_both(&t, r, RL_EUSAGE, "SAS", "--as");
    r = with("y ~ x", "NW:1", NULL);
    r.unit = NULL;
    refused_both(&t, r, RL_EINPUT, "two rows", "time");
    r = with("y ~ x", "DK", NULL);
    r.subset_col = "t";
    r.subset_value = "3";
    refused_both(&t, r, RL_EDATA, "two periods", "'t'");
    double *d = fit_num(&t, "d", &cx);
    for (size_t i = 0; i < t.n; i++) d[i] = i == 5;
    r = with("y ~ x + d", "HC3", NULL);
    refused_both(&t, r, RL_EDATA, "leverage", "HC3");
}

/* Each cluster, or period, with coefficients of its own: their scores sum to 0 in it, and what rounding leaves of that
 * is no variance. */
static void scores_that_cancel(void **s)
{
    (void)s;
    rl_table t = fit_panel(N, T, 17, &cx);
    static const char *const OWN[] = {"y ~ factor(unit) + factor(unit):x", "y ~ factor(t) + factor(t):x"};
    static const char *const VCOV[] = {"cluster:unit", "DK:2"}, *const FREE[] = {"cluster:t", "cluster:unit"};
    for (int i = 0; i < 2; i++) {
        rl_request r = with(OWN[i], VCOV[i], NULL);
        rl_result out = run(&t, r);
        size_t said = 0;
        for (size_t j = 0; j < out.m; j++)
            assert_true(isnan(out.est[j].std_error) && isnan(out.est[j].statistic) && isnan(out.est[j].p_value));
        for (size_t j = 0; j < out.n_notes; j++) said += strstr(out.note[j], "influence cancels within every") != NULL;
        assert_int_equal(said, 1);
        r = with(OWN[i], FREE[i], NULL);
        out = run(&t, r);
        for (size_t j = 0; j < out.m; j++) assert_true(out.est[j].std_error > 1e-3 && isfinite(out.est[j].p_value));
    }
    /* small residuals are no rounding errors, nor is a small share of the rows */
    rl_col *y = rl_table_col(&t, "y");
    for (size_t i = 0; i < t.n; i++) y->num[i] = 1e6 * rl_table_col(&t, "x")->num[i] + (i < 30 ? 1e-3 : 1) * y->num[i];
    rl_request r = with("y ~ x + w", "cluster:unit", NULL);
    rl_result out = run(&t, r);
    for (size_t j = 0; j < out.m; j++) assert_true(isfinite(out.est[j].p_value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_way),
        cmocka_unit_test(two_ways),
        cmocka_unit_test(lags),
        cmocka_unit_test(gaps),
        cmocka_unit_test(wald),
        cmocka_unit_test(negative_eigenvalues),
        cmocka_unit_test(intervals),
        cmocka_unit_test(psi_by_cluster_makes_V),
        cmocka_unit_test(words),
        cmocka_unit_test(nested_effects_do_not_count),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(lags_beyond_the_periods),
        cmocka_unit_test(bandwidth_of_what_is_summed),
        cmocka_unit_test(scores_that_cancel),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
