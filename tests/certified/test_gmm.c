/* Employment of 140 British companies: Arellano & Bond (1991), Review of
 * Economic Studies 58, table 4, columns (a1) and (a2).
 *
 *   printed     three decimals of the paper, errors robust (one-step)
 *   plm         pgmm() of R's plm 2.6-2 with vcovHC(), Windmeijer's errors for two steps; 14 digits
 *   stata       manual of xtabond, example 1: one-step errors under independent errors; 7 decimals
 */
#include <libgen.h>

#include "unit/fit_fixture.h"

enum { K = 10, ROWS = 1031 };

static const char *const FORMULA = "log(emp) ~ lag(log(emp),1:2) + lag(log(wage),0:1) + lag(log(capital),0:2) + "
                                   "lag(log(output),0:2) | firm + year";
static const char *const TERM[K] = {
    "lag(log(emp),1)",     "lag(log(emp),2)",     "lag(log(wage),0)",   "lag(log(wage),1)",   "lag(log(capital),0)",
    "lag(log(capital),1)", "lag(log(capital),2)", "lag(log(output),0)", "lag(log(output),1)", "lag(log(output),2)"};

static rl_ctx cx;
static int setup(void **s)
{
    (void)s;
    check_ctx(&cx);
    return 0;
}
static int teardown(void **s)
{
    (void)s;
    rl_ctx_free(&cx);
    return 0;
}

static rl_table employment(void)
{
    static const char *const NAME[] = {"year", "emp", "wage", "capital", "output"};
    char here[] = __FILE__, path[512], line[256];
    rl_table t = fit_table(ROWS);
    const char **firm = RL_NEW(cx.keep, const char *, ROWS);
    for (size_t j = 0; j < 5; j++) fit_num(&t, NAME[j], &cx);
    snprintf(path, sizeof path, "%s/employment/employment.csv", dirname(here));
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail_msg("cannot read %s", path);
    assert_non_null(fgets(line, sizeof line, f));
    for (size_t i = 0; i < ROWS; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        char *at = strchr(line, ',');
        assert_non_null(at);
        firm[i] = rl_strndup(cx.keep, line, (size_t)(at - line));
        for (size_t j = 0; j < 5; j++) t.col[j].num[i] = strtod(at + 1, &at);
    }
    fclose(f);
    fit_text(&t, "firm", firm, &cx);
    return t;
}

static rl_result run(const rl_table *t, const char *method, rl_vcov_kind kind)
{
    rl_request r = fit_request(FORMULA);
    rl_result out;
    r.estimator = rl_estimator_by_name("arellano-bond");
    r.unit = "firm", r.time = "year";
    r.method = method;
    r.vcov.kind = kind;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static double statistic(const rl_result *r, const char *name)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, name) == 0) return r->test[i].statistic;
    return NAN;
}

static void one_step(void **s)
{
    (void)s;
    static const double PRINTED[K][2] = {{.686, .145},  {-.085, .056}, {-.608, .178}, {.393, .168},  {.357, .059},
                                         {-.058, .073}, {-.020, .033}, {.608, .172},  {-.711, .232}, {.106, .141}};
    static const double PLM[K][2] = {{0.68622590312416, 0.14459405339296},    {-0.08535815716902, 0.056015505131806},
                                     {-0.607820709013, 0.17820547400686},     {0.39262312323189, 0.16799303594518},
                                     {0.35684556081351, 0.059020291070182},   {-0.058000994099904, 0.073179678203604},
                                     {-0.019947561591199, 0.032712634741585}, {0.60850550442874, 0.17253107109118},
                                     {-0.71116395108027, 0.23171615587654},   {0.10579757441802, 0.14120178468788}};
    rl_table t = employment();
    rl_result r = run(&t, "one-step", RL_VCOV_DEFAULT);
    for (size_t j = 0; j < K; j++) {
        const rl_estimate *e = fit_find(&r, TERM[j]);
        CHECK_NEAR(e->estimate, PRINTED[j][0], 0.00051);
        CHECK_NEAR(e->std_error, PRINTED[j][1], 0.00055);
        CHECK_DIGITS(e->estimate, PLM[j][0], 10);
        CHECK_DIGITS(e->std_error, PLM[j][1], 10);
    }
    assert_int_equal(r.rows_used, 611);
    CHECK_NEAR(statistic(&r, "m2"), -.516, 0.00051);
    CHECK_NEAR(statistic(&r, "sargan"), 65.8, 0.051);
    CHECK_DIGITS(statistic(&r, "m1"), -3.599593089844, 10);
    CHECK_DIGITS(statistic(&r, "m2"), -0.5160282393387, 10);
}

static void two_steps(void **s)
{
    (void)s;
    static const double PRINTED[K] = {.629, -.065, -.526, .311, .278, .014, -.040, .592, -.566, .101};
    static const double PLM[K][2] = {{0.62870889825787, 0.19341348645829},    {-0.065188001153418, 0.045050059678881},
                                     {-0.5257595095632, 0.15461043657807},    {0.3112896090758, 0.20300019185677},
                                     {0.27836190481171, 0.072801997449485},   {0.014099504763113, 0.092457503283427},
                                     {-0.040248465665659, 0.043274491820855}, {0.59192286355673, 0.17309109371976},
                                     {-0.56598515301839, 0.26110018312058},   {0.10054263826956, 0.1610982996796}};
    rl_table t = employment();
    rl_result r = run(&t, NULL, RL_VCOV_DEFAULT);
    for (size_t j = 0; j < K; j++) {
        const rl_estimate *e = fit_find(&r, TERM[j]);
        CHECK_NEAR(e->estimate, PRINTED[j], 0.00051);
        CHECK_DIGITS(e->estimate, PLM[j][0], 10);
        CHECK_DIGITS(e->std_error, PLM[j][1], 10);
    }
    CHECK_NEAR(statistic(&r, "hansen"), 31.4, 0.051);
    CHECK_DIGITS(statistic(&r, "hansen"), 31.38141617868, 10);
    CHECK_DIGITS(statistic(&r, "m1"), -2.125471970671, 10);
    CHECK_DIGITS(statistic(&r, "m2"), -0.3516577556908, 10);
}

static void independent_errors(void **s)
{
    (void)s;
    static const double STATA[K] = {.1486163, .0444365, .0657694, .1092374, .0370314,
                                    .0583051, .0416274, .1345412, .1844599, .1428568};
    rl_table t = employment();
    rl_result r = run(&t, "one-step", RL_IID);
    for (size_t j = 0; j < K; j++) CHECK_DIGITS(fit_find(&r, TERM[j])->std_error, STATA[j], 5);
    CHECK_DIGITS(statistic(&r, "sargan"), 65.81806, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_step, setup, teardown),
        cmocka_unit_test_setup_teardown(two_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(independent_errors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
