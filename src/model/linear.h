/* model/linear.h -- linear combinations of estimates, as the user writes them.
 *
 *   x1 + 2*x2 - 1        a combination      (--lincom)
 *   x1 = x2, x3 = 0      restrictions, one or more, between commas; a = b = c are two   (--test)
 *
 * A name is a term as the results show it: x1, lag(x,2), region::North,
 * (Intercept), or anything in `backticks`; blanks do not matter.  A term with
 * a cohort, time or event time has them in brackets: att[2004,2006], event[-2].
 * Numbers are decimal; * and / take one number.
 */
#ifndef RL_MODEL_LINEAR_H
#define RL_MODEL_LINEAR_H

#include "model/est.h"

/* q rows: row i says C_i'b + constant_i (is 0, for restrictions). */
typedef struct rl_linear {
    size_t q;
    double *C;          /* q-by-m, row-major */
    double *constant;   /* q                 */
} rl_linear;

/* Errors  RL_EUSAGE  unknown terms (with the nearest), syntax, at its place */
RL_MUST rl_code rl_linear_combination(const char *text, const rl_label *label, size_t m, rl_linear *out, rl_ctx *cx);
RL_MUST rl_code rl_linear_restrictions(const char *text, const rl_label *label, size_t m, rl_linear *out, rl_ctx *cx);

/* How an estimate is called: "x1", "att[2004,2006,2]", "event[-2]"; in cx->tmp. */
const char *rl_linear_name(const rl_label *l, rl_ctx *cx);

/* Is --test TEXT a restriction rather than the name of a test? */
bool rl_linear_is_restriction(const char *text);

#endif
