/* data/table.h -- typed columns.
 *
 * The one currency between floors: a CSV file becomes a table, a study's
 * panel is a table, a design is made from a table.  Columns are number
 * (double, NaN = missing), date (int32 day, RL_NO_DAY = missing) or text
 * (int32 code into a dictionary, -1 = missing).
 */
#ifndef RL_DATA_TABLE_H
#define RL_DATA_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/date.h"
#include "base/str.h"
#include "data/csv.h"
#include "data/fault.h"

typedef enum rl_type {
    RL_NUM, RL_DATE, RL_TEXT,
    RL_AUTO      /* a request only: number when at least half of the first 1,000
                    cells that are not missing read as numbers (or all cells are
                    missing), else text                                         */
} rl_type;

typedef struct rl_col {
    const char *name;
    rl_type type;
    double *num;               /* n    when RL_NUM                             */
    int32_t *day;              /* n    when RL_DATE                            */
    int32_t *code;             /* n    when RL_TEXT                            */
    rl_dict *dict;             /*      when RL_TEXT; may be shared by columns  */
    int32_t field;             /* column in the file, -1 = made by us          */
    bool full;                 /* known to have no missing cell                */
    bool own;                  /* the dictionary is known to have the column's texts and no others */
} rl_col;

typedef struct rl_table {
    const rl_source *source;   /* NULL when made by us                          */
    size_t n;                  /* rows                                          */
    uint32_t *row;             /* n    data row in the file; NULL = 0, 1, .. n-1 */
    size_t k;                  /* columns                                       */
    rl_col *col;               /* k                                             */
    rl_header header;          /* all names of the file, read or not            */
    uint64_t rows_read;        /* data rows in the file                         */
    unsigned char *unread;     /* n    1 = a cell of the row could not be read (it is now missing);
                                       NULL = none                               */
} rl_table;

/* A column to read. */
typedef struct rl_want {
    const char *name;          /* in the file                                            */
    rl_type type;
    rl_dict *dict;             /* RL_TEXT: codes go here (shared); NULL = a new one      */
    bool optional;             /* not there: col.name is set and col.type = RL_AUTO, no data */
    const char *key;           /* what asked for it, for messages: "deals.amount", "the formula" */
    int line, col;             /* where it was asked for: goes into the error, whose file the caller fills in; or 0 */
} rl_want;

/* Read the wanted columns of a CSV file.  A column may be wanted twice.
 *
 *   want    n_want  columns, in the order the table will have them
 *   faults  out     cells that could not be read (days outside 1900 to 2100
 *                   among them) become missing and are added;
 *                   rows of empty cells are added, and taken out unless their
 *                   policy is to keep them (rows_read counts them)
 *   t       out     in arena `in`
 *
 * Errors  RL_EINPUT  no such file, syntax, an unknown column (with the nearest
 *                    name), a wanted name that stands twice in the header
 *         RL_EIO     the file could not be read, or changed while it was
 * Cost    one pass; 8, 4 or 4 bytes a cell, at most half as much again while growing
 */
RL_MUST rl_code rl_table_read(const rl_source *src, const rl_want *want, size_t n_want, rl_faults *faults,
                              rl_table *t, rl_arena *in, rl_ctx *cx);

rl_col *rl_table_col(const rl_table *t, const char *name);            /* NULL when not there */
/* Add a column of n_rows missing values (or point it at data afterwards). */
rl_col *rl_table_add(rl_table *t, const char *name, rl_type type, rl_dict *dict, rl_arena *in);

/* Keep the rows with keep[i] != 0, in order (in place). */
void rl_table_filter(rl_table *t, const unsigned char *keep, rl_arena *in);

bool rl_missing(const rl_col *c, size_t i);
/* Cell as text for messages and labels (number: shortest form; date: ISO). */
const char *rl_cell_text(const rl_col *c, size_t i, char buf[32]);

/* The cells of any column as group codes 0..G-1 in order of their value
 * (numbers and dates ascending, texts in C-locale order); missing = -1.
 * label[g] is the value as text. */
typedef struct rl_groups {
    size_t G;
    int32_t *code;
    const char **label;
    size_t every;              /* every group occurs in the first `every` rows; 0 = not known */
} rl_groups;
void rl_groups_of(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_ctx *cx);

/* The same in order of first appearance, which keeps sorted rows sorted.  A
 * text column's codes and texts are not copied but shared, and levels of its
 * dictionary may be among the labels that no row has. */
void rl_groups_seen(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_ctx *cx);

#endif
