/* Charts of a programme that starts at different times: who is treated when,
 * how each cohort went, and what other estimators make of the same rows. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/bacon.h"
#include "out/charts.h"
#include "out/words.h"

enum { MOST_SIDE_EVENTS = 24, MOST_PERIODS = 80, MOST_COHORTS = 30, MOST_LINES = 9, SIDES_A_ROW = 3 };

static double larger(double a, double b) { return isfinite(b) && fabs(b) > a ? fabs(b) : a; }

static const char *capital(const rl_view *v, const char *s)
{
    char *t = rl_strdup(v->in, s);
    if (t[0] >= 'a' && t[0] <= 'z') t[0] = (char)(t[0] - 'a' + 'A');
    return t;
}

/* Period names under the axis, as many as fit. */
static void periods(rl_chart *c, const rl_view *v, const rl_rollout *r)
{
    size_t fit = 88 / (strlen(rl_view_clean(r->period[0], 16, v->in)) + 2), step = (r->n_periods + fit - 1) / fit,
           k = 0;
    double *at = RL_NEW(v->in, double, r->n_periods);
    const char **label = RL_NEW(v->in, const char *, r->n_periods);
    for (size_t t = 0; t < r->n_periods; t += step, k++) {
        at[k] = (double)t;
        label[k] = rl_view_clean(r->period[t], 16, v->in);
    }
    rl_chart_tics(c, "x", at, label, k, 0);
}

static const char *cohort_name(const rl_view *v, const rl_rollout *r, size_t g, bool with_units)
{
    const rl_rollout_row *x = &r->row[g];
    const char *name = x->never ? "never" : rl_sprintf(v->in, "from %s", rl_view_clean(x->label, 20, v->in));
    if (!with_units) return name;
    return rl_sprintf(v->in, "%s (%s %s)", name, rl_view_count(v, x->units),
                      rl_plural(rl_view_clean(r->unit, 20, v->in), x->units, v->in));
}

static rl_chart *map(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    const rl_rollout *r = &m->rollout;
    if (r->n < 2 || r->n > MOST_COHORTS || r->n_periods < 2 || r->n_periods > MOST_PERIODS) return NULL;
    size_t starts = 0;
    for (size_t g = 0; g < r->n; g++) starts += !r->row[g].never;
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-rollout", at + 1), "rollout",
                       rl_sprintf(v->in, "The programme started at %zu date%s", starts, starts == 1 ? "" : "s"),
                       "Dark: exposed; light: before, or never; blank: no row used (partly exposed, or not "
                       "seen)");
    double *y = RL_NEW(v->in, double, r->n);
    const char **label = RL_NEW(v->in, const char *, r->n);
    rl_chart_number(c, "height", 150.0 + 26.0 * (double)r->n);
    rl_chart_number(c, "last", (double)(r->n - 1));
    rl_chart_number(c, "periods", (double)r->n_periods);
    rl_chart_text(c, "xlabel", period);
    rl_chart_columns(c, "period cohort exposed rows");
    for (size_t g = 0; g < r->n; g++) {
        y[g] = (double)g;
        label[g] = cohort_name(v, r, g, true);
        for (size_t t = 0; t < r->n_periods; t++) {
            if (r->row[g].rows[t] == 0) continue;
            const double x[] = {(double)t, (double)g, r->row[g].exposed[t], (double)r->row[g].rows[t]};
            rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
        }
    }
    rl_chart_tics(c, "y", y, label, r->n, 26);
    periods(c, v, r);
    return c;
}

static rl_chart *cohorts(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at)
{
    const rl_rollout *r = &m->rollout;
    size_t starts = 0;
    double largest = 0;
    for (size_t g = 0; g < r->n; g++) {
        starts += !r->row[g].never;
        for (size_t t = 0; t < r->n_periods; t++) largest = larger(largest, r->row[g].mean[t]);
    }
    if (starts < 2 || r->n > MOST_LINES || r->n_periods < 2 || r->n_periods > MOST_PERIODS) return NULL;
    const char *words;
    double times = rl_chart_axis(v, m, largest, false, &words);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-cohorts", at + 1), "cohorts",
                       rl_sprintf(v->in, "%s by start of the programme", capital(v, rl_words_outcome(v, m))),
                       "Plain means; a dot where the programme is on, a gap where no row is used; parallel lines "
                       "without dots support the comparison");
    rl_chart_text(c, "ylabel", words);
    rl_chart_number(c, "last", (double)(r->n_periods - 1));
    rl_chart_number(c, "cohorts", (double)r->n);
    rl_chart_number(c, "treated", (double)starts);
    rl_chart_columns(c, "period mean exposed never alone");
    for (size_t g = 0; g < r->n; g++) {
        rl_chart_text(c, rl_sprintf(v->in, "name%zu", g + 1), cohort_name(v, r, g, false));
        if (g > 0) rl_chart_break(c);
        for (size_t t = 0; t < r->n_periods; t++) {
            const rl_rollout_row *row = &r->row[g];
            bool alone = row->rows[t] > 0 && (t == 0 || row->rows[t - 1] == 0) &&
                         (t + 1 == r->n_periods || row->rows[t + 1] == 0);
            const double x[] = {(double)t, times * row->mean[t], row->exposed[t], row->never, alone};
            rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
        }
    }
    periods(c, v, r);
    return c;
}

