#include "starts_fixture.h"
#include "model/compare.h"

static rl_ctx cx;

static int setup(void **state)
{
    (void)state;
    check_ctx(&cx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

enum { N = 40 };

static const rl_side *side(const rl_sides *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].estimator, name) == 0) return &s->v[i];
    fail_msg("'%s' is not there", name);
    return NULL;
}

static rl_sides compare(const rl_table *t, const rl_request *r, bool events)
{
    rl_sides s;
    CHECK_OK(rl_compare(r, t, events, &s, cx.keep, &cx), &cx);
    return s;
}

/* Two periods, one start: every estimator of the effect is the difference of two differences. */
static void all_agree_on_four_means(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 2 : NAN;
    rl_table t = starts_panel(N, 2, start, 81, &cx);
    rl_request r = starts_request("etwfe", "y ~ 1");
    rl_sides s = compare(&t, &r, false);
    double want = starts_change(&t, 2, start, 2, 1, 2) - starts_change(&t, 2, start, NAN, 1, 2);
    size_t answered = 0;
    for (size_t i = 0; i < s.n; i++) {
        const rl_side *v = &s.v[i];
        assert_non_null(v->compares);
        assert_non_null(v->base);
        assert_non_null(v->weighs);
        if (!v->answered || strcmp(v->estimator, "staggered") == 0) continue;
        answered++;
        CHECK_DIGITS(v->effect.estimate, want, 10);
        assert_int_equal(v->rows, 2 * N);
        assert_int_equal(v->units, N);
    }
    assert_true(answered >= 6);
    assert_false(side(&s, "stacked")->answered); /* its window is not in the data */
    assert_non_null(strstr(side(&s, "stacked")->why, "window"));
    assert_int_equal(s.read - s.rows, 0);
}

static void starts_of(double *start)
{
    for (size_t u = 0; u < N; u++) start[u] = u % 4 == 0 ? 3 : u % 4 == 1 ? 5 : u < 4 ? 1 : NAN;
}

/* Always-treated units are left out for all; the spread is that of the same effect. */
static void one_sample_for_all(void **state)
{
    (void)state;
    enum { T = 8 };
    double start[N], low = INFINITY, high = -INFINITY;
    starts_of(start);
    rl_table t = starts_panel(N, T, start, 82, &cx);
    rl_request r = starts_request("twfe", "y ~ 1");
    rl_sides s = compare(&t, &r, true);
    assert_int_equal(s.read - s.rows, 2 * T);
    assert_int_equal(s.n_dropped, 1);
    assert_string_equal(s.dropped[0].why, "always treated");
    assert_int_equal(s.dropped[0].rows, 2 * T);
    assert_true(side(&s, "twfe")->fitted);
    for (size_t i = 0; i < s.n; i++) {
        const rl_side *v = &s.v[i];
        if (!v->answered) continue;
        if (strcmp(v->estimator, "stacked") != 0)
            assert_true(v->rows <= (N - 2) * T); /* its rows stand several times */
        if (v->parallel) {
            low = fmin(low, v->effect.estimate);
            high = fmax(high, v->effect.estimate);
        }
        if (!v->has_event) continue;
        assert_true(isfinite(fit_event(&v->event, 0)->estimate));
    }
    CHECK_DIGITS(s.low, low, 17);
    CHECK_DIGITS(s.high, high, 17);
    assert_non_null(s.says);
    assert_true(side(&s, "etwfe")->has_event && side(&s, "cs")->has_event && !side(&s, "twfe")->has_event);
    CHECK_DIGITS(side(&s, "bjs")->effect.estimate, side(&s, "did2s")->effect.estimate, 10);
    assert_false(side(&s, "twfe")->same_estimand);
}

