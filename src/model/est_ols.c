/* est_ols.c -- least squares, effects swept out.
 *
 *   b = (X'WX)^-1 X'Wy,   psi_i = (X'WX)^-1 x_i w_i e_i
 *
 * Estimand  the best linear prediction of y; causal when x is as good as random given the rest
 * Source    Frisch & Waugh (1933), Econometrica 1(4); Lovell (1963), JASA 58
 */
#include "model/design.h"
#include "model/forms.h"

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    if (d->forms != NULL) return rl_forms_fit(d, req, f, cx);
    rl_label *label = RL_NEW(cx->tmp, rl_label, d->X.k);
    for (size_t j = 0; j < d->X.k; j++) label[j] = rl_label_of(d->x_name[j]);
    if (d->blocks != NULL) return rl_fit_blocks(d, d->blocks, label, f, cx);
    rl_mat V = {d->X.a, d->n, d->X.k + 1, d->X.ld}; /* swept where it stands */
    return rl_fit_linear(d, V, label, SIZE_MAX, NULL, f, cx);
}

const rl_estimator rl_est_ols = {
    .name = "ols",
    .what = "least squares, with any number of fixed effects",
    .method =
        "Coefficients minimise the (weighted) sum of squared residuals; effects behind '|' are swept out exactly.",
    .source = "Frisch & Waugh (1933); Lovell (1963)",
    .frame = RL_FRAME_PLAIN,
    .blocks = true,
    .wide = true,
    .forms = true,
    .fit = fit,
};
