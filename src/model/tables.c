#include "model/tables.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MOST_COLUMNS = 96 };

/* The columns to read of one file, collected before it is opened. */
typedef struct wants {
    rl_want w[MOST_COLUMNS];
    size_t n;
} wants;

/* Position of the wanted column, or -1 when the study does not name it. */
static int want(wants *ws, rl_text name, rl_type type, rl_dict *dict, const char *key)
{
    if (name.s == NULL) return -1;
    for (size_t i = 0; i < ws->n; i++)
        if (strcmp(ws->w[i].name, name.s) == 0) return (int)i;
    if (ws->n == MOST_COLUMNS) return -1;
    ws->w[ws->n] =
        (rl_want){.name = name.s, .type = type, .dict = dict, .key = key, .line = name.at.line, .col = name.at.col};
    return (int)ws->n++;
}

static void want_all(wants *ws, const rl_texts *names, const char *key)
{
    for (size_t i = 0; i < names->n; i++) want(ws, names->v[i], RL_AUTO, NULL, key);
}

static rl_code read_file(rl_tables *t, const rl_file *f, const wants *ws, rl_table *out, rl_ctx *cx)
{
    rl_progress(cx, f->source.name, 0);
    return rl_table_read(&f->source, ws->w, ws->n, &t->faults, out, t->in, cx);
}

static bool is_name(const rl_text t, const char *name) { return t.s != NULL && name != NULL && strcmp(t.s, name) == 0; }

static rl_col *col_at(const rl_table *t, int i) { return i < 0 ? NULL : &t->col[i]; }

/* --- accounts ------------------------------------------------------------ */
static rl_code read_accounts(rl_tables *t, rl_ctx *cx)
{
    const rl_accounts_spec *a = &t->study->accounts;
    if (!a->file.given) return RL_OK;
    wants ws = {.n = 0};
    want(&ws, a->id, RL_TEXT, t->account, "accounts.id");
    want(&ws, a->owner, RL_TEXT, NULL, "accounts.owner");
    want(&ws, a->parent, RL_TEXT, NULL, "accounts.parent");
    want_all(&ws, &a->fixed, "accounts.fixed");
    RL_TRY(read_file(t, &a->file, &ws, &t->accounts, cx));
    t->has_accounts = true;
    const rl_col *id = &t->accounts.col[0];
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, t->account->n);
    unsigned char *keep = RL_NEW(cx->tmp, unsigned char, t->accounts.n);
    for (size_t i = 0; i < t->accounts.n; i++) {
        uint64_t row = rl_file_row(&t->accounts, i);
        int32_t c = id->code[i];
        keep[i] = c >= 0 && !seen[c];
        if (c < 0) {
            rl_fault_add(&t->faults, RL_RULE_NO_ID, t->accounts.source, row, id->field, NULL,
                         "an account without an id");
        } else if (seen[c]) {
            rl_fault_add(&t->faults, RL_RULE_DUP_ACCOUNT, t->accounts.source, row, id->field,
                         "keep one row an account, or set rules: {duplicate-account: drop} to use the first",
                         "account '%s' stands twice", id->dict->text[c]);
        } else {
            seen[c] = 1;
        }
    }
    rl_table_filter(&t->accounts, keep, t->in);
    return RL_OK;
}

/* --- deals --------------------------------------------------------------- */

