/* A made series that R makes too: t 1..60, x, z, errors with memory, w a random walk.
 *
 *   t <- 1:60; x <- ((37*t)%%101)/10; z <- 5+((11*t*t)%%47)/9+t/20; a <- ((53*t*t+29*t)%%97)/97-.5
 *   e <- a; for (i in 2:60) e[i] <- .6*e[i-1]+a[i]
 *   y <- 3+.7*x-.4*z+2*e; w <- cumsum(((71*t*t+13*t)%%89)/89-.48)
 */
#ifndef RL_TESTS_DIAG_FIXTURE_H
#define RL_TESTS_DIAG_FIXTURE_H

#include "unit/fit_fixture.h"

static inline rl_table diag_series(rl_ctx *cx)
{
    rl_table t = fit_table(60);
    double *at = fit_num(&t, "t", cx), *y = fit_num(&t, "y", cx), *x = fit_num(&t, "x", cx), *z = fit_num(&t, "z", cx),
           *w = fit_num(&t, "w", cx), e = 0, walk = 0;
    for (int i = 1; i <= 60; i++) {
        double a = (53 * i * i + 29 * i) % 97 / 97.0 - .5;
        e = i == 1 ? a : .6 * e + a;
        walk += (71 * i * i + 13 * i) % 89 / 89.0 - .48;
        at[i - 1] = i;
        x[i - 1] = 37 * i % 101 / 10.0;
        z[i - 1] = 5 + 11 * i * i % 47 / 9.0 + i / 20.0;
        y[i - 1] = 3 + .7 * x[i - 1] - .4 * z[i - 1] + 2 * e;
        w[i - 1] = walk;
    }
    return t;
}

static inline rl_request diag_request(const char *formula, const char *const *test, size_t n)
{
    rl_request r = fit_request(formula);
    r.time = "t";
    r.max_lags = r.horizon = -1;
    r.diag = test;
    r.n_diag = n;
    return r;
}

/* One test of one formula; its row. */
static inline rl_test diag_test(const rl_table *t, const char *formula, const char *test, rl_vcov_kind vcov, rl_ctx *cx)
{
    const char *const list[] = {test};
    rl_request r = diag_request(formula, list, 1);
    rl_result out;
    r.vcov.kind = vcov;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx->keep, cx), cx);
    assert_true(out.n_tests >= 1);
    assert_non_null(out.test[0].says);
    assert_non_null(out.test[0].verdict);
    return out.test[0];
}

/* A test that must be refused, with a word of the message or the hint. */
static inline void diag_refused(const rl_table *t, const rl_request *like, const char *test, rl_code code,
                                const char *word)
{
    rl_ctx one;
    rl_result out;
    rl_request r = *like;
    check_ctx(&one);
    r.diag = &test;
    r.n_diag = 1;
    rl_code got = rl_estimate_run(&r, t, &out, one.keep, &one);
    if (got != code) fail_msg("%s: code %d, want %d (%s)", test, got, code, one.err.what);
    if (strstr(one.err.what, word) == NULL && strstr(one.err.hint, word) == NULL)
        fail_msg("%s: \"%s\" (%s) lacks '%s'", test, one.err.what, one.err.hint, word);
    rl_ctx_free(&one);
}

#endif
