/* after.c -- after FILE THREADS RUNS FORMULA VCOV: seconds of a fit on a table that has been read.
 *
 * Prints the fastest and the median of RUNS wall times, each from the table
 * to the finished result, and the least CPU time of both threads.  The table stays as it is, so the regressors are
 * copied, which `revlift fit` avoids. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "data/table_read.h"
#include "model/infer.h"
#include "model/result.h"

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

static int run(char **argv, rl_ctx *cx)
{
    enum { MOST = 100 };
    rl_request req = {.formula = argv[4], .level = 0.95, .max_lags = -1, .horizon = -1};
    rl_faults faults;
    rl_table t;
    rl_want *want;
    size_t n, runs = (size_t)atoi(argv[3]);
    double took[MOST], cpu[MOST];
    if (runs < 1 || runs > MOST) return 2;
    if (rl_vcov_parse(argv[5], &req.vcov, cx->keep, cx) != RL_OK) return 2;
    if (rl_estimator_default(req.formula, &req.estimator, cx) != RL_OK) return 2;
    if (rl_request_columns(&req, &want, &n, cx->keep, cx) != RL_OK) return 2;
    rl_faults_init(&faults, cx->keep);
    rl_source src = rl_source_of(argv[1]);
    if (rl_table_read(&src, want, n, &faults, &t, cx->keep, cx) != RL_OK) return 3;
    for (size_t i = 0; i < runs; i++) {
        rl_result out;
        rl_arena *keep = rl_arena_like(cx->keep);
        double start = now(CLOCK_MONOTONIC), busy = now(CLOCK_PROCESS_CPUTIME_ID);
        if (rl_estimate_run(&req, &t, &out, keep, cx) != RL_OK) return 4;
        took[i] = now(CLOCK_MONOTONIC) - start;
        cpu[i] = now(CLOCK_PROCESS_CPUTIME_ID) - busy;
        rl_arena_free(keep);
        rl_arena_reset(cx->tmp);
    }
    qsort(took, runs, sizeof *took, by_size);
    qsort(cpu, runs, sizeof *cpu, by_size);
    printf("%.3f s, median %.3f s of %zu; CPU %.3f s\n", took[0], took[runs / 2], runs, cpu[0]);
    return 0;
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    if (argc != 6) return 2;
    rl_ctx_init(&cx, atoi(argv[2]), 1, no_memory, NULL);
    int status = run(argv, &cx);
    if (status != 0) fprintf(stderr, "%s\n", cx.err.what);
    rl_ctx_free(&cx);
    return status;
}
