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
 * Source: Callaway & Sant'Anna (2021), algorithm 1; Chernozhukov, Chetverikov & Kato (2013).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "base/simd.h"
#include "model/infer_units.h"
#include "model/infer_work.h"
#include "num/dist.h"

enum { TILE = RL_BOOT_TILE, TILES = 4, WIDE = TILE * TILES, DEFAULT_DRAWS = 1000, HELD = 4 };

typedef struct job {
    const rl_walk *w;
    const rl_boot_plan *plan;
    rl_walk_room *room; /* a task                                  */
    double *panel;      /* a task: HELD-by-m                       */
    double *out;        /* a task: m-by-WIDE, draws together       */
} job;

/* out[j] += sum of four clusters' s_j v */
RL_CLONES static void add_four(const double *panel, double v[HELD][WIDE], size_t m, double *out)
{
    for (size_t j = 0; j < m; j++) {
        double a = panel[j], b = panel[m + j], c = panel[2 * m + j], e = panel[3 * m + j], *o = out + j * WIDE;
        for (size_t d = 0; d < WIDE; d++) o[d] += (a * v[0][d] + b * v[1][d]) + (c * v[2][d] + e * v[3][d]);
    }
}

RL_CLONES static void add_one(const rl_walk_room *r, const double *v, double *out)
{
    for (size_t i = 0; i < r->n; i++) {
        double s = r->sum[i], *o = out + (size_t)r->at[i] * WIDE;
        for (size_t d = 0; d < WIDE; d++) o[d] += s * v[d];
    }
}

/* WIDE draws: clusters that touch most estimates four at a time, the others one by one. */
static void draw_task(size_t task, void *arg)
{
    job *p = arg;
    const rl_walk *w = p->w;
    size_t m = w->m, held = 0;
    double *out = p->out + task * m * WIDE, *panel = p->panel + task * HELD * m, v[HELD][WIDE];
    rl_walk_room *r = &p->room[task];
    for (size_t g = 0; g < w->G; g++) {
        rl_walk_take(w, g, r);
        if (r->n == 0) continue;
        for (size_t k = 0; k < TILES; k++) rl_boot_tile(p->plan, g, task * TILES + k, v[held] + k * TILE);
        if (4 * r->n < m) {
            add_one(r, v[held], out);
            continue;
        }
        double *row = panel + held * m;
        memset(row, 0, m * sizeof *row);
        for (size_t i = 0; i < r->n; i++) row[r->at[i]] = r->sum[i];
        if (++held < HELD) continue;
        add_four(panel, v, m, out);
        held = 0;
    }
    if (held == 0) return;
    memset(panel + held * m, 0, (HELD - held) * m * sizeof *panel);
    memset(v + held, 0, (HELD - held) * sizeof *v);
    add_four(panel, v, m, out);
}

/* --- the draws ------------------------------------------------------------------- */

static const uint64_t *keys(const rl_groups *g, size_t G, rl_ctx *cx)
{
    uint64_t *k = RL_NEW(cx->tmp, uint64_t, G);
    for (size_t i = 0; i < G; i++) k[i] = g != NULL ? rl_hash64(g->label[i], strlen(g->label[i])) : i + 1;
    return k;
}

/* Draws of the reported estimates, m-by-N, those of one estimate together. */
static double *draw(const rl_infer_work *w, const rl_walk *walk, const rl_boot_plan *plan, rl_ctx *cx)
{
    size_t tasks = rl_blocks(plan->N, WIDE), base = walk->m, N = plan->N;
    job p = {walk, plan, RL_NEW(cx->tmp, rl_walk_room, tasks), RL_NEW(cx->tmp, double, tasks *HELD *base),
             RL_NEW(cx->tmp, double, tasks *base *WIDE)};
    for (size_t t = 0; t < tasks; t++) rl_walk_room_new(walk, &p.room[t], cx);
    rl_par(tasks, draw_task, &p, cx);
    double *b = RL_NEW(cx->tmp, double, w->m *N), root = sqrt(w->factor);
    for (size_t j = 0; j < w->m; j++)
        for (size_t q = 0; q < base; q++) {
            double c = *rl_mat_at(&w->C, j, q) * root;
            if (c == 0) continue;
            for (size_t d = 0; d < N; d++) b[j * N + d] += c * p.out[(d / WIDE) * base * WIDE + q * WIDE + d % WIDE];
        }
    rl_release(cx->tmp, p.out);
    return b;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Of n sorted numbers. */
static double quantile(const double *x, size_t n, double p)
{
    double at = (double)n * p, whole = floor(at + 1e-9);
    size_t i = at - whole > 1e-9 ? (size_t)whole : (size_t)whole - 1;
    return x[whole < 1 ? 0 : i < n ? i : n - 1];
}

/* Only estimates of the method itself, that vary, and are no summary of the others. */
static bool in_band(const rl_infer_work *w, size_t j)
{
    return j < w->f->m && w->se_each[j] > 0 && strcmp(w->label[j].term, "overall") != 0;
}

static void critical(rl_infer_work *w, const double *b, size_t N, rl_ctx *cx)
{
    double *most = RL_NEW(cx->tmp, double, N), z = rl_t_quantile(0.5 + w->level / 2, 0);
    size_t n = 0;
    for (size_t j = 0; j < w->m; j++) {
        if (!in_band(w, j)) continue;
        n++;
        for (size_t d = 0; d < N; d++) most[d] = fmax(most[d], fabs(b[j * N + d]) / w->se_each[j]);
    }
    w->crit = NAN;
    if (n < 2) return;
    qsort(most, N, sizeof *most, by_size);
    w->crit = quantile(most, N, w->level);
    if (w->crit < z) {
        rl_remark(cx, "bands", "the uniform band came out narrower than single intervals: those are shown instead");
        w->crit = z;
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
    rl_walk walk;
    RL_TRY(rl_walk_make(w->f->psi, g != NULL ? g->code : NULL, g != NULL ? g->G : 0, &walk, cx));
    size_t reps = req->reps > 0 ? req->reps : DEFAULT_DRAWS;
    rl_boot_plan plan = {
        .kind = req->multiplier, .G = walk.G, .N = reps, .seed = cx->seed, .unit = keys(g, walk.G, cx)};
    double *b = draw(w, &walk, &plan, cx), *sorted = RL_NEW(cx->tmp, double, reps);
    double between = rl_t_quantile(0.75, 0) - rl_t_quantile(0.25, 0);
    w->se_each = RL_NEW(cx->tmp, double, w->m);
    for (size_t j = 0; j < w->m; j++) {
        memcpy(sorted, b + j * reps, reps * sizeof *sorted);
        qsort(sorted, reps, sizeof *sorted, by_size);
        w->se_each[j] = (quantile(sorted, reps, 0.75) - quantile(sorted, reps, 0.25)) / between;
    }
    critical(w, b, reps, cx);
    for (size_t j = 0; j < w->m; j++) w->se_each[j] = w->se_each[j] > 0 ? w->se_each[j] : NAN;
    w->out->draws = reps;
    w->out->multiplier = req->multiplier == RL_WEBB ? "webb" : req->multiplier == RL_MAMMEN ? "mammen" : "rademacher";
    return RL_OK;
}
