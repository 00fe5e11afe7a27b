/* Remarks that nobody asked for, on what would mislead a reader most. */
#include "model/diag_work.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "num/dist.h"
#include "num/ols.h"
#include "num/unitroot.h"

enum { SHORT = 25, LONG = 2500, REGRESSORS_MOST = 24, SHOWN = 3, SORT_MOST = 200000 };

/* Levels of the tests, chosen on simulated series (tests/property/test_diag.c): of independent random walks that
 * seem related (96 in 100) 6 are not told, of walks that keep together none is. */
static const double ROOT = 0.02, LEVEL = 0.10, TOGETHER = 0.05, /* the last as --test engle-granger:bic has it */
    FAR = 0.20; /* an outcome so far from being told stationary need not be told to leave its level too */

/* p of a unit root; 0 for what is no random walk (a constant, a line). */
static double root_p(const double *v, size_t n, rl_det det, size_t N, rl_ctx *cx)
{
    rl_tau tau;
    int lags;
    double p = 0;
    if (rl_adf_lags(v, n, -1, det, RL_LAG_BIC, &lags, cx) == RL_OK && rl_adf(v, n, lags, det, &tau, cx) == RL_OK)
        p = rl_tau_p(tau.t, RL_DET_DRIFT, N, N > 1 ? n - 1 : tau.used);
    rl_forgive(cx);
    return p;
}

static bool leaves_its_level(const double *v, size_t n, rl_ctx *cx)
{
    double eta;
    bool yes = rl_kpss(v, n, (int)(4 * sqrt(sqrt((double)n / 100))), false, &eta, cx) == RL_OK &&
               rl_kpss_p(eta, false) < LEVEL;
    rl_forgive(cx);
    return yes;
}

/* --- levels that wander --------------------------------------------------------------- */

/* A series among the regressors: L'of = the sum of its estimates (all its lags), of coefficients of X (k). */
typedef struct series {
    const char *base;
    double *of;
    bool wanders, sum;
} series;

/* Which series the columns of X are of: their lags and what stands for them (lag weights on a polynomial). */
static size_t series_of(const rl_diag *g, const rl_mat *X, series *v, rl_ctx *cx)
{
    const rl_mat *L = &g->f->core->L;
    size_t n = 0, q;
    for (size_t i = 0; i < g->f->m; i++) {
        const char *base = rl_diag_base(g->f->label[i].term, cx);
        if (base == NULL || strcmp(base, "(Intercept)") == 0) continue;
        for (q = 0; q < n && strcmp(v[q].base, base) != 0;) q++;
        if (q < n) v[q].sum = true;
        if (q == n) {
            if (n == REGRESSORS_MOST) break;
            v[n++] = (series){base, RL_NEW(cx->tmp, double, X->k), false, false};
        }
        for (size_t j = 0; j < X->k; j++) {
            double l = *rl_mat_at(L, i, j);
            if (l == 0) continue;
            v[q].of[j] += l;
            v[q].wanders = v[q].wanders || root_p(rl_mat_col(X, j), X->n, RL_DET_DRIFT, 1, cx) >= ROOT;
        }
    }
    return n;
}

