#include "check.h"

#include <string.h>

#include "base/rng.h"
#include "num/feplan.h"

static void absorb(size_t n_fe, const int32_t **code, size_t *levels, const double *w, rl_mat *V, rl_mat *alpha,
                   rl_absorbed *info, rl_ctx *cx)
{
    rl_fe fe = {n_fe, levels, code};
    CHECK_OK(rl_absorb(&fe, w, V, alpha, info, cx), cx);
}

static void one_effect_is_group_means(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    const int32_t g[5] = {1, 0, 1, 2, 0}, *code[1] = {g};
    double v[5] = {2.0, 7.5, 5.0, 71.0, 0.5}, w[5] = {3.0, 1.0, 1.0, 0.7, 3.0};
    rl_mat V = {v, 5, 1, 5}, alpha = rl_mat_new(3, 1, cx.keep);
    absorb(1, code, (size_t[]){3}, w, &V, &alpha, &info, &cx);
    const double mean[3] = {2.25, 2.75, 71.0}, left[5] = {-0.75, 5.25, 2.25, 0.0, -1.75};
    for (int i = 0; i < 3; i++) CHECK_DIGITS(alpha.a[i], mean[i], 15);
    for (int i = 0; i < 5; i++) CHECK_NEAR(v[i], left[i], 1e-15);
    assert_true(info.redundant == 0 && info.iterations == 0);
    rl_ctx_free(&cx);
}

static void no_effect_changes_nothing(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    double v[2] = {2.385, -0.71};
    rl_mat V = {v, 2, 1, 2};
    absorb(0, NULL, NULL, NULL, &V, NULL, &info, &cx);
    assert_true(v[0] == 2.385 && v[1] == -0.71 && info.redundant == 0);
    rl_ctx_free(&cx);
}

/* v = a_g + b_t without noise: nothing is left, and a and b come back. */
static void coefficients_come_back(void **state)
{
    (void)state;
    enum { N = 400, U = 40, T = 9 };
    for (int swap = 0; swap < 2; swap++) {
        rl_ctx cx;
        rl_absorbed info;
        check_ctx(&cx);
        int32_t u[N], t[N];
        double v[N];
        rl_rng r = rl_rng_for(5, 6);
        for (int i = 0; i < N; i++) {
            /* Two components: even levels meet even ones. */
            u[i] = i < U ? i : (int32_t)(rl_uniform(&r) * U);
            t[i] = u[i] % 2 ? 1 + 2 * (i % 4) : 2 * (i % 5);
            v[i] = 17.3 * u[i] - 2.385 * t[i] * t[i];
        }
        const int32_t *code[2] = {swap ? t : u, swap ? u : t};
        size_t levels[2] = {swap ? T : U, swap ? U : T};
        rl_mat V = {v, N, 1, N}, alpha[2] = {rl_mat_new(levels[0], 1, cx.keep), rl_mat_new(levels[1], 1, cx.keep)};
        absorb(2, code, levels, NULL, &V, alpha, &info, &cx);
        assert_int_equal(info.redundant, 2);
        assert_true(alpha[1].a[0] == 0.0 && alpha[1].a[1] == 0.0);
        for (int i = 0; i < N; i++) {
            double back = alpha[0].a[code[0][i]] + alpha[1].a[code[1][i]];
            CHECK_NEAR(v[i], 0.0, 1e-12);
            CHECK_NEAR(back, 17.3 * u[i] - 2.385 * t[i] * t[i], 1e-10);
        }
        rl_ctx_free(&cx);
    }
}

