#include "num/ols.h"

#include <assert.h>
#include <math.h>

#include "base/par.h"
#include "num/gram.h"
#include "num/wide.h"

/* A column is dropped when less than this share of its squared norm is left
 * after the columns before it.  A column that was computed from others in
 * double arithmetic leaves rounding errors alone, (2^-53)^2 = 1e-32 of its
 * square, up to 1e-24 or so when large terms cancelled on the way; what was
 * swept out leaves no more.  The hardest regression in
 * the textbooks, Filip's tenth powers, leaves 3e-15. */
static const double DEPENDENT = 1e-20;

rl_code rl_gram(const rl_mat *X, const double *w, rl_mat *hi, rl_mat *lo, rl_ctx *cx)
{
    size_t k = X->k;
    rl_dd *G = RL_NEW(cx->tmp, rl_dd, k * (k + 1) / 2);
    int *e = RL_NEW(cx->tmp, int, k + 1);
    RL_TRY(rl_gram_scaled(X, NULL, w, RL_GRAM_BEST, G, e, cx));
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i; j < k; j++) {
            rl_dd g = G[rl_gram_pair(k, i, j)];
            int up = e[i] + e[j] + e[k];
            *rl_mat_at(hi, i, j) = *rl_mat_at(hi, j, i) = ldexp(g.hi, up);
            *rl_mat_at(lo, i, j) = *rl_mat_at(lo, j, i) = ldexp(g.lo, up);
            if (!isfinite(*rl_mat_at(hi, i, j))) {
                rl_fail(cx, RL_ENUM, "the product of columns %zu and %zu overflows", i + 1, j + 1);
                return rl_hint(cx, "measure them in a larger unit");
            }
        }
    }
    return RL_OK;
}

/* Add 2^up of one product to another. */
static void add_product(rl_dd *to, rl_dd x, int up) { *to = rl_dd_add(*to, (rl_dd){ldexp(x.hi, up), ldexp(x.lo, up)}); }

/* The Gram matrix of [X y] with the low parts of X's columns as columns of
 * their own, put together: (x_i + l_i)'W(x_j + l_j). */
static rl_code gram_with_low(const rl_mat *X, double *const *low, const double *y, const double *w, rl_dd *G, int *exp,
                             rl_ctx *cx)
{
    size_t k = X->k + 1, all = k;
    const double **col = RL_NEW(cx->tmp, const double *, 2 * k + 1);
    size_t *at = RL_NEW(cx->tmp, size_t, k); /* of a column's low part, 0 = none */
    for (size_t j = 0; j < X->k; j++) col[j] = rl_mat_col(X, j);
    col[X->k] = y;
    for (size_t j = 0; j < X->k && low != NULL; j++) {
        if (low[j] == NULL) continue;
        col[all] = low[j];
        at[j] = all++;
    }
    if (all == k) return rl_gram_columns(col, X->n, k, w, RL_GRAM_BEST, G, exp, cx);
    rl_dd *H = RL_NEW(cx->tmp, rl_dd, all * (all + 1) / 2);
    int *e = RL_NEW(cx->tmp, int, all + 1);
    RL_TRY(rl_gram_columns(col, X->n, all, w, RL_GRAM_BEST, H, e, cx));
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i; j < k; j++) {
            rl_dd *g = &G[rl_gram_pair(k, i, j)];
            *g = H[rl_gram_pair(all, i, j)];
            if (at[j]) add_product(g, H[rl_gram_pair(all, i, at[j])], e[at[j]] - e[j]);
            if (at[i]) add_product(g, H[rl_gram_pair(all, j, at[i])], e[at[i]] - e[i]);
            if (at[i] && at[j]) add_product(g, H[rl_gram_pair(all, at[i], at[j])], e[at[i]] - e[i] + e[at[j]] - e[j]);
        }
        exp[i] = e[i];
    }
    exp[k] = e[all];
    return RL_OK;
}

