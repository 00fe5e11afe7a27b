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

rl_period_kind rl_stride_find(const rl_table *t, const rl_col *c, const char **how, rl_arena *in)
{
    stride s = {.first = true, .last = true};
    *how = NULL;
    if (c->type == RL_NUM || !look(t, c, &s)) return RL_PERIOD_NONE;
    if ((s.first || s.last) && s.n >= MONTHS_LEAST && s.months > 0) {
        *how = s.first ? "all first days of months" : "all last days of months";
        if (s.months % 12 == 0) return RL_YEAR;
        return s.months % 3 == 0 ? RL_QUARTER : RL_MONTH;
    }
    if (s.days % 7 != 0 || s.n < WEEKS_LEAST) return RL_PERIOD_NONE;
    *how = s.days == 7 ? "7 days apart" : rl_sprintf(in, "%d days apart", s.days);
    return RL_WEEK;
}

void rl_stride_settle(rl_request *req, const rl_table *t, rl_ctx *cx)
{
    bool asked = req->calendar.kind == RL_PERIOD_NONE && req->time != NULL && !req->estimator->needs_cohort;
    const rl_col *c = asked ? rl_table_col(t, req->time) : NULL;
    const char *how;
    rl_period_kind kind = c != NULL ? rl_stride_find(t, c, &how, cx->tmp) : RL_PERIOD_NONE;
    if (kind == RL_PERIOD_NONE) return;
    req->calendar = (rl_calendar){kind, 1};
    rl_remark(cx, "calendar", "the dates of '%s' are %s: a period is a %s; --period day reads them as days", c->name,
              how, rl_period_name(kind));
}
