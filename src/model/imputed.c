#include "model/imputed.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/roster.h"
#include "num/order.h"

enum { MOST_CELLS = 1 << 22, MOST_AVERAGES = 5000 };

/* --- cells ------------------------------------------------------------------------------ */

static size_t place_of(const int32_t *list, size_t n, int32_t v)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (list[mid] < v)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static rl_code list_cells(rl_imputed *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    size_t cap = 0, C = 0, at = 0;
    int32_t *g = NULL;
    for (size_t i = 0; i < d->n; i++) {
        int32_t c = d->cohort[i];
        if (c == RL_NEVER || (i > 0 && c == d->cohort[i - 1])) continue;
        at = place_of(g, C, c);
        if (at < C && g[at] == c) continue;
        if (C == cap) {
            g = rl_regrow(cx->tmp, g, cap, cap ? 2 * cap : 64, sizeof *g);
            cap = cap ? 2 * cap : 64;
        }
        memmove(g + at + 1, g + at, (C - at) * sizeof *g);
        g[at] = c;
        C++;
    }
    p->cohort = g;
    p->n_cohort = C;
    p->T = d->time.G;
    if (C * p->T > MOST_CELLS)
        return rl_fail(cx, RL_EDATA, "%zu cohorts and %zu periods: more cells than can be had", C, p->T);
    p->cell = RL_NEW(cx->tmp, int32_t, d->n);
    for (size_t i = 0; i < d->n; i++) {
        p->cell[i] = -1;
        if (d->cohort[i] == RL_NEVER) continue;
        if (i == 0 || d->cohort[i] != d->cohort[i - 1]) at = place_of(g, C, d->cohort[i]);
        p->cell[i] = (int32_t)(at * p->T + (size_t)d->time.code[i]);
    }
    return RL_OK;
}

/* --- first stage --------------------------------------------------------------------------- */

/* The effect that is eliminated: the units', or the cohorts' without units. */
static size_t unit_effect(const rl_design *d, const rl_request *r)
{
    const char *name = r->unit != NULL ? r->unit : r->cohort;
    size_t f = 0;
    while (strcmp(d->fe_name[f], name) != 0) f++;
    return f;
}

static rl_code take_columns(rl_imputed *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    rl_baseline *b = &p->b;
    size_t k0 = d->constant;
    size_t u = unit_effect(d, p->r);
    if (d->fe.n_fe > RL_BASELINE_CODES) { /* the last place is for leads */
        rl_fail(cx, RL_EDATA, "%zu effects beside those of units and periods", d->fe.n_fe - 2);
        return rl_hint(cx, "join some of them, as in region^year; %d can be had", RL_BASELINE_CODES - 2);
    }
    b->U = d->fe.levels[u];
    b->unit = d->fe.code[u];
    for (size_t f = 0; f < d->fe.n_fe; f++) {
        if (f == u) continue;
        b->levels[b->n_code] = d->fe.levels[f];
        b->code[b->n_code++] = d->fe.code[f];
    }
    b->p = d->X.k - k0;
    b->x = RL_NEW(cx->tmp, const double *, b->p);
    for (size_t q = 0; q < b->p; q++) b->x[q] = rl_mat_col(&d->X, k0 + q);
    if (!p->r->unit_trends) return RL_OK;
    double *t = RL_NEW(cx->tmp, double, d->n);
    for (size_t i = 0; i < d->n; i++) t[i] = (double)((int64_t)d->at[i] - d->first_time);
    b->trend = t;
    return RL_OK;
}

/* What rounding leaves where the fit is perfect is not a residual. */
void rl_imputed_clean(const rl_design *d, double *e)
{
    double top = 0;
    for (size_t i = 0; i < d->n; i++)
        if (fabs(d->y[i]) > top) top = fabs(d->y[i]);
    for (size_t i = 0; i < d->n; i++)
        if (fabs(e[i]) <= 1e-14 * top) e[i] = 0;
}

