/* out/csv_out.c -- the tidy table. */
#include "out/csv_out.h"

#include <csv.h>
#include <math.h>
#include <string.h>

#include "model/response.h"
#include "out/view.h"
#include "out/words.h"

/* libcsv's own quoting; it says the room it needs even when there is less. */
void rl_csv_text_cell(rl_str *out, const char *text)
{
    if (!text) text = "";
    const char *safe = text[0] && strchr("=+-@\t\r", text[0]) ? rl_sprintf(out->in, "'%s", text) : text;
    size_t n = strlen(safe), room = csv_write(NULL, 0, safe, n);
    char *cell = rl_alloc(out->in, room + 1, 1);
    rl_str_addn(out, cell, csv_write(cell, room, safe, n));
}

static void number(rl_str *s, double x)
{
    char buf[32];
    rl_str_addc(s, ',');
    if (isfinite(x)) rl_str_add(s, rl_num_text(buf, x));
}

static void whole(rl_str *s, int32_t x)
{
    if (x == RL_NO_ID)
        rl_str_addc(s, ',');
    else
        rl_str_addf(s, ",%d", x);
}

static void cell(rl_str *s, const char *text)
{
    rl_str_addc(s, ',');
    rl_csv_text_cell(s, text);
}

static const char *outcome(const rl_model_answer *m)
{
    const char *name =
        m->spec->outcome == RL_OUT_COLUMN ? m->spec->outcome_column.s : rl_outcome_name(m->spec->outcome);
    return name ? name : "";
}

/* The columns before the numbers. */
static void head(rl_str *s, const char *model, const char *status, const char *of, const char *kind, const rl_label *l,
                 const char *unit)
{
    rl_csv_text_cell(s, model);
    cell(s, status);
    cell(s, of);
    cell(s, kind);
    cell(s, l->term);
    if (l->group_text)
        cell(s, l->group_text);
    else
        whole(s, l->group);
    if (l->time_text)
        cell(s, l->time_text);
    else
        whole(s, l->time);
    whole(s, l->event);
    cell(s, unit);
}

/* The columns after the numbers: rows, the band for all periods at once, the level of spend. */
static void tail(rl_str *s, size_t n, double band_low, double band_high, double at)
{
    if (n)
        rl_str_addf(s, ",%zu", n);
    else
        rl_str_addc(s, ',');
    number(s, band_low);
    number(s, band_high);
    number(s, at);
    rl_str_addc(s, '\n');
}

/* A row of something that is not there. */
static void refused(rl_str *s, const char *model, const char *of, const char *kind, const rl_label *l)
{
    head(s, model, "refused", of, kind, l, "");
    for (int j = 0; j < 7; j++) number(s, NAN);
    tail(s, 0, NAN, NAN, NAN);
}

static void estimate(rl_str *s, const rl_model_answer *m, const char *kind, const rl_result *r, const rl_estimate *e)
{
    head(s, m->spec->name, "done", outcome(m), kind, &e->label, rl_unit_own(m));
    const double x[] = {e->estimate, e->std_error, e->statistic,           e->p_value,
                        e->conf_low, e->conf_high, e->df > 0 ? e->df : NAN};
    for (size_t j = 0; j < sizeof x / sizeof *x; j++) number(s, x[j]);
    tail(s, r->rows_used, NAN, NAN, NAN);
}

static void interval(rl_str *s, const char *model, const char *of, const char *kind, const char *term, const char *unit,
                     const rl_interval *x, double p, size_t n)
{
    if (isnan(x->est)) return;
    rl_label l = {.term = term, .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID};
    head(s, model, "done", of, kind, &l, unit);
    const double v[] = {x->est, x->se, x->se > 0 ? x->est / x->se : NAN, p, x->low, x->high, NAN};
    for (size_t j = 0; j < sizeof v / sizeof *v; j++) number(s, v[j]);
    tail(s, n, NAN, NAN, NAN);
}

