/* Which regressors cannot be told apart? */
#include "model/diag_list.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_work.h"
#include "num/bkw.h"
#include "num/ols.h"

/* Belsley, Kuh & Welsch: an index of 30 is a strong dependency, 10 a weak one; half of a variance is much of it. */
static const double STRONG = 30, WEAK = 10, MUCH = 0.5, INFLATED = 10;
/* A column that the others leave a fifth of can be told apart, whatever it has to do with the constant. */
static const double APART = 5;

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

/* The columns whose variance comes from a component as weak as `least` or weaker: names, and how many. */
static size_t involved(const rl_diag *g, const rl_bkw *b, double least, const double *vif, bool *in)
{
    size_t count = 0;
    for (size_t j = 0; j < b->k; j++) {
        double sum = 0;
        for (size_t i = 0; i < b->k; i++)
            if (b->index[i] >= least) sum += *rl_mat_at(&b->share, i, j);
        in[j] = sum > MUCH && !(g->d->constant && j == 0) && vif[j] >= APART;
        count += in[j];
    }
    return count;
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

/* The near-dependencies one by one, the strongest first. */
static void dependencies(const rl_diag *g, const rl_bkw *b, const double *vif, rl_ctx *cx)
{
    bool *in = RL_NEW(cx->tmp, bool, b->k);
    for (size_t i = b->k, told = 0; i-- > 0 && told < 5;) {
        size_t count = 0;
        if (b->index[i] < STRONG) break;
        for (size_t j = 0; j < b->k; j++) {
            in[j] = *rl_mat_at(&b->share, i, j) > MUCH && !(g->d->constant && j == 0) && vif[j] >= APART;
            count += in[j];
        }
        if (count < 2) continue;
        told++;
        rl_test t = {.name = "near-dependency",
                     .kind = "index",
                     .statistic = b->index[i],
                     .df = NAN,
                     .df2 = NAN,
                     .p_value = NAN,
                     .variable = names(g, in, b->k, cx),
                     .verdict = RL_PROBLEM};
        t.says =
            rl_sprintf(cx->tmp,
                       "%s move together: their separate effects cannot be told apart, their sum may be (--lincom); "
                       "report them as one channel, or find periods or regions where they differ",
                       t.variable);
        rl_diag_add(g, t);
    }
}

static void inflations(const rl_diag *g, const double *v, size_t k, rl_ctx *cx)
{
    double most = 0;
    for (size_t j = 0; j < k; j++) most = fmax(most, v[j]);
    for (size_t j = g->d->constant ? 1 : 0; j < k; j++) {
        if (k > 12 && v[j] < APART && v[j] < most) continue; /* of many, those that say something */
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
    RL_TRY(rl_diag_core(g, RL_DIAG_EFFECTS | RL_DIAG_WEIGHTS, &c, cx));
    if (!own_columns(c, g->f->m)) {
        rl_fail(cx, RL_EUSAGE, "--test %s: the estimates are combinations of what was regressed on", g->spec->text);
        return rl_hint(cx, "write the lags out, as in lag(x,0:4), to see which cannot be told apart");
    }
    RL_TRY(rl_bkw_of(&c->X, c->w, &b, cx->tmp, cx));
    double worst = b.index[b.k - 1], *room = RL_NEW(cx->tmp, double, c->X.n), *vif = RL_NEW(cx->tmp, double, b.k);
    bool *in = RL_NEW(cx->tmp, bool, b.k);
    for (size_t j = g->d->constant ? 1 : 0; j < b.k; j++) vif[j] = inflation(g, c, j, room, cx);
    size_t count = worst >= WEAK ? involved(g, &b, worst >= STRONG ? STRONG : WEAK, vif, in) : 0;
    rl_test t = {.kind = "condition number", .statistic = worst, .df = NAN, .df2 = NAN, .p_value = NAN};
    if (count >= 2) {
        t.says = rl_sprintf(cx->tmp,
                            worst >= STRONG ? "%s cannot be told apart well; what follows says how they hang together"
                                            : "%s overlap somewhat: their separate effects are known less well",
                            names(g, in, b.k, cx));
        t.verdict = worst >= STRONG ? RL_PROBLEM : RL_CAUTION;
    } else if (worst >= STRONG) {
        t.says = "the regressors can be told apart; the number is large because some vary little beside their level";
        t.verdict = RL_FINE;
    } else {
        t.says = "the regressors can be told apart";
        t.verdict = RL_FINE;
    }
    rl_diag_add(g, t);
    dependencies(g, &b, vif, cx);
    inflations(g, vif, b.k, cx);
    return RL_OK;
}
