/* out/sec_front.c -- page one: the answer, how sure, the three lifts, the money. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/sections.h"
#include "out/words.h"

/* --- the three lifts -------------------------------------------------------------- */

static const char *tone_word(const rl_interval *x, int good)
{
    if (!rl_excludes_zero(x)) return "unsure";
    return good * (x->est > 0 ? 1 : -1) > 0 ? "good" : good ? "bad" : "plain";
}

/* From what to what; "" when a level is not known, or is none a reader could place. */
static const char *from_to(const rl_story *s, const rl_model_answer *m, rl_unit unit)
{
    const rl_view *v = s->v;
    const rl_lift *l = &m->lift;
    if (m->spec->outcome == RL_OUT_VELOCITY) return rl_words_velocity(v, s->a, m);
    if (isnan(l->with) || isnan(l->without)) return "";
    if (unit == RL_UNIT_POINTS)
        return rl_sprintf(v->in, "from %s to %s", rl_view_percent(v, l->without, 1), rl_view_percent(v, l->with, 1));
    rl_scale c = rl_scale_full(&l->effect, unit, l->scale);
    return rl_sprintf(v->in, "from %s to %s", rl_scaled_bare(v, &c, l->without), rl_scaled(v, &c, l->with));
}

/* The verdict is always the effect's own: a relative one divides by a level that is uncertain too. */
static void done_card(const rl_story *s, rl_rows *r, const char *label, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    const rl_lift *l = &m->lift;
    rl_unit unit = rl_unit_of_lift(v, l);
    bool size = m->spec->outcome == RL_OUT_DEAL_SIZE && rl_interval_known(&l->relative);
    const rl_interval *x = size ? &l->relative : &l->effect;
    rl_scale c = size ? rl_scale_full(x, RL_UNIT_PERCENT, 100) : rl_scale_full(x, unit, l->scale);
    const char *figure = rl_scaled_signed(v, &c, x->est);
    bool velocity = m->spec->outcome == RL_OUT_VELOCITY;
    if (velocity) figure = rl_sprintf(v->in, "%s gained", figure);
    const char *sure = rl_excludes_zero(&l->effect) ? "the interval excludes zero" : "cannot be told from zero";
    RL_ROW(r, tone_word(&l->effect, rl_outcome_good(m->spec->outcome)), label, figure,
           rl_sprintf(v->in, "%s interval %s", rl_view_level(v), rl_view_range(v, &c, x)), from_to(s, m, unit),
           rl_sprintf(v->in, "%s; %s treated %s", sure, rl_view_count(v, l->n), rl_words_rows(v, m)),
           velocity ? rl_words_among_won(v, s->a, m) : "");
}

static void card(const rl_story *s, rl_rows *r, const rl_outcome *any, size_t n)
{
    const rl_model_answer *m = rl_words_find(s->a, any, n);
    const char *label = rl_outcome_title(m ? m->spec->outcome : any[0]);
    if (!m)
        RL_ROW(r, "unsure", label, "Not asked", "no model of the study has this outcome", "", "", "");
    else if (m->status == RL_MODEL_DONE && m->has_lift)
        done_card(s, r, label, m);
    else
        RL_ROW(r, "unsure", label, "Not answered", rl_words_model(s->v, m), "", "", "");
}

static void cards(const rl_story *s)
{
    static const rl_outcome WIN[] = {RL_OUT_WIN_RATE}, SIZE[] = {RL_OUT_DEAL_SIZE, RL_OUT_LOG_DEAL_SIZE},
                            TIME[] = {RL_OUT_VELOCITY, RL_OUT_DAYS_TO_WIN, RL_OUT_DECISION_TIME};
    static const rl_column COL[7] = {{"", false}};
    if (!rl_words_find(s->a, WIN, 1) && !rl_words_find(s->a, SIZE, 2) && !rl_words_find(s->a, TIME, 3)) return;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_CARDS, 7, COL);
    card(s, r, WIN, 1);
    card(s, r, SIZE, 2);
    card(s, r, TIME, 3);
}

