/* model/rules.c -- the consistency rules of data/fault.h, applied.
 *
 * Each rule that a row breaks is counted with a place in its file; the first
 * rule whose policy is not `keep` takes the row out of the sample and names
 * the loss in the waterfall.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/tables.h"

void rl_waterfall_lose(rl_waterfall *w, const char *why, size_t lost, rl_arena *in)
{
    if (lost == 0) return;
    size_t left = w->n_steps > 0 ? w->step[w->n_steps - 1].left : w->start;
    w->step = rl_regrow(in, w->step, w->n_steps, w->n_steps + 1, sizeof *w->step);
    w->step[w->n_steps++] = (rl_step){.why = why, .lost = lost, .left = left - lost};
}

/* One deal under judgement. */
typedef struct bench {
    rl_tables *t;
    const rl_deals_spec *spec;
    int32_t *row_of_id; /* first row of each deal id, -1 = none */
    unsigned char *keep;
    size_t lost[RL_RULES_END];
    const rl_col *id, *account, *created, *closed, *status, *amount;
} bench;

/* Count a broken rule; true when it takes the row out. */
static bool breaks(bench *b, rl_rule rule, size_t i, const rl_col *c, const char *hint, const char *what)
{
    const rl_table *t = &b->t->deals.t;
    const char *id = b->id->code[i] >= 0 ? b->id->dict->text[b->id->code[i]] : "";
    rl_fault_add(&b->t->faults, rule, t->source, rl_file_row(t, i), c != NULL ? c->field : -1, hint, "deal '%.80s': %s",
                 id, what);
    if (b->t->faults.policy[rule] == RL_POLICY_KEEP || !b->keep[i]) return false;
    b->keep[i] = 0;
    b->lost[rule]++;
    return true;
}

static void judge_identity(bench *b, size_t i)
{
    int32_t id = b->id->code[i];
    if (id < 0) {
        breaks(b, RL_RULE_NO_ID, i, b->id, NULL, "no id");
    } else if (b->row_of_id[id] >= 0) {
        breaks(b, RL_RULE_DUP_DEAL, i, b->id,
               "keep one row a deal, or set rules: {duplicate-deal: drop} to use the first", "its id stands twice");
    } else {
        b->row_of_id[id] = (int32_t)i;
    }
    if (b->account != NULL && b->account->code[i] >= 0 && (size_t)b->account->code[i] >= b->t->n_eligible)
        breaks(b, RL_RULE_DEAL_ACCOUNT, i, b->account, "add the account to the accounts table",
               "its account is not in the accounts table");
}

/* Is what the row lacks a cell that could not be read?  Then that was the fault. */
static bool was_unread(const bench *b, size_t i)
{
    const rl_table *t = &b->t->deals.t;
    return t->unread != NULL && t->unread[i] && b->t->faults.policy[RL_RULE_CELL] != RL_POLICY_KEEP;
}

static void judge_dates(bench *b, size_t i)
{
    rl_deals *d = &b->t->deals;
    int32_t created = b->created->day[i];
    bool is_decided = d->status[i] == RL_DEAL_WON || d->status[i] == RL_DEAL_LOST;
    if (created == RL_NO_DAY && was_unread(b, i)) return;
    if (created == RL_NO_DAY) {
        breaks(b, RL_RULE_NO_CREATED, i, b->created, "a deal belongs to the period it was created in",
               "no creation date");
        return;
    }
    if (created > b->t->cut)
        breaks(b, RL_RULE_FUTURE, i, b->created, "check `cut` in the study, or the date", "created after the data cut");
    if (!is_decided || b->closed == NULL) return;
    if (d->decided[i] == RL_NO_DAY) {
        if (was_unread(b, i)) return;
        breaks(b, RL_RULE_NO_CLOSED, i, b->closed, "a won or lost deal needs the day it was decided; kept, it is open",
               "decided, but without a closing date");
        d->status[i] = RL_DEAL_OPEN;
    } else if (d->decided[i] < created) {
        breaks(b, RL_RULE_ORDER, i, b->closed, "correct one of the two dates", "closed before it was created");
    } else if (d->decided[i] > b->t->cut) {
        breaks(b, RL_RULE_LATE_CLOSE, i, b->closed, "it counts as open at the cut", "decided after the data cut");
        d->status[i] = RL_DEAL_OPEN;
        d->decided[i] = RL_NO_DAY;
    }
}

static void judge_money(bench *b, size_t i)
{
    const rl_deals *d = &b->t->deals;
    if (b->amount == NULL) return;
    double x = b->amount->num[i];
    if (d->status[i] == RL_DEAL_WON && isnan(x) && !was_unread(b, i))
        breaks(b, RL_RULE_NO_AMOUNT, i, b->amount, "fill the amount, or set rules: {won-without-amount: drop}",
               "won, but without an amount");
    if (x < 0)
        breaks(b, RL_RULE_NEGATIVE, i, b->amount, "credits belong in a ledger, or set rules: {negative-amount: keep}",
               "a negative amount");
}

