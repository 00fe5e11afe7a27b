/* app/run.h -- `revlift run STUDY`: the data flow of a study, a module a line. */
#ifndef RL_APP_RUN_H
#define RL_APP_RUN_H

#include "app/opts.h"
#include "model/answer.h"
#include "out/report.h"

/* Read, solve, write the output directory (-o, default out/<name of the
 * study file>), say the answer.  Returns RL_EDATA when a primary model was
 * refused (the report is written all the same), RL_EDIAG when a diagnostic
 * failed under --strict. */
RL_MUST rl_code rl_cmd_run(const rl_opts *o, rl_ctx *cx);

/* `revlift check STUDY`: data and design, no outcome modelled. */
RL_MUST rl_code rl_cmd_check(const rl_opts *o, rl_ctx *cx);

/* What the commands share with the library. */

/* Every file the study names, with its hash. */
RL_MUST rl_code rl_run_inputs(const rl_study *study, rl_inputs *out, rl_ctx *cx);
/* RL_EDATA with the reason when a primary model was refused. */
RL_MUST rl_code rl_run_verdict(const rl_answer *a, bool strict, rl_ctx *cx);

#endif