/* A group: on its own, and once more as it stands among all looks. */
static void groups(rl_str *s, const rl_model_answer *m, const rl_breakdown *b)
{
    for (size_t g = 0; g < b->n_groups; g++) {
        const rl_group_answer *x = &b->group[g];
        rl_label l = {
            .term = b->column, .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID, .group_text = x->label};
        if (!x->answered) {
            refused(s, m->spec->name, outcome(m), "by", &l);
            continue;
        }
        for (int all = 0; all < 2; all++) {
            head(s, m->spec->name, "done", outcome(m), all ? "by jointly" : "by", &l, rl_unit_own(m));
            const double v[] = {x->effect.est,
                                x->effect.se,
                                x->effect.est / x->effect.se,
                                all ? x->p_adjusted : x->p_value,
                                all ? x->low : x->effect.low,
                                all ? x->high : x->effect.high,
                                x->df > 0 ? x->df : NAN};
            for (size_t j = 0; j < sizeof v / sizeof *v; j++) number(s, v[j]);
            tail(s, x->rows, NAN, NAN, NAN);
        }
    }
}

/* The same event times by each that has an event study. */
static void near(rl_str *s, const rl_model_answer *m, const rl_side *x)
{
    if (!x->answered || !(x->near.std_error > 0)) return;
    const rl_estimate *e = &x->near;
    rl_label l = {.term = x->estimator,
                  .group = RL_NO_ID,
                  .time = RL_NO_ID,
                  .time_text = rl_words_event_times(&m->sides, s->in),
                  .event = m->sides.last};
    head(s, m->spec->name, "done", outcome(m), "estimator events", &l, rl_unit_own(m));
    const double v[] = {e->estimate, e->std_error, e->statistic,           e->p_value,
                        e->conf_low, e->conf_high, e->df > 0 ? e->df : NAN};
    for (size_t j = 0; j < sizeof v / sizeof *v; j++) number(s, v[j]);
    tail(s, x->rows, NAN, NAN, NAN);
}

/* The same by other estimators; and the lift when small cohorts are not taken for precise. */
static void sides(rl_str *s, const rl_model_answer *m)
{
    const rl_interval wide = {m->few.why == NULL ? m->lift.effect.est : (double)NAN, m->few.se, m->few.low,
                              m->few.high};
    if (m->few.units > 0)
        interval(s, m->spec->name, outcome(m), "small cohorts", "effect on the treated", rl_unit_own(m), &wide, NAN,
                 m->lift.n);
    for (size_t k = 0; k < m->sides.n; k++) {
        const rl_side *x = &m->sides.v[k];
        const rl_estimate *e = &x->effect;
        rl_label l = {.term = x->estimator, .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID};
        if (!x->answered) {
            refused(s, m->spec->name, outcome(m), "estimator", &l);
            continue;
        }
        head(s, m->spec->name, "done", outcome(m), "estimator", &l, rl_unit_own(m));
        const double v[] = {e->estimate, e->std_error, e->statistic,           e->p_value,
                            e->conf_low, e->conf_high, e->df > 0 ? e->df : NAN};
        for (size_t j = 0; j < sizeof v / sizeof *v; j++) number(s, v[j]);
        tail(s, x->rows, NAN, NAN, NAN);
    }
    for (size_t k = 0; k < m->sides.n; k++) near(s, m, &m->sides.v[k]);
}

/* --- a regression with lags ------------------------------------------------------------------ */

/* One row: what stays the same, and its figures. */
typedef struct point {
    const char *of, *kind, *unit;
    rl_label label;
    double est, se, low, high, band_low, band_high, at;
} point;

static void put(rl_str *s, const rl_model_answer *m, const point *p)
{
    if (isnan(p->est)) {
        refused(s, m->spec->name, p->of, p->kind, &p->label);
        return;
    }
    head(s, m->spec->name, "done", p->of, p->kind, &p->label, p->unit);
    const double v[] = {p->est, p->se, NAN, NAN, p->low, p->high, NAN};
    for (size_t j = 0; j < sizeof v / sizeof *v; j++) number(s, v[j]);
    tail(s, m->main.rows_used, p->band_low, p->band_high, p->at);
}

