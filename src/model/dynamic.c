#include "model/dynamic.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/parse.h"

/* --- the formula in pieces ------------------------------------------------------- */

/* First c outside backticks and quotes from `at` on, or the end. */
static size_t next_of(const char *s, size_t at, char c)
{
    char quote = '\0';
    for (; s[at] != '\0'; at++) {
        if (quote == '\0' && s[at] == c) return at;
        if (quote != '\0')
            quote = s[at] == quote ? '\0' : quote;
        else if (s[at] == '`' || s[at] == '"' || s[at] == '\'')
            quote = s[at];
    }
    return at;
}

static const char *trimmed(const char *s, size_t from, size_t to, rl_arena *in)
{
    while (from < to && rl_is_space(s[from])) from++;
    while (to > from && rl_is_space(s[to - 1])) to--;
    return rl_strndup(in, s + from, to - from);
}

/* Behind the operand that begins at `at`: a name, in backticks or not, a call's brackets, a power. */
static size_t operand_end(const char *s, size_t at)
{
    size_t open = 0;
    if (s[at] == '`')
        at = next_of(s, at + 1, '`') + 1;
    else
        while (rl_is_word_part(s[at])) at++;
    size_t end = at;
    while (rl_is_space(s[at])) at++;
    if (s[at] == '(') {
        do {
            size_t close = next_of(s, at, ')'), inner = next_of(s, at, '(');
            open += inner < close;
            open -= inner >= close;
            at = (inner < close ? inner : close) + 1;
        } while (open > 0 && s[at - 1] != '\0');
        end = at;
    }
    while (rl_is_space(s[at])) at++;
    if (s[at] != '^') return end;
    for (at++; rl_is_space(s[at]);) at++;
    while (rl_is_digit(s[at])) at++;
    return at;
}

/* --- which regressors get lags ------------------------------------------------------- */

static bool takes_lags(const rl_expr *e, const rl_table *t)
{
    if (e->op == RL_OP_COL) {
        const rl_col *c = rl_table_col(t, e->col);
        return c == NULL || c->type == RL_NUM; /* one that is not there is told by the design */
    }
    if (e->op == RL_OP_FN && e->fn != RL_FN_LOG && e->fn != RL_FN_LOG1P && e->fn != RL_FN_EXP && e->fn != RL_FN_SQRT &&
        e->fn != RL_FN_ABS && e->fn != RL_FN_DIFF)
        return false;
    return (e->a == NULL || takes_lags(e->a, t)) && (e->b == NULL || takes_lags(e->b, t));
}

static bool lag_of(const rl_expr *e, const char *y)
{
    return e->op == RL_OP_FN && e->fn == RL_FN_LAG && strcmp(e->a->text, y) == 0;
}

static rl_code own_lag(const rl_request *req, const rl_dynamic *d, const rl_term *term, rl_ctx *cx)
{
    rl_fail(cx, RL_EUSAGE, "'%s': estimator '%s' adds the lags of the outcome itself", term->text,
            req->estimator->name);
    rl_hint(cx, req->estimator->orders ? "leave it out and say how many lags: --lags or --max-lags" : "leave it out");
    rl_formula_caret(d->f.text, term->var[0]->at, cx);
    return RL_EUSAGE;
}

rl_code rl_dynamic_read(const char *formula, const rl_request *req, const rl_table *t, bool own_past, rl_dynamic *out,
                        rl_ctx *cx)
{
    *out = (rl_dynamic){0};
    if (req->time == NULL) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' needs --time", req->estimator->name);
        return rl_hint(cx, "add --time COL for one series, or --panel UNIT,TIME");
    }
    RL_TRY(rl_formula_parse(formula, &out->f, cx->keep, cx));
    if (out->f.n_endo > 0 && !own_past) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' takes no instruments", req->estimator->name);
        return rl_hint(cx, "leave out the part with the second '~', or say --estimator iv");
    }
    const char *s = out->f.text;
    size_t tilde = next_of(s, 0, '~'), bar = next_of(s, tilde, '|');
    out->head = trimmed(s, 0, tilde, cx->keep);
    out->rhs = trimmed(s, tilde + 1, bar, cx->keep);
    out->tail = trimmed(s, bar, strlen(s), cx->keep);
    out->y = out->f.y->text;
    out->x = RL_NEW(cx->keep, const char *, out->f.n_terms);
    out->x_text = RL_NEW(cx->keep, const char *, out->f.n_terms);
    out->fixed = RL_NEW(cx->keep, const rl_term *, out->f.n_terms);
    for (size_t j = 0; j < out->f.n_terms; j++) {
        const rl_term *term = &out->f.term[j];
        for (size_t i = 0; i < term->n && !own_past; i++)
            if (lag_of(term->var[i], out->y)) return own_lag(req, out, term, cx);
        if (term->n > 1 || !takes_lags(term->var[0], t)) {
            out->fixed[out->n_fixed++] = term;
            continue;
        }
        size_t at = term->var[0]->at;
        out->x[out->k] = term->text;
        out->x_text[out->k++] = rl_strndup(cx->keep, s + at, operand_end(s, at) - at);
    }
    return RL_OK;
}

