#include "unit/diag_fixture.h"

#include "model/response.h"

#include "model/diag.h"
#include "num/unitroot.h"
#include "unit/own_fit.h"

/* --- peers: R 4.2.2, lmtest 0.9.40, tseries 0.10.53, urca 1.3.3, strucchange 1.5.3, car 3.1.1, sandwich 3.0.2 ---- */

static const struct peer {
    const char *formula, *test;
    rl_vcov_kind vcov;
    double statistic, p; /* p NaN: the peer has none, or another */
    double digits, p_digits;
} PEER[] = {
    {"y ~ x + z", "breusch-godfrey:3", RL_IID, 19.990039764919, 0.000170551117181826, 12, 10}, /* bgtest */
    {"y ~ x + z", "ljung-box:5", RL_IID, 27.5362832052235, 4.4838964490479e-05, 12, 10},       /* Box.test */
    {"y ~ x + z", "box-pierce:5", RL_IID, 25.5458007751772, NAN, 12, 0},
    {"y ~ x + z", "durbin-watson", RL_IID, 1.08856974897137, 9.17890599181833e-05, 12, 6}, /* dwtest */
    {"y ~ x + z", "arch:2", RL_IID, 1.06874699059655, NAN, 11, 0},                         /* by lm */
    {"y ~ x + z", "breusch-pagan", RL_IID, 0.681054095492242, 0.711395284658417, 11, 11},  /* bptest */
    {"y ~ x + z", "white", RL_IID, 3.3229530763587, 0.650329452302927, 11, 11},
    {"y ~ x + z", "reset:2:3", RL_IID, 0.514440782336534, 0.600682868691811, 10, 10}, /* resettest */
    {"y ~ x + z", "jarque-bera", RL_IID, 1.48034420164388, NAN, 11, 0},
    {"y ~ x", "adf:y:1:drift", RL_IID, -6.73737933767225, NAN, 11, 0}, /* ur.df */
    {"y ~ x", "adf:y:2:trend", RL_IID, -3.57452894066915, NAN, 11, 0},
    {"y ~ x", "adf:y:0:none", RL_IID, -3.60937928315973, NAN, 11, 0},
    {"y ~ x", "adf:w:1:drift", RL_IID, -0.262426280686825, NAN, 10, 0},
    {"y ~ x", "kpss:w:3:level", RL_IID, 1.5617253487052, NAN, 11, 0}, /* kpss.test */
    {"y ~ x", "kpss:w:3:trend", RL_IID, 0.194407894848954, NAN, 11, 0},
    {"y ~ x", "pp:w:3:trend", RL_IID, -2.49205486559695, NAN, 3.4, 0},   /* pp.test: n in place of sqrt(n^2-1) */
    {"y ~ w", "engle-granger:2", RL_IID, -3.65062000290472, NAN, 11, 0}, /* ur.df of resid */
    {"y ~ w", "engle-granger:1:trend", RL_IID, -7.20542056097082, NAN, 11, 0},
    {"y ~ x + z", "cusum", RL_IID, 0.901485048490038, 0.0701016632817149, 11, 9},        /* efp */
    {"y ~ x + z", "cusumsq", RL_IID, 0.0766831151130508, NAN, 11, 0},                    /* recresid */
    {"y ~ x + z", "quandt", RL_IID, 5.56671761404662, NAN, 11, 0},                       /* Fstats */
    {"y ~ x + z", "chow:31", RL_IID, 0.23954253482155, 0.86838601261731, 11, 11},        /* sctest */
    {"y ~ x + z", "granger:x:2", RL_IID, 6.64836146560817, 0.00265320563855763, 11, 11}, /* grangertest */
    {"y ~ x + z", "feedback:x:2", RL_IID, 0.237785300536356, 0.789208438565391, 10, 10},
    {"y ~ x + z", "leads:x:2", RL_IID, 0.213109427641234, 0.808756743110065, 10, 10}, /* linearHypothesis */
    {"y ~ x + z", "leads:x:2", RL_HC1, 0.294264595380889, NAN, 10, 0},
    {"y ~ x + z", "collinearity", RL_IID, 14.2146541962138, NAN, 11, 0}, /* svd */
    {"y ~ x + z", "influence", RL_IID, -0.443054615329466, NAN, 10, 0},  /* lm without row 52 */
};

