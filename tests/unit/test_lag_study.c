/* Studies of one series: which estimator a formula gets by itself, and what is said where nothing can be told. */
#include "base/rng.h"
#include "model/response.h"
#include "model/solve.h"
#include "out/json_fit.h"
#include "out/view.h"
#include "out/words.h"
#include "study_fixture.h"

enum { T = 72 };

/* Two walks, sales that follow the first one, and a deal a month. */
static void write_walks(fixture *f)
{
    rl_str m = rl_str_new(f->cx.keep), d = rl_str_new(f->cx.keep);
    rl_rng r = rl_rng_for(41, 3);
    double push = 50, fame = 20, before = 50;
    rl_str_add(&m, "date,push,fame,sales\n");
    rl_str_add(&d, "id,created,closed,status,amount\n");
    for (int i = 0; i < T; i++) {
        char day[16];
        rl_day_text(day, rl_day(2019 + i / 12, 1 + i % 12, 15));
        before = push;
        push += rl_normal(&r), fame += rl_normal(&r);
        rl_str_addf(&m, "%s,%.4f,%.4f,%.4f\n", day, push, fame, 3 + 2.385 * push + 1.2 * before + 0.4 * rl_normal(&r));
        rl_str_addf(&d, "D%d,%s,%s,Won,%d\n", i, day, day, 100 + 7 * (i % 5));
    }
    fixture_write(f, "m.csv", rl_str_text(&m));
    fixture_write(f, "d.csv", rl_str_text(&d));
}

#define HEAD                                                                                                       \
    "study: {title: t, currency: USD, period: month, cut: 2024-12-31}\n"                                           \
    "deals: {file: d.csv, id: id, created: created, closed: closed, status: status, amount: amount, won: [Won],\n" \
    "        lost: [Lost], open: [Open]}\n"                                                                        \
    "market: {file: m.csv, date: date, columns: [push, fame, sales]}\nmodels:\n"
#define ALL "level: all, clock: event, "

static rl_answer solved(fixture *f, const char *models)
{
    rl_answer a;
    fixture_open(f);
    write_walks(f);
    CHECK_OK(fixture_read(f, rl_sprintf(f->cx.keep, "%s%s", HEAD, models)), &f->cx);
    assert_int_equal(rl_faults_fatal(&f->t.faults), 0);
    CHECK_OK(rl_solve(&f->t, &a, &f->cx), &f->cx);
    for (size_t i = 0; i < a.n_models; i++)
        if (a.model[i].status != RL_MODEL_DONE) fail_msg("%s: %s", a.model[i].spec->name, a.model[i].refused.what);
    return a;
}

static void chosen_by_itself(void **s)
{
    (void)s;
    fixture f;
    static const struct {
        const char *estimator, *vcov, *why;
    } WANT[] = {
        {"ar", "averaged", "averaged over it"}, {"ar", "averaged", "averaged over it"},
        {"ar", "averaged", "a regression on"},  {"ols", "NW", "a regression on"},
        {"ols", "HC1", "a regression on"},      {"ols", "NW", "a regression on"},
        {"ols", "NW", "a regression on"},       {"ols", "NW", "a regression on"},
        {"ols", "HC1", "a regression on"},      {"ar", "averaged", "a regression on"},
    };
    rl_answer a = solved(&f, "  a: {" ALL "formula: 'fame ~ lag(push,0:2)'}\n"
                             "  b: {" ALL "estimator: auto, formula: 'sales ~ lag(push,0:2) + trend()'}\n"
                             "  c: {" ALL "estimator: ar, method: average, formula: 'fame ~ push'}\n"
                             "  d: {" ALL "estimator: ols, formula: 'fame ~ lag(push,0:2)'}\n"
                             "  e: {" ALL "vcov: HC1, formula: 'fame ~ lag(push,0:2)'}\n"
                             "  f: {" ALL "formula: 'fame ~ lag(push,0:2) | season'}\n"
                             "  g: {" ALL "formula: 'fame ~ push + lag(fame,1)'}\n"
                             "  h: {" ALL "formula: 'sales ~ adstock(push)'}\n"
                             "  i: {level: deal, horizon: 20, formula: 'amount ~ 1'}\n"
                             "  j: {" ALL "estimator: ar, method: average, formula: 'sales ~ push'}\n");
    assert_int_equal(a.n_models, 10);
    for (size_t i = 0; i < a.n_models; i++) {
        const rl_model_answer *m = &a.model[i];
        assert_string_equal(m->main.estimator->name, WANT[i].estimator);
        assert_string_equal(m->main.vcov_kind, WANT[i].vcov);
        if (strstr(m->estimator_why, WANT[i].why) == NULL) fail_msg("%zu: %s", i, m->estimator_why);
        assert_true((m->main.wander != NULL) == (WANT[i].estimator[0] == 'a'));
    }
    fixture_close(&f);
}

/* Walks that have nothing to do with each other: said first, in the JSON too; sales that follow: told. */
static void cannot_tell(void **s)
{
    (void)s;
    fixture f;
    rl_answer a = solved(&f, "  walks: {" ALL "formula: 'fame ~ lag(push,0:2)'}\n");
    rl_view v = rl_view_of(a.study, false, f.cx.keep);
    const char *says = rl_words_answer(&v, &a);
    assert_string_equal(a.model[0].main.response[0].verdict, "cannot tell");
    assert_true(strncmp(says, "Cannot tell what ", 17) == 0);
    assert_non_null(strstr(says, "random walk"));
    assert_non_null(strstr(says, "in differences"));
    const char *model = rl_words_model(&v, &a.model[0]);
    assert_true(strncmp(model, says, strlen(says)) == 0);
    assert_null(strstr(model + strlen(says), "annot tell")); /* once */
    assert_non_null(strstr(model, "Fitted on "));
    static const char *const CALL[] = {"x"};
    const char *json = rl_json_fit(&a.model[0].main, CALL, 1, f.cx.keep);
    assert_non_null(strstr(json, "\"verdict\": \"cannot tell\""));
    assert_non_null(strstr(json, "\"chance_random_walk\": 0."));
    fixture_close(&f);
    a = solved(&f, "  follow: {" ALL "channels: [push], formula: 'sales ~ lag(push,0:2)'}\n");
    v = rl_view_of(a.study, false, f.cx.keep);
    assert_null(a.model[0].main.response[0].verdict);
    assert_string_equal(rl_words_doubt(&v, &a.model[0]), "");
    assert_non_null(strstr(rl_words_answer(&v, &a), "measures no lift"));
    /* a doubt about the response is one about its channel */
    rl_model_answer *m = &a.model[0];
    assert_int_equal(m->channels.n, 1);
    assert_true(m->channels.v[0].marginal.low > 0);
    const char *nothing = "cannot be told from nothing";
    assert_null(strstr(rl_words_channel(&v, a.study, m, &m->channels.v[0], RL_UNIT_PLAIN), nothing));
    m->main.response[0].verdict = "cannot tell";
    assert_non_null(strstr(rl_words_channel(&v, a.study, m, &m->channels.v[0], RL_UNIT_PLAIN), nothing));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chosen_by_itself), cmocka_unit_test(cannot_tell)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
