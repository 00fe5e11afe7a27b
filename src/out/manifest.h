/* out/manifest.h -- what went in, what came out, and how to do it again.
 *
 * {"program": "revlift", "version": "..", "numerics": "..", "schema": 1,
 *  "command": "..", "study": "..", "seed": 1,
 *  "inputs":  [{"path": "..", "bytes": 1, "sha256": ".."}, ..],
 *  "outputs": [{"path": "..", "bytes": 1, "sha256": ".."}, ..]}
 *
 * One file a line, outputs in order of their path; the manifest itself is not
 * among them.  out/outdir_own.c reads it to know a directory as ours.
 */
#ifndef RL_OUT_MANIFEST_H
#define RL_OUT_MANIFEST_H

#include "out/outdir.h"
#include "out/report.h"

const char *rl_manifest_text(const rl_inputs *in, const rl_outfile *out, size_t n, rl_arena *arena);

/* A path or a command without places of this machine: absolute paths by their last name. */
const char *rl_relative_path(const char *path, rl_arena *in);
const char *rl_relative_command(const char *command, rl_arena *in);

#endif
