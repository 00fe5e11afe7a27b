/* Charts of a programme that starts at different times: who is treated when,
 * how each cohort went, and what plain two-way fixed effects compare. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/bacon.h"
#include "out/charts.h"
#include "out/words.h"

enum {
    TALL_ROWS = 30,    /* of the map: more are drawn lower, .. */
    MOST_ROWS = 150,   /* .. and more than these in bands of neighbouring starts */
    MOST_PERIODS = 80, /* drawn one by one; of more, runs                        */
    MOST_LINES = 9,    /* of cohorts in colour, the never treated included       */
    MOST_GREY = 60,    /* .. and in grey, as long as                             */
    MOST_GREY_POINTS = 20000,
    MANY_POINTS = 100, /* of pairs of cohorts: drawn small, ..              */
    MOST_PAIRS = 300   /* .. and more than these are added up               */
};

static double larger(double a, double b) { return isfinite(b) && fabs(b) > a ? fabs(b) : a; }

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

static size_t starts_of(const rl_rollout *r)
{
    size_t starts = 0;
    for (size_t g = 0; g < r->n; g++) starts += !r->row[g].never;
    return starts;
}

/* Neighbouring cohorts that share a row of the map: [from, to). */
typedef struct band {
    size_t from, to;
} band;

/* A row a cohort, or, when there are too many, a row for so many starts; the never treated stand alone. */
static band *bands_of(const rl_view *v, const rl_rollout *r, size_t *n, size_t *per)
{
    size_t starts = starts_of(r);
    *per = starts > MOST_ROWS ? (starts + MOST_ROWS - 1) / MOST_ROWS : 1;
    band *b = RL_NEW(v->in, band, r->n);
    *n = 0;
    for (size_t g = 0; g < r->n; g = b[(*n)++].to) {
        size_t to = g + 1;
        while (to < r->n && to - g < *per && !r->row[to].never && !r->row[g].never) to++;
        b[*n] = (band){g, to};
    }
    return b;
}

static const char *band_name(const rl_view *v, const rl_rollout *r, band b)
{
    if (b.to - b.from == 1) return cohort_name(v, r, b.from, true);
    size_t units = 0;
    for (size_t g = b.from; g < b.to; g++) units += r->row[g].units;
    return rl_sprintf(v->in, "%s to %s (%s)", rl_view_clean(r->row[b.from].label, 12, v->in),
                      rl_view_clean(r->row[b.to - 1].label, 12, v->in), rl_view_count(v, units));
}

/* Share of the band's cohorts with rows in a period that are exposed in it, rounded to none 0, some 0.5, all 1; NaN =
 * no row. */
static double state_of(const rl_rollout *r, band b, size_t t, size_t *rows)
{
    size_t seen = 0, exposed = 0;
    *rows = 0;
    for (size_t g = b.from; g < b.to; g++) {
        if (r->row[g].rows[t] == 0) continue;
        seen++;
        exposed += r->row[g].exposed[t];
        *rows += r->row[g].rows[t];
    }
    return seen == 0 ? (double)NAN : exposed == 0 ? 0 : exposed == seen ? 1 : 0.5;
}

/* A box a period, or a run of periods alike. */
static void map_row(rl_chart *c, const rl_rollout *r, band b, double y, bool runs)
{
    size_t rows, more;
    for (size_t t = 0, to; t < r->n_periods; t = to + 1) {
        double state = state_of(r, b, t, &rows);
        to = t;
        if (isnan(state)) continue;
        while (runs && to + 1 < r->n_periods && state_of(r, b, to + 1, &more) == state) {
            rows += more;
            to++;
        }
        const double x[] = {(double)t, (double)to, y, state, (double)rows};
        rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
    }
}

static rl_chart *map(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period)
{
    const rl_rollout *r = &m->rollout;
    size_t n, per, starts = starts_of(r), k = 0;
    if (r->n < 2 || r->n_periods < 2) return NULL;
    const band *b = bands_of(v, r, &n, &per);
    double each = n <= TALL_ROWS ? 26 : fmax(5.2, 26.0 * TALL_ROWS / (double)n);
    rl_chart *c = rl_chart_begin(
        out, v, rl_sprintf(v->in, "m%zu-rollout", at + 1), "rollout",
        rl_sprintf(v->in, "The programme started at %zu date%s", starts, starts == 1 ? "" : "s"),
        per == 1 ? "Dark: exposed; light: before, or never; blank: no row used (partly exposed, or not "
                   "seen)"
                 : rl_sprintf(v->in,
                              "A row is %zu neighbouring starts. Dark: all exposed; middle: some; light: "
                              "none yet; blank: no row used",
                              per));
    double *y = RL_NEW(v->in, double, n);
    const char **label = RL_NEW(v->in, const char *, n);
    rl_chart_number(c, "height", 150.0 + each * (double)n);
    rl_chart_number(c, "last", (double)(n - 1));
    rl_chart_number(c, "periods", (double)r->n_periods);
    rl_chart_text(c, "xlabel", period);
    rl_chart_columns(c, "from to row exposed rows");
    size_t step = (size_t)ceil(15 / each); /* labels that have room */
    for (size_t i = 0; i < n; i++) {
        map_row(c, r, b[i], (double)i, n > TALL_ROWS || r->n_periods > MOST_PERIODS);
        bool never = r->row[b[i].from].never, room = i % step == 0 && (i + step <= n || step == 1);
        if (!never && !room) continue;
        y[k] = (double)i;
        label[k++] = band_name(v, r, b[i]);
    }
    rl_chart_tics(c, "y", y, label, k, n > TALL_ROWS ? 60 : 26);
    periods(c, v, r);
    return c;
}

