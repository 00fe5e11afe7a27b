/* out/sec_groups.c -- the lift group by group: what stands when many looks are allowed for. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/sections.h"
#include "out/words.h"

static void answered_row(const rl_story *s, rl_rows *r, const rl_model_answer *m, const rl_group_answer *g)
{
    const rl_view *v = s->v;
    rl_interval wide = {g->effect.est, g->effect.se, g->low, g->high};
    rl_scale c = rl_scale_full(&g->effect, rl_unit_of_lift(v, &m->lift), m->lift.scale);
    RL_ROW(r, rl_view_clean(g->label, 60, v->in), rl_view_count(v, g->treated), rl_view_count(v, g->controls),
           rl_scaled_signed(v, &c, g->effect.est), rl_view_range(v, &c, &g->effect), rl_view_range(v, &c, &wide),
           rl_view_p(v, g->p_adjusted, 0), g->stands ? "yes" : "no");
}

static void whole_row(const rl_story *s, rl_rows *r, const rl_model_answer *m)
{
    const rl_interval *x = &m->lift.effect;
    rl_scale c = rl_scale_full(x, rl_unit_of_lift(s->v, &m->lift), m->lift.scale);
    RL_TOTAL(r, "All together", "", "", rl_scaled_signed(s->v, &c, x->est), rl_view_range(s->v, &c, x), "", "", "");
}

static void refused_lines(const rl_story *s, const rl_breakdown *b)
{
    if (b->answered < b->n_groups) rl_page_list(s->page);
    for (size_t g = 0; g < b->n_groups; g++)
        if (!b->group[g].answered)
            rl_page_line(s->page, "%s is not answered: %s.", rl_view_clean(b->group[g].label, 60, s->v->in),
                         rl_view_clean(b->group[g].why, 300, s->v->in));
}

/* A step-down p value may stand where the bounds that hold all at once still touch zero. */
static bool narrow_step(const rl_breakdown *b)
{
    for (size_t g = 0; g < b->n_groups; g++)
        if (b->group[g].stands && b->group[g].low <= 0 && b->group[g].high >= 0) return true;
    return false;
}

static void table(const rl_story *s, const rl_model_answer *m, const rl_breakdown *b)
{
    static const rl_column COL[] = {{"Group", false},   {"Treated", true},     {"Controls", true},   {"Effect", true},
                                    {"Interval", true}, {"All at once", true}, {"Adjusted p", true}, {"Stands", false}};
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 8, COL);
    for (size_t g = 0; g < b->n_groups; g++)
        if (b->group[g].answered) answered_row(s, r, m, &b->group[g]);
    whole_row(s, r, m);
    refused_lines(s, b);
    const char *unit = rl_view_clean(b->unit, 40, s->v->in);
    if (b->unplaced > 0)
        rl_page_text(
            s->page, RL_BLOCK_SMALL, "%s %s no value in this column: in none of the groups.",
            rl_view_count(s->v, b->unplaced),
            rl_sprintf(s->v->in, "%s %s", rl_plural(unit, b->unplaced, s->v->in), b->unplaced == 1 ? "has" : "have"));
    if (narrow_step(b))
        rl_page_text(s->page, RL_BLOCK_SMALL,
                     "The adjusted p value goes step by step and decides; the bounds that hold all at once do not, and "
                     "can reach zero beside a group that stands.");
}

static void breakdown(const rl_story *s, const rl_model_answer *m, size_t model, size_t k)
{
    const rl_breakdown *b = &m->by[k];
    rl_page_text(s->page, RL_BLOCK_PARA, "%s", rl_words_breakdown(s->v, m, b));
    if (b->refused != NULL) {
        rl_page_text(s->page, RL_BLOCK_SMALL, "What to do: %s", rl_words_sentence(s->v, b->hint));
        return;
    }
    if (b->answered == 0) {
        refused_lines(s, b);
        return;
    }
    rl_page_chart(s->page, s->charts->model[model].forest[k]);
    table(s, m, b);
}

void rl_section_groups(const rl_story *s)
{
    bool any = false;
    for (size_t i = 0; i < s->a->n_models; i++) any |= s->a->model[i].n_by > 0;
    if (!any) return;
    rl_page_mark(s->page, RL_BLOCK_PAGE);
    rl_page_head(s->page, 2, "groups", "Group by group");
    rl_page_text(
        s->page, RL_BLOCK_PARA,
        "Each group is compared within itself. Looking many times finds something by chance, so a group stands only "
        "when its p value, adjusted for all groups looked at in that model (Holm-Sidak), is below %s; the bounds "
        "%sall at once%s hold for all of them together with a chance of %s (Sidak). A group that does not stand is not "
        "shown to have no effect: it rests on less data than the whole.",
        rl_view_percent(s->v, 1 - s->v->level, 0), s->v->open, s->v->close, rl_view_level(s->v));
    for (size_t i = 0; i < s->a->n_models; i++) {
        const rl_model_answer *m = &s->a->model[i];
        if (m->n_by > 0) rl_page_head(s->page, 3, NULL, rl_model_title(s->v, m));
        for (size_t k = 0; k < m->n_by; k++) breakdown(s, m, i, k);
    }
}
