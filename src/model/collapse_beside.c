/* Covariates beside a small design (model/collapse.h). */
#include <math.h>
#include <string.h>

#include "model/collapse.h"
#include "num/fecells.h"
#include "num/ols.h"

typedef struct beside {
    const rl_collapse *c;
    const rl_core *small;
    size_t n, q;  /* rows, covariates                                      */
    rl_mat mean;  /* R-by-q  of the covariates                             */
    rl_mat swept; /* R-by-q  .. less their effects                         */
    rl_mat left;  /* R-by-q  .. and less X G                               */
    rl_mat G;     /* k-by-q  coefficients of the small design's regressors */
    rl_mat X;     /* n-by-q  what is left of the covariates                */
    double *norm; /* q       their squares as they were                    */
} beside;

/* g += A X'W v, v -= X g: the coefficients of v, which has no effects any more, or what rounding left of them. */
static void project(const beside *p, double *v, double *g, rl_ctx *cx)
{
    const rl_core *s = p->small;
    size_t R = s->X.n, k = s->X.k;
    double *room = RL_NEW(cx->tmp, double, R), *step = RL_NEW(cx->tmp, double, k);
    long double *xv = RL_NEW(cx->tmp, long double, k);
    for (size_t j = 0; j < k; j++) {
        const double *x = rl_cols_part(&s->X, j, 0, R, room);
        for (size_t r = 0; r < R; r++) xv[j] += (long double)(x[r] * s->w[r]) * v[r];
    }
    for (size_t j = 0; j < k; j++) {
        long double sum = 0;
        for (size_t i = 0; i < k; i++) sum += (long double)*rl_mat_at(&s->A, j, i) * xv[i];
        step[j] = -(double)sum;
        g[j] += (double)sum;
    }
    rl_cols_times(&s->X, step, 0, R, v);
    rl_release(cx->tmp, room);
}

static rl_code regress(beside *p, rl_ctx *cx)
{
    const rl_design *d = p->c->all, *s = &p->c->small;
    rl_absorbed info;
    p->mean = rl_mat_new(s->n, p->q, cx->tmp);
    p->swept = rl_mat_new(s->n, p->q, cx->tmp);
    p->left = rl_mat_new(s->n, p->q, cx->tmp);
    p->G = rl_mat_new(p->small->X.k, p->q, cx->tmp);
    p->X = rl_mat_new(d->n, p->q, cx->tmp);
    p->norm = RL_NEW(cx->tmp, double, p->q);
    for (size_t j = 0; j < p->q; j++) {
        const double *x = rl_mat_col(&d->X, j);
        p->norm[j] = rl_dot(d->w, x, x, d->n, cx);
        rl_collapse_means(p->c, x, rl_mat_col(&p->mean, j), cx);
    }
    memcpy(p->swept.a, p->mean.a, s->n * p->q * sizeof(double));
    RL_TRY(rl_absorb(&s->fe, s->w, &p->swept, NULL, &info, cx));
    memcpy(p->left.a, p->swept.a, s->n * p->q * sizeof(double));
    for (size_t j = 0; j < p->q; j++) {
        double *v = rl_mat_col(&p->left, j), *g = rl_mat_col(&p->G, j);
        if (p->small->cells != NULL) {
            RL_TRY(rl_fecells_solve(p->small->cells, rl_mat_col(&p->mean, j), g, v, NULL, cx));
        } else {
            project(p, v, g, cx);
            project(p, v, g, cx);
        }
        rl_collapse_residuals(p->c, rl_mat_col(&d->X, j), rl_mat_col(&p->mean, j), NULL, v, rl_mat_col(&p->X, j), cx);
    }
    return RL_OK;
}

/* Which covariates would go if the small design's regressors were not there?  When others go beside them, it is an
 * effect that depends on the covariates, which come first: the one with most of it is named. */
static rl_code judge(const beside *p, const bool *dropped, const rl_label *label, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = p->c->all;
    rl_mat X = rl_mat_new(d->n, p->q, cx->tmp);
    rl_ols_fit o;
    for (size_t j = 0; j < p->q; j++)
        rl_collapse_residuals(p->c, rl_mat_col(&d->X, j), rl_mat_col(&p->mean, j), NULL, rl_mat_col(&p->swept, j),
                              rl_mat_col(&X, j), cx);
    RL_TRY(rl_ols(&X, p->X.a, d->w, p->norm, &o, cx->tmp, cx));
    rl_release(cx->tmp, X.a);
    for (size_t j = 0; j < p->q; j++) {
        if (!dropped[j] || o.dropped[j]) continue;
        size_t most = 0;
        double size = 0;
        for (size_t i = 0; i < f->m; i++) {
            double g = 0;
            for (size_t r = 0; r < p->G.n; r++) g += fabs(*rl_mat_at(&p->small->L, i, r) * *rl_mat_at(&p->G, r, j));
            if (g <= size) continue;
            size = g;
            most = i;
        }
        rl_fail(cx, RL_EDATA, "%s is not identified: '%s' is made of such effects and those of '%s' and '%s'",
                rl_label_text(&f->label[most], cx->tmp), d->x_name[j], d->fe_name[0],
                d->fe.n_fe > 1 ? d->fe_name[1] : d->fe_name[0]);
        return rl_hint(cx, "leave the covariate out: it says when units are treated");
    }
    return rl_fit_dropped(d, dropped, p->q, label, SIZE_MAX, f, cx);
}

