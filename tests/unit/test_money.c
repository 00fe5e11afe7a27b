#include "base/rng.h"
#include "model/att.h"
#include "model/money.h"
#include "model/panel.h"
#include "model/series.h"
#include "model/solve.h"
#include "study_fixture.h"

/* Deals by account and region, 2022-01 to 2025-06; what got the programme wins more from 2024-04 on. */
#define ACCOUNTS 36
static const char *const REGION[] = {"North", "South", "East", "West", "Coast", "Lakes", "Hills", "Isles", "Moor"};

static void write_deals(fixture *f)
{
    rl_str d = rl_str_new(f->cx.keep), a = rl_str_new(f->cx.keep);
    rl_str_add(&d, "id,account,region,type,created,closed,status,amount\n");
    rl_str_add(&a, "account,staff\n");
    char day[2][16];
    rl_rng r = rl_rng_for(2385, 7);
    for (int k = 0; k < ACCOUNTS; k++) {
        if (k % 12 == 5)
            rl_str_addf(&a, "A%02d,\n", k);
        else
            rl_str_addf(&a, "A%02d,%d\n", k, 17 + 31 * k);
        for (int i = 0; i < 40; i++) {
            int32_t created = rl_day(2022, 1, 1) + (int32_t)(rl_uniform(&r) * 1270),
                    closed = created + (int32_t)(rl_uniform(&r) * 120);
            double boost = k % 9 == 0 && created >= rl_day(2024, 4, 1) ? 1.5 : 1, u = rl_uniform(&r);
            const char *status = closed > rl_day(2025, 6, 30) ? "Open" : u < 0.35 * boost ? "Won" : "Lost";
            rl_str_addf(&d, "D%02d-%d,A%02d,%s,%s,%s,%s,%s,%.2f\n", k, i, k, REGION[k % 9],
                        k % 9 > 6 ? "Renewal" : "New", rl_day_text(day[0], created), rl_day_text(day[1], closed),
                        status, boost * (500 + 1000 * rl_uniform(&r)));
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "a.csv", rl_str_text(&a));
}

#define HEAD(more)                                                                                              \
    "study: {title: t, currency: USD, period: quarter, cut: 2025-06-30" more "}\n"                              \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, amount: " \
    "amount,\n"                                                                                                 \
    "        won: [Won], lost: [Lost], open: [Open], group: [region, type]}\n"
#define ACCOUNT_TABLE "accounts: {file: a.csv, id: account, fixed: [staff]}\n"

static void open_study(fixture *f, const char *programs, const char *study)
{
    fixture_open(f);
    write_deals(f);
    fixture_write(f, "p.csv", programs);
    CHECK_OK(fixture_read(f, study), &f->cx);
    assert_int_equal(rl_faults_fatal(&f->t.faults), 0);
}

static size_t lost_to(const rl_waterfall *w, const char *why)
{
    for (size_t i = 0; i < w->n_steps; i++)
        if (strstr(w->step[i].why, why) != NULL) return w->step[i].lost;
    return 0;
}

/* --- who takes part -------------------------------------------------------------- */

/* Isles and Moor sell renewals only: `where` leaves them without a deal, and they are no control of zeros. */
static void emptied_units_are_no_controls(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "region,start\nNorth,2024-04-01\n",
               HEAD(", where: {type: [New]}") "programs:\n  p: {file: p.csv, unit: region, start: start}\n"
                                              "models:\n  v: {outcome: value, horizon: 90, treatment: p}\n");
    rl_plan plan;
    rl_panel p;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_panel_build(&f.t, &plan, &p, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(p.treated_units, 1);
    assert_int_equal(p.control_units, 6);
    assert_int_equal(lost_to(&p.waterfall, "without any data"), 2 * 14);
    fixture_close(&f);
}

/* With one treated unit its own chance is in no residual: said, and nothing fails. */
static void one_treated_unit_is_the_design(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "region,start\nNorth,2024-04-01\n",
               HEAD("") "programs:\n  p: {file: p.csv, unit: region, start: start}\n"
                        "models:\n  v: {outcome: value, horizon: 90, treatment: p, primary: yes}\n");
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.model[0].status, RL_MODEL_DONE);
    assert_true(a.money.given && isfinite(a.money.total.est));
    bool said = false;
    for (size_t i = 0; i < a.n_warnings; i++) said |= strstr(a.warning[i], "only 1 region") != NULL;
    assert_true(said);
    fixture_close(&f);
}

