/* Tests of errors that go together over time. */
#include "model/diag_list.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_work.h"
#include "num/dist.h"
#include "num/ols.h"
#include "num/ratio.h"

/* The covariance that allows for it. */
static const char *robust_word(const rl_diag *g, rl_arena *in)
{
    return g->d->unit.G > 1 ? rl_sprintf(in, "cluster:%s", g->d->unit_name) : "NW";
}

/* What serial correlation means here, and what to do about it. */
static const char *serial_words(const rl_diag *g, const rl_diag_rows *r, bool found, double first, rl_arena *in)
{
    const char *order = g->d->at == NULL ? " (rows taken in the order of the file)" : "";
    if (g->d->unit.G > 1)
        order = " within units";
    else if (r->gaps > 0)
        order =
            rl_sprintf(in,
                       r->gaps == 1 ? " (no lag reaches across the %s after '%s')"
                                    : " (no lag reaches across the %s, the first after '%s')",
                       r->gaps == 1 ? "gap" : rl_sprintf(in, "%zu gaps", r->gaps), rl_diag_when(g, r->gap_after, in));
    if (!found) return rl_sprintf(in, "no sign that errors of neighbouring periods go together%s", order);
    if (rl_diag_dynamic(g))
        return rl_sprintf(in,
                          "errors go together over time%s: beside a lag of the outcome the coefficients themselves are "
                          "biased, carry-over included; add lags of the outcome or of spend until this test is quiet",
                          order);
    const char *sign = first > 0 ? "a good period follows a good one" : "good and bad periods alternate";
    if (rl_diag_robust_in_time(g))
        return rl_sprintf(in,
                          "errors go together over time (%s)%s; the covariance asked for allows for it, but a lag or a "
                          "seasonal pattern may be missing from the formula",
                          sign, order);
    return rl_sprintf(in,
                      "errors go together over time (%s)%s: these standard errors cannot be trusted%s; add --vcov %s, "
                      "and ask whether lags, a trend or a season are missing",
                      sign, order, first > 0 ? " and are mostly too small" : "", robust_word(g, in));
}

static const char *serial_verdict(const rl_diag *g, bool found)
{
    if (!found) return RL_FINE;
    return !rl_diag_dynamic(g) && rl_diag_robust_in_time(g) ? RL_CAUTION : RL_PROBLEM;
}

static double first_correlation(const rl_diag_rows *r, const double *e, rl_ctx *cx)
{
    double *lag = RL_NEW(cx->tmp, double, r->n);
    rl_diag_lag(r, e, 1, 0, lag);
    double v = rl_dot(NULL, e, lag, r->n, cx) / rl_dot(NULL, e, e, r->n, cx);
    rl_release(cx->tmp, lag);
    return v;
}

static rl_code too_many_lags(const rl_diag *g, int lags, size_t rows, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "--test %s: %zu rows are too few to look %d periods back", g->spec->text, rows, lags);
    return rl_hint(cx, "ask for fewer lags");
}

/* Forward orthogonal deviations of v (by place) within units: each row less the mean of those after it, scaled; the
 * last of a unit falls away.  What was swept of unit effects has errors that go together by -1/(T-1) on that account
 * alone; these have not, and least squares on them is the same (Arellano & Bover 1995). */
static void forward(const rl_diag_rows *r, double *v)
{
    size_t m = 0;
    for (size_t from = 0, to; from < r->n; from = to) {
        double sum = 0;
        for (to = from; to < r->n && r->unit[to] == r->unit[from]; to++) sum += v[to];
        for (size_t p = from; p + 1 < to; p++) {
            double left = (double)(to - p - 1);
            sum -= v[p];
            v[m++] = sqrt(left / (left + 1)) * (v[p] - sum / left);
        }
    }
}

static void drop_last(rl_diag_rows *r)
{
    size_t m = 0;
    for (size_t p = 0; p + 1 < r->n; p++) {
        if (r->unit[p] != r->unit[p + 1]) continue;
        r->unit[m] = r->unit[p];
        r->time[m] = r->time[p];
        r->at[m++] = r->at[p];
    }
    r->n = m;
}

static bool has_unit_effects(const rl_design *d)
{
    for (size_t f = 0; f < d->fe.n_fe; f++)
        if (d->unit_name != NULL && d->unit.G > 1 && strcmp(d->fe_name[f], d->unit_name) == 0) return true;
    return false;
}

/* The lags in columns k .. of X lose the effects that e and X have lost (rows in their order). */
static rl_code sweep_lags(const rl_diag *g, const rl_diag_rows *r, rl_mat *X, size_t k, rl_ctx *cx)
{
    rl_mat Z = rl_mat_new(r->n, X->k - k, cx->tmp);
    rl_absorbed info;
    for (size_t j = 0; j < Z.k; j++)
        for (size_t p = 0; p < r->n; p++) *rl_mat_at(&Z, r->at[p], j) = *rl_mat_at(X, p, k + j);
    RL_TRY(rl_absorb(&g->d->fe, NULL, &Z, NULL, &info, cx));
    for (size_t j = 0; j < Z.k; j++)
        for (size_t p = 0; p < r->n; p++) *rl_mat_at(X, p, k + j) = *rl_mat_at(&Z, r->at[p], j);
    rl_release(cx->tmp, Z.a);
    return RL_OK;
}

