#include "base/fresh.h"

#include <assert.h>
#include <string.h>

#include "base/par.h"

enum { FIRST_WAIT = 1 << 20, ONE_IN = 128, FEW_KNOWN = 8 };
enum { REGION_BITS = 8, REGIONS = 1 << REGION_BITS, PER_BLOCK = 1 << 14, AHEAD = 24 };

/* That may wait: more when more are known, so that the table is gone through a few times in all. */
static size_t most(const rl_fresh *f) { return FIRST_WAIT + (f->d->n - f->wait); }

bool rl_fresh_due(const rl_fresh *f, size_t more)
{
    if (f->wait == 0) return false;
    return f->wait + more > most(f) || f->d->n + more >= INT32_MAX || FEW_KNOWN * f->known > f->probed;
}

/* ---- adding -------------------------------------------------------------------------------------------- */

typedef struct adding {
    const rl_fresh *f;
    rl_words *const *list;  /* n_lists                        */
    char **text;            /* n_lists  where its texts go     */
    size_t *probed, *known; /* n_lists                         */
} adding;

static void add_list(size_t l, void *arg)
{
    const adding *a = arg;
    const rl_fresh *f = a->f;
    const rl_dict *d = f->d;
    const rl_words *w = a->list[l];
    const size_t c = (size_t)w->first;
    const char **text = d->text + c;
    uint32_t *len = d->len + c;
    char *to = a->text[l];
    rl_touch(text, w->n * sizeof *text);
    rl_touch(len, w->n * sizeof *len);
    rl_touch(to, w->bytes);
    for (size_t i = 0; i < w->n; i++) {
        const rl_word *x = &w->word[i];
        rl_copy_text(to, x->s, x->n);
        to[x->n] = '\0';
        text[i] = to;
        len[i] = x->n;
        to += x->n + 1;
    }
    for (size_t i = 0; i < w->n; i += ONE_IN) {
        a->probed[l]++;
        a->known[l] += rl_dict_find(d, text[i], len[i]) >= 0;
    }
}

void rl_fresh_add(rl_fresh *f, rl_words *const *list, size_t n_lists, size_t expect, rl_ctx *cx)
{
    rl_dict *d = f->d;
    adding a = {.f = f,
                .list = list,
                .text = RL_NEW(cx->tmp, char *, n_lists),
                .probed = RL_NEW(cx->tmp, size_t, n_lists),
                .known = RL_NEW(cx->tmp, size_t, n_lists)};
    size_t words = 0, bytes = 0;
    for (size_t l = 0; l < n_lists; l++) {
        words += list[l]->n;
        bytes += list[l]->bytes;
    }
    if (words == 0) return;
    assert(d->n + words < INT32_MAX);
    f->expect = d->n + words > expect ? d->n + words : expect;
    rl_dict_room(d, f->expect);
    char *to = rl_dict_slab(d, bytes);
    for (size_t l = 0; l < n_lists; l++) {
        list[l]->first = (int32_t)d->n;
        a.text[l] = to;
        d->n += list[l]->n;
        to += list[l]->bytes;
    }
    f->wait += words;
    rl_par(n_lists, add_list, &a, cx);
    for (size_t l = 0; l < n_lists; l++) {
        f->probed += a.probed[l];
        f->known += a.known[l];
    }
}

/* ---- looking up ---------------------------------------------------------------------------------------- */

/* A region is a 256th of the table: half a core's own cache when the table is
 * that of ten million texts.  One thread alone looks there: the old table's
 * entries go in first, when it grew, then the texts that wait, block after
 * block, which is in the order of their codes.  A search that runs on into the
 * next region is put off until the threads are through: there the same text
 * can only have been put off too. */
typedef struct place {
    uint32_t hash, at; /* at: among those that wait */
} place;

typedef struct region {
    uint32_t from, n; /* of a block's places; after the look-up n of them, the first, are put off */
} region;

