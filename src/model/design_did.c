/* The difference-in-differences side of a design: who is treated when, which
 * rows an estimator cannot use, and the effects it brings along. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/seen.h"
#include "model/build.h"

/* --- treatment --------------------------------------------------------------- */

/* Is the treatment 0 or 1, where a start is read from it?  One coefficient (twfe) takes doses, of which a negative one
 * turns the sign of the effect around; dcdh takes all. */
static rl_code check_treated(const rl_build *b, const rl_col *c, rl_ctx *cx)
{
    const rl_estimator *e = b->req->estimator;
    bool doses = e->frame == RL_FRAME_TWFE;
    size_t rows = 0;
    double least = INFINITY, most = 0;
    if (!doses && !e->first_times) return RL_OK;
    for (size_t i = 0; i < b->t->n; i++) {
        double x = c->num[i];
        char buf[32];
        if (!b->keep[i] || isnan(x)) continue;
        if (x != 0 && x != 1 && (!doses || x < 0)) {
            rl_fail_cell(b->t, c, i, cx, RL_EINPUT, "a treatment must be 0 or 1%s, not %s (column '%s')",
                         doses ? ", or a dose above 0" : "", rl_num_text(buf, x), c->name);
            return rl_hint(cx, doses ? "0 is untreated; --estimator dcdh takes doses of either sign"
                                     : "--estimator twfe and dcdh take doses");
        }
        rows += x != 0 && x != 1;
        if (x > 0 && x < least) least = x;
        if (x > most) most = x;
    }
    if (rows == 0) return RL_OK;
    const char *range = rl_sprintf(cx->tmp, "%.4g", least);
    if (most > least) range = rl_sprintf(cx->tmp, "%s to %.4g", range, most);
    rl_remark(cx, "design",
              "'%s' is a dose (%s where it is not 0): the effect is that of 1 of it, and taken to grow in proportion",
              c->name, range);
    return RL_OK;
}

/* First time a unit is treated, from a 0/1 column. */
static rl_code cohorts_from_treated(rl_build *b, rl_ctx *cx)
{
    int32_t *first = RL_NEW(cx->tmp, int32_t, b->unit.G);
    for (size_t g = 0; g < b->unit.G; g++) first[g] = INT32_MAX;
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t g = b->unit.code[i];
        if (!b->keep[i] || g < 0 || b->at[i] == RL_NO_TIME || isnan(b->treated[i]) || b->treated[i] == 0) continue;
        if (b->at[i] < first[g]) first[g] = b->at[i];
    }
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t g = b->unit.code[i];
        b->cohort[i] = g < 0 || first[g] == INT32_MAX ? RL_NEVER : first[g];
        if (!b->keep[i] || b->cohort[i] == RL_NEVER || b->at[i] == RL_NO_TIME || b->at[i] < b->cohort[i]) continue;
        if (b->treated[i] == 0) {
            const rl_col *c = rl_table_col(b->t, b->req->treated);
            rl_fail_cell(b->t, c, i, cx, RL_EDATA, "unit '%s' is treated and later not (column '%s')", b->unit.label[g],
                         c->name);
            return rl_hint(
                cx, "event time needs a treatment that stays; --estimator dcdh takes one that switches off and on, "
                    "twfe too where the effect is the same for all");
        }
    }
    return RL_OK;
}

/* A unit has one first treated time. */
static rl_code one_cohort_a_unit(rl_build *b, rl_ctx *cx)
{
    if (b->unit.G == 0) return RL_OK;
    int64_t *seen = RL_NEW(cx->tmp, int64_t, b->unit.G);
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t g = b->unit.code[i];
        if (!b->keep[i] || g < 0) continue;
        int64_t now = (int64_t)b->cohort[i] - INT32_MIN + 1;
        if (seen[g] == 0) seen[g] = now;
        if (seen[g] == now) continue;
        const rl_col *c = rl_table_col(b->t, b->req->cohort);
        rl_fail_cell(b->t, c, i, cx, RL_EINPUT, "unit '%s' has two different values of '%s'", b->unit.label[g],
                     c->name);
        return rl_hint(cx, "the first treated time belongs to the unit: the same in all of its rows");
    }
    return RL_OK;
}