/* The effect of each is that of the estimator by itself on the same rows. */
static void each_is_its_own_fit(void **state)
{
    (void)state;
    enum { T = 8 };
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 4 == 0 ? 3 : u % 4 == 1 ? 5 : NAN;
    rl_table t = starts_panel(N, T, start, 83, &cx);
    rl_request r = starts_request("etwfe", "y ~ 1");
    rl_sides s = compare(&t, &r, false);
    static const char *const NAME[] = {"cs", "staggered", "sunab"};
    for (int i = 0; i < 3; i++) {
        rl_request q = starts_request(NAME[i], "y ~ 1");
        q.agg = RL_AGG_SIMPLE;
        q.universal = true;
        rl_result f = starts_fit(&t, &q, &cx);
        CHECK_DIGITS(side(&s, NAME[i])->effect.estimate, fit_find(&f, "overall")->estimate, 13);
        CHECK_DIGITS(side(&s, NAME[i])->effect.std_error, fit_find(&f, "overall")->std_error, 12);
    }
}

/* Rows that are seen once: methods that follow units say so. */
static void cross_sections(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    rl_table t = starts_panel(N, 8, start, 84, &cx);
    rl_request r = starts_request("etwfe", "y ~ 1");
    r.unit = NULL;
    r.vcov.kind = RL_HC1;
    rl_sides s = compare(&t, &r, false);
    assert_true(side(&s, "etwfe")->answered);
    assert_false(side(&s, "sunab")->answered);
    assert_non_null(strstr(side(&s, "sunab")->why, "follows units"));
}

/* A fault of the request itself is one; that of one method is its reason. */
static void refusals(void **state)
{
    (void)state;
    double start[N];
    starts_of(start);
    rl_table t = starts_panel(N, 6, start, 85, &cx);
    rl_request r = starts_request("etwfe", "y ~ nowhere");
    rl_sides s;
    assert_int_equal(rl_compare(&r, &t, false, &s, cx.keep, &cx), RL_EINPUT);
    rl_forgive(&cx);
    for (size_t u = 0; u < N; u++) start[u] = 4;
    t = starts_panel(N, 6, start, 86, &cx);
    r = starts_request("etwfe", "y ~ 1");
    s = compare(&t, &r, false);
    for (size_t i = 0; i < s.n; i++) {
        assert_false(s.v[i].answered);
        assert_non_null(s.v[i].why);
    }
    assert_true(isnan(s.low));
    assert_non_null(strstr(s.says, "fewer than two"));
}

/* Parallel trends hold here, with many periods before: that the less precise differ from the others is chance, and
 * is not called a failure of them.  Where a cohort drifts away, it is. */
static void chance_is_no_disagreement(void **state)
{
    (void)state;
    enum { T = 14, DRAWS = 24 };
    size_t alarms = 0, drifts = 0;
    for (uint64_t seed = 300; seed < 300 + DRAWS; seed++) {
        double start[N];
        for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 8 : u % 3 == 1 ? 11 : NAN;
        rl_table t = starts_panel(N, T, start, seed, &cx);
        rl_request r = starts_request("cs", "y ~ 1");
        r.notyet = true;
        rl_sides s = compare(&t, &r, false);
        alarms += strstr(s.says, "cannot hold for all") != NULL;
        double *y = rl_table_col(&t, "y")->num, *time = rl_table_col(&t, "t")->num;
        for (size_t i = 0; i < t.n; i++)
            if (!isnan(start[i / T])) y[i] += 1.5 * time[i];
        s = compare(&t, &r, false);
        drifts += strstr(s.says, "cannot hold for all") != NULL;
    }
    assert_true(alarms <= 3);
    assert_true(drifts >= DRAWS - 3);
}

/* Starts at 4 and 6, a third never. */
static rl_table two_waves(uint64_t seed, int T)
{
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 4 : u % 3 == 1 ? 6 : NAN;
    return starts_panel(N, T, start, seed, &cx);
}

static rl_estimate fitted_overall(const rl_table *t, const rl_request *r)
{
    rl_request q = *r;
    q.leads = strcmp(q.estimator->name, "etwfe") == 0; /* as the command has it */
    if (q.agg == RL_AGG_DEFAULT && !q.has_window) q.agg = RL_AGG_SIMPLE;
    rl_result f = starts_fit(t, &q, &cx);
    return *fit_find(&f, "overall");
}

