#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/par.h"
#include "model/build.h"

enum { MOST_COLUMNS = 20000 };

/* --- variables --------------------------------------------------------------- */

static rl_variable *find(const rl_build *b, const rl_expr *e)
{
    for (size_t i = 0; i < b->n_var; i++)
        if (strcmp(b->var[i].e->text, e->text) == 0 && b->var[i].e->op == e->op) return &b->var[i];
    return NULL;
}

rl_code rl_build_number(rl_build *b, const rl_expr *e, int k, double **v, rl_ctx *cx)
{
    const rl_col *c = e->op == RL_OP_COL ? rl_table_col(b->t, e->col) : NULL;
    if (c != NULL && c->type == RL_NUM) {
        *v = c->num;
        return RL_OK;
    }
    *v = RL_NEW(cx->tmp, double, b->t->n);
    return rl_eval(&b->scene, e, k, *v, cx);
}

static rl_code evaluate(rl_build *b, rl_variable *v, rl_ctx *cx)
{
    const rl_expr *e = v->e, *c = e->op == RL_OP_FN && e->fn == RL_FN_FACTOR ? e->a : e;
    if (c->op == RL_OP_COL) {
        const rl_col *col;
        RL_TRY(rl_table_need(b->t, c->col, "the formula", &col, cx));
        v->factor = c != e || col->type != RL_NUM;
        if (v->factor) {
            rl_groups_of(col, b->t->n, &v->level, cx->tmp, cx);
            return RL_OK;
        }
    }
    v->width = rl_eval_width(e);
    v->v = RL_NEW(cx->tmp, double *, v->width);
    v->low = RL_NEW(cx->tmp, double *, v->width);
    for (size_t k = 0; k < v->width; k++) RL_TRY(rl_build_number(b, e, (int)k, &v->v[k], cx));
    if (e->op != RL_OP_FN || e->fn != RL_FN_POLY || b->f.n_effects > 0) return RL_OK;
    for (size_t k = 1; k < v->width; k++) {
        bool some;
        double *low = RL_NEW(cx->tmp, double, b->t->n);
        RL_TRY(rl_eval_low(&b->scene, e, (int)k, low, &some, cx));
        if (some)
            v->low[k] = low;
        else
            rl_release(cx->tmp, low);
    }
    return RL_OK;
}

/* The terms of one part of the formula. */
typedef struct list {
    const rl_term *term;
    size_t n;
} list;

enum { PARTS = 3 };

static void parts_of_formula(const rl_formula *f, list out[PARTS])
{
    out[0] = (list){f->term, f->n_terms};
    out[1] = (list){f->endo, f->n_endo};
    out[2] = (list){f->inst, f->n_inst};
}

rl_code rl_build_variables(rl_build *b, rl_ctx *cx)
{
    size_t most = 0;
    list block_of[PARTS];
    parts_of_formula(&b->f, block_of);
    for (size_t p = 0; p < PARTS; p++)
        for (size_t j = 0; j < block_of[p].n; j++) most += block_of[p].term[j].n;
    b->var = RL_NEW(cx->tmp, rl_variable, most);
    for (size_t p = 0; p < PARTS; p++)
        for (size_t j = 0; j < block_of[p].n; j++)
            for (size_t i = 0; i < block_of[p].term[j].n; i++) {
                const rl_expr *e = block_of[p].term[j].var[i];
                if (find(b, e) != NULL) continue;
                b->var[b->n_var] = (rl_variable){.e = e};
                RL_TRY(evaluate(b, &b->var[b->n_var++], cx));
            }
    return RL_OK;
}

/* --- columns ----------------------------------------------------------------- */

/* A variable as it stands in one term: its columns, less a reference level or not. */
typedef struct part {
    const rl_variable *v;
    size_t width;
    int32_t ref;
} part;

static bool has_term(const list *l, const rl_term *t, size_t without)
{
    for (size_t j = 0; j < l->n; j++) {
        const rl_term *u = &l->term[j];
        size_t hits = 0;
        if (u->n + 1 != t->n) continue;
        for (size_t i = 0; i < t->n; i++)
            for (size_t k = 0; k < u->n && i != without; k++) hits += strcmp(t->var[i]->text, u->var[k]->text) == 0;
        if (hits == u->n) return true;
    }
    return false;
}

static rl_code reference(const rl_variable *v, int32_t *ref, rl_ctx *cx)
{
    *ref = 0;
    const char *want = v->e->op == RL_OP_FN ? v->e->ref : NULL;
    if (want == NULL) return RL_OK;
    for (size_t g = 0; g < v->used.G; g++)
        if (strcmp(v->used.label[g], want) == 0) {
            *ref = (int32_t)g;
            return RL_OK;
        }
    rl_fail(cx, RL_EINPUT, "factor(): '%s' is no level of '%s' among the rows used", want, v->e->text);
    const char *near = rl_nearest(want, v->used.label, v->used.G);
    return near != NULL ? rl_hint(cx, "did you mean '%s'?", near)
                        : rl_hint(cx, "the first level is '%s'", v->used.label[0]);
}

