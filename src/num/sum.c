/* Sums and inner products of num/ols.h. */
#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/par.h"
#include "base/simd.h"
#include "num/ols.h"

enum { LANES = 8 };

typedef struct sum_job {
    const double *w, *u, *v; /* n, or NULL = 1                        */
    double mean;             /* of v, taken off both u and v when set */
    bool centred;
    size_t n;
    rl_dd *slot; /* a block        */
} sum_job;

/* Eight lanes, each a sum and what rounding took from it. */
typedef struct lanes {
    rl_four s[2], c[2];
} lanes;

/* sum += x + lo */
RL_INLINE void add(rl_four *s, rl_four *c, const rl_four *x, const rl_four *lo)
{
    rl_four was = *s, sum = was + *x, z = sum - was, e = (was - (sum - z)) + (*x - z);
    *s = sum;
    *c += e + *lo;
}

/* p + d = x y exactly, by Dekker's halves. */
RL_INLINE void multiply(const rl_four *x, const rl_four *y, rl_four *p, rl_four *d)
{
    rl_four a = 0x8000001p0 * *x, b = 0x8000001p0 * *y, xh = a - (a - *x), yh = b - (b - *y), xl = *x - xh,
            yl = *y - yh, q = *x * *y;
    *d = ((xh * yh - q) + xh * yl + xl * yh) + xl * yl;
    *p = q;
}

/* Four rows from i on: w u v to twice the digits, into half h of the lanes. */
RL_INLINE void four(const sum_job *job, size_t i, int h, bool product, bool weighted, bool centred, lanes *a)
{
    rl_four v = RL_FOUR_OF(job->v + i), p = v, d = {0};
    if (centred) v -= job->mean;
    if (product) {
        rl_four u = centred ? v : RL_FOUR_OF(job->u + i);
        multiply(&u, &v, &p, &d);
    }
    if (weighted) {
        rl_four w = RL_FOUR_OF(job->w + i), q, e;
        multiply(&p, &w, &q, &e);
        d = e + d * w;
        p = q;
    }
    add(&a->s[h], &a->c[h], &p, &d);
}

RL_INLINE void rows(const sum_job *job, size_t from, size_t to, bool product, bool weighted, bool centred, lanes *a)
{
    for (size_t i = from; i < to; i += LANES) {
        four(job, i, 0, product, weighted, centred, a);
        four(job, i + LANES / 2, 1, product, weighted, centred, a);
    }
}

RL_CLONES static void all_rows(const sum_job *job, size_t from, size_t to, lanes *a)
{
    if (job->centred && job->w != NULL)
        rows(job, from, to, true, true, true, a);
    else if (job->centred)
        rows(job, from, to, true, false, true, a);
    else if (job->w != NULL)
        rows(job, from, to, true, true, false, a);
    else if (job->u != NULL)
        rows(job, from, to, true, false, false, a);
    else
        rows(job, from, to, false, false, false, a);
}

static rl_dd total(const lanes *a)
{
    rl_dd sum = {0.0, 0.0};
    for (size_t l = 0; l < LANES; l++) sum = rl_dd_add(sum, rl_two_sum(a->s[l / 4][l % 4], a->c[l / 4][l % 4]));
    return sum;
}

static rl_dd sum_rows(const sum_job *job, size_t from, size_t to)
{
    lanes a = {{{0}, {0}}, {{0}, {0}}};
    size_t whole = from + (to - from) / LANES * LANES, rest = to - whole;
    all_rows(job, from, whole, &a);
    if (rest > 0) { /* zeros behind change nothing */
        double u[LANES] = {0}, v[LANES], w[LANES] = {0};
        for (size_t l = 0; l < LANES; l++) v[l] = l < rest ? job->v[whole + l] : job->centred ? job->mean : 0.0;
        for (size_t l = 0; l < rest && job->u != NULL; l++) u[l] = job->u[whole + l];
        for (size_t l = 0; l < rest && job->w != NULL; l++) w[l] = job->w[whole + l];
        sum_job last = *job;
        last.v = v;
        last.u = job->u != NULL ? u : NULL;
        last.w = job->w != NULL ? w : NULL;
        all_rows(&last, 0, LANES, &a);
    }
    return total(&a);
}

