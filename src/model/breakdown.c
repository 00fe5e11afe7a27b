#include "model/breakdown.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "num/dist.h"

enum { FEW = 4, MOST_GROUPS = 60 };

bool rl_breakdown_asked(const rl_study *s, const rl_model_spec *m)
{
    if (s->by.n == 0 || m->treatment.s == NULL) return false;
    return m->primary || m->outcome == RL_OUT_VALUE || m->outcome == RL_OUT_WIN_RATE ||
           m->outcome == RL_OUT_DEAL_SIZE || m->outcome == RL_OUT_LOG_DEAL_SIZE || m->outcome == RL_OUT_VELOCITY;
}

/* --- who belongs where ---------------------------------------------------------- */
typedef struct groups {
    size_t G;
    const char **label; /* G                                       */
    int32_t *of;        /* U   group of every unit, -1 = none       */
    size_t U, unplaced;
} groups;

static rl_code refuse(rl_breakdown *b, const char *why, const char *hint, rl_ctx *cx)
{
    b->refused = why;
    b->hint = rl_strdup(cx->keep, hint);
    return RL_OK;
}

static void by_accounts(const rl_tables *t, const rl_col *c, groups *g, rl_ctx *cx)
{
    rl_groups of;
    rl_groups_of(c, t->accounts.n, &of, cx->keep, cx);
    g->G = of.G;
    g->label = of.label;
    for (size_t i = 0; i < t->accounts.n; i++) {
        int32_t u = t->accounts.col[0].code[i];
        if (u >= 0 && (size_t)u < g->U) g->of[u] = of.code[i];
    }
}

/* By the deals of a unit, which must agree. */
static rl_code by_deals(const rl_tables *t, const rl_program *prog, const rl_col *c, groups *g, rl_breakdown *b,
                        rl_ctx *cx)
{
    rl_groups of;
    const int32_t *unit = rl_deal_units(t, prog);
    size_t two = 0, example = 0;
    int32_t other = 0, *second = RL_NEW(cx->tmp, int32_t, g->U);
    rl_groups_of(c, t->deals.n, &of, cx->keep, cx);
    g->G = of.G;
    g->label = of.label;
    for (size_t i = 0; i < t->deals.n; i++) {
        int32_t u = unit[i];
        if (u < 0 || (size_t)u >= g->U || of.code[i] < 0) continue;
        if (g->of[u] < 0) g->of[u] = of.code[i];
        if (g->of[u] == of.code[i] || second[u]) continue;
        second[u] = 1;
        if (two++ > 0) continue;
        example = (size_t)u;
        other = of.code[i];
    }
    if (two == 0) return RL_OK;
    const char *more =
        two > 1 ? rl_sprintf(cx->tmp, ", and %zu more %s two values", two - 1,
                             two == 2 ? rl_sprintf(cx->tmp, "%s has", prog->unit_name)
                                      : rl_sprintf(cx->tmp, "%s have", rl_plural(prog->unit_name, 2, cx->tmp)))
                : "";
    return refuse(
        b,
        rl_sprintf(cx->keep, "'%s' is not fixed by %s: '%.80s' has '%.60s' and '%.60s'%s", b->column, prog->unit_name,
                   prog->unit->text[example], of.label[g->of[example]], of.label[other], more),
        prog->unit == t->account
            ? "list under `accounts.fixed` a column that says it once an account, as it was before the programme"
            : "groups are made of whole units of the programme: name a column that is the same in all their deals",
        cx);
}

/* Groups with a unit in them, in order: levels that no unit of the programme has are none. */
static size_t *members(const groups *g, size_t *n, rl_ctx *cx)
{
    bool *any = RL_NEW(cx->tmp, bool, g->G);
    size_t *at = RL_NEW(cx->tmp, size_t, g->G);
    for (size_t u = 0; u < g->U; u++)
        if (g->of[u] >= 0) any[g->of[u]] = true;
    *n = 0;
    for (size_t k = 0; k < g->G; k++)
        if (any[k]) at[(*n)++] = k;
    return at;
}

static bool listed(const rl_texts *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->v[i].s, name) == 0) return true;
    return false;
}