/* cs takes complete units alone: so do all beside it.  etwfe takes what is there: so do all beside it, and the one
 * that cannot says how many rows it could use. */
static void incomplete_units(void **state)
{
    (void)state;
    enum { T = 8, GONE = 5 };
    rl_table t = two_waves(88, T);
    double *y = rl_table_col(&t, "y")->num;
    for (size_t u = 0; u < GONE; u++) y[7 * u * T + u] = NAN;
    rl_request r = starts_request("cs", "y ~ 1");
    rl_sides s = compare(&t, &r, true);
    assert_int_equal(s.rows, (N - GONE) * T);
    assert_int_equal(s.n_dropped, 2);
    assert_int_equal(s.dropped[0].rows, GONE);
    assert_int_equal(s.dropped[1].rows, GONE * (T - 1));
    for (size_t i = 0; i < s.n; i++) {
        if (strcmp(s.v[i].estimator, "sdid") == 0) continue;
        assert_true(s.v[i].answered);
        assert_int_equal(s.v[i].same_rows, strcmp(s.v[i].estimator, "stacked") != 0);
        assert_int_equal(s.v[i].same_rows, s.v[i].rows == s.rows);
        assert_int_equal(s.v[i].fitted, strcmp(s.v[i].estimator, "cs") == 0);
    }
    CHECK_DIGITS(side(&s, "cs")->effect.estimate, fitted_overall(&t, &r).estimate, 13);
    assert_non_null(strstr(s.says, "the 5 estimators"));
    assert_non_null(strstr(s.says, "(etwfe, cs, bjs, did2s and sunab)"));

    r = starts_request("etwfe", "y ~ 1");
    s = compare(&t, &r, true);
    assert_int_equal(s.rows, N * T - GONE);
    CHECK_DIGITS(side(&s, "etwfe")->effect.estimate, fitted_overall(&t, &r).estimate, 13);
    assert_int_equal(side(&s, "cs")->rows, s.rows);
    assert_non_null(strstr(side(&s, "cs")->base, "some units miss periods"));
    assert_false(side(&s, "staggered")->answered);
    assert_non_null(strstr(side(&s, "staggered")->why, "280 of these 315 rows"));
}

/* Those treated start at `at`: the first n of N units. */
static rl_table one_wave(size_t n, int at, size_t of, int T, uint64_t seed)
{
    double *start = RL_NEW(cx.keep, double, of);
    for (size_t u = 0; u < of; u++) start[u] = u < n ? (double)at : (double)NAN;
    return starts_panel(of, T, start, seed, &cx);
}

/* Errors by repetition: beside others as by itself, also where it is the one asked for, and no part of agreement. */
static void synthetic(void **state)
{
    (void)state;
    rl_table t = one_wave(6, 6, 24, 9, 95);
    rl_request r = starts_request("sdid", "y ~ 1");
    rl_estimate own = fitted_overall(&t, &r);
    static const char *const NAME[] = {"cs", "sdid"};
    for (int k = 0; k < 2; k++) {
        r = starts_request(NAME[k], "y ~ 1");
        r.reps = k == 0 ? 37 : 0; /* draws of another bootstrap are none of its */
        rl_sides s = compare(&t, &r, true);
        const rl_side *v = side(&s, "sdid");
        assert_true(v->answered && v->same_rows && v->same_estimand && !v->parallel && !v->has_event);
        CHECK_DIGITS(v->effect.estimate, own.estimate, 13);
        CHECK_DIGITS(v->effect.std_error, own.std_error, 12);
        assert_null(strstr(s.says, "sdid"));
        assert_int_equal(s.starters, 6);
        assert_int_equal(s.alone, 0);
        for (size_t i = 0; i < s.n; i++) assert_string_not_equal(s.v[i].estimator, "sc");
    }
    t = one_wave(1, 6, 24, 9, 96);
    r = starts_request("sc", "y ~ 1");
    own = fitted_overall(&t, &r);
    r = starts_request("bjs", "y ~ 1");
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}};
    rl_sides s = compare(&t, &r, false);
    CHECK_DIGITS(side(&s, "sc")->effect.estimate, own.estimate, 13);
    CHECK_DIGITS(side(&s, "sc")->effect.std_error, own.std_error, 12);
    assert_true(side(&s, "sdid")->answered);
    assert_int_equal(s.alone, 1);
}

