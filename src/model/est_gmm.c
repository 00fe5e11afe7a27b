/* est_gmm.c -- lags of the outcome beside effects of the unit: differences and instruments.
 *
 *   y_it = sum_j r_j y_i,t-j + x_it'b + a_i (+ d_t) + u_it
 *
 * Least squares with effects of the unit puts r too low, by about (1 + r)/(T - 1) (Nickell 1981):
 * the mean that is taken off holds the errors.  Differences remove a_i and leave a regressor,
 * y_t-1 - y_t-2, that holds u_t-1; y_t-2 and before know nothing of u_t - u_t-1.
 *
 *   anderson-hsiao   one instrument, y_t-2 (or its difference): as many as are needed
 *   arellano-bond    all y_t-2, y_t-3 .. there are, weighted (num/gmm.h); x_t-1, x_t-2 .. of predetermined
 *                    regressors, x_t-2 .. of endogenous ones
 *
 * Long run  b_x / (1 - sum r), b_x summed over the lags of x; by the delta method, where sum r < 1
 * Tests     m1, m2: serial correlation of the differenced residuals; sargan, one-step; hansen, two-step;
 *           all but sargan by units, whatever clusters the errors have
 * Peers     plm's summary(robust = TRUE) to 10 digits and more, gretl's dpanel to those it prints.  One-step,
 *           plm's `sargan` is e'Z W2 Z'e and its unrobust errors lack the variance; gretl's --asymptotic
 *           divides by n and takes half the weights
 * Estimand  the coefficients in levels
 * Assumes   errors u not correlated from one period to the next (m2); other regressors do not answer to u
 *           of any period; predetermined ones may to earlier u, endogenous ones to today's too
 * Source    Anderson & Hsiao (1982), Journal of Econometrics 18; Arellano & Bond (1991), Review of
 *           Economic Studies 58; Windmeijer (2005), Journal of Econometrics 126
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "model/gmm_rows.h"
#include "num/dist.h"
#include "num/ols.h"

/* --- what can be asked ------------------------------------------------------------------ */

static void is_outcome(void *user, const char *col, bool number, size_t at)
{
    (void)number;
    (void)at;
    const char **y = user;
    if (*y != NULL && strcmp(*y, col) == 0) *y = NULL;
}

static bool is_y_lag(const rl_formula *f, const rl_expr *e)
{
    return e->op == RL_OP_FN && e->fn == RL_FN_LAG && strcmp(e->a->text, f->y->text) == 0 && e->lo > 0;
}

/* Does the expression read y: its text within, or its only column? */
static bool reads(const rl_expr *e, const rl_expr *y)
{
    const char *text = y->text;
    while (y->op == RL_OP_FN) y = y->a;
    const char *col = y->op == RL_OP_COL ? y->col : NULL;
    if (col != NULL) {
        rl_expr_columns(e, false, is_outcome, &col);
        return col == NULL;
    }
    for (; e != NULL; e = e->op == RL_OP_FN ? e->a : NULL)
        if (strcmp(e->text, text) == 0) return true;
    return false;
}

/* Lags of the outcome: some, each by itself, the first among them where it is needed. */
static rl_code check_lags(const rl_request *r, const rl_formula *f, bool first, rl_ctx *cx)
{
    bool any = false, one = false;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = f->term[j].var[i];
            if (f->term[j].n == 1 && is_y_lag(f, e)) {
                any = true;
                one |= e->lo == 1;
                continue;
            }
            if (!reads(e, f->y)) continue;
            rl_fail(cx, RL_EUSAGE, "'%s' holds the outcome in another form than its lags", f->term[j].text);
            rl_hint(cx, "estimator '%s' has instruments for lag(%s,1), lag(%s,2) .. by themselves", r->estimator->name,
                    f->y->text, f->y->text);
            rl_formula_caret(f->text, e->at, cx);
            return RL_EUSAGE;
        }
    if (any && (one || !first)) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "estimator '%s' needs a lag of the outcome among the regressors", r->estimator->name);
    return rl_hint(cx, "write %s ~ lag(%s,1) + ..; without it least squares with '| %s' has no such bias", f->y->text,
                   f->y->text, r->unit);
}

/* Regressors with lists of their own stand by themselves, as they are or lagged.  Their names as the formula
 * has them, in `out`. */
