/* out/workbook_lags.c -- how long it works and what each channel brought, as sheets. */
#include <assert.h>
#include <math.h>

#include "base/str.h"
#include "model/response.h"
#include "out/words.h"
#include "out/workbook_work.h"

static void heads(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const char *const *head, size_t n)
{
    for (size_t j = 0; j < n; j++) rl_book_text(b, w, row, (lxw_col_t)j, head[j], b->head);
    worksheet_freeze_panes(w, row + 1, 0);
}

static void numbers(lxw_worksheet *w, lxw_row_t row, int col, const double *x, size_t n, lxw_format *f)
{
    for (size_t j = 0; j < n; j++) rl_book_number(w, row, (lxw_col_t)(col + (int)j), x[j], f);
}

/* "F12": where row and column are counted from 0. */
static const char *cell(const rl_book *b, lxw_row_t row, int col)
{
    assert(col < 26);
    return rl_sprintf(b->v->in, "%c%u", 'A' + col, (unsigned)row + 1);
}

/* --- responses ------------------------------------------------------------------------------- */

enum { EACH = 5, ADDED = 11 }; /* columns F and L */

static void names(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m, const rl_response *x)
{
    rl_book_text(b, w, row, 0, m->spec->name, NULL);
    rl_book_text(b, w, row, 1, x->outcome, NULL);
    rl_book_text(b, w, row, 2, x->variable, NULL);
    if (x->segment) rl_book_text(b, w, row, 3, x->segment, NULL);
}

/* One response; the sums are sums of the cells beside them. */
static lxw_row_t response_rows(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m,
                               const rl_response *x)
{
    for (size_t h = 0; h < x->n; h++, row++) {
        const rl_banded *e = &x->impulse[h], *c = &x->cumulative[h];
        const double each[] = {(double)h, e->est, e->se, e->low, e->high, e->band_low, e->band_high},
                     sum[] = {c->se, c->low, c->high, c->band_low, c->band_high};
        names(b, w, row, m, x);
        numbers(w, row, EACH - 1, each, 1, NULL);
        numbers(w, row, EACH, each + 1, 6, b->number);
        const char *f = h == 0 ? rl_sprintf(b->v->in, "=%s", cell(b, row, EACH))
                               : rl_sprintf(b->v->in, "=%s+%s", cell(b, row - 1, ADDED), cell(b, row, EACH));
        rl_book_formula(w, row, ADDED, f, e->est + (h == 0 ? 0 : x->cumulative[h - 1].est), c->est, b->number);
        numbers(w, row, ADDED + 1, sum, 5, b->number);
    }
    return row;
}

static void responses_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {
        "Model",      "Response of", "To one more", "Segment",          "Periods later",     "Each",
        "Std. error", "Low",         "High",        "Low, all at once", "High, all at once", "Added up",
        "Std. error", "Low",         "High",        "Low, all at once", "High, all at once"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Responses");
    worksheet_set_column(w, 0, 3, 22, NULL);
    worksheet_set_column(w, 4, 16, 13, NULL);
    heads(b, w, 0, HEAD, sizeof HEAD / sizeof *HEAD);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++)
        for (size_t k = 0; k < b->a->model[i].main.n_responses; k++)
            row = response_rows(b, w, row, &b->a->model[i], &b->a->model[i].main.response[k]);
}

static lxw_row_t timing_row(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m,
                            const rl_response *x, const char *what, const char *unit, const rl_summary *s)
{
    const double v[] = {s->est, s->se, s->low, s->high};
    names(b, w, row, m, x);
    rl_book_text(b, w, row, 4, what, NULL);
    numbers(w, row, 5, v, 4, b->number);
    rl_book_text(b, w, row, 9, unit, NULL);
    if (s->why) rl_book_text(b, w, row, 10, s->why, NULL);
    return row + 1;
}

