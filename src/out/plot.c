/* out/plot.c -- scripts for gnuplot, safe by construction, and running it. */
#include "out/plot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "out/view.h"

rl_chart *rl_chart_new(const char *id, const char *template, rl_arena *in)
{
    rl_chart *c = RL_NEW(in, rl_chart, 1);
    *c = (rl_chart){.id = id, .template = template, .title = "", .alt = ""};
    c->set = rl_str_new(in);
    c->add = rl_str_new(in);
    c->dat = rl_str_new(in);
    return c;
}

/* --- texts and numbers as gnuplot reads them ------------------------------------- */

static void add_quoted(rl_str *s, const char *text, bool is_format)
{
    rl_str_addc(s, '\'');
    for (const char *p = rl_view_clean(text, 0, s->in); *p; p++) {
        if (*p == '\'' || (*p == '%' && is_format)) rl_str_addc(s, *p); /* doubled */
        rl_str_addc(s, *p);
    }
    rl_str_addc(s, '\'');
}

static void add_number(rl_str *s, double x)
{
    char buf[32];
    rl_str_add(s, isfinite(x) ? rl_num_text(buf, x) : "NaN");
}

void rl_chart_text(rl_chart *c, const char *name, const char *text)
{
    rl_str_addf(&c->set, "%s = ", name);
    add_quoted(&c->set, text, false);
    rl_str_addc(&c->set, '\n');
}

void rl_chart_number(rl_chart *c, const char *name, double x)
{
    rl_str_addf(&c->set, "%s = ", name);
    add_number(&c->set, x);
    rl_str_addc(&c->set, '\n');
}

/* gnuplot breaks a label at a newline, which single quotes cannot hold: two
 * quoted halves joined by the theme's NEWLINE. */
static void add_label(rl_str *s, const char *text, size_t wide, bool is_format)
{
    const char *label = rl_view_clean(text, wide ? 2 * wide : 0, s->in);
    const char *blank = NULL;
    if (wide && strlen(label) > wide) {
        for (const char *p = label; *p; p++)
            if (*p == ' ' && ((size_t)(p - label) <= wide || !blank)) blank = p;
    }
    if (!blank) {
        add_quoted(s, rl_view_clean(label, wide ? wide + 6 : 0, s->in), is_format);
        return;
    }
    add_quoted(s, rl_strndup(s->in, label, (size_t)(blank - label)), is_format);
    rl_str_add(s, ".NEWLINE.");
    add_quoted(s, rl_view_clean(blank + 1, wide + 6, s->in), is_format);
}

void rl_chart_tics(rl_chart *c, const char *axis, const double *at, const char *const *label, size_t n, size_t wide)
{
    rl_str_addf(&c->add, "set %stics (", axis);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) rl_str_add(&c->add, ", ");
        add_label(&c->add, label[i], wide, true);
        rl_str_addc(&c->add, ' ');
        add_number(&c->add, at[i]);
    }
    rl_str_add(&c->add, ")\n");
}

void rl_chart_label(rl_chart *c, double x, double y, const char *style, const char *text)
{
    if (!isfinite(x) || !isfinite(y)) return;
    rl_str_add(&c->add, "set label ");
    add_label(&c->add, text, 0, false);
    rl_str_add(&c->add, " at first ");
    add_number(&c->add, x);
    rl_str_add(&c->add, ", first ");
    add_number(&c->add, y);
    rl_str_addf(&c->add, " @%s\n", style);
}

void rl_chart_columns(rl_chart *c, const char *names) { rl_str_addf(&c->dat, "# %s\n", names); }

void rl_chart_row(rl_chart *c, const double *x, size_t k, const char *text)
{
    for (size_t j = 0; j < k; j++) {
        if (j > 0) rl_str_addc(&c->dat, ' ');
        add_number(&c->dat, x[j]);
    }
    if (text) rl_str_addf(&c->dat, " # %s", rl_view_clean(text, 0, c->dat.in));
    rl_str_addc(&c->dat, '\n');
}

void rl_chart_break(rl_chart *c) { rl_str_add(&c->dat, "\n\n"); }

