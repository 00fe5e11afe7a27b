#include "model/impute.h"

#include <math.h>
#include <string.h>

#include "num/ols.h"

enum { MOST_LEVELS = 2000 };

struct rl_imputer {
    const rl_design *d;
    const int32_t *of;
    size_t n_cell, A, B; /* levels of the larger effect a, of the smaller b               */
    const int32_t *a, *b;
    double *Da, *Db; /* A, B     weight of the rows without a cell                    */
    double *S;       /* B-1 by B-1  Cholesky factor of Db - K'Da^-1 K, last level 0    */
};

static double weight(const rl_design *d, size_t i) { return d->w != NULL ? d->w[i] : 1.0; }

/* S -= k k' / Da for each level of a: its rows one after the other. */
static void eliminate(rl_imputer *p, rl_ctx *cx)
{
    size_t n = p->d->n, B = p->B, *start = RL_NEW(cx->tmp, size_t, p->A + 1), m;
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, n);
    double *k = RL_NEW(cx->tmp, double, B);
    int32_t *hit = RL_NEW(cx->tmp, int32_t, B);
    for (size_t i = 0; i < n; i++) start[p->a[i] + 1]++;
    for (size_t u = 0; u < p->A; u++) start[u + 1] += start[u];
    size_t *at = RL_NEW(cx->tmp, size_t, p->A);
    memcpy(at, start, p->A * sizeof *at);
    for (size_t i = 0; i < n; i++) row[at[p->a[i]]++] = (uint32_t)i;
    for (size_t u = 0; u < p->A; u++) {
        m = 0;
        for (size_t r = start[u]; r < start[u + 1]; r++) {
            size_t i = row[r];
            if (p->of[i] >= 0) continue;
            if (k[p->b[i]] == 0) hit[m++] = p->b[i];
            k[p->b[i]] += weight(p->d, i);
        }
        for (size_t x = 0; x < m; x++)
            for (size_t z = 0; z < m; z++)
                p->S[(size_t)hit[x] + (size_t)hit[z] * B] -= k[hit[x]] * k[hit[z]] / p->Da[u];
        for (size_t x = 0; x < m; x++) k[hit[x]] = 0;
    }
}

/* Cholesky of S without its last level; false when a pivot vanishes: the rows fall apart. */
static bool factor(rl_imputer *p)
{
    size_t B = p->B;
    for (size_t j = 0; j + 1 < B; j++) {
        double *c = p->S + j * B, pivot = c[j];
        for (size_t q = 0; q < j; q++) pivot -= p->S[j + q * B] * p->S[j + q * B];
        if (!(pivot > 1e-10 * p->Db[j])) return false;
        c[j] = sqrt(pivot);
        for (size_t i = j + 1; i + 1 < B; i++) {
            double sum = c[i];
            for (size_t q = 0; q < j; q++) sum -= p->S[i + q * B] * p->S[j + q * B];
            c[i] = sum / c[j];
        }
    }
    return true;
}

rl_imputer *rl_imputer_make(const rl_design *d, const int32_t *of, size_t n_cell, rl_ctx *cx)
{
    if (d->fe.n_fe != 2 || d->X.k != 0 || d->vcov.kind != RL_CLUSTER) return NULL;
    size_t big = d->fe.levels[0] < d->fe.levels[1], small = 1 - big;
    rl_imputer *p = RL_NEW(cx->tmp, rl_imputer, 1);
    *p = (rl_imputer){d,    of,   n_cell, d->fe.levels[big], d->fe.levels[small], d->fe.code[big], d->fe.code[small],
                      NULL, NULL, NULL};
    if (p->B > MOST_LEVELS) return NULL;
    p->Da = RL_NEW(cx->tmp, double, p->A);
    p->Db = RL_NEW(cx->tmp, double, p->B);
    p->S = RL_NEW(cx->tmp, double, p->B * p->B);
    for (size_t i = 0; i < d->n; i++) {
        if (of[i] >= 0) continue;
        p->Da[p->a[i]] += weight(d, i);
        p->Db[p->b[i]] += weight(d, i);
    }
    for (size_t u = 0; u < p->A; u++)
        if (p->Da[u] == 0) return NULL;
    for (size_t t = 0; t < p->B; t++) {
        if (p->Db[t] == 0) return NULL;
        p->S[t + t * p->B] = p->Db[t];
    }
    eliminate(p, cx);
    return factor(p) ? p : NULL;
}

/* One solve: (Z0'WZ0) (ga, gb) = (ca, cb).  ca and cb are overwritten by the solution. */
static void solve_once(const rl_imputer *p, double *ca, double *cb)
{
    size_t B = p->B;
    for (size_t i = 0; i < p->d->n; i++)
        if (p->of[i] < 0) cb[p->b[i]] -= weight(p->d, i) * ca[p->a[i]] / p->Da[p->a[i]];
    for (size_t j = 0; j + 1 < B; j++) {
        for (size_t q = 0; q < j; q++) cb[j] -= p->S[j + q * B] * cb[q];
        cb[j] /= p->S[j + j * B];
    }
    for (size_t j = B - 1; j-- > 0;) {
        for (size_t i = j + 1; i + 1 < B; i++) cb[j] -= p->S[i + j * B] * cb[i];
        cb[j] /= p->S[j + j * B];
    }
    cb[B - 1] = 0;
    for (size_t i = 0; i < p->d->n; i++)
        if (p->of[i] < 0) ca[p->a[i]] -= weight(p->d, i) * cb[p->b[i]];
    for (size_t u = 0; u < p->A; u++) ca[u] /= p->Da[u];
}

