#include "model/compare.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "model/bacon.h"
#include "model/infer.h"

enum { LEAD = -2, LAG = 3 }; /* event times of methods that need a window */

static const struct method {
    const char *name;
    bool cross_sections; /* works without units                                   */
    bool window;         /* needs one                                             */
    bool estimand;       /* average effect on the treated, over treated periods   */
    const char *compares, *base, *weighs;
} METHOD[] = {
    /* etwfe first: its rows are those all can use, its event study says which base is there */
    {"etwfe", true, false, true, "rows not treated yet", "all periods before the start", "every treated row alike"},
    {"cs", true, false, true, NULL, "the last period before the start", "cohorts by their size"},
    {"bjs", true, false, true, "rows not treated yet", "all periods before the start", "every treated row alike"},
    {"did2s", true, false, true, "rows not treated yet", "all periods before the start", "every treated row alike"},
    {"sunab", false, false, true, "units never treated, or else the last cohort", "the period before the start",
     "cohorts by their rows"},
    {"staggered", false, false, true, "all units not treated yet, as if dates were drawn by lot",
     "periods before, as far as they help", "cohorts by their size"},
    {"lpdid", false, true, false, "units not treated yet at the horizon", "the period before the start",
     "every treated unit alike, horizons to 3"},
    {"stacked", false, true, false, "units not treated through the window", "the period before the start",
     "treated units of cohorts seen from 2 before to 3 after"},
    {"dcdh", false, true, false, "units with the same treatment so far", "the last period before the change",
     "by treatment received, horizons to 3"},
    {"twfe", false, false, false, "all other rows, those treated earlier too", "all other periods",
     "where treatment varies most; weights may be negative"},
};
enum { METHODS = sizeof METHOD / sizeof *METHOD };

static const char *compared_with(const struct method *m, const rl_request *r)
{
    if (m->compares != NULL) return m->compares;
    return r->notyet ? "units never or not yet treated" : "units never treated";
}

static const rl_estimate *overall(const rl_result *r)
{
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, "overall") == 0) return &r->est[i];
    return NULL;
}

/* The request as one method takes it. */
static rl_request request_of(const rl_request *req, const struct method *m, const rl_estimator *est)
{
    rl_request r = *req;
    r.estimator = est;
    r.method = NULL;
    r.omega = NULL;
    r.spend = NULL;
    r.agg = RL_AGG_SIMPLE;
    r.universal = true;
    r.bootstrap = r.every = false;
    r.repeat = RL_REPEAT_DEFAULT;
    r.rcs = req->rcs || (req->unit == NULL && strcmp(m->name, "cs") == 0);
    r.keep_unbalanced = req->keep_unbalanced || req->student; /* a study leaves out partly exposed periods */
    if (r.profile != NULL && !rl_profile_fits(r.profile, est)) r.profile = NULL;
    if (r.profile == NULL && strcmp(m->name, "dcdh") == 0) r.profile = "exact";
    r.inference_said = true;
    r.leads = est->frame == RL_FRAME_CELLS && !req->notyet;
    r.has_window = m->window;
    r.window_lo = LEAD;
    r.window_hi = LAG;
    r.n_lincom = r.n_contrast = r.n_restriction = r.n_diag = r.n_response = 0;
    if (m->window) r.agg = RL_AGG_DYNAMIC;
    if (strcmp(m->name, "lpdid") == 0) r.reweight = true;
    return r;
}

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

/* The last event time before the start that has rows: that of reference; where the period before the start is
 * missing (partly exposed), an earlier one. */
static int32_t base_of(const rl_side *s)
{
    int32_t base = -1;
    for (size_t i = 0; i < s->event.m && s->has_event; i++) {
        const rl_label *l = &s->event.est[i].label;
        if (l->event != RL_NO_ID && l->event < 0 && isnan(s->event.est[i].std_error)) base = l->event;
    }
    return base;
}

