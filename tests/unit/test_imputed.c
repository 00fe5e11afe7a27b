/* bjs and did2s against the same written out with every dummy, row by row. */
#include "num/dist.h"
#include "num/ols.h"
#include "unit/own_fit.h"

enum { UNITS = 21, TIMES = 8 };

static rl_request ask(const char *who, const char *formula, const char *cluster, rl_agg agg)
{
    rl_request r = fit_program(who, formula);
    assert_non_null(r.estimator);
    r.agg = agg;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {cluster}, .lag = -1};
    return r;
}

static const double *col(const rl_table *t, const char *name) { return rl_table_col(t, name)->num; }
static int32_t code(const rl_table *t, const char *name, size_t i) { return rl_table_col(t, name)->code[i]; }

/* Some rows of the panel are gone. */
static rl_table panel(bool holes)
{
    rl_table t = fit_panel(UNITS, TIMES, 2385, &cx);
    rl_col *y = rl_table_col(&t, "y");
    for (size_t i = 4; i < t.n && holes; i += 13) y->num[i] = NAN;
    return t;
}

/* --- everything by hand ---------------------------------------------------------------- */

typedef struct hand {
    const rl_table *t;
    const double *g, *at, *x, *w, *y;
    bool weights, column, trend;
    size_t n;
    size_t row[UNITS * TIMES];
} hand;

static bool treated(const hand *h, size_t i) { return !isnan(h->g[i]) && h->at[i] >= h->g[i]; }
static double weight(const hand *h, size_t i) { return h->weights ? h->w[i] : 1; }

/* All dummies of all rows in Z, and the regression of y on those of the untreated ones. */
static void regress(const hand *h, rl_mat *Z, rl_ols_fit *f)
{
    size_t k = UNITS * 2 + TIMES + 1, m = 0;
    rl_mat Z0 = rl_mat_new(h->n, k, cx.tmp);
    double *v = RL_NEW(cx.tmp, double, h->n), *w = RL_NEW(cx.tmp, double, h->n);
    *Z = rl_mat_new(h->n, k, cx.tmp);
    for (size_t r = 0; r < h->n; r++) {
        size_t i = h->row[r], u = (size_t)code(h->t, "unit", i);
        *rl_mat_at(Z, r, u) = 1;
        if (h->trend) *rl_mat_at(Z, r, UNITS + u) = h->at[i];
        *rl_mat_at(Z, r, 2 * UNITS + (size_t)h->at[i] - 1) = 1;
        if (h->column) *rl_mat_at(Z, r, k - 1) = h->x[i];
        if (treated(h, i)) continue;
        for (size_t j = 0; j < k; j++) *rl_mat_at(&Z0, m, j) = *rl_mat_at(Z, r, j);
        w[m] = weight(h, i);
        v[m++] = h->y[i];
    }
    Z0.n = m;
    CHECK_OK(rl_ols(&Z0, v, w, NULL, f, cx.tmp, &cx), &cx);
}

/* Does row i belong to the average: all treated rows (event NAN) or one event time. */
static bool belongs(const hand *h, size_t i, double event)
{
    if (isnan(h->g[i])) return false;
    return isnan(event) ? treated(h, i) : h->at[i] - h->g[i] == event;
}

static double average(const hand *h, const double *e, double event)
{
    double sum = 0, W = 0;
    for (size_t r = 0; r < h->n; r++) {
        if (!belongs(h, h->row[r], event)) continue;
        sum += weight(h, h->row[r]) * e[r];
        W += weight(h, h->row[r]);
    }
    return sum / W;
}

