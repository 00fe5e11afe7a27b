#include "model/est.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/fmath.h"
#include "base/str.h"
#include "model/design.h"
#include "model/reach.h"
#include "num/ols.h"

// clang-format off
/* One line each, in the order in which help lists them. */
#define ESTIMATORS(each) \
    each(ols) \
    each(iv) \
    each(logit) \
    each(poisson) \
    each(ar) \
    each(ardl) \
    each(koyck) \
    each(lp) \
    each(anderson_hsiao) \
    each(arellano_bond) \
    each(did) \
    each(twfe) \
    each(event) \
    each(etwfe) \
    each(cs) \
    each(sunab) \
    each(bjs) \
    each(did2s) \
    each(stacked) \
    each(lpdid) \
    each(staggered) \
    each(ddd) \
    each(dcdh) \
    each(sc) \
    each(sdid) \
    each(bacon)
// clang-format on

#define DECLARE(name) extern const rl_estimator rl_est_##name;
#define ADDRESS(name) &rl_est_##name,
ESTIMATORS(DECLARE)

static const rl_estimator *const LIST[] = {ESTIMATORS(ADDRESS)};

size_t rl_estimator_count(void) { return sizeof LIST / sizeof *LIST; }
const rl_estimator *rl_estimator_at(size_t i) { return LIST[i]; }

const rl_estimator *rl_estimator_by_name(const char *name)
{
    for (size_t i = 0; i < rl_estimator_count(); i++)
        if (strcmp(LIST[i]->name, name) == 0) return LIST[i];
    return NULL;
}

rl_code rl_estimator_default(const char *formula, const rl_estimator **out, rl_ctx *cx)
{
    rl_formula f;
    RL_TRY(rl_formula_parse(formula, &f, cx->tmp, cx));
    *out = f.n_endo > 0 ? &rl_est_iv : &rl_est_ols;
    return RL_OK;
}

/* --- labels ------------------------------------------------------------------ */

rl_label rl_label_of(const char *term)
{
    return (rl_label){.term = term, .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID};
}

static void id_text(rl_str *s, const char *name, int32_t id, const char *text)
{
    if (text != NULL)
        rl_str_addf(s, ", %s %s", name, text);
    else if (id != RL_NO_ID)
        rl_str_addf(s, ", %s %d", name, id);
}

const char *rl_label_text(const rl_label *l, rl_arena *in)
{
    rl_str s = rl_str_new(in), ids = rl_str_new(in);
    id_text(&ids, "cohort", l->group, l->group_text);
    id_text(&ids, "time", l->time, l->time_text);
    id_text(&ids, "event time", l->event, NULL);
    rl_str_add(&s, l->term);
    if (ids.n > 2) rl_str_addf(&s, " (%s)", ids.s + 2);
    return rl_str_text(&s);
}

bool rl_is_reference(const rl_request *r, int64_t event)
{
    if (r->n_ref == 0) return event == -1;
    for (size_t i = 0; i < r->n_ref; i++)
        if (r->ref[i] == event) return true;
    return false;
}

void rl_fit_pre_trend(rl_fit *f, const size_t *index, size_t n, bool chi2, rl_ctx *cx)
{
    if (n == 0) return;
    f->joint = RL_NEW(cx->tmp, struct rl_joint, 1);
    f->joint[0] = (struct rl_joint){.name = "pre-trend", .n = n, .index = index, .chi2 = chi2};
    f->n_joint = 1;
}

rl_code rl_fit_takes_nothing(const rl_design *d, const rl_estimator *e, const char *why, rl_ctx *cx)
{
    if (d->fe.n_fe > 0 || d->X.k > (size_t)d->constant) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' takes no %s", e->name, d->fe.n_fe > 0 ? "fixed effects" : "covariates");
        return rl_hint(cx, "%s: '%s ~ 1'", why, d->y_name);
    }
    if (d->w == NULL || e->no_weights == NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "estimator '%s' takes no weights: %s", e->name, e->no_weights);
    return rl_hint(cx, "cs and etwfe take weights");
}

/* --- least squares ------------------------------------------------------------------ */