/* A control that starts after the last cohort is one that has not started yet, not one that never does. */
static void never_means_never(void **state)
{
    (void)state;
    static const char *const PROGRAMS =
        "account,start\nA00,2024-04-01\nA09,2024-04-01\nA18,2024-07-01\nA27,2025-06-01\n";
    fixture f;
    open_study(&f, PROGRAMS,
               HEAD("") ACCOUNT_TABLE "programs:\n  p: {file: p.csv, unit: account, start: start}\nmodels:\n"
                                      "  n: {outcome: value, horizon: 90, treatment: p, control: never}\n"
                                      "  y: {outcome: value, horizon: 90, treatment: p, control: notyet}\n");
    rl_plan plan;
    rl_panel never, notyet;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_panel_build(&f.t, &plan, &never, f.cx.keep, &f.cx), &f.cx);
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[1], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_panel_build(&f.t, &plan, &notyet, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(never.control_units, ACCOUNTS - 4);
    assert_int_equal(notyet.control_units, ACCOUNTS - 3);
    assert_int_equal(lost_to(&never.waterfall, "control: never"), 14);
    assert_int_equal(lost_to(&notyet.waterfall, "control: never"), 0);
    fixture_close(&f);
}

static void everybody_treated_has_no_never(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    write_deals(&f);
    rl_str p = rl_str_new(f.cx.keep);
    rl_str_add(&p, "account,start\n");
    for (int k = 0; k < ACCOUNTS; k++) rl_str_addf(&p, "A%02d,2024-%s-01\n", k, k % 2 ? "04" : "10");
    fixture_write(&f, "p.csv", rl_str_text(&p));
    CHECK_OK(fixture_read(&f,
                          HEAD("") ACCOUNT_TABLE "programs:\n  p: {file: p.csv, unit: account, start: start}\nmodels:\n"
                                                 "  n: {outcome: value, horizon: 60, treatment: p, control: never}\n"
                                                 "  y: {outcome: value, horizon: 60, treatment: p}\n"),
             &f.cx);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.model[0].status, RL_MODEL_REFUSED);
    assert_non_null(strstr(a.model[0].refused.hint, "control: notyet"));
    if (a.model[1].status != RL_MODEL_DONE) fail_msg("%s", a.model[1].refused.what);
    fixture_close(&f);
}

/* Touches name accounts the accounts table does not have; a programme that names one does not treat it. */
static void only_eligible_accounts_are_treated(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    write_deals(&f);
    fixture_write(&f, "t.csv", "date,account\n2024-01-05,Stranger\n");
    fixture_write(&f, "p.csv", "account,start\nA00,2024-04-01\nStranger,2024-04-01\n");
    CHECK_OK(fixture_read(&f, HEAD("") ACCOUNT_TABLE "touchpoints: {file: t.csv, date: date, account: account}\n"
                                                     "programs:\n  p: {file: p.csv, unit: account, start: start}\n"),
             &f.cx);
    assert_int_equal(f.t.n_eligible, ACCOUNTS);
    assert_int_equal(f.t.program[0].treated, 1);
    assert_int_equal(f.t.program[0].unknown, 1);
    assert_int_equal(f.t.faults.count[RL_RULE_PROGRAM_UNIT], 1);
    fixture_close(&f);
}

/* --- dates ------------------------------------------------------------------------ */
static void transitions(void **state)
{
    (void)state;
    const int32_t start = 100, end = 300;
    const rl_transition keep = RL_TRANSITION_INCLUDE, early = RL_TRANSITION_ANTICIPATE;
    /* followed into the programme */
    assert_int_equal(rl_cell_of(start, end, 60, 89, 30, RL_TRANSITION_DROP), RL_CELL_PARTLY);
    assert_int_equal(rl_cell_of(start, end, 60, 89, 30, keep), RL_CELL_CLEAN);
    assert_int_equal(rl_cell_of(start, end, 60, 89, 30, early), RL_CELL_EXPOSED);
    /* the programme starts within */
    assert_int_equal(rl_cell_of(start, end, 90, 119, 30, RL_TRANSITION_DROP), RL_CELL_PARTLY);
    assert_int_equal(rl_cell_of(start, end, 90, 119, 30, keep), RL_CELL_EXPOSED);
    assert_int_equal(rl_cell_of(start, end, 90, 119, 30, early), RL_CELL_EXPOSED);
    /* followed beyond its end, and created after it */
    assert_int_equal(rl_cell_of(start, end, 260, 289, 30, RL_TRANSITION_DROP), RL_CELL_PARTLY);
    assert_int_equal(rl_cell_of(start, end, 260, 289, 30, keep), RL_CELL_EXPOSED);
    assert_int_equal(rl_cell_of(start, end, 260, 289, 30, early), RL_CELL_PARTLY);
    assert_int_equal(rl_cell_of(start, end, 300, 329, 30, keep), RL_CELL_ENDED);
}

