/* CSV files: libcsv's traps, encodings, delimiters, and where things stand. */
#include <sys/stat.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "data/csv.h"
#include "data_file.h"
#include "own_ctx.h"

/* A file read into one text: fields in [], rows ended by /, "" as [<>]. */
typedef struct seen {
    rl_str text;
    uint64_t next;
} seen;

static void on_row(void *user, uint64_t row, const rl_field *field, size_t n_fields)
{
    seen *s = user;
    assert_true(row == s->next++);
    for (size_t i = 0; i < n_fields; i++) {
        rl_str_addc(&s->text, '[');
        rl_str_addn(&s->text, field[i].s, field[i].n);
        rl_str_add(&s->text, field[i].quoted_empty ? "<>]" : "]");
    }
    rl_str_addc(&s->text, '/');
}

typedef struct result {
    rl_code code;
    rl_err err;
    rl_header head;
    uint64_t rows;
    const char *text;
} result;

static result read_source(rl_source src)
{
    result r = {0};
    seen s = {rl_str_new(cx.keep), 0};
    src.name = "x.csv";
    rl_forgive(&cx);
    r.code = rl_csv_read(&src, &r.head, on_row, &s, &r.rows, &cx);
    assert_true(r.rows == s.next);
    r.err = cx.err;
    r.text = rl_str_text(&s.text);
    return r;
}

static result read_path(const char *path) { return read_source(rl_source_of(path)); }

#define READ(literal) read_path(DATA_TEXT(literal))

