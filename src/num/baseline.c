#include "num/baseline.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/par.h"

enum { PASSES = 3, MOST_BLOCKS = 16, ROOM = 1 << 22 };

/* --- rows by unit ----------------------------------------------------------------------- */

static void sort_rows(rl_baseline *b, rl_ctx *cx)
{
    bool sorted = true;
    b->start = RL_NEW(cx->tmp, size_t, b->U + 1);
    for (size_t i = 0; i < b->n; i++) {
        b->start[b->unit[i] + 1]++;
        sorted = sorted && (i == 0 || b->unit[i] >= b->unit[i - 1]);
    }
    for (size_t u = 0; u < b->U; u++) b->start[u + 1] += b->start[u];
    b->row = NULL;
    if (sorted) return;
    b->row = RL_NEW(cx->tmp, uint32_t, b->n);
    size_t *next = RL_NEW(cx->tmp, size_t, b->U);
    memcpy(next, b->start, b->U * sizeof *next);
    for (size_t i = 0; i < b->n; i++) b->row[next[b->unit[i]]++] = (uint32_t)i;
    rl_release(cx->tmp, next);
}

static void weigh_units(rl_baseline *b, rl_ctx *cx)
{
    b->D = RL_NEW(cx->tmp, double, b->U);
    if (b->trend != NULL) {
        b->mid = RL_NEW(cx->tmp, double, b->U);
        b->Q = RL_NEW(cx->tmp, double, b->U);
    }
    for (size_t u = 0; u < b->U; u++) {
        double sum = 0, first = 0;
        bool moves = false;
        for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
            size_t i = rl_baseline_row(b, k);
            if (!b->fit[i]) continue;
            if (b->trend != NULL) {
                if (b->D[u] == 0) first = b->trend[i];
                moves = moves || b->trend[i] != first;
                sum += rl_baseline_w(b, i) * b->trend[i];
            }
            b->D[u] += rl_baseline_w(b, i);
        }
        if (b->trend == NULL || b->D[u] == 0) continue;
        b->mid[u] = moves ? sum / b->D[u] : first;
        for (size_t k = b->start[u]; k < b->start[u + 1] && moves; k++) {
            size_t i = rl_baseline_row(b, k);
            double t = b->trend[i] - b->mid[u];
            if (b->fit[i]) b->Q[u] += rl_baseline_w(b, i) * t * t;
        }
    }
}

/* --- normal equations -------------------------------------------------------------------- */

/* What a unit has to hand: its fitted rows, their columns swept, its sums by level. */
typedef struct bench {
    const rl_baseline *b;
    size_t longest;  /* fitted rows of a unit, at most                    */
    double *x;       /* p of longest                                      */
    double *k1, *k2; /* K   sums of w and of w (t - mid) by level         */
    uint32_t *hit;   /* K   levels met                                    */
    double *raw;     /* K   sum w x^2, not swept                          */
    double *S;       /* K-by-K                                            */
} bench;

static double offset_of(const rl_baseline *b, size_t u, size_t i) { return b->Q != NULL ? b->trend[i] - b->mid[u] : 0; }

/* v (m): less its regression on 1 and the offsets. */
static void sweep_column(const rl_baseline *b, size_t u, const uint32_t *row, size_t m, double *v)
{
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0, moment = 0;
        for (size_t k = 0; k < m; k++) {
            sum += rl_baseline_w(b, row[k]) * v[k];
            moment += rl_baseline_w(b, row[k]) * v[k] * offset_of(b, u, row[k]);
        }
        double mean = sum / b->D[u], slope = b->Q != NULL && b->Q[u] > 0 ? moment / b->Q[u] : 0;
        for (size_t k = 0; k < m; k++) v[k] -= mean + slope * offset_of(b, u, row[k]);
    }
}

static void add_to(bench *p, size_t i, size_t j, double v)
{
    size_t K = p->b->K;
    p->S[i >= j ? i + j * K : j + i * K] += v;
}

