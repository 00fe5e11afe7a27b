/* Sums of products of num/cols.h. */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/cols.h"
#include "num/gram.h"

/* What is tiny beside the largest of its column counts as zero, as in num/gram.h. */
static const double TINY = 0x1p-320, TINY_WEIGHT = 0x1p-300;

/* One column of numbers behind the design: a dense column, y, the values of a
 * block, or what rounding took from one of them. */
typedef struct source {
    const double *v;     /* n   NULL = 1, of a block                  */
    const rl_hot *block; /* NULL: dense                               */
    size_t j;            /* column of the result, when dense          */
    int exp;             /* |v| < 2^exp                               */
    bool low;
} source;

typedef struct sums {
    const rl_cols *X;
    const double *w;
    size_t n, k; /* k: columns of the result                   */
    int exp_w, *exp;
    source *s;                    /* dense ones first                            */
    size_t n_dense, n_all, *pair; /* pair: first and second source of each job */
    rl_dd **slot;                 /* a job: sums by level, or by pair of levels  */
    unsigned char *bad;           /* n_all */
} sums;

/* v 2^-e with the tiny flushed. */
static inline double scaled(double v, double a, double b, double tiny)
{
    double x = v * a * b;
    return fabs(x) < tiny ? 0.0 : x;
}

static void find_exponent(size_t at, void *arg)
{
    sums *p = arg;
    source *s = &p->s[at];
    double peak = 0;
    bool fine = true;
    if (s->v == NULL) return; /* ones: 2^0 */
    for (size_t i = 0; i < p->n; i++) {
        double a = fabs(s->v[i]);
        fine = fine && a <= 0x1.fffffffffffffp1023;
        if (a > peak) peak = a;
    }
    p->bad[at] = !fine;
    frexp(peak, &s->exp);
}

/* to += x, both pairs of about 106 bits. */
static inline void gather(rl_dd *to, rl_dd x)
{
    rl_dd s = rl_two_sum(to->hi, x.hi);
    *to = rl_quick_sum(s.hi, s.lo + (to->lo + x.lo));
}

/* Sums by level of a block's values times a dense column, or, of two sources
 * of blocks with the same codes, times the other's; by pairs of levels when
 * the codes differ. */
static void sum_job(size_t at, void *arg)
{
    const sums *p = arg;
    const source *a = &p->s[p->pair[2 * at]], *b = &p->s[p->pair[2 * at + 1]];
    const int32_t *ca = a->block->code, *cb = b->block != NULL && b->block->code != ca ? b->block->code : NULL;
    const double *u = a->v, *v = b->v, *w = p->w;
    double ua = ldexp(1, -(a->exp / 2)), ub = ldexp(1, -(a->exp - a->exp / 2));
    double va = ldexp(1, -(b->exp / 2)), vb = ldexp(1, -(b->exp - b->exp / 2));
    double wa = ldexp(1, -(p->exp_w / 2)), wb = ldexp(1, -(p->exp_w - p->exp_w / 2));
    size_t G = a->block->G;
    rl_dd *slot = p->slot[at];
    for (size_t i = 0; i < p->n; i++) {
        rl_dd x = {1, 0};
        if (u != NULL) x.hi = scaled(u[i], ua, ub, TINY);
        if (v != NULL && u != NULL)
            x = rl_two_mul(x.hi, scaled(v[i], va, vb, TINY));
        else if (v != NULL)
            x.hi = scaled(v[i], va, vb, TINY);
        if (w != NULL) x = rl_dd_mul_d(x, scaled(w[i], wa, wb, TINY_WEIGHT));
        gather(&slot[(size_t)ca[i] + (cb != NULL ? G * (size_t)cb[i] : 0)], x);
    }
}

/* Room for the sums of a job; levels or pairs of them. */
static size_t size_of(const sums *p, size_t at)
{
    const source *a = &p->s[p->pair[2 * at]], *b = &p->s[p->pair[2 * at + 1]];
    bool table = b->block != NULL && b->block->code != a->block->code;
    return a->block->G * (table ? b->block->G : 1);
}

/* The sums of a job belong to columns i and j, scaled by their exponents. */
static void put(const sums *p, rl_dd x, const source *a, const source *b, size_t i, size_t j, rl_dd *G)
{
    int up = a->exp + b->exp - p->exp[i] - p->exp[j];
    rl_dd *to = i < j ? &G[rl_gram_pair(p->k, i, j)] : &G[rl_gram_pair(p->k, j, i)];
    *to = rl_dd_add(*to, (rl_dd){ldexp(x.hi, up), ldexp(x.lo, up)});
}

static void put_job(const sums *p, size_t at, rl_dd *G)
{
    const source *a = &p->s[p->pair[2 * at]], *b = &p->s[p->pair[2 * at + 1]];
    const rl_hot *h = a->block, *g = b->block;
    const rl_dd *slot = p->slot[at];
    if (g == NULL || g->code == h->code) {
        for (size_t l = 0; l < h->G; l++) {
            int32_t i = h->col[l], j = g != NULL ? g->col[l] : (int32_t)b->j;
            if (i < 0 || j < 0) continue;
            put(p, slot[l], a, b, (size_t)i, (size_t)j, G);
            if (a != b && i == j) put(p, slot[l], a, b, (size_t)i, (size_t)j, G); /* z l and l z */
        }
        return;
    }
    for (size_t m = 0; m < g->G; m++)
        for (size_t l = 0; l < h->G && g->col[m] >= 0; l++)
            if (h->col[l] >= 0) put(p, slot[l + h->G * m], a, b, (size_t)h->col[l], (size_t)g->col[m], G);
}

