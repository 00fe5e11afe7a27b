#include "model/spill.h"

#include <math.h>
#include <string.h>

#include "base/seen.h"
#include "num/dist.h"

enum { FEW = 4 };

/* --- who shares with whom ---------------------------------------------------------- */

/* Units and what they have in common: an owner or a parent each, and for each
 * of these the two first starts among different units. */
typedef struct ties {
    size_t n, cap, keys;
    uint32_t *unit, *key;
    unsigned char *late;     /* exposes others, is not exposed itself: an owner met after the first start */
    int32_t *first, *second; /* keys   starts; RL_NO_DAY = none   */
    uint32_t *who;           /* keys   the unit of `first`        */
    rl_arena *in;
} ties;

static void tie(ties *s, size_t unit, size_t key, bool late)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 1024;
        s->unit = rl_regrow(s->in, s->unit, s->cap, cap, sizeof *s->unit);
        s->key = rl_regrow(s->in, s->key, s->cap, cap, sizeof *s->key);
        s->late = rl_regrow(s->in, s->late, s->cap, cap, sizeof *s->late);
        s->cap = cap;
    }
    s->unit[s->n] = (uint32_t)unit;
    s->late[s->n] = late;
    s->key[s->n++] = (uint32_t)key;
}

static const rl_col *named(const rl_table *t, const rl_text name)
{
    return name.s != NULL ? rl_table_col(t, name.s) : NULL;
}

static void tie_accounts(const rl_tables *t, const rl_col *owner, ties *s, rl_neighbours *nb)
{
    for (size_t i = 0; i < t->accounts.n; i++) {
        int32_t u = t->accounts.col[0].code[i];
        if (u < 0 || (size_t)u >= nb->U || owner->code[i] < 0) continue;
        nb->known[u] = 1;
        tie(s, (size_t)u, (size_t)owner->code[i], false);
    }
    s->keys = owner->dict->n;
}

/* An account is exposed by the owners of its deals from before the first start, which the programme cannot have
 * chosen; one that got it exposes the others through the owner of any deal. */
static void tie_deals(const rl_tables *t, const rl_program *prog, const rl_col *owner, ties *s, rl_neighbours *nb)
{
    const rl_deals *d = &t->deals;
    for (size_t i = 0; i < d->n; i++) {
        int32_t u = d->account[i];
        if (u < 0 || (size_t)u >= nb->U || owner->code[i] < 0) continue;
        bool late = d->created[i] == RL_NO_DAY || d->created[i] >= nb->first;
        if (late && ((size_t)u >= prog->n_units || prog->start[u] == RL_NO_DAY)) continue;
        if (!late) nb->known[u] = 1;
        tie(s, (size_t)u, (size_t)owner->code[i], late);
    }
    s->keys = owner->dict->n;
}

/* Children of one parent, and the parent itself.  An account without a parent stands alone: that is known. */
static void tie_parents(const rl_tables *t, const rl_col *parent, ties *s, rl_neighbours *nb, bool alone)
{
    const rl_col *id = &t->accounts.col[0];
    for (size_t i = 0; i < t->accounts.n; i++) {
        int32_t u = id->code[i];
        if (u < 0 || (size_t)u >= nb->U) continue;
        int32_t own = rl_dict_find(parent->dict, id->dict->text[u], id->dict->len[u]);
        if (alone) nb->known[u] = 1;
        if (own >= 0) tie(s, (size_t)u, s->keys + (size_t)own, false);
        if (parent->code[i] >= 0 && parent->code[i] != own) tie(s, (size_t)u, s->keys + (size_t)parent->code[i], false);
    }
    s->keys += parent->dict->n;
}

static void note_start(ties *s, size_t k, uint32_t unit, int32_t start)
{
    if (start == RL_NO_DAY || (s->first[k] != RL_NO_DAY && s->who[k] == unit)) return;
    if (s->first[k] == RL_NO_DAY || start < s->first[k]) {
        s->second[k] = s->first[k];
        s->first[k] = start;
        s->who[k] = unit;
    } else if (s->second[k] == RL_NO_DAY || start < s->second[k]) {
        s->second[k] = start;
    }
}

