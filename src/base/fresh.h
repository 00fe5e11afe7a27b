/* base/fresh.h -- a dictionary of texts that are nearly all different.
 *
 * To look such a text up is a cache miss that finds nothing.  So texts are
 * put behind the dictionary's under the codes they have if all of them are
 * new, and wait; a few million later all that wait are looked up at once,
 * sorted by the part of the table they belong to, on all threads.  Those that
 * were there before lose their code.  The codes in the end are those of
 * going through the texts one after another.
 *
 * While texts wait, nothing else may look into the dictionary or add to it.
 */
#ifndef RL_BASE_FRESH_H
#define RL_BASE_FRESH_H

#include "base/words.h"

typedef struct rl_fresh {
    rl_dict *d;
    size_t wait;               /* the last of its texts, which its table does not know */
    size_t expect;
    size_t probed, known;      /* some of them were looked up; the table had them      */
} rl_fresh;

/* Should what waits be looked up before `more` are added?  Yes when they are
 * many, or when too many of those that were looked up are known. */
bool rl_fresh_due(const rl_fresh *f, size_t more);

/* Put all words of the lists, in order, behind the texts of d: word i of a
 * list gets the code list->first + i.
 *
 *   f       *f = (rl_fresh){.d = d} before the first call
 *   expect  texts the dictionary will have in the end, as far as one knows
 */
void rl_fresh_add(rl_fresh *f, rl_words *const *list, size_t n_lists, size_t expect, rl_ctx *cx);

/* Look up all that wait.  Without a text that was there before: NULL.  Else
 * the code of each that waited, by the code it had less *from, in cx->tmp. */
int32_t *rl_fresh_settle(rl_fresh *f, size_t *from, rl_ctx *cx);

#endif
