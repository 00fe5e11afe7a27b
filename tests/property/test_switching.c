/* Switches on and off, and the parts of two-way fixed effects, against their definitions written out: naive sums
 * over pairs of units and periods, regressions on the same rows, other orders of the same rows, and a known truth.
 */
#include "unit/fit_fixture.h"

#include "model/bacon.h"
#include "own_ctx.h"

enum { MOST_N = 80, MOST_T = 9 };

/* Nothing stays between worlds. */
static void fresh(void)
{
    rl_ctx_free(&cx);
    check_ctx(&cx);
}

typedef struct world {
    int N, T;
    double d[MOST_N][MOST_T], y[MOST_N][MOST_T], w[MOST_N];
} world;

/* Two or three first treatments; a change to another one, of some length, for good or not. */
static void make(world *m, uint64_t seed, int N, int T, bool doses, double missing)
{
    *m = (world){.N = N, .T = T};
    rl_rng r = rl_rng_for(seed, 5);
    for (int u = 0; u < N; u++) {
        int base = (int)(rl_uniform(&r) * (doses ? 3 : 2)), F = 1 + (int)(rl_uniform(&r) * (T + 4));
        int to = doses ? (int)(rl_uniform(&r) * 3) : 1 - base, end = F + 1 + (int)(rl_uniform(&r) * T);
        double own = rl_normal(&r);
        m->w[u] = 0.5 + rl_uniform(&r);
        for (int t = 0; t < T; t++) {
            m->d[u][t] = t >= F && t < end ? to : base;
            m->y[u][t] = own + 0.3 * t * base + 1.7 * m->d[u][t] + 0.5 * rl_normal(&r);
            if (rl_uniform(&r) < missing) m->y[u][t] = NAN;
        }
    }
}

/* Row i stands at place at[i]; unit names may be others. */
static rl_table table(const world *m, const size_t *at, int add_name, int add_time)
{
    rl_table t = fit_table((size_t)(m->N * m->T));
    double *id = fit_num(&t, "id", &cx), *time = fit_num(&t, "t", &cx), *d = fit_num(&t, "d", &cx),
           *w = fit_num(&t, "w", &cx), *y = fit_num(&t, "y", &cx);
    for (int u = 0; u < m->N; u++)
        for (int p = 0; p < m->T; p++) {
            size_t i = (size_t)(u * m->T + p), k = at != NULL ? at[i] : i;
            id[k] = add_name >= 0 ? u + add_name : -u;
            time[k] = p + add_time;
            d[k] = m->d[u][p];
            w[k] = m->w[u];
            y[k] = m->y[u][p];
        }
    return t;
}

static rl_request request(const char *estimator, bool weights)
{
    rl_request r = fit_request("y ~ 1");
    r.estimator = rl_estimator_by_name(estimator);
    r.unit = "id";
    r.time = "t";
    r.treated = "d";
    r.weights = weights ? "w" : NULL;
    r.vcov.kind = RL_VCOV_DEFAULT;
    return r;
}

/* --- dcdh by its definition -------------------------------------------------------------- */

static int first_change(const world *m, int u)
{
    for (int t = 1; t < m->T; t++)
        if (m->d[u][t] != m->d[u][0]) return t;
    return m->T;
}

typedef struct naive {
    double effect, N, dose, received;
} naive;

static naive by_pairs(const world *m, int l, bool placebo, bool weights)
{
    naive out = {0};
    for (int u = 0; u < m->N; u++) {
        int F = first_change(m, u), t = F - 1 + l, from = placebo ? F - 1 - l : t;
        if (F == m->T || t >= m->T || from < 0 || isnan(m->y[u][t])) continue;
        double own = m->y[u][from] - m->y[u][F - 1], sign = m->d[u][F] > m->d[u][0] ? 1 : -1, sum = 0, n = 0;
        for (int v = 0; v < m->N; v++) {
            double dy = m->y[v][from] - m->y[v][F - 1];
            if (m->d[v][0] != m->d[u][0] || first_change(m, v) <= t || isnan(dy) || isnan(m->y[v][t])) continue;
            double w = weights ? m->w[v] : 1;
            sum += w * dy;
            n += w;
        }
        if (n == 0 || isnan(own)) continue;
        double w = weights ? m->w[u] : 1;
        out.effect += w * sign * (own - sum / n);
        out.N += w;
        out.dose += w * sign * (m->d[u][t] - m->d[u][0]);
        for (int k = F; k <= t && !placebo; k++) out.received += w * sign * (m->d[u][k] - m->d[u][0]);
    }
    return out;
}

