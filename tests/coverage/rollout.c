/* rollout [DRAWS] -- do intervals of programmes that start in waves hold, and pre-trend tests their size?
 *
 * Each cell is DRAWS (1,000) simulated programmes (rollout.h), a standard error of 0.7 points at 95 %.  `cs` under all
 * combinations of panel or repeated cross-sections, controls, covariate, weights and clusters above the unit, with 50
 * and 500 clusters (units where there are none, rows of a period in cross-sections); the other estimators on the
 * plain panel.  Beside each other stand the convention of the method's peers, what `fit` gives, and
 * `--as small-sample`, what studies use.
 *
 * Draws in which a cell of cohort and period has no overlap are counted and left out.  Status 1 when
 * `--as small-sample` covers in less than 93 or more than 97 % of a cell, or one of its tests of pre-trends refuses
 * parallel trends in less than 3 or more than 7 %, by more than a standard error of the simulation; the convention is
 * shown and not judged. */
#include <stdio.h>
#include <stdlib.h>

#include "base/par.h"
#include "coverage/rollout.h"

enum { COMBINATIONS = 32, SIZES = 2, OTHERS = 7, PER_SIZE = COMBINATIONS + OTHERS, CELLS = SIZES * PER_SIZE };
static const size_t CLUSTERS[SIZES] = {50, 500};
static const char *const OTHER[OTHERS] = {"sunab", "bjs", "did2s", "etwfe", "lpdid", "stacked", "dcdh"};

typedef struct cell {
    rollout q;
    const char *estimator;
    uint64_t seed;
    size_t draws, refused;
    roll_tally tally[ROLL_WAYS];
    double *length[ROLL_WAYS]; /* draws */
    const char *failed;
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
    rl_ctx cx;
    rl_ctx_init(&cx, 1, 20260630, no_memory, NULL);
    for (size_t d = 0; d < j->draws; d++) {
        roll_said s[ROLL_WAYS];
        rl_code code = roll_ask(&c->q, c->estimator, c->seed + 4099 * d, s, &cx);
        if (code == RL_EDATA && c->q.covariate) {
            c->refused++;
        } else if (code != RL_OK) {
            fprintf(stderr, "%s: %s\n", c->estimator, cx.err.what);
            c->failed = c->estimator;
            break;
        } else {
            for (size_t w = 0; w < ROLL_WAYS; w++) {
                c->length[w][c->draws] = s[w].overall.high - s[w].overall.low;
                roll_count(&c->tally[w], &s[w]);
            }
            c->draws++;
        }
        rl_forgive(&cx);
        rl_arena_reset(cx.tmp);
        cx.n_notes = 0;
    }
    rl_ctx_free(&cx);
}

static bool fine(double share, double low, double high, double n)
{
    double slack = 100 * sqrt(0.05 * 0.95 / n);
    return isnan(share) || (share >= low - slack && share <= high + slack);
}

static void figure(double x)
{
    if (isnan(x))
        printf("     -");
    else
        printf(" %5.1f", x);
}

/* One line; false when what is judged is not as promised. */
static bool line(cell *c)
{
    const rollout *q = &c->q;
    double n = (double)c->draws, p[ROLL_WAYS][4];
    bool good = c->failed == NULL && c->draws > 0;
    printf("%-8s %-5s %-6s %-3s %-3s %-7s %4zu", c->estimator, q->rcs ? "rcs" : "panel", q->notyet ? "notyet" : "never",
           q->covariate ? "x" : "-", q->weights ? "w" : "-", q->clusters ? "cluster" : "-", q->G);
    for (size_t w = 0; w < ROLL_WAYS; w++) {
        const roll_tally *t = &c->tally[w];
        double share[] = {100 * t->overall / n, 100 * t->event / n, 100 * t->pre / n,
                          t->cells_asked ? 100 * t->cells / n : (double)NAN};
        memcpy(p[w], share, sizeof share);
        qsort(c->length[w], c->draws, sizeof(double), by_size);
    }
    for (size_t k = 0; k < 4; k++) {
        printf("  ");
        for (size_t w = 0; w < ROLL_WAYS; w++) figure(p[w][k]);
        good &= fine(p[ROLL_SMALL][k], k < 2 ? 93 : 3, k < 2 ? 97 : 7, n);
    }
    printf("   %6.3f %6.3f", c->length[ROLL_PEER][c->draws / 2], c->length[ROLL_SMALL][c->draws / 2]);
    if (c->refused > 0) printf("  %zu without overlap", c->refused);
    printf("%s\n", good ? "" : "  <--");
    return good;
}

static void head(size_t draws)
{
    printf(
        "Programmes that start in waves, %zu draws a line: covered %% by 95 %% intervals of the overall effect and of\n"
        "event 0; %% refused by pre-trend tests of size 5 %% (of all event times, of all cells); median length.\n"
        "In pairs: as the method's peers have it, --as small-sample\n",
        draws);
    printf("%-8s %-5s %-6s %-3s %-3s %-7s %4s  %12s  %12s  %12s  %12s   %13s\n", "", "", "", "", "", "", "G", "overall",
           "event 0", "before: times", "before: cells", "length");
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    long draws = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    if (draws < 1 || draws > 1000000) return 2;
    rl_ctx_init(&cx, 0, 20260630, no_memory, NULL);
    job j = {(size_t)draws, RL_NEW(cx.keep, cell, CELLS)};
    for (size_t i = 0; i < CELLS; i++) {
        size_t k = i % PER_SIZE, G = CLUSTERS[i / PER_SIZE];
        cell *c = &j.v[i];
        c->seed = 1000003 * i + 7;
        c->estimator = k < COMBINATIONS ? "cs" : OTHER[k - COMBINATIONS];
        c->q = k < COMBINATIONS ? (rollout){G, k & 16, k & 8, k & 4, k & 2, k & 1} : (rollout){.G = G};
        for (size_t w = 0; w < ROLL_WAYS; w++) c->length[w] = RL_NEW(cx.keep, double, j.draws);
    }
    bool good = true;
    head(j.draws);
    for (size_t i = 0; i < SIZES; i++) {
        job one = {j.draws, j.v + i * PER_SIZE};
        rl_par(PER_SIZE, work, &one, &cx);
        for (size_t k = 0; k < PER_SIZE; k++) good &= line(&one.v[k]);
        fflush(stdout);
    }
    printf("%s\n", good ? "small-sample: all cover 93-97 %, every test refuses 3-7 %" : "not as promised");
    rl_ctx_free(&cx);
    return good ? 0 : 1;
}
