/* Which regressors cannot be told apart? */
#include "model/diag_list.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_work.h"
#include "num/bkw.h"
#include "num/ols.h"

/* Half of a variance from one weak direction is much of it; a standard error 3.2 times what it could be is inflated.
 * An index of 30 beside the constant is what Belsley, Kuh & Welsch call a strong dependency; without it two columns of
 * correlation .92 have 5. */
static const double STRONG = 30, WEAK = 5, MUCH = 0.5, INFLATED = 10;
enum { TOLD = 5 };

static bool own_columns(const rl_core *c, size_t m)
{
    if (c->L.n != m || c->L.k != m || c->X.k != m) return false;
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++)
            if (*rl_mat_at(&c->L, i, j) != (i == j)) return false;
    return true;
}

/* 1 / (1 - R2) of column j on the others: its variance over what it would be without them. */
static double inflation(const rl_diag *g, const rl_core *c, size_t j, double *room, rl_ctx *cx)
{
    size_t n = c->X.n;
    const double *x = rl_cols_part(&c->X, j, 0, n, room);
    double W = c->w != NULL ? rl_sum(c->w, n, cx) : (double)n, mean = 0;
    if (g->d->constant) mean = (c->w != NULL ? rl_dot(NULL, c->w, x, n, cx) : rl_sum(x, n, cx)) / W;
    return *rl_mat_at(&c->A, j, j) * rl_spread(c->w, x, mean, n, cx);
}

static const char *names(const rl_diag *g, const bool *in, size_t k, rl_ctx *cx)
{
    rl_str s = rl_str_new(cx->tmp);
    size_t n = 0, total = 0;
    for (size_t j = 0; j < k; j++) total += in[j];
    for (size_t j = 0; j < k; j++) {
        if (!in[j]) continue;
        if (n == 8) {
            rl_str_addf(&s, " and %zu more", total - 8);
            break;
        }
        rl_str_addf(&s, "%s'%s'", n == 0 ? "" : n + 1 == total ? " and " : ", ", g->f->label[j].term);
        n++;
    }
    return rl_str_text(&s);
}

/* The regressors less their means: what they have to do with the constant is no one's trouble. */
static rl_cols centred(const rl_diag *g, const rl_core *c, size_t first, rl_ctx *cx)
{
    size_t n = c->X.n, k = c->X.k - first;
    rl_mat Z = rl_mat_new(n, k, cx->tmp);
    double *room = RL_NEW(cx->tmp, double, n), W = c->w != NULL ? rl_sum(c->w, n, cx) : (double)n;
    for (size_t j = 0; j < k; j++) {
        const double *x = rl_cols_part(&c->X, j + first, 0, n, room);
        double mean = 0, *z = rl_mat_col(&Z, j);
        if (g->d->constant) mean = (c->w != NULL ? rl_dot(NULL, c->w, x, n, cx) : rl_sum(x, n, cx)) / W;
        for (size_t i = 0; i < n; i++) z[i] = x[i] - mean;
    }
    return rl_cols_of(&Z, NULL, cx->tmp);
}