/* The last day of a programme is a day with it: what is created on it and followed beyond is partly exposed. */
static void the_end_is_a_day_with_it(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "account,start,end\nA00,2024-01-01,2024-12-31\nA01,2024-01-01,2024-01-01\n",
               HEAD("") ACCOUNT_TABLE "programs:\n  p: {file: p.csv, unit: account, start: start, end: end}\n");
    int32_t a = rl_dict_find(f.t.account, "A00", 3), b = rl_dict_find(f.t.account, "A01", 3);
    assert_int_equal(f.t.program[0].end[a], rl_day(2025, 1, 1));
    assert_int_equal(f.t.program[0].end[b], rl_day(2024, 1, 2));
    fixture_close(&f);
}

/* Deals without a day, kept on purpose, are followed nowhere. */
static void kept_faults_do_no_harm(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    write_deals(&f);
    FILE *more = fopen(fixture_path(&f, "d.csv"), "a");
    assert_non_null(more);
    fputs("X2,A03,East,New,2023-02-03,,Won,99\nX3,A03,East,New,2023-02-03,,Lost,\n", more);
    fclose(more);
    fixture_write(&f, "p.csv", "account,start\nA00,2024-04-01\nA09,2024-04-01\nA18,2024-04-01\n");
    CHECK_OK(fixture_read(&f, HEAD(", rules: {decided-without-date: keep, closed-before-created: drop}") ACCOUNT_TABLE
                          "programs:\n  p: {file: p.csv, unit: account, start: start}\nmodels:\n"
                          "  v: {outcome: value, treatment: p}\n  d: {outcome: decision_time, treatment: p}\n"),
             &f.cx);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    for (size_t i = 0; i < 2; i++) {
        if (a.model[i].status != RL_MODEL_DONE) fail_msg("%s", a.model[i].refused.what);
        assert_true(fabs(a.model[i].lift.with) < 1e5);
    }
    assert_int_equal(a.program[0].horizon, 112); /* of wins up to 119 days, 90 % */
    fixture_close(&f);
}

/* --- covariates ---------------------------------------------------------------------- */
static void numbers_become_groups(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "account,start\nA00,2024-04-01\nA09,2024-04-01\nA18,2024-04-01\nA27,2024-04-01\nA05,2024-04-01\n",
               HEAD("") ACCOUNT_TABLE
               "programs:\n  p: {file: p.csv, unit: account, start: start}\n"
               "models:\n  v: {outcome: value, horizon: 90, treatment: p, covariates: [staff]}\n");
    rl_plan plan;
    rl_att e;
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &e, f.cx.keep, &f.cx), &f.cx);
    const rl_col *c = rl_table_col(&e.panel.t, "staff");
    size_t in[5] = {0}, none = 0;
    for (size_t i = 0; i < e.panel.t.n; i++) {
        if (isnan(c->num[i]))
            none++;
        else
            in[(int)c->num[i]]++;
    }
    for (int k = 1; k <= 4; k++) assert_true(in[k] > 0);
    assert_true(none > 0); /* three accounts do not say; one of them has the programme */
    assert_int_equal(e.panel.cells, e.panel.treated_rows);
    assert_int_equal(e.panel.treated_units, 4);
    fixture_close(&f);
}

/* --- money ---------------------------------------------------------------------------- */
#define PROGRAM "account,start\nA00,2024-04-01\nA09,2024-04-01\nA18,2024-04-01\nA27,2024-07-01\n"
#define MODEL   "models:\n  v: {outcome: value, horizon: 90, treatment: p, primary: yes}\n"

