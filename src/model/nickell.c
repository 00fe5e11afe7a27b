#include "model/nickell.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "model/gmm_rows.h"

static const double MANY_PERIODS = 30;

static bool has_unit_effect(const rl_design *d)
{
    for (size_t f = 0; f < d->fe.n_fe && d->unit_name != NULL; f++)
        if (strcmp(d->fe_name[f], d->unit_name) == 0) return true;
    return false;
}

/* The estimate of the lag of the outcome with the largest coefficient, or SIZE_MAX. */
static size_t largest_lag(const rl_design *d, const rl_fit *f)
{
    size_t best = SIZE_MAX;
    for (size_t j = 0; j < d->X.k; j++) {
        if (rl_gmm_y_lag(d, j) == 0) continue;
        for (size_t i = 0; i < f->m; i++)
            if (strcmp(f->label[i].term, d->x_name[j]) == 0 && (best == SIZE_MAX || fabs(f->b[i]) > fabs(f->b[best])))
                best = i;
    }
    return best;
}

void rl_nickell_remark(const rl_design *d, const rl_request *req, const rl_fit *f, rl_ctx *cx)
{
    const rl_estimator *e = req->estimator;
    char bias[32], rate[32], periods[32];
    if (e->past || e->instruments || e->family != RL_LINEAR || e->frame != RL_FRAME_PLAIN) return;
    if (d->time_name == NULL || !has_unit_effect(d)) return;
    double T = (double)d->n / (double)d->unit.G;
    size_t j = largest_lag(d, f);
    if (j == SIZE_MAX || !(T > 1) || T >= MANY_PERIODS) return;
    /* b = rho - (1 + rho)/(T - 1), solved for rho; not beyond 1 */
    double rho = T > 2.5 ? fmin((f->b[j] * (T - 1) + 1) / (T - 2), 1) : fmax(f->b[j], 0);
    rl_remark(
        cx, "nickell",
        "'%s' is biased by up to about -(1 + rho)/(T - 1) = %s, with %s rows a unit and rho = %s: effects of '%s' hold "
        "the errors it is made of (Nickell 1981), and other coefficients share in that; --estimator arellano-bond "
        "--panel %s,%s has no such bias in many units",
        f->label[j].term, rl_num_text(bias, rl_round_digits(-(1 + rho) / (T - 1), 2)),
        rl_num_text(periods, rl_round_digits(T, 3)), rl_num_text(rate, rl_round_digits(rho, 2)), d->unit_name,
        d->unit_name, d->time_name);
}
