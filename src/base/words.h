/* base/words.h -- the texts of many pieces into one dictionary, on all threads.
 *
 * One thread numbers the texts of one piece as they appear; then the lists of
 * all pieces are merged.  The codes are those that going through the lists
 * one text after another would give, whatever the threads: the hash decides
 * which thread looks a text up, and new texts get their codes afterwards, in
 * the order of the lists.
 */
#ifndef RL_BASE_WORDS_H
#define RL_BASE_WORDS_H

#include "base/ctx.h"
#include "base/hash.h"
#include "base/str.h"

typedef struct rl_word {
    const char *s;             /* stays where it is until the lists are merged */
    uint32_t n, hash;          /* hash: not yet, when all are new                */
} rl_word;

typedef struct rl_words {
    size_t n, cap;             /* words; slots in use, a power of two           */
    rl_word *word;             /* n      in order of appearance                 */
    int32_t *slot;             /* cap    -1 = free                              */
    int32_t *code;             /* n      in the dictionary, once merged         */
    int32_t first;             /*        .. or that of the first (base/fresh.h) */
    size_t bytes;              /* of the texts with a NUL each                  */
    struct rl_place_of { uint32_t hash, word; } *sorted;   /* n   the merge's own */
    bool all_new;              /* a text is not looked for, but listed each time */
} rl_words;

/* Room for `most` words; what is in it is only touched as it is used. */
void rl_words_init(rl_words *w, size_t most, rl_arena *in);
void rl_words_release(rl_words *w, rl_arena *in);

/* Forget the words.  all_new: they are expected to be all different. */
void rl_words_begin(rl_words *w, bool all_new);

/* Number of a text in the list; the caller sees to it that there is room. */
static inline int32_t rl_words_number(rl_words *w, const char *s, size_t n);

/* Codes of all words of the lists, in order; texts not in d are added.
 *
 *   expect   texts the dictionary will have in the end, as far as one knows: d is given room for as many
 *
 * Cost: a cache miss a word, shared by the threads. */
void rl_words_merge(rl_words *const *list, size_t n_lists, rl_dict *d, size_t expect, rl_ctx *cx);

/* ---- inside ---- */

void rl_words_widen(rl_words *w);

static inline int32_t rl_words_number(rl_words *w, const char *s, size_t n)
{
    uint32_t hash = 0;
    if (!w->all_new) {
        hash = rl_hash_text(s, n);
        if (2 * (w->n + 1) > w->cap) rl_words_widen(w);
        size_t at = hash & (w->cap - 1);
        for (; w->slot[at] >= 0; at = (at + 1) & (w->cap - 1)) {
            const rl_word *x = &w->word[w->slot[at]];
            if (x->hash == hash && x->n == n && rl_same_text(x->s, s, n)) return w->slot[at];
        }
        w->slot[at] = (int32_t)w->n;
    }
    w->word[w->n] = (rl_word){s, (uint32_t)n, hash};
    w->bytes += n + 1;
    return (int32_t)w->n++;
}

#endif
