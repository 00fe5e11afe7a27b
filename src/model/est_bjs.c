/* est_bjs.c -- effects on each treated row against its imputed outcome, averaged.
 *
 *   y_it = a_i + l_t + x_it'c + u_it                       rows not yet treated, by least squares
 *   tau_it = y_it - a_i - l_t - x_it'c                     treated rows
 *   tau_w = sum w_it tau_it / sum w_it                     over event times, cohorts, periods
 *
 * The error of tau_w is sum over clusters of (sum_c v_it e_it)^2, where v are
 * the weights with which every outcome enters tau_w, e the residual of an
 * untreated row and, of a treated one, tau_it less the mean of its cohort and
 * period: rows count there by their own weight times that of their cluster in
 * the cell.  A cell of one cluster thus has no error of its own.
 *
 * Event times before the start are coefficients of another regression, on the
 * untreated rows alone, with one dummy for each of those asked for: against
 * all earlier ones and the never treated.
 *
 * Estimand  averages of the effects on the treated
 * Assumes   parallel trends, no anticipation
 * Source    Borusyak, Jaravel & Spiess (2024), Review of Economic Studies 91(6), equations 4-8, and their
 *           did_imputation (Stata, November 2023) for the weights of the cells' means
 */
#include <string.h>

#include "base/str.h"
#include "model/imputed.h"
#include "model/infer.h"

/* --- the treated rows' own part of the error ---------------------------------------------- */

/* Rows of each cluster, one cluster after the other: start (G+1), row (n). */
static uint32_t *by_cluster(const rl_groups *g, size_t n, size_t *start, rl_ctx *cx)
{
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, n);
    size_t *next = RL_NEW(cx->tmp, size_t, g->G);
    for (size_t i = 0; i < n; i++) start[g->code[i] + 1]++;
    for (size_t c = 0; c < g->G; c++) start[c + 1] += start[c];
    memcpy(next, start, g->G * sizeof *next);
    for (size_t i = 0; i < n; i++) row[next[g->code[i]]++] = (uint32_t)i;
    return row;
}

/* mean (cells): sum_i W_c(i) w_i tau_i / sum_i W_c(i) w_i, W_c the weight of the cluster's rows in the cell; --as
 * didimputation: that of the row. */
static double *cell_means(const rl_imputed *p, rl_ctx *cx)
{
    bool own = rl_profile_is(p->r, "didimputation");
    rl_groups g = rl_imputed_clusters(p->d, cx);
    size_t n = p->d->n, C = p->n_cohort * p->T, *start = RL_NEW(cx->tmp, size_t, g.G + 1);
    uint32_t *row = by_cluster(&g, n, start, cx);
    double *W = RL_NEW(cx->tmp, double, C), *sum = RL_NEW(cx->tmp, double, C), *by = RL_NEW(cx->tmp, double, C);
    for (size_t c = 0; c < g.G; c++) {
        for (size_t k = start[c]; k < start[c + 1]; k++) {
            if (p->of[row[k]] < 0) continue;
            int32_t cell = p->cell[row[k]];
            W[cell] += rl_baseline_w(&p->b, row[k]);
        }
        for (size_t k = start[c]; k < start[c + 1]; k++) {
            if (p->of[row[k]] < 0) continue;
            int32_t cell = p->cell[row[k]];
            double w = rl_baseline_w(&p->b, row[k]);
            w *= own ? w : W[cell];
            sum[cell] += w * p->e[row[k]];
            by[cell] += w;
        }
        for (size_t k = start[c]; k < start[c + 1]; k++)
            if (p->of[row[k]] >= 0) W[p->cell[row[k]]] = 0;
    }
    for (size_t c = 0; c < C; c++)
        if (by[c] > 0) sum[c] /= by[c];
    return sum;
}

static rl_imputed_part effects(rl_imputed *p, double *b, rl_ctx *cx)
{
    size_t n = p->d->n;
    double *own = RL_NEW(cx->tmp, double, n), *mean = cell_means(p, cx);
    long double *sum = RL_NEW(cx->tmp, long double, p->m);
    for (size_t i = 0; i < n; i++) {
        if (p->of[i] < 0) continue;
        sum[p->of[i]] += (long double)rl_baseline_w(&p->b, i) * p->e[i];
        own[i] = p->e[i] - mean[p->cell[i]];
    }
    for (size_t j = 0; j < p->m; j++) b[j] = (double)(sum[j] / p->W[j]);
    return (rl_imputed_part){.b = &p->b, .u = p->e, .of = p->of, .own = own, .W = p->W, .m = p->m};
}

