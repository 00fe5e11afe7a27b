/* model/few.h -- cohorts of a few units never look precise.
 *
 * The influence of a treated unit is its distance from the mean of its cohort.
 * A cohort of one unit has none: the formulas count its luck as zero, and the
 * interval tells of the controls alone.  Here the luck of each unit in a cohort
 * of fewer than RL_FEW is taken from the controls instead: what would the
 * unit's weights have made of a control's own ups and downs around the mean
 * of the controls?
 *
 *   v_u = C/(C-1) mean over controls c, seen in all of the unit's periods, of
 *         (sum_t omega_ut (y_ct - ybar_t))^2
 *   se^2 = V - sum psi_u^2 + sum max(psi_u^2, v_u)              u: those units
 *
 * It assumes that treated and control units are equally restless (Conley and
 * Taber's idea); the interval takes t with one degree less than there are
 * controls when no larger cohort exists.  Reported beside the formula's own
 * interval, under keys of its own.
 *
 * Source: Conley & Taber (2011), Review of Economics and Statistics 93(1), section II.
 */
#ifndef RL_MODEL_FEW_H
#define RL_MODEL_FEW_H

#include "model/att.h"

enum { RL_FEW = 4 };

/* Fill m->few from the effect; units = 0 when every cohort is larger, or the
 * fit does not say what each outcome weighs. */
void rl_few_widen(const rl_att *e, double level, rl_few *out, rl_arena *keep, rl_ctx *cx);

/* m->behind: who is behind each estimate of the event study.  Cohorts of fewer than RL_FEW units (clusters, where the
 * errors are clustered above the units) tell next to nothing of their own luck, and an event time that rests on them
 * looks more precise than it is. */
void rl_few_events(const rl_att *e, rl_model_answer *m, rl_arena *keep, rl_ctx *cx);

#endif
