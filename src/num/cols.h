/* num/cols.h -- the columns of a design, never written out.
 *
 * A column is dense (n doubles, wherever they stand) or one of a block of
 * columns that share their rows out among themselves: a row has a level, and
 * a value in the column of its level alone.  The indicators of a factor are
 * such a block, those of two factors crossed are another (one level for a
 * pair), a factor times x is one with x for values.  A block of G columns
 * takes 4 bytes a row (and 8 for values of its own) instead of 8 G.
 *
 *   n  rows      k  columns
 *
 * Who needs numbers asks for a stretch of a column (rl_cols_part), which
 * costs nothing when it is dense, or for what is not zero in a row
 * (rl_cols_row).  Sums of products know the structure: within a block a
 * diagonal, a block by a dense column sums by level, a block by a block a
 * table of pairs.
 */
#ifndef RL_NUM_COLS_H
#define RL_NUM_COLS_H

#include <stdint.h>

#include "base/ctx.h"
#include "base/dd.h"
#include "num/mat.h"

typedef struct rl_hot {
    size_t G;                /* levels                                                  */
    const int32_t *code;     /* n   level of a row, 0 .. G-1                            */
    const double *z, *z_low; /* n   value of a row and what rounding took from it; NULL = 1, 0 */
    int32_t *col;            /* G   column of a level, -1 = none (a reference, a dropped one) */
} rl_hot;

typedef struct rl_cols {
    size_t n, k;
    const double **x;        /* k   dense columns; NULL in a block                      */
    const double **low;      /* k   what rounding took from a dense column, or NULL     */
    size_t n_dense, *dense;  /* n_dense  which columns are dense, ascending             */
    size_t n_hot;
    rl_hot *hot;             /* n_hot  blocks                                           */
    int32_t *block, *level;  /* k   of a column in a block                              */
    const double *bound;     /* k+1 |x_j| is at most that, last y; 0 = not known; NULL = of none. Saves a look at all */
} rl_cols;

/* The columns of X, where they stand. */
rl_cols rl_cols_of(const rl_mat *X, double *const *low, rl_arena *in);

/* Room for k columns, each still to be given: the dense in ascending order,
 * and blocks whose col[] says which columns are theirs. */
rl_cols rl_cols_new(size_t n, size_t k, size_t blocks, rl_arena *in);
void rl_cols_add(rl_cols *X, size_t j, const double *x, const double *low);
void rl_cols_add_block(rl_cols *X, rl_hot h);

/* The columns kept (keep[j] their new number, SIZE_MAX = left out), m of them. */
rl_cols rl_cols_keep(const rl_cols *X, const size_t *keep, size_t m, rl_arena *in);

/* Rows from .. from+m-1 of column j: where they stand, or written to room (m). */
const double *rl_cols_part(const rl_cols *X, size_t j, size_t from, size_t m, double *room);

/* What may differ from zero in row i: columns at[] (the dense, then blocks), values v[].
 * There are at most rl_cols_most(). */
size_t rl_cols_row(const rl_cols *X, size_t i, size_t *at, double *v);
static inline size_t rl_cols_most(const rl_cols *X) { return X->n_dense + X->n_hot; }

/* All of row i: v (k). */
void rl_cols_whole_row(const rl_cols *X, size_t i, double *v);

/* X a: out[r] += sum_j a_j x_ij for rows i = from+r, r < m, in the order of rl_cols_row(). */
void rl_cols_times(const rl_cols *X, const double *a, size_t from, size_t m, double *out);

/* X written out. */
rl_mat rl_cols_written(const rl_cols *X, rl_ctx *cx);

/* G = [X y]'W[X y] with all low parts, scaled as in num/gram.h: G[pair(i, j)]
 * 2^(exp[i] + exp[j] + exp[last]) is the sum of w x_i x_j.
 *
 *   y      n   or NULL: X alone; y_low what rounding took from it, or NULL
 *   w      n   or NULL = 1
 *   G      out k(k+1)/2  of k = X->k (+ 1 with y)
 *   exp    out k+1       last of the weights (even)
 *
 * Errors  RL_ENUM   a value is not finite
 * Cost    num/gram.h on the dense columns; n operations for each block by dense column or block */
RL_MUST rl_code rl_cols_gram(const rl_cols *X, const double *y, const double *y_low, const double *w, rl_dd *G,
                             int *exp, rl_ctx *cx);

#endif