/* --- event times before the start ------------------------------------------------------------ */

typedef struct leads {
    int32_t lo;     /* the first of them               */
    size_t q, rows; /* of them; untreated rows         */
    int32_t *event; /* q    ascending                  */
    rl_baseline b;
    double *u, *beta;
} leads;

/* A row before the start, at event time *e from lo on. */
static bool is_lead(const rl_imputed *p, size_t i, int64_t lo, int32_t *e)
{
    const rl_design *d = p->d;
    if (!p->b.fit[i] || d->cohort[i] == RL_NEVER) return false;
    int64_t at = (int64_t)d->at[i] - d->cohort[i];
    if (at < lo || at > p->r->window_hi) return false;
    *e = (int32_t)at;
    return true;
}

static void list_leads(const rl_imputed *p, leads *l, int32_t *code, rl_ctx *cx)
{
    size_t most = (size_t) - (int64_t)l->lo;
    if (most > p->d->n) most = p->d->n;
    int32_t e;
    l->q = l->rows = 0;
    l->event = RL_NEW(cx->tmp, int32_t, most + 1);
    for (size_t i = 0; i < p->d->n; i++) {
        if (!is_lead(p, i, l->lo, &e)) continue;
        size_t at = l->q;
        while (at > 0 && l->event[at - 1] > e) at--;
        if (at > 0 && l->event[at - 1] == e) continue;
        memmove(l->event + at + 1, l->event + at, (l->q - at) * sizeof *l->event);
        l->event[at] = e;
        l->q++;
    }
    for (size_t i = 0; i < p->d->n; i++) {
        code[i] = -1;
        l->rows += p->b.fit[i];
        if (!is_lead(p, i, l->lo, &e)) continue;
        for (size_t k = 0; k < l->q; k++)
            if (l->event[k] == e) code[i] = (int32_t)k;
    }
}

/* The regression on those from l->lo on; *out: the first that cannot be told from what is beside it, q = none. */
static rl_code try_leads(const rl_imputed *p, leads *l, size_t *out, rl_ctx *cx)
{
    const rl_baseline *b = &p->b;
    int32_t *code = RL_NEW(cx->tmp, int32_t, p->d->n);
    list_leads(p, l, code, cx);
    *out = l->q;
    if (l->q == 0) return RL_OK;
    l->b = (rl_baseline){.n = b->n,
                         .w = b->w,
                         .fit = b->fit,
                         .U = b->U,
                         .unit = b->unit,
                         .trend = b->trend,
                         .n_code = b->n_code,
                         .p = b->p,
                         .x = b->x,
                         .last = true};
    for (size_t c = 0; c < b->n_code; c++) {
        l->b.levels[c] = b->levels[c];
        l->b.code[c] = b->code[c];
    }
    l->b.levels[b->n_code] = l->q;
    l->b.code[l->b.n_code++] = code;
    RL_TRY(rl_baseline_make(&l->b, cx));
    for (size_t k = l->q; k-- > 0;)
        if (l->b.out[l->b.at[b->n_code] + k]) *out = k;
    return RL_OK;
}

/* A window that reaches back to the first event time there is leaves nothing to compare with: it begins later. */
static rl_code fit_leads(const rl_imputed *p, leads *l, rl_ctx *cx)
{
    const rl_design *d = p->d;
    int32_t first = 0, e, asked = p->r->window_lo;
    size_t out;
    for (size_t i = 0; i < d->n; i++)
        if (is_lead(p, i, INT32_MIN, &e) && e < first) first = e;
    bool cut = asked <= first;
    l->lo = cut ? first + 1 : asked;
    RL_TRY(try_leads(p, l, &out, cx));
    while (out < l->q && cut && l->q > 1) {
        l->lo = l->event[1];
        RL_TRY(try_leads(p, l, &out, cx));
    }
    if (l->q == 0) return RL_OK;
    if (out < l->q) {
        rl_fail(cx, RL_EDATA,
                "event time %d cannot be told from the effects and the other event times before treatment",
                l->event[out]);
        return rl_hint(cx, "units need rows before --window %d, or others that are never treated", asked);
    }
    if (cut)
        rl_remark(cx, "pre-trends",
                  "event times begin at %d: those before, from %d on, are what they are compared with", l->event[0],
                  first);
    l->u = RL_NEW(cx->tmp, double, d->n);
    l->beta = RL_NEW(cx->tmp, double, l->b.K);
    memcpy(l->u, d->y, d->n * sizeof *l->u);
    rl_baseline_beyond(&l->b, l->u, l->beta, cx);
    rl_imputed_clean(d, l->u);
    return RL_OK;
}

