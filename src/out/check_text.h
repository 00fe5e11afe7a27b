/* out/check_text.h -- `revlift check` at the terminal: the condition of the
 * data and of the design, before any outcome is modelled. */
#ifndef RL_OUT_CHECK_TEXT_H
#define RL_OUT_CHECK_TEXT_H

#include "base/ctx.h"
#include "base/str.h"
#include "model/answer.h"

void rl_check_text(const rl_answer *a, rl_str *out, rl_ctx *cx);

#endif
