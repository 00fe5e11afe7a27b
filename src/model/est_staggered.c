/* est_staggered.c -- start dates drawn by lot: the estimate with the least variance.
 *
 *   att(g,t)   mean of cohort g at t less that of the controls, by size
 *   x(g)       the same in the last period before g: 0 but for the draw
 *   theta      sum_c w_c att_c - beta sum_c w_c x_c, one beta for each average asked for
 *
 *   efficient  beta = cov(att part, x part) / var(x part), both from the spread within cohorts
 *   cs         beta = 1, controls all units not treated yet
 *   sa         beta = 1, controls the last cohort (the never treated where there are some)
 *
 * Its variance is that of means of drawn groups, sum_g S_g / N_g (Neyman), which
 * counts the spread of effects across units as if it were noise.  The part of
 * that spread that the periods before the first start tell is taken off again:
 *
 *   V = V_Neyman - B' S B / N,   B = sum_g (S_g of the periods before)^-1 S_g A_g,   S = mean of S_g
 *
 * over the cohorts from the first one in the average on, with the pseudo-inverse
 * where a cohort has fewer units than there are such periods.  The influence
 * of units is changed by the least linear map that gives this V (num/recast.h),
 * so that bands and averages of averages have it too.
 *
 * Estimand  averages of the effects on cohorts, in the unit of y
 * Assumes   start dates as good as drawn by lot; no anticipation
 * Source    Roth & Sant'Anna (2023), Journal of Political Economy: Microeconomics 1(4); as R package staggered has it
 */
#include "model/est_staggered.h"

#include <math.h>
#include <string.h>

#include "model/dynamic.h"

/* --- cohorts --------------------------------------------------------------------- */

