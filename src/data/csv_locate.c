#include "data/csv_locate.h"

#include <assert.h>
#include <csv.h>
#include <string.h>

#include "base/str.h"
#include "data/csv_decode.h"

/* ---- offsets of cells ---------------------------------------------------------------------------------- */

typedef struct walk {
    uint64_t record;
    int32_t field;
    bool ended; /* a field ended since this was last cleared */
} walk;

static void on_field(void *s, size_t n, void *user)
{
    walk *w = user;
    (void)s, (void)n;
    w->field++;
    w->ended = true;
}

static void on_row(int c, void *user)
{
    walk *w = user;
    (void)c;
    w->record++;
    w->field = 0;
}

/* The field being looked at, byte by byte. */
typedef struct probe {
    rl_spot *spot;
    size_t n, k; /* spots, and the next one to find */
    char delimiter;
    bool open, quoted;
    uint64_t from, last; /* first and last byte that is not blank */
} probe;

static bool is_break(char c) { return c == '\n' || c == '\r'; }
static bool is_blank(char c, char delimiter) { return (c == ' ' || c == '\t') && c != delimiter; }

static bool wanted(const probe *p, size_t k, uint64_t record, int32_t field)
{
    int32_t f = p->spot[k].field < 0 ? 0 : p->spot[k].field;
    return p->spot[k].record == record && f == field;
}

static void set(probe *p, uint64_t record, int32_t field, uint64_t from, uint64_t to)
{
    for (size_t k = p->k; k < p->n && wanted(p, k, record, field); k++) {
        p->spot[k].found = true;
        p->spot[k].from = from;
        p->spot[k].to = to;
    }
}

static void look(probe *p, const walk *w, char c, uint64_t at)
{
    if (is_blank(c, p->delimiter)) return;
    if (!p->open && w->field == 0 && is_break(c)) return; /* before the row: blank lines */
    if (!p->open) {
        p->open = true;
        p->quoted = c == '"';
        p->from = p->last = at;
        set(p, w->record, w->field, at, at + 1); /* stands if the field never ends */
    }
}

/* The byte at `at` ended the field. */
static void shut(probe *p, uint64_t record, int32_t field, uint64_t at)
{
    uint64_t from = p->from, to = p->from == at ? at : p->last + 1;
    if (p->quoted && to >= from + 3) from++, to--; /* the text inside the quotes */
    set(p, record, field, from, to);
    while (p->k < p->n && wanted(p, p->k, record, field)) p->k++;
    p->open = false;
}

static bool step(struct csv_parser *csv, walk *w, probe *p, char c, uint64_t at)
{
    uint64_t record = w->record;
    int32_t field = w->field;
    look(p, w, c, at);
    w->ended = false;
    if (csv_parse(csv, &c, 1, on_field, on_row, w) != 1) return false;
    if (w->ended)
        shut(p, record, field, at);
    else if (!is_blank(c, p->delimiter))
        p->last = at;
    return true;
}

/* Bytes up to and including the next line end. */
static size_t line_of(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && !is_break(s[i])) i++;
    return i < n ? i + 1 : n;
}

/* False when the parser stopped: what comes later cannot be found. */
static bool walk_block(struct csv_parser *csv, walk *w, probe *p, const char *s, size_t n, uint64_t base)
{
    for (size_t i = 0; i < n && p->k < p->n;) {
        while (p->k < p->n && p->spot[p->k].record < w->record) p->k++; /* a field the row does not have */
        if (p->k == p->n) break;
        if (p->spot[p->k].record > w->record) {
            size_t len = line_of(s + i, n - i);
            if (csv_parse(csv, s + i, len, on_field, on_row, w) != len) return false;
            i += len;
        } else {
            if (!step(csv, w, p, s[i], base + i)) return false;
            i++;
        }
    }
    return true;
}