static void peers(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    for (size_t i = 0; i < sizeof PEER / sizeof *PEER; i++) {
        const struct peer *p = &PEER[i];
        rl_test got = diag_test(&t, p->formula, p->test, p->vcov, &cx);
        double d = check_digits_of(got.statistic, p->statistic),
               dp = isnan(p->p) ? 17 : check_digits_of(got.p_value, p->p);
        if (d < p->digits || dp < p->p_digits)
            fail_msg("%s, %s: %.15g p %.15g (%.1f and %.1f digits)", p->formula, p->test, got.statistic, got.p_value, d,
                     dp);
    }
}

/* The order of the rows is the calendar's, not the file's; a lag over a gap is missing (lm on hand-made lags). */
static void order_and_gaps(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    unsigned char keep[60];
    for (size_t c = 0; c < t.k; c++) /* backwards */
        for (size_t i = 0; i < 30; i++) {
            double *v = t.col[c].num, x = v[i];
            v[i] = v[59 - i], v[59 - i] = x;
        }
    CHECK_DIGITS(diag_test(&t, "y ~ x + z", "breusch-godfrey:3", RL_IID, &cx).statistic, 19.990039764919, 12);
    CHECK_DIGITS(diag_test(&t, "y ~ x + z", "cusum", RL_IID, &cx).statistic, 0.901485048490038, 11);
    for (size_t i = 0; i < 60; i++) keep[i] = t.col[0].num[i] != 20;
    rl_table_filter(&t, keep, cx.keep);
    rl_test gap = diag_test(&t, "y ~ x + z", "breusch-godfrey:2", RL_IID, &cx);
    CHECK_DIGITS(gap.statistic, 18.1047098977782, 11);
    assert_non_null(strstr(gap.says, "after '19'"));
    rl_request r = diag_request("y ~ x + z", NULL, 0);
    diag_refused(&t, &r, "adf:y:1", RL_EDATA, "'20'");
    diag_refused(&t, &r, "kpss:y:1", RL_EDATA, "'20'");
    diag_refused(&t, &r, "pp:y:1", RL_EDATA, "without gaps");
    diag_refused(&t, &r, "engle-granger:1", RL_EDATA, "gap after '19'");
    t.col[1].num[9] = NAN; /* a missing value inside is a gap too, one at an end is not */
    diag_refused(&t, &r, "adf:y:1", RL_EDATA, "no value");
}

/* Breusch and Godfrey's own regression, written out: n R2 of e on a constant, x, z and one lag. */
static void by_hand(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    rl_request r = diag_request("y ~ x + z", NULL, 0);
    rl_result first, second;
    CHECK_OK(rl_estimate_run(&r, &t, &first, cx.keep, &cx), &cx);
    double *e = fit_num(&t, "e", &cx), *lag = fit_num(&t, "before", &cx);
    for (size_t i = 0; i < 60; i++) {
        e[i] = t.col[1].num[i] - first.est[0].estimate - first.est[1].estimate * t.col[2].num[i] -
               first.est[2].estimate * t.col[3].num[i];
        lag[i] = i > 0 ? e[i - 1] : 0;
    }
    r.formula = "e ~ x + z + before";
    CHECK_OK(rl_estimate_run(&r, &t, &second, cx.keep, &cx), &cx);
    CHECK_DIGITS(diag_test(&t, "y ~ x + z", "breusch-godfrey:1", RL_IID, &cx).statistic, 60 * second.r2, 10);
}

/* Lags of a series that wanders add no series of their own; levels of a factor and a trend are none. */
static void series_counted(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    static const struct {
        const char *formula;
        size_t N;
    } F[] = {{"y ~ w", 2},     {"y ~ lag(w,0:3)", 2}, {"y ~ w + lag(x,1:2)", 3},
             {"y ~ w + t", 2}, {"y ~ w + q", 2},      {"y ~ w:x", 2}};
    const char *quarter[60];
    for (size_t i = 0; i < 60; i++) quarter[i] = i % 4 == 0 ? "a" : i % 4 == 1 ? "b" : i % 4 == 2 ? "c" : "d";
    fit_text(&t, "q", quarter, &cx);
    for (size_t i = 0; i < sizeof F / sizeof *F; i++) {
        rl_test got = diag_test(&t, F[i].formula, "engle-granger:1", RL_IID, &cx);
        size_t used = strstr(F[i].formula, "0:3") != NULL ? 57 : strstr(F[i].formula, "1:2") != NULL ? 58 : 60;
        CHECK_DIGITS(got.p_value, rl_tau_p(got.statistic, RL_DET_DRIFT, F[i].N, used - 1), 12);
    }
}

