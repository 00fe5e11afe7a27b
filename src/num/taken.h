/* num/taken.h -- what was taken off columns when effects were swept out of them.
 *
 * A swept column need not be kept: the column it came from and, for every
 * round of the sweep, one number a level are enough to make any stretch of it
 * again, by the same operations and so with the same bits.
 */
#ifndef RL_NUM_TAKEN_H
#define RL_NUM_TAKEN_H

#include <stddef.h>
#include <stdint.h>

enum { RL_MOST_ROUNDS = 6 };

/* A round: v := v - a - x_1 - x_2 .., with one rounding. */
typedef struct rl_round {
    const double *a;               /* levels of the largest effect */
    const double *x;               /* levels of all others         */
} rl_round;

typedef struct rl_taken {
    size_t n_fe, big;              /* effects; the largest                                        */
    const int32_t *const *code;    /* n_fe of n                                                   */
    const size_t *first;           /* n_fe  number of an effect's first level in x                */
    const int32_t *perm;           /* number of a level in x (two effects), NULL = its own        */
    const size_t *start;           /* first row of a level of the largest ..                      */
    const int32_t *run;            /* .. and its number in x, where the rows' numbers follow each
                                      other; -1 = they do not.  NULL: not known                   */
    size_t *rounds;                /* of a column                                                 */
    rl_round (*round)[RL_MOST_ROUNDS];
} rl_taken;

/* What was taken off column `which` is taken off its rows from .. from+m-1 in v (m). */
void rl_taken_off(const rl_taken *t, size_t which, size_t from, size_t m, double *v);

#endif
