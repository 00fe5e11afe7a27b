#include "fit_fixture.h"
#include "model/rollout.h"
#include "own_ctx.h"

/* Five units in quarters 8100 ..: two start in the third, one in the fourth, two never; unit 3 is not seen in the
 * second, and nobody in the fifth. */
enum { UNITS = 5, ROWS = 24 };
static const double START[UNITS] = {8102, 8103, 8102, NAN, NAN};

static rl_panel panel(void)
{
    static const int AT[5] = {0, 1, 2, 3, 5};
    rl_panel p = {.unit = "account"};
    rl_table t = fit_table(ROWS);
    const char *unit[ROWS];
    static const char *const NAME[UNITS] = {"acme", "bell", "cato", "dune", "eyre"};
    int32_t *code = RL_NEW(cx.keep, int32_t, ROWS);
    double at[ROWS];
    size_t n = 0;
    for (int32_t u = 0; u < UNITS; u++)
        for (int k = 0; k < 5; k++) {
            if (u == 3 && k == 1) continue;
            unit[n] = NAME[u];
            code[n] = u;
            at[n++] = 8100 + AT[k];
        }
    assert_int_equal(n, ROWS);
    fit_text(&t, "account", unit, &cx);
    double *period = fit_num(&t, "period", &cx);
    double *cohort = fit_num(&t, "cohort", &cx);
    p.y = fit_num(&t, "y", &cx);
    p.exposed = RL_NEW(cx.keep, unsigned char, ROWS);
    p.unit_code = code;
    for (size_t i = 0; i < ROWS; i++) {
        period[i] = at[i];
        cohort[i] = START[code[i]];
        p.y[i] = 2.385 * code[i] + (at[i] - 8100);
        p.exposed[i] = at[i] >= cohort[i];
    }
    p.t = t;
    return p;
}

static void by_start(void **state)
{
    (void)state;
    rl_panel p = panel();
    rl_rollout r;
    rl_rollout_make(&p, (rl_calendar){RL_QUARTER, 1}, NULL, 0, NULL, &r, cx.keep, &cx);
    assert_string_equal(r.unit, "account");
    assert_int_equal(r.n_periods, 6); /* the empty one too */
    assert_int_equal(r.n, 3);
    assert_string_equal(r.row[0].label, r.period[2]);
    assert_string_equal(r.row[1].label, r.period[3]);
    assert_string_equal(r.row[2].label, "never");
    assert_true(r.row[2].never && !r.row[0].never && !r.row[1].never);
    assert_int_equal(r.row[0].units, 2);
    assert_int_equal(r.row[1].units, 1);
    assert_int_equal(r.row[2].units, 2);
    for (size_t t = 0; t < 6; t++) {
        assert_int_equal(r.row[0].rows[t], t == 4 ? 0 : 2);
        assert_int_equal(r.row[2].rows[t], t == 4 ? 0 : t == 1 ? 1 : 2);
        assert_int_equal(r.row[0].exposed[t], t >= 2 && t != 4);
        assert_int_equal(r.row[1].exposed[t], t >= 3 && t != 4);
        assert_int_equal(r.row[2].exposed[t], 0);
        if (t == 4) {
            assert_true(isnan(r.row[0].mean[t]) && isnan(r.row[2].mean[t]));
            continue;
        }
        CHECK_DIGITS(r.row[0].mean[t], 2.385 + (double)t, 14);
        CHECK_DIGITS(r.row[1].mean[t], 2.385 + (double)t, 14);
        CHECK_DIGITS(r.row[2].mean[t], 2.385 * (t == 1 ? 4 : 3.5) + (double)t, 14);
    }
}

/* Units that start after the last period are no never treated. */
static void later_starts_are_told_apart(void **state)
{
    (void)state;
    rl_panel p = panel();
    rl_rollout r;
    int32_t start[8];
    for (size_t u = 0; u < 8; u++) start[u] = RL_NO_DAY;
    rl_rollout_make(&p, (rl_calendar){RL_QUARTER, 1}, NULL, 0, start, &r, cx.keep, &cx);
    assert_int_equal(r.row[2].later, 0);
    for (size_t u = 0; u < 8; u++) start[u] = u == 4 ? RL_NO_DAY : 20000;
    rl_rollout_make(&p, (rl_calendar){RL_QUARTER, 1}, NULL, 0, start, &r, cx.keep, &cx);
    assert_int_equal(r.row[2].units, 2);
    assert_int_equal(r.row[2].later, 1);
    assert_int_equal(r.row[0].later + r.row[1].later, 0);
}

/* Of the rows that a fit used: those of two units. */
static void of_some_rows(void **state)
{
    (void)state;
    rl_panel p = panel();
    rl_rollout r;
    uint32_t row[8];
    size_t n = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        if ((p.unit_code[i] == 1 || p.unit_code[i] == 2) && p.t.col[1].num[i] < 8104) row[n++] = i;
    assert_int_equal(n, 8);
    rl_rollout_make(&p, (rl_calendar){RL_QUARTER, 1}, row, n, NULL, &r, cx.keep, &cx);
    assert_int_equal(r.n_periods, 4);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.row[0].units, 1);
    assert_false(r.row[1].never);
    CHECK_DIGITS(r.row[0].mean[3], 2 * 2.385 + 3, 14);
    CHECK_DIGITS(r.row[1].mean[0], 2.385, 14);
}

/* A unit counts once, however many rows it has. */
static void of_hundreds_of_rows(void **state)
{
    (void)state;
    rl_panel p = panel();
    rl_rollout r;
    enum { TIMES = 70 };
    uint32_t row[TIMES * ROWS];
    for (uint32_t i = 0; i < TIMES * ROWS; i++) row[i] = i % ROWS; /* 350 of most units */
    rl_rollout_make(&p, (rl_calendar){RL_QUARTER, 1}, row, TIMES * ROWS, NULL, &r, cx.keep, &cx);
    assert_int_equal(r.row[0].units, 2);
    assert_int_equal(r.row[1].units, 1);
    assert_int_equal(r.row[2].units, 2);
    assert_int_equal(r.row[0].rows[0], 2 * TIMES);
}

static void of_no_row(void **state)
{
    (void)state;
    rl_panel p = panel();
    rl_rollout r;
    uint32_t none[1] = {0};
    rl_rollout_make(&p, (rl_calendar){RL_QUARTER, 1}, none, 0, NULL, &r, cx.keep, &cx);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.n_periods, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_start),     cmocka_unit_test(later_starts_are_told_apart),
        cmocka_unit_test(of_some_rows), cmocka_unit_test(of_hundreds_of_rows),
        cmocka_unit_test(of_no_row),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
