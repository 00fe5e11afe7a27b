/* model/answer.h -- everything a study found, as data: the writers of out/
 * turn it into words, tables and charts and compute nothing.
 *
 * Every number that may be unknown is NaN when it is; every list may be
 * empty.  Texts that came from the user's files are raw: each writer escapes
 * for its own medium.
 */
#ifndef RL_MODEL_ANSWER_H
#define RL_MODEL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/fault.h"
#include "model/compare.h"
#include "model/result.h"
#include "model/study.h"

/* An estimate with its interval at study.level. */
typedef struct rl_interval { double est, se, low, high; } rl_interval;

/* A Fieller set for a ratio: [low, high]; or everything outside (low, high)
 * when `outside`; or every value when `all`; `none` = the ratio does not
 * exist (a denominator of zero; no gain that could pay back, no win to cost
 * anything).  est NaN without `none` = not known: no margin, no cost. */
typedef struct rl_ratio { double est, low, high; bool outside, all, none; } rl_ratio;

/* --- the data as it came ------------------------------------------------ */
typedef struct rl_fact { const char *label; double value; const char *unit; const char *text; } rl_fact;
        /* value NaN: text is shown. unit: "count" "share" "money" "days" "date" or "" */

typedef struct rl_table_facts {
    const char *table;            /* "deals", "touchpoints", ..                              */
    const char *file;             /* as written in the study                                */
    uint64_t rows_read, rows_used;
    int32_t first_day, last_day;  /* RL_NO_DAY when it has no date                           */
    size_t n_facts;
    rl_fact *fact;                /* statuses, naive win rate, won revenue, match rates, ..  */
} rl_table_facts;

typedef struct rl_fault_facts {
    rl_rule rule;
    rl_policy policy;
    size_t count;
    const char *file;             /* of the first                                            */
    size_t n_examples;
    const char **example;         /* at most 3: "deals.csv:17:4: 'GTXPro' ..."               */
} rl_fault_facts;

/* One step of a sample waterfall: `lost` rows or units left for the reason. */
typedef struct rl_step { const char *why; size_t lost, left; } rl_step;
typedef struct rl_waterfall {
    const char *unit;             /* "deals", "account-quarters"                             */
    size_t start;
    size_t n_steps;
    rl_step *step;                /* step[i].left = previous left - lost                     */
} rl_waterfall;

/* --- the design ---------------------------------------------------------- */
typedef struct rl_cohort_facts {
    const char *label;            /* "2025Q1", "never"                                       */
    size_t units, deals_before, deals_after;
    size_t pre_periods, post_periods;      /* clean ones before, mature ones after           */
    double open_at_start;         /* share of units with an open deal when it started        */
} rl_cohort_facts;

/* Two programmes and the units that got both, whenever. */
typedef struct rl_overlap {
    const char *a, *b;            /* names, in the order of the study                        */
    const char *unit;             /* NULL: given by different units, so nothing is compared  */
    size_t both, at_once;         /* units in both; those whose spans share a day            */
    size_t of_a, of_b;            /* units with each                                         */
    int32_t first;                /* the first day on which a unit had been given both       */
} rl_overlap;

typedef struct rl_maturity { const char *period; bool mature; int32_t matures_on; size_t deals; } rl_maturity;

/* A model repeated in one group of a `by` column. */
typedef struct rl_group_answer {
    const char *label;
    bool answered;
    const char *why;              /* when not                                                */
    size_t treated, controls;     /* units in the fit: with exposed rows, and without        */
    size_t rows;
    rl_interval effect;           /* on its own                                              */
    double low, high;             /* with all the model's looks holding at once (Sidak)      */
    double p_value, p_adjusted;   /* adjusted for the looks, step by step (Holm-Sidak)       */
    double df;
    bool stands;                  /* p_adjusted below 1 - level                              */
} rl_group_answer;

typedef struct rl_breakdown {
    const char *column;
    const char *refused, *hint;   /* why the column makes no groups, or NULL                 */
    size_t unplaced;              /* units without a value                                   */
    size_t n_groups, answered;
    rl_group_answer *group;       /* by value                                                */
    rl_test same;                 /* all groups answered have one effect; NaN with fewer than two */
    double same_adjusted;         /* its p value, adjusted for the columns of `by` (Sidak)     */
    const char *unit;             /* what the programme is given by                         */
} rl_breakdown;

