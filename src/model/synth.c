#include "model/synth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "model/infer.h"
#include "model/roster.h"
#include "num/simplex.h"

enum { STEPS_BEFORE = 100, STEPS = 10000, MOST_PRODUCTS = 2048 };

typedef struct synth {
    const rl_design *d;
    const char *name;
    rl_roster s;
    bool periods, exact;
    rl_agg agg;
    size_t N, n0, n1;     /* units: controls first, each part by label            */
    size_t T, T0;         /* periods, those before the start                      */
    const uint32_t *unit; /* N      number in the roster                          */
    double *y;            /* N-by-T, a unit's together: what does not change the estimate taken off, by a power of 2 */
    double *after;        /* N      mean from the start on                        */
    double *gram;         /* n0-by-n0 products of y before the start, or NULL       */
    double unit_of_y;     /* by which y was divided                               */
    double zeta, zeta_period, least;
    double *omega, *lambda; /* n0, T0                                               */
} synth;

/* --- the weights -------------------------------------------------------------------- */

static void normalise(double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    for (size_t i = 0; i < n; i++) x[i] = sum > 0 ? x[i] / sum : 1 / (double)n;
}

static void leave_small(double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, x[i]);
    for (size_t i = 0; i < n; i++) x[i] = x[i] <= most / 4 ? 0 : x[i];
    normalise(x, n);
}

static bool weigh(const synth *w, const rl_simplex *q, double *x, double *room)
{
    rl_simplex_walk(q, x, STEPS_BEFORE, w->least, room);
    leave_small(x, q->n);
    if (w->exact) return rl_simplex_exact(q, x, room);
    rl_simplex_walk(q, x, STEPS, w->least, room);
    return true;
}

/* Room of one solution: what again() keeps, then what weigh_units() cuts the rest into, or weigh_periods() after it. */
static size_t room_of(const synth *w)
{
    size_t P = w->T0 + 1, kept = w->N + w->T0 + w->T, periods = 0;
    size_t units = w->T0 + w->N + rl_simplex_room(w->N, w->T0);
    if (w->periods) periods = P * P + P + (w->exact ? w->N * P : 0) + rl_simplex_room(w->T0, w->N);
    return kept + (units > periods ? units : periods);
}

static bool weigh_units(const synth *w, const uint32_t *unit, size_t k0, size_t k1, double *omega, double *room)
{
    double *b = room, *c = b + w->T0;
    memset(b, 0, w->T0 * sizeof *b);
    for (size_t i = k0; i < k0 + k1; i++)
        for (size_t t = 0; t < w->T0; t++) b[t] += w->y[unit[i] * w->T + t];
    for (size_t t = 0; t < w->T0; t++) b[t] /= (double)k1;
    for (size_t i = 0; i < k0; i++) {
        const double *y = w->y + unit[i] * w->T;
        c[i] = 0;
        for (size_t t = 0; t < w->T0; t++) c[i] += y[t] * b[t];
    }
    rl_simplex q = {.n = k0,
                    .rows = w->T0,
                    .ridge = (double)w->T0 * w->zeta * w->zeta,
                    .at = unit,
                    .data = w->y,
                    .stride = w->T,
                    .b = b,
                    .gram = w->gram,
                    .ld = w->n0,
                    .c = c};
    return weigh(w, &q, omega, c + k0);
}

/* Columns of the regression of what came after on the periods before, less their means over the controls: by period. */
static void by_period(const synth *w, const uint32_t *unit, size_t k0, const double *mean, double *A)
{
    for (size_t t = 0; t <= w->T0; t++)
        for (size_t i = 0; i < k0; i++)
            A[t * k0 + i] = (t < w->T0 ? w->y[unit[i] * w->T + t] : w->after[unit[i]]) - mean[t];
}

static bool weigh_periods(const synth *w, const uint32_t *unit, size_t k0, double *lambda, double *room)
{
    size_t P = w->T0 + 1;
    double *G = room, *mean = G + P * P, *A = mean + P, n = (double)k0;
    memset(room, 0, (P * P + P) * sizeof *room);
    for (size_t i = 0; i < k0; i++) {
        const double *y = w->y + unit[i] * w->T;
        double after = w->after[unit[i]];
        for (size_t t = 0; t < P; t++) {
            double v = t < w->T0 ? y[t] : after, *g = G + t * P;
            for (size_t s = 0; s < w->T0; s++) g[s] += v * y[s];
            mean[t] += v;
        }
    }
    for (size_t t = 0; t < P; t++) mean[t] /= n;
    for (size_t t = 0; t < P; t++)
        for (size_t s = 0; s < w->T0; s++) G[t * P + s] -= n * mean[t] * mean[s];
    rl_simplex q = {.n = w->T0,
                    .rows = k0,
                    .ridge = n * w->zeta_period * w->zeta_period,
                    .data = A,
                    .stride = k0,
                    .b = A + w->T0 * k0,
                    .gram = G,
                    .ld = P,
                    .c = G + w->T0 * P};
    if (w->exact) by_period(w, unit, k0, mean, A);
    return weigh(w, &q, lambda, A + (w->exact ? P * k0 : 0));
}

