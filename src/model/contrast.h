/* model/contrast.h -- averages of effects set against each other, as the user writes them.
 *
 *   mean(event 1:4) - mean(event -4:-2)         did the effect last, beyond what was there before?
 *   group 2004 - group 2006                     early against late starters
 *   0.5*mean(att group 2004 time 2005:2007) - overall
 *
 * A part is `mean(..)`, `sum(..)` or one estimate, with a number and * before
 * it if need be; inside stands a term (event, calendar, group, att, overall)
 * and ranges a:b of its ids, as the results show them.  A term without an id
 * word takes its own: `event 2`, `group 2004`, `calendar 2005`.  A range of
 * event times or periods begins and ends with an estimate: it is not cut to
 * what there is.  Cohorts are few and far between: those in the range.
 *
 * An estimate without variance (the reference period) is 0 and counts in a mean.
 */
#ifndef RL_MODEL_CONTRAST_H
#define RL_MODEL_CONTRAST_H

#include "model/est.h"

/* row: m  zeroed by the caller; the contrast is row'b.
 * Errors  RL_EUSAGE  syntax, at its place; a range without an estimate, with what there is */
RL_MUST rl_code rl_contrast_read(const char *text, const rl_label *label, size_t m, double *row, rl_ctx *cx);

#endif
