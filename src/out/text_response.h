/* out/text_response.h -- responses over time as they read on a terminal. */
#ifndef RL_OUT_TEXT_RESPONSE_H
#define RL_OUT_TEXT_RESPONSE_H

#include "base/str.h"
#include "model/response.h"

/* A table of each response of r and what it means; nothing when there is none. */
void rl_text_responses(rl_str *out, const rl_result *r, rl_arena *in);

#endif
