/* The quote-free splitter against libcsv, and a file read in pieces against the file read in one go. */
#include <csv.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "data/csv_locate.h"
#include "data/csv_split.h"
#include "data/table_read.h"
#include "data_file.h"
#include "own_ctx.h"

static uint64_t below(rl_rng *g, uint64_t n) { return (rl_bits(g) >> 32) * n >> 32; }

/* Rows as one text: fields between < and >, a row between [ and ]. */
typedef struct rows {
    rl_str out;
    size_t k, width;    /* of this row, of the first */
    size_t n, n_fields; /* rows the splitter gave, and their width */
    bool even;
} rows;

static void add_field(void *s, size_t n, void *user)
{
    rows *r = user;
    rl_str_add(&r->out, r->k++ == 0 ? "[<" : "<");
    rl_str_addn(&r->out, s, n);
    rl_str_add(&r->out, ">");
}

static void add_row(int c, void *user)
{
    rows *r = user;
    (void)c;
    rl_str_add(&r->out, "]");
    if (r->width == 0) r->width = r->k;
    r->even = r->even && r->k == r->width;
    r->k = 0;
}

static rows by_libcsv(const char *text, size_t n, char delimiter)
{
    struct csv_parser p;
    rows r = {.out = rl_str_new(cx.tmp), .even = true};
    rl_csv_parser_init(&p, delimiter);
    assert_int_equal(csv_parse(&p, text, n, add_field, add_row, &r), n);
    assert_int_equal(csv_fini(&p, add_field, add_row, &r), 0);
    csv_free(&p);
    return r;
}

static void split_rows(void *user, uint64_t first, const rl_field *field, size_t n_rows)
{
    rows *r = user;
    assert_int_equal(first, r->n);
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < r->n_fields; j++, field++) add_field((void *)(uintptr_t)field->s, field->n, r);
        add_row(0, r);
    }
    r->n += n_rows;
}

/* True when every row is as wide as the first. */
static bool same_callbacks(const char *text, size_t n, char delimiter)
{
    char *copy = rl_alloc(cx.tmp, n + RL_SPLIT_PAD, 1);
    memcpy(copy, text, n);
    rows want = by_libcsv(text, n, delimiter);
    size_t width = want.width > 0 ? want.width : 1;
    rl_field *field = RL_NEW(cx.tmp, rl_field, width * rl_split_rows(width));
    uint64_t *end = RL_NEW(cx.tmp, uint64_t, n / 64 + 1);
    for (int kind = RL_SPLIT_PLAIN; kind < RL_SPLIT_KINDS; kind++) {
        rows got = {.out = rl_str_new(cx.tmp), .even = true, .n_fields = width};
        uint64_t n_rows;
        if (!rl_split_has((rl_split_kind)kind)) continue;
        memset(end, 0xff, (n / 64 + 1) * sizeof *end);
        rl_bytes_seen seen = rl_csv_ends(copy, n, delimiter, (rl_split_kind)kind, end);
        assert_false(seen.quote || seen.high || seen.nul);
        bool fits = rl_csv_split(copy, n, end, delimiter, field, width, split_rows, &got, &n_rows);
        assert_int_equal(fits, want.even);
        if (fits) assert_int_equal(n_rows, got.n);
        if (fits) assert_string_equal(rl_str_text(&got.out), rl_str_text(&want.out));
    }
    return want.even;
}

static void what_libcsv_does_with_few_bytes(void **state)
{
    (void)state;
    static const char *const TEXT[] = {
        "",
        "a",
        "a\n",
        "\n",
        " \t \n",
        "a,b\r\n1,2\r\n",
        "a,b\r1,2\r",
        "1,",
        "1,\n",
        ",\n",
        " a b\t, c \n",
        "\n\n1\n",
        "a\n\n\n b\n",
        "a,b\n1\n",
        "  ,\n",
        "a,b\n1,2,3\n",
        "a,b\n \n,",
        "\ta\t\t\n b",
        "a\r\r\n\nb",
        "a;b\n",
        "a\tb\n",
        "a, \n",
    };
    for (size_t i = 0; i < sizeof TEXT / sizeof *TEXT; i++) {
        same_callbacks(TEXT[i], strlen(TEXT[i]), ',');
        same_callbacks(TEXT[i], strlen(TEXT[i]), '\t');
        same_callbacks(TEXT[i], strlen(TEXT[i]), ';');
    }
}

