#include "model/infer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "model/diag.h"
#include "model/infer_units.h"
#include "model/infer_work.h"
#include "num/dist.h"
#include "num/ols.h"
#include "num/sandwich.h"

/* --- how many coefficients ------------------------------------------------------ */

/* Effects count by levels or rank; those nested in a cluster may not. */
void rl_infer_count_K(rl_infer_work *w, bool clustered, rl_ctx *cx)
{
    const rl_dof *dof = &w->f->dof;
    size_t levels = 0, counted = 0, effects = 0;
    for (size_t f = 0; f < dof->n_fe; f++) {
        bool nested = false;
        for (size_t c = 0; c < w->d->vcov.ways && clustered && w->p->nested_free; c++)
            nested |= rl_nested(dof->code[f], dof->levels[f], w->d->cluster[c].code, dof->n, cx);
        if (nested) continue;
        levels += dof->levels[f];
        counted++;
    }
    if (dof->n_fe == 0) {
        w->K = dof->k;
        w->K_why = "";
        return;
    }
    if (counted == 0)
        effects = 1;
    else if (w->p->k == RL_K_RANK && counted == dof->n_fe)
        effects = levels - dof->redundant_exact;
    else
        effects = levels - (counted - 1);
    w->K = dof->k + effects;
    w->K_why = counted == dof->n_fe ? rl_sprintf(w->keep, " (%zu of them effects)", effects)
                                    : " (effects nested in a cluster do not count)";
}

double rl_infer_n_factor(const rl_infer_work *w, rl_nfactor rule)
{
    double n = (double)w->f->dof.n, K = (double)w->K;
    return rule == RL_N_NONE ? 1 : (rule == RL_N_N_NK ? n : n - 1) / (n - K);
}

const char *rl_infer_n_words(rl_nfactor rule) { return rule == RL_N_NM1_NK ? "(n-1)/(n-K)" : "n/(n-K)"; }

void rl_infer_set_df(rl_infer_work *w, rl_dfrule rule)
{
    double nk = (double)w->f->dof.n - (double)w->K, g = w->G > 1 ? (double)w->G - 1 : 1;
    double t = w->d->time.G > 1 ? (double)w->d->time.G - 1 : 1;
    if (w->f->normal && !w->student) rule = RL_DF_NORMAL;
    w->df = rule == RL_DF_NK ? nk : rule == RL_DF_G ? g : rule == RL_DF_T ? t : rule == RL_DF_LEAST ? fmin(nk, g) : 0;
}

void rl_infer_scale(rl_mat *V, double by)
{
    for (size_t j = 0; j < V->k; j++)
        for (size_t i = 0; i < V->n; i++) *rl_mat_at(V, i, j) *= by;
}

rl_code rl_infer_no_core(const char *what, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "--vcov %s needs the regression behind the estimate, and this estimator has none", what);
    return rl_hint(cx, "use cluster");
}

/* --- iid and heteroskedasticity ---------------------------------------------------- */

/* V = s2 L A L', from the entries of L that are not zero: one a row, mostly. */
static void by_inverse(const rl_core *c, double s2, rl_mat *V, rl_ctx *cx)
{
    size_t m = c->L.n, k = c->L.k, n = 0, *first = RL_NEW(cx->tmp, size_t, m + 1);
    for (size_t i = 0; i < m * k; i++) n += c->L.a[i] != 0;
    size_t *at = RL_NEW(cx->tmp, size_t, n);
    n = 0;
    for (size_t a = 0; a < m; a++) {
        first[a] = n;
        for (size_t i = 0; i < k; i++)
            if (*rl_mat_at(&c->L, a, i) != 0) at[n++] = i;
    }
    first[m] = n;
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b <= a; b++) {
            long double sum = 0;
            for (size_t i = first[a]; i < first[a + 1]; i++)
                for (size_t j = first[b]; j < first[b + 1]; j++)
                    sum += (long double)*rl_mat_at(&c->L, a, at[i]) * *rl_mat_at(&c->A, at[i], at[j]) *
                           *rl_mat_at(&c->L, b, at[j]);
            *rl_mat_at(V, a, b) = *rl_mat_at(V, b, a) = (double)(sum * s2);
        }
}

