/* out/sections.h -- what stands in the report, section by section. */
#ifndef RL_OUT_SECTIONS_H
#define RL_OUT_SECTIONS_H

#include "model/answer.h"
#include "out/charts.h"
#include "out/page.h"
#include "out/report.h"
#include "out/view.h"

typedef struct rl_story {
    const rl_answer *a;
    const rl_view *v;
    const rl_charts *charts;
    const char *chart_note; /* why charts are missing, or NULL */
    const rl_inputs *inputs;
    rl_page *page;
} rl_story;

void rl_section_front(const rl_story *s);  /* page one: the answer and its money        */
void rl_section_doubts(const rl_story *s); /* .. what would overturn it, ages, sample   */
void rl_section_groups(const rl_story *s); /* the lifts in the groups of `by`             */
void rl_section_models(const rl_story *s); /* a section a model                         */
void rl_section_data(const rl_story *s);   /* tables, faults, maturity, programmes      */
void rl_section_repeat(const rl_story *s); /* how to reproduce                          */

/* Inside the section of model i, nothing where it does not apply. */
void rl_section_rollout(const rl_story *s, size_t i);      /* start dates, other estimators of the same */
void rl_section_lags(const rl_story *s, size_t i);         /* responses, channels, actual and fitted */

/* A waterfall as a table. */
void rl_section_waterfall(const rl_story *s, const rl_waterfall *w);

#endif
