/* out/sec_doubts.c -- what would overturn the answer, and what it rests on. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/sections.h"
#include "out/words.h"

static void drift_lines(const rl_story *s)
{
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    const char *period = rl_words_period(s->a->study), *unit = rl_words_unit(v, s->a);
    rl_interval x = {m->drift, NAN, NAN, NAN}, y = {m->drift_ci, NAN, NAN, NAN};
    rl_scale sx = rl_scale_for(&x, RL_UNIT_MONEY, 1), sy = rl_scale_for(&y, RL_UNIT_MONEY, 1);
    if (isfinite(m->drift))
        rl_page_line(s->page,
                     "A drift between treated and controls of %s per %s and %s, for reasons of its own, would bring "
                     "the whole lift to zero.",
                     rl_scaled(v, &sx, fabs(m->drift)), unit, period);
    if (isfinite(m->drift_ci))
        rl_page_line(s->page, "A drift of %s per %s and %s would be enough for the interval to hold zero.",
                     rl_scaled(v, &sy, fabs(m->drift_ci)), unit, period);
}

static void flip_lines(const rl_story *s)
{
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    const char *unit = rl_words_unit(v, s->a);
    if (m->n_without == 0 && m->n_sign_flips == 0 && m->n_interval_flips == 0) return;
    if (m->treated_units == 1) {
        rl_page_line(s->page, "One %s is all that was reached: without it there is nothing to tell.", unit);
        return;
    }
    if (m->n_sign_flips == 0)
        rl_page_line(s->page, "Leaving out any one %s does not change the sign of the total.", unit);
    else
        rl_page_line(s->page, "Leaving out a single %s can change the sign of the total: %s of them would.", unit,
                     rl_view_count(v, m->n_sign_flips));
    if (m->n_interval_flips == 0)
        rl_page_line(s->page, "Leaving out any one %s does not change whether the interval holds zero.", unit);
    else
        rl_page_line(s->page, "Leaving out a single %s can change whether the interval holds zero: %s of them would.",
                     unit, rl_view_count(v, m->n_interval_flips));
}

/* Controls that stand near treated accounts: how many, what they did, and the lift without them. */
static void spill_lines(const rl_story *s)
{
    const rl_answer *a = s->a;
    const rl_model_answer *m = a->money.value;
    for (size_t i = 0; i < a->n_programs; i++) {
        const rl_program_facts *p = &a->program[i];
        if (!a->money.program || strcmp(p->name, a->money.program)) continue;
        const char *shares = rl_words_shares(s->v, p);
        if (shares[0])
            rl_page_line(s->page, "%s.", shares);
        else if (p->unit && !strcmp(p->unit, "account") && !p->shares)
            rl_page_line(s->page, "Whether the programme spreads to controls was not looked at: the study does not say "
                                  "which accounts share an owner or a parent (keys owner and parent).");
    }
    const char *spill = m ? rl_words_spill(s->v, a, m) : "", *apart = m ? rl_words_apart(s->v, m) : "";
    if (spill[0]) rl_page_line(s->page, "%s", spill);
    if (apart[0]) rl_page_line(s->page, "%s", apart);
    for (size_t i = 0; i < a->n_models; i++) { /* the other models it was looked at for */
        const rl_model_answer *o = &a->model[i];
        if (o != m && o->spill.answered) rl_page_line(s->page, "%s", rl_words_spill(s->v, a, o));
    }
}

/* k = 3: without the column of amounts, when none is known. */
static void without_row(const rl_story *s, rl_rows *r, const rl_without *w)
{
    if (isnan(w->total.est)) return;
    rl_scale c = rl_scale_for(&w->total, RL_UNIT_MONEY, 1);
    rl_interval amount = {w->amount, NAN, NAN, NAN};
    rl_scale ca = rl_scale_for(&amount, RL_UNIT_MONEY, 1);
    const char *what = rl_view_clean(w->label, 60, s->v->in), *total = rl_scaled_signed(s->v, &c, w->total.est),
               *range = rl_view_range(s->v, &c, &w->total);
    if (r->k == 3)
        RL_ROW(r, what, total, range);
    else
        RL_ROW(r, what, total, range, isnan(w->amount) ? "" : rl_scaled(s->v, &ca, w->amount));
}

