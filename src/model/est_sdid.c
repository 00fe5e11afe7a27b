/* est_sdid.c -- synthetic difference-in-differences: the treated beside weighted controls, after beside weighted
 * periods before (model/synth.h has the formulas).
 *
 * Estimand  average effect on the treated, over their treated periods
 * Assumes   beside weighted controls the treated would have moved in parallel; no anticipation; one start
 * Source    Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), American Economic Review 111(12), 4088-4118
 */
#include "model/synth.h"

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    return rl_synth_fit(d, r, true, f, cx);
}

const rl_estimator rl_est_sdid = {
    .name = "sdid",
    .what = "one start: controls, and periods before, weighted so that\nthey move with the treated (synthetic "
            "difference-in-differences)",
    .method = "Units never treated are weighted so that together they move like the treated before the start, and the "
              "periods before so that they are like those after it. The effect is how much further apart the two are "
              "after the start than in the weighted periods before.",
    .source = "Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021)",
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
