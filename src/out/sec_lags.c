/* out/sec_lags.c -- a regression with lags: how long it works, what each channel brought. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/response.h"
#include "out/sections.h"
#include "out/words.h"

/* --- responses ------------------------------------------------------------------------------ */

static const char *cell(const rl_view *v, const rl_interval *x, rl_unit unit)
{
    if (!isfinite(x->est)) return "not answerable";
    rl_scale s = rl_scale_full(x, unit, 1);
    return rl_scaled(v, &s, x->est);
}

static const char *range(const rl_view *v, const rl_interval *x, rl_unit unit)
{
    if (!rl_interval_known(x)) return "";
    rl_scale s = rl_scale_full(x, unit, 1);
    return rl_view_range(v, &s, x);
}

static void response_table(const rl_story *s, const rl_response *x, const rl_banded *impulse,
                           const rl_banded *cumulative)
{
    static const rl_column COL[] = {{"Periods later", false}, {"Each", true},     {"Interval", true},
                                    {"Added up", true},       {"Interval", true}, {"All at once", true}};
    const rl_view *v = s->v;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 6, COL);
    r->caption =
        rl_sprintf(v->in,
                   "%s%s after one more %s%s%s in one %s; the last column holds for all %ss at once; what goes "
                   "together, not what causes it",
                   impulse != x->impulse ? "Averaged: " : "", rl_view_clean(x->outcome, 60, v->in),
                   rl_view_clean(x->variable, 60, v->in), x->segment ? ", " : "",
                   x->segment ? rl_view_clean(x->segment, 60, v->in) : "", x->period, x->period);
    for (size_t h = 0; h < x->n; h++) {
        const rl_banded *e = &impulse[h], *c = &cumulative[h];
        rl_interval each = {e->est, e->se, e->low, e->high}, sum = {c->est, c->se, c->low, c->high},
                    band = {c->est, c->se, c->band_low, c->band_high};
        RL_ROW(r, rl_sprintf(v->in, "%zu", h), cell(v, &each, RL_UNIT_PLAIN), range(v, &each, RL_UNIT_PLAIN),
               cell(v, &sum, RL_UNIT_PLAIN), range(v, &sum, RL_UNIT_PLAIN), range(v, &band, RL_UNIT_PLAIN));
    }
}

/* What an average is over; what weighs next to nothing is one row. */
static void candidate_table(const rl_story *s, const rl_response *x)
{
    static const rl_column COL[] = {{"Form of the lag", false}, {"Weight", true}, {"In all", true}, {"Stays", true}};
    const rl_view *v = s->v;
    const rl_average *a = x->average;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 4, COL);
    double rest = 0;
    r->caption = rl_sprintf(v->in,
                            "What the average is over, weighed by %s; in all: what comes in the long run in this form; "
                            "stays: the share of the effect of one %s that is left in the next",
                            a->criterion, x->period);
    for (size_t k = 0; k < a->n_candidates; k++) {
        const rl_candidate *c = &a->candidate[k];
        if (c->weight < 0.005) {
            rest += c->weight;
            continue;
        }
        RL_ROW(r, rl_view_clean(c->form, 100, v->in), rl_view_percent(v, c->weight, 0),
               cell(v, &(rl_interval){c->long_run, a->long_run.se, NAN, NAN}, RL_UNIT_PLAIN),
               isnan(c->rate) ? "" : rl_view_percent(v, c->rate, 0));
    }
    if (rest > 0) RL_ROW(r, "Others together", rl_view_percent(v, rest, 1), "", "");
}

static void responses(const rl_story *s, const rl_model_answer *m, const rl_model_charts *c)
{
    const rl_result *r = &m->main;
    if (r->n_responses == 0) return;
    rl_page_head(s->page, 3, NULL, "How long it works");
    for (size_t i = 0; i < r->n_responses; i++) {
        const rl_response *x = &r->response[i];
        rl_page_list(s->page);
        for (size_t k = 0; k < x->n_says; k++) rl_page_line(s->page, "%s", rl_words_sentence(s->v, x->says[k]));
        rl_page_chart(s->page, c->response[i]);
        response_table(s, x, x->impulse, x->cumulative);
        if (x->average == NULL) continue;
        response_table(s, x, x->average->impulse, x->average->cumulative);
        candidate_table(s, x);
    }
}

