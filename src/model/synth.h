/* model/synth.h -- a control made of weighted units, and of weighted periods before the start.
 *
 *   gap_t    = mean of the treated at t - sum_u omega_u y_ut
 *   effect_t = gap_t - sum_(s < start) lambda_s gap_s          sc: lambda = 0
 *
 *   omega    least  sum_s (a + sum_u omega_u y_us - treated_s)^2 + T0 zeta^2 |omega|^2
 *   lambda   least  sum_u (a + sum_s lambda_s y_us - mean after of u)^2 + N0 (1e-6 sigma)^2 |lambda|^2
 *
 * both 0 or more and one in sum; s: the T0 periods before the start, u: the N0 units never treated; sigma: standard
 * deviation of the changes y_us - y_(u,s-1); zeta = (N1 T1)^(1/4) sigma.  sc has no constant a, and zeta = 1e-6 sigma.
 *
 * What happens to all units alike in a period leaves every sum of squares as it is, but not sigma, whose changes are
 * those of the outcome itself (synthdid's convention): a common shock before the start makes sigma larger, the weights
 * of sdid more even, and both stop earlier.  sc at its minimum alone stays the same.
 *
 * Weights are Frank and Wolfe's, stopped: 100 steps, weights up to a quarter of the largest set to 0, then steps until
 * one gains less than (1e-5 sigma)^2, as synthdid 0.0.9 has it; --as exact goes on to the minimum (num/simplex.h).
 *
 * Source: Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), AER 111(12), algorithms 1 to 4; Abadie, Diamond &
 * Hainmueller (2010), JASA 105.
 */
#ifndef RL_MODEL_SYNTH_H
#define RL_MODEL_SYNTH_H

#include "model/design.h"

/* Terms `att` by period and `overall`; --agg simple: the latter alone, dynamic: `event`, group, calendar.
 *
 *   periods   sdid; false: sc
 *
 * Errors  RL_EDATA   units that miss a period, several starts (named), no unit never treated, fewer than two periods
 *                    before the start
 *         RL_EINPUT  two rows of one unit and period
 *         RL_EUSAGE  covariates, effects, weights
 *         RL_ENUM    no minimum was found
 * Cost    8 bytes a row, and 8 for each pair of controls up to 2,048 of them (beyond: none, and every step costs as
 *         much more as there are periods before the start).  A repetition: of 64 at a time each has room for some 16 N
 *         and, where periods are weighed, T0^2 numbers (--as exact: N T0 more), and takes n0 T0^2 to add these up
 */
RL_MUST rl_code rl_synth_fit(const rl_design *d, const rl_request *r, bool periods, rl_fit *f, rl_ctx *cx);

#endif
