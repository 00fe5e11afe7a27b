/* app/init.h -- `revlift init`: CSV files in, a first study file out.
 *
 * Every guess is written with the reason for it, what could not be guessed is
 * a remark in cx->note, and what has been written reads back as a study.
 */
#ifndef RL_APP_INIT_H
#define RL_APP_INIT_H

#include "base/ctx.h"
#include "base/str.h"
#include "data/roles.h"

/* Look at the files and write a study file.
 *
 *   out_path  NULL = standard output; paths in the file are relative to it
 *
 * Errors  RL_EINPUT  a file cannot be read, or none holds deals, leads or a panel
 *         RL_EUSAGE  out_path exists, a file is given twice, a path is not UTF-8
 *         RL_EIO     writing failed
 */
RL_MUST rl_code rl_cmd_init(size_t n_files, const char *const *files, const char *out_path, rl_ctx *cx);

/* The text of a study file for sniffed files; name[i] is the path of file i in it. */
void rl_init_write(rl_str *t, size_t n, const rl_seen *file, const char *const *name, const rl_guess *guess,
                   rl_ctx *cx);

/* Any text as a YAML scalar: plain where that is safe, else in double quotes with escapes. */
void rl_yaml_text(rl_str *t, const char *s);

#endif
