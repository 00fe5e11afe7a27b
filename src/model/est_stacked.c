/* est_stacked.c -- every cohort beside its own clean controls, stacked.
 *
 * A stack is a cohort g seen in every period of its window g+lo .. g+hi, and
 * the units not treated before the window ends (never, or later than g+hi),
 * seen in every one of them too, with their rows in the window.  A unit stands in several stacks; errors
 * cluster by the unit itself.  The event effects are those of one regression
 * on all stacks:
 *
 *   none  y ~ sum_e b_e 1{event = e} treated | unit^stack + time^stack
 *   wfh   y ~ sum_e b_e 1{event = e} treated | treated + event        weights Q
 *         Q = 1 for the treated, (N_s^D / N^D) / (N_s^C / N^C) for the controls of stack s (units)
 *
 * so that with wfh every stack's controls count as much as its treated units:
 * b_e is then the mean effect over the treated units of all stacks.  Without
 * weights stacks count by the variance of treatment in them.
 *
 * `overall` is the mean of b_e, e >= 0.
 *
 * Estimand  effect e periods after the start on the units of the stacks; in the unit of y
 * Assumes   parallel trends within each stack, no anticipation
 * Source    Cengiz, Dube, Lindner & Zipperer (2019), QJE 134(3); Wing, Freedman & Hollingsworth (2024), NBER 32054
 */
#include <string.h>

#include "model/collapse.h"
#include "model/roster.h"

typedef struct stack {
    int32_t g;
    size_t treated, controls; /* units */
} stack;

typedef struct work {
    const rl_design *d;
    const rl_request *r;
    rl_roster roster;
    int32_t lo, hi;
    size_t S, n; /* stacks, stacked rows                     */
    size_t units,
        broken; /* units of stacks (one in two stacks is two); those without a row in some period of the window */
    stack *stack;
    rl_design *all;    /* of the stacked rows                      */
    uint32_t *from;    /* n   row of d                             */
    int32_t *of;       /* n   stack                                */
    unsigned char *on; /* n   of a treated unit                    */
    int32_t *event;    /* n                                        */
} work;

