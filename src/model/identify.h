/* model/identify.h -- what a design can tell about a programme, before any outcome is looked at.
 *
 * The rows are those the dates allow: which unit is clean, exposed, too young
 * or partly exposed in which period, and whether there is a row of it at all.
 * A cohort's effect in a period is identified when the cohort was seen clean
 * before (its base period) and others that are clean were seen in both: then
 * and only then parallel trends say what would have been.
 *
 * Which estimators can take the design is not deduced but tried: each is run
 * on the same rows with drawn outcomes, and what it refuses it says itself.
 * Deals that only some outcomes are defined for (won ones, for deal sizes)
 * are all there, as whether they were won is an outcome.
 */
#ifndef RL_MODEL_IDENTIFY_H
#define RL_MODEL_IDENTIFY_H

#include "model/panel.h"

/* *out NULL: the dates leave no comparison at all; rl_panel_build() says why.
 *
 * Errors  those of rl_plan_make and rl_panel_build but RL_EDATA
 * Cost    one fit an estimator; units x periods bytes */
RL_MUST rl_code rl_identify(const rl_tables *t, const rl_plan *plan, const rl_identified **out, rl_arena *in,
                            rl_ctx *cx);

#endif