static void what_is_not_known_is_no_none(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, PROGRAM,
               HEAD("") ACCOUNT_TABLE "programs:\n  p: {file: p.csv, unit: account, start: start}\n" MODEL);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    const rl_ratio *r[] = {&a.money.roi, &a.money.payback_months, &a.money.cac};
    for (int k = 0; k < 3; k++) assert_true(isnan(r[k]->est) && !r[k]->none && !r[k]->all);
    assert_true(isnan(a.money.cost) && isnan(a.money.gross_profit.est) && isnan(a.money.time_value.est));
    assert_int_equal(a.money.n_parts, 4);
    fixture_close(&f);
}

static void a_loss_never_pays_back(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "account,start\nA01,2024-04-01\nA10,2024-04-01\nA19,2024-04-01\nA28,2024-07-01\n",
               HEAD("") ACCOUNT_TABLE
               "programs:\n  p: {file: p.csv, unit: account, start: start, cost: {total: 5000}}\n"
               "money: {gross_margin: 0.7}\n" MODEL);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_true(isfinite(a.money.roi.est));
    assert_int_equal(a.money.payback_months.none, a.money.total.est <= 0);
    assert_int_equal(a.money.cac.none, a.money.wins.est <= 0);
    assert_true(a.money.total.est < 0);
    fixture_close(&f);
}

static void a_channel_nobody_has_is_no_free_programme(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    write_deals(&f);
    fixture_write(&f, "p.csv", PROGRAM);
    fixture_write(&f, "s.csv", "week,channel,usd\n2024-04-01,search,100\n2024-05-06,ABM,250\n2025-06-02,ABM,40\n");
    static const char *const STUDY =
        HEAD("") ACCOUNT_TABLE "spend: {file: s.csv, date: week, channel: channel, amount: usd}\n"
                               "programs:\n  p: {file: p.csv, unit: account, start: start, cost: {channels: [%s]}}\n"
                               "money: {gross_margin: 0.7, loaded_cost: 1.5}\n" MODEL;
    char text[2000];
    snprintf(text, sizeof text, STUDY, "abm");
    CHECK_OK(fixture_read(&f, text), &f.cx);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_true(isnan(a.money.cost));
    bool said = false;
    for (size_t i = 0; i < a.n_warnings; i++) said |= strstr(a.warning[i], "the channels its cost is in") != NULL;
    assert_true(said);
    snprintf(text, sizeof text, STUDY, "ABM");
    CHECK_OK(fixture_read(&f, text), &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_true(a.money.cost == 1.5 * 250); /* the last exposed cohort that is counted is 2025Q1 */
    assert_true(a.money.cost_to_date == 1.5 * 290);
    fixture_close(&f);
}

/* Counts of deals in the cells of the fit, from the definition: one cohort, April 2024; 2025Q2 is too young. */
static void composition_is_counted(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "account,start\nA00,2024-04-01\nA09,2024-04-01\nA18,2024-04-01\nA27,2024-04-01\n",
               HEAD("") ACCOUNT_TABLE "programs:\n  p: {file: p.csv, unit: account, start: start}\n" MODEL);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    size_t n[2][2] = {{0}}, above[2][2] = {{0}};
    for (size_t i = 0; i < f.t.deals.n; i++) {
        int32_t day = f.t.deals.created[i], k = f.t.deals.account[i];
        bool after = day >= rl_day(2024, 4, 1);
        if (day > rl_day(2025, 3, 31) || (!after && day > rl_day(2023, 12, 31))) continue;
        n[k % 9 == 0][after]++;
        above[k % 9 == 0][after] += k % 12 != 5 && k > 18; /* the median of 33 is that of A18 */
    }
    const rl_money *m = &a.money;
    for (int x = 0; x < 2; x++)
        for (int y = 0; y < 2; y++) {
            assert_int_equal(m->volume.deals[x][y], n[x][y]);
            assert_int_equal(m->volume.cells[x][y], (x ? 4 : 32) * (y ? 4 : 8));
            CHECK_DIGITS(m->volume.rate[x][y], (double)n[x][y] / (double)m->volume.cells[x][y], 15);
        }
    assert_int_equal(m->n_mix, 3); /* below, above, not given */
    for (size_t i = 0; i < 3; i++) {
        if (strncmp(m->mix[i].level, "above", 5) != 0) continue;
        for (int x = 0; x < 2; x++)
            for (int y = 0; y < 2; y++) assert_int_equal(m->mix[i].deals[x][y], above[x][y]);
    }
    double sum = 0;
    for (size_t i = 0; i < 3; i++) sum += m->mix[i].share[1][1];
    CHECK_DIGITS(sum, 1, 15);
    fixture_close(&f);
}

