#include "num/ols.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/simd.h"
#include "num/chol.h"
#include "num/gram.h"

rl_code rl_gram(const rl_mat *X, const double *w, rl_mat *hi, rl_mat *lo, rl_ctx *cx)
{
    size_t k = X->k;
    rl_dd *G = RL_NEW(cx->tmp, rl_dd, k * (k + 1) / 2);
    int *e = RL_NEW(cx->tmp, int, k + 1);
    RL_TRY(rl_gram_scaled(X, NULL, w, RL_GRAM_BEST, G, e, cx));
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i; j < k; j++) {
            rl_dd g = G[rl_gram_pair(k, i, j)];
            int up = e[i] + e[j] + e[k];
            *rl_mat_at(hi, i, j) = *rl_mat_at(hi, j, i) = ldexp(g.hi, up);
            *rl_mat_at(lo, i, j) = *rl_mat_at(lo, j, i) = ldexp(g.lo, up);
            if (!isfinite(*rl_mat_at(hi, i, j))) {
                rl_fail(cx, RL_ENUM, "the product of columns %zu and %zu overflows", i + 1, j + 1);
                return rl_hint(cx, "measure them in a larger unit");
            }
        }
    }
    return RL_OK;
}

/* ---- residuals ---- */

typedef struct resid_job {
    const rl_cols *X;
    const double *y, *y_low;
    const rl_dd *b; /* k   before it is rounded to double */
    const double *w;
    double *e, *e_low; /* n   e_low may be NULL               */
    rl_dd *square;     /* a block  of e, weighted; or NULL    */
} resid_job;

enum { STRIPE = 256 };

/* hi + lo -= x b, exactly but for the last bits of lo. */
RL_CLONES static void less_dense(const double *x, const double *x_low, rl_dd b, size_t m, double *hi, double *lo)
{
    const rl_four y = {-b.hi, -b.hi, -b.hi, -b.hi}, c = 0x8000001p0 * y, yh = c - (c - y), yl = y - yh;
    const double y_low = -b.lo;
    for (size_t r = 0; r < m; r += 4) { /* the stripe is a multiple of four */
        rl_four v = RL_FOUR_OF(x + r), cv = 0x8000001p0 * v, vh = cv - (cv - v), vl = v - vh, p = v * y;
        rl_four d = ((vh * yh - p) + vh * yl + vl * yh) + vl * yl;
        rl_four was = RL_FOUR_OF(hi + r), s = was + p, t = s - was, rest = (was - (s - t)) + (p - t);
        RL_FOUR(hi + r) = s;
        RL_FOUR(lo + r) += rest + (d + v * y_low);
        if (x_low != NULL) RL_FOUR(lo + r) += RL_FOUR_OF(x_low + r) * y;
    }
}

static void less_block(const rl_hot *h, const rl_dd *b, size_t from, size_t m, double *hi, double *lo)
{
    for (size_t r = 0; r < m; r++) {
        size_t i = from + r;
        int32_t j = h->col[h->code[i]];
        if (j < 0 || b[j].hi == 0.0) continue;
        double x = h->z != NULL ? h->z[i] : 1.0;
        rl_dd p = rl_two_mul(x, -b[j].hi), s = rl_two_sum(hi[r], p.hi);
        hi[r] = s.hi;
        lo[r] += s.lo + (p.lo + x * -b[j].lo);
        if (h->z_low != NULL) lo[r] -= h->z_low[i] * b[j].hi;
    }
}

/* Rows of a column for the loops of four: copied, with zeros behind, where the stripe is short. */
static const double *padded(const double *x, size_t m, double *room)
{
    if (m == STRIPE) return x;
    if (x != room) memcpy(room, x, m * sizeof *x);
    memset(room + m, 0, (STRIPE - m) * sizeof *x);
    return room;
}

