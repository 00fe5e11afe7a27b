/* tests/unit/fixture_answer.h -- answers made by hand, for the tests of the writers.
 *
 *   fixture_full     four lifts, money, lags, one refused model
 *   fixture_rollout  the full one, whose programme starts at two dates: cohorts, small ones, other estimators,
 *                    pairs of cohorts; a lift by region
 *   fixture_refused  a study without any programme
 *   fixture_hostile  the full one under names that try to become code or markup
 *
 * The figures are plausible, not estimated; the parts of the money add up.
 */
#ifndef RL_TESTS_FIXTURE_ANSWER_H
#define RL_TESTS_FIXTURE_ANSWER_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/str.h"
#include "model/answer.h"
#include "out/report.h"

static rl_interval fx_interval(double est, double se)
{
    return (rl_interval){est, se, est - 1.96 * se, est + 1.96 * se};
}

static const rl_interval FX_NONE = {NAN, NAN, NAN, NAN};

static const rl_estimator FX_TWFE = {.name = "twfe",
                                     .what = "difference in differences with unit and period effects",
                                     .method = "Each account is compared with itself before the programme and with "
                                               "accounts not yet reached in the same quarter; what is "
                                               "constant for an account and what is common to a quarter drop out. The "
                                               "effect is right when, without the programme, both groups "
                                               "would have moved in parallel",
                                     .source = "Wooldridge (2021)"};
static const rl_estimator FX_OLS = {.name = "ols",
                                    .what = "least squares",
                                    .method = "Least squares on the columns of the formula",
                                    .source = "Gauss (1809)"};

static rl_estimate fx_estimate(const char *term, int32_t event, double est, double se)
{
    rl_estimate e = {.label = {.term = term, .group = RL_NO_ID, .time = RL_NO_ID, .event = event},
                     .estimate = est,
                     .std_error = se,
                     .df = 411};
    e.statistic = se > 0 ? est / se : NAN;
    e.p_value = se > 0 ? erfc(fabs(est / se) / 1.4142135623730951) : NAN;
    e.conf_low = est - 1.966 * se;
    e.conf_high = est + 1.966 * se;
    return e;
}

static void fx_result(rl_result *r, const rl_estimator *e, size_t m, rl_arena *in)
{
    *r = (rl_result){.estimator = e,
                     .formula = "y ~ treated | account + quarter",
                     .rows_read = 6592,
                     .rows_used = 6431,
                     .clusters = 824,
                     .units = 824,
                     .periods = 12};
    r->vcov_kind = "cluster";
    r->vcov_by[0] = "account";
    r->vcov_ways = 1;
    r->ssc = "G/(G-1) x (n-1)/(n-k) = 1.0023";
    r->lag = -1;
    r->df = 823;
    r->level = 0.95;
    r->m = m;
    r->est = RL_NEW(in, rl_estimate, m);
    r->r2 = 0.413;
    r->r2_within = 0.0271;
    r->rmse = 0.3187;
    r->sigma = 0.3211;
    r->loglik = NAN;
    r->n_dropped = 2;
    r->dropped = RL_NEW(in, rl_dropped, 2);
    r->dropped[0] = (rl_dropped){"the only row of its account", 161};
    r->dropped[1] = (rl_dropped){"missing values", 0};
    r->n_tests = 1;
    r->test = RL_NEW(in, rl_test, 1);
    r->test[0] = (rl_test){
        .name = "no effect before the start", .statistic = 1.27, .df = 4, .df2 = 823, .p_value = 0.28};
}

static void fx_waterfall(rl_waterfall *w, rl_arena *in)
{
    w->unit = "deals";
    w->start = 9123;
    w->n_steps = 5;
    w->step = RL_NEW(in, rl_step, 5);
    static const struct {
        const char *why;
        size_t lost;
    } STEP[] = {{"outside 'where' of the study", 1204},
                {"created after the data cut", 17},
                {"partly exposed to the programme", 381},
                {"period not mature yet", 1090},
                {"account not in the accounts table", 0}};
    size_t left = w->start;
    for (size_t i = 0; i < 5; i++) {
        left -= STEP[i].lost;
        w->step[i] = (rl_step){STEP[i].why, STEP[i].lost, left};
    }
}

