#include "model/carry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/eval.h"

/* --- labels taken apart ------------------------------------------------------------- */

typedef struct matcher {
    rl_piece *p;
    rl_arena *in;
} matcher;

/* Bytes of `label` that spell `name` as a whole part of a product. */
static size_t part_of(const char *label, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(label, name, n) != 0) return 0;
    return label[n] == '\0' || (label[n] == ':' && label[n + 1] != ':') ? n : 0;
}

static bool match(matcher *m, const rl_term *t, size_t i, const char *label);

static bool match_rest(matcher *m, const rl_term *t, size_t i, const char *rest)
{
    if (*rest == '\0') return i + 1 == t->n;
    return i + 1 < t->n && match(m, t, i + 1, rest + 1);
}

static bool match_level(matcher *m, const rl_term *t, size_t i, const char *label)
{
    const char *name = t->var[i]->text;
    size_t n = strlen(name);
    if (strncmp(label, name, n) != 0 || label[n] != ':' || label[n + 1] != ':') return false;
    for (const char *end = label + n + 2;; end++) { /* a level may hold colons: the first end that fits the rest */
        end += strcspn(end, ":");
        rl_piece before = *m->p;
        m->p->crossed = m->p->crossed || m->p->segment != NULL;
        m->p->segment = rl_strndup(m->in, label, (size_t)(end - label));
        m->p->factor = name;
        if (match_rest(m, t, i, end)) return true;
        *m->p = before;
        if (*end == '\0') return false;
    }
}

static bool match(matcher *m, const rl_term *t, size_t i, const char *label)
{
    const rl_expr *e = t->var[i];
    for (size_t k = 0; k < rl_eval_width(e); k++) {
        size_t n = part_of(label, rl_eval_name(e, k, m->in));
        if (n == 0) continue;
        rl_piece before = *m->p;
        if (m->p->e == NULL) {
            m->p->e = e;
            m->p->k = (int)k;
        } else {
            m->p->other = e;
        }
        if (match_rest(m, t, i, label + n)) return true;
        *m->p = before;
    }
    return match_level(m, t, i, label);
}

static bool among(const rl_term *t, size_t n, const char *label, rl_piece *p, rl_arena *in)
{
    for (size_t j = 0; j < n; j++) {
        *p = (rl_piece){.at = p->at};
        matcher m = {p, in};
        if (match(&m, &t[j], 0, label)) return p->e != NULL;
    }
    return false;
}

/* What is no column of the formula may be an expression all the same (the lag weights of a polynomial). */
static bool by_itself(const char *label, rl_piece *p, rl_arena *in, rl_ctx *cx)
{
    rl_formula f;
    if (cx->err.code != RL_OK || strchr(label, '(') == NULL || label[0] == '(') return false;
    if (rl_formula_parse(rl_sprintf(cx->tmp, "y ~ %s", label), &f, in, cx) != RL_OK) {
        rl_forgive(cx);
        return false;
    }
    if (f.n_terms != 1 || f.term[0].n != 1 || f.n_effects != 0 || !f.constant) return false;
    *p = (rl_piece){.at = p->at, .e = f.term[0].var[0]};
    return rl_eval_width(p->e) == 1;
}

void rl_pieces_of(const rl_result *r, const rl_formula *f, rl_pieces *out, rl_arena *in, rl_ctx *cx)
{
    *out = (rl_pieces){.f = f, .v = RL_NEW(in, rl_piece, r->m), .r = r};
    for (size_t i = 0; i < r->m; i++) {
        const rl_label *l = &r->est[i].label;
        rl_piece *p = &out->v[out->n];
        *p = (rl_piece){.at = i};
        if (l->group != RL_NO_ID || l->time != RL_NO_ID || l->event != RL_NO_ID || l->group_text || l->time_text)
            continue;
        bool found = among(f->term, f->n_terms, l->term, p, in) || among(f->endo, f->n_endo, l->term, p, in);
        if (!found) found = by_itself(l->term, p, in, cx);
        out->n += found;
    }
}

/* --- from the outside in -------------------------------------------------------------- */

static bool shifts(const rl_expr *e)
{
    return e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD || e->fn == RL_FN_DIFF);
}

static bool stocks(const rl_expr *e) { return e->op == RL_OP_FN && (e->fn == RL_FN_ADSTOCK || e->fn == RL_FN_WEIBULL); }
static bool saturates(const rl_expr *e) { return e->op == RL_OP_FN && e->fn == RL_FN_HILL; }
static bool looks_back(const rl_expr *e) { return shifts(e) || stocks(e); }
static bool bends(const rl_expr *e) { return e->op == RL_OP_FN && e->fn <= RL_FN_ABS; }

