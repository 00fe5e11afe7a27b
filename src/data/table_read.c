/* table_read.c -- a CSV file as typed columns. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "data/sniff.h"
#include "data/table_read.h"

enum { FIRST_ROWS = 1024, SHOWN = 60, LARGE_FILE = 2 * 1024 * 1024 };
enum { FIRST_DAY = -25567 /* 1900-01-01 */, LAST_DAY = 47846 /* 2100-12-31 */ };
enum { QUEUE = 32, QUEUE_BYTES = 2048, LARGE_DICT = 1 << 16 };

/* Texts on their way into a large dictionary: each slot is a cache miss, so
 * the misses of a queue's worth of texts are taken together. */
typedef struct queue {
    size_t n, bytes;
    struct {
        size_t row, from, n;
        uint32_t hash;
    } cell[QUEUE];
    char text[QUEUE_BYTES];
} queue;

/* ---- what is wrong with a cell ------------------------------------------------------------------------- */

/* The cell's text for a message: clipped, control characters as '?'. */
static const char *shown(char buf[SHOWN + 4], const char *s, size_t n)
{
    size_t m = n <= SHOWN ? n : SHOWN;
    while (m < n && m > 0 && ((unsigned char)s[m] & 0xc0) == 0x80) m--;
    for (size_t i = 0; i < m; i++) buf[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
    memcpy(buf + m, m < n ? "..." : "", m < n ? 4 : 1);
    return buf;
}

static const char *number_hint(char *buf, size_t room, const char *s, size_t n, rl_number_format f)
{
    static const char *const NAME[] = {"plain", "us", "eu"};
    char us[32], eu[32];
    double x;
    bool is_us = f != RL_NUMBERS_US && rl_number_parse(s, n, RL_NUMBERS_US, &x);
    if (is_us) rl_num_text(us, x);
    bool is_eu = f != RL_NUMBERS_EU && rl_number_parse(s, n, RL_NUMBERS_EU, &x);
    if (is_eu) rl_num_text(eu, x);
    if (is_us && is_eu) {
        snprintf(buf, room, "'number_format: us' reads it as %s, 'number_format: eu' as %s", us, eu);
    } else if (is_us || is_eu) {
        snprintf(buf, room, "add 'number_format: %s' to read it as %s", is_us ? "us" : "eu", is_us ? us : eu);
    } else if (f != RL_NUMBERS_PLAIN && rl_number_parse(s, n, RL_NUMBERS_PLAIN, &x)) {
        snprintf(buf, room, "the file is read with 'number_format: %s': are all its numbers written so?", NAME[f]);
    } else {
        snprintf(buf, room, "empty cells are missing values; to accept this token add it to 'missing'");
    }
    return buf;
}

static bool digits_at(const char *s, size_t n, size_t at, size_t width)
{
    if (n < at + width) return false;
    for (size_t i = at; i < at + width; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
    }
    return true;
}

/* A number that stands for a day: Excel counts them from 1899-12-30, computers seconds from 1970. */
static bool counted_day(char *buf, size_t room, const char *s, size_t n)
{
    double x;
    char day[16];
    if (n < 5 || memchr("0123456789", s[0], 10) == NULL || !rl_number_parse(s, n, RL_NUMBERS_PLAIN, &x)) return false;
    if (x >= 20000 && x < 80000) {
        snprintf(buf, room,
                 "this looks like a day number of a spreadsheet (%s): give the column a date format there, then export",
                 rl_day_text(day, (int32_t)floor(x) - 25569));
        return true;
    }
    if (n != 10 || x < 1e8) return false;
    snprintf(buf, room, "if these are seconds since 1970, write date_format: '%%s'");
    return true;
}

/* Formats other than the file's that read the cell. */
static bool other_format(char *buf, size_t room, const char *s, size_t n, const char *format)
{
    int32_t day;
    char a[16], b[16];
    if (format != NULL && rl_day_parse(s, n, &day)) {
        snprintf(buf, room, "the file has date_format: '%.60s', and this is %s: one format holds for a file", format,
                 rl_day_text(a, day));
        return true;
    }
    const char *first = rl_sniff_format(s, n, 0, &day), *second = NULL;
    if (first == NULL) return false;
    rl_day_text(a, day);
    second = rl_sniff_format(s, n, 1, &day);
    if (format != NULL)
        snprintf(buf, room, "the file has date_format: '%.60s'; this reads as %s by '%s': one format holds for a file",
                 format, a, first);
    else if (second == NULL)
        snprintf(buf, room, "add date_format: '%s' to read it as %s", first, a);
    else
        snprintf(buf, room, "date_format: '%s' reads it as %s, '%s' as %s", first, a, second, rl_day_text(b, day));
    return true;
}

static bool any_day(const char *s, size_t n, const char *format, int32_t *day)
{
    return format != NULL ? rl_day_parse_as(s, n, format, day) : rl_day_parse(s, n, day);
}

/* 2024-03, 2024Q1 or 2024: its first day. */
static bool first_of_period(const char *s, size_t n, int32_t *day)
{
    static const rl_period_kind KIND[] = {RL_MONTH, RL_QUARTER, RL_YEAR};
    int32_t period;
    for (size_t k = 0; k < sizeof KIND / sizeof *KIND; k++) {
        rl_calendar cal = {KIND[k], 1};
        if (!rl_period_parse(s, n, cal, &period)) continue;
        *day = rl_period_first(cal, period);
        return true;
    }
    return false;
}

/* 1, 2, 3 ..: periods from the one that holds first_day. */
static bool numbered_period(const rl_source *src, const char *s, size_t n, int32_t *day)
{
    double k;
    if (src->numbered.kind == RL_PERIOD_NONE || !rl_number_parse(s, n, RL_NUMBERS_PLAIN, &k)) return false;
    if (!(fabs(k) < 1e6) || k != (double)(int32_t)k) return false;
    *day = rl_period_first(src->numbered, rl_period_of(src->numbered, src->first_day) + (int32_t)k - 1);
    return true;
}

/* One slip of a finger in a year would move the data cut by centuries. */
bool rl_load_day(const rl_loader *l, const char *s, size_t n, int32_t *day)
{
    bool is = numbered_period(l->src, s, n, day) || any_day(s, n, l->src->date_format, day) ||
              (l->src->periods && first_of_period(s, n, day));
    return is && *day >= FIRST_DAY && *day <= LAST_DAY;
}

/* 17: perhaps the number of a period. */
static bool counted_period(char *buf, size_t room, const char *s, size_t n, const rl_source *src)
{
    double k;
    if (!src->periods || n > 3 || !rl_number_parse(s, n, RL_NUMBERS_PLAIN, &k)) return false;
    snprintf(buf, room,
             "for periods numbered 1, 2, 3 .. say in 'panel' which day the first one holds: first: 2024-01-01");
    return true;
}

static const char *date_hint(char *buf, size_t room, const char *s, size_t n, const rl_source *src)
{
    const char *format = src->date_format;
    bool iso = digits_at(s, n, 0, 4) && digits_at(s, n, 5, 2) && digits_at(s, n, 8, 2) && s[4] == '-' && s[7] == '-';
    int32_t day;
    if (any_day(s, n, format, &day)) {
        snprintf(buf, room, "years from 1900 to 2100 are read; if it stands for 'no date', add it to 'missing'");
        return buf;
    }
    if (counted_period(buf, room, s, n, src) || counted_day(buf, room, s, n) || other_format(buf, room, s, n, format))
        return buf;
    if (format != NULL) {
        snprintf(buf, room, "dates are read with 'date_format: %.60s', and the day must exist", format);
    } else if (iso && n == 10) {
        snprintf(buf, room, "there is no such day; empty cells are missing values");
    } else if (iso) {
        snprintf(buf, room, "write date and time as 2024-03-11T10:20:30+01:00, or say how with 'date_format'");
    } else if (n > 5 && memchr("0123456789", s[0], 10) != NULL) {
        snprintf(buf, room, "dates are written 2024-03-11; for others say how, such as 'date_format: %%d/%%m/%%Y'");
    } else {
        snprintf(buf, room, "empty cells are missing values; to accept this token add it to 'missing'");
    }
    return buf;
}

void rl_load_fault(rl_loader *l, const rl_column *c, size_t row, const char *s, size_t n)
{
    char text[SHOWN + 4], hint[200];
    const bool date = c->col->type == RL_DATE;
    if (l->t->unread == NULL) l->t->unread = RL_NEW(l->in, unsigned char, l->cap);
    l->t->unread[row] = 1;
    if (!rl_faults_room(l->faults, RL_RULE_CELL)) {
        rl_fault_add(l->faults, RL_RULE_CELL, l->src, row, c->col->field, NULL, "not kept");
        return;
    }
    if (date)
        date_hint(hint, sizeof hint, s, n, l->src);
    else
        number_hint(hint, sizeof hint, s, n, l->src->numbers);
    rl_fault_add(l->faults, RL_RULE_CELL, l->src, row, c->col->field, hint, "'%s' is not a %s (column '%s')",
                 shown(text, s, n), date ? "date" : "number", c->name);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool rl_load_token(const rl_loader *l, const char *s, size_t n)
{
    if (is_blank(s[0]) || is_blank(s[n - 1])) {
        while (n > 0 && is_blank(s[n - 1])) n--;
        while (n > 0 && is_blank(s[0])) s++, n--;
        if (n == 0) return true;
    }
    if (!l->first[(unsigned char)s[0]]) return false;
    for (size_t i = 0; i < l->src->n_missing; i++) {
        if (strlen(l->src->missing[i]) == n && memcmp(l->src->missing[i], s, n) == 0) return true;
    }
    return false;
}

static void drain(const rl_column *c)
{
    queue *q = c->queue;
    for (size_t i = 0; i < q->n; i++) {
        c->col->code[q->cell[i].row] =
            rl_dict_code_of(c->col->dict, q->text + q->cell[i].from, q->cell[i].n, q->cell[i].hash);
    }
    q->n = q->bytes = 0;
}

static void put_text(const rl_column *c, size_t row, const char *s, size_t n)
{
    queue *q = c->queue;
    if (q == NULL || c->col->dict->n < LARGE_DICT || n > QUEUE_BYTES) {
        if (q != NULL) drain(c);
        c->col->code[row] = rl_dict_code(c->col->dict, s, n);
        return;
    }
    if (q->n == QUEUE || q->bytes + n > QUEUE_BYTES) drain(c);
    memcpy(q->text + q->bytes, s, n);
    q->cell[q->n].row = row;
    q->cell[q->n].from = q->bytes;
    q->cell[q->n].n = n;
    q->cell[q->n++].hash = rl_dict_hash(c->col->dict, s, n);
    q->bytes += n;
}

static void put(rl_loader *l, const rl_column *c, size_t row, const char *s, size_t n, bool missing)
{
    rl_col *col = c->col;
    switch (col->type) {
    case RL_NUM:
        if (!missing && rl_number_parse(s, n, l->src->numbers, &col->num[row])) return;
        col->num[row] = NAN;
        break;
    case RL_DATE:
        if (!missing && rl_load_day(l, s, n, &col->day[row])) return;
        col->day[row] = RL_NO_DAY;
        break;
    case RL_TEXT:
        if (missing)
            col->code[row] = -1;
        else
            put_text(c, row, s, n);
        return;
    case RL_AUTO:
        return;
    }
    if (!missing) rl_load_fault(l, c, row, s, n);
}

static void make_room(rl_col *col, size_t old, size_t cap, rl_arena *in)
{
    if (col->type == RL_NUM) col->num = rl_regrow(in, col->num, old, cap, sizeof *col->num);
    if (col->type == RL_DATE) col->day = rl_regrow(in, col->day, old, cap, sizeof *col->day);
    if (col->type == RL_TEXT) col->code = rl_regrow(in, col->code, old, cap, sizeof *col->code);
}

void rl_load_room(rl_loader *l, size_t cap)
{
    size_t old = cap > 0 ? l->cap : 0;
    for (size_t j = 0; j < l->n_column; j++) {
        rl_col *c = l->column[j].col;
        if (cap == 0) { /* as it was before the first row */
            rl_release(l->in, c->num);
            rl_release(l->in, c->day);
            rl_release(l->in, c->code);
            c->num = NULL;
            c->day = c->code = NULL;
        } else {
            make_room(c, old, cap, l->in);
        }
    }
    if (l->t->unread != NULL) l->t->unread = rl_regrow(l->in, l->t->unread, old, cap, 1);
    if (l->full != NULL) {
        l->full = rl_regrow(l->tmp, l->full, old, cap, 1);
        memset(l->full + old, 1, cap - old);
    }
    l->cap = cap;
}

/* Half of the first cells are numbers: a number column; the others are faults. */
static void decide(rl_loader *l, rl_column *c)
{
    size_t numbers = 0;
    double x;
    const char *text = rl_str_text(&c->text);
    for (size_t i = 0; i < c->n_held; i++) {
        numbers += rl_number_parse(text + c->held[i].from, c->held[i].n, l->src->numbers, &x);
    }
    c->wait = false;
    c->col->type = 2 * numbers >= c->n_held ? RL_NUM : RL_TEXT;
    if (c->col->type == RL_TEXT && c->col->dict == NULL) c->col->dict = rl_dict_new(l->in);
    if (c->col->type == RL_NUM) c->col->dict = NULL;
    make_room(c->col, 0, l->cap, l->in);
    for (size_t i = 0; i < l->n; i++) put(l, c, i, NULL, 0, true);
    for (size_t i = 0; i < c->n_held; i++) put(l, c, c->held[i].row, text + c->held[i].from, c->held[i].n, false);
}

static void hold(rl_loader *l, rl_column *c, const rl_field *f)
{
    if (c->held == NULL) c->held = RL_NEW(l->tmp, rl_held, RL_AUTO_CELLS);
    c->held[c->n_held++] = (rl_held){l->n, c->text.n, f->n};
    rl_str_addn(&c->text, f->s, f->n);
}

/* Room for more rows: at first as many as the file's size promises. */
static void more_rows(rl_loader *l)
{
    size_t old = l->cap, cap = old + old / 2;
    struct stat st;
    if (old == 0) {
        cap = FIRST_ROWS;
    } else if (old == FIRST_ROWS && stat(l->src->path, &st) == 0) {
        double share = (double)st.st_size / ((double)l->bytes / FIRST_ROWS);
        if (1.02 * share > (double)cap) cap = (size_t)(1.02 * share) + FIRST_ROWS;
    }
    rl_load_room(l, cap);
}

/* Spreadsheets export the empty rows below a table as lines of delimiters. */
bool rl_load_empty(const rl_field *field, size_t n)
{
    if (n < 2 || field[0].n > 0) return false;
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < field[j].n; i++)
            if (!is_blank(field[j].s[i])) return false;
    }
    return true;
}

