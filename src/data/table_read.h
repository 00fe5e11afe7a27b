/* data/table_read.h -- the inside of rl_table_read(): row by row, or in pieces. */
#ifndef RL_DATA_TABLE_READ_H
#define RL_DATA_TABLE_READ_H

#include "data/table.h"

/* A cell of an undecided column. */
typedef struct rl_held {
    size_t row, from, n;
} rl_held;

/* A column while it is read. */
typedef struct rl_column {
    rl_col *col;
    const char *name;
    bool wait;     /* RL_AUTO, not decided yet                      */
    rl_held *held; /* n_held    its cells that are not missing      */
    size_t n_held;
    rl_str text;         /* their texts                                   */
    struct queue *queue; /* NULL: codes are given at once                 */
} rl_column;

typedef struct rl_loader {
    const rl_source *src;
    rl_faults *faults;
    rl_table *t;
    rl_arena *in, *tmp;
    rl_column *column; /* n_column, those that are in the file          */
    size_t n_column;
    size_t n, cap;   /* rows read, and room for them                  */
    uint64_t bytes;  /* of the first rows, for guessing how many come */
    bool first[256];    /* a missing token begins with this byte         */
    bool plain_numbers; /* no missing token, and nothing but what PLAIN reads, looks like a number */
    unsigned char *full; /* cap   0 = a row of empty cells; NULL = none yet */
} rl_loader;

enum { RL_AUTO_CELLS = 1000 }; /* cells that decide what a column is */

/* Is a cell no value: empty, blank, or one of the source's tokens? */
bool rl_load_token(const rl_loader *l, const char *s, size_t n);
static inline bool rl_load_missing(const rl_loader *l, const char *s, size_t n)
{
    if (n == 0) return true;
    if ((unsigned char)s[0] > ' ' && (unsigned char)s[n - 1] > ' ' && !l->first[(unsigned char)s[0]]) return false;
    return rl_load_token(l, s, n);
}
bool rl_load_day(const rl_loader *l, const char *s, size_t n, int32_t *day);
bool rl_load_empty(const rl_field *field, size_t n); /* no cell of the row holds anything */
void rl_load_drop(rl_loader *l, size_t row);         /* .. then it is counted, and may go  */
void rl_load_fault(rl_loader *l, const rl_column *c, size_t row, const char *s, size_t n);
void rl_load_room(rl_loader *l, size_t cap); /* of all columns whose type is known */

/* Read the rows in pieces cut every `bytes` (0 = the usual distance).  False:
 * not done, and nothing changed but dictionaries, which hold the texts of the
 * first rows in the order in which reading row by row finds them. */
bool rl_load_chunks(rl_loader *l, size_t bytes, rl_ctx *cx);

/* rl_table_read() with the distance of the cuts: 0 = as it sees fit, SIZE_MAX = row by row. */
RL_MUST rl_code rl_table_read_cut(const rl_source *src, const rl_want *want, size_t n_want, rl_faults *faults,
                                  rl_table *t, rl_arena *in, size_t bytes, rl_ctx *cx);

#endif
