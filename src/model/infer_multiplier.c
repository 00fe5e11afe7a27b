/* The multiplier bootstrap: errors, and bands that hold for all estimates at once.
 *
 *   b*_dj = sum_g v_dg S_gj                       S_g: influence of cluster g, v: mean 0, variance 1
 *   se_j  = (q.75 - q.25 of b*_j) / (z.75 - z.25)
 *   c     = quantile of max_j |b*_dj| / se_j      the band: estimate +- c se
 *
 * Quantiles are those of the empirical distribution (R's type 1).  Draws are
 * keyed by the cluster's label: renaming nothing, shuffling rows and more
 * threads leave every digit.
 *
 * Source: Callaway & Sant'Anna (2021), algorithm 1; Chernozhukov, Chetverikov & Kato (2013); Arlazarov, Dinic, Kronrod
 * & Faradzev (1970) for products with signs.
 */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "base/simd.h"
#include "model/infer_units.h"
#include "model/infer_work.h"
#include "num/dist.h"
#include "num/order.h"

enum {
    TILE = RL_BOOT_TILE,
    TILES = 4,
    WIDE = TILE * TILES, /* draws of a task                            */
    DEFAULT_DRAWS = 1000,
    FOUR = 4,
    SIGNS = 16,  /* of four clusters                           */
    HELD = 16,   /* clusters done together                     */
    ROOMS = 256, /* clusters that one room takes of a stretch  */
    LEAST = 256, /* .. clusters of a stretch, and at most      */
    MOST = 8192,
    MOST_SUMS = 1 << 20 /* .. of estimates by clusters                */
};

/* Clusters from .. from+n-1 as the walk has them: their influence is worked out once, for all draws. */
typedef struct stretch {
    size_t from, n, most;
    size_t *touched; /* most                                       */
    int32_t *at;     /* most of m                                  */
    double *sum;     /* most of m                                  */
} stretch;

/* What a task of WIDE draws has. */
typedef struct share {
    double *dense;  /* WIDE of m4   estimates of a draw together  */
    double *sparse; /* m of WIDE    draws of an estimate together */
    double *row;    /* HELD of m4                                 */
    double *table;  /* HELD/FOUR of SIGNS of m4                   */
} share;

typedef struct job {
    const rl_walk *w;
    const rl_boot_plan *plan;
    size_t m4;          /* m, and up to three more that are 0         */
    rl_walk_room *room; /* most / ROOMS                               */
    stretch s;
    share *share; /* tasks                                      */
} job;

static void take_clusters(size_t block, void *arg)
{
    job *p = arg;
    stretch *s = &p->s;
    size_t m = p->w->m, to = (block + 1) * ROOMS < s->n ? (block + 1) * ROOMS : s->n;
    rl_walk_room *r = &p->room[block];
    for (size_t c = block * ROOMS; c < to; c++) {
        rl_walk_take(p->w, s->from + c, r);
        s->touched[c] = r->n;
        memcpy(s->at + c * m, r->at, r->n * sizeof *r->at);
        memcpy(s->sum + c * m, r->sum, r->n * sizeof *r->sum);
    }
}

/* A few estimates, one cluster. */
RL_CLONES static void add_few(const int32_t *at, const double *sum, size_t n, const double *v, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double s = sum[i], *o = out + (size_t)at[i] * WIDE;
        for (size_t d = 0; d < WIDE; d++) o[d] += s * v[d];
    }
}

/* --- all estimates, HELD clusters ------------------------------------------------- */

/* Sums over four clusters of point * sum, for each of the 16 ways in which their points can fall: a draw then adds one
 * row of the table instead of four products. */
static void make_table(const double *row, const double point[2], size_t m4, double *table)
{
    for (size_t j = 0; j < m4; j++)
        table[j] =
            (point[0] * row[j] + point[0] * row[m4 + j]) + (point[0] * row[2 * m4 + j] + point[0] * row[3 * m4 + j]);
    for (size_t q = 1; q < SIGNS; q++) {
        const double *from = table + (q & (q - 1)) * m4, *own = row + (size_t)__builtin_ctzll(q) * m4;
        for (size_t j = 0; j < m4; j++) table[q * m4 + j] = from[j] + (point[1] - point[0]) * own[j];
    }
}

/* out (m4) += a row of each of the four tables */
RL_CLONES static void add_rows(const double *table, const uint16_t *signs, size_t m4, double *out)
{
    const double *t1 = table + SIGNS * m4, *t2 = t1 + SIGNS * m4, *t3 = t2 + SIGNS * m4;
    for (size_t d = 0; d < WIDE; d++, out += m4) {
        unsigned s = signs[d];
        const double *a = table + (s & 15) * m4, *b = t1 + (s >> 4 & 15) * m4, *c = t2 + (s >> 8 & 15) * m4,
                     *e = t3 + (s >> 12) * m4;
        for (size_t j = 0; j < m4; j += 4)
            RL_FOUR(out + j) += (RL_FOUR_OF(a + j) + RL_FOUR_OF(b + j)) + (RL_FOUR_OF(c + j) + RL_FOUR_OF(e + j));
    }
}