static rl_code iid(rl_infer_work *w, rl_ctx *cx)
{
    const rl_core *c = w->f->core != NULL ? w->f->core : w->f->bread;
    if (c == NULL) return rl_infer_no_core("iid", cx);
    rl_infer_count_K(w, false, cx);
    bool mean = w->f->likelihood;
    bool likelihood = w->f->family != RL_LINEAR; /* its scores have the information as their variance */
    double s2 =
        likelihood ? rl_infer_n_factor(w, w->p->glm_n) : c->rss / ((double)w->f->dof.n - (mean ? 0 : (double)w->K));
    by_inverse(c, s2, &w->V, cx);
    rl_infer_set_df(w, RL_DF_NK);
    if (w->f->wander != NULL) {
        w->out->ssc = rl_sprintf(w->keep, "within and between the persistences of the errors, n = %zu, K = %zu",
                                 w->f->dof.n, w->K);
        return RL_OK;
    }
    rl_infer_say_factor(w, NULL,
                        !likelihood                ? (mean ? "e'e/n" : "e'e/(n-K)")
                        : w->p->glm_n == RL_N_NONE ? NULL
                                                   : rl_infer_n_words(w->p->glm_n),
                        s2);
    return RL_OK;
}

rl_code rl_infer_rows(const rl_infer_work *w, rl_mat *P, rl_ctx *cx)
{
    *P = rl_mat_new(w->d->n, w->f->m, cx->tmp);
    return w->f->psi->sum_by(w->f->psi, NULL, w->d->n, P, cx);
}

static rl_code crossproduct(const rl_mat *P, rl_mat *V, rl_ctx *cx)
{
    rl_mat lo = rl_mat_new(P->k, P->k, cx->tmp);
    return rl_gram(P, NULL, V, &lo, cx);
}

/* Leverages, none of them 1. */
static rl_code leverages(const rl_infer_work *w, rl_vcov_kind kind, double *h, rl_ctx *cx)
{
    const char *name = kind == RL_HC2 ? "HC2" : "HC3";
    if (w->f->core == NULL) return rl_infer_no_core(name, cx);
    RL_TRY(rl_full_leverage(w->d, w->f->core, h, cx));
    size_t full = 0, first = 0;
    for (size_t i = w->d->n; i-- > 0;)
        if (h[i] >= 1 - 1e-8) {
            full++;
            first = i;
        }
    if (full == 0) return RL_OK;
    const rl_table *t = w->d->t;
    size_t r = w->d->row[first];
    rl_fail(cx, RL_EDATA, "%s does not exist: %zu row%s leverage 1, the first is data row %llu", name, full,
            full == 1 ? " has" : "s have", (unsigned long long)(t->row != NULL ? t->row[r] : r) + 1);
    return rl_hint(cx, "such a row is fitted perfectly whatever its outcome; HC1 exists");
}

enum { MANY = 64, MOST_KEPT = 1 << 23, MOST_SUMS = 1 << 24 };

static rl_code of_rows(const rl_infer_work *w, rl_vcov_kind kind, const double *h, rl_mat *V, rl_ctx *cx)
{
    rl_mat P;
    RL_TRY(rl_infer_rows(w, &P, cx));
    for (size_t j = 0; j < P.k && h != NULL; j++)
        for (size_t i = 0; i < P.n; i++) *rl_mat_at(&P, i, j) /= kind == RL_HC2 ? sqrt(1 - h[i]) : 1 - h[i];
    return crossproduct(&P, V, cx);
}

