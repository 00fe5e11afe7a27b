/* out/text_tests.h -- the tests of a fit for a terminal: a line each, or a table when many have a verdict. */
#ifndef RL_OUT_TEXT_TESTS_H
#define RL_OUT_TEXT_TESTS_H

#include "base/str.h"
#include "model/result.h"

/* "0.0312", "<.0001"; of a bootstrap's draws no less than they tell apart, "<.0010" of 999. */
const char *rl_text_p(double p, size_t draws, rl_arena *in);

void rl_text_tests(rl_str *out, const rl_result *r, rl_arena *in);

#endif
