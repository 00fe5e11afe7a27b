/* est_iv.c -- two-stage least squares, effects swept out.
 *
 *   first stage   y2 = Z p + v,  Z = [exogenous x, instruments],   xh = Z p
 *   second        b = (Xh'WXh)^-1 Xh'Wy,  Xh = [x, xh]
 *   residuals     e = y - [x, y2] b, with the endogenous regressors as they are
 *   influence     psi_i = (Xh'WXh)^-1 xh_i w_i e_i
 *
 * Tests     the instruments in each first stage, and their rank together (model/infer_rank.c);
 *           the residuals v beside x and y2 (Wu and Hausman);
 *           e on Z (Sargan; Hansen under any other covariance than iid), when there are more instruments
 *           than endogenous regressors
 * Estimand  the effect of y2 on y, for those whom the instruments move
 * Assumes   the instruments move y2, and y through y2 alone
 * Source    Theil (1953); Sargan (1958), Econometrica 26(3); Hausman (1978), Econometrica 46(6);
 *           Hansen (1982), Econometrica 50(4)
 */
#include <math.h>
#include <string.h>

#include "model/design.h"
#include "model/infer.h"
#include "num/ols.h"

typedef struct stages {
    const rl_design *d;
    size_t k, q, g;  /* exogenous and instruments kept; endogenous           */
    rl_mat Z;        /* n-by-(k+q)  [x, instruments], swept                  */
    rl_label *label; /* k+q                                                  */
    rl_mat Y2;       /* n-by-g      swept                                    */
    double *y;       /* n           swept                                    */
    double *norm0;   /* k+q+g       squared norms before the sweep           */
    size_t redundant;
    double within;
    rl_ols_fit *first; /* g                                                    */
} stages;

static rl_mat columns_of(const rl_mat *V, size_t from, size_t k)
{
    return (rl_mat){V->a + from * V->ld, V->n, k, V->ld};
}

