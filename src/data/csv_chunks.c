#include "data/csv_chunks.h"

#include <csv.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/par.h"
#include "data/csv_decode.h"
#include "data/csv_locate.h"
#include "data/csv_split.h"

enum { PER_THREAD = 8, MOST_SLOTS = 32, BEYOND = 4 * 1024 };

size_t rl_chunk_slots(const rl_ctx *cx)
{
    size_t slots = PER_THREAD * (size_t)cx->threads;
    return slots < MOST_SLOTS ? slots : MOST_SLOTS;
}

/* A row has a byte a field at least, and never less than two but for the last. */
size_t rl_chunk_rows(const rl_source *src, const rl_header *head, size_t bytes)
{
    struct stat st;
    size_t most = (bytes ? bytes : RL_CHUNK_BYTES) + RL_CHUNK_TAIL;
    if (stat(src->path, &st) == 0 && (size_t)st.st_size < most) most = (size_t)st.st_size;
    return most / (head->n > 2 ? head->n : 2) + 2;
}

typedef struct piece {
    uint64_t start, end; /* of its rows, in the file                     */
    size_t n;            /* bytes held, from `from` on                   */
    bool eof, sound;
    char *text;   /* bytes + tail: the file from one byte before the cut */
    char *pool;   /* texts that came out of libcsv                       */
    size_t used;  /* of it                                               */
    size_t k;     /* fields so far                                       */
    uint64_t row; /* rows so far                                         */
    rl_field *field;
    uint64_t *ends; /* where fields may end                              */
    void *slot;
} piece;

typedef struct chunks {
    const rl_source *src;
    const rl_chunk_sink *sink;
    int fd;
    uint64_t size, first; /* of the file; where its rows begin */
    size_t bytes, room, n_fields;
    char delimiter;
    rl_split_kind kind;
    uint64_t at; /* number of the batch's first piece */
    piece *piece;
} chunks;

static uint64_t cut_of(const chunks *c, uint64_t k) { return k * c->bytes < c->size ? k * c->bytes : c->size; }

/* Where a piece's text stands in the file: one byte early, to see an LF there. */
static uint64_t origin(const chunks *c, uint64_t k) { return k == 0 ? 0 : k * c->bytes - 1; }

/* Hold at least `want` bytes, unless the file ends before. */
static bool hold(const chunks *c, uint64_t k, piece *p, size_t want)
{
    if (want > c->room) want = c->room;
    while (p->n < want && !p->eof) {
        ssize_t got = pread(c->fd, p->text + p->n, want - p->n, (off_t)(origin(c, k) + p->n));
        if (got < 0) return false;
        p->n += (size_t)got;
        p->eof = origin(c, k) + p->n >= c->size;
        if (got == 0 && !p->eof) return false;
    }
    return true;
}

/* ---- libcsv ---- */

static void keep_field(piece *p, const void *s, size_t n)
{
    if (n > 0) memcpy(p->pool + p->used, s, n);
    p->field[p->k++] = (rl_field){p->pool + p->used, n, n == 0 && s != NULL};
    p->used += n;
}

typedef struct feeding {
    const chunks *c;
    piece *p;
} feeding;

static void feed_field(void *s, size_t n, void *user)
{
    feeding *f = user;
    if (!f->p->sound) return;
    f->p->sound = n <= RL_CSV_FIELD_MAX && f->p->k < f->c->n_fields && f->p->used + n <= f->c->room;
    if (f->p->sound) keep_field(f->p, s, n);
}

static void feed_row(int end, void *user)
{
    feeding *f = user;
    (void)end;
    if (!f->p->sound) return;
    f->p->sound = f->p->k == f->c->n_fields;
    if (!f->p->sound) return;
    f->c->sink->rows(f->p->slot, f->p->row++, f->p->field, 1);
    f->p->k = 0;
}

static bool parse_on(feeding *f, struct csv_parser *csv, const char *s, size_t n)
{
    return csv_parse(csv, s, n, feed_field, feed_row, f) == n && f->p->sound;
}

