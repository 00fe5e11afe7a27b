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
static const char *from_to(const rl_view *v, const rl_model_answer *m, rl_unit unit)
{
    const rl_lift *l = &m->lift;
    if (m->spec->outcome == RL_OUT_VELOCITY) return "days gained by winning, within the horizon";
    if (isnan(l->with) || isnan(l->without)) return "";
    if (unit == RL_UNIT_POINTS)
        return rl_sprintf(v->in, "from %s to %s", rl_view_percent(v, l->without, 1), rl_view_percent(v, l->with, 1));
    rl_scale s = rl_scale_full(&l->effect, unit, l->scale);
    return rl_sprintf(v->in, "from %s to %s", rl_scaled_bare(v, &s, l->without), rl_scaled(v, &s, l->with));
}

static void done_card(const rl_story *s, rl_rows *r, const char *label, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    const rl_lift *l = &m->lift;
    rl_unit unit = rl_unit_of_lift(v, l);
    bool size = m->spec->outcome == RL_OUT_DEAL_SIZE && rl_interval_known(&l->relative);
    const rl_interval *x = size ? &l->relative : &l->effect;
    rl_scale c = size ? rl_scale_full(x, RL_UNIT_PERCENT, 100) : rl_scale_full(x, unit, l->scale);
    const char *figure = rl_scaled_signed(v, &c, x->est);
    if (m->spec->outcome == RL_OUT_VELOCITY)
        figure = rl_sprintf(v->in, "%s %s", rl_scaled(v, &c, fabs(x->est)), x->est >= 0 ? "faster" : "slower");
    const char *sure = rl_excludes_zero(x) ? "the interval excludes zero" : "cannot be told from zero";
    bool deals = m->level && !strcmp(m->level, "deal");
    RL_ROW(r, tone_word(x, rl_outcome_good(m->spec->outcome)), label, figure,
           rl_sprintf(v->in, "%s interval %s", rl_view_level(v), rl_view_range(v, &c, x)), from_to(v, m, unit),
           rl_sprintf(v->in, "%s; %s %s", sure, rl_view_count(v, l->n), deals ? "treated deals" : "treated rows"));
}

static void card(const rl_story *s, rl_rows *r, const char *label, const rl_outcome *any, size_t n)
{
    const rl_model_answer *m = rl_words_find(s->a, any, n);
    if (!m)
        RL_ROW(r, "unsure", label, "Not asked", "no model of the study has this outcome", "", "");
    else if (m->status == RL_MODEL_DONE && m->has_lift)
        done_card(s, r, label, m);
    else
        RL_ROW(r, "unsure", label, "Not answered", rl_words_model(s->v, m), "", "");
}

static void cards(const rl_story *s)
{
    static const rl_outcome WIN[] = {RL_OUT_WIN_RATE}, SIZE[] = {RL_OUT_DEAL_SIZE, RL_OUT_LOG_DEAL_SIZE},
                            SPEED[] = {RL_OUT_VELOCITY, RL_OUT_DAYS_TO_WIN, RL_OUT_DECISION_TIME};
    static const rl_column COL[] = {{"", false}, {"", false}, {"", false}, {"", false}, {"", false}, {"", false}};
    if (!rl_words_find(s->a, WIN, 1) && !rl_words_find(s->a, SIZE, 2) && !rl_words_find(s->a, SPEED, 3)) return;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_CARDS, 6, COL);
    card(s, r, "Win rate", WIN, 1);
    card(s, r, "Deal size", SIZE, 2);
    card(s, r, "Speed", SPEED, 3);
}

/* --- the money ----------------------------------------------------------------------- */

