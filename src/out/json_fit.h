/* out/json_fit.h -- a fitted model as one JSON object: the schema other
 * programs rely on (`revlift fit --json`; "schema": 1).  Keys that do not
 * apply are left out. */
#ifndef RL_OUT_JSON_FIT_H
#define RL_OUT_JSON_FIT_H

#include "model/compare.h"
#include "model/response.h"
#include "model/result.h"
#include "out/json.h"

/* call: the words of the command line, n_call of them. */
const char *rl_json_fit(const rl_result *r, const char *const *call, size_t n_call, rl_arena *in);

/* sample, vcov, estimates, fit, tests, notes: members of the open object. */
void rl_json_result(rl_json *j, const rl_result *r);

/* Other estimators of the same as a member `compare`. */
void rl_json_sides(rl_json *j, const rl_sides *s);

/* One estimate as a member of the open array. */
void rl_json_response(rl_json *j, const rl_response *s);
void rl_json_estimate(rl_json *j, const rl_estimate *e);

#endif