/* How many cohorts start before a time; never is after all of them. */
static size_t cohorts_before(const rl_roster *r, int64_t time)
{
    size_t lo = 0, hi = r->n_cohort;
    if (time == RL_NEVER) return hi;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (r->cohort_time[mid] < time)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Rows of each cohort in each period (n_cohort+1 by T, those never treated last), then in `clean` those of a cohort
 * and all that start later or never. */
typedef struct sightings {
    size_t T, *own, *clean;
} sightings;

static sightings sight(const rl_roster *r, rl_ctx *cx)
{
    size_t C = r->n_cohort, T = r->T;
    sightings s = {T, RL_NEW(cx->tmp, size_t, (C + 1) * T), RL_NEW(cx->tmp, size_t, (C + 1) * T)};
    for (size_t u = 0; u < r->N; u++) {
        size_t *row = &s.own[cohorts_before(r, r->cohort[u]) * T];
        for (size_t k = r->first[u]; k < r->first[u + 1]; k++) row[r->when[k]]++;
    }
    for (size_t c = C + 1; c-- > 0;)
        for (size_t t = 0; t < T; t++) s.clean[c * T + t] = s.own[c * T + t] + (c < C ? s.clean[(c + 1) * T + t] : 0);
    return s;
}

/* The first event time of the window at which cohort c or its controls are not seen; hi + 1 = none. */
static int32_t unseen(const work *w, const sightings *s, size_t c)
{
    const rl_roster *r = &w->roster;
    int64_t g = r->cohort_time[c];
    size_t later = cohorts_before(r, g + w->hi + 1);
    for (int32_t e = w->lo; e <= w->hi; e++) {
        int32_t t = rl_roster_period(r, g + e);
        if (t < 0 || r->time[t] != g + e) return e;
        if (s->own[c * s->T + (size_t)t] == 0 || s->clean[later * s->T + (size_t)t] == 0) return e;
    }
    return w->hi + 1;
}

static rl_code no_stack(const work *w, const sightings *s, rl_ctx *cx)
{
    const rl_roster *r = &w->roster;
    const rl_clock clock = w->d->clock;
    rl_fail(cx, RL_EDATA,
            "no cohort has its whole window %d:%d in the data and a control that is untreated all through it", w->lo,
            w->hi);
    for (size_t c = 0; c < r->n_cohort; c++) {
        int64_t g = r->cohort_time[c];
        if (g + w->lo < r->time[0] || g + w->hi > r->time[r->T - 1]) continue;
        int32_t at = (int32_t)(g + unseen(w, s, c)), t = rl_roster_period(r, at);
        bool own = r->time[t] == at && s->own[c * s->T + (size_t)t] > 0;
        return rl_hint(cx,
                       "%s of cohort %s at %s, say: event times are counted in steps of --period, and every step "
                       "of the window must be seen",
                       own ? "no control" : "no row", rl_time_words(clock, (int32_t)g, cx->tmp),
                       rl_time_words(clock, at, cx->tmp));
    }
    return rl_hint(cx, "a shorter --window takes in more cohorts: the periods go from %s to %s",
                   rl_time_words(clock, r->time[0], cx->tmp), rl_time_words(clock, r->time[r->T - 1], cx->tmp));
}

static rl_code make_stacks(work *w, rl_ctx *cx)
{
    const rl_roster *r = &w->roster;
    sightings s = sight(r, cx);
    w->stack = RL_NEW(cx->tmp, stack, r->n_cohort);
    for (size_t c = 0; c < r->n_cohort; c++) {
        if (unseen(w, &s, c) <= w->hi) continue;
        w->stack[w->S++] = (stack){.g = r->cohort_time[c]};
    }
    return w->S > 0 ? RL_OK : no_stack(w, &s, cx);
}

static rl_code settle(work *w, rl_ctx *cx)
{
    const rl_request *r = w->r;
    if (!r->has_window) {
        rl_fail(cx, RL_EUSAGE, "estimator 'stacked' needs a window of event times");
        return rl_hint(cx, "cohorts seen in all of it make a stack each, as in --window -3:4");
    }
    w->lo = r->window_lo;
    w->hi = r->window_hi;
    bool reference = false;
    for (int32_t e = w->lo; e <= w->hi; e++) reference = reference || rl_is_reference(r, e);
    if (!reference || w->hi < 0) {
        rl_fail(cx, RL_EUSAGE, "the window %d:%d must hold the reference event time and one from 0 on", w->lo, w->hi);
        return rl_hint(cx, "the reference is -1 unless --ref names another");
    }
    return make_stacks(w, cx);
}

/* --- rows ------------------------------------------------------------------------ */

/* Rows of unit u in stack s, counted (and the unit) or, with `w->from`, listed. */
static void unit_rows(work *w, size_t s, size_t u)
{
    const rl_roster *r = &w->roster;
    int32_t g = w->stack[s].g;
    bool on = r->cohort[u] == g;
    size_t before = w->n;
    if (!on && r->cohort[u] != RL_NEVER && r->cohort[u] <= (int64_t)g + w->hi) return;
    for (size_t k = r->first[u]; k < r->first[u + 1]; k++) {
        int64_t e = (int64_t)r->time[r->when[k]] - g;
        if (e < w->lo || e > w->hi) continue;
        if (w->from != NULL) {
            w->from[w->n] = r->row[k];
            w->of[w->n] = (int32_t)s;
            w->on[w->n] = on;
            w->event[w->n] = (int32_t)e;
        }
        w->n++;
    }
    if (w->from != NULL || w->n == before) return;
    *(on ? &w->stack[s].treated : &w->stack[s].controls) += 1;
    w->units++;
    w->broken += w->n - before <= (size_t)(w->hi - w->lo);
}

static void list_rows(work *w, rl_ctx *cx)
{
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) {
            w->from = RL_NEW(cx->tmp, uint32_t, w->n);
            w->of = RL_NEW(cx->tmp, int32_t, w->n);
            w->on = RL_NEW(cx->tmp, unsigned char, w->n);
            w->event = RL_NEW(cx->tmp, int32_t, w->n);
        }
        w->n = 0;
        for (size_t s = 0; s < w->S; s++)
            for (size_t u = 0; u < w->roster.N; u++) unit_rows(w, s, u);
    }
}

/* --- the design of the stacked rows ------------------------------------------------ */

static int32_t *codes(const work *w, const int32_t *code, rl_ctx *cx)
{
    if (code == NULL) return NULL;
    int32_t *out = RL_NEW(cx->tmp, int32_t, w->n);
    for (size_t k = 0; k < w->n; k++) out[k] = code[w->from[k]];
    return out;
}

