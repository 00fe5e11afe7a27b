/* Covariances over time: Newey-West, Driscoll-Kraay, and their lag rules. */
#include <math.h>
#include <stdlib.h>

#include "base/fmath.h"
#include "model/hac.h"
#include "model/infer_work.h"

/* --- lags ------------------------------------------------------------------------------ */

static int lag_by_rule(double T, rl_lagrule rule, const char **why)
{
    static const char *const WORDS[] = {"floor(T^(1/4))", "floor(4 (T/100)^(2/9))", "floor(0.75 T^(1/3))"};
    if (rule == RL_LAG_LLS) {
        *why = "bandwidth ceil(1.3 T^(1/2)), one more than the lags, Lazarus, Lewis, Stock and Watson (2018)";
        return (int)ceil(1.3 * sqrt(T) * (1 - 1e-12)) - 1;
    }
    double L = rule == RL_LAG_T4     ? sqrt(sqrt(T))
               : rule == RL_LAG_NW94 ? 4 * rl_pow(T / 100, 2.0 / 9)
                                     : 0.75 * rl_pow(T, 1.0 / 3);
    *why = WORDS[rule];
    return (int)floor(L * (1 + 1e-12));
}

/* Scores of the regression in time order, for automatic bandwidths. */
static rl_mat scores_in_time(const rl_infer_work *w, rl_ctx *cx)
{
    const rl_core *c = w->f->core;
    const rl_design *d = w->d;
    rl_mat u = rl_mat_new(d->n, c->X.k, cx->tmp);
    double *room = RL_NEW(cx->tmp, double, d->n);
    for (size_t j = 0; j < c->X.k; j++) {
        const double *x = rl_cols_part(&c->X, j, 0, d->n, room);
        for (size_t i = 0; i < d->n; i++)
            *rl_mat_at(&u, (size_t)d->time.code[i], j) = x[i] * c->e[i] * (c->w != NULL ? c->w[i] : 1);
    }
    return u;
}

/* Are scores prewhitened before they are summed? */
static bool prewhitens(const rl_infer_work *w)
{
    const rl_vcov_spec *v = &w->d->vcov;
    return v->prewhite > 0 || (v->prewhite == 0 && w->p->prewhite && w->d->unit.G == 0 && !v->fixed_b);
}

/* From the data: Newey & West (1994), or Andrews (1991).  Where there is no single series: floor(T^(1/4)). */
static rl_code automatic_lag(const rl_infer_work *w, rl_lagrule rule, int *L, const char **why, rl_ctx *cx)
{
    const rl_design *d = w->d;
    if (w->f->core == NULL || d->unit.G > 0 || d->time.G < d->n) {
        if (rule == RL_LAG_ANDREWS) {
            rl_fail(cx, RL_EDATA, "the lag rule 'andrews' is for one series, and these are several");
            return rl_hint(cx, "known for panels: t4 nw1 nw2, or a number");
        }
        *L = lag_by_rule((double)d->time.G, RL_LAG_T4, why);
        return RL_OK;
    }
    rl_mat u = scores_in_time(w, cx);
    size_t skip = d->constant ? 0 : SIZE_MAX;
    bool white = rule == RL_LAG_ANDREWS || !w->p->nw_alike || prewhitens(w);
    double bw = rule == RL_LAG_AUTO ? rl_hac_bandwidth(&u, skip, white, cx) : rl_hac_andrews(&u, skip, true, false, cx);
    if (!isfinite(bw))
        return rl_fail(cx, RL_EDATA, "NW: %zu periods are too few for an automatic lag; give one, as in NW:1", d->n);
    *L = bw < (double)d->n ? (int)floor(bw) : (int)d->n;
    *why = rule == RL_LAG_AUTO ? rl_sprintf(cx->tmp, "the automatic bandwidth of Newey and West (1994)%s",
                                            white ? ", prewhitened scores" : "")
                               : "the automatic bandwidth of Andrews (1991), prewhitened scores";
    return RL_OK;
}

static rl_code choose_lag(rl_infer_work *w, rl_lagrule rule, int *L, rl_ctx *cx)
{
    const char *why = "as asked";
    const rl_vcov_spec *v = &w->d->vcov;
    if (v->rule > 0) rule = (rl_lagrule)(v->rule - 1);
    *L = v->lag;
    if (*L < 0 && (rule == RL_LAG_AUTO || rule == RL_LAG_ANDREWS))
        RL_TRY(automatic_lag(w, rule, L, &why, cx));
    else if (*L < 0)
        *L = lag_by_rule((double)w->d->time.G, rule, &why);
    size_t T = w->d->time.G, far = T - 1; /* the furthest two periods are apart */
    if (!w->p->by_rank) far = (size_t)(w->d->time_at[T - 1] - w->d->time_at[0]);
    if (v->lag < 0 && (size_t)*L > far) *L = (int)far; /* a rule's */
    if ((size_t)*L > far) why = rl_sprintf(cx->tmp, "as asked, though no two periods are more than %zu apart", far);
    rl_remark(cx, "lag rule", "lag %d of %zu periods: %s; Bartlett weights%s", *L, T, why,
              w->p->by_rank ? "; lags by rank of the periods that are there" : "");
    w->out->lag = *L;
    return RL_OK;
}

