#include "model/formula.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *const FUNCTION[RL_FN_END] = {"log",    "log1p", "exp", "sqrt", "abs",
                                                "factor", "poly",  "lag", "lead", "diff"};
static const char *const LATER[] = {"adstock", "almon", "hill", "season", "sunab"};

enum { MOST_TERMS = 4096, MOST_DEPTH = 64, MOST_POWER = 20, MOST_LAG = 10000 };

typedef struct parser {
    const char *s; /* the whole formula */
    size_t at;
    int depth;
    bool constant;
    rl_arena *in;
    rl_ctx *cx;
} parser;

typedef struct terms {
    size_t n, cap;
    rl_term *v;
} terms;

const char *rl_fn_name(rl_fn fn) { return FUNCTION[fn]; }

void rl_formula_caret(const char *text, size_t at, rl_ctx *cx)
{
    rl_str t = rl_str_new(cx->keep);
    rl_str_addf(&t, "  %s\n  ", text);
    for (size_t i = 0; i < at && text[i] != '\0'; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) rl_str_addc(&t, text[i] == '\t' ? '\t' : ' ');
    rl_str_addc(&t, '^');
    if (cx->err.excerpt == NULL) cx->err.excerpt = t.s;
}

static rl_code refuse(parser *p, size_t at, const char *fmt, ...) RL_PRINTF(3, 4);

static rl_code refuse(parser *p, size_t at, const char *fmt, ...)
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

static bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || ((unsigned char)c & 0x80) != 0;
}
static bool word_part(char c) { return word_start(c) || digit(c); }

static char peek(parser *p)
{
    while (space(p->s[p->at])) p->at++;
    return p->s[p->at];
}

static bool take(parser *p, char c)
{
    if (peek(p) != c) return false;
    p->at++;
    return true;
}

static rl_code unexpected(parser *p, const char *wanted)
{
    char c = peek(p);
    if (c == '\0') return refuse(p, p->at, "it ends where %s should stand", wanted);
    refuse(p, p->at, "'%c' where %s should stand", c, wanted);
    if (c == '^') return rl_hint(p->cx, "'^' joins columns in effects and clusters only; poly(x,2) makes powers");
    return p->cx->err.code;
}

/* --- names and numbers ---------------------------------------------------- */

static rl_code name_of(parser *p, const char **name)
{
    size_t from = p->at;
    if (p->s[from] == '`') {
        size_t to = from + 1;
        while (p->s[to] != '\0' && p->s[to] != '`') to++;
        if (p->s[to] == '\0') return refuse(p, from, "the backtick is never closed");
        p->at = to + 1;
        for (from++; from < to && space(p->s[from]);) from++; /* blanks at both ends do not count, */
        while (to > from && space(p->s[to - 1])) to--;        /* as in the header of a file        */
        if (to == from) return refuse(p, p->at - 1, "nothing between the backticks");
        *name = rl_strndup(p->in, p->s + from, to - from);
        return RL_OK;
    }
    size_t to = from;
    while (word_part(p->s[to])) to++;
    *name = rl_strndup(p->in, p->s + from, to - from);
    p->at = to;
    return RL_OK;
}

static rl_code number_of(parser *p, double *x)
{
    char *end;
    *x = strtod(p->s + p->at, &end);
    size_t n = (size_t)(end - (p->s + p->at));
    if (n == 0 || !(*x - *x == 0)) return refuse(p, p->at, "a number that cannot be read");
    p->at += n;
    return RL_OK;
}

static rl_code integer_of(parser *p, int *k)
{
    double x;
    bool minus = take(p, '-');
    peek(p);
    if (!digit(p->s[p->at])) return unexpected(p, "a whole number");
    size_t from = p->at;
    RL_TRY(number_of(p, &x));
    if (x > MOST_LAG || x != (double)(int)x) return refuse(p, from, "a whole number up to %d is needed", MOST_LAG);
    *k = minus ? -(int)x : (int)x;
    return RL_OK;
}

static rl_expr *node(parser *p, rl_op op, size_t at)
{
    rl_expr *e = RL_NEW(p->in, rl_expr, 1);
    e->op = op;
    e->at = at;
    return e;
}

/* --- functions ------------------------------------------------------------ */

static rl_code sum(parser *p, const rl_expr **out);

