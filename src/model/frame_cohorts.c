/* Cohorts set against one of reference (sunab). */
#include <string.h>

#include "model/build.h"
#include "num/order.h"

typedef struct cohorts {
    size_t G;
    int32_t *start; /* G  the different starts of rows still in, ascending          */
    bool *before;   /* G  of which some row lies before it                          */
} cohorts;

/* Where a time stands among `time` (n, ascending), or n. */
static size_t place(const int32_t *time, size_t n, int32_t t)
{
    size_t hit = rl_order_find_int(time, n, t);
    return hit != SIZE_MAX ? hit : n;
}

/* The different numbers of `of` in rows still in, but for RL_NEVER, ascending.  Rows of a panel repeat those of the
 * rows before: a table of what is near the first saves the sort. */
static size_t list_different(const rl_build *b, const int32_t *of, int32_t **out, rl_ctx *cx)
{
    enum { SPAN = 1 << 16 };
    size_t n = b->t->n, m = 0, seen = 0;
    unsigned char *near = RL_NEW(cx->tmp, unsigned char, 2 * SPAN);
    int32_t *far = RL_NEW(cx->tmp, int32_t, n), origin = 0;
    for (size_t i = 0; i < n; i++) {
        if (!b->keep[i] || of[i] == RL_NEVER) continue;
        if (seen++ == 0) origin = of[i];
        int64_t from = (int64_t)of[i] - origin + SPAN;
        if (from < 0 || from >= 2 * SPAN)
            far[m++] = of[i];
        else
            near[from] = 1;
    }
    for (int32_t k = 0; k < 2 * SPAN; k++)
        if (near[k]) far[m++] = origin + (k - SPAN); /* each is that of a row */
    *out = far;
    return rl_order_different_int(far, m);
}

static void list_cohorts(const rl_build *b, cohorts *c, rl_ctx *cx)
{
    c->G = list_different(b, b->cohort, &c->start, cx);
    c->before = RL_NEW(cx->tmp, bool, c->G);
    for (size_t i = 0, g = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER) continue;
        if (c->start[g] != b->cohort[i]) g = place(c->start, c->G, b->cohort[i]);
        c->before[g] |= b->at[i] < b->cohort[i];
    }
}

/* As fixest has it: a start at which no row stands has no event time 0, and such a cohort counts as never treated. */
static void cohorts_between_are_never(rl_build *b, rl_ctx *cx)
{
    size_t lost = 0, seen = 0;
    int32_t first = RL_NEVER, *time;
    size_t T = list_different(b, b->at, &time, cx);
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t g = b->cohort[i];
        if (!b->keep[i] || g == RL_NEVER || g < time[0]) continue;
        if (seen >= T || time[seen] != g) seen = place(time, T, g);
        if (seen < T) continue;
        if (lost++ == 0 || g < first) first = g;
        b->cohort[i] = RL_NEVER;
    }
    if (lost == 0) return;
    rl_remark(cx, "design",
              "--as fixest: %zu rows start at a time at which no row stands (the first is %s) and count as never "
              "treated, though they are; without it they count as treated from the next time on",
              lost, rl_time_words(b->d->clock, first, cx->tmp));
}

/* Cohorts that are never seen before their start, each by its own history. */
static rl_code drop_without_before(rl_build *b, const cohorts *c, rl_ctx *cx)
{
    size_t lost = 0, others = 0;
    RL_TRY(rl_frame_always(b, 0, cx));
    for (size_t i = 0, g = 0; i < b->t->n; i++) {
        if (!b->keep[i] || b->cohort[i] == RL_NEVER) continue;
        if (c->start[g] != b->cohort[i]) g = place(c->start, c->G, b->cohort[i]);
        if (c->before[g]) {
            others++;
            continue;
        }
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "not seen before their start", lost, cx);
    if (lost == 0 || others > 0) return RL_OK;
    rl_fail(cx, RL_EDATA, "no cohort is seen before its start (%zu rows of treated units)", lost);
    return rl_hint(cx, "what happened before treatment must be in the data");
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
    size_t g = read ? place(c->start, c->G, *time) : c->G;
    if (g < c->G && c->before[g]) return RL_OK;
    rl_fail(cx, RL_EDATA, "--ref-cohort '%s': no cohort of that date is seen before it starts", s);
    return rl_hint(cx, "write it as the column of --cohort does, or leave it out: the never treated are the reference");
}

/* The never treated are the reference; without them a cohort is, until it starts. One that is named beside them
 * has no effects of its own. */
rl_code rl_frame_cohorts(rl_build *b, rl_ctx *cx)
{
    cohorts c = {0};
    int32_t named = RL_NEVER;
    if (b->req->between_never) cohorts_between_are_never(b, cx);
    list_cohorts(b, &c, cx);
    if (b->req->ref_cohort != NULL) RL_TRY(named_cohort(b, &c, &named, cx));
    RL_TRY(drop_without_before(b, &c, cx));
    int32_t last = rl_frame_last(b);
    if (last != RL_NEVER) rl_frame_end(b, named != RL_NEVER ? named : last, cx);
    for (size_t i = 0; i < b->t->n && named != RL_NEVER && last == RL_NEVER; i++)
        if (b->cohort[i] == named) b->cohort[i] = RL_NEVER;
    if (named != RL_NEVER && last == RL_NEVER)
        rl_remark(cx, "design", "cohort %s is a reference beside the never treated, also after its start",
                  b->req->ref_cohort);
    return RL_OK;
}
