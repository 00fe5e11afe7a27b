/* out/csv_out.h -- estimates.csv: tidy, one row an estimate.
 *
 *   model status outcome kind term group time event unit estimate std_error statistic
 *   p_value conf_low conf_high df n band_low band_high at
 *
 * kind: "estimate" (of the fitted model), "event", "lift", "relative lift",
 * "small cohorts" (the lift when cohorts of a few units are not taken for precise), "estimator" (the same by another
 * one, `term`; `n` its rows), "estimator events" (the mean of its effects at the event times that all with an event
 * study have: from 0 to `event`, `time` says which), "by", "by jointly", "spillover", "money", "age"; of a regression
 * with lags
 *   "response" "cumulative" "cumulative averaged"   `event` periods later, to one more of `term`;
 *                            `group` the segment; band_low, band_high hold for all periods at once
 *   "long run" "mean lag" "half-life" "share after" (`event` periods)
 *   "channel spend", ".. spend above lowest", ".. gain", ".. to come", ".. average", ".. marginal"
 *   (`at` today's spend), ".. profit", ".. curve" (`at` this spend), ".. by period" (`time`)
 * A figure that the data cannot give is a row of status "refused".  `unit` is
 * that of the numbers in the row: a rate is a "share" (0.0312), never points;
 * "" where a formula gives the unit.  Numbers are the shortest decimals that
 * read back to the same bits, ASCII; what is not known is an empty cell, an
 * interval without an end has an empty one.  A text cell that a
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
