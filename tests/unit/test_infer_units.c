#include "fit_fixture.h"
#include <stdlib.h>

#include "base/hash.h"
#include "base/rng.h"
#include "num/boot.h"
#include "num/dist.h"
#include "model/infer_units.h"
#include "own_ctx.h"

enum { N = 5000, M = 23, G = 700 };

/* Units of one in three kinds touch everything, the others three neighbours. */
static size_t touch(const void *self, size_t u, int32_t *at, double *value)
{
    (void)self;
    size_t n = u % 3 == 0 ? M : 3;
    for (size_t i = 0; i < n; i++) {
        at[i] = (int32_t)((u + i) % M);
        value[i] = rl_uniform_of(rl_draw(5, u, i)) - 0.5;
    }
    return n;
}

typedef struct world {
    rl_fit f;
    int32_t *code;
    rl_mat S; /* G-by-M by hand */
} world;

static world make(void)
{
    world w = {.f = {.m = M}, .code = RL_NEW(cx.keep, int32_t, N), .S = rl_mat_new(G, M, cx.keep)};
    uint32_t *row = RL_NEW(cx.keep, uint32_t, N);
    int32_t at[M];
    double v[M];
    for (size_t u = 0; u < N; u++) {
        row[u] = (uint32_t)(N - 1 - u); /* a unit's row is not its number */
        w.code[row[u]] = (int32_t)(u * 7919 % G);
    }
    rl_units units = {.N = N, .row = row, .most = M, .of = touch};
    rl_psi_units(&w.f, &units, N, &cx);
    for (size_t u = 0; u < N; u++) {
        size_t n = touch(NULL, u, at, v);
        for (size_t i = 0; i < n; i++) *rl_mat_at(&w.S, (size_t)w.code[row[u]], (size_t)at[i]) += v[i];
    }
    return w;
}

/* The walk's cross-product is that of the array that it never makes. */
static void cross(void **state)
{
    (void)state;
    world w = make();
    rl_walk walk;
    rl_mat V = rl_mat_new(M, M, cx.keep), one = rl_mat_new(M, M, cx.keep);
    CHECK_OK(rl_walk_make(w.f.psi, w.code, G, &walk, &cx), &cx);
    rl_walk_cross(&walk, &V, &cx);
    for (size_t a = 0; a < M; a++)
        for (size_t b = 0; b < M; b++) {
            long double s = 0;
            for (size_t g = 0; g < G; g++) s += (long double)*rl_mat_at(&w.S, g, a) * *rl_mat_at(&w.S, g, b);
            CHECK_NEAR(*rl_mat_at(&V, a, b), (double)s, 1e-10);
        }
    cx.threads = 1;
    rl_walk_cross(&walk, &one, &cx);
    cx.threads = 2;
    assert_memory_equal(V.a, one.a, M * M * sizeof(double));
}

static void sums(void **state)
{
    (void)state;
    world w = make();
    rl_mat S = rl_mat_new(G, M, cx.keep);
    CHECK_OK(w.f.psi->sum_by(w.f.psi, w.code, G, &S, &cx), &cx);
    for (size_t i = 0; i < G * M; i++) CHECK_NEAR(S.a[i], w.S.a[i], 1e-14);
}

static void filled(void **state)
{
    (void)state;
    world w = make();
    rl_walk walk;
    rl_mat S = rl_mat_new(G, M, cx.keep), V = rl_mat_new(M, M, cx.keep), again = rl_mat_new(M, M, cx.keep);
    CHECK_OK(rl_walk_make(w.f.psi, w.code, G, &walk, &cx), &cx);
    rl_walk_cross(&walk, &V, &cx);
    rl_walk_fill(&walk, &S, &cx);
    assert_null(walk.units);
    for (size_t i = 0; i < G * M; i++) CHECK_NEAR(S.a[i], w.S.a[i], 1e-14);
    rl_walk_cross(&walk, &again, &cx);
    for (size_t i = 0; i < M * M; i++) CHECK_NEAR(again.a[i], V.a[i], 1e-11);
}

