/* Truths about imputed effects that need no stored answer. */
#include "unit/own_fit.h"

static rl_request ask(const char *who, const char *formula, rl_agg agg)
{
    rl_request r = fit_program(who, formula);
    r.agg = agg;
    return r;
}

static void same(const rl_result *a, const rl_result *b, double digits, double scale)
{
    assert_int_equal(a->m, b->m);
    for (size_t j = 0; j < a->m; j++) {
        assert_string_equal(a->est[j].label.term, b->est[j].label.term);
        CHECK_DIGITS(a->est[j].estimate, b->est[j].estimate, digits);
        CHECK_DIGITS(a->est[j].std_error, scale * b->est[j].std_error, digits - 1);
    }
}

static rl_request varied(const char *who, int kind)
{
    static const rl_agg AGG[] = {RL_AGG_SIMPLE, RL_AGG_DYNAMIC, RL_AGG_GROUP, RL_AGG_CALENDAR, RL_AGG_GROUP_TIME};
    rl_request r = ask(who, kind & 1 ? "y ~ x" : "y ~ 1", AGG[kind / 2 % 5]);
    r.weights = kind % 3 == 1 ? "w" : NULL;
    r.unit_trends = kind % 7 == 2;
    if (r.agg == RL_AGG_DYNAMIC) {
        r.has_window = true;
        r.window_lo = strcmp(who, "bjs") == 0 ? -1 : -2;
        r.window_hi = 2;
    }
    return r;
}

/* Rows gone here and there. */
static void holes(rl_table *t)
{
    rl_col *y = rl_table_col(t, "y");
    for (size_t i = 3; i < t->n; i += 11) y->num[i] = NAN;
}

/* Two groups, two periods: one number, whoever is asked. */
static void two_by_two(void **s)
{
    (void)s;
    rl_table t = fit_panel(30, 2, 53, &cx);
    rl_col *g = rl_table_col(&t, "g");
    for (size_t i = 0; i < t.n; i++) g->num[i] = i / 2 % 3 == 1 ? 2 : NAN;
    rl_result bjs = run(&t, ask("bjs", "y ~ 1", RL_AGG_SIMPLE)), two = run(&t, ask("did2s", "y ~ 1", RL_AGG_SIMPLE)),
              did = run(&t, ask("did", "y ~ 1", RL_AGG_DEFAULT)), twfe = run(&t, ask("twfe", "y ~ 1", RL_AGG_DEFAULT));
    CHECK_DIGITS(bjs.est[0].estimate, did.est[0].estimate, 13);
    CHECK_DIGITS(two.est[0].estimate, did.est[0].estimate, 13);
    CHECK_DIGITS(twfe.est[0].estimate, did.est[0].estimate, 13);
    CHECK_DIGITS(two.est[0].std_error, bjs.est[0].std_error, 13); /* one cell: about its mean is about the estimate */
}

/* The two differ in their errors only. */
static void same_points(void **s)
{
    (void)s;
    for (int kind = 0; kind < 20; kind++) {
        rl_table t = fit_panel(27, 9, 101, &cx);
        holes(&t);
        rl_request r = varied("bjs", kind);
        if (r.has_window) r.window_lo = 0;
        rl_result bjs = run(&t, r);
        r.estimator = rl_estimator_by_name("did2s");
        rl_result two = run(&t, r);
        assert_int_equal(bjs.m, two.m);
        for (size_t j = 0; j < bjs.m; j++) CHECK_DIGITS(bjs.est[j].estimate, two.est[j].estimate, 14);
    }
}

/* A dummy for each cell, or the rows without one carried over: one thing in a balanced panel. */
static void saturated(void **s)
{
    (void)s;
    static const rl_agg AGG[] = {RL_AGG_SIMPLE, RL_AGG_DYNAMIC, RL_AGG_GROUP, RL_AGG_CALENDAR, RL_AGG_GROUP_TIME};
    rl_table t = fit_panel(36, 9, 7, &cx);
    for (int a = 0; a < 5; a++) {
        rl_result bjs = run(&t, ask("bjs", "y ~ 1", AGG[a])), etwfe = run(&t, ask("etwfe", "y ~ 1", AGG[a]));
        assert_int_equal(bjs.m, etwfe.m);
        double by = 0;
        for (size_t j = 0; j < bjs.m; j++) {
            CHECK_DIGITS(bjs.est[j].estimate, etwfe.est[j].estimate, 12);
            double ratio = etwfe.est[j].std_error / bjs.est[j].std_error; /* its factor, and nothing else */
            if (j > 0) CHECK_DIGITS(ratio, by, 11);
            by = ratio;
        }
        assert_true(by > 1 && by < 1.05);
    }
}

