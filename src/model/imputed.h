/* model/imputed.h -- effects against what treated rows would have been; shared by bjs and did2s.
 *
 * Unit effects, time effects, those of the formula and its regressors are
 * estimated on the rows that are not treated yet and carried over to all
 * others (num/baseline.h); an effect is the weighted mean, over the rows that
 * belong to it, of what they have beyond that.  The estimators differ in what
 * they say of the treated rows' own part of the error:
 *
 *   psi_ij = -w_i u_i g_ij [untreated]  +  w_i s_j r_i [i belongs to j]
 *
 * u: residuals of the untreated rows; r: of the rows that belong to j, about
 * their cell (bjs) or about the estimate (did2s).  g is made unit by unit,
 * so that neither rows by estimates nor units by estimates exist.
 *
 * Source: Borusyak, Jaravel & Spiess (2024), Review of Economic Studies 91(6); Gardner (2021), arXiv 2207.05943.
 */
#ifndef RL_MODEL_IMPUTED_H
#define RL_MODEL_IMPUTED_H

#include "model/design.h"
#include "num/baseline.h"

typedef struct rl_imputed {
    const rl_design *d;
    const rl_request *r;
    const char *who;           /* "bjs"                                                          */
    rl_baseline b;
    double *e;                 /* n    outcome beyond the baseline; of untreated rows: residuals */
    size_t n_cohort, T;
    int32_t *cohort;           /* n_cohort  ascending                                            */
    int32_t *cell;             /* n    cohort's number x T + period's, -1 = never treated        */
    /* the averages */
    size_t m;
    rl_label *label;           /* m                                                              */
    int32_t *of;               /* n    estimate (of rl_imputed_averages()) that the row belongs to, -1 = none */
    double *W;                 /* m    weight of its rows                                        */
} rl_imputed;

/* A row before its unit's start (and the anticipation). */
static inline bool rl_imputed_untreated(const rl_design *d, const rl_request *r, size_t i)
{
    return d->cohort[i] == RL_NEVER || (int64_t)d->at[i] < (int64_t)d->cohort[i] - r->anticipation;
}

/* The first stage.  Sets f->leave when treated rows have no baseline: return to the caller then.
 *
 * Errors  RL_EDATA   a regressor that the untreated rows say nothing about; no treated row */
RL_MUST rl_code rl_imputed_base(const rl_design *d, const rl_request *r, const char *who, rl_imputed *p, rl_fit *f,
                                rl_ctx *cx);

/* e (n): rounding errors of d->y become 0. */
void rl_imputed_clean(const rl_design *d, double *e);

/* Which rows make which average: r->agg, window, balance; `leads`: event times before the start too, but for
 * those of reference.
 * Errors  RL_EDATA  none is left */
RL_MUST rl_code rl_imputed_averages(rl_imputed *p, bool leads, rl_ctx *cx);

/* What errors are clustered by, or the units where that is not one column; without both every row by itself. */
rl_groups rl_imputed_clusters(const rl_design *d, rl_ctx *cx);

/* One set of estimates of the fit and how rows act on them: sums over rows (of, own), or `m` coefficients of a
 * baseline from its coordinate `first` on (of NULL). */
typedef struct rl_imputed_part {
    const rl_baseline *b;
    const double *u;           /* n                                                              */
    const int32_t *of;         /* n    or NULL                                                   */
    const double *own;         /* n    r above                                                   */
    const double *W;           /* m    or NULL                                                   */
    size_t first, m;
} rl_imputed_part;

/* psi (and omega) of the parts one after the other: f->m estimates in all, set before.  The parts are copied, what
 * they point to is not. */
void rl_imputed_psi(const rl_design *d, const rl_imputed_part *part, size_t n, rl_fit *f, rl_ctx *cx);

/* Degrees of freedom and the like; f->m, label and b are set. */
void rl_imputed_finish(const rl_imputed *p, rl_fit *f);

#endif
