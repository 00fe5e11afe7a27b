/* out/workbook.c -- by libxlsxwriter. */
#include "out/workbook.h"

#include <math.h>
#include <string.h>
#include "base/date.h"
#include "base/str.h"
#include "out/words.h"
#include "out/workbook_work.h"

static lxw_format *format(rl_book *b, const char *numbers, bool bold)
{
    lxw_format *f = workbook_add_format(b->book);
    if (numbers) format_set_num_format(f, numbers);
    if (bold) format_set_bold(f);
    return f;
}

static void formats(rl_book *b)
{
    b->title = format(b, NULL, true);
    format_set_font_size(b->title, 14);
    b->head = format(b, NULL, true);
    format_set_bottom(b->head, LXW_BORDER_THIN);
    b->money = format(b, "#,##0;[Red]-#,##0", false);
    b->percent = format(b, "0.0%;[Red]-0.0%", false);
    b->number = format(b, "#,##0.0000", false);
    b->tenth = format(b, "#,##0.0", false);
    b->input = format(b, "#,##0", false);
    b->input_percent = format(b, "0.0%", false);
    format_set_bg_color(b->input, 0xfff7db);
    format_set_bg_color(b->input_percent, 0xfff7db);
    b->strong = format(b, NULL, true);
    b->sum = format(b, "#,##0;[Red]-#,##0", true);
    format_set_top(b->sum, LXW_BORDER_THIN);
    b->wrap = format(b, NULL, false);
    format_set_text_wrap(b->wrap);
    format_set_align(b->wrap, LXW_ALIGN_VERTICAL_TOP);
}

void rl_book_text(const rl_book *b, lxw_worksheet *w, lxw_row_t row, lxw_col_t col, const char *s, lxw_format *f)
{
    worksheet_write_string(w, row, col, rl_view_clean(s, 2000, b->v->in), f);
}

void rl_book_number(lxw_worksheet *w, lxw_row_t row, lxw_col_t col, double x, lxw_format *f)
{
    if (isfinite(x)) worksheet_write_number(w, row, col, x, f);
}

void rl_book_formula(lxw_worksheet *w, lxw_row_t row, lxw_col_t col, const char *f, double gives, double x,
                     lxw_format *fmt)
{
    if (isfinite(x) && isfinite(gives) && fabs(gives - x) <= 1e-9 * fmax(1, fabs(x)))
        worksheet_write_formula_num(w, row, col, f, fmt, x);
    else
        rl_book_number(w, row, col, x, fmt);
}

/* --- the money page ----------------------------------------------------------------- */

enum {
    ROW_MARGIN = 5,
    ROW_COST,
    ROW_MONTHS,
    ROW_HEAD = 9,
    ROW_TOTAL,
    ROW_PROFIT,
    ROW_NET,
    ROW_ROI,
    ROW_PAYBACK,
    ROW_CAC,
    ROW_WINS,
    ROW_PARTS = 19
}; /* counted from 0: the formulas below say one more */

static void interval_row(lxw_worksheet *w, lxw_row_t row, const rl_interval *x, lxw_format *f)
{
    const double v[] = {x->est, x->low, x->high};
    for (int j = 0; j < 3; j++) rl_book_number(w, row, (lxw_col_t)(1 + j), v[j], f);
}

/* The bounds of a ratio, when its set is an interval. */
static void ratio_bounds(lxw_worksheet *w, lxw_row_t row, const rl_ratio *r, lxw_format *f)
{
    if (r->outside || r->all || r->none) return;
    rl_book_number(w, row, 2, r->low, f);
    rl_book_number(w, row, 3, r->high, f);
}

static void ratio_words(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_ratio *r, rl_unit unit,
                        double scale)
{
    if (isnan(r->est) && !r->none && !r->all) return;
    rl_book_text(b, w, row, 4, rl_sprintf(b->v->in, "interval: %s", rl_view_ratio_set(b->v, r, unit, scale)), NULL);
}