/* Which levels of the factors of a term have columns: a factor loses its
 * reference where the term without it is in the model (Chambers & Hastie 1992, 2.4.1). */
static rl_code parts_of(rl_build *b, const list *own, const rl_term *t, bool *spanned, part *p, size_t *width,
                        rl_ctx *cx)
{
    const list exogenous = {b->f.term, b->f.n_terms};
    *width = 1;
    for (size_t i = 0; i < t->n; i++) {
        p[i] = (part){.v = find(b, t->var[i]), .ref = -1};
        p[i].width = p[i].v->factor ? p[i].v->used.G : p[i].v->width;
        if (p[i].v->factor) {
            bool contrast = t->n == 1 ? *spanned : has_term(own, t, i) || has_term(&exogenous, t, i);
            int32_t ref;
            RL_TRY(reference(p[i].v, &ref, cx));
            if (t->n == 1) *spanned = true;
            if (p[i].v->used.G == 1 && contrast && t->n == 1)
                rl_remark(cx, "design", "'%s' has one level, '%s', among the rows used: no column", t->text,
                          p[i].v->used.label[0]);
            if (contrast) {
                p[i].ref = ref;
                p[i].width--;
            }
        }
        *width *= p[i].width;
        if (*width > MOST_COLUMNS) {
            rl_fail(cx, RL_EDATA, "'%s' makes more than %d columns", t->text, MOST_COLUMNS);
            return rl_hint(cx, "effects with many levels go behind '|', where they are swept out");
        }
    }
    return RL_OK;
}

/* The k-th column of a part: its level, or its number. */
static size_t level_of(const part *p, size_t k) { return p->ref >= 0 && k >= (size_t)p->ref ? k + 1 : k; }

static const char *part_name(const part *p, size_t k, rl_arena *in)
{
    if (!p->v->factor) return rl_eval_name(p->v->e, k, in);
    return rl_sprintf(in, "%s::%s", p->v->e->text, p->v->used.label[level_of(p, k)]);
}

/* x = p_k, or x = x p_k when it is not the first of its term; low, when
 * wanted, holds what rounding takes away. */
static void multiply(const rl_design *d, const part *p, size_t k, bool first, double *x, double *low)
{
    if (p->v->factor) {
        int32_t level = (int32_t)level_of(p, k);
        for (size_t i = 0; i < d->n; i++) {
            bool in = p->v->used.code[i] == level;
            x[i] = (first ? 1 : x[i]) * in;
            if (low != NULL) low[i] *= in;
        }
        return;
    }
    const double *v = p->v->v[k], *v_low = p->v->low[k];
    if (first && d->n == d->t->n) memcpy(x, v, d->n * sizeof *x);
    for (size_t i = 0; i < d->n && low != NULL; i++) {
        uint32_t r = d->row[i];
        rl_dd y = {v[r], v_low != NULL ? v_low[r] : 0}, z = first ? y : rl_dd_mul((rl_dd){x[i], low[i]}, y);
        bool exact = first || (fabs(z.hi) > 1e-200 && fabs(x[i]) < 1e140 && fabs(y.hi) < 1e140);
        x[i] = exact ? z.hi : x[i] * y.hi;
        low[i] = exact ? z.lo : 0;
    }
    if (low != NULL || (first && d->n == d->t->n)) return;
    for (size_t i = 0; i < d->n; i++) x[i] = (first ? 1 : x[i]) * v[d->row[i]];
}

typedef struct column_job {
    const rl_design *d;
    const rl_term *t;
    const part *p;
    rl_mat *X;
    double **low; /* of X's columns, or NULL */
    size_t at;
} column_job;

static void fill_column(size_t c, void *arg)
{
    const column_job *job = arg;
    double *x = rl_mat_col(job->X, job->at + c), *low = job->low != NULL ? job->low[job->at + c] : NULL;
    size_t left = c;
    for (size_t i = 0; i < job->t->n; i++) {
        multiply(job->d, &job->p[i], left % job->p[i].width, i == 0, x, low);
        left /= job->p[i].width;
    }
}

/* Low parts for the columns that have one: a power's, or a product of two numbers. */
static void room_for_low(const rl_design *d, const rl_term *t, const part *p, size_t width, double **low, rl_ctx *cx)
{
    for (size_t c = 0; c < width; c++) {
        size_t left = c, numbers = 0;
        bool powers = false;
        for (size_t i = 0; i < t->n; i++) {
            const rl_variable *v = p[i].v;
            numbers += !v->factor;
            powers = powers || (!v->factor && v->low[left % p[i].width] != NULL);
            left /= p[i].width;
        }
        if (powers || numbers > 1) low[c] = RL_NEW(cx->tmp, double, d->n);
    }
}