static void add_levels(bench *p, size_t u, const uint32_t *row, size_t m)
{
    const rl_baseline *b = p->b;
    size_t hits = 0;
    bool slope = b->Q != NULL && b->Q[u] > 0;
    for (size_t k = 0; k < m; k++) {
        double w = rl_baseline_w(b, row[k]), t = offset_of(b, u, row[k]);
        for (size_t c = 0; c < b->n_code; c++) {
            int32_t g = b->code[c][row[k]];
            if (g < 0) continue;
            size_t at = b->at[c] + (size_t)g;
            if (p->k1[at] == 0) p->hit[hits++] = (uint32_t)at;
            p->k1[at] += w;
            p->k2[at] += w * t;
            for (size_t d = 0; d <= c; d++) {
                int32_t h = b->code[d][row[k]];
                if (h >= 0) add_to(p, at, b->at[d] + (size_t)h, w);
            }
            for (size_t q = 0; q < b->p; q++) add_to(p, at, b->x_at + q, w * p->x[q * p->longest + k]);
        }
    }
    for (size_t x = 0; x < hits; x++)
        for (size_t z = 0; z <= x; z++) {
            size_t i = p->hit[x], j = p->hit[z];
            add_to(p, i, j, -(p->k1[i] * p->k1[j] / b->D[u] + (slope ? p->k2[i] * p->k2[j] / b->Q[u] : 0)));
        }
    for (size_t x = 0; x < hits; x++) p->k1[p->hit[x]] = p->k2[p->hit[x]] = 0;
}

static void add_unit(bench *p, size_t u, uint32_t *row)
{
    const rl_baseline *b = p->b;
    size_t m = 0;
    for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
        size_t i = rl_baseline_row(b, k);
        if (b->fit[i]) row[m++] = (uint32_t)i;
    }
    if (m == 0) return;
    for (size_t q = 0; q < b->p; q++) {
        double *v = p->x + q * p->longest;
        for (size_t k = 0; k < m; k++) {
            v[k] = b->x[q][row[k]];
            p->raw[b->x_at + q] += rl_baseline_w(b, row[k]) * v[k] * v[k];
        }
        sweep_column(b, u, row, m, v);
        for (size_t r = 0; r <= q; r++) {
            double sum = 0;
            for (size_t k = 0; k < m; k++) sum += rl_baseline_w(b, row[k]) * v[k] * p->x[r * p->longest + k];
            add_to(p, b->x_at + q, b->x_at + r, sum);
        }
    }
    add_levels(p, u, row, m);
}

typedef struct blocks {
    const rl_baseline *b;
    size_t n, longest;
    bench *bench; /* n */
    uint32_t **row;
    /* passes over the rows */
    double *e, *r;      /* n; K of n blocks */
    const double *beta; /* K */
    /* dual */
    const int32_t *of;
    const double *s;
    size_t m;
    /* lacks */
    const double *null; /* K */
    double size;
    int32_t which, *why;
} blocks;

static void span(const blocks *p, size_t block, size_t *from, size_t *to)
{
    *from = p->b->U * block / p->n;
    *to = p->b->U * (block + 1) / p->n;
}

static blocks cut(const rl_baseline *b, size_t doubles)
{
    size_t n = ROOM / (doubles + 1) + 1, by_rows = b->n / RL_ROWS_PER_BLOCK + 1;
    if (n > MOST_BLOCKS) n = MOST_BLOCKS;
    if (n > by_rows) n = by_rows;
    return (blocks){.b = b, .n = n};
}

static void add_block(size_t block, void *arg)
{
    blocks *p = arg;
    size_t from, to;
    span(p, block, &from, &to);
    for (size_t u = from; u < to; u++) add_unit(&p->bench[block], u, p->row[block]);
}

static void normal_equations(rl_baseline *b, double *raw, rl_ctx *cx)
{
    size_t K = b->K;
    blocks p = cut(b, K * K);
    for (size_t u = 0; u < b->U; u++)
        if (b->start[u + 1] - b->start[u] > p.longest) p.longest = b->start[u + 1] - b->start[u];
    p.bench = RL_NEW(cx->tmp, bench, p.n);
    p.row = RL_NEW(cx->tmp, uint32_t *, p.n);
    for (size_t i = 0; i < p.n; i++) {
        p.bench[i] = (bench){b,
                             p.longest,
                             RL_NEW(cx->tmp, double, p.longest * b->p),
                             RL_NEW(cx->tmp, double, K),
                             RL_NEW(cx->tmp, double, K),
                             RL_NEW(cx->tmp, uint32_t, K),
                             RL_NEW(cx->tmp, double, K),
                             RL_NEW(cx->tmp, double, K *K)};
        p.row[i] = RL_NEW(cx->tmp, uint32_t, p.longest);
    }
    rl_par(p.n, add_block, &p, cx);
    b->S = p.bench[0].S;
    for (size_t i = 0; i < p.n; i++) {
        for (size_t k = 0; k < K; k++) raw[k] += p.bench[i].raw[k];
        for (size_t k = 0; k < K * K && i > 0; k++) b->S[k] += p.bench[i].S[k];
    }
}

