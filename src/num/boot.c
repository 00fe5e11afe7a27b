#include "num/boot.h"

#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/rng.h"

enum { TILE = RL_BOOT_TILE }; /* also draws from one 64-bit word */

/* --- the draws ------------------------------------------------------------------- */

static const double WEBB[6] = {-1.2247448713915890, -1, -0.70710678118654752,
                               0.70710678118654752, 1,  1.2247448713915890}; /* -+ sqrt(3/2), 1, sqrt(1/2) */

rl_boot_plan rl_boot_plan_of(rl_boot_kind kind, size_t N, uint64_t seed, const uint64_t *unit, size_t G)
{
    rl_boot_plan p = {.kind = kind, .G = G, .N = N, .seed = seed, .unit = unit};
    size_t vectors = 1, base = kind == RL_WEBB ? 6 : 2;
    if (kind == RL_MAMMEN) return p;
    for (size_t g = 0; g < G && vectors <= N; g++) vectors *= base;
    if (vectors >= N) return p;
    p.all = true;
    p.N = vectors;
    return p;
}

void rl_boot_points(rl_boot_kind kind, double point[2])
{
    bool mammen = kind == RL_MAMMEN;
    point[0] = mammen ? 1.6180339887498949 : -1; /* (1 +- sqrt 5) / 2 */
    point[1] = mammen ? -0.61803398874989485 : 1;
}

uint64_t rl_boot_bits(const rl_boot_plan *p, size_t g, size_t at)
{
    const double likely = 0.27639320225002103; /* of the first of Mammen's: (sqrt 5 - 1) / (2 sqrt 5) */
    if (p->kind == RL_RADEMACHER) return rl_draw(p->seed, p->unit[g], at);
    uint64_t bits = 0;
    for (size_t d = 0; d < TILE; d++)
        bits |= (uint64_t)(rl_uniform_of(rl_draw(p->seed, p->unit[g], at * TILE + d)) >= likely) << d;
    return bits;
}

void rl_boot_tile(const rl_boot_plan *p, size_t g, size_t tile, double v[TILE])
{
    size_t first = tile * TILE;
    if (p->all) {
        size_t base = p->kind == RL_WEBB ? 6 : 2, power = 1;
        for (size_t i = 0; i < g; i++) power *= base;
        for (size_t d = 0; d < TILE; d++) {
            size_t digit = (first + d) / power % base;
            v[d] = base == 6 ? WEBB[digit] : digit == 0 ? 1 : -1;
        }
    } else if (rl_boot_two_points(p->kind)) {
        double point[2];
        uint64_t bits = rl_boot_bits(p, g, tile);
        rl_boot_points(p->kind, point);
        for (size_t d = 0; d < TILE; d++) v[d] = point[bits >> d & 1];
    } else {
        for (size_t d = 0; d < TILE; d++)
            v[d] = WEBB[(size_t)(6 * rl_uniform_of(rl_draw(p->seed, p->unit[g], first + d)))];
    }
}

/* --- five numbers a draw ------------------------------------------------------------- */

typedef struct job {
    const rl_boot_plan *plan;
    const rl_boot *b;
    rl_boot_draws *out;
    double *space; /* tiles times (G + 2 H + R) TILE */
    size_t tiles_each, R, H;
} job;

/* out[r] = sum_g M_gr v[g], TILE draws at a time, four rows of `out` in one pass. */
static void product(const rl_mat *M, const double *v, size_t R, double *out)
{
    size_t G = M->n;
    for (size_t d = 0; d < TILE; d += 8)
        for (size_t r = 0; r < R; r++) {
            const double *m = rl_mat_col(M, r), *x = v + d;
            double s[8] = {0};
            for (size_t g = 0; g < G; g++, x += TILE)
                for (size_t i = 0; i < 8; i++) s[i] += m[g] * x[i];
            for (size_t i = 0; i < 8; i++) out[r * TILE + d + i] = s[i];
        }
}

/* score[g] = sum of s_c v[unit of c] over the cells of g */
static void own_scores(const rl_cells *cells, const double *s, const double *v, size_t H, double *score)
{
    if (cells->cluster == NULL) {
        for (size_t i = 0; i < H; i++)
            for (size_t d = 0; d < TILE; d++) score[i * TILE + d] = s[i] * v[i * TILE + d];
        return;
    }
    memset(score, 0, H * TILE * sizeof *score);
    for (size_t c = 0; c < cells->n; c++) {
        double *o = score + (size_t)cells->cluster[c] * TILE;
        const double *x = v + (size_t)cells->unit[c] * TILE;
        for (size_t d = 0; d < TILE; d++) o[d] += s[c] * x[d];
    }
}

