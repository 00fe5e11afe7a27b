#include "model/bacon.h"
#include "unit/own_fit.h"

/* Eight units, five periods: one treated all along, two from period 2, three from 4, two never. */
enum { UNITS = 8, PERIODS = 5 };
static const double START[UNITS] = {1, 2, 2, 4, 4, 4, 99, 99};
static const double Y[UNITS][PERIODS] = {
    {2.385, 3.11, 2.77, 4.02, 4.41}, {1.5, 3.25, 3.9, 4.75, 5.3},  {0.75, 2.6, 3.05, 3.8, 4.95},
    {3.1, 3.4, 3.35, 6.2, 6.9},      {2.2, 2.65, 2.45, 5.1, 5.75}, {1.9, 2.05, 2.6, 4.4, 5.35},
    {4.3, 4.1, 4.75, 5.05, 5.15},    {0.6, 1.15, 1.3, 1.25, 2.05},
};

/* Units that are 1 in `in` and periods other than `without` (0 = none left out). */
static rl_table table(const char *in, int without_unit, int without)
{
    rl_table t = fit_table(0);
    for (int u = 0; u < UNITS; u++) t.n += in[u] == '1' ? (size_t)(PERIODS - (u == without_unit)) : 0;
    t.rows_read = t.n;
    double *id = fit_num(&t, "id", &cx), *at = fit_num(&t, "t", &cx), *g = fit_num(&t, "g", &cx),
           *w = fit_num(&t, "w", &cx), *y = fit_num(&t, "y", &cx);
    size_t n = 0;
    for (int u = 0; u < UNITS; u++)
        for (int p = 1; p <= PERIODS && in[u] == '1'; p++) {
            if (u == without_unit && p == without) continue;
            id[n] = u + 11;
            at[n] = 2000 + p;
            g[n] = START[u] == 99 ? 0 : 2000 + START[u];
            w[n] = 0.5 + u % 3;
            y[n++] = Y[u][p - 1];
        }
    return t;
}

static rl_request request(void)
{
    rl_request r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name("bacon");
    r.unit = "id";
    r.time = "t";
    r.cohort = "g";
    r.vcov.kind = RL_VCOV_DEFAULT;
    r.agg = RL_AGG_PAIRS;
    return r;
}

static const rl_estimate *pair(const rl_result *r, const char *type, int32_t treated, int32_t untreated)
{
    for (size_t j = 0; j < r->m; j++) {
        const rl_comparison *c = r->est[j].label.comparison;
        if (c != NULL && strcmp(c->type, type) == 0 && c->treated == treated && c->untreated == untreated)
            return &r->est[j];
    }
    fail_msg("no comparison '%s' of %d and %d", type, treated, untreated);
    return NULL;
}

/* lm() of R 4.2.2 on each pair's rows, weights (n_pair / n)^2 x variance of its residual treatment, scaled. */
static void every_comparison(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        int32_t treated, untreated;
        double estimate, weight;
    } WANT[] = {
        {"Later vs Always Treated", 2002, 2001, 1.6325, 0.07017543859649103},
        {"Earlier vs Later Treated", 2002, 2004, 1.725, 0.10526315789473698},
        {"Treated vs Untreated", 2002, RL_NO_ID, 2.175, 0.14035087719298248},
        {"Later vs Always Treated", 2004, 2001, 1.5233333333333333, 0.15789473684210534},
        {"Later vs Earlier Treated", 2004, 2002, 1.3666666666666667, 0.21052631578947364},
        {"Treated vs Untreated", 2004, RL_NO_ID, 2.3083333333333333, 0.31578947368421062},
    };
    rl_table t = table("11111111", -1, 0);
    rl_request r = request();
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        const rl_estimate *e = pair(&out, WANT[i].type, WANT[i].treated, WANT[i].untreated);
        CHECK_DIGITS(e->estimate, WANT[i].estimate, 14);
        CHECK_DIGITS(e->label.comparison->weight, WANT[i].weight, 14);
    }
    assert_int_equal(out.m, 4 + 1 + 6);
    CHECK_DIGITS(fit_find(&out, "overall")->estimate, 1.8585964912280706, 14);
    const rl_estimate *later = pair(&out, "Later vs Always Treated", RL_NO_ID, RL_NO_ID);
    CHECK_DIGITS(later->label.comparison->weight, 0.22807017543859637, 14);
    CHECK_DIGITS(later->estimate,
                 (1.6325 * 0.07017543859649103 + 1.5233333333333333 * 0.15789473684210534) / 0.22807017543859637, 13);
}

