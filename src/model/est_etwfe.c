/* est_etwfe.c -- extended two-way fixed effects: one effect for each treated
 * cohort x period cell, then averages of them.
 *
 *   y_it = a_i + l_t + sum_(g,t) b_gt 1{g_i = g, t} + e_it          t >= g
 *
 * a_i: unit effects, or cohort effects without a unit.  With traits (the
 * request's covariates) cohorts and periods have effects by trait cell, and
 * so have the b.  Numbers x in the formula enter by cohort, by period and by
 * cell.  With leads the periods before treatment have cells too, but for the
 * last one of each cohort (and trait cell), which is the reference.
 *
 * An average over a set S of rows is sum_S (b_gt + x_i'c_gt) / |S|: linear in
 * the coefficients, rows counted alike whatever their weights.  With a logit or Poisson family the
 * sum stands inside the mean, and an average is that of m(eta) - m(eta - b_gt - x_i'c_gt).
 *
 * Estimand  average effects on the treated by cohort and period, in the unit of y (logit: probability)
 * Assumes   parallel trends (given the traits), no anticipation; not-yet-treated rows are controls
 * Source    Wooldridge (2021), SSRN 3906345; Wooldridge (2023), Econometrics Journal 26(3), for the families
 */
#include <stdlib.h>
#include <string.h>

#include "model/glm_fit.h"
#include "model/holes.h"
#include "model/impute.h"
#include "num/ols.h"
#include "num/order.h"

enum { MOST_CELLS = 20000, MANY_CELLS = 200 };

typedef struct cell {
    int32_t g, t, trait;
} cell;

typedef struct plan {
    const rl_design *d;
    size_t n_cell;
    cell *cell;
    int32_t *of;   /* n        cell of each row, -1 = none                     */
    size_t *rows;  /* n_cell                                                   */
    rl_mat sum;    /* n_cell-by-p  sums of x                                   */
    size_t p;      /* numbers x                                                */
    bool *flat;    /* n_cell-by-p  x does not vary in the cell: no column      */
    size_t first;  /* column of the first cell                                 */
    size_t *slope; /* n_cell-by-p  column, or SIZE_MAX                         */
    size_t k;
} plan;

static int by_cell(const void *a, const void *b)
{
    const cell *x = a, *y = b;
    if (x->g != y->g) return x->g < y->g ? -1 : 1;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    return x->trait < y->trait ? -1 : x->trait > y->trait;
}

/* The different cells of the rows listed, ascending. */
static size_t sort_cells(cell *c, size_t n)
{
    size_t m = 0;
    if (n == 0) return 0;
    qsort(c, n, sizeof *c, by_cell);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_cell(&c[i], &c[i - 1]) != 0) c[m++] = c[i];
    return m;
}

static size_t times(const rl_design *d, size_t i) { return d->times != NULL ? (size_t)d->times[i] : 1; }

static cell cell_of(const rl_design *d, size_t i)
{
    return (cell){d->cohort[i], d->at[i], d->trait.G > 0 ? d->trait.code[i] : 0};
}

/* Cells that occur among ever-treated rows: all of them when leads, else from the start on.
 * A table over cohort x time x trait would be sparse; rows are hashed by sorting blocks. */
static rl_code list_cells(plan *p, bool leads, rl_ctx *cx)
{
    const rl_design *d = p->d;
    size_t cap = 0, n = 0;
    cell *c = NULL;
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] == RL_NEVER || (!leads && d->at[i] < d->cohort[i])) continue;
        if (n == cap) {
            size_t kept = sort_cells(c, n);
            if (kept > MOST_CELLS) return rl_fail(cx, RL_EDATA, "more than %d cells of cohort and period", MOST_CELLS);
            n = kept;
            if (2 * n >= cap) {
                size_t more = cap ? 2 * cap : 65536;
                c = rl_regrow(cx->tmp, c, cap, more, sizeof *c);
                cap = more;
            }
        }
        c[n++] = cell_of(d, i);
    }
    p->cell = c;
    p->n_cell = n > 0 ? sort_cells(c, n) : 0;
    return RL_OK;
}