/* Mean of the row's cohort and period: by own weight times that of the cluster in it. */
static double cell_mean(const hand *h, const double *e, size_t r, const char *cluster)
{
    double sum = 0, W = 0;
    for (size_t a = 0; a < h->n; a++) {
        size_t i = h->row[a];
        if (h->g[i] != h->g[h->row[r]] || h->at[i] != h->at[h->row[r]]) continue;
        double together = 0;
        for (size_t b = 0; b < h->n; b++) {
            size_t k = h->row[b];
            if (h->g[k] == h->g[i] && h->at[k] == h->at[i] && code(h->t, cluster, k) == code(h->t, cluster, i))
                together += weight(h, k);
        }
        sum += together * weight(h, i) * e[a];
        W += together * weight(h, i);
    }
    return sum / W;
}

/* Estimate, weights of the rows, standard error: omega = own - [untreated] w z'A sum own z. */
static double by_hand(const hand *h, const rl_mat *Z, const rl_ols_fit *f, double event, const char *cluster,
                      bool two_stages, double *omega, double *se)
{
    double *e = RL_NEW(cx.tmp, double, h->n), *own = RL_NEW(cx.tmp, double, h->n), *q = RL_NEW(cx.tmp, double, Z->k),
           *c = RL_NEW(cx.tmp, double, Z->k), sum[UNITS] = {0}, V = 0, W = 0;
    for (size_t r = 0; r < h->n; r++) {
        e[r] = h->y[h->row[r]];
        for (size_t j = 0; j < Z->k; j++) e[r] -= f->b[j] * *rl_mat_at(Z, r, j);
        W += belongs(h, h->row[r], event) ? weight(h, h->row[r]) : 0;
    }
    double b = average(h, e, event);
    for (size_t r = 0; r < h->n; r++) {
        own[r] = belongs(h, h->row[r], event) ? weight(h, h->row[r]) / W : 0;
        for (size_t j = 0; j < Z->k; j++) c[j] += own[r] * *rl_mat_at(Z, r, j);
    }
    for (size_t j = 0; j < Z->k; j++)
        for (size_t k = 0; k < Z->k; k++) q[j] += *rl_mat_at(&f->A, j, k) * c[k];
    for (size_t r = 0; r < h->n; r++) {
        size_t i = h->row[r];
        double learned = 0, residual = e[r] - b;
        for (size_t j = 0; j < Z->k && !treated(h, i); j++) learned += weight(h, i) * q[j] * *rl_mat_at(Z, r, j);
        omega[r] = own[r] - learned;
        if (!two_stages) residual = treated(h, i) ? e[r] - cell_mean(h, e, r, cluster) : 0;
        sum[code(h->t, cluster, i)] += own[r] * residual - learned * e[r];
    }
    for (size_t g = 0; g < UNITS; g++) V += sum[g] * sum[g];
    *se = sqrt(V);
    return b;
}

static void compare(int kind, const char *who, const char *cluster, bool simple)
{
    rl_table t = panel(kind & 4);
    hand h = {.t = &t, .g = col(&t, "g"), .at = col(&t, "t"), .x = col(&t, "x"), .w = col(&t, "w"), .y = col(&t, "y")};
    h.weights = kind & 1;
    h.column = kind & 2;
    h.trend = kind & 8;
    for (size_t i = 0; i < t.n; i++)
        if (!isnan(h.y[i])) h.row[h.n++] = i;
    rl_request r = ask(who, h.column ? "y ~ x" : "y ~ 1", cluster, simple ? RL_AGG_SIMPLE : RL_AGG_DYNAMIC);
    r.weights = h.weights ? "w" : NULL;
    r.unit_trends = h.trend;
    r.omega = simple ? "overall" : NULL;
    rl_result f = run(&t, r);
    double *omega = RL_NEW(cx.tmp, double, h.n), se;
    rl_mat Z;
    rl_ols_fit o;
    regress(&h, &Z, &o);
    bool two = strcmp(who, "did2s") == 0;
    for (size_t j = 0; j < f.m; j++) {
        double event = simple ? (double)NAN : (double)f.est[j].label.event,
               b = by_hand(&h, &Z, &o, event, cluster, two, omega, &se);
        CHECK_DIGITS(f.est[j].estimate, b, 10);
        CHECK_DIGITS(f.est[j].std_error, se, 8);
        CHECK_DIGITS(f.est[j].conf_high, b + 1.959963984540054 * se, 8);
        if (!simple) continue;
        assert_int_equal(f.rows_used, h.n);
        for (size_t i = 0; i < h.n; i++) CHECK_NEAR(f.omega[i], omega[i], 1e-10);
        assert_string_equal(f.est[j].label.term, "overall");
    }
    if (!simple) assert_int_equal(f.m, two ? 9 : 5);
}

