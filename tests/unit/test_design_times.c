/* Times of a programme's rows: what they are read as, rows that share one, starts between them, steps. */
#include "starts_fixture.h"
#include "model/axis.h"
#include "model/design.h"
#include "own_ctx.h"

enum { N = 12, T = 6 };
static const double START[N] = {3, NAN, 4, 3, NAN, 4, 4, NAN, 3, 5, 5, NAN};

static rl_table panel(void) { return starts_panel(N, T, START, 12, &cx); }

/* tm, gm: period 1 is November 2023, each further one `step` months later, as `format` writes it. */
static void months(rl_table *t, int step, const char *format)
{
    static const char *const FROM[] = {"t", "g"}, *const TO[] = {"tm", "gm"};
    for (size_t c = 0; c < 2; c++) {
        const char **text = RL_NEW(cx.keep, const char *, t->n);
        for (size_t i = 0; i < t->n; i++) {
            double p = rl_table_col(t, FROM[c])->num[i];
            int m = isnan(p) ? 0 : 10 + step * ((int)p - 1);
            if (!isnan(p)) text[i] = rl_sprintf(cx.keep, format, 2023 + m / 12, m % 12 + 1);
        }
        fit_text(t, TO[c], text, &cx);
    }
}

static rl_request by_month(const char *estimator)
{
    rl_request r = starts_request(estimator, "y ~ 1");
    r.time = "tm";
    r.cohort = "gm";
    r.agg = RL_AGG_SIMPLE;
    return r;
}

/* Row `from` of t once more, at the end. */
static rl_table with_row_again(const rl_table *t, size_t from)
{
    rl_table out = fit_table(t->n + 1);
    for (size_t c = 0; c < t->k; c++) {
        const rl_col *old = &t->col[c];
        rl_col *col = rl_table_add(&out, old->name, old->type, old->dict, cx.keep);
        for (size_t i = 0; i <= t->n; i++) {
            size_t j = i < t->n ? i : from;
            if (old->type == RL_NUM)
                col->num[i] = old->num[j];
            else
                col->code[i] = old->code[j];
        }
    }
    return out;
}

static void a_month_is_no_quarter(void **state)
{
    (void)state;
    static const char *const FORMAT[] = {"%d-%02d", "%dM%d", "%d-%d"};
    static const char *const NAME[] = {"cs", "etwfe", "twfe", "event", "bjs", "sunab"};
    rl_table plain = panel();
    for (size_t f = 0; f < 3; f++) {
        rl_table t = panel();
        months(&t, 1, FORMAT[f]);
        for (size_t e = 0; e < 6; e++) {
            rl_request a = by_month(NAME[e]), b = a;
            b.time = "t";
            b.cohort = "g";
            rl_result got = starts_fit(&t, &a, &cx), want = starts_fit(&plain, &b, &cx);
            assert_int_equal(got.m, want.m);
            for (size_t j = 0; j < got.m; j++) CHECK_DIGITS(got.est[j].estimate, want.est[j].estimate, 15);
        }
    }
}

/* The shortest period that all texts name. */
static void the_shortest_period_named(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        rl_period_kind want;
    } PAIR[] = {{"2023Q1", "2023Q4", RL_QUARTER},    {"2023Q1", "2023-05", RL_QUARTER},
                {"2023-04", "2023-05", RL_MONTH},    {"2023-05-11", "2023-05", RL_MONTH},
                {"2023-W20", "2023-W21", RL_WEEK},   {"2023-W20", "2023-05-11", RL_WEEK},
                {"2023-05-12", "2023-05-11", RL_DAY}};
    for (size_t k = 0; k < sizeof PAIR / sizeof *PAIR; k++) {
        rl_table t = fit_table(2);
        const char *const text[] = {PAIR[k].a, PAIR[k].b};
        int32_t at[2];
        rl_clock clock;
        fit_text(&t, "when", text, &cx);
        CHECK_OK(rl_times_of(&t, &t.col[0], (rl_calendar){RL_PERIOD_NONE, 1}, false, &clock, at, &cx), &cx);
        assert_int_equal(clock.cal.kind, PAIR[k].want);
    }
}