static const char *effect_names(const rl_design *d, rl_ctx *cx)
{
    rl_str s = rl_str_new(cx->tmp);
    for (size_t f = 0; f < d->fe.n_fe; f++) rl_str_addf(&s, "%s'%s'", f ? " and " : "", d->fe_name[f]);
    return rl_str_text(&s);
}

rl_code rl_fit_nothing(const rl_design *d, const rl_label *label, size_t k, rl_ctx *cx)
{
    if (k == 0 && d->fe.n_fe == 0) return rl_fail(cx, RL_EDATA, "nothing to estimate: no regressor and no constant");
    if (k == 0)
        return rl_fail(cx, RL_EDATA, "nothing to estimate: no regressor beside the effects of %s", effect_names(d, cx));
    const char *more = k > 1 ? " nor does any other regressor" : "";
    if (d->fe.n_fe == 0)
        return rl_fail(cx, RL_EDATA, "nothing to estimate: '%s' is zero in all rows%s", label[0].term, more);
    return rl_fail(cx, RL_EDATA, "nothing to estimate: '%s' does not vary within the effects of %s%s",
                   rl_label_text(&label[0], cx->tmp), effect_names(d, cx), more);
}

static size_t effects_rank(const rl_design *d, size_t redundant)
{
    size_t levels = 0;
    for (size_t f = 0; f < d->fe.n_fe; f++) levels += d->fe.levels[f];
    return levels > redundant ? levels - redundant : 0;
}

void rl_fit_leave(rl_fit *f, rl_left left, rl_ctx *cx)
{
    size_t cap = f->n_left; /* room doubles when a power of 2 is full */
    if ((cap & (cap - 1)) == 0) f->left = rl_regrow(cx->tmp, f->left, cap, cap > 0 ? 2 * cap : 1, sizeof *f->left);
    f->left[f->n_left++] = left;
}

static bool in_formula(const rl_design *d, const char *name)
{
    for (size_t j = 0; j < d->X.k; j++)
        if (strcmp(d->x_name[j], name) == 0) return true;
    return false;
}

/* What f->left has from number `first` on, as a note. */
static void tell_left(const rl_design *d, const rl_fit *f, size_t first, rl_ctx *cx)
{
    enum { SAID = 8 };
    rl_str names = rl_str_new(cx->tmp);
    size_t n = f->n_left - first, listed = n < SAID ? n : SAID;
    for (size_t i = 0; i < listed; i++) {
        const rl_left *l = &f->left[first + i];
        rl_str_addf(&names, "%s'%s'", i > 0 ? ", " : "", l->name);
        if (l->columns > 1) rl_str_addf(&names, " (%zu columns)", l->columns);
    }
    rl_remark(cx, "collinear", "%s%s left out: collinear with the columns before%s%s", rl_str_text(&names),
              n > listed                            ? ", .. were"
              : n > 1 || f->left[first].columns > 1 ? " were"
                                                    : " was",
              d->fe.n_fe > 0 ? " or the effects of " : "", effect_names(d, cx));
}

rl_code rl_fit_dropped(const rl_design *d, const bool *dropped, size_t k, const rl_label *label, size_t strict,
                       rl_fit *f, rl_ctx *cx)
{
    size_t first = f->n_left;
    for (size_t j = 0; j < k; j++) {
        if (!dropped[j]) continue;
        const char *name = rl_label_text(&label[j], cx->tmp);
        if (j >= strict)
            return rl_fail(cx, RL_EDATA, "%s is not identified: its column depends on the other columns%s%s", name,
                           d->fe.n_fe > 0 ? " and the effects of " : "", effect_names(d, cx));
        if (f->n_left > first && strcmp(f->left[f->n_left - 1].name, name) == 0)
            f->left[f->n_left - 1].columns++;
        else
            rl_fit_leave(f, (rl_left){name, 1, in_formula(d, name)}, cx);
    }
    if (f->n_left > first) tell_left(d, f, first, cx);
    return RL_OK;
}

