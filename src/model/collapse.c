#include "model/collapse.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/str.h"
#include "num/ols.h"
#include "num/order.h"

enum { MOST_VALUES = 4096, MOST_PAIRS = 1 << 22, SAVES = 4, LONGEST = 4096 };

/* --- what a design knows of a row: one code -------------------------------------- */

typedef struct rows {
    const rl_design *d;
    int32_t *sign; /* n   rows with one code have the same cohort, time, trait, ..  */
    size_t S;
    int32_t *number; /* MOST_PAIRS  new code of a pair, + 1                         */
} rows;

/* sign := the pairs (sign, code) that occur, numbered as they appear. */
static bool pair(rows *r, const int32_t *code, size_t G)
{
    size_t n = r->d->n, S = 0, pairs = r->S * G;
    if (pairs > MOST_PAIRS) return false;
    memset(r->number, 0, pairs * sizeof *r->number);
    for (size_t i = 0; i < n; i++) {
        int32_t *at = &r->number[(size_t)r->sign[i] * G + (size_t)code[i]];
        if (*at == 0) *at = (int32_t)++S;
        r->sign[i] = *at - 1;
    }
    r->S = S;
    return SAVES * S <= n;
}

/* The same with the different values of v (n of `size` bytes) for codes. */
static bool pair_values(rows *r, const void *v, size_t size, rl_ctx *cx)
{
    size_t n = r->d->n;
    int32_t *code = RL_NEW(cx->tmp, int32_t, n);
    rl_dict *dict = rl_dict_new(cx->tmp);
    for (size_t i = 0; i < n; i++) {
        const char *cell = (const char *)v + i * size;
        code[i] = i > 0 && memcmp(cell, cell - size, size) == 0 ? code[i - 1] : rl_dict_code(dict, cell, size);
        if (dict->n > MOST_VALUES) return false;
    }
    bool done = pair(r, code, dict->n);
    rl_release(cx->tmp, code);
    return done;
}

static bool sign_rows(const rl_design *d, size_t unit, rows *r, rl_ctx *cx)
{
    *r = (rows){d, RL_NEW(cx->tmp, int32_t, d->n), 1, RL_NEW(cx->tmp, int32_t, MOST_PAIRS)};
    bool done = true;
    if (d->time.G > 0) done = pair(r, d->time.code, d->time.G);
    if (done && d->trait.G > 0) done = pair(r, d->trait.code, d->trait.G);
    if (done && d->cohort != NULL) done = pair_values(r, d->cohort, sizeof *d->cohort, cx);
    if (done && d->treated != NULL) done = pair_values(r, d->treated, sizeof *d->treated, cx);
    for (size_t f = 0; f < d->fe.n_fe && done; f++)
        if (f != unit && d->fe.code[f] != d->time.code) done = pair(r, d->fe.code[f], d->fe.levels[f]);
    rl_release(cx->tmp, r->number);
    return done;
}

/* --- units to types ------------------------------------------------------------------ */

static bool in_order(const int32_t *u, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (u[i] < u[i - 1]) return false;
    return true;
}

/* Rows in order of their unit: start (U+1), place (n) of them, NULL = as they are. */
static uint32_t *by_unit(const int32_t *u, size_t U, size_t n, size_t *start, rl_ctx *cx)
{
    for (size_t i = 0; i < n; i++) start[u[i] + 1]++;
    for (size_t g = 0; g < U; g++) start[g + 1] += start[g];
    if (in_order(u, n)) return NULL;
    uint32_t *place = RL_NEW(cx->tmp, uint32_t, n);
    size_t *next = RL_NEW(cx->tmp, size_t, U);
    memcpy(next, start, U * sizeof *next);
    for (size_t i = 0; i < n; i++) place[next[u[i]]++] = (uint32_t)i;
    rl_release(cx->tmp, next);
    return place;
}

