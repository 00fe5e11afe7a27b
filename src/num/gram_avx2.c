/* The Gram kernel with AVX2 and FMA: four doubles at a time. */
#include "num/gram.h"

#if defined(__x86_64__)
#include <immintrin.h>

typedef __m256d vec;

enum { WIDTH = 4 };
#define TARGET __attribute__((target("avx2,fma")))
#define FMSUB  _mm256_fmsub_pd
/* a - b as one product and sum: it rounds alike, and goes where products go; there are four times as many sums. */
#define PREPARE                    \
    vec one = _mm256_set1_pd(1.0); \
    __asm__("" : "+x"(one)); /* a factor that the compiler does not know */
#define SUBTRACT(a, b) _mm256_fnmadd_pd((b), one, (a))
#define KERNEL         rl_gram_avx2
#include "num/gram_kernel.h"
#else
void rl_gram_avx2(const rl_gram_tile *t, size_t k, double *acc) { rl_gram_base(t, k, acc); }
#endif