/* Rows of a lookup file by key; the first row of a key counts. */
static rl_code join_lookup(rl_tables *t, const rl_lookup *l, rl_lookup_facts *facts, rl_ctx *cx)
{
    rl_table *deals = &t->deals.t, side;
    rl_col *key = rl_table_col(deals, l->key.s);
    assert(key != NULL && key->type == RL_TEXT);
    wants ws = {.n = 0};
    want(&ws, l->as.s != NULL ? l->as : l->key, RL_TEXT, NULL, "deals.lookup.key");
    size_t first = ws.n;
    for (size_t i = 0; i < l->add.n; i++) want(&ws, l->add.v[i], RL_TEXT, NULL, "deals.lookup.add");
    RL_TRY(rl_table_read(&l->file.source, ws.w, ws.n, &t->faults, &side, t->in, cx));
    int32_t *row_of = RL_NEW(cx->tmp, int32_t, key->dict->n);
    memset(row_of, 0xff, key->dict->n * sizeof *row_of);
    for (size_t i = side.n; i-- > 0;) {
        int32_t c = side.col[0].code[i];
        if (c < 0) continue;
        int32_t k = rl_dict_find(key->dict, side.col[0].dict->text[c], side.col[0].dict->len[c]);
        if (k >= 0) row_of[k] = (int32_t)i;
    }
    for (size_t j = first; j < ws.n; j++) {
        rl_col *to = rl_table_add(deals, ws.w[j].name, RL_TEXT, side.col[j].dict, t->in);
        for (size_t i = 0; i < deals->n; i++) {
            int32_t k = key->code[i];
            to->code[i] = k >= 0 && row_of[k] >= 0 ? side.col[j].code[row_of[k]] : -1;
        }
        key = rl_table_col(deals, l->key.s); /* the column array may have moved */
    }
    *facts = (rl_lookup_facts){.file = l->file.source.name, .key = l->key.s, .rows = deals->n};
    size_t *missed = RL_NEW(cx->tmp, size_t, key->dict->n);
    for (size_t i = 0; i < deals->n; i++) {
        int32_t k = key->code[i];
        if (k >= 0 && row_of[k] >= 0)
            facts->matched++;
        else if (k >= 0) {
            facts->unmatched_keys += missed[k]++ == 0;
            rl_fault_add(&t->faults, RL_RULE_LOOKUP, deals->source, rl_file_row(deals, i), key->field,
                         "correct the key in one of the two files", "'%s' (column '%s') has no row in %s",
                         key->dict->text[k], key->name, l->file.source.name);
        }
    }
    facts->unmatched = RL_NEW(t->in, const char *, facts->unmatched_keys);
    facts->unmatched_rows = RL_NEW(t->in, size_t, facts->unmatched_keys);
    size_t at = 0;
    for (size_t k = 0; k < key->dict->n; k++) {
        if (missed[k] == 0) continue;
        facts->unmatched[at] = key->dict->text[k];
        facts->unmatched_rows[at++] = missed[k];
    }
    return RL_OK;
}

static unsigned char status_of(const rl_deals_spec *d, const char *word)
{
    for (size_t i = 0; i < d->won.n; i++)
        if (strcmp(d->won.v[i].s, word) == 0) return RL_DEAL_WON;
    for (size_t i = 0; i < d->lost.n; i++)
        if (strcmp(d->lost.v[i].s, word) == 0) return RL_DEAL_LOST;
    for (size_t i = 0; i < d->open.n; i++)
        if (strcmp(d->open.v[i].s, word) == 0) return RL_DEAL_OPEN;
    return RL_DEAL_UNLISTED;
}

static bool added_by_lookup(const rl_deals_spec *d, const char *name)
{
    for (size_t l = 0; l < d->n_lookup; l++)
        for (size_t i = 0; i < d->lookup[l].add.n; i++)
            if (strcmp(d->lookup[l].add.v[i].s, name) == 0) return true;
    return false;
}

/* Columns of deals that models, filters and lookups name beside the roles. */
static void want_extra(wants *ws, const rl_study *s)
{
    const rl_deals_spec *d = &s->deals;
    for (size_t l = 0; l < d->n_lookup; l++) want(ws, d->lookup[l].key, RL_TEXT, NULL, "deals.lookup.key");
    for (size_t i = 0; i < d->group.n; i++) /* a column a programme is given by is text, whatever it looks like */
        for (size_t p = 0; p < s->n_programs; p++)
            if (s->program[p].unit.s != NULL && strcmp(s->program[p].unit.s, d->group.v[i].s) == 0 &&
                !added_by_lookup(d, d->group.v[i].s))
                want(ws, d->group.v[i], RL_TEXT, NULL, "deals.group");
    for (size_t i = 0; i < d->group.n; i++)
        if (!added_by_lookup(d, d->group.v[i].s)) want(ws, d->group.v[i], RL_AUTO, NULL, "deals.group");
    for (size_t i = 0; i < s->n_where; i++)
        if (!added_by_lookup(d, s->where[i].column.s)) want(ws, s->where[i].column, RL_TEXT, NULL, "study.where");
}

