/* out/outdir_own.c -- trees of ours. */
#include "out/outdir_own.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { MANIFEST_MAX = 1 << 20, DEEPEST = 8 };

static bool is_dot(const char *name) { return !strcmp(name, ".") || !strcmp(name, ".."); }

static DIR *open_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d && fd >= 0) close(fd);
    return d;
}

/* The manifest's text, or NULL when there is none of ours. */
static const char *manifest_of(int fd, rl_arena *in)
{
    int file = openat(fd, RL_TREE_MANIFEST, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return NULL;
    char *text = rl_alloc(in, MANIFEST_MAX + 1, 1);
    size_t n = 0;
    for (ssize_t got; n < MANIFEST_MAX && (got = read(file, text + n, MANIFEST_MAX - n)) > 0;) n += (size_t)got;
    close(file);
    return strstr(text, RL_TREE_PROGRAM) ? text : NULL;
}

bool rl_tree_is_ours(int fd)
{
    if (faccessat(fd, RL_TREE_MARK, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return true;
    int file = openat(fd, RL_TREE_MANIFEST, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return false;
    char head[512] = "";
    ssize_t n = read(file, head, sizeof head - 1);
    close(file);
    return n > 0 && strstr(head, RL_TREE_PROGRAM) != NULL;
}

/* Ours are plain names; anything that JSON would have to escape is not listed. */
static bool listed(const char *manifest, const char *path, rl_arena *in)
{
    if (strpbrk(path, "\"\\\n\r\t")) return false;
    return strstr(manifest, rl_sprintf(in, "\"path\": \"%s\"", path)) != NULL;
}

static const char *foreign_in(int at, const char *name, const char *prefix, const char *manifest, int depth,
                              rl_arena *in)
{
    DIR *d = open_folder(at, name);
    const char *found = NULL;
    if (!d) return rl_strdup(in, prefix);
    for (const struct dirent *e; !found && (e = readdir(d)) != NULL;) {
        if (is_dot(e->d_name)) continue;
        const char *path = rl_sprintf(in, "%s%s%s", prefix, prefix[0] ? "/" : "", e->d_name);
        struct stat st;
        bool folder = fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
        if (!strcmp(path, RL_TREE_MANIFEST) && manifest) continue;
        if (folder && manifest && depth < DEEPEST)
            found = foreign_in(dirfd(d), e->d_name, path, manifest, depth + 1, in);
        else if (!manifest || !listed(manifest, path, in))
            found = path;
    }
    closedir(d);
    return found;
}

const char *rl_tree_foreign(int fd, rl_arena *in) { return foreign_in(fd, ".", "", manifest_of(fd, in), 0, in); }

static void empty(int at, const char *name, int depth)
{
    DIR *d = open_folder(at, name);
    if (!d) return;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (is_dot(e->d_name) || !strcmp(e->d_name, RL_TREE_MANIFEST) || !strcmp(e->d_name, RL_TREE_MARK)) continue;
        if (unlinkat(dirfd(d), e->d_name, 0) == 0 || depth >= DEEPEST) continue;
        empty(dirfd(d), e->d_name, depth + 1);
        (void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
    }
    (void)unlinkat(dirfd(d), RL_TREE_MANIFEST, 0);
    (void)unlinkat(dirfd(d), RL_TREE_MARK, 0);
    closedir(d);
}

void rl_tree_remove(int parent_fd, const char *name)
{
    empty(parent_fd, name, 0);
    (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
}
