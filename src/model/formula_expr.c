/* Names, numbers, functions and the arithmetic inside them. */
#include "model/parse.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/holiday.h"
#include "base/str.h"

static const char *const FUNCTION[RL_FN_END] = {"log",  "log1p", "exp",    "sqrt",  "abs",     "factor",
                                                "poly", "lag",   "lead",   "diff",  "adstock", "weibull",
                                                "hill", "almon", "season", "trend", "holiday"};

enum { MOST_DEPTH = RL_PARSE_DEPTH, MOST_POWER = 20, MOST_LAG = 10000, MOST_AROUND = 180 };

const char *rl_fn_name(rl_fn fn) { return FUNCTION[fn]; }

size_t rl_fn_pars(rl_fn fn)
{
    if (fn == RL_FN_ADSTOCK) return 1;
    return fn == RL_FN_WEIBULL || fn == RL_FN_HILL ? 2 : 0;
}

bool rl_expr_is_free(const rl_expr *e)
{
    if (e == NULL) return false;
    if (e->op == RL_OP_FN && e->n_par < rl_fn_pars(e->fn)) return true;
    return rl_expr_is_free(e->a) || rl_expr_is_free(e->b);
}

void rl_formula_caret(const char *text, size_t at, rl_ctx *cx)
{
    rl_str t = rl_str_new(cx->keep);
    rl_str_addf(&t, "  %s\n  ", text);
    for (size_t i = 0; i < at && text[i] != '\0'; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) rl_str_addc(&t, text[i] == '\t' ? '\t' : ' ');
    rl_str_addc(&t, '^');
    if (cx->err.excerpt == NULL) cx->err.excerpt = t.s;
}