/* Take out the reference: the last cell before treatment of each cohort and trait. */
static void leave_references(plan *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n_cell; i++) {
        cell *c = &p->cell[i];
        bool reference = c->t < c->g;
        for (size_t j = i + 1; j < p->n_cell && reference && p->cell[j].g == c->g; j++)
            if (p->cell[j].trait == c->trait && p->cell[j].t < c->g) reference = false;
        if (!reference) p->cell[kept++] = *c;
    }
    p->n_cell = kept;
}

static void fill_rows(plan *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    double *first = RL_NEW(cx->tmp, double, p->n_cell * p->p);
    p->of = RL_NEW(cx->tmp, int32_t, d->n);
    p->rows = RL_NEW(cx->tmp, size_t, p->n_cell);
    p->sum = rl_mat_new(p->n_cell, p->p, cx->tmp);
    p->flat = RL_NEW(cx->tmp, bool, p->n_cell * p->p);
    memset(p->flat, 1, p->n_cell * p->p * sizeof(bool));
    for (size_t i = 0; i < d->n; i++) {
        p->of[i] = -1;
        if (d->cohort[i] == RL_NEVER) continue;
        cell c = cell_of(d, i);
        const cell *hit = p->n_cell > 0 ? bsearch(&c, p->cell, p->n_cell, sizeof c, by_cell) : NULL;
        if (hit == NULL) continue;
        size_t j = (size_t)(hit - p->cell);
        p->of[i] = (int32_t)j;
        for (size_t q = 0; q < p->p; q++) {
            double x = *rl_mat_at(&d->X, i, q);
            if (p->rows[j] == 0)
                first[j + q * p->n_cell] = x;
            else if (x != first[j + q * p->n_cell])
                p->flat[j + q * p->n_cell] = false;
            *rl_mat_at(&p->sum, j, q) += x;
        }
        p->rows[j] += times(d, i);
    }
}

static rl_label cell_label(const rl_design *d, const char *term, const cell *c, bool group, bool time, bool event,
                           rl_ctx *cx)
{
    rl_label l = rl_label_of(term);
    if (group) {
        l.group = c->g;
        l.group_text = rl_time_text(d->clock, c->g, cx->tmp);
    }
    if (time) {
        l.time = c->t;
        l.time_text = rl_time_text(d->clock, c->t, cx->tmp);
    }
    if (event) l.event = c->t - c->g;
    return l;
}

/* --- columns ------------------------------------------------------------------------- */

/* Numbers by cohort and by period: V gets x where `code` is g, for g = from .. G-1. */
static size_t slopes_by(const rl_design *d, const int32_t *code, size_t G, size_t from, size_t q, rl_mat *V, size_t at,
                        rl_label *label, const char *name)
{
    const double *x = rl_mat_col(&d->X, q);
    for (size_t i = 0; i < d->n; i++)
        if ((size_t)code[i] >= from) *rl_mat_at(V, i, at + (size_t)code[i] - from) = x[i];
    for (size_t g = from; g < G; g++) label[at + g - from] = rl_label_of(name);
    return at + G - from;
}

static void cohort_codes(const rl_design *d, rl_groups *g, rl_ctx *cx)
{
    rl_col c = {.name = "cohort", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, d->n), .field = -1};
    for (size_t i = 0; i < d->n; i++) c.num[i] = (double)d->cohort[i];
    rl_groups_of(&c, d->n, g, cx->tmp, cx);
}

