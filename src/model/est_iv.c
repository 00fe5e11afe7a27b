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
    double **Z_low;  /* k+q         what rounding took from powers and products, once swept from all .. */
    double **Y2_low; /* g           .. (n each, or NULL); NULL when there are none */
    double *y_low;
    double *norm0; /* k+q+g       squared norms before the sweep           */
    size_t redundant;
    double within;
    rl_ols_fit *first; /* g                                                    */
} stages;

static rl_mat columns_of(const rl_mat *V, size_t from, size_t k)
{
    return (rl_mat){V->a + from * V->ld, V->n, k, V->ld};
}

/* Least squares on columns of two doubles each: X and low (k, or NULL = 0), y and y_low. */
static rl_code regress(const stages *s, const rl_mat *X, double *const *low, const double *y, const double *y_low,
                       const double *norm0, rl_ols_fit *o, rl_ctx *cx)
{
    rl_cols C = rl_cols_of(X, low, cx->tmp);
    return rl_ols_cols(&C, y, y_low, s->d->w, norm0, NULL, o, cx->tmp, cx);
}

/* The design's low parts in the order of the columns; NULL when there are none. */
static double **low_parts(const stages *s, rl_ctx *cx)
{
    const rl_design *d = s->d;
    double *const *from[] = {d->x_low, d->inst_low, d->endo_low};
    size_t count[] = {s->k, s->q, s->g}, at = 0;
    double **low = RL_NEW(cx->tmp, double *, s->k + s->q + s->g + 1);
    for (size_t p = 0; p < 3; p++)
        for (size_t j = 0; j < count[p]; j++, at++) low[at] = from[p] != NULL ? from[p][j] : NULL;
    return from[0] != NULL || from[1] != NULL || from[2] != NULL ? low : NULL;
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
    double **low = low_parts(s, cx);
    if (low != NULL && d->fe.n_fe > 0)
        RL_TRY(rl_absorb_low(&d->fe, d->w, &V, low, NULL, &info, cx));
    else if (d->fe.n_fe > 0)
        RL_TRY(rl_absorb(&d->fe, d->w, &V, NULL, &info, cx));
    s->redundant = info.redundant;
    s->Z = columns_of(&V, 0, s->k + s->q);
    s->Y2 = columns_of(&V, s->k + s->q, s->g);
    s->y = rl_mat_col(&V, all);
    if (low != NULL) {
        s->Z_low = low;
        s->Y2_low = low + s->k + s->q;
        s->y_low = low[all];
    }
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
static rl_code drop_dependent(stages *s, rl_fit *f, rl_ctx *cx)
{
    rl_ols_fit o;
    size_t all = s->k + s->q, kept = 0, k = 0, n = s->d->n;
    RL_TRY(regress(s, &s->Z, s->Z_low, s->y, s->y_low, s->norm0, &o, cx));
    rl_release(cx->tmp, o.e);
    RL_TRY(rl_fit_dropped(s->d, o.dropped, all, s->label, SIZE_MAX, f, cx));
    for (size_t j = 0; j < all; j++) {
        if (o.dropped[j]) continue;
        if (kept != j) memcpy(rl_mat_col(&s->Z, kept), rl_mat_col(&s->Z, j), n * sizeof(double));
        if (s->Z_low != NULL) s->Z_low[kept] = s->Z_low[j];
        s->label[kept] = s->label[j];
        s->norm0[kept++] = s->norm0[j];
        k += j < s->k;
    }
    s->k = k;
    s->q = kept - k;
    s->Z.k = kept;
    return s->q < s->g ? too_few(s, s->q, cx) : RL_OK;
}

static rl_core *core_of(const rl_design *d, rl_mat X, double *const *low, const rl_ols_fit *o, rl_ctx *cx)
{
    rl_core *c = RL_NEW(cx->tmp, rl_core, 1);
    *c = (rl_core){.X = rl_cols_of(&X, low, cx->tmp),
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
static rl_code without_instruments(const stages *s, const double *v, const double *v_low, const double **bare,
                                   double *rss, rl_ctx *cx)
{
    rl_mat X = columns_of(&s->Z, 0, s->k);
    rl_ols_fit o;
    *bare = v;
    *rss = rl_dot(s->d->w, v, v, s->d->n, cx);
    if (s->k == 0) return RL_OK;
    RL_TRY(regress(s, &X, s->Z_low, v, v_low, NULL, &o, cx));
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
        const double *y2 = rl_mat_col(&s->Y2, j), *y2_low = s->Y2_low != NULL ? s->Y2_low[j] : NULL, *bare;
        double rss0;
        RL_TRY(regress(s, &s->Z, s->Z_low, y2, y2_low, s->norm0, &s->first[j], cx));
        fit[j] = fit_of(d, core_of(d, s->Z, s->Z_low, &s->first[j], cx), s->first[j].b, s->label, cx);
        RL_TRY(rl_fit_degrees(d, s->Z.k, s->redundant, &fit[j], cx));
        RL_TRY(without_instruments(s, y2, y2_low, &bare, &rss0, cx));
        f->stage[f->n_stage++] = (struct rl_stage){d->endo_name[j], &fit[j], s->q, index, bare};
        f->compare[f->n_compare++] =
            (struct rl_compare){"first-stage-f", d->endo_name[j], rss0, s->first[j].rss, s->q, false};
    }
    return RL_OK;
}

/* b += what a second regression, of what the first one left, finds there; in two doubles. */
static void add_to(rl_ols_fit *o, const rl_ols_fit *more)
{
    for (size_t j = 0; j < o->k; j++) {
        rl_dd b = rl_dd_add((rl_dd){o->b[j], o->b_low[j]}, (rl_dd){more->b[j], more->b_low[j]});
        o->b[j] = b.hi;
        o->b_low[j] = b.lo;
    }
}

/* v and xh = y2 - v in two doubles a number.  v is regressed once more: what the first regression left of Z in it,
 * the second stage would take for the outcome's. */
static rl_code fitted_low(const stages *s, size_t j, double *xh, double **xh_low, double **v_low, rl_ctx *cx)
{
    rl_cols Z = rl_cols_of(&s->Z, s->Z_low, cx->tmp);
    rl_ols_fit *o = &s->first[j], more;
    const double *y2 = rl_mat_col(&s->Y2, j), *y2_low = s->Y2_low[j];
    double *v = o->e, *vl = *v_low = RL_NEW(cx->tmp, double, Z.n), *xl = *xh_low = RL_NEW(cx->tmp, double, Z.n);
    rl_cols_left(&Z, y2, y2_low, o->b, o->b_low, v, vl, cx);
    RL_TRY(regress(s, &s->Z, s->Z_low, v, vl, s->norm0, &more, cx));
    add_to(o, &more);
    rl_cols_left(&Z, y2, y2_low, o->b, o->b_low, v, vl, cx);
    for (size_t i = 0; i < Z.n; i++) {
        rl_dd x = rl_dd_add((rl_dd){y2[i], y2_low != NULL ? y2_low[i] : 0}, (rl_dd){-v[i], -vl[i]});
        xh[i] = x.hi;
        xl[i] = x.lo;
    }
    return RL_OK;
}

/* Room for [constant, xh, x, v]; what rounding took from them, or NULL; the labels of the first k + g. */
static rl_code second_columns(const stages *s, rl_mat *out, double ***low, rl_label **label, rl_ctx *cx)
{
    const rl_design *d = s->d;
    size_t n = d->n, first = d->constant, at = 0;
    rl_mat X = rl_mat_new(n, s->k + 2 * s->g, cx->tmp);
    *low = s->Z_low != NULL ? RL_NEW(cx->tmp, double *, X.k) : NULL;
    *label = RL_NEW(cx->tmp, rl_label, s->k + s->g);
    for (size_t j = 0; j < s->k; j++) {
        at = j < first ? j : j + s->g;
        memcpy(rl_mat_col(&X, at), rl_mat_col(&s->Z, j), n * sizeof(double));
        if (*low != NULL) (*low)[at] = s->Z_low[j];
        (*label)[at] = s->label[j];
    }
    for (size_t j = 0; j < s->g; j++) {
        const double *y2 = rl_mat_col(&s->Y2, j), *v = s->first[j].e;
        double *xh = rl_mat_col(&X, first + j);
        if (*low != NULL)
            RL_TRY(fitted_low(s, j, xh, &(*low)[first + j], &(*low)[s->k + s->g + j], cx));
        else
            for (size_t i = 0; i < n; i++) xh[i] = y2[i] - v[i];
        memcpy(rl_mat_col(&X, s->k + s->g + j), v, n * sizeof *v);
        (*label)[first + j] = rl_label_of(d->endo_name[j]);
    }
    *out = X;
    return RL_OK;
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
static rl_code wu_hausman(const stages *s, const rl_mat *X, double *const *low, rl_fit *f, rl_ctx *cx)
{
    rl_ols_fit o;
    size_t g = s->g, first = s->d->constant, *all = RL_NEW(cx->tmp, size_t, g);
    double *b = RL_NEW(cx->tmp, double, g), *V = RL_NEW(cx->tmp, double, g *g);
    RL_TRY(regress(s, X, low, s->y, s->y_low, NULL, &o, cx));
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
    RL_TRY(regress(s, &s->Z, s->Z_low, e, NULL, s->norm0, &o, cx));
    rl_release(cx->tmp, o.e);
    f->compare[f->n_compare++] = (struct rl_compare){"sargan", NULL, rss, o.rss, s->q - s->g, true};
    rl_fit *over = RL_NEW(cx->tmp, rl_fit, 1);
    o.e = e;
    *over = fit_of(s->d, core_of(s->d, s->Z, s->Z_low, &o, cx), o.b, s->label, cx);
    RL_TRY(rl_fit_degrees(s->d, s->Z.k, s->redundant, over, cx));
    f->over = RL_NEW(cx->tmp, struct rl_over, 1);
    *f->over = (struct rl_over){over, rl_mat_new(s->Z.k, s->k + s->g, cx->tmp)};
    for (size_t j = 0; j < s->k; j++) *rl_mat_at(&f->over->P, j, j) = 1;
    for (size_t j = 0; j < s->g; j++) memcpy(rl_mat_col(&f->over->P, s->k + j), s->first[j].b, s->Z.k * sizeof(double));
    return RL_OK;
}

/* o->e becomes y - [x, y2] b, the endogenous regressors as they are.  In two doubles they are regressed on Xh once
 * more: what they still hold of it is an error of b. */
static rl_code own_residuals(const stages *s, const rl_mat *X, double *const *low, rl_ols_fit *o, rl_ctx *cx)
{
    size_t n = X->n, first = s->d->constant;
    for (size_t j = 0; j < s->g && low == NULL; j++)
        for (size_t i = 0; i < n; i++) o->e[i] -= s->first[j].e[i] * o->b[first + j];
    if (low == NULL) return RL_OK;
    rl_ols_fit more;
    rl_cols C = rl_cols_new(n, X->k, 0, cx->tmp);
    double *e_low = RL_NEW(cx->tmp, double, n);
    for (size_t j = 0; j < X->k; j++) {
        bool own = j >= first && j < first + s->g;
        rl_cols_add(&C, j, own ? rl_mat_col(&s->Y2, j - first) : rl_mat_col(X, j), own ? s->Y2_low[j - first] : low[j]);
    }
    rl_cols_left(&C, s->y, s->y_low, o->b, o->b_low, o->e, e_low, cx);
    RL_TRY(regress(s, X, low, o->e, e_low, NULL, &more, cx));
    add_to(o, &more);
    rl_cols_left(&C, s->y, s->y_low, o->b, o->b_low, o->e, NULL, cx);
    return RL_OK;
}

static rl_code second_stage(const stages *s, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = s->d;
    rl_label *label;
    double **low;
    rl_mat all, X;
    rl_ols_fit o;
    RL_TRY(second_columns(s, &all, &low, &label, cx));
    X = columns_of(&all, 0, s->k + s->g);
    double *norm0 = RL_NEW(cx->tmp, double, X.k);
    for (size_t j = 0; j < s->k; j++) norm0[j < d->constant ? j : j + s->g] = s->norm0[j];
    for (size_t j = 0; j < s->g; j++)
        norm0[d->constant + j] = rl_dot(d->w, rl_mat_col(&d->endo, j), rl_mat_col(&d->endo, j), d->n, cx);
    RL_TRY(regress(s, &X, low, s->y, s->y_low, norm0, &o, cx));
    if (o.rank < X.k) return not_identified(s, cx);
    RL_TRY(own_residuals(s, &X, low, &o, cx));
    o.rss = rl_dot(d->w, o.e, o.e, d->n, cx);
    rl_core *core = core_of(d, X, low, &o, cx);
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
    RL_TRY(wu_hausman(s, &all, low, f, cx));
    return over_identified(s, o.e, o.rss, f, cx);
}

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    (void)req;
    stages s = {.d = d, .k = d->X.k, .q = d->inst.k, .g = d->endo.k};
    if (s.q < s.g) return too_few(&s, s.q, cx);
    RL_TRY(sweep(&s, cx));
    RL_TRY(drop_dependent(&s, f, cx));
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
    .wide = true,
    .fit = fit,
};