static void the_definition(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        bool doses = seed % 2 == 0, weights = seed % 3 == 0;
        world m;
        make(&m, seed, 60, 8, doses, seed > 6 ? 0.1 : 0);
        rl_request r = request("dcdh", weights);
        r.has_window = true;
        r.window_lo = -4;
        r.window_hi = 3;
        rl_table t = table(&m, NULL, 1, 1990);
        rl_result plain, normal;
        CHECK_OK(rl_estimate_run(&r, &t, &plain, cx.keep, &cx), &cx);
        r.normalized = true;
        CHECK_OK(rl_estimate_run(&r, &t, &normal, cx.keep, &cx), &cx);
        double sum = 0, dose = 0;
        for (int l = 1; l <= 4; l++) {
            naive e = by_pairs(&m, l, false, weights);
            CHECK_DIGITS(fit_event(&plain, l - 1)->estimate, e.effect / e.N, 12);
            CHECK_DIGITS(fit_event(&normal, l - 1)->estimate, e.effect / e.received, 12);
            sum += e.effect;
            dose += e.dose;
            naive p = by_pairs(&m, l, true, weights);
            if (l < 4) CHECK_DIGITS(fit_event(&plain, -l - 1)->estimate, p.effect / p.N, 11);
        }
        CHECK_DIGITS(fit_find(&plain, "overall")->estimate, sum / dose, 12);
        fresh();
    }
}

/* --- the same data otherwise -------------------------------------------------------------------- */

static void same_numbers(const rl_result *a, const rl_result *b, double digits)
{
    assert_int_equal(a->m, b->m);
    for (size_t j = 0; j < a->m; j++) {
        CHECK_DIGITS(b->est[j].estimate, a->est[j].estimate, digits);
        CHECK_DIGITS(b->est[j].std_error, a->est[j].std_error, digits);
    }
}

static void order_and_names(void **state)
{
    (void)state;
    static const char *const NAME[] = {"dcdh", "bacon"};
    for (int e = 0; e < 2; e++) {
        world m;
        make(&m, 41, 40, 7, false, 0);
        for (int u = 0; u < m.N && e == 1; u++) /* what stays on */
            for (int t = 1; t < m.T; t++) m.d[u][t] = fmax(m.d[u][t], m.d[u][t - 1]);
        size_t n = (size_t)(m.N * m.T), at[MOST_N * MOST_T];
        rl_rng g = rl_rng_for(43, 1);
        for (size_t i = 0; i < n; i++) at[i] = i;
        for (size_t i = n; i-- > 1;) {
            size_t k = (size_t)(rl_uniform(&g) * (double)(i + 1)), keep = at[i];
            at[i] = at[k];
            at[k] = keep;
        }
        rl_request r = request(NAME[e], false);
        rl_table t = table(&m, NULL, 1, 1990), shuffled = table(&m, at, 1, 1990), renamed = table(&m, NULL, -1, -3);
        rl_result a, b, c;
        CHECK_OK(rl_estimate_run(&r, &t, &a, cx.keep, &cx), &cx);
        CHECK_OK(rl_estimate_run(&r, &shuffled, &b, cx.keep, &cx), &cx);
        CHECK_OK(rl_estimate_run(&r, &renamed, &c, cx.keep, &cx), &cx);
        same_numbers(&a, &b, 12);
        same_numbers(&a, &c, 12);
    }
}

/* Every unit twice: the same estimates; cohorts of n become cohorts of 2 n, so that a sum of squares over
 * n/(n-1) becomes twice its size over 2n/(2n-1), and the variance half of it or a little less. */
