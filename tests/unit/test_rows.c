#include "study_fixture.h"

#include <math.h>

#include "model/rows.h"
#include "model/solve.h"

static const char DEALS[] = "id,account,created,closed,status,amount,region\n"
                            "D1,A,2024-01-10,2024-02-01,Won,100.5,East\n"
                            "D2,A,2024-02-10,2024-06-30,Won,200,East\n" /* won, but not within 60 days */
                            "D3,B,2024-02-20,2024-03-20,Lost,300,West\n"
                            "D4,B,2024-04-15,2024-04-20,Won,70,West\n" /* partly exposed: start 2024-05-01 */
                            "D5,B,2024-05-02,2024-05-30,Won,80,West\n" /* exposed */
                            "D6,A,2024-11-30,,Open,10,East\n";         /* too young */
#define STUDY(models)                                                                                    \
    "study: {title: t, currency: USD, period: month, cut: 2024-12-31}\n"                                 \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status,\n" \
    "        amount: amount, won: [Won], lost: [Lost], open: [Open], group: [region]}\n"                 \
    "accounts: {file: a.csv, id: account, fixed: [size]}\n"                                              \
    "panel: {file: g.csv, unit: geo, date: day, columns: [sales]}\n"                                     \
    "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"                                     \
    "models:\n" models

static void open_study(fixture *f, const char *study)
{
    fixture_open(f);
    fixture_write(f, "d.csv", DEALS);
    fixture_write(f, "a.csv", "account,size\nA,7\nB,\n");
    fixture_write(f, "p.csv", "account,start\nB,2024-05-01\n");
    fixture_write(f, "g.csv", "geo,day,sales\nN,2024-01-01,1.5\nN,2024-01-31,2\nS,2024-02-01,4\nN,2024-02-01,8\n");
    CHECK_OK(fixture_read(f, study), &f->cx);
}

static void deals_as_rows(void **state)
{
    (void)state;
    fixture f;
    rl_table t;
    rl_waterfall w;
    const char *unit;
    open_study(&f, STUDY("  m: {question: q, level: deal, horizon: 60, formula: 'win_rate ~ abm'}\n"));
    CHECK_OK(rl_rows_deals(&f.t, &f.study.model[0], &t, &unit, &w, f.cx.keep, &f.cx), &f.cx);
    assert_string_equal(unit, "account");
    assert_int_equal(t.n, 4);
    assert_int_equal(w.n_steps, 2);
    const double win[] = {1, 0, 0, 1}, value[] = {100.5, 0, 0, 80}, velocity[] = {38, 0, 0, 32}, abm[] = {0, 0, 0, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_true(rl_table_col(&t, "win_rate")->num[i] == win[i]);
        assert_true(rl_table_col(&t, "value")->num[i] == value[i]);
        assert_true(rl_table_col(&t, "velocity")->num[i] == velocity[i]);
        assert_true(rl_table_col(&t, "abm")->num[i] == abm[i]);
        assert_true(isnan(rl_table_col(&t, "deal_size")->num[i]) == (win[i] == 0));
    }
    assert_true(rl_table_col(&t, "season")->num[3] == 5);
    assert_true(rl_table_col(&t, "size")->num[0] == 7 && isnan(rl_table_col(&t, "size")->num[2]));
    assert_int_equal(rl_table_col(&t, "region")->type, RL_TEXT);
    fixture_close(&f);
}

static void panels_as_rows(void **state)
{
    (void)state;
    fixture f;
    rl_table t;
    rl_waterfall w;
    const char *unit;
    open_study(&f, STUDY("  m: {question: q, level: panel, formula: 'sales ~ lag(sales,1)'}\n"));
    CHECK_OK(rl_rows_panel(&f.t, &f.study.model[0], &t, &unit, &w, f.cx.keep, &f.cx), &f.cx);
    assert_string_equal(unit, "geo");
    assert_int_equal(t.n, 3);
    CHECK_DIGITS(rl_table_col(&t, "sales")->num[0], 3.5, 16);
    assert_true(rl_table_col(&t, "period")->num[1] == rl_table_col(&t, "period")->num[0] + 1);
    fixture_close(&f);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    open_study(&f, STUDY("  m: {question: q, level: deal, formula: 'win_rate ~ abm'}\n"));
    assert_int_equal(rl_solve(&f.t, &a, &f.cx), RL_EINPUT);
    assert_non_null(strstr(f.cx.err.what, "horizon"));
    fixture_close(&f);
    open_study(&f, STUDY("  m: {question: q, level: deal, horizon: 900, formula: 'win_rate ~ abm'}\n"));
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.model[0].status, RL_MODEL_REFUSED);
    assert_non_null(strstr(a.model[0].refused.what, "900 days"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(deals_as_rows), cmocka_unit_test(panels_as_rows),
                                       cmocka_unit_test(what_is_missing_is_said)};
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
