/* The report of a regression with lags: charts, sentences, figures; with names that try to become code. */
#include "unit/fit_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "model/channel.h"
#include "out/charts.h"
#include "out/csv_out.h"
#include "out/json.h"
#include "out/md.h"
#include "out/results.h"
#include "out/sections.h"
#include "out/words.h"
#include "out/workbook.h"
#include "unit/own_place.h"

enum { T = 48 };

/* Two channels in one series; the second one's name is hostile, and it never spent nothing. */
static rl_table series(void)
{
    rl_table t = fit_table(T);
    fit_num(&t, "t", &cx), fit_num(&t, "spend_tv", &cx), fit_num(&t, "spend'`ls`$(x)<script>", &cx);
    fit_num(&t, "revenue", &cx);
    rl_rng r = rl_rng_for(3, 31);
    for (size_t i = 0; i < T; i++) {
        double *tv = t.col[1].num, *other = t.col[2].num;
        t.col[0].num[i] = 588 + (double)i; /* 2019-01 */
        tv[i] = i % 5 == 0 ? 0 : 9000 * rl_uniform(&r);
        other[i] = 2000 + 5000 * rl_uniform(&r);
        t.col[3].num[i] = 150000 + 2.1 * tv[i] + (i > 0 ? 1.3 * tv[i - 1] : 0) + 0.8 * other[i] + 2000 * rl_normal(&r);
    }
    return t;
}

static rl_answer *answer(const char *formula)
{
    static const char *const ALL[] = {"all"};
    static const char *const SPEND[] = {"spend_tv", "spend'`ls`$(x)<script>"};
    rl_table *t = RL_NEW(cx.keep, rl_table, 1);
    rl_study *s = RL_NEW(cx.keep, rl_study, 1);
    rl_answer *a = RL_NEW(cx.keep, rl_answer, 1);
    rl_model_spec *spec = RL_NEW(cx.keep, rl_model_spec, 1);
    rl_model_answer *m = RL_NEW(cx.keep, rl_model_answer, 1);
    *t = series();
    *s = (rl_study){.path = "s.yaml", .title = "lags", .currency = "USD", .calendar = {RL_MONTH, 1}, .level = 0.95};
    *spec = (rl_model_spec){.name = "media", .question = "How long?"};
    *m = (rl_model_answer){.spec = spec, .status = RL_MODEL_DONE, .breakdown_drift = NAN, .breakdown_drift_ci = NAN};
    *a = (rl_answer){.study = s, .n_models = 1, .model = m};
    a->waterfall.unit = "deals";
    rl_request r = fit_request(formula);
    r.response = ALL, r.n_response = 1, r.response_if_any = true, r.time = "t", r.horizon = -1, r.step = RL_MONTH;
    CHECK_OK(rl_estimate_run(&r, t, &m->main, cx.keep, &cx), &cx);
    CHECK_OK(rl_channels_make(&r, t, &m->main, SPEND, 2, 0.5, &m->channels, cx.keep, &cx), &cx);
    CHECK_OK(rl_trace_make(&r, t, &m->main, &m->track, cx.keep, &cx), &cx);
    return a;
}

static const char *page(const rl_answer *a, rl_charts *charts)
{
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_charts_make(a, &v, charts);
    rl_story s = {.a = a, .v = &v, .charts = charts, .page = rl_page_new(cx.keep)};
    rl_section_lags(&s, 0);
    return rl_md_text(s.page, cx.keep);
}

static void has(const char *text, const char *word)
{
    if (strstr(text, word) == NULL) fail_msg("'%s' is not in: %.3000s", word, text);
}

static void straight(void **s)
{
    (void)s;
    rl_charts charts;
    const rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    const char *text = page(a, &charts);
    has(text, "One more \\$1,000 of “spend\\_tv” in a month, at today's level of");
    has(text, "half of it is in after");
    has(text, "after the quarter has ended");
    has(text, "not answerable: no term of the formula tells what it did");
    has(text, "gross profit less spend, per 1 spent");
    assert_null(strstr(text, "without spend was never seen"));
    const rl_model_charts *c = &charts.model[0];
    assert_non_null(c->response[0]);
    has(c->response[0]->title, "half of it is in after");
    assert_non_null(c->spend);
    has(c->curve[0]->title, "a straight line, as the formula has it");
    assert_null(c->curve[1]);
    has(c->track->title, "Actual and fitted");
    assert_null(c->lags); /* the response says more */
}

/* Parameters that are estimated: actual and fitted all the same, and the residuals are those of the fit.  What is known
 * of spend stands on the first page. */
