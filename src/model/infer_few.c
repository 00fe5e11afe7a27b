/* Combinations of estimates and joint tests; what few clusters need: bias-reduced
 * covariances and the wild bootstrap. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "model/contrast.h"
#include "model/hat.h"
#include "model/infer_work.h"
#include "model/wild.h"
#include "num/dist.h"

/* --- combinations ------------------------------------------------------------------ */

rl_code rl_infer_combinations(rl_infer_work *w, const rl_request *r, rl_ctx *cx)
{
    size_t base = w->f->m;
    w->m = base + r->n_lincom + r->n_contrast;
    w->b = RL_NEW(cx->tmp, double, w->m);
    w->C = rl_mat_new(w->m, base, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, w->m);
    w->label = label;
    for (size_t j = 0; j < base; j++) {
        w->b[j] = w->f->b[j];
        label[j] = w->f->label[j];
        *rl_mat_at(&w->C, j, j) = 1;
    }
    for (size_t i = 0; i < r->n_lincom; i++) {
        rl_linear c;
        long double sum;
        RL_TRY(rl_linear_combination(r->lincom[i], w->f->label, base, &c, cx));
        sum = c.constant[0];
        for (size_t j = 0; j < base; j++) {
            *rl_mat_at(&w->C, base + i, j) = c.C[j];
            sum += (long double)c.C[j] * w->f->b[j];
        }
        w->b[base + i] = (double)sum;
        label[base + i] = rl_label_of(r->lincom[i]);
    }
    for (size_t i = 0; i < r->n_contrast; i++) {
        double *row = RL_NEW(cx->tmp, double, base);
        size_t at = base + r->n_lincom + i;
        long double sum = 0;
        RL_TRY(rl_contrast_read(r->contrast[i], w->f->label, base, row, cx));
        for (size_t j = 0; j < base; j++) {
            *rl_mat_at(&w->C, at, j) = row[j];
            sum += (long double)row[j] * w->f->b[j];
        }
        w->b[at] = (double)sum;
        label[at] = rl_label_of(r->contrast[i]);
    }
    return RL_OK;
}

/* C V C', from the entries of C that are not zero: few a row, mostly. */
static rl_mat sandwich(const rl_mat *C, const rl_mat *V, rl_ctx *cx)
{
    size_t m = C->n, k = C->k, n = 0, *first = RL_NEW(cx->tmp, size_t, m + 1);
    rl_mat out = rl_mat_new(m, m, cx->tmp);
    for (size_t i = 0; i < m * k; i++) n += C->a[i] != 0;
    size_t *at = RL_NEW(cx->tmp, size_t, n);
    n = 0;
    for (size_t a = 0; a < m; a++) {
        for (size_t i = 0; i < k; i++)
            if (*rl_mat_at(C, a, i) != 0) at[n++] = i;
        first[a + 1] = n;
    }
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b <= a; b++) {
            long double sum = 0;
            for (size_t i = first[a]; i < first[a + 1]; i++)
                for (size_t j = first[b]; j < first[b + 1]; j++)
                    sum += (long double)*rl_mat_at(C, a, at[i]) * *rl_mat_at(V, at[i], at[j]) * *rl_mat_at(C, b, at[j]);
            *rl_mat_at(&out, a, b) = *rl_mat_at(&out, b, a) = (double)sum;
        }
    return out;
}

void rl_infer_combine(rl_infer_work *w, rl_ctx *cx)
{
    size_t base = w->f->m, G = w->out->G;
    if (w->m == base) return;
    w->V = sandwich(&w->C, &w->V, cx);
    if (w->out->psi_G == NULL) return;
    double *psi = RL_NEW(w->keep, double, G * w->m);
    for (size_t j = 0; j < w->m; j++)
        for (size_t i = 0; i < base; i++) {
            double c = *rl_mat_at(&w->C, j, i);
            for (size_t g = 0; g < G && c != 0; g++) psi[g + j * G] += c * w->out->psi_G[g + i * G];
        }
    w->out->psi_G = psi;
}

