#include "model/solve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/att.h"
#include "model/breakdown.h"
#include "model/channel.h"
#include "model/dynamic.h"
#include "model/facts.h"
#include "model/few.h"
#include "model/identify.h"
#include "model/infer.h"
#include "model/money.h"
#include "model/rollout.h"
#include "model/rows.h"
#include "model/series.h"
#include "model/spill.h"
#include "model/study_says.h"

static void unanswered(rl_answer *a, rl_ctx *cx, const char *what, const char *why)
{
    a->unanswered = rl_regrow(cx->keep, a->unanswered, a->n_unanswered, a->n_unanswered + 1, sizeof *a->unanswered);
    a->unanswered[a->n_unanswered++] = (rl_unanswered){rl_strdup(cx->keep, what), rl_strdup(cx->keep, why)};
}

rl_code rl_solve_design(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    *a = (rl_answer){.study = t->study};
    RL_TRY(rl_facts_data(t, a, cx));
    return rl_facts_design(t, a, cx);
}

/* --- one model ---------------------------------------------------------------- */

/* The waterfall of the panel goes on through the estimator: rows it dropped. */
static void finish_waterfall(rl_model_answer *m, rl_ctx *cx)
{
    for (size_t i = 0; i < m->main.n_dropped; i++)
        rl_waterfall_lose(&m->waterfall, m->main.dropped[i].why, m->main.dropped[i].rows, cx->keep);
}

static void check_pre_trend(const rl_result *r, rl_answer *a)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, "pre-trend") == 0 && r->test[i].p_value < 0.05) a->diagnostic_failed = true;
}

static const char *trend_unit(const rl_att *e, const rl_study *s, rl_ctx *cx)
{
    rl_outcome o = e->plan.outcome;
    if (o == RL_OUT_WIN_RATE) return "share of deals won";
    if (e->plan.deal_level) return o == RL_OUT_DEAL_SIZE ? s->currency : "days";
    return rl_sprintf(cx->keep, "%s per %s and %s",
                      o == RL_OUT_COLUMN || o == RL_OUT_VALUE || o == RL_OUT_REVENUE ? s->currency : "number",
                      e->panel.unit, rl_period_name(s->calendar.kind));
}

/* What the event study says of itself is not said of the model, and not once more. */
static void tell_of_events(const rl_model_answer *m, size_t from, rl_ctx *cx)
{
    size_t n = from;
    bool own = !m->has_event || m->event.estimator == m->main.estimator;
    const char *by = own ? "" : rl_sprintf(cx->keep, " (by %s)", m->event.estimator->name);
    for (size_t i = from; i < cx->n_notes; i++) {
        rl_note x = cx->note[i];
        bool again = false;
        for (size_t k = 0; k < m->main.n_notes; k++) again = again || strcmp(m->main.note[k], x.text) == 0;
        if (again) continue;
        x.text = rl_sprintf(cx->keep, "model '%s', its event study%s: %s", m->spec->name, by, x.text);
        cx->note[n++] = x;
    }
    cx->n_notes = n;
}

/* The event time that the others are counted from: the one without an error, else -1 where it has no estimate (dcdh);
 * RL_NO_ID: effects are counted from all periods before the start (bjs, did2s). */
static int base_of(const rl_result *r)
{
    int base = -1;
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        if (e->label.event == RL_NO_ID) continue;
        if (isnan(e->std_error)) return e->label.event;
        if (e->label.event == -1) base = RL_NO_ID;
    }
    return r->estimator->frame == RL_FRAME_IMPUTE ? RL_NO_ID : base; /* did2s leaves -1 out for another reason */
}

enum {
    FEW_TREATED = 4,
    MANY_ROWS = 200000, /* beyond it other estimators answer primary questions only, without event studies */
    MOST_ROWS = 1000000
};

