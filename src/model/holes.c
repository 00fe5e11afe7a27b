#include "model/holes.h"

#include <string.h>

#include "base/seen.h"
#include "base/str.h"
#include "model/est.h"
#include "num/absorb.h"
#include "num/ols.h"

/* --- cells ----------------------------------------------------------------------- */

typedef struct graph {
    const rl_design *d;
    const int32_t *of;
    rl_groups unit;  /* or cohorts, where there are no units                              */
    size_t *of_unit; /* unit.G   rows outside all cells                                   */
    size_t *of_time; /* T        the same ..                                              */
    size_t *control; /* T        .. of the never treated                                  */
    int32_t *part_u, *part_t;
    int32_t most; /* the part of most of those rows                                    */
} graph;

/* What rows outside all cells connect: units and periods of one part can be compared. */
static graph connect(const rl_design *d, const int32_t *of, rl_ctx *cx)
{
    graph g = {.d = d, .of = of, .unit = d->unit};
    size_t m = 0, T = d->time.G;
    if (g.unit.G == 0) {
        rl_col c = {.name = "cohort", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, d->n), .field = -1};
        for (size_t i = 0; i < d->n; i++) c.num[i] = d->cohort[i];
        rl_groups_of(&c, d->n, &g.unit, cx->tmp, cx);
    }
    int32_t *u = RL_NEW(cx->tmp, int32_t, d->n), *t = RL_NEW(cx->tmp, int32_t, d->n);
    g.of_unit = RL_NEW(cx->tmp, size_t, g.unit.G);
    g.of_time = RL_NEW(cx->tmp, size_t, T);
    g.control = RL_NEW(cx->tmp, size_t, T);
    g.part_u = RL_NEW(cx->tmp, int32_t, g.unit.G);
    g.part_t = RL_NEW(cx->tmp, int32_t, T);
    for (size_t i = 0; i < d->n; i++) {
        if (of[i] >= 0) continue;
        u[m] = g.unit.code[i];
        t[m] = d->time.code[i];
        g.of_unit[u[m]]++;
        g.of_time[t[m]]++;
        g.control[t[m]] += d->cohort[i] == RL_NEVER;
        m++;
    }
    size_t parts = rl_components(u, g.unit.G, t, T, m, g.part_u, g.part_t, cx);
    size_t *rows = RL_NEW(cx->tmp, size_t, parts + 1);
    for (size_t j = 0; j < m; j++) rows[g.part_u[u[j]]]++;
    for (size_t p = 1; p < parts; p++)
        if (rows[p] > rows[g.most]) g.most = (int32_t)p;
    return g;
}

/* The rows of a cohort, at a time or at all of them, and their units (0 where there are none), of the data as they
 * are. */
static size_t rows_of(const graph *g, int32_t cohort, int32_t time, bool all_times, size_t *units, rl_ctx *cx)
{
    const rl_design *d = g->d->all != NULL ? g->d->all : g->d;
    size_t rows = 0;
    bool *seen = RL_NEW(cx->tmp, bool, d->unit.G);
    *units = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->cohort[i] != cohort || (!all_times && d->at[i] != time)) continue;
        rows++;
        if (d->unit.G == 0) continue;
        *units += rl_first_seen(seen, (size_t)d->unit.code[i]);
    }
    return rows;
}

static const char *when(const graph *g, int32_t time, rl_ctx *cx) { return rl_time_words(g->d->clock, time, cx->tmp); }

static const char *row_words(size_t n, rl_ctx *cx) { return rl_sprintf(cx->tmp, "%zu row%s", n, n == 1 ? "" : "s"); }

