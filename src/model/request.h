/* model/request.h -- what to fit, whoever asks.
 *
 * The command line of `revlift fit` and a model of a study both become a
 * request; rl_estimate_run() (model/result.h) carries one out on a table.
 */
#ifndef RL_MODEL_REQUEST_H
#define RL_MODEL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/date.h"
#include "num/boot.h"
#include "num/glm.h"

typedef struct rl_estimator rl_estimator;       /* model/est.h */

typedef enum rl_vcov_kind {
    RL_VCOV_DEFAULT, RL_IID, RL_HC0, RL_HC1, RL_HC2, RL_HC3, RL_CLUSTER, RL_NW, RL_DK,
    RL_CR2, RL_CR3, RL_HAC, RL_WILD, RL_EWC, RL_BLOCK, RL_WILD_DEPENDENT
} rl_vcov_kind;

enum { RL_MAX_WAYS = 4, RL_MAX_REFS = 8, RL_MAX_ORDERS = 32 };

typedef enum rl_ic { RL_IC_DEFAULT, RL_IC_AIC, RL_IC_BIC, RL_IC_HQ } rl_ic;

typedef struct rl_vcov_spec {
    rl_vcov_kind kind;
    size_t ways;                     /* cluster variables                                  */
    const char *by[RL_MAX_WAYS];     /* column names; "a^b" joins two columns              */
    int lag;                         /* NW, DK; -1 = by the profile's rule; block, wild-dependent: length of blocks */
    size_t terms;                    /* EWC: cosines; 0 = by the rule                      */
    bool fixed_b;                    /* NW, DK: p and intervals by fixed-b (infer_series.c)*/
    int rule;                        /* NW, DK: 1 + rl_lagrule asked for by name; 0 = the profile's */
    int prewhite;                    /* NW: 1 yes, -1 no, 0 = as the profile does; HAC: 1 yes */
    size_t reps;                     /* wild, block, wild-dependent: draws                 */
    rl_boot_kind draws;              /* wild                                               */
    bool null_free;                  /* wild: the null is not imposed                      */
    const char *draw_by;             /* wild: draws by this column, not by that of the errors; or NULL */
    bool as_it_is;                   /* several ways: negative eigenvalues are left alone  */
    int form;                        /* wild: 11, 31, 13, 33 (model/wild.h)                */
} rl_vcov_spec;

/* A set of conventions: which small-sample factor, which lag rule, t or normal.
 * The table stands in model/profile.c; NULL = the estimator's own (for
 * regressions: fixest's). */
typedef struct rl_profile rl_profile;

/* What responses are averaged over (model/response_average.c). */
typedef enum rl_average_kind { RL_AVERAGE_NONE, RL_AVERAGE_LENGTHS, RL_AVERAGE_FORMS } rl_average_kind;

/* Errors by repetition, of methods without influence (model/infer_repeat.c); bootstrap is a word of its own. */
typedef enum rl_repeat { RL_REPEAT_DEFAULT, RL_REPEAT_PLACEBO, RL_REPEAT_JACKKNIFE } rl_repeat;

typedef enum rl_agg {
    RL_AGG_DEFAULT, RL_AGG_GROUP_TIME, RL_AGG_SIMPLE, RL_AGG_DYNAMIC, RL_AGG_GROUP, RL_AGG_CALENDAR,
    RL_AGG_TYPE, RL_AGG_PAIRS        /* bacon                                              */
} rl_agg;

enum { RL_LEAVE_OWN = 2 };