/* Where it is not repeated, why. */
static void synthetic_has_conditions(void **state)
{
    (void)state;
    rl_table t = one_wave(6, 4, 24, 6, 97);
    rl_request r = starts_request("cs", "y ~ x");
    rl_sides s = compare(&t, &r, false);
    assert_non_null(strstr(side(&s, "sdid")->why, "no covariates"));
    r = starts_request("cs", "y ~ 1");
    r.weights = "w";
    s = compare(&t, &r, false);
    assert_non_null(strstr(side(&s, "sdid")->why, "no weights"));
    r.weights = NULL;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"part"}};
    s = compare(&t, &r, false);
    assert_non_null(strstr(side(&s, "sdid")->why, "not the errors asked for"));
    r = starts_request("etwfe", "y ~ 1");
    rl_table_col(&t, "y")->num[3] = NAN;
    s = compare(&t, &r, false);
    assert_false(side(&s, "sdid")->answered);
    assert_int_equal(s.rows, t.n - 1); /* and nobody goes without rows for it */
    t = one_wave(20, 4, 501, 5, 98);
    s = compare(&t, &r, false);
    assert_non_null(strstr(side(&s, "sdid")->why, "500 units"));
    t = two_waves(99, 8);
    s = compare(&t, &r, false);
    assert_non_null(strstr(side(&s, "sdid")->why, "one start"));
}

/* Handmade: what is said of estimates that have no error, that stand elsewhere, that rest on one treated unit. */
static void what_is_said(void **state)
{
    (void)state;
    static const char *const NAME[] = {"etwfe", "cs", "bjs", "twfe"};
    rl_side v[4];
    rl_sides s = {.n = 4, .v = v, .rows = 240, .last = -1, .step = 1, .starters = 9};
    for (size_t i = 0; i < 4; i++) {
        v[i] =
            (rl_side){.estimator = NAME[i], .answered = true, .rows = 240, .same_estimand = i < 3, .parallel = i < 3};
        v[i].effect = (rl_estimate){.estimate = 2.385 + (double)i, .std_error = 0.25};
    }
    rl_compare_judge(&s, 3, 0.95, cx.keep);
    CHECK_DIGITS(s.high, 4.385, 15);
    assert_non_null(strstr(s.says, "(etwfe, cs and bjs) differ by 8.0 standard errors"));
    assert_non_null(strstr(s.says, "cannot hold for all"));
    v[2].rows = 232;
    rl_compare_judge(&s, 3, 0.95, cx.keep);
    assert_false(v[2].same_rows);
    CHECK_DIGITS(s.high, 3.385, 15);
    assert_non_null(strstr(s.says, "(etwfe and cs) differ by 4.0"));
    assert_non_null(strstr(s.says, "; bjs stands on rows of its own and is not held against them"));
    v[2].rows = 240;
    s.alone = s.starters = 1;
    rl_compare_judge(&s, 3, 0.95, cx.keep);
    assert_non_null(strstr(s.says, "the treated unit is alone with its start"));
    assert_null(strstr(s.says, "cannot hold for all"));
    s.starters = 9, s.alone = 5;
    rl_compare_judge(&s, 3, 0.95, cx.keep);
    assert_non_null(strstr(s.says, "5 of 9 treated units are alone with their start"));
    v[0].effect.std_error = NAN;
    rl_compare_judge(&s, 3, 0.95, cx.keep);
    assert_non_null(strstr(s.says, "whether they agree cannot be told"));
    CHECK_DIGITS(s.low, 2.385, 15);
}

/* Options of the fitted estimator are its row's, a window is everybody's, and what all have is a mean over the
 * same event times. */