static void fx_trend(rl_model_answer *m, double level, double slope, double lift, rl_arena *in)
{
    static const char *const PERIOD[] = {"2023Q1", "2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2",
                                         "2024Q3", "2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4"};
    static const double WIGGLE[] = {0.011,  -0.013, 0.004,  0.017, -0.009, 0.002,
                                    -0.016, 0.012,  -0.003, 0.009, -0.011, 0.006};
    m->n_trend = 12;
    m->trend = RL_NEW(in, rl_trend_point, 12);
    for (size_t i = 0; i < 12; i++) {
        double control = level * (1 + slope * (double)i + 2 * WIGGLE[i]), after = i >= 8 ? lift : 0;
        m->trend[i] = (rl_trend_point){PERIOD[i],   control * 1.09 + after + level * WIGGLE[(i + 5) % 12],
                                       control,     240 + 3 * i,
                                       251 + 2 * i, i >= 8};
    }
}

static void fx_events(rl_model_answer *m, double lift, double se, rl_arena *in)
{
    static const double SHAPE[] = {0.05, -0.11, 0.08, -0.04, 0.02, -0.06, 0, 0.55, 1.02, 1.21, 1.22};
    m->has_event = true;
    m->base_event = -1;
    fx_result(&m->event, &FX_TWFE, 11, in);
    for (size_t i = 0; i < 11; i++)
        m->event.est[i] =
            fx_estimate("event", (int32_t)i - 7, lift * SHAPE[i], i == 6 ? 0 : se * (1.2 + 0.05 * (double)i));
}

/* One lift model; `truth` in the outcome's own unit. */
static void fx_model(rl_model_answer *m, const char *name, const char *question, rl_outcome o, const char *unit,
                     double scale, double without, double lift, double se, rl_arena *in)
{
    rl_model_spec *spec = RL_NEW(in, rl_model_spec, 1);
    spec->name = name;
    spec->question = question;
    spec->outcome = o;
    spec->treatment.s = "abm";
    spec->primary = o == RL_OUT_VALUE;
    *m = (rl_model_answer){
        .spec = spec, .status = RL_MODEL_DONE, .level = o == RL_OUT_VALUE ? "account x quarter" : "deal"};
    m->estimator_why = "one start date and clean controls: two-way fixed effects weigh no forbidden comparison";
    fx_waterfall(&m->waterfall, in);
    fx_result(&m->main, &FX_TWFE, 1, in);
    m->main.est[0] = fx_estimate("treated", RL_NO_ID, lift, se);
    m->has_lift = true;
    m->lift = (rl_lift){.outcome = o,
                        .unit = unit,
                        .scale = scale,
                        .effect = fx_interval(lift, se),
                        .with = without + lift,
                        .without = without,
                        .n = 1648};
    m->lift.relative = fx_interval(lift / without, se / without);
    m->lift.p_value = m->main.est[0].p_value;
    m->breakdown_drift = lift / 2.5;
    m->breakdown_drift_ci = fabs(lift) > 1.96 * se ? (fabs(lift) - 1.96 * se) / 2.5 : NAN;
    fx_trend(m, without, 0.006, lift, in);
    fx_events(m, lift, se, in);
}

