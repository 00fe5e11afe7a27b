/* All estimators for programmes on one table: where they must agree, and what must not matter to any of them. */
#include "unit/own_fit.h"

/* What becomes of the variance when every unit is there twice. */
typedef enum doubling {
    HALF,    /* half of it: no small-sample factor                                        */
    FACTORS, /* half of it, and (n-1)/(n-K) G/(G-1) of 2n rows and 2G units               */
    COHORTS, /* sums over cohorts of n units are divided by n-1: half of it or a little less */
    NONE     /* no errors                                                                 */
} doubling;

static const struct method {
    const char *name;
    bool window, weights; /* needs one; takes them                                       */
    rl_agg agg;
    double K; /* 2x2: (n-1)/(n-K) G/(G-1) times the variance of the four means, 0 = bare */
    doubling twice;
    const char *method;
    bool differs; /* from the difference of two differences: adjusts for the period before, takes a third one */
} METHOD[] = {
    {"did", 0, 1, RL_AGG_DEFAULT, 4, FACTORS, NULL, 0},
    {"twfe", 0, 1, RL_AGG_DEFAULT, 3, FACTORS, NULL, 0},
    {"event", 1, 1, RL_AGG_DEFAULT, 3, FACTORS, NULL, 0},
    {"etwfe", 0, 1, RL_AGG_SIMPLE, 3, FACTORS, NULL, 0},
    {"sunab", 0, 1, RL_AGG_SIMPLE, 3, FACTORS, NULL, 0},
    {"stacked", 1, 1, RL_AGG_DEFAULT, 4, FACTORS, NULL, 0},
    {"lpdid", 1, 1, RL_AGG_DEFAULT, 2, FACTORS, NULL, 0},
    {"cs", 0, 1, RL_AGG_DYNAMIC, 0, HALF, NULL, 0},
    {"bjs", 0, 1, RL_AGG_SIMPLE, 0, HALF, NULL, 0},
    {"did2s", 0, 1, RL_AGG_DYNAMIC, 0, HALF, NULL, 0},
    {"dcdh", 1, 1, RL_AGG_DEFAULT, 0, COHORTS, NULL, 0},
    {"bacon", 0, 0, RL_AGG_DEFAULT, 0, NONE, NULL, 0},
    {"staggered", 0, 0, RL_AGG_DEFAULT, 0, COHORTS, "cs", 0},
    {"staggered", 0, 0, RL_AGG_DYNAMIC, 0, COHORTS, "cs", 0},
    {"staggered", 0, 0, RL_AGG_DEFAULT, 0, COHORTS, "efficient", 1},
    {"ddd", 0, 1, RL_AGG_DYNAMIC, 0, HALF, NULL, 1},
};
enum { METHODS = sizeof METHOD / sizeof *METHOD };

static rl_request ask(const struct method *m, int32_t lo, int32_t hi)
{
    rl_request r = fit_program(m->name, "y ~ 1");
    r.agg = m->agg;
    r.has_window = m->window;
    r.method = m->method;
    if (strcmp(m->name, "ddd") == 0) r.partition = "p";
    r.window_lo = lo;
    r.window_hi = hi;
    return r;
}

/* The one effect after the start: `overall`, else the event time 0. */
static const rl_estimate *effect(const rl_result *r)
{
    for (size_t j = 0; j < r->m; j++)
        if (strcmp(r->est[j].label.term, "overall") == 0) return &r->est[j];
    return fit_event(r, 0);
}

/* --- two groups, two periods ------------------------------------------------------------------- */

enum { UNITS = 31, TREATED = 11 };

/* Units 0, 3, 6 .. start in the second of two periods. */
static rl_table two_by_two(void)
{
    rl_table t = fit_panel(UNITS, 2, 53, &cx);
    for (size_t i = 0; i < t.n; i++) t.col[1].num[i] = i / 2 % 3 == 0 ? 2 : NAN;
    return t;
}

