#include "model/reach.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

enum { MOST_LINES = 6, LATE_PERIODS = 3, LATE_SHARE = 10 };

/* --- how far an expression looks back and ahead ----------------------------------- */

typedef struct span {
    int64_t back, ahead; /* periods, 0 or more */
} span;

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static span span_of(const rl_expr *e)
{
    if (e == NULL) return (span){0, 0};
    span a = span_of(e->a), b = span_of(e->b);
    a = (span){most(a.back, b.back), most(a.ahead, b.ahead)};
    if (e->op != RL_OP_FN) return a;
    int64_t near = e->lo, far = e->hi;
    if (e->fn == RL_FN_LEAD) near = -(int64_t)e->hi, far = -(int64_t)e->lo;
    if (e->fn == RL_FN_DIFF) near = 0;
    if (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD || e->fn == RL_FN_DIFF || e->fn == RL_FN_ALMON)
        return (span){most(0, a.back + far), most(0, a.ahead - near)};
    return a;
}

/* --- rows lost ---------------------------------------------------------------------- */

/* First and last period of every unit, among the rows that take part. */
static void ends_of_units(const rl_build *b, int32_t *first, int32_t *last)
{
    const rl_scene *s = &b->scene;
    for (size_t p = 0; p < s->n_order; p++) {
        uint32_t i = s->order[p];
        size_t u = s->unit != NULL ? (size_t)s->unit->code[i] : 0;
        bool begins = p == 0 || (s->unit != NULL && s->unit->code[s->order[p - 1]] != s->unit->code[i]);
        if (begins) first[u] = s->at[i];
        last[u] = s->at[i];
    }
}

static size_t leave(rl_build *b, span w, bool back, const int32_t *first, const int32_t *last)
{
    const rl_scene *s = &b->scene;
    size_t lost = 0;
    for (size_t p = 0; p < s->n_order; p++) {
        uint32_t i = s->order[p];
        size_t u = s->unit != NULL ? (size_t)s->unit->code[i] : 0;
        bool out = back ? s->at[i] - w.back < first[u] : s->at[i] + w.ahead > last[u];
        if (!out || !b->keep[i]) continue;
        b->keep[i] = 0;
        lost++;
    }
    return lost;
}

static void tell_gaps(const rl_build *b, rl_ctx *cx)
{
    const rl_scene *s = &b->scene;
    size_t gaps = 0, units = 0;
    int64_t periods = 0;
    const char *where = "";
    int32_t counted = -1;
    for (size_t p = 1; p < s->n_order; p++) {
        uint32_t i = s->order[p], before = s->order[p - 1];
        int32_t u = s->unit != NULL ? s->unit->code[i] : 0;
        int64_t step = (int64_t)s->at[i] - s->at[before];
        if ((s->unit != NULL && s->unit->code[before] != u) || step == 1) continue;
        if (gaps++ == 0) {
            const char *when = rl_time_text(b->d->clock, s->at[before], cx->tmp);
            if (when == NULL) when = rl_sprintf(cx->tmp, "%d", s->at[before]);
            where = s->unit != NULL ? rl_sprintf(cx->tmp, "after %s of '%s'", when, s->unit->label[u])
                                    : rl_sprintf(cx->tmp, "after %s", when);
        }
        units += u != counted;
        counted = u;
        periods += step - 1;
    }
    if (gaps == 0) return;
    const char *in = s->unit != NULL ? rl_sprintf(cx->tmp, " in %zu unit%s", units, units > 1 ? "s" : "") : "";
    rl_remark(cx, "gaps", "%lld period%s missing%s, the first %s: a lag that falls on one is missing",
              (long long)periods, periods > 1 ? "s are" : " is", in, where);
}

/* --- channels that start late --------------------------------------------------------- */

static const char *column_behind(const rl_expr *e)
{
    while (e != NULL && e->op == RL_OP_FN) e = e->a;
    return e != NULL && e->op == RL_OP_COL ? e->col : NULL;
}

static void tell_late(const rl_build *b, const char *name, rl_ctx *cx)
{
    const rl_scene *s = &b->scene;
    const rl_col *c = rl_table_col(b->t, name);
    int32_t first = INT32_MAX, last = INT32_MIN, start = INT32_MAX;
    if (c == NULL || c->type != RL_NUM) return;
    for (size_t p = 0; p < s->n_order; p++) {
        uint32_t i = s->order[p];
        if (s->at[i] < first) first = s->at[i];
        if (s->at[i] > last) last = s->at[i];
        if (c->num[i] != 0 && s->at[i] < start) start = s->at[i]; /* NaN is not 0: something was there */
    }
    if (start == INT32_MAX || start <= first) return;
    int64_t idle = (int64_t)start - first, all = (int64_t)last - first + 1;
    if (idle < LATE_PERIODS || idle * LATE_SHARE < all) return;
    const char *when = rl_time_text(b->d->clock, start, cx->tmp);
    if (when == NULL) when = rl_sprintf(cx->tmp, "%d", start);
    rl_remark(cx, "late start",
              "'%s' is 0 in the first %lld of %lld periods and starts in %s: what it does is learnt from the rest",
              name, (long long)idle, (long long)all, when);
}

