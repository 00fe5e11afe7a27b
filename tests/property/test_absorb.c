/* Truths about swept-out effects that need no stored answer. */
#include <string.h>

#include "base/rng.h"
#include "check.h"
#include "num/absorb.h"
#include "num/ols.h"

enum { MOST = 4 };

/* A made-up panel: n rows, effects with the given levels, y and two regressors
 * that follow the effects; about `gap` of the cells missing by design. */
typedef struct world {
    size_t n;
    rl_fe fe;
    size_t levels[MOST];
    const int32_t *code[MOST];
    int32_t *own[MOST];
    double *w;
    rl_mat V; /* n-by-3: y, x1, x2 */
} world;

static double effect(int f, int32_t level)
{
    return rl_normal_of(rl_uniform_of(rl_draw(71, (uint64_t)f, (uint64_t)level)));
}

static world make(size_t n, size_t n_fe, const size_t *levels, bool weighted, rl_ctx *cx)
{
    world s = {.n = n, .w = weighted ? RL_NEW(cx->keep, double, n) : NULL, .V = rl_mat_new(n, 3, cx->keep)};
    rl_rng r = rl_rng_for(2385, n);
    s.fe.n_fe = n_fe;
    for (size_t f = 0; f < n_fe; f++) {
        s.levels[f] = levels[f];
        s.code[f] = s.own[f] = RL_NEW(cx->keep, int32_t, n);
        for (size_t i = 0; i < n; i++) {
            s.own[f][i] = (int32_t)(i < levels[f] ? i : (size_t)(rl_uniform(&r) * (double)levels[f]));
        }
    }
    for (size_t i = 0; i < n; i++) {
        double a = 0.0;
        for (size_t f = 0; f < n_fe; f++) a += 3.17 * effect((int)f, s.own[f][i]);
        double x1 = 0.4 * a + rl_normal(&r), x2 = 12.5 + rl_normal(&r) - 0.3 * x1;
        *rl_mat_at(&s.V, i, 0) = 2.385 * x1 - 0.71 * x2 + a + 0.8 * rl_normal(&r);
        *rl_mat_at(&s.V, i, 1) = x1;
        *rl_mat_at(&s.V, i, 2) = x2;
        if (weighted) s.w[i] = 0.2 + rl_exponential(&r);
    }
    return s;
}

static rl_fe effects_of(world *s)
{
    s->fe.levels = s->levels;
    s->fe.code = s->code;
    return s->fe;
}

static rl_mat copy(const rl_mat *V, rl_ctx *cx)
{
    rl_mat C = rl_mat_new(V->n, V->k, cx->keep);
    for (size_t j = 0; j < V->k; j++) memcpy(rl_mat_col(&C, j), rl_mat_col(V, j), V->n * sizeof(double));
    return C;
}

/* Regress on x1, x2 and every dummy of every effect. */
static rl_ols_fit with_dummies(world *s, rl_ctx *cx)
{
    size_t k = 2, at = 2;
    for (size_t f = 0; f < s->fe.n_fe; f++) k += s->levels[f];
    rl_mat X = rl_mat_new(s->n, k, cx->keep);
    for (size_t f = 0; f < s->fe.n_fe; f++) {
        for (size_t i = 0; i < s->n; i++) *rl_mat_at(&X, i, at + (size_t)s->own[f][i]) = 1.0;
        at += s->levels[f];
    }
    for (size_t j = 0; j < 2; j++) memcpy(rl_mat_col(&X, j), rl_mat_col(&s->V, j + 1), s->n * sizeof(double));
    rl_ols_fit f;
    CHECK_OK(rl_ols(&X, rl_mat_col(&s->V, 0), s->w, NULL, &f, cx->keep, cx), cx);
    return f;
}

static rl_ols_fit within(world *s, rl_mat *V, rl_absorbed *info, rl_ctx *cx)
{
    rl_fe fe = effects_of(s);
    CHECK_OK(rl_absorb(&fe, s->w, V, NULL, info, cx), cx);
    rl_mat X = {rl_mat_col(V, 1), s->n, 2, V->ld};
    rl_ols_fit f;
    CHECK_OK(rl_ols(&X, rl_mat_col(V, 0), s->w, NULL, &f, cx->keep, cx), cx);
    return f;
}

