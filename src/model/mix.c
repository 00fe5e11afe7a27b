#include "model/mix.h"

#include <math.h>
#include <string.h>

#include "num/order.h"

enum { MOST_LEVELS = 8, OUTSIDE = 4 };

typedef struct work {
    const rl_tables *t;
    const rl_att *e;
    rl_money *m;
    rl_ctx *cx;
    unsigned char *arm; /* of each deal: 2 treated + after, or OUTSIDE */
} work;

/* Where each cell of the fit stands: unit by period. */
static unsigned char *find_cells(const work *w, size_t T)
{
    const rl_panel *p = &w->e->panel;
    const double *period = p->t.col[1].num, *cohort = p->t.col[2].num;
    unsigned char *cell = RL_NEW(w->cx->tmp, unsigned char, w->e->N *T);
    double first = INFINITY;
    memset(cell, OUTSIDE, w->e->N * T);
    for (size_t k = 0; k < w->e->fit.rows_used; k++) {
        size_t i = w->e->fit.row[k];
        if (p->exposed[i]) first = fmin(first, period[i]);
    }
    for (size_t k = 0; k < w->e->fit.rows_used; k++) {
        size_t i = w->e->fit.row[k], at = (size_t)((int32_t)period[i] - w->e->plan.first_period);
        bool treated = !isnan(cohort[i]), after = treated ? p->exposed[i] : period[i] >= first;
        cell[(size_t)p->unit_code[i] * T + at] = (unsigned char)(2 * treated + after);
        w->m->volume.cells[treated][after]++;
    }
    return cell;
}

static void place_deals(work *w)
{
    const rl_plan *plan = &w->e->plan;
    const rl_deals *d = &w->t->deals;
    const int32_t *unit = rl_deal_units(w->t, plan->program);
    size_t T = (size_t)(plan->last_period - plan->first_period) + 1;
    const unsigned char *cell = find_cells(w, T);
    rl_volume *v = &w->m->volume;
    w->arm = RL_NEW(w->cx->tmp, unsigned char, d->n);
    for (size_t i = 0; i < d->n; i++) {
        w->arm[i] = OUTSIDE;
        if (unit[i] < 0 || (size_t)unit[i] >= w->e->N) continue;
        if (d->period[i] < plan->first_period || d->period[i] > plan->last_period) continue;
        unsigned char c = cell[(size_t)unit[i] * T + (size_t)(d->period[i] - plan->first_period)];
        w->arm[i] = c;
        if (c != OUTSIDE) v->deals[c / 2][c % 2]++;
    }
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) v->rate[a][b] = (double)v->deals[a][b] / (double)v->cells[a][b];
}

/* Level of each row of accounts, -1 = not given; names of the levels. */
static size_t levels_of(const work *w, const rl_col *c, int32_t *level, const char ***name)
{
    const rl_table *t = &w->t->accounts;
    if (c->type == RL_TEXT) {
        for (size_t i = 0; i < t->n; i++) level[i] = c->code[i];
        *name = RL_NEW(w->cx->tmp, const char *, c->dict->n);
        for (size_t k = 0; k < c->dict->n; k++) (*name)[k] = c->dict->text[k];
        return c->dict->n;
    }
    double *v = RL_NEW(w->cx->tmp, double, t->n);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!isnan(c->num[i])) v[n++] = c->num[i];
    if (n == 0) return 0;
    rl_order(v, n);
    double median = v[(n - 1) / 2];
    for (size_t i = 0; i < t->n; i++) level[i] = isnan(c->num[i]) ? -1 : c->num[i] > median;
    *name = RL_NEW(w->cx->tmp, const char *, 2);
    (*name)[0] = rl_sprintf(w->cx->keep, "up to %.10g", median);
    (*name)[1] = rl_sprintf(w->cx->keep, "above %.10g", median);
    return 2;
}

typedef struct four {
    size_t n[2][2];
} four; /* control, treated by before, after */

/* The level with the most deals that is not taken yet, or SIZE_MAX. */
static size_t largest(const four *n, size_t L, const bool *taken)
{
    size_t best = SIZE_MAX, most = 0;
    for (size_t l = 0; l < L; l++) {
        size_t all = n[l].n[0][0] + n[l].n[0][1] + n[l].n[1][0] + n[l].n[1][1];
        if (taken[l] || all <= most) continue;
        best = l;
        most = all;
    }
    return best;
}

static void add_row(const work *w, const char *trait, const char *level, const four *n)
{
    rl_money *m = w->m;
    m->mix = rl_regrow(w->cx->keep, m->mix, m->n_mix, m->n_mix + 1, sizeof *m->mix);
    rl_mix *x = &m->mix[m->n_mix++];
    *x = (rl_mix){.trait = trait, .level = level};
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) {
            x->deals[a][b] = n->n[a][b];
            x->share[a][b] = (double)n->n[a][b] / (double)m->volume.deals[a][b];
        }
}

/* The levels with the most deals; the others, and accounts that do not say, in one row each. */
static void add_trait(const work *w, const rl_col *c, const int32_t *row_of)
{
    const rl_deals *d = &w->t->deals;
    const char **name = NULL;
    int32_t *level = RL_NEW(w->cx->tmp, int32_t, w->t->accounts.n);
    size_t L = levels_of(w, c, level, &name);
    if (L == 0) return;
    four *n = RL_NEW(w->cx->tmp, four, L), rest = {{{0}}}, none = {{{0}}};
    bool *taken = RL_NEW(w->cx->tmp, bool, L), any_rest = false, any_none = false;
    for (size_t i = 0; i < d->n; i++) {
        if (w->arm[i] == OUTSIDE) continue;
        int32_t row = d->account[i] >= 0 ? row_of[d->account[i]] : -1, l = row >= 0 ? level[row] : -1;
        (l >= 0 ? &n[l] : &none)->n[w->arm[i] / 2][w->arm[i] % 2]++;
        any_none |= l < 0;
    }
    for (size_t k = 0; k < L; k++) {
        size_t l = largest(n, L, taken);
        if (l == SIZE_MAX) break;
        taken[l] = true;
        if (k < MOST_LEVELS) {
            add_row(w, c->name, name[l], &n[l]);
            continue;
        }
        any_rest = true;
        for (int a = 0; a < 4; a++) rest.n[a / 2][a % 2] += n[l].n[a / 2][a % 2];
    }
    if (any_rest) add_row(w, c->name, "other levels", &rest);
    if (any_none) add_row(w, c->name, "not given", &none);
}

void rl_mix_make(const rl_tables *t, const rl_att *value, rl_money *m, rl_ctx *cx)
{
    work w = {.t = t, .e = value, .m = m, .cx = cx};
    if (!t->has_deals || value->plan.outcome == RL_OUT_COLUMN) return;
    place_deals(&w);
    if (!t->has_accounts || t->deals.account == NULL) return;
    int32_t *row_of = RL_NEW(cx->tmp, int32_t, t->account->n);
    memset(row_of, 0xff, t->account->n * sizeof *row_of);
    for (size_t i = 0; i < t->accounts.n; i++) row_of[t->accounts.col[0].code[i]] = (int32_t)i;
    const rl_texts *fixed = &t->study->accounts.fixed; /* an owner or a parent is no trait */
    for (size_t j = 0; j < fixed->n; j++) {
        const rl_col *c = rl_table_col(&t->accounts, fixed->v[j].s);
        if (c != NULL && c != &t->accounts.col[0] && (c->type == RL_TEXT || c->type == RL_NUM))
            add_trait(&w, c, row_of);
    }
}
