#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

rl_str rl_str_new(rl_arena *in) { return (rl_str){.in = in}; }

void rl_str_addn(rl_str *t, const char *s, size_t n)
{
    if (t->n + n + 1 > t->cap) {
        size_t cap = t->cap ? t->cap : 64;
        while (cap < t->n + n + 1) cap *= 2;
        t->s = rl_regrow(t->in, t->s, t->n, cap, 1);
        t->cap = cap;
    }
    if (n > 0) memcpy(t->s + t->n, s, n);
    t->n += n;
    t->s[t->n] = '\0';
}

void rl_str_add(rl_str *t, const char *s) { rl_str_addn(t, s, strlen(s)); }
void rl_str_addc(rl_str *t, char c) { rl_str_addn(t, &c, 1); }
const char *rl_str_text(rl_str *t) { return t->s != NULL ? t->s : ""; }

static char *vformat(rl_arena *in, const char *fmt, va_list ap, size_t *n)
{
    va_list again;
    va_copy(again, ap);
    int need = vsnprintf(NULL, 0, fmt, ap);
    *n = need > 0 ? (size_t)need : 0;
    char *s = rl_alloc(in, *n + 1, 1);
    vsnprintf(s, *n + 1, fmt, again);
    va_end(again);
    return s;
}

void rl_str_addf(rl_str *t, const char *fmt, ...)
{
    va_list ap;
    size_t n;
    va_start(ap, fmt);
    char *s = vformat(t->in, fmt, ap, &n);
    va_end(ap);
    rl_str_addn(t, s, n);
}

char *rl_sprintf(rl_arena *in, const char *fmt, ...)
{
    va_list ap;
    size_t n;
    va_start(ap, fmt);
    char *s = vformat(in, fmt, ap, &n);
    va_end(ap);
    return s;
}

rl_dict *rl_dict_new(rl_arena *in)
{
    rl_dict *d = RL_NEW(in, rl_dict, 1);
    d->in = in;
    return d;
}

/* A slot holds enough of the hash to walk past strangers without touching their
 * texts, and to be moved without hashing again.  Home is by the upper bits of
 * the hash: a larger table is filled in the order in which it lies in memory. */
static uint64_t slot_of(uint32_t hash, size_t code) { return (uint64_t)hash << 32 | (uint32_t)(code + 1); }

static void rehash(rl_dict *d, size_t cap)
{
    uint64_t *old = d->slot;
    size_t n = d->cap;
    d->slot = RL_NEW(d->in, uint64_t, cap);
    d->cap = cap;
    for (size_t i = 0; i < n; i++) {
        if (old[i] == 0) continue;
        size_t at = rl_dict_home(d, (uint32_t)(old[i] >> 32));
        while (d->slot[at] != 0) at = (at + 1) & (cap - 1);
        d->slot[at] = old[i];
    }
    if (old != NULL) rl_release(d->in, old);
}

static void widen(rl_dict *d, size_t room)
{
    d->text = rl_regrow(d->in, d->text, d->n, room, sizeof *d->text);
    d->len = rl_regrow(d->in, d->len, d->n, room, sizeof *d->len);
    d->room = room;
}

size_t rl_dict_cap(const rl_dict *d, size_t n)
{
    size_t cap = d->cap ? d->cap : 64;
    while (4 * n > 3 * cap) cap *= 2;
    return cap;
}

void rl_dict_room(rl_dict *d, size_t n)
{
    if (n > d->room) widen(d, n > 2 * d->room ? n : 2 * d->room);
}

void rl_dict_reserve(rl_dict *d, size_t n)
{
    size_t cap = rl_dict_cap(d, n);
    if (cap > d->cap) rehash(d, cap);
    rl_dict_room(d, n);
}

/* Slabs grow with the dictionary. */
char *rl_dict_slab(rl_dict *d, size_t bytes)
{
    enum { FIRST = 256 * 1024, LAST = 64 * 1024 * 1024 };
    if (bytes > d->left) {
        size_t n = d->slabs < LAST ? d->slabs : LAST;
        if (n < FIRST) n = FIRST;
        if (n < bytes) n = bytes;
        d->slab = rl_alloc(d->in, n, 1);
        d->left = n;
        d->slabs += n;
    }
    char *at = d->slab;
    d->slab += bytes;
    d->left -= bytes;
    return at;
}