static rl_code place(const rl_tables *t, const rl_program *prog, groups *g, rl_breakdown *b, rl_ctx *cx)
{
    const rl_col *fixed = t->has_accounts && prog->unit == t->account && listed(&t->study->accounts.fixed, b->column)
                              ? rl_table_col(&t->accounts, b->column)
                              : NULL; /* an owner or a parent of today says nothing of the time before */
    const rl_col *deals = t->has_deals ? rl_table_col(&t->deals.t, b->column) : NULL;
    g->U = rl_program_size(t, prog);
    b->unit = prog->unit_name;
    g->of = RL_NEW(cx->tmp, int32_t, g->U);
    memset(g->of, 0xff, g->U * sizeof *g->of);
    bool known = t->has_deals && (prog->unit != t->account || t->deals.account != NULL) &&
                 (prog->unit == t->account || rl_table_col(&t->deals.t, prog->unit_name) != NULL);
    if (fixed != NULL)
        by_accounts(t, fixed, g, cx);
    else if (deals != NULL && known)
        RL_TRY(by_deals(t, prog, deals, g, b, cx));
    else
        return refuse(b,
                      rl_sprintf(cx->keep, "no table says which '%s' a %s belongs to: programme '%s' is given by %s",
                                 b->column, prog->unit_name, prog->spec->name, prog->unit_name),
                      "a programme given by account can be broken down by `accounts.fixed` and `deals.group`", cx);
    if (b->refused != NULL) return RL_OK;
    for (size_t u = 0; u < g->U; u++) g->unplaced += g->of[u] < 0;
    b->unplaced = g->unplaced;
    size_t n;
    (void)members(g, &n, cx);
    if (n <= MOST_GROUPS) return RL_OK;
    return refuse(b,
                  rl_sprintf(cx->keep, "'%s' has %zu values, more than %d: no group would be left to judge", b->column,
                             n, (int)MOST_GROUPS),
                  "name a column with few values, such as a region or a segment", cx);
}

/* --- a group ---------------------------------------------------------------------- */

/* Units with exposed rows in the fit, and those without. */
static void count_arms(const rl_att *e, rl_group_answer *a, rl_ctx *cx)
{
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, e->N);
    for (size_t k = 0; k < e->fit.rows_used; k++) {
        size_t i = e->fit.row[k];
        seen[e->panel.unit_code[i]] |= e->panel.exposed[i] ? 2 : 1;
    }
    a->treated = a->controls = 0;
    for (size_t u = 0; u < e->N; u++) {
        a->treated += seen[u] >= 2;
        a->controls += seen[u] == 1;
    }
    a->rows = e->fit.rows_used;
}

static const char *how_many(size_t n, const char *unit, rl_ctx *cx)
{
    return n == 0   ? rl_sprintf(cx->tmp, "no %s", unit)
           : n == 1 ? rl_sprintf(cx->tmp, "only one %s", unit)
                    : rl_sprintf(cx->tmp, "only %zu %s", n, rl_plural(unit, n, cx->tmp));
}

/* Too few to tell chance from effect, or "". */
static const char *too_few(const rl_att *whole, const rl_group_answer *a, bool staggered, rl_ctx *cx)
{
    bool later = staggered && !whole->plan.spec->control_never; /* later starts serve as controls */
    if (a->treated < FEW)
        return rl_sprintf(cx->keep, "%s with the programme can be compared: fewer than %d",
                          how_many(a->treated, whole->panel.unit, cx), (int)FEW);
    if (a->controls < FEW && !later)
        return rl_sprintf(cx->keep, "%s without the programme to compare with: fewer than %d",
                          how_many(a->controls, whole->panel.unit, cx), (int)FEW);
    return "";
}

static void count_members(const rl_program *prog, const unsigned char *scope, size_t U, rl_group_answer *a)
{
    for (size_t u = 0; u < U; u++) {
        bool got = u < prog->n_units && prog->start[u] != RL_NO_DAY;
        a->treated += scope[u] && got;
        a->controls += scope[u] && !got;
    }
}

