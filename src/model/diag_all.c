/* All tests that fit the design. */
#include "model/diag_list.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_work.h"

typedef struct run {
    const rl_diag *g;
    rl_str left;     /* names of those that could not be run */
    const char *why; /* of the first                         */
} run;

/* A test that cannot be run here is left out, and named in the end. */
static void attempt(run *r, const char *text, rl_ctx *cx)
{
    size_t notes = cx->n_notes, tests = r->g->out->n_tests;
    if (rl_diag_one(r->g, text, cx) == RL_OK) return;
    if (r->why == NULL) r->why = rl_strdup(cx->tmp, cx->err.what);
    rl_str_addf(&r->left, "%s'%s'", r->left.n > 0 ? ", " : "", text);
    rl_forgive(cx);
    cx->n_notes = notes;
    r->g->out->n_tests = tests;
}

enum { COLUMNS_MOST = 12 };
static const char WORD[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.";

/* What spend or whatever else is behind a regressor: lags and leads taken off, factors and the outcome left aside. */
static void take_columns(const rl_formula *f, const rl_expr *e, const char **text, size_t *n, rl_arena *in)
{
    if (e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD)) {
        take_columns(f, e->a, text, n, in);
        return;
    }
    if (e->op == RL_OP_FN && e->fn >= RL_FN_FACTOR && e->fn != RL_FN_DIFF) return;
    const char *own = e->op == RL_OP_COL ? rl_sprintf(in, "`%s`", e->col) : e->text;
    if (e->op == RL_OP_COL && strspn(e->col, WORD) == strlen(e->col)) own = e->col;
    if (strcmp(e->text, f->y->text) == 0) return;
    for (size_t i = 0; i < *n && i < COLUMNS_MOST; i++)
        if (strcmp(text[i], own) == 0) return;
    if (*n < COLUMNS_MOST) text[*n] = own;
    ++*n;
}

static bool is_number(const rl_diag *g, const rl_expr *e)
{
    const rl_col *c = e->op == RL_OP_COL ? rl_table_col(g->d->t, e->col) : NULL;
    return e->op != RL_OP_COL || (c != NULL && c->type == RL_NUM);
}

static size_t columns_of(const rl_diag *g, const char **text, rl_ctx *cx)
{
    const rl_formula *f = g->d->formula;
    size_t n = 0;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++)
            if (is_number(g, f->term[j].var[i])) take_columns(f, f->term[j].var[i], text, &n, cx->tmp);
    return n;
}

static void of_residuals(run *r, int lags, rl_ctx *cx)
{
    const rl_design *d = r->g->d;
    bool plain = d->fe.n_fe == 0, exogenous = d->endo.k == 0;
    if (plain && !exogenous && d->at != NULL) attempt(r, rl_sprintf(cx->tmp, "ljung-box:%d", lags), cx);
    if (exogenous && d->at != NULL) attempt(r, rl_sprintf(cx->tmp, "breusch-godfrey:%d", lags), cx);
    if (plain && exogenous && d->at != NULL && !rl_diag_dynamic(r->g)) attempt(r, "durbin-watson", cx);
    if (plain && d->at != NULL) attempt(r, "arch:1", cx);
    if (plain && exogenous) attempt(r, "breusch-pagan", cx);
    attempt(r, "jarque-bera", cx);
    if (exogenous) attempt(r, "reset:2:3", cx);
}

static void of_series(run *r, const char *const *column, size_t n, rl_ctx *cx)
{
    const char *y = rl_diag_parts(r->g, cx->tmp).y;
    size_t end = strlen(y);
    while (end > 0 && y[end - 1] == ' ') end--;
    y = rl_strndup(cx->tmp, y, end);
    for (size_t i = 0; i <= n; i++) {
        const char *x = i == 0 ? y : column[i - 1];
        attempt(r, rl_sprintf(cx->tmp, "adf:%s:bic:drift", x), cx);
        attempt(r, rl_sprintf(cx->tmp, "kpss:%s:nw:level", x), cx);
    }
    if (r->g->d->endo.k > 0) return;
    if (!rl_diag_dynamic(r->g)) attempt(r, "engle-granger:bic", cx);
    attempt(r, "cusum", cx);
    attempt(r, "cusumsq", cx);
    attempt(r, "quandt", cx);
}

static void summary(const run *r, size_t from, rl_ctx *cx)
{
    const rl_result *out = r->g->out;
    size_t doubts = 0, all = out->n_tests - from, with_p = 0;
    for (size_t i = from; i < out->n_tests; i++) {
        doubts += out->test[i].verdict == RL_PROBLEM || out->test[i].verdict == RL_CAUTION;
        with_p += isfinite(out->test[i].p_value) ? 1 : 0;
    }
    rl_remark(cx, "diagnostics",
              "%zu of %zu diagnostics raise a doubt; of %zu with a p value about %.1f would by chance alone", doubts,
              all, with_p, (double)with_p / 20);
    if (r->left.n > 0) rl_remark(cx, "diagnostics", "could not be run here: %s (%s)", r->left.s, r->why);
}

rl_code rl_diag_all(const rl_diag *g, rl_ctx *cx)
{
    const rl_design *d = g->d;
    run r = {.g = g, .left = rl_str_new(cx->tmp)};
    const char *column[COLUMNS_MOST];
    size_t n = columns_of(g, column, cx), from = g->out->n_tests;
    int lags = rl_diag_season(g);
    if (n > COLUMNS_MOST) {
        rl_remark(cx, "diagnostics",
                  "leads, feedback and unit roots: the first %d of %zu regressors; ask for others by name",
                  COLUMNS_MOST, n);
        n = COLUMNS_MOST;
    }
    bool regression = g->f->core != NULL && g->f->family == RL_LINEAR;
    if (regression) of_residuals(&r, lags, cx);
    size_t regressors = g->f->m - (d->constant ? 1 : 0);
    if (regression && d->endo.k == 0 && regressors > 1) attempt(&r, "collinearity", cx);
    if (g->f->psi != NULL) attempt(&r, "influence", cx);
    for (size_t i = 0; i < n && d->at != NULL && d->endo.k == 0; i++) {
        attempt(&r, rl_sprintf(cx->tmp, "leads:%s:%d", column[i], lags < 2 ? lags : 2), cx);
        if (regression) attempt(&r, rl_sprintf(cx->tmp, "feedback:%s:%d", column[i], lags < 2 ? lags : 2), cx);
    }
    if (regression && d->at != NULL && d->unit.G <= 1 && d->fe.n_fe == 0) of_series(&r, column, n, cx);
    if (g->out->n_tests == from) {
        rl_fail(cx, RL_EUSAGE, "--test all: no diagnostic fits estimator '%s'", g->out->estimator->name);
        return rl_hint(cx, "regressions have them: ols, iv, and what is built on them");
    }
    summary(&r, from, cx);
    return RL_OK;
}
