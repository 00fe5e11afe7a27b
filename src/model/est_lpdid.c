/* est_lpdid.c -- local projections difference-in-differences.
 *
 *   y_(i,t+e) - b_(i,t-1) = effect_e starts_it + d_t + x_it'c + v_it,     a regression for each event time e
 *
 * over the rows (i,t) of units that start at t and of clean controls: units
 * not treated yet at t + max(e,0).  b is the outcome of the period before, or
 * the mean of --premean periods; --ylags K adds the K changes of the outcome
 * before t as controls.  Periods weigh by the variance of starting in them;
 * --reweight yes makes every unit that starts count alike (weights
 * (n1 + n0) / n0 of the period, before the start those of event time 0; periods
 * in which nobody starts are left out).  --composition fixed keeps the same
 * controls at all event times, those untreated through the window, and the
 * cohorts that start more than its length before the data end.  Before the
 * start an outcome less b may be made of those K changes: 0 by construction.
 *
 * Each event time has its own rows, and its own small-sample factor; their
 * covariance is that of all together.  Units that no event time has are left
 * out, lest they count as clusters: t has one degree of freedom less than there
 * are clusters left.  `overall` is the mean of effect_e, e >= 0.
 *
 * Estimand  effect e periods after the start, in the unit of y
 * Assumes   parallel trends, no anticipation
 * Source    Dube, Girardi, Jorda & Taylor (2023), NBER 31184, equations 6-8 and section 4
 */
#include <math.h>
#include <string.h>

#include "base/seen.h"
#include "model/infer.h"
#include "model/roster.h"

enum { MOST_HORIZONS = 400 };

typedef struct work {
    const rl_design *d;
    const rl_request *r;
    rl_roster s;
    int32_t lo, hi;
    size_t first_x, k; /* covariates of the design behind its constant   */
    /* one event time */
    size_t n, starts;      /* rows, and those that start                     */
    uint32_t *row;         /* n   row of the design at t                     */
    double *dy, *D, *ylag; /* n, n, n-by-ylags                               */
    double *base;          /* of each row of the roster: outcome before it, NaN = none */
    double *psi;           /* n-by-m of the design's rows                    */
    size_t m;
    rl_label *label;
    double *b;
    bool *there; /* m   not a reference, and not ..                */
    bool *given; /* m   .. made of the controls: 0                 */
    bool *used;  /* units of the design that some regression has   */
    rl_dof dof;  /* of event time 0                                */
    rl_fit *out; /* .. and the covariates left out there           */
    rl_arena *tmp;
} work;

static rl_code settle(work *w, rl_ctx *cx)
{
    const rl_request *r = w->r;
    if (!r->has_window) {
        rl_fail(cx, RL_EUSAGE, "estimator 'lpdid' needs a window of event times");
        return rl_hint(cx, "a regression is run for each of them, as in --window -3:4");
    }
    w->lo = r->window_lo;
    w->hi = r->window_hi;
    if (w->hi < 0 || w->hi - w->lo >= MOST_HORIZONS)
        return rl_fail(cx, RL_EUSAGE, "--window %d:%d must reach 0 and hold fewer than %d event times", w->lo, w->hi,
                       MOST_HORIZONS);
    w->first_x = w->d->constant;
    w->k = w->d->X.k - w->first_x;
    size_t clean = w->s.never;
    for (size_t c = 1; c < w->s.n_cohort; c++) clean += w->s.cohort_size[c];
    if (clean > 0) return RL_OK;
    rl_fail(cx, RL_EDATA, "no clean control: all %zu units are treated at the same time (%s)", w->s.N,
            rl_time_words(w->d->clock, w->s.cohort_time[0], cx->tmp));
    return rl_hint(cx, "units that start later, or never, are what the others are compared with");
}

/* --- rows of one event time -------------------------------------------------------- */

/* Outcome of unit u at a time; NaN = no row. */
static double outcome(const work *w, size_t u, int64_t time)
{
    int32_t t = rl_roster_period(&w->s, time);
    if (t < 0 || w->s.time[t] != time) return NAN;
    uint32_t i = rl_roster_at(&w->s, u, t);
    return i == RL_NO_ROW ? (double)NAN : w->d->y[i];
}