void rl_load_drop(rl_loader *l, size_t row)
{
    if (l->full == NULL) {
        l->full = RL_NEW(l->tmp, unsigned char, l->cap);
        memset(l->full, 1, l->cap);
    }
    l->full[row] = 0;
    rl_fault_add(l->faults, RL_RULE_EMPTY, l->src, row, -1, "delete the row, or leave it to be dropped",
                 "every cell of the row is empty");
}

static void on_row(void *user, uint64_t row, const rl_field *field, size_t n_fields)
{
    rl_loader *l = user;
    (void)row;
    if (n_fields != l->t->header.n) return; /* the file changed: told below */
    if (l->n == l->cap) more_rows(l);
    if (l->n < FIRST_ROWS) {
        for (size_t j = 0; j < n_fields; j++) l->bytes += field[j].n + 1;
    }
    if (rl_load_empty(field, n_fields)) rl_load_drop(l, l->n);
    for (size_t j = 0; j < l->n_column; j++) {
        rl_column *c = &l->column[j];
        const rl_field *f = &field[c->col->field];
        bool missing = rl_load_missing(l, f->s, f->n);
        if (!c->wait)
            put(l, c, l->n, f->s, f->n, missing);
        else if (!missing)
            hold(l, c, f);
    }
    l->n++;
    for (size_t j = 0; j < l->n_column; j++) {
        if (l->column[j].wait && l->column[j].n_held == RL_AUTO_CELLS) decide(l, &l->column[j]);
    }
}

