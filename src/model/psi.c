/* The influence of rows (model/est.h): as an array, or as what least squares knows of it. */
#include <string.h>

#include "base/par.h"
#include "base/simd.h"
#include "model/est.h"
#include "num/fecells.h"

/* --- psi given as an array ------------------------------------------------------ */

typedef struct dense {
    rl_psi psi;
    const double *v;
} dense;

static rl_code dense_sum(const rl_psi *psi, const int32_t *code, size_t G, rl_mat *out, rl_ctx *cx)
{
    (void)cx;
    const dense *d = psi->self;
    for (size_t j = 0; j < psi->m; j++) {
        double *o = rl_mat_col(out, j);
        const double *v = d->v + j * psi->n;
        memset(o, 0, G * sizeof *o);
        for (size_t i = 0; i < psi->n; i++) {
            if (code == NULL)
                o[i] = v[i];
            else if (code[i] >= 0)
                o[code[i]] += v[i];
        }
    }
    return RL_OK;
}

double *rl_psi_dense(rl_fit *f, size_t n, rl_ctx *cx)
{
    dense *d = RL_NEW(cx->tmp, dense, 1);
    double *v = RL_NEW(cx->tmp, double, n * f->m);
    *d = (dense){{.n = n, .m = f->m, .sum_by = dense_sum, .self = d, .has_time = true}, v};
    f->psi = &d->psi;
    return v;
}

/* --- psi of a least-squares core ------------------------------------------------- */

typedef struct swept {
    rl_psi psi;
    const rl_core *core;
    double *LA; /* k-by-m  (L A)' */
} swept;

enum { STRIPE = 512, FEW = 8 };

typedef struct job {
    const swept *s;
    const int32_t *code;
    size_t G;
    rl_mat sum;
    rl_mat *out;
} job;

/* Rows from .. from+m-1: their weighted residuals, and where codes that follow each other end. */
static size_t take_rows(const job *p, size_t from, size_t m, double *we, size_t *end)
{
    const rl_core *c = p->s->core;
    const int32_t *code = p->code + from;
    size_t runs = 0;
    for (size_t i = 0; i < m; i++) {
        we[i] = (c->w != NULL ? c->w[from + i] : 1) * c->e[from + i];
        if (i > 0 && (code[i] != code[i - 1] + 1 || code[i - 1] < 0)) end[runs++] = i;
    }
    end[runs++] = m;
    return runs;
}

RL_INLINE void add_products(double *to, const double *x, const double *we, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] += x[i] * we[i];
}

/* Of X'We by group: a few dense columns. */
RL_CLONES static void sum_columns(size_t at, void *arg)
{
    job *p = arg;
    const rl_cols *X = &p->s->core->X;
    size_t n = p->s->psi.n, last = (at + 1) * FEW < X->n_dense ? (at + 1) * FEW : X->n_dense, end[STRIPE];
    double room[STRIPE], we[STRIPE];
    for (size_t from = 0; from < n; from += STRIPE) {
        size_t m = n - from < STRIPE ? n - from : STRIPE, runs = take_rows(p, from, m, we, end);
        for (size_t d = at * FEW; d < last; d++) {
            const double *x = rl_cols_part(X, X->dense[d], from, m, room);
            double *o = rl_mat_col(&p->sum, X->dense[d]);
            for (size_t q = 0, i = 0; q < runs; i = end[q++])
                if (p->code[from + i] >= 0) add_products(o + p->code[from + i], x + i, we + i, end[q] - i);
        }
    }
}

/* The columns of a block. */
static void sum_block(size_t at, void *arg)
{
    job *p = arg;
    const rl_core *c = p->s->core;
    const double *e = c->e, *w = c->w;
    const rl_hot *h = &c->X.hot[at];
    for (size_t i = 0; i < p->s->psi.n; i++) {
        int32_t j = h->col[h->code[i]], g = p->code[i];
        if (j >= 0 && g >= 0)
            *rl_mat_at(&p->sum, (size_t)g, (size_t)j) += (h->z != NULL ? h->z[i] : 1) * ((w != NULL ? w[i] : 1) * e[i]);
    }
}

/* Codes that never fall: groups stand together, and a piece of the rows has groups of its own. */
typedef struct order_job {
    const int32_t *code;
    size_t n;
    bool *falls; /* a block */
} order_job;

static void find_fall(size_t block, void *arg)
{
    order_job *p = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    bool falls = p->code[from] < 0;
    if (to > p->n) to = p->n;
    for (size_t i = from > 0 ? from : 1; i < to; i++) falls |= p->code[i] < p->code[i - 1];
    p->falls[block] = falls;
}

static bool in_order(const int32_t *code, size_t n, rl_ctx *cx)
{
    size_t blocks = rl_blocks(n, RL_ROWS_PER_BLOCK);
    order_job p = {code, n, RL_NEW(cx->tmp, bool, blocks)};
    bool falls = false;
    rl_par(blocks, find_fall, &p, cx);
    for (size_t b = 0; b < blocks; b++) falls = falls || p.falls[b];
    return !falls;
}

