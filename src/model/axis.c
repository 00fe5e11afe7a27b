#include "model/axis.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num/order.h"

rl_code rl_fail_cell(const rl_table *t, const rl_col *c, size_t i, rl_ctx *cx, rl_code code, const char *fmt, ...)
{
    char what[sizeof cx->err.what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    uint64_t row = t->row != NULL ? t->row[i] : i;
    if (t->source == NULL || c->field < 0) return rl_fail(cx, code, "row %llu: %s", (unsigned long long)row + 1, what);
    rl_place at = {.row = row, .field = c->field};
    RL_TRY(rl_csv_locate(t->source, &at, 1, cx->keep, cx));
    rl_fail_at(cx, code, t->source->name, at.line, at.col, "%s", what);
    if (cx->err.excerpt == NULL && at.excerpt != NULL) cx->err.excerpt = rl_strdup(cx->keep, at.excerpt);
    return cx->err.code;
}

rl_code rl_table_need(const rl_table *t, const char *name, const char *what_for, const rl_col **out, rl_ctx *cx)
{
    *out = rl_table_col(t, name);
    if (*out != NULL) return RL_OK;
    rl_fail(cx, RL_EINPUT, "there is no column '%s' (%s)", name, what_for);
    const char **known = RL_NEW(cx->tmp, const char *, t->k + t->header.n);
    size_t n = 0;
    for (size_t j = 0; j < t->k; j++) known[n++] = t->col[j].name;
    for (size_t j = 0; j < t->header.n; j++) known[n++] = t->header.name[j];
    const char *near = rl_nearest(name, known, n);
    return near != NULL ? rl_hint(cx, "did you mean '%s'?", near) : RL_EINPUT;
}

const char *rl_row_words(const rl_table *t, const rl_col *c, size_t i, rl_ctx *cx)
{
    uint64_t row = t->row != NULL ? t->row[i] : i;
    rl_place at = {.row = row, .field = c->field};
    if (t->source != NULL && c->field >= 0 && rl_csv_locate(t->source, &at, 1, cx->tmp, cx) == RL_OK)
        return rl_sprintf(cx->tmp, "line %d", at.line);
    rl_forgive(cx);
    return rl_sprintf(cx->tmp, "row %llu", (unsigned long long)row + 1);
}

/* --- times ------------------------------------------------------------------ */

static bool whole(double x, int32_t *at)
{
    if (!(fabs(x) < 2e9) || x != (double)(int32_t)x) return false;
    *at = (int32_t)x;
    return true;
}

/* A few digits, which is what most times are: without the trouble that numbers can be. */
static bool digits(const char *s, size_t n, int32_t *at)
{
    int32_t x = 0;
    if (n == 0 || n > 9) return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        x = 10 * x + (s[i] - '0');
    }
    *at = x;
    return true;
}

/* Do all texts of a column read so? */
static bool reads_as(const rl_dict *d, rl_calendar cal)
{
    int32_t at;
    for (size_t c = 0; c < d->n; c++) {
        double x;
        bool ok = cal.kind == RL_PERIOD_NONE ? digits(d->text[c], d->len[c], &at) ||
                                                   rl_number_parse(d->text[c], d->len[c], RL_NUMBERS_PLAIN, &x)
                                             : rl_period_parse(d->text[c], d->len[c], cal, &at);
        if (!ok) return false;
    }
    return true;
}

/* What the texts of a column are, when nobody said: the shortest periods that all of them name, for a month lies in a
 * quarter and reads as one too. */
static rl_calendar guess(const rl_dict *d)
{
    static const rl_period_kind KIND[] = {RL_PERIOD_NONE, RL_DAY, RL_WEEK, RL_MONTH, RL_QUARTER};
    for (size_t i = 0; i < sizeof KIND / sizeof *KIND; i++) {
        rl_calendar cal = {KIND[i], 1};
        if (reads_as(d, cal)) return cal;
    }
    /* something does not fit: let the first text decide what the others should have been */
    int32_t day;
    if (d->n > 0 && rl_day_parse(d->text[0], d->len[0], &day)) return (rl_calendar){RL_DAY, 1};
    return (rl_calendar){RL_PERIOD_NONE, 1};
}

