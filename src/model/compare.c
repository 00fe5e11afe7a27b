#include "model/compare.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/seen.h"
#include "base/str.h"
#include "model/bacon.h"
#include "model/design.h"
#include "model/infer.h"
#include "num/order.h"

enum { LEAD = -2, LAG = 3, ROUNDS = 8 }; /* event times of methods that need a window; attempts at one sample */
enum { MOST_UNITS = 500, MOST_REPEATED_ROWS = 25000 }; /* of a method that is repeated for its errors */

static const char NOT_COMMON[] = "not usable by all estimators of the comparison";

static const struct method {
    const char *name;
    bool listed;         /* else only where it is the one fitted                        */
    bool cross_sections; /* works without units                                         */
    bool window;         /* needs one                                                   */
    bool common;         /* the sample is one that it can use                           */
    bool estimand;       /* average effect on the treated, over treated periods         */
    bool parallel;       /* .. by parallel trends of the outcome                        */
    bool curve;          /* has an event study on the same base                         */
    bool repeats;        /* errors by repetition: no sample hangs on it, and its cost has an end */
    const char *compares, *base, *weighs;
} METHOD[] = {
    {"etwfe", true, true, false, true, true, true, true, false, "rows not treated yet",
     "all periods before the start (of its event study: the last of them)", "every treated row alike"},
    {"cs", true, true, false, true, true, true, true, false, NULL, "the last period before the start",
     "cohorts by their size"},
    {"bjs", true, true, false, true, true, true, true, false, "rows not treated yet", "all periods before the start",
     "every treated row alike"},
    {"did2s", true, true, false, true, true, true, true, false, "rows not treated yet", "all periods before the start",
     "every treated row alike"},
    {"sunab", true, false, false, true, true, true, true, false, "units never treated, or else the last cohort",
     "the period before the start", "cohorts by their rows"},
    {"staggered", true, false, false, false, true, false, false, false,
     "all units not treated yet, as if dates were drawn by lot", "periods before, as far as they help",
     "cohorts by their size"},
    {"sdid", true, false, false, true, true, false, false, true,
     "units weighted so that they move with the treated before", "periods before, weighted", "every treated row alike"},
    {"sc", false, false, false, true, true, false, false, true, "units weighted so that they equal the treated before",
     "none: the weights take its place", "every treated row alike"},
    {"ddd", false, true, false, false, true, false, true, false,
     "the eligible beside those not eligible, in the cohort and in its controls", "the last period before the start",
     "cohorts by their size"},
    {"lpdid", true, false, true, false, false, false, true, false, "units not treated yet at the horizon",
     "the period before the start", "every treated unit alike at a horizon"},
    {"stacked", true, false, true, false, false, false, true, false, "units not treated through the window",
     "the period before the start", "treated units of cohorts seen in the whole window"},
    {"dcdh", true, false, true, false, false, false, true, false, "units with the same treatment so far",
     "the last period before the change", "by treatment received"},
    {"twfe", true, false, false, false, false, false, false, false, "all other rows, those treated earlier too",
     "all other periods", "where treatment varies most; weights may be negative"},
    {"event", false, false, false, false, false, false, true, false, "all other rows, those treated earlier too",
     "the period before the start", "event times alike, each pooled over the cohorts; weights may be negative"},
    {"did", false, true, false, false, true, true, false, false, "the units never treated, all together",
     "all periods before the start", "every treated row alike"},
    {"bacon", false, false, false, false, false, false, false, false, "all pairs of cohorts, those treated earlier too",
     "all other periods", "where treatment varies most"},
};
enum { METHODS = sizeof METHOD / sizeof *METHOD };

typedef struct work {
    const rl_request *req;
    const rl_table *t;
    const struct method *m[METHODS]; /* of each side                                            */
    size_t used[METHODS];            /* rows of the sample when it was last asked; SIZE_MAX = never */
    unsigned char *leave;            /* t->n  rows outside the sample; NULL = none yet          */
    bool answered;                   /* some estimator could                                    */
    int32_t base;                    /* the last event time before the start that has rows      */
    int last;                        /* the latest event time that has rows                     */
    int32_t step;                    /* times are so far apart, all of them                     */
    size_t units;                    /* of the sample                                           */
    rl_sides *out;
    rl_arena *keep;
} work;

