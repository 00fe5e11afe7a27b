/* out/words_groups.c -- groups and neighbours in sentences. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/words.h"

/* "p = 0.031", "p below 0.0001" */
const char *rl_words_p(const rl_view *v, double p)
{
    const char *figure = rl_view_p(v, p, 0);
    return rl_sprintf(v->in, figure[0] >= '0' && figure[0] <= '9' ? "p = %s" : "p %s", figure);
}

static const char *quoted(const rl_view *v, const char *s)
{
    return rl_sprintf(v->in, "%s%s%s", v->open, rl_view_clean(s, 40, v->in), v->close);
}

/* --- groups ------------------------------------------------------------------------- */

/* "North", "North and East", "North, East and 5 more" */
static const char *standing(const rl_view *v, const rl_breakdown *b, size_t n)
{
    enum { NAMED = 4 };
    rl_str t = rl_str_new(v->in);
    size_t named = n <= NAMED ? n : NAMED - 1, k = 0;
    for (size_t g = 0; g < b->n_groups && k < named; g++) {
        if (!b->group[g].stands) continue;
        rl_str_addf(&t, "%s%s", k == 0 ? "" : k + 1 == n ? " and " : ", ", rl_view_clean(b->group[g].label, 40, v->in));
        k++;
    }
    if (n > named) rl_str_addf(&t, " and %s more", rl_view_count(v, n - named));
    return rl_str_text(&t);
}

static const char *verdict(const rl_view *v, const rl_breakdown *b)
{
    size_t n = 0;
    for (size_t g = 0; g < b->n_groups; g++) n += b->group[g].stands;
    if (n == 0) return "no group stands on its own";
    if (n == b->answered)
        return n == 1 ? "the only group answered stands" : n == 2 ? "both groups stand" : "every group answered stands";
    return rl_sprintf(v->in, n == 1 ? "only %s stands" : "only %s stand", standing(v, b, n));
}

const char *rl_words_breakdown(const rl_view *v, const rl_model_answer *m, const rl_breakdown *b)
{
    const char *column = quoted(v, b->column);
    if (b->refused != NULL)
        return rl_sprintf(v->in, "Not broken down by %s: %s.", column, rl_view_clean(b->refused, 300, v->in));
    if (b->answered == 0) return rl_sprintf(v->in, "By %s no group could be answered.", column);
    rl_str t = rl_str_new(v->in);
    rl_str_addf(&t, "By %s %s", column, verdict(v, b));
    if (m->looks > 1) rl_str_addf(&t, " after allowing for %s looks", rl_view_count(v, m->looks));
    if (b->answered > 1)
        rl_str_addf(&t, "; %s (%s)",
                    b->same_adjusted < 1 - v->level ? "the effect differs between the groups"
                                                    : "the differences between the groups cannot be told from chance",
                    rl_words_p(v, b->same_adjusted));
    rl_str_addc(&t, '.');
    return rl_str_text(&t);
}

const rl_model_answer *rl_words_headline(const rl_answer *a)
{
    const rl_model_answer *found = NULL;
    if (a->money.given && a->money.value) return a->money.value;
    for (size_t i = 0; i < a->n_models; i++) {
        const rl_model_answer *m = &a->model[i];
        if (m->status != RL_MODEL_DONE || !m->has_lift) continue;
        if (m->spec->primary) return m;
        if (!found) found = m;
    }
    return found;
}

const char *rl_words_groups(const rl_view *v, const rl_answer *a)
{
    const rl_model_answer *m = rl_words_headline(a);
    rl_str t = rl_str_new(v->in);
    for (size_t k = 0; m && k < m->n_by; k++)
        rl_str_addf(&t, "%s%s", k > 0 ? " " : "", rl_words_breakdown(v, m, &m->by[k]));
    return rl_str_text(&t);
}

/* --- neighbours ----------------------------------------------------------------------- */

static const rl_program_facts *facts_of(const rl_answer *a, const rl_model_answer *m)
{
    for (size_t i = 0; i < a->n_programs; i++)
        if (m->spec->treatment.s && !strcmp(a->program[i].name, m->spec->treatment.s)) return &a->program[i];
    return NULL;
}

