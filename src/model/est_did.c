/* est_did.c -- two groups, before and after: the difference of two differences.
 *
 *   y_i = a + b treated_i + c post_i + overall treated_i post_i + e_i
 *
 * The saturated regression: `overall` is (treated, after - treated, before) -
 * (control, after - control, before) of the four cell means, whatever rows
 * are missing.  Regressors of the formula come beside the four.
 *
 * Estimand  average effect on the treated, in the unit of y
 * Assumes   parallel trends; no anticipation; no spill-over to controls
 * Source    Card & Krueger (1994), American Economic Review 84(4), table 3
 */
#include "model/roster.h"

/* It walks rows, not units; where they have several starts a roster of rows says which. */
static rl_code several(const rl_design *d, rl_ctx *cx)
{
    rl_roster rows;
    size_t T0;
    RL_TRY(rl_roster_make(d, true, &rows, cx));
    return rl_roster_one_start(d, &rows, "did", &T0, cx);
}

static rl_code find_start(const rl_design *d, int32_t *start, rl_ctx *cx)
{
    size_t rows[4] = {0};
    static const char *const CELL[] = {"control, before", "control, after", "treated, before", "treated, after"};
    *start = RL_NEVER;
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] == RL_NEVER) continue;
        if (*start != RL_NEVER && d->cohort[i] != *start) return several(d, cx);
        *start = d->cohort[i];
    }
    if (*start == RL_NEVER) return rl_fail(cx, RL_EDATA, "no row is treated (%zu rows used)", rl_rows_used(d));
    for (size_t i = 0; i < d->n; i++)
        rows[2 * (d->cohort[i] != RL_NEVER) + (d->at[i] >= *start)] += d->times != NULL ? (size_t)d->times[i] : 1;
    for (int c = 0; c < 4; c++)
        if (rows[c] < 2) return rl_fail(cx, RL_EDATA, "fewer than 2 rows in cell '%s'", CELL[c]);
    return RL_OK;
}

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    (void)req;
    int32_t start;
    RL_TRY(find_start(d, &start, cx));
    size_t k = d->X.k;
    rl_label *label = RL_NEW(cx->tmp, rl_label, k + 3);
    rl_mat V = rl_fit_columns(d, 3, label, cx);
    label[k] = rl_label_of("treated");
    label[k + 1] = rl_label_of("post");
    label[k + 2] = rl_label_of("overall");
    for (size_t i = 0; i < d->n; i++) {
        double treated = d->cohort[i] != RL_NEVER, post = d->at[i] >= start;
        rl_mat_col(&V, k)[i] = treated;
        rl_mat_col(&V, k + 1)[i] = post;
        rl_mat_col(&V, k + 2)[i] = treated * post;
    }
    RL_TRY(rl_fit_linear(d, V, label, k, NULL, f, cx));
    rl_fit_last_first(f, cx);
    return RL_OK;
}

const rl_estimator rl_est_did = {
    .name = "did",
    .what = "two groups, before and after: the difference of two differences",
    .method =
        "The change of the treated group's mean minus the change of the control group's mean: four means, fitted as "
        "a saturated regression.",
    .source = "Card & Krueger (1994)",
    .needs_time = true,
    .needs_cohort = true,
    .by_unit = true,
    .first_times = true,
    .frame = RL_FRAME_PLAIN,
    .repeats = true,
    .regression = true,
    .fit = fit,
};
