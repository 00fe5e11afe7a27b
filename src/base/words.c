#include "base/words.h"

#include <assert.h>
#include <string.h>

#include "base/par.h"

enum { FIRST_SLOTS = 256, REGION_BITS = 6, REGIONS = 1 << REGION_BITS, FEW = 2048, AHEAD = 16 };

/* ---- one piece ---- */

void rl_words_init(rl_words *w, size_t most, rl_arena *in)
{
    size_t slots = FIRST_SLOTS;
    while (slots < 2 * (most + 1)) slots *= 2;
    *w = (rl_words){.word = RL_NEW(in, rl_word, most),
                    .slot = RL_NEW(in, int32_t, slots),
                    .code = RL_NEW(in, int32_t, most),
                    .sorted = rl_alloc(in, most, sizeof *w->sorted)};
}

void rl_words_release(rl_words *w, rl_arena *in)
{
    rl_release(in, w->word);
    rl_release(in, w->slot);
    rl_release(in, w->code);
    rl_release(in, w->sorted);
}

static void clear(rl_words *w, size_t cap)
{
    w->cap = cap;
    memset(w->slot, 0xff, cap * sizeof *w->slot);
}

void rl_words_begin(rl_words *w, bool all_new)
{
    w->n = w->bytes = 0;
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

/* A region is a 64th of the dictionary's slots, by the first bits of the hash:
 * one thread alone looks there, and the pages it needs are soon at hand.  A
 * text it does not have is fresh, and put into its slot under the code it has
 * if all words of all lists are: the number among these, beyond the codes there
 * were.  If they are not, the slots are corrected afterwards.  A search that
 * runs on into the next region is put off until the threads are through (LATE):
 * there the same text can only have been put off too. */
static const uint32_t FRESH = 0x80000000u; /* of a sorted word */
static const int32_t LATE = INT32_MIN;

/* The words of a list in a region. */
typedef struct share {
    uint32_t from, n;     /* in sorted                                  */
    uint32_t late, again; /* put off; found to be fresh in another word */
} share;

typedef struct merging {
    rl_dict *d;
    rl_words *const *list; /* n_lists */
    size_t n_lists;
    size_t had;      /* texts before */
    uint32_t *first; /* n_lists  number of its first word among all */
    share (*share)[REGIONS];
    size_t *fresh; /* n_lists  words */
    size_t *bytes; /* n_lists  .. their texts, with NULs */
    int32_t *code; /* n_lists  .. code of the first      */
    char **text;   /* n_lists  .. and where its text goes */
} merging;

static void hash(rl_words *w)
{
    for (size_t i = 0; w->all_new && i < w->n; i++) w->word[i].hash = rl_hash_text(w->word[i].s, w->word[i].n);
}

static void sort_by_region(size_t l, void *arg)
{
    const merging *m = arg;
    rl_words *w = m->list[l];
    share *s = m->share[l];
    uint32_t at[REGIONS];
    hash(w);
    for (size_t i = 0; i < w->n; i++) s[w->word[i].hash >> (32 - REGION_BITS)].n++;
    for (size_t r = 0, from = 0; r < REGIONS; from += s[r++].n) at[r] = s[r].from = (uint32_t)from;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t hash = w->word[i].hash;
        w->sorted[at[hash >> (32 - REGION_BITS)]++] = (struct rl_place_of){hash, (uint32_t)i};
    }
}

static rl_word *word_of(const merging *m, uint32_t number, size_t *list)
{
    size_t l = m->n_lists - 1;
    while (m->first[l] > number) l--;
    if (list != NULL) *list = l;
    return &m->list[l]->word[number - m->first[l]];
}

/* Look a word up, not beyond `end`; SIZE_MAX = in all the table.  Of a fresh
 * word the place in the table replaces the hash, and the word has the mark. */
static void look_up(const merging *m, size_t l, struct rl_place_of *p, share *s, size_t end)
{
    const rl_dict *d = m->d;
    const rl_word *w = &m->list[l]->word[p->word];
    int32_t *code = &m->list[l]->code[p->word];
    size_t at = rl_dict_home(d, p->hash);
    for (;; at++) {
        if (at == end) {
            *code = LATE;
            s->late++;
            return;
        }
        if (at == d->cap) at = 0;
        uint64_t slot = d->slot[at];
        if (slot == 0) break;
        if (slot >> 32 != p->hash) continue;
        uint32_t c = (uint32_t)slot;
        if (c > m->had) {
            const uint32_t number = c - 1 - (uint32_t)m->had;
            const rl_word *x = word_of(m, number, NULL);
            if (x->n != w->n || !rl_same_text(x->s, w->s, w->n)) continue;
            *code = ~(int32_t)number;
            s->again++;
            return;
        }
        if (d->len[c - 1] != w->n || !rl_same_text(d->text[c - 1], w->s, w->n)) continue;
        *code = (int32_t)c - 1;
        return;
    }
    uint32_t number = m->first[l] + p->word;
    d->slot[at] = (uint64_t)p->hash << 32 | (uint32_t)(m->had + number + 1);
    *code = ~(int32_t)number;
    *p = (struct rl_place_of){(uint32_t)at, p->word | FRESH};
}

