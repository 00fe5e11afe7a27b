/* Powers and products hold more digits than a double, in every method that says so.
 *
 * The figures are of exact fractions: the data below are fractions of powers of two, the sums and their
 * inverses were computed from them with 70 digits.  Columns rounded to doubles before the fit lose up to ten digits.
 */
#include "model/est.h"
#include "unit/own_fit.h"

enum { N = 82 };

/* --- data --------------------------------------------------------------------- */

static uint32_t state;

/* From -1/2 to 1/2 in steps of 2^-23. */
static double unit(void)
{
    state = (state * 1103515245u + 12345u) & 0x7fffffffu;
    return (double)(state >> 8) * 0x1p-23 - 0.5;
}

/* The nearest multiple of 2^-bits; what is rounded is never near the middle. */
static double to_bits(long double v, int bits) { return (double)(floorl(ldexpl(v, bits) + 0.5L) * ldexpl(1, -bits)); }

/* x from -9 to -3; v near 0.375 and q near 1, so that v q is nearly v and q together; counts p, choices k. */
static rl_table data(void)
{
    static const char *const NAME[] = {"x", "z", "e", "y", "v", "q", "k", "p", "t"}, *const G[] = {"a", "b", "c", "d"};
    const char *group[N];
    rl_table t = fit_table(N);
    for (size_t j = 0; j < sizeof NAME / sizeof *NAME; j++) fit_num(&t, NAME[j], &cx);
    double *c[sizeof NAME / sizeof *NAME];
    for (size_t j = 0; j < sizeof NAME / sizeof *NAME; j++) c[j] = t.col[j].num;
    state = 20240607;
    for (size_t i = 0; i < N; i++) {
        double a = unit(), b = unit(), d = unit(), f = unit(), h = unit(), l = unit();
        double x = to_bits(-9 + 6.0L * (long double)i / (N - 1) + (long double)a / 16, 24);
        long double s = to_bits((x + 6.0L) / 4, 20);
        double eta = to_bits(s * 1.25L - s * s * 0.75L + s * s * s * 0.5L, 20);
        double e = to_bits(b * 3.0L + d * 2.0L + x / 8.0L, 24), count = floor(3 + eta * 2 + f * 4);
        double row[] = {x,
                        b * 4,
                        e,
                        to_bits(e / 2.0L + eta + d * 3.0L + f, 20),
                        to_bits(0.375L + h / 64.0L, 28),
                        1 + to_bits(l / 512.0L, 28),
                        f * 2 + eta / 2 + h > 0,
                        count > 0 ? count : 0,
                        (double)i};
        for (size_t j = 0; j < sizeof NAME / sizeof *NAME; j++) c[j][i] = row[j];
        group[i] = G[i % 4];
    }
    fit_text(&t, "g", group, &cx);
    return t;
}

static rl_request request(const char *formula, const char *estimator, const char *profile)
{
    rl_request r = fit_request(formula);
    if (estimator != NULL) r.estimator = rl_estimator_by_name(estimator);
    r.profile = profile;
    r.time = "t";
    return r;
}

/* --- figures -------------------------------------------------------------------- */

typedef struct known {
    const char *formula, *estimator, *profile;
    double digits, se_digits;
    struct {
        const char *term;
        double estimate, std_error;
    } est[3];
} known;

static void check(const known *list, size_t n)
{
    rl_table t = data();
    for (size_t i = 0; i < n; i++) {
        rl_result r = run(&t, request(list[i].formula, list[i].estimator, list[i].profile));
        for (size_t j = 0; j < 3 && list[i].est[j].term != NULL; j++) {
            const rl_estimate *e = fit_find(&r, list[i].est[j].term);
            CHECK_DIGITS(e->estimate, list[i].est[j].estimate, list[i].digits);
            CHECK_DIGITS(e->std_error, list[i].est[j].std_error, list[i].se_digits);
        }
    }
}

