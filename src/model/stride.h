/* model/stride.h -- what one step of time is, where dates show it.
 *
 * Lags, gaps and the lags of errors count periods.  Dates that are all first
 * (or all last) days of months, or all a multiple of 7 days apart, are months
 * (quarters, years) and weeks: read as days, no date would have one before
 * it.  --period has the last word; dates that show nothing are days.
 */
#ifndef RL_MODEL_STRIDE_H
#define RL_MODEL_STRIDE_H

#include "data/table.h"
#include "model/request.h"

/* RL_PERIOD_NONE: numbers, texts that are no ISO dates, too few dates, or days; how: "7 days apart". */
rl_period_kind rl_stride_find(const rl_table *t, const rl_col *c, const char **how, rl_arena *in);

/* The calendar of a request that names none, with a remark; not of a programme, whose starts may lie between the
 * dates (model/design_times.c says which period to ask for). */
void rl_stride_settle(rl_request *req, const rl_table *t, rl_ctx *cx);

#endif