static lxw_row_t timing_rows(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m,
                             const rl_response *x)
{
    const char *unit = rl_sprintf(b->v->in, "%s per %s", x->outcome, x->variable),
               *periods = rl_sprintf(b->v->in, "%ss", x->period);
    row = timing_row(b, w, row, m, x, "Long run", unit, &x->long_run);
    row = timing_row(b, w, row, m, x, "Mean lag", periods, &x->mean_lag);
    row = timing_row(b, w, row, m, x, "Half-life", periods, &x->half_life);
    row = timing_row(b, w, row, m, x,
                     rl_sprintf(b->v->in, "Share after %d %s%s", x->after, x->period, x->after == 1 ? "" : "s"),
                     "share", &x->share_after);
    if (x->average != NULL) {
        const rl_average *a = x->average;
        row = timing_row(b, w, row, m, x, "Long run, averaged", unit, &a->long_run);
        row = timing_row(b, w, row, m, x, "Mean lag, averaged", periods, &a->mean_lag);
        row = timing_row(b, w, row, m, x, "Half-life, averaged", periods, &a->half_life);
        for (size_t h = 0; h < x->n; h++) {
            const rl_banded *c = &a->cumulative[h];
            const rl_summary one = {c->est, c->se, c->low, c->high, NULL};
            row = timing_row(b, w, row, m, x, rl_sprintf(b->v->in, "Added up %zu %ss later, averaged", h, x->period),
                             unit, &one);
        }
    }
    if (isfinite(x->factor)) {
        const rl_summary one = {x->factor, NAN, NAN, NAN, NULL};
        row = timing_row(b, w, row, m, x, "One unit, in plain units at the means",
                         rl_sprintf(b->v->in, "%s per %s", x->outcome_unit, x->variable_unit), &one);
    }
    return row;
}

static void timing_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {"Model",      "Response of", "To one more", "Segment", "Figure", "Estimate",
                                       "Std. error", "Low",         "High",        "Unit",    "Why not"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Timing");
    worksheet_set_column(w, 0, 3, 22, NULL);
    worksheet_set_column(w, 4, 4, 34, NULL);
    worksheet_set_column(w, 5, 8, 13, NULL);
    worksheet_set_column(w, 9, 9, 34, NULL);
    worksheet_set_column(w, 10, 10, 60, NULL);
    heads(b, w, 0, HEAD, sizeof HEAD / sizeof *HEAD);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++)
        for (size_t k = 0; k < b->a->model[i].main.n_responses; k++)
            row = timing_rows(b, w, row, &b->a->model[i], &b->a->model[i].main.response[k]);
}

/* --- channels -------------------------------------------------------------------------------- */

enum {
    COL_SPEND = 3,
    COL_ABOVE,
    COL_LOWEST,
    COL_HIGHEST,
    COL_TODAY,
    COL_GAIN,
    COL_AVERAGE = COL_GAIN + 4,
    COL_PROFIT = COL_AVERAGE + 3,
    COL_NEXT = COL_PROFIT + 3,
    COL_TO_COME = COL_NEXT + 3,
    COL_WHY = COL_TO_COME + 3,
    ROW_MARGIN = 1, /* its cell is B2 */
    ROW_CHANNELS = 3
};

static const double *triple(const rl_interval *x, double out[3])
{
    out[0] = x->est, out[1] = x->low, out[2] = x->high;
    return out;
}

/* What a channel brought; `from` is its first row of the sheet By period. */
static void channel_row(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m,
                        const rl_channel *x, lxw_row_t from)
{
    double gain[3], average[3], profit[3], rest[3], margin = b->a->study->money.gross_margin, sum = 0;
    rl_book_text(b, w, row, 0, m->spec->name, NULL);
    rl_book_text(b, w, row, 1, x->column, NULL);
    rl_book_text(b, w, row, 2, m->channels.outcome, NULL);
    if (!x->answered) {
        rl_book_text(b, w, row, COL_WHY, x->why, NULL);
        return;
    }
    const double spent[] = {x->spend, x->above, x->lowest, x->highest, x->today};
    numbers(w, row, COL_SPEND, spent, 5, b->money);
    triple(&x->gain, gain), triple(&x->average, average), triple(&x->profit, profit);
    size_t n = m->channels.n_periods;
    for (size_t p = 0; p < n; p++) sum += x->by_period[p];
    rl_book_formula(w, row, COL_GAIN,
                    rl_sprintf(b->v->in, "=SUM('By period'!D%u:D%u)", (unsigned)from + 1, (unsigned)from + (unsigned)n),
                    n > 0 ? sum : NAN, gain[0], b->number);
    numbers(w, row, COL_GAIN + 1, gain + 1, 2, b->number);
    rl_book_number(w, row, COL_GAIN + 3, x->gain.se, b->number);
    for (int j = 0; j < 3; j++) {
        rl_book_formula(w, row, (lxw_col_t)(COL_AVERAGE + j),
                        rl_sprintf(b->v->in, "=%s/%s", cell(b, row, COL_GAIN + j), cell(b, row, COL_ABOVE)),
                        gain[j] / x->above, average[j], b->number);
        rl_book_formula(w, row, (lxw_col_t)(COL_PROFIT + j),
                        rl_sprintf(b->v->in, "=%s*$B$2-1", cell(b, row, COL_AVERAGE + j)), average[j] * margin - 1,
                        profit[j], b->number);
    }
    numbers(w, row, COL_NEXT, triple(&x->marginal, rest), 3, b->number);
    numbers(w, row, COL_TO_COME, triple(&x->to_come, rest), 3, b->number);
    if (x->ahead_why) rl_book_text(b, w, row, COL_WHY, x->ahead_why, NULL);
}

