/* tests/unit/test_charts_rollout.c -- charts and section of a programme that starts at different times, under names
 * that try to become code. */
#include <string.h>
#include <unistd.h>

#include "model/bacon.h"
#include "out/charts.h"
#include "out/html.h"
#include "out/sections.h"
#include "out/text_sides.h"
#include "unit/fixture_answer.h"
#include "unit/own_place.h"

enum { PERIODS = 5, COHORTS = 3, SIDES = 3 };

/* Two start dates and the never treated; a cohort is not seen in the last period. */
static rl_rollout rollout(void)
{
    rl_rollout r = {.unit = FX_EVIL, .n_periods = PERIODS, .n = COHORTS};
    r.period = RL_NEW(cx.keep, const char *, PERIODS);
    r.row = RL_NEW(cx.keep, rl_rollout_row, COHORTS);
    for (size_t t = 0; t < PERIODS; t++) r.period[t] = FX_EVIL;
    for (size_t g = 0; g < COHORTS; g++) {
        rl_rollout_row *x = &r.row[g];
        *x = (rl_rollout_row){.label = FX_EVIL, .never = g + 1 == COHORTS, .units = 7 + g};
        x->mean = RL_NEW(cx.keep, double, PERIODS);
        x->rows = RL_NEW(cx.keep, size_t, PERIODS);
        x->exposed = RL_NEW(cx.keep, unsigned char, PERIODS);
        for (size_t t = 0; t < PERIODS; t++) {
            x->rows[t] = g == 1 && t + 1 == PERIODS ? 0 : 7;
            x->mean[t] = x->rows[t] > 0 ? 1103 + 2.385 * (double)(t * g) : NAN;
            x->exposed[t] = !x->never && t >= 2 + g;
        }
    }
    return r;
}

static rl_result events(double lift)
{
    rl_result r = {.m = 4, .est = RL_NEW(cx.keep, rl_estimate, 4)};
    for (int32_t e = -2; e < 2; e++)
        r.est[e + 2] = fx_estimate("event", e, e < 0 ? 0.31 * e : lift, e == -1 ? NAN : 3.1);
    return r;
}

/* etwfe and cs answer, the third cannot. */
static rl_sides sides(double lift)
{
    static const char *const NAME[SIDES] = {"etwfe", "cs", "stacked"};
    static const rl_comparison PAIR[] = {{"Earlier vs Later Treated", 0.25, 8100, 8102, FX_EVIL, FX_EVIL},
                                         {"Later vs Earlier Treated", 0.75, 8102, 8100, FX_EVIL, FX_EVIL}};
    rl_sides s = {.n = SIDES, .v = RL_NEW(cx.keep, rl_side, SIDES), .says = "they agree", .bacon_why = FX_EVIL};
    for (size_t i = 0; i < SIDES; i++) {
        s.v[i] = (rl_side){.estimator = NAME[i],
                           .answered = i < 2,
                           .why = FX_EVIL,
                           .same_estimand = i == 0,
                           .same_rows = i != 1,
                           .rows = 1924};
        s.v[i].compares = s.v[i].base = s.v[i].weighs = "words";
        s.v[i].effect = fx_estimate("overall", RL_NO_ID, lift + (double)i, 2.385);
        s.v[i].has_event = i < 2;
        s.v[i].event = events(lift);
    }
    s.has_weights = s.has_bacon = true;
    s.treated = 40, s.negative = 3, s.negative_sum = -0.07;
    s.bacon = (rl_result){.m = 3, .est = RL_NEW(cx.keep, rl_estimate, 3)};
    for (size_t k = 0; k < 2; k++) {
        s.bacon.est[k] = fx_estimate("pair", RL_NO_ID, lift - (double)k, NAN);
        s.bacon.est[k].label.comparison = &PAIR[k];
    }
    s.bacon.est[2] = fx_estimate("overall", RL_NO_ID, lift, NAN);
    return s;
}

static rl_answer *answer(void)
{
    rl_answer *a = fixture_hostile(cx.keep);
    a->model[0].rollout = rollout();
    a->model[0].sides = sides(a->model[0].lift.effect.est);
    return a;
}