static void fx_lags(rl_model_answer *m, rl_arena *in)
{
    rl_model_spec *spec = RL_NEW(in, rl_model_spec, 1);
    *spec = (rl_model_spec){
        .name = "paid-lags", .question = "How long does paid spend keep working?", .outcome = RL_OUT_REVENUE};
    *m = (rl_model_answer){.spec = spec,
                           .status = RL_MODEL_DONE,
                           .level = "region x quarter",
                           .breakdown_drift = NAN,
                           .breakdown_drift_ci = NAN};
    fx_result(&m->main, &FX_OLS, 30, in);
    m->main.vcov_kind = "DK";
    m->main.vcov_ways = 0;
    m->main.lag = 3;
    static const char *const TERM[] = {
        "lag(log1p(spend_paid),0)", "lag(log1p(spend_paid),1)", "lag(log1p(spend_paid),2)", "lag(log1p(spend_paid),3)",
        "lag(log1p(spend_paid),4)", "lag(log1p(spend_paid),5)", "lag(log1p(spend_paid),6)"};
    static const double B[] = {812.4, 1630.2, 1204.9, 733.5, 401.7, 120.3, -66.1};
    m->has_lags = true;
    m->n_lags = 7;
    m->lag = RL_NEW(in, const rl_estimate *, 7);
    rl_interval *sum = RL_NEW(in, rl_interval, 7);
    double total = 0;
    for (size_t i = 0; i < 7; i++) {
        m->main.est[i] = fx_estimate(TERM[i], RL_NO_ID, B[i], 310 + 22 * (double)i);
        m->lag[i] = &m->main.est[i];
        total += B[i];
        sum[i] = fx_interval(total, 310 * (1 + 0.31 * (double)i));
    }
    m->cumulated = sum;
    for (size_t i = 7; i < 30; i++)
        m->main.est[i] = fx_estimate(rl_sprintf(in, "period::2023Q%zu", i), RL_NO_ID, 41.7 * (double)i - 300.3, 96.2);
}

static void fx_refused(rl_model_answer *m, rl_arena *in)
{
    rl_model_spec *spec = RL_NEW(in, rl_model_spec, 1);
    *spec = (rl_model_spec){.name = "webinar-win-rate",
                            .question = "Did the webinars raise the win rate?",
                            .outcome = RL_OUT_OPPORTUNITIES};
    *m = (rl_model_answer){.spec = spec, .status = RL_MODEL_REFUSED};
    m->refused.code = RL_EDATA;
    strcpy(m->refused.what,
           "no account is left as a control: the programme 'webinars' reached all 824 accounts in 2024Q1");
    strcpy(m->refused.hint, "give the programme a start by account, or use 'control: notyet' with staggered starts");
}

