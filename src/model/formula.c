#include "model/formula.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/parse.h"

enum { MOST_TERMS = 4096, MOST_DEPTH = RL_PARSE_DEPTH };

typedef struct terms {
    size_t n, cap;
    rl_term *v;
} terms;

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

static rl_code terms_add(rl_parser *p, terms *t, rl_term one)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_term(&t->v[i], &one, p->in)) return RL_OK;
    if (t->n >= MOST_TERMS) return rl_parse_refuse(p, p->at, "more than %d terms", MOST_TERMS);
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 8;
        t->v = rl_regrow(p->in, t->v, t->cap, cap, sizeof *t->v);
        t->cap = cap;
    }
    t->v[t->n++] = one;
    return RL_OK;
}

static void terms_remove(rl_parser *p, terms *t, const rl_term *one)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!same_term(&t->v[i], one, p->in)) t->v[kept++] = t->v[i];
    t->n = kept;
}

static rl_term times(rl_parser *p, const rl_term *a, const rl_term *b)
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

static rl_code multiply(rl_parser *p, const terms *a, const terms *b, terms *out)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++) RL_TRY(terms_add(p, out, times(p, &a->v[i], &b->v[j])));
    return RL_OK;
}

static rl_code term_sum(rl_parser *p, terms *out);

static rl_code atom(rl_parser *p, terms *out)
{
    char c = rl_parse_peek(p);
    size_t at = p->at;
    if (c == '(') {
        p->at++;
        if (++p->depth > MOST_DEPTH) return rl_parse_refuse(p, at, "nested too deeply");
        RL_TRY(term_sum(p, out));
        p->depth--;
        return rl_parse_close(p, at);
    }
    if (rl_is_digit(c)) {
        rl_parse_refuse(p, at, "a number cannot be a regressor");
        return rl_hint(p->cx, "0 or -1 drops the constant, 1 keeps it; a column named by digits stands in backticks");
    }
    const rl_expr *e;
    RL_TRY(rl_parse_operand(p, &e));
    rl_term t = {.n = 1, .var = RL_NEW(p->in, const rl_expr *, 1), .text = e->text};
    t.var[0] = e;
    return terms_add(p, out, t);
}

static rl_code interaction(rl_parser *p, terms *out)
{
    RL_TRY(atom(p, out));
    while (rl_parse_take(p, ':')) {
        terms right = {0}, both = {0};
        RL_TRY(atom(p, &right));
        RL_TRY(multiply(p, out, &right, &both));
        *out = both;
    }
    return RL_OK;
}

static rl_code crossing(rl_parser *p, terms *out)
{
    RL_TRY(interaction(p, out));
    while (rl_parse_take(p, '*')) {
        terms right = {0}, both = {0};
        RL_TRY(interaction(p, &right));
        RL_TRY(multiply(p, out, &right, &both));
        for (size_t i = 0; i < right.n; i++) RL_TRY(terms_add(p, out, right.v[i]));
        for (size_t i = 0; i < both.n; i++) RL_TRY(terms_add(p, out, both.v[i]));
    }
    return RL_OK;
}

/* A lone 0 or 1 says whether there is a constant. */
static bool constant_word(rl_parser *p, bool minus)
{
    char c = rl_parse_peek(p);
    if (c != '0' && c != '1') return false;
    size_t next = p->at + 1;
    while (rl_is_space(p->s[next])) next++;
    if (strchr("+-|)~", p->s[next]) == NULL) return false;
    p->constant = (c == '1') != minus;
    p->at++;
    return true;
}

static rl_code term_sum(rl_parser *p, terms *out)
{
    bool minus = rl_parse_take(p, '-');
    if (!minus) rl_parse_take(p, '+');
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
        if (rl_parse_take(p, '+'))
            minus = false;
        else if (rl_parse_take(p, '-'))
            minus = true;
        else
            return RL_OK;
    }
}

/* --- effects ---------------------------------------------------------------- */

static rl_code effect(rl_parser *p, rl_effect *e)
{
    rl_str text = rl_str_new(p->in);
    do {
        char c = rl_parse_peek(p);
        size_t at = p->at;
        if (!rl_is_word_start(c) && c != '`') return rl_parse_unexpected(p, "a column");
        if (e->n == RL_MAX_JOIN) return rl_parse_refuse(p, at, "more than %d columns joined by '^'", RL_MAX_JOIN);
        RL_TRY(rl_parse_name(p, &e->col[e->n]));
        if (e->n == 0) e->at = at;
        if (rl_parse_peek(p) == '(')
            return rl_parse_refuse(p, at, "an effect is a column or columns joined by '^', not a function");
        if (rl_parse_peek(p) == '[') return rl_parse_refuse(p, p->at, "slopes by effect are not in this version");
        rl_str_addf(&text, "%s%s", e->n ? "^" : "", e->col[e->n]);
        e->n++;
    } while (rl_parse_take(p, '^'));
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
    rl_parser p = {.s = text, .in = in, .cx = cx};
    RL_TRY(effect(&p, out));
    if (rl_parse_peek(&p) != '\0') return rl_parse_unexpected(&p, "'^' or the end");
    return RL_OK;
}

