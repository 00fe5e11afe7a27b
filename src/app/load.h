/* app/load.h -- a study and its tables, read; faults told. */
#ifndef RL_APP_LOAD_H
#define RL_APP_LOAD_H

#include "app/opts.h"
#include "model/study.h"
#include "model/tables.h"

/* Read a study file and everything it names.
 *
 * Faults whose policy is `error` are shown (the first 20, the rest counted)
 * and end the run; --rejects FILE writes all of them, whatever their policy.
 *
 * Errors  RL_EINPUT, RL_EIO */
RL_MUST rl_code rl_load(const rl_opts *o, rl_study *study, rl_tables *tables, rl_ctx *cx);

#endif
