/* tests/unit/test_html.c -- the page: well formed, self-contained, and deaf to hostile names. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "out/charts.h"
#include "out/html.h"
#include "out/md.h"
#include "out/sections.h"
#include "out/text.h"
#include "unit/fixture_answer.h"
#include "unit/own_place.h"

static rl_page *story(const rl_answer *a, const char *name)
{
    rl_view *v = RL_NEW(cx.keep, rl_view, 1);
    *v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_story s = {.a = a, .v = v, .charts = &charts, .inputs = &FX_INPUTS, .page = rl_page_new(cx.keep)};
    rl_charts_make(a, v, &charts);
    rl_outdir *o = opened(name);
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &s.chart_note, &cx), &cx);
    rl_outdir_abandon(o);
    assert_null(s.chart_note);
    rl_section_front(&s);
    rl_section_doubts(&s);
    rl_section_groups(&s);
    rl_section_models(&s);
    rl_section_data(&s);
    rl_section_repeat(&s);
    return s.page;
}

static const char *page_of(const rl_answer *a, const char *name)
{
    return rl_html_page(story(a, name), a->study->title, cx.keep);
}

/* --- a strict little reader of markup ---------------------------------------------- */

typedef struct reader {
    const char *open[64];
    size_t depth, tags;
    rl_dict *ids;
} reader;

/* One attribute at p: name="value" or name='value'; returns what follows. */
static const char *attribute(reader *r, const char *p, const char *end)
{
    const char *name = p;
    while (p < end && (isalnum((unsigned char)*p) || strchr("-:_", *p))) p++;
    size_t n = (size_t)(p - name);
    while (isspace((unsigned char)*p)) p++;
    if (n == 0 || *p != '=') fail_msg("an odd attribute: %.40s", name);
    do p++;
    while (isspace((unsigned char)*p));
    char quote = *p;
    if (quote != '"' && quote != '\'') fail_msg("an attribute without quotes: %.40s", name);
    const char *value = ++p;
    while (p < end && *p != quote) p++;
    if (p == end) fail_msg("a quote that never ends: %.60s", name);
    assert_false(n > 1 && name[0] == 'o' && name[1] == 'n'); /* no event handlers */
    if (n == 2 && !memcmp(name, "id", 2)) {
        size_t before = r->ids->n;
        rl_dict_code(r->ids, value, (size_t)(p - value));
        if (r->ids->n == before) fail_msg("an id that stands twice: %.40s", value);
    }
    if (n >= 4 && !memcmp(name + n - 4, "href", 4)) assert_int_equal(value[0], '#');
    return p + 1;
}

static void tag(reader *r, const char *p, const char *end)
{
    static const char *const EMPTY[] = {"meta", NULL};
    bool closing = *p == '/';
    const char *name = p += closing;
    while (p < end && isalnum((unsigned char)*p)) p++;
    const char *word = rl_strndup(cx.keep, name, (size_t)(p - name));
    assert_true(word[0] != '\0');
    assert_string_not_equal(word, "script");
    assert_string_not_equal(word, "b");
    r->tags++;
    if (closing) {
        assert_true(r->depth > 0);
        assert_string_equal(r->open[--r->depth], word);
        return;
    }
    bool self = false;
    while (p < end) {
        if (isspace((unsigned char)*p))
            p++;
        else if (*p == '/' && p + 1 == end)
            self = true, p++;
        else
            p = attribute(r, p, end);
    }
    for (size_t i = 0; EMPTY[i]; i++) self |= !strcmp(word, EMPTY[i]);
    if (self) return;
    assert_true(r->depth < 64);
    r->open[r->depth++] = word;
}

static size_t check_markup(const char *html)
{
    reader r = {.ids = rl_dict_new(cx.keep)};
    assert_int_equal(strncmp(html, "<!DOCTYPE html>\n", 16), 0);
    for (const char *p = html + 16; *p;) {
        if (*p == '>') fail_msg("a bare '>' before: %.40s", p);
        if (*p == '&') {
            size_t n = strcspn(p, ";");
            assert_true(n > 1 && n < 7);
        }
        if (*p != '<') {
            p++;
            continue;
        }
        const char *end = strchr(p, '>');
        assert_non_null(end);
        tag(&r, p + 1, end);
        p = end + 1;
        if (r.depth && !strcmp(r.open[r.depth - 1], "style")) p = strstr(p, "</style>"); /* rules, not text */
    }
    assert_int_equal(r.depth, 0);
    return r.tags;
}

/* --- tests ---------------------------------------------------------------------------- */

