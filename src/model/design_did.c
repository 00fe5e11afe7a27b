/* The difference-in-differences side of a design: who is treated when, which
 * rows an estimator cannot use, and the effects it brings along. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/build.h"

/* --- treatment --------------------------------------------------------------- */

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
            return rl_hint(cx, "event time needs a treatment that stays; --estimator twfe takes one that switches off");
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

static void cohorts_beyond_are_never(rl_build *b)
{
    int32_t last = INT32_MIN;
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && b->at[i] > last) last = b->at[i];
    for (size_t i = 0; i < b->t->n; i++)
        if (b->cohort[i] > (int64_t)last + b->req->anticipation) b->cohort[i] = RL_NEVER;
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
        b->treated = c->num;
    }
    if (r->cohort == NULL && !r->estimator->first_times) return RL_OK;
    b->cohort = RL_NEW(cx->tmp, int32_t, b->t->n);
    if (r->cohort != NULL) {
        RL_TRY(rl_table_need(b->t, r->cohort, "--cohort", &c, cx));
        RL_TRY(rl_cohorts_of(b->t, c, b->d->clock, b->cohort, cx));
        RL_TRY(one_cohort_a_unit(b, cx));
        cohorts_beyond_are_never(b);
        return RL_OK;
    }
    if (b->unit.G == 0) return rl_fail(cx, RL_EUSAGE, "--treated needs --unit to know when a unit was first treated");
    return cohorts_from_treated(b, cx);
}

/* --- rows -------------------------------------------------------------------- */

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

/* Cells of a unit treated in its first period have nothing to be compared with. */
static void drop_always_treated(rl_build *b, rl_ctx *cx)
{
    int32_t first = INT32_MAX;
    size_t lost = 0;
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && b->at[i] < first) first = b->at[i];
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER || b->cohort[i] > first) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "always treated", lost, cx);
}

/* Without never-treated units the last cohort is the control, until it starts. */
static void drop_after_last_control(rl_build *b, rl_ctx *cx)
{
    int32_t last = RL_NEVER;
    size_t lost = 0;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->cohort[i] == RL_NEVER) return;
        if (b->cohort[i] > last) last = b->cohort[i];
    }
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->cohort[i] == last) b->cohort[i] = RL_NEVER;
        if (b->at[i] < last) continue;
        b->keep[i] = 0;
        lost++;
    }
    if (last == RL_NEVER) return;
    rl_build_lose(b, "no control left", lost, cx);
    rl_remark(cx, "design", "no unit is never treated: the last cohort is the control until it starts");
}

static const char *time_words(const rl_build *b, int32_t time, rl_ctx *cx)
{
    const char *text = rl_time_text(b->d->clock, time, cx->tmp);
    return text != NULL ? text : rl_sprintf(cx->tmp, "%d", time);
}

/* Cohorts that are treated, or anticipate it, from the first period on have no period to be compared with. */
static rl_code drop_without_past(rl_build *b, rl_ctx *cx)
{
    int32_t first = INT32_MAX, some = RL_NEVER;
    size_t lost = 0, others = 0;
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && b->at[i] < first) first = b->at[i];
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER) continue;
        if (b->cohort[i] > (int64_t)first + b->req->anticipation) {
            others++;
            continue;
        }
        some = b->cohort[i];
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, b->req->anticipation > 0 ? "treated or anticipating from the first period" : "always treated",
                  lost, cx);
    if (lost == 0 || others > 0) return RL_OK;
    rl_fail(cx, RL_EDATA, "no cohort has a pre-period: the data begin at %s, and the treated start then or before (%s)",
            time_words(b, first, cx), time_words(b, some, cx));
    return rl_hint(cx, "what happened before treatment must be in the data; %zu rows are of units treated throughout",
                   lost);
}

/* Without never-treated units the last cohort is the control, until it starts (or anticipates its start). */
static rl_code drop_without_never(rl_build *b, rl_ctx *cx)
{
    int32_t last = RL_NEVER, other = RL_NEVER;
    size_t lost = 0;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->cohort[i] == RL_NEVER) return RL_OK;
        if (b->cohort[i] > last) last = b->cohort[i];
    }
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i] && b->cohort[i] != last) other = b->cohort[i];
    if (last == RL_NEVER) return RL_OK;
    if (other == RL_NEVER) {
        rl_fail(cx, RL_EDATA, "no control: no unit is never treated, and all that have a pre-period start at %s",
                time_words(b, last, cx));
        return rl_hint(cx, "units that start later, or never, must be in the data");
    }
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->cohort[i] == last) b->cohort[i] = RL_NEVER;
        if (b->at[i] < (int64_t)last - b->req->anticipation) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "no control left", lost, cx);
    rl_remark(cx, "design", "no unit is never treated: the last cohort (%s) is the control until it starts",
              time_words(b, last, cx));
    return RL_OK;
}

/* Number of a time among those seen so far, ascending; a new one is put in its place. */
static size_t number_of(int32_t **time, size_t *T, size_t *cap, int32_t at, rl_ctx *cx)
{
    size_t lo = 0, hi = *T;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if ((*time)[mid] < at)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < *T && (*time)[lo] == at) return lo;
    if (*T == *cap) {
        *time = rl_regrow(cx->tmp, *time, *cap, 2 * *cap, sizeof **time);
        *cap *= 2;
    }
    memmove(*time + lo + 1, *time + lo, (*T - lo) * sizeof **time);
    (*time)[lo] = at;
    ++*T;
    return lo;
}