rl_code rl_parse_refuse(rl_parser *p, size_t at, const char *fmt, ...)
{
    char what[sizeof p->cx->err.what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    rl_fail(p->cx, RL_EUSAGE, "formula: %s", what);
    rl_formula_caret(p->s, at, p->cx);
    return RL_EUSAGE;
}

char rl_parse_peek(rl_parser *p)
{
    while (rl_is_space(p->s[p->at])) p->at++;
    return p->s[p->at];
}

bool rl_parse_take(rl_parser *p, char c)
{
    if (rl_parse_peek(p) != c) return false;
    p->at++;
    return true;
}

rl_code rl_parse_unexpected(rl_parser *p, const char *wanted)
{
    char c = rl_parse_peek(p);
    if (c == '\0') return rl_parse_refuse(p, p->at, "it ends where %s should stand", wanted);
    rl_parse_refuse(p, p->at, "'%c' where %s should stand", c, wanted);
    if (c == '^') return rl_hint(p->cx, "a power is one of a column or a function of it, as in x^2");
    return p->cx->err.code;
}

/* --- names and numbers ---------------------------------------------------- */

rl_code rl_parse_name(rl_parser *p, const char **name)
{
    size_t from = p->at;
    if (p->s[from] == '`') {
        size_t to = from + 1;
        while (p->s[to] != '\0' && p->s[to] != '`') to++;
        if (p->s[to] == '\0') return rl_parse_refuse(p, from, "the backtick is never closed");
        p->at = to + 1;
        for (from++; from < to && rl_is_space(p->s[from]);) from++; /* blanks at both ends do not count, */
        while (to > from && rl_is_space(p->s[to - 1])) to--;        /* as in the header of a file        */
        if (to == from) return rl_parse_refuse(p, p->at - 1, "nothing between the backticks");
        *name = rl_strndup(p->in, p->s + from, to - from);
        return RL_OK;
    }
    size_t to = from;
    while (rl_is_word_part(p->s[to])) to++;
    *name = rl_strndup(p->in, p->s + from, to - from);
    p->at = to;
    return RL_OK;
}

static rl_code number_of(rl_parser *p, double *x)
{
    char *end;
    *x = strtod(p->s + p->at, &end);
    size_t n = (size_t)(end - (p->s + p->at));
    if (n == 0 || !(*x - *x == 0)) return rl_parse_refuse(p, p->at, "a number that cannot be read");
    p->at += n;
    return RL_OK;
}

static rl_code integer_of(rl_parser *p, int *k)
{
    double x;
    bool minus = rl_parse_take(p, '-');
    rl_parse_peek(p);
    if (!rl_is_digit(p->s[p->at])) return rl_parse_unexpected(p, "a whole number");
    size_t from = p->at;
    RL_TRY(number_of(p, &x));
    if (x > MOST_LAG || x != (double)(int)x)
        return rl_parse_refuse(p, from, "a whole number up to %d is needed", MOST_LAG);
    *k = minus ? -(int)x : (int)x;
    return RL_OK;
}

static rl_expr *node(rl_parser *p, rl_op op, size_t at)
{
    rl_expr *e = RL_NEW(p->in, rl_expr, 1);
    e->op = op;
    e->at = at;
    return e;
}

/* --- functions ------------------------------------------------------------ */

static rl_code sum(rl_parser *p, const rl_expr **out);

static rl_code function_of(rl_parser *p, const char *name, size_t at, rl_fn *fn)
{
    for (int f = 0; f < RL_FN_END; f++)
        if (strcmp(name, FUNCTION[f]) == 0) {
            *fn = (rl_fn)f;
            return RL_OK;
        }
    if (strcmp(name, "sunab") == 0) {
        rl_parse_refuse(p, at, "'sunab' is an estimator here, not a function");
        return rl_hint(p->cx, "write y ~ x and say --estimator sunab --unit U --time T --cohort G");
    }
    rl_parse_refuse(p, at, "'%s' is not a function", name);
    const char *near = rl_nearest(name, FUNCTION, RL_FN_END);
    if (near != NULL) return rl_hint(p->cx, "did you mean '%s'?", near);
    return rl_hint(p->cx, "known: log log1p exp sqrt abs factor poly lag lead diff adstock weibull hill almon season "
                          "trend holiday; a column "
                          "of that name stands in backticks");
}

static rl_code level_of(rl_parser *p, const char **ref)
{
    char quote = rl_parse_peek(p);
    size_t from = p->at;
    if (quote == '"' || quote == '\'' || quote == '`') {
        const char *end = strchr(p->s + from + 1, quote);
        if (end == NULL) return rl_parse_refuse(p, from, "the quote is never closed");
        *ref = rl_strndup(p->in, p->s + from + 1, (size_t)(end - p->s) - from - 1);
        p->at = (size_t)(end - p->s) + 1;
        return RL_OK;
    }
    size_t to = from;
    while (p->s[to] != '\0' && p->s[to] != ')') to++;
    p->at = to;
    while (to > from && rl_is_space(p->s[to - 1])) to--;
    if (to == from) return rl_parse_unexpected(p, "the reference level");
    *ref = rl_strndup(p->in, p->s + from, to - from);
    return RL_OK;
}

/* The parameters of adstock, weibull and hill, and where they lie: from 0, or above it (open), to below hi. */
static const struct {
    rl_fn fn;
    const char *name[2];
    double hi;
    bool open;
} PAR[] = {{RL_FN_ADSTOCK, {"rate"}, 1, false},
           {RL_FN_WEIBULL, {"shape", "scale"}, 1e300, true},
           {RL_FN_HILL, {"half", "slope"}, 1e300, true}};

static rl_code parameters(rl_parser *p, rl_expr *e)
{
    size_t f = (size_t)(e->fn - RL_FN_ADSTOCK), n = rl_fn_pars(e->fn);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && !rl_parse_take(p, ',')) {
            rl_parse_unexpected(p, "a comma and the second parameter");
            return rl_hint(p->cx, "%s() takes %s and %s, or neither: then they are estimated", FUNCTION[e->fn],
                           PAR[f].name[0], PAR[f].name[1]);
        }
        bool minus = rl_parse_take(p, '-');
        char c = rl_parse_peek(p);
        size_t at = p->at;
        if (!rl_is_digit(c) && c != '.') return rl_parse_unexpected(p, "a number");
        RL_TRY(number_of(p, &e->par[i]));
        if (minus) e->par[i] = -e->par[i];
        if (e->par[i] < PAR[f].hi && (PAR[f].open ? e->par[i] > 0 : e->par[i] >= 0)) continue;
        return rl_parse_refuse(p, at, "the %s of %s() lies %s", PAR[f].name[i], FUNCTION[e->fn],
                               PAR[f].open ? "above 0" : "from 0 to below 1");
    }
    e->n_par = n;
    return RL_OK;
}