/* The dense columns, y, and their low parts; then the blocks' values and theirs. */
static void list_sources(sums *p, const double *y, const double *y_low, rl_ctx *cx)
{
    const rl_cols *X = p->X;
    size_t most = 2 * (X->n_dense + X->n_hot + 1), n = 0;
    p->s = RL_NEW(cx->tmp, source, most);
    for (size_t d = 0; d < X->n_dense; d++) p->s[n++] = (source){.v = X->x[X->dense[d]], .j = X->dense[d]};
    if (y != NULL) p->s[n++] = (source){.v = y, .j = X->k};
    for (size_t d = 0; d < X->n_dense; d++) {
        size_t j = X->dense[d];
        if (X->low[j] != NULL) p->s[n++] = (source){.v = X->low[j], .j = j, .low = true};
    }
    if (y_low != NULL) p->s[n++] = (source){.v = y_low, .j = X->k, .low = true};
    p->n_dense = n;
    for (size_t b = 0; b < X->n_hot; b++) {
        const rl_hot *h = &X->hot[b];
        p->s[n++] = (source){.v = h->z, .block = h};
        if (h->z_low != NULL) p->s[n++] = (source){.v = h->z_low, .block = h, .low = true};
    }
    p->n_all = n;
}

/* The dense part, by the kernels of num/gram.h. */
static rl_code dense_sums(sums *p, rl_dd *G, rl_ctx *cx)
{
    size_t m = p->n_dense;
    const double **col = RL_NEW(cx->tmp, const double *, m + 1);
    double *bound = p->X->bound != NULL ? RL_NEW(cx->tmp, double, m) : NULL;
    rl_dd *H = RL_NEW(cx->tmp, rl_dd, m * (m + 1) / 2 + 1);
    int *e = RL_NEW(cx->tmp, int, m + 1);
    for (size_t a = 0; a < m; a++) {
        col[a] = p->s[a].v;
        if (bound != NULL && !p->s[a].low) bound[a] = p->X->bound[p->s[a].j];
    }
    RL_TRY(rl_gram_columns(col, bound, p->n, m, p->w, RL_GRAM_BEST, H, e, cx));
    p->exp_w = p->exp[p->k] = e[m];
    for (size_t a = 0; a < m; a++) {
        p->s[a].exp = e[a];
        if (!p->s[a].low) p->exp[p->s[a].j] = e[a];
    }
    for (size_t a = 0; a < m; a++)
        for (size_t b = a; b < m; b++) {
            const source *s = &p->s[a], *t = &p->s[b];
            rl_dd x = H[rl_gram_pair(m, a, b)];
            put(p, x, s, t, s->j, t->j, G);
            if (a != b && s->j == t->j) put(p, x, s, t, s->j, t->j, G); /* x l and l x */
        }
    rl_release(cx->tmp, H);
    return RL_OK;
}

static rl_code block_exponents(sums *p, rl_ctx *cx)
{
    p->bad = RL_NEW(cx->tmp, unsigned char, p->n_all);
    for (size_t a = p->n_dense; a < p->n_all; a++) find_exponent(a, p);
    for (size_t a = p->n_dense; a < p->n_all; a++) {
        const rl_hot *h = p->s[a].block;
        for (size_t l = 0; l < h->G && !p->s[a].low; l++)
            if (h->col[l] >= 0) p->exp[h->col[l]] = p->s[a].exp;
        for (size_t l = 0; l < h->G && p->bad[a]; l++)
            if (h->col[l] >= 0)
                return rl_fail(cx, RL_ENUM, "column %d holds a value that is not finite", h->col[l] + 1);
    }
    return RL_OK;
}

rl_code rl_cols_gram(const rl_cols *X, const double *y, const double *y_low, const double *w, rl_dd *G, int *exp,
                     rl_ctx *cx)
{
    sums p = {.X = X, .w = w, .n = X->n, .k = X->k + (y != NULL), .exp = exp};
    memset(G, 0, p.k * (p.k + 1) / 2 * sizeof *G);
    list_sources(&p, y, y_low, cx);
    RL_TRY(dense_sums(&p, G, cx));
    RL_TRY(block_exponents(&p, cx));
    size_t jobs = 0, blocks = p.n_all - p.n_dense;
    p.pair = RL_NEW(cx->tmp, size_t, 2 * blocks * p.n_all);
    for (size_t a = p.n_dense; a < p.n_all; a++)
        for (size_t b = 0; b <= a; b++) {
            p.pair[2 * jobs] = a;
            p.pair[2 * jobs++ + 1] = b;
        }
    p.slot = RL_NEW(cx->tmp, rl_dd *, jobs);
    for (size_t j = 0; j < jobs; j++) p.slot[j] = RL_NEW(cx->tmp, rl_dd, size_of(&p, j));
    rl_par(jobs, sum_job, &p, cx);
    for (size_t j = jobs; j-- > 0;) {
        put_job(&p, j, G);
        rl_release(cx->tmp, p.slot[j]);
    }
    return RL_OK;
}
