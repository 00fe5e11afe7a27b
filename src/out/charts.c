/* out/charts.c -- answers to charts: numbers, titles that say the finding. */
#include "out/charts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/str.h"
#include "out/words.h"

enum { PLOT_PERIODS = 400 }; /* a longer series is not drawn point by point into a page */

rl_chart *rl_chart_begin(rl_charts *out, const rl_view *v, const char *id, const char *template, const char *title,
                         const char *subtitle)
{
    rl_chart *c = rl_chart_new(id, template, v->in);
    c->title = rl_view_clean(title, 90, v->in);
    rl_chart_text(c, "title", c->title);
    rl_chart_text(c, "subtitle", rl_view_clean(subtitle, 130, v->in));
    c->alt = rl_sprintf(v->in, "Chart: %s. %s", title, subtitle);
    if (out->n == out->cap) {
        size_t cap = out->cap ? 2 * out->cap : 16;
        out->all = rl_regrow(v->in, out->all, out->cap, cap, sizeof *out->all);
        out->cap = cap;
    }
    out->all[out->n++] = c;
    return c;
}

/* What an axis measures: words, and the factor its numbers are shown by. */
typedef struct measure {
    const char *words;
    double times;
} measure;

static measure money_axis(const rl_view *v, const char *what, double largest)
{
    static const struct {
        double over, times;
        const char *word;
    } CUT[] = {{2e9, 1e-9, "billion "}, {2e6, 1e-6, "million "}, {2e4, 1e-3, "thousand "}};
    for (size_t i = 0; i < sizeof CUT / sizeof *CUT; i++)
        if (largest > CUT[i].over)
            return (measure){rl_sprintf(v->in, "%s, %s%s", what, CUT[i].word, v->currency), CUT[i].times};
    return (measure){v->currency[0] ? rl_sprintf(v->in, "%s, %s", what, v->currency) : what, 1};
}

double rl_chart_money_axis(const rl_view *v, const char *what, double largest, const char **words)
{
    measure m = money_axis(v, what, largest);
    *words = m.words;
    return m.times;
}

static measure axis_of(const rl_view *v, const rl_model_answer *m, double largest, bool effect)
{
    const char *name = rl_words_outcome(v, m);
    const char *what = effect ? rl_sprintf(v->in, "effect on %s", name) : name;
    rl_unit unit = m->has_lift ? rl_unit_of_lift(v, &m->lift) : RL_UNIT_PLAIN;
    if (unit == RL_UNIT_POINTS) return (measure){rl_sprintf(v->in, "%s, %s", what, effect ? "points" : "%"), 100};
    if (m->spec->outcome == RL_OUT_VELOCITY)
        return (measure){effect ? "effect, days gained by winning" : "days gained by winning", 1};
    if (unit == RL_UNIT_DAYS) return (measure){rl_sprintf(v->in, "%s, days", what), 1};
    if (unit == RL_UNIT_MONEY) return money_axis(v, what, largest);
    return (measure){what, m->has_lift && m->lift.scale > 0 ? m->lift.scale : 1};
}

double rl_chart_axis(const rl_view *v, const rl_model_answer *m, double largest, bool effect, const char **words)
{
    measure a = axis_of(v, m, largest, effect);
    *words = a.words;
    return a.times;
}

static double larger(double a, double b) { return isfinite(b) && fabs(b) > a ? fabs(b) : a; }

/* --- a model ------------------------------------------------------------------------- */

/* Period names under the axis: all of them, or as many as fit. */
static void period_tics(rl_chart *c, const rl_view *v, const rl_trend_point *t, size_t n)
{
    size_t fit = 104 / (strlen(rl_view_clean(t[0].period, 16, v->in)) + 2), step = (n + fit - 1) / fit, k = 0;
    double *at = RL_NEW(v->in, double, n);
    const char **label = RL_NEW(v->in, const char *, n);
    for (size_t i = 0; i < n; i += step, k++) {
        at[k] = (double)i;
        label[k] = rl_view_clean(t[i].period, 16, v->in);
    }
    rl_chart_tics(c, "x", at, label, k, 0);
}

