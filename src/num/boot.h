/* num/boot.h -- the wild cluster bootstrap of one hypothesis, from sums by cluster.
 *
 * A draw v (one number a cluster) enters the bootstrap statistic only through
 *
 *   numerator       n(rho) = sum_g (num0_g + rho num1_g) v_g
 *   score of g      a_g + rho b_g,  a_g = s0_g v_g - left_g'(right0 v),  b_g = s1_g v_g - left_g'(right1 v)
 *   t*^2            n(rho)^2 / sum_g (a_g + rho b_g)^2 = n^2 / (A + 2 B rho + C rho^2)
 *
 * where rho is the estimate less the value under test (0 throughout when the
 * null is not imposed).  The five numbers n0 n1 A B C of a draw settle it for
 * every value at once, so that p(r) and the interval {r: p(r) > alpha} need
 * no further draws: |t*| >= |t| is a polynomial of the fourth degree in rho.
 *
 *   G  clusters   R  rank of what regressors and effects take out   N  draws
 *
 * Source: MacKinnon (2023), Econometrics and Statistics 27 ("Fast cluster
 * bootstrap methods"); Roodman, Nielsen, MacKinnon & Webb (2019), Stata Journal 19(1).
 */
#ifndef RL_NUM_BOOT_H
#define RL_NUM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "num/mat.h"

typedef enum rl_boot_kind { RL_RADEMACHER, RL_WEBB, RL_MAMMEN } rl_boot_kind;

/* Where the draws come from. */
typedef struct rl_boot_plan {
    rl_boot_kind kind;
    size_t G, N;
    bool all;             /* every vector once: N = 2^G, or 6^G for Webb                */
    uint64_t seed;
    const uint64_t *unit; /* G   hash of the cluster's label                            */
} rl_boot_plan;

/* N draws, or all vectors when they are fewer (never for Mammen, whose two points are not equally likely). */
rl_boot_plan rl_boot_plan_of(rl_boot_kind kind, size_t N, uint64_t seed, const uint64_t *unit, size_t G);

typedef struct rl_boot {
    const double *num0, *num1;  /* G    num1, s1 NULL: the null is not imposed              */
    const double *s0, *s1;      /* G                                                        */
    rl_mat left;                /* R-by-G, or a = NULL: R = G and it is the unit matrix     */
    rl_mat right0, right1;      /* G-by-R                                                   */
    double se2;                 /* squared denominator of t itself: t = rho / sqrt(se2)     */
    bool identity;              /* a draw of equal numbers gives t itself: a tie by construction */
} rl_boot;

typedef struct rl_boot_draws {
    size_t N;
    double se2;
    bool imposed;
    double *v;                  /* 5-by-N  n0 n1 A B C of each draw; A < 0: a tie with t    */
} rl_boot_draws;

/* Cost: N (4 R G) flops, 5 N doubles in cx->tmp. */
void rl_boot_run(const rl_boot_plan *plan, const rl_boot *b, rl_boot_draws *out, rl_ctx *cx);

/* Draws with |t*| >= |t| at rho; equal to within 1e-12 of each other counts as equal. */
size_t rl_boot_count(const rl_boot_draws *d, double rho);

/* Ends of the set of rho with more than alpha N such draws: the outermost
 * points of it (it need not be an interval); infinite where it has no end,
 * NaN when it is empty.  Cost: N fourth-degree equations, and a sort. */
void rl_boot_bounds(const rl_boot_draws *d, double alpha, double *low, double *high, rl_ctx *cx);

#endif
