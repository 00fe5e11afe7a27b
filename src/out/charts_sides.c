/* Charts of one question by several estimators: the effect of each, and their event studies. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/charts.h"
#include "out/words.h"

enum {
    MOST_SIDE_EVENTS = 24,
    SIDES_A_ROW = 3 /* panels of event studies */
};

/* --- how far the axis goes ------------------------------------------------------------ */

typedef struct span {
    double low, high;
    bool cut;     /* an interval goes beyond                              */
    size_t n;     /* intervals taken note of                              */
    double *w;    /* n  their widths                                      */
    double limit; /* wider ones count by their estimate alone; 0 = not known yet */
} span;

static double width(const rl_estimate *e) { return e->conf_high - e->conf_low; }

static void note_width(span *s, const rl_estimate *e)
{
    if (isfinite(width(e))) s->w[s->n++] = width(e);
}

/* One interval that knows nothing would press all the others into a line. */
static void set_limit(span *s)
{
    s->limit = rl_words_widest(s->w, s->n);
    s->low = INFINITY, s->high = -INFINITY;
}

static void reach_to(span *s, const rl_estimate *e)
{
    bool whole = width(e) <= s->limit;
    s->cut = s->cut || width(e) > s->limit;
    s->low = fmin(s->low, whole ? e->conf_low : e->estimate);
    s->high = fmax(s->high, whole ? e->conf_high : e->estimate);
}

static const char *axis_words(const rl_view *v, const char *words, const span *s)
{
    return s->cut ? rl_sprintf(v->in, "%s; a bar that meets the edge goes on", words) : words;
}

/* --- the effects --------------------------------------------------------------------- */

static size_t answered(const rl_sides *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += s->v[i].answered;
    return n;
}

/* The two panels (estimators.gp): the average effect on the treated, of methods that have neither that nor an event
 * study a mean by weights of their own; and the mean over the event times that all with an event study have. */
typedef enum panel { AVERAGE, NEAR, PANELS } panel;

static const rl_estimate *figure(const rl_side *x, panel of)
{
    bool near = x->near.std_error > 0;
    if (!x->answered || (of == NEAR ? !near : near && !x->same_estimand)) return NULL;
    return of == NEAR ? &x->near : &x->effect;
}

static size_t figures(const rl_sides *s, panel of)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += figure(&s->v[i], of) != NULL;
    return n;
}

static bool own_weights(const rl_sides *s)
{
    bool any = false;
    for (size_t i = 0; i < s->n; i++) any |= figure(&s->v[i], AVERAGE) != NULL && !s->v[i].same_estimand;
    return any;
}

/* All that is drawn in a panel, `shaded` too (or NULL), and 0 where it takes no more than half of that. */
static span effects_span(const rl_view *v, const rl_sides *s, panel of, const rl_interval *shaded)
{
    span p = {.w = RL_NEW(v->in, double, s->n)};
    for (int step = 0; step < 2; step++) {
        for (size_t i = 0; i < s->n; i++) {
            const rl_estimate *e = figure(&s->v[i], of);
            if (e != NULL && step == 0) note_width(&p, e);
            if (e != NULL && step == 1) reach_to(&p, e);
        }
        if (step == 0) set_limit(&p);
    }
    if (shaded != NULL) {
        p.low = fmin(p.low, shaded->low);
        p.high = fmax(p.high, shaded->high);
    }
    if (!(p.high > p.low)) { /* one figure, and no interval */
        p.low = fmin(p.low, 0);
        p.high = p.high > 0 || p.low < 0 ? fmax(p.high, 0) : 1;
    }
    if (p.low > 0 && 2 * p.low <= p.high) p.low = 0;
    if (p.high < 0 && 2 * p.high >= p.low) p.high = 0;
    double room = 0.03 * (p.high - p.low);
    if (p.low != 0 || p.cut) p.low -= room; /* what is cut may be on either side of 0 */
    if (p.high != 0 || p.cut) p.high += room;
    return p;
}

static void forest_row(rl_chart *c, size_t y, double times, const rl_side *x)
{
    static const rl_estimate NONE = {.estimate = NAN, .conf_low = NAN, .conf_high = NAN};
    const rl_estimate *e = figure(x, AVERAGE), *near = figure(x, NEAR);
    if (e == NULL) e = &NONE;
    if (near == NULL) near = &NONE;
    const double row[] = {(double)y,        times * e->estimate,    times * e->conf_low,    times * e->conf_high,
                          x->same_estimand, times * near->estimate, times * near->conf_low, times * near->conf_high};
    rl_chart_row(c, row, sizeof row / sizeof *row, x->estimator);
}

