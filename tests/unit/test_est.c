#include "model/est.h"
#include "unit/own_fit.h"

static rl_request did(const char *formula, const char *estimator)
{
    rl_request r = fit_program(estimator, formula);
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    return r;
}

static double mean(const rl_table *t, double g, double lo, double hi)
{
    const double *at = rl_table_col(t, "t")->num, *G = rl_table_col(t, "g")->num, *y = rl_table_col(t, "y")->num;
    double sum = 0, n = 0;
    for (size_t i = 0; i < t->n; i++) {
        if ((isnan(g) ? !isnan(G[i]) : G[i] != g) || at[i] < lo || at[i] > hi) continue;
        sum += y[i];
        n++;
    }
    return sum / n;
}

/* Leave units of cohort 6 out: one start date. */
static rl_table one_cohort(uint64_t seed)
{
    rl_table t = fit_panel(12, 7, seed, &cx);
    unsigned char *keep = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) keep[i] = t.col[1].num[i] != 6;
    rl_table_filter(&t, keep, cx.keep);
    return t;
}

static void ols_recovers_a_line(void **s)
{
    (void)s;
    rl_table t = fit_table(7);
    double *x = fit_num(&t, "x", &cx);
    for (int i = 0; i < 7; i++) x[i] = 1.375 * i * i - 2;
    double *y = fit_num(&t, "y", &cx);
    x = rl_table_col(&t, "x")->num;
    for (int i = 0; i < 7; i++) y[i] = 3.25 - 0.625 * x[i] + (i % 2 ? 0.5 : -0.5) * (i != 6);
    rl_result r = run(&t, fit_request("y ~ x"));
    double rss = 0, b = fit_find(&r, "x")->estimate, a = fit_find(&r, "(Intercept)")->estimate;
    for (int i = 0; i < 7; i++) rss += (y[i] - a - b * x[i]) * (y[i] - a - b * x[i]);
    CHECK_DIGITS(r.rmse, sqrt(rss / 7), 13);
    CHECK_DIGITS(r.sigma, sqrt(rss / 5), 13);
    CHECK_NEAR(b, -0.625, 0.02);
    assert_int_equal(r.rows_used, 7);
}

static void collinear_columns_are_named(void **s)
{
    (void)s;
    rl_table t = fit_panel(6, 5, 21, &cx);
    double *z = fit_num(&t, "z", &cx), *x = rl_table_col(&t, "x")->num;
    for (size_t i = 0; i < t.n; i++) z[i] = 2 * x[i] - 3;
    rl_result r = run(&t, fit_request("y ~ x + z"));
    assert_int_equal(r.m, 2);
    assert_non_null(strstr(r.note[0], "'z'"));
    assert_int_equal(r.n_left, 1);
    assert_string_equal(r.left[0].name, "z");
    assert_true(r.left[0].whole && r.left[0].columns == 1);
    assert_int_equal(run(&t, fit_request("y ~ x")).n_left, 0);
}

/* Columns of one name are counted, not listed. */
static void names_of_columns_come_once(void **s)
{
    (void)s;
    rl_table t = fit_panel(24, 7, 22, &cx);
    double *x = rl_table_col(&t, "x")->num;
    for (size_t i = 0; i < t.n; i++) x[i] = (double)(i / 7 % 5); /* the unit's own */
    rl_result r = run(&t, did("y ~ x", "etwfe"));
    bool said = false;
    for (size_t i = 0; i < r.n_notes; i++) {
        const char *first = strstr(r.note[i], "'x by cohort' (");
        if (first == NULL) continue;
        said = true;
        assert_non_null(strstr(first, "columns) were left out"));
        assert_null(strstr(first + 1, "'x by cohort'"));
    }
    assert_true(said);
}