static void every_unit_twice(void **state)
{
    (void)state;
    world m;
    make(&m, 61, 40, 7, false, 0);
    for (int u = 0; u < m.N; u++) { /* four cohorts of ten */
        for (int t = 0; t < m.T; t++) m.d[u][t] = u % 4 == 3 ? 0 : t >= 2 + u % 4;
    }
    world two = m;
    two.N = 80;
    memcpy(two.d[40], m.d[0], sizeof m.d[0] * 40);
    memcpy(two.y[40], m.y[0], sizeof m.y[0] * 40);
    rl_request r = request("dcdh", false);
    rl_table t = table(&m, NULL, 1, 1), tt = table(&two, NULL, 1, 1);
    rl_result a, b;
    CHECK_OK(rl_estimate_run(&r, &t, &a, cx.keep, &cx), &cx);
    CHECK_OK(rl_estimate_run(&r, &tt, &b, cx.keep, &cx), &cx);
    for (size_t j = 0; j < a.m; j++) {
        CHECK_DIGITS(b.est[j].estimate, a.est[j].estimate, 12);
        double ratio = b.est[j].std_error * b.est[j].std_error / (a.est[j].std_error * a.est[j].std_error);
        assert_true(ratio < 0.5 && ratio > 0.5 * (20. / 19) / (10. / 9) - 1e-12);
    }
}

/* Applied to the outcome, the weights of the outcomes are the estimate. */
static void weights_of_outcomes(void **state)
{
    (void)state;
    world m;
    make(&m, 71, 50, 7, true, 0);
    rl_request r = request("dcdh", true);
    r.omega = "overall";
    rl_table t = table(&m, NULL, 1, 1);
    rl_result a;
    CHECK_OK(rl_estimate_run(&r, &t, &a, cx.keep, &cx), &cx);
    double sum = 0, total = 0;
    for (size_t i = 0; i < a.rows_used; i++) {
        sum += a.omega[i] * t.col[4].num[a.row[i]];
        total += a.omega[i];
    }
    CHECK_DIGITS(sum, fit_find(&a, "overall")->estimate, 12);
    CHECK_NEAR(total, 0, 1e-13);
}

/* Effects alike within cohorts, so that the errors are not only conservative: 95 of 100 intervals hold the truth. */
static void coverage(void **state)
{
    (void)state;
    enum { WORLDS = 400 };
    size_t inside = 0, above = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        world m;
        make(&m, 1000 + seed, 80, 7, false, 0);
        rl_request r = request("dcdh", false);
        r.has_window = true;
        r.window_lo = -2;
        r.window_hi = 1;
        rl_table t = table(&m, NULL, 1, 1);
        rl_result a;
        CHECK_OK(rl_estimate_run(&r, &t, &a, cx.keep, &cx), &cx);
        const rl_estimate *e = fit_find(&a, "overall"), *p = fit_event(&a, -2);
        inside += e->conf_low <= 1.7 && 1.7 <= e->conf_high;
        above += p->p_value < 0.05;
        fresh();
    }
    assert_in_range(1000 * inside, 915 * WORLDS, 985 * WORLDS);
    assert_in_range(1000 * above, 0, 85 * WORLDS);
}

/* --- the parts of two-way fixed effects ---------------------------------------------------------- */

