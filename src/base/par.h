/* base/par.h -- a parallel loop whose result does not depend on the threads.
 *
 * The work is cut into blocks by the data alone (never by the number of
 * threads); a worker takes whole blocks, writes only into that block's slot,
 * and the caller adds the slots up in order of the block number.
 */
#ifndef RL_BASE_PAR_H
#define RL_BASE_PAR_H

#include <stddef.h>

#include "base/ctx.h"

enum { RL_ROWS_PER_BLOCK = 16384 };

static inline size_t rl_blocks(size_t n, size_t per) { return (n + per - 1) / per; }

/* Call fn(block, arg) for block = 0 .. n_blocks - 1 on cx->threads threads.
 * fn must not touch cx, must not fail, and must not depend on the order. */
typedef void rl_block_fn(size_t block, void *arg);
void rl_par(size_t n_blocks, rl_block_fn *fn, void *arg, rl_ctx *cx);

#endif