static size_t end_of(size_t block, size_t n)
{
    size_t to = (block + 1) * RL_ROWS_PER_BLOCK;
    return to < n ? to : n;
}

static void add_block(size_t block, void *arg)
{
    sum_job *job = arg;
    job->slot[block] = sum_rows(job, block * RL_ROWS_PER_BLOCK, end_of(block, job->n));
}

static double add_up(sum_job *job, rl_ctx *cx)
{
    size_t blocks = rl_blocks(job->n, RL_ROWS_PER_BLOCK);
    job->slot = RL_NEW(cx->tmp, rl_dd, blocks);
    rl_par(blocks, add_block, job, cx);
    rl_dd sum = {0.0, 0.0};
    for (size_t b = 0; b < blocks; b++) sum = rl_dd_add(sum, job->slot[b]);
    rl_release(cx->tmp, job->slot);
    double x = sum.hi + sum.lo;
    if (isfinite(x)) return x;
    /* Not finite, or too large to be split: the plain sum says which. */
    x = 0.0;
    for (size_t i = 0; i < job->n; i++) {
        double v = job->v[i] - (job->centred ? job->mean : 0.0);
        x += (job->w ? job->w[i] : 1.0) * (job->centred ? v : job->u ? job->u[i] : 1.0) * v;
    }
    return x;
}

double rl_sum(const double *v, size_t n, rl_ctx *cx)
{
    sum_job job = {.v = v, .n = n};
    return add_up(&job, cx);
}

rl_dd rl_dot_rows(const double *w, const double *u, const double *v, size_t from, size_t to)
{
    sum_job job = {.w = u ? w : NULL, .u = u ? u : w, .v = v};
    return sum_rows(&job, from, to);
}

double rl_dot(const double *w, const double *u, const double *v, size_t n, rl_ctx *cx)
{
    sum_job job = {.w = u ? w : NULL, .u = u ? u : w, .v = v, .n = n};
    return add_up(&job, cx);
}

double rl_spread(const double *w, const double *v, double mean, size_t n, rl_ctx *cx)
{
    sum_job job = {.w = w, .v = v, .mean = mean, .centred = true, .n = n};
    return add_up(&job, cx);
}

/* ---- sum and squares at once ---- */

typedef struct both_job {
    const double *v;
    size_t n;
    rl_dd *sum, *squares; /* a block */
} both_job;

RL_CLONES static void both_rows(const double *v, size_t n, lanes *sum, lanes *squares)
{
    for (size_t i = 0; i < n; i += LANES / 2) { /* a multiple of LANES */
        const int h = i % LANES != 0;
        rl_four x = RL_FOUR_OF(v + i), none = {0}, p, d;
        multiply(&x, &x, &p, &d);
        add(&sum->s[h], &sum->c[h], &x, &none);
        add(&squares->s[h], &squares->c[h], &p, &d);
    }
}

static void both_block(size_t block, void *arg)
{
    both_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = end_of(block, job->n), whole = (to - from) / LANES * LANES;
    double last[LANES] = {0};
    lanes sum = {{{0}, {0}}, {{0}, {0}}}, squares = sum;
    both_rows(job->v + from, whole, &sum, &squares);
    memcpy(last, job->v + from + whole, (to - from - whole) * sizeof *last);
    both_rows(last, LANES, &sum, &squares);
    job->sum[block] = total(&sum);
    job->squares[block] = total(&squares);
}

void rl_sum_squares(const double *v, size_t n, rl_dd *sum, rl_dd *squares, rl_ctx *cx)
{
    size_t blocks = rl_blocks(n, RL_ROWS_PER_BLOCK);
    both_job job = {v, n, RL_NEW(cx->tmp, rl_dd, blocks), RL_NEW(cx->tmp, rl_dd, blocks)};
    rl_par(blocks, both_block, &job, cx);
    *sum = *squares = (rl_dd){0.0, 0.0};
    for (size_t b = 0; b < blocks; b++) {
        *sum = rl_dd_add(*sum, job.sum[b]);
        *squares = rl_dd_add(*squares, job.squares[b]);
    }
    rl_release(cx->tmp, job.sum);
    rl_release(cx->tmp, job.squares);
}
