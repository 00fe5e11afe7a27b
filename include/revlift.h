/* revlift.h -- the public door of librevlift: open, run, read results, close.
 *
 *     revlift *r = revlift_open(0, 1);
 *     if (revlift_run(r, "study.yaml") == 0) puts(revlift_json(r));
 *     else fprintf(stderr, "%s\n", revlift_error(r)->what);
 *     revlift_close(r);
 *
 * Every call returns a status: 0 done, 2 usage, 3 input, 4 the data cannot
 * answer, 5 system (memory included).  Nothing here prints or ends the
 * process.  A handle belongs to one thread at a time; several handles may
 * live side by side.  Texts belong to the handle and live until the next
 * call that carries out something, or until it is closed.
 *
 * GSL's default error handler ends the process: hosts that use GSL only
 * through this library call gsl_set_error_handler_off() once.
 */
#ifndef REVLIFT_H
#define REVLIFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define REVLIFT_VERSION "0.1.0"

/* The version of the library that is linked, as against REVLIFT_VERSION, the
 * one compiled against. */
const char *revlift_version(void);

typedef struct revlift revlift;

/* threads 0: as many as the machine has; results do not depend on it.  NULL
 * only when there is no memory for a handle. */
revlift *revlift_open(int threads, uint64_t seed);
void revlift_close(revlift *r);                          /* NULL is fine */

/* What the last call that failed said. */
typedef struct revlift_problem {
    int status;              /* 0 when nothing failed                          */
    const char *file;        /* or NULL                                        */
    int line, col;           /* 1-based, 0 = unknown                           */
    const char *what, *hint; /* hint "" when there is none                     */
} revlift_problem;
const revlift_problem *revlift_error(const revlift *r);

/* Carry out a study.  Status 4 when a primary model was refused: results are
 * there all the same. */
int revlift_run(revlift *r, const char *study_path);
/* Write the report and everything beside it into a directory, whole or not at
 * all; after revlift_run(). */
int revlift_write(revlift *r, const char *dir);

/* Fit one model.  `options` are words as on the command line without dashes,
 * in pairs, NULL at the end: {"data", "panel.csv", "vcov", "HC1", NULL}. */
int revlift_fit(revlift *r, const char *formula, const char *const *options);

/* The results of the last run or fit: what `--json` prints.  NULL when there
 * are none. */
const char *revlift_json(const revlift *r);

/* The estimates of the last fit, or of all models of the last run in order.
 * NaN = does not apply; df 0 = normal. */
#define REVLIFT_NONE INT32_MIN
typedef struct revlift_estimate {
    const char *model;       /* of the study; NULL after a fit                 */
    const char *term;        /* "spend", "att", "event", ..                    */
    const char *group, *time;           /* cohort and period as shown, or NULL */
    int event;               /* periods since treatment; REVLIFT_NONE = none   */
    double estimate, std_error, statistic, p_value, conf_low, conf_high, df;
} revlift_estimate;
size_t revlift_n_estimates(const revlift *r);
const revlift_estimate *revlift_estimate_at(const revlift *r, size_t i);      /* NULL beyond the end */

/* Remarks of the last call: what was dropped, which rule was used. */
size_t revlift_n_notes(const revlift *r);
const char *revlift_note_at(const revlift *r, size_t i);                      /* NULL beyond the end */

#ifdef __cplusplus
}
#endif

#endif
