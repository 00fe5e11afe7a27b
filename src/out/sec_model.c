/* out/sec_model.c -- a section a model. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/sections.h"
#include "out/words.h"

static const char *bare(const rl_view *v, double x, double se)
{
    int decimals = rl_view_decimals(se);
    return rl_view_number(v, x, decimals < 0 ? 0 : decimals);
}

/* "= 0.031", "below 0.0001" */
static const char *p_phrase(const rl_view *v, double p, size_t draws)
{
    const char *figure = rl_view_p(v, p, draws);
    return figure[0] >= '0' && figure[0] <= '9' ? rl_sprintf(v->in, "= %s", figure) : figure;
}

/* "2 quarters before the start" */
static const char *since_start(const rl_view *v, int event, const char *period)
{
    int n = event < 0 ? -event : event;
    if (n == 0) return rl_sprintf(v->in, "the %s of the start", period);
    return rl_sprintf(v->in, "%d %s%s %s", n, period, n == 1 ? "" : "s", event < 0 ? "before" : "after");
}

static const char *estimate_name(const rl_view *v, const rl_label *l, const char *period)
{
    rl_str t = rl_str_new(v->in);
    bool plain = l->group == RL_NO_ID && l->time == RL_NO_ID && !l->group_text && !l->time_text;
    if (plain && l->event != RL_NO_ID && !strcmp(l->term, "event")) return since_start(v, l->event, period);
    if (plain && l->event == RL_NO_ID && !strcmp(l->term, "overall")) return "effect on the treated (ATT)";
    rl_str_add(&t, rl_view_clean(l->term, 80, v->in));
    if (l->group_text)
        rl_str_addf(&t, ", started %s", rl_view_clean(l->group_text, 40, v->in));
    else if (l->group != RL_NO_ID)
        rl_str_addf(&t, ", started %d", l->group);
    if (l->time_text)
        rl_str_addf(&t, ", in %s", rl_view_clean(l->time_text, 40, v->in));
    else if (l->time != RL_NO_ID)
        rl_str_addf(&t, ", in %d", l->time);
    if (l->event != RL_NO_ID)
        rl_str_addf(&t, " %s%d", l->event < 0 ? v->minus : "+", l->event < 0 ? -l->event : l->event);
    return rl_str_text(&t);
}

/* The smallest standard error: rows of one unit share their decimals. */
static double finest(const rl_result *r)
{
    double se = NAN;
    for (size_t i = 0; i < r->m; i++)
        if (r->est[i].std_error > 0 && !(r->est[i].std_error >= se)) se = r->est[i].std_error;
    return se;
}

static void estimates(const rl_story *s, const rl_result *r)
{
    static const rl_column COL[] = {{"Estimate of", false}, {"Estimate", true}, {"Std. error", true},
                                    {"Low", true},          {"High", true},     {"p", true}};
    const rl_view *v = s->v;
    if (r->m == 0) return;
    rl_rows *t = rl_page_rows(s->page, RL_BLOCK_TABLE, 6, COL);
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        bool fixed = !(e->std_error > 0);
        double se = e->std_error;
        RL_ROW(t, estimate_name(v, &e->label, rl_words_period(s->a->study)),
               fixed ? rl_view_number(v, e->estimate, e->estimate == 0 ? 0 : 3) : bare(v, e->estimate, se),
               fixed ? "" : bare(v, se, se), fixed ? "" : bare(v, e->conf_low, se),
               fixed ? "" : bare(v, e->conf_high, se), fixed ? "" : rl_view_p(v, e->p_value, r->p_draws));
    }
}

/* "3", "2 *" */
static const char *behind(const rl_view *v, const rl_model_answer *m, size_t j)
{
    if (m->behind[j].units == 0) return "";
    return rl_sprintf(v->in, "%s%s", rl_view_count(v, m->behind[j].units), m->behind[j].thin ? " *" : "");
}