static rl_code effects(rl_parser *p, rl_formula *out)
{
    char c = rl_parse_peek(p);
    if ((c == '0' || c == '1') && !rl_is_word_part(p->s[p->at + 1])) {
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
    } while (rl_parse_take(p, '+'));
    return RL_OK;
}

/* --- the whole -------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
    const rl_term *const *x = a, *const *y = b;
    if ((*x)->n != (*y)->n) return (*x)->n < (*y)->n ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* as written */
}

static rl_term *order_terms(const terms *t, rl_arena *in)
{
    const rl_term **at = RL_NEW(in, const rl_term *, t->n);
    for (size_t i = 0; i < t->n; i++) at[i] = &t->v[i];
    qsort(at, t->n, sizeof *at, by_order);
    rl_term *sorted = RL_NEW(in, rl_term, t->n);
    for (size_t i = 0; i < t->n; i++) sorted[i] = *at[i];
    return sorted;
}

/* A '~' before the next '|': the part holds instruments. */
static bool instruments_next(const rl_parser *p)
{
    bool quoted = false;
    for (const char *s = p->s + p->at; *s != '\0' && (quoted || *s != '|'); s++) {
        if (*s == '`') quoted = !quoted;
        if (*s == '~' && !quoted) return true;
    }
    return false;
}

static rl_code refuse_shared(rl_parser *p, const terms *a, const terms *b, const char *what, size_t at)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            if (same_term(&a->v[i], &b->v[j], p->in)) return rl_parse_refuse(p, at, "'%s' is %s", a->v[i].text, what);
    return RL_OK;
}

static rl_code instruments(rl_parser *p, const terms *exo, rl_formula *out)
{
    terms endo = {0}, inst = {0};
    bool constant = p->constant; /* belongs to the regressors */
    rl_parse_peek(p);
    size_t at = p->at;
    if (p->s[at] == '~') return rl_parse_unexpected(p, "an endogenous regressor");
    RL_TRY(term_sum(p, &endo));
    if (!rl_parse_take(p, '~')) return rl_parse_unexpected(p, "'~' and the instruments");
    RL_TRY(term_sum(p, &inst));
    p->constant = constant;
    if (endo.n == 0) return rl_parse_refuse(p, at, "no endogenous regressor before the second '~'");
    if (inst.n == 0) return rl_parse_refuse(p, at, "no instrument behind the second '~'");
    RL_TRY(refuse_shared(p, &endo, exo, "among the exogenous regressors and endogenous too", at));
    RL_TRY(refuse_shared(p, &endo, &inst, "endogenous and its own instrument", at));
    RL_TRY(refuse_shared(p, &inst, exo, "an instrument and a regressor: regressors are instruments anyway", at));
    out->n_endo = endo.n;
    out->endo = order_terms(&endo, p->in);
    out->n_inst = inst.n;
    out->inst = order_terms(&inst, p->in);
    return RL_OK;
}

rl_code rl_formula_parse(const char *text, rl_formula *out, rl_arena *in, rl_ctx *cx)
{
    rl_parser p = {.s = rl_strdup(in, text), .constant = true, .in = in, .cx = cx};
    terms t = {0};
    *out = (rl_formula){.text = p.s};
    if (strchr(text, '~') == NULL) {
        rl_parse_refuse(&p, 0, "there is no '~' in '%s'", text);
        return rl_hint(cx, "write it as outcome ~ regressors");
    }
    RL_TRY(rl_parse_outcome(&p, &out->y));
    if (rl_parse_severalfold(out->y) || (out->y->op == RL_OP_FN && out->y->fn == RL_FN_FACTOR))
        return rl_parse_refuse(&p, out->y->at, "the outcome '%s' must be one column of numbers", out->y->text);
    if (!rl_parse_take(&p, '~')) return rl_parse_unexpected(&p, "'~'");
    RL_TRY(term_sum(&p, &t));
    if (rl_parse_take(&p, '|')) {
        bool iv = instruments_next(&p);
        if (!iv) {
            RL_TRY(effects(&p, out));
            iv = rl_parse_take(&p, '|');
        }
        if (iv) RL_TRY(instruments(&p, &t, out));
    }
    char c = rl_parse_peek(&p);
    bool pair = out->n_effects > 0 && out->n_inst == 0 && (c == ':' || c == '*');
    if (c != '\0') rl_parse_unexpected(&p, "'+', '|' or the end");
    if (pair) return rl_hint(cx, "an effect of each pair of values is written with '^', as in | unit^quarter");
    if (c != '\0') return cx->err.code;
    out->constant = p.constant;
    out->term = order_terms(&t, in);
    out->n_terms = t.n;
    return RL_OK;
}