static void written_out(void **s)
{
    (void)s;
    for (int kind = 0; kind < 16; kind++) { /* weights, a column, holes, slopes */
        compare(kind, "bjs", "unit", true);
        compare(kind, "did2s", "unit", true);
        compare(kind, "bjs", "region", true);
        compare(kind, "did2s", "region", true);
    }
    compare(3, "bjs", "region", false);
    compare(7, "bjs", "unit", false);
    compare(3, "did2s", "region", false);
}

/* --- event times before the start -------------------------------------------------------- */

static void leads(void **s)
{
    (void)s;
    for (int singles = 0; singles < 2; singles++) {
        rl_table t = panel(true);
        double *a = fit_num(&t, "before2", &cx), *b = fit_num(&t, "before1", &cx), *u = fit_num(&t, "untreated", &cx);
        const double *g = col(&t, "g"), *at = col(&t, "t");
        rl_col *y = rl_table_col(&t, "y");
        for (size_t i = 0; i < t.n; i++) {
            a[i] = at[i] - g[i] == -2;
            b[i] = at[i] - g[i] == -1;
            u[i] = isnan(g[i]) || at[i] < g[i];
            if (singles && code(&t, "unit", i) == 4 && at[i] < g[i] && at[i] > 1) y->num[i] = NAN;
        }
        rl_request r = ask("bjs", "y ~ x", "unit", RL_AGG_DYNAMIC),
                   o = fit_request("y ~ before2 + before1 + x | unit + t");
        r.has_window = true;
        r.window_lo = -2;
        r.window_hi = 1;
        o.vcov = r.vcov;
        o.subset_col = "untreated";
        o.subset_value = "1";
        o.restriction = (const char *const[]){"before2 = 0, before1 = 0"};
        o.n_restriction = 1;
        rl_result got = run(&t, r), want = run(&t, o);
        assert_int_equal(got.m, 4);
        assert_int_equal(got.df, 0);
        for (size_t j = 0; j < 2; j++) {
            assert_int_equal(got.est[j].label.event, (int)j - 2);
            CHECK_DIGITS(got.est[j].estimate, want.est[j].estimate, 10);
            CHECK_DIGITS(got.est[j].std_error, want.est[j].std_error, 9);
            CHECK_DIGITS(got.est[j].p_value, want.est[j].p_value, 8);
            CHECK_DIGITS(got.est[j].conf_low, want.est[j].conf_low, 8);
            CHECK_DIGITS(got.est[j].df, want.est[j].df, 15);
        }
        assert_int_equal(got.est[2].df, 0);
        assert_int_equal(got.n_tests, 1);
        assert_string_equal(got.test[0].name, "pre-trend");
        CHECK_DIGITS(got.test[0].statistic, want.test[0].statistic, 9);
        CHECK_DIGITS(got.test[0].p_value, want.test[0].p_value, 8);
        r.window_lo = 0; /* the effects do not know of them */
        rl_result bare = run(&t, r);
        for (size_t j = 0; j < 2; j++) {
            CHECK_DIGITS(bare.est[j].estimate, got.est[j + 2].estimate, 16);
            CHECK_DIGITS(bare.est[j].std_error, got.est[j + 2].std_error, 14);
        }
        double sum = 0; /* influence by cluster belongs to the covariance */
        for (size_t c = 0; c < got.G; c++) sum += got.psi_G[c] * got.psi_G[2 * got.G + c];
        CHECK_DIGITS(got.V[2 * got.m], sum, 10);
    }
}

