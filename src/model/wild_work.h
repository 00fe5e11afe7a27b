/* model/wild_work.h -- what the wild bootstraps share: wild.c, wild_iv.c, wild_score.c. */
#ifndef RL_MODEL_WILD_WORK_H
#define RL_MODEL_WILD_WORK_H

#include "model/wild.h"
#include "model/wild_sums.h"

/* The core's coefficients behind combinations of the fit's estimates: C L. */
rl_mat rl_wild_directions(const rl_fit *f, const rl_mat *C, rl_ctx *cx);

RL_MUST rl_code rl_wild_instruments(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                                    const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx);
RL_MUST rl_code rl_wild_scores(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                               const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx);

#endif
