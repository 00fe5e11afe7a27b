#include "model/stride.h"

#include <stdlib.h>

#include "base/str.h"
#include "model/est.h"

/* So many different dates, and no one puts them so far apart by accident. */
enum { MONTHS_LEAST = 3, WEEKS_LEAST = 4, SEEN = 4 };

typedef struct stride {
    size_t n; /* different dates, SEEN at most */
    int32_t seen[SEEN];
    bool first, last;     /* all of them first, or last, days of months */
    int32_t days, months; /* what divides all distances; 0 = no two yet */
} stride;

static int32_t divisor(int32_t a, int32_t b)
{
    while (b != 0) {
        int32_t r = a % b;
        a = b;
        b = r;
    }
    return abs(a);
}

/* False when nothing but days is left. */
static bool take(stride *s, int32_t day)
{
    const rl_calendar months = {RL_MONTH, 1};
    int32_t month = rl_period_of(months, day);
    size_t i = 0;
    s->first = s->first && day == rl_period_first(months, month);
    s->last = s->last && day == rl_period_last(months, month);
    while (i < s->n && s->seen[i] != day) i++;
    if (i == s->n && s->n < SEEN) s->seen[s->n++] = day;
    s->days = divisor(day - s->seen[0], s->days);
    s->months = divisor(month - rl_period_of(months, s->seen[0]), s->months);
    return s->first || s->last || s->days % 7 == 0;
}

static bool look(const rl_table *t, const rl_col *c, stride *s)
{
    if (c->type == RL_DATE) {
        for (size_t i = 0; i < t->n; i++)
            if (c->day[i] != RL_NO_DAY && (i == 0 || c->day[i] != c->day[i - 1]) && !take(s, c->day[i])) return false;
        return true;
    }
    for (size_t k = 0; k < c->dict->n; k++) {
        int32_t day;
        if (!rl_day_parse(c->dict->text[k], c->dict->len[k], &day) || !take(s, day)) return false;
    }
    return true;
}

/* steps  periods from one date to the next */
static rl_period_kind find(const rl_table *t, const rl_col *c, const char **how, int32_t *steps, rl_arena *in)
{
    stride s = {.first = true, .last = true};
    *how = NULL;
    *steps = 1;
    if (c->type == RL_NUM || !look(t, c, &s)) return RL_PERIOD_NONE;
    if ((s.first || s.last) && s.n >= MONTHS_LEAST && s.months > 0) {
        rl_period_kind kind = s.months % 12 == 0 ? RL_YEAR : s.months % 3 == 0 ? RL_QUARTER : RL_MONTH;
        *how = s.first ? "all first days of months" : "all last days of months";
        *steps = s.months / (kind == RL_YEAR ? 12 : kind == RL_QUARTER ? 3 : 1);
        return kind;
    }
    if (s.days % 7 != 0 || s.n < WEEKS_LEAST) return RL_PERIOD_NONE;
    *how = s.days == 7 ? "7 days apart" : rl_sprintf(in, "%d days apart", s.days);
    *steps = s.days / 7;
    return RL_WEEK;
}

rl_period_kind rl_stride_find(const rl_table *t, const rl_col *c, const char **how, rl_arena *in)
{
    int32_t steps;
    return find(t, c, how, &steps, in);
}

void rl_stride_settle(rl_request *req, const rl_table *t, rl_ctx *cx)
{
    bool asked = req->calendar.kind == RL_PERIOD_NONE && req->time != NULL && !req->estimator->needs_cohort;
    const rl_col *c = asked ? rl_table_col(t, req->time) : NULL;
    const char *how, *more = "";
    int32_t steps = 1;
    rl_period_kind kind = c != NULL ? find(t, c, &how, &steps, cx->tmp) : RL_PERIOD_NONE;
    if (kind == RL_PERIOD_NONE) return;
    req->calendar = (rl_calendar){kind, 1};
    if (steps > 1)
        more = rl_sprintf(cx->tmp, ", %d from each date to the next: number the periods 1, 2, 3 .. to count by those",
                          steps);
    rl_remark(cx, "calendar", "the dates of '%s' are %s: a period is a %s%s; --period day reads them as days", c->name,
              how, rl_period_name(kind), more);
}
