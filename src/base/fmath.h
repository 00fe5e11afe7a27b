/* base/fmath.h -- elementary functions with the same bits on every machine.
 *
 * glibc picks FMA variants of exp, log and pow at run time, so their last
 * bits depend on the CPU.  These do not: plain IEEE operations in
 * double-double, result within 0.51 ulp.  Special values as in C (log(0) =
 * -inf, log(-1) = NaN).
 */
#ifndef RL_BASE_FMATH_H
#define RL_BASE_FMATH_H

double rl_exp(double x);
double rl_log(double x);
double rl_log1p(double x);
double rl_expm1(double x);
double rl_pow(double x, double y);      /* x >= 0, or y an integer */

/* x rounded to `digits` significant decimal digits (1..17): wipes the last
 * bits of a figure that came through a library whose bits depend on the CPU. */
double rl_round_digits(double x, int digits);

#endif