/* The near-dependencies one by one, the strongest first; all their columns into `tied`. */
static rl_code dependencies(const rl_diag *g, const rl_core *c, const double *vif, bool *tied, rl_test *told, size_t *n,
                            rl_ctx *cx)
{
    size_t first = g->d->constant ? 1 : 0;
    bool *in = RL_NEW(cx->tmp, bool, c->X.k);
    rl_bkw b;
    *n = 0;
    if (c->X.k < first + 2) return RL_OK;
    rl_cols Z = centred(g, c, first, cx);
    RL_TRY(rl_bkw_of(&Z, c->w, &b, cx->tmp, cx));
    for (size_t i = b.k; i-- > 0 && *n < TOLD && b.index[i] >= WEAK;) {
        size_t count = 0;
        for (size_t j = 0; j < b.k; j++) {
            in[j + first] = *rl_mat_at(&b.share, i, j) > MUCH && vif[j + first] >= INFLATED;
            count += in[j + first];
        }
        if (count < 2) continue;
        for (size_t j = 0; j < c->X.k; j++) tied[j] = tied[j] || in[j];
        rl_test *t = &told[(*n)++];
        *t = (rl_test){.name = "near-dependency",
                       .kind = "index",
                       .statistic = b.index[i],
                       .df = NAN,
                       .df2 = NAN,
                       .p_value = NAN,
                       .variable = names(g, in, c->X.k, cx),
                       .verdict = RL_PROBLEM};
        t->says = rl_sprintf(cx->tmp,
                             "%s move together: their separate effects cannot be told apart, their sum may be "
                             "(--lincom); report them as one channel, or find periods or regions where they differ",
                             t->variable);
    }
    return RL_OK;
}

static void inflations(const rl_diag *g, const double *v, size_t k, rl_ctx *cx)
{
    double most = 0;
    for (size_t j = 0; j < k; j++) most = fmax(most, v[j]);
    for (size_t j = g->d->constant ? 1 : 0; j < k; j++) {
        if (k > 12 && v[j] < 5 && v[j] < most) continue; /* of many, those that say something */
        rl_test t = {.name = "vif",
                     .variable = g->f->label[j].term,
                     .kind = "VIF",
                     .statistic = v[j],
                     .df = NAN,
                     .df2 = NAN,
                     .p_value = NAN,
                     .verdict = v[j] >= INFLATED ? RL_CAUTION : RL_FINE};
        t.says = v[j] >= INFLATED
                     ? rl_sprintf(cx->tmp,
                                  "the other regressors take so much of '%s' that its standard error is %.1f times "
                                  "what it could be",
                                  t.variable, sqrt(v[j]))
                     : rl_sprintf(cx->tmp, "'%s' has movements of its own", t.variable);
        rl_diag_add(g, t);
    }
}

rl_code rl_diag_collinearity(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    rl_bkw b;
    RL_TRY(rl_diag_core(g, RL_DIAG_EFFECTS | RL_DIAG_WEIGHTS | RL_DIAG_PERFECT, &c, cx));
    if (!own_columns(c, g->f->m)) {
        rl_fail(cx, RL_EUSAGE, "--test %s: the estimates are combinations of what was regressed on", g->spec->text);
        return rl_hint(cx, "write the lags out, as in lag(x,0:4), to see which cannot be told apart");
    }
    RL_TRY(rl_bkw_of(&c->X, c->w, &b, cx->tmp, cx));
    double worst = b.index[b.k - 1], *room = RL_NEW(cx->tmp, double, c->X.n), *vif = RL_NEW(cx->tmp, double, b.k);
    bool *tied = RL_NEW(cx->tmp, bool, b.k);
    rl_test told[TOLD];
    size_t n;
    for (size_t j = g->d->constant ? 1 : 0; j < b.k; j++) vif[j] = inflation(g, c, j, room, cx);
    RL_TRY(dependencies(g, c, vif, tied, told, &n, cx));
    rl_test t = {.kind = "condition number", .statistic = worst, .df = NAN, .df2 = NAN, .p_value = NAN};
    if (n > 0) {
        t.says = rl_sprintf(cx->tmp, "%s cannot be told apart well; what follows says how they hang together",
                            names(g, tied, b.k, cx));
        t.verdict = RL_PROBLEM;
    } else if (worst >= STRONG) {
        t.says = "the regressors can be told apart; the number is large because some vary little beside their level";
        t.verdict = RL_FINE;
    } else {
        t.says = "the regressors can be told apart";
        t.verdict = RL_FINE;
    }
    rl_diag_add(g, t);
    for (size_t i = 0; i < n; i++) rl_diag_add(g, told[i]);
    inflations(g, vif, b.k, cx);
    return RL_OK;
}
