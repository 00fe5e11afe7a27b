/* Sums and inner products of num/ols.h. */
#include <math.h>

#include "base/dd.h"
#include "base/par.h"
#include "num/ols.h"

enum { LANES = 8 };

typedef struct sum_job {
    const double *w, *u, *v; /* n, or NULL = 1 */
    size_t n;
    rl_dd *slot; /* a block        */
} sum_job;

/* w u v to double-double; a factor that is NULL is 1. */
static inline rl_dd term(const sum_job *job, size_t i)
{
    if (!job->u) return (rl_dd){job->v[i], 0.0};
    rl_dd p = rl_two_mul(job->u[i], job->v[i]);
    if (!job->w) return p;
    rl_dd q = rl_two_mul(p.hi, job->w[i]);
    q.lo += p.lo * job->w[i];
    return q;
}

static void add_block(size_t block, void *arg)
{
    sum_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->n) to = job->n;
    double s[LANES] = {0}, c[LANES] = {0};
    for (size_t i = from; i < to; i++) {
        size_t l = i % LANES;
        rl_dd t = term(job, i), z = rl_two_sum(s[l], t.hi);
        s[l] = z.hi;
        c[l] += z.lo + t.lo;
    }
    rl_dd sum = {0.0, 0.0};
    for (size_t l = 0; l < LANES; l++) sum = rl_dd_add(sum, rl_two_sum(s[l], c[l]));
    job->slot[block] = sum;
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
    for (size_t i = 0; i < job->n; i++) x += (job->w ? job->w[i] : 1.0) * (job->u ? job->u[i] : 1.0) * job->v[i];
    return x;
}

double rl_sum(const double *v, size_t n, rl_ctx *cx)
{
    sum_job job = {.v = v, .n = n};
    return add_up(&job, cx);
}

double rl_dot(const double *w, const double *u, const double *v, size_t n, rl_ctx *cx)
{
    sum_job job = {.w = u ? w : NULL, .u = u ? u : w, .v = v, .n = n};
    return add_up(&job, cx);
}
