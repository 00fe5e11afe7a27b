#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "model/yaml.h"
#include "own_ctx.h"

static rl_node parse(const char *text)
{
    rl_doc doc;
    CHECK_OK(rl_yaml_parse("s.yaml", text, strlen(text), &doc, cx.keep, &cx), &cx);
    return doc.root;
}

static void refused(const char *text, size_t n, int line, int col, const char *what)
{
    rl_doc doc;
    assert_int_equal(rl_yaml_parse("s.yaml", text, n, &doc, cx.keep, &cx), RL_EINPUT);
    if (strstr(cx.err.what, what) == NULL) fail_msg("'%s' lacks '%s'", cx.err.what, what);
    assert_string_equal(cx.err.file, "s.yaml");
    if (cx.err.line != line || cx.err.col != col)
        fail_msg("'%s' at %d:%d, not %d:%d", cx.err.what, cx.err.line, cx.err.col, line, col);
}

#define REFUSED(text, line, col, what)                    \
    do {                                                  \
        rl_forgive(&cx);                                  \
        refused(text, sizeof(text) - 1, line, col, what); \
    } while (0)

static void keeps_kind_place_and_text(void **state)
{
    (void)state;
    rl_node root = parse("a: no\nb:\n  - 1.10\n  - {c: 'x', d: }\n\"e f\": |\n  two\n  lines\n");
    assert_int_equal(root.kind, RL_NODE_MAP);
    assert_int_equal(root.n, 3);
    assert_string_equal(rl_node_get(&root, "a")->text, "no");
    assert_false(rl_node_get(&root, "a")->quoted);
    const rl_node *b = rl_node_get(&root, "b");
    assert_int_equal(b->kind, RL_NODE_LIST);
    assert_string_equal(b->item[0].text, "1.10");
    assert_int_equal(b->item[0].line, 3);
    assert_int_equal(b->item[0].col, 5);
    assert_true(rl_node_get(&b->item[1], "c")->quoted);
    assert_string_equal(rl_node_get(&b->item[1], "d")->text, "");
    assert_false(rl_node_get(&b->item[1], "d")->quoted);
    assert_string_equal(rl_node_get(&root, "e f")->text, "two\nlines\n");
    assert_null(rl_node_get(&root, "g"));
    assert_null(rl_node_get(b, "a"));
}

static void takes_a_byte_order_mark_and_crlf(void **state)
{
    (void)state;
    rl_node root = parse("\xef\xbb\xbf"
                         "a: 1\r\nb: 2\r\n");
    assert_int_equal(root.key[0].col, 1);
    assert_int_equal(root.key[1].line, 2);
    assert_string_equal(root.item[1].text, "2");
}

static void columns_count_characters(void **state)
{
    (void)state;
    rl_node root = parse("{\xc3\xa4\xc3\xb6\xc3\xbc: x, b: y}\n");
    assert_int_equal(root.key[1].col, 10);
    REFUSED("{\xc3\xa4\xc3\xb6: 1, \xc3\xa4\xc3\xb6: 2}", 1, 9, "stands twice");
    assert_string_equal(cx.err.excerpt, "      1 | {\xc3\xa4\xc3\xb6: 1, \xc3\xa4\xc3\xb6: 2}\n        |         ^");
}

