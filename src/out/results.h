/* out/results.h -- results.json: everything in the answer, for programs.
 *
 * Numbers are the shortest decimals that read back to the same bits (at most
 * %.17g), ASCII; what is not known is null.  Dates are ISO texts.  Money is
 * in the study's currency, shares are shares (0.0312, not 3.12).
 *
 * {"schema": 1,
 *  "study": {title, currency, period, level, cut, cut_why, file, sha256},
 *  "data": {"tables": [{table, file, rows_read, rows_used, first, last,
 *                       "facts": [{label, value, unit, text}]}],
 *           "faults": [{rule, policy, count, file, "examples": [..]}]},
 *  "waterfall": {unit, start, "steps": [{why, lost, left}]},
 *  "programs": [{name, unit, treated, controls, clusters, horizon, horizon_why,
 *                open_at_start_treated, open_at_start_control, overlap, partly_exposed,
 *                "cohorts": [{label, units, deals_before, deals_after, pre_periods,
 *                             post_periods, open_at_start}],
 *                "maturity": [{period, mature, matures_on, deals}]}],
 *  "models": [{name, question, primary, status: "done" | "refused",
 *              refused: {reason, hint}            when refused
 *              estimator, why, outcome, level, waterfall,
 *              lift: {estimate, std_error, conf_low, conf_high, p_value,
 *                     relative: {estimate, std_error, conf_low, conf_high},
 *                     with, without, unit, scale, shown_in, n},
 *              result: as `revlift fit --json` gives it: sample, vcov, estimates, fit, tests, notes,
 *              event: {base, and the same as in result},
 *              trend: [{period, treated, control, n_treated, n_control, exposed}],
 *              lags: {terms: [..], cumulated: [..]},
 *              breakdown_drift, breakdown_drift_interval}],
 *  "money": null or {program, model, treated_cells, treated_units, missing_cells, exposure_first, exposure_last,
 *            with, without, total, wins, gross_profit, cost, cost_media, cost_to_date, loaded_cost, net,
 *            exposure_months,
 *            roi, payback_months, cac: {estimate, conf_low, conf_high, kind: "interval" | "outside" | "all" | "none"},
 *            parts: [{name, estimate, ..}], time_value,
 *            ages: [{age, answerable, answerable_on, total, per_cell, since, cells}],
 *            drift, drift_interval, without_largest_deals, without_account: [{label, amount, total}],
 *            sign_flips, interval_flips},
 *  "unanswered": [{what, why}], "warnings": [..], "primary_refused", "diagnostic_failed"}
 *
 * unit of a lift is that of its numbers (a rate is a share); estimate x scale is in `shown_in`.
 */
#ifndef RL_OUT_RESULTS_H
#define RL_OUT_RESULTS_H

#include "model/answer.h"
#include "out/report.h"

/* file: the study file, for its name and SHA-256; NULL = not known */
const char *rl_results_text(const rl_answer *a, const rl_input_file *file, rl_arena *in);

#endif
