/* base/hash.h -- fingerprints: fast ones for tables, SHA-256 for manifests. */
#ifndef RL_BASE_HASH_H
#define RL_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ctx.h"

/* 64-bit hash of n bytes: the same on every machine and in every run, so it
 * may key random draws.  Not for adversaries. */
uint64_t rl_hash64(const char *s, size_t n);

/* For tables in memory alone, where nobody sees it: the quickest that spreads
 * short texts over 32 bits.  Folded products as in Wang Yi's wyhash. */
static inline uint32_t rl_hash_text(const char *s, size_t n);
static inline bool rl_same_text(const char *a, const char *b, size_t n);   /* n bytes of each */

static inline void rl_copy_text(char *to, const char *s, size_t n);        /* n bytes */

/* SHA-256 as 64 lower-case hex digits and a NUL. */
void rl_sha256(const void *bytes, size_t n, char hex[65]);

/* SHA-256 of a file, read in blocks.  Errors: RL_EIO. */
RL_MUST rl_code rl_sha256_file(const char *path, char hex[65], uint64_t *bytes, rl_ctx *cx);

/* ---- inside ---- */

static inline uint64_t rl_load64(const char *s)
{
    uint64_t w;
    memcpy(&w, s, sizeof w);
    return w;
}

static inline uint32_t rl_load32(const char *s)
{
    uint32_t w;
    memcpy(&w, s, sizeof w);
    return w;
}

static inline uint64_t rl_fold64(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide p = (wide)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint32_t rl_hash_text(const char *s, size_t n)
{
    const uint64_t K = 0x9e3779b97f4a7c15u, L = 0xbf58476d1ce4e5b9u;
    uint64_t a = 0, b = 0, h = K ^ n;
    if (n >= 8) {
        for (size_t i = 8; i + 8 < n; i += 8) h = rl_fold64(h ^ rl_load64(s + i), L);
        a = rl_load64(s);
        b = rl_load64(s + n - 8);
    } else if (n >= 4) {
        a = rl_load32(s);
        b = rl_load32(s + n - 4);
    } else if (n > 0) {
        a = (uint64_t)(unsigned char)s[0] << 16 | (uint64_t)(unsigned char)s[n / 2] << 8 | (unsigned char)s[n - 1];
    }
    return (uint32_t)(rl_fold64(h ^ L, rl_fold64(a ^ L, b ^ h)) >> 32);
}

static inline bool rl_same_text(const char *a, const char *b, size_t n)
{
    if (n > 16) return memcmp(a, b, n) == 0;
    if (n >= 8)
        return ((rl_load64(a) ^ rl_load64(b)) | (rl_load64(a + n - 8) ^ rl_load64(b + n - 8))) == 0;
    if (n >= 4)
        return ((rl_load32(a) ^ rl_load32(b)) | (rl_load32(a + n - 4) ^ rl_load32(b + n - 4))) == 0;
    return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

static inline void rl_copy_text(char *to, const char *s, size_t n)
{
    if (n < 8 || n > 16) {
        memcpy(to, s, n);
        return;
    }
    uint64_t a = rl_load64(s), b = rl_load64(s + n - 8);
    memcpy(to, &a, 8);
    memcpy(to + n - 8, &b, 8);
}

#endif
