#include "model/diag_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/eval.h"
#include "model/infer.h"
#include "num/ols.h"

const char *const RL_FINE = "fine", *const RL_CAUTION = "caution", *const RL_PROBLEM = "problem",
                  *const RL_UNSURE = "cannot tell";

const char *rl_diag_when(const rl_diag *g, int32_t at, rl_arena *in) { return rl_time_words(g->d->clock, at, in); }

void rl_diag_add(const rl_diag *g, rl_test t)
{
    if (t.name == NULL) t.name = g->spec->name;
    rl_infer_add_test(g->out, t, g->keep);
}

int rl_diag_season(const rl_diag *g)
{
    const rl_design *d = g->d;
    static const int ROUND[] = {
        [RL_PERIOD_NONE] = 2, [RL_DAY] = 7, [RL_WEEK] = 4, [RL_MONTH] = 12, [RL_QUARTER] = 4, [RL_YEAR] = 2};
    size_t most = (d->time.G > 0 ? d->time.G : d->n) / 5;
    int lags = ROUND[d->clock.cal.kind];
    return (size_t)lags <= most ? lags : most > 0 ? (int)most : 1;
}

rl_code rl_diag_lags(const rl_diag *g, size_t arg, int *lags, rl_ctx *cx)
{
    if (g->spec->n_args > arg) return rl_diag_whole(g, arg, 1, lags, cx);
    *lags = rl_diag_season(g);
    return RL_OK;
}

/* --- rows in order ----------------------------------------------------------------- */

typedef struct place {
    int32_t unit, time;
    size_t row;
} place;

