#include "num/supt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "base/rng.h"
#include "num/eig.h"

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

enum { DRAWS = 500 };

typedef struct work {
    size_t n, q;
    const double *T; /* q-by-n  rows of S'G over their length */
    double df;
    uint64_t seed;
    double *most; /* RL_SUPT_DRAWS */
} work;

static void draw(size_t block, void *arg)
{
    const work *w = arg;
    double z[512];
    for (size_t b = block * DRAWS; b < (block + 1) * DRAWS; b++) {
        rl_rng r = rl_rng_for(w->seed, b);
        double most = 0, over = 1;
        for (size_t j = 0; j < w->q; j++) z[j] = rl_normal(&r);
        if (w->df > 0) over = sqrt(2 * rl_gamma(&r, w->df / 2) / w->df);
        for (size_t h = 0; h < w->n; h++) {
            double t = 0;
            for (size_t j = 0; j < w->q; j++) t += w->T[h * w->q + j] * z[j];
            most = fmax(most, fabs(t));
        }
        w->most[b] = most / over;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double rl_supt(const rl_mat *G, const rl_mat *V, double df, double level, double pointwise, uint64_t seed, rl_ctx *cx)
{
    size_t q = G->n, n = 0;
    rl_mat S = rl_mat_new(q, q, cx->tmp);
    double *T = RL_NEW(cx->tmp, double, q * G->k);
    if (q > 512 || !rl_supt_root(V, &S, cx)) return NAN;
    for (size_t h = 0; h < G->k; h++) {
        double *t = T + n * q, v = 0;
        for (size_t j = 0; j < q; j++) {
            t[j] = 0;
            for (size_t i = 0; i < q; i++) t[j] += *rl_mat_at(&S, i, j) * *rl_mat_at(G, i, h);
            v += t[j] * t[j];
        }
        if (!(v > 0)) continue;
        for (size_t j = 0; j < q; j++) t[j] /= sqrt(v);
        n++;
    }
    if (n == 0) return NAN;
    work w = {n, q, T, df, seed, RL_NEW(cx->tmp, double, RL_SUPT_DRAWS)};
    rl_par(RL_SUPT_DRAWS / DRAWS, draw, &w, cx);
    qsort(w.most, RL_SUPT_DRAWS, sizeof *w.most, ascending);
    size_t at = (size_t)ceil(level * RL_SUPT_DRAWS) - 1;
    return fmax(w.most[at], pointwise);
}