static rl_code heteroskedastic(rl_infer_work *w, rl_vcov_kind kind, rl_ctx *cx)
{
    double *h = kind == RL_HC2 || kind == RL_HC3 ? RL_NEW(cx->tmp, double, w->d->n) : NULL;
    rl_infer_count_K(w, false, cx);
    if (h != NULL) RL_TRY(leverages(w, kind, h, cx));
    const rl_core *c = w->f->core;
    if (w->f->psi->units != NULL) {
        rl_walk all;
        RL_TRY(rl_walk_make(w->f->psi, NULL, 0, &all, cx));
        rl_walk_cross(&all, &w->V, cx);
    } else if (c != NULL && (c->row_of != NULL || (w->f->m > MANY && c->X.k <= 2 * w->f->m))) {
        RL_TRY(rl_infer_scores(c, w->f->m, w->d->n, h, kind == RL_HC3 ? 2 : 1, &w->V, cx));
    } else
        RL_TRY(of_rows(w, kind, h, &w->V, cx));
    double factor = kind == RL_HC1 ? rl_infer_n_factor(w, RL_N_N_NK) : 1;
    w->factor = factor;
    rl_infer_scale(&w->V, factor);
    rl_infer_set_df(w, w->p->hc_df);
    rl_infer_say_factor(w, NULL, kind == RL_HC1 ? "n/(n-K)" : NULL, factor);
    return RL_OK;
}

/* --- clusters ------------------------------------------------------------------------ */

static rl_code need_clusters(const rl_infer_work *w, rl_ctx *cx)
{
    for (size_t c = 0; c < w->d->vcov.ways; c++) {
        if (w->d->cluster[c].G > 1) continue;
        rl_fail(cx, RL_EDATA, "one cluster: '%s' has the same value in all %zu rows used", w->d->vcov.by[c], w->d->n);
        return rl_hint(cx,
                       "errors come from differences between clusters: two or more are needed, forty are comfortable");
    }
    return RL_OK;
}

/* The clusters of the variables in `set` (bits), joined. */
static rl_groups joined(const rl_infer_work *w, unsigned set, rl_ctx *cx)
{
    rl_groups g = {0}, both;
    for (size_t c = 0; c < w->d->vcov.ways; c++) {
        if (!(set >> c & 1)) continue;
        rl_groups one = w->d->cluster[c];
        one.label = NULL;
        if (g.G == 0)
            g = one;
        else {
            rl_groups_join(&g, &one, w->d->n, &both, cx->tmp, cx);
            g = both;
        }
    }
    return g;
}

/* psi by cluster, scaled so that its cross-product is V, for joint covariances across models. */
static void keep_psi(rl_infer_work *w, const rl_mat *S, double factor)
{
    rl_result *r = w->out;
    const rl_groups *g = &w->d->cluster[0];
    double root = sqrt(factor);
    r->G = g->G;
    r->psi_G = RL_NEW(w->keep, double, g->G * S->k);
    for (size_t i = 0; i < g->G * S->k; i++) r->psi_G[i] = S->a[i] * root;
    r->cluster_label = RL_NEW(w->keep, const char *, g->G);
    for (size_t i = 0; i < g->G; i++) r->cluster_label[i] = rl_strdup(w->keep, g->label[i]);
}

/* The same in pieces of the groups where their sums would be too large at once, and by squared scores where every
 * row is a group. */
static rl_code squares_alone(rl_infer_work *w, const rl_groups *g, rl_mat *M, rl_ctx *cx)
{
    const rl_core *c = w->f->core;
    size_t n = w->d->n, m = w->f->m, piece = MOST_SUMS / m + 1;
    if (g->G == n && c != NULL && c->row_of != NULL) return rl_infer_scores(c, m, n, NULL, 0, M, cx);
    if (piece > g->G) piece = g->G;
    int32_t *code = RL_NEW(cx->tmp, int32_t, n);
    rl_mat S = rl_mat_new(piece, m, cx->tmp), part = rl_mat_new(m, m, cx->tmp);
    for (size_t from = 0; from < g->G; from += piece) {
        S.n = S.ld = g->G - from < piece ? g->G - from : piece;
        for (size_t i = 0; i < n; i++) {
            bool in = g->code[i] >= 0 && (size_t)g->code[i] >= from && (size_t)g->code[i] < from + piece;
            code[i] = in ? g->code[i] - (int32_t)from : -1;
        }
        RL_TRY(w->f->psi->sum_by(w->f->psi, code, S.n, &S, cx));
        RL_TRY(crossproduct(&S, &part, cx));
        for (size_t i = 0; i < m * m; i++) M->a[i] += part.a[i];
    }
    rl_release(cx->tmp, S.a);
    rl_release(cx->tmp, code);
    return RL_OK;
}

