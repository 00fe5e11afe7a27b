#include "study_fixture.h"

#include "base/rng.h"
#include "model/solve.h"
#include "model/spill.h"
#include "out/check_text.h"
#include "out/results.h"
#include "out/text.h"

#define DEALS                                                                                                   \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, amount: " \
    "amount, won: [Won], owner: seller}\n"
#define PROGRAMS "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
#define MODEL    "models:\n  v: {outcome: value, horizon: 30, treatment: abm, primary: yes}\n"

/* --- who shares with whom ---------------------------------------------------------- */

/* A-F: A got it 2024-04-01, B 2024-07-01.  Parents: C and A are children of H1, D is the parent of B.  Owners:
 * E shares with A, F with nobody. */
static void open_family(fixture *f, const char *accounts, const char *deals)
{
    fixture_open(f);
    fixture_write(f, "a.csv", "account,owner,parent\nA,anna,H1\nB,ben,D\nC,carl,H1\nD,dora,\nE,anna,\nF,fay,\nG,,\n");
    fixture_write(f, "p.csv", "account,start\nA,2024-04-01\nB,2024-07-01\n");
    fixture_write(f, "d.csv", deals);
    CHECK_OK(fixture_read(f, rl_sprintf(f->cx.keep,
                                        "study: {title: t}\n" DEALS "accounts: {file: a.csv, id: account%s}\n" PROGRAMS,
                                        accounts)),
             &f->cx);
    assert_int_equal(rl_faults_fatal(&f->t.faults), 0);
}

#define NO_DEALS "id,account,created,closed,status,amount,seller\n"

static void check_since(const fixture *f, const rl_neighbours *nb, const char *const *day, const char *known)
{
    for (size_t u = 0; u < 7; u++) {
        char text[16] = "";
        if (nb->since[u] != RL_NO_DAY) rl_day_text(text, nb->since[u]);
        const char *name = f->t.account->text[u];
        if (strcmp(text, day[u]) != 0) fail_msg("%s: since '%s', not '%s'", name, text, day[u]);
        if (nb->known[u] != (known[u] == '1')) fail_msg("%s: known %d", name, nb->known[u]);
    }
}

static void parents_and_owners_tie(void **state)
{
    (void)state;
    static const char *const BOTH[] = {"", "", "2024-04-01", "2024-07-01", "2024-04-01", "", ""},
                             *const PARENT[] = {"", "", "2024-04-01", "2024-07-01", "", "", ""};
    fixture f;
    rl_neighbours nb;
    open_family(&f, ", owner: owner, parent: parent", NO_DEALS "1,A,2024-01-02,2024-01-09,Won,5,anna\n");
    rl_neighbours_find(&f.t, &f.t.program[0], &nb, f.cx.keep, &f.cx);
    assert_string_equal(nb.shares, "an owner or a parent account");
    check_since(&f, &nb, BOTH, "1111110"); /* whose owner is not given is not known to share nothing */
    rl_program_facts facts = {.name = "abm"};
    rl_spill_facts(&f.t, &f.t.program[0], &facts, &f.cx);
    assert_int_equal(facts.exposed, 0); /* none by the cut, 2024-01-02: the latest creation */
    assert_int_equal(facts.apart + facts.unplaced, 5);
    facts = (rl_program_facts){.name = "abm"};
    fixture_close(&f);
    open_family(&f, ", parent: parent", NO_DEALS "1,A,2025-01-02,2025-01-09,Won,5,anna\n");
    f.study.deals.owner.s = NULL;
    rl_neighbours_find(&f.t, &f.t.program[0], &nb, f.cx.keep, &f.cx);
    assert_string_equal(nb.shares, "a parent account");
    check_since(&f, &nb, PARENT, "1111111");
    rl_spill_facts(&f.t, &f.t.program[0], &facts, &f.cx);
    assert_int_equal(facts.exposed, 2);
    assert_int_equal(facts.apart, 3);
    fixture_close(&f);
}

/* Owners of deals count when the deal is older than the programme, those of treated accounts always; two treated accounts of one owner are each
 * other's neighbours, an account is never its own. */