static void chain(const rl_book *b, lxw_worksheet *w)
{
    const rl_money *m = &b->a->money;
    double margin = b->a->study->money.gross_margin;
    const double total[] = {m->total.est, m->total.low, m->total.high},
                 profit[] = {m->gross_profit.est, m->gross_profit.low, m->gross_profit.high},
                 net[] = {m->net.est, m->net.low, m->net.high};
    bool plain = !m->roi.outside && !m->roi.all && !m->roi.none;
    const double roi[] = {m->roi.est, plain ? m->roi.low : NAN, plain ? m->roi.high : NAN};
    for (int j = 0; j < 3; j++) {
        char f[64], c = (char)('B' + j);
        lxw_col_t col = (lxw_col_t)(1 + j);
        snprintf(f, sizeof f, "=%c11*$B$6", c);
        rl_book_formula(w, ROW_PROFIT, col, f, total[j] * margin, profit[j], b->money);
        snprintf(f, sizeof f, "=%c12-$B$7", c);
        rl_book_formula(w, ROW_NET, col, f, profit[j] - m->cost, net[j], b->sum);
        snprintf(f, sizeof f, "=%c13/$B$7", c);
        rl_book_formula(w, ROW_ROI, col, f, m->cost > 0 ? net[j] / m->cost : NAN, roi[j], b->percent);
    }
    if (m->wins.est > 0) rl_book_formula(w, ROW_CAC, 1, "=$B$7/B17", m->cost / m->wins.est, m->cac.est, b->money);
    if (m->gross_profit.est > 0)
        rl_book_formula(w, ROW_PAYBACK, 1, "=$B$7*$B$8/B12", m->cost * m->exposure_months / m->gross_profit.est,
                        m->payback_months.est, b->tenth);
    ratio_bounds(w, ROW_CAC, &m->cac, b->money);
    ratio_bounds(w, ROW_PAYBACK, &m->payback_months, b->tenth);
}

static void parts(const rl_book *b, lxw_worksheet *w)
{
    const rl_money *m = &b->a->money;
    if (m->n_parts == 0) return;
    rl_book_text(b, w, ROW_PARTS, 0, "Where it comes from", b->head);
    const char *const head[] = {"Estimate", "Low", "High"};
    for (int j = 0; j < 3; j++) rl_book_text(b, w, ROW_PARTS, (lxw_col_t)(1 + j), head[j], b->head);
    double sum = 0;
    for (size_t i = 0; i < m->n_parts; i++) {
        lxw_row_t row = (lxw_row_t)(ROW_PARTS + 1 + i);
        rl_book_text(b, w, row, 0, m->part[i].name, NULL);
        interval_row(w, row, &m->part[i].money, b->money);
        sum += m->part[i].money.est;
    }
    lxw_row_t row = (lxw_row_t)(ROW_PARTS + 1 + m->n_parts);
    char f[64];
    snprintf(f, sizeof f, "=SUM(B%d:B%u)", ROW_PARTS + 2, (unsigned)row);
    rl_book_text(b, w, row, 0, "Total", b->strong);
    rl_book_formula(w, row, 1, f, sum, m->total.est, b->sum);
    rl_book_number(w, row, 2, m->total.low, b->sum);
    rl_book_number(w, row, 3, m->total.high, b->sum);
}

static void money_sheet(const rl_book *b)
{
    const rl_money *m = &b->a->money;
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Money");
    worksheet_set_column(w, 0, 0, 38, NULL);
    worksheet_set_column(w, 1, 3, 18, NULL);
    worksheet_set_column(w, 4, 4, 60, NULL);
    rl_book_text(b, w, 0, 0, b->a->study->title, b->title);
    worksheet_merge_range(w, 1, 0, 1, 4, "", b->wrap);
    worksheet_set_row(w, 1, 48, NULL);
    rl_book_text(b, w, 1, 0, rl_words_answer(b->v, b->a), b->wrap);
    if (!m->given) return;
    rl_book_text(b, w, 3, 0,
                 rl_sprintf(b->v->in, "Amounts in %s. Change the yellow cells to see what follows.", b->v->currency),
                 NULL);
    rl_book_text(b, w, ROW_MARGIN, 0, "Gross margin", NULL);
    rl_book_number(w, ROW_MARGIN, 1, b->a->study->money.gross_margin, b->input_percent);
    rl_book_text(b, w, ROW_COST, 0, "Cost of the programme", NULL);
    rl_book_number(w, ROW_COST, 1, m->cost, b->input);
    rl_book_text(b, w, ROW_MONTHS, 0, rl_sprintf(b->v->in, "Months of exposure, average %s", rl_words_unit(b->v, b->a)),
                 NULL);
    rl_book_number(w, ROW_MONTHS, 1, m->exposure_months > 0 ? m->exposure_months : NAN, b->tenth);
    const char *const head[] = {"", "Estimate", "Low", "High", ""};
    for (int j = 0; j < 5; j++) rl_book_text(b, w, ROW_HEAD, (lxw_col_t)j, head[j], b->head);
    rl_book_text(b, w, ROW_HEAD, 4, rl_sprintf(b->v->in, "low and high: %s interval", rl_view_level(b->v)), b->head);
    rl_book_text(b, w, ROW_TOTAL, 0, rl_sprintf(b->v->in, "Incremental %s", rl_words_subject(b->v, m)), NULL);
    interval_row(w, ROW_TOTAL, &m->total, b->money);
    rl_book_text(b, w, ROW_PROFIT, 0, "Gross profit on it", NULL);
    rl_book_text(b, w, ROW_NET, 0, "Gross profit less cost", b->strong);
    rl_book_text(b, w, ROW_ROI, 0, "Return on cost (ROI)", NULL);
    ratio_words(b, w, ROW_ROI, &m->roi, RL_UNIT_PERCENT, 100);
    rl_book_text(b, w, ROW_PAYBACK, 0, "Payback, months of exposure", NULL);
    ratio_words(b, w, ROW_PAYBACK, &m->payback_months, RL_UNIT_MONTHS, 1);
    rl_book_text(b, w, ROW_CAC, 0, "Cost per extra win", NULL);
    ratio_words(b, w, ROW_CAC, &m->cac, RL_UNIT_MONEY, 1);
    rl_book_text(b, w, ROW_WINS, 0, "Extra deals won", NULL);
    interval_row(w, ROW_WINS, &m->wins, b->number);
    chain(b, w);
    parts(b, w);
}