static double *numbers(const work *w, const double *x, rl_ctx *cx)
{
    if (x == NULL) return NULL;
    double *out = RL_NEW(cx->tmp, double, w->n);
    for (size_t k = 0; k < w->n; k++) out[k] = x[w->from[k]];
    return out;
}

/* Pairs (code, stack) that occur, numbered as they come; every group has a row. */
static rl_code pairs(const work *w, const int32_t *code, size_t G, size_t *levels, int32_t **out, rl_ctx *cx)
{
    int32_t *number = RL_NEW(cx->tmp, int32_t, G);
    *out = RL_NEW(cx->tmp, int32_t, w->n);
    *levels = 0;
    for (size_t k = 0, s = SIZE_MAX; k < w->n; k++) {
        if ((size_t)w->of[k] != s) { /* stacks come one after another */
            s = (size_t)w->of[k];
            for (size_t g = 0; g < G; g++) number[g] = -1;
        }
        int32_t *x = &number[code[w->from[k]]];
        if (*x < 0) *x = (int32_t)(*levels)++;
        (*out)[k] = *x;
    }
    rl_release(cx->tmp, number);
    return RL_OK;
}

static void effects_plain(const work *w, rl_design *a, rl_ctx *cx)
{
    pairs(w, w->d->unit.code, w->d->unit.G, &a->fe.levels[0], (int32_t **)&a->fe.code[0], cx);
    pairs(w, w->d->time.code, w->d->time.G, &a->fe.levels[1], (int32_t **)&a->fe.code[1], cx);
    a->fe_name[0] = rl_sprintf(cx->tmp, "%s x stack", w->d->unit_name);
    a->fe_name[1] = rl_sprintf(cx->tmp, "%s x stack", w->d->time_name);
}

static void effects_weighted(const work *w, rl_design *a, rl_ctx *cx)
{
    size_t E = (size_t)(w->hi - w->lo) + 1, n = 0;
    int32_t *on = RL_NEW(cx->tmp, int32_t, w->n), *event = RL_NEW(cx->tmp, int32_t, w->n),
            *number = RL_NEW(cx->tmp, int32_t, E);
    for (size_t e = 0; e < E; e++) number[e] = -1;
    for (size_t k = 0; k < w->n; k++) {
        on[k] = w->on[k];
        int32_t *x = &number[w->event[k] - w->lo];
        if (*x < 0) *x = (int32_t)n++;
        event[k] = *x;
    }
    a->fe.code[0] = on;
    a->fe.levels[0] = 2;
    a->fe.code[1] = event;
    a->fe.levels[1] = n;
    a->fe_name[0] = "treated";
    a->fe_name[1] = "event time";
}

static double *weights(const work *w, rl_ctx *cx)
{
    double *out = numbers(w, w->d->w, cx), treated = 0, controls = 0;
    if (w->r->stack_plain) return out;
    if (out == NULL) {
        out = RL_NEW(cx->tmp, double, w->n);
        for (size_t k = 0; k < w->n; k++) out[k] = 1;
    }
    for (size_t s = 0; s < w->S; s++) {
        treated += (double)w->stack[s].treated;
        controls += (double)w->stack[s].controls;
    }
    for (size_t k = 0; k < w->n; k++) {
        const stack *s = &w->stack[w->of[k]];
        if (!w->on[k]) out[k] *= ((double)s->treated / treated) / ((double)s->controls / controls);
    }
    return out;
}