typedef struct rl_request {
    const char *formula;             /* "y ~ x | unit + time"                              */
    const rl_estimator *estimator;   /* NULL = ols, or iv when the formula has instruments */
    const char *unit, *time;         /* columns, or NULL (--unit/--time or --panel)        */
    rl_calendar calendar;            /* --period; kind NONE = numbers, or what the dates show (model/stride.h) */
    bool numbered;                   /* numbers of the time column are periods of `calendar` (a study's)  */
    const char *cohort, *treated;    /* DiD: first treated time, or a 0/1 (dose) column    */
    const char *weights;
    const char *offset;              /* logit, poisson: a part of the linear index whose coefficient is 1 */
    bool margins;                    /* logit, poisson: average marginal effects beside the coefficients  */
    const char *subset_col, *subset_value;
    rl_vcov_spec vcov;
    const char *profile;             /* --as                                               */
    double level;                    /* 0.95                                               */
    bool student;                    /* studies: t by the clusters also where the method's peers use the normal, and
                                        errors for few clusters where they have no factor (infer_small.c)  */
    bool has_window;
    int window_lo, window_hi;        /* event                                              */
    bool endpoints_drop;             /* rows outside the window are left out, not binned   */
    size_t n_ref;                    /* 0 = -1                                             */
    int ref[RL_MAX_REFS];
    rl_agg agg;
    rl_family family;                /* etwfe: logit, Poisson; linear for the estimators that have their own */
    bool leads;                      /* etwfe: cells before treatment too, against each cohort's last period
                                        before it */
    rl_arena *spend;               /* the table is not needed afterwards: numbers that were copied into the design
                                      are given back to this arena, where they are; NULL = leave it as it is */
    bool keep_singletons;
    bool keep_effects;             /* recover the fixed effects (ols)                             */
    bool na_drop;                  /* rows where a function has no value are left out, not an error */
    const char *covariates[RL_MAX_REFS];   /* etwfe: fixed traits; period effects differ by their levels */
    size_t n_covariates;
    /* programmes that start at different times; what a method does not look at is said back */
    bool notyet;                     /* controls: units not yet treated too, not only the never treated */
    bool universal;                  /* one base period a cohort, before treatment, for all of its cells */
    int anticipation;                /* periods before the start in which an effect may begin  */
    bool unit_trends;                /* bjs, did2s: every unit has a slope over time too       */
    bool rcs;                        /* repeated cross-sections: every row is a unit of its own */
    bool keep_unbalanced;            /* units that miss periods stay, with the rows they have  */
    bool has_balance;                /* dynamic averages over the cohorts that are seen ..     */
    int balance;                     /* .. so many periods after their start                   */
    const char *partition;           /* ddd: 0/1 column, 1 = eligible                          */
    const char *ref_cohort;          /* sunab: the cohort of reference, as the data have it; or NULL */
    bool between_never;              /* sunab: a start at which no row stands is never treated, as in fixest  */
    bool same_units;                 /* lpdid, dcdh: the same units at every horizon           */
    bool normalized;                 /* dcdh: by unit of treatment received                    */
    int premean, ylags;              /* lpdid: periods of the mean before; lags of the outcome's change */
    bool reweight;                   /* lpdid: every treated unit counts alike                 */
    bool stack_plain;                /* stacked: rows count as they are                        */
    rl_boot_kind multiplier;         /* draws of the multiplier bootstrap                      */
    bool inference_said, multiplier_said;    /* not to be chosen by a profile                  */
    const char *const *contrast;     /* averages of estimates set against each other (model/contrast.h) */
    size_t n_contrast;
    bool impute;                     /* etwfe: many cells may be imputed instead of fitted (model/impute.h)    */
    const unsigned char *leave;    /* rows of the table left out: 1 under the reason that follows, RL_LEAVE_OWN + r
                                      under number r of those behind it; or NULL            */
    const char *leave_why;
    const char *leave_own[3];      /* the estimator's (rl_fit.leave)                        */
    const char *const *lincom;     /* linear combinations of estimates (model/linear.h)       */
    size_t n_lincom;
    const char *const *restriction;/* joint tests of restrictions, one text each             */
    size_t n_restriction;
    const char *const *diag;         /* tests by name, one text each (model/diag.h)             */
    size_t n_diag;
    const char *const *iv_test;      /* tests by name that instruments bring unasked: told why where they do not */
    size_t n_iv_test;
    /* lagged regression */
    size_t n_orders;                 /* ardl: lags of the outcome, then of each regressor; 0 = see max_lags */
    int order[RL_MAX_ORDERS];
    int max_lags;                    /* ardl: choose the orders up to this; -1 = not said       */
    rl_ic ic;                        /* .. by this criterion                                    */
    int horizon;                     /* lp, responses: the last one; -1 = not said              */
    const char *shock;               /* lp: the regressor whose response is asked for           */
    const char *method;              /* koyck: iv or ols; others have their own words           */
    const char *const *response;     /* "COL", "COL,H" or "all": responses over time (model/response.h) */
    size_t n_response;
    rl_average_kind average;         /* .. averaged over the lengths or forms of their lags too  */
    struct rl_parts *parts;          /* .. what one is made of goes here, and nothing else is made of it; or NULL */
    bool response_if_any;            /* "all" may find none                                     */
    rl_period_kind step;             /* what one step of time is, where the times are numbers   */
    const char *as_asked;            /* the formula before it was written out, or NULL          */
    bool bootstrap;                  /* ardl: p and intervals from draws of the whole procedure; programmes: errors
                                        and uniform bands from multipliers of the influence     */
    size_t reps;                     /* .. so many; 0 = 1999, multipliers 1000, placebos 200    */
    rl_repeat repeat;                /* sc, sdid                                                */
    bool every;                      /* .. placebos: every one there is, once                   */
    int gmm_lo, gmm_hi;              /* arellano-bond: lags of the outcome as instruments; 0 = from 2 on, all */
    const char *const *predetermined;  /* .. regressors that answer to earlier errors        */
    size_t n_predetermined;
    const char *const *endogenous;   /* .. and to today's too                                */
    size_t n_endogenous;
    bool collapse;                   /* .. one column a lag, not one for each lag and period   */
    bool checked;                    /* no remarks that nobody asked for (model/diag.h)         */
    bool keep_rows;                  /* the result says which rows of the table were used      */
    const char *omega;             /* keep the weights the estimate of this term gives each outcome, or NULL */
} rl_request;

#endif
