#include "model/identify.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/seen.h"
#include "base/str.h"
#include "model/att.h"
#include "model/few.h"
#include "num/order.h"

/* Counts of units with a row, by cohort and period. */
typedef struct counts {
    const rl_tables *t;
    const rl_plan *plan;
    const rl_panel *p;
    rl_arena *in;
    rl_ctx *cx;
    size_t U, T, G;
    double *cohort;         /* G      periods of the starts, ascending              */
    size_t *clean, *shown;  /* G*T    units of a cohort that are clean, exposed     */
    size_t *never, *notyet; /* T      clean units without a start; with a later one */
    size_t *units;          /* G                                                    */
    size_t *on, *over;      /* G*T    units whose exposure lasts all through; to which it had ended */
    bool *seen;             /* T      the data have a row of anybody                */
} counts;

static void find_cohorts(counts *c)
{
    const double *cohort = rl_table_col(&c->p->t, "cohort")->num;
    size_t n = 0;
    c->cohort = RL_NEW(c->cx->tmp, double, c->p->t.n);
    for (size_t i = 0; i < c->p->t.n; i++)
        if (!isnan(cohort[i])) c->cohort[n++] = cohort[i];
    c->G = rl_order_different(c->cohort, n);
}

static bool starts(const counts *c, size_t u)
{
    return u < c->plan->program->n_units && c->plan->program->start[u] != RL_NO_DAY;
}

static size_t cohort_at(const counts *c, double when)
{
    size_t lo = 0, hi = c->G;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c->cohort[mid] < when)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The program's own dates, whatever rows there are: of unit u of cohort g. */
static void count_dates(counts *c, size_t u, size_t g)
{
    const rl_program *prog = c->plan->program;
    for (size_t k = 0; k < c->T; k++) {
        int32_t period = c->plan->first_period + (int32_t)k;
        rl_cell x = rl_cell_of(prog->start[u], prog->end[u], rl_period_first(c->plan->calendar, period),
                               rl_period_last(c->plan->calendar, period), c->plan->guard, c->plan->spec->transition);
        c->on[g * c->T + k] += x == RL_CELL_EXPOSED;
        c->over[g * c->T + k] += x == RL_CELL_ENDED || (x == RL_CELL_PARTLY && period > (int32_t)c->cohort[g]);
    }
}

/* Periods of which the data have a row at all.  Units by period have one each, whatever there was. */
static void find_seen(counts *c)
{
    bool by_panel = c->plan->outcome == RL_OUT_COLUMN, deals = !by_panel && c->plan->deal_level;
    const int32_t *day = by_panel ? c->t->panel.col[1].day : deals ? c->t->deals.created : NULL;
    size_t n = by_panel ? c->t->panel.n : c->t->deals.n;
    c->seen = RL_NEW(c->cx->tmp, bool, c->T);
    for (size_t k = 0; k < c->T; k++) c->seen[k] = day == NULL;
    for (size_t i = 0; day != NULL && i < n; i++) {
        if (day[i] == RL_NO_DAY) continue;
        int64_t k = (int64_t)rl_period_of(c->plan->calendar, day[i]) - c->plan->first_period;
        if (k >= 0 && k < (int64_t)c->T) c->seen[k] = true;
    }
}

static void count(counts *c, rl_identified *out)
{
    const rl_panel *p = c->p;
    const double *period = rl_table_col(&p->t, "period")->num, *cohort = rl_table_col(&p->t, "cohort")->num;
    bool *seen = RL_NEW(c->cx->tmp, bool, c->U *(c->T + 1)); /* last: the unit itself */
    c->clean = RL_NEW(c->cx->tmp, size_t, c->G * c->T);
    c->shown = RL_NEW(c->cx->tmp, size_t, c->G * c->T);
    c->never = RL_NEW(c->cx->tmp, size_t, c->T);
    c->notyet = RL_NEW(c->cx->tmp, size_t, c->T);
    c->units = RL_NEW(c->cx->tmp, size_t, c->G);
    c->on = RL_NEW(c->cx->tmp, size_t, c->G * c->T);
    c->over = RL_NEW(c->cx->tmp, size_t, c->G * c->T);
    for (size_t i = 0; i < p->t.n; i++) {
        size_t u = (size_t)p->unit_code[i], k = (size_t)(period[i] - c->plan->first_period);
        bool treated = !isnan(cohort[i]);
        size_t g = treated ? cohort_at(c, cohort[i]) : 0;
        if (!rl_first_seen(seen, u * (c->T + 1) + k)) continue;
        if (treated) (*(p->exposed[i] ? &c->shown : &c->clean))[g * c->T + k]++;
        if (!p->exposed[i]) (*(treated || starts(c, u) ? &c->notyet : &c->never))[k]++;
        if (!rl_first_seen(seen, u * (c->T + 1) + c->T)) continue;
        out->clusters++;
        if (treated) c->units[g]++;
        if (treated) count_dates(c, u, g);
        (*(treated ? &out->treated : starts(c, u) ? &out->later : &out->never))++;
    }
}

static const char *period_text(const counts *c, size_t k)
{
    char buf[32];
    return rl_strdup(c->in, rl_period_text(buf, c->plan->calendar, c->plan->first_period + (int32_t)k));
}

/* Why there is no row of cohort g in period k, in which it should be exposed. */
static const char *why_no_row(const counts *c, const rl_wave_cell *x, size_t g, size_t k, const rl_identified *out)
{
    const char *period = rl_period_name(c->plan->calendar.kind);
    if (!c->seen[k]) return rl_sprintf(c->in, "the data have no row of that %s", period);
    if (c->on[g * c->T + k] == 0)
        return c->over[g * c->T + k] > 0
                   ? rl_sprintf(c->in, "the programme had ended there, or ends within the %s", period)
                   : rl_sprintf(c->in, "partly exposed: the programme begins within the %s", period);
    if (x->never + x->notyet == 0)
        return rl_sprintf(c->in, "no %s is left that %s", c->p->unit,
                          out->never_only ? "never had it" : "has not had it by then");
    return "no row: another programme had begun there, or the data have none";
}