static void make_design(work *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    rl_design *a = w->all = RL_NEW(cx->tmp, rl_design, 1);
    *a = *d;
    a->n = w->n;
    a->row = RL_NEW(cx->tmp, uint32_t, w->n);
    for (size_t k = 0; k < w->n; k++) a->row[k] = d->row[w->from[k]];
    a->y = numbers(w, d->y, cx);
    a->w = weights(w, cx);
    a->at = codes(w, d->at, cx);
    a->cohort = codes(w, d->cohort, cx);
    a->unit.code = codes(w, d->unit.code, cx);
    a->time.code = codes(w, d->time.code, cx);
    a->unit.every = a->time.every = 0;
    a->treated = NULL;
    for (size_t c = 0; c < d->vcov.ways; c++) {
        a->cluster[c].code = codes(w, d->cluster[c].code, cx);
        a->cluster[c].every = 0;
    }
    if (d->drawn.G > 0) a->drawn.code = codes(w, d->drawn.code, cx);
    size_t first = d->constant; /* the effects have it */
    a->constant = false;
    a->X = rl_mat_new(w->n, d->X.k - first, cx->tmp);
    a->x_name = d->x_name + first;
    for (size_t j = 0; j < a->X.k; j++) {
        const double *x = rl_mat_col(&d->X, j + first);
        for (size_t k = 0; k < w->n; k++) *rl_mat_at(&a->X, k, j) = x[w->from[k]];
    }
    a->fe = (rl_fe){.n_fe = 2, .code = RL_NEW(cx->tmp, const int32_t *, 2), .levels = RL_NEW(cx->tmp, size_t, 2)};
    a->fe_name = RL_NEW(cx->tmp, const char *, 2);
    a->fe_label = NULL;
    if (w->r->stack_plain)
        effects_plain(w, a, cx);
    else
        effects_weighted(w, a, cx);
}

/* --- one row for all of an event time and side ---------------------------------------- */

/* Weighted stacks without covariates: a row is known by its side and event time, a few dozen cells. */
static bool applies(const work *w)
{
    rl_vcov_kind v = w->d->vcov.kind;
    return !w->r->stack_plain && w->all->X.k == 0 && w->r->n_diag == 0 && !w->d->keep_effects &&
           (v == RL_CLUSTER || v == RL_IID || v == RL_HC0 || v == RL_HC1 || v == RL_DK);
}

/* Cell of each stacked row: (side, event time), those that occur; first: a row of each. */
static size_t cells(const work *w, int32_t *row_of, uint32_t *first, rl_ctx *cx)
{
    size_t R = 0, E = (size_t)(w->hi - w->lo) + 1;
    int32_t *number = RL_NEW(cx->tmp, int32_t, 2 * E);
    for (size_t i = 0; i < w->n; i++) {
        int32_t *x = &number[w->on[i] * E + (size_t)(w->event[i] - w->lo)];
        if (*x == 0) {
            first[R] = (uint32_t)i;
            *x = (int32_t)++R;
        }
        row_of[i] = *x - 1;
    }
    return R;
}

static void collapse(const work *w, rl_collapse *c, rl_ctx *cx)
{
    const rl_design *a = w->all;
    size_t most = 2 * ((size_t)(w->hi - w->lo) + 1);
    uint32_t *first = RL_NEW(cx->tmp, uint32_t, most);
    double *times = RL_NEW(cx->tmp, double, most);
    *c = (rl_collapse){.all = a, .small = *a, .unit = a->fe.n_fe, .row_of = RL_NEW(cx->tmp, int32_t, w->n)};
    rl_design *s = &c->small;
    s->all = a;
    s->n = cells(w, c->row_of, first, cx);
    s->row = RL_NEW(cx->tmp, uint32_t, s->n);
    s->y = RL_NEW(cx->tmp, double, s->n);
    s->w = c->times = RL_NEW(cx->tmp, double, s->n);
    c->mean = RL_NEW(cx->tmp, double, s->n);
    s->fe.code = RL_NEW(cx->tmp, const int32_t *, 2);
    for (size_t i = 0; i < a->n; i++) {
        times[c->row_of[i]]++;
        c->times[c->row_of[i]] += a->w[i];
    }
    s->times = times;
    rl_collapse_means(c, a->y, c->mean, cx);
    memcpy(s->y, c->mean, s->n * sizeof *s->y);
    for (size_t f = 0; f < 2; f++) {
        int32_t *code = RL_NEW(cx->tmp, int32_t, s->n);
        for (size_t r = 0; r < s->n; r++) code[r] = a->fe.code[f][first[r]];
        s->fe.code[f] = code;
    }
    for (size_t r = 0; r < s->n; r++) s->row[r] = a->row[first[r]];
    s->at = s->cohort = NULL;
    s->unit = s->time = s->drawn = (rl_groups){.G = 0};
    for (size_t way = 0; way < a->vcov.ways; way++) s->cluster[way] = (rl_groups){.G = 0};
}

/* --- the regression ---------------------------------------------------------------- */