static bool is(const struct method *m, const char *name) { return strcmp(m->name, name) == 0; }

static bool own(const work *w, const struct method *m)
{
    return w->req->estimator != NULL && is(m, w->req->estimator->name);
}

static bool takes(const rl_estimator *e, const char *word)
{
    return e->takes != NULL && strstr(e->takes, word) != NULL;
}

static const rl_estimate *overall(const rl_result *r)
{
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, "overall") == 0) return &r->est[i];
    return NULL;
}

/* --- the request as one method takes it ------------------------------------------------------ */

/* Options that only the estimator means for which they were given. */
static void forget_own(rl_request *r, const rl_estimator *est)
{
    r->method = NULL;
    r->n_ref = 0;
    r->ref_cohort = NULL;
    r->same_units = r->normalized = r->stack_plain = r->endpoints_drop = r->has_balance = r->has_window = false;
    r->premean = r->ylags = 0;
    r->reweight = true;
    if (r->profile != NULL && !rl_profile_fits(r->profile, est)) r->profile = NULL;
    if (r->profile == NULL && strcmp(est->name, "dcdh") == 0) r->profile = "exact";
    r->keep_unbalanced = true; /* the sample is complete, or it is not */
    r->family = RL_LINEAR;
    r->repeat = RL_REPEAT_DEFAULT;
    r->rcs = r->rcs || (r->unit == NULL && strcmp(est->name, "cs") == 0);
}

/* Errors as the method has them when nothing is asked for. */
static void repeated(rl_request *r)
{
    r->vcov = (rl_vcov_spec){.lag = -1};
    r->reps = 0;
    r->inference_said = false;
}

static rl_request request_of(const work *w, const struct method *m)
{
    rl_request r = *w->req;
    r.estimator = rl_estimator_by_name(m->name);
    r.omega = NULL;
    r.spend = NULL;
    r.universal = true;
    r.every = false;
    r.bootstrap = r.bootstrap && m->repeats && own(w, m);
    if (!own(w, m)) forget_own(&r, r.estimator);
    if (m->repeats && !own(w, m)) repeated(&r);
    if (w->req->student) r.keep_unbalanced = true; /* a study leaves out partly exposed periods */
    r.agg = m->window                                        ? RL_AGG_DYNAMIC
            : takes(r.estimator, " agg ") && !is(m, "bacon") ? RL_AGG_SIMPLE
                                                             : RL_AGG_DEFAULT;
    r.inference_said = m->repeats ? r.inference_said : true;
    r.leads = r.estimator->frame == RL_FRAME_CELLS && !r.notyet;
    if (m->window && !r.has_window) {
        r.has_window = true;
        r.window_lo = w->req->has_window ? w->req->window_lo : LEAD;
        r.window_hi = w->req->has_window ? w->req->window_hi : w->last < LAG ? w->last : LAG;
    }
    r.n_lincom = r.n_contrast = r.n_restriction = r.n_diag = r.n_response = 0;
    if (w->base != -1 && is(m, "sunab") && r.n_ref == 0) {
        r.n_ref = 1;
        r.ref[0] = w->base;
    }
    if (!is(m, "ddd")) {
        r.leave = w->leave;
        r.leave_why = NOT_COMMON;
    }
    return r;
}

static void describe(const work *w, const struct method *m, rl_side *s)
{
    const rl_request *r = w->req;
    const rl_estimator *est = rl_estimator_by_name(m->name);
    *s = (rl_side){.estimator = m->name,
                   .source = est->source,
                   .fitted = own(w, m),
                   .compares = m->compares,
                   .base = m->base,
                   .weighs = m->weighs,
                   .same_estimand = m->estimand,
                   .parallel = m->parallel};
    if (m->compares == NULL) s->compares = r->notyet ? "units never or not yet treated" : "units never treated";
    if (est->frame == RL_FRAME_CELLS && !r->notyet) { /* cells before treatment are dummies too */
        s->compares = "units never treated, or else the last cohort";
        s->base = "the last period before the start";
    }
    if (s->fitted && r->family != RL_LINEAR) s->parallel = false; /* of the index, not of the outcome */
    if (r->unit_trends && !takes(est, " unit-trends ")) s->parallel = false;
}

