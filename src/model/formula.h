/* model/formula.h -- a formula, read and checked; no data yet.
 *
 *     outcome ~ regressors [| effects [| endogenous ~ instruments]]
 *
 * `| 0 |` stands for no effects before instruments and may be left out.
 * The outcome is a column, a function of columns, or arithmetic of them in (parentheses).
 * Regressors: columns and functions of columns, joined by + - : * and
 * parentheses; 0 or -1 drops the constant.  Inside a function ordinary
 * arithmetic (+ - * /, numbers) is understood.  Effects are columns, a^b one
 * effect for each pair.  `odd name` stands in backticks.
 *
 *     log log1p exp sqrt abs                 of a number
 *     x^k                                    a power, k = 2..20
 *     factor(x[, ref])  poly(x,d)            several columns each
 *     lag(x,k|a:b)  lead(x,k|a:b)  diff(x[,k])   by calendar, within the unit
 *     adstock(x[,rate])  weibull(x[,shape,scale])  hill(x[,half,slope])
 *                                    carry-over and saturation (num/stock.h);
 *                                    without parameters they are estimated
 *     almon(x,a:b,d[,near|far|both]) lag weights on a polynomial of degree d
 *     season()  trend()              dummies of the period of the year; 0, 1, 2 ..
 *     holiday(name[,a:b])            days of a holiday in the period, or of a to b days after it;
 *                                    of a country, working days it takes (base/holiday.h)
 *
 * Mistakes are RL_EUSAGE; cx->err.excerpt shows the formula with a caret.
 * Functions and parts of later versions are refused by name.
 */
#ifndef RL_MODEL_FORMULA_H
#define RL_MODEL_FORMULA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

typedef enum rl_op {
    RL_OP_COL, RL_OP_NUM, RL_OP_ADD, RL_OP_SUB, RL_OP_MUL, RL_OP_DIV, RL_OP_NEG, RL_OP_POW, RL_OP_FN
} rl_op;

typedef enum rl_fn {
    RL_FN_LOG, RL_FN_LOG1P, RL_FN_EXP, RL_FN_SQRT, RL_FN_ABS,      /* number to number          */
    RL_FN_FACTOR, RL_FN_POLY, RL_FN_LAG, RL_FN_LEAD, RL_FN_DIFF,   /* these change what it is   */
    RL_FN_ADSTOCK, RL_FN_WEIBULL, RL_FN_HILL, RL_FN_ALMON, RL_FN_SEASON, RL_FN_TREND,
    RL_FN_HOLIDAY,                                                 /* model/eval_stock.c        */
    RL_FN_END
} rl_fn;

const char *rl_fn_name(rl_fn fn);

/* adstock, weibull or hill: how many parameters it has; 0 for others. */
size_t rl_fn_pars(rl_fn fn);

typedef struct rl_expr rl_expr;
struct rl_expr {
    rl_op op;
    rl_fn fn;              /* RL_OP_FN                                                  */
    const char *col;       /* RL_OP_COL: the column                                     */
    double value;          /* RL_OP_NUM                                                 */
    const rl_expr *a, *b;  /* operands; a function's argument is a                      */
    int lo, hi;            /* lag, lead, almon, holiday: lo..hi; poly: 1..hi; diff: lo = hi; RL_OP_POW: a^hi */
    size_t n_par;          /* adstock, weibull, hill: parameters given; 0 = to be estimated */
    double par[2];
    int degree;            /* almon                                                     */
    bool near, far;        /* almon: weights pass through 0 before the first, after the last lag */
    const char *ref;       /* factor: the reference level, or NULL                      */
    int holiday;           /* base/holiday.h                                            */
    const char *text;      /* as shown: without backticks and blanks, "lag(x,0:4)"      */
    size_t at;             /* offset in the formula                                     */
};

/* A product of variables; the columns it makes are those of its variables, multiplied. */
typedef struct rl_term { size_t n; const rl_expr **var; const char *text; } rl_term;

enum { RL_MAX_JOIN = 4 };
typedef struct rl_effect { size_t n; const char *col[RL_MAX_JOIN]; const char *text; size_t at; } rl_effect;

typedef struct rl_formula {
    const char *text;
    const rl_expr *y;
    bool constant;
    size_t n_terms;
    rl_term *term;         /* by number of variables, else as written                   */
    size_t n_effects;
    rl_effect *effect;
    size_t n_endo, n_inst; /* 0 without a third part                                    */
    rl_term *endo, *inst;
} rl_formula;

RL_MUST rl_code rl_formula_parse(const char *text, rl_formula *out, rl_arena *in, rl_ctx *cx);

/* "a^b" of the command line (clusters) into its columns.  Errors RL_EUSAGE. */
RL_MUST rl_code rl_effect_parse(const char *text, rl_effect *out, rl_arena *in, rl_ctx *cx);

/* Put the formula and a caret below byte `at` into cx->err.excerpt. */
void rl_formula_caret(const char *text, size_t at, rl_ctx *cx);

/* Has it, or anything in it, parameters to be estimated? */
bool rl_expr_is_free(const rl_expr *e);

/* Call fn for every column the expression reads; number says arithmetic needs numbers. */
typedef void rl_col_fn(void *user, const char *col, bool number, size_t at);
void rl_expr_columns(const rl_expr *e, bool number, rl_col_fn *fn, void *user);

#endif
