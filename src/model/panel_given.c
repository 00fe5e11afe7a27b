/* model/panel_given.c -- columns a model asks for beside its outcome: what its rows weigh, and what its errors are
 * clustered by. */
#include <math.h>
#include <string.h>

#include "base/seen.h"
#include "base/str.h"
#include "model/axis.h"
#include "model/panel.h"

typedef struct work {
    const rl_tables *t;
    const rl_plan *plan;
    rl_panel *p;
    rl_arena *in;
    rl_ctx *cx;
    size_t U; /* units in the dictionary of the panel's first column */
} work;

static bool by_panel(const work *w) { return w->plan->outcome == RL_OUT_COLUMN; }

static bool by_account(const work *w) { return !by_panel(w) && w->plan->program->unit == w->t->account; }

#define FAIL(w, text, ...) \
    rl_fail_at((w)->cx, RL_EINPUT, (w)->t->study->path, (text).at.line, (text).at.col, __VA_ARGS__)

/* Row of the accounts table of every account, -1 = none. */
static const int32_t *account_rows(const work *w)
{
    int32_t *row = RL_NEW(w->cx->tmp, int32_t, w->U);
    memset(row, 0xff, w->U * sizeof *row);
    for (size_t i = 0; i < w->t->accounts.n; i++) {
        int32_t u = w->t->accounts.col[0].code[i];
        if (u >= 0 && (size_t)u < w->U) row[u] = (int32_t)i;
    }
    return row;
}

/* --- weights ---------------------------------------------------------------------- */

/* A row of t weighs less than 0. */
static rl_code negative(const work *w, const rl_table *t, const rl_col *c, size_t i)
{
    char buf[32];
    rl_fail_cell(t, c, i, w->cx, RL_EINPUT, "'%s' of %s '%s' is %s: weights are 0 or more", c->name, w->p->unit,
                 w->p->t.col[0].dict->text[t->col[0].code[i]], rl_num_text(buf, c->num[i]));
    return rl_hint(w->cx, "a row of weight 0 is left out");
}

/* Of a ready-made panel: the mean weight of a unit's rows in a period. */
static rl_code cell_weights(const work *w, const rl_col *c, const double **out)
{
    const rl_table *t = &w->t->panel;
    size_t T = w->p->n_trend;
    double *sum = RL_NEW(w->cx->tmp, double, w->U *T);
    size_t *rows = RL_NEW(w->cx->tmp, size_t, w->U * T);
    for (size_t i = 0; i < t->n; i++) {
        int64_t k = (int64_t)rl_period_of(w->plan->calendar, t->col[1].day[i]) - w->plan->first_period;
        int32_t u = t->col[0].code[i];
        if (u < 0 || (size_t)u >= w->U || k < 0 || k >= (int64_t)T) continue;
        if (c->num[i] < 0) return negative(w, t, c, i);
        sum[(size_t)u * T + (size_t)k] += c->num[i];
        rows[(size_t)u * T + (size_t)k]++;
    }
    for (size_t at = 0; at < w->U * T; at++) sum[at] /= (double)rows[at];
    *out = sum;
    return RL_OK;
}

static rl_code take_weights(const work *w)
{
    const rl_text name = w->plan->spec->weights;
    rl_panel *p = w->p;
    bool own = by_panel(w);
    if (name.s == NULL) return RL_OK;
    const rl_col *c = own                                   ? rl_table_col(&w->t->panel, name.s)
                      : by_account(w) && w->t->has_accounts ? rl_table_col(&w->t->accounts, name.s)
                                                            : NULL;
    if (c == NULL || c->type != RL_NUM) {
        FAIL(w, name, c == NULL ? "there is no column '%s' to weigh by" : "column '%s' (weights) must hold numbers",
             name.s);
        return rl_hint(w->cx,
                       own ? "weights are a column that 'panel.columns' lists"
                           : "weights are a column of numbers that 'accounts.fixed' lists, for a programme given "
                             "by account");
    }
    const double *cell = NULL, *period = rl_table_col(&p->t, "period")->num;
    if (own) RL_TRY(cell_weights(w, c, &cell));
    const int32_t *row = own ? NULL : account_rows(w);
    p->weights = rl_table_col(&p->t, name.s) == NULL ? name.s : rl_sprintf(w->in, "%s (weights)", name.s);
    p->w = rl_table_add(&p->t, p->weights, RL_NUM, NULL, w->in)->num;
    for (size_t i = 0; i < p->t.n; i++) {
        size_t u = (size_t)p->unit_code[i];
        p->w[i] = own           ? cell[u * p->n_trend + (size_t)(period[i] - w->plan->first_period)]
                  : row[u] >= 0 ? c->num[row[u]]
                                : (double)NAN;
        if (p->w[i] < 0) return negative(w, &w->t->accounts, c, (size_t)row[u]);
    }
    return RL_OK;
}

/* --- clusters ---------------------------------------------------------------------- */

static bool is_empty(const rl_col *c, size_t i)
{
    return c->type == RL_TEXT ? c->code[i] < 0 : c->type == RL_NUM ? isnan(c->num[i]) : c->day[i] == RL_NO_DAY;
}

