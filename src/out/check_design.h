/* out/check_design.h -- `check`: for every model of a programme its cohorts, controls, clean periods and clusters,
 * what is not identified and why, and who can estimate it.  No outcome stands behind any of it. */
#ifndef RL_OUT_CHECK_DESIGN_H
#define RL_OUT_CHECK_DESIGN_H

#include "model/answer.h"
#include "out/view.h"

void rl_check_designs(const rl_view *v, const rl_answer *a, rl_str *out);

#endif
