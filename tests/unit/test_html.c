/* tests/unit/test_html.c -- the page: well formed, self-contained, and deaf to hostile names. */
#include "check.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "out/charts.h"
#include "out/html.h"
#include "out/md.h"
#include "out/sections.h"
#include "unit/fixture_answer.h"

static rl_ctx cx;
static char place[] = "/tmp/revlift-html-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    check_ctx(&cx);
    fixture_use();
    return mkdtemp(place) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return rmdir(place);
}

static rl_page *story(const rl_answer *a, const char *name)
{
    rl_view *v = RL_NEW(cx.keep, rl_view, 1);
    *v = rl_view_of(a->study, false, cx.keep);
    rl_charts charts;
    rl_story s = {.a = a, .v = v, .charts = &charts, .inputs = &FX_INPUTS, .page = rl_page_new(cx.keep)};
    rl_charts_make(a, v, &charts);
    rl_outdir *o;
    CHECK_OK(rl_outdir_open(rl_sprintf(cx.keep, "%s/%s", place, name), &o, &cx), &cx);
    CHECK_OK(rl_charts_draw(charts.all, charts.n, o, &s.chart_note, &cx), &cx);
    rl_outdir_abandon(o);
    assert_null(s.chart_note);
    rl_section_front(&s);
    rl_section_doubts(&s);
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

static size_t times(const char *in, const char *what)
{
    size_t n = 0;
    for (const char *p = in; (p = strstr(p, what)) != NULL; p += strlen(what)) n++;
    return n;
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
    assert_int_equal(times(html, "role=\"img\""), 13);
    assert_null(strstr(html, "ignificant"));
    assert_null(strstr(html, "nan"));
    assert_int_equal(times(html, "http"), 2 * 13 + 1); /* two names of namespaces a chart; http-equiv */
    assert_non_null(
        strstr(html, "raised revenue by $1.24\xc2\xa0M (95\xc2\xa0% interval $0.40\xc2\xa0M to $2.09\xc2\xa0M)"));
    assert_non_null(strstr(html, "+3.12\xc2\xa0points"));
    assert_non_null(strstr(html, "4.2\xc2\xa0"
                                 "days faster"));
    assert_non_null(strstr(html, "Prepared by"));
    assert_int_equal(times(html, "<details>"), 1); /* 30 estimates are folded */
    assert_non_null(strstr(html, "Not answered: No account is left as a control"));
    assert_non_null(strstr(html, "What to do: Give the programme a start by account"));
    assert_non_null(strstr(html, "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"));
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
    assert_true(times(html, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;") > 50);
    assert_int_equal(times(html, "role=\"img\""), 13);
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
    assert_true(times(md, "\\<script\\>") > 50);
    assert_null(strstr(md, "\nEOD"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(escapes),       cmocka_unit_test(full_page),
                                       cmocka_unit_test(parts_add_up),  cmocka_unit_test(nothing_answered),
                                       cmocka_unit_test(hostile_names), cmocka_unit_test(markdown)};
    return cmocka_run_group_tests_name("html", tests, set_up, tear_down);
}
