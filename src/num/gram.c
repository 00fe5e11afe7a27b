#include "num/gram.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/par.h"
#include "base/simd.h"

enum { MOST_BLOCKS = 256, MOST_WORKERS = 64, LOWEST = -320, LOWEST_WEIGHT = -300 };

bool rl_gram_has(rl_gram_kind kind)
{
#if defined(__x86_64__)
    if (kind == RL_GRAM_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (kind == RL_GRAM_AVX512) return __builtin_cpu_supports("avx512f");
#endif
    return kind == RL_GRAM_BASE || kind == RL_GRAM_BEST;
}

typedef struct gram_job {
    const double *const *col; /* k                                   */
    const rl_gram_far *far;   /* or NULL                             */
    const double *w;          /* n, or NULL                          */
    size_t n, k, per;         /* rows, columns, rows a block         */
    const int *exp;           /* k+1                                 */
    rl_gram_fn *kernel;
    bool halves;                /* the kernel wants Dekker's halves    */
    size_t tile_size, acc_size; /* doubles                             */
    double *tile;               /* a worker: packed tile, accumulators */
    atomic_flag *busy;          /* a worker                            */
    size_t workers;
    rl_dd *slot; /* blocks by pairs                     */
} gram_job;

/* ---- the scale of every column ---- */

typedef struct peak_job {
    const double *const *col;
    const rl_gram_far *far;
    const size_t *of; /* which column of far it is */
    size_t n, blocks;
    uint64_t *peak; /* a block of a column: largest |x|, as bits */
} peak_job;

/* The largest of from .. to-1 as bits: what is no number counts as larger than any. */
RL_CLONES static uint64_t largest(const double *x, size_t n)
{
    enum { LANES = 8 };
    int64_t peak[LANES] = {0}, last[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        int64_t u[LANES];
        memcpy(u, x + i, sizeof u);
        for (size_t l = 0; l < LANES; l++) u[l] &= INT64_MAX;
        for (size_t l = 0; l < LANES; l++) peak[l] = u[l] > peak[l] ? u[l] : peak[l];
    }
    memcpy(last, x + i, (n - i) * sizeof *x);
    for (size_t l = 0; l < LANES; l++) {
        last[l] &= INT64_MAX;
        if (last[l] > peak[0]) peak[0] = last[l];
        if (peak[l] > peak[0]) peak[0] = peak[l];
    }
    return (uint64_t)peak[0];
}

static void find_peak(size_t at, void *arg)
{
    peak_job *job = arg;
    size_t from = at % job->blocks * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->n) to = job->n;
    const double *x = job->col[at / job->blocks];
    if (x != NULL) {
        job->peak[at] = largest(x + from, to - from);
        return;
    }
    double room[GRAM_TILE];
    job->peak[at] = 0;
    for (; from < to; from += GRAM_TILE) {
        size_t m = to - from < GRAM_TILE ? to - from : GRAM_TILE;
        uint64_t peak = largest(job->far->part(job->far->of, job->of[at / job->blocks], from, m, room), m);
        if (peak > job->peak[at]) job->peak[at] = peak;
    }
}

/* exp[j] = e with 2^(e-1) <= max |x| < 2^e; 0 for a column of zeros.  Of the
 * first `bounded` columns those with a bound take it for their largest value. */
static rl_code find_scales(const double *const *col, const rl_gram_far *far, const double *bound, size_t n, size_t k,
                           size_t bounded, int *exp, rl_ctx *cx)
{
    size_t blocks = rl_blocks(n, RL_ROWS_PER_BLOCK), seek = 0, *of = RL_NEW(cx->tmp, size_t, k);
    const double **sought = RL_NEW(cx->tmp, const double *, k);
    for (size_t j = 0; j < k; j++) {
        if (bound != NULL && j < bounded && bound[j] > 0 && isfinite(bound[j])) {
            frexp(bound[j], &exp[j]);
            continue;
        }
        of[seek] = j;
        sought[seek++] = col[j];
    }
    peak_job job = {sought, far, of, n, blocks, RL_NEW(cx->tmp, uint64_t, seek * blocks)};
    rl_par(seek * blocks, find_peak, &job, cx);
    for (size_t j = 0; j < seek; j++) {
        uint64_t peak = 0;
        for (size_t b = 0; b < blocks; b++) {
            if (job.peak[j * blocks + b] > peak) peak = job.peak[j * blocks + b];
        }
        double x;
        memcpy(&x, &peak, sizeof x);
        if (!isfinite(x)) return rl_fail(cx, RL_ENUM, "column %zu holds a value that is not finite", of[j] + 1);
        frexp(x, &exp[of[j]]);
    }
    return RL_OK;
}

/* ---- tiles ---- */

/* to[0 .. GRAM_TILE) = from[0 .. m) 2^-e, zeros behind, what is tiny flushed. */
RL_CLONES static void pack(double *to, const double *from, size_t m, int e, int lowest)
{
    double a = ldexp(1.0, -(e / 2)), b = ldexp(1.0, -(e - e / 2)), tiny = ldexp(1.0, lowest);
    for (size_t r = 0; r < m; r++) {
        double x = from[r] * a * b;
        to[r] = fabs(x) < tiny ? 0.0 : x;
    }
    for (size_t r = m; r < GRAM_TILE; r++) to[r] = 0.0;
}

static void upper_half(double *to, const double *from)
{
    for (size_t r = 0; r < GRAM_TILE; r++) {
        double c = 0x8000001p0 * from[r];
        to[r] = c - (c - from[r]);
    }
}

