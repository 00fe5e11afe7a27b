#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "num/glm.h"
#include "own_ctx.h"

/* A 2x2 table: cells are counts, the slope is the log of the odds ratio. */
static void logit_of_a_table(void **s)
{
    (void)s;
    enum { A = 17, B = 5, C = 8, D = 23, N = A + B + C + D }; /* y=1,x=1; y=0,x=1; y=1,x=0; y=0,x=0 */
    double y[N], v[2 * N];
    rl_mat X = {v, N, 2, N};
    for (size_t i = 0; i < N; i++) {
        y[i] = i < A || (i >= A + B && i < A + B + C);
        v[i] = 1;
        v[N + i] = i < A + B;
    }
    rl_glm g = {.family = RL_LOGIT, .n = N, .y = y};
    rl_glm_fit f;
    CHECK_OK(rl_glm_run(&g, &X, &f, cx.keep, &cx), &cx);
    CHECK_DIGITS(f.b[0], log((double)C / D), 13);
    CHECK_DIGITS(f.b[1], log((double)A * D / (B * C)), 13);
    CHECK_DIGITS(*rl_mat_at(&f.A, 1, 1), 1.0 / A + 1.0 / B + 1.0 / C + 1.0 / D, 12);
    double l = A * log((double)A / (A + B)) + B * log((double)B / (A + B)) + C * log((double)C / (C + D)) +
               D * log((double)D / (C + D)),
           l0 = (A + C) * log((A + C) / (double)N) + (B + D) * log((B + D) / (double)N);
    CHECK_DIGITS(f.loglik, l, 13);
    CHECK_DIGITS(f.deviance, -2 * l, 13);
    CHECK_DIGITS(f.loglik_null, l0, 13);
    assert_int_equal(f.suspects, 0);
    assert_false(f.lost);
}

/* Dobson (1990), An Introduction to Generalized Linear Models, p. 93: the randomised trial of R's ?glm. */
static void poisson_of_dobson(void **s)
{
    (void)s;
    double y[9] = {18, 17, 15, 20, 10, 20, 25, 13, 12}, v[27];
    rl_mat X = {v, 9, 3, 9};
    for (size_t i = 0; i < 9; i++) v[i] = 1, v[9 + i] = i % 3 == 1, v[18 + i] = i % 3 == 2;
    rl_glm g = {.family = RL_POISSON, .n = 9, .y = y};
    rl_glm_fit f;
    CHECK_OK(rl_glm_run(&g, &X, &f, cx.keep, &cx), &cx);
    CHECK_NEAR(f.b[0], 3.045, 5e-4);
    CHECK_NEAR(f.b[1], -0.4543, 5e-5);
    CHECK_NEAR(f.b[2], -0.2930, 5e-5);
    CHECK_NEAR(sqrt(*rl_mat_at(&f.A, 1, 1)), 0.2022, 5e-5);
    CHECK_NEAR(sqrt(*rl_mat_at(&f.A, 2, 2)), 0.1927, 5e-5);
    CHECK_NEAR(f.deviance, 5.1291, 5e-5);
    CHECK_NEAR(2 * (5 - f.loglik), 56.76, 5e-3); /* AIC, two more columns in the source */
    CHECK_DIGITS(f.b[0], log(21), 13);           /* saturated in its three cells */
    CHECK_DIGITS(f.b[1], log(40.0 / 63), 13);
}