static rl_code read_deals(rl_tables *t, rl_ctx *cx)
{
    const rl_deals_spec *d = &t->study->deals;
    if (!d->file.given) return RL_OK;
    wants ws = {.n = 0};
    int id = want(&ws, d->id, RL_TEXT, t->deal_id, "deals.id");
    int account = want(&ws, d->account, RL_TEXT, t->account, "deals.account");
    int created = want(&ws, d->created, RL_DATE, NULL, "deals.created");
    int closed = want(&ws, d->closed, RL_DATE, NULL, "deals.closed");
    int status = want(&ws, d->status, RL_TEXT, NULL, "deals.status");
    int amount = want(&ws, d->amount, RL_NUM, NULL, "deals.amount");
    if (d->owner.s != NULL && !added_by_lookup(d, d->owner.s)) want(&ws, d->owner, RL_TEXT, NULL, "deals.owner");
    want_extra(&ws, t->study);
    RL_TRY(read_file(t, &d->file, &ws, &t->deals.t, cx));
    t->has_deals = true;
    rl_deals *deals = &t->deals;
    deals->n = deals->t.n;
    t->lookup = RL_NEW(t->in, rl_lookup_facts, d->n_lookup);
    for (size_t l = 0; l < d->n_lookup; l++) RL_TRY(join_lookup(t, &d->lookup[l], &t->lookup[t->n_lookups++], cx));
    const rl_col *word = col_at(&deals->t, status);
    unsigned char *meaning = RL_NEW(cx->tmp, unsigned char, word->dict->n + 1);
    for (size_t c = 0; c < word->dict->n; c++) meaning[c] = status_of(d, word->dict->text[c]);
    deals->status = RL_NEW(t->in, unsigned char, deals->n);
    deals->decided = RL_NEW(t->in, int32_t, deals->n);
    for (size_t i = 0; i < deals->n; i++) {
        deals->status[i] = word->code[i] < 0 ? (unsigned char)RL_DEAL_UNLISTED : meaning[word->code[i]];
        bool decided = deals->status[i] == RL_DEAL_WON || deals->status[i] == RL_DEAL_LOST;
        deals->decided[i] = decided && closed >= 0 ? col_at(&deals->t, closed)->day[i] : RL_NO_DAY;
    }
    deals->id = col_at(&deals->t, id)->code;
    deals->account = account >= 0 ? col_at(&deals->t, account)->code : NULL;
    deals->created = col_at(&deals->t, created)->day;
    deals->amount = amount >= 0 ? col_at(&deals->t, amount)->num : NULL;
    return RL_OK;
}

/* --- leads, touchpoints, spend, market, panel ------------------------------ */
static rl_code read_leads(rl_tables *t, rl_ctx *cx)
{
    const rl_leads_spec *l = &t->study->leads;
    if (!l->file.given) return RL_OK;
    wants ws = {.n = 0};
    rl_dict *ids = rl_dict_new(t->in);
    want(&ws, l->date, RL_DATE, NULL, "leads.date");
    want(&ws, l->account, RL_TEXT, t->account, "leads.account");
    want(&ws, l->deal, RL_TEXT, t->deal_id, "leads.deal");
    want(&ws, l->id, RL_TEXT, ids, "leads.id");
    want(&ws, l->mql, RL_AUTO, NULL, "leads.mql");
    want_all(&ws, &l->group, "leads.group");
    RL_TRY(read_file(t, &l->file, &ws, &t->leads, cx));
    t->has_leads = true;
    if (!l->won_file.given) return RL_OK;
    wants won = {.n = 0};
    want(&won, l->won_key, RL_TEXT, ids, "leads.won.key");
    want(&won, l->won_date, RL_DATE, NULL, "leads.won.date");
    return read_file(t, &l->won_file, &won, &t->leads_won, cx);
}

static rl_code read_touches(rl_tables *t, rl_ctx *cx)
{
    const rl_touches_spec *u = &t->study->touches;
    if (!u->file.given) return RL_OK;
    wants ws = {.n = 0};
    want(&ws, u->date, RL_DATE, NULL, "touchpoints.date");
    want(&ws, u->account, RL_TEXT, t->account, "touchpoints.account");
    want(&ws, u->deal, RL_TEXT, t->deal_id, "touchpoints.deal");
    want(&ws, u->channel, RL_TEXT, NULL, "touchpoints.channel");
    RL_TRY(read_file(t, &u->file, &ws, &t->touches, cx));
    t->has_touches = true;
    return RL_OK;
}

static rl_code read_spend(rl_tables *t, rl_ctx *cx)
{
    const rl_spend_spec *p = &t->study->spend;
    if (!p->file.given) return RL_OK;
    wants ws = {.n = 0};
    want(&ws, p->date, RL_DATE, NULL, "spend.date");
    want(&ws, p->amount, RL_NUM, NULL, "spend.amount");
    want(&ws, p->channel, RL_TEXT, NULL, "spend.channel");
    want(&ws, p->unit, RL_TEXT, NULL, "spend.unit");
    RL_TRY(read_file(t, &p->file, &ws, &t->spend, cx));
    t->has_spend = true;
    return RL_OK;
}

