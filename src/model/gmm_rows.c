#include "model/gmm_rows.h"

#include <math.h>
#include <string.h>

#include "num/ols.h"

enum { MOST_INSTRUMENTS = 2000 };

/* All rows of the panel by unit and time. */
typedef struct walk {
    const rl_design *d;
    const rl_gmm_ask *ask;
    size_t n;
    size_t *begin;     /* n   first entry of the same unit         */
    const int32_t *at; /* n                                        */
    const double *y;   /* n   NaN = missing                        */
    size_t *row;       /* n   row of the design, or SIZE_MAX       */
    int back;          /* single, by difference: its lag           */
} walk;

int rl_gmm_y_lag(const rl_design *d, size_t j)
{
    if (d->x_term[j] == SIZE_MAX) return 0;
    const rl_term *t = &d->formula->term[d->x_term[j]];
    const rl_expr *e = t->var[0];
    if (t->n > 1 || e->op != RL_OP_FN || e->fn != RL_FN_LAG || strcmp(e->a->text, d->y_name) != 0) return 0;
    size_t first = j;
    while (first > 0 && d->x_term[first - 1] == d->x_term[j]) first--;
    return e->lo + (int)(j - first);
}

const char *rl_gmm_base(const rl_design *d, size_t j)
{
    const rl_term *t = d->x_term[j] != SIZE_MAX ? &d->formula->term[d->x_term[j]] : NULL;
    if (t == NULL || t->n > 1) return NULL;
    const rl_expr *e = t->var[0];
    if (e->op == RL_OP_FN && e->fn == RL_FN_LAG) return e->a->text;
    return strcmp(e->text, d->x_name[j]) == 0 ? e->text : NULL;
}

static void walk_along(walk *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    const rl_past *p = &d->past;
    size_t *of = RL_NEW(cx->tmp, size_t, d->t->n);
    int32_t *at = RL_NEW(cx->tmp, int32_t, p->n);
    double *y = RL_NEW(cx->tmp, double, p->n);
    w->n = p->n;
    w->begin = RL_NEW(cx->tmp, size_t, p->n);
    w->row = RL_NEW(cx->tmp, size_t, p->n);
    for (size_t i = 0; i < d->n; i++) of[d->row[i]] = i + 1;
    for (size_t s = 0; s < p->n; s++) {
        size_t r = p->row[s];
        at[s] = p->at[r];
        y[s] = p->y[r];
        w->row[s] = of[r] > 0 ? of[r] - 1 : SIZE_MAX;
        w->begin[s] = s > 0 && p->unit[p->row[s - 1]] == p->unit[r] ? w->begin[s - 1] : s;
    }
    w->at = at;
    w->y = y;
    for (size_t j = 0; j < d->X.k; j++)
        if (rl_gmm_y_lag(d, j) >= w->back) w->back = rl_gmm_y_lag(d, j) + 1;
}

/* y of entry s, `lag` periods ago; NaN when there is none. */
static double y_before(const walk *w, size_t s, int lag)
{
    int64_t want = (int64_t)w->at[s] - lag;
    for (size_t p = s + 1; p-- > w->begin[s] && w->at[p] >= want;)
        if (w->at[p] == want) return w->y[p];
    return NAN;
}

static double single(const walk *w, size_t s)
{
    return w->ask->difference ? y_before(w, s, w->back) - y_before(w, s, w->back + 1) : y_before(w, s, 2);
}

/* Entry s less the one before is an equation. */
static bool pairs(const walk *w, size_t s)
{
    return s > w->begin[s] && w->row[s] != SIZE_MAX && w->row[s - 1] != SIZE_MAX && w->at[s] == w->at[s - 1] + 1;
}

static bool is_equation(const walk *w, size_t s) { return pairs(w, s) && (!w->ask->single || !isnan(single(w, s))); }

/* --- rows -------------------------------------------------------------------------- */

