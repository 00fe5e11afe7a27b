#include "model/reach.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "num/order.h"

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

/* The rows as series, and where each unit begins among them. */
typedef struct units {
    rl_line line;
    size_t n, *begin; /* n+1 */
} units;

static units units_of(const rl_line *l, rl_ctx *cx)
{
    const int32_t *unit = l->track.unit;
    size_t most = unit != NULL && l->track.n > 0 ? (size_t)unit[l->track.n - 1] + 2 : 2;
    units u = {*l, 0, RL_NEW(cx->tmp, size_t, most)};
    for (size_t p = 0; p < l->track.n; p++)
        if (p == 0 || (unit != NULL && unit[p] != unit[p - 1])) u.begin[u.n++] = p;
    u.begin[u.n] = l->track.n;
    return u;
}

static size_t leave(rl_build *b, const units *u, span w, bool back)
{
    const int32_t *at = u->line.track.at;
    size_t lost = 0;
    for (size_t g = 0; g < u->n; g++) {
        size_t from = u->begin[g], to = u->begin[g + 1];
        for (size_t i = 0; i < to - from; i++) {
            size_t p = back ? from + i : to - 1 - i;
            if (back ? at[p] - w.back >= at[from] : at[p] + w.ahead <= at[to - 1]) break;
            unsigned char *keep = &b->keep[rl_line_row(&u->line, p)];
            lost += *keep;
            *keep = 0;
        }
    }
    return lost;
}

static void tell_gaps(const rl_build *b, const units *u, rl_ctx *cx)
{
    const rl_scene *s = &b->scene;
    const int32_t *at = u->line.track.at;
    size_t gaps = 0, with = 0;
    int64_t periods = 0;
    const char *where = "";
    for (size_t g = 0; g < u->n; g++) {
        size_t before = gaps, from = u->begin[g], to = u->begin[g + 1];
        if ((int64_t)at[to - 1] - at[from] + 1 == (int64_t)(to - from)) continue; /* none is missing */
        for (size_t p = from + 1; p < to; p++) {
            int64_t step = (int64_t)at[p] - at[p - 1];
            if (step == 1) continue;
            periods += step - 1;
            if (gaps++ > 0) continue;
            const char *when = rl_time_words(b->d->clock, at[p - 1], cx->tmp);
            where = s->unit == NULL ? rl_sprintf(cx->tmp, "after %s", when)
                                    : rl_sprintf(cx->tmp, "after %s of '%s'", when,
                                                 s->unit->label[s->unit->code[rl_line_row(&u->line, p)]]);
        }
        with += gaps > before;
    }
    if (gaps == 0) return;
    const char *in = s->unit != NULL ? rl_sprintf(cx->tmp, " in %zu unit%s", with, with > 1 ? "s" : "") : "";
    rl_remark(cx, "gaps", "%lld period%s missing%s, the first %s: a lag that falls on one is missing",
              (long long)periods, periods > 1 ? "s are" : " is", in, where);
}

/* --- channels that start late --------------------------------------------------------- */

static const char *column_behind(const rl_expr *e)
{
    while (e != NULL && e->op == RL_OP_FN) e = e->a;
    return e != NULL && e->op == RL_OP_COL ? e->col : NULL;
}

/* Where the first value that is something stands; what is before it: 0 or, of `blanks`, no value at all. */
static int32_t start_of(const units *u, const double *v, bool blanks)
{
    const int32_t *at = u->line.track.at;
    int32_t start = INT32_MAX;
    for (size_t g = 0; g < u->n; g++) {
        size_t p = u->begin[g], to = u->begin[g + 1];
        for (; p < to; p++) {
            double x = v[rl_line_row(&u->line, p)];
            if (blanks ? !isnan(x) : x != 0) break; /* NaN is not 0: something was there */
        }
        if (p < to && at[p] < start) start = at[p];
    }
    return start;
}

static void tell_late(const rl_build *b, const units *u, const char *name, rl_ctx *cx)
{
    const rl_col *c = rl_table_col(b->t, name);
    const int32_t *at = u->line.track.at;
    int32_t first = INT32_MAX, last = INT32_MIN;
    if (c == NULL || c->type != RL_NUM) return;
    for (size_t g = 0; g < u->n; g++) {
        if (at[u->begin[g]] < first) first = at[u->begin[g]];
        if (at[u->begin[g + 1] - 1] > last) last = at[u->begin[g + 1] - 1];
    }
    for (int blanks = 0; blanks < 2; blanks++) {
        int32_t start = start_of(u, c->num, blanks);
        if (start == INT32_MAX || start <= first) continue;
        int64_t idle = (int64_t)start - first, all = (int64_t)last - first + 1;
        if (idle < LATE_PERIODS || idle * LATE_SHARE < all) continue;
        rl_remark(
            cx, "late start",
            blanks ? "'%s' has no value in the first %lld of %lld periods and starts in %s: the rows before are left "
                     "out; where nothing was spent yet, write 0"
                   : "'%s' is 0 in the first %lld of %lld periods and starts in %s: what it does is learnt from the "
                     "rest",
            name, (long long)idle, (long long)all, rl_time_words(b->d->clock, start, cx->tmp));
    }
}

