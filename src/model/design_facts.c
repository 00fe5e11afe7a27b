/* model/design_facts.c -- cohorts, controls, clean periods, maturity: the
 * design of a programme, seen before any outcome is modelled. */
#include <math.h>
#include <string.h>

#include "model/breakdown.h"
#include "model/facts.h"
#include "model/spill.h"

typedef struct view {
    const rl_tables *t;
    const rl_plan *plan;
    const rl_program *prog;
    size_t U;
    int32_t last_period; /* of the cut                                       */
    const int32_t *unit; /* unit of each deal, NULL without deals            */
    rl_ctx *cx;
} view;

/* Mark units with a deal that was open on the unit's day[u]. */
static void mark_open(const view *v, const int32_t *day, unsigned char *open)
{
    const rl_deals *d = &v->t->deals;
    memset(open, 0, v->U);
    for (size_t i = 0; v->unit != NULL && i < d->n; i++) {
        int32_t u = v->unit[i];
        if (u < 0 || (size_t)u >= v->U || day[u] == RL_NO_DAY || d->created[i] == RL_NO_DAY) continue;
        if (d->created[i] < day[u] && (d->decided[i] == RL_NO_DAY || d->decided[i] >= day[u])) open[u] = 1;
    }
}

static void count_periods(const view *v, int32_t start, int32_t end, rl_cohort_facts *c)
{
    const rl_plan *p = v->plan;
    for (int32_t q = p->first_period; q <= p->last_period; q++) {
        rl_cell cell = rl_cell_of(start, end, rl_period_first(p->calendar, q), rl_period_last(p->calendar, q), p->guard,
                                  p->spec->transition);
        c->pre_periods += cell == RL_CELL_CLEAN;
        c->post_periods += cell == RL_CELL_EXPOSED;
    }
}

static void cohorts(const view *v, rl_program_facts *f)
{
    rl_calendar cal = v->plan->calendar;
    const rl_program *prog = v->prog;
    int32_t *at = RL_NEW(v->cx->tmp, int32_t, v->U), first = INT32_MAX, span_first = INT32_MAX, span_last = INT32_MIN;
    unsigned char *open = RL_NEW(v->cx->tmp, unsigned char, v->U);
    for (size_t u = 0; u < v->U; u++) {
        int32_t s = u < prog->n_units ? prog->start[u] : RL_NO_DAY;
        if (s == RL_NO_DAY) continue;
        if (s < first) first = s;
        int32_t q = rl_period_of(cal, s);
        if (q < span_first) span_first = q;
        if (q > span_last) span_last = q;
    }
    if (first == INT32_MAX) return;
    for (size_t u = 0; u < v->U; u++) {
        int32_t s = u < prog->n_units ? prog->start[u] : RL_NO_DAY;
        at[u] = s == RL_NO_DAY ? first : s; /* controls are looked at on the first start date */
    }
    mark_open(v, at, open);
    size_t slots = (size_t)(span_last - span_first) + 2, never = slots - 1, *opened = RL_NEW(v->cx->tmp, size_t, slots);
    rl_cohort_facts *c = RL_NEW(v->cx->keep, rl_cohort_facts, slots);
    int32_t *start = RL_NEW(v->cx->tmp, int32_t, slots), *end = RL_NEW(v->cx->tmp, int32_t, slots);
    size_t *slot_of = RL_NEW(v->cx->tmp, size_t, v->U);
    for (size_t k = 0; k < slots; k++) start[k] = end[k] = RL_NO_DAY;
    for (size_t u = 0; u < v->U; u++) {
        bool treated = u < prog->n_units && prog->start[u] != RL_NO_DAY;
        size_t k = slot_of[u] = treated ? (size_t)(rl_period_of(cal, prog->start[u]) - span_first) : never;
        c[k].units++;
        opened[k] += open[u];
        if (treated) {
            if (start[k] == RL_NO_DAY || prog->start[u] > start[k]) start[k] = prog->start[u];
            end[k] = prog->end[u];
        }
    }
    const rl_deals *d = &v->t->deals;
    for (size_t i = 0; v->unit != NULL && i < d->n; i++) {
        int32_t u = v->unit[i];
        if (u >= 0 && (size_t)u < v->U)
            (*(d->created[i] < at[u] ? &c[slot_of[u]].deals_before : &c[slot_of[u]].deals_after))++;
    }
    size_t open_treated = 0;
    f->cohort = c;
    for (size_t k = 0; k < slots; k++) {
        if (c[k].units == 0) continue;
        char buf[16];
        c[k].label = k == never ? "never" : rl_strdup(v->cx->keep, rl_period_text(buf, cal, span_first + (int32_t)k));
        c[k].open_at_start = (double)opened[k] / (double)c[k].units;
        count_periods(v, start[k], end[k], &c[k]);
        if (k != never) {
            f->treated += c[k].units;
            open_treated += opened[k];
        } else {
            f->controls = c[k].units;
            f->open_at_start_control = c[k].open_at_start;
        }
        c[f->n_cohorts++] = c[k];
    }
    f->open_at_start_treated = f->treated > 0 ? (double)open_treated / (double)f->treated : NAN;
}

