/* tests/unit/test_plot.c -- charts: what reaches gnuplot, and what comes back. */
#include <dirent.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out/charts.h"
#include "out/plot.h"
#include "unit/fixture_answer.h"
#include "unit/own_place.h"

static void texts_are_quoted(void **state)
{
    (void)state;
    rl_chart *c = rl_chart_new("t", "trends", cx.keep);
    rl_chart_text(c, "title", "it's `x` $(y) \"z\"\nset output\x01");
    assert_string_equal(rl_str_text(&c->set), "title = 'it''s `x` $(y) \"z\" set output '\n");
    rl_chart_number(c, "n", NAN);
    rl_chart_number(c, "m", 0.1);
    assert_non_null(strstr(rl_str_text(&c->set), "n = NaN\nm = 0.1\n"));
    const double at[] = {0, 2.5};
    const char *const label[] = {"100% 'sure'", "a long label that must break"};
    rl_chart_tics(c, "x", at, label, 2, 14);
    assert_string_equal(rl_str_text(&c->add),
                        "set xtics ('100%% ''sure''' 0, 'a long label'.NEWLINE.'that must break' 2.5)\n");
    rl_chart_columns(c, "x y");
    rl_chart_row(c, at, 2, "evil\n`ls`\nEOD");
    assert_string_equal(rl_str_text(&c->dat), "# x y\n0 2.5 # evil `ls` EOD\n");
}

/* More charts than one allocation holds. */
static void list_grows(void **state)
{
    (void)state;
    rl_answer *a = fixture_full(cx.keep);
    rl_model_answer *many = RL_NEW(cx.keep, rl_model_answer, 30);
    for (size_t i = 0; i < 30; i++) many[i] = a->model[i % 4];
    a->model = many;
    a->n_models = 30;
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    assert_int_equal(charts.n, 64); /* bridge, ages, two samples; trends and event of each */
    assert_string_equal(charts.all[63]->id, "m30-event");
    assert_ptr_equal(charts.all[0], charts.bridge);
}