static rl_result all(const rl_table *t, const char *formula, const char *unit)
{
    const char *const list[] = {"all"};
    rl_request r = diag_request(formula, list, 1);
    rl_result out;
    r.unit = unit;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static bool has_test(const rl_result *r, const char *name)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, name) == 0) return true;
    return false;
}

/* --- words --------------------------------------------------------------------------- */

static void misread(const char *text, const char *word)
{
    rl_ctx one;
    rl_diag_spec spec;
    check_ctx(&one);
    assert_int_equal(rl_diag_parse(text, &spec, one.keep, &one), RL_EUSAGE);
    if (strstr(one.err.what, word) == NULL && strstr(one.err.hint, word) == NULL)
        fail_msg("%s: \"%s\" lacks '%s'", text, one.err.what, word);
    rl_ctx_free(&one);
}

static void words(void **s)
{
    (void)s;
    assert_true(rl_diag_known("jarque-bera"));
    assert_true(rl_diag_known("jarque-bera:3")); /* its name is known, what follows is wrong */
    assert_true(rl_diag_known("cusumsq"));
    assert_false(rl_diag_known("jarque"));
    assert_false(rl_diag_known("x1 = x2"));
    misread("jarque-bero", "jarque-bera");
    misread("jarque-bera:3", "takes");
    misread("granger:x", "COL:L");
}

/* A name that is no word, with and without backticks; a colon in it; a function. */
static void odd_names(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    double *a = fit_num(&t, "ad spend", &cx), *b = fit_num(&t, "tv:radio", &cx);
    for (size_t i = 0; i < 60; i++) a[i] = b[i] = t.col[2].num[i];
    static const char *const TEST[] = {"leads:`ad spend`:2", "leads:ad spend:2", "leads:`tv:radio`:2"};
    for (size_t i = 0; i < 3; i++) {
        rl_test got = diag_test(&t, i < 2 ? "y ~ `ad spend` + z" : "y ~ `tv:radio` + z", TEST[i], RL_IID, &cx);
        CHECK_DIGITS(got.statistic, 0.213109427641234, 10);
        assert_string_equal(got.variable, i < 2 ? "ad spend" : "tv:radio");
    }
    CHECK_DIGITS(diag_test(&t, "y ~ x", "adf:log1p(`tv:radio`):1:drift", RL_IID, &cx).statistic,
                 diag_test(&t, "y ~ x", "adf:log1p(x):1:drift", RL_IID, &cx).statistic, 13);
    rl_result r = all(&t, "y ~ `ad spend` + lag(z,1)", NULL);
    assert_true(has_test(&r, "leads"));
    assert_false(noted(&r, "could not be run"));
}