static rl_code fit_group(const rl_tables *t, const rl_att *whole, const rl_plan *plan, rl_group_answer *a,
                         rl_arena *scratch, rl_ctx *cx)
{
    rl_att e;
    RL_TRY(rl_att_fit(t, plan, whole->fit.estimator, &e, scratch, cx));
    count_arms(&e, a, cx);
    a->why = too_few(whole, a, e.panel.cohorts > 1, cx);
    if (a->why[0] != '\0') return RL_OK;
    const rl_estimate *x = &e.fit.est[e.at];
    if (!(x->std_error > 0) || !isfinite(x->std_error)) {
        a->why = "its rows leave no chance to judge the estimate by";
        return RL_OK;
    }
    a->answered = true;
    a->effect = (rl_interval){x->estimate, x->std_error, x->conf_low, x->conf_high};
    a->p_value = x->p_value;
    a->df = x->df;
    return RL_OK;
}

static unsigned char *who(const groups *g, size_t at, rl_ctx *cx)
{
    unsigned char *scope = RL_NEW(cx->tmp, unsigned char, g->U);
    for (size_t u = 0; u < g->U; u++) scope[u] = g->of[u] == (int32_t)at;
    return scope;
}

static rl_code one_group(const rl_tables *t, const rl_att *whole, const groups *g, size_t at, rl_group_answer *a,
                         rl_ctx *cx)
{
    unsigned char *scope = who(g, at, cx);
    rl_plan plan = whole->plan;
    *a = (rl_group_answer){.label = g->label[at]};
    a->effect = (rl_interval){NAN, NAN, NAN, NAN};
    a->low = a->high = a->p_value = a->p_adjusted = a->df = NAN;
    count_members(plan.program, scope, g->U, a);
    a->why = too_few(whole, a, true, cx); /* before anything is fitted: by who is there */
    if (a->why[0] != '\0') return RL_OK;
    plan.scope = scope;
    rl_arena *scratch = rl_arena_like(cx->tmp);
    size_t notes = cx->n_notes; /* what is said of the whole holds for its parts */
    rl_code code = fit_group(t, whole, &plan, a, scratch, cx);
    rl_arena_free(scratch);
    cx->n_notes = notes;
    rl_release(cx->tmp, scope);
    if (code == RL_OK || rl_exit_status(code) != 4) return code;
    a->why = rl_strdup(cx->keep, cx->err.what);
    rl_forgive(cx);
    return RL_OK;
}

/* --- many looks --------------------------------------------------------------------- */
double rl_sidak(double p, size_t m)
{
    double q = 0;
    for (size_t j = 0; j < m; j++) q += p * (1 - q); /* 1 - (1 - p)^j, one look at a time */
    return q;
}

rl_test rl_welch(const double *est, const double *se, const double *df, size_t n)
{
    rl_test r = {.name = "one effect in all groups", .statistic = NAN, .df = NAN, .df2 = NAN, .p_value = NAN};
    double sum = 0, mean = 0, Q = 0, lost = 0, G = (double)n;
    if (n < 2) return r;
    for (size_t g = 0; g < n; g++) {
        sum += 1 / (se[g] * se[g]);
        mean += est[g] / (se[g] * se[g]);
    }
    mean /= sum;
    for (size_t g = 0; g < n; g++) {
        double w = 1 / (se[g] * se[g]), apart = 1 - w / sum;
        Q += w * (est[g] - mean) * (est[g] - mean);
        lost += df[g] > 0 ? apart * apart / df[g] : 0; /* df 0: the error is as good as known */
    }
    r.df = G - 1;
    r.df2 = lost > 0 ? (G * G - 1) / (3 * lost) : 0;
    r.statistic = Q / (G - 1) / (1 + 2 * (G - 2) / (G * G - 1) * lost);
    r.p_value = rl_f_p(r.statistic, r.df, r.df2);
    return r;
}

