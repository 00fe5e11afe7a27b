/* out/outdir.c -- build beside, flush, swap. */
#include "out/outdir.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "out/outdir_own.h"

static const char TMP[] = ".tmp-", OLD[] = ".old-";
enum { TAIL = 6 }; /* hex digits behind them */

static rl_code io_fail(rl_ctx *cx, const char *verb, const char *what)
{
    rl_code code = rl_fail(cx, RL_EIO, "cannot %s '%s': %s", verb, what, strerror(errno));
    return errno == ENOSPC ? rl_hint(cx, "free some disk space; the previous result is untouched") : code;
}

/* --- names ---------------------------------------------------------------------- */

static rl_code make_parents(const char *path, rl_ctx *cx)
{
    char *copy = rl_strdup(cx->keep, path);
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) return io_fail(cx, "make the folder", copy);
        *p = '/';
    }
    if (mkdir(copy, 0777) != 0 && errno != EEXIST) return io_fail(cx, "make the folder", copy);
    return RL_OK;
}

/* Parent and last name of DIR; a symbolic link to a directory is followed. */
static rl_code split(rl_outdir *o, const char *dir, rl_ctx *cx)
{
    char *real = realpath(dir, NULL);
    char *path = rl_strdup(o->in, real ? real : dir);
    free(real);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') path[--n] = '\0';
    char *slash = strrchr(path, '/');
    o->name = slash ? slash + 1 : path;
    o->parent = !slash ? "." : slash == path ? "/" : rl_strndup(o->in, path, (size_t)(slash - path));
    if (!o->name[0] || !strcmp(o->name, ".") || !strcmp(o->name, "..")) {
        rl_fail(cx, RL_EUSAGE, "'%s' cannot be an output directory", dir);
        return rl_hint(cx, "name a directory of its own, for example 'out/quarterly'");
    }
    RL_TRY(make_parents(o->parent, cx));
    o->parent_fd = open(o->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return o->parent_fd < 0 ? io_fail(cx, "open the folder", o->parent) : RL_OK;
}

static bool is_beside(const rl_outdir *o, const char *name, const char *infix)
{
    size_t n = strlen(o->name), k = strlen(infix);
    return !strncmp(name, o->name, n) && !strncmp(name + n, infix, k) && strlen(name + n + k) == TAIL &&
           strspn(name + n + k, "0123456789abcdef") == TAIL;
}

static const char *fresh_name(rl_outdir *o, const char *infix)
{
    uint32_t bits = 0;
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) bits = (uint32_t)getpid() * 2654435761u;
    return rl_sprintf(o->in, "%s%s%06x", o->name, infix, bits & 0xffffffu);
}

/* --- what dead runs left ------------------------------------------------------------ */

/* A lock that cannot be had for another reason than its holder counts as held. */
static bool owner_is_dead(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0; }

