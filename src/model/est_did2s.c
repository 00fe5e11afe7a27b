/* est_did2s.c -- two stages: the untreated rows' effects taken off, then a regression on event time.
 *
 *   1  y_it = a_i + l_t + x_it'c + u_it                    rows not yet treated
 *   2  y_it - a_i - l_t - x_it'c = sum_k b_k D_k(it) + v_it   all rows
 *
 * D: treated (simple), or event times without those of reference, cohorts, periods, cells of both. They exclude each
 * other and there is no constant, so b_k is the mean of its rows, and its influence that of the second stage with
 * the first stage's on top:
 *
 *   psi_ik = D_k w (y~ - b_k) / W_k - w u_i z_i'(Z0'W Z0)^-1 (sum D_k w z) / W_k
 *
 * Estimand  effects on the treated; event times before the start: what is left of the untreated rows
 * Assumes   parallel trends, no anticipation
 * Source    Gardner (2021), arXiv 2207.05943; Butts & Gardner (2022), R Journal 14(3)
 */
#include <string.h>

#include "model/imputed.h"

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    rl_imputed *p = RL_NEW(cx->tmp, rl_imputed, 1);
    RL_TRY(rl_imputed_base(d, r, "did2s", p, f, cx));
    if (f->leave != NULL) return RL_OK;
    RL_TRY(rl_imputed_averages(p, true, cx));
    size_t n_pre = 0, *pre = RL_NEW(cx->tmp, size_t, p->m);
    double *own = RL_NEW(cx->tmp, double, d->n);
    long double *sum = RL_NEW(cx->tmp, long double, p->m);
    for (size_t i = 0; i < d->n; i++)
        if (p->of[i] >= 0) sum[p->of[i]] += (long double)rl_baseline_w(&p->b, i) * p->e[i];
    f->m = p->m;
    f->label = p->label;
    f->b = RL_NEW(cx->tmp, double, p->m);
    for (size_t j = 0; j < p->m; j++) {
        f->b[j] = (double)(sum[j] / p->W[j]);
        if (f->label[j].event != RL_NO_ID && f->label[j].event < -r->anticipation) pre[n_pre++] = j;
    }
    for (size_t i = 0; i < d->n; i++) own[i] = p->of[i] >= 0 ? p->e[i] - f->b[p->of[i]] : 0;
    rl_imputed_part part = {.b = &p->b, .u = p->e, .of = p->of, .own = own, .W = p->W, .m = p->m};
    rl_imputed_psi(d, &part, 1, f, cx);
    rl_imputed_finish(p, f);
    rl_fit_pre_trend(f, pre, n_pre, true, cx);
    return RL_OK;
}

const rl_estimator rl_est_did2s = {
    .name = "did2s",
    .what = "two stages: effects from untreated rows, then a regression on event time",
    .method =
        "Unit effects, time effects and the coefficients of the regressors are estimated on the rows that are not "
        "treated yet and taken off all rows; what is left is averaged by event time, cohort or period, and the "
        "errors count the first stage's.",
    .source = "Gardner (2021)",
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .frame = RL_FRAME_IMPUTE,
    .takes = " agg window ref balance anticipation unit-trends ",
    .fit = fit,
};
