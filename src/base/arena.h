/* base/arena.h -- the only malloc.
 *
 * An arena hands out zeroed memory that is given back all at once.  Whoever
 * names the arena owns the memory: cx->keep lives as long as the run,
 * cx->tmp until the next rl_arena_reset().  Things that are not memory (open
 * files, parsers) are closed through rl_arena_defer, so that RL_TRY may
 * return from anywhere.
 *
 * When memory is gone the arena calls its handler, which must not return:
 * the program's prints and ends with status 5, a library host's jumps back
 * to the public door.  No caller ever sees NULL.
 */
#ifndef RL_BASE_ARENA_H
#define RL_BASE_ARENA_H

#include <stddef.h>

typedef struct rl_arena rl_arena;
typedef void rl_nomem_fn(size_t bytes, void *user);

rl_arena *rl_arena_new(rl_nomem_fn *handler, void *user);
rl_arena *rl_arena_like(const rl_arena *a);   /* a new one with the same handler */
void rl_arena_reset(rl_arena *a);  /* frees all, runs deferred closers newest first */
void rl_arena_free(rl_arena *a);   /* reset, and the arena itself; NULL is fine     */

/* n zeroed elements of `size` bytes, 64-byte aligned when 1 KiB or more, else
 * 16; n = 0 gives a valid pointer.  Overflow of n * size counts as no memory. */
void *rl_alloc(rl_arena *a, size_t n, size_t size);
#define RL_NEW(a, type, n) ((type *)rl_alloc((a), (n), sizeof(type)))

/* Grow an array from old_n to new_n elements; the tail is zeroed.  The old
 * block goes back at once when it is large, so doubling costs no memory. */
void *rl_regrow(rl_arena *a, void *old, size_t old_n, size_t new_n, size_t size);

char *rl_strdup(rl_arena *a, const char *s);
char *rl_strndup(rl_arena *a, const char *s, size_t n);   /* n bytes and a NUL; embedded NULs are kept */

/* Run close(what) when the arena is reset. */
void rl_arena_defer(rl_arena *a, void (*close)(void *what), void *what);

/* Free one large block early (no-op for small ones). */
void rl_release(rl_arena *a, void *block);

/* `bytes` from p on are about to be written for the first time: have their
 * pages made in one go, for two thirds of what it costs to be stopped at each. */
void rl_touch(void *p, size_t bytes);

size_t rl_arena_bytes(const rl_arena *a);   /* handed out and not given back */

#endif