static void fx_money(rl_money *m, const rl_model_answer *value, rl_arena *in)
{
    *m = (rl_money){.given = true, .value = value, .program = "abm", .treated_cells = 1648, .treated_units = 412};
    m->exposure_first = rl_day(2025, 1, 1);
    m->exposure_last = rl_day(2025, 12, 31);
    m->with = 9873214.5;
    m->total = fx_interval(1242317.25, 431207.9);
    m->without = m->with - m->total.est;
    m->wins = fx_interval(61.4, 19.2);
    m->gross_profit = fx_interval(0.72 * m->total.est, 0.72 * m->total.se);
    m->cost = 318397.5; /* 1.35 x the media */
    m->loaded_cost = 1.35;
    m->exposure_months = 11.97;
    m->cost_media = 235850;
    m->cost_to_date = 402100;
    m->net = (rl_interval){m->gross_profit.est - m->cost, m->gross_profit.se, m->gross_profit.low - m->cost,
                           m->gross_profit.high - m->cost};
    m->roi = (rl_ratio){.est = m->net.est / m->cost, .low = m->net.low / m->cost, .high = m->net.high / m->cost};
    m->payback_months = (rl_ratio){.est = 4.27, .low = 2.56, .high = 13.1};
    m->cac = (rl_ratio){.est = m->cost / 61.4, .low = 3221, .high = 13376};
    m->n_parts = 4;
    m->part = RL_NEW(in, rl_part, 4);
    m->part[0] = (rl_part){"volume", fx_interval(301200.5, 210400)};
    m->part[1] = (rl_part){"win rate", fx_interval(702118.75, 233100)};
    m->part[2] = (rl_part){"deal size", fx_interval(310411.0, 190050)};
    m->part[3] = (rl_part){"mix", fx_interval(-71413.0, 120400)};
    m->time_value = fx_interval(20417.3, 8120.2);
    m->n_ages = 4;
    m->age = RL_NEW(in, rl_age_lift, 4);
    static const double AGE[] = {30, 90, 180, 365}, LIFT[] = {182300.5, 905411.5, 1242317.25, NAN},
                        SE[] = {96040, 301200, 431207.9, NAN};
    for (size_t i = 0; i < 4; i++) {
        m->age[i] = (rl_age_lift){.age = (int)AGE[i],
                                  .answerable = i < 3,
                                  .answerable_on = i < 3 ? RL_NO_DAY : rl_day(2026, 12, 31),
                                  .cells = 1648,
                                  .since = FX_NONE};
        m->age[i].total = i < 3 ? fx_interval(LIFT[i], SE[i]) : FX_NONE;
        m->age[i].per_cell = i < 3 ? fx_interval(LIFT[i] / 1648, SE[i] / 1648) : FX_NONE;
    }
    m->drift = 302.4;
    m->drift_ci = 97.1;
    m->largest_deals = (rl_without){"the three largest deals", 812300, fx_interval(1011020.5, 389100)};
    m->n_without = 3;
    m->without_account = RL_NEW(in, rl_without, 3);
    m->without_account[0] = (rl_without){"Acme Holdings", 402100, fx_interval(1101300.25, 402900)};
    m->without_account[1] = (rl_without){"Globex GmbH & Co. KG", 388000, fx_interval(1120870.5, 410500)};
    m->without_account[2] = (rl_without){"Initech", 191000, fx_interval(1350411.5, 428800)};
    m->n_interval_flips = 0;
}

static void fx_tables(rl_answer *a, rl_arena *in)
{
    a->n_tables = 3;
    a->table = RL_NEW(in, rl_table_facts, 3);
    a->table[0] = (rl_table_facts){"deals", "deals.csv",           9123, 7919, rl_day(2023, 1, 2), rl_day(2026, 6, 29),
                                   5,       RL_NEW(in, rl_fact, 5)};
    a->table[0].fact[0] = (rl_fact){"won, lost, open", NAN, "", "2,011 won, 4,902 lost, 1,006 open"};
    a->table[0].fact[1] = (rl_fact){"naive win rate of decided deals", 0.29090, "share", NULL};
    a->table[0].fact[2] = (rl_fact){"won revenue", 31870412.75, "money", NULL};
    a->table[0].fact[3] = (rl_fact){"mean days to close, won", 71.317, "days", NULL};
    a->table[0].fact[4] = (rl_fact){"owners found in teams.csv", 0.9973, "share", NULL};
    a->table[1] = (rl_table_facts){"accounts", "accounts.csv", 824, 824, RL_NO_DAY, RL_NO_DAY, 0, NULL};
    a->table[2] = (rl_table_facts){"touchpoints",      "touches.csv",       48211, 47990,
                                   rl_day(2023, 1, 3), rl_day(2026, 6, 30), 1,     RL_NEW(in, rl_fact, 1)};
    a->table[2].fact[0] = (rl_fact){"touches of a known deal", 0.8641, "share", NULL};
    a->n_faults = 2;
    a->fault = RL_NEW(in, rl_fault_facts, 2);
    const char **examples = RL_NEW(in, const char *, 2);
    examples[0] = "deals.csv:17:4: created 2026-07-02";
    examples[1] = "deals.csv:311:4: created 2026-07-09";
    a->fault[0] = (rl_fault_facts){RL_RULE_FUTURE, RL_POLICY_DROP, 17, "deals.csv", 2, examples};
    a->fault[1] = (rl_fault_facts){RL_RULE_TOUCH_DEAL, RL_POLICY_KEEP, 221, "touches.csv", 0, NULL};
}