/* Means of the changes, and sums of squares about them, treated last. */
static void by_hand(const rl_table *t, double mean[2], double square[2], double n[2])
{
    const double *y = t->col[4].num;
    for (int pass = 0; pass < 2; pass++)
        for (size_t u = 0; u < UNITS; u++) {
            int on = u % 3 == 0;
            double dy = y[2 * u + 1] - y[2 * u];
            if (pass == 0) {
                mean[on] += dy;
                n[on]++;
            } else {
                square[on] += (dy - mean[on] / n[on]) * (dy - mean[on] / n[on]);
            }
        }
    for (int on = 0; on < 2; on++) mean[on] /= n[on];
}

static void all_agree(void **s)
{
    (void)s;
    rl_table t = two_by_two();
    double mean[2] = {0}, square[2] = {0}, n[2] = {0}, rows = 2 * UNITS, G = UNITS;
    by_hand(&t, mean, square, n);
    double V = square[0] / (n[0] * n[0]) + square[1] / (n[1] * n[1]);
    assert_int_equal((int)n[1], TREATED);
    for (size_t k = 0; k < METHODS; k++) {
        const struct method *m = &METHOD[k];
        bool dcdh = strcmp(m->name, "dcdh") == 0, lpdid = strcmp(m->name, "lpdid") == 0;
        if (m->differs) continue;
        rl_result r = run(&t, ask(m, dcdh ? 0 : -1, 0));
        const rl_estimate *e = effect(&r);
        CHECK_DIGITS(e->estimate, mean[1] - mean[0], 12.5);
        if (m->twice == NONE) continue;
        double by = 1, used = lpdid ? UNITS : rows; /* changes are its rows */
        if (m->K > 0) by = (used - 1) / (used - m->K) * G / (G - 1);
        double want = by * V;
        if (m->twice == COHORTS) want = square[0] / (n[0] * (n[0] - 1)) + square[1] / (n[1] * (n[1] - 1));
        double se = e->std_error_neyman > 0 ? e->std_error_neyman : e->std_error; /* nothing told of effects */
        if (fabs(se * se / want - 1) > 1e-11)
            fail_msg("%s: variance %.12g, of the means %.12g, ratio %.12g", m->name, se * se, want, se * se / want);
    }
}

/* The third difference is that of two of the others: the errors of two samples add up. */
static void third_difference(void **s)
{
    (void)s;
    rl_table t = two_by_two();
    double *p = fit_num(&t, "p", &cx);
    for (size_t i = 0; i < t.n; i++) p[i] = (double)(i / 2 / 3 % 2);
    rl_request r = ask(&METHOD[METHODS - 1], 0, 0), q = ask(&METHOD[7], 0, 0);
    assert_string_equal(r.estimator->name, "ddd");
    assert_string_equal(q.estimator->name, "cs");
    rl_result third = run(&t, r), part[2];
    q.subset_col = "p";
    for (int k = 0; k < 2; k++) {
        q.subset_value = k == 1 ? "1" : "0";
        part[k] = run(&t, q);
    }
    const rl_estimate *a = effect(&part[1]), *b = effect(&part[0]);
    CHECK_DIGITS(effect(&third)->estimate, a->estimate - b->estimate, 12);
    double V = a->std_error * a->std_error + b->std_error * b->std_error,
           n = UNITS; /* two periods: n/(n-1), as triplediff */
    CHECK_DIGITS(effect(&third)->std_error, sqrt(V * n / (n - 1)), 11);
}

