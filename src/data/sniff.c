#include "data/sniff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "data/csv_decode.h"
#include "data/csv_locate.h"

/* The formats people export, the surer ones first; NULL is ISO. */
static const char *const FORMAT[] = {NULL,
                                     "%m/%d/%Y",
                                     "%d/%m/%Y",
                                     "%d.%m.%Y",
                                     "%Y/%m/%d",
                                     "%d-%m-%Y",
                                     "%m-%d-%Y",
                                     "%m/%d/%Y %H:%M",
                                     "%d/%m/%Y %H:%M",
                                     "%d.%m.%Y %H:%M",
                                     "%m/%d/%Y %I:%M %p",
                                     "%d/%m/%Y %I:%M %p",
                                     "%m/%d/%Y %H:%M:%S",
                                     "%d/%m/%Y %H:%M:%S",
                                     "%d.%m.%Y %H:%M:%S",
                                     "%Y/%m/%d %H:%M:%S",
                                     "%d-%b-%Y",
                                     "%d %b %Y",
                                     "%b %d, %Y",
                                     "%d %B %Y",
                                     "%B %d, %Y",
                                     "%d-%b-%y",
                                     "%m/%d/%y",
                                     "%d/%m/%y",
                                     "%d.%m.%y",
                                     "%Y%m%d"};
enum { FORMATS = sizeof FORMAT / sizeof *FORMAT, NUMBER_FORMATS = 3, ENOUGH = 95 /* per cent */ };

static const char *const NOTHING[] = {
    "NA",      "N/A",        "#N/A",       "#NULL!",     "#VALUE!",   "#REF!",     "#DIV/0!", "null",
    "none",    "-None-",     "(none)",     "nan",        "nil",       "-",         "--",      "?",
    ".",       "n.a.",       "\\N",        "TBD",        "unknown",   "(unknown)", "not set", "(blank)",
    "(empty)", "0000-00-00", "00/00/0000", "00.00.0000", "undefined", "no value",  "missing"};
enum { NOTHINGS = sizeof NOTHING / sizeof *NOTHING };

typedef struct work {
    uint64_t filled, typed, nothing;
    uint64_t number[NUMBER_FORMATS], date[FORMATS];
    bool off; /* dates are out of the question  */
} work;

typedef struct sniffer {
    rl_seen *seen;
    rl_header head;
    work *w;
    rl_dict *tokens; /* words for "no value" that were met in each column: "3\x1fNA" */
    rl_arena *in;
    uint64_t row;
} sniffer;

/* ------------------------------------------------------------ bytes */

/* Without a byte-order mark: every other byte NUL is UTF-16, a byte that is no UTF-8 makes it latin-1. */
static rl_code find_encoding(rl_source *src, rl_ctx *cx)
{
    enum { HEAD = 4096 };
    unsigned char head[HEAD];
    rl_decoder *d;
    RL_TRY(rl_decoder_open(src, &d, cx)); /* says what is wrong with the path */
    FILE *f = fopen(src->path, "rb");
    size_t n = f != NULL ? fread(head, 1, HEAD, f) : 0, nuls = 0;
    if (f != NULL) fclose(f);
    bool mark = n >= 2 && ((head[0] == 0xff && head[1] == 0xfe) || (head[0] == 0xfe && head[1] == 0xff));
    for (size_t i = 0; i < n; i++) nuls += head[i] == 0;
    if (mark || nuls > n / 4) {
        rl_decoder_close(d);
        src->encoding = RL_UTF16;
        return RL_OK;
    }
    const rl_bad_text *bad = NULL;
    do {
        const char *text;
        RL_TRY(rl_decoder_next(d, &text, &n, &bad, cx));
    } while (bad == NULL && n > 0);
    rl_decoder_close(d);
    if (bad != NULL && strstr(bad->what, "NUL") == NULL) src->encoding = RL_LATIN1;
    return RL_OK;
}

static rl_code find_delimiter(const rl_source *src, char *delimiter, rl_ctx *cx)
{
    rl_decoder *d;
    const rl_bad_text *bad;
    const char *text;
    size_t n;
    RL_TRY(rl_decoder_open(src, &d, cx));
    RL_TRY(rl_decoder_next(d, &text, &n, &bad, cx));
    *delimiter = rl_csv_guess(text, n);
    rl_decoder_close(d);
    return RL_OK;
}

