/* out/workbook.h -- workbook.xlsx: the money page with live formulas.
 *
 * A reader may change margin or cost and see what follows.  Each formula is
 * written with its value, so a viewer that does not calculate shows the same
 * figures; where a formula would not give our figure, the figure stands
 * there.  Text from the user's files is only ever written as text.  The bytes
 * depend on the answer alone: the date in the file is that of the data cut.
 */
#ifndef RL_OUT_WORKBOOK_H
#define RL_OUT_WORKBOOK_H

#include "model/answer.h"
#include "out/outdir.h"
#include "out/view.h"

RL_MUST rl_code rl_workbook_write(const rl_answer *a, const rl_view *v, rl_outdir *o, const char *path, rl_ctx *cx);

#endif