/* Large second and third effects: the iteration, its coefficients, its count. */
static void iteration_agrees_with_elimination(void **state)
{
    (void)state;
    enum { N = 30000, U = 4000, T = 1100, S = 17 };
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    int32_t *u = RL_NEW(cx.keep, int32_t, N), *t = RL_NEW(cx.keep, int32_t, N), *s = RL_NEW(cx.keep, int32_t, N),
            *t2 = RL_NEW(cx.keep, int32_t, N);
    rl_mat V = rl_mat_new(N, 2, cx.keep), W = rl_mat_new(N, 2, cx.keep);
    rl_rng r = rl_rng_for(5, 7);
    for (int i = 0; i < N; i++) {
        u[i] = i < U ? i : (int32_t)(rl_uniform(&r) * U);
        t[i] = i < T ? i : (int32_t)(rl_uniform(&r) * T);
        s[i] = i % S;
        t2[i] = t[i];
        for (size_t j = 0; j < 2; j++) *rl_mat_at(&V, (size_t)i, j) = rl_normal(&r) + 0.01 * u[i] - 0.03 * t[i];
    }
    memcpy(W.a, V.a, 2 * N * sizeof(double));
    const int32_t *three[3] = {u, t, s}, *four[4] = {u, t, s, t2};
    absorb(3, three, (size_t[]){U, T, S}, NULL, &V, NULL, &info, &cx);
    assert_true(info.iterations == 0 && info.redundant == 2);
    /* The same space, its second effect said twice: too large for elimination. */
    rl_mat alpha[4] = {rl_mat_new(U, 2, cx.keep), rl_mat_new(T, 2, cx.keep), rl_mat_new(S, 2, cx.keep),
                       rl_mat_new(T, 2, cx.keep)};
    absorb(4, four, (size_t[]){U, T, S, T}, NULL, &W, alpha, &info, &cx);
    assert_true(info.iterations > 3 && info.redundant == 3);
    for (size_t i = 0; i < N; i++) {
        CHECK_NEAR(*rl_mat_at(&W, i, 1), *rl_mat_at(&V, i, 1), 1e-12);
    }
    assert_true(alpha[1].a[0] == 0.0 && alpha[2].a[0] == 0.0 && alpha[3].a[0] == 0.0);
    rl_ctx_free(&cx);
}

/* Units seen in a window of periods whose numbers say nothing about their order: the plan finds the order, and
 * the effects that come back are those of the numbers given.  Two windows that never meet are two components;
 * `gap` leaves some units with a hole, which is no run. */
static void windows_are_runs(void **state)
{
    (void)state;
    enum { U = 300, T = 40, MOST = U * 12 };
    for (int gap = 0; gap < 2; gap++) {
        rl_ctx cx;
        rl_absorbed info;
        rl_feplan plan;
        check_ctx(&cx);
        int32_t *u = RL_NEW(cx.keep, int32_t, MOST), *t = RL_NEW(cx.keep, int32_t, MOST);
        double *v = RL_NEW(cx.keep, double, MOST), *was = RL_NEW(cx.keep, double, MOST);
        size_t n = 0, holes = 0;
        rl_rng r = rl_rng_for(8, (uint64_t)gap);
        for (int32_t g = 0; g < U; g++) {
            int half = g % 2, first = half * T / 2 + (int)(rl_uniform(&r) * (T / 2 - 11));
            if (g < 2) first = half * T / 2;
            if (g / 2 == 1) first = half * T / 2 + T / 2 - 12;
            for (int k = 0; k < 12; k++) {
                if (gap && g % 7 == 3 && k == 5) continue;
                u[n] = g;
                t[n] = (int32_t)((first + k) * 17 % T); /* 17 and 40 have no divisor in common */
                v[n] = was[n] = 3.1 * g - 0.7 * t[n] * t[n];
                n++;
            }
            holes += gap && g % 7 == 3;
        }
        const int32_t *code[2] = {u, t};
        size_t levels[2] = {U, T}, runs = 0;
        const rl_fe fe = {2, levels, code};
        rl_feplan_make(&plan, &fe, n, NULL, &cx);
        assert_non_null(plan.perm);
        for (size_t g = 0; g < U; g++) runs += plan.run[g] >= 0;
        assert_int_equal(runs, U - holes);
        assert_int_equal(plan.t != NULL, gap); /* with runs alone nobody asks */
        for (size_t i = 0; i < n; i++) {
            int32_t run = plan.run[u[i]];
            if (plan.t != NULL) assert_int_equal(plan.t[i], plan.perm[t[i]]);
            if (run >= 0) assert_int_equal(run + (int32_t)(i - plan.start[u[i]]), plan.perm[t[i]]);
        }
        rl_mat V = {v, n, 1, n}, alpha[2] = {rl_mat_new(U, 1, cx.keep), rl_mat_new(T, 1, cx.keep)};
        absorb(2, code, levels, NULL, &V, alpha, &info, &cx);
        assert_int_equal(info.redundant, 2);
        for (size_t i = 0; i < n; i++) {
            CHECK_NEAR(v[i], 0, 1e-10);
            CHECK_NEAR(alpha[0].a[u[i]] + alpha[1].a[t[i]], was[i], 1e-9);
        }
        rl_ctx_free(&cx);
    }
}

