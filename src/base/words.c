#include "base/words.h"

#include <assert.h>
#include <string.h>

#include "base/par.h"

enum { FIRST_SLOTS = 256, REGION_BITS = 4, REGIONS = 1 << REGION_BITS, FEW = 2048, AHEAD = 16 };
enum { FIRST_SLAB = 256 * 1024, LAST_SLAB = 64 * 1024 * 1024 };

/* ---- one piece ---- */

void rl_words_init(rl_words *w, size_t most, rl_arena *in)
{
    size_t slots = FIRST_SLOTS;
    while (slots < 2 * (most + 1)) slots *= 2;
    *w = (rl_words){.word = RL_NEW(in, rl_word, most),
                    .slot = RL_NEW(in, int32_t, slots),
                    .code = RL_NEW(in, int32_t, most),
                    .by_region = RL_NEW(in, uint32_t, most)};
}

void rl_words_release(rl_words *w, rl_arena *in)
{
    rl_release(in, w->word);
    rl_release(in, w->slot);
    rl_release(in, w->code);
    rl_release(in, w->by_region);
}

static void clear(rl_words *w, size_t cap)
{
    w->cap = cap;
    memset(w->slot, 0xff, cap * sizeof *w->slot);
}

void rl_words_begin(rl_words *w, bool all_new)
{
    w->n = 0;
    w->all_new = all_new;
    clear(w, FIRST_SLOTS);
}

void rl_words_widen(rl_words *w)
{
    clear(w, 2 * w->cap);
    for (size_t i = 0; i < w->n; i++) {
        size_t at = w->word[i].hash & (w->cap - 1);
        while (w->slot[at] >= 0) at = (at + 1) & (w->cap - 1);
        w->slot[at] = (int32_t)i;
    }
}

/* ---- all pieces ---- */

/* A region is a sixteenth of the dictionary's slots, by the first bits of the
 * hash: one thread alone looks there.  A text it does not have is put into its
 * slot under the number it has among the words of all lists, with the mark
 * FRESH, until its code is known.  A search that runs on into the next region
 * is put off until the threads are through (LATE): there the same text can
 * only have been put off too. */
static const uint32_t FRESH = 0x80000000u;
static const int32_t LATE = INT32_MIN;

/* The words of a list in a region. */
typedef struct share {
    uint32_t from, n; /* in by_region                   */
    uint32_t fresh, late;
    uint32_t again; /* .. that another word was first   */
    size_t bytes;   /* of the fresh texts, with NULs    */
} share;

typedef struct merging {
    rl_dict *d;
    rl_words *const *list; /* n_lists */
    size_t n_lists;
    uint32_t *first; /* n_lists  number of its first word among all */
    share (*share)[REGIONS];
    int32_t *code; /* n_lists  of its first fresh word */
    char **text;   /* n_lists  .. and where its text goes */
} merging;

static void sort_by_region(size_t l, void *arg)
{
    const merging *m = arg;
    rl_words *w = m->list[l];
    share *s = m->share[l];
    uint32_t at[REGIONS];
    for (size_t i = 0; i < w->n; i++) s[w->word[i].hash >> (32 - REGION_BITS)].n++;
    for (size_t r = 0, from = 0; r < REGIONS; from += s[r++].n) at[r] = s[r].from = (uint32_t)from;
    for (size_t i = 0; i < w->n; i++) w->by_region[at[w->word[i].hash >> (32 - REGION_BITS)]++] = (uint32_t)i;
}

static rl_word *word_of(const merging *m, uint32_t number, size_t *list)
{
    size_t l = m->n_lists - 1;
    while (m->first[l] > number) l--;
    if (list != NULL) *list = l;
    return &m->list[l]->word[number - m->first[l]];
}

/* Look a word up, not beyond `end`; SIZE_MAX = in all the table.  Of a fresh word the
 * place in the table replaces the hash, which stands in the slot. */
static void look_up(const merging *m, size_t l, size_t i, share *s, size_t end)
{
    rl_dict *d = m->d;
    rl_word *w = &m->list[l]->word[i];
    int32_t *code = &m->list[l]->code[i];
    size_t at = rl_dict_home(d, w->hash);
    for (;; at++) {
        if (at == end) {
            *code = LATE;
            s->late++;
            return;
        }
        if (at == d->cap) at = 0;
        uint64_t slot = d->slot[at];
        if (slot == 0) break;
        if (slot >> 32 != w->hash) continue;
        uint32_t c = (uint32_t)slot;
        if (c & FRESH) {
            const rl_word *x = word_of(m, c & ~FRESH, NULL);
            if (x->n != w->n || !rl_same_text(x->s, w->s, w->n)) continue;
            *code = ~(int32_t)(c & ~FRESH);
            s->again++;
            return;
        }
        if (d->len[c - 1] != w->n || !rl_same_text(d->text[c - 1], w->s, w->n)) continue;
        *code = (int32_t)c - 1;
        return;
    }
    uint32_t number = m->first[l] + (uint32_t)i;
    d->slot[at] = (uint64_t)w->hash << 32 | FRESH | number;
    *code = ~(int32_t)number;
    w->hash = (uint32_t)at;
    s->fresh++;
    s->bytes += w->n + 1;
}