/* 2002.0833 as the second month of 2002, 2002.25 as its second quarter: years and twelfths or quarters. */
static bool read_fraction(const char *s, size_t n, rl_calendar cal, int32_t *at)
{
    int parts = cal.kind == RL_MONTH ? 12 : 4;
    double x;
    char text[32];
    if (!rl_number_parse(s, n, RL_NUMBERS_PLAIN, &x) || !(x >= 1000 && x < 3000)) return false;
    int count = (int)floor(x * parts + 0.5);
    if (fabs(x * parts - count) > 0.02) return false;
    snprintf(text, sizeof text, cal.kind == RL_MONTH ? "%04d-%02d" : "%04dQ%d", count / parts, count % parts + 1);
    return rl_period_parse(text, strlen(text), cal, at);
}

/* Years and parts of years?  The first part decides; a later one that fits no calendar is an error at its place. */
static bool are_fractions(const rl_dict *d, rl_calendar cal)
{
    int32_t at;
    bool part = false;
    if ((cal.kind != RL_MONTH && cal.kind != RL_QUARTER) || cal.fiscal_start != 1) return false;
    for (size_t c = 0; c < d->n && !part; c++) {
        part = memchr(d->text[c], '.', d->len[c]) != NULL;
        if (!read_fraction(d->text[c], d->len[c], cal, &at)) return false;
    }
    return part;
}

static bool read_time(const char *s, size_t n, rl_clock clock, int32_t *at)
{
    double x;
    rl_calendar cal = clock.cal;
    if (clock.fractions) return read_fraction(s, n, cal, at);
    if (cal.kind == RL_PERIOD_NONE && digits(s, n, at)) return true;
    if (cal.kind != RL_PERIOD_NONE && rl_period_parse(s, n, cal, at)) return true;
    return cal.kind == RL_PERIOD_NONE && rl_number_parse(s, n, RL_NUMBERS_PLAIN, &x) && whole(x, at);
}

static rl_code not_a_time(const rl_table *t, const rl_col *c, size_t i, rl_calendar cal, bool cohort, rl_ctx *cx)
{
    char buf[32];
    const char *s = rl_cell_text(c, i, buf),
               *never = cohort ? "; for never: leave the cell empty, or write 0 or Inf" : "";
    if (cal.kind == RL_PERIOD_NONE) {
        rl_fail_cell(t, c, i, cx, RL_EINPUT, "'%s' is not a time (column '%s')", s, c->name);
        return rl_hint(cx, "times are whole numbers, ISO dates, or texts like 2019Q4; --period says which calendar%s",
                       never);
    }
    rl_fail_cell(t, c, i, cx, RL_EINPUT, "'%s' is not a %s (column '%s')", s, rl_period_name(cal.kind), c->name);
    return rl_hint(cx, "write times as ISO dates such as 2024-03-11, or as --period names them%s", never);
}

static rl_code text_times(const rl_table *t, const rl_col *c, rl_clock clock, bool cohort, int32_t *at, rl_ctx *cx)
{
    rl_calendar cal = clock.cal;
    int32_t *of = RL_NEW(cx->tmp, int32_t, c->dict->n);
    unsigned char *bad = RL_NEW(cx->tmp, unsigned char, c->dict->n);
    for (size_t k = 0; k < c->dict->n; k++) {
        const char *s = c->dict->text[k];
        if (read_time(s, c->dict->len[k], clock, &of[k])) {
            if (cohort && of[k] == 0 && cal.kind == RL_PERIOD_NONE) of[k] = RL_NO_TIME;
            continue;
        }
        bool never = cohort && (strcmp(s, "0") == 0 || strcasecmp(s, "inf") == 0 || strcasecmp(s, "infinity") == 0);
        if (!never) bad[k] = 1;
        of[k] = RL_NO_TIME;
    }
    for (size_t i = 0; i < t->n; i++) {
        if (c->code[i] >= 0 && bad[c->code[i]]) return not_a_time(t, c, i, cal, cohort, cx);
        at[i] = c->code[i] < 0 ? RL_NO_TIME : of[c->code[i]];
    }
    return RL_OK;
}