/* --- carrying it out ------------------------------------------------------------------------- */

/* Carry out one request in an arena of its own: dozens would fill cx->tmp. */
static rl_code run(const rl_request *r, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    rl_arena *outer = cx->tmp;
    size_t notes = cx->n_notes;
    cx->tmp = rl_arena_like(outer);
    rl_code code = rl_estimate_run(r, t, out, keep, cx);
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    cx->n_notes = notes; /* of this method, not of what was asked */
    return code;
}

static void why_not(rl_side *s, rl_arena *keep, rl_ctx *cx)
{
    s->why = rl_strdup(keep, cx->err.what);
    rl_forgive(cx);
}

/* The covariates that a fit left out. */
static const char *left_out(const rl_result *fit, rl_arena *keep)
{
    enum { MOST = 4 };
    rl_str out = rl_str_new(keep);
    size_t n = 0;
    for (size_t i = 0; i < fit->n_left; i++)
        if (fit->left[i].whole && n++ < MOST) rl_str_addf(&out, "%s'%s'", n > 1 ? ", " : "", fit->left[i].name);
    if (n == 0) return NULL;
    if (n > MOST) rl_str_add(&out, ", ..");
    return rl_str_text(&out);
}

/* Why a method is not repeated for its errors; NULL = it is. */
static const char *not_repeated(const work *w, rl_arena *keep)
{
    const rl_request *r = w->req;
    bool by_unit = r->vcov.kind == RL_VCOV_DEFAULT || (r->vcov.kind == RL_CLUSTER && r->vcov.ways == 1 &&
                                                       r->unit != NULL && strcmp(r->vcov.by[0], r->unit) == 0);
    if (!by_unit) return "its errors repeat it on other units, which are not the errors asked for";
    if (w->units <= MOST_UNITS && w->out->rows <= MOST_REPEATED_ROWS) return NULL;
    return rl_sprintf(
        keep, "its errors repeat it hundreds of times, which is done up to %d units and %d rows: fit it by itself",
        MOST_UNITS, MOST_REPEATED_ROWS);
}

/* Reasons known before anything is fitted. */
static const char *cannot(const work *w, const struct method *m, rl_arena *keep)
{
    const rl_request *r = w->req;
    if (own(w, m)) return NULL;
    if (r->unit == NULL && !m->cross_sections) return "follows units over time, and every row here is seen once";
    if (r->anticipation > 0 && !takes(rl_estimator_by_name(m->name), " anticipation "))
        return "knows no effect that begins before the start";
    if (m->repeats) return not_repeated(w, keep);
    if (w->base == -1 || !m->window) return NULL;
    if (w->step > 1)
        return rl_sprintf(keep,
                          "its base is the period right before the start, and the times here are %d apart: it needs "
                          "them numbered one by one",
                          (int)w->step);
    return "its base is the period right before the start, which has no row here";
}

/* --- one sample ------------------------------------------------------------------------------ */

static void lose(rl_sides *out, const char *why, size_t rows, rl_arena *keep)
{
    rl_dropped *more = RL_NEW(keep, rl_dropped, out->n_dropped + 1);
    if (rows == 0) return;
    for (size_t i = 0; i < out->n_dropped; i++) more[i] = out->dropped[i];
    more[out->n_dropped++] = (rl_dropped){rl_strdup(keep, why), rows};
    out->dropped = more;
    out->rows -= rows;
}