/* --- the estimates --------------------------------------------------------------------- */

static bool of_events(const synth *w) { return w->agg == RL_AGG_DYNAMIC; }

static bool by_time(const synth *w)
{
    return w->agg == RL_AGG_DEFAULT || w->agg == RL_AGG_GROUP_TIME || w->agg == RL_AGG_CALENDAR;
}

static size_t count(const synth *w)
{
    return 1 + (of_events(w) ? w->T : by_time(w) ? w->T - w->T0 : w->agg == RL_AGG_GROUP ? 1 : 0);
}

/* gap: T of room */
static void effects(const synth *w, const uint32_t *unit, size_t k0, size_t k1, const double *omega,
                    const double *lambda, double *gap, double *b)
{
    double base = 0, sum = 0;
    size_t m = 0;
    memset(gap, 0, w->T * sizeof *gap);
    for (size_t i = 0; i < k0 + k1; i++) {
        const double *y = w->y + unit[i] * w->T;
        double by = i < k0 ? -omega[i] : 1 / (double)k1;
        for (size_t t = 0; t < w->T && by != 0; t++) gap[t] += by * y[t];
    }
    for (size_t t = 0; t < w->T0 && w->periods; t++) base += lambda[t] * gap[t];
    for (size_t t = w->T0; t < w->T; t++) sum += gap[t] - base;
    double overall = sum / (double)(w->T - w->T0) * w->unit_of_y;
    for (size_t t = of_events(w) ? 0 : w->T0; t < w->T && (of_events(w) || by_time(w)); t++)
        b[m++] = (gap[t] - base) * w->unit_of_y;
    if (w->agg == RL_AGG_GROUP) b[m++] = overall;
    b[m] = overall;
}

static bool again(const void *self, const uint32_t *unit, size_t k0, size_t k1, bool held, double *room, double *b)
{
    const synth *w = self;
    double *omega = room, *lambda = omega + w->N, *gap = lambda + w->T0, *rest = gap + w->T;
    bool found = true;
    for (size_t i = 0; i < k0; i++) omega[i] = w->omega[unit[i]];
    normalise(omega, k0);
    memcpy(lambda, w->lambda, w->T0 * sizeof *lambda);
    if (!held) {
        found = weigh_units(w, unit, k0, k1, omega, rest);
        if (w->periods) found = weigh_periods(w, unit, k0, lambda, rest) && found;
    }
    effects(w, unit, k0, k1, omega, lambda, gap, b);
    return found;
}

static void name_estimates(const synth *w, rl_fit *f, rl_ctx *cx)
{
    int32_t start = w->s.cohort_time[0];
    const char *start_text = rl_time_text(w->d->clock, start, cx->tmp);
    size_t m = 0;
    for (size_t t = of_events(w) ? 0 : w->T0; t < w->T && (of_events(w) || by_time(w)); t++) {
        rl_label *l = &f->label[m++];
        *l = rl_label_of(of_events(w) ? "event" : w->agg == RL_AGG_CALENDAR ? "calendar" : "att");
        if (w->agg != RL_AGG_CALENDAR) l->event = w->s.time[t] - start;
        if (of_events(w)) continue;
        l->time = w->s.time[t];
        l->time_text = rl_time_text(w->d->clock, l->time, cx->tmp);
        if (w->agg == RL_AGG_CALENDAR) continue;
        l->group = start;
        l->group_text = start_text;
    }
    if (w->agg == RL_AGG_GROUP) {
        f->label[m] = rl_label_of("group");
        f->label[m].group = start;
        f->label[m++].group_text = start_text;
    }
    f->label[m] = rl_label_of("overall");
}

/* --- the panel --------------------------------------------------------------------------- */