/* --- channels -------------------------------------------------------------------------------- */

static void channel_table(const rl_story *s, const rl_channels *a, rl_unit unit)
{
    static const rl_column COL[] = {{"Channel", false},      {"Spent", true},       {"It goes with", true},
                                    {"Interval", true},      {"Per 1 spent", true}, {"Interval", true},
                                    {"Next 1, today", true}, {"Interval", true},    {"Still to come", true}};
    const rl_view *v = s->v;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 9, COL);
    r->caption = rl_sprintf(v->in,
                            "What goes with each channel, in %s, over the rows of the model, against spend at its "
                            "lowest; per 1 spent above "
                            "that; next 1: the next unit at today's level, what comes later included; still to come: "
                            "after the data end, not in the total",
                            rl_view_clean(a->outcome, 60, v->in));
    for (size_t i = 0; i < a->n; i++) {
        const rl_channel *x = &a->v[i];
        rl_interval spent = {x->spend, NAN, NAN, NAN};
        const char *name = rl_view_clean(x->column, 40, v->in);
        if (!x->answered)
            RL_ROW(r, name, "", "not answerable", "", "", "", "", "", "");
        else
            RL_ROW(r, name, cell(v, &spent, RL_UNIT_MONEY), cell(v, &x->gain, unit), range(v, &x->gain, unit),
                   cell(v, &x->average, unit), range(v, &x->average, unit), cell(v, &x->marginal, unit),
                   range(v, &x->marginal, unit), cell(v, &x->to_come, unit));
    }
}

/* What the figures of a channel stand on, and what they do not say. */
static void channel_lines(const rl_story *s, const rl_model_answer *m, const rl_channel *x, rl_unit unit)
{
    const rl_view *v = s->v;
    const char *name = rl_sprintf(v->in, "%s%s%s", v->open, rl_view_clean(x->column, 40, v->in), v->close);
    const char *period = rl_words_period(s->a->study);
    if (!x->answered) {
        rl_page_line(s->page, "%s: not answerable: %s.", name, rl_view_clean(x->why, 300, v->in));
        return;
    }
    rl_page_line(s->page, "%s", rl_words_channel(v, s->a->study, m, x, unit));
    if (!x->from_zero)
        rl_page_line(s->page,
                     "%s: a %s without spend was never seen everywhere, so what all of it brought is not answerable; "
                     "the figures are against the lowest spend seen, and returns are per unit above it.",
                     name, period);
    if (x->ahead_why) rl_page_line(s->page, "%s, next unit: not answerable: %s.", name, x->ahead_why);
    if (rl_interval_known(&x->profit))
        rl_page_line(s->page, "%s: gross profit less spend, per 1 spent: %s.", name,
                     rl_words_interval(v, &x->profit, RL_UNIT_MONEY, 1));
}

static void channels(const rl_story *s, const rl_model_answer *m, const rl_model_charts *c)
{
    const rl_channels *a = &m->channels;
    if (a->n == 0 && a->why == NULL) return;
    rl_page_head(s->page, 3, NULL, "Money by channel");
    if (a->why != NULL) {
        rl_page_text(s->page, RL_BLOCK_PARA, "Not answerable: %s.", rl_view_clean(a->why, 300, s->v->in));
        return;
    }
    rl_unit unit = rl_words_is_money(s->a->study, m) ? RL_UNIT_MONEY : RL_UNIT_PLAIN;
    rl_page_list(s->page);
    for (size_t i = 0; i < a->n; i++) channel_lines(s, m, &a->v[i], unit);
    rl_page_chart(s->page, c->spend);
    channel_table(s, a, unit);
    for (size_t i = 0; i < a->n; i++) rl_page_chart(s->page, c->curve[i]);
    rl_page_text(s->page, RL_BLOCK_SMALL,
                 "What goes with spend is caused by it only if nothing left out of the formula moves both. "
                 "Nothing is said about more spend than was seen%s.",
                 a->n > 1 ? "; parts of channels do not add up to a total where channels move together" : "");
}

void rl_section_lags(const rl_story *s, size_t i)
{
    const rl_model_answer *m = &s->a->model[i];
    const rl_model_charts *c = &s->charts->model[i];
    responses(s, m, c);
    channels(s, m, c);
    rl_page_chart(s->page, c->track);
}