/* Mean of the outcome in the periods before t. */
static double before(const work *w, size_t u, int64_t t)
{
    int K = w->r->premean > 0 ? w->r->premean : 1;
    double sum = 0;
    for (int q = 1; q <= K; q++) sum += outcome(w, u, t - q);
    return sum / K;
}

/* Does the unit start at t, or is it clean until e periods later? */
static bool takes_part(const work *w, size_t u, int64_t t, int32_t e, bool *starts)
{
    int32_t g = w->s.cohort[u];
    *starts = g == t;
    if (!w->r->same_units) return *starts || g == RL_NEVER || g > t + (e > 0 ? e : 0);
    if (g != RL_NEVER && g >= (int64_t)w->s.time[w->s.T - 1] - w->hi) return false;
    return *starts || ((g == RL_NEVER || g > t + w->hi) && !isnan(outcome(w, u, t + w->hi)));
}

static void list_bases(work *w, rl_ctx *cx)
{
    const rl_roster *s = &w->s;
    w->base = RL_NEW(cx->tmp, double, w->d->n);
    for (size_t u = 0; u < s->N; u++)
        for (size_t k = s->first[u]; k < s->first[u + 1]; k++) w->base[k] = before(w, u, s->time[s->when[k]]);
}

static void list_rows(work *w, int32_t e)
{
    const rl_roster *s = &w->s;
    int K = w->r->ylags;
    w->n = w->starts = 0;
    for (size_t u = 0; u < s->N; u++)
        for (size_t k = s->first[u]; k < s->first[u + 1]; k++) {
            int64_t t = s->time[s->when[k]];
            bool starts;
            if (!takes_part(w, u, t, e, &starts)) continue;
            double dy = outcome(w, u, t + e) - w->base[k];
            for (int q = 0; q < K; q++) {
                double x = outcome(w, u, t - 1 - q) - outcome(w, u, t - 2 - q);
                w->ylag[w->n + (size_t)q * w->d->n] = x;
                dy += 0 * x; /* missing here, missing there */
            }
            if (isnan(dy)) continue;
            w->row[w->n] = s->row[k];
            w->D[w->n] = starts;
            w->dy[w->n++] = dy;
            w->starts += starts;
        }
}

/* --- one regression ---------------------------------------------------------------- */

static rl_code not_there(const work *w, int32_t e, rl_ctx *cx)
{
    if (w->starts == 0)
        rl_fail(cx, RL_EDATA,
                "event time %d: no unit that starts is seen %d periods %s its start and the period before", e,
                e < 0 ? -e : e, e < 0 ? "before" : "after");
    else
        rl_fail(cx, RL_EDATA, "event time %d: no clean control is untreated and seen when one of %zu units starts", e,
                w->starts);
    return rl_hint(cx, "a shorter --window leaves out what cannot be told");
}

/* Codes of the periods that occur. */
static size_t periods(const work *w, int32_t *code, rl_ctx *cx)
{
    int32_t *number = RL_NEW(cx->tmp, int32_t, w->s.T);
    size_t T = 0;
    for (size_t i = 0; i < w->n; i++) {
        int32_t *x = &number[w->d->time.code[w->row[i]]];
        if (*x == 0) *x = (int32_t)++T;
        code[i] = *x - 1;
    }
    return T;
}

/* Units that start and controls of each period, by weight. */
static void count_periods(const work *w, double *n1, double *n0)
{
    memset(n1, 0, w->s.T * sizeof *n1);
    memset(n0, 0, w->s.T * sizeof *n0);
    for (size_t i = 0; i < w->n; i++) {
        double by = w->d->w != NULL ? w->d->w[w->row[i]] : 1;
        *(w->D[i] > 0 ? &n1[w->d->time.code[w->row[i]]] : &n0[w->d->time.code[w->row[i]]]) += by;
    }
}

/* Leave out the rows of periods without a start or a control: under --reweight they have no weight. */
static void keep_told(work *w, const double *n1, const double *n0)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        int32_t t = w->d->time.code[w->row[i]];
        if (!(n1[t] > 0 && n0[t] > 0)) continue;
        w->row[n] = w->row[i];
        w->D[n] = w->D[i];
        w->dy[n] = w->dy[i];
        for (size_t q = 0; q < (size_t)w->r->ylags; q++) w->ylag[n + q * w->d->n] = w->ylag[i + q * w->d->n];
        n++;
    }
    w->n = n;
}

