#include "unit/fit_fixture.h"

#include "base/fmath.h"
#include "model/design.h"
#include "own_ctx.h"

/* y, a, b numbers, seg text, t 1..8 with a gap, u two units */
static rl_table eight(void)
{
    static const char *const SEG[] = {"b", "a", "c", "a", "b", "c", "a", "b"};
    static const char *const UNIT[] = {"p", "p", "p", "p", "q", "q", "q", "q"};
    static const double Y[] = {2.385, 3.1, 7.25, 1.5, 9.75, 4.125, 6.5, 8.2};
    static const double A[] = {1.5, 2.25, 0.5, 4.75, 3.5, 2.125, 6.25, 5.5};
    static const double AT[] = {3, 1, 2, 5, 2, 1, 4, 3};
    rl_table t = fit_table(8);
    fit_num(&t, "y", &cx), fit_num(&t, "a", &cx), fit_num(&t, "b", &cx), fit_num(&t, "t", &cx), fit_num(&t, "w", &cx);
    for (size_t i = 0; i < 8; i++) {
        t.col[0].num[i] = Y[i];
        t.col[1].num[i] = A[i];
        t.col[2].num[i] = A[i] * A[i] - 3 * (double)i;
        t.col[3].num[i] = AT[i];
        t.col[4].num[i] = 1.5;
    }
    fit_text(&t, "seg", SEG, &cx);
    fit_text(&t, "u", UNIT, &cx);
    return t;
}

static rl_design design(const rl_table *t, rl_request r)
{
    rl_design d;
    if (r.estimator == NULL) r.estimator = rl_estimator_by_name("ols");
    CHECK_OK(rl_design_make(&r, t, &d, &cx), &cx);
    return d;
}

static size_t column(const rl_design *d, const char *name)
{
    for (size_t j = 0; j < d->X.k; j++)
        if (strcmp(d->x_name[j], name) == 0) return j;
    fail_msg("no column '%s'", name);
    return 0;
}

static double cell(const rl_design *d, size_t i, size_t j)
{
    double room;
    return d->blocks != NULL ? *rl_cols_part(d->blocks, j, i, 1, &room) : *rl_mat_at(&d->X, i, j);
}

static const char *names(const rl_design *d)
{
    rl_str s = rl_str_new(cx.keep);
    for (size_t j = 0; j < d->X.k; j++) rl_str_addf(&s, "%s%s", j ? " " : "", d->x_name[j]);
    return rl_str_text(&s);
}

/* --- columns ------------------------------------------------------------------ */

static void factors_and_their_references(void **s)
{
    (void)s;
    rl_table t = eight();
    rl_design d = design(&t, fit_request("y ~ a + seg"));
    assert_string_equal(names(&d), "(Intercept) a seg::b seg::c");
    d = design(&t, fit_request("y ~ 0 + seg"));
    assert_string_equal(names(&d), "seg::a seg::b seg::c");
    d = design(&t, fit_request("y ~ 0 + seg + u")); /* the first factor alone keeps all */
    assert_string_equal(names(&d), "seg::a seg::b seg::c u::q");
    d = design(&t, fit_request("y ~ factor(seg, c)"));
    assert_string_equal(names(&d), "(Intercept) seg::a seg::b");
    d = design(&t, fit_request("y ~ a * seg"));
    assert_string_equal(names(&d), "(Intercept) a seg::b seg::c a:seg::b a:seg::c");
    d = design(&t, fit_request("y ~ a:seg")); /* without a: every level has a slope */
    assert_string_equal(names(&d), "(Intercept) a:seg::a a:seg::b a:seg::c");
    d = design(&t, fit_request("y ~ u * seg"));
    assert_string_equal(names(&d), "(Intercept) u::q seg::b seg::c u::q:seg::b u::q:seg::c");
    d = design(&t, fit_request("y ~ factor(t) | u"));
    assert_string_equal(names(&d), "t::2 t::3 t::4 t::5");
    assert_false(d.constant);
}