typedef struct rl_program_facts {
    const char *name;
    const char *unit;             /* "account"                                               */
    size_t treated, controls, clusters;
    size_t n_cohorts;
    rl_cohort_facts *cohort;      /* by start; controls last                                 */
    int horizon;                  /* days, and why:                                          */
    const char *horizon_why;
    size_t n_maturity;
    rl_maturity *maturity;        /* creation periods in order                               */
    double open_at_start_treated, open_at_start_control;
    size_t overlap;               /* units in another programme too                          */
    const char *shares;           /* "an owner", "a parent account", "an owner or a parent account"; NULL = not said */
    size_t n_by;
    rl_breakdown *by;             /* groups of `by`: who is in each; nothing estimated       */
    size_t exposed, apart, unplaced;       /* controls that share with a unit that had it by the cut, that do not,
                                     of which it is not known                                */
    size_t partly_exposed;        /* deals                                                   */
    size_t decided_treated, decided_control;       /* deals with a decision                  */
    double same_day_treated, same_day_control;     /* .. share created and decided on one day */
} rl_program_facts;

/* --- a model ------------------------------------------------------------- */
typedef struct rl_trend_point {
    const char *period;
    double treated, control;
    size_t n_treated, n_control;
    bool exposed;
} rl_trend_point;

typedef struct rl_lift {          /* effect on the treated, per row of the model             */
    rl_outcome outcome;
    const char *unit;             /* "points", "%", "days", or the currency                  */
    double scale;                 /* show est * scale (100 for points)                       */
    rl_interval effect;           /* in the outcome's own unit                               */
    rl_interval relative;         /* effect / level without the programme; NaN when not meant */
    double with, without;         /* mean of the treated as seen, and without the programme  */
    double p_value;
    size_t n;                     /* treated rows it is an average over                      */
} rl_lift;

/* Controls near treated units against the other controls. */
typedef struct rl_spillover {
    bool asked;                   /* the study says who shares, and the model is one it is looked at for */
    bool answered;
    const char *why;              /* when not                                                */
    size_t exposed, rest;         /* control units in the fit                                */
    rl_interval effect;           /* on the controls that share, in the outcome's own unit   */
    double p_value;
    double detectable;            /* smallest effect found four times in five                */
    rl_interval apart;            /* the lift against controls that share nothing; NaN = too few of them */
    size_t apart_controls;
} rl_spillover;

/* --- a regression with lags ------------------------------------------------ */

/* A point of a response curve: what a period's spend at this level brings, in all, above the lowest level. */
typedef struct rl_curve_point { double spend; rl_interval gain; } rl_curve_point;

typedef struct rl_channel {
    const char *column;           /* "spend_paid"                                            */
    bool answered;
    const char *why;              /* when not                                                */
    bool from_zero;               /* compared with no spend; else with each unit's lowest period */
    double spend, above;          /* over the rows used: all of it, and what is above the comparison */
    double lowest, highest;       /* of one unit and period                                  */
    double today;                 /* spend of a unit and period in the last quarter, mean    */
    rl_interval gain;             /* of the outcome, over the rows used                      */
    rl_interval to_come;          /* .. after the data end; est NaN with to_come_why         */
    rl_interval average;          /* gain / above                                            */
    rl_interval profit;           /* average x gross margin - 1: per unit spent; NaN without a margin */
    rl_interval marginal;         /* the next unit at today's level, carry-over included     */
    const char *ahead_why;        /* why to_come and marginal are not there, or NULL         */
    bool straight;                /* each unit of spend works like the one before: so the formula has it */
    double *by_period;            /* channels.n_periods: gain                                */
    size_t n_curve;
    rl_curve_point *curve;        /* from lowest to highest                                  */
} rl_channel;

typedef struct rl_channels {
    const char *outcome;          /* "revenue"                                               */
    const char *why;              /* when there is no channel to answer: why; or NULL         */
    bool relative;                /* the outcome is a log or a rate: shares of what there was  */
    size_t n;
    rl_channel *v;
    size_t n_periods;
    int32_t *period;              /* n_periods: times, ascending                             */
    double *actual;               /* n_periods: outcome, rows used                           */
    int quarter;                  /* periods that make "today"                               */
} rl_channels;

/* Actual and fitted in the model's own unit, and autocorrelations of the residuals within units. */
typedef struct rl_trace {
    size_t n;                     /* periods                                                 */
    int32_t *period;
    double *actual, *fitted;      /* mean over units                                         */
    size_t n_acf;                 /* lags 1 .. n_acf                                          */
    double *acf, bound;           /* +- bound holds 95 % of each when there is none          */
} rl_trace;

/* A cohort's units and its mean outcome by period. */
typedef struct rl_rollout_row {
    const char *label;            /* "2025Q1", "never"                                       */
    bool never;                   /* not within the data: never, or later                     */
    size_t units;
    double *mean;                 /* n_periods  NaN = no row                                  */
    size_t *rows;                 /* n_periods                                                */
    unsigned char *exposed;       /* n_periods  1 = some row of it is                         */
    size_t later;                 /* of the units, those that start after the last period     */
} rl_rollout_row;

