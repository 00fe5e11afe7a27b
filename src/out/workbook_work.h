/* out/workbook_work.h -- what the sheets of workbook.xlsx share. */
#ifndef RL_OUT_WORKBOOK_WORK_H
#define RL_OUT_WORKBOOK_WORK_H

#include <xlsxwriter.h>

#include "model/answer.h"
#include "out/view.h"

typedef struct rl_book {
    lxw_workbook *book;
    lxw_format *title, *head, *money, *percent, *number, *tenth, *input, *input_percent, *strong, *sum, *wrap;
    const rl_answer *a;
    const rl_view *v;
} rl_book;

/* A text of the user's: always a string cell. */
void rl_book_text(const rl_book *b, lxw_worksheet *w, lxw_row_t row, lxw_col_t col, const char *s, lxw_format *f);

/* The figure; an empty cell when it is not finite. */
void rl_book_number(lxw_worksheet *w, lxw_row_t row, lxw_col_t col, double x, lxw_format *f);

/* The formula when it gives our figure (`gives` = x to 9 digits), else the figure. */
void rl_book_formula(lxw_worksheet *w, lxw_row_t row, lxw_col_t col, const char *f, double gives, double x,
                     lxw_format *fmt);

/* The sheets of regressions with lags (workbook_lags.c): none without responses and channels. */
void rl_book_lags(const rl_book *b);

/* The same question by other estimators (workbook_sides.c): none without a programme. */
void rl_book_sides(const rl_book *b);

#endif