static rl_code solve_programme(const rl_tables *t, rl_model_answer *m, rl_att *e, rl_answer *a, rl_ctx *cx)
{
    rl_plan plan;
    const rl_estimator *est;
    RL_TRY(rl_plan_make(t, m->spec, &plan, cx));
    rl_panel *p = &e->panel;
    rl_code code = rl_panel_build(t, &plan, p, cx->keep, cx);
    m->waterfall = p->waterfall;
    m->n_trend = p->n_trend;
    m->trend = p->trend;
    if (code != RL_OK) return code;
    RL_TRY(rl_estimator_choose(t, &plan, p, &est, &m->estimator_why, cx));
    RL_TRY(rl_att_fit(t, &plan, est, e, cx->keep, cx));
    m->main = e->fit;
    m->level =
        plan.deal_level ? "deal" : rl_sprintf(cx->keep, "%s x %s", p->unit, rl_period_name(t->study->calendar.kind));
    m->trend_unit = trend_unit(e, t->study, cx);
    if (p->treated_units < FEW_TREATED)
        rl_remark(
            cx, "few treated",
            "model '%s': only %zu %s%s with the programme: the chance in so few is hard to judge, and the interval "
            "is likely too narrow",
            m->spec->name, p->treated_units, p->unit, p->treated_units == 1 ? "" : "s");
    m->lift = rl_lift_of(e, t->study, cx);
    m->has_lift = true;
    rl_few_widen(e, t->study->level, &m->few, cx->keep, cx);
    rl_rollout_make(p, plan.calendar, e->fit.row, e->fit.row != NULL ? e->fit.rows_used : 0, plan.program->start,
                    &m->rollout, cx->keep, cx);
    if (p->t.n <= MANY_ROWS || (m->spec->primary && p->t.n <= MOST_ROWS))
        RL_TRY(rl_att_sides(e, p->t.n <= MANY_ROWS, &m->sides, cx->keep, cx));
    else
        rl_remark(cx, "estimators", "model '%s': other estimators are not set beside it, for want of time (%zu rows)",
                  m->spec->name, p->t.n);
    finish_waterfall(m, cx);
    rl_breakdown_drift(e, &m->breakdown_drift, &m->breakdown_drift_ci, cx);
    RL_TRY(rl_breakdown_make(t, e, m, cx));
    RL_TRY(rl_spill_make(t, e, m, cx));
    size_t notes = cx->n_notes;
    m->has_event = rl_att_events(e, &m->event, cx->keep, cx) == RL_OK;
    tell_of_events(m, notes, cx);
    if (!m->has_event) {
        if (rl_exit_status(cx->err.code) != 4) return cx->err.code;
        rl_remark(cx, "event study", "model '%s': no event study: %s", m->spec->name, cx->err.what);
        rl_forgive(cx);
        return RL_OK;
    }
    m->base_event = base_of(&m->event);
    rl_few_events(e, m, cx->keep, cx);
    check_pre_trend(&m->event, a);
    return RL_OK;
}

static rl_vcov_spec default_vcov(const char *unit, bool by_time)
{
    rl_vcov_spec v = {.kind = unit != NULL ? RL_CLUSTER : by_time ? RL_NW : RL_HC1, .lag = -1};
    if (unit != NULL) {
        v.ways = 1;
        v.by[0] = unit;
    }
    return v;
}

/* Running sums of the lag coefficients, with the error of each sum. */
static rl_interval *cumulate(const rl_result *r, const size_t *at, size_t n, rl_ctx *cx)
{
    rl_interval *sum = RL_NEW(cx->keep, rl_interval, n);
    double est = 0;
    for (size_t k = 0; k < n; k++) {
        double var = 0;
        est += r->est[at[k]].estimate;
        for (size_t i = 0; i <= k; i++)
            for (size_t j = 0; j <= k; j++) var += r->V[at[i] + at[j] * r->m];
        sum[k] = rl_interval_of(est, sqrt(var), r->est[at[k]].df, r->level);
    }
    return sum;
}