/* 0 is never, also where the data have a period 0. */
static void tell_start_at_zero(const rl_build *b, const rl_col *c, rl_ctx *cx)
{
    size_t rows = 0;
    bool before = false, at = false;
    if (b->d->clock.dates || c->type == RL_DATE) return;
    for (size_t i = 0; i < b->t->n; i++) {
        char buf[32];
        if (!b->keep[i] || b->at[i] == RL_NO_TIME) continue;
        before |= b->at[i] < 0;
        at |= b->at[i] == 0;
        if (b->cohort[i] == RL_NEVER && !rl_missing(c, i) && strcmp(rl_cell_text(c, i, buf), "0") == 0) rows++;
    }
    if (!before || !at || rows == 0) return;
    rl_remark(cx, "design",
              "%zu rows have 0 in '%s', which counts as never treated, and 0 is a period of '%s' too; if their "
              "treatment starts then, add a number to both columns, so that no period is 0",
              rows, c->name, b->req->time);
}

/* Rows that have something, and their units where there are any. */
typedef struct counted {
    size_t rows, units;
    bool *seen; /* unit.G */
} counted;

static void count(counted *c, const rl_build *b, size_t i)
{
    c->rows++;
    if (b->unit.G > 0 && b->unit.code[i] >= 0) c->units += rl_first_seen(c->seen, (size_t)b->unit.code[i]);
}

static const char *counted_words(const counted *c, rl_ctx *cx)
{
    const char *rows = rl_sprintf(cx->tmp, "%zu row%s", c->rows, c->rows > 1 ? "s" : "");
    if (c->units == 0) return rows;
    return rl_sprintf(cx->tmp, "%s of %zu unit%s", rows, c->units, c->units > 1 ? "s" : "");
}

/* Starts after the last period: never treated as far as the data go, which is said; where no other start is left
 * there is nothing to estimate. */
static rl_code cohorts_beyond_are_never(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    int32_t last = INT32_MIN, from = INT32_MAX, to = INT32_MIN;
    size_t within = 0;
    counted beyond = {.seen = RL_NEW(cx->tmp, bool, b->unit.G)};
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && b->at[i] > last) last = b->at[i];
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t g = b->cohort[i];
        if (g == RL_NEVER) continue;
        if (g <= (int64_t)last + r->anticipation) {
            within += b->keep[i];
            continue;
        }
        b->cohort[i] = RL_NEVER;
        if (!b->keep[i]) continue;
        count(&beyond, b, i);
        if (g < from) from = g;
        if (g > to) to = g;
    }
    if (beyond.rows == 0 || !r->estimator->needs_cohort || r->student) return RL_OK;
    const char *starts = rl_time_words(b->d->clock, from, cx->tmp), *end = rl_time_words(b->d->clock, last, cx->tmp);
    if (to > from) starts = rl_sprintf(cx->tmp, "%s to %s", starts, rl_time_words(b->d->clock, to, cx->tmp));
    if (within > 0) {
        rl_remark(cx, "design", "%s have a start in '%s' (%s) after the last period (%s): they count as never treated",
                  counted_words(&beyond, cx), r->cohort, starts, end);
        return RL_OK;
    }
    rl_fail(cx, RL_EDATA, "no row is treated: all starts in '%s' (%s; %s) lie after the last period (%s)", r->cohort,
            starts, counted_words(&beyond, cx), end);
    return rl_hint(
        cx, "a start is a time of '%s', written as it is there; or add the periods in which they are treated", r->time);
}

rl_code rl_build_treatment(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    const rl_col *c;
    if (r->cohort == NULL && r->treated == NULL) return RL_OK;
    if (b->at == NULL) return RL_OK;
    if (r->treated != NULL) {
        RL_TRY(rl_table_need(b->t, r->treated, "--treated", &c, cx));
        if (c->type != RL_NUM) return rl_fail(cx, RL_EINPUT, "column '%s' (--treated) must hold numbers", c->name);
        RL_TRY(check_treated(b, c, cx));
        b->treated = c->num;
    }
    if (r->cohort == NULL && !r->estimator->first_times) return RL_OK;
    b->cohort = RL_NEW(cx->tmp, int32_t, b->t->n);
    if (r->cohort != NULL) {
        RL_TRY(rl_table_need(b->t, r->cohort, "--cohort", &c, cx));
        RL_TRY(rl_cohorts_of(b->t, c, b->d->clock, b->cohort, cx));
        RL_TRY(one_cohort_a_unit(b, cx));
        tell_start_at_zero(b, c, cx);
        return cohorts_beyond_are_never(b, cx);
    }
    if (b->unit.G == 0) return rl_fail(cx, RL_EUSAGE, "--treated needs --unit to know when a unit was first treated");
    return cohorts_from_treated(b, cx);
}