rl_code rl_csv_spots(const rl_source *src, char delimiter, rl_spot *spot, size_t n, rl_ctx *cx)
{
    struct csv_parser csv;
    rl_decoder *d;
    walk w = {0};
    uint64_t base = 0;
    rl_code code;
    RL_TRY(rl_decoder_open(src, &d, cx));
    probe p = {.spot = spot, .n = n, .delimiter = delimiter};
    if (delimiter != '\0') rl_csv_parser_init(&csv, delimiter);
    for (;;) {
        const rl_bad_text *bad;
        const char *s;
        size_t len;
        code = rl_decoder_next(d, &s, &len, &bad, cx);
        if (code != RL_OK || len == 0) break;
        if (p.delimiter == '\0') rl_csv_parser_init(&csv, p.delimiter = rl_csv_guess(s, len));
        if (!walk_block(&csv, &w, &p, s, len, base) || p.k == n || bad != NULL) break;
        if (csv_get_buffer_size(&csv) > 2 * RL_CSV_FIELD_MAX) break; /* in a field that never ends */
        base += len;
    }
    if (code == RL_OK && p.k < n && p.open &&
        csv_get_buffer_size(&csv) <= 2 * RL_CSV_FIELD_MAX) { /* the last field, without a line end */
        uint64_t record = w.record, end = p.last + 1;
        int32_t field = w.field;
        if (csv_error(&csv) == 0 && csv_fini(&csv, on_field, on_row, &w) == 0) shut(&p, record, field, end);
    }
    if (p.delimiter != '\0') csv_free(&csv);
    rl_decoder_close(d);
    return code;
}

/* ---- lines and excerpts -------------------------------------------------------------------------------- */

enum { CONTEXT = 512 /* bytes kept around a mark */, BEFORE = 60, WIDTH = 100 /* characters shown */ };

