/* Tables made in memory for the tests of formula, design, infer and est. */
#ifndef RL_TESTS_FIT_FIXTURE_H
#define RL_TESTS_FIT_FIXTURE_H

#include <math.h>
#include <string.h>

#include "check.h"
#include "base/rng.h"
#include "data/table.h"
#include "model/result.h"

static inline rl_table fit_table(size_t n) { return (rl_table){.n = n, .rows_read = n}; }

static inline double *fit_num(rl_table *t, const char *name, rl_ctx *cx)
{
    rl_col *c = rl_table_add(t, name, RL_NUM, NULL, cx->keep);
    return c->num;
}

/* A text column from n texts; NULL = missing. */
static inline void fit_text(rl_table *t, const char *name, const char *const *text, rl_ctx *cx)
{
    rl_col *c = rl_table_add(t, name, RL_TEXT, rl_dict_new(cx->keep), cx->keep);
    for (size_t i = 0; i < t->n; i++)
        c->code[i] = text[i] != NULL ? rl_dict_code(c->dict, text[i], strlen(text[i])) : -1;
}

static inline rl_request fit_request(const char *formula)
{
    return (rl_request){.formula = formula, .level = 0.95, .vcov = {.kind = RL_IID, .lag = -1}, .max_lags = -1, .horizon = -1};
}

/* What a programme is asked with, of a table with columns unit, t and g. */
static inline rl_request fit_program(const char *estimator, const char *formula)
{
    rl_request r = fit_request(formula);
    r.estimator = rl_estimator_by_name(estimator);
    r.unit = "unit";
    r.time = "t";
    r.cohort = "g";
    r.vcov.kind = RL_VCOV_DEFAULT;
    return r;
}

static inline const rl_estimate *fit_find(const rl_result *r, const char *term)
{
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, term) == 0) return &r->est[i];
    fail_msg("no estimate '%s'", term);
    return NULL;
}

static inline const rl_estimate *fit_event(const rl_result *r, int32_t event)
{
    for (size_t i = 0; i < r->m; i++)
        if (strcmp(r->est[i].label.term, "event") == 0 && r->est[i].label.event == event) return &r->est[i];
    fail_msg("no event %d", event);
    return NULL;
}

/* A panel of N units and T periods: unit, t, region (text), g (first treated
 * time, NaN = never), x, w, y with an effect of 1.3 plus 0.2 a period. */
static inline rl_table fit_panel(size_t N, int T, uint64_t seed, rl_ctx *cx)
{
    static const char *const REGION[] = {"North", "South", "West"};
    rl_table t = fit_table(N * (size_t)T);
    const char **unit = RL_NEW(cx->keep, const char *, t.n), **region = RL_NEW(cx->keep, const char *, t.n);
    fit_num(&t, "t", cx), fit_num(&t, "g", cx), fit_num(&t, "x", cx), fit_num(&t, "w", cx), fit_num(&t, "y", cx);
    double *at = t.col[0].num, *g = t.col[1].num, *x = t.col[2].num, *w = t.col[3].num, *y = t.col[4].num;
    rl_rng r = rl_rng_for(seed, 7);
    for (size_t u = 0; u < N; u++) {
        double a = rl_normal(&r), start = u % 3 == 0 ? NAN : 4 + (double)(u % 2) * 2;
        for (int p = 1; p <= T; p++) {
            size_t i = u * (size_t)T + (size_t)p - 1;
            unit[i] = p > 1 ? unit[i - 1] : rl_sprintf(cx->keep, "u%03zu", u);
            region[i] = REGION[u % 7 % 3];
            at[i] = p;
            g[i] = start;
            x[i] = rl_normal(&r) + 0.3 * a;
            w[i] = 0.5 + rl_uniform(&r);
            double effect = p >= start ? 1.3 + 0.2 * (p - start) : 0;
            y[i] = a + 0.17 * p + 0.83 * x[i] + effect + 0.6 * rl_normal(&r);
        }
    }
    fit_text(&t, "unit", unit, cx);
    fit_text(&t, "region", region, cx);
    return t;
}

/* The rows of a table in another order. */
static inline rl_table fit_shuffled(const rl_table *t, uint64_t seed, rl_ctx *cx)
{
    rl_table u = *t;
    uint32_t *to = RL_NEW(cx->keep, uint32_t, t->n);
    rl_rng r = rl_rng_for(seed, 1);
    for (size_t i = 0; i < t->n; i++) {
        size_t j = (size_t)(rl_uniform(&r) * (double)(i + 1));
        to[i] = to[j];
        to[j] = (uint32_t)i;
    }
    u.col = RL_NEW(cx->keep, rl_col, t->k);
    for (size_t j = 0; j < t->k; j++) {
        u.col[j] = t->col[j];
        if (t->col[j].num != NULL) u.col[j].num = RL_NEW(cx->keep, double, t->n);
        if (t->col[j].code != NULL) u.col[j].code = RL_NEW(cx->keep, int32_t, t->n);
        for (size_t i = 0; i < t->n; i++) {
            if (t->col[j].num != NULL) u.col[j].num[i] = t->col[j].num[to[i]];
            if (t->col[j].code != NULL) u.col[j].code[i] = t->col[j].code[to[i]];
        }
    }
    return u;
}

#endif
