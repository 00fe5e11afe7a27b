/* num/fetwo.h -- two effects without weights: most of the absorption there is.
 *
 * A step takes the two effects off a column and, in the same pass, collects
 * what the next step needs: the column goes through memory once a step.
 * Where a level of the larger effect meets levels t, t+1, .. of the other (a
 * unit seen in consecutive periods) the loops run over neighbours.
 */
#ifndef RL_NUM_FETWO_H
#define RL_NUM_FETWO_H

#include "base/simd.h"
#include "num/feplan.h"

/* A column on its way. */
typedef struct rl_fetwo {
    const double *from; /* n  the column as it stands, by place                       */
    double *v;          /* n  where it goes, which may be the same                    */
    const double *x;    /* T  effects of t                                            */
    double *mean, *sum; /* U  means, and T what is left after them by t; sum NULL = not wanted */
    double *alpha;      /* U  coefficients so far, or NULL                            */
    double found;       /* what a pass returns                                        */
    rl_four lane;       /* of it, so far                                              */
} rl_fetwo;

/* Columns go level by level side by side: a level's length, which the CPU
 * guesses wrong once, serves all of them. */

/* rl_feplan_collect() of k columns c: mean and sum of `from`; found = the sum of its squares. */
void rl_fetwo_collect(const rl_feplan *p, size_t chunk, rl_fetwo *c, size_t k);

/* v = from less its effects, which are x and mean less the mean of x; mean and
 * sum (when wanted) become those of v, alpha has the larger effect added;
 * found = the largest change. */
void rl_fetwo_step(const rl_feplan *p, size_t chunk, rl_fetwo *c, size_t k);

#endif
