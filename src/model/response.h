/* model/response.h -- what a lagged regression says over time.
 *
 * A fit with lags answers "how long does it keep working": the response of
 * the outcome, h periods later, to one unit more of a regressor in one single
 * period (impulse), its running sum (cumulative), where that ends (long run),
 * and how soon it gets there (mean lag, half-life, the share that comes after
 * h periods).
 *
 *   y_t = sum_i phi_i y_{t-i} + sum_j beta_j x_{t-j} + ..
 *   psi_h = direct_h + sum_i phi_i psi_{h-i}            impulse response at h
 *
 * The terms are found by their labels (model/carry.h), so every estimator that
 * calls its estimates lag(x,2), lag(y,1) is understood unseen.  Everything is
 * a smooth function of the estimates: its covariance is J V J' with V the
 * covariance the request asked for, J analytic (num/impulse.h).  Bands hold
 * for all periods at once (num/supt.h); where the response is no linear
 * function of the estimates, their ends are the wider ones of these and of
 * quantiles of draws of the estimates (response_draw.c).  With `diff(y)` as outcome and lags of
 * y among the regressors the response is that of y itself.
 *
 * A factor crossed with the regressor makes one response a segment.  What is
 * not there is said: a long run where nothing dies out, a half-life of
 * responses that change sign.  The long run is a ratio: its interval is
 * Fieller's set, which holds the truth where the delta method's fails; where
 * the lags of the outcome cannot be told from adding up to 1 the set has no
 * end and `why` says that the data cannot tell.
 *
 * Cannot tell: the errors are as likely as not a random walk (chance of a
 * persistence above RL_AR_WANDERS one half or more), where series that have
 * nothing to do with each other seem related, and of the two intervals of
 * the sum over all periods shown, averaged over the persistence and in
 * differences, one holds zero.  Known of fits that averaged over it; and of
 * least squares on one series whose outcome, regressor and residuals wander,
 * where the long runs in levels and in differences are not told to have one
 * sign.
 *
 * Source: Hendry (1995), chapter 6; delta method; half-life by inversion of
 * the test of "half is reached" (Fieller 1954).
 */
#ifndef RL_MODEL_RESPONSE_H
#define RL_MODEL_RESPONSE_H

#include "model/design.h"
#include "model/lagged.h"

/* Interval of one period alone, and of the band for all. */
typedef struct rl_banded { double est, se, low, high, band_low, band_high; } rl_banded;

typedef struct rl_summary {
    double est, se, low, high;   /* NaN = not there; high may be infinite              */
    const char *why;             /* why it, or its interval, is not there; or NULL     */
} rl_summary;

/* One form of the lag that an average is over. */
typedef struct rl_candidate {
    const char *form;            /* "lag(x,0:3)", "adstock(x)"                         */
    double weight;               /* they sum to 1                                      */
    double ic;                   /* the criterion; of a rate, at the best one          */
    double rate, rate_sd;        /* mean and spread by the likelihood; NaN = has none  */
    double long_run;             /* NaN = there is none                                */
    const char *why;             /* why it is left out, weight 0; or NULL              */
} rl_candidate;

/* A response averaged over forms of its lag: everything a response reports, with intervals that cover
 * the choice (response_mix.c).  se of impulse, cumulative and long run: Buckland's; of the others NaN. */
typedef struct rl_average {
    rl_average_kind over;
    const char *criterion;       /* "AIC"                                              */
    size_t n_candidates;
    rl_candidate *candidate;
    rl_banded *impulse, *cumulative;     /* n of the response                          */
    double goes_on;              /* weight of the forms that go on after the longest lag, which long run and timing
                                    are of; 0 = they are of all forms                  */
    rl_summary long_run, mean_lag, half_life, share_after;
} rl_average;

typedef struct rl_response {
    const char *variable;        /* "log1p(spend)"                                     */
    const char *outcome;         /* what responds: "log(revenue)", "log-odds of won"   */
    bool index;                  /* .. is the index of a likelihood, and no outcome anyone has seen */
    const char *bent;            /* which terms are no straight lines, and where their slopes are taken; or NULL */
    const char *segment;         /* "region::South", "region: reference level", or NULL */
    const char *period;          /* "month", or "period" where it is not known         */
    double level;
    size_t n;                    /* horizons 0 .. n-1                                  */
    rl_banded *impulse, *cumulative;
    double crit_impulse, crit_cumulative;    /* of the bands                           */
    rl_summary long_run, mean_lag, half_life, share_after;   /* periods; share of the long run */
    int after;                   /* share_after: what comes after so many periods      */
    const char *verdict;         /* "cannot tell", or NULL                             */
    const char *doubt;           /* .. and why, in words                               */
    const char *differenced;     /* what the same regression of changes says; or NULL  */
    const char *unit_root;       /* a warning: perhaps nothing dies out; or NULL       */
    bool leads;                  /* leads were left out                                */
    /* One unit of `variable` and of the outcome in plain units at the observed means:
     * a response times `factor` is outcome_unit a unit of variable_unit; 1 = as it is, NaN = not known */
    double factor;
    const char *variable_unit, *outcome_unit;    /* "spend", "revenue"                 */
    double mean_variable, mean_outcome;
    bool log_variable, log_outcome;          /* percentages: elasticities              */
    const struct rl_average *average;    /* over lengths or forms of the lag; or NULL  */
    const char *at_means;        /* the long run in these units, in words; or NULL     */
    size_t n_says;
    const char **says;           /* in words                                           */
    /* to go on with (model/channel.h): the impulse as it was made, and what its parameters are */
    const rl_impulse *path;
    const size_t *use;           /* path->q estimates                                  */
} rl_response;