/* Units that miss a period of the rows left.  One with two rows in a period is left to be refused. */
static void drop_incomplete(rl_build *b, rl_ctx *cx)
{
    size_t T = 0, cap = 64, lost = 0, G = b->unit.G, n = b->t->n;
    int32_t *time = RL_NEW(cx->tmp, int32_t, cap);
    for (size_t i = 0, t = 0; i < n; i++) {
        if (!b->keep[i]) continue;
        if (t >= T || time[t] != b->at[i]) t = number_of(&time, &T, &cap, b->at[i], cx);
        t = t + 1 < T ? t + 1 : 0; /* most data are in order */
    }
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, G *T);
    size_t *rows = RL_NEW(cx->tmp, size_t, 2 * G), *periods = rows + G;
    for (size_t i = 0, t = 0; i < n; i++) {
        if (!b->keep[i]) continue;
        if (time[t] != b->at[i]) t = number_of(&time, &T, &cap, b->at[i], cx);
        size_t u = (size_t)b->unit.code[i];
        rows[u]++;
        periods[u] += !seen[u * T + t];
        seen[u * T + t] = 1;
        t = t + 1 < T ? t + 1 : 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (!b->keep[i]) continue;
        size_t u = (size_t)b->unit.code[i];
        if (periods[u] == T || rows[u] != periods[u]) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_release(cx->tmp, seen);
    rl_build_lose(b, "unit not seen in every period", lost, cx);
}

static int by_time(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* A unit whose cohort (or being never treated) is its alone: no variance can be had within it. */
static void drop_alone(rl_build *b, rl_ctx *cx)
{
    size_t n = 0, lost = 0, alone = 0;
    int32_t *cohort = RL_NEW(cx->tmp, int32_t, b->unit.G);
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, b->unit.G);
    rl_str names = rl_str_new(cx->tmp);
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t u = b->unit.code[i];
        if (!b->keep[i] || u < 0 || seen[u]) continue;
        seen[u] = 1;
        cohort[n++] = b->cohort[i];
    }
    qsort(cohort, n, sizeof *cohort, by_time);
    for (size_t i = 0; i < n; i++) {
        if ((i > 0 && cohort[i] == cohort[i - 1]) || (i + 1 < n && cohort[i] == cohort[i + 1])) continue;
        rl_str_addf(&names, "%s%s", alone++ > 0 ? ", " : "",
                    cohort[i] == RL_NEVER ? "never" : time_words(b, cohort[i], cx));
        for (size_t k = 0; k < b->t->n; k++) {
            if (!b->keep[k] || b->cohort[k] != cohort[i]) continue;
            b->keep[k] = 0;
            lost++;
        }
    }
    rl_build_lose(b, "only unit of its cohort", lost, cx);
    if (alone > 0)
        rl_remark(cx, "design", "%zu cohort%s of one unit left out (%s): %s variance cannot be estimated", alone,
                  alone > 1 ? "s" : "", rl_str_text(&names), alone > 1 ? "their" : "its");
}

/* Starts drawn by lot: whole histories, in cohorts of two units or more. */
static void frame_drawn(rl_build *b, rl_ctx *cx)
{
    const char *method = b->req->method;
    drop_incomplete(b, cx);
    if (method != NULL && strcmp(method, "efficient") != 0) drop_always_treated(b, cx);
    drop_alone(b, cx);
}

rl_code rl_build_frame(rl_build *b, rl_ctx *cx)
{
    rl_frame frame = b->req->estimator->frame;
    if (frame == RL_FRAME_EVENT && b->req->has_window && b->req->endpoints_drop) drop_outside_window(b, cx);
    if (frame == RL_FRAME_CELLS) {
        drop_always_treated(b, cx);
        drop_after_last_control(b, cx);
    }
    if (frame == RL_FRAME_DRAWN && b->cohort != NULL && b->unit.G > 0) frame_drawn(b, cx);
    if (frame != RL_FRAME_CONTROLS || b->cohort == NULL) return RL_OK;
    RL_TRY(drop_without_past(b, cx));
    RL_TRY(drop_without_never(b, cx));
    if (!b->req->rcs && !b->req->keep_unbalanced && b->unit.G > 0) drop_incomplete(b, cx);
    return RL_OK;
}

/* --- effects ------------------------------------------------------------------ */

static void groups_of_times(const int32_t *at, size_t n, rl_groups *g, rl_ctx *cx)
{
    rl_col c = {.name = "time", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, n), .field = -1};
    for (size_t i = 0; i < n; i++) c.num[i] = at[i] == RL_NO_TIME ? -1e10 : (double)at[i];
    rl_groups_of(&c, n, g, cx->tmp, cx);
}

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
    if (frame == RL_FRAME_PLAIN || frame == RL_FRAME_CONTROLS || frame == RL_FRAME_DRAWN) return RL_OK;
    rl_groups time, unit = b->unit, joined;
    const char *time_name = r->time, *unit_name = r->unit;
    groups_of_times(b->at, b->t->n, &time, cx);
    if (r->estimator->frame == RL_FRAME_CELLS && r->unit == NULL) {
        groups_of_times(b->cohort, b->t->n, &unit, cx);
        unit_name = r->cohort;
        if (b->trait.G > 0) {
            rl_groups_join(&unit, &b->trait, b->t->n, &joined, cx->tmp, cx);
            unit = joined;
            unit_name = rl_sprintf(cx->tmp, "%s x covariates", r->cohort);
        }
    }
    if (r->estimator->frame == RL_FRAME_CELLS && b->trait.G > 0) {
        rl_groups_join(&time, &b->trait, b->t->n, &joined, cx->tmp, cx);
        time = joined;
        time_name = rl_sprintf(cx->tmp, "%s x covariates", r->time);
    }
    add_effect(b, &unit, unit_name);
    add_effect(b, &time, time_name);
    return RL_OK;
}
