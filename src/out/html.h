/* out/html.h -- a document as one self-contained page.
 *
 * No script, no network, no font file; a content policy in the head forbids
 * them.  Every text is escaped here and nowhere else; the only markup that
 * passes is ours and the charts' (out/svg.c).
 */
#ifndef RL_OUT_HTML_H
#define RL_OUT_HTML_H

#include "base/str.h"
#include "out/page.h"

/* & < > " ' as entities; control characters and broken UTF-8 as in rl_view_clean(). */
void rl_html_escape(rl_str *out, const char *text);

const char *rl_html_page(const rl_page *d, const char *title, rl_arena *in);

extern const char *const rl_html_css[];   /* out/html_css.c: rules, then NULL */

enum { RL_HTML_FOLD_ROWS = 24 };          /* tables longer than this are folded */

#endif