static void products_and_powers(void **s)
{
    (void)s;
    rl_table t = eight();
    rl_design d = design(&t, fit_request("log(y) ~ a:b + poly(a,3) + a:seg"));
    size_t ab = column(&d, "a:b"), cube = column(&d, "poly(a,3)"), slope = column(&d, "a:seg::c");
    for (size_t i = 0; i < 8; i++) {
        double a = t.col[1].num[i], b = t.col[2].num[i];
        assert_true(cell(&d, i, ab) == a * b);
        assert_true(cell(&d, i, cube) == a * a * a);
        assert_true(cell(&d, i, slope) == (i == 2 || i == 5 ? a : 0));
        assert_true(d.y[i] == rl_log(t.col[0].num[i]));
    }
}

/* --- time ------------------------------------------------------------------------ */

static void lags_go_by_the_calendar(void **s)
{
    (void)s;
    rl_table t = eight();
    rl_request r = fit_request("y ~ lag(a,1)");
    r.unit = "u";
    r.time = "t";
    rl_design d = design(&t, r);
    /* p has 1 2 3 _ 5, q has 1 2 3 4: rows 0 (t 3), 2 (t 2), 4 (2), 6 (4), 7 (3) have a predecessor */
    assert_int_equal(d.n, 5);
    static const size_t FROM[] = {2, 1, 5, 7, 4};
    for (size_t i = 0; i < 5; i++) assert_true(cell(&d, i, 1) == t.col[1].num[FROM[i]]);
    r.formula = "y ~ lag(a,1) + lag(a,1):b + lag(a,1):seg"; /* computed once, read in three terms */
    d = design(&t, r);
    static const size_t ROW[] = {0, 2, 4, 6, 7};
    size_t product = column(&d, "lag(a,1):b"), slope = column(&d, "lag(a,1):seg::c");
    for (size_t i = 0; i < 5; i++) {
        double lag = t.col[1].num[FROM[i]];
        assert_true(cell(&d, i, 1) == lag);
        assert_true(cell(&d, i, product) == lag * t.col[2].num[ROW[i]]);
        assert_true(cell(&d, i, slope) == (ROW[i] == 2 ? lag : 0));
    }
    r.formula = "y ~ diff(a) + lead(b)";
    d = design(&t, r); /* before and after: rows 2 (p, 2), 4 (q, 2), 7 (q, 3) */
    assert_int_equal(d.n, 3);
    assert_true(cell(&d, 0, 1) == t.col[1].num[2] - t.col[1].num[1]);
    assert_true(cell(&d, 0, 2) == t.col[2].num[0]);
    r.formula = "y ~ lag(a,2)";
    d = design(&t, r); /* 3 and 5 of p, 3 and 4 of q: the gap is a gap */
    assert_int_equal(d.n, 4);
}

static void refused(const rl_table *t, rl_request r, rl_code code, const char *word, const char *second)
{
    rl_ctx one;
    rl_design d;
    check_ctx(&one);
    if (r.estimator == NULL) r.estimator = rl_estimator_by_name("ols");
    assert_int_equal(rl_design_make(&r, t, &d, &one), code);
    if (strstr(one.err.what, word) == NULL || strstr(one.err.what, second) == NULL)
        fail_msg("\"%s\" lacks '%s' or '%s'", one.err.what, word, second);
    rl_ctx_free(&one);
}

static void texts_are_times(void **s)
{
    (void)s;
    static const char *const QUARTER[] = {"2019Q3", "2019Q1", "2019Q2", "2020Q1",
                                          "2019Q2", "2019Q1", "2019Q4", "2019Q3"};
    static const char *const DATE[] = {"2019-08-01", "2019-02-01", "2019-05-31", "2020-02-01",
                                       "2019-06-01", "2019-01-01", "2019-12-31", "2019-09-30"};
    rl_table t = eight();
    fit_text(&t, "quarter", QUARTER, &cx);
    fit_text(&t, "date", DATE, &cx);
    rl_request r = fit_request("y ~ lag(a,1)");
    r.unit = "u";
    r.time = "quarter";
    rl_design d = design(&t, r), e;
    assert_int_equal(d.n, 5);
    assert_string_equal(rl_time_text(d.clock, d.last_time, cx.keep), "2019Q4");
    r.time = "date";
    r.calendar = (rl_calendar){RL_QUARTER, 1};
    e = design(&t, r);
    assert_int_equal(e.n, 5);
    for (size_t i = 0; i < 5; i++) assert_int_equal(d.at[i], e.at[i]);
    /* as R writes a quarterly series */
    static const char *const PART[] = {"2019.5", "2019", "2019.25", "2020", "2019.25", "2019.000", "2019.75", "2019.5"};
    fit_text(&t, "part", PART, &cx);
    r.time = "part";
    e = design(&t, r);
    assert_int_equal(e.n, 5);
    for (size_t i = 0; i < 5; i++) assert_int_equal(d.at[i], e.at[i]);
    assert_string_equal(rl_time_text(e.clock, e.last_time, cx.keep), "2019Q4");
    /* years alone are no months, nor is a date in the middle of one */
    static const char *const YEAR[] = {
        "2012.0833333333333", "2012.1666666666667", "2012.25", "2012.3333", "2012.5416", "2012.5", "2013", "2012.9167"};
    fit_text(&t, "year", YEAR, &cx);
    r.time = "year";
    r.unit = NULL;
    r.calendar.kind = RL_MONTH;
    refused(&t, r, RL_EINPUT, "2012.5416", "month");
}

