#include "model/switching.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "num/order.h"

typedef struct work {
    const rl_design *d;
    const rl_request *r;
    rl_switching *s;
    size_t *first;         /* N+1 */
    uint32_t *row, *start; /* n  of the table; N  of the design */
    int32_t *when;
    double *y, *dose, *w, *base;
    int32_t *F, *last;
    int8_t *sign;
    int32_t *since, *until; /* N  first and last period whose treatment is known */
    double *at_switch;      /* N  treatment in period F */
    int32_t *level;         /* N  number of the baseline */
    size_t levels;
    unsigned char *unused; /* of the table: 1 + rl_unused */
} work;

/* --- entries ------------------------------------------------------------------------ */

static double dose_of(const work *p, const rl_col *c, const int32_t *cohort, size_t u, uint32_t row)
{
    if (c != NULL) return c->num[row];
    return cohort[u] != RL_NEVER && p->d->past.at[row] >= cohort[u];
}

/* Units with a row in the design, their entries by time; each with its outcome, treatment and weight. */
static rl_code take_entries(work *p, rl_ctx *cx)
{
    const rl_design *d = p->d;
    const rl_past *past = &d->past;
    const rl_col *treated = NULL, *weights = NULL;
    size_t n = 0, N = 0;
    uint32_t *stand = RL_NEW(cx->tmp, uint32_t, d->t->n); /* 1 + a row of the design, by code of the table's units */
    int32_t *cohort = RL_NEW(cx->tmp, int32_t, d->unit.G);
    unsigned char *in = RL_NEW(cx->tmp, unsigned char, d->t->n);
    if (p->r->treated != NULL) RL_TRY(rl_table_need(d->t, p->r->treated, "--treated", &treated, cx));
    if (p->r->weights != NULL) RL_TRY(rl_table_need(d->t, p->r->weights, "--weights", &weights, cx));
    for (size_t i = d->n; i-- > 0;) {
        stand[past->unit[d->row[i]]] = (uint32_t)i + 1;
        in[d->row[i]] = 1;
    }
    for (size_t k = 0; k < past->n; k++) n += stand[past->unit[past->row[k]]] > 0;
    p->first = RL_NEW(cx->tmp, size_t, d->unit.G + 1);
    p->start = RL_NEW(cx->tmp, uint32_t, d->unit.G);
    p->row = RL_NEW(cx->tmp, uint32_t, n);
    p->y = RL_NEW(cx->tmp, double, n);
    p->dose = RL_NEW(cx->tmp, double, n);
    p->w = RL_NEW(cx->tmp, double, n);
    n = 0;
    for (size_t k = 0; k < past->n; k++) {
        uint32_t row = past->row[k], i = stand[past->unit[row]];
        if (i == 0) continue;
        if (n == 0 || past->unit[row] != past->unit[p->row[n - 1]]) {
            if (d->cohort != NULL) cohort[N] = d->cohort[i - 1];
            p->start[N] = i - 1;
            p->first[N++] = n;
        } else {
            assert(past->at[row] > past->at[p->row[n - 1]]); /* the scene has refused two rows in a period */
        }
        p->row[n] = row;
        p->y[n] = past->y[row];
        p->dose[n] = dose_of(p, treated, cohort, N - 1, row);
        p->w[n] = weights == NULL ? 1 : isnan(weights->num[row]) ? 0 : weights->num[row];
        if (!in[row] && !isnan(p->dose[n]) && p->w[n] > 0) p->y[n] = NAN; /* left out for a reason of its own */
        n++;
    }
    p->first[N] = n;
    p->s->N = N;
    return RL_OK;
}

static int by_period(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static size_t different_times(int32_t *t, size_t n)
{
    size_t m = 0;
    qsort(t, n, sizeof *t, by_period);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || t[i] != t[i - 1]) t[m++] = t[i];
    return m;
}

/* Was the row found to be of no use when the same was made before?  Its time is still a period. */
static bool found_unused(const work *p, size_t row) { return p->r->leave != NULL && p->r->leave[row] >= RL_LEAVE_OWN; }

