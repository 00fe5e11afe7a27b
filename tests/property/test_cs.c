/* Estimator cs: truths that need no stored answer. */
#include "../unit/fit_fixture.h"

#include "model/est.h"
#include "model/request.h"

static rl_request cs_request(const char *formula, rl_agg agg)
{
    rl_request r = fit_program("cs", formula);
    r.agg = agg;
    return r;
}

static rl_result run(const rl_request *r, const rl_table *t, rl_ctx *cx)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(r, t, &out, cx->keep, cx), cx);
    return out;
}

static void same(const rl_result *a, const rl_result *b, double scale, double digits)
{
    assert_int_equal(a->m, b->m);
    for (size_t i = 0; i < a->m; i++) {
        CHECK_NEAR(b->est[i].estimate, a->est[i].estimate, pow(10, -digits));
        CHECK_NEAR(b->est[i].std_error, a->est[i].std_error * scale, pow(10, -digits));
    }
}

/* Copy of t with row i of the copy taken from row from[i]; unit names get a suffix where the row is a copy. */
static rl_table rows_of(const rl_table *t, const size_t *from, size_t n, size_t originals, rl_ctx *cx)
{
    rl_table out = fit_table(n);
    const char **unit = RL_NEW(cx->keep, const char *, n), **region = RL_NEW(cx->keep, const char *, n);
    for (size_t c = 0; c < 5; c++) {
        double *v = fit_num(&out, t->col[c].name, cx);
        for (size_t i = 0; i < n; i++) v[i] = t->col[c].num[from[i]];
    }
    char buf[32];
    for (size_t i = 0; i < n; i++) {
        unit[i] = rl_sprintf(cx->keep, "%s%s", rl_cell_text(&t->col[5], from[i], buf), i >= originals ? "'" : "");
        region[i] = rl_strdup(cx->keep, rl_cell_text(&t->col[6], from[i], buf));
    }
    fit_text(&out, "unit", unit, cx);
    fit_text(&out, "region", region, cx);
    return out;
}

static void order_shift_and_copies(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(60, 6, 31, &cx);
    size_t n = t.n, *shuffled = RL_NEW(cx.keep, size_t, n), *twice = RL_NEW(cx.keep, size_t, 2 * n);
    for (size_t i = 0; i < n; i++) {
        shuffled[i] = i * 77 % n; /* 77 and 360 have no factor in common */
        twice[i] = twice[n + i] = i;
    }
    rl_table other = rows_of(&t, shuffled, n, n, &cx), both = rows_of(&t, twice, 2 * n, n, &cx);
    rl_table later = rows_of(&t, twice, n, n, &cx);
    for (size_t i = 0; i < n; i++) {
        later.col[0].num[i] += 1990;
        later.col[1].num[i] += 1990;
    }
    for (int layout = 0; layout < 3; layout++) {
        rl_request r = cs_request(layout == 0 ? "y ~ 1" : "y ~ x", RL_AGG_DYNAMIC);
        r.notyet = true;
        r.rcs = layout == 2;
        r.weights = layout > 0 ? "w" : NULL;
        rl_result one = run(&r, &t, &cx), two = run(&r, &other, &cx);
        same(&one, &two, 1, 12);
        two = run(&r, &later, &cx);
        same(&one, &two, 1, 12);
        two = run(&r, &both, &cx);
        same(&one, &two, sqrt(0.5), 11);
    }
    rl_ctx_free(&cx);
}

/* Money in cents, covariates in other units, an effect added to the treated: as they should. */
static void units_of_measurement(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t = fit_panel(60, 6, 33, &cx);
    double *at = t.col[0].num, *g = t.col[1].num, *x = t.col[2].num, *y = t.col[4].num;
    for (int layout = 0; layout < 2; layout++) {
        rl_request r = cs_request("y ~ x", RL_AGG_SIMPLE);
        r.rcs = layout == 1;
        rl_result one = run(&r, &t, &cx);
        for (size_t i = 0; i < t.n; i++) {
            x[i] = 1e6 - 3e3 * x[i];
            y[i] = 100 * y[i] - 4e7 + (at[i] >= g[i] ? 200 : 0);
        }
        rl_result two = run(&r, &t, &cx);
        CHECK_DIGITS(two.est[0].estimate, 100 * one.est[0].estimate + 200, 8.5);
        CHECK_DIGITS(two.est[0].std_error, 100 * one.est[0].std_error, 8.5);
        for (size_t i = 0; i < t.n; i++) {
            x[i] = (1e6 - x[i]) / 3e3;
            y[i] = (y[i] + 4e7 - (at[i] >= g[i] ? 200 : 0)) / 100;
        }
    }
    rl_ctx_free(&cx);
}

/* 200 worlds in which who is treated depends on x and so does the trend: without x the answer is wrong, with it the
 * 95 % interval holds the truth about 95 times in 100, whatever the method. */
static void covers_the_truth(void **state)
{
    (void)state;
    enum { WORLDS = 200, N = 240, T = 4 };
    static const char *const METHOD[] = {"dr", "ipw", "drimp"};
    rl_ctx cx;
    check_ctx(&cx);
    size_t held[4] = {0};
    double bias = 0;
    for (uint64_t world = 0; world < WORLDS; world++) {
        rl_table t = fit_panel(N, T, world, &cx);
        double *at = t.col[0].num, *g = t.col[1].num, *x = t.col[2].num, *y = t.col[4].num;
        rl_rng r = rl_rng_for(world, 55);
        for (size_t u = 0; u < N; u++) {
            double trait = rl_normal(&r), a = rl_normal(&r);
            double start = trait + 1.8 * rl_normal(&r) < 0 ? NAN : rl_uniform(&r) < 0.5 ? 3 : 4;
            for (size_t i = u * T; i < (u + 1) * T; i++) {
                x[i] = trait;
                g[i] = start;
                y[i] = a + 0.5 * trait * at[i] + (at[i] >= start ? 1.7 : 0) + rl_normal(&r);
            }
        }
        rl_request q = cs_request("y ~ x", RL_AGG_SIMPLE);
        for (size_t m = 0; m < 3; m++) {
            q.method = METHOD[m];
            rl_result out = run(&q, &t, &cx);
            held[m] += out.est[0].conf_low <= 1.7 && 1.7 <= out.est[0].conf_high;
        }
        q = cs_request("y ~ 1", RL_AGG_SIMPLE);
        rl_result out = run(&q, &t, &cx);
        bias += (out.est[0].estimate - 1.7) / WORLDS;
        held[3] += out.est[0].conf_low <= 1.7 && 1.7 <= out.est[0].conf_high;
        rl_arena_reset(cx.tmp);
    }
    for (size_t m = 0; m < 3; m++) assert_in_range(held[m], 181, 199); /* 190 +- 3 standard errors of it */
    assert_true(held[3] < 120 && bias > 0.2);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_shift_and_copies),
        cmocka_unit_test(units_of_measurement),
        cmocka_unit_test(covers_the_truth),
    };
    return cmocka_run_group_tests_name("cs", tests, NULL, NULL);
}
