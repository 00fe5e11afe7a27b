#include "model/result.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/seen.h"
#include "model/collapse.h"
#include "model/design.h"
#include "model/diag.h"
#include "model/forms.h"
#include "model/infer.h"
#include "model/nickell.h"
#include "model/response.h"
#include "model/stride.h"

/* Different rows of the table among those of a design in which they may stand several times. */
static size_t different_rows(const rl_design *d, rl_ctx *cx)
{
    bool *seen = RL_NEW(cx->tmp, bool, d->t->n);
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) n += rl_first_seen(seen, d->row[i]);
    return n;
}

void rl_result_sample(const rl_design *d, const rl_fit *f, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    size_t base = f->base_why != NULL ? d->n - f->dof.n : 0;
    out->formula = rl_strdup(keep, d->formula->text);
    out->rows_read = d->t->n;
    out->rows_used = d->n - base;
    out->n_dropped = d->n_dropped;
    out->dropped = RL_NEW(keep, rl_dropped, d->n_dropped + 2);
    size_t left = d->t->n - base;
    for (size_t i = 0; i < d->n_dropped; i++) {
        out->dropped[i] = (rl_dropped){rl_strdup(keep, d->dropped[i].why), d->dropped[i].rows};
        left -= d->dropped[i].rows;
    }
    if (base > 0) out->dropped[out->n_dropped++] = (rl_dropped){rl_strdup(keep, f->base_why), base};
    out->rows_behind = f->of != NULL ? different_rows(d, cx) : out->rows_used;
    if (f->of != NULL && left > out->rows_behind)
        out->dropped[out->n_dropped++] = (rl_dropped){rl_strdup(keep, f->of_why), left - out->rows_behind};
    out->units = d->unit.G;
    out->periods = d->time.G;
}

static void keep_rows(const rl_design *d, rl_result *out, rl_arena *keep)
{
    uint32_t *row = RL_NEW(keep, uint32_t, d->n);
    memcpy(row, d->row, d->n * sizeof *row);
    out->row = row;
}

/* What the regression gives for each row, where y = fitted + residual: so it is too where parameters are estimated or
 * regressors projected, though y is not X b + e then. */
static void keep_residuals(const rl_design *d, const rl_fit *f, rl_result *out, rl_arena *keep)
{
    const double *left = f->wander != NULL ? f->wander->e : f->core != NULL ? f->core->e : NULL;
    if (left == NULL || f->family != RL_LINEAR) return;
    double *fitted = RL_NEW(keep, double, d->n), *e = RL_NEW(keep, double, d->n);
    for (size_t i = 0; i < d->n; i++) {
        e[i] = left[i];
        fitted[i] = d->y[i] - e[i];
    }
    out->fitted = fitted;
    out->residual = e;
}

static void keep_shares(const rl_fit *f, rl_result *out, rl_arena *keep)
{
    rl_share *share = RL_NEW(keep, rl_share, f->n_share);
    for (size_t i = 0; i < f->n_share; i++) {
        const rl_share *x = &f->share[i];
        share[i] = (rl_share){x->unit != NULL ? rl_strdup(keep, x->unit) : NULL,
                              x->period != NULL ? rl_strdup(keep, x->period) : NULL, x->weight};
    }
    out->share = share;
    out->n_share = f->n_share;
}

static void keep_left(const rl_fit *f, rl_result *out, rl_arena *keep)
{
    out->left = RL_NEW(keep, rl_left, f->n_left);
    out->n_left = f->n_left;
    for (size_t i = 0; i < f->n_left; i++) {
        out->left[i] = f->left[i];
        out->left[i].name = rl_strdup(keep, f->left[i].name);
    }
}

static void keep_wander(const rl_fit *f, rl_result *out, rl_arena *keep)
{
    if (f->wander == NULL) return;
    rl_wander *w = RL_NEW(keep, rl_wander, 1);
    *w = *f->wander;
    w->e = NULL;
    w->b = RL_NEW(keep, double, f->m);
    w->V = rl_mat_new(f->m, f->m, keep);
    memcpy(w->b, f->wander->b, f->m * sizeof *w->b);
    for (size_t j = 0; j < f->m; j++) memcpy(rl_mat_col(&w->V, j), rl_mat_col(&f->wander->V, j), f->m * sizeof(double));
    out->wander = w;
}

