/* base/simd.h -- a loop compiled for the machines of today and of yesterday.
 *
 * RL_CLONES before a function makes a copy of it for CPUs with AVX2 beside
 * the plain one; the loader picks.  What the copies do element by element
 * rounds alike (no fused multiply-add: -ffp-contract=off), so the bits are
 * the same: sums must be written in lanes by hand.  clang names the chosen
 * copy otherwise than a call from another file asks for it: plain there.
 */
#ifndef RL_BASE_SIMD_H
#define RL_BASE_SIMD_H

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && !defined(RL_NO_CLONES)
#define RL_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define RL_CLONES
#endif
#define RL_INLINE static inline __attribute__((always_inline))

/* Four doubles, wherever they stand.  Operators work lane by lane. */
typedef double rl_four __attribute__((vector_size(32), aligned(8), may_alias));
#define RL_FOUR(p) (*(rl_four *)(p))
#define RL_FOUR_OF(p) (*(const rl_four *)(p))
typedef long long rl_four_bits __attribute__((vector_size(32), aligned(8), may_alias));

/* top = the larger of top and |x|, lane by lane; lanes that are no numbers are passed over.  By address: a call
 * that hands over a vector would depend on the CPU it is compiled for. */
RL_INLINE void rl_four_raise(rl_four *top, const rl_four *x)
{
    rl_four_bits size = *(const rl_four_bits *)x & 0x7fffffffffffffffLL, more = *(const rl_four *)&size > *top;
    *(rl_four_bits *)top = (more & size) | (~more & *(const rl_four_bits *)top);
}
RL_INLINE double rl_four_sum(const rl_four *s) { return ((*s)[0] + (*s)[1]) + ((*s)[2] + (*s)[3]); }

#endif
