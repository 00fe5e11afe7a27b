/* Help and the manual page, from the table of opts_table.c. */
#include "app/opts.h"

#include <string.h>

#include "model/diag.h"
#include "model/est.h"

enum { COLUMN = 24 }; /* where descriptions begin */

#define STATUS_ROW(name, status, text) {status, text},
static const struct {
    int status;
    const char *text;
} STATUS[] = {RL_CODES(STATUS_ROW)};
enum { N_STATUS = sizeof STATUS / sizeof *STATUS };

/* `left` and, from COLUMN on, the lines of `right`. */
static void two_columns(rl_str *out, const char *left, const char *right)
{
    rl_str_addf(out, "  %-*s", COLUMN - 2, left);
    if (strlen(left) > COLUMN - 4) rl_str_addf(out, "\n%*s", COLUMN, "");
    for (const char *line = right;; line++) {
        size_t n = strcspn(line, "\n");
        rl_str_addn(out, line, n);
        rl_str_addc(out, '\n');
        line += n;
        if (*line == '\0') break;
        rl_str_addf(out, "%*s", COLUMN, "");
    }
}

static void option_left(rl_str *out, const rl_option *o)
{
    if (o->letter) rl_str_addf(out, "-%c, ", o->letter);
    rl_str_addf(out, "--%s", o->name);
    if (o->arg != NULL) rl_str_addf(out, " %s", o->arg);
}

static void option_rows(rl_str *out, unsigned in)
{
    for (size_t i = 0; i < rl_n_options; i++) {
        const rl_option *o = &rl_options[i];
        if (!(o->in & in) || o->what == NULL) continue;
        if (o->name == NULL) {
            rl_str_addf(out, "\n%s\n", o->what);
            continue;
        }
        rl_str left = rl_str_new(out->in);
        option_left(&left, o);
        two_columns(out, rl_str_text(&left), o->what);
    }
}

static void estimator_rows(rl_str *out)
{
    rl_str_add(out, "\nestimators\n");
    for (size_t i = 0; i < rl_estimator_count(); i++)
        two_columns(out, rl_estimator_at(i)->name, rl_estimator_at(i)->what);
}

/* "adf:COL:LAGS|..": a test as it is written, and what it asks. */
static const char *test_left(const rl_diag_kind *k, rl_arena *in)
{
    return rl_sprintf(in, "%s%s%s", k->name, *k->args != '\0' ? ":" : "", k->args);
}

static void test_rows(rl_str *out)
{
    rl_str_add(out, "\ntests (--test; lags and what follows them may be left out where a rule is known)\n");
    for (size_t i = 0; i < rl_diag_count(); i++)
        two_columns(out, test_left(rl_diag_at(i), out->in), rl_diag_at(i)->what);
}

/* One line a status, the texts of codes that share it joined. */
static void status_text(rl_str *out, int status)
{
    const char *sep = "";
    for (int i = 0; i < N_STATUS; i++) {
        if (STATUS[i].status != status) continue;
        rl_str_addf(out, "%s%s", sep, STATUS[i].text);
        sep = "; ";
    }
}

