#include "study_fixture.h"

#include "model/panel.h"

static const char DEALS[] = "id,account,created,closed,status,amount,region\n"
                            "D1,Acme,2024-01-10,2024-03-01,Won,1200.5,East\n"
                            "D2,Acme,2024-02-10,2024-02-01,Lost,0,East\n" /* closed before created */
                            "D3,Beta,2024-02-11,,Open,300,West\n"
                            "D3,Beta,2024-02-12,,Open,300,West\n"          /* duplicate */
                            "D4,Beta,2025-06-01,,Open,300,West\n"          /* after the cut */
                            "D5,Gamma,2024-05-01,2024-05-20,Won,,West\n"   /* won without amount; unknown account */
                            "D6,Acme,2024-05-02,2024-05-20,Lost,-5,East\n" /* negative */
                            "D7,Acme,2024-05-03,2024-05-20,Maybe,5,East\n" /* unlisted */
                            "D8,Acme,,2024-05-20,Won,5,East\n"             /* no creation date */
                            "D9,Beta,2024-11-20,2025-03-20,Won,70,West\n"  /* decided after the cut */
                            "D10,Beta,2024-11-21,,Lost,70,West\n";         /* decided, no date */

static const char ACCOUNTS[] = "account,size\nAcme,big\nBeta,small\nBeta,small\nDelta,big\n";
static const char TOUCHES[] =
    "date,account,deal,channel\n2024-01-05,Acme,D1,web\n2024-04-01,Acme,D1,web\n2024-04-01,Zeta,D99,mail\n";
static const char SPEND[] = "date,channel,usd,region\n2024-01-01,web,10,East\n2024-01-01,web,20,Nowhere\n";
static const char PROGRAMS[] =
    "account,start,end\nAcme,2024-07-01,2024-12-31\nAcme,2024-10-01,\nOmega,2024-07-01,\nBeta,2024-07-01,2024-06-01\n";

#define HEAD "study: {title: t, currency: USD, period: quarter, cut: 2024-12-31, %s}\n"
#define BODY                                                                                                    \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, amount: " \
    "amount,\n"                                                                                                 \
    "        won: [Won], lost: [Lost], open: [Open], group: [region]}\n"                                        \
    "accounts: {file: a.csv, id: account, fixed: [size]}\n"                                                     \
    "touchpoints: {file: t.csv, date: date, account: account, channel: channel, deal: deal}\n"                  \
    "spend: {file: s.csv, date: date, channel: channel, amount: usd, unit: region}\n"                           \
    "programs:\n  abm: {file: p.csv, unit: account, start: start, end: end}\n"                                  \
    "models:\n  v: {question: q, outcome: value, horizon: 90, treatment: abm}\n"

static void load(fixture *f, const char *extra)
{
    fixture_write(f, "d.csv", DEALS);
    fixture_write(f, "a.csv", ACCOUNTS);
    fixture_write(f, "t.csv", TOUCHES);
    fixture_write(f, "s.csv", SPEND);
    fixture_write(f, "p.csv", PROGRAMS);
    CHECK_OK(fixture_read(f, rl_sprintf(f->cx.keep, HEAD BODY, extra)), &f->cx);
}

static void every_rule_counts(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    load(&f, "seed: 3");
    static const struct {
        rl_rule rule;
        size_t n;
    } WANT[] = {{RL_RULE_ORDER, 1},      {RL_RULE_DUP_DEAL, 1},     {RL_RULE_FUTURE, 1},      {RL_RULE_NO_AMOUNT, 1},
                {RL_RULE_NEGATIVE, 1},   {RL_RULE_STATUS, 1},       {RL_RULE_NO_CREATED, 1},  {RL_RULE_LATE_CLOSE, 1},
                {RL_RULE_NO_CLOSED, 1},  {RL_RULE_DEAL_ACCOUNT, 1}, {RL_RULE_DUP_ACCOUNT, 1}, {RL_RULE_TOUCH_ACCT, 1},
                {RL_RULE_TOUCH_DEAL, 1}, {RL_RULE_TOUCH_LATE, 1},   {RL_RULE_SPEND_UNIT, 1},  {RL_RULE_PROGRAM_UNIT, 1},
                {RL_RULE_OVERLAP, 1},    {RL_RULE_SPAN, 1},         {RL_RULE_CELL, 0}};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
        if (f.t.faults.count[WANT[i].rule] != WANT[i].n)
            fail_msg("rule %s: %zu, want %zu", rl_rule_name(WANT[i].rule), f.t.faults.count[WANT[i].rule], WANT[i].n);
    assert_int_equal(rl_faults_fatal(&f.t.faults), 9);
    CHECK_OK(rl_faults_locate(&f.t.faults, &f.cx), &f.cx);
    for (size_t i = 0; i < f.t.faults.n; i++) {
        const rl_fault *x = &f.t.faults.fault[i];
        if (x->rule == RL_RULE_DUP_DEAL) assert_int_equal(x->line, 5);
        if (x->rule == RL_RULE_NEGATIVE) assert_int_equal(x->col, 36);
    }
    fixture_close(&f);
}

