#include "fit_fixture.h"
#include "model/hac.h"
#include "model/infer.h"
#include "own_ctx.h"

/* A series with persistent errors. */
static rl_table series(size_t n, uint64_t seed)
{
    rl_table t = fit_table(n);
    double *at = fit_num(&t, "t", &cx), *x = fit_num(&t, "x", &cx), *y = fit_num(&t, "y", &cx), e = 0, z = 0;
    rl_rng r = rl_rng_for(seed, 2);
    for (size_t i = 0; i < n; i++) {
        at[i] = (double)i + 3;
        e = 0.6 * e + rl_normal(&r);
        z = 0.5 * z + rl_normal(&r);
        x[i] = 1 + z;
        y[i] = 0.8 * x[i] + e;
    }
    return t;
}

static rl_result run(const rl_table *t, const char *formula, const char *vcov, const char *as)
{
    rl_request r = fit_request(formula);
    rl_result out;
    r.time = "t";
    r.profile = as;
    CHECK_OK(rl_vcov_parse(vcov, &r.vcov, cx.keep, &cx), &cx);
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static double kernel(double x)
{
    double z = 6 * acos(-1) * x / 5;
    return x == 0 ? 1 : 3 * (sin(z) / z - cos(z)) / (z * z);
}

/* One regressor, written out after Andrews (1991) and Andrews & Monahan (1992). */
static void quadratic_spectral(void **state)
{
    (void)state;
    enum { N = 61 };
    rl_table t = series(N, 5);
    const double *x = t.col[1].num, *y = t.col[2].num;
    for (int white = 0; white < 2; white++) {
        rl_result out = run(&t, "y ~ 0 + x", white ? "HAC:qs,prewhite=1" : "HAC:qs", NULL);
        double u[N], xx = 0, xy = 0, ar = 0, num = 0, den = 0, V = 0;
        for (int i = 0; i < N; i++) xx += x[i] * x[i], xy += x[i] * y[i];
        for (int i = 0; i < N; i++) u[i] = x[i] * (y[i] - xy / xx * x[i]);
        int n = N;
        if (white) {
            for (int i = 1; i < N; i++) num += u[i] * u[i - 1], den += u[i - 1] * u[i - 1];
            ar = num / den;
            for (int i = 1; i < N; i++) u[i - 1] = u[i] - ar * u[i - 1];
            n = N - 1;
        }
        double a = 0, b = 0, saa = 0, sab = 0;
        for (int i = 1; i < n; i++) a += u[i - 1] / (n - 1), b += u[i] / (n - 1);
        for (int i = 1; i < n; i++) saa += (u[i - 1] - a) * (u[i - 1] - a), sab += (u[i - 1] - a) * (u[i] - b);
        double rho = sab / saa, bw = 1.3221 * pow(n * 4 * rho * rho / pow(1 - rho, 4), 0.2);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) V += kernel(abs(i - j) / bw) * u[i] * u[j];
        V *= (double)N / (N - 1) / ((1 - ar) * (1 - ar)) / (xx * xx);
        CHECK_DIGITS(out.est[0].std_error, sqrt(V), 6); /* lags below 1e-7 do not count */
        CHECK_DIGITS(out.df, N - 1, 15);
        assert_int_equal(out.lag, -1);
    }
}

/* A period that is not there counts as a score of 0, unless lags go by rank. */
static void gaps(void **state)
{
    (void)state;
    double h[5] = {1.3, -0.7, 2.385, 0.9, -1.1}, full[7] = {1.3, -0.7, 0, 0, 2.385, 0.9, -1.1};
    int32_t at[5] = {4, 5, 8, 9, 10}, all[7] = {4, 5, 6, 7, 8, 9, 10};
    double w[6] = {1, 0.83, 0.61, 0.37, -0.05, 0.02}, v, whole, ranked, packed;
    rl_mat H = {h, 5, 1, 5}, F = {full, 7, 1, 7}, V = {&v, 1, 1, 1}, W = {&whole, 1, 1, 1}, R = {&ranked, 1, 1, 1},
           P = {&packed, 1, 1, 1};
    rl_hac_weighted(&H, at, NULL, w, 5, false, &V, &cx);
    rl_hac_weighted(&F, all, NULL, w, 5, false, &W, &cx);
    rl_hac_weighted(&H, at, NULL, w, 4, true, &R, &cx);
    rl_hac_weighted(&H, all, NULL, w, 4, false, &P, &cx);
    CHECK_DIGITS(v, whole, 15);
    CHECK_DIGITS(ranked, packed, 15);
    assert_true(fabs(v - ranked) > 0.1);
}

