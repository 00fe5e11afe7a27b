/* The influence of units (rl_units, model/est.h). */
#include <string.h>

#include "model/est.h"

typedef struct by_units {
    rl_psi psi;
    rl_units units;
} by_units;

/* A unit's influence stands at its row; the unit's codes are that row's. */
static rl_code sum_units(const rl_psi *psi, const int32_t *code, size_t G, rl_mat *out, rl_ctx *cx)
{
    const by_units *s = psi->self;
    int32_t *at = RL_NEW(cx->tmp, int32_t, s->units.most);
    double *value = RL_NEW(cx->tmp, double, s->units.most);
    for (size_t j = 0; j < psi->m; j++) memset(rl_mat_col(out, j), 0, G * sizeof(double));
    for (size_t u = 0; u < s->units.N; u++) {
        int32_t g = code != NULL ? code[s->units.row[u]] : (int32_t)s->units.row[u];
        if (g < 0) continue;
        size_t n = s->units.of(s->units.self, u, at, value);
        for (size_t i = 0; i < n; i++) *rl_mat_at(out, (size_t)g, (size_t)at[i]) += value[i];
    }
    rl_release(cx->tmp, at);
    return RL_OK;
}

void rl_psi_units(rl_fit *f, const rl_units *units, size_t n, rl_ctx *cx)
{
    by_units *s = RL_NEW(cx->tmp, by_units, 1);
    s->units = *units;
    s->psi = (rl_psi){.n = n, .m = f->m, .sum_by = sum_units, .self = s, .units = &s->units};
    f->psi = &s->psi;
}