/* Bits of HELD clusters by draw. */
static void by_draw(const uint64_t bits[HELD], uint16_t *signs)
{
    for (size_t d = 0; d < TILE; d++) {
        unsigned s = 0;
        for (unsigned c = 0; c < HELD; c++) s |= (unsigned)(bits[c] >> d & 1) << c;
        signs[d] = (uint16_t)s;
    }
}

static void add_held(const job *p, size_t task, const size_t *cluster, size_t held)
{
    const share *h = &p->share[task];
    uint16_t signs[WIDE];
    double point[2];
    rl_boot_points(p->plan->kind, point);
    memset(h->row + held * p->m4, 0, (HELD - held) * p->m4 * sizeof *h->row);
    for (size_t q = 0; q < HELD / FOUR; q++)
        make_table(h->row + q * FOUR * p->m4, point, p->m4, h->table + q * SIGNS * p->m4);
    for (size_t k = 0; k < TILES; k++) {
        uint64_t bits[HELD] = {0};
        for (size_t c = 0; c < held; c++) bits[c] = rl_boot_bits(p->plan, cluster[c], task * TILES + k);
        by_draw(bits, signs + k * TILE);
    }
    add_rows(h->table, signs, p->m4, h->dense);
}

/* WIDE draws of a stretch: clusters that touch most estimates many at a time, the others one by one. */
static void draw_task(size_t task, void *arg)
{
    job *p = arg;
    const stretch *s = &p->s;
    const share *h = &p->share[task];
    size_t m = p->w->m, held = 0, cluster[HELD];
    bool two = rl_boot_two_points(p->plan->kind);
    double v[WIDE];
    for (size_t c = 0; c < s->n; c++) {
        size_t n = s->touched[c];
        const int32_t *at = s->at + c * m;
        const double *sum = s->sum + c * m;
        if (n == 0) continue;
        if (!two || 4 * n < m) {
            for (size_t k = 0; k < TILES; k++) rl_boot_tile(p->plan, s->from + c, task * TILES + k, v + k * TILE);
            add_few(at, sum, n, v, h->sparse);
            continue;
        }
        double *row = h->row + held * p->m4;
        memset(row, 0, p->m4 * sizeof *row);
        for (size_t i = 0; i < n; i++) row[at[i]] = sum[i];
        cluster[held] = s->from + c;
        if (++held < HELD) continue;
        add_held(p, task, cluster, held);
        held = 0;
    }
    if (held > 0) add_held(p, task, cluster, held);
}

/* --- the draws ------------------------------------------------------------------- */

static const uint64_t *keys(const rl_groups *g, size_t G, rl_ctx *cx)
{
    uint64_t *k = RL_NEW(cx->tmp, uint64_t, G);
    for (size_t i = 0; i < G; i++) k[i] = g != NULL ? rl_hash64(g->label[i], strlen(g->label[i])) : i + 1;
    return k;
}

static void rooms(job *p, size_t tasks, rl_ctx *cx)
{
    size_t m = p->w->m, most = MOST_SUMS / m;
    stretch *s = &p->s;
    s->most = most < LEAST ? LEAST : most > MOST ? MOST : most;
    if (s->most > p->w->G) s->most = p->w->G;
    s->touched = RL_NEW(cx->tmp, size_t, s->most);
    s->at = RL_NEW(cx->tmp, int32_t, s->most * m);
    s->sum = RL_NEW(cx->tmp, double, s->most *m);
    size_t n = rl_blocks(s->most, ROOMS);
    p->room = RL_NEW(cx->tmp, rl_walk_room, n);
    for (size_t i = 0; i < n; i++) rl_walk_room_new(p->w, &p->room[i], cx);
    p->share = RL_NEW(cx->tmp, share, tasks);
    for (size_t t = 0; t < tasks; t++)
        p->share[t] = (share){
            .dense = RL_NEW(cx->tmp, double, WIDE * p->m4),
            .sparse = RL_NEW(cx->tmp, double, m *WIDE),
            .row = RL_NEW(cx->tmp, double, HELD * p->m4),
            .table = RL_NEW(cx->tmp, double, HELD / FOUR * SIGNS * p->m4),
        };
}

