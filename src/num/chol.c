#include "num/chol.h"

#include <math.h>

#include "base/par.h"
#include "num/gram.h"

static const double DEPENDENT = 1e-20;

bool rl_chol_judge(const rl_system *s, size_t j, rl_wide left, rl_ols_fit *f)
{
    rl_wide g = rl_wide_of(s->G[rl_gram_pair(s->k + 1, j, j)]);
    int up = 2 * s->exp[j] + s->exp[s->k + 1];
    f->norm2[j] = ldexp((double)g, up);
    f->pivot[j] = left > 0 ? ldexp((double)left, up) : 0.0;
    double whole = s->norm0 ? ldexp(s->norm0[j], -up) : (double)g;
    f->dropped[j] = !((double)left > DEPENDENT * whole) || !((double)left > 0.0);
    f->rank += !f->dropped[j];
    return f->dropped[j];
}

void rl_chol_solve(const rl_system *s, rl_ols_fit *f, rl_dd *b, rl_ctx *cx)
{
    if (s->k <= RL_CHOL_NARROW)
        rl_chol_narrow(s, f, b, cx);
    else
        rl_chol_wide(s, f, b, cx);
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
static void factor(normal_eq *s, const rl_system *whole, rl_ols_fit *f, rl_ctx *cx)
{
    size_t k = s->k;
    for (size_t j = 0; j < k; j++) {
        rl_wide left = rl_wide_of(s->G[rl_gram_pair(k + 1, j, j)]);
        for (size_t p = 0; p < j; p++) {
            if (!s->dropped[p]) left -= *at(s, j, p) * *at(s, j, p);
        }
        if (rl_chol_judge(whole, j, left, f)) continue;
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

void rl_chol_narrow(const rl_system *p, rl_ols_fit *f, rl_dd *b, rl_ctx *cx)
{
    normal_eq s = {
        .k = p->k, .G = p->G, .exp = p->exp, .L = RL_NEW(cx->tmp, rl_wide, p->k * p->k), .dropped = f->dropped};
    factor(&s, p, f, cx);
    solve(&s, b, RL_NEW(cx->tmp, rl_wide, p->k));
    invert(&s, &f->A, &f->R, cx);
    rl_release(cx->tmp, s.L);
}