static void forest_rows(rl_chart *c, const rl_view *v, const rl_sides *s, double times)
{
    size_t k = 0;
    double *y = RL_NEW(v->in, double, s->n), own_near = NAN;
    const char **label = RL_NEW(v->in, const char *, s->n);
    rl_chart_columns(c, "y estimate conf_low conf_high same_estimand near near_low near_high # estimator");
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *x = &s->v[i];
        if (!x->answered) continue;
        forest_row(c, k, times, x);
        if (x->fitted && figure(x, NEAR) != NULL) own_near = times * x->near.estimate;
        y[k] = (double)k;
        label[k++] = x->same_rows ? x->estimator
                                  : rl_sprintf(v->in, "%s (%s %s)", x->estimator, rl_view_count(v, x->rows),
                                               rl_plural("row", x->rows, v->in));
    }
    rl_chart_number(c, "own_near", own_near);
    rl_chart_tics(c, "y", y, label, k, 24);
}

/* One question by several estimators; each panel has one quantity, on a scale of its own. */
static rl_chart *forest(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at)
{
    const rl_sides *s = &m->sides;
    size_t n = answered(s);
    bool two = s->last >= 0 && figures(s, NEAR) > 0;
    if (n < 2) return NULL;
    const rl_interval *own = &m->lift.effect;
    span p = effects_span(v, s, AVERAGE, own), q = two ? effects_span(v, s, NEAR, NULL) : p;
    const char *words;
    double times =
        rl_chart_axis(v, m, fmax(fmax(fabs(p.low), fabs(p.high)), fmax(fabs(q.low), fabs(q.high))), true, &words);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-estimators", at + 1), "estimators",
                       rl_sprintf(v->in, "%s by %zu estimators", rl_words_capital(v, rl_words_outcome(v, m)), n),
                       rl_sprintf(v->in, "%s intervals; dashed, shaded: the answer above%s%s", rl_view_level(v),
                                  own_weights(s) ? "; ring: a mean by weights of its own" : "",
                                  two ? "; each panel has a scale of its own" : ""));
    rl_chart_number(c, "height", 160.0 + 30.0 * (double)n);
    rl_chart_number(c, "last", (double)(n - 1));
    rl_chart_number(c, "low1", times * p.low);
    rl_chart_number(c, "high1", times * p.high);
    rl_chart_number(c, "low2", times * q.low);
    rl_chart_number(c, "high2", times * q.high);
    rl_chart_number(c, "whole", times * own->est);
    rl_chart_number(c, "whole_low", times * own->low);
    rl_chart_number(c, "whole_high", times * own->high);
    p.cut = p.cut || q.cut;
    rl_chart_text(c, "xlabel", axis_words(v, words, &p));
    rl_chart_text(c, "panel1", "average effect on the treated");
    rl_chart_text(c, "panel2", two ? rl_sprintf(v->in, "mean over %s", rl_words_event_times(s, v->in)) : "");
    forest_rows(c, v, s, times);
    return c;
}

/* --- the event studies ---------------------------------------------------------------- */

static bool has_estimate(const rl_estimate *e) { return e->label.event != RL_NO_ID && e->std_error > 0; }

static bool drawn(const rl_estimate *e, double first, double last)
{
    return has_estimate(e) && e->label.event >= first && e->label.event <= last;
}

/* Of the event times first .. last, and 0. */
static span events_span(const rl_view *v, const rl_sides *s, double first, double last)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += s->v[i].has_event ? s->v[i].event.m : 0;
    span p = {.w = RL_NEW(v->in, double, n)};
    for (int step = 0; step < 2; step++) {
        for (size_t i = 0; i < s->n; i++)
            for (size_t j = 0; s->v[i].has_event && j < s->v[i].event.m; j++) {
                const rl_estimate *e = &s->v[i].event.est[j];
                if (!drawn(e, first, last)) continue;
                if (step == 0) note_width(&p, e);
                if (step == 1) reach_to(&p, e);
            }
        if (step == 0) set_limit(&p);
    }
    p.low = fmin(p.low, 0);
    p.high = fmax(p.high, 0);
    return p;
}

/* First and last event time drawn of n event studies; false = nothing to draw. */
static bool events_range(const rl_sides *s, double *first, double *last, bool *cut)
{
    size_t n = 0;
    *first = INFINITY, *last = -INFINITY;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->v[i].has_event) continue;
        n++;
        for (size_t j = 0; j < s->v[i].event.m; j++) {
            const rl_estimate *e = &s->v[i].event.est[j];
            if (!has_estimate(e)) continue;
            *first = fmin(*first, e->label.event);
            *last = fmax(*last, e->label.event);
        }
    }
    *cut = *last - *first > MOST_SIDE_EVENTS; /* so many intervals beside each other are a fog */
    if (*cut) {
        *first = fmax(*first, -MOST_SIDE_EVENTS / 2);
        *last = fmin(*last, MOST_SIDE_EVENTS / 2);
    }
    return n >= 2 && *last > *first;
}