/* b_j = (L A X'W y)_j, so omega_i = w_i x_i'(L A)_j, X with what stands beside it; or the method says itself. */
static void keep_omega(const rl_design *d, const rl_fit *f, const char *term, rl_result *out, rl_arena *keep,
                       rl_ctx *cx)
{
    const rl_core *c = f->core;
    size_t j = 0;
    while (j < f->m && strcmp(f->label[j].term, term) != 0) j++;
    if (f->omega != NULL && j < f->m) {
        out->omega = RL_NEW(keep, double, d->n);
        f->omega(f->omega_self, j, out->omega);
        return;
    }
    if (c == NULL || j == f->m || f->family != RL_LINEAR) return;
    size_t n = c->X.n;
    size_t k = rl_core_size(c);
    double *omega = RL_NEW(c->row_of != NULL ? cx->tmp : keep, double, n), *a = RL_NEW(cx->tmp, double, k);
    for (size_t q = 0; q < k; q++)
        for (size_t r = 0; r < k; r++) a[q] += *rl_mat_at(&c->L, j, r) * *rl_mat_at(&c->A, r, q);
    rl_cols_times(&c->X, a, 0, n, omega);
    out->omega = c->row_of != NULL ? RL_NEW(keep, double, d->n) : omega;
    for (size_t i = 0; i < d->n && c->row_of != NULL; i++) out->omega[i] = omega[c->row_of[i]];
    for (size_t q = c->X.k; q < k; q++)
        for (size_t i = 0; i < d->n; i++) out->omega[i] += a[q] * c->beside[q - c->X.k][i];
    for (size_t i = 0; i < d->n && c->w != NULL; i++) out->omega[i] *= c->w[i];
}

static int by_effect_label(const void *a, const void *b)
{
    return rl_level_order(((const struct rl_effect_out *)a)->level, ((const struct rl_effect_out *)b)->level);
}

static void keep_effects(const rl_design *d, const rl_fit *f, rl_result *out, rl_arena *keep)
{
    size_t n = 0;
    for (size_t q = 0; q < d->fe.n_fe; q++) n += d->fe.levels[q];
    out->effect = RL_NEW(keep, struct rl_effect_out, n);
    for (size_t q = 0; q < d->fe.n_fe; q++) {
        struct rl_effect_out *first = out->effect + out->n_effects;
        const char *name = rl_strdup(keep, d->fe_name[q]);
        for (size_t g = 0; g < d->fe.levels[q]; g++)
            first[g] = (struct rl_effect_out){name, rl_strdup(keep, d->fe_label[q][g]), f->effect[q][g]};
        qsort(first, d->fe.levels[q], sizeof *first, by_effect_label);
        out->n_effects += d->fe.levels[q];
    }
}

void rl_result_notes(const rl_ctx *cx, size_t from, rl_result *out, rl_arena *keep)
{
    out->note = RL_NEW(keep, const char *, cx->n_notes - from);
    for (size_t i = from; i < cx->n_notes; i++) out->note[out->n_notes++] = rl_strdup(keep, cx->note[i].text);
}

/* Rows that the fit found it cannot use join those the request leaves out. */
static void leave_out(rl_request *req, const rl_design *d, const rl_fit *f, rl_ctx *cx)
{
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, d->t->n);
    if (req->leave != NULL) memcpy(leave, req->leave, d->t->n);
    for (size_t i = 0; i < d->n; i++)
        if (f->leave[i]) leave[d->row[i]] = (unsigned char)(RL_LEAVE_OWN + f->leave[i] - 1);
    req->leave = leave;
    memcpy(req->leave_own, f->leave_why, sizeof f->leave_why);
}

rl_code rl_estimate_run(const rl_request *request, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    rl_request req = *request;
    rl_design d;
    rl_fit f = {.r2_within = NAN,
                .rmse = NAN,
                .loglik = NAN,
                .rss = NAN,
                .tss = NAN,
                .tss_centred = NAN,
                .within = NAN,
                .deviance = NAN,
                .loglik_null = NAN};
    size_t notes = cx->n_notes;
    if (req.n_response > 0) req.spend = NULL; /* means of columns are taken behind the fit */
    if (req.estimator == NULL) RL_TRY(rl_estimator_default(req.formula, &req.estimator, cx));
    RL_TRY(rl_profile_settle(&req, cx));
    rl_stride_settle(&req, t, cx);
    if (req.n_diag > 0) req.spend = NULL; /* tests look at the table once more */
    if (req.estimator->leaves) req.spend = NULL;
    if (req.estimator->run != NULL && req.n_diag > 0) {
        rl_fail(cx, RL_EUSAGE, "--test %s: estimator '%s' runs several regressions, and no test of them is made",
                req.diag[0], req.estimator->name);
        return rl_hint(cx, "ask for it beside ols with the same formula");
    }
    if (req.estimator->run != NULL) {
        RL_TRY(req.estimator->run(&req, t, out, keep, cx));
        return rl_response_projected(&req, out, keep, cx);
    }
    if (req.estimator->expand != NULL) {
        rl_request as_asked = req;
        RL_TRY(req.estimator->expand(&as_asked, t, &req, cx));
    }
    *out = (rl_result){.estimator = req.estimator};
    for (;;) {
        rl_fit attempt = f;
        RL_TRY(rl_design_make(&req, t, &d, cx));
        rl_collapse c;
        bool shorter = rl_collapse_make(&d, &req, &c, cx);
        rl_code code = req.estimator->fit(shorter ? &c.small : &d, &req, &attempt, cx);
        if (code != RL_OK || attempt.leave == NULL) rl_design_tell_step(&d, &req, code, cx);
        RL_TRY(code);
        if (shorter) RL_TRY(rl_collapse_expand(&c, &attempt, cx)); /* such a method leaves no row out */
        if (attempt.leave == NULL) {
            f = attempt;
            break;
        }
        assert(req.spend == NULL || req.estimator->family != RL_LINEAR || req.estimator->frame != RL_FRAME_PLAIN);
        leave_out(&req, &d, &attempt, cx);
        cx->n_notes = notes; /* they come again */
    }
    if (f.of != NULL) d = *f.of;
    RL_TRY(rl_almon_report(&d, &req, &f, cx));
    rl_nickell_remark(&d, &req, &f, cx);
    RL_TRY(rl_infer(&d, &f, &req, out, keep, cx));
    if (req.estimator->finish != NULL) RL_TRY(req.estimator->finish(&d, &f, &req, out, cx));
    RL_TRY(rl_diag_unasked(&d, &f, &req, out, keep, cx));
    rl_result_sample(&d, &f, out, keep, cx);
    keep_wander(&f, out, keep);
    keep_left(&f, out, keep);
    if (f.n_share > 0) keep_shares(&f, out, keep);
    RL_TRY(rl_response_run(&req, &d, out, keep, cx));
    if (req.n_response > 0) keep_residuals(&d, &f, out, keep);
    if (req.omega != NULL || req.n_response > 0 || req.keep_rows) keep_rows(&d, out, keep);
    RL_TRY(rl_response_average(&req, t, out, keep, cx));
    if (req.omega != NULL) {
        keep_omega(&d, &f, req.omega, out, keep, cx);
    }
    if (f.effect != NULL) keep_effects(&d, &f, out, keep);
    rl_result_notes(cx, notes, out, keep);
    return RL_OK;
}