/* What was kept, packed: X, A, L = I, b. */
static void pack(const rl_ols_fit *o, const rl_cols *X, const rl_label *label, size_t *kept, rl_core *core, rl_fit *f,
                 rl_ctx *cx)
{
    size_t m = 0, *from = RL_NEW(cx->tmp, size_t, o->k), *to = RL_NEW(cx->tmp, size_t, o->k);
    for (size_t j = 0; j < o->k; j++) {
        to[j] = o->dropped[j] ? SIZE_MAX : m;
        if (kept != NULL) kept[j] = to[j];
        if (!o->dropped[j]) from[m++] = j;
    }
    core->X = m == o->k ? *X : rl_cols_keep(X, to, m, cx->tmp);
    core->A = m == o->k ? o->A : rl_mat_new(m, m, cx->tmp);
    core->L = rl_mat_new(m, m, cx->tmp);
    f->m = m;
    f->b = RL_NEW(cx->tmp, double, m);
    f->label = RL_NEW(cx->tmp, rl_label, m);
    for (size_t j = 0; j < m; j++) {
        f->b[j] = o->b[from[j]];
        f->label[j] = label[from[j]];
        *rl_mat_at(&core->L, j, j) = 1;
        for (size_t i = 0; i < m && m < o->k; i++) *rl_mat_at(&core->A, i, j) = *rl_mat_at(&o->A, from[i], from[j]);
    }
}

/* Both sums of squares in one pass over y: sum (y - m)^2 = y'y - 2 m sum y + n m^2, whatever m.  False where too much
 * cancels, or overflows. */
static bool squares_at_once(const rl_design *d, rl_fit *f, rl_ctx *cx)
{
    static const double CANCELS = 1e-10; /* of 32 digits */
    double n = (double)d->n;
    rl_dd sum, squares, m2;
    rl_sum_squares(d->y, d->n, &sum, &squares, cx);
    double mean = (sum.hi + sum.lo) / n;
    m2 = rl_dd_mul_d(rl_two_mul(mean, mean), n);
    rl_dd left = rl_dd_add(rl_dd_add(squares, rl_dd_mul_d(sum, -2 * mean)), m2);
    f->tss = squares.hi + squares.lo;
    f->tss_centred = left.hi + left.lo;
    return f->tss_centred > CANCELS * f->tss && isfinite(f->tss);
}

static void sums_of_squares(const rl_design *d, rl_fit *f, rl_ctx *cx)
{
    if (d->w == NULL && squares_at_once(d, f, cx)) return;
    double W = d->w != NULL ? rl_sum(d->w, d->n, cx) : (double)d->n;
    double mean = (d->w != NULL ? rl_dot(NULL, d->w, d->y, d->n, cx) : rl_sum(d->y, d->n, cx)) / W;
    f->tss = rl_dot(d->w, d->y, d->y, d->n, cx);
    f->tss_centred = rl_spread(d->w, d->y, mean, d->n, cx);
}

void rl_fit_figures(const rl_design *d, double within, rl_fit *f, rl_ctx *cx)
{
    double n = (double)d->n, logw = 0, last = 1, log_last = 0; /* weights are often those of the row before */
    sums_of_squares(d, f, cx);
    f->within = within;
    f->r2_within = d->fe.n_fe > 0 && within > 0 ? 1 - f->rss / within : NAN;
    f->rmse = sqrt(f->rss / n);
    for (size_t i = 0; i < d->n && d->w != NULL; i++) {
        if (d->w[i] != last) log_last = rl_log(last = d->w[i]);
        logw += log_last;
    }
    f->loglik = f->rss > 0 ? 0.5 * (logw - n * (rl_log(2 * 3.14159265358979323846) + 1 + rl_log(f->rss / n))) : NAN;
}

rl_code rl_fit_degrees(const rl_design *d, size_t k_asked, size_t redundant, rl_fit *f, rl_ctx *cx)
{
    if (d->all != NULL) d = d->all;
    f->dof = (rl_dof){.n = d->n,
                      .k = f->m,
                      .n_fe = d->fe.n_fe,
                      .levels = d->fe.levels,
                      .code = d->fe.code,
                      .redundant_exact = redundant,
                      .constant = d->constant || d->fe.n_fe > 0};
    size_t rank = f->m + effects_rank(d, redundant);
    if (rank < d->n) return RL_OK;
    rl_fail(cx, RL_EDATA, "%zu %s cannot carry %zu coefficients: no degree of freedom is left", d->n,
            rl_plural("row", d->n, cx->tmp), k_asked + effects_rank(d, redundant));
    rl_hint_fewer_lags(d->formula, d->unit.G > 0 ? d->unit.G : 1, (int64_t)d->n, k_asked + effects_rank(d, redundant),
                       cx);
    return rl_hint(cx, "use fewer regressors, or more rows");
}