static void owners_of_deals_tie(void **state)
{
    (void)state;
    static const char *const SINCE[] = {"2024-07-01", "2024-04-01", "2024-04-01", "", "", "2024-07-01", ""};
    fixture f;
    rl_neighbours nb;
    open_family(&f, "",
                NO_DEALS "1,A,2024-01-02,2024-01-09,Won,5,s1\n"
                         "2,B,2024-01-02,2024-01-09,Won,5,s1\n"
                         "3,C,2024-01-02,2024-01-09,Won,5,s2\n"
                         "4,C,2024-02-02,2024-02-09,Won,5,s1\n"
                         "5,D,2024-01-02,2024-01-09,Won,5,s2\n"
                         "6,E,2024-05-02,2024-05-09,Won,5,s1\n"
                         "7,F,2024-01-02,2024-01-09,Won,5,s3\n"
                         "8,B,2024-08-02,2024-08-09,Won,5,s3\n"); /* B meets F's seller later */
    rl_neighbours_find(&f.t, &f.t.program[0], &nb, f.cx.keep, &f.cx);
    assert_string_equal(nb.shares, "an owner");
    check_since(&f, &nb, SINCE, "1111010");
    fixture_close(&f);
}

/* The seller may stand in a file beside the deals. */
static void owners_may_come_by_lookup(void **state)
{
    (void)state;
    fixture f;
    rl_neighbours nb;
    fixture_open(&f);
    fixture_write(&f, "d.csv",
                  "id,account,created,closed,status,amount,desk\n1,A,2024-01-02,2024-01-09,Won,5,x\n"
                  "2,B,2024-01-02,2024-01-09,Won,5,y\n3,C,2024-01-02,2024-01-09,Won,5,z\n");
    fixture_write(&f, "desks.csv", "desk,seller\nx,Ann\ny,Ann\nz,Bob\n");
    fixture_write(&f, "p.csv", "account,start\nA,2024-04-01\n");
    CHECK_OK(fixture_read(&f, "study: {title: t}\ndeals: {file: d.csv, id: id, account: account, created: created, "
                              "closed: closed, status: status, amount: amount, won: [Won], owner: seller,\n"
                              "  lookup: [{file: desks.csv, key: desk, add: [seller]}]}\n" PROGRAMS),
             &f.cx);
    rl_neighbours_find(&f.t, &f.t.program[0], &nb, f.cx.keep, &f.cx);
    assert_int_equal(nb.since[1], rl_day(2024, 4, 1));
    assert_int_equal(nb.since[2], RL_NO_DAY);
    assert_true(nb.known[2]);
    fixture_close(&f);
}

/* --- the contrast ---------------------------------------------------------------------- */
enum { PER_OWNER = 4, QUARTERS = 10 };

/* `owners` owners of four accounts; in the first `touched` of them one account gets the programme in 2024Q2, its
 * neighbours gain `spill` from then on. */
static void write_company(fixture *f, int owners, int touched, double spill)
{
    rl_calendar cal = {RL_QUARTER, 1};
    rl_str d = rl_str_new(f->cx.keep), a = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep);
    char day[2][16];
    rl_str_add(&d, NO_DEALS);
    rl_str_add(&a, "account,owner\n");
    rl_str_add(&p, "account,start\n");
    for (int k = 0; k < owners * PER_OWNER; k++) {
        bool near = k / PER_OWNER < touched, got = near && k % PER_OWNER == 0;
        rl_str_addf(&a, "A%03d,o%d\n", k, k / PER_OWNER);
        rl_rng r = rl_rng_for(93, (uint64_t)k);
        if (got) rl_str_addf(&p, "A%03d,2024-04-01\n", k);
        for (int q = 0; q < QUARTERS; q++) {
            int32_t created = rl_period_first(cal, rl_period_of(cal, rl_day(2023, 1, 1)) + q);
            double more = created < rl_day(2024, 4, 1) ? 0 : got ? 40 : near ? spill : 0;
            rl_str_addf(&d, "D%d-%d,A%03d,%s,%s,Won,%.2f,o%d\n", k, q, k, rl_day_text(day[0], created),
                        rl_day_text(day[1], created + 3), 100 + k % 7 + 3 * q + more + 20 * rl_normal(&r),
                        k / PER_OWNER);
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "a.csv", rl_str_text(&a));
    fixture_write(f, "p.csv", rl_str_text(&p));
}

#define STUDY(keys)                                                              \
    "study: {title: t, currency: USD, period: quarter, cut: 2025-12-31}\n" DEALS \
    "accounts: {file: a.csv, id: account" keys "}\n" PROGRAMS MODEL

