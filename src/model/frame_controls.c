/* Rows of designs that set a cohort against controls period by period (cs, ddd). */
#include <stdlib.h>
#include <string.h>

#include "model/build.h"

static const char *time_words(const rl_build *b, int32_t time, rl_ctx *cx)
{
    return rl_time_words(b->d->clock, time, cx->tmp);
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
        rl_fail(cx, RL_EDATA,
                "no control: no unit is never treated, and all that have a pre-period start at %s (%zu rows)",
                time_words(b, last, cx), b->left);
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

/* Every unit that is never treated misses a period: which most of them do.  seen: unit.G-by-T */
static rl_code no_control_throughout(const rl_build *b, const unsigned char *seen, const int32_t *time, size_t T,
                                     size_t rows, rl_ctx *cx)
{
    size_t G = b->unit.G, units = 0, most = 0, worst = 0;
    bool *never = RL_NEW(cx->tmp, bool, G);
    for (size_t i = 0; i < b->t->n; i++) { /* units with rows are never treated in all of them, or in none */
        int32_t u = b->unit.code[i];
        if (u < 0 || b->cohort[i] != RL_NEVER || never[u] || memchr(seen + (size_t)u * T, 1, T) == NULL) continue;
        never[u] = true;
        units++;
    }
    for (size_t t = 0; t < T; t++) {
        size_t without = 0;
        for (size_t u = 0; u < G; u++) without += never[u] && !seen[u * T + t];
        if (without <= most) continue;
        most = without;
        worst = t;
    }
    const char *takes = b->req->estimator->takes;
    rl_fail(cx, RL_EDATA,
            "no control is seen in all of the %zu periods: %zu of %zu units never treated (%zu rows) have "
            "no row at %s",
            T, most, units, rows, time_words(b, time[worst], cx));
    return rl_hint(cx, "leave that period out, or take the rows there are: --control notyet%s",
                   takes != NULL && strstr(takes, " unbalanced ") != NULL ? ", or --unbalanced keep" : "");
}

/* Units that miss a period of the rows left.  One with two rows in a period is left to be refused. */
rl_code rl_frame_incomplete(rl_build *b, rl_ctx *cx)
{
    size_t T = 0, cap = 64, lost = 0, treated = 0, left = 0, never = 0, controls = 0, G = b->unit.G, n = b->t->n;
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
        size_t u = (size_t)b->unit.code[i], ever = b->cohort[i] != RL_NEVER;
        treated += ever;
        never += !ever;
        if (periods[u] == T || rows[u] != periods[u]) {
            left += ever;
            controls += !ever;
            continue;
        }
        b->keep[i] = 0;
        lost++;
    }
    rl_build_lose(b, "unit not seen in every period", lost, cx);
    bool alone = b->req->estimator->frame == RL_FRAME_CONTROLS && !b->req->notyet; /* no others are controls */
    if (alone && never > 0 && controls == 0 && left > 0) return no_control_throughout(b, seen, time, T, never, cx);
    rl_release(cx->tmp, seen);
    if (treated == 0 || left > 0) return RL_OK;
    rl_fail(cx, RL_EDATA, "no treated unit is seen in all of the %zu periods (%zu rows of treated units)", T, treated);
    return rl_hint(cx, "take an estimator that uses what is there: etwfe, bjs, or cs with --unbalanced keep");
}

/* Starts for which no row is left say nothing of an effect. */
static rl_code need_treated(const rl_build *b, rl_ctx *cx)
{
    int32_t last = INT32_MIN, start = RL_NEVER;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (b->at[i] > last) last = b->at[i];
        if (b->cohort[i] == RL_NEVER) continue;
        if (b->at[i] >= (int64_t)b->cohort[i] - b->req->anticipation) return RL_OK;
        if (start == RL_NEVER || b->cohort[i] < start) start = b->cohort[i];
    }
    if (start == RL_NEVER) return RL_OK; /* said with the units and periods */
    rl_fail(cx, RL_EDATA, "no row is treated: the first start is at %s, the last row used at %s (%zu rows used)",
            time_words(b, start, cx), time_words(b, last, cx), b->left);
    return rl_hint(cx, "rows whose outcome is missing are not used");
}

rl_code rl_frame_controls(rl_build *b, rl_ctx *cx)
{
    RL_TRY(need_treated(b, cx));
    RL_TRY(rl_frame_always(b, b->req->anticipation, cx));
    RL_TRY(drop_without_never(b, cx));
    if (b->req->rcs || b->req->keep_unbalanced || b->unit.G == 0) return RL_OK;
    return rl_frame_incomplete(b, cx);
}
