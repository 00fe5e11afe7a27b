/* Who shares rows with whom: components, singletons, nesting. */
#include <string.h>

#include "base/par.h"
#include "num/feplan.h"

int32_t rl_root(int32_t *up, int32_t i)
{
    while (up[i] != i) i = up[i] = up[up[i]];
    return i;
}

void rl_join(int32_t *up, int32_t a, int32_t b)
{
    int32_t x = rl_root(up, a), y = rl_root(up, b);
    if (x < y) up[y] = x;
    if (y < x) up[x] = y;
}

size_t rl_components(const int32_t *a, size_t levels_a, const int32_t *b, size_t levels_b, size_t n, int32_t *part_a,
                     int32_t *part_b, rl_ctx *cx)
{
    size_t all = levels_a + levels_b, parts = 0;
    int32_t *up = RL_NEW(cx->tmp, int32_t, all), *part = RL_NEW(cx->tmp, int32_t, all);
    for (size_t i = 0; i < all; i++) {
        up[i] = (int32_t)i;
        part[i] = -1;
    }
    for (size_t i = 0; i < n; i++) rl_join(up, a[i], (int32_t)levels_a + b[i]);
    for (size_t i = 0; i < all; i++) {
        int32_t r = rl_root(up, (int32_t)i);
        if (part[r] < 0) part[r] = (int32_t)parts++;
        *(i < levels_a ? &part_a[i] : &part_b[i - levels_a]) = part[r];
    }
    rl_release(cx->tmp, up);
    rl_release(cx->tmp, part);
    return parts;
}

/* A level knows how many rows it has and the exclusive-or of their numbers:
 * when one is left, that is its number. */
typedef struct level {
    size_t rows, mix;
} level;

/* Whether an effect has a level with one row.  Threads share the counts: one that is two or more says enough and is
 * left alone; below that, additions in any order make the same sum. */
typedef struct lone_job {
    const rl_fe *fe;
    size_t n, blocks;
    uint32_t **rows; /* an effect by its levels */
} lone_job;

/* Rows of a block that stand together are counted together. */
static void count_rows(size_t at, void *arg)
{
    lone_job *job = arg;
    const int32_t *code = job->fe->code[at / job->blocks];
    uint32_t *rows = job->rows[at / job->blocks];
    size_t from = at % job->blocks * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->n) to = job->n;
    for (size_t i = from; i < to; from = i) {
        int32_t here = code[from];
        for (i++; i < to && code[i] == here;) i++;
        if (__atomic_load_n(&rows[here], __ATOMIC_RELAXED) < 2)
            __atomic_fetch_add(&rows[here], (uint32_t)(i - from), __ATOMIC_RELAXED);
    }
}

bool rl_any_singleton(const rl_fe *fe, size_t n, rl_ctx *cx)
{
    lone_job job = {fe, n, rl_blocks(n, RL_ROWS_PER_BLOCK), RL_NEW(cx->tmp, uint32_t *, fe->n_fe)};
    bool any = false;
    for (size_t f = 0; f < fe->n_fe; f++) job.rows[f] = RL_NEW(cx->tmp, uint32_t, fe->levels[f]);
    rl_par(fe->n_fe * job.blocks, count_rows, &job, cx);
    for (size_t f = 0; f < fe->n_fe; f++) {
        for (size_t g = 0; g < fe->levels[f]; g++) any = any || job.rows[f][g] == 1;
        rl_release(cx->tmp, job.rows[f]);
    }
    return any;
}

size_t rl_singletons(const rl_fe *fe, size_t n, unsigned char *keep, rl_ctx *cx)
{
    size_t found = 0, waiting = 0;
    memset(keep, 1, n);
    if (!rl_any_singleton(fe, n, cx)) return 0;
    level **of = RL_NEW(cx->tmp, level *, fe->n_fe);
    size_t *queue = RL_NEW(cx->tmp, size_t, n);
    for (size_t q = 0; q < fe->n_fe; q++) {
        of[q] = RL_NEW(cx->tmp, level, fe->levels[q]);
        for (size_t i = 0; i < n; i++) {
            level *at = &of[q][fe->code[q][i]];
            at->rows++;
            at->mix ^= i;
        }
    }
    for (size_t q = 0; q < fe->n_fe; q++) {
        for (size_t g = 0; g < fe->levels[q]; g++) {
            size_t i = of[q][g].mix;
            if (of[q][g].rows != 1 || !keep[i]) continue;
            keep[i] = 0;
            queue[waiting++] = i;
        }
    }
    while (found < waiting) {
        size_t i = queue[found++];
        for (size_t q = 0; q < fe->n_fe; q++) {
            level *at = &of[q][fe->code[q][i]];
            at->mix ^= i;
            if (--at->rows != 1 || !keep[at->mix]) continue;
            keep[at->mix] = 0;
            queue[waiting++] = at->mix;
        }
    }
    for (size_t q = 0; q < fe->n_fe; q++) rl_release(cx->tmp, of[q]);
    rl_release(cx->tmp, queue);
    return found;
}

bool rl_nested(const int32_t *inner, size_t inner_levels, const int32_t *outer, size_t n, rl_ctx *cx)
{
    if (inner == outer) return true;
    int32_t *seen = RL_NEW(cx->tmp, int32_t, inner_levels); /* outer level + 1, 0 = none yet */
    bool nested = true;
    for (size_t i = 0; i < n && nested; i++) {
        int32_t *at = &seen[inner[i]];
        if (*at == 0) *at = outer[i] + 1;
        nested = *at == outer[i] + 1;
    }
    rl_release(cx->tmp, seen);
    return nested;
}