/* By code, equal ones as they stand; the rows of a unit nearly always stand in one order. */
static void sort_rows(uint32_t *row, size_t n, const int32_t *sign)
{
    uint64_t key[LONGEST];
    bool sorted = true;
    for (size_t i = 0; i < n; i++) {
        key[i] = (uint64_t)(uint32_t)sign[row[i]] << 32 | row[i];
        sorted = sorted && (i == 0 || key[i] > key[i - 1]);
    }
    if (sorted) return;
    rl_order_key(key, n);
    for (size_t i = 0; i < n; i++) row[i] = (uint32_t)key[i];
}

/* type (U) of each unit and row_of its rows; *R rows in all.  False: too many. */
static bool list_types(rl_collapse *c, const rows *r, int32_t *type, size_t *types, size_t *R, rl_ctx *cx)
{
    const rl_design *d = c->all;
    const int32_t *u = d->fe.code[c->unit];
    size_t U = d->fe.levels[c->unit], n = d->n, room = n / SAVES + 1;
    size_t *start = RL_NEW(cx->tmp, size_t, U + 1), *first = RL_NEW(cx->tmp, size_t, room);
    uint32_t *place = by_unit(u, U, n, start, cx), row[LONGEST];
    int32_t sequence[LONGEST];
    rl_dict *dict = rl_dict_new(cx->tmp);
    *R = 0;
    for (size_t g = 0; g < U; g++) {
        size_t m = start[g + 1] - start[g], before = dict->n;
        if (m > LONGEST) return false;
        for (size_t k = 0; k < m; k++) row[k] = place != NULL ? place[start[g] + k] : (uint32_t)(start[g] + k);
        sort_rows(row, m, r->sign);
        for (size_t k = 0; k < m; k++) sequence[k] = r->sign[row[k]];
        type[g] = rl_dict_code(dict, (const char *)sequence, m * sizeof *sequence);
        if (dict->n > before) {
            if (*R + m >= room) return false;
            first[type[g]] = *R;
            *R += m;
        }
        for (size_t k = 0; k < m; k++) c->row_of[row[k]] = (int32_t)(first[type[g]] + k);
    }
    *types = dict->n;
    return true;
}

/* --- the small design ------------------------------------------------------------------ */

void rl_collapse_means(const rl_collapse *c, const double *v, double *mean, rl_ctx *cx)
{
    const rl_design *d = c->all;
    size_t R = c->small.n;
    rl_dd *sum = RL_NEW(cx->tmp, rl_dd, R);
    for (size_t i = 0; i < d->n; i++) {
        int32_t r = c->row_of[i];
        sum[r] = rl_dd_add(sum[r], d->w != NULL ? rl_two_mul(d->w[i], v[i]) : (rl_dd){v[i], 0});
    }
    for (size_t r = 0; r < R; r++) mean[r] = (sum[r].hi + sum[r].lo) / c->times[r];
    rl_release(cx->tmp, sum);
}

/* How many rows are behind each small one, and their weight. */
static double *count_rows(rl_collapse *c, size_t R, rl_ctx *cx)
{
    const rl_design *d = c->all;
    double *times = RL_NEW(cx->tmp, double, R);
    c->times = d->w != NULL ? RL_NEW(cx->tmp, double, R) : times;
    for (size_t i = 0; i < d->n; i++) {
        times[c->row_of[i]]++;
        if (d->w != NULL) c->times[c->row_of[i]] += d->w[i];
    }
    return times;
}

static int32_t *codes_at(const int32_t *code, const uint32_t *at, size_t R, rl_ctx *cx)
{
    int32_t *out = RL_NEW(cx->tmp, int32_t, R);
    for (size_t r = 0; r < R; r++) out[r] = code[at[r]];
    return out;
}

static rl_groups groups_at(rl_groups g, const uint32_t *at, size_t R, rl_ctx *cx)
{
    if (g.G > 0) g.code = codes_at(g.code, at, R, cx);
    return g;
}

