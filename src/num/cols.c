#include "num/cols.h"

#include <assert.h>
#include <string.h>

#include "base/par.h"
#include "base/simd.h"

enum { STRIPE = 512 };

rl_cols rl_cols_new(size_t n, size_t k, size_t blocks, rl_arena *in)
{
    rl_cols X = {.n = n,
                 .k = k,
                 .x = RL_NEW(in, const double *, k),
                 .low = RL_NEW(in, const double *, k),
                 .shifted = RL_NEW(in, rl_shifted, k),
                 .dense = RL_NEW(in, size_t, k),
                 .hot = RL_NEW(in, rl_hot, blocks),
                 .block = RL_NEW(in, int32_t, k),
                 .level = RL_NEW(in, int32_t, k)};
    for (size_t j = 0; j < k; j++) X.block[j] = X.level[j] = -1;
    return X;
}

rl_cols rl_cols_of(const rl_mat *X, double *const *low, rl_arena *in)
{
    rl_cols c = rl_cols_new(X->n, X->k, 0, in);
    for (size_t j = 0; j < X->k; j++) rl_cols_add(&c, j, rl_mat_col(X, j), low != NULL ? low[j] : NULL);
    return c;
}

void rl_cols_add(rl_cols *X, size_t j, const double *x, const double *low)
{
    assert(X->n_dense == 0 || X->dense[X->n_dense - 1] < j);
    X->x[j] = x;
    X->low[j] = low;
    X->dense[X->n_dense++] = j;
}

void rl_cols_add_view(rl_cols *X, size_t j, rl_shifted v)
{
    bool stands = v.row == NULL && v.less == NULL;
    rl_cols_add(X, j, stands ? v.v + -v.back : NULL, NULL);
    if (!stands) X->shifted[j] = v;
}

bool rl_cols_has_views(const rl_cols *X)
{
    for (size_t d = 0; d < X->n_dense; d++)
        if (X->x[X->dense[d]] == NULL) return true;
    return false;
}

void rl_cols_add_block(rl_cols *X, rl_hot h)
{
    for (size_t g = 0; g < h.G; g++) {
        if (h.col[g] < 0) continue;
        X->block[h.col[g]] = (int32_t)X->n_hot;
        X->level[h.col[g]] = (int32_t)g;
    }
    X->hot[X->n_hot++] = h;
}

rl_cols rl_cols_keep(const rl_cols *X, const size_t *keep, size_t m, rl_arena *in)
{
    rl_cols c = rl_cols_new(X->n, m, X->n_hot, in);
    for (size_t d = 0; d < X->n_dense; d++) {
        size_t j = X->dense[d];
        if (keep[j] == SIZE_MAX) continue;
        rl_cols_add(&c, keep[j], X->x[j], X->low[j]);
        c.shifted[keep[j]] = X->shifted[j];
    }
    for (size_t b = 0; b < X->n_hot; b++) {
        rl_hot h = X->hot[b];
        h.col = RL_NEW(in, int32_t, h.G);
        for (size_t g = 0; g < h.G; g++) {
            int32_t j = X->hot[b].col[g];
            h.col[g] = j < 0 || keep[j] == SIZE_MAX ? -1 : (int32_t)keep[j];
        }
        rl_cols_add_block(&c, h);
    }
    return c;
}

/* room = v[row[..]], eight at a time where rows that ascend are neighbours. */
static void pick(const double *v, const uint32_t *row, bool rises, ptrdiff_t back, size_t m, double *room)
{
    enum { STEP = 8 };
    size_t r = 0;
    for (; rises && r + STEP <= m; r += STEP) {
        if (row[r + STEP - 1] - row[r] == STEP - 1)
            memcpy(room + r, v + ((ptrdiff_t)row[r] - back), STEP * sizeof *room);
        else
            for (size_t i = r; i < r + STEP; i++) room[i] = v[(ptrdiff_t)row[i] - back];
    }
    for (; r < m; r++) room[r] = v[(ptrdiff_t)row[r] - back];
}

