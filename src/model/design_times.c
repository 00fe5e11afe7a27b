/* The times of a programme's rows: one row a unit and period, starts at which no row stands, how long a step is. */
#include <string.h>

#include "model/build.h"
#include "num/order.h"

/* --- one row a unit and period ------------------------------------------------- */

/* Does every row come after those of its unit?  So it is in most data, by unit or by time. */
static bool in_turn(const rl_build *b, rl_ctx *cx)
{
    int32_t *last = RL_NEW(cx->tmp, int32_t, b->unit.G);
    bool so = true;
    for (size_t u = 0; u < b->unit.G; u++) last[u] = RL_NO_TIME; /* before all times */
    for (size_t i = 0; i < b->t->n && so; i++) {
        if (!b->keep[i]) continue;
        int32_t *now = &last[b->unit.code[i]];
        so = b->at[i] > *now;
        *now = b->at[i];
    }
    rl_release(cx->tmp, last);
    return so;
}

/* Of all rows that repeat unit and period of one above, the first: that row and the one above. */
static bool find_twice(const rl_build *b, size_t *above, size_t *row, rl_ctx *cx)
{
    size_t n = b->t->n, G = b->unit.G, *first = RL_NEW(cx->tmp, size_t, G + 2);
    uint64_t *key = RL_NEW(cx->tmp, uint64_t, n); /* time and row, by unit */
    *row = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        if (b->keep[i]) first[b->unit.code[i] + 2]++;
    for (size_t u = 0; u < G; u++) first[u + 1] += first[u];
    for (size_t i = 0; i < n; i++)
        if (b->keep[i])
            key[first[b->unit.code[i] + 1]++] = (uint64_t)((int64_t)b->at[i] - INT32_MIN) << 32 | (uint32_t)i;
    for (size_t u = 0; u < G; u++) {
        size_t m = first[u + 1] - first[u];
        uint64_t *k = key + first[u];
        rl_order_key(k, m);
        for (size_t j = 1; j < m; j++) {
            if (k[j] >> 32 != k[j - 1] >> 32 || (uint32_t)k[j] >= *row) continue;
            *row = (uint32_t)k[j];
            *above = (uint32_t)k[j - 1];
        }
    }
    rl_release(cx->tmp, first);
    return *row < SIZE_MAX;
}

static bool takes_rcs(const rl_estimator *e) { return e->takes != NULL && strstr(e->takes, " rcs ") != NULL; }

static rl_code refuse_twice(const rl_build *b, const rl_col *c, size_t above, size_t row, rl_ctx *cx)
{
    const rl_estimator *e = b->req->estimator;
    char cell[32];
    rl_str other = rl_str_new(cx->tmp);
    rl_str_add(&other, rl_row_words(b->t, c, above, cx));
    const char *finer = rl_times_apart(c, b->d->clock, above, row);
    if (finer != NULL) rl_str_addf(&other, ", '%s'", rl_cell_text(c, above, cell));
    rl_fail_cell(b->t, c, row, cx, RL_EINPUT, "unit '%s' has two rows at time %s (the other: %s)",
                 b->unit.label[b->unit.code[row]], rl_time_words(b->d->clock, b->at[row], cx->tmp),
                 rl_str_text(&other));
    if (finer != NULL)
        return rl_hint(cx, "one row a unit and period: --period %s keeps these two apart%s", finer,
                       takes_rcs(e) ? "; where a unit does have several rows in a period, add --rcs" : "");
    if (takes_rcs(e))
        return rl_hint(cx, "one row a unit and period; rows that are deals or persons, several of a unit in a period, "
                           "are repeated cross-sections: --rcs");
    if (!e->needs_unit)
        return rl_hint(cx, "one row a unit and period; for rows that are deals or persons leave --unit out and name "
                           "the clusters: cohorts have the effects then");
    return rl_hint(cx, "one row a unit and period; for rows that are deals or persons take cs, etwfe, twfe or event "
                       "with --rcs (repeated cross-sections)");
}

rl_code rl_build_once(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    size_t above, row;
    const rl_estimator *e = r->estimator;
    bool follows = e->needs_cohort && (e->needs_unit || e->frame != RL_FRAME_PLAIN); /* did only clusters by them */
    if (!follows || b->unit.G == 0 || b->at == NULL) return RL_OK;
    if ((r->rcs && takes_rcs(e)) || in_turn(b, cx) || !find_twice(b, &above, &row, cx)) return RL_OK;
    return refuse_twice(b, rl_table_col(b->t, r->time), above, row, cx);
}

