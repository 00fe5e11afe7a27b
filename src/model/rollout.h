/* model/rollout.h -- who is treated when, and how each cohort went: for a look
 * at the design (rollout map) and at the raw data (means by cohort). */
#ifndef RL_MODEL_ROLLOUT_H
#define RL_MODEL_ROLLOUT_H

#include "model/panel.h"

/* From the rows that the fit used (n of `row`; NULL: all rows of the panel).  start: by unit, or NULL; units without a
 * start within the data that have one (RL_NO_DAY = none) start later.
 * Cohorts ascending, the never treated last; periods without a row are there too. */
void rl_rollout_make(const rl_panel *p, rl_calendar cal, const uint32_t *row, size_t n, const int32_t *start,
                     rl_rollout *out, rl_arena *keep, rl_ctx *cx);

#endif
