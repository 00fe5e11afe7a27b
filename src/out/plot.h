/* out/plot.h -- charts by gnuplot, from templates in plots/.
 *
 * A chart is data: numbers (the .dat file), texts (title, axis words, tic
 * labels) and the name of a template.  Colours, fonts and line styles live
 * in plots/theme.gp and plots/<template>.gp; C knows none.
 *
 * No user text ever reaches gnuplot as code.  Texts are assigned to variables
 * in single quotes with quotes doubled, after control characters were taken
 * out; `noenhanced` is set by the theme; .dat files hold numbers, and texts
 * only behind a '#'; file names are ours.  gnuplot is started without a shell
 * and reads its script from a memory file.
 */
#ifndef RL_OUT_PLOT_H
#define RL_OUT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/str.h"
#include "out/outdir.h"

typedef struct rl_chart {
    const char *id;            /* ours: "m1-event"; files charts/<id>.dat and .svg            */
    const char *template;      /* plots/<template>.gp                                         */
    const char *title;         /* the finding, in words                                       */
    const char *alt;           /* what a reader who cannot see it should know                 */
    rl_str set, add;           /* assignments; tics and labels: by the functions below only    */
    rl_str dat;                /* by the functions below only                                 */
    const char *svg;           /* out: ready to stand in a page; NULL = not drawn             */
} rl_chart;

rl_chart *rl_chart_new(const char *id, const char *template, rl_arena *in);

/* Variables of the template. */
void rl_chart_text(rl_chart *c, const char *name, const char *text);
void rl_chart_number(rl_chart *c, const char *name, double x);          /* NaN: `NaN` */
/* Tic labels of axis "x" or "y" at given places; `wide`: the width of a label in characters,
 * longer ones are broken in two lines at a blank, then cut. */
void rl_chart_tics(rl_chart *c, const char *axis, const double *at, const char *const *label, size_t n, size_t wide);
/* A label at data coordinates; its style is a macro of the theme, "ABOVE" or "BESIDE" the point. */
void rl_chart_label(rl_chart *c, double x, double y, const char *style, const char *text);

/* The .dat file: a comment that names the columns, then rows of numbers with
 * an optional text behind '#'. */
void rl_chart_columns(rl_chart *c, const char *names);
void rl_chart_row(rl_chart *c, const double *x, size_t k, const char *text);
void rl_chart_break(rl_chart *c);                                       /* what follows is `index` 1, 2, .. */

/* Write every .dat file, draw every chart, write every .svg.
 *
 *   note  out  NULL, or which charts are missing and why, one sentence
 *
 * One gnuplot process draws all; when it fails, each chart is drawn by its
 * own, so one bad chart does not cost the others.
 *
 * Errors  RL_EIO  the disk (gnuplot's own failures are in note)
 */
RL_MUST rl_code rl_charts_draw(rl_chart *const *chart, size_t n, rl_outdir *o, const char **note, rl_ctx *cx);

/* gnuplot's SVG made fit for a page: no prologue, ids and references prefixed
 * with `id`, tooltips of plot numbers taken out, role and label added. */
const char *rl_svg_inline(const char *svg, const char *id, const char *label, rl_arena *in);

#endif
