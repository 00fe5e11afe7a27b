#include "model/facts.h"

#include <math.h>
#include <string.h>

enum { MOST_FACTS = 48 };

static rl_table_facts *new_table(rl_answer *a, const char *name, const rl_table *t, rl_ctx *cx)
{
    a->table = rl_regrow(cx->keep, a->table, a->n_tables, a->n_tables + 1, sizeof *a->table);
    rl_table_facts *f = &a->table[a->n_tables++];
    *f = (rl_table_facts){
        .table = name, .file = t->source != NULL ? t->source->name : "", .rows_read = t->rows_read, .rows_used = t->n};
    f->first_day = f->last_day = RL_NO_DAY;
    f->fact = RL_NEW(cx->keep, rl_fact, MOST_FACTS);
    return f;
}

static void say(rl_table_facts *f, const char *label, double value, const char *unit)
{
    if (f->n_facts < MOST_FACTS) f->fact[f->n_facts++] = (rl_fact){label, value, unit, NULL};
}

static void say_text(rl_table_facts *f, const char *label, const char *text)
{
    if (f->n_facts < MOST_FACTS) f->fact[f->n_facts++] = (rl_fact){label, NAN, "", text};
}

static void span(rl_table_facts *f, const int32_t *day, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (day[i] == RL_NO_DAY) continue;
        if (f->first_day == RL_NO_DAY || day[i] < f->first_day) f->first_day = day[i];
        if (f->last_day == RL_NO_DAY || day[i] > f->last_day) f->last_day = day[i];
    }
}

static double ratio(double a, double b) { return b > 0 ? a / b : NAN; }

/* --- deals ------------------------------------------------------------------ */
typedef struct tally {
    size_t n, won, lost, open, timed_won, timed_lost, same_day, no_account;
    double won_amount, days_won, days_lost;
} tally;

/* Over every deal with a status, those without a creation date too: the naive
 * figures people know from their CRM. */
static tally count_deals(const rl_deals *d)
{
    tally y = {.n = d->n};
    for (size_t i = 0; i < d->n; i++) {
        bool won = d->status[i] == RL_DEAL_WON, lost = d->status[i] == RL_DEAL_LOST;
        y.won += won;
        y.lost += lost;
        y.open += d->status[i] == RL_DEAL_OPEN;
        y.no_account += d->account != NULL && d->account[i] < 0;
        if (won && d->amount != NULL && !isnan(d->amount[i])) y.won_amount += d->amount[i];
        if ((!won && !lost) || d->decided[i] == RL_NO_DAY || d->created[i] == RL_NO_DAY) continue;
        double days = (double)d->decided[i] - d->created[i];
        *(won ? &y.days_won : &y.days_lost) += days;
        *(won ? &y.timed_won : &y.timed_lost) += 1;
        y.same_day += days == 0;
    }
    return y;
}

static void lookups(const rl_tables *t, rl_table_facts *f, rl_ctx *cx)
{
    enum { SHOWN = 5 };
    for (size_t l = 0; l < t->n_lookups; l++) {
        const rl_lookup_facts *k = &t->lookup[l];
        say(f, rl_sprintf(cx->keep, "rows of '%s' matched in %s", k->key, k->file),
            ratio((double)k->matched, (double)k->rows), "share");
        rl_str names = rl_str_new(cx->keep);
        for (size_t j = 0; j < k->unmatched_keys && j < SHOWN; j++)
            rl_str_addf(&names, "%s%s (%zu rows)", j > 0 ? ", " : "", k->unmatched[j], k->unmatched_rows[j]);
        if (k->unmatched_keys > SHOWN) rl_str_addf(&names, " and %zu more", k->unmatched_keys - SHOWN);
        if (k->unmatched_keys > 0)
            say_text(f, rl_sprintf(cx->keep, "'%s' without a row in %s", k->key, k->file), rl_str_text(&names));
    }
}