static void summary(rl_str *s, const rl_model_answer *m, point p, const char *kind, const char *unit,
                    const rl_summary *x)
{
    p.kind = kind, p.unit = unit;
    p.est = x->est, p.se = x->se, p.low = x->low, p.high = x->high;
    p.band_low = p.band_high = NAN;
    put(s, m, &p);
}

static void banded(rl_str *s, const rl_model_answer *m, point p, const char *kind, const rl_banded *x)
{
    p.kind = kind;
    p.est = x->est, p.se = x->se, p.low = x->low, p.high = x->high;
    p.band_low = x->band_low, p.band_high = x->band_high;
    put(s, m, &p);
}

static void response(rl_str *s, const rl_model_answer *m, const rl_response *x)
{
    point p = {.of = x->outcome,
               .unit = rl_sprintf(s->in, "%s per %s", x->outcome, x->variable),
               .label = {.term = x->variable,
                         .group = RL_NO_ID,
                         .time = RL_NO_ID,
                         .event = RL_NO_ID,
                         .group_text = x->segment},
               .at = NAN};
    const char *periods = rl_sprintf(s->in, "%ss", x->period), *unit = p.unit;
    for (size_t h = 0; h < x->n; h++) {
        p.label.event = (int32_t)h;
        banded(s, m, p, "response", &x->impulse[h]);
        banded(s, m, p, "cumulative", &x->cumulative[h]);
        if (x->average == NULL) continue;
        banded(s, m, p, "response averaged", &x->average->impulse[h]);
        banded(s, m, p, "cumulative averaged", &x->average->cumulative[h]);
    }
    p.label.event = RL_NO_ID;
    summary(s, m, p, "long run", unit, &x->long_run);
    summary(s, m, p, "mean lag", periods, &x->mean_lag);
    summary(s, m, p, "half-life", periods, &x->half_life);
    if (x->average != NULL) {
        summary(s, m, p, "long run averaged", unit, &x->average->long_run);
        summary(s, m, p, "mean lag averaged", periods, &x->average->mean_lag);
        summary(s, m, p, "half-life averaged", periods, &x->average->half_life);
    }
    p.label.event = x->after;
    summary(s, m, p, "share after", "share", &x->share_after);
    if (x->average != NULL) summary(s, m, p, "share after averaged", "share", &x->average->share_after);
}

static void channel_figure(rl_str *s, const rl_model_answer *m, point p, const char *kind, const char *unit,
                           const rl_interval *x)
{
    rl_summary one = {x->est, x->se, x->low, x->high, NULL};
    if (!isnan(x->est)) summary(s, m, p, kind, unit, &one);
}

static void channel(rl_str *s, const rl_model_answer *m, const rl_study *study, const rl_channel *x)
{
    const rl_channels *a = &m->channels;
    const char *unit = rl_words_is_money(study, m) ? study->currency : a->outcome,
               *each = rl_sprintf(s->in, "%s per %s", unit, study->currency);
    point p = {.of = a->outcome,
               .kind = "channel",
               .label = {.term = x->column, .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID},
               .at = NAN};
    if (!x->answered) {
        refused(s, m->spec->name, p.of, p.kind, &p.label);
        return;
    }
    const rl_interval spent = {x->spend, NAN, NAN, NAN}, above = {x->above, NAN, NAN, NAN};
    channel_figure(s, m, p, "channel spend", study->currency, &spent);
    channel_figure(s, m, p, "channel spend above lowest", study->currency, &above);
    channel_figure(s, m, p, "channel gain", unit, &x->gain);
    channel_figure(s, m, p, "channel to come", unit, &x->to_come);
    channel_figure(s, m, p, "channel average", each, &x->average);
    p.at = x->today;
    channel_figure(s, m, p, "channel marginal", each, &x->marginal);
    p.at = NAN;
    channel_figure(s, m, p, "channel profit", rl_sprintf(s->in, "%s per %s", study->currency, study->currency),
                   &x->profit);
    for (size_t i = 0; i < x->n_curve; i++) {
        p.at = x->curve[i].spend;
        channel_figure(s, m, p, "channel curve", unit, &x->curve[i].gain);
    }
    p.at = NAN;
    for (size_t i = 0; i < a->n_periods; i++) {
        char buf[16];
        p.label.time_text = rl_strdup(s->in, rl_period_text(buf, study->calendar, a->period[i]));
        const rl_interval gain = {x->by_period[i], NAN, NAN, NAN};
        channel_figure(s, m, p, "channel by period", unit, &gain);
    }
}

