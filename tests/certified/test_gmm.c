/* Employment of 140 British companies: Arellano & Bond (1991), Review of
 * Economic Studies 58, table 4, columns (a1) and (a2).
 *
 *   printed     three decimals of the paper, errors robust (one-step)
 *   plm         on datasets/employment: pgmm() of R's plm 2.6-2 with vcovHC(), Windmeijer's errors for two steps; 14 digits
 *   stata       manual of xtabond, example 1: one-step errors under independent errors; 7 decimals
 */
#include <libgen.h>

#include "unit/fit_fixture.h"
#include "own_ctx.h"

enum { K = 10, ROWS = 1031 };

static const char *const FORMULA = "n ~ lag(n,1:2) + lag(w,0:1) + lag(k,0:2) + lag(ys,0:2) | unit + year";
static const char *const TERM[K] = {"lag(n,1)", "lag(n,2)", "lag(w,0)",  "lag(w,1)",  "lag(k,0)",
                                    "lag(k,1)", "lag(k,2)", "lag(ys,0)", "lag(ys,1)", "lag(ys,2)"};

static rl_table employment(void)
{
    static const char *const NAME[] = {"year", "n", "w", "k", "ys"};
    char here[] = __FILE__, path[512], line[256];
    rl_table t = fit_table(ROWS);
    const char **unit = RL_NEW(cx.keep, const char *, ROWS);
    for (size_t j = 0; j < 5; j++) fit_num(&t, NAME[j], &cx);
    snprintf(path, sizeof path, "%s/../../datasets/employment/employment.csv", dirname(here));
    FILE *f = fopen(path, "rb");
    if (f == NULL) fail_msg("cannot read %s", path);
    assert_non_null(fgets(line, sizeof line, f));
    for (size_t i = 0; i < ROWS; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        char *at = strchr(line, ',');
        assert_non_null(at);
        unit[i] = rl_strndup(cx.keep, line, (size_t)(at - line));
        for (size_t j = 0; j < 5; j++) t.col[j].num[i] = strtod(at + 1, &at);
    }
    fclose(f);
    fit_text(&t, "unit", unit, &cx);
    return t;
}

static rl_result run(const rl_table *t, const char *method, rl_vcov_kind kind)
{
    rl_request r = fit_request(FORMULA);
    rl_result out;
    r.estimator = rl_estimator_by_name("arellano-bond");
    r.unit = "unit", r.time = "year";
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
    static const double PLM[K][2] = {{0.68622588005431, 0.14459405999652},    {-0.085358164770838, 0.05601551103539},
                                     {-0.607820687235, 0.1782054864395},      {0.39262316368241, 0.16799304550738},
                                     {0.35684557112017, 0.05902029401609},    {-0.058001004160318, 0.073179681267646},
                                     {-0.019947536985115, 0.032712640229892}, {0.60850563870619, 0.17253109378615},
                                     {-0.71116393752812, 0.23171618547044},   {0.10579734847805, 0.1412017799708}};
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
    CHECK_DIGITS(statistic(&r, "m1"), -3.599593228889, 10);
    CHECK_DIGITS(statistic(&r, "m2"), -0.5160269681714, 10);
}

static void two_steps(void **s)
{
    (void)s;
    static const double PRINTED[K] = {.629, -.065, -.526, .311, .278, .014, -.040, .592, -.566, .101};
    static const double PLM[K][2] = {{0.62870892308696, 0.19341348576278},    {-0.06518800968333, 0.045050071137433},
                                     {-0.52575952582801, 0.15461045835802},   {0.3112896992703, 0.20300022215005},
                                     {0.27836190041654, 0.072802006941727},   {0.014099506875247, 0.092457511359566},
                                     {-0.040248463584661, 0.043274496985096}, {0.59192301800402, 0.17309110937169},
                                     {-0.56598520377563, 0.26110023019199},   {0.10054250075697, 0.16109829116718}};
    rl_table t = employment();
    rl_result r = run(&t, NULL, RL_VCOV_DEFAULT);
    for (size_t j = 0; j < K; j++) {
        const rl_estimate *e = fit_find(&r, TERM[j]);
        CHECK_NEAR(e->estimate, PRINTED[j], 0.00051);
        CHECK_DIGITS(e->estimate, PLM[j][0], 10);
        CHECK_DIGITS(e->std_error, PLM[j][1], 10);
    }
    CHECK_NEAR(statistic(&r, "hansen"), 31.4, 0.051);
    CHECK_DIGITS(statistic(&r, "hansen"), 31.38142166961, 10);
    CHECK_DIGITS(statistic(&r, "m1"), -2.125472148381, 10);
    CHECK_DIGITS(statistic(&r, "m2"), -0.3516568490208, 10);
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

/* Five rows taken out make gaps; w answers to earlier errors, k to today's too; lists of three lags. */
static void lists_and_gaps(void **s)
{
    (void)s;
    static const size_t GONE[] = {4, 99, 100, 332, 479};
    static const char *const W[] = {"w"}, *const CAPITAL[] = {"k"};
    static const double TWO[4][2] = {{0.61889566217855, 0.087499334607128},
                                     {-0.62262754054914, 0.18639612186124},
                                     {0.24991967625956, 0.071660877179612},
                                     {0.39044340319692, 0.093086573151858}};
    static const double ONE[4][2] = {{0.92131428590935, 0.14869572925415},
                                     {-0.43801869319997, 0.25876350453635},
                                     {0.44820354684052, 0.18047724417975},
                                     {0.016230878774618, 0.2001817669533}};
    static const char *const NAME[] = {"lag(n,1)", "lag(w,0)", "lag(w,1)", "k"};
    rl_table t = employment();
    for (size_t i = 0; i < 5; i++) t.col[1].num[GONE[i]] = t.col[2].num[GONE[i]] = t.col[3].num[GONE[i]] = NAN;
    rl_request r = fit_request("n ~ lag(n,1) + lag(w,0:1) + k | unit + year");
    rl_result out;
    r.estimator = rl_estimator_by_name("arellano-bond");
    r.unit = "unit", r.time = "year";
    r.vcov.kind = RL_VCOV_DEFAULT;
    r.predetermined = W, r.endogenous = CAPITAL;
    r.n_predetermined = r.n_endogenous = 1;
    r.gmm_lo = 2, r.gmm_hi = 4;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    for (size_t j = 0; j < 4; j++) CHECK_DIGITS(fit_find(&out, NAME[j])->estimate, TWO[j][0], 10);
    for (size_t j = 0; j < 4; j++) CHECK_DIGITS(fit_find(&out, NAME[j])->std_error, TWO[j][1], 10);
    CHECK_DIGITS(statistic(&out, "hansen"), 61.584644053152, 10);
    CHECK_DIGITS(statistic(&out, "m2"), -0.4760115261616, 10);
    r.collapse = true;
    r.method = "one-step";
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    for (size_t j = 0; j < 4; j++) CHECK_DIGITS(fit_find(&out, NAME[j])->estimate, ONE[j][0], 10);
    for (size_t j = 0; j < 4; j++) CHECK_DIGITS(fit_find(&out, NAME[j])->std_error, ONE[j][1], 10);
    CHECK_DIGITS(statistic(&out, "m2"), -1.126788435103, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_step),
        TEST(two_steps),
        TEST(lists_and_gaps),
        TEST(independent_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
