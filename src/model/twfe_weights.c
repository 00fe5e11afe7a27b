#include "model/bacon.h"

#include <math.h>
#include <string.h>

/* A weight of this share of the largest one is what rounding leaves of 0. */
static const double NOTHING = 1e-10;

rl_code rl_twfe_weights_make(const rl_design *d, const double *treated, rl_twfe_weights *out, rl_ctx *cx)
{
    size_t n = d->n, levels[2] = {d->unit.G, d->time.G};
    const int32_t *code[2] = {d->unit.code, d->time.code};
    const rl_fe fe = {2, levels, code};
    rl_absorbed info;
    rl_mat V = rl_mat_new(n, 1, cx->tmp);
    double *rest = rl_mat_col(&V, 0), most = 0, before = 0;
    long double sum = 0, negative = 0;
    *out = (rl_twfe_weights){0};
    memcpy(rest, treated, n * sizeof *rest);
    RL_TRY(rl_absorb(&fe, d->w, &V, NULL, &info, cx));
    for (size_t i = 0; i < n; i++) {
        if (fabs(rest[i]) > most) most = fabs(rest[i]);
        if (fabs(treated[i]) > before) before = fabs(treated[i]);
    }
    if (!(most > NOTHING * before))
        return rl_fail(cx, RL_EDATA, "the treatment does not vary within units and periods (%zu rows)", n);
    for (size_t i = 0; i < n; i++) {
        if (treated[i] == 0) continue;
        long double w = (long double)(d->w != NULL ? d->w[i] : 1) * rest[i] * treated[i];
        out->treated++;
        sum += w;
        if (rest[i] * treated[i] >= 0 || fabs(rest[i]) <= NOTHING * most) continue;
        out->negative++;
        negative += w;
    }
    out->negative_sum = (double)(negative / sum);
    rl_release(cx->tmp, V.a);
    return RL_OK;
}
