#include "data/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

rl_col *rl_table_col(const rl_table *t, const char *name)
{
    for (size_t j = 0; j < t->k; j++) {
        if (strcmp(t->col[j].name, name) == 0) return &t->col[j];
    }
    return NULL;
}

static void fill_missing(rl_col *c, size_t n, rl_arena *in)
{
    switch (c->type) {
    case RL_NUM:
        c->num = RL_NEW(in, double, n);
        for (size_t i = 0; i < n; i++) c->num[i] = NAN;
        break;
    case RL_DATE:
        c->day = RL_NEW(in, int32_t, n);
        for (size_t i = 0; i < n; i++) c->day[i] = RL_NO_DAY;
        break;
    case RL_TEXT:
        c->code = RL_NEW(in, int32_t, n);
        for (size_t i = 0; i < n; i++) c->code[i] = -1;
        break;
    case RL_AUTO:
        break;
    }
}

rl_col *rl_table_add(rl_table *t, const char *name, rl_type type, rl_dict *dict, rl_arena *in)
{
    t->col = rl_regrow(in, t->col, t->k, t->k + 1, sizeof *t->col);
    rl_col *c = &t->col[t->k++];
    *c = (rl_col){.name = rl_strdup(in, name), .type = type, .field = -1};
    if (type == RL_TEXT) c->dict = dict != NULL ? dict : rl_dict_new(in);
    fill_missing(c, t->n, in);
    return c;
}

void rl_table_filter(rl_table *t, const unsigned char *keep, rl_arena *in)
{
    size_t n = 0;
    if (t->row == NULL) {
        t->row = RL_NEW(in, uint32_t, t->n);
        for (size_t i = 0; i < t->n; i++) t->row[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < t->n; i++) {
        if (!keep[i]) continue;
        if (t->unread != NULL) t->unread[n] = t->unread[i];
        t->row[n++] = t->row[i];
    }
    for (size_t j = 0; j < t->k; j++) {
        rl_col *c = &t->col[j];
        size_t m = 0;
        c->own = false;
        for (size_t i = 0; i < t->n; i++) {
            if (!keep[i]) continue;
            if (c->num != NULL) c->num[m] = c->num[i];
            if (c->day != NULL) c->day[m] = c->day[i];
            if (c->code != NULL) c->code[m] = c->code[i];
            m++;
        }
    }
    t->n = n;
}

bool rl_missing(const rl_col *c, size_t i)
{
    switch (c->type) {
    case RL_NUM:
        return isnan(c->num[i]);
    case RL_DATE:
        return c->day[i] == RL_NO_DAY;
    case RL_TEXT:
        return c->code[i] < 0;
    case RL_AUTO:
        break;
    }
    return true;
}

const char *rl_cell_text(const rl_col *c, size_t i, char buf[32])
{
    buf[0] = '\0';
    if (rl_missing(c, i)) return buf;
    switch (c->type) {
    case RL_NUM:
        return rl_num_text(buf, c->num[i]);
    case RL_DATE:
        return rl_day_text(buf, c->day[i]);
    default:
        return c->dict->text[c->code[i]];
    }
}

/* ---- groups -------------------------------------------------------------------------------------------- */

/* A used text with its first eight bytes as a number that sorts like them. */
typedef struct level {
    uint64_t head;
    const char *text;
    int32_t code;
} level;

static uint64_t head_of(const char *s)
{
    uint64_t h = 0;
    for (int i = 0; i < 8; i++) {
        h = h << 8 | (unsigned char)*s;
        s += *s != '\0';
    }
    return h;
}

static int by_text(const void *a, const void *b)
{
    const level *x = a, *y = b;
    if (x->head != y->head) return x->head < y->head ? -1 : 1;
    return strcmp(x->text, y->text);
}

static void group_text(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_arena *tmp)
{
    int32_t *rank = RL_NEW(tmp, int32_t, c->dict->n); /* first a flag: used */
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (c->code[i] < 0 || rank[c->code[i]]) continue;
        rank[c->code[i]] = 1;
        used++;
    }
    level *l = RL_NEW(tmp, level, used);
    for (size_t k = 0, m = 0; k < c->dict->n; k++) {
        if (rank[k]) l[m++] = (level){head_of(c->dict->text[k]), c->dict->text[k], (int32_t)k};
    }
    qsort(l, used, sizeof *l, by_text);
    g->G = used;
    g->label = RL_NEW(in, const char *, used);
    for (size_t k = 0; k < used; k++) {
        rank[l[k].code] = (int32_t)k;
        g->label[k] = l[k].text;
    }
    for (size_t i = 0; i < n; i++) g->code[i] = c->code[i] < 0 ? -1 : rank[c->code[i]];
    rl_release(tmp, rank);
    rl_release(tmp, l);
}

static void group_days(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_arena *tmp)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        if (c->day[i] == RL_NO_DAY) continue;
        if (c->day[i] < low) low = c->day[i];
        if (c->day[i] > high) high = c->day[i];
    }
    size_t span = low <= high ? (size_t)((int64_t)high - low) + 1 : 0;
    int32_t *rank = RL_NEW(tmp, int32_t, span);
    for (size_t i = 0; i < n; i++) {
        if (c->day[i] != RL_NO_DAY) rank[c->day[i] - low] = 1;
    }
    for (size_t d = 0; d < span; d++) g->G += (size_t)rank[d];
    g->label = RL_NEW(in, const char *, g->G);
    for (size_t d = 0, k = 0; d < span; d++) {
        char buf[16];
        if (!rank[d]) continue;
        rank[d] = (int32_t)k;
        g->label[k++] = rl_strdup(in, rl_day_text(buf, low + (int32_t)d));
    }
    for (size_t i = 0; i < n; i++) g->code[i] = c->day[i] == RL_NO_DAY ? -1 : rank[c->day[i] - low];
    rl_release(tmp, rank);
}

