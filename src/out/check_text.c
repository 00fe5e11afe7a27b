#include "out/check_text.h"

#include <math.h>
#include <string.h>

#include "out/check_design.h"
#include "out/view.h"
#include "out/words.h"

static const char *fact_value(const rl_view *v, const rl_fact *f)
{
    if (isnan(f->value)) return f->text != NULL ? rl_view_clean(f->text, 300, v->in) : "n/a";
    if (strcmp(f->unit, "count") == 0) return rl_view_count(v, (uint64_t)f->value);
    if (strcmp(f->unit, "share") == 0) return rl_view_percent(v, f->value, 3);
    if (strcmp(f->unit, "money") == 0) return rl_view_money(v, f->value, 0);
    if (strcmp(f->unit, "days") == 0) return rl_sprintf(v->in, "%s days", rl_view_number(v, f->value, 2));
    return rl_view_number(v, f->value, 2);
}

static void tables(const rl_view *v, const rl_answer *a, rl_str *out)
{
    rl_str_add(out, "DATA\n");
    for (size_t i = 0; i < a->n_tables; i++) {
        const rl_table_facts *t = &a->table[i];
        rl_str_addf(out, "  %-12s %s: %s rows read, %s used", t->table, rl_view_clean(t->file, 80, v->in),
                    rl_view_count(v, t->rows_read), rl_view_count(v, t->rows_used));
        if (t->first_day != RL_NO_DAY)
            rl_str_addf(out, ", %s to %s", rl_view_date(v, t->first_day), rl_view_date(v, t->last_day));
        rl_str_add(out, "\n");
        for (size_t k = 0; k < t->n_facts; k++)
            rl_str_addf(out, "    %s: %s\n", rl_view_clean(t->fact[k].label, 160, v->in), fact_value(v, &t->fact[k]));
    }
    rl_str_addf(out, "  data cut %s (%s)\n", rl_view_date(v, a->cut), a->cut_why);
}

static void faults(const rl_view *v, const rl_answer *a, rl_str *out)
{
    static const char *const DONE[] = {"stops the run", "rows dropped", "rows kept"};
    if (a->n_faults == 0) {
        rl_str_add(out, "\nCONSISTENCY\n  nothing to report\n");
        return;
    }
    rl_str_add(out, "\nCONSISTENCY\n");
    for (size_t i = 0; i < a->n_faults; i++) {
        const rl_fault_facts *f = &a->fault[i];
        rl_str_addf(
            out, "  %-24s %8s  %s (%s)\n", rl_rule_name(f->rule), rl_view_count(v, f->count), rl_rule_text(f->rule),
            f->rule == RL_RULE_PROGRAMS && f->policy == RL_POLICY_DROP ? "left out from then on" : DONE[f->policy]);
        for (size_t k = 0; k < f->n_examples; k++)
            rl_str_addf(out, "      %s\n", rl_view_clean(f->example[k], 160, v->in));
    }
}

static void waterfall(const rl_view *v, const rl_waterfall *w, rl_str *out)
{
    if (w->unit == NULL) return;
    rl_str_addf(out, "\nSAMPLE\n  %10s  %s read\n", rl_view_count(v, w->start), w->unit);
    for (size_t i = 0; i < w->n_steps; i++)
        rl_str_addf(out, "  %10s  %s\n", rl_sprintf(v->in, "- %s", rl_view_count(v, w->step[i].lost)), w->step[i].why);
    rl_str_addf(out, "  %10s  %s that models can use\n",
                rl_view_count(v, w->n_steps > 0 ? w->step[w->n_steps - 1].left : w->start), w->unit);
}

static void cohorts(const rl_view *v, const rl_program_facts *p, rl_str *out)
{
    bool deals = rl_words_has_deals(p);
    rl_str_addf(out, "  %-10s %8s", "start", rl_view_clean(p->unit, 60, v->in));
    if (deals) rl_str_addf(out, " %14s %14s", "deals before", "deals after");
    rl_str_addf(out, " %12s %12s", "clean before", "mature after");
    if (deals) rl_str_addf(out, " %14s", "open at start");
    rl_str_addc(out, '\n');
    for (size_t k = 0; k < p->n_cohorts; k++) {
        const rl_cohort_facts *c = &p->cohort[k];
        rl_str_addf(out, "  %-10s %8s", c->label, rl_view_count(v, c->units));
        if (deals) rl_str_addf(out, " %14s %14s", rl_view_count(v, c->deals_before), rl_view_count(v, c->deals_after));
        rl_str_addf(out, " %12zu %12zu", c->pre_periods, c->post_periods);
        if (deals) rl_str_addf(out, " %14s", rl_view_percent(v, c->open_at_start, 1));
        rl_str_addc(out, '\n');
    }
}