static void spread_starts(ties *s, const rl_program *prog, rl_neighbours *nb)
{
    s->first = RL_NEW(s->in, int32_t, s->keys);
    s->second = RL_NEW(s->in, int32_t, s->keys);
    s->who = RL_NEW(s->in, uint32_t, s->keys);
    for (size_t k = 0; k < s->keys; k++) s->first[k] = s->second[k] = RL_NO_DAY;
    for (size_t i = 0; i < s->n; i++)
        note_start(s, s->key[i], s->unit[i], s->unit[i] < prog->n_units ? prog->start[s->unit[i]] : RL_NO_DAY);
    for (size_t i = 0; i < s->n; i++) {
        uint32_t u = s->unit[i], k = s->key[i];
        int32_t day = s->first[k] != RL_NO_DAY && s->who[k] == u ? s->second[k] : s->first[k];
        if (!s->late[i] && day != RL_NO_DAY && (nb->since[u] == RL_NO_DAY || day < nb->since[u])) nb->since[u] = day;
    }
}

void rl_neighbours_find(const rl_tables *t, const rl_program *prog, rl_neighbours *nb, rl_arena *in, rl_ctx *cx)
{
    const rl_study *s = t->study;
    const rl_col *owner = t->has_accounts ? named(&t->accounts, s->accounts.owner) : NULL;
    const rl_col *parent = t->has_accounts ? named(&t->accounts, s->accounts.parent) : NULL;
    const rl_col *seller = owner == NULL && t->has_deals ? named(&t->deals.t, s->deals.owner) : NULL;
    *nb = (rl_neighbours){.U = rl_program_size(t, prog), .first = INT32_MAX};
    if (prog->unit != t->account || (owner == NULL && parent == NULL && (seller == NULL || t->deals.account == NULL)))
        return;
    bool by_owner = owner != NULL || seller != NULL;
    nb->shares = !by_owner ? "a parent account" : parent == NULL ? "an owner" : "an owner or a parent account";
    nb->since = RL_NEW(in, int32_t, nb->U);
    nb->known = RL_NEW(in, unsigned char, nb->U);
    for (size_t u = 0; u < nb->U; u++) nb->since[u] = RL_NO_DAY;
    for (size_t u = 0; u < prog->n_units; u++)
        if (prog->start[u] != RL_NO_DAY && prog->start[u] < nb->first) nb->first = prog->start[u];
    ties found = {.in = cx->tmp};
    if (owner != NULL)
        tie_accounts(t, owner, &found, nb);
    else if (seller != NULL && t->deals.account != NULL)
        tie_deals(t, prog, seller, &found, nb);
    if (parent != NULL) tie_parents(t, parent, &found, nb, !by_owner);
    spread_starts(&found, prog, nb);
    for (size_t u = 0; u < nb->U; u++) nb->known[u] |= nb->since[u] != RL_NO_DAY; /* one tie is enough to be exposed */
}

void rl_spill_facts(const rl_tables *t, const rl_program *prog, rl_program_facts *f, rl_ctx *cx)
{
    rl_neighbours nb;
    rl_neighbours_find(t, prog, &nb, cx->tmp, cx);
    f->shares = nb.shares;
    for (size_t u = 0; nb.shares != NULL && u < nb.U; u++) {
        if (u < prog->n_units && prog->start[u] != RL_NO_DAY) continue;
        bool near = nb.since[u] != RL_NO_DAY && nb.since[u] <= t->cut;
        f->exposed += near;
        f->apart += !near && nb.known[u];
        f->unplaced += !nb.known[u];
    }
}

/* --- the contrast -------------------------------------------------------------------- */
bool rl_spill_asked(const rl_tables *t, const rl_att *whole)
{
    const rl_plan *p = &whole->plan;
    return (p->spec->primary || p->outcome == RL_OUT_VALUE) && p->program->unit == t->account;
}