static bool looks_back(const rl_expr *e)
{
    return e->op == RL_OP_FN && e->fn >= RL_FN_LAG && e->fn <= RL_FN_ALMON && e->fn != RL_FN_LEAD &&
           e->fn != RL_FN_HILL;
}

static void tell_late_channels(const rl_build *b, rl_ctx *cx)
{
    const char **told = RL_NEW(cx->tmp, const char *, b->n_var + 1);
    size_t n = 0;
    for (size_t j = 0; j < b->n_var; j++) {
        const char *name = looks_back(b->var[j].e) ? column_behind(b->var[j].e) : NULL;
        bool twice = name == NULL;
        for (size_t i = 0; i < n && !twice; i++) twice = strcmp(told[i], name) == 0;
        if (twice) continue;
        told[n++] = name;
        tell_late(b, name, cx);
    }
}

/* --- the whole ---------------------------------------------------------------------------- */

void rl_build_reach(rl_build *b, rl_ctx *cx)
{
    if (b->scene.n_order == 0) return; /* nothing looks back */
    size_t units = b->scene.unit != NULL ? b->scene.unit->G : 1, lines = 0, others = 0;
    int32_t *first = RL_NEW(cx->tmp, int32_t, units), *last = RL_NEW(cx->tmp, int32_t, units);
    ends_of_units(b, first, last);
    tell_gaps(b, cx);
    tell_late_channels(b, cx);
    for (size_t j = 0; j < b->n_var; j++) {
        const rl_expr *e = b->var[j].e;
        span w = span_of(e);
        for (int back = 1; back >= 0; back--) {
            if ((back ? w.back : w.ahead) == 0) continue;
            size_t lost = leave(b, w, back, first, last);
            if (lost == 0) continue;
            if (++lines > MOST_LINES) {
                others += lost;
                continue;
            }
            const char *where = back ? "before the first period" : "beyond the last period";
            rl_build_lose(b, rl_sprintf(cx->keep, "'%s' reaches %s", e->text, where), lost, cx);
        }
    }
    rl_build_lose(b, "other lags reach beyond the data", others, cx);
}

int64_t rl_reach_short(const rl_build *b, size_t units)
{
    int64_t back = 0;
    for (size_t j = 0; j < b->n_var; j++) back = most(back, span_of(b->var[j].e).back);
    int64_t left = (int64_t)b->scene.n_order - (int64_t)units * back;
    return left < 0 ? left : 0;
}

/* --- what could be had instead -------------------------------------------------------------- */

static bool is_range(const rl_expr *e)
{
    return e->op == RL_OP_FN && e->fn == RL_FN_LAG && e->hi > e->lo && e->lo >= 0;
}

void rl_hint_fewer_lags(const rl_formula *f, size_t units, int64_t n, size_t k, rl_ctx *cx)
{
    const rl_expr *longest = NULL;
    size_t ranges = 0;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = f->term[j].var[i];
            if (!is_range(e)) continue;
            ranges++;
            if (longest == NULL || e->hi > longest->hi) longest = e;
        }
    if (longest == NULL) return;
    /* a lag less in every range: a coefficient less for each, a row more in each unit */
    int64_t short_of = (int64_t)k + 1 - n, by = (int64_t)(ranges + units), less = (short_of + by - 1) / by;
    int64_t hi = longest->hi - most(less, 1);
    const char *x = longest->a->text;
    if (hi > longest->lo && n > 0)
        rl_hint(cx,
                "lag(%s,%d:%lld) would leave enough rows; or almon(%s,%d:%d,2), 3 coefficients whatever the lags, or "
                "adstock(%s,0.5)",
                x, longest->lo, (long long)hi, x, longest->lo, longest->hi, x);
    else if (hi > longest->lo)
        rl_hint(cx, "lag(%s,%d:%lld) would leave enough rows; adstock(%s,0.5) costs none", x, longest->lo,
                (long long)hi, x);
    else if (hi == longest->lo)
        rl_hint(cx, "lag(%s,%d) alone would leave enough rows; adstock(%s,0.5) costs none", x, longest->lo, x);
    else
        rl_hint(cx, "not even lag(%s,%d) alone could be carried: more periods or fewer other regressors are needed", x,
                longest->lo);
}
