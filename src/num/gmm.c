#include "num/gmm.h"

#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/weight.h"

/* --- the rows of one unit ------------------------------------------------------- */

/* Sums of one block of units, and room for one unit. */
typedef struct part {
    long double *M;             /* q-by-q  lower triangle, rows one after the other    */
    long double *G;             /* q-by-(k+1)  Z'[X y]                                 */
    long double *u;             /* q-by-k      what D is made of                       */
    long double *ze[2], *ex[2]; /* q, k        of the tests of serial correlation      */
    long double *V;             /* k-by-k                                              */
    long double ee[2], e2[2];
    size_t pairs[2];
    /* one unit */
    long double *m, *p; /* q  Z'e;  k  its influence                           */
    uint32_t *hit;      /* columns of Z that occur                             */
    bool *is_hit;
    size_t n_hit;
    /* one row, and the one before */
    uint32_t *col[2];
    double *val[2];
    size_t len[2];
} part;

typedef struct job {
    const rl_gmm *p;
    size_t per; /* units a block */
    part *part;
    const double *e, *e1;
    const long double *v; /* q   W2 g   */
    const rl_mat *C;
} job;

/* The instruments of row r, zeros left aside. */
static size_t list_of(const rl_gmm *p, size_t r, uint32_t *col, double *val)
{
    size_t n = 0, base = p->q - p->n_own;
    for (size_t a = p->z_first[r]; a < p->z_first[r + 1]; a++)
        if (p->z[a] != 0) col[n] = p->z_col[a], val[n++] = p->z[a];
    for (size_t j = 0; j < p->n_own; j++) {
        double x = *rl_mat_at(&p->X, r, p->own[j]);
        if (x != 0) col[n] = (uint32_t)(base + j), val[n++] = x;
    }
    return n;
}

static void units_of(const job *j, size_t block, size_t *from, size_t *to)
{
    *from = block * j->per;
    *to = *from + j->per < j->p->N ? *from + j->per : j->p->N;
}

/* --- Z'HZ and Z'[X y] -------------------------------------------------------------- */

static void add_pair(long double *M, size_t q, uint32_t a, uint32_t b, long double by)
{
    M[a > b ? a * q + b : b * q + a] += by;
}

/* 2 z z' of a row, and - (z z-' + z- z') of it and the row one period before. */
static void add_weights(part *s, size_t q, bool follows)
{
    for (size_t a = 0; a < s->len[0]; a++)
        for (size_t b = 0; b < s->len[0]; b++)
            if (s->col[0][b] <= s->col[0][a])
                s->M[s->col[0][a] * q + s->col[0][b]] += 2 * (long double)s->val[0][a] * s->val[0][b];
    for (size_t a = 0; a < s->len[0] && follows; a++)
        for (size_t b = 0; b < s->len[1]; b++) {
            long double by = (long double)s->val[0][a] * s->val[1][b];
            add_pair(s->M, q, s->col[0][a], s->col[1][b], s->col[0][a] == s->col[1][b] ? -2 * by : -by);
        }
}

static void moments(size_t block, void *arg)
{
    const job *j = arg;
    const rl_gmm *p = j->p;
    part *s = &j->part[block];
    size_t from, to, k = p->X.k;
    units_of(j, block, &from, &to);
    for (size_t i = from; i < to; i++) {
        s->len[1] = 0;
        for (size_t r = p->first[i]; r < p->first[i + 1]; r++) {
            s->len[0] = list_of(p, r, s->col[0], s->val[0]);
            add_weights(s, p->q, r > p->first[i] && p->at[r] == p->at[r - 1] + 1);
            for (size_t c = 0; c <= k; c++) {
                double x = c < k ? *rl_mat_at(&p->X, r, c) : p->y[r];
                for (size_t a = 0; a < s->len[0] && x != 0; a++)
                    s->G[s->col[0][a] + c * p->q] += (long double)s->val[0][a] * x;
            }
            uint32_t *col = s->col[0];
            double *val = s->val[0];
            s->col[0] = s->col[1], s->val[0] = s->val[1];
            s->col[1] = col, s->val[1] = val, s->len[1] = s->len[0];
        }
    }
}

