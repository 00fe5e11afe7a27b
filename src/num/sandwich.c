#include "num/sandwich.h"

#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/blas.h"
#include "num/gram.h"
#include "num/slices.h"

enum { CHUNK = RL_SLICE_INNER, TILE = 64, STRIP = 64, ORDERS = 4 };

/* out (m-by-n) = P Q' of the first m and the last n rows of one piece, k columns. */
typedef struct product {
    size_t m, n, k, rows, at; /* rows = m+n; at: the first column of the chunk */
    double *hi, *lo;          /* rows-by-k                                     */
    double *out, *out_lo;     /* m-by-n                                        */
    bool symmetric;           /* the part on and below the diagonal will do    */
    rl_slices s;
} product;

static void cut(size_t block, void *arg)
{
    product *p = arg;
    size_t from = block * STRIP, to = from + STRIP < p->rows ? from + STRIP : p->rows;
    rl_slice_rows(&p->s, p->hi + p->at * p->rows, p->lo + p->at * p->rows, p->rows, from, to);
}

static void tile(size_t block, void *arg)
{
    const product *p = arg;
    size_t tall = rl_blocks(p->m, TILE), a = block % tall * TILE, b = block / tall * TILE;
    size_t m = p->m - a < TILE ? p->m - a : TILE, n = p->n - b < TILE ? p->n - b : TILE;
    double room[ORDERS * TILE * TILE];
    if (p->symmetric && b > a) return;
    rl_slice_product(&p->s, a, m, p->m + b, n, ORDERS, 1, p->out + a + b * p->m, p->out_lo + a + b * p->m, p->m, room);
}

static void multiply(product *p, rl_ctx *cx)
{
    memset(p->out, 0, p->m * p->n * sizeof(double));
    memset(p->out_lo, 0, p->m * p->n * sizeof(double));
    p->s = (rl_slices){p->rows, CHUNK, RL_NEW(cx->tmp, double, p->rows *CHUNK *RL_SLICES),
                       RL_NEW(cx->tmp, double, p->rows *CHUNK *RL_SLICES), RL_NEW(cx->tmp, double, p->rows)};
    for (p->at = 0; p->at < p->k; p->at += CHUNK) {
        p->s.inner = p->k - p->at < CHUNK ? p->k - p->at : CHUNK;
        rl_par(rl_blocks(p->rows, STRIP), cut, p, cx);
        rl_par(rl_blocks(p->m, TILE) * rl_blocks(p->n, TILE), tile, p, cx);
    }
    rl_release(cx->tmp, p->s.s);
    rl_release(cx->tmp, p->s.r);
}

void rl_sandwich(const rl_mat *L, const rl_dd *G, const int *exp, rl_mat *V, rl_ctx *cx)
{
    size_t m = L->n, k = L->k, most = m > k ? m : k, rows = m + k;
    product p = {.m = m, .n = k, .k = k, .rows = rows};
    p.hi = RL_NEW(cx->tmp, double, (m + most) * k);
    p.lo = RL_NEW(cx->tmp, double, (m + most) * k);
    p.out = RL_NEW(cx->tmp, double, m *most);
    p.out_lo = RL_NEW(cx->tmp, double, m *most);
    rl_blas_open();
    for (size_t j = 0; j < k; j++) {
        for (size_t i = 0; i < m; i++) p.hi[i + j * rows] = ldexp(*rl_mat_at(L, i, j), exp[j] + exp[k] / 2);
        for (size_t i = 0; i < k; i++) { /* exp[k] is even */
            rl_dd g = i < j ? G[rl_gram_pair(k, i, j)] : G[rl_gram_pair(k, j, i)];
            p.hi[m + i + j * rows] = g.hi;
            p.lo[m + i + j * rows] = g.lo;
        }
    }
    multiply(&p, cx); /* L M */
    rows = 2 * m;
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < m; i++) {
            p.hi[i + j * rows] = p.out[i + j * m];
            p.lo[i + j * rows] = p.out_lo[i + j * m];
        }
    for (size_t j = 0; j < k; j++)
        for (size_t i = 0; i < m; i++) {
            p.hi[m + i + j * rows] = ldexp(*rl_mat_at(L, i, j), exp[j] + exp[k] / 2);
            p.lo[m + i + j * rows] = 0;
        }
    p.n = m;
    p.rows = rows;
    p.symmetric = true;
    multiply(&p, cx); /* (L M) L' */
    for (size_t j = 0; j < m; j++)
        for (size_t i = j; i < m; i++)
            *rl_mat_at(V, i, j) = *rl_mat_at(V, j, i) = p.out[i + j * m] + p.out_lo[i + j * m];
    rl_release(cx->tmp, p.hi);
    rl_release(cx->tmp, p.lo);
    rl_release(cx->tmp, p.out);
    rl_release(cx->tmp, p.out_lo);
}
