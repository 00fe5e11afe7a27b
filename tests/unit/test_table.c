/* Typed columns out of CSV files, what is wrong with cells, and groups. */
#include "check.h"

#include <string.h>

#include "base/rng.h"
#include "data/table.h"
#include "data_file.h"

static rl_ctx cx;
static rl_faults faults;

static int begin(void **state)
{
    (void)state;
    check_ctx(&cx);
    rl_faults_init(&faults, cx.keep);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

static rl_source *source(const char *path)
{
    rl_source *src = RL_NEW(cx.keep, rl_source, 1);
    *src = rl_source_of(path);
    src->name = "deals.csv";
    return src;
}

#define SOURCE(literal) source(DATA_TEXT(literal))

static void three_types_and_missing(void **state)
{
    (void)state;
    static const char *const MISSING[] = {"NA", "-"};
    rl_source *src = SOURCE("id,when,usd,skip,id2\n"
                            "a1,2024-03-11,1.5,x,a1\n"
                            "b2,,NA,x,\"\"\n"
                            "a1,2024-03-12T08:00Z, -2 ,x,NA\n"
                            "\" \",-,\" \",x,n/a\n");
    const rl_want want[] = {{.name = "usd", .type = RL_NUM},
                            {.name = "when", .type = RL_DATE},
                            {.name = "id", .type = RL_TEXT},
                            {.name = "id2", .type = RL_TEXT},
                            {.name = "gone", .type = RL_NUM, .optional = true},
                            {.name = "usd", .type = RL_TEXT}};
    rl_table t;
    char buf[32];
    src->missing = MISSING;
    src->n_missing = 2;
    CHECK_OK(rl_table_read(src, want, 6, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.n, 4);
    assert_int_equal(t.rows_read, 4);
    assert_int_equal(t.k, 6);
    assert_int_equal(t.header.n, 5);
    assert_ptr_equal(t.source, src);
    assert_null(t.unread);
    assert_true(t.col[0].num[0] == 1.5 && t.col[0].num[2] == -2);
    assert_true(rl_missing(&t.col[0], 1) && rl_missing(&t.col[0], 3) && !rl_missing(&t.col[0], 0));
    assert_int_equal(t.col[1].day[2], rl_day(2024, 3, 12));
    assert_true(rl_missing(&t.col[1], 1) && rl_missing(&t.col[1], 3));
    assert_int_equal(t.col[2].code[0], t.col[2].code[2]);
    assert_int_equal(t.col[2].code[3], -1);
    assert_int_equal(t.col[3].code[1], -1);
    assert_int_equal(t.col[3].code[2], -1);
    assert_string_equal(rl_cell_text(&t.col[3], 3, buf), "n/a");
    assert_string_equal(rl_cell_text(&t.col[0], 0, buf), "1.5");
    assert_string_equal(rl_cell_text(&t.col[0], 1, buf), "");
    assert_string_equal(rl_cell_text(&t.col[1], 0, buf), "2024-03-11");
    assert_string_equal(rl_cell_text(&t.col[5], 2, buf), "-2");
    assert_int_equal(t.col[4].type, RL_AUTO);
    assert_int_equal(t.col[4].field, -1);
    assert_true(rl_missing(&t.col[4], 0));
    assert_int_equal(faults.n, 0);
    assert_ptr_equal(rl_table_col(&t, "when"), &t.col[1]);
    assert_null(rl_table_col(&t, "skip"));
}

/* One dictionary for two columns of two tables: equal texts have equal codes. */
static void dictionaries_are_shared(void **state)
{
    (void)state;
    rl_dict *d = rl_dict_new(cx.keep);
    rl_want want = {.name = "acc", .type = RL_TEXT, .dict = d};
    rl_table a, b;
    CHECK_OK(rl_table_read(SOURCE("acc\nx\ny\n"), &want, 1, &faults, &a, cx.keep, &cx), &cx);
    CHECK_OK(rl_table_read(SOURCE("acc\ny\nz\nx\n"), &want, 1, &faults, &b, cx.keep, &cx), &cx);
    assert_int_equal(a.col[0].code[0], b.col[0].code[2]);
    assert_int_equal(a.col[0].code[1], b.col[0].code[0]);
    assert_int_equal(d->n, 3);
    assert_ptr_equal(b.col[0].dict, d);
}

static void check_cell(size_t i, uint64_t row, int32_t field, const char *what, const char *hint)
{
    assert_true(i < faults.n);
    assert_true(faults.fault[i].row == row);
    assert_int_equal(faults.fault[i].field, field);
    assert_int_equal(faults.fault[i].rule, RL_RULE_CELL);
    assert_string_equal(faults.fault[i].what, what);
    if (strstr(faults.fault[i].hint, hint) == NULL) fail_msg("'%s' is not in '%s'", hint, faults.fault[i].hint);
}

static void cells_that_are_no_numbers(void **state)
{
    (void)state;
    rl_source *src = SOURCE("k,usd\n1,n.a.?\n2,\"7,5\"\n3,\"1,234\"\n4,\"$1,234.5\"\n5,inf\n6,1e999\n7,3\n"
                            "8,\"a\tvery\nlong \u20ac text \u20ac that goes on and on beyond sixty bytes of it\"\n"
                            "9,\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u20ac\u20ac\"\n");
    const rl_want want[] = {{.name = "usd", .type = RL_NUM}};
    rl_table t;
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(faults.n, 8);
    assert_int_equal(faults.count[RL_RULE_CELL], 8);
    check_cell(0, 0, 1, "'n.a.?' is not a number (column 'usd')", "add it to 'missing'");
    check_cell(1, 1, 1, "'7,5' is not a number (column 'usd')", "add 'number_format: eu' to read it as 7.5");
    check_cell(2, 2, 1, "'1,234' is not a number (column 'usd')", "us' reads it as 1234, 'number_format: eu' as 1.234");
    check_cell(3, 3, 1, "'$1,234.5' is not a number (column 'usd')", "number_format: us");
    check_cell(4, 4, 1, "'inf' is not a number (column 'usd')", "empty cells");
    check_cell(5, 5, 1, "'1e999' is not a number (column 'usd')", "");
    check_cell(6, 7, 1,
               "'a?very?long \u20ac text \u20ac that goes on and on beyond sixty by...' is not a number (column 'usd')",
               "");
    check_cell(7, 8, 1,
               "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is not a number (column 'usd')", "");
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(t.unread[i], i != 6);
        assert_int_equal(rl_missing(&t.col[0], i), i != 6);
    }
}

static void numbers_in_another_format(void **state)
{
    (void)state;
    rl_source *src = SOURCE("usd;n\n1.234,5;x\n12.5;x\n-0,25 \u20ac;x\n");
    const rl_want want[] = {{.name = "usd", .type = RL_NUM}};
    rl_table t;
    src->numbers = RL_NUMBERS_EU;
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    assert_true(t.col[0].num[0] == 1234.5 && t.col[0].num[2] == -0.25);
    assert_int_equal(faults.n, 1);
    check_cell(0, 1, 0, "'12.5' is not a number (column 'usd')", "add 'number_format: us' to read it as 12.5");
}

static void cells_that_are_no_dates(void **state)
{
    (void)state;
    const rl_want want[] = {{.name = "when", .type = RL_DATE}};
    rl_table t;
    rl_source *src = SOURCE("when\n2024-13-01\n11.03.2024\nsoon\n2024-03-11 at noon\n2024-03-11\n");
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(faults.n, 4);
    check_cell(0, 0, 0, "'2024-13-01' is not a date (column 'when')", "no such day");
    check_cell(1, 1, 0, "'11.03.2024' is not a date (column 'when')",
               "date_format: '%d.%m.%Y' to read it as 2024-03-11");
    check_cell(2, 2, 0, "'soon' is not a date (column 'when')", "add it to 'missing'");
    check_cell(3, 3, 0, "'2024-03-11 at noon' is not a date (column 'when')", "date_format");
    assert_int_equal(t.col[0].day[4], rl_day(2024, 3, 11));

    rl_faults_init(&faults, cx.keep);
    src = SOURCE("when\n11.03.2024\n30.02.2024\n");
    src->date_format = "%d.%m.%Y";
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.col[0].day[0], rl_day(2024, 3, 11));
    check_cell(0, 1, 0, "'30.02.2024' is not a date (column 'when')", "'date_format: %d.%m.%Y'");

    rl_faults_init(&faults, cx.keep);
    src = SOURCE("when\n1900-01-01\n2100-12-31\n1899-12-31\n2924-03-11\n");
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.col[0].day[0], rl_day(1900, 1, 1));
    assert_int_equal(t.col[0].day[1], rl_day(2100, 12, 31));
    assert_int_equal(faults.n, 2);
    check_cell(0, 2, 0, "'1899-12-31' is not a date (column 'when')", "1900 to 2100");
    check_cell(1, 3, 0, "'2924-03-11' is not a date (column 'when')", "add it to 'missing'");

    rl_faults_init(&faults, cx.keep);
    src = SOURCE("when\n45623\n45623.75\n1710115200\n03/09/25\n2024-03-11\n");
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    check_cell(0, 0, 0, "'45623' is not a date (column 'when')", "spreadsheet (2024-11-27)");
    check_cell(1, 1, 0, "'45623.75' is not a date (column 'when')", "spreadsheet (2024-11-27)");
    check_cell(2, 2, 0, "'1710115200' is not a date (column 'when')", "date_format: '%s'");
    check_cell(3, 3, 0, "'03/09/25' is not a date (column 'when')",
               "date_format: '%m/%d/%y' reads it as 2025-03-09, '%d/%m/%y' as 2025-09-03");
    rl_faults_init(&faults, cx.keep);
    src->date_format = "%m/%d/%y";
    CHECK_OK(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), &cx);
    check_cell(3, 4, 0, "'2024-03-11' is not a date (column 'when')", "one format holds for a file");
}

