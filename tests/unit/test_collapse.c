/* What the small design gives is what all rows give. */
#include "fit_fixture.h"

#include "model/collapse.h"
#include "model/design.h"
#include "model/infer.h"

typedef struct both {
    rl_design d;
    rl_collapse c;
    rl_fit whole, small;
    bool done;
} both;

static rl_fit empty_fit(void)
{
    return (rl_fit){.r2_within = NAN, .rmse = NAN, .loglik = NAN, .within = NAN, .rss = NAN, .tss = NAN};
}

static both fit_both(const rl_request *r, const rl_table *t, rl_ctx *cx)
{
    both b = {.whole = empty_fit(), .small = empty_fit()};
    CHECK_OK(rl_design_make(r, t, &b.d, cx), cx);
    b.done = rl_collapse_make(&b.d, r, &b.c, cx);
    if (!b.done) return b;
    CHECK_OK(r->estimator->fit(&b.d, r, &b.whole, cx), cx);
    CHECK_OK(r->estimator->fit(&b.c.small, r, &b.small, cx), cx);
    CHECK_OK(rl_collapse_expand(&b.c, &b.small, cx), cx);
    return b;
}

static void near(double got, double want, double scale)
{
    if (isnan(want) && isnan(got)) return;
    if (!(fabs(got - want) <= 1e-11 * scale)) fail_msg("got %.17g, want %.17g", got, want);
}

/* Estimates, influence row by row and by cluster, figures, degrees of freedom. */
static void same(const both *b, rl_ctx *cx)
{
    const rl_fit *w = &b->whole, *s = &b->small;
    const rl_groups *g = &b->d.cluster[0];
    assert_true(b->done);
    assert_int_equal(s->m, w->m);
    rl_mat all = rl_mat_new(b->d.n, w->m, cx->tmp), each = rl_mat_new(b->d.n, w->m, cx->tmp);
    rl_mat by = rl_mat_new(g->G, w->m, cx->tmp), sum = rl_mat_new(g->G, w->m, cx->tmp);
    CHECK_OK(w->psi->sum_by(w->psi, NULL, b->d.n, &all, cx), cx);
    CHECK_OK(s->psi->sum_by(s->psi, NULL, b->d.n, &each, cx), cx);
    CHECK_OK(w->psi->sum_by(w->psi, g->code, g->G, &by, cx), cx);
    CHECK_OK(s->psi->sum_by(s->psi, g->code, g->G, &sum, cx), cx);
    for (size_t j = 0; j < w->m; j++) near(s->b[j], w->b[j], 1);
    for (size_t i = 0; i < b->d.n * w->m; i++) near(each.a[i], all.a[i], 0.1);
    for (size_t i = 0; i < g->G * w->m; i++) near(sum.a[i], by.a[i], 0.1);
    near(s->rss, w->rss, w->rss);
    near(s->tss, w->tss, w->tss);
    near(s->tss_centred, w->tss_centred, w->tss);
    near(s->r2_within, w->r2_within, 1);
    near(s->rmse, w->rmse, 1);
    near(s->loglik, w->loglik, fabs(w->loglik));
    assert_int_equal(s->dof.n, w->dof.n);
    assert_int_equal(s->dof.k, w->dof.k);
    assert_int_equal(s->dof.redundant_exact, w->dof.redundant_exact);
    for (size_t f = 0; f < w->dof.n_fe; f++) assert_int_equal(s->dof.levels[f], w->dof.levels[f]);
}

static rl_request request(const char *estimator, const char *formula)
{
    rl_request r = fit_program(estimator, formula);
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    return r;
}

static void test_balanced(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(31, 9, 11, cx);
    const char *const name[] = {"twfe", "event", "etwfe"};
    for (size_t i = 0; i < 3; i++) {
        rl_request r = request(name[i], "y ~ 1");
        both b = fit_both(&r, &t, cx);
        same(&b, cx);
        assert_int_equal(b.c.small.n, 27); /* three types of nine periods */
    }
    rl_ctx_free(cx);
}

/* Units leave early, and the rows come in any order. */
static void test_ragged(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(60, 9, 12, cx);
    rl_col *y = &t.col[4], *at = &t.col[0];
    for (size_t i = 0; i < t.n; i++)
        if (i / 9 % 5 == 2 && at->num[i] > 7) y->num[i] = NAN;
    for (size_t i = 0; i < t.n; i++) { /* i and its mirror change places: one column after the other */
        size_t k = i * 7 % t.n;
        for (size_t j = 0; j < t.k; j++) {
            if (t.col[j].type == RL_NUM) {
                double v = t.col[j].num[i];
                t.col[j].num[i] = t.col[j].num[k];
                t.col[j].num[k] = v;
            } else {
                int32_t v = t.col[j].code[i];
                t.col[j].code[i] = t.col[j].code[k];
                t.col[j].code[k] = v;
            }
        }
    }
    const char *const name[] = {"twfe", "event", "etwfe"};
    for (size_t i = 0; i < 3; i++) {
        rl_request r = request(name[i], "y ~ 1");
        r.leads = i == 2;
        r.agg = i == 2 ? RL_AGG_DYNAMIC : RL_AGG_DEFAULT;
        both b = fit_both(&r, &t, cx);
        same(&b, cx);
    }
    rl_ctx_free(cx);
}

