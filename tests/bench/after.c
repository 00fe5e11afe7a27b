/* after.c -- after FILE THREADS RUNS FORMULA VCOV: seconds of a fit on a table that has been read.
 *
 * Prints the fastest and the median of RUNS wall times, each from the table
 * to the finished result, and the least CPU time of all threads: first as
 * `revlift fit` does it, which sweeps the regressors where they were read;
 * then with a table that stays as it is, so that they are swept into fresh
 * memory, whose pages the system has to hand out.
 *
 * Beside it, in turn with the fits, what the memory of this machine takes for
 * the numbers alone, with as many threads:
 *
 *   floor    every number three times and every code once.  Effects are not known before all rows have been
 *            seen, coefficients not before the sums of products of what the effects leave, and the sums by
 *            cluster not before the coefficients
 *   stream   what this program's passes read and write: the numbers six times, twice of them written back */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/par.h"
#include "base/simd.h"
#include "data/table_read.h"
#include "model/infer.h"
#include "model/result.h"

enum { MOST = 100 };

static void no_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    exit(5);
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* ---- what memory takes ---- */

typedef struct stream {
    rl_table *t;
    size_t blocks;
    rl_type type;       /* columns of this type */
    volatile double by; /* 1, which the compiler does not know */
    double *seen;       /* a block of a column */
} stream;

RL_CLONES static double read_rows(const double *v, size_t n)
{
    rl_four s[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i + 16 <= n; i += 16)
        for (size_t l = 0; l < 4; l++) s[l] += RL_FOUR_OF(v + i + 4 * l);
    return rl_four_sum(&s[0]) + rl_four_sum(&s[1]) + rl_four_sum(&s[2]) + rl_four_sum(&s[3]);
}

RL_CLONES static void change_rows(double *v, double by, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] *= by;
}

/* The doubles of block b of column j; codes are read as if they were. */
static double *rows_of(const stream *s, size_t at, size_t *n)
{
    rl_col *c = &s->t->col[at / s->blocks];
    size_t from = at % s->blocks * RL_ROWS_PER_BLOCK, m = s->t->n - from;
    if (m > RL_ROWS_PER_BLOCK) m = RL_ROWS_PER_BLOCK;
    *n = c->type == RL_NUM ? m : m / 2;
    return c->type == RL_NUM ? c->num + from : (double *)c->code + from / 2;
}

static void read_block(size_t at, void *arg)
{
    stream *s = arg;
    size_t n;
    const double *v = rows_of(s, at, &n);
    if (s->t->col[at / s->blocks].type == s->type) s->seen[at] += read_rows(v, n);
}

static void change_block(size_t at, void *arg)
{
    stream *s = arg;
    size_t n;
    double *v = rows_of(s, at, &n);
    if (s->t->col[at / s->blocks].type == s->type) change_rows(v, s->by, n);
}

static double wall_of(rl_block_fn *fn, rl_type type, stream *s, rl_ctx *cx)
{
    double start = now(CLOCK_MONOTONIC);
    s->type = type;
    rl_par(s->blocks * s->t->k, fn, s, cx);
    return now(CLOCK_MONOTONIC) - start;
}

typedef struct least {
    double numbers, codes, change;
} least;

static void lower(double *to, double x)
{
    if (*to == 0 || x < *to) *to = x;
}

static void stream_once(rl_table *t, least *l, rl_ctx *cx)
{
    stream s = {.t = t, .blocks = rl_blocks(t->n, RL_ROWS_PER_BLOCK), .by = 1};
    s.seen = RL_NEW(cx->tmp, double, s.blocks * t->k);
    lower(&l->numbers, wall_of(read_block, RL_NUM, &s, cx));
    lower(&l->codes, wall_of(read_block, RL_TEXT, &s, cx));
    lower(&l->change, wall_of(change_block, RL_NUM, &s, cx));
}

/* ---- the fits ---- */

typedef struct times {
    double wall[MOST], cpu[MOST];
} times;