static rl_code function_of(parser *p, const char *name, size_t at, rl_fn *fn)
{
    for (int f = 0; f < RL_FN_END; f++)
        if (strcmp(name, FUNCTION[f]) == 0) {
            *fn = (rl_fn)f;
            return RL_OK;
        }
    for (size_t i = 0; i < sizeof LATER / sizeof *LATER; i++)
        if (strcmp(name, LATER[i]) == 0) return refuse(p, at, "'%s' is not in this version", name);
    refuse(p, at, "'%s' is not a function", name);
    const char *near = rl_nearest(name, FUNCTION, RL_FN_END);
    if (near != NULL) return rl_hint(p->cx, "did you mean '%s'?", near);
    return rl_hint(
        p->cx, "known: log log1p exp sqrt abs factor poly lag lead diff; a column of that name stands in backticks");
}

static rl_code level_of(parser *p, const char **ref)
{
    char quote = peek(p);
    size_t from = p->at;
    if (quote == '"' || quote == '\'' || quote == '`') {
        const char *end = strchr(p->s + from + 1, quote);
        if (end == NULL) return refuse(p, from, "the quote is never closed");
        *ref = rl_strndup(p->in, p->s + from + 1, (size_t)(end - p->s) - from - 1);
        p->at = (size_t)(end - p->s) + 1;
        return RL_OK;
    }
    size_t to = from;
    while (p->s[to] != '\0' && p->s[to] != ')') to++;
    p->at = to;
    while (to > from && space(p->s[to - 1])) to--;
    if (to == from) return unexpected(p, "the reference level");
    *ref = rl_strndup(p->in, p->s + from, to - from);
    return RL_OK;
}

static rl_code second_argument(parser *p, rl_expr *e)
{
    size_t at = p->at;
    if (e->fn == RL_FN_FACTOR) return level_of(p, &e->ref);
    RL_TRY(integer_of(p, &e->lo));
    e->hi = e->lo;
    if ((e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD) && take(p, ':')) RL_TRY(integer_of(p, &e->hi));
    if (e->hi < e->lo) return refuse(p, at, "a range goes from the smaller to the larger, as in 0:4");
    if (e->fn == RL_FN_POLY && (e->hi < 1 || e->hi > MOST_POWER))
        return refuse(p, at, "the degree of poly() is 1 to %d", MOST_POWER);
    if (e->fn == RL_FN_DIFF && e->lo < 1) return refuse(p, at, "the step of diff() is 1 or more");
    return RL_OK;
}

static const char *call_text(parser *p, const rl_expr *e)
{
    const char *f = FUNCTION[e->fn];
    if (e->fn == RL_FN_FACTOR) return e->a->text;
    if (e->fn == RL_FN_POLY) return rl_sprintf(p->in, "%s(%s,%d)", f, e->a->text, e->hi);
    if (e->fn == RL_FN_DIFF && e->lo == 1) return rl_sprintf(p->in, "%s(%s)", f, e->a->text);
    if (e->fn >= RL_FN_LAG && e->lo == e->hi) return rl_sprintf(p->in, "%s(%s,%d)", f, e->a->text, e->lo);
    if (e->fn >= RL_FN_LAG) return rl_sprintf(p->in, "%s(%s,%d:%d)", f, e->a->text, e->lo, e->hi);
    return rl_sprintf(p->in, "%s(%s)", f, e->a->text);
}

static bool severalfold(const rl_expr *e)
{
    if (e->op != RL_OP_FN) return false;
    return e->fn == RL_FN_FACTOR || e->fn == RL_FN_POLY || e->lo != e->hi;
}

static rl_code close_call(parser *p, size_t at)
{
    if (take(p, ')')) return RL_OK;
    if (peek(p) == '\0') return refuse(p, at, "'%s' is never closed, a ')' is missing", p->s + at);
    return unexpected(p, "',' or ')'");
}

static rl_code call(parser *p, const char *name, size_t at, const rl_expr **out)
{
    rl_expr *e = node(p, RL_OP_FN, at);
    p->at++; /* ( */
    RL_TRY(function_of(p, name, at, &e->fn));
    if (++p->depth > MOST_DEPTH) return refuse(p, at, "nested too deeply");
    if (peek(p) == ')') return refuse(p, at, "%s() needs a column", name);
    RL_TRY(sum(p, &e->a));
    p->depth--;
    if (severalfold(e->a))
        return refuse(p, e->a->at, "'%s' makes several columns and cannot stand inside %s()", e->a->text, name);
    if (e->fn == RL_FN_FACTOR && e->a->op != RL_OP_COL) return refuse(p, e->a->at, "factor() takes a column");
    e->lo = e->hi = e->fn >= RL_FN_LAG ? 1 : 0;
    if (take(p, ',')) {
        if (e->fn < RL_FN_FACTOR) return refuse(p, p->at - 1, "%s() takes one argument", name);
        peek(p);
        RL_TRY(second_argument(p, e));
    } else if (e->fn == RL_FN_POLY) {
        return refuse(p, at, "poly() needs a degree, as in poly(x,2)");
    }
    RL_TRY(close_call(p, at));
    e->text = call_text(p, e);
    *out = e;
    return RL_OK;
}

