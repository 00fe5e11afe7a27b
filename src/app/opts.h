/* app/opts.h -- the command line: one table of commands and options.
 *
 * The parser, `revlift help`, the --help of every command and the man page
 * read the same table (opts_table.c), so they cannot disagree.  Words that a
 * later version will know stand in the table too and are refused by name:
 * nobody should have to guess whether a spelling or a version is wrong.
 *
 * Grammar   revlift [options] COMMAND [options] ARGUMENTS
 *   --name VALUE or --name=VALUE; a value may begin with one dash (--ref -1)
 *   but not with two; `--` ends the options; no abbreviations.  The same
 *   option twice with two values is an error, not a silent choice, unless it
 *   is one of a list (--test, --lincom).
 */
#ifndef RL_APP_OPTS_H
#define RL_APP_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/str.h"

/* Which commands an option belongs to. */
enum {
    RL_CMD_RUN = 1,
    RL_CMD_FIT = 2,
    RL_CMD_CHECK = 4,
    RL_CMD_INIT = 8,
    RL_CMD_SIMULATE = 16,
    RL_CMD_HELP = 32,
    RL_CMD_VERSION = 64,
    RL_CMD_MAN = 128,
    RL_CMD_ANY = 255
};

typedef struct rl_command {
    unsigned id;          /* RL_CMD_..                                    */
    const char *name;     /* "fit"                                        */
    const char *args;     /* "FORMULA", as shown                          */
    const char *what;     /* one line                                     */
    const char *about;    /* paragraphs, wrapped by hand at 78 columns    */
    const char *examples; /* lines, or NULL                               */
    size_t min_args, max_args;
    bool hidden;
} rl_command;

typedef struct rl_option {
    unsigned in;      /* commands that take it                        */
    const char *name; /* "vcov"                                       */
    char letter;      /* 'o', or 0                                    */
    const char *arg;  /* "FILE"; NULL = a switch; "LIST..": may be given again;
                         "[a|b]": may stand alone           */
    const char *what; /* lines for help; NULL = not in this version   */
} rl_option;

extern const rl_command rl_commands[];
extern const size_t rl_n_commands;
extern const rl_option rl_options[]; /* a row with name NULL is a heading: its `what` */
extern const size_t rl_n_options;

typedef struct rl_given {
    const rl_option *option;
    const char *value; /* NULL for a switch */
    const char *after; /* the word behind an option that stands alone though it may have a value, else NULL */
} rl_given;

typedef enum rl_color { RL_COLOR_AUTO, RL_COLOR_ALWAYS, RL_COLOR_NEVER } rl_color;

/* A command line, understood. */
typedef struct rl_opts {
    const rl_command *command;
    size_t n_args;
    const char **arg; /* n_args                                       */
    size_t n_given;
    rl_given *given; /* n_given, in the order given                  */
    /* the options every command takes */
    bool json, quiet, strict, help;
    rl_color color;
    int threads; /* 0 = as many as the machine has               */
    bool has_seed;
    uint64_t seed; /* 1 unless given                               */
} rl_opts;

/* Read argv; everything lives in cx->keep.  `out->color` and `out->quiet` are
 * set even on failure, so that the message can obey them.
 *
 * Errors  RL_EUSAGE  unknown command or option (the nearest known name in the
 *         hint), a missing or surplus value or argument, a bad number
 */
RL_MUST rl_code rl_opts_parse(int argc, char **argv, rl_opts *out, rl_ctx *cx);

/* The value given for --name, "" for a switch, NULL when not given. */
const char *rl_opts_value(const rl_opts *o, const char *name);

const rl_command *rl_command_by_name(const char *name); /* NULL when unknown */
RL_MUST rl_code rl_command_unknown(const char *name, rl_ctx *cx);

/* Texts made from the table. */
void rl_help_all(rl_str *out);
void rl_help_command(const rl_command *c, rl_str *out);
void rl_man_page(rl_str *out);

#endif
