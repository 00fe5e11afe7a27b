#include "model/roster.h"

#include <assert.h>
#include <string.h>

#include "num/order.h"

/* Units of the rows, numbered in the order in which they first occur. */
static size_t number_units(const rl_design *d, bool rows, int32_t *unit, rl_ctx *cx)
{
    size_t N = 0;
    if (rows) {
        for (size_t i = 0; i < d->n; i++) unit[i] = (int32_t)i;
        return d->n;
    }
    int32_t *number = RL_NEW(cx->tmp, int32_t, d->unit.G);
    for (size_t i = 0; i < d->n; i++) {
        int32_t *u = &number[d->unit.code[i]];
        if (*u == 0) *u = (int32_t)++N;
        unit[i] = *u - 1;
    }
    rl_release(cx->tmp, number);
    return N;
}

/* Are the rows by unit and time already?  Most exports are. */
static bool in_order(const rl_design *d, const int32_t *unit)
{
    for (size_t i = 1; i < d->n; i++)
        if (unit[i] < unit[i - 1] || (unit[i] == unit[i - 1] && d->at[i] < d->at[i - 1])) return false;
    return true;
}

/* Row numbers by `code` (0 .. G-1), those of one code in the order of `from` (NULL: of the rows). */
static void counting_sort(const int32_t *code, size_t n, size_t G, const uint32_t *from, uint32_t *to, size_t *first)
{
    memset(first, 0, (G + 1) * sizeof *first);
    for (size_t i = 0; i < n; i++) first[code[i] + 1]++;
    for (size_t g = 0; g < G; g++) first[g + 1] += first[g];
    for (size_t k = 0; k < n; k++) {
        uint32_t i = from != NULL ? from[k] : (uint32_t)k;
        to[first[code[i]]++] = i;
    }
    memmove(first + 1, first, G * sizeof *first);
    first[0] = 0;
}

static void sort_rows(const rl_design *d, const int32_t *unit, size_t N, uint32_t *row, size_t *first, rl_ctx *cx)
{
    if (in_order(d, unit)) {
        for (size_t i = 0; i < d->n; i++) {
            row[i] = (uint32_t)i;
            first[unit[i] + 1]++;
        }
        for (size_t u = 0; u < N; u++) first[u + 1] += first[u];
        return;
    }
    uint32_t *by_time = RL_NEW(cx->tmp, uint32_t, d->n);
    size_t *space = RL_NEW(cx->tmp, size_t, d->time.G + 1);
    counting_sort(d->time.code, d->n, d->time.G, NULL, by_time, space);
    counting_sort(unit, d->n, N, by_time, row, first);
    rl_release(cx->tmp, by_time);
}

/* The different cohorts of the units, ascending, and how many units each has. */
static void list_cohorts(rl_roster *r, rl_ctx *cx)
{
    int32_t *all = RL_NEW(cx->tmp, int32_t, r->N);
    size_t n = 0, m = 0;
    for (size_t u = 0; u < r->N; u++)
        if (r->cohort[u] != RL_NEVER) all[n++] = r->cohort[u];
    r->never = r->N - n;
    rl_order_int(all, n);
    size_t *size = RL_NEW(cx->tmp, size_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || all[i] != all[i - 1]) all[m++] = all[i];
        size[m - 1]++;
    }
    r->n_cohort = m;
    r->cohort_time = all;
    r->cohort_size = size;
}

static void fill_units(const rl_design *d, rl_roster *r, rl_ctx *cx)
{
    int32_t *when = RL_NEW(cx->tmp, int32_t, d->n), *cohort = RL_NEW(cx->tmp, int32_t, r->N);
    uint32_t *start = RL_NEW(cx->tmp, uint32_t, r->N);
    r->balanced = true;
    for (size_t u = 0; u < r->N; u++) {
        for (size_t k = r->first[u]; k < r->first[u + 1]; k++) {
            when[k] = d->time.code[r->row[k]];
            assert(k == r->first[u] || when[k] != when[k - 1]); /* rl_design_make() has refused it */
        }
        start[u] = r->row[r->first[u]];
        cohort[u] = d->cohort != NULL ? d->cohort[start[u]] : RL_NEVER;
        if (r->first[u + 1] - r->first[u] != r->T) r->balanced = false;
    }
    r->when = when;
    r->start = start;
    r->cohort = cohort;
}