/* n R2 of e on X and its own lags, zeros before the start (Breusch 1978, Godfrey 1978). */
rl_code rl_diag_breusch_godfrey(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    rl_diag_rows r;
    rl_diag_aux a;
    rl_mat X;
    double *e;
    int L;
    RL_TRY(rl_diag_core(g, RL_DIAG_EFFECTS, &c, cx));
    RL_TRY(rl_diag_lags(g, 0, &L, cx));
    RL_TRY(rl_diag_order(g, &r, cx));
    size_t k = c->X.k;
    bool within = has_unit_effects(g->d);
    rl_diag_take(c, &r, (size_t)L, &e, &X, cx);
    if (within) {
        forward(&r, e);
        for (size_t j = 0; j < k; j++) forward(&r, rl_mat_col(&X, j));
        drop_last(&r);
        X.n = r.n;
    }
    size_t n = r.n;
    if ((size_t)L + k + 1 >= n) return too_many_lags(g, L, n, cx);
    for (int j = 1; j <= L; j++) rl_diag_lag(&r, e, j, 0, rl_mat_col(&X, k + (size_t)j - 1));
    if (g->d->fe.n_fe > 0 && !within) RL_TRY(sweep_lags(g, &r, &X, k, cx));
    RL_TRY(rl_diag_regress(&X, e, &a, cx));
    size_t df = a.rank > k ? a.rank - k : 0;
    if (df == 0) return too_many_lags(g, L, n, cx);
    double LM = (double)n * (1 - a.rss / rl_dot(NULL, e, e, n, cx));
    rl_test t = {.kind = "chi2", .statistic = LM, .df = (double)df, .df2 = NAN, .n_lags = 1, .lag = L};
    t.p_value = rl_chi2_p(LM, t.df);
    t.says = serial_words(g, &r, t.p_value < 0.05, first_correlation(&r, e, cx), cx->tmp);
    t.verdict = serial_verdict(g, t.p_value < 0.05);
    rl_diag_add(g, t);
    return RL_OK;
}

/* Sums of squared autocorrelations (Box & Pierce 1970; Ljung & Box 1978). */
static rl_code portmanteau(const rl_diag *g, bool ljung, rl_ctx *cx)
{
    const rl_core *c;
    rl_diag_rows r;
    double *e;
    int L;
    RL_TRY(rl_diag_core(g, RL_DIAG_INSTRUMENTS, &c, cx));
    RL_TRY(rl_diag_lags(g, 0, &L, cx));
    RL_TRY(rl_diag_order(g, &r, cx));
    size_t n = r.n;
    if ((size_t)L >= n) return too_many_lags(g, L, n, cx);
    rl_diag_take(c, &r, 0, &e, NULL, cx);
    double mean = rl_sum(e, n, cx) / (double)n, N = (double)n, Q = 0, *lag = RL_NEW(cx->tmp, double, n), first = 0;
    for (size_t p = 0; p < n; p++) e[p] -= mean;
    double c0 = rl_dot(NULL, e, e, n, cx);
    for (int j = 1; j <= L; j++) {
        rl_diag_lag(&r, e, j, 0, lag);
        double rho = rl_dot(NULL, e, lag, n, cx) / c0;
        Q += rho * rho / (ljung ? N - j : 1);
        if (j == 1) first = rho;
    }
    Q *= ljung ? N * (N + 2) : N;
    rl_test t = {.kind = "chi2", .statistic = Q, .df = L, .df2 = NAN, .n_lags = 1, .lag = L};
    t.p_value = rl_chi2_p(Q, L);
    t.says = serial_words(g, &r, t.p_value < 0.05, first, cx->tmp);
    if (rl_diag_dynamic(g) && t.p_value >= 0.05)
        t.says = "no sign of it; but beside a lag of the outcome this test sees too little: ask breusch-godfrey";
    t.verdict = serial_verdict(g, t.p_value < 0.05);
    rl_diag_add(g, t);
    return RL_OK;
}

rl_code rl_diag_ljung_box(const rl_diag *g, rl_ctx *cx) { return portmanteau(g, true, cx); }
rl_code rl_diag_box_pierce(const rl_diag *g, rl_ctx *cx) { return portmanteau(g, false, cx); }

