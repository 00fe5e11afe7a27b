/* app/note.h -- the only writer to standard error.
 *
 * Errors look like
 *
 *   revlift: error: deals.csv:1042:29: 'N/A' is not a number
 *      1042 | D-88121,2024-03-11,acme,web,N/A
 *           |                             ^~~
 *   hint: empty cells are missing values; ..
 *
 * Texts may hold what stood in the user's files: control characters are shown
 * as \xNN, so that no cell can drive a terminal.  Progress is one line,
 * rewritten, only on a terminal and only after a second of work.
 */
#ifndef RL_APP_NOTE_H
#define RL_APP_NOTE_H

#include <stdbool.h>

#include "app/opts.h"
#include "base/ctx.h"

/* Colour: `always` and `never` are final; `auto` colours a terminal unless
 * NO_COLOR is set and not empty or TERM is `dumb`. */
void rl_note_setup(rl_color color, bool quiet);

void rl_note_error(const rl_err *e);
void rl_note_text(const char *label, const char *text); /* "note", "warning"; silent when quiet */
void rl_note_remarks(rl_ctx *cx);                       /* what has gathered in cx->note        */

/* For cx->tick. */
void rl_note_tick(rl_ctx *cx, const char *stage, double share);
void rl_note_done(void); /* wipe the progress line               */

/* For rl_ctx_init: says so and ends the program with status 5. */
void rl_note_nomem(size_t bytes, void *user);

#endif
