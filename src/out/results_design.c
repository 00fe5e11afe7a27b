/* out/results_design.c -- `check --json`: what could be asked, and the design of each question. */
#include "out/json_fit.h"
#include "out/results.h"

static void cell(rl_json *j, const rl_wave_cell *x)
{
    rl_json_open_flat(j, NULL, '{');
    rl_json_str(j, "period", x->period);
    rl_json_int(j, "event", x->event);
    rl_json_count(j, "units", x->units);
    rl_json_count(j, "never", x->never);
    rl_json_count(j, "notyet", x->notyet);
    rl_json_str(j, "state", x->exposed ? "exposed" : x->clean ? "clean" : "none");
    rl_json_bool(j, "estimable", x->estimable);
    rl_json_str(j, "reason", x->why);
    rl_json_close(j);
}

static void wave(rl_json *j, const rl_identified *d, const rl_wave *w)
{
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "cohort", w->label);
    rl_json_count(j, "units", w->units);
    rl_json_bool(j, "few", w->few);
    rl_json_count(j, "clean_periods", w->clean);
    rl_json_str(j, "base", w->base);
    rl_json_count(j, "partly_exposed_between", w->between);
    rl_json_count(j, "exposed_periods", w->exposed);
    rl_json_count(j, "estimable_periods", w->estimable);
    rl_json_bool(j, "identified", w->identified);
    rl_json_str(j, "reason", w->why);
    if (w->exposed > 0) {
        rl_json_count(j, "fewest_never", w->never);
        rl_json_count(j, "fewest_notyet", w->notyet);
    }
    rl_json_open(j, "periods", '[');
    for (size_t k = 0; k < d->n_periods && w->cell[k].event != INT32_MIN; k++) cell(j, &w->cell[k]);
    rl_json_close(j);
    rl_json_close(j);
}

static void estimator(rl_json *j, const char *name, bool can, const char *why)
{
    rl_json_open_flat(j, NULL, '{');
    rl_json_str(j, "estimator", name);
    rl_json_bool(j, "can", can);
    rl_json_str(j, "reason", can ? NULL : why);
    rl_json_close(j);
}

static void design(rl_json *j, const rl_identified *d)
{
    rl_json_open(j, "design", '{');
    rl_json_str(j, "unit", d->unit);
    rl_json_str(j, "rows", d->rows);
    rl_json_str(j, "controls", d->never_only ? "never" : "notyet");
    rl_json_count(j, "treated", d->treated);
    rl_json_count(j, "never", d->never);
    rl_json_count(j, "later", d->later);
    rl_json_count(j, "clusters", d->clusters);
    rl_json_str(j, "own_estimator_refused", d->own_why);
    rl_json_open(j, "cohorts", '[');
    for (size_t g = 0; g < d->n; g++) wave(j, d, &d->wave[g]);
    rl_json_close(j);
    rl_json_open(j, "estimators", '[');
    for (size_t i = 0; i < d->sides.n; i++)
        estimator(j, d->sides.v[i].estimator, d->sides.v[i].answered, d->sides.v[i].why);
    if (d->sides.has_bacon || d->sides.bacon_why != NULL) estimator(j, "bacon", d->sides.has_bacon, d->sides.bacon_why);
    rl_json_close(j);
    rl_json_close(j);
}

void rl_results_questions(rl_json *j, const rl_answer *a)
{
    rl_json_open(j, "questions", '[');
    for (size_t i = 0; i < a->n_questions; i++) {
        const rl_question *q = &a->question[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "model", q->spec->name);
        rl_json_bool(j, "can", q->can);
        rl_json_str(j, "why", q->why);
        if (q->design != NULL)
            design(j, q->design);
        else
            rl_json_null(j, "design");
        rl_json_close(j);
    }
    rl_json_close(j);
}