static void escapes(void **state)
{
    (void)state;
    rl_str s = rl_str_new(cx.keep);
    rl_html_escape(&s, "<a href=\"x\">'&'\n\x01</a>");
    assert_string_equal(rl_str_text(&s), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;  &lt;/a&gt;");
}

static void full_page(void **state)
{
    (void)state;
    const char *html = page_of(fixture_full(cx.keep), "full");
    assert_true(check_markup(html) > 1000);
    assert_int_equal(check_times(html, "role=\"img\""), 13);
    assert_null(strstr(html, "ignificant"));
    assert_null(strstr(html, "nan"));
    assert_int_equal(check_times(html, "http"), 2 * 13 + 1); /* two names of namespaces a chart; http-equiv */
    assert_non_null(
        strstr(html, "raised revenue by $1.24\xc2\xa0M (95\xc2\xa0% interval $0.40\xc2\xa0M to $2.09\xc2\xa0M)"));
    assert_non_null(strstr(html, "+3.12\xc2\xa0points"));
    assert_non_null(strstr(html, "+4.2\xc2\xa0"
                                 "days gained"));
    assert_non_null(strstr(html, "days of the first 180 that a deal has been won for: more wins or sooner ones"));
    assert_null(strstr(html, "faster"));
    assert_null(strstr(html, "Speed"));
    assert_non_null(strstr(html, "media $236\xc2\xa0K x 1.35 for people and tools; spent from the first start to "
                                 "2025-12-31, the end of the last quarter counted"));
    assert_non_null(strstr(html, "after 2025-12-31, for quarters too young to count; people and tools included"));
    assert_non_null(strstr(html, "4.3 of 12\xc2\xa0months"));
    assert_non_null(strstr(html, "The three accounts that move the total most, each left out in turn"));
    assert_non_null(strstr(html, "<td>2 quarters before</td>"));
    assert_null(strstr(html, ">event "));
    assert_non_null(strstr(html, "revenue per account = account effect + quarter effect + one effect while treated"));
    assert_non_null(strstr(html, "Run it in the folder of the study file"));
    assert_non_null(strstr(html, "Prepared by"));
    assert_int_equal(check_times(html, "<details>"), 1); /* 30 estimates are folded */
    assert_non_null(strstr(html, "Not answered: No account is left as a control"));
    assert_non_null(strstr(html, "What to do: Give the programme a start by account"));
    assert_non_null(strstr(html, "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"));
}

/* The verdict of a lift is that of its effect, whatever the ratio to a level says. */
static void verdict_of_the_effect(void **state)
{
    (void)state;
    rl_answer *a = fixture_full(cx.keep);
    rl_lift *size = &a->model[2].lift;
    size->relative = (rl_interval){0.11, 0.05, 0.01, 0.22}; /* excludes zero; the effect does not */
    const char *html = page_of(a, "verdict");
    const char *card = strstr(html, "<p class=\"label\">Deal size</p>");
    assert_non_null(card);
    const char *end = strstr(card, "</div>");
    assert_int_equal(strncmp(card - strlen("<div class=\"card unsure\">\n"), "<div class=\"card unsure\">", 25), 0);
    assert_true(strstr(card, "cannot be told from zero") < end);
    size->relative = FX_NONE; /* its Fieller set is no interval: the effect is shown itself */
    html = page_of(a, "verdict2");
    assert_true(strstr(strstr(html, "<p class=\"label\">Deal size</p>"), "<p class=\"figure\">+$1,103</p>") != NULL);
}

static void sooner_or_more(void **state)
{
    (void)state;
    rl_answer *a = fixture_full(cx.keep);
    assert_non_null(strstr(page_of(a, "ages"), "Sooner or more: cannot tell yet."));
    rl_age_lift *g = &a->money.age[3];
    g->answerable = true;
    g->cells = 1601;
    g->per_cell = fx_interval(958, 478);
    g->since = fx_interval(24.5, 83.9);
    const char *html = page_of(a, "ages2");
    assert_null(strstr(html, "cannot tell yet"));
    assert_non_null(strstr(html, "account and quarter was added after day 180 and up to day 365"));
    assert_non_null(strstr(html, "to $189): this cannot be told from zero."));
    g->since = fx_interval(-240.5, 83.9);
    assert_non_null(strstr(page_of(a, "ages3"), "a part of the lift was only pulled forward"));
    g->since = fx_interval(240.5, 83.9);
    assert_non_null(strstr(page_of(a, "ages4"), "brought more, not only sooner"));
}

static void whole_sample(void **state)
{
    (void)state;
    rl_answer *a = fixture_full(cx.keep);
    a->n_faults = 0;
    a->waterfall.n_steps = 0;
    const char *html = page_of(a, "whole");
    assert_non_null(strstr(html, "All 9,123 deals were readable and consistent."));
    assert_null(strstr(html, "could be used."));
}

/* Empty blocks that break the page spill over: the heading after them does. */
static void no_empty_pages(void **state)
{
    (void)state;
    const char *html = page_of(fixture_full(cx.keep), "paper");
    assert_non_null(strstr(html, ".page+h2{break-before:page;"));
    assert_null(strstr(html, "break-after:page"));
    for (const char *p = html; (p = strstr(p, "<div class=\"page\"></div>\n")) != NULL;) {
        p += strlen("<div class=\"page\"></div>\n");
        assert_int_equal(strncmp(p, "<h2", 3), 0);
    }
}

/* The parts are shown in whole money, and add up. */
static void parts_add_up(void **state)
{
    (void)state;
    const rl_answer *a = fixture_full(cx.keep);
    double sum = 0;
    for (size_t i = 0; i < a->money.n_parts; i++) sum += a->money.part[i].money.est;
    CHECK_DIGITS(sum, a->money.total.est, 14);
    const char *html = page_of(a, "parts");
    assert_non_null(strstr(html, "+$702,119"));
    assert_non_null(strstr(html, "\xe2\x88\x92$71,413"));
    assert_non_null(strstr(html, "+$1,242,317"));
}

/* A programme that starts at several dates: cohorts, small ones, other estimators, what plain effects compare. */
static void rollout_part(void **state)
{
    (void)state;
    rl_answer *a = fixture_rollout(cx.keep);
    const char *html = page_of(a, "rollout");
    check_markup(html);
    assert_int_equal(check_times(html, "role=\"img\""), 19);
    assert_non_null(
        strstr(html, "Small cohorts: the 95\xc2\xa0% interval is $152 to $1,355 when they are not taken for precise"));
    assert_non_null(strstr(html, "3 treated units are in cohorts of fewer than 4"));
    assert_non_null(strstr(html, "The same question by other estimators"));
    assert_non_null(strstr(html, ">6,430 \xe2\x80\xa0<")); /* cs, on rows of its own */
    assert_non_null(strstr(html, "All but \xe2\x80\xa0 on the same 6,431 rows"));
    assert_non_null(strstr(html, ">At event times 0 to 1<"));
    assert_non_null(strstr(html, "<td>twfe *</td>"));
    assert_non_null(strstr(html, "<td>cs</td>"));
    assert_non_null(strstr(html, "lpdid cannot answer: its base is the period before the start"));
    assert_non_null(strstr(html, "231 of 1,648 treated rows count with a negative weight"));
    assert_non_null(strstr(html, "<td>Later vs Earlier Treated</td>"));
    assert_null(strstr(html, "nan"));
    const char *md = rl_md_text(story(a, "rollout-md"), cx.keep);
    assert_non_null(strstr(md, "](charts/m1-rollout.svg)"));
    assert_non_null(strstr(md, "](charts/m1-bacon.svg)"));
    assert_non_null(strstr(md, "| Later vs Earlier Treated |"));
    a->model[0].few.why = "fewer than two controls are seen in all of their periods";
    assert_non_null(strstr(page_of(a, "rollout2"), "Small cohorts: 3 treated units start with fewer than four, and "
                                                   "fewer than two controls"));
    a->model[0].sides.has_bacon = false;
    a->model[0].sides.bacon_why = "the decomposition needs a balanced panel";
    assert_non_null(
        strstr(page_of(a, "rollout3"),
               "It cannot be taken apart into pairs of cohorts: the decomposition needs a balanced panel."));
}

/* A ready-made panel has no deals: no columns of zeros, no table of maturity. */
static void without_deals(void **state)
{
    (void)state;
    rl_answer *a = fixture_rollout(cx.keep);
    const char *html = page_of(a, "deals");
    assert_non_null(strstr(html, "Deals before"));
    assert_non_null(strstr(html, "Open deals at the start"));
    assert_non_null(strstr(html, "Maturity: a period is used"));
    for (size_t k = 0; k < 2; k++) a->program[0].cohort[k].deals_before = a->program[0].cohort[k].deals_after = 0;
    html = page_of(a, "no-deals");
    check_markup(html);
    assert_null(strstr(html, "Deals before"));
    assert_null(strstr(html, "Open deals at the start"));
    assert_null(strstr(html, "Partly exposed deals"));
    assert_null(strstr(html, "Maturity: a period is used"));
    assert_non_null(strstr(html, "Clean periods before"));
}

/* Small cohorts that change nothing are a line, not a warning. */
static void small_cohorts_without_weight(void **state)
{
    (void)state;
    rl_answer *a = fixture_rollout(cx.keep);
    a->model[0].few.se = 1.01 * a->model[0].lift.effect.se;
    const char *html = page_of(a, "few");
    assert_null(strstr(html, "not taken for precise"));
    assert_non_null(strstr(html, "the interval stays as it is."));
}

/* The first page carries what small cohorts do to the interval. */
static void small_cohorts_in_front(void **state)
{
    (void)state;
    rl_answer *a = fixture_rollout(cx.keep);
    rl_model_answer *m = &a->model[0];
    const rl_interval *e = &m->lift.effect;
    assert_ptr_equal(a->money.value, m);
    a->model[0].few.se = 1.01 * e->se;
    assert_null(strstr(page_of(a, "front0"), "Read it with care"));
    m->few.se = 4 * e->se;
    m->few.low = e->est - 4 * (e->est - e->low);
    m->few.high = e->est + 4 * (e->high - e->est);
    const char *html = page_of(a, "front1");
    check_markup(html);
    assert_non_null(strstr(html, "Read it with care: 3 accounts reached started with fewer than four"));
    assert_non_null(strstr(html, "holds zero: chance alone could have done it"));
    const char *text = rl_text_answer(a, NULL, cx.keep); /* and so does the terminal */
    assert_non_null(strstr(text, "Read it with care: 3 accounts reached started"));
    m->few.why = "no controls";
    assert_non_null(strstr(page_of(a, "front2"), "counts their luck as zero (no controls)"));
    a->money.treated_units = 1;
    html = page_of(a, "front3");
    assert_non_null(strstr(html, "One account is all that was reached: without it there is nothing to tell."));
    assert_null(strstr(html, "does not change the sign of the total"));
}

/* Whoever carries a lift has its equation in words. */
static void every_estimator_has_an_equation(void **state)
{
    (void)state;
    rl_answer *a = fixture_full(cx.keep);
    a->n_models = 1;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        if (!e->needs_cohort || e->no_lift != NULL) continue;
        a->model[0].main.estimator = e;
        rl_view v = rl_view_of(a->study, false, cx.keep);
        rl_charts charts;
        rl_charts_make(a, &v, &charts);
        rl_story s = {.a = a, .v = &v, .charts = &charts, .inputs = &FX_INPUTS, .page = rl_page_new(cx.keep)};
        rl_section_models(&s);
        if (strstr(rl_md_text(s.page, cx.keep), "Fitted equation") == NULL) fail_msg("%s has no equation", e->name);
    }
}

