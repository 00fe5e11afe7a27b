/* model/diag_list.h -- the tests of diag.c's table, by the file they stand in. */
#ifndef RL_MODEL_DIAG_LIST_H
#define RL_MODEL_DIAG_LIST_H

#include "model/diag.h"

/* diag_shape.c */
RL_MUST rl_code rl_diag_jarque_bera(const rl_diag *g, rl_ctx *cx);

#endif
