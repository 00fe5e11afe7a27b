#include "model/wild_sums.h"

#include <string.h>

#include "base/par.h"

enum { BLOCKS = 16, MOST_DENSE = 4096, MOST_E = 64 };

/* --- cells ---------------------------------------------------------------------------- */

const rl_groups *rl_wild_drawn(const rl_design *d) { return d->vcov.draw_by != NULL ? &d->drawn : &d->cluster[0]; }

void rl_wild_cells(const rl_design *d, rl_cells *cells, size_t *units, const int32_t **code, rl_ctx *cx)
{
    const rl_groups *a = &d->cluster[0], *b = rl_wild_drawn(d);
    *units = b->G;
    *cells = (rl_cells){.n = a->G, .H = a->G};
    *code = a->code;
    if (a == b) return;
    rl_groups one = *a, two = *b, both;
    one.label = two.label = NULL;
    rl_groups_join(&one, &two, d->n, &both, cx->tmp, cx);
    int32_t *cluster = RL_NEW(cx->tmp, int32_t, both.G), *unit = RL_NEW(cx->tmp, int32_t, both.G);
    for (size_t i = 0; i < d->n; i++) {
        cluster[both.code[i]] = a->code[i];
        unit[both.code[i]] = b->code[i];
    }
    *cells = (rl_cells){both.G, a->G, cluster, unit};
    *code = both.code;
}

/* --- sums ----------------------------------------------------------------------------- */

typedef struct job {
    rl_wild_sums *s;
    const int32_t *code; /* n   cell of a row                   */
    double **part;       /* blocks of the same, first one S     */
    size_t each;         /* rows a block                        */
} job;

static void sum_rows(size_t block, void *arg)
{
    const job *j = arg;
    const rl_wild_sums *s = j->s;
    const rl_core *c = s->c;
    size_t from = block * j->each, to = from + j->each, dense = s->q + s->k, skip = s->full ? 0 : s->q;
    double z[MOST_DENSE + MOST_E];
    if (to > s->d->n) to = s->d->n;
    for (size_t i = from; i < to; i++) {
        double *S = j->part[block] + (size_t)j->code[i] * s->columns * s->K, w = c->w ? c->w[i] : 1;
        for (size_t a = 0; a < s->q; a++) z[a] = *rl_mat_at(&s->h.D, i, a);
        rl_cols_whole_row(&c->X, i, z + s->q);
        for (size_t a = 0; a < s->n_e; a++) z[dense + a] = s->e[a][i];
        size_t level = s->n_F > 0 ? (size_t)s->h.F[i] : 0;
        if (s->n_F > 0 && s->full) {
            double *o = S + level * s->K;
            o[level] += w;
            for (size_t r = 0; r < dense; r++) o[s->n_F + r] += w * z[r];
        }
        S += s->full ? s->n_F * s->K : 0;
        for (size_t a = skip; a < dense + s->n_e; a++, S += s->K) {
            double wz = w * z[a], *o = S + s->n_F;
            if (s->n_F > 0) S[level] += wz;
            for (size_t r = 0; r < dense; r++) o[r] += wz * z[r];
        }
    }
}

static rl_code take_sums(job *j, rl_ctx *cx)
{
    rl_wild_sums *s = j->s;
    double size = (double)s->cells.n * (double)s->K * (double)s->columns;
    if (size > 2e8 || s->q + s->k > MOST_DENSE || s->n_e > MOST_E) {
        rl_fail(cx, RL_EDATA, "the wild bootstrap needs the sums of %zu columns in %zu clusters, which is too many",
                s->K, s->cells.n);
        return rl_hint(cx, "use cluster, or cluster at a level that the effects are nested in");
    }
    size_t blocks = (size_t)(3e7 / size), total = s->cells.n * s->K * s->columns;
    blocks = blocks < 1 ? 1 : blocks > BLOCKS ? BLOCKS : blocks;
    j->each = rl_blocks(s->d->n, blocks);
    blocks = rl_blocks(s->d->n, j->each);
    j->part = RL_NEW(cx->tmp, double *, blocks);
    for (size_t b = 0; b < blocks; b++) j->part[b] = RL_NEW(cx->tmp, double, total);
    rl_par(blocks, sum_rows, j, cx);
    s->S = j->part[0];
    for (size_t b = 1; b < blocks; b++) {
        for (size_t i = 0; i < total; i++) s->S[i] += j->part[b][i];
        rl_release(cx->tmp, j->part[b]);
    }
    return RL_OK;
}

/* Levels within one cluster or one unit drawn for take nothing out of its sums. */
static bool nested(const rl_wild_sums *s, rl_ctx *cx)
{
    const rl_design *d = s->d;
    return s->h.nested ||
           (!s->full && d->vcov.draw_by != NULL && rl_nested(s->h.F, s->h.levels, rl_wild_drawn(d)->code, d->n, cx));
}

rl_code rl_wild_take(rl_wild_sums *s, rl_ctx *cx)
{
    job j = {.s = s};
    rl_wild_cells(s->d, &s->cells, &s->units, &j.code, cx);
    RL_TRY(rl_hat_make(s->d, s->c, "wild", false, &s->h, cx));
    s->n_F = s->h.F != NULL && !nested(s, cx) ? s->h.levels : 0;
    s->q = s->h.D.k;
    s->k = s->c->X.k;
    s->K = s->n_F + s->q + s->k;
    s->columns = (s->full ? s->K : s->k) + s->n_e;
    s->W = RL_NEW(cx->tmp, double, s->n_F);
    for (size_t i = 0; i < s->d->n && s->n_F > 0; i++) s->W[s->h.F[i]] += s->c->w != NULL ? s->c->w[i] : 1;
    s->MD = rl_mat_new(s->q, s->q, cx->tmp);
    for (size_t a = 0; a < s->q; a++)
        for (size_t b = 0; b < s->q; b++)
            for (size_t r = a > b ? a : b; r < s->q; r++)
                *rl_mat_at(&s->MD, a, b) += *rl_mat_at(&s->h.RD, a, r) * *rl_mat_at(&s->h.RD, b, r);
    return take_sums(&j, cx);
}

void rl_wild_inverse(const rl_wild_sums *s, const double *x, double *y)
{
    for (size_t l = 0; l < s->n_F; l++) y[l] = x[l] / s->W[l];
    for (size_t part = 0; part < 2; part++) {
        const rl_mat *M = part == 0 ? &s->MD : &s->c->A;
        size_t at = s->n_F + (part == 0 ? 0 : s->q);
        for (size_t a = 0; a < M->k; a++) {
            double sum = 0;
            for (size_t b = 0; b < M->k; b++) sum += *rl_mat_at(M, a, b) * x[at + b];
            y[at + a] = sum;
        }
    }
}
