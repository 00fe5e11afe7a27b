/* The influence of rows on averages of imputed effects (model/imputed.h). */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/simd.h"
#include "model/imputed.h"

enum { FEW = 8, MOST_SUMS = 1 << 21 };

/* Some estimates of a part: their directions, coordinate by coordinate. */
typedef struct chunk {
    const rl_imputed_part *part;
    size_t j0, jn;   /* of the part                              */
    size_t from;     /* the first of them among the fit's        */
    double s[FEW];   /* 1 / weight of the rows of an estimate    */
    const double *h; /* K of FEW                                 */
} chunk;

typedef struct imputed {
    rl_psi psi;
    rl_units units;
    size_t n_chunk;
    chunk *chunk;
} imputed;

typedef struct eight {
    double v[FEW];
} eight;

/* What g is made of, but for z: of one unit. */
typedef struct share {
    eight mean, slope;
} share;

/* h'z of a row. */
RL_INLINE void index_of(const chunk *c, size_t i, eight *q)
{
    const rl_baseline *b = c->part->b;
    memset(q, 0, sizeof *q);
    for (size_t f = 0; f < b->n_code; f++) {
        int32_t l = b->code[f][i];
        if (l < 0) continue;
        const double *h = c->h + (b->at[f] + (size_t)l) * FEW;
        for (size_t a = 0; a < FEW; a++) q->v[a] += h[a];
    }
    for (size_t x = 0; x < b->p; x++) {
        const double *h = c->h + (b->x_at + x) * FEW;
        double v = b->x[x][i];
        for (size_t a = 0; a < FEW; a++) q->v[a] += h[a] * v;
    }
}

static double offset_of(const rl_baseline *b, size_t u, size_t i) { return b->Q != NULL ? b->trend[i] - b->mid[u] : 0; }

/* g of a fitted row of unit u is h'z - mean - slope (t - mid). */
static void share_of(const chunk *c, size_t u, share *s)
{
    const rl_imputed_part *p = c->part;
    const rl_baseline *b = p->b;
    bool slopes = b->Q != NULL && b->Q[u] > 0;
    eight q;
    memset(s, 0, sizeof *s);
    if (b->D[u] == 0) return;
    for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
        size_t i = rl_baseline_row(b, k);
        double w = rl_baseline_w(b, i), t = offset_of(b, u, i);
        if (b->fit[i]) {
            index_of(c, i, &q);
            for (size_t a = 0; a < FEW; a++) {
                s->mean.v[a] += w * q.v[a];
                s->slope.v[a] += w * t * q.v[a];
            }
        }
        if (p->of == NULL || p->of[i] < 0) continue;
        size_t j = (size_t)p->of[i] - c->j0;
        if ((size_t)p->of[i] < c->j0 || j >= c->jn) continue;
        s->mean.v[j] -= w * c->s[j];
        s->slope.v[j] -= w * t * c->s[j];
    }
    for (size_t a = 0; a < FEW; a++) {
        s->mean.v[a] /= b->D[u];
        s->slope.v[a] = slopes ? s->slope.v[a] / b->Q[u] : 0;
    }
}

/* The row's influence, or its weight when `weigh`: without residuals. */
RL_INLINE void row_of(const chunk *c, size_t u, size_t i, const share *s, bool weigh, eight *out)
{
    const rl_imputed_part *p = c->part;
    const rl_baseline *b = p->b;
    double w = rl_baseline_w(b, i);
    memset(out, 0, sizeof *out);
    if (b->fit[i]) {
        double we = (p->of != NULL ? -w : w) * (weigh ? 1 : p->u[i]);
        index_of(c, i, out);
        double t = offset_of(b, u, i);
        for (size_t a = 0; a < FEW && s != NULL; a++) out->v[a] -= s->mean.v[a] + s->slope.v[a] * t;
        for (size_t a = 0; a < FEW; a++) out->v[a] *= we;
    }
    if (p->of == NULL || p->of[i] < 0) return;
    size_t j = (size_t)p->of[i] - c->j0;
    if ((size_t)p->of[i] >= c->j0 && j < c->jn) out->v[j] += w * c->s[j] * (weigh ? 1 : p->own[i]);
}

/* --- sums ----------------------------------------------------------------------------------- */

typedef struct job {
    const imputed *all;
    const int32_t *code;
    rl_mat *out;
    double *size; /* G-by-m  sums of absolute values, or NULL */
} job;