/* --- Z'e by unit ------------------------------------------------------------------- */

/* s->m = Z'e of unit i, and the columns hit, ascending. */
static void unit_moments(const rl_gmm *p, size_t i, const double *e, part *s)
{
    for (size_t h = 0; h < s->n_hit; h++) {
        s->m[s->hit[h]] = 0;
        s->is_hit[s->hit[h]] = false;
    }
    for (size_t r = p->first[i]; r < p->first[i + 1]; r++) {
        size_t n = list_of(p, r, s->col[0], s->val[0]);
        for (size_t a = 0; a < n; a++) {
            s->is_hit[s->col[0][a]] = true;
            s->m[s->col[0][a]] += (long double)s->val[0][a] * e[r];
        }
    }
    s->n_hit = 0;
    for (size_t a = 0; a < p->q; a++)
        if (s->is_hit[a]) s->hit[s->n_hit++] = (uint32_t)a;
}

/* sum m m' */
static void covariance(size_t block, void *arg)
{
    const job *j = arg;
    part *s = &j->part[block];
    size_t from, to, q = j->p->q;
    units_of(j, block, &from, &to);
    for (size_t i = from; i < to; i++) {
        unit_moments(j->p, i, j->e, s);
        for (size_t a = 0; a < s->n_hit; a++) {
            long double *row = s->M + s->hit[a] * q, m = s->m[s->hit[a]];
            for (size_t b = 0; b <= a; b++) row[s->hit[b]] += m * s->m[s->hit[b]];
        }
    }
}

/* u = sum_i (Z'X e'Z v + Z'e (X'Z v)'): minus the derivative of the moments' covariance by b1, times v. */
static void derivative(size_t block, void *arg)
{
    const job *j = arg;
    const rl_gmm *p = j->p;
    part *s = &j->part[block];
    size_t from, to, q = p->q, k = p->X.k;
    units_of(j, block, &from, &to);
    for (size_t i = from; i < to; i++) {
        long double ev = 0, *xv = s->p;
        for (size_t c = 0; c < k; c++) xv[c] = 0;
        for (size_t r = p->first[i]; r < p->first[i + 1]; r++) {
            size_t n = list_of(p, r, s->col[0], s->val[0]);
            long double zv = 0;
            for (size_t a = 0; a < n; a++) zv += s->val[0][a] * j->v[s->col[0][a]];
            ev += j->e[r] * zv;
            for (size_t c = 0; c < k; c++) xv[c] += *rl_mat_at(&p->X, r, c) * zv;
        }
        for (size_t r = p->first[i]; r < p->first[i + 1]; r++) {
            size_t n = list_of(p, r, s->col[0], s->val[0]);
            for (size_t c = 0; c < k; c++) {
                long double by = *rl_mat_at(&p->X, r, c) * ev + j->e[r] * xv[c];
                for (size_t a = 0; a < n; a++) s->u[s->col[0][a] + c * q] += s->val[0][a] * by;
            }
        }
    }
}

/* --- serial correlation ---------------------------------------------------------------- */

/* Row of unit i that is `back` periods before row r, or r. */
static size_t row_before(const rl_gmm *p, size_t i, size_t r, int back)
{
    for (size_t s = r; s-- > p->first[i] && p->at[s] >= p->at[r] - back;)
        if (p->at[s] == p->at[r] - back) return s;
    return r;
}