#define GIVES(literal, want)                                                                             \
    do {                                                                                                 \
        result r_ = READ(literal);                                                                       \
        if (r_.code != RL_OK) fail_msg("%s: %d:%d: %s", #literal, r_.err.line, r_.err.col, r_.err.what); \
        assert_string_equal(r_.text, want);                                                              \
    } while (0)

static void check_fault(result r, int line, int col, const char *what, const char *hint, const char *excerpt)
{
    assert_int_equal(r.code, RL_EINPUT);
    assert_string_equal(r.err.file, "x.csv");
    assert_int_equal(r.err.line, line);
    assert_int_equal(r.err.col, col);
    if (strstr(r.err.what, what) == NULL) fail_msg("'%s' is not in '%s'", what, r.err.what);
    if (strstr(r.err.hint, hint) == NULL) fail_msg("'%s' is not in '%s'", hint, r.err.hint);
    if (excerpt != NULL) assert_string_equal(r.err.excerpt, excerpt);
}

static void rows_and_line_ends(void **state)
{
    (void)state;
    GIVES("a,b\n1,2\n3,4\n", "[1][2]/[3][4]/");
    GIVES("a,b\r\n1,2\r\n3,4\r\n", "[1][2]/[3][4]/");
    GIVES("a,b\r1,2\r3,4\r", "[1][2]/[3][4]/");
    GIVES("a,b\n1,2\n3,4", "[1][2]/[3][4]/");
    GIVES("a,b\n1,", "[1][]/");
    GIVES("a,b\n\n1,2\n \t \n\r\n3,4\n\n\n", "[1][2]/[3][4]/");
    GIVES("\n\na,b\n1,2\n", "[1][2]/");
    GIVES("a\n1\n\n2\n", "[1]/[2]/");
    GIVES("a\n1\n\"\"\n2\n", "[1]/[<>]/[2]/");
    GIVES("a,b\n", "");
    GIVES("a,b", "");
}

static void fields_and_quotes(void **state)
{
    (void)state;
    GIVES("a,b\n  x y  ,\tz \n", "[x y][z]/");
    GIVES("a,b\n\"  x \" , \" z\"\n", "[  x ][ z]/");
    GIVES("a,b\n\"he said \"\"no\"\"\",\"1,2\"\n", "[he said \"no\"][1,2]/");
    GIVES("a,b\n\"two\r\nlines\",x\n", "[two\r\nlines][x]/");
    GIVES("a,b,c\n,\"\",\n", "[][<>][]/");
    GIVES("a,b\n\xc2\xa0x\xc2\xa0,y\n", "[\xc2\xa0x\xc2\xa0][y]/");
    GIVES("a,b\n\"x\",\"y\"", "[x][y]/");
    GIVES("a,b\n=1+1,`id`$(id)\n", "[=1+1][`id`$(id)]/");
}

static void headers(void **state)
{
    (void)state;
    bool twice;
    result r = READ("\xef\xbb\xbf\"id\", \" Deal  name \",id,,b\n1,2,3,4,5\n");
    assert_int_equal(r.code, RL_OK);
    assert_int_equal(r.head.n, 5);
    assert_string_equal(r.head.name[0], "id");
    assert_string_equal(r.head.name[1], "Deal  name");
    assert_string_equal(r.head.name[3], "");
    assert_int_equal(rl_header_find(&r.head, "id", &twice), 0);
    assert_true(twice);
    assert_int_equal(rl_header_find(&r.head, "b", &twice), 4);
    assert_false(twice);
    assert_int_equal(rl_header_find(&r.head, "B", NULL), -1);

    rl_header h;
    rl_source src = rl_source_of(DATA_TEXT("x;y\n1;2;3\n\"open"));
    CHECK_OK(rl_csv_header(&src, &h, &cx), &cx); /* what follows is not its business */
    assert_int_equal(h.n, 2);
    assert_string_equal(h.name[1], "y");
}

static void delimiters_are_guessed(void **state)
{
    (void)state;
    GIVES("a;b\n1,5;2\n", "[1,5][2]/");
    GIVES("a\tb\n1,5\t\n \t2\n", "[1,5][]/[][2]/");
    GIVES("a|b|c\n1|2|3\n", "[1][2][3]/");
    GIVES("\"a;b;c;d\",e\n1,2\n", "[1][2]/");
    GIVES("a;b,c;d\n1;2;3\n", "[1][2][3]/");
    GIVES("alone\n1;2\n", "[1;2]/");
    GIVES("a,b;c\n1,2;3\n", "[1][2;3]/"); /* a draw goes to the comma */
    rl_source src = rl_source_of(DATA_TEXT("a,b;c\n1,2;3\n"));
    src.delimiter = ';';
    assert_string_equal(read_source(src).text, "[1,2][3]/");
}

static void stray_quotes_stop_the_file(void **state)
{
    (void)state;
    check_fault(READ("a,b\n1,2\n5\" pipe,b\n"), 3, 2, "a quote inside a field", "write the inner quote twice",
                "      3 | 5\" pipe,b\n        |  ^");
    check_fault(READ("a,b\n1,2\n\"x\"y,b\n3,4\n"), 3, 4, "text after the closing quote", "written twice",
                "      3 | \"x\"y,b\n        |    ^");
    check_fault(READ("a,b\n\"1\n\n2\",\"x\" \"y\"\n"), 4, 8, "text after the closing quote", "", NULL);
    check_fault(READ("a\"b\n1\n"), 1, 2, "a quote inside a field", "", NULL);
    result r = READ("a,b\n1,2\n3,4\nx\"\n");
    assert_string_equal(r.text, "[1][2]/[3][4]/"); /* what came before is given out */
}

static void an_open_quote_is_told_where_it_opens(void **state)
{
    (void)state;
    check_fault(READ("a,b\n1,2\n3,\"4\n5,6\n7,8\n"), 3, 3, "a quote that is never closed", "never closed",
                "      3 | 3,\"4\n        |   ^");
    check_fault(READ("a,\"b\n1,2\n"), 1, 3, "a quote that is never closed", "", NULL);
    check_fault(READ("a\n\""), 2, 1, "a quote that is never closed", "", NULL);

    const size_t n = 3 * 1024 * 1024;
    char *big = malloc(n);
    memset(big, 'x', n);
    memcpy(big, "a,b\n1,2\n\n3, \"", 13);
    for (size_t i = 100; i < n; i += 50) big[i] = '\n';
    check_fault(read_path(data_file(big, n)), 4, 4, "longer than 1 MiB", "never closed", NULL);
    free(big);
}

static void long_fields_are_fine_up_to_a_megabyte(void **state)
{
    (void)state;
    const size_t n = 1024 * 1024 - 5000;
    char *big = malloc(n + 8);
    memcpy(big, "a,b\n", 4);
    memset(big + 4, 'y', n);
    memcpy(big + 4 + n, ",2\n", 3);
    result r = read_path(data_file(big, n + 7));
    assert_int_equal(r.code, RL_OK);
    assert_int_equal(strlen(r.text), n + 6);
    free(big);
}

static void a_long_field_that_ends_is_refused_too(void **state)
{
    (void)state;
    const size_t n = 1024 * 1024 + 1;
    char *big = malloc(n + 12);
    memcpy(big, "a,b\n1, ", 7);
    memset(big + 7, 'y', n);
    memcpy(big + 7 + n, "\n2,3\n", 5);
    check_fault(read_path(data_file(big, n + 12)), 2, 4, "longer than 1 MiB", "never closed", NULL);
    memcpy(big + 7 + n - 1, "\n2,3\n", 5);
    result r = read_path(data_file(big, n + 11));
    assert_int_equal(r.code, RL_OK);
    assert_true(r.rows == 2);
    free(big);
}

static void rows_of_another_length(void **state)
{
    (void)state;
    check_fault(READ("a,b\n1,2\n\n3,4,5,6\n"), 4, 5, "a row with 4 fields, the header has 2",
                "holds ',' must stand in quotes", "      4 | 3,4,5,6\n        |     ^");
    check_fault(READ("a,b,c\n1,2\n"), 2, 3, "a row with 2 fields, the header has 3", "", NULL);
    check_fault(READ("a;b;c\nx"), 2, 1, "a row with 1 field, the header has 3", "';'", NULL);
    check_fault(READ("a\tb\n1\t2\t3\n"), 2, 5, "3 fields", "holds a tab", "      2 | 1\t2\t3\n        |  \t \t^");
    check_fault(READ("a,b\n\"x\ny\",2,\n"), 3, 6, "3 fields", "", NULL);
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    check_fault(READ("a,b\n1\0,2\n"), 2, 2, "NUL byte", "encoding: utf-16", "      2 | 1\n        |  ^");
    check_fault(READ("\0a,b\n1,2\n"), 1, 1, "NUL byte", "", NULL);
    check_fault(READ("a,b\nz\xc3\xbc,f\xfcr\n"), 2, 5, "byte 0xfc is not UTF-8", "add 'encoding: latin-1'", NULL);
    check_fault(READ("a,b\n\xc0\x80,2\n"), 2, 1, "byte 0xc0", "", NULL);         /* overlong            */
    check_fault(READ("a,b\n\xed\xa0\x80,2\n"), 2, 1, "byte 0xed", "", NULL);     /* a surrogate         */
    check_fault(READ("a,b\n\xf4\x90\x80\x80,2\n"), 2, 1, "byte 0xf4", "", NULL); /* beyond U+10FFFF     */
    check_fault(READ("a,b\n1,\xe2\x82"), 2, 3, "byte 0xe2", "", NULL);           /* cut off by the end  */
    check_fault(READ("a,b\n\x80,2\n"), 2, 1, "byte 0x80", "", NULL);
    /* A fault that stands before it is told first. */
    check_fault(READ("a,b\n1,2,3\n\xff,2\n"), 2, 5, "3 fields", "", NULL);
    GIVES("a,b\n\xe2\x82\xac,\xf0\x9f\x99\x82\n", "[\xe2\x82\xac][\xf0\x9f\x99\x82]/");
}

static void latin1_is_windows_1252(void **state)
{
    (void)state;
    rl_source src = rl_source_of(DATA_TEXT("a,b\nf\xfcr,\x80 \x93q\x94\n\x81,\xff\n"));
    src.encoding = RL_LATIN1;
    assert_string_equal(read_source(src).text, "[f\u00fcr][\u20ac \u201cq\u201d]/[\xc2\x81][\u00ff]/");
    src.path = DATA_TEXT("\xef\xbb\xbf"
                         "a,b\nf\xc3\xbcr,2\n"); /* the mark knows better */
    assert_string_equal(read_source(src).text, "[f\u00fcr][2]/");
    src.path = DATA_TEXT("a,b\n\xfc,x\0\n");
    check_fault(read_source(src), 2, 4, "NUL byte", "", NULL);
}

static void utf16_in_both_orders(void **state)
{
    (void)state;
    GIVES("\xff\xfe"
          "a\0,\0b\0\n\0"
          "f\0\xfc\0,\0\x3d\xd8\x42\xde\n\0",
          "[f\u00fc][\xf0\x9f\x99\x82]/");
    GIVES("\xfe\xff\0a\0,\0b\0\n\0f\0\xfc\0,\x20\xac\0\n", "[f\u00fc][\u20ac]/");
    rl_source src = rl_source_of(DATA_TEXT("a\0,\0b\0\n\0"
                                           "1\0,\0"
                                           "2\0\n\0"));
    src.encoding = RL_UTF16;
    assert_string_equal(read_source(src).text, "[1][2]/");
    src.path = DATA_TEXT("\0a\0,\0b\0\n\0" /* the other order, without a mark */
                         "1\0,\0"
                         "2\0\n");
    assert_string_equal(read_source(src).text, "[1][2]/");
    check_fault(READ("\xff\xfe"
                     "a\0,\0b\0\n\0"
                     "1\0,\0\x3d\xd8x\0\n\0"),
                2, 3, "half a UTF-16", "'encoding'", NULL);
    check_fault(READ("\xff\xfe"
                     "a\0,\0b\0\n\0"
                     "1\0,\0x"),
                2, 3, "middle of a UTF-16", "", NULL);
    check_fault(READ("\xff\xfe"
                     "a\0,\0b\0\n\0"
                     "1\0,\0\0\0\n\0"),
                2, 3, "NUL byte", "UTF-16", NULL);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    check_fault(read_path("/nowhere/at all.csv"), 0, 0, "cannot read the file", "relative", NULL);
    check_fault(read_path("/tmp"), 0, 0, "not a regular file", "to a file first", NULL);
    check_fault(read_path("/dev/null"), 0, 0, "not a regular file", "", NULL);
    char pipe[] = "/tmp/revlift-pipe-XXXXXX";
    assert_non_null(mkdtemp(pipe));
    const char *fifo = rl_sprintf(cx.keep, "%s/fifo", pipe);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_fault(read_path(fifo), 0, 0, "not a regular file", "more than once",
                NULL); /* and nobody waits for a writer */
    unlink(fifo);
    rmdir(pipe);
    check_fault(READ(""), 0, 0, "an empty file", "name the columns", NULL);
    check_fault(READ("\xef\xbb\xbf"), 0, 0, "an empty file", "", NULL);
    check_fault(READ("\n \n\t\n"), 0, 0, "no header line", "", NULL);
}

static void excerpts_are_clipped(void **state)
{
    (void)state;
    char line[2000] = "a,b\n";
    for (int i = 0; i < 150; i++) strcat(line, "\u00fc\x01");
    strcat(line, ",x\t y\"z");
    for (int i = 0; i < 150; i++) strcat(line, "w");
    result r = read_path(data_file(line, strlen(line)));
    check_fault(r, 2, 306, "a quote inside", "", NULL);
    char want[1000] = "      2 | ...";
    for (int i = 0; i < 27; i++) strcat(want, " \u00fc");
    strcat(want, " ,x\t y\"z");
    for (int i = 0; i < 38; i++) strcat(want, "w");
    strcat(want, "...\n        |    ");
    for (int i = 0; i < 57; i++) strcat(want, " ");
    strcat(want, "\t  ^");
    assert_string_equal(r.err.excerpt, want);
}

/* ---- locate -------------------------------------------------------------------------------------------- */

static void cells_are_found(void **state)
{
    (void)state;
    rl_source src = rl_source_of(
        DATA_TEXT("\xef\xbb\xbf"
                  "a,b,c\r\n\r\n  1 , \"x\r\ny\" ,3\r\n \r\n\"\",,\"q\"\"q\"\r\n\u20ac\u20ac,  two words  ,\u00fc"));
    rl_place p[] = {{.row = 0, .field = -1}, {.row = 0, .field = 0}, {.row = 0, .field = 1}, {.row = 0, .field = 2},
                    {.row = 1, .field = 0},  {.row = 1, .field = 1}, {.row = 1, .field = 2}, {.row = 2, .field = 1},
                    {.row = 2, .field = 2},  {.row = 2, .field = 2}};
    static const int LINE[] = {3, 3, 3, 4, 6, 6, 6, 7, 7, 7}, COL[] = {3, 3, 8, 5, 1, 4, 6, 6, 18, 18};
    CHECK_OK(rl_csv_locate(&src, p, 10, cx.keep, &cx), &cx);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(p[i].line, LINE[i]);
        assert_int_equal(p[i].col, COL[i]);
    }
    assert_string_equal(p[0].excerpt, "      3 |   1 , \"x\n        |   ^");
    assert_string_equal(p[6].excerpt, "      6 | \"\",,\"q\"\"q\"\n        |      ^~~~");
    assert_string_equal(p[7].excerpt, "      7 | \u20ac\u20ac,  two words  ,\u00fc\n        |      ^~~~~~~~~");
    CHECK_OK(rl_csv_locate(&src, p, 0, cx.keep, &cx), &cx);
}

