#include "model/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/formula.h"

typedef struct reader {
    const char *s, *option; /* the whole text, and the option it came from */
    size_t at;
    const char **name; /* m, blanks squeezed out */
    size_t m;
    rl_ctx *cx;
} reader;

bool rl_linear_is_restriction(const char *text)
{
    bool quoted = false;
    for (; *text != '\0'; text++) {
        if (*text == '`') quoted = !quoted;
        if (*text == '=' && !quoted) return true;
    }
    return false;
}

/* --- names ---------------------------------------------------------------------- */

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static char *squeezed(const char *s, size_t n, rl_arena *in)
{
    char *t = rl_strndup(in, s, n);
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (!blank(t[i])) t[k++] = t[i];
    t[k] = '\0';
    return t;
}

static void add_id(rl_str *s, int32_t id, const char *text)
{
    if (text == NULL && id == RL_NO_ID) return;
    rl_str_addc(s, s->n > 0 ? ',' : '[');
    if (text != NULL)
        rl_str_add(s, text);
    else
        rl_str_addf(s, "%d", id);
}

const char *rl_linear_name(const rl_label *l, rl_ctx *cx)
{
    rl_str ids = rl_str_new(cx->tmp);
    add_id(&ids, l->group, l->group_text);
    add_id(&ids, l->time, l->time_text);
    add_id(&ids, l->event, NULL);
    if (ids.n > 0) rl_str_addc(&ids, ']');
    const char *whole = rl_sprintf(cx->tmp, "%s%s", l->term, rl_str_text(&ids));
    return squeezed(whole, strlen(whole), cx->tmp);
}

static bool word_part(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           ((unsigned char)c & 0x80) != 0;
}

/* Bytes of s that spell `name`, blanks aside, or 0. */
static size_t spelled(const char *s, const char *name)
{
    size_t i = 0;
    while (*name != '\0') {
        while (blank(s[i])) i++;
        if (s[i] != *name++) return 0;
        i++;
    }
    /* a longer word, and a term of an interaction or of a factor, is another name */
    bool word = i > 0 && word_part(s[i - 1]);
    return word && (word_part(s[i]) || s[i] == ':' || s[i] == '(' || s[i] == '[') ? 0 : i;
}

static rl_code refuse(reader *r, size_t at, const char *what)
{
    rl_fail(r->cx, RL_EUSAGE, "--%s '%s': %s", r->option, r->s, what);
    rl_formula_caret(r->s, at, r->cx);
    return RL_EUSAGE;
}

/* The word at the reader, for messages: up to a blank or an operator outside brackets. */
static size_t word_length(const char *s)
{
    int depth = 0;
    size_t n = 0;
    for (; s[n] != '\0'; n++) {
        if (s[n] == '(' || s[n] == '[') depth++;
        if (s[n] == ')' || s[n] == ']') depth--;
        if (depth <= 0 && n > 0 && strchr("+-*/=, \t\n", s[n]) != NULL) break;
    }
    return n;
}

static rl_code unknown(reader *r, const char *name, size_t at)
{
    rl_str known = rl_str_new(r->cx->tmp);
    const char *near = rl_nearest(name, r->name, r->m);
    refuse(r, at, rl_sprintf(r->cx->tmp, "'%s' is not among the estimates", name));
    if (near != NULL) return rl_hint(r->cx, "did you mean '%s'?", near);
    for (size_t j = 0; j < r->m && known.n < 120; j++) rl_str_addf(&known, "%s%s", j ? " " : "", r->name[j]);
    return rl_hint(r->cx, "known: %s", rl_str_text(&known));
}

static rl_code quoted_term(reader *r, size_t *j)
{
    size_t from = r->at, to = from + 1;
    while (r->s[to] != '`' && r->s[to] != '\0') to++;
    if (r->s[to] == '\0') return refuse(r, from, "the backtick is never closed");
    const char *name = squeezed(r->s + from + 1, to - from - 1, r->cx->tmp);
    r->at = to + 1;
    for (*j = 0; *j < r->m; ++*j)
        if (strcmp(r->name[*j], name) == 0) return RL_OK;
    return unknown(r, name, from);
}

/* The longest name that stands here; j = m when none does. */
static void plain_term(reader *r, size_t *j)
{
    size_t most = 0;
    *j = r->m;
    for (size_t i = 0; i < r->m; i++) {
        size_t n = spelled(r->s + r->at, r->name[i]);
        if (n <= most) continue;
        most = n;
        *j = i;
    }
    r->at += most;
}

/* --- sums ---------------------------------------------------------------------------- */

static char peek(reader *r)
{
    while (blank(r->s[r->at])) r->at++;
    return r->s[r->at];
}

static bool is_number(char c) { return (c >= '0' && c <= '9') || c == '.'; }

static rl_code number(reader *r, double *x)
{
    char *end;
    if (!is_number(peek(r))) return refuse(r, r->at, "a number should stand here");
    *x = strtod(r->s + r->at, &end);
    if (end == r->s + r->at || !isfinite(*x)) return refuse(r, r->at, "a number that cannot be read");
    r->at = (size_t)(end - r->s);
    return RL_OK;
}

