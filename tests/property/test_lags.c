/* Lags are views of their column: the same bits as columns that hold the lags. */
#include "../unit/fit_fixture.h"
#include "model/infer.h"

enum { MOST = 2200, FAR = 3 }; /* cells of the largest layout */

typedef enum layout { EVEN, GAPS, SHUFFLED, SERIES, SERIES_GAPS, SHORT, LAYOUTS } layout;

typedef struct row {
    int unit, at;
} row;

/* Which rows there are, in which order. */
static size_t rows_of(layout l, row *out, int *units, int *periods)
{
    bool series = l == SERIES || l == SERIES_GAPS, gaps = l == GAPS || l == SHUFFLED || l == SERIES_GAPS;
    *units = series ? 1 : l == SHORT ? 300 : 47;
    *periods = series ? 1100 : l == SHORT ? 7 : 41;
    rl_rng r = rl_rng_for(2385, (uint64_t)l);
    size_t n = 0;
    for (int u = 0; u < *units; u++)
        for (int t = 0; t < *periods; t++)
            if (!gaps || rl_uniform(&r) > 0.08) out[n++] = (row){u, t};
    for (size_t i = n; l == SHUFFLED && i > 1; i--) {
        size_t j = (size_t)(rl_uniform(&r) * (double)i);
        row swap = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swap;
    }
    return n;
}

/* to[i] = x, `back` periods ago. */
static void look_back(const row *at, size_t n, int periods, const double *x, int back, double *to, rl_ctx *cx)
{
    double *all = RL_NEW(cx->keep, double, MOST);
    for (size_t i = 0; i < MOST; i++) all[i] = NAN;
    for (size_t i = 0; i < n; i++) all[at[i].unit * periods + at[i].at] = x[i];
    for (size_t i = 0; i < n; i++) {
        int t = at[i].at - back;
        to[i] = t < 0 || t >= periods ? (double)NAN : all[at[i].unit * periods + t];
    }
}

static rl_table table(layout l, rl_ctx *cx)
{
    static const char *const SEG[] = {"large", "mid", "small"};
    row *at = RL_NEW(cx->keep, row, MOST);
    int units, periods;
    size_t n = rows_of(l, at, &units, &periods);
    rl_table t = fit_table(n);
    const char **unit = RL_NEW(cx->keep, const char *, n), **seg = RL_NEW(cx->keep, const char *, n);
    double *time = fit_num(&t, "t", cx), *x = fit_num(&t, "x", cx), *z = fit_num(&t, "z", cx),
           *w = fit_num(&t, "w", cx), *y = fit_num(&t, "y", cx), *p = fit_num(&t, "p", cx),
           *log = RL_NEW(cx->keep, double, n), *back[FAR + 1];
    rl_rng r = rl_rng_for(417, (uint64_t)l);
    for (size_t i = 0; i < n; i++) {
        unit[i] = rl_sprintf(cx->keep, "u%d", at[i].unit * 7 % units);
        seg[i] = SEG[at[i].unit % 3];
        time[i] = at[i].at + 2000;
        x[i] = exp(rl_normal(&r));
        z[i] = rl_normal(&r) + 0.1 * at[i].unit;
        w[i] = 0.3 + rl_uniform(&r);
        p[i] = floor(4 * rl_uniform(&r) * rl_uniform(&r));
        if (i % 131 == 7) z[i] = NAN;
    }
    char name[16];
    for (int k = 0; k <= FAR; k++) {
        snprintf(name, sizeof name, "x%d", k);
        back[k] = fit_num(&t, name, cx);
        look_back(at, n, periods, x, k, back[k], cx);
    }
    look_back(at, n, periods, z, 1, fit_num(&t, "z1", cx), cx);
    look_back(at, n, periods, z, -2, fit_num(&t, "zlead2", cx), cx);
    for (size_t i = 0; i < n; i++) log[i] = sqrt(x[i]);
    look_back(at, n, periods, log, 2, fit_num(&t, "root2", cx), cx);
    for (size_t i = 0; i < n; i++) {
        y[i] = 0.1 * at[i].unit + 0.03 * at[i].at + rl_normal(&r);
        for (int k = 0; k <= FAR; k++) y[i] += isnan(back[k][i]) ? 0 : 0.7 / (1 + k) * back[k][i];
    }
    look_back(at, n, periods, y, 1, fit_num(&t, "y1", cx), cx);
    fit_text(&t, "unit", unit, cx);
    fit_text(&t, "seg", seg, cx);
    return t;
}

typedef struct pair {
    const char *lags, *columns, *effects;
} pair;