static bool is_tail(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* Bytes of the character at s, at most n. */
static size_t char_len(const char *s, size_t n)
{
    size_t len = 1;
    while (len < n && is_tail(s[len])) len++;
    return len;
}

static bool is_control(const char *s, size_t len)
{
    unsigned char c = (unsigned char)s[0];
    unsigned turns = c == 0xe2 && len == 3 ? ((unsigned)(unsigned char)s[1] << 8 | (unsigned char)s[2]) : 0;
    return c < 0x20 || c == 0x7f || (c == 0xc2 && len == 2 && (unsigned char)s[1] < 0xa0) ||
           (turns >= 0x80aa && turns <= 0x80ae) || (turns >= 0x81a6 && turns <= 0x81a9); /* of the writing direction */
}

/* Columns of a terminal that a character takes: none for a combining mark, two for a wide one. */
static size_t columns(const char *s, size_t len)
{
    static const unsigned WIDE[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
                                       {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    static const unsigned NONE[][2] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x64b, 0x65f},
                                       {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff},
                                       {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
    unsigned c = (unsigned char)s[0];
    if (len > 1) c &= 0x7fu >> len;
    for (size_t i = 1; i < len; i++) c = c << 6 | ((unsigned char)s[i] & 0x3f);
    for (size_t k = 0; k < sizeof NONE / sizeof *NONE; k++)
        if (c >= NONE[k][0] && c <= NONE[k][1]) return 0;
    for (size_t k = 0; k < sizeof WIDE / sizeof *WIDE; k++)
        if (c >= WIDE[k][0] && c <= WIDE[k][1]) return 2;
    return 1;
}

/* Add at most `most` characters of s to t, and to `pad` (may be NULL) the blanks that stand under them. */
static size_t show(rl_str *t, rl_str *pad, const char *s, size_t n, size_t most, size_t *chars)
{
    size_t i = 0, len;
    for (*chars = 0; i < n && *chars < most; i += len, ++*chars) {
        len = char_len(s + i, n - i);
        if (s[i] == '\t')
            rl_str_addc(t, '\t');
        else if (is_control(s + i, len))
            rl_str_addc(t, ' ');
        else
            rl_str_addn(t, s + i, len);
        if (pad == NULL) continue;
        if (s[i] == '\t') rl_str_addc(pad, '\t');
        for (size_t k = is_control(s + i, len) ? 1 : columns(s + i, len); k > 0 && s[i] != '\t'; k--)
            rl_str_addc(pad, ' ');
    }
    return i;
}

/* The mark at text[at], in a line that begins at text[line] (or before text, when cut). */
static const char *excerpt(const char *text, size_t n, size_t line, bool cut, size_t at, size_t len, int number,
                           rl_arena *in)
{
    rl_str t = rl_str_new(in), pad = rl_str_new(in);
    size_t end = at, from = at, chars = 0, under = 0;
    while (end < n && !is_break(text[end])) end++;
    while (from > line && chars < BEFORE) {
        from--;
        chars += !is_tail(text[from]);
    }
    while (from > line && is_tail(text[from])) from--;
    rl_str_addf(&t, "%7d | ", number);
    rl_str_add(&pad, "        | ");
    if (from > line || cut) {
        rl_str_add(&t, "...");
        rl_str_add(&pad, "   ");
    }
    show(&t, &pad, text + from, at - from, BEFORE, &chars);
    size_t most = WIDTH - chars, got = show(&t, NULL, text + at, end - at, most, &chars);
    if (at + got < end) rl_str_add(&t, "...");
    for (size_t i = at, w; i < at + got && i < at + len; i += w) {
        w = char_len(text + i, end - i);
        under += is_control(text + i, w) ? 1 : columns(text + i, w);
    }
    rl_str_addf(&t, "\n%s^", rl_str_text(&pad));
    for (size_t i = 1; i < under; i++) rl_str_addc(&t, '~');
    return rl_str_text(&t);
}

/* Text around the place that is being counted. */
typedef struct window {
    char *s;
    size_t n, at;       /* bytes held; counted up to here          */
    uint64_t base;      /* offset of s[0]                          */
    int line, col;      /* of s[at]                                */
    uint64_t line_from; /* offset where that line begins           */
    bool eof;
} window;

static void count(window *w, size_t to)
{
    for (; w->at < to; w->at++) {
        char c = w->s[w->at];
        if (c == '\n' || (c == '\r' && (w->at + 1 >= w->n || w->s[w->at + 1] != '\n'))) {
            w->line++;
            w->col = 1;
            w->line_from = w->base + w->at + 1;
        } else {
            w->col += !is_tail(c);
        }
    }
}

static void place(window *w, rl_mark *m, rl_arena *in)
{
    size_t at = m->from - w->base > w->n ? w->n : (size_t)(m->from - w->base);
    count(w, at);
    m->line = w->line;
    m->col = w->col;
    bool cut = w->line_from < w->base;
    size_t line = cut ? 0 : (size_t)(w->line_from - w->base);
    m->excerpt = excerpt(w->s, w->n, line, cut, at, (size_t)(m->to - m->from), w->line, in);
}

/* Forget all but the last CONTEXT bytes before the place counted to. */
static void slide(window *w)
{
    size_t drop = w->at > CONTEXT ? w->at - CONTEXT : 0;
    while (drop > 0 && drop < w->at && is_tail(w->s[drop])) drop++;
    memmove(w->s, w->s + drop, w->n - drop);
    w->n -= drop;
    w->at -= drop;
    w->base += drop;
}

rl_code rl_csv_marks(const rl_source *src, rl_mark *mark, size_t n, rl_arena *in, rl_ctx *cx)
{
    rl_decoder *d;
    size_t room = 2 * CONTEXT + (size_t)4 * RL_CSV_BLOCK, k = 0;
    window w = {.line = 1, .col = 1};
    RL_TRY(rl_decoder_open(src, &d, cx));
    w.s = rl_alloc(cx->tmp, room, 1);
    while (k < n) {
        const rl_bad_text *bad;
        const char *s;
        size_t len;
        rl_code code = rl_decoder_next(d, &s, &len, &bad, cx);
        if (code != RL_OK) {
            rl_decoder_close(d);
            return code;
        }
        assert(w.n + len <= room);
        if (len > 0) memcpy(w.s + w.n, s, len);
        w.n += len;
        w.eof = len == 0 || bad != NULL;
        size_t limit = w.eof ? w.n : w.n > CONTEXT ? w.n - CONTEXT : 0;
        for (; k < n && (w.eof || mark[k].from < w.base + limit); k++) place(&w, &mark[k], in);
        if (w.eof) break;
        if (limit > w.at) count(&w, limit);
        slide(&w);
    }
    rl_release(cx->tmp, w.s);
    rl_decoder_close(d);
    return RL_OK;
}

/* ---- data/csv.h ---------------------------------------------------------------------------------------- */

rl_code rl_csv_locate(const rl_source *src, rl_place *want, size_t n, rl_arena *in, rl_ctx *cx)
{
    if (n == 0) return RL_OK;
    rl_spot *spot = RL_NEW(cx->tmp, rl_spot, n);
    rl_mark *mark = RL_NEW(cx->tmp, rl_mark, n);
    for (size_t i = 0; i < n; i++) spot[i] = (rl_spot){.record = want[i].row + 1, .field = want[i].field};
    RL_TRY(rl_csv_spots(src, src->delimiter, spot, n, cx));
    for (size_t i = 0; i < n; i++) {
        if (!spot[i].found) return rl_fail_at(cx, RL_EIO, src->name, 0, 0, "the file changed while it was read");
        mark[i] = (rl_mark){.from = spot[i].from, .to = spot[i].to};
    }
    RL_TRY(rl_csv_marks(src, mark, n, in, cx));
    for (size_t i = 0; i < n; i++) {
        want[i].line = mark[i].line;
        want[i].col = mark[i].col;
        want[i].excerpt = mark[i].excerpt;
    }
    return RL_OK;
}