/* Units with gaps over several blocks of rows, against the definition; the same bits for any number of threads. */
static void many_rows(void **state)
{
    (void)state;
    enum { N = 40000, M = 3, L = 9 };
    rl_mat h = rl_mat_new(N, M, cx.keep);
    int32_t *at = RL_NEW(cx.keep, int32_t, N), *unit = RL_NEW(cx.keep, int32_t, N);
    double w[L + 1] = {1, 0.9, 0.8, 0.75, 0.6, -0.1, 0.43, 0.385, 0.2, 0.1}, first[M * M], v[M * M];
    rl_mat V = {v, M, M, M};
    rl_rng r = rl_rng_for(417, 9);
    for (size_t i = 0; i < N; i++) {
        unit[i] = (int32_t)(i < 30000 ? i / 6000 : 5 + (i - 30000) / 7); /* long units, then short ones */
        bool same = i > 0 && unit[i] == unit[i - 1];
        at[i] = same ? at[i - 1] + 1 + (rl_uniform(&r) < 0.01 ? 4 : 0) : 2000;
        for (size_t j = 0; j < M; j++) h.a[i + j * N] = rl_normal(&r) + 0.3 * (double)j;
    }
    for (int rank = 0; rank < 2; rank++) {
        long double want[M * M] = {0};
        for (size_t i = 0; i < N; i++)
            for (size_t j = i > L * 5 ? i - L * 5 : 0; j <= i; j++) {
                int l = rank ? (int)(i - j) : at[i] - at[j];
                if (unit[i] != unit[j] || l > L) continue;
                for (size_t a = 0; a < M; a++)
                    for (size_t b = 0; b < M; b++) {
                        long double s = (long double)h.a[i + a * N] * h.a[j + b * N];
                        if (i != j) s += (long double)h.a[j + a * N] * h.a[i + b * N];
                        want[a + b * M] += w[l] * s;
                    }
            }
        for (int threads = 1; threads < 4; threads++) {
            cx.threads = threads;
            rl_hac_weighted(&h, at, unit, w, L, rank == 1, &V, &cx);
            for (size_t q = 0; q < M * M; q++) CHECK_DIGITS(v[q], (double)want[q], 13);
            if (threads == 1) memcpy(first, v, sizeof v);
            assert_memory_equal(first, v, sizeof v);
        }
    }
}

static void rules_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int lag;
    } CASE[] = {{"NW:t4", 3}, {"NW:nw1", 3}, {"NW:nw2", 4}, {"DK:nw2", 4}, {"NW:7", 7}};
    rl_table t = series(144, 6);
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        rl_result out = run(&t, "y ~ x", CASE[i].word, NULL);
        assert_int_equal(out.lag, CASE[i].lag);
    }
    rl_result data = run(&t, "y ~ x", "NW:nw3", "sandwich"), own = run(&t, "y ~ x", "NW", NULL),
              andrews = run(&t, "y ~ x", "NW:andrews", NULL);
    assert_int_equal(data.lag, own.lag);
    assert_true(andrews.lag >= 1);
    bool said = false;
    for (size_t i = 0; i < andrews.n_notes; i++) said = said || strstr(andrews.note[i], "Andrews") != NULL;
    assert_true(said);
}

static void refused(const rl_table *t, const char *unit, const char *time, const char *vcov, const char *word)
{
    rl_ctx one;
    rl_result out;
    check_ctx(&one);
    rl_request r = fit_request("y ~ x");
    r.unit = unit;
    r.time = time;
    CHECK_OK(rl_vcov_parse(vcov, &r.vcov, one.keep, &one), &one);
    if (rl_estimate_run(&r, t, &out, one.keep, &one) == RL_OK) fail_msg("'%s' was taken", vcov);
    if (strstr(one.err.what, word) == NULL) fail_msg("'%s' is not in '%s'", word, one.err.what);
    rl_ctx_free(&one);
}

static void refusals(void **state)
{
    (void)state;
    rl_table panel = fit_panel(5, 6, 1, &cx), t = series(5, 1);
    refused(&panel, NULL, NULL, "HAC:qs", "time of a row");
    refused(&panel, "unit", "t", "HAC:qs", "for one series");
    refused(&panel, "unit", "t", "NW:andrews", "for one series");
    refused(&panel, NULL, "t", "HAC:qs", "two rows of time");
    t.n = 3;
    refused(&t, NULL, "t", "HAC:qs", "too few");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(quadratic_spectral), TEST(gaps), TEST(many_rows), TEST(rules_by_name), TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