/* The regression's coefficients behind combinations of the fit's estimates: C L. */
static rl_mat directions(const rl_infer_work *w, const rl_mat *C, rl_ctx *cx)
{
    const rl_core *c = w->f->core;
    rl_mat L = rl_mat_new(C->n, c->L.k, cx->tmp);
    for (size_t a = 0; a < C->n; a++)
        for (size_t j = 0; j < c->L.k; j++) {
            long double sum = 0;
            for (size_t i = 0; i < w->f->m; i++) sum += (long double)*rl_mat_at(C, a, i) * *rl_mat_at(&c->L, i, j);
            *rl_mat_at(&L, a, j) = (double)sum;
        }
    return L;
}

/* --- restrictions ---------------------------------------------------------------------- */

static rl_code redundant(const char *text, size_t q, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "--test '%s': the covariance of its %zu %s is singular", text, q,
            rl_plural("restriction", q, cx->tmp));
    return rl_hint(cx, "leave out what follows from the others, or what has no standard error");
}

/* p of the wild bootstrap for F in t; where that imposes one restriction at a time, p of F itself. */
static rl_code by_draws(rl_infer_work *w, const rl_mat *C, const double *b, rl_test *t, rl_ctx *cx)
{
    double F, p;
    RL_TRY(rl_wild_joint(w->wild, C, b, &F, &p, cx));
    bool drawn = isfinite(p);
    if (isfinite(F)) t->statistic = F;
    if (!isfinite(t->statistic)) return RL_OK;
    t->p_value = drawn ? p : rl_f_p(t->statistic, t->df, w->df);
    if (drawn) t->draws = w->wild->draws;
    if (!w->said_joint && drawn)
        rl_remark(cx, "bootstrap",
                  "joint tests by the same draws: p is the share with W* >= W, the Wald statistic of all restrictions "
                  "%s",
                  w->d->vcov.null_free ? "about the estimates" : "imposed together");
    else if (!w->said_joint)
        rl_remark(cx, "bootstrap",
                  "joint tests by F with the clustered covariance, not by draws, which %s one restriction at a time",
                  w->d->vcov.null_free ? "look at" : "impose");
    w->said_joint = true;
    return RL_OK;
}

rl_code rl_infer_joint(rl_infer_work *w, const rl_mat *C, const double *b, rl_test *t, rl_ctx *cx)
{
    if (w->small) return rl_infer_small_joint(w, C, b, t, cx);
    size_t q = C->n, base = w->f->m, *index = RL_NEW(cx->tmp, size_t, q);
    double m = (double)q, df = w->df, by = 1;
    rl_mat V = {w->V.a, base, base, w->V.ld};
    V = sandwich(C, &V, cx);
    for (size_t i = 0; i < q; i++) index[i] = i;
    double F = rl_wald(b, V.a, q, index, q, cx) / m;
    if (isfinite(F) && w->df_each != NULL) {
        rl_mat L = directions(w, C, cx);
        RL_TRY(rl_reduced_joint(w->d, w->f->core, &L, w->d->vcov.kind == RL_CR3, &df, cx));
        by = (df - m + 1) / df;
        df = df - m + 1;
    }
    bool few = w->student && w->df_each == NULL && w->d->vcov.kind == RL_CLUSTER && w->d->vcov.ways == 1;
    if (few && w->df > 0) { /* Hotelling: G clusters estimate the covariance of q effects */
        by = (w->df - m + 1) / w->df;
        df = w->df - m + 1;
    }
    if (w->cosines > 0) {
        by = (w->cosines - m + 1) / w->cosines;
        df = w->cosines - m + 1;
    }
    *t = (rl_test){.statistic = F * by,
                   .df = m,
                   .df2 = w->fixed != NULL ? w->fixed->df
                          : w->df > 0      ? df
                                           : NAN,
                   .p_value = NAN};
    if (w->wild != NULL) return by_draws(w, C, b, t, cx);
    if (w->fixed != NULL)
        t->p_value = rl_fixedb_joint(w->fixed, q, F, cx);
    else if (isfinite(t->statistic) && (df > 0 || w->df == 0))
        t->p_value = rl_f_p(t->statistic, m, df);
    return RL_OK;
}