static bool has_past(const rl_expr *e)
{
    if (looks_back(e)) return true;
    return (e->a != NULL && has_past(e->a)) || (e->b != NULL && has_past(e->b));
}

const rl_expr *rl_carry_base(const rl_expr *e)
{
    while (looks_back(e) || saturates(e) || (bends(e) && has_past(e))) e = e->a;
    return e;
}

bool rl_carry_in(const rl_formula *f, const char *base)
{
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = rl_carry_base(f->term[j].var[i]);
            if (e->op == RL_OP_FN && e->fn == RL_FN_ALMON) e = e->a;
            if (strcmp(e->text, base) == 0) return true;
        }
    return false;
}

static void first_column(void *user, const char *col, bool number, size_t at)
{
    const char **c = user;
    (void)number;
    (void)at;
    if (c[0] == NULL)
        c[0] = col;
    else if (strcmp(c[0], col) != 0)
        c[1] = col;
}

const char *rl_expr_column(const rl_expr *e)
{
    const char *c[2] = {NULL, NULL};
    rl_expr_columns(e, true, first_column, c);
    return c[1] == NULL ? c[0] : NULL;
}

typedef struct seek {
    const char *name;
    bool found;
} seek;

static void is_column(void *user, const char *col, bool number, size_t at)
{
    seek *s = user;
    (void)number;
    (void)at;
    s->found |= strcmp(col, s->name) == 0;
}

static bool reads(const rl_expr *e, const char *base)
{
    seek s = {base, strcmp(e->text, base) == 0};
    rl_expr_columns(e, true, is_column, &s);
    return s.found;
}

static const rl_expr *times_number(const rl_expr *e, double *by)
{
    const rl_expr *number = e->op == RL_OP_MUL && e->a->op == RL_OP_NUM ? e->a : e->b;
    if (e->op == RL_OP_NEG) {
        *by = -1;
        return e->a;
    }
    if ((e->op != RL_OP_MUL && e->op != RL_OP_DIV) || number->op != RL_OP_NUM) return NULL;
    *by = e->op == RL_OP_DIV ? 1 / number->value : number->value;
    return number == e->b ? e->a : e->b;
}

/* The parameters of a stock: as written, or the estimates called rate::TEXT. */
static bool parameters(const rl_pieces *p, const rl_expr *e, rl_hop *h)
{
    static const char *const NAME[][2] = {{"rate", NULL}, {"shape", "scale"}, {"half", "slope"}};
    size_t kind = (size_t)(e->fn - RL_FN_ADSTOCK), n = rl_fn_pars(e->fn);
    h->kind = e->fn == RL_FN_ADSTOCK ? RL_HOP_STOCK : e->fn == RL_FN_WEIBULL ? RL_HOP_DELAY : RL_HOP_HILL;
    for (size_t i = 0; i < n; i++) {
        size_t head = strlen(NAME[kind][i]);
        h->p[i] = e->par[i];
        if (e->n_par == n) continue;
        for (size_t j = 0; j < p->r->m && h->at[i] < 0; j++) {
            const char *term = p->r->est[j].label.term;
            if (strncmp(term, NAME[kind][i], head) == 0 && strncmp(term + head, "::", 2) == 0 &&
                strcmp(term + head + 2, e->text) == 0)
                h->at[i] = (int)j;
        }
        if (h->at[i] < 0) return false;
        h->p[i] = p->r->est[h->at[i]].estimate;
    }
    return true;
}

/* The hops from `base` to column k of e, outermost first; false when base is not inside. */
static bool peel(const rl_pieces *p, const rl_expr *e, int k, const char *base, rl_carry *c)
{
    for (;; k = 0) {
        rl_hop h = {.e = e, .of = e->a, .at = {-1, -1}};
        if (strcmp(e->text, base) == 0 && rl_eval_width(e) == 1) break;
        if (c->n_hops == RL_MOST_HOPS) return false;
        if (stocks(e) || saturates(e)) {
            if (!parameters(p, e, &h)) return false;
        } else if (shifts(e)) {
            int lag = e->lo + (e->fn == RL_FN_DIFF ? 0 : k);
            h.kind = e->fn == RL_FN_DIFF ? RL_HOP_DIFF : RL_HOP_LAG;
            h.k = e->fn == RL_FN_LEAD ? -lag : lag;
            c->shift += h.kind == RL_HOP_LAG ? h.k : 0;
        } else if (bends(e)) {
            h.kind = RL_HOP_BEND;
        } else {
            h.kind = RL_HOP_TIMES;
            h.of = times_number(e, &h.p[0]);
            if (h.of == NULL) return false;
        }
        c->hop[c->n_hops++] = h;
        e = h.of;
    }
    c->base = e;
    for (size_t i = 0; 2 * i + 1 < c->n_hops; i++) { /* from the inside out */
        rl_hop swap = c->hop[i];
        c->hop[i] = c->hop[c->n_hops - 1 - i];
        c->hop[c->n_hops - 1 - i] = swap;
    }
    return true;
}

