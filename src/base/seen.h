/* base/seen.h -- counting each thing once.
 *
 * A flag for each thing, not a count: a counter of one byte is 0 again after
 * 256, and the thing would be counted once more.
 */
#ifndef RL_BASE_SEEN_H
#define RL_BASE_SEEN_H

#include <stdbool.h>
#include <stddef.h>

/* Is this the first time that `which` is met?  It is marked as seen. */
static inline bool rl_first_seen(bool *seen, size_t which)
{
    bool first = !seen[which];
    seen[which] = true;
    return first;
}

#endif