/* Every unit that starts counts alike; before the start by the counts of event time 0, as the peers do. */
static double *weights(work *w, int32_t e, bool *any, rl_ctx *cx)
{
    size_t T = w->s.T;
    double *n1 = RL_NEW(cx->tmp, double, T), *n0 = RL_NEW(cx->tmp, double, T);
    *any = false;
    count_periods(w, n1, n0);
    for (size_t t = 0; t < T; t++) *any = *any || (n1[t] > 0 && n0[t] > 0);
    if (w->r->reweight && e < 0) {
        list_rows(w, 0);
        count_periods(w, n1, n0);
        list_rows(w, e);
    }
    if (w->r->reweight) keep_told(w, n1, n0);
    if (!w->r->reweight && w->d->w == NULL) return NULL;
    double *out = RL_NEW(cx->tmp, double, w->n);
    for (size_t i = 0; i < w->n; i++) {
        int32_t t = w->d->time.code[w->row[i]];
        out[i] = w->d->w != NULL ? w->d->w[w->row[i]] : 1;
        if (w->r->reweight) out[i] *= (n1[t] + n0[t]) / n0[t];
    }
    return out;
}

/* (n-1)/(n-K) G/(G-1) of this regression, as fixest has it; 1 without one-way clusters, and where no factor is asked
 * for. */
static double factor_of(const work *w, double K, rl_ctx *cx)
{
    const rl_vcov_spec *v = &w->d->vcov;
    if (v->kind != RL_CLUSTER || v->ways != 1 || rl_profile_is(w->r, "exact")) return 1;
    bool *seen = RL_NEW(cx->tmp, bool, w->d->cluster[0].G);
    double G = 0, n = (double)w->n;
    for (size_t i = 0; i < w->n; i++) G += rl_first_seen(seen, (size_t)w->d->cluster[0].code[w->row[i]]);
    rl_release(cx->tmp, seen);
    return G > 1 && n > K ? (n - 1) / (n - K) * G / (G - 1) : 1;
}

/* An effect is known: coefficients and periods of its regression. */
static void note_effect(work *w, size_t j, int32_t e, double b, size_t k, size_t T)
{
    w->b[j] = b;
    w->there[j] = true;
    if (e == 0) w->dof = (rl_dof){.n = w->n, .k = k + T, .constant = true};
}

/* What the regression of event time 0 left out, beyond its arena. */
static void hand_on(const work *w, const rl_fit *f, rl_ctx *cx)
{
    rl_arena *inner = cx->tmp;
    cx->tmp = w->tmp;
    for (size_t i = 0; i < f->n_left; i++) {
        rl_left l = f->left[i];
        l.name = rl_strdup(cx->tmp, l.name);
        rl_fit_leave(w->out, l, cx);
    }
    cx->tmp = inner;
}

static rl_code with_covariates(work *w, size_t j, int32_t e, const double *by, const int32_t *period, size_t T,
                               rl_ctx *cx)
{
    rl_fe fe = {.n_fe = 1, .levels = &T, .code = &period};
    const char *name = w->d->time_name;
    rl_design a = {.t = w->d->t,
                   .formula = w->d->formula,
                   .n = w->n,
                   .row = RL_NEW(cx->tmp, uint32_t, w->n),
                   .y_name = w->d->y_name,
                   .y = w->dy,
                   .fe_name = &name,
                   .X = {.k = w->k},
                   .x_name = w->d->x_name + w->first_x,
                   .vcov = w->d->vcov};
    a.fe = fe;
    a.w = by;
    size_t K = (size_t)w->r->ylags, k = 1 + w->k + K;
    rl_mat V = rl_mat_new(w->n, k + 1, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, k);
    label[0] = w->label[j];
    memcpy(rl_mat_col(&V, 0), w->D, w->n * sizeof(double));
    for (size_t q = 0; q < K; q++) {
        label[1 + q] = rl_label_of("an earlier change of the outcome");
        memcpy(rl_mat_col(&V, 1 + q), w->ylag + q * w->d->n, w->n * sizeof(double));
    }
    for (size_t q = 0; q < w->k; q++) {
        const double *x = rl_mat_col(&w->d->X, w->first_x + q);
        label[1 + K + q] = rl_label_of(w->d->x_name[w->first_x + q]);
        for (size_t i = 0; i < w->n; i++) *rl_mat_at(&V, i, 1 + K + q) = x[w->row[i]];
    }
    for (size_t i = 0; i < w->n; i++) a.row[i] = w->d->row[w->row[i]];
    rl_fit f = {.r2_within = NAN};
    size_t *kept = RL_NEW(cx->tmp, size_t, k);
    RL_TRY(rl_fit_linear(&a, V, label, k, kept, &f, cx));
    if (e == 0) hand_on(w, &f, cx);
    if (kept[0] == SIZE_MAX) return not_there(w, e, cx);
    double root = sqrt(factor_of(w, (double)(f.dof.k + T), cx)), *la = RL_NEW(cx->tmp, double, f.core->X.k),
           *v = RL_NEW(cx->tmp, double, w->n), *psi = w->psi + j * w->d->n;
    rl_core_direction(f.core, kept[0], la, cx);
    rl_cols_times(&f.core->X, la, 0, w->n, v);
    for (size_t i = 0; i < w->n; i++) psi[w->row[i]] = root * v[i] * f.core->e[i] * (a.w != NULL ? a.w[i] : 1);
    note_effect(w, j, e, f.b[kept[0]], f.dof.k, T);
    return RL_OK;
}