/* Weights that leave no digit of each other's. */
static bool far_apart(const rl_design *d)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < d->n && d->w != NULL; i++) {
        low = fmin(low, d->w[i]);
        high = fmax(high, d->w[i]);
    }
    return high > 1e100 || low < 1e-12 * high;
}

/* Columns that say nothing of the rows not treated, nor of the others. */
static rl_code tell_dropped(const rl_design *d, const rl_baseline *b, rl_fit *f, rl_ctx *cx)
{
    bool *dropped = RL_NEW(cx->tmp, bool, b->p);
    rl_label *label = RL_NEW(cx->tmp, rl_label, b->p);
    for (size_t q = 0; q < b->p; q++) {
        dropped[q] = b->out[b->x_at + q];
        label[q] = rl_label_of(d->x_name[d->constant + q]);
    }
    return rl_fit_dropped(d, dropped, b->p, label, SIZE_MAX, f, cx);
}

/* Rows without a baseline: why it is so decides whether they are left out or nothing can be done. */
static rl_code judge(rl_imputed *p, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = p->d;
    const rl_baseline *b = &p->b;
    int32_t *why = RL_NEW(cx->tmp, int32_t, d->n);
    size_t lack = rl_baseline_lacks(b, why, cx), treated = 0, column = 0, unit = 0, slope = 0;
    for (size_t i = 0; i < d->n; i++) {
        treated += !b->fit[i];
        unit += why[i] == RL_BASELINE_UNIT;
        slope += why[i] == RL_BASELINE_SLOPE;
        column += why[i] >= (int32_t)b->x_at && why[i] < (int32_t)(b->x_at + b->p);
    }
    for (size_t i = 0; i < d->n && column > 0; i++) {
        size_t k = (size_t)why[i];
        if (why[i] < 0 || k < b->x_at || k >= b->x_at + b->p) continue;
        rl_fail(cx, RL_EDATA,
                "'%s' does not vary beside the effects and other regressors before treatment, and does after "
                "it (%zu treated rows)",
                d->x_name[d->constant + k - b->x_at], column);
        return rl_hint(cx, "its coefficient comes from untreated rows: leave it out");
    }
    RL_TRY(tell_dropped(d, b, f, cx));
    if (lack == 0) return RL_OK;
    if (lack == treated && unit == 0 && slope == 0 && far_apart(d)) {
        rl_fail(cx, RL_EDATA, "the weights are too large, or too far apart, for effects of units and periods");
        return rl_hint(cx, "weights between 1e-12 and 1 of the largest leave each other digits");
    }
    if (lack == treated) {
        rl_fail(cx, RL_EDATA,
                "no treated row has a comparison: %zu treated rows, %zu of them in units without a row before "
                "treatment",
                treated, unit);
        return rl_hint(cx, "%s",
                       slope > 0 ? "unit trends need two untreated periods a unit"
                                 : "units must be seen before they are treated, and others while they are");
    }
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, d->n);
    for (size_t i = 0; i < d->n; i++) leave[i] = why[i] >= 0;
    f->leave = leave;
    f->leave_why[0] = slope > 0 && unit == 0 ? "unit trend from one period" : "no untreated rows to compare with";
    f->m = 0;
    return RL_OK;
}