static void columns(plan *p, rl_mat *V, rl_label **label, rl_ctx *cx)
{
    const rl_design *d = p->d;
    rl_groups cohort = {0};
    size_t at = 0, slopes = 0;
    if (p->p > 0) cohort_codes(d, &cohort, cx);
    for (size_t j = 0; j < p->n_cell * p->p; j++) slopes += !p->flat[j];
    p->first = p->p > 0 ? p->p * (cohort.G + d->time.G - 1) : 0;
    p->k = p->first + p->n_cell + slopes;
    *V = rl_mat_new(d->n, p->k + 1, cx->tmp);
    rl_label *l = *label = RL_NEW(cx->tmp, rl_label, p->k);
    for (size_t q = 0; q < p->p; q++) {
        at = slopes_by(d, cohort.code, cohort.G, 0, q, V, at, l, rl_sprintf(cx->tmp, "%s by cohort", d->x_name[q]));
        at = slopes_by(d, d->time.code, d->time.G, 1, q, V, at, l, rl_sprintf(cx->tmp, "%s by period", d->x_name[q]));
    }
    for (size_t j = 0; j < p->n_cell; j++) l[at++] = cell_label(d, "att", &p->cell[j], true, true, false, cx);
    p->slope = RL_NEW(cx->tmp, size_t, p->n_cell * p->p);
    for (size_t q = 0; q < p->p; q++)
        for (size_t j = 0; j < p->n_cell; j++) {
            size_t jq = j + q * p->n_cell;
            p->slope[jq] = p->flat[jq] ? SIZE_MAX : at;
            if (p->flat[jq]) continue;
            l[at++] = cell_label(d, rl_sprintf(cx->tmp, "att:%s", d->x_name[q]), &p->cell[j], true, true, false, cx);
        }
    for (size_t i = 0; i < d->n; i++) {
        if (p->of[i] < 0) continue;
        size_t j = (size_t)p->of[i];
        *rl_mat_at(V, i, p->first + j) = 1;
        for (size_t q = 0; q < p->p; q++)
            if (p->slope[j + q * p->n_cell] != SIZE_MAX)
                *rl_mat_at(V, i, p->slope[j + q * p->n_cell]) = *rl_mat_at(&d->X, i, q);
    }
}

/* --- averages ------------------------------------------------------------------------- */

/* The key two cells share when they belong to one average; false: in none. */
static bool key_of(const cell *c, rl_agg agg, int64_t *key)
{
    bool post = c->t >= c->g;
    switch (agg) {
    case RL_AGG_SIMPLE:
        *key = 0;
        return post;
    case RL_AGG_DYNAMIC:
        *key = (int64_t)c->t - c->g;
        return true;
    case RL_AGG_GROUP:
        *key = c->g;
        return post;
    case RL_AGG_CALENDAR:
        *key = c->t;
        return post;
    default:
        *key = (int64_t)c->g * ((int64_t)1 << 32) + (c->t - (int64_t)INT32_MIN);
        return true;
    }
}

static rl_label average_label(const plan *p, const cell *c, rl_agg agg, rl_ctx *cx)
{
    switch (agg) {
    case RL_AGG_SIMPLE:
        return rl_label_of("overall");
    case RL_AGG_DYNAMIC:
        return cell_label(p->d, "event", c, false, false, true, cx);
    case RL_AGG_GROUP:
        return cell_label(p->d, "group", c, true, false, false, cx);
    case RL_AGG_CALENDAR:
        return cell_label(p->d, "calendar", c, false, true, false, cx);
    default:
        return cell_label(p->d, "att", c, true, true, true, cx);
    }
}

/* Row of L: the mean over the rows of all cells with this key. */
static void average(const plan *p, rl_agg agg, int64_t want, const size_t *kept, rl_mat *L, size_t row,
                    const cell **one)
{
    double n = 0;
    int64_t key;
    for (size_t j = 0; j < p->n_cell; j++)
        if (key_of(&p->cell[j], agg, &key) && key == want) n += (double)p->rows[j];
    for (size_t j = 0; j < p->n_cell; j++) {
        if (!key_of(&p->cell[j], agg, &key) || key != want) continue;
        *one = &p->cell[j];
        *rl_mat_at(L, row, kept[p->first + j]) += (double)p->rows[j] / n;
        for (size_t q = 0; q < p->p; q++) {
            size_t s = p->slope[j + q * p->n_cell];
            if (s != SIZE_MAX) *rl_mat_at(L, row, kept[s]) += *rl_mat_at(&p->sum, j, q) / n;
        }
    }
}

/* Event times that hold reference cells and nothing else. */
static size_t reference_events(const plan *p, int64_t *key, size_t m)
{
    const rl_design *d = p->d;
    size_t at = m;
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] == RL_NEVER || p->of[i] >= 0) continue;
        int64_t e = (int64_t)d->at[i] - d->cohort[i];
        bool known = false;
        for (size_t j = 0; j < at && !known; j++) known = key[j] == e;
        if (!known) key[at++] = e;
        if (at >= m + 1000) break;
    }
    return at;
}

