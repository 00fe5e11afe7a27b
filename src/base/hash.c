#include "base/hash.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"

uint64_t rl_hash64(const char *s, size_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ n;
    for (; n >= 8; n -= 8, s += 8) {
        uint64_t w = 0;
        for (int i = 7; i >= 0; i--) w = w << 8 | (unsigned char)s[i];
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    uint64_t w = 0;
    for (size_t i = n; i-- > 0;) w = w << 8 | (unsigned char)s[i];
    return rl_mix64(h ^ w);
}

static void hex_of(struct sha256_ctx *sha, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void rl_sha256(const void *bytes, size_t n, char hex[65])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, n, bytes);
    hex_of(&sha, hex);
}

rl_code rl_sha256_file(const char *path, char hex[65], uint64_t *bytes, rl_ctx *cx)
{
    struct sha256_ctx sha;
    uint8_t block[65536];
    FILE *f = fopen(path, "rb");
    if (f == NULL) return rl_fail_at(cx, RL_EIO, path, 0, 0, "cannot read the file: %s", strerror(errno));
    sha256_init(&sha);
    *bytes = 0;
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0; *bytes += n) sha256_update(&sha, n, block);
    int bad = ferror(f);
    fclose(f);
    if (bad) return rl_fail_at(cx, RL_EIO, path, 0, 0, "cannot read the file: %s", strerror(errno));
    hex_of(&sha, hex);
    return RL_OK;
}