static void cells_that_are_gone(void **state)
{
    (void)state;
    rl_source src = rl_source_of(DATA_TEXT("a,b\n1,2\n3,4\n"));
    rl_place far[] = {{.row = 9, .field = 0}}, wide[] = {{.row = 0, .field = 2}};
    assert_int_equal(rl_csv_locate(&src, far, 1, cx.keep, &cx), RL_EIO);
    rl_forgive(&cx);
    assert_int_equal(rl_csv_locate(&src, wide, 1, cx.keep, &cx), RL_EIO);
    assert_non_null(strstr(cx.err.what, "changed"));
    rl_forgive(&cx);
    src.path = "/nowhere/x.csv";
    assert_int_equal(rl_csv_locate(&src, wide, 1, cx.keep, &cx), RL_EINPUT);
}

/* The text that really stands at (line, col) of a file. */
static const char *text_at(const char *s, int line, int col)
{
    for (; line > 1; line--) {
        while (*s != '\n' && *s != '\r') s++;
        s += s[0] == '\r' && s[1] == '\n' ? 2 : 1;
    }
    for (; col > 1; col--) {
        s++;
        while (((unsigned char)*s & 0xc0) == 0x80) s++;
    }
    return s;
}

/* Random files with every trap in them: each cell carries its own number, and
 * what stands at the line and column told begins with it. */
