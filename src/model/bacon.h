/* model/bacon.h -- what two-way fixed effects compare when treatment starts at
 * different times, and with which weights.
 *
 * On a balanced panel with a treatment that stays, the coefficient of
 * regressing the outcome on treatment, unit and time effects is a weighted
 * mean of all differences of two differences between two cohorts:
 *
 *   kind                      treated k     control u      periods
 *   Treated vs Untreated      any cohort    never treated  all
 *   Earlier vs Later Treated  F_k < F_u     not yet        before F_u
 *   Later vs Earlier Treated  F_k > F_u     already        from F_u on
 *   Later vs Always Treated   any cohort    already        all
 *
 * Controls that are already treated make a comparison `forbidden`: what their
 * own effect does over time is taken for a trend.  The same coefficient is a
 * weighted sum of the effects of all treated unit-periods, with weights
 * D~_it / sum over treated D~, D~ the treatment less unit and time effects;
 * the weights add to 1 and some can be negative, and then the coefficient can
 * have another sign than every one of the effects.
 *
 * Source: Goodman-Bacon (2021), Journal of Econometrics 225(2), theorem 1;
 *         de Chaisemartin & D'Haultfoeuille (2020), American Economic Review 110(9), theorem 1.
 */
#ifndef RL_MODEL_BACON_H
#define RL_MODEL_BACON_H

#include "model/roster.h"

/* The order is that of kind0 .. in plots/bacon.gp. */
typedef enum rl_bacon_kind {
    RL_BACON_EARLIER, RL_BACON_ALWAYS, RL_BACON_LATER, RL_BACON_UNTREATED, RL_BACON_KINDS
} rl_bacon_kind;

/* "Earlier vs Later Treated", .. */
const char *rl_bacon_name(rl_bacon_kind kind);

typedef struct rl_bacon_pair {
    rl_bacon_kind kind;
    int32_t treated, untreated;   /* first treated times; never = RL_NEVER          */
    double weight, estimate;
} rl_bacon_pair;

typedef struct rl_bacon {
    size_t n;
    const rl_bacon_pair *pair;    /* n  by kind, then treated, then untreated; the weights add to 1 */
    double weight[RL_BACON_KINDS], mean[RL_BACON_KINDS];   /* weight 0: mean is NaN   */
    double twfe;                  /* the coefficient, from the cells alone: sum weight x estimate; unit of y */
    double forbidden;             /* sum of the weights of forbidden comparisons     */
    size_t treated, negative;     /* treated unit-periods; those whose effect has a negative weight */
    double negative_sum;          /* sum of those weights                            */
} rl_bacon;

/* The decomposition for a design with unit, time and cohort; pairs live in cx->tmp.
 * Weights of rows must be the same in all rows of a unit.
 *
 * Errors  RL_EINPUT  weights that vary within a unit
 *         RL_EDATA   units that miss a period; nothing to compare
 * Cost    a pass over the rows; cohorts x periods and cohorts x cohorts numbers */
RL_MUST rl_code rl_bacon_make(const rl_design *d, rl_bacon *b, rl_ctx *cx);

/* The second half for any panel and treatment (0/1 or a dose, on and off, periods
 * missing): D less unit and time effects, swept out by rows.
 *
 *   treated  n  0/1 or a dose, 0 = untreated; effects of a dose are per unit of it
 *
 * Errors  RL_EDATA  the treatment does not vary within units and periods
 * Cost    that of sweeping one column out (num/absorb.h) */
typedef struct rl_twfe_weights {
    size_t treated, negative;     /* rows with a treatment; those whose effect has a negative weight */
    double negative_sum;          /* sum of those weights; all of them add to 1       */
} rl_twfe_weights;
RL_MUST rl_code rl_twfe_weights_make(const rl_design *d, const double *treated, rl_twfe_weights *out, rl_ctx *cx);

#endif