/* Every way through: one effect, two (in order and not, with weights), three. */
static void from_one_place_to_another(void **state)
{
    (void)state;
    enum { N = 1200, U = 100, T = 12, K = 2 };
    static int32_t u[N], t[N], s[N];
    static double w[N], was[K][N], from[K][N], here[K][N], there[K][N];
    for (int way = 0; way < 5; way++) {
        rl_ctx cx;
        rl_absorbed info;
        double one[K], other[K];
        check_ctx(&cx);
        for (size_t i = 0; i < N; i++) {
            size_t place = way == 2 ? i * 7 % N : i;
            u[i] = (int32_t)(place / T);
            t[i] = (int32_t)(place % T);
            s[i] = (int32_t)(place / 5 % 17);
            w[i] = 1.0 + 0.385 * (double)(place % 3);
            for (size_t j = 0; j < K; j++)
                was[j][i] = from[j][i] = here[j][i] = 2.385 * sin(0.417 * (double)((j + 1) * i)) + (double)place / 93;
        }
        const int32_t *code[3] = {u, t, s};
        size_t levels[3] = {U, T, 17};
        rl_fe fe = {way == 0 ? 1 : way == 4 ? 3 : 2, levels, code};
        const double *weight = way == 3 ? w : NULL, *source[K] = {from[0], from[1]}, *same[K] = {here[0], here[1]};
        double *to[K] = {there[0], there[1]}, *own[K] = {here[0], here[1]};
        CHECK_OK(rl_absorb_columns(&fe, weight, source, to, N, K, NULL, one, &info, &cx), &cx);
        CHECK_OK(rl_absorb_columns(&fe, weight, same, own, N, K, NULL, other, &info, &cx), &cx);
        assert_memory_equal(from, was, sizeof was);
        assert_memory_equal(there, here, sizeof here);
        assert_memory_equal(one, other, sizeof one);
        rl_ctx_free(&cx);
    }
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    const int32_t a[4] = {0, 0, 1, 1}, b[4] = {0, 1, 0, 1}, *code[2] = {a, b};
    for (int bad = 0; bad < 2; bad++) {
        rl_ctx cx;
        rl_absorbed info;
        check_ctx(&cx);
        double v[4] = {1.7, bad ? NAN : HUGE_VAL, 2.385, 0.0};
        rl_mat V = {v, 4, 1, 4};
        rl_fe fe = {2, (size_t[]){2, 2}, code};
        assert_int_equal(rl_absorb(&fe, NULL, &V, NULL, &info, &cx), RL_ENUM);
        assert_true(cx.err.what[0] != '\0');
        rl_ctx_free(&cx);
    }
}

static void components_are_counted(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    const int32_t a[6] = {0, 1, 2, 2, 3, 4}, b[6] = {3, 0, 3, 1, 2, 0};
    int32_t pa[5], pb[4];
    assert_int_equal(rl_components(a, 5, b, 4, 6, pa, pb, &cx), 3);
    const int32_t want_a[5] = {0, 1, 0, 2, 1}, want_b[4] = {1, 0, 2, 0};
    assert_memory_equal(pa, want_a, sizeof pa);
    assert_memory_equal(pb, want_b, sizeof pb);
    rl_ctx_free(&cx);
}