/* ---- columns ------------------------------------------------------------------------------------------- */

static void asked(char buf[200], const rl_want *w)
{
    const char *quote = w->key != NULL && strchr(w->key, ' ') == NULL ? "'" : "";
    buf[0] = '\0';
    if (w->key != NULL) snprintf(buf, 200, " (asked for by %s%.120s%s)", quote, w->key, quote);
}

static rl_code unknown(const rl_source *src, const rl_header *h, const rl_want *w, rl_ctx *cx)
{
    char by[200];
    asked(by, w);
    rl_fail_at(cx, RL_EINPUT, NULL, w->line, w->col, "no column '%.100s' in %.100s%s", w->name, src->name, by);
    const char *near = rl_nearest(w->name, h->name, h->n);
    if (near != NULL) return rl_hint(cx, "did you mean '%s'?", near);
    rl_str list = rl_str_new(cx->tmp);
    for (size_t i = 0; i < h->n && list.n < 300; i++) rl_str_addf(&list, "%s'%.60s'", i ? ", " : "", h->name[i]);
    return rl_hint(cx, "its columns are %.350s", rl_str_text(&list));
}

static rl_code twice(const rl_source *src, const rl_header *h, const rl_want *w, int32_t first, rl_ctx *cx)
{
    char by[200];
    size_t second = (size_t)first + 1;
    while (strcmp(h->name[second], w->name) != 0) second++;
    asked(by, w);
    rl_fail_at(cx, RL_EINPUT, NULL, w->line, w->col,
               "column '%.100s' stands twice in %.100s, as column %d and column %zu%s", w->name, src->name, first + 1,
               second + 1, by);
    return rl_hint(cx, "rename one of them in the header");
}

