#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK = 64 * 1024, LARGE = 4096, OWN_PAGES = 1024 * 1024, ALIGN = 64 };

/* Small requests come from chunks; large ones are blocks of their own in a
 * doubly linked list, so that one can be given back early. */
typedef struct block {
    struct block *next, *prev;
    size_t bytes;
    size_t mapped; /* bytes, when it is a mapping of its own, else 0 */
    void *raw;
} block;

typedef struct chunk {
    struct chunk *next;
    size_t used;
    _Alignas(16) unsigned char mem[];
} chunk;

typedef struct closer {
    struct closer *next;
    void (*close)(void *);
    void *what;
} closer;

struct rl_arena {
    block *large;
    chunk *chunks;
    closer *closers;
    size_t bytes;
    rl_nomem_fn *handler;
    void *user;
};

static _Noreturn void no_memory(rl_arena *a, size_t bytes)
{
    a->handler(bytes, a->user);
    abort(); /* a handler that returns is our mistake */
}

static void *get(rl_arena *a, size_t bytes)
{
    void *p = calloc(1, bytes);
    if (p == NULL) no_memory(a, bytes);
    return p;
}

rl_arena *rl_arena_new(rl_nomem_fn *handler, void *user)
{
    rl_arena first = {.handler = handler, .user = user};
    rl_arena *a = get(&first, sizeof *a);
    *a = first;
    return a;
}

rl_arena *rl_arena_like(const rl_arena *a) { return rl_arena_new(a->handler, a->user); }

static size_t product(rl_arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2) no_memory(a, SIZE_MAX);
    return bytes;
}

/* Pages of its own go back to the system when the block does: a heap would keep them.  Huge ones are not
 * asked for: a virtual machine that reports free memory to its host pays a second per gigabyte to get it
 * back in huge pages, and has small ones at hand. */
static void *map(rl_arena *a, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) no_memory(a, bytes);
    return p;
}

static void give_back(block *b)
{
    if (b->mapped > 0)
        munmap(b->raw, b->mapped);
    else
        free(b->raw);
}

/* calloc keeps fresh pages untouched, so a large array costs nothing until it is used. */
static void *alloc_large(rl_arena *a, size_t bytes)
{
    size_t all = bytes + sizeof(block) + ALIGN;
    void *raw = bytes >= OWN_PAGES ? map(a, all) : get(a, all);
    uintptr_t at = ((uintptr_t)raw + sizeof(block) + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    block *b = (block *)(at - sizeof(block));
    *b = (block){.next = a->large, .bytes = bytes, .mapped = bytes >= OWN_PAGES ? all : 0, .raw = raw};
    if (a->large != NULL) a->large->prev = b;
    a->large = b;
    a->bytes += bytes;
    return (void *)at;
}

void *rl_alloc(rl_arena *a, size_t n, size_t size)
{
    size_t bytes = product(a, n, size);
    if (bytes >= LARGE) return alloc_large(a, bytes);
    bytes = bytes >= 1024 ? (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1) : (bytes + 15) & ~(size_t)15;
    if (bytes == 0) bytes = 16;
    size_t pad = 0;
    chunk *c = a->chunks;
    if (c != NULL && bytes >= 1024) pad = (ALIGN - ((uintptr_t)(c->mem + c->used) & (ALIGN - 1))) & (ALIGN - 1);
    if (c == NULL || c->used + pad + bytes > CHUNK) {
        c = get(a, sizeof(chunk) + CHUNK);
        c->next = a->chunks;
        a->chunks = c;
        pad = bytes >= 1024 ? (ALIGN - ((uintptr_t)c->mem & (ALIGN - 1))) & (ALIGN - 1) : 0;
    }
    void *p = c->mem + c->used + pad;
    c->used += pad + bytes;
    a->bytes += bytes;
    return p;
}

void rl_release(rl_arena *a, void *p)
{
    for (block *b = a->large; b != NULL && p != NULL; b = b->next) {
        if ((void *)(b + 1) != p) continue;
        if (b->prev != NULL)
            b->prev->next = b->next;
        else
            a->large = b->next;
        if (b->next != NULL) b->next->prev = b->prev;
        a->bytes -= b->bytes;
        give_back(b);
        return;
    }
}

/* A system that does not know this makes the pages as they are written. */
void rl_touch(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    static const uintptr_t PAGE = 4096;
    uintptr_t from = (uintptr_t)p & ~(PAGE - 1), to = ((uintptr_t)p + bytes + PAGE - 1) & ~(PAGE - 1);
    if (bytes >= 2 * PAGE) (void)madvise((void *)from, to - from, MADV_POPULATE_WRITE);
#else
    (void)p, (void)bytes;
#endif
}

void *rl_regrow(rl_arena *a, void *old, size_t old_n, size_t new_n, size_t size)
{
    assert(new_n >= old_n);
    void *p = rl_alloc(a, new_n, size);
    if (old_n > 0) memcpy(p, old, old_n * size);
    if (old_n * size >= LARGE) rl_release(a, old);
    return p;
}

char *rl_strndup(rl_arena *a, const char *s, size_t n)
{
    char *p = rl_alloc(a, n + 1, 1);
    if (n > 0) memcpy(p, s, n);
    return p;
}

char *rl_strdup(rl_arena *a, const char *s) { return rl_strndup(a, s, strlen(s)); }

void rl_arena_defer(rl_arena *a, void (*close)(void *), void *what)
{
    closer *c = rl_alloc(a, 1, sizeof *c);
    *c = (closer){.next = a->closers, .close = close, .what = what};
    a->closers = c;
}

void rl_arena_reset(rl_arena *a)
{
    for (closer *c = a->closers; c != NULL; c = c->next) c->close(c->what);
    a->closers = NULL;
    for (block *b = a->large, *next; b != NULL; b = next) {
        next = b->next;
        give_back(b);
    }
    for (chunk *c = a->chunks, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    a->large = NULL;
    a->chunks = NULL;
    a->bytes = 0;
}

void rl_arena_free(rl_arena *a)
{
    if (a == NULL) return;
    rl_arena_reset(a);
    free(a);
}

size_t rl_arena_bytes(const rl_arena *a) { return a->bytes; }