/* The event study: who made it, who is behind each figure. */
static void events(const rl_story *s, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    const rl_result *r = &m->event;
    const char *by = rl_words_events_by(v, m), *thin = rl_words_thin(v, m), *period = rl_words_period(s->a->study);
    rl_column *col = RL_NEW(v->in, rl_column, 7);
    static const char *const HEAD[] = {"Estimate of", "Estimate", "Std. error", "Low", "High", "p"};
    for (size_t k = 0; k < 6; k++) col[k] = (rl_column){HEAD[k], k > 0};
    if (m->behind != NULL)
        col[6] = (rl_column){rl_sprintf(v->in, "Treated %s", rl_view_clean(m->behind_what, 60, v->in)), true};
    rl_rows *t = rl_page_rows(s->page, RL_BLOCK_TABLE, m->behind != NULL ? 7 : 6, col);
    t->caption = rl_sprintf(v->in, "Event study%s%s: effect by periods since the start; %s", by[0] ? " " : "", by,
                            m->base_event != RL_NO_ID   ? "the base period is zero by construction"
                            : r->estimator->leads_apart ? "periods before it by a regression of their "
                                                          "own, against earlier ones"
                                                        : "counted from all periods before it");
    double se = finest(r);
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        bool fixed = !(e->std_error > 0);
        const char *const cell[] = {estimate_name(v, &e->label, period),
                                    fixed ? rl_view_number(v, e->estimate, e->estimate == 0 ? 0 : 3)
                                          : bare(v, e->estimate, se),
                                    fixed ? "" : bare(v, e->std_error, se),
                                    fixed ? "" : bare(v, e->conf_low, se),
                                    fixed ? "" : bare(v, e->conf_high, se),
                                    fixed ? "" : rl_view_p(v, e->p_value, r->p_draws),
                                    m->behind != NULL ? behind(v, m, i) : ""};
        rl_rows_add(t, cell);
    }
    if (thin[0]) rl_page_text(s->page, RL_BLOCK_SMALL, "* %s.", thin);
}

/* --- what is behind it ---------------------------------------------------------------- */

static void list_tests(const rl_story *s, const rl_result *r, const char *of)
{
    const rl_view *v = s->v;
    for (size_t i = 0; i < r->n_tests; i++) {
        const rl_test *t = &r->test[i];
        const char *df2 = isfinite(t->df2) && t->df2 > 0 ? rl_view_number(v, t->df2, 0) : "infinite";
        const char *df = rl_sprintf(v->in, "F(%s, %s)", rl_view_number(v, t->df, 0), df2);
        rl_page_line(s->page, "Test %s%s%s%s: %s = %s, p %s.", v->open, rl_view_clean(t->name, 60, v->in), v->close, of,
                     df, rl_view_number(v, t->statistic, 2), p_phrase(v, t->p_value, t->draws));
    }
}

static bool noted(const rl_result *r, const char *text)
{
    for (size_t i = 0; i < r->n_notes; i++)
        if (strcmp(r->note[i], text) == 0) return true;
    return false;
}

static void tests(const rl_story *s, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    const char *period = rl_words_period(s->a->study), *by = m->has_event ? rl_words_events_by(v, m) : "";
    rl_page_list(s->page);
    list_tests(s, &m->main, "");
    if (m->has_event && m->main.n_tests == 0)
        list_tests(s, &m->event, by[0] ? rl_sprintf(v->in, " of the event study (%s)", by) : "");
    rl_unit unit = m->has_lift ? rl_unit_of_lift(v, &m->lift) : RL_UNIT_PLAIN;
    double scale = m->has_lift ? m->lift.scale : 1;
    rl_interval d = {m->breakdown_drift, NAN, NAN, NAN}, c = {m->breakdown_drift_ci, NAN, NAN, NAN};
    rl_scale sd = rl_scale_full(&d, unit, scale), sc = rl_scale_full(&c, unit, scale);
    if (isfinite(d.est))
        rl_page_line(s->page, "A drift between treated and controls of %s per %s would bring the lift to zero%s.",
                     rl_scaled(v, &sd, fabs(d.est)), period,
                     isfinite(c.est)
                         ? rl_sprintf(v->in, "; %s would make the interval hold zero", rl_scaled(v, &sc, fabs(c.est)))
                         : "");
    if (isfinite(m->main.r2))
        rl_page_line(
            s->page, "R-squared %s%s; residual standard deviation %s. Neither says whether the effect is causal.",
            rl_view_number(v, m->main.r2, 3),
            isfinite(m->main.r2_within) ? rl_sprintf(v->in, " (within: %s)", rl_view_number(v, m->main.r2_within, 3))
                                        : "",
            bare(v, m->main.rmse, m->main.rmse));
    for (size_t i = 0; i < m->main.n_notes; i++) rl_page_line(s->page, "%s", rl_words_sentence(v, m->main.note[i]));
    for (size_t i = 0; m->has_event && i < m->event.n_notes; i++)
        if (!noted(&m->main, m->event.note[i]))
            rl_page_line(s->page, "Event study%s%s: %s", by[0] ? " " : "", by,
                         rl_view_clean(rl_words_sentence(v, m->event.note[i]), 0, v->in));
}