static void refused(const rl_table *t, rl_request r, const char *what, const char *hint)
{
    rl_result out;
    rl_code got = rl_estimate_run(&r, t, &out, cx.keep, &cx);
    if (got != RL_EINPUT) fail_msg("%s: code %d: %s", r.estimator->name, (int)got, cx.err.what);
    if (strstr(cx.err.what, what) == NULL) fail_msg("%s: '%s' lacks '%s'", r.estimator->name, cx.err.what, what);
    if (strstr(cx.err.hint, hint) == NULL) fail_msg("%s: '%s' lacks '%s'", r.estimator->name, cx.err.hint, hint);
    rl_forgive(&cx);
}

/* Estimator i of the list where it follows units (did compares rows), else NULL. */
static const rl_estimator *follows(size_t i)
{
    const rl_estimator *e = rl_estimator_at(i);
    return e->needs_cohort && strcmp(e->name, "did") != 0 ? e : NULL;
}

static const char *partition(const rl_estimator *e)
{
    return e->takes != NULL && strstr(e->takes, " partition ") != NULL ? "part" : NULL;
}

static void two_rows_in_a_period(void **state)
{
    (void)state;
    rl_table all = panel(), t = with_row_again(&all, 3 * T + 1);
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = follows(i);
        if (e == NULL) continue;
        rl_request r = starts_request(e->name, "y ~ 1");
        r.partition = partition(e);
        starts_window(&r, -1, 1);
        bool lags = strcmp(e->name, "dcdh") == 0; /* refused where the past is looked up */
        refused(&t, r, "unit 'u003'", "one row a unit and period");
        refused(&t, r, lags ? "time '2'" : "time 2", "one row");
        refused(&t, r, "the other: row 20", "one row");
        r.rcs = true; /* idle where it is not taken */
        if (e->takes == NULL || strstr(e->takes, " rcs ") == NULL)
            refused(&t, r, "unit 'u003'", "one row a unit and period");
    }
    rl_request r = starts_request("sunab", "y ~ 1");
    refused(&t, r, "row 73", "--rcs");
    r.estimator = rl_estimator_by_name("etwfe");
    refused(&t, r, "row 73", "are repeated cross-sections: --rcs");
    r.estimator = rl_estimator_by_name("bjs");
    refused(&t, r, "row 73", "leave --unit out");
    rl_table_col(&t, "y")->num[3 * T + 1] = NAN; /* one of them is not used */
    r.estimator = rl_estimator_by_name("etwfe");
    starts_fit(&t, &r, &cx);
}

/* The pair is found in any order of rows, and is the first that shows. */
static void in_any_order(void **state)
{
    (void)state;
    rl_table t = fit_table(7);
    double *at = fit_num(&t, "t", &cx), *g = fit_num(&t, "g", &cx), *y = fit_num(&t, "y", &cx);
    static const char *const UNIT[] = {"b", "a", "b", "a", "a", "b", "a"};
    static const double AT[] = {3, -2, 1, 5, 3, 1, 5};
    for (size_t i = 0; i < 7; i++) {
        at[i] = AT[i];
        g[i] = UNIT[i][0] == 'a' ? 4 : NAN;
        y[i] = (double)(i * i);
    }
    fit_text(&t, "unit", UNIT, &cx);
    rl_request r = starts_request("twfe", "y ~ 1");
    refused(&t, r, "row 6: unit 'b' has two rows at time 1 (the other: row 3)", "--rcs");
    at[2] = 4;
    refused(&t, r, "row 7: unit 'a' has two rows at time 5 (the other: row 4)", "--rcs");
    at[3] = 4;
    rl_design d;
    CHECK_OK(rl_design_make(&r, &t, &d, &cx), &cx); /* each once */
}

static void a_longer_period_folds_rows(void **state)
{
    (void)state;
    rl_table t = panel();
    months(&t, 1, "%d-%02d");
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        if (follows(i) == NULL) continue;
        rl_request r = by_month(follows(i)->name);
        r.partition = partition(r.estimator);
        r.calendar = (rl_calendar){RL_QUARTER, 1};
        starts_window(&r, -1, 1);
        refused(&t, r, "unit 'u000'", "--period month keeps these two apart");
    }
    rl_request r = by_month("cs");
    r.calendar = (rl_calendar){RL_YEAR, 1};
    refused(&t, r, "(the other: row 1, '2023-11')", "--period month keeps these two apart");
    months(&t, 3, "%d-%02d-09");
    r.calendar.kind = RL_YEAR;
    t.col[t.k - 2].name = "day";
    r.time = "day";
    refused(&t, r, "", "--period quarter keeps these two apart; where a unit does have several");
}