/* --- the money ----------------------------------------------------------------------- */

static void money_row(const rl_story *s, rl_rows *r, const char *what, const rl_interval *x, rl_scale c,
                      const char *note, bool total)
{
    if (isnan(x->est)) return;
    const char *range = rl_interval_known(x) ? rl_view_range(s->v, &c, x) : "";
    const char *const cell[] = {what, rl_scaled(s->v, &c, x->est), range, note};
    if (total)
        rl_rows_total(r, cell);
    else
        rl_rows_add(r, cell);
}

static void ratio_row(const rl_story *s, rl_rows *r, const char *what, const rl_ratio *x, rl_unit unit, double scale,
                      const char *note)
{
    if (isnan(x->est) && !x->none && !x->all) return;
    RL_ROW(r, what, rl_view_ratio(s->v, x, unit, scale), rl_view_ratio_set(s->v, x, unit, scale), note);
}

/* A row of the chain from the total to what is left after cost: one precision. */
static void chain_row(const rl_story *s, rl_rows *r, const char *what, const rl_interval *x, const char *note,
                      bool total)
{
    money_row(s, r, what, x, rl_words_money_scale(&s->a->money, x), note, total);
}

/* A row beside the chain, at its own precision. */
static void beside_row(const rl_story *s, rl_rows *r, const char *what, const rl_interval *x, const char *note)
{
    money_row(s, r, what, x, rl_scale_for(x, RL_UNIT_MONEY, 1), note, false);
}

static const rl_program_spec *programme_of_money(const rl_answer *a)
{
    for (size_t i = 0; i < a->study->n_programs && a->study->program; i++)
        if (a->money.program && !strcmp(a->study->program[i].name, a->money.program)) return &a->study->program[i];
    return NULL;
}

/* "media $1.04 M x 1.35 for people and tools; spent from the first start to the end of 2025Q4, .." */
static const char *cost_note(const rl_story *s)
{
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    const rl_program_spec *p = programme_of_money(s->a);
    rl_interval media = {m->cost_media, NAN, NAN, NAN};
    rl_scale c = rl_scale_for(&media, RL_UNIT_MONEY, 1);
    rl_str t = rl_str_new(v->in);
    if (isfinite(m->cost_media) && m->loaded_cost > 1)
        rl_str_addf(&t, "media %s x %s for people and tools; ", rl_scaled(v, &c, m->cost_media),
                    rl_view_number(v, m->loaded_cost, 2));
    if (p && isfinite(p->cost_total))
        rl_str_add(&t, "the whole of the programme, as the study gives it");
    else if (m->exposure_last != RL_NO_DAY)
        rl_str_addf(&t, "spent from the first start to %s, the end of the last %s counted",
                    rl_view_date(v, m->exposure_last), rl_words_period(s->a->study));
    else
        rl_str_addf(&t, "spent from the first start to the last %s counted", rl_words_period(s->a->study));
    return rl_str_text(&t);
}

/* What was spent after the last period counted: its wins are not counted yet, nor is its cost. */
static void since_row(const rl_story *s, rl_rows *r)
{
    const rl_money *m = &s->a->money;
    rl_interval since = {m->cost_to_date - m->cost, NAN, NAN, NAN};
    if (!(since.est > 0.5)) return;
    const char *after =
        m->exposure_last == RL_NO_DAY ? "" : rl_sprintf(s->v->in, "after %s, ", rl_view_date(s->v, m->exposure_last));
    chain_row(s, r, "Spent since, not counted", &since,
              rl_sprintf(s->v->in, "%sfor %ss too young to count%s", after, rl_words_period(s->a->study),
                         m->loaded_cost > 1 ? "; people and tools included" : ""),
              false);
}