static const char *effects(const rl_model_answer *m, const char *unit)
{
    return m->level && !strcmp(m->level, "deal") ? "start group" : unit;
}

/* The equation of a programme's model in words; a formula of the user's is shown as it was given. */
static const char *equation(const rl_story *s, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    const char *name = m->main.estimator ? m->main.estimator->name : "", *period = rl_words_period(s->a->study),
               *unit = effects(m, rl_words_unit(v, s->a)), *end = NULL;
    if (!m->spec->treatment.s) return NULL;
    if (!strcmp(name, "twfe"))
        end = "one effect while treated";
    else if (!strcmp(name, "event"))
        end = rl_sprintf(v->in, "one effect for each %s before and after the start", period);
    else if (!strcmp(name, "etwfe"))
        end = rl_sprintf(v->in, "one effect for each start date and %s since it", period);
    else if (!strcmp(name, "sunab"))
        end = rl_sprintf(v->in, "one effect for each start date and %s before and after it", period);
    else if (!strcmp(name, "dcdh"))
        return rl_sprintf(
            v->in, "%s: change since the %s before a switch, less that of %ss with the same treatment that keep it",
            rl_words_outcome(v, m), period, unit);
    else if (!strcmp(name, "cs"))
        return rl_sprintf(v->in,
                          "effect of a start date and %s = change of %s since the last %s before the start - the same "
                          "change of those not (yet) treated",
                          period, rl_words_outcome(v, m), period);
    else if (!strcmp(name, "stacked"))
        end = rl_sprintf(v->in,
                         "one effect for each %s before and after the start, every start date beside its own "
                         "controls",
                         period);
    else if (!strcmp(name, "lpdid"))
        return rl_sprintf(
            v->in,
            "change of %s since the %s before = one effect for each %s since the start + %s effect, among "
            "those that start and those not treated yet",
            rl_words_outcome(v, m), period, period, period);
    else if (!strcmp(name, "staggered"))
        return rl_sprintf(v->in,
                          "effect of a start date and %s = %s less that of those not treated yet, less the part that "
                          "the same gap in the %s before the start explains",
                          period, rl_words_outcome(v, m), period);
    else if (!strcmp(name, "bjs") || !strcmp(name, "did2s"))
        end = "the effect on the treated, learned where nobody is treated yet";
    else if (!strcmp(name, "did"))
        return rl_sprintf(v->in, "%s = level of the group + change over time + effect on the treated after the start",
                          rl_words_outcome(v, m));
    if (!end) return NULL;
    rl_str t = rl_str_new(v->in);
    rl_str_addf(&t, "%s = %s effect + %s effect + %s", rl_words_outcome(v, m), unit, period, end);
    for (size_t i = 0; i < m->spec->covariates.n; i++)
        rl_str_addf(&t, " + %s", rl_view_clean(m->spec->covariates.v[i].s, 60, v->in));
    return rl_str_text(&t);
}