typedef struct rl_rollout {
    const char *unit;
    size_t n_periods;
    const char **period;
    size_t n;
    rl_rollout_row *row;          /* by start; never last                                     */
} rl_rollout;

/* The interval when cohorts of a few units are not taken for precise (model/few.h). */
typedef struct rl_few {
    size_t units, alone;          /* treated units in small cohorts; those alone in theirs; 0 = none */
    double se, low, high;         /* NaN with why                                             */
    const char *why, *says;
} rl_few;

/* Treated units behind an estimate, or clusters where errors are made of those (model/few.h). */
typedef struct rl_behind {
    size_t units;                 /* 0 = not of an event time                                 */
    size_t few;                   /* in cohorts of fewer than RL_FEW, added up over those     */
    bool thin;                    /* half or more are: it has hardly a spread of its own      */
} rl_behind;

typedef enum rl_status { RL_MODEL_DONE, RL_MODEL_REFUSED } rl_status;

typedef struct rl_model_answer {
    const rl_model_spec *spec;
    rl_status status;
    rl_err refused;               /* why, when refused                                       */
    const char *estimator_why;    /* "one start date and clean controls: ..."                */
    const char *level;            /* "account x quarter", "deal"                             */
    rl_waterfall waterfall;
    rl_result main;               /* the fitted model                                        */
    bool has_lift;
    rl_lift lift;
    bool has_event;
    rl_result event;              /* term "event": the event study, base period included as 0; by the model's own
                                     estimator where it has one: event.estimator              */
    int base_event;               /* RL_NO_ID = counted from all periods before the start     */
    rl_behind *behind;            /* event.m  who is behind each of its estimates; or NULL    */
    const char *behind_what;      /* "stores", "clusters of 'city'"                           */
    size_t n_trend;
    rl_trend_point *trend;
    const char *trend_unit;
    bool has_lags;                /* lag response: estimates `lag(x,i)` of `main`, cumulated  */
    size_t n_lags;
    const rl_estimate **lag;
    const rl_interval *cumulated; /* n_lags: sum of lags 0..i, from the joint covariance; or NULL */
    rl_channels channels;         /* n = 0 without spend in a formula                        */
    rl_trace track;               /* n = 0 without                                           */
    double breakdown_drift;       /* drift per period that would bring the lift to zero       */
    double breakdown_drift_ci;    /* .. that would make the interval include zero             */
    size_t n_by, looks;           /* columns of `by`; groups answered in all of them          */
    rl_breakdown *by;
    rl_spillover spill;
    rl_few few;
    rl_rollout rollout;           /* n = 0 without a programme                                */
    rl_sides sides;               /* other estimators of the same; n = 0 without a programme  */
} rl_model_answer;

/* --- money --------------------------------------------------------------- */
typedef struct rl_part { const char *name; rl_interval money; } rl_part;     /* volume, win rate, deal size, mix */

typedef struct rl_age_lift {
    int age;                      /* days after creation                                     */
    bool answerable;
    int32_t answerable_on;        /* when not                                                */
    rl_interval total;            /* incremental revenue by that age                         */
    rl_interval per_cell;         /* .. per unit and creation period                         */
    rl_interval since;            /* what was added after the headline's horizon, per cell, on the same cells;
                                     NaN for ages up to the horizon                          */
    size_t cells;                 /* account-periods it rests on                             */
} rl_age_lift;

/* Deals created in the cells of the value model, [control, treated][before, after]; NaN = no cell, no deal. */
typedef struct rl_volume { size_t cells[2][2], deals[2][2]; double rate[2][2]; } rl_volume;   /* rate: deals a cell */
typedef struct rl_mix { const char *trait, *level; size_t deals[2][2]; double share[2][2]; } rl_mix;

typedef struct rl_without { const char *label; double amount; rl_interval total; } rl_without;