/* The means of cells, amounts and not counts, with weights and an offset. */
static void poisson_takes_amounts_weights_offsets(void **s)
{
    (void)s;
    double y[6] = {2.385, 0, 7.25, 1.5, 0.75, 3.125}, w[6] = {1, 2.5, 0.5, 3, 1.25, 2}, o[6], v[12];
    rl_mat X = {v, 6, 2, 6};
    double sum[2] = {0}, base[2] = {0};
    for (size_t i = 0; i < 6; i++) {
        o[i] = 0.3 * (double)i - 0.7;
        v[i] = 1, v[6 + i] = i >= 3;
        sum[i >= 3] += w[i] * y[i];
        base[i >= 3] += w[i] * exp(o[i]);
    }
    rl_glm g = {.family = RL_POISSON, .n = 6, .y = y, .w = w, .offset = o};
    rl_glm_fit f;
    CHECK_OK(rl_glm_run(&g, &X, &f, cx.keep, &cx), &cx);
    CHECK_DIGITS(f.b[0], log(sum[0] / base[0]), 13);
    CHECK_DIGITS(f.b[0] + f.b[1], log(sum[1] / base[1]), 13);
    double null = log((sum[0] + sum[1]) / (base[0] + base[1])), l0 = 0;
    for (size_t i = 0; i < 6; i++) l0 += w[i] * (y[i] * (null + o[i]) - exp(null + o[i]) - lgamma(y[i] + 1));
    CHECK_DIGITS(f.loglik_null, l0, 13);
    /* the last step against one more: coefficients alike, the information not quite */
    g.last_step = true;
    rl_glm_fit early;
    CHECK_OK(rl_glm_run(&g, &X, &early, cx.keep, &cx), &cx);
    CHECK_DIGITS(early.b[1], f.b[1], 12);
    CHECK_DIGITS(*rl_mat_at(&early.A, 0, 0), *rl_mat_at(&f.A, 0, 0), 5);
    assert_int_equal(early.steps + 1, f.steps);
}

static void a_dependent_column_is_passed_over(void **s)
{
    (void)s;
    enum { N = 40 };
    double y[N], v[3 * N];
    rl_mat X = {v, N, 3, N}, X2 = {v, N, 2, N};
    rl_rng r = rl_rng_for(3, 1);
    for (size_t i = 0; i < N; i++) {
        v[i] = 1, v[N + i] = rl_normal(&r), v[2 * N + i] = 2.385 * v[N + i] - 1;
        y[i] = rl_uniform(&r) < 0.4;
    }
    rl_glm g = {.family = RL_LOGIT, .n = N, .y = y};
    rl_glm_fit f, f2;
    CHECK_OK(rl_glm_run(&g, &X, &f, cx.keep, &cx), &cx);
    CHECK_OK(rl_glm_run(&g, &X2, &f2, cx.keep, &cx), &cx);
    assert_true(f.dropped[2] && !f.dropped[1] && !f.dropped[0]);
    assert_int_equal(f.rank, 2);
    CHECK_DIGITS(f.b[1], f2.b[1], 13);
    CHECK_DIGITS(f.b[2], 0, 15);
}

static size_t separated(rl_family family, const double *y, const rl_mat *X, const rl_fe *fe, unsigned char *which,
                        double *share)
{
    rl_glm g = {.family = family, .n = X->n, .y = y, .fe = fe};
    size_t rows;
    unsigned char *all = RL_NEW(cx.keep, unsigned char, X->n);
    memset(all, 1, X->n);
    CHECK_OK(rl_separation(&g, X, all, which, share, &rows, &cx), &cx);
    return rows;
}

static void separation_is_found_and_not_imagined(void **s)
{
    (void)s;
    enum { N = 60 };
    double y[N], v[3 * N], share[3];
    unsigned char which[N];
    rl_mat X = {v, N, 3, N};
    rl_rng r = rl_rng_for(11, 1);
    for (size_t i = 0; i < N; i++) {
        v[i] = 1, v[N + i] = rl_normal(&r);
        y[i] = i % 4 == 0 ? 0 : 1 + floor(3 * rl_uniform(&r));
        v[2 * N + i] = i % 8 == 0 ? 1.5 : 0; /* only where y = 0 */
    }
    assert_int_equal(separated(RL_POISSON, y, &X, NULL, which, share), 8);
    assert_true(which[0] && which[8] && !which[4] && !which[1]);
    assert_true(share[2] > 0.5 && share[1] == 0);
    for (size_t i = 0; i < N; i++) v[2 * N + i] += i == 9; /* one row with y > 0 holds it */
    assert_int_equal(separated(RL_POISSON, y, &X, NULL, which, share), 0);
    /* logit: a line that parts 0 from 1, and one that does not */
    for (size_t i = 0; i < N; i++) y[i] = 0.7 * v[N + i] - 0.2 > 0, v[2 * N + i] = rl_normal(&r);
    assert_true(separated(RL_LOGIT, y, &X, NULL, which, share) >= N - 2); /* but those next to the line */
    assert_true(share[1] > 0.5);
    y[3] = 1 - y[3];
    y[17] = 1 - y[17];
    y[40] = 1 - y[40];
    assert_int_equal(separated(RL_LOGIT, y, &X, NULL, which, share), 0);
}

