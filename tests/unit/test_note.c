#include "check.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "app/note.h"

/* What fn writes to standard error. */
static const char *said(void (*fn)(void *), void *arg)
{
    static char text[4096];
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int old = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    fn(arg);
    fflush(stderr);
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void say_error(void *e) { rl_note_error(e); }
static void say_note(void *text) { rl_note_text("note", text); }
static void say_remarks(void *cx) { rl_note_remarks(cx); }

static void an_error_has_place_excerpt_and_hint(void **state)
{
    (void)state;
    char excerpt[] = "   17 | D-1,N/A\n      |     ^~~";
    rl_err e = {.code = RL_EINPUT,
                .file = "a.csv",
                .line = 17,
                .col = 5,
                .excerpt = excerpt,
                .what = "'N/A' is not a number",
                .hint = "leave the cell empty"};
    rl_note_setup(RL_COLOR_NEVER, false);
    assert_string_equal(said(say_error, &e), "revlift: error: a.csv:17:5: 'N/A' is not a number\n"
                                             "   17 | D-1,N/A\n      |     ^~~\nhint: leave the cell empty\n");
    e.line = 0, e.excerpt = NULL, e.hint[0] = '\0';
    assert_string_equal(said(say_error, &e), "revlift: error: a.csv: 'N/A' is not a number\n");
    e.file = NULL, e.what[0] = '\0';
    assert_string_equal(said(say_error, &e), "revlift: error: a CSV or study file could not be used\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    char excerpt[] = "3 | a\033]0;x\007b\n  | ^\n";
    rl_err e = {.code = RL_EINPUT,
                .file = "e\033[31m\n.csv",
                .line = 3,
                .excerpt = excerpt,
                .what = "'\302\233m\177' and '\303\251'"};
    rl_note_setup(RL_COLOR_NEVER, false);
    assert_string_equal(said(say_error, &e), "revlift: error: e\\x1b[31m\\x0a.csv:3: '\\x9bm\\x7f' and '\303\251'\n"
                                             "3 | a\\x1b]0;x\\x07b\n  | ^\n");
}

static void colour_only_when_asked(void **state)
{
    (void)state;
    rl_err e = {.code = RL_EDATA, .what = "no rows"};
    rl_note_setup(RL_COLOR_ALWAYS, false);
    assert_non_null(strstr(said(say_error, &e), "\033["));
    rl_note_setup(RL_COLOR_AUTO, false); /* a file is no terminal */
    assert_null(strstr(said(say_error, &e), "\033["));
}

static void quiet_silences_notes_but_not_errors(void **state)
{
    (void)state;
    char text[] = "2 rows are singletons";
    rl_err e = {.code = RL_EDATA, .what = "no rows"};
    rl_ctx cx;
    check_ctx(&cx);
    rl_remark(&cx, "singletons", "%s", text);
    rl_note_setup(RL_COLOR_NEVER, false);
    assert_string_equal(said(say_note, text), "revlift: note: 2 rows are singletons\n");
    assert_string_equal(said(say_remarks, &cx), "revlift: note: 2 rows are singletons\n");
    assert_string_equal(said(say_remarks, &cx), ""); /* each once */
    rl_note_setup(RL_COLOR_NEVER, true);
    assert_string_equal(said(say_note, text), "");
    assert_string_equal(said(say_error, &e), "revlift: error: no rows\n");
    rl_ctx_free(&cx);
}

/* Progress on a pseudo-terminal: nothing in the first second, then one line, wiped at the end. */
static void progress_waits_a_second_and_leaves_no_trace(void **state)
{
    (void)state;
    int master, slave;
    char text[512];
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    fcntl(master, F_SETFL, O_NONBLOCK);
    int old = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    setenv("TERM", "xterm", 1);
    rl_note_setup(RL_COLOR_NEVER, false);
    rl_note_tick(NULL, "reading", 0.25);
    bool early = read(master, text, sizeof text) > 0;
    usleep(1100 * 1000);
    rl_note_tick(NULL, "reading", 0.5);
    rl_note_tick(NULL, "reading", 0.51); /* too soon after the last */
    rl_note_done();
    fflush(stderr);
    ssize_t n = 0;
    for (int wait = 0; wait < 30; wait++) { /* a terminal may hand its bytes over in parts */
        ssize_t got = read(master, text + n, sizeof text - 1 - (size_t)n);
        if (got > 0) n += got;
        usleep(10 * 1000);
    }
    rl_note_setup(RL_COLOR_NEVER, true); /* quiet */
    usleep(1100 * 1000);
    rl_note_tick(NULL, "reading", 0.9);
    char more[64];
    bool loud = read(master, more, sizeof more) > 0;
    dup2(old, STDERR_FILENO);
    close(old), close(slave), close(master);
    assert_false(early);
    assert_false(loud);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, "\r\033[Kreading  50 %\r\033[K");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_has_place_excerpt_and_hint),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(colour_only_when_asked),
        cmocka_unit_test(quiet_silences_notes_but_not_errors),
        cmocka_unit_test(progress_waits_a_second_and_leaves_no_trace),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
