/* model/nickell.h -- a lag of the outcome beside effects of the unit.
 *
 * With few periods a unit, least squares puts the coefficient too low by
 * about (1 + rho)/(T - 1), however many units there are: the unit's mean that
 * is taken off holds the errors the lag is made of.  A remark says so, with
 * the figure and the estimator that does not have it.
 *
 * Source: Nickell (1981), Econometrica 49(6).
 */
#ifndef RL_MODEL_NICKELL_H
#define RL_MODEL_NICKELL_H

#include "model/design.h"

/* Remark on it, when fit f of least squares on design d has it and units have fewer than 30 rows on average. */
void rl_nickell_remark(const rl_design *d, const rl_request *req, const rl_fit *f, rl_ctx *cx);

#endif
