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
 *                shares, controls_exposed, controls_apart, controls_unplaced   (null and none: the study does not say)
 *                by: [{column, refused, unplaced, groups: [{group, treated, controls}]}]       with `study: by`
 *                "cohorts": [{label, units, deals_before, deals_after, pre_periods,
 *                             post_periods, open_at_start}],
 *                "maturity": [{period, mature, matures_on, deals}]}],
 *  "overlaps": {policy, pairs: [{first, second, unit, both, at_one_time, of_first, of_second, from}]}
 *                                             with two programmes or more; unit null: not compared
 *  "models": [{name, question, primary, status: "done" | "refused",
 *              refused: {reason, hint}            when refused
 *              estimator, why, outcome, level, waterfall,
 *              lift: {estimate, std_error, conf_low, conf_high, p_value,
 *                     relative: {estimate, std_error, conf_low, conf_high},
 *                     with, without, unit, scale, shown_in, n},
 *              looks, by: [{column, refused, hint, unplaced,
 *                           groups: [{group, status, reason, treated, controls, rows, estimate, std_error, conf_low,
 *                                     conf_high, df, p_value, p_adjusted, band_low, band_high, stands}],
 *                           same_effect: {statistic, df, df2, p_value, p_adjusted}}]      with `study: by`
 *              spillover: {status, reason, exposed, rest, estimate, std_error, conf_low, conf_high, p_value,
 *                          detectable, lift_against_rest, rest_all_along}       when the study says who shares
 *              small_cohorts: {units, alone, std_error_widened, conf_low_widened, conf_high_widened, why, says}
 *                                                             cohorts of fewer than four treated units
 *              rollout: [{cohort, units, periods: [{period, rows, mean, exposed}]}],
 *              compare: the same by other estimators, as `revlift fit --compare --json` gives it,
 *              result: as `revlift fit --json` gives it: sample, vcov, estimates, fit, tests, notes,
 *              event: {base, and the same as in result},
 *              trend: [{period, treated, control, n_treated, n_control, exposed}],
 *              lags: {terms: [..], cumulated: [..]},
 *              channels: {outcome, refused,
 *                         channel: [{column, status, reason, against_no_spend, spend, spend_above_lowest, lowest,
 *                                    highest, today, gain, average, marginal, to_come, profit, ahead_reason,
 *                                    curve: [{spend, estimate, ..}]}]}      spend in a formula
 *              breakdown_drift, breakdown_drift_interval}],
 *  "questions": [{model, can, why,                                                     from `check` alone
 *                 design: null or {unit, rows, controls: "never" | "notyet", treated, never, later, clusters,
 *                         own_estimator_refused,
 *                         cohorts: [{cohort, units, few, clean_periods, base, partly_exposed_between, exposed_periods,
 *                                    estimable_periods, identified, reason, fewest_never, fewest_notyet,
 *                                    periods: [{period, event, units, never, notyet, state: "clean" | "exposed" |
 *                                               "none", estimable, reason}]}],
 *                         estimators: [{estimator, can, reason}]}}]
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
#include "out/json.h"
#include "out/report.h"

/* file: the study file, for its name and SHA-256; NULL = not known */
const char *rl_results_text(const rl_answer *a, const rl_input_file *file, rl_arena *in);

/* Pieces of it. */
void rl_results_interval(rl_json *j, const rl_interval *x);     /* estimate, std_error, conf_low, conf_high */
void rl_results_figure(rl_json *j, const char *key, const rl_interval *x);              /* .. as an object  */
void rl_results_date(rl_json *j, const char *key, int32_t day); /* null without one                         */

/* out/results_more.c */
void rl_results_groups(rl_json *j, const rl_model_answer *m);   /* looks, by, spillover                     */
void rl_results_channels(rl_json *j, const rl_model_answer *m); /* channels                                  */
void rl_results_shares(rl_json *j, const rl_program_facts *p);
void rl_results_members(rl_json *j, const rl_program_facts *p);
void rl_results_questions(rl_json *j, const rl_answer *a);      /* out/results_design.c */
void rl_results_overlaps(rl_json *j, const rl_answer *a);

#endif