static void resid_block(size_t block, void *arg)
{
    const resid_job *job = arg;
    const rl_cols *X = job->X;
    size_t first = block * RL_ROWS_PER_BLOCK, from = first, to = first + RL_ROWS_PER_BLOCK;
    double hi[STRIPE] = {0}, lo[STRIPE], room[STRIPE], low_room[STRIPE];
    if (to > X->n) to = X->n;
    for (; from < to; from += STRIPE) {
        size_t m = to - from < STRIPE ? to - from : STRIPE;
        memset(lo, 0, sizeof lo);
        memcpy(hi, job->y + from, m * sizeof *hi);
        if (job->y_low != NULL) memcpy(lo, job->y_low + from, m * sizeof *lo);
        for (size_t d = 0; d < X->n_dense; d++) {
            size_t j = X->dense[d];
            if (job->b[j].hi == 0.0) continue;
            less_dense(padded(rl_cols_part(X, j, from, m, room), m, room),
                       X->low[j] != NULL ? padded(X->low[j] + from, m, low_room) : NULL, job->b[j], STRIPE, hi, lo);
        }
        for (size_t h = 0; h < X->n_hot; h++) less_block(&X->hot[h], job->b, from, m, hi, lo);
        for (size_t r = 0; r < m; r++) job->e[from + r] = hi[r] + lo[r];
        for (size_t r = 0; r < m && job->e_low != NULL; r++) job->e_low[from + r] = rl_two_sum(hi[r], lo[r]).lo;
    }
    if (job->square != NULL) job->square[block] = rl_dot_rows(job->w, job->e, job->e, first, to); /* still at hand */
}

static rl_code check_finite(const rl_ols_fit *f, size_t n, rl_ctx *cx)
{
    bool fine = isfinite(f->rss);
    for (size_t j = 0; j < f->k; j++) {
        fine = fine && isfinite(f->b[j]) && isfinite(f->norm2[j]) && isfinite(*rl_mat_at(&f->A, j, j));
        if (!fine) {
            rl_fail(cx, RL_ENUM, "least squares on %zu rows and %zu columns overflows at column %zu", n, f->k, j + 1);
            return rl_hint(cx,
                           "measure the outcome and the regressors in units that keep them between 1e-100 and 1e100");
        }
    }
    if (!fine) return rl_fail(cx, RL_ENUM, "the sum of squared residuals overflows");
    return RL_OK;
}

rl_code rl_ols(const rl_mat *X, const double *y, const double *w, const double *norm0, rl_ols_fit *f, rl_arena *in,
               rl_ctx *cx)
{
    rl_cols C = rl_cols_of(X, NULL, cx->tmp);
    return rl_ols_cols(&C, y, NULL, w, norm0, NULL, f, in, cx);
}

rl_code rl_ols_cols(const rl_cols *X, const double *y, const double *y_low, const double *w, const double *norm0,
                    double *e, rl_ols_fit *f, rl_arena *in, rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    *f = (rl_ols_fit){.k = k,
                      .b = RL_NEW(in, double, k),
                      .b_low = RL_NEW(in, double, k),
                      .dropped = RL_NEW(in, bool, k),
                      .e = e != NULL ? e : RL_NEW(in, double, n),
                      .A = rl_mat_new(k, k, in),
                      .R = rl_mat_new(k, k, in),
                      .norm2 = RL_NEW(in, double, k),
                      .pivot = RL_NEW(in, double, k)};
    rl_dd *G = RL_NEW(cx->tmp, rl_dd, (k + 1) * (k + 2) / 2), *b = RL_NEW(cx->tmp, rl_dd, k);
    int *exp = RL_NEW(cx->tmp, int, k + 2);
    RL_TRY(rl_cols_gram(X, y, y_low, w, G, exp, cx));
    f->yy = ldexp(G[rl_gram_pair(k + 1, k, k)].hi, 2 * exp[k] + exp[k + 1]);
    rl_system s = {k, G, exp, norm0};
    rl_chol_solve(&s, f, b, cx);
    rl_release(cx->tmp, G);

    size_t blocks = rl_blocks(n, RL_ROWS_PER_BLOCK);
    resid_job job = {X, y, y_low, b, w, f->e, NULL, RL_NEW(cx->tmp, rl_dd, blocks)};
    rl_par(blocks, resid_block, &job, cx);
    for (size_t j = 0; j < k; j++) {
        f->b[j] = b[j].hi;
        f->b_low[j] = b[j].lo;
    }
    rl_dd rss = {0.0, 0.0};
    for (size_t i = 0; i < blocks; i++) rss = rl_dd_add(rss, job.square[i]);
    rl_release(cx->tmp, job.square);
    f->rss = rss.hi + rss.lo;
    if (!isfinite(f->rss)) f->rss = rl_dot(w, f->e, f->e, n, cx); /* too large to be split, perhaps */
    return check_finite(f, n, cx);
}

