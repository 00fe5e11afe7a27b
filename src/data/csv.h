/* data/csv.h -- CSV files in, fields out; libcsv in strict mode is the parser.
 *
 * A source says how a file is written.  Reading streams: the file is read in
 * blocks of 64 KiB, decoded to UTF-8 when it is not, and fed to libcsv; the
 * text is never held in memory.  Blank lines are no rows.  A row with more
 * or fewer fields than the header, an unterminated quote, a stray quote, a
 * NUL byte and bytes that are not UTF-8 (or not the stated encoding) are
 * syntax faults: RL_EINPUT with file:line:column, source line and caret.  So
 * is a field of more than 1 MiB, which is nearly always an unclosed quote.
 *
 * Unquoted fields lose the blanks at both ends, quoted ones keep theirs.  In a
 * file of one column an empty cell is a blank line, hence no row, unless it is
 * written "".  A line ends with LF, CR LF or a lone CR.  Columns count
 * characters.
 */
#ifndef RL_DATA_CSV_H
#define RL_DATA_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/date.h"

/* UTF16: order by its BOM, else little-endian.  LATIN1: read as windows-1252. */
typedef enum rl_encoding { RL_UTF8, RL_UTF16, RL_LATIN1 } rl_encoding;
typedef enum rl_number_format { RL_NUMBERS_PLAIN, RL_NUMBERS_US, RL_NUMBERS_EU } rl_number_format;

struct rl_source {
    const char *path;              /* as opened                                        */
    const char *name;              /* as shown to people: relative to the study file   */
    char delimiter;                /* 0 = guess from the header among , ; tab |        */
    rl_encoding encoding;          /* a BOM overrides it                               */
    rl_number_format numbers;
    const char *date_format;       /* strptime, or NULL = ISO                          */
    bool periods;                  /* a month, quarter or year (2024-03, 2024Q1) is read as its first day */
    rl_calendar numbered;          /* kind not NONE: a whole number k is read as the first day of the k-th such */
    int32_t first_day;             /* .. period, where the first one holds this day      */
    const char *const *missing;    /* n_missing tokens that mean "no value"            */
    size_t n_missing;              /* an empty cell always does                        */
    uint64_t max_rows;             /* read no more data rows than this; 0 = all        */
};
typedef struct rl_source rl_source;

rl_source rl_source_of(const char *path);      /* UTF-8, guessed delimiter, plain numbers, ISO dates */

typedef struct rl_header {
    size_t n;
    const char **name;             /* n  as in the file, blanks at both ends trimmed    */
} rl_header;

/* Position of a column, or -1; *twice is set when the name stands more than once. */
int32_t rl_header_find(const rl_header *h, const char *name, bool *twice);

/* One data row: n_fields texts (not NUL-terminated; valid during the call).
 * `row` is 0 for the first row below the header; n_fields is the header's. */
typedef struct rl_field { const char *s; size_t n; bool quoted_empty; } rl_field;
typedef void rl_row_fn(void *user, uint64_t row, const rl_field *field, size_t n_fields);

/* Read the header alone; its names live in cx->keep.  Errors: RL_EINPUT (no
 * file, not a regular file, empty, blank, a syntax fault in the header), RL_EIO. */
RL_MUST rl_code rl_csv_header(const rl_source *src, rl_header *head, rl_ctx *cx);

/* Read the file, calling fn for each data row in order; *head is set before the
 * first call, *rows (may be NULL) is the number of rows also when reading fails.
 * Errors: as above, and syntax faults, after the rows before them were given out.
 * Cost: one pass, ~12 cycles a byte, memory of one row. */
RL_MUST rl_code rl_csv_read(const rl_source *src, rl_header *head, rl_row_fn *fn, void *user, uint64_t *rows,
                            rl_ctx *cx);

/* Find line, column and text of cells: want (n, sorted by row then field; field
 * -1 = the row's first) in; line, col and excerpt out.  A quoted cell is placed
 * at its first character inside the quotes.  The excerpt is the source line,
 * clipped to about 100 characters, and a line with a caret, in arena `in`; it
 * does not end with a newline.
 * Errors: RL_EINPUT no file; RL_EIO the file no longer has such a cell.
 * Cost: two passes up to the last row wanted. */
typedef struct rl_place { uint64_t row; int32_t field; int line, col; const char *excerpt; } rl_place;
RL_MUST rl_code rl_csv_locate(const rl_source *src, rl_place *want, size_t n, rl_arena *in, rl_ctx *cx);

/* A cell as a number: correctly rounded, the same bits as strtod.
 *
 *   PLAIN  12  -3.5  .5  1e-3
 *   US     also  1,234.50  $1,234.50  (1,234.50)  USD 12  12 USD
 *   EU     1.234,50  1 234,50  1'234,50  1.234,50 EUR  (1.234,50)
 *
 * Blanks around it are skipped.  Currency is $, euro, pound, yen or three
 * capital letters, before or after.  False when it is none of this (12.5 in EU,
 * 1,23 in US) or has over 1,024 characters; `inf`, `nan`, hex and overflow are
 * no numbers, underflow gives the nearest double. */
bool rl_number_parse(const char *s, size_t n, rl_number_format f, double *x);

/* Cells of a column, n <= 64, cell[0], cell[step], ..: those that are plainly
 * written, [-] digits [. digits], go into x; bit i of the answer: x[i] is left
 * to rl_number_parse(), and undefined.  Reads up to RL_NUMBER_PAD bytes of
 * memory from the start of a cell on. */
enum { RL_NUMBER_PAD = 40 };
uint64_t rl_number_cells(const rl_field *cell, size_t step, size_t n, double *x);

#endif
