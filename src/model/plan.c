/* model/plan.c -- what a model leaves open: level, horizon, usable periods. */
#include <math.h>
#include <string.h>

#include "model/panel.h"
#include "num/order.h"

const int32_t *rl_deal_units(const rl_tables *t, const rl_program *prog)
{
    if (prog->unit == t->account) return t->deals.account;
    return rl_table_col(&t->deals.t, prog->unit_name)->code;
}

size_t rl_program_size(const rl_tables *t, const rl_program *prog)
{
    return prog->unit == t->account ? t->n_eligible : prog->n_units;
}

int32_t rl_other_start(const rl_tables *t, const rl_program *prog, size_t u)
{
    int32_t first = RL_NO_DAY;
    for (size_t i = 0; i < t->n_programs; i++) {
        const rl_program *q = &t->program[i];
        if (q == prog || q->unit != prog->unit || u >= q->n_units || q->start[u] == RL_NO_DAY) continue;
        if (first == RL_NO_DAY || q->start[u] < first) first = q->start[u];
    }
    return first;
}

static int32_t first_start(const rl_program *p)
{
    int32_t first = INT32_MAX;
    for (size_t u = 0; u < p->n_units; u++)
        if (p->start[u] != RL_NO_DAY && p->start[u] < first) first = p->start[u];
    return first;
}

/* The age by which 90 % of the wins had come, among deals created before the
 * programme and at least a year before the cut; rounded up to full weeks. */
static rl_code default_horizon(const rl_tables *t, rl_plan *plan, rl_ctx *cx)
{
    enum { YEAR = 365, FEWEST = 20 };
    const rl_deals *d = &t->deals;
    int32_t before = first_start(plan->program);
    int32_t *age = RL_NEW(cx->tmp, int32_t, d->n), n = 0;
    for (size_t i = 0; i < d->n; i++)
        if (d->status[i] == RL_DEAL_WON && d->decided[i] != RL_NO_DAY && d->created[i] != RL_NO_DAY &&
            d->created[i] < before && d->created[i] + YEAR <= t->cut)
            age[n++] = d->decided[i] - d->created[i];
    if (n < FEWEST) {
        rl_fail(cx, RL_EDATA,
                "only %d wins of mature deals created before the programme: too few to take a horizon from", n);
        return rl_hint(cx, "give the model a `horizon` in days");
    }
    rl_order_int(age, (size_t)n);
    int q = age[(9 * n + 9) / 10 - 1];
    plan->horizon = q <= 7 ? 7 : (q + 6) / 7 * 7;
    plan->horizon_why = rl_sprintf(
        cx->keep, "90 %% of the %d wins of mature deals created before the programme came within %d days", n, q);
    return RL_OK;
}

/* The last day a ready-made panel tells about: a row dated by the start (or
 * any day, the same in all) of its period stands for the whole of it. */
static int32_t panel_end(const rl_tables *t, rl_calendar cal, int32_t last)
{
    const int32_t *day = t->panel.col[1].day;
    int32_t offset = last - rl_period_first(cal, rl_period_of(cal, last));
    bool stamped = true;
    for (size_t i = 0; i < t->panel.n && stamped; i++)
        stamped = day[i] == RL_NO_DAY || day[i] - rl_period_first(cal, rl_period_of(cal, day[i])) == offset;
    int32_t end = stamped ? rl_period_last(cal, rl_period_of(cal, last)) : last;
    return t->study->cut != RL_NO_DAY && t->study->cut < end ? t->study->cut : end;
}

/* The creation periods that can be used.  A period that began well before the
 * first deal is incomplete; one whose cohort cannot be followed is immature. */
static rl_code usable_periods(const rl_tables *t, rl_plan *plan, rl_ctx *cx)
{
    rl_calendar cal = plan->calendar;
    int32_t first = INT32_MAX, last = RL_NO_DAY;
    bool by_panel = plan->outcome == RL_OUT_COLUMN;
    const int32_t *day = by_panel ? t->panel.col[1].day : t->deals.created;
    size_t n = by_panel ? t->panel.n : t->deals.n;
    for (size_t i = 0; i < n; i++) {
        if (day[i] == RL_NO_DAY) continue;
        if (day[i] < first) first = day[i];
        if (day[i] > last) last = day[i];
    }
    if (last == RL_NO_DAY) return rl_fail(cx, RL_EDATA, "no %s to follow", by_panel ? "panel rows" : "deals");
    plan->first_period = rl_period_of(cal, first);
    int32_t begins = rl_period_first(cal, plan->first_period), ends = rl_period_last(cal, plan->first_period);
    if (5 * (first - begins) > ends - begins + 1) plan->first_period++;
    int32_t end = by_panel ? panel_end(t, cal, last) : t->cut;
    plan->last_period = rl_period_of(cal, end);
    while (plan->last_period >= plan->first_period && rl_period_last(cal, plan->last_period) + plan->guard > end)
        plan->last_period--;
    if (plan->last_period >= plan->first_period) return RL_OK;
    char day_text[16];
    rl_fail(cx, RL_EDATA, "no creation period has %d days of follow-up before the cut (%s)", plan->guard,
            rl_day_text(day_text, end));
    return rl_hint(cx, "shorten `horizon`, or wait until the first cohorts are old enough");
}

