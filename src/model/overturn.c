/* model/overturn.c -- lift by age, and what would overturn the total. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/money.h"
#include "num/dist.h"

static rl_interval scaled(const rl_att *e, double factor)
{
    const rl_estimate *x = &e->fit.est[e->at];
    return (rl_interval){factor * x->estimate, factor * x->std_error, factor * x->conf_low, factor * x->conf_high};
}

static const rl_interval UNKNOWN = {NAN, NAN, NAN, NAN};

/* A fit of which only the total is kept; *cells may be NULL. */
static rl_code refit(const rl_tables *t, const rl_plan *plan, const rl_estimator *est, rl_interval *total,
                     rl_interval *per_cell, size_t *cells, rl_ctx *cx)
{
    rl_arena *scratch = rl_arena_like(cx->tmp);
    rl_att e;
    size_t notes = cx->n_notes; /* what the fit of the whole said already */
    rl_code code = rl_att_fit(t, plan, est, &e, scratch, cx);
    if (code == RL_OK) {
        *total = scaled(&e, (double)e.panel.cells);
        if (per_cell != NULL) *per_cell = scaled(&e, 1);
        if (cells != NULL) *cells = e.panel.cells;
    }
    rl_arena_free(scratch);
    cx->n_notes = notes;
    return code;
}

/* The same without what carries the design alone: the only treated unit, say.  Not known then, and no error. */
static rl_code refit_or_unknown(const rl_tables *t, const rl_plan *plan, const rl_estimator *est, rl_interval *total,
                                rl_ctx *cx)
{
    rl_code code = refit(t, plan, est, total, NULL, NULL, cx);
    if (code == RL_OK || rl_exit_status(code) != 4) return code;
    *total = UNKNOWN;
    rl_forgive(cx);
    return RL_OK;
}

/* --- lift by age ---------------------------------------------------------------- */

/* The day on which the first exposed cohort has `age` days of follow-up; RL_NO_DAY when that is past, and
 * something else is missing: clean cohorts before the programme, or its end came too early. */
static int32_t answerable_on(const rl_tables *t, const rl_att *value, int age)
{
    int32_t period = rl_period_of(value->plan.calendar, value->panel.first_exposed);
    int32_t day = rl_period_last(value->plan.calendar, period) + age;
    return day > t->cut ? day : RL_NO_DAY;
}

static rl_code one_age(const rl_tables *t, const rl_att *value, int age, rl_age_lift *out, rl_ctx *cx)
{
    rl_plan plan = value->plan;
    *out = (rl_age_lift){.age = age, .answerable_on = RL_NO_DAY, .since = UNKNOWN};
    plan.horizon = age;
    if (age == value->plan.horizon) {
        out->answerable = true;
        out->cells = value->panel.cells;
        out->per_cell = scaled(value, 1);
        out->total = scaled(value, (double)out->cells);
        return RL_OK;
    }
    if (age > plan.guard) { /* older than the headline: fewer cohorts are old enough */
        plan.guard = age;
        while (plan.last_period >= plan.first_period && rl_period_last(plan.calendar, plan.last_period) + age > t->cut)
            plan.last_period--;
    }
    rl_code code = RL_EDATA;
    if (plan.last_period >= plan.first_period)
        code = refit(t, &plan, value->fit.estimator, &out->total, &out->per_cell, &out->cells, cx);
    if (code != RL_OK) {
        if (rl_exit_status(code) != 4) return code;
        rl_forgive(cx);
        out->answerable_on = answerable_on(t, value, age);
        return RL_OK;
    }
    out->answerable = true;
    if (age < value->plan.horizon) return RL_OK;
    plan.after = value->plan.horizon; /* what came later, on the cells that are old enough */
    rl_interval all;
    return refit(t, &plan, value->fit.estimator, &all, &out->since, NULL, cx);
}

rl_code rl_money_ages(const rl_tables *t, const rl_att *value, rl_money *m, rl_ctx *cx)
{
    const rl_texts *ages = &t->study->ages;
    if (value->plan.outcome != RL_OUT_VALUE) return RL_OK;
    m->age = RL_NEW(cx->keep, rl_age_lift, ages->n);
    for (size_t i = 0; i < ages->n; i++) RL_TRY(one_age(t, value, atoi(ages->v[i].s), &m->age[m->n_ages++], cx));
    return RL_OK;
}