static void draws_hostile_names(void **state)
{
    (void)state;
    const rl_answer *a = answer();
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    const char *note;
    rl_charts_make(a, &v, &charts);
    const rl_model_charts *m = &charts.model[0];
    rl_chart *const drawn[] = {m->rollout, m->cohorts, m->sides, m->side_events, m->bacon};
    for (size_t i = 0; i < 5; i++) assert_non_null(drawn[i]);
    assert_string_equal(m->rollout->title, "The programme started at 2 dates");
    assert_non_null(strstr(m->sides->title, "by 2 estimators"));
    assert_non_null(strstr(m->bacon->title, rl_sprintf(cx.keep, ": 75%s%% of the weight is on forbidden", v.nbsp)));
    rl_outdir *o = opened("hostile");
    CHECK_OK(rl_charts_draw(drawn, 5, o, &note, &cx), &cx);
    assert_null(note);
    assert_int_equal(access(rl_sprintf(cx.keep, "%s/PWNED", o->path), F_OK), -1);
    assert_int_equal(access("PWNED", F_OK), -1);
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(drawn[i]->svg);
        assert_null(strstr(drawn[i]->svg, "<script"));
    }
    assert_non_null(strstr(m->cohorts->svg, "=cmd|"));
    rl_outdir_abandon(o);
    rl_story s = {.a = a, .v = &v, .charts = &charts, .page = rl_page_new(cx.keep)};
    rl_section_rollout(&s, 0);
    const char *html = rl_html_page(s.page, "t", cx.keep);
    assert_null(strstr(html, "<script"));
    assert_non_null(strstr(html, "stacked cannot answer: =cmd|"));
    assert_non_null(strstr(html, "Two-way fixed effects"));
}

static bool set_to(const rl_chart *c, const char *text)
{
    return strstr(rl_str_text(&((rl_chart *)c)->set), text) != NULL;
}

static rl_charts drawn(const rl_answer *a, const char *dir)
{
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    const char *note;
    rl_charts_make(a, &v, &charts);
    rl_chart *const all[] = {charts.model[0].cohorts, charts.model[0].side_events};
    rl_outdir *o = opened(dir);
    CHECK_OK(rl_charts_draw(all, 2, o, &note, &cx), &cx);
    assert_null(note);
    rl_outdir_abandon(o);
    return charts;
}

/* A cohort's line breaks where no row is; each event study has a panel and its name once. */
static void gaps_and_panels(void **state)
{
    (void)state;
    rl_answer *a = answer();
    rl_model_answer *m = &a->model[0];
    rl_charts whole = drawn(a, "whole");
    m->rollout.row[0].rows[2] = 0, m->rollout.row[0].mean[2] = NAN;
    for (size_t t = 0; t < 3; t += 2) m->rollout.row[2].rows[t] = 0, m->rollout.row[2].mean[t] = NAN;
    m->sides.v[1].fitted = true;
    rl_charts gaps = drawn(a, "gaps");
    rl_chart *lines = gaps.model[0].cohorts, *panels = gaps.model[0].side_events;
    size_t pieces = check_times(whole.model[0].cohorts->svg, "<path") + check_times(whole.model[0].cohorts->svg, " M");
    assert_true(check_times(lines->svg, "<path") + check_times(lines->svg, " M") > pieces);
    assert_non_null(strstr(rl_str_text(&lines->dat), "\n2 NaN 1 0 0\n"));
    assert_int_equal(check_times(rl_str_text(&lines->dat), " 0 1 1\n"), 1); /* alone between two gaps: a small dot */
    assert_non_null(strstr(rl_str_text(&panels->dat), "NaN NaN NaN 0\n"));
    assert_non_null(strstr(panels->alt, "grey line: cs"));
    assert_int_equal(check_times(panels->svg, "etwfe"), 1);
    assert_null(strstr(panels->alt, "few units"));
    m->behind = RL_NEW(cx.keep, rl_behind, m->event.m); /* few units at an event time are few for every estimator */
    for (size_t j = 0; j < m->event.m; j++) m->behind[j].thin = true;
    panels = drawn(a, "thin").model[0].side_events;
    assert_non_null(strstr(panels->alt, "grey line: cs, grey bars: few units"));
    assert_non_null(strstr(rl_str_text(&panels->dat), " 1\n"));
}

/* Marks by what a figure is, means over the same event times beside the effects, and one interval that knows nothing
 * does not press the others into a line. */
