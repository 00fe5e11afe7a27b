#include "app/opts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 256 };

const rl_command *rl_command_by_name(const char *name)
{
    for (size_t i = 0; i < rl_n_commands; i++)
        if (strcmp(rl_commands[i].name, name) == 0) return &rl_commands[i];
    return NULL;
}

/* Names of commands or options, for the nearest one. */
static const char *nearest_command(const char *name)
{
    const char *known[32];
    size_t n = 0;
    for (size_t i = 0; i < rl_n_commands && n < 32; i++)
        if (!rl_commands[i].hidden) known[n++] = rl_commands[i].name;
    return rl_nearest(name, known, n);
}

static const char *nearest_option(const char *name, unsigned in)
{
    const char *known[128];
    size_t n = 0;
    for (size_t i = 0; i < rl_n_options && n < 128; i++) {
        const rl_option *o = &rl_options[i];
        if (o->name != NULL && o->what != NULL && (o->in & in)) known[n++] = o->name;
    }
    return rl_nearest(name, known, n);
}

rl_code rl_command_unknown(const char *name, rl_ctx *cx)
{
    static const char *const LATER[] = {"verify", "diff", "power", "plan"};
    for (size_t i = 0; i < sizeof LATER / sizeof *LATER; i++)
        if (strcmp(name, LATER[i]) == 0) {
            (void)rl_fail(cx, RL_EUSAGE, "command '%s' is not in this version", name);
            return rl_hint(cx, "'revlift help' lists the commands of this version");
        }
    const char *near = nearest_command(name);
    (void)rl_fail(cx, RL_EUSAGE, "unknown command '%s'", name);
    if (near != NULL) return rl_hint(cx, "did you mean '%s'? 'revlift help' lists the commands", near);
    return rl_hint(cx, "'revlift help' lists the commands");
}

/* The option called `name` (n bytes) of the commands in `in`; `any` is set
 * when another command has it. */
static const rl_option *find_long(const char *name, size_t n, unsigned in, const rl_option **any)
{
    *any = NULL;
    for (size_t i = 0; i < rl_n_options; i++) {
        const rl_option *o = &rl_options[i];
        if (o->name == NULL || strlen(o->name) != n || memcmp(o->name, name, n) != 0) continue;
        if (o->in & in) return o;
        *any = o;
    }
    return NULL;
}

static const rl_option *find_short(char letter, unsigned in)
{
    for (size_t i = 0; i < rl_n_options; i++)
        if (rl_options[i].name != NULL && rl_options[i].letter == letter && (rl_options[i].in & in))
            return &rl_options[i];
    return NULL;
}

static rl_code unknown_option(const char *word, size_t n, const rl_command *c, const rl_option *elsewhere, rl_ctx *cx)
{
    const char *help = c != NULL ? rl_sprintf(cx->keep, "help %s", c->name) : "help";
    if (elsewhere != NULL && c != NULL) {
        (void)rl_fail(cx, RL_EUSAGE, "'%s' has no option '%.*s'", c->name, (int)n, word);
        return rl_hint(cx, "'revlift %s' lists its options", help);
    }
    (void)rl_fail(cx, RL_EUSAGE, "unknown option '%.*s'", (int)n, word);
    const char *bare = word + strspn(word, "-");
    const char *near = nearest_option(rl_strndup(cx->keep, bare, n - (size_t)(bare - word)), c ? c->id : RL_CMD_ANY);
    if (near != NULL) return rl_hint(cx, "did you mean '--%s'? 'revlift %s' lists the options", near, help);
    return rl_hint(cx, "'revlift %s' lists the options", help);
}

static rl_code add_given(rl_opts *o, const rl_option *option, const char *value, const char *after, rl_ctx *cx)
{
    for (size_t i = 0; i < o->n_given; i++) {
        const rl_given *g = &o->given[i];
        if (g->option != option) continue;
        if (value == NULL || strcmp(g->value, value) == 0) return RL_OK;
        if (strstr(option->arg, "..") != NULL) continue;
        (void)rl_fail(cx, RL_EUSAGE, "'--%s' is given twice: '%s' and '%s'", option->name, g->value, value);
        return rl_hint(cx, "give it once");
    }
    o->given[o->n_given++] = (rl_given){option, value, after};
    return RL_OK;
}

