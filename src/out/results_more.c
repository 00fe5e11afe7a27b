/* out/results_more.c -- groups, neighbours and overlapping programmes in results.json. */
#include <math.h>

#include "out/json_fit.h"
#include "out/results.h"

/* Answered, or why not. */
static void status(rl_json *j, bool answered, const char *why)
{
    rl_json_str(j, "status", answered ? "done" : "refused");
    rl_json_str(j, "reason", answered ? NULL : why);
}

static void group(rl_json *j, const rl_group_answer *g)
{
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "group", g->label);
    status(j, g->answered, g->why);
    rl_json_count(j, "treated", g->treated);
    rl_json_count(j, "controls", g->controls);
    if (g->answered) {
        rl_json_count(j, "rows", g->rows);
        rl_results_interval(j, &g->effect);
        rl_json_num(j, "df", g->df > 0 ? g->df : NAN);
        rl_json_num(j, "p_value", g->p_value);
        rl_json_num(j, "p_adjusted", g->p_adjusted);
        rl_json_num(j, "band_low", g->low);
        rl_json_num(j, "band_high", g->high);
        rl_json_bool(j, "stands", g->stands);
    }
    rl_json_close(j);
}

static void breakdown(rl_json *j, const rl_breakdown *b)
{
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "column", b->column);
    rl_json_str(j, "refused", b->refused);
    rl_json_str(j, "hint", b->refused ? b->hint : NULL);
    rl_json_count(j, "unplaced", b->unplaced);
    rl_json_open(j, "groups", '[');
    for (size_t g = 0; g < b->n_groups; g++) group(j, &b->group[g]);
    rl_json_close(j);
    if (b->answered > 1) {
        rl_json_open(j, "same_effect", '{');
        rl_json_num(j, "statistic", b->same.statistic);
        rl_json_num(j, "df", b->same.df);
        rl_json_num(j, "df2", b->same.df2 > 0 ? b->same.df2 : NAN);
        rl_json_num(j, "p_value", b->same.p_value);
        rl_json_num(j, "p_adjusted", b->same_adjusted);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void spillover(rl_json *j, const rl_spillover *s)
{
    rl_json_open(j, "spillover", '{');
    status(j, s->answered, s->why);
    rl_json_count(j, "exposed", s->exposed);
    rl_json_count(j, "rest", s->rest);
    if (s->answered) {
        rl_results_interval(j, &s->effect);
        rl_json_num(j, "p_value", s->p_value);
        rl_json_num(j, "detectable", s->detectable);
        rl_results_figure(j, "lift_against_rest", &s->apart);
        rl_json_count(j, "rest_all_along", s->apart_controls);
    }
    rl_json_close(j);
}

/* The interval when cohorts of a few units are not taken for precise, beside the formula's own. */
static void small_cohorts(rl_json *j, const rl_few *f)
{
    rl_json_open(j, "small_cohorts", '{');
    rl_json_count(j, "units", f->units);
    rl_json_count(j, "alone", f->alone);
    rl_json_num(j, "std_error_widened", f->se);
    rl_json_num(j, "conf_low_widened", f->low);
    rl_json_num(j, "conf_high_widened", f->high);
    rl_json_str(j, "why", f->why);
    rl_json_str(j, "says", f->says);
    rl_json_close(j);
}

static void rollout(rl_json *j, const rl_rollout *r)
{
    rl_json_open(j, "rollout", '[');
    for (size_t g = 0; g < r->n; g++) {
        const rl_rollout_row *x = &r->row[g];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "cohort", x->label);
        rl_json_count(j, "units", x->units);
        rl_json_open(j, "periods", '[');
        for (size_t t = 0; t < r->n_periods; t++) {
            if (x->rows[t] == 0) continue;
            rl_json_open_flat(j, NULL, '{');
            rl_json_str(j, "period", r->period[t]);
            rl_json_count(j, "rows", x->rows[t]);
            rl_json_num(j, "mean", x->mean[t]);
            rl_json_bool(j, "exposed", x->exposed[t]);
            rl_json_close(j);
        }
        rl_json_close(j);
        rl_json_close(j);
    }
    rl_json_close(j);
}

