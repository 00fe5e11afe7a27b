/* Effects by cohort and event time, and their averages. */
#include "starts_fixture.h"

#include "model/design.h"

static rl_request request(const char *formula, rl_agg agg)
{
    rl_request r = fit_program("sunab", formula);
    r.agg = agg;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    return r;
}

static const rl_estimate *cell_at(const rl_result *r, int32_t g, int32_t e)
{
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, "att") == 0 && r->est[i].label.group == g && r->est[i].label.event == e)
            return &r->est[i];
    fail_msg("no cell %d, %d", g, e);
    return NULL;
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-11 * (1 + fabs(want)))) fail_msg("got %.17g, want %.17g", got, want);
}

/* Seven units in four periods by hand: cohorts 2 (two units), 3 (one, and one that lacks period 4), never (three). */
static rl_table by_hand(rl_ctx *cx)
{
    static const double Y[7][4] = {{1, 4, 6, 9}, {2, 6, 9, 11}, {0, 2, 8, 13}, {5, 6, 10, NAN},
                                   {1, 2, 4, 5}, {3, 3, 5, 9},  {2, 4, 3, 7}};
    static const double G[7] = {2, 2, 3, 3, NAN, 0, 99};
    static const char *const NAME[7] = {"a", "b", "c", "d", "e", "f", "g"};
    rl_table t = fit_table(28);
    const char **unit = RL_NEW(cx->keep, const char *, t.n);
    double *at = fit_num(&t, "t", cx), *g = fit_num(&t, "g", cx), *y = fit_num(&t, "y", cx);
    at = t.col[0].num, g = t.col[1].num;
    for (size_t i = 0; i < t.n; i++) {
        unit[i] = NAME[i / 4];
        at[i] = (double)(i % 4 + 1);
        g[i] = G[i / 4];
        y[i] = Y[i / 4][i % 4];
    }
    fit_text(&t, "unit", unit, cx);
    return t;
}

/* Where no row is missing, a cell is the change since the reference less that of the never treated; averages
 * count rows. */
static void differences_and_shares(void **s)
{
    (void)s;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = by_hand(cx);
    rl_result cells, event, all, group, calendar;
    rl_request r = request("y ~ 1", RL_AGG_GROUP_TIME);
    t.col[2].num[15] = 12; /* nothing is missing */
    CHECK_OK(rl_estimate_run(&r, &t, &cells, cx->keep, cx), cx);
    near(cell_at(&cells, 2, 0)->estimate, 3.5 - 1.0);
    near(cell_at(&cells, 2, 1)->estimate, 6.0 - 2.0);
    near(cell_at(&cells, 2, 2)->estimate, 8.5 - 5.0);
    near(cell_at(&cells, 3, -2)->estimate, -1.5 + 1.0);
    near(cell_at(&cells, 3, 0)->estimate, 5.0 - 1.0);
    near(cell_at(&cells, 3, 1)->estimate, 8.5 - 4.0);
    assert_int_equal(cells.m, 6);
    assert_int_equal(cells.est[0].label.time, RL_NO_ID);
    t.col[2].num[15] = NAN; /* one row of cell (3, 1) is left of two */
    r.agg = RL_AGG_DEFAULT;
    CHECK_OK(rl_estimate_run(&r, &t, &event, cx->keep, cx), cx);
    r.agg = RL_AGG_GROUP_TIME;
    CHECK_OK(rl_estimate_run(&r, &t, &cells, cx->keep, cx), cx);
    double e0 = (cell_at(&cells, 2, 0)->estimate + cell_at(&cells, 3, 0)->estimate) / 2,
           e1 = (2 * cell_at(&cells, 2, 1)->estimate + cell_at(&cells, 3, 1)->estimate) / 3,
           e2 = cell_at(&cells, 2, 2)->estimate;
    near(fit_event(&event, 0)->estimate, e0);
    near(fit_event(&event, 1)->estimate, e1);
    near(fit_event(&event, 2)->estimate, e2);
    near(fit_event(&event, -1)->estimate, 0);
    assert_true(isnan(fit_event(&event, -1)->std_error));
    assert_string_equal(event.test[0].name, "pre-trend");
    r.agg = RL_AGG_SIMPLE;
    CHECK_OK(rl_estimate_run(&r, &t, &all, cx->keep, cx), cx);
    near(fit_find(&all, "overall")->estimate, (4 * e0 + 3 * e1 + 2 * e2) / 9);
    r.agg = RL_AGG_GROUP;
    CHECK_OK(rl_estimate_run(&r, &t, &group, cx->keep, cx), cx);
    assert_int_equal(group.est[1].label.group, 3);
    near(group.est[1].estimate, (2 * cell_at(&cells, 3, 0)->estimate + cell_at(&cells, 3, 1)->estimate) / 3);
    r.agg = RL_AGG_CALENDAR;
    CHECK_OK(rl_estimate_run(&r, &t, &calendar, cx->keep, cx), cx);
    assert_int_equal(calendar.est[1].label.time, 3);
    near(calendar.est[1].estimate, (cell_at(&cells, 2, 1)->estimate + cell_at(&cells, 3, 0)->estimate) / 2);
    rl_ctx_free(cx);
}