static rl_code number_times(const rl_table *t, const rl_col *c, bool cohort, int32_t *at, rl_ctx *cx)
{
    for (size_t i = 0; i < t->n; i++) {
        double x = c->num[i];
        at[i] = RL_NO_TIME;
        if (isnan(x) || (cohort && (x == 0 || isinf(x)))) continue;
        if (!whole(x, &at[i])) return not_a_time(t, c, i, (rl_calendar){RL_PERIOD_NONE, 1}, cohort, cx);
    }
    return RL_OK;
}

static void date_times(const rl_table *t, const rl_col *c, rl_calendar cal, int32_t *at)
{
    for (size_t i = 0; i < t->n; i++) at[i] = c->day[i] == RL_NO_DAY ? RL_NO_TIME : rl_period_of(cal, c->day[i]);
}

rl_code rl_times_of(const rl_table *t, const rl_col *c, rl_calendar cal, bool numbered, rl_clock *clock, int32_t *at,
                    rl_ctx *cx)
{
    if (cal.fiscal_start == 0) cal.fiscal_start = 1;
    if (c->type == RL_NUM) {
        *clock = (rl_clock){.cal = cal, .dates = numbered && cal.kind != RL_PERIOD_NONE};
        return number_times(t, c, false, at, cx);
    }
    if (c->type == RL_DATE) {
        if (cal.kind == RL_PERIOD_NONE) cal.kind = RL_DAY;
        *clock = (rl_clock){.cal = cal, .dates = true};
        date_times(t, c, cal, at);
        return RL_OK;
    }
    if (are_fractions(c->dict, cal)) {
        *clock = (rl_clock){cal, true, true};
        return text_times(t, c, *clock, false, at, cx);
    }
    if (cal.kind == RL_PERIOD_NONE)
        cal = guess(c->dict);
    else if (reads_as(c->dict, (rl_calendar){RL_PERIOD_NONE, 1}) && cal.kind != RL_YEAR)
        cal.kind = RL_PERIOD_NONE;
    *clock = (rl_clock){.cal = cal, .dates = cal.kind != RL_PERIOD_NONE};
    if (cal.kind == RL_YEAR && reads_as(c->dict, (rl_calendar){RL_PERIOD_NONE, 1}))
        *clock = (rl_clock){.cal = {RL_PERIOD_NONE, cal.fiscal_start}}; /* 2019 is a number as well */
    return text_times(t, c, *clock, false, at, cx);
}

rl_code rl_cohorts_of(const rl_table *t, const rl_col *c, rl_clock clock, int32_t *at, rl_ctx *cx)
{
    if (c->type == RL_NUM) return number_times(t, c, true, at, cx);
    if (c->type == RL_TEXT)
        return text_times(t, c, clock.dates ? clock : (rl_clock){.cal = {RL_PERIOD_NONE, 1}}, true, at, cx);
    date_times(t, c, clock.cal.kind == RL_PERIOD_NONE ? (rl_calendar){RL_DAY, 1} : clock.cal, at);
    return RL_OK;
}

const char *rl_times_apart(const rl_col *c, rl_clock clock, size_t i, size_t j)
{
    if (!clock.dates || clock.fractions || c->type == RL_NUM) return NULL;
    for (int k = (int)clock.cal.kind - 1; k >= RL_DAY; k--) {
        rl_calendar cal = {(rl_period_kind)k, clock.cal.fiscal_start};
        int32_t a, b;
        if (c->type == RL_DATE) {
            a = rl_period_of(cal, c->day[i]);
            b = rl_period_of(cal, c->day[j]);
        } else {
            size_t p = (size_t)c->code[i], q = (size_t)c->code[j];
            if (!rl_period_parse(c->dict->text[p], c->dict->len[p], cal, &a)) continue;
            if (!rl_period_parse(c->dict->text[q], c->dict->len[q], cal, &b)) continue;
        }
        if (a != b) return rl_period_name(cal.kind);
    }
    return NULL;
}

