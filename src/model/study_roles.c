/* One column, one meaning: can the columns that a study names be read together? */
#include <string.h>

#include "model/study.h"

enum { MOST_LISTED = 80 };

/* What a column is read as.  Two keys may share a column when it is read as the same thing. */
typedef enum kind { A_DAY, A_NUMBER, A_TEXT, AN_ACCOUNT, A_DEAL, A_LEAD, A_PARENT, A_UNIT, ANY_TEXT } kind;

typedef struct role {
    const rl_text *name;
    const char *key;
    kind as;
} role;

static bool fits(kind a, kind b) { return a == b || (b == ANY_TEXT && a != A_DAY && a != A_NUMBER); }

/* The first key of a column decides what it is; `r` ends with a key NULL. */
static rl_code check_roles(const role *r, rl_form *f)
{
    for (size_t j = 1; r[j].key != NULL; j++)
        for (size_t i = 0; i < j; i++) {
            const char *a = r[i].name->s, *b = r[j].name->s;
            if (a == NULL || b == NULL || strcmp(a, b) != 0 || fits(r[i].as, r[j].as)) continue;
            rl_yaml_fail(f->doc, r[j].name->at.line, r[j].name->at.col, f->cx,
                         "column '%s' cannot be both '%s' and '%s'", b, r[i].key, r[j].key);
            return rl_hint(f->cx, "give '%s' a column of its own, or leave that key out", r[j].key);
        }
    return RL_OK;
}

static rl_code check_list(const rl_texts *t, const char *key, rl_form *f)
{
    if (t->n <= MOST_LISTED) return RL_OK;
    const rl_at at = t->v[MOST_LISTED].at;
    rl_yaml_fail(f->doc, at.line, at.col, f->cx, "'%s' lists %zu columns, and at most %d are read", key, t->n,
                 (int)MOST_LISTED);
    return rl_hint(f->cx, "keep those that a model, a level or the report needs");
}

/* None of the columns is the day or a text key of the same file. */
static rl_code check_figures(const rl_texts *columns, const char *key, role *r, size_t n, rl_form *f)
{
    RL_TRY(check_list(columns, key, f));
    for (size_t i = 0; i < columns->n; i++) {
        r[n] = (role){&columns->v[i], key, A_NUMBER};
        RL_TRY(check_roles(r, f));
    }
    return RL_OK;
}

static rl_code check_deals(const rl_deals_spec *d, const rl_study *s, rl_form *f)
{
    const role r[] = {{&d->id, "deals.id", A_DEAL},          {&d->account, "deals.account", AN_ACCOUNT},
                      {&d->created, "deals.created", A_DAY}, {&d->closed, "deals.closed", A_DAY},
                      {&d->status, "deals.status", A_TEXT},  {&d->amount, "deals.amount", A_NUMBER},
                      {&d->owner, "deals.owner", A_TEXT},    {NULL, NULL, A_TEXT}};
    RL_TRY(check_roles(r, f));
    RL_TRY(check_list(&d->group, "deals.group", f));
    if (d->n_lookup + s->n_where > MOST_LISTED / 8)
        return rl_yaml_fail(f->doc, d->file.at.line, d->file.at.col, f->cx,
                            "'deals.lookup' and 'study.where' name %zu columns, and at most %d are read",
                            d->n_lookup + s->n_where, MOST_LISTED / 8);
    for (size_t l = 0; l < d->n_lookup; l++) {
        enum { ROLES = sizeof r / sizeof *r };
        role with_key[ROLES + 1];
        memcpy(with_key, r, sizeof r);
        with_key[ROLES - 1] = (role){&d->lookup[l].key, "deals.lookup.key", ANY_TEXT};
        with_key[ROLES] = (role){NULL, NULL, A_TEXT};
        RL_TRY(check_roles(with_key, f));
        RL_TRY(check_list(&d->lookup[l].add, "deals.lookup.add", f));
    }
    return RL_OK;
}

static rl_code check_accounts(const rl_accounts_spec *a, rl_form *f)
{
    const role r[] = {{&a->id, "accounts.id", AN_ACCOUNT},
                      {&a->owner, "accounts.owner", A_TEXT},
                      {&a->parent, "accounts.parent", A_PARENT},
                      {NULL, NULL, A_TEXT}};
    RL_TRY(check_roles(r, f));
    return check_list(&a->fixed, "accounts.fixed", f);
}

static rl_code check_leads(const rl_leads_spec *l, rl_form *f)
{
    const role r[] = {{&l->date, "leads.date", A_DAY},
                      {&l->account, "leads.account", AN_ACCOUNT},
                      {&l->deal, "leads.deal", A_DEAL},
                      {&l->id, "leads.id", A_LEAD},
                      {NULL, NULL, A_TEXT}};
    const role won[] = {
        {&l->won_key, "leads.won.key", A_LEAD}, {&l->won_date, "leads.won.date", A_DAY}, {NULL, NULL, A_TEXT}};
    RL_TRY(check_roles(r, f));
    RL_TRY(check_roles(won, f));
    return check_list(&l->group, "leads.group", f);
}

static rl_code check_programs(const rl_study *s, rl_form *f)
{
    for (size_t i = 0; i < s->n_programs; i++) {
        const rl_program_spec *p = &s->program[i];
        const role r[] = {
            {&p->unit, "unit", A_UNIT}, {&p->start, "start", A_DAY}, {&p->end, "end", A_DAY}, {NULL, NULL, A_TEXT}};
        if (p->file.given) RL_TRY(check_roles(r, f));
    }
    return RL_OK;
}

rl_code rl_study_check_roles(const rl_study *s, rl_form *f)
{
    const rl_touches_spec *u = &s->touches;
    const rl_spend_spec *p = &s->spend;
    const role touches[] = {{&u->date, "touchpoints.date", A_DAY},
                            {&u->account, "touchpoints.account", AN_ACCOUNT},
                            {&u->deal, "touchpoints.deal", A_DEAL},
                            {&u->channel, "touchpoints.channel", A_TEXT},
                            {NULL, NULL, A_TEXT}};
    const role spend[] = {{&p->date, "spend.date", A_DAY},
                          {&p->amount, "spend.amount", A_NUMBER},
                          {&p->channel, "spend.channel", A_TEXT},
                          {&p->unit, "spend.unit", A_TEXT},
                          {NULL, NULL, A_TEXT}};
    role market[3] = {{&s->market.date, "market.date", A_DAY}};
    role panel[4] = {{&s->panel.unit, "panel.unit", A_UNIT}, {&s->panel.date, "panel.date", A_DAY}};
    RL_TRY(check_deals(&s->deals, s, f));
    RL_TRY(check_accounts(&s->accounts, f));
    RL_TRY(check_leads(&s->leads, f));
    RL_TRY(check_roles(touches, f));
    RL_TRY(check_roles(spend, f));
    RL_TRY(check_figures(&s->market.columns, "market.columns", market, 1, f));
    RL_TRY(check_roles(panel, f));
    RL_TRY(check_figures(&s->panel.columns, "panel.columns", panel, 2, f));
    return check_programs(s, f);
}