static void bad_words(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    rl_request r = diag_request("y ~ x + z", NULL, 0);
    diag_refused(&t, &r, "breusch-godfrey:0", RL_EUSAGE, "whole number");
    diag_refused(&t, &r, "granger:y:2", RL_EUSAGE, "'y' is the outcome itself");
    diag_refused(&t, &r, "feedback:y:1", RL_EUSAGE, "'y' is the outcome itself");
    diag_refused(&t, &r, "leads:y:1", RL_EUSAGE, "'y' is the outcome itself");
    diag_refused(&t, &r, "breusch-godfrey:58", RL_EDATA, "too few");
    diag_refused(&t, &r, "ljung-box:60", RL_EDATA, "too few");
    diag_refused(&t, &r, "arch:58", RL_EDATA, "too few");
    diag_refused(&t, &r, "adf:y:1:line", RL_EUSAGE, "drift");
    diag_refused(&t, &r, "adf:y:some:drift", RL_EUSAGE, "bic");
    diag_refused(&t, &r, "adf:y:40", RL_EDATA, "too short");
    diag_refused(&t, &r, "kpss:y:1:none", RL_EUSAGE, "level");
    diag_refused(&t, &r, "adf:v:1", RL_EINPUT, "'v'");
    diag_refused(&t, &r, "leads:v:1", RL_EINPUT, "'v'");
    diag_refused(&t, &r, "leads:x:61", RL_EUSAGE, "at most");
    diag_refused(&t, &r, "leads:lag(x,1):1", RL_EDATA, "combinations");
    diag_refused(&t, &r, "reset:1", RL_EUSAGE, "from 2");
    diag_refused(&t, &r, "reset:9", RL_EUSAGE, "2 to 6");
    diag_refused(&t, &r, "chow:soon", RL_EUSAGE, "'soon'");
    diag_refused(&t, &r, "chow:61", RL_EDATA, "before '61'");
    r.time = NULL;
    diag_refused(&t, &r, "adf:y:1", RL_EUSAGE, "--time");
    diag_refused(&t, &r, "chow:31", RL_EUSAGE, "--panel");
    diag_refused(&t, &r, "leads:x:1", RL_EUSAGE, "--panel");
    diag_refused(&t, &r, "cusum", RL_EUSAGE, "one time series");
    r = diag_request("y ~ x + z", NULL, 0);
    r.weights = "w2";
    double *w = fit_num(&t, "w2", &cx);
    for (size_t i = 0; i < 60; i++) w[i] = 1.5;
    diag_refused(&t, &r, "breusch-godfrey:1", RL_EUSAGE, "--weights");
    r.weights = NULL;
    double *c = fit_num(&t, "c", &cx);
    for (size_t i = 0; i < 60; i++) c[i] = 2.5;
    diag_refused(&t, &r, "adf:c:1", RL_EDATA, "'c'");
    diag_refused(&t, &r, "kpss:c:1", RL_EDATA, "constant");
    diag_refused(&t, &r, "kpss:t:1:trend", RL_EDATA, "a line");
    r.formula = "y ~ 1";
    diag_refused(&t, &r, "engle-granger:1", RL_EDATA, "no regressor");
    diag_refused(&t, &r, "reset:2", RL_EDATA, "do not vary");
    r.formula = "y ~ x | c";
    diag_refused(&t, &r, "white", RL_EUSAGE, "fixed effects");
    r.formula = "y ~ 1 | 0 | x ~ z";
    diag_refused(&t, &r, "breusch-godfrey:1", RL_EUSAGE, "instruments");
    double *line = fit_num(&t, "line", &cx); /* a perfect fit */
    for (size_t i = 0; i < 60; i++) line[i] = 3 * t.col[2].num[i] - 2;
    static const char *const RESIDUAL[] = {
        "breusch-godfrey:1", "durbin-watson", "ljung-box:2", "arch:1", "white",   "reset",
        "breusch-pagan",     "jarque-bera",   "cusum",       "quandt", "cusumsq", "influence"};
    r.formula = "line ~ x + z";
    for (size_t i = 0; i < sizeof RESIDUAL / sizeof *RESIDUAL; i++)
        diag_refused(&t, &r, RESIDUAL[i], RL_EDATA, "perfect fit");
    t.col[0].num[5] = 5; /* twice */
    r = diag_request("y ~ x + z", NULL, 0);
    diag_refused(&t, &r, "breusch-godfrey:1", RL_EINPUT, "two rows");
}

/* --- panels ----------------------------------------------------------------------------- */

/* Within units: the two halves of a panel of one and the same series have no lag in common. */
static void panels(void **s)
{
    (void)s;
    rl_table t = fit_panel(12, 9, 3, &cx);
    const char *const list[] = {"breusch-godfrey:1", "leads:x:1", "collinearity", "influence"};
    rl_request r = diag_request("y ~ x + w | unit", list, 4);
    rl_result out;
    r.unit = "unit";
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_true(out.n_tests >= 4);
    for (size_t i = 0; i < out.n_tests; i++) assert_true(isfinite(out.test[i].statistic));
    diag_refused(&t, &r, "adf:y:1", RL_EUSAGE, "--subset");
    diag_refused(&t, &r, "cusum", RL_EUSAGE, "--subset");
    diag_refused(&t, &r, "durbin-watson", RL_EUSAGE, "fixed effects");
    r.subset_col = "unit";
    r.subset_value = "u003";
    r.formula = "y ~ x";
    r.diag = &(const char *){"adf:y:1:drift"};
    r.n_diag = 1;
    CHECK_OK(rl_estimate_run(&r, &t, &out, cx.keep, &cx), &cx);
    assert_true(isfinite(out.test[0].statistic));
}

