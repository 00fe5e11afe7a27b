/* base/ctx.h -- everybody's last argument: memory, threads, seed, errors, notes.
 *
 * A context belongs to one thread of control; workers of rl_par() never
 * touch it (they report through their own slots).  Nothing below floor 4
 * writes to a terminal: warnings are data here until app/note prints them.
 */
#ifndef RL_BASE_CTX_H
#define RL_BASE_CTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* A remark that does not stop the run, in the order made. */
typedef struct rl_note {
    const char *topic;  /* "design", "collinear", "singletons", "lag rule", .. : fixed words */
    const char *text;   /* one sentence: lower case, no full stop, subjects in quotes        */
} rl_note;

typedef struct rl_ctx {
    rl_arena *keep;     /* as long as the run                        */
    rl_arena *tmp;      /* emptied by whoever owns the current stage */
    int threads;        /* >= 1                                      */
    uint64_t seed;
    rl_err err;         /* the first failure                         */
    rl_note *note;      /* n_notes, in keep                          */
    size_t n_notes, cap_notes;
    void (*tick)(struct rl_ctx *cx, const char *stage, double share);   /* progress, or NULL */
    void *user;         /* the host's                                */
} rl_ctx;

/* threads <= 0: as many as the machine has, at most 16. */
void rl_ctx_init(rl_ctx *cx, int threads, uint64_t seed, rl_nomem_fn *handler, void *user);
void rl_ctx_free(rl_ctx *cx);

/* Record a failure and return its code; the first one stays.  A later call
 * on a failed context only returns its code. */
rl_code rl_fail(rl_ctx *cx, rl_code code, const char *fmt, ...) RL_PRINTF(3, 4);
rl_code rl_fail_at(rl_ctx *cx, rl_code code, const char *file, int line, int col, const char *fmt, ...) RL_PRINTF(6, 7);
/* Add what to try next to the failure just recorded; returns its code. */
rl_code rl_hint(rl_ctx *cx, const char *fmt, ...) RL_PRINTF(2, 3);
/* Put words before the message: rl_context(cx, "model '%s': ", name). */
rl_code rl_context(rl_ctx *cx, const char *fmt, ...) RL_PRINTF(2, 3);
/* Forget a failure that has been dealt with (a refused model, say). */
void rl_forgive(rl_ctx *cx);

void rl_remark(rl_ctx *cx, const char *topic, const char *fmt, ...) RL_PRINTF(3, 4);
void rl_progress(rl_ctx *cx, const char *stage, double share);

#endif
