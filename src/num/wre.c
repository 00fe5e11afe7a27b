#include "num/wre.h"

#include <math.h>
#include <string.h>

#include "base/par.h"

enum { TILE = RL_BOOT_TILE };

typedef struct job {
    const rl_boot_plan *plan;
    const rl_wre *w;
    double *draw;
    double *space; /* blocks of size_of() */
    size_t tiles_each;
} job;

/* Workspace of one draw. */
typedef struct bench {
    double *v;      /* units of TILE                                     */
    double *m;      /* q-by-(1+g)  Z'W [v u, v w]                        */
    double *Q;      /* q-by-p      [x's unit columns, Pi*]               */
    double *R;      /* q-by-g      Z'WZ Pi*                              */
    double *C;      /* p-by-p      Cholesky of Q'Z'WZ Q                  */
    double *tau;    /* p           theta* - theta                        */
    double *l;      /* p           (Xh'Xh)^-1 c                          */
    double *fitted; /* q           [x's unit columns, Pi] tau            */
    double *row;    /* q           Q l                                   */
    double *e;      /* E           effects of v u - v w tau              */
    double *score;  /* H                                                 */
} bench;

static size_t size_of(const rl_boot_plan *plan, const rl_wre *w)
{
    size_t p = w->x + w->g;
    return plan->G * TILE + w->q * (1 + w->g) + w->q * p + w->q * w->g + p * p + 2 * p + 2 * w->q + w->E + w->cells.H;
}

static bench lay_out(double *s, const rl_boot_plan *plan, const rl_wre *w)
{
    size_t p = w->x + w->g;
    bench b;
    b.v = s, s += plan->G * TILE;
    b.m = s, s += w->q * (1 + w->g);
    b.Q = s, s += w->q * p;
    b.R = s, s += w->q * w->g;
    b.C = s, s += p * p;
    b.tau = s, s += p;
    b.l = s, s += p;
    b.fitted = s, s += w->q;
    b.row = s, s += w->q;
    b.e = s, s += w->E;
    b.score = s;
    return b;
}

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

static size_t unit_of(const rl_wre *w, size_t c) { return w->cells.unit != NULL ? (size_t)w->cells.unit[c] : c; }
static size_t cluster_of(const rl_wre *w, size_t c)
{
    return w->cells.cluster != NULL ? (size_t)w->cells.cluster[c] : c;
}

/* x = (C C')^-1 x */
static void solve(const double *C, size_t p, double *x)
{
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < i; j++) x[i] -= C[i + j * p] * x[j];
        x[i] /= C[i + i * p];
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t j = i + 1; j < p; j++) x[i] -= C[j + i * p] * x[j];
        x[i] /= C[i + i * p];
    }
}

/* Lower triangular C of H = Q'Z'WZ Q in place; false when the first stage moves nothing. */
static bool root(double *C, size_t p)
{
    for (size_t j = 0; j < p; j++) {
        double own = C[j + j * p];
        for (size_t i = j; i < p; i++) {
            double s = C[i + j * p];
            for (size_t r = 0; r < j; r++) s -= C[i + r * p] * C[j + r * p];
            if (i == j && !(s > 1e-14 * own)) return false;
            C[i + j * p] = i == j ? sqrt(s) : s / C[j + j * p];
        }
    }
    return true;
}

/* Both stages of draw d of the tile; false when the sample identifies nothing. */
static bool estimate(const rl_wre *w, bench *b, size_t d)
{
    size_t q = w->q, x = w->x, g = w->g, p = x + g;
    memset(b->m, 0, q * (1 + g) * sizeof *b->m);
    for (size_t c = 0; c < w->cells.n; c++) {
        double v = b->v[unit_of(w, c) * TILE + d];
        const double *zu = w->zu + c * q * (1 + g);
        for (size_t i = 0; i < q * (1 + g); i++) b->m[i] += v * zu[i];
    }
    for (size_t j = 0; j < g; j++) {
        double *Pi = b->Q + (x + j) * q, *R = b->R + j * q;
        const double *m = b->m + (1 + j) * q, *P0 = rl_mat_col(&w->Pi, j);
        for (size_t i = 0; i < q; i++) Pi[i] = P0[i] + dot(rl_mat_col(&w->A, i), m, q);
        for (size_t i = 0; i < q; i++) R[i] = dot(rl_mat_col(&w->ZZ, i), P0, q) + m[i];
    }
    for (size_t j = 0; j < p; j++)
        for (size_t i = j; i < p; i++)
            b->C[i + j * p] = i < x   ? *rl_mat_at(&w->ZZ, i, j)
                              : j < x ? b->R[(i - x) * q + j]
                                      : dot(b->Q + i * q, b->R + (j - x) * q, q);
    if (!root(b->C, p)) return false;
    for (size_t j = 0; j < p; j++) {
        b->tau[j] = j < x ? b->m[j] : dot(b->Q + j * q, b->m, q);
        b->l[j] = w->c[j];
    }
    solve(b->C, p, b->tau);
    solve(b->C, p, b->l);
    return true;
}