/* A window from the first event time there is, or before it, begins at the first that can be told: later where nobody
 * is never treated, and a trend of event times is one of time. */
static void leads_without_reference(void **s)
{
    (void)s;
    for (int none = 0; none < 2; none++) {
        rl_table t = panel(false);
        double *g = rl_table_col(&t, "g")->num, first = 0;
        const double *at = col(&t, "t");
        for (size_t i = 0; i < t.n; i++) {
            if (none && isnan(g[i])) g[i] = 5;
            first = fmin(first, isnan(g[i]) ? 0 : at[i] - g[i]);
        }
        rl_request r = ask("bjs", "y ~ 1", "unit", RL_AGG_DYNAMIC);
        r.has_window = true;
        r.window_lo = -9;
        r.window_hi = 3;
        rl_result far = run(&t, r), out;
        int lo = (int)first + 1 + none;
        assert_int_equal(far.est[0].label.event, lo);
        assert_true(
            noted(&far, rl_sprintf(cx.keep, "event times begin at %d: those before, from %d on", lo, (int)first)));
        r.window_lo = (int)first;
        rl_result all = run(&t, r);
        r.window_lo = lo;
        rl_result near = run(&t, r);
        assert_false(noted(&near, "event times begin"));
        assert_int_equal(far.m, near.m);
        for (size_t j = 0; j < near.m; j++) {
            CHECK_DIGITS(far.est[j].estimate, near.est[j].estimate, 15);
            CHECK_DIGITS(all.est[j].std_error, near.est[j].std_error, 15);
        }
        if (!none) continue;
        r.window_lo = lo - 1; /* asked for by name */
        assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
        assert_non_null(strstr(cx.err.what, "cannot be told from the effects"));
        assert_non_null(strstr(cx.err.hint, rl_sprintf(cx.keep, "--window %d", lo - 1)));
        rl_forgive(&cx);
    }
}

/* --- words --------------------------------------------------------------------------------- */

static void averages(void **s)
{
    (void)s;
    rl_table t = panel(false);
    rl_request r = ask("bjs", "y ~ 1", "unit", RL_AGG_GROUP_TIME);
    rl_result cells = run(&t, r);
    assert_int_equal(cells.m, 5 + 3);
    r.agg = RL_AGG_GROUP;
    rl_result group = run(&t, r);
    assert_int_equal(group.m, 2);
    double sum[2] = {0};
    for (size_t j = 0; j < cells.m; j++) {
        assert_int_equal(cells.est[j].label.event, cells.est[j].label.time - cells.est[j].label.group);
        sum[cells.est[j].label.group == 6] += cells.est[j].estimate;
    }
    CHECK_DIGITS(group.est[0].estimate, sum[0] / 5, 12);
    CHECK_DIGITS(group.est[1].estimate, sum[1] / 3, 12);
    r.agg = RL_AGG_CALENDAR;
    rl_result calendar = run(&t, r);
    assert_int_equal(calendar.m, 5);
    assert_int_equal(calendar.est[0].label.time, 4);
    CHECK_DIGITS(calendar.est[0].estimate, cells.est[0].estimate, 13);
    r.agg = RL_AGG_DYNAMIC; /* balanced: only cohort 4 is seen four periods after its start */
    r.has_balance = true;
    r.balance = 4;
    rl_result held = run(&t, r);
    assert_int_equal(held.m, 5);
    CHECK_DIGITS(held.est[0].estimate, cells.est[0].estimate, 13);
    r.balance = 2;
    held = run(&t, r);
    assert_int_equal(held.m, 3);
    r.balance = 40;
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.hint, "--balance"));
    rl_forgive(&cx);
}

