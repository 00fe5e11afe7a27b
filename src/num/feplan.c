#include "num/feplan.h"

#include <string.h>

#include "base/par.h"
#include "num/fetwo.h"

enum { MOST_CHUNKS = 64, SLOTS = 1 << 19 };

/* ---- rows in order of the largest effect ---- */

typedef struct order_job {
    rl_feplan *p;
    const int32_t *u;
    bool *sorted; /* a block */
} order_job;

/* Where a level begins, as long as the rows are in order. */
static void find_starts(size_t block, void *arg)
{
    order_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->p->n) to = job->p->n;
    bool sorted = true;
    for (size_t i = from; i < to; i++) {
        int32_t before = i > 0 ? job->u[i - 1] : -1;
        if (job->u[i] == before) continue;
        sorted = sorted && job->u[i] == before + 1;                       /* every level occurs */
        __atomic_store_n(&job->p->start[job->u[i]], i, __ATOMIC_RELAXED); /* rows out of order may meet here */
    }
    job->sorted[block] = sorted;
}

/* Stable counting sort. */
static void sort_rows(rl_feplan *p, const int32_t *u, rl_ctx *cx)
{
    size_t *next = RL_NEW(cx->tmp, size_t, p->U + 1);
    for (size_t i = 0; i < p->n; i++) next[u[i] + 1]++;
    for (size_t g = 0; g < p->U; g++) next[g + 1] += next[g];
    memcpy(p->start, next, (p->U + 1) * sizeof *next);
    p->order = RL_NEW(cx->tmp, size_t, p->n);
    for (size_t i = 0; i < p->n; i++) p->order[next[u[i]]++] = i;
    rl_release(cx->tmp, next);
}