/* c'(..)^-1 Xh_g'e_g of each cluster. */
static void scores(const rl_wre *w, bench *b, const rl_boot_plan *plan, size_t d)
{
    size_t q = w->q, x = w->x, g = w->g, E = w->E;
    const double *tau = b->tau + x;
    for (size_t i = 0; i < q; i++) {
        b->fitted[i] = i < x ? b->tau[i] : 0;
        b->row[i] = i < x ? b->l[i] : 0;
        for (size_t j = 0; j < g; j++) {
            b->fitted[i] += *rl_mat_at(&w->Pi, i, j) * tau[j];
            b->row[i] += b->Q[(x + j) * q + i] * b->l[x + j];
        }
    }
    memset(b->e, 0, E * sizeof *b->e);
    for (size_t h = 0; h < plan->G && E > 0; h++) {
        double v = b->v[h * TILE + d];
        const double *eu = w->eu + h * E * (1 + g);
        for (size_t j = 0; j <= g; j++, eu += E) {
            double by = j == 0 ? v : -v * tau[j - 1];
            for (size_t i = 0; i < E; i++) b->e[i] += by * eu[i];
        }
    }
    for (size_t h = 0; h < w->cells.H; h++) {
        const double *ZZ = w->ZZg + h * q * q, *ZE = w->ZE + h * q * E;
        double s = 0;
        for (size_t i = 0; i < q; i++) s -= b->fitted[i] * dot(ZZ + i * q, b->row, q);
        for (size_t i = 0; i < E; i++) s -= b->e[i] * dot(ZE + i * q, b->row, q);
        b->score[h] = s;
    }
    for (size_t c = 0; c < w->cells.n; c++) {
        const double *zu = w->zu + c * q * (1 + g);
        double s = dot(b->row, zu, q);
        for (size_t j = 0; j < g; j++) s -= tau[j] * dot(b->row, zu + (1 + j) * q, q);
        b->score[cluster_of(w, c)] += b->v[unit_of(w, c) * TILE + d] * s;
    }
}

static bool ones(const bench *b, size_t G, size_t d)
{
    for (size_t h = 0; h < G; h++)
        if (b->v[h * TILE + d] != 1) return false;
    return true;
}

static double one_draw(const rl_wre *w, bench *b, const rl_boot_plan *plan, size_t d)
{
    if (ones(b, plan->G, d)) return w->t2;
    if (!estimate(w, b, d)) return HUGE_VAL;
    scores(w, b, plan, d);
    double n = dot(w->c, b->tau, w->x + w->g), var = dot(b->score, b->score, w->cells.H);
    return var > 0 ? n * n / var : n != 0 ? HUGE_VAL : 0;
}

static void tiles(size_t block, void *arg)
{
    const job *j = arg;
    const rl_boot_plan *plan = j->plan;
    size_t all = rl_blocks(plan->N, TILE), to = (block + 1) * j->tiles_each;
    bench b = lay_out(j->space + block * size_of(plan, j->w), plan, j->w);
    for (size_t i = 0; i < j->w->x; i++) b.Q[i + i * j->w->q] = 1;
    for (size_t at = block * j->tiles_each; at < to && at < all; at++) {
        for (size_t h = 0; h < plan->G; h++) rl_boot_tile(plan, h, at, b.v + h * TILE);
        for (size_t d = 0; d < TILE && at * TILE + d < plan->N; d++)
            j->draw[at * TILE + d] = one_draw(j->w, &b, plan, d);
    }
}

void rl_wre_run(const rl_boot_plan *plan, const rl_wre *w, double *draw, rl_ctx *cx)
{
    enum { BLOCKS = 32 };
    size_t all = rl_blocks(plan->N, TILE), each = rl_blocks(all, BLOCKS), blocks = rl_blocks(all, each);
    job j = {plan, w, draw, RL_NEW(cx->tmp, double, blocks *size_of(plan, w)), each};
    int threads = cx->threads; /* a few draws are done before others would have started */
    if (plan->N * w->cells.H * w->q < 20000) cx->threads = 1;
    rl_par(blocks, tiles, &j, cx);
    cx->threads = threads;
    rl_release(cx->tmp, j.space);
}
