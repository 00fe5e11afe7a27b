#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/cr_shared.h"
#include "num/eig.h"
#include "num/order.h"

enum { MOST_VALUES = 3000, MOST_BLOCKS = 64 };

static size_t order_of(const rl_cr_shared *s, size_t g)
{
    size_t n = rl_cr_rows(s, g), c = (s->plain ? 2 : 1) * rl_cr_columns(s, g);
    return n < c ? n : c;
}

/* --- one cluster ----------------------------------------------------------------------- */

/* Workspace of a block, sized for its largest cluster. */
typedef struct bench {
    double *B;         /* n-by-c  [Z R, F] of the cluster, times root w unless plain */
    double *U;         /* n-by-r  orthonormal base (plain, n > 2c)                   */
    double *T;         /* r-by-r                                                     */
    double *v, *work;  /* r                                                          */
    double *a, *w, *e; /* n                                                          */
    double *t;         /* r                                                          */
    double *E, *H;     /* r-by-c  U'B, U'WB; H also c-by-c                           */
    double *z, *x;     /* r                                                          */
    double *all;       /* n-by-m  the a of every estimate, for their cross-products  */
    int32_t *level;    /* n       column of each row's level                         */
} bench;

static size_t bench_size(const rl_cr_shared *s, size_t n, size_t c, size_t r)
{
    return n * c + n * r + r * r + 3 * r + 4 * n + 2 * (r > c ? r : c) * c + 2 * r + (s->cross != NULL ? n * s->m : 0);
}

static bench lay_out(double *s, size_t n, size_t c, size_t r)
{
    bench b;
    size_t big = r > c ? r : c;
    b.B = s, s += n * c;
    b.U = s, s += n * r;
    b.T = s, s += r * r;
    b.v = s, s += r;
    b.work = s, s += r;
    b.t = s, s += r;
    b.a = s, s += n;
    b.w = s, s += n;
    b.e = s, s += n;
    b.level = (int32_t *)(void *)s, s += n;
    b.E = s, s += big * c;
    b.H = s, s += big * c;
    b.z = s, s += r;
    b.x = s, s += r;
    b.all = s;
    return b;
}

/* Columns Z R from column `at` of B on. */
static void times_root(const rl_mat *Z, const rl_mat *R, const uint32_t *row, size_t n, double *B)
{
    for (size_t l = 0; l < Z->k; l++) {
        const double *z = rl_mat_col(Z, l);
        for (size_t j = l; j < Z->k; j++) { /* R is upper triangular */
            double r = *rl_mat_at(R, l, j), *b = B + j * n;
            for (size_t i = 0; i < n && r != 0; i++) b[i] += r * z[row[i]];
        }
    }
}

/* The same, of what stands in a row. */
static void cols_times_root(const rl_cols *X, const rl_mat *R, const uint32_t *row, size_t n, double *B)
{
    for (size_t d = 0; d < X->n_dense; d++) {
        size_t l = X->dense[d];
        for (size_t j = l; j < X->k; j++) {
            double r = *rl_mat_at(R, l, j), *b = B + j * n;
            for (size_t i = 0; i < n && r != 0; i++) b[i] += r * X->x[l][row[i]];
        }
    }
    for (size_t h = 0; h < X->n_hot; h++)
        for (size_t i = 0; i < n; i++) {
            const rl_hot *hot = &X->hot[h];
            int32_t l = hot->col[hot->code[row[i]]];
            double z = hot->z != NULL ? hot->z[row[i]] : 1;
            for (size_t j = l < 0 ? X->k : (size_t)l; j < X->k; j++) B[i + j * n] += *rl_mat_at(R, (size_t)l, j) * z;
        }
}