/* A chain that unravels from one end: every removal makes the next single. */
static void singletons_unravel(void **state)
{
    (void)state;
    enum { N = 2001 };
    rl_ctx cx;
    check_ctx(&cx);
    int32_t a[N + 4], b[N + 4];
    unsigned char keep[N + 4];
    for (int i = 0; i < N; i++) {
        a[i] = (i + 1) / 2;
        b[i] = i / 2;
    }
    int32_t la = (N + 1) / 2, lb = N / 2 + 1;
    for (int i = 0; i < 4; i++) { /* a square holds together */
        a[N + i] = la + i / 2;
        b[N + i] = lb + i % 2;
    }
    a[0] = 0;
    const int32_t *code[2] = {a, b};
    rl_fe fe = {2, (size_t[]){(size_t)la + 2, (size_t)lb + 2}, code};
    assert_int_equal(rl_singletons(&fe, N + 4, keep, &cx), N);
    for (int i = 0; i < N + 4; i++) assert_int_equal(keep[i], i >= N);
    assert_true(rl_any_singleton(&fe, N + 4, &cx));
    const int32_t *square[2] = {a + N, b + N};
    for (int i = 0; i < 4; i++) {
        a[N + i] = i / 2;
        b[N + i] = i % 2;
    }
    assert_false(rl_any_singleton(&(rl_fe){2, (size_t[]){2, 2}, square}, 4, &cx));
    rl_fe none = {0, NULL, NULL};
    assert_int_equal(rl_singletons(&none, N, keep, &cx), 0);
    rl_ctx_free(&cx);
}

static void nesting(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    const int32_t city[6] = {0, 1, 2, 0, 1, 2}, state_of[6] = {7, 7, 3, 7, 7, 3};
    assert_true(rl_nested(city, 3, state_of, 6, &cx));
    assert_false(rl_nested(state_of, 8, city, 6, &cx));
    assert_true(rl_nested(city, 3, city, 6, &cx));
    rl_ctx_free(&cx);
}

/* A view less its effects has the bits of the column swept where it stands. */
static void views_are_swept_columns(void **state)
{
    (void)state;
    enum { N = 3000, K = 4, U = 70, T = 43, BACK = 5 };
    /* rows in order, rows in disorder, weights; one, two and three effects */
    for (int c = 0; c < 3 * 3; c++) {
        rl_ctx cx;
        rl_absorbed in, of;
        check_ctx(&cx);
        cx.threads = 1 + c % 3;
        int32_t u[N], t[N], g[N];
        uint32_t row[N];
        double base[N + BACK], w[N], norm[K + 1], norm_of[K + 1], room[300];
        rl_rng r = rl_rng_for(417, (uint64_t)c);
        for (int i = 0; i < N + BACK; i++) base[i] = 3 + rl_normal(&r);
        for (int i = 0; i < N; i++) {
            u[i] = i / (N / U + 1);
            t[i] = (i % (N / U + 1)) % T;
            g[i] = (int32_t)(7 * rl_uniform(&r));
            row[i] = (uint32_t)(i % 97 == 3 ? i - 1 : i) + BACK;
            w[i] = 0.2 + rl_uniform(&r);
        }
        for (int i = N - 1; i > 0 && c % 3 == 1; i--) {
            int j = (int)(rl_uniform(&r) * (i + 1));
            int32_t a = u[i], b = t[i];
            u[i] = u[j], t[i] = t[j], u[j] = a, t[j] = b;
        }
        const int32_t *code[3] = {u, t, g};
        size_t levels[3] = {U, T, 7};
        rl_fe fe = {(size_t)c / 3 + 1, levels, code};
        assert_true(rl_absorb_views(&fe, N) && !rl_absorb_views(&fe, T));
        rl_cols X = rl_cols_new(N, K, 0, cx.keep);
        double *whole[K + 1], *own[K + 1] = {NULL};
        for (size_t j = 0; j <= K; j++) {
            whole[j] = RL_NEW(cx.keep, double, N);
            bool view = j < K && j != 2;
            for (int i = 0; i < N; i++) whole[j][i] = view ? base[row[i] - j] : rl_normal(&r);
            if (view)
                rl_cols_add_view(&X, j, (rl_shifted){.v = base, .row = row, .back = (ptrdiff_t)j});
            else
                own[j] = RL_NEW(cx.keep, double, N), memcpy(own[j], whole[j], N * sizeof(double));
            if (j == 2) rl_cols_add(&X, j, own[j], NULL);
        }
        const double *weights = c % 3 == 2 ? w : NULL;
        CHECK_OK(rl_absorb_columns(&fe, weights, (const double *const *)whole, whole, N, K + 1, NULL, norm, &in, &cx),
                 &cx);
        CHECK_OK(rl_absorb_cols(&fe, weights, &X, (const double *const *)own, own, K + 1, NULL, norm_of, &of, &cx),
                 &cx);
        assert_int_equal(in.redundant, of.redundant);
        assert_memory_equal(norm, norm_of, sizeof norm);
        for (size_t j = 0; j < K; j++)
            for (size_t from = 0; from < N; from += 300)
                assert_memory_equal(rl_cols_part(&X, j, from, 300, room), whole[j] + from, sizeof room);
        assert_memory_equal(own[K], whole[K], N * sizeof(double));
        rl_ctx_free(&cx);
    }
}

