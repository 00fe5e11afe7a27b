/* model/infer_work.h -- what one inference is made of; shared by infer.c,
 * infer_lags.c, infer_series.c, infer_few.c and infer_small.c. */
#ifndef RL_MODEL_INFER_WORK_H
#define RL_MODEL_INFER_WORK_H

#include "model/infer.h"
#include "model/linear.h"
#include "model/profile.h"
#include "num/fixedb.h"

typedef struct rl_infer_work {
    const rl_design *d;
    const rl_fit *f;
    const rl_profile *p;
    rl_result *out;
    rl_arena *keep;
    rl_mat V; /* f->m by f->m; after rl_infer_combine() m by m */
    size_t K; /* coefficients that count      */
    const char *K_why;
    size_t G;  /* smallest number of clusters  */
    double df; /* 0 = normal                   */
    bool student;
    double level;
    /* series: joint tests, and t but where p_each is there, by this distribution, or NULL; EWC: the cosines */
    const rl_fixedb *fixed;
    double fixed_critical; /* of fixed, at this level */
    double cosines;
    /* what is reported: the estimates of the fit, then the combinations asked for */
    size_t m;
    double *b;               /* m                                              */
    const rl_label *label;   /* m                                              */
    rl_mat C;                /* m-by-f->m                                      */
    bool wants_sums;         /* draws will need them:                                             */
    rl_mat sums;             /* psi by the one cluster variable, a = NULL: not kept               */
    double factor;           /* by which cross-products of psi were multiplied                    */
    size_t aside;            /* the first so many estimates have t with ..                        */
    double aside_df;         /* .. these degrees of freedom (rl_fit.aside)                        */
    double crit;             /* of the uniform band, NaN = none                                   */
    double *df_each;         /* m  Satterthwaite, or NULL: df                  */
    bool small;              /* errors and tests as infer_small.c makes them   */
    rl_mat S;                /* G-by-f->m  its scores; a NULL = not made yet   */
    double *p_each, *low_each, *high_each, *se_each; /* m  of the bootstrap, or NULL: from t; se_each may be NULL */
    const struct rl_wild *wild;                      /* what several restrictions need of it, or NULL */
    bool said_joint;                                 /* how they were tested was said          */
} rl_infer_work;

/* infer.c: how many coefficients count, factors, degrees of freedom, and their words. */
void rl_infer_count_K(rl_infer_work *w, bool clustered, rl_ctx *cx);
double rl_infer_n_factor(const rl_infer_work *w, rl_nfactor rule);
const char *rl_infer_n_words(rl_nfactor rule);
void rl_infer_set_df(rl_infer_work *w, rl_dfrule rule);
double rl_infer_freedom(const rl_infer_work *w, size_t j); /* of what is reported: estimate j; 0 = normal */
/* "G/(G-1) x (n-1)/(n-K) = 1.0123, n = .., K = .." */
void rl_infer_say_factor(rl_infer_work *w, const char *first, const char *second, double value);
void rl_infer_scale(rl_mat *V, double by);
rl_code rl_infer_no_core(const char *what, rl_ctx *cx);
RL_MUST rl_code rl_infer_rows(const rl_infer_work *w, rl_mat *P, rl_ctx *cx);   /* psi, n-by-m */
RL_MUST rl_code rl_infer_clustered(rl_infer_work *w, rl_ctx *cx);

/* infer_doubts.c: what a covariance cannot say.  need_few and need_nested before it is made, need_freedom and
 * need_finite after it, say_missing after the estimates: a remark where estimates of programmes have no error though
 * they are no reference.
 *
 * Errors RL_EDATA  more than 5,000 estimates; a cluster variable that differs within a unit where influence belongs to
 *                  units (where it belongs to rows: a remark); more coefficients than rows; numbers that overflow */
RL_MUST rl_code rl_infer_need_few(const rl_fit *f, const rl_request *req, rl_ctx *cx);
RL_MUST rl_code rl_infer_need_nested(const rl_infer_work *w, const rl_request *req, rl_ctx *cx);
RL_MUST rl_code rl_infer_need_freedom(const rl_infer_work *w, rl_ctx *cx);
RL_MUST rl_code rl_infer_need_finite(const rl_infer_work *w, const rl_request *req, rl_ctx *cx);
/* After combinations: where influence cancels within every cluster or period, as that of a coefficient of each
 * cluster's own does, the variance is rounding error; it is set to 0 (no error, no statistic), with a remark. */
RL_MUST rl_code rl_infer_find_nought(rl_infer_work *w, rl_ctx *cx);
void rl_infer_say_missing(const rl_infer_work *w, const rl_request *req, rl_ctx *cx);