static void columns(const rl_cr_shared *s, size_t g, bench *b)
{
    const rl_cr *p = s->p;
    const uint32_t *row = s->row + s->start[g];
    size_t n = rl_cr_rows(s, g), kq = s->k + s->q, c = rl_cr_columns(s, g);
    memset(b->B, 0, n * c * sizeof *b->B);
    cols_times_root(&p->X, &p->RX, row, n, b->B);
    times_root(&p->D, &p->RD, row, n, b->B + s->k * n);
    for (size_t i = 0; i < n; i++) {
        b->w[i] = p->w != NULL ? p->w[row[i]] : 1;
        b->e[i] = p->e[row[i]];
    }
    const int32_t *have = rl_cr_levels(s, g); /* ascending */
    for (size_t i = 0; i < n && s->levels[g] > 0; i++) {
        size_t lo = 0, hi = s->levels[g];
        while (hi - lo > 1) {
            size_t mid = (lo + hi) / 2;
            if (have[mid] <= p->F[row[i]])
                lo = mid;
            else
                hi = mid;
        }
        b->level[i] = (int32_t)lo;
        b->B[i + (kq + lo) * n] = 1 / sqrt(s->W[p->F[row[i]]]);
    }
    if (s->plain || p->w == NULL) return;
    for (size_t i = 0; i < n; i++) b->a[i] = sqrt(b->w[i]);
    for (size_t j = 0; j < c; j++)
        for (size_t i = 0; i < n; i++) b->B[i + j * n] *= b->a[i];
}

/* Gram-Schmidt, three passes a column, of [B WB] into U; returns how many. */
static size_t orthonormal(const bench *b, size_t n, size_t c)
{
    size_t r = 0;
    for (size_t j = 0; j < 2 * c; j++) {
        double *u = b->U + r * n, before, left;
        const double *x = b->B + (j < c ? j : j - c) * n;
        for (size_t i = 0; i < n; i++) u[i] = j < c ? x[i] : b->w[i] * x[i];
        before = left = sqrt(rl_cr_dot(u, u, n));
        for (int pass = 0; pass < 3; pass++) {
            for (size_t l = 0; l < r; l++) rl_cr_add(u, -rl_cr_dot(b->U + l * n, u, n), b->U + l * n, n);
            left = sqrt(rl_cr_dot(u, u, n));
        }
        if (!(left > 1e-14 * before)) continue;
        for (size_t i = 0; i < n; i++) u[i] /= left;
        r++;
    }
    return r;
}

/* Element (j, l) of Q on the columns of the cluster: dense on Z, diagonal on F. */
static double squared(const rl_cr_shared *s, const int32_t *have, size_t kq, size_t j, size_t l)
{
    if (j < kq && l < kq) return *rl_mat_at(&s->Q, j, l);
    if (j >= kq && l >= kq) return j == l ? s->QD[have[j - kq]] : 0;
    return j >= kq ? *rl_mat_at(&s->QF, (size_t)have[j - kq], l) : *rl_mat_at(&s->QF, (size_t)have[l - kq], j);
}

/* T = E Q E' - E H' - H E' for E = U'B, H = U'WB (r-by-c). */
static void plain_matrix(const rl_cr_shared *s, size_t g, bench *b, size_t r, size_t c)
{
    size_t kq = s->k + s->q;
    const int32_t *have = rl_cr_levels(s, g);
    memset(b->T, 0, r * r * sizeof *b->T);
    for (size_t j = 0; j < c; j++) {
        const double *e = b->E + j * r, *h = b->H + j * r;
        double *x = b->x; /* column j of E Q - H */
        for (size_t a = 0; a < r; a++) x[a] = -h[a];
        for (size_t l = 0; l < (j < kq ? c : kq); l++) rl_cr_add(x, squared(s, have, kq, l, j), b->E + l * r, r);
        if (j >= kq) rl_cr_add(x, squared(s, have, kq, j, j), e, r);
        for (size_t a = 0; a < r; a++) {
            rl_cr_add(b->T + a * r, e[a], x, r);
            rl_cr_add(b->T + a * r, -h[a], e, r);
        }
    }
}

/* E = U'B and H = U'WB; base 0: U is the unit matrix. */
static void on_base(const bench *b, size_t n, size_t c, size_t r, int base)
{
    for (size_t j = 0; j < c; j++) {
        const double *x = b->B + j * n;
        for (size_t i = 0; i < n; i++) b->a[i] = b->w[i] * x[i];
        if (base == 0) {
            memcpy(b->E + j * n, x, n * sizeof *x);
            memcpy(b->H + j * n, b->a, n * sizeof *x);
            continue;
        }
        for (size_t l = 0; l < r; l++) {
            b->E[l + j * r] = rl_cr_dot(b->U + l * n, x, n);
            b->H[l + j * r] = rl_cr_dot(b->U + l * n, b->a, n);
        }
    }
}