/* clang-format off */
static const known PRODUCTS[] = {
    {"y ~ v*q", NULL, NULL, 13, 13,
     {{"(Intercept)", 41496.526887844338, 22511.322463008588},
      {"q", -41477.889671711151, 22514.035788102982},
      {"v:q", 110626.65403209035, 60031.525404244092}}},
    {"y ~ v*q + z + v:q:z", NULL, NULL, 13, 13,
     {{"v:q", 43872.569873172378, 58297.995980457941},
      {"v:q:z", -17.909624160369675, 29.832004017014749}}},
    {"y ~ v + q + v^2 + v:q + v^2:q | g", NULL, NULL, 13, 13,
     {{"v", -26455310.436195812, 12400675.559955431},
      {"v:q", 26451336.867663779, 12401497.771685997},
      {"v^2:q", -35115686.020966713, 16527683.600504617}}},
    {"y ~ lag(v,1) + lag(q,1) + lag(v*q,1)", NULL, NULL, 13, 13,
     {{"lag(q,1)", 2304.0079043646017, 23386.335631168179},
      {"lag(v*q,1)", -6289.4604738075309, 62362.448824772963}}},
    {"y ~ v + lag(q,1) + v:lag(q,1)", NULL, NULL, 13, 13,
     {{"v:lag(q,1)", -10967.32928235498, 60269.989509945422}}},
    {"y ~ diff(v) + diff(q) + diff(v*q)", NULL, NULL, 13, 13,
     {{"diff(v*q)", 57469.279970724346, 42574.377641227536}}},
    {"y ~ poly(v+0.1,4)", NULL, NULL, 12, 12,
     {{"poly(v+0.1,1)", 610807472.68734645, 280006460.20173716},
      {"poly(v+0.1,4)", -1426118437.2826074, 653260728.22554128}}},
};

static const known INSTRUMENTS[] = {
    {"y ~ poly(x,10) | e ~ z", "iv", NULL, 13, 12,
     {{"(Intercept)", 36740.848152159984, 32607.58078188685},
      {"e", 0.72561966287908953, 0.075999320165416286},
      {"poly(x,10)", 0.0013462133673148842, 0.0010279462190097147}}},
    {"y ~ poly(x,8) | e ~ z + z:x", "iv", NULL, 13, 12,
     {{"e", 0.71739957776195455, 0.076358231827261888},
      {"poly(x,8)", 0.00037201228461816404, 0.0023232342953299726}}},
    {"y ~ poly(x,6) | g | e ~ z + z:x", "iv", NULL, 13, 12,
     {{"e", 0.71064609238466218, 0.078054359007548985},
      {"poly(x,6)", -0.019413343271622024, 0.0053783659302601657}}},
    {"y ~ 1 | poly(e+100,3) ~ poly(z+100,5)", "iv", NULL, 13, 11,
     {{"poly(e+100,1)", 6697.4958039572437, 4089.4843417105233},
      {"poly(e+100,3)", 0.22579974773034269, 0.13859512241518879}}},
};

/* Errors at the estimate, not at the last step's weights. */
static const known LIKELIHOODS[] = {
    {"k ~ poly(x,8)", "logit", "statsmodels", 12, 10,
     {{"(Intercept)", 9948.5583228607609, 10179.407742776759},
      {"poly(x,8)", 0.0081899304264987153, 0.0098236911200223424}}},
    {"p ~ poly(x,8)", "poisson", "statsmodels", 12, 10,
     {{"(Intercept)", -1232.4310286757254, 2332.4644884423708},
      {"poly(x,8)", -0.0023297758427975893, 0.0027415025793542163}}},
    {"k ~ poly(x,8) | g", "logit", "statsmodels", 12, 10,
     {{"poly(x,1)", 15806.289865448186, 15358.169429996971},
      {"poly(x,8)", 0.0088435497509630459, 0.010035595384359074}}},
    {"p ~ poly(x,8) | g", "poisson", "statsmodels", 12, 10,
     {{"poly(x,1)", -1352.4622682398617, 3656.9315498330984},
      {"poly(x,8)", -0.0019246998770943211, 0.0027665052698871903}}},
};
/* clang-format on */

