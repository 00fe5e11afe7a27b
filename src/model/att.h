/* model/att.h -- one effect on the treated, fitted, with its influence by unit.
 *
 * A plan (what to measure, on whom) becomes a panel, the panel a fit; the
 * effect and the mean outcome of the treated come with their influence summed
 * by unit of assignment, so that any number of effects, from different models
 * on different rows, have a joint covariance: money, ratios and relative
 * lifts are functions of them (delta method; Fieller for ratios).
 */
#ifndef RL_MODEL_ATT_H
#define RL_MODEL_ATT_H

#include "model/panel.h"

typedef struct rl_att {
    rl_plan plan;
    rl_panel panel;
    rl_request req;                /* how it was fitted                                   */
    rl_result fit;
    size_t at;                     /* the effect's place in fit.est                       */
    double effect, se, with;       /* effect on the treated, its error; mean outcome of the treated */
    double df;
    size_t N;                      /* units of assignment                                 */
    double *psi;                   /* N   influence of each unit on the effect            */
    double *psi_with;              /* N   and on the mean of the treated                  */
    const int32_t *cluster;        /* N   clusters above the units, or NULL: the units are  */
    size_t n_clusters;             /* codes of `cluster`                                  */
} rl_att;

/* The estimator of a model: the one it names, or for `auto` the one that fits
 * the design; *why in words. */
RL_MUST rl_code rl_estimator_choose(const rl_tables *t, const rl_plan *plan, const rl_panel *p,
                                    const rl_estimator **est, const char **why, rl_ctx *cx);

/* The estimator of a model with a formula; unit NULL: one series, or deals.  By itself (`auto`): one series whose
 * formula neither sweeps effects out, nor has the outcome's own past, instruments or parameters to be estimated,
 * and for which neither covariance nor weights are asked, is averaged over the persistence of its errors; anything
 * else is least squares.
 *
 *   method  out  word of --method, or NULL; that of the study when it names one
 *
 * Errors  RL_EINPUT  a name that is unknown, or one for a programme */
RL_MUST rl_code rl_estimator_for_formula(const rl_study *s, const rl_model_spec *m, const char *unit, bool series,
                                         const rl_estimator **est, const char **method, const char **why, rl_ctx *cx);

/* Panel and fit of a plan.  est NULL = choose.  Errors: those of
 * rl_panel_build and rl_estimate_run, with the model's name. */
RL_MUST rl_code rl_att_fit(const rl_tables *t, const rl_plan *plan, const rl_estimator *est, rl_att *out,
                           rl_arena *in, rl_ctx *cx);

/* The estimators are linear in the outcome: what the same fit makes of any
 * other y (one per row of panel.t), a drift say. */
double rl_att_of(const rl_att *e, const double *y);

/* The event study of the same rows (term "event"): by the estimator of the model where it has one, else, or where it
 * cannot answer, by etwfe; out->estimator says which. */
RL_MUST rl_code rl_att_events(const rl_att *e, rl_result *out, rl_arena *in, rl_ctx *cx);

/* Who can take the rows of a panel, tried on it: the estimator of the model (*refused = why not, or NULL), and every
 * other.  For a panel built blind: nothing but `answered` and `why` is to be read from `out`. */
RL_MUST rl_code rl_att_try(const rl_tables *t, const rl_plan *plan, const rl_panel *p, const rl_estimator *est,
                           const char **refused, rl_sides *out, rl_arena *in, rl_ctx *cx);

/* The same rows by every other estimator that can take them; `events`: their event studies too. */
RL_MUST rl_code rl_att_sides(const rl_att *e, bool events, rl_sides *out, rl_arena *in, rl_ctx *cx);

/* Covariance of two influences by unit, each summed within the clusters of e: sum_u a_u b_u when they are the units. */
double rl_att_cov(const rl_att *e, const double *a, const double *b, rl_ctx *cx);

/* By unit, the standard error of the effect when the unit had not been there, to first order (N, in tmp). */
double *rl_att_se_without(const rl_att *e, rl_ctx *cx);

/* Effect, se and interval of scale * sum_j g_j effect_j, by the joint influence:
 * psi (n_terms of N) and the value itself.  Units, clusters and degrees of freedom are those of e. */
rl_interval rl_interval_of(double est, double se, double df, double level);
rl_interval rl_combine(const rl_att *e, double est, size_t n_terms, const double *const *psi, const double *g,
                       double level, rl_ctx *cx);

/* Fieller's set for a/b.  Source: Fieller (1954), JRSS B 16, 175-185. */
rl_ratio rl_fieller(double a, double b, double vaa, double vab, double vbb, double df, double level);

rl_lift rl_lift_of(const rl_att *e, const rl_study *s, rl_ctx *cx);

#endif