/* Titles compare no two ages, and call no association an effect. */
static void titles(void **state)
{
    (void)state;
    const rl_answer *a = fixture_full(cx.keep);
    rl_view v = rl_view_of(a->study, true, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    assert_string_equal(charts.ages->title, "Won by day 180: +$754 per account and quarter");
    assert_string_equal(charts.model[4].lags->title, "What goes with lag 0..6 of log1p(spend_paid): booked revenue");
    rl_model_spec spec = *a->model[4].spec;
    spec.outcome = RL_OUT_NONE;
    a->model[4].spec = &spec;
    a->model[4].main.formula = "log1p(revenue) ~ lag(log1p(spend_paid), 0:6) | region";
    rl_charts_make(a, &v, &charts);
    assert_non_null(strstr(charts.model[4].lags->title, ": log1p(revenue)"));
    assert_non_null(strstr(rl_str_text(&charts.model[4].lags->set), "ylabel = 'coefficient, log1p(revenue)'"));
}

static size_t lines(rl_chart *c)
{
    size_t n = 0;
    for (const char *p = rl_str_text(&c->dat); *p; p = strchr(p, '\n') + 1) n += *p != '#' && *p != '\n';
    return n;
}

/* Charts of a programme that starts at several dates: what each says, and a row for everything seen. */
static void rollout_charts(void **state)
{
    (void)state;
    rl_answer *a = fixture_rollout(cx.keep);
    rl_model_answer *m = &a->model[0];
    rl_view v = rl_view_of(a->study, true, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    assert_int_equal(charts.n, 19);
    const rl_model_charts *c = &charts.model[0];
    assert_string_equal(c->forest[0]->title, "Revenue per account by region: 1 of 2 groups stands");
    assert_int_equal(lines(c->forest[0]), 2); /* the third group is not answered, the second column makes none */
    assert_null(c->forest[1]);
    assert_string_equal(c->rollout->title, "The programme started at 2 dates");
    assert_int_equal(lines(c->rollout), 14); /* 3 cohorts x 5 quarters, one without a row */
    assert_non_null(strstr(rl_str_text(&c->rollout->dat), "\n2 2 0 1 409\n"));
    assert_non_null(strstr(rl_str_text(&c->rollout->add), "from 2024Q4 (3 accounts)"));
    assert_non_null(strstr(rl_str_text(&c->rollout->add), "never (412 accounts)"));
    assert_string_equal(c->cohorts->title, "Revenue per account by start of the programme");
    assert_non_null(strstr(rl_str_text(&c->cohorts->dat), "NaN"));
    assert_string_equal(c->sides->title, "Revenue per account by 3 estimators");
    assert_int_equal(lines(c->sides), 3);
    assert_null(strstr(rl_str_text(&c->sides->dat), "lpdid"));
    assert_string_equal(c->side_events->title, "The same event study by 2 estimators");
    assert_int_equal(lines(c->side_events), 8); /* the base is drawn by nobody: a gap in each */
    assert_string_equal(c->bacon->title, "Plain two-way fixed effects: 15 % of the weight is on forbidden comparisons");
    assert_int_equal(lines(c->bacon), 3);
    assert_null(charts.model[1].rollout);
    assert_null(charts.model[1].bacon);
    for (size_t k = 0; k < 2; k++) { /* 40 event times apart: those near the start are drawn */
        m->sides.v[k].event.est[0].label.event = -31;
        m->sides.v[k].event.est[3].label.event = 9;
    }
    rl_charts_make(a, &v, &charts);
    c = &charts.model[0];
    assert_int_equal(lines(c->side_events), 6); /* 0 and 9, between them a gap */
    assert_non_null(strstr(rl_str_text(&c->side_events->set), "; at most 12 quarters from it"));
    for (size_t g = 0; g < 2; g++) m->rollout.row[g].never = g == 1; /* one start: no lines by cohort to compare */
    for (size_t k = 1; k < m->sides.n; k++) m->sides.v[k].answered = m->sides.v[k].has_event = false;
    m->sides.has_bacon = false;
    rl_charts_make(a, &v, &charts);
    assert_string_equal(charts.model[0].rollout->title, "The programme started at 1 date");
    assert_null(charts.model[0].cohorts);
    assert_null(charts.model[0].sides);
    assert_null(charts.model[0].side_events);
    assert_null(charts.model[0].bacon);
}

/* A template of plots/, and a chart of the structures, that no test sees.  Lags are drawn from a fit, by
 * test_charts_lags.c, groups from a study, by test_breakdown.c. */
static void every_chart_is_seen(void **state)
{
    (void)state;
    static const size_t BY_FIT[] = {offsetof(rl_model_charts, spend), offsetof(rl_model_charts, track)};
    static const char *const OF_FIT = " response spend curve track forest ";
    const rl_answer *answer[] = {fixture_full(cx.keep), fixture_hostile(cx.keep), fixture_rollout(cx.keep)};
    bool slot[sizeof(rl_model_charts) / sizeof(void *)] = {false};
    rl_str made = rl_str_new(cx.keep);
    rl_str_add(&made, OF_FIT);
    for (size_t i = 0; i < 3; i++) {
        rl_view v = rl_view_of(answer[i]->study, false, cx.keep);
        rl_charts charts;
        rl_charts_make(answer[i], &v, &charts);
        for (size_t k = 0; k < charts.n; k++) {
            rl_str_addf(&made, "%s ", charts.all[k]->template);
            if (access(rl_sprintf(cx.keep, "plots/%s.gp", charts.all[k]->template), R_OK) != 0)
                fail_msg("%s has no template", charts.all[k]->id);
        }
        for (size_t k = 0; i == 0 && k < offsetof(rl_charts, model) / sizeof(void *); k++)
            if (((const void *const *)&charts)[k] == NULL) fail_msg("chart %zu of rl_charts has no value", k + 1);
        for (size_t m = 0; m < answer[i]->n_models; m++)
            for (size_t k = 0; k < sizeof slot / sizeof *slot; k++)
                slot[k] = slot[k] || ((const void *const *)&charts.model[m])[k] != NULL;
    }
    for (size_t k = 0; k < sizeof BY_FIT / sizeof *BY_FIT; k++) slot[BY_FIT[k] / sizeof(void *)] = true;
    for (size_t k = 0; k < sizeof slot / sizeof *slot; k++)
        if (!slot[k]) fail_msg("chart %zu of rl_model_charts has no value in fixture_answer.h", k + 1);
    DIR *plots = opendir("plots");
    assert_non_null(plots);
    for (const struct dirent *f; (f = readdir(plots)) != NULL;) {
        const char *end = strstr(f->d_name, ".gp");
        if (end == NULL || end[3] != '\0' || strcmp(f->d_name, "theme.gp") == 0) continue;
        const char *word = rl_sprintf(cx.keep, " %.*s ", (int)(end - f->d_name), f->d_name);
        if (strstr(rl_str_text(&made), word) == NULL) fail_msg("plots/%s is drawn by no fixture", f->d_name);
    }
    closedir(plots);
}

/* In the whole script text between single quotes, nothing of a user's stands outside them. */
static void nothing_outside_quotes(void **state)
{
    (void)state;
    const rl_answer *a = fixture_hostile(cx.keep);
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    assert_int_equal(charts.n, 19);
    for (size_t i = 0; i < charts.n; i++) {
        const char *part[] = {rl_str_text(&charts.all[i]->set), rl_str_text(&charts.all[i]->add)};
        for (size_t k = 0; k < 2; k++) {
            bool inside = false;
            for (const char *p = part[k]; *p; p++) {
                if (*p == '\'')
                    inside = !inside;
                else if (inside)
                    assert_true((unsigned char)*p >= 0x20);
                else if (strchr("`$!<>|\"\\", *p))
                    fail_msg("'%c' outside quotes in %s: %.60s", *p, charts.all[i]->id, p);
            }
            assert_false(inside);
        }
        for (const char *p = rl_str_text(&charts.all[i]->dat); *p; p = strchr(p, '\n') + 1)
            assert_true(*p == '#' || *p == '\n' || strchr("-0123456789N", *p) != NULL);
    }
}

static void draws_hostile_names(void **state)
{
    (void)state;
    rl_outdir *o = opened("hostile");
    const rl_answer *a = fixture_hostile(cx.keep);
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    const char *note;
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &note, &cx), &cx);
    assert_null(note);
    assert_int_equal(access(rl_sprintf(cx.keep, "%s/PWNED", o->path), F_OK), -1);
    assert_int_equal(access("PWNED", F_OK), -1);
    for (size_t i = 0; i < charts.n; i++) {
        assert_non_null(charts.all[i]->svg);
        assert_null(strstr(charts.all[i]->svg, "<script"));
        assert_null(strstr(charts.all[i]->svg, "<title>gnuplot_plot"));
    }
    assert_non_null(strstr(charts.bridge->svg, "=cmd|"));
    rl_outdir_abandon(o);
}