/* Eigenvectors in T and values in v of the cluster's matrix less the identity on a
 * base of the space where it is not 0.  base: 0 the unit vectors, 1 U, 2 B itself. */
static bool decompose(const rl_cr_shared *s, size_t g, bench *b, size_t *r, int *base)
{
    size_t n = rl_cr_rows(s, g), c = rl_cr_columns(s, g);
    *r = order_of(s, g);
    *base = *r == n ? 0 : s->plain ? 1 : 2;
    if (s->plain) {
        if (*base == 1) *r = orthonormal(b, n, c);
        on_base(b, n, c, *r, *base);
        plain_matrix(s, g, b, *r, c);
    } else if (*base == 0) {
        memset(b->T, 0, n * n * sizeof *b->T);
        for (size_t j = 0; j < c; j++)
            for (size_t i = 0; i < n; i++) rl_cr_add(b->T + i * n, -b->B[i + j * n], b->B + j * n, n);
    } else {
        for (size_t j = 0; j < c; j++)
            for (size_t i = 0; i <= j; i++)
                b->T[i + j * c] = b->T[j + i * c] = -rl_cr_dot(b->B + i * n, b->B + j * n, n);
    }
    return rl_eig(b->T, *r, b->v, b->work);
}

/* Each eigenvalue t of the matrix less the identity becomes f(1 + t) - 1, for
 * Woodbury over -t; directions without a root or an inverse: f = 0.  Their place
 * is marked in work. */
static void powers(const rl_cr_shared *s, bench *b, size_t r, int base)
{
    double least = s->p->jackknife ? 1e-10 : 1e-12;
    for (size_t i = 0; i < r; i++) {
        double t = b->v[i], x = 1 + t, f = x > least ? (s->p->jackknife ? 1 / x : 1 / sqrt(x)) : 0;
        b->work[i] = x > least ? 0 : -t;
        if (base != 2)
            b->v[i] = f - 1;
        else if (-t < 1e-7)
            b->v[i] = s->p->jackknife ? 1 - t : 0.5 - 0.375 * t; /* the rest is below 1e-14 */
        else
            b->v[i] = (f - 1) / -t;
    }
}

/* a = x + U V f V'U'x in place; true when x has a part in a direction that is lost. */
static bool adjust(const bench *b, size_t n, size_t r, int base, double *x)
{
    const double *U = base == 1 ? b->U : b->B;
    double size = sqrt(rl_cr_dot(x, x, n)), *c = b->z;
    bool lost = false;
    for (size_t l = 0; l < r; l++) c[l] = base == 0 ? x[l] : rl_cr_dot(U + l * n, x, n);
    for (size_t l = 0; l < r; l++) {
        b->t[l] = rl_cr_dot(b->T + l * r, c, r);
        if (b->work[l] != 0) lost = lost || fabs(b->t[l]) / (base == 2 ? sqrt(b->work[l]) : 1) > 1e-6 * size;
        b->t[l] *= b->v[l];
    }
    memset(c, 0, r * sizeof *c);
    for (size_t l = 0; l < r; l++) rl_cr_add(c, b->t[l], b->T + l * r, r);
    for (size_t l = 0; l < r; l++) {
        if (base == 0)
            x[l] += c[l];
        else
            rl_cr_add(x, c[l], U + l * n, n);
    }
    return lost;
}

/* B'x of the cluster, x times w when asked. */
static void project(const bench *b, size_t n, size_t kq, size_t c, const double *x, double *y)
{
    for (size_t j = 0; j < kq; j++) y[j] = rl_cr_dot(b->B + j * n, x, n);
    memset(y + kq, 0, (c - kq) * sizeof *y);
    for (size_t i = 0; i < n && c > kq; i++) {
        size_t l = kq + (size_t)b->level[i];
        y[l] += b->B[i + l * n] * x[i];
    }
}

