/* est_sunab.c -- event study by cohort, then averages by the cohorts' shares.
 *
 *   y_it = a_i + l_t + sum_(g,e) b_ge 1{g_i = g, t - g = e} + x_it'c + e_it
 *
 * for every treated cohort g and event time e but those of reference; the
 * never treated (or, without them, the last cohort until it starts) have no
 * b.  The effect e periods after the start is
 *
 *   theta(e) = sum_g s_ge b_ge        s_ge = share of cohort g among the treated rows at e
 *
 * and averages by cohort, by period and over all treated rows are made alike:
 * rows count by their weights.  The shares are taken as known, as fixest does:
 * the errors are those of the regression.
 *
 * Estimand  average effects on the treated by event time (cohort, period), against the reference periods
 * Assumes   parallel trends with the cohort of reference, no anticipation
 * Source    Sun & Abraham (2021), Journal of Econometrics 225(2)
 */
#include <string.h>

#include "model/holes.h"
#include "model/roster.h"
#include "num/order.h"

enum { MOST_EVENTS = 2000, MOST_CELLS = 20000 };

typedef struct cell {
    int32_t g, e;
    double rows; /* of them, by their weights */
} cell;

typedef struct plan {
    const rl_design *d;
    const rl_request *r;
    int32_t lo, hi;     /* event times, binned by the window                              */
    int32_t g0;         /* the first cohort                                               */
    size_t span, width; /* a table of cohorts by event times                              */
    int32_t *number;    /* span-by-width  of a cell, by cohort and event time; -1 = none  */
    size_t n_cell;
    cell *cell;       /* n_cell  ascending                                                */
    bool *seen_event; /* width   of reference cells too                                   */
    int32_t *own;     /* span    reference of a cohort that lacks the usual one           */
} plan;

static int32_t event_of(const plan *p, size_t i)
{
    const rl_request *r = p->r;
    int64_t e = (int64_t)p->d->at[i] - p->d->cohort[i];
    if (r->has_window && e < r->window_lo) e = r->window_lo;
    if (r->has_window && e > r->window_hi) e = r->window_hi;
    return (int32_t)(e < -INT32_MAX ? -INT32_MAX : e > INT32_MAX ? INT32_MAX : e);
}

static rl_code find_range(plan *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    int32_t last = INT32_MIN;
    p->lo = p->g0 = INT32_MAX;
    p->hi = INT32_MIN;
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] == RL_NEVER) continue;
        int32_t e = event_of(p, i);
        if (e < p->lo) p->lo = e;
        if (e > p->hi) p->hi = e;
        if (d->cohort[i] < p->g0) p->g0 = d->cohort[i];
        if (d->cohort[i] > last) last = d->cohort[i];
    }
    if (p->hi < p->lo || p->hi < 0) {
        rl_fail(cx, RL_EDATA, "no treated row is left that has a control (%zu rows used)", rl_rows_used(d));
        return rl_hint(cx, "units must be seen before they are treated, and others, not yet treated, while they are");
    }
    p->span = (size_t)((int64_t)last - p->g0) + 1;
    p->width = (size_t)((int64_t)p->hi - p->lo) + 1;
    if (p->width <= MOST_EVENTS && p->span <= (1 << 24) / p->width) return RL_OK;
    rl_fail(cx, RL_EDATA, "event times from %d to %d and %zu periods between the first and the last cohort", p->lo,
            p->hi, p->span);
    return rl_hint(cx, "--window bins event times, --period makes periods coarser");
}

static int32_t *number_at(const plan *p, size_t i)
{
    return p->number + (size_t)(p->d->cohort[i] - p->g0) * p->width + (size_t)(event_of(p, i) - p->lo);
}

static const char *cohort_words(const plan *p, size_t g, rl_ctx *cx)
{
    return rl_time_words(p->d->clock, p->g0 + (int32_t)g, cx->tmp);
}

/* A cohort without a row of reference has nothing that its effects are measured from.  Unless --ref says otherwise
 * the last period in which it is seen before its start takes the place of the one before it, which may have been
 * left out as partly exposed, or never recorded. */
