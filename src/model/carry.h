/* model/carry.h -- how a regressor reaches the outcome, read off the labels.
 *
 * Labels are the interface: an estimate called lag(log1p(spend),2) is the
 * coefficient of what spend was two periods ago, whichever estimator gave it.
 * A label is taken apart with the formula it came from (names that stand in
 * backticks there), or read as an expression of the formula language.
 *
 *   lag(log1p(spend),2)          of `log1p(spend)`:  [lag 2]
 *                                of `spend`:         [bend log1p] [lag 2]
 *   spend:region::South          the same for one level of a factor: a segment
 *   adstock(spend)               a stock whose rate is the estimate rate::adstock(spend)
 *   lag(revenue,1)               with revenue the outcome: it feeds on itself
 *
 * Steps go from the inside out.  What bends (log, sqrt, hill) has no one
 * response: its slope is taken where the data are, and said.
 */
#ifndef RL_MODEL_CARRY_H
#define RL_MODEL_CARRY_H

#include "model/formula.h"
#include "model/result.h"

typedef enum rl_hop_kind {
    RL_HOP_LAG,       /* k periods ago; k < 0: ahead                                  */
    RL_HOP_DIFF,      /* less itself k periods ago                                    */
    RL_HOP_TIMES,     /* times p[0]                                                   */
    RL_HOP_BEND,       /* a function of one number: log log1p exp sqrt abs             */
    RL_HOP_STOCK,      /* adstock: p[0] the rate                                       */
    RL_HOP_DELAY,      /* weibull: p shape, scale                                      */
    RL_HOP_HILL        /* hill: p half, slope                                          */
} rl_hop_kind;

typedef struct rl_hop {
    rl_hop_kind kind;
    int k;
    double p[2];               /* parameters, as written or as estimated               */
    int at[2];                 /* estimate that gives them, -1 = as written            */
    const rl_expr *of;         /* what the step is applied to                          */
    const rl_expr *e;          /* the step itself, with its argument                   */
    double mean;               /* what bends: where its slope is taken                 */
} rl_hop;

enum { RL_MOST_HOPS = 8 };

/* One estimate as the coefficient of a regressor that has gone through some steps. */
typedef struct rl_carry {
    size_t at;                 /* estimate                                             */
    const char *segment;       /* "region::South", or NULL = for all                   */
    const char *factor;        /* "region" of it                                       */
    const rl_expr *base;       /* what it starts from                                  */
    size_t n_hops;
    rl_hop hop[RL_MOST_HOPS];
    int shift;                 /* sum of the lags                                      */
} rl_carry;

typedef struct rl_carries {
    size_t n;
    rl_carry *v;
    bool leads;                /* some were left out: they lie ahead of the outcome    */
} rl_carries;

/* A label taken apart. */
typedef struct rl_piece {
    size_t at;                 /* estimate                                             */
    const rl_expr *e;          /* the number                                           */
    int k;                     /* its column, of several                               */
    const rl_expr *other;      /* a second number it is multiplied by, or NULL         */
    const char *segment, *factor;
    bool crossed;              /* with more than one factor                            */
} rl_piece;

typedef struct rl_pieces {
    const rl_formula *f;
    size_t n;
    rl_piece *v;
    const rl_result *r;
} rl_pieces;

/* Take all labels apart; what is no regressor (the constant, long_run::x) is passed over. */
void rl_pieces_of(const rl_result *r, const rl_formula *f, rl_pieces *out, rl_arena *in, rl_ctx *cx);

/* The estimates through which `base` acts: those that start from it.
 *
 * Errors  RL_EUSAGE  it stands in a product of numbers or a power, or is crossed with two factors: no one
 *                    response; rl_fail() is left to the caller when there are none (out->n = 0) */
RL_MUST rl_code rl_carry_find(const rl_pieces *p, const char *base, rl_carries *out, rl_arena *in, rl_ctx *cx);

/* What the labels start from: regressors, each once, in order; `late` = only those that act later than
 * in the same period.  The outcome and its lags are not among them. */
const char **rl_carry_bases(const rl_pieces *p, bool late, size_t *n, rl_arena *in);

/* How far back the steps of a term reach; a stock, which has no end, counts as nothing and `lasts`. */
size_t rl_carry_reach(const rl_carry *c);
bool rl_carry_lasts(const rl_carry *c);

/* The functions that bend, and their slopes; of a hop: gradient by its two parameters too. */
double rl_bend(const rl_hop *h, double x);
double rl_bend_slope(const rl_hop *h, double x, double by[2]);

/* weibull's lag weights and their derivatives by shape and scale: RL_STOCK_MOST at most; returns how many. */
size_t rl_delay_weights(const double p[2], double *w, double *by_shape, double *by_scale);

/* A series through the steps of a term; before it began it stood at `before`, and stocks were empty. */
void rl_carry_walk(const rl_carry *c, size_t n_hops, double *z, size_t n, double before, rl_arena *in);
/* Where a term settles when x stands still. */
double rl_carry_settled(const rl_carry *c, double x, rl_arena *in);

/* "log1p(spend)" for lag(log1p(spend),2), "spend" for log1p(adstock(spend,.5)): the innermost expression with
 * nothing that looks back inside it. */
const rl_expr *rl_carry_base(const rl_expr *e);

/* Does any term of the formula start from `base`? */
bool rl_carry_in(const rl_formula *f, const char *base);

/* The only column of an expression, or NULL. */
const char *rl_expr_column(const rl_expr *e);

#endif