/* On starting alone: sums by period. */
static void on_starting(work *w, size_t j, int32_t e, const double *by, const int32_t *period, size_t T, rl_ctx *cx)
{
    long double *W = RL_NEW(cx->tmp, long double, 3 * T), *D = W + T, *y = W + 2 * T, xx = 0, xy = 0;
    for (size_t i = 0; i < w->n; i++) {
        long double v = by != NULL ? by[i] : 1;
        W[period[i]] += v;
        D[period[i]] += v * w->D[i];
        y[period[i]] += v * w->dy[i];
    }
    for (size_t t = 0; t < T; t++) {
        D[t] /= W[t];
        y[t] /= W[t];
    }
    for (size_t i = 0; i < w->n; i++) {
        long double x = w->D[i] - D[period[i]], v = by != NULL ? by[i] : 1;
        xx += v * x * x;
        xy += v * x * (w->dy[i] - y[period[i]]);
    }
    double b = (double)(xy / xx), root = sqrt(factor_of(w, 1 + (double)T, cx)), *psi = w->psi + j * w->d->n;
    for (size_t i = 0; i < w->n; i++) {
        double x = (double)(w->D[i] - D[period[i]]), v = by != NULL ? by[i] : 1;
        psi[w->row[i]] = root * v * x * ((double)(w->dy[i] - y[period[i]]) - b * x) / (double)xx;
    }
    note_effect(w, j, e, b, 1, T);
}

static rl_code one_event(work *w, size_t j, int32_t e, rl_ctx *cx)
{
    bool any;
    list_rows(w, e);
    double *by = weights(w, e, &any, cx);
    if (w->starts == 0 || !any) return not_there(w, e, cx);
    int32_t *period = RL_NEW(cx->tmp, int32_t, w->n);
    size_t T = periods(w, period, cx);
    if (w->k + (size_t)w->r->ylags > 0 || w->n <= 1 + T) return with_covariates(w, j, e, by, period, T, cx);
    on_starting(w, j, e, by, period, T, cx);
    return RL_OK;
}

/* Is y_(t+e) - b made of the changes before t that are controls?  e < 0 */
static bool by_construction(const rl_request *r, int32_t e)
{
    int reach = -e > r->premean ? -e : r->premean; /* periods back from t */
    return e < 0 && r->ylags > 0 && reach - 1 <= r->ylags;
}

/* In an arena of its own: some hundred event times of a large panel would not fit side by side. */
static rl_code each_event(work *w, rl_ctx *cx)
{
    for (int32_t e = w->lo; e <= w->hi; e++) {
        size_t j = (size_t)(e - w->lo), notes = cx->n_notes;
        w->label[j] = rl_label_of("event");
        w->label[j].event = e;
        if (e == -1 && w->r->premean < 2) continue;
        w->given[j] = by_construction(w->r, e);
        if (w->given[j]) continue;
        rl_arena *outer = cx->tmp;
        cx->tmp = rl_arena_like(outer);
        rl_code code = one_event(w, j, e, cx);
        rl_arena_free(cx->tmp);
        cx->tmp = outer;
        if (e != 0) cx->n_notes = notes; /* as at 0 */
        RL_TRY(code);
        for (size_t i = 0; i < w->n; i++) w->used[w->d->unit.code[w->row[i]]] = true;
    }
    return RL_OK;
}

