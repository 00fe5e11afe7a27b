/* model/money.h -- what the programme was worth, and what would overturn it.
 *
 * The total is the direct estimate on `value` (won within the horizon, per
 * eligible unit and creation period, zeros included) times the treated cells
 * counted.  Volume, win rate and deal size explain it: with N deals, win
 * rate w and mean won amount s of the treated as seen (1) and without the
 * programme (0), the Shapley share of each in N w s, and `mix` = what is left
 * of the total (deals won from different accounts and periods, and sampling
 * error between the models).  The parts add up exactly.  Speed enters as time
 * value beside the total, never in it.
 *
 * Source: Shapley (1953); for the product of three factors the share of N is
 * (N1 - N0) (2 w1 s1 + w1 s0 + w0 s1 + 2 w0 s0) / 6.
 */
#ifndef RL_MODEL_MONEY_H
#define RL_MODEL_MONEY_H

#include "model/att.h"

/* value   the fitted value (or panel outcome, or revenue) effect
 * answer  the model answer the total comes from
 * fitted  n_fitted  effects of the study's models: a mechanism that is among
 *         them (same programme, horizon, controls) is not fitted again; psi
 *         NULL = not fitted
 *
 * Errors  those of fitting; a mechanism that cannot be fitted leaves the
 *         bridge out with a remark, not an error */
RL_MUST rl_code rl_money_make(const rl_tables *t, const rl_att *value, const rl_model_answer *answer,
                              const rl_att *fitted, size_t n_fitted, rl_money *out, rl_ctx *cx);

/* Lift by age, breakdown drift, and the total without the largest deals and
 * without each of the accounts that move it most (model/overturn.c). */
RL_MUST rl_code rl_money_ages(const rl_tables *t, const rl_att *value, rl_money *out, rl_ctx *cx);
RL_MUST rl_code rl_money_overturn(const rl_tables *t, const rl_att *value, rl_money *out, rl_ctx *cx);

/* Drift per period between treated and control that would bring an effect to
 * zero, and the one that would make its interval include zero (NaN when it
 * already does): exact, since the estimators are linear in the outcome. */
void rl_breakdown_drift(const rl_att *e, double *drift, double *drift_ci, rl_ctx *cx);

#endif
