/* Tests of the shape of residuals and of the relation. */
#include "model/diag_list.h"

#include <math.h>

#include "base/str.h"
#include "model/diag_work.h"
#include "num/dist.h"
#include "num/ols.h"

/* Sums in row order, in extended precision: 1e7 rows take some 50 ms. */
static long double moment(const double *e, size_t n, long double mean, int power)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++) {
        long double u = e[i] - mean, p = u;
        for (int k = 1; k < power; k++) p *= u;
        sum += p;
    }
    return sum / (long double)n;
}

/* n/6 (S^2 + (K - 3)^2 / 4), Jarque & Bera (1987), International Statistical Review 55. */
rl_code rl_diag_jarque_bera(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    size_t n = g->d->n;
    RL_TRY(rl_diag_core(g, RL_DIAG_EFFECTS | RL_DIAG_WEIGHTS | RL_DIAG_INSTRUMENTS, &c, cx));
    long double mean = moment(c->e, n, 0, 1), m2 = moment(c->e, n, mean, 2);
    double skew = (double)(moment(c->e, n, mean, 3) / (m2 * sqrtl(m2)));
    double kurtosis = (double)(moment(c->e, n, mean, 4) / (m2 * m2));
    double jb = (double)n / 6 * (skew * skew + (kurtosis - 3) * (kurtosis - 3) / 4);
    double p = rl_chi2_p(jb, 2);
    rl_test t = {.name = "jarque-bera", .kind = "chi2", .statistic = jb, .df = 2, .df2 = NAN, .p_value = p};
    if (p < 0.05)
        t.says = "the residuals are not normal: a few periods may carry the result, and in small samples intervals "
                 "are only approximate; look at the largest residuals, or take a bootstrap";
    else
        t.says = "nothing speaks against normal residuals";
    t.verdict = p < 0.05 ? RL_CAUTION : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}

/* n R2 of squared residuals on some columns, the first a constant (Koenker 1981: studentised). */
static rl_code squares_on(const rl_diag *g, const rl_mat *Z, const rl_core *c, rl_ctx *cx)
{
    rl_diag_aux a;
    size_t n = g->d->n;
    double *e2 = RL_NEW(cx->tmp, double, n);
    for (size_t i = 0; i < n; i++) e2[i] = c->e[i] * c->e[i];
    RL_TRY(rl_diag_regress(Z, e2, &a, cx));
    if (a.rank < 2 || a.rank + 1 >= n || !(a.tss_centred > 0)) {
        rl_fail(cx, RL_EDATA, "--test %s: %zu rows are too few for its %zu terms", g->spec->text, n, Z->k);
        return rl_hint(cx, "breusch-pagan takes the fewest");
    }
    double LM = (double)n * (1 - a.rss / a.tss_centred);
    rl_test t = {.kind = "chi2", .statistic = LM, .df = (double)(a.rank - 1), .df2 = NAN};
    t.p_value = rl_chi2_p(LM, t.df);
    bool found = t.p_value < 0.05, robust = g->d->vcov.kind != RL_IID;
    t.says = !found ? "the spread of the errors does not change with the regressors"
             : robust
                 ? "errors are larger in some conditions than in others; the covariance asked for allows for it"
                 : "errors are larger in some conditions than in others: standard errors are off, coefficients are "
                   "not; use --vcov HC1 (NW for one series), or model log(outcome)";
    t.verdict = !found ? RL_FINE : robust ? RL_CAUTION : RL_PROBLEM;
    rl_diag_add(g, t);
    return RL_OK;
}

/* A constant, then the regressors. */
static rl_mat with_constant(const rl_core *c, size_t more, size_t *k, rl_ctx *cx)
{
    size_t n = c->X.n;
    rl_mat X = rl_cols_written(&c->X, cx), Z = rl_mat_new(n, X.k + 1 + more, cx->tmp);
    for (size_t i = 0; i < n; i++) Z.a[i] = 1;
    *k = 1;
    for (size_t j = 0; j < X.k; j++) {
        const double *x = rl_mat_col(&X, j);
        bool varies = false;
        for (size_t i = 1; i < n && !varies; i++) varies = x[i] != x[0];
        for (size_t i = 0; i < n && varies; i++) *rl_mat_at(&Z, i, *k) = x[i];
        *k += varies;
    }
    Z.k = *k;
    return Z;
}

rl_code rl_diag_breusch_pagan(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    size_t k;
    RL_TRY(rl_diag_core(g, 0, &c, cx));
    rl_mat Z = with_constant(c, 0, &k, cx);
    return squares_on(g, &Z, c, cx);
}

enum { WHITE_MOST = 600 };