/* An effect that may begin a period early: that period is imputed, not learned from. */
static void anticipation(void **s)
{
    (void)s;
    rl_table t = panel(false), early = panel(false);
    rl_col *g = rl_table_col(&early, "g");
    for (size_t i = 0; i < early.n; i++) g->num[i] -= 1;
    rl_request r = ask("bjs", "y ~ x", "unit", RL_AGG_DYNAMIC);
    rl_result want = run(&early, r);
    r.anticipation = 1;
    rl_result got = run(&t, r);
    assert_int_equal(got.m, want.m);
    for (size_t j = 0; j < got.m; j++) {
        assert_int_equal(got.est[j].label.event, want.est[j].label.event - 1);
        CHECK_DIGITS(got.est[j].estimate, want.est[j].estimate, 14);
        CHECK_DIGITS(got.est[j].std_error, want.est[j].std_error, 14);
    }
    r.agg = RL_AGG_SIMPLE; /* the effect after the start is after the start */
    rl_result all = run(&t, r);
    assert_int_equal(all.m, 1);
    assert_true(fabs(all.est[0].estimate - got.est[0].estimate) > 0.1);
}

/* Without a unit: effects of cohorts, errors by what was assigned. */
static void cohort_effects(void **s)
{
    (void)s;
    rl_table t = panel(false);
    rl_request r = ask("bjs", "y ~ 1", "unit", RL_AGG_SIMPLE);
    rl_result by_unit = run(&t, r);
    r.unit = NULL;
    rl_result by_cohort = run(&t, r);
    CHECK_DIGITS(by_cohort.est[0].estimate, by_unit.est[0].estimate, 12); /* balanced */
    CHECK_DIGITS(by_cohort.est[0].std_error, by_unit.est[0].std_error, 12);
    r.vcov.kind = RL_VCOV_DEFAULT;
    rl_result out;
    assert_int_equal(rl_estimate_run(&r, &t, &out, cx.keep, &cx), RL_EUSAGE);
    rl_forgive(&cx);
}

/* --- rows and refusals ---------------------------------------------------------------------- */

static size_t dropped(const rl_result *r, const char *why)
{
    for (size_t i = 0; i < r->n_dropped; i++)
        if (strcmp(r->dropped[i].why, why) == 0) return r->dropped[i].rows;
    return 0;
}

static void rows_without_comparison(void **s)
{
    (void)s;
    rl_table t = panel(false);
    double *g = rl_table_col(&t, "g")->num, *y = rl_table_col(&t, "y")->num;
    const double *at = col(&t, "t");
    rl_request r = ask("did2s", "y ~ 1", "unit", RL_AGG_SIMPLE);
    rl_result whole = run(&t, r);
    for (size_t i = 0; i < t.n; i++) {
        if (code(&t, "unit", i) == 1) g[i] = 1;                   /* from its first period on      */
        if (code(&t, "unit", i) == 2 && at[i] < g[i]) y[i] = NAN; /* its own history, not the data's */
    }
    rl_result less = run(&t, r);
    assert_int_equal(dropped(&less, "always treated"), TIMES + 5);
    assert_int_equal(less.units, whole.units - 2);
    t = panel(false);
    g = rl_table_col(&t, "g")->num;
    for (size_t i = 0; i < t.n; i++)
        if (isnan(g[i])) g[i] = 7; /* from 7 on nobody is untreated */
    rl_result none = run(&t, r);
    assert_int_equal(dropped(&none, "no control left"), 2 * UNITS);
    r.estimator = rl_estimator_by_name("bjs");
    rl_result same = run(&t, r);
    CHECK_DIGITS(none.est[0].estimate, same.est[0].estimate, 16);
    r.unit_trends = true; /* a slope wants two periods: units of cohort 4 have one */
    t = panel(false);
    y = rl_table_col(&t, "y")->num;
    for (size_t i = 0; i < t.n; i++)
        if (code(&t, "unit", i) == 2 && at[i] < 3) y[i] = NAN;
    rl_result slopes = run(&t, r);
    assert_int_equal(dropped(&slopes, "unit trend from one period"), 5);
}