static rl_code column_or_call(parser *p, const rl_expr **out)
{
    char c = peek(p);
    size_t at = p->at;
    const char *name;
    if (!word_start(c) && c != '`') return unexpected(p, "a column");
    RL_TRY(name_of(p, &name));
    if (c != '`' && peek(p) == '(') return call(p, name, at, out);
    rl_expr *e = node(p, RL_OP_COL, at);
    e->col = e->text = name;
    *out = e;
    return RL_OK;
}

/* --- arithmetic inside a function ------------------------------------------ */

static rl_code operand(parser *p, const rl_expr **out)
{
    char c = peek(p), buf[32];
    size_t at = p->at;
    if (c == '-') {
        rl_expr *e = node(p, RL_OP_NEG, at);
        p->at++;
        if (++p->depth > MOST_DEPTH) return refuse(p, at, "nested too deeply");
        RL_TRY(operand(p, &e->a));
        p->depth--;
        e->text = rl_sprintf(p->in, "-%s", e->a->text);
        *out = e;
        return RL_OK;
    }
    if (c == '(') {
        p->at++;
        if (++p->depth > MOST_DEPTH) return refuse(p, at, "nested too deeply");
        const rl_expr *inner;
        RL_TRY(sum(p, &inner));
        p->depth--;
        RL_TRY(close_call(p, at));
        rl_expr *e = node(p, inner->op, at);
        *e = *inner;
        if (inner->op != RL_OP_COL && inner->op != RL_OP_FN) e->text = rl_sprintf(p->in, "(%s)", inner->text);
        *out = e;
        return RL_OK;
    }
    if (!digit(c) && !(c == '.' && digit(p->s[p->at + 1]))) return column_or_call(p, out);
    rl_expr *e = node(p, RL_OP_NUM, at);
    RL_TRY(number_of(p, &e->value));
    e->text = rl_strdup(p->in, rl_num_text(buf, e->value));
    *out = e;
    return RL_OK;
}

static rl_code join(parser *p, char sign, const rl_expr **left, rl_code (*side)(parser *, const rl_expr **))
{
    rl_op op = sign == '+' ? RL_OP_ADD : sign == '-' ? RL_OP_SUB : sign == '*' ? RL_OP_MUL : RL_OP_DIV;
    rl_expr *e = node(p, op, (*left)->at);
    p->at++;
    e->a = *left;
    RL_TRY(side(p, &e->b));
    const rl_expr *many = severalfold(e->a) ? e->a : severalfold(e->b) ? e->b : NULL;
    if (many != NULL) return refuse(p, many->at, "'%s' makes several columns: no arithmetic with it", many->text);
    e->text = rl_sprintf(p->in, "%s%c%s", e->a->text, sign, e->b->text);
    *left = e;
    return RL_OK;
}

static rl_code product(parser *p, const rl_expr **out)
{
    RL_TRY(operand(p, out));
    for (char c = peek(p); c == '*' || c == '/'; c = peek(p)) RL_TRY(join(p, c, out, operand));
    return RL_OK;
}

static rl_code sum(parser *p, const rl_expr **out)
{
    RL_TRY(product(p, out));
    for (char c = peek(p); c == '+' || c == '-'; c = peek(p)) RL_TRY(join(p, c, out, product));
    return RL_OK;
}