static void method(const rl_story *s, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    const rl_estimator *e = m->main.estimator;
    rl_page_head(s->page, 3, NULL, "How it was estimated");
    if (e && e->method && e->method[0])
        rl_page_text(s->page, RL_BLOCK_PARA, "%s", rl_words_sentence(v, e->method));
    else if (e && e->what)
        rl_page_text(s->page, RL_BLOCK_PARA, "%s", rl_words_sentence(v, e->what));
    if (m->estimator_why && m->estimator_why[0])
        rl_page_text(s->page, RL_BLOCK_PARA, "Why this method: %s", rl_words_sentence(v, m->estimator_why));
    rl_page_text(s->page, RL_BLOCK_PARA, "%s", rl_words_vcov(v, &m->main));
    static const rl_column COL[] = {{"", false}, {"", false}};
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_PAIRS, 2, COL);
    if (e)
        RL_ROW(r, "Estimator",
               e->source && e->source[0] ? rl_sprintf(v->in, "%s, after %s", e->name, e->source) : e->name);
    if (m->level) RL_ROW(r, "One row is", rl_view_clean(m->level, 80, v->in));
    const char *fitted = equation(s, m);
    int horizon = rl_words_horizon(s->a, m);
    if (fitted)
        RL_ROW(r, "Fitted equation", fitted);
    else if (m->main.formula)
        RL_ROW(r, "Formula", rl_view_clean(m->main.formula, 300, v->in));
    if (horizon > 0) RL_ROW(r, "Horizon", rl_sprintf(v->in, "%d days after creation", horizon));
    RL_ROW(r, "Rows used", rl_sprintf(v->in, "%s %s", rl_view_count(v, m->main.rows_used), rl_words_rows(v, m)));
    if (m->spec->weights.s) RL_ROW(r, "Weights", rl_view_clean(m->spec->weights.s, 60, v->in));
    if (m->main.units) RL_ROW(r, "Units", rl_view_count(v, m->main.units));
    if (m->main.periods) RL_ROW(r, "Periods", rl_view_count(v, m->main.periods));
    if (m->main.clusters) RL_ROW(r, "Clusters", rl_view_count(v, m->main.clusters));
}

static void dropped(const rl_story *s, const rl_model_answer *m)
{
    static const rl_column COL[] = {{"Left out of the fit", false}, {"Rows", true}};
    size_t any = 0;
    for (size_t i = 0; i < m->main.n_dropped; i++) any += m->main.dropped[i].rows;
    if (any == 0) return;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 2, COL);
    for (size_t i = 0; i < m->main.n_dropped; i++)
        if (m->main.dropped[i].rows) RL_ROW(r, m->main.dropped[i].why, rl_view_count(s->v, m->main.dropped[i].rows));
}

/* --- a model ---------------------------------------------------------------------------- */

static void lift(const rl_story *s, const rl_model_answer *m)
{
    static const rl_column COL[] = {{"", false}, {"", false}};
    const rl_view *v = s->v;
    const rl_lift *l = &m->lift;
    if (!m->has_lift) return;
    rl_unit unit = rl_unit_of_lift(v, l);
    rl_scale c = rl_scale_full(&l->effect, unit, l->scale);
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_PAIRS, 2, COL);
    RL_ROW(r, "Effect on the treated",
           rl_sprintf(v->in, "%s (%s interval %s), p %s", rl_scaled_signed(v, &c, l->effect.est), rl_view_level(v),
                      rl_view_range(v, &c, &l->effect), p_phrase(v, l->p_value, m->main.p_draws)));
    if (isfinite(l->with) && isfinite(l->without)) {
        bool share = unit == RL_UNIT_POINTS;
        RL_ROW(r, "Mean with and without",
               rl_sprintf(v->in, "%s as seen, %s without the programme",
                          share ? rl_view_percent(v, l->with, 1) : rl_scaled(v, &c, l->with),
                          share ? rl_view_percent(v, l->without, 1) : rl_scaled(v, &c, l->without)));
    }
    if (rl_interval_known(&l->relative))
        RL_ROW(r, "Relative to without", rl_words_interval(v, &l->relative, RL_UNIT_PERCENT, 100));
    RL_ROW(r, "An average over", rl_sprintf(v->in, "%s treated %s", rl_view_count(v, l->n), rl_words_rows(v, m)));
    if (m->spec->outcome == RL_OUT_VELOCITY) {
        const char *won = rl_words_among_won(v, s->a, m);
        RL_ROW(r, "What is counted", rl_words_velocity(v, s->a, m));
        if (won[0]) RL_ROW(r, "Beside it", won);
    }
    rl_page_text(s->page, RL_BLOCK_SMALL, "%s", rl_words_zero(v, &l->effect));
}