/* Levels, squares and products; what depends on the others adds no degree of freedom (White 1980). */
rl_code rl_diag_white(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    size_t k;
    RL_TRY(rl_diag_core(g, 0, &c, cx));
    size_t most = c->X.k * (c->X.k + 1) / 2;
    if (most > WHITE_MOST || most >= g->d->n) {
        rl_fail(cx, RL_EDATA, "--test %s: %zu regressors have %zu squares and products, too many for %zu rows",
                g->spec->text, c->X.k, most, g->d->n);
        return rl_hint(cx, "use breusch-pagan");
    }
    rl_mat Z = with_constant(c, most, &k, cx);
    for (size_t a = 1; a < k; a++)
        for (size_t b = a; b < k; b++, Z.k++) {
            double mean_a = rl_sum(rl_mat_col(&Z, a), Z.n, cx) / (double)Z.n,
                   mean_b = rl_sum(rl_mat_col(&Z, b), Z.n, cx) / (double)Z.n; /* the same space, better told apart */
            for (size_t i = 0; i < Z.n; i++)
                *rl_mat_at(&Z, i, Z.k) = (*rl_mat_at(&Z, i, a) - mean_a) * (*rl_mat_at(&Z, i, b) - mean_b);
        }
    return squares_on(g, &Z, c, cx);
}

/* Powers of the fitted values, F under the covariance of the fit (Ramsey 1969). */
rl_code rl_diag_reset(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    const rl_table *t = g->d->t;
    const char *term[RL_DIAG_ARGS];
    rl_test test;
    rl_result r;
    rl_table more = *t;
    rl_str rhs = rl_str_new(cx->tmp);
    rl_diag_formula f = rl_diag_parts(g, cx->tmp);
    RL_TRY(rl_diag_core(g, RL_DIAG_EFFECTS | RL_DIAG_WEIGHTS, &c, cx));
    double *fitted = RL_NEW(cx->tmp, double, g->d->n), mean, spread;
    for (size_t i = 0; i < g->d->n; i++) fitted[i] = g->d->y[i] - c->e[i];
    mean = rl_sum(fitted, g->d->n, cx) / (double)g->d->n;
    spread = sqrt(rl_spread(NULL, fitted, mean, g->d->n, cx) / (double)g->d->n);
    if (!(spread > 1e-10 * fabs(mean)))
        return rl_fail(cx, RL_EDATA, "--test %s: the fitted values do not vary", g->spec->text);
    rl_str_add(&rhs, f.rhs);
    size_t n_term = g->spec->n_args > 0 ? g->spec->n_args : 2;
    bool centred = g->f->dof.constant; /* all powers from 2 on: the same space when centred, and better told apart */
    for (size_t a = 0; a < g->spec->n_args; a++) {
        int power;
        RL_TRY(rl_diag_whole(g, a, 2, &power, cx));
        centred = centred && power == 2 + (int)a;
    }
    for (size_t a = 0; a < n_term; a++) {
        int power = 2 + (int)a;
        if (g->spec->n_args > 0) RL_TRY(rl_diag_whole(g, a, 2, &power, cx));
        if (power > 6) return rl_fail(cx, RL_EUSAGE, "--test %s: powers run from 2 to 6", g->spec->text);
        double *v = RL_NEW(cx->tmp, double, t->n);
        for (size_t i = 0; i < t->n; i++) v[i] = NAN;
        for (size_t i = 0; i < g->d->n; i++) {
            double u = (centred ? fitted[i] - mean : fitted[i]) / spread, x = 1;
            for (int p = 0; p < power; p++) x *= u;
            v[g->d->row[i]] = x;
        }
        term[a] = rl_sprintf(cx->tmp, "fitted^%d", power);
        more = rl_diag_with(&more, term[a], v, cx->tmp);
        rl_str_addf(&rhs, " + `%s`", term[a]);
    }
    rl_diag_ask ask = {.formula = rl_sprintf(cx->tmp, "%s ~ %s %s", f.y, rl_str_text(&rhs), f.rest),
                       .t = &more,
                       .term = term,
                       .n_term = n_term};
    RL_TRY(rl_diag_refit(g, &ask, &test, &r, cx));
    if (!isfinite(test.p_value))
        return rl_fail(cx, RL_EDATA, "--test %s: the powers of the fitted values add nothing to the regressors",
                       g->spec->text);
    bool found = test.p_value < 0.05;
    test.says = found
                    ? "the relation is bent or something interacts: a straight line misses part of it, so effects away "
                      "from average spend are off; try log or log1p, a saturating form such as hill(), or products"
                    : "nothing speaks against a straight-line relation";
    test.verdict = found ? RL_CAUTION : RL_FINE;
    rl_diag_add(g, test);
    return RL_OK;
}