/* --- sets of terms --------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const rl_expr *const *x = a, *const *y = b;
    return strcmp((*x)->text, (*y)->text);
}

static bool same_term(const rl_term *a, const rl_term *b, rl_arena *in)
{
    if (a->n != b->n) return false;
    const rl_expr **x = RL_NEW(in, const rl_expr *, a->n), **y = RL_NEW(in, const rl_expr *, a->n);
    memcpy(x, a->var, a->n * sizeof *x);
    memcpy(y, b->var, a->n * sizeof *y);
    qsort(x, a->n, sizeof *x, by_text);
    qsort(y, a->n, sizeof *y, by_text);
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(x[i]->text, y[i]->text) != 0) return false;
    return true;
}

static rl_code terms_add(parser *p, terms *t, rl_term one)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_term(&t->v[i], &one, p->in)) return RL_OK;
    if (t->n >= MOST_TERMS) return refuse(p, p->at, "more than %d terms", MOST_TERMS);
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 8;
        t->v = rl_regrow(p->in, t->v, t->cap, cap, sizeof *t->v);
        t->cap = cap;
    }
    t->v[t->n++] = one;
    return RL_OK;
}

static void terms_remove(parser *p, terms *t, const rl_term *one)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!same_term(&t->v[i], one, p->in)) t->v[kept++] = t->v[i];
    t->n = kept;
}

static rl_term times(parser *p, const rl_term *a, const rl_term *b)
{
    rl_term t = {.var = RL_NEW(p->in, const rl_expr *, a->n + b->n)};
    for (size_t i = 0; i < a->n; i++) t.var[t.n++] = a->var[i];
    for (size_t i = 0; i < b->n; i++) {
        bool twice = false;
        for (size_t j = 0; j < t.n && !twice; j++) twice = strcmp(t.var[j]->text, b->var[i]->text) == 0;
        if (!twice) t.var[t.n++] = b->var[i];
    }
    rl_str s = rl_str_new(p->in);
    for (size_t i = 0; i < t.n; i++) rl_str_addf(&s, "%s%s", i ? ":" : "", t.var[i]->text);
    t.text = rl_str_text(&s);
    return t;
}

static rl_code multiply(parser *p, const terms *a, const terms *b, terms *out)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++) RL_TRY(terms_add(p, out, times(p, &a->v[i], &b->v[j])));
    return RL_OK;
}

static rl_code term_sum(parser *p, terms *out);

static rl_code atom(parser *p, terms *out)
{
    char c = peek(p);
    size_t at = p->at;
    if (c == '(') {
        p->at++;
        if (++p->depth > MOST_DEPTH) return refuse(p, at, "nested too deeply");
        RL_TRY(term_sum(p, out));
        p->depth--;
        return close_call(p, at);
    }
    if (digit(c)) {
        refuse(p, at, "a number cannot be a regressor");
        return rl_hint(p->cx, "0 or -1 drops the constant, 1 keeps it; a column named by digits stands in backticks");
    }
    const rl_expr *e;
    RL_TRY(column_or_call(p, &e));
    rl_term t = {.n = 1, .var = RL_NEW(p->in, const rl_expr *, 1), .text = e->text};
    t.var[0] = e;
    return terms_add(p, out, t);
}

static rl_code interaction(parser *p, terms *out)
{
    RL_TRY(atom(p, out));
    while (take(p, ':')) {
        terms right = {0}, both = {0};
        RL_TRY(atom(p, &right));
        RL_TRY(multiply(p, out, &right, &both));
        *out = both;
    }
    return RL_OK;
}

static rl_code crossing(parser *p, terms *out)
{
    RL_TRY(interaction(p, out));
    while (take(p, '*')) {
        terms right = {0}, both = {0};
        RL_TRY(interaction(p, &right));
        RL_TRY(multiply(p, out, &right, &both));
        for (size_t i = 0; i < right.n; i++) RL_TRY(terms_add(p, out, right.v[i]));
        for (size_t i = 0; i < both.n; i++) RL_TRY(terms_add(p, out, both.v[i]));
    }
    return RL_OK;
}

/* A lone 0 or 1 says whether there is a constant. */
static bool constant_word(parser *p, bool minus)
{
    char c = peek(p);
    if (c != '0' && c != '1') return false;
    size_t next = p->at + 1;
    while (space(p->s[next])) next++;
    if (strchr("+-|)", p->s[next]) == NULL) return false;
    p->constant = (c == '1') != minus;
    p->at++;
    return true;
}

static rl_code term_sum(parser *p, terms *out)
{
    bool minus = take(p, '-');
    if (!minus) take(p, '+');
    for (;;) {
        if (!constant_word(p, minus)) {
            terms part = {0};
            RL_TRY(crossing(p, &part));
            for (size_t i = 0; i < part.n; i++) {
                if (minus)
                    terms_remove(p, out, &part.v[i]);
                else
                    RL_TRY(terms_add(p, out, part.v[i]));
            }
        }
        if (take(p, '+'))
            minus = false;
        else if (take(p, '-'))
            minus = true;
        else
            return RL_OK;
    }
}

/* --- effects ---------------------------------------------------------------- */

