/* model/dynamic.h -- what the regressions on an outcome's own past share:
 * ardl, koyck, lp.
 *
 * They write a formula out as another one.  Regressors are of two kinds:
 *
 *   dynamic   a column of numbers, or log, log1p, exp, sqrt, abs, diff, powers
 *             and sums of such: they get lags, and a long run
 *   fixed     everything else, as it stands: factors (text columns, factor()),
 *             products a:b, lag() and lead() as written, and every other
 *             function.  So lag(d,0) is d itself, without lags of its own
 *
 * The long run of x is (sum of the coefficients of x and its lags) over
 * D = 1 - (sum of those of the outcome's lags), by the delta method: a row of
 * L whose value is set.
 */
#ifndef RL_MODEL_DYNAMIC_H
#define RL_MODEL_DYNAMIC_H

#include "model/design.h"
#include "model/formula.h"

typedef struct rl_dynamic {
    rl_formula f;
    const char *head, *tail;       /* the formula is  head ~ rhs tail,  tail from the first '|' on or ""  */
    const char *rhs;
    const char *y;                 /* the outcome as shown; head is the text that makes it   */
    size_t k;
    const char **x, **x_text;      /* k  dynamic regressors: as shown, as the formula has it */
    size_t n_fixed;
    const rl_term **fixed;         /* n_fixed                                                */
} rl_dynamic;

/* Read the formula of a request; texts live in cx->keep.
 * Errors  RL_EUSAGE  no time; instruments; lags of the outcome among the
 *                    regressors unless `own_past` says they may be there */
RL_MUST rl_code rl_dynamic_read(const char *formula, const rl_request *req, const rl_table *t, bool own_past,
                                rl_dynamic *out, rl_ctx *cx);

/* Position of req->method among the estimator's words, 0 = the first, also when none is given.
 * Errors RL_EUSAGE, naming them. */
RL_MUST rl_code rl_dynamic_method(const rl_request *req, const char *methods, size_t *out, rl_ctx *cx);

/* The words of --lags ("2,1,0") and --ic into a request; false when they are none. */
bool rl_orders_read(const char *text, rl_request *out);
bool rl_ic_read(const char *text, rl_request *out);

/* "lag(x,2)" for lags 0 ("x") and up. */
const char *rl_lag_name(const char *x, int lag, rl_arena *in);

/* Estimates of a fit, chosen, renamed and combined one by one. */
typedef struct rl_report {
    rl_fit *f;                     /* a fit whose estimates are its coefficients             */
    size_t m, cap;
    rl_label *label;               /* m                                                      */
    double *b;                     /* m                                                      */
    double *L;                     /* m-by-f->m  row-major                                   */
} rl_report;

void rl_report_init(rl_report *r, rl_fit *f, size_t cap, rl_ctx *cx);
/* Position of a coefficient, or SIZE_MAX. */
size_t rl_report_find(const rl_report *r, const char *term);
/* One more estimate: its row of L, all zero, to be filled. */
double *rl_report_add(rl_report *r, const char *term, double value);
void rl_report_keep(rl_report *r, size_t j);             /* coefficient j as it is */
/* Long run of coefficients num[0 .. n-1] given those of the outcome's lags, den[0 .. p-1]. */
void rl_report_long_run(rl_report *r, const char *term, const size_t *num, size_t n, const size_t *den, size_t p);
/* Put the report in the place of the fit's estimates. */
void rl_report_end(rl_report *r, rl_ctx *cx);

/* Do shocks die out under y_t = sum_i phi_i y_(t-i) + ..?  All partial autocorrelations below one (Levinson). */
bool rl_stationary(const double *phi, size_t p);

/* Is column c of numbers the same in all rows used?  Values v (n). */
bool rl_is_constant(const double *v, size_t n);

#endif
