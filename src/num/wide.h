/* num/wide.h -- about 34 digits for matrices of a few hundred columns.
 *
 * The compiler's quadruple precision: IEEE binary128 by software, correctly
 * rounded + - * /, the same bits everywhere.  About 20 ns an operation.
 */
#ifndef RL_NUM_WIDE_H
#define RL_NUM_WIDE_H

#include <math.h>

#include "base/dd.h"

#if defined(__SIZEOF_FLOAT128__)
__extension__ typedef __float128 rl_wide;
#else
typedef long double rl_wide; /* binary128 where there is no other name for it */
#endif

static inline rl_wide rl_wide_of(rl_dd x) { return (rl_wide)x.hi + (rl_wide)x.lo; }

static inline rl_dd rl_wide_dd(rl_wide x)
{
    double hi = (double)x;
    return (rl_dd){hi, isfinite(hi) ? (double)(x - (rl_wide)hi) : 0.0};
}

/* Newton from the double's root: 53 good bits become 106, then all of them.
 * 0 < x within the range of double. */
static inline rl_wide rl_wide_sqrt(rl_wide x)
{
    rl_wide r = (rl_wide)sqrt((double)x);
    r = (r + x / r) / 2;
    return (r + x / r) / 2;
}

#endif
