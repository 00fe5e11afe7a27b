/* out/charts.h -- which charts an answer gets, and what is in them. */
#ifndef RL_OUT_CHARTS_H
#define RL_OUT_CHARTS_H

#include "model/answer.h"
#include "out/plot.h"
#include "out/view.h"

typedef struct rl_model_charts {
    rl_chart *trends, *event, *lags;
    rl_chart **forest; /* one a breakdown of the model    */
} rl_model_charts; /* NULL = nothing to draw */

typedef struct rl_charts {
    rl_chart *bridge, *ages;
    rl_chart *sample, *sample_value; /* deals read to deals usable; rows of the model the total comes from */
    rl_model_charts *model;          /* a->n_models                             */
    size_t n, cap;
    rl_chart **all; /* n  in order: what rl_charts_draw() takes */
} rl_charts;

void rl_charts_make(const rl_answer *a, const rl_view *v, rl_charts *out);

#endif