static void marks_of_estimators(void **state)
{
    (void)state;
    rl_answer *a = answer();
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_model_answer *m = &a->model[0];
    rl_sides *s = &m->sides;
    rl_charts charts;
    double lift = m->lift.effect.est;
    rl_charts_make(a, &v, &charts);
    assert_non_null(strstr(charts.model[0].sides->alt, "ring: a mean by weights of its own"));
    assert_null(strstr(charts.model[0].sides->alt, "panel"));
    assert_non_null(strstr(rl_str_text(&charts.model[0].sides->add), "cs (1,924 rows)"));
    s->last = 2, s->step = 1;
    s->v[0].near = fx_estimate("events", RL_NO_ID, lift + 0.25, 2.385);
    s->v[1].near = fx_estimate("events", RL_NO_ID, lift + 0.5, 2.385);
    s->v[2].answered = s->v[2].same_rows = true;
    s->v[2].effect = fx_estimate("overall", RL_NO_ID, lift, 2385);
    rl_charts_make(a, &v, &charts);
    rl_chart *c = charts.model[0].sides;
    const char *dat = rl_str_text(&c->dat);
    assert_true(set_to(c, "panel2 = 'mean over event times 0 to 2'"));
    assert_non_null(strstr(c->alt, "each panel has a scale of its own"));
    assert_int_equal(check_times(dat, " NaN NaN NaN # etwfe"), 0);     /* in both panels */
    assert_int_equal(check_times(dat, "\n1 NaN NaN NaN 0 "), 1);       /* cs: the mean, not its effect */
    assert_int_equal(check_times(dat, " 0 NaN NaN NaN # stacked"), 1); /* by its own weights */
    assert_int_equal(check_times(dat, " # "), 4);                      /* the head too */
    assert_non_null(strstr(rl_str_text(&c->set), "a bar that meets the edge goes on"));
    s->v[2].effect = fx_estimate("overall", RL_NO_ID, lift, 2.5);
    rl_charts_make(a, &v, &charts);
    assert_null(strstr(rl_str_text(&charts.model[0].sides->set), "meets the edge"));
    assert_null(strstr(rl_str_text(&charts.model[0].side_events->set), "meets the edge"));
    s->v[0].event.est[3] = fx_estimate("event", 1, lift, 2385);
    rl_charts_make(a, &v, &charts);
    assert_non_null(strstr(rl_str_text(&charts.model[0].side_events->set), "meets the edge"));
    for (size_t i = 0; i < 3; i++) /* equal, and without errors */
        s->v[i].effect = s->v[i].near = (rl_estimate){.estimate = lift, .conf_low = NAN, .conf_high = NAN};
    rl_charts_make(a, &v, &charts);
    rl_chart *const all[] = {charts.model[0].sides};
    rl_outdir *o;
    const char *note;
    CHECK_OK(rl_outdir_open(rl_sprintf(cx.keep, "%s/equal", place), &o, &cx), &cx);
    CHECK_OK(rl_charts_draw(all, 1, o, &note, &cx), &cx);
    assert_null(note);
    assert_non_null(all[0]->svg);
    rl_outdir_abandon(o);
}

/* The same at the terminal. */
static void sides_in_text(void **state)
{
    (void)state;
    rl_sides s = sides(12.385);
    rl_str out = rl_str_new(cx.keep);
    s.rows = s.read = 2000, s.last = 4, s.step = 2;
    s.dropped = &(rl_dropped){"always treated", 76};
    s.n_dropped = 1;
    s.v[0].near = fx_estimate("events", RL_NO_ID, 11.5, 2.385);
    s.v[2].answered = s.v[2].same_rows = true;
    s.v[2].effect = fx_estimate("overall", RL_NO_ID, 12.5, 2385);
    rl_text_sides(&out, &s, cx.keep);
    const char *text = rl_str_text(&out);
    assert_non_null(strstr(text, "left out: 76 (always treated)\n"));
    assert_non_null(strstr(text, "! on rows of its own; last column: mean of the effects at event times 0, 2 .. 4\n"));
    assert_non_null(strstr(text, " 1924 rows !\n"));
    assert_non_null(strstr(text, "1924 rows        11.5 (2.4)\n"));
    assert_non_null(strstr(text, "<-------"));
    assert_int_equal(check_times(text, "<"), 1);
    assert_int_equal(check_times(text, "->"), 1);
}

/* One cohort, one answer; no lift. */
static void nothing_to_draw(void **state)
{
    (void)state;
    rl_answer *a = answer();
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_model_answer *m = &a->model[0];
    m->rollout.n = 1;
    m->sides.v[1].answered = m->sides.v[1].has_event = m->sides.has_bacon = false;
    rl_charts_make(a, &v, &charts);
    const rl_model_charts *c = &charts.model[0];
    assert_true(!c->rollout && !c->cohorts && !c->sides && !c->side_events && !c->bacon);
    m->rollout.n = COHORTS;
    rl_charts_make(a, &v, &charts);
    assert_true(charts.model[0].rollout && charts.model[0].cohorts);
    m->has_lift = false;
    rl_charts_make(a, &v, &charts);
    assert_true(!charts.model[0].rollout && !charts.model[0].cohorts);
}