/* almon(x,a:b,d[,near|far|both]) from behind the first comma. */
static rl_code polynomial(rl_parser *p, rl_expr *e)
{
    const char *word = "";
    size_t at = p->at;
    RL_TRY(integer_of(p, &e->lo));
    if (!rl_parse_take(p, ':')) {
        rl_parse_unexpected(p, "':' and the last lag");
        return rl_hint(p->cx, "almon() takes a range of lags and a degree, as in almon(x,0:8,2)");
    }
    RL_TRY(integer_of(p, &e->hi));
    if (e->hi < e->lo) return rl_parse_refuse(p, at, "a range goes from the smaller to the larger, as in 0:4");
    if (!rl_parse_take(p, ',')) {
        rl_parse_unexpected(p, "a comma and the degree of the polynomial");
        return rl_hint(p->cx, "almon() takes a range of lags and a degree, as in almon(x,0:8,2)");
    }
    rl_parse_peek(p);
    at = p->at;
    RL_TRY(integer_of(p, &e->degree));
    if (rl_parse_take(p, ',')) {
        rl_parse_peek(p);
        size_t from = p->at;
        RL_TRY(rl_parse_name(p, &word));
        bool both = strcmp(word, "both") == 0;
        e->near = both || strcmp(word, "near") == 0;
        e->far = both || strcmp(word, "far") == 0;
        if (!e->near && !e->far) return rl_parse_refuse(p, from, "the ends of almon() are near, far or both");
    }
    int ends = e->near + e->far, most = e->hi - e->lo + ends;
    if (e->degree < ends)
        return rl_parse_refuse(p, at, "%d end%s at 0 need%s degree %d or more", ends, ends > 1 ? "s" : "",
                               ends > 1 ? "" : "s", ends);
    if (e->degree > most || e->degree > MOST_POWER)
        return rl_parse_refuse(p, at, "%d lag%s a polynomial of degree %d at most", e->hi - e->lo + 1,
                               e->hi == e->lo ? " carries" : "s carry", most < MOST_POWER ? most : MOST_POWER);
    return RL_OK;
}

static rl_code second_argument(rl_parser *p, rl_expr *e)
{
    size_t at = p->at;
    if (e->fn == RL_FN_FACTOR) return level_of(p, &e->ref);
    if (rl_fn_pars(e->fn) > 0) return parameters(p, e);
    if (e->fn == RL_FN_ALMON) return polynomial(p, e);
    RL_TRY(integer_of(p, &e->lo));
    e->hi = e->lo;
    if ((e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD) && rl_parse_take(p, ':')) RL_TRY(integer_of(p, &e->hi));
    if (e->hi < e->lo) return rl_parse_refuse(p, at, "a range goes from the smaller to the larger, as in 0:4");
    if (e->fn == RL_FN_POLY && (e->hi < 1 || e->hi > MOST_POWER))
        return rl_parse_refuse(p, at, "the degree of poly() is 1 to %d", MOST_POWER);
    if (e->fn == RL_FN_DIFF && e->lo < 1) return rl_parse_refuse(p, at, "the step of diff() is 1 or more");
    return RL_OK;
}

static const char *stock_text(rl_parser *p, const rl_expr *e)
{
    const char *ends = e->near && e->far ? ",both" : e->near ? ",near" : e->far ? ",far" : "";
    char buf[32];
    rl_str s = rl_str_new(p->in);
    rl_str_addf(&s, "%s(%s", FUNCTION[e->fn], e->a != NULL ? e->a->text : "");
    for (size_t i = 0; i < e->n_par; i++) rl_str_addf(&s, ",%s", rl_num_text(buf, e->par[i]));
    if (e->fn == RL_FN_ALMON) rl_str_addf(&s, ",%d:%d,%d%s", e->lo, e->hi, e->degree, ends);
    rl_str_addc(&s, ')');
    return rl_str_text(&s);
}

static const char *call_text(rl_parser *p, const rl_expr *e)
{
    const char *f = FUNCTION[e->fn];
    if (e->fn >= RL_FN_ADSTOCK) return stock_text(p, e);
    if (e->fn == RL_FN_FACTOR) return e->a->text;
    if (e->fn == RL_FN_POLY) return rl_sprintf(p->in, "%s(%s,%d)", f, e->a->text, e->hi);
    if (e->fn == RL_FN_DIFF && e->lo == 1) return rl_sprintf(p->in, "%s(%s)", f, e->a->text);
    if (e->fn >= RL_FN_LAG && e->lo == e->hi) return rl_sprintf(p->in, "%s(%s,%d)", f, e->a->text, e->lo);
    if (e->fn >= RL_FN_LAG) return rl_sprintf(p->in, "%s(%s,%d:%d)", f, e->a->text, e->lo, e->hi);
    return rl_sprintf(p->in, "%s(%s)", f, e->a->text);
}