/* score[g] = s_g v[g] - left_g'w */
static void scores(const rl_boot *b, const double *s, const double *v, const double *w, size_t H, size_t R,
                   double *score)
{
    own_scores(&b->cells, s, v, H, score);
    for (size_t g = 0; g < H; g++) {
        double *o = score + g * TILE;
        const double *l = b->left.a != NULL ? rl_mat_col(&b->left, g) : NULL;
        if (l == NULL) {
            for (size_t d = 0; d < TILE; d++) o[d] -= w[g * TILE + d];
            continue;
        }
        for (size_t d = 0; d < TILE; d += 8) {
            double t[8] = {0};
            for (size_t r = 0; r < R; r++)
                for (size_t i = 0; i < 8; i++) t[i] += l[r] * w[r * TILE + d + i];
            for (size_t i = 0; i < 8; i++) o[d + i] -= t[i];
        }
    }
}

static void weighted(const double *c, const double *v, size_t G, double *out)
{
    for (size_t g = 0; g < G; g++)
        for (size_t d = 0; d < TILE; d++) out[d] += c[g] * v[g * TILE + d];
}

static void products(const double *a, const double *b, size_t G, double *out)
{
    for (size_t i = 0; i < G * TILE; i += TILE)
        for (size_t d = 0; d < TILE; d++) out[d] += a[i + d] * b[i + d];
}

static bool constant(const double *v, size_t G, size_t d)
{
    for (size_t g = 1; g < G; g++)
        if (v[g * TILE + d] != v[d]) return false;
    return true;
}

static void tile(const job *j, size_t at, double *space)
{
    const rl_boot *b = j->b;
    size_t G = j->plan->G, H = j->H, R = j->R, n = j->plan->N - at * TILE;
    double *v = space, *a = v + G * TILE, *c = a + H * TILE, *w = c + H * TILE, five[5][TILE] = {{0}};
    for (size_t g = 0; g < G; g++) rl_boot_tile(j->plan, g, at, v + g * TILE);
    product(&b->right0, v, R, w);
    scores(b, b->s0, v, w, H, R, a);
    weighted(b->num0, v, G, five[0]);
    products(a, a, H, five[2]);
    if (b->num1 != NULL) {
        product(&b->right1, v, R, w);
        scores(b, b->s1, v, w, H, R, c);
        weighted(b->num1, v, G, five[1]);
        products(a, c, H, five[3]);
        products(c, c, H, five[4]);
    }
    for (size_t d = 0; d < TILE && d < n; d++) {
        double *o = j->out->v + 5 * (at * TILE + d);
        for (size_t i = 0; i < 5; i++) o[i] = five[i][d];
        if (b->identity && constant(v, G, d)) o[2] = -1;
    }
}

static void tiles(size_t block, void *arg)
{
    const job *j = arg;
    size_t all = rl_blocks(j->plan->N, TILE), to = (block + 1) * j->tiles_each;
    double *space = j->space + block * (j->plan->G + 2 * j->H + j->R) * TILE;
    for (size_t at = block * j->tiles_each; at < to && at < all; at++) tile(j, at, space);
}

void rl_boot_run(const rl_boot_plan *plan, const rl_boot *b, rl_boot_draws *out, rl_ctx *cx)
{
    enum { BLOCKS = 32 };
    size_t all = rl_blocks(plan->N, TILE), each = rl_blocks(all, BLOCKS), blocks = rl_blocks(all, each);
    *out = (rl_boot_draws){
        .N = plan->N, .se2 = b->se2, .imposed = b->num1 != NULL, .v = RL_NEW(cx->tmp, double, 5 * plan->N)};
    job j = {plan, b, out, NULL, each, b->right0.k, b->cells.cluster != NULL ? b->cells.H : plan->G};
    j.space = RL_NEW(cx->tmp, double, blocks *(plan->G + 2 * j.H + j.R) * TILE);
    int threads = cx->threads; /* a few draws are done before others would have started */
    if (plan->N * j.H < 100000) cx->threads = 1;
    rl_par(blocks, tiles, &j, cx);
    cx->threads = threads;
    rl_release(cx->tmp, j.space);
}

/* --- several hypotheses --------------------------------------------------------------- */