/* Cross-products of a_gj with those of the estimates before it. */
static void keep_cross(rl_cr_shared *s, size_t g, size_t j, bench *b, size_t n)
{
    bool root = s->p->w != NULL && !s->plain;
    double *C = s->cross + g * s->m * s->m;
    memcpy(b->all + j * n, b->a, n * sizeof *b->a);
    for (size_t l = 0; l <= j; l++) {
        const double *other = b->all + l * n;
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += b->a[i] * other[i] * (root ? b->w[i] : 1);
        C[j + l * s->m] = C[l + j * s->m] = sum;
    }
}

/* a = X (X'WX)^-1 L_j' on the rows of a cluster. */
static void direction(const rl_cr *p, size_t j, const uint32_t *row, size_t n, double *a)
{
    memset(a, 0, n * sizeof *a);
    for (size_t d = 0; d < p->X.n_dense; d++) {
        size_t l = p->X.dense[d];
        double f = *rl_mat_at(&p->LA, j, l);
        for (size_t i = 0; i < n && f != 0; i++) a[i] += f * p->X.x[l][row[i]];
    }
    for (size_t h = 0; h < p->X.n_hot; h++)
        for (size_t i = 0; i < n; i++) {
            const rl_hot *hot = &p->X.hot[h];
            int32_t l = hot->col[hot->code[row[i]]];
            if (l >= 0) a[i] += *rl_mat_at(&p->LA, j, (size_t)l) * (hot->z != NULL ? hot->z[row[i]] : 1);
        }
}

static void cluster(rl_cr_shared *s, size_t g, bench *b)
{
    const rl_cr *p = s->p;
    const uint32_t *row = s->row + s->start[g];
    size_t n = rl_cr_rows(s, g), c = rl_cr_columns(s, g), r;
    int base;
    columns(s, g, b);
    if (!decompose(s, g, b, &r, &base)) {
        s->failed[g] = 1;
        return;
    }
    powers(s, b, r, base);
    for (size_t j = 0; j < s->m; j++) {
        double *a = b->a, *y = s->y + s->at[g] * s->m + j * c, d = 0, score = 0;
        direction(p, j, row, n, a);
        for (size_t i = 0; i < n && p->w != NULL; i++) a[i] *= s->plain ? b->w[i] : sqrt(b->w[i]);
        if (adjust(b, n, r, base, a)) s->lost[g] = 1;
        for (size_t i = 0; i < n; i++) {
            bool root = p->w != NULL && !s->plain;
            d += a[i] * a[i] * (root ? b->w[i] : 1);
            score += a[i] * b->e[i] * (root ? sqrt(b->w[i]) : 1);
        }
        if (s->cross != NULL) keep_cross(s, g, j, b, n);
        project(b, n, s->k + s->q, c, a, y);
        if (s->v != NULL) {
            for (size_t i = 0; i < n; i++) a[i] *= b->w[i];
            project(b, n, s->k + s->q, c, a, s->v + s->at[g] * s->m + j * c);
        }
        *rl_mat_at(s->S, g, j) = score;
        s->d[g + j * p->G] = d;
    }
}

static void block(size_t at, void *arg)
{
    rl_cr_shared *s = arg;
    size_t n = 0, c = 0, r = 0;
    for (size_t g = s->first[at]; g < s->first[at + 1]; g++) {
        if (rl_cr_rows(s, g) > n) n = rl_cr_rows(s, g);
        if (rl_cr_columns(s, g) > c) c = rl_cr_columns(s, g);
        if (order_of(s, g) > r) r = order_of(s, g);
    }
    bench b = lay_out(s->space[at], n, c, r);
    for (size_t g = s->first[at]; g < s->first[at + 1]; g++) cluster(s, g, &b);
}

/* --- what is the same for all clusters --------------------------------------------------- */

static void rows_by_cluster(rl_cr_shared *s, rl_ctx *cx)
{
    const rl_cr *p = s->p;
    s->start = RL_NEW(cx->tmp, size_t, p->G + 1);
    s->row = RL_NEW(cx->tmp, uint32_t, p->n);
    size_t *next = RL_NEW(cx->tmp, size_t, p->G);
    for (size_t i = 0; i < p->n; i++) s->start[p->code[i] + 1]++;
    for (size_t g = 0; g < p->G; g++) {
        s->start[g + 1] += s->start[g];
        next[g] = s->start[g];
    }
    for (size_t i = 0; i < p->n; i++) s->row[next[p->code[i]]++] = (uint32_t)i;
}