static void find_lags(rl_model_answer *m, rl_ctx *cx)
{
    size_t *at = RL_NEW(cx->tmp, size_t, m->main.m);
    m->lag = RL_NEW(cx->keep, const rl_estimate *, m->main.m);
    size_t key = 0; /* length of "lag(x," of the first one: lags of another variable are no part of its response */
    const char *first = NULL;
    for (size_t i = 0; i < m->main.m; i++) {
        const char *term = m->main.est[i].label.term, *comma = strrchr(term, ',');
        if (strncmp(term, "lag(", 4) != 0 || comma == NULL) continue;
        if (first == NULL) {
            first = term;
            key = (size_t)(comma - term) + 1;
        }
        if (strncmp(term, first, key) != 0) continue;
        at[m->n_lags] = i;
        m->lag[m->n_lags++] = &m->main.est[i];
    }
    m->has_lags = m->n_lags > 0;
    if (m->has_lags) m->cumulated = cumulate(&m->main, at, m->n_lags, cx);
}

/* Driscoll-Kraay errors rest on the number of periods alone: with few of them they are far too small. */
enum { DK_PERIODS = 20 };

typedef struct spend {
    const rl_model_spec *m;
    const char *v[RL_MOST_CHANNELS];
    size_t n;
} spend;

/* Columns that are money spent: named so by the model, or called spend. */
static void take_spend(void *user, const char *col, bool number, size_t at)
{
    spend *s = user;
    (void)number;
    (void)at;
    bool is = strncmp(col, "spend", 5) == 0;
    for (size_t i = 0; i < s->m->channels.n; i++) is |= strcmp(s->m->channels.v[i].s, col) == 0;
    for (size_t i = 0; i < s->n; i++) is &= strcmp(s->v[i], col) != 0;
    if (is && s->n < RL_MOST_CHANNELS) s->v[s->n++] = col;
}

/* What each channel brought, and how the model follows the outcome. */
static rl_code solve_spend(const rl_tables *t, rl_model_answer *m, const rl_request *r, const rl_table *rows,
                           rl_ctx *cx)
{
    rl_formula f;
    spend s = {.m = m->spec};
    if (r->time == NULL) return RL_OK;
    RL_TRY(rl_formula_parse(r->formula, &f, cx->tmp, cx));
    for (size_t j = 0; j < f.n_terms; j++)
        for (size_t i = 0; i < f.term[j].n; i++) rl_expr_columns(f.term[j].var[i], true, take_spend, &s);
    for (size_t c = 0; c < m->spec->channels.n; c++) {
        const rl_text *name = &m->spec->channels.v[c];
        bool found = false;
        for (size_t i = 0; i < s.n; i++) found |= strcmp(s.v[i], name->s) == 0;
        if (found) continue;
        rl_fail_at(cx, RL_EINPUT, t->study->path, name->at.line, name->at.col, "channel '%s' is not in the formula",
                   name->s);
        return rl_hint(cx, "`channels` names columns of the formula that are money spent");
    }
    double margin = t->study->money.given ? t->study->money.gross_margin : NAN;
    RL_TRY(rl_channels_make(r, rows, &m->main, s.v, s.n, margin, &m->channels, cx->keep, cx));
    return rl_trace_make(r, rows, &m->main, &m->track, cx->keep, cx);
}

static rl_code bad_word(const rl_tables *t, const rl_text *x, const char *key, const char *known, rl_ctx *cx)
{
    rl_fail_at(cx, RL_EINPUT, t->study->path, x->at.line, x->at.col, "%s: '%s' is not known", key, x->s);
    return rl_hint(cx, "%s", known);
}