static void refuses_traps(void **state)
{
    (void)state;
    REFUSED("a: 1\nb: 2\na: 3\n", 3, 1, "key 'a' stands twice");
    assert_non_null(strstr(cx.err.hint, "line 1"));
    REFUSED("a: &x 1\n", 1, 4, "anchors");
    REFUSED("a: &x [1]\n", 1, 4, "anchors");
    REFUSED("a: &x {b: 1}\n", 1, 4, "anchors");
    REFUSED("a: *x\n", 1, 4, "aliases");
    REFUSED("a: !!str 1\n", 1, 4, "tags");
    REFUSED("a: ! 1\n", 1, 4, "tags");
    REFUSED("%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "tags");
    REFUSED("a: 1\n---\nb: 2\n", 2, 1, "a second document");
    REFUSED("? [a, b]\n: 1\n", 1, 3, "a key must be a text");
    REFUSED("a: \"x\\0y\"\n", 1, 4, "NUL");
    REFUSED("# nothing here\n", 1, 1, "nothing but comments");
    REFUSED("", 1, 1, "nothing but comments");
}

static void many_keys_are_compared_too(void **state)
{
    (void)state;
    rl_str t = rl_str_new(cx.tmp);
    for (int i = 0; i < 1237; i++) rl_str_addf(&t, "k%d: %d\n", i, 2 * i);
    rl_node root = parse(t.s);
    assert_int_equal(root.n, 1237);
    assert_string_equal(rl_node_get(&root, "k1111")->text, "2222");
    rl_str_add(&t, "k5: 1\n");
    refused(t.s, t.n, 1238, 1, "key 'k5' stands twice");
}

static void refuses_depth_and_size(void **state)
{
    (void)state;
    char deep[2 * RL_YAML_DEPTH + 1];
    memset(deep, '[', RL_YAML_DEPTH);
    memset(deep + RL_YAML_DEPTH, ']', RL_YAML_DEPTH);
    deep[2 * RL_YAML_DEPTH] = '\0';
    parse(deep);
    rl_str t = rl_str_new(cx.tmp);
    for (int i = 0; i < 20000; i++) rl_str_addc(&t, '[');
    refused(t.s, t.n, 1, RL_YAML_DEPTH + 1, "nested more than 32 deep");
    rl_forgive(&cx);
    rl_str big = rl_str_new(cx.tmp);
    while (big.n <= RL_YAML_BYTES) rl_str_add(&big, "# a line of a comment\n");
    refused(big.s, big.n, 0, 0, "larger than 1 MiB");
}

static void says_where_the_syntax_breaks(void **state)
{
    (void)state;
    REFUSED("a:\n\tb: 1\n", 2, 1, "cannot start any token");
    assert_non_null(strstr(cx.err.hint, "spaces"));
    REFUSED("a: @x\n", 1, 4, "cannot start any token");
    assert_non_null(strstr(cx.err.hint, "'@'"));
    REFUSED("a: [1, 2\nb: 3\n", 2, 2, "starts on line 1");
    REFUSED("a: b: c\n", 1, 5, "mapping values");
    assert_non_null(strstr(cx.err.hint, "': '"));
    REFUSED("a: 'x\n", 2, 1, "quoted scalar");
    REFUSED("ok: 1\nbad: \xff\xfe\n", 2, 6, "UTF-8");
    assert_non_null(strstr(cx.err.hint, "UTF-8"));
    REFUSED("ok: 1\nbad: a\x01z\n", 2, 7, "control characters");
}

static void clips_long_lines_around_the_caret(void **state)
{
    (void)state;
    rl_str t = rl_str_new(cx.tmp);
    rl_str_add(&t, "{");
    for (int i = 0; i < 100; i++) rl_str_addf(&t, "key%d: %d, ", i, i);
    rl_str_add(&t, "key7: 8}");
    refused(t.s, t.n, 1, 1 + 10 * 9 + 90 * 11 + 1, "key 'key7' stands twice");
    const char *line = cx.err.excerpt, *caret = strchr(cx.err.excerpt, '\n') + 1;
    size_t at = strlen(caret) - 1;
    assert_true(strlen(line) < 260);
    assert_memory_equal(line + at, "key7: 8}", 8);
}

static void reads_files(void **state)
{
    (void)state;
    rl_doc doc;
    assert_int_equal(rl_yaml_read("/nonexistent/x.yaml", &doc, cx.keep, &cx), RL_EINPUT);
    assert_non_null(strstr(cx.err.what, "/nonexistent/x.yaml"));
    rl_forgive(&cx);
    assert_int_equal(rl_yaml_read("/", &doc, cx.keep, &cx), RL_EINPUT);
    assert_non_null(strstr(cx.err.what, "not a file"));
    rl_forgive(&cx);
    char path[] = "/tmp/revlift-yaml-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: 2.385\n", 9), 9);
    close(fd);
    CHECK_OK(rl_yaml_read(path, &doc, cx.keep, &cx), &cx);
    assert_string_equal(rl_node_get(&doc.root, "a")->text, "2.385");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_kind_place_and_text),
        TEST(takes_a_byte_order_mark_and_crlf),
        TEST(columns_count_characters),
        TEST(refuses_traps),
        TEST(many_keys_are_compared_too),
        TEST(refuses_depth_and_size),
        TEST(says_where_the_syntax_breaks),
        TEST(clips_long_lines_around_the_caret),
        TEST(reads_files),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
