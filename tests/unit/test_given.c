/* What a programme's model asks for beside its outcome: weights, clusters above the units, a window. */
#include "study_fixture.h"

#include <math.h>

#include "base/rng.h"
#include "model/att.h"
#include "model/identify.h"
#include "model/solve.h"

enum { REGIONS = 26, MONTHS = 9 };

static int start_of(int u) { return u % 5 == 0 ? 5 : u % 5 == 1 ? 6 : 0; }
static int weight_of(int u) { return 1 + (u % 3 == 1); }

static double sales(int u, int m)
{
    rl_rng r = rl_rng_for(29, (uint64_t)(u * 100 + m));
    double y = 30 + 2.5 * (u % 7) + 0.75 * m + (start_of(u) > 0 && m >= start_of(u) ? 3.5 + 0.5 * (u % 4) : 0);
    return floor((y + 2 * rl_normal(&r)) * 1000 + 0.5) / 1000;
}

/* Regions that stand in the data once, or `copies(u)` times under names of their own; `head` is what they copy. */
static rl_code read_world(fixture *f, const char *model, bool twice, bool by_weight)
{
    fixture_open(f);
    rl_str d = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep);
    rl_str_add(&d, "geo,month,sales,w,head,half\n");
    rl_str_add(&p, "geo,start\n");
    for (int u = 0; u < REGIONS; u++)
        for (int c = 0; c < (twice ? 2 : by_weight ? weight_of(u) : 1); c++) {
            if (start_of(u) > 0) rl_str_addf(&p, "g%02d-%d,2024-%02d-01\n", u, c, start_of(u));
            for (int m = 1; m <= MONTHS; m++)
                rl_str_addf(&d, "g%02d-%d,2024-%02d-01,%.3f,%d,h%02d,%s\n", u, c, m, sales(u, m), weight_of(u), u,
                            m < 5 ? "first" : "second");
        }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "p.csv", rl_str_text(&p));
    return fixture_read(f, rl_sprintf(f->cx.keep,
                                      "study: {title: t, period: month, currency: USD}\n"
                                      "panel: {file: d.csv, unit: geo, date: month, columns: [sales, w]}\n"
                                      "programs:\n  roll: {file: p.csv, unit: geo, start: start}\n"
                                      "models:\n  m: {outcome: sales, treatment: roll, %s}\n",
                                      model));
}

static rl_code fit_world(fixture *f, const char *model, bool twice, bool by_weight, rl_att *e)
{
    rl_plan plan;
    RL_TRY(read_world(f, model, twice, by_weight));
    RL_TRY(rl_plan_make(&f->t, &f->study.model[0], &plan, &f->cx));
    return rl_att_fit(&f->t, &plan, NULL, e, f->cx.keep, &f->cx);
}

/* Every region twice, the two of them one cluster: nothing is known that one would not tell. */
static void twins_are_one_cluster(void **state)
{
    (void)state;
    static const char *const CASE[][2] = {{"estimator: cs", "estimator: cs, cluster: head"},
                                          {"estimator: bjs", "estimator: bjs, vcov: 'cluster:head'"},
                                          {"estimator: sunab", "estimator: sunab, cluster: head, vcov: cluster:head"}};
    for (size_t i = 0; i < 3; i++) {
        fixture f, g, h;
        rl_att one, two, apart;
        CHECK_OK(fit_world(&f, CASE[i][0], false, false, &one), &f.cx);
        CHECK_OK(fit_world(&g, CASE[i][1], true, false, &two), &g.cx);
        CHECK_OK(fit_world(&h, CASE[i][0], true, false, &apart), &h.cx);
        CHECK_DIGITS(two.effect, one.effect, 11);
        assert_true(fabs(two.se / one.se - 1) < 0.03); /* but for factors that count rows */
        assert_true(apart.se < 0.8 * one.se);
        assert_null(one.cluster);
        assert_non_null(two.cluster);
        assert_string_equal(two.fit.vcov_by[0], "head");
        assert_int_equal(two.fit.clusters, REGIONS);
        CHECK_DIGITS(sqrt(rl_att_cov(&two, two.psi, two.psi, &g.cx)), two.se, 11);
        double *without = rl_att_se_without(&two, &g.cx), squares = 0;
        for (size_t u = 0; u < two.N; u++) squares += two.psi[u] * two.psi[u];
        CHECK_DIGITS(squares, two.se * two.se / 2, 9); /* halves of a cluster's sum */
        for (size_t u = 0; u < two.N; u++)             /* S - psi = psi */
            CHECK_DIGITS(without[u] * without[u], two.se * two.se - 3 * two.psi[u] * two.psi[u], 9);
        fixture_close(&f);
        fixture_close(&g);
        fixture_close(&h);
    }
}

