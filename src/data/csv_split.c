#include "data/csv_split.h"

#include <string.h>

#include "data/csv_locate.h"

#if defined(__SSE2__)
#include <emmintrin.h>

/* Bit i: text[i] is the delimiter, LF or CR; 64 bytes. */
static inline uint64_t ends_fast(const char *text, char delimiter)
{
    const __m128i d = _mm_set1_epi8(delimiter), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    uint64_t m = 0;
    for (int q = 0; q < 4; q++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * q));
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, d), _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr)));
        m |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << 16 * q;
    }
    return m;
}
#else
#define ends_fast ends_plain
#endif

static inline uint64_t ends_plain(const char *text, char delimiter)
{
    uint64_t m = 0;
    for (int i = 0; i < 64; i++) m |= (uint64_t)(text[i] == delimiter || text[i] == '\n' || text[i] == '\r') << i;
    return m;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* A row being split. */
typedef struct split {
    const char *from; /* of the field                        */
    const char *row;  /* of the row                          */
    rl_field *field;
    size_t k, n_fields;
    uint64_t rows;
    rl_row_fn *fn;
    void *user;
} split;

static inline rl_field trimmed(const char *s, const char *end)
{
    if (s < end && (is_blank(*s) || is_blank(end[-1]))) {
        while (s < end && is_blank(*s)) s++;
        while (s < end && is_blank(end[-1])) end--;
    }
    return (rl_field){s, (size_t)(end - s), false};
}

/* The end of a field at `at`; false when the row does not fit. */
static inline bool take(split *p, const char *at, bool row_ends)
{
    rl_field f = trimmed(p->from, at);
    p->from = at + 1;
    if (row_ends && p->k == 0 && f.n == 0) {
        p->row = p->from;
        return true;
    }
    if (p->k == p->n_fields) return false;
    p->field[p->k++] = f;
    if (!row_ends) return true;
    if (p->k != p->n_fields || at - p->row > RL_CSV_FIELD_MAX) return false;
    p->fn(p->user, p->rows++, p->field, p->k);
    p->k = 0;
    p->row = p->from;
    return true;
}

static inline __attribute__((always_inline)) bool run(split *p, const char *text, size_t n, char delimiter,
                                                      uint64_t (*ends)(const char *, char))
{
    for (size_t base = 0; base < n; base += 64) {
        uint64_t m = ends(text + base, delimiter);
        if (n - base < 64) m &= ((uint64_t)1 << (n - base)) - 1;
        for (; m != 0; m &= m - 1) {
            const char *at = text + base + __builtin_ctzll(m);
            if (!take(p, at, *at != delimiter)) return false;
        }
    }
    return p->row == text + n || take(p, text + n, true);
}

bool rl_csv_split(const char *text, size_t n, char delimiter, rl_field *field, size_t n_fields, rl_split_kind kind,
                  rl_row_fn *fn, void *user, uint64_t *rows)
{
    split p = {.from = text, .row = text, .field = field, .n_fields = n_fields, .fn = fn, .user = user};
    bool fits =
        kind == RL_SPLIT_BEST ? run(&p, text, n, delimiter, ends_fast) : run(&p, text, n, delimiter, ends_plain);
    *rows = p.rows;
    return fits;
}

rl_bytes_seen rl_csv_bytes(const char *text, size_t n)
{
    rl_bytes_seen seen = {memchr(text, '"', n) != NULL, false, false};
    uint64_t high = 0, zero = 0, w;
    const uint64_t HIGH = 0x8080808080808080u, LOW = 0x0101010101010101u;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&w, text + i, 8);
        high |= w;
        zero |= (w - LOW) & ~w; /* exact as to whether there is a zero byte */
    }
    for (; i < n; i++) {
        high |= (unsigned char)text[i];
        if (text[i] == '\0') zero |= HIGH;
    }
    seen.high = (high & HIGH) != 0;
    seen.nul = (zero & HIGH) != 0;
    return seen;
}