bool rl_parse_severalfold(const rl_expr *e)
{
    if (e->op != RL_OP_FN) return false;
    return e->fn == RL_FN_FACTOR || e->fn == RL_FN_POLY || e->fn == RL_FN_ALMON || e->fn == RL_FN_SEASON ||
           (e->lo != e->hi && e->fn != RL_FN_HOLIDAY);
}

rl_code rl_parse_close(rl_parser *p, size_t at)
{
    if (rl_parse_take(p, ')')) return RL_OK;
    if (rl_parse_peek(p) == '\0') return rl_parse_refuse(p, at, "'%s' is never closed, a ')' is missing", p->s + at);
    return rl_parse_unexpected(p, "',' or ')'");
}

/* --- what goes by the calendar: no column -------------------------------------------------- */

static rl_code no_holiday(rl_parser *p, size_t at, const char *name)
{
    size_t n = rl_holiday_count();
    const char **known = RL_NEW(p->in, const char *, n);
    rl_str all = rl_str_new(p->in);
    for (size_t i = 0; i < n; i++) {
        known[i] = rl_holiday_name((int)i);
        rl_str_addf(&all, " %s", known[i]);
    }
    rl_parse_refuse(p, at, "'%s' is not a holiday", name);
    const char *near = rl_nearest(name, known, n);
    if (near != NULL) return rl_hint(p->cx, "did you mean '%s'?", near);
    return rl_hint(p->cx, "`revlift help fit` lists them; days of your own are a column of the data");
}

/* holiday(NAME[,a:b]) from behind the parenthesis: of days a to b after it, before it when negative. */
static rl_code holiday(rl_parser *p, size_t at, const rl_expr **out, rl_expr *e)
{
    const char *name;
    int since;
    char c = rl_parse_peek(p);
    size_t from = p->at;
    if (c == ')') {
        rl_parse_refuse(p, at, "holiday() needs a name");
        return rl_hint(p->cx,
                       "a country's public holidays, as in holiday(US), or one day, as in holiday(thanksgiving)");
    }
    if (!rl_is_word_start(c)) return rl_parse_unexpected(p, "the name of a holiday");
    RL_TRY(rl_parse_name(p, &name));
    e->holiday = rl_holiday_find(name);
    if (e->holiday < 0) return no_holiday(p, from, name);
    name = rl_holiday_name(e->holiday);
    e->text = rl_sprintf(p->in, "holiday(%s)", name);
    if (rl_parse_take(p, ',')) {
        rl_parse_peek(p);
        from = p->at;
        if (rl_holiday_country(e->holiday, &since)) {
            rl_parse_refuse(p, from, "the holidays of a country have no days around them");
            return rl_hint(p->cx, "name one of them, as in holiday(christmas,-2:7)");
        }
        RL_TRY(integer_of(p, &e->lo));
        if (!rl_parse_take(p, ':')) {
            rl_parse_unexpected(p, "':' and the last day");
            return rl_hint(p->cx, "the days around a holiday are a range, as in holiday(christmas,-2:7)");
        }
        RL_TRY(integer_of(p, &e->hi));
        if (e->hi < e->lo) return rl_parse_refuse(p, from, "a range goes from the smaller to the larger, as in -2:7");
        if (e->hi > MOST_AROUND || e->lo < -MOST_AROUND)
            return rl_parse_refuse(p, from, "days around a holiday lie within %d days of it", MOST_AROUND);
        e->text = rl_sprintf(p->in, "holiday(%s,%d:%d)", name, e->lo, e->hi);
    }
    RL_TRY(rl_parse_close(p, at));
    *out = e;
    return RL_OK;
}

/* season() and trend() know the time of a row; they stand among the regressors alone. */
static rl_code no_argument(rl_parser *p, rl_expr *e, size_t at, const rl_expr **out)
{
    p->depth--;
    if (rl_parse_peek(p) != ')') {
        rl_parse_refuse(p, p->at, "%s() takes nothing between its parentheses", FUNCTION[e->fn]);
        return rl_hint(p->cx, "it goes by the time of a row: --panel UNIT,TIME or --time COL");
    }
    RL_TRY(rl_parse_close(p, at));
    e->text = call_text(p, e);
    *out = e;
    return RL_OK;
}