rl_code rl_imputed_base(const rl_design *d, const rl_request *r, const char *who, rl_imputed *p, rl_fit *f, rl_ctx *cx)
{
    unsigned char *fit = RL_NEW(cx->tmp, unsigned char, d->n);
    size_t treated = 0;
    *p = (rl_imputed){.d = d, .r = r, .who = who};
    for (size_t i = 0; i < d->n; i++) {
        fit[i] = rl_imputed_untreated(d, r, i);
        treated += !fit[i];
    }
    if (treated == 0) {
        rl_fail(cx, RL_EDATA, "no treated row is left (%zu rows used)", d->n);
        return rl_hint(cx, "units must be seen before they are treated and after");
    }
    p->b = (rl_baseline){.n = d->n, .w = d->w, .fit = fit};
    RL_TRY(take_columns(p, cx));
    RL_TRY(rl_baseline_make(&p->b, cx));
    RL_TRY(judge(p, f, cx));
    if (f->leave != NULL) return RL_OK;
    if (r->leads)
        rl_remark(cx, "controls",
                  "estimator '%s' compares with all rows not treated yet, those of units treated later too", who);
    RL_TRY(list_cells(p, cx));
    p->e = RL_NEW(cx->tmp, double, d->n);
    memcpy(p->e, d->y, d->n * sizeof *p->e);
    rl_baseline_beyond(&p->b, p->e, NULL, cx);
    rl_imputed_clean(d, p->e);
    return RL_OK;
}

/* --- averages -------------------------------------------------------------------------------- */

/* The key of the average a cell (cohort c, period t) belongs to; false: to none. */
static bool key_of(const rl_imputed *p, rl_agg agg, bool leads, const bool *held, size_t cell, int64_t *key)
{
    const rl_request *r = p->r;
    int64_t g = p->cohort[cell / p->T], t = p->d->time_at[cell % p->T], e = t - g;
    if (r->has_window && (e < r->window_lo || e > r->window_hi)) return false;
    if (agg == RL_AGG_DYNAMIC && leads && rl_is_reference(r, e)) return false;
    if (e < -r->anticipation && !(leads && agg == RL_AGG_DYNAMIC)) return false;
    if (held != NULL && (!held[cell / p->T] || e > r->balance)) return false;
    *key = agg == RL_AGG_SIMPLE     ? 0
           : agg == RL_AGG_DYNAMIC  ? e
           : agg == RL_AGG_GROUP    ? g
           : agg == RL_AGG_CALENDAR ? t
                                    : (int64_t)cell;
    return e >= 0 || agg == RL_AGG_DYNAMIC || agg == RL_AGG_GROUP_TIME;
}

static rl_label label_of(const rl_imputed *p, rl_agg agg, size_t cell, rl_ctx *cx)
{
    static const char *const TERM[] = {[RL_AGG_SIMPLE] = "overall",
                                       [RL_AGG_DYNAMIC] = "event",
                                       [RL_AGG_GROUP] = "group",
                                       [RL_AGG_CALENDAR] = "calendar",
                                       [RL_AGG_GROUP_TIME] = "att"};
    int32_t g = p->cohort[cell / p->T], t = p->d->time_at[cell % p->T];
    rl_label l = rl_label_of(TERM[agg]);
    bool cells = agg == RL_AGG_GROUP_TIME;
    if (agg == RL_AGG_GROUP || cells) {
        l.group = g;
        l.group_text = rl_time_text(p->d->clock, g, cx->tmp);
    }
    if (agg == RL_AGG_CALENDAR || cells) {
        l.time = t;
        l.time_text = rl_time_text(p->d->clock, t, cx->tmp);
    }
    if (agg == RL_AGG_DYNAMIC || cells) l.event = t - g;
    return l;
}

static rl_code none_left(const rl_imputed *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    int64_t lo = INT64_MAX, hi = INT64_MIN;
    for (size_t i = 0; i < d->n; i++) {
        if (p->b.fit[i]) continue;
        int64_t e = (int64_t)d->at[i] - d->cohort[i];
        if (e < lo) lo = e;
        if (e > hi) hi = e;
    }
    rl_fail(cx, RL_EDATA,
            "no treated row is left to average: event times of those with a comparison go from %lld to %lld",
            (long long)lo, (long long)hi);
    if (p->r->has_window) return rl_hint(cx, "--window %d:%d has none of them", p->r->window_lo, p->r->window_hi);
    return rl_hint(cx, "--balance or --ref leave none of them");
}