/* Order of the rows, names of the units, where time begins, how many threads: nothing changes. */
static void invariances(void **s)
{
    (void)s;
    static const char *const WHO[] = {"bjs", "did2s"};
    for (int kind = 0; kind < 20; kind++) {
        rl_table t = fit_panel(27, 9, 211, &cx);
        holes(&t);
        rl_request r = varied(WHO[kind % 2], kind + kind / 7);
        rl_result want = run(&t, r);
        rl_table mixed = fit_shuffled(&t, 5, &cx);
        rl_result order = run(&mixed, r);
        same(&order, &want, 11, 1);
        rl_table named = fit_panel(27, 9, 211, &cx);
        holes(&named);
        rl_col *g = rl_table_col(&named, "g"), *at = rl_table_col(&named, "t");
        const char **text = RL_NEW(cx.keep, const char *, named.n);
        for (size_t i = 0; i < named.n; i++) {
            at->num[i] += 1990;
            g->num[i] += 1990;
            text[i] = rl_sprintf(cx.keep, "customer %zu", 900 - 7 * (i / 9));
        }
        fit_text(&named, "other", text, &cx);
        rl_request q = r;
        q.unit = "other";
        rl_result names = run(&named, q);
        same(&names, &want, 11, 1);
        cx.threads = 1;
        rl_result one = run(&t, r);
        cx.threads = 2;
        assert_memory_equal(one.V, want.V, want.m * want.m * sizeof(double));
        for (size_t j = 0; j < want.m; j++) assert_true(one.est[j].estimate == want.est[j].estimate);
    }
}

/* Every unit twice: the same estimates, half the variance; weights of 2 change nothing. */
static void doubled(void **s)
{
    (void)s;
    static const char *const WHO[] = {"bjs", "did2s"};
    for (int kind = 0; kind < 20; kind++) {
        rl_table t = fit_panel(27, 9, 307, &cx), two = fit_table(2 * t.n);
        rl_request r = varied(WHO[kind % 2], kind);
        if (r.has_window && kind % 2 == 0) r.window_lo = 0; /* leads have a factor that knows of the units' number */
        static const char *const NUM[] = {"t", "g", "x", "w", "y"};
        for (int c = 0; c < 5; c++) {
            double *v = fit_num(&two, NUM[c], &cx);
            for (size_t i = 0; i < two.n; i++) v[i] = rl_table_col(&t, NUM[c])->num[i % t.n];
        }
        const char **text = RL_NEW(cx.keep, const char *, two.n);
        for (size_t i = 0; i < two.n; i++) text[i] = rl_sprintf(cx.keep, "%zu", i / 9);
        fit_text(&two, "unit", text, &cx);
        rl_result once = run(&t, r), twice = run(&two, r);
        same(&twice, &once, 11, sqrt(0.5));
        rl_col *w = rl_table_col(&t, "w");
        for (size_t i = 0; i < t.n; i++) w->num[i] *= 2;
        rl_result heavy = run(&t, r);
        same(&heavy, &once, 11, 1);
    }
}

/* Intervals of both hold the truth as often as they say, effects that differ by cohort and period and all. */
static void coverage(void **s)
{
    (void)s;
    enum { DRAWS = 400, UNITS = 60, TIMES = 8 };
    static const char *const WHO[] = {"bjs", "did2s"};
    int held[2] = {0}, rejected = 0;
    rl_table t = fit_table(UNITS * TIMES);
    const char **unit = RL_NEW(cx.keep, const char *, t.n);
    fit_num(&t, "t", &cx), fit_num(&t, "g", &cx), fit_num(&t, "y", &cx);
    double *at = t.col[0].num, *g = t.col[1].num, *y = t.col[2].num, truth = 0, n = 0;
    for (size_t i = 0; i < t.n; i++) {
        size_t u = i / TIMES;
        at[i] = (double)(i % TIMES);
        g[i] = u % 3 == 0 ? (double)NAN : u % 3 == 1 ? 4 : 6;
        unit[i] = rl_sprintf(cx.keep, "%zu", u);
        if (isnan(g[i]) || at[i] < g[i]) continue;
        truth += 0.7 + 0.4 * (at[i] - g[i]);
        n++;
    }
    fit_text(&t, "unit", unit, &cx);
    truth /= n;
    rl_arena *outer = cx.tmp;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        rl_rng r = rl_rng_for(draw, 77);
        double a = 0, e = 0;
        for (size_t i = 0; i < t.n; i++) {
            if (i % TIMES == 0) a = rl_normal(&r);
            e = (i % TIMES == 0 ? 0 : 0.5 * e) + rl_normal(&r);
            bool on = !isnan(g[i]) && at[i] >= g[i];
            y[i] = a + 0.3 * at[i] + e + (on ? 0.7 + 0.4 * (at[i] - g[i]) : 0);
        }
        cx.tmp = rl_arena_like(outer);
        for (int k = 0; k < 2; k++) {
            rl_request r1 = ask(WHO[k], "y ~ 1", RL_AGG_SIMPLE);
            rl_result f = run(&t, r1);
            held[k] += f.est[0].conf_low <= truth && truth <= f.est[0].conf_high;
        }
        rl_request pre = ask("bjs", "y ~ 1", RL_AGG_DYNAMIC);
        pre.has_window = true;
        pre.window_lo = -3;
        rejected += run(&t, pre).test[0].p_value < 0.05;
        rl_arena_free(cx.tmp);
        cx.tmp = outer;
    }
    for (int k = 0; k < 2; k++) assert_in_range(held[k], 365, 394); /* 91 to 98.5 % */
    assert_in_range(rejected, 8, 36);                               /* 2 to 9 % */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_by_two), cmocka_unit_test(same_points),
                                       cmocka_unit_test(saturated),  cmocka_unit_test(invariances),
                                       cmocka_unit_test(doubled),    cmocka_unit_test(coverage)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
