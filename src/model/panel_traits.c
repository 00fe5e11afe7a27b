/* model/panel_traits.c -- covariates: what was fixed about a unit before the programme. */
#include <math.h>
#include <string.h>

#include "model/panel.h"
#include "num/order.h"

typedef struct traits {
    const rl_tables *t;
    const rl_plan *plan;
    rl_arena *in;
    rl_ctx *cx;
    size_t U; /* units */
} traits;

typedef struct trait {
    const rl_col *from;
    const int32_t *row_of; /* of a unit */
} trait;

/* A fixed trait: a `fixed` column of accounts, for a programme given by account. */
static rl_code find_trait(const traits *w, rl_text name, trait *out)
{
    const rl_tables *t = w->t;
    if (w->plan->program->unit == t->account && t->has_accounts) {
        const rl_col *c = rl_table_col(&t->accounts, name.s);
        if (c != NULL) {
            int32_t *row_of = RL_NEW(w->cx->tmp, int32_t, t->account->n);
            memset(row_of, 0xff, t->account->n * sizeof *row_of);
            for (size_t i = 0; i < t->accounts.n; i++) row_of[t->accounts.col[0].code[i]] = (int32_t)i;
            *out = (trait){.from = c, .row_of = row_of};
            return RL_OK;
        }
    }
    rl_fail_at(w->cx, RL_EINPUT, t->study->path, name.at.line, name.at.col,
               "covariate '%s' is not a `fixed` column of the accounts table", name.s);
    return rl_hint(w->cx, "a covariate must have been true before the programme; list it under `accounts.fixed` "
                          "(today's CRM segment is not)");
}

/* A number with many values makes groups: fourths of the units that have it. */
static void fourths(const traits *w, trait *tr)
{
    enum { FEW = 8 };
    double *v = RL_NEW(w->cx->tmp, double, w->U), cut[3];
    size_t n = 0, values = 0;
    if (tr->from->type != RL_NUM) return;
    for (size_t u = 0; u < w->U; u++)
        if (tr->row_of[u] >= 0 && !isnan(tr->from->num[tr->row_of[u]])) v[n++] = tr->from->num[tr->row_of[u]];
    rl_order(v, n);
    for (size_t i = 0; i < n; i++) values += i == 0 || v[i] != v[i - 1];
    if (values <= FEW) return;
    rl_col *c = RL_NEW(w->in, rl_col, 1);
    *c = *tr->from;
    c->num = RL_NEW(w->in, double, w->t->accounts.n);
    for (int k = 0; k < 3; k++) cut[k] = v[(size_t)(k + 1) * n / 4];
    for (size_t i = 0; i < w->t->accounts.n; i++) {
        double x = tr->from->num[i];
        c->num[i] = isnan(x) ? x : 1.0 + (x >= cut[0]) + (x >= cut[1]) + (x >= cut[2]);
    }
    tr->from = c;
    rl_remark(w->cx, "covariate",
              "covariate '%s' has %zu values: taken in four groups of equal size, cut at %g, %g and %g", c->name,
              values, cut[0], cut[1], cut[2]);
}

rl_code rl_panel_traits(const rl_tables *t, const rl_plan *plan, rl_panel *p, rl_arena *in, rl_ctx *cx)
{
    const rl_texts *names = &plan->spec->covariates;
    const traits w = {.t = t, .plan = plan, .in = in, .cx = cx, .U = rl_program_size(t, plan->program)};
    for (size_t j = 0; j < names->n; j++) {
        trait tr = {.from = NULL};
        RL_TRY(find_trait(&w, names->v[j], &tr));
        fourths(&w, &tr);
        rl_col *c = rl_table_add(&p->t, names->v[j].s, tr.from->type, tr.from->dict, in);
        for (size_t i = 0; i < p->t.n; i++) {
            int32_t row = tr.row_of[p->unit_code[i]];
            if (c->type == RL_TEXT)
                c->code[i] = row < 0 ? -1 : tr.from->code[row];
            else if (c->type == RL_NUM)
                c->num[i] = row < 0 ? NAN : tr.from->num[row];
            else
                c->day[i] = row < 0 ? RL_NO_DAY : tr.from->day[row];
        }
    }
    return RL_OK;
}