/* The scaled problem in quadruple precision. */
typedef struct normal_eq {
    size_t k;
    const rl_dd *G; /* pairs of [X y], scaled            */
    const int *exp; /* k+2: of X, of y, of the weights   */
    rl_wide *L;     /* k-by-k, row-major, lower: G = LL' */
    bool *dropped;  /* k                                 */
    size_t j;       /* column being eliminated           */
    size_t rows;    /* a block                           */
} normal_eq;

static rl_wide *at(const normal_eq *s, size_t i, size_t j) { return s->L + i * s->k + j; }

/* Rows of block: L_ij = (G_ij - sum_p L_ip L_jp) / L_jj for the column j. */
static void eliminate_rows(size_t block, void *arg)
{
    const normal_eq *s = arg;
    size_t j = s->j, from = j + 1 + block * s->rows, to = from + s->rows < s->k ? from + s->rows : s->k;
    for (size_t i = from; i < to; i++) {
        rl_wide sum = rl_wide_of(s->G[rl_gram_pair(s->k + 1, j, i)]);
        for (size_t p = 0; p < j; p++) {
            if (!s->dropped[p]) sum -= *at(s, i, p) * *at(s, j, p);
        }
        *at(s, i, j) = sum / *at(s, j, j);
    }
}

/* Cholesky, column by column; a dependent column is passed over. */
static void factor(normal_eq *s, const double *norm0, rl_ols_fit *f, rl_ctx *cx)
{
    size_t k = s->k;
    int ew = s->exp[k + 1];
    for (size_t j = 0; j < k; j++) {
        rl_wide g = rl_wide_of(s->G[rl_gram_pair(k + 1, j, j)]), left = g;
        for (size_t p = 0; p < j; p++) {
            if (!s->dropped[p]) left -= *at(s, j, p) * *at(s, j, p);
        }
        int up = 2 * s->exp[j] + ew;
        f->norm2[j] = ldexp((double)g, up);
        f->pivot[j] = left > 0 ? ldexp((double)left, up) : 0.0;
        double whole = norm0 ? ldexp(norm0[j], -up) : (double)g;
        s->dropped[j] = !((double)left > DEPENDENT * whole) || !((double)left > 0.0);
        if (s->dropped[j]) continue;
        f->rank++;
        *at(s, j, j) = rl_wide_sqrt(left);
        s->j = j;
        s->rows = j < 64 ? k : 16;
        rl_par(rl_blocks(k - j - 1, s->rows), eliminate_rows, s, cx);
    }
}

/* b from L L' b = X'y, in the columns' own units; z (k) is room to work. */
static void solve(const normal_eq *s, rl_dd *b, rl_wide *z)
{
    size_t k = s->k;
    for (size_t j = 0; j < k; j++) {
        z[j] = 0;
        if (s->dropped[j]) continue;
        rl_wide sum = rl_wide_of(s->G[rl_gram_pair(k + 1, j, k)]);
        for (size_t p = 0; p < j; p++) sum -= *at(s, j, p) * z[p];
        z[j] = sum / *at(s, j, j);
    }
    for (size_t j = k; j-- > 0;) {
        if (s->dropped[j]) continue;
        for (size_t i = j + 1; i < k; i++) z[j] -= *at(s, i, j) * z[i];
        z[j] /= *at(s, j, j);
    }
    for (size_t j = 0; j < k; j++) {
        int up = s->exp[k] - s->exp[j];
        rl_dd t = rl_wide_dd(z[j]);
        b[j] = (rl_dd){ldexp(t.hi, up), ldexp(t.lo, up)};
    }
}

typedef struct invert_job {
    const normal_eq *s;
    rl_wide *I; /* k-by-k, row c = column c of L^-1 */
    rl_mat *A, *R;
} invert_job;

/* Column c of L^-1. */
static void invert_factor(size_t c, void *arg)
{
    const invert_job *job = arg;
    const normal_eq *s = job->s;
    rl_wide *r = job->I + c * s->k;
    if (s->dropped[c]) return;
    r[c] = 1 / *at(s, c, c);
    for (size_t i = c + 1; i < s->k; i++) {
        rl_wide sum = 0;
        if (s->dropped[i]) continue;
        for (size_t p = c; p < i; p++) {
            if (!s->dropped[p]) sum -= *at(s, i, p) * r[p];
        }
        r[i] = sum / *at(s, i, i);
    }
}