/* Lags go by the calendar: where most of it is empty, hardly any two rows are so many periods apart. */
static void tell_absent(const rl_infer_work *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    int64_t there = (int64_t)d->time.G, all = (int64_t)d->time_at[there - 1] - d->time_at[0] + 1;
    if (w->p->by_rank || all == there) return;
    rl_remark(cx, "lag rule", "%lld of %lld periods of the calendar are absent and contribute nothing%s",
              (long long)(all - there), (long long)all,
              2 * there < all ? ": say what one step of time is, as in --period week, or number the periods" : "");
}

static rl_code finish_lags(rl_infer_work *w, rl_nfactor n_rule, bool t_rule, rl_dfrule df_rule, rl_ctx *cx)
{
    double T = (double)w->d->time.G, t = t_rule && T > 1 ? T / (T - 1) : 1, n = rl_infer_n_factor(w, n_rule);
    rl_infer_scale(&w->V, t * n);
    if (rl_psd_fix(&w->V, cx))
        rl_remark(cx, "covariance",
                  "with gaps in time the covariance was not positive semi-definite; its negative "
                  "eigenvalues were set to 0");
    tell_absent(w, cx);
    rl_infer_set_df(w, df_rule);
    rl_infer_say_factor(w, t_rule ? "T/(T-1)" : NULL, n_rule == RL_N_NONE ? NULL : rl_infer_n_words(n_rule), t * n);
    return w->d->vcov.fixed_b ? rl_infer_fixed_b(w, w->out->lag, t, n_rule, cx) : RL_OK;
}

static rl_code need_two_periods(const rl_infer_work *w, const char *name, rl_ctx *cx)
{
    if (w->d->time.G > 1) return RL_OK;
    return rl_fail(cx, RL_EDATA, "%s needs two periods or more, '%s' has one", name, w->d->time_name);
}

rl_code rl_infer_driscoll_kraay(rl_infer_work *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    int L;
    if (!w->f->psi->has_time)
        return rl_fail(cx, RL_EDATA, "DK needs an influence by period, and this estimator has none");
    RL_TRY(need_two_periods(w, "DK", cx));
    rl_infer_count_K(w, false, cx);
    RL_TRY(choose_lag(w, w->p->dk_lag, &L, cx));
    rl_mat h = rl_mat_new(d->time.G, w->f->m, cx->tmp);
    RL_TRY(w->f->psi->sum_by(w->f->psi, d->time.code, d->time.G, &h, cx));
    rl_hac_sum(&h, d->time_at, NULL, L, w->p->by_rank, &w->V, cx);
    return finish_lags(w, w->p->dk_n, w->p->dk_t, w->p->dk_df, cx);
}

typedef struct spot {
    int32_t unit, code;
    size_t row;
} spot;