static void levels_by_cluster(rl_cr_shared *s, rl_ctx *cx)
{
    const rl_cr *p = s->p;
    size_t kq = s->k + s->q, n = 0, *seen = RL_NEW(cx->tmp, size_t, p->levels);
    s->levels = RL_NEW(cx->tmp, size_t, p->G);
    s->at = RL_NEW(cx->tmp, size_t, p->G + 1);
    s->level = RL_NEW(cx->tmp, int32_t, p->F != NULL ? p->n : 0);
    s->W = RL_NEW(cx->tmp, double, p->levels);
    for (size_t g = 0; g < p->G; g++) {
        size_t from = n;
        for (size_t r = s->start[g]; r < s->start[g + 1] && p->F != NULL; r++) {
            int32_t l = p->F[s->row[r]];
            if (seen[l] == g + 1) continue;
            seen[l] = g + 1;
            s->level[n++] = l;
        }
        rl_order_int(s->level + from, n - from);
        s->levels[g] = n - from;
        s->at[g + 1] = s->at[g] + kq + s->levels[g];
    }
    for (size_t i = 0; i < p->n && p->F != NULL; i++) s->W[p->F[i]] += p->w != NULL ? p->w[i] : 1;
}

/* Blocks of clusters of about equal rows, by the data alone; their workspace. */
static rl_code share_out(rl_cr_shared *s, size_t *blocks, rl_ctx *cx)
{
    const rl_cr *p = s->p;
    size_t n = 0, c = 0, r = 0;
    for (size_t g = 0; g < p->G; g++) {
        if (rl_cr_rows(s, g) > n) n = rl_cr_rows(s, g);
        if (rl_cr_columns(s, g) > c) c = rl_cr_columns(s, g);
        if (order_of(s, g) > r) r = order_of(s, g);
    }
    double size = (double)n * (double)(c + r) + 3.0 * (double)r * (double)(r + c);
    if (r > MOST_VALUES || size > 4e8) {
        rl_fail(cx, RL_EDATA, "%s needs the eigenvalues of a cluster of %zu rows on %zu columns, which is too large",
                p->jackknife ? "CR3" : "CR2", n, c);
        return rl_hint(cx, "use cluster, or smaller clusters");
    }
    double all = (double)s->m *
                 ((double)s->at[p->G] + (p->F == NULL ? 8.0 * (double)(s->k + s->q) * (double)(s->k + s->q) : 0.0));
    if (all > 4e8) {
        rl_fail(cx, RL_EDATA, "%s needs %.2g sums for %zu estimates on %zu columns in %zu clusters, which is too many",
                p->jackknife ? "CR3" : "CR2", all, s->m, s->k + s->q, p->G);
        return rl_hint(cx, "use cluster, or sweep the factor's levels out behind '|'");
    }
    size_t most = (size_t)(4e7 / size);
    most = most < 2 ? 2 : most > MOST_BLOCKS ? MOST_BLOCKS : most;
    s->first = RL_NEW(cx->tmp, size_t, most + 1);
    s->space = RL_NEW(cx->tmp, double *, most);
    *blocks = 0;
    for (size_t g = 0, rows = 0; g < p->G; g++) {
        rows += rl_cr_rows(s, g);
        if (rows * most < p->n * (*blocks + 1) && g + 1 < p->G) continue;
        s->first[++*blocks] = g + 1;
        if (*blocks == most) s->first[*blocks] = p->G;
        if (*blocks == most) break;
    }
    for (size_t b = 0; b < *blocks; b++) {
        n = c = r = 0;
        for (size_t g = s->first[b]; g < s->first[b + 1]; g++) {
            if (rl_cr_rows(s, g) > n) n = rl_cr_rows(s, g);
            if (rl_cr_columns(s, g) > c) c = rl_cr_columns(s, g);
            if (order_of(s, g) > r) r = order_of(s, g);
        }
        s->space[b] = RL_NEW(cx->tmp, double, bench_size(s, n, c, r));
    }
    return RL_OK;
}