static void the_waterfall_adds_up(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    load(&f, "rules: {duplicate-deal: drop, negative-amount: keep, unlisted-status: drop}");
    const rl_waterfall *w = &f.t.waterfall;
    assert_int_equal(w->start, 11);
    size_t left = w->start;
    for (size_t i = 0; i < w->n_steps; i++) {
        left -= w->step[i].lost;
        assert_int_equal(w->step[i].left, left);
    }
    assert_int_equal(left, f.t.deals.n);
    assert_int_equal(f.t.deals.n, 4);                    /* D1, the first D3, D6 kept, D9 */
    assert_int_equal(f.t.deals.status[3], RL_DEAL_OPEN); /* decided after the cut: open at the cut */
    assert_int_equal(f.t.deals.decided[3], RL_NO_DAY);
    fixture_close(&f);
}

static void programmes_know_their_units(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    load(&f, "seed: 3");
    const rl_program *p = rl_tables_program(&f.t, "abm");
    assert_non_null(p);
    assert_null(rl_tables_program(&f.t, "webinar"));
    int32_t acme = rl_dict_find(f.t.account, "Acme", 4);
    assert_int_equal(p->treated, 1);
    assert_int_equal(p->start[acme], rl_day(2024, 7, 1));
    assert_int_equal(p->end[acme], rl_day(2025, 1, 1)); /* the first day without it */
    assert_int_equal(f.t.n_eligible, 3);
    fixture_close(&f);
}

static void the_cut_is_never_a_closing_date(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    fixture_write(&f, "d.csv", "id,created,closed,status\nA,2024-01-02,2031-05-05,Open\nB,2024-03-04,2024-02-02,Won\n");
    CHECK_OK(fixture_read(&f, "study: {title: t, currency: EUR, period: month}\n"
                              "deals: {file: d.csv, id: id, created: created, closed: closed, status: status, won: "
                              "[Won], lost: [Lost], open: [Open]}\n"),
             &f.cx);
    assert_int_equal(f.t.cut, rl_day(2024, 3, 4));
    fixture_close(&f);
}

static void a_missing_column_is_named(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    fixture_write(&f, "d.csv", "id,creatd,closed,status\nA,2024-01-02,,Open\n");
    assert_int_equal(fixture_read(&f, "study: {title: t, currency: EUR, period: month}\n"
                                      "deals: {file: d.csv, id: id, created: created, closed: closed, status: status, "
                                      "won: [Won], lost: [Lost], open: [Open]}\n"),
                     RL_EINPUT);
    assert_non_null(strstr(f.cx.err.what, "created"));
    assert_non_null(strstr(f.cx.err.hint, "creatd"));
    fixture_close(&f);
}

static void money_by_month(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    fixture_write(&f, "d.csv", "id,created,closed,status\nA,2024-01-02,,Open\n");
    fixture_write(&f, "s.csv", "when,usd\n2024-02,10.5\n2024Q2,4\n2024-13,1\n");
    CHECK_OK(fixture_read(&f,
                          "study: {title: t, currency: EUR, period: month}\n"
                          "deals: {file: d.csv, id: id, created: created, closed: closed, status: status, won: [Won], "
                          "lost: [Lost], open: [Open]}\n"
                          "spend: {file: s.csv, date: when, amount: usd}\n"),
             &f.cx);
    assert_int_equal(f.t.spend.col[0].day[0], rl_day(2024, 2, 1));
    assert_int_equal(f.t.spend.col[0].day[1], rl_day(2024, 4, 1));
    assert_int_equal(f.t.faults.count[RL_RULE_CELL], 1); /* there is no month 13 */
    fixture_close(&f);
}

static void names_of_two_systems(void **state)
{
    (void)state;
    fixture f;
    rl_plan plan;
    fixture_open(&f);
    fixture_write(&f, "d.csv", "id,account,created,closed,status,amount\nA,B074,2024-01-02,2024-02-01,Won,5\n");
    fixture_write(&f, "p.csv", "account,start\nA000,2024-07-01\nA001,2024-07-01\n");
    CHECK_OK(fixture_read(&f,
                          "study: {title: t, currency: EUR, period: month}\n"
                          "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: "
                          "status, amount: amount, won: [Won], lost: [Lost], open: [Open]}\n"
                          "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
                          "models:\n  v: {question: q, outcome: value, horizon: 30, treatment: abm}\n"),
             &f.cx);
    assert_int_equal(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), RL_EDATA);
    assert_non_null(strstr(f.cx.err.what, "none of its 2 rows"));
    assert_non_null(strstr(f.cx.err.what, "'A000'"));
    assert_non_null(strstr(f.cx.err.what, "'B074'"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_counts),           cmocka_unit_test(the_waterfall_adds_up),
        cmocka_unit_test(programmes_know_their_units), cmocka_unit_test(the_cut_is_never_a_closing_date),
        cmocka_unit_test(a_missing_column_is_named),   cmocka_unit_test(money_by_month),
        cmocka_unit_test(names_of_two_systems),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