/* M = the cross-product of psi summed by g.  Units' influence is walked, and kept only where it is small. */
static rl_code sums_and_squares(rl_infer_work *w, const rl_groups *g, double factor, rl_mat *M, rl_ctx *cx)
{
    const rl_psi *psi = w->f->psi;
    bool walk = psi->units != NULL, keep = w->d->vcov.ways == 1 && (!walk || g->G * w->f->m <= MOST_KEPT);
    rl_walk all;
    if (!walk && !keep && g->G * w->f->m > MOST_SUMS) return squares_alone(w, g, M, cx);
    rl_mat S = !walk || keep ? rl_mat_new(g->G, w->f->m, cx->tmp) : (rl_mat){0};
    if (walk) {
        RL_TRY(rl_walk_make(psi, g->code, g->G, &all, cx));
        if (keep) rl_walk_fill(&all, &S, cx);
        rl_walk_cross(&all, M, cx);
        if (!keep) return RL_OK;
    } else {
        RL_TRY(psi->sum_by(psi, g->code, g->G, &S, cx));
        RL_TRY(crossproduct(&S, M, cx));
    }
    if (keep) keep_psi(w, &S, factor);
    if (keep && w->wants_sums) w->sums = S;
    if (w->sums.a != S.a) rl_release(cx->tmp, S.a);
    return RL_OK;
}

/* Negative eigenvalues are those of the regression's own coefficients, of which the estimates may be averages:
 * w for the coefficients, or false where they are the estimates. */
static bool of_coefficients(const rl_infer_work *w, rl_infer_work *own, rl_ctx *cx)
{
    const rl_core *c = w->f->core;
    if (w->d->vcov.ways < 2 || w->d->vcov.as_it_is || c == NULL || c->in_effects > 0 || c->anchor != NULL) return false;
    size_t k = rl_core_size(c);
    bool same = c->R.a == NULL && c->L.n == k;
    for (size_t i = 0; i < k * k && same; i++) same = c->L.a[i] == (i % k == i / k);
    if (same || c->L.k != k) return false;
    rl_fit *f = RL_NEW(cx->tmp, rl_fit, 1);
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    *f = *w->f;
    *core = *c;
    core->L = c->R.a != NULL ? c->R : rl_mat_new(k, k, cx->tmp);
    for (size_t j = 0; j < k && c->R.a == NULL; j++) *rl_mat_at(&core->L, j, j) = 1;
    f->m = k;
    f->core = core;
    f->psi = rl_psi_core(core, w->d->n, k, w->f->psi->has_time, cx);
    *own = *w;
    own->f = f;
    own->V = rl_mat_new(k, k, cx->tmp);
    return true;
}

