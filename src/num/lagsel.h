/* num/lagsel.h -- how many lags of each block of columns?
 *
 * Columns stand in blocks: the outcome's lags, then each regressor with its
 * lags.  An order takes the first 1 .. w_j columns of block j, and is worth
 *
 *   n log(rss / n) + penalty (columns)
 *
 * All w_1 w_2 .. w_k orders are compared on one Gram matrix: columns are
 * swept out of it one by one, block within block, so that an order costs the
 * sweep of one column out of what is left of the last block.  Beyond `most` orders
 * the search goes in turns instead: each block in turn takes the number of
 * columns that is best given the others', from the smallest and from the
 * largest order, until nothing gets better; the better end is reported.
 *
 * What is in every order (constant, effects, regressors without lags) has
 * been swept out of the columns before; columns should be of similar scale
 * relative to their own variation, which sweeping a constant does.
 *
 *   n  rows      k  blocks      c  columns of all blocks
 */
#ifndef RL_NUM_LAGSEL_H
#define RL_NUM_LAGSEL_H

#include <stdbool.h>

#include "base/ctx.h"

enum { RL_LAGSEL_BLOCKS = 32, RL_LAGSEL_MOST = 2000000 };

typedef struct rl_lagsel {
    size_t n, k;
    const size_t *first;   /* k+1  block j is columns first[j] .. first[j+1]-1; first[k] = c, where y stands */
    double penalty;        /* a column                                     */
    size_t most;           /* orders compared one by one; RL_LAGSEL_MOST   */
} rl_lagsel;

typedef struct rl_lagsel_best {
    size_t width[RL_LAGSEL_BLOCKS], second[RL_LAGSEL_BLOCKS]; /* columns of each block      */
    double score, second_score;                               /* INFINITY: there is no second */
    double compared;                                          /* orders looked at           */
    bool stepwise;
} rl_lagsel_best;

/* Doubles of room that a search of c columns takes. */
size_t rl_lagsel_room(const rl_lagsel *s);

/* Compare.
 *
 *   G     (c+1)-by-(c+1)  cross products of the columns, y last; not changed
 *   room  rl_lagsel_room(s)
 *
 * An order with a column that depends on the others (less than 1e-12 of its square is left) does not count;
 * score is INFINITY when none counts.  Cost: some 2 w^2 flops an order, w columns in the last block. */
void rl_lagsel_search(const rl_lagsel *s, const double *G, double *room, rl_lagsel_best *out);

/* The score of one order.  room as above. */
double rl_lagsel_score(const rl_lagsel *s, const double *G, const size_t *width, double *room);

/* How many orders there are. */
double rl_lagsel_orders(const rl_lagsel *s);

#endif
