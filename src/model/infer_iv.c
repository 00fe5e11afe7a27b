/* Tests that an estimator brings as sums of squares or as first stages. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "model/infer.h"
#include "num/dist.h"
#include "num/ols.h"

void rl_infer_add_test(rl_result *r, rl_test t, rl_arena *keep)
{
    r->test = rl_regrow(keep, r->test, r->n_tests, r->n_tests + 1, sizeof *r->test);
    t.name = rl_strdup(keep, t.name);
    if (t.variable != NULL) t.variable = rl_strdup(keep, t.variable);
    if (t.kind != NULL) t.kind = rl_strdup(keep, t.kind);
    if (t.model != NULL) t.model = rl_strdup(keep, t.model);
    if (t.says != NULL) t.says = rl_strdup(keep, t.says);
    r->test[r->n_tests++] = t;
}

rl_request rl_infer_for_tests(const rl_request *req, bool bare)
{
    rl_request out = *req;
    out.n_lincom = out.n_restriction = out.n_diag = out.n_iv_test = 0;
    if (bare) out.profile = "plm";
    return out;
}

rl_design rl_infer_design_for_tests(const rl_design *d, bool bare)
{
    rl_design out = *d;
    rl_vcov_kind *k = &out.vcov.kind;
    if (bare && (*k == RL_HC1 || *k == RL_HC2 || *k == RL_HC3)) *k = RL_HC0;
    if ((bare && (*k == RL_CR2 || *k == RL_CR3)) || *k == RL_WILD) *k = RL_CLUSTER;
    if (*k == RL_BLOCK || *k == RL_WILD_DEPENDENT) {
        *k = RL_DK;
        out.vcov.lag = out.vcov.lag > 0 ? out.vcov.lag - 1 : -1;
        out.vcov.rule = 0;
    }
    return out;
}

/* K: coefficients of the larger model. */
static void compared(const rl_fit *f, const struct rl_compare *c, size_t K, rl_result *r, rl_arena *keep)
{
    double n = (double)f->dof.n, df = (double)c->df, left = n - (double)K;
    rl_test t = {.name = c->name, .variable = c->variable, .df = df, .df2 = NAN};
    if (c->chi2) {
        t.statistic = n * (1 - c->rss1 / c->rss0);
        t.p_value = rl_chi2_p(t.statistic, df);
    } else {
        if (!(left > 0) || !(c->rss1 > 0)) return;
        t.df2 = left;
        t.statistic = (c->rss0 - c->rss1) / df / (c->rss1 / left);
        t.p_value = rl_f_p(t.statistic, df, left);
    }
    if (isfinite(t.statistic)) rl_infer_add_test(r, t, keep);
}

/* The rule of thumb of Staiger & Stock (1997): below 10 estimates lean towards least squares. */
static void say_weak(const rl_design *d, const struct rl_stage *s, double F, rl_ctx *cx)
{
    char buf[32];
    if (F < 10)
        rl_remark(
            cx, "instruments",
            "weak instruments: the first-stage F of '%s' is %s, below 10; the estimate leans towards least squares%s",
            s->variable, rl_num_text(buf, rl_round_digits(F, 3)),
            d->vcov.kind == RL_WILD ? "" : " and its interval is too short");
}

/* The covariance of a first stage under the same request; its remarks are those of the fit. */
static rl_code of_stage(const rl_design *d, const struct rl_stage *s, const struct rl_compare *c, const rl_request *req,
                        rl_result *r, rl_arena *keep, rl_ctx *cx)
{
    rl_result first = {0};
    rl_request plain = rl_infer_for_tests(req, false);
    rl_design same = rl_infer_design_for_tests(d, false);
    size_t notes = cx->n_notes;
    RL_TRY(rl_infer(&same, s->fit, &plain, &first, cx->tmp, cx));
    cx->n_notes = notes;
    compared(s->fit, c, first.K, r, keep);
    if (d->vcov.kind == RL_IID) {
        if (r->n_tests > 0) say_weak(d, s, r->test[r->n_tests - 1].statistic, cx);
        return RL_OK;
    }
    double q = (double)s->n, left = (double)s->fit->dof.n - (double)first.K,
           F = rl_wald(s->fit->b, first.V, s->fit->m, s->index, s->n, cx) / q;
    if (!isfinite(F)) {
        rl_remark(cx, "tests", "the first-stage-wald test of '%s' was left out: its covariance is singular",
                  s->variable);
        return RL_OK;
    }
    rl_test t = {.name = "first-stage-wald", .variable = s->variable, .statistic = F, .df = q, .df2 = left};
    t.p_value = rl_f_p(F, q, left);
    rl_infer_add_test(r, t, keep);
    say_weak(d, s, F, cx);
    return RL_OK;
}