/* The first period whose effect nothing tells, and in it the first cohort that has started, if one has. */
static bool period_without_controls(const graph *g, const rl_request *r, rl_ctx *cx)
{
    const rl_design *d = g->d;
    size_t T = d->time.G, t = 0, units, best = SIZE_MAX;
    while (t < T && g->of_time[t] > 0 && (g->part_t[t] == g->most || g->control[t] > 0)) t++;
    if (t == T) return false;
    for (size_t i = 0; i < d->n; i++) {
        if (g->of[i] < 0 || (size_t)d->time.code[i] != t) continue;
        bool started = d->cohort[i] <= d->at[i], other = best < SIZE_MAX && d->cohort[best] <= d->at[best];
        if (best == SIZE_MAX || (started && !other) || (started == other && d->cohort[i] < d->cohort[best])) best = i;
    }
    if (best == SIZE_MAX) return false;
    int32_t cohort = d->cohort[best];
    const char *time = when(g, d->at[best], cx);
    size_t rows = rows_of(g, cohort, d->at[best], false, &units, cx);
    rl_forgive(cx); /* the column that was named first */
    rl_fail(cx, RL_EDATA, "cell of cohort %s and time %s (%s): no control has a row at %s", when(g, cohort, cx), time,
            row_words(rows, cx), time);
    if (r->estimator->takes != NULL && strstr(r->estimator->takes, " control ") != NULL && !r->notyet)
        rl_hint(cx, "--control notyet adds units not yet treated to the controls");
    else
        rl_hint(cx, "leave the rows of %s out, or give the controls theirs", time);
    return true;
}

/* A cell none of whose units has a row that says what it would have been: that of a whole cohort first. */
static bool units_without_past(const graph *g, rl_ctx *cx)
{
    const rl_design *d = g->d;
    size_t units, rows, C = 0, first = SIZE_MAX;
    for (size_t i = 0; i < d->n; i++)
        if (g->of[i] >= 0 && (size_t)g->of[i] >= C) C = (size_t)g->of[i] + 1;
    bool *known = RL_NEW(cx->tmp, bool, C), *unit = RL_NEW(cx->tmp, bool, g->unit.G), more = true;
    for (size_t u = 0; u < g->unit.G; u++) unit[u] = g->of_unit[u] > 0;
    while (more) { /* a known unit tells its cells, and those the units that are seen nowhere else */
        more = false;
        for (size_t i = 0; i < d->n; i++) {
            int32_t u = g->unit.code[i], c = g->of[i];
            if (c < 0 || known[c] == unit[u]) continue;
            known[c] = unit[u] = more = true;
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        if (g->of[i] < 0 || known[g->of[i]]) continue;
        if (first < SIZE_MAX &&
            (d->cohort[i] > d->cohort[first] || (d->cohort[i] == d->cohort[first] && d->at[i] >= d->at[first])))
            continue;
        first = i;
    }
    if (first == SIZE_MAX) return false;
    const char *cohort = when(g, d->cohort[first], cx);
    bool all = true;
    for (size_t i = 0; i < d->n && all; i++) all = d->cohort[i] != d->cohort[first] || !g->of_unit[g->unit.code[i]];
    rows = rows_of(g, d->cohort[first], d->at[first], all, &units, cx);
    rl_forgive(cx);
    if (all && units > 0)
        rl_fail(cx, RL_EDATA, "cohort %s has no row before its start (%s of %zu unit%s)", cohort, row_words(rows, cx),
                units, units == 1 ? "" : "s");
    else if (all)
        rl_fail(cx, RL_EDATA, "cohort %s has no row before its start (%s)", cohort, row_words(rows, cx));
    else
        rl_fail(cx, RL_EDATA, "cell of cohort %s and time %s (%s): of its %zu unit%s none has a row before the start",
                cohort, when(g, d->at[first], cx), row_words(rows, cx), units, units == 1 ? "" : "s");
    rl_hint(cx, "effects are measured from rows before treatment: leave the %s out, or add those rows",
            all ? "cohort" : "cell's rows");
    return true;
}

bool rl_holes_cells(const rl_design *d, const rl_request *r, const int32_t *of, rl_ctx *cx)
{
    if (d->at == NULL || d->cohort == NULL) return false;
    graph g = connect(d, of, cx);
    return period_without_controls(&g, r, cx) || units_without_past(&g, cx);
}

/* --- covariates ------------------------------------------------------------------- */

/* The first of the columns that depends on a constant and those before it in the rows listed, or d->X.k; one that
 * does not vary there is passed over where that is `fine`. */
static rl_code dependent(const rl_design *d, const size_t *row, size_t n, bool fine, size_t *column, rl_ctx *cx)
{
    size_t k = 1, *from = RL_NEW(cx->tmp, size_t, d->X.k + 1);
    rl_mat V = rl_mat_new(n, d->X.k + 2, cx->tmp);
    rl_ols_fit o;
    *column = d->X.k;
    for (size_t i = 0; i < n; i++) *rl_mat_at(&V, i, 0) = 1;
    for (size_t j = 0; j < d->X.k; j++) {
        bool varies = !fine;
        const double *x = rl_mat_col(&d->X, j);
        for (size_t i = 0; i < n; i++) varies = varies || x[row[i]] != x[row[0]];
        if (!varies) continue;
        for (size_t i = 0; i < n; i++) *rl_mat_at(&V, i, k) = x[row[i]];
        from[k++] = j;
    }
    if (n < k) *column = from[n];
    if (k < 2 || n < k) return RL_OK;
    rl_mat X = {V.a, n, k, V.ld};
    double *y = rl_mat_col(&V, d->X.k + 1);
    for (size_t i = 0; i < n; i++) y[i] = d->y[row[i]];
    rl_cols C = rl_cols_of(&X, NULL, cx->tmp);
    RL_TRY(rl_ols_cols(&C, y, NULL, NULL, NULL, y, &o, cx->tmp, cx));
    for (size_t j = 1; j < k && *column == d->X.k; j++)
        if (o.dropped[j]) *column = from[j];
    return RL_OK;
}

/* "covariate 'x2' does not vary, or depends on 'x'" */
static const char *covariate_words(const rl_design *d, size_t column, rl_ctx *cx)
{
    rl_str s = rl_str_new(cx->tmp);
    rl_str_addf(&s, "covariate '%s' does not vary", d->x_name[column]);
    for (size_t j = 0; j < column; j++) rl_str_addf(&s, "%s'%s'", j > 0 ? ", " : ", or depends on ", d->x_name[j]);
    return rl_str_text(&s);
}

/* Rows of cell c, or those outside all cells at a time. */
static size_t list_cell(const rl_design *d, const int32_t *of, int32_t c, size_t *row)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        if (of[i] == c) row[n++] = i;
    return n;
}