static rl_code call(rl_parser *p, const char *name, size_t at, const rl_expr **out)
{
    rl_expr *e = node(p, RL_OP_FN, at);
    p->at++; /* ( */
    RL_TRY(function_of(p, name, at, &e->fn));
    if (++p->depth > MOST_DEPTH) return rl_parse_refuse(p, at, "nested too deeply");
    if (e->fn == RL_FN_SEASON || e->fn == RL_FN_TREND) return no_argument(p, e, at, out);
    if (e->fn == RL_FN_HOLIDAY) {
        p->depth--;
        return holiday(p, at, out, e);
    }
    if (rl_parse_peek(p) == ')') return rl_parse_refuse(p, at, "%s() needs a column", name);
    RL_TRY(sum(p, &e->a));
    p->depth--;
    if (rl_parse_severalfold(e->a))
        return rl_parse_refuse(p, e->a->at, "'%s' makes several columns and cannot stand inside %s()", e->a->text,
                               name);
    if (e->fn == RL_FN_FACTOR && e->a->op != RL_OP_COL) return rl_parse_refuse(p, e->a->at, "factor() takes a column");
    e->lo = e->hi = e->fn >= RL_FN_LAG && e->fn <= RL_FN_DIFF ? 1 : 0;
    if (rl_parse_take(p, ',')) {
        if (e->fn < RL_FN_FACTOR) return rl_parse_refuse(p, p->at - 1, "%s() takes one argument", name);
        rl_parse_peek(p);
        RL_TRY(second_argument(p, e));
    } else if (e->fn == RL_FN_POLY) {
        return rl_parse_refuse(p, at, "poly() needs a degree, as in poly(x,2)");
    } else if (e->fn == RL_FN_ALMON) {
        return rl_parse_refuse(p, at, "almon() needs lags and a degree, as in almon(x,0:8,2)");
    }
    RL_TRY(rl_parse_close(p, at));
    e->text = call_text(p, e);
    *out = e;
    return RL_OK;
}

/* --- powers ----------------------------------------------------------------- */

static rl_code no_power(rl_parser *p, size_t at, const rl_expr *e, double k)
{
    rl_parse_refuse(p, at, "the power of '%s' must be a whole number from 2 to %d", e->text, MOST_POWER);
    if (k == 0) return rl_hint(p->cx, "a power of 0 is the constant, which is there unless 0 or -1 drops it");
    if (k == 1) return rl_hint(p->cx, "a power of 1 is '%s' itself", e->text);
    if (k == 0.5) return rl_hint(p->cx, "write sqrt(%s)", e->text);
    char buf[32];
    return rl_hint(p->cx, "of positive numbers exp(%s*log(%s)) is that power", rl_num_text(buf, k), e->text);
}

/* A power behind *e, if there is one. */
static rl_code power(rl_parser *p, const rl_expr **e)
{
    if (rl_parse_peek(p) != '^') return RL_OK;
    size_t hat = p->at++, at;
    double k = 0;
    bool minus = rl_parse_take(p, '-');
    char c = rl_parse_peek(p);
    at = p->at;
    if (!rl_is_digit(c) && c != '.') {
        rl_parse_refuse(p, hat, "'%s^' needs a whole number from 2 to %d behind it", (*e)->text, MOST_POWER);
        return rl_hint(p->cx, "'^' joins columns in effects and clusters; among regressors it makes powers, as in x^2");
    }
    RL_TRY(number_of(p, &k));
    if (minus) k = -k;
    if (rl_parse_severalfold(*e))
        return rl_parse_refuse(p, (*e)->at, "'%s' makes several columns: no power of it", (*e)->text);
    if (!(k >= 2 && k <= MOST_POWER && k == (double)(int)k)) return no_power(p, at, *e, k);
    if (rl_parse_peek(p) == '^') return rl_parse_refuse(p, p->at, "a power of a power: write the product of the two");
    rl_expr *out = node(p, RL_OP_POW, (*e)->at);
    out->a = *e;
    out->hi = (int)k;
    out->text = rl_sprintf(p->in, "%s^%d", (*e)->text, out->hi);
    *e = out;
    return RL_OK;
}