static void lags(rl_str *s, const rl_model_answer *m, const rl_study *study)
{
    for (size_t i = 0; i < m->main.n_responses; i++) response(s, m, &m->main.response[i]);
    for (size_t i = 0; m->has_lags && m->cumulated && m->main.n_responses == 0 && i < m->n_lags; i++) {
        const rl_interval *x = &m->cumulated[i];
        point p = {.of = outcome(m), .label = m->lag[i]->label, .at = NAN};
        p.label.event = (int32_t)i;
        channel_figure(s, m, p, "cumulative", "", x);
    }
    for (size_t i = 0; i < m->channels.n; i++) channel(s, m, study, &m->channels.v[i]);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void model(rl_str *s, const rl_model_answer *m, const rl_study *study)
{
    if (m->status == RL_MODEL_REFUSED) {
        rl_label l = {.term = "", .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID};
        refused(s, m->spec->name, outcome(m), "", &l);
        return;
    }
    for (size_t i = 0; i < m->main.m; i++) estimate(s, m, "estimate", &m->main, &m->main.est[i]);
    for (size_t i = 0; m->has_event && i < m->event.m; i++) estimate(s, m, "event", &m->event, &m->event.est[i]);
    lags(s, m, study);
    if (!m->has_lift) return;
    interval(s, m->spec->name, outcome(m), "lift", "effect on the treated", rl_unit_own(m), &m->lift.effect,
             m->lift.p_value, m->lift.n);
    interval(s, m->spec->name, outcome(m), "relative lift", "effect relative to without", "share", &m->lift.relative,
             NAN, m->lift.n);
    sides(s, m);
    for (size_t k = 0; k < m->n_by; k++) groups(s, m, &m->by[k]);
    if (m->spill.answered)
        interval(s, m->spec->name, outcome(m), "spillover", "controls that share with treated units", rl_unit_own(m),
                 &m->spill.effect, m->spill.p_value, 0);
}

static void money(rl_str *s, const rl_answer *a)
{
    const rl_money *m = &a->money;
    const char *name = m->value ? m->value->spec->name : "", *unit = a->study->currency;
    interval(s, name, "value", "money", "total", unit, &m->total, NAN, m->treated_cells);
    for (size_t i = 0; i < m->n_parts; i++)
        interval(s, name, "value", "money", m->part[i].name, unit, &m->part[i].money, NAN, 0);
    interval(s, name, "wins", "money", "extra wins", "deals", &m->wins, NAN, 0);
    interval(s, name, "value", "money", "gross profit", unit, &m->gross_profit, NAN, 0);
    interval(s, name, "value", "money", "net", unit, &m->net, NAN, 0);
    for (size_t i = 0; i < m->n_ages; i++) {
        if (!m->age[i].answerable) continue;
        interval(s, name, "value", "age", rl_sprintf(s->in, "won by day %d", m->age[i].age), unit, &m->age[i].total,
                 NAN, m->age[i].cells);
    }
}

const char *rl_csv_estimates(const rl_answer *a, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    rl_str_add(&s, "model,status,outcome,kind,term,group,time,event,unit,estimate,std_error,statistic,p_value,conf_low,"
                   "conf_high,df,n,band_low,band_high,at\n");
    for (size_t i = 0; i < a->n_models; i++) model(&s, &a->model[i], a->study);
    if (a->money.given) money(&s, a);
    return rl_str_text(&s);
}