static rl_code need_before(const synth *w, rl_ctx *cx)
{
    const rl_roster *s = &w->s;
    const char *start = rl_time_words(w->d->clock, s->cohort_time[0], cx->tmp);
    if (s->never == 0) {
        rl_fail(cx, RL_EDATA, "all %zu units are treated from %s on: no control is left to weigh", s->N, start);
        return rl_hint(cx, "a unit that is never treated has no time in --cohort, or 0 all along in --treated");
    }
    if (w->T0 == w->T)
        return rl_fail(cx, RL_EDATA, "nobody is treated in the rows used: the start is %s, the last period %s", start,
                       rl_time_words(w->d->clock, s->time[s->T - 1], cx->tmp));
    if (w->T0 < 2) {
        rl_fail(cx, RL_EDATA, "%s before the start (%s): weights are learned from how units move before it",
                w->T0 == 0 ? "no period" : "one period", start);
        return rl_hint(cx, "two periods are the least, ten are comfortable; one will do for did and twfe");
    }
    if (s->never * (w->T0 - 1) > 1) return RL_OK;
    rl_fail(cx, RL_EDATA, "one control ('%s') and two periods before the start (%s): a single change tells of no noise",
            rl_roster_unit(w->d, s, w->unit[0]), start);
    return rl_hint(cx, "add controls or earlier periods; did and twfe compare with one control as it is");
}

typedef struct named {
    const char *label;
    uint32_t u;
    bool treated;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    if (x->treated != y->treated) return x->treated ? 1 : -1;
    int order = rl_level_order(x->label, y->label);
    return order != 0 ? order : x->u < y->u ? -1 : x->u > y->u;
}

static void order_units(synth *w, rl_ctx *cx)
{
    named *list = RL_NEW(cx->tmp, named, w->N);
    uint32_t *unit = RL_NEW(cx->tmp, uint32_t, w->N);
    for (size_t u = 0; u < w->N; u++)
        list[u] = (named){rl_roster_unit(w->d, &w->s, u), (uint32_t)u, w->s.cohort[u] != RL_NEVER};
    qsort(list, w->N, sizeof *list, by_name);
    for (size_t i = 0; i < w->N; i++) unit[i] = list[i].u;
    w->unit = unit;
}

static double outcome(const synth *w, size_t i, size_t t) { return w->d->y[w->s.row[w->s.first[w->unit[i]] + t]]; }

/* Standard deviation of the controls' changes before the start, in units of y. */
static double noise(const synth *w)
{
    long double mean = 0, square = 0, n = (long double)(w->n0 * (w->T0 - 1));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < w->n0; i++)
            for (size_t t = 1; t < w->T0; t++) {
                long double change = ((long double)outcome(w, i, t) - outcome(w, i, t - 1)) / w->unit_of_y;
                if (pass == 0)
                    mean += change / n;
                else
                    square += (change - mean) * (change - mean);
            }
    }
    return (double)sqrtl(square / (n - 1));
}

/* Means of the periods taken off, which change no weight and no estimate at a given zeta; with a constant those of the
 * units too.  noise(), from which zeta comes, is of the outcome as it is. */
static void fill(synth *w, rl_ctx *cx)
{
    long double *mean = RL_NEW(cx->tmp, long double, w->T);
    double most = 0;
    int power = 0;
    w->y = RL_NEW(cx->tmp, double, w->N * w->T);
    w->after = RL_NEW(cx->tmp, double, w->N);
    for (size_t i = 0; i < w->n0; i++)
        for (size_t t = 0; t < w->T; t++) mean[t] += outcome(w, i, t) / (long double)w->n0;
    for (size_t i = 0; i < w->N; i++) {
        long double own = 0;
        for (size_t t = 0; t < w->T0 && w->periods; t++) own += (outcome(w, i, t) - mean[t]) / (long double)w->T0;
        for (size_t t = 0; t < w->T; t++) {
            double y = (double)(outcome(w, i, t) - mean[t] - own);
            w->y[i * w->T + t] = y;
            most = fmax(most, fabs(y));
        }
    }
    if (most > 0 && isfinite(most)) frexp(most, &power);
    w->unit_of_y = ldexp(1, power);
    for (size_t i = 0; i < w->N; i++) {
        double sum = 0;
        for (size_t t = 0; t < w->T; t++) w->y[i * w->T + t] = ldexp(w->y[i * w->T + t], -power);
        for (size_t t = w->T0; t < w->T; t++) sum += w->y[i * w->T + t];
        w->after[i] = sum / (double)(w->T - w->T0);
    }
}

static void multiply(synth *w, rl_ctx *cx)
{
    if (w->n0 > MOST_PRODUCTS) return;
    w->gram = RL_NEW(cx->tmp, double, w->n0 * w->n0);
    for (size_t i = 0; i < w->n0; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t t = 0; t < w->T0; t++) sum += w->y[i * w->T + t] * w->y[j * w->T + t];
            w->gram[i * w->n0 + j] = w->gram[j * w->n0 + i] = sum;
        }
}