/* Rows as cross-sections: the same means; their errors add up over rows, or, by unit, as in the panel. */
static void cross_sections(void **s)
{
    (void)s;
    rl_table t = two_by_two();
    const struct method *cs = &METHOD[7];
    rl_request r = ask(cs, 0, 0);
    rl_result panel = run(&t, r);
    r.rcs = true;
    r.vcov = (rl_vcov_spec){.kind = RL_HC0, .lag = -1};
    rl_result rows = run(&t, r);
    double mean[4] = {0}, V = 0;
    const double *y = t.col[4].num;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < t.n; i++) {
            bool on = i / 2 % 3 == 0;
            double n = on ? TREATED : UNITS - TREATED, *cell = &mean[2 * on + i % 2];
            if (pass == 0)
                *cell += y[i] / n;
            else
                V += (y[i] - *cell) * (y[i] - *cell) / (n * n);
        }
    CHECK_DIGITS(effect(&rows)->estimate, effect(&panel)->estimate, 12);
    CHECK_DIGITS(effect(&rows)->std_error, sqrt(V), 12);
    assert_true(effect(&rows)->std_error > 1.1 * effect(&panel)->std_error); /* units differ for good */

    t = fit_panel(48, 8, 17, &cx);
    static const rl_agg AGG[] = {RL_AGG_GROUP_TIME, RL_AGG_SIMPLE, RL_AGG_DYNAMIC, RL_AGG_GROUP, RL_AGG_CALENDAR};
    for (int a = 0; a < 5; a++) {
        r = ask(cs, 0, 0);
        r.agg = AGG[a];
        r.notyet = a % 2 == 1;
        panel = run(&t, r);
        r.rcs = true;
        r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"unit"}, .lag = -1};
        rows = run(&t, r);
        assert_int_equal(rows.m, panel.m);
        for (size_t j = 0; j < rows.m; j++) {
            CHECK_DIGITS(rows.est[j].estimate, panel.est[j].estimate, 10);
            CHECK_DIGITS(rows.est[j].std_error, panel.est[j].std_error, 10);
        }
    }
}

/* Weighted stacks are differences of weighted means, and their influence that of the means. */
static void stacks_are_means(void **s)
{
    (void)s;
    enum { N = 34, T = 9, LO = -2, E = 5 };
    static const int32_t START[] = {4, 6};
    rl_table t = fit_panel(N, T, 91, &cx);
    const double *g = t.col[1].num, *y = t.col[4].num;
    double sum[2][E] = {0}, W[2][E] = {0}, psi[N][E] = {0}, units[2] = {0}, never = 0;
    for (size_t u = 0; u < N; u++) {
        never += isnan(g[u * T]);
        for (int c = 0; c < 2; c++) units[c] += g[u * T] == START[c];
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t u = 0; u < N; u++)
            for (int c = 0; c < 2; c++) {
                bool on = g[u * T] == START[c];
                if (!on && !isnan(g[u * T])) continue; /* the later cohort starts within the window */
                double q = on ? 1 : units[c] / (units[0] + units[1]) / (never / (2 * never));
                for (int e = 0; e < E; e++) {
                    double v = y[u * T + (size_t)(START[c] + LO + e - 1)], sign = on ? 1 : -1;
                    if (pass == 0) {
                        sum[on][e] += q * v;
                        W[on][e] += q;
                    } else {
                        psi[u][e] += sign * q * (v - sum[on][e] / W[on][e]) / W[on][e];
                    }
                }
            }
    rl_request r = ask(&METHOD[5], LO, LO + E - 1);
    r.profile = "exact";
    for (int way = 0; way < 2; way++) { /* by unit, and with the test that looks at every row */
        static const char *const TESTS[] = {"jarque-bera"};
        r.diag = TESTS;
        r.n_diag = (size_t)way;
        rl_result got = run(&t, r);
        for (int e = 0; e < E; e++) {
            if (e == 1) continue; /* the reference */
            double want = sum[1][e] / W[1][e] - sum[0][e] / W[0][e] - sum[1][1] / W[1][1] + sum[0][1] / W[0][1], V = 0;
            for (size_t u = 0; u < N; u++) V += (psi[u][e] - psi[u][1]) * (psi[u][e] - psi[u][1]);
            CHECK_DIGITS(fit_event(&got, LO + e)->estimate, want, 11);
            CHECK_DIGITS(fit_event(&got, LO + e)->std_error, sqrt(V), 11);
        }
    }
}

/* --- the same data otherwise --------------------------------------------------------------------- */

enum { COLS = 5 };
static const char *const COL[COLS] = {"t", "g", "x", "w", "y"};