const char *rl_time_text(rl_clock clock, int32_t at, rl_arena *in)
{
    char buf[32];
    return clock.dates && at != RL_NO_TIME ? rl_strdup(in, rl_period_text(buf, clock.cal, at)) : NULL;
}

const char *rl_time_words(rl_clock clock, int32_t at, rl_arena *in)
{
    const char *text = rl_time_text(clock, at, in);
    return text != NULL ? text : rl_sprintf(in, "%d", at);
}

int rl_level_order(const char *a, const char *b)
{
    double x, y;
    bool na = rl_number_parse(a, strlen(a), RL_NUMBERS_PLAIN, &x),
         nb = rl_number_parse(b, strlen(b), RL_NUMBERS_PLAIN, &y);
    if (na != nb) return na ? -1 : 1;
    if (na && x != y) return x < y ? -1 : 1;
    return strcmp(a, b);
}

/* --- groups ----------------------------------------------------------------- */

static size_t different(uint64_t *key, size_t n)
{
    size_t G = 0;
    rl_order_key(key, n);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || key[i] != key[i - 1]) key[G++] = key[i];
    return G;
}

void rl_groups_join(const rl_groups *a, const rl_groups *b, size_t n, rl_groups *out, rl_arena *in, rl_ctx *cx)
{
    uint64_t *key = RL_NEW(cx->tmp, uint64_t, n);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (a->code[i] >= 0 && b->code[i] >= 0) key[m++] = (uint64_t)a->code[i] << 32 | (uint32_t)b->code[i];
    out->G = different(key, m);
    out->every = n;
    out->code = RL_NEW(in, int32_t, n);
    out->label = RL_NEW(in, const char *, out->G);
    for (size_t i = 0; i < n; i++) {
        out->code[i] = -1;
        if (a->code[i] < 0 || b->code[i] < 0) continue;
        uint64_t want = (uint64_t)a->code[i] << 32 | (uint32_t)b->code[i];
        out->code[i] = (int32_t)rl_order_find_key(key, out->G, want);
    }
    if (a->label != NULL && b->label != NULL)
        for (size_t g = 0; g < out->G; g++)
            out->label[g] = rl_sprintf(in, "%s^%s", a->label[key[g] >> 32], b->label[key[g] & 0xffffffffu]);
    rl_release(cx->tmp, key);
}

void rl_groups_keep(const rl_groups *g, const uint32_t *row, size_t m, rl_groups *out, rl_arena *in)
{
    bool all = m > 0 && row[m - 1] == m - 1;
    if (all && m == g->every) {
        *out = *g;
        return;
    }
    int32_t *fresh = RL_NEW(in, int32_t, g->G);
    size_t used = 0;
    for (size_t i = 0; i < m; i++) {
        int32_t c = g->code[all ? i : row[i]];
        if (c < 0 || fresh[c] != 0) continue;
        fresh[c] = 1;
        used++;
    }
    if (used == g->G && all) {
        *out = *g;
        return;
    }
    *out = (rl_groups){.code = RL_NEW(in, int32_t, m), .label = RL_NEW(in, const char *, g->G), .every = m};
    for (size_t k = 0; k < g->G; k++) {
        if (fresh[k] == 0) continue;
        out->label[out->G] = g->label != NULL ? g->label[k] : NULL;
        fresh[k] = (int32_t)out->G++;
    }
    for (size_t i = 0; i < m; i++) out->code[i] = g->code[row[i]] < 0 ? -1 : fresh[g->code[row[i]]];
}