/* Sum of the weights at each level: what its pivot is held against. */
static void level_weights(const rl_baseline *b, double *ref)
{
    for (size_t c = 0; c < b->n_code; c++)
        for (size_t i = 0; i < b->n; i++)
            if (b->fit[i] && b->code[c][i] >= 0) ref[b->at[c] + (size_t)b->code[c][i]] += rl_baseline_w(b, i);
}

/* S = L L', coordinates that depend on earlier ones passed over (their row of L stays, for the null space). */
static void factor(rl_baseline *b, const double *ref)
{
    size_t K = b->K;
    for (size_t j = 0; j < K; j++) {
        double *c = b->S + j * K;
        b->out[j] = !(c[j] > 1e-11 * ref[j]);
        if (b->out[j]) {
            b->n_out++;
            memset(c + j, 0, (K - j) * sizeof *c);
            continue;
        }
        c[j] = sqrt(c[j]);
        for (size_t i = j + 1; i < K; i++) c[i] /= c[j];
        for (size_t k = j + 1; k < K; k++) {
            double l = c[k], *d = b->S + k * K;
            if (l == 0) continue;
            for (size_t i = k; i < K; i++) d[i] -= c[i] * l;
        }
    }
}

rl_code rl_baseline_make(rl_baseline *b, rl_ctx *cx)
{
    size_t last = b->last ? b->n_code - 1 : b->n_code;
    assert(b->n_code <= RL_BASELINE_CODES);
    b->K = 0;
    for (size_t c = 0; c < last; c++) {
        b->at[c] = b->K;
        b->K += b->levels[c];
    }
    b->x_at = b->K;
    b->K += b->p;
    if (b->last) {
        b->at[last] = b->K;
        b->K += b->levels[last];
    }
    if (b->K > RL_BASELINE_MOST) {
        rl_fail(cx, RL_EDATA, "%zu levels of effects and columns beside the units' own effects", b->K);
        return rl_hint(cx, "up to %d can be had: coarser periods (--period) or fewer effects", RL_BASELINE_MOST);
    }
    sort_rows(b, cx);
    weigh_units(b, cx);
    double *ref = RL_NEW(cx->tmp, double, b->K), *raw = RL_NEW(cx->tmp, double, b->K);
    b->out = RL_NEW(cx->tmp, bool, b->K);
    normal_equations(b, raw, cx);
    level_weights(b, ref);
    for (size_t q = 0; q < b->p; q++) {
        size_t k = b->x_at + q;
        double left = b->S[k + k * b->K];
        ref[k] = left > 1e-20 * raw[k] ? left : INFINITY; /* the unit's effect has all of it */
    }
    factor(b, ref);
    return RL_OK;
}

/* --- solving ------------------------------------------------------------------------------- */

/* v (K of m, by coordinate) := S^-1 v. */
static void solve(const rl_baseline *b, double *v, size_t m)
{
    size_t K = b->K;
    for (size_t j = 0; j < K; j++) {
        const double *c = b->S + j * K;
        double *vj = v + j * m;
        for (size_t a = 0; a < m; a++) vj[a] = b->out[j] ? 0 : vj[a] / c[j];
        for (size_t i = j + 1; i < K && !b->out[j]; i++)
            for (size_t a = 0; a < m; a++) v[i * m + a] -= c[i] * vj[a];
    }
    for (size_t j = K; j-- > 0;) {
        const double *c = b->S + j * K;
        double *vj = v + j * m;
        if (b->out[j]) {
            memset(vj, 0, m * sizeof *vj);
            continue;
        }
        for (size_t i = j + 1; i < K; i++)
            for (size_t a = 0; a < m && !b->out[i]; a++) vj[a] -= c[i] * v[i * m + a];
        for (size_t a = 0; a < m; a++) vj[a] /= c[j];
    }
}

static double index_of(const rl_baseline *b, const double *beta, size_t i)
{
    double sum = 0;
    for (size_t c = 0; c < b->n_code; c++)
        if (b->code[c][i] >= 0) sum += beta[b->at[c] + (size_t)b->code[c][i]];
    for (size_t q = 0; q < b->p; q++) sum += beta[b->x_at + q] * b->x[q][i];
    return sum;
}

