/* out/sec_data.c -- the data as it came, the design, and how to reproduce it all. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/manifest.h"
#include "out/sections.h"
#include "out/words.h"

static const char *fact_text(const rl_view *v, const rl_fact *f)
{
    const char *unit = f->unit ? f->unit : "";
    if (isnan(f->value)) return rl_view_clean(f->text, 200, v->in);
    if (!strcmp(unit, "count")) return rl_view_number(v, f->value, 0);
    if (!strcmp(unit, "share")) return rl_view_percent(v, f->value, f->value != 0 && fabs(f->value) < 0.2 ? 3 : 2);
    if (!strcmp(unit, "money")) return rl_view_money(v, f->value, f->value == floor(f->value) ? 0 : 2);
    if (!strcmp(unit, "days")) return rl_sprintf(v->in, "%s%sdays", rl_view_number(v, f->value, 2), v->nbsp);
    if (!strcmp(unit, "date")) return rl_view_date(v, (int32_t)f->value);
    return rl_sprintf(v->in, "%s%s%s", rl_view_number(v, f->value, f->value == floor(f->value) ? 0 : 2),
                      unit[0] ? v->nbsp : "", rl_view_clean(unit, 40, v->in));
}

static void table(const rl_story *s, const rl_table_facts *t)
{
    static const rl_column COL[] = {{"", false}, {"", false}};
    const rl_view *v = s->v;
    rl_page_head(s->page, 4, NULL,
                 rl_sprintf(v->in, "Table %s%s%s, file %s", v->open, rl_view_clean(t->table, 40, v->in), v->close,
                            rl_view_clean(t->file, 120, v->in)));
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_PAIRS, 2, COL);
    RL_ROW(r, "Rows read, used",
           rl_sprintf(v->in, "%s read, %s used", rl_view_count(v, t->rows_read), rl_view_count(v, t->rows_used)));
    if (t->first_day != RL_NO_DAY)
        RL_ROW(r, "Dates", rl_sprintf(v->in, "%s to %s", rl_view_date(v, t->first_day), rl_view_date(v, t->last_day)));
    for (size_t i = 0; i < t->n_facts; i++)
        RL_ROW(r, rl_words_sentence(v, t->fact[i].label), fact_text(v, &t->fact[i]));
    for (size_t i = 0; i < r->n; i++) { /* labels carry no full stop */
        const char *label = r->cell[i * 2];
        size_t n = strlen(label);
        if (n > 0 && label[n - 1] == '.') r->cell[i * 2] = rl_strndup(v->in, label, n - 1);
    }
}

static void faults(const rl_story *s)
{
    static const char *const POLICY[] = {
        [RL_POLICY_ERROR] = "stops the run", [RL_POLICY_DROP] = "row dropped", [RL_POLICY_KEEP] = "row kept"};
    static const rl_column COL[] = {
        {"Fault", false}, {"Rule", false}, {"Count", true}, {"Policy", false}, {"Examples", false}};
    const rl_view *v = s->v;
    rl_page_head(s->page, 3, NULL, "Faults found");
    if (s->a->n_faults == 0)
        rl_page_text(s->page, RL_BLOCK_PARA, "None: every cell could be read and every consistency rule holds.");
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 5, COL);
    for (size_t i = 0; i < s->a->n_faults; i++) {
        const rl_fault_facts *f = &s->a->fault[i];
        rl_str e = rl_str_new(v->in);
        for (size_t k = 0; k < f->n_examples; k++)
            rl_str_addf(&e, "%s%s", k > 0 ? "; " : "", rl_view_clean(f->example[k], 120, v->in));
        RL_ROW(r, rl_rule_text(f->rule), rl_rule_name(f->rule), rl_view_count(v, f->count),
               f->rule == RL_RULE_PROGRAMS && f->policy == RL_POLICY_DROP ? "left out from then on" : POLICY[f->policy],
               rl_str_text(&e));
    }
}

