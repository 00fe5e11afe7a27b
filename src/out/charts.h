/* out/charts.h -- which charts an answer gets, and what is in them.
 *
 * charts.c has those of every answer and model, charts_rollout.c those of
 * programmes that start at different times, charts_lags.c those of lags.  A
 * chart is NULL where there is nothing to draw, too little, or more than can
 * be read; rl_page_chart() passes over it.  Everything lives in v->in.  Ids
 * name files: "money-bridge", ..; of model i "m<i+1>-event", ..
 */
#ifndef RL_OUT_CHARTS_H
#define RL_OUT_CHARTS_H

#include "model/answer.h"
#include "out/plot.h"
#include "out/view.h"

typedef struct rl_model_charts {
    rl_chart *trends, *event, *lags;
    rl_chart **forest;   /* one a breakdown of the model          */
    rl_chart **response; /* one a response of the model            */
    rl_chart *spend;     /* what the channels brought              */
    rl_chart **curve;    /* one a channel                          */
    rl_chart *rollout;   /* who is treated when                   */
    rl_chart *cohorts;   /* means by cohort, as seen              */
    rl_chart *sides;     /* other estimators of the same: template estimators */
    rl_chart *side_events;   /* .. and their event studies: template sides */
    rl_chart *bacon;     /* what two-way fixed effects compare    */
    rl_chart *track;     /* actual, fitted, residuals in time      */
} rl_model_charts;

typedef struct rl_charts {
    rl_chart *bridge, *ages;
    rl_chart *sample, *sample_value; /* deals read to deals usable; rows of the model the total comes from */
    rl_model_charts *model;          /* a->n_models                             */
    size_t n, cap;
    rl_chart **all; /* n  in order: what rl_charts_draw() takes */
} rl_charts;

void rl_charts_make(const rl_answer *a, const rl_view *v, rl_charts *out);

/* Internal to the module: how a chart begins.  Enters it in out->all; title and subtitle are cleaned, and cut at 90
 * and 130 characters; what else came from the user is cleaned by the caller (rl_view_clean()). */
rl_chart *rl_chart_begin(rl_charts *out, const rl_view *v, const char *id, const char *template, const char *title,
                         const char *subtitle);
/* The factor that money is shown by, so that axis numbers stay short, and the axis' words. */
double rl_chart_money_axis(const rl_view *v, const char *what, double largest, const char **words);
/* Of the outcome of model m (effect: of effects on it), numbers as large as `largest` among them: the factor to
 * multiply every number of the axis by (points, thousands, ..), and the axis' words. */
double rl_chart_axis(const rl_view *v, const rl_model_answer *m, double largest, bool effect, const char **words);
/* Charts of model `at` whose programme starts at different times (charts_rollout.c). */
void rl_charts_rollout(rl_charts *out, const rl_view *v, const rl_answer *a, size_t at);
/* .. of the same question by several estimators: the effects, cut where one interval is far wider than the others, and
 * the event studies (charts_sides.c). */
void rl_charts_sides(rl_charts *out, const rl_view *v, const rl_model_answer *m, size_t at, const char *period);
/* Charts of model `at` with lags (charts_lags.c). */
void rl_charts_lags(rl_charts *out, const rl_view *v, const rl_answer *a, size_t at);

#endif
