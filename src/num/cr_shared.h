/* num/cr_shared.h -- what cr.c and cr_df.c share. */
#ifndef RL_NUM_CR_SHARED_H
#define RL_NUM_CR_SHARED_H

#include "num/cr.h"

/* What is the same for all clusters. */
typedef struct rl_cr_shared {
    const rl_cr *p;
    size_t k, q, m;
    bool plain;     /* CR2 with weights: the matrix is not symmetric in any scale */
    size_t *start;  /* G+1    rows of a cluster in `row`        */
    uint32_t *row;  /* n                                        */
    double *W;      /* levels total weight                      */
    size_t *levels; /* G      levels of F that occur            */
    size_t *at;     /* G+1    where a cluster's y and v begin   */
    int32_t *level; /* at[G] - G (k + q) .. see level_at()      */
    double *y, *v;  /* m at[G]  B'a and B'(w a); v NULL = y     */
    double *d;      /* G-by-m a'a, weighted under CR3           */
    double *cross;  /* G of m-by-m  a_j'a_l, the same; or NULL  */
    rl_mat Q;       /* (k+q)-by-(k+q)  R'Z'W^2 Z R              */
    rl_mat QF;      /* levels-by-(k+q) of F and Z               */
    double *QD;     /* levels          of F                     */
    size_t *first;  /* blocks+1  clusters of a block            */
    unsigned char *failed, *lost;
    rl_mat *S;
    double **space;  /* workspace of each block                  */
    double *tr, *sq; /* G-by-m, or m         parts of tr P and tr P P */
} rl_cr_shared;

/* Columns and eigenvalues of cluster g. */
static inline size_t rl_cr_rows(const rl_cr_shared *s, size_t g) { return s->start[g + 1] - s->start[g]; }
static inline size_t rl_cr_columns(const rl_cr_shared *s, size_t g) { return s->k + s->q + s->levels[g]; }

/* The levels of F that occur in cluster g, ascending. */
static inline const int32_t *rl_cr_levels(const rl_cr_shared *s, size_t g)
{
    return s->level + (s->at[g] - g * (s->k + s->q));
}

/* Sums of products in a fixed order, four at a time. */
static inline double rl_cr_dot(const double *a, const double *b, size_t n)
{
    double s[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t r = 0; r < 4; r++) s[r] += a[i + r] * b[i + r];
    for (size_t r = 0; i < n; i++, r++) s[r] += a[i] * b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

static inline void rl_cr_add(double *y, double a, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

/* cr_df.c: Q, QF, QD; and df (m) from y, v, d. */
RL_MUST rl_code rl_cr_squared_weights(rl_cr_shared *s, rl_ctx *cx);
void rl_cr_degrees(rl_cr_shared *s, size_t blocks, double *df, rl_ctx *cx);
/* cr_joint.c: of all m together, from y, v, cross, which it replaces. */
double rl_cr_joint_degrees(rl_cr_shared *s, size_t blocks, rl_ctx *cx);
/* cr_df.c: l and h of cluster g and estimate j such that the covariance of scores g, j and h, l is
 * l_gj'h_hl where g and h differ, columns of F aside; their length. */
size_t rl_cr_halves(const rl_cr_shared *s, size_t g, size_t j, double *l, double *h);
/* The same over all columns, F too (c + levels each): alpha meets y, beta meets v. */
void rl_cr_row(const rl_cr_shared *s, size_t g, size_t j, double *alpha, double *beta);
double rl_cr_meet(const rl_cr_shared *s, const double *alpha, const double *beta, size_t h, size_t l);

#endif
