/* Programmes that start at different times: exact where there is no noise, the same for any order of the rows, and right
 * as often as they say where there is. */
#include "unit/few_fixture.h"
#include "unit/starts_fixture.h"
#include "own_ctx.h"

/* --- without noise -------------------------------------------------------------- */

enum { N = 48, T = 8 };

/* one_start: takes one cohort, and is asked for `overall` alone. */
static const struct kind {
    const char *name, *method;
    bool window, one_start, plain, reweight, same, notyet;
} KIND[] = {
    {.name = "stacked", .window = true},
    {.name = "stacked", .window = true, .plain = true},
    {.name = "lpdid", .window = true},
    {.name = "lpdid", .window = true, .reweight = true},
    {.name = "lpdid", .window = true, .same = true},
    {.name = "staggered", .method = "efficient"},
    {.name = "staggered", .method = "cs"},
    {.name = "staggered", .method = "sa"},
    {.name = "ddd", .method = "dr"},
    {.name = "ddd", .method = "reg", .notyet = true},
    {.name = "did", .one_start = true},
    {.name = "sc", .one_start = true},
    {.name = "sdid", .one_start = true},
};
enum { KINDS = sizeof KIND / sizeof *KIND };

static rl_request request(const struct kind *k)
{
    rl_request r = starts_request(k->name, "y ~ 1");
    r.method = k->method;
    r.agg = k->one_start ? RL_AGG_DEFAULT : RL_AGG_DYNAMIC;
    r.stack_plain = k->plain;
    r.reweight = k->reweight;
    r.same_units = k->same;
    r.notyet = k->notyet;
    r.universal = true;
    if (strcmp(k->name, "ddd") == 0) r.partition = "part";
    if (k->window) starts_window(&r, -2, 2);
    return r;
}

static void starts_of(double *start, bool one)
{
    for (size_t u = 0; u < N; u++)
        start[u] = one                        ? (u % 4 == 0 ? 5 : (double)NAN)
                   : u / 2 % 4 == 0           ? 4
                   : u / 2 % 4 == 1           ? 5
                   : u / 2 % 4 == 2 && u < 40 ? 6
                                              : NAN;
}

static rl_table panel_of(bool one, uint64_t seed)
{
    double start[N];
    starts_of(start, one);
    return starts_panel(N, T, start, seed, &cx);
}

/* y = unit + period + effect of the event time (ddd: of the eligible alone). */
static void exact_without_noise(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        bool three = strcmp(KIND[i].name, "ddd") == 0;
        rl_table t = panel_of(KIND[i].one_start, 5);
        double *y = rl_table_col(&t, "y")->num, *g = rl_table_col(&t, "g")->num, mean = 0, treated = 0;
        for (size_t k = 0; k < t.n; k++) {
            size_t u = k / T;
            double p = (double)(k % T) + 1, unit = sin((double)(7 * u + 1)), since = p - g[k];
            double effect = since >= 0 && (!three || u % 2) ? 1.25 + 0.5 * since : 0;
            y[k] = unit + 0.4 * p + cos(3 * p) + effect;
            mean += effect;
            treated += since >= 0;
        }
        rl_request r = request(&KIND[i]);
        rl_result f = starts_fit(&t, &r, &cx);
        if (KIND[i].one_start) CHECK_NEAR(fit_find(&f, "overall")->estimate, mean / treated, 1e-10);
        for (int e = -2; e <= 2 && !KIND[i].one_start; e++)
            CHECK_NEAR(fit_event(&f, e)->estimate, e < 0 ? 0 : 1.25 + 0.5 * e, 1e-10);
    }
}

/* --- any order of the rows -------------------------------------------------------- */