static void why_it_is_off(void **state)
{
    (void)state;
    rl_table t = table("11111111", -1, 0);
    rl_request r = request();
    rl_design d;
    rl_bacon b;
    rl_result out;
    CHECK_OK(rl_design_make(&r, &t, &d, &cx), &cx);
    CHECK_OK(rl_bacon_make(&d, &b, &cx), &cx);
    CHECK_DIGITS(b.forbidden, 0.43859649122807, 13);
    assert_int_equal(b.treated, 19);
    assert_int_equal(b.negative, 6);
    CHECK_DIGITS(b.negative_sum, -0.29824561403508809, 14);
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_int_equal(out.n_tests, 2);
    assert_string_equal(out.test[0].name, "forbidden-comparisons");
    assert_true(out.test[0].statistic == b.forbidden && isnan(out.test[0].p_value));
    assert_true(out.test[1].statistic == b.negative_sum);
    assert_non_null(strstr(out.test[1].says, "6 of 19"));
}

static void no_errors_are_made_up(void **state)
{
    (void)state;
    rl_table t = table("11111111", -1, 0);
    rl_request r = request();
    rl_result out;
    r.agg = RL_AGG_DEFAULT;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_int_equal(out.m, 5);
    assert_string_equal(out.vcov_kind, "none");
    for (size_t j = 0; j < out.m; j++) assert_true(isnan(out.est[j].std_error) && isnan(out.est[j].p_value));
    assert_true(isnan(out.V[0]));
    static const char *const SUM[] = {"2*overall"};
    r.lincom = SUM;
    r.n_lincom = 1;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    CHECK_DIGITS(fit_find(&out, "2*overall")->estimate, 2 * 1.8585964912280706, 14);
    assert_true(isnan(fit_find(&out, "2*overall")->std_error));
}

/* A cohort dated between two periods starts with the second; one before the first is treated all along. */
static void dates_between(void **state)
{
    (void)state;
    rl_table t = table("11111111", -1, 0);
    double *at = t.col[1].num, *g = t.col[2].num;
    for (size_t i = 0; i < t.n; i++) {
        at[i] = 2 * at[i];
        if (g[i] == 2001)
            g[i] = 3999;
        else if (g[i] > 0)
            g[i] = 2 * g[i] - 1;
    }
    rl_request r = request();
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    CHECK_DIGITS(pair(&out, "Later vs Always Treated", 4004, 4002)->estimate, 1.6325, 14);
    CHECK_DIGITS(fit_find(&out, "overall")->estimate, 1.8585964912280706, 14);
}

static void refused_of(rl_request r, rl_table t, rl_code code, const char *word) { refused(&t, r, code, word); }

static void refusals(void **state)
{
    (void)state;
    rl_request r = request(), with;
    refused_of(r, table("11111111", 3, 2), RL_EDATA, "'14'");
    refused_of(r, table("00011100", -1, 0), RL_EDATA, "none is never treated");
    refused_of(r, table("10000011", -1, 0), RL_EDATA, "first period");
    refused_of(r, table("00000011", -1, 0), RL_EDATA, "nobody");
    with = r, with.formula = "y ~ w";
    refused_of(with, table("11111111", -1, 0), RL_EUSAGE, "no covariates");
    with = r, with.agg = RL_AGG_GROUP;
    refused_of(with, table("11111111", -1, 0), RL_EUSAGE, "--agg");
    with = r, with.vcov = (rl_vcov_spec){.kind = RL_HC1, .lag = -1};
    refused_of(with, table("11111111", -1, 0), RL_EUSAGE, "no standard errors");
    with = r, with.bootstrap = true;
    refused_of(with, table("11111111", -1, 0), RL_EUSAGE, "no standard errors");
    static const char *const ZERO[] = {"overall = 0"};
    with = r, with.restriction = ZERO, with.n_restriction = 1;
    refused_of(with, table("11111111", -1, 0), RL_EUSAGE, "no standard errors");
    rl_table t = table("11111111", -1, 0);
    with = r, with.weights = "w";
    t.col[3].num[7] += 1;
    refused_of(with, t, RL_EINPUT, "'12'");
    t = table("11111111", -1, 0);
    t.col[1].num[1] = t.col[1].num[0];
    refused_of(r, t, RL_EINPUT, "two rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_comparison), TEST(why_it_is_off), TEST(no_errors_are_made_up), TEST(dates_between), TEST(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
