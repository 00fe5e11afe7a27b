/* What is said of designs that carry less than their errors say: by every estimator alike, and where nothing is amiss by
 * none. */
#include "starts_fixture.h"
#include "own_ctx.h"

enum { N = 36, T = 7 };

/* those that give errors; partition: needs one */
static const struct {
    const char *name;
    bool window, partition, by_cohort;
} EACH[] = {
    {"twfe", 0, 0, 0},  {"event", 1, 0, 0}, {"etwfe", 0, 0, 1},     {"cs", 0, 0, 1},
    {"sunab", 0, 0, 1}, {"bjs", 0, 0, 1},   {"did2s", 0, 0, 0},     {"stacked", 1, 0, 0},
    {"lpdid", 1, 0, 0}, {"dcdh", 1, 0, 0},  {"staggered", 0, 0, 0}, {"ddd", 0, 1, 1},
};
enum { ALL = sizeof EACH / sizeof *EACH };

/* did takes one start, sc and sdid draw their errors, bacon has none. */
static void each_is_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        bool here = !e->needs_cohort || e->refits || e->no_errors || strcmp(e->name, "did") == 0;
        for (size_t k = 0; k < ALL && !here; k++) here = strcmp(EACH[k].name, e->name) == 0;
        if (!here) fail_msg("%s is not in EACH", e->name);
    }
}

static rl_request ask(size_t k)
{
    rl_request r = starts_request(EACH[k].name, "y ~ 1");
    if (EACH[k].window) starts_window(&r, -2, 1);
    if (EACH[k].partition) r.partition = "part";
    return r;
}

static const char *notes_of(const rl_result *r)
{
    rl_str s = rl_str_new(cx.keep);
    for (size_t i = 0; i < r->n_notes; i++) rl_str_addf(&s, "[%s] ", r->note[i]);
    return rl_str_text(&s);
}

static void noted(size_t k, const rl_result *r, const char *word, bool want)
{
    if (starts_noted(r, word) != want)
        fail_msg("%s %s '%s': %s", EACH[k].name, want ? "does not say" : "says", word, notes_of(r));
}

/* units 0 .. n3-1 start at 3, then n5 at 5, the last `never` never, others at 3 */
static rl_table world(size_t n5, size_t never)
{
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u >= N - never ? (double)NAN : u < n5 ? 5 : 3;
    return starts_panel(N, T, start, 31, &cx);
}

static void nothing_is_said_of_large_groups(void **state)
{
    (void)state;
    rl_table t = world(12, 12);
    for (size_t k = 0; k < ALL; k++) {
        rl_request r = ask(k);
        rl_result a = starts_fit(&t, &r, &cx);
        noted(k, &a, "smaller than they are", false);
        noted(k, &a, "clusters", false);
    }
}

static void one_treated(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u == 7 ? 4 : (double)NAN;
    rl_table t = starts_panel(N, T, start, 32, &cx);
    for (size_t k = 0; k < ALL; k++) {
        if (strcmp(EACH[k].name, "staggered") == 0 || EACH[k].partition) continue; /* they refuse it */
        rl_request r = ask(k);
        rl_result a = starts_fit(&t, &r, &cx);
        noted(k, &a, EACH[k].by_cohort ? "cohort 4 has one unit: errors there" : "the treated are one unit: errors",
              true);
        noted(k, &a, "the never treated are", false);
        if (!EACH[k].by_cohort && strcmp(EACH[k].name, "dcdh") != 0) {
            r.vcov = (rl_vcov_spec){.kind = RL_IID, .lag = -1};
            if (rl_estimate_run(&r, &t, &a, cx.keep, &cx) == RL_OK) noted(k, &a, "the treated are", false);
            rl_forgive(&cx);
        }
    }
    rl_request r = starts_request("dcdh", "y ~ 1"); /* one that is alone is held against the others */
    r.profile = "exact";
    rl_result a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "smaller than they are"));
}

/* One unit, three, and three groups of ten that are a cluster each. */
static void few_never_treated(void **state)
{
    (void)state;
    for (size_t k = 0; k < ALL; k++) {
        if (EACH[k].partition) continue;
        for (size_t never = 1; never <= 4; never++) {
            rl_table t = world(12, never);
            rl_request r = ask(k);
            rl_result a = starts_fit(&t, &r, &cx);
            bool gone = strcmp(EACH[k].name, "staggered") == 0 && never == 1;
            noted(k, &a, "the never treated are one unit: where that is the only control", never == 1 && !gone);
            noted(k, &a, "the never treated are only", never == 2 || never == 3);
            noted(k, &a, "has one unit", false);
        }
    }
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u >= 30 ? (double)NAN : u % 4 < 2 ? 3 : 5;
    start[33] = start[35] = 3;
    rl_table t = starts_panel(N, T, start, 33, &cx); /* odd units: one of them is never treated */
    rl_request r = starts_request("ddd", "y ~ 1");
    r.partition = "part";
    rl_result a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "the never treated with 'part' 1 are one unit"));
    assert_true(starts_noted(&a, "the never treated with 'part' 0 are only 3 units"));
}