static void correlations(size_t block, void *arg)
{
    const job *j = arg;
    const rl_gmm *p = j->p;
    part *s = &j->part[block];
    size_t from, to, k = p->X.k;
    units_of(j, block, &from, &to);
    for (size_t i = from; i < to; i++) {
        unit_moments(p, i, j->e, s);
        for (int l = 0; l < 2; l++) {
            long double own = 0;
            for (size_t r = p->first[i]; r < p->first[i + 1]; r++) {
                size_t b = row_before(p, i, r, l + 1);
                if (b == r) continue;
                s->pairs[l]++;
                own += (long double)j->e[r] * j->e[b];
                for (size_t c = 0; c < k; c++) s->ex[l][c] += (long double)j->e[b] * *rl_mat_at(&p->X, r, c);
            }
            s->ee[l] += own;
            s->e2[l] += own * own;
            for (size_t h = 0; h < s->n_hit; h++) s->ze[l][s->hit[h]] += s->m[s->hit[h]] * own;
        }
        if (j->e1 != j->e) unit_moments(p, i, j->e1, s);
        for (size_t c = 0; c < k; c++) {
            s->p[c] = 0;
            for (size_t h = 0; h < s->n_hit; h++) s->p[c] += *rl_mat_at(j->C, c, s->hit[h]) * s->m[s->hit[h]];
        }
        for (size_t c = 0; c < k; c++)
            for (size_t d = 0; d < k; d++) s->V[c * k + d] += s->p[c] * s->p[d];
    }
}

/* --- blocks ------------------------------------------------------------------------------ */

enum { MOST_BLOCKS = 16, WIDE = 500 };

static size_t longest_list(const rl_gmm *p)
{
    size_t most = 0;
    for (size_t r = 0; r < p->n; r++)
        if (p->z_first[r + 1] - p->z_first[r] > most) most = p->z_first[r + 1] - p->z_first[r];
    return most + p->n_own;
}

/* Cut by the number of units and instruments alone. */
static size_t make_parts(const rl_gmm *p, job *j, rl_ctx *cx)
{
    size_t q = p->q, k = p->X.k, list = longest_list(p), most = q > WIDE ? 4 : MOST_BLOCKS;
    j->per = p->N / most + 1 > 16 ? p->N / most + 1 : 16;
    size_t blocks = rl_blocks(p->N, j->per);
    j->part = RL_NEW(cx->tmp, part, blocks);
    for (size_t b = 0; b < blocks; b++) {
        part *s = &j->part[b];
        *s = (part){.M = RL_NEW(cx->tmp, long double, q *q), .G = RL_NEW(cx->tmp, long double, q *(k + 1))};
        s->u = RL_NEW(cx->tmp, long double, q *k);
        s->V = RL_NEW(cx->tmp, long double, k *k);
        s->m = RL_NEW(cx->tmp, long double, q);
        s->p = RL_NEW(cx->tmp, long double, k);
        s->hit = RL_NEW(cx->tmp, uint32_t, q);
        s->is_hit = RL_NEW(cx->tmp, bool, q);
        for (int l = 0; l < 2; l++) {
            s->ze[l] = RL_NEW(cx->tmp, long double, q);
            s->ex[l] = RL_NEW(cx->tmp, long double, k);
            s->col[l] = RL_NEW(cx->tmp, uint32_t, list);
            s->val[l] = RL_NEW(cx->tmp, double, list);
        }
    }
    return blocks;
}

/* v moves over into `to`. */
static void add_to(long double *to, long double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += v[i];
        v[i] = 0;
    }
}

/* All blocks on all threads, then into the first, in order; the others are empty again. */
static void sum_up(job *j, size_t blocks, rl_block_fn *fn, rl_ctx *cx)
{
    size_t q = j->p->q, k = j->p->X.k;
    part *s = j->part;
    rl_par(blocks, fn, j, cx);
    for (size_t b = 1; b < blocks; b++) {
        part *o = &j->part[b];
        add_to(s->M, o->M, q * q);
        add_to(s->G, o->G, q * (k + 1));
        add_to(s->u, o->u, q * k);
        add_to(s->V, o->V, k * k);
        for (int l = 0; l < 2; l++) {
            add_to(s->ze[l], o->ze[l], q);
            add_to(s->ex[l], o->ex[l], k);
            s->ee[l] += o->ee[l];
            s->e2[l] += o->e2[l];
            s->pairs[l] += o->pairs[l];
        }
    }
}

/* --- steps ------------------------------------------------------------------------------------ */

/* One step: b = A G'W Z'y and what goes with it. */
typedef struct step {
    rl_weight W;
    long double *WG; /* q-by-k                                       */
    rl_mat A, C;     /* k-by-k, k-by-q                               */
    double *b, *e;
    bool identified;
} step;

