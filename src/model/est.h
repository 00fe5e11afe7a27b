/* model/est.h -- the one interface of every estimator.
 *
 * An estimator takes a design and gives back estimates AND the influence of
 * every source observation on them.  Robust, clustered, HAC and
 * Driscoll-Kraay errors, bands, the delta method and joint covariances
 * across models are written once, on top of the influence (model/infer.h).
 * If you are about to write a standard error in an est_*.c file, stop.
 *
 * A new estimator is one file est_<name>.c with one const table, and its line
 * in est.c; CONTRIBUTING.md lists who else knows estimators by name.
 *
 * What a fit points to lives in cx->tmp, or is the design's, and is there until
 * the result is written: a `self` is allocated, never on the stack.
 */
#ifndef RL_MODEL_EST_H
#define RL_MODEL_EST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "data/table.h"
#include "num/absorb.h"
#include "num/cols.h"
#include "num/glm.h"
#include "num/mat.h"

typedef struct rl_design rl_design;      /* model/design.h  */
typedef struct rl_request rl_request;    /* model/request.h */
typedef struct rl_estimator rl_estimator;
typedef struct rl_result rl_result;      /* model/result.h  */
struct rl_test;
typedef struct rl_wander rl_wander;

/* The influence of the rows on m estimates, b_j - beta_j ~ sum_i psi_ij, as
 * an operator: it can add itself up over any codes, block by block, so that
 * the n-by-m array need never exist. */
typedef struct rl_psi rl_psi;
struct rl_psi {
    size_t n, m;
    /* out (G-by-m, column-major, zeroed by the callee) = sums of psi over the
     * rows with code[i] = g; rows with code -1 are left out.  code NULL: G = n,
     * every row by itself.  Fixed order: same bits for any number of threads. */
    rl_code (*sum_by)(const rl_psi *psi, const int32_t *code, size_t G, rl_mat *out, rl_ctx *cx);
    /* Rows from .. from+count-1 by themselves, estimate j of them at out + j ld; NULL: sum_by() alone.
     * May be called from several threads at once. */
    void (*rows)(const rl_psi *psi, size_t from, size_t count, double *out, size_t ld);
    const void *self;
    bool has_time;         /* rows have a time: Driscoll-Kraay and HAC make sense */
    const struct rl_units *units;    /* where the influence is that of units; NULL = of rows */
};

/* Influence that belongs to whole units (all their rows together), of which
 * each touches few of many estimates: one cohort's cells, say.  Covariances
 * and draws walk the units and never hold units-by-estimates. */
typedef struct rl_units {
    size_t N;
    const uint32_t *row;   /* N  a row of the design that stands for the unit: the unit's codes are the row's   */
    size_t most;           /* estimates a unit touches, at most                                                 */
    /* Influence of unit u: value[i] on estimate at[i], i = 0 .. count-1, no estimate twice; returns count.
     * Any number of threads; the same bits each time. */
    size_t (*of)(const void *self, size_t u, int32_t *at, double *value);
    const void *self;
} rl_units;

/* What iid, HC2 and HC3 need and influence cannot give: the least-squares
 * problem behind the fit.  NULL when there is none. */
typedef struct rl_core {
    rl_cols X;             /* n-by-k  swept regressors that were kept              */
    const double *w;       /* n       weights, or NULL                             */
    const double *e;       /* n       residuals                                    */
    rl_mat A;              /* k-by-k  (X'WX)^-1                                    */
    rl_mat L;              /* m-by-k  b = L beta                                   */
    double rss;            /* e'We                                                 */
    const double *h;       /* n       leverage of the full design (effects too), or NULL until asked */
    bool working;          /* X, w, e are working quantities (projected regressors, weights of a likelihood):
                              the scores are x w e, but y is not X b + e                  */
    const int32_t *row_of; /* n       row of X that stands for each row (model/collapse.h), or NULL = its own;
                              X is then shorter than e                             */
    const double *const *beside; /* A.k - X.k of n  regressors behind those of X that have rows of their own and are
                              orthogonal to them; only with row_of                 */
    const struct rl_fecells *cells;  /* the first columns of X are its cells, the others dense; or NULL */
    rl_mat R, of_R;        /* the coefficients as the regression has them are R beta, and b = of_R R beta
                              (k-by-k, m-by-k); a NULL: R = I, of_R = L            */
    const unsigned char *anchor; /* n of X  1 = the unit effects are taken from these rows; NULL = from all */
    size_t in_effects;     /* the last columns of X lie in the effects (averages of a likelihood's means):
                              they add no leverage                                        */
} rl_core;

