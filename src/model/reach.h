/* model/reach.h -- what lags cost in rows, and how many could be had instead. */
#ifndef RL_MODEL_REACH_H
#define RL_MODEL_REACH_H

#include "model/build.h"

/* Rows before what a lag needs, or after what a lead needs, leave under the
 * name of the variable: its own line of the waterfall.  Also remarks on gaps
 * in time, and on channels that are zero for long before they start. */
RL_MUST rl_code rl_build_reach(rl_build *b, rl_ctx *cx);

/* The failure just recorded is that n rows of n_units units (1 for a series)
 * cannot carry k coefficients: hint at the lags they could carry.  n is below
 * 0 when the longest lag is longer than the data.  Does nothing when the formula has no range of lags. */
void rl_hint_fewer_lags(const rl_formula *f, size_t n_units, int64_t n, size_t k, rl_ctx *cx);

/* The failure just recorded is that lags leave no row: where steps of time are mostly longer than one period, hint at
 * what a period is.  False: they are not, or nothing looks back. */
bool rl_hint_stride(rl_build *b, rl_ctx *cx);

/* Rows that the longest lag leaves: below 0 when it is longer than the series. */
int64_t rl_reach_short(const rl_build *b, size_t n_units);

#endif