static void everything(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx), p = fit_panel(12, 9, 3, &cx);
    rl_result r = all(&t, "y ~ x + lag(z,0:1)", NULL);
    static const char *const WANT[] = {"breusch-godfrey", "durbin-watson", "arch", "breusch-pagan", "jarque-bera",
                                       "reset",           "collinearity",  "vif",  "influence",     "leads",
                                       "feedback",        "adf",           "kpss", "engle-granger", "cusum",
                                       "cusumsq",         "quandt"};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
        if (!has_test(&r, WANT[i])) fail_msg("no %s", WANT[i]);
    for (size_t i = 0; i < r.n_tests; i++) {
        if (r.test[i].says == NULL || r.test[i].verdict == NULL) fail_msg("%s says nothing", r.test[i].name);
        if (strlen(r.test[i].says) > 330) fail_msg("%s says too much", r.test[i].name);
    }
    assert_true(noted(&r, "raise a doubt"));
    r = all(&p, "y ~ x + region | unit", "unit");
    assert_true(has_test(&r, "breusch-godfrey"));
    assert_false(has_test(&r, "adf"));
}

/* --- channels that move together --------------------------------------------------------- */

static void together(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    double *twin = fit_num(&t, "twin", &cx);
    for (size_t i = 0; i < 60; i++) twin[i] = t.col[2].num[i] * 1.3 + 0.01 * (double)(i % 7);
    rl_result r = all(&t, "y ~ x + z + twin", NULL);
    for (size_t i = 0; i < r.n_tests; i++) {
        if (strcmp(r.test[i].name, "near-dependency") != 0) continue;
        assert_non_null(strstr(r.test[i].says, "'x'"));
        assert_non_null(strstr(r.test[i].says, "'twin'"));
        assert_null(strstr(r.test[i].says, "'z'"));
        return;
    }
    fail_msg("no near-dependency found");
}

/* Columns that hardly vary beside their level have trouble with the constant, not with each other. */
static void beside_the_constant(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    double *a = fit_num(&t, "a", &cx), *b = fit_num(&t, "b", &cx);
    for (size_t i = 0; i < 60; i++) a[i] = 1000 + t.col[2].num[i], b[i] = 500 + t.col[3].num[i];
    rl_result r = all(&t, "y ~ a + b", NULL);
    for (size_t i = 0; i < r.n_tests; i++) {
        if (strcmp(r.test[i].name, "collinearity") == 0) {
            assert_true(r.test[i].statistic > 300);
            assert_string_equal(r.test[i].verdict, "fine");
        }
        assert_string_not_equal(r.test[i].name, "near-dependency");
    }
}

/* One wild period carries the result, and is named. */
static void one_period(void **s)
{
    (void)s;
    rl_table t = diag_series(&cx);
    t.col[1].num[40] += 60;
    t.col[4].num[40] += 30;
    rl_test got = diag_test(&t, "y ~ w", "influence", RL_IID, &cx);
    assert_string_equal(got.variable, "w");
    assert_string_equal(got.model, "41");
    assert_string_equal(got.verdict, "problem");
}

/* --- unasked ------------------------------------------------------------------------------- */

static void unasked(void **s)
{
    (void)s;
    rl_table t = fit_table(120);
    double *at = fit_num(&t, "t", &cx), *y = fit_num(&t, "y", &cx), *x = fit_num(&t, "x", &cx), a = 0, b = 0;
    rl_rng r = rl_rng_for(17, 2);
    for (size_t i = 0; i < 120; i++) {
        at[i] = (double)i;
        y[i] = a += 0.3 + rl_normal(&r);
        x[i] = b += 0.2 + rl_normal(&r);
    }
    rl_request q = diag_request("y ~ x", NULL, 0);
    rl_result out;
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    assert_true(noted(&out, "spurious regression possible"));
    assert_true(noted(&out, "in first differences: 'x'"));
    assert_true(noted(&out, "--vcov NW"));
    q.formula = "diff(y) ~ diff(x)";
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    assert_int_equal(out.n_notes, 0);
    q.formula = "y ~ x";
    q.checked = true;
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    assert_int_equal(out.n_notes, 0);
    q.checked = false;
    for (size_t i = 0; i < 120; i++) y[i] = 2 * x[i] + rl_normal(&r); /* they keep together */
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    assert_false(noted(&out, "spurious"));
    rl_table p = fit_panel(20, 8, 5, &cx);
    q = diag_request("y ~ lag(y,1) + x | unit", NULL, 0);
    q.unit = "unit";
    CHECK_OK(rl_estimate_run(&q, &p, &out, cx.keep, &cx), &cx);
    assert_true(noted(&out, "Nickell"));
    assert_true(noted(&out, "arellano-bond"));
}