static void judge_status(bench *b, size_t i)
{
    if (b->t->deals.status[i] != RL_DEAL_UNLISTED) return;
    char what[160];
    int32_t c = b->status->code[i];
    if (c < 0)
        snprintf(what, sizeof what, "no status");
    else
        snprintf(what, sizeof what, "status '%.80s' is not listed as won, lost or open", b->status->dict->text[c]);
    breaks(b, RL_RULE_STATUS, i, b->status, "add it to `won`, `lost` or `open` in the study", what);
}

/* Deals with a lookup key that has no row: counted when the lookup was joined. */
static void lose_unmatched(bench *b, rl_ctx *cx)
{
    rl_tables *t = b->t;
    if (t->faults.policy[RL_RULE_LOOKUP] == RL_POLICY_KEEP) return;
    for (size_t l = 0; l < t->n_lookups; l++) {
        const rl_col *key = rl_table_col(&t->deals.t, t->lookup[l].key);
        unsigned char *unmatched = RL_NEW(cx->tmp, unsigned char, key->dict->n);
        for (size_t k = 0; k < t->lookup[l].unmatched_keys; k++) {
            const char *text = t->lookup[l].unmatched[k];
            unmatched[rl_dict_find(key->dict, text, strlen(text))] = 1;
        }
        for (size_t i = 0; i < t->deals.t.n; i++) {
            if (!b->keep[i] || key->code[i] < 0 || !unmatched[key->code[i]]) continue;
            b->keep[i] = 0;
            b->lost[RL_RULE_LOOKUP]++;
        }
    }
}

static void filter_where(bench *b, size_t *lost)
{
    const rl_study *s = b->t->study;
    rl_table *t = &b->t->deals.t;
    char buf[32];
    for (size_t w = 0; w < s->n_where; w++) {
        const rl_col *c = rl_table_col(t, s->where[w].column.s);
        for (size_t i = 0; i < t->n; i++) {
            if (!b->keep[i]) continue;
            const char *cell = rl_cell_text(c, i, buf);
            bool in = false;
            for (size_t v = 0; v < s->where[w].values.n && !in; v++) in = strcmp(cell, s->where[w].values.v[v].s) == 0;
            *lost += !in;
            b->keep[i] = in;
        }
    }
}

/* Keep the arrays beside the table in step with it. */
static void filter_deals(bench *b)
{
    rl_deals *d = &b->t->deals;
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (!b->keep[i]) continue;
        d->decided[n] = d->decided[i];
        d->status[n++] = d->status[i];
    }
    rl_table_filter(&d->t, b->keep, b->t->in);
    d->n = n;
    d->period = RL_NEW(b->t->in, int32_t, n);
    for (size_t i = 0; i < n; i++)
        d->period[i] =
            b->created->day[i] == RL_NO_DAY ? RL_NO_DAY : rl_period_of(b->t->study->calendar, b->created->day[i]);
}

static void judge_deals(rl_tables *t, rl_ctx *cx)
{
    const rl_deals_spec *spec = &t->study->deals;
    rl_table *d = &t->deals.t;
    bench b = {.t = t, .spec = spec, .keep = RL_NEW(cx->tmp, unsigned char, d->n)};
    b.row_of_id = RL_NEW(cx->tmp, int32_t, t->deal_id->n);
    memset(b.row_of_id, 0xff, t->deal_id->n * sizeof *b.row_of_id);
    b.id = rl_table_col(d, spec->id.s);
    b.account = spec->account.s != NULL ? rl_table_col(d, spec->account.s) : NULL;
    b.created = rl_table_col(d, spec->created.s);
    b.closed = spec->closed.s != NULL ? rl_table_col(d, spec->closed.s) : NULL;
    b.status = rl_table_col(d, spec->status.s);
    b.amount = spec->amount.s != NULL ? rl_table_col(d, spec->amount.s) : NULL;
    memset(b.keep, 1, d->n);
    for (size_t i = 0; i < d->n; i++)
        if (was_unread(&b, i)) {
            b.keep[i] = 0; /* the fault was counted when the file was read */
            b.lost[RL_RULE_CELL]++;
        }
    for (size_t i = 0; i < d->n; i++) {
        judge_identity(&b, i);
        judge_status(&b, i);
        judge_dates(&b, i);
        judge_money(&b, i);
    }
    lose_unmatched(&b, cx);
    t->waterfall = (rl_waterfall){.unit = "deals", .start = d->rows_read};
    b.lost[RL_RULE_EMPTY] += d->rows_read - d->n;
    for (int r = 0; r < RL_RULES_END; r++) rl_waterfall_lose(&t->waterfall, rl_rule_text((rl_rule)r), b.lost[r], t->in);
    size_t filtered = 0;
    filter_where(&b, &filtered);
    rl_waterfall_lose(&t->waterfall, "left out by `where` of the study", filtered, t->in);
    filter_deals(&b);
}

