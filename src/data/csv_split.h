/* data/csv_split.h -- rows and fields of a text without quotes.
 *
 * libcsv defines what a CSV file means; where there is no quote its rules are
 * short, and this splitter follows them at ten times its pace, 64 bytes at a
 * time: CR or LF ends a row, a row of nothing but blanks is none, spaces and
 * tabs at both ends of a field are not part of it, the end of the text ends
 * the last row.  The tests hold it to libcsv on random bytes.
 */
#ifndef RL_DATA_CSV_SPLIT_H
#define RL_DATA_CSV_SPLIT_H

#include "data/csv.h"

enum { RL_SPLIT_PAD = 64 }; /* readable bytes the text must have behind it */

typedef enum rl_split_kind { RL_SPLIT_BEST, RL_SPLIT_PLAIN } rl_split_kind;

/* Call fn for every row of text (n bytes, from the start of a row, no '"' in it).
 *
 *   field   room for n_fields
 *   rows    out  rows given out
 *
 * False, after some rows were given out, at a row without n_fields fields or
 * longer than a field may be: libcsv then says what is wrong.
 */
bool rl_csv_split(const char *text, size_t n, char delimiter, rl_field *field, size_t n_fields, rl_split_kind kind,
                  rl_row_fn *fn, void *user, uint64_t *rows);

/* What is in n bytes: a quote, a byte that is not ASCII, a NUL. */
typedef struct rl_bytes_seen {
    bool quote, high, nul;
} rl_bytes_seen;
rl_bytes_seen rl_csv_bytes(const char *text, size_t n);

#endif