/* Coefficients behind the estimates: columns of X and what stands beside them. */
static inline size_t rl_core_size(const rl_core *core) { return core->beside != NULL ? core->A.n : core->X.k; }

/* A likelihood under one linear restriction of its coefficients, for score tests. */
typedef struct rl_null rl_null;
struct rl_null {
    size_t k;              /* coefficients: the first estimates of the fit, all of them but for averages */
    /* At the maximum where c'beta = r:
     *
     *   cell    n             cell of each row, 0 .. cells-1
     *   S       out cells-by-k  sums of its scores x w e, effects swept out of x
     *   A       out k-by-k    (X'WX)^-1
     *   exists  out           false: there is no maximum, the rest is not valid
     */
    rl_code (*impose)(const rl_null *null, const double *c, double r, const int32_t *cell, rl_mat *S, rl_mat *A,
                      bool *exists, rl_ctx *cx);
    const void *self;
};

/* What a method without influence has instead: itself, with other units as the treated, for errors by repetition
 * (model/infer_repeat.c).  Units are numbered with the n0 controls first, then the n1 treated. */
typedef struct rl_refit {
    size_t n0, n1;
    const uint64_t *key;   /* n0+n1  hash of the unit's label, for draws                                     */
    size_t carry;          /* controls that carry weight in the fit                                          */
    size_t room;           /* doubles of workspace that a call takes                                         */
    /* b (f->m) = the estimates where unit[0] .. unit[k0-1] are the controls and the k1 units behind them the treated; a
     * control may stand there several times, or as one of the treated.  `held`: the controls keep the weights they
     * have, only scaled to 1 in sum.  False: no solution was found.  Any number of threads; the same bits each time. */
    bool (*again)(const void *self, const uint32_t *unit, size_t k0, size_t k1, bool held, double *room, double *b);
    const void *self;
} rl_refit;

/* A unit, or a period before the start, that is weighed: the control of sc and sdid. */
typedef struct rl_share {
    const char *unit, *period;    /* one of the two, as the data have it          */
    double weight;
} rl_share;

#define RL_NO_ID INT32_MIN /* a cohort, period or event time that an estimate does not have */

/* Which groups of units an estimate compares, and how much that counts (bacon). */
typedef struct rl_comparison {
    const char *type;      /* "Later vs Earlier Treated"                           */
    double weight;
    int32_t treated, untreated;   /* first treated times, or RL_NO_ID               */
    const char *treated_text, *untreated_text;   /* when they are dates or text, else NULL */
} rl_comparison;

/* What the estimates are, for labels and aggregation; absent = RL_NO_ID.  Times are numbers of the design's clock
 * (model/axis.h), which a reader cannot read where they are dates: then the text stands beside them. */
typedef struct rl_label {
    /* "x1", "(Intercept)"; of programmes the terms that others look for: "overall" (the effect of a study and of
     * --compare), "event" (the event study), "att" (cohort and period), "group", "calendar" */
    const char *term;
    int32_t group, time, event;   /* cohort, period, event time                    */
    const char *group_text, *time_text;   /* rl_time_text() of them: as shown, NULL for plain numbers */
    const rl_comparison *comparison;   /* or NULL                                  */
} rl_label;

/* Degrees of freedom, in the parts that conventions combine differently. */
typedef struct rl_dof {
    size_t n;              /* rows used, weight 0 not counted                      */
    size_t k;              /* coefficients estimated, constant included, effects not */
    size_t n_fe;           /* absorbed effects                                     */
    size_t *levels;        /* n_fe  levels of each                                 */
    const int32_t **code;  /* n_fe  level of each row, for nesting in clusters     */
    size_t redundant_exact;/* levels that are linear combinations of others, exactly (connected components) */
    bool constant;         /* a constant is in the model (effects imply one)       */
} rl_dof;