/* What lagged regressions take beside a formula. */
static rl_code take_lags(const rl_tables *t, const rl_model_spec *s, rl_request *r, rl_ctx *cx)
{
    r->max_lags = s->max_lags > 0 ? s->max_lags : -1;
    r->horizon = s->periods > 0 ? s->periods : -1;
    r->shock = s->shock.s;
    r->method = s->method.s;
    if (s->lags.s != NULL && !rl_orders_read(s->lags.s, r))
        return bad_word(t, &s->lags, "lags", "the lags of the outcome, then of each regressor, as in lags: \"2,1,0\"",
                        cx);
    if (s->ic.s != NULL && !rl_ic_read(s->ic.s, r)) return bad_word(t, &s->ic, "ic", "known: aic bic hq", cx);
    if (s->average.s == NULL) return RL_OK;
    r->average = strcmp(s->average.s, "forms") == 0 ? RL_AVERAGE_FORMS : RL_AVERAGE_LENGTHS;
    if (r->average == RL_AVERAGE_LENGTHS && strcmp(s->average.s, "lengths") != 0)
        return bad_word(t, &s->average, "average", "known: lengths forms", cx);
    return RL_OK;
}

static rl_code solve_formula(const rl_tables *t, rl_model_answer *m, rl_ctx *cx)
{
    const rl_model_spec *s = m->spec;
    rl_table rows;
    const char *unit;
    bool deals = strcmp(s->level.s, "deal") == 0, panel = strcmp(s->level.s, "panel") == 0;
    RL_TRY((deals   ? rl_rows_deals
            : panel ? rl_rows_panel
                    : rl_series_build)(t, s, &rows, &unit, &m->waterfall, cx->keep, cx));
    static const char *const ALL[] = {"all"};
    rl_request r = {.formula = s->formula.s,
                    .unit = deals ? NULL : unit,
                    .level = t->study->level,
                    .max_lags = -1,
                    .horizon = -1,
                    .response = ALL,
                    .n_response = !deals,
                    .response_if_any = true,
                    .step = t->study->calendar.kind};
    r.time = deals ? NULL : "period"; /* deals are no series: nothing to lag */
    r.calendar = t->study->calendar;
    r.numbered = true;
    const char *method;
    RL_TRY(rl_estimator_for_formula(t->study, s, unit, !deals, &r.estimator, &method, &m->estimator_why, cx));
    r.vcov = default_vcov(unit, !deals);
    if (method != NULL && strcmp(method, "average") == 0) r.vcov = (rl_vcov_spec){.lag = -1}; /* it has its own */
    if (s->vcov.s != NULL) RL_TRY(rl_vcov_parse(s->vcov.s, &r.vcov, cx->keep, cx));
    if (s->weights.s != NULL) r.weights = s->weights.s;
    RL_TRY(take_lags(t, s, &r, cx));
    r.method = method;
    RL_TRY(rl_estimate_run(&r, &rows, &m->main, cx->keep, cx));
    if (r.vcov.kind == RL_DK && m->main.periods < DK_PERIODS) {
        rl_fail(cx, RL_EDATA, "Driscoll-Kraay errors need many periods: there are %zu, fewer than %d", m->main.periods,
                DK_PERIODS);
        return rl_hint(cx, "use vcov: cluster:%s, or a finer `period`", unit != NULL ? unit : "UNIT");
    }
    m->level =
        deals ? "deal"
              : rl_sprintf(cx->keep, "%s x %s", unit != NULL ? unit : "all", rl_period_name(t->study->calendar.kind));
    finish_waterfall(m, cx);
    if (r.estimator->fit != NULL && r.estimator->expand == NULL) find_lags(m, cx); /* else lag() may be the outcome's */
    return solve_spend(t, m, &r, &rows, cx);
}

/* Notes of estimators name options of `fit`. */
static void in_words_of_a_study(rl_result *r, rl_ctx *cx)
{
    for (size_t i = 0; i < r->n_notes; i++) r->note[i] = rl_study_says(r->note[i], cx->keep);
}