static int32_t probe(const rl_dict *d, const char *s, size_t n, uint32_t h, size_t *free_at)
{
    size_t at = rl_dict_home(d, h);
    for (; d->slot[at] != 0; at = (at + 1) & (d->cap - 1)) {
        if (d->slot[at] >> 32 != h) continue;
        int32_t c = (int32_t)((uint32_t)d->slot[at] - 1);
        if (d->len[c] == n && rl_same_text(d->text[c], s, n)) return c;
    }
    *free_at = at;
    return -1;
}

int32_t rl_dict_find(const rl_dict *d, const char *s, size_t n)
{
    size_t at;
    return d->cap ? probe(d, s, n, rl_hash_text(s, n), &at) : -1;
}

uint32_t rl_dict_hash(const rl_dict *d, const char *s, size_t n)
{
    uint32_t h = rl_hash_text(s, n);
    if (d->cap > 0) __builtin_prefetch(&d->slot[rl_dict_home(d, h)]);
    return h;
}

int32_t rl_dict_code(rl_dict *d, const char *s, size_t n) { return rl_dict_code_of(d, s, n, rl_hash_text(s, n)); }

int32_t rl_dict_code_of(rl_dict *d, const char *s, size_t n, uint32_t h)
{
    if (4 * (d->n + 1) > 3 * d->cap) rehash(d, d->cap ? 2 * d->cap : 64);
    size_t at = 0;
    int32_t c = probe(d, s, n, h, &at);
    if (c >= 0) return c;
    if (d->n == d->room) widen(d, d->room ? 2 * d->room : 32);
    c = (int32_t)d->n++;
    d->text[c] = rl_strndup(d->in, s, n);
    d->len[c] = (uint32_t)n;
    d->slot[at] = slot_of(h, (size_t)c);
    return c;
}

typedef struct ranked {
    const char *text;
    int32_t code;
} ranked;

static int by_text(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return strcmp(x->text, y->text);
}

int32_t *rl_dict_rank(const rl_dict *d, rl_arena *in)
{
    ranked *r = RL_NEW(in, ranked, d->n);
    int32_t *rank = RL_NEW(in, int32_t, d->n);
    for (size_t c = 0; c < d->n; c++) r[c] = (ranked){d->text[c], (int32_t)c};
    qsort(r, d->n, sizeof *r, by_text);
    for (size_t k = 0; k < d->n; k++) rank[r[k].code] = (int32_t)k;
    return rank;
}

static size_t distance(const char *a, const char *b, size_t limit)
{
    enum { MOST = 64 };
    size_t n = strlen(a), m = strlen(b), row[MOST + 1];
    if (n > MOST || m > MOST || (n > m ? n - m : m - n) > limit) return limit + 1;
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t up = row[j], best = diagonal + ((a[i - 1] | 32) != (b[j - 1] | 32));
            if (up + 1 < best) best = up + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[m];
}

const char *rl_nearest(const char *s, const char *const *known, size_t n)
{
    size_t limit = 1 + strlen(s) / 4, best = limit + 1;
    const char *near = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(s, known[i], limit);
        if (d < best) {
            best = d;
            near = known[i];
        }
    }
    return near;
}

char *rl_num_text(char *buf, double x)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, 32, "%.*g", digits, x);
        if (strtod(buf, NULL) == x) break;
    }
    return buf;
}

const char *rl_fixed(double x, int decimals, rl_arena *in)
{
    const char *s = rl_sprintf(in, "%.*f", decimals > 0 ? decimals : 0, x);
    return *s == '-' && s[strspn(s, "-0.")] == '\0' ? s + 1 : s;
}

const char *rl_plural(const char *noun, size_t n, rl_arena *in)
{
    size_t len = strlen(noun);
    if (n == 1 || len < 2) return noun;
    char last = noun[len - 1], before = noun[len - 2];
    if (last == 'y' && strchr("aeiou", before) == NULL) return rl_sprintf(in, "%.*sies", (int)len - 1, noun);
    bool hisses = last == 's' || last == 'x' || last == 'z' || (last == 'h' && (before == 'c' || before == 's'));
    return rl_sprintf(in, "%s%s", noun, hisses ? "es" : "s");
}
