/* The distribution of the bounds tests when there is no level relation, by simulation.
 *
 *   dy_t = e_t,   x_t = v_t (the lower bound, I(0))  or  x_t = x_(t-1) + v_t (the upper, I(1)),
 *
 * e and the k series v independent standard normals, in regressions of dy_t on
 * y_(t-1), x_(t-1) and what the case has beside them:
 *
 *   1 nothing   2, 3 a constant   4, 5 a constant and a trend;   under 2 (4) the constant (the trend) is
 *   among what the F test says is zero.  t is that of y_(t-1), in cases 1, 3, 5.
 *
 * Every draw serves all numbers of regressors k = 0 .. 10 and all cases at
 * once: x_1, x_2, .. are eliminated one by one.  For each sample size the
 * quantiles of DRAWS draws are taken, and over the sample sizes each quantile
 * is fitted by a + b/T + c/T^2, whose coefficients are the table.
 *
 *     make bounds-table        writes src/model/bounds_table.h; some minutes
 *
 * Source of the design: Pesaran, Shin & Smith (2001), Journal of Applied
 * Econometrics 16, notes of table CI; Kripfganz & Schneider (2020), Oxford
 * Bulletin of Economics and Statistics 82, for response surfaces in T.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "base/rng.h"

enum { K = 10, SIZES = 7, SERIES = K + 4, STATS = 8, LEVELS = 13, BLOCK = 500, SEED = 20010816 };
static const int SIZE[SIZES] = {30, 40, 60, 100, 200, 500, 1000};
static const double LEVEL[LEVELS] = {.001, .005, .01, .025, .05, .1, .2, .35, .5, .7, .9, .97, .995};

/* Columns of the cross products. */
enum { ONE, TREND, X, Y = X + K, DY = Y + 1 };

typedef struct job {
    size_t T, draws;
    float *v; /* [bound][stat][k][draw] */
} job;

static float *slot(const job *p, size_t bound, size_t stat, size_t k)
{
    return p->v + ((bound * STATS + stat) * (K + 1) + k) * p->draws;
}

static void eliminate(double G[SERIES][SERIES], int c)
{
    for (int i = 0; i < SERIES; i++) {
        if (i == c) continue;
        double f = G[i][c] / G[c][c];
        for (int j = 0; j < SERIES; j++)
            if (j != c) G[i][j] -= f * G[c][j];
    }
    for (int i = 0; i < SERIES; i++) G[i][c] = G[c][i] = 0;
}

/* Cases 1 to 5 of F, then 1, 3, 5 of t. */
static void statistics(const job *p, size_t bound, size_t draw, double G[SERIES][SERIES])
{
    double rss0[3];
    for (int det = 0; det < 3; det++) {
        double W[SERIES][SERIES];
        if (det > 0) eliminate(G, det - 1);
        rss0[det] = G[DY][DY];
        memcpy(W, G, sizeof W);
        for (size_t k = 0; k <= K; k++) {
            if (k > 0) eliminate(W, X + (int)k - 1);
            double free_ = (double)p->T - (double)k - 1 - det, q = (double)k + 1;
            double b = W[Y][DY] / W[Y][Y], rss = W[DY][DY] - b * W[Y][DY], s2 = rss / free_;
            slot(p, bound, (size_t)(2 * det), k)[draw] = (float)((rss0[det] - rss) / q / s2);
            if (det > 0) slot(p, bound, (size_t)(2 * det - 1), k)[draw] = (float)((rss0[det - 1] - rss) / (q + 1) / s2);
            slot(p, bound, (size_t)(5 + det), k)[draw] = (float)(b / sqrt(s2 / W[Y][Y]));
        }
    }
}