static rl_chart *trends(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    if (m->n_trend < 2 || m->n_trend > PLOT_PERIODS) return NULL;
    double largest = 0, from = NAN, to = NAN;
    for (size_t i = 0; i < m->n_trend; i++) {
        largest = larger(larger(largest, m->trend[i].treated), m->trend[i].control);
        if (!m->trend[i].exposed) continue;
        if (isnan(from)) from = (double)i - 0.5;
        to = (double)i + 0.5;
    }
    measure axis = axis_of(v, m, largest, false);
    char *name = rl_strdup(v->in, rl_words_outcome(v, m));
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = (char)(name[0] - 'a' + 'A');
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-trends", at + 1), "trends",
        rl_sprintf(v->in, "%s: treated and controls as seen", name),
        rl_sprintf(v->in, "Plain means by %s, before any model; parallel lines before the start support the comparison",
                   m->spec->outcome == RL_OUT_COLUMN || m->spec->outcome == RL_OUT_REVENUE ? period
                                                                                           : "creation period"));
    if (m->trend_unit && m->trend_unit[0] && !m->has_lift) axis.words = rl_view_clean(m->trend_unit, 60, v->in);
    rl_chart_text(c, "ylabel", axis.words);
    rl_chart_text(c, "treated_text", "treated");
    rl_chart_text(c, "control_text", "controls");
    rl_chart_text(c, "shade_text", "exposed");
    rl_chart_number(c, "shade_from", from);
    rl_chart_number(c, "shade_to", to);
    rl_chart_number(c, "last", (double)(m->n_trend - 1));
    rl_chart_columns(c, "period treated control n_treated n_control exposed # label");
    for (size_t i = 0; i < m->n_trend; i++) {
        const rl_trend_point *p = &m->trend[i];
        const double x[] = {
            (double)i, axis.times * p->treated, axis.times * p->control, (double)p->n_treated, (double)p->n_control,
            p->exposed};
        rl_chart_row(c, x, sizeof x / sizeof *x, p->period);
    }
    period_tics(c, v, m->trend, m->n_trend);
    return c;
}

/* What an event study is counted from, who made it when the model did not, and how its bars are to be read. */
static const char *event_words(const rl_view *v, const rl_model_answer *m, const char *period)
{
    const char *by = rl_words_events_by(v, m);
    const char *zero = m->base_event < -1 && m->base_event != RL_NO_ID ? "partly exposed ones are left out"
                                                                       : "dots left of the start should lie near zero";
    const char *bars = rl_sprintf(v->in, "thick: %s intervals, thin: all %ss at once", rl_view_level(v), period);
    if (m->base_event == RL_NO_ID && m->event.estimator->leads_apart)
        return rl_sprintf(v->in, "Left: each %s against earlier ones, right: against all before; %s", period, bars);
    const char *base = m->base_event == RL_NO_ID
                           ? rl_sprintf(v->in, "gainst all %ss before", period)
                           : rl_sprintf(v->in, "gainst %s %s", period, rl_view_number(v, m->base_event, 0));
    return by[0] ? rl_sprintf(v->in, "B%s, a%s; %s; %s", by + 1, base, bars, zero)
                 : rl_sprintf(v->in, "A%s; %s; %s", base, bars, zero);
}