typedef struct settling {
    rl_dict *d;
    size_t had, n; /* texts before, texts that wait                          */
    uint64_t *old; /* old_cap  the table before it grew, or NULL             */
    size_t old_cap;
    place *sorted; /* n        block by block, in each by region              */
    region (*block)[REGIONS];
    size_t blocks;
    int32_t *same; /* n        1 + code of the same text before, 0 = it is new */
    size_t known[REGIONS];
    bool entry_late[REGIONS]; /* an entry of the old table ran on                   */
} settling;

static size_t region_of(uint32_t hash) { return hash >> (32 - REGION_BITS); }

static void sort_block(size_t b, void *arg)
{
    const settling *s = arg;
    const size_t first = b * PER_BLOCK, n = s->n - first < PER_BLOCK ? s->n - first : PER_BLOCK;
    const char *const *text = s->d->text + s->had + first;
    const uint32_t *len = s->d->len + s->had + first;
    region *g = s->block[b];
    uint32_t hash[PER_BLOCK], at[REGIONS], from = 0;
    place *to = s->sorted + first;
    rl_touch(to, n * sizeof *to);
    for (size_t i = 0; i < n; i++) {
        hash[i] = rl_hash_text(text[i], len[i]);
        g[region_of(hash[i])].n++;
    }
    for (size_t r = 0; r < REGIONS; from += g[r++].n) at[r] = g[r].from = from;
    for (size_t i = 0; i < n; i++) to[at[region_of(hash[i])]++] = (place){hash[i], (uint32_t)(first + i)};
}

/* Put an entry of the old table where it belongs, unless it is there; false when it runs on beyond `end`. */
static bool move(const rl_dict *d, uint64_t entry, size_t end)
{
    for (size_t at = rl_dict_home(d, (uint32_t)(entry >> 32));; at++) {
        if (at == end) return false;
        if (at == d->cap) at = 0;
        if (d->slot[at] == entry) return true;
        if (d->slot[at] != 0) continue;
        d->slot[at] = entry;
        return true;
    }
}

/* A region's entries in the old table: what ran on stands without a gap behind the region. */
static bool move_region(const settling *s, size_t r, size_t end)
{
    const size_t share = s->old_cap / REGIONS;
    bool all = true;
    for (size_t k = 0; k < s->old_cap; k++) {
        const uint64_t entry = s->old[(share * r + k) % s->old_cap];
        if (entry == 0 && k >= share) break;
        if (entry != 0 && region_of((uint32_t)(entry >> 32)) == r) all = move(s->d, entry, end) && all;
    }
    return all;
}

/* Look up a text, not beyond `end`; SIZE_MAX = in all the table.  False: it runs on. */
static bool look_up(settling *s, size_t r, place p, size_t end)
{
    const rl_dict *d = s->d;
    const size_t code = s->had + p.at;
    for (size_t at = rl_dict_home(d, p.hash);; at++) {
        if (at == end) return false;
        if (at == d->cap) at = 0;
        const uint64_t slot = d->slot[at];
        if (slot == 0) {
            d->slot[at] = (uint64_t)p.hash << 32 | (uint32_t)(code + 1);
            return true;
        }
        if (slot >> 32 != p.hash) continue;
        const size_t c = (uint32_t)slot - 1;
        if (d->len[c] != d->len[code] || !rl_same_text(d->text[c], d->text[code], d->len[c])) continue;
        s->same[p.at] = (int32_t)c + 1;
        s->known[r]++;
        return true;
    }
}

static void look_up_region(size_t r, void *arg)
{
    settling *s = arg;
    const rl_dict *d = s->d;
    const size_t share = d->cap / REGIONS, end = share * (r + 1);
    if (s->old != NULL) {
        rl_touch(d->slot + share * r, share * sizeof *d->slot);
        s->entry_late[r] = !move_region(s, r, end);
    }
    for (size_t b = 0; b < s->blocks; b++) {
        region *g = &s->block[b][r];
        place *p = s->sorted + b * PER_BLOCK + g->from;
        const uint32_t n = g->n;
        g->n = 0;
        for (uint32_t k = 0; k < n && k < AHEAD; k++) __builtin_prefetch(&d->slot[rl_dict_home(d, p[k].hash)], 1);
        for (uint32_t k = 0; k < n; k++) {
            if (k + AHEAD < n) __builtin_prefetch(&d->slot[rl_dict_home(d, p[k + AHEAD].hash)], 1);
            if (!look_up(s, r, p[k], end)) p[g->n++] = p[k];
        }
    }
}