/* "[lengths|forms]": alone, or with one of these words. */
static bool may_stand_alone(const rl_option *option) { return option->arg != NULL && option->arg[0] == '['; }

static bool is_choice(const rl_option *option, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = option->arg; n > 0 && (at = strstr(at + 1, word)) != NULL;)
        if (strchr("[|", at[-1]) != NULL && strchr("]|", at[n]) != NULL) return true;
    return false;
}

/* One option at argv[*i], and its value when it stands in argv[*i + 1]. */
static rl_code read_option(int argc, char **argv, int *i, rl_opts *o, rl_ctx *cx)
{
    const char *word = argv[*i], *value = NULL, *after = NULL;
    unsigned in = o->command != NULL ? o->command->id : RL_CMD_ANY;
    const rl_option *option, *elsewhere = NULL;
    size_t n = strlen(word);
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        if (equals != NULL) n = (size_t)(equals - word), value = equals + 1;
        option = find_long(word + 2, n - 2, in, &elsewhere);
    } else {
        option = find_short(word[1], in);
        if (word[2] != '\0') value = word + 2;
    }
    if (option == NULL) return unknown_option(word, n, o->command, elsewhere, cx);
    if (option->what == NULL) {
        (void)rl_fail(cx, RL_EUSAGE, "option '--%s' is not in this version", option->name);
        return rl_hint(cx, "'revlift help fit' lists what this version takes");
    }
    if (option->arg == NULL && value != NULL) {
        (void)rl_fail(cx, RL_EUSAGE, "option '--%s' takes no value, but '%s' is given", option->name, value);
        return rl_hint(cx, "write '--%s' alone", option->name);
    }
    if (may_stand_alone(option) && value == NULL) {
        value = *i + 1 < argc && is_choice(option, argv[*i + 1]) ? argv[++*i] : "";
        if (*value == '\0' && *i + 1 < argc) after = argv[*i + 1];
    } else if (option->arg != NULL && value == NULL) {
        if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0) {
            (void)rl_fail(cx, RL_EUSAGE, "option '--%s' needs a value", option->name);
            return rl_hint(cx, "write '--%s %s'", option->name, option->arg);
        }
        value = argv[++*i];
    }
    return add_given(o, option, value, after, cx);
}

static rl_code whole_number(const char *name, const char *text, uint64_t most, uint64_t *x, rl_ctx *cx)
{
    char *end = NULL;
    errno = 0;
    *x = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *x <= most) return RL_OK;
    (void)rl_fail(cx, RL_EUSAGE, "'--%s %s' is not a whole number from 0 to %llu", name, text,
                  (unsigned long long)most);
    return rl_hint(cx, "write '--%s 1', say", name);
}

static rl_code read_color(const char *text, rl_color *color, rl_ctx *cx)
{
    static const char *const NAME[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, NAME[i]) == 0) {
            *color = (rl_color)i;
            return RL_OK;
        }
    (void)rl_fail(cx, RL_EUSAGE, "'--color %s' is not one of auto, always, never", text);
    return rl_hint(cx, "write '--color=never', say");
}

/* The options of every command, out of the list. */
static rl_code read_globals(rl_opts *o, rl_ctx *cx)
{
    o->json = rl_opts_value(o, "json") != NULL;
    o->strict = rl_opts_value(o, "strict") != NULL;
    const char *threads = rl_opts_value(o, "threads"), *seed = rl_opts_value(o, "seed");
    uint64_t x = 0;
    if (threads != NULL) {
        RL_TRY(whole_number("threads", threads, MOST_THREADS, &x, cx));
        o->threads = (int)x;
    }
    if (seed != NULL) {
        RL_TRY(whole_number("seed", seed, UINT64_MAX, &o->seed, cx));
        o->has_seed = true;
    }
    return RL_OK;
}

/* A word too many behind an option that knows a few words: none of them. */
static rl_code refuse_word(const rl_opts *o, rl_ctx *cx)
{
    for (size_t i = 0; i < o->n_given; i++)
        for (size_t a = 0; a < o->n_args; a++) {
            const rl_given *g = &o->given[i];
            if (g->after == NULL || g->after != o->arg[a] || strchr(g->after, '~') != NULL) continue;
            (void)rl_fail(cx, RL_EUSAGE, "'--%s %s' is not known", g->option->name, g->after);
            return rl_hint(cx, "'--%s' stands alone, or takes one of %s", g->option->name, g->option->arg);
        }
    return RL_OK;
}

