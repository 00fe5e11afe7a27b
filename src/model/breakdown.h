/* model/breakdown.h -- a lift repeated in every group of a column (`study: by: [region]`).
 *
 * Groups are sets of units of assignment: a fixed column of the accounts, or
 * a group column of the deals that is the same in all deals of a unit.  Each
 * group is compared within itself, by the estimator of the whole, on the
 * tables as they stand in memory.  Groups of one column share no unit, so
 * their estimates are independent but for what moved all of them at once,
 * which the comparison within each takes out.
 *
 * Many looks find something by chance.  With m groups answered, over all
 * columns of `by`,
 *
 *   bounds      hold all at once with probability level: each is an interval
 *               at level^(1/m)                                        (Sidak)
 *   p_adjusted  of the i-th smallest p: the largest of 1 - (1 - p_j)^(m - j + 1)
 *               over j <= i                                      (Holm-Sidak)
 *   same        all groups of the column have one effect: Welch's F of the
 *               estimates, weighted by their precision
 *
 * Across columns the same units are looked at twice; Sidak's inequality
 * covers estimates that depend on each other.
 *
 * Source: Sidak (1967), JASA 62, 626-633; Holm (1979), Scand. J. Statist. 6,
 * 65-70; Welch (1951), Biometrika 38, 330-336.
 */
#ifndef RL_MODEL_BREAKDOWN_H
#define RL_MODEL_BREAKDOWN_H

#include "model/att.h"

/* Is a model repeated in groups?  Those of value, win rate, deal size and velocity, and every primary one. */
bool rl_breakdown_asked(const rl_study *s, const rl_model_spec *m);

/* Fill m->by and m->looks.  Groups and columns that cannot be answered are
 * told one by one, not errors.
 *
 *   whole  the effect of the model on everybody
 *
 * Cost    a fit a group; the rows of one group at a time in memory */
RL_MUST rl_code rl_breakdown_make(const rl_tables *t, const rl_att *whole, rl_model_answer *m, rl_ctx *cx);

/* Who is in which group of a programme's units: f->by, nothing fitted. */
RL_MUST rl_code rl_breakdown_facts(const rl_tables *t, const rl_program *prog, rl_program_facts *f, rl_ctx *cx);

/* Welch's test that n independent estimates have one mean. */
rl_test rl_welch(const double *est, const double *se, const double *df, size_t n);

/* 1 - (1 - p)^m without loss for small p. */
double rl_sidak(double p, size_t m);

#endif
