/* The regression on some rows against one with every dummy written out. */
#include <string.h>

#include "base/rng.h"
#include "num/baseline.h"
#include "num/ols.h"
#include "own_ctx.h"

enum { UNITS = 13, TIMES = 9, REGIONS = 3 };

typedef struct world {
    size_t n;
    double w[UNITS * TIMES], t[UNITS * TIMES], x[2][UNITS * TIMES], y[UNITS * TIMES];
    unsigned char fit[UNITS * TIMES];
    int32_t unit[UNITS * TIMES], time[UNITS * TIMES], region[UNITS * TIMES];
    const double *column[2];
} world;

/* Units start at 4, 6 or never; some rows are missing, the order of rows is by time when `by_time`. */
static void make(world *v, bool by_time)
{
    rl_rng r = rl_rng_for(2385, 11);
    v->n = 0;
    for (int32_t k = 0; k < UNITS * TIMES; k++) {
        int32_t u = by_time ? k % UNITS : k / TIMES, t = by_time ? k / UNITS : k % TIMES;
        double hole = rl_uniform(&r), y = rl_normal(&r), x = rl_normal(&r), z = rl_normal(&r);
        if (hole < 0.1) continue;
        size_t i = v->n++;
        v->unit[i] = u;
        v->time[i] = t;
        v->region[i] = (u * 7 + t / 5) % REGIONS;
        v->t[i] = t + 2.5;
        v->fit[i] = u % 3 == 0 || t < 4 + u % 3;
        v->w[i] = 0.4 + rl_uniform(&r);
        v->x[0][i] = x + 0.3 * u;
        v->x[1][i] = 100 + z * t;
        v->y[i] = y + 3.1 * u - 0.7 * t + 0.83 * x;
    }
    v->column[0] = v->x[0];
    v->column[1] = v->x[1];
}

static rl_baseline base(const world *v, bool weights, bool trend, bool region, size_t p)
{
    rl_baseline b = {.n = v->n,
                     .w = weights ? v->w : NULL,
                     .fit = v->fit,
                     .U = UNITS,
                     .unit = v->unit,
                     .trend = trend ? v->t : NULL,
                     .n_code = region ? 2 : 1,
                     .levels = {TIMES, REGIONS},
                     .code = {v->time, v->region},
                     .p = p,
                     .x = (const double **)v->column};
    CHECK_OK(rl_baseline_make(&b, &cx), &cx);
    return b;
}

/* Every dummy of row i. */
static void dummies(const rl_baseline *b, size_t i, rl_mat *Z, size_t row)
{
    size_t at = 0;
    *rl_mat_at(Z, row, at + (size_t)b->unit[i]) = 1;
    at += b->U;
    if (b->trend != NULL) {
        *rl_mat_at(Z, row, at + (size_t)b->unit[i]) = b->trend[i];
        at += b->U;
    }
    for (size_t c = 0; c < b->n_code; c++) {
        if (b->code[c][i] >= 0) *rl_mat_at(Z, row, at + (size_t)b->code[c][i]) = 1;
        at += b->levels[c];
    }
    for (size_t q = 0; q < b->p; q++) *rl_mat_at(Z, row, at + q) = b->x[q][i];
}

static size_t width(const rl_baseline *b)
{
    size_t k = b->U * (b->trend != NULL ? 2 : 1) + b->p;
    for (size_t c = 0; c < b->n_code; c++) k += b->levels[c];
    return k;
}

/* Least squares on the fitted rows, and row `more` beside them (SIZE_MAX = none) for the rank. */
static rl_ols_fit dense(const rl_baseline *b, const double *y, size_t more)
{
    size_t m = more != SIZE_MAX, k = 0;
    for (size_t i = 0; i < b->n; i++) m += b->fit[i];
    rl_mat Z = rl_mat_new(m, width(b), cx.tmp);
    double *v = RL_NEW(cx.tmp, double, m), *w = RL_NEW(cx.tmp, double, m);
    for (size_t i = 0; i < b->n; i++) {
        if (!b->fit[i] && i != more) continue;
        dummies(b, i, &Z, k);
        w[k] = rl_baseline_w(b, i);
        v[k++] = y[i];
    }
    rl_ols_fit f;
    CHECK_OK(rl_ols(&Z, v, w, NULL, &f, cx.tmp, &cx), &cx);
    return f;
}

static void check_world(const world *v, const rl_baseline *b)
{
    int32_t why[UNITS * TIMES];
    double e[UNITS * TIMES];
    size_t lacks = rl_baseline_lacks(b, why, &cx), listed = 0;
    rl_ols_fit f = dense(b, v->y, SIZE_MAX);
    rl_mat Z = rl_mat_new(b->n, width(b), cx.tmp);
    memcpy(e, v->y, b->n * sizeof *e);
    rl_baseline_beyond(b, e, NULL, &cx);
    for (size_t i = 0; i < b->n; i++) {
        double want = v->y[i];
        dummies(b, i, &Z, i);
        for (size_t k = 0; k < Z.k; k++) want -= f.b[k] * *rl_mat_at(&Z, i, k);
        bool known = b->fit[i] || dense(b, v->y, i).rank == f.rank;
        assert_int_equal(known, why[i] < 0);
        listed += why[i] >= 0;
        if (known) CHECK_NEAR(e[i], want, 1e-11);
    }
    assert_int_equal(listed, lacks);
}