static void money_row(const rl_story *s, rl_rows *r, const char *what, const rl_interval *x, const char *note,
                      bool total)
{
    if (isnan(x->est)) return;
    rl_scale c = rl_scale_for(x, RL_UNIT_MONEY, 1);
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

static const char *cost_note(const rl_story *s)
{
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    rl_interval media = {m->cost_media, NAN, NAN, NAN}, date = {m->cost_to_date, NAN, NAN, NAN};
    rl_scale cm = rl_scale_for(&media, RL_UNIT_MONEY, 1), cd = rl_scale_for(&date, RL_UNIT_MONEY, 1);
    rl_str t = rl_str_new(v->in);
    rl_str_add(&t, "for the exposure that is counted");
    if (isfinite(m->cost_media) && m->cost_media < m->cost)
        rl_str_addf(&t, "; media %s", rl_scaled(v, &cm, m->cost_media));
    if (isfinite(m->cost_to_date)) rl_str_addf(&t, "; spent to date %s", rl_scaled(v, &cd, m->cost_to_date));
    return rl_str_text(&t);
}

static void earnings(const rl_story *s)
{
    static const rl_column COL[] = {{"", false}, {"Estimate", true}, {"Interval", true}, {"", false}};
    const rl_money *m = &s->a->money;
    const rl_view *v = s->v;
    rl_page_head(s->page, 3, NULL, "What it earned");
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 4, COL);
    money_row(s, r, rl_sprintf(v->in, "Incremental %s", rl_words_subject(v, m)), &m->total, "caused by the programme",
              false);
    double margin = s->a->study->money.gross_margin;
    money_row(s, r, "Gross profit on it", &m->gross_profit,
              isfinite(margin) ? rl_sprintf(v->in, "at a margin of %s", rl_view_percent(v, margin, 0)) : "", false);
    money_row(s, r, "Cost of the programme", &(rl_interval){m->cost, NAN, NAN, NAN}, cost_note(s), false);
    money_row(s, r, "Gross profit less cost", &m->net, "", true);
    bool profit = isfinite(m->gross_profit.est) && isfinite(m->cost);
    if (profit)
        ratio_row(s, r, "Return on cost (ROI)", &m->roi, RL_UNIT_PERCENT, 100,
                  "gross profit less cost, as a share of cost");
    if (profit) ratio_row(s, r, "Payback", &m->payback_months, RL_UNIT_MONTHS, 1, "until gross profit covers cost");
    if (isfinite(m->wins.est) && isfinite(m->cost))
        ratio_row(s, r, "Cost per extra win", &m->cac, RL_UNIT_MONEY, 1, "");
    if (isfinite(m->wins.est)) {
        rl_scale w = rl_scale_full(&m->wins, RL_UNIT_PLAIN, 1);
        RL_ROW(r, "Extra deals won", rl_scaled_signed(v, &w, m->wins.est), rl_view_range(v, &w, &m->wins), "");
    }
    if (!profit) RL_ROW(r, "Return on cost (ROI)", "not known", "", "the study gives no gross margin, or no cost");
    money_row(s, r, "Worth of speed", &m->time_value, "time value; beside the total, not in it", false);
    if (m->pipeline_without > 0)
        money_row(s, r, "Pipeline velocity, a day", &m->pipeline,
                  "opportunities x win rate x size / days to win, a treated unit; computed from its parts", false);
    rl_page_text(s->page, RL_BLOCK_SMALL,
                 "%s intervals. Ratios are Fieller sets: when the denominator may be zero they can be open or cover "
                 "every value, and are shown so.",
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

static void no_marketing(const rl_story *s)
{
    const rl_answer *a = s->a;
    if (a->study->n_programs > 0) return;
    rl_page_box(s->page, RL_TONE_UNSURE, "What is missing");
    rl_page_line(
        s->page,
        "A programme: a table of the accounts (or other units) that marketing reached, and from when. Without it every "
        "comparison would mix what marketing caused with what it merely touched.");
    if (!a->study->touches.file.given && !a->study->spend.file.given)
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
    no_marketing(s);
    cards(s);
    if (s->chart_note) rl_page_box(s->page, RL_TONE_UNSURE, "%s", rl_words_sentence(v, s->chart_note));
    if (a->money.given) {
        earnings(s);
        bridge(s);
    }
}