static void payback_row(const rl_story *s, rl_rows *r)
{
    const rl_money *m = &s->a->money;
    bool followed = m->value && m->value->spec->outcome == RL_OUT_VALUE;
    if (isnan(m->payback_months.est) && !m->payback_months.none && !m->payback_months.all) return;
    RL_ROW(r, "Payback", rl_words_payback(s->v, m), rl_view_ratio_set(s->v, &m->payback_months, RL_UNIT_MONTHS, 1),
           rl_sprintf(s->v->in, "months of exposure, of an average %s, whose gross profit covers the cost%s",
                      rl_words_unit(s->v, s->a),
                      followed ? "; wins are counted at the creation of the deal and arrive later" : ""));
}

static void earnings(const rl_story *s)
{
    static const rl_column COL[] = {{"", false}, {"Estimate", true}, {"Interval", true}, {"", false}};
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    rl_page_head(s->page, 3, NULL, "What it earned");
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 4, COL);
    chain_row(s, r, rl_sprintf(v->in, "Incremental %s", rl_words_subject(v, m)), &m->total, "caused by the programme",
              false);
    double margin = s->a->study->money.gross_margin;
    chain_row(s, r, "Gross profit on it", &m->gross_profit,
              isfinite(margin) ? rl_sprintf(v->in, "at a margin of %s", rl_view_percent(v, margin, 0)) : "", false);
    chain_row(s, r, "Cost of the programme", &(rl_interval){m->cost, NAN, NAN, NAN}, cost_note(s), false);
    chain_row(s, r, "Gross profit less cost", &m->net, "", true);
    bool profit = isfinite(m->gross_profit.est) && isfinite(m->cost);
    if (profit)
        ratio_row(s, r, "Return on cost (ROI)", &m->roi, RL_UNIT_PERCENT, 100,
                  "gross profit less cost, as a share of cost");
    if (profit) payback_row(s, r);
    if (isfinite(m->wins.est) && isfinite(m->cost))
        ratio_row(s, r, "Cost per extra win", &m->cac, RL_UNIT_MONEY, 1, "");
    if (isfinite(m->wins.est)) {
        rl_scale w = rl_scale_full(&m->wins, RL_UNIT_PLAIN, 1);
        RL_ROW(r, "Extra deals won", rl_scaled_signed(v, &w, m->wins.est), rl_view_range(v, &w, &m->wins), "");
    }
    since_row(s, r);
    if (!profit) RL_ROW(r, "Return on cost (ROI)", "not known", "", "the study gives no gross margin, or no cost");
    beside_row(s, r, "Worth of earlier money", &m->time_value,
               "time value of fewer days to a win; beside the total, not in it");
    if (m->pipeline_without > 0)
        beside_row(s, r, "Pipeline velocity, a day", &m->pipeline,
                   "opportunities x win rate x size / days to win, a treated unit; computed from its parts");
    rl_page_text(s->page, RL_BLOCK_SMALL, "%s intervals; the notes near the end say how they are made.",
                 rl_view_level(v));
}

static void bridge(const rl_story *s)
{
    static const rl_column COL[] = {{"Part", false}, {"Money", true}, {"Interval", true}, {"Share of the total", true}};
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    if (m->n_parts == 0) return;
    rl_page_head(s->page, 3, NULL, "Where it comes from");
    rl_page_chart(s->page, s->charts->bridge);
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 4, COL);
    for (size_t i = 0; i <= m->n_parts; i++) {
        bool total = i == m->n_parts;
        const rl_interval *x = total ? &m->total : &m->part[i].money;
        rl_scale c = {.unit = RL_UNIT_MONEY,
                      .times = 1,
                      .decimals = 0,
                      .suffix = ""}; /* whole money: the parts are seen to add up */
        double share = m->total.est != 0 ? x->est / m->total.est : NAN;
        const char *name = total ? "Total" : rl_words_sentence(v, m->part[i].name);
        const char *const cell[] = {total ? name : rl_strndup(v->in, name, strlen(name) - 1),
                                    rl_scaled_signed(v, &c, x->est),
                                    rl_interval_known(x) ? rl_view_range(v, &c, x) : "", rl_view_percent(v, share, 0)};
        if (total)
            rl_rows_total(r, cell);
        else
            rl_rows_add(r, cell);
    }
    rl_page_text(
        s->page, RL_BLOCK_SMALL,
        "The total is measured directly on revenue per account, zeros included. The parts explain it: each is the "
        "average contribution of one mechanism over every order of adding them (Shapley), and mix is what is left, "
        "named. They add up exactly; a part may differ from the last digit shown by rounding.");
}