/* The distinct values of a column: open addressing on the bits. */
typedef struct values {
    double *v;
    int32_t *slot;
    size_t n, cap;
} values;

static size_t slot_of(const values *s, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    size_t at = rl_mix64(bits) & (s->cap - 1);
    while (s->slot[at] >= 0 && s->v[s->slot[at]] != x) at = (at + 1) & (s->cap - 1);
    return at;
}

static void widen(values *s, rl_arena *tmp)
{
    size_t cap = s->cap ? 2 * s->cap : 256;
    s->v = rl_regrow(tmp, s->v, s->n, cap / 2, sizeof *s->v);
    if (s->slot != NULL) rl_release(tmp, s->slot);
    s->slot = RL_NEW(tmp, int32_t, cap);
    memset(s->slot, 0xff, cap * sizeof *s->slot);
    s->cap = cap;
    for (size_t k = 0; k < s->n; k++) s->slot[slot_of(s, s->v[k])] = (int32_t)k;
}

typedef struct valued {
    double v;
    int32_t code;
} valued;

static int by_value(const void *a, const void *b)
{
    const valued *x = a, *y = b;
    return (x->v > y->v) - (x->v < y->v);
}

/* Whole numbers that are close together: a table by value.  False when they are not. */
static bool seen_whole(const double *v, size_t n, values *s, int32_t *code, rl_arena *tmp)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (isnan(v[i])) continue;
        if (!(fabs(v[i]) < 0x1p53) || v[i] != trunc(v[i])) return false;
        low = fmin(low, v[i]);
        high = fmax(high, v[i]);
    }
    if (!(low <= high) || high - low > 2.0 * (double)n + 1024) return false;
    size_t span = (size_t)(high - low) + 1;
    int32_t *at = RL_NEW(tmp, int32_t, span);
    s->v = RL_NEW(tmp, double, span < n ? span : n);
    for (size_t i = 0; i < n; i++) {
        code[i] = -1;
        if (isnan(v[i])) continue;
        int32_t *k = &at[(size_t)(v[i] - low)];
        if (*k == 0) {
            s->v[s->n++] = v[i] + 0.0; /* -0 is 0 */
            *k = (int32_t)s->n;
        }
        code[i] = *k - 1;
    }
    rl_release(tmp, at);
    return true;
}

/* The values of a column numbered as they appear; s->v is in tmp. */
static void seen_numbers(const double *v, size_t n, values *s, int32_t *code, rl_arena *tmp)
{
    *s = (values){0};
    if (seen_whole(v, n, s, code, tmp)) return;
    for (size_t i = 0; i < n; i++) {
        double x = v[i] + 0.0; /* -0 is 0 */
        code[i] = -1;
        if (isnan(x)) continue;
        if (2 * (s->n + 1) > s->cap) widen(s, tmp);
        size_t at = slot_of(s, x);
        if (s->slot[at] < 0) {
            s->v[s->n] = x;
            s->slot[at] = (int32_t)s->n++;
        }
        code[i] = s->slot[at];
    }
    rl_release(tmp, s->slot);
}

static void group_numbers(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_arena *tmp)
{
    values s;
    seen_numbers(c->num, n, &s, g->code, tmp);
    valued *v = RL_NEW(tmp, valued, s.n);
    int32_t *rank = RL_NEW(tmp, int32_t, s.n);
    for (size_t k = 0; k < s.n; k++) v[k] = (valued){s.v[k], (int32_t)k};
    qsort(v, s.n, sizeof *v, by_value);
    g->G = s.n;
    g->label = RL_NEW(in, const char *, s.n);
    for (size_t k = 0; k < s.n; k++) {
        char buf[32];
        rank[v[k].code] = (int32_t)k;
        g->label[k] = rl_strdup(in, rl_num_text(buf, v[k].v));
    }
    for (size_t i = 0; i < n; i++) {
        if (g->code[i] >= 0) g->code[i] = rank[g->code[i]];
    }
    rl_release(tmp, s.v);
    rl_release(tmp, v);
    rl_release(tmp, rank);
}

void rl_groups_of(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_ctx *cx)
{
    *g = (rl_groups){.code = RL_NEW(in, int32_t, n), .every = n};
    switch (c->type) {
    case RL_TEXT:
        group_text(c, n, g, in, cx->tmp);
        break;
    case RL_DATE:
        group_days(c, n, g, in, cx->tmp);
        break;
    case RL_NUM:
        group_numbers(c, n, g, in, cx->tmp);
        break;
    case RL_AUTO:
        g->label = RL_NEW(in, const char *, 0);
        for (size_t i = 0; i < n; i++) g->code[i] = -1;
        break;
    }
}

void rl_groups_seen(const rl_col *c, size_t n, rl_groups *g, rl_arena *in, rl_ctx *cx)
{
    values s;
    if (c->type == RL_TEXT) {
        *g = (rl_groups){.G = c->dict->n, .code = c->code, .label = c->dict->text, .every = c->own ? n : 0};
        return;
    }
    if (c->type != RL_NUM) {
        rl_groups_of(c, n, g, in, cx);
        return;
    }
    *g = (rl_groups){.code = RL_NEW(in, int32_t, n), .every = n};
    seen_numbers(c->num, n, &s, g->code, cx->tmp);
    g->G = s.n;
    g->label = RL_NEW(in, const char *, s.n);
    for (size_t k = 0; k < s.n; k++) {
        char buf[32];
        g->label[k] = rl_strdup(in, rl_num_text(buf, s.v[k]));
    }
    rl_release(cx->tmp, s.v);
}