/* Draws of the reported estimates, m-by-N, those of one estimate together. */
static double *draw(const rl_infer_work *w, const rl_walk *walk, const rl_boot_plan *plan, rl_ctx *cx)
{
    size_t tasks = rl_blocks(plan->N, WIDE), base = walk->m, N = plan->N;
    double *b = RL_NEW(cx->tmp, double, w->m *N), root = sqrt(w->factor);
    job p = {.w = walk, .plan = plan, .m4 = (base + 3) / 4 * 4};
    rooms(&p, tasks, cx);
    for (p.s.from = 0; p.s.from < walk->G; p.s.from += p.s.n) {
        p.s.n = walk->G - p.s.from < p.s.most ? walk->G - p.s.from : p.s.most;
        rl_par(rl_blocks(p.s.n, ROOMS), take_clusters, &p, cx);
        rl_par(tasks, draw_task, &p, cx);
    }
    for (size_t j = 0; j < w->m; j++)
        for (size_t q = 0; q < base; q++) {
            double c = *rl_mat_at(&w->C, j, q) * root;
            for (size_t d = 0; d < N && c != 0; d++) {
                const share *h = &p.share[d / WIDE];
                b[j * N + d] += c * (h->dense[d % WIDE * p.m4 + q] + h->sparse[q * WIDE + d % WIDE]);
            }
        }
    return b;
}

/* Only estimates of the method itself, that vary, and are no summary of the others. */
static bool in_band(const rl_infer_work *w, size_t j)
{
    return j < w->f->m && w->se_each[j] > 0 && strcmp(w->label[j].term, "overall") != 0;
}

static void critical(rl_infer_work *w, const double *b, size_t N, rl_ctx *cx)
{
    double *most = RL_NEW(cx->tmp, double, N), single = 0;
    size_t n = 0;
    for (size_t j = 0; j < w->m; j++) {
        if (!in_band(w, j)) continue;
        n++;
        single = fmax(single, rl_t_quantile(0.5 + w->level / 2, rl_infer_freedom(w, j)));
        for (size_t d = 0; d < N; d++) most[d] = fmax(most[d], fabs(b[j * N + d]) / w->se_each[j]);
    }
    w->crit = NAN;
    if (n < 2) return;
    rl_order(most, N);
    w->crit = rl_order_quantile(most, N, w->level);
    if (w->crit < single) {
        rl_remark(cx, "bands", "the uniform band came out narrower than single intervals: those are shown instead");
        w->crit = single;
    }
    if (w->crit >= 7)
        rl_remark(cx, "bands", "the critical value of the uniform band is %.1f: some estimates rest on very few units",
                  w->crit);
}

rl_code rl_infer_multiplier(rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    const rl_design *d = w->d;
    bool clustered = d->vcov.kind == RL_CLUSTER;
    if (w->f->psi == NULL || (!clustered && d->vcov.kind != RL_HC0) || d->vcov.ways > 1) {
        rl_fail(cx, RL_EUSAGE, "--inference bootstrap draws by one cluster variable");
        return rl_hint(cx, "leave --vcov out, or name one column: --cluster COL");
    }
    const rl_groups *g = clustered ? &d->cluster[0] : NULL;
    rl_walk walk = {.m = w->f->m, .G = w->sums.n, .S = w->sums};
    if (w->sums.a == NULL) RL_TRY(rl_walk_make(w->f->psi, g != NULL ? g->code : NULL, g != NULL ? g->G : 0, &walk, cx));
    if (walk.G < 3) { /* influence adds to nought: half of the draws of 2 clusters are 0, the others of one size */
        rl_fail(cx, RL_EDATA, "--inference bootstrap: draws of %zu clusters tell no spread", walk.G);
        return rl_hint(cx, "leave --inference out, or draw by a column with more clusters: --cluster COL");
    }
    size_t reps = req->reps > 0 ? req->reps : DEFAULT_DRAWS;
    rl_boot_plan plan = {
        .kind = req->multiplier, .G = walk.G, .N = reps, .seed = cx->seed, .unit = keys(g, walk.G, cx)};
    double *b = draw(w, &walk, &plan, cx), *sorted = RL_NEW(cx->tmp, double, reps);
    double between = rl_t_quantile(0.75, 0) - rl_t_quantile(0.25, 0);
    w->se_each = RL_NEW(cx->tmp, double, w->m);
    for (size_t j = 0; j < w->m; j++) {
        memcpy(sorted, b + j * reps, reps * sizeof *sorted);
        rl_order(sorted, reps);
        w->se_each[j] = (rl_order_quantile(sorted, reps, 0.75) - rl_order_quantile(sorted, reps, 0.25)) / between;
    }
    critical(w, b, reps, cx);
    for (size_t j = 0; j < w->m; j++) w->se_each[j] = w->se_each[j] > 0 ? w->se_each[j] : NAN;
    w->out->draws = reps;
    w->out->multiplier = req->multiplier == RL_WEBB ? "webb" : req->multiplier == RL_MAMMEN ? "mammen" : "rademacher";
    return RL_OK;
}