static void draw_block(size_t block, void *arg)
{
    const job *p = arg;
    for (size_t draw = block * BLOCK; draw < (block + 1) * BLOCK && draw < p->draws; draw++) {
        rl_rng r = rl_rng_for(SEED + p->T, draw);
        double G[2][SERIES][SERIES] = {0}, row[2][SERIES] = {{0}};
        for (size_t t = 0; t < p->T; t++) { /* row: of t - 1, and what comes in t */
            double dy = rl_normal(&r);
            for (int bound = 0; bound < 2; bound++) {
                double *z = row[bound];
                z[ONE] = 1, z[TREND] = (double)(t + 1) / (double)p->T, z[DY] = dy;
                for (int i = 0; i < SERIES; i++)
                    for (int j = 0; j <= i; j++) G[bound][i][j] += z[i] * z[j];
                z[Y] += dy;
            }
            for (int j = X; j < Y; j++) {
                double v = rl_normal(&r);
                row[0][j] = v;
                row[1][j] += v;
            }
        }
        for (size_t bound = 0; bound < 2; bound++) {
            for (int i = 0; i < SERIES; i++)
                for (int j = 0; j < i; j++) G[bound][j][i] = G[bound][i][j];
            statistics(p, bound, draw, G[bound]);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* Upper tail of F, lower tail of t. */
static double quantile(const float *v, size_t n, double level, bool lower)
{
    double at = (lower ? level : 1 - level) * (double)n - 0.5;
    size_t i = at > 0 ? (size_t)at : 0;
    if (i > n - 2) i = n - 2;
    return v[i] + (at - (double)i) * (v[i + 1] - v[i]);
}

/* Least squares of q on 1, 1/T, 1/T^2. */
static void surface(const double q[SIZES], double out[3])
{
    double M[3][4] = {{0}};
    for (int s = 0; s < SIZES; s++) {
        double z[4] = {1, 100.0 / SIZE[s], 1e4 / SIZE[s] / SIZE[s], q[s]};
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++) M[i][j] += z[i] * z[j];
    }
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 3; i++) {
            double f = M[i][c] / M[c][c];
            for (int j = c; j < 4 && i != c; j++) M[i][j] -= f * M[c][j];
        }
    for (int i = 0; i < 3; i++) out[i] = M[i][3] / M[i][i];
}

static int milli(double x)
{
    if (fabs(x) > 32) exit(4); /* a short holds less than 33 */
    return (int)lround(1000 * x);
}

static void nomem(size_t bytes, void *user)
{
    (void)user;
    fprintf(stderr, "out of memory: %zu bytes\n", bytes);
    exit(5);
}

static double Q[2][STATS][K + 1][LEVELS][SIZES];

static void sizes(size_t draws, rl_ctx *cx)
{
    job p = {.draws = draws, .v = malloc(2 * STATS * (K + 1) * draws * sizeof(float))};
    if (p.v == NULL) nomem(draws, NULL);
    for (int s = 0; s < SIZES; s++) {
        p.T = (size_t)SIZE[s];
        rl_par(rl_blocks(draws, BLOCK), draw_block, &p, cx);
        for (size_t b = 0; b < 2; b++)
            for (size_t i = 0; i < STATS; i++)
                for (size_t k = 0; k <= K; k++) {
                    float *v = slot(&p, b, i, k);
                    qsort(v, draws, sizeof *v, by_value);
                    for (int l = 0; l < LEVELS; l++) Q[b][i][k][l][s] = quantile(v, draws, LEVEL[l], i >= 5);
                }
        fprintf(stderr, "T = %zu\n", p.T);
    }
    free(p.v);
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    size_t draws = argc > 1 ? (size_t)atol(argv[1]) : 200000;
    rl_ctx_init(&cx, 0, SEED, nomem, NULL);
    sizes(draws, &cx);
    printf("/* model/bounds_table.h -- quantiles of the bounds tests: 1000 (a + b (100/T) + c (100/T)^2).\n *\n"
           " * Written by tests/bounds/simulate.c (%zu draws of each size, seed %d): `make bounds-table`.\n"
           " * [bound: I(0), I(1)][F of cases 1 .. 5, t of 1, 3, 5][regressors][level][a, b, c]             */\n"
           "#ifndef RL_MODEL_BOUNDS_TABLE_H\n#define RL_MODEL_BOUNDS_TABLE_H\n\n"
           "enum { TABLE_K = %d, TABLE_LEVELS = %d, TABLE_STATS = %d };\n\nstatic const double TABLE_LEVEL[] = {",
           draws, SEED, K, LEVELS, STATS);
    for (int l = 0; l < LEVELS; l++) printf("%s%g", l ? ", " : "", LEVEL[l]);
    printf("};\n\n// clang-format off\n"
           "static const short TABLE[2][TABLE_STATS][TABLE_K + 1][TABLE_LEVELS][3] = {\n");
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < STATS; i++)
            for (int k = 0; k <= K; k++) {
                int width = printf("%s", k == 0 ? (i == 0 ? "{{{" : "{{") : "{");
                for (int l = 0; l < LEVELS; l++) {
                    double c[3];
                    surface(Q[b][i][k][l], c);
                    if (width > 100) width = 0 * printf("\n");
                    width += printf("{%d,%d,%d}%s", milli(c[0]), milli(c[1]), milli(c[2]), l + 1 < LEVELS ? "," : "");
                }
                printf("%s\n", k < K ? "}," : i + 1 < STATS ? "}}," : b == 0 ? "}}}," : "}}}");
            }
    printf("};\n// clang-format on\n\n#endif\n");
    rl_ctx_free(&cx);
    return 0;
}
