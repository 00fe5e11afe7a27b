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
    size_t G, N; /* units drawn for, draws                                         */
    bool all;    /* every vector once: N = 2^G, or 6^G for Webb                */
    uint64_t seed;
    const uint64_t *unit; /* G   hash of the unit's label                               */
} rl_boot_plan;

/* N draws, or all vectors when they are fewer (never for Mammen, whose two points are not equally likely). */
rl_boot_plan rl_boot_plan_of(rl_boot_kind kind, size_t N, uint64_t seed, const uint64_t *unit, size_t G);

/* Errors may cluster at another level than draws are made at: a cell is a pair of a
 * cluster (H of them) and a unit (G) that occurs.  cluster NULL: all three are the same. */
typedef struct rl_cells {
    size_t n, H;
    const int32_t *cluster, *unit; /* n */
} rl_cells;

enum { RL_BOOT_TILE = 64 }; /* draws worked on together */

/* The numbers of unit g in the draws 64 at .. 64 at + 63. */
void rl_boot_tile(const rl_boot_plan *p, size_t g, size_t at, double v[RL_BOOT_TILE]);
/* The same of kinds with two points, one bit a draw: which point it is (never of all vectors). */
static inline bool rl_boot_two_points(rl_boot_kind kind) { return kind != RL_WEBB; }
void rl_boot_points(rl_boot_kind kind, double point[2]);
uint64_t rl_boot_bits(const rl_boot_plan *p, size_t g, size_t at);

typedef struct rl_boot {
    rl_cells cells;
    const double *num0, *num1; /* G    num1, s1 NULL: the null is not imposed              */
    const double *s0, *s1;     /* cells                                                    */
    rl_mat left;               /* R-by-H, or a = NULL: R = H and it is the unit matrix     */
    rl_mat right0, right1;     /* G-by-R                                                   */
    double se2;                /* squared denominator of t itself: t = rho / sqrt(se2)     */
    bool identity;             /* a draw of equal numbers gives t itself: a tie by construction */
} rl_boot;

typedef struct rl_boot_draws {
    size_t N;
    double se2;
    bool imposed;
    double *v; /* 5-by-N  n0 n1 A B C of each draw; A < 0: a tie with t    */
} rl_boot_draws;

/* Cost: N (4 R G) flops, 5 N doubles in cx->tmp. */
void rl_boot_run(const rl_boot_plan *plan, const rl_boot *b, rl_boot_draws *out, rl_ctx *cx);

/* Draws with |t*| >= |t| at rho; equal to within 1e-12 of each other counts as equal. */
size_t rl_boot_count(const rl_boot_draws *d, double rho);

/* Ends of the set of rho with more than alpha N such draws: the outermost
 * points of it (it need not be an interval); infinite where it has no end,
 * NaN when it is empty.  Cost: N fourth-degree equations, and a sort. */
void rl_boot_bounds(const rl_boot_draws *d, double alpha, double *low, double *high, rl_ctx *cx);

/* Several hypotheses at once: with n the q numerators of a draw and a_g the q scores of cluster g,
 *
 *   W* = n' (sum_g a_g a_g')^-1 n
 *
 *   one   q   num0, s0, left, right0 of each, and the identity of the first; right0 of neighbours that are the same
 *             array is worked out once
 *   W         the statistic of the data in the same units
 *
 * Returns the draws with W* >= W; a draw whose sum is singular counts as one.
 * Cost: q times the flops of rl_boot_run(), N q^2 H */
size_t rl_boot_joint(const rl_boot_plan *plan, size_t q, const rl_boot *one, double W, rl_ctx *cx);

/* w'M^-1 w of a symmetric M (q-by-q, overwritten), w overwritten; NaN when M is singular to 1e-12 of its diagonal. */
double rl_boot_quadratic(double *M, double *w, size_t q);

/* --- statistics that must be computed anew for each value under test -------------------- */

/* t^2 of the data and t*^2 (N) of the draws when the value under test is the estimate less rho;
 * t2 = infinity: no such estimate exists, which counts as a rejection. */
typedef struct rl_boot_test {
    rl_code (*at)(void *self, double rho, double *t2, double *draw, rl_ctx *cx);
    void *self;
    size_t N;
    double se;  /* standard error of the estimate                                            */
    bool cheap; /* steps of half of one instead of one; at 1e6 of them an end is infinite    */
} rl_boot_test;

/* Draws at or above t2, as rl_boot_count(). */
size_t rl_boot_above(const double *draw, size_t N, double t2);

/* The ends, counted from the estimate, of the values that have more than alpha N draws at or above
 * t2, to 1e-8 standard errors.  p(r) need not fall steadily, least of all with few draws: the search
 * goes outwards in steps and ends two standard errors (with less than 4096 draws of a cheap test
 * four) after the last value that was not rejected; none is looked for beyond 64 (16 when
 * not cheap).  Some fifteen to thirty tests an end. */
RL_MUST rl_code rl_boot_search(const rl_boot_test *t, double alpha, double *low, double *high, rl_ctx *cx);

#endif
