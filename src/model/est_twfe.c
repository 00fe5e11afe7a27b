/* est_twfe.c -- two-way fixed effects: y on unit and time effects and one treatment.
 *
 *   y_it = a_i + l_t + overall D_it + x_it'c + e_it
 *
 * With several start dates and effects that differ, `overall` weighs
 * comparisons among treated units, some of them negatively: etwfe is
 * the estimator then.
 *
 * Estimand  with one start date the average effect on the treated, in the unit of y
 * Assumes   parallel trends, no anticipation, one effect for all (or one start date)
 * Source    Goodman-Bacon (2021), Journal of Econometrics 225(2), for what the coefficient means
 */
#include <string.h>

#include "model/design.h"

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    (void)req;
    size_t k = d->X.k;
    rl_label *label = RL_NEW(cx->tmp, rl_label, k + 1);
    rl_mat V = rl_fit_columns(d, 1, label, cx);
    memcpy(rl_mat_col(&V, k), d->treated, d->n * sizeof(double));
    label[k] = rl_label_of("overall");
    double treated = 0;
    for (size_t i = 0; i < d->n; i++) treated += d->treated[i] != 0;
    if (treated == 0) return rl_fail(cx, RL_EDATA, "no row is treated (%zu rows used)", rl_rows_used(d));
    rl_code code = rl_fit_linear(d, V, label, k, NULL, f, cx);
    if (code == RL_EDATA)
        rl_hint(cx, "there is no control: some units must be treated and others not, or later, in the same periods");
    RL_TRY(code);
    rl_fit_last_first(f, cx);
    return RL_OK;
}

const rl_estimator rl_est_twfe = {
    .name = "twfe",
    .what = "one effect, unit and time fixed effects",
    .method =
        "The outcome is regressed on unit effects, time effects and the treatment; with one start date this is the "
        "difference of two differences.",
    .source = "Goodman-Bacon (2021)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .frame = RL_FRAME_TWFE,
    .takes = " rcs ",
    .repeats = true,
    .regression = true,
    .fit = fit,
};