rl_code rl_infer_clustered(rl_infer_work *w, rl_ctx *cx)
{
    rl_infer_work own;
    bool through = of_coefficients(w, &own, cx);
    size_t ways = w->d->vcov.ways, m = through ? own.f->m : w->f->m;
    rl_mat *V = through ? &own.V : &w->V;
    RL_TRY(need_clusters(w, cx));
    rl_infer_count_K(w, true, cx);
    w->G = SIZE_MAX;
    for (size_t c = 0; c < ways; c++)
        if (w->d->cluster[c].G < w->G) w->G = w->d->cluster[c].G;
    double Gmin = (double)w->G, n = rl_infer_n_factor(w, w->p->cl_n), factor = 1;
    for (unsigned set = 1; set < 1u << ways; set++) {
        rl_groups g = joined(w, set, cx);
        rl_mat M = rl_mat_new(m, m, cx->tmp);
        double G = w->p->cl_g == RL_G_EACH ? (double)g.G : Gmin;
        factor = n * (w->p->cl_g == RL_G_NONE ? 1 : G / (G - 1));
        RL_TRY(sums_and_squares(through ? &own : w, &g, factor, &M, cx));
        double sign = __builtin_popcount(set) % 2 == 1 ? factor : -factor;
        for (size_t i = 0; i < m * m; i++) V->a[i] += sign * M.a[i];
    }
    w->factor = factor;
    bool repaired = ways > 1 && !w->d->vcov.as_it_is && rl_psd_fix(V, cx);
    if (through) {
        const rl_core *c = w->f->core;
        by_inverse(&(rl_core){.L = c->R.a != NULL ? c->of_R : c->L, .A = own.V}, 1, &w->V, cx);
    }
    if (repaired)
        rl_remark(cx, "covariance",
                  "the %zu-way clustered covariance was not positive semi-definite; its negative "
                  "eigenvalues were set to 0",
                  ways);
    rl_infer_set_df(w, w->p->cl_df);
    const char *G_words = w->p->cl_g == RL_G_NONE              ? NULL
                          : ways > 1 && w->p->cl_g == RL_G_MIN ? "G/(G-1) of the smallest G"
                                                               : "G/(G-1)";
    if (ways > 1 && w->p->cl_g == RL_G_EACH) {
        factor = n;
        G_words = NULL;
        rl_remark(cx, "covariance", "each term of the clustered covariance has its own factor G/(G-1)");
    }
    rl_infer_say_factor(w, G_words, w->p->cl_n == RL_N_NONE ? NULL : rl_infer_n_words(w->p->cl_n), factor);
    w->out->clusters = w->G;
    return RL_OK;
}

/* --- estimates and tests ------------------------------------------------------------------ */

static bool fixed_at_zero(const rl_infer_work *w, size_t j)
{
    const rl_core *c = w->f->core;
    if (c == NULL) return false;
    for (size_t i = 0; i < c->L.k; i++)
        if (*rl_mat_at(&c->L, j, i) != 0) return false;
    return true;
}

static rl_label kept_label(const rl_label *l, rl_arena *keep)
{
    rl_label out = *l;
    out.term = rl_strdup(keep, l->term);
    if (l->group_text != NULL) out.group_text = rl_strdup(keep, l->group_text);
    if (l->time_text != NULL) out.time_text = rl_strdup(keep, l->time_text);
    if (l->comparison != NULL) {
        rl_comparison *c = RL_NEW(keep, rl_comparison, 1);
        *c = *l->comparison;
        if (c->treated_text != NULL) c->treated_text = rl_strdup(keep, c->treated_text);
        if (c->untreated_text != NULL) c->untreated_text = rl_strdup(keep, c->untreated_text);
        out.comparison = c;
    }
    return out;
}

double rl_infer_freedom(const rl_infer_work *w, size_t j)
{
    return w->df_each != NULL ? w->df_each[j] : j < w->aside ? w->aside_df : w->df;
}

static void estimates(rl_infer_work *w, double level)
{
    rl_result *r = w->out;
    size_t m = w->m;
    r->m = m;
    r->est = RL_NEW(w->keep, rl_estimate, m);
    r->V = RL_NEW(w->keep, double, m *m);
    memcpy(r->V, w->V.a, m * m * sizeof(double));
    for (size_t j = 0; j < m; j++) {
        rl_estimate *e = &r->est[j];
        double v = *rl_mat_at(&w->V, j, j), df = rl_infer_freedom(w, j);
        *e = (rl_estimate){kept_label(&w->label[j], w->keep), w->b[j], NAN, NAN, NAN, NAN, NAN, df, NAN, NAN, 0};
        if (j < w->f->m && w->f->neyman != NULL) e->std_error_neyman = w->f->neyman[j];
        if (j < w->f->m && fixed_at_zero(w, j)) continue;
        if (j < w->f->m && w->f->given != NULL && w->f->given[j]) {
            e->std_error = 0;
            continue;
        }
        if (w->f->perfect) e->std_error = v > 0 ? sqrt(v) : 0;
        if (w->f->perfect || !(v > 0)) continue;
        double crit = w->fixed != NULL ? w->fixed_critical : rl_t_quantile(0.5 + level / 2, df);
        e->std_error = w->se_each != NULL ? w->se_each[j] : sqrt(v);
        e->statistic = e->estimate / e->std_error;
        e->p_value = w->p_each != NULL  ? w->p_each[j]
                     : w->fixed != NULL ? rl_fixedb_p(w->fixed, e->statistic)
                                        : rl_t_p(e->statistic, df);
        e->conf_low = w->p_each != NULL ? w->low_each[j] : e->estimate - crit * e->std_error;
        e->conf_high = w->p_each != NULL ? w->high_each[j] : e->estimate + crit * e->std_error;
        if (!isfinite(w->crit) || j >= w->f->m || strcmp(e->label.term, "overall") == 0) continue;
        e->band_low = e->estimate - w->crit * e->std_error;
        e->band_high = e->estimate + w->crit * e->std_error;
    }
}