static void solve(fixture *f, int owners, int touched, double spill, rl_answer *a)
{
    fixture_open(f);
    write_company(f, owners, touched, spill);
    CHECK_OK(fixture_read(f, STUDY(", owner: owner")), &f->cx);
    CHECK_OK(rl_solve(&f->t, a, &f->cx), &f->cx);
    assert_int_equal(a->model[0].status, RL_MODEL_DONE);
    assert_true(a->model[0].spill.asked);
}

static void a_spillover_is_found(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    solve(&f, 30, 12, 15, &a);
    const rl_spillover *s = &a.model[0].spill;
    assert_true(s->answered);
    assert_int_equal(s->exposed, 36);
    assert_int_equal(s->rest, 72);
    assert_true(s->effect.low < 15 && s->effect.high > 15 && s->effect.low > 5);
    assert_true(s->detectable > 2 * s->effect.se && s->detectable < 3 * s->effect.se);
    assert_true(a.model[0].lift.effect.est < 37); /* 40 less 15 for a third of the controls */
    assert_true(s->apart.low < 40 && s->apart.high > 40);
    assert_int_equal(s->apart_controls, 72);
    assert_int_equal(a.program[0].exposed, 36);
    const char *text = rl_text_answer(&a, NULL, f.cx.keep);
    assert_non_null(strstr(text, "so the lift is"));
    assert_non_null(strstr(rl_results_text(&a, NULL, f.cx.keep), "\"lift_against_rest\""));
    rl_str check = rl_str_new(f.cx.keep);
    rl_check_text(&a, &check, &f.cx);
    assert_non_null(
        strstr(rl_str_text(&check), "36 of 108 controls (33 %) share an owner with an account that has the programme"));
    fixture_close(&f);
}

static void none_is_said_with_what_would_have_been_found(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    solve(&f, 30, 12, 0, &a);
    assert_true(a.model[0].spill.effect.low < 0 && a.model[0].spill.effect.high > 0);
    assert_non_null(strstr(rl_text_answer(&a, NULL, f.cx.keep), "spillover can be told from zero"));
    fixture_close(&f);
}

static void too_few_are_refused(void **state)
{
    (void)state;
    static const struct {
        int owners, touched;
        const char *why;
    } CASE[] = {
        {12, 12, "every account without the programme of which it is known shares an owner with one that has it"},
        {13, 12, ""},
        {30, 1, "only 3 accounts without the programme can be seen to share an owner with one that has it"}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        fixture f;
        rl_answer a;
        fixture_open(&f);
        write_company(&f, CASE[i].owners, CASE[i].touched, 3);
        CHECK_OK(fixture_read(&f, STUDY(", owner: owner")), &f.cx);
        CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
        const rl_spillover *s = &a.model[0].spill;
        assert_int_equal(s->answered, CASE[i].why[0] == '\0');
        if (!s->answered && strcmp(s->why, CASE[i].why) != 0) fail_msg("'%s', not '%s'", s->why, CASE[i].why);
        const char *text = rl_text_answer(&a, NULL, f.cx.keep);
        assert_int_equal(strstr(text, "stood near the programme") != NULL, i == 0);
        fixture_close(&f);
    }
}

/* Nothing is looked at, and that is said, when no key says who shares. */
static void silence_is_no_answer(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    fixture_open(&f);
    write_company(&f, 20, 8, 0);
    CHECK_OK(fixture_read(&f, STUDY("")), &f.cx);
    f.study.deals.owner.s = NULL;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_false(a.model[0].spill.asked);
    assert_null(a.program[0].shares);
    assert_null(strstr(rl_results_text(&a, NULL, f.cx.keep), "\"spillover\""));
    fixture_close(&f);
}

/* --- overlapping programmes ------------------------------------------------------------- */
#define TWO                                                          \
    "programs:\n  abm: {file: p.csv, unit: account, start: start}\n" \
    "  web: {file: w.csv, unit: account, start: start, end: end}\n"

/* Accounts 0 and 4 of the treated get another programme later, 8 had it before; 1 (a control) has it alone. */
static rl_code open_two(fixture *f, const char *rules)
{
    fixture_open(f);
    write_company(f, 20, 8, 0);
    fixture_write(
        f, "w.csv",
        "account,start,end\nA000,2025-01-01,\nA004,2025-01-01,\nA008,2023-10-01,2023-12-31\nA001,2024-10-01,\n");
    return fixture_read(f, rl_sprintf(f->cx.keep,
                                      "study: {title: t, period: quarter, cut: 2025-12-31%s}\n" DEALS
                                      "accounts: {file: a.csv, id: account}\n" TWO MODEL,
                                      rules));
}