static void look(const rl_shifted *w, size_t from, size_t m, double *room)
{
    if (w->row == NULL)
        memcpy(room, w->v + ((ptrdiff_t)from - w->back), m * sizeof *room);
    else
        pick(w->v, w->row + from, w->rises, w->back, m, room);
    if (w->less != NULL) rl_taken_off(w->less, w->which, from, m, room);
}

const double *rl_cols_part(const rl_cols *X, size_t j, size_t from, size_t m, double *room)
{
    if (X->x[j] != NULL) return X->x[j] + from;
    if (X->shifted[j].v != NULL) {
        look(&X->shifted[j], from, m, room);
        return room;
    }
    const rl_hot *h = &X->hot[X->block[j]];
    const int32_t *code = h->code + from, level = X->level[j];
    for (size_t r = 0; r < m; r++) room[r] = code[r] == level ? (h->z != NULL ? h->z[from + r] : 1.0) : 0.0;
    return room;
}

static inline double value(const rl_cols *X, size_t j, size_t i)
{
    double room;
    return *rl_cols_part(X, j, i, 1, &room);
}

size_t rl_cols_row(const rl_cols *X, size_t i, size_t *at, double *v)
{
    size_t m = 0;
    for (; m < X->n_dense; m++) {
        at[m] = X->dense[m];
        v[m] = value(X, at[m], i);
    }
    for (size_t b = 0; b < X->n_hot; b++) {
        const rl_hot *h = &X->hot[b];
        int32_t j = h->col[h->code[i]];
        if (j < 0) continue;
        at[m] = (size_t)j;
        v[m++] = h->z != NULL ? h->z[i] : 1.0;
    }
    return m;
}

void rl_cols_whole_row(const rl_cols *X, size_t i, double *v)
{
    if (X->n_hot > 0) memset(v, 0, X->k * sizeof *v);
    for (size_t d = 0; d < X->n_dense; d++) v[X->dense[d]] = value(X, X->dense[d], i);
    for (size_t b = 0; b < X->n_hot; b++) {
        const rl_hot *h = &X->hot[b];
        int32_t j = h->col[h->code[i]];
        if (j >= 0) v[j] = h->z != NULL ? h->z[i] : 1.0;
    }
}

RL_CLONES static void add_times(const double *x, double by, size_t m, double *out)
{
    for (size_t r = 0; r < m; r++) out[r] += by * x[r];
}

void rl_cols_times(const rl_cols *X, const double *a, size_t from, size_t m, double *out)
{
    for (size_t d = 0; d < X->n_dense; d++) {
        double by = a[X->dense[d]], room[STRIPE];
        size_t step = X->x[X->dense[d]] != NULL ? m : STRIPE;
        for (size_t at = 0; at < m && by != 0; at += step) {
            size_t some = m - at < step ? m - at : step;
            add_times(rl_cols_part(X, X->dense[d], from + at, some, room), by, some, out + at);
        }
    }
    for (size_t b = 0; b < X->n_hot; b++) {
        const rl_hot *h = &X->hot[b];
        for (size_t r = 0; r < m; r++) {
            int32_t j = h->col[h->code[from + r]];
            if (j >= 0) out[r] += a[j] * (h->z != NULL ? h->z[from + r] : 1.0);
        }
    }
}

typedef struct write_job {
    const rl_cols *X;
    rl_mat out;
} write_job;

static void write_column(size_t j, void *arg)
{
    const write_job *p = arg;
    double *to = rl_mat_col(&p->out, j);
    const double *x = rl_cols_part(p->X, j, 0, p->X->n, to);
    if (x != to) memcpy(to, x, p->X->n * sizeof *to);
}

rl_mat rl_cols_written(const rl_cols *X, rl_ctx *cx)
{
    write_job job = {X, rl_mat_new(X->n, X->k, cx->tmp)};
    rl_par(X->k, write_column, &job, cx);
    return job.out;
}
