/* num/fixedb.h -- t under fixed-b: the long-run variance counts as the random figure it is.
 *
 * With Bartlett weights k(l) = 1 - |l| / S on T periods the variance of a mean is
 * estimated by few effective squares when b = S / T is not small, and t is not
 * normal.  In the Gaussian location model
 *
 *   t = Z / sqrt(Q),   Q = sum_i lambda_i chi2_1,   lambda the eigenvalues of M K M / T
 *
 * with K the weights between periods and M = I - 11'/T.  As P(|Z| > z) is
 * 2/pi times the integral of exp(-z^2 / 2 sin^2 a) over a in (0, pi/2),
 *
 *   P(|t| > c) = 2/pi  int_0^(pi/2) prod_i (1 + c^2 lambda_i / sin^2 a)^-1/2  da
 *
 * (Imhof's integral brought to a path on which all factors are real and
 * positive, so that small probabilities keep their digits).  tan a = e^v puts
 * every singularity at Im v = pi/2: equal steps in v converge exponentially.
 *
 * Up to 400 periods T, S and gaps are as they are; beyond, the same b at 400
 * points; where b is below 1/200 there, Student's t with matched moments.
 *
 * For q restrictions q F is z'A^-1 z with A = sum_i lambda_i z_i z_i' (q-by-q): chi2_q over what
 * the other directions leave of one, 1 / (A^-1)_jj.  The mean of the tail of chi2_q over up to 4096
 * draws of A, q directions each, always the same ones, is within 0.002 of it at .05.  (Hotelling's F with
 * the freedom of Q was tried: at 5 % it rejects 4 % with q = 2 and 1 to 2 % with q = 5.)  Where t is
 * Student's it is Hotelling's: mean (df - q + 1) / df F ~ F(q, df - q + 1).
 *
 * Source: Kiefer & Vogelsang (2005), Econometric Theory 21; Imhof (1961), Biometrika 48;
 * Craig (1991), IEEE MILCOM, for the integral of P(|Z| > z).
 */
#ifndef RL_NUM_FIXEDB_H
#define RL_NUM_FIXEDB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum { RL_FIXEDB_EXACT = 400 };

typedef struct rl_fixedb {
    size_t n;       /* 0: Student's t                    */
    double *lambda; /* n   > 0                           */
    double mean;    /* of Q                              */
    double df;      /* of a chi-squared of Q's moments   */
} rl_fixedb;

/*   at      T   the periods, ascending
 *   S           bandwidth, weights 1 - |l| / S; L lags: L + 1
 *   factor      what the variance was multiplied by (1: nothing)
 *
 * False when the eigenvalues do not settle (never seen).  Cost: T^3 flops, T <= 400. */
bool rl_fixedb_make(const int32_t *at, size_t T, double S, double factor, rl_fixedb *out, rl_ctx *cx);

double rl_fixedb_p(const rl_fixedb *f, double t);            /* two-sided, 12 digits                 */
double rl_fixedb_critical(const rl_fixedb *f, double level); /* c of P(|t| <= c) = level             */

/* P of an F at least this high for q restrictions, NaN from q = df + 1 on.  Cost: up to 4096 n q (q + 20) flops. */
double rl_fixedb_joint(const rl_fixedb *f, size_t q, double F, rl_ctx *cx);

/* The degrees of freedom whose Student's t has this two-sided critical value; 0 = the normal's or less. */
double rl_fixedb_student(double critical, double level);

#endif
