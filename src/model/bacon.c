#include "model/bacon.h"

#include <math.h>

/* Cohorts by their first treated period: 0 = treated all along, T = never. */
typedef struct cells {
    const rl_roster *r;
    size_t C, T;
    int32_t *F;       /* C  ascending                                  */
    double *size;     /* C  share of the units                         */
    size_t *units;    /* C                                             */
    long double *sum; /* C-by-(T+1)  sum of the mean outcomes of periods before t */
} cells;

const char *rl_bacon_name(rl_bacon_kind kind)
{
    static const char *const NAME[RL_BACON_KINDS] = {
        [RL_BACON_EARLIER] = "Earlier vs Later Treated",
        [RL_BACON_ALWAYS] = "Later vs Always Treated",
        [RL_BACON_LATER] = "Later vs Earlier Treated",
        [RL_BACON_UNTREATED] = "Treated vs Untreated",
    };
    return NAME[kind];
}

/* --- means of cohorts by period ------------------------------------------------------ */

/* First period a unit is treated in; cohorts that start between two periods start with the second. */
static int32_t first_period(const rl_roster *r, int32_t cohort)
{
    if (cohort == RL_NEVER) return (int32_t)r->T;
    return (int32_t)rl_roster_before(r, cohort);
}

static rl_code unit_weight(const rl_design *d, const rl_roster *r, size_t u, double *w, rl_ctx *cx)
{
    size_t from = r->first[u];
    *w = d->w != NULL ? d->w[r->row[from]] : 1;
    for (size_t k = from; k < r->first[u + 1] && d->w != NULL; k++) {
        if (d->w[r->row[k]] == *w) continue;
        rl_fail(cx, RL_EINPUT, "the weights of unit '%s' differ between its periods", rl_roster_unit(d, r, u));
        return rl_hint(cx, "the decomposition holds for weights that belong to the unit");
    }
    return RL_OK;
}

static void number_cohorts(cells *c, int32_t *of, rl_ctx *cx)
{
    const rl_roster *r = c->r;
    int32_t *number = RL_NEW(cx->tmp, int32_t, r->T + 1), known = RL_NEVER, period = (int32_t)r->T;
    for (size_t u = 0; u < r->N; u++) {
        if (r->cohort[u] != known) period = first_period(r, known = r->cohort[u]);
        number[of[u] = period] = 1;
    }
    for (size_t t = 0; t <= r->T; t++) c->C += (size_t)number[t];
    c->F = RL_NEW(cx->tmp, int32_t, c->C);
    for (size_t t = 0, m = 0; t <= r->T; t++)
        if (number[t] > 0) {
            c->F[m] = (int32_t)t;
            number[t] = (int32_t)m++;
        }
    for (size_t u = 0; u < r->N; u++) of[u] = number[of[u]];
}

static rl_code take_cells(const rl_design *d, cells *c, rl_ctx *cx)
{
    const rl_roster *r = c->r;
    int32_t *of = RL_NEW(cx->tmp, int32_t, r->N);
    number_cohorts(c, of, cx);
    size_t wide = c->T + 1;
    long double *total = RL_NEW(cx->tmp, long double, c->C), all = 0;
    c->sum = RL_NEW(cx->tmp, long double, c->C *wide);
    c->size = RL_NEW(cx->tmp, double, c->C);
    c->units = RL_NEW(cx->tmp, size_t, c->C);
    for (size_t u = 0; u < r->N; u++) {
        double w;
        RL_TRY(unit_weight(d, r, u, &w, cx));
        long double *s = c->sum + (size_t)of[u] * wide + 1;
        for (size_t k = r->first[u], t = 0; t < c->T; t++) s[t] += (long double)w * d->y[r->row[k + t]];
        total[of[u]] += w;
        all += w;
        c->units[of[u]]++;
    }
    for (size_t i = 0; i < c->C; i++) {
        c->size[i] = (double)(total[i] / all);
        long double *s = c->sum + i * wide;
        for (size_t t = 1; t < wide; t++) s[t] = s[t - 1] + s[t] / total[i];
    }
    return RL_OK;
}

/* --- comparisons ------------------------------------------------------------------------ */

/* Mean of cohort i over periods from .. to-1. */
static long double mean(const cells *c, size_t i, int32_t from, int32_t to)
{
    const long double *s = c->sum + i * (c->T + 1);
    return (s[to] - s[from]) / (to - from);
}

/* Cohort k against cohort u over periods from .. to-1, in which k changes at its start and u does not. */
static rl_bacon_pair compare(const cells *c, size_t k, size_t u, rl_bacon_kind kind, int32_t from, int32_t to)
{
    int32_t F = c->F[k];
    long double moved = mean(c, k, F, to) - mean(c, k, from, F), other = mean(c, u, F, to) - mean(c, u, from, F);
    long double nk = c->size[k], nu = c->size[u], T = (long double)c->T;
    /* share of all rows in this comparison, squared, times the variance of its treatment */
    long double before = F - from, after = to - F, length = (to - from) / T;
    long double V = nk * nu * before * after / ((long double)(to - from) * (to - from));
    return (rl_bacon_pair){kind, c->r->time[F], (size_t)c->F[u] < c->T ? c->r->time[c->F[u]] : RL_NEVER,
                           (double)(length * length * V), (double)(moved - other)};
}