static void fx_program(rl_answer *a, rl_arena *in)
{
    a->n_programs = 1;
    rl_program_facts *p = a->program = RL_NEW(in, rl_program_facts, 1);
    *p = (rl_program_facts){.name = "abm",
                            .unit = "account",
                            .treated = 412,
                            .controls = 412,
                            .clusters = 824,
                            .horizon = 180,
                            .partly_exposed = 381};
    p->horizon_why = "90 % of the wins of mature deals before the programme had come by then";
    p->open_at_start_treated = 0.231;
    p->open_at_start_control = 0.204;
    p->n_cohorts = 2;
    p->cohort = RL_NEW(in, rl_cohort_facts, 2);
    p->cohort[0] = (rl_cohort_facts){"2025Q1", 412, 2911, 1502, 7, 4, 0.231};
    p->cohort[1] = (rl_cohort_facts){"never", 412, 2780, 1430, 12, 4, 0.204};
    p->n_maturity = 4;
    p->maturity = RL_NEW(in, rl_maturity, 4);
    p->maturity[0] = (rl_maturity){"2025Q3", true, rl_day(2026, 3, 29), 612};
    p->maturity[1] = (rl_maturity){"2025Q4", true, rl_day(2026, 6, 29), 640};
    p->maturity[2] = (rl_maturity){"2026Q1", false, rl_day(2026, 9, 27), 598};
    p->maturity[3] = (rl_maturity){"2026Q2", false, rl_day(2026, 12, 27), 492};
}

static inline rl_answer *fixture_full(rl_arena *in)
{
    rl_study *s = RL_NEW(in, rl_study, 1);
    *s = (rl_study){.path = "models/quarterly.yaml",
                    .folder = "models",
                    .title = "ABM programme, four quarters",
                    .currency = "USD",
                    .level = 0.95};
    s->calendar = (rl_calendar){RL_QUARTER, 1};
    s->n_programs = 1;
    s->money.given = true;
    s->money.gross_margin = 0.72;
    rl_answer *a = RL_NEW(in, rl_answer, 1);
    *a = (rl_answer){.study = s, .cut = rl_day(2026, 6, 30), .cut_why = "the study says so"};
    a->n_models = 6;
    a->model = RL_NEW(in, rl_model_answer, 6);
    fx_model(&a->model[0], "value", "What was the programme worth?", RL_OUT_VALUE, "USD", 1, 5237.4, 753.83, 261.65,
             in);
    fx_model(&a->model[1], "win-rate", "Did the ABM programme raise the win rate?", RL_OUT_WIN_RATE, "points", 100,
             0.2142, 0.0312, 0.0097, in);
    fx_model(&a->model[2], "deal-size", "Did it bring larger deals?", RL_OUT_DEAL_SIZE, "USD", 1, 15120.4, 1103.2,
             702.5, in);
    fx_model(&a->model[3], "speed", "Were deals won sooner or more often?", RL_OUT_VELOCITY, "days", 1, 22.31, 4.23, 1.87, in);
    fx_lags(&a->model[4], in);
    fx_refused(&a->model[5], in);
    fx_money(&a->money, &a->model[0], in);
    fx_tables(a, in);
    fx_waterfall(&a->waterfall, in);
    fx_program(a, in);
    a->n_unanswered = 2;
    a->unanswered = RL_NEW(in, rl_unanswered, 2);
    a->unanswered[0] = (rl_unanswered){
        "the lift by day 365",
        "no period after the start has been followed up that long; the first will have been on 2026-12-31"};
    a->unanswered[1] = (rl_unanswered){"did the webinars raise the win rate?",
                                       "every account was reached at once, so there is nobody to compare with"};
    a->n_warnings = 1;
    a->warning = RL_NEW(in, const char *, 1);
    a->warning[0] = "4 owners of 'deals.csv' have no row in 'teams.csv'";
    return a;
}