double rl_infer_series_freedom(const rl_infer_work *w)
{
    return w->fixed != NULL ? w->fixed->df : w->cosines > 0 ? w->cosines : NAN;
}

static rl_code no_freedom(const char *text, size_t q, const rl_infer_work *w, rl_ctx *cx)
{
    char buf[32];
    if (isfinite(rl_infer_series_freedom(w))) {
        rl_fail(cx, RL_EDATA, "--test '%s': %s degrees of freedom are too few for %zu restrictions", text,
                rl_num_text(buf, rl_round_digits(rl_infer_series_freedom(w), 3)), q);
        return rl_hint(cx,
                       "test fewer together; more cosines, fewer lags or shorter blocks leave more freedom, at a bias");
    }
    rl_fail(cx, RL_EDATA, "--test '%s': %zu clusters of '%s' leave no degrees of freedom for %zu restrictions", text,
            w->d->cluster[0].G, w->d->vcov.by[0], q);
    return rl_hint(cx, "test fewer together; cluster instead of CR2 or CR3 would answer, and reject too often");
}

rl_code rl_infer_restrictions(rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    rl_result *r = w->out;
    size_t base = w->f->m, from = r->n_tests;
    if (req->n_restriction == 0) return RL_OK;
    if (w->f->perfect)
        return rl_fail(cx, RL_EDATA, "--test '%s': a perfect fit leaves no residuals to look at", req->restriction[0]);
    r->test = rl_regrow(w->keep, r->test, from, from + req->n_restriction, sizeof *r->test);
    for (size_t i = 0; i < req->n_restriction; i++) {
        rl_linear c;
        RL_TRY(rl_linear_restrictions(req->restriction[i], w->f->label, base, &c, cx));
        rl_mat R = rl_mat_new(c.q, base, cx->tmp);
        double *b = RL_NEW(cx->tmp, double, c.q);
        for (size_t a = 0; a < c.q; a++) {
            long double sum = c.constant[a];
            for (size_t j = 0; j < base; j++) {
                *rl_mat_at(&R, a, j) = c.C[a * base + j];
                sum += (long double)c.C[a * base + j] * w->f->b[j];
            }
            b[a] = (double)sum;
        }
        rl_test t;
        RL_TRY(rl_infer_joint(w, &R, b, &t, cx));
        bool few = c.q > 0 && rl_infer_series_freedom(w) - (double)c.q + 1 <= 0;
        if (!isfinite(t.statistic) && !few) return redundant(req->restriction[i], c.q, cx);
        if (!isfinite(t.p_value)) return no_freedom(req->restriction[i], c.q, w, cx);
        t.name = rl_strdup(w->keep, req->restriction[i]);
        r->test[r->n_tests++] = t;
    }
    if (w->df_each != NULL)
        rl_remark(cx, "tests", "joint tests by Hotelling's T squared, with degrees of freedom from the data");
    return RL_OK;
}

/* --- few clusters ------------------------------------------------------------------------ */