/* A third effect, a trait, a dose. */
static void test_more(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(84, 8, 13, cx);
    rl_request third = request("event", "y ~ 1 | region^t"), trait = request("etwfe", "y ~ 1"),
               dose = request("twfe", "y ~ 1");
    trait.covariates[trait.n_covariates++] = "region";
    both b = fit_both(&third, &t, cx);
    same(&b, cx);
    b = fit_both(&trait, &t, cx);
    same(&b, cx);
    fit_num(&t, "dose", cx);
    for (size_t i = 0; i < t.n; i++)
        t.col[t.k - 1].num[i] = t.col[0].num[i] >= t.col[1].num[i] ? 0.25 + (double)(i / 8 % 2) : 0;
    dose.cohort = NULL;
    dose.treated = "dose";
    b = fit_both(&dose, &t, cx);
    same(&b, cx);
    rl_ctx_free(cx);
}

/* No unit effects: rows of one cohort and period are alike. */
static void test_cross_sections(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(50, 8, 14, cx);
    rl_request r = request("etwfe", "y ~ 1");
    r.unit = NULL;
    both b = fit_both(&r, &t, cx);
    same(&b, cx);
    assert_int_equal(b.c.small.n, 24);
    rl_request four = request("did", "y ~ 1");
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = t.col[1].num[i] > 4 ? NAN : t.col[1].num[i];
    b = fit_both(&four, &t, cx);
    same(&b, cx);
    rl_ctx_free(cx);
}

/* Effects that are imputed have residuals about the effects of the rows before treatment. */
static void test_imputed(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    enum { N = 252, T = 36 };
    rl_table t = fit_panel(N, T, 15, cx);
    for (size_t i = 0; i < t.n; i++) {
        double *g = &t.col[1].num[i];
        if (!isnan(*g)) *g = 4 + (double)(i / T / 3 % 9);
        if (i / T % 4 == 1 && t.col[0].num[i] < 3) t.col[4].num[i] = NAN;
    }
    rl_request r = request("etwfe", "y ~ 1");
    r.impute = true;
    r.agg = RL_AGG_SIMPLE;
    both b = fit_both(&r, &t, cx);
    assert_non_null(b.whole.core->anchor);
    same(&b, cx);
    assert_true(isnan(b.small.loglik));
    rl_ctx_free(cx);
}

/* A result is the same whichever way it was had. */
static void test_weights_of_rows(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(40, 8, 16, cx);
    rl_request r = request("etwfe", "y ~ 1");
    rl_result out;
    r.agg = RL_AGG_SIMPLE;
    r.omega = "overall";
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    double sum = 0, treated = 0;
    for (size_t k = 0; k < out.rows_used; k++) {
        size_t i = out.row[k];
        sum += out.omega[k] * t.col[4].num[i];
        if (t.col[0].num[i] >= t.col[1].num[i]) treated += out.omega[k];
    }
    near(sum, out.est[0].estimate, 1);
    near(treated, 1, 1); /* one for the treated, and minus one for what they are held against */
    rl_ctx_free(cx);
}

static void test_perfect_means(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(36, 6, 17, cx);
    rl_request r = request("etwfe", "y ~ 1");
    rl_result out;
    size_t notes = cx->n_notes;
    for (size_t i = 0; i < t.n; i++) /* the means are fitted without rest, the rows are not */
        t.col[4].num[i] = t.col[0].num[i] + (i / 6 / 6 % 2 == 0 ? 1 : -1) * (double)(i % 6 == 2);
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx->keep, cx), cx);
    for (size_t i = notes; i < cx->n_notes; i++) assert_null(strstr(cx->note[i].text, "perfect"));
    assert_true(out.sigma > 0.1);
    rl_ctx_free(cx);
}