static void look_up_late(settling *s)
{
    for (size_t r = 0; r < REGIONS; r++)
        if (s->entry_late[r]) move_region(s, r, SIZE_MAX);
    for (size_t r = 0; r < REGIONS; r++) {
        for (size_t b = 0; b < s->blocks; b++) {
            const place *p = s->sorted + b * PER_BLOCK + s->block[b][r].from;
            for (uint32_t k = 0; k < s->block[b][r].n; k++) look_up(s, r, p[k], SIZE_MAX);
        }
    }
}

/* Texts that were there before go; s->same becomes the code of each. */
static void close_up(const settling *s)
{
    rl_dict *d = s->d;
    size_t n = s->had;
    for (size_t i = 0; i < s->n; i++) {
        const size_t same = (size_t)s->same[i];
        if (same > 0) {
            s->same[i] = same <= s->had ? (int32_t)same - 1 : s->same[same - 1 - s->had];
            continue;
        }
        d->text[n] = d->text[s->had + i];
        d->len[n] = d->len[s->had + i];
        s->same[i] = (int32_t)n++;
    }
    d->n = n;
}

static void correct_region(size_t r, void *arg)
{
    const settling *s = arg;
    const rl_dict *d = s->d;
    const size_t share = d->cap / REGIONS;
    for (size_t at = share * r; at < share * (r + 1); at++) {
        const size_t code = (uint32_t)d->slot[at];
        if (code <= s->had) continue;
        d->slot[at] = (d->slot[at] & ~(uint64_t)UINT32_MAX) | (uint32_t)(s->same[code - 1 - s->had] + 1);
    }
}

/* A table for as many texts as are expected; the old one's entries follow region by region. */
static void widen(settling *s, size_t expect)
{
    rl_dict *d = s->d;
    rl_dict_reserve(d, d->cap < REGIONS ? REGIONS : 0);
    const size_t cap = rl_dict_cap(d, expect > d->n ? expect : d->n);
    if (cap == d->cap) return;
    s->old = d->slot;
    s->old_cap = d->cap;
    d->slot = RL_NEW(d->in, uint64_t, cap);
    d->cap = cap;
}

int32_t *rl_fresh_settle(rl_fresh *f, size_t *from, rl_ctx *cx)
{
    rl_dict *d = f->d;
    settling s = {.d = d, .had = d->n - f->wait, .n = f->wait};
    size_t known = 0;
    *from = s.had;
    if (s.n == 0) return NULL;
    s.blocks = rl_blocks(s.n, PER_BLOCK);
    s.sorted = RL_NEW(cx->tmp, place, s.n);
    s.block = rl_alloc(cx->tmp, s.blocks, sizeof *s.block);
    s.same = RL_NEW(cx->tmp, int32_t, s.n);
    rl_par(s.blocks, sort_block, &s, cx);
    widen(&s, f->expect);
    rl_par(REGIONS, look_up_region, &s, cx);
    look_up_late(&s);
    if (s.old != NULL) rl_release(d->in, s.old);
    for (size_t r = 0; r < REGIONS; r++) known += s.known[r];
    if (known > 0) {
        close_up(&s);
        rl_par(REGIONS, correct_region, &s, cx);
    }
    rl_release(cx->tmp, s.sorted);
    rl_release(cx->tmp, s.block);
    *f = (rl_fresh){.d = d};
    if (known > 0) return s.same;
    rl_release(cx->tmp, s.same);
    return NULL;
}
