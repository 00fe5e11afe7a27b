/* Remarks that nobody asked for, on what would mislead a reader most. */
#include "model/diag_work.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "num/ols.h"
#include "num/unitroot.h"

enum { SHORT = 25, LONG = 2500, REGRESSORS_MOST = 24, SHOWN = 3, SORT_MOST = 200000 };

/* Levels of the tests, chosen on simulated series (tests/property/test_diag.c): of independent random walks that
 * seem related (96 in 100) 6 are not told, of walks that keep together none is. */
static const double ROOT = 0.02, LEVEL = 0.10, TOGETHER = 0.05; /* the last as --test engle-granger:bic has it */

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

/* The same regression in first differences, errors by Newey and West. */
static rl_code differenced(const rl_diag *g, const double *y, const rl_mat *X, const size_t *which, size_t n_which,
                           const char **said, rl_ctx *cx)
{
    size_t n = X->n - 1, notes = cx->n_notes;
    rl_table t = {.n = n, .rows_read = n, .col = RL_NEW(cx->tmp, rl_col, X->k + 2)};
    rl_str formula = rl_str_new(cx->tmp), s = rl_str_new(cx->tmp);
    rl_result r;
    const char **name = RL_NEW(cx->tmp, const char *, X->k);
    t.col[t.k++] = (rl_col){.name = "t", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, n), .field = -1};
    t.col[t.k++] = (rl_col){.name = "y", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, n), .field = -1};
    for (size_t i = 0; i < n; i++) t.col[0].num[i] = (double)i, t.col[1].num[i] = y[i + 1] - y[i];
    rl_str_add(&formula, "y ~ 1");
    for (size_t j = 0; j < X->k; j++) {
        double *v = RL_NEW(cx->tmp, double, n);
        bool varies = false;
        for (size_t i = 0; i < n; i++) v[i] = *rl_mat_at(X, i + 1, j) - *rl_mat_at(X, i, j);
        for (size_t i = 1; i < n && !varies; i++) varies = fabs(v[i] - v[0]) > 1e-9 * fabs(v[0]);
        if (!varies) continue;
        name[j] = rl_sprintf(cx->tmp, "x%zu", j);
        t.col[t.k++] = (rl_col){.name = name[j], .type = RL_NUM, .num = v, .field = -1};
        rl_str_addf(&formula, " + %s", name[j]);
    }
    rl_request q = {.formula = rl_str_text(&formula),
                    .time = "t",
                    .level = g->req->level,
                    .checked = true,
                    .vcov = {.kind = RL_NW, .lag = -1},
                    .max_lags = -1,
                    .horizon = -1};
    RL_TRY(rl_estimate_run(&q, &t, &r, cx->tmp, cx));
    cx->n_notes = notes;
    for (size_t w = 0; w < n_which && w < SHOWN; w++)
        for (size_t i = 0; i < r.m; i++) {
            char a[32], b[32], c[32];
            const rl_estimate *e = &r.est[i];
            if (name[which[w]] == NULL || strcmp(e->label.term, name[which[w]]) != 0) continue;
            rl_str_addf(&s, "%s'%s' %s (%s to %s)", s.n > 0 ? ", " : "", g->f->label[which[w]].term,
                        rl_num_text(a, rl_round_digits(e->estimate, 3)),
                        rl_num_text(b, rl_round_digits(e->conf_low, 3)),
                        rl_num_text(c, rl_round_digits(e->conf_high, 3)));
        }
    *said = rl_str_text(&s);
    return RL_OK;
}

/* A levels regression between series that wander, whose residuals wander too (Granger & Newbold 1974). */
static rl_code spurious(const rl_diag *g, const rl_diag_rows *r, rl_ctx *cx)
{
    const rl_core *c = g->f->core;
    size_t n = r->n, N, n_which = 0, which[REGRESSORS_MOST];
    rl_mat X;
    double *e, *y = RL_NEW(cx->tmp, double, n);
    const char *said;
    if (n < SHORT || n > LONG || r->gaps > 0 || c->X.k > REGRESSORS_MOST || c->L.n != c->X.k || g->f->m != c->X.k)
        return RL_OK;
    for (size_t p = 0; p < n; p++) y[p] = g->d->y[r->at[p]];
    if (root_p(y, n, RL_DET_DRIFT, 1, cx) < ROOT || !leaves_its_level(y, n, cx)) return RL_OK;
    rl_diag_take(c, r, 0, &e, &X, cx);
    for (size_t j = g->d->constant ? 1 : 0; j < X.k; j++) {
        if (root_p(rl_mat_col(&X, j), n, RL_DET_DRIFT, 1, cx) >= ROOT) which[n_which++] = j;
    }
    N = 1 + rl_diag_series_count(g, &X, X.k, cx);
    if (N > RL_TAU_MOST) N = RL_TAU_MOST;
    if (n_which == 0 || root_p(e, n, RL_DET_NONE, N, cx) < TOGETHER) return RL_OK;
    if (differenced(g, y, &X, which, n_which, &said, cx) != RL_OK) {
        rl_forgive(cx);
        said = "";
    }
    rl_str names = rl_str_new(cx->tmp);
    for (size_t w = 0; w < n_which && w < SHOWN; w++)
        rl_str_addf(&names, "%s'%s'", w > 0 ? ", " : "", g->f->label[which[w]].term);
    rl_remark(
        cx, "spurious",
        "spurious regression possible: '%s' and %s wander like random walks and so do the residuals, so levels can "
        "seem related when nothing is%s%s; see --test engle-granger:bic, or --estimator ardl with its bounds test",
        g->d->y_name, rl_str_text(&names), *said != '\0' ? "; in first differences: " : "", said);
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