static rl_code count_args(const rl_opts *o, rl_ctx *cx)
{
    const rl_command *c = o->command;
    if (o->n_args < c->min_args) {
        (void)rl_fail(cx, RL_EUSAGE, "'%s' needs %s", c->name, c->args);
        return rl_hint(cx, "'revlift help %s' shows how it is called", c->name);
    }
    if (o->n_args > c->max_args) {
        RL_TRY(refuse_word(o, cx));
        (void)rl_fail(cx, RL_EUSAGE, "'%s' does not take a further argument '%s'", c->name, o->arg[c->max_args]);
        return rl_hint(cx,
                       c->id == RL_CMD_FIT ? "put the whole formula in quotes: 'y ~ x | unit'"
                                           : "'revlift help %s' shows how it is called",
                       c->name);
    }
    return RL_OK;
}

/* What the error message itself must obey, and help, which beats any error. */
static void look_ahead(int argc, char **argv, rl_opts *o)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *w = argv[i];
        if (strcmp(w, "--help") == 0 || strcmp(w, "-h") == 0) o->help = true;
        if (strcmp(w, "--quiet") == 0 || strcmp(w, "-q") == 0) o->quiet = true;
        if (strcmp(w, "--color=always") == 0) o->color = RL_COLOR_ALWAYS;
        if (strcmp(w, "--color=never") == 0) o->color = RL_COLOR_NEVER;
        if (strcmp(w, "--color") == 0 && i + 1 < argc) {
            if (strcmp(argv[i + 1], "always") == 0) o->color = RL_COLOR_ALWAYS;
            if (strcmp(argv[i + 1], "never") == 0) o->color = RL_COLOR_NEVER;
        }
    }
}

/* The first word that is neither an option nor its value names the command. */
static rl_code find_command(int argc, char **argv, rl_opts *o, int *at, rl_ctx *cx)
{
    rl_opts scratch = *o;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            *at = i;
            o->command = rl_command_by_name(argv[i]);
            return o->command != NULL ? RL_OK : rl_command_unknown(argv[i], cx);
        }
        if (strcmp(argv[i], "--") == 0) break;
        if (o->help && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) continue;
        RL_TRY(read_option(argc, argv, &i, &scratch, cx));
    }
    *at = argc;
    o->command = rl_command_by_name(rl_opts_value(&scratch, "version") != NULL ? "version" : "help");
    if (o->help || rl_opts_value(&scratch, "version") != NULL) return RL_OK;
    (void)rl_fail(cx, RL_EUSAGE, "no command is given");
    return rl_hint(cx, "'revlift help' lists the commands; 'revlift run STUDY -o DIR' is the usual one");
}

rl_code rl_opts_parse(int argc, char **argv, rl_opts *out, rl_ctx *cx)
{
    int at = 0;
    bool ended = false;
    *out = (rl_opts){.seed = 1};
    out->arg = RL_NEW(cx->keep, const char *, argc > 0 ? (size_t)argc : 1);
    out->given = RL_NEW(cx->keep, rl_given, argc > 0 ? (size_t)argc : 1);
    look_ahead(argc, argv, out);
    RL_TRY(find_command(argc, argv, out, &at, cx));
    if (out->help) return RL_OK;
    for (int i = 1; i < argc; i++) {
        if (i == at) continue;
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0')
            RL_TRY(read_option(argc, argv, &i, out, cx));
        else
            out->arg[out->n_args++] = argv[i];
    }
    const char *color = rl_opts_value(out, "color");
    if (color != NULL) RL_TRY(read_color(color, &out->color, cx));
    if (rl_opts_value(out, "version") != NULL) {
        out->command = rl_command_by_name("version");
        return RL_OK;
    }
    RL_TRY(read_globals(out, cx));
    return count_args(out, cx);
}

const char *rl_opts_value(const rl_opts *o, const char *name)
{
    for (size_t i = 0; i < o->n_given; i++)
        if (strcmp(o->given[i].option->name, name) == 0) return o->given[i].value ? o->given[i].value : "";
    return NULL;
}