static rl_code find_references(plan *p, const double *rows, rl_ctx *cx)
{
    size_t others = 0, first = 0;
    p->own = RL_NEW(cx->tmp, int32_t, p->span);
    for (size_t g = 0; g < p->span; g++) {
        int32_t lo = INT32_MAX, hi = INT32_MIN, before = INT32_MIN;
        bool reference = false;
        p->own[g] = RL_NO_ID;
        for (size_t e = 0; e < p->width; e++) {
            if (rows[g * p->width + e] == 0) continue;
            int32_t event = p->lo + (int32_t)e;
            reference = reference || rl_is_reference(p->r, event);
            if (event < lo) lo = event;
            if (event > hi) hi = event;
            if (event < 0) before = event;
        }
        if (reference || hi < lo) continue;
        if (p->r->n_ref == 0 && before != INT32_MIN) {
            p->own[g] = before;
            if (others++ == 0) first = g;
            continue;
        }
        rl_fail(cx, RL_EDATA, "cohort %s has no row at the reference event time %d: it is seen from %d to %d",
                cohort_words(p, g, cx), p->r->n_ref > 0 ? p->r->ref[0] : -1, lo, hi);
        return rl_hint(cx, "--ref names other event times of reference, one for all cohorts or several");
    }
    if (others > 0)
        rl_remark(
            cx, "sunab",
            "%zu %s no row one period before %s start: the last one in which %s seen before it is %s reference (event "
            "time %d of cohort %s)",
            others, others > 1 ? "cohorts have" : "cohort has", others > 1 ? "their" : "its",
            others > 1 ? "they are" : "it is", others > 1 ? "their" : "its", p->own[first], cohort_words(p, first, cx));
    return RL_OK;
}

static rl_code list_cells(plan *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    size_t all = p->span * p->width;
    double *rows = RL_NEW(cx->tmp, double, all);
    p->number = RL_NEW(cx->tmp, int32_t, all);
    p->seen_event = RL_NEW(cx->tmp, bool, p->width);
    for (size_t i = 0; i < d->n; i++)
        if (d->cohort[i] != RL_NEVER) rows[number_at(p, i) - p->number] += d->w != NULL ? d->w[i] : 1;
    RL_TRY(find_references(p, rows, cx));
    for (size_t c = 0; c < all; c++) p->n_cell += rows[c] > 0;
    if (p->n_cell > MOST_CELLS) {
        rl_fail(cx, RL_EDATA, "%zu cells of cohort and event time, more than %d", p->n_cell, MOST_CELLS);
        return rl_hint(cx, "--window bins event times, --period makes periods coarser");
    }
    p->cell = RL_NEW(cx->tmp, cell, p->n_cell);
    p->n_cell = 0;
    for (size_t c = 0; c < all; c++) {
        int32_t e = p->lo + (int32_t)(c % p->width);
        p->number[c] = -1;
        if (rows[c] == 0) continue;
        p->seen_event[c % p->width] = true;
        if (rl_is_reference(p->r, e) || e == p->own[c / p->width]) continue;
        p->number[c] = (int32_t)p->n_cell;
        p->cell[p->n_cell++] = (cell){p->g0 + (int32_t)(c / p->width), e, rows[c]};
    }
    return RL_OK;
}

/* --- averages -------------------------------------------------------------------------- */

/* What a cell is averaged by; false = it is in no average. */
static bool key_of(const cell *c, rl_agg agg, int32_t *key)
{
    bool post = c->e >= 0;
    switch (agg) {
    case RL_AGG_SIMPLE:
        *key = 0;
        return post;
    case RL_AGG_GROUP:
        *key = c->g;
        return post;
    case RL_AGG_CALENDAR:
        *key = c->g + c->e;
        return post;
    default:
        *key = c->e;
        return true;
    }
}

static rl_label group_label(const rl_design *d, const char *term, int32_t g, rl_ctx *cx)
{
    rl_label l = rl_label_of(term);
    l.group = g;
    l.group_text = rl_time_text(d->clock, g, cx->tmp);
    return l;
}

static rl_label average_label(const plan *p, rl_agg agg, int32_t key, rl_ctx *cx)
{
    if (agg == RL_AGG_GROUP) return group_label(p->d, "group", key, cx);
    rl_label l = rl_label_of(agg == RL_AGG_SIMPLE ? "overall" : agg == RL_AGG_CALENDAR ? "calendar" : "event");
    if (agg == RL_AGG_CALENDAR) {
        l.time = key;
        l.time_text = rl_time_text(p->d->clock, key, cx->tmp);
    }
    if (agg == RL_AGG_DYNAMIC) l.event = key;
    return l;
}

/* The different keys, ascending; by event time those of reference too. */
static size_t list_keys(const plan *p, rl_agg agg, int32_t *key)
{
    size_t n = 0;
    for (size_t j = 0; j < p->n_cell; j++) n += key_of(&p->cell[j], agg, &key[n]);
    for (size_t e = 0; e < p->width && agg == RL_AGG_DYNAMIC; e++)
        if (p->seen_event[e]) key[n++] = p->lo + (int32_t)e;
    return rl_order_different_int(key, n);
}

