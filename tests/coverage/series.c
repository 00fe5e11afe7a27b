/* series [DRAWS] -- do intervals of a lagged regression hold, and how often is nothing taken for something?
 *
 * Each cell is DRAWS (1,200) simulated series (series.h), a standard error of 0.7 points at 93 %.  Three ways to an
 * interval of the sum of all lags: `ar --method average` with the longest lag, the same averaged over lengths
 * (--average), and least squares with the lags that BIC takes.  On unrelated random walks an interval without zero
 * is a spurious find, unless the program says that it cannot tell.
 *
 * Status 1 when one of the first two covers in less than 93 % of a cell, or finds something in more than 6 % of the
 * walks; the last is shown and not judged. */
#include <stdio.h>
#include <stdlib.h>

#include "base/par.h"
#include "coverage/series.h"

enum { LENGTHS = 3, LEVELS = 4, CELLS = LENGTHS * LEVELS };
static const size_t PERIODS[LENGTHS] = {36, 60, 120};
static const double PERSISTENCE[LEVELS] = {0, 0.5, 0.9, 1};

typedef struct cell {
    bool failed;
    size_t held[WAYS], found[WAYS], told[WAYS];
    double *length[WAYS]; /* draws */
} cell;

typedef struct job {
    size_t draws;
    cell *v;
} job;

static void no_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    exit(5);
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void work(size_t at, void *arg)
{
    job *j = arg;
    cell *c = &j->v[at];
    double persistence = PERSISTENCE[at % LEVELS], truth = series_truth(persistence);
    rl_ctx cx;
    rl_ctx_init(&cx, 1, 20260630, no_memory, NULL);
    for (size_t d = 0; d < j->draws && !c->failed; d++) {
        said s[WAYS];
        c->failed = series_ask(PERIODS[at / LEVELS], persistence, 1000 * at + 20000 * d + 7, s, &cx) != RL_OK;
        for (size_t w = 0; w < WAYS && !c->failed; w++) {
            c->held[w] += s[w].low <= truth && truth <= s[w].high;
            c->found[w] += (s[w].low > 0 || s[w].high < 0) && !s[w].cannot_tell;
            c->told[w] += !s[w].cannot_tell;
            c->length[w][d] = s[w].high - s[w].low;
        }
    }
    if (c->failed) fprintf(stderr, "%s\n", cx.err.what);
    rl_ctx_free(&cx);
}

static bool report(const job *j)
{
    bool fine = true;
    double n = (double)j->draws / 100; /* of a hundred */
    printf("95 %% intervals of the sum of all lags, %zu series a cell: covered %% (median length)\n", j->draws);
    printf("%8s %12s %18s %18s %18s %14s\n", "periods", "persistence", "averaged", "longest lag", "ols after BIC",
           "cannot tell");
    for (size_t i = 0; i < CELLS; i++) {
        cell *c = &j->v[i];
        if (PERSISTENCE[i % LEVELS] == 1) continue;
        printf("%8zu %12g", PERIODS[i / LEVELS], PERSISTENCE[i % LEVELS]);
        for (size_t w = 0; w < WAYS; w++) {
            qsort(c->length[w], j->draws, sizeof(double), by_size);
            printf("     %5.1f (%5.2f)", (double)c->held[w] / n, c->length[w][j->draws / 2]);
            fine &= w == AFTER_BIC || (double)c->held[w] / n >= 93;
        }
        printf("%11.0f %%\n", 100 - (double)c->told[LONGEST] / n);
        fine &= !c->failed;
    }
    printf("unrelated random walks: something found %% (of all; where it says that it cannot tell nothing is found)\n");
    for (size_t i = 0; i < CELLS; i++) {
        const cell *c = &j->v[i];
        if (PERSISTENCE[i % LEVELS] != 1) continue;
        printf("%8zu %12s", PERIODS[i / LEVELS], "walk");
        for (size_t w = 0; w < WAYS; w++) {
            printf("     %5.1f        ", (double)c->found[w] / n);
            fine &= w == AFTER_BIC || (double)c->found[w] / n <= 6;
        }
        printf("%11.0f %%\n", 100 - (double)c->told[LONGEST] / n);
        fine &= !c->failed;
    }
    printf("%s\n", fine ? "all cover 93 % or more and find something in 6 % of walks at most" : "not as promised");
    return fine;
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    long draws = argc > 1 ? strtol(argv[1], NULL, 10) : 1200;
    if (draws < 1 || draws > 1000000) return 2;
    rl_ctx_init(&cx, 0, 20260630, no_memory, NULL);
    job j = {(size_t)draws, RL_NEW(cx.keep, cell, CELLS)};
    for (size_t i = 0; i < CELLS; i++)
        for (size_t w = 0; w < WAYS; w++) j.v[i].length[w] = RL_NEW(cx.keep, double, j.draws);
    rl_par(CELLS, work, &j, &cx);
    bool fine = report(&j);
    rl_ctx_free(&cx);
    return fine ? 0 : 1;
}