/* A table of rows from[0..n-1] of t (all of its numbers), unit of each by name. */
static rl_table rows_of(const rl_table *t, const size_t *from, size_t n, const char *const *unit)
{
    rl_table out = fit_table(n);
    for (int c = 0; c < COLS; c++) {
        double *v = fit_num(&out, COL[c], &cx);
        for (size_t i = 0; i < n; i++) v[i] = t->col[c].num[from[i]];
    }
    double *p = fit_num(&out, "p", &cx);
    for (size_t i = 0; i < n; i++) p[i] = rl_table_col(t, "p")->num[from[i]];
    fit_text(&out, "unit", unit, &cx);
    return out;
}

static rl_table world(const struct method *m, uint64_t seed)
{
    rl_table t = fit_panel(33, 9, seed, &cx);
    double *p = fit_num(&t, "p", &cx); /* in every cohort */
    for (size_t i = 0; i < t.n; i++) p[i] = (double)(i / 9 / 6 % 2);
    for (size_t i = 0; i < t.n && strcmp(m->name, "did") == 0; i++) /* knows one start */
        if (t.col[1].num[i] == 6) t.col[1].num[i] = NAN;
    return t;
}

static void same(const char *what, const struct method *m, const rl_result *a, const rl_result *b, double tol)
{
    assert_int_equal(a->m, b->m);
    for (size_t j = 0; j < a->m; j++) {
        const rl_estimate *x = &a->est[j], *y = &b->est[j];
        double scale = 1 + fabs(x->estimate);
        if (fabs(x->estimate - y->estimate) > tol * scale)
            fail_msg("%s, %s: %.15g is now %.15g", m->name, what, x->estimate, y->estimate);
        if (!isnan(x->std_error) && fabs(x->std_error - y->std_error) > tol * scale)
            fail_msg("%s, %s: error %.15g is now %.15g", m->name, what, x->std_error, y->std_error);
        assert_int_equal(isnan(x->std_error), isnan(y->std_error));
    }
}

/* Rows in another order, time counted from elsewhere, units by other names: 13 digits; more threads: all. */
static void what_does_not_matter(void **s)
{
    (void)s;
    for (size_t k = 0; k < METHODS; k++) {
        const struct method *m = &METHOD[k];
        rl_table t = world(m, 67);
        size_t n = t.n, *as_is = RL_NEW(cx.keep, size_t, n), *mixed = RL_NEW(cx.keep, size_t, n);
        const char **own = RL_NEW(cx.keep, const char *, n), **other = RL_NEW(cx.keep, const char *, n);
        for (size_t i = 0; i < n; i++) {
            as_is[i] = i;
            mixed[i] = i * 80 % n; /* 80 and 297 have no factor in common */
            own[i] = rl_sprintf(cx.keep, "u%03zu", mixed[i] / 9);
            other[i] = rl_sprintf(cx.keep, "%zu", 7000 - 13 * (i / 9));
        }
        rl_request r = ask(m, -2, 2);
        rl_result want = run(&t, r), got;
        rl_table u = rows_of(&t, mixed, n, own);
        got = run(&u, r);
        same("rows mixed", m, &want, &got, 1e-13);
        u = rows_of(&t, as_is, n, other);
        got = run(&u, r);
        same("units renamed", m, &want, &got, 1e-13);
        for (size_t i = 0; i < n; i++) {
            u.col[0].num[i] += 1990;
            u.col[1].num[i] += 1990;
        }
        got = run(&u, r);
        same("time shifted", m, &want, &got, 1e-13);
        cx.threads = 1;
        got = run(&t, r);
        cx.threads = 2;
        same("threads", m, &want, &got, 0);
    }
}

/* Rows of all units, those of `again` a second time; the second ones have names of their own, and `who` has one name
 * for both. */