/* Spend below 0: a booking taken back, or a column that is no spend. */
static void tell_negative(const rl_build *b, const rl_expr *e, const char *name, rl_ctx *cx)
{
    const rl_col *c = rl_table_col(b->t, name);
    size_t rows = 0;
    if (c == NULL || c->type != RL_NUM || strstr(name, "spend") == NULL) return;
    if (e->fn != RL_FN_LAG && e->fn != RL_FN_ALMON) return; /* stocks say it themselves */
    for (size_t i = 0; i < b->t->n; i++) rows += c->num[i] < 0;
    if (rows > 0)
        rl_remark(cx, "negative", "'%s' is negative in %zu %s: '%s' takes it as less than nothing spent", name, rows,
                  rl_plural("row", rows, cx->tmp), e->text);
}

/* Spend that never changes: lags of it are the constant, a stock of it shows how it began. */
static bool tell_constant(const rl_build *b, const units *u, const char *name, rl_ctx *cx)
{
    const rl_col *c = rl_table_col(b->t, name);
    double one = NAN;
    if (c == NULL || c->type != RL_NUM) return false;
    for (size_t p = 0; p < u->line.track.n; p++) {
        double x = c->num[rl_line_row(&u->line, p)];
        if (isnan(x) || x == one) continue;
        if (!isnan(one)) return false;
        one = x;
    }
    if (isnan(one)) return false;
    char buf[32];
    rl_remark(cx, "constant", "'%s' is %s in every row: what it does cannot be told from what is always there", name,
              rl_num_text(buf, one));
    return true;
}

static bool looks_back(const rl_expr *e)
{
    return e->op == RL_OP_FN && e->fn >= RL_FN_LAG && e->fn <= RL_FN_ALMON && e->fn != RL_FN_LEAD &&
           e->fn != RL_FN_HILL;
}

static void tell_late_channels(const rl_build *b, const units *u, rl_ctx *cx)
{
    const char **told = RL_NEW(cx->tmp, const char *, b->n_var + 1);
    size_t n = 0;
    for (size_t j = 0; j < b->n_var; j++) {
        const rl_expr *e = b->var[j].e;
        bool channel = looks_back(e) || (e->op == RL_OP_FN && e->fn == RL_FN_HILL);
        const char *name = channel ? column_behind(e) : NULL;
        bool twice = name == NULL;
        for (size_t i = 0; i < n && !twice; i++) twice = strcmp(told[i], name) == 0;
        if (twice) continue;
        told[n++] = name;
        if (!tell_constant(b, u, name, cx)) tell_late(b, u, name, cx);
        tell_negative(b, e, name, cx);
    }
}

/* --- the whole ---------------------------------------------------------------------------- */

/* The first variable that goes by time, or NULL. */
static const rl_expr *timed(const rl_build *b)
{
    for (size_t j = 0; j < b->n_var; j++) {
        span w = span_of(b->var[j].e);
        if (w.back > 0 || w.ahead > 0 || looks_back(b->var[j].e)) return b->var[j].e;
    }
    return NULL;
}

/* Nothing goes by time; what saturates may start late all the same. */
static void tell_saturation(rl_build *b, rl_ctx *cx)
{
    const rl_expr *hill = NULL;
    rl_line line;
    for (size_t j = 0; j < b->n_var && hill == NULL && b->scene.at != NULL; j++)
        if (b->var[j].e->op == RL_OP_FN && b->var[j].e->fn == RL_FN_HILL) hill = b->var[j].e;
    if (hill == NULL) return;
    if (rl_scene_line(&b->scene, hill, &line, cx) != RL_OK) {
        rl_forgive(cx); /* times that occur twice: no series */
        return;
    }
    units u = units_of(&line, cx);
    tell_late_channels(b, &u, cx);
}