/* ------------------------------------------------------------ cells */

static bool is_nothing(const char *s, size_t n)
{
    for (size_t i = 0; i < NOTHINGS; i++)
        if (strlen(NOTHING[i]) == n && strncasecmp(NOTHING[i], s, n) == 0) return true;
    return false;
}

static bool day_as(const char *s, size_t n, size_t format, int32_t *day)
{
    bool is = FORMAT[format] == NULL ? rl_day_parse(s, n, day) : rl_day_parse_as(s, n, FORMAT[format], day);
    int year = 0, month, mday;
    if (is) rl_civil(*day, &year, &month, &mday);
    return is && year >= 1900 && year <= 2100;
}

const char *rl_sniff_format(const char *s, size_t n, size_t which, int32_t *day)
{
    for (size_t f = 1; f < FORMATS; f++)
        if (day_as(s, n, f, day) && which-- == 0) return FORMAT[f];
    return NULL;
}

/* The letters of a number are one currency code or an exponent: "OPP-7000" is an id, not minus 7000 of something. */
static bool odd_letters(const char *s, size_t n)
{
    static const char codes[] =
        "|USD|EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|INR|BRL|MXN|SEK|NOK|DKK|PLN|CZK|HUF|ZAR|SGD|HKD|ILS|";
    char word[6] = "|";
    size_t k = 1;
    for (size_t i = 0; i < n; i++) {
        bool letter = (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z');
        if (letter && k == 4) return true;
        if (letter) word[k++] = s[i];
    }
    word[k] = '|';
    return k > 1 && !(k == 2 && (word[1] == 'e' || word[1] == 'E')) && (k != 4 || strstr(codes, word) == NULL);
}

static void try_types(work *w, const char *s, size_t n)
{
    double x;
    int32_t day;
    w->typed++;
    for (int f = 0; f < NUMBER_FORMATS && !odd_letters(s, n); f++)
        w->number[f] += rl_number_parse(s, n, (rl_number_format)f, &x);
    if (w->off || n < 6 || n > 40) return;
    uint64_t hit = 0;
    for (size_t f = 0; f < FORMATS; f++) {
        bool is = day_as(s, n, f, &day);
        w->date[f] += is;
        hit += is;
    }
    w->off = hit == 0 && w->typed - w->nothing > 20 && w->date[0] == 0 && w->number[0] + 20 < w->typed;
}

static void keep_value(rl_seen_col *c, const char *s, size_t n, rl_arena *in)
{
    if (c->many && !c->unique) return;
    size_t before = c->values->n;
    size_t code = (size_t)rl_dict_code(c->values, s, n);
    if (code < before) {
        if (c->unique && before > RL_SNIFF_VALUES) c->many = true;
        c->unique = false;
    }
    if (c->count == NULL) c->count = RL_NEW(in, uint64_t, RL_SNIFF_VALUES);
    if (code < RL_SNIFF_VALUES) c->count[code]++;
    if (c->values->n > RL_SNIFF_VALUES) c->many = true;
}

static void on_row(void *user, uint64_t row, const rl_field *field, size_t n)
{
    sniffer *q = user;
    if (row >= RL_SNIFF_ROWS) {
        q->seen->more = true;
        return;
    }
    q->seen->rows = row + 1;
    if (row == 0) {
        q->seen->n = n;
        q->seen->col = RL_NEW(q->in, rl_seen_col, n);
        q->w = RL_NEW(q->in, work, n);
        for (size_t j = 0; j < n; j++) q->seen->col[j] = (rl_seen_col){.unique = true, .values = rl_dict_new(q->in)};
    }
    for (size_t j = 0; j < n; j++) {
        const char *s = field[j].s;
        size_t len = field[j].n;
        while (len > 0 && (s[0] == ' ' || s[0] == '\t')) s++, len--;
        while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t')) len--;
        if (len == 0) continue;
        work *w = &q->w[j];
        w->filled++;
        bool nothing = is_nothing(s, len);
        if (nothing) {
            char tag[64];
            int k = snprintf(tag, sizeof tag, "%zu\x1f%.*s", j, (int)len, s);
            rl_dict_code(q->tokens, tag, (size_t)k);
        }
        w->nothing += nothing;
        if (row < RL_SNIFF_TYPED && !nothing) try_types(w, s, len);
        keep_value(&q->seen->col[j], s, len, q->in);
    }
}

/* ------------------------------------------------------------ verdicts */

static bool enough(uint64_t hits, uint64_t of) { return of > 0 && 100 * hits >= ENOUGH * of; }

static size_t best_date(const work *w)
{
    size_t best = 0;
    for (size_t f = 1; f < FORMATS; f++)
        if (w->date[f] > w->date[best]) best = f;
    return best;
}

static rl_look look_of(const work *w)
{
    if (w->filled == 0) return RL_LOOK_EMPTY;
    if (w->typed == 0) return RL_LOOK_TEXT;
    size_t f = best_date(w);
    bool eight_digits = FORMAT[f] != NULL && strcmp(FORMAT[f], "%Y%m%d") == 0;
    if (enough(w->date[f], w->typed) && (!eight_digits || w->date[f] == w->typed)) return RL_LOOK_DATE;
    for (int k = 0; k < NUMBER_FORMATS; k++)
        if (enough(w->number[k], w->typed)) return RL_LOOK_NUMBER;
    return RL_LOOK_TEXT;
}

/* One number format for the file: the one that reads most cells of the number columns. */
static void choose_numbers(sniffer *q)
{
    uint64_t hits[NUMBER_FORMATS] = {0};
    bool european = q->seen->delimiter == ';';
    for (size_t j = 0; j < q->seen->n; j++)
        for (int f = 0; f < NUMBER_FORMATS && q->seen->col[j].look == RL_LOOK_NUMBER; f++) hits[f] += q->w[j].number[f];
    for (size_t j = 0; j < q->seen->n; j++)
        european |= q->seen->col[j].look == RL_LOOK_DATE && FORMAT[best_date(&q->w[j])] != NULL &&
                    strncmp(FORMAT[best_date(&q->w[j])], "%d.%m", 5) == 0;
    rl_number_format f = RL_NUMBERS_PLAIN;
    if (hits[RL_NUMBERS_US] > hits[f]) f = RL_NUMBERS_US;
    if (hits[RL_NUMBERS_EU] > hits[f] || (f == RL_NUMBERS_US && hits[RL_NUMBERS_EU] == hits[f] && european))
        f = RL_NUMBERS_EU;
    q->seen->source.numbers = f;
    q->seen->numbers_unsure = f != RL_NUMBERS_PLAIN && hits[RL_NUMBERS_US] == hits[RL_NUMBERS_EU];
}

/* One date format for the file, too. */
static size_t choose_dates(sniffer *q)
{
    uint64_t hits[FORMATS] = {0};
    size_t best = 0;
    for (size_t j = 0; j < q->seen->n; j++)
        for (size_t f = 0; f < FORMATS && q->seen->col[j].look == RL_LOOK_DATE; f++) hits[f] += q->w[j].date[f];
    for (size_t f = 1; f < FORMATS; f++)
        if (hits[f] > hits[best]) best = f;
    q->seen->source.date_format = FORMAT[best];
    return best;
}

/* The same format with day and month exchanged, or `format` itself. */
static size_t swapped(size_t format)
{
    if (FORMAT[format] == NULL || strlen(FORMAT[format]) < 8) return format;
    for (size_t f = 0; f < FORMATS; f++) {
        const char *a = FORMAT[format], *b = FORMAT[f];
        if (b == NULL || strlen(b) != strlen(a) || a[2] != b[2] || strcmp(a + 5, b + 5) != 0) continue;
        if ((a[1] == 'd' && a[4] == 'm' && b[1] == 'm' && b[4] == 'd') ||
            (a[1] == 'm' && a[4] == 'd' && b[1] == 'd' && b[4] == 'm'))
            return f;
    }
    return format;
}

static void measure(sniffer *q, size_t j, size_t date)
{
    rl_seen_col *c = &q->seen->col[j];
    size_t kept = c->values->n;
    c->first = c->last = RL_NO_DAY;
    c->whole = true;
    c->least = INFINITY;
    c->most = -INFINITY;
    for (size_t v = 0; v < kept; v++) {
        double x;
        int32_t day;
        if (c->look == RL_LOOK_NUMBER &&
            rl_number_parse(c->values->text[v], c->values->len[v], q->seen->source.numbers, &x)) {
            c->whole &= x == floor(x);
            c->least = fmin(c->least, x);
            c->most = fmax(c->most, x);
        }
        if (c->look == RL_LOOK_DATE && day_as(c->values->text[v], c->values->len[v], date, &day)) {
            if (c->first == RL_NO_DAY || day < c->first) c->first = day;
            if (day > c->last) c->last = day;
        }
    }
}

static void judge(sniffer *q)
{
    rl_seen *s = q->seen;
    for (size_t j = 0; j < s->n; j++) s->col[j].look = look_of(&q->w[j]);
    choose_numbers(q);
    size_t date = choose_dates(q), other = swapped(date);
    for (size_t j = 0; j < s->n; j++) {
        rl_seen_col *c = &s->col[j];
        const work *w = &q->w[j];
        bool typed = c->look == RL_LOOK_DATE || c->look == RL_LOOK_NUMBER;
        c->filled = typed ? w->filled - w->nothing : w->filled;
        if (c->look == RL_LOOK_DATE && !enough(w->date[date], w->typed)) {
            c->odd = w->typed - w->date[date];
            c->date_format = FORMAT[best_date(w)];
        } else if (c->look == RL_LOOK_DATE) {
            c->odd = w->typed - w->date[date];
            c->date_format = FORMAT[date];
            c->day_or_month = other != date && w->date[other] == w->date[date];
        } else if (c->look == RL_LOOK_NUMBER) {
            c->odd = w->typed - w->number[s->source.numbers];
        }
        if (c->unique && c->values->n > 0) c->count = NULL;
        measure(q, j, date);
    }
}

/* Words for "no value" met in number and date columns become tokens of the file. */
static void choose_missing(sniffer *q)
{
    rl_dict *d = rl_dict_new(q->in);
    for (size_t t = 0; t < q->tokens->n; t++) {
        char *word;
        size_t j = strtoul(q->tokens->text[t], &word, 10);
        rl_look look = q->seen->col[j].look;
        if (look == RL_LOOK_NUMBER || look == RL_LOOK_DATE) rl_dict_code(d, word + 1, strlen(word + 1));
    }
    q->seen->source.missing = d->text;
    q->seen->source.n_missing = d->n;
}

static void take_names(sniffer *q)
{
    rl_seen *s = q->seen;
    if (s->rows == 0) {
        s->n = q->head.n;
        s->col = RL_NEW(q->in, rl_seen_col, s->n);
        for (size_t j = 0; j < s->n; j++) s->col[j].values = rl_dict_new(q->in);
        q->w = RL_NEW(q->in, work, s->n);
    }
    for (size_t j = 0; j < s->n; j++) {
        s->col[j].name = rl_strdup(q->in, q->head.name[j]);
        rl_header_find(&q->head, q->head.name[j], &s->col[j].twice);
    }
}

rl_code rl_sniff(const char *path, const char *name, rl_seen *out, rl_arena *in, rl_ctx *cx)
{
    *out = (rl_seen){.source = rl_source_of(rl_strdup(in, path))};
    out->source.name = rl_strdup(in, name);
    RL_TRY(find_encoding(&out->source, cx));
    RL_TRY(find_delimiter(&out->source, &out->delimiter, cx));
    sniffer q = {.seen = out, .in = in, .tokens = rl_dict_new(in)};
    rl_source src = out->source;
    src.max_rows = RL_SNIFF_ROWS + 1;
    RL_TRY(rl_csv_read(&src, &q.head, on_row, &q, NULL, cx));
    take_names(&q);
    judge(&q);
    choose_missing(&q);
    return RL_OK;
}
