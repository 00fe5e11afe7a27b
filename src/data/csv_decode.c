#include "data/csv_decode.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_OUT = 3 }; /* bytes of UTF-8 that one byte of input can become */

struct rl_decoder {
    const rl_source *src;
    int fd;
    iconv_t conv;
    rl_encoding encoding;
    uint64_t size, taken;
    size_t n_raw, done; /* raw bytes held, and those already given out        */
    bool end;
    rl_bad_text bad;
    char *raw; /* RL_CSV_BLOCK                                       */
    char *out; /* MOST_OUT * RL_CSV_BLOCK, NULL for UTF-8            */
};

void rl_decoder_close(rl_decoder *d)
{
    if (d->fd >= 0) close(d->fd);
    if (d->conv != (iconv_t)-1) iconv_close(d->conv);
    d->fd = -1;
    d->conv = (iconv_t)-1;
}

static void close_later(void *d) { rl_decoder_close(d); }

static rl_code fill(rl_decoder *d, rl_ctx *cx)
{
    if (d->done > 0) memmove(d->raw, d->raw + d->done, d->n_raw - d->done);
    d->n_raw -= d->done;
    d->done = 0;
    while (!d->end && d->n_raw < RL_CSV_BLOCK) {
        ssize_t got = read(d->fd, d->raw + d->n_raw, RL_CSV_BLOCK - d->n_raw);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return rl_fail_at(cx, RL_EIO, d->src->name, 0, 0, "cannot read the file: %s", strerror(errno));
        d->end = got == 0;
        d->n_raw += (size_t)got;
        d->taken += (uint64_t)got;
    }
    return RL_OK;
}

/* Skip the byte-order mark, if any; open the converter. */
static rl_code start(rl_decoder *d, rl_ctx *cx)
{
    const char *order = "UTF-16LE";
    RL_TRY(fill(d, cx));
    if (d->n_raw >= 3 && memcmp(d->raw, "\xef\xbb\xbf", 3) == 0) {
        d->encoding = RL_UTF8;
        d->done = 3;
    } else if (d->n_raw >= 2 && (memcmp(d->raw, "\xff\xfe", 2) == 0 || memcmp(d->raw, "\xfe\xff", 2) == 0)) {
        d->encoding = RL_UTF16;
        d->done = 2;
        if (d->raw[0] == '\xfe') order = "UTF-16BE";
    } else if (d->encoding == RL_UTF16 && d->n_raw >= 2 && d->raw[0] == '\0' && d->raw[1] != '\0') {
        order = "UTF-16BE"; /* no mark: a header begins with a letter, and its high byte comes first */
    }
    if (d->encoding == RL_UTF8) return RL_OK;
    d->out = rl_alloc(cx->tmp, (size_t)MOST_OUT * RL_CSV_BLOCK, 1);
    if (d->encoding != RL_UTF16) return RL_OK;
    d->conv = iconv_open("UTF-8", order);
    if (d->conv != (iconv_t)-1) return RL_OK;
    rl_fail_at(cx, RL_EIO, d->src->name, 0, 0, "this system cannot convert %s to UTF-8", order);
    return rl_hint(cx, "write the file as UTF-8");
}

rl_code rl_decoder_open(const rl_source *src, rl_decoder **out, rl_ctx *cx)
{
    struct stat st;
    rl_decoder *d = RL_NEW(cx->tmp, rl_decoder, 1);
    *d = (rl_decoder){.src = src, .encoding = src->encoding, .conv = (iconv_t)-1};
    d->fd = open(src->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hold us */
    rl_arena_defer(cx->tmp, close_later, d);
    if (d->fd < 0 || fstat(d->fd, &st) != 0) {
        rl_fail_at(cx, RL_EINPUT, src->name, 0, 0, "cannot read the file: %s", strerror(errno));
        return rl_hint(cx,
                       errno == ENOENT ? "paths are relative to the file that names them" : "check its permissions");
    }
    if (!S_ISREG(st.st_mode)) {
        rl_decoder_close(d);
        rl_fail_at(cx, RL_EINPUT, src->name, 0, 0, "not a regular file");
        return rl_hint(cx, "write the data to a file first: it is read more than once");
    }
    d->size = (uint64_t)st.st_size;
    d->raw = rl_alloc(cx->tmp, RL_CSV_BLOCK, 1);
    *out = d;
    return start(d, cx);
}

/* Bytes of the longest prefix that is ASCII without NUL. */
static size_t ascii(const unsigned char *s, size_t n)
{
    const uint64_t HIGH = 0x8080808080808080u, LOW = 0x0101010101010101u;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t w;
        memcpy(&w, s + i, 8);
        if (((w | (w - LOW)) & HIGH) != 0) break; /* a high bit, or a zero byte borrowed one */
    }
    while (i < n && s[i] != 0 && s[i] < 0x80) i++;
    return i;
}

