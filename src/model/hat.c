#include "model/hat.h"

#include <math.h>
#include <string.h>

#include "num/cr.h"
#include "num/ols.h"

enum { MOST_DUMMIES = 3000 };

/* --- the design ----------------------------------------------------------------- */

/* Dummies of all effects but F, their first levels left out. */
static rl_mat dummies(const rl_design *d, size_t F, size_t n_columns, rl_ctx *cx)
{
    rl_mat D = rl_mat_new(d->n, n_columns, cx->tmp);
    size_t at = 0;
    for (size_t f = 0; f < d->fe.n_fe; f++) {
        if (f == F) continue;
        for (size_t i = 0; i < d->n; i++)
            if (d->fe.code[f][i] > 0) *rl_mat_at(&D, i, at + (size_t)d->fe.code[f][i] - 1) = 1;
        at += d->fe.levels[f] - 1;
    }
    return D;
}

/* Keep the columns that do not depend on others, and their part of the root. */
static void pack(const rl_ols_fit *o, rl_mat *X, rl_mat *R, rl_ctx *cx)
{
    size_t k = 0, *from = RL_NEW(cx->tmp, size_t, o->k);
    for (size_t j = 0; j < o->k; j++) {
        if (o->dropped[j]) continue;
        if (j != k) memcpy(rl_mat_col(X, k), rl_mat_col(X, j), X->n * sizeof(double));
        from[k++] = j;
    }
    X->k = k;
    *R = rl_mat_new(k, k, cx->tmp);
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i <= j; i++) *rl_mat_at(R, i, j) = *rl_mat_at(&o->R, from[i], from[j]);
}

static rl_code other_effects(const rl_design *d, size_t F, const char *what, rl_hat *h, rl_ctx *cx)
{
    size_t others = 0;
    for (size_t f = 0; f < d->fe.n_fe; f++) others += f == F ? 0 : d->fe.levels[f] - 1;
    if (others == 0) return RL_OK;
    if (others > MOST_DUMMIES || (double)others * (double)d->n > 5e8) {
        rl_fail(cx, RL_EDATA, "%s needs the %zu effects beside those of '%s' as columns of %zu rows, which is too many",
                what, others, d->fe_name[F], d->n);
        return rl_hint(cx, "use cluster");
    }
    rl_fe one = {1, &d->fe.levels[F], &d->fe.code[F]};
    rl_absorbed info;
    rl_ols_fit o;
    h->D = dummies(d, F, others, cx);
    double *norm0 = RL_NEW(cx->tmp, double, others);
    for (size_t j = 0; j < others; j++) norm0[j] = rl_dot(d->w, rl_mat_col(&h->D, j), rl_mat_col(&h->D, j), d->n, cx);
    RL_TRY(rl_absorb(&one, d->w, &h->D, NULL, &info, cx));
    RL_TRY(rl_ols(&h->D, d->y, d->w, norm0, &o, cx->tmp, cx));
    pack(&o, &h->D, &h->RD, cx);
    return RL_OK;
}

rl_code rl_hat_make(const rl_design *d, const rl_core *core, const char *what, bool root, rl_hat *h, rl_ctx *cx)
{
    rl_ols_fit o;
    size_t F = 0;
    *h = (rl_hat){.X = core->X};
    if (rl_cols_has_views(&h->X)) { /* clusters look at rows one by one */
        rl_mat X = rl_cols_written(&core->X, cx);
        h->X = rl_cols_of(&X, NULL, cx->tmp);
    }
    if (root) {
        RL_TRY(rl_ols_cols(&h->X, core->e, NULL, core->w, NULL, NULL, &o, cx->tmp, cx));
        h->RX = o.R;
    }
    if (d->fe.n_fe == 0) return RL_OK;
    for (size_t f = 1; f < d->fe.n_fe; f++)
        if (d->fe.levels[f] > d->fe.levels[F]) F = f;
    h->F = d->fe.code[F];
    h->levels = d->fe.levels[F];
    h->nested = d->vcov.ways > 0 && rl_nested(h->F, h->levels, d->cluster[0].code, d->n, cx);
    return other_effects(d, F, what, h, cx);
}

/* --- bias-reduced covariance -------------------------------------------------------- */

static rl_code not_without(const rl_design *d, const unsigned char *lost, bool jackknife, rl_ctx *cx)
{
    const rl_groups *g = &d->cluster[0];
    size_t n = 0, first = 0;
    for (size_t i = g->G; i-- > 0;)
        if (lost[i]) {
            n++;
            first = i;
        }
    if (n == 0) return RL_OK;
    if (!jackknife) {
        rl_remark(cx, "covariance",
                  "without cluster '%s'%s some coefficient could not be estimated; CR2 counts nothing for it there",
                  g->label[first], n > 1 ? ", or one of some others," : "");
        return RL_OK;
    }
    rl_fail(cx, RL_EDATA, "CR3 does not exist: without cluster '%s'%s some coefficient cannot be estimated",
            g->label[first], n > 1 ? ", or one of some others," : "");
    return rl_hint(cx, "use CR2 or cluster, or leave out the regressor that only this cluster tells apart");
}

static rl_code problem(const rl_design *d, const rl_core *core, const rl_mat *L, bool jackknife, rl_cr *p, rl_ctx *cx)
{
    rl_hat h;
    size_t m = L->n, k = L->k;
    RL_TRY(rl_hat_make(d, core, jackknife ? "CR3" : "CR2", true, &h, cx));
    *p = (rl_cr){.n = d->n,
                 .G = d->cluster[0].G,
                 .code = d->cluster[0].code,
                 .X = h.X,
                 .RX = h.RX,
                 .D = h.D,
                 .RD = h.RD,
                 .F = h.F,
                 .levels = h.levels,
                 .w = core->w,
                 .e = core->e,
                 .LA = rl_mat_new(m, k, cx->tmp),
                 .jackknife = jackknife};
    if (h.nested && (jackknife || core->w == NULL)) {
        p->F = NULL;
        p->levels = 0;
    }
    for (size_t j = 0; j < m; j++)
        for (size_t q = 0; q < k; q++) {
            long double sum = 0;
            for (size_t r = 0; r < k; r++) sum += (long double)*rl_mat_at(L, j, r) * *rl_mat_at(&core->A, r, q);
            *rl_mat_at(&p->LA, j, q) = (double)sum;
        }
    return RL_OK;
}

rl_code rl_reduced_covariance(const rl_design *d, const rl_core *core, const rl_mat *L, bool jackknife, rl_mat *S,
                              rl_mat *V, double *df, rl_ctx *cx)
{
    rl_cr p;
    size_t m = L->n, G = d->cluster[0].G;
    RL_TRY(problem(d, core, L, jackknife, &p, cx));
    rl_mat lo = rl_mat_new(m, m, cx->tmp);
    *S = rl_mat_new(G, m, cx->tmp);
    unsigned char *lost = RL_NEW(cx->tmp, unsigned char, G);
    RL_TRY(rl_cr_scores(&p, S, df, lost, cx));
    RL_TRY(not_without(d, lost, jackknife, cx));
    return rl_gram(S, NULL, V, &lo, cx);
}

rl_code rl_reduced_joint(const rl_design *d, const rl_core *core, const rl_mat *L, bool jackknife, double *df,
                         rl_ctx *cx)
{
    rl_cr p;
    RL_TRY(problem(d, core, L, jackknife, &p, cx));
    return rl_cr_joint(&p, df, cx);
}