static rl_chart *event(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    const rl_result *r = &m->event;
    double largest = 0, first = INFINITY, last = -INFINITY;
    size_t n = 0;
    for (size_t i = 0; m->has_event && i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        if (e->label.event == RL_NO_ID || !isfinite(e->estimate)) continue;
        largest = larger(larger(larger(largest, e->estimate), e->conf_low), e->conf_high);
        largest = larger(larger(largest, e->band_low), e->band_high);
        first = fmin(first, e->label.event);
        last = fmax(last, e->label.event);
        n++;
    }
    if (n < 2 || n > PLOT_PERIODS) return NULL;
    measure axis = axis_of(v, m, largest, true);
    const char *by = rl_words_events_by(v, m), *title = rl_words_lift_title(v, m);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-event", at + 1), "event",
                       by[0] ? rl_sprintf(v->in, "%s (event study %s)", title, by) : title, event_words(v, m, period));
    rl_chart_text(c, "ylabel", axis.words);
    rl_chart_text(c, "xlabel", rl_sprintf(v->in, "%ss since the programme started", period));
    rl_chart_number(c, "first", first);
    rl_chart_number(c, "last", last);
    const char *thin = rl_words_thin(v, m);
    rl_chart_text(c, "thin_text", thin[0] ? rl_sprintf(v->in, "Grey: %s", thin) : "");
    rl_chart_columns(c, "event estimate conf_low conf_high base band_low band_high thin");
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        if (e->label.event == RL_NO_ID || !isfinite(e->estimate)) continue;
        bool base = e->label.event == m->base_event;
        const double x[] = {e->label.event,
                            axis.times * e->estimate,
                            axis.times * e->conf_low,
                            axis.times * e->conf_high,
                            base,
                            axis.times * e->band_low,
                            axis.times * e->band_high,
                            m->behind != NULL && m->behind[i].thin};
        rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
    }
    return c;
}

/* "log1p(spend_paid)" of "lag(log1p(spend_paid),0)", or NULL. */
static const char *lagged(const rl_view *v, const char *term)
{
    const char *comma = term ? strrchr(term, ',') : NULL;
    if (!comma || strncmp(term, "lag(", 4)) return NULL;
    return rl_view_clean(rl_strndup(v->in, term + 4, (size_t)(comma - term - 4)), 40, v->in);
}

static double lag_number(const char *term, size_t at)
{
    const char *comma = term ? strrchr(term, ',') : NULL;
    char *end = NULL;
    double lag = comma ? strtod(comma + 1, &end) : NAN;
    return end && *end == ')' ? lag : (double)at;
}

/* A formula says what goes together; only a lift is an effect. */
static rl_chart *lags(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    if (!m->has_lags || m->n_lags < 2 || m->n_lags > PLOT_PERIODS) return NULL;
    const char *of = lagged(v, m->lag[0]->label.term), *what = rl_words_outcome(v, m);
    double first = lag_number(m->lag[0]->label.term, 0),
           last = lag_number(m->lag[m->n_lags - 1]->label.term, m->n_lags - 1);
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-lags", at + 1), "lags",
        rl_sprintf(v->in, "What goes with lag %.0f..%.0f of %s: %s", first, last, of ? of : "a column", what),
        rl_sprintf(v->in, "Coefficient of each lag%s, %s intervals; an association, not an effect",
                   m->cumulated ? " and their running sum" : "", rl_view_level(v)));
    rl_chart_text(c, "ylabel", rl_sprintf(v->in, "coefficient, %s", what));
    rl_chart_text(c, "xlabel", rl_sprintf(v->in, "lag, %ss", period));
    rl_chart_number(c, "last", last);
    rl_chart_number(c, "with_sum", m->cumulated != NULL);
    rl_chart_columns(c, "lag estimate conf_low conf_high sum sum_low sum_high");
    for (size_t i = 0; i < m->n_lags; i++) {
        const rl_estimate *e = m->lag[i];
        rl_interval s = m->cumulated ? m->cumulated[i] : (rl_interval){NAN, NAN, NAN, NAN};
        const double x[] = {lag_number(e->label.term, i), e->estimate, e->conf_low, e->conf_high, s.est, s.low, s.high};
        rl_chart_row(c, x, sizeof x / sizeof *x, e->label.term);
    }
    return c;
}

/* --- groups --------------------------------------------------------------------------- */

