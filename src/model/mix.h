/* model/mix.h -- which deals were created, before and after, treated and control.
 *
 * Win rate, deal size and speed are means over the deals there are, and a
 * programme changes which deals there are.  Here is how much: deals a unit
 * and period, and the share of each level of the accounts' `fixed` traits
 * among the deals created, on the cells the value model uses.  `after` is an
 * exposed cell for treated units, and for controls a period from the first
 * exposed one on.  A trait that is a number is cut at its median.
 *
 * Counts and shares only: shown beside the lifts, never part of one.
 */
#ifndef RL_MODEL_MIX_H
#define RL_MODEL_MIX_H

#include "model/att.h"

/* Fill volume and mix of `out`.  Nothing is filled for a ready-made panel.  Cost: a pass over the deals a trait. */
void rl_mix_make(const rl_tables *t, const rl_att *value, rl_money *out, rl_ctx *cx);

#endif