typedef struct joint_job {
    const rl_boot_plan *plan;
    const rl_boot *one;
    size_t q, H, most_R, tiles_each, each;
    double W, *space; /* tiles times `each`: v, w, q by scores and numerators, q^2 + q */
    size_t *above;    /* a block */
} joint_job;

double rl_boot_quadratic(double *M, double *w, size_t q)
{
    double sum = 0;
    for (size_t j = 0; j < q; j++) {
        double d = M[j + j * q], own = d;
        for (size_t p = 0; p < j; p++) d -= M[j + p * q] * M[j + p * q];
        if (!(d > 1e-12 * own)) return NAN;
        M[j + j * q] = d = sqrt(d);
        for (size_t i = j + 1; i < q; i++) {
            for (size_t p = 0; p < j; p++) M[i + j * q] -= M[i + p * q] * M[j + p * q];
            M[i + j * q] /= d;
        }
        for (size_t p = 0; p < j; p++) w[j] -= M[j + p * q] * w[p];
        w[j] /= d;
        sum += w[j] * w[j];
    }
    return sum;
}

/* W* of draw d of a tile. */
static double wald_of(const joint_job *j, const double *score, const double *num, size_t d, double *M)
{
    size_t q = j->q, H = j->H;
    double *w = M + q * q;
    for (size_t a = 0; a < q; a++) {
        const double *x = score + a * H * TILE + d;
        w[a] = num[a * TILE + d];
        for (size_t b = 0; b <= a; b++) {
            const double *y = score + b * H * TILE + d;
            double sum = 0;
            for (size_t g = 0; g < H * TILE; g += TILE) sum += x[g] * y[g];
            M[a + b * q] = sum;
        }
    }
    return rl_boot_quadratic(M, w, q);
}

static size_t joint_tile(const joint_job *j, size_t at, double *space)
{
    size_t G = j->plan->G, n = j->plan->N - at * TILE, above = 0;
    double *v = space, *w = v + G * TILE, *score = w + j->most_R * TILE, *num = score + j->q * j->H * TILE;
    for (size_t g = 0; g < G; g++) rl_boot_tile(j->plan, g, at, v + g * TILE);
    memset(num, 0, j->q * TILE * sizeof *num);
    for (size_t a = 0; a < j->q; a++) {
        const rl_boot *b = &j->one[a];
        if (a == 0 || b->right0.a != b[-1].right0.a) product(&b->right0, v, b->right0.k, w);
        scores(b, b->s0, v, w, j->H, b->right0.k, score + a * j->H * TILE);
        weighted(b->num0, v, G, num + a * TILE);
    }
    for (size_t d = 0; d < TILE && d < n; d++) {
        double W = wald_of(j, score, num, d, num + j->q * TILE);
        above += (j->one->identity && constant(v, G, d)) || !(W < j->W * (1 - 1e-12));
    }
    return above;
}

static void joint_tiles(size_t block, void *arg)
{
    const joint_job *j = arg;
    size_t all = rl_blocks(j->plan->N, TILE), to = (block + 1) * j->tiles_each;
    for (size_t at = block * j->tiles_each; at < to && at < all; at++)
        j->above[block] += joint_tile(j, at, j->space + block * j->each);
}

size_t rl_boot_joint(const rl_boot_plan *plan, size_t q, const rl_boot *one, double W, rl_ctx *cx)
{
    enum { BLOCKS = 32, MOST = 1 << 24 };
    joint_job j = {.plan = plan, .one = one, .q = q, .W = W};
    size_t all = rl_blocks(plan->N, TILE), sum = 0;
    j.H = one->cells.cluster != NULL ? one->cells.H : plan->G;
    for (size_t a = 0; a < q; a++)
        if (one[a].right0.k > j.most_R) j.most_R = one[a].right0.k;
    j.each = (plan->G + j.most_R + q * (j.H + 1)) * TILE + q * q + q;
    size_t most = MOST / j.each + 1 < BLOCKS ? MOST / j.each + 1 : BLOCKS;
    j.tiles_each = rl_blocks(all, most);
    size_t blocks = rl_blocks(all, j.tiles_each);
    j.space = RL_NEW(cx->tmp, double, blocks *j.each);
    j.above = RL_NEW(cx->tmp, size_t, blocks);
    rl_par(blocks, joint_tiles, &j, cx);
    for (size_t b = 0; b < blocks; b++) sum += j.above[b];
    rl_release(cx->tmp, j.space);
    return sum;
}
