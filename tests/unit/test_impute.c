#include "check.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "model/est.h"
#include "model/request.h"
#include "model/result.h"

/* 48 units, 40 periods, 12 start dates and units that never start; a share of the rows may be missing. */
enum { UNITS = 48, PERIODS = 40 };

static void make(rl_table *t, double missing, bool weights, rl_ctx *cx)
{
    static char name[UNITS][8];
    rl_rng r = rl_rng_for(7919, 3);
    rl_dict *dict = rl_dict_new(cx->keep);
    *t = (rl_table){.n = 0};
    bool *in = RL_NEW(cx->tmp, bool, UNITS *PERIODS);
    for (size_t i = 0; i < UNITS * PERIODS; i++) t->n += in[i] = rl_uniform(&r) >= missing;
    rl_table_add(t, "u", RL_TEXT, dict, cx->keep);
    static const char *const NUMBER[] = {"t", "g", "y", "w"};
    for (int j = 0; j < 4; j++) rl_table_add(t, NUMBER[j], RL_NUM, NULL, cx->keep);
    size_t n = 0;
    for (int u = 0; u < UNITS; u++) {
        snprintf(name[u], sizeof name[u], "U%02u", (unsigned)u % 100);
        double g = u % 16 < 12 ? 9 + u % 16 : (double)NAN, a = rl_uniform(&r) * 10;
        for (int k = 0; k < PERIODS; k++) {
            if (!in[u * PERIODS + k]) continue;
            t->col[0].code[n] = rl_dict_code(dict, name[u], strlen(name[u]));
            t->col[1].num[n] = k;
            t->col[2].num[n] = g;
            t->col[3].num[n] = a + 0.3 * k * k + (k >= g ? 2.385 + 0.1 * (k - g) : 0) + rl_uniform(&r);
            t->col[4].num[n++] = weights ? 0.5 + rl_uniform(&r) : 1;
        }
    }
}

static rl_request ask(rl_agg agg, bool leads, bool weights)
{
    return (rl_request){.formula = "y ~ 1",
                        .max_lags = -1,
                        .horizon = -1,
                        .estimator = rl_estimator_by_name("etwfe"),
                        .unit = "u",
                        .time = "t",
                        .cohort = "g",
                        .weights = weights ? "w" : NULL,
                        .vcov = {.kind = RL_CLUSTER, .ways = 1, .by = {"u"}, .lag = -1},
                        .level = 0.95,
                        .agg = agg,
                        .leads = leads,
                        .impute = agg != RL_AGG_GROUP_TIME,
                        .omega = agg == RL_AGG_SIMPLE ? "overall" : NULL};
}

/* Rows of cohort g in period k. */
static double rows_of(const rl_table *t, int g, int k)
{
    double n = 0;
    for (size_t i = 0; i < t->n; i++) n += t->col[2].num[i] == g && t->col[1].num[i] == k;
    return n;
}

/* An average of cells is that of the regression with a column for each cell: estimate, influence, error. */
static void check_average(const rl_table *t, const rl_result *cells, const rl_result *by_hand, size_t at, int event)
{
    double n = 0, sum = 0;
    size_t G = cells->G;
    assert_int_equal(by_hand->G, G);
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < cells->m; j++) {
            const rl_label *l = &cells->est[j].label;
            if (event == RL_NO_ID ? l->time < l->group : l->time - l->group != event) continue;
            double rows = rows_of(t, l->group, l->time);
            if (pass == 0) n += rows;
            if (pass == 1) sum += rows / n * cells->est[j].estimate;
        }
    CHECK_DIGITS(by_hand->est[at].estimate, sum, 9);
    double var = 0;
    for (size_t g = 0; g < G; g++) {
        double psi = 0;
        for (size_t j = 0; j < cells->m; j++) {
            const rl_label *l = &cells->est[j].label;
            if (event == RL_NO_ID ? l->time < l->group : l->time - l->group != event) continue;
            psi += rows_of(t, l->group, l->time) / n * cells->psi_G[j * G + g];
        }
        CHECK_NEAR(by_hand->psi_G[at * G + g], psi, 1e-9);
        var += psi * psi;
    }
    CHECK_DIGITS(by_hand->est[at].std_error, sqrt(var), 8);
}

