/* What a covariance cannot say, said: clusters that cut units apart, what overflows, errors that are not there. */
#include <math.h>
#include <string.h>

#include "model/infer_work.h"
#include "num/absorb.h"

enum { MOST_ESTIMATES = 5000 };

static bool for_programme(const rl_request *r) { return r->cohort != NULL || r->treated != NULL; }

rl_code rl_infer_need_few(const rl_fit *f, const rl_request *req, rl_ctx *cx)
{
    if (!for_programme(req) || f->m <= MOST_ESTIMATES) return RL_OK;
    rl_fail(cx, RL_EDATA, "%zu estimates: the covariance of so many is not made", f->m);
    return rl_hint(cx, "%d are the most; --agg group, calendar or simple gives fewer, --period coarser times",
                   MOST_ESTIMATES);
}

/* A cluster variable by which no unit has rows in two clusters, or the number of ways when there is none. */
static size_t nesting(const rl_design *d, rl_ctx *cx)
{
    size_t c = 0;
    while (c < d->vcov.ways && !rl_nested(d->unit.code, d->unit.G, d->cluster[c].code, d->n, cx)) c++;
    return c;
}

rl_code rl_infer_need_nested(const rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    const rl_design *d = w->d->all != NULL ? w->d->all : w->d;
    if (d->vcov.kind == RL_NW && w->f->psi != NULL && w->f->psi->units != NULL) {
        rl_fail(cx, RL_EDATA, "NW needs an influence by period, and this estimator has none");
        return rl_hint(cx,
                       "errors by units are right for whatever follows one another within a unit: leave --vcov out");
    }
    if (req->rcs || !for_programme(req) || d->unit.G == 0 || d->vcov.ways == 0 || w->f->psi == NULL) return RL_OK;
    bool units = w->f->psi->units != NULL;
    for (size_t c = 0; c < d->vcov.ways && units; c++) {
        if (rl_nested(d->unit.code, d->unit.G, d->cluster[c].code, d->n, cx)) continue;
        rl_fail(cx, RL_EDATA, "'%s' differs between the rows of one '%s': errors cannot cluster by it", d->vcov.by[c],
                d->unit_name);
        return rl_hint(cx, "cluster by the unit, or by a column in which all rows of a unit are alike");
    }
    if (units || nesting(d, cx) < d->vcov.ways) return RL_OK;
    rl_remark(cx, "clusters",
              "'%s' differs between the rows of one '%s': the errors take what happens to one unit in two clusters "
              "for unrelated, and may be too small",
              d->vcov.by[0], d->unit_name);
    return RL_OK;
}

/* A convention may count more coefficients than there are rows. */
rl_code rl_infer_need_freedom(const rl_infer_work *w, rl_ctx *cx)
{
    for (size_t j = 0; j < w->f->m; j++) {
        if (w->K < w->f->dof.n || isfinite(*rl_mat_at(&w->V, j, j))) continue;
        rl_fail(cx, RL_EDATA, "%zu rows and %zu coefficients, as this convention counts them: no freedom is left",
                w->f->dof.n, w->K);
        return rl_hint(cx, "use fewer regressors or effects, or more rows");
    }
    return RL_OK;
}

rl_code rl_infer_need_finite(const rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    for (size_t j = 0; j < w->f->m && for_programme(req); j++) {
        double b = w->f->b[j], v = *rl_mat_at(&w->V, j, j);
        if (isfinite(b) && !isinf(v)) continue;
        rl_fail(cx, RL_EDATA, "'%s' overflows", rl_label_text(&w->f->label[j], cx->tmp));
        return rl_hint(cx, "measure the outcome and all else in units that keep them between 1e-100 and 1e100");
    }
    return RL_OK;
}

/* --- variances of rounding errors -------------------------------------------------------- */

/* Below this share of what errors of one variance would give a variance is looked into; below that of the sum of squares
 * of the rows' influence, of which sums by cluster are made, nothing of it is left but rounding. */
static const double SUSPECT = 1e-12, ROUNDING = 1e-16;