static rl_code fit_once(const rl_request *req, const rl_table *t, times *out, size_t i, rl_ctx *cx)
{
    rl_result r;
    rl_arena *keep = rl_arena_like(cx->keep);
    double start = now(CLOCK_MONOTONIC), busy = now(CLOCK_PROCESS_CPUTIME_ID);
    rl_code code = rl_estimate_run(req, t, &r, keep, cx);
    out->wall[i] = now(CLOCK_MONOTONIC) - start;
    out->cpu[i] = now(CLOCK_PROCESS_CPUTIME_ID) - busy;
    rl_arena_free(keep);
    rl_arena_reset(cx->tmp);
    return code;
}

/* The numbers of the table once more, in memory that has been touched, as after reading. */
static void hand_over(const rl_table *t, double *const *num, rl_arena *in)
{
    for (size_t j = 0; j < t->k; j++) {
        if (t->col[j].type != RL_NUM) continue;
        t->col[j].num = RL_NEW(in, double, t->n);
        memcpy(t->col[j].num, num[j], t->n * sizeof(double));
    }
}

static void take_back(const rl_table *t, double *const *num)
{
    for (size_t j = 0; j < t->k; j++)
        if (t->col[j].type == RL_NUM) t->col[j].num = num[j];
}

static void show(times *t, size_t runs, const char *what)
{
    qsort(t->wall, runs, sizeof *t->wall, by_size);
    qsort(t->cpu, runs, sizeof *t->cpu, by_size);
    printf("%s%.3f s, median %.3f s of %zu; CPU %.3f s\n", what, t->wall[0], t->wall[runs / 2], runs, t->cpu[0]);
}

static rl_code run(rl_request *req, rl_table *t, size_t runs, rl_ctx *cx)
{
    static times spent, kept;
    least l = {0};
    rl_arena *hand = rl_arena_like(cx->keep);
    double **num = RL_NEW(cx->keep, double *, t->k);
    for (size_t j = 0; j < t->k; j++) num[j] = t->col[j].num;
    for (size_t i = 0; i < runs; i++) {
        hand_over(t, num, hand);
        stream_once(t, &l, cx);
        req->spend = hand;
        RL_TRY(fit_once(req, t, &spent, i, cx));
        take_back(t, num);
        rl_arena_reset(hand);
        req->spend = NULL;
        RL_TRY(fit_once(req, t, &kept, i, cx));
    }
    show(&spent, runs, "");
    show(&kept, runs, "    with the table kept: ");
    printf("    memory: floor %.3f s, stream %.3f s (numbers read %.3f, read and written %.3f, codes %.3f)\n",
           3 * l.numbers + l.codes, 4 * l.numbers + 2 * l.change + l.codes, l.numbers, l.change, l.codes);
    rl_arena_free(hand);
    return RL_OK;
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    rl_faults faults;
    rl_table t;
    rl_want *want;
    size_t n, runs = argc == 6 ? (size_t)atoi(argv[3]) : 0;
    if (runs < 1 || runs > MOST) return 2;
    rl_ctx_init(&cx, atoi(argv[2]), 1, no_memory, NULL);
    rl_request req = {.formula = argv[4], .level = 0.95, .max_lags = -1, .horizon = -1};
    rl_faults_init(&faults, cx.keep);
    rl_source src = rl_source_of(argv[1]);
    rl_code code = rl_vcov_parse(argv[5], &req.vcov, cx.keep, &cx);
    if (code == RL_OK) code = rl_estimator_default(req.formula, &req.estimator, &cx);
    if (code == RL_OK) code = rl_request_columns(&req, &want, &n, cx.keep, &cx);
    if (code == RL_OK) code = rl_table_read(&src, want, n, &faults, &t, cx.keep, &cx);
    if (code == RL_OK) code = run(&req, &t, runs, &cx);
    if (code != RL_OK) fprintf(stderr, "%s\n", cx.err.what);
    rl_ctx_free(&cx);
    return code == RL_OK ? 0 : 4;
}