/* Scores, and all that degrees of freedom are made of. */
static rl_code every_cluster(rl_cr_shared *s, size_t *blocks, rl_ctx *cx)
{
    const rl_cr *p = s->p;
    rows_by_cluster(s, cx);
    levels_by_cluster(s, cx);
    RL_TRY(share_out(s, blocks, cx));
    if (p->w != NULL) RL_TRY(rl_cr_squared_weights(s, cx));
    s->y = RL_NEW(cx->tmp, double, s->m * s->at[p->G]);
    if (p->w != NULL) s->v = RL_NEW(cx->tmp, double, s->m * s->at[p->G]);
    s->d = RL_NEW(cx->tmp, double, p->G * s->m);
    s->failed = RL_NEW(cx->tmp, unsigned char, p->G);
    rl_par(*blocks, block, s, cx);
    for (size_t g = 0; g < p->G; g++)
        if (s->failed[g]) return rl_fail(cx, RL_ENUM, "the eigenvalues of cluster %zu do not settle", g + 1);
    return RL_OK;
}

static rl_cr_shared shared_of(const rl_cr *p, rl_mat *S, unsigned char *lost)
{
    return (rl_cr_shared){
        .p = p, .k = p->X.k, .q = p->D.k, .m = p->LA.n, .plain = p->w != NULL && !p->jackknife, .S = S, .lost = lost};
}

/* Degrees of freedom have fourth powers of the estimates' size in them and do not depend on it: each row of LA is
 * multiplied by the power of two that brings sqrt(L A L') near 1. */
static rl_cr near_one(const rl_cr *p, int *power, rl_ctx *cx)
{
    rl_cr out = *p;
    size_t k = p->X.k;
    double *root = RL_NEW(cx->tmp, double, k); /* of A_ll: |LA_jl| is at most sqrt(L A L') times that */
    for (size_t l = 0; l < k; l++)
        for (size_t i = l; i < k; i++) root[l] = hypot(root[l], *rl_mat_at(&p->RX, l, i));
    out.LA = rl_mat_new(p->LA.n, k, cx->tmp);
    for (size_t j = 0; j < p->LA.n; j++) {
        double size = 0;
        for (size_t l = 0; l < k; l++) size = fmax(size, fabs(*rl_mat_at(&p->LA, j, l)) / root[l]);
        frexp(size, &power[j]);
        for (size_t l = 0; l < k; l++) *rl_mat_at(&out.LA, j, l) = ldexp(*rl_mat_at(&p->LA, j, l), -power[j]);
    }
    return out;
}

rl_code rl_cr_scores(const rl_cr *p, rl_mat *S, double *df, unsigned char *lost, rl_ctx *cx)
{
    int *power = RL_NEW(cx->tmp, int, p->LA.n);
    rl_cr q = near_one(p, power, cx);
    rl_cr_shared s = shared_of(&q, S, lost);
    size_t blocks = 0;
    RL_TRY(every_cluster(&s, &blocks, cx));
    rl_cr_degrees(&s, blocks, df, cx);
    for (size_t j = 0; j < p->LA.n; j++)
        for (size_t g = 0; g < p->G; g++) *rl_mat_at(S, g, j) = ldexp(*rl_mat_at(S, g, j), power[j]);
    return RL_OK;
}

rl_code rl_cr_joint(const rl_cr *as_given, double *df, rl_ctx *cx)
{
    rl_cr q = near_one(as_given, RL_NEW(cx->tmp, int, as_given->LA.n), cx), *p = &q;
    rl_mat S = rl_mat_new(p->G, p->LA.n, cx->tmp);
    rl_cr_shared s = shared_of(p, &S, RL_NEW(cx->tmp, unsigned char, p->G));
    size_t blocks = 0;
    double sums = (double)s.m * (double)(s.k + s.q) * (p->w != NULL ? 2 : 1);
    if (p->F == NULL && sums > 6000) {
        rl_fail(cx, RL_EDATA,
                "%s needs the sums of %zu restrictions on %zu columns with each other, which are too many",
                p->jackknife ? "CR3" : "CR2", s.m, s.k + s.q);
        return rl_hint(cx, "test fewer together, or sweep the factor's levels out behind '|'");
    }
    s.cross = RL_NEW(cx->tmp, double, p->G *s.m *s.m);
    RL_TRY(every_cluster(&s, &blocks, cx));
    *df = rl_cr_joint_degrees(&s, blocks, cx);
    return RL_OK;
}