/* Who is a control, and who cannot be used. */
static void references(void **s)
{
    (void)s;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = by_hand(cx);
    rl_result out;
    rl_request r = request("y ~ 1", RL_AGG_GROUP_TIME);
    for (size_t i = 16; i < 20; i++) t.col[1].num[i] = 1; /* treated from the first period on */
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    assert_int_equal(out.rows_used, 23);
    assert_string_equal(out.dropped[out.n_dropped - 1].why, "always treated");
    for (size_t i = 16; i < 28; i++) t.col[1].num[i] = 4; /* no unit is never treated: 4 is the control before 4 */
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    assert_string_equal(out.dropped[out.n_dropped - 1].why, "no control left");
    assert_int_equal(out.periods, 3);
    assert_int_equal(out.m, 4);
    r.ref_cohort = "3"; /* .. or another one, before 3 */
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    assert_int_equal(out.periods, 2);
    assert_int_equal(out.m, 1);
    for (size_t i = 24; i < 28; i++) t.col[1].num[i] = NAN; /* beside a never treated unit it only has no effects */
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    assert_int_equal(out.rows_used, 27);
    for (size_t i = 0; i < out.m; i++) assert_int_not_equal(out.est[i].label.group, 3);
    r.ref_cohort = "17";
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx->keep, cx), RL_EDATA);
    assert_non_null(strstr(cx->err.what, "--ref-cohort '17'"));
    rl_ctx_free(cx);
}

