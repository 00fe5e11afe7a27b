/* model/wild.h -- wild cluster bootstrap p values and intervals, for every
 * estimate, with effects absorbed, and for combinations.
 *
 * A fit is run once.  All that draws need are sums by cluster.
 *
 *   linear  the regression under the null is the one of the fit with its residuals moved
 *           along the estimate's own direction: no value under test needs a regression
 *   IV      restricted efficient (wild_iv.c): each draw is a two-stage least squares of sums
 *   score   logit, Poisson: the scores of the likelihood's maximum under the null, times the
 *           draws (wild_score.c); with the null not imposed, of anything that has an influence
 *
 * Forms of the linear one, after MacKinnon, Nielsen & Webb (2023), Journal of Applied Econometrics 38(5):
 *   11   residuals as they are, clustered errors
 *   31   jackknifed residuals, (I - H_gg)^-1 u_g of the model under test
 *   13   residuals as they are, jackknife errors (CR3)
 *   33   both
 *
 * Several restrictions at once: the Wald statistic of the same draws, with all of them imposed; linear regressions in
 * every form, and the score bootstrap with the null not imposed.
 *
 * Draws are made by the clusters of the errors unless the request names another column in words.
 */
#ifndef RL_MODEL_WILD_H
#define RL_MODEL_WILD_H

#include "model/design.h"

typedef enum rl_wild_kind { RL_WILD_LINEAR, RL_WILD_IV, RL_WILD_SCORE } rl_wild_kind;

typedef struct rl_wild {
    rl_wild_kind kind;
    double *p, *low, *high; /* m   NaN where the estimate is 0 by construction         */
    double *std_error;      /* m   forms 13 and 33 only, else NULL                     */
    size_t draws, units;    /* units: clusters that draws are made for                 */
    bool all;               /* every vector of signs (or six points), once             */
    bool no_maximum;        /* an interval was searched where a likelihood has none    */
    const struct rl_wild_state *state; /* for rl_wild_joint() */
} rl_wild;

/*   C, b   m-by-f->m, m  what is tested to be 0: b = C estimates, less constants
 *   level  of the interval {r: p(r) > 1 - level}
 *
 * Errors  RL_EDATA  a method without influence; sums by cluster too large; a null that cannot be
 *                   imposed; forms 31, 13, 33 where they are not defined, or where a cluster alone
 *                   identifies something, by name
 * Cost    n K (k + 1) for K = k, the other effects and those levels of the largest that
 *         are not nested in clusters; num/boot.h for each estimate; IV and score: some
 *         twenty tests an estimate, of draws on sums by cluster, and for score each a fit */
RL_MUST rl_code rl_wild_run(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                            rl_wild *out, rl_ctx *cx);

/* The q restrictions C b = 0 (C q-by-f->m, b their values) together.
 *
 *   F   out   Wald over q, as the form's errors have it where they are not the clustered ones, else NaN
 *   p   out   share of the draws with W* >= W; NaN where the bootstrap imposes one restriction at a time (IV; scores
 *             with the null imposed), and where the covariance is singular
 *
 * Errors  RL_EDATA  as above
 * Cost    num/boot.h */
RL_MUST rl_code rl_wild_joint(const rl_wild *w, const rl_mat *C, const double *b, double *F, double *p, rl_ctx *cx);

#endif
