/* out/sec_rollout.c -- of a model whose programme starts at different times: who starts
 * when, small cohorts, and the same question by other estimators. */
#include <math.h>
#include <string.h>

#include "out/sections.h"
#include "out/words.h"

static const double SAME = 1.02; /* standard errors that no reader would tell apart */

static void small_cohorts(const rl_story *s, const rl_model_answer *m)
{
    const rl_few *f = &m->few;
    if (f->units == 0) return;
    if (f->why != NULL) {
        rl_page_text(s->page, RL_BLOCK_SMALL,
                     "Small cohorts: %zu treated units start with fewer than four, and %s: the interval above is "
                     "likely too narrow.",
                     f->units, f->why);
        return;
    }
    if (f->se <= SAME * m->lift.effect.se) {
        rl_page_text(s->page, RL_BLOCK_SMALL,
                     "Small cohorts: %zu treated units start with fewer than four. With their luck taken from the "
                     "controls the interval stays as it is.",
                     f->units);
        return;
    }
    rl_interval x = {m->lift.effect.est, f->se, f->low, f->high};
    rl_unit unit = rl_unit_of_lift(s->v, &m->lift);
    rl_scale c = rl_scale_full(&x, unit, m->lift.scale);
    rl_page_box(s->page, RL_TONE_UNSURE, "Small cohorts: the %s interval is %s when they are not taken for precise",
                rl_view_level(s->v), rl_view_range(s->v, &c, &x));
    rl_page_line(s->page, "%s", rl_words_sentence(s->v, f->says));
}

/* The rows that all of them stand on. */
static void sample(const rl_story *s, const rl_sides *x)
{
    const rl_view *v = s->v;
    rl_str lost = rl_str_new(v->in);
    bool others = false;
    if (x->rows == 0) return;
    for (size_t i = 0; i < x->n_dropped; i++)
        rl_str_addf(&lost, "%s%s (%s)", i > 0 ? ", " : "; left out: ", rl_view_count(v, x->dropped[i].rows),
                    x->dropped[i].why);
    for (size_t i = 0; i < x->n; i++) others |= x->v[i].answered && !x->v[i].same_rows;
    rl_page_text(s->page, RL_BLOCK_SMALL, "%s on the same %s rows%s.%s", others ? "All but \xe2\x80\xa0" : "All",
                 rl_view_count(v, x->rows), rl_str_text(&lost),
                 others ? " \xe2\x80\xa0 stands on rows of its own: as many as the column says." : "");
}

static void table(const rl_story *s, const rl_model_answer *m)
{
    const rl_view *v = s->v;
    bool near = false;
    for (size_t i = 0; i < m->sides.n; i++) near |= m->sides.v[i].near.std_error > 0;
    static const rl_column COL[] = {{"Estimator", false}, {"Effect", true},         {"Interval", true},
                                    {"Rows", true},       {"Compares with", false}, {"Base period", false},
                                    {"Weighs", false}};
    rl_column *col = RL_NEW(v->in, rl_column, 8); /* the page keeps it */
    memcpy(col, COL, sizeof COL);
    col[7] = (rl_column){rl_sprintf(v->in, "At %s", rl_words_event_times(&m->sides, v->in)), true};
    rl_unit unit = rl_unit_of_lift(v, &m->lift);
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, near ? 8 : 7, col);
    for (size_t i = 0; i < m->sides.n; i++) {
        const rl_side *x = &m->sides.v[i];
        if (!x->answered) continue;
        rl_interval e = {x->effect.estimate, x->effect.std_error, x->effect.conf_low, x->effect.conf_high};
        rl_interval n = {x->near.estimate, x->near.std_error, x->near.conf_low, x->near.conf_high};
        rl_scale c = rl_scale_full(&e, unit, m->lift.scale), of_near = rl_scale_full(&n, unit, m->lift.scale);
        const char *const cell[] = {
            rl_sprintf(v->in, "%s%s", x->estimator, x->same_estimand ? "" : " *"),
            rl_scaled_signed(v, &c, e.est),
            rl_view_range(v, &c, &e),
            rl_sprintf(v->in, "%s%s", rl_view_count(v, x->rows), x->same_rows ? "" : " \xe2\x80\xa0"),
            x->compares,
            x->base,
            x->weighs,
            n.se > 0 ? rl_scaled_signed(v, &of_near, n.est) : ""};
        rl_rows_add(r, cell);
    }
    rl_page_text(s->page, RL_BLOCK_SMALL, "* not quite the average effect on the treated over their treated periods%s.",
                 near ? ": over the same event times all stand in the last column" : "");
    sample(s, &m->sides);
}