/* Cohorts with a row `balance` periods after their start. */
static const bool *held_cohorts(const rl_imputed *p, rl_agg agg, const double *W, rl_ctx *cx)
{
    if (!p->r->has_balance || agg != RL_AGG_DYNAMIC) return NULL;
    bool *held = RL_NEW(cx->tmp, bool, p->n_cohort);
    for (size_t c = 0; c < p->n_cohort * p->T; c++)
        if (W[c] > 0 && (int64_t)p->d->time_at[c % p->T] - p->cohort[c / p->T] == p->r->balance) held[c / p->T] = true;
    return held;
}

rl_code rl_imputed_averages(rl_imputed *p, bool leads, rl_ctx *cx)
{
    const rl_design *d = p->d;
    const rl_request *r = p->r;
    rl_agg agg = r->agg != RL_AGG_DEFAULT ? r->agg : r->has_window || r->n_ref > 0 ? RL_AGG_DYNAMIC : RL_AGG_GROUP_TIME;
    size_t cells = p->n_cohort * p->T, post = 0;
    double *W = RL_NEW(cx->tmp, double, cells);
    int64_t *key = RL_NEW(cx->tmp, int64_t, cells), k;
    int32_t *to = RL_NEW(cx->tmp, int32_t, cells);
    leads = leads && agg == RL_AGG_DYNAMIC;
    for (size_t i = 0; i < d->n; i++)
        if (p->cell[i] >= 0 && (leads || !p->b.fit[i])) W[p->cell[i]] += rl_baseline_w(&p->b, i);
    const bool *held = held_cohorts(p, agg, W, cx);
    for (size_t c = 0; c < cells; c++)
        if (W[c] > 0 && key_of(p, agg, leads, held, c, &k)) {
            key[p->m++] = k;
            post += (int64_t)d->time_at[c % p->T] - p->cohort[c / p->T] >= 0;
        }
    if (post == 0) return none_left(p, cx);
    rl_order_long(key, p->m);
    size_t m = 0;
    for (size_t i = 0; i < p->m; i++)
        if (i == 0 || key[i] != key[i - 1]) key[m++] = key[i];
    p->m = m;
    if (m > MOST_AVERAGES) {
        rl_fail(cx, RL_EDATA, "%zu averages", m);
        return rl_hint(cx, "--agg dynamic, group, calendar or simple gives fewer");
    }
    p->label = RL_NEW(cx->tmp, rl_label, m);
    p->W = RL_NEW(cx->tmp, double, m);
    for (size_t c = 0; c < cells; c++) {
        to[c] = -1;
        if (!(W[c] > 0) || !key_of(p, agg, leads, held, c, &k)) continue;
        to[c] = (int32_t)rl_order_find_long(key, m, k);
        p->label[to[c]] = label_of(p, agg, c, cx);
        p->W[to[c]] += W[c];
    }
    p->of = RL_NEW(cx->tmp, int32_t, d->n);
    for (size_t i = 0; i < d->n; i++) p->of[i] = p->cell[i] >= 0 && (leads || !p->b.fit[i]) ? to[p->cell[i]] : -1;
    return RL_OK;
}

rl_groups rl_imputed_clusters(const rl_design *d, rl_ctx *cx)
{
    if (d->vcov.ways == 1) return d->cluster[0];
    if (d->unit.G > 0) return d->unit;
    rl_groups rows = {.G = d->n, .code = RL_NEW(cx->tmp, int32_t, d->n)};
    for (size_t i = 0; i < d->n; i++) rows.code[i] = (int32_t)i;
    return rows;
}

void rl_imputed_finish(const rl_imputed *p, rl_fit *f)
{
    const rl_design *d = p->d;
    size_t k = f->m;
    for (size_t q = 0; q < p->b.p; q++) k += !p->b.out[p->b.x_at + q];
    f->dof = (rl_dof){.n = d->n,
                      .k = k,
                      .n_fe = d->fe.n_fe,
                      .levels = d->fe.levels,
                      .code = d->fe.code,
                      .redundant_exact = d->fe.n_fe - 1,
                      .constant = true};
    f->bare = f->normal = true;
}
