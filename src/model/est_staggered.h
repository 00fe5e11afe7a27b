/* model/est_staggered.h -- inside of estimator staggered: its averages, and the errors of a draw
 * (staggered_error.c). */
#ifndef RL_MODEL_EST_STAGGERED_H
#define RL_MODEL_EST_STAGGERED_H

#include "model/roster.h"

#define RL_DRAW_NEVER INT64_MAX

typedef struct rl_draw_cell {
    size_t c;
    int32_t t, base;         /* periods; base -1 = none before                              */
    size_t from;             /* controls: cohorts from here on                              */
    double w;
} rl_draw_cell;

typedef struct rl_draw_term {
    rl_label label;
    size_t from, to;         /* cells                                                       */
    bool reference;          /* its cells are their own base: 0 by construction             */
    int64_t first;           /* earliest cohort                                             */
    double beta;
} rl_draw_term;

typedef enum rl_draw_method { RL_DRAW_EFFICIENT, RL_DRAW_CS, RL_DRAW_SA } rl_draw_method;

typedef struct rl_draw {
    const rl_design *d;
    const rl_request *r;
    rl_roster s;
    rl_draw_method method;
    size_t C;                /* cohorts, never treated last                                 */
    int64_t *at;             /* C    their start                                            */
    int32_t *base;           /* C    last period before it, -1 = none                       */
    size_t *first;           /* C+1  places in unit                                         */
    size_t *later;           /* C+1  units of cohorts from c on                             */
    uint32_t *unit;          /* N    by cohort                                              */
    size_t *place;           /* N    place of a unit in unit[]                              */
    double *shift;           /* T    means, taken off: effects do not see them              */
    size_t m, M;             /* terms; estimates (behind events their mean)                 */
    size_t n_cell, cap_term, cap_cell;
    rl_draw_term *term;      /* m                                                           */
    rl_draw_cell *cell;
    double *a;               /* N-by-m  effects by unit, less their cohort's mean; a unit's numbers side by side */
    double *psi;             /* N-by-M  influence by unit; both by place                    */
    double *b;               /* M                                                           */
} rl_draw;

/* Column j of v (n rows of m) less its mean; the mean. */
double rl_draw_centre(double *v, size_t n, size_t m, size_t j);

/* From psi of Neyman's variance to that of the errors given; the mean of events; f->neyman. */
void rl_draw_errors(rl_draw *w, rl_fit *f, rl_ctx *cx);

#endif