static void find_rows(const walk *w, rl_gmm_rows *g, size_t **entry, rl_ctx *cx)
{
    rl_gmm *p = &g->p;
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, w->d->n);
    size_t lonely = w->d->n, last = SIZE_MAX, *first, *from = RL_NEW(cx->tmp, size_t, w->n);
    int32_t *at = RL_NEW(cx->tmp, int32_t, w->n);
    memset(leave, 1, w->d->n);
    first = RL_NEW(cx->tmp, size_t, w->d->unit.G + 1);
    g->row = RL_NEW(cx->tmp, size_t, w->n);
    for (size_t s = 0; s < w->n; s++) {
        if (!is_equation(w, s)) continue;
        if (w->begin[s] != last) first[p->N++] = p->n;
        last = w->begin[s];
        lonely -= leave[w->row[s]] + leave[w->row[s - 1]];
        leave[w->row[s]] = leave[w->row[s - 1]] = 0;
        at[p->n] = w->at[s];
        from[p->n] = s;
        g->row[p->n++] = w->row[s];
    }
    first[p->N] = p->n;
    p->first = first;
    p->at = at;
    *entry = from;
    if (lonely > 0 && p->n > 0) g->leave = leave;
}

static rl_code nothing(const walk *w, rl_ctx *cx)
{
    const rl_design *d = w->d;
    size_t pair = 0;
    for (size_t s = 0; s < w->n; s++) pair += pairs(w, s);
    if (pair > 0) {
        rl_fail(cx, RL_EDATA, "no instrument: none of %zu differences has a difference of '%s' %d periods before", pair,
                d->y_name, w->back);
        return rl_hint(cx, "--method level needs one period less");
    }
    rl_fail(cx, RL_EDATA, "nothing to difference: no unit of '%s' has two complete rows one period apart",
            d->unit_name);
    return rl_hint(cx, "with %d lag%s of '%s' a unit needs %d periods in a row; %zu rows of %zu units are complete",
                   w->back - 1, w->back > 2 ? "s" : "", d->y_name, w->back + 1, d->n, d->unit.G);
}

/* --- regressors ----------------------------------------------------------------------- */

static bool has_time_effects(const rl_design *d)
{
    for (size_t f = 0; f < d->fe.n_fe; f++)
        if (strcmp(d->fe_name[f], d->time_name) == 0) return true;
    return false;
}

/* Differences of y and X, effects of the time before them. */
static void difference(const walk *w, const size_t *entry, rl_gmm_rows *g, rl_ctx *cx)
{
    const rl_design *d = w->d;
    rl_gmm *p = &g->p;
    size_t n = p->n, T = d->time.G;
    double *y = RL_NEW(cx->tmp, double, n);
    int32_t *place = RL_NEW(cx->tmp, int32_t, T);
    if (has_time_effects(d)) {
        for (size_t r = 0; r < n; r++) place[d->time.code[g->row[r]]] = 1;
        for (size_t t = 0; t < T; t++) place[t] = place[t] > 0 ? (int32_t)g->n_time++ : -1;
    }
    p->X = rl_mat_new(n, g->n_time + d->X.k, cx->tmp);
    for (size_t r = 0; r < n; r++) {
        size_t i = g->row[r], b = w->row[entry[r] - 1];
        y[r] = d->y[i] - d->y[b];
        if (g->n_time > 0) *rl_mat_at(&p->X, r, (size_t)place[d->time.code[i]]) = 1;
        for (size_t j = 0; j < d->X.k; j++)
            *rl_mat_at(&p->X, r, g->n_time + j) = *rl_mat_at(&d->X, i, j) - *rl_mat_at(&d->X, b, j);
    }
    p->y = y;
}