static void maturity(const view *v, rl_program_facts *f)
{
    const rl_plan *p = v->plan;
    f->n_maturity = (size_t)(v->last_period - p->first_period + 1);
    f->maturity = RL_NEW(v->cx->keep, rl_maturity, f->n_maturity);
    char buf[16];
    for (size_t k = 0; k < f->n_maturity; k++) {
        int32_t q = p->first_period + (int32_t)k;
        f->maturity[k] = (rl_maturity){.period = rl_strdup(v->cx->keep, rl_period_text(buf, p->calendar, q)),
                                       .mature = q <= p->last_period,
                                       .matures_on = rl_period_last(p->calendar, q) + p->guard};
    }
    for (size_t i = 0; v->unit != NULL && i < v->t->deals.n; i++) {
        int32_t k = v->t->deals.period[i] - p->first_period;
        if (k >= 0 && (size_t)k < f->n_maturity) f->maturity[k].deals++;
    }
}

static void partly_exposed(const view *v, rl_program_facts *f)
{
    for (size_t u = 0; u < v->U && u < v->prog->n_units; u++)
        f->overlap += v->prog->start[u] != RL_NO_DAY && rl_other_start(v->t, v->prog, u) != RL_NO_DAY;
    for (size_t i = 0; v->unit != NULL && i < v->t->deals.n; i++) {
        int32_t u = v->unit[i], c = v->t->deals.created[i];
        if (u < 0 || (size_t)u >= v->prog->n_units || v->prog->start[u] == RL_NO_DAY) continue;
        f->partly_exposed += c < v->prog->start[u] && v->prog->start[u] < c + v->plan->guard;
    }
}

/* Deals entered when they were already decided have no speed: many of them in one arm, and speed compares habits
 * of writing down. */
static void same_day(const view *v, rl_program_facts *f)
{
    const rl_deals *d = &v->t->deals;
    size_t quick[2] = {0}, decided[2] = {0};
    for (size_t i = 0; v->unit != NULL && i < d->n; i++) {
        int32_t u = v->unit[i];
        if (u < 0 || (size_t)u >= v->U || d->decided[i] == RL_NO_DAY) continue;
        bool treated = (size_t)u < v->prog->n_units && v->prog->start[u] != RL_NO_DAY;
        decided[treated]++;
        quick[treated] += d->decided[i] == d->created[i];
    }
    f->decided_control = decided[0];
    f->decided_treated = decided[1];
    f->same_day_control = (double)quick[0] / (double)decided[0];
    f->same_day_treated = (double)quick[1] / (double)decided[1];
}

/* Every pair of programmes: who got both, and whether at the same time. */
static rl_overlap overlap_of(const rl_program *a, const rl_program *b)
{
    rl_overlap o = {.a = a->spec->name, .b = b->spec->name, .of_a = a->treated, .of_b = b->treated, .first = RL_NO_DAY};
    if (a->unit != b->unit) return o;
    o.unit = a->unit_name;
    for (size_t u = 0; u < a->n_units && u < b->n_units; u++) {
        if (a->start[u] == RL_NO_DAY || b->start[u] == RL_NO_DAY) continue;
        int32_t later = a->start[u] > b->start[u] ? a->start[u] : b->start[u];
        bool a_on = a->end[u] == RL_NO_DAY || a->end[u] > later, b_on = b->end[u] == RL_NO_DAY || b->end[u] > later;
        o.both++;
        o.at_once += a_on && b_on;
        if (o.first == RL_NO_DAY || later < o.first) o.first = later;
    }
    return o;
}

static void overlaps(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    size_t n = t->n_programs;
    a->overlap_policy = t->faults.policy[RL_RULE_PROGRAMS];
    a->overlap = RL_NEW(cx->keep, rl_overlap, n * (n - (n > 0)) / 2);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) a->overlap[a->n_overlaps++] = overlap_of(&t->program[i], &t->program[k]);
}

static const rl_model_spec *model_of(const rl_study *s, const char *program)
{
    for (size_t i = 0; i < s->n_models; i++)
        if (s->model[i].treatment.s != NULL && strcmp(s->model[i].treatment.s, program) == 0) return &s->model[i];
    return NULL;
}

rl_code rl_facts_design(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    overlaps(t, a, cx);
    a->program = RL_NEW(cx->keep, rl_program_facts, t->n_programs);
    for (size_t i = 0; i < t->n_programs; i++) {
        const rl_program *prog = &t->program[i];
        const rl_model_spec *m = model_of(t->study, prog->spec->name);
        rl_program_facts *f = &a->program[a->n_programs];
        rl_plan plan;
        if (m == NULL) continue;
        if (rl_plan_make(t, m, &plan, cx) != RL_OK) {
            if (rl_exit_status(cx->err.code) != 4) return cx->err.code;
            rl_remark(cx, "design", "programme '%s': %s", prog->spec->name, cx->err.what);
            rl_forgive(cx);
            continue;
        }
        *f = (rl_program_facts){.name = prog->spec->name,
                                .unit = prog->unit_name,
                                .horizon = plan.horizon,
                                .horizon_why = plan.horizon_why};
        bool by_deals = t->has_deals && plan.outcome != RL_OUT_COLUMN;
        view v = {t, &plan, prog, rl_program_size(t, prog), plan.last_period, by_deals ? rl_deal_units(t, prog) : NULL,
                  cx};
        if (by_deals) v.last_period = rl_period_of(plan.calendar, t->cut);
        cohorts(&v, f);
        maturity(&v, f);
        partly_exposed(&v, f);
        same_day(&v, f);
        rl_spill_facts(t, prog, f, cx);
        RL_TRY(rl_breakdown_facts(t, prog, f, cx));
        f->clusters = f->treated + f->controls;
        a->n_programs++;
    }
    return RL_OK;
}