/* Row i of R = L^-T and of A = R R', from the diagonal on. */
static void invert_row(size_t i, void *arg)
{
    const invert_job *job = arg;
    const normal_eq *s = job->s;
    size_t k = s->k;
    int half = s->exp[k + 1] / 2; /* even, see num/gram.h */
    for (size_t j = i; j < k; j++) {
        rl_wide sum = 0;
        *rl_mat_at(job->R, i, j) = ldexp((double)job->I[i * k + j], -(s->exp[i] + half));
        if (!s->dropped[i] && !s->dropped[j]) {
            for (size_t p = j; p < k; p++) sum += job->I[i * k + p] * job->I[j * k + p];
        }
        double a = ldexp((double)sum, -(s->exp[i] + s->exp[j] + s->exp[k + 1]));
        *rl_mat_at(job->A, i, j) = *rl_mat_at(job->A, j, i) = a;
    }
}

static void invert(const normal_eq *s, rl_mat *A, rl_mat *R, rl_ctx *cx)
{
    invert_job job = {s, RL_NEW(cx->tmp, rl_wide, s->k * s->k), A, R};
    rl_par(s->k, invert_factor, &job, cx);
    rl_par(s->k, invert_row, &job, cx);
    rl_release(cx->tmp, job.I);
}

/* ---- residuals ---- */

typedef struct resid_job {
    const rl_mat *X;
    double *const *low; /* k   or NULL                        */
    const double *y;
    const rl_dd *b; /* k   before it is rounded to double */
    double *e;
} resid_job;

enum { STRIPE = 256 };

static void resid_block(size_t block, void *arg)
{
    const resid_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->X->n) to = job->X->n;
    for (; from < to; from += STRIPE) {
        size_t m = to - from < STRIPE ? to - from : STRIPE;
        rl_dd e[STRIPE];
        for (size_t r = 0; r < m; r++) e[r] = (rl_dd){job->y[from + r], 0.0};
        for (size_t j = 0; j < job->X->k; j++) {
            const double *x = rl_mat_col(job->X, j) + from;
            rl_dd b = {-job->b[j].hi, -job->b[j].lo};
            if (b.hi == 0.0) continue;
            for (size_t r = 0; r < m; r++) {
                rl_dd p = rl_two_mul(x[r], b.hi), s = rl_two_sum(e[r].hi, p.hi);
                e[r] = (rl_dd){s.hi, e[r].lo + (s.lo + (p.lo + x[r] * b.lo))};
            }
            const double *l = job->low != NULL && job->low[j] != NULL ? job->low[j] + from : NULL;
            for (size_t r = 0; r < m && l != NULL; r++) e[r].lo += l[r] * b.hi;
        }
        for (size_t r = 0; r < m; r++) job->e[from + r] = e[r].hi + e[r].lo;
    }
}

static rl_code check_finite(const rl_ols_fit *f, size_t n, rl_ctx *cx)
{
    bool fine = isfinite(f->rss);
    for (size_t j = 0; j < f->k; j++) {
        fine = fine && isfinite(f->b[j]) && isfinite(f->norm2[j]) && isfinite(*rl_mat_at(&f->A, j, j));
        if (!fine) {
            rl_fail(cx, RL_ENUM, "least squares on %zu rows and %zu columns overflows at column %zu", n, f->k, j + 1);
            return rl_hint(cx,
                           "measure the outcome and the regressors in units that keep them between 1e-100 and 1e100");
        }
    }
    if (!fine) return rl_fail(cx, RL_ENUM, "the sum of squared residuals overflows");
    return RL_OK;
}

rl_code rl_ols(const rl_mat *X, const double *y, const double *w, const double *norm0, rl_ols_fit *f, rl_arena *in,
               rl_ctx *cx)
{
    return rl_ols_low(X, NULL, y, w, norm0, f, in, cx);
}

