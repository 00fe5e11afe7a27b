/* model/lagged.h -- a result read as a regression over time: what responds,
 * what it feeds on, and the terms of each regressor.  What response.c and
 * channel.c stand on.
 */
#ifndef RL_MODEL_LAGGED_H
#define RL_MODEL_LAGGED_H

#include <string.h>

#include "model/carry.h"
#include "model/eval.h"
#include "num/impulse.h"

typedef struct rl_lagged {
    const rl_request *req;
    const rl_table *t;
    const rl_result *r;
    const rl_formula *f;
    rl_pieces p;
    const rl_expr *y;        /* what responds: the outcome, or its level in an error-correction form */
    rl_carries past;         /* its own lags                                           */
    rl_clock clock;
    rl_scene scene;          /* all rows of the table                                  */
    rl_arena *keep;
} rl_lagged;

/* Errors  RL_EUSAGE  no time; terms made of the outcome that are no lags of it, or of a bent one, or in the
 *                    index of a likelihood */
RL_MUST rl_code rl_lagged_open(const rl_request *req, const rl_formula *f, const char *unit, const char *time,
                               const rl_table *t, const rl_result *r, rl_lagged *out, rl_arena *keep, rl_ctx *cx);

/* The estimates in use for one regressor (and segment): use[0 .. q-1]; at[] of all, -1 = not in use. */
typedef struct rl_places {
    int *at;
    size_t *use, q;
} rl_places;
rl_places rl_lagged_places(const rl_lagged *l, const rl_carries *x, const char *segment, rl_ctx *cx);
rl_mat rl_lagged_covariance(const rl_lagged *l, const rl_places *s);      /* q-by-q                   */
double rl_lagged_freedom(const rl_lagged *l, const rl_places *s);         /* of t; 0 = normal         */
static inline bool rl_lagged_of(const rl_carry *c, const char *segment, bool any)
{
    return any || c->segment == NULL || (segment != NULL && c->segment != NULL && !strcmp(c->segment, segment));
}

/* The weights of the outcome's own past: y_t = .. + sum_i phi_i y_{t-i}. */
typedef struct rl_feedback {
    size_t n;                    /* 0 = none                                           */
    double *phi;                 /* n                                                  */
    rl_mat dphi;                 /* q-by-n  gradients                                   */
    bool stable;
    double sum;
    double *d_sum;               /* q                                                   */
    size_t units, periods;
} rl_feedback;
rl_feedback rl_lagged_feedback(const rl_lagged *l, const rl_places *s, const char *segment, rl_ctx *cx);
/* Is 1 - sum phi told from 0?  In one series by Dickey and Fuller's values, for a panel by `crit`. */
bool rl_feedback_told(const rl_feedback *f, const rl_mat *V, double crit);

/* The same of a fit that has no errors yet, by all of its estimates (q = f->m).
 *
 * Errors  RL_EUSAGE  the outcome's past is not there as plain lags, or in a likelihood, or one for each segment */
RL_MUST rl_code rl_lagged_fit(const rl_formula *formula, const rl_estimator *by, const rl_fit *fit, rl_feedback *out,
                              rl_ctx *cx);

/* What one step of time is, NONE = not known; periods of a quarter, 1 when not known. */
rl_period_kind rl_lagged_step(const rl_lagged *l);
int rl_lagged_quarter(const rl_lagged *l);

/* g'Vg; never negative. */
double rl_quadratic(const double *g, const rl_mat *V);

#endif
