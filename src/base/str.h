/* base/str.h -- text that grows, names seen once, names that are near. */
#ifndef RL_BASE_STR_H
#define RL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* A growing text, always NUL-terminated once something was added. */
typedef struct rl_str {
    rl_arena *in;
    char *s;
    size_t n, cap;
} rl_str;

rl_str rl_str_new(rl_arena *in);
void rl_str_add(rl_str *t, const char *s);
void rl_str_addn(rl_str *t, const char *s, size_t n);
void rl_str_addc(rl_str *t, char c);
void rl_str_addf(rl_str *t, const char *fmt, ...) RL_PRINTF(2, 3);
const char *rl_str_text(rl_str *t);       /* "" when nothing was added */

char *rl_sprintf(rl_arena *in, const char *fmt, ...) RL_PRINTF(2, 3);

/* A dictionary: texts to codes 0, 1, .. in order of first appearance. */
typedef struct rl_dict {
    rl_arena *in;
    const char **text;     /* n      NUL-terminated                  */
    uint32_t *len;         /* n      bytes                           */
    uint64_t *slot;        /* cap    open addressing: 32 bits of the hash above code + 1; 0 = free */
    size_t n, cap, room;
    char *slab;            /* left   where the next texts of a merge go */
    size_t left, slabs;    /*        bytes of all slabs                 */
} rl_dict;

rl_dict *rl_dict_new(rl_arena *in);
int32_t rl_dict_code(rl_dict *d, const char *s, size_t n);          /* adds it when new   */
/* The same in two steps, for large dictionaries: the first starts to fetch the
 * text's slot from memory, the second finds it there some texts later. */
uint32_t rl_dict_hash(const rl_dict *d, const char *s, size_t n);
int32_t rl_dict_code_of(rl_dict *d, const char *s, size_t n, uint32_t hash);
int32_t rl_dict_find(const rl_dict *d, const char *s, size_t n);    /* -1 when not there  */

/* Room for n texts, so that there is no growing on the way to them. */
void rl_dict_reserve(rl_dict *d, size_t n);
void rl_dict_room(rl_dict *d, size_t n);                              /* but for the table */
size_t rl_dict_cap(const rl_dict *d, size_t n);                       /* its slots then    */
char *rl_dict_slab(rl_dict *d, size_t bytes);                         /* for texts to be added by hand */
static inline size_t rl_dict_home(const rl_dict *d, uint32_t hash) { return (size_t)((uint64_t)hash * d->cap >> 32); }

/* rank[c] (d->n) = position of code c in C-locale order of the texts. */
int32_t *rl_dict_rank(const rl_dict *d, rl_arena *in);

/* "3 countries": the noun as it stands after a count of n, by the rules of English spelling. */
const char *rl_plural(const char *noun, size_t n, rl_arena *in);

/* The known name nearest to `s` by edit distance, or NULL when none is near
 * enough to be a slip (distance > 1 + length / 4). */
const char *rl_nearest(const char *s, const char *const *known, size_t n);

/* Decimal text of x that reads back to the same bits, shortest of %.15g..%.17g;
 * buf holds at least 32 bytes.  Returns buf. */
char *rl_num_text(char *buf, double x);

/* x with so many decimals; what rounds to zero has no sign. */
const char *rl_fixed(double x, int decimals, rl_arena *in);

#endif