/* Averages of differences of means, the effect taken off each row's index. */
typedef struct curved {
    const rl_glm_fit *g;
    rl_family family;
    double *lift;   /* n   m(eta) - m(eta - effect), 0 outside the cells  */
    double *bend;   /* n   the difference of the slopes                   */
    double *slope0; /* n   slope at eta - effect                          */
} curved;

static double effect_of(const plan *p, const rl_glm_fit *g, size_t i)
{
    size_t j = (size_t)p->of[i];
    double effect = g->b[p->first + j];
    for (size_t q = 0; q < p->p; q++) {
        size_t s = p->slope[j + q * p->n_cell];
        if (s != SIZE_MAX) effect += g->b[s] * *rl_mat_at(&p->d->X, i, q);
    }
    return effect;
}

static curved bent(const plan *p, const rl_glm_fit *g, rl_family family, rl_ctx *cx)
{
    size_t n = p->d->n;
    curved c = {g, family, RL_NEW(cx->tmp, double, n), RL_NEW(cx->tmp, double, n), RL_NEW(cx->tmp, double, n)};
    double *h = RL_NEW(cx->tmp, double, 2 * n), *mu0 = h + n;
    for (size_t i = 0; i < n; i++) h[i] = g->eta[i] - (p->of[i] >= 0 ? effect_of(p, g, i) : 0);
    rl_glm_mean(family, g->eta, n, c.lift, c.bend, NULL, cx);
    rl_glm_mean(family, h, n, mu0, c.slope0, NULL, cx);
    for (size_t i = 0; i < n; i++) {
        c.lift[i] -= mu0[i];
        c.bend[i] -= c.slope0[i];
    }
    rl_release(cx->tmp, h);
    return c;
}

static rl_margin bent_average(const plan *p, const curved *c, rl_agg agg, int64_t want, const size_t *kept,
                              rl_label label, rl_ctx *cx)
{
    size_t n = p->d->n;
    rl_margin a = {.label = label, .by_eta = RL_NEW(cx->tmp, double, n), .by_b = RL_NEW(cx->tmp, double, c->g->rank)};
    double rows = 0, *lift = RL_NEW(cx->tmp, double, n);
    int64_t key;
    for (size_t j = 0; j < p->n_cell; j++)
        if (key_of(&p->cell[j], agg, &key) && key == want) rows += (double)p->rows[j];
    for (size_t i = 0; i < n && rows > 0; i++) {
        if (p->of[i] < 0) continue;
        size_t j = (size_t)p->of[i];
        if (!key_of(&p->cell[j], agg, &key) || key != want) continue;
        double s = c->slope0[i] / rows;
        lift[i] = c->lift[i] / rows;
        a.by_eta[i] = c->bend[i] / rows;
        a.by_b[kept[p->first + j]] += s;
        for (size_t q = 0; q < p->p; q++) {
            size_t at = p->slope[j + q * p->n_cell];
            if (at != SIZE_MAX) a.by_b[kept[at]] += s * *rl_mat_at(&p->d->X, i, q);
        }
    }
    a.value = rl_sum(lift, n, cx);
    rl_release(cx->tmp, lift);
    return a;
}

static rl_code bent_averages(const plan *p, const rl_glm_fit *g, rl_agg agg, const int64_t *key, size_t m,
                             const size_t *kept, const rl_label *label, rl_fit *f, rl_ctx *cx)
{
    rl_margin *a = RL_NEW(cx->tmp, rl_margin, m);
    curved c = bent(p, g, f->family, cx);
    for (size_t i = 0; i < m; i++) a[i] = bent_average(p, &c, agg, key[i], kept, label[i], cx);
    f->m = 0; /* instead of the coefficients */
    return rl_fit_append(p->d, g, a, m, f, cx);
}

/* Averages of the cells: of the regression's coefficients, of a curve's effects (g), or, with `by_hand`, of the
 * imputed ones. */
