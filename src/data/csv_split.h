/* data/csv_split.h -- rows and fields of a text without quotes.
 *
 * libcsv defines what a CSV file means; where there is no quote its rules are
 * short, and this splitter follows them at ten times its pace: CR or LF ends
 * a row, a row of nothing but blanks is none, spaces and tabs at both ends of
 * a field are not part of it, the end of the text ends the last row.  The
 * tests hold it to libcsv on random bytes.
 */
#ifndef RL_DATA_CSV_SPLIT_H
#define RL_DATA_CSV_SPLIT_H

#include "data/csv.h"

enum { RL_SPLIT_PAD = 64 }; /* readable bytes the text must have behind it */

/* What is in a text: a quote, a byte that is not ASCII, a NUL. */
typedef struct rl_bytes_seen {
    bool quote, high, nul;
} rl_bytes_seen;

/* Where fields may end, 64 bytes at a time: bit i of end[k] = text[64 k + i] is
 * the delimiter, LF or CR; bits at or behind n are not set.
 *
 *   end   out  n / 64 + 1
 *
 * AVX2 is for CPUs that have it: rl_split_best() says which to take. */
typedef enum rl_split_kind { RL_SPLIT_PLAIN, RL_SPLIT_SSE2, RL_SPLIT_AVX2, RL_SPLIT_KINDS } rl_split_kind;
bool rl_split_has(rl_split_kind kind);
rl_split_kind rl_split_best(void);
rl_bytes_seen rl_csv_ends(const char *text, size_t n, char delimiter, rl_split_kind kind, uint64_t *end);

/* Rows first, first + 1, ..: n_rows times as many fields as the file has columns. */
typedef void rl_rows_fn(void *user, uint64_t first, const rl_field *field, size_t n_rows);

/* The most rows fn gets at a time: 64, fewer when they are long. */
size_t rl_split_rows(size_t n_fields);

/* Call fn for the rows of text (n bytes, from the start of a row, no '"' in it).
 *
 *   end     as rl_csv_ends() gave it
 *   field   room for rl_split_rows(n_fields) rows
 *   rows    out  rows found
 *
 * False, perhaps after some rows were given out, at a row without n_fields
 * fields or longer than a field may be: libcsv then says what is wrong.
 */
bool rl_csv_split(const char *text, size_t n, const uint64_t *end, char delimiter, rl_field *field, size_t n_fields,
                  rl_rows_fn *fn, void *user, uint64_t *rows);

#endif