static rl_bacon_kind kind_of(const cells *c, size_t k, size_t u)
{
    if ((size_t)c->F[u] == c->T) return RL_BACON_UNTREATED;
    if (c->F[u] == 0) return RL_BACON_ALWAYS;
    return c->F[k] < c->F[u] ? RL_BACON_EARLIER : RL_BACON_LATER;
}

static rl_bacon_pair *compare_all(const cells *c, rl_bacon *b, rl_ctx *cx)
{
    rl_bacon_pair *pair = RL_NEW(cx->tmp, rl_bacon_pair, c->C * c->C);
    long double all = 0;
    for (rl_bacon_kind kind = 0; kind < RL_BACON_KINDS; kind++)
        for (size_t k = 0; k < c->C; k++)
            for (size_t u = 0; u < c->C; u++) {
                if (u == k || c->F[k] == 0 || (size_t)c->F[k] == c->T || kind_of(c, k, u) != kind) continue;
                int32_t from = kind == RL_BACON_LATER ? c->F[u] : 0,
                        to = kind == RL_BACON_EARLIER ? c->F[u] : (int32_t)c->T;
                pair[b->n] = compare(c, k, u, kind, from, to);
                all += pair[b->n++].weight;
            }
    for (size_t i = 0; i < b->n; i++) pair[i].weight = (double)(pair[i].weight / all);
    return pair;
}

static void sum_kinds(rl_bacon *b)
{
    long double w[RL_BACON_KINDS] = {0}, wy[RL_BACON_KINDS] = {0};
    for (size_t i = 0; i < b->n; i++) {
        w[b->pair[i].kind] += b->pair[i].weight;
        wy[b->pair[i].kind] += (long double)b->pair[i].weight * b->pair[i].estimate;
    }
    for (size_t k = 0; k < RL_BACON_KINDS; k++) {
        b->weight[k] = (double)w[k];
        b->mean[k] = w[k] > 0 ? (double)(wy[k] / w[k]) : NAN;
    }
    b->forbidden = (double)(w[RL_BACON_LATER] + w[RL_BACON_ALWAYS]);
}

/* --- the coefficient, and its weights on effects ------------------------------------------- */

/* Treatment less unit and time effects, by cohort and period: D - mean of the cohort - mean of the period + mean. */
static void regress(const cells *c, rl_bacon *b, rl_ctx *cx)
{
    size_t T = c->T;
    long double *share = RL_NEW(cx->tmp, long double, T), all = 0, dd = 0, dy = 0, weight = 0, negative = 0;
    for (size_t i = 0; i < c->C; i++)
        for (size_t t = (size_t)c->F[i]; t < T; t++) share[t] += c->size[i];
    for (size_t t = 0; t < T; t++) all += share[t] / (long double)T;
    for (size_t i = 0; i < c->C; i++) {
        const long double *s = c->sum + i * (T + 1);
        long double own = (long double)(T - (size_t)c->F[i]) / (long double)T;
        for (size_t t = 0; t < T; t++) {
            bool on = t >= (size_t)c->F[i];
            long double rest = on - own - share[t] + all;
            dd += c->size[i] * rest * rest;
            dy += c->size[i] * rest * (s[t + 1] - s[t] - mean(c, i, 0, (int32_t)T));
            if (!on) continue;
            b->treated += c->units[i];
            weight += c->size[i] * rest;
            if (rest >= 0 || -rest < 1e-15L) continue;
            b->negative += c->units[i];
            negative += c->size[i] * rest;
        }
    }
    b->twfe = (double)(dy / dd);
    b->negative_sum = (double)(negative / weight);
}

static rl_code nothing_to_compare(const cells *c, rl_ctx *cx)
{
    const char *what = c->F[0] == 0 ? "in the first period" : "in one period";
    rl_fail(cx, RL_EDATA, "nothing to compare: all %zu units that are treated start %s%s", c->r->N - c->r->never, what,
            c->r->never == 0 ? ", and none is never treated" : "");
    return rl_hint(cx, "a comparison needs two groups of units of which one starts within the data");
}

rl_code rl_bacon_make(const rl_design *d, rl_bacon *b, rl_ctx *cx)
{
    rl_roster r;
    *b = (rl_bacon){0};
    RL_TRY(rl_roster_make(d, false, &r, cx));
    RL_TRY(rl_roster_need_balanced(d, &r, "the decomposition", cx));
    cells c = {.r = &r, .T = r.T};
    RL_TRY(take_cells(d, &c, cx));
    b->pair = compare_all(&c, b, cx);
    if (b->n == 0) return nothing_to_compare(&c, cx);
    sum_kinds(b);
    regress(&c, b, cx);
    return RL_OK;
}