/* The estimates and the core with the covariates that stayed, `at` of them: where they stand in o. */
static void extend(const beside *p, const rl_ols_fit *o, const size_t *at, size_t stay, const rl_label *label,
                   rl_core *core, rl_fit *f, rl_ctx *cx)
{
    size_t k = core->X.k, m = f->m, K = k + stay;
    rl_mat L = rl_mat_new(m + stay, K, cx->tmp), A = rl_mat_new(K, K, cx->tmp), R = rl_mat_new(K, K, cx->tmp),
           of_R = rl_mat_new(m + stay, K, cx->tmp);
    const double **x = RL_NEW(cx->tmp, const double *, stay);
    double *b = RL_NEW(cx->tmp, double, m + stay);
    rl_label *labels = RL_NEW(cx->tmp, rl_label, m + stay);
    memcpy(b, f->b, m * sizeof *b);
    memcpy(labels, f->label, m * sizeof *labels);
    for (size_t j = 0; j < K; j++) {
        *rl_mat_at(&R, j, j) = 1;
        for (size_t i = 0; i < k && j < k; i++) *rl_mat_at(&A, i, j) = *rl_mat_at(&core->A, i, j);
        for (size_t i = 0; i < m && j < k; i++)
            *rl_mat_at(&L, i, j) = *rl_mat_at(&of_R, i, j) = *rl_mat_at(&core->L, i, j);
    }
    for (size_t j = 0; j < stay; j++) {
        x[j] = rl_mat_col(&p->X, at[j]);
        labels[m + j] = label[at[j]];
        b[m + j] = o->b[at[j]];
        *rl_mat_at(&L, m + j, k + j) = *rl_mat_at(&of_R, m + j, k + j) = 1;
        for (size_t i = 0; i < stay; i++) *rl_mat_at(&A, k + i, k + j) = *rl_mat_at(&o->A, at[i], at[j]);
        for (size_t r = 0; r < k; r++) *rl_mat_at(&R, r, k + j) = -*rl_mat_at(&p->G, r, at[j]);
        for (size_t i = 0; i < m; i++) {
            long double sum = 0;
            for (size_t r = 0; r < k; r++) sum += (long double)*rl_mat_at(&core->L, i, r) * *rl_mat_at(&p->G, r, at[j]);
            *rl_mat_at(&L, i, k + j) = -(double)sum;
            b[i] -= (double)(sum * o->b[at[j]]);
        }
    }
    core->L = L;
    core->A = A;
    core->R = R;
    core->of_R = of_R;
    core->beside = x;
    f->b = b;
    f->label = labels;
    f->m = m + stay;
}

rl_code rl_collapse_beside(const rl_collapse *c, const rl_core *small, rl_core *core, rl_fit *f, rl_ctx *cx)
{
    beside p = {.c = c, .small = small, .n = c->all->n, .q = c->q};
    rl_ols_fit o;
    size_t stay = 0, *at = RL_NEW(cx->tmp, size_t, c->q), levels = 0;
    rl_label *label = RL_NEW(cx->tmp, rl_label, c->q);
    double *e = RL_NEW(cx->tmp, double, p.n);
    RL_TRY(regress(&p, cx));
    rl_cols C = rl_cols_of(&p.X, NULL, cx->tmp);
    RL_TRY(rl_ols_cols(&C, core->e, NULL, core->w, p.norm, e, &o, cx->tmp, cx));
    for (size_t j = 0; j < c->q; j++) {
        label[j] = rl_label_of(c->all->x_name[j]);
        if (!o.dropped[j]) at[stay++] = j;
    }
    if (stay < c->q) RL_TRY(judge(&p, o.dropped, label, f, cx));
    for (size_t i = 0; i < f->dof.n_fe; i++) levels += f->dof.levels[i];
    if (f->dof.k + stay + levels - f->dof.redundant_exact >= p.n) {
        rl_fail(cx, RL_EDATA, "%zu rows cannot carry %zu coefficients: no degree of freedom is left", p.n,
                f->dof.k + stay + levels - f->dof.redundant_exact);
        return rl_hint(cx, "use fewer regressors, or more rows");
    }
    f->dof.k += stay;
    core->e = e;
    core->rss = o.rss;
    extend(&p, &o, at, stay, label, core, f, cx);
    return RL_OK;
}