/* Several rows of a unit in a period are what --rcs says: the regression on the rows as they are. */
static void repeated_cross_sections(void **state)
{
    (void)state;
    rl_table all = panel(), t = with_row_again(&all, 3 * T + 1);
    double *d = fit_num(&t, "d", &cx);
    for (size_t i = 0; i < t.n; i++) d[i] = t.col[0].num[i] >= t.col[1].num[i];
    rl_request r = starts_request("twfe", "y ~ 1"), o = fit_request("y ~ d | unit + t");
    r.rcs = true;
    o.estimator = rl_estimator_by_name("ols");
    o.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&t, &o, &cx);
    CHECK_DIGITS(fit_find(&a, "overall")->estimate, fit_find(&b, "d")->estimate, 12);
    CHECK_DIGITS(fit_find(&a, "overall")->std_error, fit_find(&b, "d")->std_error, 12);
    assert_int_equal(a.rows_used, t.n);
    static const char *const TAKES[] = {"event", "etwfe", "cs"};
    for (size_t e = 0; e < 3; e++) {
        r.estimator = rl_estimator_by_name(TAKES[e]);
        assert_int_equal(starts_fit(&t, &r, &cx).rows_used, t.n);
    }
    r.unit = NULL; /* no unit, no unit effects */
    r.estimator = rl_estimator_by_name("twfe");
    starts_refused(&t, &r, RL_EUSAGE, "needs --unit", "twfe", &cx);
    r = starts_request("did", "y ~ 1"); /* means of rows, clustered by unit */
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = isnan(t.col[1].num[i]) ? NAN : 4;
    starts_fit(&t, &r, &cx);
}

static void starts_between_periods(void **state)
{
    (void)state;
    static const char *const NAME[] = {"cs", "bjs", "etwfe", "twfe", "did2s", "sunab"};
    rl_table t = panel(), next = panel();
    for (size_t i = 0; i < t.n; i++) {
        t.col[0].num[i] *= 2;
        next.col[0].num[i] *= 2;
        t.col[1].num[i] = 2 * t.col[1].num[i] - 1;
        next.col[1].num[i] *= 2;
    }
    for (size_t e = 0; e < 6; e++) {
        rl_request r = starts_request(NAME[e], "y ~ 1");
        r.agg = RL_AGG_SIMPLE;
        rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&next, &r, &cx);
        assert_true(starts_noted(&a, "48 rows start at a time at which no row stands (the first is 5)"));
        assert_false(starts_noted(&b, "no row stands"));
        CHECK_DIGITS(fit_find(&a, "overall")->estimate, fit_find(&b, "overall")->estimate, 13);
    }
    rl_request r = starts_request("sunab", "y ~ 1");
    for (size_t i = 0; i < t.n; i++)
        if (i / T % 3 > 0) t.col[1].num[i] = next.col[1].num[i];
    r.between_never = true;
    rl_result a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "count as treated from the next time on and")); /* never, and says that */
    assert_true(starts_noted(&a, "count as never treated"));
}

/* Starts after the last period: all estimators say who counts as never treated, and refuse where nobody else is. */
static void starts_beyond_the_data(void **state)
{
    (void)state;
    static const char *const NAME[] = {"cs",    "bjs",     "etwfe", "twfe", "did2s",     "sunab", "event",
                                       "lpdid", "stacked", "bacon", "dcdh", "staggered", "ddd"};
    rl_table all = panel(), some = panel();
    for (size_t i = 0; i < all.n; i++) {
        all.col[1].num[i] += isnan(START[i / T]) ? 0 : 50;
        if (START[i / T] == 5) some.col[1].num[i] = i / T == 9 ? 11 : 17;
    }
    for (size_t e = 0; e < sizeof NAME / sizeof *NAME; e++) {
        rl_result out;
        rl_request r = starts_request(NAME[e], "y ~ 1");
        starts_window(&r, -1, 1);
        r.partition = "part";
        if (strcmp(NAME[e], "ddd") != 0) { /* its cells want more units */
            rl_result a = starts_fit(&some, &r, &cx);
            assert_true(starts_noted(&a, "12 rows of 2 units have a start in 'g' (11 to 17) after the last period (6): "
                                         "they count as never treated"));
        }
        assert_int_equal(rl_estimate_run(&r, &all, &out, cx.keep, &cx), RL_EDATA);
        assert_string_equal(cx.err.what,
                            "no row is treated: all starts in 'g' (53 to 55; 48 rows of 8 units) lie after "
                            "the last period (6)");
        rl_forgive(&cx);
    }
    rl_request r = starts_request("bjs", "y ~ 1"); /* what begins in anticipation is within the data */
    r.anticipation = 6;
    r.agg = RL_AGG_SIMPLE;
    for (size_t i = 0; i < some.n; i++)
        if (START[i / T] < 5) some.col[1].num[i] = NAN;
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &some, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "event times of those with a comparison go from -6 to -5"));
    rl_forgive(&cx);
}

