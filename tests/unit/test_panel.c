#include "study_fixture.h"

#include "base/rng.h"
#include "model/att.h"
#include "model/money.h"
#include "model/panel.h"
#include "model/solve.h"

/* --- cells ------------------------------------------------------------------ */

/* The definition, day by day. */
static rl_cell slow_cell(int32_t start, int32_t end, int32_t first, int32_t last, int h)
{
    bool clean = true, exposed = true;
    for (int32_t c = first; c <= last; c++) {
        clean &= start == RL_NO_DAY || c + h <= start;
        exposed &= start != RL_NO_DAY && c >= start && (end == RL_NO_DAY || c + h <= end);
    }
    if (clean) return RL_CELL_CLEAN;
    if (end != RL_NO_DAY && first >= end) return RL_CELL_ENDED;
    return exposed ? RL_CELL_EXPOSED : RL_CELL_PARTLY;
}

static void cells_follow_their_definition(void **state)
{
    (void)state;
    rl_rng r = rl_rng_for(4711, 0);
    for (int k = 0; k < 4000; k++) {
        int32_t start = rl_uniform(&r) < 0.2 ? RL_NO_DAY : (int32_t)(rl_uniform(&r) * 200), end = RL_NO_DAY;
        if (start != RL_NO_DAY && rl_uniform(&r) < 0.5) end = start + 1 + (int32_t)(rl_uniform(&r) * 150);
        int32_t first = (int32_t)(rl_uniform(&r) * 250), last = first + (int32_t)(rl_uniform(&r) * 40);
        int h = 1 + (int)(rl_uniform(&r) * 60);
        assert_int_equal(rl_cell_of(start, end, first, last, h, RL_TRANSITION_DROP),
                         slow_cell(start, end, first, last, h));
    }
}

/* --- a small world ----------------------------------------------------------- */
#define ACCOUNTS 40

static int32_t start_of(int a) { return a % 4 == 0 ? rl_day(2024, 4, 1) : a % 4 == 1 ? rl_day(2024, 7, 1) : RL_NO_DAY; }

static void write_world(fixture *f)
{
    rl_str d = rl_str_new(f->cx.keep), a = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep);
    rl_str_add(&d, "id,account,created,closed,status,amount\n");
    rl_str_add(&a, "account,size\n");
    rl_str_add(&p, "account,start\n");
    char day[2][16];
    rl_rng r = rl_rng_for(99, 1);
    for (int k = 0; k < ACCOUNTS; k++) {
        rl_str_addf(&a, "A%02d,%s\n", k, k % 3 == 0 ? "big" : "small");
        if (start_of(k) != RL_NO_DAY) rl_str_addf(&p, "A%02d,%s\n", k, rl_day_text(day[0], start_of(k)));
        for (int i = 0; i < 30; i++) {
            int32_t created = rl_day(2022, 1, 1) + (int32_t)(rl_uniform(&r) * 1270),
                    closed = created + (int32_t)(rl_uniform(&r) * 120);
            double boost = start_of(k) != RL_NO_DAY && created >= start_of(k) ? 1.5 : 1, u = rl_uniform(&r);
            const char *status = closed > rl_day(2025, 6, 30) ? "Open" : u < 0.35 * boost ? "Won" : "Lost";
            rl_str_addf(&d, "D%02d-%d,A%02d,%s,%s,%s,%.2f\n", k, i, k, rl_day_text(day[0], created),
                        rl_day_text(day[1], closed), status, boost * (500 + 1000 * rl_uniform(&r)));
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "a.csv", rl_str_text(&a));
    fixture_write(f, "p.csv", rl_str_text(&p));
}

#define STUDY                                                                                                   \
    "study: {title: t, currency: USD, period: quarter, cut: 2025-06-30}\n"                                      \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, amount: " \
    "amount,\n"                                                                                                 \
    "        won: [Won], lost: [Lost], open: [Open]}\n"                                                         \
    "accounts: {file: a.csv, id: account, fixed: [size]}\n"                                                     \
    "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"                                            \
    "money: {gross_margin: 0.7, discount_rate: 0.1}\n"                                                          \
    "models:\n"                                                                                                 \
    "  v: {question: q, outcome: value, horizon: 90, treatment: abm, primary: yes}\n"                           \
    "  w: {question: q, outcome: win_rate, horizon: 90, treatment: abm, covariates: [size]}\n"                  \
    "  s: {question: q, outcome: velocity, horizon: 90, treatment: abm}\n"

static void open_world(fixture *f, const char *study)
{
    fixture_open(f);
    write_world(f);
    CHECK_OK(fixture_read(f, study), &f->cx);
    assert_int_equal(rl_faults_fatal(&f->t.faults), 0);
}