/* --- rows -------------------------------------------------------------------- */

void rl_frame_times(const int32_t *at, size_t n, rl_groups *g, rl_ctx *cx)
{
    rl_col c = {.name = "time", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, n), .field = -1};
    for (size_t i = 0; i < n; i++) c.num[i] = at[i] == RL_NO_TIME ? -1e10 : (double)at[i];
    rl_groups_of(&c, n, g, cx->tmp, cx);
}

static void drop_outside_window(rl_build *b, rl_ctx *cx)
{
    size_t lost = 0;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER) continue;
        int64_t e = (int64_t)b->at[i] - b->cohort[i];
        if (e >= b->req->window_lo && e <= b->req->window_hi) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "outside the window", lost, cx);
}

/* What is left out as treated from the start on, or its dates, where no other start is left. */
static rl_code refuse_always(const rl_build *b, const counted *lost, int32_t first, int32_t from, int32_t to,
                             rl_ctx *cx)
{
    const rl_request *r = b->req;
    const char *begin = rl_time_words(b->d->clock, first, cx->tmp), *rows = counted_words(lost, cx),
               *starts = rl_time_words(b->d->clock, from, cx->tmp);
    if (to > from) starts = rl_sprintf(cx->tmp, "%s to %s", starts, rl_time_words(b->d->clock, to, cx->tmp));
    if (to <= first) {
        rl_fail(
            cx, RL_EDATA,
            "no cohort has a pre-period: the data begin at %s, and all that are treated start then or before (%s; %s)",
            begin, starts, rows);
        return rl_hint(cx, "what happened before treatment must be in the data");
    }
    rl_fail(
        cx, RL_EDATA,
        "no cohort has a pre-period: the data begin at %s, and with --anticipation %d all starts (%s; %s) reach back "
        "to then or before",
        begin, r->anticipation, starts, rows);
    return rl_hint(cx, "a smaller --anticipation, or earlier periods, leave a time that nothing has touched");
}

/* Cohorts that are treated, or anticipate it, from the first period on have no period to be compared with. */
rl_code rl_frame_always(rl_build *b, int anticipation, rl_ctx *cx)
{
    int32_t first = INT32_MAX, from = INT32_MAX, to = INT32_MIN;
    size_t others = 0;
    counted lost = {.seen = RL_NEW(cx->tmp, bool, b->unit.G)};
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && b->at[i] < first) first = b->at[i];
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t g = b->cohort[i];
        if (!b->keep[i] || g == RL_NEVER) continue;
        if (g > (int64_t)first + anticipation) {
            others++;
            continue;
        }
        count(&lost, b, i);
        if (g < from) from = g;
        if (g > to) to = g;
        b->keep[i] = 0;
    }
    rl_build_lose(b, anticipation > 0 ? "treated or anticipating from the first period" : "always treated", lost.rows,
                  cx);
    return lost.rows == 0 || others > 0 ? RL_OK : refuse_always(b, &lost, first, from, to, cx);
}

/* Plain regressions keep units that are treated whenever they are seen. */
static void tell_always(const rl_build *b, rl_ctx *cx)
{
    if (b->unit.G == 0) return;
    size_t rows = 0, units = 0, *of = RL_NEW(cx->tmp, size_t, b->unit.G);
    bool *untreated = RL_NEW(cx->tmp, bool, b->unit.G);
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        size_t u = (size_t)b->unit.code[i];
        of[u]++;
        untreated[u] |= b->cohort != NULL ? b->cohort[i] == RL_NEVER || b->at[i] < b->cohort[i] : b->treated[i] == 0;
    }
    for (size_t u = 0; u < b->unit.G; u++) {
        if (of[u] == 0 || untreated[u]) continue;
        rows += of[u];
        units++;
    }
    rl_release(cx->tmp, of);
    if (units == 0) return;
    rl_remark(cx, "design",
              "%zu rows are of %zu unit%s never seen untreated: '%s' keeps them, and to compare others with them holds "
              "only if their effect no longer changes; etwfe, cs and sunab leave them out",
              rows, units, units > 1 ? "s" : "", b->req->estimator->name);
}

