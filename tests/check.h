/* tests/check.h -- what cmocka lacks: doubles compared in digits of agreement. */
#ifndef RL_TESTS_CHECK_H
#define RL_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"

/* Correct decimal digits of `got`: 17 when equal, 0 or less when nothing agrees. */
static inline double check_digits_of(double got, double want)
{
    if (got == want) return 17.0;
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 17.0 : -300.0;
    double scale = want != 0.0 ? fabs(want) : 1.0;
    return -log10(fabs(got - want) / scale);
}

#define CHECK_DIGITS(got, want, digits)                                                      \
    do {                                                                                     \
        double got_ = (got), want_ = (want), d_ = check_digits_of(got_, want_);              \
        if (!(d_ >= (digits)))                                                               \
            fail_msg("%s is %.17g, want %.17g: %.1f digits, not %g", #got, got_, want_, d_, (double)(digits)); \
    } while (0)

#define CHECK_NEAR(got, want, tol)                                                           \
    do {                                                                                     \
        double got_ = (got), want_ = (want);                                                 \
        if (!(fabs(got_ - want_) <= (tol)))                                                  \
            fail_msg("%s is %.17g, want %.17g +- %g", #got, got_, want_, (double)(tol));     \
    } while (0)

#define CHECK_OK(call, cx)                                                                   \
    do {                                                                                     \
        rl_code code_ = (call);                                                              \
        if (code_ != RL_OK)                                                                  \
            fail_msg("%s: %s:%d:%d: %s (hint: %s)", #call, (cx)->err.file ? (cx)->err.file : "-", \
                     (cx)->err.line, (cx)->err.col, (cx)->err.what, (cx)->err.hint);         \
    } while (0)

/* How many draws a simulation makes: RL_DRAWS where it is set, else what is usual. */
static inline size_t check_draws(size_t usual)
{
    const char *n = getenv("RL_DRAWS");
    return n != NULL && atoi(n) > 0 ? (size_t)atoi(n) : usual;
}

/* How often `what` stands in a text. */
static inline size_t check_times(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what)) n++;
    return n;
}

static void check_nomem(size_t bytes, void *user)
{
    (void)user;
    fprintf(stderr, "out of memory: %zu bytes\n", bytes);
    abort();
}

static inline void check_ctx(rl_ctx *cx) { rl_ctx_init(cx, 2, 1, check_nomem, NULL); }

#endif