/* One start date: twfe is the difference of two differences of means. */
static void twfe_is_four_means(void **s)
{
    (void)s;
    rl_table t = one_cohort(22);
    rl_result r = run(&t, did("y ~ 1", "twfe"));
    double want = mean(&t, 4, 4, 7) - mean(&t, 4, 1, 3) - (mean(&t, NAN, 4, 7) - mean(&t, NAN, 1, 3));
    CHECK_DIGITS(fit_find(&r, "overall")->estimate, want, 12);
    rl_request q = did("y ~ 1", "twfe");
    double *d = fit_num(&t, "d", &cx), *at = rl_table_col(&t, "t")->num, *g = rl_table_col(&t, "g")->num;
    for (size_t i = 0; i < t.n; i++) d[i] = at[i] >= g[i] ? 2.5 : 0; /* a dose */
    q.cohort = NULL;
    q.treated = "d";
    rl_result dose = run(&t, q);
    CHECK_DIGITS(fit_find(&dose, "overall")->estimate, want / 2.5, 12);
}

static void event_is_differences_of_means(void **s)
{
    (void)s;
    rl_table t = one_cohort(23);
    rl_result r = run(&t, did("y ~ 1", "event"));
    assert_int_equal(r.m, 7);
    for (int e = -3; e <= 3; e++) {
        double want =
            mean(&t, 4, 4 + e, 4 + e) - mean(&t, 4, 3, 3) - (mean(&t, NAN, 4 + e, 4 + e) - mean(&t, NAN, 3, 3));
        const rl_estimate *x = fit_event(&r, e);
        if (e == -1)
            assert_true(x->estimate == 0 && isnan(x->std_error));
        else
            CHECK_DIGITS(x->estimate, want, 11);
    }
    assert_int_equal(r.n_tests, 1);
    assert_string_equal(r.test[0].name, "pre-trend");
    assert_true(r.test[0].df == 2 && r.test[0].df2 == 7); /* 4 + 4 units */
}

static void windows(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 24, &cx);
    rl_request q = did("y ~ x", "event");
    q.has_window = true;
    q.window_lo = -2;
    q.window_hi = 1;
    rl_result binned = run(&t, q);
    assert_int_equal(binned.m, 5);
    assert_int_equal(binned.rows_used, 84);
    q.endpoints_drop = true;
    rl_result cut = run(&t, q);
    assert_true(cut.rows_used < 84);
    assert_int_equal(cut.rows_read - cut.dropped[0].rows, cut.rows_used);
    q.n_ref = 2;
    q.ref[0] = -1, q.ref[1] = 0;
    rl_result two = run(&t, q);
    assert_true(isnan(fit_event(&two, 0)->std_error));
}

/* etwfe on never-treated controls with leads: cells are 2x2 differences against the last period before. */
static void etwfe_cells(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 25, &cx);
    rl_request q = did("y ~ 1", "etwfe");
    q.leads = true;
    rl_result r = run(&t, q);
    for (size_t i = 0; i < r.m; i++) {
        double g = r.est[i].label.group, p = r.est[i].label.time;
        double want =
            mean(&t, g, p, p) - mean(&t, g, g - 1, g - 1) - (mean(&t, NAN, p, p) - mean(&t, NAN, g - 1, g - 1));
        CHECK_DIGITS(r.est[i].estimate, want, 10);
    }
    assert_int_equal(r.m, 12);
    assert_true(r.df == 0); /* normal */
    q.agg = RL_AGG_DYNAMIC;
    rl_result e = run(&t, q);
    assert_true(isnan(fit_event(&e, -1)->std_error) && fit_event(&e, -1)->estimate == 0);
    double sum = 0;
    for (size_t i = 0; i < r.m; i++) sum += r.est[i].label.event == 1 ? r.est[i].estimate / 2 : 0; /* equal cohorts */
    CHECK_DIGITS(fit_event(&e, 1)->estimate, sum, 12);
    assert_string_equal(e.test[0].name, "pre-trend");
}