static void a_start_at_zero(void **state)
{
    (void)state;
    rl_table t = panel();
    rl_request r = starts_request("cs", "y ~ 1");
    for (size_t i = 0; i < t.n; i++) {
        t.col[0].num[i] -= 4;
        t.col[1].num[i] -= 4;
    }
    rl_result a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "18 rows have 0 in 'g', which counts as never treated, and 0 is a period of 't'"));
    t = panel(); /* 0 for never, and no period 0 */
    for (size_t i = 0; i < t.n; i++)
        if (isnan(t.col[1].num[i])) t.col[1].num[i] = 0;
    a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "0 is a period"));
    for (size_t i = 0; i < t.n; i++) { /* periods from 0 on: nobody would be seen before it */
        t.col[0].num[i] -= 1;
        t.col[1].num[i] -= t.col[1].num[i] > 0 ? 1 : 0;
    }
    a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "0 is a period"));
}

static void steps_that_are_too_short(void **state)
{
    (void)state;
    rl_table t = panel();
    months(&t, 1, "%d-%02d-01");
    rl_request r = by_month("cs");
    rl_result a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "(2023-11-01, 2023-12-01 ..): one step of event time is a day; --period month"));
    static const char *const STUCK[] = {"stacked", "lpdid", "event"};
    for (size_t e = 0; e < 3; e++) {
        rl_result out;
        r = by_month(STUCK[e]);
        starts_window(&r, -2, 1);
        assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
        assert_non_null(strstr(cx.err.hint, "one step of event time is a day; --period month makes it a month"));
        rl_forgive(&cx);
        r.calendar = (rl_calendar){RL_MONTH, 1};
        a = starts_fit(&t, &r, &cx);
        assert_false(starts_noted(&a, "one step"));
    }
    r = by_month("twfe"); /* counts no steps */
    a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "one step"));
    t = panel();
    months(&t, 3, "%d-%02d-28");
    r = by_month("cs");
    a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "--period quarter makes it a quarter"));
    for (size_t i = 0; i < t.n; i++) {
        t.col[0].num[i] *= 2;
        t.col[1].num[i] *= 2;
    }
    r = starts_request("cs", "y ~ 1");
    a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "no time of 't' follows another (2, 4 ..): event times count by 1"));
}

static void what_a_treatment_may_be(void **state)
{
    (void)state;
    rl_table t = panel();
    double *d = fit_num(&t, "d", &cx);
    for (size_t i = 0; i < t.n; i++) d[i] = t.col[0].num[i] >= t.col[1].num[i];
    rl_request r = starts_request("twfe", "y ~ 1");
    r.cohort = NULL;
    r.treated = "d";
    rl_result a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "dose"));
    for (size_t i = 0; i < t.n; i++) d[i] *= 2;
    rl_result b = starts_fit(&t, &r, &cx);
    CHECK_DIGITS(fit_find(&b, "overall")->estimate, fit_find(&a, "overall")->estimate / 2, 14);
    assert_true(starts_noted(&b, "'d' is a dose (2 where it is not 0): the effect is that of 1 of it"));
    d[2] = 0.5;
    b = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&b, "'d' is a dose (0.5 to 2 where it is not 0)"));
    static const char *const NAME[] = {"cs", "etwfe", "event", "sunab", "bjs", "bacon"};
    for (size_t e = 0; e < 6; e++) {
        r.estimator = rl_estimator_by_name(NAME[e]);
        refused(&t, r, "row 3: a treatment must be 0 or 1, not 0.5 (column 'd')", "dcdh");
    }
    r.estimator = rl_estimator_by_name("twfe");
    for (size_t i = 0; i < t.n; i++) d[i] = -d[i];
    refused(&t, r, "0 or 1, or a dose above 0, not -0.5", "dcdh");
    for (size_t i = 0; i < t.n; i++) d[i] = i / T % 3 == 0 && i % T > 1 && i % T < 4;
    r.estimator = rl_estimator_by_name("cs");
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "dcdh takes one that switches off"));
    rl_forgive(&cx);
}