static rl_chart *forest(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, size_t k)
{
    const rl_breakdown *b = &m->by[k];
    const rl_interval *all = &m->lift.effect;
    double largest = larger(larger(0, all->low), all->high);
    if (b->answered == 0) return NULL;
    for (size_t g = 0; g < b->n_groups; g++) largest = larger(larger(largest, b->group[g].low), b->group[g].high);
    measure axis = axis_of(v, m, largest, true);
    const char *column = rl_view_clean(b->column, 40, v->in);
    char *name = rl_strdup(v->in, rl_words_outcome(v, m));
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = (char)(name[0] - 'a' + 'A');
    size_t stand = 0;
    for (size_t g = 0; g < b->n_groups; g++) stand += b->group[g].stands;
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-by%zu", at + 1, k + 1), "forest",
        rl_sprintf(v->in, "%s by %s: %s of %s %s stand%s", name, column, stand ? rl_view_count(v, stand) : "none",
                   rl_view_count(v, b->answered), rl_plural("group", b->answered, v->in), stand < 2 ? "s" : ""),
        rl_sprintf(
            v->in,
            "Thick: %s interval of the group; thin: bounds that hold for all groups together; dashed: everybody; "
            "full dot: stands",
            rl_view_level(v)));
    rl_chart_number(c, "height", 140.0 + 30.0 * (double)b->answered);
    rl_chart_number(c, "last", (double)(b->answered - 1));
    rl_chart_number(c, "whole", axis.times * all->est);
    rl_chart_number(c, "whole_low", axis.times * all->low);
    rl_chart_number(c, "whole_high", axis.times * all->high);
    rl_chart_text(c, "xlabel", axis.words);
    rl_chart_columns(c, "y estimate conf_low conf_high all_low all_high stands # group");
    double *y = RL_NEW(v->in, double, b->answered);
    const char **label = RL_NEW(v->in, const char *, b->answered);
    for (size_t g = 0, n = 0; g < b->n_groups; g++) {
        const rl_group_answer *x = &b->group[g];
        if (!x->answered) continue;
        const double row[] = {(double)n,
                              axis.times * x->effect.est,
                              axis.times * x->effect.low,
                              axis.times * x->effect.high,
                              axis.times * x->low,
                              axis.times * x->high,
                              x->stands};
        rl_chart_row(c, row, sizeof row / sizeof *row, x->label);
        y[n] = (double)n;
        label[n++] = rl_view_clean(x->label, 60, v->in);
    }
    rl_chart_tics(c, "y", y, label, b->answered, 26);
    return c;
}

/* --- money ---------------------------------------------------------------------------- */

static const char *bridge_title(const rl_view *v, const rl_money *m, const char *total)
{
    const rl_part *most = &m->part[0];
    for (size_t i = 1; i < m->n_parts; i++)
        if (m->part[i].money.est * m->total.est > most->money.est * m->total.est) most = &m->part[i];
    const char *how = most->money.est / m->total.est > 0.5 ? "Most" : "The largest part";
    return rl_sprintf(v->in, "%s of the %s comes from %s", how, total, rl_view_clean(most->name, 40, v->in));
}

