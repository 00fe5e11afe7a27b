/* Rows whose untreated outcome cannot be imputed (bjs, did2s). */
#include <stdlib.h>
#include <string.h>

#include "model/build.h"

static bool untreated(const rl_build *b, size_t i)
{
    return b->cohort[i] == RL_NEVER || (int64_t)b->at[i] < (int64_t)b->cohort[i] - b->req->anticipation;
}

/* Codes of what has an effect of its own: the units, or without them the cohorts. */
static const int32_t *effect_of_unit(const rl_build *b, size_t *G, rl_ctx *cx)
{
    rl_groups g;
    *G = b->unit.G;
    if (b->unit.G > 0) return b->unit.code;
    rl_frame_times(b->cohort, b->t->n, &g, cx);
    *G = g.G;
    return g.code;
}

/* Leave out the rows that are treated and whose code is not `seen`; returns how many, and their first cohort. */
static size_t drop_unseen(rl_build *b, const int32_t *code, const bool *seen, int32_t *cohort)
{
    size_t lost = 0;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || untreated(b, i) || (code[i] >= 0 && seen[code[i]])) continue;
        b->keep[i] = 0;
        if (lost++ == 0 || b->cohort[i] < *cohort) *cohort = b->cohort[i];
    }
    return lost;
}

static void see(const rl_build *b, const int32_t *code, bool *seen)
{
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && code[i] >= 0 && untreated(b, i)) seen[code[i]] = true;
}

/* A unit needs a row before its treatment for its effect, a period an untreated row for its own. */
rl_code rl_frame_impute(rl_build *b, rl_ctx *cx)
{
    size_t G, treated = 0, always, alone;
    int32_t cohort = 0;
    rl_groups time;
    const int32_t *unit = effect_of_unit(b, &G, cx);
    for (size_t i = 0; i < b->t->n; i++) treated += b->keep[i] && !untreated(b, i);
    if (b->left == 0) return RL_OK; /* said with the reasons */
    if (treated == 0) {
        rl_fail(cx, RL_EDATA, "no row is treated (%zu rows used)", b->left);
        return rl_hint(cx, "cohorts that lie beyond the last period count as never treated");
    }
    bool *seen = RL_NEW(cx->tmp, bool, G + 1);
    see(b, unit, seen);
    always = drop_unseen(b, unit, seen, &cohort);
    rl_build_lose(b, b->req->anticipation > 0 ? "treated or anticipating from the first period" : "always treated",
                  always, cx);
    if (always == treated) {
        rl_fail(cx, RL_EDATA,
                "no treated unit is seen in a pre-period: all %zu treated rows are in units treated from their "
                "first row on (first cohort %s)",
                treated, rl_time_words(b->d->clock, cohort, cx->tmp));
        return rl_hint(cx, "what a unit would have been without treatment is learned from its rows before it");
    }
    rl_frame_times(b->at, b->t->n, &time, cx);
    seen = RL_NEW(cx->tmp, bool, time.G + 1);
    see(b, time.code, seen);
    alone = drop_unseen(b, time.code, seen, &cohort);
    rl_build_lose(b, "no control left", alone, cx);
    if (alone + always < treated) return RL_OK;
    rl_fail(cx, RL_EDATA, "no control: all %zu treated rows are in periods without an untreated one", alone);
    return rl_hint(cx, "units that are never treated, or later, say what treated ones would have been");
}
