#include "starts_fixture.h"
#include "model/roster.h"
#include "own_ctx.h"

enum { N = 7, T = 5 };
static const double START[N] = {3, NAN, 4, 3, NAN, 4, 4};

static rl_design design(const rl_table *t, bool units)
{
    rl_request *r = RL_NEW(cx.keep, rl_request, 1);
    rl_design d;
    *r = starts_request("stacked", "y ~ 1");
    if (!units) {
        r->estimator = rl_estimator_by_name("cs");
        r->unit = NULL;
        r->rcs = true;
    }
    CHECK_OK(rl_design_make(r, t, &d, &cx), &cx);
    return d;
}

/* The rows of t in the order of `from`. */
static rl_table rows(const rl_table *t, const size_t *from, size_t n)
{
    rl_table out = fit_table(n);
    for (size_t c = 0; c < t->k; c++) {
        const rl_col *old = &t->col[c];
        rl_col *col = rl_table_add(&out, old->name, old->type, old->dict, cx.keep);
        for (size_t i = 0; i < n; i++) {
            if (old->type == RL_NUM)
                col->num[i] = old->num[from[i]];
            else
                col->code[i] = old->code[from[i]];
        }
    }
    return out;
}

static void rows_in_any_order(void **state)
{
    (void)state;
    rl_table t = starts_panel(N, T, START, 5, &cx);
    size_t from[N * T];
    for (size_t i = 0; i < t.n; i++) from[i] = i * 11 % t.n; /* 35 and 11 share no factor */
    rl_table shuffled = rows(&t, from, t.n);
    rl_design a = design(&t, true), b = design(&shuffled, true);
    rl_roster r, s;
    CHECK_OK(rl_roster_make(&a, false, &r, &cx), &cx);
    CHECK_OK(rl_roster_make(&b, false, &s, &cx), &cx);
    assert_true(r.balanced && s.balanced);
    assert_int_equal(s.N, N);
    assert_int_equal(s.T, T);
    assert_int_equal(s.never, 2);
    assert_int_equal(s.n_cohort, 2);
    assert_int_equal(s.cohort_time[0], 3);
    assert_int_equal(s.cohort_size[1], 3);
    for (size_t u = 0; u < N; u++) {
        size_t v = 0; /* the same unit in the other */
        while (strcmp(rl_roster_unit(&a, &r, v), rl_roster_unit(&b, &s, u)) != 0) v++;
        assert_int_equal(r.cohort[v], s.cohort[u]);
        assert_int_equal(s.start[u], s.row[s.first[u]]);
        for (int32_t p = 0; p < T; p++) {
            assert_int_equal(s.when[s.first[u] + (size_t)p], p);
            CHECK_DIGITS(b.y[rl_roster_at(&s, u, p)], a.y[rl_roster_at(&r, v, p)], 17);
        }
    }
}

static void units_that_miss_periods(void **state)
{
    (void)state;
    rl_table all = starts_panel(N, T, START, 6, &cx);
    size_t from[N * T], n = 0;
    for (size_t i = 0; i < all.n; i++)
        if (i != 2 * T + 1 && i != 2 * T + 3 && i != 5 * T) from[n++] = i; /* unit 2 at 2 and 4, unit 5 at 1 */
    rl_table t = rows(&all, from, n);
    rl_design d = design(&t, true);
    rl_roster r;
    CHECK_OK(rl_roster_make(&d, false, &r, &cx), &cx);
    assert_false(r.balanced);
    assert_int_equal(rl_roster_at(&r, 2, 1), RL_NO_ROW);
    assert_int_equal(rl_roster_at(&r, 2, 3), RL_NO_ROW);
    assert_int_equal(rl_roster_at(&r, 5, 0), RL_NO_ROW);
    CHECK_DIGITS(d.y[rl_roster_at(&r, 2, 4)], starts_y(&all, T, 2, 5), 17);
    assert_int_equal(rl_roster_need_balanced(&d, &r, "sdid", &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "2 of 7 units"));
    assert_non_null(strstr(cx.err.what, "'u002' at 2"));
    rl_forgive(&cx);
}

static void rows_as_units(void **state)
{
    (void)state;
    rl_table t = starts_panel(N, T, START, 8, &cx);
    rl_design d = design(&t, false);
    rl_roster r;
    CHECK_OK(rl_roster_make(&d, true, &r, &cx), &cx);
    assert_int_equal(r.N, d.n);
    assert_false(r.balanced);
    for (size_t u = 0; u < r.N; u++) {
        assert_int_equal(r.first[u + 1] - r.first[u], 1);
        assert_int_equal(r.row[u], u);
        assert_int_equal(r.cohort[u], d.cohort[u]);
        assert_int_equal(r.time[r.when[u]], d.at[u]);
    }
}

static void periods_with_gaps(void **state)
{
    (void)state;
    static const int TIME[T] = {1, 2, 4, 7, 9};
    rl_table t = starts_panel(N, T, START, 9, &cx);
    for (size_t i = 0; i < t.n; i++) t.col[0].num[i] = TIME[i % T];
    rl_design d = design(&t, true);
    rl_roster r;
    CHECK_OK(rl_roster_make(&d, false, &r, &cx), &cx);
    assert_int_equal(rl_roster_period(&r, 0), -1);
    assert_int_equal(rl_roster_period(&r, 1), 0);
    assert_int_equal(rl_roster_period(&r, 3), 1);
    assert_int_equal(rl_roster_period(&r, 4), 2);
    assert_int_equal(rl_roster_period(&r, 8), 3);
    assert_int_equal(rl_roster_period(&r, 1234567890123), 4);
}

static void nothing_to_compare(void **state)
{
    (void)state;
    static const double NOBODY[N] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    rl_table t = starts_panel(N, T, NOBODY, 10, &cx);
    rl_design d = design(&t, true);
    rl_roster r;
    assert_int_equal(rl_roster_make(&d, false, &r, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "nobody is treated"));
    rl_forgive(&cx);
    t = starts_panel(N, 1, START, 11, &cx);
    d = design(&t, true);
    assert_int_equal(rl_roster_make(&d, false, &r, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "one period"));
    rl_forgive(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_any_order), cmocka_unit_test(units_that_miss_periods), cmocka_unit_test(rows_as_units),
        cmocka_unit_test(periods_with_gaps), cmocka_unit_test(nothing_to_compare),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