/* The effects of y less those of X b; what is not identified moved so that
 * the level whose label sorts first is 0 (in each component, for two). */
static void recover_effects(const rl_design *d, const rl_mat *alpha, const double *b, size_t k, rl_fit *f, rl_ctx *cx)
{
    const rl_fe *fe = &d->fe;
    f->effect = RL_NEW(cx->tmp, double *, fe->n_fe);
    for (size_t q = 0; q < fe->n_fe; q++) {
        f->effect[q] = RL_NEW(cx->tmp, double, fe->levels[q]);
        for (size_t g = 0; g < fe->levels[q]; g++) {
            rl_dd sum = {*rl_mat_at(&alpha[q], g, k), 0};
            for (size_t j = 0; j < k; j++) {
                rl_dd p = rl_two_mul(-b[j], *rl_mat_at(&alpha[q], g, j));
                sum = rl_dd_add(sum, p);
            }
            f->effect[q][g] = sum.hi + sum.lo;
        }
    }
    size_t parts = 1;
    int32_t *part_a = RL_NEW(cx->tmp, int32_t, fe->levels[0]);
    int32_t *part_b = fe->n_fe > 1 ? RL_NEW(cx->tmp, int32_t, fe->levels[1]) : NULL;
    if (fe->n_fe == 2)
        parts = rl_components(fe->code[0], fe->levels[0], fe->code[1], fe->levels[1], d->n, part_a, part_b, cx);
    for (size_t q = 1; q < fe->n_fe; q++) {
        size_t *first = RL_NEW(cx->tmp, size_t, parts); /* 1 + level */
        for (size_t g = 0; g < fe->levels[q]; g++) {
            size_t *at = &first[q == 1 ? part_b[g] : 0];
            if (*at == 0 || rl_level_order(d->fe_label[q][g], d->fe_label[q][*at - 1]) < 0) *at = g + 1;
        }
        double *move = RL_NEW(cx->tmp, double, parts);
        for (size_t p = 0; p < parts; p++) move[p] = first[p] > 0 ? f->effect[q][first[p] - 1] : 0;
        for (size_t g = 0; g < fe->levels[q]; g++) f->effect[q][g] -= move[q == 1 ? part_b[g] : 0];
        for (size_t g = 0; g < fe->levels[0]; g++) f->effect[0][g] += move[q == 1 ? part_a[g] : 0];
    }
}

/* Residuals of this share of the outcome, squared, are what rounding leaves. */
static const double PERFECT = 1e-26;

void rl_fit_judge(const rl_design *d, rl_fit *f, rl_ctx *cx)
{
    f->perfect = f->rss <= PERFECT * f->tss;
    if (!f->perfect) return;
    rl_remark(cx, "fit", "a perfect fit: the residuals of '%s' are rounding errors, so no statistic is given",
              d->y_name);
}

/* From least squares o of y on X to all of f but the effects. */
static rl_code finish(const rl_design *d, const rl_ols_fit *o, const rl_cols *X, const rl_label *label, size_t strict,
                      size_t *kept, size_t redundant, double within, rl_fit *f, rl_ctx *cx)
{
    if (o->rank == 0) return rl_fit_nothing(d, label, X->k, cx);
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    RL_TRY(rl_fit_dropped(d, o->dropped, X->k, label, strict, f, cx));
    pack(o, X, label, kept, core, f, cx);
    core->w = d->w;
    core->e = o->e;
    core->rss = f->rss = o->rss;
    f->core = core;
    f->psi = rl_psi_core(core, d->n, f->m, d->at != NULL, cx);
    RL_TRY(rl_fit_degrees(d, X->k, redundant, f, cx));
    rl_fit_figures(d, within, f, cx);
    if (d->all == NULL) rl_fit_judge(d, f, cx);
    return RL_OK;
}

/* No number of k columns and the outcome is larger than its column is long, nor becomes so when effects are swept
 * out; not known under weights. */