/* The rows of that regression: untreated, and not alone in a level of an effect. */
static const unsigned char *its_rows(const rl_imputed *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    unsigned char *in = RL_NEW(cx->tmp, unsigned char, d->n);
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, d->n);
    size_t m = 0;
    for (size_t i = 0; i < d->n; i++)
        if ((in[i] = p->b.fit[i])) row[m++] = (uint32_t)i;
    if (p->r->keep_singletons) return in;
    rl_fe fe = {d->fe.n_fe, d->fe.levels, RL_NEW(cx->tmp, const int32_t *, d->fe.n_fe)};
    for (size_t e = 0; e < fe.n_fe; e++) {
        int32_t *code = RL_NEW(cx->tmp, int32_t, m);
        for (size_t k = 0; k < m; k++) code[k] = d->fe.code[e][row[k]];
        fe.code[e] = code;
    }
    unsigned char *stay = RL_NEW(cx->tmp, unsigned char, m);
    rl_singletons(&fe, m, stay, cx);
    for (size_t k = 0; k < m; k++) in[row[k]] = stay[k];
    return in;
}

/* They are coefficients of an ordinary regression: its factor, t, and F of all of them. */
static void tell_leads(const rl_imputed *p, const leads *l, rl_fit *f, rl_ctx *cx)
{
    size_t *index = RL_NEW(cx->tmp, size_t, l->q), k = l->q;
    for (size_t q = 0; q < l->q; q++) index[q] = q;
    for (size_t q = 0; q < l->b.p; q++) k += !l->b.out[l->b.x_at + q];
    rl_fit_pre_trend(f, index, l->q, false, cx);
    struct rl_aside *aside = RL_NEW(cx->tmp, struct rl_aside, 1);
    *aside = (struct rl_aside){l->q, k, its_rows(p, cx)};
    f->aside = aside;
    rl_remark(
        cx, "pre-trends",
        "event times before the start come from a regression of their own on the %zu untreated rows, against earlier "
        "ones and the never treated: they are not on the scale of those after it",
        l->rows);
}

/* --- both ------------------------------------------------------------------------------------- */

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    rl_imputed *p = RL_NEW(cx->tmp, rl_imputed, 1);
    leads *l = RL_NEW(cx->tmp, leads, 1);
    RL_TRY(rl_imputed_base(d, r, "bjs", p, f, cx));
    if (f->leave != NULL) return RL_OK;
    RL_TRY(rl_imputed_averages(p, false, cx));
    if (d->w != NULL && rl_profile_is(r, "didimputation"))
        rl_remark(cx, "weights",
                  "rows weigh in the errors as they do in the estimate: those of didimputation 0.5.0 hold only where "
                  "weights are alike");
    bool dynamic = r->agg == RL_AGG_DEFAULT || r->agg == RL_AGG_DYNAMIC;
    if (dynamic && r->has_window && r->window_lo < -r->anticipation) RL_TRY(fit_leads(p, l, cx));
    f->m = l->q + p->m;
    f->label = RL_NEW(cx->tmp, rl_label, f->m);
    f->b = RL_NEW(cx->tmp, double, f->m);
    for (size_t k = 0; k < l->q; k++) {
        f->label[k] = rl_label_of("event");
        f->label[k].event = l->event[k];
        f->b[k] = l->beta[l->b.at[l->b.n_code - 1] + k];
    }
    memcpy(f->label + l->q, p->label, p->m * sizeof *p->label);
    rl_imputed_part part[2] = {{.b = &l->b, .u = l->u, .first = l->q > 0 ? l->b.at[l->b.n_code - 1] : 0, .m = l->q}};
    part[1] = effects(p, f->b + l->q, cx);
    if (l->q > 0)
        rl_imputed_psi(d, part, 2, f, cx);
    else
        rl_imputed_psi(d, part + 1, 1, f, cx);
    rl_imputed_finish(p, f);
    if (l->q > 0) tell_leads(p, l, f, cx);
    return RL_OK;
}

const rl_estimator rl_est_bjs = {
    .name = "bjs",
    .what = "effects on the treated against imputed outcomes",
    .method =
        "Unit effects, time effects and the coefficients of the regressors are estimated on the rows that are not "
        "treated yet; they say what each treated row would have been, and what it has beyond that is averaged.",
    .source = "Borusyak, Jaravel & Spiess (2024)",
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .by_cohort = true,
    .frame = RL_FRAME_IMPUTE,
    .leads_apart = true,
    .takes = " agg window balance anticipation unit-trends ",
    .fit = fit,
};
