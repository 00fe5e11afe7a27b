/* data/csv_chunks.h -- a large CSV file in pieces that are parsed side by side.
 *
 * The file is cut at fixed distances, whatever the threads.  A piece begins
 * after the first LF at or behind its cut, on the guess that this LF is not
 * inside quotes, and ends with the row that is open at the next cut.  In
 * order, the guess is held against where the piece before really ended; a
 * piece that guessed wrong is parsed again from there.  A piece without a
 * quote goes through data/csv_split.h, the others through libcsv.
 *
 * What this cannot do is left to rl_csv_read(): encodings other than UTF-8,
 * rows of more than 1 MiB, lone CRs as line ends, and everything that is
 * wrong with a file, so that there is one place that says what and where.
 */
#ifndef RL_DATA_CSV_CHUNKS_H
#define RL_DATA_CSV_CHUNKS_H

#include "data/csv_split.h"

enum { RL_CHUNK_BYTES = 256 * 1024, RL_CHUNK_TAIL = 1024 * 1024 };

/* What to do with the rows.  Texts stay where they are until the batch is stored. */
typedef struct rl_chunk_sink {
    void *user;
    size_t slots;                                       /* pieces held at once: rl_chunk_slots()       */
    void *(*slot)(void *user, size_t at);               /* room for one piece; at < slots              */
    void (*begin)(void *slot);                          /* workers: forget what was in it              */
    rl_rows_fn *rows;                                   /* workers: user is a slot, rows count from 0;
                                                           RL_NUMBER_PAD bytes behind a cell may be read */
    void (*take)(void *user, void *slot, double share); /* in order; share of the file before its end */
    void (*room)(void *user, rl_ctx *cx);               /* all of a batch were taken                   */
    void (*store)(void *user, void *slot);              /* workers                                     */
} rl_chunk_sink;

/* Read a file's rows below the header.
 *
 *   head       as rl_csv_header() gave it
 *   bytes      distance of the cuts; 0 = RL_CHUNK_BYTES
 *   done  out  false: nothing was decided, read it with rl_csv_read()
 *
 * Memory: per thread 8 pieces, 32 at most, of text and what the sink makes of them.
 */
void rl_csv_chunks(const rl_source *src, const rl_header *head, size_t bytes, const rl_chunk_sink *sink, bool *done,
                   rl_ctx *cx);

/* The most rows a piece can have, and how many pieces to hold at once. */
size_t rl_chunk_rows(const rl_source *src, const rl_header *head, size_t bytes);
size_t rl_chunk_slots(const rl_ctx *cx);

#endif
