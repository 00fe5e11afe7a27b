/* model/build.h -- the steps of rl_design_make(), shared by design.c,
 * missing.c, design_did.c, variables.c and columns.c. */
#ifndef RL_MODEL_BUILD_H
#define RL_MODEL_BUILD_H

#include "model/design.h"
#include "model/eval.h"

/* One variable of the formula on all rows of the table. */
typedef struct rl_variable {
    const rl_expr *e;
    bool factor;
    rl_groups level;               /* factor: codes of all rows                     */
    rl_groups used;                /* factor: codes of the rows used                */
    size_t width;                  /* number: columns                               */
    double **v;                    /* number: width of n(table)                     */
    double **low;                  /* number: what rounding took from v, or NULL    */
    bool packed;                   /* number: v and low hold the rows used, one after the other */
    const double *of, *of_low;     /* lag or lead: the numbers it is seen of, rows of the table, and what rounding
                                      took from them, or NULL; v and low then hold NULL */
    rl_ago *ago;                   /* width  how it is seen                         */
} rl_variable;

/* What stands inside lag() and lead(), computed once for all of them. */
typedef struct rl_inner {
    const char *text;
    double *v, *low;
} rl_inner;

typedef struct rl_build {
    const rl_request *req;
    const rl_table *t;
    rl_design *d;
    rl_formula f;
    rl_scene scene;
    unsigned char *keep;           /* n(table)  rows still in                       */
    size_t left;
    rl_groups unit, trait, cluster[RL_MAX_WAYS], drawn, *effect;   /* on all rows   */
    int32_t *at, *cohort;
    double *treated, *w, *y, *offset;
    size_t n_var;
    rl_variable *var;
    size_t n_inner;
    rl_inner *inner;
    size_t most_missing;           /* cells missing in .. */
    const char *most_name;         /* .. this column      */
} rl_build;

/* The likelihood behind the fit: the estimator's own or the request's. */
static inline rl_family rl_build_family(const rl_build *b)
{
    return b->req->family != RL_LINEAR ? b->req->family : b->req->estimator->family;
}

/* A group column by name, a^b allowed. */
RL_MUST rl_code rl_build_groups(rl_build *b, const char *name, const char *what_for, rl_groups *g, rl_ctx *cx);
/* Count rows lost and say why in the waterfall. */
void rl_build_lose(rl_build *b, const char *why, size_t rows, rl_ctx *cx);

/* missing.c */
RL_MUST rl_code rl_build_missing(rl_build *b, rl_ctx *cx);

/* design_did.c */
RL_MUST rl_code rl_build_treatment(rl_build *b, rl_ctx *cx);       /* cohort and treated on all rows       */
RL_MUST rl_code rl_build_frame(rl_build *b, rl_ctx *cx);           /* rows the estimator cannot use        */
RL_MUST rl_code rl_build_did_effects(rl_build *b, rl_ctx *cx);     /* its own effects, after the formula's */

/* design_times.c */
/* Errors  RL_EINPUT  two rows of one unit and period under a method that follows units, unless --rcs says that
 *                    there are: names the unit, the period and both rows
 * Cost    one pass where the rows of each unit are in the order of time, else a sort */
RL_MUST rl_code rl_build_once(rl_build *b, rl_ctx *cx);
void rl_build_tell_starts(const rl_build *b, rl_ctx *cx);          /* starts at which no row stands      */

/* the frames of rl_build_frame(): frame_controls.c, frame_impute.c, frame_cohorts.c, frame_drawn.c */
RL_MUST rl_code rl_frame_controls(rl_build *b, rl_ctx *cx);
RL_MUST rl_code rl_frame_impute(rl_build *b, rl_ctx *cx);
RL_MUST rl_code rl_frame_cohorts(rl_build *b, rl_ctx *cx);
RL_MUST rl_code rl_frame_drawn(rl_build *b, rl_ctx *cx);
RL_MUST rl_code rl_frame_incomplete(rl_build *b, rl_ctx *cx);      /* units that miss a period of the rows left */
/* Units treated, or anticipating it, from the first period on are left out.
 * Errors  RL_EDATA  no other start is left: names the dates and counts */
RL_MUST rl_code rl_frame_always(rl_build *b, int anticipation, rl_ctx *cx);
/* The last cohort; RL_NEVER when some unit is never treated. */
int32_t rl_frame_last(const rl_build *b);
/* Cohorts from `last` on are the control until then; RL_NEVER: nothing. */
void rl_frame_end(rl_build *b, int32_t last, rl_ctx *cx);
void rl_frame_times(const int32_t *at, size_t n, rl_groups *g, rl_ctx *cx);    /* times as groups */

/* design_glm.c */
RL_MUST rl_code rl_build_outcome(rl_build *b, rl_ctx *cx);         /* y is what the family takes           */
size_t rl_build_perfect(rl_build *b, rl_ctx *cx);                  /* levels that explain all: rows lost   */
void rl_build_leave(rl_build *b, rl_ctx *cx);                      /* the request's own list               */

/* variables.c */
/* An expression's numbers on all rows; a column of the table is not copied. */
RL_MUST rl_code rl_build_number(rl_build *b, const rl_expr *e, int k, double **v, rl_ctx *cx);
RL_MUST rl_code rl_build_variables(rl_build *b, rl_ctx *cx);
rl_variable *rl_build_find(const rl_build *b, const rl_expr *e);

/* The terms of one part of the formula: exogenous, endogenous, instruments. */
typedef struct rl_terms {
    const rl_term *term;
    size_t n;
} rl_terms;
enum { RL_PARTS = 3 };
void rl_build_parts(const rl_formula *f, rl_terms out[RL_PARTS]);

/* columns.c */
RL_MUST rl_code rl_build_columns(rl_build *b, rl_ctx *cx);         /* X of the rows used                   */

#endif