/* The same regression in first differences, errors by Newey and West: what the series that wander bring in all. */
static rl_code differenced(const rl_diag *g, const double *y, const rl_mat *X, const series *s, size_t n_series,
                           rl_ctx *cx)
{
    size_t n = X->n - 1, notes = cx->n_notes, *at = RL_NEW(cx->tmp, size_t, X->k);
    rl_table t = {.n = n, .rows_read = n, .col = RL_NEW(cx->tmp, rl_col, X->k + 2)};
    rl_str formula = rl_str_new(cx->tmp);
    rl_result r;
    t.col[t.k++] = (rl_col){.name = "t", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, n), .field = -1};
    t.col[t.k++] = (rl_col){.name = "y", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, n), .field = -1};
    for (size_t i = 0; i < n; i++) t.col[0].num[i] = (double)i, t.col[1].num[i] = y[i + 1] - y[i];
    rl_str_add(&formula, "y ~ 1");
    for (size_t j = 0; j < X->k; j++) {
        double *v = RL_NEW(cx->tmp, double, n);
        bool varies = false;
        at[j] = SIZE_MAX;
        for (size_t i = 0; i < n; i++) v[i] = *rl_mat_at(X, i + 1, j) - *rl_mat_at(X, i, j);
        for (size_t i = 1; i < n && !varies; i++) varies = fabs(v[i] - v[0]) > 1e-9 * fabs(v[0]);
        if (!varies) continue;
        const char *name = rl_sprintf(cx->tmp, "x%zu", j);
        at[j] = t.k - 1; /* its place among the estimates, behind the constant */
        t.col[t.k++] = (rl_col){.name = name, .type = RL_NUM, .num = v, .field = -1};
        rl_str_addf(&formula, " + %s", name);
    }
    rl_request q = {.formula = rl_str_text(&formula),
                    .time = "t",
                    .level = g->req->level,
                    .checked = true,
                    .vcov = {.kind = RL_NW, .lag = -1},
                    .max_lags = -1,
                    .horizon = -1};
    rl_code code = rl_estimate_run(&q, &t, &r, cx->tmp, cx);
    cx->n_notes = notes;
    RL_TRY(code);
    if (r.m != t.k - 1) return RL_OK; /* what is collinear in differences is told from nothing */
    double crit = rl_t_quantile(0.5 + r.level / 2, r.df);
    g->out->differenced = RL_NEW(g->keep, struct rl_differenced, n_series);
    for (size_t w = 0; w < n_series; w++) {
        long double est = 0, var = 0;
        if (!s[w].wanders) continue;
        for (size_t j = 0; j < X->k; j++)
            for (size_t i = 0; i < X->k && at[j] != SIZE_MAX; i++) {
                if (i == 0) est += s[w].of[j] * r.est[at[j]].estimate;
                if (at[i] != SIZE_MAX) var += s[w].of[i] * r.V[at[i] + at[j] * r.m] * s[w].of[j];
            }
        double se = sqrt((double)var);
        g->out->differenced[g->out->n_differenced++] = (struct rl_differenced){
            rl_strdup(g->keep, s[w].base), (double)est, se, (double)est - crit * se, (double)est + crit * se};
    }
    return RL_OK;
}

static void tell_spurious(const rl_diag *g, const series *s, size_t n, rl_ctx *cx)
{
    rl_str names = rl_str_new(cx->tmp), said = rl_str_new(cx->tmp);
    bool sums = false;
    for (size_t w = 0; w < n; w++) sums = sums || (s[w].wanders && s[w].sum);
    for (size_t w = 0, shown = 0; w < n && shown < SHOWN; w++)
        if (s[w].wanders) rl_str_addf(&names, "%s'%s'", shown++ > 0 ? ", " : "", s[w].base);
    for (size_t w = 0; w < g->out->n_differenced && w < SHOWN; w++) {
        char a[32], b[32], c[32];
        const struct rl_differenced *x = &g->out->differenced[w];
        rl_str_addf(&said, "%s'%s' %s (%s to %s)", w > 0 ? ", " : "", x->base,
                    rl_num_text(a, rl_round_digits(x->est, 3)), rl_num_text(b, rl_round_digits(x->low, 3)),
                    rl_num_text(c, rl_round_digits(x->high, 3)));
    }
    rl_remark(
        cx, "spurious",
        "spurious regression possible: '%s' and %s wander like random walks and so do the residuals, so levels can "
        "seem related when nothing is%s%s; regress diff(%s) on differences, or take --estimator ardl --method ecm "
        "with its bounds test (see --test engle-granger:bic)",
        g->d->y_name, rl_str_text(&names),
        said.n == 0 ? ""
        : sums      ? "; in first differences, lags added up: "
                    : "; in first differences: ",
        rl_str_text(&said), g->d->y_name);
}