/* --- touches, spend, panel -------------------------------------------------- */
static void judge_touches(rl_tables *t, rl_ctx *cx)
{
    const rl_touches_spec *s = &t->study->touches;
    rl_table *u = &t->touches;
    const rl_col *account = s->account.s != NULL ? rl_table_col(u, s->account.s) : NULL;
    const rl_col *deal = s->deal.s != NULL ? rl_table_col(u, s->deal.s) : NULL;
    const rl_col *date = rl_table_col(u, s->date.s);
    rl_policy policy[] = {t->faults.policy[RL_RULE_TOUCH_ACCT], t->faults.policy[RL_RULE_TOUCH_DEAL],
                          t->faults.policy[RL_RULE_TOUCH_LATE]};
    bool drops = policy[0] == RL_POLICY_DROP || policy[1] == RL_POLICY_DROP || policy[2] == RL_POLICY_DROP;
    unsigned char *keep = drops ? RL_NEW(cx->tmp, unsigned char, u->n) : NULL;
    int32_t *decided = RL_NEW(cx->tmp, int32_t, t->n_deal_ids);
    for (size_t c = 0; c < t->n_deal_ids; c++) decided[c] = RL_NO_DAY;
    for (size_t i = 0; t->has_deals && i < t->deals.n; i++)
        if (t->deals.id[i] >= 0) decided[t->deals.id[i]] = t->deals.decided[i];
    for (size_t i = 0; i < u->n; i++) {
        uint64_t row = rl_file_row(u, i);
        int32_t a = account != NULL ? account->code[i] : -1, c = deal != NULL ? deal->code[i] : -1;
        bool unknown_account = t->has_accounts && a >= 0 && (size_t)a >= t->n_eligible;
        bool unknown_deal = t->has_deals && c >= 0 && (size_t)c >= t->n_deal_ids;
        bool late = c >= 0 && !unknown_deal && t->has_deals && decided[c] != RL_NO_DAY && date->day[i] > decided[c];
        if (unknown_account)
            rl_fault_add(&t->faults, RL_RULE_TOUCH_ACCT, u->source, row, account->field, NULL,
                         "account '%.80s' is in no other table", account->dict->text[a]);
        if (unknown_deal)
            rl_fault_add(&t->faults, RL_RULE_TOUCH_DEAL, u->source, row, deal->field, NULL,
                         "deal '%.80s' is not in the deals table", deal->dict->text[c]);
        if (late)
            rl_fault_add(&t->faults, RL_RULE_TOUCH_LATE, u->source, row, date->field, NULL,
                         "a touch after deal '%.80s' was decided cannot have caused it", deal->dict->text[c]);
        if (drops)
            keep[i] = !((unknown_account && policy[0] == RL_POLICY_DROP) ||
                        (unknown_deal && policy[1] == RL_POLICY_DROP) || (late && policy[2] == RL_POLICY_DROP));
    }
    if (drops) rl_table_filter(u, keep, t->in);
}

/* Spend by unit must name units that a column of deals, the accounts or the panel know. */
static void judge_spend(rl_tables *t, rl_ctx *cx)
{
    const rl_spend_spec *s = &t->study->spend;
    if (s->unit.s == NULL) return;
    const rl_col *unit = rl_table_col(&t->spend, s->unit.s);
    const rl_col *group = t->has_deals ? rl_table_col(&t->deals.t, s->unit.s) : NULL;
    const rl_dict *known = group != NULL && group->type == RL_TEXT ? group->dict
                           : t->has_panel                          ? t->panel.col[0].dict
                                                                   : t->account;
    size_t n_known = known == t->account ? t->n_eligible : known->n;
    bool drops = t->faults.policy[RL_RULE_SPEND_UNIT] == RL_POLICY_DROP;
    unsigned char *keep = RL_NEW(cx->tmp, unsigned char, t->spend.n);
    memset(keep, 1, t->spend.n);
    for (size_t i = 0; i < t->spend.n; i++) {
        int32_t c = unit->code[i];
        if (c < 0) continue;
        int32_t k = rl_dict_find(known, unit->dict->text[c], unit->dict->len[c]);
        if (k >= 0 && (size_t)k < n_known) continue;
        rl_fault_add(&t->faults, RL_RULE_SPEND_UNIT, t->spend.source, rl_file_row(&t->spend, i), unit->field, NULL,
                     "spend for '%.80s', which no %s has", unit->dict->text[c], group != NULL ? "deal" : "other table");
        keep[i] = !drops;
    }
    if (drops) rl_table_filter(&t->spend, keep, t->in);
}