/* Units that no regression has, as those that are treated whenever they are seen, or seen once, are no clusters to
 * count on.  Returns whether there are any. */
static bool leave_unused(const work *w, rl_fit *f, rl_ctx *cx)
{
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, w->d->n);
    size_t n = 0;
    for (size_t i = 0; i < w->d->n; i++) n += leave[i] = !w->used[w->d->unit.code[i]];
    if (n == 0) return false;
    f->leave = leave;
    f->leave_why[0] = "of units in no regression";
    return true;
}

static void mean_after(work *w, size_t m)
{
    double n = w->hi + 1;
    w->label[m] = rl_label_of("overall");
    for (int32_t e = 0; e <= w->hi; e++) {
        size_t j = (size_t)(e - w->lo);
        w->b[m] += w->b[j] / n;
        for (size_t i = 0; i < w->d->n; i++) w->psi[m * w->d->n + i] += w->psi[j * w->d->n + i] / n;
    }
}

static void say_given(const work *w, rl_ctx *cx)
{
    int32_t lo = 0, hi = 0;
    for (int32_t e = w->lo; e < 0; e++) {
        if (!w->given[e - w->lo]) continue;
        if (lo == 0) lo = e;
        hi = e;
    }
    if (lo == 0) return;
    const char *range =
        lo < hi ? rl_sprintf(cx->tmp, "events %d to %d are", lo, hi) : rl_sprintf(cx->tmp, "event %d is", lo);
    rl_remark(cx, "lpdid",
              "%s 0 by construction and no test of trends: what changed by then is what --ylags %d takes as given",
              range, w->r->ylags);
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    work w = {.d = d, .r = r, .out = f, .tmp = cx->tmp};
    RL_TRY(rl_roster_make(d, false, &w.s, cx));
    RL_TRY(settle(&w, cx));
    size_t E = (size_t)(w.hi - w.lo) + 1, n_pre = 0, *pre = RL_NEW(cx->tmp, size_t, E);
    if (w.lo > 0) {
        rl_fail(cx, RL_EUSAGE, "--window %d:%d leaves out event time 0", w.lo, w.hi);
        return rl_hint(cx, "begin at 0 or before");
    }
    f->m = E + 1;
    w.psi = rl_psi_dense(f, d->n, cx);
    w.label = f->label = RL_NEW(cx->tmp, rl_label, f->m);
    w.b = f->b = RL_NEW(cx->tmp, double, f->m);
    w.there = RL_NEW(cx->tmp, bool, f->m);
    f->given = w.given = RL_NEW(cx->tmp, bool, f->m);
    w.used = RL_NEW(cx->tmp, bool, d->unit.G);
    w.row = RL_NEW(cx->tmp, uint32_t, d->n);
    w.dy = RL_NEW(cx->tmp, double, d->n);
    w.D = RL_NEW(cx->tmp, double, d->n);
    w.ylag = RL_NEW(cx->tmp, double, d->n *(size_t)r->ylags);
    list_bases(&w, cx);
    RL_TRY(each_event(&w, cx));
    if (leave_unused(&w, f, cx)) return RL_OK;
    mean_after(&w, E);
    f->dof = w.dof;
    f->bare = true; /* each event time has its own factor in it */
    bool bare = rl_profile_is(r, "exact");
    for (int32_t e = w.lo; e < 0; e++)
        if (w.there[e - w.lo]) pre[n_pre++] = (size_t)(e - w.lo);
    rl_remark(cx, "lpdid", "each event time is a regression of its own%s: %zu rows at 0",
              bare ? "" : ", with its own small-sample factor", w.dof.n);
    say_given(&w, cx);
    rl_fit_pre_trend(f, pre, n_pre, false, cx);
    return RL_OK;
}

const rl_estimator rl_est_lpdid = {
    .name = "lpdid",
    .what = "local projections of the change since before the start, against clean controls",
    .method = "The change of the outcome from the period before the start to each later (or earlier) period is "
              "regressed on starting, with period effects, among units that start and units not treated yet.",
    .source = "Dube, Girardi, Jorda & Taylor (2023)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .leaves = true,
    .frame = RL_FRAME_STARTS,
    .takes = " window reweight composition premean ylags ",
    .no_lift = "averages over horizons of the units seen at each, not over all treated rows",
    .fit = fit,
};