static void places_are_true(void **state)
{
    (void)state;
    enum { ROWS = 700, COLS = 4, CELLS = ROWS * COLS };
    static const char *const EOL[] = {"\n", "\r\n", "\r", "\n\n", "\r\n \t\r\n", "\n\n\n"};
    static const char *const PAD[] = {"", "", " ", " \t"};
    for (uint64_t seed = 1; seed <= 8; seed++) {
        rl_rng r = rl_rng_for(seed, 77);
        rl_str t = rl_str_new(cx.tmp);
        if (seed % 2) rl_str_add(&t, "\n");
        rl_str_add(&t, "a,b,\"c\nc\",d\n");
        for (int i = 0; i < CELLS; i++) {
            rl_str_add(&t, PAD[rl_bits(&r) % 4]);
            uint64_t kind = rl_bits(&r) % 5, fill = rl_bits(&r) % 90;
            if (kind == 0)
                rl_str_addf(&t, "\"%d \"\"q\"\"\n\r,\r\n\u20ac\"", i);
            else if (kind == 1)
                rl_str_addf(&t, "\"%d\"", i);
            else
                rl_str_addf(
                    &t, "%d\u00fc%.*s", i, (int)fill,
                    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
            rl_str_add(&t, PAD[rl_bits(&r) % 4]);
            rl_str_add(&t, i % COLS < COLS - 1 ? "," : EOL[rl_bits(&r) % 6]);
        }
        rl_place *p = RL_NEW(cx.tmp, rl_place, CELLS);
        for (int i = 0; i < CELLS; i++) p[i] = (rl_place){.row = (uint64_t)(i / COLS), .field = i % COLS};
        rl_source src = rl_source_of(data_file(t.s, t.n));
        CHECK_OK(rl_csv_locate(&src, p, CELLS, cx.tmp, &cx), &cx);
        for (int i = 0; i < CELLS; i++) {
            const char *at = text_at(t.s, p[i].line, p[i].col);
            if (strtol(at, NULL, 10) != i || *at == ' ' || *at == '\n')
                fail_msg("seed %d cell %d told at %d:%d, where '%.20s' stands", (int)seed, i, p[i].line, p[i].col, at);
        }
        rl_arena_reset(cx.tmp);
    }
}

/* Large files go through many blocks, cut anywhere: the rows are the same. */
static void blocks_do_not_show(void **state)
{
    (void)state;
    rl_str t = rl_str_new(cx.tmp), want = rl_str_new(cx.tmp);
    rl_str_add(&t, "a,b\n");
    for (int i = 0; i < 60000; i++) {
        rl_str_addf(&t, "%d,\"\u20ac\"\"\n%d\u00fc\"\r\n", i, i % 97);
        rl_str_addf(&want, "[%d][\u20ac\"\n%d\u00fc]/", i, i % 97);
    }
    result r = read_path(data_file(t.s, t.n));
    assert_int_equal(r.code, RL_OK);
    assert_true(r.rows == 60000 && strcmp(r.text, rl_str_text(&want)) == 0);

    rl_str_add(&t, "1,\"2\"x\n");
    check_fault(read_path(data_file(t.s, t.n)), 120002, 6, "text after", "", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_and_line_ends),
        TEST(fields_and_quotes),
        TEST(headers),
        TEST(delimiters_are_guessed),
        TEST(stray_quotes_stop_the_file),
        TEST(an_open_quote_is_told_where_it_opens),
        TEST(long_fields_are_fine_up_to_a_megabyte),
        TEST(a_long_field_that_ends_is_refused_too),
        TEST(rows_of_another_length),
        TEST(bytes_that_are_no_text),
        TEST(latin1_is_windows_1252),
        TEST(utf16_in_both_orders),
        TEST(files_that_cannot_be_read),
        TEST(excerpts_are_clipped),
        TEST(cells_are_found),
        TEST(cells_that_are_gone),
        TEST(places_are_true),
        TEST(blocks_do_not_show),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