static void same_bytes_twice(void **state)
{
    (void)state;
    const rl_answer *a = fixture_full(cx.keep);
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts one, two;
    const char *note;
    rl_charts_make(a, &v, &one);
    rl_charts_make(a, &v, &two);
    rl_outdir *o = opened("a"), *p = opened("b");
    CHECK_OK(rl_charts_draw(one.all, one.n, o, &note, &cx), &cx);
    assert_null(note);
    for (size_t i = two.n; i-- > 0;) { /* one process a chart, in another order */
        CHECK_OK(rl_charts_draw(&two.all[i], 1, p, &note, &cx), &cx);
        assert_null(note);
        assert_string_equal(one.all[i]->svg, two.all[i]->svg);
    }
    rl_outdir_abandon(o);
    rl_outdir_abandon(p);
}

static void one_bad_chart_costs_no_other(void **state)
{
    (void)state;
    rl_outdir *o = opened("bad");
    const rl_answer *a = fixture_full(cx.keep);
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    rl_str_add(&charts.all[1]->add, "plot nonsense(\n");
    const char *note;
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &note, &cx), &cx);
    assert_non_null(note);
    assert_non_null(strstr(note, "gnuplot failed"));
    for (size_t i = 0; i < charts.n; i++) assert_int_equal(charts.all[i]->svg != NULL, i != 1);
    rl_outdir_abandon(o);
}