/* Periods: a table over the span of the times, or, where that would be long, a sort. */
static void number_periods(work *p, rl_ctx *cx)
{
    const int32_t *at = p->d->past.at;
    rl_switching *s = p->s;
    size_t n = p->first[s->N], left = 0;
    int32_t lo = INT32_MAX, hi = INT32_MIN;
    for (size_t k = 0; k < n; k++) {
        if (at[p->row[k]] < lo) lo = at[p->row[k]];
        if (at[p->row[k]] > hi) hi = at[p->row[k]];
    }
    for (size_t i = 0; i < p->d->t->n; i++) {
        if (!found_unused(p, i)) continue;
        if (at[i] < lo) lo = at[i];
        if (at[i] > hi) hi = at[i];
        left++;
    }
    p->when = RL_NEW(cx->tmp, int32_t, n);
    size_t span = (size_t)((int64_t)hi - lo) + 1;
    if (span <= 4 * n + 1024) {
        int32_t *code = RL_NEW(cx->tmp, int32_t, span), *time;
        for (size_t k = 0; k < n; k++) code[at[p->row[k]] - lo] = 1;
        for (size_t i = 0; i < p->d->t->n && left > 0; i++)
            if (found_unused(p, i)) code[at[i] - lo] = 1;
        for (size_t t = 0; t < span; t++) s->T += (size_t)code[t];
        s->time = time = RL_NEW(cx->tmp, int32_t, s->T);
        for (size_t t = 0, m = 0; t < span; t++)
            if (code[t] > 0) {
                time[m] = lo + (int32_t)t;
                code[t] = (int32_t)m++;
            }
        for (size_t k = 0; k < n; k++) p->when[k] = code[at[p->row[k]] - lo];
        return;
    }
    int32_t *time = RL_NEW(cx->tmp, int32_t, n + left);
    size_t m = 0;
    for (size_t k = 0; k < n; k++) time[m++] = at[p->row[k]];
    for (size_t i = 0; i < p->d->t->n && left > 0; i++)
        if (found_unused(p, i)) time[m++] = at[i];
    s->T = different_times(time, m);
    s->time = time;
    for (size_t k = 0; k < n; k++)
        p->when[k] = (int32_t)((int32_t *)bsearch(&at[p->row[k]], time, s->T, sizeof *time, by_period) - time);
}

/* --- baselines and switches ------------------------------------------------------------ */

/* Leave out what is marked (n of 0 and 1): entries move up, units without any go. */
static size_t leave_out(work *p, const unsigned char *gone, rl_unused why)
{
    size_t n = 0, N = 0, from = p->first[0], lost = 0;
    for (size_t u = 0; u < p->s->N; u++) {
        size_t to = p->first[u + 1], begin = n;
        for (size_t k = from; k < to; k++) {
            lost += gone[k];
            if (gone[k]) {
                p->unused[p->row[k]] = (unsigned char)(1 + why);
                continue;
            }
            p->row[n] = p->row[k];
            p->when[n] = p->when[k];
            p->y[n] = p->y[k];
            p->dose[n] = p->dose[k];
            p->w[n++] = p->w[k];
        }
        from = to;
        if (n == begin) continue;
        p->first[N] = begin;
        p->start[N] = p->start[u];
        p->base[N] = p->base[u];
        p->F[N] = p->F[u];
        p->since[N] = p->since[u];
        p->until[N] = p->until[u];
        p->at_switch[N++] = p->at_switch[u];
    }
    p->first[N] = n;
    p->s->N = N;
    return lost;
}