/* v (n) := v less the effects fitted to v on the rows without a cell, twice: what the first leaves is rounding. */
static void residuals(const rl_imputer *p, double *v, double *ca, double *cb)
{
    for (int pass = 0; pass < 2; pass++) {
        memset(ca, 0, p->A * sizeof *ca);
        memset(cb, 0, p->B * sizeof *cb);
        for (size_t i = 0; i < p->d->n; i++) {
            if (p->of[i] >= 0) continue;
            ca[p->a[i]] += weight(p->d, i) * v[i];
            cb[p->b[i]] += weight(p->d, i) * v[i];
        }
        solve_once(p, ca, cb);
        for (size_t i = 0; i < p->d->n; i++) v[i] -= ca[p->a[i]] + cb[p->b[i]];
    }
}

/* Row weights of sum_c l_c b_c, over w: l_c / W_c in the cells, -(ha + hb) elsewhere, so that every effect cancels. */
static void row_weights(const rl_imputer *p, const double *lc, double *x, double *ca, double *cb)
{
    const rl_design *d = p->d;
    for (size_t i = 0; i < d->n; i++) x[i] = p->of[i] >= 0 ? lc[p->of[i]] : 0.0;
    for (int pass = 0; pass < 2; pass++) {
        memset(ca, 0, p->A * sizeof *ca);
        memset(cb, 0, p->B * sizeof *cb);
        for (size_t i = 0; i < d->n; i++) {
            ca[p->a[i]] += weight(d, i) * x[i];
            cb[p->b[i]] += weight(d, i) * x[i];
        }
        solve_once(p, ca, cb);
        for (size_t i = 0; i < d->n; i++)
            if (p->of[i] < 0) x[i] -= ca[p->a[i]] + cb[p->b[i]];
    }
}

static void figures(const rl_imputer *p, const double *e, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = p->d;
    double W = d->w != NULL ? rl_sum(d->w, d->n, cx) : (double)d->n;
    double *v = RL_NEW(cx->tmp, double, d->n);
    double mean = (d->w != NULL ? rl_dot(NULL, d->w, d->y, d->n, cx) : rl_sum(d->y, d->n, cx)) / W;
    for (size_t i = 0; i < d->n; i++) v[i] = d->y[i] - mean;
    f->tss = rl_dot(d->w, d->y, d->y, d->n, cx);
    f->tss_centred = rl_dot(d->w, v, v, d->n, cx);
    f->rss = rl_dot(d->w, e, e, d->n, cx);
    f->rmse = sqrt(f->rss / (double)d->n);
    f->dof = (rl_dof){.n = d->n,
                      .k = p->n_cell,
                      .n_fe = 2,
                      .levels = d->fe.levels,
                      .code = d->fe.code,
                      .redundant_exact = 1,
                      .constant = true};
}

void rl_impute(const rl_imputer *p, rl_mat L, const rl_label *label, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = p->d;
    double *ca = RL_NEW(cx->tmp, double, p->A), *cb = RL_NEW(cx->tmp, double, p->B), *e = RL_NEW(cx->tmp, double, d->n);
    double *W = RL_NEW(cx->tmp, double, p->n_cell), *mean = RL_NEW(cx->tmp, double, p->n_cell),
           *lc = RL_NEW(cx->tmp, double, p->n_cell);
    memcpy(e, d->y, d->n * sizeof *e);
    residuals(p, e, ca, cb);
    for (size_t i = 0; i < d->n; i++) {
        if (p->of[i] < 0) continue;
        W[p->of[i]] += weight(d, i);
        mean[p->of[i]] += weight(d, i) * e[i];
    }
    for (size_t c = 0; c < p->n_cell; c++) mean[c] = W[c] > 0 ? mean[c] / W[c] : 0.0;
    for (size_t i = 0; i < d->n; i++)
        if (p->of[i] >= 0) e[i] -= mean[p->of[i]];
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    size_t m = L.n;
    unsigned char *anchor = RL_NEW(cx->tmp, unsigned char, d->n);
    for (size_t i = 0; i < d->n; i++) anchor[i] = p->of[i] < 0;
    rl_mat X = rl_mat_new(d->n, m, cx->tmp);
    *core = (rl_core){.X = rl_cols_of(&X, NULL, cx->tmp), .w = d->w, .e = e, .anchor = anchor};
    core->A = rl_mat_new(m, m, cx->tmp);
    core->L = rl_mat_new(m, m, cx->tmp);
    f->m = m;
    f->b = RL_NEW(cx->tmp, double, m);
    f->label = RL_NEW(cx->tmp, rl_label, m);
    memcpy(f->label, label, m * sizeof *label);
    for (size_t j = 0; j < m; j++) {
        long double sum = 0;
        *rl_mat_at(&core->A, j, j) = *rl_mat_at(&core->L, j, j) = 1;
        for (size_t c = 0; c < p->n_cell; c++) {
            lc[c] = W[c] > 0 ? *rl_mat_at(&L, j, c) / W[c] : 0.0;
            sum += (long double)*rl_mat_at(&L, j, c) * mean[c];
        }
        f->b[j] = (double)sum;
        row_weights(p, lc, rl_mat_col(&X, j), ca, cb);
    }
    figures(p, e, f, cx);
    core->rss = f->rss;
    f->core = core;
    f->psi = rl_psi_core(core, d->n, m, d->at != NULL, cx);
}