/* A region of weight 2 counts like two. */
static void weights_count_rows(void **state)
{
    (void)state;
    static const char *const CASE[] = {"cs", "bjs", "sunab"};
    for (size_t i = 0; i < 3; i++) {
        fixture f, g, h;
        rl_att with, doubled, plain;
        char a[64], b[64];
        snprintf(a, sizeof a, "estimator: %s, weights: w", CASE[i]);
        snprintf(b, sizeof b, "estimator: %s", CASE[i]);
        CHECK_OK(fit_world(&f, a, false, false, &with), &f.cx);
        CHECK_OK(fit_world(&g, b, false, true, &doubled), &g.cx);
        CHECK_OK(fit_world(&h, b, false, false, &plain), &h.cx);
        CHECK_DIGITS(with.effect, doubled.effect, 10);
        CHECK_DIGITS(with.with, doubled.with, 10);
        assert_true(fabs(with.effect - plain.effect) > 1e-3);
        CHECK_DIGITS(rl_att_of(&with, with.panel.y), with.effect, 10);
        fixture_close(&f);
        fixture_close(&g);
        fixture_close(&h);
    }
}

static const rl_estimate *event(const rl_result *r, int at)
{
    for (size_t j = 0; j < r->m; j++)
        if (r->est[j].label.event == at) return &r->est[j];
    return NULL;
}

static void window_is_what_is_shown(void **state)
{
    (void)state;
    fixture f, g;
    rl_answer all, cut;
    CHECK_OK(read_world(&f, "estimator: cs", false, false), &f.cx);
    CHECK_OK(read_world(&g, "estimator: cs, window: [-2, 1]", false, false), &g.cx);
    CHECK_OK(rl_solve(&f.t, &all, &f.cx), &f.cx);
    CHECK_OK(rl_solve(&g.t, &cut, &g.cx), &g.cx);
    const rl_model_answer *a = &all.model[0], *b = &cut.model[0];
    CHECK_DIGITS(b->lift.effect.est, a->lift.effect.est, 15);
    assert_non_null(event(&a->event, -4));
    assert_non_null(event(&a->event, 2));
    for (int k = -5; k <= 4; k++) {
        const rl_estimate *x = event(&a->event, k), *y = event(&b->event, k);
        assert_int_equal(y != NULL, k >= -2 && k <= 1);
        if (y == NULL || isnan(y->std_error)) continue;
        CHECK_DIGITS(y->estimate, x->estimate, 15);
        assert_true(y->band_high < x->band_high); /* three event times at once, not eight */
        size_t i = (size_t)(x - a->event.est), j = (size_t)(y - b->event.est);
        assert_true(b->event.V[j + j * b->event.m] == a->event.V[i + i * a->event.m]);
    }
    assert_true(b->event.test[0].p_value == a->event.test[0].p_value);
    for (size_t s = 0; s < b->sides.n; s++)
        if (b->sides.v[s].has_event && strcmp(b->sides.v[s].estimator, "cs") == 0) {
            assert_null(event(&b->sides.v[s].event, -4));
            assert_non_null(event(&b->sides.v[s].event, -2));
        }
    fixture_close(&f);
    fixture_close(&g);
}

