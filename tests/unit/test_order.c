/* tests/unit/test_order.c -- sorting, and quantiles by their definitions. */
#include "check.h"

#include <math.h>
#include <string.h>

#include "num/order.h"

static void sorts_each_type(void **state)
{
    (void)state;
    double x[] = {2.5, -7.25, INFINITY, 0.5, 2.5, -INFINITY}, want[] = {-INFINITY, -7.25, 0.5, 2.5, 2.5, INFINITY};
    rl_order(x, 6);
    assert_memory_equal(x, want, sizeof x);
    int32_t i[] = {7, INT32_MIN, INT32_MAX, -3}, i_want[] = {INT32_MIN, -3, 7, INT32_MAX};
    rl_order_int(i, 4); /* a difference would overflow */
    assert_memory_equal(i, i_want, sizeof i);
    int64_t l[] = {5, INT64_MAX, INT64_MIN, (int64_t)1 << 40}, l_want[] = {INT64_MIN, 5, (int64_t)1 << 40, INT64_MAX};
    rl_order_long(l, 4);
    assert_memory_equal(l, l_want, sizeof l);
    uint64_t k[] = {UINT64_MAX, 3, (uint64_t)1 << 63}, k_want[] = {3, (uint64_t)1 << 63, UINT64_MAX};
    rl_order_key(k, 3);
    assert_memory_equal(k, k_want, sizeof k);
    rl_order(NULL, 0);
}

static void different_and_found(void **state)
{
    (void)state;
    double x[] = {3.5, 1.25, 3.5, 1.25, 9};
    assert_int_equal(rl_order_different(x, 5), 3);
    assert_true(x[0] == 1.25 && x[1] == 3.5 && x[2] == 9);
    assert_int_equal(rl_order_different(NULL, 0), 0);
    int32_t i[] = {2019, -4, 2019, 2021, -4};
    assert_int_equal(rl_order_different_int(i, 5), 3);
    assert_int_equal(rl_order_find_int(i, 3, 2021), 2);
    assert_int_equal(rl_order_find_int(i, 3, -4), 0);
    assert_true(rl_order_find_int(i, 3, 2020) == SIZE_MAX);
    assert_true(rl_order_find_int(NULL, 0, 1) == SIZE_MAX);
    int64_t l[] = {-((int64_t)1 << 35), 0, (int64_t)1 << 35};
    assert_int_equal(rl_order_find_long(l, 3, (int64_t)1 << 35), 2);
    assert_true(rl_order_find_long(l, 3, 1) == SIZE_MAX);
    assert_int_equal(rl_order_find(x, 3, 3.5), 1);
    assert_true(rl_order_find(x, 3, 3.25) == SIZE_MAX);
    const uint64_t k[] = {5, UINT64_MAX};
    assert_int_equal(rl_order_find_key(k, 2, UINT64_MAX), 1);
    assert_true(rl_order_find_key(k, 2, 6) == SIZE_MAX);
}

/* Hyndman & Fan's types 1 and 6, by hand. */
static void quantiles(void **state)
{
    (void)state;
    const double x[] = {1.5, 2.25, 4, 8.5};
    CHECK_NEAR(rl_order_quantile(x, 4, 0.5), 2.25, 0);
    CHECK_NEAR(rl_order_quantile(x, 4, 0.51), 4, 0);
    CHECK_NEAR(rl_order_quantile(x, 4, 0), 1.5, 0);
    CHECK_NEAR(rl_order_quantile(x, 4, 1), 8.5, 0);
    CHECK_NEAR(rl_order_between(x, 4, 0.5), 3.125, 1e-15);
    CHECK_NEAR(rl_order_between(x, 4, 0.3), 1.875, 1e-15); /* place 1.5 of 4 */
    CHECK_NEAR(rl_order_between(x, 4, 0.1), 1.5, 0);
    CHECK_NEAR(rl_order_between(x, 4, 0.9), 8.5, 0);
    double many[1000];
    for (int i = 0; i < 1000; i++) many[i] = i + 1;
    CHECK_NEAR(rl_order_quantile(many, 1000, 0.95), 950, 0); /* 1000 x 0.95 is a little more than 950 */
    CHECK_NEAR(rl_order_quantile(many, 1000, 0.29), 290, 0); /* .. and 1000 x 0.29 a little less than 290 */
    CHECK_NEAR(rl_order_quantile(many, 1, 0.3), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sorts_each_type), cmocka_unit_test(different_and_found),
                                       cmocka_unit_test(quantiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