static void fit_shares(rl_infer_work *w, rl_ctx *cx)
{
    const rl_fit *f = w->f;
    rl_result *r = w->out;
    bool centre = f->dof.constant || w->p->centred,
         only_constant = f->dof.n_fe == 0 && f->dof.constant && f->dof.k == 1;
    double tss = centre ? f->tss_centred : f->tss;
    r->r2 = r->r2_within = r->rmse = r->sigma = r->loglik = r->aic = r->bic = r->deviance = r->pseudo_r2 = NAN;
    r->K = w->K;
    rl_infer_count_K(w, false, cx);
    r->K_full = w->K;
    w->K = r->K;
    if (f->core == NULL && f->wander == NULL) return;
    double n = (double)f->dof.n, K = (double)r->K_full, p = f->family == RL_LINEAR ? K + 1 : K; /* the variance too */
    r->loglik = f->loglik;
    r->aic = 2 * (p - f->loglik);
    r->bic = p * rl_log(n) - 2 * f->loglik;
    r->deviance = f->family == RL_LINEAR ? f->rss : f->deviance;
    if (f->family != RL_LINEAR) {
        r->pseudo_r2 = f->loglik_null < 0 ? 1 - f->loglik / f->loglik_null : NAN;
        return;
    }
    double by = centre && !f->dof.constant ? n / (n - 1) : 1; /* fixest's own */
    r->r2 = tss > 0 ? (only_constant ? 0 : 1 - f->rss / tss * by) : NAN;
    r->r2_within = tss > 0 ? f->r2_within : NAN;
    r->rmse = f->rmse;
    r->sigma = sqrt(f->rss / (n - K));
}

/* Numbers that take another estimate apart: estimates alone. */
static rl_code no_errors(rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    if (req->vcov.kind != RL_VCOV_DEFAULT || req->bootstrap) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' gives no standard errors: no --vcov and no --inference applies",
                req->estimator->name);
        return rl_hint(cx, "its figures take another estimate apart, whose errors that estimator gives");
    }
    if (req->n_restriction > 0)
        return rl_fail(cx, RL_EUSAGE, "estimator '%s' gives no standard errors: no --joint applies",
                       req->estimator->name);
    w->out->vcov_kind = "none";
    for (size_t i = 0; i < w->f->m * w->f->m; i++) w->V.a[i] = NAN;
    rl_infer_combine(w, cx);
    w->out->crit = NAN;
    estimates(w, req->level);
    fit_shares(w, cx);
    for (size_t i = 0; i < w->f->n_test; i++) rl_infer_add_test(w->out, w->f->test[i], w->keep);
    return rl_diag_run(w->d, w->f, req, w->out, w->keep, cx);
}