/* Baseline, switch (-1 = none) and what lies between; entries after both more and less than it are marked. */
static void read_path(work *p, size_t u, unsigned char *gone)
{
    bool above = false, below = false;
    p->base[u] = p->at_switch[u] = NAN;
    p->F[u] = p->since[u] = p->until[u] = -1;
    for (size_t k = p->first[u]; k < p->first[u + 1]; k++) {
        double x = p->dose[k];
        if (!isnan(x)) {
            if (p->since[u] < 0) {
                p->since[u] = p->when[k];
                p->base[u] = x;
            }
            p->until[u] = p->when[k];
            above |= x > p->base[u];
            below |= x < p->base[u];
        }
        gone[k] = above && below;
        if (isnan(x) || x == p->base[u] || p->F[u] >= 0) continue;
        p->F[u] = p->when[k];
        p->at_switch[u] = x;
    }
}

/* Numbers of the baselines, ascending. */
static void number_levels(work *p, rl_ctx *cx)
{
    size_t N = p->s->N, m = 0;
    double *v = RL_NEW(cx->tmp, double, N);
    memcpy(v, p->base, N * sizeof *v);
    for (size_t u = 1; u < N && m == 0; u++) m = v[u] < v[u - 1];
    if (m > 0) rl_order(v, N);
    m = 0;
    for (size_t u = 0; u < N; u++)
        if (u == 0 || v[u] != v[u - 1]) v[m++] = v[u];
    p->levels = m;
    for (size_t u = 0; u < N; u++) p->level[u] = (int32_t)rl_order_find(v, m, p->base[u]);
}

/* Baselines all of whose units switch at once, or never. */
static void leave_alike(work *p, unsigned char *gone, rl_ctx *cx)
{
    size_t N = p->s->N;
    int32_t *one = RL_NEW(cx->tmp, int32_t, p->levels);
    bool *vary = RL_NEW(cx->tmp, bool, p->levels);
    for (size_t l = 0; l < p->levels; l++) one[l] = INT32_MIN;
    for (size_t u = 0; u < N; u++) {
        int32_t l = p->level[u];
        if (one[l] == INT32_MIN) one[l] = p->F[u];
        vary[l] |= one[l] != p->F[u];
    }
    for (size_t u = 0; u < N; u++) memset(gone + p->first[u], !vary[p->level[u]], p->first[u + 1] - p->first[u]);
    p->s->alike = leave_out(p, gone, RL_UNUSED_ALIKE);
}

static bool switched(const work *p, size_t u, size_t k) { return p->F[u] >= 0 && p->when[k] >= p->F[u]; }

/* Cells of baseline and period, numbered as they come, baseline by baseline. */
static uint32_t *number_cells(work *p, rl_ctx *cx)
{
    size_t N = p->s->N, T = p->s->T, *begin = RL_NEW(cx->tmp, size_t, p->levels + 2);
    uint32_t *order = RL_NEW(cx->tmp, uint32_t, N), *id = RL_NEW(cx->tmp, uint32_t, T);
    uint32_t *cell = RL_NEW(cx->tmp, uint32_t, p->first[N]);
    int32_t *seen = RL_NEW(cx->tmp, int32_t, T);
    for (size_t u = 0; u < N; u++) begin[p->level[u] + 2]++;
    for (size_t l = 0; l < p->levels; l++) begin[l + 1] += begin[l];
    for (size_t u = 0; u < N; u++) order[begin[p->level[u] + 1]++] = (uint32_t)u;
    p->s->cells = 0;
    for (size_t i = 0; i < N; i++) {
        size_t u = order[i];
        for (size_t k = p->first[u]; k < p->first[u + 1]; k++) {
            int32_t t = p->when[k];
            if (seen[t] != p->level[u] + 1) {
                seen[t] = p->level[u] + 1;
                id[t] = (uint32_t)p->s->cells++;
            }
            cell[k] = id[t];
        }
    }
    return cell;
}

static void leave_alone(work *p, unsigned char *gone, rl_ctx *cx)
{
    const uint32_t *cell = number_cells(p, cx);
    bool *control = RL_NEW(cx->tmp, bool, p->s->cells);
    for (size_t u = 0; u < p->s->N; u++)
        for (size_t k = p->first[u]; k < p->first[u + 1]; k++)
            if (!switched(p, u, k)) control[cell[k]] = true;
    for (size_t u = 0; u < p->s->N; u++)
        for (size_t k = p->first[u]; k < p->first[u + 1]; k++) gone[k] = !control[cell[k]];
    p->s->alone = leave_out(p, gone, RL_UNUSED_ALONE);
}

