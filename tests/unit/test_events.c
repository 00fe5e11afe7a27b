/* The event study of a study's model: by the model's own estimator, and what is known of those behind it. */
#include "study_fixture.h"

#include <math.h>

#include "base/rng.h"
#include "model/att.h"
#include "model/solve.h"

/* Stores by month of 2023 and 2024: six start in month 9, six in month 12, two in month 17 (of which month 16 was
 * never recorded), ten never. */
enum { STORES = 24, MONTHS = 20, LATE = 17 };

static int start_of(int s) { return s < 6 ? 9 : s < 12 ? 12 : s < 14 ? LATE : 0; }

/* complete: with that month. */
static rl_code read_panel(fixture *f, const char *models, bool complete)
{
    rl_str d = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep), a = rl_str_new(f->cx.keep);
    rl_str_add(&d, "store,date,sales,city\n");
    rl_str_add(&p, "store,start\n");
    rl_str_add(&a, "store,city\n");
    for (int s = 0; s < STORES; s++) {
        int g = start_of(s);
        rl_rng r = rl_rng_for(7, (uint64_t)s);
        rl_str_addf(&a, "S%02d,C%d\n", s, s % 8);
        if (g > 0) rl_str_addf(&p, "S%02d,%d-%02d-01\n", s, 2023 + (g - 1) / 12, (g - 1) % 12 + 1);
        for (int m = 1; m <= MONTHS; m++) {
            double y = 40 + 1.75 * s + 0.5 * m + 3 * rl_normal(&r) + (g > 0 && m >= g ? 6.25 : 0);
            if (!complete && g == LATE && m == LATE - 1) continue;
            rl_str_addf(&d, "S%02d,%d-%02d-01,%.3f,C%d\n", s, 2023 + (m - 1) / 12, (m - 1) % 12 + 1, y, s % 8);
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "p.csv", rl_str_text(&p));
    fixture_write(f, "a.csv", rl_str_text(&a));
    return fixture_read(f, rl_sprintf(f->cx.keep,
                                      "study: {title: t, currency: EUR, period: month, seed: 7}\n"
                                      "panel: {file: d.csv, unit: store, date: date, columns: [sales]}\n"
                                      "accounts: {file: a.csv, id: store, fixed: [city]}\n"
                                      "programs:\n  promo: {file: p.csv, unit: store, start: start}\n"
                                      "models:\n%s",
                                      models));
}

static rl_code read_stores(fixture *f, const char *models) { return read_panel(f, models, false); }

static const rl_estimate *at_event(const rl_result *r, int event)
{
    for (size_t i = 0; i < r->m; i++)
        if (r->est[i].label.event == event) return &r->est[i];
    return NULL;
}

static const rl_test *pre_trend(const rl_result *r)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, "pre-trend") == 0) return &r->test[i];
    return NULL;
}

/* The figures beside the others are those of the same estimator. */
static void the_models_own(void **state)
{
    (void)state;
    static const char *const NAME[] = {"cs", "sunab", "did2s", "etwfe"};
    for (size_t k = 0; k < sizeof NAME / sizeof *NAME; k++) {
        fixture f;
        rl_answer a;
        fixture_open(&f);
        const char *models =
            rl_sprintf(f.cx.keep, "  m: {outcome: sales, treatment: promo, estimator: %s, primary: yes}\n", NAME[k]);
        CHECK_OK(read_stores(&f, models), &f.cx);
        CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
        const rl_model_answer *m = &a.model[0];
        assert_true(m->has_event);
        assert_string_equal(m->event.estimator->name, NAME[k]);
        const rl_side *own = NULL;
        for (size_t i = 0; i < m->sides.n; i++)
            if (m->sides.v[i].fitted) own = &m->sides.v[i];
        assert_non_null(own);
        assert_true(own->has_event);
        assert_int_equal(pre_trend(&m->event) == NULL, pre_trend(&own->event) == NULL);
        if (pre_trend(&m->event) != NULL)
            CHECK_DIGITS(pre_trend(&m->event)->statistic, pre_trend(&own->event)->statistic, 8);
        for (int e = -5; e <= 6; e++) {
            const rl_estimate *x = at_event(&m->event, e), *y = at_event(&own->event, e);
            assert_int_equal(x == NULL, y == NULL);
            if (x == NULL || !(x->std_error > 0)) continue;
            CHECK_DIGITS(x->estimate, y->estimate, 10);
            CHECK_DIGITS(x->std_error, y->std_error, 10);
        }
        assert_int_equal(m->base_event, strcmp(NAME[k], "did2s") == 0 ? RL_NO_ID : -1);
        fixture_close(&f);
    }
}