static void nothing_answered(void **state)
{
    (void)state;
    const char *html = page_of(fixture_refused(cx.keep), "refused");
    check_markup(html);
    assert_non_null(strstr(html, "names no marketing programme"));
    assert_non_null(strstr(html, "What is missing"));
    assert_null(strstr(html, "What it earned"));
    assert_non_null(strstr(html, "29.09\xc2\xa0%")); /* the data section is there all the same */
}

static void hostile_names(void **state)
{
    (void)state;
    const char *html = page_of(fixture_hostile(cx.keep), "hostile");
    check_markup(html);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "\x1b"));
    assert_null(strstr(html, "\xe2\x80\xae"));
    assert_true(check_times(html, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;") > 50);
    assert_int_equal(check_times(html, "role=\"img\""), 19);
}

static void markdown(void **state)
{
    (void)state;
    const char *md = rl_md_text(story(fixture_full(cx.keep), "md"), cx.keep);
    assert_int_equal(strncmp(md, "Revenue lift study. Data cut 2026-06-30.", 40), 0);
    assert_non_null(strstr(md, "\n# ABM programme, four quarters\n"));
    assert_non_null(strstr(md, "](charts/money-bridge.svg)"));
    md = rl_md_text(story(fixture_hostile(cx.keep), "md2"), cx.keep);
    for (const char *p = md; (p = strstr(p, "<script")) != NULL; p++) assert_int_equal(p[-1], '\\');
    assert_true(check_times(md, "\\<script\\>") > 50);
    assert_null(strstr(md, "\nEOD"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(escapes),
                                       cmocka_unit_test(full_page),
                                       cmocka_unit_test(verdict_of_the_effect),
                                       cmocka_unit_test(sooner_or_more),
                                       cmocka_unit_test(whole_sample),
                                       cmocka_unit_test(no_empty_pages),
                                       cmocka_unit_test(parts_add_up),
                                       cmocka_unit_test(rollout_part),
                                       cmocka_unit_test(without_deals),
                                       cmocka_unit_test(small_cohorts_without_weight),
                                       cmocka_unit_test(small_cohorts_in_front),
                                       cmocka_unit_test(every_estimator_has_an_equation),
                                       cmocka_unit_test(nothing_answered),
                                       cmocka_unit_test(hostile_names),
                                       cmocka_unit_test(markdown)};
    return cmocka_run_group_tests_name("html", tests, setup_place, teardown_place);
}
