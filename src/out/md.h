/* out/md.h -- a document as Markdown (CommonMark with tables).
 *
 * Characters that mean something in Markdown or HTML are escaped with a
 * backslash, so user text is shown as it is; charts are linked, not inlined.
 */
#ifndef RL_OUT_MD_H
#define RL_OUT_MD_H

#include "base/str.h"
#include "out/page.h"

void rl_md_escape(rl_str *out, const char *text);
const char *rl_md_text(const rl_page *d, rl_arena *in);

#endif
