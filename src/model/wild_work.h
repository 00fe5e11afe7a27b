/* model/wild_work.h -- what the wild bootstraps share: wild.c, wild_iv.c, wild_score.c. */
#ifndef RL_MODEL_WILD_WORK_H
#define RL_MODEL_WILD_WORK_H

#include "model/wild.h"
#include "model/wild_sums.h"

/* What stays of a run for tests of several restrictions. */
struct rl_wild_state {
    const rl_design *d;
    const rl_fit *f;
    rl_boot_plan plan;
    rl_wild_kind kind;
    rl_wild_sums sums; /* linear */
};

/* p of q restrictions from influence, the null not imposed. */
RL_MUST rl_code rl_wild_scores_joint(const struct rl_wild_state *s, const rl_mat *C, const double *b, double *p,
                                     rl_ctx *cx);

/* The core's coefficients behind combinations of the fit's estimates: C L. */
rl_mat rl_wild_directions(const rl_fit *f, const rl_mat *C, rl_ctx *cx);

RL_MUST rl_code rl_wild_instruments(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                                    const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx);
RL_MUST rl_code rl_wild_scores(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                               const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx);

#endif