static size_t lost(const rl_waterfall *w, const char *why)
{
    for (size_t i = 0; i < w->n_steps; i++)
        if (strcmp(w->step[i].why, why) == 0) return w->step[i].lost;
    return 0;
}

static void a_unit_leaves_when_another_programme_begins(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    CHECK_OK(open_two(&f, ""), &f.cx);
    assert_int_equal(f.t.faults.count[RL_RULE_PROGRAMS], 3);
    assert_int_equal(rl_faults_fatal(&f.t.faults), 0);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.n_overlaps, 1);
    const rl_overlap *o = &a.overlap[0];
    assert_int_equal(o->both, 3);
    assert_int_equal(o->at_once, 2); /* A008 had one after the other */
    assert_int_equal(o->of_a, 8);
    assert_int_equal(o->of_b, 4);
    assert_int_equal(o->first, rl_day(2024, 4, 1));
    /* With 30 days of follow-up 2023Q1 to 2025Q3 are old enough.  A000 and A004 count to 2024Q3 (2024Q4 can feel
     * January) and lose 4 each, A001 counts to 2024Q2 and loses 5, A008 to 2023Q2 and loses 8: its 2024Q1 is partly
     * exposed to abm, which is said first. */
    const rl_waterfall *w = &a.model[0].waterfall;
    assert_int_equal(w->start, 80 * 12);
    assert_int_equal(lost(w, "from the day another programme had begun there"), 4 + 4 + 5 + 8);
    assert_int_equal(a.money.treated_units, 7);
    assert_int_equal(w->step[w->n_steps - 1].left, a.model[0].main.rows_used);
    rl_str check = rl_str_new(f.cx.keep);
    rl_check_text(&a, &check, &f.cx);
    assert_non_null(strstr(rl_str_text(&check), "abm and web: 3 accounts in both (37.5 % of the first, 75.0 % of the "
                                                "second), 2 at one time, from 2024-04-01"));
    assert_non_null(strstr(rl_results_text(&a, NULL, f.cx.keep), "\"at_one_time\""));
    fixture_close(&f);
}

static void a_study_may_keep_or_refuse_them(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    CHECK_OK(open_two(&f, ", rules: {overlapping-programs: keep}"), &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(lost(&a.model[0].waterfall, "from the day another programme had begun there"), 0);
    assert_int_equal(a.overlap_policy, RL_POLICY_KEEP);
    fixture_close(&f);
    CHECK_OK(open_two(&f, ", rules: {overlapping-programs: error}"), &f.cx);
    assert_int_equal(rl_faults_fatal(&f.t.faults), 3);
    assert_non_null(strstr(f.t.faults.fault[0].what,
                           "account 'A000' has programme 'abm' from 2024-04-01 and 'web' from 2025-01-01"));
    fixture_close(&f);
    fixture_open(&f); /* listed in the study itself: no file to point into */
    write_company(&f, 20, 8, 0);
    rl_code code = fixture_read(&f, "study: {title: t, rules: {overlapping-programs: error}}\n" DEALS
                                    "programs:\n  one: {units: [A001], start: 2024-01-01}\n"
                                    "  two: {units: [A001], start: 2024-03-01}\n");
    assert_int_equal(code, RL_EINPUT);
    assert_int_equal(f.cx.err.line, 5);
    assert_non_null(strstr(f.cx.err.what, "'one' from 2024-01-01 and 'two' from 2024-03-01"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parents_and_owners_tie),
                                       cmocka_unit_test(owners_of_deals_tie),
                                       cmocka_unit_test(owners_may_come_by_lookup),
                                       cmocka_unit_test(a_spillover_is_found),
                                       cmocka_unit_test(none_is_said_with_what_would_have_been_found),
                                       cmocka_unit_test(too_few_are_refused),
                                       cmocka_unit_test(silence_is_no_answer),
                                       cmocka_unit_test(a_unit_leaves_when_another_programme_begins),
                                       cmocka_unit_test(a_study_may_keep_or_refuse_them)};
    return cmocka_run_group_tests_name("spill", tests, NULL, NULL);
}
