/* model/result.h -- one fitted model as every writer and every test sees it. */
#ifndef RL_MODEL_RESULT_H
#define RL_MODEL_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "data/table.h"
#include "model/est.h"
#include "model/request.h"

typedef struct rl_estimate {
    rl_label label;
    double estimate, std_error, statistic, p_value, conf_low, conf_high, df;   /* NaN = not there; df 0 = normal */
    double band_low, band_high;   /* hold for all estimates of the band at once; NaN = not there */
    double std_error_neyman;      /* staggered: without what periods before tell of the spread; 0 = not there */
} rl_estimate;

typedef struct rl_dropped { const char *why; size_t rows; } rl_dropped;   /* one loss of the sample waterfall */

typedef struct rl_test {
    const char *name;           /* "pre-trend" */
    const char *variable;       /* first stages, unit roots: of this regressor; or NULL */
    double statistic, df, df2, p_value;        /* NaN = not there                       */
    /* what only some tests have */
    const char *kind;           /* "F" "chi2" "t" ..: what the statistic is called; NULL = F or chi2 by the name */
    int n_lags, lag;            /* n_lags = 1: it looks `lag` periods back; 0 = no lag  */
    int kase;                   /* bounds tests: the case of Pesaran, Shin & Smith, 1..5; 0 = none */
    const char *model;          /* unit roots: none drift level trend; or NULL          */
    const char *says;           /* what it means for the reader and what to do; or NULL */
    const char *verdict;        /* "fine" "caution" "problem" "cannot tell"; or NULL     */
    size_t draws;               /* p is a share of so many draws; 0 = it is not          */
} rl_test;

/* The least that a p can be said to be below: 0.0001; of so many draws of a bootstrap 1 / (draws + 1), 4 decimals. */
static inline double rl_p_floor(size_t draws)
{
    size_t steps = draws > 0 ? (10000 + draws) / (draws + 1) : 1;
    return (double)steps / 10000;
}

struct rl_result {
    const rl_estimator *estimator;
    const char *formula;
    /* sample */
    size_t rows_read, rows_used;
    size_t rows_behind;         /* rows of the data among those used: fewer where one is used several times (stacked) */
    rl_dropped *dropped;        /* n_dropped, in order; rows_read - sum = rows_behind        */
    size_t n_dropped;
    size_t clusters, units, periods;           /* 0 = does not apply                         */
    /* covariance */
    const char *vcov_kind;      /* "iid" "HC1" "cluster" "NW" "EWC" "block" "averaged" ..    */
    const char *vcov_by[RL_MAX_WAYS];
    size_t vcov_ways;
    const char *ssc;            /* the small-sample factor in words, with its value          */
    int lag;                    /* -1 = does not apply                                       */
    double df;                  /* t; 0 = normal, NaN = each estimate has its own           */
    size_t draws;               /* of the bootstrap; 0 = none                               */
    size_t p_draws;             /* p of an estimate is a share of so many draws; 0 = it is not */
    const char *multiplier;     /* .. of the influence: "rademacher" ..; NULL = another one  */
    double crit;                /* critical value of the uniform bands; NaN = none          */
    size_t terms;               /* EWC: cosines; 0 = does not apply                         */
    size_t block;               /* periods of a block of the bootstrap; 0 = does not apply  */
    double fixed_b;             /* p and intervals by fixed-b, with this b; 0 = not.  df, there and beside blocks, is
                                   that of the Student's t with the critical value of fixed-b at this level */
    const char *draw_by;        /* its clusters, when they are not those of the errors; or NULL */
    double level;
    /* results */
    size_t m;
    rl_estimate *est;           /* m */
    double *V;                  /* m-by-m covariance, column-major                           */
    const rl_share *share;      /* n_share  units and periods that the control is made of (sc, sdid) */
    size_t n_share;
    double r2, r2_within, rmse, sigma, loglik, aic, bic, deviance, pseudo_r2;   /* NaN = not there */
    size_t K, K_full;           /* coefficients that count in the covariance; all, effects too   */
    rl_test *test;
    size_t n_tests;
    struct rl_response *response;    /* model/response.h */
    size_t n_responses;
    const struct rl_sides *sides;    /* other estimators of the same (model/compare.h), or NULL */
    /* levels of one series that may seem related when nothing is (model/diag_unasked.c); what the regressors that
     * wander bring in all, lags added up, where everything is differenced; none where that was not to be had */
    bool spurious;
    struct rl_differenced { const char *base; double est, se, low, high; } *differenced;
    size_t n_differenced;
    rl_left *left;              /* n_left  regressors left out, as a note says too; none of lp's     */
    size_t n_left;
    const char **note;
    size_t n_notes;
    /* for joint covariances across models: psi summed over the first cluster
     * variable and scaled so that psi_G' psi_G = V (one-way clusters only; not
     * where units touch few of very many estimates: G 0)                       */
    size_t G;
    const char **cluster_label; /* G        NULL when V is not one-way clustered             */
    double *psi_G;              /* G-by-m   column-major                                     */
    /* the estimate of request.omega is sum_i omega_i y_i: what it would be for any
     * other outcome on the same rows; NULL when not asked for or not linear   */
    double *omega;              /* rows_used                                                 */
    /* the fixed effects, when the request asked for them: by effect, then by label */
    struct rl_effect_out { const char *effect, *level; double coefficient; } *effect;
    size_t n_effects;
    /* for charts and re-use */
    const uint32_t *row;        /* rows_used  table row of each row used; with omega, responses, keep_rows, else NULL */
    const double *fitted, *residual;    /* rows_used  of least squares, with responses; else NULL      */
    const rl_wander *wander;     /* errors whose persistence was averaged over; its e is NULL; or NULL  */
};

/* Carry out a request on a table: design, fit, inference.
 *
 *   t      the data, with every column the request names
 *   keep   where the result lives
 *
 * Errors  RL_EUSAGE  formula, unknown words
 *         RL_EINPUT  unknown columns, text where numbers belong, negative weights
 *         RL_EDATA   nothing to estimate, one cluster, no treated cell, ..
 * Cost    see num/ols.h and num/absorb.h; cx->tmp is used and not reset
 */
RL_MUST rl_code rl_estimate_run(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx);

/* The columns a request needs, in the form rl_table_read() wants: names in
 * order of first use, numbers where the formula needs numbers. */
RL_MUST rl_code rl_request_columns(const rl_request *req, rl_want **want, size_t *n, rl_arena *in, rl_ctx *cx);

#endif