static void options_belong_to_it(void **state)
{
    (void)state;
    rl_table t = two_waves(89, 9);
    static const char *const NAME[] = {"stacked", "lpdid"};
    for (int k = 0; k < 2; k++) {
        rl_request r = starts_request(NAME[k], "y ~ 1");
        starts_window(&r, -2, 1);
        rl_sides s = compare(&t, &r, true);
        const rl_side *v = side(&s, NAME[k]), *other = side(&s, "cs");
        rl_estimate own = fitted_overall(&t, &r);
        CHECK_DIGITS(v->effect.estimate, own.estimate, 13);
        CHECK_DIGITS(v->effect.std_error, own.std_error, 12);
        assert_int_equal(s.last, 1);
        CHECK_DIGITS(v->near.estimate, own.estimate, 12);
        CHECK_DIGITS(v->near.std_error, own.std_error, 10);
        CHECK_DIGITS(other->near.estimate,
                     (fit_event(&other->event, 0)->estimate + fit_event(&other->event, 1)->estimate) / 2, 13);
        for (size_t j = 0; j < other->event.m; j++)
            assert_true(other->event.est[j].label.event == RL_NO_ID || other->event.est[j].label.event <= 1);
        assert_non_null(strstr(side(&s, "lpdid")->weighs, "0 to 1"));
    }
    rl_request r = starts_request("cs", "y ~ 1");
    rl_sides s = compare(&t, &r, true);
    assert_int_equal(s.last, 3);
    const rl_estimate *near = &side(&s, "dcdh")->near;
    assert_true(near->std_error > 0 && near->conf_low < near->estimate && near->p_value < 1);
}

/* The third difference is listed, beside others for the units it is about. */
static void the_eligible(void **state)
{
    (void)state;
    rl_table t = two_waves(90, 8);
    rl_request r = starts_request("ddd", "y ~ 1");
    r.partition = "part";
    rl_sides s = compare(&t, &r, true);
    assert_true(side(&s, "ddd")->fitted && side(&s, "ddd")->answered);
    CHECK_DIGITS(side(&s, "ddd")->effect.estimate, fitted_overall(&t, &r).estimate, 13);
    assert_int_equal(side(&s, "ddd")->rows, t.n);
    assert_false(side(&s, "ddd")->same_rows);
    assert_int_equal(s.rows, t.n / 2);
    assert_string_equal(s.dropped[0].why, "not eligible");
    r = starts_request("bjs", "y ~ 1");
    const double *part = rl_table_col(&t, "part")->num;
    unsigned char *leave = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) leave[i] = part[i] != 1;
    r.leave = leave;
    r.leave_why = "the others";
    CHECK_DIGITS(side(&s, "bjs")->effect.estimate, fitted_overall(&t, &r).estimate, 13);
}

/* A trait drowns in the unit effects of some: said in their row, and no failure of parallel trends. */
static void covariates_left_out(void **state)
{
    (void)state;
    rl_table t = two_waves(91, 14);
    double *y = rl_table_col(&t, "y")->num, *x = rl_table_col(&t, "x")->num, *g = rl_table_col(&t, "g")->num,
           *at = rl_table_col(&t, "t")->num;
    for (size_t i = 0; i < t.n; i++) {
        x[i] += isnan(g[i]) ? 0 : 2;
        y[i] += 4 * x[i] * at[i];
    }
    rl_request r = starts_request("cs", "y ~ x");
    rl_sides s = compare(&t, &r, false);
    assert_null(side(&s, "cs")->without);
    assert_null(side(&s, "etwfe")->without);
    assert_string_equal(side(&s, "bjs")->without, "'x'");
    assert_string_equal(side(&s, "sunab")->without, "'x'");
    assert_non_null(strstr(s.says, "hold the covariates fixed"));
    assert_null(strstr(s.says, "parallel trends cannot"));
}

