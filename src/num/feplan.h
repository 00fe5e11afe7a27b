/* num/feplan.h -- the inside of num/absorb.h: rows in order of the largest
 * effect, and the linear system of the levels of the others.
 *
 *   U  levels of the largest effect (u)
 *   m  other effects                       T  their levels together (t)
 */
#ifndef RL_NUM_FEPLAN_H
#define RL_NUM_FEPLAN_H

#include "num/absorb.h"

enum { RL_FE_DENSE = 2000 };    /* largest T solved by Cholesky */

typedef struct rl_feplan {
    const rl_fe *fe;
    size_t n, U, m, T;
    size_t big;                 /* which effect is eliminated                      */
    size_t *order;              /* n      row of V at each place, NULL = as it is  */
    size_t *start;              /* U+1    places of each level of the largest      */
    const int32_t *t;           /* m of n level of effect q at a place, counted on; NULL when all levels have a run */
    int32_t *own_t, *perm;      /* t when it is not the codes themselves; T: number of a level in t, NULL = its own */
    int32_t *run;               /* U      first t of a level whose places have t, t+1, ..; -1 = others.
                                          NULL with weights, or more than two effects */
    size_t *first;              /* n_fe   number of an effect's first t            */
    double *w;                  /* n      weight at a place, or NULL               */
    double *du, *dt;            /* U, T   summed weights                           */
    size_t chunks, *from;       /* chunks+1  first u of each chunk                 */
    double *S;                  /* T-by-T row-major lower Cholesky factor, or NULL */
    bool *dropped;              /* T      x_t = 0                                  */
    double *jacobi;             /* T      1 / diagonal of S, for the iteration     */
    int32_t *part_a, *part_b;   /* levels of effects 1, 2: their component         */
    size_t parts, redundant;    /* two effects with S: known when that is factored */
} rl_feplan;

/* Levels of a second effect are numbered so that those which follow each other within a level of the first
 * are neighbours (periods in order of time, whatever order the data has them in). */
void rl_feplan_make(rl_feplan *p, const rl_fe *fe, size_t n, const double *w, rl_ctx *cx);
void rl_feplan_free(rl_feplan *p, rl_ctx *cx);      /* gives the large pieces back */

/* S (lower triangle) and its factor, or the diagonal when T is too large. */
void rl_feplan_factor(rl_feplan *p, rl_ctx *cx);

/* x = S^-1 r by the factor; r (T) is overwritten with x. */
void rl_feplan_solve(const rl_feplan *p, double *r);

/* Over the levels of one chunk: mean (U) of v (n, by place), and what is left
 * of v after it, summed by t into sum (T).  With v NULL the values are
 * sum_q x[t_q], so that sum is S x. */
void rl_feplan_collect(const rl_feplan *p, size_t chunk, const double *v, const double *x, double *mean, double *sum);

/* Sets that are joined: up[i] = i at first; the root of a set is its smallest member. */
int32_t rl_root(int32_t *up, int32_t i);
void rl_join(int32_t *up, int32_t a, int32_t b);

#endif