/* Programme by programme: who got both. */
static void overlaps(const rl_story *s)
{
    static const rl_column COL[] = {{"Programmes", false},   {"In both", true},     {"Of the first", true},
                                    {"Of the second", true}, {"At one time", true}, {"First in both", false}};
    const rl_view *v = s->v;
    const rl_answer *a = s->a;
    bool any = false;
    if (a->n_overlaps == 0) return;
    rl_page_head(s->page, 3, NULL, "Overlapping programmes");
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 6, COL);
    for (size_t i = 0; i < a->n_overlaps; i++) {
        const rl_overlap *o = &a->overlap[i];
        const char *names =
            rl_sprintf(v->in, "%s and %s", rl_view_clean(o->a, 40, v->in), rl_view_clean(o->b, 40, v->in));
        any |= o->both > 0;
        if (o->unit == NULL)
            RL_ROW(r, names, "not compared", "", "", "", "given by different units");
        else
            RL_ROW(r, names,
                   rl_sprintf(v->in, "%s %s", rl_view_count(v, o->both),
                              rl_plural(rl_view_clean(o->unit, 40, v->in), o->both, v->in)),
                   rl_view_percent(v, o->of_a > 0 ? (double)o->both / (double)o->of_a : NAN, 1),
                   rl_view_percent(v, o->of_b > 0 ? (double)o->both / (double)o->of_b : NAN, 1),
                   rl_view_count(v, o->at_once), o->first == RL_NO_DAY ? "" : rl_view_date(v, o->first));
    }
    rl_page_text(
        s->page, RL_BLOCK_SMALL, "%s",
        a->overlap_policy == RL_POLICY_KEEP
            ? "The study keeps them (rules: overlapping-programs): the effect of one is then mixed with the other's."
        : any ? "In the models of one programme a unit counts until another has begun there; the losses stand in "
                "the sample of each model. The rule overlapping-programs can keep them."
              : "No unit is in two programmes.");
}

static void cohorts(const rl_story *s, const rl_program_facts *p)
{
    static const rl_column COL[] = {{"Start", false},
                                    {"Units", true},
                                    {"Deals before", true},
                                    {"Deals after", true},
                                    {"Clean periods before", true},
                                    {"Mature periods after", true},
                                    {"Open deal at start", true}};
    static const rl_column PLAIN[] = {
        {"Start", false}, {"Units", true}, {"Clean periods before", true}, {"Mature periods after", true}};
    const rl_view *v = s->v;
    bool deals = rl_words_has_deals(p);
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, deals ? 7 : 4, deals ? COL : PLAIN);
    for (size_t i = 0; i < p->n_cohorts; i++) {
        const rl_cohort_facts *c = &p->cohort[i];
        if (!deals) {
            RL_ROW(r, rl_view_clean(c->label, 40, v->in), rl_view_count(v, c->units), rl_view_count(v, c->pre_periods),
                   rl_view_count(v, c->post_periods));
            continue;
        }
        RL_ROW(r, rl_view_clean(c->label, 40, v->in), rl_view_count(v, c->units), rl_view_count(v, c->deals_before),
               rl_view_count(v, c->deals_after), rl_view_count(v, c->pre_periods), rl_view_count(v, c->post_periods),
               rl_view_percent(v, c->open_at_start, 1));
    }
}

static void maturity(const rl_story *s, const rl_program_facts *p)
{
    static const rl_column COL[] = {
        {"Creation period", false}, {"Deals", true}, {"Followed up for the whole horizon", false}};
    const rl_view *v = s->v;
    if (p->n_maturity == 0 || !rl_words_has_deals(p)) return;
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_TABLE, 3, COL);
    r->caption = "Maturity: a period is used when every deal of it could be followed up for the whole horizon";
    for (size_t i = 0; i < p->n_maturity; i++) {
        const rl_maturity *m = &p->maturity[i];
        RL_ROW(r, rl_view_clean(m->period, 40, v->in), rl_view_count(v, m->deals),
               m->mature ? "yes" : rl_sprintf(v->in, "on %s", rl_view_date(v, m->matures_on)));
    }
}

static void program(const rl_story *s, const rl_program_facts *p)
{
    static const rl_column COL[] = {{"", false}, {"", false}};
    const rl_view *v = s->v;
    const char *unit = p->unit && p->unit[0] ? rl_view_clean(p->unit, 40, v->in) : "unit";
    const char *name = rl_words_program(v, p->name);
    rl_page_head(s->page, 3, NULL, rl_sprintf(v->in, "T%s", name + 1));
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_PAIRS, 2, COL);
    RL_ROW(r, "Reached",
           rl_sprintf(v->in, "%s %s%s, beside %s controls", rl_view_count(v, p->treated), unit,
                      p->treated == 1 ? "" : "s", rl_view_count(v, p->controls)));
    if (rl_words_has_deals(p))
        RL_ROW(r, "Open deals at the start",
               rl_sprintf(v->in, "%s of treated, %s of controls", rl_view_percent(v, p->open_at_start_treated, 1),
                          rl_view_percent(v, p->open_at_start_control, 1)));
    if (p->horizon > 0)
        RL_ROW(r, "Horizon",
               rl_sprintf(v->in, "%d days%s%s", p->horizon, p->horizon_why && p->horizon_why[0] ? ": " : "",
                          rl_view_clean(p->horizon_why, 160, v->in)));
    if (rl_words_has_deals(p))
        RL_ROW(r, "Partly exposed deals",
               rl_sprintf(v->in, "%s: created before the start and still followed up after it",
                          rl_view_count(v, p->partly_exposed)));
    if (p->decided_treated > 0 && p->decided_control > 0)
        RL_ROW(r, "Created and decided on one day",
               rl_sprintf(v->in, "%s of treated, %s of controls", rl_view_percent(v, p->same_day_treated, 1),
                          rl_view_percent(v, p->same_day_control, 1)));
    if (p->overlap) RL_ROW(r, "In another programme too", rl_view_count(v, p->overlap));
    if (p->shares) RL_ROW(r, "Near treated accounts", rl_words_shares(v, p));
    cohorts(s, p);
    maturity(s, p);
}