/* 1.3 2.7 0.4 5.9 3.1 9.2: n/6 (S^2 + (K-3)^2/4) of R's moments. */
/* With lags: what they bring in all in the regression of changes, under NW, beside the response; and where the two do
 * not agree nothing is told. */
static void beside_levels(void **s)
{
    (void)s;
    static const char *const ASKED[] = {"x"};
    rl_table t = fit_table(120);
    double *at = fit_num(&t, "t", &cx), *y = fit_num(&t, "y", &cx), *x = fit_num(&t, "x", &cx), a = 0, b = 0;
    rl_rng r = rl_rng_for(17, 2);
    for (size_t i = 0; i < 120; i++) {
        at[i] = (double)i;
        y[i] = a += 0.3 + rl_normal(&r);
        x[i] = b += 0.2 + rl_normal(&r);
    }
    rl_request q = diag_request("y ~ lag(x,0:2)", NULL, 0), d = diag_request("diff(y) ~ lag(diff(x),0:2)", NULL, 0);
    rl_result out, diff, poly;
    q.response = ASKED, q.n_response = 1, d.checked = true;
    q.vcov.kind = d.vcov.kind = RL_NW;
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    CHECK_OK(rl_estimate_run(&d, &t, &diff, cx.keep, &cx), &cx);
    double sum = 0, var = 0;
    for (size_t i = 1; i < 4; i++) {
        sum += diff.est[i].estimate;
        for (size_t j = 1; j < 4; j++) var += diff.V[i + j * diff.m];
    }
    assert_true(out.spurious && out.n_differenced == 1);
    assert_string_equal(out.differenced[0].base, "x");
    CHECK_DIGITS(out.differenced[0].est, sum, 10);
    CHECK_DIGITS(out.differenced[0].se, sqrt(var), 9);
    assert_true(noted(&out, "in first differences, lags added up: 'x'") &&
                noted(&out, "--estimator ardl --method ecm"));
    const rl_response *p = &out.response[0];
    assert_true(p->long_run.low > 0 && out.differenced[0].low < 0); /* levels find what is not there */
    assert_string_equal(p->verdict, "cannot tell");
    assert_non_null(strstr(p->doubt, "wander like random walks"));
    assert_non_null(strstr(p->differenced, "in differences"));
    q.formula = "y ~ almon(x,0:2,2)"; /* the same columns in other words */
    CHECK_OK(rl_estimate_run(&q, &t, &poly, cx.keep, &cx), &cx);
    CHECK_DIGITS(poly.differenced[0].est, sum, 9);
    CHECK_DIGITS(poly.differenced[0].se, sqrt(var), 7);
    for (size_t i = 0; i < 120; i++) y[i] = rl_normal(&r) + 0.5 * x[i] - 0.5 * (i > 3 ? x[i - 4] : 0);
    CHECK_OK(rl_estimate_run(&q, &t, &out, cx.keep, &cx), &cx);
    assert_true(!out.spurious && out.response[0].differenced == NULL && out.response[0].verdict == NULL);
}

static void jarque_bera(void **s)
{
    (void)s;
    static const double Y[] = {1.3, 2.7, 0.4, 5.9, 3.1, 9.2};
    rl_table t = fit_table(6);
    double *at = fit_num(&t, "t", &cx), *y = fit_num(&t, "y", &cx);
    for (size_t i = 0; i < 6; i++) at[i] = (double)i, y[i] = Y[i];
    rl_test r = diag_test(&t, "y ~ 1", "jarque-bera", RL_IID, &cx);
    CHECK_DIGITS(r.statistic, 0.673075706018969, 12);
    CHECK_DIGITS(r.p_value, 0.714238846974597, 12);
    assert_non_null(strstr(r.says, "normal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(peers),
                                       cmocka_unit_test(order_and_gaps),
                                       cmocka_unit_test(by_hand),
                                       cmocka_unit_test(series_counted),
                                       cmocka_unit_test(words),
                                       cmocka_unit_test(bad_words),
                                       cmocka_unit_test(odd_names),
                                       cmocka_unit_test(panels),
                                       cmocka_unit_test(everything),
                                       cmocka_unit_test(together),
                                       cmocka_unit_test(beside_the_constant),
                                       cmocka_unit_test(one_period),
                                       cmocka_unit_test(unasked),
                                       cmocka_unit_test(beside_levels),
                                       cmocka_unit_test(jarque_bera)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