static void products(void **s)
{
    (void)s;
    check(PRODUCTS, sizeof PRODUCTS / sizeof *PRODUCTS);
}

static void instruments(void **s)
{
    (void)s;
    check(INSTRUMENTS, sizeof INSTRUMENTS / sizeof *INSTRUMENTS);
}

static void likelihoods(void **s)
{
    (void)s;
    check(LIKELIHOODS, sizeof LIKELIHOODS / sizeof *LIKELIHOODS);
}

/* --- a product and its column ------------------------------------------------------ */

/* name = a b, rounded. */
static void multiplied(rl_table *t, const char *name, const char *a, const char *b)
{
    double *to = fit_num(t, name, &cx);
    const double *x = rl_table_col(t, a)->num, *y = rl_table_col(t, b)->num;
    for (size_t i = 0; i < t->n; i++) to[i] = x[i] * y[i];
}

/* How far the last estimates of two fits are apart, relatively. */
static double apart(const rl_table *t, const char *one, const char *other, const char *estimator)
{
    rl_result a = run(t, request(one, estimator, NULL)), b = run(t, request(other, estimator, NULL));
    assert_int_equal(a.m, b.m);
    const rl_estimate *x = &a.est[a.m - 1], *y = &b.est[b.m - 1];
    return fmax(fabs(x->estimate / y->estimate - 1), fabs(x->std_error / y->std_error - 1));
}

/* Where the product is a double, it is its column, to the bit; where it is not, rounding it costs digits. */
static void a_product_is_its_column(void **s)
{
    (void)s;
    static const struct {
        const char *estimator, *exact, *column, *rounded, *its;
    } CASE[] = {
        {"ols", "y ~ k + p + k:p", "y ~ k + p + kp", "y ~ v + q + v:q", "y ~ v + q + vq"},
        {"ols", "y ~ k + p + k:p | g", "y ~ k + p + kp | g", "y ~ v + q + v:q | g", "y ~ v + q + vq | g"},
        {"ols", "y ~ k + p + lag(k*p,1)", "y ~ k + p + lag(kp,1)", "y ~ lag(v,1) + lag(q,1) + lag(v*q,1)",
         "y ~ lag(v,1) + lag(q,1) + lag(vq,1)"},
        {"ols", "y ~ k + g:k:p", "y ~ k + g:kp", "y ~ g:v + g:q + g:v:q", "y ~ g:v + g:q + g:vq"},
        {"iv", "y ~ p + k:p | e ~ z", "y ~ p + kp | e ~ z", "y ~ v + q + v:q | e ~ z", "y ~ v + q + vq | e ~ z"},
        {"poisson", "p ~ k + x + k:t", "p ~ k + x + kt", "p ~ v + q + v:q", "p ~ v + q + vq"},
        {"logit", "k ~ p + x + p:t | g", "k ~ p + x + pt | g", "k ~ v + q + v:q | g", "k ~ v + q + vq | g"},
    };
    rl_table t = data();
    multiplied(&t, "kp", "k", "p");
    multiplied(&t, "kt", "k", "t");
    multiplied(&t, "pt", "p", "t");
    multiplied(&t, "vq", "v", "q");
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        CHECK_NEAR(apart(&t, CASE[i].exact, CASE[i].column, CASE[i].estimator), 0, 0);
        double lost = apart(&t, CASE[i].rounded, CASE[i].its, CASE[i].estimator);
        if (!(lost > 1e-13 && lost < 1e-6)) fail_msg("%s: %g apart from %s", CASE[i].rounded, lost, CASE[i].its);
    }
}