/* Rows of a unit less their mean and slope over the fitted ones. */
static void sweep_unit(const rl_baseline *b, size_t u, double *e)
{
    double sum = 0, moment = 0;
    if (b->D[u] == 0) return;
    for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
        size_t i = rl_baseline_row(b, k);
        if (!b->fit[i]) continue;
        sum += rl_baseline_w(b, i) * e[i];
        moment += rl_baseline_w(b, i) * e[i] * offset_of(b, u, i);
    }
    double mean = sum / b->D[u], slope = b->Q != NULL && b->Q[u] > 0 ? moment / b->Q[u] : 0;
    for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
        size_t i = rl_baseline_row(b, k);
        e[i] -= mean + slope * offset_of(b, u, i);
    }
}

/* Take z'beta off, sweep, and sum w z e of the fitted rows: z~'e~ = z'e~. */
static void pass_block(size_t block, void *arg)
{
    blocks *p = arg;
    const rl_baseline *b = p->b;
    double *e = p->e, *r = p->r + block * b->K;
    size_t from, to;
    span(p, block, &from, &to);
    for (size_t u = from; u < to; u++) {
        for (size_t k = b->start[u]; k < b->start[u + 1] && p->beta != NULL; k++) {
            size_t i = rl_baseline_row(b, k);
            e[i] -= index_of(b, p->beta, i);
        }
        sweep_unit(b, u, e);
        for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
            size_t i = rl_baseline_row(b, k);
            if (!b->fit[i]) continue;
            double we = rl_baseline_w(b, i) * e[i];
            for (size_t c = 0; c < b->n_code; c++)
                if (b->code[c][i] >= 0) r[b->at[c] + (size_t)b->code[c][i]] += we;
            for (size_t q = 0; q < b->p; q++) r[b->x_at + q] += we * b->x[q][i];
        }
    }
}

void rl_baseline_beyond(const rl_baseline *b, double *e, double *beta, rl_ctx *cx)
{
    blocks p = cut(b, b->K);
    double *step = NULL;
    p.e = e;
    p.r = RL_NEW(cx->tmp, double, p.n * b->K);
    for (int pass = 0; pass <= PASSES; pass++) {
        memset(p.r, 0, p.n * b->K * sizeof *p.r);
        p.beta = step;
        rl_par(p.n, pass_block, &p, cx);
        if (pass == PASSES) break;
        if (step == NULL) step = RL_NEW(cx->tmp, double, b->K);
        memset(step, 0, b->K * sizeof *step);
        for (size_t i = 0; i < p.n; i++)
            for (size_t k = 0; k < b->K; k++) step[k] += p.r[i * b->K + k];
        solve(b, step, 1);
        for (size_t k = 0; k < b->K && beta != NULL; k++) beta[k] = (pass > 0 ? beta[k] : 0) + step[k];
    }
}

/* --- the other way round -------------------------------------------------------------------- */

/* c += w s z~ of the rows of a unit that belong to sum j: their own z, then the unit's share. */
static void dual_unit(const blocks *p, size_t u, double *c, double *A, double *B, uint32_t *hit)
{
    const rl_baseline *b = p->b;
    size_t m = p->m, hits = 0;
    for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
        size_t i = rl_baseline_row(b, k);
        if (p->of[i] < 0) continue;
        size_t j = (size_t)p->of[i];
        double ws = rl_baseline_w(b, i) * p->s[j];
        if (A[j] == 0) hit[hits++] = (uint32_t)j;
        A[j] += ws;
        B[j] += ws * offset_of(b, u, i);
        for (size_t q = 0; q < b->n_code; q++)
            if (b->code[q][i] >= 0) c[(b->at[q] + (size_t)b->code[q][i]) * m + j] += ws;
        for (size_t q = 0; q < b->p; q++) c[(b->x_at + q) * m + j] += ws * b->x[q][i];
    }
    for (size_t k = b->start[u]; k < b->start[u + 1] && hits > 0; k++) {
        size_t i = rl_baseline_row(b, k);
        if (!b->fit[i]) continue;
        double w = rl_baseline_w(b, i), t = offset_of(b, u, i);
        for (size_t x = 0; x < hits; x++) {
            size_t j = hit[x];
            double g = w * (A[j] / b->D[u] + (b->Q != NULL && b->Q[u] > 0 ? B[j] / b->Q[u] * t : 0));
            for (size_t q = 0; q < b->n_code; q++)
                if (b->code[q][i] >= 0) c[(b->at[q] + (size_t)b->code[q][i]) * m + j] -= g;
            for (size_t q = 0; q < b->p; q++) c[(b->x_at + q) * m + j] -= g * b->x[q][i];
        }
    }
    for (size_t x = 0; x < hits; x++) A[hit[x]] = B[hit[x]] = 0;
}