static void channels_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {"Model",
                                       "Channel",
                                       "Outcome",
                                       "Spent",
                                       "Above the lowest",
                                       "Lowest of a period",
                                       "Highest",
                                       "Today",
                                       "It goes with",
                                       "Low",
                                       "High",
                                       "Std. error",
                                       "Per 1 spent",
                                       "Low",
                                       "High",
                                       "Profit per 1",
                                       "Low",
                                       "High",
                                       "Next 1, today",
                                       "Low",
                                       "High",
                                       "Still to come",
                                       "Low",
                                       "High",
                                       "Why not"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Channels");
    worksheet_set_column(w, 0, 2, 22, NULL);
    worksheet_set_column(w, COL_SPEND, COL_WHY - 1, 14, NULL);
    worksheet_set_column(w, COL_WHY, COL_WHY, 60, NULL);
    bool margin = isfinite(b->a->study->money.gross_margin);
    rl_book_text(b, w, 0, 0,
                 margin
                     ? "What goes with each channel, against spend at its lowest. Change the yellow cell to see what "
                       "another margin leaves of it."
                     : "What goes with each channel, against spend at its lowest.",
                 NULL);
    if (margin) {
        rl_book_text(b, w, ROW_MARGIN, 0, "Gross margin", NULL);
        rl_book_number(w, ROW_MARGIN, 1, b->a->study->money.gross_margin, b->input_percent);
    }
    heads(b, w, ROW_CHANNELS, HEAD, sizeof HEAD / sizeof *HEAD);
    lxw_row_t row = ROW_CHANNELS + 1, from = 1;
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_channels *c = &b->a->model[i].channels;
        for (size_t k = 0; k < c->n; k++) {
            channel_row(b, w, row++, &b->a->model[i], &c->v[k], from);
            if (c->v[k].answered) from += (lxw_row_t)c->n_periods;
        }
    }
}

static void by_period_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {"Model", "Channel", "Period", "It goes with"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "By period");
    worksheet_set_column(w, 0, 1, 22, NULL);
    worksheet_set_column(w, 2, 3, 16, NULL);
    heads(b, w, 0, HEAD, sizeof HEAD / sizeof *HEAD);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_channels *c = &b->a->model[i].channels;
        for (size_t k = 0; k < c->n; k++)
            for (size_t p = 0; c->v[k].answered && p < c->n_periods; p++, row++) {
                char buf[16];
                rl_book_text(b, w, row, 0, b->a->model[i].spec->name, NULL);
                rl_book_text(b, w, row, 1, c->v[k].column, NULL);
                rl_book_text(b, w, row, 2, rl_period_text(buf, b->a->study->calendar, c->period[p]), NULL);
                rl_book_number(w, row, 3, c->v[k].by_period[p], b->number);
            }
    }
}

static void curves_sheet(const rl_book *b)
{
    static const char *const HEAD[] = {"Model", "Channel", "Spend of a period", "It goes with, in all", "Std. error",
                                       "Low",   "High"};
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Curves");
    worksheet_set_column(w, 0, 1, 22, NULL);
    worksheet_set_column(w, 2, 6, 18, NULL);
    heads(b, w, 0, HEAD, sizeof HEAD / sizeof *HEAD);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_channels *c = &b->a->model[i].channels;
        for (size_t k = 0; k < c->n; k++)
            for (size_t p = 0; c->v[k].answered && p < c->v[k].n_curve; p++, row++) {
                const rl_curve_point *x = &c->v[k].curve[p];
                const double v[] = {x->gain.est, x->gain.se, x->gain.low, x->gain.high};
                rl_book_text(b, w, row, 0, b->a->model[i].spec->name, NULL);
                rl_book_text(b, w, row, 1, c->v[k].column, NULL);
                rl_book_number(w, row, 2, x->spend, b->money);
                numbers(w, row, 3, v, 4, b->number);
            }
    }
}

void rl_book_lags(const rl_book *b)
{
    size_t responses = 0, channels = 0, answered = 0;
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_model_answer *m = &b->a->model[i];
        responses += m->main.n_responses;
        channels += m->channels.n;
        for (size_t k = 0; k < m->channels.n; k++) answered += m->channels.v[k].answered;
    }
    if (responses > 0) {
        responses_sheet(b);
        timing_sheet(b);
    }
    if (channels > 0) channels_sheet(b);
    if (answered > 0) {
        by_period_sheet(b);
        curves_sheet(b);
    }
}