/* Have the fitted rows of a unit one code?  Then its effects add nothing: sum w u = sum w u (t - mid) = 0. */
static bool one_code(const rl_baseline *b, size_t u, const int32_t *code)
{
    int32_t first = -2;
    for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
        size_t i = rl_baseline_row(b, k);
        if (!b->fit[i]) continue;
        if (first == -2) first = code[i];
        if (code[i] != first) return false;
    }
    return true;
}

static void put(const chunk *c, const job *p, int32_t g, eight *sum, eight *size)
{
    for (size_t a = 0; a < c->jn && g >= 0; a++) {
        *rl_mat_at(p->out, (size_t)g, c->from + a) += sum->v[a];
        if (p->size != NULL) p->size[(size_t)g + (c->from + a) * p->out->n] += size->v[a];
    }
    memset(sum, 0, sizeof *sum);
    memset(size, 0, sizeof *size);
}

/* Sums that are 0 but for rounding: many are by construction, of a cluster that has a cell to itself say, and an error
 * made of nothing else would be no error. */
static void clean(const chunk *c, const job *p)
{
    for (size_t a = 0; a < c->jn; a++)
        for (size_t g = 0; g < p->out->n; g++) {
            double *v = rl_mat_at(p->out, g, c->from + a);
            if (fabs(*v) <= 1e-13 * p->size[g + (c->from + a) * p->out->n]) *v = 0;
        }
}

/* All rows, some estimates. */
RL_CLONES static void sum_chunk(size_t at, void *arg)
{
    job *p = arg;
    const chunk *c = &p->all->chunk[at];
    const rl_baseline *b = c->part->b;
    for (size_t j = 0; j < c->jn; j++) memset(rl_mat_col(p->out, c->from + j), 0, p->out->n * sizeof(double));
    for (size_t u = 0; u < b->U; u++) {
        share s;
        eight row, sum = {{0}}, size = {{0}};
        int32_t g = -1;
        bool plain = p->code != NULL && one_code(b, u, p->code);
        if (!plain) share_of(c, u, &s);
        for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
            size_t i = rl_baseline_row(b, k);
            int32_t now = p->code != NULL ? p->code[i] : (int32_t)i;
            row_of(c, u, i, plain ? NULL : &s, false, &row);
            if (now != g) put(c, p, g, &sum, &size);
            g = now;
            for (size_t a = 0; a < FEW; a++) sum.v[a] += row.v[a];
            for (size_t a = 0; a < FEW; a++) size.v[a] += fabs(row.v[a]);
        }
        put(c, p, g, &sum, &size);
    }
    if (p->size != NULL) clean(c, p);
}

static rl_code sum_by(const rl_psi *psi, const int32_t *code, size_t G, rl_mat *out, rl_ctx *cx)
{
    job p = {psi->self, code, out, code != NULL ? RL_NEW(cx->tmp, double, G * psi->m) : NULL};
    rl_par(p.all->n_chunk, sum_chunk, &p, cx);
    if (p.size != NULL) rl_release(cx->tmp, p.size);
    return RL_OK;
}

static void rows_of(const chunk *c, size_t from, size_t count, bool weigh, double *out, size_t ld)
{
    const rl_baseline *b = c->part->b;
    size_t last = SIZE_MAX;
    share s;
    eight row;
    for (size_t i = from; i < from + count; i++) {
        size_t u = (size_t)b->unit[i];
        if (u != last) share_of(c, u, &s);
        last = u;
        row_of(c, u, i, &s, weigh, &row);
        for (size_t a = 0; a < c->jn; a++) out[(c->from + a) * ld + i - from] = row.v[a];
    }
}

static void rows(const rl_psi *psi, size_t from, size_t count, double *out, size_t ld)
{
    const imputed *all = psi->self;
    for (size_t k = 0; k < all->n_chunk; k++) rows_of(&all->chunk[k], from, count, false, out, ld);
}

/* Weights of the rows in estimate j. */
static void weights(const void *self, size_t j, double *out)
{
    const imputed *all = self;
    for (size_t k = 0; k < all->n_chunk; k++) {
        chunk c = all->chunk[k];
        if (j < c.from || j >= c.from + c.jn) continue;
        const rl_baseline *b = c.part->b;
        for (size_t u = 0; u < b->U; u++) {
            share s;
            eight row;
            share_of(&c, u, &s);
            for (size_t r = b->start[u]; r < b->start[u + 1]; r++) {
                size_t i = rl_baseline_row(b, r);
                row_of(&c, u, i, &s, true, &row);
                out[i] = row.v[j - c.from];
            }
        }
    }
}

