/* out/page.h -- the report before it has a medium: a list of blocks.
 *
 * The sections (out/sections.h) say what stands in the report once; html.c
 * and md.c turn the blocks into their own markup.  Every text of a block is
 * raw: the writer of a medium escapes it, so user text can never become
 * markup.
 */
#ifndef RL_OUT_PAGE_H
#define RL_OUT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "out/plot.h"

typedef enum rl_block_kind {
    RL_BLOCK_HEAD,          /* text, level 1..4; `id` may be linked to                    */
    RL_BLOCK_EYEBROW,       /* the small line above a heading                             */
    RL_BLOCK_LEAD,          /* the answer                                                 */
    RL_BLOCK_PARA,
    RL_BLOCK_SMALL,         /* a remark under a table or chart                            */
    RL_BLOCK_BOX,           /* text (bold) and more: lines; tone                          */
    RL_BLOCK_LIST,          /* lines                                                      */
    RL_BLOCK_CARDS,         /* table: tone, label, figure, then lines below it             */
    RL_BLOCK_PAIRS,         /* table: label, value                                        */
    RL_BLOCK_TABLE,
    RL_BLOCK_CHART,
    RL_BLOCK_CODE,
    RL_BLOCK_OPEN, RL_BLOCK_CLOSE,   /* a fold with a summary                             */
    RL_BLOCK_SIGN,          /* prepared by, reviewed by                                   */
    RL_BLOCK_PAGE           /* a new page when printed                                    */
} rl_block_kind;

typedef enum rl_tone { RL_TONE_PLAIN, RL_TONE_GOOD, RL_TONE_BAD, RL_TONE_UNSURE } rl_tone;

typedef struct rl_column { const char *head; bool number; } rl_column;

typedef struct rl_rows {    /* a table: n rows of k texts, row-major                     */
    rl_arena *in;
    size_t k, n, cap;
    const rl_column *col;   /* k                                                          */
    const char **cell;
    bool *total;            /* n: a row set off as the sum                                */
    const char *caption;
} rl_rows;

typedef struct rl_block {
    rl_block_kind kind;
    const char *text, *id;
    int level;
    rl_tone tone;
    size_t n_lines;
    const char **line;
    rl_rows *rows;
    const rl_chart *chart;
} rl_block;

typedef struct rl_page {
    rl_arena *in;
    size_t n, cap;
    rl_block *block;
} rl_page;

rl_page *rl_page_new(rl_arena *in);
void rl_page_head(rl_page *d, int level, const char *id, const char *text);
/* kind: EYEBROW LEAD PARA SMALL CODE OPEN SIGN; formatted text */
void rl_page_text(rl_page *d, rl_block_kind kind, const char *fmt, ...) RL_PRINTF(3, 4);
void rl_page_mark(rl_page *d, rl_block_kind kind);              /* CLOSE PAGE SIGN */
/* A box or a list; add its lines next. */
void rl_page_box(rl_page *d, rl_tone tone, const char *fmt, ...) RL_PRINTF(3, 4);
void rl_page_list(rl_page *d);
void rl_page_line(rl_page *d, const char *fmt, ...) RL_PRINTF(2, 3);
/* Cards, pairs or a table of k columns (col stays the caller's: static). */
rl_rows *rl_page_rows(rl_page *d, rl_block_kind kind, size_t k, const rl_column *col);
void rl_rows_add(rl_rows *r, const char *const *cell);        /* k texts */
void rl_rows_total(rl_rows *r, const char *const *cell);
void rl_page_chart(rl_page *d, const rl_chart *chart);          /* NULL: nothing */

#define RL_ROW(r, ...)   rl_rows_add((r), (const char *const[]){__VA_ARGS__})
#define RL_TOTAL(r, ...) rl_rows_total((r), (const char *const[]){__VA_ARGS__})

#endif