/* Length of the UTF-8 character at s (n bytes left); 0 = none, -1 = cut off by the end. */
static int character(const unsigned char *s, size_t n)
{
    static const unsigned LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    int len = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    unsigned c = s[0] & (0x7fu >> len);
    if (len == 0) return 0;
    for (int i = 1; i < len; i++) {
        if ((size_t)i == n) return -1;
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    return c < LEAST[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : len;
}

bool rl_utf8_valid(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; (i += ascii(s + i, n - i)) < n;) {
        int len = s[i] == 0 ? 0 : character(s + i, n - i);
        if (len <= 0) return false;
        i += (size_t)len;
    }
    return true;
}

static const rl_bad_text *bad_nul(rl_decoder *d)
{
    snprintf(d->bad.what, sizeof d->bad.what, "a NUL byte: this is no text");
    d->bad.hint = d->encoding == RL_UTF16 ? "check 'encoding': is the file really UTF-16?"
                                          : "if the file is UTF-16, add 'encoding: utf-16'; else it is not a CSV file";
    return &d->bad;
}

static const rl_bad_text *bad_byte(rl_decoder *d, unsigned char c)
{
    if (c == 0) return bad_nul(d);
    snprintf(d->bad.what, sizeof d->bad.what, "byte 0x%02x is not UTF-8", c);
    d->bad.hint = "add 'encoding: latin-1', or write the file as UTF-8";
    return &d->bad;
}

static const rl_bad_text *check_utf8(rl_decoder *d, const char **text, size_t *n)
{
    const unsigned char *s = (const unsigned char *)d->raw + d->done;
    size_t left = d->n_raw - d->done, i = 0;
    const rl_bad_text *bad = NULL;
    *text = d->raw + d->done;
    while ((i += ascii(s + i, left - i)) < left) {
        int len = s[i] == 0 ? 0 : character(s + i, left - i);
        if (len < 0 && !d->end) break;
        if (len <= 0) {
            bad = bad_byte(d, s[i]);
            break;
        }
        i += (size_t)len;
    }
    d->done += i;
    *n = i;
    return bad;
}

static const rl_bad_text *from_latin1(rl_decoder *d, const char **text, size_t *n)
{
    static const uint16_t HIGH[32] = {
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
    };
    const unsigned char *s = (const unsigned char *)d->raw;
    char *o = d->out;
    for (; d->done < d->n_raw; d->done++) {
        unsigned c = s[d->done];
        if (c == 0) break;
        if (c >= 0x80 && c < 0xa0) c = HIGH[c - 0x80];
        if (c < 0x80) {
            *o++ = (char)c;
        } else if (c < 0x800) {
            *o++ = (char)(0xc0 | c >> 6);
            *o++ = (char)(0x80 | (c & 0x3f));
        } else {
            *o++ = (char)(0xe0 | c >> 12);
            *o++ = (char)(0x80 | (c >> 6 & 0x3f));
            *o++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *text = d->out;
    *n = (size_t)(o - d->out);
    return d->done < d->n_raw ? bad_nul(d) : NULL;
}

static const rl_bad_text *from_utf16(rl_decoder *d, const char **text, size_t *n)
{
    char *in = d->raw + d->done, *o = d->out;
    size_t left = d->n_raw - d->done, room = (size_t)MOST_OUT * RL_CSV_BLOCK;
    int why = iconv(d->conv, &in, &left, &o, &room) == (size_t)-1 ? errno : 0;
    d->done = d->n_raw - left;
    *text = d->out;
    *n = (size_t)(o - d->out);
    const char *nul = memchr(d->out, '\0', *n);
    if (nul != NULL) {
        *n = (size_t)(nul - d->out);
        return bad_nul(d);
    }
    if (why == 0 || (why == EINVAL && !d->end)) return NULL;
    snprintf(d->bad.what, sizeof d->bad.what,
             why == EINVAL ? "the file ends in the middle of a UTF-16 character" : "half a UTF-16 surrogate pair");
    d->bad.hint = "check 'encoding': is the file really UTF-16?";
    return &d->bad;
}

rl_code rl_decoder_next(rl_decoder *d, const char **text, size_t *n, const rl_bad_text **bad, rl_ctx *cx)
{
    *n = 0;
    *bad = d->bad.hint != NULL ? &d->bad : NULL;
    if (*bad != NULL) return RL_OK;
    if (d->n_raw - d->done < 4 || d->done > 3) RL_TRY(fill(d, cx));
    if (d->done == d->n_raw) return RL_OK;
    switch (d->encoding) {
    case RL_UTF8:
        *bad = check_utf8(d, text, n);
        break;
    case RL_LATIN1:
        *bad = from_latin1(d, text, n);
        break;
    case RL_UTF16:
        *bad = from_utf16(d, text, n);
        break;
    }
    return RL_OK;
}

uint64_t rl_decoder_size(const rl_decoder *d) { return d->size; }
uint64_t rl_decoder_taken(const rl_decoder *d) { return d->taken; }
