/* tests/unit/test_outdir.c -- the output directory: whole or not at all. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "out/outdir.h"

static char place[] = "/tmp/revlift-outdir-XXXXXX";

static const char MANIFEST[] = "{\n  \"program\": \"revlift\",\n  \"outputs\": [\n    {\"path\": \"charts/b.txt\"},\n  "
                               "  {\"path\": \"a.txt\"}\n  ]\n}\n";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(place) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(place); /* fails when a test left something */
}

static const char *path_of(const char *name)
{
    static char path[4][256];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s%s%s", place, name[0] ? "/" : "", name);
    return p;
}

static char *read_all(const char *name, char *buf, size_t room)
{
    FILE *f = fopen(path_of(name), "rb");
    if (!f) return NULL;
    size_t n = fread(buf, 1, room - 1, f);
    buf[n] = '\0';
    fclose(f);
    return buf;
}

static size_t entries(void)
{
    size_t n = 0;
    DIR *d = opendir(place);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A whole result whose files all hold the same letter, long enough to be caught half-written. */
static rl_code put_result(const char *dir, char letter, bool exchange, rl_ctx *cx)
{
    static char body[60000];
    memset(body, letter, sizeof body);
    rl_outdir *o;
    RL_TRY(rl_outdir_open(dir, &o, cx));
    o->exchange = exchange;
    RL_TRY(rl_outdir_write(o, "a.txt", body, sizeof body, cx));
    RL_TRY(rl_outdir_write(o, "charts/b.txt", body, sizeof body, cx));
    RL_TRY(rl_outdir_write(o, "manifest.json", MANIFEST, sizeof MANIFEST - 1, cx));
    return rl_outdir_commit(o, cx);
}

static rl_code result(char letter, bool exchange)
{
    rl_ctx cx;
    check_ctx(&cx);
    rl_code code = put_result(path_of("out"), letter, exchange, &cx);
    rl_ctx_free(&cx);
    return code;
}

static void remove_result(void)
{
    unlink(path_of("out/a.txt"));
    unlink(path_of("out/charts/b.txt"));
    unlink(path_of("out/manifest.json"));
    rmdir(path_of("out/charts"));
    assert_int_equal(rmdir(path_of("out")), 0);
}

static void check_result(char letter)
{
    static char a[60001], b[60001];
    assert_non_null(read_all("out/a.txt", a, sizeof a));
    assert_non_null(read_all("out/charts/b.txt", b, sizeof b));
    assert_int_equal(strlen(a), 60000);
    assert_string_equal(a, b);
    if (letter) assert_int_equal(a[0], letter);
}

static void makes_and_replaces(void **state)
{
    (void)state;
    for (int exchange = 0; exchange < 2; exchange++) {
        assert_int_equal(result('x', exchange), RL_OK);
        check_result('x');
        assert_int_equal(result('y', exchange), RL_OK);
        check_result('y');
        assert_int_equal(entries(), 1);
        remove_result();
    }
}

static void makes_parents_and_follows_links(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    CHECK_OK(put_result(path_of("deep/er/out/"), 'q', true, &cx), &cx);
    assert_int_equal(symlink("deep/er/out", path_of("out")), 0);
    CHECK_OK(put_result(path_of("out"), 'r', true, &cx), &cx);
    check_result('r');
    struct stat st;
    assert_int_equal(lstat(path_of("out"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    rl_ctx_free(&cx);
    assert_int_equal(unlink(path_of("out")), 0);
    assert_int_equal(rename(path_of("deep/er/out"), path_of("out")), 0);
    rmdir(path_of("deep/er"));
    rmdir(path_of("deep"));
    remove_result();
}

static void refuses_what_is_not_ours(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("out"), 0777), 0);
    write_file("out/precious.doc", "mine");
    assert_int_equal(result('x', true), RL_EUSAGE);
    char buf[64];
    assert_string_equal(read_all("out/precious.doc", buf, sizeof buf), "mine");
    unlink(path_of("out/precious.doc"));
    write_file("out/manifest.json", "{\"program\": \"another\"}");
    assert_int_equal(result('x', true), RL_EUSAGE);
    unlink(path_of("out/manifest.json"));
    assert_int_equal(result('x', true), RL_OK);   /* empty: fine */
    write_file("out/notes.txt", "added by hand"); /* ours, but not all of it */
    rl_ctx cx;
    check_ctx(&cx);
    assert_int_equal(put_result(path_of("out"), 'y', true, &cx), RL_EUSAGE);
    assert_non_null(strstr(cx.err.what, "notes.txt"));
    assert_true(cx.err.hint[0] != '\0');
    rl_ctx_free(&cx);
    check_result('x');
    unlink(path_of("out/notes.txt"));
    remove_result();
    write_file("out", "a file");
    assert_int_equal(result('x', true), RL_EUSAGE);
    unlink(path_of("out"));
    assert_int_equal(entries(), 0);
}

static void abandoned_leaves_nothing(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_outdir *o;
    CHECK_OK(rl_outdir_open(path_of("out"), &o, &cx), &cx);
    CHECK_OK(rl_outdir_write(o, "charts/c.txt", "abc", 3, &cx), &cx);
    assert_int_equal(o->n, 1);
    assert_string_equal(o->file[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(entries(), 1);
    rl_ctx_free(&cx);
    assert_int_equal(entries(), 0);
}

static void two_at_once(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_outdir *o, *p;
    CHECK_OK(rl_outdir_open(path_of("out"), &o, &cx), &cx);
    CHECK_OK(rl_outdir_write(o, "a.txt", "abc", 3, &cx), &cx);
    CHECK_OK(rl_outdir_open(path_of("out"), &p, &cx), &cx); /* must not clear the living one */
    assert_int_equal(access(o->path, F_OK), 0);
    rl_outdir_abandon(p);
    assert_int_equal(access(o->path, F_OK), 0);
    rl_ctx_free(&cx);
    assert_int_equal(entries(), 0);
}

static void clears_only_its_own_leavings(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("out.tmp-00c0de"), 0777), 0);
    write_file("out.tmp-00c0de/theirs.txt", "not ours");
    assert_int_equal(mkdir(path_of("out.tmp-00beef"), 0777), 0);
    write_file("out.tmp-00beef/.revlift-building", "");
    assert_int_equal(result('x', true), RL_OK);
    assert_int_equal(access(path_of("out.tmp-00beef"), F_OK), -1);
    assert_int_equal(access(path_of("out.tmp-00c0de/theirs.txt"), F_OK), 0);
    unlink(path_of("out.tmp-00c0de/theirs.txt"));
    rmdir(path_of("out.tmp-00c0de"));
    remove_result();
}

static void puts_back_what_was_set_aside(void **state)
{
    (void)state;
    assert_int_equal(result('x', true), RL_OK);
    assert_int_equal(rename(path_of("out"), path_of("out.old-0000aa")), 0); /* killed between two renames */
    rl_ctx cx;
    check_ctx(&cx);
    rl_outdir *o;
    CHECK_OK(rl_outdir_open(path_of("out"), &o, &cx), &cx);
    check_result('x');
    rl_ctx_free(&cx);
    remove_result();
}

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* Fifty kills at random moments: old or new, never a mixture, never nothing. */
static void killed_at_any_moment(void **state)
{
    (void)state;
    assert_int_equal(result('a', true), RL_OK);
    uint64_t seed = 20260630;
    int killed = 0;
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            for (int k = 0; k < 400; k++) (void)result((char)('b' + (i + k) % 20), true);
            _exit(0);
        }
        usleep((useconds_t)(300 + next_random(&seed) % 12000));
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        killed += WIFSIGNALED(status);
        check_result(0);
    }
    assert_true(killed > 40);
    assert_int_equal(result('z', true), RL_OK);
    check_result('z');
    assert_int_equal(entries(), 1); /* the leavings of the dead are gone */
    remove_result();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(makes_and_replaces),
                                       cmocka_unit_test(makes_parents_and_follows_links),
                                       cmocka_unit_test(refuses_what_is_not_ours),
                                       cmocka_unit_test(abandoned_leaves_nothing),
                                       cmocka_unit_test(two_at_once),
                                       cmocka_unit_test(clears_only_its_own_leavings),
                                       cmocka_unit_test(puts_back_what_was_set_aside),
                                       cmocka_unit_test(killed_at_any_moment)};
    return cmocka_run_group_tests_name("outdir", tests, set_up, tear_down);
}