static const double *lengths(const rl_design *d, const double *norm2, size_t k, rl_ctx *cx)
{
    double *bound = d->w == NULL ? RL_NEW(cx->tmp, double, k + 1) : NULL;
    for (size_t j = 0; j <= k && bound != NULL; j++) bound[j] = 1.5 * sqrt(norm2[j]); /* and rounding */
    return bound;
}

static rl_mat *room_for_effects(const rl_design *d, size_t k, rl_ctx *cx)
{
    rl_mat *alpha = d->keep_effects && d->fe.n_fe > 0 ? RL_NEW(cx->tmp, rl_mat, d->fe.n_fe) : NULL;
    for (size_t q = 0; q < d->fe.n_fe && alpha != NULL; q++) alpha[q] = rl_mat_new(d->fe.levels[q], k, cx->tmp);
    return alpha;
}

rl_code rl_fit_linear(const rl_design *d, rl_mat X, const rl_label *label, size_t strict, size_t *kept, rl_fit *f,
                      rl_ctx *cx)
{
    size_t k = X.k - 1;
    rl_mat R = {X.a, X.n, k, X.ld};
    double *y = rl_mat_col(&X, k), *norm0 = RL_NEW(cx->tmp, double, k + 1); /* the outcome's is not known */
    rl_absorbed info = {0};
    rl_ols_fit o;
    if (k == 0) return rl_fit_nothing(d, label, k, cx);
    memcpy(y, d->y, d->n * sizeof *y);
    for (size_t j = 0; j < k; j++) norm0[j] = rl_dot(d->w, rl_mat_col(&X, j), rl_mat_col(&X, j), d->n, cx);
    rl_mat *alpha = room_for_effects(d, X.k, cx);
    double **low = X.a == d->X.a ? d->x_low : NULL; /* the design's own columns */
    if (low != NULL)
        RL_TRY(rl_absorb_low(&d->fe, d->w, &X, low, alpha, &info, cx));
    else if (d->fe.n_fe > 0)
        RL_TRY(rl_absorb(&d->fe, d->w, &X, alpha, &info, cx));
    double within = rl_dot(d->w, y, y, d->n, cx);
    rl_cols C = rl_cols_of(&R, low, cx->tmp);
    C.bound = lengths(d, norm0, k, cx);
    RL_TRY(rl_ols_cols(&C, y, low != NULL ? low[k] : NULL, d->w, norm0, y, &o, cx->tmp, cx));
    RL_TRY(finish(d, &o, &C, label, strict, kept, info.redundant, within, f, cx));
    if (alpha != NULL) recover_effects(d, alpha, o.b, k, f, cx);
    return RL_OK;
}

/* The design's own columns, swept where they stand; views stay what they are, less their effects. */
static rl_code fit_swept(const rl_design *d, const rl_cols *X, const rl_label *label, rl_fit *f, rl_ctx *cx)
{
    size_t k = X->k;
    double **v = RL_NEW(cx->tmp, double *, k + 1), *norm0 = RL_NEW(cx->tmp, double, k + 1);
    const double **from = RL_NEW(cx->tmp, const double *, k + 1);
    rl_mat *alpha = room_for_effects(d, k + 1, cx);
    rl_absorbed info;
    rl_ols_fit o;
    rl_cols C = *X;
    for (size_t j = 0; j < k; j++) {
        v[j] = d->own[j];
        from[j] = d->own_from[j];
    }
    v[k] = RL_NEW(cx->tmp, double, d->n);
    from[k] = d->y;
    RL_TRY(rl_absorb_cols(&d->fe, d->w, &C, from, v, k + 1, alpha, norm0, &info, cx));
    C.bound = lengths(d, norm0, k, cx);
    RL_TRY(rl_ols_cols(&C, v[k], NULL, d->w, norm0, v[k], &o, cx->tmp, cx));
    RL_TRY(finish(d, &o, &C, label, SIZE_MAX, NULL, info.redundant, o.yy, f, cx));
    if (alpha != NULL) recover_effects(d, alpha, o.b, k, f, cx);
    return RL_OK;
}