static void compare(size_t n, size_t n_fe, const size_t *levels, bool weighted)
{
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    world s = make(n, n_fe, levels, weighted, &cx);
    rl_mat V = copy(&s.V, &cx);
    rl_ols_fit a = within(&s, &V, &info, &cx), d = with_dummies(&s, &cx);
    size_t all = 0;
    for (size_t f = 0; f < n_fe; f++) all += levels[f];
    for (size_t j = 0; j < 2; j++) {
        CHECK_DIGITS(a.b[j], d.b[j], 12.5);
        CHECK_DIGITS(*rl_mat_at(&a.A, j, j), *rl_mat_at(&d.A, j, j), 12.5);
    }
    for (size_t i = 0; i < n; i++) CHECK_NEAR(a.e[i], d.e[i], 1e-13);
    CHECK_DIGITS(a.rss, d.rss, 13);
    assert_int_equal(info.redundant, all + 2 - d.rank);
    rl_ctx_free(&cx);
}

static void swept_out_is_dummies(void **state)
{
    (void)state;
    compare(210, 1, (size_t[]){37}, false);
    compare(210, 1, (size_t[]){37}, true);
    compare(310, 2, (size_t[]){41, 13}, false);
    compare(310, 2, (size_t[]){13, 41}, true);
    compare(120, 2, (size_t[]){71, 60}, false); /* many components */
    compare(120, 2, (size_t[]){60, 71}, true);
    compare(410, 3, (size_t[]){43, 11, 7}, false);
    compare(410, 3, (size_t[]){11, 43, 17}, true);
    compare(410, 4, (size_t[]){11, 43, 17, 5}, true);
}

static void levels_of_a_level_are_redundant(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    world s = make(400, 3, (size_t[]){31, 12, 5}, false, &cx);
    for (size_t i = 0; i < s.n; i++) s.own[2][i] = s.own[0][i] % 5; /* a function of the first */
    rl_mat V = copy(&s.V, &cx);
    rl_ols_fit a = within(&s, &V, &info, &cx), d = with_dummies(&s, &cx);
    CHECK_DIGITS(a.b[0], d.b[0], 12.5);
    assert_int_equal(info.redundant, 6);
    assert_int_equal(info.redundant, 31 + 12 + 5 + 2 - d.rank);
    rl_ctx_free(&cx);
}

static void the_same_bits_for_any_threads(void **state)
{
    (void)state;
    rl_mat one = {0};
    rl_ctx keep;
    check_ctx(&keep);
    for (int threads = 1; threads <= 8; threads = threads < 3 ? threads + 1 : threads + 5) {
        rl_ctx cx;
        rl_absorbed info;
        rl_ctx_init(&cx, threads, 1, check_nomem, NULL);
        world s = make(60000, 2, (size_t[]){3100, 47}, true, &keep);
        rl_fe fe = effects_of(&s);
        CHECK_OK(rl_absorb(&fe, s.w, &s.V, NULL, &info, &cx), &cx);
        if (threads == 1) one = s.V;
        assert_memory_equal(one.a, s.V.a, 3 * s.n * sizeof(double));
        rl_ctx_free(&cx);
    }
    rl_ctx_free(&keep);
}

static void order_of_rows_does_not_matter(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    size_t levels[2] = {90, 23};
    world s = make(900, 2, levels, true, &cx), t = make(900, 2, levels, true, &cx);
    for (size_t i = 0; i < s.n; i++) {
        size_t from = i * 677 % s.n; /* a permutation */
        for (size_t f = 0; f < 2; f++) t.own[f][i] = s.own[f][from];
        for (size_t j = 0; j < 3; j++) *rl_mat_at(&t.V, i, j) = *rl_mat_at(&s.V, from, j);
        t.w[i] = s.w[from];
    }
    rl_ols_fit a = within(&s, &s.V, &info, &cx), b = within(&t, &t.V, &info, &cx);
    for (size_t j = 0; j < 2; j++) {
        CHECK_DIGITS(a.b[j], b.b[j], 14);
        CHECK_DIGITS(*rl_mat_at(&a.A, j, j), *rl_mat_at(&b.A, j, j), 14);
    }
    rl_ctx_free(&cx);
}