/* Up to the first LF behind the cut that is outside quotes, or the end of the file. */
static bool by_libcsv(const chunks *c, uint64_t k, piece *p)
{
    struct csv_parser csv;
    feeding f = {c, p};
    const uint64_t from = origin(c, k);
    size_t at = (size_t)(p->start - from), cut = (size_t)(cut_of(c, k + 1) - from) - 1;
    rl_csv_parser_init(&csv, c->delimiter);
    p->sound = parse_on(&f, &csv, p->text + at, cut - at);
    for (at = cut; p->sound;) {
        if (at == p->n && p->eof) {
            p->sound = csv_fini(&csv, feed_field, feed_row, &f) == 0 && p->sound;
            break;
        }
        if (at == p->n) p->sound = p->n < c->room && hold(c, k, p, 2 * p->n);
        if (!p->sound) break;
        const char *lf = memchr(p->text + at, '\n', p->n - at);
        size_t to = lf != NULL ? (size_t)(lf - p->text) + 1 : p->n;
        p->sound = parse_on(&f, &csv, p->text + at, to - at);
        at = to;
        if (lf != NULL && !csv.quoted) break;
    }
    csv_free(&csv);
    p->end = from + at;
    return p->sound;
}

/* ---- a piece ---- */

static bool is_text(const char *s, size_t n, rl_bytes_seen seen)
{
    return !seen.nul && (!seen.high || rl_utf8_valid(s, n));
}

/* Parse from p->start; false when that is not for us. */
static bool parse(const chunks *c, uint64_t k, piece *p)
{
    const uint64_t from = origin(c, k), cut = cut_of(c, k + 1);
    size_t at = (size_t)(p->start - from), last = (size_t)(cut - from) - 1;
    p->used = p->k = p->row = 0;
    c->sink->begin(p->slot);
    if (p->n <= last) return false;
    const char *lf = memchr(p->text + last, '\n', p->n - last);
    while (lf == NULL && !p->eof) {
        size_t had = p->n;
        if (p->n == c->room || !hold(c, k, p, 2 * p->n)) return false;
        lf = memchr(p->text + had, '\n', p->n - had);
    }
    size_t n = (lf != NULL ? (size_t)(lf - p->text) + 1 : p->n) - at;
    rl_bytes_seen seen = rl_csv_ends(p->text + at, n, c->delimiter, c->kind, p->ends);
    if (!seen.quote) {
        p->end = p->start + n;
        return is_text(p->text + at, n, seen) && rl_csv_split(p->text + at, n, p->ends, c->delimiter, p->field,
                                                              c->n_fields, c->sink->rows, p->slot, &p->row);
    }
    if (!by_libcsv(c, k, p)) return false;
    n = (size_t)(p->end - p->start);
    return is_text(p->text + at, n, rl_csv_ends(p->text + at, n, c->delimiter, c->kind, p->ends));
}

static void guess_and_parse(size_t at, void *arg)
{
    const chunks *c = arg;
    piece *p = &c->piece[at];
    const uint64_t k = c->at + at, from = origin(c, k), cut = cut_of(c, k + 1);
    p->n = 0;
    p->eof = p->sound = false;
    p->start = p->end = UINT64_MAX; /* no row begins here */
    if (!hold(c, k, p, (size_t)(cut - from) + BEYOND)) return;
    p->start = c->first;
    if (k > 0) {
        const char *lf = memchr(p->text, '\n', (size_t)(cut - from) - 1);
        p->start = lf != NULL ? from + (uint64_t)(lf - p->text) + 1 : UINT64_MAX;
    }
    p->sound = p->start < cut && parse(c, k, p);
}

static void store(size_t at, void *arg)
{
    const chunks *c = arg;
    if (c->piece[at].start != UINT64_MAX) c->sink->store(c->sink->user, c->piece[at].slot);
}

/* Hold the guess of a piece against where the one before ended. */
static bool verify(chunks *c, size_t at, uint64_t *end)
{
    piece *p = &c->piece[at];
    const uint64_t k = c->at + at;
    if (*end >= cut_of(c, k + 1)) { /* a row runs on through all of it */
        p->start = UINT64_MAX;
        return true;
    }
    if (p->start != *end) {
        p->start = *end;
        p->sound = parse(c, k, p);
    }
    if (!p->sound) return false;
    *end = p->end;
    c->sink->take(c->sink->user, p->slot, (double)*end / (double)c->size);
    return true;
}