/* x'(w e) over rows from .. to-1 of a column, in four lanes. */
RL_INLINE double rows_of_group(const rl_core *c, size_t j, size_t from, size_t to)
{
    const double *w = c->w, *e = c->e;
    double room[STRIPE];
    rl_four s = {0};
    for (size_t at = from, m; at < to; at += m) {
        m = to - at < STRIPE || c->X.x[j] != NULL ? to - at : STRIPE;
        const double *x = rl_cols_part(&c->X, j, at, m, room);
        size_t i = 0;
        for (; i + 4 <= m; i += 4) {
            rl_four we = RL_FOUR_OF(e + at + i);
            if (w != NULL) we *= RL_FOUR_OF(w + at + i);
            s += RL_FOUR_OF(x + i) * we;
        }
        for (; i < m; i++) s[0] += x[i] * ((w != NULL ? w[at + i] : 1) * e[at + i]);
    }
    return rl_four_sum(&s);
}

/* The groups that begin in a block of the rows, all dense columns. */
RL_CLONES static void sum_groups(size_t block, void *arg)
{
    job *p = arg;
    const rl_core *c = p->s->core;
    size_t n = p->s->psi.n, from = block * RL_ROWS_PER_BLOCK, end = from + RL_ROWS_PER_BLOCK, to;
    while (from > 0 && from < n && from < end && p->code[from] == p->code[from - 1]) from++;
    for (; from < end && from < n; from = to) {
        for (to = from + 1; to < n && p->code[to] == p->code[from];) to++;
        for (size_t d = 0; d < c->X.n_dense; d++) {
            size_t j = c->X.dense[d];
            *rl_mat_at(&p->sum, (size_t)p->code[from], j) = rows_of_group(c, j, from, to);
        }
    }
}

/* Column j of the influence by group, from those sums. */
static void combine_column(size_t j, void *arg)
{
    job *p = arg;
    double *o = rl_mat_col(p->out, j);
    memset(o, 0, p->G * sizeof *o);
    for (size_t q = 0; q < p->sum.k; q++) {
        double a = p->s->LA[q + j * p->sum.k];
        const double *x = rl_mat_col(&p->sum, q);
        for (size_t g = 0; g < p->G && a != 0; g++) o[g] += a * x[g];
    }
}

/* The influence row by row: sum_k LA_jk x_k w e. */
static void swept_rows(const rl_psi *psi, size_t from, size_t count, double *out, size_t ld)
{
    const swept *s = psi->self;
    const rl_core *c = s->core;
    for (size_t j = 0; j < psi->m; j++) {
        double *o = out + j * ld;
        memset(o, 0, count * sizeof *o);
        rl_cols_times(&c->X, s->LA + j * c->X.k, from, count, o);
        for (size_t i = 0; i < count; i++) o[i] *= (c->w != NULL ? c->w[from + i] : 1) * c->e[from + i];
    }
}

static void rows_of_block(size_t block, void *arg)
{
    job *p = arg;
    size_t n = p->s->psi.n, from = block * RL_ROWS_PER_BLOCK;
    swept_rows(&p->s->psi, from, n - from < RL_ROWS_PER_BLOCK ? n - from : RL_ROWS_PER_BLOCK, p->out->a + from,
               p->out->ld);
}

/* --- rows that share theirs of X, or are made of cells --------------------------------- */

/* WIDE estimates at a time: their L A x for the rows of X, a table in which a row's numbers are neighbours, then the
 * rows that read it, and their sums, which are neighbours too. */
enum { WIDE = 8, AT_ONCE = 2, STRETCH = 256 };

typedef struct wide_job {
    const swept *s;
    const int32_t *code;
    size_t first;  /* WIDE estimates that are done first    */
    double **room; /* AT_ONCE                               */
    size_t G;      /* 0: row by row                         */
    rl_mat *out;
} wide_job;

RL_INLINE void add_wide(double *to, const double *a, double by)
{
    for (size_t j = 0; j < WIDE; j++) to[j] += a[j] * by;
}

/* z (X.n of WIDE) = X la. */
RL_INLINE void fill_table(const rl_core *c, const double *la, double *z, double *room)
{
    size_t first = 0;
    double part[STRETCH];
    if (c->cells != NULL) {
        first = c->cells->r.C;
        rl_fecells_times(c->cells, la, WIDE, z, room);
    } else {
        memset(z, 0, c->X.n * WIDE * sizeof *z);
    }
    for (size_t from = 0; from < c->X.n; from += STRETCH) {
        size_t n = c->X.n - from < STRETCH ? c->X.n - from : STRETCH;
        for (size_t q = first; q < c->X.k; q++) {
            const double *x = rl_cols_part(&c->X, q, from, n, part);
            for (size_t r = 0; r < n; r++) add_wide(z + (from + r) * WIDE, la + q * WIDE, x[r]);
        }
    }
}

/* The influence of row i: to += it. */
RL_INLINE void add_row(const rl_core *c, const double *z, const double *beside, size_t q, size_t i, double *to)
{
    double we = (c->w != NULL ? c->w[i] : 1) * c->e[i], v[WIDE];
    memcpy(v, z + (c->row_of != NULL ? (size_t)c->row_of[i] : i) * WIDE, sizeof v);
    for (size_t b = 0; b < q; b++) add_wide(v, beside + b * WIDE, c->beside[b][i]);
    add_wide(to, v, we);
}