static rl_code check_listed(const rl_formula *f, const char *option, const char *name, const char **out, rl_ctx *cx)
{
    rl_formula own;
    bool found = false;
    RL_TRY(rl_formula_parse(rl_sprintf(cx->tmp, "%s ~ 1", name), &own, cx->keep, cx));
    *out = own.y->text;
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = f->term[j].var[i];
            bool lag = e->op == RL_OP_FN && e->fn == RL_FN_LAG && e->lo >= 0;
            if (f->term[j].n == 1 && strcmp((lag ? e->a : e)->text, own.y->text) == 0) {
                found = true;
                continue;
            }
            if (!reads(e, own.y)) continue;
            rl_fail(cx, RL_EUSAGE, "--%s %s: '%s' holds it in another form than itself or its lags", option, name,
                    f->term[j].text);
            return rl_hint(cx, "there are instruments for %s and lag(%s,1) .. by themselves", name, name);
        }
    if (found) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--%s '%s' is no regressor of the formula", option, name);
    return rl_hint(cx, "write it as the formula has it, without lag()");
}

static rl_code check_lists(const rl_request *r, const rl_formula *f, rl_request *out, rl_ctx *cx)
{
    const char **name = RL_NEW(cx->keep, const char *, r->n_predetermined + r->n_endogenous);
    out->predetermined = name;
    for (size_t i = 0; i < r->n_predetermined; i++)
        RL_TRY(check_listed(f, "predetermined", r->predetermined[i], name++, cx));
    out->endogenous = name;
    for (size_t i = 0; i < r->n_endogenous; i++) RL_TRY(check_listed(f, "endogenous", r->endogenous[i], name++, cx));
    return RL_OK;
}

/* The unit's effect is what differences remove; the time's can be kept; others would need to be differenced. */
static rl_code check_effects(const rl_request *r, const rl_formula *f, rl_ctx *cx)
{
    bool unit = false;
    for (size_t j = 0; j < f->n_effects; j++) {
        if (strcmp(f->effect[j].text, r->unit) == 0) {
            unit = true;
            continue;
        }
        if (strcmp(f->effect[j].text, r->time) == 0) continue;
        rl_fail(cx, RL_EUSAGE, "estimator '%s' takes the effects of '%s' and '%s', not of '%s'", r->estimator->name,
                r->unit, r->time, f->effect[j].text);
        rl_formula_caret(f->text, f->effect[j].at, cx);
        return RL_EUSAGE;
    }
    if (unit) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "estimator '%s' removes the effect of '%s', and the formula has none", r->estimator->name,
            r->unit);
    return rl_hint(cx, "write '| %s' or '| %s + %s' behind the regressors", r->unit, r->unit, r->time);
}

static bool method_is(const rl_request *r, const char *word)
{
    return r->method != NULL && strcmp(r->method, word) == 0;
}

static rl_code check_words(const rl_request *r, rl_ctx *cx)
{
    const char *name = r->estimator->name;
    bool lists = r->estimator->lists;
    if (r->method != NULL && !method_is(r, lists ? "two-step" : "level") &&
        !method_is(r, lists ? "one-step" : "difference")) {
        rl_fail(cx, RL_EUSAGE, "--method '%s' is not known to estimator '%s'", r->method, name);
        return rl_hint(cx, "known: %s", r->estimator->methods);
    }
    if (r->weights != NULL) return rl_fail(cx, RL_EUSAGE, "estimator '%s' takes no --weights", name);
    if (r->keep_effects) return rl_fail(cx, RL_EUSAGE, "--fe-out does not apply to estimator '%s'", name);
    rl_vcov_kind k = r->vcov.kind;
    if (k == RL_IID && lists && !method_is(r, "one-step")) {
        rl_fail(cx, RL_EUSAGE, "--vcov iid: two-step errors without their correction are far too small");
        return rl_hint(cx, "leave --vcov out, or say --method one-step");
    }
    if (k != RL_VCOV_DEFAULT && k != RL_IID && k != RL_CLUSTER && k != RL_WILD) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' takes --vcov iid, cluster and wild", name);
        return rl_hint(cx, "differences of one unit are correlated from one period to the next: cluster:%s", r->unit);
    }
    return RL_OK;
}

/* The formula stays; rows alone in their period still hold half a difference; normal, without factors
 * unless --as says otherwise. */