/* --- missing treatments -------------------------------------------------------------------- */

/* F becomes `end` where there is no switch, or none with a known treatment right before it. */
static void mend(work *p, size_t u, int32_t end)
{
    size_t from = p->first[u], to = p->first[u + 1];
    int32_t known = -1;
    if (p->F[u] < 0 || p->F[u] > end) p->F[u] = end;
    for (size_t k = from; k < to; k++)
        if (!isnan(p->dose[k]) && p->when[k] < p->F[u]) known = p->when[k];
    bool lost = p->F[u] < end && known < p->F[u] - 1;
    for (size_t k = from; k < to; k++) {
        int32_t t = p->when[k];
        if (t < p->since[u] || (lost && t > known)) p->y[k] = NAN;
        if (isnan(p->dose[k]) && p->F[u] < end && t < known && t > p->since[u]) p->dose[k] = p->base[u];
        if (isnan(p->dose[k]) && p->F[u] < end && !lost && t > p->F[u]) p->dose[k] = p->at_switch[u];
    }
    if (lost) p->F[u] = end;
    for (size_t k = from; k < to && p->F[u] == end; k++) {
        int32_t t = p->when[k];
        if (isnan(p->dose[k]) && t > p->since[u] && t < p->until[u]) p->dose[k] = p->base[u];
        if (t > p->until[u]) p->y[k] = NAN;
    }
    p->sign[u] = (int8_t)(p->F[u] == end ? 0 : p->at_switch[u] > p->base[u] ? 1 : -1);
}

/* Last period in which a unit of the baseline has not switched yet. */
static void last_controls(work *p, int32_t end, rl_ctx *cx)
{
    int32_t *last = RL_NEW(cx->tmp, int32_t, p->levels);
    for (size_t l = 0; l < p->levels; l++) last[l] = -1;
    for (size_t u = 0; u < p->s->N; u++) {
        int32_t t = p->F[u] - 1;
        if (p->F[u] == end && p->until[u] < t) t = p->until[u];
        if (t > last[p->level[u]]) last[p->level[u]] = t;
    }
    for (size_t u = 0; u < p->s->N; u++) p->last[u] = last[p->level[u]];
}

/* --- cohorts ---------------------------------------------------------------------------------- */

typedef struct kind {
    int32_t level, F;
    double dose;
    uint32_t unit;
} kind;

