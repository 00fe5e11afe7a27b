/* model/compare.h -- one question, every estimator: side by side on one sample.
 *
 * The same request (outcome, unit, time, cohort, weights, clusters, control
 * group) is carried out by each estimator for programmes.
 *
 * Sample    what the fitted estimator uses (balanced units, where it balances),
 *           less the rows that another one of the average effect on the treated
 *           cannot use: the same for all.  One that needs still fewer, say
 *           complete units among incomplete ones, says so instead of an answer;
 *           one that leaves rows out by its nature (stacked, dcdh), or asks for
 *           others beside (ddd), is marked as standing on rows of its own.
 *           With --partition the question is of the eligible alone.
 * Estimand  the average effect on the treated over their treated periods, where
 *           the method has it, and the mean of the effects at event times
 *           0, step .. last, which all with an event study have.
 * Options   of the fitted estimator are its own (it is one of the rows); a
 *           --window counts for all of them.
 *
 * What an estimator does differently is said in words: which rows it compares
 * with, its base period, how it weighs, covariates that it had to leave out.
 *
 * Synthetic difference-in-differences (sdid), and the synthetic control (sc)
 * beside one treated unit, get their errors by repetition: they take part up
 * to 500 units and 25,000 rows (a second at most), where errors are by unit and
 * their own conditions hold (one start, complete units, no covariates, no
 * weights), and say why not elsewhere.  They do without parallel trends, so no
 * agreement is asked of them.
 *
 * Event studies stand on one base: effects before treatment are counted from
 * the period before the start (--ref -1, universal base), so that curves of
 * several methods can be laid over each other.  Imputation (bjs) is the
 * exception and says so: its leads are a regression of their own among the
 * rows not yet treated.
 */
#ifndef RL_MODEL_COMPARE_H
#define RL_MODEL_COMPARE_H

#include "model/result.h"

typedef struct rl_side {
    const char *estimator;        /* "cs"                                                    */
    const char *source;           /* "Callaway & Sant'Anna (2021)"                           */
    bool fitted;                  /* that of the request itself                              */
    bool answered;                /* false: of what follows only the words are there         */
    const char *why;              /* when not                                                */
    rl_estimate effect;           /* term overall, in the unit of the outcome                */
    size_t rows, units;           /* used by this method; units 0 = does not apply           */
    bool same_rows;               /* .. those of the sample of all                            */
    const char *compares, *base, *weighs;    /* in words                                      */
    const char *without;          /* covariates it had to leave out, in words; or NULL        */
    bool same_estimand;           /* the average effect on the treated, over treated periods  */
    bool parallel;                /* .. by parallel trends of the outcome itself, as the others have it */
    bool has_event;
    rl_result event;              /* term event, by event time                                */
    rl_estimate near;             /* mean of the effects at event times 0 .. sides.last (by step); NaN = none */
} rl_side;

typedef struct rl_sides {
    size_t n;
    rl_side *v;                   /* n  in a fixed order: the table in compare.c              */
    size_t rows, read;            /* the sample of all, of the rows of the table              */
    rl_dropped *dropped;          /* n_dropped  what became of the others                     */
    size_t n_dropped;
    int step;                     /* the times are so far apart (biennial data: 2)            */
    int last;                     /* of the event times 0, step, .. that all with an event study have; < 0 = none */
    size_t starters, alone;       /* treated units; those alone with their start, whose luck errors do not hold */
    double low, high;             /* least and largest estimate of the same estimand by parallel trends on the same
                                     rows; NaN with fewer than two */
    const char *says;             /* do they agree, and what that means                       */
    /* what plain two-way fixed effects compare (model/bacon.h) */
    bool has_bacon;
    rl_result bacon;              /* kinds of comparison and pairs of cohorts, each with its weight       */
    const char *bacon_why;        /* when not, or when only the kinds are there                           */
    bool has_weights;             /* the weights of the treated rows' effects, for any panel:             */
    size_t treated, negative;     /* treated rows; those whose effect has a negative weight               */
    double negative_sum;
} rl_sides;

/* Carry out a request by every estimator that can take it.
 *
 *   req     a request of any of them: its formula, columns, control, base and errors; agg and
 *           bootstrap are set here
 *   events  the event studies too, for methods that have one
 *   out     lives in keep
 *
 * An estimator that refuses is listed with its reason; nothing here fails for
 * that.  Errors  RL_EUSAGE RL_EINPUT of the request itself
 * Cost    that of the estimators, one after another; twice where one finds rows that it cannot use */
RL_MUST rl_code rl_compare(const rl_request *req, const rl_table *t, bool events, rl_sides *out, rl_arena *keep,
                           rl_ctx *cx);

/* Sets last (step is there), the sides' near and same_rows, low, high and says, of sides that are there otherwise
 * (compare_says.c).
 *
 *   last    the latest event time to look at */
void rl_compare_judge(rl_sides *s, int last, double level, rl_arena *keep);

#endif