static void what_libcsv_does_with_random_bytes(void **state)
{
    (void)state;
    static const char BYTE[] = ",,\r\n\n \tab1.";
    size_t even = 0;
    for (uint64_t seed = 1; seed <= 6000; seed++) {
        rl_rng g = rl_rng_for(20260630, seed);
        char text[300];
        size_t n = (size_t)below(&g, seed % 4 == 0 ? sizeof text : 24);
        for (size_t i = 0; i < n; i++) text[i] = BYTE[below(&g, sizeof BYTE - 1)];
        even += same_callbacks(text, n, seed % 3 == 0 ? '\t' : ',');
        rl_arena_reset(cx.tmp);
    }
    assert_true(even > 1000); /* whole comparisons, not only refusals */
}

static void rows_across_blocks_of_64_bytes(void **state)
{
    (void)state;
    rl_str s = rl_str_new(cx.tmp);
    for (int i = 0; i < 400; i++) rl_str_addf(&s, "%*d , %d.%d,\t%d\n", i % 9, i, i % 7, i, i * i);
    assert_true(same_callbacks(s.s, s.n, ','));
    for (size_t n = s.n - 130; n < s.n; n++) same_callbacks(s.s, n, ',');
}

static void bytes_are_seen(void **state)
{
    (void)state;
    char text[200 + RL_SPLIT_PAD];
    uint64_t end[200 / 64 + 1];
    const size_t n = 200;
    for (int kind = RL_SPLIT_PLAIN; kind < RL_SPLIT_KINDS; kind++) {
        const rl_split_kind by = (rl_split_kind)kind;
        if (!rl_split_has(by)) continue;
        for (size_t at = 0; at < sizeof text; at++) {
            static const char BYTE[] = {'"', '\0', '\x80', '\xff', ';', '\n', '\r'};
            for (size_t b = 0; b < sizeof BYTE; b++) {
                memset(text, 'x', sizeof text);
                text[at] = BYTE[b]; /* behind the text it does not count */
                rl_bytes_seen seen = rl_csv_ends(text, n, ';', by, end);
                assert_int_equal(seen.quote, at < n && b == 0);
                assert_int_equal(seen.nul, at < n && b == 1);
                assert_int_equal(seen.high, at < n && (b == 2 || b == 3));
                for (size_t i = 0; i < 256; i++) assert_int_equal(end[i / 64] >> i % 64 & 1, i == at && i < n && b > 3);
            }
        }
    }
    assert_true(rl_split_has(rl_split_best()));
}

/* ---- pieces ---- */

/* A table, its faults and its error as one text. */
static const char *told(const char *path, size_t bytes, const rl_want *want, size_t n_want, int threads)
{
    static const char *const MISSING[] = {"NA"};
    rl_ctx one;
    rl_faults faults;
    rl_table t;
    rl_str s = rl_str_new(cx.tmp);
    check_ctx(&one);
    one.threads = threads;
    rl_faults_init(&faults, one.keep);
    rl_source src = rl_source_of(path);
    src.missing = MISSING;
    src.n_missing = 1;
    if (rl_table_read_cut(&src, want, n_want, &faults, &t, one.keep, bytes, &one) != RL_OK)
        rl_str_addf(&s, "error %d:%d %s|%s\n", one.err.line, one.err.col, one.err.what, one.err.hint);
    else {
        rl_str_addf(&s, "%zu rows\n", t.n);
        for (size_t i = 0; i < t.n; i++) {
            for (size_t j = 0; j < t.k; j++) {
                char buf[32];
                int32_t code = t.col[j].type == RL_TEXT ? t.col[j].code[i] : -2;
                assert_false(t.col[j].full && rl_missing(&t.col[j], i));
                rl_str_addf(&s, "%d:%s=%d,", (int)t.col[j].type, rl_cell_text(&t.col[j], i, buf), code);
            }
            rl_str_addf(&s, "%d\n", t.unread != NULL && t.unread[i]);
        }
    }
    for (size_t i = 0; i < faults.n; i++)
        rl_str_addf(&s, "fault %llu,%d %s (%s)\n", (unsigned long long)faults.fault[i].row, (int)faults.fault[i].field,
                    faults.fault[i].what, faults.fault[i].hint);
    rl_str_addf(&s, "%zu faults\n", faults.count[RL_RULE_CELL]);
    rl_ctx_free(&one);
    return rl_str_text(&s);
}