/* A model the data cannot answer is told, not fatal; a mistake in the study is. */
static rl_code settle(rl_model_answer *m, rl_code code, rl_answer *a, rl_ctx *cx)
{
    m->status = code == RL_OK ? RL_MODEL_DONE : RL_MODEL_REFUSED;
    in_words_of_a_study(&m->main, cx);
    if (m->has_event) in_words_of_a_study(&m->event, cx);
    if (code == RL_OK) return RL_OK;
    rl_study_error(cx);
    if (rl_exit_status(code) != 4) {
        if (cx->err.line == 0 && code == RL_EINPUT) {
            cx->err.file = a->study->path;
            cx->err.line = m->spec->at.line;
            cx->err.col = m->spec->at.col;
        }
        return rl_context(cx, "model '%s': ", m->spec->name);
    }
    m->refused = cx->err;
    a->primary_refused |= m->spec->primary;
    unanswered(a, cx, m->spec->question != NULL ? m->spec->question : m->spec->name, cx->err.what);
    rl_forgive(cx);
    return RL_OK;
}

/* --- what could be asked ---------------------------------------------------------- */
static rl_code could_ask(const rl_tables *t, const rl_model_spec *m, const char **why, const rl_identified **design,
                         rl_ctx *cx)
{
    rl_plan plan;
    rl_panel p;
    const rl_estimator *est;
    *design = NULL;
    if (m->treatment.s == NULL) {
        *why = "a formula: it is read when the study runs";
        return RL_OK;
    }
    RL_TRY(rl_plan_make(t, m, &plan, cx));
    RL_TRY(rl_identify(t, &plan, design, cx->keep, cx));
    if (*design != NULL && (*design)->own_why != NULL) return rl_fail(cx, RL_EDATA, "%s", (*design)->own_why);
    RL_TRY(rl_panel_build(t, &plan, &p, cx->tmp, cx));
    RL_TRY(rl_estimator_choose(t, &plan, &p, &est, why, cx));
    *why = rl_sprintf(cx->keep, "%zu %s, %zu of them treated; %s", p.t.n, p.waterfall.unit, p.treated_rows, est->name);
    return RL_OK;
}

rl_code rl_solve_questions(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    a->question = RL_NEW(cx->keep, rl_question, t->study->n_models);
    for (size_t i = 0; i < t->study->n_models; i++) {
        rl_question *q = &a->question[a->n_questions++];
        q->spec = &t->study->model[i];
        rl_code code = could_ask(t, q->spec, &q->why, &q->design, cx);
        q->can = code == RL_OK;
        if (code != RL_OK) {
            rl_study_error(cx);
            if (rl_exit_status(code) != 4) return rl_context(cx, "model '%s': ", q->spec->name);
            q->why = rl_sprintf(cx->keep, "%s%s%s", cx->err.what, cx->err.hint[0] != '\0' ? "; " : "", cx->err.hint);
            rl_forgive(cx);
        }
        rl_arena_reset(cx->tmp);
    }
    return RL_OK;
}

/* --- what no model could answer ------------------------------------------------- */
/* Tables of it, or columns of spend in a panel. */
static bool has_marketing(const rl_tables *t, const rl_answer *a)
{
    bool spent = false;
    for (size_t i = 0; i < a->n_models; i++) spent = spent || a->model[i].channels.n > 0;
    return spent || t->has_touches || t->has_spend || t->n_programs > 0;
}

static void say_gaps(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    char day[16], text[256];
    if (t->study->n_models == 0 || t->n_programs == 0) {
        const char *why =
            !has_marketing(t, a)
                ? "there is no marketing data and no programme: nothing says who got marketing and who did not"
            : t->n_programs == 0 ? "no programme says who got it and from when, so there is nobody to compare with"
                                 : "the study has no model";
        unanswered(a, cx, "What did marketing cause?", why);
        if (t->study->n_models == 0) a->primary_refused = true;
    }
    for (size_t p = 0; p < a->n_programs; p++) {
        size_t young = 0;
        int32_t last = RL_NO_DAY;
        for (size_t k = 0; k < a->program[p].n_maturity; k++)
            if (!a->program[p].maturity[k].mature) {
                young++;
                last = a->program[p].maturity[k].matures_on;
            }
        if (young == 0) continue;
        snprintf(text, sizeof text,
                 "too young for %d days of follow-up; the last of them matures on %s. Deals younger than that are left "
                 "out, not counted as lost",
                 a->program[p].horizon, rl_day_text(day, last));
        char what[128];
        snprintf(what, sizeof what, "The last %zu creation periods of programme '%.60s'", young, a->program[p].name);
        unanswered(a, cx, what, text);
    }
    for (size_t i = 0; i < a->money.n_ages; i++) {
        if (a->money.age[i].answerable || a->money.age[i].answerable_on == RL_NO_DAY) continue;
        char what[64];
        snprintf(what, sizeof what, "Lift at age %d days", a->money.age[i].age);
        snprintf(text, sizeof text, "no exposed cohort is that old; answerable from %s",
                 rl_day_text(day, a->money.age[i].answerable_on));
        unanswered(a, cx, what, text);
    }
}

