/* out/text_tests.h -- the tests of a fit for a terminal: a line each, or a table when many have a verdict. */
#ifndef RL_OUT_TEXT_TESTS_H
#define RL_OUT_TEXT_TESTS_H

#include "base/str.h"
#include "model/result.h"

void rl_text_tests(rl_str *out, const rl_result *r, rl_arena *in);

#endif