static rl_code make(const rl_design *d, const rl_request *r, synth *w, rl_ctx *cx)
{
    RL_TRY(
        rl_fit_takes_nothing(d, r->estimator, "units that move alike are found by their outcome before the start", cx));
    RL_TRY(rl_roster_make(d, false, &w->s, cx));
    RL_TRY(rl_roster_need_balanced(d, &w->s, rl_sprintf(cx->tmp, "estimator '%s'", w->name), cx));
    RL_TRY(rl_roster_one_start(d, &w->s, w->name, &w->T0, cx));
    w->N = w->s.N;
    w->n0 = w->s.never;
    w->n1 = w->N - w->n0;
    w->T = w->s.T;
    order_units(w, cx);
    RL_TRY(need_before(w, cx));
    fill(w, cx);
    multiply(w, cx);
    double sigma = noise(w), treated = (double)(w->n1 * (w->T - w->T0));
    w->zeta = (w->periods ? sqrt(sqrt(treated)) : 1e-6) * sigma;
    w->zeta_period = 1e-6 * sigma;
    w->least = 1e-5 * sigma * (1e-5 * sigma);
    w->exact = rl_profile_is(r, "exact");
    w->agg = r->agg;
    return RL_OK;
}

/* --- the fit ------------------------------------------------------------------------------ */

static void shares(const synth *w, rl_fit *f, rl_ctx *cx)
{
    rl_share *out = RL_NEW(cx->tmp, rl_share, w->n0 + w->T0);
    for (size_t i = 0; i < w->n0; i++)
        if (w->omega[i] > 0) out[f->n_share++] = (rl_share){rl_roster_unit(w->d, &w->s, w->unit[i]), NULL, w->omega[i]};
    for (size_t t = 0; t < w->T0; t++)
        if (w->lambda[t] > 0)
            out[f->n_share++] = (rl_share){NULL, rl_time_words(w->d->clock, w->s.time[t], cx->tmp), w->lambda[t]};
    f->share = out;
}

static void set_refit(const synth *w, rl_fit *f, rl_ctx *cx)
{
    rl_refit *x = RL_NEW(cx->tmp, rl_refit, 1);
    uint64_t *key = RL_NEW(cx->tmp, uint64_t, w->N);
    *x = (rl_refit){.n0 = w->n0, .n1 = w->n1, .key = key, .room = room_of(w), .again = again, .self = w};
    for (size_t i = 0; i < w->N; i++) {
        const char *label = rl_roster_unit(w->d, &w->s, w->unit[i]);
        key[i] = rl_hash64(label, strlen(label));
    }
    for (size_t i = 0; i < w->n0; i++) x->carry += w->omega[i] > 0;
    f->refit = x;
}

rl_code rl_synth_fit(const rl_design *d, const rl_request *r, bool periods, rl_fit *f, rl_ctx *cx)
{
    synth *w = RL_NEW(cx->tmp, synth, 1);
    *w = (synth){.d = d, .name = r->estimator->name, .periods = periods};
    RL_TRY(make(d, r, w, cx));
    double *room = RL_NEW(cx->tmp, double, room_of(w)), *gap = RL_NEW(cx->tmp, double, w->T);
    uint32_t *unit = RL_NEW(cx->tmp, uint32_t, w->N);
    w->omega = RL_NEW(cx->tmp, double, w->n0);
    w->lambda = RL_NEW(cx->tmp, double, w->T0);
    for (size_t i = 0; i < w->N; i++) unit[i] = (uint32_t)i;
    normalise(w->omega, w->n0);
    if (periods) normalise(w->lambda, w->T0);
    if (!weigh_units(w, unit, w->n0, w->n1, w->omega, room) ||
        (periods && !weigh_periods(w, unit, w->n0, w->lambda, room))) {
        rl_fail(cx, RL_ENUM, "no minimum was found for the weights of '%s'", d->y_name);
        return rl_hint(cx, "without --as exact the steps of the default are stopped before it");
    }
    f->m = count(w);
    f->b = RL_NEW(cx->tmp, double, f->m);
    f->label = RL_NEW(cx->tmp, rl_label, f->m);
    effects(w, unit, w->n0, w->n1, w->omega, w->lambda, gap, f->b);
    name_estimates(w, f, cx);
    f->normal = f->bare = true;
    f->dof = (rl_dof){.n = d->n, .k = f->m};
    shares(w, f, cx);
    set_refit(w, f, cx);
    return RL_OK;
}