static void small_effects(rl_collapse *c, const uint32_t *at, const int32_t *type, size_t types, rl_ctx *cx)
{
    const rl_fe *fe = &c->all->fe;
    rl_design *s = &c->small;
    size_t R = s->n;
    s->fe.levels = RL_NEW(cx->tmp, size_t, fe->n_fe);
    s->fe.code = RL_NEW(cx->tmp, const int32_t *, fe->n_fe);
    for (size_t f = 0; f < fe->n_fe; f++) {
        s->fe.levels[f] = f == c->unit ? types : fe->levels[f];
        s->fe.code[f] = codes_at(fe->code[f], at, R, cx);
    }
    if (c->unit == fe->n_fe) return;
    int32_t *code = RL_NEW(cx->tmp, int32_t, R);
    for (size_t r = 0; r < R; r++) code[r] = type[s->fe.code[c->unit][r]];
    s->fe.code[c->unit] = code;
    s->unit = (rl_groups){.G = types, .code = code};
}

static void small_design(rl_collapse *c, size_t R, const int32_t *type, size_t types, rl_ctx *cx)
{
    const rl_design *d = c->all;
    rl_design *s = &c->small;
    uint32_t *at = RL_NEW(cx->tmp, uint32_t, R), *row = RL_NEW(cx->tmp, uint32_t, R);
    double *times = count_rows(c, R, cx);
    for (size_t i = d->n; i-- > 0;) at[c->row_of[i]] = (uint32_t)i;
    for (size_t r = 0; r < R; r++) row[r] = d->row[at[r]];
    *s = *d;
    s->all = d;
    s->n = R;
    s->row = row;
    c->mean = RL_NEW(cx->tmp, double, R);
    rl_collapse_means(c, d->y, c->mean, cx);
    s->y = RL_NEW(cx->tmp, double, R);
    memcpy(s->y, c->mean, R * sizeof *s->y);
    s->X = rl_mat_new(R, d->constant + 1, cx->tmp);
    s->X.k = d->constant; /* the constant, or nothing */
    for (size_t r = 0; r < R && s->X.k > 0; r++) rl_mat_col(&s->X, 0)[r] = 1;
    s->w = c->times;
    s->times = times;
    s->unit = s->drawn = (rl_groups){.G = 0};
    for (size_t way = 0; way < d->vcov.ways; way++) s->cluster[way] = (rl_groups){.G = 0}; /* of all rows only */
    s->blocks = NULL;
    s->own = NULL;
    small_effects(c, at, type, types, cx);
    s->time = groups_at(d->time, at, R, cx);
    s->trait = groups_at(d->trait, at, R, cx);
    if (d->at != NULL) s->at = codes_at(d->at, at, R, cx);
    if (d->cohort != NULL) s->cohort = codes_at(d->cohort, at, R, cx);
    if (d->treated == NULL) return;
    s->treated = RL_NEW(cx->tmp, double, R);
    for (size_t r = 0; r < R; r++) s->treated[r] = d->treated[at[r]];
}

/* Weights belong to units: a unit's rows have one. */
static bool weights_of_units(const rl_design *d, size_t unit, rl_ctx *cx)
{
    if (d->w == NULL) return true;
    if (unit == d->fe.n_fe) return false;
    const int32_t *u = d->fe.code[unit];
    double *w = RL_NEW(cx->tmp, double, d->fe.levels[unit]);
    bool same = true;
    for (size_t i = 0; i < d->n && same; i++) {
        if (w[u[i]] == 0) w[u[i]] = d->w[i];
        same = w[u[i]] == d->w[i];
    }
    rl_release(cx->tmp, w);
    return same;
}

static bool applies(const rl_design *d, const rl_request *req, size_t unit, rl_ctx *cx)
{
    const rl_estimator *e = req->estimator;
    rl_vcov_kind v = d->vcov.kind;
    bool apart = e->frame != RL_FRAME_CELLS && e->frame != RL_FRAME_PLAIN && !d->constant && d->blocks == NULL &&
                 d->x_low == NULL && unit < d->fe.n_fe; /* covariates enter by themselves */
    return e->repeats && e->family == RL_LINEAR && req->family == RL_LINEAR &&
           (apart || d->X.k == (d->constant ? 1 : 0)) && d->endo.k == 0 && !d->keep_effects &&
           (v == RL_CLUSTER || v == RL_IID || v == RL_HC0 || v == RL_HC1 || v == RL_DK) &&
           (d->w == NULL || !req->impute) && weights_of_units(d, unit, cx);
}