static rl_code covariance(rl_infer_work *w, rl_vcov_kind kind, double level, rl_ctx *cx)
{
    switch (kind) {
    case RL_CLUSTER:
        return rl_infer_clustered(w, cx);
    case RL_NW:
        return rl_infer_newey_west(w, cx);
    case RL_DK:
        return rl_infer_driscoll_kraay(w, cx);
    case RL_HAC:
        return rl_infer_spectral(w, cx);
    case RL_CR2:
    case RL_CR3:
        return rl_infer_reduced(w, kind == RL_CR3, cx);
    case RL_WILD:
        return rl_infer_wild(w, level, cx);
    case RL_EWC:
        return rl_infer_cosines(w, cx);
    case RL_BLOCK:
    case RL_WILD_DEPENDENT:
        return rl_infer_blocks(w, cx);
    case RL_HC0:
    case RL_HC1:
    case RL_HC2:
    case RL_HC3:
        return heteroskedastic(w, kind, cx);
    default:
        return iid(w, cx);
    }
}

/* Covariance, and that of the combinations. */
static rl_code by_influence(rl_infer_work *w, const rl_request *req, bool of_study, rl_ctx *cx)
{
    RL_TRY(rl_infer_need_nested(w, req, cx));
    if (w->small) RL_TRY(rl_infer_small_or_not(w, req, of_study, cx));
    RL_TRY(covariance(w, w->d->vcov.kind, req->level, cx));
    RL_TRY(rl_infer_need_freedom(w, cx));
    RL_TRY(rl_infer_need_finite(w, req, cx));
    if (w->small)
        RL_TRY(rl_infer_small(w, cx));
    else
        rl_infer_aside(w, cx);
    rl_infer_combine(w, cx);
    RL_TRY(rl_infer_find_nought(w, cx));
    return req->bootstrap && req->estimator->by_unit ? rl_infer_multiplier(w, req, cx) : RL_OK;
}

rl_code rl_infer(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    static const char *const NAME[] = {"",   "iid", "HC0", "HC1", "HC2",  "HC3", "cluster", "NW",
                                       "DK", "CR2", "CR3", "HAC", "wild", "EWC", "block",   "wild-dependent"};
    bool of_study = req->student && f->bare; /* studies: what the method's peers do is not enough for few clusters */
    const char *own = of_study ? "small-sample" : "did";
    const rl_profile *p = rl_profile_by_name(f->bare && (req->profile == NULL || of_study) ? own : req->profile);
    assert(p != NULL); /* rl_profile_settle() */
    RL_TRY(rl_infer_need_few(f, req, cx));
    rl_vcov_kind kind = d->vcov.kind;
    rl_infer_work w = {.d = d,
                       .f = f,
                       .p = p,
                       .student = req->student || rl_profile_small(p),
                       .small = rl_profile_small(p),
                       .wants_sums = req->bootstrap,
                       .level = req->level,
                       .out = out,
                       .keep = keep,
                       .factor = 1,
                       .crit = NAN,
                       .V = rl_mat_new(f->m, f->m, cx->tmp)};
    RL_TRY(rl_infer_combinations(&w, req, cx));
    out->level = req->level;
    out->lag = -1;
    out->vcov_kind = f->wander != NULL ? "averaged" : NAME[kind];
    out->vcov_ways = d->vcov.ways;
    for (size_t c = 0; c < d->vcov.ways; c++) out->vcov_by[c] = rl_strdup(keep, d->vcov.by[c]);
    if (f->refit == NULL && f->psi == NULL && (kind != RL_IID || (f->core == NULL && f->bread == NULL)))
        return no_errors(&w, req, cx);
    RL_TRY(f->refit != NULL ? rl_infer_repeat(&w, req, cx) : by_influence(&w, req, of_study, cx));
    out->crit = w.crit;
    out->df = w.df_each != NULL ? NAN : w.df;
    estimates(&w, req->level);
    rl_infer_say_thin(&w, req, cx);
    rl_infer_say_missing(&w, req, cx);
    RL_TRY(rl_infer_joint_tests(&w, req, cx));
    RL_TRY(rl_infer_restrictions(&w, req, cx));
    fit_shares(&w, cx);
    for (size_t i = 0; i < f->n_test; i++) rl_infer_add_test(out, f->test[i], keep);
    RL_TRY(rl_infer_compare(d, f, req, out, keep, cx));
    return rl_diag_run(d, f, req, out, keep, cx);
}