/* Why cohort g has no effect in a period in which it should be exposed, or NULL. */
static const char *why_not(const counts *c, const rl_wave_cell *x, size_t g, size_t k, size_t base,
                           const rl_identified *out)
{
    const char *unit = c->p->unit, *period = rl_period_name(c->plan->calendar.kind);
    if (x->units == 0) return why_no_row(c, x, g, k, out);
    if (base == SIZE_MAX) return "no clean period before the start";
    if (x->never + x->notyet == 0)
        return rl_sprintf(c->in, "no %s %s in that %s", unit,
                          out->never_only ? "that never had it is seen" : "without it is seen", period);
    if (c->never[base] + (out->never_only ? 0 : c->notyet[base]) == 0)
        return rl_sprintf(c->in, "no control is seen in its base %s", period);
    return NULL;
}

static void wave_cells(counts *c, size_t g, size_t base, const rl_identified *out, rl_wave *w)
{
    w->cell = RL_NEW(c->in, rl_wave_cell, c->T);
    w->never = w->notyet = SIZE_MAX;
    for (size_t k = 0; k < c->T; k++) {
        rl_wave_cell *x = &w->cell[k];
        size_t clean = c->clean[g * c->T + k], shown = c->shown[g * c->T + k];
        *x = (rl_wave_cell){.period = period_text(c, k),
                            .event = c->plan->first_period + (int32_t)k - (int32_t)c->cohort[g],
                            .units = clean + shown,
                            .never = c->never[k],
                            .notyet = out->never_only ? 0 : c->notyet[k] - clean,
                            .clean = clean > 0,
                            .exposed = shown > 0};
        w->clean += x->clean && x->event < 0;
        w->exposed += x->exposed;
        if (x->event < 0) continue;
        x->why = why_not(c, x, g, k, base, out);
        x->estimable = x->exposed && x->why == NULL;
        w->estimable += x->estimable;
        if (!x->exposed) continue;
        if (x->never < w->never) w->never = x->never;
        if (x->notyet < w->notyet) w->notyet = x->notyet;
    }
}

static void make_wave(counts *c, size_t g, const rl_identified *out, rl_wave *w)
{
    size_t at = (size_t)(c->cohort[g] - c->plan->first_period), base = SIZE_MAX;
    for (size_t k = 0; k < at && k < c->T; k++)
        if (c->clean[g * c->T + k] > 0) base = k;
    *w = (rl_wave){.label = period_text(c, at), .units = c->units[g], .few = c->units[g] < RL_FEW};
    if (base != SIZE_MAX) {
        w->base = period_text(c, base);
        w->between = at - base - 1;
        for (size_t k = base + 1; k < at; k++) w->absent += !c->seen[k];
    }
    wave_cells(c, g, base, out, w);
    w->identified = w->estimable > 0;
    for (size_t k = at; k < c->T && !w->identified && w->why == NULL; k++) w->why = w->cell[k].why;
}

static void waves(counts *c, rl_identified *out)
{
    bool always = c->p->always > 0;
    out->n = c->G + always;
    out->wave = RL_NEW(c->in, rl_wave, out->n);
    if (always) {
        rl_wave_cell *none = RL_NEW(c->in, rl_wave_cell, c->T);
        for (size_t k = 0; k < c->T; k++) none[k] = (rl_wave_cell){.period = period_text(c, k), .event = INT32_MIN};
        out->wave[0] = (rl_wave){.label = "earlier",
                                 .units = c->p->always,
                                 .few = c->p->always < RL_FEW,
                                 .why = "no clean period before the start: left out",
                                 .cell = none};
    }
    for (size_t g = 0; g < c->G; g++) make_wave(c, g, out, &out->wave[always + g]);
}

rl_code rl_identify(const rl_tables *t, const rl_plan *plan, const rl_identified **out, rl_arena *in, rl_ctx *cx)
{
    rl_plan blind = *plan;
    rl_panel p;
    const rl_estimator *est;
    const char *why;
    size_t notes = cx->n_notes;
    *out = NULL;
    blind.blind = true;
    rl_code code = rl_panel_build(t, &blind, &p, cx->tmp, cx);
    cx->n_notes = notes;
    if (code != RL_OK && rl_exit_status(code) != 4) return code;
    if (code != RL_OK) {
        rl_forgive(cx);
        return RL_OK;
    }
    rl_identified *d = RL_NEW(in, rl_identified, 1);
    d->unit = p.unit;
    d->rows = p.waterfall.unit;
    d->period = rl_period_name(plan->calendar.kind);
    d->never_only = plan->spec->control_never;
    d->n_periods = p.n_trend;
    counts c = {.t = t, .plan = plan, .p = &p, .in = in, .cx = cx, .U = p.t.col[0].dict->n, .T = p.n_trend};
    find_cohorts(&c);
    find_seen(&c);
    count(&c, d);
    d->cluster = rl_strdup(in, p.cluster);
    if (p.cluster_of != NULL) d->clusters = p.clusters;
    waves(&c, d);
    RL_TRY(rl_estimator_choose(t, &blind, &p, &est, &why, cx));
    RL_TRY(rl_att_try(t, &blind, &p, est, &d->own_why, &d->sides, in, cx));
    d->rows = rl_strdup(in, d->rows);
    *out = d;
    return RL_OK;
}
