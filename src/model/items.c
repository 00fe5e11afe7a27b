#include "model/items.h"

#include <math.h>
#include <string.h>

/* Middle and spread of each column of X. */
static void scales(const rl_design *d, double *middle, double *spread)
{
    for (size_t j = 0; j < d->X.k; j++) {
        const double *x = rl_mat_col(&d->X, j);
        long double sum = 0, square = 0;
        middle[j] = 0;
        for (size_t i = 0; i < d->n && d->constant; i++) sum += x[i];
        if (d->constant) middle[j] = (double)(sum / (long double)d->n);
        for (size_t i = 0; i < d->n; i++) {
            double e = x[i] - middle[j];
            square += (long double)e * e;
        }
        spread[j] = sqrt((double)(square / (long double)d->n));
        if (!(spread[j] > 0)) spread[j] = 1;
        if (j == 0 && d->constant) {
            middle[j] = 0;
            spread[j] = 1;
        }
    }
}

static void number_cohorts(const rl_roster *r, int32_t *cohort)
{
    for (size_t u = 0; u < r->N; u++) {
        size_t lo = 0, hi = r->n_cohort;
        if (r->cohort[u] == RL_NEVER) lo = hi;
        while (lo < hi) {
            size_t mid = (lo + hi) / 2;
            if (r->cohort_time[mid] < r->cohort[u])
                lo = mid + 1;
            else
                hi = mid;
        }
        cohort[u] = (int32_t)lo;
    }
}

static bool stand_still(const rl_design *d, const rl_roster *r)
{
    for (size_t u = 0; u < r->N; u++) {
        const uint32_t *row = r->row + r->first[u];
        size_t n = r->first[u + 1] - r->first[u];
        for (size_t j = 0; j < d->X.k; j++) {
            const double *x = rl_mat_col(&d->X, j);
            for (size_t q = 1; q < n; q++)
                if (x[row[q]] != x[row[0]]) return false;
        }
        for (size_t q = 1; q < n && d->w != NULL; q++)
            if (d->w[row[q]] != d->w[row[0]]) return false;
    }
    return true;
}

typedef struct filler {
    const rl_design *d;
    const double *middle, *spread;
    double *x, *w, *y;
    double base;
} filler;

static void put_traits(const filler *f, size_t item, uint32_t row)
{
    size_t k = f->d->X.k;
    for (size_t j = 0; j < k; j++) f->x[item * k + j] = (*rl_mat_at(&f->d->X, row, j) - f->middle[j]) / f->spread[j];
    if (f->w != NULL) f->w[item] = f->d->w[row];
}

static void lay_panel(const rl_roster *r, rl_items *it, filler *f, rl_ctx *cx)
{
    size_t N = r->N, T = r->T, *start = RL_NEW(cx->tmp, size_t, it->C + 3);
    uint32_t *place = RL_NEW(cx->tmp, uint32_t, N);
    for (size_t u = 0; u < N; u++) start[it->cohort[u] + 2]++;
    for (size_t c = 1; c <= it->C + 1; c++) start[c + 1] += start[c];
    for (size_t u = 0; u < N; u++) place[u] = (uint32_t)start[it->cohort[u] + 1]++;
    for (size_t u = 0; u < N; u++) {
        const uint32_t *row = r->row + r->first[u];
        for (size_t t = 0; t < T; t++) {
            f->y[t * N + place[u]] = f->d->y[row[t]];
            if (t == 0 || !it->still) put_traits(f, t * N + place[u], row[t]);
        }
    }
    it->start = start;
    it->place = place;
}

static void lay_rows(const rl_roster *r, rl_items *it, filler *f, rl_ctx *cx)
{
    size_t n = f->d->n, C1 = it->C + 1, *start = RL_NEW(cx->tmp, size_t, r->T * C1 + 2);
    uint32_t *place = RL_NEW(cx->tmp, uint32_t, n);
    for (size_t u = 0; u < r->N; u++)
        for (size_t q = r->first[u]; q < r->first[u + 1]; q++)
            start[(size_t)r->when[q] * C1 + (size_t)it->cohort[u] + 2]++;
    for (size_t c = 1; c <= r->T * C1; c++) start[c + 1] += start[c];
    for (size_t u = 0; u < r->N; u++)
        for (size_t q = r->first[u]; q < r->first[u + 1]; q++) {
            size_t item = start[(size_t)r->when[q] * C1 + (size_t)it->cohort[u] + 1]++;
            uint32_t row = r->row[q];
            place[row] = (uint32_t)item;
            f->y[item] = f->d->y[row] - f->base;
            put_traits(f, item, row);
        }
    it->start = start;
    it->place = place;
}

void rl_items_make(const rl_design *d, const rl_roster *r, bool panel, bool centred, rl_items *it, rl_ctx *cx)
{
    size_t k = d->X.k;
    int32_t *cohort = RL_NEW(cx->tmp, int32_t, r->N);
    double *middle = RL_NEW(cx->tmp, double, 2 * k), *spread = middle + k;
    number_cohorts(r, cohort);
    scales(d, middle, spread);
    *it = (rl_items){.d = d, .r = r, .k = k, .C = r->n_cohort, .panel = panel, .cohort = cohort};
    it->still = panel && stand_still(d, r);
    size_t traits = it->still ? r->N : d->n;
    filler f = {.d = d, .middle = middle, .spread = spread};
    f.x = RL_NEW(cx->tmp, double, traits *k);
    f.w = d->w != NULL ? RL_NEW(cx->tmp, double, traits) : NULL;
    f.y = RL_NEW(cx->tmp, double, d->n);
    if (centred) {
        long double sum = 0;
        for (size_t i = 0; i < d->n; i++) sum += d->y[i];
        f.base = (double)(sum / (long double)d->n);
    }
    if (panel)
        lay_panel(r, it, &f, cx);
    else
        lay_rows(r, it, &f, cx);
    it->x = f.x;
    it->w = f.w;
    it->y = f.y;
}

rl_stretch rl_items_at(const rl_items *it, size_t t, size_t tx, size_t from, size_t to)
{
    size_t N = it->r->N, at, n, traits;
    if (it->panel) {
        at = it->start[from];
        n = it->start[to] - at;
        traits = it->still ? at : tx * N + at;
        at += t * N;
    } else {
        at = it->start[t * (it->C + 1) + from];
        n = it->start[t * (it->C + 1) + to] - at;
        traits = at;
    }
    return (rl_stretch){n, it->x + traits * it->k, it->w != NULL ? it->w + traits : NULL, it->y + at};
}