/* Which cohorts are drawn in colour: the largest, in order of their start; the next ones are grey.  The never treated
 * stand last of those in colour. */
typedef struct lines {
    size_t *cohort; /* n + others                           */
    size_t n, others, treated;
} lines;

static lines choose_lines(const rl_view *v, const rl_rollout *r)
{
    size_t starts = starts_of(r), never = r->n - starts, most = MOST_LINES - (never > 0 ? 1 : 0);
    size_t grey = MOST_GREY_POINTS / r->n_periods < MOST_GREY ? MOST_GREY_POINTS / r->n_periods : MOST_GREY;
    lines l = {.cohort = RL_NEW(v->in, size_t, r->n), .treated = starts < most ? starts : most};
    unsigned char *taken = RL_NEW(v->in, unsigned char, r->n); /* 1 in colour, 2 grey */
    l.others = starts - l.treated < grey ? starts - l.treated : grey;
    for (size_t k = 0; k < l.treated + l.others; k++) {
        size_t best = SIZE_MAX;
        for (size_t g = 0; g < r->n; g++)
            if (!r->row[g].never && !taken[g] && (best == SIZE_MAX || r->row[g].units > r->row[best].units)) best = g;
        taken[best] = k < l.treated ? 1 : 2;
    }
    for (size_t g = 0; g < r->n; g++)
        if (taken[g] == 1 || r->row[g].never) l.cohort[l.n++] = g;
    for (size_t g = 0, k = l.n; g < r->n; g++)
        if (taken[g] == 2) l.cohort[k++] = g;
    return l;
}

/* What the lines are, in a sentence that fits under the title. */
static const char *lines_say(const rl_view *v, const rl_rollout *r, const lines *l)
{
    size_t starts = starts_of(r);
    const char *on = r->n_periods > MOST_PERIODS ? "thick where" : "a dot where";
    if (l->others == 0)
        return rl_sprintf(v->in,
                          "Plain means; %s the programme is on, a gap where no row is used; parallel lines without %s "
                          "support the comparison",
                          on, r->n_periods > MOST_PERIODS ? "it" : "dots");
    const char *grey = l->treated + l->others < starts ? rl_sprintf(v->in, "the next %zu grey, %zu more not drawn",
                                                                    l->others, starts - l->treated - l->others)
                       : l->others == 1                ? "the other one grey"
                                                       : rl_sprintf(v->in, "the other %zu grey", l->others);
    return rl_sprintf(v->in, "Plain means: the %zu largest of %zu start dates in colour, %s; %s the programme is on",
                      l->treated, starts, grey, on);
}

static rl_chart *cohorts(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at)
{
    const rl_rollout *r = &m->rollout;
    double largest = 0;
    if (starts_of(r) < 2 || r->n_periods < 2) return NULL;
    lines l = choose_lines(v, r);
    for (size_t k = 0; k < l.n + l.others; k++)
        for (size_t t = 0; t < r->n_periods; t++) largest = larger(largest, r->row[l.cohort[k]].mean[t]);
    const char *words;
    double times = rl_chart_axis(v, m, largest, false, &words);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-cohorts", at + 1), "cohorts",
                       rl_sprintf(v->in, "%s by start of the programme", rl_words_capital(v, rl_words_outcome(v, m))),
                       lines_say(v, r, &l));
    rl_chart_text(c, "ylabel", words);
    rl_chart_number(c, "last", (double)(r->n_periods - 1));
    rl_chart_number(c, "cohorts", (double)l.n);
    rl_chart_number(c, "treated", (double)l.treated);
    rl_chart_number(c, "others", (double)l.others);
    rl_chart_number(c, "dots", r->n_periods <= MOST_PERIODS);
    rl_chart_text(c, "other_text", "others");
    rl_chart_columns(c, "period mean exposed never alone");
    for (size_t k = 0; k < l.n + l.others; k++) {
        const rl_rollout_row *row = &r->row[l.cohort[k]];
        if (k < l.n) rl_chart_text(c, rl_sprintf(v->in, "name%zu", k + 1), cohort_name(v, r, l.cohort[k], false));
        if (k > 0) rl_chart_break(c);
        for (size_t t = 0; t < r->n_periods; t++) {
            bool alone = row->rows[t] > 0 && (t == 0 || row->rows[t - 1] == 0) &&
                         (t + 1 == r->n_periods || row->rows[t + 1] == 0);
            const double x[] = {(double)t, times * row->mean[t], row->exposed[t], row->never, alone};
            rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
        }
    }
    periods(c, v, r);
    return c;
}