static bool same_in_pieces(const char *path, const rl_want *want, size_t n_want)
{
    static const size_t CUT[] = {16, 37, 256, 4096};
    const char *whole = told(path, SIZE_MAX, want, n_want, 1);
    for (size_t i = 0; i < sizeof CUT / sizeof *CUT; i++)
        assert_string_equal(told(path, CUT[i], want, n_want, 1 + (int)i), whole);
    return whole[0] != 'e';
}

static const rl_want TYPED[] = {
    {.name = "a", .type = RL_TEXT}, {.name = "b", .type = RL_NUM}, {.name = "c", .type = RL_TEXT}};

static void a_file_in_pieces_is_the_file(void **state)
{
    (void)state;
    size_t sound = 0;
    static const char *const CELL[] = {
        "1.5",     "-2",  "NA",      "",         "x",        "\"q\"",       "\"two\nlines\"",
        "\"a,b\"", "7e3", " blank ", "\"\"\"\"", "\xc3\xa9", "12345678.25", "\"1\r\n2\"",
        "0x1",     "y"};
    for (uint64_t seed = 1; seed <= 150; seed++) {
        rl_rng g = rl_rng_for(7, seed);
        rl_str s = rl_str_new(cx.tmp);
        const char *eol = seed % 5 == 0 ? "\r\n" : "\n";
        size_t n = (size_t)below(&g, 60), kinds = seed % 3 == 0 ? 5 : sizeof CELL / sizeof *CELL;
        rl_str_addf(&s, "%s%s%s", seed % 7 == 0 ? "\xef\xbb\xbf" : "", seed % 4 == 0 ? "\"a\",b,c" : "a,b,c", eol);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < 3; j++) {
                const char *cell = CELL[below(&g, j == 1 ? 3 : kinds)];
                if (below(&g, 40) == 0) cell = CELL[below(&g, kinds)];
                rl_str_addf(&s, "%s%s", cell, j < 2 ? "," : "");
            }
            bool last = i + 1 == n && seed % 2 == 0;
            rl_str_add(&s, last ? "" : below(&g, 10) == 0 ? "\n \n" : eol);
            if (seed % 3 == 1 && below(&g, 20) == 0) rl_str_add(&s, ",,\n \t,, \n");
            if (seed % 11 == 0 && below(&g, 30) == 0) rl_str_add(&s, seed % 2 ? "one,two\n" : "a\"b,1,2\n");
            if (seed % 13 == 0 && below(&g, 50) == 0) rl_str_add(&s, "\xff,1,2\n");
        }
        sound += same_in_pieces(data_file(rl_str_text(&s), s.n), TYPED, 3);
        rl_arena_reset(cx.tmp);
    }
    assert_true(sound > 100);
}

/* A column is called full when no piece met a blank, a token for one or a cell that could not be read. */
static void full_columns_are_known(void **state)
{
    (void)state;
    const rl_want want[] = {{.name = "a", .type = RL_NUM},  {.name = "b", .type = RL_NUM},
                            {.name = "c", .type = RL_TEXT}, {.name = "d", .type = RL_TEXT},
                            {.name = "e", .type = RL_DATE}, {.name = "f", .type = RL_DATE}};
    rl_faults faults;
    rl_table t;
    rl_str s = rl_str_new(cx.tmp);
    rl_str_add(&s, "a,b,c,d,e,f\n");
    for (int i = 0; i < 3000; i++)
        rl_str_addf(&s, "%d,%s,n%d,%s,2024-02-0%d,%s\n", i, i == 1777 ? "" : "2.5", i % 7, i == 2001 ? "" : "x",
                    1 + i % 9, i == 5 ? "" : "2024-03-01");
    rl_faults_init(&faults, cx.tmp);
    rl_source src = rl_source_of(data_file(rl_str_text(&s), s.n));
    CHECK_OK(rl_table_read_cut(&src, want, 6, &faults, &t, cx.tmp, 512, &cx), &cx);
    for (size_t j = 0; j < 6; j++) assert_int_equal(t.col[j].full, j % 2 == 0);
}