/* A cluster of one unit, without codes: as many clusters as units. */
static void each_alone(void **state)
{
    (void)state;
    world w = make();
    rl_walk walk;
    rl_mat V = rl_mat_new(M, M, cx.keep);
    CHECK_OK(rl_walk_make(w.f.psi, NULL, 0, &walk, &cx), &cx);
    assert_int_equal(walk.G, N);
    rl_walk_cross(&walk, &V, &cx);
    long double s = 0;
    int32_t at[M];
    double v[M];
    for (size_t u = 0; u < N; u++) {
        size_t n = touch(NULL, u, at, v);
        for (size_t i = 0; i < n; i++)
            if (at[i] == 4) s += (long double)v[i] * v[i];
    }
    CHECK_DIGITS(*rl_mat_at(&V, 4, 4), (double)s, 12);
}

/* --- the multiplier bootstrap ------------------------------------------------------ */

static rl_result boot(rl_boot_kind kind, size_t reps, int threads)
{
    static rl_result r;
    rl_table t = fit_panel(150, 8, 11, &cx);
    rl_request q = fit_program("event", "y ~ 1");
    q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
    q.has_window = true, q.window_lo = -3, q.window_hi = 3;
    q.bootstrap = reps > 0, q.reps = reps, q.multiplier = kind;
    cx.threads = threads;
    CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
    return r;
}

static void errors_agree(void **state)
{
    (void)state;
    rl_result exact = boot(RL_RADEMACHER, 0, 2);
    static const rl_boot_kind KIND[] = {RL_RADEMACHER, RL_WEBB, RL_MAMMEN};
    for (size_t k = 0; k < 3; k++) {
        rl_result r = boot(KIND[k], 20000, 2);
        for (size_t j = 0; j < r.m; j++) {
            if (!(exact.est[j].std_error > 0)) continue;
            /* the error of a quartile range of 20,000 draws is 0.8 % */
            CHECK_NEAR(r.est[j].std_error / exact.est[j].std_error, 1, 0.035);
            double half = (r.est[j].band_high - r.est[j].band_low) / 2;
            CHECK_DIGITS(half, r.crit * r.est[j].std_error, 12);
        }
        assert_true(r.crit > 1.96 && r.crit < 2.81); /* wider than one interval, not wider than Bonferroni's ten */
    }
}