static void estimated(void **s)
{
    (void)s;
    rl_charts charts;
    const rl_answer *a = answer("revenue ~ adstock(spend_tv)");
    const rl_result *r = &a->model[0].main;
    double rss = 0;
    page(a, &charts);
    assert_non_null(r->residual);
    for (size_t i = 0; i < r->rows_used; i++) rss += r->residual[i] * r->residual[i];
    CHECK_DIGITS(sqrt(rss / (double)r->rows_used), r->rmse, 12);
    assert_non_null(charts.model[0].track);
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_story front = {.a = a, .v = &v, .charts = &charts, .page = rl_page_new(cx.keep)};
    rl_section_front(&front);
    const char *text = rl_md_text(front.page, cx.keep);
    has(text, "Spend is known from columns of the panel (spend\\_tv");
    assert_null(strstr(text, "names neither"));
}

/* The answer of a model without a lift is what it found, in per cent where both sides are logs. */
static void answers(void **s)
{
    (void)s;
    rl_charts charts;
    rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    rl_view v = rl_view_of(a->study, false, cx.keep);
    has(rl_words_model(&v, &a->model[0]), "One more spend_tv in one month goes with ");
    has(rl_words_model(&v, &a->model[0]), "Fitted on 47 rows; it states associations");
    a->model[0].main.response[0].long_run.se = 0; /* nothing in the long run, as a matter of fact */
    assert_int_equal(strncmp(rl_words_model(&v, &a->model[0]), "Fitted", 6), 0);
    rl_channel *x = &a->model[0].channels.v[0];
    x->today = 3.25, x->highest = 17; /* calls, not dollars */
    has(page(a, &charts), "One more 1 of “spend\\_tv” in a month, at today's level of 3.2, goes with");
    a = answer("log(revenue) ~ lag(log1p(spend_tv),0:1)");
    has(rl_words_model(&v, &a->model[0]), "1 % more spend_tv in one month goes with ");
    has(rl_words_model(&v, &a->model[0]), " % more revenue in all (95");
}

/* Nothing below the lowest or above the highest level ever seen. */
static void seen_only(void **s)
{
    (void)s;
    rl_charts charts;
    const rl_answer *a = answer("log(revenue) ~ lag(log1p(spend_tv),0:2)");
    page(a, &charts);
    const rl_channel *x = &a->model[0].channels.v[0];
    for (size_t i = 0; i < x->n_curve; i++)
        assert_true(x->curve[i].spend >= x->lowest - 1e-9 && x->curve[i].spend <= x->highest + 1e-9);
    has(charts.model[0].curve[0]->title, "as far as it was seen");
}

static void draws(void **s)
{
    (void)s;
    rl_charts charts;
    rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    a->model[0].channels.v[0].column = "spend'`ls`$(x)<script>";
    a->model[0].main.response[0].variable = "it's `x` $(y)";
    page(a, &charts);
    assert_int_equal(charts.n, 4);
    const char *note;
    rl_outdir *o = opened("out");
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &note, &cx), &cx);
    if (note != NULL) fail_msg("%s", note);
    for (size_t i = 0; i < charts.n; i++) {
        assert_non_null(charts.all[i]->svg);
        assert_null(strstr(charts.all[i]->svg, "<script"));
        has(" response spend curve track ", rl_sprintf(cx.keep, " %s ", charts.all[i]->template)); /* all four */
    }
    rl_outdir_abandon(o);
}

static void figures(void **s)
{
    (void)s;
    const rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    const char *text = rl_results_text(a, NULL, cx.keep);
    has(text, "\"responses\": [");
    has(text, "\"share_after\"");
    has(text, "\"against_no_spend\": true");
    has(text, "\"reason\": \"no term of the formula tells what it did\"");
    has(text, "\"curve\": [");
}

/* The estimate of the row of estimates.csv that begins so and whose horizon is `h`; -1 = none. */
static double in_csv(const char *csv, const char *begins, int h, int column)
{
    char at[16] = "";
    if (h >= 0) snprintf(at, sizeof at, "%d", h);
    for (const char *line = csv; line != NULL; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, begins, strlen(begins)) != 0) continue;
        const char *field[24] = {line};
        int n = 1;
        bool quoted = false;
        for (const char *c = line; *c != '\0' && *c != '\n'; c++) {
            if (*c == '"') quoted = !quoted;
            if (*c == ',' && !quoted) field[n++] = c + 1;
        }
        assert_int_equal(n, 20);
        if ((size_t)(strcspn(field[7], ",")) == strlen(at) && strncmp(field[7], at, strlen(at)) == 0)
            return *field[column] == ',' ? NAN : strtod(field[column], NULL);
    }
    fail_msg("no row %s %d in %.2000s", begins, h, csv);
    return NAN;
}

enum { ESTIMATE = 9, STD_ERROR, LOW = 13, HIGH, ROWS = 16, BAND_LOW, BAND_HIGH, AT };

