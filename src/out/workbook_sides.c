/* The sheet of a programme's model by other estimators, and of small cohorts. */
#include "out/words.h"
#include "out/workbook_work.h"

enum { ESTIMATE = 3, ROWS = 7, SAMPLE, UNIT, WORDS };

static void figures(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m, const rl_interval *x)
{
    const double v[] = {x->est, x->se, x->low, x->high};
    for (size_t j = 0; j < sizeof v / sizeof *v; j++)
        rl_book_number(w, row, (lxw_col_t)(ESTIMATE + j), v[j], b->number);
    rl_book_text(b, w, row, UNIT, rl_unit_own(m), NULL);
}

static void own(const rl_book *b, lxw_worksheet *w, lxw_row_t *row, const rl_model_answer *m)
{
    const char *name = m->main.estimator != NULL ? m->main.estimator->name : "";
    rl_book_text(b, w, *row, 0, m->spec->name, NULL);
    rl_book_text(b, w, *row, 1, name, b->strong);
    rl_book_text(b, w, *row, 2, "the answer", NULL);
    figures(b, w, *row, m, &m->lift.effect);
    rl_book_number(w, (*row)++, ROWS, (double)m->main.rows_used, b->money);
    if (m->few.units == 0) return;
    const rl_interval wide = {m->lift.effect.est, m->few.se, m->few.low, m->few.high};
    rl_book_text(b, w, *row, 0, m->spec->name, NULL);
    rl_book_text(b, w, *row, 1, name, NULL);
    rl_book_text(b, w, *row, 2, "small cohorts not taken for precise", NULL);
    if (m->few.why == NULL) figures(b, w, *row, m, &wide);
    rl_book_text(b, w, (*row)++, m->few.why != NULL ? WORDS + 3 : WORDS, m->few.why != NULL ? m->few.why : m->few.says,
                 NULL);
}

static void sample(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_side *s)
{
    rl_book_number(w, row, ROWS, (double)s->rows, b->money);
    rl_book_text(b, w, row, SAMPLE, s->same_rows ? "the same rows" : "rows of its own", NULL);
}

/* The same event times by each that has an event study. */
static void near(const rl_book *b, lxw_worksheet *w, lxw_row_t *row, const rl_model_answer *m, const rl_side *s)
{
    if (!s->answered || !(s->near.std_error > 0)) return;
    const rl_interval x = {s->near.estimate, s->near.std_error, s->near.conf_low, s->near.conf_high};
    rl_book_text(b, w, *row, 0, m->spec->name, NULL);
    rl_book_text(b, w, *row, 1, s->estimator, NULL);
    rl_book_text(b, w, *row, 2,
                 rl_sprintf(b->v->in, "mean of the effects at %s", rl_words_event_times(&m->sides, b->v->in)), NULL);
    figures(b, w, *row, m, &x);
    sample(b, w, (*row)++, s);
}

static void side(const rl_book *b, lxw_worksheet *w, lxw_row_t row, const rl_model_answer *m, const rl_side *s)
{
    rl_book_text(b, w, row, 0, m->spec->name, NULL);
    rl_book_text(b, w, row, 1, s->estimator, NULL);
    rl_book_text(b, w, row, 2, s->same_estimand ? "average effect on the treated" : "a near relative of it", NULL);
    if (!s->answered) {
        rl_book_text(b, w, row, WORDS + 3, s->why, NULL);
        return;
    }
    const rl_interval x = {s->effect.estimate, s->effect.std_error, s->effect.conf_low, s->effect.conf_high};
    figures(b, w, row, m, &x);
    sample(b, w, row, s);
    const char *const words[] = {s->compares, s->base, s->weighs};
    for (size_t j = 0; j < sizeof words / sizeof *words; j++)
        rl_book_text(b, w, row, (lxw_col_t)(WORDS + j), words[j], NULL);
}

void rl_book_sides(const rl_book *b)
{
    static const char *const HEAD[] = {"Model",    "Estimator",   "Estimand", "Estimate", "Std. error",
                                       "Low",      "High",        "Rows",     "Sample",   "Unit",
                                       "Compares", "Base period", "Weighs",   "Why not"};
    size_t n = 0;
    for (size_t i = 0; i < b->a->n_models; i++) n += b->a->model[i].sides.n + b->a->model[i].few.units;
    if (n == 0) return;
    lxw_worksheet *w = workbook_add_worksheet(b->book, "Estimators");
    worksheet_set_column(w, 0, 1, 18, NULL);
    worksheet_set_column(w, 2, 2, 42, NULL);
    worksheet_set_column(w, ESTIMATE, UNIT, 15, NULL);
    worksheet_set_column(w, WORDS, WORDS + 3, 40, NULL);
    for (size_t j = 0; j < sizeof HEAD / sizeof *HEAD; j++) rl_book_text(b, w, 0, (lxw_col_t)j, HEAD[j], b->head);
    worksheet_freeze_panes(w, 1, 0);
    lxw_row_t row = 1;
    for (size_t i = 0; i < b->a->n_models; i++) {
        const rl_model_answer *m = &b->a->model[i];
        if (m->status == RL_MODEL_REFUSED || !m->has_lift || m->sides.n + m->few.units == 0) continue;
        own(b, w, &row, m);
        for (size_t k = 0; k < m->sides.n; k++) side(b, w, row++, m, &m->sides.v[k]);
        for (size_t k = 0; k < m->sides.n; k++) near(b, w, &row, m, &m->sides.v[k]);
    }
}