static rl_code expand(const rl_request *req, const rl_table *t, rl_request *out, rl_ctx *cx)
{
    (void)t;
    rl_formula f;
    *out = *req;
    if (req->unit == NULL || req->time == NULL) return RL_OK; /* said by the design */
    RL_TRY(rl_formula_parse(req->formula, &f, cx->tmp, cx));
    RL_TRY(check_words(req, cx));
    RL_TRY(check_effects(req, &f, cx));
    RL_TRY(check_lags(req, &f, !req->estimator->lists, cx));
    if (req->estimator->lists)
        RL_TRY(check_lists(req, &f, out, cx));
    else
        out->n_predetermined = out->n_endogenous = 0;
    out->keep_singletons = true;
    if (out->profile == NULL) out->profile = "plm";
    return RL_OK;
}

/* Errors of one unit belong together. */
static rl_code check_clusters(const rl_design *d, rl_ctx *cx)
{
    bool whole = d->vcov.kind == RL_IID;
    for (size_t c = 0; c < d->vcov.ways; c++) whole |= rl_nested(d->unit.code, d->unit.G, d->cluster[c].code, d->n, cx);
    if (whole) return RL_OK;
    rl_fail(cx, RL_EDATA, "clusters of '%s' cut through units of '%s', whose differences are correlated", d->vcov.by[0],
            d->unit_name);
    return rl_hint(cx, "cluster:%s, or clusters that hold its units whole", d->unit_name);
}

/* --- results -------------------------------------------------------------------------------- */

typedef struct work {
    const rl_design *d;
    const rl_gmm_rows *g;
    const rl_gmm_fit *gmm;
    size_t k, m;     /* regressors; estimates, long-run effects too */
    rl_mat L;        /* m-by-k of the regressors                    */
    double *b;       /* m                                           */
    rl_label *label; /* m                                           */
} work;

static double beta(const work *w, size_t j) { return w->gmm->b[w->g->n_time + j]; }

static const char *long_name(const work *w, size_t j)
{
    return w->g->y_lag[j] > 0 ? NULL : rl_gmm_base(w->d, w->g->col[j]);
}

/* b_x / (1 - sum r), a row each. */
static void long_run(work *w, rl_ctx *cx)
{
    double r = 0;
    bool sound = true;
    char buf[32];
    for (size_t j = 0; j < w->k; j++) r += w->g->y_lag[j] > 0 ? beta(w, j) : 0;
    for (size_t j = 0; j < w->k; j++) {
        const char *x = long_name(w, j), *before;
        bool first = x != NULL;
        double sum = 0;
        for (size_t i = 0; i < j && first; i++)
            if ((before = long_name(w, i)) != NULL && strcmp(before, x) == 0) first = false;
        if (!first) continue;
        if (!(r < 1)) {
            sound = false;
            continue;
        }
        for (size_t i = j; i < w->k; i++) {
            if ((before = long_name(w, i)) == NULL || strcmp(before, x) != 0) continue;
            *rl_mat_at(&w->L, w->m, i) = 1 / (1 - r);
            sum += beta(w, i);
        }
        for (size_t i = 0; i < w->k; i++)
            if (w->g->y_lag[i] > 0) *rl_mat_at(&w->L, w->m, i) = sum / ((1 - r) * (1 - r));
        w->b[w->m] = sum / (1 - r);
        w->label[w->m++] = rl_label_of(rl_sprintf(cx->tmp, "long_run::%s", x));
    }
    if (!sound)
        rl_remark(cx, "long run", "no long-run effects: the coefficients of the lags of '%s' add up to %s, not below 1",
                  w->d->y_name, rl_num_text(buf, rl_round_digits(r, 4)));
    else if (r > 0.9)
        rl_remark(cx, "instruments",
                  "'%s' hardly returns to its mean (the coefficients of its lags add up to %s): levels of earlier "
                  "periods are then weak instruments for differences, and estimates lean towards too low",
                  w->d->y_name, rl_num_text(buf, rl_round_digits(r, 4)));
}

static void influence(const work *w, rl_fit *f, rl_ctx *cx)
{
    const rl_gmm *p = &w->g->p;
    size_t n = w->d->n, K = p->X.k;
    double *psi = rl_psi_dense(f, n, cx), *row = RL_NEW(cx->tmp, double, K);
    for (size_t r = 0; r < p->n; r++) {
        rl_gmm_psi(p, w->gmm, r, row);
        for (size_t j = 0; j < w->m; j++) {
            double sum = 0;
            for (size_t c = 0; c < w->k; c++) sum += *rl_mat_at(&w->L, j, c) * row[w->g->n_time + c];
            psi[w->g->row[r] + j * n] = sum;
        }
    }
}