static rl_code effect(parser *p, rl_effect *e)
{
    rl_str text = rl_str_new(p->in);
    do {
        char c = peek(p);
        size_t at = p->at;
        if (!word_start(c) && c != '`') return unexpected(p, "a column");
        if (e->n == RL_MAX_JOIN) return refuse(p, at, "more than %d columns joined by '^'", RL_MAX_JOIN);
        RL_TRY(name_of(p, &e->col[e->n]));
        if (e->n == 0) e->at = at;
        if (peek(p) == '(') return refuse(p, at, "an effect is a column or columns joined by '^', not a function");
        if (peek(p) == '[') return refuse(p, p->at, "slopes by effect are not in this version");
        rl_str_addf(&text, "%s%s", e->n ? "^" : "", e->col[e->n]);
        e->n++;
    } while (take(p, '^'));
    e->text = rl_str_text(&text);
    return RL_OK;
}

rl_code rl_effect_parse(const char *text, rl_effect *out, rl_arena *in, rl_ctx *cx)
{
    *out = (rl_effect){0};
    /* a name as the shell gave it needs no backticks unless it holds '^' or '`' */
    if (strchr(text, '^') == NULL && strchr(text, '`') == NULL) {
        out->n = 1;
        out->col[0] = out->text = rl_strdup(in, text);
        return RL_OK;
    }
    parser p = {.s = text, .in = in, .cx = cx};
    RL_TRY(effect(&p, out));
    if (peek(&p) != '\0') return unexpected(&p, "'^' or the end");
    return RL_OK;
}

static rl_code effects(parser *p, rl_formula *out)
{
    char c = peek(p);
    if ((c == '0' || c == '1') && !word_part(p->s[p->at + 1])) {
        p->at++;
        return RL_OK;
    }
    size_t cap = 0;
    do {
        rl_effect e = {0};
        RL_TRY(effect(p, &e));
        assert(e.text != NULL);
        bool twice = false;
        for (size_t i = 0; i < out->n_effects; i++) twice |= strcmp(out->effect[i].text, e.text) == 0;
        if (twice) continue;
        if (out->n_effects == cap) {
            out->effect = rl_regrow(p->in, out->effect, cap, cap + 4, sizeof *out->effect);
            cap += 4;
        }
        out->effect[out->n_effects++] = e;
    } while (take(p, '+'));
    return RL_OK;
}

/* --- the whole -------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
    const rl_term *const *x = a, *const *y = b;
    if ((*x)->n != (*y)->n) return (*x)->n < (*y)->n ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* as written */
}

static void order_terms(const terms *t, rl_formula *out, rl_arena *in)
{
    const rl_term **at = RL_NEW(in, const rl_term *, t->n);
    for (size_t i = 0; i < t->n; i++) at[i] = &t->v[i];
    qsort(at, t->n, sizeof *at, by_order);
    out->term = RL_NEW(in, rl_term, t->n);
    for (size_t i = 0; i < t->n; i++) out->term[i] = *at[i];
    out->n_terms = t->n;
}

static rl_code refuse_instruments(parser *p, size_t at)
{
    refuse(p, at, "instruments belong to --estimator iv, which this version does not have");
    return rl_hint(p->cx, "leave out the part with the second '~'");
}

rl_code rl_formula_parse(const char *text, rl_formula *out, rl_arena *in, rl_ctx *cx)
{
    parser p = {.s = rl_strdup(in, text), .constant = true, .in = in, .cx = cx};
    terms t = {0};
    *out = (rl_formula){.text = p.s};
    if (strchr(text, '~') == NULL) {
        refuse(&p, 0, "there is no '~' in '%s'", text);
        return rl_hint(cx, "write it as outcome ~ regressors");
    }
    RL_TRY(column_or_call(&p, &out->y));
    if (severalfold(out->y) || (out->y->op == RL_OP_FN && out->y->fn == RL_FN_FACTOR))
        return refuse(&p, out->y->at, "the outcome '%s' must be one column of numbers", out->y->text);
    if (!take(&p, '~')) return unexpected(&p, "'~'");
    RL_TRY(term_sum(&p, &t));
    if (take(&p, '|')) {
        size_t at = p.at;
        RL_TRY(effects(&p, out));
        if (peek(&p) == '~') return refuse_instruments(&p, at);
        if (take(&p, '|')) {
            peek(&p);
            return refuse_instruments(&p, p.at);
        }
    }
    if (peek(&p) != '\0') return unexpected(&p, "'+', '|' or the end");
    out->constant = p.constant;
    order_terms(&t, out, in);
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
