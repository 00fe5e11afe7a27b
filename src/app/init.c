#include "app/init.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/study.h"

/* ------------------------------------------------------------ paths */

static char *full_path(const char *path, rl_arena *in)
{
    char *real = realpath(path, NULL), *copy = real != NULL ? rl_strdup(in, real) : NULL;
    free(real);
    return copy;
}

/* `path` as seen from `folder`: both absolute and without links. */
static const char *seen_from(const char *folder, const char *path, rl_arena *in)
{
    size_t common = 0;
    for (size_t i = 0; folder[i] == path[i]; i++) {
        if (folder[i] == '/') common = i + 1;
        if (folder[i] == '\0') break;
    }
    size_t n = strlen(folder);
    if (strncmp(folder, path, n) == 0 && path[n] == '/') return path + n + 1;
    rl_str t = rl_str_new(in);
    for (const char *s = folder + common; *s != '\0';) {
        rl_str_add(&t, "../");
        s += strcspn(s, "/");
        s += *s == '/';
    }
    rl_str_add(&t, path + common);
    return rl_str_text(&t);
}

/* The path to write: as given when the study file stands here, else relative to its folder. */
static const char *path_for(const char *file, const char *out_path, rl_arena *in)
{
    const char *slash = out_path != NULL ? strrchr(out_path, '/') : NULL;
    if (slash == NULL || file[0] == '/') return file;
    const char *folder = full_path(slash == out_path ? "/" : rl_strndup(in, out_path, (size_t)(slash - out_path)), in);
    const char *path = full_path(file, in);
    return folder != NULL && path != NULL ? seen_from(folder, path, in) : file;
}

static bool is_utf8(const char *s)
{
    for (const unsigned char *c = (const unsigned char *)s; *c != '\0';) {
        size_t n = *c < 0x80                 ? 1
                   : *c >= 0xc2 && *c < 0xe0 ? 2
                   : *c >= 0xe0 && *c < 0xf0 ? 3
                   : *c >= 0xf0 && *c < 0xf5 ? 4
                                             : 0;
        if (n == 0) return false;
        for (size_t i = 1; i < n; i++)
            if ((c[i] & 0xc0) != 0x80) return false;
        c += n;
    }
    return true;
}

/* ------------------------------------------------------------ the command */

static rl_code check_files(size_t n, const char *const *files, const char *out_path, rl_ctx *cx)
{
    if (n == 0) {
        rl_fail(cx, RL_EUSAGE, "no CSV file given");
        return rl_hint(cx, "revlift init deals.csv touches.csv spend.csv -o study.yaml");
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_utf8(files[i])) return rl_fail(cx, RL_EUSAGE, "the path of file %zu is not UTF-8 text", i + 1);
        for (size_t k = 0; k < i; k++)
            if (strcmp(files[i], files[k]) == 0) return rl_fail(cx, RL_EUSAGE, "'%s' is given twice", files[i]);
    }
    if (out_path != NULL && access(out_path, F_OK) == 0) {
        rl_fail(cx, RL_EUSAGE, "'%s' exists already", out_path);
        return rl_hint(cx, "give another name with -o, or remove the file: 'init' overwrites nothing");
    }
    return RL_OK;
}

static rl_code nothing_found(size_t n, const rl_seen *file, const rl_guess *guess, rl_ctx *cx)
{
    rl_fail(cx, RL_EINPUT, "no file looks like deals, leads or a panel");
    for (size_t i = 0; i < n; i++)
        if (guess[i].nearly != RL_KIND_NONE)
            return rl_hint(cx, "'%s' is most like '%s', but lacks %s", file[i].source.name,
                           rl_kind_name(guess[i].nearly), guess[i].lacks);
    return rl_hint(cx, "deals need an id, a creation date, a closing date and a status with a word for 'won'");
}

static rl_code write_file(const rl_str *t, const char *out_path, rl_ctx *cx)
{
    FILE *f = out_path != NULL ? fopen(out_path, "wx") : stdout;
    if (f == NULL) return rl_fail(cx, RL_EIO, "cannot write '%s': %s", out_path, strerror(errno));
    bool ok = fwrite(t->s, 1, t->n, f) == t->n;
    ok &= (out_path != NULL ? fclose(f) : fflush(f)) == 0;
    if (ok) return RL_OK;
    return rl_fail(cx, RL_EIO, "cannot write '%s': %s", out_path != NULL ? out_path : "standard output",
                   strerror(errno));
}

rl_code rl_cmd_init(size_t n_files, const char *const *files, const char *out_path, rl_ctx *cx)
{
    RL_TRY(check_files(n_files, files, out_path, cx));
    rl_seen *file = RL_NEW(cx->keep, rl_seen, n_files);
    rl_guess *guess = RL_NEW(cx->keep, rl_guess, n_files);
    const char **name = RL_NEW(cx->keep, const char *, n_files);
    for (size_t i = 0; i < n_files; i++) {
        RL_TRY(rl_sniff(files[i], files[i], &file[i], cx->keep, cx));
        name[i] = path_for(files[i], out_path, cx->keep);
    }
    rl_roles_guess(file, n_files, guess, cx->keep);
    bool data = false;
    for (size_t i = 0; i < n_files; i++)
        data |= guess[i].kind == RL_KIND_DEALS || guess[i].kind == RL_KIND_LEADS || guess[i].kind == RL_KIND_PANEL;
    if (!data) return nothing_found(n_files, file, guess, cx);

    rl_str t = rl_str_new(cx->keep);
    rl_init_write(&t, n_files, file, name, guess, cx);
    rl_study study;
    rl_code code = rl_study_parse(out_path != NULL ? out_path : "study.yaml", t.s, t.n, &study, cx->keep, cx);
    if (code != RL_OK) return rl_context(cx, "the guess is no valid study: ");
    return write_file(&t, out_path, cx);
}
