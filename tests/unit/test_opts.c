#include "check.h"

#include <string.h>

#include "app/opts.h"

enum { MOST = 16 };

/* Parse words as if typed after `revlift`. */
static rl_code parse(rl_opts *o, rl_ctx *cx, const char *const *word)
{
    static char *argv[MOST + 1];
    int argc = 0;
    check_ctx(cx);
    argv[argc++] = rl_strdup(cx->keep, "revlift");
    while (*word != NULL && argc < MOST) argv[argc++] = rl_strdup(cx->keep, *word++);
    argv[argc] = NULL;
    return rl_opts_parse(argc, argv, o, cx);
}
#define PARSE(...) parse(&o, &cx, (const char *const[]){__VA_ARGS__, NULL})

static void options_before_and_after(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    CHECK_OK(PARSE("--threads", "3", "fit", "y ~ x", "--data=a b.csv", "--ref", "-2,-1", "-q", "--json"), &cx);
    assert_string_equal(o.command->name, "fit");
    assert_int_equal(o.n_args, 1);
    assert_string_equal(o.arg[0], "y ~ x");
    assert_string_equal(rl_opts_value(&o, "data"), "a b.csv");
    assert_string_equal(rl_opts_value(&o, "ref"), "-2,-1");
    assert_null(rl_opts_value(&o, "vcov"));
    assert_int_equal(o.threads, 3);
    assert_true(o.quiet && o.json && !o.strict && !o.has_seed);
    assert_int_equal(o.seed, 1);
    rl_ctx_free(&cx);
}

/* A word that is no choice of the option is left for what comes next. */
static void an_option_may_stand_alone(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    CHECK_OK(PARSE("fit", "--average", "y ~ x"), &cx);
    assert_string_equal(rl_opts_value(&o, "average"), "");
    assert_string_equal(o.arg[0], "y ~ x");
    rl_ctx_free(&cx);
    CHECK_OK(PARSE("fit", "--average", "forms", "y ~ x", "--average=forms"), &cx);
    assert_string_equal(rl_opts_value(&o, "average"), "forms");
    assert_string_equal(o.arg[0], "y ~ x");
    rl_ctx_free(&cx);
    CHECK_OK(PARSE("fit", "y ~ x", "--average=form"), &cx); /* refused where values are read */
    assert_string_equal(rl_opts_value(&o, "average"), "form");
    rl_ctx_free(&cx);
    CHECK_OK(PARSE("fit", "--average", "form"), &cx);
    assert_string_equal(o.arg[0], "form");
    rl_ctx_free(&cx);
}

static void seeds_keep_all_bits(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    CHECK_OK(PARSE("simulate", "w.yaml", "-oout", "--seed", "18446744073709551615"), &cx);
    assert_true(o.seed == UINT64_MAX && o.has_seed);
    assert_string_equal(rl_opts_value(&o, "output"), "out");
    rl_ctx_free(&cx);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    CHECK_OK(PARSE("run", "--strict", "--", "--odd.yaml"), &cx);
    assert_string_equal(o.arg[0], "--odd.yaml");
    assert_true(o.strict);
    rl_ctx_free(&cx);
}

static void help_beats_errors(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    CHECK_OK(PARSE("fit", "--vcovv", "--help"), &cx);
    assert_true(o.help);
    assert_int_equal(o.command->id, RL_CMD_FIT);
    rl_ctx_free(&cx);
    CHECK_OK(PARSE("-h"), &cx);
    assert_int_equal(o.command->id, RL_CMD_HELP);
    rl_ctx_free(&cx);
    CHECK_OK(PARSE("--version"), &cx);
    assert_int_equal(o.command->id, RL_CMD_VERSION);
    rl_ctx_free(&cx);
}

