/* out/text.h -- the answer in a few lines, for the terminal.
 *
 * Plain ASCII apart from what the user's own texts hold; control characters
 * are taken out, so no title can move the cursor.
 */
#ifndef RL_OUT_TEXT_H
#define RL_OUT_TEXT_H

#include "model/answer.h"

/* report: where the report is, as the user knows it; NULL = nowhere. */
const char *rl_text_answer(const rl_answer *a, const char *report, rl_arena *in);

#endif
