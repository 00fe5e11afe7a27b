/* tests/unit/test_manifest.c -- the manifest, and the directory: every byte accounted for, the same every time. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "out/manifest.h"
#include "out/report.h"
#include "unit/fixture_answer.h"
#include "unit/own_place.h"

static char *read_all(const char *dir, const char *name, size_t *n)
{
    FILE *f = fopen(rl_sprintf(cx.keep, "%s/%s/%s", place, dir, name), "rb");
    if (!f) fail_msg("no file %s/%s", dir, name);
    char *buf = rl_alloc(cx.keep, 1 << 20, 1);
    *n = fread(buf, 1, (1 << 20) - 1, f);
    fclose(f);
    return buf;
}

static int remove_dir(const char *dir)
{
    rl_outdir *o;
    const char *path = rl_sprintf(cx.keep, "%s/%s", place, dir), *building;
    if (rl_outdir_open(path, &o, &cx) != RL_OK) return -1;
    building = rl_strdup(cx.keep, o->path);
    rl_outdir_abandon(o);
    if (access(path, F_OK) != 0) return 0;
    return rename(path, building) != 0 || rl_outdir_open(path, &o, &cx) != RL_OK
               ? -1
               : (rl_outdir_abandon(o), 0); /* cleared as a leaving */
}

static int tear_down(void **state)
{
    int bad = remove_dir("one") | remove_dir("two") | remove_dir("evil") | remove_dir("none");
    return teardown_place(state) | bad;
}

static void relative_names(void **state)
{
    (void)state;
    assert_string_equal(rl_relative_path("/home/me/study.yaml", cx.keep), "study.yaml");
    assert_string_equal(rl_relative_path("models/study.yaml", cx.keep), "models/study.yaml");
    assert_string_equal(rl_relative_path(NULL, cx.keep), "");
    assert_string_equal(rl_relative_command("revlift run /home/me/s.yaml --rejects=/tmp/r.csv", cx.keep),
                        "revlift run s.yaml --rejects=r.csv");
}

static void manifest_text(void **state)
{
    (void)state;
    const rl_outfile out[] = {{"b.txt", "00", 2}, {"a.txt", "ff", 1}};
    const char *text = rl_manifest_text(&FX_INPUTS, out, 2, cx.keep);
    assert_non_null(strstr(text, "\"program\": \"revlift\",\n  \"version\": \"0.1.0\",\n  \"numerics\": \"1\",\n"));
    assert_non_null(strstr(text, "{\"path\": \"a.txt\", \"bytes\": 1, \"sha256\": \"ff\"},\n    {\"path\": \"b.txt\""));
    assert_non_null(strstr(text, "\"seed\": 20260630"));
    const rl_input_file evil = {"/home/x/a\"b\n\\c", "", 0};
    rl_inputs in = FX_INPUTS;
    in.n = 1;
    in.file = &evil;
    assert_non_null(strstr(rl_manifest_text(&in, NULL, 0, cx.keep), "\"path\": \"a\\\"b\\n\\\\c\""));
}

static rl_code write_report(const rl_answer *a, const char *dir, int threads)
{
    rl_ctx own;
    rl_ctx_init(&own, threads, 1, check_nomem, NULL);
    rl_code code = rl_report_write(a, &FX_INPUTS, rl_sprintf(cx.keep, "%s/%s", place, dir), &own);
    if (code != RL_OK) print_error("%s (%s)\n", own.err.what, own.err.hint);
    rl_ctx_free(&own);
    return code;
}

/* Every output is listed with its sum, and a second run with other threads and time zone has the same bytes. */
static void same_bytes(void **state)
{
    (void)state;
    const rl_answer *a = fixture_full(cx.keep);
    assert_int_equal(write_report(a, "one", 1), RL_OK);
    setenv("TZ", "Asia/Tokyo", 1);
    assert_int_equal(write_report(a, "two", 2), RL_OK);
    unsetenv("TZ");
    size_t n, m, files = 0;
    const char *manifest = read_all("one", "manifest.json", &n), *outputs = strstr(manifest, "\"outputs\"");
    assert_string_equal(manifest, read_all("two", "manifest.json", &m));
    assert_null(strstr(manifest, place));
    for (const char *p = outputs; (p = strstr(p, "{\"path\": \"")) != NULL; files++) {
        p += 10;
        const char *name = rl_strndup(cx.keep, p, strcspn(p, "\""));
        const char *one = read_all("one", name, &n), *two = read_all("two", name, &m);
        if (n != m || memcmp(one, two, n)) fail_msg("%s differs between two runs", name);
        char sha[65];
        rl_sha256(one, n, sha);
        assert_non_null(strstr(p, sha));
        assert_null(memmem(one, n, place, strlen(place)));
    }
    assert_int_equal(files, 5 + 2 * 13);
    assert_int_equal(write_report(a, "one", 1), RL_OK); /* ours: replaced */
}

static void hostile_and_empty(void **state)
{
    (void)state;
    assert_int_equal(write_report(fixture_hostile(cx.keep), "evil", 1), RL_OK);
    assert_int_equal(write_report(fixture_refused(cx.keep), "none", 1), RL_OK);
    size_t n;
    const char *md = read_all("none", "report.md", &n);
    assert_non_null(strstr(md, "What is missing"));
    const char *book = read_all("evil", "workbook.xlsx", &n);
    assert_int_equal(memcmp(book, "PK", 2), 0);
    assert_int_equal(access("PWNED", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(relative_names), cmocka_unit_test(manifest_text),
                                       cmocka_unit_test(same_bytes), cmocka_unit_test(hostile_and_empty)};
    return cmocka_run_group_tests_name("manifest", tests, setup_place, tear_down);
}