static void term_columns(const rl_design *d, const rl_term *t, const part *p, size_t width, rl_mat *X,
                         const char **x_name, double **low, size_t at, rl_ctx *cx)
{
    column_job job = {d, t, p, X, low, at};
    if (low != NULL) room_for_low(d, t, p, width, low + at, cx);
    rl_par(width, fill_column, &job, cx);
    for (size_t c = 0; c < width; c++) {
        rl_str name = rl_str_new(cx->tmp);
        size_t left = c;
        for (size_t i = 0; i < t->n; i++) {
            rl_str_addf(&name, "%s%s", i ? ":" : "", part_name(&p[i], left % p[i].width, cx->tmp));
            left /= p[i].width;
        }
        x_name[at + c] = rl_str_text(&name);
    }
}

/* The columns of one part of the formula. */
static rl_code block(rl_build *b, const list *l, bool constant, bool *spanned, rl_mat *X, const char ***x_name,
                     size_t **x_term, double ***x_low, rl_ctx *cx)
{
    const rl_design *d = b->d;
    part **p = RL_NEW(cx->tmp, part *, l->n);
    size_t *width = RL_NEW(cx->tmp, size_t, l->n), k, at;
    k = at = constant;
    for (size_t j = 0; j < l->n; j++) {
        p[j] = RL_NEW(cx->tmp, part, l->term[j].n);
        RL_TRY(parts_of(b, l, &l->term[j], spanned, p[j], &width[j], cx));
        k += width[j];
    }
    *X = rl_mat_new(d->n, k + 1, cx->tmp); /* the column behind is the estimator's: it may want the outcome there */
    X->k = k;
    *x_name = RL_NEW(cx->tmp, const char *, k);
    if (x_low != NULL) *x_low = RL_NEW(cx->tmp, double *, k);
    if (constant) {
        (*x_name)[0] = "(Intercept)";
        for (size_t i = 0; i < d->n; i++) X->a[i] = 1;
    }
    for (size_t j = 0; j < l->n; at += width[j++])
        term_columns(d, &l->term[j], p[j], width[j], X, *x_name, x_low != NULL ? *x_low : NULL, at, cx);
    if (x_term == NULL) return RL_OK;
    *x_term = RL_NEW(cx->tmp, size_t, k);
    if (constant) (*x_term)[0] = SIZE_MAX;
    at = constant;
    for (size_t j = 0; j < l->n; j++)
        for (size_t c = 0; c < width[j]; c++) (*x_term)[at++] = j;
    return RL_OK;
}

static bool named(const char *a, const char *b) { return a != NULL && strcmp(a, b) == 0; }

/* A column that nothing else will ask for: not the outcome, not an axis for messages. */
static bool is_spent(const rl_build *b, const rl_variable *v)
{
    const rl_request *r = b->req;
    if (v->factor || v->e->op != RL_OP_COL || v->v[0] == b->y) return false;
    for (size_t j = 0, times = 0; j < b->f.n_terms; j++)
        for (size_t i = 0; i < b->f.term[j].n; i++) {
            times += find(b, b->f.term[j].var[i]) == v;
            if (times > 1) return false;
        }
    return !named(r->unit, v->e->col) && !named(r->time, v->e->col) && !named(r->weights, v->e->col);
}

/* Give back the numbers of the table that X now holds. */
static void spend(rl_build *b)
{
    const rl_request *r = b->req;
    if (r->spend == NULL || r->estimator->family != RL_LINEAR || r->estimator->frame != RL_FRAME_PLAIN) return;
    if (b->f.n_endo > 0) return;
    for (size_t i = 0; i < b->n_var; i++) {
        if (!is_spent(b, &b->var[i])) continue;
        rl_col *c = rl_table_col(b->t, b->var[i].e->col);
        rl_release(r->spend, c->num);
        c->num = b->var[i].v[0] = NULL;
    }
}

rl_code rl_build_columns(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    list block_of[PARTS];
    for (size_t i = 0; i < b->n_var; i++)
        if (b->var[i].factor) rl_groups_keep(&b->var[i].level, d->row, d->n, &b->var[i].used, cx->tmp);
    parts_of_formula(&b->f, block_of);
    d->constant = b->f.constant && d->fe.n_fe == 0;
    bool spanned = d->constant || d->fe.n_fe > 0;
    RL_TRY(block(b, &block_of[0], d->constant, &spanned, &d->X, &d->x_name, &d->x_term,
                 d->fe.n_fe == 0 ? &d->x_low : NULL, cx));
    RL_TRY(block(b, &block_of[1], false, &spanned, &d->endo, &d->endo_name, NULL, NULL, cx));
    spend(b);
    return block(b, &block_of[2], false, &spanned, &d->inst, &d->inst_name, NULL, NULL, cx);
}