static void any_order_of_rows(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        rl_table t = panel_of(KIND[i].one_start, 6), s = fit_table(t.n);
        for (size_t c = 0; c < t.k; c++) {
            rl_col *to = rl_table_add(&s, t.col[c].name, t.col[c].type, t.col[c].dict, cx.keep);
            for (size_t k = 0; k < t.n; k++) {
                size_t from = k * 101 % t.n; /* 384 and 101 share no factor */
                if (t.col[c].type == RL_NUM)
                    to->num[k] = t.col[c].num[from];
                else
                    to->code[k] = t.col[c].code[from];
            }
        }
        rl_request r = request(&KIND[i]);
        rl_result a = starts_fit(&t, &r, &cx), b = starts_fit(&s, &r, &cx);
        assert_int_equal(a.m, b.m);
        for (size_t j = 0; j < a.m; j++) {
            CHECK_NEAR(b.est[j].estimate, a.est[j].estimate, 1e-11);
            if (isfinite(a.est[j].std_error)) CHECK_DIGITS(b.est[j].std_error, a.est[j].std_error, 9);
        }
    }
}

/* --- dates drawn by lot ------------------------------------------------------------- */

/* 60 units whose effects differ by what they were before; cohorts 3, 4 and never of 20 each are drawn anew in every
 * world.  The average effect is the same in all of them: nothing but the draw is random. */
enum { DRAWN = 60, PERIODS = 5, DRAWS = 250 };

static double untreated(size_t u, int p)
{
    rl_rng r = rl_rng_for(u + 1, 9);
    double a = 0.4 * rl_normal(&r), e = 0;
    for (int q = 1; q <= p; q++) e = 0.5 * e + rl_normal(&r); /* wanders back: the last gap tells half */
    return a + e + 0.2 * p;
}

static void drawn_dates(void **state)
{
    (void)state;
    double y0[DRAWN][PERIODS], effect[DRAWN], se[2] = {0}, bias[2] = {0}, spread[2] = {0}, mean = 0;
    size_t covered[2] = {0}, neyman = 0;
    for (size_t u = 0; u < DRAWN; u++) {
        for (int p = 1; p <= PERIODS; p++) y0[u][p - 1] = untreated(u, p);
        effect[u] = 1 + 0.4 * y0[u][0];
        mean += effect[u] / DRAWN;
    }
    for (uint64_t world = 1; world <= DRAWS; world++) {
        size_t deck[DRAWN];
        double start[DRAWN];
        rl_rng r = rl_rng_for(world, 77);
        for (size_t u = 0; u < DRAWN; u++) deck[u] = u;
        for (size_t u = DRAWN - 1; u > 0; u--) {
            size_t v = (size_t)(rl_uniform(&r) * (double)(u + 1)), x = deck[u];
            deck[u] = deck[v];
            deck[v] = x;
        }
        for (size_t k = 0; k < DRAWN; k++) start[deck[k]] = k < 20 ? 3 : k < 40 ? 4 : NAN;
        rl_ctx outer = cx;
        check_ctx(&cx);
        rl_table t = starts_panel(DRAWN, PERIODS, start, 1, &cx);
        double *y = rl_table_col(&t, "y")->num;
        for (size_t i = 0; i < t.n; i++) {
            size_t u = i / PERIODS, p = i % PERIODS;
            y[i] = y0[u][p] + ((double)p + 1 >= start[u] ? effect[u] : 0);
        }
        for (int m = 0; m < 2; m++) {
            rl_request q = starts_request("staggered", "y ~ 1");
            q.method = m ? "cs" : "efficient";
            rl_result f = starts_fit(&t, &q, &cx);
            const rl_estimate *x = &f.est[0];
            covered[m] += x->conf_low <= mean && mean <= x->conf_high;
            if (m == 0) neyman += fabs(x->estimate - mean) <= 1.959963985 * x->std_error_neyman;
            se[m] += x->std_error / DRAWS;
            bias[m] += (x->estimate - mean) / DRAWS;
            spread[m] += (x->estimate - mean) * (x->estimate - mean) / DRAWS;
        }
        rl_ctx_free(&cx);
        cx = outer;
    }
    for (int m = 0; m < 2; m++) {
        double sd = sqrt(spread[m]);
        assert_true(fabs(bias[m]) < 4 * sd / sqrt(DRAWS));
        assert_true((double)covered[m] / DRAWS > 0.91);
        assert_true(se[m] > 0.85 * sd);
    }
    assert_true(neyman >= covered[0]);
    assert_true(spread[0] < 0.9 * spread[1]); /* that is what it is for */
    assert_true(se[0] < se[1]);
}