static const char *small_count(const rl_view *v, size_t n)
{
    static const char *const WORD[] = {"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
    return n < sizeof WORD / sizeof *WORD ? WORD[n] : rl_view_count(v, n);
}

static void without_table(const rl_story *s)
{
    static const rl_column COL[] = {
        {"Left out", false}, {"Total without it", true}, {"Interval", true}, {"Its won amount", true}};
    const rl_money *m = &s->a->money;
    bool amounts = false;
    for (size_t i = 0; i < m->n_without; i++) amounts |= isfinite(m->without_account[i].amount);
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, amounts ? 4 : 3, COL);
    const char *unit = rl_words_unit(s->v, s->a);
    r->caption = m->n_without == 1 ? rl_sprintf(s->v->in, "The %s that moves the total most, left out", unit)
                                   : rl_sprintf(s->v->in, "The %s %s that move the total most, each left out in turn",
                                                small_count(s->v, m->n_without), rl_plural(unit, 2, s->v->in));
    for (size_t i = 0; i < m->n_without; i++) without_row(s, r, &m->without_account[i]);
}

static void overturn(const rl_story *s)
{
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    rl_page_head(s->page, 3, NULL, "What would overturn it");
    rl_page_list(s->page);
    drift_lines(s);
    flip_lines(s);
    rl_interval amount = {m->largest_deals.amount, NAN, NAN, NAN};
    rl_scale c = rl_scale_for(&amount, RL_UNIT_MONEY, 1);
    if (m->largest_deals.label && isfinite(m->largest_deals.total.est))
        rl_page_line(s->page, "Without %s%s the total is %s.", rl_view_clean(m->largest_deals.label, 60, v->in),
                     amount.est > 0 ? rl_sprintf(v->in, " (%s)", rl_scaled(v, &c, amount.est)) : "",
                     rl_words_interval(v, &m->largest_deals.total, RL_UNIT_MONEY, 1));
    spill_lines(s);
    without_table(s);
}

/* --- the lift by age --------------------------------------------------------------------- */

/* What came after the horizon, on the cells old enough: true when it can be said. */
static bool since_line(const rl_story *s, const rl_age_lift *g, int horizon)
{
    const rl_view *v = s->v;
    const rl_interval *x = &g->since;
    if (!g->answerable || g->age <= horizon || !rl_interval_known(x) || !(x->se > 0)) return false;
    rl_scale c = rl_scale_for(x, RL_UNIT_MONEY, 1);
    const char *verdict = !rl_excludes_zero(x) ? "this cannot be told from zero"
                          : x->est > 0         ? "the programme brought more, not only sooner"
                                               : "a part of the lift was only pulled forward";
    rl_page_line(s->page,
                 "On the %s %s old enough, %s per %s and %s was added after day %d and up to day %d (%s interval %s): "
                 "%s.",
                 rl_view_count(v, g->cells), rl_words_rows(v, s->a->money.value), rl_scaled_signed(v, &c, x->est),
                 rl_words_unit(v, s->a), rl_words_period(s->a->study), horizon, g->age, rl_view_level(v),
                 rl_view_range(v, &c, x), verdict);
    return true;
}

static void since_lines(const rl_story *s)
{
    const rl_money *m = &s->a->money;
    int horizon = rl_words_horizon(s->a, m->value);
    bool told = false;
    rl_page_list(s->page);
    for (size_t i = 0; i < m->n_ages; i++) told |= since_line(s, &m->age[i], horizon);
    if (told) return;
    rl_page_line(
        s->page,
        "Sooner or more: cannot tell yet. Nothing older than %d days can be answered, so deals that would have "
        "come anyway may only have been pulled forward.",
        horizon);
}

static void ages(const rl_story *s)
{
    static const rl_column COL[] = {{"Won by", false}, {"Effect", true}, {"Interval", true}, {"Rests on", true}};
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    if (m->n_ages == 0) return;
    rl_page_head(s->page, 3, NULL, "Sooner, or more? The lift by age");
    rl_page_chart(s->page, s->charts->ages);
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 4, COL);
    const char *rows = rl_words_rows(v, m->value);
    bool fewer = false;
    r->caption = rl_sprintf(v->in, "Effect per %s and %s of creation on what was won by that age of the deals",
                            rl_words_unit(v, s->a), rl_words_period(s->a->study));
    for (size_t i = 0; i < m->n_ages; i++) {
        const rl_age_lift *g = &m->age[i];
        const char *age = rl_sprintf(v->in, "day %d", g->age);
        if (!g->answerable) {
            const char *when = g->answerable_on == RL_NO_DAY
                                   ? "not answerable with these data"
                                   : rl_sprintf(v->in, "not before %s", rl_view_date(v, g->answerable_on));
            RL_ROW(r, age, "not yet", when, "");
            continue;
        }
        fewer |= g->cells != m->age[0].cells;
        rl_scale k = rl_scale_for(&g->per_cell, RL_UNIT_MONEY, 1);
        RL_ROW(r, age, rl_scaled_signed(v, &k, g->per_cell.est), rl_view_range(v, &k, &g->per_cell),
               rl_sprintf(v->in, "%s %s", rl_view_count(v, g->cells), rows));
    }
    if (fewer)
        rl_page_text(s->page, RL_BLOCK_SMALL,
                     "Ages that rest on other %s are not to be compared with each other; what was added on the same "
                     "ones is said here:",
                     rows);
    since_lines(s);
}

