/* data/csv_locate.h -- from "row 1041, column 4" to line, column and source line.
 *
 * libcsv knows no positions, so nobody counts anything while a file is read.
 * Only when there is something to say is the file read again: once to find
 * the byte offsets of the cells (libcsv fed line by line, and byte by byte
 * within the rows in question), once to count lines and cut the excerpts.
 */
#ifndef RL_DATA_CSV_LOCATE_H
#define RL_DATA_CSV_LOCATE_H

#include "data/csv.h"

enum { RL_CSV_FIELD_MAX = 1024 * 1024 };   /* bytes of the longest field */

/* A cell, and where its text stands: offsets of decoded text, to exclusive.
 * An empty cell has from = to = the offset of what ends it. */
typedef struct rl_spot {
    uint64_t record;            /* 0 = the header, 1 = the first row */
    int32_t field;              /* 0-based; -1 = the start of the record */
    bool found;
    uint64_t from, to;
} rl_spot;

/* spot (n, sorted by record then field).  Cells that do not exist stay not found. */
RL_MUST rl_code rl_csv_spots(const rl_source *src, char delimiter, rl_spot *spot, size_t n, rl_ctx *cx);

/* A stretch of text, and how it is shown. */
typedef struct rl_mark {
    uint64_t from, to;
    int line, col;
    const char *excerpt;        /* two lines, the last without a newline */
} rl_mark;

/* mark (n, sorted by from); the excerpts are made in arena `in`. */
RL_MUST rl_code rl_csv_marks(const rl_source *src, rl_mark *mark, size_t n, rl_arena *in, rl_ctx *cx);

/* The delimiter of a text whose first line is the header. */
char rl_csv_guess(const char *text, size_t n);

/* libcsv as we use it everywhere: strict; the readers watch the length of its fields. */
struct csv_parser;
void rl_csv_parser_init(struct csv_parser *p, char delimiter);

#endif
