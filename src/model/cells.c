#include "model/cells.h"

#include <math.h>
#include <string.h>

#include "num/order.h"

/* One average: theta = sum_c a_c att_c.  Weighed by shares (`by_share`) its
 * influence has a part of the shares: for a unit of cohort g with share weight
 * w the amount w lift_g. */
typedef struct average {
    rl_label label;
    double *a;    /* n_cell                                */
    double *lift; /* n_cohort, or NULL                     */
    double theta;
    bool before;    /* a pre-trend                           */
    bool reference; /* nothing but cells that are 0 by construction */
} average;

typedef struct work {
    const rl_att_cells *c;
    const rl_request *r;
    double *share; /* n_cohort   p_g                        */
    double scale;  /* a unit's weight times this is w_u / n */
    size_t *of;    /* n_cell     cohort's number            */
    size_t m, cap;
    average *avg;
    rl_ctx *cx;
} work;

/* --- shares ---------------------------------------------------------------------- */

static size_t cohort_number(const rl_roster *r, int32_t g)
{
    size_t lo = 0, hi = r->n_cohort;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (r->cohort_time[mid] < g)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void shares(work *w)
{
    const rl_att_cells *c = w->c;
    const rl_roster *r = c->r;
    long double all = 0, *sum = RL_NEW(w->cx->tmp, long double, r->n_cohort);
    w->share = RL_NEW(w->cx->tmp, double, r->n_cohort);
    for (size_t u = 0; u < r->N; u++) {
        double x = c->weight != NULL ? c->weight[u] : 1;
        all += x;
        if (r->cohort[u] != RL_NEVER) sum[cohort_number(r, r->cohort[u])] += x;
    }
    for (size_t g = 0; g < r->n_cohort; g++) w->share[g] = (double)(sum[g] / all);
    w->scale = (double)(1 / all); /* mean weight 1, and 1/n */
    w->of = RL_NEW(w->cx->tmp, size_t, c->n);
    for (size_t i = 0; i < c->n; i++) w->of[i] = cohort_number(r, c->cell[i].g);
}

/* --- averages -------------------------------------------------------------------- */

static average *add(work *w, rl_label label, bool by_share)
{
    if (w->m == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 64;
        w->avg = rl_regrow(w->cx->tmp, w->avg, w->cap, cap, sizeof *w->avg);
        w->cap = cap;
    }
    average *a = &w->avg[w->m++];
    *a = (average){.label = label, .a = RL_NEW(w->cx->tmp, double, w->c->n), .reference = true};
    if (by_share) a->lift = RL_NEW(w->cx->tmp, double, w->c->r->n_cohort);
    return a;
}

/* The weights a (not yet adding up to one) become an average; those of the cohorts' shares their lift. */
static void close_average(const work *w, average *a)
{
    long double sum = 0, theta = 0;
    for (size_t i = 0; i < w->c->n; i++) sum += a->a[i];
    for (size_t i = 0; i < w->c->n; i++) {
        if (a->a[i] == 0) continue;
        double att = w->c->cell[i].att;
        if (!w->c->cell[i].reference) a->reference = false;
        if (a->lift != NULL) a->lift[w->of[i]] += att;
        a->a[i] = (double)(a->a[i] / sum);
        theta += (long double)a->a[i] * att;
    }
    a->theta = (double)theta;
    if (a->lift == NULL) return;
    double *cells = RL_NEW(w->cx->tmp, double, w->c->r->n_cohort);
    for (size_t i = 0; i < w->c->n; i++)
        if (a->a[i] != 0) cells[w->of[i]]++;
    for (size_t g = 0; g < w->c->r->n_cohort; g++)
        a->lift[g] = (a->lift[g] - cells[g] * a->theta) / (double)sum * w->scale;
}

/* An average of averages from .. to-1, weights b (NULL: alike); lift_g on top where b are shares. */
static void mean_of(work *w, size_t from, size_t to, const double *b)
{
    double sum = 0;
    size_t G = w->c->r->n_cohort;
    average *a = add(w, rl_label_of("overall"), true);
    for (size_t i = from; i < to; i++) sum += b != NULL ? b[i - from] : 1;
    long double theta = 0;
    for (size_t i = from; i < to; i++) {
        const average *one = &w->avg[i];
        double by = (b != NULL ? b[i - from] : 1) / sum;
        if (!one->reference) a->reference = false;
        theta += (long double)by * one->theta;
        for (size_t c = 0; c < w->c->n; c++) a->a[c] += by * one->a[c];
        for (size_t g = 0; g < G && one->lift != NULL; g++) a->lift[g] += by * one->lift[g];
    }
    a->theta = (double)theta;
    for (size_t i = from; i < to && b != NULL; i++) {
        size_t g = cohort_number(w->c->r, w->avg[i].label.group);
        a->lift[g] += (w->avg[i].theta - a->theta) / sum * w->scale;
    }
}

static rl_label labelled(const work *w, const char *term, const rl_att_cell *c, bool group, bool time, bool event)
{
    rl_label l = rl_label_of(term);
    if (group) {
        l.group = c->g;
        l.group_text = rl_time_text(w->c->d->clock, c->g, w->cx->tmp);
    }
    if (time) {
        l.time = c->t;
        l.time_text = rl_time_text(w->c->d->clock, c->t, w->cx->tmp);
    }
    if (event) l.event = c->t - c->g;
    return l;
}

static void simple(work *w)
{
    average *a = add(w, rl_label_of("overall"), true);
    for (size_t i = 0; i < w->c->n; i++)
        if (w->c->cell[i].t >= w->c->cell[i].g) a->a[i] = w->share[w->of[i]];
    close_average(w, a);
}

/* The different values of key(cell), ascending. */
static size_t different(const work *w, int32_t (*key)(const rl_att_cell *), bool after, int32_t **out)
{
    size_t n = 0;
    int32_t *k = RL_NEW(w->cx->tmp, int32_t, w->c->n);
    for (size_t i = 0; i < w->c->n; i++)
        if (!after || w->c->cell[i].t >= w->c->cell[i].g) k[n++] = key(&w->c->cell[i]);
    *out = k;
    return rl_order_different_int(k, n);
}

static int32_t event_of(const rl_att_cell *c) { return c->t - c->g; }
static int32_t time_of(const rl_att_cell *c) { return c->t; }
static int32_t group_of(const rl_att_cell *c) { return c->g; }

/* Is event time e of cohort g part of the dynamic averages asked for? */
static bool shown(const work *w, int32_t g, int32_t e)
{
    const rl_request *r = w->r;
    const rl_roster *s = w->c->r;
    int64_t first = s->time[0], last = s->time[s->T - 1];
    if (r->has_window && (e < r->window_lo || e > r->window_hi)) return false;
    if (!r->has_balance) return true;
    return last - g >= r->balance && e <= r->balance && e >= r->balance - last + first;
}

static rl_code dynamic(work *w)
{
    int32_t *e;
    size_t n = different(w, event_of, false, &e), from = 0;
    for (size_t k = 0; k < n; k++) {
        average *a = NULL;
        for (size_t i = 0; i < w->c->n; i++) {
            const rl_att_cell *c = &w->c->cell[i];
            if (event_of(c) != e[k] || !shown(w, c->g, e[k])) continue;
            if (a == NULL) a = add(w, labelled(w, "event", c, false, false, true), true);
            a->a[i] = w->share[w->of[i]];
        }
        if (a == NULL) continue;
        a->before = e[k] < 0;
        if (a->before) from++;
        close_average(w, a);
    }
    if (w->m > from) {
        mean_of(w, from, w->m, NULL);
        return RL_OK;
    }
    if (w->r->has_balance) {
        rl_fail(w->cx, RL_EDATA, "no cohort is seen %d periods after its start", w->r->balance);
        return rl_hint(w->cx, "a smaller --balance keeps more cohorts");
    }
    rl_fail(w->cx, RL_EDATA, "no event time from 0 on lies in the window %d to %d", w->r->window_lo, w->r->window_hi);
    return rl_hint(w->cx, "event times here go from %d to %d", e[0], e[n - 1]);
}

static void group(work *w)
{
    int32_t *g;
    size_t n = different(w, group_of, true, &g);
    double *share = RL_NEW(w->cx->tmp, double, n);
    for (size_t k = 0; k < n; k++) {
        average *a = NULL;
        for (size_t i = 0; i < w->c->n; i++) {
            const rl_att_cell *c = &w->c->cell[i];
            if (c->g != g[k] || c->t < c->g) continue;
            if (a == NULL) a = add(w, labelled(w, "group", c, true, false, false), false);
            a->a[i] = 1;
        }
        close_average(w, a);
        share[k] = w->share[cohort_number(w->c->r, g[k])];
    }
    mean_of(w, 0, n, share);
}

static void calendar(work *w)
{
    int32_t *t;
    size_t n = different(w, time_of, true, &t);
    for (size_t k = 0; k < n; k++) {
        average *a = NULL;
        for (size_t i = 0; i < w->c->n; i++) {
            const rl_att_cell *c = &w->c->cell[i];
            if (c->t != t[k] || c->t < c->g) continue;
            if (a == NULL) a = add(w, labelled(w, "calendar", c, false, true, false), true);
            a->a[i] = w->share[w->of[i]];
        }
        close_average(w, a);
    }
    mean_of(w, 0, n, NULL);
}

/* --- influence ------------------------------------------------------------------- */

/* The weight of every outcome in average j: those of its cells. */
static void outcome_weights(const void *self, size_t j, double *omega)
{
    const work *w = self;
    for (size_t i = 0; i < w->c->n; i++)
        if (w->avg[j].a[i] != 0) w->c->outcome(w->c->by.self, i, w->avg[j].a[i], omega);
}

/* Averages as lists: those that use a cell, and those that a cohort's share lifts. */
typedef struct combined {
    const rl_att_cells *c;
    size_t m;
    size_t *cell_first, *cohort_first; /* n_cell+1, n_cohort+1 */
    int32_t *cell_at, *cohort_at;
    double *cell_by, *cohort_by;
    const double *weight;
} combined;

static void list(const work *w, bool of_cells, size_t n, size_t **first, int32_t **at, double **by)
{
    size_t k = 0, all = 0;
    for (size_t j = 0; j < w->m; j++) {
        const double *v = of_cells ? w->avg[j].a : w->avg[j].lift;
        for (size_t i = 0; i < n && v != NULL; i++) all += v[i] != 0;
    }
    *first = RL_NEW(w->cx->tmp, size_t, n + 1);
    *at = RL_NEW(w->cx->tmp, int32_t, all);
    *by = RL_NEW(w->cx->tmp, double, all);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < w->m; j++) {
            const double *v = of_cells ? w->avg[j].a : w->avg[j].lift;
            if (v == NULL || v[i] == 0) continue;
            (*at)[k] = (int32_t)j;
            (*by)[k++] = v[i];
        }
        (*first)[i + 1] = k;
    }
}