/* Errors u of variance s2 = e'e / 2(n - K), independent: s2 A1. */
static const rl_core *bread(const work *w, double rss, rl_ctx *cx)
{
    size_t K = w->g->p.X.k;
    rl_core *c = RL_NEW(cx->tmp, rl_core, 1);
    *c = (rl_core){.A = rl_mat_new(K, K, cx->tmp), .L = rl_mat_new(w->m, K, cx->tmp), .rss = rss / 2};
    for (size_t i = 0; i < K * K; i++) c->A.a[i] = w->gmm->A1.a[i];
    for (size_t j = 0; j < w->m; j++)
        for (size_t i = 0; i < w->k; i++) *rl_mat_at(&c->L, j, w->g->n_time + i) = *rl_mat_at(&w->L, j, i);
    return c;
}

static rl_test serial(const work *w, int order, rl_ctx *cx)
{
    double z = w->gmm->m[order - 1];
    rl_test t = {.name = order == 1 ? "m1" : "m2", .kind = "z", .statistic = z, .df = NAN, .df2 = NAN};
    t.p_value = rl_t_p(z, 0);
    bool found = t.p_value < 0.05;
    if (order == 1)
        t.says = found ? NULL
                       : "no serial correlation in differences of neighbouring periods, where independent errors would "
                         "leave a negative one: little data, or errors that hardly forget";
    else if (found)
        t.says = rl_sprintf(cx->tmp,
                            "errors are correlated from one period to the next, so '%s' of two periods ago is no valid "
                            "instrument: add a lag of it, or start later with --gmm-lags 3:",
                            w->d->y_name);
    else
        t.says = "nothing speaks against errors that are independent from one period to the next";
    return t;
}

static rl_test overidentified(const work *w, bool two_step, double rss, rl_ctx *cx)
{
    const rl_gmm *p = &w->g->p;
    size_t K = p->X.k, rank = w->gmm->rank;
    double s2 = rss / (2 * (double)(p->n - K)), df = (double)(rank - K);
    rl_test t = {.name = two_step ? "hansen" : "sargan", .df = df, .df2 = NAN, .kind = "chi2"};
    t.statistic = two_step ? w->gmm->distance : w->gmm->distance / s2;
    t.p_value = rl_chi2_p(t.statistic, df);
    const char *means = t.p_value < 0.05 ? "the instruments contradict each other: some of them move with the errors"
                                         : "nothing speaks against the instruments";
    t.says = rl_sprintf(cx->tmp, "%zu instruments for %zu coefficients, %zu units; %s%s", rank, K, p->N,
                        rank > p->N ? "with more instruments than units this test says nothing" : means,
                        two_step || t.p_value >= 0.05 || rank > p->N
                            ? ""
                            : ", or the errors vary more in some units than in others, which hansen of the two-step "
                              "estimate allows for");
    return t;
}

static void tests(const work *w, bool two_step, double rss, rl_fit *f, rl_ctx *cx)
{
    rl_test *t = RL_NEW(cx->tmp, rl_test, 3);
    for (int l = 1; l <= 2; l++)
        if (isfinite(w->gmm->m[l - 1])) t[f->n_test++] = serial(w, l, cx);
    if (!isfinite(w->gmm->m[1]))
        rl_remark(cx, "tests",
                  "m2 was left out: no unit has differences two periods apart, so whether the errors "
                  "are independent cannot be told");
    if (w->gmm->rank > w->g->p.X.k) t[f->n_test++] = overidentified(w, two_step, rss, cx);
    f->test = t;
}

enum { FEW_UNITS = 30 };

static void cautions(const work *w, bool two_step, rl_ctx *cx)
{
    const rl_gmm *p = &w->g->p;
    size_t rank = w->gmm->rank;
    if (rank > p->N)
        rl_remark(cx, "instruments",
                  "%zu instruments, %zu units: so many fit the lags of '%s' instead of replacing them, and the "
                  "estimates lean towards least squares; --collapse or --gmm-lags 2:4 leaves fewer",
                  rank, p->N, w->d->y_name);
    if (two_step && w->gmm->moments_rank < rank)
        rl_remark(
            cx, "instruments",
            "the covariance of the %zu moments has rank %zu, so the weights of the second step rest on too little and "
            "intervals are far too short (it was inverted on what it spans; programs differ in how): --collapse, "
            "--gmm-lags 2:4 or --method one-step",
            rank, w->gmm->moments_rank);
    if (p->N < FEW_UNITS)
        rl_remark(cx, "clusters",
                  "only %zu units: these errors need many of them, and intervals from so few tend to be "
                  "too short",
                  p->N);
    if (p->q > rank)
        rl_remark(cx, "instruments", "%zu of %zu instruments depend on others and were left out", p->q - rank, p->q);
}