static void groups(const rl_view *v, const rl_program_facts *p, rl_str *out)
{
    for (size_t k = 0; k < p->n_by; k++) {
        const rl_breakdown *b = &p->by[k];
        rl_str_addf(out, "  by '%s': ", rl_view_clean(b->column, 60, v->in));
        if (b->refused != NULL) {
            rl_str_addf(out, "NOT ANSWERABLE: %s; %s\n", rl_view_clean(b->refused, 300, v->in), b->hint);
            continue;
        }
        for (size_t g = 0; g < b->n_groups; g++)
            rl_str_addf(out, "%s%s %s with it, %s without", g > 0 ? "; " : "",
                        rl_view_clean(b->group[g].label, 60, v->in), rl_view_count(v, b->group[g].treated),
                        rl_view_count(v, b->group[g].controls));
        if (b->unplaced > 0) rl_str_addf(out, "; %s without a value", rl_view_count(v, b->unplaced));
        rl_str_addc(out, '\n');
    }
}

static void program(const rl_view *v, const rl_answer *a, const rl_program_facts *p, rl_str *out)
{
    rl_str_addf(out, "\nPROGRAMME %s\n", rl_view_clean(p->name, 80, v->in));
    rl_str_addf(out, "  given by %s: %s with it, %s without; %s clusters\n", rl_view_clean(p->unit, 60, v->in),
                rl_view_count(v, p->treated), rl_view_count(v, p->controls), rl_view_count(v, p->clusters));
    if (p->horizon > 0) rl_str_addf(out, "  horizon %d days: %s\n", p->horizon, p->horizon_why);
    cohorts(v, p, out);
    if (rl_words_has_deals(p))
        rl_str_addf(out, "  open deals at the start: %s of those with it, %s of those without\n",
                    rl_view_percent(v, p->open_at_start_treated, 1), rl_view_percent(v, p->open_at_start_control, 1));
    if (p->partly_exposed > 0) rl_str_addf(out, "  partly exposed deals: %s\n", rl_view_count(v, p->partly_exposed));
    if (p->overlap > 0)
        rl_str_addf(out, "  also in another programme: %s (%s)\n", rl_view_count(v, p->overlap),
                    a->overlap_policy == RL_POLICY_KEEP ? "kept" : "left out from the day the other began");
    if (p->shares != NULL) rl_str_addf(out, "  %s\n", rl_words_shares(v, p));
    if (rl_words_nearly_all(p))
        rl_str_add(
            out, "  nearly all controls stand near the programme: the lift is against controls it may have reached\n");
    groups(v, p, out);
    size_t young = 0;
    for (size_t k = 0; k < p->n_maturity; k++) young += !p->maturity[k].mature;
    if (young == 0) return;
    rl_str_add(out, "  too young to count:\n");
    for (size_t k = 0; k < p->n_maturity; k++)
        if (!p->maturity[k].mature)
            rl_str_addf(out, "    %-10s %s deals, matures on %s\n", p->maturity[k].period,
                        rl_view_count(v, p->maturity[k].deals), rl_view_date(v, p->maturity[k].matures_on));
}

static void overlaps(const rl_view *v, const rl_answer *a, rl_str *out)
{
    if (a->n_overlaps == 0) return;
    rl_str_add(out, "\nOVERLAPPING PROGRAMMES\n");
    for (size_t i = 0; i < a->n_overlaps; i++) {
        const rl_overlap *o = &a->overlap[i];
        rl_str_addf(out, "  %s and %s: ", rl_view_clean(o->a, 40, v->in), rl_view_clean(o->b, 40, v->in));
        if (o->unit == NULL)
            rl_str_add(out, "given by different units, not compared\n");
        else if (o->both == 0)
            rl_str_addf(out, "no %s in both\n", rl_view_clean(o->unit, 40, v->in));
        else
            rl_str_addf(out, "%s %s in both (%s of the first, %s of the second), %s at one time, from %s\n",
                        rl_view_count(v, o->both), rl_plural(rl_view_clean(o->unit, 40, v->in), o->both, v->in),
                        rl_view_percent(v, (double)o->both / (double)o->of_a, 1),
                        rl_view_percent(v, (double)o->both / (double)o->of_b, 1), rl_view_count(v, o->at_once),
                        rl_view_date(v, o->first));
    }
}

static void questions(const rl_view *v, const rl_answer *a, rl_str *out)
{
    if (a->n_questions == 0) return;
    rl_str_add(out, "\nQUESTIONS\n");
    for (size_t i = 0; i < a->n_questions; i++) {
        const rl_question *q = &a->question[i];
        rl_str_addf(out, "  %-20s %s: %s\n", rl_view_clean(q->spec->name, 40, v->in),
                    q->can ? "can be asked" : "NOT ANSWERABLE", rl_view_clean(q->why, 400, v->in));
    }
}

void rl_check_text(const rl_answer *a, rl_str *out, rl_ctx *cx)
{
    rl_view v = rl_view_of(a->study, true, cx->keep);
    tables(&v, a, out);
    faults(&v, a, out);
    waterfall(&v, &a->waterfall, out);
    for (size_t i = 0; i < a->n_programs; i++) program(&v, a, &a->program[i], out);
    overlaps(&v, a, out);
    if (a->n_programs == 0)
        rl_str_add(out,
                   "\nPROGRAMMES\n  none: nothing says who got marketing and from when, so no lift can be estimated\n");
    questions(&v, a, out);
    rl_check_designs(&v, a, out);
    for (size_t i = 0; i < cx->n_notes; i++)
        rl_str_addf(out, "  note: %s\n", rl_view_clean(cx->note[i].text, 300, cx->keep));
}