static void etwfe_averages(void **s)
{
    (void)s;
    rl_table t = fit_panel(14, 7, 26, &cx); /* cohorts of unequal size */
    rl_request q = did("y ~ 1", "etwfe");
    rl_result cell = run(&t, q);
    double *g = rl_table_col(&t, "g")->num, *at = rl_table_col(&t, "t")->num, sum = 0, n = 0, six = 0, seven = 0,
           m7 = 0;
    for (size_t j = 0; j < cell.m; j++)
        for (size_t i = 0; i < t.n; i++) {
            if (g[i] != cell.est[j].label.group || at[i] != cell.est[j].label.time) continue;
            sum += cell.est[j].estimate, n++;
            if (g[i] == 6) six += cell.est[j].estimate;
            if (at[i] == 7) seven += cell.est[j].estimate, m7++;
        }
    q.agg = RL_AGG_SIMPLE;
    rl_result r = run(&t, q);
    assert_int_equal(r.m, 1);
    CHECK_DIGITS(fit_find(&r, "overall")->estimate, sum / n, 12);
    q.agg = RL_AGG_GROUP;
    r = run(&t, q);
    size_t units6 = 0;
    for (size_t i = 0; i < t.n; i++) units6 += g[i] == 6 && at[i] == 1;
    assert_true(r.est[1].label.group == 6);
    CHECK_DIGITS(r.est[1].estimate, six / (2.0 * (double)units6), 12);
    q.agg = RL_AGG_CALENDAR;
    r = run(&t, q);
    assert_true(r.est[r.m - 1].label.time == 7);
    CHECK_DIGITS(r.est[r.m - 1].estimate, seven / m7, 12);
}

/* Traits: the same as fitting each trait cell by itself and averaging by treated rows. */
static void etwfe_by_trait(void **s)
{
    (void)s;
    rl_table t = fit_panel(42, 7, 27, &cx);
    rl_request q = did("y ~ 1", "etwfe");
    q.agg = RL_AGG_SIMPLE;
    q.n_covariates = 1;
    q.covariates[0] = "region";
    rl_result all = run(&t, q);
    const rl_col *region = rl_table_col(&t, "region");
    double *g = rl_table_col(&t, "g")->num, *at = rl_table_col(&t, "t")->num, sum = 0, total = 0;
    for (size_t c = 0; c < region->dict->n; c++) {
        double rows = 0;
        q.n_covariates = 0;
        q.subset_col = "region";
        q.subset_value = region->dict->text[c];
        rl_result one = run(&t, q);
        for (size_t i = 0; i < t.n; i++) rows += region->code[i] == (int32_t)c && at[i] >= g[i];
        sum += rows * one.est[0].estimate;
        total += rows;
    }
    CHECK_DIGITS(all.est[0].estimate, sum / total, 11);
}

/* --- errors --------------------------------------------------------------------------- */

static void mistakes(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 28, &cx);
    refused_both(&t, fit_request("y ~ 0"), RL_EDATA, "nothing to estimate", "no regressor");
    refused_both(&t, fit_request("y ~ 1 | unit"), RL_EDATA, "nothing to estimate", "'unit'");
    refused_both(&t, fit_request("y ~ g | unit"), RL_EDATA, "'g'", "'unit'");
    rl_request r = fit_request("y ~ poly(x,4) + t");
    r.subset_col = "unit";
    r.subset_value = "u002";
    r.formula = "y ~ poly(x,6) + t";
    refused_both(&t, r, RL_EDATA, "7 rows", "8 coefficients");
    r = did("y ~ 1", "event");
    r.n_ref = 1;
    r.ref[0] = -40;
    refused_both(&t, r, RL_EDATA, "reference", "-40");
    double *never = fit_num(&t, "never", &cx), *first = fit_num(&t, "first", &cx);
    never = rl_table_col(&t, "never")->num;
    for (size_t i = 0; i < t.n; i++) first[i] = 1;
    r = did("y ~ 1", "twfe");
    r.cohort = "never";
    refused_both(&t, r, RL_EDATA, "treated", "no row");
    r.estimator = rl_estimator_by_name("event");
    refused_both(&t, r, RL_EDATA, "ever treated", "no unit");
    r.cohort = "first";
    refused_both(&t, r, RL_EDATA, "reference", "pre-period");
    r.estimator = rl_estimator_by_name("etwfe");
    refused_both(&t, r, RL_EDATA, "always treated", "no row is left");
    (void)never;
}

