/* num/fecells.h -- many indicators beside two effects, never written out.
 *
 *   y_i = a_u(i) + l_t(i) + b_c(i) + e_i
 *
 * u and t have a level in every row, c (a cell: cohort by event time, say) in
 * some; rows with c = -1 are those the b are measured from.  The a are
 * eliminated exactly, unit by unit, which leaves a system of T + C unknowns:
 *
 *   S = D - K' D_u^-1 K        K, D: weights of rows by level of u and by level of (t, c)
 *
 * one outer product a unit, of the levels that it has.  The swept indicator
 * of a cell is itself less a coefficient for each u and t: a view (num/cols.h),
 * whose coefficients take U + T doubles a cell instead of n.
 *
 * Solutions are repeated on what they leave behind, so that their errors are
 * those of rounding; the inverse has some 12 digits.  Chunks of units and the
 * order of sums depend on the data alone.
 *
 *   n  rows     U  levels of u    T  of t    C  cells    K = T + C
 *
 * Source: Abowd, Creecy & Kramarz (2002), for the elimination.
 */
#ifndef RL_NUM_FECELLS_H
#define RL_NUM_FECELLS_H

#include "num/cols.h"

enum { RL_FECELLS_MOST = 4000 };   /* K that S is worth having for */

typedef struct rl_cellrows {
    size_t n, U, T, C;
    const int32_t *unit, *time;    /* n   every level occurs                               */
    const int32_t *cell;           /* n   -1 = none                                        */
    const double *w;               /* n   > 0, or NULL                                     */
} rl_cellrows;

typedef struct rl_fecells {
    rl_cellrows r;                 /* units numbered as they appear                        */
    uint32_t *order;               /* n   rows by unit, NULL = as they are                 */
    size_t *start;                 /* U+1                                                  */
    double *W;                     /* U   weights of a unit                                */
    const double *lambda;          /* T-by-C  coefficients of the times, by column         */
    double *S;                     /* K-by-K row-major lower factor, times first           */
    bool *dropped;                 /* K   depends on those before                          */
    size_t redundant;              /* times among them: effects that depend on others      */
    size_t first_dropped;          /* cell, or C when all are identified: then             */
    rl_mat A;                      /* C-by-C  inverse of the swept indicators' products    */
    rl_cols X;                     /* n-by-C  the swept indicators, views                  */
} rl_fecells;

/* Cost  sum of squared rows a unit, K^3, and n C for the views; K K doubles for S and
 * each of its chunks, (U + T) C for the views, in arena `in` */
RL_MUST rl_code rl_fecells_make(const rl_cellrows *r, rl_fecells *f, rl_arena *in, rl_ctx *cx);

/* Least squares of v (n): b (C), residuals e (n, not v); within = what u and t leave of v'Wv, or NULL.
 * Errors  RL_ENUM  a value is not finite */
RL_MUST rl_code rl_fecells_solve(const rl_fecells *f, const double *v, double *b, double *e, double *within,
                                 rl_ctx *cx);

/* z (n-by-m row-major) = X a for m directions a (C-by-m row-major), from the times' and units' part of a itself
 * instead of every column's.  Cost n m + T C m; may be called from several threads, room: (T + 1) m */
void rl_fecells_times(const rl_fecells *f, const double *a, size_t m, double *z, double *room);

#endif