static rl_chart *bridge(rl_charts *out, const rl_view *v, const rl_money *m)
{
    if (!m->given || m->n_parts == 0 || !isfinite(m->total.est)) return NULL;
    double largest = larger(larger(0, m->total.low), m->total.high);
    measure axis = money_axis(v, "incremental revenue", larger(largest, m->total.est));
    rl_scale s = rl_scale_for(&m->total, RL_UNIT_MONEY, 1);
    rl_chart *c = rl_chart_begin(
        out, v, "money-bridge", "bridge", bridge_title(v, m, rl_scaled_signed(v, &s, m->total.est)),
        rl_sprintf(v->in, "Each part stands on the ones before, and they add up exactly; whiskers: %s intervals",
                   rl_view_level(v)));
    rl_chart_text(c, "ylabel", axis.words);
    rl_chart_number(c, "last", (double)m->n_parts);
    rl_chart_columns(c, "x from to low high kind # part");
    size_t n = m->n_parts + 1;
    double *x = RL_NEW(v->in, double, n), base = 0;
    const char **label = RL_NEW(v->in, const char *, n);
    for (size_t i = 0; i < n; i++) {
        bool total = i == m->n_parts;
        const rl_interval *p = total ? &m->total : &m->part[i].money;
        double from = total ? 0 : base, top = from + p->est, high = from + p->high;
        const double row[] = {(double)i,         axis.times * from,     axis.times * top, axis.times * (from + p->low),
                              axis.times * high, total ? 2 : p->est < 0};
        label[i] = total ? "Total" : rl_words_sentence(v, m->part[i].name);
        if (!total) label[i] = rl_strndup(v->in, label[i], strlen(label[i]) - 1);
        rl_chart_row(c, row, sizeof row / sizeof *row, label[i]);
        rl_chart_label(c, (double)i, axis.times * (isfinite(high) ? fmax(high, fmax(from, top)) : fmax(from, top)),
                       "ABOVE", rl_scaled_signed(v, &s, p->est));
        x[i] = (double)i;
        base = top;
    }
    rl_chart_tics(c, "x", x, label, n, 16);
    return c;
}

/* The age of the headline; a title about several ages would compare different cells. */
static const char *ages_title(const rl_view *v, const rl_answer *a)
{
    const rl_money *m = &a->money;
    int horizon = rl_words_horizon(a, m->value);
    for (size_t i = 0; i < m->n_ages; i++) {
        if (!m->age[i].answerable || m->age[i].age != horizon || !isfinite(m->age[i].per_cell.est)) continue;
        rl_scale s = rl_scale_for(&m->age[i].per_cell, RL_UNIT_MONEY, 1);
        return rl_sprintf(v->in, "Won by day %d: %s per %s and %s", horizon,
                          rl_scaled_signed(v, &s, m->age[i].per_cell.est), rl_words_unit(v, a),
                          rl_words_period(a->study));
    }
    return "The lift by the age of the deals";
}

static rl_chart *ages(rl_charts *out, const rl_view *v, const rl_answer *a)
{
    const rl_money *m = &a->money;
    if (!m->given || m->n_ages < 2) return NULL;
    double largest = 0;
    for (size_t i = 0; i < m->n_ages; i++)
        largest = larger(larger(largest, m->age[i].per_cell.high), m->age[i].per_cell.low);
    const char *unit = rl_words_unit(v, a), *period = rl_words_period(a->study), *rows = rl_words_rows(v, m->value);
    measure axis = money_axis(v, rl_sprintf(v->in, "effect per %s and %s", unit, period), largest);
    rl_chart *c = rl_chart_begin(
        out, v, "lift-by-age", "ages", ages_title(v, a),
        rl_sprintf(v->in, "Effect on what was won by that age, %s intervals; each age on the %s old enough",
                   rl_view_level(v), rows));
    rl_chart_text(c, "ylabel", axis.words);
    rl_chart_text(c, "xlabel", rl_sprintf(v->in, "days after creation (%s)", rows));
    rl_chart_number(c, "last", (double)(m->n_ages - 1));
    rl_chart_columns(c, "x estimate conf_low conf_high age_days cells");
    double *x = RL_NEW(v->in, double, m->n_ages);
    const char **label = RL_NEW(v->in, const char *, m->n_ages);
    for (size_t i = 0; i < m->n_ages; i++) {
        const rl_age_lift *g = &m->age[i];
        double na = g->answerable ? 1 : NAN;
        const double row[] = {(double)i,
                              na * axis.times * g->per_cell.est,
                              na * axis.times * g->per_cell.low,
                              na * axis.times * g->per_cell.high,
                              g->age,
                              (double)g->cells};
        rl_chart_row(c, row, sizeof row / sizeof *row, NULL);
        x[i] = (double)i;
        label[i] = g->answerable ? rl_sprintf(v->in, "%d (%s)", g->age, rl_view_count(v, g->cells))
                                 : rl_sprintf(v->in, "%d", g->age);
        if (!g->answerable)
            rl_chart_label(c, x[i], 0, "ABOVE",
                           g->answerable_on == RL_NO_DAY
                               ? "not yet"
                               : rl_sprintf(v->in, "not before %s", rl_view_date(v, g->answerable_on)));
    }
    rl_chart_tics(c, "x", x, label, m->n_ages, 0);
    return c;
}

