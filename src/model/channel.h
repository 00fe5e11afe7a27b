/* model/channel.h -- money by channel, from a regression with lags.
 *
 * What came in because of a channel's spend: the outcome as it was, less the
 * outcome the model gives for the same rows had the channel's spend been lower
 * in every period.  The residuals stay as they are, so that nothing but the
 * channel moves; the lags of the outcome carry the difference on.
 *
 *   d_t   = sum_j beta_j (z_jt - z0_jt) + sum_i phi_i d_{t-i}       in the model's own unit
 *   money = d_t            outcome as it is
 *         = (y_t + a) (1 - exp(-d_t))       log (a = 0), log1p (a = 1), poisson (a = 0)
 *
 * Nothing is said about spend nobody has seen: `lower` is zero only where zero
 * was spent in some period, else each unit's own lowest period, and returns
 * are per unit of spend above that.  The response curve stands on observed
 * levels alone, and so does the marginal return: the next unit at today's
 * level, every unit's spend raised in proportion, today = the last quarter.
 * What acts after the data end stands beside the total, never in it.
 *
 * Intervals by the delta method, with the covariance of the request.
 *
 * A channel that cannot be answered says why.
 */
#ifndef RL_MODEL_CHANNEL_H
#define RL_MODEL_CHANNEL_H

#include "model/answer.h"
#include "model/response.h"

enum { RL_MOST_CHANNELS = 64 };

/* Find and answer the channels among the columns `spend` (n) that stand in the formula.
 *
 *   req, t, r   the request, its table and its result, which kept its rows
 *   margin      gross margin, or NaN
 *
 * Errors  those of model/eval.h; a channel without an answer is none */
RL_MUST rl_code rl_channels_make(const rl_request *req, const rl_table *t, const rl_result *r,
                                 const char *const *spend, size_t n, double margin, rl_channels *out, rl_arena *keep,
                                 rl_ctx *cx);

/* Actual and fitted by period, and how the residuals hang together in time (answer.h). */
RL_MUST rl_code rl_trace_make(const rl_request *req, const rl_table *t, const rl_result *r, rl_trace *out,
                              rl_arena *keep, rl_ctx *cx);

#endif
