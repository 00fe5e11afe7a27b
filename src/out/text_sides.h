/* out/text_sides.h -- other estimators of the same question for a terminal: a row each. */
#ifndef RL_OUT_TEXT_SIDES_H
#define RL_OUT_TEXT_SIDES_H

#include "base/str.h"
#include "model/compare.h"

void rl_text_sides(rl_str *out, const rl_sides *s, rl_arena *in);

#endif
