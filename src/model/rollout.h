/* model/rollout.h -- who is treated when, and how each cohort went: for a look
 * at the design (rollout map) and at the raw data (means by cohort). */
#ifndef RL_MODEL_ROLLOUT_H
#define RL_MODEL_ROLLOUT_H

#include "model/panel.h"

/* From the rows that the fit used (n of `row`; NULL: all rows of the panel).
 * Cohorts ascending, the never treated last; periods without a row are there too. */
void rl_rollout_make(const rl_panel *p, rl_calendar cal, const uint32_t *row, size_t n, rl_rollout *out,
                     rl_arena *keep, rl_ctx *cx);

#endif
