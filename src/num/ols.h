/* num/ols.h -- least squares by a one-pass double-double Gram.
 *
 * Minimises sum_i w_i (y_i - x_i'b)^2.  Knows nothing of names: a dependent
 * column is reported by index and named by the caller.
 *
 *   n  rows      k  regressors
 *
 * The Gram matrix of [X y] is summed in double-double over fixed blocks of
 * rows and merged in block order, scaled by powers of two to a unit
 * diagonal, and factored in extended precision; it is rounded to double once,
 * at the end.  The same bits on every x86-64 CPU and any number of threads.
 */
#ifndef RL_NUM_OLS_H
#define RL_NUM_OLS_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/dd.h"
#include "num/cols.h"

typedef struct rl_ols_fit {
    size_t k, rank;
    double *b, *b_low;  /* k          0 for a dropped column; what rounding took from it */
    bool *dropped;      /* k          a later column that depends on earlier ones        */
    double *e;          /* n          residuals y - X b, recomputed from the definition  */
    rl_mat A;           /* k-by-k     (X'WX)^-1; zero rows and columns where dropped     */
    rl_mat R;           /* k-by-k     upper triangular, A = R R'                         */
    double rss;         /* e'We                                                          */
    double yy;          /* y'Wy                                                          */
    double *norm2;      /* k          squared norm of column j (weighted)                */
    double *pivot;      /* k          what is left of it after the earlier columns       */
} rl_ols_fit;

/*   X      n-by-k
 *   y      n
 *   w      n, >= 0, or NULL = 1
 *   norm0  k        squared norms before effects were swept out, or NULL = those of X:
 *                   a column is dropped when its pivot < 1e-20 * norm0 (a column made of
 *                   others in double arithmetic leaves 1e-32 to 1e-24, Filip's powers 3e-15)
 *   f      out      in arena `in`
 *
 * Errors  RL_ENUM   a sum overflows or is not finite
 * Cost    the Gram matrix, about 5 n k^2 flops, 40 ms for 1e6 rows and 10 columns on one thread
 *         with AVX2; what num/chol.h costs; n + 4 k^2 doubles
 */
RL_MUST rl_code rl_ols(const rl_mat *X, const double *y, const double *w, const double *norm0,
                       rl_ols_fit *f, rl_arena *in, rl_ctx *cx);

/* The same for columns of more than double precision (powers of x beyond the
 * fifth cannot be fitted to more than eight digits otherwise), and for blocks
 * of columns that are never written out.  y_low (n, or NULL) is added to y;
 * e (n) receives the residuals and may be y; NULL = an array of their own. */
RL_MUST rl_code rl_ols_cols(const rl_cols *X, const double *y, const double *y_low, const double *w,
                            const double *norm0, double *e, rl_ols_fit *f, rl_arena *in, rl_ctx *cx);

/* Residuals to twice the digits: e + e_low = y + y_low - X (b + b_low), n each; y_low and e_low may be NULL. */
void rl_cols_left(const rl_cols *X, const double *y, const double *y_low, const double *b, const double *b_low,
                  double *e, double *e_low, rl_ctx *cx);

/* The double-double Gram itself: G (k-by-k, hi and lo parts) = X'WX. */
RL_MUST rl_code rl_gram(const rl_mat *X, const double *w, rl_mat *hi, rl_mat *lo, rl_ctx *cx);

/* Leverages h (n) of the rows of X under weights w: w_i x_i'A x_i.  From A,
 * rounded as it is, a badly conditioned X costs digits twice (Longley keeps
 * 8.5); from its root R once (12). */
void rl_leverage(const rl_mat *X, const double *w, const rl_mat *A, double *h, rl_ctx *cx);
void rl_leverage_root(const rl_mat *X, const double *w, const rl_mat *R, double *h, rl_ctx *cx);

/* The same of the first k columns: x is read as it stands in blocks. */
void rl_cols_leverage(const rl_cols *X, size_t k, const double *w, const rl_mat *A, double *h, rl_ctx *cx);

/* Sums that are the same for any number of threads: sum v_i, sum w_i u_i v_i
 * (w, or u and w, may be NULL = 1), in double-double over fixed blocks. */
double rl_sum(const double *v, size_t n, rl_ctx *cx);
double rl_dot(const double *w, const double *u, const double *v, size_t n, rl_ctx *cx);
rl_dd rl_dot_rows(const double *w, const double *u, const double *v, size_t from, size_t to);  /* of one block */
void rl_sum_squares(const double *v, size_t n, rl_dd *sum, rl_dd *squares, rl_ctx *cx);        /* one pass for both */
double rl_spread(const double *w, const double *v, double mean, size_t n, rl_ctx *cx);    /* w (v - mean)^2 */

#endif