static rl_code read_market(rl_tables *t, rl_ctx *cx)
{
    const rl_market_spec *m = &t->study->market;
    if (!m->file.given) return RL_OK;
    wants ws = {.n = 0};
    want(&ws, m->date, RL_DATE, NULL, "market.date");
    for (size_t i = 0; i < m->columns.n; i++) want(&ws, m->columns.v[i], RL_NUM, NULL, "market.columns");
    RL_TRY(read_file(t, &m->file, &ws, &t->market, cx));
    t->has_market = true;
    return RL_OK;
}

/* Units of the panel that bear the name of the accounts, or of a column of deals, are those. */
static rl_dict *panel_dict(const rl_tables *t, rl_text unit)
{
    const rl_study *s = t->study;
    if (is_name(s->deals.account, unit.s) || is_name(s->accounts.id, unit.s)) return t->account;
    const rl_col *c = t->has_deals ? rl_table_col(&t->deals.t, unit.s) : NULL;
    return c != NULL && c->type == RL_TEXT ? c->dict : NULL;
}

/* Without units: one series, whose column we make. */
static void one_series(rl_tables *t)
{
    rl_table *p = &t->panel;
    rl_col *from = p->col;
    p->col = RL_NEW(t->in, rl_col, p->k + 1);
    memcpy(p->col + 1, from, p->k++ * sizeof *from);
    p->col[0] = (rl_col){.name = "series", .type = RL_TEXT, .dict = rl_dict_new(t->in), .field = -1, .full = true};
    p->col[0].code = RL_NEW(t->in, int32_t, p->n);
    for (size_t i = 0; i < p->n; i++) p->col[0].code[i] = rl_dict_code(p->col[0].dict, "all", 3);
}

/* Columns above the units that errors are clustered by.  Those of the accounts are read there. */
static void want_clusters(wants *ws, const rl_study *s)
{
    for (size_t i = 0; i < s->n_models; i++) {
        const rl_model_spec *m = &s->model[i];
        if (m->treatment.s == NULL || m->outcome != RL_OUT_COLUMN || m->cluster.s == NULL) continue;
        bool accounts = is_name(s->accounts.owner, m->cluster.s) || is_name(s->accounts.parent, m->cluster.s) ||
                        is_name(s->accounts.id, m->cluster.s);
        for (size_t k = 0; k < s->accounts.fixed.n; k++) accounts |= is_name(s->accounts.fixed.v[k], m->cluster.s);
        if (!accounts) want(ws, m->cluster, RL_TEXT, NULL, "models.cluster");
    }
}

/* Does the study count with this column?  One that it does not may hold texts: clusters, traits only listed. */
static bool counts_with(const rl_study *s, const char *name)
{
    bool yes = false;
    for (size_t i = 0; i < s->n_programs; i++) yes |= is_name(s->program[i].cost_column, name);
    for (size_t i = 0; i < s->n_models; i++) {
        const rl_model_spec *m = &s->model[i];
        yes |= is_name(m->outcome_column, name) || is_name(m->weights, name);
        yes |= m->formula.s != NULL && strstr(m->formula.s, name) != NULL;
    }
    return yes;
}

static rl_code read_panel(rl_tables *t, rl_ctx *cx)
{
    const rl_panel_spec *p = &t->study->panel;
    if (!p->file.given) return RL_OK;
    wants ws = {.n = 0};
    want(&ws, p->unit, RL_TEXT, panel_dict(t, p->unit), "panel.unit");
    want(&ws, p->date, RL_DATE, NULL, "panel.date");
    for (size_t i = 0; i < p->columns.n; i++)
        want(&ws, p->columns.v[i], counts_with(t->study, p->columns.v[i].s) ? RL_NUM : RL_AUTO, NULL, "panel.columns");
    want_clusters(&ws, t->study);
    RL_TRY(read_file(t, &p->file, &ws, &t->panel, cx));
    if (p->unit.s == NULL) one_series(t);
    t->has_panel = true;
    return RL_OK;
}

/* --- programmes ------------------------------------------------------------ */

/* The dictionary a programme's units belong to: the panel's units when there
 * are no deals or the panel's column has that name, a text column of deals of
 * the same name, else accounts. */
