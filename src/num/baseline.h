/* num/baseline.h -- a regression on some rows, carried over to the others.
 *
 *   y_i = z_i'b + a_u(i) + c_u(i) (t_i - mid_u) + e_i       on the rows with fit[i] = 1
 *
 * u(i) is the unit, whose effect (and slope, with a trend) is eliminated unit
 * by unit; z_i holds the levels of other effects and columns of numbers, K
 * coordinates in all, whose normal equations S b = r are what is left:
 *
 *   S = sum over fitted rows of w z~ z~'     z~ = z less its regression, over the fitted
 *                                            rows of the unit, on 1 (and t - mid)
 *
 * z~ is defined on every row of a unit with a fitted one, so what the rows
 * that are not fitted would have been is z~'b, the unit's fitted mean added.
 * A coordinate that depends on those before it is passed over; the rows whose
 * value then depends on the choice have no value at all (rl_baseline_lacks).
 *
 * Weighted sums of what the rows have beyond the baseline,
 *
 *   tau_j = sum_(i: of[i] = j) w_i s_j (y_i - yhat_i) = sum_i v_ij y_i,
 *   v_ij = w_i (s_j 1{of[i] = j} - fit[i] g_ij),
 *   g_ij = z~_i'h_j + s_j A_uj + s_j B_uj (t_i - mid_u),   S h_j = sum_(i: of[i] = j) w_i s_j z~_i,
 *
 * need h_j (K) for each j, never a number for each row and j: A_uj is the
 * weight of j's rows in the unit over that of its fitted rows, B_uj the same of
 * the moments about mid_u.
 *
 * Everything is summed over fixed blocks of units: the same bits for any number
 * of threads.
 *
 * Source: Borusyak, Jaravel & Spiess (2024), Review of Economic Studies 91(6), equations 4-6.
 */
#ifndef RL_NUM_BASELINE_H
#define RL_NUM_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum { RL_BASELINE_MOST = 3000, RL_BASELINE_CODES = 8 };   /* coordinates; effects beside the unit's */

typedef struct rl_baseline {
    /* given */
    size_t n;
    const double *w;               /* n   > 0, or NULL = 1                                   */
    const unsigned char *fit;      /* n                                                      */
    size_t U;
    const int32_t *unit;           /* n                                                      */
    const double *trend;           /* n   t: units have slopes too; or NULL                  */
    size_t n_code;
    size_t levels[RL_BASELINE_CODES];
    const int32_t *code[RL_BASELINE_CODES];    /* n_code of n   level, -1 = none of them     */
    size_t p;
    const double **x;              /* p of n                                                 */
    bool last;                     /* the last effect's levels stand behind the columns: they are
                                      the ones passed over when they depend on each other    */
    /* made */
    size_t K, at[RL_BASELINE_CODES], x_at;     /* where the coordinates of each begin        */
    size_t *start;                 /* U+1 rows of unit u: start[u] .. start[u+1]-1 of row[]  */
    uint32_t *row;                 /* n   NULL = as they stand                               */
    double *D, *mid, *Q;           /* U   weight of the fitted rows, mean of t, sum w (t - mid)^2, exactly 0 when
                                      they are at one t; mid and Q only with a trend          */
    double *S;                     /* K-by-K Cholesky factor, below the diagonal             */
    bool *out;                     /* K   passed over                                        */
    size_t n_out;
} rl_baseline;

static inline size_t rl_baseline_row(const rl_baseline *b, size_t k) { return b->row != NULL ? b->row[k] : k; }
static inline double rl_baseline_w(const rl_baseline *b, size_t i) { return b->w != NULL ? b->w[i] : 1.0; }

/* Factor the normal equations; all is in cx->tmp.
 * Errors  RL_EDATA  more than RL_BASELINE_MOST coordinates
 * Cost    4 bytes a row where the rows are not in order of their units; the square of the levels a unit
 *         meets, unit by unit; K^3/3 */
RL_MUST rl_code rl_baseline_make(rl_baseline *b, rl_ctx *cx);

/* e (n): y on entry, on return what it has beyond the baseline, on every row (unit without a
 * fitted row: y less z'b).  beta (K) or NULL.  Solved three times on what is left. */
void rl_baseline_beyond(const rl_baseline *b, double *e, double *beta, rl_ctx *cx);

/* h (K of m, coordinate by coordinate: h[k m + j]) of sums over rows.
 *   of   n   sum the row belongs to, -1 = none
 *   s    m   */
void rl_baseline_dual(const rl_baseline *b, const int32_t *of, const double *s, size_t m, double *h, rl_ctx *cx);
/* The same of m coordinates themselves: h_j = S^-1 e_(first + j), the direction of b's own coefficients. */
void rl_baseline_own(const rl_baseline *b, size_t first, size_t m, double *h, rl_ctx *cx);

/* Rows not fitted whose baseline is not determined: why[i] is the coordinate passed over that they
 * depend on, RL_BASELINE_UNIT (no fitted row in the unit), RL_BASELINE_SLOPE (its fitted rows are at one t),
 * or -1.  Returns how many. */
enum { RL_BASELINE_UNIT = INT32_MAX, RL_BASELINE_SLOPE = INT32_MAX - 1 };
size_t rl_baseline_lacks(const rl_baseline *b, int32_t *why, rl_ctx *cx);

#endif