/* A unit's influence on the averages: that on its cells, weighed, and the part of its cohort's share.
 * What is behind the m places of the answer is room to work in. */
static size_t of_unit(const void *self, size_t u, int32_t *at, double *value)
{
    const combined *s = self;
    const rl_units *by = &s->c->by;
    int32_t *cell = at + s->m;
    double *sum = value + s->m, *x = value + 2 * s->m;
    size_t n = by->of(by->self, u, cell, x), out = 0;
    for (size_t j = 0; j < s->m; j++) sum[j] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = s->cell_first[cell[i]]; k < s->cell_first[cell[i] + 1]; k++)
            sum[s->cell_at[k]] += s->cell_by[k] * x[i];
    int32_t g = s->c->r->cohort[u];
    if (g != RL_NEVER) {
        size_t c = cohort_number(s->c->r, g);
        double w = s->weight != NULL ? s->weight[u] : 1;
        for (size_t k = s->cohort_first[c]; k < s->cohort_first[c + 1]; k++)
            sum[s->cohort_at[k]] += s->cohort_by[k] * w;
    }
    for (size_t j = 0; j < s->m; j++) {
        if (sum[j] == 0) continue;
        at[out] = (int32_t)j;
        value[out++] = sum[j];
    }
    return out;
}

/* --- the fit --------------------------------------------------------------------- */

