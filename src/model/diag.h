/* model/diag.h -- tests by name: is the regression what its reader takes it for?
 *
 *   --test NAME[:ARG..]      breusch-godfrey:2   adf:sales:2:trend   jarque-bera
 *
 * A test reads a design and its fit and adds rows to rl_result.test: the
 * statistic, its degrees of freedom and p value, and in words what that
 * means for the reader and what to do about it.  It never changes the fit.
 * Restrictions on coefficients (--test 'x1 = x2') are model/linear.h's.
 *
 * One family of tests is one file diag_<family>.c; each test is a row of the
 * table in diag.c.  A column among the arguments may be any number the
 * formula language can make of columns, log(sales) say.
 */
#ifndef RL_MODEL_DIAG_H
#define RL_MODEL_DIAG_H

#include "model/design.h"
#include "model/formula.h"

enum { RL_DIAG_ARGS = 4 };

/* One test asked for. */
typedef struct rl_diag_spec {
    const char *text; /* as given                                             */
    const char *name;
    size_t n_args;
    const char *arg[RL_DIAG_ARGS]; /* between the colons                                   */
} rl_diag_spec;

/* What a test works on. */
typedef struct rl_diag {
    const rl_diag_spec *spec;
    const rl_design *d;
    const rl_fit *f;
    const rl_request *req;
    rl_result *out; /* estimates and covariance are in place; tests are appended */
    rl_arena *keep;
} rl_diag;

typedef struct rl_diag_kind {
    const char *name;   /* "breusch-godfrey"                                    */
    const char *args;   /* as help shows them: "LAGS", "COL:LAGS:none|drift|trend" */
    const char *what;   /* one line for help                                    */
    size_t least, most; /* arguments                                            */
    bool series;        /* needs the times of the rows, one series              */
    bool column;        /* the first argument is a column                       */
    rl_code (*run)(const rl_diag *g, rl_ctx *cx);
} rl_diag_kind;

size_t rl_diag_count(void);
const rl_diag_kind *rl_diag_at(size_t i);
const char *rl_diag_names(rl_arena *in); /* "breusch-godfrey jarque-bera .."     */

/* Is it a test of this list (its name before the first colon)? */
bool rl_diag_known(const char *text);

/* Errors RL_EUSAGE: unknown name (with the nearest), too few or too many arguments. */
RL_MUST rl_code rl_diag_parse(const char *text, rl_diag_spec *out, rl_arena *in, rl_ctx *cx);

/* The columns the tests of a request read, as rl_expr_columns() tells them. */
RL_MUST rl_code rl_diag_columns(const rl_request *req, rl_col_fn *fn, void *user, rl_arena *in, rl_ctx *cx);

/* Run all tests of the request: the end of rl_infer().  Errors: each test's. */
RL_MUST rl_code rl_diag_run(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep,
                            rl_ctx *cx);

/* Remarks that nobody asked for (diag_unasked.c): wandering levels whose residuals wander too, with the regression in
 * first differences beside them; iid errors that go together; a lag of the outcome beside unit effects in a short
 * panel.  Of least squares, and of what is written out as such; none for req->checked.
 * Cost: up to 2,500 periods some passes a regressor, up to 200,000 one pass under iid errors, beyond nothing. */
RL_MUST rl_code rl_diag_unasked(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out,
                                rl_arena *keep, rl_ctx *cx);

/* Helpers for diag_*.c. */

/* A column argument as a formula takes it: a mere name in backticks, a function or a sum as it is. */
const char *rl_diag_quoted(const char *text, rl_arena *in);

/* Run one more test as if it had been asked for. */
RL_MUST rl_code rl_diag_one(const rl_diag *like, const char *text, rl_ctx *cx);

/* A test's whole number, lo or more.  Errors RL_EUSAGE. */
RL_MUST rl_code rl_diag_whole(const rl_diag *g, size_t arg, int lo, int *out, rl_ctx *cx);
/* One of `words` (separated by blanks), as its position.  Errors RL_EUSAGE. */
RL_MUST rl_code rl_diag_word(const rl_diag *g, size_t arg, const char *words, size_t *out, rl_ctx *cx);

#endif