static rl_table with_copies(const rl_table *t, bool (*again)(size_t unit))
{
    size_t n = 0, *from = RL_NEW(cx.keep, size_t, 2 * t->n);
    const char **unit = RL_NEW(cx.keep, const char *, 2 * t->n), **who = RL_NEW(cx.keep, const char *, 2 * t->n);
    for (int copy = 0; copy < 2; copy++)
        for (size_t i = 0; i < t->n; i++) {
            if (copy > 0 && !again(i / 9)) continue;
            from[n] = i;
            who[n] = rl_sprintf(cx.keep, "u%03zu", i / 9);
            unit[n++] = rl_sprintf(cx.keep, "u%03zu%s", i / 9, copy > 0 ? "'" : "");
        }
    rl_table out = rows_of(t, from, n, unit);
    fit_text(&out, "who", who, &cx);
    return out;
}

static bool every(size_t unit)
{
    (void)unit;
    return true;
}
static bool some(size_t unit) { return unit % 5 < 2; }

static double factor(double n, double K, double G) { return (n - 1) / (n - K) * G / (G - 1); }

/* Every unit twice: the same estimates, and half the variance times what the conventions make of more rows. */
static void every_unit_twice(void **s)
{
    (void)s;
    for (size_t k = 0; k < METHODS; k++) {
        const struct method *m = &METHOD[k];
        rl_table t = world(m, 71), tt = with_copies(&t, every);
        rl_request r = ask(m, -2, 2);
        rl_result one = run(&t, r), two = run(&tt, r);
        assert_int_equal(one.m, two.m);
        for (size_t j = 0; j < one.m; j++) {
            CHECK_NEAR(two.est[j].estimate, one.est[j].estimate, 1e-12);
            double ratio = two.est[j].std_error / one.est[j].std_error, half = ratio * ratio;
            if (isnan(ratio)) continue;
            double G = (double)one.units, n = (double)one.rows_used, K = (double)one.K;
            double want = 0.5 * factor(2 * n, K, 2 * G) / factor(n, K, G);
            if (strcmp(m->name, "lpdid") == 0) /* each event time has rows of its own */
                assert_true(half < 0.5 && half > 0.47);
            else if (m->twice == COHORTS) /* the smallest has 11 units */
                assert_true(half < 0.5 && half >= 0.5 * (22. / 21) / (11. / 10) - 1e-12);
            else if (fabs(half / (m->twice == HALF ? 0.5 : want) - 1) > 1e-10)
                fail_msg("%s: variance times %.12g, want %.12g", m->name, half, m->twice == HALF ? 0.5 : want);
        }
    }
}

/* A unit of weight 2, or two of them that are one cluster: the same, but for factors that count rows. */
static void weight_of_two(void **s)
{
    (void)s;
    for (size_t k = 0; k < METHODS; k++) {
        const struct method *m = &METHOD[k];
        if (!m->weights) continue;
        bool dcdh = strcmp(m->name, "dcdh") == 0;
        rl_table t = world(m, 73), tt = with_copies(&t, some);
        for (size_t i = 0; i < t.n; i++) t.col[3].num[i] = some(i / 9) ? 2 : 1;
        rl_request r = ask(m, -2, 2);
        r.stack_plain = true;                                         /* otherwise stacks count by their units */
        if (strcmp(m->name, "etwfe") == 0) r.agg = RL_AGG_GROUP_TIME; /* its averages count rows alike */
        if (!dcdh) r.profile = "exact";
        rl_result copies, heavy;
        if (!dcdh) r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"who"}, .lag = -1};
        copies = run(&tt, r);
        if (!dcdh) r.vcov.by[0] = "unit";
        r.weights = "w";
        heavy = run(&t, r);
        assert_int_equal(copies.m, heavy.m);
        for (size_t j = 0; j < heavy.m; j++) {
            CHECK_NEAR(copies.est[j].estimate, heavy.est[j].estimate, 1e-12);
            double ratio = copies.est[j].std_error / heavy.est[j].std_error;
            if (isnan(ratio) || dcdh) continue; /* dcdh: cohorts of more units */
            if (fabs(ratio - 1) > 1e-11)
                fail_msg("%s: error of the copies %.12g times that of the weight", m->name, ratio);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_agree),        TEST(third_difference),     TEST(cross_sections),
        TEST(stacks_are_means), TEST(what_does_not_matter), TEST(every_unit_twice),
        TEST(weight_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