/* --- breakdown drift --------------------------------------------------------------- */
void rl_breakdown_drift(const rl_att *e, double *drift, double *drift_ci, rl_ctx *cx)
{
    const rl_panel *p = &e->panel;
    const double *period = p->t.col[1].num, *cohort = p->t.col[2].num;
    double *y = RL_NEW(cx->tmp, double, p->t.n);
    for (size_t i = 0; i < p->t.n; i++) y[i] = isnan(cohort[i]) ? 0.0 : period[i] - e->plan.first_period;
    *drift = *drift_ci = NAN;
    double bias = rl_att_of(e, y);
    rl_release(cx->tmp, y);
    if (fabs(bias) < 1e-9) return; /* nobody without the programme to drift apart from */
    const rl_estimate *x = &e->fit.est[e->at];
    *drift = x->estimate / bias;
    if (x->conf_low > 0)
        *drift_ci = x->conf_low / bias;
    else if (x->conf_high < 0)
        *drift_ci = x->conf_high / bias;
}

/* --- without .. ---------------------------------------------------------------------- */
static rl_code without_largest(const rl_tables *t, const rl_att *value, rl_money *m, rl_ctx *cx)
{
    const rl_panel *p = &value->panel;
    if (p->n_largest == 0) return RL_OK;
    unsigned char *skip = RL_NEW(cx->keep, unsigned char, t->deals.n);
    rl_plan plan = value->plan;
    for (size_t i = 0; i < p->n_largest; i++) {
        skip[p->largest[i]] = 1;
        m->largest_deals.amount += t->deals.amount[p->largest[i]];
    }
    plan.skip_deal = skip;
    m->largest_deals.label = rl_sprintf(cx->keep, "the %zu largest won deals", p->n_largest);
    return refit_or_unknown(t, &plan, value->fit.estimator, &m->largest_deals.total, cx);
}

typedef struct ranked {
    double move;
    size_t unit;
} ranked;

static int by_move(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    double p = fabs(x->move), q = fabs(y->move);
    return p != q ? (p < q) - (p > q) : (x->unit > y->unit) - (x->unit < y->unit);
}

/* The total without unit u to first order: the effect is then effect - psi_u,
 * its variance the old one without psi_u, and u's own cells go. */
static rl_interval first_order(const rl_att *value, size_t u, double se, double level)
{
    const rl_panel *p = &value->panel;
    double cells = (double)p->cells;
    for (size_t i = 0; i < p->t.n; i++)
        if (p->exposed[i] && (size_t)p->unit_code[i] == u) cells--;
    return rl_interval_of(cells * (value->effect - value->psi[u]), cells * se, value->df, level);
}

/* Of all units, how many alone would flip the sign or whether the interval
 * holds zero (to first order); the five that move the effect most. */
static void rank_units(const rl_att *value, const double *se, ranked *r, double level, rl_money *m)
{
    const rl_estimate *x = &value->fit.est[value->at];
    double q = rl_t_quantile(0.5 + level / 2, value->df);
    bool holds_zero = x->conf_low <= 0 && x->conf_high >= 0;
    for (size_t u = 0; u < value->N; u++) {
        double psi = value->psi[u], moved = value->effect - psi;
        double half = q * se[u];
        r[u] = (ranked){psi, u};
        m->n_sign_flips += moved * value->effect < 0;
        m->n_interval_flips += (fabs(moved) <= half) != holds_zero;
    }
    qsort(r, value->N, sizeof *r, by_move);
}

/* The five by a new fit each; in a panel so large that one unit cannot be seen, to first order. */
static rl_code without_units(const rl_tables *t, const rl_att *value, rl_money *m, rl_ctx *cx)
{
    enum { SHOWN = 5, MOST_ROWS = 200000 };
    ranked *r = RL_NEW(cx->tmp, ranked, value->N);
    const double *se = rl_att_se_without(value, cx);
    rank_units(value, se, r, t->study->level, m);
    m->without_account = RL_NEW(cx->keep, rl_without, SHOWN);
    for (size_t k = 0; k < SHOWN && k < value->N && r[k].move != 0; k++) {
        rl_plan plan = value->plan;
        rl_without *w = &m->without_account[m->n_without++];
        plan.skip_unit = r[k].unit;
        *w = (rl_without){.label = value->plan.program->unit->text[r[k].unit], .amount = NAN};
        if (value->panel.t.n > MOST_ROWS)
            w->total = first_order(value, r[k].unit, se[r[k].unit], t->study->level);
        else
            RL_TRY(refit_or_unknown(t, &plan, value->fit.estimator, &w->total, cx));
    }
    return RL_OK;
}

rl_code rl_money_overturn(const rl_tables *t, const rl_att *value, rl_money *m, rl_ctx *cx)
{
    rl_breakdown_drift(value, &m->drift, &m->drift_ci, cx);
    RL_TRY(without_largest(t, value, m, cx));
    if (value->panel.treated_units + value->panel.control_units < 8) return RL_OK; /* each unit is the design itself */
    return without_units(t, value, m, cx);
}