/* --- templates --------------------------------------------------------------------- */

static char *slurp(const char *path, rl_arena *in, size_t *n)
{
    FILE *f = fopen(path, "rbe");
    if (!f) return NULL;
    rl_str s = rl_str_new(in);
    char block[16384];
    for (size_t got; (got = fread(block, 1, sizeof block, f)) > 0;) rl_str_addn(&s, block, got);
    bool bad = ferror(f) != 0;
    fclose(f);
    if (bad) return NULL;
    if (n) *n = s.n;
    return s.s ? s.s : rl_strdup(in, "");
}

/* The folder of templates: the environment, one beside the program (the tree
 * it was built in; a test binary lies deeper), or the place of installation. */
static const char *plots_folder(rl_arena *in)
{
    const char *said = getenv("RLV_PLOTS");
    if (said && said[0]) return rl_strdup(in, said);
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    for (int up = 0; up < 5; up++) {
        char *slash = strrchr(exe, '/');
        if (!slash) break;
        *slash = '\0';
        const char *folder = rl_sprintf(in, "%s/plots", exe);
        if (access(rl_sprintf(in, "%s/theme.gp", folder), R_OK) == 0) return folder;
    }
#ifdef RL_PLOTS_DIR
    if (access(RL_PLOTS_DIR "/theme.gp", R_OK) == 0) return RL_PLOTS_DIR;
#endif
    return NULL;
}

/* --- running gnuplot ------------------------------------------------------------------ */

typedef struct rl_gnuplot {
    const char *folder; /* of templates             */
    const char *theme;
    rl_outdir *o;
    rl_arena *in;
    const char *note; /* the first thing it said  */
    bool missing;
} rl_gnuplot;

static bool script_of(rl_gnuplot *g, const rl_chart *c, rl_str *s)
{
    const char *body = slurp(rl_sprintf(g->in, "%s/%s.gp", g->folder, c->template), g->in, NULL);
    if (!body) return false;
    rl_str_add(s, "reset session\n");
    rl_str_addn(s, rl_str_text((rl_str *)&c->set), c->set.n);
    rl_str_addf(s, "dat = 'charts/%s.dat'\n", c->id);
    rl_str_add(s, g->theme);
    rl_str_addf(s, "\nset output 'charts/%s.svg'\n", c->id);
    rl_str_addn(s, rl_str_text((rl_str *)&c->add), c->add.n);
    rl_str_add(s, body);
    rl_str_add(s, "\nunset output\n");
    return true;
}

static int memory_file(const char *name, const char *text, size_t n)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    for (size_t done = 0; fd >= 0 && done < n;) {
        ssize_t k = write(fd, text + done, n - done);
        if (k <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)k;
    }
    if (fd >= 0) lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Start gnuplot in the building directory; its exit status, or -1 with errno
 * when it cannot be started. */