/* All estimates, one unit whose rows are in one cluster: what its effects add is 0. */
RL_CLONES static size_t of_unit(const void *self, size_t u, int32_t *at, double *value)
{
    const imputed *all = self;
    for (size_t k = 0; k < all->n_chunk; k++) {
        const chunk *c = &all->chunk[k];
        const rl_baseline *b = c->part->b;
        eight row, sum = {{0}}, size = {{0}};
        for (size_t r = b->start[u]; r < b->start[u + 1]; r++) {
            row_of(c, u, rl_baseline_row(b, r), NULL, false, &row);
            for (size_t a = 0; a < FEW; a++) sum.v[a] += row.v[a];
            for (size_t a = 0; a < FEW; a++) size.v[a] += fabs(row.v[a]);
        }
        for (size_t a = 0; a < c->jn; a++) {
            at[c->from + a] = (int32_t)(c->from + a);
            value[c->from + a] = fabs(sum.v[a]) <= 1e-13 * size.v[a] ? 0 : sum.v[a];
        }
    }
    return all->psi.m;
}

/* Clusters by many estimates are not held either: units in one cluster each are walked. */
static const rl_units *walked(const rl_design *d, const rl_baseline *b, imputed *p, rl_ctx *cx)
{
    size_t m = p->psi.m;
    if (d->vcov.kind != RL_CLUSTER || d->vcov.ways != 1 || d->cluster[0].G * m <= MOST_SUMS) return NULL;
    if (!rl_nested(b->unit, b->U, d->cluster[0].code, d->n, cx)) return NULL;
    uint32_t *row = RL_NEW(cx->tmp, uint32_t, b->U);
    for (size_t u = 0; u < b->U; u++) row[u] = (uint32_t)rl_baseline_row(b, b->start[u]);
    p->units = (rl_units){.N = b->U, .row = row, .most = m, .of = of_unit, .self = p};
    return &p->units;
}

/* --- making it --------------------------------------------------------------------------------- */

static void make_chunks(const rl_imputed_part *p, size_t from, chunk *c, rl_ctx *cx)
{
    size_t K = p->b->K, m = p->m;
    double *h = RL_NEW(cx->tmp, double, K *m), *s = RL_NEW(cx->tmp, double, m);
    for (size_t j = 0; j < m && p->of != NULL; j++) s[j] = 1 / p->W[j];
    if (p->of != NULL)
        rl_baseline_dual(p->b, p->of, s, m, h, cx);
    else
        rl_baseline_own(p->b, p->first, m, h, cx);
    for (size_t j0 = 0; j0 < m; j0 += FEW, c++) {
        size_t jn = m - j0 < FEW ? m - j0 : FEW;
        double *own = RL_NEW(cx->tmp, double, K *FEW);
        *c = (chunk){.part = p, .j0 = j0, .jn = jn, .from = from + j0, .h = own};
        for (size_t k = 0; k < K; k++)
            for (size_t a = 0; a < jn; a++) own[k * FEW + a] = h[k * m + j0 + a];
        for (size_t a = 0; a < jn; a++) c->s[a] = s[j0 + a];
    }
}

void rl_imputed_psi(const rl_design *d, const rl_imputed_part *part, size_t n, rl_fit *f, rl_ctx *cx)
{
    imputed *p = RL_NEW(cx->tmp, imputed, 1);
    rl_imputed_part *mine = RL_NEW(cx->tmp, rl_imputed_part, n);
    size_t from = 0;
    memcpy(mine, part, n * sizeof *mine);
    for (size_t i = 0; i < n; i++) p->n_chunk += rl_blocks(part[i].m, FEW);
    p->chunk = RL_NEW(cx->tmp, chunk, p->n_chunk);
    p->n_chunk = 0;
    for (size_t i = 0; i < n; i++) {
        make_chunks(&mine[i], from, p->chunk + p->n_chunk, cx);
        p->n_chunk += rl_blocks(part[i].m, FEW);
        from += part[i].m;
    }
    p->psi = (rl_psi){.n = d->n, .m = f->m, .sum_by = sum_by, .rows = rows, .self = p, .has_time = true};
    p->psi.units = walked(d, part[0].b, p, cx);
    f->psi = &p->psi;
    f->omega = weights;
    f->omega_self = p;
}
