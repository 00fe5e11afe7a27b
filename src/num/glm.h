/* num/glm.h -- logit and Poisson by Newton's method, effects absorbed.
 *
 *   logit     P(y = 1) = 1 / (1 + exp(-eta))        0 <= y <= 1
 *   Poisson   E y = exp(eta)                        y >= 0, counts or not
 *   eta = offset + x'b + effects
 *
 * Each step is a weighted regression of eta + (y - mu) / mu' on x with the
 * effects swept out under the weights w mu' (num/absorb.h); a step that does
 * not lower the deviance is halved.  Done when the deviance that a step takes
 * off is below 3e-13 of it: the coefficients have 12 digits then, and the
 * weights of that step 6 or 7.  One more step, from x as it was given, brings
 * weights, scores and (X'WX)^-1 to the estimate too; without it they are
 * those of the last step, as fixest takes them.
 *
 * What rounding takes from powers and products of x (low) takes part in every
 * step; beside effects, where columns are swept in double, a step that was the
 * last but for it is done again with it.  On 82 values from -9 to -3 a
 * polynomial keeps so many digits, against the maximum in 70 digits:
 *
 *   degree               4      6      8     10
 *   without, logit    12.8   11.8    9.8    5.7      beside effects 10.0 and 4.7 (8, 10)
 *   with              15.6   15.7   14.4    9.8                     14.3     10.7
 *   without, Poisson  13.5   12.3    9.0    7.3
 *   with              15.9   16.0   15.2   14.2
 *
 * What is left at degree 10 is the threshold of the steps: one more gives 12.8.
 *
 * Source: McCullagh & Nelder (1989), Generalized Linear Models, 2.5; Correia,
 * Guimaraes & Zylkin (2020), Stata Journal 20(1), for absorbed effects.
 */
#ifndef RL_NUM_GLM_H
#define RL_NUM_GLM_H

#include <stdbool.h>

#include "base/ctx.h"
#include "num/absorb.h"
#include "num/mat.h"

/* What the outcome is; the likelihood behind the estimate. */
typedef enum rl_family { RL_LINEAR, RL_LOGIT, RL_POISSON } rl_family;

typedef struct rl_glm {
    rl_family family;        /* not RL_LINEAR                                           */
    size_t n;
    const double *y;         /* n                                                       */
    const double *w;         /* n > 0, or NULL                                          */
    const double *offset;    /* n      or NULL                                          */
    const rl_fe *fe;         /*        or NULL                                          */
    double *const *low;      /* k of n, or NULL: added to the columns of X; those or all may be NULL */
    const double *start;     /* n      linear index to begin with, or NULL              */
    bool last_step;          /* W, e, A at the weights of the last step                 */
} rl_glm;

typedef struct rl_glm_fit {
    size_t k, rank;
    double *b;               /* k      0 for a dropped column                           */
    bool *dropped;           /* k      depends on columns before it, or on the effects  */
    rl_mat X;                /* n-by-rank  the columns kept, swept                      */
    double **low;            /* rank of n  what rounding took from them, or NULL        */
    rl_mat A;                /* rank-by-rank  (X'WX)^-1                                 */
    double *eta, *mu;        /* n      at the solution                                  */
    double *W, *e;           /* n      w dmu/deta, and (y - mu) / (dmu/deta): scores X'We */
    double deviance, loglik, loglik_null;
    size_t redundant;        /* of rl_absorbed                                          */
    int steps;
    unsigned char *suspect;  /* n      1: the fitted mean runs towards its bound        */
    size_t suspects;         /* how many: look for separation when there are any        */
    bool lost;               /* no convergence, or a column lost under the weights: the rest is not valid */
} rl_glm_fit;

/* X (n-by-k) is not changed.
 *
 * Errors  RL_ENUM   of num/absorb.h and num/ols.h
 * Cost    about ten times a linear regression with the same effects; n (k + 8) doubles
 */
RL_MUST rl_code rl_glm_run(const rl_glm *g, const rl_mat *X, rl_glm_fit *f, rl_arena *in, rl_ctx *cx);

/* Mean, its slope and the slope of the slope at eta (n); outputs may be NULL. */
void rl_glm_mean(rl_family family, const double *eta, size_t n, double *mu, double *slope, double *curve, rl_ctx *cx);

/* Is some row's mean driven to its bound by a direction z = X c + effects
 * that leaves the likelihood of the others alone?  Poisson: z = 0 where y > 0,
 * z >= 0 where y = 0; logit: z >= 0 where y = 0, z <= 0 where y = 1.  Such
 * rows have no finite estimate of x'b.
 *
 *   suspect    n    rows to begin with, 0 or 1
 *   separated  out  n    0 or 1
 *   share      out  k    size of column j in z relative to z; 0 = it plays no part
 *   rows       out       how many are separated
 *
 * Source: Correia, Guimaraes & Zylkin (2019), arXiv:1903.01633 (the iterative
 * rectifier), here as projections in turn onto the columns and onto the signs.
 */
RL_MUST rl_code rl_separation(const rl_glm *g, const rl_mat *X, const unsigned char *suspect, unsigned char *separated,
                              double *share, size_t *rows, rl_ctx *cx);

#endif
