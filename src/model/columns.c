#include <string.h>

#include "base/par.h"
#include "model/build.h"

enum { MOST_COLUMNS = 20000, STRIPE = 512 };

/* --- columns ----------------------------------------------------------------- */

/* A variable as it stands in one term: its columns, less a reference level or not. */
typedef struct part {
    const rl_variable *v;
    size_t width;
    int32_t ref;
} part;

static bool has_term(const rl_terms *l, const rl_term *t, size_t without)
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
static rl_code parts_of(rl_build *b, const rl_terms *own, const rl_term *t, bool *spanned, part *p, size_t *width,
                        rl_ctx *cx)
{
    const rl_terms exogenous = {b->f.term, b->f.n_terms};
    *width = 1;
    for (size_t i = 0; i < t->n; i++) {
        p[i] = (part){.v = rl_build_find(b, t->var[i]), .ref = -1};
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
    bool season = p->v->e->op == RL_OP_FN && p->v->e->fn == RL_FN_SEASON; /* without its parentheses */
    return rl_sprintf(in, "%s::%s", season ? "season" : p->v->e->text, p->v->used.label[level_of(p, k)]);
}

/* x = y, or x = x y when it is not the first; low holds what rounding takes away. */
static inline void times(rl_dd y, bool first, double *x, double *low)
{
    rl_dd z = first ? y : rl_dd_times((rl_dd){*x, *low}, y);
    *x = z.hi;
    *low = z.lo;
}

/* Where the i-th row used sees its number of a lag: row of the table. */
static inline size_t seen(const rl_design *d, const rl_ago *a, size_t i)
{
    return a->from != NULL ? a->from[i] : (size_t)((ptrdiff_t)d->row[i] - a->k);
}

/* Some of the rows used. */
typedef struct stretch {
    size_t from, m;
} stretch;

/* What rounding took from the k-th column of a part, or NULL. */
static const double *low_of(const part *p, size_t k) { return p->v->of != NULL ? p->v->of_low : p->v->low[k]; }

/* x = p_k, or x = x p_k when it is not the first of its term; low, when
 * wanted, holds what rounding takes away. */
static void multiply(const rl_design *d, const part *p, size_t k, bool first, stretch s, double *x, double *low)
{
    if (p->v->factor) {
        int32_t level = (int32_t)level_of(p, k);
        for (size_t i = 0; i < s.m; i++) {
            bool in = p->v->used.code[s.from + i] == level;
            x[i] = (first ? 1 : x[i]) * in;
            if (low != NULL) low[i] *= in;
        }
        return;
    }
    const double *v = p->v->of != NULL ? p->v->of : p->v->v[k], *v_low = low_of(p, k);
    bool packed = p->v->of == NULL && (p->v->packed || d->n == d->t->n);
    if (first && packed && low == NULL) {
        memcpy(x, v + s.from, s.m * sizeof *x);
        return;
    }
    for (size_t i = 0; i < s.m; i++) {
        size_t at = s.from + i, r = packed ? at : p->v->of != NULL ? seen(d, &p->v->ago[k], at) : d->row[at];
        if (low != NULL)
            times((rl_dd){v[r], v_low != NULL ? v_low[r] : 0}, first, &x[i], &low[i]);
        else
            x[i] = (first ? 1 : x[i]) * v[r];
    }
}

/* A term with its variables, and where its columns begin. */
typedef struct columns {
    const rl_design *d;
    const rl_term *t;
    const part *p;
    size_t width, at;
    bool *low; /* of the columns of its numbers: rounding takes something from them */
} columns;

/* Column c of the term, its factors left aside when only numbers are wanted. */
static void fill(const columns *q, size_t c, bool numbers, stretch s, double *x, double *low)
{
    size_t left = c;
    bool first = true;
    for (size_t i = 0; i < q->t->n; i++) {
        if (!numbers || !q->p[i].v->factor) {
            multiply(q->d, &q->p[i], left % q->p[i].width, first, s, x, low);
            first = false;
        }
        left /= q->p[i].width;
    }
}

static size_t count_numbers(const columns *q)
{
    size_t n = 0;
    for (size_t i = 0; i < q->t->n; i++) n += !q->p[i].v->factor;
    return n;
}

/* Which of the columns of its numbers alone is behind column c. */
static size_t number_of(const columns *q, size_t c)
{
    size_t at = 0, stride = 1;
    for (size_t i = 0; i < q->t->n; c /= q->p[i++].width) {
        if (q->p[i].v->factor) continue;
        at += c % q->p[i].width * stride;
        stride *= q->p[i].width;
    }
    return at;
}

static bool has_low(const columns *q, size_t c) { return q->low != NULL && q->low[number_of(q, c)]; }

/* Does rounding take something from column c?  From a power as it says; from a product in
 * the first row that shows it: indicators and whole numbers are multiplied exactly. */
static bool rounds(const columns *q, size_t c)
{
    double x[STRIPE], low[STRIPE];
    for (size_t i = 0, left = c; i < q->t->n; left /= q->p[i++].width)
        if (!q->p[i].v->factor && low_of(&q->p[i], left % q->p[i].width) != NULL) return true;
    for (size_t from = 0; from < q->d->n && count_numbers(q) > 1; from += STRIPE) {
        stretch s = {from, q->d->n - from < STRIPE ? q->d->n - from : STRIPE};
        fill(q, c, true, s, x, low);
        for (size_t i = 0; i < s.m; i++)
            if (low[i] != 0) return true;
    }
    return false;
}

static void ask_rounding(columns *q, rl_ctx *cx)
{
    size_t n = 1, seen_to = 0;
    for (size_t i = 0; i < q->t->n; i++)
        if (!q->p[i].v->factor) n *= q->p[i].width;
    q->low = RL_NEW(cx->tmp, bool, n);
    for (size_t c = 0; c < q->width && seen_to < n; c++) /* in the order of their first columns */
        if (number_of(q, c) == seen_to) q->low[seen_to++] = rounds(q, c);
}

/* --- columns written out ------------------------------------------------------ */

typedef struct column_job {
    columns q;
    rl_mat *X;
    double **low; /* of X's columns, or NULL */
} column_job;

static void fill_column(size_t c, void *arg)
{
    const column_job *job = arg;
    size_t j = job->q.at + c;
    fill(&job->q, c, false, (stretch){0, job->X->n}, rl_mat_col(job->X, j), job->low != NULL ? job->low[j] : NULL);
}

/* --- columns as blocks -------------------------------------------------------- */

/* Numbers to be computed, all at once in the end. */
typedef struct fills {
    struct one_fill {
        const columns *q;
        size_t c;
        double *x, *low;
    } * job;
    size_t n;
} fills;

static void fill_one(size_t at, void *arg)
{
    const struct one_fill *job = &((const fills *)arg)->job[at];
    fill(job->q, job->c, true, (stretch){0, job->q->d->n}, job->x, job->low);
}

/* The numbers of column c: where they stand already, or new ones. */
static void numbers_of(const columns *q, size_t c, fills *f, const double **x, const double **low, rl_ctx *cx)
{
    const rl_design *d = q->d;
    size_t numbers = count_numbers(q);
    *x = *low = NULL;
    if (numbers == 0) return;
    for (size_t i = 0, left = c; i < q->t->n && numbers == 1; left /= q->p[i++].width) {
        const rl_variable *v = q->p[i].v;
        if (v->factor || v->of != NULL || !(v->packed || d->n == d->t->n)) continue;
        *x = v->v[left % q->p[i].width];
        *low = v->low[left % q->p[i].width];
        return;
    }
    double *to = RL_NEW(cx->tmp, double, d->n), *to_low = has_low(q, c) ? RL_NEW(cx->tmp, double, d->n) : NULL;
    f->job[f->n++] = (struct one_fill){q, c, to, to_low};
    *x = to;
    *low = to_low;
}

/* Codes of the levels of all factors of the term together, the first the fastest. */
static const int32_t *joint_codes(const columns *q, size_t *G, rl_ctx *cx)
{
    size_t factors = 0, n = q->d->n;
    const int32_t *only = NULL;
    int32_t *code = NULL;
    *G = 1;
    for (size_t i = 0; i < q->t->n; i++) {
        const rl_groups *g = &q->p[i].v->used;
        if (!q->p[i].v->factor) continue;
        if (++factors == 2) {
            code = RL_NEW(cx->tmp, int32_t, n);
            memcpy(code, only, n * sizeof *code);
        }
        only = g->code;
        for (size_t r = 0; r < n && code != NULL; r++) code[r] += (int32_t)*G * g->code[r];
        *G *= g->G;
    }
    return code != NULL ? code : only;
}

/* Which column of the design a joint level is, given column c's numbers; -1 when a reference is in it. */
static int32_t column_of(const columns *q, size_t level, size_t c)
{
    size_t column = 0, stride = 1, left = c;
    for (size_t i = 0; i < q->t->n; i++) {
        const part *p = &q->p[i];
        size_t k = left % p->width;
        if (p->v->factor) {
            int32_t own = (int32_t)(level % p->v->used.G);
            level /= p->v->used.G;
            if (own == p->ref) return -1;
            k = (size_t)(p->ref >= 0 && own > p->ref ? own - 1 : own);
        }
        column += k * stride;
        stride *= p->width;
        left /= p->width;
    }
    return (int32_t)(q->at + column);
}

/* Is c the first of the columns with its numbers: the first level of every factor? */
static bool is_first(const columns *q, size_t c)
{
    size_t left = c;
    for (size_t i = 0; i < q->t->n; left /= q->p[i++].width)
        if (q->p[i].v->factor && left % q->p[i].width > 0) return false;
    return true;
}

static size_t count_blocks(const columns *q)
{
    size_t n = 1;
    for (size_t i = 0; i < q->t->n; i++)
        if (!q->p[i].v->factor) n *= q->p[i].width;
    return count_numbers(q) < q->t->n ? n : 0;
}

/* A lag by itself is a view of its column; where the rows used follow each other and nothing is to be swept
 * out of it, of a stretch of it.  A lag of a power or a product has two numbers a row and is written out. */
static bool add_lag(const columns *q, size_t c, rl_cols *X)
{
    const rl_design *d = q->d;
    const rl_variable *v = q->p[0].v;
    if (q->t->n > 1 || v->of == NULL || v->of_low != NULL) return false;
    const rl_ago *a = &v->ago[c];
    rl_shifted w = {.v = v->of, .row = a->from, .back = 0};
    if (a->from == NULL) w = (rl_shifted){.v = v->of, .row = d->row, .rises = true, .back = a->k};
    if (a->from == NULL && d->fe.n_fe == 0 && d->row[d->n - 1] - d->row[0] == d->n - 1)
        w = (rl_shifted){.v = v->of, .back = a->k - (ptrdiff_t)d->row[0]};
    rl_cols_add_view(X, q->at + c, w);
    return true;
}

static void add_columns(const columns *q, rl_cols *X, fills *f, rl_ctx *cx)
{
    const double *x, *low;
    size_t G = 0;
    const int32_t *code = NULL;
    bool dense = count_blocks(q) == 0;
    for (size_t c = 0; c < q->width; c++) {
        if (!dense && !is_first(q, c)) continue;
        if (dense && add_lag(q, c, X)) continue;
        numbers_of(q, c, f, &x, &low, cx);
        if (dense) {
            rl_cols_add(X, q->at + c, x, low);
            continue;
        }
        if (code == NULL) code = joint_codes(q, &G, cx);
        rl_hot h = {.G = G, .code = code, .z = x, .z_low = low, .col = RL_NEW(cx->tmp, int32_t, G)};
        for (size_t g = 0; g < G; g++) h.col[g] = column_of(q, g, c);
        rl_cols_add_block(X, h);
    }
}

/* --- the parts of a formula --------------------------------------------------- */

static void name_columns(const columns *q, const char **x_name, rl_ctx *cx)
{
    for (size_t c = 0; c < q->width; c++) {
        rl_str name = rl_str_new(cx->tmp);
        size_t left = c;
        for (size_t i = 0; i < q->t->n; i++) {
            rl_str_addf(&name, "%s%s", i ? ":" : "", part_name(&q->p[i], left % q->p[i].width, cx->tmp));
            left /= q->p[i].width;
        }
        x_name[q->at + c] = rl_str_text(&name);
    }
}

/* The terms of one part of the formula, and the names of their k columns. */
static rl_code measure(rl_build *b, const rl_terms *l, bool constant, bool *spanned, columns **out, size_t *k,
                       const char ***x_name, rl_ctx *cx)
{
    columns *q = *out = RL_NEW(cx->tmp, columns, l->n);
    *k = constant;
    for (size_t j = 0; j < l->n; j++) {
        part *p = RL_NEW(cx->tmp, part, l->term[j].n);
        q[j] = (columns){.d = b->d, .t = &l->term[j], .p = p, .at = *k};
        RL_TRY(parts_of(b, l, &l->term[j], spanned, p, &q[j].width, cx));
        if (b->req->estimator->wide) ask_rounding(&q[j], cx);
        *k += q[j].width;
    }
    *x_name = RL_NEW(cx->tmp, const char *, *k);
    if (constant) (*x_name)[0] = "(Intercept)";
    for (size_t j = 0; j < l->n; j++) name_columns(&q[j], *x_name, cx);
    return RL_OK;
}

static double *ones(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = 1;
    return x;
}

static rl_mat written(const rl_design *d, const columns *q, size_t terms, bool constant, size_t k, double **low,
                      rl_ctx *cx)
{
    rl_mat X =
        rl_mat_new(d->n, k + 1, cx->tmp); /* the column behind is the estimator's: it may want the outcome there */
    X.k = k;
    if (constant) ones(X.a, d->n);
    for (size_t j = 0; j < terms; j++) {
        column_job job = {q[j], &X, low};
        rl_par(q[j].width, fill_column, &job, cx);
    }
    return X;
}

/* Low parts for the columns that have any; NULL when none has. */
static double **room_for_low(const rl_design *d, const columns *q, size_t terms, size_t k, rl_ctx *cx)
{
    double **low = RL_NEW(cx->tmp, double *, k + 1);
    bool some = false;
    for (size_t j = 0; j < terms; j++)
        for (size_t c = 0; c < q[j].width; c++) {
            if (!has_low(&q[j], c)) continue;
            low[q[j].at + c] = RL_NEW(cx->tmp, double, d->n);
            some = true;
        }
    return some ? low : NULL;
}

static rl_cols *as_blocks(const rl_design *d, const columns *q, size_t terms, size_t k, rl_ctx *cx)
{
    rl_cols *X = RL_NEW(cx->tmp, rl_cols, 1);
    size_t blocks = 0;
    fills f = {RL_NEW(cx->tmp, struct one_fill, k), 0};
    for (size_t j = 0; j < terms; j++) blocks += count_blocks(&q[j]);
    *X = rl_cols_new(d->n, k, blocks, cx->tmp);
    if (d->constant) rl_cols_add(X, 0, ones(RL_NEW(cx->tmp, double, d->n), d->n), NULL);
    for (size_t j = 0; j < terms; j++) add_columns(&q[j], X, &f, cx);
    rl_par(f.n, fill_one, &f, cx);
    return X;
}

/* Nothing but numbers to 53 bits. */
static bool is_plain(const columns *q, size_t terms)
{
    for (size_t j = 0; j < terms; j++)
        for (size_t c = 0; c < q[j].width; c++)
            if (count_numbers(&q[j]) < q[j].t->n || has_low(&q[j], c)) return false;
    return true;
}

static bool named(const char *a, const char *b) { return a != NULL && strcmp(a, b) == 0; }

/* A column that nothing else will ask for: not the outcome, not an axis for messages. */
static bool is_spent(const rl_build *b, const rl_variable *v)
{
    const rl_request *r = b->req;
    if (v->factor || v->e->op != RL_OP_COL || v->v[0] == b->y) return false;
    for (size_t i = 0; i < b->n_var; i++)
        if (b->var[i].of == v->v[0]) return false; /* its lags look at it */
    for (size_t j = 0, times = 0; j < b->f.n_terms; j++)
        for (size_t i = 0; i < b->f.term[j].n; i++) {
            times += rl_build_find(b, b->f.term[j].var[i]) == v;
            if (times > 1) return false;
        }
    return !named(r->unit, v->e->col) && !named(r->time, v->e->col) && !named(r->weights, v->e->col);
}

/* Views written out, where they are to be swept as columns of their own. */
typedef struct write_job {
    const rl_cols *X;
    double **to; /* k; NULL = not to be written */
} write_job;

static void write_view(size_t j, void *arg)
{
    write_job *p = arg;
    if (p->to[j] != NULL) rl_cols_part(p->X, j, 0, p->X->n, p->to[j]);
}

/* The columns to be swept: those of the table are taken over when the request spends it, else swept into new ones;
 * lags stay views when that takes less. */
static void take_over(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    rl_cols *X = d->blocks;
    bool views = !d->keep_effects && rl_absorb_views(&d->fe, d->n);
    write_job p = {X, RL_NEW(cx->tmp, double *, X->k)};
    d->own = RL_NEW(cx->tmp, double *, X->k);
    d->own_from = RL_NEW(cx->tmp, const double *, X->k);
    for (size_t j = 0; j < X->k; j++) {
        rl_variable *v = NULL;
        for (size_t i = 0; i < b->n_var && v == NULL; i++)
            for (size_t c = 0; c < b->var[i].width; c++)
                if (X->x[j] != NULL && b->var[i].v[c] == X->x[j]) v = &b->var[i];
        d->own_from[j] = d->own[j] = (double *)X->x[j];
        if (X->x[j] == NULL && !views) d->own_from[j] = d->own[j] = p.to[j] = RL_NEW(cx->tmp, double, d->n);
        if (v == NULL) continue; /* made for this column, or a view */
        if (b->req->spend != NULL && is_spent(b, v)) {
            rl_table_col(b->t, v->e->col)->num = v->v[0] = NULL;
            continue;
        }
        X->x[j] = d->own[j] = RL_NEW(cx->tmp, double, d->n);
    }
    rl_par(X->k, write_view, &p, cx);
    for (size_t j = 0; j < X->k; j++)
        if (p.to[j] != NULL) X->x[j] = p.to[j];
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

/* Was the variable computed, or is it a column of the table? */
static bool computed(const rl_build *b, const rl_variable *v)
{
    const rl_col *c = v->e->op == RL_OP_COL ? rl_table_col(b->t, v->e->col) : NULL;
    return !v->factor && v->of == NULL && (c == NULL || c->type != RL_NUM);
}

static void pack_variable(size_t at, void *arg)
{
    rl_build *b = arg;
    rl_variable *v = &b->var[at];
    const uint32_t *row = b->d->row; /* ascending: nothing is overwritten that is still wanted */
    if (!computed(b, v)) return;
    for (size_t k = 0; k < v->width; k++)
        for (size_t i = 0; i < b->d->n; i++) {
            v->v[k][i] = v->v[k][row[i]];
            if (v->low[k] != NULL) v->low[k][i] = v->low[k][row[i]];
        }
    v->packed = true;
}

/* What was computed and stands in a matrix by now. */
static void give_back(rl_build *b, rl_ctx *cx)
{
    for (size_t i = 0; i < b->n_var; i++) {
        rl_variable *v = &b->var[i];
        for (size_t k = 0; k < v->width && computed(b, v); k++) {
            rl_release(cx->tmp, v->v[k]);
            rl_release(cx->tmp, v->low[k]);
            v->v[k] = v->low[k] = NULL;
        }
    }
}

rl_code rl_build_columns(rl_build *b, rl_ctx *cx)
{
    rl_design *d = b->d;
    rl_terms block_of[RL_PARTS];
    columns *q;
    size_t k;
    for (size_t i = 0; i < b->n_var; i++)
        if (b->var[i].factor) rl_groups_keep(&b->var[i].level, d->row, d->n, &b->var[i].used, cx->tmp);
    if (d->n < b->t->n) rl_par(b->n_var, pack_variable, b, cx);
    if (d->n < b->t->n) rl_scene_pack(&b->scene, d->row, d->n);
    rl_build_parts(&b->f, block_of);
    d->constant = b->f.constant && d->fe.n_fe == 0;
    bool spanned = d->constant || d->fe.n_fe > 0;
    RL_TRY(measure(b, &block_of[0], d->constant, &spanned, &q, &k, &d->x_name, cx));
    d->x_term = RL_NEW(cx->tmp, size_t, k);
    if (d->constant) d->x_term[0] = SIZE_MAX;
    for (size_t j = 0; j < block_of[0].n; j++)
        for (size_t c = 0; c < q[j].width; c++) d->x_term[q[j].at + c] = j;
    if (b->req->estimator->blocks && d->forms == NULL && (d->fe.n_fe == 0 || is_plain(q, block_of[0].n))) {
        d->blocks = as_blocks(d, q, block_of[0].n, k, cx);
        d->X = (rl_mat){NULL, d->n, k, d->n};
        if (d->fe.n_fe > 0) take_over(b, cx);
    } else {
        if (d->forms == NULL) d->x_low = room_for_low(d, q, block_of[0].n, k, cx);
        d->X = written(d, q, block_of[0].n, d->constant, k, d->x_low, cx);
    }
    RL_TRY(measure(b, &block_of[1], false, &spanned, &q, &k, &d->endo_name, cx));
    d->endo_low = room_for_low(d, q, block_of[1].n, k, cx);
    d->endo = written(d, q, block_of[1].n, false, k, d->endo_low, cx);
    if (d->blocks == NULL || d->n < d->t->n) spend(b);
    RL_TRY(measure(b, &block_of[2], false, &spanned, &q, &k, &d->inst_name, cx));
    d->inst_low = room_for_low(d, q, block_of[2].n, k, cx);
    d->inst = written(d, q, block_of[2].n, false, k, d->inst_low, cx);
    if (d->blocks == NULL) give_back(b, cx);
    return RL_OK;
}