/* Where a pair of cohorts stands: by the name of its kind. */
static double kind_of(const char *type)
{
    for (int k = 0; k < RL_BACON_KINDS; k++)
        if (strcmp(type, rl_bacon_name((rl_bacon_kind)k)) == 0) return k;
    return NAN;
}

typedef struct pair {
    size_t at;
    double weight;
} pair;

static int by_weight(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The pairs of cohorts, the heaviest first. */
static pair *pairs_of(const rl_view *v, const rl_result *r, size_t *n)
{
    pair *p = RL_NEW(v->in, pair, r->m + 1);
    *n = 0;
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, "pair") == 0) p[(*n)++] = (pair){i, r->est[i].label.comparison->weight};
    qsort(p, *n, sizeof *p, by_weight);
    return p;
}

/* What the points are; of too many, what those that are not drawn come to. */
static const char *points_say(const rl_view *v, const rl_model_answer *m, const rl_result *r, const pair *p, size_t n,
                              size_t shown)
{
    double weight = 0, sum = 0;
    for (size_t k = shown; k < n; k++) {
        weight += p[k].weight;
        sum += p[k].weight * r->est[p[k].at].estimate;
    }
    if (shown == n)
        return "A point a pair of cohorts; red: controls that are treated already, whose own effect passes for a trend";
    rl_interval mean = {sum / weight, NAN, NAN, NAN};
    rl_scale s = rl_scale_full(&mean, rl_unit_of_lift(v, &m->lift), m->lift.scale);
    return rl_sprintf(
        v->in,
        "A point a pair of cohorts, the %zu heaviest of %s; the rest: %s of the weight, %s on average; red: "
        "controls treated already",
        shown, rl_view_count(v, n), rl_view_percent(v, weight, 0), rl_scaled_signed(v, &s, mean.est));
}

static rl_chart *bacon(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at)
{
    const rl_result *r = &m->sides.bacon;
    double largest = 0, forbidden = 0, twfe = NAN;
    size_t n = 0;
    if (!m->sides.has_bacon) return NULL;
    const pair *p = pairs_of(v, r, &n);
    size_t shown = n < MOST_PAIRS ? n : MOST_PAIRS;
    if (n < 2) return NULL;
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, "overall") == 0) twfe = r->est[i].estimate;
    for (size_t k = 0; k < n; k++) {
        const rl_estimate *e = &r->est[p[k].at];
        double kind = kind_of(e->label.comparison->type);
        if (k < shown) largest = larger(largest, e->estimate);
        if (kind == RL_BACON_LATER || kind == RL_BACON_ALWAYS) forbidden += p[k].weight;
    }
    const char *words;
    double times = rl_chart_axis(v, m, largest, true, &words);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-bacon", at + 1), "bacon",
                       rl_sprintf(v->in, "Plain two-way fixed effects: %s of the weight is on forbidden comparisons",
                                  rl_view_percent(v, forbidden, 0)),
                       points_say(v, m, r, p, n, shown));
    rl_chart_text(c, "ylabel", words);
    bool far = shown > MANY_POINTS && p[0].weight > 8 * p[shown - 1].weight && p[shown - 1].weight > 0;
    rl_chart_text(c, "xlabel", far ? "weight in the coefficient (logarithmic)" : "weight in the coefficient");
    rl_chart_number(c, "logarithmic", far);
    rl_chart_number(c, "twfe", times * twfe);
    rl_chart_number(c, "dot", shown > MANY_POINTS ? 0.6 : 0.9);
    rl_chart_text(c, "kind0", "earlier against later");
    rl_chart_text(c, "kind1", "against always treated");
    rl_chart_text(c, "kind2", "later against earlier");
    rl_chart_text(c, "kind3", "against never treated");
    rl_chart_columns(c, "weight estimate kind");
    for (size_t k = 0; k < shown; k++) {
        const rl_estimate *e = &r->est[p[k].at];
        const double x[] = {p[k].weight, times * e->estimate, kind_of(e->label.comparison->type)};
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
    rl_charts_sides(out, v, m, at, period);
    c->bacon = bacon(out, v, m, at);
}
