/* model/cells.h -- effects of cohort x period, and averages of them.
 *
 * An estimator that gives one effect for each cohort g and period t (cs, ddd)
 * hands them over with the influence of every unit on them; the averages and
 * what estimating the cohorts' shares adds to their influence are made here.
 *
 *   p_g = mean over all units of w 1{G = g}
 *
 *   simple     sum p_g att(g,t) / sum p_g                   t >= g, all at once
 *   dynamic    theta(e) = sum_g p_g att(g,g+e) / sum_g p_g; overall = mean of theta(e), e >= 0
 *   group      theta(g) = mean of att(g,t), t >= g;         overall = sum p_g theta(g) / sum p_g
 *   calendar   theta(t) = sum_g p_g att(g,t) / sum_g p_g, g <= t; overall = mean of theta(t)
 *
 * A share is an estimate too: unit i of cohort g has w_i (att - theta) / (n sum p)
 * on an average theta weighed by shares, on top of its own (the terms in -p_g
 * of the delta method add up to zero).  Balanced windows (--balance K): the
 * cohorts seen K periods after their start, and the event times that all of
 * them have.
 *
 * Source: Callaway & Sant'Anna (2021), Journal of Econometrics 225, section 3 and theorem 2 ff.
 */
#ifndef RL_MODEL_CELLS_H
#define RL_MODEL_CELLS_H

#include "model/roster.h"

typedef struct rl_att_cell {
    int32_t g, t;            /* cohort and period, both as times (not numbers of the roster) */
    double att;
    bool reference;          /* the base period itself: 0 by construction, without influence */
} rl_att_cell;

typedef struct rl_att_cells {
    const rl_design *d;
    const rl_roster *r;
    size_t n;
    const rl_att_cell *cell; /* n    by cohort, then time                                   */
    rl_units by;             /* influence of the units on the cells: sum over units = att - truth */
    const double *weight;    /* N    of the units, any scale; NULL = 1                      */
    /* omega (n rows of the design) += by * the weight of each row's outcome in cell i; NULL = not linear */
    void (*outcome)(const void *self, size_t i, double by, double *omega);
} rl_att_cells;              /* self: that of by */

/* What `c` points to is walked after the fit is handed over: in cx->tmp, like c itself.
 *
 * Everything of a fit: labels, estimates (the cells themselves for group-time,
 * then the averages asked for, then `overall`), influence by unit, the
 * pre-trend test (all cells or events before treatment), omega where
 * c->outcome is there, degrees of freedom; no factor, normal.
 *
 *   r  agg, window (dynamic: event times shown), balance; default group-time
 *
 * Errors  RL_EDATA  no cell after treatment; nothing in the window; balance leaves no cohort */
RL_MUST rl_code rl_att_average(const rl_att_cells *c, const rl_request *r, rl_fit *f, rl_ctx *cx);

#endif