static inline rl_answer *fixture_refused(rl_arena *in)
{
    rl_study *s = RL_NEW(in, rl_study, 1);
    *s = (rl_study){.path = "crm.yaml", .folder = "", .title = "CRM export", .currency = "EUR", .level = 0.95};
    s->calendar = (rl_calendar){RL_QUARTER, 1};
    s->money.gross_margin = NAN;
    rl_answer *a = RL_NEW(in, rl_answer, 1);
    *a = (rl_answer){
        .study = s, .cut = rl_day(2026, 6, 30), .cut_why = "the latest creation date", .primary_refused = true};
    a->n_models = 1;
    a->model = RL_NEW(in, rl_model_answer, 1);
    fx_refused(&a->model[0], in);
    strcpy(a->model[0].refused.what, "the study names no programme, so there is no treatment");
    fx_tables(a, in);
    fx_waterfall(&a->waterfall, in);
    return a;
}

static void fx_rollout(rl_rollout *r, rl_arena *in)
{
    static const char *const PERIOD[] = {"2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1"},
                            *const LABEL[] = {"2024Q3", "2024Q4", "never"};
    static const size_t UNITS[] = {409, 3, 412};
    *r = (rl_rollout){.unit = "account", .n_periods = 5, .n = 3};
    r->period = RL_NEW(in, const char *, 5);
    r->row = RL_NEW(in, rl_rollout_row, 3);
    for (size_t t = 0; t < 5; t++) r->period[t] = PERIOD[t];
    for (size_t g = 0; g < 3; g++) {
        rl_rollout_row *x = &r->row[g];
        *x = (rl_rollout_row){LABEL[g], g == 2, UNITS[g], RL_NEW(in, double, 5), RL_NEW(in, size_t, 5),
                              RL_NEW(in, unsigned char, 5), 0};
        for (size_t t = 0; t < 5; t++) {
            x->rows[t] = g == 1 && t == 2 ? 0 : UNITS[g]; /* partly exposed */
            x->exposed[t] = g < 2 && t >= 2 + g;
            x->mean[t] = x->rows[t] == 0 ? NAN : 5100.5 + 37.1 * (double)t + 90 * (double)g + 753 * x->exposed[t];
        }
    }
}

static void fx_sides(rl_sides *s, double lift, double se, rl_arena *in)
{
    static const char *const NAME[] = {"etwfe", "cs", "lpdid", "twfe"};
    *s = (rl_sides){.n = 4, .v = RL_NEW(in, rl_side, 4), .low = lift, .high = 1.07 * lift, .rows = 6431, .read = 6500,
                    .step = 1, .last = 1, .has_weights = true,
                    .treated = 1648, .negative = 231, .negative_sum = -0.0371};
    s->says = "the 2 estimators of the same effect agree to within half of the smallest standard error";
    for (size_t i = 0; i < 4; i++) {
        rl_side *x = &s->v[i];
        *x = (rl_side){.estimator = NAME[i], .source = "a paper", .answered = i != 2, .same_estimand = i < 2,
                       .rows = 6431 - i, .units = 824, .compares = "rows not treated yet",
                       .base = "all periods before the start", .weighs = "every treated row alike", .same_rows = i != 1};
        x->effect = fx_estimate("overall", RL_NO_ID, lift * (1 + 0.07 * (double)i), se * (1 + 0.11 * (double)i));
        if (i == 2) x->why = "its base is the period before the start, which is partly exposed here";
        x->has_event = i < 2;
        if (i >= 2) continue;
        x->near = fx_estimate("events", RL_NO_ID, lift * (0.9 + 0.03 * (double)i), se * 1.21);
        fx_result(&x->event, &FX_TWFE, 4, in);
        for (int32_t e = 0; e < 4; e++)
            x->event.est[e] = fx_estimate("event", e - 2, lift * (e < 2 ? 0.04 : 1 + 0.05 * (double)i), e == 1 ? 0 : se);
    }
    static const char *const KIND[] = {"Earlier vs Later Treated", "Later vs Earlier Treated", "Treated vs Untreated"};
    static const double WEIGHT[] = {0.104, 0.151, 0.745};
    s->has_bacon = true;
    fx_result(&s->bacon, &FX_TWFE, 7, in);
    for (size_t k = 0; k < 7; k++) {
        rl_estimate *e = &s->bacon.est[k];
        *e = fx_estimate(k == 6 ? "overall" : k < 3 ? "type" : "pair", RL_NO_ID, lift * (0.7 + 0.1 * (double)(k % 3)), NAN);
        if (k == 6) continue;
        rl_comparison *c = RL_NEW(in, rl_comparison, 1);
        *c = (rl_comparison){KIND[k % 3], WEIGHT[k % 3], 20243, k % 3 == 2 ? RL_NO_ID : 20244, NULL, NULL};
        e->label.comparison = c;
    }
}