/* Leads of imputation are a regression of their own on the later half of the months before the start: there is no base
 * period.  What has no event study gets one by etwfe, which is not the model's. */
static void leads_of_imputation_and_etwfe_for_the_rest(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    fixture_open(&f);
    CHECK_OK(read_stores(&f, "  b: {outcome: sales, treatment: promo, estimator: bjs}\n"
                             "  w: {outcome: sales, treatment: promo, estimator: twfe}\n"
                             "  n: {outcome: sales, treatment: promo, estimator: bjs, window: [-3, 4]}\n"),
             &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    const rl_model_answer *b = &a.model[0], *w = &a.model[1], *n = &a.model[2];
    assert_string_equal(b->event.estimator->name, "bjs");
    assert_int_equal(b->base_event, RL_NO_ID);
    assert_non_null(at_event(&b->event, -8));
    assert_null(at_event(&b->event, -9));
    assert_true(at_event(&b->event, -1)->std_error > 0);
    assert_non_null(pre_trend(&b->event));
    assert_string_equal(w->event.estimator->name, "etwfe");
    assert_int_equal(w->base_event, -1);
    assert_non_null(at_event(&n->event, -3));
    assert_null(at_event(&n->event, -4));
    assert_null(at_event(&n->event, 5));
    CHECK_DIGITS(at_event(&n->event, 2)->estimate, at_event(&b->event, 2)->estimate, 10);
    for (size_t i = 0; i < a.n_warnings; i++) assert_null(strstr(a.warning[i], "'b', its event study (by"));
    fixture_close(&f);
}

/* A cohort of two stores is alone from 15 months before the start to 12 before it, and among six others later. */
static void who_is_behind(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    fixture_open(&f);
    CHECK_OK(read_stores(&f, "  m: {outcome: sales, treatment: promo, estimator: cs}\n"
                             "  c: {outcome: sales, treatment: promo, estimator: cs, cluster: city}\n"),
             &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    for (size_t k = 0; k < 2; k++) {
        const rl_model_answer *m = &a.model[k];
        for (size_t j = 0; j < m->event.m; j++) {
            int e = m->event.est[j].label.event;
            if (e == RL_NO_ID) continue;
            size_t late = e >= 1 - LATE && e <= MONTHS - LATE && e != -1 ? 2 : 0;
            size_t first = e >= 1 - 9 && e <= MONTHS - 9 ? 6 : 0, second = e >= 1 - 12 && e <= MONTHS - 12 ? 6 : 0;
            if (k == 0) assert_int_equal(m->behind[j].units, first + second + late);
            if (k == 1)
                assert_int_equal(m->behind[j].units, first > 0 && second > 0 ? 8
                                                     : first > 0             ? 6
                                                     : second > 0            ? late > 0 ? 8 : 6
                                                                             : late);
            assert_int_equal(m->behind[j].few, late);
            assert_int_equal(m->behind[j].thin, first + second == 0);
        }
        assert_string_equal(m->behind_what, k == 0 ? "stores" : "clusters of 'city'");
    }
    fixture_close(&f);
}

/* One month of one cohort was never recorded: its own last month takes its place, in the study as in the table of
 * estimators beside it. */
static void sunab_takes_each_cohorts_own_reference(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    fixture_open(&f);
    CHECK_OK(read_stores(&f, "  m: {outcome: sales, treatment: promo, estimator: sunab}\n"), &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    const rl_model_answer *m = &a.model[0];
    assert_int_equal(m->status, RL_MODEL_DONE);
    for (size_t i = 0; i < m->waterfall.n_steps; i++) assert_null(strstr(m->waterfall.step[i].why, "created"));
    for (size_t i = 0; i < m->sides.n; i++)
        if (m->sides.v[i].fitted) CHECK_DIGITS(m->sides.v[i].effect.estimate, m->lift.effect.est, 10);
    fixture_close(&f);
}

/* A column of texts in a ready-made panel: listed with the others it is what errors can be clustered by, and no number
 * is expected there; the outcome is still one. */
static void texts_of_a_panel(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    const char *study = "study: {title: t, currency: EUR, period: month, seed: 7}\n"
                        "panel: {file: d.csv, unit: store, date: date, columns: [sales, city]}\n"
                        "programs:\n  promo: {file: p.csv, unit: store, start: start}\n"
                        "models:\n  m: {outcome: %s, treatment: promo, cluster: city}\n";
    fixture_open(&f);
    CHECK_OK(read_stores(&f, "  m: {outcome: sales, treatment: promo}\n"), &f.cx);
    CHECK_OK(fixture_read(&f, rl_sprintf(f.cx.keep, study, "sales")), &f.cx);
    assert_int_equal(rl_faults_fatal(&f.t.faults), 0);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    assert_int_equal(a.model[0].status, RL_MODEL_DONE);
    assert_int_equal(a.model[0].main.clusters, 8);
    bool told = false;
    for (size_t i = 0; i < a.n_tables; i++)
        for (size_t k = 0; k < a.table[i].n_facts; k++)
            told |=
                strcmp(a.table[i].fact[k].label, "different values of 'city'") == 0 && a.table[i].fact[k].value == 8;
    assert_true(told);
    rl_code code = fixture_read(&f, rl_sprintf(f.cx.keep, study, "city"));
    assert_true(code != RL_OK || rl_faults_fatal(&f.t.faults) > 0);
    fixture_close(&f);
}

/* An estimator that gives effects, but not what each outcome weighs in them. */
static rl_code cs_without_weights(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    RL_TRY(rl_estimator_by_name("cs")->fit(d, r, f, cx));
    f->omega = NULL;
    return RL_OK;
}

/* Without what each row weighs nothing can be counted; that is said, not run into.  Whatever estimator there is, it
 * either has weights or is refused in words. */
static void no_weights_no_lift(void **state)
{
    (void)state;
    rl_estimator weightless = *rl_estimator_by_name("cs");
    weightless.fit = cs_without_weights;
    size_t refused = 0, counted = 0;
    for (size_t k = 0; k <= rl_estimator_count(); k++) {
        const rl_estimator *est = k < rl_estimator_count() ? rl_estimator_at(k) : &weightless;
        fixture f;
        rl_att e;
        rl_plan plan;
        if (!est->needs_cohort) continue;
        fixture_open(&f);
        CHECK_OK(read_panel(&f, "  m: {outcome: sales, treatment: promo}\n", true), &f.cx);
        CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
        rl_code code = rl_att_fit(&f.t, &plan, est, &e, f.cx.keep, &f.cx);
        if (code == RL_OK) assert_non_null(e.fit.omega);
        if (code != RL_OK) assert_true(f.cx.err.what[0] != '\0');
        counted += code == RL_OK;
        refused += code == RL_EDATA && strstr(f.cx.err.what, "what each row counts for: no lift") != NULL;
        fixture_close(&f);
    }
    assert_true(counted >= 5);
    assert_int_equal(refused, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_models_own),   cmocka_unit_test(leads_of_imputation_and_etwfe_for_the_rest),
        cmocka_unit_test(who_is_behind),    cmocka_unit_test(sunab_takes_each_cohorts_own_reference),
        cmocka_unit_test(texts_of_a_panel), cmocka_unit_test(no_weights_no_lift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
