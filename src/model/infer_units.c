#include "model/infer_units.h"

#include <string.h>

#include "base/par.h"
#include "base/simd.h"
#include "num/order.h"

enum { LEAST_BLOCK = 1024, MOST_BLOCKS = 64, PANEL = 4 };

/* Units by cluster, in their own order within one. */
static void sort_units(const rl_units *units, const int32_t *code, size_t G, rl_walk *w, rl_ctx *cx)
{
    size_t *first = RL_NEW(cx->tmp, size_t, G + 1), *next = RL_NEW(cx->tmp, size_t, G + 1);
    uint32_t *unit = RL_NEW(cx->tmp, uint32_t, units->N);
    for (size_t u = 0; u < units->N; u++) {
        int32_t g = code != NULL ? code[units->row[u]] : (int32_t)u;
        if (g >= 0) first[g + 1]++;
    }
    for (size_t g = 0; g < G; g++) first[g + 1] += first[g];
    memcpy(next, first, (G + 1) * sizeof *next);
    for (size_t u = 0; u < units->N; u++) {
        int32_t g = code != NULL ? code[units->row[u]] : (int32_t)u;
        if (g >= 0) unit[next[g]++] = (uint32_t)u;
    }
    w->first = first;
    w->unit = unit;
}

rl_code rl_walk_make(const rl_psi *psi, const int32_t *code, size_t G, rl_walk *w, rl_ctx *cx)
{
    *w = (rl_walk){.m = psi->m, .units = psi->units};
    w->G = code != NULL ? G : psi->units != NULL ? psi->units->N : psi->n;
    w->per = rl_blocks(w->G, MOST_BLOCKS) > LEAST_BLOCK ? rl_blocks(w->G, MOST_BLOCKS) : LEAST_BLOCK;
    w->n_block = rl_blocks(w->G, w->per);
    if (w->units != NULL) {
        sort_units(w->units, code, w->G, w, cx);
        return RL_OK;
    }
    w->S = rl_mat_new(w->G, w->m, cx->tmp);
    return psi->sum_by(psi, code, w->G, &w->S, cx);
}

void rl_walk_room_new(const rl_walk *w, rl_walk_room *room, rl_ctx *cx)
{
    size_t most = w->units != NULL ? w->units->most : 1;
    *room = (rl_walk_room){.at = RL_NEW(cx->tmp, int32_t, w->m),
                           .own = RL_NEW(cx->tmp, int32_t, most),
                           .sum = RL_NEW(cx->tmp, double, w->m),
                           .value = RL_NEW(cx->tmp, double, most > w->m ? most : w->m),
                           .seen = RL_NEW(cx->tmp, unsigned char, w->m)};
}

/* A cluster of several units: sums over dense places, those touched listed. */
static void take_several(const rl_walk *w, size_t g, rl_walk_room *r)
{
    double *dense = r->sum;
    size_t n = 0;
    for (size_t k = w->first[g]; k < w->first[g + 1]; k++) {
        size_t c = w->units->of(w->units->self, w->unit[k], r->own, r->value);
        for (size_t i = 0; i < c; i++) {
            int32_t j = r->own[i];
            if (!r->seen[j]) {
                r->seen[j] = 1;
                r->at[n++] = j;
                dense[j] = 0;
            }
            dense[j] += r->value[i];
        }
    }
    if (n < w->m)
        rl_order_int(r->at, n);
    else
        for (size_t j = 0; j < n; j++) r->at[j] = (int32_t)j;
    for (size_t i = 0; i < n; i++) {
        r->seen[r->at[i]] = 0;
        r->value[i] = dense[r->at[i]];
    }
    memcpy(r->sum, r->value, n * sizeof *r->sum);
    r->n = n;
}

void rl_walk_take(const rl_walk *w, size_t g, rl_walk_room *r)
{
    if (w->units != NULL) {
        take_several(w, g, r);
        return;
    }
    r->n = 0;
    for (size_t j = 0; j < w->m; j++) {
        double s = *rl_mat_at(&w->S, g, j);
        if (s == 0) continue;
        r->at[r->n] = (int32_t)j;
        r->sum[r->n++] = s;
    }
}