static size_t answered(const rl_sides *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += s->v[i].answered;
    return n;
}

/* What the rings are, of those that are there. */
static const char *another_mean(const rl_view *v, const rl_sides *s)
{
    bool horizons = false, weighted = false;
    for (size_t i = 0; i < s->n; i++) {
        bool ring = s->v[i].answered && !s->v[i].same_estimand;
        horizons |= ring && s->v[i].near.std_error > 0;
        weighted |= ring && !(s->v[i].near.std_error > 0);
    }
    return rl_sprintf(v->in, "%s%s%s", horizons ? rl_words_event_times(v, s) : "", horizons && weighted ? ", or " : "",
                      weighted   ? "by own weights"
                      : horizons ? ""
                                 : "another");
}

static rl_chart *forest(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at)
{
    const rl_sides *s = &m->sides;
    size_t n = answered(s), k = 0;
    if (n < 2) return NULL;
    const rl_interval *own = &m->lift.effect;
    double largest = larger(larger(0, own->low), own->high);
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].answered) largest = larger(larger(largest, s->v[i].effect.conf_low), s->v[i].effect.conf_high);
    const char *words;
    double times = rl_chart_axis(v, m, largest, true, &words);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-estimators", at + 1), "forest",
                       rl_sprintf(v->in, "%s by %zu estimators", capital(v, rl_words_outcome(v, m)), n),
                       rl_sprintf(v->in,
                                  "Full dot: the average effect on the treated; ring: %s; dashed, shaded: the "
                                  "answer above",
                                  another_mean(v, s)));
    rl_chart_number(c, "height", 140.0 + 30.0 * (double)n);
    rl_chart_number(c, "last", (double)(n - 1));
    rl_chart_number(c, "whole", times * own->est);
    rl_chart_number(c, "whole_low", times * own->low);
    rl_chart_number(c, "whole_high", times * own->high);
    rl_chart_text(c, "xlabel", words);
    rl_chart_columns(c, "y estimate conf_low conf_high conf_low conf_high same_estimand # estimator");
    double *y = RL_NEW(v->in, double, n);
    const char **label = RL_NEW(v->in, const char *, n);
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *x = &s->v[i];
        if (!x->answered) continue;
        const rl_estimate *e = &x->effect;
        const double row[] = {(double)k,           times * e->estimate,  times * e->conf_low, times * e->conf_high,
                              times * e->conf_low, times * e->conf_high, x->same_estimand};
        rl_chart_row(c, row, sizeof row / sizeof *row, x->estimator);
        y[k] = (double)k;
        label[k++] = x->estimator;
    }
    rl_chart_tics(c, "y", y, label, n, 26);
    return c;
}

static bool has_estimate(const rl_estimate *e) { return e->label.event != RL_NO_ID && e->std_error > 0; }