/* Two effects may part rows that neither parts alone. */
static void effects_together_separate(void **s)
{
    (void)s;
    const double y[6] = {0, 3, 2, 4, 1, 0};
    const int32_t a[6] = {0, 0, 1, 1, 2, 2}, b[6] = {0, 1, 1, 1, 2, 0};
    size_t levels[2] = {3, 3};
    const int32_t *code[2] = {a, b};
    rl_fe fe = {2, levels, code};
    rl_mat none = {NULL, 6, 0, 6};
    unsigned char which[6];
    /* b0 has only zeros in rows 0 and 5: both go */
    assert_int_equal(separated(RL_POISSON, y, &none, &fe, which, NULL), 2);
    assert_true(which[0] && which[5]);
}

static void runaways_are_suspects(void **s)
{
    (void)s;
    enum { N = 30 };
    double y[N], v[2 * N];
    rl_mat X = {v, N, 2, N};
    for (size_t i = 0; i < N; i++) v[i] = 1, v[N + i] = (double)i, y[i] = i >= 13;
    rl_glm g = {.family = RL_LOGIT, .n = N, .y = y};
    rl_glm_fit f;
    CHECK_OK(rl_glm_run(&g, &X, &f, cx.keep, &cx), &cx);
    assert_true(f.suspects >= 2);
    assert_true(f.suspect[12] || f.suspect[13] || f.suspect[0]);
}

static void values_that_are_not_finite_are_an_error(void **s)
{
    (void)s;
    double y[4] = {1, 2, 0, 5}, v[4] = {1, 2, INFINITY, 4};
    rl_mat X = {v, 4, 1, 4};
    rl_glm g = {.family = RL_POISSON, .n = 4, .y = y};
    rl_glm_fit f;
    assert_int_equal(rl_glm_run(&g, &X, &f, cx.keep, &cx), RL_ENUM);
}

/* The slopes are derivatives. */
static void means_and_slopes(void **s)
{
    (void)s;
    const rl_family FAMILY[] = {RL_LOGIT, RL_POISSON};
    for (size_t k = 0; k < 2; k++) {
        double eta[3] = {-1.37, 0.285, 2.385}, up[3], mu[3], slope[3], curve[3], mu1[3], slope1[3], d = 1e-6;
        for (size_t i = 0; i < 3; i++) up[i] = eta[i] + d;
        rl_glm_mean(FAMILY[k], eta, 3, mu, slope, curve, &cx);
        rl_glm_mean(FAMILY[k], up, 3, mu1, slope1, NULL, &cx);
        for (size_t i = 0; i < 3; i++) {
            CHECK_NEAR((mu1[i] - mu[i]) / d, slope[i], 1e-4 * slope[i] + 1e-5);
            CHECK_NEAR((slope1[i] - slope[i]) / d, curve[i], 2e-5 * fabs(slope[i]) + 1e-5);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(logit_of_a_table),
        TEST(poisson_of_dobson),
        TEST(poisson_takes_amounts_weights_offsets),
        TEST(a_dependent_column_is_passed_over),
        TEST(separation_is_found_and_not_imagined),
        TEST(effects_together_separate),
        TEST(runaways_are_suspects),
        TEST(values_that_are_not_finite_are_an_error),
        TEST(means_and_slopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