/* As seen: wins' amounts per cell over mean days to win. */
static void pipeline_velocity_comes_from_its_parts(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, PROGRAM,
               HEAD("") ACCOUNT_TABLE "programs:\n  p: {file: p.csv, unit: account, start: start}\n" MODEL);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    const rl_money *m = &a.money;
    double days = 0, wins = 0;
    for (size_t i = 0; i < f.t.deals.n; i++) {
        const rl_deals *d = &f.t.deals;
        int32_t k = d->account[i], from = k == 27 ? rl_day(2024, 7, 1) : rl_day(2024, 4, 1);
        if (k % 9 != 0 || d->created[i] < from || d->created[i] > rl_day(2025, 3, 31)) continue;
        if (d->status[i] != RL_DEAL_WON || d->decided[i] - d->created[i] > 90) continue;
        wins++;
        days += d->decided[i] - d->created[i];
    }
    CHECK_DIGITS(m->pipeline_with, m->with / (double)m->treated_cells / (days / wins), 12);
    CHECK_DIGITS(m->pipeline.est, m->pipeline_with - m->pipeline_without, 14);
    assert_true(m->pipeline.se > 0);
    fixture_close(&f);
}

static void fieller_at_the_edge(void **state)
{
    (void)state;
    double q = 1.959963984540054;
    rl_ratio r = rl_fieller(5, q, 0, 0, 1, 0, 0.95); /* the denominator is just not told from zero */
    assert_true(!isnan(r.low) && !isnan(r.high) && r.low < r.est && r.est < r.high);
    assert_false(r.none);
}

/* --- a ready-made panel ------------------------------------------------------------------ */

/* Months dated by their first day: the last one is whole. */
static void a_panel_beside_deals(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    write_deals(&f);
    rl_str p = rl_str_new(f.cx.keep);
    rl_str_add(&p, "region,month,visits\n");
    for (int k = 8; k >= 0; k--) /* not in the order of the deals */
        for (int m = 0; m < 8; m++)
            rl_str_addf(&p, "%s,2024-%02d-01,%d\n", REGION[k], m + 1,
                        100 + 10 * k + 3 * m + (k == 2 && m >= 4 ? 7 : 0));
    fixture_write(&f, "panel.csv", rl_str_text(&p));
    fixture_write(&f, "p.csv", "region,start\nEast,2024-05-01\n");
    static const char *const STUDY =
        "study: {title: t, currency: USD, period: month}\n"
        "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, amount: "
        "amount,\n        won: [Won], lost: [Lost], open: [Open], group: [region]}\n"
        "panel: {file: panel.csv, unit: region, date: month, columns: [visits]}\n"
        "programs:\n  p: {file: p.csv, unit: %s, start: start}\n"
        "models:\n  v: {outcome: visits, treatment: p, primary: yes}\n";
    char text[2000];
    snprintf(text, sizeof text, STUDY, "region");
    CHECK_OK(fixture_read(&f, text), &f.cx);
    rl_answer a;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    if (a.model[0].status != RL_MODEL_DONE) fail_msg("%s", a.model[0].refused.what);
    CHECK_DIGITS(a.model[0].lift.effect.est, 7, 12);
    CHECK_DIGITS(a.money.total.est, 28, 12); /* May to August, August included */
    fixture_write(&f, "p.csv", "account,start\nA00,2024-05-01\n");
    snprintf(text, sizeof text, STUDY, "account");
    CHECK_OK(fixture_read(&f, text), &f.cx);
    assert_int_equal(rl_solve(&f.t, &a, &f.cx), RL_EINPUT);
    assert_non_null(strstr(f.cx.err.what, "given by account"));
    fixture_close(&f);
}