/* Units of the fit with exposed rows; and the others with a row as late as the first of those. */
static void count_arms(const rl_att *e, size_t *exposed, size_t *rest, rl_ctx *cx)
{
    const double *period = e->panel.t.col[1].num;
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, e->N);
    double first = INFINITY;
    for (size_t k = 0; k < e->fit.rows_used; k++)
        if (e->panel.exposed[e->fit.row[k]]) first = fmin(first, period[e->fit.row[k]]);
    for (size_t k = 0; k < e->fit.rows_used; k++) {
        size_t i = e->fit.row[k];
        if (period[i] >= first) seen[e->panel.unit_code[i]] |= e->panel.exposed[i] ? 2 : 1;
    }
    *exposed = *rest = 0;
    for (size_t u = 0; u < e->N; u++) {
        *exposed += seen[u] >= 2;
        *rest += seen[u] == 1;
    }
}

/* Being a neighbour as a programme. */
static void as_program(const rl_att *whole, const rl_neighbours *nb, rl_program_spec *spec, rl_program *p, rl_ctx *cx)
{
    const rl_program *base = whole->plan.program;
    *spec = *base->spec;
    *p = (rl_program){.spec = spec, .unit_name = base->unit_name, .unit = base->unit, .n_units = nb->U};
    p->start = nb->since;
    p->end = RL_NEW(cx->tmp, int32_t, nb->U);
    for (size_t u = 0; u < nb->U; u++) {
        p->end[u] = RL_NO_DAY;
        p->treated += p->start[u] != RL_NO_DAY;
    }
}

/* Accounts of the contrast: known, and without the programme for a while after it first began somewhere. */
static unsigned char *who_waits(const rl_att *whole, const rl_neighbours *nb, rl_ctx *cx)
{
    const rl_program *base = whole->plan.program;
    unsigned char *scope = RL_NEW(cx->tmp, unsigned char, nb->U);
    for (size_t u = 0; u < nb->U; u++) {
        int32_t start = u < base->n_units ? base->start[u] : RL_NO_DAY;
        scope[u] = nb->known[u] && (start == RL_NO_DAY || (start > nb->first && !whole->plan.spec->control_never));
    }
    return scope;
}

static const char *not_enough(const rl_neighbours *nb, size_t exposed, size_t rest, const char *unit, rl_ctx *cx)
{
    size_t n = exposed < FEW ? exposed : rest;
    const char *who = n == 0   ? rl_sprintf(cx->tmp, "no %s", unit)
                      : n == 1 ? rl_sprintf(cx->tmp, "only one %s", unit)
                               : rl_sprintf(cx->tmp, "only %zu %s", n, rl_plural(unit, n, cx->tmp));
    if (exposed < FEW)
        return rl_sprintf(cx->keep, "%s without the programme can be seen to share %s with one that has it", who,
                          nb->shares);
    if (rest == 0)
        return rl_sprintf(cx->keep,
                          "every %s without the programme of which it is known shares %s with one that has it", unit,
                          nb->shares);
    return rl_sprintf(cx->keep, "%s without the programme share%s nothing with those that have it", who,
                      n > 1 ? "" : "s");
}

static rl_code contrast(const rl_tables *t, const rl_att *whole, const rl_neighbours *nb, rl_spillover *s,
                        rl_arena *scratch, rl_ctx *cx)
{
    const rl_program *base = whole->plan.program;
    rl_program_spec spec;
    rl_program near;
    rl_att e;
    rl_plan plan = whole->plan;
    as_program(whole, nb, &spec, &near, cx);
    plan.program = &near;
    plan.scope = who_waits(whole, nb, cx);
    for (size_t u = 0; u < nb->U; u++) {
        s->exposed += plan.scope[u] && nb->since[u] != RL_NO_DAY;
        s->rest += plan.scope[u] && nb->since[u] == RL_NO_DAY;
    }
    if (s->exposed < FEW || s->rest < FEW) {
        s->why = not_enough(nb, s->exposed, s->rest, near.unit_name, cx);
        return RL_OK;
    }
    int32_t *leave = RL_NEW(cx->tmp, int32_t, nb->U);
    for (size_t u = 0; u < nb->U; u++) leave[u] = u < base->n_units ? base->start[u] : RL_NO_DAY;
    plan.leave = leave;
    plan.leave_why = "from the day the account got the programme itself";
    RL_TRY(rl_att_fit(t, &plan, whole->fit.estimator, &e, scratch, cx));
    count_arms(&e, &s->exposed, &s->rest, cx);
    const rl_estimate *x = &e.fit.est[e.at];
    if (s->exposed < FEW || s->rest < FEW || !(x->std_error > 0) || !isfinite(x->std_error)) {
        s->why = s->exposed < FEW || s->rest < FEW ? not_enough(nb, s->exposed, s->rest, near.unit_name, cx)
                                                   : "the rows leave no chance to judge the contrast by";
        return RL_OK;
    }
    s->answered = true;
    s->effect = (rl_interval){x->estimate, x->std_error, x->conf_low, x->conf_high};
    s->p_value = x->p_value;
    s->detectable = (rl_t_quantile(0.5 + t->study->level / 2, x->df) + rl_t_quantile(0.8, x->df)) * x->std_error;
    return RL_OK;
}