static void against_dummies(void **s)
{
    (void)s;
    for (int by_time = 0; by_time < 2; by_time++)
        for (int kind = 0; kind < 16; kind++) {
            world v;
            make(&v, by_time);
            rl_baseline b = base(&v, kind & 1, kind & 2, kind & 4, kind & 8 ? 2 : 0);
            check_world(&v, &b);
        }
}

/* Rows that nothing is known of: no fitted row in the unit, in the period, a slope from one period, a column that
 * does not vary before. */
static void lacking(void **s)
{
    (void)s;
    int32_t why[UNITS * TIMES];
    world v;
    make(&v, false);
    for (size_t i = 0; i < v.n; i++) {
        if (v.unit[i] == 1) v.fit[i] = 0;
        if (v.time[i] == TIMES - 1) v.fit[i] = 0;
        if (v.unit[i] == 5) v.fit[i] = v.time[i] == 2;
    }
    rl_baseline b = base(&v, true, false, true, 2);
    check_world(&v, &b);
    rl_baseline_lacks(&b, why, &cx);
    for (size_t i = 0; i < v.n; i++) {
        if (v.unit[i] == 1) assert_int_equal(why[i], RL_BASELINE_UNIT);
        if (v.unit[i] == 4 && v.time[i] == TIMES - 1) assert_in_range(why[i], 0, TIMES - 1);
    }
    b = base(&v, true, true, false, 0);
    check_world(&v, &b);
    rl_baseline_lacks(&b, why, &cx);
    for (size_t i = 0; i < v.n; i++)
        if (v.unit[i] == 5 && !v.fit[i]) assert_int_equal(why[i], RL_BASELINE_SLOPE);
    for (size_t i = 0; i < v.n; i++) v.x[1][i] = v.fit[i] ? 3.7 * v.unit[i] : v.x[1][i];
    b = base(&v, false, false, false, 2);
    assert_true(b.out[b.x_at + 1]);
    check_world(&v, &b);
    size_t of_column = 0;
    rl_baseline_lacks(&b, why, &cx);
    for (size_t i = 0; i < v.n; i++) of_column += why[i] == (int32_t)b.x_at + 1;
    assert_true(of_column > 5);
}

/* Units that are seen in different periods only cannot be set against each other. */
static void apart(void **s)
{
    (void)s;
    world v;
    make(&v, false);
    for (size_t i = 0; i < v.n; i++) v.fit[i] = v.unit[i] < 6 ? v.time[i] < 4 : v.time[i] >= 4;
    rl_baseline b = base(&v, true, false, false, 0);
    assert_int_equal(b.n_out, 2);
    check_world(&v, &b);
}

/* h of sums: the weights of all rows add up to nothing in every dummy, and give the sums back. */
static void dual(void **s)
{
    (void)s;
    for (int kind = 0; kind < 8; kind++) {
        world v;
        make(&v, kind & 1);
        rl_baseline b = base(&v, true, kind & 2, kind & 4, 2);
        double e[UNITS * TIMES], s1[2] = {0.31, 1.7}, tau[2] = {0}, *h = RL_NEW(cx.tmp, double, 2 * b.K);
        int32_t of[UNITS * TIMES], why[UNITS * TIMES];
        rl_baseline_lacks(&b, why, &cx);
        memcpy(e, v.y, v.n * sizeof *e);
        rl_baseline_beyond(&b, e, NULL, &cx);
        for (size_t i = 0; i < v.n; i++) {
            of[i] = v.fit[i] || why[i] >= 0 ? -1 : v.time[i] % 3 - 1;
            if (of[i] >= 0) tau[of[i]] += v.w[i] * s1[of[i]] * e[i];
        }
        rl_baseline_dual(&b, of, s1, 2, h, &cx);
        rl_mat Z = rl_mat_new(v.n, width(&b), cx.tmp);
        for (size_t i = 0; i < v.n; i++) dummies(&b, i, &Z, i);
        for (size_t j = 0; j < 2; j++) {
            double *weight = RL_NEW(cx.tmp, double, v.n), *share = RL_NEW(cx.tmp, double, 2 * UNITS), got = 0;
            for (size_t i = 0; i < v.n; i++) { /* h'z of the fitted rows, less the units' means and slopes */
                size_t u = (size_t)v.unit[i];
                double t = b.Q != NULL ? v.t[i] - b.mid[u] : 0, q = 0;
                for (size_t c = 0; c < b.n_code; c++) q += h[(b.at[c] + (size_t)b.code[c][i]) * 2 + j];
                for (size_t p = 0; p < 2; p++) q += h[(b.x_at + p) * 2 + j] * v.x[p][i];
                weight[i] = v.fit[i] ? q : 0;
                double own = of[i] == (int32_t)j ? s1[j] : 0;
                share[u] += v.w[i] * (weight[i] - own) / b.D[u];
                if (b.Q != NULL) share[UNITS + u] += v.w[i] * t * (weight[i] - own) / b.Q[u];
            }
            for (size_t i = 0; i < v.n; i++) {
                size_t u = (size_t)v.unit[i];
                double t = b.Q != NULL ? v.t[i] - b.mid[u] : 0;
                weight[i] = v.fit[i] ? -(weight[i] - share[u] - share[UNITS + u] * t) : 0;
                if (of[i] == (int32_t)j) weight[i] += s1[j];
                got += v.w[i] * weight[i] * v.y[i];
            }
            CHECK_DIGITS(got, tau[j], 11);
            for (size_t k = 0; k < Z.k; k++) {
                double sum = 0;
                for (size_t i = 0; i < v.n; i++) sum += v.w[i] * weight[i] * *rl_mat_at(&Z, i, k);
                CHECK_NEAR(sum, 0, 1e-9);
            }
        }
    }
}

