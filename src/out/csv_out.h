/* out/csv_out.h -- estimates.csv: tidy, one row an estimate.
 *
 *   model status outcome kind term group time event unit estimate std_error statistic
 *   p_value conf_low conf_high df n
 *
 * kind: "estimate" (of the fitted model), "event", "lift", "relative lift",
 * "money", "age".  `unit` is that of the numbers in the row: a rate is a
 * "share" (0.0312), never points; "" where a formula gives the unit.  Numbers are
 * the shortest decimals that read back to the same bits, ASCII; what is not known is an empty cell.  A text cell that a
 * spreadsheet would run as a formula (it begins with = + - @ tab or CR) gets
 * an apostrophe in front; every text cell is quoted.
 */
#ifndef RL_OUT_CSV_OUT_H
#define RL_OUT_CSV_OUT_H

#include "base/str.h"
#include "model/answer.h"

void rl_csv_text_cell(rl_str *out, const char *text);
const char *rl_csv_estimates(const rl_answer *a, rl_arena *in);

#endif