/* Everybody treated in the end and one reference: the last event time is a trend in disguise. */
static void without_never_treated(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 29, &cx);
    unsigned char *keep = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) keep[i] = t.col[1].num[i] > 0;
    rl_table_filter(&t, keep, cx.keep);
    refused_both(&t, did("y ~ 1", "event"), RL_EDATA, "event time", "not identified");
    rl_request r = did("y ~ 1", "event");
    r.n_ref = 2;
    r.ref[0] = -1, r.ref[1] = -3; /* cohorts are two periods apart */
    refused_both(&t, r, RL_EDATA, "event time", "not identified");
    r.n_ref = 3; /* a level, a slope and a zigzag */
    r.ref[2] = -2;
    rl_result ok = run(&t, r);
    assert_true(ok.m > 5);
    rl_result e = run(&t, did("y ~ 1", "etwfe")); /* the last cohort is the control */
    assert_int_equal(e.m, 2);
    assert_string_equal(e.dropped[0].why, "no control left");
    double want = mean(&t, 4, 4, 4) - mean(&t, 4, 1, 3) - (mean(&t, 6, 4, 4) - mean(&t, 6, 1, 3));
    CHECK_DIGITS(e.est[0].estimate, want, 11);
}

/* The start date may be told by a 0/1 column, and errors cluster by unit unless asked otherwise. */
static void did_from_either_column(void **s)
{
    (void)s;
    rl_table t = one_cohort(31);
    double *d = fit_num(&t, "d", &cx);
    const double *at = rl_table_col(&t, "t")->num, *g = rl_table_col(&t, "g")->num;
    double start = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (!isnan(g[i])) start = g[i];
        d[i] = !isnan(g[i]) && at[i] >= g[i];
    }
    rl_request r = did("y ~ 1", "did");
    rl_result a = run(&t, r);
    r.cohort = NULL;
    r.treated = "d";
    r.vcov = (rl_vcov_spec){.kind = RL_VCOV_DEFAULT, .lag = -1};
    rl_result b = run(&t, r);
    const rl_estimate *x = fit_find(&a, "overall"), *y = fit_find(&b, "overall");
    double want = mean(&t, start, start, 99) - mean(&t, start, -99, start - 1) -
                  (mean(&t, NAN, start, 99) - mean(&t, NAN, -99, start - 1));
    CHECK_DIGITS(x->estimate, want, 11);
    CHECK_DIGITS(y->estimate, x->estimate, 15);
    CHECK_DIGITS(y->std_error, x->std_error, 15);
    assert_string_equal(b.vcov_kind, "cluster");
}

static void did_refuses_several_starts(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 7, 33, &cx);
    rl_request r = did("y ~ 1", "did");
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "estimator 'did' takes one start, and the rows have 2: "));
    rl_forgive(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ols_recovers_a_line),
        cmocka_unit_test(collinear_columns_are_named),
        cmocka_unit_test(names_of_columns_come_once),
        cmocka_unit_test(twfe_is_four_means),
        cmocka_unit_test(event_is_differences_of_means),
        cmocka_unit_test(windows),
        cmocka_unit_test(etwfe_cells),
        cmocka_unit_test(etwfe_averages),
        cmocka_unit_test(etwfe_by_trait),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(without_never_treated),
        cmocka_unit_test(did_from_either_column),
        cmocka_unit_test(did_refuses_several_starts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
