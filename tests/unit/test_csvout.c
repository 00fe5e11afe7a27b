/* tests/unit/test_csvout.c -- estimates.csv and results.json: right figures, no formulas, valid whatever the names. */
#include <csv.h>
#include <ctype.h>
#include <string.h>

#include "out/outdir.h"
#include "out/workbook.h"
#include "out/csv_out.h"
#include "out/results.h"
#include "unit/fixture_answer.h"
#include "unit/own_place.h"

/* The text as rows of cells, by libcsv in strict mode. */
typedef struct grid {
    const char *cell[400][24];
    size_t n, k, width;
} grid;

static void on_cell(void *s, size_t n, void *user)
{
    grid *g = user;
    assert_true(g->n < 400 && g->k < 24);
    g->cell[g->n][g->k++] = rl_strndup(cx.keep, s, n);
}

static void on_row(int c, void *user)
{
    (void)c;
    grid *g = user;
    if (g->width == 0) g->width = g->k;
    assert_int_equal(g->k, g->width);
    g->n++;
    g->k = 0;
}

static grid *read_csv(const char *text)
{
    struct csv_parser p;
    grid *g = RL_NEW(cx.keep, grid, 1);
    assert_int_equal(csv_init(&p, CSV_STRICT | CSV_STRICT_FINI), 0);
    assert_int_equal(csv_parse(&p, text, strlen(text), on_cell, on_row, g), strlen(text));
    assert_int_equal(csv_fini(&p, on_cell, on_row, g), 0);
    csv_free(&p);
    return g;
}

static size_t column(const grid *g, const char *name)
{
    for (size_t j = 0; j < g->width; j++)
        if (!strcmp(g->cell[0][j], name)) return j;
    fail_msg("no column %s", name);
    return 0;
}

static size_t row_of(const grid *g, const char *model, const char *kind)
{
    for (size_t i = 1; i < g->n; i++)
        if (!strcmp(g->cell[i][0], model) && !strcmp(g->cell[i][column(g, "kind")], kind)) return i;
    fail_msg("no row %s %s", model, kind);
    return 0;
}

static void cells(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } CASE[] = {{"plain", "\"plain\""},        {"=1+1", "\"'=1+1\""}, {"+1", "\"'+1\""},   {"-x", "\"'-x\""},
                {"@SUM(A1)", "\"'@SUM(A1)\""}, {"\tx", "\"'\tx\""},   {"\rx", "\"'\rx\""}, {"a\"b", "\"a\"\"b\""},
                {"a,b\nc", "\"a,b\nc\""},      {"", "\"\""},          {NULL, "\"\""},      {"a=1", "\"a=1\""}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        rl_str s = rl_str_new(cx.keep);
        rl_csv_text_cell(&s, CASE[i].in);
        assert_string_equal(rl_str_text(&s), CASE[i].out);
    }
}

static void figures_to_the_bit(void **state)
{
    (void)state;
    const rl_answer *a = fixture_full(cx.keep);
    const grid *g = read_csv(rl_csv_estimates(a, cx.keep));
    assert_int_equal(g->width, 20);
    size_t i = row_of(g, "win-rate", "lift");
    assert_true(strtod(g->cell[i][column(g, "estimate")], NULL) == a->model[1].lift.effect.est);
    assert_true(strtod(g->cell[i][column(g, "conf_high")], NULL) == a->model[1].lift.effect.high);
    assert_string_equal(g->cell[i][column(g, "unit")], "share");
    assert_string_equal(g->cell[i][column(g, "n")], "1648");
    i = row_of(g, "win-rate", "estimate"); /* one unit in every row of a model */
    assert_string_equal(g->cell[i][column(g, "unit")], "share");
    i = row_of(g, "paid-lags", "estimate");
    assert_string_equal(g->cell[i][column(g, "unit")], "");
    i = row_of(g, "deal-size", "event");
    assert_string_equal(g->cell[i][column(g, "unit")], "USD");
    assert_string_equal(g->cell[i][column(g, "event")], "-7");
    assert_string_equal(g->cell[i][column(g, "group")], "");
    i = row_of(g, "value", "money");
    assert_true(strtod(g->cell[i][column(g, "estimate")], NULL) == a->money.total.est);
    bool refused = false;
    for (i = 1; i < g->n; i++)
        refused |= !strcmp(g->cell[i][0], "webinar-win-rate") && !strcmp(g->cell[i][1], "refused");
    assert_true(refused);
    for (i = 0; i < g->n; i++)
        for (size_t j = 0; j < g->width; j++) assert_true(strcmp(g->cell[i][j], "nan") && strcmp(g->cell[i][j], "inf"));
}

