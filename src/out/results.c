/* out/results.c -- results.json. */
#include "out/results.h"

#include <math.h>

#include "base/date.h"
#include "out/json.h"
#include "out/json_fit.h"
#include "out/manifest.h"
#include "out/view.h"

void rl_results_date(rl_json *j, const char *key, int32_t day)
{
    char buf[16];
    rl_json_str(j, key, day == RL_NO_DAY ? NULL : rl_day_text(buf, day));
}

void rl_results_interval(rl_json *j, const rl_interval *x)
{
    rl_json_num(j, "estimate", x->est);
    rl_json_num(j, "std_error", x->se);
    rl_json_num(j, "conf_low", x->low);
    rl_json_num(j, "conf_high", x->high);
}

void rl_results_figure(rl_json *j, const char *key, const rl_interval *x)
{
    rl_json_open(j, key, '{');
    rl_results_interval(j, x);
    rl_json_close(j);
}

static void ratio(rl_json *j, const char *key, const rl_ratio *r)
{
    rl_json_open(j, key, '{');
    rl_json_num(j, "estimate", r->none ? NAN : r->est);
    rl_json_num(j, "conf_low", r->none || r->all ? NAN : r->low);
    rl_json_num(j, "conf_high", r->none || r->all ? NAN : r->high);
    bool known = r->none || r->all || !isnan(r->est);
    rl_json_str(j, "kind",
                !known       ? "unknown"
                : r->none    ? "none"
                : r->all     ? "all"
                : r->outside ? "outside"
                             : "interval");
    rl_json_close(j);
}

static void waterfall(rl_json *j, const rl_waterfall *w)
{
    rl_json_open(j, "waterfall", '{');
    rl_json_str(j, "unit", w->unit);
    rl_json_count(j, "start", w->start);
    rl_json_open(j, "steps", '[');
    for (size_t i = 0; i < w->n_steps; i++) {
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "why", w->step[i].why);
        rl_json_count(j, "lost", w->step[i].lost);
        rl_json_count(j, "left", w->step[i].left);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_close(j);
}

/* --- the data ---------------------------------------------------------------------- */

static void study(rl_json *j, const rl_answer *a, const rl_input_file *file)
{
    const rl_study *s = a->study;
    rl_json_open(j, "study", '{');
    rl_json_str(j, "title", s->title);
    rl_json_str(j, "currency", s->currency);
    rl_json_str(j, "period", s->calendar.kind == RL_PERIOD_NONE ? NULL : rl_period_name(s->calendar.kind));
    rl_json_num(j, "level", s->level);
    rl_results_date(j, "cut", a->cut);
    rl_json_str(j, "cut_why", a->cut_why);
    rl_json_str(j, "file", file ? rl_relative_path(file->path, j->out.in) : NULL);
    rl_json_str(j, "sha256", file ? file->sha256 : NULL);
    rl_json_close(j);
}

