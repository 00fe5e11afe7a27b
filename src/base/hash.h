/* base/hash.h -- fingerprints: fast ones for tables, SHA-256 for manifests. */
#ifndef RL_BASE_HASH_H
#define RL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/* 64-bit hash of n bytes: the same on every machine and in every run, so it
 * may key random draws.  Not for adversaries. */
uint64_t rl_hash64(const char *s, size_t n);

/* SHA-256 as 64 lower-case hex digits and a NUL. */
void rl_sha256(const void *bytes, size_t n, char hex[65]);

/* SHA-256 of a file, read in blocks.  Errors: RL_EIO. */
RL_MUST rl_code rl_sha256_file(const char *path, char hex[65], uint64_t *bytes, rl_ctx *cx);

#endif