void rl_section_data(const rl_story *s)
{
    const rl_answer *a = s->a;
    rl_page_mark(s->page, RL_BLOCK_PAGE);
    rl_page_head(s->page, 2, "data", "The data");
    rl_page_text(s->page, RL_BLOCK_PARA, "The data are cut at %s%s%s.", rl_view_date(s->v, a->cut),
                 a->cut_why && a->cut_why[0] ? ": " : "", rl_view_clean(a->cut_why, 160, s->v->in));
    for (size_t i = 0; i < a->n_tables; i++) table(s, &a->table[i]);
    faults(s);
    if (a->waterfall.start) {
        rl_page_head(s->page, 3, NULL, "From rows read to rows a model can use");
        rl_section_waterfall(s, &a->waterfall);
    }
    for (size_t i = 0; i < a->n_programs; i++) program(s, &a->program[i]);
    overlaps(s);
    if (a->n_warnings == 0) return;
    rl_page_head(s->page, 3, NULL, "Remarks of the run");
    rl_page_list(s->page);
    for (size_t i = 0; i < a->n_warnings; i++) rl_page_line(s->page, "%s", rl_words_sentence(s->v, a->warning[i]));
}

static void notes(const rl_story *s)
{
    if (!s->a->money.given) return;
    rl_page_head(s->page, 2, "notes", "Notes on the figures");
    rl_page_list(s->page);
    rl_page_line(s->page,
                 "An estimate shows two digits of its standard error; the money from the total to what is left "
                 "after cost shares the digits of the total. results.json has every digit.");
    rl_page_line(s->page,
                 "Ratios (relative lifts, payback, cost per win) have Fieller sets: when the denominator may be "
                 "zero they can be open or cover every value, and are shown so. A relative lift whose set is "
                 "no interval is not shown.");
    rl_page_line(s->page, "A verdict is always that of the effect itself, never that of its ratio to a level.");
}

void rl_section_repeat(const rl_story *s)
{
    static const rl_column PAIR[] = {{"", false}, {"", false}},
                           COL[] = {{"Input", false}, {"Bytes", true}, {"SHA-256", false}};
    const rl_inputs *in = s->inputs;
    const rl_view *v = s->v;
    notes(s);
    rl_page_head(s->page, 2, "reproduce", "How to reproduce it");
    rl_page_text(
        s->page, RL_BLOCK_PARA,
        "The same inputs and seed give the same bytes, on any machine of the same kind and with any number of threads. "
        "manifest.json beside this page lists every output.");
    rl_page_text(s->page, RL_BLOCK_PARA,
                 "Run it in the folder of the study file, whose SHA-256 stands in the first row of the inputs below; "
                 "the paths in a study are relative to it.");
    rl_page_text(s->page, RL_BLOCK_CODE, "%s", rl_relative_command(in->command, v->in));
    rl_rows *r = rl_page_rows(s->page, RL_BLOCK_PAIRS, 2, PAIR);
    RL_ROW(r, "Program", rl_sprintf(v->in, "revlift %s, numerics %s", in->version, in->numerics));
    RL_ROW(r, "Seed", rl_sprintf(v->in, "%llu", (unsigned long long)in->seed));
    rl_rows *t = rl_page_rows(s->page, RL_BLOCK_TABLE, 3, COL);
    for (size_t i = 0; i < in->n; i++)
        RL_ROW(t, rl_relative_path(in->file[i].path, v->in), rl_view_count(v, in->file[i].bytes), in->file[i].sha256);
}
