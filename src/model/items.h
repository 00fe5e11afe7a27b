/* model/items.h -- a design laid out for comparisons of cohorts by period.
 *
 * Cohorts are numbered 0 .. C-1 by their start, the never treated are C.  What
 * a comparison needs of one period and neighbouring cohorts is one stretch:
 *
 *   panel   units by cohort; outcome of period t at y[t N + place]
 *   rows    rows by period and then cohort
 *
 * Covariates are centred and divided by their spread over all rows (the first
 * column stays, when it is the constant): effects do not depend on it, and
 * products of large numbers do not drown small ones.  A row's covariates lie
 * next to each other, x[item k + j].
 */
#ifndef RL_MODEL_ITEMS_H
#define RL_MODEL_ITEMS_H

#include "model/roster.h"

typedef struct rl_items {
    const rl_design *d;
    const rl_roster *r;
    size_t k, C;
    bool panel;
    bool still;              /* panel: covariates and weights do not move in time: one period of them */
    const size_t *start;     /* panel: C+2 places of cohorts; rows: T (C+1) + 1           */
    const uint32_t *place;   /* panel: N place of a unit; rows: n item of a row           */
    const int32_t *cohort;   /* N   number of a unit's cohort                             */
    const double *x, *w, *y; /* w NULL = 1                                                */
} rl_items;

/* centred: the outcome less its mean (rows: levels of 1e7 would drown changes of 1).
 * Cost  one pass over the rows; 8 (k + 1) bytes a row, less where traits stand still */
void rl_items_make(const rl_design *d, const rl_roster *r, bool panel, bool centred, rl_items *it, rl_ctx *cx);

typedef struct rl_stretch {
    size_t n;
    const double *x, *w, *y;
} rl_stretch;
/* Cohorts from .. to-1 in period t, with the covariates of period tx. */
rl_stretch rl_items_at(const rl_items *it, size_t t, size_t tx, size_t from, size_t to);

#endif