static rl_code refuse(rl_ctx *cx, const char *base, const char *term, const char *why)
{
    rl_fail(cx, RL_EUSAGE, "the response to '%s' is not one number a period: '%s' %s", base, term, why);
    return rl_hint(cx, "leave the term out, or ask for the response of another regressor");
}

rl_code rl_carry_find(const rl_pieces *p, const char *base, rl_carries *out, rl_arena *in, rl_ctx *cx)
{
    *out = (rl_carries){.v = RL_NEW(in, rl_carry, p->n)};
    for (size_t i = 0; i < p->n; i++) {
        const rl_piece *x = &p->v[i];
        rl_carry c = {.at = x->at, .segment = x->segment, .factor = x->factor};
        const char *label = p->r->est[x->at].label.term;
        if (x->other != NULL && (reads(x->e, base) || reads(x->other, base)))
            return refuse(cx, base, label, "makes it depend on another number");
        if (!peel(p, x->e, x->k, base, &c)) {
            if (reads(x->e, base))
                return refuse(cx, base, label, "makes it depend on where it stands, or on another number");
            continue;
        }
        if (x->crossed) return refuse(cx, base, label, "is crossed with two factors");
        if (c.shift < 0)
            out->leads = true;
        else
            out->v[out->n++] = c;
    }
    return RL_OK;
}

const char **rl_carry_bases(const rl_pieces *p, bool late, size_t *n, rl_arena *in)
{
    const char **base = RL_NEW(in, const char *, p->n);
    *n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const rl_expr *e = p->v[i].e, *b = rl_carry_base(e);
        bool known = false;
        for (size_t j = 0; j < *n; j++) known |= strcmp(base[j], b->text) == 0;
        if (known || reads(b, p->f->y->text) || reads(p->f->y, b->text) || b->op == RL_OP_POW || rl_eval_width(b) > 1 ||
            rl_expr_column(b) == NULL)
            continue;
        bool later = !late;
        for (size_t j = 0; j < p->n && !later; j++)
            later = strcmp(rl_carry_base(p->v[j].e)->text, b->text) == 0 && has_past(p->v[j].e);
        if (later) base[(*n)++] = b->text;
    }
    return base;
}

/* --- steps on numbers ------------------------------------------------------------------- */

size_t rl_carry_reach(const rl_carry *c)
{
    size_t r = (size_t)c->shift;
    for (size_t j = 0; j < c->n_hops; j++) {
        const rl_hop *h = &c->hop[j];
        if (h->kind == RL_HOP_DIFF) r += (size_t)h->k;
        if (h->kind == RL_HOP_DELAY) r += rl_delay_weights(h->p, NULL, NULL, NULL) - 1;
    }
    return r;
}

bool rl_carry_lasts(const rl_carry *c)
{
    for (size_t j = 0; j < c->n_hops; j++)
        if (c->hop[j].kind == RL_HOP_STOCK) return true;
    return false;
}

size_t rl_delay_weights(const double p[2], double *w, double *by_shape, double *by_scale)
{
    double before = 1, shape_before = 0, scale_before = 0; /* S(0) = 1 */
    size_t n = 0;
    while (n < RL_STOCK_MOST && before > 1e-12) {
        double u = (double)(n + 1) / p[1], t = rl_pow(u, p[0]), S = rl_exp(-t);
        double shape = -S * t * rl_log(u), scale = S * t * p[0] / p[1]; /* dS */
        if (w != NULL) {
            w[n] = before - S;
            by_shape[n] = shape_before - shape;
            by_scale[n] = scale_before - scale;
        }
        before = S, shape_before = shape, scale_before = scale;
        n++;
    }
    return n;
}