/* Each lag, and the sum up to it: the lag chart in figures. */
static void lag_sums(const rl_story *s, const rl_model_answer *m)
{
    static const rl_column COL[] = {
        {"Lag", false}, {"Coefficient", true}, {"Interval", true}, {"Added up", true}, {"Interval", true}};
    const rl_view *v = s->v;
    if (!m->has_lags || m->n_lags < 2 || m->main.n_responses > 0) return;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, m->cumulated ? 5 : 3, COL);
    r->caption = rl_sprintf(v->in, "Coefficients by lag%s; what goes together, not what causes it",
                            m->cumulated ? ", and their running sum with the error of the sum" : "");
    for (size_t i = 0; i < m->n_lags; i++) {
        const rl_estimate *e = m->lag[i];
        rl_interval x = {e->estimate, e->std_error, e->conf_low, e->conf_high};
        rl_interval sum = m->cumulated ? m->cumulated[i] : x;
        rl_scale cx = rl_scale_full(&x, RL_UNIT_PLAIN, 1), cs = rl_scale_full(&sum, RL_UNIT_PLAIN, 1);
        const char *const cell[] = {rl_view_clean(e->label.term, 80, v->in), rl_scaled(v, &cx, x.est),
                                    rl_view_range(v, &cx, &x), rl_scaled(v, &cs, sum.est), rl_view_range(v, &cs, &sum)};
        rl_rows_add(r, cell);
    }
}

static void refused(const rl_story *s, const rl_model_answer *m)
{
    rl_page_box(s->page, RL_TONE_BAD, "Not answered: %s", rl_words_refused(s->v, &m->refused));
    if (m->refused.file)
        rl_page_line(s->page, "At %s, line %d.", rl_view_clean(m->refused.file, 120, s->v->in), m->refused.line);
    if (m->refused.hint[0]) rl_page_line(s->page, "What to do: %s", rl_words_sentence(s->v, m->refused.hint));
}

static void model(const rl_story *s, size_t i)
{
    const rl_model_answer *m = &s->a->model[i];
    const rl_view *v = s->v;
    rl_page_head(s->page, 2, rl_sprintf(v->in, "model-%zu", i + 1), rl_model_title(v, m));
    rl_page_text(s->page, RL_BLOCK_EYEBROW, "Model %s%s%s%s", v->open, rl_view_clean(m->spec->name, 60, v->in),
                 v->close, m->spec->primary ? ", a primary question of the study" : "");
    if (m->status == RL_MODEL_REFUSED) {
        refused(s, m);
        if (m->waterfall.start) rl_section_waterfall(s, &m->waterfall);
        return;
    }
    rl_page_text(s->page, RL_BLOCK_PARA, "%s", rl_words_model(v, m));
    lift(s, m);
    rl_page_chart(s->page, s->charts->model[i].event);
    rl_page_chart(s->page, s->charts->model[i].trends);
    rl_page_chart(s->page, s->charts->model[i].lags);
    lag_sums(s, m);
    rl_section_rollout(s, i);
    rl_section_lags(s, i);
    rl_page_head(s->page, 3, NULL, "Estimates");
    estimates(s, &m->main);
    if (m->has_event && m->event.m > 0) events(s, m);
    rl_page_head(s->page, 3, NULL, "Checks");
    tests(s, m);
    method(s, m);
    if (m->waterfall.start) {
        rl_page_head(s->page, 3, NULL, "Sample of this model");
        rl_section_waterfall(s, &m->waterfall);
    }
    dropped(s, m);
}

void rl_section_models(const rl_story *s)
{
    for (size_t i = 0; i < s->a->n_models; i++) {
        rl_page_mark(s->page, RL_BLOCK_PAGE);
        model(s, i);
    }
    if (s->a->n_models == 0) rl_page_mark(s->page, RL_BLOCK_PAGE);
}