/* The cluster of every unit as text, NULL = none.  A unit belongs to one: else it is the finer of the two. */
static rl_code find_clusters(const work *w, const char **of)
{
    const rl_text name = w->plan->spec->cluster;
    bool accounts = by_account(w) || (by_panel(w) && w->plan->program->unit == w->t->account && w->t->has_accounts &&
                                      rl_table_col(&w->t->accounts, name.s) != NULL);
    const rl_table *t = accounts ? &w->t->accounts : by_panel(w) ? &w->t->panel : &w->t->deals.t;
    const rl_col *c = rl_table_col(t, name.s);
    const int32_t *unit = accounts      ? w->t->has_accounts ? t->col[0].code : NULL
                          : by_panel(w) ? t->col[0].code
                                        : rl_deal_units(w->t, w->plan->program);
    if (c == NULL || unit == NULL) {
        FAIL(w, name, "there is no column '%s' to cluster by", name.s);
        return rl_hint(w->cx, "errors are clustered by %s, or by %s", w->p->unit,
                       by_panel(w)     ? "a column of the panel above it"
                       : by_account(w) ? "'parent', 'owner' or a 'fixed' column of the accounts"
                                       : "a 'group' column of the deals above it");
    }
    for (size_t i = 0; i < t->n; i++) {
        char buf[32];
        if (unit[i] < 0 || (size_t)unit[i] >= w->U || is_empty(c, i)) continue;
        const char *text = rl_cell_text(c, i, buf), **mine = &of[unit[i]];
        if (*mine == NULL) *mine = text == buf ? rl_strdup(w->cx->tmp, text) : text;
        if (strcmp(*mine, text) == 0) continue;
        FAIL(w, name,
             "cannot cluster by '%s': %s '%s' has two of them, '%.40s' and '%.40s', and the programme was "
             "assigned by %s",
             name.s, w->p->unit, w->p->t.col[0].dict->text[unit[i]], *mine, text, w->p->unit);
        return rl_hint(w->cx, "errors must be clustered by the unit of assignment or by something above it; leave "
                              "'cluster' out");
    }
    return RL_OK;
}

static bool is_unit(const work *w)
{
    const char *name = w->plan->spec->cluster.s, *account = w->t->study->deals.account.s,
               *id = w->t->study->accounts.id.s;
    if (name == NULL || strcmp(name, w->p->unit) == 0) return true;
    return w->plan->program->unit == w->t->account &&
           ((account != NULL && strcmp(name, account) == 0) || (id != NULL && strcmp(name, id) == 0));
}

static rl_code take_clusters(const work *w)
{
    rl_panel *p = w->p;
    const rl_text name = w->plan->spec->cluster;
    size_t alone = 0, used = 0;
    p->cluster = p->unit;
    if (is_unit(w)) return RL_OK;
    const char **of = RL_NEW(w->cx->tmp, const char *, w->U);
    RL_TRY(find_clusters(w, of));
    rl_dict *d = rl_dict_new(w->in);
    int32_t *code = RL_NEW(w->in, int32_t, w->U);
    for (size_t u = 0; u < w->U; u++) {
        const char *text =
            of[u] != NULL ? of[u] : rl_sprintf(w->cx->tmp, "%s (no %s)", p->t.col[0].dict->text[u], name.s);
        code[u] = rl_dict_code(d, text, strlen(text));
    }
    p->cluster = rl_table_col(&p->t, name.s) == NULL ? name.s : rl_sprintf(w->in, "%s (cluster)", name.s);
    int32_t *to = rl_table_add(&p->t, p->cluster, RL_TEXT, d, w->in)->code;
    bool *seen = RL_NEW(w->cx->tmp, bool, d->n), *met = RL_NEW(w->cx->tmp, bool, w->U);
    for (size_t i = 0; i < p->t.n; i++) {
        int32_t u = p->unit_code[i];
        to[i] = code[u];
        used += rl_first_seen(seen, (size_t)code[u]);
        alone += rl_first_seen(met, (size_t)u) && of[u] == NULL;
    }
    p->cluster_of = code;
    p->n_clusters = d->n;
    p->clusters = used;
    if (alone > 0)
        rl_remark(w->cx, "cluster", "%zu %s without '%s': each a cluster of its own", alone,
                  rl_plural(p->unit, alone, w->cx->tmp), name.s);
    if (used > 1 || p->t.n == 0) return RL_OK;
    FAIL(w, name, "cannot cluster by '%s': all rows are of one", name.s);
    return rl_hint(w->cx, "leave 'cluster' out: errors are clustered by %s", p->unit);
}

rl_code rl_panel_given(const rl_tables *t, const rl_plan *plan, rl_panel *p, rl_arena *in, rl_ctx *cx)
{
    const work w = {t, plan, p, in, cx, p->t.col[0].dict->n};
    RL_TRY(take_weights(&w));
    p->unit_code = p->t.col[0].code;
    return take_clusters(&w);
}
