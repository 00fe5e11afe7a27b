/* The Gram kernel for any machine: Dekker's product, two doubles at a time. */
#include "num/gram.h"

typedef double vec __attribute__((vector_size(16), may_alias));

enum { WIDTH = 2 };
#define TARGET
#define KERNEL rl_gram_base
#include "num/gram_kernel.h"