/* Three groups of one column, of which the last cannot be answered, and a column that makes none. */
static void fx_by(rl_model_answer *m, rl_arena *in)
{
    static const char *const LABEL[] = {"North America", "EMEA", "APAC"};
    m->n_by = 2, m->looks = 2;
    m->by = RL_NEW(in, rl_breakdown, 2);
    m->by[0] = (rl_breakdown){.column = "region", .unplaced = 7, .n_groups = 3, .answered = 2,
                              .group = RL_NEW(in, rl_group_answer, 3), .same_adjusted = 0.213, .unit = "account"};
    m->by[0].same = (rl_test){.name = "same effect", .statistic = 1.553, .df = 1, .df2 = 311.5, .p_value = 0.213};
    for (size_t g = 0; g < 3; g++) {
        rl_group_answer *x = &m->by[0].group[g];
        double est = m->lift.effect.est * (1.21 - 0.43 * (double)g), se = 1.4 * m->lift.effect.se;
        *x = (rl_group_answer){.label = LABEL[g], .answered = g < 2, .treated = 203 - 97 * g, .controls = 211 - 98 * g};
        if (g == 2) x->why = "9 accounts with the programme can be compared: fewer than 10";
        if (g == 2) continue;
        x->rows = 3211 - 1703 * g;
        x->effect = (rl_interval){est, se, est - 1.968 * se, est + 1.968 * se};
        x->low = est - 2.25 * se, x->high = est + 2.25 * se;
        x->df = 310 - 150 * (double)g, x->p_value = g ? 0.131 : 0.0043, x->p_adjusted = g ? 0.131 : 0.0086;
        x->stands = g == 0;
    }
    m->by[1] = (rl_breakdown){.column = "stage", .refused = "it changes within an account", .same_adjusted = NAN,
                              .hint = "a column of `by` is fixed", .unit = "account"};
}

static inline rl_answer *fixture_rollout(rl_arena *in)
{
    rl_answer *a = fixture_full(in);
    rl_model_answer *m = &a->model[0];
    fx_rollout(&m->rollout, in);
    fx_sides(&m->sides, m->lift.effect.est, m->lift.effect.se, in);
    fx_by(m, in);
    m->few = (rl_few){3, 0, 305.25, 152.5, 1355.125, NULL,
                      "3 treated units are in cohorts of fewer than 4: their own luck is taken from the controls"};
    return a;
}

#define FX_EVIL                                                                                                 \
    "=cmd|' /C calc'!A0`touch PWNED`$(touch PWNED)\"'\\ <script>alert(1)</script>&amp; %n%s _a^{b} @x\n!touch " \
    "PWNED\r\nEOD\n\xe2\x80\xaetxt\x1b[31m caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xff"