static void pieces_decide_what_a_column_is(void **state)
{
    (void)state;
    const rl_want any[] = {
        {.name = "a", .type = RL_AUTO}, {.name = "b", .type = RL_AUTO}, {.name = "c", .type = RL_AUTO}};
    rl_str s = rl_str_new(cx.tmp);
    rl_str_add(&s, "a,b,c\n");
    for (int i = 0; i < 4000; i++) rl_str_addf(&s, "%d,%s%d,%s\n", i, i % 3 ? "k" : "", i % 17, i % 2 ? "" : "8.5");
    assert_true(same_in_pieces(data_file(rl_str_text(&s), s.n), any, 3));
    rl_str_add(&s, "oops,1,2\n");
    const char *bad = told(data_file(rl_str_text(&s), s.n), 256, any, 3, 2);
    assert_non_null(strstr(bad, "fault 4000,0 'oops' is not a number (column 'a')"));
}

/* Enough of them that the pieces' lists are merged by all threads: ids that hardly repeat, with runs, and few names. */
static void texts_of_many_pieces(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        rl_rng g = rl_rng_for(31, seed);
        rl_str s = rl_str_new(cx.tmp);
        rl_str_add(&s, "a,b,c\n");
        for (int i = 0; i < 9000; i++) {
            int id = seed == 2 ? i / 7 : below(&g, 10) == 0 ? (int)below(&g, 9000) : i;
            if (seed == 3 && i > 3000) id %= 900; /* new at first, then hardly ever */
            rl_str_addf(&s, "%s%d,%s%d.%d,%s%d\n", id % 3 ? "D-000" : "", id, i % 5 ? "-" : "", i % 91, i,
                        i % 700 == 9 ? "NA" : "region-", (int)below(&g, 40));
        }
        assert_true(same_in_pieces(data_file(rl_str_text(&s), s.n), TYPED, 3));
        rl_arena_reset(cx.tmp);
    }
}

static void columns_that_share_a_dictionary(void **state)
{
    (void)state;
    rl_str s = rl_str_new(cx.tmp);
    rl_str_add(&s, "a,b\n");
    for (int i = 0; i < 300; i++) rl_str_addf(&s, "u%d,u%d\n", (i * 7) % 41, (i * 11) % 53);
    for (int i = 0; i < 6000; i++) rl_str_addf(&s, "v%d,v%d\n", (i * 7) % 5003, (i * 11) % 4001);
    const char *path = data_file(rl_str_text(&s), s.n);
    for (size_t bytes = 64; bytes <= 16384; bytes *= 4) {
        rl_table one, two;
        rl_faults faults;
        rl_source src = rl_source_of(path);
        rl_faults_init(&faults, cx.keep);
        rl_dict *d = rl_dict_new(cx.keep), *e = rl_dict_new(cx.keep);
        const rl_want w[] = {{.name = "a", .type = RL_TEXT, .dict = d}, {.name = "b", .type = RL_TEXT, .dict = d}};
        const rl_want v[] = {{.name = "a", .type = RL_TEXT, .dict = e}, {.name = "b", .type = RL_TEXT, .dict = e}};
        CHECK_OK(rl_table_read_cut(&src, w, 2, &faults, &one, cx.keep, SIZE_MAX, &cx), &cx);
        CHECK_OK(rl_table_read_cut(&src, v, 2, &faults, &two, cx.keep, bytes, &cx), &cx);
        assert_int_equal(d->n, e->n);
        for (size_t i = 0; i < d->n; i++) assert_string_equal(d->text[i], e->text[i]);
        for (size_t i = 0; i < one.n; i++) assert_int_equal(one.col[1].code[i], two.col[1].code[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_libcsv_does_with_few_bytes), TEST(what_libcsv_does_with_random_bytes),
        TEST(rows_across_blocks_of_64_bytes),  TEST(bytes_are_seen),
        TEST(a_file_in_pieces_is_the_file),    TEST(full_columns_are_known),
        TEST(pieces_decide_what_a_column_is),  TEST(texts_of_many_pieces),
        TEST(columns_that_share_a_dictionary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