static void deals_facts(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    const rl_deals *d = &t->deals;
    rl_table_facts *f = new_table(a, "deals", &d->t, cx);
    tally y = count_deals(d);
    span(f, d->created, d->n);
    say(f, "won", (double)y.won, "count");
    say(f, "lost", (double)y.lost, "count");
    say(f, "open at the cut", (double)y.open, "count");
    say(f, "naive win rate: won / (won + lost), whatever their age", ratio((double)y.won, (double)(y.won + y.lost)),
        "share");
    if (d->amount != NULL) {
        say(f, "won revenue", y.won_amount, "money");
        say(f, "mean won amount", ratio(y.won_amount, (double)y.won), "money");
    }
    say(f, "mean days from creation to close, won", ratio(y.days_won, (double)y.timed_won), "days");
    say(f, "mean days from creation to close, lost", ratio(y.days_lost, (double)y.timed_lost), "days");
    say(f, "created and closed on one day", (double)y.same_day, "count");
    if (d->account != NULL) say(f, "without an account", (double)y.no_account, "count");
    lookups(t, f, cx);
}

/* --- leads --------------------------------------------------------------------- */
static bool is_yes(const rl_col *c, size_t i)
{
    if (c->type == RL_NUM) return !isnan(c->num[i]) && c->num[i] != 0;
    static const char *const YES[] = {"1", "yes", "Yes", "YES", "true", "True", "TRUE", "y", "Y", "t"};
    if (c->type != RL_TEXT || c->code[i] < 0) return false;
    for (size_t k = 0; k < sizeof YES / sizeof *YES; k++)
        if (strcmp(c->dict->text[c->code[i]], YES[k]) == 0) return true;
    return false;
}

/* No win was recorded before some day although leads are older: those leads
 * look bad because nobody wrote their wins down. */
static void left_truncation(const rl_tables *t, rl_table_facts *f, const int32_t *won_on, rl_ctx *cx)
{
    const rl_table *l = &t->leads;
    int32_t first_win = INT32_MAX, first_lead = INT32_MAX;
    size_t before = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (won_on[i] != RL_NO_DAY && won_on[i] < first_win) first_win = won_on[i];
        if (l->col[0].day[i] < first_lead) first_lead = l->col[0].day[i];
    }
    if (first_win == INT32_MAX) return;
    rl_calendar month = {RL_MONTH, 1};
    int32_t at = rl_period_of(month, first_win);
    for (size_t i = 0; i < l->n; i++) before += rl_period_of(month, l->col[0].day[i]) < at;
    if (before == 0) return;
    char day[16], period[16];
    rl_day_text(day, first_win);
    rl_period_text(period, month, at);
    say_text(f, "left-truncated",
             rl_sprintf(cx->keep,
                        "no win is recorded before %s: the %zu leads of the months before %s look bad for that reason "
                        "alone, and are no evidence of a lift",
                        day, before, period));
}

static void leads_won(const rl_tables *t, rl_table_facts *f, rl_ctx *cx)
{
    const rl_table *l = &t->leads, *w = &t->leads_won;
    const rl_col *id = rl_table_col(l, t->study->leads.id.s);
    int32_t *day_of = RL_NEW(cx->tmp, int32_t, id->dict->n + 1), *won_on = RL_NEW(cx->tmp, int32_t, l->n);
    size_t won = 0, unknown = 0, early = 0;
    double days = 0;
    for (size_t c = 0; c < id->dict->n; c++) day_of[c] = RL_NO_DAY;
    for (size_t i = 0; i < w->n; i++)
        if (w->col[0].code[i] >= 0) day_of[w->col[0].code[i]] = w->col[1].day[i];
    for (size_t i = 0; i < l->n; i++) {
        won_on[i] = id->code[i] >= 0 ? day_of[id->code[i]] : RL_NO_DAY;
        if (won_on[i] == RL_NO_DAY) continue;
        won++;
        days += (double)won_on[i] - l->col[0].day[i];
        early += won_on[i] < l->col[0].day[i];
        day_of[id->code[i]] = INT32_MAX;
    }
    for (size_t i = 0; i < w->n; i++) unknown += w->col[0].code[i] < 0 || day_of[w->col[0].code[i]] != INT32_MAX;
    say(f, "won leads", (double)won, "count");
    say(f, "naive rate: won / all leads, whatever their age", ratio((double)won, (double)l->n), "share");
    say(f, "leads without a won date: still open at the cut, not lost (censored)", (double)(l->n - won), "count");
    say(f, "mean days from lead to win", ratio(days, (double)won), "days");
    if (early > 0) say(f, "won before the lead came: impossible", (double)early, "count");
    if (unknown > 0) say(f, "wins without a lead", (double)unknown, "count");
    left_truncation(t, f, won_on, cx);
}