/* Two doubles a number: what distances within a level were, they still are, to 32 digits; a level's mean is gone. */
static void low_parts_are_swept_too(void **state)
{
    (void)state;
    enum { N = 60, G = 7 };
    rl_ctx cx;
    rl_absorbed info;
    check_ctx(&cx);
    int32_t g[N];
    size_t levels = G;
    const int32_t *code[1] = {g};
    rl_mat V = rl_mat_new(N, 2, cx.keep);
    double was[N], was_low[N], *low[2] = {RL_NEW(cx.keep, double, N), NULL}, mean[G] = {0};
    for (int i = 0; i < N; i++) {
        g[i] = i * i % G % 3 + (i % 2 ? 3 : 0); /* 0 .. 5 */
        g[i] = i == 0 || i == 30 ? 6 : g[i];
        was[i] = V.a[i] = 1e6 + 2.385 * i;
        was_low[i] = low[0][i] = ldexp(0.71 + i, -40);
        V.a[N + i] = 0.1 * i;
    }
    int32_t seen[G], kinds = 0; /* levels close up */
    memset(seen, 0xff, sizeof seen);
    for (int i = 0; i < N; i++) {
        if (seen[g[i]] < 0) seen[g[i]] = kinds++;
        g[i] = seen[g[i]];
    }
    levels = (size_t)kinds;
    rl_fe fe = {1, &levels, code};
    CHECK_OK(rl_absorb_low(&fe, NULL, &V, low, NULL, &info, &cx), &cx);
    assert_non_null(low[1]);
    for (int i = 0; i < N; i++) {
        mean[g[i]] += V.a[i];
        for (int j = 0; j < i; j++) {
            if (g[i] != g[j]) continue;
            rl_dd a = rl_dd_add((rl_dd){was[i], was_low[i]}, (rl_dd){-was[j], -was_low[j]});
            rl_dd b = rl_dd_add((rl_dd){V.a[i], low[0][i]}, (rl_dd){-V.a[j], -low[0][j]});
            CHECK_NEAR(a.hi - b.hi + (a.lo - b.lo), 0, 1e-24); /* of 1e6 */
        }
    }
    for (size_t l = 0; l < levels; l++) CHECK_NEAR(mean[l], 0, 1e-8);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_effect_is_group_means),
        cmocka_unit_test(no_effect_changes_nothing),
        cmocka_unit_test(coefficients_come_back),
        cmocka_unit_test(iteration_agrees_with_elimination),
        cmocka_unit_test(windows_are_runs),
        cmocka_unit_test(from_one_place_to_another),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(components_are_counted),
        cmocka_unit_test(singletons_unravel),
        cmocka_unit_test(nesting),
        cmocka_unit_test(views_are_swept_columns),
        cmocka_unit_test(low_parts_are_swept_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