/* Without a missing row the average is that of the regression. */
static void averages_are_those_of_the_regression(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t;
    make(&t, 0, false, &cx);
    rl_result cells, some;
    rl_request one = ask(RL_AGG_GROUP_TIME, false, false), two = ask(RL_AGG_SIMPLE, false, false),
               three = ask(RL_AGG_DYNAMIC, false, false);
    CHECK_OK(rl_estimate_run(&one, &t, &cells, cx.keep, &cx), &cx);
    assert_true(cells.m >= 200);
    CHECK_OK(rl_estimate_run(&two, &t, &some, cx.keep, &cx), &cx);
    assert_int_equal(some.n_notes, 1);
    check_average(&t, &cells, &some, 0, RL_NO_ID);
    CHECK_OK(rl_estimate_run(&three, &t, &some, cx.keep, &cx), &cx);
    assert_true(some.m > 20);
    for (size_t j = 0; j < some.m; j++) check_average(&t, &cells, &some, j, some.est[j].label.event);
    rl_ctx_free(&cx);
}

/* The weights of the rows give the estimate, cancel every unit and time effect, and add up to one in the treated. */
static void weights_of_the_rows(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t;
    make(&t, 0.1, true, &cx);
    rl_result r;
    rl_request q = ask(RL_AGG_SIMPLE, false, true);
    CHECK_OK(rl_estimate_run(&q, &t, &r, cx.keep, &cx), &cx);
    double sum = 0, one = 0, unit[UNITS] = {0}, time[PERIODS] = {0};
    for (size_t k = 0; k < r.rows_used; k++) {
        size_t i = r.row[k];
        sum += r.omega[k] * t.col[3].num[i];
        if (t.col[1].num[i] >= t.col[2].num[i]) one += r.omega[k];
        unit[t.col[0].code[i]] += r.omega[k];
        time[(int)t.col[1].num[i]] += r.omega[k];
    }
    CHECK_DIGITS(sum, r.est[0].estimate, 10);
    CHECK_DIGITS(one, 1, 12);
    for (int u = 0; u < UNITS; u++) CHECK_NEAR(unit[u], 0, 1e-14);
    for (int k = 0; k < PERIODS; k++) CHECK_NEAR(time[k], 0, 1e-14);
    q.impute = false; /* fitted: a little different, as rows are missing */
    rl_result fitted;
    CHECK_OK(rl_estimate_run(&q, &t, &fitted, cx.keep, &cx), &cx);
    CHECK_NEAR(fitted.est[0].estimate, r.est[0].estimate, r.est[0].std_error);
    for (size_t i = 0; i < fitted.n_notes; i++) assert_null(strstr(fitted.note[i], "imputed"));
    rl_ctx_free(&cx);
}

/* Every unit has its own reference here, since rows are missing: pre-trend effects are near zero all the same. */
static void leads_have_a_reference_a_unit(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_table t;
    make(&t, 0.1, false, &cx);
    rl_result events;
    rl_request r = ask(RL_AGG_DYNAMIC, true, false);
    CHECK_OK(rl_estimate_run(&r, &t, &events, cx.keep, &cx), &cx);
    size_t before = 0, after = 0;
    for (size_t j = 0; j < events.m; j++) {
        const rl_estimate *e = &events.est[j];
        if (isnan(e->std_error)) continue;
        if (e->label.event < 0) {
            before++;
            CHECK_NEAR(e->estimate, 0, 1.0);
        } else {
            after++;
            CHECK_NEAR(e->estimate, 2.385 + 0.1 * e->label.event, 1.0);
        }
    }
    assert_true(before > 5 && after > 20);
    assert_int_equal(events.n_tests, 1);
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_are_those_of_the_regression),
        cmocka_unit_test(weights_of_the_rows),
        cmocka_unit_test(leads_have_a_reference_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
