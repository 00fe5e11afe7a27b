/* out/report.c -- every writer, one directory. */
#include "out/report.h"

#include <string.h>

#include "out/charts.h"
#include "out/csv_out.h"
#include "out/html.h"
#include "out/manifest.h"
#include "out/md.h"
#include "out/outdir.h"
#include "out/results.h"
#include "out/sections.h"
#include "out/workbook.h"

static rl_code put(rl_outdir *o, const char *path, const char *text, rl_ctx *cx)
{
    return rl_outdir_write(o, path, text, strlen(text), cx);
}

static rl_code pages(rl_story *s, rl_outdir *o, rl_ctx *cx)
{
    rl_section_front(s);
    rl_section_doubts(s);
    rl_section_groups(s);
    rl_section_models(s);
    rl_section_data(s);
    rl_section_repeat(s);
    const char *title = s->a->study->title && s->a->study->title[0] ? s->a->study->title : "Revenue lift study";
    RL_TRY(put(o, "report.html", rl_html_page(s->page, title, cx->tmp), cx));
    return put(o, "report.md", rl_md_text(s->page, cx->tmp), cx);
}

static rl_code everything(const rl_answer *a, const rl_inputs *inputs, rl_outdir *o, rl_ctx *cx)
{
    rl_view v = rl_view_of(a->study, false, cx->tmp);
    rl_charts charts;
    rl_story story = {.a = a, .v = &v, .charts = &charts, .inputs = inputs, .page = rl_page_new(cx->tmp)};
    rl_charts_make(a, &v, &charts);
    RL_TRY(rl_charts_draw(charts.all, charts.n, o, &story.chart_note, cx));
    if (story.chart_note) rl_remark(cx, "charts", "%s", story.chart_note);
    RL_TRY(pages(&story, o, cx));
    RL_TRY(put(o, "results.json", rl_results_text(a, inputs->n > 0 ? &inputs->file[0] : NULL, cx->tmp), cx));
    RL_TRY(put(o, "estimates.csv", rl_csv_estimates(a, cx->tmp), cx));
    RL_TRY(rl_workbook_write(a, &v, o, "workbook.xlsx", cx));
    return put(o, "manifest.json", rl_manifest_text(inputs, o->file, o->n, cx->tmp), cx);
}

rl_code rl_report_write(const rl_answer *a, const rl_inputs *inputs, const char *dir, rl_ctx *cx)
{
    rl_outdir *o = NULL;
    RL_TRY(rl_outdir_open(dir, &o, cx));
    rl_code code = everything(a, inputs, o, cx);
    if (code == RL_OK) code = rl_outdir_commit(o, cx);
    rl_outdir_abandon(o);
    return code;
}