/* Factors between + and -: numbers and at most one term, * and /. */
static rl_code product(reader *r, double sign, double *row, double *constant)
{
    double factor = sign, x;
    size_t j = r->m, other;
    bool divide = false;
    for (;;) {
        char c = peek(r);
        size_t from = r->at;
        other = r->m;
        if (c == '`')
            RL_TRY(quoted_term(r, &other));
        else
            plain_term(r, &other);
        if (other < r->m) {
            if (j < r->m) return refuse(r, from, "a product of two estimates is not linear");
            if (divide) return refuse(r, from, "a quotient of estimates is not linear");
            j = other;
        } else if (is_number(c)) {
            RL_TRY(number(r, &x));
            if (divide && x == 0) return refuse(r, from, "division by zero");
            factor = divide ? factor / x : factor * x;
        } else if (c == '\0' || strchr("+-*/=,", c) != NULL) {
            return refuse(r, from, "a term or a number should stand here");
        } else {
            return unknown(r, rl_strndup(r->cx->tmp, r->s + from, word_length(r->s + from)), from);
        }
        c = peek(r);
        if (c != '*' && c != '/') break;
        divide = c == '/';
        r->at++;
    }
    if (j < r->m)
        row[j] += factor;
    else
        *constant += factor;
    return RL_OK;
}

static rl_code sum(reader *r, double sign, double *row, double *constant)
{
    double own = sign;
    for (char c = peek(r); c == '+' || c == '-'; c = peek(r)) {
        if (c == '-') own = -own;
        r->at++;
    }
    for (;;) {
        RL_TRY(product(r, own, row, constant));
        char c = peek(r);
        if (c != '+' && c != '-') return RL_OK;
        own = sign;
        for (; c == '+' || c == '-'; c = peek(r)) {
            if (c == '-') own = -own;
            r->at++;
        }
    }
}

static reader open_text(const char *option, const char *text, const rl_label *label, size_t m, rl_ctx *cx)
{
    reader r = {.s = text, .option = option, .name = RL_NEW(cx->tmp, const char *, m), .m = m, .cx = cx};
    for (size_t j = 0; j < m; j++) r.name[j] = rl_linear_name(&label[j], cx);
    return r;
}

static bool empty_row(const double *row, size_t m)
{
    for (size_t j = 0; j < m; j++)
        if (row[j] != 0) return false;
    return true;
}

rl_code rl_linear_combination(const char *text, const rl_label *label, size_t m, rl_linear *out, rl_ctx *cx)
{
    reader r = open_text("lincom", text, label, m, cx);
    *out = (rl_linear){1, RL_NEW(cx->tmp, double, m), RL_NEW(cx->tmp, double, 1)};
    RL_TRY(sum(&r, 1, out->C, out->constant));
    if (peek(&r) != '\0') {
        refuse(&r, r.at, rl_sprintf(cx->tmp, "'%c' where + or - should stand", r.s[r.at]));
        return r.s[r.at] == '=' ? rl_hint(cx, "a restriction is tested by --test") : RL_EUSAGE;
    }
    if (empty_row(out->C, m)) return refuse(&r, 0, "no estimate is in it");
    return RL_OK;
}

/* a = b = c from here to a comma: rows q .. of out. */
static rl_code chain(reader *r, rl_linear *out)
{
    double *left = RL_NEW(r->cx->tmp, double, r->m), constant = 0;
    size_t from = r->at;
    RL_TRY(sum(r, 1, left, &constant));
    if (peek(r) != '=') return refuse(r, r->at, "'=' should stand here");
    while (peek(r) == '=') {
        double *right = RL_NEW(r->cx->tmp, double, r->m), c = 0, *row = out->C + out->q * r->m;
        r->at++;
        if (r->s[r->at] == '=') r->at++;
        RL_TRY(sum(r, 1, right, &c));
        for (size_t j = 0; j < r->m; j++) row[j] = left[j] - right[j];
        out->constant[out->q] = constant - c;
        if (empty_row(row, r->m)) return refuse(r, from, "no estimate is left in a restriction");
        out->q++;
        left = right;
        constant = c;
    }
    return RL_OK;
}

rl_code rl_linear_restrictions(const char *text, const rl_label *label, size_t m, rl_linear *out, rl_ctx *cx)
{
    reader r = open_text("test", text, label, m, cx);
    size_t most = 1;
    for (const char *s = text; *s != '\0'; s++) most += *s == '=' || *s == ',';
    *out = (rl_linear){0, RL_NEW(cx->tmp, double, most *m), RL_NEW(cx->tmp, double, most)};
    for (;;) {
        RL_TRY(chain(&r, out));
        char c = peek(&r);
        if (c == '\0') return RL_OK;
        if (c != ',') return refuse(&r, r.at, rl_sprintf(cx->tmp, "'%c' where a comma should stand", c));
        r.at++;
    }
}
