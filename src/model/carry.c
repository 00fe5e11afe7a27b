#include "model/carry.h"

#include <stdlib.h>
#include <string.h>

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

static bool looks_back(const rl_expr *e)
{
    return e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD || e->fn == RL_FN_DIFF);
}

static bool bends(const rl_expr *e) { return e->op == RL_OP_FN && e->fn <= RL_FN_ABS; }

static bool has_past(const rl_expr *e)
{
    if (looks_back(e)) return true;
    return (e->a != NULL && has_past(e->a)) || (e->b != NULL && has_past(e->b));
}

const rl_expr *rl_carry_base(const rl_expr *e)
{
    while (looks_back(e) || (bends(e) && has_past(e))) e = e->a;
    return e;
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

/* The hops from `base` to column k of e, outermost first; false when base is not inside. */
static bool peel(const rl_expr *e, int k, const char *base, rl_carry *c)
{
    for (;; k = 0) {
        rl_hop h = {.e = e, .of = e->a, .at = {-1, -1}};
        if (strcmp(e->text, base) == 0 && rl_eval_width(e) == 1) break;
        if (c->n_hops == RL_MOST_HOPS) return false;
        if (looks_back(e)) {
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
        if (!peel(x->e, x->k, base, &c)) {
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