static const pair PAIR[] = {
    {"lag(x,0:3)", "x0 + x1 + x2 + x3", ""},
    {"lag(x,1:3) + lag(y,1) + z", "x1 + x2 + x3 + y1 + z", ""},
    {"x + lag(x,1:3) + lag(z,1) + lead(z,2)", "x + x1 + x2 + x3 + z1 + zlead2", ""},
    {"lag(sqrt(x),2) + lag(x,1):z + seg:lag(x,2)", "root2 + x1:z + seg:x2", ""},
    {"lag(x,0:3) + z", "x0 + x1 + x2 + x3 + z", "t"},
    {"x + lag(x,1:3) + lag(z,1)", "x + x1 + x2 + x3 + z1", "unit"},
    {"x + lag(x,1:3) + lead(z,2)", "x + x1 + x2 + x3 + zlead2", "unit + t"},
    {"lag(x,0:3) + lag(z,1)", "x0 + x1 + x2 + x3 + z1", "unit + t + seg^t"},
    {"lag(x,0:2) + seg:lag(z,1)", "x0 + x1 + x2 + seg:z1", "unit + t"},
};

typedef struct settings {
    const char *vcov;
    bool weights, spend;
    int threads;
    const char *estimator;
} settings;

static void fit(layout l, const char *rhs, const char *effects, settings s, rl_result *out, rl_ctx *cx)
{
    check_ctx(cx);
    cx->threads = s.threads;
    rl_table t = table(l, cx);
    bool series = l == SERIES || l == SERIES_GAPS, poisson = s.estimator != NULL && strcmp(s.estimator, "poisson") == 0;
    rl_request r =
        fit_request(rl_sprintf(cx->keep, "%s ~ %s%s%s", poisson ? "p" : "y", rhs, *effects ? " | " : "", effects));
    r.unit = series ? NULL : "unit";
    r.time = "t";
    r.weights = s.weights ? "w" : NULL;
    r.spend = s.spend ? cx->keep : NULL;
    if (s.estimator != NULL) r.estimator = rl_estimator_by_name(s.estimator);
    CHECK_OK(rl_vcov_parse(s.vcov, &r.vcov, cx->keep, cx), cx);
    CHECK_OK(rl_estimate_run(&r, &t, out, cx->keep, cx), cx);
}

static void same(layout l, const pair *p, settings s)
{
    bool series = l == SERIES || l == SERIES_GAPS;
    rl_ctx a, b;
    rl_result x, y;
    if (series && *p->effects) return;
    fit(l, p->lags, p->effects, s, &x, &a);
    s.threads = 1;
    fit(l, p->columns, p->effects, s, &y, &b);
    assert_int_equal(x.m, y.m);
    assert_int_equal(x.rows_used, y.rows_used);
    for (size_t j = 0; j < x.m; j++) {
        /* CR2 writes a design with views out (model/hat.c): columns of factors then stand among the others and are added
         * up in their order, where they would come last */
        bool written = strncmp(s.vcov, "CR2", 3) == 0;
        bool error = written ? check_digits_of(x.est[j].std_error, y.est[j].std_error) > 15
                             : x.est[j].std_error == y.est[j].std_error;
        error |=
            isnan(x.est[j].std_error) && isnan(y.est[j].std_error); /* two periods and their effects: no sum is left */
        if (x.est[j].estimate == y.est[j].estimate && error) continue;
        fail_msg("layout %d, %s | %s, %s: %s is %.17g (%.17g), not %.17g (%.17g)", (int)l, p->lags, p->effects, s.vcov,
                 x.est[j].label.term, x.est[j].estimate, x.est[j].std_error, y.est[j].estimate, y.est[j].std_error);
    }
    rl_ctx_free(&a);
    rl_ctx_free(&b);
}

static void least_squares(void **state)
{
    (void)state;
    static const char *const VCOV[] = {"iid", "HC1", "HC3", "NW:3", "DK:2"};
    for (layout l = 0; l < LAYOUTS; l++)
        for (size_t p = 0; p < sizeof PAIR / sizeof *PAIR; p++)
            for (size_t v = 0; v < sizeof VCOV / sizeof *VCOV; v++)
                same(l, &PAIR[p], (settings){.vcov = VCOV[v], .weights = p % 2 == 1, .threads = 1 + (int)v % 3});
}

static void clusters(void **state)
{
    (void)state;
    static const char *const VCOV[] = {"cluster:unit", "cluster:unit+t", "CR2:unit", "wild:unit,reps=99"};
    for (layout l = EVEN; l <= SHUFFLED; l++)
        for (size_t p = 0; p < sizeof PAIR / sizeof *PAIR; p++)
            for (size_t v = 0; v < (p < 4 || p == 6 ? sizeof VCOV / sizeof *VCOV : 2); v++)
                same(l, &PAIR[p], (settings){.vcov = VCOV[v], .threads = 3});
}

/* Beside lags a column must not be swept where it stands, however spent it is. */
static void spent_columns(void **state)
{
    (void)state;
    for (layout l = 0; l < LAYOUTS; l++)
        for (size_t p = 0; p < sizeof PAIR / sizeof *PAIR; p++)
            same(l, &PAIR[p], (settings){.vcov = "HC1", .spend = true, .threads = 2});
}

static void likelihoods(void **state)
{
    (void)state;
    for (layout l = EVEN; l <= SHUFFLED; l++)
        for (size_t p = 4; p < 7; p++)
            same(l, &PAIR[p], (settings){.vcov = "HC1", .threads = 2, .estimator = "poisson"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_squares),
        cmocka_unit_test(clusters),
        cmocka_unit_test(spent_columns),
        cmocka_unit_test(likelihoods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
