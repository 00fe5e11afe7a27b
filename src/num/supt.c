#include "num/supt.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/rng.h"
#include "num/eig.h"
#include "num/order.h"

bool rl_supt_root(const rl_mat *V, rl_mat *S, rl_ctx *cx)
{
    size_t q = V->n;
    double *value = RL_NEW(cx->tmp, double, q), *work = RL_NEW(cx->tmp, double, q), *scale = RL_NEW(cx->tmp, double, q);
    for (size_t i = 0; i < q; i++) {
        double v = *rl_mat_at(V, i, i);
        if (!isfinite(v)) return false;
        scale[i] = v > 0 ? sqrt(v) : 0; /* as a correlation: parameters of any unit are resolved alike */
    }
    for (size_t j = 0; j < q; j++)
        for (size_t i = 0; i < q; i++) {
            double s = scale[i] * scale[j];
            *rl_mat_at(S, i, j) = s > 0 ? *rl_mat_at(V, i, j) / s : 0;
        }
    if (!rl_eig(S->a, q, value, work)) return false;
    for (size_t j = 0; j < q; j++)
        for (size_t i = 0; i < q; i++) *rl_mat_at(S, i, j) *= scale[i] * (value[j] > 0 ? sqrt(value[j]) : 0);
    return true;
}

enum { DRAWS = 500, MOST_SETS = 4, MOST_PARAMETERS = 512 };

typedef struct work {
    size_t sets, q, n[MOST_SETS];
    double *T[MOST_SETS]; /* q-by-n  S'g over its length, for each figure */
    double df;
    uint64_t seed;
    double *most; /* RL_SUPT_DRAWS-by-sets */
} work;

static void draw(size_t block, void *arg)
{
    const work *w = arg;
    double z[MOST_PARAMETERS];
    for (size_t b = block * DRAWS; b < (block + 1) * DRAWS; b++) {
        rl_rng r = rl_rng_for(w->seed, b);
        double over = 1;
        for (size_t j = 0; j < w->q; j++) z[j] = rl_normal(&r);
        if (w->df > 0) over = sqrt(2 * rl_gamma(&r, w->df / 2) / w->df);
        for (size_t s = 0; s < w->sets; s++) {
            double most = 0;
            for (size_t h = 0; h < w->n[s]; h++) {
                double t = 0;
                for (size_t j = 0; j < w->q; j++) t += w->T[s][h * w->q + j] * z[j];
                most = fmax(most, fabs(t));
            }
            w->most[s * RL_SUPT_DRAWS + b] = most / over;
        }
    }
}

/* S'g over its length for each column g of G that has one. */
static size_t directions(const rl_mat *G, const rl_mat *S, double *T)
{
    size_t q = G->n, n = 0;
    for (size_t h = 0; h < G->k; h++) {
        double *t = T + n * q, v = 0;
        for (size_t j = 0; j < q; j++) {
            t[j] = 0;
            for (size_t i = 0; i < q; i++) t[j] += *rl_mat_at(S, i, j) * *rl_mat_at(G, i, h);
            v += t[j] * t[j];
        }
        if (!(v > 0)) continue;
        for (size_t j = 0; j < q; j++) t[j] /= sqrt(v);
        n++;
    }
    return n;
}

void rl_supt(const rl_mat *G, size_t n_G, const rl_mat *V, double df, double level, double pointwise, uint64_t seed,
             double *c, rl_ctx *cx)
{
    size_t q = V->n, at = (size_t)ceil(level * RL_SUPT_DRAWS) - 1;
    rl_mat S = rl_mat_new(q, q, cx->tmp);
    work w = {.sets = n_G, .q = q, .df = df, .seed = seed, .most = RL_NEW(cx->tmp, double, n_G *RL_SUPT_DRAWS)};
    assert(n_G <= MOST_SETS);
    for (size_t s = 0; s < n_G; s++) c[s] = NAN;
    if (q > MOST_PARAMETERS || !rl_supt_root(V, &S, cx)) return;
    for (size_t s = 0; s < n_G; s++) {
        w.T[s] = RL_NEW(cx->tmp, double, q *G[s].k);
        w.n[s] = directions(&G[s], &S, w.T[s]);
    }
    rl_par(RL_SUPT_DRAWS / DRAWS, draw, &w, cx);
    for (size_t s = 0; s < n_G; s++) {
        double *most = w.most + s * RL_SUPT_DRAWS;
        rl_order(most, RL_SUPT_DRAWS);
        if (w.n[s] > 0) c[s] = fmax(most[at], pointwise);
    }
}