/* --- the columns a request needs ---------------------------------------------------- */

typedef struct wants {
    rl_want *v;
    size_t n, cap;
    rl_arena *in;
    const char *key;
} wants;

/* Numbers beat `find out`, which beats text: only arithmetic needs numbers. */
static void want(wants *w, const char *name, rl_type type, const char *key)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->v[i].name, name) != 0) continue;
        if (type == RL_NUM || (type == RL_AUTO && w->v[i].type == RL_TEXT)) w->v[i].type = type;
        return;
    }
    if (w->n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 16;
        w->v = rl_regrow(w->in, w->v, w->cap, cap, sizeof *w->v);
        w->cap = cap;
    }
    w->v[w->n++] = (rl_want){.name = rl_strdup(w->in, name), .type = type, .key = key};
}

static void want_tested(void *user, const char *col, bool number, size_t at)
{
    (void)at;
    want(user, col, number ? RL_NUM : RL_AUTO, "--test");
}

static void want_column(void *user, const char *col, bool number, size_t at)
{
    (void)at;
    want(user, col, number ? RL_NUM : RL_AUTO, "the formula");
}

static void want_terms(wants *w, const rl_term *term, size_t n)
{
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < term[j].n; i++) rl_expr_columns(term[j].var[i], false, want_column, w);
}

static rl_code want_joined(wants *w, const char *name, const char *key, rl_ctx *cx)
{
    rl_effect e;
    RL_TRY(rl_effect_parse(name, &e, w->in, cx));
    for (size_t i = 0; i < e.n; i++) want(w, e.col[i], RL_TEXT, key);
    return RL_OK;
}

rl_code rl_request_columns(const rl_request *req, rl_want **list, size_t *n, rl_arena *in, rl_ctx *cx)
{
    wants w = {.in = in};
    rl_formula f;
    RL_TRY(rl_formula_parse(req->formula, &f, in, cx));
    rl_expr_columns(f.y, true, want_column, &w);
    want_terms(&w, f.term, f.n_terms);
    want_terms(&w, f.endo, f.n_endo);
    want_terms(&w, f.inst, f.n_inst);
    for (size_t j = 0; j < f.n_effects; j++)
        for (size_t i = 0; i < f.effect[j].n; i++) want(&w, f.effect[j].col[i], RL_TEXT, "the formula");
    if (req->unit != NULL) RL_TRY(want_joined(&w, req->unit, "--unit", cx));
    if (req->time != NULL) want(&w, req->time, RL_TEXT, "--time");
    if (req->cohort != NULL) want(&w, req->cohort, RL_TEXT, "--cohort");
    if (req->treated != NULL) want(&w, req->treated, RL_NUM, "--treated");
    if (req->partition != NULL) want(&w, req->partition, RL_NUM, "--partition");
    if (req->weights != NULL) want(&w, req->weights, RL_NUM, "--weights");
    if (req->offset != NULL) want(&w, req->offset, RL_NUM, "--offset");
    if (req->subset_col != NULL) want(&w, req->subset_col, RL_TEXT, "--subset");
    for (size_t i = 0; i < req->n_covariates; i++) want(&w, req->covariates[i], RL_TEXT, "covariates");
    for (size_t i = 0; i < req->vcov.ways; i++) RL_TRY(want_joined(&w, req->vcov.by[i], "--vcov cluster", cx));
    if (req->vcov.draw_by != NULL) RL_TRY(want_joined(&w, req->vcov.draw_by, "--vcov wild", cx));
    RL_TRY(rl_diag_columns(req, want_tested, &w, in, cx));
    *list = w.v;
    *n = w.n;
    return RL_OK;
}
