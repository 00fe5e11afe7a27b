#include <string.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "num/lagsel.h"
#include "num/mat.h"
#include "num/ols.h"
#include "own_ctx.h"

/* n rows of c columns and y, correlated like lags. */
static rl_mat columns(size_t n, size_t c, uint64_t seed)
{
    rl_mat Z = rl_mat_new(n, c + 1, cx.keep);
    rl_rng r = rl_rng_for(seed, 3);
    for (size_t j = 0; j <= c; j++)
        for (size_t i = 0; i < n; i++)
            *rl_mat_at(&Z, i, j) = rl_normal(&r) + (j > 0 ? 0.7 * *rl_mat_at(&Z, i, j - 1) : 0);
    return Z;
}

static double *gram_of(const rl_mat *Z)
{
    rl_mat hi = rl_mat_new(Z->k, Z->k, cx.keep), lo = rl_mat_new(Z->k, Z->k, cx.keep);
    CHECK_OK(rl_gram(Z, NULL, &hi, &lo, &cx), &cx);
    return hi.a;
}

/* The score from a regression of its own. */
static double by_ols(const rl_mat *Z, const size_t *first, size_t k, const size_t *width, double penalty)
{
    rl_ols_fit o;
    rl_mat X = rl_mat_new(Z->n, Z->k, cx.keep);
    size_t c = 0;
    for (size_t j = 0; j < k; j++)
        for (size_t i = first[j]; i < first[j] + width[j]; i++, c++)
            memcpy(rl_mat_col(&X, c), rl_mat_col(Z, i), Z->n * sizeof(double));
    X.k = c;
    CHECK_OK(rl_ols(&X, rl_mat_col(Z, Z->k - 1), NULL, NULL, &o, cx.keep, &cx), &cx);
    return (double)Z->n * rl_log(o.rss / (double)Z->n) + penalty * (double)c;
}

static void never_beaten(void **s)
{
    (void)s;
    static const size_t FIRST[] = {0, 3, 7, 9};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rl_mat Z = columns(47, 9, seed);
        double *G = gram_of(&Z), penalty = seed % 2 == 0 ? 2 : 3.85, best = INFINITY, second = INFINITY;
        rl_lagsel q = {.n = 47, .k = 3, .first = FIRST, .penalty = penalty, .most = RL_LAGSEL_MOST};
        double *room = RL_NEW(cx.keep, double, rl_lagsel_room(&q));
        rl_lagsel_best b;
        size_t w[3], at[3] = {0};
        rl_lagsel_search(&q, G, room, &b);
        for (w[0] = 1; w[0] <= 3; w[0]++)
            for (w[1] = 1; w[1] <= 4; w[1]++)
                for (w[2] = 1; w[2] <= 2; w[2]++) {
                    double score = by_ols(&Z, FIRST, 3, w, penalty);
                    CHECK_DIGITS(rl_lagsel_score(&q, G, w, room), score, 10);
                    if (score < best) {
                        second = best;
                        best = score;
                        memcpy(at, w, sizeof at);
                    } else if (score < second)
                        second = score;
                }
        assert_memory_equal(at, b.width, sizeof at);
        CHECK_DIGITS(b.score, best, 10);
        CHECK_DIGITS(b.second_score, second, 10);
        assert_true(b.compared == 24 && !b.stepwise);
    }
}

/* In turns: no block can be made better by itself, and never better than all orders. */
static void in_turns(void **s)
{
    (void)s;
    static const size_t FIRST[] = {0, 3, 7, 9};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rl_mat Z = columns(47, 9, seed);
        double *G = gram_of(&Z);
        rl_lagsel q = {.n = 47, .k = 3, .first = FIRST, .penalty = 2, .most = RL_LAGSEL_MOST};
        double *room = RL_NEW(cx.keep, double, rl_lagsel_room(&q));
        rl_lagsel_best all, b;
        rl_lagsel_search(&q, G, room, &all);
        q.most = 23;
        rl_lagsel_search(&q, G, room, &b);
        assert_true(b.stepwise && b.score >= all.score - 1e-9 && b.second_score >= b.score);
        for (size_t j = 0; j < 3; j++)
            for (size_t w = 1; w <= FIRST[j + 1] - FIRST[j]; w++) {
                size_t try[3] = {b.width[0], b.width[1], b.width[2]};
                try[j] = w;
                assert_true(rl_lagsel_score(&q, G, try, room) >= b.score - 1e-9);
            }
        assert_true(memcmp(b.width, b.second, 3 * sizeof *b.width) != 0);
    }
}

/* A column that is the sum of two others cannot be in an order with them. */
static void dependent(void **s)
{
    (void)s;
    static const size_t FIRST[] = {0, 2, 4};
    rl_mat Z = columns(31, 4, 5);
    for (size_t i = 0; i < 31; i++) *rl_mat_at(&Z, i, 3) = *rl_mat_at(&Z, i, 0) - 2 * *rl_mat_at(&Z, i, 2);
    double *G = gram_of(&Z);
    rl_lagsel q = {.n = 31, .k = 2, .first = FIRST, .penalty = 0, .most = RL_LAGSEL_MOST};
    double *room = RL_NEW(cx.keep, double, rl_lagsel_room(&q));
    rl_lagsel_best b;
    rl_lagsel_search(&q, G, room, &b);
    assert_true(b.width[0] == 2 && b.width[1] == 1 && b.compared == 2);
    size_t full[2] = {2, 2};
    assert_true(isinf(rl_lagsel_score(&q, G, full, room)));
}

int main(void)
{
    const struct CMUnitTest t[] = {
        TEST(never_beaten),
        TEST(in_turns),
        TEST(dependent),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