/* Covariates have rows of their own beside the small design's. */
static void test_covariates(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(57, 9, 21, cx);
    fit_num(&t, "size", cx), fit_num(&t, "z", cx), fit_num(&t, "twice", cx), fit_num(&t, "wu", cx);
    for (size_t i = 0; i < t.n; i++) {
        t.col[t.k - 4].num[i] = (double)(i / 9 % 11);
        t.col[t.k - 3].num[i] = 2.385 * t.col[2].num[i] * t.col[0].num[i] + (double)(i % 5);
        t.col[t.k - 2].num[i] = 2 * t.col[2].num[i];
        t.col[t.k - 1].num[i] = 0.5 + (double)(i / 9 % 7);
        if (i % 9 == 4 && i / 9 % 4 == 1) t.col[4].num[i] = NAN;
    }
    const char *const name[] = {"twfe", "event", "sunab"};
    for (size_t i = 0; i < 3; i++) {
        rl_request r = request(name[i], "y ~ x + size + z + twice"); /* two of which go */
        r.weights = i > 0 ? "wu" : NULL;
        both b = fit_both(&r, &t, cx);
        same(&b, cx);
        assert_true(b.small.core->beside != NULL && b.small.m == b.whole.m);
        for (size_t j = 0; j < b.small.m; j++) assert_string_equal(b.small.label[j].term, b.whole.label[j].term);
        const rl_core *c = b.small.core;
        for (size_t j = 0; j < c->L.n; j++)
            for (size_t q = 0; q < c->L.k; q++) {
                double sum = 0;
                for (size_t k = 0; k < c->R.n; k++) sum += *rl_mat_at(&c->of_R, j, k) * *rl_mat_at(&c->R, k, q);
                near(sum, *rl_mat_at(&c->L, j, q), 1);
            }
    }
    rl_ctx_free(cx);
}

/* The same result by every covariance that sums squares of the short rows or of many groups. */
static void test_errors_of_covariates(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(60, 8, 22, cx);
    rl_request r = request("sunab", "y ~ x");
    const rl_vcov_kind kind[] = {RL_HC0, RL_HC1, RL_IID, RL_DK};
    for (size_t v = 0; v < 5; v++) {
        rl_design d;
        rl_collapse c;
        rl_fit whole = empty_fit(), small = empty_fit();
        rl_result a = {.estimator = r.estimator}, b = a;
        r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 2, .by = {"unit", "t"}, .lag = -1};
        if (v < 4) r.vcov = (rl_vcov_spec){.kind = kind[v], .lag = 2};
        CHECK_OK(rl_design_make(&r, &t, &d, cx), cx);
        assert_true(rl_collapse_make(&d, &r, &c, cx));
        CHECK_OK(r.estimator->fit(&d, &r, &whole, cx), cx);
        CHECK_OK(r.estimator->fit(&c.small, &r, &small, cx), cx);
        CHECK_OK(rl_collapse_expand(&c, &small, cx), cx);
        CHECK_OK(rl_infer(&d, &whole, &r, &a, cx->keep, cx), cx);
        CHECK_OK(rl_infer(&d, &small, &r, &b, cx->keep, cx), cx);
        for (size_t j = 0; j < a.m; j++) near(b.est[j].std_error, a.est[j].std_error, 10);
    }
    rl_ctx_free(cx);
}

/* A covariate that says when units are treated leaves their effects nothing. */
static void test_covariate_is_treatment(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(45, 8, 23, cx);
    rl_result out;
    fit_num(&t, "on", cx);
    for (size_t i = 0; i < t.n; i++) t.col[t.k - 1].num[i] = t.col[0].num[i] >= t.col[1].num[i];
    rl_request r = request("sunab", "y ~ x + on");
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx->keep, cx), RL_EDATA);
    assert_non_null(strstr(cx->err.what, "'on'"));
    assert_non_null(strstr(cx->err.what, "is not identified"));
    rl_ctx_free(cx);
}

/* Weights by row, likelihoods and errors that need each row's regressors stay as they are. */
static void test_left_alone(void **state)
{
    (void)state;
    rl_ctx ctx, *cx = &ctx;
    check_ctx(cx);
    rl_table t = fit_panel(30, 8, 18, cx);
    rl_request plain = request("event", "y ~ 1"), x = request("event", "y ~ x"), w = plain, cr = plain,
               logit = request("etwfe", "y ~ 1");
    w.weights = "w";
    cr.vcov.kind = RL_CR2;
    logit.family = RL_POISSON;
    logit.unit = NULL;
    assert_true(fit_both(&plain, &t, cx).done);
    rl_request slopes = request("etwfe", "y ~ x");
    assert_true(fit_both(&x, &t, cx).done);
    assert_false(fit_both(&slopes, &t, cx).done);
    assert_false(fit_both(&w, &t, cx).done);
    assert_false(fit_both(&cr, &t, cx).done);
    for (size_t i = 0; i < t.n; i++) t.col[4].num[i] = fabs(t.col[4].num[i]);
    assert_false(fit_both(&logit, &t, cx).done);
    rl_table few = fit_panel(7, 9, 19, cx); /* three types in seven units: nothing won */
    assert_false(fit_both(&plain, &few, cx).done);
    rl_ctx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balanced),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_cross_sections),
        cmocka_unit_test(test_imputed),
        cmocka_unit_test(test_weights_of_rows),
        cmocka_unit_test(test_perfect_means),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_covariates),
        cmocka_unit_test(test_errors_of_covariates),
        cmocka_unit_test(test_covariate_is_treatment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