/* infer_thin.c: remarks on designs that carry less than their errors say, whatever the method: few clusters; of
 * programmes one unit (cluster) in a cohort, an average or all that is treated, and one to three that never are. */
void rl_infer_say_thin(const rl_infer_work *w, const rl_request *req, rl_ctx *cx);

/* infer_aside.c: the factor and degrees of freedom of rl_fit.aside. */
void rl_infer_aside(rl_infer_work *w, rl_ctx *cx);
/* infer_scores.c: sum psi psi' of m estimates over n rows of a core, (1-h)^power taken off the squares of rows (h
 * NULL = none): squared scores between two inverses, no n-by-m array. */
RL_MUST rl_code rl_infer_scores(const rl_core *c, size_t m, size_t n, const double *h, int power, rl_mat *V,
                                rl_ctx *cx);

/* infer_lags.c */
RL_MUST rl_code rl_infer_driscoll_kraay(rl_infer_work *w, rl_ctx *cx);
RL_MUST rl_code rl_infer_newey_west(rl_infer_work *w, rl_ctx *cx);
RL_MUST rl_code rl_infer_spectral(rl_infer_work *w, rl_ctx *cx);

/* infer_series.c; fixed_b after the covariance with so many lags was multiplied by both factors. */
RL_MUST rl_code rl_infer_cosines(rl_infer_work *w, rl_ctx *cx);
RL_MUST rl_code rl_infer_blocks(rl_infer_work *w, rl_ctx *cx);
RL_MUST rl_code rl_infer_fixed_b(rl_infer_work *w, int lags, double t_factor, rl_nfactor n_rule, rl_ctx *cx);

/* infer_multiplier.c: errors and uniform bands from draws, after the covariance and its combinations.
 * Errors RL_EUSAGE more than one cluster variable
 *        RL_EDATA  fewer than 3 clusters */
RL_MUST rl_code rl_infer_multiplier(rl_infer_work *w, const rl_request *req, rl_ctx *cx);

/* infer_repeat.c: the covariance of methods that have a refit, by placebos, bootstrap or jackknife, and its
 * combinations; p by rank among placebos.
 * Errors RL_EUSAGE --vcov was said
 *        RL_EDATA  too few controls or treated units for what was asked
 *        RL_ENUM   a repetition has no solution */
RL_MUST rl_code rl_infer_repeat(rl_infer_work *w, const rl_request *req, rl_ctx *cx);

/* infer_small.c: for few clusters, from the influence by cluster, cohort and period.  small: V, psi_G, factor and
 * df_each anew.  joint: as rl_infer_joint().  beside: it is made beside the test of a method that has no factor, as
 * "NAME-small-sample", with at most 5,000 clusters.  or_not: refuses what does not go with it; a study gets
 * what it asks for instead. */
RL_MUST rl_code rl_infer_small(rl_infer_work *w, rl_ctx *cx);
RL_MUST rl_code rl_infer_small_joint(rl_infer_work *w, const rl_mat *C, const double *b, rl_test *t, rl_ctx *cx);
bool rl_infer_small_beside(const rl_infer_work *w);
RL_MUST rl_code rl_infer_small_or_not(rl_infer_work *w, const rl_request *req, bool of_study, rl_ctx *cx);

/* infer_few.c: combinations, bias-reduced covariances and the wild bootstrap. */
RL_MUST rl_code rl_infer_combinations(rl_infer_work *w, const rl_request *r, rl_ctx *cx);  /* b, label, C */
void rl_infer_combine(rl_infer_work *w, rl_ctx *cx);                                       /* V and psi_G */
RL_MUST rl_code rl_infer_reduced(rl_infer_work *w, bool jackknife, rl_ctx *cx);
RL_MUST rl_code rl_infer_wild(rl_infer_work *w, double level, rl_ctx *cx);
/* The q hypotheses C b = 0 of estimates of the fit (C q-by-f->m), whose value is b: F, its degrees of
 * freedom and p; by Hotelling's T squared under CR2 and CR3.  NaN when their covariance is singular;
 * df2 <= 0: no freedom is left for q of them. */
RL_MUST rl_code rl_infer_joint(rl_infer_work *w, const rl_mat *C, const double *b, rl_test *t, rl_ctx *cx);
/* infer_joint.c: the joint tests of the fit, into the result; those of infer_small.c without estimates that too few
 * treated clusters bear, with a remark. */
RL_MUST rl_code rl_infer_joint_tests(rl_infer_work *w, const rl_request *req, rl_ctx *cx);
/* Degrees of freedom of the variance of a series, NaN where there are other rules. */
double rl_infer_series_freedom(const rl_infer_work *w);
RL_MUST rl_code rl_infer_restrictions(rl_infer_work *w, const rl_request *r, rl_ctx *cx);

#endif