/* --- series ------------------------------------------------------------------------------ */
static void series_of_units_that_are_there(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f);
    write_deals(&f);
    fixture_write(&f, "s.csv", "week,region,usd\n2024-04-01,North,100\n2024-05-06,Isles,250\n2024-05-06,West,35\n");
    CHECK_OK(
        fixture_read(
            &f,
            HEAD(", where: {type: [New]}") "spend: {file: s.csv, date: week, amount: usd, unit: region}\nmodels:\n"
                                           "  a: {level: region, clock: event, formula: 'revenue ~ spend | region'}\n"
                                           "  b: {level: region, formula: 'revenue ~ spend | region'}\n"
                                           "  c: {level: account, clock: event, formula: 'revenue ~ spend | account'}\n"
                                           "  d: {level: account, clock: event, formula: 'revenue ~ opportunities | "
                                           "account'}\n"
                                           "  e: {level: all, clock: event, formula: 'revenue ~ opportunities'}\n"),
        &f.cx);
    rl_table t;
    rl_waterfall w;
    const char *unit;
    CHECK_OK(rl_series_build(&f.t, &f.study.model[0], &t, &unit, &w, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(t.n, 7 * 14); /* not the two regions with renewals alone */
    const rl_col *spend = rl_table_col(&t, "spend"), *revenue = rl_table_col(&t, "revenue");
    double usd = 0, booked = 0, north = 0, all = 0, won;
    for (size_t i = 0; i < t.n; i++) {
        usd += spend->num[i];
        booked += revenue->num[i];
        if (strcmp(t.col[0].dict->text[t.col[0].code[i]], "North") == 0) north += spend->num[i];
    }
    assert_true(usd == 135 && north == 100);
    won = booked;
    for (size_t i = 0; i < f.t.deals.n; i++)
        if (f.t.deals.status[i] == RL_DEAL_WON) booked -= f.t.deals.amount[i];
    CHECK_NEAR(booked, 0, 1e-6);
    assert_int_equal(rl_series_build(&f.t, &f.study.model[1], &t, &unit, &w, f.cx.keep, &f.cx), RL_EINPUT);
    assert_non_null(strstr(f.cx.err.what, "horizon"));
    rl_forgive(&f.cx);
    assert_int_equal(rl_series_build(&f.t, &f.study.model[2], &t, &unit, &w, f.cx.keep, &f.cx), RL_EINPUT);
    assert_non_null(strstr(f.cx.err.hint, "level: region"));
    rl_forgive(&f.cx);
    CHECK_OK(rl_series_build(&f.t, &f.study.model[3], &t, &unit, &w, f.cx.keep, &f.cx), &f.cx);
    CHECK_OK(rl_series_build(&f.t, &f.study.model[4], &t, &unit, &w, f.cx.keep, &f.cx), &f.cx);
    assert_null(unit); /* one series of everything */
    assert_int_equal(t.n, 14);
    for (size_t i = 0; i < t.n; i++) all += rl_table_col(&t, "revenue")->num[i];
    CHECK_NEAR(all, won, 1e-6);
    rl_answer a;
    f.study.model = &f.study.model[4];
    f.study.n_models = 1;
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.model[0].status, RL_MODEL_DONE);
    assert_string_equal(a.model[0].level, "all x quarter");
    assert_int_equal(a.model[0].main.rows_used, 14);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emptied_units_are_no_controls),
        cmocka_unit_test(one_treated_unit_is_the_design),
        cmocka_unit_test(never_means_never),
        cmocka_unit_test(everybody_treated_has_no_never),
        cmocka_unit_test(only_eligible_accounts_are_treated),
        cmocka_unit_test(transitions),
        cmocka_unit_test(the_end_is_a_day_with_it),
        cmocka_unit_test(kept_faults_do_no_harm),
        cmocka_unit_test(numbers_become_groups),
        cmocka_unit_test(what_is_not_known_is_no_none),
        cmocka_unit_test(a_loss_never_pays_back),
        cmocka_unit_test(a_channel_nobody_has_is_no_free_programme),
        cmocka_unit_test(composition_is_counted),
        cmocka_unit_test(pipeline_velocity_comes_from_its_parts),
        cmocka_unit_test(fieller_at_the_edge),
        cmocka_unit_test(a_panel_beside_deals),
        cmocka_unit_test(series_of_units_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
