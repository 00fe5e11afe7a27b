/* Panels of units that start at different times, and what the tests of estimators for them share. */
#ifndef RL_TESTS_STARTS_FIXTURE_H
#define RL_TESTS_STARTS_FIXTURE_H

#include "fit_fixture.h"

/* N units, periods 1 .. T; start[u] NaN = never.  Columns unit, t, g, part (u odd), x (a trait), w, y. */
static inline rl_table starts_panel(size_t N, int T, const double *start, uint64_t seed, rl_ctx *cx)
{
    rl_table t = fit_table(N * (size_t)T);
    const char **unit = RL_NEW(cx->keep, const char *, t.n);
    double *at = fit_num(&t, "t", cx), *g = fit_num(&t, "g", cx), *part = fit_num(&t, "part", cx),
           *x = fit_num(&t, "x", cx), *w = fit_num(&t, "w", cx), *y = fit_num(&t, "y", cx);
    rl_rng r = rl_rng_for(seed, 41);
    for (size_t u = 0; u < N; u++) {
        double a = rl_normal(&r), trait = rl_normal(&r), weight = 0.5 + rl_uniform(&r);
        for (int p = 1; p <= T; p++) {
            size_t i = u * (size_t)T + (size_t)p - 1;
            unit[i] = p > 1 ? unit[i - 1] : rl_sprintf(cx->keep, "u%03zu", u);
            at[i] = p;
            g[i] = start[u];
            part[i] = (double)(u % 2);
            x[i] = trait;
            w[i] = weight;
            y[i] = a + 0.31 * p + 0.22 * p * trait + (p >= start[u] ? 1.1 + 0.3 * (p - start[u]) : 0) +
                   0.7 * rl_normal(&r);
        }
    }
    fit_text(&t, "unit", unit, cx);
    return t;
}

/* Periods and starts as texts too: columns tq and gq, period 1 = 2019Q1. */
static inline void starts_quarters(rl_table *t, rl_ctx *cx)
{
    static const char *const FROM[] = {"t", "g"}, *const TO[] = {"tq", "gq"};
    for (size_t c = 0; c < 2; c++) {
        const char **text = RL_NEW(cx->keep, const char *, t->n);
        for (size_t i = 0; i < t->n; i++) {
            double p = rl_table_col(t, FROM[c])->num[i] - 1;
            if (!isnan(p)) text[i] = rl_sprintf(cx->keep, "%dQ%d", 2019 + (int)p / 4, 1 + (int)p % 4);
        }
        fit_text(t, TO[c], text, cx);
    }
}

static inline double starts_y(const rl_table *t, int T, size_t u, int p)
{
    return rl_table_col(t, "y")->num[u * (size_t)T + (size_t)p - 1];
}

/* Mean of y at p1 less y at p0 over the units whose start is g (NaN: never); p0 = 0: of y itself. */
static inline double starts_change(const rl_table *t, int T, const double *start, double g, int p0, int p1)
{
    double sum = 0, n = 0;
    for (size_t u = 0; u < t->n / (size_t)T; u++) {
        if (isnan(g) ? !isnan(start[u]) : !(start[u] == g)) continue;
        sum += starts_y(t, T, u, p1) - (p0 > 0 ? starts_y(t, T, u, p0) : 0);
        n++;
    }
    return sum / n;
}

static inline size_t starts_size(const double *start, size_t N, double g)
{
    size_t n = 0;
    for (size_t u = 0; u < N; u++) n += (size_t)(isnan(g) ? isnan(start[u]) != 0 : start[u] == g);
    return n;
}

static inline rl_request starts_request(const char *estimator, const char *formula)
{
    return fit_program(estimator, formula);
}

static inline void starts_window(rl_request *r, int lo, int hi)
{
    r->has_window = true;
    r->window_lo = lo;
    r->window_hi = hi;
}

static inline rl_result starts_fit(const rl_table *t, const rl_request *r, rl_ctx *cx)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(r, t, &out, cx->keep, cx), cx);
    return out;
}

static inline void starts_refused(const rl_table *t, const rl_request *r, rl_code code, const char *word,
                                  const char *second, rl_ctx *cx)
{
    rl_result out;
    rl_code got = rl_estimate_run(r, t, &out, cx->keep, cx);
    if (got != code) fail_msg("code %d, want %d: %s", (int)got, (int)code, cx->err.what);
    if (strstr(cx->err.what, word) == NULL || strstr(cx->err.what, second) == NULL)
        fail_msg("'%s' lacks '%s' or '%s'", cx->err.what, word, second);
    rl_forgive(cx);
}

static inline bool starts_noted(const rl_result *r, const char *word)
{
    for (size_t i = 0; i < r->n_notes; i++)
        if (strstr(r->note[i], word) != NULL) return true;
    return false;
}

#endif