static size_t list_controls(const rl_design *d, const int32_t *of, int32_t time, size_t *row)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        if (of[i] < 0 && d->time.code[i] == time) row[n++] = i;
    return n;
}

/* Where a covariate is no column of its own: everywhere, in a cell, among the controls of a period; or NULL. */
static const char *find_covariate(const rl_design *d, const int32_t *of, size_t C, size_t *column, rl_ctx *cx)
{
    size_t *row = RL_NEW(cx->tmp, size_t, d->n), n;
    for (size_t i = 0; i < d->n; i++) row[i] = i;
    if (dependent(d, row, d->n, false, column, cx) == RL_OK && *column < d->X.k)
        return rl_sprintf(cx->tmp, "%s in all %zu rows: it has no slopes of its own", covariate_words(d, *column, cx),
                          rl_rows_used(d));
    for (size_t c = 0; c < C; c++) {
        n = list_cell(d, of, (int32_t)c, row);
        if (n == 0 || dependent(d, row, n, true, column, cx) != RL_OK || *column == d->X.k) continue;
        return rl_sprintf(cx->tmp, "cell of cohort %s and time %s: %s among its %s",
                          rl_time_words(d->clock, d->cohort[row[0]], cx->tmp),
                          rl_time_words(d->clock, d->at[row[0]], cx->tmp), covariate_words(d, *column, cx),
                          row_words(n, cx));
    }
    for (size_t t = 0; t < d->time.G; t++) {
        n = list_controls(d, of, (int32_t)t, row);
        if (n == 0 || dependent(d, row, n, false, column, cx) != RL_OK || *column == d->X.k) continue;
        return rl_sprintf(cx->tmp, "time %s: %s among the %s that are controls there",
                          rl_time_words(d->clock, d->time_at[t], cx->tmp), covariate_words(d, *column, cx),
                          row_words(n, cx));
    }
    return NULL;
}

bool rl_holes_covariates(const rl_design *d, const int32_t *of, size_t C, rl_ctx *cx)
{
    if (d->X.k == 0 || d->at == NULL) return false;
    size_t column;
    rl_err said = cx->err;
    const char *words = find_covariate(d, of, C, &column, cx);
    cx->err = said;
    if (words == NULL) return false;
    rl_forgive(cx);
    rl_fail(cx, RL_EDATA, "%s", words);
    rl_hint(cx, "leave '%s' out", d->x_name[column]);
    return true;
}