void rl_cols_left(const rl_cols *X, const double *y, const double *y_low, const double *b, const double *b_low,
                  double *e, double *e_low, rl_ctx *cx)
{
    rl_dd *pair = RL_NEW(cx->tmp, rl_dd, X->k);
    for (size_t j = 0; j < X->k; j++) pair[j] = (rl_dd){b[j], b_low[j]};
    resid_job job = {X, y, y_low, pair, NULL, e, e_low, NULL};
    rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), resid_block, &job, cx);
    rl_release(cx->tmp, pair);
}

/* ---- leverage ---- */

typedef struct leverage_job {
    const rl_cols *X;
    const rl_mat *M; /* A or its root */
    size_t k;        /* columns       */
    bool root;
    const double *w;
    double *h;
} leverage_job;

/* z = sum_i M_ij x_i over i < j, and the diagonal's share times `own`. */
static void column_of(const leverage_job *job, size_t from, size_t m, size_t j, const double *xj, double own, double *z)
{
    double room[STRIPE];
    for (size_t r = 0; r < m; r++) z[r] = own * *rl_mat_at(job->M, j, j) * xj[r];
    for (size_t i = 0; i < j; i++) {
        double a = *rl_mat_at(job->M, i, j);
        const double *xi = rl_cols_part(job->X, i, from, m, room);
        for (size_t r = 0; r < m; r++) z[r] += a * xi[r];
    }
}

static void leverage_block(size_t block, void *arg)
{
    const leverage_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->X->n) to = job->X->n;
    for (; from < to; from += STRIPE) {
        size_t m = to - from < STRIPE ? to - from : STRIPE;
        double *h = job->h + from, z[STRIPE], room[STRIPE];
        for (size_t r = 0; r < m; r++) h[r] = 0.0;
        for (size_t j = 0; j < job->k; j++) {
            const double *xj = rl_cols_part(job->X, j, from, m, room);
            column_of(job, from, m, j, xj, job->root ? 1.0 : 0.5, z);
            if (job->root) {
                for (size_t r = 0; r < m; r++) h[r] += z[r] * z[r]; /* |R'x|^2            */
            } else {
                for (size_t r = 0; r < m; r++) h[r] += 2.0 * z[r] * xj[r]; /* x'Ax, A symmetric  */
            }
        }
        for (size_t r = 0; r < m && job->w; r++) h[r] *= job->w[from + r];
    }
}

void rl_leverage(const rl_mat *X, const double *w, const rl_mat *A, double *h, rl_ctx *cx)
{
    rl_cols C = rl_cols_of(X, NULL, cx->tmp);
    leverage_job job = {&C, A, X->k, false, w, h};
    rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), leverage_block, &job, cx);
}

void rl_leverage_root(const rl_mat *X, const double *w, const rl_mat *R, double *h, rl_ctx *cx)
{
    rl_cols C = rl_cols_of(X, NULL, cx->tmp);
    leverage_job job = {&C, R, X->k, true, w, h};
    rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), leverage_block, &job, cx);
}

typedef struct blocks_job {
    const rl_cols *X;
    const double *w;
    const rl_mat *A;
    double *h;
} blocks_job;

/* Row by row: x'Ax of what stands in the row. */
static void blocks_leverage(size_t block, void *arg)
{
    const blocks_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK, at[STRIPE];
    double v[STRIPE];
    if (to > job->X->n) to = job->X->n;
    for (size_t i = from; i < to; i++) {
        size_t m = rl_cols_row(job->X, i, at, v);
        double h = 0.0;
        for (size_t b = 0; b < m; b++) {
            double z = 0.5 * *rl_mat_at(job->A, at[b], at[b]) * v[b];
            for (size_t a = 0; a < b; a++) z += *rl_mat_at(job->A, at[a], at[b]) * v[a];
            h += 2.0 * z * v[b];
        }
        job->h[i] = job->w != NULL ? h * job->w[i] : h;
    }
}

void rl_cols_leverage(const rl_cols *X, size_t k, const double *w, const rl_mat *A, double *h, rl_ctx *cx)
{
    if (X->n_hot > 0 && k == X->k && rl_cols_most(X) <= STRIPE) {
        blocks_job job = {X, w, A, h};
        rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), blocks_leverage, &job, cx);
        return;
    }
    leverage_job job = {X, A, k, false, w, h};
    rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), leverage_block, &job, cx);
}
