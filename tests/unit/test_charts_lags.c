/* The report of a regression with lags: charts, sentences, figures; with names that try to become code. */
#include "unit/fit_fixture.h"

#include <unistd.h>

#include "model/channel.h"
#include "out/charts.h"
#include "out/json.h"
#include "out/md.h"
#include "out/results.h"
#include "out/sections.h"

static rl_ctx cx;
static char place[] = "/tmp/revlift-lags-XXXXXX";

static int setup(void **s)
{
    (void)s;
    check_ctx(&cx);
    if (access("plots/theme.gp", R_OK) == 0) setenv("RLV_PLOTS", "plots", 0);
    return mkdtemp(place) ? 0 : -1;
}
static int teardown(void **s)
{
    (void)s;
    rl_ctx_free(&cx);
    return rmdir(place);
}

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
    rl_outdir *o;
    const char *note;
    CHECK_OK(rl_outdir_open(rl_sprintf(cx.keep, "%s/out", place), &o, &cx), &cx);
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &note, &cx), &cx);
    if (note != NULL) fail_msg("%s", note);
    for (size_t i = 0; i < charts.n; i++) {
        assert_non_null(charts.all[i]->svg);
        assert_null(strstr(charts.all[i]->svg, "<script"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(straight), cmocka_unit_test(seen_only), cmocka_unit_test(draws),
                                       cmocka_unit_test(figures)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