static void program_units(rl_tables *t, rl_program *p)
{
    const char *name = p->spec->unit.s;
    if (t->has_panel && (!t->has_deals || is_name(t->study->panel.unit, name))) {
        p->unit = t->panel.col[0].dict;
        p->unit_name = t->panel.col[0].name;
        return;
    }
    rl_col *c = name != NULL && t->has_deals ? rl_table_col(&t->deals.t, name) : NULL;
    bool by_account = c == NULL || c->type != RL_TEXT || is_name(t->study->deals.account, name);
    p->unit = by_account ? t->account : c->dict;
    p->unit_name = by_account ? "account" : c->name;
}

static bool row_is_treated(const rl_where *w, const rl_col *c, size_t i)
{
    if (c == NULL) return true;
    char buf[32];
    const char *cell = rl_cell_text(c, i, buf);
    for (size_t v = 0; v < w->values.n; v++)
        if (strcmp(cell, w->values.v[v].s) == 0) return true;
    return false;
}

typedef struct span_source {
    const rl_table *t;
    const rl_col *unit, *start, *end;
} span_source;

static void add_span(rl_tables *t, rl_program *p, const span_source *f, size_t i, int32_t start, int32_t end)
{
    int32_t u = f->unit->code[i];
    uint64_t row = rl_file_row(f->t, i);
    if (u < 0 || start == RL_NO_DAY) return;
    if ((size_t)u >= p->n_units) {
        if (p->unknown++ == 0) p->stranger = f->unit->dict->text[u];
        rl_fault_add(&t->faults, RL_RULE_PROGRAM_UNIT, f->t->source, row, f->unit->field, NULL,
                     "programme '%s' names %s '%s', which %s", p->spec->name, p->unit_name, f->unit->dict->text[u],
                     p->unit == t->account && t->has_accounts ? "is not in the accounts table" : "no other table has");
        return;
    }
    if (end != RL_NO_DAY && end <= start) {
        rl_fault_add(&t->faults, RL_RULE_SPAN, f->t->source, row, f->end != NULL ? f->end->field : -1, NULL,
                     "programme '%s' ends for '%s' before it starts", p->spec->name, f->unit->dict->text[u]);
        return;
    }
    if (p->start[u] == RL_NO_DAY) {
        p->start[u] = start;
        p->end[u] = end;
        p->row[u] = (uint32_t)row;
        p->treated++;
        return;
    }
    bool apart = (p->end[u] != RL_NO_DAY && start >= p->end[u]) || (end != RL_NO_DAY && end <= p->start[u]);
    if (!apart) {
        rl_fault_add(&t->faults, RL_RULE_OVERLAP, f->t->source, row, f->unit->field,
                     "merge the spans, or set rules: {overlapping-spans: drop} to use the first",
                     "two spans of programme '%s' for '%s' overlap", p->spec->name, f->unit->dict->text[u]);
    } else if (start < p->start[u]) { /* the first exposure counts: who had it once is no clean control again */
        p->start[u] = start;
        p->end[u] = end;
        p->row[u] = (uint32_t)row;
    }
}

static rl_code read_program(rl_tables *t, const rl_program_spec *spec, rl_program *p, rl_ctx *cx)
{
    *p = (rl_program){.spec = spec};
    program_units(t, p);
    p->n_units = p->unit == t->account ? t->n_eligible : p->unit->n;
    p->start = RL_NEW(t->in, int32_t, p->n_units);
    p->end = RL_NEW(t->in, int32_t, p->n_units);
    for (size_t u = 0; u < p->n_units; u++) p->start[u] = p->end[u] = RL_NO_DAY;
    for (size_t i = 0; i < spec->where_units.n; i++) {
        const rl_text unit = spec->where_units.v[i];
        int32_t u = rl_dict_find(p->unit, unit.s, strlen(unit.s));
        if (u < 0 || (size_t)u >= p->n_units) {
            rl_fail_at(cx, RL_EINPUT, t->study->path, unit.at.line, unit.at.col,
                       "programme '%s' names %s '%s', which no table has", spec->name, p->unit_name, unit.s);
            const char *near = rl_nearest(unit.s, p->unit->text, p->n_units);
            return near != NULL ? rl_hint(cx, "did you mean '%s'?", near) : RL_EINPUT;
        }
        p->treated += p->start[u] == RL_NO_DAY;
        p->start[u] = spec->fixed_start;
        p->end[u] = spec->fixed_end != RL_NO_DAY ? spec->fixed_end + 1 : RL_NO_DAY;
    }
    if (!spec->file.given) return RL_OK;
    wants ws = {.n = 0};
    int unit = want(&ws, spec->unit, RL_TEXT, p->unit, "programs.unit");
    int start = want(&ws, spec->start, RL_DATE, NULL, "programs.start");
    int end = want(&ws, spec->end, RL_DATE, NULL, "programs.end");
    int where = want(&ws, spec->where.column, RL_TEXT, NULL, "programs.where");
    rl_table *f = RL_NEW(t->in, rl_table, 1);
    RL_TRY(rl_table_read(&spec->file.source, ws.w, ws.n, &t->faults, f, t->in, cx));
    span_source src = {f, col_at(f, unit), col_at(f, start), col_at(f, end)};
    p->source = f->source;
    p->field = src.unit->field;
    p->row = RL_NEW(t->in, uint32_t, p->n_units);
    for (size_t i = 0; i < f->n; i++) {
        if (!row_is_treated(&spec->where, col_at(f, where), i)) continue;
        int32_t a = src.start != NULL ? src.start->day[i] : spec->fixed_start;
        int32_t b = src.end != NULL ? src.end->day[i] : spec->fixed_end;
        add_span(t, p, &src, i, a, b != RL_NO_DAY ? b + 1 : RL_NO_DAY); /* `end` in a file is the last day with it */
    }
    return RL_OK;
}

