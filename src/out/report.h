/* out/report.h -- everything a study writes, in one call.
 *
 *   report.html     for the CFO and the analyst: one file, no network
 *   report.md       the same for people who read text
 *   workbook.xlsx   the money page with live formulas, and the estimates
 *   results.json    for programs, schema in out/results.h
 *   estimates.csv   tidy, one row an estimate
 *   charts/         each chart as .svg, and the .dat file behind it
 *   manifest.json   SHA-256 of every input and output, program, seed, command
 *
 * Written whole or not at all (out/outdir.h).  No clock and no absolute path
 * in any of them: same inputs, same bytes, for any number of threads.
 */
#ifndef RL_OUT_REPORT_H
#define RL_OUT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "model/answer.h"

typedef struct rl_input_file {
    const char *path;
    char sha256[65];
    uint64_t bytes;
} rl_input_file; /* path: as the study names it */

typedef struct rl_inputs {
    const char *version;  /* of the program, "0.1.0"                                            */
    const char *numerics; /* of the arithmetic: changes when a reported figure may change       */
    const char *command;  /* what repeats the study: without -o, --threads, --color, --quiet;
                                  an absolute path is shown by its last name                         */
    const char *study;    /* the study file, likewise                                           */
    uint64_t seed;
    size_t n;
    const rl_input_file *file; /* n  the study file first, then the tables in the order of the study */
} rl_inputs;

/* Write all of it into `dir`, replacing a result of an earlier run.
 *
 * A missing or failing gnuplot is no error: the charts are left out and the
 * report says so.  cx->tmp is used and not reset.
 *
 * Errors  RL_EUSAGE  `dir` is not ours to replace
 *         RL_EIO     the disk
 */
RL_MUST rl_code rl_report_write(const rl_answer *a, const rl_inputs *inputs, const char *dir, rl_ctx *cx);

#endif
