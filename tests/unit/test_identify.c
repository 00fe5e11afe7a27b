#include "study_fixture.h"

#include <math.h>

#include "base/rng.h"
#include "model/att.h"
#include "model/identify.h"
#include "model/solve.h"
#include "out/check_text.h"
#include "out/results.h"

/* Fourteen regions for nine months of 2024: when each starts (0 = never). */
enum { REGIONS = 14, MONTHS = 9 };
static const int WAVES[REGIONS] = {3, 3, 3, 3, 3, 5, 5, 7, 7, 7, 7, 1, 1, 1};

typedef struct rollout {
    const int *start;        /* REGIONS  month                              */
    int never;               /* regions from this one on never start        */
    int gap_unit, gap_month; /* a row that is not there; 0 = none         */
    uint64_t seed;           /* of the sales                                */
    const char *model;
} rollout;

/* end: the first month without the programme, for all; absent: a month without any row; 0 = none. */
static void world_of(fixture *f, rollout w, int end, int absent)
{
    fixture_open(f);
    rl_str d = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep);
    rl_rng r = rl_rng_for(w.seed, 3);
    rl_str_add(&d, "geo,month,sales\n");
    rl_str_addf(&p, "geo,start%s\n", end > 0 ? ",end" : "");
    for (int u = 0; u < REGIONS; u++) {
        if (u < w.never && end > 0)
            rl_str_addf(&p, "g%02d,2024-%02d-01,2024-%02d-28\n", u, w.start[u], end - 1);
        else if (u < w.never)
            rl_str_addf(&p, "g%02d,2024-%02d-01\n", u, w.start[u]);
        for (int m = 1; m <= MONTHS; m++) {
            double y = 20 + 3 * rl_normal(&r);
            if ((u == w.gap_unit && m == w.gap_month) || m == absent) continue;
            rl_str_addf(&d, "g%02d,2024-%02d-01,%.3f\n", u, m, y);
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "p.csv", rl_str_text(&p));
    const char *study = rl_sprintf(f->cx.keep,
                                   "study: {title: t, period: month}\n"
                                   "panel: {file: d.csv, unit: geo, date: month, columns: [sales]}\n"
                                   "programs:\n  roll: {file: p.csv, unit: geo, start: start%s}\n"
                                   "models:\n  m: {outcome: sales, treatment: roll%s}\n",
                                   end > 0 ? ", end: end" : "", w.model);
    CHECK_OK(fixture_read(f, study), &f->cx);
}

static void world(fixture *f, rollout w) { world_of(f, w, 0, 0); }

static const rl_identified *identify(fixture *f)
{
    rl_plan plan;
    const rl_identified *d;
    CHECK_OK(rl_plan_make(&f->t, &f->study.model[0], &plan, &f->cx), &f->cx);
    CHECK_OK(rl_identify(&f->t, &plan, &d, f->cx.keep, &f->cx), &f->cx);
    return d;
}

static const rl_side *side(const rl_sides *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].estimator, name) == 0) return &s->v[i];
    fail_msg("no %s", name);
    return NULL;
}

static void cohorts_of_a_rollout_in_which_all_start(void **state)
{
    (void)state;
    fixture f;
    world(&f, (rollout){WAVES, REGIONS, 0, 0, 11, ""});
    const rl_identified *d = identify(&f);
    assert_int_equal(d->n, 4);
    assert_int_equal(d->treated, 11);
    assert_int_equal(d->never, 0);
    assert_int_equal(d->clusters, 11);
    const rl_wave *w = d->wave;
    assert_string_equal(w[0].label, "earlier");
    assert_int_equal(w[0].units, 3);
    assert_false(w[0].identified);
    assert_true(w[0].few);
    assert_non_null(strstr(w[0].why, "no clean period"));
    assert_string_equal(w[1].label, "2024-03");
    assert_string_equal(w[1].base, "2024-02");
    assert_int_equal(w[1].units, 5);
    assert_int_equal(w[1].clean, 2);
    assert_int_equal(w[1].exposed, 4); /* March to June: from July on nobody is left */
    assert_int_equal(w[1].estimable, 4);
    assert_int_equal(w[1].never, 0);
    assert_int_equal(w[1].notyet, 4); /* May and June: the four of July */
    assert_int_equal(w[1].cell[2].notyet, 6);
    assert_int_equal(w[1].cell[2].event, 0);
    assert_false(w[1].cell[6].estimable);
    assert_non_null(strstr(w[1].cell[6].why, "no geo is left that has not had it by then"));
    assert_null(w[1].cell[1].why); /* a month before the start is nobody's to estimate */
    assert_true(w[2].few);
    assert_int_equal(w[2].estimable, 2);
    assert_false(w[3].identified);
    assert_int_equal(w[3].exposed, 0);
    assert_non_null(strstr(w[3].why, "no geo is left"));
    fixture_close(&f);
}