/* Why plain two-way fixed effects are off here: the kinds of comparison, and the weights of the effects. */
static void taken_apart(const rl_story *s, const rl_model_answer *m, size_t i)
{
    static const rl_column COL[] = {{"Comparison", false}, {"Weight", true}, {"Estimate", true}};
    const rl_view *v = s->v;
    const rl_sides *x = &m->sides;
    rl_unit unit = rl_unit_of_lift(v, &m->lift);
    size_t starts = 0;
    for (size_t g = 0; g < m->rollout.n; g++) starts += !m->rollout.row[g].never;
    if (starts < 2 || (!x->has_bacon && !x->has_weights)) return;
    rl_page_head(s->page, 3, NULL, "What plain two-way fixed effects would compare");
    if (x->has_weights)
        rl_page_text(
            s->page, RL_BLOCK_PARA,
            x->negative > 0 ? "In a regression on one treatment column with unit and period effects %s of %s "
                              "treated rows count with a negative weight (together %s): their own effect would "
                              "be subtracted."
                            : "In a regression on one treatment column with unit and period effects no treated "
                              "row counts with a negative weight (%s of %s; together %s).",
            rl_view_count(v, x->negative), rl_view_count(v, x->treated), rl_view_number(v, x->negative_sum, 3));
    if (!x->has_bacon) {
        rl_page_text(s->page, RL_BLOCK_SMALL, "It cannot be taken apart into pairs of cohorts: %s.",
                     rl_view_clean(x->bacon_why, 200, v->in));
        return;
    }
    rl_page_chart(s->page, s->charts->model[i].bacon);
    if (x->bacon_why != NULL)
        rl_page_text(s->page, RL_BLOCK_SMALL, "By kinds alone, without a chart of its pairs of cohorts: %s.",
                     rl_view_clean(x->bacon_why, 200, v->in));
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 3, COL);
    for (size_t k = 0; k < x->bacon.m; k++) {
        const rl_estimate *e = &x->bacon.est[k];
        bool all = strcmp(e->label.term, "overall") == 0;
        if (!all && strcmp(e->label.term, "type") != 0) continue;
        rl_interval one = {e->estimate, NAN, NAN, NAN};
        rl_scale c = rl_scale_full(&one, unit, m->lift.scale);
        const char *const cell[] = {all ? "Two-way fixed effects" : e->label.comparison->type,
                                    all ? "" : rl_view_percent(v, e->label.comparison->weight, 1),
                                    rl_scaled_signed(v, &c, e->estimate)};
        if (all)
            rl_rows_total(r, cell);
        else
            rl_rows_add(r, cell);
    }
}

void rl_section_rollout(const rl_story *s, size_t i)
{
    const rl_model_answer *m = &s->a->model[i];
    size_t n = 0;
    if (!m->has_lift) return;
    small_cohorts(s, m);
    rl_page_chart(s->page, s->charts->model[i].rollout);
    rl_page_chart(s->page, s->charts->model[i].cohorts);
    for (size_t k = 0; k < m->sides.n; k++) n += m->sides.v[k].answered;
    if (n < 2) return;
    rl_page_head(s->page, 3, NULL, "The same question by other estimators");
    rl_page_text(s->page, RL_BLOCK_PARA, "%s", rl_words_sentence(s->v, m->sides.says));
    rl_page_chart(s->page, s->charts->model[i].sides);
    table(s, m);
    rl_page_chart(s->page, s->charts->model[i].side_events);
    rl_page_list(s->page);
    for (size_t k = 0; k < m->sides.n; k++)
        if (!m->sides.v[k].answered)
            rl_page_line(s->page, "%s cannot answer: %s.", m->sides.v[k].estimator,
                         rl_view_clean(m->sides.v[k].why, 200, s->v->in));
    taken_apart(s, m, i);
}