/* A regressor that is left out, as others hold it already: columns of one name. */
typedef struct rl_left {
    const char *name;      /* "x", "event -3", "x by cohort"                       */
    size_t columns;
    bool whole;            /* all that the formula has under this name             */
} rl_left;

/* What fit() fills in.  It is given all 0, but for the figures (rss .. loglik, deviance, loglik_null), which are NaN =
 * does not apply.  Due are m, label, b, dof (n and k at least) and, but for .no_errors, one of
 *
 *   core   least squares: rl_fit_linear() and its kin fill in everything, psi and figures too
 *   psi    influence: rl_psi_dense() (n-by-m, column-major: of row i on estimate j at i + j n) or rl_psi_units()
 *   refit  itself with other units as the treated
 *
 * m comes first: rl_psi_dense() and rl_psi_units() read it.  The influence of units has no time: DK and NW are refused.
 * A programme's effect has the term "overall"; without core a study needs `omega` for it, or the estimator says
 * `no_lift`. */
typedef struct rl_fit rl_fit;
struct rl_fit {
    size_t m;              /* estimates                                            */
    rl_label *label;       /* m                                                    */
    double *b;             /* m                                                    */
    rl_left *left;         /* n_left  the regressors left out, those of the small design of a collapse too */
    size_t n_left;
    const rl_psi *psi;     /* NULL when the method has none: then by refit, or no errors, and infer refuses to be
                              asked for them */
    const rl_refit *refit; /* or NULL                                              */
    const rl_share *share; /* n_share                                              */
    size_t n_share;
    const rl_core *core;   /* or NULL                                              */
    rl_dof dof;
    bool likelihood;       /* errors of one variance: e'e/n, as maximum likelihood has it       */
    bool normal;           /* the method's own convention: normal, not t */
    bool bare;             /* .. no small-sample factor (a profile asked for by name has its own) */
    const double *neyman;  /* m   conservative standard errors beside those of psi (0 = none); or NULL */
    const bool *given;     /* m   what the estimate is by construction: no error, no statistic; or NULL */
    double **effect;       /* n_fe of their levels: the recovered effects, or NULL */
    double never_k;        /* coefficients fitted to the controls, times the never treated's share in them
                              (infer_small.c); 0 = 1 */
    bool lone_count;       /* one that is alone with its start bears influence too: it is held against others */
    bool perfect;          /* nothing but rounding error is left: errors are given, statistics are not */
    /* fit statistics; NaN = does not apply */
    double rss, tss, tss_centred;   /* weighted sums of squares; infer makes the shares of them */
    double within;                  /* what the effects leave of tss               */
    double r2_within, rmse, loglik;
    /* Methods without a core whose estimate j is sum_i omega_i y_i over the rows of the design (what they weigh by
     * taken as given): writes omega (n, zeroed by the caller) for studies; NULL = not there */
    void (*omega)(const void *self, size_t j, double *omega);
    const void *omega_self;
    /* joint tests of the method: estimates first .. first+count-1 are all zero    */
    struct rl_joint {
        const char *name;
        size_t n;
        const size_t *index;
        bool chi2;           /* b'V^-1 b itself, not divided by n, where the method is normal */
    } *joint;
    size_t n_joint;
    /* the first m estimates are those of an ordinary regression with k coefficients beside the design's effects,
     * on the rows with in (n) = 1: its factor and t under clusters also where the method is bare; or NULL */
    const struct rl_aside { size_t m, k; const unsigned char *in; } *aside;
    /* likelihoods: the variance of the scores is 1 times the information; NaN elsewhere */
    rl_family family;
    double deviance, loglik_null;
    const rl_null *null;   /* or NULL */
    /* instruments: the first stages, where estimates index[] are those of the instruments */
    struct rl_stage {
        const char *variable;
        const rl_fit *fit;
        size_t n;
        const size_t *index;
        const double *bare;  /* n  what the exogenous regressors leave of the variable */
    } *stage;
    size_t n_stage;
    /* sums of squares without and with df more coefficients, as tests under iid errors:
     * F of n - K - df, or n (rss0 - rss1) / rss0 as chi-squared                     */
    struct rl_compare { const char *name; const char *variable; double rss0, rss1; size_t df; bool chi2; } *compare;
    size_t n_compare;
    const struct rl_test *test;  /* n_test  tests that the method carries out itself, finished */
    size_t n_test;
    /* more instruments than needed: the residuals on all of them, as a fit, and how its m coefficients
     * move with those of the estimate: least of (b - P d)'V^-1(b - P d) is chi-squared(m - k); or NULL */
    struct rl_over { const rl_fit *fit; rl_mat P; } *over;
    /* rows the method cannot use, found while fitting (n: 0, or 1 + which of the reasons): the caller
     * leaves them out under these names and fits again; m is 0 then                  */
    const unsigned char *leave;
    const char *leave_why[3];
    /* methods without core: A, L and rss of it, all that iid needs; or NULL */
    const rl_core *bread;
    /* the fit is of this design and not of the one given: rows that stand in it several times (stacked);
     * NULL elsewhere */
    const rl_design *of;
    const char *of_why;    /* what became of rows that do not stand in it           */
    /* dof.n is less than the rows of the design: what became of the others (differences: the first of
     * each run); NULL elsewhere */
    const char *base_why;
    const rl_wander *wander; /* or NULL */
};

