/* num/dist.h -- tails and quantiles, by GSL, rounded to 13 significant digits
 * (their last bits depend on the CPU; the rounding wipes them away). */
#ifndef RL_NUM_DIST_H
#define RL_NUM_DIST_H

double rl_t_p(double t, double df);             /* two-sided; df = 0: normal */
double rl_t_quantile(double p, double df);      /* df = 0: normal            */
double rl_f_p(double F, double df1, double df2);/* upper tail; df2 = 0: chi-squared(df1) of F df1 */
double rl_chi2_p(double x, double df);          /* upper tail                */

#endif