/* Coefficients of the last effect and their directions: those of the regression with dummies. */
static void own(void **s)
{
    (void)s;
    world v;
    make(&v, true);
    int32_t lead[UNITS * TIMES];
    for (size_t i = 0; i < v.n; i++) {
        lead[i] = v.unit[i] % 3 == 0 ? -1 : v.time[i] - (4 + v.unit[i] % 3) + 2;
        if (lead[i] > 1 || !v.fit[i]) lead[i] = -1;
        if (lead[i] < -1) lead[i] = -1;
    }
    rl_baseline b = base(&v, true, false, true, 2);
    b.n_code = 3;
    b.levels[2] = 2;
    b.code[2] = lead;
    b.last = true;
    CHECK_OK(rl_baseline_make(&b, &cx), &cx);
    assert_int_equal(b.at[2], b.x_at + 2);
    rl_ols_fit f = dense(&b, v.y, SIZE_MAX);
    double e[UNITS * TIMES], *beta = RL_NEW(cx.tmp, double, b.K), *h = RL_NEW(cx.tmp, double, 2 * b.K);
    memcpy(e, v.y, v.n * sizeof *e);
    rl_baseline_beyond(&b, e, beta, &cx);
    rl_baseline_own(&b, b.at[2], 2, h, &cx);
    size_t at = width(&b) - 2 - b.p; /* dummies() writes columns last */
    for (size_t j = 0; j < 2; j++) {
        CHECK_DIGITS(beta[b.at[2] + j], f.b[at + j], 10);
        for (size_t i = 0; i < 2; i++) CHECK_DIGITS(h[(b.at[2] + i) * 2 + j], *rl_mat_at(&f.A, at + i, at + j), 9);
    }
}

static void too_many(void **s)
{
    (void)s;
    world v;
    make(&v, false);
    rl_baseline b = {
        .n = v.n, .fit = v.fit, .U = UNITS, .unit = v.unit, .n_code = 1, .levels = {4000}, .code = {v.time}};
    assert_int_equal(rl_baseline_make(&b, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "4000"));
    rl_forgive(&cx);
}

/* The same bits for any number of threads. */
static void threads(void **s)
{
    (void)s;
    enum { N = 60000 };
    static double y[N], e[2][N];
    static int32_t unit[N], time[N];
    static unsigned char in[N];
    rl_rng r = rl_rng_for(97, 5);
    for (int32_t i = 0; i < N; i++) {
        unit[i] = i / 12;
        time[i] = i % 12;
        in[i] = unit[i] % 4 == 0 || time[i] < 3 + unit[i] % 7;
        y[i] = rl_normal(&r);
    }
    for (int k = 0; k < 2; k++) {
        cx.threads = 1 + 2 * k;
        rl_baseline b = {.n = N, .fit = in, .U = N / 12, .unit = unit, .n_code = 1, .levels = {12}, .code = {time}};
        CHECK_OK(rl_baseline_make(&b, &cx), &cx);
        memcpy(e[k], y, sizeof y);
        rl_baseline_beyond(&b, e[k], NULL, &cx);
    }
    cx.threads = 2;
    assert_memory_equal(e[0], e[1], sizeof y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_dummies),
                                       cmocka_unit_test(lacking),
                                       cmocka_unit_test(apart),
                                       cmocka_unit_test(dual),
                                       cmocka_unit_test(own),
                                       cmocka_unit_test(too_many),
                                       cmocka_unit_test(threads)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