/* The effects and their mean in place of the coefficients. */
static void combine(const work *w, const size_t *kept, size_t k, rl_fit *f, rl_ctx *cx)
{
    size_t E = (size_t)(w->hi - w->lo) + 1, after = 0, n_pre = 0, at = k;
    rl_mat L = rl_mat_new(E + 1, f->m, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, E + 1);
    size_t *pre = RL_NEW(cx->tmp, size_t, E);
    for (int32_t e = 0; e <= w->hi; e++) after += !rl_is_reference(w->r, e);
    for (size_t i = 0; i < E; i++) {
        int32_t e = w->lo + (int32_t)i;
        label[i] = rl_label_of("event");
        label[i].event = e;
        if (rl_is_reference(w->r, e)) continue;
        *rl_mat_at(&L, i, kept[at]) = 1;
        if (e >= 0) *rl_mat_at(&L, E, kept[at]) = 1 / (double)after;
        if (e < 0) pre[n_pre++] = i;
        at++;
    }
    label[E] = rl_label_of("overall");
    rl_fit_combine(f, L, label, cx);
    rl_fit_pre_trend(f, pre, n_pre, false, cx);
}

/* Of y on covariates and a dummy for the treated of each event time but the reference; row_of: rows of d behind the
 * stacked ones, NULL = these themselves. */
static rl_code regress(const work *w, const rl_design *d, const int32_t *row_of, size_t *kept, rl_fit *f, rl_ctx *cx)
{
    size_t k = d->X.k, at = k, E = (size_t)(w->hi - w->lo) + 1, *column = RL_NEW(cx->tmp, size_t, E);
    rl_label *label = RL_NEW(cx->tmp, rl_label, k + E);
    for (size_t i = 0; i < E; i++) {
        column[i] = SIZE_MAX;
        if (rl_is_reference(w->r, w->lo + (int32_t)i)) continue;
        label[at] = rl_label_of("event");
        label[at].event = w->lo + (int32_t)i;
        column[i] = at++;
    }
    rl_mat V = rl_fit_columns(d, at - k, label, cx);
    for (size_t i = 0; i < w->n; i++) {
        size_t c = column[w->event[i] - w->lo];
        if (w->on[i] && c != SIZE_MAX) *rl_mat_at(&V, row_of != NULL ? (size_t)row_of[i] : i, c) = 1;
    }
    return rl_fit_linear(d, V, label, k, kept, f, cx);
}

static void say(const work *w, rl_ctx *cx)
{
    rl_remark(cx, "stacked", "%zu of %zu cohorts make a stack", w->S, w->roster.n_cohort);
    if (w->broken > 0 && !w->r->stack_plain)
        rl_remark(cx, "stacked",
                  "in %zu of %zu places of units in stacks a period of the window is missing: levels are compared, "
                  "which move with who is seen (--stack-weights none compares each unit with itself)",
                  w->broken, w->units);
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    work w = {.d = d, .r = r};
    RL_TRY(rl_roster_make(d, false, &w.roster, cx));
    RL_TRY(settle(&w, cx));
    list_rows(&w, cx);
    make_design(&w, cx);
    size_t k = w.all->X.k, *kept = RL_NEW(cx->tmp, size_t, k + (size_t)(w.hi - w.lo) + 1);
    if (applies(&w)) {
        rl_collapse c;
        collapse(&w, &c, cx);
        RL_TRY(regress(&w, &c.small, c.row_of, kept, f, cx));
        combine(&w, kept, k, f, cx);
        RL_TRY(rl_collapse_expand(&c, f, cx));
    } else {
        RL_TRY(regress(&w, w.all, NULL, kept, f, cx));
        combine(&w, kept, k, f, cx);
    }
    f->of = w.all;
    f->of_why = "in no stack";
    say(&w, cx);
    return RL_OK;
}

const rl_estimator rl_est_stacked = {
    .name = "stacked",
    .what = "every cohort beside controls untreated through its window, all in one regression",
    .method = "Each cohort is set beside the units that stay untreated through its window; these stacks are put "
              "together, and the outcome is regressed on one dummy for each period before and after the start.",
    .source = "Wing, Freedman & Hollingsworth (2024); Cengiz, Dube, Lindner & Zipperer (2019)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .frame = RL_FRAME_PLAIN,
    .takes = " window ref stack-weights ",
    .regression = true,
    .no_lift = "averages over event times of the cohorts seen through its window, not over all treated rows",
    .fit = fit,
};