rl_code rl_parse_operand(rl_parser *p, const rl_expr **out)
{
    char c = rl_parse_peek(p);
    size_t at = p->at;
    const char *name;
    if (!rl_is_word_start(c) && c != '`') return rl_parse_unexpected(p, "a column");
    RL_TRY(rl_parse_name(p, &name));
    if (c != '`' && rl_parse_peek(p) == '(') {
        RL_TRY(call(p, name, at, out));
        return power(p, out);
    }
    rl_expr *e = node(p, RL_OP_COL, at);
    e->col = e->text = name;
    *out = e;
    return power(p, out);
}

/* --- arithmetic inside a function ------------------------------------------ */

static rl_code operand(rl_parser *p, const rl_expr **out)
{
    char c = rl_parse_peek(p), buf[32];
    size_t at = p->at;
    if (c == '-') {
        rl_expr *e = node(p, RL_OP_NEG, at);
        p->at++;
        if (++p->depth > MOST_DEPTH) return rl_parse_refuse(p, at, "nested too deeply");
        RL_TRY(operand(p, &e->a));
        p->depth--;
        e->text = rl_sprintf(p->in, "-%s", e->a->text);
        *out = e;
        return RL_OK;
    }
    if (c == '(') {
        p->at++;
        if (++p->depth > MOST_DEPTH) return rl_parse_refuse(p, at, "nested too deeply");
        const rl_expr *inner;
        RL_TRY(sum(p, &inner));
        p->depth--;
        RL_TRY(rl_parse_close(p, at));
        rl_expr *e = node(p, inner->op, at);
        *e = *inner;
        if (inner->op != RL_OP_COL && inner->op != RL_OP_FN) e->text = rl_sprintf(p->in, "(%s)", inner->text);
        *out = e;
        return power(p, out);
    }
    if (!rl_is_digit(c) && !(c == '.' && rl_is_digit(p->s[p->at + 1]))) return rl_parse_operand(p, out);
    rl_expr *e = node(p, RL_OP_NUM, at);
    RL_TRY(number_of(p, &e->value));
    e->text = rl_strdup(p->in, rl_num_text(buf, e->value));
    *out = e;
    return power(p, out);
}

rl_code rl_parse_outcome(rl_parser *p, const rl_expr **out)
{
    return rl_parse_peek(p) == '(' ? operand(p, out) : rl_parse_operand(p, out);
}

static rl_code join(rl_parser *p, char sign, const rl_expr **left, rl_code (*side)(rl_parser *, const rl_expr **))
{
    rl_op op = sign == '+' ? RL_OP_ADD : sign == '-' ? RL_OP_SUB : sign == '*' ? RL_OP_MUL : RL_OP_DIV;
    rl_expr *e = node(p, op, (*left)->at);
    p->at++;
    e->a = *left;
    RL_TRY(side(p, &e->b));
    const rl_expr *many = rl_parse_severalfold(e->a) ? e->a : rl_parse_severalfold(e->b) ? e->b : NULL;
    if (many != NULL)
        return rl_parse_refuse(p, many->at, "'%s' makes several columns: no arithmetic with it", many->text);
    e->text = rl_sprintf(p->in, "%s%c%s", e->a->text, sign, e->b->text);
    *left = e;
    return RL_OK;
}

static rl_code product(rl_parser *p, const rl_expr **out)
{
    RL_TRY(operand(p, out));
    for (char c = rl_parse_peek(p); c == '*' || c == '/'; c = rl_parse_peek(p)) RL_TRY(join(p, c, out, operand));
    return RL_OK;
}

static rl_code sum(rl_parser *p, const rl_expr **out)
{
    RL_TRY(product(p, out));
    for (char c = rl_parse_peek(p); c == '+' || c == '-'; c = rl_parse_peek(p)) RL_TRY(join(p, c, out, product));
    return RL_OK;
}

void rl_expr_columns(const rl_expr *e, bool number, rl_col_fn *fn, void *user)
{
    if (e->op == RL_OP_COL) {
        fn(user, e->col, number, e->at);
        return;
    }
    bool below = !(e->op == RL_OP_FN && e->fn == RL_FN_FACTOR);
    if (e->a != NULL) rl_expr_columns(e->a, below, fn, user);
    if (e->b != NULL) rl_expr_columns(e->b, below, fn, user);
}