/* Lower triangular C with C C' = V (m-by-m), and its columns of R (m-by-k) solved: C^-1 R.  False when singular. */
static bool whiten(const double *V, size_t m, rl_mat *R, rl_ctx *cx)
{
    long double *C = RL_NEW(cx->tmp, long double, m *m);
    for (size_t j = 0; j < m; j++) {
        long double left = V[j + j * m];
        for (size_t p = 0; p < j; p++) left -= C[j + p * m] * C[j + p * m];
        if (!(left > 1e-12L * (long double)V[j + j * m])) return false;
        C[j + j * m] = sqrtl(left);
        for (size_t i = j + 1; i < m; i++) {
            long double sum = V[i + j * m];
            for (size_t p = 0; p < j; p++) sum -= C[i + p * m] * C[j + p * m];
            C[i + j * m] = sum / C[j + j * m];
        }
    }
    for (size_t c = 0; c < R->k; c++)
        for (size_t i = 0; i < m; i++) {
            long double sum = *rl_mat_at(R, i, c);
            for (size_t p = 0; p < i; p++) sum -= C[i + p * m] * (long double)*rl_mat_at(R, p, c);
            *rl_mat_at(R, i, c) = (double)(sum / C[i + i * m]);
        }
    return true;
}

/* Hansen's J: the least weighted distance of the moments from zero, under the covariance asked for
 * without small-sample factors. */
static rl_code hansen(const rl_design *d, const struct rl_over *o, const rl_request *req, rl_result *r, rl_arena *keep,
                      rl_ctx *cx)
{
    size_t m = o->fit->m, k = o->P.k, notes = cx->n_notes;
    rl_design plain = rl_infer_design_for_tests(d, true);
    rl_request bare = rl_infer_for_tests(req, true);
    rl_result over = {0};
    RL_TRY(rl_infer(&plain, o->fit, &bare, &over, cx->tmp, cx));
    cx->n_notes = notes;
    rl_mat R = rl_mat_new(m, k + 1, cx->tmp), X = {R.a, m, k, R.ld};
    memcpy(R.a, o->P.a, m * k * sizeof(double));
    memcpy(rl_mat_col(&R, k), o->fit->b, m * sizeof(double));
    if (!whiten(over.V, m, &R, cx)) {
        rl_remark(cx, "tests", "the hansen test was left out: the covariance of its %zu moments is singular", m);
        return RL_OK;
    }
    rl_ols_fit least;
    RL_TRY(rl_ols(&X, rl_mat_col(&R, k), NULL, NULL, &least, cx->tmp, cx));
    rl_test t = {.name = "hansen", .statistic = least.rss, .df = (double)(m - k), .df2 = NAN};
    t.p_value = rl_chi2_p(least.rss, t.df);
    rl_infer_add_test(r, t, keep);
    return RL_OK;
}

/* Why a test of instruments is not among those made; NULL where that was said before. */
static const char *why_not(const rl_fit *f, bool iid, const char *name, rl_ctx *cx)
{
    static const struct {
        const char *name;
        bool iid;          /* of this kind of errors .. */
        const char *other; /* .. and of the other kind it is this one */
    } KIN[] = {{"first-stage-wald", false, "first-stage-f"}, {"hansen", false, "sargan"},
               {"kleibergen-paap-lm", false, "anderson-lm"}, {"kleibergen-paap-f", false, "cragg-donald-f"},
               {"anderson-lm", true, "kleibergen-paap-lm"},  {"cragg-donald-f", true, "kleibergen-paap-f"}};
    const char *first = iid ? "first-stage-f" : "first-stage-wald";
    bool over = strcmp(name, "sargan") == 0 || strcmp(name, "hansen") == 0;
    bool rank = strstr(name, "-f") != NULL && strncmp(name, "first", 5) != 0;
    if (over && f->over == NULL)
        return rl_sprintf(cx->tmp,
                          "there are as many instruments as endogenous regressors (%zu), and it tests those beyond",
                          f->n_stage);
    if (rank && f->n_stage == 1)
        return rl_sprintf(cx->tmp, "with one endogenous regressor it is the same as %s", first);
    for (size_t i = 0; i < sizeof KIN / sizeof *KIN; i++)
        if (strcmp(name, KIN[i].name) == 0 && KIN[i].iid != iid)
            return rl_sprintf(cx->tmp, "it is of %s errors; under this --vcov look at %s",
                              iid ? "clustered and other robust" : "iid", KIN[i].other);
    return NULL;
}

static void say_absent(const rl_fit *f, bool iid, const rl_request *req, const rl_result *out, rl_ctx *cx)
{
    for (size_t i = 0; i < req->n_iv_test && f->n_stage > 0; i++) {
        size_t at = 0;
        while (at < out->n_tests && strcmp(out->test[at].name, req->iv_test[i]) != 0) at++;
        const char *why = at == out->n_tests ? why_not(f, iid, req->iv_test[i], cx) : NULL;
        if (why != NULL) rl_remark(cx, "tests", "no %s: %s", req->iv_test[i], why);
    }
}

rl_code rl_infer_compare(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep,
                         rl_ctx *cx)
{
    for (size_t i = 0; i < f->n_stage; i++) RL_TRY(of_stage(d, &f->stage[i], &f->compare[i], req, out, keep, cx));
    if (f->n_stage > 0) RL_TRY(rl_infer_rank(d, f, req, out, keep, cx));
    for (size_t i = f->n_stage; i < f->n_compare; i++)
        compared(f, &f->compare[i], out->K_full + (f->compare[i].chi2 ? 0 : f->compare[i].df), out, keep);
    if (f->over != NULL && d->vcov.kind != RL_IID) RL_TRY(hansen(d, f->over, req, out, keep, cx));
    say_absent(f, d->vcov.kind == RL_IID, req, out, cx);
    return RL_OK;
}