/* Carry out req->response: into out->response.
 *
 * Errors  RL_EUSAGE  a variable that is not in the formula, or the outcome; no time; a response that is not
 *                    one number a period; a horizon beyond the data; `all` where nothing acts later
 * Cost    q n p for n periods, p lags of the outcome and q estimates; see num/supt.h for the bands */
RL_MUST rl_code rl_response_run(const rl_request *req, const rl_design *d, rl_result *out, rl_arena *keep, rl_ctx *cx);

/* The same for local projections, whose estimates are the responses, by `event`; of cumulated ones
 * (cumulative::x) the sums. */
RL_MUST rl_code rl_response_projected(const rl_request *req, rl_result *out, rl_arena *keep, rl_ctx *cx);

/* With req->average: each response also averaged over the lengths or forms of its lag (response_average.c),
 * one regressor at a time, the others as written.  A regressor whose lags are not one range is passed over with
 * a remark when others are averaged.
 * Forms weigh exp(-AIC/2); over lengths alone a tenth is kept for the longest: with BIC, or AIC alone, short lengths
 * are trusted too much in short series for the interval to hold (tests/coverage/series.c).
 * Errors  RL_EUSAGE  no response; none whose lags are one range; no criterion; those of the shorter fits
 * Cost    lengths: a fit each; forms: about 75 fits */
RL_MUST rl_code rl_response_average(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep,
                                    rl_ctx *cx);

/* "COL,H" into its parts; h = -1 without.  Errors RL_EUSAGE. */
RL_MUST rl_code rl_response_parse(const char *text, const char **col, int *h, rl_arena *in, rl_ctx *cx);

/* Internal to the module. */

/* What a response is made of, so that it can be made again of other estimates. */
typedef struct rl_recipe {
    const rl_carries *x;
    const char *segment;
    const rl_places *places;
    const rl_feedback *f;
    const double *theta;         /* q  the estimates                                   */
    rl_arena *keep;
} rl_recipe;
/* Widen intervals and bands of n periods to those from draws (response_draw.c).  False: V is not finite.
 * Cost: 5,000 responses and 2 n sorts of so many numbers; 80,000 n bytes of cx->tmp. */
bool rl_response_draw(const rl_recipe *r, const rl_mat *V, double df, double level, size_t n, rl_banded *impulse,
                      rl_banded *cumulative, rl_ctx *cx);

/* What a response is made of where it is linear in the estimates but for the outcome's own lags: what averaging
 * needs, in an arena of its own. */
typedef struct rl_parts {
    rl_arena *in;
    size_t n;                    /* horizons                                           */
    double *impulse, *impulse_se, *cumulative, *cumulative_se;   /* n                  */
    size_t n_path;               /* at least n: until next to nothing comes            */
    double *path;                /* n_path  the impulse                                */
    double total, total_se, first;       /* sum psi_h, sum h psi_h                     */
    bool fades;
    size_t q;                    /* estimates                                          */
    double *theta;               /* q                                                  */
    rl_mat V;                    /* q-by-q                                             */
    double df;                   /* of t; 0 = normal                                   */
    size_t n_direct;             /* before the outcome's own lags: psi_h = theta'J_h   */
    rl_mat J;                    /* q-by-n_direct                                      */
    double *d_total, *d_first;   /* q                                                  */
    size_t n_phi;                /* the outcome's own lags                             */
    double *phi;                 /* n_phi                                              */
    rl_mat dphi;                 /* q-by-n_phi                                         */
} rl_parts;

/* Rows of an average of m responses with weights w, long run and timing with weights far; each sum to 1
 * (response_mix.c).
 * Cost: 5,000 responses and 2 n sorts of so many numbers. */
void rl_response_mix(const rl_response *s, const rl_parts *const *p, const double *w, const double *far, size_t m,
                     rl_average *out, rl_arena *keep, rl_ctx *cx);
/* Intervals and bands of n periods from draws (x: column h the draws of period h, sorted in place), joined to
 * those that stand in row (response_draw.c). */
void rl_response_bounds(double *x, size_t draws, size_t n, double level, rl_banded *row, rl_ctx *cx);

/* A figure with its gradient: standard error and interval. */
rl_summary rl_response_figure(double est, const double *g, const rl_mat *V, double crit);
/* long_run .. share_after of s (response_sum.c), in the arena `keep`. */
typedef struct rl_room {
    double room, *g;             /* what the long run divides by; q: its gradient      */
    bool divides;                /* false: it is 1 as a matter of fact                 */
    double rate;                 /* the largest rate estimated, NaN = none             */
} rl_room;
void rl_response_sum(rl_response *s, const rl_impulse *p, const rl_feedback *f, const rl_room *room, const rl_mat *V,
                     double crit, rl_arena *keep, rl_ctx *cx);
/* says (response_words.c). */
void rl_response_words(rl_response *s, rl_arena *keep);
/* differenced, and verdict and doubt where the two do not agree, of a result whose levels may only seem related. */
void rl_response_beside(rl_response *s, const rl_result *r, rl_arena *keep);
/* Which terms bend, each once, and where their slopes were taken; NULL = none does. */
const char *rl_response_bent(const rl_carries *x, const char *segment, rl_arena *keep);
/* verdict and doubt, where b0 and se0 are sum and error under random walks of a chance. */
void rl_response_doubt(rl_response *s, double chance, double b0, double se0, double crit, rl_arena *keep);
void rl_response_words_average(rl_response *s, rl_arena *keep);   /* .. of the average */

#endif