static bool run(chunks *c, size_t slots, rl_ctx *cx)
{
    uint64_t n = (c->size + c->bytes - 1) / c->bytes, end = c->first;
    for (c->at = 0; c->at < n; c->at += slots) {
        size_t m = n - c->at < slots ? (size_t)(n - c->at) : slots;
        rl_par(m, guess_and_parse, c, cx);
        for (size_t at = 0; at < m; at++) {
            if (!verify(c, at, &end)) return false;
        }
        c->sink->room(c->sink->user, cx);
        rl_par(m, store, c, cx);
        rl_progress(cx, c->src->name, (double)end / (double)c->size);
    }
    return end == c->size;
}

static void header_field(void *s, size_t n, void *user) { (void)s, (void)n, (void)user; }
static void header_row(int end, void *user)
{
    (void)end;
    *(bool *)user = true;
}

/* Bytes of the first row that is none of blanks, its line end included; 0 = not among these. */
static size_t header_bytes(const char *s, size_t n, char delimiter)
{
    struct csv_parser csv;
    bool ended = false;
    size_t at = 0;
    rl_csv_parser_init(&csv, delimiter);
    while (at < n && !ended && csv_parse(&csv, s + at, 1, header_field, header_row, &ended) == 1) at++;
    csv_free(&csv);
    return ended ? at : 0;
}

/* Open it, if it is UTF-8; find what separates its fields and where its first row begins. */
static bool look(chunks *c, rl_ctx *cx)
{
    struct stat st;
    c->fd = open(c->src->path, O_RDONLY | O_CLOEXEC);
    if (c->fd < 0 || fstat(c->fd, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    c->size = (uint64_t)st.st_size;
    char *head = rl_alloc(cx->tmp, RL_CSV_BLOCK, 1);
    ssize_t got = pread(c->fd, head, RL_CSV_BLOCK, 0);
    if (got < 4 || memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0) return false;
    size_t mark = memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, n = (size_t)got - mark, row;
    c->delimiter = c->src->delimiter;
    if (c->delimiter == '\0') c->delimiter = rl_csv_guess(head + mark, n);
    row = header_bytes(head + mark, n, c->delimiter);
    c->first = mark + row;
    bool sound = row > 0 && (mark > 0 || c->src->encoding == RL_UTF8) && rl_utf8_valid(head + mark, row);
    rl_release(cx->tmp, head);
    return sound;
}

static void make_pieces(chunks *c, size_t slots, rl_ctx *cx)
{
    c->piece = RL_NEW(cx->tmp, piece, slots);
    for (size_t at = 0; at < slots; at++) {
        piece *p = &c->piece[at];
        p->text = rl_alloc(cx->tmp, c->room + RL_SPLIT_PAD, 1);
        p->pool = rl_alloc(cx->tmp, c->room + RL_SPLIT_PAD, 1);
        p->ends = RL_NEW(cx->tmp, uint64_t, c->room / 64 + 1);
        p->field = RL_NEW(cx->tmp, rl_field, rl_split_rows(c->n_fields) * c->n_fields);
        p->slot = c->sink->slot(c->sink->user, at);
    }
}

void rl_csv_chunks(const rl_source *src, const rl_header *head, size_t bytes, const rl_chunk_sink *sink, bool *done,
                   rl_ctx *cx)
{
    chunks c = {.src = src,
                .sink = sink,
                .fd = -1,
                .bytes = bytes ? bytes : RL_CHUNK_BYTES,
                .n_fields = head->n,
                .kind = rl_split_best()};
    const size_t slots = sink->slots;
    *done = false;
    if (src->max_rows == 0 && look(&c, cx)) {
        c.room = c.bytes + RL_CHUNK_TAIL < c.size ? c.bytes + RL_CHUNK_TAIL : (size_t)c.size + 1;
        make_pieces(&c, slots, cx);
        *done = run(&c, slots, cx);
        for (size_t at = 0; at < slots; at++) {
            rl_release(cx->tmp, c.piece[at].text);
            rl_release(cx->tmp, c.piece[at].pool);
            rl_release(cx->tmp, c.piece[at].ends);
            rl_release(cx->tmp, c.piece[at].field);
        }
    }
    if (c.fd >= 0) close(c.fd);
}