/* b, A = (G'WG)^-1 and C = A G'W, given W. */
static rl_code solve(const rl_gmm *p, const long double *G, step *s, rl_arena *in, rl_ctx *cx)
{
    size_t q = p->q, k = p->X.k;
    long double *K = RL_NEW(cx->tmp, long double, k *k), *x = RL_NEW(cx->tmp, long double, k);
    long double *b = RL_NEW(cx->tmp, long double, k);
    rl_weight inverse;
    s->WG = RL_NEW(cx->tmp, long double, q *k);
    s->A = rl_mat_new(k, k, in);
    s->C = rl_mat_new(k, q, in);
    s->b = RL_NEW(in, double, k);
    for (size_t c = 0; c < k; c++) rl_weight_apply(&s->W, G + c * q, s->WG + c * q, cx);
    for (size_t c = 0; c < k; c++)
        for (size_t d = 0; d <= c; d++)
            for (size_t a = 0; a < q; a++) K[c * k + d] += s->WG[a + c * q] * G[a + d * q];
    RL_TRY(rl_weight_make(K, k, NULL, false, &inverse, cx->tmp, cx));
    s->identified = inverse.rank == k;
    if (!s->identified) return RL_OK;
    for (size_t a = 0; a < q; a++) {
        for (size_t c = 0; c < k; c++) x[c] = s->WG[a + c * q];
        rl_weight_apply(&inverse, x, x, cx);
        for (size_t c = 0; c < k; c++) {
            *rl_mat_at(&s->C, c, a) = (double)x[c];
            b[c] += x[c] * G[a + k * q];
        }
    }
    for (size_t d = 0; d < k; d++) {
        for (size_t c = 0; c < k; c++) x[c] = c == d;
        rl_weight_apply(&inverse, x, x, cx);
        for (size_t c = 0; c < k; c++) *rl_mat_at(&s->A, c, d) = (double)x[c];
        s->b[d] = (double)b[d];
    }
    s->e = RL_NEW(in, double, p->n);
    for (size_t r = 0; r < p->n; r++) {
        long double e = p->y[r];
        for (size_t c = 0; c < k; c++) e -= (long double)*rl_mat_at(&p->X, r, c) * s->b[c];
        s->e[r] = (double)e;
    }
    return RL_OK;
}

/* g = Z'y - G b, and g'W g. */
static double distance(const rl_gmm *p, const long double *G, const step *s, long double *Wg, rl_ctx *cx)
{
    size_t q = p->q, k = p->X.k;
    long double *g = RL_NEW(cx->tmp, long double, q), sum = 0;
    for (size_t a = 0; a < q; a++) {
        g[a] = G[a + k * q];
        for (size_t c = 0; c < k; c++) g[a] -= G[a + c * q] * s->b[c];
    }
    rl_weight_apply(&s->W, g, Wg, cx);
    for (size_t a = 0; a < q; a++) sum += g[a] * Wg[a];
    return (double)sum;
}

/* C2 + D C1, D = C2 u. */
static rl_mat corrected(const rl_gmm *p, const step *one, const step *two, const long double *u, rl_arena *in,
                        rl_ctx *cx)
{
    size_t q = p->q, k = p->X.k;
    rl_mat C = rl_mat_new(k, q, in), D = rl_mat_new(k, k, cx->tmp);
    for (size_t c = 0; c < k; c++)
        for (size_t d = 0; d < k; d++) {
            long double sum = 0;
            for (size_t a = 0; a < q; a++) sum += *rl_mat_at(&two->C, c, a) * u[a + d * q];
            *rl_mat_at(&D, c, d) = (double)sum;
        }
    for (size_t a = 0; a < q; a++)
        for (size_t c = 0; c < k; c++) {
            long double sum = *rl_mat_at(&two->C, c, a);
            for (size_t d = 0; d < k; d++) sum += (long double)*rl_mat_at(&D, c, d) * *rl_mat_at(&one->C, d, a);
            *rl_mat_at(&C, c, a) = (double)sum;
        }
    return C;
}

/* sum_i w'e over its root mean square, w the residuals l periods before: Arellano & Bond's (8) and (9),
 * with the covariance of the estimates as psi has it. */
