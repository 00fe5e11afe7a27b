/* model/forms.h -- regressors with parameters that are estimated.
 *
 *   adstock(x)      rate    0 .. 0.99
 *   weibull(x)      shape   0.5 .. 10         scale  0.25 .. 200 periods, at most half the longest unit
 *   hill(x)         half    within the values of x      slope  0.2 .. 20
 *   hill(adstock(x)), adstock(hill(x)), lag(adstock(x),0:2): chains of them
 *
 * The design keeps every series such a chain begins with, and X holds 1 (or
 * what else is in the product, adstock(x):segment) in place of its values:
 * the value of column c is X_c v(theta).  Least squares over the coefficients
 * and theta together is model/forms_fit.c.  A parameter is known by its label,
 * rate::adstock(x): the same form in two terms has one.
 */
#ifndef RL_MODEL_FORMS_H
#define RL_MODEL_FORMS_H

#include "model/build.h"
#include "num/stock.h"

enum { RL_FORMS_MOST = 8 };              /* parameters estimated in one formula                */

/* Where parameter i of a function is looked for.  half: shares of the largest value. */
typedef struct rl_box { double lo, hi; bool log; } rl_box;
rl_box rl_form_box(rl_fn fn, size_t i);

typedef struct rl_form_par {
    const char *label;                   /* "rate::adstock(x)"                                 */
    const char *word, *form;             /* "rate", "adstock(x)"                               */
    rl_fn fn;
    size_t which;                        /* of the function's parameters                       */
} rl_form_par;

/* One function of a chain, the innermost first. */
typedef struct rl_node {
    rl_fn fn;
    double par[2];
    size_t own[2];                       /* which of the parameters, SIZE_MAX = par[] is known  */
    size_t wear;
} rl_node;

typedef struct rl_chain {
    const rl_expr *e;
    const double *x;                     /* track.n  the series it begins with                 */
    size_t n;
    rl_node *node;
} rl_chain;

/* A column of X that moves with the parameters. */
typedef struct rl_moving {
    size_t column, chain;
    const uint32_t *from;                /* n(design)  place in the track of the value of a row */
} rl_moving;

struct rl_forms {
    rl_track track;
    const uint32_t *order;               /* track.n  row of the table; NULL = the same          */
    size_t n_chains;
    rl_chain *chain;
    size_t q;
    rl_form_par *par;
    double longest;                      /* periods of the longest unit                        */
    size_t m;
    rl_moving *moving;
};

/* The steps of rl_design_make(): what cannot be estimated is refused by name;
 * the series; the columns. */
RL_MUST rl_code rl_forms_check(const rl_build *b, rl_ctx *cx);
RL_MUST rl_code rl_forms_make(rl_build *b, rl_ctx *cx);
RL_MUST rl_code rl_forms_place(rl_build *b, rl_ctx *cx);

/* Values of all chains at theta (q), with derivatives when asked: out n_chains.  lo, hi (q, or NULL):
 * the box of every parameter given those before it; theta is moved into it but for what is fixed (q, or NULL). */
void rl_forms_values(const rl_forms *f, double *theta, const bool *fixed, bool slopes, rl_jet *out, double *lo,
                     double *hi, rl_arena *in);
/* A point of the unit cube (q) as parameters. */
void rl_forms_theta(const rl_forms *f, const double *unit, double *theta, rl_arena *in);

/* Least squares over coefficients and parameters (model/forms_fit.c).
 *
 * Errors  RL_EDATA  the best value is an end of its box, or every value fits */
RL_MUST rl_code rl_forms_fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx);

/* almon(): estimates of its polynomials become lag weights lag(x,i), and long_run::x behind all.
 * Errors  RL_EDATA  a polynomial was left out: names it */
RL_MUST rl_code rl_almon_report(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx);

#endif
