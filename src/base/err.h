/* base/err.h -- what can go wrong, and how it is said.
 *
 * One list gives the code, the exit status and the sentence, so the three
 * cannot drift apart.  A fallible function returns rl_code; the details of
 * the first failure stand in cx->err until app/note prints them.  The user's
 * mistakes are errors; ours are asserts.
 */
#ifndef RL_BASE_ERR_H
#define RL_BASE_ERR_H

#define RL_CODES(_)                                                       \
    _(RL_OK,     0, "done")                                               \
    _(RL_EDIAG,  1, "done, but a diagnostic failed under --strict")       \
    _(RL_EUSAGE, 2, "bad command line")                                   \
    _(RL_EINPUT, 3, "a CSV or study file could not be used")              \
    _(RL_EDATA,  4, "the data cannot answer the question")                \
    _(RL_ERANK,  4, "regressors are collinear")                           \
    _(RL_ENUM,   4, "no convergence, or a value is not finite")           \
    _(RL_EIO,    5, "reading or writing failed")                          \
    _(RL_EMEM,   5, "out of memory")

#define RL_CODE_NAME_(name, status, text) name,
typedef enum rl_code { RL_CODES(RL_CODE_NAME_) RL_CODES_END } rl_code;
#undef RL_CODE_NAME_

/* What failed, where, and what to do next. */
typedef struct rl_err {
    rl_code code;
    const char *file;  /* lives in the keep arena, or NULL             */
    int line, col;     /* 1-based; 0 = unknown                         */
    char what[400];    /* what failed: lower case, no full stop        */
    char hint[400];    /* what to try next, or ""                      */
    char *excerpt;     /* source line and caret, ready to print, or NULL */
} rl_err;

#define RL_MUST __attribute__((warn_unused_result))
#define RL_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Return from the caller when `call` fails. */
#define RL_TRY(call)                                                      \
    do {                                                                  \
        rl_code rl_try_ = (call);                                         \
        if (rl_try_ != RL_OK) return rl_try_;                             \
    } while (0)

int rl_exit_status(rl_code code);      /* 0..5 */
const char *rl_code_text(rl_code code);

#endif