rl_code rl_build_reach(rl_build *b, rl_ctx *cx)
{
    const rl_expr *some = b->scene.at != NULL ? timed(b) : NULL;
    size_t lines = 0, others = 0;
    rl_line line;
    if (some == NULL) {
        tell_saturation(b, cx);
        return RL_OK;
    }
    RL_TRY(rl_scene_line(&b->scene, some, &line, cx));
    units u = units_of(&line, cx);
    tell_gaps(b, &u, cx);
    tell_late_channels(b, &u, cx);
    for (size_t j = 0; j < b->n_var; j++) {
        const rl_expr *e = b->var[j].e;
        span w = span_of(e);
        for (int back = 1; back >= 0; back--) {
            if ((back ? w.back : w.ahead) == 0) continue;
            size_t lost = leave(b, &u, w, back);
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
    return RL_OK;
}

int64_t rl_reach_short(const rl_build *b, size_t n_units)
{
    int64_t back = 0, rows = 0;
    for (size_t j = 0; j < b->n_var; j++) back = most(back, span_of(b->var[j].e).back);
    for (size_t i = 0; i < b->t->n; i++) rows += b->at != NULL && b->at[i] != RL_NO_TIME;
    int64_t left = rows - (int64_t)n_units * back;
    return left < 0 ? left : 0;
}

/* --- what could be had instead -------------------------------------------------------------- */

static bool is_range(const rl_expr *e)
{
    return e->op == RL_OP_FN && e->fn == RL_FN_LAG && e->hi > e->lo && e->lo >= 0;
}

/* A polynomial has the same coefficients over fewer lags, and each unit a row more. */
static void hint_shorter_polynomial(const rl_formula *f, size_t n_units, int64_t n, size_t k, rl_ctx *cx)
{
    const rl_expr *e = NULL;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *v = f->term[j].var[i];
            if (v->op == RL_OP_FN && v->fn == RL_FN_ALMON && (e == NULL || v->hi > e->hi)) e = v;
        }
    if (e == NULL) return;
    int64_t less = ((int64_t)k + 1 - n + (int64_t)n_units - 1) / (int64_t)n_units, hi = e->hi - most(less, 1);
    const char *end = e->near && e->far ? ",both" : e->near ? ",near" : e->far ? ",far" : "";
    if (hi - e->lo >= e->degree)
        rl_hint(cx, "almon(%s,%d:%lld,%d%s) would leave enough rows", e->a->text, e->lo, (long long)hi, e->degree, end);
    else
        rl_hint(cx,
                "the lags of '%s' and what stands beside it are too many: a lower degree, fewer lags, fewer other "
                "regressors, or adstock(%s,0.5), which costs no row",
                e->text, e->a->text);
}

/* What dates so many days apart are by. */
static rl_period_kind kind_of_days(int32_t step)
{
    static const struct {
        int32_t least, most;
        rl_period_kind kind;
    } OF[] = {{5, 9, RL_WEEK}, {26, 33, RL_MONTH}, {85, 97, RL_QUARTER}, {350, 380, RL_YEAR}};
    for (size_t i = 0; i < sizeof OF / sizeof *OF; i++)
        if (step >= OF[i].least && step <= OF[i].most) return OF[i].kind;
    return RL_PERIOD_NONE;
}

/* What periods so many of a kind apart are by; none where no --period makes them follow each other. */
static rl_period_kind longer_kind(rl_period_kind kind, int32_t step)
{
    if (kind == RL_DAY) return kind_of_days(step);
    if (kind == RL_WEEK)
        return step >= 12 && step <= 14 ? RL_QUARTER : step >= 51 && step <= 53 ? RL_YEAR : RL_PERIOD_NONE;
    if (kind == RL_MONTH && step == 3) return RL_QUARTER;
    return (kind == RL_MONTH && step == 12) || (kind == RL_QUARTER && step == 4) ? RL_YEAR : RL_PERIOD_NONE;
}

bool rl_hint_stride(rl_build *b, rl_ctx *cx)
{
    const rl_expr *some = b->scene.at != NULL ? timed(b) : NULL;
    rl_line line;
    size_t n = 0;
    if (some == NULL || rl_scene_line(&b->scene, some, &line, cx) != RL_OK) return false;
    const rl_track *t = &line.track;
    int32_t *step = RL_NEW(cx->tmp, int32_t, t->n + 1);
    for (size_t p = 1; p < t->n; p++)
        if (t->unit == NULL || t->unit[p] == t->unit[p - 1]) step[n++] = t->at[p] - t->at[p - 1];
    rl_order_int(step, n);
    if (n == 0 || step[n / 2] <= 1) return false;
    bool dates = b->d->clock.dates;
    const char *name = dates ? rl_period_name(b->d->clock.cal.kind) : "period";
    rl_period_kind kind = dates ? longer_kind(b->d->clock.cal.kind, step[n / 2]) : RL_PERIOD_NONE;
    if (kind != RL_PERIOD_NONE)
        rl_hint(cx, "rows are mostly %d %ss apart, and a lag of a %s finds none: add --period %s", step[n / 2], name,
                name, rl_period_name(kind));
    else
        rl_hint(cx, "rows are mostly %d %ss apart, and a lag goes by the %s: %snumber %s 1, 2, 3 ..", step[n / 2], name,
                name, dates ? "no --period is as long, " : "", dates ? "the periods" : "them");
    return true;
}

void rl_hint_fewer_lags(const rl_formula *f, size_t n_units, int64_t n, size_t k, rl_ctx *cx)
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
    if (longest == NULL) {
        hint_shorter_polynomial(f, n_units, n, k, cx);
        return;
    }
    /* a lag less in every range: a coefficient less for each, a row more in each unit */
    int64_t short_of = (int64_t)k + 1 - n, by = (int64_t)(ranges + n_units), less = (short_of + by - 1) / by;
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