/* L A L' s2 of combination j. */
static double plain_variance(const rl_infer_work *w, size_t j, double *l)
{
    const rl_core *c = w->f->core;
    double sum = 0;
    for (size_t a = 0; a < c->L.k; a++) {
        l[a] = 0;
        for (size_t i = 0; i < w->f->m; i++) l[a] += *rl_mat_at(&w->C, j, i) * *rl_mat_at(&c->L, i, a);
    }
    for (size_t a = 0; a < c->L.k; a++)
        for (size_t b = 0; b < c->L.k && l[a] != 0; b++) sum += l[a] * *rl_mat_at(&c->A, a, b) * l[b];
    return sum * c->rss / (double)w->f->dof.n;
}

/* Sum of squares of the influence on combination j, row by row. */
static double squares(const rl_infer_work *w, size_t j, const rl_mat *P)
{
    double sum = 0;
    for (size_t i = 0; i < P->n; i++) {
        double psi = 0;
        for (size_t a = 0; a < P->k; a++) psi += *rl_mat_at(&w->C, j, a) * *rl_mat_at(P, i, a);
        sum += psi * psi;
    }
    return sum;
}

static void say_nought(const rl_infer_work *w, size_t count, size_t first, rl_ctx *cx)
{
    const rl_design *d = w->d;
    const char *groups = d->vcov.ways > 0 ? rl_sprintf(cx->tmp, "cluster of '%s'", d->vcov.by[0]) : "period";
    rl_remark(
        cx, "errors",
        "'%s'%s no standard error: influence cancels within every %s, as that of a coefficient of each one's own does, "
        "and the variance is rounding error%s",
        rl_label_text(&w->label[first], cx->tmp),
        count > 1 ? rl_sprintf(cx->tmp, " and %zu more have", count - 1) : " has", groups,
        d->vcov.ways > 0 ? "; HC1, or finer clusters, can tell" : "");
}

rl_code rl_infer_find_nought(rl_infer_work *w, rl_ctx *cx)
{
    const rl_core *c = w->f->core;
    rl_vcov_kind kind = w->d->vcov.kind;
    bool by_row = kind == RL_IID || kind == RL_HC0 || kind == RL_HC1 || kind == RL_HC2 || kind == RL_HC3;
    size_t count = 0, first = 0;
    rl_mat P = {0};
    if (by_row || c == NULL || c->beside != NULL || w->f->perfect || w->f->psi == NULL || w->f->psi->units != NULL)
        return RL_OK;
    double *l = RL_NEW(cx->tmp, double, c->L.k);
    for (size_t j = w->m; j-- > 0;) {
        double v = *rl_mat_at(&w->V, j, j);
        if (!(v > 0) || !(v < SUSPECT * plain_variance(w, j, l))) continue;
        if (P.a == NULL) RL_TRY(rl_infer_rows(w, &P, cx));
        if (!(v < ROUNDING * squares(w, j, &P))) continue;
        for (size_t i = 0; i < w->m; i++) *rl_mat_at(&w->V, i, j) = *rl_mat_at(&w->V, j, i) = 0;
        count++;
        first = j;
    }
    if (count > 0) say_nought(w, count, first, cx);
    return RL_OK;
}

/* References are 0, and have none. */
void rl_infer_say_missing(const rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    const rl_result *r = w->out;
    size_t lack = 0, varies = 0, first = 0;
    if (!for_programme(req) || w->f->perfect || strcmp(r->vcov_kind, "none") == 0) return;
    for (size_t j = 0; j < r->m; j++) varies += r->est[j].std_error > 0;
    for (size_t j = r->m; j-- > 0;) {
        if (r->est[j].std_error > 0 || (varies > 0 && r->est[j].estimate == 0)) continue;
        lack++;
        first = j;
    }
    if (lack > 0)
        rl_remark(cx, "errors", "%zu of %zu estimates have no standard error (the first is '%s'): its variance is 0",
                  lack, r->m, rl_label_text(&r->est[first].label, cx->tmp));
}