/* The lift once more, against controls whose neighbours do not have the programme. */
static rl_code against_apart(const rl_tables *t, const rl_att *whole, const rl_neighbours *nb, rl_spillover *s,
                             rl_arena *scratch, rl_ctx *cx)
{
    const rl_program *base = whole->plan.program;
    rl_plan plan = whole->plan;
    unsigned char *scope = RL_NEW(cx->tmp, unsigned char, nb->U);
    rl_att e;
    for (size_t u = 0; u < nb->U; u++) scope[u] = nb->known[u] || (u < base->n_units && base->start[u] != RL_NO_DAY);
    plan.scope = scope;
    plan.leave = nb->since;
    plan.leave_clean = true;
    plan.leave_why = "controls that share with treated ones";
    RL_TRY(rl_att_fit(t, &plan, whole->fit.estimator, &e, scratch, cx));
    bool *seen = RL_NEW(cx->tmp, bool, e.N);
    for (size_t k = 0; k < e.fit.rows_used; k++) {
        size_t i = e.fit.row[k], u = (size_t)e.panel.unit_code[i];
        bool waits = u >= base->n_units || base->start[u] == RL_NO_DAY;
        if (waits && nb->since[u] == RL_NO_DAY) s->apart_controls += rl_first_seen(seen, u);
    }
    const rl_estimate *x = &e.fit.est[e.at];
    if (s->apart_controls >= FEW && x->std_error > 0)
        s->apart = (rl_interval){x->estimate, x->std_error, x->conf_low, x->conf_high};
    return RL_OK;
}

/* A contrast the data cannot make is told; `why` stays when there is one already. */
static rl_code told(rl_code code, rl_spillover *s, rl_ctx *cx)
{
    if (code == RL_OK || rl_exit_status(code) != 4) return code;
    if (s->why == NULL && !s->answered)
        s->why = rl_sprintf(cx->keep,
                            "the accounts without the programme, those that share and those that do not, "
                            "cannot be compared before and after: %s",
                            cx->err.what);
    rl_forgive(cx);
    return RL_OK;
}

rl_code rl_spill_make(const rl_tables *t, const rl_att *whole, rl_model_answer *m, rl_ctx *cx)
{
    rl_spillover *s = &m->spill;
    rl_neighbours nb;
    *s = (rl_spillover){.p_value = NAN, .detectable = NAN};
    s->effect = s->apart = (rl_interval){NAN, NAN, NAN, NAN};
    if (!rl_spill_asked(t, whole)) return RL_OK;
    rl_neighbours_find(t, whole->plan.program, &nb, cx->tmp, cx);
    if (nb.shares == NULL) return RL_OK;
    s->asked = true;
    size_t notes = cx->n_notes; /* what is said of the model holds here */
    rl_arena *scratch = rl_arena_like(cx->tmp);
    rl_code code = told(contrast(t, whole, &nb, s, scratch, cx), s, cx);
    if (code == RL_OK && s->answered) code = told(against_apart(t, whole, &nb, s, scratch, cx), s, cx);
    rl_arena_free(scratch);
    cx->n_notes = notes;
    return code;
}
