#include <string.h>

#include "num/stock.h"
#include "own_ctx.h"

enum { N = 9 };
static const size_t NONE[2] = {SIZE_MAX, SIZE_MAX};

static rl_jet given(double *x, size_t q)
{
    rl_jet j = rl_jet_new(0, q, cx.keep);
    j.v = x;
    return j;
}

static double *adstock(const rl_track *t, double *x, double rate, size_t wear)
{
    rl_jet in = given(x, 0), out = rl_jet_new(t->n, 0, cx.keep);
    rl_jet_adstock(t, &in, rate, wear, SIZE_MAX, &out, cx.keep);
    return out.v;
}

static void stocks(void **s)
{
    (void)s;
    const int32_t unit[N] = {0, 0, 0, 0, 1, 1, 1, 1, 1}, at[N] = {3, 4, 5, 6, 1, 2, 3, 4, 5};
    double x[N] = {2.385, 0, 1.7, 0, 4.1, 0.3, 0, 0, 2.2};
    rl_track t = {N, unit, at};
    double *a = adstock(&t, x, 0.6, rl_adstock_wear(0.6));
    CHECK_DIGITS(a[0], 2.385, 16);
    CHECK_DIGITS(a[3], 0.6 * 1.7 + 0.6 * 0.6 * 0.6 * 2.385, 15);
    CHECK_DIGITS(a[4], 4.1, 16); /* begins anew in each unit */
    CHECK_DIGITS(a[8], 2.2 + 0.216 * 0.3 + 0.1296 * 4.1, 15);
    a = adstock(&t, x, 0, rl_adstock_wear(0));
    for (size_t i = 0; i < N; i++) CHECK_DIGITS(a[i], x[i], 17);
}

/* A period that is missing is felt for as long as 1 % of it is left. */
static void gaps(void **s)
{
    (void)s;
    assert_int_equal(rl_adstock_wear(0), 1);
    assert_int_equal(rl_adstock_wear(0.6), 10);
    assert_int_equal(rl_adstock_wear(0.1), 3); /* .1^2 is 1 %, not less */
    const int32_t at[N] = {1, 2, 4, 5, 6, 7, 8, 9, 10};
    double x[N] = {3.1, 1.2, 0.7, 2.4, 1.1, NAN, 0.4, 0.6, 5.3};
    rl_track t = {N, NULL, at};
    double *a = adstock(&t, x, 0.2, rl_adstock_wear(0.2)); /* three periods */
    assert_int_equal(rl_adstock_wear(0.2), 3);
    assert_true(!isnan(a[1]) && isnan(a[2]) && isnan(a[3]) && !isnan(a[4]));
    CHECK_DIGITS(a[4], 1.1 + 0.2 * 2.4 + 0.04 * 0.7 + 0.0016 * 1.2 + 0.00032 * 3.1, 14);
    assert_true(isnan(a[5]) && isnan(a[6]) && isnan(a[7]) && !isnan(a[8]));
    double late[N] = {NAN, NAN, 0.7, 2.4, 1.1, 0.2, 0.4, 0.6, 5.3}; /* a series that begins later */
    a = adstock(&t, late, 0.2, 3);
    assert_true(isnan(a[1]));
    CHECK_DIGITS(a[2], 0.7, 17);
    CHECK_DIGITS(a[3], 2.4 + 0.2 * 0.7, 15);
}

static void delays(void **s)
{
    (void)s;
    const int32_t at[N] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    double x[N] = {1, 0, 0, 0, 0, 0, 0, 0, 0}, sum = 0;
    const double par[2] = {1.7, 2.3};
    rl_track t = {N, NULL, at};
    rl_jet in = given(x, 0), out = rl_jet_new(N, 0, cx.keep);
    rl_jet_weibull(&t, &in, par, rl_weibull_wear(1.7, 2.3), NONE, &out, cx.keep);
    for (int l = 0; l < N; l++) { /* the weights, one after the other */
        CHECK_DIGITS(out.v[l], exp(-pow(l / 2.3, 1.7)) - exp(-pow((l + 1) / 2.3, 1.7)), 12);
        sum += out.v[l];
    }
    CHECK_DIGITS(sum, 1 - exp(-pow(9 / 2.3, 1.7)), 13);
    assert_int_equal(rl_weibull_wear(1.7, 2.3), 6);
    assert_int_equal(rl_weibull_wear(1.7, 0.01), 1);
    assert_int_equal(rl_weibull_wear(0.2, 40), RL_STOCK_MOST);
    const int32_t gap[N] = {1, 2, 3, 4, 6, 7, 8, 9, 12};
    rl_track g = {N, NULL, gap};
    rl_jet_weibull(&g, &in, par, 2, NONE, &out, cx.keep);
    assert_true(!isnan(out.v[3]) && isnan(out.v[4]) && !isnan(out.v[5]) && isnan(out.v[8]));
    CHECK_DIGITS(out.v[5], exp(-pow(6 / 2.3, 1.7)) - exp(-pow(7 / 2.3, 1.7)), 12);
}

