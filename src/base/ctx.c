#include "base/ctx.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_THREADS = 16 };

void rl_ctx_init(rl_ctx *cx, int threads, uint64_t seed, rl_nomem_fn *handler, void *user)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads <= 0) threads = online < 1 ? 1 : online > MOST_THREADS ? MOST_THREADS : (int)online;
    *cx = (rl_ctx){.threads = threads, .seed = seed, .user = user};
    cx->keep = rl_arena_new(handler, user);
    cx->tmp = rl_arena_new(handler, user);
}

void rl_ctx_free(rl_ctx *cx)
{
    rl_arena_free(cx->tmp);
    rl_arena_free(cx->keep);
    *cx = (rl_ctx){0};
}

static rl_code fail(rl_ctx *cx, rl_code code, const char *file, int line, int col, const char *fmt, va_list ap)
{
    assert(code != RL_OK);
    if (cx->err.code != RL_OK) return cx->err.code;
    cx->err = (rl_err){.code = code, .line = line, .col = col};
    cx->err.file = file != NULL ? rl_strdup(cx->keep, file) : NULL;
    vsnprintf(cx->err.what, sizeof cx->err.what, fmt, ap);
    return code;
}

rl_code rl_fail(rl_ctx *cx, rl_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    rl_code c = fail(cx, code, NULL, 0, 0, fmt, ap);
    va_end(ap);
    return c;
}

rl_code rl_fail_at(rl_ctx *cx, rl_code code, const char *file, int line, int col, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    rl_code c = fail(cx, code, file, line, col, fmt, ap);
    va_end(ap);
    return c;
}

rl_code rl_hint(rl_ctx *cx, const char *fmt, ...)
{
    assert(cx->err.code != RL_OK);
    if (cx->err.hint[0] != '\0') return cx->err.code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cx->err.hint, sizeof cx->err.hint, fmt, ap);
    va_end(ap);
    return cx->err.code;
}

rl_code rl_context(rl_ctx *cx, const char *fmt, ...)
{
    char text[sizeof cx->err.what], before[sizeof cx->err.what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(before, sizeof before, fmt, ap);
    va_end(ap);
    memcpy(text, cx->err.what, sizeof text);
    size_t n = strnlen(before, sizeof before - 1), room = sizeof text - n;
    memcpy(cx->err.what, before, n);
    memcpy(cx->err.what + n, text, room);
    cx->err.what[sizeof cx->err.what - 1] = '\0';
    return cx->err.code;
}

void rl_forgive(rl_ctx *cx) { cx->err = (rl_err){0}; }

void rl_remark(rl_ctx *cx, const char *topic, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (cx->n_notes == cx->cap_notes) {
        size_t cap = cx->cap_notes ? 2 * cx->cap_notes : 16;
        cx->note = rl_regrow(cx->keep, cx->note, cx->n_notes, cap, sizeof *cx->note);
        cx->cap_notes = cap;
    }
    cx->note[cx->n_notes++] = (rl_note){rl_strdup(cx->keep, topic), rl_strdup(cx->keep, text)};
}

void rl_progress(rl_ctx *cx, const char *stage, double share)
{
    if (cx->tick != NULL) cx->tick(cx, stage, share);
}
