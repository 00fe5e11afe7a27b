/* out/outdir.h -- an output directory that appears whole or not at all.
 *
 * Everything is written into DIR.tmp-XXXXXX beside DIR, flushed to disk, and
 * swapped with DIR in one step (renameat2 with RENAME_EXCHANGE).  A process
 * killed at any moment leaves the old directory or the new one, never a
 * mixture and never nothing.  On file systems that cannot exchange, the old
 * directory is renamed to DIR.old-XXXXXX first and put back when the second
 * rename fails; one that was killed between the two is put back by the next
 * run.
 *
 * The building directory is locked (flock) as long as its process lives, so
 * the next run knows the leavings of dead ones and removes them.  The parent
 * directory is locked while names change.
 *
 * A directory that is not ours is never replaced: DIR must be missing, empty,
 * or hold a manifest.json of revlift and nothing the manifest does not list.
 */
#ifndef RL_OUT_OUTDIR_H
#define RL_OUT_OUTDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

typedef struct rl_outfile {
    const char *path;
    char sha256[65];
    uint64_t bytes;
} rl_outfile; /* path: below the directory */

typedef struct rl_outdir {
    const char *parent, *name, *building; /* building: the name beside `name`              */
    const char *path;                     /* of the building directory, for other programs */
    int parent_fd, fd;                    /* -1 = closed; fd holds the lock                 */
    bool exchange;                        /* false: as if the file system could not         */
    size_t n, cap;
    rl_outfile *file; /* n  written so far, in order                    */
    rl_arena *in;
} rl_outdir;

/* Open the building directory for DIR (parents are made), after checking that
 * DIR may be replaced and removing what dead runs left.  It is abandoned when
 * the arena cx->keep is freed, unless committed before.
 *
 * Errors  RL_EUSAGE  DIR is not a directory, or not ours to replace
 *         RL_EIO     no permission, no space, ..
 */
RL_MUST rl_code rl_outdir_open(const char *dir, rl_outdir **out, rl_ctx *cx);

/* Write a file; `path` is one of ours, at most one folder deep.  Writing the
 * same path again replaces it. */
RL_MUST rl_code rl_outdir_write(rl_outdir *o, const char *path, const char *bytes, size_t n, rl_ctx *cx);
/* Take note of a file another program wrote into the building directory. */
RL_MUST rl_code rl_outdir_adopt(rl_outdir *o, const char *path, rl_ctx *cx);
void rl_outdir_remove(rl_outdir *o, const char *path); /* and forget it */

/* Flush, swap, remove the old one. */
RL_MUST rl_code rl_outdir_commit(rl_outdir *o, rl_ctx *cx);
void rl_outdir_abandon(rl_outdir *o); /* no-op after a commit */

#endif