static void hostile_csv(void **state)
{
    (void)state;
    const grid *g = read_csv(rl_csv_estimates(fixture_hostile(cx.keep), cx.keep));
    static const size_t TEXT[] = {0, 1, 2, 3, 4, 5, 6, 8};
    size_t neutralised = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t j = 0; j < sizeof TEXT / sizeof *TEXT; j++) {
            const char *s = g->cell[i][TEXT[j]];
            assert_true(s[0] == '\0' || !strchr("=+-@\t\r", s[0]));
            neutralised += !strncmp(s, "'=cmd", 5);
        }
    assert_true(neutralised > 50);
}

/* Balanced, quoted, no raw control character, no NaN: what any reader of JSON needs. */
static void check_json(const char *s)
{
    int depth = 0;
    bool inside = false;
    for (; *s; s++) {
        if (inside) {
            assert_true((unsigned char)*s >= 0x20);
            if (*s == '\\')
                s++;
            else if (*s == '"')
                inside = false;
            continue;
        }
        if (*s == '"') inside = true;
        depth += *s == '{' || *s == '[';
        depth -= *s == '}' || *s == ']';
        assert_true(depth >= 0);
        assert_true(!isalpha((unsigned char)*s) || strchr("truefalsenE", *s) != NULL);
        assert_true(strncmp(s, "nan", 3) && strncmp(s, "inf", 3));
    }
    assert_int_equal(depth, 0);
    assert_false(inside);
}

/* One row an estimator; small cohorts under a name of their own. */
static void other_estimators(void **state)
{
    (void)state;
    rl_answer *a = fixture_rollout(cx.keep);
    const rl_model_answer *m = &a->model[0];
    const grid *g = read_csv(rl_csv_estimates(a, cx.keep));
    size_t n = 0, kind = column(g, "kind"), est = column(g, "estimate");
    for (size_t i = 1; i < g->n; i++) {
        if (strcmp(g->cell[i][kind], "estimator")) continue;
        const rl_side *x = &m->sides.v[n++];
        assert_string_equal(g->cell[i][0], "value");
        assert_string_equal(g->cell[i][column(g, "term")], x->estimator);
        assert_string_equal(g->cell[i][1], x->answered ? "done" : "refused");
        if (!x->answered) {
            assert_string_equal(g->cell[i][est], "");
            continue;
        }
        assert_true(strtod(g->cell[i][est], NULL) == x->effect.estimate);
        assert_true(strtod(g->cell[i][column(g, "conf_low")], NULL) == x->effect.conf_low);
        assert_int_equal(strtol(g->cell[i][column(g, "n")], NULL, 10), x->rows);
        assert_string_equal(g->cell[i][column(g, "unit")], "USD");
    }
    assert_int_equal(n, 4);
    size_t i = row_of(g, "value", "estimator events"), more = i;
    const rl_estimate *near = &m->sides.v[0].near;
    assert_string_equal(g->cell[i][column(g, "term")], "etwfe");
    assert_string_equal(g->cell[i][column(g, "time")], "event times 0 to 1");
    assert_string_equal(g->cell[i][column(g, "event")], "1");
    assert_true(strtod(g->cell[i][est], NULL) == near->estimate);
    assert_true(strtod(g->cell[i][column(g, "std_error")], NULL) == near->std_error);
    assert_true(strtod(g->cell[i][column(g, "conf_low")], NULL) == near->conf_low);
    assert_true(strtod(g->cell[i][column(g, "conf_high")], NULL) == near->conf_high);
    assert_string_equal(g->cell[i + 1][column(g, "term")], "cs");
    for (n = 0; more < g->n; more++) n += strcmp(g->cell[more][kind], "estimator events") == 0;
    assert_int_equal(n, 2); /* the others have no event study */
    i = row_of(g, "value", "small cohorts");
    assert_true(strtod(g->cell[i][est], NULL) == m->lift.effect.est);
    assert_true(strtod(g->cell[i][column(g, "std_error")], NULL) == 305.25);
    assert_true(strtod(g->cell[i][column(g, "conf_high")], NULL) == 1355.125);
    a->model[0].few.why = "fewer than two controls";
    g = read_csv(rl_csv_estimates(a, cx.keep));
    for (i = 1; i < g->n; i++) assert_string_not_equal(g->cell[i][kind], "small cohorts");
    const char *json = rl_results_text(a, NULL, cx.keep);
    check_json(json);
    static const char *const HAS[] = {
        "\"std_error_widened\": 305.25", "\"conf_high_widened\": 1355.125", "\"rollout\": [", "\"cohort\": \"2024Q4\"",
        "\"estimator\": \"lpdid\"",      "which is partly exposed here",    "\"negative",     "\"same_rows\": false"};
    for (size_t k = 0; k < sizeof HAS / sizeof *HAS; k++)
        if (!strstr(json, HAS[k])) fail_msg("results.json lacks %s", HAS[k]);
}

