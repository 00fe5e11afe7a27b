/* num/fetwo.h -- two effects without weights: most of the absorption there is.
 *
 * A step takes the two effects off a column and, in the same pass, collects
 * what the next step needs: the column goes through memory once a step.
 * Where a level of the larger effect meets levels t, t+1, .. of the other (a
 * unit seen in consecutive periods) the loops run over neighbours.
 */
#ifndef RL_NUM_FETWO_H
#define RL_NUM_FETWO_H

#include "num/feplan.h"

/* rl_feplan_collect() of a column v.  Returns the sum of the squares of v. */
double rl_fetwo_collect(const rl_feplan *p, size_t chunk, const double *v, double *mean, double *sum);

/* v = from (which may be v) less its effects, which are x (T) and mean (U) less
 * the mean of x; mean and sum (or NULL: neither) become those of v, alpha (U,
 * or NULL) has the larger effect added.  Returns the largest change. */
double rl_fetwo_step(const rl_feplan *p, size_t chunk, const double *from, double *v, const double *x, double *mean,
                     double *sum, double *alpha);

#endif