static void report(work *w, bool two_step, rl_fit *f, rl_ctx *cx)
{
    const rl_gmm *p = &w->g->p;
    size_t most = 2 * w->k;
    double rss = 0;
    w->L = rl_mat_new(most, w->k, cx->tmp);
    w->b = RL_NEW(cx->tmp, double, most);
    w->label = RL_NEW(cx->tmp, rl_label, most);
    for (; w->m < w->k; w->m++) {
        *rl_mat_at(&w->L, w->m, w->m) = 1;
        w->b[w->m] = beta(w, w->m);
        w->label[w->m] = rl_label_of(w->d->x_name[w->g->col[w->m]]);
    }
    long_run(w, cx);
    rss = rl_dot(NULL, w->gmm->e, w->gmm->e, p->n, cx);
    f->m = w->m, f->b = w->b, f->label = w->label;
    f->normal = true;
    f->dof = (rl_dof){.n = p->n, .k = p->X.k};
    f->base_why = "only to take the next difference from";
    if (w->d->vcov.kind == RL_IID) f->bread = bread(w, rss, cx);
    influence(w, f, cx);
    tests(w, two_step, rss, f, cx);
    cautions(w, two_step, cx);
}

static rl_code not_identified(const work *w, rl_ctx *cx)
{
    const rl_gmm *p = &w->g->p;
    rl_fail(cx, RL_EDATA, "not identified: %zu instruments do not move the %zu regressors in different ways", p->q,
            p->X.k);
    return rl_hint(cx, w->g->listed < p->X.k - p->n_own ? "fewer lags of the outcome, or more of them as instruments "
                                                          "(--gmm-lags)"
                                                        : "use fewer regressors, or more periods");
}

static rl_code fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    bool lists = req->estimator->lists, two_step = lists && !method_is(req, "one-step");
    rl_gmm_ask ask = {
        .single = !lists, .difference = method_is(req, "difference"), .collapse = req->collapse, .req = req};
    rl_gmm_rows g;
    rl_gmm_fit gmm;
    ask.lo = req->gmm_lo > 0 ? req->gmm_lo : 2;
    ask.hi = req->gmm_hi > 0 ? req->gmm_hi : -1;
    RL_TRY(check_clusters(d, cx));
    RL_TRY(rl_gmm_rows_make(d, &ask, &g, f, cx));
    if (g.leave != NULL) {
        f->leave = g.leave;
        f->leave_why[0] = "without a complete row one period before or after";
        return RL_OK;
    }
    RL_TRY(rl_gmm_solve(&g.p, two_step, &gmm, cx->tmp, cx));
    work w = {.d = d, .g = &g, .gmm = &gmm, .k = g.p.X.k - g.n_time};
    if (!gmm.identified) return not_identified(&w, cx);
    report(&w, two_step, f, cx);
    return RL_OK;
}

const rl_estimator rl_est_anderson_hsiao = {
    .name = "anderson-hsiao",
    .what = "lags of the outcome beside unit effects: differences, one\ninstrument (--method level or difference)",
    .method = "First differences remove the effects of the unit; the difference of the lagged outcome is replaced by "
              "what the outcome of two periods ago predicts of it.  Coefficients are those in levels.",
    .source = "Anderson & Hsiao (1982)",
    .needs_unit = true,
    .needs_time = true,
    .by_unit = true,
    .past = true,
    .leaves = true,
    .methods = "level difference",
    .fit = fit,
    .expand = expand,
};

const rl_estimator rl_est_arellano_bond = {
    .name = "arellano-bond",
    .what = "the same with all earlier levels as instruments: GMM\n(--method two-step or one-step)",
    .method = "First differences remove the effects of the unit; levels of the outcome from two periods ago back are "
              "instruments for the differences of its lags, weighted by the covariance of their moments.  Two-step "
              "errors carry Windmeijer's correction.  Coefficients are those in levels.",
    .source = "Arellano & Bond (1991); Windmeijer (2005)",
    .needs_unit = true,
    .needs_time = true,
    .by_unit = true,
    .past = true,
    .leaves = true,
    .lists = true,
    .methods = "two-step one-step",
    .fit = fit,
    .expand = expand,
};
