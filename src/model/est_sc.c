/* est_sc.c -- synthetic control: the treated beside weighted controls that had the same outcome before (model/synth.h
 * has the formulas).
 *
 * Estimand  average effect on the treated, over their treated periods
 * Assumes   what matches the outcome before the start would have gone on to match it; no anticipation; one start
 * Source    Abadie, Diamond & Hainmueller (2010), Journal of the American Statistical Association 105(490), 493-505;
 *           without covariates, solved as Arkhangelsky et al. (2021) do
 */
#include "model/synth.h"

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    return rl_synth_fit(d, r, false, f, cx);
}

const rl_estimator rl_est_sc = {
    .name = "sc",
    .what = "one start: controls weighted so that they have the outcome\nof the treated before (synthetic control)",
    .method = "Units never treated are weighted so that together they have the outcome of the treated before the "
              "start. The effect is the gap between the two after it.",
    .source = "Abadie, Diamond & Hainmueller (2010)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .refits = true,
    .first_times = true,
    .takes = " agg ",
    .no_weights = "those of the controls are what it looks for",
    .no_lift = "has errors by placebos alone, and no influence of the units that money could be counted with",
    .fit = fit,
};