/* A refused command line: what the message and the hint must hold. */
static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *word[MOST];
        const char *what, *hint;
    } BAD[] = {
        {{"fit", "y ~ x", "--vcovv", "iid"}, "unknown option '--vcovv'", "'--vcov'"},
        {{"fit", "y ~ x", "--zzzzzzzz=1"}, "unknown option '--zzzzzzzz'", "revlift help fit"},
        {{"fit", "y ~ x", "-x"}, "unknown option '-x'", "revlift help fit"},
        {{"run", "s.yaml", "--data", "f"}, "'run' has no option '--data'", "revlift help run"},
        {{"fit", "y ~ x", "--honest", "rm:1"}, "option '--honest' is not in this version", "revlift help"},
        {{"fit", "y ~ x", "--data"}, "option '--data' needs a value", "--data FILE"},
        {{"fit", "y ~ x", "--data", "--json"}, "option '--data' needs a value", "--data FILE"},
        {{"fit", "y ~ x", "--json=1"}, "option '--json' takes no value", "alone"},
        {{"fit", "y ~ x", "--vcov", "iid", "--vcov=HC1"}, "'--vcov' is given twice: 'iid' and 'HC1'", "once"},
        {{"fit", "y ~", "x"}, "further argument 'x'", "quotes"},
        {{"fit", "y ~ x", "--average", "foo"}, "'--average foo' is not known", "one of [lengths|forms]"},
        {{"fit", "--average", "foo", "y ~ x"}, "'--average foo' is not known", "one of [lengths|forms]"},
        {{"fit", "--average", "y ~ x", "foo"}, "further argument 'foo'", "quotes"},
        {{"run", "a", "b"}, "further argument 'b'", "revlift help run"},
        {{"run"}, "'run' needs STUDY", "revlift help run"},
        {{"runn", "x"}, "unknown command 'runn'", "'run'"},
        {{"qqqqqqqq"}, "unknown command 'qqqqqqqq'", "revlift help"},
        {{"verify", "x"}, "command 'verify' is not in this version", "revlift help"},
        {{NULL}, "no command is given", "revlift help"},
        {{"--json"}, "no command is given", "revlift help"},
        {{"run", "a", "--threads", "257"}, "'--threads 257' is not a whole number from 0 to 256", "--threads 1"},
        {{"run", "a", "--threads=-1"}, "'--threads -1'", "--threads 1"},
        {{"run", "a", "--seed", "18446744073709551616"}, "'--seed 18446744073709551616'", "--seed"},
        {{"run", "a", "--seed", "7x"}, "'--seed 7x'", "--seed"},
        {{"run", "a", "--color", "blue"}, "'--color blue' is not one of auto, always, never", "--color=never"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        rl_opts o;
        rl_ctx cx;
        assert_int_equal(parse(&o, &cx, BAD[i].word), RL_EUSAGE);
        if (strstr(cx.err.what, BAD[i].what) == NULL) fail_msg("'%s' lacks '%s'", cx.err.what, BAD[i].what);
        if (strstr(cx.err.hint, BAD[i].hint) == NULL) fail_msg("'%s' lacks '%s'", cx.err.hint, BAD[i].hint);
        rl_ctx_free(&cx);
    }
}

static void same_option_with_one_value_is_no_mistake(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    CHECK_OK(PARSE("fit", "y ~ x", "--vcov", "HC1", "--vcov=HC1", "--json", "--json"), &cx);
    assert_string_equal(rl_opts_value(&o, "vcov"), "HC1");
    rl_ctx_free(&cx);
}

static void messages_know_colour_and_quiet_even_when_parsing_fails(void **state)
{
    (void)state;
    rl_opts o;
    rl_ctx cx;
    assert_int_equal(PARSE("fit", "--vcovv", "--color=never", "--quiet"), RL_EUSAGE);
    assert_int_equal(o.color, RL_COLOR_NEVER);
    assert_true(o.quiet);
    rl_ctx_free(&cx);
}

/* Help, manual and parser read one table: every row of it shows up in both. */
static void every_option_is_in_help_and_manual(void **state)
{
    (void)state;
    rl_ctx cx;
    check_ctx(&cx);
    rl_str man = rl_str_new(cx.keep);
    rl_man_page(&man);
    for (size_t c = 0; c < rl_n_commands; c++) {
        rl_str help = rl_str_new(cx.keep);
        rl_help_command(&rl_commands[c], &help);
        for (size_t i = 0; i < rl_n_options; i++) {
            const rl_option *o = &rl_options[i];
            if (o->name == NULL || !(o->in & rl_commands[c].id)) continue;
            const char *flag = rl_sprintf(cx.keep, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
            const char *at = strstr(rl_str_text(&help), flag), *end = at != NULL ? at + strlen(flag) : NULL;
            while (at != NULL && *end != '\n' && strncmp(end, "  ", 2) != 0) /* --lags is no --lags-of */
                at = strstr(end, flag), end = at != NULL ? at + strlen(flag) : NULL;
            bool shown = at != NULL;
            if (shown != (o->what != NULL)) fail_msg("'%s' in help of '%s': %d", flag, rl_commands[c].name, shown);
        }
    }
    assert_non_null(strstr(rl_str_text(&man), "\\fB\\-\\-rejects\\fR \\fIFILE\\fR"));
    assert_non_null(strstr(rl_str_text(&man), "\\(gabackticks\\(ga"));
    assert_null(strstr(rl_str_text(&man), "\n'"));
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_before_and_after),
        cmocka_unit_test(an_option_may_stand_alone),
        cmocka_unit_test(seeds_keep_all_bits),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(help_beats_errors),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(same_option_with_one_value_is_no_mistake),
        cmocka_unit_test(messages_know_colour_and_quiet_even_when_parsing_fails),
        cmocka_unit_test(every_option_is_in_help_and_manual),
    };
    return cmocka_run_group_tests_name("opts", tests, NULL, NULL);
}