static void results(void **state)
{
    (void)state;
    const char *json = rl_results_text(fixture_full(cx.keep), &FX_INPUTS.file[0], cx.keep);
    check_json(json);
    static const char *const HAS[] = {
        "\"schema\": 1",
        "\"estimate\": 0.0312",
        "\"status\": \"refused\"",
        "\"outcome\": \"win_rate\"",
        "\"cut\": \"2026-06-30\"",
        "\"kind\": \"interval\"",
        "\"answerable_on\": \"2026-12-31\"",
        "\"rows_used\": 6431",
        "\"file\": \"models/quarterly.yaml\"",
        "\"sha256\": \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "\"unit\": \"share\",",
        "\"shown_in\": \"points\"",
        "\"exposure_months\": 11.97"};
    for (size_t i = 0; i < sizeof HAS / sizeof *HAS; i++)
        if (!strstr(json, HAS[i])) fail_msg("results.json lacks %s", HAS[i]);
    check_json(rl_results_text(fixture_hostile(cx.keep), NULL, cx.keep));
    const char *none = rl_results_text(fixture_refused(cx.keep), NULL, cx.keep);
    check_json(none);
    assert_non_null(strstr(none, "\"money\": null"));
    assert_non_null(strstr(none, "\"primary_refused\": true"));
}

static void sheet_of_estimators(void **state)
{
    (void)state;
    if (system("command -v unzip >/dev/null") != 0) skip();
    for (int full = 0; full < 2; full++) {
        rl_answer *a = full ? fixture_full(cx.keep) : fixture_rollout(cx.keep);
        rl_view v = rl_view_of(a->study, false, cx.keep);
        rl_outdir *o = opened("b");
        CHECK_OK(rl_workbook_write(a, &v, o, "w.xlsx", &cx), &cx);
        bool there = strstr(unzipped(o, "xl/workbook.xml"), "name=\"Estimators\"") != NULL;
        assert_int_equal(there, !full);
        if (there) {
            const char *sheet = unzipped(o, "xl/worksheets/sheet4.xml"), *text = unzipped(o, "xl/sharedStrings.xml");
            assert_non_null(strstr(sheet, "<v>753.83</v>"));
            assert_non_null(strstr(sheet, "<v>1355.125</v>"));
            assert_non_null(strstr(sheet, "r=\"D7\"")); /* head, the answer, small cohorts, four estimators */
            assert_non_null(strstr(sheet, "r=\"D9\"")); /* and two means over the same event times */
            assert_null(strstr(sheet, "r=\"A10\""));
            assert_non_null(strstr(sheet, rl_sprintf(cx.keep, "<v>%.16g</v>", a->model[0].sides.v[1].near.std_error)));
            assert_non_null(strstr(text, "mean of the effects at event times 0 to 1"));
            assert_non_null(strstr(text, "rows of its own"));
            assert_null(strstr(sheet, "r=\"D6\"")); /* lpdid cannot answer */
            assert_non_null(strstr(text, "small cohorts not taken for precise"));
            assert_non_null(strstr(text, "which is partly exposed here"));
        }
        rl_outdir_abandon(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cells),
                                       cmocka_unit_test(figures_to_the_bit),
                                       cmocka_unit_test(other_estimators),
                                       cmocka_unit_test(sheet_of_estimators),
                                       cmocka_unit_test(hostile_csv),
                                       cmocka_unit_test(results)};
    return cmocka_run_group_tests_name("csvout", tests, setup_place, teardown_place);
}