static void start_fit(const rl_att_cells *c, size_t m, rl_fit *f, rl_ctx *cx)
{
    f->m = m;
    f->b = RL_NEW(cx->tmp, double, m);
    f->label = RL_NEW(cx->tmp, rl_label, m);
    f->normal = f->bare = true;
    f->dof = (rl_dof){.n = c->d->n, .k = m};
}

/* The cells themselves. */
static void each_cell(const rl_att_cells *c, rl_fit *f, rl_ctx *cx)
{
    const work w = {.c = c, .cx = cx};
    size_t n_pre = 0, *pre = RL_NEW(cx->tmp, size_t, c->n);
    start_fit(c, c->n, f, cx);
    for (size_t i = 0; i < c->n; i++) {
        f->b[i] = c->cell[i].att;
        f->label[i] = labelled(&w, "att", &c->cell[i], true, true, true);
        if (c->cell[i].t < c->cell[i].g && !c->cell[i].reference) pre[n_pre++] = i;
    }
    rl_fit_pre_trend(f, pre, n_pre, true, cx);
    rl_psi_units(f, &c->by, c->d->n, cx);
}

static void estimates(const work *w, rl_fit *f)
{
    size_t n_pre = 0, *pre = RL_NEW(w->cx->tmp, size_t, w->m);
    start_fit(w->c, w->m, f, w->cx);
    for (size_t j = 0; j < w->m; j++) {
        f->b[j] = w->avg[j].theta;
        f->label[j] = w->avg[j].label;
        if (w->avg[j].before && !w->avg[j].reference) pre[n_pre++] = j;
    }
    rl_fit_pre_trend(f, pre, n_pre, true, w->cx);
}

