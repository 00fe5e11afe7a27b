/* app/main.c -- options, command, exit status. */
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/fit.h"
#include "app/init.h"
#include "app/note.h"
#include "app/opts.h"
#include "app/run.h"
#include "app/simulate.h"
#include "model/study.h"
#include "model/world.h"
#include "revlift.h"

static void print(rl_str *text) { fputs(rl_str_text(text), stdout); }

/* What `help` knows beside the commands: the keys of the two kinds of file. */
static const struct {
    const char *name;
    void (*help)(rl_str *out);
} TOPIC[] = {{"study", rl_study_help}, {"world", rl_world_help}};

static rl_code cmd_help(const rl_opts *o, rl_ctx *cx)
{
    rl_str text = rl_str_new(cx->keep);
    const char *name = o->n_args == 1 ? o->arg[0] : NULL;
    const rl_command *c = o->help && o->command->id != RL_CMD_HELP ? o->command : NULL;
    for (size_t i = 0; c == NULL && name != NULL && i < sizeof TOPIC / sizeof *TOPIC; i++)
        if (strcmp(name, TOPIC[i].name) == 0) {
            TOPIC[i].help(&text);
            print(&text);
            return RL_OK;
        }
    if (c == NULL && name != NULL) {
        c = rl_command_by_name(name);
        if (c == NULL) return rl_command_unknown(name, cx);
    }
    if (c != NULL)
        rl_help_command(c, &text);
    else
        rl_help_all(&text);
    print(&text);
    return RL_OK;
}

static rl_code cmd_version(const rl_opts *o, rl_ctx *cx)
{
    (void)cx;
    if (o->json)
        printf("{\"program\": \"revlift\", \"version\": \"%s\"}\n", revlift_version());
    else
        printf("revlift %s\n", revlift_version());
    return RL_OK;
}

static rl_code cmd_man(const rl_opts *o, rl_ctx *cx)
{
    (void)o;
    rl_str text = rl_str_new(cx->keep);
    rl_man_page(&text);
    print(&text);
    return RL_OK;
}

static rl_code cmd_init(const rl_opts *o, rl_ctx *cx)
{
    return rl_cmd_init(o->n_args, o->arg, rl_opts_value(o, "output"), cx);
}

static rl_code cmd_simulate(const rl_opts *o, rl_ctx *cx)
{
    const char *dir = rl_opts_value(o, "output");
    if (dir != NULL) return rl_cmd_simulate(o->arg[0], dir, o->has_seed, o->seed, cx);
    (void)rl_fail(cx, RL_EUSAGE, "'simulate' needs a directory to write");
    return rl_hint(cx, "write '-o DIR'");
}

static const struct {
    unsigned id;
    rl_code (*go)(const rl_opts *o, rl_ctx *cx);
} DISPATCH[] = {
    {RL_CMD_RUN, rl_cmd_run},      {RL_CMD_FIT, rl_cmd_fit},        {RL_CMD_INIT, cmd_init},
    {RL_CMD_CHECK, rl_cmd_check},  {RL_CMD_SIMULATE, cmd_simulate}, {RL_CMD_HELP, cmd_help},
    {RL_CMD_VERSION, cmd_version}, {RL_CMD_MAN, cmd_man},
};

static rl_code dispatch(const rl_opts *o, rl_ctx *cx)
{
    if (o->help) return cmd_help(o, cx);
    for (size_t i = 0; i < sizeof DISPATCH / sizeof *DISPATCH; i++)
        if (DISPATCH[i].id == o->command->id) return DISPATCH[i].go(o, cx);
    return rl_fail(cx, RL_EUSAGE, "command '%s' is not in this build", o->command->name);
}

/* Results must have arrived.  A reader that went away (| head) ends us the way
 * it ends every program. */
static rl_code finish_stdout(rl_ctx *cx)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return RL_OK;
    if (errno == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return rl_fail(cx, RL_EIO, "cannot write to standard output: %s", errno ? strerror(errno) : "write error");
}

static rl_code carry_out(const rl_opts *o, rl_ctx *cx)
{
    rl_ctx_init(cx, o->threads, o->seed, rl_note_nomem, NULL);
    cx->tick = rl_note_tick;
    rl_code code = dispatch(o, cx);
    rl_code written = finish_stdout(cx);
    if (code == RL_OK || code == RL_EDIAG) code = written != RL_OK ? written : code;
    rl_note_remarks(cx);
    if (code != RL_OK && code != RL_EDIAG) rl_note_error(&cx->err);
    rl_note_done();
    rl_ctx_free(cx);
    return code;
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    signal(SIGPIPE, SIG_IGN); /* a chart's gnuplot may die: an error, not our end */

    rl_ctx line, cx; /* the command line's words outlive the run */
    rl_opts o;
    rl_ctx_init(&line, 1, 1, rl_note_nomem, NULL);
    rl_code code = rl_opts_parse(argc, argv, &o, &line);
    rl_note_setup(o.color, o.quiet);
    if (code == RL_OK)
        code = carry_out(&o, &cx);
    else
        rl_note_error(&line.err);
    rl_ctx_free(&line);
    return rl_exit_status(code);
}