static void order_rows(rl_feplan *p, rl_ctx *cx)
{
    size_t blocks = rl_blocks(p->n, RL_ROWS_PER_BLOCK);
    order_job job = {p, p->fe->code[p->big], RL_NEW(cx->tmp, bool, blocks)};
    p->start = RL_NEW(cx->tmp, size_t, p->U + 1);
    p->start[p->U] = p->n;
    rl_par(blocks, find_starts, &job, cx);
    bool sorted = true;
    for (size_t b = 0; b < blocks; b++) sorted = sorted && job.sorted[b];
    if (!sorted) sort_rows(p, job.u, cx);
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

/* ---- the levels of the others ---- */

static void take_weighted(rl_feplan *p, const double *w, rl_ctx *cx)
{
    int32_t *t = p->own_t = RL_NEW(cx->tmp, int32_t, p->m * p->n);
    if (w) p->w = RL_NEW(cx->tmp, double, p->n);
    for (size_t f = 0; f < p->fe->n_fe; f++) {
        if (f == p->big) continue;
        for (size_t i = 0; i < p->n; i++) {
            size_t row = p->order ? p->order[i] : i;
            t[i] = p->fe->code[f][row] + (int32_t)p->first[f];
            p->dt[t[i]] += w ? w[row] : 1.0;
        }
        t += p->n;
    }
    for (size_t g = 0; g < p->U; g++) {
        if (!w) p->du[g] = (double)(p->start[g + 1] - p->start[g]);
        for (size_t i = p->start[g]; w && i < p->start[g + 1]; i++) {
            p->w[i] = w[p->order ? p->order[i] : i];
            p->du[g] += p->w[i];
        }
    }
    p->t = p->own_t;
}

typedef struct pair_job {
    rl_feplan *p;
    const int32_t *code; /* of the other effect */
    int32_t *next;       /* a chunk by T: the level that mostly follows a level, + 1 */
    int32_t *more;       /* a chunk by T: how much more often than all others        */
    uint32_t *rows;      /* a chunk by T                                    */
    int32_t *lead;       /* U: the level that a level of the larger begins with */
    bool *parted;        /* a chunk: some level is followed by different ones   */
} pair_job;

static inline int32_t level_at(const pair_job *job, size_t place)
{
    return job->code[job->p->order ? job->p->order[place] : place];
}

/* A vote of `votes` for s as the one that follows (Boyer and Moore: what has the majority stays). */
static inline void vote(int32_t *next, int32_t *more, int32_t s, int32_t votes)
{
    if (*next == s) {
        *more += votes;
    } else if (*more >= votes) {
        *more -= votes;
    } else {
        *next = s;
        *more = votes - *more;
    }
}

/* Rows by level, what follows a level, and which levels of the larger effect meet neighbours. */
static void look(size_t c, void *arg)
{
    pair_job *job = arg;
    rl_feplan *p = job->p;
    int32_t *next = job->next + c * p->T, *more = job->more + c * p->T;
    uint32_t *rows = job->rows + c * p->T;
    bool parted = false;
    for (size_t g = p->from[c]; g < p->from[c + 1]; g++) {
        size_t from = p->start[g], to = p->start[g + 1];
        int32_t last = level_at(job, from);
        p->du[g] = (double)(to - from);
        p->run[g] = job->lead[g] = last;
        rows[last]++;
        for (size_t i = from + 1; i < to; i++) {
            int32_t t = level_at(job, i);
            rows[t]++;
            if (t != last + 1) p->run[g] = -1;
            parted |= next[last] != t + 1 && next[last] != 0;
            vote(&next[last], &more[last], t + 1, 1);
            last = t;
        }
    }
    job->parted[c] = parted;
}

/* Numbers along the chains of what follows what; false when these are the numbers there are. */
static bool follow(const int32_t *next, int32_t *perm, size_t T, rl_ctx *cx)
{
    bool *led = RL_NEW(cx->tmp, bool, T);
    int32_t *after = RL_NEW(cx->tmp, int32_t, T), number = 0;
    bool fresh = false;
    for (size_t t = 0; t < T; t++) {
        after[t] = next[t] - 1;
        if (after[t] >= 0 && led[after[t]]) after[t] = -1;
        if (after[t] >= 0) led[after[t]] = true;
        perm[t] = -1;
    }
    for (int pass = 0; pass < 2; pass++) /* chains, then circles */
        for (size_t t = 0; t < T; t++) {
            if (pass == 0 && led[t]) continue;
            for (int32_t s = (int32_t)t; s >= 0 && perm[s] < 0; s = after[s]) perm[s] = number++;
        }
    for (size_t t = 0; t < T && !fresh; t++) fresh = perm[t] != (int32_t)t;
    return fresh;
}

static inline int32_t number_of(const rl_feplan *p, int32_t t) { return p->perm != NULL ? p->perm[t] : t; }

/* What follows what in all chunks together; false when some level is followed by different ones. */
static bool join_chunks(pair_job *job)
{
    size_t T = job->p->T;
    bool parted = job->parted[0];
    for (size_t c = 1; c < job->p->chunks; c++) {
        parted = parted || job->parted[c];
        for (size_t t = 0; t < T; t++) {
            int32_t next = job->next[c * T + t];
            parted = parted || (next != 0 && job->next[t] != 0 && next != job->next[t]);
            vote(&job->next[t], &job->more[t], next, job->more[c * T + t]);
        }
    }
    return !parted;
}

/* With one follower each, all levels of the larger effect are runs when followers are neighbours. */
static bool take_runs(const pair_job *job)
{
    rl_feplan *p = job->p;
    if (p->T > RL_FE_DENSE) return false; /* the iteration asks for t by place */
    for (size_t t = 0; t < p->T; t++)
        if (job->next[t] > 0 && number_of(p, job->next[t] - 1) != number_of(p, (int32_t)t) + 1) return false;
    for (size_t g = 0; g < p->U; g++) p->run[g] = number_of(p, job->lead[g]);
    return true;
}

/* t by place under the new numbers. */
static void number_rows(size_t c, void *arg)
{
    pair_job *job = arg;
    rl_feplan *p = job->p;
    for (size_t g = p->from[c]; g < p->from[c + 1]; g++) {
        size_t from = p->start[g], to = p->start[g + 1];
        bool run = true;
        for (size_t i = from; i < to; i++) {
            int32_t t = level_at(job, i);
            p->own_t[i] = number_of(p, t);
            run = run && (i == from || p->own_t[i] == p->own_t[i - 1] + 1);
        }
        p->run[g] = run ? p->own_t[from] : -1;
    }
}

/* Two effects, no weights. */
static void take_pairs(rl_feplan *p, rl_ctx *cx)
{
    pair_job job = {p,
                    p->fe->code[1 - p->big],
                    RL_NEW(cx->tmp, int32_t, p->chunks * p->T),
                    RL_NEW(cx->tmp, int32_t, p->chunks * p->T),
                    RL_NEW(cx->tmp, uint32_t, p->chunks * p->T),
                    RL_NEW(cx->tmp, int32_t, p->U),
                    RL_NEW(cx->tmp, bool, p->chunks)};
    p->run = RL_NEW(cx->tmp, int32_t, p->U);
    p->perm = RL_NEW(cx->tmp, int32_t, p->T);
    rl_par(p->chunks, look, &job, cx);
    bool steady = join_chunks(&job);
    if (!follow(job.next, p->perm, p->T, cx)) p->perm = NULL;
    for (size_t t = 0; t < p->T; t++) {
        size_t at = p->perm != NULL ? (size_t)p->perm[t] : t;
        for (size_t c = 0; c < p->chunks; c++) p->dt[at] += job.rows[c * p->T + t];
    }
    if (p->perm == NULL && p->order == NULL) {
        p->t = job.code;
    } else if (!steady || !take_runs(&job)) {
        p->own_t = RL_NEW(cx->tmp, int32_t, p->n);
        rl_par(p->chunks, number_rows, &job, cx);
        p->t = p->own_t;
    }
    rl_release(cx->tmp, job.next);
    rl_release(cx->tmp, job.more);
    rl_release(cx->tmp, job.rows);
    rl_release(cx->tmp, job.lead);
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
    p->du = RL_NEW(cx->tmp, double, p->U);
    p->dt = RL_NEW(cx->tmp, double, p->T);
    order_rows(p, cx);
    cut_chunks(p, cx);
    if (p->m == 1 && w == NULL)
        take_pairs(p, cx);
    else
        take_weighted(p, w, cx);
    p->dropped = RL_NEW(cx->tmp, bool, p->T);
    if (p->m == 0) return;
    p->part_a = RL_NEW(cx->tmp, int32_t, fe->levels[0]);
    p->part_b = RL_NEW(cx->tmp, int32_t, fe->levels[1]);
    if (p->m == 1 && p->T <= RL_FE_DENSE) return; /* the factor finds them */
    p->parts = rl_components(fe->code[0], fe->levels[0], fe->code[1], fe->levels[1], n, p->part_a, p->part_b, cx);
    p->redundant = p->parts + (p->m - 1);
}

void rl_feplan_free(rl_feplan *p, rl_ctx *cx)
{
    void *const piece[] = {p->order, p->start,   p->own_t,  p->w,      p->du,     p->dt,  p->S,
                           p->from,  p->dropped, p->jacobi, p->part_a, p->part_b, p->run, p->perm};
    for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) rl_release(cx->tmp, piece[i]);
}

static inline double value_at(const rl_feplan *p, size_t i, const double *v, const double *x)
{
    if (v) return v[i];
    double s = x[p->t[i]];
    for (size_t q = 1; q < p->m; q++) s += x[p->t[q * p->n + i]];
    return s;
}

void rl_feplan_collect(const rl_feplan *p, size_t chunk, const double *v, const double *x, double *mean, double *sum)
{
    if (v != NULL && p->run != NULL) {
        rl_fetwo c = {.from = v, .mean = mean, .sum = sum};
        rl_fetwo_collect(p, chunk, &c, 1);
        return;
    }
    memset(sum, 0, p->T * sizeof *sum);
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