static void never_treated_alone_as_controls(void **state)
{
    (void)state;
    fixture f;
    world(&f, (rollout){WAVES, 9, 12, 4, 12, ", control: never"});
    const rl_identified *d = identify(&f);
    assert_true(d->never_only);
    assert_int_equal(d->never, 5);
    assert_int_equal(d->n, 3);
    for (size_t g = 0; g < d->n; g++) {
        assert_int_equal(d->wave[g].notyet, 0);
        assert_int_equal(d->wave[g].estimable, d->wave[g].exposed);
    }
    assert_int_equal(d->wave[0].never, 4); /* a row is missing in April */
    assert_int_equal(d->wave[1].never, 5);
    fixture_close(&f);
}

/* Every cell said to be estimable has an estimate, no other has; who can take it can, who cannot cannot. */
static void it_is_what_the_estimators_do(void **state)
{
    static const rollout CASE[] = {{WAVES, REGIONS, 0, 0, 21, ""},
                                   {WAVES, 11, 0, 0, 22, ""},
                                   {WAVES, 11, 12, 6, 23, ", control: never"},
                                   {WAVES, 9, 2, 2, 24, ", estimator: cs"},
                                   {WAVES, 6, 7, 9, 25, ", estimator: bjs"}};
    (void)state;
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        fixture f;
        rl_answer a;
        rl_plan plan;
        rl_att e;
        world(&f, CASE[i]);
        const rl_identified *d = identify(&f);
        CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
        assert_int_equal(a.model[0].status, RL_MODEL_DONE);
        assert_null(d->own_why);
        const rl_sides *s = &a.model[0].sides;
        assert_int_equal(d->sides.n, s->n);
        for (size_t k = 0; k < s->n; k++) {
            assert_int_equal(d->sides.v[k].answered, s->v[k].answered);
            if (!s->v[k].answered) assert_string_equal(d->sides.v[k].why, s->v[k].why);
        }
        assert_int_equal(d->sides.has_bacon, s->has_bacon);
        CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
        CHECK_OK(rl_att_fit(&f.t, &plan, rl_estimator_by_name("etwfe"), &e, f.cx.keep, &f.cx), &f.cx);
        rl_request r = e.req;
        rl_result fit;
        size_t cells = 0, estimates = 0;
        r.agg = RL_AGG_GROUP_TIME;
        r.omega = NULL;
        CHECK_OK(rl_estimate_run(&r, &e.panel.t, &fit, f.cx.keep, &f.cx), &f.cx);
        for (size_t g = 0; g < d->n; g++) cells += d->wave[g].estimable;
        for (size_t k = 0; k < fit.m; k++) {
            const rl_label *l = &fit.est[k].label;
            if (strcmp(l->term, "att") != 0 || l->time < l->group) continue;
            char buf[32];
            const char *cohort = rl_period_text(buf, plan.calendar, l->group);
            bool found = false;
            for (size_t g = 0; g < d->n; g++)
                found |=
                    strcmp(d->wave[g].label, cohort) == 0 && d->wave[g].cell[l->time - plan.first_period].estimable;
            assert_true(found);
            estimates++;
        }
        assert_int_equal(estimates, cells);
        assert_true(cells > 3);
        fixture_close(&f);
    }
}

static const char *said(fixture *f, bool json)
{
    rl_answer a;
    rl_str text = rl_str_new(f->cx.keep);
    CHECK_OK(rl_solve_design(&f->t, &a, &f->cx), &f->cx);
    CHECK_OK(rl_solve_questions(&f->t, &a, &f->cx), &f->cx);
    rl_check_text(&a, &text, &f->cx);
    const char *all = json ? rl_results_text(&a, NULL, f->cx.keep) : rl_str_text(&text);
    const char *from = strstr(all, json ? "\"questions\"" : "\nDESIGN");
    assert_non_null(from);
    const char *copy = rl_strdup(f->cx.keep, from);
    return copy;
}

static void no_outcome_is_looked_at(void **state)
{
    (void)state;
    fixture f, g;
    for (int json = 0; json < 2; json++) {
        world(&f, (rollout){WAVES, 11, 2, 2, 31, ""});
        world(&g, (rollout){WAVES, 11, 2, 2, 32, ""});
        assert_true(f.t.panel.col[2].num[0] != g.t.panel.col[2].num[0]);
        const char *a = said(&f, json), *b = said(&g, json);
        assert_string_equal(a, b);
        assert_true(strlen(a) > 400);
        fixture_close(&f);
        fixture_close(&g);
    }
}

