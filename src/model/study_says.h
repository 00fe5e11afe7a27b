/* model/study_says.h -- what an estimator says, in the words of a study.
 *
 * Estimators are run by `revlift fit` and by studies, and their hints name
 * options of `fit`.  A study has keys: where one means the same the option is
 * written as that key, and advice that no key can follow is left out.
 */
#ifndef RL_MODEL_STUDY_SAYS_H
#define RL_MODEL_STUDY_SAYS_H

#include "base/ctx.h"

/* "say --control notyet" -> "say `control: notyet`"; of a text with an option that has no key the clause with it is
 * taken out, "" when nothing is left.  text itself when it names no option. */
const char *rl_study_says(const char *text, rl_arena *in);

/* The error that is pending, in place: its words, and its hint or none. */
void rl_study_error(rl_ctx *cx);

#endif