static void leads_facts(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    const rl_leads_spec *s = &t->study->leads;
    rl_table_facts *f = new_table(a, "leads", &t->leads, cx);
    span(f, t->leads.col[0].day, t->leads.n);
    if (s->mql.s != NULL) {
        const rl_col *c = rl_table_col(&t->leads, s->mql.s),
                     *deal = s->deal.s != NULL ? rl_table_col(&t->leads, s->deal.s) : NULL;
        unsigned char *won = RL_NEW(cx->tmp, unsigned char, t->deal_id->n + 1);
        for (size_t i = 0; t->has_deals && i < t->deals.n; i++)
            if (t->deals.id[i] >= 0) won[t->deals.id[i]] = t->deals.status[i] == RL_DEAL_WON;
        size_t mql = 0, revenue = 0;
        for (size_t i = 0; i < t->leads.n; i++) {
            if (!is_yes(c, i)) continue;
            mql++;
            revenue += deal != NULL && deal->code[i] >= 0 && won[deal->code[i]];
        }
        say(f, "marketing-qualified leads", (double)mql, "count");
        if (deal != NULL)
            say(f, "marketing-qualified leads that belong to a won deal", ratio((double)revenue, (double)mql), "share");
    }
    if (t->leads_won.k > 0) leads_won(t, f, cx);
}

/* --- touches, spend, others --------------------------------------------------------- */
static void touch_facts(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    const rl_touches_spec *s = &t->study->touches;
    rl_table_facts *f = new_table(a, "touchpoints", &t->touches, cx);
    span(f, rl_table_col(&t->touches, s->date.s)->day, t->touches.n);
    double n = (double)t->touches.rows_read;
    if (s->account.s != NULL)
        say(f, "touches of a known account", ratio(n - (double)t->faults.count[RL_RULE_TOUCH_ACCT], n), "share");
    if (s->deal.s != NULL) {
        const rl_col *c = rl_table_col(&t->touches, s->deal.s);
        size_t named = 0;
        for (size_t i = 0; i < t->touches.n; i++) named += c->code[i] >= 0;
        say(f, "touches that name a deal", ratio((double)named, n), "share");
        say(f, "of these, deals that exist",
            ratio((double)named - (double)t->faults.count[RL_RULE_TOUCH_DEAL], (double)named), "share");
        say(f, "touches after their deal was decided", (double)t->faults.count[RL_RULE_TOUCH_LATE], "count");
    }
}

static void spend_facts(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    const rl_spend_spec *s = &t->study->spend;
    rl_table_facts *f = new_table(a, "spend", &t->spend, cx);
    const rl_col *usd = rl_table_col(&t->spend, s->amount.s),
                 *channel = s->channel.s != NULL ? rl_table_col(&t->spend, s->channel.s) : NULL;
    span(f, rl_table_col(&t->spend, s->date.s)->day, t->spend.n);
    double all = 0, *by = RL_NEW(cx->tmp, double, channel != NULL ? channel->dict->n : 0);
    for (size_t i = 0; i < t->spend.n; i++) {
        if (isnan(usd->num[i])) continue;
        all += usd->num[i];
        if (channel != NULL && channel->code[i] >= 0) by[channel->code[i]] += usd->num[i];
    }
    say(f, "spend", all, "money");
    for (size_t c = 0; channel != NULL && c < channel->dict->n && c < 20; c++)
        say(f, rl_sprintf(cx->keep, "spend, channel '%s'", channel->dict->text[c]), by[c], "money");
}

