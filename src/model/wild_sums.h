/* model/wild_sums.h -- sums by cluster, which are all that the draws of a wild bootstrap need of the rows.
 *
 *   B    n-by-K  [F D Z]: levels of F where it is nested in neither clusters nor units drawn for,
 *                the other effects' dummies D (model/hat.h), the core's columns Z
 *   e    n-by-n_e  residuals
 *   S_c  K-by-columns  B_c'W [Z e]_c, or B_c'W [B e]_c when `full`, c a cell (num/boot.h)
 */
#ifndef RL_MODEL_WILD_SUMS_H
#define RL_MODEL_WILD_SUMS_H

#include "model/hat.h"
#include "num/boot.h"

typedef struct rl_wild_sums {
    /* given */
    const rl_design *d;
    const rl_core *c;
    bool full;
    size_t n_e;
    const double *const *e; /* n_e of n                                          */
    /* found */
    rl_cells cells; /* cluster, unit NULL: the same                      */
    size_t units;   /* drawn for                                         */
    rl_hat h;
    size_t n_F, q, k, K; /* levels of F, columns of D, of Z; all              */
    size_t columns;
    double *S; /* cells of K-by-columns                             */
    double *W; /* n_F  weights of a level of F                      */
    rl_mat MD; /* q-by-q (D'WD)^-1                                  */
} rl_wild_sums;

/* Cells of errors' clusters and units drawn for, and the cell of each row (n). */
void rl_wild_cells(const rl_design *d, rl_cells *cells, size_t *units, const int32_t **code, rl_ctx *cx);
const rl_groups *rl_wild_drawn(const rl_design *d); /* the units drawn for */

/* Errors  RL_EDATA  the sums are too large; see rl_hat_make()
 * Cost    n K columns, and as many doubles a cell */
RL_MUST rl_code rl_wild_take(rl_wild_sums *s, rl_ctx *cx);

static inline double *rl_wild_cross(const rl_wild_sums *s, size_t cell, size_t column)
{
    return s->S + (cell * s->columns + column) * s->K;
}
static inline double *rl_wild_cross_e(const rl_wild_sums *s, size_t cell, size_t e)
{
    return rl_wild_cross(s, cell, s->columns - s->n_e + e);
}
static inline size_t rl_wild_cluster(const rl_wild_sums *s, size_t cell)
{
    return s->cells.cluster != NULL ? (size_t)s->cells.cluster[cell] : cell;
}
static inline size_t rl_wild_unit(const rl_wild_sums *s, size_t cell)
{
    return s->cells.unit != NULL ? (size_t)s->cells.unit[cell] : cell;
}

/* y = (B'WB)^-1 x, K each. */
void rl_wild_inverse(const rl_wild_sums *s, const double *x, double *y);

#endif