static void saturates(void **s)
{
    (void)s;
    double x[N] = {0, 1e-300, 0.31, 7.7, 20, 63, 1e300, -1, NAN};
    const double par[2] = {20, 2.4};
    rl_jet in = given(x, 0), out = rl_jet_new(N, 0, cx.keep);
    rl_jet_hill(N, &in, par, NONE, &out, cx.keep);
    assert_true(out.v[0] == 0 && out.v[1] >= 0 && out.v[1] < 1e-300);
    CHECK_DIGITS(out.v[2], pow(0.31, 2.4) / (pow(0.31, 2.4) + pow(20, 2.4)), 13);
    CHECK_DIGITS(out.v[4], 0.5, 16);
    CHECK_DIGITS(out.v[5], pow(63, 2.4) / (pow(63, 2.4) + pow(20, 2.4)), 13);
    CHECK_DIGITS(out.v[6], 1, 16);
    assert_true(isnan(out.v[7]) && isnan(out.v[8]));
}

/* hill(adstock(x)) or weibull(x) at given parameters; derivatives against differences. */
static rl_jet chain(const rl_track *t, double *x, const double theta[5])
{
    const size_t hill[2] = {1, 2}, delay[2] = {3, 4};
    rl_jet in = given(x, 5), a = rl_jet_new(t->n, 5, cx.keep), h = rl_jet_new(t->n, 5, cx.keep);
    rl_jet w = rl_jet_new(t->n, 5, cx.keep);
    rl_jet_adstock(t, &in, theta[0], 1, 0, &a, cx.keep);
    rl_jet_hill(t->n, &a, theta + 1, hill, &h, cx.keep);
    rl_jet_weibull(t, &h, theta + 3, 1, delay, &w, cx.keep);
    return w;
}

static void derivatives(void **s)
{
    (void)s;
    const int32_t unit[N] = {0, 0, 0, 0, 0, 1, 1, 1, 1}, at[N] = {1, 2, 5, 6, 7, 1, 2, 3, 4};
    double x[N] = {0, 3.4, 1.9, 0, 2.2, 0.8, 0, 4.1, 1.3}, theta[5] = {0.55, 2.1, 1.6, 1.3, 1.9};
    rl_track t = {N, unit, at};
    rl_jet j = chain(&t, x, theta);
    for (size_t q = 0; q < 5; q++) {
        double h = 1e-5 * theta[q], up[5], down[5];
        memcpy(up, theta, sizeof up), memcpy(down, theta, sizeof down);
        up[q] += h, down[q] -= h;
        rl_jet a = chain(&t, x, up), b = chain(&t, x, down);
        for (size_t i = 0; i < N; i++) CHECK_NEAR(j.d[q][i], (a.v[i] - b.v[i]) / (2 * h), 2e-9);
    }
    rl_jet in = given(x, 3), out = rl_jet_new(N, 3, cx.keep); /* others' derivatives stay 0 */
    rl_jet_adstock(&t, &in, 0.4, 1, 1, &out, cx.keep);
    assert_true(out.d[0] == NULL && out.d[1] != NULL && out.d[2] == NULL);
}

static void polynomials(void **s)
{
    (void)s;
    rl_mat M = rl_almon_basis(0, 6, 2, false, false, cx.keep);
    assert_true(M.n == 7 && M.k == 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            double dot = 0;
            for (size_t l = 0; l < 7; l++) dot += *rl_mat_at(&M, l, i) * *rl_mat_at(&M, l, j);
            CHECK_NEAR(dot, i == j, 1e-15);
        }
    M = rl_almon_basis(2, 6, 3, true, true, cx.keep);
    assert_true(M.n == 5 && M.k == 2);
    for (size_t j = 0; j < 2; j++) { /* the cubic through the weights is 0 at lags 1 and 7 */
        double w[5];
        for (size_t l = 0; l < 5; l++) w[l] = *rl_mat_at(&M, l, j);
        CHECK_NEAR(4 * w[0] - 6 * w[1] + 4 * w[2] - w[3], 0, 1e-14);
        CHECK_NEAR(4 * w[4] - 6 * w[3] + 4 * w[2] - w[1], 0, 1e-14);
    }
    M = rl_almon_basis(3, 3, 0, false, false, cx.keep);
    CHECK_DIGITS(M.a[0], 1, 16);
}

static void places(void **s)
{
    (void)s;
    const int32_t unit[5] = {0, 0, 0, 2, 2}, at[5] = {1, 2, 5, 4, 5};
    rl_track t = {5, unit, at};
    size_t from = 0;
    assert_true(rl_track_before(&t, 0, 1, &from) == SIZE_MAX && rl_track_before(&t, 1, 1, &from) == 0);
    assert_true(rl_track_before(&t, 2, 1, &from) == SIZE_MAX && rl_track_before(&t, 3, 1, &from) == SIZE_MAX);
    assert_true(rl_track_before(&t, 4, 1, &from) == 3);
    from = 0;
    assert_true(rl_track_before(&t, 1, -3, &from) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stocks),    cmocka_unit_test(gaps),        cmocka_unit_test(delays),
        cmocka_unit_test(saturates), cmocka_unit_test(derivatives), cmocka_unit_test(polynomials),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
