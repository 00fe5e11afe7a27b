/* number.c -- a cell as a number, in the ways people write them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"

enum { LONGEST = 1024 }; /* characters of a number that is worth reading */

typedef struct text {
    const char *s;
    size_t n;
} text;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What is written before the exact value is made: mantissa * 10^exp10. */
typedef struct decimal {
    uint64_t mantissa;
    int digits; /* significant ones seen, leading zeros not counted */
    long exp10;
    bool minus;
} decimal;

static void take(decimal *d, char c)
{
    if (d->digits == 0 && c == '0') return;
    if (d->digits < 19) d->mantissa = 10 * d->mantissa + (uint64_t)(c - '0');
    d->digits++;
}

static bool scan_exponent(const char *s, const char *end, decimal *d)
{
    bool minus = s < end && *s == '-';
    long e = 0;
    if (s < end && (*s == '-' || *s == '+')) s++;
    if (s == end) return false;
    for (; s < end; s++) {
        if (!is_digit(*s)) return false;
        if (e < 100000) e = 10 * e + (*s - '0');
    }
    d->exp10 += minus ? -e : e;
    return true;
}

/* [sign] digits [. digits] [e [sign] digits], at least one digit before the e. */
static bool scan(const char *s, const char *end, decimal *d)
{
    const char *from = NULL;
    *d = (decimal){0};
    if (s < end && (*s == '-' || *s == '+')) d->minus = *s++ == '-';
    from = s;
    for (; s < end && is_digit(*s); s++) take(d, *s);
    bool some = s > from;
    if (s < end && *s == '.') {
        for (from = ++s; s < end && is_digit(*s); s++) take(d, *s);
        d->exp10 = from - s;
        some |= s > from;
    }
    if (!some) return false;
    if (s == end) return true;
    return (*s == 'e' || *s == 'E') && scan_exponent(s + 1, end, d);
}