static void indented(rl_str *out, const char *lines)
{
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");
        rl_str_addf(out, "  %.*s\n", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void rl_help_all(rl_str *out)
{
    rl_str_add(out, "revlift -- what marketing caused, in money, with its uncertainty\n\n"
                    "usage: revlift COMMAND [options] ARGUMENTS\n\ncommands\n");
    for (size_t i = 0; i < rl_n_commands; i++) {
        const rl_command *c = &rl_commands[i];
        if (c->hidden) continue;
        two_columns(out, rl_sprintf(out->in, "%s %s", c->name, c->args), c->what);
    }
    option_rows(out, RL_CMD_HELP);
    rl_str_add(out, "\nexit status\n");
    for (int s = 0; s <= 5; s++) {
        rl_str text = rl_str_new(out->in);
        status_text(&text, s);
        rl_str_addf(out, "  %d  %s\n", s, rl_str_text(&text));
    }
    rl_str_add(out, "\n'revlift help COMMAND' shows the options of a command, 'revlift help study' and\n"
                    "'revlift help world' the keys of a study file and of a simulated world.\n");
}

void rl_help_command(const rl_command *c, rl_str *out)
{
    rl_str_addf(out, "revlift %s -- %s\n\nusage: revlift %s [options]%s%s\n", c->name, c->what, c->name,
                *c->args ? " " : "", c->args);
    if (*c->about) rl_str_addf(out, "\n%s\n", c->about);
    option_rows(out, c->id);
    if (c->id == RL_CMD_FIT) {
        estimator_rows(out);
        test_rows(out);
    }
    if (c->examples != NULL) {
        rl_str_add(out, "\nexamples\n");
        indented(out, c->examples);
    }
}

/* --- the manual page ------------------------------------------------------ */

/* Text for roff: backslashes, dashes, and dots or quotes that begin a line. */
static void roff(rl_str *out, const char *s)
{
    bool start = true;
    for (; *s != '\0'; s++) {
        if (start && (*s == '.' || *s == '\'')) rl_str_add(out, "\\&");
        if (*s == '\\')
            rl_str_add(out, "\\e");
        else if (*s == '-')
            rl_str_add(out, "\\-");
        else if (*s == '`')
            rl_str_add(out, "\\(ga");
        else if (*s == '~')
            rl_str_add(out, "\\(ti");
        else
            rl_str_addc(out, *s);
        start = *s == '\n';
    }
}

static void man_options(rl_str *out, unsigned in, bool any)
{
    for (size_t i = 0; i < rl_n_options; i++) {
        const rl_option *o = &rl_options[i];
        if (!(o->in & in) || o->what == NULL || o->name == NULL || (o->in == RL_CMD_ANY) != any) continue;
        rl_str_add(out, ".TP\n");
        if (o->letter) rl_str_addf(out, "\\fB\\-%c\\fR, ", o->letter);
        rl_str_add(out, "\\fB\\-\\-");
        roff(out, o->name);
        rl_str_add(out, "\\fR");
        if (o->arg != NULL) rl_str_addf(out, " \\fI%s\\fR", o->arg);
        rl_str_addc(out, '\n');
        roff(out, o->what);
        rl_str_addc(out, '\n');
    }
}

static void man_command(rl_str *out, const rl_command *c)
{
    rl_str_addf(out, ".SS revlift %s \\fI%s\\fR\n", c->name, c->args);
    roff(out, c->what);
    rl_str_add(out, ".\n");
    if (*c->about) {
        rl_str_add(out, ".PP\n");
        roff(out, c->about);
        rl_str_addc(out, '\n');
    }
    man_options(out, c->id, false);
    for (size_t i = 0; c->id == RL_CMD_FIT && i < rl_estimator_count(); i++) {
        rl_str_addf(out, "%s.TP\n\\fB%s\\fR\n", i == 0 ? ".PP\nEstimators:\n" : "", rl_estimator_at(i)->name);
        roff(out, rl_estimator_at(i)->what);
        rl_str_addc(out, '\n');
    }
    for (size_t i = 0; c->id == RL_CMD_FIT && i < rl_diag_count(); i++) {
        rl_str_addf(out, "%s.TP\n\\fB", i == 0 ? ".PP\nTests:\n" : "");
        roff(out, test_left(rl_diag_at(i), out->in));
        rl_str_add(out, "\\fR\n");
        roff(out, rl_diag_at(i)->what);
        rl_str_addc(out, '\n');
    }
    if (c->examples != NULL) {
        rl_str_add(out, ".PP\n.nf\n");
        roff(out, c->examples);
        rl_str_add(out, "\n.fi\n");
    }
}

void rl_man_page(rl_str *out)
{
    rl_str_add(out, ".TH REVLIFT 1 \"\" \"revlift\" \"User Commands\"\n.SH NAME\n"
                    "revlift \\- what marketing caused, in money, with its uncertainty\n"
                    ".SH SYNOPSIS\n.B revlift\n\\fICOMMAND\\fR [\\fIoptions\\fR] \\fIARGUMENTS\\fR\n.SH COMMANDS\n");
    for (size_t i = 0; i < rl_n_commands; i++)
        if (!rl_commands[i].hidden) man_command(out, &rl_commands[i]);
    rl_str_add(out, ".SH OPTIONS OF EVERY COMMAND\n");
    man_options(out, RL_CMD_ANY, true);
    rl_str_add(out, ".SH EXIT STATUS\n");
    for (int s = 0; s <= 5; s++) {
        rl_str text = rl_str_new(out->in);
        status_text(&text, s);
        rl_str_addf(out, ".TP\n%d\n", s);
        roff(out, rl_str_text(&text));
        rl_str_addc(out, '\n');
    }
    rl_str_add(out, ".SH ENVIRONMENT\n.TP\nNO_COLOR\nWhen set and not empty, no colour unless \\-\\-color=always.\n"
                    ".TP\nTERM\nWhen \\fBdumb\\fR, neither colour nor progress.\n");
}