static size_t wide_room(const rl_core *c, size_t G)
{
    return (G + c->X.n + rl_core_size(c) + (c->cells != NULL ? c->cells->r.T + 1 : 0)) * WIDE;
}

RL_CLONES static void wide_columns(size_t at, void *arg)
{
    wide_job *p = arg;
    const rl_core *c = p->s->core;
    size_t m = p->s->psi.m, n = p->s->psi.n, k = rl_core_size(c), q = k - c->X.k, from = (p->first + at) * WIDE,
           wide = m - from < WIDE ? m - from : WIDE;
    double *sum = p->room[at], *z = sum + p->G * WIDE, *la = z + c->X.n * WIDE, *beside = la + c->X.k * WIDE;
    for (size_t b = 0; b < k; b++)
        for (size_t j = 0; j < wide; j++) la[b * WIDE + j] = p->s->LA[b + (from + j) * k];
    fill_table(c, la, z, la + k * WIDE);
    for (size_t i = 0; i < n && p->code == NULL; i++) {
        double v[WIDE] = {0};
        add_row(c, z, beside, q, i, v);
        for (size_t j = 0; j < wide; j++) *rl_mat_at(p->out, i, from + j) = v[j];
    }
    if (p->code == NULL) return;
    for (size_t i = 0; i < n; i++)
        if (p->code[i] >= 0) add_row(c, z, beside, q, i, sum + (size_t)p->code[i] * WIDE);
    for (size_t j = 0; j < wide; j++)
        for (size_t g = 0; g < p->G; g++) *rl_mat_at(p->out, g, from + j) = sum[g * WIDE + j];
}

static void wide_sum(const swept *s, const int32_t *code, size_t G, rl_mat *out, rl_ctx *cx)
{
    size_t all = rl_blocks(s->psi.m, WIDE), size = wide_room(s->core, code != NULL ? G : 0);
    double *room[AT_ONCE];
    wide_job p = {s, code, 0, room, code != NULL ? G : 0, out};
    for (p.first = 0; p.first < all; p.first += AT_ONCE) {
        size_t now = all - p.first < AT_ONCE ? all - p.first : AT_ONCE;
        for (size_t i = 0; i < now; i++) room[i] = RL_NEW(cx->tmp, double, size);
        rl_par(now, wide_columns, &p, cx);
        for (size_t i = now; i-- > 0;) rl_release(cx->tmp, room[i]);
    }
}

static rl_code swept_sum(const rl_psi *psi, const int32_t *code, size_t G, rl_mat *out, rl_ctx *cx)
{
    const swept *s = psi->self;
    const rl_core *c = s->core;
    job p = {.s = s, .code = code, .G = G, .out = out};
    if (c->row_of != NULL || c->cells != NULL) {
        wide_sum(s, code, G, out, cx);
        return RL_OK;
    }
    if (code == NULL) {
        rl_par(rl_blocks(psi->n, RL_ROWS_PER_BLOCK), rows_of_block, &p, cx);
        return RL_OK;
    }
    p.sum = rl_mat_new(G, c->X.k, cx->tmp);
    if (in_order(code, psi->n, cx))
        rl_par(rl_blocks(psi->n, RL_ROWS_PER_BLOCK), sum_groups, &p, cx);
    else
        rl_par(rl_blocks(c->X.n_dense, FEW), sum_columns, &p, cx);
    rl_par(c->X.n_hot, sum_block, &p, cx);
    rl_par(psi->m, combine_column, &p, cx);
    rl_release(cx->tmp, p.sum.a);
    return RL_OK;
}

/* Row j of L A, from the entries of L that are not zero. */
void rl_core_direction(const rl_core *core, size_t j, double *la, rl_ctx *cx)
{
    size_t k = rl_core_size(core);
    long double *sum = RL_NEW(cx->tmp, long double, k);
    for (size_t r = 0; r < k; r++) {
        double l = *rl_mat_at(&core->L, j, r);
        for (size_t q = 0; q < k && l != 0; q++) sum[q] += (long double)l * *rl_mat_at(&core->A, q, r);
    }
    for (size_t q = 0; q < k; q++) la[q] = (double)sum[q];
    rl_release(cx->tmp, sum);
}

const rl_psi *rl_psi_core(const rl_core *core, size_t n, size_t m, bool has_time, rl_ctx *cx)
{
    swept *s = RL_NEW(cx->tmp, swept, 1);
    size_t k = rl_core_size(core);
    *s = (swept){{.n = n,
                  .m = m,
                  .sum_by = swept_sum,
                  .rows = core->row_of == NULL ? swept_rows : NULL,
                  .self = s,
                  .has_time = has_time},
                 core,
                 RL_NEW(cx->tmp, double, k *m)};
    for (size_t j = 0; j < m; j++) rl_core_direction(core, j, s->LA + j * k, cx);
    return &s->psi;
}
