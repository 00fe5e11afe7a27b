/* What comes later must not matter, what came before may: placebo leads and Granger's tests. */
#include "model/diag_list.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_work.h"

static rl_code need_time(const rl_diag *g, rl_ctx *cx)
{
    if (g->d->at != NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--test %s needs to know the time of a row", g->spec->text);
    return rl_hint(cx, "add --panel UNIT,TIME, or --time COL for one series");
}

enum { LEADS_MOST = 60 };

/* A column in two forms: as a formula takes it, and as labels show it. */
typedef struct column {
    const char *written, *shown;
} column;

static rl_code column_of(const char *text, column *out, rl_ctx *cx)
{
    rl_formula f;
    out->written = rl_diag_quoted(text, cx->tmp);
    RL_TRY(rl_formula_parse(rl_sprintf(cx->tmp, "%s ~ 1", out->written), &f, cx->tmp, cx));
    out->shown = f.y->text;
    return RL_OK;
}

/* "lag(x,1:L)" as text and as its L terms. */
static const char *shifted(const char *fn, const column *c, int L, const char **term, rl_arena *in)
{
    for (int i = 1; i <= L; i++) term[i - 1] = rl_sprintf(in, "%s(%s,%d)", fn, c->shown, i);
    return rl_sprintf(in, "%s(%s,1:%d)", fn, c->written, L);
}

static rl_code periods_of(const rl_diag *g, int without, int *L, rl_ctx *cx)
{
    *L = without;
    if (g->spec->n_args > 1) RL_TRY(rl_diag_whole(g, 1, 1, L, cx));
    if (*L <= LEADS_MOST) return RL_OK;
    return rl_fail(cx, RL_EUSAGE, "--test %s: at most %d periods", g->spec->text, LEADS_MOST);
}

/* A regression that only the test made impossible. */
static rl_code of_test(rl_code code, const rl_diag *g, rl_ctx *cx)
{
    return code == RL_OK ? RL_OK : rl_context(cx, "--test %s: ", g->spec->text);
}

static rl_code collinear(const rl_diag *g, const char *what, rl_ctx *cx)
{
    return rl_fail(cx, RL_EDATA, "--test %s: %s are combinations of what is in the formula already", g->spec->text,
                   what);
}

static rl_code not_outcome(const rl_diag *g, const column *x, rl_ctx *cx)
{
    if (strcmp(x->shown, g->d->formula->y->text) != 0) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--test %s: '%s' is the outcome itself", g->spec->text, x->shown);
    return rl_hint(cx, "name a regressor or another column whose past or future is in question");
}

/* Leads of COL beside everything else, under the request's covariance. */
rl_code rl_diag_leads(const rl_diag *g, rl_ctx *cx)
{
    const char *term[LEADS_MOST];
    column x;
    rl_test t;
    rl_result r;
    int K;
    RL_TRY(need_time(g, cx));
    RL_TRY(periods_of(g, 1, &K, cx));
    RL_TRY(column_of(g->spec->arg[0], &x, cx));
    RL_TRY(not_outcome(g, &x, cx));
    rl_diag_formula f = rl_diag_parts(g, cx->tmp);
    const char *leads = shifted("lead", &x, K, term, cx->tmp);
    rl_diag_ask ask = {
        .formula = rl_sprintf(cx->tmp, "%s~ %s + %s %s", f.y, f.rhs, leads, f.rest), .term = term, .n_term = (size_t)K};
    RL_TRY(of_test(rl_diag_refit(g, &ask, &t, &r, cx), g, cx));
    if (!isfinite(t.p_value)) return collinear(g, "the leads", cx);
    bool found = t.p_value < 0.05;
    t.variable = x.shown;
    t.n_lags = 1;
    t.lag = K;
    t.says = found
                 ? rl_sprintf(cx->tmp,
                              "'%s' of later periods goes with today's outcome, which it cannot have caused: budgets "
                              "follow sales (see feedback), or a season or trend is missing; until that is settled its "
                              "effect is not to be read as caused",
                              x.shown)
                 : rl_sprintf(cx->tmp, "'%s' of later periods does not matter, as it should be", x.shown);
    t.verdict = found ? RL_PROBLEM : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}

/* y on its own L lags and those of x; the latter tested. */
static rl_code one_way(const rl_diag *g, const column *y, const column *x, int L, rl_test *t, rl_ctx *cx)
{
    const char *own[LEADS_MOST], *term[LEADS_MOST];
    rl_result r;
    const char *past = shifted("lag", y, L, own, cx->tmp), *other = shifted("lag", x, L, term, cx->tmp),
               *rest = rl_diag_parts(g, cx->tmp).rest;
    rl_diag_ask ask = {.formula = rl_sprintf(cx->tmp, "%s ~ %s + %s %s", y->written, past, other, rest),
                       .term = term,
                       .n_term = (size_t)L};
    RL_TRY(of_test(rl_diag_refit(g, &ask, t, &r, cx), g, cx));
    if (!isfinite(t->p_value)) return collinear(g, "the lags", cx);
    t->n_lags = 1;
    t->lag = L;
    return RL_OK;
}

static rl_code prepared(const rl_diag *g, int *L, column *y, column *x, rl_ctx *cx)
{
    RL_TRY(need_time(g, cx));
    RL_TRY(periods_of(g, 1, L, cx));
    RL_TRY(column_of(rl_diag_parts(g, cx->tmp).y, y, cx));
    RL_TRY(column_of(g->spec->arg[0], x, cx));
    RL_TRY(not_outcome(g, x, cx));
    if (g->d->endo.k == 0) return RL_OK;
    return rl_fail(cx, RL_EUSAGE, "--test %s is not valid beside instruments", g->spec->text);
}

/* Granger (1969). */
rl_code rl_diag_granger(const rl_diag *g, rl_ctx *cx)
{
    rl_test t;
    int L;
    column y, x;
    RL_TRY(prepared(g, &L, &y, &x, cx));
    RL_TRY(one_way(g, &y, &x, L, &t, cx));
    bool found = t.p_value < 0.05;
    t.says =
        rl_sprintf(cx->tmp,
                   found ? "the past of '%s' helps to predict the outcome beyond the outcome's own past: a lag form "
                           "is worth fitting (to predict is not yet to cause)"
                         : "the past of '%s' adds nothing to the outcome's own past: a lasting effect would have to "
                           "act within the period, or is too small to see",
                   x.shown);
    t.variable = x.shown;
    t.verdict = found ? RL_FINE : RL_CAUTION;
    rl_diag_add(g, t);
    return RL_OK;
}

rl_code rl_diag_feedback(const rl_diag *g, rl_ctx *cx)
{
    rl_test t;
    int L;
    column y, x;
    RL_TRY(prepared(g, &L, &y, &x, cx));
    RL_TRY(one_way(g, &x, &y, L, &t, cx));
    bool found = t.p_value < 0.05;
    t.says =
        rl_sprintf(cx->tmp,
                   found ? "'%s' follows past outcomes: budgets react to sales, so part of its effect may run the "
                           "other way; keep lags of the outcome in the formula, and look for spend that was decided "
                           "for other reasons"
                         : "no sign that '%s' was set after past outcomes",
                   x.shown);
    t.variable = x.shown;
    t.verdict = found ? RL_CAUTION : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}