static rl_code averages(plan *p, const rl_request *r, const rl_glm_fit *g, rl_agg agg, const size_t *kept,
                        const rl_imputer *by_hand, rl_fit *f, rl_ctx *cx)
{
    int64_t *key = RL_NEW(cx->tmp, int64_t, p->n_cell + 1001), k;
    size_t m = 0, n_pre = 0, *pre;
    for (size_t j = 0; j < p->n_cell; j++) {
        if (!key_of(&p->cell[j], agg, &k)) continue;
        bool known = false;
        for (size_t i = m; i-- > 0 && !known;) known = key[i] == k;
        if (!known) key[m++] = k;
    }
    if (agg == RL_AGG_DYNAMIC && r->leads) m = reference_events(p, key, m);
    rl_order_long(key, m);
    rl_mat L = rl_mat_new(m, by_hand != NULL ? p->n_cell : f->m, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, m);
    pre = RL_NEW(cx->tmp, size_t, m);
    for (size_t i = 0; i < m; i++) {
        const cell *one = NULL;
        average(p, agg, key[i], kept, &L, i, &one);
        if (one == NULL) {
            label[i] = rl_label_of("event");
            label[i].event = (int32_t)key[i];
            continue;
        }
        label[i] = average_label(p, one, agg, cx);
        if (one->t < one->g) pre[n_pre++] = i;
    }
    if (by_hand != NULL)
        rl_impute(by_hand, L, label, f, cx);
    else if (g != NULL)
        RL_TRY(bent_averages(p, g, agg, key, m, kept, label, f, cx));
    else
        rl_fit_combine(f, L, label, cx);
    rl_fit_pre_trend(f, pre, n_pre, false, cx);
    return RL_OK;
}

/* A unit that lacks its cohort's reference period (it was partly exposed in it) has its own last period before
 * treatment for reference. */
static void refer_by_unit(plan *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    int64_t *last = RL_NEW(cx->tmp, int64_t, d->unit.G);
    for (size_t u = 0; u < d->unit.G; u++) last[u] = -1;
    for (int pass = 0; pass < 2; pass++) /* units with a reference first */
        for (size_t i = 0; i < d->n; i++) {
            int64_t *at = &last[d->unit.code[i]];
            if (pass == 0 && p->of[i] < 0) *at = -2;
            if (pass == 0 || *at == -2 || d->at[i] >= d->cohort[i]) continue;
            if (*at < 0 || d->at[*at] < d->at[i]) *at = (int64_t)i;
        }
    for (size_t u = 0; u < d->unit.G; u++) {
        if (last[u] < 0) continue;
        p->rows[p->of[last[u]]] -= times(d, (size_t)last[u]);
        p->of[last[u]] = -1;
    }
}

/* The effects of many cells without their columns; NULL when not asked for, or when that cannot be. */
static const rl_imputer *imputer(plan *p, const rl_request *r, rl_agg agg, rl_ctx *cx)
{
    const rl_design *d = p->d;
    if (!r->impute || r->family != RL_LINEAR || p->n_cell < MANY_CELLS || agg == RL_AGG_GROUP_TIME) return NULL;
    const rl_imputer *by_hand = rl_imputer_make(d, p->of, p->n_cell, cx);
    if (by_hand == NULL && r->leads && d->unit.G > 0) {
        refer_by_unit(p, cx);
        by_hand = rl_imputer_make(d, p->of, p->n_cell, cx);
        if (by_hand == NULL) fill_rows(p, cx); /* as they were */
    }
    if (by_hand != NULL)
        rl_remark(cx, "etwfe",
                  "more than %d cells of cohort and period: their effects are imputed from the rows before treatment "
                  "(Borusyak, Jaravel & Spiess 2024), the same as fitted ones when no row is missing",
                  MANY_CELLS - 1);
    return by_hand;
}

/* Cells and nothing else, as they are. */
static rl_code regress_cells(plan *p, size_t **kept, rl_fit *f, rl_ctx *cx)
{
    rl_label *label = RL_NEW(cx->tmp, rl_label, p->n_cell);
    for (size_t j = 0; j < p->n_cell; j++) label[j] = cell_label(p->d, "att", &p->cell[j], true, true, false, cx);
    *kept = RL_NEW(cx->tmp, size_t, p->n_cell);
    return rl_fit_indicators(p->d, p->of, p->n_cell, label, *kept, f, cx);
}

