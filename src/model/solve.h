/* model/solve.h -- a study, answered.
 *
 * The data flow of a run: facts about the data, the design, each model on its
 * own (one that is refused is written down and the next one runs), then money
 * from the joint influence of the models.
 */
#ifndef RL_MODEL_SOLVE_H
#define RL_MODEL_SOLVE_H

#include "model/answer.h"
#include "model/tables.h"

/* Facts and design alone: `revlift check`.  Errors: RL_EINPUT, RL_EMEM. */
RL_MUST rl_code rl_solve_design(const rl_tables *t, rl_answer *a, rl_ctx *cx);

/* Whether each model could be asked: its rows are built, nothing is fitted.  Errors: RL_EINPUT. */
RL_MUST rl_code rl_solve_questions(const rl_tables *t, rl_answer *a, rl_ctx *cx);

/* Everything.  A model the data cannot answer is in a->model[i].refused, not
 * an error; a->primary_refused says whether the run as a whole failed
 * (status 4).  Errors: RL_EINPUT (a model names what the study does not have). */
RL_MUST rl_code rl_solve(const rl_tables *t, rl_answer *a, rl_ctx *cx);

#endif