/* 1 = of the units whose effect is asked for: with a third difference those that are eligible. */
static const double *eligible(const work *w)
{
    if (w->req->partition == NULL || w->req->estimator == NULL || !takes(w->req->estimator, " partition ")) return NULL;
    const rl_col *c = rl_table_col(w->t, w->req->partition);
    return c != NULL ? c->num : NULL;
}

/* What a fit lost that was not lost before, in words. */
static const char *reasons(const work *w, const rl_result *fit)
{
    rl_str out = rl_str_new(w->keep);
    size_t n = 0;
    for (size_t i = 0; i < fit->n_dropped; i++) {
        const char *why = fit->dropped[i].why;
        bool known = strcmp(why, NOT_COMMON) == 0;
        for (size_t k = 0; k < w->out->n_dropped; k++) known = known || strcmp(w->out->dropped[k].why, why) == 0;
        if (!known) rl_str_addf(&out, "%s%s", n++ > 0 ? " or " : "", why);
    }
    return n > 0 ? rl_str_text(&out) : fit->estimator->name;
}

/* The sample shrinks to the rows that a fit used. */
static void narrow(work *w, const rl_result *fit, rl_ctx *cx)
{
    const double *in = eligible(w);
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, w->t->n);
    size_t others = 0;
    memset(leave, 1, w->t->n);
    for (size_t k = 0; k < fit->rows_used; k++) {
        leave[fit->row[k]] = in != NULL && in[fit->row[k]] != 1;
        others += leave[fit->row[k]];
    }
    if (w->leave == NULL)
        for (size_t i = 0; i < fit->n_dropped; i++) lose(w->out, fit->dropped[i].why, fit->dropped[i].rows, w->keep);
    else
        lose(w->out, reasons(w, fit), w->out->rows - fit->rows_used, w->keep);
    lose(w->out, "not eligible", others, w->keep);
    w->leave = leave;
}

/* --- a row of the table ---------------------------------------------------------------------- */

static rl_code fault(work *w, rl_code code, rl_side *s, rl_ctx *cx)
{
    bool of_request = code == RL_EINPUT || (code == RL_EUSAGE && s->fitted);
    if (of_request) return code;
    why_not(s, w->keep, cx);
    return RL_OK;
}

/* Words that depend on the fit. */
static void specify(const work *w, const struct method *m, const rl_request *r, const rl_result *fit, rl_side *s)
{
    if (is(m, "cs") && !r->rcs && fit->units * fit->periods != fit->rows_used)
        s->base = "the last period before the start (rows count as cross-sections, for some units miss periods)";
    if (is(m, "sunab") && w->base != -1) s->base = "the last period with rows before the start";
    if (m->window)
        s->weighs = rl_sprintf(w->keep, "%s, event times %d to %d", s->weighs, is(m, "stacked") ? r->window_lo : 0,
                               r->window_hi);
}

/* The figure of side i on the sample there is; `shrinks`: the sample is to be one that it can use. */
static rl_code answer(work *w, size_t i, bool shrinks, rl_ctx *cx)
{
    const struct method *m = w->m[i];
    rl_side *s = &w->out->v[i];
    rl_result fit;
    describe(w, m, s);
    w->used[i] = w->out->rows;
    s->why = cannot(w, m, w->keep);
    if (s->why != NULL) return RL_OK;
    rl_request r = request_of(w, m);
    r.keep_rows = shrinks;
    rl_arena *in = rl_arena_like(cx->tmp);
    rl_code code = run(&r, w->t, &fit, in, cx);
    if (code != RL_OK) {
        rl_arena_free(in);
        return fault(w, code, s, cx);
    }
    const rl_estimate *e = overall(&fit);
    bool complete = fit.rows_used == w->out->rows || !is(m, "staggered") || shrinks;
    s->answered = complete && (e != NULL || is(m, "event"));
    if (e != NULL) {
        s->effect = *e;
        s->effect.label = rl_label_of("overall"); /* that of the fit goes with it */
    }
    if (!complete)
        s->why = rl_sprintf(w->keep, "it can use %zu of these %zu rows only (others: %s)", fit.rows_used, w->out->rows,
                            reasons(w, &fit));
    else if (!s->answered)
        s->why = "it has no single figure for these data";
    s->rows = fit.rows_behind;
    s->units = fit.units;
    s->without = left_out(&fit, w->keep);
    specify(w, m, &r, &fit, s);
    if (shrinks && s->answered && fit.row != NULL && (w->leave == NULL || fit.rows_used < w->out->rows))
        narrow(w, &fit, cx);
    if (shrinks) w->used[i] = w->out->rows;
    rl_arena_free(in);
    return RL_OK;
}