static void tidy(void **s)
{
    (void)s;
    const rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    const char *csv = rl_csv_estimates(a, cx.keep);
    const rl_response *r = &a->model[0].main.response[0];
    const rl_channel *x = &a->model[0].channels.v[0];
    for (int h = 0; h < (int)r->n; h++) {
        const char *each = "\"media\",\"done\",\"revenue\",\"response\",\"spend_tv\"",
                   *sum = "\"media\",\"done\",\"revenue\",\"cumulative\",\"spend_tv\"";
        assert_true(in_csv(csv, each, h, ESTIMATE) == r->impulse[h].est);
        assert_true(in_csv(csv, each, h, BAND_HIGH) == r->impulse[h].band_high);
        assert_true(in_csv(csv, sum, h, STD_ERROR) == r->cumulative[h].se);
        assert_true(in_csv(csv, sum, h, BAND_LOW) == r->cumulative[h].band_low);
    }
    const char *timing = "\"media\",\"done\",\"revenue\",\"half-life\",\"spend_tv\",,,,\"months\"";
    assert_true(in_csv(csv, timing, -1, ESTIMATE) == r->half_life.est);
    assert_true(in_csv(csv, "\"media\",\"done\",\"revenue\",\"long run\"", -1, HIGH) == r->long_run.high);
    assert_true(in_csv(csv, "\"media\",\"done\",\"revenue\",\"share after\"", r->after, LOW) == r->share_after.low);
    const char *next = "\"media\",\"done\",\"revenue\",\"channel marginal\",\"spend_tv\",,,,\"USD per USD\"";
    assert_true(in_csv(csv, next, -1, ESTIMATE) == x->marginal.est);
    assert_true(in_csv(csv, next, -1, AT) == x->today);
    assert_true(in_csv(csv, next, -1, ROWS) == T - 1);
    assert_true(in_csv(csv, "\"media\",\"done\",\"revenue\",\"channel profit\"", -1, ESTIMATE) == x->profit.est);
    assert_true(in_csv(csv, "\"media\",\"done\",\"revenue\",\"channel curve\"", -1, AT) == x->curve[0].spend);
    const char *month = "\"media\",\"done\",\"revenue\",\"channel by period\",\"spend_tv\",,\"2019-02\"";
    assert_true(in_csv(csv, month, -1, ESTIMATE) == x->by_period[0]);
    has(csv, "\"media\",\"refused\",\"revenue\",\"channel\",\"spend'`ls`$(x)<script>\",,,,\"\",,,,,,,,,,,\n");
}

/* A half-life that the data cannot give is a row that says so, and no figure. */
static void tidy_refused(void **s)
{
    (void)s;
    rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    a->model[0].main.response[0].half_life = (rl_summary){NAN, NAN, NAN, NAN, "signs differ"};
    a->model[0].main.response[0].long_run.high = INFINITY;
    const char *csv = rl_csv_estimates(a, cx.keep);
    has(csv, "\"media\",\"refused\",\"revenue\",\"half-life\",\"spend_tv\",,,,\"\",,,,,,,,,,,\n");
    assert_true(isnan(in_csv(csv, "\"media\",\"done\",\"revenue\",\"long run\"", -1, HIGH)));
}

static void sheets(void **s)
{
    (void)s;
    if (system("command -v unzip >/dev/null") != 0) skip();
    rl_answer *a = answer("revenue ~ lag(spend_tv,0:1)");
    ((rl_study *)a->study)->money.gross_margin = 0.5;
    a->model[0].main.response[0].mean_lag = (rl_summary){NAN, NAN, NAN, NAN, "signs differ"};
    rl_view v = rl_view_of(a->study, false, cx.keep);
    rl_outdir *o = opened("book");
    CHECK_OK(rl_workbook_write(a, &v, o, "w.xlsx", &cx), &cx);
    const char *book = unzipped(o, "xl/workbook.xml");
    static const char *const SHEET[] = {"Responses", "Timing", "Channels", "By period", "Curves"};
    for (size_t i = 0; i < 5; i++) has(book, rl_sprintf(cx.keep, "name=\"%s\"", SHEET[i]));
    const char *responses = unzipped(o, "xl/worksheets/sheet3.xml"),
               *channels = unzipped(o, "xl/worksheets/sheet5.xml");
    has(responses, "<f>F2</f>"); /* added up: live */
    has(responses, "<f>L2+F3</f>");
    has(channels, "<f>SUM('By period'!D2:D48)</f>"); /* T less a lag */
    has(channels, "<f>I5/E5</f>");
    has(channels, "<f>M5*$B$2-1</f>");
    has(unzipped(o, "xl/sharedStrings.xml"), "signs differ");
    rl_outdir_abandon(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight),  cmocka_unit_test(estimated),    cmocka_unit_test(answers),
        cmocka_unit_test(seen_only), cmocka_unit_test(draws),        cmocka_unit_test(figures),
        cmocka_unit_test(tidy),      cmocka_unit_test(tidy_refused), cmocka_unit_test(sheets)};
    return cmocka_run_group_tests(tests, setup_place, teardown_place);
}