typedef struct fill_job {
    const rl_walk *w;
    rl_walk_room *room; /* n_block */
    rl_mat *S;
} fill_job;

static void fill_block(size_t block, void *arg)
{
    fill_job *p = arg;
    const rl_walk *w = p->w;
    size_t to = (block + 1) * w->per < w->G ? (block + 1) * w->per : w->G;
    rl_walk_room *r = &p->room[block];
    for (size_t g = block * w->per; g < to; g++) {
        rl_walk_take(w, g, r);
        for (size_t i = 0; i < r->n; i++) *rl_mat_at(p->S, g, (size_t)r->at[i]) = r->sum[i];
    }
}

void rl_walk_fill(rl_walk *w, rl_mat *S, rl_ctx *cx)
{
    fill_job p = {w, RL_NEW(cx->tmp, rl_walk_room, w->n_block), S};
    for (size_t b = 0; b < w->n_block; b++) rl_walk_room_new(w, &p.room[b], cx);
    rl_par(w->n_block, fill_block, &p, cx);
    rl_release(cx->tmp, p.room);
    w->units = NULL;
    w->S = *S;
}

/* --- the cross-product ---------------------------------------------------------- */

typedef struct cross_job {
    const rl_walk *w;
    rl_walk_room *room; /* n_block                     */
    double *V;          /* n_block of m-by-m, lower    */
    double *panel;      /* n_block of PANEL-by-m       */
} cross_job;

/* Lower triangle of V += sum of PANEL rows with themselves. */
RL_CLONES static void add_panel(const double *p, size_t m, double *V)
{
    const double *a = p, *b = p + m, *c = p + 2 * m, *d = p + 3 * m;
    for (size_t i = 0; i < m; i++) {
        double *v = V + i * m, x = a[i], y = b[i], z = c[i], u = d[i];
        for (size_t j = 0; j <= i; j++) v[j] += (x * a[j] + y * b[j]) + (z * c[j] + u * d[j]);
    }
}

static void add_sparse(const rl_walk_room *r, size_t m, double *V)
{
    for (size_t i = 0; i < r->n; i++) {
        double *v = V + (size_t)r->at[i] * m, s = r->sum[i];
        for (size_t j = 0; j <= i; j++) v[r->at[j]] += s * r->sum[j];
    }
}

/* Clusters that touch most estimates are added four at a time, the others one by one. */
static void cross_block(size_t block, void *arg)
{
    cross_job *p = arg;
    const rl_walk *w = p->w;
    size_t m = w->m, to = (block + 1) * w->per < w->G ? (block + 1) * w->per : w->G, held = 0;
    double *V = p->V + block * m * m, *panel = p->panel + block * PANEL * m;
    rl_walk_room *r = &p->room[block];
    for (size_t g = block * w->per; g < to; g++) {
        rl_walk_take(w, g, r);
        if (4 * r->n < m) {
            add_sparse(r, m, V);
            continue;
        }
        double *row = panel + held * m;
        memset(row, 0, m * sizeof *row);
        for (size_t i = 0; i < r->n; i++) row[r->at[i]] = r->sum[i];
        if (++held < PANEL) continue;
        add_panel(panel, m, V);
        held = 0;
    }
    if (held == 0) return;
    memset(panel + held * m, 0, (PANEL - held) * m * sizeof *panel);
    add_panel(panel, m, V);
}

void rl_walk_cross(const rl_walk *w, rl_mat *V, rl_ctx *cx)
{
    size_t m = w->m;
    cross_job p = {w, RL_NEW(cx->tmp, rl_walk_room, w->n_block), RL_NEW(cx->tmp, double, w->n_block *m *m),
                   RL_NEW(cx->tmp, double, w->n_block *PANEL *m)};
    for (size_t b = 0; b < w->n_block; b++) rl_walk_room_new(w, &p.room[b], cx);
    rl_par(w->n_block, cross_block, &p, cx);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            long double s = 0;
            for (size_t b = 0; b < w->n_block; b++) s += p.V[b * m * m + i * m + j];
            *rl_mat_at(V, i, j) = *rl_mat_at(V, j, i) = (double)s;
        }
    rl_release(cx->tmp, p.room);
}