/* A levels regression between series that wander, whose residuals wander too (Granger & Newbold 1974). */
static rl_code spurious(const rl_diag *g, const rl_diag_rows *r, rl_ctx *cx)
{
    const rl_core *c = g->f->core;
    size_t n = r->n, N;
    rl_mat X;
    double *e, *y = RL_NEW(cx->tmp, double, n);
    series s[REGRESSORS_MOST];
    if (n < SHORT || n > LONG || r->gaps > 0 || c->X.k > REGRESSORS_MOST) return RL_OK;
    for (size_t p = 0; p < n; p++) y[p] = g->d->y[r->at[p]];
    double root = root_p(y, n, RL_DET_DRIFT, 1, cx);
    if (root < ROOT || (root < FAR && !leaves_its_level(y, n, cx))) return RL_OK;
    rl_diag_take(c, r, 0, &e, &X, cx);
    size_t n_series = series_of(g, &X, s, cx);
    bool any = false;
    for (size_t w = 0; w < n_series; w++) any = any || s[w].wanders;
    N = 1 + n_series;
    if (N > RL_TAU_MOST) N = RL_TAU_MOST;
    if (!any || root_p(e, n, RL_DET_NONE, N, cx) < TOGETHER) return RL_OK;
    g->out->spurious = true;
    if (differenced(g, y, &X, s, n_series, cx) != RL_OK) rl_forgive(cx);
    tell_spurious(g, s, n_series, cx);
    return RL_OK;
}

/* Iid errors that are not: a correlation of neighbours beyond three of its standard errors. */
static void neighbours(const rl_diag *g, const rl_diag_rows *r, rl_ctx *cx)
{
    double *e, *lag = RL_NEW(cx->tmp, double, r->n);
    char buf[32];
    if (g->d->vcov.kind != RL_IID || r->n < 15) return;
    rl_diag_take(g->f->core, r, 0, &e, NULL, cx);
    rl_diag_lag(r, e, 1, 0, lag);
    double rho = rl_dot(NULL, e, lag, r->n, cx) / rl_dot(NULL, e, e, r->n, cx);
    if (!(fabs(rho) * sqrt((double)r->n) > 3)) return;
    rl_num_text(buf, rl_round_digits(rho, 2));
    if (rl_diag_dynamic(g))
        rl_remark(
            cx, "serial correlation",
            "errors of neighbouring periods go together (correlation %s): beside a lag of '%s' the coefficients are "
            "biased too; add lags, and see --test breusch-godfrey:%d",
            buf, g->d->y_name, 2);
    else
        rl_remark(cx, "serial correlation",
                  "errors of neighbouring periods go together (correlation %s), so these standard errors are wrong%s; "
                  "add --vcov NW, or lags that are missing",
                  buf, rho > 0 ? ", mostly too small" : "");
}

rl_code rl_diag_unasked(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep,
                        rl_ctx *cx)
{
    rl_diag_spec spec = {.text = "", .name = ""};
    rl_diag g = {.spec = &spec, .d = d, .f = f, .req = req, .out = out, .keep = keep};
    const rl_core *c = f->core;
    rl_diag_rows r;
    if (req->checked || c == NULL || f->family != RL_LINEAR || c->working || c->row_of != NULL || f->perfect ||
        (strcmp(out->estimator->name, "ols") != 0 && out->estimator->expand == NULL))
        return RL_OK;
    if (d->at == NULL || d->unit.G > 1 || d->fe.n_fe > 0 || c->w != NULL || d->n > SORT_MOST) return RL_OK;
    if (d->vcov.kind != RL_IID && d->n > LONG) return RL_OK;
    if (rl_diag_order(&g, &r, cx) != RL_OK) { /* times that occur twice: pooled rows, no series */
        rl_forgive(cx);
        return RL_OK;
    }
    neighbours(&g, &r, cx);
    return rl_diag_dynamic(&g) ? RL_OK : spurious(&g, &r, cx);
}