void rl_results_groups(rl_json *j, const rl_model_answer *m)
{
    if (m->n_by > 0) {
        rl_json_count(j, "looks", m->looks);
        rl_json_open(j, "by", '[');
        for (size_t k = 0; k < m->n_by; k++) breakdown(j, &m->by[k]);
        rl_json_close(j);
    }
    if (m->spill.asked) spillover(j, &m->spill);
    if (m->few.units > 0) small_cohorts(j, &m->few);
    if (m->rollout.n > 0) rollout(j, &m->rollout);
    if (m->sides.n > 0) rl_json_sides(j, &m->sides);
}

/* Who is in which group. */
void rl_results_members(rl_json *j, const rl_program_facts *p)
{
    if (p->n_by == 0) return;
    rl_json_open(j, "by", '[');
    for (size_t k = 0; k < p->n_by; k++) {
        const rl_breakdown *b = &p->by[k];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "column", b->column);
        rl_json_str(j, "refused", b->refused);
        rl_json_count(j, "unplaced", b->unplaced);
        rl_json_open(j, "groups", '[');
        for (size_t g = 0; g < b->n_groups; g++) {
            rl_json_open(j, NULL, '{');
            rl_json_str(j, "group", b->group[g].label);
            rl_json_count(j, "treated", b->group[g].treated);
            rl_json_count(j, "controls", b->group[g].controls);
            rl_json_close(j);
        }
        rl_json_close(j);
        rl_json_close(j);
    }
    rl_json_close(j);
}

void rl_results_shares(rl_json *j, const rl_program_facts *p)
{
    rl_json_str(j, "shares", p->shares);
    if (p->shares == NULL) return;
    rl_json_count(j, "controls_exposed", p->exposed);
    rl_json_count(j, "controls_apart", p->apart);
    rl_json_count(j, "controls_unplaced", p->unplaced);
}

void rl_results_overlaps(rl_json *j, const rl_answer *a)
{
    rl_json_open(j, "overlaps", '{');
    rl_json_str(j, "policy", rl_policy_name(a->overlap_policy));
    rl_json_open(j, "pairs", '[');
    for (size_t i = 0; i < a->n_overlaps; i++) {
        const rl_overlap *o = &a->overlap[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "first", o->a);
        rl_json_str(j, "second", o->b);
        rl_json_str(j, "unit", o->unit);
        if (o->unit != NULL) {
            rl_json_count(j, "both", o->both);
            rl_json_count(j, "at_one_time", o->at_once);
            rl_json_count(j, "of_first", o->of_a);
            rl_json_count(j, "of_second", o->of_b);
            rl_results_date(j, "from", o->first);
        }
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_close(j);
}

/* --- channels ------------------------------------------------------------------------------- */

static void channel(rl_json *j, const rl_channel *x)
{
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "column", x->column);
    status(j, x->answered, x->why);
    if (x->answered) {
        rl_json_bool(j, "against_no_spend", x->from_zero);
        rl_json_num(j, "spend", x->spend);
        rl_json_num(j, "spend_above_lowest", x->above);
        rl_json_num(j, "lowest", x->lowest);
        rl_json_num(j, "highest", x->highest);
        rl_json_num(j, "today", x->today);
        rl_results_figure(j, "gain", &x->gain);
        rl_results_figure(j, "average", &x->average);
        rl_results_figure(j, "marginal", &x->marginal);
        rl_results_figure(j, "to_come", &x->to_come);
        rl_results_figure(j, "profit", &x->profit);
        rl_json_str(j, "ahead_reason", x->ahead_why);
        rl_json_open(j, "curve", '[');
        for (size_t i = 0; i < x->n_curve; i++) {
            rl_json_open_flat(j, NULL, '{');
            rl_json_num(j, "spend", x->curve[i].spend);
            rl_results_interval(j, &x->curve[i].gain);
            rl_json_close(j);
        }
        rl_json_close(j);
    }
    rl_json_close(j);
}

void rl_results_channels(rl_json *j, const rl_model_answer *m)
{
    const rl_channels *a = &m->channels;
    if (a->n == 0 && a->why == NULL) return;
    rl_json_open(j, "channels", '{');
    rl_json_str(j, "outcome", a->outcome);
    rl_json_str(j, "refused", a->why);
    rl_json_open(j, "channel", '[');
    for (size_t i = 0; i < a->n; i++) channel(j, &a->v[i]);
    rl_json_close(j);
    rl_json_close(j);
}