static int by_place(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static rl_code twice(const rl_diag *g, int32_t time, rl_ctx *cx)
{
    const rl_design *d = g->d;
    rl_fail(cx, RL_EINPUT, "--test %s: two rows of time '%s' (column '%s')", g->spec->text,
            rl_diag_when(g, time, cx->tmp), d->time_name);
    return rl_hint(cx, d->unit_name == NULL ? "name the unit too: --panel UNIT,TIME" : "one row a unit and time");
}

rl_code rl_diag_order(const rl_diag *g, rl_diag_rows *out, rl_ctx *cx)
{
    const rl_design *d = g->d;
    size_t n = d->n;
    place *p = RL_NEW(cx->tmp, place, n);
    bool sorted = true;
    *out = (rl_diag_rows){.n = n,
                          .timed = d->at != NULL,
                          .at = RL_NEW(cx->tmp, size_t, n),
                          .unit = RL_NEW(cx->tmp, int32_t, n),
                          .time = RL_NEW(cx->tmp, int32_t, n)};
    for (size_t i = 0; i < n; i++) {
        p[i] = (place){d->unit.G > 0 ? d->unit.code[i] : 0, d->at != NULL ? d->at[i] : (int32_t)i, i};
        sorted = sorted && (i == 0 || by_place(&p[i - 1], &p[i]) < 0);
    }
    if (!sorted) qsort(p, n, sizeof *p, by_place);
    for (size_t i = 0; i < n; i++) {
        out->at[i] = p[i].row;
        out->unit[i] = p[i].unit;
        out->time[i] = p[i].time;
        if (i == 0 || p[i].unit != p[i - 1].unit) continue;
        if (p[i].time == p[i - 1].time) return twice(g, p[i].time, cx);
        if (p[i].time == p[i - 1].time + 1) continue;
        if (out->gaps++ == 0) out->gap_after = p[i - 1].time;
    }
    rl_release(cx->tmp, p);
    return RL_OK;
}

void rl_diag_lag(const rl_diag_rows *r, const double *v, int k, double missing, double *out)
{
    size_t q = 0;
    for (size_t p = 0; p < r->n; p++) {
        int64_t want = (int64_t)r->time[p] - k;
        while (q < p && (r->unit[q] != r->unit[p] || r->time[q] < want)) q++;
        out[p] = q < p && r->time[q] == want ? v[q] : missing;
    }
}

/* --- the regression behind ---------------------------------------------------------- */

rl_code rl_diag_core(const rl_diag *g, unsigned allow, const rl_core **core, rl_ctx *cx)
{
    const rl_core *c = *core = g->f->core;
    const char *text = g->spec->text;
    bool instruments = g->d->endo.k > 0;
    if (c == NULL || g->f->family != RL_LINEAR || (c->working && !instruments) || c->row_of != NULL) {
        rl_fail(cx, RL_EUSAGE, "--test %s: estimator '%s' has no residuals of a regression", text,
                g->out->estimator->name);
        return rl_hint(cx, "it is made for ols, with or without lags");
    }
    if (instruments && !(allow & RL_DIAG_INSTRUMENTS)) {
        rl_fail(cx, RL_EUSAGE, "--test %s is not valid beside instruments", text);
        return rl_hint(cx, "--vcov NW or cluster allows for what it looks for");
    }
    if (c->w != NULL && !(allow & RL_DIAG_WEIGHTS)) {
        rl_fail(cx, RL_EUSAGE, "--test %s does not take --weights", text);
        return rl_hint(cx, "leave the weights out to look at the residuals");
    }
    if (g->d->fe.n_fe > 0 && !(allow & RL_DIAG_EFFECTS)) {
        rl_fail(cx, RL_EUSAGE, "--test %s is not made for fixed effects", text);
        return rl_hint(cx, "breusch-godfrey, collinearity, influence and leads are");
    }
    if (g->f->perfect && !(allow & RL_DIAG_PERFECT)) {
        rl_fail(cx, RL_EDATA, "--test %s: a perfect fit leaves no residuals to look at", text);
        return rl_hint(cx, "is a regressor made from the outcome?");
    }
    return RL_OK;
}

void rl_diag_take(const rl_core *c, const rl_diag_rows *r, size_t more, double **e, rl_mat *X, rl_ctx *cx)
{
    size_t n = r->n, k = c->X.k;
    if (e != NULL) {
        *e = RL_NEW(cx->tmp, double, n);
        for (size_t p = 0; p < n; p++) (*e)[p] = c->e[r->at[p]];
    }
    if (X == NULL) return;
    double *room = RL_NEW(cx->tmp, double, n);
    *X = rl_mat_new(n, k + more, cx->tmp);
    for (size_t j = 0; j < k; j++) {
        const double *x = rl_cols_part(&c->X, j, 0, n, room);
        for (size_t p = 0; p < n; p++) *rl_mat_at(X, p, j) = x[r->at[p]];
    }
    rl_release(cx->tmp, room);
}

rl_code rl_diag_regress(const rl_mat *X, const double *y, rl_diag_aux *out, rl_ctx *cx)
{
    rl_ols_fit o;
    RL_TRY(rl_ols(X, y, NULL, NULL, &o, cx->tmp, cx));
    double mean = rl_sum(y, X->n, cx) / (double)X->n;
    *out = (rl_diag_aux){o.rss, rl_spread(NULL, y, mean, X->n, cx), o.rank};
    rl_release(cx->tmp, o.e);
    return RL_OK;
}

/* --- the request again --------------------------------------------------------------- */

rl_diag_formula rl_diag_parts(const rl_diag *g, rl_arena *in)
{
    const char *s = g->d->formula->text, *tilde = NULL, *bar = NULL;
    bool quoted = false;
    for (; *s != '\0' && bar == NULL; s++) {
        if (*s == '`') quoted = !quoted;
        if (*s == '~' && !quoted && tilde == NULL) tilde = s;
        if (*s == '|' && !quoted) bar = s;
    }
    if (bar == NULL) bar = s;
    const char *text = g->d->formula->text;
    return (rl_diag_formula){rl_strndup(in, text, (size_t)(tilde - text)),
                             rl_strndup(in, tilde + 1, (size_t)(bar - tilde - 1)), rl_strdup(in, bar)};
}

rl_table rl_diag_with(const rl_table *t, const char *name, double *v, rl_arena *in)
{
    rl_table out = *t;
    out.col = RL_NEW(in, rl_col, t->k + 1);
    memcpy(out.col, t->col, t->k * sizeof *t->col);
    out.col[out.k++] = (rl_col){.name = rl_strdup(in, name), .type = RL_NUM, .num = v, .field = -1};
    return out;
}

/* Is it to be tested, and was it estimated? */
static bool asked_for(const rl_diag_ask *a, const rl_estimate *e)
{
    if (!isfinite(e->std_error)) return false;
    if (a->part != NULL && strstr(e->label.term, a->part) != NULL) return true;
    for (size_t i = 0; i < a->n_term; i++)
        if (strcmp(e->label.term, a->term[i]) == 0) return true;
    return false;
}

static rl_request again(const rl_diag *g, const rl_diag_ask *a)
{
    rl_request q = rl_infer_for_tests(g->req, false);
    if (a->formula != NULL) q.formula = a->formula;
    q.spend = NULL;
    q.omega = NULL;
    q.n_response = 0;
    q.average = RL_AVERAGE_NONE;
    q.keep_effects = false;
    q.checked = true;
    if (q.estimator->expand != NULL) q.estimator = NULL; /* it has been written out */
    if (a->leave != NULL) q.leave = a->leave, q.leave_why = "left out";
    if (q.vcov.kind == RL_WILD) q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = q.vcov.ways, .by = {q.vcov.by[0]}};
    return q;
}

