/* data/csv.h -- CSV files in, fields out; libcsv in strict mode is the parser.
 *
 * A source says how a file is written.  Reading streams: the file is read in
 * blocks of 64 KiB, decoded to UTF-8 when it is not, and fed to libcsv; the
 * text is never held in memory.  Blank lines are no rows.  A row with more
 * or fewer fields than the header, an unterminated quote, a stray quote, a
 * NUL byte and bytes that are not UTF-8 (or not the stated encoding) are
 * syntax faults: RL_EINPUT with file:line:column, source line and caret.
 */
#ifndef RL_DATA_CSV_H
#define RL_DATA_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

typedef enum rl_encoding { RL_UTF8, RL_UTF16, RL_LATIN1 } rl_encoding;   /* UTF16: order by its BOM, else little-endian */
typedef enum rl_number_format { RL_NUMBERS_PLAIN, RL_NUMBERS_US, RL_NUMBERS_EU } rl_number_format;

struct rl_source {
    const char *path;              /* as opened                                        */
    const char *name;              /* as shown to people: relative to the study file   */
    char delimiter;                /* 0 = guess from the header among , ; tab |        */
    rl_encoding encoding;          /* a BOM overrides it                               */
    rl_number_format numbers;
    const char *date_format;       /* strptime, or NULL = ISO                          */
    const char *const *missing;    /* n_missing tokens that mean "no value"            */
    size_t n_missing;              /* an empty cell always does                        */
};
typedef struct rl_source rl_source;

rl_source rl_source_of(const char *path);      /* UTF-8, guessed delimiter, plain numbers, ISO dates */

typedef struct rl_header {
    size_t n;
    const char **name;             /* n  as in the file, blanks at both ends trimmed    */
} rl_header;

/* Position of a column, or -1; *twice is set when the name stands more than once. */
int32_t rl_header_find(const rl_header *h, const char *name, bool *twice);

/* One data row: n_fields texts (not NUL-terminated; valid during the call). */
typedef struct rl_field { const char *s; size_t n; bool quoted_empty; } rl_field;
typedef void rl_row_fn(void *user, uint64_t row, const rl_field *field, size_t n_fields);

/* Read the header alone.  Errors: RL_EINPUT (no file, empty file, no header). */
RL_MUST rl_code rl_csv_header(const rl_source *src, rl_header *head, rl_ctx *cx);

/* Read the file, calling fn for each data row in order.  *rows is their number.
 * Cost: one pass, ~10 cycles a byte, memory of one row. */
RL_MUST rl_code rl_csv_read(const rl_source *src, rl_header *head, rl_row_fn *fn, void *user, uint64_t *rows, rl_ctx *cx);

/* Find line, column and text of cells: want (n, sorted by row then field)
 * in; line, col, excerpt out. */
typedef struct rl_place { uint64_t row; int32_t field; int line, col; const char *excerpt; } rl_place;
RL_MUST rl_code rl_csv_locate(const rl_source *src, rl_place *want, size_t n, rl_arena *in, rl_ctx *cx);

/* A cell as a number.  False when it is none; `inf`, `nan`, hex and overflow
 * are none.  US: $1,234.50  (1,234.50)  EU: 1.234,50 EUR.  Correctly rounded. */
bool rl_number_parse(const char *s, size_t n, rl_number_format f, double *x);

#endif
