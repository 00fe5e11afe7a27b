/* app/simulate.h -- `revlift simulate WORLD -o DIR`. */
#ifndef RL_APP_SIMULATE_H
#define RL_APP_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* Simulate a world into a directory (CSV files, truth.json, study.yaml) and
 * print what it holds and the truth table on standard output; --seed stands
 * in for the world's own. */
RL_MUST rl_code rl_cmd_simulate(const char *world_path, const char *out_dir, bool has_seed, uint64_t seed, rl_ctx *cx);

#endif