/* A start between two periods is one at the second of them; fixest alone takes such units for never treated. */
static void a_date_between_periods(void **s)
{
    (void)s;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = by_hand(cx);
    rl_result out, own, next;
    rl_request r = request("y ~ 1", RL_AGG_SIMPLE);
    for (size_t i = 0; i < t.n; i++) { /* every other year, reference two years before */
        t.col[0].num[i] = 2000 + 2 * t.col[0].num[i];
        if (t.col[1].num[i] < 4 && t.col[1].num[i] > 0) t.col[1].num[i] = 2000 + 2 * t.col[1].num[i];
        if (i / 4 == 1) t.col[1].num[i] = 2007;
        if (t.col[1].num[i] == 99) t.col[1].num[i] = 2099;
    }
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    assert_true(starts_noted(&out, "4 rows start at a time at which no row stands (the first is 2007)"));
    for (size_t i = 4; i < 8; i++) t.col[1].num[i] = 2008;
    CHECK_OK(rl_estimate_run(&r, &t, &next, cx->keep, cx), cx);
    assert_false(starts_noted(&next, "no row stands"));
    near(fit_find(&out, "overall")->estimate, fit_find(&next, "overall")->estimate);
    CHECK_DIGITS(fit_find(&out, "overall")->std_error, fit_find(&next, "overall")->std_error, 12);
    for (size_t i = 4; i < 8; i++) t.col[1].num[i] = 2007;
    r.agg = RL_AGG_GROUP_TIME;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    near(cell_at(&out, 2007, 1)->estimate, (11 - 9) - (21. / 3 - 12. / 3)); /* unit b, 2008 after 2006 */
    r.ref_cohort = "2007"; /* beside the never treated: no effects of its own */
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    for (size_t i = 0; i < out.m; i++) assert_int_not_equal(out.est[i].label.group, 2007);
    r.ref_cohort = NULL;
    r.between_never = true;
    r.n_ref = 1;
    r.ref[0] = -2;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    assert_true(starts_noted(&out, "--as fixest: 4 rows start at a time at which no row stands (the first is 2007)"));
    for (size_t i = 0; i < out.m; i++) assert_int_not_equal(out.est[i].label.group, 2007);
    assert_int_equal(out.rows_used, 27);
    r.n_ref = 0; /* nobody is seen one year before the start: the last year in which each is */
    CHECK_OK(rl_estimate_run(&r, &t, &own, cx->keep, cx), cx);
    assert_int_equal(own.m, out.m);
    for (size_t i = 0; i < out.m; i++) near(own.est[i].estimate, out.est[i].estimate);
    bool said = false;
    for (size_t i = 0; i < own.n_notes; i++) said = said || strstr(own.note[i], "2 cohorts have no row one period");
    assert_true(said);
    r.agg = RL_AGG_DYNAMIC;
    CHECK_OK(rl_estimate_run(&r, &t, &own, cx->keep, cx), cx);
    near(fit_event(&own, -2)->estimate, 0);
    rl_ctx_free(cx);
}

static void windows(void **s)
{
    (void)s;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(40, 9, 31, cx);
    rl_result all, binned, cut;
    rl_request r = request("y ~ 1", RL_AGG_GROUP_TIME);
    CHECK_OK(rl_estimate_run(&r, &t, &all, cx->keep, cx), cx);
    r.has_window = true;
    r.window_lo = -2;
    r.window_hi = 1;
    CHECK_OK(rl_estimate_run(&r, &t, &binned, cx->keep, cx), cx);
    assert_int_equal(binned.m, 6); /* -2, 0, 1 of two cohorts */
    assert_int_equal(binned.rows_used, all.rows_used);
    for (size_t i = 0; i < t.n; i++)
        if (t.col[1].num[i] == 6) t.col[4].num[i] = NAN; /* one cohort: an end's effect is the mean of those in it */
    CHECK_OK(rl_estimate_run(&r, &t, &binned, cx->keep, cx), cx);
    r.has_window = false;
    CHECK_OK(rl_estimate_run(&r, &t, &all, cx->keep, cx), cx);
    double ends = 0, rows = 0;
    for (size_t i = 0; i < all.m; i++)
        if (all.est[i].label.event >= 1) ends += all.est[i].estimate, rows++;
    near(cell_at(&binned, 4, 1)->estimate, ends / rows);
    r.has_window = true;
    r.endpoints_drop = true;
    CHECK_OK(rl_estimate_run(&r, &t, &cut, cx->keep, cx), cx);
    assert_true(cut.rows_used < all.rows_used);
    assert_int_equal(cut.m, 3);
    rl_ctx_free(cx);
}

