/* Which row is k periods before a row (model/eval.h). */
#include <stdlib.h>
#include <string.h>

#include "model/eval.h"

struct rl_past {
    bool even;       /* every row takes part, units stand together, their periods follow each other */
    uint32_t *order; /* rows by unit and time, when not even                                        */
    size_t n_order;
    size_t n_map;
    rl_ago *map;
    bool lined;
    rl_line line;
};

typedef struct slot {
    int32_t unit, at;
    uint32_t row;
} slot;

static int by_slot(const void *a, const void *b)
{
    const slot *x = a, *y = b;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static rl_code twice(const rl_scene *s, size_t above, size_t i, rl_ctx *cx)
{
    char buf[32];
    const rl_col *time = rl_table_col(s->t, s->time_name);
    const char *when = rl_cell_text(time, i, buf),
               *finer = rl_times_apart(time, (rl_clock){.cal = s->season, .dates = s->season.kind != RL_PERIOD_NONE},
                                       above, i);
    if (s->unit == NULL) {
        rl_fail_cell(s->t, time, i, cx, RL_EINPUT, "two rows of time '%s' (column '%s')", when, s->time_name);
        if (finer != NULL) return rl_hint(cx, "--period %s keeps these two apart", finer);
        return rl_hint(cx, "name the unit too: --panel UNIT,%s", s->time_name);
    }
    rl_fail_cell(
        s->t, time, i, cx, RL_EINPUT, "two rows of unit '%s' and time '%s' (columns '%s' and '%s'; the other: %s)",
        s->unit->label[s->unit->code[i]], when, s->unit_name, s->time_name, rl_row_words(s->t, time, above, cx));
    if (finer == NULL) return rl_hint(cx, "one row a unit and period is what lags and differences need");
    return rl_hint(cx, "one row a unit and period: --period %s keeps these two apart", finer);
}

static bool is_even(const rl_scene *s, rl_ctx *cx)
{
    const int32_t *unit = s->unit != NULL ? s->unit->code : NULL, *at = s->at;
    unsigned char *seen = unit != NULL ? RL_NEW(cx->tmp, unsigned char, s->unit->G) : NULL;
    for (size_t i = 0; i < s->t->n; i++) {
        bool same = i > 0 && (unit == NULL || unit[i] == unit[i - 1]);
        if (!s->keep[i] || at[i] == RL_NO_TIME || (unit != NULL && unit[i] < 0)) return false;
        if (same && (int64_t)at[i] != (int64_t)at[i - 1] + 1) return false;
        if (same || unit == NULL) continue;
        if (seen[unit[i]]) return false;
        seen[unit[i]] = 1;
    }
    return true;
}

static rl_code sort(const rl_scene *s, struct rl_past *p, rl_ctx *cx)
{
    slot *v = RL_NEW(cx->tmp, slot, s->t->n);
    size_t m = 0;
    bool sorted = true;
    for (size_t i = 0; i < s->t->n; i++) {
        int32_t u = s->unit != NULL ? s->unit->code[i] : 0;
        if (!s->keep[i] || u < 0 || s->at[i] == RL_NO_TIME) continue;
        v[m] = (slot){u, s->at[i], (uint32_t)i};
        sorted = sorted && (m == 0 || by_slot(&v[m - 1], &v[m]) < 0);
        m++;
    }
    if (!sorted) qsort(v, m, sizeof *v, by_slot);
    for (size_t j = 1; j < m; j++)
        if (v[j].unit == v[j - 1].unit && v[j].at == v[j - 1].at) return twice(s, v[j - 1].row, v[j].row, cx);
    p->order = RL_NEW(cx->tmp, uint32_t, m);
    for (size_t j = 0; j < m; j++) p->order[j] = v[j].row;
    p->n_order = m;
    rl_release(cx->tmp, v);
    return RL_OK;
}

static void make_map(const rl_scene *s, const struct rl_past *p, int k, uint32_t *from)
{
    for (size_t i = 0; i < s->t->n; i++) from[i] = RL_NO_ROW;
    size_t q = 0; /* the row k periods before row j, or the first after it */
    for (size_t j = 0; j < p->n_order; j++) {
        uint32_t i = p->order[j];
        int64_t want = (int64_t)s->at[i] - k;
        int32_t u = s->unit != NULL ? s->unit->code[i] : 0;
        for (; q < p->n_order; q++) {
            uint32_t r = p->order[q];
            int32_t w = s->unit != NULL ? s->unit->code[r] : 0;
            if (w > u || (w == u && s->at[r] >= want)) break;
        }
        if (q == p->n_order) break;
        uint32_t r = p->order[q];
        if ((s->unit == NULL || s->unit->code[r] == u) && s->at[r] == want) from[i] = r;
    }
}

rl_code rl_scene_timed(const rl_scene *s, const rl_expr *e, rl_ctx *cx)
{
    if (s->at != NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "'%s': %s() needs to know the time of a row", e->text, rl_fn_name(e->fn));
    rl_hint(cx, "add --panel UNIT,TIME, or --time COL for one series");
    rl_formula_caret(s->formula, e->at, cx);
    return RL_EUSAGE;
}

static rl_code find_order(rl_scene *s, const rl_expr *e, rl_ctx *cx)
{
    if (s->past != NULL) return RL_OK;
    RL_TRY(rl_scene_timed(s, e, cx));
    struct rl_past *p = RL_NEW(cx->tmp, struct rl_past, 1);
    p->even = is_even(s, cx);
    if (!p->even) RL_TRY(sort(s, p, cx));
    s->past = p;
    return RL_OK;
}

rl_code rl_scene_ago(rl_scene *s, const rl_expr *e, int k, rl_ago *out, rl_ctx *cx)
{
    RL_TRY(find_order(s, e, cx));
    struct rl_past *p = s->past;
    *out = (rl_ago){.k = k, .unit = s->unit != NULL ? s->unit->code : NULL, .n = s->t->n};
    if (p->even) return RL_OK;
    for (size_t m = 0; m < p->n_map; m++)
        if (p->map[m].k == k) {
            *out = p->map[m];
            return RL_OK;
        }
    out->from = RL_NEW(cx->tmp, uint32_t, s->t->n);
    make_map(s, p, k, out->from);
    p->map = rl_regrow(cx->tmp, p->map, p->n_map, p->n_map + 1, sizeof *p->map);
    p->map[p->n_map++] = *out;
    return RL_OK;
}

/* Units by number, in the order they come in. */
static const int32_t *numbered(const rl_scene *s, const rl_line *l, rl_ctx *cx)
{
    if (s->unit == NULL) return NULL;
    const int32_t *code = s->unit->code;
    bool falls = false;
    for (size_t p = 1; p < l->track.n && l->row == NULL; p++) falls |= code[p] < code[p - 1];
    if (l->row == NULL && !falls) return code;
    int32_t *unit = RL_NEW(cx->tmp, int32_t, l->track.n), last = 0;
    for (size_t p = 0; p < l->track.n; p++) {
        last += p > 0 && code[rl_line_row(l, p)] != code[rl_line_row(l, p - 1)];
        unit[p] = last;
    }
    return unit;
}

rl_code rl_scene_line(rl_scene *s, const rl_expr *e, rl_line *out, rl_ctx *cx)
{
    RL_TRY(find_order(s, e, cx));
    struct rl_past *p = s->past;
    if (!p->lined) {
        rl_line *l = &p->line;
        int32_t *at = p->even ? NULL : RL_NEW(cx->tmp, int32_t, p->n_order);
        for (size_t i = 0; i < p->n_order; i++) at[i] = s->at[p->order[i]];
        *l = (rl_line){.track = {.n = p->even ? s->t->n : p->n_order, .at = p->even ? s->at : at}, .row = p->order};
        l->track.unit = numbered(s, l, cx);
        p->lined = true;
    }
    *out = p->line;
    return RL_OK;
}

void rl_scene_pack(rl_scene *s, const uint32_t *row, size_t m)
{
    for (size_t q = 0; s->past != NULL && q < s->past->n_map; q++)
        for (size_t i = 0; i < m; i++) s->past->map[q].from[i] = s->past->map[q].from[row[i]];
}
