#include "data/csv_split.h"

#include <assert.h>
#include <string.h>

#include "data/csv_locate.h"

/* ---- where fields end ---------------------------------------------------------------------------------- */

static rl_bytes_seen ends_plain(const char *text, size_t n, char delimiter, uint64_t *end)
{
    rl_bytes_seen seen = {false, false, false};
    memset(end, 0, (n / 64 + 1) * sizeof *end);
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        end[i / 64] |= (uint64_t)(c == delimiter || c == '\n' || c == '\r') << i % 64;
        seen.quote |= c == '"';
        seen.high |= (unsigned char)c > 0x7f;
        seen.nul |= c == '\0';
    }
    return seen;
}

/* The last, partial 64 bytes: what is behind the text neither ends a field nor was seen. */
static void rest(const char *text, size_t n, char delimiter, uint64_t *end, rl_bytes_seen *seen)
{
    rl_bytes_seen last = ends_plain(text, n, delimiter, end);
    seen->quote |= last.quote;
    seen->high |= last.high;
    seen->nul |= last.nul;
}

#if defined(__x86_64__)
#include <immintrin.h>

static rl_bytes_seen ends_sse2(const char *text, size_t n, char delimiter, uint64_t *end)
{
    const __m128i d = _mm_set1_epi8(delimiter), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r'),
                  qu = _mm_set1_epi8('"');
    __m128i quote = _mm_setzero_si128(), high = quote, least = _mm_set1_epi8(1);
    size_t at = 0;
    for (; at + 64 <= n; at += 64) {
        uint64_t m = 0;
        for (int q = 0; q < 4; q++) {
            __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + at + 16 * q));
            __m128i hit =
                _mm_or_si128(_mm_cmpeq_epi8(x, d), _mm_or_si128(_mm_cmpeq_epi8(x, lf), _mm_cmpeq_epi8(x, cr)));
            m |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << 16 * q;
            quote = _mm_or_si128(quote, _mm_cmpeq_epi8(x, qu));
            high = _mm_or_si128(high, x);
            least = _mm_min_epu8(least, x);
        }
        end[at / 64] = m;
    }
    rl_bytes_seen seen = {_mm_movemask_epi8(quote) != 0, _mm_movemask_epi8(high) != 0,
                          _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())) != 0};
    rest(text + at, n - at, delimiter, end + at / 64, &seen);
    return seen;
}

__attribute__((target("avx2"))) static rl_bytes_seen ends_avx2(const char *text, size_t n, char delimiter,
                                                               uint64_t *end)
{
    const __m256i d = _mm256_set1_epi8(delimiter), lf = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r'),
                  qu = _mm256_set1_epi8('"');
    __m256i quote = _mm256_setzero_si256(), high = quote, least = _mm256_set1_epi8(1);
    size_t at = 0;
    for (; at + 64 <= n; at += 64) {
        uint64_t m = 0;
        for (int q = 0; q < 2; q++) {
            __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(text + at + 32 * q));
            __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(x, d),
                                          _mm256_or_si256(_mm256_cmpeq_epi8(x, lf), _mm256_cmpeq_epi8(x, cr)));
            m |= (uint64_t)(uint32_t)_mm256_movemask_epi8(hit) << 32 * q;
            quote = _mm256_or_si256(quote, _mm256_cmpeq_epi8(x, qu));
            high = _mm256_or_si256(high, x);
            least = _mm256_min_epu8(least, x);
        }
        end[at / 64] = m;
    }
    rl_bytes_seen seen = {_mm256_movemask_epi8(quote) != 0, _mm256_movemask_epi8(high) != 0,
                          _mm256_movemask_epi8(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0};
    rest(text + at, n - at, delimiter, end + at / 64, &seen);
    return seen;
}

bool rl_split_has(rl_split_kind kind) { return kind != RL_SPLIT_AVX2 || __builtin_cpu_supports("avx2"); }
#else
#define ends_sse2 ends_plain
#define ends_avx2 ends_plain
bool rl_split_has(rl_split_kind kind) { return kind == RL_SPLIT_PLAIN; }
#endif

rl_split_kind rl_split_best(void)
{
    return rl_split_has(RL_SPLIT_AVX2) ? RL_SPLIT_AVX2 : rl_split_has(RL_SPLIT_SSE2) ? RL_SPLIT_SSE2 : RL_SPLIT_PLAIN;
}

rl_bytes_seen rl_csv_ends(const char *text, size_t n, char delimiter, rl_split_kind kind, uint64_t *end)
{
    assert(rl_split_has(kind));
    return kind == RL_SPLIT_AVX2   ? ends_avx2(text, n, delimiter, end)
           : kind == RL_SPLIT_SSE2 ? ends_sse2(text, n, delimiter, end)
                                   : ends_plain(text, n, delimiter, end);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

enum { MOST_ROWS = 64, MOST_FIELDS = 1024 };

size_t rl_split_rows(size_t n_fields)
{
    size_t rows = MOST_FIELDS / (n_fields > 0 ? n_fields : 1);
    return rows == 0 ? 1 : rows < MOST_ROWS ? rows : MOST_ROWS;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Rows being split. */
typedef struct split {
    const char *from; /* of the field                        */
    const char *row;  /* of the row                          */
    rl_field *field;  /* the next one                        */
    rl_field *last;   /* behind the row's last               */
    rl_field *first;  /* of the rows not given out yet       */
    size_t n_fields, held, most;
    uint64_t rows; /* given out                           */
    rl_rows_fn *fn;
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

static void give(split *p)
{
    if (p->held > 0) p->fn(p->user, p->rows, p->first, p->held);
    p->rows += p->held;
    p->held = 0;
    p->field = p->first;
    p->last = p->first + p->n_fields;
}

/* The end of a row at `at`; false when it does not fit. */
static inline bool end_row(split *p, const char *at)
{
    rl_field f = trimmed(p->from, at);
    p->from = at + 1;
    if (f.n == 0 && p->field + p->n_fields == p->last) { /* nothing in it: no row */
        p->row = p->from;
        return true;
    }
    if (p->field + 1 != p->last || at - p->row > RL_CSV_FIELD_MAX) return false;
    *p->field++ = f;
    p->last += p->n_fields;
    p->row = p->from;
    if (++p->held == p->most) give(p);
    return true;
}

bool rl_csv_split(const char *text, size_t n, const uint64_t *end, char delimiter, rl_field *field, size_t n_fields,
                  rl_rows_fn *fn, void *user, uint64_t *rows)
{
    split p = {.from = text,
               .row = text,
               .field = field,
               .first = field,
               .last = field + n_fields,
               .n_fields = n_fields,
               .most = rl_split_rows(n_fields),
               .fn = fn,
               .user = user};
    bool fits = true;
    for (size_t base = 0; base <= n && fits; base += 64) {
        for (uint64_t m = end[base / 64]; m != 0 && fits; m &= m - 1) {
            const char *at = text + base + __builtin_ctzll(m);
            if (*at != delimiter) {
                fits = end_row(&p, at);
            } else {
                fits = p.field + 1 < p.last;
                if (fits) *p.field++ = trimmed(p.from, at);
                p.from = at + 1;
            }
        }
    }
    if (fits && p.row != text + n) fits = end_row(&p, text + n);
    if (fits) give(&p);
    *rows = p.rows;
    return fits;
}
