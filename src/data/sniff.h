/* data/sniff.h -- what is in a CSV file nobody has described yet.
 *
 * Looks at the bytes and the first rows and guesses how the file is written
 * (encoding, delimiter, number format, date format, words for "no value") and
 * what each column looks like.  What the columns are for is another guess:
 * data/roles.h.  Guesses are for people to check: everything that led to one
 * stands beside it.
 */
#ifndef RL_DATA_SNIFF_H
#define RL_DATA_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/str.h"
#include "data/csv.h"

enum {
    RL_SNIFF_ROWS = 200000,   /* rows looked at: late statuses matter              */
    RL_SNIFF_TYPED = 5000,    /* rows whose cells are tried as numbers and dates   */
    RL_SNIFF_VALUES = 1000    /* distinct values kept of a column that repeats     */
};

typedef enum rl_look { RL_LOOK_EMPTY, RL_LOOK_NUMBER, RL_LOOK_DATE, RL_LOOK_TEXT } rl_look;

typedef struct rl_seen_col {
    const char *name;          /* as in the header                                          */
    bool twice;                /* the header has it more than once                          */
    rl_look look;
    uint64_t filled;           /* rows with a value                                         */
    uint64_t odd;              /* of the typed rows: cells that are not what the column is  */
    bool unique;               /* no value stands twice                                     */
    bool many;                 /* more than RL_SNIFF_VALUES values: not all are in `values` */
    rl_dict *values;           /* the values, in order of appearance                        */
    uint64_t *count;           /* values->n (up to RL_SNIFF_VALUES)  rows with it; NULL when unique */
    const char *date_format;   /* RL_LOOK_DATE: strptime, NULL = ISO                        */
    bool day_or_month;         /* RL_LOOK_DATE: every date reads as d/m and as m/d          */
    bool whole;                /* RL_LOOK_NUMBER: no fraction seen                          */
    double least, most;        /* RL_LOOK_NUMBER                                            */
    int32_t first, last;       /* RL_LOOK_DATE                                              */
} rl_seen_col;

typedef struct rl_seen {
    rl_source source;          /* ready to read the file with                               */
    char delimiter;            /* what it is, also when source.delimiter leaves it to a guess */
    uint64_t rows;             /* looked at                                                 */
    bool more;                 /* the file has more                                         */
    bool numbers_unsure;       /* us and eu read the same cells                             */
    size_t n;
    rl_seen_col *col;
} rl_seen;

/* Look at a file.  `name` is what it is called in messages and study files.
 *
 * Errors  RL_EINPUT no such file, no header, a row that is no CSV (with file:line:column)
 * Cost    one pass for the encoding, one over the first RL_SNIFF_ROWS rows
 */
RL_MUST rl_code rl_sniff(const char *path, const char *name, rl_seen *out, rl_arena *in, rl_ctx *cx);

/* The `which`-th (0 = the surest) of the formats people export that reads a
 * text as a day of 1900 to 2100, or NULL; ISO dates are not among them. */
const char *rl_sniff_format(const char *s, size_t n, size_t which, int32_t *day);

#endif