static rl_code judge_panel(rl_tables *t, rl_ctx *cx)
{
    rl_table *p = &t->panel;
    rl_dict *seen = rl_dict_new(cx->tmp);
    unsigned char *keep = RL_NEW(cx->tmp, unsigned char, p->n);
    for (size_t i = 0; i < p->n; i++) {
        int32_t key[2] = {p->col[0].code[i], rl_period_of(t->study->calendar, p->col[1].day[i])};
        size_t before = seen->n;
        keep[i] = key[0] >= 0 && p->col[1].day[i] != RL_NO_DAY;
        if (!keep[i]) {
            rl_fault_add(&t->faults, RL_RULE_NO_ID, p->source, rl_file_row(p, i), p->col[0].field, NULL,
                         "a panel row without unit or date");
            continue;
        }
        rl_dict_code(seen, (const char *)key, sizeof key);
        if (seen->n > before || t->study->calendar.kind != RL_DAY) continue; /* coarser periods add days up */
        char day[16];
        rl_fault_add(&t->faults, RL_RULE_DUP_CELL, p->source, rl_file_row(p, i), p->col[1].field,
                     "keep one row a unit and day", "unit '%.80s' has two rows on %s", p->col[0].dict->text[key[0]],
                     rl_day_text(day, p->col[1].day[i]));
        keep[i] = t->faults.policy[RL_RULE_DUP_CELL] == RL_POLICY_KEEP; /* kept, the two add up */
    }
    rl_table_filter(p, keep, t->in);
    return RL_OK;
}

/* --- programmes ------------------------------------------------------------- */

/* A unit that two programmes reached: told where the later of them stands. */
static rl_code tell_overlap(rl_tables *t, const rl_program *a, const rl_program *b, size_t u, rl_ctx *cx)
{
    const rl_program *later = b->start[u] >= a->start[u] ? b : a, *first = later == b ? a : b;
    const rl_program *in = later->source != NULL ? later : first;
    char day[2][16];
    rl_day_text(day[0], first->start[u]);
    rl_day_text(day[1], later->start[u]);
    const char *hint =
        "their effects cannot be told apart there; `study: rules: {overlapping-programs: keep}` keeps it";
    if (in->source != NULL) {
        rl_fault_add(&t->faults, RL_RULE_PROGRAMS, in->source, in->row[u], in->field, hint,
                     "%s '%.80s' has programme '%.40s' from %s and '%.40s' from %s", a->unit_name, a->unit->text[u],
                     first->spec->name, day[0], later->spec->name, day[1]);
        return RL_OK;
    }
    if (t->faults.policy[RL_RULE_PROGRAMS] != RL_POLICY_ERROR)
        return RL_OK; /* listed in the study: the table says it */
    rl_fail_at(cx, RL_EINPUT, t->study->path, later->spec->at.line, later->spec->at.col,
               "%s '%.80s' has programme '%.40s' from %s and '%.40s' from %s", a->unit_name, a->unit->text[u],
               first->spec->name, day[0], later->spec->name, day[1]);
    return rl_hint(cx, "%s", hint);
}

static rl_code judge_programs(rl_tables *t, rl_ctx *cx)
{
    for (size_t i = 0; i < t->n_programs; i++)
        for (size_t k = i + 1; k < t->n_programs; k++) {
            const rl_program *a = &t->program[i], *b = &t->program[k];
            for (size_t u = 0; a->unit == b->unit && u < a->n_units && u < b->n_units; u++)
                if (a->start[u] != RL_NO_DAY && b->start[u] != RL_NO_DAY) RL_TRY(tell_overlap(t, a, b, u, cx));
        }
    return RL_OK;
}

/* Rows of the smaller tables with a cell that could not be read. */
static void drop_unread(rl_tables *t, rl_table *f, rl_ctx *cx)
{
    if (f->unread == NULL || t->faults.policy[RL_RULE_CELL] == RL_POLICY_KEEP) return;
    unsigned char *keep = RL_NEW(cx->tmp, unsigned char, f->n);
    for (size_t i = 0; i < f->n; i++) keep[i] = !f->unread[i];
    rl_table_filter(f, keep, t->in);
}

rl_code rl_rules_apply(rl_tables *t, rl_ctx *cx)
{
    drop_unread(t, &t->accounts, cx);
    drop_unread(t, &t->leads, cx);
    drop_unread(t, &t->touches, cx);
    drop_unread(t, &t->spend, cx);
    drop_unread(t, &t->market, cx);
    drop_unread(t, &t->panel, cx);
    if (t->has_deals) judge_deals(t, cx);
    if (t->has_touches) judge_touches(t, cx);
    if (t->has_spend) judge_spend(t, cx);
    if (t->has_panel) RL_TRY(judge_panel(t, cx));
    return judge_programs(t, cx);
}