/* Errors whose persistence rho was averaged over, and what the same fit says where they are a random walk (a
 * regression of differences). */
struct rl_wander {
    double rho, sd;        /* mean and standard deviation of rho                   */
    double chance;         /* that rho is above RL_AR_WANDERS (num/ar_average.h)   */
    double *b;             /* m      estimates where rho is 1                      */
    rl_mat V;              /* m-by-m their covariance                              */
    double *e;             /* n      outcome less fitted, rows of the design       */
};

/* What a method brings along beside the formula: effects, and rows that it leaves out.  The order counts: those from
 * CELLS on want to know the cohort, or units and --treated.  A new one is a case of rl_build_frame() and of
 * rl_build_did_effects(), where one that is not named gets unit and time effects. */
typedef enum rl_frame {
    RL_FRAME_PLAIN,        /* nothing: regressions as written, and who does it all by himself (did, sc, bacon) */
    RL_FRAME_TWFE,         /* unit and time effects                                */
    RL_FRAME_EVENT,        /* the same, and a window of event times                */
    RL_FRAME_STARTS,       /* no effects; always-treated units left out            */
    RL_FRAME_CONTROLS,     /* no effects; always-treated units, periods without control and incomplete units left out */
    RL_FRAME_DRAWN,        /* no effects; incomplete units, units alone in their cohort and, but for --method efficient,
                              always-treated ones left out                         */
    RL_FRAME_CELLS,        /* unit (or cohort) and time effects, by the covariates' cells;
                              always-treated units and rows without control left out */
    RL_FRAME_IMPUTE,       /* the same effects; units never seen untreated and treated rows of periods without
                              an untreated one left out */
    RL_FRAME_COHORTS       /* unit and time effects, a window; cohorts never seen before their start and rows
                              without control left out, the cohort of reference is never treated */
} rl_frame;