/* Value of account a in a quarter, from the definition. */
static double slow_value(const fixture *f, int32_t account, int32_t period, int h)
{
    double v = 0;
    rl_calendar cal = f->study.calendar;
    for (size_t i = 0; i < f->t.deals.n; i++) {
        const rl_deals *d = &f->t.deals;
        if (d->account[i] == account && rl_period_of(cal, d->created[i]) == period && d->status[i] == RL_DEAL_WON &&
            d->decided[i] - d->created[i] <= h)
            v += d->amount[i];
    }
    return v;
}

static void value_counts_every_eligible_account(void **state)
{
    (void)state;
    fixture f;
    open_world(&f, STUDY);
    rl_plan plan;
    rl_panel p;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_panel_build(&f.t, &plan, &p, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(rl_period_last(plan.calendar, plan.last_period),
                     rl_day(2025, 3, 31)); /* 2025-03-31 + 90 <= the cut */
    size_t left = p.waterfall.start, treated = 0;
    for (size_t i = 0; i < p.waterfall.n_steps; i++) left -= p.waterfall.step[i].lost;
    assert_int_equal(left, p.t.n);
    assert_int_equal(p.waterfall.start, ACCOUNTS * 14);
    for (size_t i = 0; i < p.t.n; i++) {
        int32_t q = (int32_t)p.t.col[1].num[i], s = start_of(p.unit_code[i]);
        CHECK_DIGITS(p.y[i], slow_value(&f, p.unit_code[i], q, 90), 15);
        bool after = s != RL_NO_DAY && rl_period_first(plan.calendar, q) >= s;
        assert_int_equal(p.exposed[i], after);
        if (!after && s != RL_NO_DAY) assert_true(rl_period_last(plan.calendar, q) + 90 <= s);
        treated += after;
    }
    assert_int_equal(treated, p.treated_rows);
    assert_int_equal(p.cells, p.treated_rows);
    assert_int_equal(p.treated_units, 20);
    assert_int_equal(p.cohorts, 2);
    fixture_close(&f);
}

static void deals_keep_their_outcome(void **state)
{
    (void)state;
    fixture f;
    open_world(&f, STUDY);
    rl_plan plan;
    rl_panel rate, speed;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[1], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_panel_build(&f.t, &plan, &rate, f.cx.keep, &f.cx), &f.cx);
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[2], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_panel_build(&f.t, &plan, &speed, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(rate.t.n, speed.t.n);
    assert_non_null(rl_table_col(&rate.t, "size"));
    double wins = 0, value_wins = 0;
    for (size_t i = 0; i < rate.t.n; i++) {
        assert_true(rate.y[i] == 0 || rate.y[i] == 1);
        assert_true(rate.y[i] == 1 ? speed.y[i] >= 0 && speed.y[i] <= 90 : speed.y[i] == 0);
        wins += rate.y[i];
    }
    plan.outcome = RL_OUT_WINS;
    plan.deal_level = false;
    rl_panel count;
    CHECK_OK(rl_panel_build(&f.t, &plan, &count, f.cx.keep, &f.cx), &f.cx);
    for (size_t i = 0; i < count.t.n; i++) value_wins += count.y[i];
    assert_true(wins == value_wins);
    fixture_close(&f);
}

static void money_adds_up(void **state)
{
    (void)state;
    fixture f;
    open_world(&f, STUDY);
    rl_answer a = {.study = &f.study};
    CHECK_OK(rl_solve_questions(&f.t, &a, &f.cx), &f.cx);
    for (size_t i = 0; i < a.n_questions; i++) assert_true(a.question[i].can);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    for (size_t i = 0; i < a.n_models; i++)
        if (a.model[i].status != RL_MODEL_DONE)
            fail_msg("model %s: %s", a.model[i].spec->name, a.model[i].refused.what);
    const rl_money *m = &a.money;
    assert_true(m->given);
    assert_int_equal(m->n_parts, 4);
    double sum = 0, value = 0;
    for (size_t i = 0; i < m->n_parts; i++) sum += m->part[i].money.est;
    CHECK_DIGITS(sum, m->total.est, 12);
    for (int k = 0; k < ACCOUNTS; k++) /* revenue as seen: won in exposed, mature quarters */
        for (int32_t q = rl_period_of(f.study.calendar, rl_day(2024, 4, 1));
             q <= rl_period_of(f.study.calendar, rl_day(2025, 3, 1)); q++)
            if (start_of(k) != RL_NO_DAY && rl_period_first(f.study.calendar, q) >= start_of(k))
                value += slow_value(&f, k, q, 90);
    CHECK_DIGITS(m->with, value, 12);
    CHECK_DIGITS(m->gross_profit.est, 0.7 * m->total.est, 14);
    assert_true(m->total.low < m->total.est && m->total.est < m->total.high);
    assert_int_equal(m->n_ages, 4);
    CHECK_DIGITS(m->age[1].total.est, m->total.est, 12); /* 90 days is the horizon */
    assert_int_equal(m->n_without, 5);
    assert_true(m->largest_deals.amount > 0);
    fixture_close(&f);
}

/* What is won by 180 days is what is won by 90 and what comes later, on the same cells. */
static void ages_add_up(void **state)
{
    (void)state;
    fixture f;
    open_world(&f, STUDY);
    rl_plan plan;
    rl_att early, late, all;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    plan.guard = 180;
    while (rl_period_last(plan.calendar, plan.last_period) + 180 > f.t.cut) plan.last_period--;
    CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &early, f.cx.keep, &f.cx), &f.cx);
    plan.horizon = 180;
    CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &all, f.cx.keep, &f.cx), &f.cx);
    plan.after = 90;
    CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &late, f.cx.keep, &f.cx), &f.cx);
    assert_true(late.effect != 0);
    CHECK_NEAR(early.effect + late.effect, all.effect, 1e-9 * fabs(all.effect));
    fixture_close(&f);
}