/* Units that start, and those that are alone with their start. */
static void count_starters(work *w, const rl_design *d, rl_ctx *cx)
{
    size_t n = 0;
    int32_t *start = RL_NEW(cx->tmp, int32_t, d->unit.G);
    bool *seen = RL_NEW(cx->tmp, bool, d->unit.G);
    for (size_t i = 0; i < d->n && d->unit.G > 0; i++)
        if (d->cohort[i] != RL_NEVER && rl_first_seen(seen, (size_t)d->unit.code[i])) start[n++] = d->cohort[i];
    rl_order_int(start, n);
    w->units = d->unit.G;
    w->out->starters = n;
    w->out->alone = 0;
    for (size_t i = 0; i < n; i++)
        w->out->alone += (i == 0 || start[i] != start[i - 1]) && (i + 1 == n || start[i] != start[i + 1]);
}

/* From the rows as cells take them: where the base is, how far the event times go, how far apart times are. */
static void look(work *w, rl_ctx *cx)
{
    rl_request r = request_of(w, &METHOD[0]);
    rl_design d;
    rl_arena *outer = cx->tmp;
    size_t notes = cx->n_notes;
    int32_t base = INT32_MIN, last = 0;
    cx->tmp = rl_arena_like(outer);
    if (rl_design_make(&r, w->t, &d, cx) == RL_OK) {
        count_starters(w, &d, cx);
        for (size_t i = 0; i < d.n; i++) {
            if (d.cohort[i] == RL_NEVER) continue;
            int32_t e = d.at[i] - d.cohort[i];
            if (e < 0 && e > base) base = e;
            if (e > last) last = e;
        }
        int32_t step = 0;
        for (size_t k = 1; k < d.time.G; k++)
            for (int32_t a = d.time_at[k] - d.time_at[k - 1]; a != 0;) {
                int32_t rest = step % a;
                step = a;
                a = rest;
            }
        w->last = last;
        w->step = step > 0 ? step : 1;
        w->base = base != INT32_MIN ? base : -1;
    } else {
        rl_forgive(cx);
    }
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    cx->n_notes = notes;
}

/* The estimator of the request first: its rows are the sample to begin with. */
static size_t fitted(const work *w)
{
    for (size_t i = 0; i < w->out->n; i++)
        if (own(w, w->m[i])) return i;
    return SIZE_MAX;
}

/* Is the sample to be one that this method can use? */
static bool joins(const work *w, const struct method *m) { return m->common && (own(w, m) || !m->repeats); }

static rl_code one_sample(work *w, rl_ctx *cx)
{
    size_t first = fitted(w);
    if (first != SIZE_MAX) RL_TRY(answer(w, first, !w->m[first]->window && !is(w->m[first], "event"), cx));
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = w->out->rows;
        look(w, cx);
        for (size_t i = 0; i < w->out->n; i++)
            if (joins(w, w->m[i]) && w->used[i] != w->out->rows) RL_TRY(answer(w, i, true, cx));
        if (w->out->rows == before) break;
    }
    for (size_t i = 0; i < w->out->n; i++)
        if (w->used[i] != w->out->rows && !(i == first && is(w->m[i], "ddd"))) RL_TRY(answer(w, i, false, cx));
    return RL_OK;
}

/* --- event studies --------------------------------------------------------------------------- */