static rl_code one_side(const rl_request *req, const rl_table *t, const struct method *m, bool events, int32_t base,
                        rl_side *s, rl_arena *keep, rl_ctx *cx)
{
    const rl_estimator *est = rl_estimator_by_name(m->name);
    *s = (rl_side){.estimator = m->name,
                   .source = est->source,
                   .compares = compared_with(m, req),
                   .base = m->base,
                   .weighs = m->weighs,
                   .same_estimand = m->estimand};
    if (est->frame == RL_FRAME_CELLS && !req->notyet) { /* cells before treatment are dummies too */
        s->compares = "units never treated, or else the last cohort";
        s->base = "the last period before the start";
    }
    if (req->unit == NULL && !m->cross_sections) {
        s->why = "follows units over time, and every row here is seen once";
        return RL_OK;
    }
    if (req->anticipation > 0 && (est->takes == NULL || strstr(est->takes, " anticipation ") == NULL)) {
        s->why = "knows no effect that begins before the start";
        return RL_OK;
    }
    if (base != -1 && m->window) {
        s->why = "its base is the period before the start, which is partly exposed here and left out";
        return RL_OK;
    }
    rl_request r = request_of(req, m, est);
    rl_result fit;
    if (base != -1 && strcmp(m->name, "sunab") == 0) {
        r.n_ref = 1;
        r.ref[0] = base;
        s->base = "the last whole period before the start";
    }
    rl_code code = run(&r, t, &fit, keep, cx);
    if (code == RL_EINPUT || code == RL_EUSAGE) return code;
    if (code != RL_OK) {
        why_not(s, keep, cx);
        return RL_OK;
    }
    const rl_estimate *e = overall(&fit);
    s->answered = e != NULL;
    if (e == NULL) {
        s->why = "it has no single figure for these data";
        return RL_OK;
    }
    s->effect = *e;
    s->rows = fit.rows_behind;
    s->units = fit.units;
    if (!events || strcmp(m->name, "twfe") == 0 || strcmp(m->name, "staggered") == 0) return RL_OK;
    r.agg = RL_AGG_DYNAMIC;
    r.leads = est->frame == RL_FRAME_CELLS;
    s->has_event = run(&r, t, &s->event, keep, cx) == RL_OK;
    if (!s->has_event) rl_forgive(cx);
    return RL_OK;
}

/* Rows that every method can use are those of the cells' regression: always-treated units gone, and what lies
 * after the last control. */
static void common_rows(rl_request *req, const rl_table *t, rl_sides *out, rl_ctx *cx)
{
    rl_request r = request_of(req, &METHOD[0], rl_estimator_by_name(METHOD[0].name));
    rl_result fit;
    r.omega = "overall";
    if (run(&r, t, &fit, cx->tmp, cx) != RL_OK) {
        rl_forgive(cx);
        return;
    }
    for (size_t i = 0; i < fit.n_dropped; i++)
        if (strcmp(fit.dropped[i].why, "always treated") == 0 || strcmp(fit.dropped[i].why, "no control left") == 0)
            out->left += fit.dropped[i].rows;
    if (fit.row == NULL || out->left == 0) return;
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(leave, 1, t->n);
    for (size_t k = 0; k < fit.rows_used; k++) leave[fit.row[k]] = 0;
    req->leave = leave;
    req->leave_why = "not comparable: always treated, or no control left";
}