rl_code rl_fit_blocks(const rl_design *d, const rl_cols *X, const rl_label *label, rl_fit *f, rl_ctx *cx)
{
    rl_ols_fit o;
    if (X->k == 0) return rl_fit_nothing(d, label, 0, cx);
    if (d->fe.n_fe > 0) return fit_swept(d, X, label, f, cx);
    RL_TRY(rl_ols_cols(X, d->y, NULL, d->w, NULL, NULL, &o, cx->tmp, cx));
    return finish(d, &o, X, label, SIZE_MAX, NULL, 0, rl_dot(d->w, d->y, d->y, d->n, cx), f, cx);
}

static double *times(const rl_mat *L, const double *b, rl_ctx *cx)
{
    double *out = RL_NEW(cx->tmp, double, L->n);
    for (size_t j = 0; j < L->n; j++) {
        long double sum = 0;
        for (size_t q = 0; q < L->k; q++) sum += (long double)*rl_mat_at(L, j, q) * b[q];
        out[j] = (double)sum;
    }
    return out;
}

static const rl_wander *wander_of(const rl_wander *w, const rl_mat *L, rl_ctx *cx)
{
    rl_wander *out = RL_NEW(cx->tmp, rl_wander, 1);
    *out = *w;
    out->b = times(L, w->b, cx);
    out->V = rl_mat_new(L->n, L->n, cx->tmp);
    for (size_t i = 0; i < L->n; i++) {
        double *row = RL_NEW(cx->tmp, double, L->k);
        for (size_t q = 0; q < L->k; q++) row[q] = *rl_mat_at(L, i, q);
        for (size_t j = 0; j < L->n; j++)
            for (size_t q = 0; q < L->k; q++)
                for (size_t r = 0; r < L->k; r++)
                    *rl_mat_at(&out->V, i, j) += row[q] * *rl_mat_at(&w->V, q, r) * *rl_mat_at(L, j, r);
    }
    return out;
}

/* L M, where most of L is zero. */
static rl_mat after(const rl_mat *L, const rl_mat *M, rl_ctx *cx)
{
    rl_mat out = rl_mat_new(L->n, M->k, cx->tmp);
    assert(L->k == M->n);
    for (size_t q = 0; q < L->k; q++)
        for (size_t i = 0; i < L->n; i++) {
            double l = *rl_mat_at(L, i, q);
            for (size_t j = 0; j < M->k && l != 0; j++) *rl_mat_at(&out, i, j) += l * *rl_mat_at(M, q, j);
        }
    return out;
}

void rl_fit_combine(rl_fit *f, rl_mat L, const rl_label *label, rl_ctx *cx)
{
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    *core = f->core != NULL ? *f->core : *f->bread;
    core->L = after(&L, &core->L, cx); /* the estimates may be combinations already (ec, a long run, an average) */
    if (core->R.a != NULL) core->of_R = after(&L, &core->of_R, cx);
    f->b = times(&L, f->b, cx);
    f->m = L.n;
    f->label = RL_NEW(cx->tmp, rl_label, L.n);
    memcpy(f->label, label, L.n * sizeof *label);
    if (f->wander != NULL) f->wander = wander_of(f->wander, &L, cx);
    if (f->core == NULL) {
        f->bread = core;
        return;
    }
    f->core = core;
    f->psi = rl_psi_core(core, f->psi->n, f->m, f->psi->has_time, cx);
}

rl_mat rl_fit_columns(const rl_design *d, size_t extra, rl_label *label, rl_ctx *cx)
{
    rl_mat V = rl_mat_new(d->n, d->X.k + extra + 1, cx->tmp);
    for (size_t j = 0; j < d->X.k; j++) {
        memcpy(rl_mat_col(&V, j), rl_mat_col(&d->X, j), d->n * sizeof(double));
        if (label != NULL) label[j] = rl_label_of(d->x_name[j]);
    }
    return V;
}

void rl_fit_last_first(rl_fit *f, rl_ctx *cx)
{
    rl_mat L = rl_mat_new(f->m, f->m, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, f->m);
    for (size_t j = 0; j < f->m; j++) {
        size_t from = j == 0 ? f->m - 1 : j - 1;
        *rl_mat_at(&L, j, from) = 1;
        label[j] = f->label[from];
    }
    rl_fit_combine(f, L, label, cx);
}