/* What the fit needs on its way is given back; the result lives in cx->tmp. */
static rl_code run_apart(const rl_request *q, const rl_table *t, rl_result *r, rl_ctx *cx)
{
    rl_arena *own = rl_arena_like(cx->tmp), *tmp = cx->tmp;
    cx->tmp = own;
    rl_code code = rl_estimate_run(q, t, r, tmp, cx);
    cx->tmp = tmp;
    rl_arena_free(own);
    return code;
}

static rl_code run_tested(rl_request *q, const rl_table *t, const char *restriction, rl_result *r, rl_test *test,
                          rl_ctx *cx)
{
    q->restriction = &restriction;
    q->n_restriction = 1;
    RL_TRY(run_apart(q, t, r, cx));
    *test = r->test[r->n_tests - 1];
    test->name = NULL;
    test->kind = "F";
    return RL_OK;
}

static void add_restriction(rl_str *s, const char *term) { rl_str_addf(s, "%s`%s` = 0", s->n > 0 ? ", " : "", term); }

rl_code rl_diag_refit(const rl_diag *g, const rl_diag_ask *a, rl_test *test, rl_result *r, rl_ctx *cx)
{
    rl_request q = again(g, a);
    const rl_table *t = a->t != NULL ? a->t : g->d->t;
    size_t notes = cx->n_notes;
    rl_str all = rl_str_new(cx->tmp);
    for (size_t i = 0; i < a->n_term; i++) add_restriction(&all, a->term[i]);
    if (test != NULL && a->part == NULL && a->n_term > 0) { /* mostly none is left out */
        if (run_tested(&q, t, all.s, r, test, cx) == RL_OK) {
            cx->n_notes = notes;
            return RL_OK;
        }
        rl_forgive(cx);
        q.n_restriction = 0;
    }
    RL_TRY(run_apart(&q, t, r, cx));
    if (test != NULL) {
        all = rl_str_new(cx->tmp);
        *test = (rl_test){.statistic = NAN, .df = NAN, .df2 = NAN, .p_value = NAN};
        for (size_t i = 0; i < r->m; i++)
            if (asked_for(a, &r->est[i])) add_restriction(&all, r->est[i].label.term);
        if (all.n > 0) RL_TRY(run_tested(&q, t, all.s, r, test, cx));
    }
    cx->n_notes = notes;
    return RL_OK;
}

/* --- a column as a series -------------------------------------------------------------- */

static bool in_subset(const rl_request *q, const rl_col *c, size_t i)
{
    char buf[32];
    double want;
    if (c == NULL) return true;
    if (rl_missing(c, i)) return false;
    if (c->type == RL_NUM)
        return rl_number_parse(q->subset_value, strlen(q->subset_value), RL_NUMBERS_PLAIN, &want) && c->num[i] == want;
    return strcmp(rl_cell_text(c, i, buf), q->subset_value) == 0;
}

static rl_code several_units(const rl_diag *g, rl_ctx *cx)
{
    rl_fail(cx, RL_EUSAGE, "--test %s needs one time series", g->spec->text);
    return rl_hint(cx, "choose one unit with --subset");
}

static rl_code one_gap(const rl_diag *g, const char *name, int32_t from, int32_t to, rl_ctx *cx)
{
    const char *a = rl_diag_when(g, from, cx->tmp), *b = rl_diag_when(g, to, cx->tmp);
    if (from == to)
        rl_fail(cx, RL_EDATA, "--test %s: '%s' has no value at '%s'", g->spec->text, name, a);
    else
        rl_fail(cx, RL_EDATA, "--test %s: '%s' has no value from '%s' to '%s'", g->spec->text, name, a, b);
    return rl_hint(cx, "the test needs a series without gaps; if these periods exist, is --period right?");
}