/* n R2 of e^2 on its own lags (Engle 1982). */
rl_code rl_diag_arch(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    rl_diag_rows r;
    rl_diag_aux a;
    double *e;
    int L;
    RL_TRY(rl_diag_core(g, RL_DIAG_INSTRUMENTS, &c, cx));
    RL_TRY(rl_diag_lags(g, 0, &L, cx));
    RL_TRY(rl_diag_order(g, &r, cx));
    size_t n = r.n, m = 0, k = (size_t)L + 1;
    if (k + 1 >= n) return too_many_lags(g, L, n, cx);
    rl_diag_take(c, &r, 0, &e, NULL, cx);
    for (size_t p = 0; p < n; p++) e[p] *= e[p];
    rl_mat X = rl_mat_new(n, k, cx->tmp);
    for (int j = 1; j <= L; j++) rl_diag_lag(&r, e, j, NAN, rl_mat_col(&X, (size_t)j));
    for (size_t p = 0; p < n; p++) { /* rows that have all lags */
        bool all = true;
        for (size_t j = 1; j < k; j++) all = all && !isnan(*rl_mat_at(&X, p, j));
        if (!all) continue;
        *rl_mat_at(&X, m, 0) = 1;
        for (size_t j = 1; j < k; j++) *rl_mat_at(&X, m, j) = *rl_mat_at(&X, p, j);
        e[m++] = e[p];
    }
    if (m <= k + 1) return too_many_lags(g, L, m, cx);
    X.n = m;
    RL_TRY(rl_diag_regress(&X, e, &a, cx));
    if (!(a.tss_centred > 0)) return too_many_lags(g, L, m, cx);
    double LM = (double)m * (1 - a.rss / a.tss_centred);
    rl_test t = {.kind = "chi2", .statistic = LM, .df = (double)(a.rank - 1), .df2 = NAN, .n_lags = 1, .lag = L};
    t.p_value = rl_chi2_p(LM, t.df);
    bool found = t.p_value < 0.05;
    t.says = found ? "calm and stormy periods come in runs: standard errors under iid are off, coefficients are not; "
                     "use --vcov HC1 or NW, and look at what happened in the stormy stretch"
                   : "no runs of calm and stormy periods";
    t.verdict = found ? RL_CAUTION : RL_FINE;
    rl_diag_add(g, t);
    return RL_OK;
}

/* Beyond this the exact distribution takes seconds. */
static const double EXACT_MOST = 3e5;

/* P(d below what it is) without correlation, errors normal. */
static rl_code durbin_watson_p(const rl_core *c, const rl_diag_rows *r, double d, double *p, bool *exact, rl_ctx *cx)
{
    size_t n = r->n, k = c->X.k;
    rl_mat X;
    double *diag = RL_NEW(cx->tmp, double, n), *off = RL_NEW(cx->tmp, double, n);
    rl_diag_take(c, r, 0, NULL, &X, cx);
    for (size_t i = 1; i < n; i++) {
        if (r->unit[i] != r->unit[i - 1] || r->time[i] != r->time[i - 1] + 1) continue;
        diag[i] += 1;
        diag[i - 1] += 1;
        off[i] = -1;
    }
    *exact = (double)n * ((double)(k * k) + (double)k + 6) <= EXACT_MOST;
    if (*exact) RL_TRY(rl_ratio_below(&X, diag, off, d, p, cx));
    if (*exact && !isnan(*p)) return RL_OK;
    double mean, variance;
    *exact = false;
    RL_TRY(rl_ratio_moments(&X, diag, off, &mean, &variance, cx));
    double z = (d - mean) / sqrt(variance), two = rl_t_p(z, 0);
    *p = z < 0 ? two / 2 : 1 - two / 2;
    return RL_OK;
}

/* Sum of squared steps over the sum of squares (Durbin & Watson 1950; within units Bhargava, Franzini & Narendranathan
 * 1982).  Steps over a gap do not count. */
rl_code rl_diag_durbin_watson(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c;
    rl_diag_rows r;
    double *e, *lag, p;
    bool exact;
    RL_TRY(rl_diag_core(g, 0, &c, cx));
    RL_TRY(rl_diag_order(g, &r, cx));
    rl_diag_take(c, &r, 0, &e, NULL, cx);
    lag = RL_NEW(cx->tmp, double, r.n);
    rl_diag_lag(&r, e, 1, NAN, lag);
    for (size_t i = 0; i < r.n; i++) lag[i] = isnan(lag[i]) ? 0 : e[i] - lag[i];
    double d = rl_dot(NULL, lag, lag, r.n, cx) / rl_dot(NULL, e, e, r.n, cx);
    RL_TRY(durbin_watson_p(c, &r, d, &p, &exact, cx));
    rl_test t = {.kind = "d", .statistic = d, .df = NAN, .df2 = NAN, .p_value = p};
    bool found = fmin(p, 1 - p) < 0.05;
    const char *how = exact ? "exact, one-sided p" : "one-sided p by the normal approximation: too many rows";
    if (rl_diag_dynamic(g)) {
        t.says = "beside a lag of the outcome this test sees too little and its p is not valid: ask breusch-godfrey";
        t.verdict = RL_UNSURE;
    } else {
        const char *sign = p < 0.5 ? "a good period follows a good one: iid standard errors are mostly too small"
                                   : "good and bad periods alternate: iid standard errors are off";
        t.says =
            rl_sprintf(cx->tmp, "%s%s%s%s (%s)", found ? sign : "neighbouring periods' errors have nothing in common",
                       found ? "; allowed for by --vcov " : "", found ? robust_word(g, cx->tmp) : "",
                       g->d->at == NULL ? "; rows taken in the order of the file" : "", how);
        t.verdict = serial_verdict(g, found);
    }
    rl_diag_add(g, t);
    return RL_OK;
}