/* A product of three in any order; huge and tiny ones, beyond the reach of the exact product, are still products. */
static void order_and_scale(void **s)
{
    (void)s;
    rl_table t = data();
    rl_result a = run(&t, request("y ~ v + q + x + v:q:x", NULL, NULL));
    rl_result b = run(&t, request("y ~ v + q + x + x:v:q", NULL, NULL));
    CHECK_DIGITS(a.est[4].estimate, b.est[4].estimate, 15);
    CHECK_DIGITS(a.est[4].std_error, b.est[4].std_error, 15);
    double *big = fit_num(&t, "big", &cx), *tiny = fit_num(&t, "tiny", &cx);
    for (size_t i = 0; i < N; i++) {
        big[i] = ldexp(rl_table_col(&t, "v")->num[i], 480);
        tiny[i] = ldexp(rl_table_col(&t, "q")->num[i], -480);
    }
    rl_result c = run(&t, request("y ~ v + q + v:q", NULL, NULL)),
              d = run(&t, request("y ~ v + q + big:tiny", NULL, NULL));
    CHECK_DIGITS(d.est[3].estimate, c.est[3].estimate, 9); /* rounded, as their product is */
}

/* The rows the other way round: lags are found by a map of the rows then. */
static rl_table reversed(const rl_table *t)
{
    rl_table u = *t;
    u.col = RL_NEW(cx.keep, rl_col, t->k);
    for (size_t j = 0; j < t->k; j++) {
        u.col[j] = t->col[j];
        if (t->col[j].num != NULL) u.col[j].num = RL_NEW(cx.keep, double, t->n);
        if (t->col[j].code != NULL) u.col[j].code = RL_NEW(cx.keep, int32_t, t->n);
        for (size_t i = 0; i < t->n; i++) {
            if (t->col[j].num != NULL) u.col[j].num[i] = t->col[j].num[t->n - 1 - i];
            if (t->col[j].code != NULL) u.col[j].code[i] = t->col[j].code[t->n - 1 - i];
        }
    }
    return u;
}

static void agree(const rl_table *t, const char *one, const rl_table *u, const char *other, double sign)
{
    rl_result a = run(t, request(one, NULL, NULL)), b = run(u, request(other, NULL, NULL));
    CHECK_DIGITS(a.est[a.m - 1].estimate, sign * b.est[b.m - 1].estimate, 14);
    CHECK_DIGITS(a.est[a.m - 1].std_error, b.est[b.m - 1].std_error, 13);
}

static void other_ways_to_say_it(void **s)
{
    (void)s;
    rl_table t = data(), back = reversed(&t);
    double *vp = fit_num(&t, "vp", &cx), *vm = fit_num(&t, "vm", &cx);
    for (size_t i = 0; i < N; i++) {
        vp[i] = rl_table_col(&t, "v")->num[i] + 0.25;
        vm[i] = rl_table_col(&t, "v")->num[i] - 0.25;
    }
    agree(&t, "y ~ lag(v,1) + lag(q,1) + lag(v*q,1)", &back, "y ~ lag(v,1) + lag(q,1) + lag(v*q,1)", 1);
    agree(&t, "y ~ lag(v,1) + lag(q,1) + lag(v*q,1) | g", &back, "y ~ lag(v,1) + lag(q,1) + lag(v*q,1) | g", 1);
    agree(&t, "y ~ diff(v) + diff(q) + diff(v*q)", &t, "y ~ diff(v) + diff(q) + diff(-v*q)", -1);
    agree(&t, "y ~ poly(v,3)", &t, "y ~ v + v^2 + v:v^2", 1);
    agree(&t, "y ~ v + lag(v,1) + lag(v^2,1)", &t, "y ~ v + lag(v,1) + lag(v*v,1)", 1);
    agree(&t, "y ~ v + q + poly(v*q,2)", &t, "y ~ v + q + v:q + v^2:q^2", 1);
    agree(&t, "y ~ poly(vp,4)", &t, "y ~ poly(v+0.25,4)", 1);
    agree(&t, "y ~ poly(vm,4)", &t, "y ~ poly(v-0.25,4)", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),        cmocka_unit_test(instruments),
        cmocka_unit_test(likelihoods),     cmocka_unit_test(a_product_is_its_column),
        cmocka_unit_test(order_and_scale), cmocka_unit_test(other_ways_to_say_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