/* --- rows lost ---------------------------------------------------------------------- */

static void the_waterfall_adds_up(void **s)
{
    (void)s;
    rl_table t = eight();
    t.col[0].num[1] = NAN;
    t.col[1].num[1] = NAN;
    t.col[1].num[6] = NAN;
    t.col[4].num[3] = 0;
    rl_request r = fit_request("y ~ a");
    r.weights = "w";
    r.subset_col = "seg";
    r.subset_value = "c";
    rl_design d = design(&t, r);
    assert_int_equal(d.n, 2);
    r.subset_col = NULL;
    d = design(&t, r);
    assert_int_equal(d.n, 5);
    assert_int_equal(d.n_dropped, 2);
    assert_string_equal(d.dropped[0].why, "weight 0");
    assert_int_equal(d.dropped[0].rows, 1);
    assert_non_null(strstr(d.dropped[1].why, "'a'"));
    assert_int_equal(d.dropped[1].rows, 2);
    assert_int_equal(d.row[3], 5);
}

static void singletons_go(void **s)
{
    (void)s;
    static const char *const G[] = {"x", "x", "x", "alone", "z", "z", "z", "z"};
    rl_table t = eight();
    fit_text(&t, "grp", G, &cx);
    rl_design d = design(&t, fit_request("y ~ a | grp"));
    assert_int_equal(d.n, 7);
    assert_string_equal(d.dropped[0].why, "singletons");
    assert_int_equal(d.fe.levels[0], 2);
    rl_request r = fit_request("y ~ a | grp");
    r.keep_singletons = true;
    d = design(&t, r);
    assert_int_equal(d.n, 8);
}

static void treatment(void **s)
{
    (void)s;
    rl_table t = fit_panel(6, 5, 3, &cx);
    rl_request r = fit_program("event", "y ~ 1");
    rl_design d = design(&t, r);
    assert_int_equal(d.n, 30);
    assert_int_equal(d.vcov.kind, RL_CLUSTER);
    assert_string_equal(d.vcov.by[0], "unit");
    assert_int_equal(d.cohort[0], RL_NEVER);
    assert_int_equal(d.cohort[10], 4);
    assert_int_equal(d.cohort[5], RL_NEVER); /* unit 1 starts in 6, beyond the last period */
    assert_true(d.treated[10 + 2] == 0 && d.treated[10 + 3] == 1);
    r.has_window = r.endpoints_drop = true;
    r.window_lo = -1;
    r.window_hi = 0;
    d = design(&t, r);
    assert_string_equal(d.dropped[0].why, "outside the window");
}

/* --- errors ----------------------------------------------------------------------------- */

