/* model/panel.h -- deals become the rows a model is fitted on.
 *
 * Deals are counted in the cohort of their CREATION date; what happens to
 * them is followed for `horizon` days and never beyond the cut.  A cell is a
 * unit of assignment (an account, a region) in one creation period.  By its
 * dates alone (never by the status of its deals) a cell is
 *
 *   clean before   last creation day + horizon <= start of the programme
 *   exposed        first creation day >= start, and, when there is an end,
 *                  last creation day + horizon <= end
 *   partly exposed in between, at either side: dropped by default
 *   ended          first creation day >= end: never a control again
 *
 * With `transition: include` what is partly exposed stays, before or exposed
 * by creation date (a period in which the programme starts is exposed); with
 * `anticipate` what is followed into the programme is exposed already.
 *
 * A period is mature when its last creation day + horizon <= cut.
 * Units without a start (or not yet started: their clean cells) are controls.
 * From the day another programme began at the unit no cell of it counts that
 * can feel it, unless the study keeps them (rule overlapping-programs).
 */
#ifndef RL_MODEL_PANEL_H
#define RL_MODEL_PANEL_H

#include "model/answer.h"
#include "model/tables.h"

/* A model with everything resolved that the study may leave open. */
typedef struct rl_plan {
    const rl_model_spec *spec;
    const rl_program *program;
    rl_outcome outcome;
    const char *column;            /* RL_OUT_COLUMN: of the panel                              */
    int horizon;                   /* days an outcome is followed; 0 for panel outcomes        */
    int guard;                     /* days used to tell clean, exposed and mature: >= horizon  */
    const char *horizon_why;
    int after;                     /* value: only what was won later than this many days; -1 = all */
    bool deal_level;
    rl_calendar calendar;
    int32_t first_period, last_period;   /* creation periods that can be used: begun with the data, mature at the cut */
    size_t skip_unit;              /* leave this unit out; SIZE_MAX = none                     */
    const unsigned char *scope;    /* by unit, or NULL: only those with 1 take part            */
    const int32_t *leave;          /* by unit, or NULL: no cell counts that can feel this day; RL_NO_DAY = none */
    bool leave_clean;              /* .. only clean cells leave                                */
    const char *leave_why;
    const unsigned char *skip_deal;/* by deal row, or NULL: the amount of these deals counts as 0 */
    bool blind;                    /* no outcome is looked at: every row the dates allow is there, draws stand for y */
} rl_plan;

typedef enum rl_cell {
    RL_CELL_CLEAN, RL_CELL_EXPOSED, RL_CELL_PARTLY, RL_CELL_ENDED,
    RL_CELL_OTHER, RL_CELL_LEFT    /* of a panel alone: another programme had begun; beyond plan.leave */
} rl_cell;

/* start, end: RL_NO_DAY = never, none; [first, last] the creation days. */
rl_cell rl_cell_of(int32_t start, int32_t end, int32_t first, int32_t last, int guard, rl_transition transition);

typedef struct rl_panel {
    rl_table t;                    /* n rows: unit (text), "period", "cohort" (NaN = never), outcome, covariates */
    const char *unit, *outcome;    /* column names                                             */
    const char *weights;           /* column of t the rows are weighed by, or NULL                */
    double *w;                     /* n, or NULL                                               */
    const char *cluster;           /* column of t the errors are clustered by                   */
    const int32_t *cluster_of;     /* of every unit of the dictionary of col 0; NULL = the unit itself */
    size_t n_clusters;             /* codes of cluster_of                                        */
    size_t clusters;               /* .. with rows; 0 without cluster_of                         */
    int32_t *unit_code;            /* n                                                        */
    double *y;                     /* n                                                        */
    unsigned char *exposed;        /* n                                                        */
    rl_waterfall waterfall;
    size_t treated_rows, treated_units, control_units;
    size_t cells;                  /* unit x period cells the treated rows stand for, rows missing from a
                                      ready-made panel included */
    size_t cohorts;                /* different start periods among treated rows               */
    size_t always;                 /* units left out: no clean period before the programme began */
    bool has_never;                /* units that never start                                   */
    bool single_end;               /* the programme ends within the panel                      */
    int32_t first_exposed, last_exposed;   /* creation days of treated rows                    */
    size_t n_trend;                /* T: periods of the panel, plan.first_period to plan.last_period, those without
                                      a row too                                                */
    rl_trend_point *trend;         /* n_trend  every mature period, partly exposed cells included */
    size_t *largest;               /* at most 3 deal rows: the largest won deals in treated cells */
    size_t n_largest;
} rl_panel;

/* Fill what a model leaves open: outcome level, horizon (default: the age by
 * which 90 % of the wins of deals created before the programme had come),
 * usable periods.
 *
 * Errors  RL_EDATA   no mature period, no deal before the programme to take the horizon from
 *         RL_EINPUT  the study does not have the columns the outcome needs
 */
RL_MUST rl_code rl_plan_make(const rl_tables *t, const rl_model_spec *m, rl_plan *plan, rl_ctx *cx);

/* Build the rows.  Errors: RL_EDATA with counts when no treated unit has clean
 * periods before and mature exposed periods after, or no control is left. */
RL_MUST rl_code rl_panel_build(const rl_tables *t, const rl_plan *plan, rl_panel *p, rl_arena *in, rl_ctx *cx);

/* Covariates of the plan as columns of p->t (model/panel_traits.c): fixed columns of the accounts, numbers with
 * many values in fourths.  Errors: RL_EINPUT, a column that is none of those. */
RL_MUST rl_code rl_panel_traits(const rl_tables *t, const rl_plan *plan, rl_panel *p, rl_arena *in, rl_ctx *cx);

/* What the model weighs by and clusters by, as columns of p->t (model/panel_given.c).  Weights of a ready-made panel
 * are the mean of a unit's rows in a period.  A cluster holds whole units; one without is a cluster of its own, and
 * noted.
 * Errors  RL_EINPUT at its place in the study: no such column, clusters finer than the unit; at its cell: a
 *                   negative weight */
RL_MUST rl_code rl_panel_given(const rl_tables *t, const rl_plan *plan, rl_panel *p, rl_arena *in, rl_ctx *cx);

/* The first day on which another programme than prog had begun at unit u; RL_NO_DAY = none. */
int32_t rl_other_start(const rl_tables *t, const rl_program *prog, size_t u);

/* Code of the unit of assignment of every deal, -1 = none (n_deals). */
const int32_t *rl_deal_units(const rl_tables *t, const rl_program *prog);

/* Units of assignment that can take part: 0 .. n-1 of prog->unit. */
size_t rl_program_size(const rl_tables *t, const rl_program *prog);

#endif
