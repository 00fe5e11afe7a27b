/* The Gram kernel with AVX-512: eight doubles at a time. */
#include "num/gram.h"

#if defined(__x86_64__)
#include <immintrin.h>

typedef __m512d vec;

enum { WIDTH = 8 };
#define TARGET __attribute__((target("avx512f")))
#define FMSUB  _mm512_fmsub_pd
#define KERNEL rl_gram_avx512
#include "num/gram_kernel.h"
#else
void rl_gram_avx512(const rl_gram_tile *t, size_t k, double *acc) { rl_gram_base(t, k, acc); }
#endif