/* The farthest bound of an interval of the event times first .. last. */
static double events_reach(const rl_sides *s, double first, double last)
{
    double largest = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; s->v[i].has_event && j < s->v[i].event.m; j++) {
            const rl_estimate *e = &s->v[i].event.est[j];
            if (!has_estimate(e) || e->label.event < first || e->label.event > last) continue;
            largest = larger(larger(largest, e->conf_low), e->conf_high);
        }
    return largest;
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
    double times = rl_chart_axis(v, m, events_reach(s, first, last), true, &words);
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-estimator-events", at + 1), "sides",
        rl_sprintf(v->in, "The same event study by %zu estimators", n),
        rl_sprintf(v->in, "Effects against the last %s before the start%s, %s intervals; grey line: %s%s", period,
                   leads_by_imputation(v, s), rl_view_level(v), s->v[behind].estimator,
                   cut ? rl_sprintf(v->in, "; at most %d %ss from it", MOST_SIDE_EVENTS / 2, period) : ""));
    size_t rows = (n + SIDES_A_ROW - 1) / SIDES_A_ROW;
    rl_chart_text(c, "ylabel", words);
    rl_chart_text(c, "xlabel", rl_sprintf(v->in, "%ss since the programme started", period));
    rl_chart_number(c, "height", 132.0 + 168.0 * (double)rows);
    rl_chart_number(c, "first", first);
    rl_chart_number(c, "last", last);
    rl_chart_number(c, "sides", (double)n);
    rl_chart_number(c, "rows", (double)rows);
    rl_chart_number(c, "behind", (double)behind_at);
    rl_chart_columns(c, "event estimate conf_low conf_high");
    for (size_t i = 0; i < s->n; i++) {
        if (!s->v[i].has_event) continue;
        if (k > 0) rl_chart_break(c);
        rl_chart_text(c, rl_sprintf(v->in, "name%zu", ++k), s->v[i].estimator);
        double before = NAN;
        for (size_t j = 0; j < s->v[i].event.m; j++) {
            const rl_estimate *e = &s->v[i].event.est[j];
            if (!has_estimate(e) || e->label.event < first || e->label.event > last) continue;
            const double x[] = {e->label.event, times * e->estimate, times * e->conf_low, times * e->conf_high};
            const double gap[] = {(before + x[0]) / 2, NAN, NAN, NAN};
            if (x[0] > before + (s->step > 1 ? s->step : 1)) rl_chart_row(c, gap, sizeof gap / sizeof *gap, NULL);
            before = x[0];
            rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
        }
    }
    return c;
}

/* Where a pair of cohorts stands: by the name of its kind. */
static double kind_of(const char *type)
{
    for (int k = 0; k < RL_BACON_KINDS; k++)
        if (strcmp(type, rl_bacon_name((rl_bacon_kind)k)) == 0) return k;
    return NAN;
}

static rl_chart *bacon(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at)
{
    const rl_result *r = &m->sides.bacon;
    double largest = 0, forbidden = 0, twfe = NAN;
    size_t n = 0;
    for (size_t i = 0; m->sides.has_bacon && i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        if (strcmp(e->label.term, "overall") == 0) twfe = e->estimate;
        if (strcmp(e->label.term, "pair") != 0) continue;
        largest = larger(largest, e->estimate);
        double kind = kind_of(e->label.comparison->type);
        if (kind == RL_BACON_LATER || kind == RL_BACON_ALWAYS) forbidden += e->label.comparison->weight;
        n++;
    }
    if (n < 2 || n > 400) return NULL;
    const char *words;
    double times = rl_chart_axis(v, m, largest, true, &words);
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-bacon", at + 1), "bacon",
        rl_sprintf(v->in, "Plain two-way fixed effects: %s of the weight is on forbidden comparisons",
                   rl_view_percent(v, forbidden, 0)),
        "A point a pair of cohorts; red: controls that are treated already, whose own effect passes for a trend");
    rl_chart_text(c, "ylabel", words);
    rl_chart_text(c, "xlabel", "weight in the coefficient");
    rl_chart_number(c, "twfe", times * twfe);
    rl_chart_text(c, "kind0", "earlier against later");
    rl_chart_text(c, "kind1", "against always treated");
    rl_chart_text(c, "kind2", "later against earlier");
    rl_chart_text(c, "kind3", "against never treated");
    rl_chart_columns(c, "weight estimate kind");
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        if (strcmp(e->label.term, "pair") != 0) continue;
        const double x[] = {e->label.comparison->weight, times * e->estimate, kind_of(e->label.comparison->type)};
        rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
    }
    return c;
}

void rl_charts_rollout(rl_charts *out, const rl_view *v, const rl_answer *a, size_t at)
{
    const rl_model_answer *m = &a->model[at];
    rl_model_charts *c = &out->model[at];
    const char *period = rl_words_period(a->study);
    if (!m->has_lift) return;
    c->rollout = map(out, v, m, at, period);
    c->cohorts = cohorts(out, v, m, at);
    c->sides = forest(out, v, m, at);
    c->side_events = events(out, v, m, at, period);
    c->bacon = bacon(out, v, m, at);
}