static int by_p(const void *a, const void *b)
{
    const rl_group_answer *x = *(rl_group_answer *const *)a, *y = *(rl_group_answer *const *)b;
    if (x->p_value != y->p_value) return x->p_value < y->p_value ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void allow_for_looks(rl_model_answer *m, double level, rl_ctx *cx)
{
    rl_group_answer **look = RL_NEW(cx->tmp, rl_group_answer *, m->looks);
    size_t n = 0;
    for (size_t k = 0; k < m->n_by; k++)
        for (size_t g = 0; g < m->by[k].n_groups; g++)
            if (m->by[k].group[g].answered) look[n++] = &m->by[k].group[g];
    qsort(look, n, sizeof *look, by_p);
    double worst = 0, joint = n > 0 ? rl_pow(level, 1 / (double)n) : level;
    for (size_t j = 0; j < n; j++) {
        rl_group_answer *a = look[j];
        rl_interval wide = rl_interval_of(a->effect.est, a->effect.se, a->df, joint);
        worst = fmax(worst, rl_sidak(a->p_value, n - j));
        a->p_adjusted = worst;
        a->low = wide.low;
        a->high = wide.high;
        a->stands = a->p_adjusted < 1 - level;
    }
}

static void test_same(rl_breakdown *b, rl_ctx *cx)
{
    double *x = RL_NEW(cx->tmp, double, 3 * b->answered), *se = x + b->answered, *df = se + b->answered;
    size_t n = 0;
    for (size_t g = 0; g < b->n_groups; g++) {
        const rl_group_answer *a = &b->group[g];
        if (!a->answered) continue;
        x[n] = a->effect.est;
        se[n] = a->effect.se;
        df[n++] = a->df;
    }
    b->same = rl_welch(x, se, df, n);
}

static rl_code one_column(const rl_tables *t, const rl_att *whole, rl_breakdown *b, rl_ctx *cx)
{
    groups g = {.G = 0};
    size_t n;
    RL_TRY(place(t, whole->plan.program, &g, b, cx));
    if (b->refused != NULL) return RL_OK;
    const size_t *at = members(&g, &n, cx);
    b->group = RL_NEW(cx->keep, rl_group_answer, n);
    for (size_t k = 0; k < n; k++) {
        RL_TRY(one_group(t, whole, &g, at[k], &b->group[b->n_groups], cx));
        b->answered += b->group[b->n_groups++].answered;
    }
    if (whole->cluster == NULL) test_same(b, cx); /* clusters above the units may hold several groups */
    return RL_OK;
}

rl_code rl_breakdown_facts(const rl_tables *t, const rl_program *prog, rl_program_facts *f, rl_ctx *cx)
{
    const rl_texts *by = &t->study->by;
    f->by = RL_NEW(cx->keep, rl_breakdown, by->n);
    for (size_t i = 0; i < by->n; i++) {
        rl_breakdown *b = &f->by[f->n_by++];
        groups g = {.G = 0};
        size_t n;
        *b = (rl_breakdown){.column = by->v[i].s};
        RL_TRY(place(t, prog, &g, b, cx));
        if (b->refused != NULL) continue;
        const size_t *at = members(&g, &n, cx);
        b->group = RL_NEW(cx->keep, rl_group_answer, n);
        for (size_t k = 0; k < n; k++) {
            unsigned char *scope = who(&g, at[k], cx);
            b->group[k].label = g.label[at[k]];
            count_members(prog, scope, g.U, &b->group[k]);
            b->n_groups++;
            rl_release(cx->tmp, scope);
        }
    }
    return RL_OK;
}

rl_code rl_breakdown_make(const rl_tables *t, const rl_att *whole, rl_model_answer *m, rl_ctx *cx)
{
    const rl_texts *by = &t->study->by;
    if (!rl_breakdown_asked(t->study, m->spec)) return RL_OK;
    m->by = RL_NEW(cx->keep, rl_breakdown, by->n);
    for (size_t i = 0; i < by->n; i++) {
        rl_breakdown *b = &m->by[m->n_by++];
        *b = (rl_breakdown){.column = by->v[i].s};
        b->same = rl_welch(NULL, NULL, NULL, 0);
        RL_TRY(one_column(t, whole, b, cx));
        m->looks += b->answered;
    }
    size_t columns = 0;
    for (size_t i = 0; i < m->n_by; i++) columns += m->by[i].answered > 1;
    for (size_t i = 0; i < m->n_by; i++) m->by[i].same_adjusted = rl_sidak(m->by[i].same.p_value, columns);
    allow_for_looks(m, t->study->level, cx);
    return RL_OK;
}
