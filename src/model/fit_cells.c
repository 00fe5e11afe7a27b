/* Least squares with many indicators of cells beside unit and time effects (model/est.h). */
#include <string.h>

#include "model/design.h"
#include "model/est.h"
#include "num/fecells.h"
#include "num/ols.h"

/* Columns that would take less than this are written out: their sums have twice the digits. */
enum { FEW_NUMBERS = 1 << 22 };

typedef struct work {
    const rl_design *d;
    size_t C, q; /* cells, covariates                       */
    rl_fecells f;
    double *b;   /* C                                       */
    rl_mat G, X; /* C-by-q, n-by-q  covariates on cells, and what is left */
    rl_ols_fit o;
} work;

static bool worth_it(const rl_design *d, size_t C)
{
    if (d->fe.n_fe != 2 || d->keep_effects || d->unit.G == 0) return false;
    size_t small = d->fe.levels[0] < d->fe.levels[1] ? d->fe.levels[0] : d->fe.levels[1];
    return d->n > FEW_NUMBERS / (C + 1) && small + C <= RL_FECELLS_MOST;
}

/* What the covariates add: residuals of the outcome on what is left of them. */
static rl_code add_covariates(work *w, double *e, rl_ctx *cx)
{
    const rl_design *d = w->d;
    double *norm = RL_NEW(cx->tmp, double, w->q);
    w->G = rl_mat_new(w->C, w->q, cx->tmp);
    w->X = rl_mat_new(d->n, w->q, cx->tmp);
    for (size_t j = 0; j < w->q; j++) {
        const double *x = rl_mat_col(&d->X, j);
        norm[j] = rl_dot(d->w, x, x, d->n, cx);
        RL_TRY(rl_fecells_solve(&w->f, x, rl_mat_col(&w->G, j), rl_mat_col(&w->X, j), NULL, cx));
    }
    rl_cols X = rl_cols_of(&w->X, NULL, cx->tmp);
    return rl_ols_cols(&X, e, NULL, d->w, norm, e, &w->o, cx->tmp, cx);
}

/* Estimates: covariates, then cells.  Columns: cells, then what is left of the covariates. */
static rl_core *make_core(const work *w, rl_fit *f, rl_ctx *cx)
{
    size_t C = w->C, q = w->q, k = C + q;
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    core->cells = &w->f;
    core->X = w->f.X;
    core->A = w->f.A;
    core->L = rl_mat_new(k, k, cx->tmp);
    f->m = k;
    f->b = RL_NEW(cx->tmp, double, k);
    for (size_t c = 0; c < C; c++) {
        f->b[q + c] = w->b[c];
        *rl_mat_at(&core->L, q + c, c) = 1;
    }
    if (q == 0) return core;
    core->X = rl_cols_new(w->d->n, k, 0, cx->tmp);
    core->A = rl_mat_new(k, k, cx->tmp);
    for (size_t c = 0; c < C; c++) {
        rl_cols_add_view(&core->X, c, w->f.X.shifted[c]);
        memcpy(rl_mat_col(&core->A, c), rl_mat_col(&w->f.A, c), C * sizeof(double));
    }
    for (size_t j = 0; j < q; j++) {
        rl_cols_add(&core->X, C + j, rl_mat_col(&w->X, j), NULL);
        f->b[j] = w->o.b[j];
        *rl_mat_at(&core->L, j, C + j) = 1;
        for (size_t i = 0; i < q; i++) *rl_mat_at(&core->A, C + i, C + j) = *rl_mat_at(&w->o.A, i, j);
        for (size_t c = 0; c < C; c++) {
            double g = *rl_mat_at(&w->G, c, j);
            *rl_mat_at(&core->L, q + c, C + j) = -g;
            f->b[q + c] -= g * w->o.b[j];
        }
    }
    core->R = core->L;
    core->of_R = rl_mat_new(k, k, cx->tmp);
    for (size_t j = 0; j < k; j++) *rl_mat_at(&core->of_R, j, j) = 1;
    return core;
}

/* done = false: the columns are to be written out, as they are few, or the effects others, or a covariate is to be
 * dropped, which wants words; f is as it was. */
static rl_code without_columns(const rl_design *d, const int32_t *cell, size_t C, const rl_label *label, bool *done,
                               rl_fit *f, rl_ctx *cx)
{
    double within;
    *done = false;
    if (!worth_it(d, C)) return RL_OK;
    work *w = RL_NEW(cx->tmp, work, 1);
    *w = (work){.d = d, .C = C, .q = d->X.k};
    size_t unit = d->fe.levels[0] < d->fe.levels[1];
    rl_cellrows rows = {.n = d->n,
                        .U = d->fe.levels[unit],
                        .T = d->fe.levels[1 - unit],
                        .C = C,
                        .unit = d->fe.code[unit],
                        .time = d->fe.code[1 - unit],
                        .cell = cell,
                        .w = d->w};
    RL_TRY(rl_fecells_make(&rows, &w->f, cx->tmp, cx));
    if (w->f.first_dropped < C) {
        bool *dropped = RL_NEW(cx->tmp, bool, w->q + C);
        dropped[w->q + w->f.first_dropped] = true;
        return rl_fit_dropped(d, dropped, w->q + C, label, w->q, f, cx);
    }
    double *e = RL_NEW(cx->tmp, double, d->n);
    w->b = RL_NEW(cx->tmp, double, C);
    RL_TRY(rl_fecells_solve(&w->f, d->y, w->b, e, &within, cx));
    if (w->q > 0) {
        RL_TRY(add_covariates(w, e, cx));
        if (w->o.rank < w->q) return RL_OK; /* its words are those of columns written out */
    }
    rl_core *core = make_core(w, f, cx);
    core->w = d->w;
    core->e = e;
    core->rss = f->rss = rl_dot(d->w, e, e, d->n, cx);
    f->core = core;
    f->label = RL_NEW(cx->tmp, rl_label, f->m);
    memcpy(f->label, label, f->m * sizeof *label);
    RL_TRY(rl_fit_degrees(d, f->m, w->f.redundant, f, cx));
    rl_fit_figures(d, within, f, cx);
    if (d->all == NULL) rl_fit_judge(d, f, cx);
    f->psi = rl_psi_core(core, d->n, f->m, d->at != NULL, cx);
    *done = true;
    return RL_OK;
}

rl_code rl_fit_indicators(const rl_design *d, const int32_t *cell, size_t C, const rl_label *label, size_t *kept,
                          rl_fit *f, rl_ctx *cx)
{
    size_t k = d->X.k;
    bool done;
    for (size_t j = 0; j < k + C; j++) kept[j] = j;
    RL_TRY(without_columns(d, cell, C, label, &done, f, cx));
    if (done) return RL_OK;
    rl_mat V = rl_fit_columns(d, C, NULL, cx);
    for (size_t i = 0; i < d->n; i++)
        if (cell[i] >= 0) *rl_mat_at(&V, i, k + (size_t)cell[i]) = 1;
    return rl_fit_linear(d, V, label, k, kept, f, cx);
}