static inline uint64_t load(const char *s)
{
    uint64_t w;
    memcpy(&w, s, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w ^ 0x3030303030303030u;
}

/* Eight characters less '0', the first lowest: the upper bit of each that is no
 * digit.  Exact up to the first of them: behind it a carry may tell on a digit. */
static inline uint64_t strangers(uint64_t x) { return ((x + 0x7676767676767676u) | x) & 0x8080808080808080u; }

/* Its first k <= 8 characters moved to the end, behind zeros. */
static inline uint64_t front(uint64_t x, int k) { return x << 4 * (8 - k) << 4 * (8 - k); }

/* Eight digits as a number: pairs, fours and the whole are put together in place. */
static inline uint64_t eight(uint64_t x)
{
    x = x * 2561 >> 8;
    x = (x & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
    return (x & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
}

static const double TEN[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const uint64_t POWER[] = {1,
                                 10,
                                 100,
                                 1000,
                                 10000,
                                 100000,
                                 1000000,
                                 10000000,
                                 100000000,
                                 1000000000,
                                 10000000000,
                                 100000000000,
                                 1000000000000,
                                 10000000000000,
                                 100000000000000,
                                 1000000000000000,
                                 10000000000000000};

/* The shape of nearly all numbers, [-] digits [. digits], at most 15 and 16 of
 * them, 19 together.  RL_NUMBER_PAD bytes from s on may be loaded, whatever n. */
static inline bool quick(const char *s, size_t n, double *x)
{
    const uint64_t minus = *s == '-';
    const char *end = s + n;
    s += minus;
    uint64_t w = load(s), odd = strangers(w), m;
    int whole = odd ? __builtin_ctzll(odd) / 8 : 8, part = 0;
    if (whole > end - s) whole = (int)(end - s);
    m = eight(front(w, whole));
    if (whole == 8) {
        w = load(s + 8);
        odd = strangers(w);
        int more = odd ? __builtin_ctzll(odd) / 8 : 8;
        if (more > end - s - 8) more = (int)(end - s - 8);
        if (more == 8) return false;
        m = m * POWER[more] + eight(front(w, more));
        whole += more;
    }
    s += whole;
    if (s != end) {
        if (*s != '.') return false;
        ptrdiff_t left = end - ++s;
        if (left > 16 || whole + left > 19) return false;
        part = (int)left;
        w = front(load(s), part < 8 ? part : 8);
        odd = strangers(w);
        uint64_t y = eight(w);
        if (part > 8) {
            w = front(load(s + 8), part - 8);
            odd |= strangers(w);
            y = y * POWER[part - 8] + eight(w);
        }
        if (odd != 0) return false;
        m = m * POWER[part] + y;
    }
    if (whole + part == 0 || m > (uint64_t)1 << 53) return false;
    double v = (double)m / TEN[part];
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits |= minus << 63;
    memcpy(x, &bits, sizeof bits);
    return true;
}

uint64_t rl_number_cells(const rl_field *cell, size_t step, size_t n, double *x)
{
    uint64_t left = 0;
    for (size_t i = 0; i < n; i++, cell += step) {
        if (cell->n == 0 || !quick(cell->s, cell->n, &x[i])) left |= (uint64_t)1 << i;
    }
    return left;
}

/* Exact when mantissa and power of ten are both doubles without rounding: one
 * operation then rounds correctly (Clinger 1990).  The rest goes to strtod. */
static bool plain(text t, double *x)
{
    decimal d;
    if (!scan(t.s, t.s + t.n, &d)) return false;
    if (d.digits <= 19 && d.mantissa <= (uint64_t)1 << 53 && d.exp10 >= -22 && d.exp10 <= 22) {
        double m = (double)d.mantissa;
        m = d.exp10 < 0 ? m / TEN[-d.exp10] : m * TEN[d.exp10];
        *x = d.minus ? -m : m;
        return true;
    }
    char copy[LONGEST + 1];
    if (t.n > LONGEST) return false;
    memcpy(copy, t.s, t.n);
    copy[t.n] = '\0';
    double v = strtod(copy, NULL);
    if (isinf(v)) return false;
    *x = v;
    return true;
}

static bool starts(text t, const char *with)
{
    size_t n = strlen(with);
    return t.n >= n && memcmp(t.s, with, n) == 0;
}

static bool ends(text t, const char *with)
{
    size_t n = strlen(with);
    return t.n >= n && memcmp(t.s + t.n - n, with, n) == 0;
}

static const char *const BLANKS[] = {" ", "\t", "\n", "\r", "\u00a0", "\u202f"};
enum { N_ASCII_BLANKS = 4, N_BLANKS = 6 };

static text trim(text t, size_t n_blanks)
{
    for (size_t i = 0; i < n_blanks; i++) {
        size_t w = strlen(BLANKS[i]);
        if (starts(t, BLANKS[i]))
            t.s += w, t.n -= w;
        else if (ends(t, BLANKS[i]))
            t.n -= w;
        else
            continue;
        i = (size_t)-1; /* again from the first kind */
    }
    return t;
}

/* Bytes of a currency at the front (or the back) of t: a sign or a code such as USD. */
static size_t currency(text t, bool front)
{
    static const char *const SIGNS[] = {"$", "\u20ac", "\u00a3", "\u00a5"};
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
        if (front ? starts(t, SIGNS[i]) : ends(t, SIGNS[i])) return strlen(SIGNS[i]);
    }
    if (t.n < 4) return 0;
    const char *code = front ? t.s : t.s + t.n - 3;
    for (int i = 0; i < 3; i++) {
        if (code[i] < 'A' || code[i] > 'Z') return 0;
    }
    return 3;
}

/* A sign at the front: -1, +1, or 0 when there is none. */
static int sign(text *t)
{
    static const char *const MINUS = "\u2212";
    int s = starts(*t, "-") || starts(*t, MINUS) ? -1 : starts(*t, "+") ? 1 : 0;
    if (s != 0) {
        size_t w = starts(*t, MINUS) ? strlen(MINUS) : 1;
        t->s += w;
        t->n -= w;
    }
    return s;
}

/* Take sign, currency and brackets away; *minus tells what they said. */
static bool undress(text *t, bool *minus)
{
    *t = trim(*t, N_BLANKS);
    bool bracket = t->n > 2 && t->s[0] == '(' && t->s[t->n - 1] == ')';
    if (bracket) *t = trim((text){t->s + 1, t->n - 2}, N_BLANKS);
    int s = sign(t);
    size_t before = currency(*t, true);
    if (before > 0) {
        *t = trim((text){t->s + before, t->n - before}, N_BLANKS);
        if (s == 0) s = sign(t);
    }
    size_t after = before == 0 ? currency(*t, false) : 0;
    if (after > 0) *t = trim((text){t->s, t->n - after}, N_BLANKS);
    *minus = bracket || s < 0;
    return t->n > 0 && (is_digit(t->s[0]) || t->s[0] == '.' || t->s[0] == ',') && !(bracket && s != 0);
}

/* Bytes of the separator that stands at t and may group thousands. */
static size_t separator(text t, rl_number_format f)
{
    static const char *const EU[] = {".", " ", "'", "\u00a0", "\u202f", "\u2019"};
    if (f == RL_NUMBERS_US) return starts(t, ",") ? 1 : 0;
    for (size_t i = 0; i < sizeof EU / sizeof *EU; i++) {
        if (starts(t, EU[i])) return strlen(EU[i]);
    }
    return 0;
}

/* "1,234,567.5" or "1.234.567,5" as "1234567.5" in out (t.n + 1 bytes fit): one
 * kind of separator, one to three digits before the first, three after each. */
static bool ungroup(text t, rl_number_format f, char *out, size_t *n_out)
{
    const char point = f == RL_NUMBERS_US ? '.' : ',';
    size_t n = 0, lead = 0;
    while (lead < t.n && is_digit(t.s[lead])) out[n++] = t.s[lead++];
    t = (text){t.s + lead, t.n - lead};
    size_t w = separator(t, f);
    if (w > 0 && (lead < 1 || lead > 3)) return false;
    for (const char *kind = t.s; w > 0 && t.n >= w && memcmp(t.s, kind, w) == 0;) {
        if (t.n < w + 3 || !is_digit(t.s[w]) || !is_digit(t.s[w + 1]) || !is_digit(t.s[w + 2])) return false;
        memcpy(out + n, t.s + w, 3);
        n += 3;
        t = (text){t.s + w + 3, t.n - w - 3};
    }
    if (t.n > 0 && t.s[0] == point) {
        out[n++] = '.';
        t = (text){t.s + 1, t.n - 1};
    } else if (t.n > 0 && t.s[0] != 'e' && t.s[0] != 'E') {
        return false;
    }
    if (memchr(t.s, '.', t.n) != NULL) return false;
    memcpy(out + n, t.s, t.n);
    *n_out = n + t.n;
    return true;
}

bool rl_number_parse(const char *s, size_t n, rl_number_format f, double *x)
{
    char clean[LONGEST + 1];
    bool minus;
    text t = {s, n};
    if (n > 0 && (unsigned char)s[0] > ' ' && (unsigned char)s[n - 1] > ' ') {
        if (f != RL_NUMBERS_EU && plain(t, x)) return true; /* the common case */
    } else {
        t = trim(t, N_ASCII_BLANKS);
        if (f != RL_NUMBERS_EU && plain(t, x)) return true;
    }
    if (f == RL_NUMBERS_PLAIN || t.n > LONGEST || !undress(&t, &minus)) return false;
    if (!ungroup(t, f, clean, &n) || !plain((text){clean, n}, x)) return false;
    if (minus) *x = -*x;
    return true;
}