/* [x, instruments, endogenous, y] in one piece, swept together. */
static rl_code sweep(stages *s, rl_ctx *cx)
{
    const rl_design *d = s->d;
    const rl_mat *part[] = {&d->X, &d->inst, &d->endo};
    const char **const name[] = {d->x_name, d->inst_name, d->endo_name};
    size_t all = s->k + s->q + s->g, at = 0;
    rl_mat V = rl_mat_new(d->n, all + 1, cx->tmp);
    s->label = RL_NEW(cx->tmp, rl_label, all);
    s->norm0 = RL_NEW(cx->tmp, double, all);
    for (size_t p = 0; p < 3; p++)
        for (size_t j = 0; j < part[p]->k; j++, at++) {
            double *v = rl_mat_col(&V, at);
            memcpy(v, rl_mat_col(part[p], j), d->n * sizeof *v);
            s->label[at] = rl_label_of(name[p][j]);
            s->norm0[at] = rl_dot(d->w, v, v, d->n, cx);
        }
    memcpy(rl_mat_col(&V, all), d->y, d->n * sizeof *d->y);
    rl_absorbed info = {0};
    if (d->fe.n_fe > 0) RL_TRY(rl_absorb(&d->fe, d->w, &V, NULL, &info, cx));
    s->redundant = info.redundant;
    s->Z = columns_of(&V, 0, s->k + s->q);
    s->Y2 = columns_of(&V, s->k + s->q, s->g);
    s->y = rl_mat_col(&V, all);
    s->within = rl_dot(d->w, s->y, s->y, d->n, cx);
    return RL_OK;
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

static rl_code too_few(const stages *s, size_t left, rl_ctx *cx)
{
    const char *usable = left < s->d->inst.k ? " left" : "";
    rl_fail(cx, RL_EDATA, "too few instruments: %zu instrument%s%s for %zu endogenous regressor%s", left, plural(left),
            usable, s->g, plural(s->g));
    return rl_hint(cx, "each endogenous regressor needs an instrument that the others and the exogenous regressors do "
                       "not already hold");
}

/* Columns of Z that depend on earlier ones go, named. */
static rl_code drop_dependent(stages *s, rl_ctx *cx)
{
    rl_ols_fit o;
    size_t all = s->k + s->q, kept = 0, k = 0, n = s->d->n;
    RL_TRY(rl_ols(&s->Z, s->y, s->d->w, s->norm0, &o, cx->tmp, cx));
    rl_release(cx->tmp, o.e);
    RL_TRY(rl_fit_dropped(s->d, o.dropped, all, s->label, SIZE_MAX, cx));
    for (size_t j = 0; j < all; j++) {
        if (o.dropped[j]) continue;
        if (kept != j) memcpy(rl_mat_col(&s->Z, kept), rl_mat_col(&s->Z, j), n * sizeof(double));
        s->label[kept] = s->label[j];
        s->norm0[kept++] = s->norm0[j];
        k += j < s->k;
    }
    s->k = k;
    s->q = kept - k;
    s->Z.k = kept;
    return s->q < s->g ? too_few(s, s->q, cx) : RL_OK;
}

static rl_core *core_of(const rl_design *d, rl_mat X, const rl_ols_fit *o, rl_ctx *cx)
{
    rl_core *c = RL_NEW(cx->tmp, rl_core, 1);
    *c = (rl_core){.X = rl_cols_of(&X, NULL, cx->tmp),
                   .w = d->w,
                   .e = o->e,
                   .A = o->A,
                   .L = rl_mat_new(X.k, X.k, cx->tmp),
                   .rss = o->rss};
    for (size_t j = 0; j < X.k; j++) *rl_mat_at(&c->L, j, j) = 1;
    return c;
}

static rl_fit fit_of(const rl_design *d, const rl_core *core, const double *b, rl_label *label, rl_ctx *cx)
{
    rl_fit f = {.m = core->X.k, .label = label, .core = core, .rss = core->rss, .r2_within = NAN, .loglik = NAN};
    f.rmse = f.tss = f.tss_centred = f.deviance = f.loglik_null = NAN;
    f.b = RL_NEW(cx->tmp, double, f.m);
    memcpy(f.b, b, f.m * sizeof *b);
    f.psi = rl_psi_core(core, d->n, f.m, d->at != NULL, cx);
    return f;
}

/* What x alone leaves of v. */
static rl_code without_instruments(const stages *s, const double *v, const double **bare, double *rss, rl_ctx *cx)
{
    rl_mat X = columns_of(&s->Z, 0, s->k);
    rl_ols_fit o;
    *bare = v;
    *rss = rl_dot(s->d->w, v, v, s->d->n, cx);
    if (s->k == 0) return RL_OK;
    RL_TRY(rl_ols(&X, v, s->d->w, NULL, &o, cx->tmp, cx));
    *bare = o.e;
    *rss = o.rss;
    return RL_OK;
}

static rl_code first_stages(stages *s, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = s->d;
    size_t *index = RL_NEW(cx->tmp, size_t, s->q);
    rl_fit *fit = RL_NEW(cx->tmp, rl_fit, s->g);
    s->first = RL_NEW(cx->tmp, rl_ols_fit, s->g);
    f->stage = RL_NEW(cx->tmp, struct rl_stage, s->g);
    f->compare = RL_NEW(cx->tmp, struct rl_compare, s->g + 2);
    for (size_t j = 0; j < s->q; j++) index[j] = s->k + j;
    for (size_t j = 0; j < s->g; j++) {
        const double *y2 = rl_mat_col(&s->Y2, j), *bare;
        double rss0;
        RL_TRY(rl_ols(&s->Z, y2, d->w, s->norm0, &s->first[j], cx->tmp, cx));
        fit[j] = fit_of(d, core_of(d, s->Z, &s->first[j], cx), s->first[j].b, s->label, cx);
        RL_TRY(rl_fit_degrees(d, s->Z.k, s->redundant, &fit[j], cx));
        RL_TRY(without_instruments(s, y2, &bare, &rss0, cx));
        f->stage[f->n_stage++] = (struct rl_stage){d->endo_name[j], &fit[j], s->q, index, bare};
        f->compare[f->n_compare++] =
            (struct rl_compare){"first-stage-f", d->endo_name[j], rss0, s->first[j].rss, s->q, false};
    }
    return RL_OK;
}

/* Room for [constant, xh, x, v]; the labels of the first k + g. */
static rl_mat second_columns(const stages *s, rl_label **label, rl_ctx *cx)
{
    const rl_design *d = s->d;
    size_t n = d->n, first = d->constant, at = 0;
    rl_mat X = rl_mat_new(n, s->k + 2 * s->g, cx->tmp);
    *label = RL_NEW(cx->tmp, rl_label, s->k + s->g);
    for (size_t j = 0; j < s->k; j++) {
        at = j < first ? j : j + s->g;
        memcpy(rl_mat_col(&X, at), rl_mat_col(&s->Z, j), n * sizeof(double));
        (*label)[at] = s->label[j];
    }
    for (size_t j = 0; j < s->g; j++) {
        const double *y2 = rl_mat_col(&s->Y2, j), *v = s->first[j].e;
        double *xh = rl_mat_col(&X, first + j);
        for (size_t i = 0; i < n; i++) xh[i] = y2[i] - v[i];
        memcpy(rl_mat_col(&X, s->k + s->g + j), v, n * sizeof *v);
        (*label)[first + j] = rl_label_of(d->endo_name[j]);
    }
    return X;
}

static rl_code not_identified(const stages *s, rl_ctx *cx)
{
    rl_str names = rl_str_new(cx->tmp);
    for (size_t j = 0; j < s->g; j++) rl_str_addf(&names, "%s'%s'", j ? " and " : "", s->d->endo_name[j]);
    rl_fail(cx, RL_EDATA, "%s %s not identified: the instruments do not move %s", rl_str_text(&names),
            s->g > 1 ? "are" : "is", s->g > 1 ? "them apart" : "it");
    return rl_hint(cx, "another instrument is needed, or fewer endogenous regressors");
}

/* y on [x, xh, v]: were y2 exogenous, xh and v would have the same coefficients. */
static rl_code wu_hausman(const stages *s, const rl_mat *X, rl_fit *f, rl_ctx *cx)
{
    rl_ols_fit o;
    size_t g = s->g, first = s->d->constant, *all = RL_NEW(cx->tmp, size_t, g);
    double *b = RL_NEW(cx->tmp, double, g), *V = RL_NEW(cx->tmp, double, g *g);
    RL_TRY(rl_ols(X, s->y, s->d->w, NULL, &o, cx->tmp, cx));
    rl_release(cx->tmp, o.e);
    if (o.rank < X->k) {
        rl_remark(cx, "tests", "the wu-hausman test was left out: the instruments fit a regressor perfectly");
        return RL_OK;
    }
    for (size_t i = 0; i < g; i++) {
        size_t xi = first + i, vi = s->k + g + i;
        all[i] = i;
        b[i] = o.b[vi] - o.b[xi];
        for (size_t j = 0; j < g; j++) {
            size_t xj = first + j, vj = s->k + g + j;
            V[i + j * g] = *rl_mat_at(&o.A, vi, vj) - *rl_mat_at(&o.A, vi, xj) - *rl_mat_at(&o.A, xi, vj) +
                           *rl_mat_at(&o.A, xi, xj);
        }
    }
    double more = rl_wald(b, V, g, all, g, cx);
    if (!isfinite(more)) return RL_OK;
    f->compare[f->n_compare++] = (struct rl_compare){"wu-hausman", NULL, o.rss + more, o.rss, g, false};
    return RL_OK;
}

/* e on [x, instruments]: its share explained, and for other covariances the coefficients themselves. */
static rl_code over_identified(const stages *s, double *e, double rss, rl_fit *f, rl_ctx *cx)
{
    rl_ols_fit o;
    if (s->q == s->g) return RL_OK;
    RL_TRY(rl_ols(&s->Z, e, s->d->w, s->norm0, &o, cx->tmp, cx));
    rl_release(cx->tmp, o.e);
    f->compare[f->n_compare++] = (struct rl_compare){"sargan", NULL, rss, o.rss, s->q - s->g, true};
    rl_fit *over = RL_NEW(cx->tmp, rl_fit, 1);
    o.e = e;
    *over = fit_of(s->d, core_of(s->d, s->Z, &o, cx), o.b, s->label, cx);
    RL_TRY(rl_fit_degrees(s->d, s->Z.k, s->redundant, over, cx));
    f->over = RL_NEW(cx->tmp, struct rl_over, 1);
    *f->over = (struct rl_over){over, rl_mat_new(s->Z.k, s->k + s->g, cx->tmp)};
    for (size_t j = 0; j < s->k; j++) *rl_mat_at(&f->over->P, j, j) = 1;
    for (size_t j = 0; j < s->g; j++) memcpy(rl_mat_col(&f->over->P, s->k + j), s->first[j].b, s->Z.k * sizeof(double));
    return RL_OK;
}

static rl_code second_stage(const stages *s, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = s->d;
    rl_label *label;
    rl_mat all = second_columns(s, &label, cx), X = columns_of(&all, 0, s->k + s->g);
    rl_ols_fit o;
    double *norm0 = RL_NEW(cx->tmp, double, X.k);
    for (size_t j = 0; j < s->k; j++) norm0[j < d->constant ? j : j + s->g] = s->norm0[j];
    for (size_t j = 0; j < s->g; j++)
        norm0[d->constant + j] = rl_dot(d->w, rl_mat_col(&d->endo, j), rl_mat_col(&d->endo, j), d->n, cx);
    RL_TRY(rl_ols(&X, s->y, d->w, norm0, &o, cx->tmp, cx));
    if (o.rank < X.k) return not_identified(s, cx);
    for (size_t j = 0; j < s->g; j++)
        for (size_t i = 0; i < d->n; i++) o.e[i] -= s->first[j].e[i] * o.b[d->constant + j];
    o.rss = rl_dot(d->w, o.e, o.e, d->n, cx);
    rl_core *core = core_of(d, X, &o, cx);
    core->working = true;
    struct rl_stage *stage = f->stage;
    struct rl_compare *compare = f->compare;
    size_t n_stage = f->n_stage, n_compare = f->n_compare;
    *f = fit_of(d, core, o.b, label, cx);
    f->stage = stage, f->n_stage = n_stage;
    f->compare = compare, f->n_compare = n_compare;
    RL_TRY(rl_fit_degrees(d, X.k, s->redundant, f, cx));
    rl_fit_figures(d, s->within, f, cx);
    f->loglik = NAN; /* two stages maximise no likelihood */
    RL_TRY(wu_hausman(s, &all, f, cx));
    return over_identified(s, o.e, o.rss, f, cx);
}

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    (void)req;
    stages s = {.d = d, .k = d->X.k, .q = d->inst.k, .g = d->endo.k};
    if (s.q < s.g) return too_few(&s, s.q, cx);
    RL_TRY(sweep(&s, cx));
    RL_TRY(drop_dependent(&s, cx));
    RL_TRY(first_stages(&s, f, cx));
    return second_stage(&s, f, cx);
}

const rl_estimator rl_est_iv = {
    .name = "iv",
    .what = "two-stage least squares, with any number of fixed effects",
    .method = "The endogenous regressors are replaced by what the instruments and the exogenous regressors predict of "
              "them; residuals are taken with the regressors as they are.  Effects behind '|' are swept out exactly.",
    .source = "Theil (1953); Sargan (1958); Kleibergen & Paap (2006)",
    .frame = RL_FRAME_PLAIN,
    .instruments = true,
    .fit = fit,
};
