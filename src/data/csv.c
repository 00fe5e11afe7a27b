#include "data/csv.h"

#include <csv.h>
#include <stdio.h>
#include <string.h>

#include "data/csv_decode.h"
#include "data/csv_locate.h"

rl_source rl_source_of(const char *path) { return (rl_source){.path = path, .name = path}; }

int32_t rl_header_find(const rl_header *h, const char *name, bool *twice)
{
    int32_t at = -1;
    if (twice != NULL) *twice = false;
    for (size_t i = 0; i < h->n; i++) {
        if (strcmp(h->name[i], name) != 0) continue;
        if (at < 0)
            at = (int32_t)i;
        else if (twice != NULL)
            *twice = true;
    }
    return at;
}

/* The candidate that stands most often in the first line, outside quotes. */
char rl_csv_guess(const char *text, size_t n)
{
    static const char CANDIDATE[] = {',', ';', '\t', '|'};
    size_t seen[sizeof CANDIDATE] = {0}, best = 0, i = 0;
    bool quoted = false;
    while (i < n && strchr(" \t\r\n", text[i]) != NULL) i++;
    for (; i < n && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        if (text[i] == '"') quoted = !quoted;
        for (size_t k = 0; k < sizeof CANDIDATE; k++) seen[k] += !quoted && text[i] == CANDIDATE[k];
    }
    for (size_t k = 1; k < sizeof CANDIDATE; k++) {
        if (seen[k] > seen[best]) best = k;
    }
    return CANDIDATE[best];
}

enum { PARSER_STEP = 4096 }; /* bytes by which libcsv's buffer grows */

void rl_csv_parser_init(struct csv_parser *p, char delimiter)
{
    csv_init(p, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL);
    csv_set_delim(p, (unsigned char)delimiter);
    csv_set_blk_size(p, PARSER_STEP);
}

typedef struct reader {
    const rl_source *src;
    rl_header *head;
    rl_row_fn *fn; /* NULL: stop after the header                     */
    void *user;
    rl_ctx *cx;
    struct csv_parser csv;
    bool parsing, stop, ragged, overlong;
    char delimiter;
    uint64_t record; /* 0 = the header                                  */
    uint64_t base;   /* offset of the block                             */
    rl_field *field; /* n_fields, texts in `text`                       */
    size_t n_fields, cap;
    char *text;
    size_t used, room;
} reader;

static void on_field(void *s, size_t n, void *user)
{
    reader *r = user;
    if (r->stop) return;
    if (n > RL_CSV_FIELD_MAX) {
        r->stop = r->overlong = true;
        return;
    }
    if (r->n_fields == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        r->field = rl_regrow(r->cx->tmp, r->field, r->cap, cap, sizeof *r->field);
        r->cap = cap;
    }
    if (n >= r->room - r->used) {
        size_t room = 2 * (r->room + n) + 4096;
        char *text = rl_regrow(r->cx->tmp, r->text, r->room, room, 1);
        char *at = text;
        for (size_t i = 0; i < r->n_fields; at += r->field[i++].n) r->field[i].s = at;
        r->text = text;
        r->room = room;
    }
    char *at = r->text + r->used;
    if (n > 0) memcpy(at, s, n);
    r->field[r->n_fields++] = (rl_field){at, n, n == 0 && s != NULL};
    r->used += n;
}

static void take_header(reader *r)
{
    rl_arena *keep = r->cx->keep;
    *r->head = (rl_header){.n = r->n_fields, .name = RL_NEW(keep, const char *, r->n_fields)};
    for (size_t i = 0; i < r->n_fields; i++) {
        const char *s = r->field[i].s;
        size_t n = r->field[i].n;
        while (n > 0 && strchr(" \t\r\n", s[0]) != NULL) s++, n--;
        while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL) n--;
        r->head->name[i] = rl_strndup(keep, s, n);
    }
    r->stop = r->fn == NULL;
}

static void on_row(int c, void *user)
{
    reader *r = user;
    (void)c;
    if (r->stop) return;
    if (r->record == 0) {
        take_header(r);
    } else if (r->n_fields != r->head->n) {
        r->stop = r->ragged = true;
        return;
    } else {
        r->fn(r->user, r->record - 1, r->field, r->n_fields);
        r->stop = r->record == r->src->max_rows;
    }
    r->record++;
    r->n_fields = r->used = 0;
}

/* Where offset `from` stands goes into cx->err with the excerpt. */
static rl_code syntax(reader *r, uint64_t from, uint64_t to, const char *what)
{
    rl_ctx *cx = r->cx;
    rl_mark m = {.from = from, .to = to};
    RL_TRY(rl_csv_marks(r->src, &m, 1, cx->keep, cx));
    if (cx->err.code != RL_OK) return cx->err.code;
    rl_fail_at(cx, RL_EINPUT, r->src->name, m.line, m.col, "%s", what);
    cx->err.excerpt = rl_strdup(cx->keep, m.excerpt);
    return cx->err.code;
}