static void money_needs_rows_that_count_alike(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    CHECK_OK(read_world(&f, "estimator: cs, weights: w", false, false), &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_false(a.money.given);
    assert_int_equal(a.n_unanswered, 1);
    assert_non_null(strstr(a.unanswered[0].why, "weighs its rows by 'w'"));
    fixture_close(&f);
}

static void clusters_are_counted_before_a_run(void **state)
{
    (void)state;
    fixture f;
    rl_plan plan;
    const rl_identified *d;
    CHECK_OK(read_world(&f, "cluster: head", true, false), &f.cx);
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_identify(&f.t, &plan, &d, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(d->clusters, REGIONS);
    assert_string_equal(d->cluster, "head");
    assert_string_equal(d->unit, "geo");
    fixture_close(&f);
}

static void refused(const char *model, const char *what, const char *hint)
{
    fixture f;
    rl_att e;
    rl_code code = fit_world(&f, model, false, false, &e);
    if (code != RL_EINPUT || strstr(f.cx.err.what, what) == NULL || strstr(f.cx.err.hint, hint) == NULL)
        fail_msg("%d '%s' '%s'", (int)code, f.cx.err.what, f.cx.err.hint);
    assert_int_equal(f.cx.err.line, 6); /* of the study */
    assert_true(f.cx.err.col > 30);
    fixture_close(&f);
}

static void what_cannot_be_had_is_refused(void **state)
{
    (void)state;
    refused("cluster: nosuch", "no column 'nosuch' in", "its columns are");
    refused("cluster: half", "cannot cluster by 'half': geo 'g00-0' has two of them, 'first' and 'second'",
            "by the unit of assignment or by something above it");
    refused("cluster: sales", "cannot cluster by 'sales'", "leave 'cluster' out");
}

/* Weights below 0 are found in the rows, also where the mean of a unit's period is above. */
static void a_negative_weight_among_others(void **state)
{
    (void)state;
    fixture f;
    rl_plan plan;
    rl_att e;
    fixture_open(&f);
    rl_str d = rl_str_new(f.cx.keep);
    rl_str_add(&d, "geo,day,sales,w\n");
    for (int u = 0; u < 6; u++)
        for (int m = 1; m <= MONTHS; m++)
            for (int k = 1; k <= 2; k++)
                rl_str_addf(&d, "g%d,2024-%02d-%02d,%.3f,%d\n", u, m, 10 * k, sales(u, m),
                            u == 1 && m == 2 && k == 2 ? -2 : 3);
    fixture_write(&f, "d.csv", rl_str_text(&d));
    fixture_write(&f, "p.csv", "geo,start\ng0,2024-05-01\ng1,2024-05-01\ng2,2024-05-01\n");
    CHECK_OK(fixture_read(&f, "study: {title: t, period: month, currency: USD}\n"
                              "panel: {file: d.csv, unit: geo, date: day, columns: [sales, w]}\n"
                              "programs:\n  roll: {file: p.csv, unit: geo, start: start}\n"
                              "models:\n  m: {outcome: sales, treatment: roll, weights: w}\n"),
             &f.cx);
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    assert_int_equal(rl_att_fit(&f.t, &plan, NULL, &e, f.cx.keep, &f.cx), RL_EINPUT);
    assert_string_equal(f.cx.err.what, "'w' of geo 'g1' is -2: weights are 0 or more");
    assert_int_equal(f.cx.err.line, 1 + 2 * MONTHS + 4);
    fixture_close(&f);
}

/* Accounts without a parent stand alone; a cluster of the accounts table serves their deals. */
static void accounts_above_accounts(void **state)
{
    (void)state;
    static const char *const LEVEL[] = {"opportunities", "win_rate"};
    for (size_t k = 0; k < 2; k++) {
        fixture f;
        rl_plan plan;
        rl_att e;
        fixture_open(&f);
        rl_str d = rl_str_new(f.cx.keep), a = rl_str_new(f.cx.keep), p = rl_str_new(f.cx.keep);
        rl_str_add(&d, "id,account,created,closed,status\n");
        rl_str_add(&a, "account,parent,seats\n");
        rl_str_add(&p, "account,start\n");
        for (int u = 0; u < 24; u++) {
            if (u < 20)
                rl_str_addf(&a, "A%02d,P%d,%d\n", u, u / 2, 1 + u % 4);
            else
                rl_str_addf(&a, "A%02d,,%d\n", u, 1 + u % 4);
            if (u % 4 < 2) rl_str_addf(&p, "A%02d,2024-05-01\n", u);
            for (int m = 1; m <= 8; m++) {
                rl_rng r = rl_rng_for(7, (uint64_t)(u * 100 + m));
                for (int i = 0; i <= (int)(3 * rl_uniform(&r)); i++)
                    rl_str_addf(&d, "D%d-%d-%d,A%02d,2024-%02d-07,2024-%02d-08,%s\n", u, m, i, u, m, m,
                                rl_uniform(&r) < 0.4 ? "Won" : "Lost");
            }
        }
        fixture_write(&f, "d.csv", rl_str_text(&d));
        fixture_write(&f, "a.csv", rl_str_text(&a));
        fixture_write(&f, "p.csv", rl_str_text(&p));
        CHECK_OK(fixture_read(&f, rl_sprintf(f.cx.keep,
                                             "study: {title: t, period: month, cut: 2024-09-05}\n"
                                             "deals: {file: d.csv, id: id, account: account, created: created, "
                                             "closed: closed, status: status, won: [Won], lost: [Lost]}\n"
                                             "accounts: {file: a.csv, id: account, parent: parent, fixed: [seats]}\n"
                                             "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
                                             "models:\n  m: {treatment: abm, horizon: 2, cluster: parent, weights: "
                                             "seats, outcome: %s}\n",
                                             LEVEL[k])),
                 &f.cx);
        CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
        CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &e, f.cx.keep, &f.cx), &f.cx);
        assert_int_equal(e.fit.clusters, 14);
        CHECK_DIGITS(sqrt(rl_att_cov(&e, e.psi, e.psi, &f.cx)), e.se, 11);
        bool told = false;
        for (size_t i = 0; i < f.cx.n_notes; i++)
            told |= strstr(f.cx.note[i].text, "4 accounts without 'parent'") != NULL;
        assert_true(told);
        for (size_t i = 0; i < e.panel.t.n; i++) assert_true(e.panel.w[i] == 1 + e.panel.unit_code[i] % 4);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twins_are_one_cluster),
        cmocka_unit_test(weights_count_rows),
        cmocka_unit_test(window_is_what_is_shown),
        cmocka_unit_test(money_needs_rows_that_count_alike),
        cmocka_unit_test(clusters_are_counted_before_a_run),
        cmocka_unit_test(what_cannot_be_had_is_refused),
        cmocka_unit_test(a_negative_weight_among_others),
        cmocka_unit_test(accounts_above_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
