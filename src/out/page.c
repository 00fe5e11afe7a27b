/* out/page.c -- blocks in order. */
#include "out/page.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

rl_page *rl_page_new(rl_arena *in)
{
    rl_page *d = RL_NEW(in, rl_page, 1);
    d->in = in;
    return d;
}

static rl_block *add(rl_page *d, rl_block_kind kind)
{
    if (d->n == d->cap) {
        size_t cap = d->cap ? 2 * d->cap : 64;
        d->block = rl_regrow(d->in, d->block, d->cap, cap, sizeof *d->block);
        d->cap = cap;
    }
    rl_block *b = &d->block[d->n++];
    *b = (rl_block){.kind = kind, .text = ""};
    return b;
}

static const char *formatted(rl_arena *in, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *text = rl_alloc(in, (size_t)(n < 0 ? 0 : n) + 1, 1);
    vsnprintf(text, (size_t)(n < 0 ? 0 : n) + 1, fmt, ap);
    return text;
}

void rl_page_head(rl_page *d, int level, const char *id, const char *text)
{
    rl_block *b = add(d, RL_BLOCK_HEAD);
    b->level = level;
    b->id = id;
    b->text = text;
}

void rl_page_text(rl_page *d, rl_block_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, kind)->text = formatted(d->in, fmt, ap);
    va_end(ap);
}

void rl_page_mark(rl_page *d, rl_block_kind kind) { add(d, kind); }

void rl_page_box(rl_page *d, rl_tone tone, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    rl_block *b = add(d, RL_BLOCK_BOX);
    b->tone = tone;
    b->text = formatted(d->in, fmt, ap);
    va_end(ap);
}

void rl_page_list(rl_page *d) { add(d, RL_BLOCK_LIST); }

void rl_page_line(rl_page *d, const char *fmt, ...)
{
    assert(d->n > 0);
    rl_block *b = &d->block[d->n - 1];
    assert(b->kind == RL_BLOCK_BOX || b->kind == RL_BLOCK_LIST);
    va_list ap;
    va_start(ap, fmt);
    b->line = rl_regrow(d->in, b->line, b->n_lines, b->n_lines + 1, sizeof *b->line);
    b->line[b->n_lines++] = formatted(d->in, fmt, ap);
    va_end(ap);
}

rl_rows *rl_page_rows(rl_page *d, rl_block_kind kind, size_t k, const rl_column *col)
{
    rl_rows *r = RL_NEW(d->in, rl_rows, 1);
    *r = (rl_rows){.in = d->in, .k = k, .col = col};
    add(d, kind)->rows = r;
    return r;
}

static void row(rl_rows *r, const char *const *cell, bool total)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 16;
        r->cell = rl_regrow(r->in, r->cell, r->cap * r->k, cap * r->k, sizeof *r->cell);
        r->total = rl_regrow(r->in, r->total, r->cap, cap, sizeof *r->total);
        r->cap = cap;
    }
    for (size_t j = 0; j < r->k; j++) r->cell[r->n * r->k + j] = cell[j] ? cell[j] : "";
    r->total[r->n++] = total;
}

void rl_rows_add(rl_rows *r, const char *const *cell) { row(r, cell, false); }

void rl_rows_total(rl_rows *r, const char *const *cell) { row(r, cell, true); }

void rl_page_chart(rl_page *d, const rl_chart *chart)
{
    if (chart) add(d, RL_BLOCK_CHART)->chart = chart;
}
