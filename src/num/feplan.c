#include "num/feplan.h"

#include <string.h>

#include "base/par.h"

enum { MOST_CHUNKS = 64, SLOTS = 1 << 19 };

/* Stable counting sort of the rows by the largest effect. */
static void sort_rows(rl_feplan *p, rl_ctx *cx)
{
    const int32_t *u = p->fe->code[p->big];
    bool sorted = true;
    p->start = RL_NEW(cx->tmp, size_t, p->U + 2);
    for (size_t i = 0; i < p->n; i++) {
        p->start[u[i] + 2]++;
        if (i > 0 && u[i] < u[i - 1]) sorted = false;
    }
    for (size_t g = 0; g < p->U; g++) p->start[g + 2] += p->start[g + 1];
    if (!sorted) p->order = RL_NEW(cx->tmp, size_t, p->n);
    for (size_t i = 0; i < p->n; i++) {
        size_t place = p->start[u[i] + 1]++;
        if (!sorted) p->order[place] = i;
    }
}

static void take_rows(rl_feplan *p, const double *w, rl_ctx *cx)
{
    p->t = RL_NEW(cx->tmp, int32_t, p->m * p->n);
    p->du = RL_NEW(cx->tmp, double, p->U);
    p->dt = RL_NEW(cx->tmp, double, p->T);
    if (w) p->w = RL_NEW(cx->tmp, double, p->n);
    size_t q = 0;
    for (size_t f = 0; f < p->fe->n_fe; f++) {
        if (f == p->big) continue;
        int32_t *t = p->t + q++ * p->n;
        for (size_t i = 0; i < p->n; i++) {
            size_t row = p->order ? p->order[i] : i;
            t[i] = p->fe->code[f][row] + (int32_t)p->first[f];
            p->dt[t[i]] += w ? w[row] : 1.0;
        }
    }
    for (size_t g = 0; g < p->U; g++) {
        if (!w) p->du[g] = (double)(p->start[g + 1] - p->start[g]);
        for (size_t i = p->start[g]; w && i < p->start[g + 1]; i++) {
            p->w[i] = w[p->order ? p->order[i] : i];
            p->du[g] += p->w[i];
        }
    }
}

/* Chunks of whole levels with about as many rows each. */
static void cut_chunks(rl_feplan *p, rl_ctx *cx)
{
    size_t chunks = rl_blocks(p->n, RL_ROWS_PER_BLOCK), room = SLOTS / (p->T + 1);
    if (chunks > MOST_CHUNKS) chunks = MOST_CHUNKS;
    if (chunks > room) chunks = room;
    if (chunks == 0) chunks = 1;
    p->chunks = chunks;
    p->from = RL_NEW(cx->tmp, size_t, chunks + 1);
    size_t g = 0;
    for (size_t c = 0; c < chunks; c++) {
        while (g < p->U && p->start[g] < p->n / chunks * c) g++;
        p->from[c] = g;
    }
    p->from[chunks] = p->U;
}

void rl_feplan_make(rl_feplan *p, const rl_fe *fe, size_t n, const double *w, rl_ctx *cx)
{
    *p = (rl_feplan){.fe = fe, .n = n, .m = fe->n_fe - 1, .parts = 1};
    for (size_t f = 1; f < fe->n_fe; f++) {
        if (fe->levels[f] > fe->levels[p->big]) p->big = f;
    }
    p->U = fe->levels[p->big];
    p->first = RL_NEW(cx->tmp, size_t, fe->n_fe);
    for (size_t f = 0; f < fe->n_fe; f++) {
        if (f == p->big) continue;
        p->first[f] = p->T;
        p->T += fe->levels[f];
    }
    sort_rows(p, cx);
    take_rows(p, w, cx);
    cut_chunks(p, cx);
    p->dropped = RL_NEW(cx->tmp, bool, p->T);
    if (p->m == 0) return;
    p->part_a = RL_NEW(cx->tmp, int32_t, fe->levels[0]);
    p->part_b = RL_NEW(cx->tmp, int32_t, fe->levels[1]);
    p->parts = rl_components(fe->code[0], fe->levels[0], fe->code[1], fe->levels[1], n, p->part_a, p->part_b, cx);
    p->redundant = p->parts + (p->m - 1);
}

void rl_feplan_free(rl_feplan *p, rl_ctx *cx)
{
    void *const piece[] = {p->order, p->start, p->t,       p->w,      p->du,     p->dt,
                           p->S,     p->from,  p->dropped, p->jacobi, p->part_a, p->part_b};
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) rl_release(cx->tmp, piece[i]);
}

static inline double value_at(const rl_feplan *p, size_t i, const double *v, const double *x)
{
    if (v) return v[i];
    double s = x[p->t[i]];
    for (size_t q = 1; q < p->m; q++) s += x[p->t[q * p->n + i]];
    return s;
}

/* Two effects, no weights. */
static void collect_two(const rl_feplan *p, size_t chunk, const double *v, double *mean, double *sum)
{
    for (size_t g = p->from[chunk]; g < p->from[chunk + 1]; g++) {
        double s[4] = {0};
        size_t from = p->start[g], to = p->start[g + 1], i = from;
        for (; i + 4 <= to; i += 4) {
            for (size_t l = 0; l < 4; l++) s[l] += v[i + l];
        }
        for (; i < to; i++) s[0] += v[i];
        double m = ((s[0] + s[1]) + (s[2] + s[3])) / p->du[g];
        if (mean) mean[g] = m;
        for (i = from; i < to; i++) sum[p->t[i]] += v[i] - m;
    }
}

void rl_feplan_collect(const rl_feplan *p, size_t chunk, const double *v, const double *x, double *mean, double *sum)
{
    for (size_t t = 0; t < p->T; t++) sum[t] = 0.0;
    if (v && p->m == 1 && !p->w) {
        collect_two(p, chunk, v, mean, sum);
        return;
    }
    for (size_t g = p->from[chunk]; g < p->from[chunk + 1]; g++) {
        double s = 0.0;
        for (size_t i = p->start[g]; i < p->start[g + 1]; i++) s += (p->w ? p->w[i] : 1.0) * value_at(p, i, v, x);
        s /= p->du[g];
        if (mean) mean[g] = s;
        for (size_t i = p->start[g]; i < p->start[g + 1]; i++) {
            double left = (value_at(p, i, v, x) - s) * (p->w ? p->w[i] : 1.0);
            for (size_t q = 0; q < p->m; q++) sum[p->t[q * p->n + i]] += left;
        }
    }
}
