/* Cohorts set against one of reference (sunab). */
#include <string.h>

#include "model/build.h"
#include "num/order.h"

typedef struct cohorts {
    size_t T;
    int32_t *time; /* T  the different times of rows still in, ascending              */
    size_t *rows;  /* T  rows of the cohort that starts then ..                       */
    bool *before;  /* T  .. of which some lie before                                  */
} cohorts;

/* Where a time stands among those, or T. */
static size_t find_time(const cohorts *c, int32_t time)
{
    size_t hit = rl_order_find_int(c->time, c->T, time);
    return hit != SIZE_MAX ? hit : c->T;
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
    c->T = rl_order_different_int(far, m);
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
    rl_remark(cx, "design",
              "%zu rows have a cohort date at which no row stands (the first is %s): they count as never treated; "
              "where they are treated from the next period on, let '%s' say that period",
              lost, rl_time_words(b->d->clock, first, cx->tmp),
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
rl_code rl_frame_cohorts(rl_build *b, rl_ctx *cx)
{
    cohorts c = {0};
    int32_t named = RL_NEVER;
    list_times(b, &c, cx);
    cohorts_between_are_never(b, &c, cx);
    if (b->req->ref_cohort != NULL) RL_TRY(named_cohort(b, &c, &named, cx));
    drop_without_before(b, &c, cx);
    int32_t last = rl_frame_last(b);
    if (last != RL_NEVER) rl_frame_end(b, named != RL_NEVER ? named : last, cx);
    for (size_t i = 0; i < b->t->n && named != RL_NEVER && last == RL_NEVER; i++)
        if (b->cohort[i] == named) b->cohort[i] = RL_NEVER;
    if (named != RL_NEVER && last == RL_NEVER)
        rl_remark(cx, "design", "cohort %s is a reference beside the never treated, also after its start",
                  b->req->ref_cohort);
    return RL_OK;
}