static void with_influence(const work *w, rl_fit *f)
{
    const rl_att_cells *c = w->c;
    combined *s = RL_NEW(w->cx->tmp, combined, 1);
    *s = (combined){.c = c, .m = w->m, .weight = c->weight};
    list(w, true, c->n, &s->cell_first, &s->cell_at, &s->cell_by);
    list(w, false, c->r->n_cohort, &s->cohort_first, &s->cohort_at, &s->cohort_by);
    rl_units units = {.N = c->by.N, .row = c->by.row, .most = 2 * w->m + c->by.most, .of = of_unit, .self = s};
    rl_psi_units(f, &units, c->d->n, w->cx);
    if (c->outcome == NULL) return;
    work *kept = RL_NEW(w->cx->tmp, work, 1);
    *kept = *w;
    f->omega = outcome_weights;
    f->omega_self = kept;
}

rl_code rl_att_average(const rl_att_cells *c, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    work w = {.c = c, .r = r, .cx = cx};
    size_t after = 0;
    if (r->agg == RL_AGG_DEFAULT || r->agg == RL_AGG_GROUP_TIME) {
        each_cell(c, f, cx);
        return RL_OK;
    }
    for (size_t i = 0; i < c->n; i++) after += c->cell[i].t >= c->cell[i].g;
    if (after == 0) return rl_fail(cx, RL_EDATA, "no cohort is seen after its start: there is no effect to average");
    shares(&w);
    switch (r->agg) {
    case RL_AGG_SIMPLE:
        simple(&w);
        break;
    case RL_AGG_DYNAMIC:
        RL_TRY(dynamic(&w));
        break;
    case RL_AGG_GROUP:
        group(&w);
        break;
    case RL_AGG_CALENDAR:
        calendar(&w);
        break;
    default:
        return rl_fail(cx, RL_EUSAGE, "--agg type and pairs are of estimator 'bacon'");
    }
    estimates(&w, f);
    with_influence(&w, f);
    return RL_OK;
}