static int spawn(const char *cwd, int script, int said)
{
    posix_spawn_file_actions_t act;
    const char *path = getenv("PATH");
    char env_path[4096] = "PATH=/usr/local/bin:/usr/bin:/bin", env_locale[] = "LC_ALL=C";
    if (path && strlen(path) < sizeof env_path - 6) snprintf(env_path, sizeof env_path, "PATH=%s", path);
    char name[] = "gnuplot", defaults[] = "-d";
    char *argv[] = {name, defaults, NULL}, *env[] = {env_path, env_locale, NULL};
    posix_spawn_file_actions_init(&act);
    posix_spawn_file_actions_adddup2(&act, script, 0);
    posix_spawn_file_actions_addopen(&act, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&act, said, 2);
    posix_spawn_file_actions_addchdir_np(&act, cwd);
    pid_t pid;
    int bad = posix_spawnp(&pid, name, &act, NULL, argv, env), status = 0;
    posix_spawn_file_actions_destroy(&act);
    if (bad) {
        errno = bad;
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* What gnuplot stopped at: the last line it wrote that is no warning. */
static const char *complaint(int said, rl_arena *in)
{
    char text[4096];
    ssize_t n = pread(said, text, sizeof text - 1, 0);
    const char *last = "no word why";
    text[n > 0 ? n : 0] = '\0';
    for (char *line = text, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        if (*end != '\0') *end++ = '\0';
        line += strspn(line, " ");
        if (*line != '\0' && strstr(line, "warning:") == NULL) last = rl_view_clean(line, 200, in);
    }
    return last;
}

/* Run one script; false when it failed, with the note set. */
static bool run(rl_gnuplot *g, rl_str *script)
{
    int in = memory_file("revlift-gnuplot", rl_str_text(script), script->n);
    int said = memory_file("revlift-gnuplot-said", "", 0);
    int status = in < 0 || said < 0 ? -1 : spawn(g->o->path, in, said);
    if (status < 0) {
        g->missing = true;
        if (!g->note)
            g->note = errno == ENOENT
                          ? "gnuplot is not installed, charts left out"
                          : rl_sprintf(g->in, "gnuplot could not be started (%s), charts left out", strerror(errno));
    } else if (status > 0 && !g->note) {
        g->note = rl_sprintf(g->in, "gnuplot failed: %s", complaint(said, g->in));
    }
    if (in >= 0) close(in);
    if (said >= 0) close(said);
    return status == 0;
}

static bool draw(rl_gnuplot *g, rl_chart *const *chart, size_t n)
{
    rl_str script = rl_str_new(g->in);
    for (size_t i = 0; i < n; i++) {
        if (script_of(g, chart[i], &script)) continue;
        if (!g->note) g->note = rl_sprintf(g->in, "the template '%s.gp' is missing", chart[i]->template);
        return false;
    }
    return run(g, &script);
}

static rl_code collect(rl_chart *c, rl_outdir *o, bool drawn, rl_ctx *cx)
{
    const char *path = rl_sprintf(cx->tmp, "charts/%s.svg", c->id);
    size_t n = 0;
    char *raw = drawn ? slurp(rl_sprintf(cx->tmp, "%s/%s", o->path, path), cx->tmp, &n) : NULL;
    if (!raw || n == 0 || strlen(raw) != n) {
        rl_outdir_remove(o, path);
        return RL_OK;
    }
    c->svg = rl_svg_inline(raw, c->id, c->alt, cx->keep);
    return rl_outdir_write(o, path, c->svg, strlen(c->svg), cx);
}

rl_code rl_charts_draw(rl_chart *const *chart, size_t n, rl_outdir *o, const char **note, rl_ctx *cx)
{
    rl_gnuplot g = {.o = o, .in = cx->tmp, .folder = plots_folder(cx->tmp)};
    *note = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *path = rl_sprintf(cx->tmp, "charts/%s.dat", chart[i]->id);
        RL_TRY(rl_outdir_write(o, path, rl_str_text(&chart[i]->dat), chart[i]->dat.n, cx));
    }
    if (n == 0) return RL_OK;
    g.theme = g.folder ? slurp(rl_sprintf(cx->tmp, "%s/theme.gp", g.folder), cx->tmp, NULL) : NULL;
    if (!g.theme) {
        *note = "the chart templates (plots/theme.gp) were not found, charts left out";
        return RL_OK;
    }
    bool all = draw(&g, chart, n);
    const char *whole = g.note, *why = NULL, *first = NULL; /* of the batch; of the first chart that fails by itself */
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        g.note = NULL;
        bool drawn = all || (!g.missing && draw(&g, &chart[i], 1));
        RL_TRY(collect(chart[i], o, drawn, cx));
        if (chart[i]->svg != NULL || g.missing) continue;
        if (failed++ > 0) continue;
        first = chart[i]->id;
        why = g.note != NULL ? g.note : "nothing came of it";
    }
    if (g.missing)
        *note = rl_strdup(cx->keep, whole);
    else if (failed == 1)
        *note = rl_sprintf(cx->keep, "chart '%s' was not drawn: %s", first, why);
    else if (failed > 1)
        *note = rl_sprintf(cx->keep, "%zu charts were not drawn; the first is '%s': %s", failed, first, why);
    return RL_OK;
}