static void without_gnuplot(void **state)
{
    (void)state;
    rl_outdir *o = opened("none");
    const rl_answer *a = fixture_full(cx.keep);
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_charts_make(a, &v, &charts);
    char *path = rl_strdup(cx.keep, getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    const char *note;
    rl_code code = rl_charts_draw(charts.all, charts.n, o, &note, &cx);
    setenv("PATH", path, 1);
    CHECK_OK(code, &cx);
    assert_string_equal(note, "gnuplot is not installed, charts left out");
    assert_null(charts.bridge->svg);
    assert_int_equal(access(rl_sprintf(cx.keep, "%s/charts/money-bridge.dat", o->path), F_OK), 0);
    const char *said = getenv("RLV_PLOTS") ? rl_strdup(cx.keep, getenv("RLV_PLOTS")) : NULL;
    setenv("RLV_PLOTS", "/nowhere", 1);
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &note, &cx), &cx);
    setenv("RLV_PLOTS", said ? said : "", 1);
    assert_non_null(strstr(note, "templates"));
    rl_outdir_abandon(o);
}

static void svg_for_a_page(void **state)
{
    (void)state;
    const char *svg =
        "<?xml version=\"1.0\"?>\n<svg \n width=\"9\" viewBox=\"0 0 82 "
        "40\"\n>\n<title>Gnuplot</title>\n<desc>by</desc>\n"
        "<defs><rect id='p1'/></defs>\n<g a=\"b\">\n</g>\n<g id=\"g1\"><title>plot_1</title><use xlink:href='#p1'/>"
        "<path fill=\"url(#p1)\"/><text>id='x' #1</text></g>\n</svg>\n";
    const char *out = rl_svg_inline(svg, "m1", "a \"b\" <c>", cx.keep);
    assert_int_equal(strncmp(out, "<svg xmlns=", 11), 0);
    assert_non_null(strstr(out, "viewBox=\"0 0 82 40\" role=\"img\" aria-label=\"a &quot;b&quot; &lt;c&gt;\"><title>a "
                                "&quot;b&quot; &lt;c&gt;</title>"));
    assert_non_null(strstr(out, "<rect id='m1-p1'/>"));
    assert_non_null(strstr(out, "<use xlink:href='#m1-p1'/><path fill=\"url(#m1-p1)\"/><text>id='x' #1</text>"));
    assert_null(strstr(out, "plot_1"));
    assert_null(strstr(out, "<desc>"));
    assert_null(strstr(out, "a=\"b\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_quoted),
                                       cmocka_unit_test(list_grows),
                                       cmocka_unit_test(titles),
                                       cmocka_unit_test(rollout_charts),
                                       cmocka_unit_test(every_chart_is_seen),
                                       cmocka_unit_test(nothing_outside_quotes),
                                       cmocka_unit_test(draws_hostile_names),
                                       cmocka_unit_test(same_bytes_twice),
                                       cmocka_unit_test(one_bad_chart_costs_no_other),
                                       cmocka_unit_test(without_gnuplot),
                                       cmocka_unit_test(svg_for_a_page)};
    return cmocka_run_group_tests_name("plot", tests, setup_place, teardown_place);
}