static void weigh(double *wx, double *wxl, const double *x, const double *w)
{
    for (size_t r = 0; r < GRAM_TILE; r++) {
        rl_dd p = rl_two_mul(w[r], x[r]);
        wx[r] = p.hi;
        wxl[r] = p.lo;
    }
}

/* Pack rows from .. from+m-1 of all columns into the worker's space. */
static rl_gram_tile make_tile(const gram_job *job, double *space, size_t from, size_t m)
{
    size_t part = job->k * GRAM_TILE;
    double *x = space, *xh = x + part, *wx = xh + part, *wxh = wx + part, *wxl = wxh + part, *w = wxl + part;
    if (job->w) pack(w, job->w + from, m, job->exp[job->k], LOWEST_WEIGHT);
    for (size_t j = 0; j < job->k; j++) {
        size_t at = j * GRAM_TILE;
        const double *numbers =
            job->col[j] != NULL ? job->col[j] + from : job->far->part(job->far->of, j, from, m, x + at);
        pack(x + at, numbers, m, job->exp[j], LOWEST);
        if (job->halves) upper_half(xh + at, x + at);
        if (!job->w) continue;
        weigh(wx + at, wxl + at, x + at, w);
        if (job->halves) upper_half(wxh + at, wx + at);
    }
    if (!job->w) wx = wxh = wxl = NULL;
    return (rl_gram_tile){x, xh, wx, wxh, wxl};
}

static void add_block(size_t block, void *arg)
{
    gram_job *job = arg;
    size_t worker = 0, pairs = job->k * (job->k + 1) / 2;
    while (atomic_flag_test_and_set_explicit(&job->busy[worker], memory_order_acquire))
        worker = (worker + 1) % job->workers;
    double *acc = job->tile + worker * (job->tile_size + job->acc_size), *space = acc + job->acc_size;
    memset(acc, 0, job->acc_size * sizeof *acc);

    size_t from = block * job->per, to = from + job->per < job->n ? from + job->per : job->n;
    for (; from < to; from += GRAM_TILE) {
        rl_gram_tile t = make_tile(job, space, from, to - from < GRAM_TILE ? to - from : GRAM_TILE);
        job->kernel(&t, job->k, acc);
    }
    for (size_t p = 0; p < pairs; p++) {
        rl_dd sum = {0.0, 0.0};
        for (size_t l = 0; l < GRAM_LANES; l++) sum = rl_dd_add(sum, rl_two_sum(acc[16 * p + l], acc[16 * p + 8 + l]));
        job->slot[block * pairs + p] = sum;
    }
    atomic_flag_clear_explicit(&job->busy[worker], memory_order_release);
}

static void choose_kernel(gram_job *job, rl_gram_kind kind)
{
    if (kind == RL_GRAM_BEST) {
        kind = rl_gram_has(RL_GRAM_AVX512) ? RL_GRAM_AVX512 : rl_gram_has(RL_GRAM_AVX2) ? RL_GRAM_AVX2 : RL_GRAM_BASE;
    }
    job->kernel = kind == RL_GRAM_AVX512 ? rl_gram_avx512 : kind == RL_GRAM_AVX2 ? rl_gram_avx2 : rl_gram_base;
    job->halves = kind == RL_GRAM_BASE;
#if !defined(__x86_64__)
    job->halves = true;
#endif
}

rl_code rl_gram_scaled(const rl_mat *X, const double *y, const double *w, rl_gram_kind kind, rl_dd *G, int *exp,
                       rl_ctx *cx)
{
    size_t k = X->k + (y != NULL);
    const double **col = RL_NEW(cx->tmp, const double *, k + 1);
    for (size_t j = 0; j < X->k; j++) col[j] = rl_mat_col(X, j);
    if (y) col[X->k] = y;
    return rl_gram_columns(col, NULL, NULL, X->n, k, w, kind, G, exp, cx);
}

rl_code rl_gram_columns(const double **col, const rl_gram_far *far, const double *bound, size_t n, size_t k,
                        const double *w, rl_gram_kind kind, rl_dd *G, int *exp, rl_ctx *cx)
{
    size_t pairs = k * (k + 1) / 2;
    col[k] = w;
    exp[k] = 0;
    RL_TRY(find_scales(col, far, bound, n, k + (w != NULL), k, exp, cx));
    exp[k] += exp[k] & 1; /* even, so that it has a root */

    gram_job job = {.col = col, .far = far, .w = w, .n = n, .k = k, .per = RL_ROWS_PER_BLOCK, .exp = exp};
    while (rl_blocks(n, job.per) > MOST_BLOCKS) job.per *= 2;
    size_t blocks = rl_blocks(n, job.per);
    choose_kernel(&job, kind);
    job.workers = cx->threads < MOST_WORKERS ? (size_t)cx->threads : MOST_WORKERS;
    job.tile_size = (5 * k + 1) * GRAM_TILE;
    job.acc_size = 16 * pairs;
    job.tile = RL_NEW(cx->tmp, double, job.workers *(job.tile_size + job.acc_size) + 128);
    job.busy = RL_NEW(cx->tmp, atomic_flag, job.workers);
    for (size_t t = 0; t < job.workers; t++) atomic_flag_clear(&job.busy[t]);
    job.slot = RL_NEW(cx->tmp, rl_dd, blocks * pairs + 1);
    rl_par(blocks, add_block, &job, cx);

    for (size_t p = 0; p < pairs; p++) {
        G[p] = (rl_dd){0.0, 0.0};
        for (size_t b = 0; b < blocks; b++) G[p] = rl_dd_add(G[p], job.slot[b * pairs + p]);
    }
    rl_release(cx->tmp, job.tile);
    rl_release(cx->tmp, job.slot);
    return RL_OK;
}