static void look_up_region(size_t r, void *arg)
{
    const merging *m = arg;
    const size_t end = m->d->cap / REGIONS * (r + 1);
    for (size_t l = 0; l < m->n_lists; l++) {
        const rl_words *w = m->list[l];
        share *s = &m->share[l][r];
        const uint32_t *by = w->by_region + s->from;
        for (size_t k = 0; k < s->n; k++) {
            if (k + AHEAD < s->n) __builtin_prefetch(&m->d->slot[rl_dict_home(m->d, w->word[by[k + AHEAD]].hash)], 1);
            look_up(m, l, by[k], s, end);
        }
    }
}

static void look_up_late(const merging *m)
{
    for (size_t r = 0; r < REGIONS; r++) {
        for (size_t l = 0; l < m->n_lists; l++) {
            share *s = &m->share[l][r];
            for (size_t k = 0; k < s->n && s->late > 0; k++) {
                size_t i = m->list[l]->by_region[s->from + k];
                if (m->list[l]->code[i] != LATE) continue;
                s->late--;
                look_up(m, l, i, s, SIZE_MAX);
            }
        }
    }
}

/* `bytes` for the texts of a merge: slabs grow with the dictionary. */
static char *slab(rl_dict *d, size_t bytes)
{
    if (bytes > d->left) {
        size_t n = d->slabs < LAST_SLAB ? d->slabs : LAST_SLAB;
        if (n < FIRST_SLAB) n = FIRST_SLAB;
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

/* Codes and room of each list's fresh words; true when some word is a fresh one's repetition. */
static bool give_room(const merging *m)
{
    rl_dict *d = m->d;
    size_t n = d->n, bytes = 0;
    bool again = false;
    for (size_t l = 0; l < m->n_lists; l++) {
        for (size_t r = 0; r < REGIONS; r++) bytes += m->share[l][r].bytes;
    }
    char *to = bytes > 0 ? slab(d, bytes) : NULL;
    for (size_t l = 0; l < m->n_lists; l++) {
        m->code[l] = (int32_t)n;
        m->text[l] = to;
        for (size_t r = 0; r < REGIONS; r++) {
            const share *s = &m->share[l][r];
            n += s->fresh;
            if (to != NULL) to += s->bytes;
            again = again || s->again > 0;
        }
    }
    d->n = n;
    return again;
}

static inline void copy(char *to, const char *s, size_t n)
{
    uint64_t a, b;
    if (n < 8 || n > 16) {
        memcpy(to, s, n);
        return;
    }
    memcpy(&a, s, 8);
    memcpy(&b, s + n - 8, 8);
    memcpy(to, &a, 8);
    memcpy(to + n - 8, &b, 8);
}

static void add_fresh(size_t l, void *arg)
{
    const merging *m = arg;
    rl_dict *d = m->d;
    rl_words *w = m->list[l];
    int32_t c = m->code[l];
    char *to = m->text[l];
    for (size_t i = 0; i < w->n; i++) {
        if (w->code[i] != ~(int32_t)(m->first[l] + (uint32_t)i)) continue;
        const rl_word *x = &w->word[i];
        uint64_t *slot = &d->slot[x->hash];
        copy(to, x->s, x->n);
        to[x->n] = '\0';
        d->text[c] = to;
        d->len[c] = x->n;
        *slot = (*slot & ~(uint64_t)UINT32_MAX) | (uint32_t)(c + 1);
        w->code[i] = c++;
        to += x->n + 1;
    }
}

static void repeat(size_t l, void *arg)
{
    const merging *m = arg;
    rl_words *w = m->list[l];
    for (size_t i = 0; i < w->n; i++) {
        if (w->code[i] >= 0) continue;
        size_t of;
        uint32_t number = (uint32_t)~w->code[i];
        word_of(m, number, &of);
        w->code[i] = m->list[of]->code[number - m->first[of]];
    }
}

static void one_by_one(rl_words *w, rl_dict *d)
{
    for (size_t i = 0; i < w->n; i++) {
        if (i + AHEAD < w->n && d->cap > 0) __builtin_prefetch(&d->slot[rl_dict_home(d, w->word[i + AHEAD].hash)]);
        w->code[i] = rl_dict_code_of(d, w->word[i].s, w->word[i].n, w->word[i].hash);
    }
}

void rl_words_merge(rl_words *const *list, size_t n_lists, rl_dict *d, size_t expect, rl_ctx *cx)
{
    size_t words = 0;
    for (size_t l = 0; l < n_lists; l++) words += list[l]->n;
    if (words < FEW) {
        for (size_t l = 0; l < n_lists; l++) one_by_one(list[l], d);
        return;
    }
    assert(d->n + words < INT32_MAX);
    rl_dict_reserve(d, d->n + words > expect ? d->n + words : expect);
    merging m = {.d = d,
                 .list = list,
                 .n_lists = n_lists,
                 .first = RL_NEW(cx->tmp, uint32_t, n_lists),
                 .share = rl_alloc(cx->tmp, n_lists, sizeof *m.share),
                 .code = RL_NEW(cx->tmp, int32_t, n_lists),
                 .text = RL_NEW(cx->tmp, char *, n_lists)};
    for (size_t l = 1; l < n_lists; l++) m.first[l] = m.first[l - 1] + (uint32_t)list[l - 1]->n;
    rl_par(n_lists, sort_by_region, &m, cx);
    rl_par(REGIONS, look_up_region, &m, cx);
    look_up_late(&m);
    bool again = give_room(&m);
    rl_par(n_lists, add_fresh, &m, cx);
    if (again) rl_par(n_lists, repeat, &m, cx);
    rl_release(cx->tmp, m.share);
}