/* Covariates of which neither a slope by cohort nor one by period is left. */
static void leave_covariates(const plan *p, const size_t *kept, rl_fit *f, rl_ctx *cx)
{
    size_t each = p->p > 0 ? p->first / p->p : 0;
    for (size_t q = 0; q < p->p; q++) {
        size_t at = q * each;
        while (at < (q + 1) * each && kept[at] == SIZE_MAX) at++;
        if (at == (q + 1) * each) rl_fit_leave(f, (rl_left){p->d->x_name[q], each, true}, cx);
    }
}

/* All columns, written out. */
static rl_code regress(plan *p, const rl_request *r, rl_glm_fit *curve, size_t **kept, rl_fit *f, rl_ctx *cx)
{
    rl_mat V;
    rl_label *label;
    columns(p, &V, &label, cx);
    *kept = RL_NEW(cx->tmp, size_t, p->k);
    rl_mat X = {V.a, V.n, p->k, V.ld};
    if (curve != NULL)
        RL_TRY(rl_fit_glm(p->d, r->family, r->profile, &X, label, p->first, *kept, curve, f, cx));
    else
        RL_TRY(rl_fit_linear(p->d, V, label, p->first, *kept, f, cx));
    if (f->leave == NULL) leave_covariates(p, *kept, f, cx);
    return RL_OK;
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    plan p = {.d = d, .p = d->X.k};
    RL_TRY(list_cells(&p, r->leads, cx));
    if (r->leads) leave_references(&p);
    fill_rows(&p, cx);
    size_t post = 0;
    for (size_t j = 0; j < p.n_cell; j++) post += p.cell[j].t >= p.cell[j].g;
    if (post == 0) {
        rl_fail(cx, RL_EDATA, "no treated row is left that has a comparison (%zu rows used)", rl_rows_used(d));
        return rl_hint(cx, "units must be seen before they are treated, and others while they are");
    }
    rl_agg agg = r->agg == RL_AGG_DEFAULT ? RL_AGG_GROUP_TIME : r->agg;
    const rl_imputer *by_hand = imputer(&p, r, agg, cx);
    if (by_hand == NULL && p.n_cell > MOST_CELLS) {
        rl_fail(cx, RL_EDATA, "%zu cells of cohort and period, each with an effect: too many for a regression",
                p.n_cell);
        return rl_hint(cx, "%d are the most; bjs gives their averages (--agg dynamic), --period coarser times",
                       MOST_CELLS);
    }
    if (by_hand != NULL) {
        size_t *same = RL_NEW(cx->tmp, size_t, p.n_cell);
        for (size_t j = 0; j < p.n_cell; j++) same[j] = j;
        RL_TRY(averages(&p, r, NULL, agg, same, by_hand, f, cx));
        f->normal = true;
        return RL_OK;
    }
    rl_glm_fit g, *curve = r->family != RL_LINEAR ? &g : NULL;
    size_t *kept = NULL;
    rl_code code = p.p == 0 && curve == NULL ? regress_cells(&p, &kept, f, cx) : regress(&p, r, curve, &kept, f, cx);
    if (code == RL_EDATA && !rl_holes_cells(d, r, p.of, cx) && !rl_holes_covariates(d, p.of, p.n_cell, cx))
        rl_hint(cx, "a cell needs units seen before treatment and untreated rows in the same period");
    RL_TRY(code);
    if (f->leave != NULL) return RL_OK;
    RL_TRY(averages(&p, r, curve, agg, kept, NULL, f, cx));
    f->normal = true; /* averages of many cells: normal, as the peers */
    return RL_OK;
}

const rl_estimator rl_est_etwfe = {
    .name = "etwfe",
    .what = "one effect a cohort and period, then averages of them",
    .method =
        "The outcome is regressed on unit (or cohort) effects, time effects and one dummy for each treated cohort and "
        "period; rows not yet treated are the comparison, and the effects are averaged over treated rows.",
    .source = "Wooldridge (2021, 2023)",
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .by_cohort = true,
    .frame = RL_FRAME_CELLS,
    .repeats = true,
    .takes = " control agg rcs ",
    .regression = true,
    .fit = fit,
};