static int by_spot(const void *a, const void *b)
{
    const spot *x = a, *y = b;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

static spot spot_of(const rl_design *d, size_t i)
{
    return (spot){d->unit.G > 0 ? d->unit.code[i] : 0, d->time.code[i], i};
}

/* Rows by unit and time; NULL when they stand so. */
static rl_code in_order(const rl_design *d, const char *name, spot **out, rl_ctx *cx)
{
    size_t i = 1;
    *out = NULL;
    for (spot last = spot_of(d, 0), next; i < d->n; i++, last = next) {
        next = spot_of(d, i);
        if (by_spot(&last, &next) >= 0) break;
    }
    if (i >= d->n) return RL_OK;
    spot *s = *out = RL_NEW(cx->tmp, spot, d->n);
    for (i = 0; i < d->n; i++) s[i] = spot_of(d, i);
    qsort(s, d->n, sizeof *s, by_spot);
    for (i = 1; i < d->n; i++) {
        if (s[i].unit != s[i - 1].unit || s[i].code != s[i - 1].code) continue;
        const rl_col *c = rl_table_col(d->t, d->time_name);
        char buf[32];
        const char *when = rl_cell_text(c, d->row[s[i].row], buf);
        if (d->unit.G > 0)
            return rl_fail_cell(d->t, c, d->row[s[i].row], cx, RL_EINPUT, "%s: two rows of unit '%s' and time '%s'",
                                name, d->unit.label[s[i].unit], when);
        rl_fail_cell(d->t, c, d->row[s[i].row], cx, RL_EINPUT, "%s: two rows of time '%s'", name, when);
        return rl_hint(cx, "one series has one row a period; a panel needs --panel UNIT,TIME, or DK");
    }
    return RL_OK;
}

/* The influence in order, with the period (its rank: of periods, not of a unit's rows) and the unit of each row. */
typedef struct ordered {
    const int32_t *at, *unit; /* n  unit NULL: one series */
    rl_mat h;                 /* n-by-m  a NULL: not stored */
} ordered;

static rl_code take_order(const rl_infer_work *w, const char *name, ordered *o, rl_ctx *cx)
{
    const rl_design *d = w->d;
    spot *s;
    RL_TRY(in_order(d, name, &s, cx));
    *o = (ordered){.at = w->p->by_rank ? d->time.code : d->at, .unit = d->unit.G > 0 ? d->unit.code : NULL};
    if (s == NULL) return RL_OK;
    int32_t *at = RL_NEW(cx->tmp, int32_t, d->n), *unit = RL_NEW(cx->tmp, int32_t, d->n);
    for (size_t i = 0; i < d->n; i++) {
        at[i] = o->at[s[i].row];
        unit[i] = s[i].unit;
    }
    rl_mat P;
    RL_TRY(rl_infer_rows(w, &P, cx));
    o->h = rl_mat_new(d->n, w->f->m, cx->tmp);
    for (size_t j = 0; j < w->f->m; j++)
        for (size_t i = 0; i < d->n; i++) *rl_mat_at(&o->h, i, j) = *rl_mat_at(&P, s[i].row, j);
    rl_release(cx->tmp, P.a);
    o->at = at;
    if (o->unit != NULL) o->unit = unit;
    return RL_OK;
}

static void psi_rows(const void *of, size_t from, size_t count, double *out, size_t ld)
{
    const rl_psi *psi = of;
    psi->rows(psi, from, count, out, ld);
}

/* The weighted sums of lagged products: of rows made along the way where that is possible. */
static rl_code lagged_sums(rl_infer_work *w, ordered *o, const double *weight, int L, bool white, rl_ctx *cx)
{
    enum { FAR = 4096 }; /* the rows before a stretch are kept beside it */
    const rl_psi *psi = w->f->psi;
    if (o->h.a == NULL && !white && psi->rows != NULL && L <= FAR) {
        rl_hac_rows rows = {psi->n, psi->m, psi_rows, psi};
        rl_hac_made(&rows, o->at, o->unit, weight, L, false, &w->V, cx);
        return RL_OK;
    }
    if (o->h.a == NULL) RL_TRY(rl_infer_rows(w, &o->h, cx));
    if (white) return rl_hac_prewhitened(&o->h, weight, L, &w->V, cx);
    rl_hac_weighted(&o->h, o->at, o->unit, weight, L, false, &w->V, cx);
    return RL_OK;
}

rl_code rl_infer_newey_west(rl_infer_work *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    ordered o;
    int L;
    RL_TRY(need_two_periods(w, "NW", cx));
    if (d->vcov.fixed_b && d->unit.G > 0) {
        rl_fail(cx, RL_EDATA, "NW with fixed-b is for one series, and '%s' makes a panel", d->unit_name);
        return rl_hint(cx, "use DK, as in DK:lls, or EWC");
    }
    RL_TRY(take_order(w, "NW", &o, cx));
    rl_infer_count_K(w, false, cx);
    RL_TRY(choose_lag(w, d->unit.G > 0 ? w->p->dk_lag : w->p->nw_lag, &L, cx));
    bool white = prewhitens(w);
    RL_TRY(lagged_sums(w, &o, rl_hac_bartlett(L, cx), L, white, cx));
    if (white) rl_remark(cx, "lag rule", "scores prewhitened by a VAR(1)");
    return finish_lags(w, w->p->nw_n, w->p->nw_t, w->p->nw_df, cx);
}

/* Andrews' quadratic spectral kernel; n / (n - K), as its authors and sandwich have it. */
rl_code rl_infer_spectral(rl_infer_work *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    bool white = d->vcov.prewhite > 0;
    int L;
    if (w->f->core == NULL) return rl_infer_no_core("HAC", cx);
    RL_TRY(need_two_periods(w, "HAC", cx));
    if (d->unit.G > 0) {
        rl_fail(cx, RL_EDATA, "HAC:qs is for one series, and '%s' makes a panel", d->unit_name);
        return rl_hint(cx, "use NW or DK");
    }
    ordered o;
    RL_TRY(take_order(w, "HAC", &o, cx));
    rl_infer_count_K(w, false, cx);
    rl_mat u = scores_in_time(w, cx);
    double bw = rl_hac_andrews(&u, d->constant ? 0 : SIZE_MAX, white, true, cx);
    if (!isfinite(bw)) return rl_fail(cx, RL_EDATA, "HAC: %zu periods are too few for an automatic bandwidth", d->n);
    size_t span = (size_t)(o.at[d->n - 1] - o.at[0]) + 1; /* a gap makes lags longer than the series has rows */
    double *weight = rl_hac_spectral(bw, white ? d->n - 1 : span < 2 * d->n ? span : 2 * d->n, &L, cx);
    RL_TRY(lagged_sums(w, &o, weight, L, white, cx));
    char buf[32];
    rl_remark(cx, "lag rule",
              "quadratic spectral weights of all lags, bandwidth %s of %zu periods by Andrews (1991)%s%s",
              rl_num_text(buf, rl_round_digits(bw, 6)), d->time.G, white ? "; scores prewhitened by a VAR(1)" : "",
              w->p->by_rank && !white ? "; lags by rank of the periods that are there" : "");
    return finish_lags(w, RL_N_N_NK, false, w->p->nw_df == RL_DF_NORMAL ? RL_DF_NORMAL : RL_DF_NK, cx);
}