/* Columns that share a dictionary take turns at it: codes in order of appearance. */
static bool shares(const rl_want *want, size_t n_want, size_t j)
{
    for (size_t i = 0; i < n_want; i++) {
        if (i != j && want[i].dict != NULL && want[i].dict == want[j].dict) return true;
    }
    return false;
}

static rl_code resolve(rl_loader *l, const rl_want *want, size_t n_want, rl_ctx *cx)
{
    rl_table *t = l->t;
    t->k = n_want;
    t->col = RL_NEW(l->in, rl_col, n_want);
    l->column = RL_NEW(l->tmp, rl_column, n_want);
    for (size_t j = 0; j < n_want; j++) {
        const rl_want *w = &want[j];
        bool two;
        int32_t at = rl_header_find(&t->header, w->name, &two);
        t->col[j] = (rl_col){.name = rl_strdup(l->in, w->name), .type = RL_AUTO, .field = -1};
        if (at < 0 && w->optional) continue;
        if (at < 0) return unknown(l->src, &t->header, w, cx);
        if (two) return twice(l->src, &t->header, w, at, cx);
        rl_col *c = &t->col[j];
        c->type = w->type;
        c->field = at;
        c->dict = w->dict;
        if (c->type == RL_TEXT && c->dict == NULL) c->dict = rl_dict_new(l->in);
        c->own = w->dict == NULL; /* nobody else's texts are in it */
        l->column[l->n_column++] = (rl_column){.col = c,
                                               .name = c->name,
                                               .wait = w->type == RL_AUTO,
                                               .text = rl_str_new(l->tmp),
                                               .queue = shares(want, n_want, j) ? NULL : RL_NEW(l->tmp, queue, 1)};
    }
    return RL_OK;
}