rl_code rl_roster_make(const rl_design *d, bool rows, rl_roster *r, rl_ctx *cx)
{
    int32_t *unit = RL_NEW(cx->tmp, int32_t, d->n);
    *r = (rl_roster){.N = number_units(d, rows, unit, cx), .T = d->time.G, .time = d->time_at};
    if (r->T < 2) {
        rl_fail(cx, RL_EDATA, "the data have one period: before and after cannot be told apart (%zu rows)", d->n);
        return rl_hint(cx, "column '%s' must hold the period of each row", d->time_name);
    }
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, d->n);
    size_t *first = RL_NEW(cx->tmp, size_t, r->N + 1);
    sort_rows(d, unit, r->N, row, first, cx);
    r->row = row;
    r->first = first;
    fill_units(d, r, cx);
    if (d->cohort == NULL) return RL_OK;
    list_cohorts(r, cx);
    if (r->n_cohort > 0) return RL_OK;
    rl_fail(cx, RL_EDATA, "nobody is treated in the rows used: %zu units, %zu periods, none with a start", r->N, r->T);
    return rl_hint(cx, "a unit counts as treated from its time in --cohort on, when that lies within the data");
}

int32_t rl_roster_period(const rl_roster *r, int64_t time)
{
    int64_t ahead = time - r->time[0];
    size_t lo = 0, hi = r->T;
    if (ahead < 0) return -1;
    if (time >= r->time[hi - 1]) return (int32_t)hi - 1;
    if (ahead < (int64_t)hi && r->time[ahead] == time) return (int32_t)ahead; /* no period is missing up to it */
    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;
        *(r->time[mid] <= time ? &lo : &hi) = mid;
    }
    return (int32_t)lo;
}

const char *rl_roster_unit(const rl_design *d, const rl_roster *r, size_t u)
{
    return d->unit.G > 0 ? d->unit.label[d->unit.code[r->row[r->first[u]]]] : "(row)";
}

rl_code rl_roster_need_balanced(const rl_design *d, const rl_roster *r, const char *who, rl_ctx *cx)
{
    size_t some = SIZE_MAX, n = 0;
    for (size_t u = 0; u < r->N; u++) {
        if (r->first[u + 1] - r->first[u] == r->T) continue;
        if (some == SIZE_MAX) some = u;
        n++;
    }
    if (n == 0) return RL_OK;
    int32_t t = 0;
    while (rl_roster_at(r, some, t) != RL_NO_ROW) t++;
    rl_fail(cx, RL_EDATA, "%s needs a balanced panel: %zu of %zu units miss a period, the first is '%s' at %s", who, n,
            r->N, rl_roster_unit(d, r, some), rl_time_words(d->clock, r->time[t], cx->tmp));
    return rl_hint(cx, "leave those units out, or use an estimator that takes what is there (etwfe, bjs)");
}

rl_code rl_roster_one_start(const rl_design *d, const rl_roster *r, const char *who, size_t *T0, rl_ctx *cx)
{
    enum { SHOWN = 6 };
    bool rows = r->N == d->n; /* no units: a row may stand for many, and is not counted */
    rl_str list = rl_str_new(cx->tmp);
    *T0 = rl_roster_before(r, r->cohort_time[0]);
    if (r->n_cohort == 1) return RL_OK;
    for (size_t i = 0; i < r->n_cohort && i < SHOWN; i++) {
        rl_str_addf(&list, "%s%s", i > 0 ? ", " : "", rl_time_words(d->clock, r->cohort_time[i], cx->tmp));
        if (!rows) rl_str_addf(&list, " (%zu)", r->cohort_size[i]);
    }
    rl_fail(cx, RL_EDATA, "estimator '%s' takes one start, and the %s have %zu: %s%s", who, rows ? "rows" : "units",
            r->n_cohort, rl_str_text(&list), r->n_cohort > SHOWN ? ", .." : "");
    return rl_hint(cx, "leave all but one of them out, or use an estimator for several starts (cs, etwfe, bjs)");
}