static rl_code needs(const rl_tables *t, const rl_plan *plan, rl_ctx *cx)
{
    const rl_study *s = t->study;
    rl_at at = plan->spec->at;
    const char *what = rl_outcome_name(plan->outcome), *lacks = NULL;
    bool money = plan->outcome == RL_OUT_VALUE || plan->outcome == RL_OUT_DEAL_SIZE ||
                 plan->outcome == RL_OUT_LOG_DEAL_SIZE || plan->outcome == RL_OUT_REVENUE;
    if (plan->outcome == RL_OUT_COLUMN) {
        if (plan->program->unit == t->panel.col[0].dict) return RL_OK;
        rl_fail_at(cx, RL_EINPUT, s->path, at.line, at.col,
                   "'%s' is a column of the panel, whose rows are by '%s'; programme '%s' is given by %s", plan->column,
                   t->panel.col[0].name, plan->program->spec->name, plan->program->unit_name);
        return rl_hint(cx, "give the programme by the units of the panel: unit: %s", t->panel.col[0].name);
    }
    if (!t->has_deals)
        lacks = "a `deals` table";
    else if (s->deals.closed.s == NULL && plan->outcome != RL_OUT_OPPORTUNITIES)
        lacks = "`deals.closed`";
    else if (money && t->deals.amount == NULL)
        lacks = "`deals.amount`";
    else if (plan->program->unit == t->account && t->deals.account == NULL)
        lacks = "`deals.account` (the programme is given by account)";
    if (lacks == NULL) return RL_OK;
    return rl_fail_at(cx, RL_EINPUT, s->path, at.line, at.col, "outcome '%s' needs %s", what, lacks);
}

static bool is_deal_level(rl_outcome o)
{
    return o == RL_OUT_WIN_RATE || o == RL_OUT_DEAL_SIZE || o == RL_OUT_LOG_DEAL_SIZE || o == RL_OUT_VELOCITY ||
           o == RL_OUT_DECISION_TIME || o == RL_OUT_DAYS_TO_WIN;
}

static rl_code check_level(const rl_tables *t, rl_plan *plan, rl_ctx *cx)
{
    const rl_text level = plan->spec->level;
    const char *own = plan->outcome == RL_OUT_COLUMN ? "panel" : plan->deal_level ? "deal" : plan->program->unit_name;
    if (level.s == NULL || strcmp(level.s, own) == 0 ||
        (plan->outcome == RL_OUT_COLUMN && strcmp(level.s, plan->program->unit_name) == 0))
        return RL_OK;
    rl_fail_at(cx, RL_EINPUT, t->study->path, level.at.line, level.at.col,
               "outcome '%s' of a programme given by %s is fitted on level '%s', not '%s'",
               rl_outcome_name(plan->outcome), plan->program->unit_name, own, level.s);
    return rl_hint(cx, "leave `level` out, or write `level: %s`", own);
}

/* A programme without a single known unit: the names of two systems, most likely. */
static rl_code nobody(const rl_tables *t, const rl_program *p, rl_ctx *cx)
{
    if (p->unknown == 0) {
        rl_fail(cx, RL_EDATA, "programme '%s' has no %s with a start", p->spec->name, p->unit_name);
        return rl_hint(cx, "its file needs a row with a start date for each %s that got it", p->unit_name);
    }
    const char *known = rl_program_size(t, p) > 0 ? p->unit->text[0] : "";
    rl_fail(cx, RL_EDATA,
            "programme '%s': none of its %zu rows names a known %s; it says '%.60s', the data have '%.60s'",
            p->spec->name, p->unknown, p->unit_name, p->stranger, known);
    return rl_hint(cx, "the names must be written alike in all files; a lookup file can translate them");
}

rl_code rl_plan_make(const rl_tables *t, const rl_model_spec *m, rl_plan *plan, rl_ctx *cx)
{
    *plan = (rl_plan){.spec = m,
                      .program = rl_tables_program(t, m->treatment.s),
                      .outcome = m->outcome,
                      .column = m->outcome_column.s,
                      .calendar = t->study->calendar,
                      .skip_unit = SIZE_MAX,
                      .after = -1};
    if (plan->program->treated == 0) return nobody(t, plan->program, cx);
    if (plan->outcome == RL_OUT_REVENUE && !m->clock_event) plan->outcome = RL_OUT_VALUE;
    plan->deal_level = is_deal_level(plan->outcome);
    RL_TRY(needs(t, plan, cx));
    RL_TRY(check_level(t, plan, cx));
    bool follows = plan->outcome != RL_OUT_COLUMN && plan->outcome != RL_OUT_REVENUE;
    plan->horizon = follows ? m->horizon : 0;
    plan->horizon_why = follows ? "given in the study" : "none: counted when it happens";
    if (follows && plan->horizon == 0) RL_TRY(default_horizon(t, plan, cx));
    plan->guard = plan->horizon;
    return usable_periods(t, plan, cx);
}