rl_code rl_dynamic_method(const rl_request *req, const char *methods, size_t *out, rl_ctx *cx)
{
    *out = 0;
    if (req->method == NULL) return RL_OK;
    for (const char *w = methods; *w != '\0'; ++*out) {
        size_t n = strcspn(w, " ");
        if (strlen(req->method) == n && strncmp(req->method, w, n) == 0) return RL_OK;
        w += n + (w[n] == ' ');
    }
    rl_fail(cx, RL_EUSAGE, "--method '%s' is not known to estimator '%s'", req->method, req->estimator->name);
    return rl_hint(cx, "known: %s", methods);
}

bool rl_orders_read(const char *text, rl_request *out)
{
    const char *s = text;
    for (out->n_orders = 0; out->n_orders < RL_MAX_ORDERS; s++) {
        int k = 0;
        const char *from = s;
        for (; rl_is_space(*s); s++) from = s + 1;
        for (; rl_is_digit(*s) && k < 100000; s++) k = 10 * k + (*s - '0');
        if (s == from) return false;
        for (; rl_is_space(*s);) s++;
        if (*s != ',' && *s != '\0') return false;
        out->order[out->n_orders++] = k;
        if (*s == '\0') return true;
    }
    return false;
}

bool rl_ic_read(const char *text, rl_request *out)
{
    static const char *const NAME[] = {"aic", "bic", "hq"};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        if (strcmp(text, NAME[i]) == 0) {
            out->ic = (rl_ic)(RL_IC_AIC + (int)i);
            return true;
        }
    return false;
}

const char *rl_lag_name(const char *x, int lag, rl_arena *in)
{
    return lag == 0 ? x : rl_sprintf(in, "lag(%s,%d)", x, lag);
}

/* --- what is reported ------------------------------------------------------------------- */

void rl_report_init(rl_report *r, rl_fit *f, size_t cap, rl_ctx *cx)
{
    *r = (rl_report){.f = f,
                     .cap = cap,
                     .label = RL_NEW(cx->tmp, rl_label, cap),
                     .b = RL_NEW(cx->tmp, double, cap),
                     .L = RL_NEW(cx->tmp, double, cap * f->m)};
}

size_t rl_report_find(const rl_report *r, const char *term)
{
    for (size_t j = 0; j < r->f->m; j++)
        if (strcmp(r->f->label[j].term, term) == 0) return j;
    return SIZE_MAX;
}

double *rl_report_add(rl_report *r, const char *term, double value)
{
    assert(r->m < r->cap);
    r->label[r->m] = rl_label_of(term);
    r->b[r->m] = value;
    return r->L + r->m++ * r->f->m;
}

void rl_report_keep(rl_report *r, size_t j)
{
    double *row = rl_report_add(r, r->f->label[j].term, r->f->b[j]);
    r->label[r->m - 1] = r->f->label[j];
    row[j] = 1;
}

void rl_report_long_run(rl_report *r, const char *term, const size_t *num, size_t n, const size_t *den, size_t p)
{
    long double top = 0, bottom = 1;
    for (size_t i = 0; i < n; i++) top += r->f->b[num[i]];
    for (size_t i = 0; i < p; i++) bottom -= r->f->b[den[i]];
    double D = (double)bottom, value = (double)(top / bottom);
    double *row = rl_report_add(r, term, value);
    for (size_t i = 0; i < n; i++) row[num[i]] = 1 / D;
    for (size_t i = 0; i < p; i++) row[den[i]] = value / D;
}

void rl_report_end(rl_report *r, rl_ctx *cx)
{
    rl_mat L = rl_mat_new(r->m, r->f->m, cx->tmp);
    for (size_t i = 0; i < L.n; i++)
        for (size_t j = 0; j < L.k; j++) *rl_mat_at(&L, i, j) = r->L[i * L.k + j];
    rl_fit_combine(r->f, L, r->label, cx);
    memcpy(r->f->b, r->b, r->m * sizeof *r->b);
}

/* --- is there a long run? ------------------------------------------------------------------ */

enum { MOST_PAST = 128 };

bool rl_stationary(const double *phi, size_t p)
{
    double a[MOST_PAST], b[MOST_PAST];
    assert(p <= MOST_PAST);
    if (p > 0) memcpy(a, phi, p * sizeof *a);
    for (size_t m = p; m > 0; m--) {
        double k = a[m - 1]; /* partial autocorrelation at lag m */
        if (!(fabs(k) < 1 - 1e-10)) return false;
        for (size_t i = 0; i + 1 < m; i++) b[i] = (a[i] + k * a[m - 2 - i]) / (1 - k * k);
        if (m > 1) memcpy(a, b, (m - 1) * sizeof *a);
    }
    return true;
}

bool rl_is_constant(const double *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (v[i] != v[0]) return false;
    return true;
}