static rl_code syntax_at_field(reader *r, int32_t field, const char *what)
{
    rl_spot spot = {.record = r->record, .field = field};
    RL_TRY(rl_csv_spots(r->src, r->delimiter, &spot, 1, r->cx));
    if (!spot.found) return rl_fail_at(r->cx, RL_EINPUT, r->src->name, 0, 0, "%s", what);
    return syntax(r, spot.from, spot.to, what);
}

static rl_code ragged(reader *r)
{
    char what[120];
    size_t n = r->n_fields, k = r->head->n;
    snprintf(what, sizeof what, "a row with %zu field%s, the header has %zu", n, n == 1 ? "" : "s", k);
    syntax_at_field(r, (int32_t)(n > k ? k : n - 1), what);
    return rl_hint(r->cx,
                   r->delimiter == '\t' ? "a field that holds a tab must stand in quotes"
                                        : "a field that holds '%c' must stand in quotes",
                   r->delimiter);
}

static rl_code stray_quote(reader *r, uint64_t at)
{
    if (r->csv.quoted) {
        syntax(r, at, at + 1, "text after the closing quote of a field");
        return rl_hint(r->cx, "inside a quoted field a quote is written twice: \"\"");
    }
    syntax(r, at, at + 1, "a quote inside a field that does not begin with one");
    return rl_hint(r->cx, "put the whole field in quotes and write the inner quote twice: \"\"");
}

static rl_code endless(reader *r, const char *what)
{
    syntax_at_field(r, (int32_t)r->n_fields, what);
    return rl_hint(r->cx, "look for a quote that opens here and is never closed");
}

/* A field that is complete is measured when it ends; what else fills the
 * parser's buffer is the field it is in. */
static rl_code overlong(reader *r) { return endless(r, "a field longer than 1 MiB"); }

static rl_code not_text(reader *r, uint64_t at, const rl_bad_text *bad)
{
    syntax(r, at, at + 1, bad->what);
    return rl_hint(r->cx, "%s", bad->hint);
}

static rl_code feed(reader *r, const char *s, size_t n)
{
    if (!r->parsing) {
        r->delimiter = r->src->delimiter != '\0' ? r->src->delimiter : rl_csv_guess(s, n);
        rl_csv_parser_init(&r->csv, r->delimiter);
        r->parsing = true;
    }
    size_t done = csv_parse(&r->csv, s, n, on_field, on_row, r);
    if (r->ragged) return ragged(r);
    if (r->overlong) return overlong(r);
    if (r->stop) return RL_OK;
    if (done < n && csv_error(&r->csv) == CSV_EPARSE) return stray_quote(r, r->base + done);
    if (done < n) return rl_fail(r->cx, RL_EMEM, "out of memory while reading %s", r->src->name);
    return csv_get_buffer_size(&r->csv) > RL_CSV_FIELD_MAX + 2 * PARSER_STEP ? overlong(r) : RL_OK;
}

static rl_code finish(reader *r)
{
    if (r->parsing && csv_fini(&r->csv, on_field, on_row, r) != 0) return endless(r, "a quote that is never closed");
    if (r->ragged) return ragged(r);
    if (r->overlong) return overlong(r);
    if (r->record > 0 || r->stop) return RL_OK;
    rl_fail_at(r->cx, RL_EINPUT, r->src->name, 0, 0,
               r->parsing ? "no header line: all lines are blank" : "an empty file");
    return rl_hint(r->cx, "the first line must name the columns");
}

static rl_code run(reader *r, rl_decoder *d)
{
    const double size = (double)rl_decoder_size(d);
    for (unsigned blocks = 0;; blocks++) {
        const rl_bad_text *bad;
        const char *s;
        size_t n;
        RL_TRY(rl_decoder_next(d, &s, &n, &bad, r->cx));
        if (n > 0) RL_TRY(feed(r, s, n));
        if (r->stop) return RL_OK;
        if (bad != NULL) return not_text(r, r->base + n, bad);
        if (n == 0) return finish(r);
        r->base += n;
        if (blocks % 64 == 63) rl_progress(r->cx, r->src->name, (double)rl_decoder_taken(d) / size);
    }
}

static rl_code read_all(reader *r)
{
    rl_decoder *d;
    RL_TRY(rl_decoder_open(r->src, &d, r->cx));
    rl_code code = run(r, d);
    if (r->parsing) csv_free(&r->csv);
    rl_decoder_close(d);
    return code;
}

rl_code rl_csv_header(const rl_source *src, rl_header *head, rl_ctx *cx)
{
    reader r = {.src = src, .head = head, .cx = cx};
    return read_all(&r);
}

rl_code rl_csv_read(const rl_source *src, rl_header *head, rl_row_fn *fn, void *user, uint64_t *rows, rl_ctx *cx)
{
    reader r = {.src = src, .head = head, .fn = fn, .user = user, .cx = cx};
    rl_code code = read_all(&r);
    if (rows != NULL) *rows = r.record > 0 ? r.record - 1 : 0;
    return code;
}
