#include "app/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RED   "\033[1;31m"
#define CYAN  "\033[1;36m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* The terminal is one for the whole process. */
static struct {
    bool color, quiet, progress, shown;
    double start, last;
} term;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void rl_note_setup(rl_color color, bool quiet)
{
    const char *no = getenv("NO_COLOR"), *kind = getenv("TERM");
    bool tty = isatty(STDERR_FILENO) == 1, dumb = kind == NULL || strcmp(kind, "dumb") == 0;
    term.color = color == RL_COLOR_ALWAYS || (color == RL_COLOR_AUTO && tty && !dumb && (no == NULL || *no == '\0'));
    term.quiet = quiet;
    term.progress = tty && !dumb && !quiet;
    term.start = seconds();
}

static const char *paint(const char *code) { return term.color ? code : ""; }

/* Text as it may stand on a terminal; line ends and tabs stay when `lines`. */
static void put(const char *s, bool lines)
{
    for (const unsigned char *c = (const unsigned char *)s; *c != '\0'; c++) {
        bool c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F;
        int turns = c[0] == 0xE2 && c[1] == 0x80 && c[2] >= 0xAA && c[2] <= 0xAE   ? c[2] - 0xAA + 0x202A
                    : c[0] == 0xE2 && c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9 ? c[2] - 0xA6 + 0x2066
                                                                                   : 0; /* the direction of writing */
        if (lines && (*c == '\n' || *c == '\t'))
            fputc(*c, stderr);
        else if (*c < 0x20 || *c == 0x7F)
            fprintf(stderr, "\\x%02x", *c);
        else if (c1)
            fprintf(stderr, "\\x%02x", *++c);
        else if (turns != 0) {
            fprintf(stderr, "\\u%04x", (unsigned)turns);
            c += 2;
        } else
            fputc(*c, stderr);
    }
}

static void put_excerpt(const char *s)
{
    for (size_t n; *s != '\0'; s += n) {
        n = strcspn(s, "\n");
        n += s[n] == '\n';
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), s);
        bool caret = line[strspn(line, " \t|")] == '^';
        fputs(caret ? paint(RED) : "", stderr);
        put(line, true);
        fputs(caret ? paint(PLAIN) : "", stderr);
    }
}

void rl_note_error(const rl_err *e)
{
    rl_note_done();
    fprintf(stderr, "%srevlift: %serror:%s ", paint(BOLD), paint(RED), paint(PLAIN));
    if (e->file != NULL) {
        fputs(paint(BOLD), stderr);
        put(e->file, false);
        if (e->line > 0) fprintf(stderr, ":%d", e->line);
        if (e->line > 0 && e->col > 0) fprintf(stderr, ":%d", e->col);
        fprintf(stderr, ":%s ", paint(PLAIN));
    }
    put(e->what[0] != '\0' ? e->what : rl_code_text(e->code), false);
    fputc('\n', stderr);
    if (e->excerpt != NULL && *e->excerpt != '\0') {
        put_excerpt(e->excerpt);
        if (e->excerpt[strlen(e->excerpt) - 1] != '\n') fputc('\n', stderr);
    }
    if (e->hint[0] != '\0') {
        fprintf(stderr, "%shint:%s ", paint(CYAN), paint(PLAIN));
        put(e->hint, false);
        fputc('\n', stderr);
    }
}

void rl_note_text(const char *label, const char *text)
{
    if (term.quiet) return;
    rl_note_done();
    fprintf(stderr, "%srevlift: %s:%s ", paint(BOLD), label, paint(PLAIN));
    put(text, false);
    fputc('\n', stderr);
}

void rl_note_remarks(rl_ctx *cx)
{
    for (size_t i = 0; i < cx->n_notes; i++) { /* several models may say the same */
        bool again = false;
        for (size_t k = 0; k < i && !again; k++) again = strcmp(cx->note[k].text, cx->note[i].text) == 0;
        if (!again) rl_note_text("note", cx->note[i].text);
    }
    cx->n_notes = 0;
}

void rl_note_tick(rl_ctx *cx, const char *stage, double share)
{
    (void)cx;
    if (!term.progress) return;
    double now = seconds();
    if (now - term.start < 1.0 || now - term.last < 0.1) return;
    term.last = now;
    term.shown = true;
    char name[61];
    snprintf(name, sizeof name, "%s", stage);
    fputs("\r\033[K", stderr);
    put(name, false); /* often a file's name */
    if (share >= 0.0 && share <= 1.0) fprintf(stderr, " %3.0f %%", 100.0 * share);
    fflush(stderr);
}

void rl_note_done(void)
{
    if (term.shown) fputs("\r\033[K", stderr);
    term.shown = false;
}

void rl_note_nomem(size_t bytes, void *user)
{
    (void)user;
    rl_err e = {.code = RL_EMEM};
    snprintf(e.what, sizeof e.what, "out of memory: %zu more bytes are needed", bytes);
    snprintf(e.hint, sizeof e.hint, "close other programs, or use a machine with more memory");
    rl_note_error(&e);
    _exit(rl_exit_status(RL_EMEM));
}