static void parts_add_up(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        world m;
        make(&m, 500 + seed, 40, 8, false, 0);
        for (int u = 0; u < m.N; u++)
            for (int t = 0; t < m.T; t++) {
                if (seed % 3 == 0 && t == 0) m.d[u][t] = 0;       /* none treated all along */
                if (seed % 4 == 0 && t == m.T - 1) m.d[u][t] = 1; /* none never treated */
                if (t > 0) m.d[u][t] = fmax(m.d[u][t], m.d[u][t - 1]);
            }
        bool weights = seed % 2 == 0;
        rl_request whole = request("twfe", weights), parts = request("bacon", weights);
        parts.agg = RL_AGG_PAIRS;
        rl_table t = table(&m, NULL, 1, 1990);
        rl_result a, b;
        CHECK_OK(rl_estimate_run(&whole, &t, &a, cx.keep, &cx), &cx);
        CHECK_OK(rl_estimate_run(&parts, &t, &b, cx.keep, &cx), &cx);
        double kinds = 0, pairs = 0, weight = 0;
        for (size_t j = 0; j < b.m; j++) {
            const rl_comparison *c = b.est[j].label.comparison;
            if (c == NULL) continue;
            *(c->treated == RL_NO_ID ? &kinds : &pairs) += c->weight * b.est[j].estimate;
            weight += c->weight;
        }
        double want = fit_find(&a, "overall")->estimate;
        CHECK_NEAR(kinds, want, 1e-10);
        CHECK_NEAR(pairs, want, 1e-10);
        CHECK_DIGITS(weight, 2, 14);
        CHECK_DIGITS(fit_find(&b, "overall")->estimate, want, 12);
        rl_design d;
        rl_bacon cells;
        rl_twfe_weights rows;
        CHECK_OK(rl_design_make(&parts, &t, &d, &cx), &cx);
        CHECK_OK(rl_bacon_make(&d, &cells, &cx), &cx);
        CHECK_OK(rl_twfe_weights_make(&d, t.col[2].num, &rows, &cx), &cx);
        assert_int_equal(cells.treated, rows.treated);
        assert_int_equal(cells.negative, rows.negative);
        CHECK_NEAR(cells.negative_sum, rows.negative_sum, 1e-12);
        fresh();
    }
}

/* The weights of effects: an outcome that is the treatment in rows of negative weight and 0 elsewhere has the sum of
 * these weights as its coefficient; panels with gaps, treatments on and off. */
static void weights_of_effects(void **state)
{
    (void)state;
    size_t some = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        world m;
        make(&m, 800 + seed, 30, 8, false, 0.1);
        rl_request r = request("twfe", seed % 2 == 0);
        rl_table t = table(&m, NULL, 1, 1990);
        rl_design d;
        rl_twfe_weights w;
        CHECK_OK(rl_design_make(&r, &t, &d, &cx), &cx);
        CHECK_OK(rl_twfe_weights_make(&d, d.treated, &w, &cx), &cx);
        double *rest = RL_NEW(cx.keep, double, d.n), negative = 0, sum = 0; /* unit and time means off, in turns */
        memcpy(rest, d.treated, d.n * sizeof *rest);
        for (int turn = 0; turn < 400; turn++)
            for (int side = 0; side < 2; side++) {
                const rl_groups *g = side ? &d.time : &d.unit;
                double *mean = RL_NEW(cx.tmp, double, g->G), *n = RL_NEW(cx.tmp, double, g->G);
                for (size_t i = 0; i < d.n; i++) {
                    mean[g->code[i]] += (d.w != NULL ? d.w[i] : 1) * rest[i];
                    n[g->code[i]] += d.w != NULL ? d.w[i] : 1;
                }
                for (size_t i = 0; i < d.n; i++) rest[i] -= mean[g->code[i]] / n[g->code[i]];
                rl_release(cx.tmp, mean);
            }
        size_t count = 0;
        for (size_t i = 0; i < d.n; i++) {
            double x = (d.w != NULL ? d.w[i] : 1) * rest[i] * d.treated[i];
            sum += x;
            count += x < -1e-9;
            negative += x < 0 ? x : 0;
        }
        assert_int_equal(w.negative, count);
        CHECK_NEAR(w.negative_sum, negative / sum, 1e-9);
        some += count;
        fresh();
    }
    assert_true(some > 0);
}

static void nothing_varies(void **state)
{
    (void)state;
    world m;
    make(&m, 5, 20, 6, false, 0);
    rl_request r = request("twfe", false);
    rl_table t = table(&m, NULL, 1, 1);
    rl_design d;
    rl_twfe_weights w;
    CHECK_OK(rl_design_make(&r, &t, &d, &cx), &cx);
    for (size_t i = 0; i < d.n; i++) d.treated[i] = d.at[i] > 3;
    assert_int_equal(rl_twfe_weights_make(&d, d.treated, &w, &cx), RL_EDATA);
    assert_non_null(strstr(cx.err.what, "does not vary"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_definition), TEST(order_and_names), TEST(every_unit_twice),   TEST(weights_of_outcomes),
        TEST(coverage),       TEST(parts_add_up),    TEST(weights_of_effects), TEST(nothing_varies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
