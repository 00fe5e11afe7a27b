/* Degrees of freedom of several estimates together, num/cr.h. */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/cr_shared.h"

/* The m-by-m covariance of the scores of cluster g with themselves. */
static void own_block(const rl_cr_shared *s, size_t g, double *space, double *P)
{
    size_t m = s->m, all = s->k + s->q + s->p->levels;
    double *alpha = space, *beta = alpha + all;
    for (size_t j = 0; j < m; j++) {
        rl_cr_row(s, g, j, alpha, beta);
        for (size_t l = 0; l < m; l++)
            P[j + l * m] = s->cross[g * m * m + j + l * m] + rl_cr_meet(s, alpha, beta, g, l);
    }
}

/* Lower triangular C, C C' = Omega; false when singular. */
static bool root_of(const double *Omega, size_t m, double *C)
{
    for (size_t j = 0; j < m; j++)
        for (size_t i = j; i < m; i++) {
            double s = Omega[i + j * m];
            for (size_t p = 0; p < j; p++) s -= C[i + p * m] * C[j + p * m];
            if (i == j && !(s > 1e-12 * Omega[j + j * m])) return false;
            C[i + j * m] = i == j ? sqrt(s) : s / C[j + j * m];
        }
    return true;
}

/* The m vectors of length n in x become C^-1 of them. */
static void in_units(const double *C, size_t m, double *x, size_t n)
{
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < n; i++) {
            double s = x[i + j * n];
            for (size_t p = 0; p < j; p++) s -= C[j + p * m] * x[i + p * n];
            x[i + j * n] = s / C[j + j * m];
        }
}

static void transpose(double *x, size_t m)
{
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < j; i++) {
            double t = x[i + j * m];
            x[i + j * m] = x[j + i * m];
            x[j + i * m] = t;
        }
}

/* (tr P)^2 + tr P P */
static double spread(const double *P, size_t m)
{
    double tr = 0, sq = 0;
    for (size_t j = 0; j < m; j++) {
        tr += P[j + j * m];
        for (size_t l = 0; l < m; l++) sq += P[j + l * m] * P[l + j * m];
    }
    return tr * tr + sq;
}

/* Without F: the sum over g and h of l_g and h_h from two Gram matrices. */
static double by_gram(const rl_cr_shared *s, rl_ctx *cx)
{
    size_t m = s->m, most = 2 * (s->k + s->q), c = 0, N = m * most;
    double *L = RL_NEW(cx->tmp, double, N *N), *H = RL_NEW(cx->tmp, double, N *N);
    double *l = RL_NEW(cx->tmp, double, N), *h = RL_NEW(cx->tmp, double, N), *P = RL_NEW(cx->tmp, double, m *m);
    double sum = 0;
    for (size_t g = 0; g < s->p->G; g++) {
        for (size_t j = 0; j < m; j++) c = rl_cr_halves(s, g, j, l + j * most, h + j * most);
        for (size_t j = 0; j < m; j++)
            for (size_t i = 0; i < m; i++) P[j + i * m] = rl_cr_dot(l + j * most, h + i * most, c);
        sum -= spread(P, m);
        for (size_t i = 0; i < m * m; i++) P[i] += s->cross[g * m * m + i];
        sum += spread(P, m);
        for (size_t i = 0; i < N; i++) {
            rl_cr_add(L + i * N, l[i], l, N);
            rl_cr_add(H + i * N, h[i], h, N);
        }
    }
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++)
            for (size_t a = 0; a < c; a++)
                for (size_t b = 0; b < c; b++) {
                    double x = L[j * most + a + (i * most + b) * N];
                    sum += x * (H[j * most + a + (i * most + b) * N] + H[i * most + a + (j * most + b) * N]);
                }
    return sum;
}

typedef struct rows {
    const rl_cr_shared *s;
    double *sum; /* G */
} rows;

static void rows_block(size_t at, void *arg)
{
    const rows *r = arg;
    const rl_cr_shared *s = r->s;
    size_t m = s->m, all = s->k + s->q + s->p->levels;
    double *alpha = s->space[at], *beta = alpha + m * all, *P = beta + m * all;
    for (size_t g = s->first[at]; g < s->first[at + 1]; g++) {
        for (size_t j = 0; j < m; j++) rl_cr_row(s, g, j, alpha + j * all, beta + j * all);
        for (size_t h = 0; h < s->p->G; h++) {
            for (size_t j = 0; j < m; j++)
                for (size_t l = 0; l < m; l++)
                    P[j + l * m] = rl_cr_meet(s, alpha + j * all, beta + j * all, h, l) +
                                   (h == g ? s->cross[g * m * m + j + l * m] : 0);
            r->sum[g] += spread(P, m);
        }
    }
}

double rl_cr_joint_degrees(rl_cr_shared *s, size_t blocks, rl_ctx *cx)
{
    size_t m = s->m, G = s->p->G, all = s->k + s->q + s->p->levels;
    double *Omega = RL_NEW(cx->tmp, double, m *m), *C = RL_NEW(cx->tmp, double, m *m);
    double *P = RL_NEW(cx->tmp, double, m *m), *space = RL_NEW(cx->tmp, double, 2 * all), sum = 0;
    for (size_t g = 0; g < G; g++) {
        own_block(s, g, space, P);
        for (size_t i = 0; i < m * m; i++) Omega[i] += P[i];
    }
    if (!root_of(Omega, m, C)) return NAN;
    for (size_t g = 0; g < G; g++) {
        size_t c = rl_cr_columns(s, g);
        double *D = s->cross + g * m * m;
        in_units(C, m, s->y + s->at[g] * m, c);
        if (s->v != NULL) in_units(C, m, s->v + s->at[g] * m, c);
        in_units(C, m, D, m); /* columns, then rows */
        transpose(D, m);
        in_units(C, m, D, m);
    }
    if (s->p->F == NULL)
        sum = by_gram(s, cx);
    else {
        rows r = {s, RL_NEW(cx->tmp, double, G)};
        for (size_t b = 0; b < blocks; b++) s->space[b] = RL_NEW(cx->tmp, double, 2 * m * all + m * m);
        rl_par(blocks, rows_block, &r, cx);
        for (size_t g = 0; g < G; g++) sum += r.sum[g];
    }
    return (double)m * (double)(m + 1) / sum;
}