/* Is it worth cutting into pieces? */
static bool is_large(const rl_source *src)
{
    struct stat st;
    return stat(src->path, &st) == 0 && st.st_size >= LARGE_FILE;
}

static rl_code load_rows(rl_loader *l, rl_ctx *cx)
{
    rl_header again;
    rl_table *t = l->t;
    RL_TRY(rl_csv_read(l->src, &again, on_row, l, &t->rows_read, cx));
    if (l->n != t->rows_read) return rl_fail_at(cx, RL_EIO, l->src->name, 0, 0, "the file changed while it was read");
    if (l->cap == 0) more_rows(l); /* no rows: columns are there all the same */
    for (size_t j = 0; j < l->n_column; j++) {
        if (l->column[j].wait) decide(l, &l->column[j]);
        if (l->column[j].queue != NULL) drain(&l->column[j]);
    }
    return RL_OK;
}

rl_code rl_table_read_cut(const rl_source *src, const rl_want *want, size_t n_want, rl_faults *faults, rl_table *t,
                          rl_arena *in, size_t bytes, rl_ctx *cx)
{
    rl_loader l = {.src = src, .faults = faults, .t = t, .in = in, .tmp = cx->tmp};
    *t = (rl_table){.source = src};
    for (size_t i = 0; i < src->n_missing; i++) l.first[(unsigned char)src->missing[i][0]] = true;
    l.plain_numbers = src->numbers != RL_NUMBERS_EU;
    for (const char *c = "-.0123456789"; *c != '\0'; c++)
        l.plain_numbers = l.plain_numbers && !l.first[(unsigned char)*c];
    RL_TRY(rl_csv_header(src, &t->header, cx));
    RL_TRY(resolve(&l, want, n_want, cx));
    bool cut = bytes > 0 ? bytes != SIZE_MAX : is_large(src);
    if (cut && rl_load_chunks(&l, bytes, cx))
        t->rows_read = l.n;
    else
        RL_TRY(load_rows(&l, cx));
    t->n = l.n;
    if (l.full != NULL && faults->policy[RL_RULE_EMPTY] != RL_POLICY_KEEP) rl_table_filter(t, l.full, in);
    return RL_OK;
}

rl_code rl_table_read(const rl_source *src, const rl_want *want, size_t n_want, rl_faults *faults, rl_table *t,
                      rl_arena *in, rl_ctx *cx)
{
    return rl_table_read_cut(src, want, n_want, faults, t, in, 0, cx);
}