/* Regressors that do not vary in time, or only as others do, are named and go. */
static rl_code keep_varying(const rl_design *d, rl_gmm_rows *g, rl_fit *f, rl_ctx *cx)
{
    rl_gmm *p = &g->p;
    size_t k = p->X.k, n = p->n, kept = g->n_time;
    double *norm0 = RL_NEW(cx->tmp, double, k);
    rl_label *label = RL_NEW(cx->tmp, rl_label, d->X.k);
    rl_ols_fit o;
    for (size_t j = 0; j < k; j++) {
        const double *x = j < g->n_time ? rl_mat_col(&p->X, j) : rl_mat_col(&d->X, j - g->n_time);
        norm0[j] = rl_dot(NULL, x, x, j < g->n_time ? n : d->n, cx);
    }
    for (size_t j = 0; j < d->X.k; j++) label[j] = rl_label_of(d->x_name[j]);
    RL_TRY(rl_ols(&p->X, p->y, NULL, norm0, &o, cx->tmp, cx));
    RL_TRY(rl_fit_dropped(d, o.dropped + g->n_time, d->X.k, label, SIZE_MAX, f, cx));
    g->col = RL_NEW(cx->tmp, size_t, d->X.k);
    g->y_lag = RL_NEW(cx->tmp, int, d->X.k);
    for (size_t j = 0; j < d->X.k; j++) {
        if (o.dropped[g->n_time + j]) continue;
        if (kept != g->n_time + j)
            memcpy(rl_mat_col(&p->X, kept), rl_mat_col(&p->X, g->n_time + j), n * sizeof(double));
        g->col[kept - g->n_time] = j;
        g->y_lag[kept++ - g->n_time] = rl_gmm_y_lag(d, j);
    }
    p->X.k = kept;
    if (kept == g->n_time) return rl_fit_nothing(d, label, d->X.k, cx);
    if (kept < n) return RL_OK;
    rl_fail(cx, RL_EDATA, "%zu differences cannot carry %zu coefficients: no degree of freedom is left", n, kept);
    return rl_hint(cx, "use fewer regressors or lags, or more rows");
}

/* --- instruments ---------------------------------------------------------------------- */

static rl_code too_many(size_t q, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "%zu instruments are too many to be weighed (at most %d)", q, MOST_INSTRUMENTS);
    return rl_hint(cx, "--collapse makes one column a lag; --gmm-lags 2:4 takes the nearest lags alone");
}

/* The lags of one variable: columns base + period * L + lag - lo, before those that never occur are left aside. */
typedef struct list {
    const double *v; /* of each table row */
    int lo, hi;
    size_t L, base;
} list;

static size_t plan_lists(const walk *w, list *l)
{
    const rl_gmm_ask *ask = w->ask;
    const rl_past *p = &w->d->past;
    int32_t first = w->at[0], last = w->at[0];
    size_t columns = 0, T = ask->collapse ? 1 : w->d->time.G;
    for (size_t s = 0; s < w->n; s++) {
        first = w->at[s] < first ? w->at[s] : first;
        last = w->at[s] > last ? w->at[s] : last;
    }
    for (size_t j = 0; j <= p->n_x; j++) {
        int sooner = j > 0 && j <= ask->req->n_predetermined;
        l[j] =
            (list){.v = j == 0 ? p->y : p->x[j - 1], .lo = ask->lo - sooner, .hi = ask->hi - sooner, .base = columns};
        if (ask->hi < 0 || l[j].hi > last - first) l[j].hi = (int)(last - first);
        l[j].L = l[j].hi >= l[j].lo ? (size_t)(l[j].hi - l[j].lo + 1) : 0;
        columns += T * l[j].L;
    }
    return columns;
}