rl_code rl_diag_column(const rl_diag *g, const char *text, rl_diag_series *out, rl_ctx *cx)
{
    const rl_table *t = g->d->t;
    const rl_request *q = g->req;
    rl_formula f;
    rl_clock clock;
    const rl_col *time, *subset = NULL;
    RL_TRY(rl_formula_parse(rl_sprintf(cx->tmp, "%s ~ 1", rl_diag_quoted(text, cx->tmp)), &f, cx->tmp, cx));
    RL_TRY(rl_table_need(t, q->time, "--time", &time, cx));
    if (q->subset_col != NULL) RL_TRY(rl_table_need(t, q->subset_col, "--subset", &subset, cx));
    unsigned char *keep = RL_NEW(cx->tmp, unsigned char, t->n);
    int32_t *at = RL_NEW(cx->tmp, int32_t, t->n);
    double *v = RL_NEW(cx->tmp, double, t->n), *series;
    RL_TRY(rl_times_of(t, time, q->calendar, q->numbered, &clock, at, cx));
    for (size_t i = 0; i < t->n; i++) keep[i] = in_subset(q, subset, i) && at[i] != RL_NO_TIME;
    if (q->unit != NULL) {
        const rl_col *unit;
        char a[32], b[32];
        size_t first = SIZE_MAX;
        RL_TRY(rl_table_need(t, q->unit, "--unit", &unit, cx));
        for (size_t i = 0; i < t->n; i++) {
            if (!keep[i] || rl_missing(unit, i)) continue;
            if (first == SIZE_MAX) first = i;
            if (strcmp(rl_cell_text(unit, i, a), rl_cell_text(unit, first, b)) != 0) return several_units(g, cx);
        }
    }
    rl_scene s = {.t = t, .keep = keep, .na_drop = q->na_drop, .formula = f.text, .time_name = q->time, .at = at};
    RL_TRY(rl_eval(&s, f.y, 0, v, cx));
    rl_line line;
    RL_TRY(rl_scene_line(&s, f.y, &line, cx));
    size_t a = 0, b = line.track.n;
    while (a < b && isnan(v[rl_line_row(&line, a)])) a++;
    while (b > a && isnan(v[rl_line_row(&line, b - 1)])) b--;
    series = RL_NEW(cx->tmp, double, b - a);
    for (size_t p = a; p < b; p++) {
        uint32_t i = rl_line_row(&line, p), before = p > a ? rl_line_row(&line, p - 1) : i;
        series[p - a] = v[i];
        if (isnan(v[i])) return one_gap(g, f.y->text, at[i], at[i], cx);
        if (p > a && at[i] != at[before] + 1) return one_gap(g, f.y->text, at[before] + 1, at[i] - 1, cx);
    }
    *out = (rl_diag_series){f.y->text, b - a, series, b > a ? at[rl_line_row(&line, a)] : 0};
    return RL_OK;
}

/* --- which series there are ------------------------------------------------------------- */

const char *rl_diag_base(const char *label, rl_ctx *cx)
{
    rl_formula f;
    if (strstr(label, "::") != NULL) return NULL;
    if (rl_formula_parse(rl_sprintf(cx->tmp, "%s ~ 1", label), &f, cx->tmp, cx) != RL_OK) {
        rl_forgive(cx); /* a product, an odd name: a series of its own */
        return label;
    }
    const rl_expr *e = f.y;
    while (e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD)) e = e->a;
    return e->text;
}

/* Constant or straight: what a trend is. */
static bool straight(const double *x, size_t n)
{
    for (size_t p = 2; p < n; p++)
        if (fabs(x[p] - 2 * x[p - 1] + x[p - 2]) > 1e-12 * fabs(x[p])) return false;
    return true;
}

size_t rl_diag_series_count(const rl_diag *g, const rl_mat *X, size_t k, rl_ctx *cx)
{
    const char **base = RL_NEW(cx->tmp, const char *, k);
    size_t n = 0;
    for (size_t j = 0; j < k; j++) {
        if (straight(rl_mat_col(X, j), X->n)) continue;
        const char *b = k == g->f->m ? rl_diag_base(g->f->label[j].term, cx) : "";
        if (b == NULL) continue;
        size_t i = 0;
        while (i < n && (*b == '\0' || strcmp(base[i], b) != 0)) i++;
        if (i == n) base[n++] = b;
    }
    return n;
}

/* --- what the request is like ------------------------------------------------------------ */

static bool lags_outcome(const rl_expr *e, const char *y)
{
    if (e->op == RL_OP_FN && e->fn == RL_FN_LAG && e->hi > 0 && strcmp(e->a->text, y) == 0) return true;
    return (e->a != NULL && lags_outcome(e->a, y)) || (e->b != NULL && lags_outcome(e->b, y));
}

bool rl_diag_dynamic(const rl_diag *g)
{
    const rl_formula *f = g->d->formula;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++)
            if (lags_outcome(f->term[j].var[i], f->y->text)) return true;
    return false;
}

bool rl_diag_robust_in_time(const rl_diag *g)
{
    rl_vcov_kind k = g->d->vcov.kind;
    return k == RL_NW || k == RL_DK || k == RL_HAC || (g->d->unit.G > 1 && k >= RL_CLUSTER && k != RL_NW);
}