static void clear_one(rl_outdir *o, const char *name, bool aside)
{
    int fd = openat(o->parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    if (owner_is_dead(fd)) {
        struct stat st;
        bool missing = fstatat(o->parent_fd, o->name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
        if (aside && missing && rl_tree_is_ours(fd)) {
            (void)renameat(o->parent_fd, name, o->parent_fd, o->name); /* killed between two renames: put it back */
        } else if (rl_tree_is_ours(fd)) {
            rl_tree_remove(o->parent_fd, name);
        } else {
            (void)unlinkat(o->parent_fd, name, AT_REMOVEDIR); /* only when empty */
        }
    }
    close(fd);
}

static void clear_leavings(rl_outdir *o)
{
    int fd = openat(o->parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        bool aside = is_beside(o, e->d_name, OLD);
        if (aside || is_beside(o, e->d_name, TMP)) clear_one(o, e->d_name, aside);
    }
    closedir(d);
}

/* --- opening -------------------------------------------------------------------------- */

static rl_code may_replace(const rl_outdir *o, const char *dir, rl_ctx *cx)
{
    struct stat st;
    if (fstatat(o->parent_fd, o->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? RL_OK : io_fail(cx, "look at", dir);
    if (!S_ISDIR(st.st_mode)) {
        rl_fail(cx, RL_EUSAGE, "'%s' exists and is not a directory", dir);
        return rl_hint(cx, "name another output directory");
    }
    int fd = openat(o->parent_fd, o->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io_fail(cx, "open the folder", dir);
    const char *foreign = rl_tree_foreign(fd, o->in);
    close(fd);
    if (!foreign) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "'%s' holds '%s', which revlift did not write there; it is left alone", dir, foreign);
    return rl_hint(cx, "name another output directory, or move that file away");
}

static rl_code begin(rl_outdir *o, rl_ctx *cx)
{
    int made;
    do {
        o->building = fresh_name(o, TMP);
        o->path = rl_sprintf(o->in, "%s/%s", o->parent, o->building);
        made = mkdirat(o->parent_fd, o->building, 0777);
    } while (made != 0 && errno == EEXIST);
    if (made != 0) return io_fail(cx, "make the folder", o->path);
    o->fd = openat(o->parent_fd, o->building, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (o->fd < 0) return io_fail(cx, "make the folder", o->path);
    (void)flock(o->fd, LOCK_EX | LOCK_NB);
    int mark = openat(o->fd, RL_TREE_MARK, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (mark < 0) return io_fail(cx, "write into", o->path);
    close(mark);
    return RL_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

void rl_outdir_abandon(rl_outdir *o)
{
    if (o->building && o->parent_fd >= 0) rl_tree_remove(o->parent_fd, o->building);
    o->building = NULL;
    close_fd(&o->fd);
    close_fd(&o->parent_fd);
}

static void abandon(void *what) { rl_outdir_abandon(what); }

rl_code rl_outdir_open(const char *dir, rl_outdir **out, rl_ctx *cx)
{
    rl_outdir *o = *out = RL_NEW(cx->keep, rl_outdir, 1);
    *o = (rl_outdir){.parent_fd = -1, .fd = -1, .exchange = true, .in = cx->keep};
    rl_arena_defer(cx->keep, abandon, o);
    RL_TRY(split(o, dir, cx));
    (void)flock(o->parent_fd, LOCK_EX);
    clear_leavings(o);
    rl_code code = may_replace(o, dir, cx);
    if (code == RL_OK) code = begin(o, cx);
    (void)flock(o->parent_fd, LOCK_UN);
    if (code != RL_OK) rl_outdir_abandon(o);
    return code;
}

/* --- files ---------------------------------------------------------------------------- */

static rl_outfile *entry(rl_outdir *o, const char *path)
{
    for (size_t i = 0; i < o->n; i++)
        if (!strcmp(o->file[i].path, path)) return &o->file[i];
    if (o->n == o->cap) {
        size_t cap = o->cap ? 2 * o->cap : 32;
        o->file = rl_regrow(o->in, o->file, o->cap, cap, sizeof *o->file);
        o->cap = cap;
    }
    o->file[o->n].path = rl_strdup(o->in, path);
    return &o->file[o->n++];
}

static rl_code write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return RL_EIO;
        bytes += done;
        n -= (size_t)done;
    }
    return RL_OK;
}

rl_code rl_outdir_write(rl_outdir *o, const char *path, const char *bytes, size_t n, rl_ctx *cx)
{
    assert(path[0] != '/' && !strstr(path, ".."));
    const char *slash = strchr(path, '/');
    if (slash) {
        const char *folder = rl_strndup(cx->tmp, path, (size_t)(slash - path));
        if (mkdirat(o->fd, folder, 0777) != 0 && errno != EEXIST) return io_fail(cx, "make the folder", folder);
    }
    int fd = openat(o->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return io_fail(cx, "write", path);
    rl_code code = write_all(fd, bytes, n);
    if (code != RL_OK) io_fail(cx, "write", path);
    if (close(fd) != 0 && code == RL_OK) code = io_fail(cx, "write", path);
    RL_TRY(code);
    rl_outfile *f = entry(o, path);
    f->bytes = n;
    rl_sha256(bytes, n, f->sha256);
    return RL_OK;
}

rl_code rl_outdir_adopt(rl_outdir *o, const char *path, rl_ctx *cx)
{
    rl_outfile *f = entry(o, path);
    return rl_sha256_file(rl_sprintf(cx->tmp, "%s/%s", o->path, path), f->sha256, &f->bytes, cx);
}

void rl_outdir_remove(rl_outdir *o, const char *path)
{
    (void)unlinkat(o->fd, path, 0);
    for (size_t i = 0; i < o->n; i++) {
        if (strcmp(o->file[i].path, path)) continue;
        memmove(&o->file[i], &o->file[i + 1], (o->n - i - 1) * sizeof *o->file);
        o->n--;
        return;
    }
}

/* --- the swap ------------------------------------------------------------------------- */

static rl_code flush(rl_outdir *o, rl_ctx *cx)
{
    const char *folder = NULL;
    for (size_t i = 0; i < o->n; i++) {
        const char *path = o->file[i].path, *slash = strchr(path, '/');
        if (slash) folder = rl_strndup(cx->tmp, path, (size_t)(slash - path));
        int fd = openat(o->fd, path, O_RDONLY | O_CLOEXEC);
        bool bad = fd < 0 || fsync(fd) != 0;
        close_fd(&fd);
        if (bad) return io_fail(cx, "flush", path);
    }
    int fd = folder ? openat(o->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool bad = (fd >= 0 && fsync(fd) != 0) || fsync(o->fd) != 0;
    close_fd(&fd);
    return bad ? io_fail(cx, "flush", o->path) : RL_OK;
}

/* Two renames where one exchange is not to be had. */
static rl_code swap_by_steps(rl_outdir *o, rl_ctx *cx)
{
    const char *aside = fresh_name(o, OLD);
    if (renameat(o->parent_fd, o->name, o->parent_fd, aside) != 0) return io_fail(cx, "rename", o->name);
    if (renameat(o->parent_fd, o->building, o->parent_fd, o->name) != 0) {
        rl_code code = io_fail(cx, "rename", o->building);
        if (renameat(o->parent_fd, aside, o->parent_fd, o->name) != 0)
            return rl_hint(cx, "the previous result is in '%s/%s'", o->parent, aside);
        return code;
    }
    o->building = NULL;
    (void)fsync(o->parent_fd);
    rl_tree_remove(o->parent_fd, aside);
    return RL_OK;
}

static rl_code swap(rl_outdir *o, rl_ctx *cx)
{
    if (o->exchange && renameat2(o->parent_fd, o->building, o->parent_fd, o->name, RENAME_EXCHANGE) == 0) {
        const char *old = o->building;
        o->building = NULL;
        (void)fsync(o->parent_fd);
        rl_tree_remove(o->parent_fd, old);
        return RL_OK;
    }
    bool missing = o->exchange ? errno == ENOENT : faccessat(o->parent_fd, o->name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    if (!missing) return swap_by_steps(o, cx);
    if (renameat(o->parent_fd, o->building, o->parent_fd, o->name) != 0) return io_fail(cx, "rename", o->building);
    o->building = NULL;
    (void)fsync(o->parent_fd);
    return RL_OK;
}

rl_code rl_outdir_commit(rl_outdir *o, rl_ctx *cx)
{
    assert(o->building);
    (void)unlinkat(o->fd, RL_TREE_MARK, 0);
    RL_TRY(flush(o, cx));
    (void)flock(o->parent_fd, LOCK_EX);
    rl_code code = may_replace(o, o->name, cx); /* somebody may have put a file there meanwhile */
    if (code == RL_OK) code = swap(o, cx);
    (void)flock(o->parent_fd, LOCK_UN);
    if (code == RL_OK) rl_outdir_abandon(o); /* closes; nothing left to remove */
    return code;
}
