/* tests/coverage/series.h -- one simulated series, and what revlift says of it.
 *
 *   y_t = x_t + x_{t-1}/2 + x_{t-2}/4 + x_{t-3}/8 + u_t     x, u independent, AR(1) with the same persistence
 *
 * or two random walks that have nothing to do with each other (persistence 1).  T periods are seen, and lags up to
 * MOST_LAG are considered; the sum of all lags is 1.875, or 0. */
#ifndef TESTS_COVERAGE_SERIES_H
#define TESTS_COVERAGE_SERIES_H

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "model/est.h"
#include "model/response.h"
#include "model/result.h"

enum { MOST_LAG = 6, BEFORE = 300, SERIES_MOST = 500 };

/* Intervals of the sum of all lags. */
typedef struct said {
    double low, high;
    bool cannot_tell;
} said;

enum { AVERAGED, LONGEST, AFTER_BIC, WAYS }; /* --average; the longest lag; least squares with the lags BIC takes */

static inline double series_truth(double persistence) { return persistence < 1 ? 1.875 : 0; }

static inline void series_walk(rl_rng *r, double persistence, size_t n, double *out)
{
    double u = 0;
    for (size_t i = 0; i < BEFORE + n; i++) {
        u = persistence * u + rl_normal(r);
        if (i >= BEFORE) out[i - BEFORE] = u;
    }
}

static inline rl_table series_table(size_t T, double persistence, uint64_t seed, rl_arena *in)
{
    static const double WEIGHT[] = {1, 0.5, 0.25, 0.125};
    static const char *const NAME[] = {"t", "x", "y"};
    double x[SERIES_MOST];
    rl_table t = {.n = T, .rows_read = T, .k = 3, .col = RL_NEW(in, rl_col, 3)};
    rl_rng r = rl_rng_for(seed, T);
    for (size_t c = 0; c < 3; c++)
        t.col[c] = (rl_col){.name = NAME[c], .type = RL_NUM, .num = RL_NEW(in, double, T), .field = -1};
    series_walk(&r, persistence, T + 3, x);
    series_walk(&r, persistence, T, t.col[2].num);
    for (size_t i = 0; i < T; i++) {
        t.col[0].num[i] = (double)i;
        t.col[1].num[i] = x[i + 3];
        for (size_t h = 0; h < 4 && persistence < 1; h++) t.col[2].num[i] += WEIGHT[h] * x[i + 3 - h];
    }
    return t;
}

static inline rl_request series_request(const char *estimator, const char *formula)
{
    return (rl_request){.formula = formula,
                        .estimator = rl_estimator_by_name(estimator),
                        .time = "t",
                        .level = 0.95,
                        .max_lags = -1,
                        .horizon = -1,
                        .checked = true,
                        .vcov = {.lag = -1}};
}

/* Errors averaged over their persistence: with the longest lag, and averaged over lengths too. */
static inline rl_code series_average(const rl_table *t, said *out, rl_ctx *cx)
{
    static const char *const X[] = {"x"};
    rl_request q = series_request("ar", "y ~ lag(x,0:6)");
    rl_result r;
    q.method = "average", q.response = X, q.n_response = 1, q.average = RL_AVERAGE_LENGTHS;
    RL_TRY(rl_estimate_run(&q, t, &r, cx->tmp, cx));
    const rl_response *s = &r.response[0];
    const rl_banded *all = &s->cumulative[MOST_LAG];
    out[AVERAGED] = (said){s->average->cumulative[MOST_LAG].low, s->average->cumulative[MOST_LAG].high, false};
    out[LONGEST] = (said){all->low, all->high, s->verdict != NULL};
    return RL_OK;
}

/* What many do: least squares with as many lags as BIC likes, all on the same rows. */
static inline rl_code series_naive(const rl_table *t, said *out, rl_ctx *cx)
{
    double least = INFINITY;
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(leave, 1, MOST_LAG);
    for (int last = 0; last <= MOST_LAG; last++) {
        static const char *const FORMULA[] = {"y ~ lag(x,0:0)", "y ~ lag(x,0:1)", "y ~ lag(x,0:2)", "y ~ lag(x,0:3)",
                                              "y ~ lag(x,0:4)", "y ~ lag(x,0:5)", "y ~ lag(x,0:6)"};
        rl_request q = series_request("ols", FORMULA[last]);
        rl_result r;
        double sum = 0, var = 0;
        q.leave = leave, q.leave_why = "the longest lag does not have them";
        RL_TRY(rl_estimate_run(&q, t, &r, cx->tmp, cx));
        if (!(r.bic < least)) continue;
        for (size_t i = 1; i < r.m; i++) {
            sum += r.est[i].estimate;
            for (size_t j = 1; j < r.m; j++) var += r.V[i + j * r.m];
        }
        double half = (r.est[1].conf_high - r.est[1].estimate) / r.est[1].std_error * sqrt(var);
        *out = (said){sum - half, sum + half, false};
        least = r.bic;
    }
    return RL_OK;
}

static inline rl_code series_ask(size_t T, double persistence, uint64_t seed, said out[WAYS], rl_ctx *cx)
{
    rl_table t = series_table(T, persistence, seed, cx->tmp);
    RL_TRY(series_average(&t, out, cx));
    RL_TRY(series_naive(&t, &out[AFTER_BIC], cx));
    rl_arena_reset(cx->tmp);
    cx->n_notes = 0;
    return RL_OK;
}

#endif