/* What left a covariate out says so by name: one that others hold, one that is the same everywhere. */
static void left_out_by_name(void **state)
{
    (void)state;
    static const char *const NAME[] = {"etwfe", "bjs", "did2s", "sunab", "stacked", "lpdid", "twfe"};
    rl_table t = two_waves(93, 9);
    double *w = rl_table_col(&t, "w")->num, *part = rl_table_col(&t, "part")->num, *x = rl_table_col(&t, "x")->num,
           *at = rl_table_col(&t, "t")->num;
    for (size_t i = 0; i < t.n; i++) {
        x[i] *= at[i] * at[i];
        w[i] = 3 - 2 * x[i];
        part[i] = 2.385;
    }
    rl_request r = starts_request("bjs", "y ~ x + w + part");
    for (size_t k = 0; k < sizeof NAME / sizeof *NAME; k++) {
        bool etwfe = k == 0;
        r.estimator = rl_estimator_by_name(NAME[k]);
        r.formula = etwfe ? "y ~ x + part" : "y ~ x + w + part"; /* it tells slopes of cells that no one can */
        r.has_window = false;
        if (strcmp(NAME[k], "stacked") == 0 || strcmp(NAME[k], "lpdid") == 0) starts_window(&r, -2, 1);
        rl_result f = starts_fit(&t, &r, &cx);
        size_t whole = 0;
        const char *want[] = {etwfe ? "part" : "w", "part"};
        for (size_t i = 0; i < f.n_left; i++)
            if (f.left[i].whole) assert_string_equal(f.left[i].name, want[whole++]);
        assert_int_equal(whole, etwfe ? 1 : 2);
    }
    r = starts_request("bjs", "y ~ x + w + part");
    rl_sides s = compare(&t, &r, false);
    assert_string_equal(side(&s, "bjs")->without, "'w', 'part'");
    assert_string_equal(side(&s, "lpdid")->without, "'w', 'part'");
}

/* Every second year: the base of those that want the period before is not in the data, and that is the reason. */
static void every_second_year(void **state)
{
    (void)state;
    rl_table t = two_waves(92, 9);
    static const char *const COL[] = {"t", "g"};
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < t.n; i++) rl_table_col(&t, COL[c])->num[i] *= 2;
    rl_request r = starts_request("cs", "y ~ 1");
    rl_sides s = compare(&t, &r, true);
    assert_non_null(strstr(side(&s, "lpdid")->why, "2 apart"));
    assert_null(strstr(side(&s, "lpdid")->why, "partly exposed"));
    assert_int_equal(s.step, 2);
    assert_int_equal(s.last, 6);
    const rl_side *v = side(&s, "sunab");
    double sum = 0;
    for (int e = 0; e <= 6; e += 2) sum += fit_event(&v->event, e)->estimate;
    CHECK_DIGITS(v->near.estimate, sum / 4, 13);
}

/* Each estimator of programmes has its row, in words. */
static void every_estimator_has_a_row(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 4 : NAN;
    rl_table t = starts_panel(N, 7, start, 83, &cx);
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        if (!e->needs_cohort) continue;
        rl_request r = starts_request(e->name, "y ~ 1");
        r.partition = strcmp(e->name, "ddd") == 0 ? "part" : NULL;
        r.repeat = e->refits ? RL_REPEAT_PLACEBO : RL_REPEAT_DEFAULT;
        rl_sides s = compare(&t, &r, false);
        const rl_side *v = side(&s, e->name);
        assert_non_null(v->compares);
        assert_non_null(v->base);
        assert_non_null(v->weighs);
        assert_true(v->answered || v->why != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_agree_on_four_means),  cmocka_unit_test(chance_is_no_disagreement),
        cmocka_unit_test(one_sample_for_all),       cmocka_unit_test(each_is_its_own_fit),
        cmocka_unit_test(cross_sections),           cmocka_unit_test(refusals),
        cmocka_unit_test(incomplete_units),         cmocka_unit_test(synthetic),
        cmocka_unit_test(synthetic_has_conditions), cmocka_unit_test(what_is_said),
        cmocka_unit_test(options_belong_to_it),     cmocka_unit_test(the_eligible),
        cmocka_unit_test(covariates_left_out),      cmocka_unit_test(left_out_by_name),
        cmocka_unit_test(every_second_year),        cmocka_unit_test(every_estimator_has_a_row),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
