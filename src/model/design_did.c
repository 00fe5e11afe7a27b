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
        if (b->cohort[i] > last) b->cohort[i] = RL_NEVER;
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

/* The last cohort, RL_NEVER when some unit is never treated. */
static int32_t last_cohort(const rl_build *b)
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
static void drop_after_control(rl_build *b, int32_t last, rl_ctx *cx)
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

/* --- cohorts set against one of reference -------------------------------------- */

typedef struct cohorts {
    size_t T;
    int32_t *time; /* T  the different times of rows still in, ascending              */
    size_t *rows;  /* T  rows of the cohort that starts then ..                       */
    bool *before;  /* T  .. of which some lie before                                  */
} cohorts;

static int by_time(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Where a time stands among those, or T. */
static size_t find_time(const cohorts *c, int32_t time)
{
    const int32_t *hit = c->T > 0 ? bsearch(&time, c->time, c->T, sizeof time, by_time) : NULL;
    return hit != NULL ? (size_t)(hit - c->time) : c->T;
}

/* Rows of a panel repeat the times of the rows before: a table of those near the first saves the sort. */
static void list_times(const rl_build *b, cohorts *c, rl_ctx *cx)
{
    enum { SPAN = 1 << 16 };
    size_t n = b->t->n, m = 0, seen = 0;
    unsigned char *near = RL_NEW(cx->tmp, unsigned char, 2 * SPAN);
    int32_t *far = RL_NEW(cx->tmp, int32_t, n), origin = 0;
    for (size_t i = 0; i < n; i++) {
        if (!b->keep[i]) continue;
        if (seen++ == 0) origin = b->at[i];
        int64_t from = (int64_t)b->at[i] - origin + SPAN;
        if (from < 0 || from >= 2 * SPAN)
            far[m++] = b->at[i];
        else
            near[from] = 1;
    }
    for (int32_t k = 0; k < 2 * SPAN; k++)
        if (near[k]) far[m++] = origin + (k - SPAN); /* each is that of a row */
    qsort(far, m, sizeof *far, by_time);
    for (size_t i = 0; i < m; i++)
        if (i == 0 || far[i] != far[i - 1]) far[c->T++] = far[i];
    c->time = far;
    c->rows = RL_NEW(cx->tmp, size_t, c->T);
    c->before = RL_NEW(cx->tmp, bool, c->T);
}

/* A date at which no row stands has no event time 0: such a cohort counts as never treated. */
static void cohorts_between_are_never(rl_build *b, cohorts *c, rl_ctx *cx)
{
    size_t lost = 0, at = 0;
    int32_t first = RL_NEVER;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER) continue;
        if (at >= c->T || c->time[at] != b->cohort[i]) at = find_time(c, b->cohort[i]);
        if (at == c->T && c->T > 0 && b->cohort[i] > c->time[0]) {
            if (lost++ == 0) first = b->cohort[i];
            b->cohort[i] = RL_NEVER;
        } else if (at < c->T) {
            c->rows[at]++;
            c->before[at] |= b->at[i] < b->cohort[i];
        }
    }
    if (lost == 0) return;
    const char *text = rl_time_text(b->d->clock, first, cx->tmp);
    rl_remark(cx, "design",
              "%zu rows have a cohort date at which no row stands (the first is %s): they count as never treated; "
              "where they are treated from the next period on, let '%s' say that period",
              lost, text != NULL ? text : rl_sprintf(cx->tmp, "%d", first),
              b->req->cohort != NULL ? b->req->cohort : b->req->treated);
}

/* Cohorts that are never seen before their start. */
static void drop_without_before(rl_build *b, const cohorts *c, rl_ctx *cx)
{
    size_t lost = 0, at = 0;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER) continue;
        if (at >= c->T || c->time[at] != b->cohort[i]) at = find_time(c, b->cohort[i]);
        if (at < c->T && c->before[at]) continue;
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "always treated", lost, cx);
}

/* --ref-cohort as a time. */
static rl_code named_cohort(const rl_build *b, const cohorts *c, int32_t *time, rl_ctx *cx)
{
    const char *s = b->req->ref_cohort;
    rl_dict *dict = rl_dict_new(cx->tmp);
    int32_t code = rl_dict_code(dict, s, strlen(s));
    rl_col cell = {.name = "--ref-cohort", .type = RL_TEXT, .code = &code, .dict = dict, .field = -1};
    rl_table t = {.n = 1, .k = 1, .col = &cell};
    bool read = rl_cohorts_of(&t, &cell, b->d->clock, time, cx) == RL_OK;
    size_t at = read ? find_time(c, *time) : c->T;
    if (at < c->T && c->rows[at] > 0 && c->before[at]) return RL_OK;
    rl_fail(cx, RL_EDATA, "--ref-cohort '%s': no cohort of that date is seen before it starts", s);
    return rl_hint(cx, "write it as the column of --cohort does, or leave it out: the never treated are the reference");
}

/* The never treated are the reference; without them a cohort is, until it starts. One that is named beside them
 * has no effects of its own. */
static rl_code frame_cohorts(rl_build *b, rl_ctx *cx)
{
    cohorts c = {0};
    int32_t named = RL_NEVER;
    list_times(b, &c, cx);
    cohorts_between_are_never(b, &c, cx);
    if (b->req->ref_cohort != NULL) RL_TRY(named_cohort(b, &c, &named, cx));
    drop_without_before(b, &c, cx);
    int32_t last = last_cohort(b);
    if (last != RL_NEVER) drop_after_control(b, named != RL_NEVER ? named : last, cx);
    for (size_t i = 0; i < b->t->n && named != RL_NEVER && last == RL_NEVER; i++)
        if (b->cohort[i] == named) b->cohort[i] = RL_NEVER;
    if (named != RL_NEVER && last == RL_NEVER)
        rl_remark(cx, "design", "cohort %s is a reference beside the never treated, also after its start",
                  b->req->ref_cohort);
    return RL_OK;
}

rl_code rl_build_frame(rl_build *b, rl_ctx *cx)
{
    rl_frame frame = b->req->estimator->frame;
    bool window = frame == RL_FRAME_EVENT || frame == RL_FRAME_COHORTS;
    if (window && b->req->has_window && b->req->endpoints_drop) drop_outside_window(b, cx);
    if (frame == RL_FRAME_COHORTS) return frame_cohorts(b, cx);
    if (frame != RL_FRAME_CELLS) return RL_OK;
    drop_always_treated(b, cx);
    drop_after_control(b, last_cohort(b), cx);
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
    if (r->estimator->frame == RL_FRAME_PLAIN) return RL_OK;
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