/* `starts` cohorts, each a period later than the one before, of 3 + g % 7 units, and the never treated. */
static rl_rollout large(size_t starts, size_t n_periods)
{
    rl_rollout r = {.unit = "geo", .n_periods = n_periods, .n = starts + 1};
    r.period = RL_NEW(cx.keep, const char *, n_periods);
    r.row = RL_NEW(cx.keep, rl_rollout_row, r.n);
    for (size_t t = 0; t < n_periods; t++) r.period[t] = rl_sprintf(cx.keep, "p%zu", t);
    for (size_t g = 0; g < r.n; g++) {
        rl_rollout_row *x = &r.row[g];
        *x = (rl_rollout_row){.label = rl_sprintf(cx.keep, "p%zu", g + 2), .never = g == starts, .units = 3 + g % 7};
        x->mean = RL_NEW(cx.keep, double, n_periods);
        x->rows = RL_NEW(cx.keep, size_t, n_periods);
        x->exposed = RL_NEW(cx.keep, unsigned char, n_periods);
        for (size_t t = 0; t < n_periods; t++) {
            x->rows[t] = x->units;
            x->mean[t] = 100 + 2.385 * (double)(t % 7) + (double)g;
            x->exposed[t] = !x->never && t >= g + 2;
        }
    }
    return r;
}

/* n pairs of weights n, n-1, .. in shares of their sum; the estimate is the place. */
static void many_pairs(rl_sides *s, size_t n)
{
    s->bacon = (rl_result){.m = n + 1, .est = RL_NEW(cx.keep, rl_estimate, n + 1)};
    rl_comparison *c = RL_NEW(cx.keep, rl_comparison, n);
    for (size_t k = 0; k < n; k++) {
        c[k] =
            (rl_comparison){"Earlier vs Later Treated", 2.0 * (double)(k + 1) / (double)(n * (n + 1)), 1, 2, "a", "b"};
        s->bacon.est[k] = fx_estimate("pair", RL_NO_ID, (double)k, NAN);
        s->bacon.est[k].label.comparison = &c[k];
    }
    s->bacon.est[n] = fx_estimate("overall", RL_NO_ID, 7.5, NAN);
}

static size_t lines_of(const rl_chart *c)
{
    size_t n = 0;
    for (const char *s = rl_str_text(&((rl_chart *)c)->dat); *s != '\0'; s++) n += *s == '\n';
    return n;
}

/* Hundreds of start dates are drawn too: lower, in bands, the largest in colour; what is not drawn is said. */
static void large_designs_are_drawn(void **state)
{
    (void)state;
    static const struct {
        size_t starts, periods;
        const char *map, *lines;
    } CASE[] = {
        {9, 24, "Dark: exposed; light", "the 8 largest of 9 start dates in colour, the other one grey; a dot where"},
        {40, 60, "Dark: exposed; light", "the 8 largest of 40 start dates in colour, the other 32 grey; a dot where"},
        {298, 330, "A row is 2 neighbouring starts.",
         "the 8 largest of 298 start dates in colour, the next 60 grey, 230 more not drawn; thick where"}};
    const char *note;
    rl_outdir *o = opened("large");
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        rl_answer *a = answer();
        rl_view v = rl_view_of(a->study, false, cx.keep);
        rl_charts charts;
        a->model[0].rollout = large(CASE[i].starts, CASE[i].periods);
        many_pairs(&a->model[0].sides, 500);
        rl_charts_make(a, &v, &charts);
        const rl_model_charts *m = &charts.model[0];
        rl_chart *const drawn[] = {m->rollout, m->cohorts, m->bacon};
        for (size_t k = 0; k < 3; k++) assert_non_null(drawn[k]);
        assert_non_null(strstr(m->rollout->alt, CASE[i].map));
        assert_non_null(strstr(m->cohorts->alt, CASE[i].lines));
        assert_true(set_to(m->rollout, i == 0 ? "last = 9" : i == 1 ? "last = 40" : "last = 149"));
        assert_true(lines_of(m->rollout) < 1 + (i == 0 ? 10 * 24 : 3 * 150) + 1);
        assert_true(set_to(m->cohorts, i == 0 ? "others = 1" : i == 1 ? "others = 32" : "others = 60"));
        assert_true(set_to(m->cohorts, i < 2 ? "dots = 1" : "dots = 0"));
        assert_int_equal(lines_of(m->bacon), 301);
        /* 200 of 500 pairs: weights 1 .. 200 of 125250, estimates 0 .. 199 */
        assert_non_null(strstr(m->bacon->alt, "the 300 heaviest of 500; the rest: 16"));
        CHECK_OK(rl_charts_draw(drawn, 3, o, &note, &cx), &cx);
        assert_null(note);
        for (size_t k = 0; k < 3; k++) assert_non_null(drawn[k]->svg);
    }
    rl_outdir_abandon(o);
}