/* Many cells, gaps, weights by row, covariates: the regression that least squares gives with a factor of cells. */
static void many_cells_are_a_factor(void **s)
{
    (void)s;
    enum { N = 2300, P = 14 };
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(N, P, 32, cx);
    const char **cell = RL_NEW(cx->keep, const char *, t.n);
    for (size_t i = 0; i < t.n; i++) {
        double *g = &t.col[1].num[i];
        if (!isnan(*g)) *g = 3 + (double)(i / P % 12);
        if ((i * 7 + i / P) % 19 == 3) t.col[4].num[i] = NAN;
        int e = isnan(*g) ? -1 : (int)(t.col[0].num[i] - *g);
        cell[i] = e == -1 ? "0" : rl_sprintf(cx->keep, "g%d.%d", (int)*g, e);
    }
    fit_text(&t, "cell", cell, cx);
    rl_request r = request("y ~ x", RL_AGG_GROUP_TIME), o = fit_request("y ~ x + cell | unit + t");
    r.weights = o.weights = "w";
    o.vcov = r.vcov;
    rl_result a, b;
    CHECK_OK(rl_estimate_run(&r, &t, &a, cx->keep, cx), cx);
    CHECK_OK(rl_estimate_run(&o, &t, &b, cx->keep, cx), cx);
    assert_int_equal(a.m, b.m);
    assert_int_equal(a.m, 8 * 13 + 1);
    for (size_t i = 0; i + 1 < a.m; i++) {
        const rl_label *l = &a.est[i].label;
        const rl_estimate *e = fit_find(&b, rl_sprintf(cx->keep, "cell::g%d.%d", l->group, l->event));
        CHECK_DIGITS(a.est[i].estimate, e->estimate, 9);
        CHECK_DIGITS(a.est[i].std_error, e->std_error, 9);
    }
    CHECK_DIGITS(fit_find(&a, "x")->std_error, fit_find(&b, "x")->std_error, 10);
    CHECK_DIGITS(a.r2_within, b.r2_within, 9);
    rl_ctx_free(cx);
}

static void refused(rl_request r, const rl_table *t, rl_code code, const char *words, rl_ctx *cx)
{
    rl_result out;
    cx->err = (rl_err){0};
    rl_code got = rl_estimate_run(&r, t, &out, cx->keep, cx);
    if (got != code) fail_msg("%d, not %d: '%s'", got, code, cx->err.what);
    if (strstr(cx->err.what, words) == NULL) fail_msg("'%s' has no '%s'", cx->err.what, words);
}

static void mistakes(void **s)
{
    (void)s;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_request r = request("y ~ 1", RL_AGG_DEFAULT);
    rl_table t = by_hand(cx);
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = 3;
    refused(r, &t, RL_EDATA, "has a control (14 rows used)", cx); /* all at once */
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = 0;
    refused(r, &t, RL_EDATA, "treated", cx); /* nobody */
    t = by_hand(cx);
    t.col[0].num[5] = 1;
    refused(r, &t, RL_EINPUT, "unit 'b' has two rows at time 1", cx);
    t = by_hand(cx);
    r.n_ref = 1;
    r.ref[0] = -2;
    refused(r, &t, RL_EDATA, "cohort 2 has no row at the reference event time -2", cx);
    r.n_ref = 0;
    r.agg = RL_AGG_CALENDAR;
    r.has_window = true;
    r.window_lo = -1;
    r.window_hi = 1;
    refused(r, &t, RL_EUSAGE, "--agg calendar", cx);
    r = request("y ~ 1", RL_AGG_DEFAULT);
    for (size_t i = 19; i < t.n; i += 4) t.col[2].num[i] = NAN; /* the never treated lack period 4 */
    refused(r, &t, RL_EDATA, "cell of cohort 2 and time 4 (2 rows): no control has a row at 4", cx);
    t = by_hand(cx);
    for (size_t i = 8; i < 16; i++) t.col[0].num[i] += t.col[0].num[i] > 2 ? 3000 : 0;
    for (size_t i = 8; i < 16; i++) t.col[1].num[i] = t.col[0].num[10];
    refused(r, &t, RL_EDATA, "event times from", cx);
    rl_ctx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_and_shares),  cmocka_unit_test(references),
        cmocka_unit_test(a_date_between_periods),  cmocka_unit_test(windows),
        cmocka_unit_test(many_cells_are_a_factor), cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