static void mistakes_in_columns(void **s)
{
    (void)s;
    rl_table t = eight();
    rl_request r = fit_request("y ~ spnd");
    refused(&t, r, RL_EINPUT, "spnd", "formula");
    refused(&t, fit_request("y ~ log(seg)"), RL_EINPUT, "seg", "text");
    refused(&t, fit_request("seg ~ a"), RL_EINPUT, "seg", "text");
    refused(&t, fit_request("y ~ log(b)"), RL_EINPUT, "log", "'b'");
    refused(&t, fit_request("y ~ sqrt(b)"), RL_EINPUT, "sqrt", "more rows");
    refused(&t, fit_request("y ~ exp(exp(exp(a)))"), RL_EINPUT, "finite", "exp");
    refused(&t, fit_request("y ~ log(a/(w-w))"), RL_EINPUT, "finite", "a/");
    refused(&t, fit_request("y ~ factor(seg, d)"), RL_EINPUT, "'d'", "seg");
    refused(&t, fit_request("y ~ lag(a,1)"), RL_EUSAGE, "lag", "time");
    r = fit_request("y ~ a");
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"acount"}};
    refused(&t, r, RL_EINPUT, "acount", "cluster");
    r = fit_request("y ~ lag(a,1)");
    r.time = "t";
    refused(&t, r, RL_EINPUT, "two rows", "'t'");
    r.time = "b";
    refused(&t, r, RL_EINPUT, "not a time", "'b'");
    r = fit_request("y ~ a");
    r.weights = "w";
    t.col[4].num[5] = -2.5;
    refused(&t, r, RL_EINPUT, "negative", "'w'");
    r.weights = "seg";
    refused(&t, r, RL_EINPUT, "seg", "numbers");
}

static void mistakes_in_rows(void **s)
{
    (void)s;
    rl_table t = eight(), none = fit_table(0);
    rl_request r = fit_request("y ~ a");
    r.subset_col = "seg";
    r.subset_value = "nobody";
    refused(&t, r, RL_EDATA, "nobody", "seg");
    fit_num(&none, "y", &cx);
    refused(&none, fit_request("y ~ 1"), RL_EDATA, "rows", "no");
    refused(&t, fit_request("y ~ a | b"), RL_EDATA, "singletons", "'b'");
    for (size_t i = 0; i < 8; i++) t.col[0].num[i] = NAN;
    refused(&t, fit_request("y ~ a"), RL_EDATA, "every cell", "'y'");
}

static void mistakes_in_words(void **s)
{
    (void)s;
    rl_table t = fit_panel(6, 5, 3, &cx);
    rl_request r = fit_request("y ~ 1");
    r.level = 1.5;
    refused(&t, r, RL_EUSAGE, "level", "0 and 1");
    r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name("twfe");
    refused(&t, r, RL_EUSAGE, "--unit", "twfe");
    r.unit = "unit";
    refused(&t, r, RL_EUSAGE, "--time", "twfe");
    r.time = "t";
    refused(&t, r, RL_EUSAGE, "--cohort", "--treated");
    r.cohort = "g";
    r.treated = "x";
    refused(&t, r, RL_EUSAGE, "not both", "--cohort");
    r.treated = NULL;
    t.col[1].num[12] = 9;
    refused(&t, r, RL_EINPUT, "u002", "'g'");
    r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name("etwfe");
    r.time = "t";
    r.cohort = "g";
    r.vcov.kind = RL_VCOV_DEFAULT;
    refused(&t, r, RL_EUSAGE, "--unit", "etwfe");
    r = fit_request("y ~ 1");
    r.vcov.kind = RL_DK;
    refused(&t, r, RL_EUSAGE, "DK", "time");
}

static void columns_of_a_request(void **s)
{
    (void)s;
    rl_request r = fit_request("log(y) ~ a + seg:lag(z,1) + factor(year) | unit^year");
    rl_want *w;
    size_t n;
    r.time = "year";
    r.cohort = "g";
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 2, .by = {"a", "c^d"}};
    CHECK_OK(rl_request_columns(&r, &w, &n, cx.keep, &cx), &cx);
    static const struct {
        const char *name;
        rl_type type;
    } WANT[] = {{"y", RL_NUM},     {"a", RL_AUTO}, {"year", RL_AUTO}, {"seg", RL_AUTO}, {"z", RL_NUM},
                {"unit", RL_TEXT}, {"g", RL_TEXT}, {"c", RL_TEXT},    {"d", RL_TEXT}};
    assert_int_equal(n, sizeof WANT / sizeof *WANT);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(w[i].name, WANT[i].name);
        assert_int_equal(w[i].type, WANT[i].type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_and_their_references),
        cmocka_unit_test(products_and_powers),
        cmocka_unit_test(lags_go_by_the_calendar),
        cmocka_unit_test(texts_are_times),
        cmocka_unit_test(the_waterfall_adds_up),
        cmocka_unit_test(singletons_go),
        cmocka_unit_test(treatment),
        cmocka_unit_test(mistakes_in_columns),
        cmocka_unit_test(mistakes_in_rows),
        cmocka_unit_test(mistakes_in_words),
        cmocka_unit_test(columns_of_a_request),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