/* Row `row` of L: the mean over the rows of all cells with this key; false: there is none. */
static bool average(const plan *p, rl_agg agg, int32_t want, const size_t *kept, rl_mat *L, size_t row)
{
    double rows = 0;
    int32_t key;
    for (size_t j = 0; j < p->n_cell; j++)
        if (key_of(&p->cell[j], agg, &key) && key == want) rows += p->cell[j].rows;
    for (size_t j = 0; j < p->n_cell; j++)
        if (key_of(&p->cell[j], agg, &key) && key == want) *rl_mat_at(L, row, kept[j]) = p->cell[j].rows / rows;
    return rows > 0;
}

/* The averages asked for, or the cells themselves, then the k covariates: kept[] says where
 * covariates and then cells stand among the estimates. */
static void combine(const plan *p, rl_agg agg, size_t k, const size_t *kept, rl_fit *f, rl_ctx *cx)
{
    bool cells = agg == RL_AGG_GROUP_TIME;
    int32_t *key = RL_NEW(cx->tmp, int32_t, p->n_cell + p->width);
    size_t n = cells ? p->n_cell : list_keys(p, agg, key), m = n, n_pre = 0;
    for (size_t j = 0; j < k; j++) m += kept[j] != SIZE_MAX;
    rl_mat L = rl_mat_new(m, f->m, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, m);
    size_t *pre = RL_NEW(cx->tmp, size_t, n);
    for (size_t i = 0; i < n; i++) {
        int32_t e = cells ? p->cell[i].e : key[i];
        bool some = true;
        if (cells) {
            label[i] = group_label(p->d, "att", p->cell[i].g, cx);
            label[i].event = e;
            *rl_mat_at(&L, i, kept[k + i]) = 1;
        } else {
            label[i] = average_label(p, agg, key[i], cx);
            some = average(p, agg, key[i], kept + k, &L, i);
        }
        if ((cells || agg == RL_AGG_DYNAMIC) && e < 0 && some) pre[n_pre++] = i;
    }
    for (size_t j = 0, at = n; j < k; j++) {
        if (kept[j] == SIZE_MAX) continue;
        label[at] = f->label[kept[j]];
        *rl_mat_at(&L, at++, kept[j]) = 1;
    }
    rl_fit_combine(f, L, label, cx);
    rl_fit_pre_trend(f, pre, n_pre, false, cx);
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    plan p = {.d = d, .r = r};
    size_t k = d->X.k;
    rl_agg agg = r->agg == RL_AGG_DEFAULT ? RL_AGG_DYNAMIC : r->agg;
    if (agg == RL_AGG_CALENDAR && r->has_window && !r->endpoints_drop) {
        rl_fail(cx, RL_EUSAGE, "--agg calendar and --window: the window's ends hold several periods");
        return rl_hint(cx, "leave the window out, or add --endpoints drop");
    }
    rl_roster seen_twice;
    RL_TRY(find_range(&p, cx));
    RL_TRY(rl_roster_make(d->all != NULL ? d->all : d, false, &seen_twice, cx));
    RL_TRY(list_cells(&p, cx));
    size_t all = k + p.n_cell, *kept = RL_NEW(cx->tmp, size_t, all);
    rl_label *label = RL_NEW(cx->tmp, rl_label, all);
    for (size_t j = 0; j < k; j++) label[j] = rl_label_of(d->x_name[j]);
    for (size_t j = 0; j < p.n_cell; j++) {
        label[k + j] = group_label(d, "att", p.cell[j].g, cx);
        label[k + j].event = p.cell[j].e;
    }
    int32_t *of = RL_NEW(cx->tmp, int32_t, d->n);
    for (size_t i = 0; i < d->n; i++) of[i] = d->cohort[i] == RL_NEVER ? -1 : *number_at(&p, i);
    rl_code code = rl_fit_indicators(d, of, p.n_cell, label, kept, f, cx);
    if (code == RL_EDATA && !rl_holes_cells(d, r, of, cx))
        rl_hint(cx, "a cell needs units of reference in its own period and in the reference periods");
    RL_TRY(code);
    combine(&p, agg, k, kept, f, cx);
    return RL_OK;
}

const rl_estimator rl_est_sunab = {
    .name = "sunab",
    .what = "event study by cohort, averaged by the cohorts' shares",
    .method =
        "The outcome is regressed on unit effects, time effects and one dummy for each cohort and period before and "
        "after its start; the effects are then averaged over cohorts by how many treated rows each has. Cohorts are "
        "compared with those never treated, so that no treated unit serves as a control.",
    .source = "Sun & Abraham (2021)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .by_cohort = true,
    .frame = RL_FRAME_COHORTS,
    .repeats = true,
    .takes = " window ref endpoints ref-cohort agg ",
    .regression = true,
    .fit = fit,
};