/* --- the other sheets ------------------------------------------------------------------- */

static void lifts_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {"Model", "Question", "Answer", "Estimate", "Std. error", "Low",
                                       "High",  "Without",  "With",   "Unit",     "Rows"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Lifts");
    worksheet_set_column(w, 0, 0, 18, NULL);
    worksheet_set_column(w, 1, 2, 60, NULL);
    worksheet_set_column(w, 3, 10, 13, NULL);
    for (size_t j = 0; j < sizeof HEAD / sizeof *HEAD; j++) rl_book_text(b, w, 0, (lxw_col_t)j, HEAD[j], b->head);
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_model_answer *m = &b->a->model[i];
        lxw_row_t row = (lxw_row_t)(i + 1);
        rl_book_text(b, w, row, 0, m->spec->name, NULL);
        rl_book_text(b, w, row, 1, rl_model_title(b->v, m), b->wrap);
        rl_book_text(b, w, row, 2, rl_words_model(b->v, m), b->wrap);
        if (m->status == RL_MODEL_REFUSED || !m->has_lift) continue;
        const rl_lift *l = &m->lift;
        const double x[] = {l->effect.est, l->effect.se, l->effect.low, l->effect.high, l->without, l->with};
        for (size_t j = 0; j < sizeof x / sizeof *x; j++) rl_book_number(w, row, (lxw_col_t)(3 + j), x[j], b->number);
        rl_book_text(b, w, row, 9, rl_unit_own(m), NULL);
        rl_book_number(w, row, 10, (double)l->n, b->money);
    }
}

static void estimate_row(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m,
                         const rl_estimate *e)
{
    const rl_label *l = &e->label;
    rl_book_text(b, w, row, 0, m->spec->name, NULL);
    rl_book_text(b, w, row, 1, l->term, NULL);
    if (l->group_text)
        rl_book_text(b, w, row, 2, l->group_text, NULL);
    else if (l->group != RL_NO_ID)
        rl_book_number(w, row, 2, l->group, NULL);
    if (l->time_text)
        rl_book_text(b, w, row, 3, l->time_text, NULL);
    else if (l->time != RL_NO_ID)
        rl_book_number(w, row, 3, l->time, NULL);
    if (l->event != RL_NO_ID) rl_book_number(w, row, 4, l->event, NULL);
    const double x[] = {e->estimate, e->std_error, e->statistic, e->p_value, e->conf_low, e->conf_high};
    for (size_t j = 0; j < sizeof x / sizeof *x; j++) rl_book_number(w, row, (lxw_col_t)(5 + j), x[j], b->number);
    rl_book_text(b, w, row, 11, rl_unit_own(m), NULL);
}