/* The estimator is linear: a drift of one breakdown per period in the treated moves the effect to zero. */
static void the_breakdown_drift_breaks_it(void **state)
{
    (void)state;
    fixture f;
    open_world(&f, STUDY);
    rl_plan plan;
    rl_att e;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &e, f.cx.keep, &f.cx), &f.cx);
    double drift, drift_ci, left, *y = RL_NEW(f.cx.keep, double, e.panel.t.n);
    rl_breakdown_drift(&e, &drift, &drift_ci, &f.cx);
    for (size_t i = 0; i < e.panel.t.n; i++)
        y[i] = e.panel.y[i] - (isnan(e.panel.t.col[2].num[i]) ? 0 : drift * e.panel.t.col[1].num[i]);
    CHECK_DIGITS(rl_att_of(&e, e.panel.y), e.effect, 11);
    left = rl_att_of(&e, y);
    CHECK_NEAR(left, 0, 1e-8 * fabs(e.effect));
    CHECK_DIGITS(sqrt(rl_att_cov(&e, e.psi, e.psi, &f.cx)), e.se, 12);
    fixture_close(&f);
}

static void what_cannot_be_answered_is_refused(void **state)
{
    (void)state;
    fixture f;
    open_world(&f,
               "study: {title: t, currency: USD, period: quarter, cut: 2025-06-30}\n"
               "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, "
               "amount: amount,\n"
               "        won: [Won], lost: [Lost], open: [Open]}\n"
               "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
               "models:\n  v: {question: Did it pay?, outcome: value, horizon: 500, treatment: abm, primary: yes}\n");
    rl_answer a = {.study = &f.study};
    CHECK_OK(rl_solve_questions(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.n_questions, 1);
    assert_false(a.question[0].can);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.model[0].status, RL_MODEL_REFUSED);
    assert_true(a.primary_refused);
    assert_int_equal(rl_exit_status(a.model[0].refused.code), 4);
    assert_true(a.n_unanswered >= 1);
    assert_string_equal(a.unanswered[0].what, "Did it pay?");
    fixture_close(&f);
}

/* --- Fieller -------------------------------------------------------------------- */
static void fieller_sets(void **state)
{
    (void)state;
    rl_ratio r = rl_fieller(6, 3, 0.04, 0, 0.01, 0, 0.95);
    double q = 1.959963984540054;
    const double ends[] = {r.low, r.high};
    for (int k = 0; k < 2; k++) /* the ends solve (a - t b)^2 = q^2 var(a - t b) */
        CHECK_NEAR((6 - ends[k] * 3) * (6 - ends[k] * 3), q * q * (0.04 + ends[k] * ends[k] * 0.01), 1e-9);
    CHECK_DIGITS(r.est, 2, 16);
    assert_false(r.outside || r.all || r.none);
    r = rl_fieller(6, 0.1, 0.04, 0, 0.01, 0, 0.95); /* the denominator may be zero */
    assert_true(r.outside);
    r = rl_fieller(0.1, 0.1, 0.04, 0, 0.01, 0, 0.95); /* and so may both */
    assert_true(r.all);
    r = rl_fieller(1, 0, 0.04, 0, 0, 0, 0.95);
    assert_true(r.none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_follow_their_definition),
        cmocka_unit_test(value_counts_every_eligible_account),
        cmocka_unit_test(deals_keep_their_outcome),
        cmocka_unit_test(money_adds_up),
        cmocka_unit_test(the_breakdown_drift_breaks_it),
        cmocka_unit_test(what_cannot_be_answered_is_refused),
        cmocka_unit_test(fieller_sets),
        cmocka_unit_test(ages_add_up),
    };
    return cmocka_run_group_tests_name("panel", tests, NULL, NULL);
}