/* Cohorts of one unit: four by name.  Thrown together they are no matter, but for event times of one. */
static void cohorts_of_one(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u < 6 ? 2 + (double)u : (double)NAN;
    rl_table t = starts_panel(N, T, start, 34, &cx);
    for (size_t k = 0; k < ALL; k++) {
        if (EACH[k].partition || strcmp(EACH[k].name, "staggered") == 0) continue;
        rl_request r = ask(k);
        if (strcmp(EACH[k].name, "did2s") == 0) r.agg = RL_AGG_DYNAMIC;
        rl_result a = starts_fit(&t, &r, &cx);
        noted(k, &a, "cohorts 2, 3, 4, 5 and 2 more have one unit each: errors there", EACH[k].by_cohort);
        noted(k, &a, "the treated are one unit", false);
        noted(k, &a, "on one treated unit", strcmp(EACH[k].name, "did2s") == 0); /* events -6 and 5: no window */
    }
    for (size_t u = 6; u < N; u += 5) start[u] = 4; /* the lot starts at 4, one at 2 */
    start[1] = start[2] = start[3] = start[4] = start[5] = 4;
    t = starts_panel(N, T, start, 35, &cx);
    rl_request r = starts_request("event", "y ~ 1");
    starts_window(&r, -2, 5);
    rl_result a = starts_fit(&t, &r, &cx); /* seen for 4 and 5 periods after its start: the one of cohort 2 alone */
    assert_true(starts_noted(&a, "2 estimates rest on one treated unit each (the first is 'event (event time 4)')"));
    starts_window(&r, -2, 3); /* the last holds what is beyond */
    a = starts_fit(&t, &r, &cx);
    assert_false(starts_noted(&a, "on one treated unit"));
    for (size_t u = 0; u < N; u++) start[u] = u < 2 ? 2 + (double)u : u < 16 ? 4 : (double)NAN;
    t = starts_panel(N, T, start, 36, &cx);
    r = starts_request("staggered", "y ~ 1");
    a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "2 cohorts of one unit left out (2, 3)"));
}

/* Clusters of six units: a cohort is one of them. */
static void few_clusters(void **state)
{
    (void)state;
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u < 6 ? 3 : u < 18 ? 5 : (double)NAN;
    rl_table t = starts_panel(N, T, start, 37, &cx);
    const char **six = RL_NEW(cx.keep, const char *, t.n);
    for (size_t i = 0; i < t.n; i++) six[i] = rl_sprintf(cx.keep, "s%zu", i / T / 6);
    fit_text(&t, "six", six, &cx);
    for (size_t k = 0; k < ALL; k++) {
        rl_request r = ask(k);
        r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"six"}, .lag = -1};
        rl_result a = starts_fit(&t, &r, &cx);
        noted(k, &a, "only 6 clusters: intervals that rest on so few", true);
        noted(k, &a,
              EACH[k].partition ? "cohorts 3 with 'part' 0, 3 with 'part' 1 have one cluster of 'six' each"
                                : "cohort 3 has one cluster of 'six'",
              EACH[k].by_cohort);
        noted(k, &a,
              EACH[k].partition ? "'part' 0 lie in only 3 clusters of 'six'"
                                : "the never treated lie in only 3 clusters of 'six'",
              true);
        r.profile = "small-sample"; /* is for few clusters */
        a = starts_fit(&t, &r, &cx);
        noted(k, &a, "intervals that rest on so few", false);
    }
}

/* Rows as cross-sections: a cohort of one row in a period. */
static void rows_by_period(void **state)
{
    (void)state;
    rl_table t = world(12, 12);
    rl_request r = starts_request("cs", "y ~ 1");
    unsigned char *leave = RL_NEW(cx.keep, unsigned char, t.n);
    for (size_t i = 0; i < t.n; i++) leave[i] = i / T < 11 && i % T == 5; /* of cohort 5 one row is left at 6 */
    r.rcs = true;
    r.leave = leave;
    r.leave_why = "test";
    r.vcov = (rl_vcov_spec){.kind = RL_HC0, .lag = -1};
    rl_result a = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&a, "cohort 5 has one row in some period: errors there"));
}

/* The table of cohorts by periods is made where it is no larger than the data: not for a hundred cohorts of which each
 * is seen three times. */
static void no_remark_larger_than_the_data(void **state)
{
    (void)state;
    enum { UNITS = 200, PERIODS = 100, NEVER = 10 };
    double start[UNITS];
    for (int u = 0; u < UNITS; u++) start[u] = u < NEVER ? (double)NAN : 3 + u % 96;
    rl_table t = starts_panel(UNITS, PERIODS, start, 33, &cx);
    double *y = rl_table_col(&t, "y")->num;
    rl_request r = starts_request("bjs", "y ~ 1");
    rl_result whole = starts_fit(&t, &r, &cx);
    assert_true(starts_noted(&whole, "one unit"));
    for (int u = NEVER; u < UNITS; u++)
        for (int p = 1; p <= PERIODS; p++)
            if (p < start[u] - 2 || p > start[u]) y[u * PERIODS + p - 1] = NAN;
    rl_result few = starts_fit(&t, &r, &cx);
    assert_int_equal(few.rows_used, NEVER * PERIODS + (UNITS - NEVER) * 3);
    assert_false(starts_noted(&few, "one unit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_here),   cmocka_unit_test(nothing_is_said_of_large_groups),
        cmocka_unit_test(one_treated),    cmocka_unit_test(few_never_treated),
        cmocka_unit_test(cohorts_of_one), cmocka_unit_test(few_clusters),
        cmocka_unit_test(rows_by_period), cmocka_unit_test(no_remark_larger_than_the_data),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