static void estimates_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {"Model",      "Term",      "Group", "Time", "Event", "Estimate",
                                       "Std. error", "Statistic", "p",     "Low",  "High",  "Unit"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Estimates");
    worksheet_set_column(w, 0, 1, 22, NULL);
    worksheet_set_column(w, 2, 11, 13, NULL);
    for (size_t j = 0; j < sizeof HEAD / sizeof *HEAD; j++) rl_book_text(b, w, 0, (lxw_col_t)j, HEAD[j], b->head);
    worksheet_freeze_panes(w, 1, 0);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_model_answer *m = &b->a->model[i];
        if (m->status == RL_MODEL_REFUSED) continue;
        for (size_t j = 0; j < m->main.m; j++) estimate_row(b, w, row++, m, &m->main.est[j]);
        for (size_t j = 0; m->has_event && j < m->event.m; j++) estimate_row(b, w, row++, m, &m->event.est[j]);
    }
}

static void group_row(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m,
                      const rl_breakdown *d, const rl_group_answer *g)
{
    rl_book_text(b, w, row, 0, m->spec->name, NULL);
    rl_book_text(b, w, row, 1, d->column, NULL);
    rl_book_text(b, w, row, 2, g->label, NULL);
    rl_book_number(w, row, 3, (double)g->treated, b->money);
    rl_book_number(w, row, 4, (double)g->controls, b->money);
    if (!g->answered) {
        rl_book_text(b, w, row, 15, g->why, NULL);
        return;
    }
    const double x[] = {g->effect.est, g->effect.se, g->effect.low, g->effect.high,
                        g->low,        g->high,      g->p_value,    g->p_adjusted};
    for (size_t j = 0; j < sizeof x / sizeof *x; j++) rl_book_number(w, row, (lxw_col_t)(5 + j), x[j], b->number);
    rl_book_text(b, w, row, 13, g->stands ? "yes" : "no", NULL);
    rl_book_text(b, w, row, 14, rl_unit_own(m), NULL);
}

/* Every group of every breakdown. */
static void groups_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {
        "Model",       "By",     "Group", "Treated",          "Controls",          "Estimate",
        "Std. error",  "Low",    "High",  "Low, all at once", "High, all at once", "p",
        "p, adjusted", "Stands", "Unit",  "Why not"};
    size_t columns = 0;
    for (size_t i = 0; i < b->a->n_models; i++) columns += b->a->model[i].n_by;
    if (columns == 0) return;
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Groups");
    worksheet_set_column(w, 0, 2, 18, NULL);
    worksheet_set_column(w, 3, 14, 13, NULL);
    worksheet_set_column(w, 15, 15, 60, NULL);
    for (size_t j = 0; j < sizeof HEAD / sizeof *HEAD; j++) rl_book_text(b, w, 0, (lxw_col_t)j, HEAD[j], b->head);
    worksheet_freeze_panes(w, 1, 0);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++)
        for (size_t k = 0; k < b->a->model[i].n_by; k++) {
            const rl_model_answer *m = &b->a->model[i];
            const rl_breakdown *d = &m->by[k];
            if (d->refused) {
                rl_book_text(b, w, row, 0, m->spec->name, NULL);
                rl_book_text(b, w, row, 1, d->column, NULL);
                rl_book_text(b, w, row++, 15, d->refused, NULL);
            }
            for (size_t g = 0; g < d->n_groups; g++) group_row(b, w, row++, m, d, &d->group[g]);
        }
}

rl_code rl_workbook_write(const rl_answer *a, const rl_view *v, rl_outdir *o, const char *path, rl_ctx *cx)
{
    rl_book b = {.a = a, .v = v};
    b.book = workbook_new(rl_sprintf(cx->tmp, "%s/%s", o->path, path));
    if (!b.book) return rl_fail(cx, RL_EMEM, "the workbook could not be made");
    char title[] = "revlift";
    lxw_doc_properties about = {.title = title, .created = (time_t)86400 * (a->cut > 0 ? a->cut : 10957)};
    workbook_set_properties(b.book, &about);
    formats(&b);
    money_sheet(&b);
    lifts_sheet(&b);
    groups_sheet(&b);
    rl_book_sides(&b);
    rl_book_lags(&b);
    estimates_sheet(&b);
    lxw_error bad = workbook_close(b.book);
    if (bad != LXW_NO_ERROR) {
        rl_fail(cx, RL_EIO, "cannot write '%s': %s", path, lxw_strerror(bad));
        return rl_hint(cx, "is there room on the disk, and in the folder for temporary files (TMPDIR)");
    }
    return rl_outdir_adopt(o, path, cx);
}