static void panel_facts(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    rl_table_facts *f = new_table(a, "panel", &t->panel, cx);
    span(f, t->panel.col[1].day, t->panel.n);
    size_t complete = 0, units = 0;
    int32_t days = f->last_day - f->first_day + 1;
    size_t *seen = RL_NEW(cx->tmp, size_t, t->panel.col[0].dict->n);
    for (size_t i = 0; i < t->panel.n; i++) seen[t->panel.col[0].code[i]]++;
    for (size_t u = 0; u < t->panel.col[0].dict->n; u++) {
        units += seen[u] > 0;
        complete += seen[u] == (size_t)days;
    }
    say(f, "units", (double)units, "count");
    if (t->study->calendar.kind == RL_DAY) say(f, "units that miss days", (double)(units - complete), "count");
    for (size_t j = 2; j < t->panel.k; j++) {
        double sum = 0;
        const rl_col *c = &t->panel.col[j];
        if (c->type == RL_TEXT)
            say(f, rl_sprintf(cx->keep, "different values of '%s'", c->name), (double)c->dict->n, "count");
        if (c->type != RL_NUM) continue;
        for (size_t i = 0; i < t->panel.n; i++)
            if (!isnan(t->panel.col[j].num[i])) sum += t->panel.col[j].num[i];
        say(f, rl_sprintf(cx->keep, "sum of '%s'", t->panel.col[j].name), sum, "");
    }
}

/* --- faults ------------------------------------------------------------------------ */
static void fault_facts(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    enum { EXAMPLES = 3 };
    a->fault = RL_NEW(cx->keep, rl_fault_facts, RL_RULES_END);
    for (int r = 0; r < RL_RULES_END; r++) {
        if (t->faults.count[r] == 0) continue;
        rl_fault_facts *f = &a->fault[a->n_faults++];
        *f = (rl_fault_facts){.rule = (rl_rule)r, .policy = t->faults.policy[r], .count = t->faults.count[r]};
        f->example = RL_NEW(cx->keep, const char *, EXAMPLES);
        for (size_t i = 0; i < t->faults.n && f->n_examples < EXAMPLES; i++) {
            const rl_fault *x = &t->faults.fault[i];
            if (x->rule != (rl_rule)r) continue;
            if (f->file == NULL && x->file != NULL) f->file = x->file->name;
            f->example[f->n_examples++] =
                rl_sprintf(cx->keep, "%s:%d:%d: %s", x->file != NULL ? x->file->name : "", x->line, x->col, x->what);
        }
    }
}

rl_code rl_facts_data(const rl_tables *t, rl_answer *a, rl_ctx *cx)
{
    if (t->has_deals) deals_facts(t, a, cx);
    if (t->has_accounts) {
        rl_table_facts *f = new_table(a, "accounts", &t->accounts, cx);
        say(f, "eligible accounts", (double)t->n_eligible, "count");
    }
    if (t->has_leads) leads_facts(t, a, cx);
    if (t->has_touches) touch_facts(t, a, cx);
    if (t->has_spend) spend_facts(t, a, cx);
    if (t->has_market) {
        rl_table_facts *f = new_table(a, "market", &t->market, cx);
        span(f, t->market.col[0].day, t->market.n);
    }
    if (t->has_panel) panel_facts(t, a, cx);
    fault_facts(t, a, cx);
    a->waterfall = t->waterfall;
    a->cut = t->cut;
    a->cut_why = t->cut_why;
    return RL_OK;
}
