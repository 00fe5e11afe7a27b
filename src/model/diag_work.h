/* model/diag_work.h -- what the tests of diag_*.c have in common. */
#ifndef RL_MODEL_DIAG_WORK_H
#define RL_MODEL_DIAG_WORK_H

#include "model/diag.h"

/* The rows of the design unit by unit and period by period; without a time, as the file has them. */
typedef struct rl_diag_rows {
    size_t n;
    size_t *at;    /* n   row of the design at this place            */
    int32_t *unit; /* n   of the place; 0 for one series             */
    int32_t *time; /* n   of the place                               */
    bool timed;
    size_t gaps;       /* places whose predecessor is not the period before, but for the first of a unit */
    int32_t gap_after; /* the last period before the first gap           */
} rl_diag_rows;

/* Errors RL_EINPUT: two rows of one unit and time. */
RL_MUST rl_code rl_diag_order(const rl_diag *g, rl_diag_rows *out, rl_ctx *cx);

/* out[p] = v of k periods before place p (v and out by place); `missing` where there is no such row. */
void rl_diag_lag(const rl_diag_rows *r, const double *v, int k, double missing, double *out);

/* Which regressions a test can work on. */
enum { RL_DIAG_EFFECTS = 1, RL_DIAG_WEIGHTS = 2, RL_DIAG_INSTRUMENTS = 4, RL_DIAG_PERFECT = 8 };
/* The least squares behind the fit.  Errors RL_EUSAGE: there is none, or it has what `allow` does not;
 * RL_EDATA: a perfect fit. */
RL_MUST rl_code rl_diag_core(const rl_diag *g, unsigned allow, const rl_core **core, rl_ctx *cx);
/* Its residuals and regressors (swept, when there are effects) in the order of the rows, room for `more` columns
 * behind; either may be NULL. */
void rl_diag_take(const rl_core *c, const rl_diag_rows *r, size_t more, double **e, rl_mat *X, rl_ctx *cx);

/* Least squares of y on X, in short. */
typedef struct rl_diag_aux {
    double rss, tss_centred;
    size_t rank;
} rl_diag_aux;
RL_MUST rl_code rl_diag_regress(const rl_mat *X, const double *y, rl_diag_aux *out, rl_ctx *cx);

/* The request with another formula or table, under its own covariance, and a joint test of some coefficients. */
typedef struct rl_diag_ask {
    const char *formula;        /* NULL = the fit's own                                            */
    const rl_table *t;          /* NULL = the fit's own                                            */
    const unsigned char *leave; /* rows of the table that are left out, or NULL                    */
    const char *const *term;    /* n_term  to be tested; those left out as collinear do not count  */
    size_t n_term;
    const char *part; /* .. or all terms with this in their name; or NULL                */
} rl_diag_ask;

/*   test   out   or NULL; statistic NaN when no term was kept
 *   r      out   in cx->tmp
 *
 * Remarks made on the way are forgotten.  Errors: rl_estimate_run(). */
RL_MUST rl_code rl_diag_refit(const rl_diag *g, const rl_diag_ask *ask, rl_test *test, rl_result *r, rl_ctx *cx);

/* The formula of the fit in parts, as text: right-hand side, and "| effects .." or "". */
typedef struct rl_diag_formula {
    const char *y, *rhs, *rest;
} rl_diag_formula;
rl_diag_formula rl_diag_parts(const rl_diag *g, rl_arena *in);
/* A copy of the table with one more column of numbers (by row of the table). */
rl_table rl_diag_with(const rl_table *t, const char *name, double *v, rl_arena *in);

/* A column, or what the formula language makes of columns, as a series: periods `first` .. first + n - 1 of one
 * series, missing ends cut off.
 * Errors  RL_EDATA   a gap or a missing value inside, by name; several units
 *         RL_EINPUT  no such column, no numbers */
typedef struct rl_diag_series {
    const char *name;
    size_t n;
    const double *v;
    int32_t first;
} rl_diag_series;
RL_MUST rl_code rl_diag_column(const rl_diag *g, const char *text, rl_diag_series *out, rl_ctx *cx);

/* How far back to look when nothing is said: a year, for days a week; no further than a fifth of the periods. */
int rl_diag_season(const rl_diag *g);
/* Argument `arg` as lags from 1 on, or that. */
RL_MUST rl_code rl_diag_lags(const rl_diag *g, size_t arg, int *lags, rl_ctx *cx);

/* A period in words. */
const char *rl_diag_when(const rl_diag *g, int32_t at, rl_arena *in);

/* Append a test under its name in the list. */
void rl_diag_add(const rl_diag *g, rl_test t);
/* The same with what it says and one of the verdicts. */
extern const char *const RL_FINE, *const RL_CAUTION, *const RL_PROBLEM, *const RL_UNSURE;

/* The series behind a regressor of this label: lags and leads taken off; NULL for a level of a factor.  Lags of a
 * series that wanders are that series and something that does not. */
const char *rl_diag_base(const char *label, rl_ctx *cx);
/* How many series the regressors are that are no constant, line or factor: X (rows in order) as rl_diag_take() has it,
 * its columns labelled as the estimates. */
size_t rl_diag_series_count(const rl_diag *g, const rl_mat *X, size_t k, rl_ctx *cx);

/* Does the formula have a lag of the outcome? */
bool rl_diag_dynamic(const rl_diag *g);
/* Does the covariance asked for allow for errors that go together over time? */
bool rl_diag_robust_in_time(const rl_diag *g);

#endif
