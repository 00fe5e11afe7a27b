/* model/spill.h -- does the programme reach accounts that never got it?
 *
 * Two accounts share when they have the same owner (a seller) or belong to one
 * parent (`accounts.parent`: the same parent, or one is the other's).  The
 * owner is `accounts.owner`, else `deals.owner`: of an account with the
 * programme that of any deal, of an account that may be exposed those of its
 * deals created before the programme's first start.  From the day the first
 * account it shares with got the programme, an account without it is exposed.
 *
 * The contrast is a programme of its own: being a neighbour, started on that
 * day, among accounts that do not have the programme (yet), by the estimator
 * and on the outcome of the model.  Cells that can feel the account's own
 * start leave.  Parallel trends are needed here as there: exposed controls
 * would have moved like the others.
 *
 * A contrast with the sign of the lift says that the controls felt the
 * programme too: the lift is understated.  With the other sign they lost what
 * the treated won: it is overstated.
 */
#ifndef RL_MODEL_SPILL_H
#define RL_MODEL_SPILL_H

#include "model/att.h"

/* Who is a neighbour of the treated, by unit of assignment. */
typedef struct rl_neighbours {
    const char *shares;   /* in words; NULL = the study does not say, or the programme is not given by account */
    int32_t *since;       /* U   first start among those it shares with (itself not counted), RL_NO_DAY = none */
    unsigned char *known; /* U   it is known whom it shares with                             */
    size_t U;
    int32_t first;        /* first start of the programme                                    */
} rl_neighbours;

/* Cost: linear in deals and accounts. */
void rl_neighbours_find(const rl_tables *t, const rl_program *prog, rl_neighbours *nb, rl_arena *in, rl_ctx *cx);

/* Controls that share, do not share, are not known: into the design facts. */
void rl_spill_facts(const rl_tables *t, const rl_program *prog, rl_program_facts *f, rl_ctx *cx);

/* Is the contrast made for a model?  Those of value, and every primary one, of a programme given by account. */
bool rl_spill_asked(const rl_tables *t, const rl_att *whole);

/* Fill m->spill.  What cannot be answered is told there, not an error. */
RL_MUST rl_code rl_spill_make(const rl_tables *t, const rl_att *whole, rl_model_answer *m, rl_ctx *cx);

#endif