/* The money comes from the primary model on money, else the first. */
static bool is_money(rl_outcome o) { return o == RL_OUT_VALUE || o == RL_OUT_REVENUE || o == RL_OUT_COLUMN; }

static rl_code solve_money(const rl_tables *t, rl_answer *a, const rl_att *effect, rl_ctx *cx)
{
    size_t best = SIZE_MAX, weighted = SIZE_MAX;
    for (size_t i = 0; i < a->n_models; i++) {
        const rl_model_answer *m = &a->model[i];
        if (m->status != RL_MODEL_DONE || !m->has_lift || !is_money(m->spec->outcome)) continue;
        if (m->spec->weights.s != NULL) {
            weighted = i;
            continue;
        }
        if (best == SIZE_MAX || (m->spec->primary && !a->model[best].spec->primary)) best = i;
    }
    if (best == SIZE_MAX && weighted != SIZE_MAX)
        unanswered(a, cx, "What is it worth?",
                   rl_sprintf(cx->tmp,
                              "model '%s' weighs its rows by '%s', and the effect times the treated periods is a sum "
                              "only when every row counts alike; a model without `weights` gives the total",
                              a->model[weighted].spec->name, a->model[weighted].spec->weights.s));
    if (best == SIZE_MAX) return RL_OK;
    rl_progress(cx, "money", 0.8);
    RL_TRY(rl_money_make(t, &effect[best], &a->model[best], effect, a->n_models, &a->money, cx));
    RL_TRY(rl_money_ages(t, &effect[best], &a->money, cx));
    return rl_money_overturn(t, &effect[best], &a->money, cx);
}

rl_code rl_solve(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    RL_TRY(rl_solve_design(t, a, cx));
    const rl_study *s = t->study;
    rl_att *effect = RL_NEW(cx->keep, rl_att, s->n_models);
    a->model = RL_NEW(cx->keep, rl_model_answer, s->n_models);
    for (size_t i = 0; i < s->n_models; i++) {
        rl_model_answer *m = &a->model[a->n_models++];
        m->spec = &s->model[i];
        m->breakdown_drift = m->breakdown_drift_ci = NAN;
        rl_progress(cx, m->spec->name, (double)i / (double)s->n_models);
        rl_code code =
            m->spec->treatment.s != NULL ? solve_programme(t, m, &effect[i], a, cx) : solve_formula(t, m, cx);
        RL_TRY(settle(m, code, a, cx));
        rl_arena_reset(cx->tmp);
    }
    RL_TRY(solve_money(t, a, effect, cx));
    say_gaps(t, a, cx);
    a->warning = RL_NEW(cx->keep, const char *, cx->n_notes);
    for (size_t i = 0; i < cx->n_notes; i++) { /* refits say the same again */
        bool again = false;
        cx->note[i].text = rl_study_says(cx->note[i].text, cx->keep);
        for (size_t k = 0; k < a->n_warnings && !again; k++) again = strcmp(a->warning[k], cx->note[i].text) == 0;
        if (!again) a->warning[a->n_warnings++] = cx->note[i].text;
    }
    rl_arena_reset(cx->tmp);
    return RL_OK;
}