/* The one to hold the others against: the model's own, or else the first. */
static size_t event_behind(const rl_sides *s)
{
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->v[i].has_event) continue;
        if (s->v[i].fitted) return i;
        if (first == SIZE_MAX) first = i;
    }
    return first;
}

/* Imputation has no base period: which of the two drawn say anything before the start. */
static const char *leads_by_imputation(const rl_view *v, const rl_sides *s)
{
    bool there[2] = {false, false};
    static const char *const NAME[] = {"bjs", "did2s"};
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; s->v[i].has_event && j < s->v[i].event.m; j++)
            for (size_t k = 0; k < 2; k++)
                there[k] |= strcmp(s->v[i].estimator, NAME[k]) == 0 && has_estimate(&s->v[i].event.est[j]) &&
                            s->v[i].event.est[j].label.event < 0;
    if (!there[0] && !there[1]) return "";
    return rl_sprintf(v->in, " (%s%s%s: all before)", there[0] ? NAME[0] : "", there[0] && there[1] ? ", " : "",
                      there[1] ? NAME[1] : "");
}

/* Does the model's own event study rest on few units at this event time?  It is a matter of the design. */
static bool thin_at(const rl_model_answer *m, int32_t event)
{
    for (size_t j = 0; m->behind != NULL && j < m->event.m; j++)
        if (m->event.est[j].label.event == event) return m->behind[j].thin;
    return false;
}

static bool any_thin(const rl_model_answer *m, double first, double last)
{
    for (size_t j = 0; m->behind != NULL && j < m->event.m; j++)
        if (m->behind[j].thin && drawn(&m->event.est[j], first, last)) return true;
    return false;
}

/* A panel for each event study; the base is drawn by nobody. */
static rl_chart *events(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    const rl_sides *s = &m->sides;
    double first, last;
    bool cut;
    size_t n = 0, k = 0, behind = event_behind(s), behind_at = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (i == behind) behind_at = n;
        n += s->v[i].has_event;
    }
    if (!events_range(s, &first, &last, &cut)) return NULL;
    const char *words;
    span p = events_span(v, s, first, last);
    double times = rl_chart_axis(v, m, fmax(-p.low, p.high), true, &words);
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-estimator-events", at + 1), "sides",
        rl_sprintf(v->in, "The same event study by %zu estimators", n),
        rl_sprintf(v->in, "Effects against the last %s before the start%s, %s intervals; grey line: %s%s%s", period,
                   leads_by_imputation(v, s), rl_view_level(v), s->v[behind].estimator,
                   any_thin(m, first, last) ? ", grey bars: few units" : "",
                   cut ? rl_sprintf(v->in, "; at most %d %ss from it", MOST_SIDE_EVENTS / 2, period) : ""));
    size_t rows = (n + SIDES_A_ROW - 1) / SIDES_A_ROW;
    rl_chart_text(c, "ylabel", words);
    rl_chart_text(c, "xlabel", axis_words(v, rl_sprintf(v->in, "%ss since the programme started", period), &p));
    rl_chart_number(c, "height", 132.0 + 168.0 * (double)rows);
    rl_chart_number(c, "low", times * p.low);
    rl_chart_number(c, "high", times * p.high);
    rl_chart_number(c, "first", first);
    rl_chart_number(c, "last", last);
    rl_chart_number(c, "sides", (double)n);
    rl_chart_number(c, "rows", (double)rows);
    rl_chart_number(c, "behind", (double)behind_at);
    rl_chart_columns(c, "event estimate conf_low conf_high thin");
    for (size_t i = 0; i < s->n; i++) {
        if (!s->v[i].has_event) continue;
        if (k > 0) rl_chart_break(c);
        rl_chart_text(c, rl_sprintf(v->in, "name%zu", ++k), s->v[i].estimator);
        double before = NAN;
        for (size_t j = 0; j < s->v[i].event.m; j++) {
            const rl_estimate *e = &s->v[i].event.est[j];
            if (!drawn(e, first, last)) continue;
            const double x[] = {e->label.event, times * e->estimate, times * e->conf_low, times * e->conf_high,
                                thin_at(m, e->label.event)};
            const double gap[] = {(before + x[0]) / 2, NAN, NAN, NAN, 0};
            if (x[0] > before + (s->step > 1 ? s->step : 1)) rl_chart_row(c, gap, sizeof gap / sizeof *gap, NULL);
            before = x[0];
            rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
        }
    }
    return c;
}

void rl_charts_sides(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    out->model[at].sides = forest(out, v, m, at);
    out->model[at].side_events = events(out, v, m, at, period);
}
