/* model/series.h -- a unit x period panel of everything, for lag models.
 *
 * Rows are every unit of the level in every period, gaps filled with zeros
 * where the data says "nothing happened" (deals, spend, touches) and left
 * missing where it says nothing (market).  Columns:
 *
 *   <level>            the unit (text); absent when level is `all`
 *   period             number of the period; consecutive periods differ by 1
 *   season             1..4 or 1..12 or 1..52 within the (calendar) year
 *   revenue, wins      by closing date under `clock: event`, else won within the
 *                      horizon of the creation cohort
 *   opportunities      deals created
 *   spend, spend_<channel>, touches, touches_<channel>, leads
 *   every market column (mean of its dates in the period)
 *
 * Channel names are made safe: letters, digits and _ stay, the rest becomes _.
 */
#ifndef RL_MODEL_SERIES_H
#define RL_MODEL_SERIES_H

#include "model/answer.h"
#include "model/tables.h"

/* Build the panel for a model with a formula.
 *
 *   unit  out  name of the unit column, or NULL for one series
 *
 * Units other than accounts take part when a deal used has them.
 *
 * Errors  RL_EINPUT  a level that is no column of deals, `accounts` or `all`;
 *                    cohorts' revenue or wins without a horizon; spend by
 *                    units the level does not have
 *         RL_EDATA   no complete period */
RL_MUST rl_code rl_series_build(const rl_tables *t, const rl_model_spec *m, rl_table *out, const char **unit,
                                rl_waterfall *w, rl_arena *in, rl_ctx *cx);

#endif