/* An event study that is not the model's says whose it is,
 * and dots behind which are too few are told apart. */
static void events_say_whose_they_are(void **state)
{
    (void)state;
    rl_answer *a = answer();
    rl_model_answer *m = &a->model[0];
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_outdir *o;
    const char *note;
    m->sides.v[1].same_estimand = m->sides.v[1].fitted = true;
    m->sides.v[0].same_estimand = false; /* by its own weights, and no event study: a ring */
    m->sides.v[2].answered = true;
    m->sides.step = m->sides.last = 1;
    for (size_t i = 1; i < SIDES; i++) m->sides.v[i].near = fx_estimate("events", RL_NO_ID, 40 + (double)i, 2.385);
    m->behind = RL_NEW(cx.keep, rl_behind, m->event.m);
    m->behind_what = "stores";
    m->behind[0] = (rl_behind){.units = 2, .few = 2, .thin = true};
    m->event.estimator = rl_estimator_by_name("etwfe");
    m->main.estimator = rl_estimator_by_name("staggered");
    rl_charts_make(a, &v, &charts);
    rl_chart *c = charts.model[0].sides, *e = charts.model[0].event;
    assert_true(set_to(c, "panel2 = 'mean over event times 0 to 1'"));
    assert_non_null(strstr(e->title, "(event study by etwfe)"));
    assert_non_null(strstr(e->alt, "By etwfe, against "));
    assert_true(set_to(e, "thin_text = 'Grey: rests, half of it or more, on cohorts of fewer than 4 stores"));
    assert_int_equal(check_times(rl_str_text(&e->dat), " 1\n"), 1);
    CHECK_OK(rl_outdir_open(rl_sprintf(cx.keep, "%s/axes", place), &o, &cx), &cx);
    rl_chart *const drawn[] = {c, e};
    CHECK_OK(rl_charts_draw(drawn, 2, o, &note, &cx), &cx);
    assert_null(note);
    assert_true(c->svg != NULL && e->svg != NULL);
    assert_non_null(strstr(e->svg, "no spread of its own"));
    for (size_t k = 0; k < 2; k++) { /* a key to stars only where there is one */
        rl_story s = {.a = a, .v = &v, .charts = &charts, .page = rl_page_new(cx.keep)};
        for (size_t i = 0; i < SIDES; i++) m->sides.v[i].same_estimand = k == 1 || i == 1;
        rl_section_rollout(&s, 0);
        const char *html = rl_html_page(s.page, "t", cx.keep);
        assert_true((strstr(html, "* not quite the average effect") != NULL) == (k == 0));
    }
    m->main.estimator = m->event.estimator;
    m->behind = NULL;
    m->rollout.row[2].later = 4;
    m->sides.last = -1; /* no event time in common: one panel, rings */
    rl_charts_make(a, &v, &charts);
    assert_null(strstr(charts.model[0].event->title, "etwfe"));
    assert_true(set_to(charts.model[0].event, "thin_text = ''"));
    assert_true(set_to(charts.model[0].sides, "panel2 = ''"));
    assert_non_null(strstr(rl_str_text(&charts.model[0].rollout->add), "never (5), later (4)"));
    assert_non_null(strstr(charts.model[0].trends->alt, "Plain means by creation period, "));
    rl_model_spec spec = *m->spec;
    spec.outcome = RL_OUT_COLUMN;
    m->spec = &spec;
    rl_charts_make(a, &v, &charts);
    assert_non_null(strstr(charts.model[0].trends->alt, "Plain means by quarter, "));
    rl_chart *const one[] = {charts.model[0].sides};
    CHECK_OK(rl_charts_draw(one, 1, o, &note, &cx), &cx);
    assert_null(note);
    rl_outdir_abandon(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(draws_hostile_names),
                                       cmocka_unit_test(gaps_and_panels),
                                       cmocka_unit_test(nothing_to_draw),
                                       cmocka_unit_test(marks_of_estimators),
                                       cmocka_unit_test(sides_in_text),
                                       cmocka_unit_test(large_designs_are_drawn),
                                       cmocka_unit_test(events_say_whose_they_are)};
    return cmocka_run_group_tests(tests, setup_place, teardown_place);
}