static void tables(rl_json *j, const rl_answer *a)
{
    rl_json_open(j, "tables", '[');
    for (size_t i = 0; i < a->n_tables; i++) {
        const rl_table_facts *t = &a->table[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "table", t->table);
        rl_json_str(j, "file", t->file);
        rl_json_count(j, "rows_read", t->rows_read);
        rl_json_count(j, "rows_used", t->rows_used);
        rl_results_date(j, "first", t->first_day);
        rl_results_date(j, "last", t->last_day);
        rl_json_open(j, "facts", '[');
        for (size_t k = 0; k < t->n_facts; k++) {
            rl_json_open(j, NULL, '{');
            rl_json_str(j, "label", t->fact[k].label);
            rl_json_num(j, "value", t->fact[k].value);
            rl_json_str(j, "unit", t->fact[k].unit);
            rl_json_str(j, "text", t->fact[k].text);
            rl_json_close(j);
        }
        rl_json_close(j);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void faults(rl_json *j, const rl_answer *a)
{
    rl_json_open(j, "faults", '[');
    for (size_t i = 0; i < a->n_faults; i++) {
        const rl_fault_facts *f = &a->fault[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "rule", rl_rule_name(f->rule));
        rl_json_str(j, "policy", rl_policy_name(f->policy));
        rl_json_count(j, "count", f->count);
        rl_json_str(j, "file", f->file);
        rl_json_texts(j, "examples", f->example, f->n_examples);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void program(rl_json *j, const rl_program_facts *p)
{
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "name", p->name);
    rl_json_str(j, "unit", p->unit);
    rl_json_count(j, "treated", p->treated);
    rl_json_count(j, "controls", p->controls);
    rl_json_count(j, "clusters", p->clusters);
    rl_json_count(j, "horizon", p->horizon > 0 ? (uint64_t)p->horizon : 0);
    rl_json_str(j, "horizon_why", p->horizon_why);
    rl_json_num(j, "open_at_start_treated", p->open_at_start_treated);
    rl_json_num(j, "open_at_start_control", p->open_at_start_control);
    rl_json_count(j, "overlap", p->overlap);
    rl_json_count(j, "partly_exposed", p->partly_exposed);
    rl_json_num(j, "same_day_treated", p->decided_treated > 0 ? p->same_day_treated : NAN);
    rl_json_num(j, "same_day_control", p->decided_control > 0 ? p->same_day_control : NAN);
    rl_results_shares(j, p);
    rl_results_members(j, p);
    rl_json_open(j, "cohorts", '[');
    for (size_t i = 0; i < p->n_cohorts; i++) {
        const rl_cohort_facts *c = &p->cohort[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "label", c->label);
        rl_json_count(j, "units", c->units);
        rl_json_count(j, "deals_before", c->deals_before);
        rl_json_count(j, "deals_after", c->deals_after);
        rl_json_count(j, "pre_periods", c->pre_periods);
        rl_json_count(j, "post_periods", c->post_periods);
        rl_json_num(j, "open_at_start", c->open_at_start);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_open(j, "maturity", '[');
    for (size_t i = 0; i < p->n_maturity; i++) {
        const rl_maturity *m = &p->maturity[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "period", m->period);
        rl_json_bool(j, "mature", m->mature);
        rl_results_date(j, "matures_on", m->matures_on);
        rl_json_count(j, "deals", m->deals);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_close(j);
}

/* --- a model --------------------------------------------------------------------------- */

static void lift(rl_json *j, const rl_model_answer *m)
{
    const rl_lift *l = &m->lift;
    rl_json_open(j, "lift", '{');
    rl_results_interval(j, &l->effect);
    rl_json_num(j, "p_value", l->p_value);
    rl_results_figure(j, "relative", &l->relative);
    rl_json_num(j, "with", l->with);
    rl_json_num(j, "without", l->without);
    rl_json_str(j, "unit", rl_unit_own(m));
    rl_json_num(j, "scale", l->scale);
    rl_json_str(j, "shown_in", l->unit);
    rl_json_count(j, "n", l->n);
    rl_json_close(j);
}

static void event(rl_json *j, const rl_model_answer *m)
{
    rl_json_open(j, "event", '{');
    rl_json_num(j, "base", m->base_event);
    rl_json_result(j, &m->event);
    rl_json_close(j);
}

static void trend(rl_json *j, const rl_model_answer *m)
{
    rl_json_open(j, "trend", '[');
    for (size_t i = 0; i < m->n_trend; i++) {
        const rl_trend_point *p = &m->trend[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "period", p->period);
        rl_json_num(j, "treated", p->treated);
        rl_json_num(j, "control", p->control);
        rl_json_count(j, "n_treated", p->n_treated);
        rl_json_count(j, "n_control", p->n_control);
        rl_json_bool(j, "exposed", p->exposed);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void lags(rl_json *j, const rl_model_answer *m)
{
    rl_json_open(j, "lags", '{');
    rl_json_open(j, "terms", '[');
    for (size_t i = 0; i < m->n_lags; i++) rl_json_str(j, NULL, m->lag[i]->label.term);
    rl_json_close(j);
    rl_json_open(j, "cumulated", '[');
    for (size_t i = 0; m->cumulated && i < m->n_lags; i++) rl_results_figure(j, NULL, &m->cumulated[i]);
    rl_json_close(j);
    rl_json_close(j);
}

static void refused(rl_json *j, const rl_err *e)
{
    rl_json_open(j, "refused", '{');
    rl_json_str(j, "reason", e->what);
    rl_json_str(j, "hint", e->hint[0] ? e->hint : NULL);
    rl_json_close(j);
}

static void model(rl_json *j, const rl_model_answer *m)
{
    const rl_model_spec *spec = m->spec;
    bool done = m->status == RL_MODEL_DONE;
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "name", spec->name);
    rl_json_str(j, "question", spec->question);
    rl_json_bool(j, "primary", spec->primary);
    rl_json_str(j, "status", done ? "done" : "refused");
    if (!done) refused(j, &m->refused);
    rl_json_str(j, "estimator", done && m->main.estimator ? m->main.estimator->name : NULL);
    rl_json_str(j, "why", m->estimator_why);
    rl_json_str(j, "outcome", spec->outcome == RL_OUT_COLUMN ? spec->outcome_column.s : rl_outcome_name(spec->outcome));
    rl_json_str(j, "level", m->level);
    waterfall(j, &m->waterfall);
    if (done) {
        if (m->has_lift) lift(j, m);
        rl_results_groups(j, m);
        rl_json_open(j, "result", '{');
        rl_json_result(j, &m->main);
        rl_json_close(j);
        if (m->has_event) event(j, m);
        if (m->n_trend) trend(j, m);
        if (m->has_lags) lags(j, m);
        rl_results_channels(j, m);
        rl_json_num(j, "breakdown_drift", m->breakdown_drift);
        rl_json_num(j, "breakdown_drift_interval", m->breakdown_drift_ci);
    }
    rl_json_close(j);
}

/* --- money -------------------------------------------------------------------------------- */

static void without(rl_json *j, const char *key, const rl_without *w)
{
    rl_json_open(j, key, '{');
    rl_json_str(j, "label", w->label);
    rl_json_num(j, "amount", w->amount);
    rl_results_figure(j, "total", &w->total);
    rl_json_close(j);
}

static void ages(rl_json *j, const rl_money *m)
{
    rl_json_open(j, "ages", '[');
    for (size_t i = 0; i < m->n_ages; i++) {
        const rl_age_lift *g = &m->age[i];
        rl_json_open(j, NULL, '{');
        rl_json_num(j, "age", g->age);
        rl_json_bool(j, "answerable", g->answerable);
        rl_results_date(j, "answerable_on", g->answerable ? RL_NO_DAY : g->answerable_on);
        rl_results_figure(j, "total", &g->total);
        rl_results_figure(j, "per_cell", &g->per_cell);
        rl_results_figure(j, "since", &g->since);
        rl_json_count(j, "cells", g->cells);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void pipeline(rl_json *j, const rl_money *m)
{
    rl_json_open(j, "pipeline_velocity", '{');
    rl_json_num(j, "with", m->pipeline_with > 0 ? m->pipeline_with : NAN);
    rl_json_num(j, "without", m->pipeline_without > 0 ? m->pipeline_without : NAN);
    rl_results_figure(j, "effect", &m->pipeline);
    rl_json_close(j);
}

/* Two numbers by arm. */
static void four(rl_json *j, const char *key, const double *x)
{
    static const char *const NAME[2][2] = {{"control_before", "control_after"}, {"treated_before", "treated_after"}};
    rl_json_open(j, key, '{');
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) rl_json_num(j, NAME[a][b], x[2 * a + b]);
    rl_json_close(j);
}

static void composition(rl_json *j, const rl_money *m)
{
    rl_json_open(j, "composition", '{');
    four(j, "deals_per_cell", m->volume.rate[0]);
    rl_json_open(j, "shares", '[');
    for (size_t i = 0; i < m->n_mix; i++) {
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "trait", m->mix[i].trait);
        rl_json_str(j, "level", m->mix[i].level);
        four(j, "share", m->mix[i].share[0]);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_close(j);
}

static void overturn(rl_json *j, const rl_money *m)
{
    rl_json_num(j, "drift", m->drift);
    rl_json_num(j, "drift_interval", m->drift_ci);
    if (m->largest_deals.label)
        without(j, "without_largest_deals", &m->largest_deals);
    else
        rl_json_null(j, "without_largest_deals");
    rl_json_open(j, "without_account", '[');
    for (size_t i = 0; i < m->n_without; i++) without(j, NULL, &m->without_account[i]);
    rl_json_close(j);
    rl_json_count(j, "sign_flips", m->n_sign_flips);
    rl_json_count(j, "interval_flips", m->n_interval_flips);
}

static void money(rl_json *j, const rl_money *m)
{
    rl_json_open(j, "money", '{');
    rl_json_str(j, "program", m->program);
    rl_json_str(j, "model", m->value ? m->value->spec->name : NULL);
    rl_json_count(j, "treated_cells", m->treated_cells);
    rl_json_count(j, "treated_units", m->treated_units);
    rl_json_count(j, "missing_cells", m->missing_cells);
    rl_results_date(j, "exposure_first", m->exposure_first);
    rl_results_date(j, "exposure_last", m->exposure_last);
    rl_json_num(j, "with", m->with);
    rl_json_num(j, "without", m->without);
    rl_results_figure(j, "total", &m->total);
    rl_results_figure(j, "wins", &m->wins);
    rl_results_figure(j, "gross_profit", &m->gross_profit);
    rl_json_num(j, "cost", m->cost);
    rl_json_num(j, "cost_media", m->cost_media);
    rl_json_num(j, "cost_to_date", m->cost_to_date);
    rl_json_num(j, "loaded_cost", m->loaded_cost > 0 ? m->loaded_cost : NAN);
    rl_results_figure(j, "net", &m->net);
    ratio(j, "roi", &m->roi);
    ratio(j, "payback_months", &m->payback_months);
    rl_json_num(j, "exposure_months", m->exposure_months > 0 ? m->exposure_months : NAN);
    ratio(j, "cac", &m->cac);
    rl_json_open(j, "parts", '[');
    for (size_t i = 0; i < m->n_parts; i++) {
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "name", m->part[i].name);
        rl_results_interval(j, &m->part[i].money);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_results_figure(j, "time_value", &m->time_value);
    pipeline(j, m);
    composition(j, m);
    ages(j, m);
    overturn(j, m);
    rl_json_close(j);
}

const char *rl_results_text(const rl_answer *a, const rl_input_file *file, rl_arena *in)
{
    rl_json made = rl_json_new(in), *j = &made;
    rl_json_open(j, NULL, '{');
    rl_json_count(j, "schema", 1);
    study(j, a, file);
    rl_json_open(j, "data", '{');
    tables(j, a);
    faults(j, a);
    rl_json_close(j);
    waterfall(j, &a->waterfall);
    rl_json_open(j, "programs", '[');
    for (size_t i = 0; i < a->n_programs; i++) program(j, &a->program[i]);
    rl_json_close(j);
    if (a->n_overlaps > 0) rl_results_overlaps(j, a);
    rl_json_open(j, "models", '[');
    for (size_t i = 0; i < a->n_models; i++) model(j, &a->model[i]);
    rl_json_close(j);
    if (a->n_questions > 0) rl_results_questions(j, a);
    if (a->money.given)
        money(j, &a->money);
    else
        rl_json_null(j, "money");
    rl_json_open(j, "unanswered", '[');
    for (size_t i = 0; i < a->n_unanswered; i++) {
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "what", a->unanswered[i].what);
        rl_json_str(j, "why", a->unanswered[i].why);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_texts(j, "warnings", a->warning, a->n_warnings);
    rl_json_bool(j, "primary_refused", a->primary_refused);
    rl_json_bool(j, "diagnostic_failed", a->diagnostic_failed);
    rl_json_close(j);
    return rl_json_text(j);
}