/* One column for each lag and, unless collapsed, period of the equation, of those that occur. */
static void make_lists(const walk *w, const size_t *entry, rl_gmm_rows *g, rl_ctx *cx)
{
    rl_gmm *p = &g->p;
    const rl_past *past = &w->d->past;
    size_t lists = 1 + past->n_x, at = 0, most = 0, *first = RL_NEW(cx->tmp, size_t, p->n + 1);
    list *l = RL_NEW(cx->tmp, list, lists);
    size_t columns = plan_lists(w, l);
    int32_t *column = RL_NEW(cx->tmp, int32_t, columns);
    for (size_t r = 0; r < p->n; r++)
        for (size_t j = 0; j < lists; j++) {
            size_t before = entry[r] - w->begin[entry[r]];
            most += before < l[j].L ? before : l[j].L;
        }
    uint32_t *col = RL_NEW(cx->tmp, uint32_t, most);
    double *z = RL_NEW(cx->tmp, double, most);
    for (size_t r = 0; r < p->n; r++) {
        size_t s = entry[r], t = w->ask->collapse ? 0 : (size_t)w->d->time.code[g->row[r]];
        first[r] = at;
        for (size_t j = 0; j < lists; j++)
            for (size_t b = s; b-- > w->begin[s] && w->at[s] - w->at[b] <= l[j].hi;) {
                int lag = w->at[s] - w->at[b];
                double v = l[j].v[past->row[b]];
                if (lag < l[j].lo || isnan(v)) continue;
                col[at] = (uint32_t)(l[j].base + t * l[j].L + (size_t)(lag - l[j].lo));
                column[col[at]] = 1;
                z[at++] = v;
            }
    }
    first[p->n] = at;
    for (size_t c = 0; c < columns; c++) column[c] = column[c] > 0 ? (int32_t)g->listed++ : -1;
    for (size_t a = 0; a < at; a++) col[a] = (uint32_t)column[col[a]];
    p->z_first = first, p->z_col = col, p->z = z;
}

static void make_single(const walk *w, const size_t *entry, rl_gmm_rows *g, rl_ctx *cx)
{
    rl_gmm *p = &g->p;
    size_t *first = RL_NEW(cx->tmp, size_t, p->n + 1);
    double *z = RL_NEW(cx->tmp, double, p->n);
    for (size_t r = 0; r < p->n; r++) {
        first[r] = r;
        z[r] = single(w, entry[r]);
    }
    first[p->n] = p->n;
    g->listed = 1;
    p->z_first = first, p->z_col = RL_NEW(cx->tmp, uint32_t, p->n), p->z = z;
}

static bool is_own(const walk *w, const rl_gmm_rows *g, size_t j)
{
    const rl_request *r = w->ask->req;
    const char *base = rl_gmm_base(w->d, g->col[j]);
    if (g->y_lag[j] > 0) return w->ask->single && g->y_lag[j] > 1;
    for (size_t i = 0; i < r->n_predetermined + r->n_endogenous && base != NULL && !w->ask->single; i++)
        if (strcmp(base, i < r->n_predetermined ? r->predetermined[i] : r->endogenous[i - r->n_predetermined]) == 0)
            return false;
    return true;
}

rl_code rl_gmm_rows_make(const rl_design *d, const rl_gmm_ask *ask, rl_gmm_rows *g, rl_fit *f, rl_ctx *cx)
{
    walk w = {.d = d, .ask = ask, .back = 2};
    size_t *entry, *own;
    *g = (rl_gmm_rows){.leave = NULL};
    walk_along(&w, cx);
    find_rows(&w, g, &entry, cx);
    if (g->p.n == 0) return nothing(&w, cx);
    if (g->leave != NULL) return RL_OK;
    difference(&w, entry, g, cx);
    RL_TRY(keep_varying(d, g, f, cx));
    if (ask->single)
        make_single(&w, entry, g, cx);
    else
        make_lists(&w, entry, g, cx);
    g->p.own = own = RL_NEW(cx->tmp, size_t, g->p.X.k);
    for (size_t j = 0; j < g->p.X.k; j++)
        if (j < g->n_time || is_own(&w, g, j - g->n_time)) own[g->p.n_own++] = j;
    g->p.q = g->listed + g->p.n_own;
    return g->p.q > MOST_INSTRUMENTS ? too_many(g->p.q, cx) : RL_OK;
}