/* Units treated from the first period on: what keeps them says so, what cannot use them does not count them. */
static void always_treated(void **state)
{
    (void)state;
    rl_table t = panel(), rest = panel();
    double *d = fit_num(&t, "d", &cx);
    for (size_t i = 0; i < t.n; i++) {
        if (i < (size_t)2 * T) t.col[1].num[i] = 1;
        if (i < (size_t)2 * T) rl_table_col(&rest, "y")->num[i] = NAN;
        d[i] = t.col[0].num[i] >= t.col[1].num[i];
    }
    rl_request r = starts_request("lpdid", "y ~ 1");
    starts_window(&r, -2, 1);
    rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&rest, &r, &cx);
    assert_int_equal(a.rows_used, t.n - 2 * T);
    assert_string_equal(a.dropped[0].why, "always treated");
    assert_int_equal(a.dropped[0].rows, 2 * T);
    for (size_t j = 0; j < a.m; j++) {
        assert_true(a.est[j].estimate == b.est[j].estimate);
        assert_true(a.est[j].p_value == b.est[j].p_value || isnan(a.est[j].p_value));
    }
    static const char *const KEEPS[] = {"twfe", "event"};
    for (size_t e = 0; e < 2; e++) {
        r = starts_request(KEEPS[e], "y ~ 1");
        a = starts_fit(&t, &r, &cx);
        assert_int_equal(a.rows_used, t.n);
        assert_true(starts_noted(&a, "12 rows are of 2 units never seen untreated"));
        r.cohort = NULL;
        r.treated = "d";
        a = starts_fit(&t, &r, &cx);
        assert_true(starts_noted(&a, "12 rows are of 2 units never seen untreated"));
        rl_table none = panel();
        r = starts_request(KEEPS[e], "y ~ 1");
        a = starts_fit(&none, &r, &cx);
        assert_false(starts_noted(&a, "never seen untreated"));
    }
}

/* Nobody has a past: every method says since when, who and how many. */
static void treated_throughout(void **state)
{
    (void)state;
    static const char *const NAME[] = {"cs", "ddd", "etwfe", "sunab", "lpdid"};
    rl_table t = panel();
    for (size_t i = 0; i < t.n; i++)
        if (!isnan(START[i / T])) t.col[1].num[i] = START[i / T] == 3 ? -1 : 1;
    for (size_t e = 0; e < 5; e++) {
        rl_request r = starts_request(NAME[e], "y ~ 1");
        starts_window(&r, -1, 1);
        r.partition = "part";
        starts_refused(&t, &r, RL_EDATA, "no cohort has a pre-period: the data begin at 1",
                       "all that are treated start then or before (-1 to 1; 48 rows of 8 units)", &cx);
    }
    t = panel();
    rl_request r = starts_request("cs", "y ~ 1");
    r.anticipation = 9;
    starts_refused(&t, &r, RL_EDATA, "and with --anticipation 9 all starts (3 to 5; 48 rows of 8 units) reach back",
                   "no cohort has a pre-period", &cx);
    r = starts_request("bjs", "y ~ 1");
    r.anticipation = 2;
    rl_result a = starts_fit(&t, &r, &cx);
    assert_string_equal(a.dropped[0].why, "treated or anticipating from the first period");
}

static void never_as_a_word(void **state)
{
    (void)state;
    rl_table t = panel();
    const char **text = RL_NEW(cx.keep, const char *, t.n);
    for (size_t i = 0; i < t.n; i++) text[i] = isnan(START[i / T]) ? "never" : rl_sprintf(cx.keep, "%g", START[i / T]);
    fit_text(&t, "when", text, &cx);
    rl_request r = starts_request("cs", "y ~ 1");
    r.cohort = "when";
    refused(&t, r, "'never' is not a time (column 'when')", "for never: leave the cell empty, or write 0 or Inf");
    r.cohort = "g";
    r.time = "when";
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EINPUT);
    assert_null(strstr(cx.err.hint, "for never"));
    rl_forgive(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_month_is_no_quarter),
        TEST(the_shortest_period_named),
        TEST(two_rows_in_a_period),
        TEST(in_any_order),
        TEST(a_longer_period_folds_rows),
        TEST(repeated_cross_sections),
        TEST(starts_between_periods),
        TEST(starts_beyond_the_data),
        TEST(a_start_at_zero),
        TEST(steps_that_are_too_short),
        TEST(what_a_treatment_may_be),
        TEST(always_treated),
        TEST(treated_throughout),
        TEST(never_as_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