static void dual_block(size_t block, void *arg)
{
    blocks *p = arg;
    size_t from, to, m = p->m;
    double *room = p->r + block * (p->b->K * m + 2 * m);
    span(p, block, &from, &to);
    for (size_t u = from; u < to; u++)
        if (p->b->D[u] > 0) dual_unit(p, u, room + 2 * m, room, room + m, p->row[block]);
}

void rl_baseline_dual(const rl_baseline *b, const int32_t *of, const double *s, size_t m, double *h, rl_ctx *cx)
{
    size_t one = b->K * m + 2 * m;
    blocks p = cut(b, one);
    p.of = of;
    p.s = s;
    p.m = m;
    p.r = RL_NEW(cx->tmp, double, p.n *one);
    p.row = RL_NEW(cx->tmp, uint32_t *, p.n);
    for (size_t i = 0; i < p.n; i++) p.row[i] = RL_NEW(cx->tmp, uint32_t, m);
    rl_par(p.n, dual_block, &p, cx);
    memset(h, 0, b->K * m * sizeof *h);
    for (size_t i = 0; i < p.n; i++)
        for (size_t k = 0; k < b->K * m; k++) h[k] += p.r[i * one + 2 * m + k];
    solve(b, h, m);
}

void rl_baseline_own(const rl_baseline *b, size_t first, size_t m, double *h, rl_ctx *cx)
{
    (void)cx;
    memset(h, 0, b->K * m * sizeof *h);
    for (size_t j = 0; j < m; j++) h[(first + j) * m + j] = 1;
    solve(b, h, m);
}

/* --- rows without a baseline ------------------------------------------------------------------ */

/* The vector with 1 at coordinate d, passed over, on which S is 0. */
static void null_vector(const rl_baseline *b, size_t d, double *v)
{
    size_t K = b->K;
    memset(v, 0, K * sizeof *v);
    v[d] = 1;
    for (size_t k = d; k-- > 0;) {
        if (b->out[k]) continue;
        const double *c = b->S + k * K;
        double sum = -c[d];
        for (size_t i = k + 1; i < d; i++)
            if (!b->out[i]) sum -= c[i] * v[i];
        v[k] = sum / c[k];
    }
}

static void lacks_block(size_t block, void *arg)
{
    blocks *p = arg;
    const rl_baseline *b = p->b;
    size_t from, to;
    span(p, block, &from, &to);
    for (size_t u = from; u < to; u++) {
        double sum = 0, moment = 0;
        if (b->D[u] == 0) continue;
        for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
            size_t i = rl_baseline_row(b, k);
            if (!b->fit[i]) continue;
            double v = rl_baseline_w(b, i) * index_of(b, p->null, i);
            sum += v;
            moment += v * offset_of(b, u, i);
        }
        double mean = sum / b->D[u], slope = b->Q != NULL && b->Q[u] > 0 ? moment / b->Q[u] : 0;
        for (size_t k = b->start[u]; k < b->start[u + 1]; k++) {
            size_t i = rl_baseline_row(b, k);
            if (b->fit[i] || p->why[i] >= 0) continue;
            double left = index_of(b, p->null, i) - mean - slope * offset_of(b, u, i);
            if (!(fabs(left) <= p->size)) p->why[i] = p->which;
        }
    }
}

size_t rl_baseline_lacks(const rl_baseline *b, int32_t *why, rl_ctx *cx)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        size_t u = (size_t)b->unit[i];
        why[i] = -1;
        if (b->fit[i]) continue;
        if (b->D[u] == 0) why[i] = RL_BASELINE_UNIT;
        if (b->D[u] > 0 && b->Q != NULL && b->Q[u] == 0 && b->trend[i] != b->mid[u]) why[i] = RL_BASELINE_SLOPE;
    }
    blocks p = cut(b, 1);
    p.why = why;
    double *v = RL_NEW(cx->tmp, double, b->K);
    p.null = v;
    for (size_t d = 0; d < b->K; d++) {
        if (!b->out[d]) continue;
        double top = 1;
        null_vector(b, d, v);
        if (d >= b->x_at && d < b->x_at + b->p) {
            top = 0;
            for (size_t i = 0; i < b->n; i++)
                if (fabs(b->x[d - b->x_at][i]) > top) top = fabs(b->x[d - b->x_at][i]);
        }
        p.which = (int32_t)d;
        p.size = 1e-6 * top;
        rl_par(p.n, lacks_block, &p, cx);
    }
    for (size_t i = 0; i < b->n; i++) n += why[i] >= 0;
    return n;
}