static double serial(const rl_gmm *p, const part *s, int l, const rl_mat *C)
{
    size_t q = p->q, k = p->X.k;
    long double v = s->e2[l];
    if (s->pairs[l] == 0) return NAN;
    for (size_t c = 0; c < k; c++) {
        long double cross = 0;
        for (size_t a = 0; a < q; a++) cross += *rl_mat_at(C, c, a) * s->ze[l][a];
        v -= 2 * s->ex[l][c] * cross;
        for (size_t d = 0; d < k; d++) v += s->ex[l][c] * s->V[c * k + d] * s->ex[l][d];
    }
    return v > 0 ? (double)(s->ee[l] / sqrtl(v)) : NAN;
}

/* The second step, its distance and W2 g2, and C with the correction. */
static rl_code second(job *j, size_t blocks, const step *one, step *two, rl_gmm_fit *f, rl_arena *in, rl_ctx *cx)
{
    const rl_gmm *p = j->p;
    part *sum = j->part;
    long double *Wg = RL_NEW(cx->tmp, long double, p->q);
    sum->M = RL_NEW(cx->tmp, long double, p->q * p->q); /* the first step keeps its triangle */
    sum_up(j, blocks, covariance, cx);
    RL_TRY(rl_weight_make(sum->M, p->q, one->W.passed, true, &two->W, cx->tmp, cx));
    RL_TRY(solve(p, sum->G, two, in, cx));
    f->moments_rank = two->W.rank;
    f->identified = two->identified;
    if (!f->identified) return RL_OK;
    f->distance = distance(p, sum->G, two, Wg, cx);
    j->v = Wg;
    sum_up(j, blocks, derivative, cx);
    f->C = corrected(p, one, two, sum->u, in, cx);
    return RL_OK;
}

rl_code rl_gmm_solve(const rl_gmm *p, bool two_step, rl_gmm_fit *f, rl_arena *in, rl_ctx *cx)
{
    job j = {.p = p};
    size_t blocks = make_parts(p, &j, cx);
    step one, two;
    *f = (rl_gmm_fit){.m = {NAN, NAN}};
    sum_up(&j, blocks, moments, cx);
    RL_TRY(rl_weight_make(j.part->M, p->q, NULL, false, &one.W, cx->tmp, cx));
    RL_TRY(solve(p, j.part->G, &one, in, cx));
    f->rank = one.W.rank;
    f->identified = one.identified;
    if (!f->identified) return RL_OK;
    j.e = one.e;
    f->C = one.C;
    f->distance = distance(p, j.part->G, &one, RL_NEW(cx->tmp, long double, p->q), cx);
    if (two_step) RL_TRY(second(&j, blocks, &one, &two, f, in, cx));
    if (!f->identified) return RL_OK;
    const step *last = two_step ? &two : &one;
    for (size_t c = 0; c < p->X.k; c++)
        if (!isfinite(last->b[c])) return rl_fail(cx, RL_ENUM, "an estimate is not a finite number");
    f->b = last->b, f->e = last->e, f->e1 = one.e, f->A1 = one.A;
    j.e = last->e, j.e1 = one.e, j.C = &f->C;
    sum_up(&j, blocks, correlations, cx);
    for (int l = 0; l < 2; l++) f->m[l] = serial(p, j.part, l, &last->C);
    return RL_OK;
}

void rl_gmm_psi(const rl_gmm *p, const rl_gmm_fit *f, size_t r, double *psi)
{
    size_t k = p->X.k, base = p->q - p->n_own;
    for (size_t c = 0; c < k; c++) psi[c] = 0;
    for (size_t a = p->z_first[r]; a < p->z_first[r + 1]; a++)
        for (size_t c = 0; c < k; c++) psi[c] += *rl_mat_at(&f->C, c, p->z_col[a]) * p->z[a];
    for (size_t j = 0; j < p->n_own; j++)
        for (size_t c = 0; c < k; c++) psi[c] += *rl_mat_at(&f->C, c, base + j) * *rl_mat_at(&p->X, r, p->own[j]);
    for (size_t c = 0; c < k; c++) psi[c] *= f->e1[r];
}