const char *rl_words_shares(const rl_view *v, const rl_program_facts *p)
{
    size_t n = p->exposed + p->apart + p->unplaced;
    if (p->shares == NULL || n == 0) return "";
    const char *unknown =
        p->unplaced > 0 ? rl_sprintf(v->in, "; of %s it is not known", rl_view_count(v, p->unplaced)) : "";
    return rl_sprintf(v->in, "%s of %s controls (%s) share %s with an account that has the programme%s",
                      rl_view_count(v, p->exposed), rl_view_count(v, n),
                      rl_view_percent(v, (double)p->exposed / (double)n, 0), p->shares, unknown);
}

bool rl_words_has_deals(const rl_program_facts *p)
{
    size_t deals = 0;
    for (size_t k = 0; k < p->n_cohorts; k++) deals += p->cohort[k].deals_before + p->cohort[k].deals_after;
    return deals > 0;
}

bool rl_words_nearly_all(const rl_program_facts *p)
{
    return p->shares != NULL && p->exposed > 9 * p->apart && p->exposed > p->unplaced;
}

/* What the contrast means for the lift. */
static const char *meaning(const rl_view *v, const rl_model_answer *m, rl_unit unit)
{
    const rl_spillover *s = &m->spill;
    rl_interval found = {s->detectable, s->effect.se, NAN, NAN};
    rl_scale c = rl_scale_full(&found, unit, m->lift.scale);
    bool same = s->effect.est * m->lift.effect.est > 0;
    if (!rl_excludes_zero(&s->effect))
        return rl_sprintf(v->in,
                          "no spillover can be told from zero, and one of %s would have been found four times in five",
                          rl_scaled(v, &c, s->detectable));
    return same ? "the programme reached them too, so the lift is understated"
                : "they moved against the lift, as if the treated had taken it from them: the lift is overstated";
}

const char *rl_words_spill(const rl_view *v, const rl_answer *a, const rl_model_answer *m)
{
    const rl_spillover *s = &m->spill;
    const rl_program_facts *p = facts_of(a, m);
    if (!s->asked) return "";
    if (!s->answered) {
        const char *near = p != NULL && rl_words_nearly_all(p)
                               ? " The lift is against controls that stood near the programme themselves: if it "
                                 "spreads, the lift is understated; if it draws business from them, overstated."
                               : "";
        return rl_sprintf(v->in, "Whether the programme spreads to controls cannot be said: %s.%s",
                          rl_view_clean(s->why ? s->why : "the contrast could not be made", 300, v->in), near);
    }
    rl_unit unit = rl_unit_of_lift(v, &m->lift);
    rl_scale c = rl_scale_full(&s->effect, unit, m->lift.scale);
    return rl_sprintf(v->in,
                      "Against %s controls that share nothing, the %s that share %s moved in %s by %s "
                      "(%s interval %s): %s.",
                      rl_view_count(v, s->rest), rl_view_count(v, s->exposed), p && p->shares ? p->shares : "something",
                      rl_words_outcome(v, m), rl_scaled_signed(v, &c, s->effect.est), rl_view_level(v),
                      rl_view_range(v, &c, &s->effect), meaning(v, m, unit));
}

const char *rl_words_apart(const rl_view *v, const rl_model_answer *m)
{
    const rl_spillover *s = &m->spill;
    if (!s->answered || !rl_interval_known(&s->apart)) return "";
    rl_scale c = rl_scale_full(&s->apart, rl_unit_of_lift(v, &m->lift), m->lift.scale);
    return rl_sprintf(
        v->in,
        "Compared only with controls in the periods before they shared anything (%s never did), the lift is %s "
        "(%s interval %s) instead of %s.",
        rl_view_count(v, s->apart_controls), rl_scaled_signed(v, &c, s->apart.est), rl_view_level(v),
        rl_view_range(v, &c, &s->apart), rl_scaled_signed(v, &c, m->lift.effect.est));
}