static size_t number_of(const rl_draw *w, int32_t g)
{
    size_t lo = 0, hi = w->s.n_cohort;
    if (g == RL_NEVER) return hi;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (w->s.cohort_time[mid] < g)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void cohorts(rl_draw *w, rl_ctx *cx)
{
    const rl_roster *s = &w->s;
    size_t *next;
    w->C = s->n_cohort + (s->never > 0);
    w->at = RL_NEW(cx->tmp, int64_t, w->C);
    w->base = RL_NEW(cx->tmp, int32_t, w->C);
    w->first = RL_NEW(cx->tmp, size_t, w->C + 1);
    w->later = RL_NEW(cx->tmp, size_t, w->C + 1);
    w->unit = RL_NEW(cx->tmp, uint32_t, s->N);
    w->place = RL_NEW(cx->tmp, size_t, s->N);
    next = RL_NEW(cx->tmp, size_t, w->C);
    for (size_t c = 0; c < w->C; c++) {
        bool never = c == s->n_cohort;
        w->at[c] = never ? RL_DRAW_NEVER : s->cohort_time[c];
        w->base[c] = rl_roster_period(s, w->at[c] - 1);
        w->first[c + 1] = next[c] = w->first[c];
        w->first[c + 1] += never ? s->never : s->cohort_size[c];
    }
    for (size_t c = w->C; c-- > 0;) w->later[c] = w->later[c + 1] + w->first[c + 1] - w->first[c];
    for (size_t u = 0; u < s->N; u++) {
        size_t *p = &next[number_of(w, s->cohort[u])];
        w->place[u] = *p;
        w->unit[(*p)++] = (uint32_t)u;
    }
    w->shift = RL_NEW(cx->tmp, double, s->T);
    for (size_t t = 0; t < s->T; t++) {
        long double sum = 0;
        for (size_t u = 0; u < s->N; u++) sum += w->d->y[s->row[s->first[u] + t]];
        w->shift[t] = (double)(sum / (long double)s->N);
    }
}

/* --- averages -------------------------------------------------------------------- */

/* Controls of cohort c in period t: cohorts from here on; w->C when there are none. */
static size_t controls(const rl_draw *w, size_t c, int32_t t)
{
    int64_t after = w->at[c] > w->s.time[t] ? w->at[c] : w->s.time[t];
    if (w->method == RL_DRAW_SA) return w->at[w->C - 1] > after ? w->C - 1 : w->C;
    while (c < w->C && w->at[c] <= after) c++;
    return c;
}

static void open_term(rl_draw *w, rl_label label, rl_ctx *cx)
{
    if (w->m == w->cap_term) {
        size_t cap = w->cap_term ? 2 * w->cap_term : 32;
        w->term = rl_regrow(cx->tmp, w->term, w->cap_term, cap, sizeof *w->term);
        w->cap_term = cap;
    }
    w->term[w->m] = (rl_draw_term){.label = label, .from = w->n_cell, .to = w->n_cell, .beta = 1};
}

static void put(rl_draw *w, size_t c, int32_t t, double weight, rl_ctx *cx)
{
    size_t from = controls(w, c, t);
    if (from == w->C) return;
    if (w->n_cell == w->cap_cell) {
        size_t cap = w->cap_cell ? 2 * w->cap_cell : 256;
        w->cell = rl_regrow(cx->tmp, w->cell, w->cap_cell, cap, sizeof *w->cell);
        w->cap_cell = cap;
    }
    w->cell[w->n_cell++] = (rl_draw_cell){c, t, w->base[c], from, weight};
}

/* Cells from .. on weigh `by` together, in the proportions they have; nothing when there are none. */
static bool share(rl_draw *w, size_t from, double by)
{
    long double sum = 0;
    for (size_t i = from; i < w->n_cell; i++) sum += w->cell[i].w;
    for (size_t i = from; i < w->n_cell; i++) w->cell[i].w = (double)(w->cell[i].w / sum * by);
    return w->n_cell > from;
}

/* A term that has no cell does not exist. */
static void close_term(rl_draw *w)
{
    rl_draw_term *x = &w->term[w->m];
    if (!share(w, x->from, 1)) return;
    x->to = w->n_cell;
    x->reference = true;
    x->first = RL_DRAW_NEVER;
    for (size_t i = x->from; i < x->to; i++) {
        const rl_draw_cell *y = &w->cell[i];
        if (y->t != y->base) x->reference = false;
        if (w->at[y->c] < x->first) x->first = w->at[y->c];
    }
    w->m++;
}

static double size_of(const rl_draw *w, size_t c) { return (double)(w->first[c + 1] - w->first[c]); }
static bool after(const rl_draw *w, size_t c, size_t t) { return w->s.time[t] >= w->at[c]; }

static rl_label labelled(const rl_draw *w, const char *name, int64_t group, int64_t time, rl_ctx *cx)
{
    rl_label l = rl_label_of(name);
    if (group != RL_DRAW_NEVER) {
        l.group = (int32_t)group;
        l.group_text = rl_time_text(w->d->clock, l.group, cx->tmp);
    }
    if (time != RL_DRAW_NEVER) {
        l.time = (int32_t)time;
        l.time_text = rl_time_text(w->d->clock, l.time, cx->tmp);
    }
    return l;
}

static void simple(rl_draw *w, rl_ctx *cx)
{
    open_term(w, rl_label_of("overall"), cx);
    for (size_t c = 0; c < w->C; c++)
        for (size_t t = 0; t < w->s.T; t++)
            if (after(w, c, t)) put(w, c, (int32_t)t, size_of(w, c), cx);
    close_term(w);
}

/* Each cohort's mean over its periods; all of them by size. */
static void group(rl_draw *w, rl_ctx *cx)
{
    for (size_t only = 0; only <= w->C; only++) {
        bool all = only == w->C;
        if (all)
            open_term(w, rl_label_of("overall"), cx);
        else
            open_term(w, labelled(w, "group", w->at[only], RL_DRAW_NEVER, cx), cx);
        for (size_t c = all ? 0 : only; c < (all ? w->C : only + 1); c++) {
            size_t from = w->n_cell;
            for (size_t t = 0; t < w->s.T; t++)
                if (after(w, c, t)) put(w, c, (int32_t)t, 1, cx);
            share(w, from, size_of(w, c));
        }
        close_term(w);
    }
}

/* Each period's mean over those treated by then, by size; all of them alike. */
static void calendar(rl_draw *w, rl_ctx *cx)
{
    for (size_t only = 0; only <= w->s.T; only++) {
        bool all = only == w->s.T;
        if (all)
            open_term(w, rl_label_of("overall"), cx);
        else
            open_term(w, labelled(w, "calendar", RL_DRAW_NEVER, w->s.time[only], cx), cx);
        for (size_t t = all ? 0 : only; t < (all ? w->s.T : only + 1); t++) {
            size_t from = w->n_cell;
            for (size_t c = 0; c < w->C; c++)
                if (after(w, c, t)) put(w, c, (int32_t)t, size_of(w, c), cx);
            share(w, from, 1);
        }
        close_term(w);
    }
}

static rl_code dynamic(rl_draw *w, rl_ctx *cx)
{
    const rl_roster *s = &w->s;
    int64_t lo = s->time[0] - (int64_t)s->cohort_time[s->n_cohort - 1], hi = s->time[s->T - 1] - w->at[0];
    int64_t from = w->r->has_window && w->r->window_lo > lo ? w->r->window_lo : lo;
    int64_t to = w->r->has_window && w->r->window_hi < hi ? w->r->window_hi : hi;
    for (int64_t e = from; e <= to; e++) {
        rl_label l = rl_label_of("event");
        l.event = (int32_t)e;
        open_term(w, l, cx);
        for (size_t c = 0; c < s->n_cohort; c++) {
            int32_t t = rl_roster_period(s, w->at[c] + e);
            if (t >= 0 && s->time[t] == w->at[c] + e) put(w, c, t, size_of(w, c), cx);
        }
        close_term(w);
    }
    for (size_t j = 0; j < w->m; j++)
        if (w->term[j].label.event >= 0) return RL_OK;
    if (!w->r->has_window) return RL_OK; /* refused below */
    rl_fail(cx, RL_EDATA, "no event time from 0 on with a control lies in the window %d:%d", w->r->window_lo,
            w->r->window_hi);
    return rl_hint(cx, "event times here go from %lld to %lld", (long long)lo, (long long)hi);
}

static rl_code averages(rl_draw *w, rl_ctx *cx)
{
    switch (w->r->agg) {
    case RL_AGG_DEFAULT:
    case RL_AGG_SIMPLE:
        simple(w, cx);
        break;
    case RL_AGG_GROUP:
        group(w, cx);
        break;
    case RL_AGG_CALENDAR:
        calendar(w, cx);
        break;
    case RL_AGG_DYNAMIC:
        RL_TRY(dynamic(w, cx));
        break;
    default:
        rl_fail(cx, RL_EUSAGE, "estimator 'staggered' gives averages: each has the weights that suit it best");
        return rl_hint(cx, "known: --agg simple dynamic group calendar");
    }
    if (w->m > 0) return RL_OK;
    rl_fail(cx, RL_EDATA, "no control: no cohort is seen treated while another is not treated yet (%zu cohort%s)", w->C,
            w->C > 1 ? "s" : "");
    return rl_hint(cx, "units that start later, or never, must be in the data");
}

/* --- estimates and the influence of units ------------------------------------------- */

/* What the outcomes of a unit of cohort k weigh in term j: A (T) of the effects, X (T) of the base periods. */
static void weights(const rl_draw *w, size_t k, size_t j, double *A, double *X)
{
    memset(A, 0, w->s.T * sizeof *A);
    memset(X, 0, w->s.T * sizeof *X);
    for (size_t i = w->term[j].from; i < w->term[j].to; i++) {
        const rl_draw_cell *c = &w->cell[i];
        double by = c->c == k ? c->w : 0;
        if (k >= c->from) by -= c->w * size_of(w, k) / (double)(w->later[c->from]);
        A[c->t] += by;
        if (c->base >= 0) X[c->base] += by;
    }
}

/* a and x of the units: deviations from their cohort's means; b[j], and the means of x. */
static void sums_of_units(rl_draw *w, double *x, double *mean_x, double *cov, double *var, rl_ctx *cx)
{
    size_t T = w->s.T, m = w->m;
    double *A = RL_NEW(cx->tmp, double, m *T), *X = RL_NEW(cx->tmp, double, m *T), *y = RL_NEW(cx->tmp, double, T);
    for (size_t k = 0; k < w->C; k++) {
        size_t from = w->first[k], n = w->first[k + 1] - from;
        double *ak = w->a + from * m, *xk = x + from * m, per = (double)n * (double)(n - 1);
        for (size_t j = 0; j < m; j++) weights(w, k, j, A + j * T, X + j * T);
        for (size_t i = 0; i < n; i++) {
            const uint32_t *row = w->s.row + w->s.first[w->unit[from + i]];
            for (size_t t = 0; t < T; t++) y[t] = w->d->y[row[t]] - w->shift[t];
            for (size_t j = 0; j < m; j++)
                for (size_t t = 0; t < T; t++) {
                    ak[i * m + j] += A[j * T + t] * y[t];
                    xk[i * m + j] += X[j * T + t] * y[t];
                }
        }
        for (size_t j = 0; j < m; j++) {
            long double ax = 0, xx = 0;
            w->b[j] += rl_draw_centre(ak, n, m, j);
            mean_x[j] += rl_draw_centre(xk, n, m, j);
            for (size_t i = 0; i < n; i++) {
                ax += (long double)ak[i * m + j] * xk[i * m + j];
                xx += (long double)xk[i * m + j] * xk[i * m + j];
            }
            cov[j] += (double)(ax / per);
            var[j] += (double)(xx / per);
        }
    }
}

static void estimate(rl_draw *w, rl_ctx *cx)
{
    size_t N = w->s.N, m = w->m;
    double *x = RL_NEW(cx->tmp, double, N *m), *sum = RL_NEW(cx->tmp, double, 3 * m);
    w->a = RL_NEW(cx->tmp, double, N *m);
    w->psi = RL_NEW(cx->tmp, double, N * w->M);
    sums_of_units(w, x, sum, sum + m, sum + 2 * m, cx);
    for (size_t j = 0; j < m; j++) {
        rl_draw_term *q = &w->term[j];
        if (w->method == RL_DRAW_EFFICIENT) q->beta = sum[2 * m + j] > 0 ? sum[m + j] / sum[2 * m + j] : 0;
        w->b[j] -= q->beta * sum[j];
        if (!q->reference) continue;
        q->beta = 1;
        w->b[j] = 0;
    }
    for (size_t k = 0; k < w->C; k++) {
        double n = size_of(w, k), by = 1 / sqrt(n * (n - 1));
        for (size_t i = w->first[k]; i < w->first[k + 1]; i++)
            for (size_t j = 0; j < m; j++)
                if (!w->term[j].reference)
                    w->psi[i * w->M + j] = by * (w->a[i * m + j] - w->term[j].beta * x[i * m + j]);
    }
    rl_release(cx->tmp, x);
}

/* --- the fit ---------------------------------------------------------------------- */

static size_t of_unit(const void *self, size_t u, int32_t *at, double *value)
{
    const rl_draw *w = self;
    const double *psi = w->psi + w->place[u] * w->M;
    for (size_t j = 0; j < w->M; j++) {
        at[j] = (int32_t)j;
        value[j] = psi[j];
    }
    return w->M;
}

/* Units of cohorts from .. to-1 have `by` each on their outcome in period t. */
static void weigh(const rl_draw *w, size_t from, size_t to, int32_t t, double by, double *omega)
{
    for (size_t i = w->first[from]; i < w->first[to]; i++) omega[w->s.row[w->s.first[w->unit[i]] + (size_t)t]] += by;
}

static void term_weights(const rl_draw *w, const rl_draw_term *x, double by, double *omega)
{
    for (size_t i = x->from; i < x->to; i++) {
        const rl_draw_cell *c = &w->cell[i];
        double v = by * c->w;
        for (int side = 0; side < (c->base >= 0 ? 2 : 1); side++) {
            int32_t t = side ? c->base : c->t;
            double u = side ? -v * x->beta : v;
            weigh(w, c->c, c->c + 1, t, u / size_of(w, c->c), omega);
            weigh(w, c->from, w->C, t, -u / (double)w->later[c->from], omega);
        }
    }
}

static void outcome_weights(const void *self, size_t j, double *omega)
{
    const rl_draw *w = self;
    size_t n = 0;
    if (j < w->m) {
        term_weights(w, &w->term[j], 1, omega);
        return;
    }
    for (size_t q = 0; q < w->m; q++) n += w->term[q].label.event >= 0;
    for (size_t q = 0; q < w->m; q++)
        if (w->term[q].label.event >= 0) term_weights(w, &w->term[q], 1 / (double)n, omega);
}

static void pre_trend(const rl_draw *w, rl_fit *f, rl_ctx *cx)
{
    size_t n = 0, *pre = RL_NEW(cx->tmp, size_t, w->m);
    for (size_t j = 0; j < w->m && w->M > w->m; j++)
        if (w->term[j].label.event < 0 && !w->term[j].reference) pre[n++] = j;
    rl_fit_pre_trend(f, pre, n, true, cx);
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    rl_draw *w = RL_NEW(cx->tmp, rl_draw, 1);
    size_t method, always = 0;
    *w = (rl_draw){.d = d, .r = r};
    RL_TRY(rl_dynamic_method(r, "efficient cs sa", &method, cx));
    w->method = method == 0 ? RL_DRAW_EFFICIENT : method == 1 ? RL_DRAW_CS : RL_DRAW_SA;
    RL_TRY(rl_fit_takes_nothing(d, r->estimator, "where start dates are drawn by lot none is needed", cx));
    RL_TRY(rl_roster_make(d, false, &w->s, cx));
    RL_TRY(rl_roster_need_balanced(d, &w->s, "estimator 'staggered'", cx));
    cohorts(w, cx);
    RL_TRY(averages(w, cx));
    w->M = w->m + (r->agg == RL_AGG_DYNAMIC);
    w->b = RL_NEW(cx->tmp, double, w->M);
    estimate(w, cx);
    f->m = w->M;
    f->b = w->b;
    f->label = RL_NEW(cx->tmp, rl_label, w->M);
    for (size_t j = 0; j < w->M; j++) f->label[j] = j < w->m ? w->term[j].label : rl_label_of("overall");
    f->normal = f->bare = true;
    f->dof = (rl_dof){.n = d->n, .k = w->M};
    rl_draw_errors(w, f, cx);
    pre_trend(w, f, cx);
    rl_units units = {.N = w->s.N, .row = w->s.start, .most = w->M, .of = of_unit, .self = w};
    rl_psi_units(f, &units, d->n, cx);
    f->omega = outcome_weights;
    f->omega_self = w;
    for (size_t c = 0; c < w->C; c++) always += w->base[c] < 0 ? w->first[c + 1] - w->first[c] : 0;
    if (always > 0)
        rl_remark(cx, "staggered",
                  "%zu unit%s treated from the first period on: their effects rest on the draw alone, no period before "
                  "adjusts them",
                  always, always > 1 ? "s are" : " is");
    return RL_OK;
}

const rl_estimator rl_est_staggered = {
    .name = "staggered",
    .what = "start dates drawn by lot: adjusted for the periods before as far as that helps",
    .method =
        "Start dates count as drawn by lot. Cohorts are compared with those not treated yet, and the difference they "
        "had just before is taken off as far as it makes the estimate more precise.",
    .source = "Roth & Sant'Anna (2023)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .frame = RL_FRAME_DRAWN,
    .takes = " agg window ",
    .methods = " efficient cs sa ",
    .no_weights = "units count alike in a draw",
    .fit = fit,
};
