#include "model/rollout.h"

#include <math.h>
#include <string.h>

#include "base/seen.h"
#include "num/order.h"

typedef struct view {
    const rl_panel *p;
    const uint32_t *row;
    size_t n, T;
    double first;
    const double *period, *cohort;
} view;

static size_t at(const view *v, size_t k) { return v->row != NULL ? v->row[k] : k; }

/* The different cohorts, ascending; NaN (never) is not among them. */
static size_t cohorts(const view *v, double **out, bool *never, rl_ctx *cx)
{
    double *c = RL_NEW(cx->tmp, double, v->n);
    size_t n = 0;
    *never = false;
    for (size_t k = 0; k < v->n; k++) {
        double g = v->cohort[at(v, k)];
        if (isnan(g))
            *never = true;
        else
            c[n++] = g;
    }
    *out = c;
    return rl_order_different(c, n);
}

static void fill(const view *v, const double *cohort, size_t G, rl_rollout *out, rl_ctx *cx)
{
    size_t U = v->p->t.col[0].dict->n;
    bool *seen = RL_NEW(cx->tmp, bool, U);
    for (size_t k = 0; k < v->n; k++) {
        size_t i = at(v, k), t = (size_t)(v->period[i] - v->first), g = 0;
        double own = v->cohort[i];
        while (g < G && cohort[g] != own) g++;
        rl_rollout_row *r = &out->row[g];
        if (r->rows[t]++ == 0) r->mean[t] = 0;
        r->mean[t] += v->p->y[i];
        if (v->p->exposed[i]) r->exposed[t] = 1;
        r->units += rl_first_seen(seen, (size_t)v->p->unit_code[i]);
    }
    for (size_t g = 0; g < out->n; g++)
        for (size_t t = 0; t < v->T; t++)
            if (out->row[g].rows[t] > 0) out->row[g].mean[t] /= (double)out->row[g].rows[t];
}

void rl_rollout_make(const rl_panel *p, rl_calendar cal, const uint32_t *row, size_t n, rl_rollout *out, rl_arena *keep,
                     rl_ctx *cx)
{
    view v = {.p = p, .row = row, .n = row != NULL ? n : p->t.n, .first = INFINITY};
    double last = -INFINITY, *cohort;
    bool never;
    char buf[32];
    *out = (rl_rollout){0};
    v.period = rl_table_col(&p->t, "period")->num;
    v.cohort = rl_table_col(&p->t, "cohort")->num;
    for (size_t k = 0; k < v.n; k++) {
        v.first = fmin(v.first, v.period[at(&v, k)]);
        last = fmax(last, v.period[at(&v, k)]);
    }
    if (!(last >= v.first)) return;
    v.T = (size_t)(last - v.first) + 1;
    size_t G = cohorts(&v, &cohort, &never, cx);
    out->unit = p->unit;
    out->n_periods = v.T;
    out->period = RL_NEW(keep, const char *, v.T);
    for (size_t t = 0; t < v.T; t++)
        out->period[t] = rl_strdup(keep, rl_period_text(buf, cal, (int32_t)v.first + (int32_t)t));
    out->n = G + never;
    out->row = RL_NEW(keep, rl_rollout_row, out->n);
    for (size_t g = 0; g < out->n; g++) {
        rl_rollout_row *r = &out->row[g];
        *r = (rl_rollout_row){.label = g < G ? rl_strdup(keep, rl_period_text(buf, cal, (int32_t)cohort[g])) : "never",
                              .never = g >= G,
                              .mean = RL_NEW(keep, double, v.T),
                              .rows = RL_NEW(keep, size_t, v.T),
                              .exposed = RL_NEW(keep, unsigned char, v.T)};
        for (size_t t = 0; t < v.T; t++) r->mean[t] = NAN;
    }
    fill(&v, cohort, G, out, cx);
}
