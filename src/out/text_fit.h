/* out/text_fit.h -- a fitted model as a table for the terminal: estimates
 * rounded to two leading digits of their standard error, then the sample,
 * the covariance in words, the fit, tests.  Plain ASCII but for the names in
 * the data, whose control characters are taken out. */
#ifndef RL_OUT_TEXT_FIT_H
#define RL_OUT_TEXT_FIT_H

#include "model/result.h"

const char *rl_text_fit(const rl_result *r, rl_arena *in);

#endif
