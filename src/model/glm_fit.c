#include "model/glm_fit.h"

#include <math.h>
#include <string.h>

#include "model/infer.h"
#include "model/profile.h"
#include "num/ols.h"

/* --- separation ------------------------------------------------------------------- */

static rl_glm problem(const rl_design *d, rl_family family, const rl_mat *X, bool last_step)
{
    return (rl_glm){.family = family,
                    .n = d->n,
                    .y = d->y,
                    .w = d->w,
                    .offset = d->offset,
                    .fe = &d->fe,
                    .low = X->a == d->X.a ? d->x_low : NULL, /* the design's own columns */
                    .last_step = last_step};
}

static rl_code separated_by(const rl_design *d, rl_family family, const rl_label *label, const double *share, size_t k,
                            size_t rows, rl_ctx *cx)
{
    rl_str names = rl_str_new(cx->tmp);
    size_t count = 0;
    for (size_t j = 0; j < k; j++) {
        bool constant = d->constant && j == 0;
        if (share[j] == 0 || constant) continue;
        if (count++ < 6) rl_str_addf(&names, "%s'%s'", count > 1 ? ", " : "", rl_label_text(&label[j], cx->tmp));
    }
    if (count > 6) rl_str_add(&names, ", ..");
    const char *which = family == RL_POISSON ? "are all zeros" : "are all on one side";
    rl_fail(cx, RL_EDATA, "separation: %s%s mark%s %zu row%s whose values of '%s' %s: no finite estimate exists",
            rl_str_text(&names), count > 1 ? " together" : "", count > 1 ? "" : "s", rows, rows == 1 ? "" : "s",
            d->y_name, which);
    return rl_hint(cx, "leave out the regressor, or these rows: they agree with any large enough coefficient");
}

/* Suspects are looked into: by effects alone they are left out, else it is an error. */
static rl_code look_for_separation(const rl_design *d, const rl_glm *p, const rl_mat *X, const rl_label *label,
                                   const rl_glm_fit *g, rl_fit *f, rl_ctx *cx)
{
    unsigned char *found = RL_NEW(cx->tmp, unsigned char, d->n);
    double *share = RL_NEW(cx->tmp, double, X->k);
    size_t rows = 0;
    rl_mat none = {X->a, X->n, 0, X->ld};
    if (d->fe.n_fe > 1) RL_TRY(rl_separation(p, &none, g->suspect, found, share, &rows, cx));
    if (rows > 0) {
        f->leave = found;
        f->leave_why[0] = "fitted perfectly by the effects together";
        return RL_OK;
    }
    RL_TRY(rl_separation(p, X, g->suspect, found, share, &rows, cx));
    return rows > 0 ? separated_by(d, p->family, label, share, X->k, rows, cx) : RL_OK;
}

/* A deviance of this share of sum y mu is what rounding leaves. */
static const double PERFECT = 1e-24;

/* --- the fit ------------------------------------------------------------------------ */

static void pack(const rl_design *d, const rl_glm_fit *g, const rl_label *label, size_t *kept, rl_fit *f, rl_ctx *cx)
{
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    size_t m = 0;
    *core = (rl_core){.X = rl_cols_of(&g->X, g->low, cx->tmp), .w = g->W, .e = g->e, .A = g->A, .working = true};
    core->L = rl_mat_new(g->rank, g->rank, cx->tmp);
    core->rss = rl_dot(g->W, g->e, g->e, d->n, cx);
    f->b = RL_NEW(cx->tmp, double, g->rank);
    f->label = RL_NEW(cx->tmp, rl_label, g->rank);
    for (size_t j = 0; j < g->k; j++) {
        if (kept != NULL) kept[j] = g->dropped[j] ? SIZE_MAX : m;
        if (g->dropped[j]) continue;
        *rl_mat_at(&core->L, m, m) = 1;
        f->b[m] = g->b[j];
        f->label[m++] = label[j];
    }
    f->m = m;
    f->core = core;
    f->psi = rl_psi_core(core, d->n, m, d->at != NULL, cx);
}

rl_code rl_fit_glm(const rl_design *d, rl_family family, const char *profile, const rl_mat *X, const rl_label *label,
                   size_t strict, size_t *kept, rl_glm_fit *g, rl_fit *f, rl_ctx *cx)
{
    const rl_profile *conventions = rl_profile_by_name(profile);
    rl_glm p = problem(d, family, X, conventions == NULL || conventions->last_step);
    if (X->k == 0) return rl_fit_nothing(d, label, 0, cx);
    RL_TRY(rl_glm_run(&p, X, g, cx->tmp, cx));
    if (g->suspects > 0) RL_TRY(look_for_separation(d, &p, X, label, g, f, cx));
    if (f->leave != NULL) return RL_OK;
    if (g->lost) {
        rl_fail(cx, RL_ENUM, "the likelihood of '%s' did not reach its maximum in %d steps", d->y_name, g->steps);
        return rl_hint(cx, "look for regressors of very different size, or nearly collinear ones");
    }
    if (g->rank == 0) return rl_fit_nothing(d, label, X->k, cx);
    RL_TRY(rl_fit_dropped(d, g->dropped, g->k, label, strict, f, cx));
    pack(d, g, label, kept, f, cx);
    RL_TRY(rl_fit_degrees(d, X->k, g->redundant, f, cx));
    f->normal = true;
    f->family = family;
    f->deviance = g->deviance;
    f->loglik = g->loglik;
    f->loglik_null = g->loglik_null;
    f->perfect = family == RL_POISSON && g->deviance <= PERFECT * rl_dot(NULL, d->y, g->mu, d->n, cx);
    if (f->perfect)
        rl_remark(cx, "fit", "a perfect fit: '%s' is its fitted mean but for rounding errors, so no statistic is given",
                  d->y_name);
    return RL_OK;
}