/* --- the top ------------------------------------------------------------------------------ */

/* The channels of the models, each once. */
static const char *spend_columns(const rl_story *s)
{
    const rl_answer *a = s->a;
    rl_str list = rl_str_new(s->v->in);
    for (size_t i = 0; i < a->n_models; i++)
        for (size_t c = 0; c < a->model[i].channels.n; c++) {
            const char *name = a->model[i].channels.v[c].column;
            bool twice = false;
            for (size_t k = 0; k < i && !twice; k++)
                for (size_t q = 0; q < a->model[k].channels.n; q++)
                    twice = twice || strcmp(a->model[k].channels.v[q].column, name) == 0;
            if (!twice) rl_str_addf(&list, "%s%s", list.n > 0 ? ", " : "", rl_view_clean(name, 40, s->v->in));
        }
    return rl_str_text(&list);
}

static void no_marketing(const rl_story *s)
{
    const rl_answer *a = s->a;
    if (a->study->n_programs > 0) return;
    rl_page_box(s->page, RL_TONE_UNSURE, "What is missing");
    rl_page_line(
        s->page,
        "A programme: a table of the accounts (or other units) that marketing reached, and from when. Without it every "
        "comparison would mix what marketing caused with what it merely touched.");
    const char *columns = spend_columns(s);
    if (!a->study->touches.file.given && !a->study->spend.file.given && *columns != '\0')
        rl_page_line(
            s->page,
            "Touchpoints: the study names none. Spend is known from columns of the panel (%s): how much and when, "
            "not who was reached.",
            columns);
    else if (!a->study->touches.file.given && !a->study->spend.file.given)
        rl_page_line(s->page, "Touchpoints or spend: the study names neither, so costs and timing are unknown too.");
    rl_page_line(s->page, "What the data do say stands in the section on the data.");
}

void rl_section_front(const rl_story *s)
{
    const rl_answer *a = s->a;
    const rl_view *v = s->v;
    const char *title = a->study->title && a->study->title[0] ? a->study->title : "Revenue lift study";
    rl_str top = rl_str_new(v->in);
    rl_str_addf(&top, "Revenue lift study. Data cut %s", rl_view_date(v, a->cut));
    if (v->currency[0]) rl_str_addf(&top, ". Amounts in %s", v->currency);
    if (a->n_programs == 1)
        rl_str_addf(&top, ". Programme %s%s%s", v->open, rl_view_clean(a->program[0].name, 60, v->in), v->close);
    rl_page_text(s->page, RL_BLOCK_EYEBROW, "%s", rl_str_text(&top));
    rl_page_head(s->page, 1, "top", rl_view_clean(title, 160, v->in));
    rl_page_text(s->page, RL_BLOCK_LEAD, "%s", rl_words_answer(v, a));
    const char *sure = rl_words_sure(v, a), *coverage = rl_words_coverage(v, a);
    if (sure[0]) rl_page_text(s->page, RL_BLOCK_PARA, "%s", sure);
    if (coverage[0]) rl_page_text(s->page, RL_BLOCK_SMALL, "%s", coverage);
    const char *groups = rl_words_groups(v, a);
    if (groups[0]) rl_page_text(s->page, RL_BLOCK_PARA, "%s", groups);
    no_marketing(s);
    cards(s);
    if (s->chart_note) rl_page_box(s->page, RL_TONE_UNSURE, "%s", rl_words_sentence(v, s->chart_note));
    if (a->money.given) {
        earnings(s);
        bridge(s);
    }
}