static int by_kind(const void *a, const void *b)
{
    const kind *x = a, *y = b;
    if (x->level != y->level) return x->level < y->level ? -1 : 1;
    if (x->F != y->F) return x->F < y->F ? -1 : 1;
    if (x->dose != y->dose) return x->dose < y->dose ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static uint32_t *number_cohorts(work *p, rl_ctx *cx)
{
    rl_switching *s = p->s;
    kind *k = RL_NEW(cx->tmp, kind, s->N);
    uint32_t *cohort = RL_NEW(cx->tmp, uint32_t, s->N);
    for (size_t u = 0; u < s->N; u++)
        if (p->sign[u] != 0) k[s->switchers++] = (kind){p->level[u], p->F[u], p->at_switch[u], (uint32_t)u};
    if (s->switchers > 0) qsort(k, s->switchers, sizeof *k, by_kind);
    for (size_t i = 0; i < s->switchers; i++) {
        bool next = i == 0 || k[i].level != k[i - 1].level || k[i].F != k[i - 1].F || k[i].dose != k[i - 1].dose;
        s->cohorts += next;
        cohort[k[i].unit] = (uint32_t)s->cohorts - 1;
    }
    rl_release(cx->tmp, k);
    return cohort;
}

static rl_code nothing_switches(const work *p, size_t units, rl_ctx *cx)
{
    const char *name = p->r->treated != NULL ? p->r->treated : p->r->cohort;
    rl_fail(cx, RL_EDATA,
            "no switch of '%s' has a control: %zu rows of units with a first treatment whose units all switch in one "
            "period or never, %zu rows in periods where every unit with that first treatment has switched (%zu units)",
            name, p->s->alike, p->s->alone, units);
    return rl_hint(cx, "a switch needs units with the same first treatment that keep it longer; a dose that is "
                       "different for every unit has none: group it first");
}

static void rows_of_design(work *p, rl_ctx *cx)
{
    uint32_t *of = RL_NEW(cx->tmp, uint32_t, p->d->t->n); /* 1 + row of the design */
    for (size_t i = 0; i < p->d->n; i++) of[p->d->row[i]] = (uint32_t)i + 1;
    for (size_t k = 0; k < p->first[p->s->N]; k++) p->row[k] = of[p->row[k]] - 1; /* none: wraps to the largest */
    rl_release(cx->tmp, of);
}

rl_code rl_switching_make(const rl_design *d, const rl_request *r, rl_switching *s, rl_ctx *cx)
{
    *s = (rl_switching){0};
    work p = {.d = d, .r = r, .s = s};
    RL_TRY(take_entries(&p, cx));
    size_t N = s->N, n = p.first[N];
    number_periods(&p, cx);
    if (s->T < 2) return rl_fail(cx, RL_EDATA, "one period (%zu units): a change of treatment needs two or more", s->N);
    unsigned char *gone = RL_NEW(cx->tmp, unsigned char, n);
    p.base = RL_NEW(cx->tmp, double, N);
    p.at_switch = RL_NEW(cx->tmp, double, N);
    p.F = RL_NEW(cx->tmp, int32_t, N);
    p.since = RL_NEW(cx->tmp, int32_t, N);
    p.until = RL_NEW(cx->tmp, int32_t, N);
    p.last = RL_NEW(cx->tmp, int32_t, N);
    p.level = RL_NEW(cx->tmp, int32_t, N);
    p.sign = RL_NEW(cx->tmp, int8_t, N);
    for (size_t u = 0; u < N; u++) read_path(&p, u, gone);
    s->unused = p.unused = RL_NEW(cx->tmp, unsigned char, d->t->n);
    leave_out(&p, gone, RL_UNUSED_MIXED);
    number_levels(&p, cx);
    leave_alike(&p, gone, cx);
    if (s->N == 0) return nothing_switches(&p, N, cx);
    number_levels(&p, cx);
    leave_alone(&p, gone, cx);
    if (s->N > 0) number_levels(&p, cx);
    int32_t end = 0;
    for (size_t k = 0; k < p.first[s->N]; k++)
        if (p.when[k] >= end) end = p.when[k] + 1;
    for (size_t u = 0; u < s->N; u++) mend(&p, u, end);
    for (size_t k = 0; k < p.first[s->N]; k++)
        if (isnan(p.dose[k]) || isnan(p.y[k])) p.w[k] = 0;
    last_controls(&p, end, cx);
    s->cell = number_cells(&p, cx);
    s->cohort = number_cohorts(&p, cx);
    for (size_t u = 0; u < s->N; u++)
        if (p.F[u] == end) p.F[u] = (int32_t)s->T;
    rows_of_design(&p, cx);
    s->first = p.first;
    s->row = p.row;
    s->when = p.when;
    s->y = p.y;
    s->dose = p.dose;
    s->w = p.w;
    s->start = p.start;
    s->baseline = p.base;
    s->F = p.F;
    s->sign = p.sign;
    s->last = p.last;
    s->rows = p.first[s->N];
    if (s->switchers == 0) return nothing_switches(&p, N, cx);
    return RL_OK;
}

size_t rl_switching_at(const rl_switching *s, size_t u, int32_t t)
{
    size_t from = s->first[u], lo = from, hi = s->first[u + 1];
    if (t >= 0 && from + (size_t)t < hi && s->when[from + (size_t)t] == t) return from + (size_t)t;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->when[mid] < t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->first[u + 1] && s->when[lo] == t ? lo : RL_NO_ENTRY;
}