typedef struct rl_money {
    bool given;                   /* a value model was fitted                                */
    const rl_model_answer *value; /* the model the total comes from                          */
    const char *program;
    size_t treated_cells, treated_units;
    size_t missing_cells;         /* treated cells without a row in a ready-made panel: assumed at the mean */
    int32_t exposure_first, exposure_last;  /* creation days counted                         */
    double with, without;         /* revenue of treated cells as seen, and without           */
    rl_interval total;            /* incremental revenue                                     */
    rl_interval wins;             /* incremental wins (NaN when not estimated)               */
    rl_interval gross_profit;
    double cost, cost_media, cost_to_date;  /* NaN = not known                               */
    rl_interval net;              /* gross profit - cost                                     */
    rl_ratio roi;                 /* (gross profit - cost) / cost                            */
    rl_ratio payback_months;      /* months of exposure, of a unit on average, whose gross profit covers the cost */
    double exposure_months;       /* mean months a treated unit was exposed, of those counted */
    double loaded_cost;           /* factor on media cost                                    */
    rl_ratio cac;                 /* cost per incremental win                                */
    size_t n_parts;
    rl_part *part;                /* sum of parts = total, exactly                           */
    rl_interval time_value;       /* of speed; beside the total, never in it                 */
    double pipeline_with, pipeline_without;  /* pipeline velocity of a treated unit: opportunities a period x win
                                     rate x deal size / days to win, money a day; 0 = not known */
    rl_interval pipeline;         /* .. the difference                                       */
    rl_volume volume;             /* composition: which deals were created                   */
    size_t n_mix;
    rl_mix *mix;                  /* by trait and level, the most frequent levels first      */
    size_t n_ages;
    rl_age_lift *age;
    /* what would overturn it */
    double drift, drift_ci;       /* money per account and period                            */
    rl_without largest_deals;     /* the total without the three largest deals               */
    size_t n_without;
    rl_without *without_account;  /* the accounts that move the total most, refitted exactly */
    size_t n_sign_flips;          /* accounts that alone would change the sign               */
    size_t n_interval_flips;      /* .. or whether the interval holds zero                   */
} rl_money;

/* --- what a design can tell, before any outcome is looked at (model/identify.h) --- */

/* A cohort in a period. */
typedef struct rl_wave_cell {
    const char *period;
    int32_t event;                /* periods since its start                                 */
    size_t units, never, notyet;  /* of it, and clean ones of others: never treated, not yet */
    bool clean, exposed;          /* neither: no row of it                                   */
    bool estimable;               /* exposed, with a base period and a control in both       */
    const char *why;              /* when an exposed period is not                           */
} rl_wave_cell;

typedef struct rl_wave {
    const char *label;            /* "2025Q1"; "earlier": no clean period before             */
    size_t units;
    size_t clean, exposed, estimable;      /* periods                                        */
    const char *base;             /* last clean period before the start, or NULL              */
    size_t between;               /* periods from there to the start without a row of it: partly exposed, or .. */
    size_t absent;                /* .. not in the data at all                                */
    size_t never, notyet;         /* fewest controls in an exposed period                    */
    bool few;                     /* fewer units than can look precise                       */
    bool identified;              /* some effect of it is                                    */
    const char *why;              /* when not                                                */
    rl_wave_cell *cell;           /* n_periods                                                */
} rl_wave;

typedef struct rl_identified {
    const char *unit;             /* what the programme is given by                           */
    const char *cluster;          /* what errors are clustered by: the unit, or something above it */
    const char *rows;             /* "account-quarters", "deals"                             */
    const char *period;           /* "quarter"                                               */
    bool never_only;              /* controls are the never treated alone                    */
    size_t treated, never, later; /* units: of the cohorts, never treated, start after the last period */
    size_t clusters;
    size_t n_periods, n;
    rl_wave *wave;                /* by start                                                 */
    rl_sides sides;               /* who can take it, tried on drawn outcomes: `answered` and `why` alone mean
                                     something                                               */
    const char *own_why;          /* why the model's own estimator cannot, or NULL            */
} rl_identified;

/* Before anything is fitted: can the data carry the model at all? */
typedef struct rl_question {
    const rl_model_spec *spec;
    bool can;
    const char *why;              /* the estimator and the rows it would have, or what is missing and what to do */
    const rl_identified *design;  /* of a programme; NULL when it has none                    */
} rl_question;

typedef struct rl_unanswered { const char *what, *why; } rl_unanswered;

typedef struct rl_answer {
    const rl_study *study;
    int32_t cut;
    const char *cut_why;
    size_t n_tables;
    rl_table_facts *table;
    size_t n_faults;
    rl_fault_facts *fault;
    rl_waterfall waterfall;       /* deals: rows read to rows a model can use                 */
    size_t n_programs;
    rl_program_facts *program;
    size_t n_overlaps;
    rl_overlap *overlap;          /* pairs of programmes                                      */
    rl_policy overlap_policy;
    size_t n_models;
    rl_model_answer *model;
    rl_money money;
    size_t n_questions;
    rl_question *question;        /* of `check`                                               */
    size_t n_unanswered;
    rl_unanswered *unanswered;
    size_t n_warnings;
    const char **warning;         /* cx->notes of the run, in words                           */
    bool primary_refused;         /* exit 4                                                   */
    bool diagnostic_failed;       /* exit 1 under --strict                                    */
} rl_answer;

#endif
