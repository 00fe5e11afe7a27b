/* A logit or Poisson fit under one linear restriction of its coefficients.
 *
 *   c'beta = r:  beta_p = (r - sum_j c_j beta_j) / c_p
 *   eta = (offset + r x_p / c_p) + sum_(j not p) (x_j - (c_j / c_p) x_p) beta_j + effects
 *
 * which is a fit with one regressor less and another offset.
 */
#include <math.h>
#include <string.h>

#include "model/glm_fit.h"
#include "num/ols.h"

enum { SMALL = 200000 };

typedef struct restricted {
    rl_glm p;
    size_t k;
    const double **x; /* k of n  the regressors kept, as they were given   */
    double *eta;      /* n       of the last such fit: the next is not far */
} restricted;

/* Gives W and e at the restricted maximum. */
static rl_code maximise(const restricted *m, const double *c, double r, rl_glm_fit *g, bool *exists, rl_ctx *cx)
{
    size_t n = m->p.n, pivot = 0, at = 0;
    rl_glm p = m->p;
    for (size_t j = 1; j < m->k; j++)
        if (fabs(c[j]) > fabs(c[pivot])) pivot = j;
    const double *xp = m->x[pivot];
    rl_mat X = rl_mat_new(n, m->k - 1, cx->tmp);
    double *offset = RL_NEW(cx->tmp, double, n);
    for (size_t i = 0; i < n; i++) offset[i] = (p.offset != NULL ? p.offset[i] : 0) + r / c[pivot] * xp[i];
    p.offset = offset;
    p.start = m->eta;
    for (size_t j = 0; j < m->k; j++) {
        if (j == pivot) continue;
        double *x = rl_mat_col(&X, at++), by = c[j] / c[pivot];
        memcpy(x, m->x[j], n * sizeof *x);
        for (size_t i = 0; i < n && by != 0; i++) x[i] -= by * xp[i];
    }
    RL_TRY(rl_glm_run(&p, &X, g, cx->tmp, cx));
    *exists = !g->lost && g->rank == X.k;
    if (*exists) memcpy(m->eta, g->eta, n * sizeof *m->eta);
    return RL_OK;
}

/* Scores of all k regressors there, added up, and their information. */
static rl_code scores(const restricted *m, const rl_glm_fit *g, const int32_t *cell, rl_mat *S, rl_mat *A, bool *exists,
                      rl_ctx *cx)
{
    size_t n = m->p.n;
    rl_mat V = rl_mat_new(n, m->k, cx->tmp);
    rl_ols_fit o;
    rl_absorbed info;
    for (size_t j = 0; j < m->k; j++) memcpy(rl_mat_col(&V, j), m->x[j], n * sizeof(double));
    if (m->p.fe != NULL && m->p.fe->n_fe > 0) RL_TRY(rl_absorb(m->p.fe, g->W, &V, NULL, &info, cx));
    RL_TRY(rl_ols(&V, g->e, g->W, NULL, &o, cx->tmp, cx));
    *exists = o.rank == m->k;
    for (size_t j = 0; j < m->k; j++) {
        const double *v = rl_mat_col(&V, j);
        double *s = rl_mat_col(S, j);
        memcpy(rl_mat_col(A, j), rl_mat_col(&o.A, j), m->k * sizeof *s);
        memset(s, 0, S->n * sizeof *s);
        for (size_t i = 0; i < n; i++) s[cell[i]] += v[i] * g->W[i] * g->e[i];
    }
    return RL_OK;
}

static rl_code impose(const rl_null *null, const double *c, double r, const int32_t *cell, rl_mat *S, rl_mat *A,
                      bool *exists, rl_ctx *cx)
{
    const restricted *m = null->self;
    rl_glm_fit g;
    rl_arena *outer = cx->tmp; /* what one fit needs is given back before the next */
    int threads = cx->threads; /* a small one is done before others would have started */
    cx->tmp = rl_arena_like(outer);
    if (m->p.n * m->k < SMALL) cx->threads = 1;
    rl_code code = maximise(m, c, r, &g, exists, cx);
    if (code == RL_OK && *exists) code = scores(m, &g, cell, S, A, exists, cx);
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    cx->threads = threads;
    return code;
}

const rl_null *rl_glm_null(const rl_design *d, rl_family family, const rl_mat *X, const rl_glm_fit *g, rl_ctx *cx)
{
    restricted *m = RL_NEW(cx->tmp, restricted, 1);
    rl_null *null = RL_NEW(cx->tmp, rl_null, 1);
    *m =
        (restricted){.k = g->rank, .x = RL_NEW(cx->tmp, const double *, g->rank), .eta = RL_NEW(cx->tmp, double, d->n)};
    memcpy(m->eta, g->eta, d->n * sizeof *m->eta);
    m->p = (rl_glm){.family = family, .n = d->n, .y = d->y, .w = d->w, .offset = d->offset, .fe = &d->fe};
    for (size_t j = 0, at = 0; j < g->k; j++)
        if (!g->dropped[j]) m->x[at++] = rl_mat_col(X, j);
    *null = (rl_null){.k = g->rank, .impose = impose, .self = m};
    return null;
}