/* The last cohort, RL_NEVER when some unit is never treated. */
int32_t rl_frame_last(const rl_build *b)
{
    int32_t last = RL_NEVER;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->cohort[i] == RL_NEVER) return RL_NEVER;
        if (b->cohort[i] > last) last = b->cohort[i];
    }
    return last;
}

/* Without never-treated units one cohort, `last`, is the control until it starts. */
void rl_frame_end(rl_build *b, int32_t last, rl_ctx *cx)
{
    size_t lost = 0;
    for (size_t i = 0; i < b->t->n && last != RL_NEVER; i++) {
        if (!b->keep[i]) continue;
        if (b->cohort[i] >= last) b->cohort[i] = RL_NEVER; /* later ones start beyond what is left */
        if (b->at[i] < last) continue;
        b->keep[i] = 0;
        lost++;
    }
    if (last == RL_NEVER) return;
    rl_build_lose(b, "no control left", lost, cx);
    if (b->req->ref_cohort == NULL)
        rl_remark(cx, "design", "no unit is never treated: the last cohort is the control until it starts");
}

rl_code rl_build_frame(rl_build *b, rl_ctx *cx)
{
    rl_frame frame = b->req->estimator->frame;
    bool window = frame == RL_FRAME_EVENT || frame == RL_FRAME_COHORTS;
    if (window && b->req->has_window && b->req->endpoints_drop) drop_outside_window(b, cx);
    switch (frame) {
    case RL_FRAME_TWFE:
    case RL_FRAME_EVENT:
        tell_always(b, cx);
        return RL_OK;
    case RL_FRAME_STARTS:
        return rl_frame_always(b, 0, cx);
    case RL_FRAME_CELLS:
        RL_TRY(rl_frame_always(b, 0, cx));
        rl_frame_end(b, rl_frame_last(b), cx);
        return RL_OK;
    case RL_FRAME_CONTROLS:
        return b->cohort != NULL ? rl_frame_controls(b, cx) : RL_OK;
    case RL_FRAME_COHORTS:
        return rl_frame_cohorts(b, cx);
    case RL_FRAME_DRAWN:
        return b->cohort != NULL && b->unit.G > 0 ? rl_frame_drawn(b, cx) : RL_OK;
    case RL_FRAME_IMPUTE:
        return rl_frame_impute(b, cx);
    default:
        return RL_OK;
    }
}

/* --- effects ------------------------------------------------------------------ */

static void add_effect(rl_build *b, const rl_groups *g, const char *name)
{
    rl_design *d = b->d;
    for (size_t f = 0; f < d->fe.n_fe; f++)
        if (strcmp(d->fe_name[f], name) == 0) return; /* the formula has it already */
    b->effect[d->fe.n_fe] = *g;
    d->fe_name[d->fe.n_fe++] = name;
}

rl_code rl_build_did_effects(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    rl_frame frame = r->estimator->frame;
    if (frame == RL_FRAME_PLAIN || frame == RL_FRAME_STARTS || frame == RL_FRAME_CONTROLS || frame == RL_FRAME_DRAWN)
        return RL_OK;
    bool cells = frame == RL_FRAME_CELLS || frame == RL_FRAME_IMPUTE;
    rl_groups time, unit = b->unit, joined;
    const char *time_name = r->time, *unit_name = r->unit;
    rl_frame_times(b->at, b->t->n, &time, cx);
    if (cells && r->unit == NULL) {
        rl_frame_times(b->cohort, b->t->n, &unit, cx);
        unit_name = r->cohort;
        if (b->trait.G > 0) {
            rl_groups_join(&unit, &b->trait, b->t->n, &joined, cx->tmp, cx);
            unit = joined;
            unit_name = rl_sprintf(cx->tmp, "%s x covariates", r->cohort);
        }
    }
    if (cells && b->trait.G > 0) {
        rl_groups_join(&time, &b->trait, b->t->n, &joined, cx->tmp, cx);
        time = joined;
        time_name = rl_sprintf(cx->tmp, "%s x covariates", r->time);
    }
    add_effect(b, &unit, unit_name);
    add_effect(b, &time, time_name);
    return RL_OK;
}