rl_program *rl_tables_program(const rl_tables *t, const char *name)
{
    for (size_t i = 0; i < t->n_programs; i++)
        if (strcmp(t->program[i].spec->name, name) == 0) return &t->program[i];
    return NULL;
}

/* --- the cut ---------------------------------------------------------------- */
static int32_t latest(const rl_col *c, size_t n)
{
    int32_t last = RL_NO_DAY;
    for (size_t i = 0; i < n; i++)
        if (c->day[i] > last) last = c->day[i];
    return last;
}

/* Never a closing date: CRMs fill it in advance. */
static void find_cut(rl_tables *t)
{
    t->cut = t->study->cut;
    t->cut_why = "given in the study";
    if (t->cut != RL_NO_DAY) return;
    t->cut_why = "the latest creation or touch date";
    if (t->has_deals) t->cut = latest(rl_table_col(&t->deals.t, t->study->deals.created.s), t->deals.n);
    if (t->has_touches && t->touches.k > 0) {
        int32_t touch = latest(&t->touches.col[0], t->touches.n);
        if (touch > t->cut) t->cut = touch;
    }
    if (t->has_leads) {
        int32_t lead = latest(&t->leads.col[0], t->leads.n);
        if (lead > t->cut) t->cut = lead;
        if (t->leads_won.k > 1) {
            int32_t won = latest(&t->leads_won.col[1], t->leads_won.n);
            if (won > t->cut) t->cut = won;
            t->cut_why = "the latest date in the leads tables";
        }
    }
    if (t->has_panel && t->cut == RL_NO_DAY) {
        t->cut = latest(&t->panel.col[1], t->panel.n);
        t->cut_why = "the latest date of the panel";
    }
}

rl_code rl_tables_read(const rl_study *s, bool keep_all, rl_tables *t, rl_arena *in, rl_ctx *cx)
{
    *t = (rl_tables){.study = s, .in = in, .account = rl_dict_new(in), .deal_id = rl_dict_new(in)};
    rl_faults_init(&t->faults, in);
    t->faults.keep_all = keep_all;
    memcpy(t->faults.policy, s->policy, sizeof t->faults.policy);
    RL_TRY(read_accounts(t, cx));
    t->n_eligible = t->account->n;
    RL_TRY(read_deals(t, cx));
    t->n_deal_ids = t->deal_id->n;
    if (!t->has_accounts) t->n_eligible = t->account->n;
    RL_TRY(read_leads(t, cx));
    RL_TRY(read_touches(t, cx));
    if (!t->has_accounts) t->n_eligible = t->account->n;
    t->eligible_why =
        t->has_accounts ? "every row of the accounts table" : "accounts that ever appear (there is no accounts table)";
    RL_TRY(read_spend(t, cx));
    RL_TRY(read_market(t, cx));
    RL_TRY(read_panel(t, cx));
    t->program = RL_NEW(in, rl_program, s->n_programs);
    for (size_t i = 0; i < s->n_programs; i++)
        RL_TRY(read_program(t, &s->program[i], &t->program[t->n_programs++], cx));
    find_cut(t);
    return rl_rules_apply(t, cx);
}