rl_code rl_infer_reduced(rl_infer_work *w, bool jackknife, rl_ctx *cx)
{
    const rl_core *c = w->f->core;
    const char *name = jackknife ? "CR3" : "CR2";
    double G = (double)w->d->cluster[0].G;
    if (c == NULL) return rl_infer_no_core(name, cx);
    if (w->f->family != RL_LINEAR) {
        rl_fail(cx, RL_EDATA, "--vcov %s is for linear regressions", name);
        return rl_hint(cx, "use cluster");
    }
    RL_TRY(rl_infer_clustered(w, cx)); /* its checks and psi by cluster, and its words, which are replaced */
    rl_mat L = directions(w, &w->C, cx), S, V = rl_mat_new(w->m, w->m, cx->tmp);
    w->df_each = RL_NEW(cx->tmp, double, w->m);
    RL_TRY(rl_reduced_covariance(w->d, c, &L, jackknife, &S, &V, w->df_each, cx));
    bool summclust = jackknife && rl_profile_jackknife(w->p);
    if (summclust) {
        rl_infer_scale(&V, (G - 1) / G);
        w->df_each = NULL;
    }
    for (size_t i = 0; i < S.n * w->f->m; i++) w->out->psi_G[i] = S.a[i] * (summclust ? sqrt((G - 1) / G) : 1);
    w->V = V;
    w->df = G - 1;
    w->out->ssc = summclust ? rl_sprintf(w->keep, "jackknife, (G-1)/G = %.6g, G = %.0f", (G - 1) / G, G)
                  : jackknife
                      ? "jackknife: residuals by (I - H)^-1 within a cluster; degrees of freedom by Satterthwaite"
                      : "bias-reduced: residuals by (I - H)^-1/2 within a cluster; degrees of freedom by Satterthwaite";
    return RL_OK;
}

/* What the draws did, and where they stop telling. */
static void say_wild(const rl_infer_work *w, const rl_wild *boot, rl_ctx *cx)
{
    static const char *const TYPE[] = {"Rademacher", "Webb", "Mammen"};
    static const char *const KIND[] = {"", ", two-stage least squares of each (restricted efficient)",
                                       " on the scores"};
    const rl_vcov_spec *v = &w->d->vcov;
    const char *null = !v->null_free ? "null imposed" : "null not imposed";
    rl_remark(cx, "bootstrap",
              "%s%zu %s draws by '%s'%s, form %d, %s: p is the share of draws with |t*| >= |t|, the interval "
              "what such a test does not reject",
              boot->all ? "all " : "", boot->draws, TYPE[v->draws], v->draw_by != NULL ? v->draw_by : v->by[0],
              KIND[boot->kind], v->form, null);
    if (v->draw_by != NULL)
        rl_remark(cx, "bootstrap",
                  "draws are made for the %zu clusters of '%s', errors are clustered by the %zu of '%s', as asked",
                  boot->units, v->draw_by, w->G, v->by[0]);
    if (boot->no_maximum)
        rl_remark(cx, "bootstrap",
                  "an interval was searched up to where the likelihood has a maximum; beyond counts "
                  "as rejected");
    for (size_t j = 0; j < w->m; j++)
        if (isinf(boot->low[j]) || isinf(boot->high[j])) {
            const char *why = boot->kind == RL_WILD_IV ? ", or instruments this weak," : "";
            rl_remark(cx, "bootstrap",
                      "%zu draws by %zu clusters%s cannot reject at this level however far the value: an "
                      "interval without an end shows none",
                      boot->draws, boot->units, why);
            break;
        }
}

rl_code rl_infer_wild(rl_infer_work *w, double level, rl_ctx *cx)
{
    rl_wild *boot = RL_NEW(cx->tmp, rl_wild, 1);
    RL_TRY(rl_infer_clustered(w, cx));
    RL_TRY(rl_wild_run(w->d, w->f, &w->C, w->b, level, boot, cx));
    w->wild = boot;
    w->p_each = boot->p;
    w->low_each = boot->low;
    w->high_each = boot->high;
    w->se_each = boot->std_error;
    w->out->draws = w->out->p_draws = boot->draws;
    if (w->d->vcov.draw_by != NULL) w->out->draw_by = rl_strdup(w->keep, w->d->vcov.draw_by);
    if (boot->std_error != NULL) {
        double G = (double)w->G;
        w->out->ssc = rl_sprintf(w->keep, "jackknife, (G-1)/G = %.6g, G = %.0f", (G - 1) / G, G);
    }
    say_wild(w, boot, cx);
    return RL_OK;
}