static void refusals(void **s)
{
    (void)s;
    rl_table t = panel(false);
    double *g = rl_table_col(&t, "g")->num, *x = rl_table_col(&t, "x")->num, *at = rl_table_col(&t, "t")->num;
    rl_request r = ask("bjs", "y ~ x", "unit", RL_AGG_DYNAMIC), window = r;
    window.has_window = true;
    window.window_lo = 50;
    window.window_hi = 60;
    refused_hint(&t, window, RL_EDATA, "from 0 to 4", "--window 50:60");
    for (size_t i = 0; i < t.n; i++) x[i] = !isnan(g[i]) && at[i] >= g[i] ? x[i] : 2.5;
    refused_hint(&t, r, RL_EDATA, "'x'", "untreated rows");
    for (size_t i = 0; i < t.n; i++) x[i] = code(&t, "unit", i) * 1.7; /* the unit's own: nothing is lost */
    rl_request without = r;
    without.formula = "y ~ 1";
    rl_result own = run(&t, r);
    CHECK_DIGITS(own.est[0].estimate, run(&t, without).est[0].estimate, 13);
    assert_true(noted(&own, "'x' was left out"));
    at[1] = at[0];
    refused_hint(&t, r, RL_EINPUT, "u000", "");
    t = panel(false);
    g = rl_table_col(&t, "g")->num;
    for (size_t i = 0; i < t.n; i++) g[i] = 5;
    refused_hint(&t, r, RL_EDATA, "no control", "never treated");
    for (size_t i = 0; i < t.n; i++) g[i] = i < TIMES * 5 ? 1 : NAN;
    refused_hint(&t, r, RL_EDATA, "pre-period: all 40 treated rows", "before");
    for (size_t i = 0; i < t.n; i++) g[i] = NAN;
    refused_hint(&t, r, RL_EDATA, "no row is treated", "never treated");
}

/* Many units and cells: the covariance of a walk through the units is that of the sums by cluster. */
static void walked(void **s)
{
    (void)s;
    enum { N = 20480, T = 15 };
    rl_table t = fit_table(N * T);
    fit_num(&t, "t", &cx), fit_num(&t, "g", &cx), fit_num(&t, "y", &cx);
    double *at = t.col[0].num, *g = t.col[1].num, *y = t.col[2].num;
    const char **unit = RL_NEW(cx.keep, const char *, t.n);
    rl_rng r = rl_rng_for(31, 7);
    for (size_t i = 0; i < t.n; i++) {
        size_t u = i / T;
        at[i] = (double)(i % T + 1);
        g[i] = u % T == 0 ? (double)NAN : (double)(u % T + 1);
        y[i] = rl_normal(&r) + (at[i] >= g[i] ? 0.3 * at[i] : 0);
        unit[i] = i % T > 0 ? unit[i - 1] : rl_sprintf(cx.keep, "%zu", u);
    }
    fit_text(&t, "unit", unit, &cx);
    rl_request q = ask("bjs", "y ~ 1", "unit", RL_AGG_GROUP_TIME);
    rl_result f = run(&t, q);
    assert_int_equal(f.m, 105);
    assert_true(f.m * f.G > 1 << 21); /* else it is no walk */
    for (size_t j = 0; j < f.m; j += 13)
        for (size_t i = 0; i < f.m; i += 7) {
            double sum = 0;
            for (size_t c = 0; c < f.G; c++) sum += f.psi_G[i * f.G + c] * f.psi_G[j * f.G + c];
            CHECK_NEAR(f.V[i + j * f.m], sum, 1e-12 * sqrt(f.V[i + i * f.m] * f.V[j + j * f.m]));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(written_out),
                                       cmocka_unit_test(leads),
                                       cmocka_unit_test(leads_without_reference),
                                       cmocka_unit_test(averages),
                                       cmocka_unit_test(anticipation),
                                       cmocka_unit_test(cohort_effects),
                                       cmocka_unit_test(rows_without_comparison),
                                       cmocka_unit_test(refusals),
                                       cmocka_unit_test(walked)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
