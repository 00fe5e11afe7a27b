/* est_glm.c -- logit and Poisson regression, effects absorbed.
 *
 *   maximise  sum_i w_i log f(y_i | eta_i),   eta = offset + x'b + effects
 *   influence psi_i = (X'WX)^-1 x_i w_i (y_i - mu_i),  X swept under W = w dmu/deta
 *
 * Poisson needs no counts: with any y >= 0 it estimates log E y by pseudo
 * maximum likelihood, zeros included.  Rows that effects alone fit perfectly
 * say nothing about b and are left out, counted; a regressor that fits rows
 * perfectly has no finite coefficient, and that is an error by name.
 *
 * Estimand  logit: the change of the log-odds; Poisson: of the log of the mean; a unit of x
 * Source    McCullagh & Nelder (1989); Gourieroux, Monfort & Trognon (1984), Econometrica 52(3);
 *           Correia, Guimaraes & Zylkin (2019), arXiv:1903.01633
 */
#include <math.h>
#include <string.h>

#include "model/design.h"
#include "model/glm_fit.h"

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    rl_label *label = RL_NEW(cx->tmp, rl_label, d->X.k);
    rl_glm_fit g;
    for (size_t j = 0; j < d->X.k; j++) label[j] = rl_label_of(d->x_name[j]);
    RL_TRY(rl_fit_glm(d, req->estimator->family, req->profile, &d->X, label, SIZE_MAX, NULL, &g, f, cx));
    if (f->leave == NULL) f->null = rl_glm_null(d, req->estimator->family, &d->X, &g, cx);
    return f->leave == NULL && req->margins ? rl_fit_margins(d, &g, f, cx) : RL_OK;
}

const rl_estimator rl_est_logit = {
    .name = "logit",
    .what = "logit regression of a 0/1 outcome, with any number of fixed effects",
    .method = "Coefficients maximise the likelihood of the logit model; effects behind '|' are absorbed in every step "
              "of Newton's method.  Levels in which the outcome never varies are left out and counted.",
    .source = "McCullagh & Nelder (1989); Correia, Guimaraes & Zylkin (2019)",
    .frame = RL_FRAME_PLAIN,
    .family = RL_LOGIT,
    .wide = true,
    .fit = fit,
};

const rl_estimator rl_est_poisson = {
    .name = "poisson",
    .what = "Poisson (PPML) regression, zeros included, with any number of fixed effects",
    .method = "Coefficients maximise the Poisson likelihood, which estimates the log of the mean of any outcome that "
              "is not negative; effects behind '|' are absorbed in every step of Newton's method.  Levels with "
              "nothing but zeros are left out and counted.",
    .source = "Gourieroux, Monfort & Trognon (1984); Correia, Guimaraes & Zylkin (2019, 2020)",
    .frame = RL_FRAME_PLAIN,
    .family = RL_POISSON,
    .wide = true,
    .fit = fit,
};