static void same_bits(void **state)
{
    (void)state;
    rl_result one = boot(RL_RADEMACHER, 999, 1), two = boot(RL_RADEMACHER, 999, 2);
    for (size_t j = 0; j < one.m; j++)
        assert_memory_equal(&one.est[j].std_error, &two.est[j].std_error, sizeof(double));
    assert_memory_equal(&one.crit, &two.crit, sizeof(double));
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Errors are quartile ranges of sum_g v_g S_g, draw by draw; some cells are touched by all units, most by few. */
static void by_definition(void **state)
{
    (void)state;
    enum { DRAWS = 300 }; /* not a whole number of tiles */
    static const rl_boot_kind KIND[] = {RL_RADEMACHER, RL_WEBB, RL_MAMMEN};
    rl_table t = fit_panel(131, 8, 11, &cx);
    for (size_t i = 0; i < t.n; i++)
        if (i / 8 % 3 != 0) t.col[1].num[i] = (double)(3 + i / 8 % 5);
    for (int k = 0; k < 6; k++) {
        rl_request q = fit_program("cs", "y ~ 1");
        q.agg = k < 3 ? RL_AGG_GROUP_TIME : RL_AGG_DYNAMIC;
        q.bootstrap = true, q.reps = DRAWS, q.multiplier = KIND[k % 3];
        rl_result r;
        CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
        assert_true(r.psi_G != NULL);
        uint64_t *key = RL_NEW(cx.keep, uint64_t, r.G);
        for (size_t g = 0; g < r.G; g++) key[g] = rl_hash64(r.cluster_label[g], strlen(r.cluster_label[g]));
        rl_boot_plan plan = {.kind = KIND[k % 3], .G = r.G, .N = DRAWS, .seed = cx.seed, .unit = key};
        double *b = RL_NEW(cx.keep, double, r.m *DRAWS), v[RL_BOOT_TILE];
        for (size_t g = 0; g < r.G; g++)
            for (size_t d = 0; d < DRAWS; d++) {
                if (d % RL_BOOT_TILE == 0) rl_boot_tile(&plan, g, d / RL_BOOT_TILE, v);
                for (size_t j = 0; j < r.m; j++) b[j * DRAWS + d] += v[d % RL_BOOT_TILE] * r.psi_G[j * r.G + g];
            }
        for (size_t j = 0; j < r.m; j++) {
            qsort(b + j * DRAWS, DRAWS, sizeof *b, by_size);
            double range = b[j * DRAWS + 224] - b[j * DRAWS + 74], z = rl_t_quantile(0.75, 0) - rl_t_quantile(0.25, 0);
            CHECK_DIGITS(r.est[j].std_error, range / z, 11);
        }
    }
}

/* Intervals by t of few clusters are the narrowest a band can be; 2 clusters have no draws to speak of. */
static void bands_with_few_clusters(void **state)
{
    (void)state;
    enum { UNITS = 60, PERIODS = 8 };
    for (size_t clusters = 2; clusters < 8; clusters++) {
        rl_table panel = fit_panel(UNITS, PERIODS, 11, &cx);
        double *cluster = fit_num(&panel, "cluster", &cx);
        for (size_t i = 0; i < panel.n; i++) cluster[i] = (double)(i / PERIODS % clusters);
        rl_request q = fit_request("y ~ 1");
        rl_result r;
        q.estimator = rl_estimator_by_name("sunab");
        q.unit = "unit", q.time = "t", q.cohort = "g";
        q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"cluster"}, .lag = -1};
        q.agg = RL_AGG_DYNAMIC;
        q.bootstrap = true;
        rl_code code = rl_estimate_run(&q, &panel, &r, cx.keep, &cx);
        if (clusters == 2) {
            assert_int_equal(code, RL_EDATA);
            assert_non_null(strstr(cx.err.what, "2 clusters"));
            rl_forgive(&cx);
            continue;
        }
        CHECK_OK(code, &cx);
        for (size_t j = 0; j < r.m; j++) {
            const rl_estimate *e = &r.est[j];
            if (!isfinite(e->band_low)) continue;
            assert_true(e->band_low <= e->conf_low + 1e-12 && e->band_high >= e->conf_high - 1e-12);
        }
    }
}

/* Studies test several effects together as G clusters can: Hotelling's T squared. */
static void joint_with_few_clusters(void **state)
{
    (void)state;
    rl_test t[2];
    enum { CLUSTERS = 150, LEADS = 2 };
    for (int student = 0; student < 2; student++) {
        rl_table panel = fit_panel(CLUSTERS, 8, 11, &cx);
        rl_request q = fit_program("event", "y ~ 1");
        rl_result r;
        q.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
        q.has_window = true, q.window_lo = -3, q.window_hi = 3;
        q.student = student == 1;
        CHECK_OK(rl_estimate_run(&q, &panel, &r, cx.keep, &cx), &cx);
        assert_int_equal(r.n_tests, 1);
        t[student] = r.test[0];
    }
    CHECK_DIGITS(t[0].df2, CLUSTERS - 1, 15);
    CHECK_DIGITS(t[1].df2, CLUSTERS - LEADS, 15);
    CHECK_DIGITS(t[1].statistic, t[0].statistic * (CLUSTERS - LEADS) / (CLUSTERS - 1), 13);
    assert_true(t[1].p_value > t[0].p_value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cross),
        TEST(sums),
        TEST(filled),
        TEST(each_alone),
        TEST(errors_agree),
        TEST(by_definition),
        TEST(same_bits),
        TEST(bands_with_few_clusters),
        TEST(joint_with_few_clusters),
    };
    return cmocka_run_group_tests_name("infer_units", tests, NULL, NULL);
}