/* --- a gap that drifts ----------------------------------------------------------------- */

/* Cohorts and the eligible each have a trend of their own: three differences cover the effect, two do not. */
static void three_differences(void **state)
{
    (void)state;
    enum { UNITS = 80, T3 = 4, WORLDS = 150 };
    size_t covered = 0, two = 0;
    double start[UNITS];
    for (size_t u = 0; u < UNITS; u++) start[u] = u / 2 % 2 ? 3 : NAN;
    for (uint64_t world = 1; world <= WORLDS; world++) {
        rl_ctx outer = cx;
        check_ctx(&cx);
        rl_table t = starts_panel(UNITS, T3, start, 500 + world, &cx);
        double *y = rl_table_col(&t, "y")->num, *g = rl_table_col(&t, "g")->num;
        rl_rng r = rl_rng_for(world, 78);
        for (size_t i = 0; i < t.n; i++) {
            size_t u = i / T3;
            double p = (double)(i % T3) + 1;
            bool treated = p >= start[u] && u % 2;
            y[i] = 0.3 * (double)(u % 9) + p * (0.4 * !isnan(start[u]) + 0.3 * (double)(u % 2)) + 0.9 * treated +
                   rl_normal(&r);
        }
        rl_request q = starts_request("ddd", "y ~ 1");
        q.partition = "part";
        q.agg = RL_AGG_SIMPLE;
        rl_result f = starts_fit(&t, &q, &cx);
        covered += f.est[0].conf_low <= 0.9 && 0.9 <= f.est[0].conf_high;
        for (size_t i = 0; i < t.n; i++) g[i] = i / T3 % 2 ? g[i] : (double)NAN;
        q = starts_request("cs", "y ~ 1");
        q.agg = RL_AGG_SIMPLE;
        f = starts_fit(&t, &q, &cx);
        two += f.est[0].conf_low <= 0.9 && 0.9 <= f.est[0].conf_high;
        rl_ctx_free(&cx);
        cx = outer;
    }
    assert_true((double)covered > 0.89 * WORLDS);
    assert_true((double)two < 0.8 * WORLDS);
}

/* --- cohorts of one unit ----------------------------------------------------------------- */

/* One treated unit, 40 controls: the formula's interval counts the unit's luck as nothing. */
static void one_treated_unit(void **state)
{
    (void)state;
    enum { UNITS = 41, SPAN = 6, WORLDS = 400 };
    double cohort[UNITS], y[UNITS * SPAN];
    size_t formula = 0, widened = 0;
    for (size_t u = 0; u < UNITS; u++) cohort[u] = u == 0 ? 4 : NAN;
    for (uint64_t world = 1; world <= WORLDS; world++) {
        rl_rng r = rl_rng_for(world, 79);
        for (size_t i = 0; i < UNITS * SPAN; i++)
            y[i] = 0.1 * (double)(i / SPAN) + 0.3 * (double)(i % SPAN) + (i < SPAN && i >= 3 ? 0.7 : 0) + rl_normal(&r);
        rl_ctx outer = cx;
        check_ctx(&cx);
        rl_att e = few_att(UNITS, SPAN, cohort, y, &cx);
        rl_few few;
        rl_few_widen(&e, 0.95, &few, cx.keep, &cx);
        const rl_estimate *x = &e.fit.est[e.at];
        formula += x->conf_low <= 0.7 && 0.7 <= x->conf_high;
        widened += few.low <= 0.7 && 0.7 <= few.high;
        rl_ctx_free(&cx);
        cx = outer;
    }
    assert_true((double)formula < 0.5 * WORLDS);
    assert_true((double)widened > 0.92 * WORLDS && (double)widened < 0.98 * WORLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_without_noise), cmocka_unit_test(any_order_of_rows), cmocka_unit_test(drawn_dates),
        cmocka_unit_test(three_differences),   cmocka_unit_test(one_treated_unit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
