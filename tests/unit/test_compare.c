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
    assert_int_equal(s.left, 0);
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
    assert_int_equal(s.left, 2 * T);
    for (size_t i = 0; i < s.n; i++) {
        const rl_side *v = &s.v[i];
        if (!v->answered) continue;
        if (strcmp(v->estimator, "stacked") != 0)
            assert_true(v->rows <= (N - 2) * T); /* its rows stand several times */
        if (v->same_estimand) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_agree_on_four_means), cmocka_unit_test(chance_is_no_disagreement),
        cmocka_unit_test(one_sample_for_all),      cmocka_unit_test(each_is_its_own_fit),
        cmocka_unit_test(cross_sections),          cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