/* --- the sample -------------------------------------------------------------------------- */

static rl_chart *sample(rl_charts *out, const rl_view *v, const char *id, const rl_waterfall *w, const char *verdict)
{
    if (w->start == 0 || w->n_steps == 0 || w->n_steps > 30 || w->step[w->n_steps - 1].left == w->start) return NULL;
    const char *unit = rl_view_clean(w->unit, 40, v->in);
    size_t left = w->step[w->n_steps - 1].left, n = w->n_steps + 2;
    rl_chart *c = rl_chart_begin(
        out, v, id, "sample",
        rl_sprintf(v->in, "%s of %s %s %s", rl_view_count(v, left), rl_view_count(v, w->start), unit, verdict),
        "Every loss has a name; red: lost at this step");
    rl_chart_number(c, "height", 84.0 + 34.0 * (double)n);
    rl_chart_number(c, "last", (double)(n - 1));
    rl_chart_number(c, "most", (double)w->start);
    rl_chart_columns(c, "y left lost # step");
    double *at = RL_NEW(v->in, double, n);
    const char **label = RL_NEW(v->in, const char *, n);
    for (size_t i = 0; i < n; i++) {
        const rl_step *s = i > 0 && i + 1 < n ? &w->step[i - 1] : NULL;
        size_t now = i == 0 ? w->start : s ? s->left : left;
        const double row[] = {(double)i, (double)now, s ? (double)s->lost : 0};
        label[i] = i == 0 ? rl_sprintf(v->in, "%s read", unit)
                   : s    ? rl_view_clean(s->why, 100, v->in)
                          : rl_sprintf(v->in, "%s used", unit);
        rl_chart_row(c, row, sizeof row / sizeof *row, label[i]);
        const char *figure = s && s->lost ? rl_sprintf(v->in, "%s%s", v->minus, rl_view_count(v, s->lost))
                             : s          ? "none"
                                          : rl_view_count(v, now);
        rl_chart_label(c, row[1] + row[2], (double)i, "BESIDE", figure);
        at[i] = (double)i;
    }
    rl_chart_tics(c, "y", at, label, n, 46);
    return c;
}

void rl_charts_make(const rl_answer *a, const rl_view *v, rl_charts *out)
{
    const char *period = rl_words_period(a->study);
    *out = (rl_charts){.model = RL_NEW(v->in, rl_model_charts, a->n_models)};
    out->bridge = bridge(out, v, &a->money);
    out->ages = ages(out, v, a);
    out->sample = sample(out, v, "sample", &a->waterfall, "could be read and were kept");
    if (a->money.given && a->money.value)
        out->sample_value = sample(out, v, "sample-value", &a->money.value->waterfall, "could be used for the total");
    for (size_t i = 0; i < a->n_models; i++) {
        const rl_model_answer *m = &a->model[i];
        if (m->status != RL_MODEL_DONE) continue;
        out->model[i].trends = trends(out, v, m, i, period);
        out->model[i].event = event(out, v, m, i, period);
        if (m->main.n_responses == 0) out->model[i].lags = lags(out, v, m, i, period);
        rl_charts_lags(out, v, a, i);
        rl_charts_rollout(out, v, a, i);
        out->model[i].forest = RL_NEW(v->in, rl_chart *, m->n_by);
        for (size_t k = 0; k < m->n_by; k++) out->model[i].forest[k] = forest(out, v, m, i, k);
    }
}