/* A file of `n` rows whose column x has `words` words first, then numbers. */
static rl_table auto_column(size_t n, size_t words)
{
    rl_str s = rl_str_new(cx.tmp);
    const rl_want want[] = {{.name = "x", .type = RL_AUTO}};
    rl_table t;
    rl_str_add(&s, "k,x\n");
    for (size_t i = 0; i < n; i++) rl_str_addf(&s, i < words ? "0,w%zu\n" : "0,%zu\n", i);
    rl_faults_init(&faults, cx.keep);
    CHECK_OK(rl_table_read(source(data_file(s.s, s.n)), want, 1, &faults, &t, cx.keep, &cx), &cx);
    return t;
}

static void columns_find_their_type(void **state)
{
    (void)state;
    rl_table t = auto_column(10, 5);
    assert_int_equal(t.col[0].type, RL_NUM);
    assert_int_equal(faults.n, 5);
    assert_true(t.col[0].num[7] == 7 && rl_missing(&t.col[0], 4));
    t = auto_column(11, 6);
    assert_int_equal(t.col[0].type, RL_TEXT);
    assert_int_equal(faults.n, 0);
    assert_string_equal(t.col[0].dict->text[t.col[0].code[10]], "10");
    t = auto_column(5000, 500); /* the first thousand decide */
    assert_int_equal(t.col[0].type, RL_NUM);
    assert_true(t.col[0].num[4999] == 4999 && faults.count[RL_RULE_CELL] == 500 && t.unread[499] && !t.unread[500]);
    assert_int_equal(faults.n, 100);
    t = auto_column(5000, 501);
    assert_int_equal(t.col[0].type, RL_TEXT);
    assert_int_equal(t.col[0].dict->n, 5000);

    const rl_want want[] = {{.name = "e", .type = RL_AUTO}, {.name = "f", .type = RL_AUTO}};
    rl_faults_init(&faults, cx.keep);
    CHECK_OK(rl_table_read(SOURCE("e,f\n,\n,x\n,\n"), want, 2, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.col[0].type, RL_NUM); /* nothing there: missing numbers */
    assert_true(rl_missing(&t.col[0], 2));
    assert_int_equal(t.col[1].type, RL_TEXT);
    assert_true(rl_missing(&t.col[1], 2) && !rl_missing(&t.col[1], 1));
}

static void many_rows_grow(void **state)
{
    (void)state;
    enum { N = 40000 };
    rl_str s = rl_str_new(cx.tmp);
    const rl_want want[] = {
        {.name = "d", .type = RL_DATE}, {.name = "x", .type = RL_NUM}, {.name = "id", .type = RL_TEXT}};
    rl_table t;
    rl_str_add(&s, "id,d,x\n");
    /* Long rows first: the guess from the first rows is far too small. */
    for (int i = 0; i < N; i++)
        rl_str_addf(&s, i < 1024 ? "a long identifier of a row that says little %d,1970-01-01,%d\n" : "%d,,%d\n", i, i);
    CHECK_OK(rl_table_read(source(data_file(s.s, s.n)), want, 3, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.n, N);
    for (int i = 0; i < N; i++) {
        if (t.col[1].num[i] != i || t.col[2].code[i] != i || (t.col[0].day[i] == 0) != (i < 1024))
            fail_msg("row %d", i);
    }
}

/* Groups that every row was read for are known to occur; those of a table that lost rows are not. */
static void groups_that_all_occur(void **state)
{
    (void)state;
    const rl_want want[] = {{.name = "a", .type = RL_TEXT},
                            {.name = "b", .type = RL_TEXT, .dict = rl_dict_new(cx.keep)}};
    rl_table t;
    rl_groups g;
    const unsigned char keep[4] = {1, 0, 1, 1};
    CHECK_OK(rl_table_read(SOURCE("a,b\nx,1\ny,2\nx,1\nz,1\n"), want, 2, &faults, &t, cx.keep, &cx), &cx);
    rl_groups_seen(&t.col[0], t.n, &g, cx.tmp, &cx);
    assert_true(g.G == 3 && g.every == 4);
    rl_groups_seen(&t.col[1], t.n, &g, cx.tmp, &cx);
    assert_int_equal(g.every, 0); /* the dictionary may have texts from elsewhere */
    rl_table_filter(&t, keep, cx.keep);
    rl_groups_seen(&t.col[0], t.n, &g, cx.tmp, &cx);
    assert_true(g.G == 3 && g.every == 0);
    rl_groups_of(&t.col[0], t.n, &g, cx.tmp, &cx);
    assert_true(g.G == 2 && g.every == 3);
}

/* A large dictionary takes its texts in bunches: the codes are the same. */
static void large_dictionaries(void **state)
{
    (void)state;
    enum { N = 200000 };
    rl_str s = rl_str_new(cx.tmp);
    rl_dict *d = rl_dict_new(cx.keep);
    char lengthy[2400], text[64];
    rl_table t;
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    rl_str_add(&s, "a,b,c\n");
    for (int i = 0; i < N; i++) {
        if (i == 150001)
            rl_str_addf(&s, "%s,", lengthy);
        else if (i % 1000 == 7)
            rl_str_add(&s, ",");
        else
            rl_str_addf(&s, "id-%d%.*s,", i % 120000, i % 300, lengthy);
        rl_str_addf(&s, "p%d,q%d\n", i, i);
    }
    const rl_want want[] = {{.name = "a", .type = RL_TEXT},
                            {.name = "b", .type = RL_TEXT, .dict = d},
                            {.name = "c", .type = RL_TEXT, .dict = d}};
    CHECK_OK(rl_table_read(source(data_file(s.s, s.n)), want, 3, &faults, &t, cx.keep, &cx), &cx);
    for (int i = 0; i < N; i++) {
        int n = snprintf(text, sizeof text, "id-%d", i % 120000);
        int32_t c = t.col[0].code[i];
        bool ok = i == 150001     ? strcmp(t.col[0].dict->text[c], lengthy) == 0
                  : i % 1000 == 7 ? c == -1
                                  : t.col[0].dict->len[c] == (unsigned)(n + i % 300) &&
                                        memcmp(t.col[0].dict->text[c], text, (size_t)n) == 0;
        if (!ok || t.col[1].code[i] != 2 * i || t.col[2].code[i] != 2 * i + 1) fail_msg("row %d", i);
        if (i == 130000) assert_int_equal(c, t.col[0].code[10000]);
    }
}

static void header_alone(void **state)
{
    (void)state;
    const rl_want want[] = {{.name = "x", .type = RL_NUM}, {.name = "y", .type = RL_AUTO}};
    rl_table t;
    CHECK_OK(rl_table_read(SOURCE("x,y\n"), want, 2, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.n, 0);
    assert_non_null(t.col[0].num);
    assert_int_equal(t.col[1].type, RL_NUM);
}

static void check_refused(rl_source *src, const rl_want *want, rl_code code, const char *what, const char *hint)
{
    rl_table t;
    rl_forgive(&cx);
    assert_int_equal(rl_table_read(src, want, 1, &faults, &t, cx.keep, &cx), code);
    if (strcmp(cx.err.what, what) != 0) fail_msg("'%s', not '%s'", cx.err.what, what);
    if (strstr(cx.err.hint, hint) == NULL) fail_msg("'%s' is not in '%s'", hint, cx.err.hint);
}

static void columns_that_are_not_there(void **state)
{
    (void)state;
    rl_source *src = SOURCE("account,month,spend,spend\n1,2,3,4\n");
    rl_want w = {.name = "spnd", .type = RL_NUM, .key = "the formula"};
    check_refused(src, &w, RL_EINPUT, "no column 'spnd' in deals.csv (asked for by the formula)",
                  "did you mean 'spend'?");
    w = (rl_want){.name = "revenue", .type = RL_NUM, .key = "deals.amount", .line = 12, .col = 7};
    check_refused(src, &w, RL_EINPUT, "no column 'revenue' in deals.csv (asked for by 'deals.amount')",
                  "its columns are 'account', 'month', 'spend', 'spend'");
    assert_int_equal(cx.err.line, 12); /* whose file it is the caller knows */
    assert_int_equal(cx.err.col, 7);
    w = (rl_want){.name = "zzz", .type = RL_NUM};
    check_refused(src, &w, RL_EINPUT, "no column 'zzz' in deals.csv", "its columns are");
    w = (rl_want){.name = "spend", .type = RL_NUM, .key = "--cluster"};
    check_refused(src, &w, RL_EINPUT,
                  "column 'spend' stands twice in deals.csv, as column 3 and column 4 (asked for by '--cluster')",
                  "rename one");
    w.name = "month"; /* the other names may stand twice */
    rl_table t;
    rl_forgive(&cx);
    CHECK_OK(rl_table_read(src, &w, 1, &faults, &t, cx.keep, &cx), &cx);
    check_refused(SOURCE("month\n1,2\n"), &w, RL_EINPUT, "a row with 2 fields, the header has 1", "quotes");
    check_refused(source("/nowhere/x.csv"), &w, RL_EINPUT, "cannot read the file: No such file or directory",
                  "relative");
}

/* What a spreadsheet leaves below a table: rows of delimiters. */
static void rows_of_empty_cells(void **state)
{
    (void)state;
    rl_source *src = SOURCE("id,usd\n,\na,2.385\n , \n\"\",\"\"\nb,\n,3\n,\n");
    const rl_want want[] = {{.name = "usd", .type = RL_NUM}, {.name = "id", .type = RL_TEXT}};
    rl_table t;
    CHECK_OK(rl_table_read(src, want, 2, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.rows_read, 7);
    assert_int_equal(t.n, 3);
    assert_int_equal(faults.count[RL_RULE_EMPTY], 4);
    assert_int_equal(t.row[0], 1);
    assert_int_equal(t.row[2], 5);
    CHECK_DIGITS(t.col[0].num[2], 3, 16);
    faults.policy[RL_RULE_EMPTY] = RL_POLICY_KEEP;
    CHECK_OK(rl_table_read(src, want, 2, &faults, &t, cx.keep, &cx), &cx);
    assert_int_equal(t.n, 7);
    assert_true(rl_missing(&t.col[0], 0) && rl_missing(&t.col[1], 0));
}

static void rows_are_kept_and_columns_added(void **state)
{
    (void)state;
    rl_source *src = SOURCE("id,when,usd\na,2024-03-11,1\nb,2024-03-12,x\nc,,3\nd,2024-03-14,4\n");
    const rl_want want[] = {{.name = "id", .type = RL_TEXT},
                            {.name = "when", .type = RL_DATE},
                            {.name = "usd", .type = RL_NUM},
                            {.name = "none", .type = RL_TEXT, .optional = true}};
    const unsigned char first[] = {0, 1, 1, 1}, second[] = {1, 0, 1};
    rl_table t;
    char buf[32];
    CHECK_OK(rl_table_read(src, want, 4, &faults, &t, cx.keep, &cx), &cx);
    rl_col *c = rl_table_add(&t, "score", RL_NUM, NULL, cx.keep);
    assert_true(rl_missing(c, 0) && rl_missing(c, 3) && c->field == -1);
    c->num[3] = 2.5;
    assert_true(rl_missing(rl_table_add(&t, "word", RL_TEXT, NULL, cx.keep), 3));
    assert_true(rl_missing(rl_table_add(&t, "day", RL_DATE, NULL, cx.keep), 3));
    rl_table_filter(&t, first, cx.keep);
    rl_table_filter(&t, second, cx.keep);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.row[0], 1);
    assert_int_equal(t.row[1], 3);
    assert_int_equal(t.unread[0], 1);
    assert_int_equal(t.unread[1], 0);
    assert_string_equal(rl_cell_text(&t.col[0], 1, buf), "d");
    assert_string_equal(rl_cell_text(&t.col[1], 1, buf), "2024-03-14");
    assert_true(rl_table_col(&t, "score")->num[1] == 2.5 && rl_missing(&t.col[2], 0));
}

static void check_groups(const rl_col *c, size_t n, size_t G, const int *code, const char *const *label)
{
    rl_groups g;
    rl_groups_of(c, n, &g, cx.keep, &cx);
    assert_int_equal(g.G, G);
    for (size_t i = 0; i < n; i++) assert_int_equal(g.code[i], code[i]);
    for (size_t k = 0; k < G; k++) assert_string_equal(g.label[k], label[k]);
}

static void groups_in_order_of_value(void **state)
{
    (void)state;
    rl_source *src =
        SOURCE("t,x,d\nzeta,10,2024-03-11\nAlpha,-0,\n,,2023-01-01\nalpha,2.5,2024-03-11\n\u00e4,0,2025-01-01\n"
               "alphabet soup b,-3,2023-01-01\nalphabet soup a,10,2024-03-12\n");
    const rl_want want[] = {
        {.name = "t", .type = RL_TEXT}, {.name = "x", .type = RL_NUM}, {.name = "d", .type = RL_DATE}};
    rl_table t;
    CHECK_OK(rl_table_read(src, want, 3, &faults, &t, cx.keep, &cx), &cx);
    check_groups(&t.col[0], 7, 6, (int[]){4, 0, -1, 1, 5, 3, 2},
                 (const char *[]){"Alpha", "alpha", "alphabet soup a", "alphabet soup b", "zeta", "\u00e4"});
    check_groups(&t.col[1], 7, 4, (int[]){3, 1, -1, 2, 1, 0, 3}, (const char *[]){"-3", "0", "2.5", "10"});
    check_groups(&t.col[2], 7, 4, (int[]){1, -1, 0, 1, 3, 0, 2},
                 (const char *[]){"2023-01-01", "2024-03-11", "2024-03-12", "2025-01-01"});
    /* Texts no row has any more are no groups. */
    rl_table_filter(&t, (const unsigned char[]){1, 0, 0, 1, 0, 0, 0}, cx.keep);
    check_groups(&t.col[0], 2, 2, (int[]){1, 0}, (const char *[]){"alpha", "zeta"});
    check_groups(&t.col[0], 0, 0, NULL, NULL);
    check_groups(&t.col[1], 0, 0, NULL, NULL);
    check_groups(&t.col[2], 0, 0, NULL, NULL);
    check_groups(&(rl_col){.type = RL_AUTO}, 2, 0, (int[]){-1, -1}, NULL);
}

/* Codes of many numbers sort as the numbers do. */
static void many_groups(void **state)
{
    (void)state;
    enum { N = 20000 };
    rl_rng r = rl_rng_for(9, 9);
    rl_col c = {.type = RL_NUM, .num = RL_NEW(cx.keep, double, N)};
    rl_groups g;
    for (int i = 0; i < N; i++) c.num[i] = (double)(rl_bits(&r) % 30011) / 8 - 1000;
    rl_groups_of(&c, N, &g, cx.keep, &cx);
    for (int i = 1; i < N; i++) {
        int by_value = (c.num[i] > c.num[i - 1]) - (c.num[i] < c.num[i - 1]);
        int by_code = (g.code[i] > g.code[i - 1]) - (g.code[i] < g.code[i - 1]);
        if (by_value != by_code || strtod(g.label[g.code[i]], NULL) != c.num[i]) fail_msg("row %d", i);
    }
    assert_in_range(g.G, 14000, 15000);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(three_types_and_missing),
        TEST(dictionaries_are_shared),
        TEST(cells_that_are_no_numbers),
        TEST(numbers_in_another_format),
        TEST(cells_that_are_no_dates),
        TEST(columns_find_their_type),
        TEST(many_rows_grow),
        TEST(groups_that_all_occur),
        TEST(large_dictionaries),
        TEST(header_alone),
        TEST(columns_that_are_not_there),
        TEST(rows_of_empty_cells),
        TEST(rows_are_kept_and_columns_added),
        TEST(groups_in_order_of_value),
        TEST(many_groups),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