/* A long thin chain: every unit is seen in two neighbouring periods only, so
 * that S is as badly conditioned as a graph can make it. */
static void a_chain_leaves_no_means(void **state)
{
    (void)state;
    for (size_t T = 1500; T <= 2100; T += 600) { /* Cholesky, then iteration */
        rl_ctx cx;
        rl_absorbed info;
        check_ctx(&cx);
        size_t n = 6 * T, U = 3 * T;
        world s = make(n, 2, (size_t[]){U, T}, false, &cx);
        for (size_t i = 0; i < n; i++) {
            s.own[0][i] = (int32_t)(i / 2);
            s.own[1][i] = (int32_t)((i / 6 + i % 2) % T);
        }
        rl_fe fe = effects_of(&s);
        CHECK_OK(rl_absorb(&fe, NULL, &s.V, NULL, &info, &cx), &cx);
        assert_true((info.iterations > 0) == (T > 2000));
        double *sum = RL_NEW(cx.keep, double, T + U);
        for (size_t i = 0; i < n; i++) {
            sum[s.own[1][i]] += *rl_mat_at(&s.V, i, 1);
            sum[T + (size_t)s.own[0][i]] += *rl_mat_at(&s.V, i, 1);
        }
        for (size_t t = 0; t < T + U; t++) CHECK_NEAR(sum[t], 0.0, 1e-12);
        rl_ctx_free(&cx);
    }
}

/* A regressor that the effects determine is swept to rounding error and
 * falls by the norm it had before; a repeated sweep changes nothing. */
static void what_the_effects_determine_falls(void **state)
{
    (void)state;
    const size_t levels[2][2] = {{300, 40}, {2600, 2300}}; /* Cholesky, iteration */
    for (int big = 0; big < 2; big++) {
        rl_ctx cx;
        rl_absorbed info;
        check_ctx(&cx);
        world s = make(big ? 20000 : 2000, 2, levels[big], true, &cx);
        rl_mat X = rl_mat_new(s.n, 3, cx.keep);
        double norm0[3];
        for (size_t i = 0; i < s.n; i++) {
            double a = effect(0, s.own[0][i]), b = effect(1, s.own[1][i]);
            const double row[3] = {17.3 + 0.1 * a, *rl_mat_at(&s.V, i, 1), 0.7 * a - 1e3 * b};
            for (size_t j = 0; j < 3; j++) *rl_mat_at(&X, i, j) = row[j];
        }
        for (size_t j = 0; j < 3; j++) norm0[j] = rl_dot(s.w, rl_mat_col(&X, j), rl_mat_col(&X, j), s.n, &cx);
        rl_fe fe = effects_of(&s);
        CHECK_OK(rl_absorb(&fe, s.w, &X, NULL, &info, &cx), &cx);
        assert_true((info.iterations > 0) == big);
        rl_ols_fit f;
        CHECK_OK(rl_ols(&X, rl_mat_col(&s.V, 0), s.w, norm0, &f, cx.keep, &cx), &cx);
        assert_true(f.dropped[0] && !f.dropped[1] && f.dropped[2]);
        for (size_t j = 0; j < 3; j += 2) assert_true(f.norm2[j] < 1e-24 * norm0[j]);
        rl_mat Y = copy(&X, &cx);
        CHECK_OK(rl_absorb(&fe, s.w, &Y, NULL, &info, &cx), &cx);
        for (size_t i = 0; i < s.n; i++) CHECK_NEAR(*rl_mat_at(&Y, i, 1), *rl_mat_at(&X, i, 1), 1e-13);
        rl_ctx_free(&cx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swept_out_is_dummies),          cmocka_unit_test(levels_of_a_level_are_redundant),
        cmocka_unit_test(the_same_bits_for_any_threads), cmocka_unit_test(order_of_rows_does_not_matter),
        cmocka_unit_test(a_chain_leaves_no_means),       cmocka_unit_test(what_the_effects_determine_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