struct rl_estimator {
    const char *name;      /* "twfe"                                               */
    const char *what;      /* one line for help and reports                        */
    const char *method;    /* one paragraph in words for a reader of the report    */
    const char *source;    /* "Wooldridge (2021)"                                  */
    bool needs_unit, needs_time, needs_cohort;   /* needs_cohort = it is for programmes; --treated will do */
    bool rows;             /* with --rcs it needs no unit: every row is one of its own */
    bool by_unit;          /* errors cluster by unit unless something else is asked for */
    bool refits;           /* its errors come from repeating it: --inference placebo, jackknife, --reps 0 */
    bool first_times;      /* wants design.cohort, also when only --treated is given   */
    bool by_cohort;        /* effects of each cohort and period by themselves, then their averages: none is set off
                              against other cohorts' */
    rl_frame frame;
    rl_family family;
    bool repeats;          /* looks at cohort, time, trait, treated, unit and effects of a row, and at X: without X it
                              can be given one row for all that are alike (model/collapse.h); it counts rows by
                              design.times, never asks for clusters, gives a core and leaves no row out */
    bool instruments;      /* takes the third part of the formula                  */
    bool blocks;           /* reads design.blocks instead of X where they are given (see there) */
    bool wide;             /* makes use of what rounding takes from powers and products */
    bool forms;            /* estimates the parameters of adstock(x), hill(x).. too (model/forms.h) */
    bool past;             /* needs unit and time, wants design.past                    */
    bool leaves;           /* may find rows it cannot use (fit.leave): the design is made again, of the same table */
    bool lists;            /* takes --gmm-lags and --collapse                           */
    bool orders;           /* takes --lags, --max-lags, --ic                       */
    bool shocks;           /* takes --shock                                        */
    bool regression;       /* of programmes: is one on rows of the design, and the conventions of regressions
                              (--as fixest ..) are its too                         */
    bool leads_apart;      /* event times before the start are a regression of their own, against earlier periods;
                              a window says which                                  */
    bool no_errors;        /* gives none at all: nothing to choose by --as         */
    const char *no_weights; /* why it takes no weights ("units count alike in a draw"); NULL = it does */
    const char *no_lift;   /* of programmes: why a study counts no lift from it, behind its name ("gives effects by
                              event time and no single one"); NULL = it does: then --agg simple gives a term
                              `overall` with influence, and with a core or omega   */
    /* Options for programmes that it looks at, between blanks (" base rcs "), or NULL.  Each is an option's name
     * (app/opts_table.c): agg anticipation balance base composition control endpoints normalized partition premean rcs
     * ref ref-cohort reweight stack-weights unbalanced unit-trends window ylags */
    const char *takes;
    const char *methods;   /* words of --method, the default first, between blanks; NULL = takes none */
    rl_code (*fit)(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx);
    /* The request in terms of another formula, before the design is made (ardl: its lags written out; the
     * same columns of the table); NULL for most.  Texts it makes live in cx->keep. */
    rl_code (*expand)(const rl_request *req, const rl_table *t, rl_request *out, rl_ctx *cx);
    /* After inference: what the method itself puts in the place of the usual intervals; NULL for most. */
    rl_code (*finish)(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_ctx *cx);
    /* Several regressions in one (lp: one a horizon): carries out the request by itself; fit is NULL then. */
    rl_code (*run)(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx);
};

const rl_estimator *rl_estimator_by_name(const char *name);           /* NULL when unknown */
/* ols, or iv when the formula has instruments.  Errors RL_EUSAGE: the formula's. */
RL_MUST rl_code rl_estimator_default(const char *formula, const rl_estimator **out, rl_ctx *cx);
size_t rl_estimator_count(void);
const rl_estimator *rl_estimator_at(size_t i);

/* Helpers for est_*.c files. */

/* For methods that compare units by their outcome alone: refuse covariates, fixed effects and, where e->no_weights says
 * why, weights.
 *
 *   why     what makes them needless ("where start dates are drawn by lot none is needed"), for the hint
 *
 * Errors  RL_EUSAGE */
RL_MUST rl_code rl_fit_takes_nothing(const rl_design *d, const rl_estimator *e, const char *why, rl_ctx *cx);

/* Least squares of y on X with the design's effects swept out: everything of
 * f but its labels' meaning.  X is overwritten.
 *
 *   X       n-by-(k+1); the last column is scratch for y, whatever it holds
 *   label   k      of the columns; those of dropped columns vanish
 *   strict  name a dropped column in an error instead of dropping it, when
 *           its position is >= strict (k = never)
 *   kept    out k  position of column j among those kept, SIZE_MAX when dropped; or NULL
 *
 * Errors  RL_EDATA   nothing varies within the effects, more coefficients than rows
 */