double rl_bend(const rl_hop *h, double x)
{
    if (h->kind == RL_HOP_HILL) {
        double u = rl_pow(x, h->p[1]), v = rl_pow(h->p[0], h->p[1]);
        return x > 0 ? u / (u + v) : 0;
    }
    switch (h->e->fn) {
    case RL_FN_LOG:
        return rl_log(x);
    case RL_FN_LOG1P:
        return rl_log1p(x);
    case RL_FN_EXP:
        return rl_exp(x);
    case RL_FN_SQRT:
        return sqrt(x);
    default:
        return fabs(x);
    }
}

/* hill' = s u v / (x (u + v)^2), u = x^s, v = half^s, and the derivatives of its logarithm. */
static double hill_slope(const double p[2], double x, double by[2])
{
    double s = p[1], u = rl_pow(x, s), v = rl_pow(p[0], s), f = s * u * v / (x * (u + v) * (u + v));
    double lx = rl_log(x), lk = rl_log(p[0]);
    by[0] = f * (s / p[0]) * (1 - 2 * v / (u + v));
    by[1] = f * (1 / s + lx + lk - 2 * (u * lx + v * lk) / (u + v));
    return f;
}

double rl_bend_slope(const rl_hop *h, double x, double by[2])
{
    by[0] = by[1] = 0;
    if (h->kind == RL_HOP_HILL) return hill_slope(h->p, x, by);
    switch (h->e->fn) {
    case RL_FN_LOG:
        return 1 / x;
    case RL_FN_LOG1P:
        return 1 / (1 + x);
    case RL_FN_EXP:
        return rl_exp(x);
    case RL_FN_SQRT:
        return 0.5 / sqrt(x);
    default:
        return x < 0 ? -1 : 1;
    }
}

static void shift(double *z, size_t n, int k, double before)
{
    for (size_t i = n; i-- > 0 && k > 0;) z[i] = i >= (size_t)k ? z[i - (size_t)k] : before;
    for (size_t i = 0; i < n && k < 0; i++) z[i] = i + (size_t)-k < n ? z[i + (size_t)-k] : z[n - 1];
}

static void delay(const double p[2], double *z, size_t n, rl_arena *in)
{
    double *w = RL_NEW(in, double, 3 * RL_STOCK_MOST);
    size_t m = rl_delay_weights(p, w, w + RL_STOCK_MOST, w + 2 * RL_STOCK_MOST);
    for (size_t i = n; i-- > 0;) {
        double sum = 0;
        for (size_t l = 0; l < m && l <= i; l++) sum += w[l] * z[i - l];
        z[i] = sum;
    }
    rl_release(in, w);
}

void rl_carry_walk(const rl_carry *c, size_t n_hops, double *z, size_t n, double before, rl_arena *in)
{
    for (size_t j = 0; j < n_hops; j++) {
        const rl_hop *h = &c->hop[j];
        switch (h->kind) {
        case RL_HOP_LAG:
            shift(z, n, h->k, before);
            break;
        case RL_HOP_DIFF:
            for (size_t i = n; i-- > 0;) z[i] -= i >= (size_t)h->k ? z[i - (size_t)h->k] : before;
            before = 0;
            break;
        case RL_HOP_TIMES:
            for (size_t i = 0; i < n; i++) z[i] *= h->p[0];
            before *= h->p[0];
            break;
        case RL_HOP_STOCK:
            for (size_t i = 1; i < n; i++) z[i] += h->p[0] * z[i - 1];
            before = 0;
            break;
        case RL_HOP_DELAY:
            delay(h->p, z, n, in);
            before = 0;
            break;
        case RL_HOP_BEND:
        case RL_HOP_HILL:
            for (size_t i = 0; i < n; i++) z[i] = rl_bend(h, z[i]);
            before = rl_bend(h, before);
        }
    }
}

double rl_carry_settled(const rl_carry *c, double x, rl_arena *in)
{
    for (size_t j = 0; j < c->n_hops; j++) {
        const rl_hop *h = &c->hop[j];
        if (h->kind == RL_HOP_DIFF) x = 0;
        if (h->kind == RL_HOP_TIMES) x *= h->p[0];
        if (h->kind == RL_HOP_STOCK) x /= 1 - h->p[0];
        if (h->kind == RL_HOP_BEND || h->kind == RL_HOP_HILL) x = rl_bend(h, x);
        if (h->kind != RL_HOP_DELAY) continue;
        double *w = RL_NEW(in, double, 3 * RL_STOCK_MOST), sum = 0;
        size_t m = rl_delay_weights(h->p, w, w + RL_STOCK_MOST, w + 2 * RL_STOCK_MOST);
        for (size_t l = 0; l < m; l++) sum += w[l];
        rl_release(in, w);
        x *= sum;
    }
    return x;
}
