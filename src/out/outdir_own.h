/* out/outdir_own.h -- is this directory tree ours, and how to remove it.
 *
 * Ours is what holds a manifest.json of revlift, or the mark of a directory
 * under construction.  Removal takes these two last, so that a tree half
 * removed by a killed process is still known as ours.  Links are never
 * followed.
 */
#ifndef RL_OUT_OUTDIR_OWN_H
#define RL_OUT_OUTDIR_OWN_H

#include <stdbool.h>

#include "base/arena.h"

#define RL_TREE_MARK     ".revlift-building"
#define RL_TREE_MANIFEST "manifest.json"
#define RL_TREE_PROGRAM  "\"program\": \"revlift\""

bool rl_tree_is_ours(int fd);

/* NULL when the directory is empty or every file in it is listed by its
 * manifest; else the first path that is not. */
const char *rl_tree_foreign(int fd, rl_arena *in);

/* Remove parent/name and all below; what cannot be removed stays. */
void rl_tree_remove(int parent_fd, const char *name);

#endif