RL_MUST rl_code rl_fit_linear(const rl_design *d, rl_mat X, const rl_label *label, size_t strict, size_t *kept,
                              rl_fit *f, rl_ctx *cx);
/* The same of y on columns in blocks, which stay as they are: a design without effects. */
RL_MUST rl_code rl_fit_blocks(const rl_design *d, const rl_cols *X, const rl_label *label, rl_fit *f, rl_ctx *cx);
/* The same of y on the design's X and the indicators of C cells (cell n, -1 = none): the estimates are X's, of
 * which dependent ones are dropped, then the cells', all of which must be identified.  Many cells beside unit
 * and time effects are fitted without their columns (num/fecells.h).
 *
 *   label   X.k + C
 *   kept    out X.k + C
 *
 * Errors  RL_EDATA   a cell is not identified; more coefficients than rows */
RL_MUST rl_code rl_fit_indicators(const rl_design *d, const int32_t *cell, size_t C, const rl_label *label,
                                  size_t *kept, rl_fit *f, rl_ctx *cx);
/* The pieces of it, for methods whose y is not X b + e: degrees of freedom (k_asked
 * for the message), and sums of squares, R2, RMSE from f->rss and the swept y'Wy. */
RL_MUST rl_code rl_fit_degrees(const rl_design *d, size_t k_asked, size_t redundant, rl_fit *f, rl_ctx *cx);
void rl_fit_figures(const rl_design *d, double within, rl_fit *f, rl_ctx *cx);
void rl_fit_judge(const rl_design *d, rl_fit *f, rl_ctx *cx);     /* a perfect fit? */
RL_MUST rl_code rl_fit_nothing(const rl_design *d, const rl_label *label, size_t k, rl_ctx *cx);
/* List in f->left, and remark on, or (from `strict` on) refuse, the dropped ones of k columns; those with one label
 * stand side by side. */
RL_MUST rl_code rl_fit_dropped(const rl_design *d, const bool *dropped, size_t k, const rl_label *label, size_t strict,
                               rl_fit *f, rl_ctx *cx);
/* One more of f->left. */
void rl_fit_leave(rl_fit *f, rl_left left, rl_ctx *cx);
rl_label rl_label_of(const char *term);       /* the ids absent */
/* The regressors of the formula and `extra` columns of zeros behind them, n-by-(k+extra+1) as rl_fit_linear() takes
 * them; label (k or more, or NULL) gets the names of the k. */
rl_mat rl_fit_columns(const rl_design *d, size_t extra, rl_label *label, rl_ctx *cx);
/* The last estimate, the effect, before the others. */
void rl_fit_last_first(rl_fit *f, rl_ctx *cx);
/* Name of a label for messages: "event -2", "att (cohort 2004, time 2005)". */
const char *rl_label_text(const rl_label *l, rl_arena *in);
/* Is this event time one of reference (--ref; without it -1)? */
bool rl_is_reference(const rl_request *r, int64_t event);
/* The joint test of the estimates before treatment, index (n, kept as it is) among them; none where n is 0.  Its
 * name is what the report looks for.  chi2: as in rl_joint. */
void rl_fit_pre_trend(rl_fit *f, const size_t *index, size_t n, bool chi2, rl_ctx *cx);
/* Replace the estimates by L (m-by-f->m) of them; labels m.  With a core, or with a bread and `wander`. */
void rl_fit_combine(rl_fit *f, rl_mat L, const rl_label *label, rl_ctx *cx);

/* psi given as an n-by-m array (small fits); returns the array to fill. */
double *rl_psi_dense(rl_fit *f, size_t n, rl_ctx *cx);
/* Row j of L A, k of them. */
void rl_core_direction(const rl_core *core, size_t j, double *la, rl_ctx *cx);
/* psi of units on f->m estimates of a design of n rows. */
void rl_psi_units(rl_fit *f, const rl_units *units, size_t n, rl_ctx *cx);
/* psi of a least-squares core: psi_i = L A x_i w_i e_i, never stored. */
const rl_psi *rl_psi_core(const rl_core *core, size_t n, size_t m, bool has_time, rl_ctx *cx);

#endif