static void a_look_in_words(void **state)
{
    (void)state;
    fixture f;
    world(&f, (rollout){WAVES, REGIONS, 0, 0, 41, ""});
    const char *text = said(&f, false);
    assert_non_null(strstr(text, "cannot be estimated"));
    assert_non_null(strstr(text, "earlier, 3 geos: no clean period before the start: left out"));
    assert_non_null(strstr(text, "2024-03 in 2024-07 to 2024-09: no geo is left that has not had it by then"));
    assert_non_null(strstr(text, "! fewer than four"));
    assert_non_null(strstr(text, "estimators that can take it: etwfe"));
    const char *json = said(&f, true);
    assert_non_null(strstr(json, "\"cohort\": \"2024-03\""));
    assert_non_null(strstr(json, "\"fewest_notyet\": 4"));
    assert_non_null(strstr(json, "\"reason\": \"no clean period before the start: left out\""));
    fixture_close(&f);
}

/* The model's own estimator is tried too: what it will refuse is said before a run. */
static void own_estimator_is_tried(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    static const int TOGETHER[REGIONS] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
    world(&f, (rollout){TOGETHER, REGIONS, 0, 0, 51, ", estimator: cs"});
    CHECK_OK(rl_solve_design(&f.t, &a, &f.cx), &f.cx);
    CHECK_OK(rl_solve_questions(&f.t, &a, &f.cx), &f.cx);
    assert_false(a.question[0].can);
    assert_null(a.question[0].design); /* everybody at once: no comparison at all */
    assert_non_null(strstr(a.question[0].why, "no geo without it is left to compare with"));
    fixture_close(&f);
    static const int GAP[REGIONS] = {5, 5, 5, 6, 6, 6, 7, 7, 7};
    world(&f, (rollout){GAP, 9, 0, 0, 52, ", estimator: dcdh, transition: include"});
    const rl_identified *d = identify(&f);
    assert_null(d->own_why);
    assert_true(side(&d->sides, "dcdh")->answered);
    fixture_close(&f);
}

/* Periods are shown as such, not by number. */
static void periods_by_name(void **state)
{
    (void)state;
    fixture f;
    world(&f, (rollout){WAVES, 11, 4, 6, 61, ""});
    const rl_identified *d = identify(&f);
    assert_false(d->sides.has_bacon);
    assert_non_null(strstr(d->sides.bacon_why, "the first is 'g04' at 2024-06"));
    fixture_close(&f);
}

static void programme_that_ends(void **state)
{
    (void)state;
    fixture f;
    world_of(&f, (rollout){WAVES, 7, 0, 0, 62, ""}, 8, 0);
    const rl_identified *d = identify(&f);
    assert_string_equal(d->wave[0].label, "2024-03");
    assert_true(d->wave[0].cell[5].estimable);
    assert_non_null(strstr(d->wave[0].cell[7].why, "the programme had ended there"));
    assert_non_null(strstr(d->wave[0].cell[8].why, "the programme had ended there"));
    fixture_close(&f);
}

/* April is in nobody's data: the cohort of May has no row right before its start, that of March none in April. */
static void month_that_is_not_in_the_data(void **state)
{
    (void)state;
    fixture f;
    world_of(&f, (rollout){WAVES, 9, 0, 0, 63, ""}, 0, 4);
    const rl_identified *d = identify(&f);
    assert_int_equal(d->wave[0].between, 0);
    assert_non_null(strstr(d->wave[0].cell[3].why, "the data have no row of that month"));
    assert_string_equal(d->wave[1].label, "2024-05");
    assert_int_equal(d->wave[1].between, 1);
    assert_int_equal(d->wave[1].absent, 1);
    const char *text = said(&f, false);
    assert_non_null(strstr(text, "months between base and start are not in the data"));
    assert_non_null(strstr(text, "the month right before the start leave out 2024-05\n"));
    assert_null(strstr(text, "partly exposed"));
    assert_non_null(strstr(text, "fewest later"));
    fixture_close(&f);
}

static void starts_after_the_data(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    static const int LATE[REGIONS] = {11, 11, 12, 12};
    world(&f, (rollout){LATE, 4, 0, 0, 64, ""});
    CHECK_OK(rl_solve_design(&f.t, &a, &f.cx), &f.cx);
    CHECK_OK(rl_solve_questions(&f.t, &a, &f.cx), &f.cx);
    assert_false(a.question[0].can);
    const char *why = a.question[0].why;
    assert_non_null(strstr(why, "none of 4 geos with it has clean months before it and exposed months after"));
    assert_non_null(strstr(why, "4 start after the last month that can be used (2024-09); ask again"));
    assert_null(strstr(why, "follow-up"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cohorts_of_a_rollout_in_which_all_start),
        cmocka_unit_test(never_treated_alone_as_controls),
        cmocka_unit_test(it_is_what_the_estimators_do),
        cmocka_unit_test(no_outcome_is_looked_at),
        cmocka_unit_test(a_look_in_words),
        cmocka_unit_test(own_estimator_is_tried),
        cmocka_unit_test(periods_by_name),
        cmocka_unit_test(programme_that_ends),
        cmocka_unit_test(month_that_is_not_in_the_data),
        cmocka_unit_test(starts_after_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