bool rl_collapse_make(const rl_design *d, const rl_request *req, rl_collapse *c, rl_ctx *cx)
{
    rows r;
    size_t R, types = 0;
    int32_t *type = NULL;
    *c = (rl_collapse){.all = d, .unit = d->fe.n_fe, .q = d->constant ? 0 : d->X.k};
    for (size_t f = 0; f < d->fe.n_fe && d->unit.G > 0; f++)
        if (strcmp(d->fe_name[f], d->unit_name) == 0) c->unit = f;
    if (!applies(d, req, c->unit, cx)) return false;
    bool done = sign_rows(d, c->unit, &r, cx);
    if (done && c->unit < d->fe.n_fe) {
        c->row_of = RL_NEW(cx->tmp, int32_t, d->n);
        type = RL_NEW(cx->tmp, int32_t, d->fe.levels[c->unit]);
        done = list_types(c, &r, type, &types, &R, cx);
    } else {
        c->row_of = r.sign;
        R = r.S;
    }
    if (done) small_design(c, R, type, types, cx);
    return done;
}

/* --- back to all rows -------------------------------------------------------------------- */

void rl_collapse_residuals(const rl_collapse *c, const double *v, const double *mean, const unsigned char *anchor,
                           const double *small_e, double *e, rl_ctx *cx)
{
    const rl_design *d = c->all;
    if (c->unit == d->fe.n_fe) {
        for (size_t i = 0; i < d->n; i++) e[i] = (v[i] - mean[c->row_of[i]]) + small_e[c->row_of[i]];
        return;
    }
    size_t U = d->fe.levels[c->unit];
    const int32_t *u = d->fe.code[c->unit];
    double *sum = RL_NEW(cx->tmp, double, 2 * U), *seen = sum + U;
    for (size_t i = 0; i < d->n; i++) {
        int32_t r = c->row_of[i];
        e[i] = v[i] - mean[r];
        if (anchor != NULL && !anchor[r]) continue;
        sum[u[i]] += e[i];
        seen[u[i]]++;
    }
    for (size_t g = 0; g < U; g++) sum[g] /= seen[g];
    for (size_t i = 0; i < d->n; i++) e[i] = (e[i] - sum[u[i]]) + small_e[c->row_of[i]];
    rl_release(cx->tmp, sum);
}

rl_code rl_collapse_expand(const rl_collapse *c, rl_fit *f, rl_ctx *cx)
{
    const rl_design *d = c->all;
    const rl_core *small = f->core;
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    double *e = RL_NEW(cx->tmp, double, d->n);
    assert(f->core != NULL && f->leave == NULL); /* what `repeats` in model/est.h asks for */
    *core = *small;
    rl_collapse_residuals(c, d->y, c->mean, small->anchor, small->e, e, cx);
    core->e = e;
    core->w = d->w;
    core->row_of = c->row_of;
    core->rss = rl_dot(d->w, e, e, d->n, cx);
    double deviations = core->rss - f->rss; /* they are in every sum of squares of residuals */
    f->dof.n = d->n;
    f->dof.levels = d->fe.levels;
    f->dof.code = d->fe.code;
    if (c->q > 0) RL_TRY(rl_collapse_beside(c, small, core, f, cx));
    f->rss = core->rss;
    f->core = core;
    f->psi = rl_psi_core(core, d->n, f->m, d->at != NULL, cx);
    rl_fit_figures(d, f->within + deviations, f, cx);
    if (core->anchor != NULL) f->loglik = NAN; /* imputed, not maximised */
    rl_fit_judge(d, f, cx);
    return RL_OK;
}