static inline rl_answer *fixture_hostile(rl_arena *in)
{
    rl_answer *a = fixture_rollout(in);
    rl_study *s = RL_NEW(in, rl_study, 1);
    *s = *a->study;
    s->title = FX_EVIL;
    s->currency = "<b>'`x`";
    a->study = s;
    a->cut_why = FX_EVIL;
    for (size_t i = 0; i < a->n_models; i++) {
        rl_model_answer *m = &a->model[i];
        rl_model_spec *spec = RL_NEW(in, rl_model_spec, 1);
        *spec = *m->spec;
        spec->name = spec->question = spec->treatment.s = spec->outcome_column.s = FX_EVIL;
        if (i == 3) spec->outcome = RL_OUT_COLUMN;
        m->spec = spec;
        m->level = m->estimator_why = m->lift.unit = m->trend_unit = FX_EVIL;
        for (size_t j = 0; j < m->n_trend; j++) m->trend[j].period = FX_EVIL;
        for (size_t j = 0; j < m->main.m; j++) m->main.est[j].label.term = FX_EVIL;
        m->main.formula = FX_EVIL;
        m->main.vcov_by[0] = FX_EVIL;
        for (size_t j = 0; j < m->waterfall.n_steps; j++) m->waterfall.step[j].why = FX_EVIL;
        m->waterfall.unit = FX_EVIL;
        if (m->status == RL_MODEL_REFUSED) m->refused.file = FX_EVIL;
        snprintf(m->refused.what, sizeof m->refused.what, "%s", FX_EVIL);
        snprintf(m->refused.hint, sizeof m->refused.hint, "%s", FX_EVIL);
    }
    rl_rollout *r = &a->model[0].rollout;
    r->unit = FX_EVIL;
    for (size_t t = 0; t < r->n_periods; t++) r->period[t] = FX_EVIL;
    for (size_t g = 0; g < r->n; g++) r->row[g].label = FX_EVIL;
    for (size_t g = 0; g < 3; g++) a->model[0].by[0].group[g].label = FX_EVIL;
    a->model[0].by[0].column = a->model[0].by[0].group[2].why = FX_EVIL;
    a->model[0].by[1].column = a->model[0].by[1].refused = a->model[0].by[1].hint = FX_EVIL;
    a->model[0].few.says = a->model[0].sides.says = a->model[0].sides.v[2].why = FX_EVIL;
    a->money.program = FX_EVIL;
    for (size_t i = 0; i < a->money.n_parts; i++) a->money.part[i].name = FX_EVIL;
    for (size_t i = 0; i < a->money.n_without; i++) a->money.without_account[i].label = FX_EVIL;
    for (size_t i = 0; i < a->n_tables; i++) a->table[i].file = a->table[i].table = FX_EVIL;
    a->table[0].fact[0].text = a->table[0].fact[1].label = FX_EVIL;
    a->fault[0].example[0] = FX_EVIL;
    a->waterfall.unit = FX_EVIL;
    for (size_t i = 0; i < a->waterfall.n_steps; i++) a->waterfall.step[i].why = FX_EVIL;
    a->program[0].name = a->program[0].unit = a->program[0].horizon_why = a->program[0].cohort[0].label =
        a->program[0].maturity[0].period = FX_EVIL;
    a->unanswered[0] = (rl_unanswered){FX_EVIL, FX_EVIL};
    a->warning[0] = FX_EVIL;
    return a;
}

static const rl_input_file FX_FILE[] = {
    {"models/quarterly.yaml", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 1811},
    {"deals.csv", "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", 601210}};
static const rl_inputs FX_INPUTS = {.version = "0.1.0",
                                    .numerics = "1",
                                    .command = "revlift run models/quarterly.yaml",
                                    .study = "models/quarterly.yaml",
                                    .seed = 20260630,
                                    .n = 2,
                                    .file = FX_FILE};

#endif
