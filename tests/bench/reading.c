/* reading.c -- reading FILE THREADS [COLUMN:TYPE ..]: seconds to make a table of a CSV file.
 *
 * Prints wall and CPU seconds, MB a second, and the wall seconds a plain
 * scan for line ends of the same file takes in the same process, which says
 * how fast this machine is at the moment.  TYPE is num, date, text or auto;
 * without columns all are read as auto.
 *
 * Before the columns, --floor: afterwards what cannot be avoided is done by
 * itself on as many threads,
 *
 *   scan     the file comes out of the page cache, every byte is held against delimiter and line ends
 *   columns  memory of the size of the columns is written for the first time
 *   texts    of columns with more than half as many texts as rows: memory for a table as full as
 *            ours, and for text, pointer and length, is written for the first time
 *
 * and what else the reading took is told apart:
 *
 *   fields   the file in pieces, rows and fields found and given to nobody, less the scan
 *   values   the rest: numbers, days and codes made of fields, texts looked up, results put together
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/par.h"
#include "data/csv_chunks.h"
#include "data/table_read.h"

static void no_memory(size_t bytes, void *user)
{
    (void)bytes, (void)user;
    exit(5);
}

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t lines(const char *path, double *bytes)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    size_t n = 0;
    static char buf[1 << 18];
    if (fd < 0 || fstat(fd, &st) != 0) exit(3);
    *bytes = (double)st.st_size;
    for (ssize_t got; (got = read(fd, buf, sizeof buf)) > 0;)
        for (const char *p = buf, *end = buf + got; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) n++;
    close(fd);
    return n;
}

static rl_type type_of(const char *s)
{
    return strcmp(s, "num") == 0    ? RL_NUM
           : strcmp(s, "date") == 0 ? RL_DATE
           : strcmp(s, "text") == 0 ? RL_TEXT
                                    : RL_AUTO;
}

/* ---- the floor ---- */

enum { PIECE = 1 << 18 };

typedef struct floor_work {
    int fd;
    size_t bytes; /* to be written, or of the file */
    char *to;
} floor_work;

static void scan_piece(size_t at, void *arg)
{
    static _Thread_local char text[PIECE + RL_SPLIT_PAD];
    static _Thread_local uint64_t end[PIECE / 64 + 1];
    const floor_work *w = arg;
    ssize_t got = pread(w->fd, text, PIECE, (off_t)(at * PIECE));
    if (got > 0) rl_csv_ends(text, (size_t)got, ',', rl_split_best(), end);
}

static void write_piece(size_t at, void *arg)
{
    const floor_work *w = arg;
    const size_t left = w->bytes - at * PIECE, n = left < PIECE ? left : PIECE;
    rl_touch(w->to + at * PIECE, n);
    memset(w->to + at * PIECE, 1, n);
}

/* Rows that are given to nobody: what it takes to find them. */
static void *no_slot(void *user, size_t at) { return (void)at, user; }
static void no_begin(void *slot) { (void)slot; }
static void no_rows(void *slot, uint64_t first, const rl_field *field, size_t n_rows)
{
    (void)slot, (void)first, (void)field, (void)n_rows;
}
static void no_take(void *user, void *slot, double share) { (void)user, (void)slot, (void)share; }
static void no_room(void *user, rl_ctx *cx) { (void)user, (void)cx; }
static void no_store(void *user, void *slot) { (void)user, (void)slot; }

static double fields(const rl_source *src, const rl_header *head, rl_ctx *cx)
{
    const rl_chunk_sink sink = {cx, rl_chunk_slots(cx), no_slot, no_begin, no_rows, no_take, no_room, no_store};
    bool done;
    double start = now(CLOCK_MONOTONIC);
    rl_csv_chunks(src, head, 0, &sink, &done, cx);
    if (!done) exit(3);
    return now(CLOCK_MONOTONIC) - start;
}

static double wall_of(size_t n, rl_block_fn *fn, floor_work *w, rl_ctx *cx)
{
    double start = now(CLOCK_MONOTONIC);
    rl_par(n, fn, w, cx);
    return now(CLOCK_MONOTONIC) - start;
}

static double written(size_t bytes, floor_work *w, rl_ctx *cx)
{
    w->bytes = bytes;
    w->to = rl_alloc(cx->tmp, bytes, 1);
    double wall = wall_of(rl_blocks(bytes, PIECE), write_piece, w, cx);
    rl_release(cx->tmp, w->to);
    return wall;
}

static void show_floor(const rl_source *src, double bytes, double wall, const rl_table *t, rl_ctx *cx)
{
    floor_work w = {.fd = open(src->path, O_RDONLY)};
    size_t columns = 0, texts = 0;
    for (size_t j = 0; j < t->k; j++) {
        const rl_col *c = &t->col[j];
        columns += t->n * (c->type == RL_NUM ? sizeof *c->num : sizeof *c->code);
        if (c->type != RL_TEXT || 2 * c->dict->n < t->n) continue;
        texts += c->dict->cap * sizeof *c->dict->slot;
        for (size_t i = 0; i < c->dict->n; i++) texts += c->dict->len[i] + 1 + sizeof(char *) + sizeof *c->dict->len;
    }
    double scan = wall_of(rl_blocks((size_t)bytes, PIECE), scan_piece, &w, cx), write = written(columns, &w, cx),
           text = texts > 0 ? written(texts, &w, cx) : 0, all = scan + write + text, more = fields(src, &t->header, cx);
    close(w.fd);
    printf("floor %.3f s: scan %.3f, columns %.3f, texts %.3f; beyond it: fields %.3f, values %.3f\n", all, scan, write,
           text, more - scan, wall - all - (more - scan));
}

int main(int argc, char **argv)
{
    rl_ctx cx;
    rl_faults faults;
    rl_table t;
    rl_want want[64];
    rl_header head;
    size_t n = 0;
    double bytes, start = now(CLOCK_MONOTONIC);
    if (argc < 3) return 2;
    const bool floors = argc > 3 && strcmp(argv[3], "--floor") == 0;
    const int first = floors ? 4 : 3;
    lines(argv[1], &bytes);
    double scan = now(CLOCK_MONOTONIC) - start;
    rl_ctx_init(&cx, atoi(argv[2]), 1, no_memory, NULL);
    rl_faults_init(&faults, cx.keep);
    rl_source src = rl_source_of(argv[1]);
    if (rl_csv_header(&src, &head, &cx) != RL_OK) return 3;
    for (int i = first; i < argc && n < 64; i++) {
        char *colon = strchr(argv[i], ':');
        if (colon == NULL) return 2;
        *colon = '\0';
        want[n++] = (rl_want){.name = argv[i], .type = type_of(colon + 1)};
    }
    for (size_t j = 0; argc == first && j < head.n && j < 64; j++)
        want[n++] = (rl_want){.name = head.name[j], .type = RL_AUTO};
    start = now(CLOCK_MONOTONIC);
    double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    if (rl_table_read(&src, want, n, &faults, &t, cx.keep, &cx) != RL_OK)
        return fprintf(stderr, "%s\n", cx.err.what), 3;
    double wall = now(CLOCK_MONOTONIC) - start;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%zu rows %.0f MB: %.3f s wall, %.3f s CPU, %.0f MB/s; line scan %.3f s\n", t.n, bytes / 1e6, wall, cpu,
           bytes / 1e6 / wall, scan);
    if (floors) show_floor(&src, bytes, wall, &t, &cx);
    rl_ctx_free(&cx);
    return 0;
}