/* --- starts and steps ------------------------------------------------------------ */

/* Starts within the data at which no row stands: what has made them never treated says so itself (--as fixest). */
static void tell_starts_between(const rl_design *d, const rl_request *r, rl_ctx *cx)
{
    size_t rows = 0;
    int32_t first = RL_NEVER, seen = RL_NEVER;
    bool between = false;
    for (size_t i = 0; i < d->n; i++) {
        int32_t g = d->cohort[i];
        if (g == RL_NEVER || g <= d->first_time || g > d->last_time) continue;
        if (g != seen) between = rl_order_find_int(d->time_at, d->time.G, g) == SIZE_MAX;
        seen = g;
        if (!between) continue;
        if (rows++ == 0 || g < first) first = g;
    }
    if (rows == 0) return;
    rl_remark(cx, "design",
              "%zu rows start at a time at which no row stands (the first is %s): they count as treated from the next "
              "time on and as untreated before; where they were treated before that, put that time into '%s'%s",
              rows, rl_time_words(d->clock, first, cx->tmp), r->cohort != NULL ? r->cohort : r->treated,
              d->clock.dates ? ", or say by --period what a time is" : "");
}

static int64_t least_gap(const int32_t *time, size_t n)
{
    int64_t least = INT64_MAX;
    for (size_t i = 1; i < n; i++) {
        int64_t gap = (int64_t)time[i] - time[i - 1];
        if (gap < least) least = gap;
    }
    return least;
}

/* A longer step under which the times are still different and some follow each other; or NONE. */
static rl_period_kind longer_step(const rl_design *d, rl_ctx *cx)
{
    int32_t *at = RL_NEW(cx->tmp, int32_t, d->time.G);
    for (int k = (int)d->clock.cal.kind + 1; k <= RL_YEAR; k++) {
        for (size_t t = 0; t < d->time.G; t++)
            at[t] = rl_period_of((rl_calendar){(rl_period_kind)k, d->clock.cal.fiscal_start},
                                 rl_period_first(d->clock.cal, d->time_at[t]));
        int64_t gap = least_gap(at, d->time.G);
        if (gap == 1) return (rl_period_kind)k;
        if (gap < 1) break;
    }
    return RL_PERIOD_NONE;
}

/* What to say where no time follows another, so that event times -1 and 1 are nobody's; NULL elsewhere. */
static const char *step_words(const rl_design *d, const rl_request *r, rl_ctx *cx)
{
    const rl_estimator *e = r->estimator;
    bool counts =
        e->needs_cohort && e->first_times && (e->frame != RL_FRAME_PLAIN || (e->takes && strstr(e->takes, " window ")));
    if (!counts || r->student || d->time.G < 2 || least_gap(d->time_at, d->time.G) < 2) return NULL;
    const char *from = rl_time_words(d->clock, d->time_at[0], cx->tmp),
               *to = rl_time_words(d->clock, d->time_at[1], cx->tmp);
    if (!d->clock.dates)
        return rl_sprintf(cx->tmp,
                          "no time of '%s' follows another (%s, %s ..): event times count by 1, so that event "
                          "-1 has no row; number the periods 1, 2, 3 .. to count in steps of theirs",
                          d->time_name, from, to);
    rl_period_kind k = longer_step(d, cx);
    rl_str s = rl_str_new(cx->tmp);
    rl_str_addf(&s, "no time of '%s' follows another (%s, %s ..): one step of event time is a %s", d->time_name, from,
                to, rl_period_name(d->clock.cal.kind));
    if (k != RL_PERIOD_NONE) rl_str_addf(&s, "; --period %s makes it a %s", rl_period_name(k), rl_period_name(k));
    return rl_str_text(&s);
}

void rl_build_tell_starts(const rl_build *b, rl_ctx *cx)
{
    const rl_design *d = b->d;
    if (b->req->estimator->needs_cohort && !b->req->student && d->cohort != NULL) tell_starts_between(d, b->req, cx);
}

void rl_design_tell_step(const rl_design *d, const rl_request *r, rl_code code, rl_ctx *cx)
{
    const char *step = code == RL_OK || code == RL_EDATA ? step_words(d, r, cx) : NULL;
    if (step == NULL) return;
    if (code == RL_OK) {
        rl_remark(cx, "time", "%s", step);
        return;
    }
    const char *so_far = rl_strdup(cx->tmp, cx->err.hint);
    cx->err.hint[0] = '\0';
    rl_hint(cx, "%s%s%s", step, *so_far != '\0' ? "; " : "", so_far);
}