rl_code rl_ols_low(const rl_mat *X, double *const *low, const double *y, const double *w, const double *norm0,
                   rl_ols_fit *f, rl_arena *in, rl_ctx *cx)
{
    size_t n = X->n, k = X->k;
    *f = (rl_ols_fit){.k = k,
                      .b = RL_NEW(in, double, k),
                      .dropped = RL_NEW(in, bool, k),
                      .e = RL_NEW(in, double, n),
                      .A = rl_mat_new(k, k, in),
                      .R = rl_mat_new(k, k, in),
                      .norm2 = RL_NEW(in, double, k),
                      .pivot = RL_NEW(in, double, k)};
    rl_dd *G = RL_NEW(cx->tmp, rl_dd, (k + 1) * (k + 2) / 2), *b = RL_NEW(cx->tmp, rl_dd, k);
    int *exp = RL_NEW(cx->tmp, int, k + 2);
    RL_TRY(gram_with_low(X, low, y, w, G, exp, cx));

    normal_eq s = {.k = k, .G = G, .exp = exp, .L = RL_NEW(cx->tmp, rl_wide, k * k), .dropped = f->dropped};
    factor(&s, norm0, f, cx);
    solve(&s, b, RL_NEW(cx->tmp, rl_wide, k));
    invert(&s, &f->A, &f->R, cx);
    rl_release(cx->tmp, s.L);

    resid_job job = {X, low, y, b, f->e};
    rl_par(rl_blocks(n, RL_ROWS_PER_BLOCK), resid_block, &job, cx);
    for (size_t j = 0; j < k; j++) f->b[j] = b[j].hi;
    f->rss = rl_dot(w, f->e, f->e, n, cx);
    return check_finite(f, n, cx);
}

/* ---- leverage ---- */

typedef struct leverage_job {
    const rl_mat *X, *M; /* M is A or its root */
    bool root;
    const double *w;
    double *h;
} leverage_job;

/* z = sum_i M_ij x_i over i < j, and the diagonal's share times `own`. */
static void column_of(const leverage_job *job, size_t from, size_t m, size_t j, double own, double *z)
{
    const double *xj = rl_mat_col(job->X, j) + from;
    for (size_t r = 0; r < m; r++) z[r] = own * *rl_mat_at(job->M, j, j) * xj[r];
    for (size_t i = 0; i < j; i++) {
        double a = *rl_mat_at(job->M, i, j);
        const double *xi = rl_mat_col(job->X, i) + from;
        for (size_t r = 0; r < m; r++) z[r] += a * xi[r];
    }
}

static void leverage_block(size_t block, void *arg)
{
    const leverage_job *job = arg;
    size_t from = block * RL_ROWS_PER_BLOCK, to = from + RL_ROWS_PER_BLOCK;
    if (to > job->X->n) to = job->X->n;
    for (; from < to; from += STRIPE) {
        size_t m = to - from < STRIPE ? to - from : STRIPE;
        double *h = job->h + from, z[STRIPE];
        for (size_t r = 0; r < m; r++) h[r] = 0.0;
        for (size_t j = 0; j < job->X->k; j++) {
            const double *xj = rl_mat_col(job->X, j) + from;
            column_of(job, from, m, j, job->root ? 1.0 : 0.5, z);
            if (job->root) {
                for (size_t r = 0; r < m; r++) h[r] += z[r] * z[r]; /* |R'x|^2            */
            } else {
                for (size_t r = 0; r < m; r++) h[r] += 2.0 * z[r] * xj[r]; /* x'Ax, A symmetric  */
            }
        }
        for (size_t r = 0; r < m && job->w; r++) h[r] *= job->w[from + r];
    }
}

void rl_leverage(const rl_mat *X, const double *w, const rl_mat *A, double *h, rl_ctx *cx)
{
    leverage_job job = {X, A, false, w, h};
    rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), leverage_block, &job, cx);
}

void rl_leverage_root(const rl_mat *X, const double *w, const rl_mat *R, double *h, rl_ctx *cx)
{
    leverage_job job = {X, R, true, w, h};
    rl_par(rl_blocks(X->n, RL_ROWS_PER_BLOCK), leverage_block, &job, cx);
}