/* On one base; within the --window asked for. */
static void curve(const work *w, size_t i, rl_ctx *cx)
{
    const struct method *m = w->m[i];
    rl_side *s = &w->out->v[i];
    rl_request r = request_of(w, m);
    if (!m->curve && !is(m, "staggered")) return;
    if (!is(m, "event")) r.agg = RL_AGG_DYNAMIC;
    if (w->base == -1 && !is(m, "event")) r.n_ref = 0;
    r.leads = r.estimator->frame == RL_FRAME_CELLS;
    if (run(&r, w->t, &s->event, w->keep, cx) != RL_OK) {
        s->event = (rl_result){.m = 0};
        rl_forgive(cx);
        return;
    }
    s->has_event = m->curve;
    if (!w->req->has_window) return;
    for (size_t j = 0; j < s->event.m; j++) {
        rl_label *l = &s->event.est[j].label;
        if (l->event == RL_NO_ID || (l->event >= w->req->window_lo && l->event <= w->req->window_hi)) continue;
        l->event = RL_NO_ID; /* not asked for */
        l->term = "outside the window";
    }
}

/* What plain two-way fixed effects compare on these rows, and with which weights. */
static void taken_apart(const work *w, rl_ctx *cx)
{
    const struct method bacon = {.name = "bacon"}, twfe = {.name = "twfe"};
    rl_sides *out = w->out;
    rl_design d;
    rl_twfe_weights weights;
    rl_request r = request_of(w, &bacon);
    size_t notes = cx->n_notes;
    if (w->req->unit == NULL) return;
    r.agg = RL_AGG_PAIRS;
    r.vcov = (rl_vcov_spec){.lag = -1};
    r.student = false;
    out->has_bacon = run(&r, w->t, &out->bacon, w->keep, cx) == RL_OK;
    if (!out->has_bacon) {
        out->bacon_why = rl_strdup(w->keep, cx->err.what);
        rl_forgive(cx);
        r.agg = RL_AGG_TYPE; /* so many pairs may still be told by their kinds */
        out->has_bacon = run(&r, w->t, &out->bacon, w->keep, cx) == RL_OK;
        if (!out->has_bacon) rl_forgive(cx);
    }
    r = request_of(w, &twfe);
    rl_arena *outer = cx->tmp;
    cx->tmp = rl_arena_like(outer);
    out->has_weights =
        rl_design_make(&r, w->t, &d, cx) == RL_OK && rl_twfe_weights_make(&d, d.treated, &weights, cx) == RL_OK;
    if (out->has_weights) {
        out->treated = weights.treated;
        out->negative = weights.negative;
        out->negative_sum = weights.negative_sum;
    } else {
        rl_forgive(cx);
    }
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    cx->n_notes = notes;
}

static int last_of(const work *w)
{
    int most = LAG * (int)w->step;
    if (w->req->has_window) return w->req->window_hi;
    return w->last < most ? w->last : most;
}

rl_code rl_compare(const rl_request *req, const rl_table *t, bool events, rl_sides *out, rl_arena *keep, rl_ctx *cx)
{
    work w = {.req = req, .t = t, .base = -1, .last = LAG, .step = 1, .out = out, .keep = keep};
    *out = (rl_sides){.v = RL_NEW(keep, rl_side, METHODS), .rows = t->n, .read = t->n};
    look(&w, cx);
    for (size_t i = 0; i < METHODS; i++) {
        bool listed = METHOD[i].listed || (is(&METHOD[i], "sc") && out->starters == 1);
        if (!listed && !own(&w, &METHOD[i])) continue;
        w.used[out->n] = SIZE_MAX;
        w.m[out->n++] = &METHOD[i];
    }
    RL_TRY(one_sample(&w, cx));
    for (size_t i = 0; i < out->n && events; i++)
        if (out->v[i].answered) curve(&w, i, cx);
    out->step = (int)w.step;
    rl_compare_judge(out, last_of(&w), req->level, keep);
    for (size_t i = 0; i < out->n; i++) /* the nearest it has to one figure */
        if (out->v[i].answered && out->v[i].effect.label.term == NULL) out->v[i].effect = out->v[i].near;
    taken_apart(&w, cx);
    return RL_OK;
}
