/* model/rows.h -- rows as they came, for a model with a formula.
 *
 * `level: deal`    one row a deal: its text and number columns (`group`,
 *     lookups), the fixed traits of its account, and
 *       period, season   of its creation
 *       win_rate         1 when won within the horizon, else 0
 *       value            the amount when won within the horizon, else 0
 *       deal_size        the amount when won within the horizon, else missing
 *       velocity         days gained by winning within the horizon
 *       <programme>      1 when created in a span of the programme, else 0
 *     Deals without `horizon` days of follow-up at the cut are left out, and
 *     so are, unless `transition: include`, those created before the start of
 *     a programme and followed beyond it.
 *
 * `level: panel`   one row a unit and period of the ready-made panel, days of
 *     one period added up: its columns, the unit, period, season, and
 *       <programme>      1 in periods that begin in a span of it, else 0
 */
#ifndef RL_MODEL_ROWS_H
#define RL_MODEL_ROWS_H

#include "model/answer.h"
#include "model/tables.h"

/* unit: name of the column errors are clustered by, or NULL.
 * Errors  RL_EINPUT  the study has no such table
 *         RL_EDATA   no deal is old enough */
RL_MUST rl_code rl_rows_deals(const rl_tables *t, const rl_model_spec *m, rl_table *out, const char **unit,
                              rl_waterfall *w, rl_arena *in, rl_ctx *cx);
RL_MUST rl_code rl_rows_panel(const rl_tables *t, const rl_model_spec *m, rl_table *out, const char **unit,
                              rl_waterfall *w, rl_arena *in, rl_ctx *cx);

#endif