static void look_up_region(size_t r, void *arg)
{
    const merging *m = arg;
    const rl_dict *d = m->d;
    const size_t end = d->cap / REGIONS * (r + 1);
    for (size_t l = 0; l < m->n_lists; l++) {
        share *s = &m->share[l][r];
        struct rl_place_of *p = m->list[l]->sorted + s->from;
        for (size_t k = 0; k < s->n; k++) {
            if (k + AHEAD < s->n) __builtin_prefetch(&d->slot[rl_dict_home(d, p[k + AHEAD].hash)], 1);
            look_up(m, l, &p[k], s, end);
        }
    }
}

static void look_up_late(const merging *m)
{
    for (size_t r = 0; r < REGIONS; r++) {
        for (size_t l = 0; l < m->n_lists; l++) {
            share *s = &m->share[l][r];
            struct rl_place_of *p = m->list[l]->sorted + s->from;
            for (size_t k = 0; k < s->n && s->late > 0; k++) {
                if (m->list[l]->code[p[k].word & ~FRESH] != LATE) continue;
                s->late--;
                look_up(m, l, &p[k], s, SIZE_MAX);
            }
        }
    }
}

static bool is_fresh(const merging *m, size_t l, size_t i)
{
    return m->list[l]->code[i] == ~(int32_t)(m->first[l] + (uint32_t)i);
}

static void count_fresh(size_t l, void *arg)
{
    const merging *m = arg;
    const rl_words *w = m->list[l];
    size_t n = 0, bytes = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (!is_fresh(m, l, i)) continue;
        n++;
        bytes += w->word[i].n + 1;
    }
    m->fresh[l] = n;
    m->bytes[l] = bytes;
}

/* Codes and room of each list's fresh words. */
static void give_room(const merging *m)
{
    rl_dict *d = m->d;
    size_t bytes = 0;
    for (size_t l = 0; l < m->n_lists; l++) bytes += m->bytes[l];
    char *to = bytes > 0 ? rl_dict_slab(d, bytes) : NULL;
    for (size_t l = 0; l < m->n_lists; l++) {
        m->code[l] = (int32_t)d->n;
        m->text[l] = to;
        if (m->fresh[l] == 0) continue;
        d->n += m->fresh[l];
        to += m->bytes[l];
    }
}

static void add_fresh(size_t l, void *arg)
{
    const merging *m = arg;
    rl_dict *d = m->d;
    rl_words *w = m->list[l];
    int32_t c = m->code[l];
    char *to = m->text[l];
    for (size_t i = 0; i < w->n; i++) {
        if (!is_fresh(m, l, i)) continue;
        const rl_word *x = &w->word[i];
        rl_copy_text(to, x->s, x->n);
        to[x->n] = '\0';
        d->text[c] = to;
        d->len[c] = x->n;
        w->code[i] = c++;
        to += x->n + 1;
    }
}

static void code_region(size_t r, void *arg)
{
    const merging *m = arg;
    for (size_t l = 0; l < m->n_lists; l++) {
        const share *s = &m->share[l][r];
        const struct rl_place_of *p = m->list[l]->sorted + s->from;
        for (size_t k = 0; k < s->n; k++) {
            if (k + AHEAD < s->n && p[k + AHEAD].word & FRESH) __builtin_prefetch(&m->d->slot[p[k + AHEAD].hash], 1);
            if (!(p[k].word & FRESH)) continue;
            uint64_t *slot = &m->d->slot[p[k].hash];
            *slot = (*slot & ~(uint64_t)UINT32_MAX) | (uint32_t)(m->list[l]->code[p[k].word & ~FRESH] + 1);
        }
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

static bool comes_again(const merging *m)
{
    for (size_t l = 0; l < m->n_lists; l++) {
        for (size_t r = 0; r < REGIONS; r++)
            if (m->share[l][r].again > 0) return true;
    }
    return false;
}

static void one_by_one(rl_words *w, rl_dict *d)
{
    hash(w);
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
                 .had = d->n,
                 .list = list,
                 .n_lists = n_lists,
                 .first = RL_NEW(cx->tmp, uint32_t, n_lists),
                 .share = rl_alloc(cx->tmp, n_lists, sizeof *m.share),
                 .fresh = RL_NEW(cx->tmp, size_t, n_lists),
                 .bytes = RL_NEW(cx->tmp, size_t, n_lists),
                 .code = RL_NEW(cx->tmp, int32_t, n_lists),
                 .text = RL_NEW(cx->tmp, char *, n_lists)};
    for (size_t l = 1; l < n_lists; l++) m.first[l] = m.first[l - 1] + (uint32_t)list[l - 1]->n;
    rl_par(n_lists, sort_by_region, &m, cx);
    rl_par(REGIONS, look_up_region, &m, cx);
    look_up_late(&m);
    rl_par(n_lists, count_fresh, &m, cx);
    give_room(&m);
    rl_par(n_lists, add_fresh, &m, cx);
    if (d->n > m.had && d->n < m.had + words) rl_par(REGIONS, code_region, &m, cx);
    if (comes_again(&m)) rl_par(n_lists, repeat, &m, cx);
    rl_release(cx->tmp, m.share);
}