/* What plain two-way fixed effects compare on these rows, and with which weights. */
static void taken_apart(const rl_request *req, const rl_table *t, rl_sides *out, rl_arena *keep, rl_ctx *cx)
{
    const struct method bacon = {.name = "bacon"}, twfe = {.name = "twfe"};
    rl_design d;
    rl_twfe_weights w;
    rl_request r = request_of(req, &bacon, rl_estimator_by_name("bacon"));
    size_t notes = cx->n_notes;
    if (req->unit == NULL) return;
    r.agg = RL_AGG_PAIRS;
    r.vcov = (rl_vcov_spec){.lag = -1};
    r.student = false;
    out->has_bacon = run(&r, t, &out->bacon, keep, cx) == RL_OK;
    if (!out->has_bacon) {
        out->bacon_why = rl_strdup(keep, cx->err.what);
        rl_forgive(cx);
    }
    r = request_of(req, &twfe, rl_estimator_by_name("twfe"));
    rl_arena *outer = cx->tmp;
    cx->tmp = rl_arena_like(outer);
    out->has_weights = rl_design_make(&r, t, &d, cx) == RL_OK && rl_twfe_weights_make(&d, d.treated, &w, cx) == RL_OK;
    if (out->has_weights) {
        out->treated = w.treated;
        out->negative = w.negative;
        out->negative_sum = w.negative_sum;
    } else {
        rl_forgive(cx);
    }
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    cx->n_notes = notes;
}

/* Same effect, same assumption: staggered rests on dates drawn by lot, not on parallel trends. */
static bool comparable(const rl_side *v)
{
    return v->answered && v->same_estimand && strcmp(v->estimator, "staggered") != 0;
}

/* The largest difference of two of them in standard errors of the less precise one: where the more precise one is
 * efficient, the difference has less variance than that (Hausman 1978), so chance is not taken for disagreement. */
static double largest_gap(const rl_sides *s)
{
    double gap = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < i; k++) {
            const rl_estimate *a = &s->v[i].effect, *b = &s->v[k].effect;
            if (!comparable(&s->v[i]) || !comparable(&s->v[k])) continue;
            gap = fmax(gap, fabs(a->estimate - b->estimate) / fmax(a->std_error, b->std_error));
        }
    return gap;
}

static void agree(rl_sides *s, rl_arena *keep)
{
    double se = NAN;
    size_t n = 0;
    s->low = s->high = NAN;
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        if (!comparable(v)) continue;
        n++;
        if (!(v->effect.estimate >= s->low)) s->low = v->effect.estimate;
        if (!(v->effect.estimate <= s->high)) s->high = v->effect.estimate;
        if (!(v->effect.std_error >= se)) se = v->effect.std_error;
    }
    double gap = largest_gap(s);
    if (n < 2) {
        s->low = s->high = NAN;
        s->says = "fewer than two estimators of the same effect can answer here";
    } else if (s->high - s->low <= 0.5 * se) {
        s->says = rl_sprintf(keep,
                             "the %zu estimators of the same effect agree to within half of the smallest standard "
                             "error: the answer does not hang on the choice of method",
                             n);
    } else if (gap <= 2) {
        s->says = rl_sprintf(keep,
                             "the %zu estimators of the same effect differ by up to %.1f standard errors (of the less "
                             "precise of two), which may be chance: they compare with other rows and another base "
                             "period, which the table names",
                             n, gap);
    } else {
        s->says = rl_sprintf(keep,
                             "the %zu estimators of the same effect differ by %.1f standard errors (of the less "
                             "precise of two): parallel trends cannot hold for all of their comparisons; look at the "
                             "event studies before any of them is believed",
                             n, gap);
    }
}

rl_code rl_compare(const rl_request *req, const rl_table *t, bool events, rl_sides *out, rl_arena *keep, rl_ctx *cx)
{
    rl_request r = *req;
    *out = (rl_sides){.v = RL_NEW(keep, rl_side, METHODS)};
    common_rows(&r, t, out, cx);
    int32_t base = -1;
    bool answered = false;
    for (size_t i = 0; i < METHODS; i++) {
        if (rl_estimator_by_name(METHOD[i].name) == NULL) continue;
        rl_side *s = &out->v[out->n++];
        rl_code code = one_side(&r, t, &METHOD[i], events, base, s, keep, cx);
        if (code == RL_EUSAGE && answered) /* others take such a request: this one takes no weights, or covariates */
            why_not(s, keep, cx);
        else if (code != RL_OK)
            return code;
        answered = answered || s->answered;
        if (i == 0) base = base_of(&out->v[0]);
    }
    agree(out, keep);
    taken_apart(&r, t, out, keep, cx);
    return RL_OK;
}