static void composition(const rl_story *s)
{
    static const rl_column COL[] = {{"", false},
                                    {"Treated, before", true},
                                    {"Treated, after", true},
                                    {"Controls, before", true},
                                    {"Controls, after", true}};
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    if (m->volume.deals[1][1] == 0) return;
    rl_page_head(s->page, 3, NULL, "Which deals were created");
    rl_page_text(
        s->page, RL_BLOCK_PARA,
        "Win rate, deal size and velocity are means over the deals there are. When the programme changes which "
        "deals are created, they move for that reason too; the total does not rest on them.");
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 5, COL);
    const char *rate[4];
    for (int k = 0; k < 4; k++) rate[k] = rl_view_number(v, m->volume.rate[k < 2][k % 2], 3);
    RL_ROW(r, rl_sprintf(v->in, "deals per %s and %s", rl_words_unit(v, s->a), rl_words_period(s->a->study)), rate[0],
           rate[1], rate[2], rate[3]);
    for (size_t i = 0; i < m->n_mix; i++) {
        const rl_mix *x = &m->mix[i];
        const char *share[4];
        for (int k = 0; k < 4; k++) share[k] = rl_view_percent(v, x->share[k < 2][k % 2], 1);
        RL_ROW(r, rl_sprintf(v->in, "%s: %s", rl_view_clean(x->trait, 40, v->in), rl_view_clean(x->level, 60, v->in)),
               share[0], share[1], share[2], share[3]);
    }
}

void rl_section_waterfall(const rl_story *s, const rl_waterfall *w)
{
    static const rl_column COL[] = {{"Step", false}, {"Lost", true}, {"Left", true}};
    const rl_view *v = s->v;
    if (w->start == 0) return;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 3, COL);
    const char *unit = rl_view_clean(w->unit, 40, v->in);
    RL_ROW(r, rl_sprintf(v->in, "%s to begin with", unit), "", rl_view_count(v, w->start));
    for (size_t i = 0; i < w->n_steps; i++)
        RL_ROW(r, w->step[i].why, rl_view_count(v, w->step[i].lost), rl_view_count(v, w->step[i].left));
    RL_TOTAL(r, "used", "", rl_view_count(v, w->n_steps ? w->step[w->n_steps - 1].left : w->start));
}

/* As a chart, or as a table when there is none; one sentence when nothing was lost. */
static void waterfall_shown(const rl_story *s, const rl_chart *chart, const rl_waterfall *w, const char *whole)
{
    if (w->start == 0) return;
    if (w->n_steps == 0 || w->step[w->n_steps - 1].left == w->start)
        rl_page_text(s->page, RL_BLOCK_PARA, "All %s %s %s.", rl_view_count(s->v, w->start),
                     rl_view_clean(w->unit, 40, s->v->in), whole);
    else if (chart && chart->svg)
        rl_page_chart(s->page, chart);
    else
        rl_section_waterfall(s, w);
}

static void sample(const rl_story *s)
{
    const rl_waterfall *deals = &s->a->waterfall, *value = NULL;
    if (s->a->money.given && s->a->money.value) value = &s->a->money.value->waterfall;
    if (deals->start == 0 && (!value || value->start == 0)) return;
    rl_page_head(s->page, 3, NULL, "What it rests on");
    bool kept = false; /* faulty rows the study keeps */
    for (size_t i = 0; i < s->a->n_faults; i++) kept |= s->a->fault[i].count > 0;
    waterfall_shown(s, s->charts->sample, deals,
                    kept ? "were readable; faults that were kept stand in the section on the data"
                         : "were readable and consistent");
    if (value) waterfall_shown(s, s->charts->sample_value, value, "could be used for the total");
}

static void unanswered(const rl_story *s)
{
    if (s->a->n_unanswered == 0) return;
    rl_page_head(s->page, 3, NULL, "What could not be answered");
    rl_page_list(s->page);
    for (size_t i = 0; i < s->a->n_unanswered; i++) {
        const char *what = rl_words_sentence(s->v, s->a->unanswered[i].what);
        const char *why = rl_words_sentence(s->v, s->a->unanswered[i].why);
        size_t n = strlen(what);
        if (what[n - 1] == '.') what = rl_sprintf(s->v->in, "%s:", rl_strndup(s->v->in, what, n - 1));
        rl_page_line(s->page, "%s %s", what, why);
    }
}

void rl_section_doubts(const rl_story *s)
{
    if (s->a->money.given) {
        overturn(s);
        ages(s);
        composition(s);
    }
    sample(s);
    unanswered(s);
    rl_page_mark(s->page, RL_BLOCK_SIGN);
}
