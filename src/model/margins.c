/* Averages of fitted means, by the delta method (model/glm_fit.h).
 *
 * A figure moves by  c'd eta + g'db.  With eta = X b + effects and X swept, d eta splits into what
 * the regressors move, X db, and what the effects move, and in both the answer is linear in the
 * scores w (y - mu): influence = (g + X'c)'A x_i W_i e_i + u_i W_i e_i, where u is the projection
 * of c / W onto the effects.  The u's, made orthonormal under W, join X as columns of the core,
 * so that every covariance, the one of the information too, sees the whole.
 */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "model/glm_fit.h"
#include "num/ols.h"

/* --- append ------------------------------------------------------------------------- */

/* The parts that effects move: Q (n-by-q) orthonormal under W, R (count-by-q) the coordinates. */
static rl_code effects_part(const rl_design *d, const rl_glm_fit *g, const rl_margin *a, size_t count, rl_mat *Q,
                            rl_mat *R, rl_ctx *cx)
{
    size_t n = d->n, q = 0;
    rl_absorbed info;
    *Q = rl_mat_new(n, d->fe.n_fe > 0 ? count : 0, cx->tmp);
    *R = rl_mat_new(count, Q->k, cx->tmp);
    if (Q->k == 0) return RL_OK;
    rl_mat U = rl_mat_new(n, count, cx->tmp);
    for (size_t j = 0; j < count; j++)
        for (size_t i = 0; i < n; i++) *rl_mat_at(&U, i, j) = a[j].by_eta[i] / g->W[i];
    RL_TRY(rl_absorb(&d->fe, g->W, &U, NULL, &info, cx));
    for (size_t j = 0; j < count; j++) {
        double *u = rl_mat_col(&U, j), *v = rl_mat_col(Q, q);
        for (size_t i = 0; i < n; i++) v[i] = u[i] = a[j].by_eta[i] / g->W[i] - u[i];
        double whole = rl_dot(g->W, u, u, n, cx);
        for (size_t p = 0; p < q; p++) {
            const double *o = rl_mat_col(Q, p);
            double r = *rl_mat_at(R, j, p) = rl_dot(g->W, o, v, n, cx);
            for (size_t i = 0; i < n; i++) v[i] -= r * o[i];
        }
        double left = rl_dot(g->W, v, v, n, cx);
        if (!(left > 1e-20 * whole)) continue;
        double root = sqrt(left);
        for (size_t i = 0; i < n; i++) v[i] /= root;
        *rl_mat_at(R, j, q++) = root;
    }
    Q->k = q;
    return RL_OK;
}

static void join_columns(const rl_glm_fit *g, const rl_mat *Q, rl_core *core, rl_ctx *cx)
{
    size_t n = g->X.n, k = g->rank;
    if (Q->k == 0) return;
    core->in_effects = Q->k;
    rl_mat X = rl_mat_new(n, k + Q->k, cx->tmp);
    core->A = rl_mat_new(k + Q->k, k + Q->k, cx->tmp);
    for (size_t j = 0; j < k + Q->k; j++) {
        const double *from = j < k ? rl_mat_col(&g->X, j) : rl_mat_col(Q, j - k);
        memcpy(rl_mat_col(&X, j), from, n * sizeof *from);
        for (size_t i = 0; i < k && j < k; i++) *rl_mat_at(&core->A, i, j) = *rl_mat_at(&g->A, i, j);
        if (j >= k) *rl_mat_at(&core->A, j, j) = 1;
    }
    core->X = rl_cols_of(&X, NULL, cx->tmp);
}

rl_code rl_fit_append(const rl_design *d, const rl_glm_fit *g, const rl_margin *a, size_t count, rl_fit *f, rl_ctx *cx)
{
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    size_t k = g->rank, m = f->m + count;
    rl_mat Q, R, L;
    RL_TRY(effects_part(d, g, a, count, &Q, &R, cx));
    *core = *f->core;
    join_columns(g, &Q, core, cx);
    L = rl_mat_new(m, k + Q.k, cx->tmp);
    rl_label *label = RL_NEW(cx->tmp, rl_label, m);
    double *b = RL_NEW(cx->tmp, double, m);
    for (size_t j = 0; j < f->m; j++) {
        for (size_t q = 0; q < k; q++) *rl_mat_at(&L, j, q) = *rl_mat_at(&f->core->L, j, q);
        label[j] = f->label[j];
        b[j] = f->b[j];
    }
    for (size_t j = 0; j < count; j++) {
        size_t r = f->m + j;
        for (size_t q = 0; q < k; q++)
            *rl_mat_at(&L, r, q) = a[j].by_b[q] + rl_dot(NULL, rl_mat_col(&g->X, q), a[j].by_eta, d->n, cx);
        for (size_t q = 0; q < Q.k; q++) *rl_mat_at(&L, r, k + q) = *rl_mat_at(&R, j, q);
        label[r] = a[j].label;
        b[r] = a[j].value;
    }
    core->L = L;
    f->core = core;
    f->m = m;
    f->b = b;
    f->label = label;
    f->psi = rl_psi_core(core, d->n, m, d->at != NULL, cx);
    return RL_OK;
}

/* --- average marginal effects ---------------------------------------------------------- */

static bool reads_column(const rl_expr *e, const char *col)
{
    if (e == NULL) return false;
    if (e->op == RL_OP_COL) return strcmp(e->col, col) == 0;
    return reads_column(e->a, col) || reads_column(e->b, col);
}

static const char *some_column(const rl_expr *e)
{
    while (e != NULL && e->op != RL_OP_COL) e = e->a != NULL && e->a->op != RL_OP_NUM ? e->a : e->b;
    return e != NULL ? e->col : ""; /* season(), trend(): none */
}

static bool is_shift(const rl_expr *e) { return e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD); }

/* The term is one variable, and no other term moves with it. */
static bool stands_alone(const rl_formula *f, size_t at)
{
    const rl_term *t = &f->term[at];
    const rl_expr *e = t->var[0];
    if (t->n != 1 || (e->op == RL_OP_FN && e->fn == RL_FN_POLY && e->hi > 1)) return false;
    const char *col = some_column(e);
    for (size_t j = 0; j < f->n_terms; j++)
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *v = f->term[j].var[i];
            if (j != at && !is_shift(e) && !is_shift(v) && reads_column(v, col)) return false;
            if (j != at && f->term[j].n > 1 && strcmp(v->text, e->text) == 0) return false;
        }
    return true;
}

typedef struct means {
    const rl_design *d;
    const rl_glm_fit *g;
    rl_family family;
    double weight; /* sum of w                                  */
    size_t *kept;  /* columns of the design: place among those kept */
} means;

static double share_of(const means *s, size_t i) { return (s->d->w != NULL ? s->d->w[i] : 1) / s->weight; }

static rl_margin new_margin(const means *s, const char *name, rl_ctx *cx)
{
    return (rl_margin){.label = rl_label_of(rl_sprintf(cx->tmp, "ame::%s", name)),
                       .by_eta = RL_NEW(cx->tmp, double, s->d->n),
                       .by_b = RL_NEW(cx->tmp, double, s->g->rank)};
}

/* a = b mean(slope). */
static rl_margin of_number(const means *s, size_t col, rl_ctx *cx)
{
    rl_margin a = new_margin(s, s->d->x_name[col], cx);
    size_t n = s->d->n;
    double b = s->g->b[col], *slope = RL_NEW(cx->tmp, double, n);
    rl_glm_mean(s->family, s->g->eta, n, NULL, slope, a.by_eta, cx);
    for (size_t i = 0; i < n; i++) {
        slope[i] *= share_of(s, i);
        a.by_eta[i] *= b * share_of(s, i);
    }
    a.by_b[s->kept[col]] = rl_sum(slope, n, cx);
    a.value = b * a.by_b[s->kept[col]];
    rl_release(cx->tmp, slope);
    return a;
}

/* a = mean(mu at level `col`) - mean(mu at the reference), own level of columns from .. to-1 taken away. */
static rl_margin of_level(const means *s, size_t col, size_t from, size_t to, rl_ctx *cx)
{
    rl_margin a = new_margin(s, s->d->x_name[col], cx);
    const rl_design *d = s->d;
    size_t n = d->n;
    double *h = RL_NEW(cx->tmp, double, 5 * n), *m1 = h + n, *s1 = m1 + n, *m0 = s1 + n, *s0 = m0 + n;
    for (size_t i = 0; i < n; i++) {
        h[i] = s->g->eta[i];
        for (size_t j = from; j < to; j++) h[i] -= *rl_mat_at(&d->X, i, j) * s->g->b[j];
    }
    rl_glm_mean(s->family, h, n, m0, s0, NULL, cx);
    for (size_t i = 0; i < n; i++) h[i] += s->g->b[col];
    rl_glm_mean(s->family, h, n, m1, s1, NULL, cx);
    for (size_t i = 0; i < n; i++) {
        double w = share_of(s, i);
        m1[i] = w * (m1[i] - m0[i]);
        a.by_eta[i] = w * (s1[i] - s0[i]);
        s1[i] *= w;
    }
    a.value = rl_sum(m1, n, cx);
    a.by_b[s->kept[col]] = rl_sum(s1, n, cx);
    for (size_t j = from; j < to; j++)
        if (s->kept[j] != SIZE_MAX) a.by_b[s->kept[j]] -= rl_dot(NULL, rl_mat_col(&d->X, j), a.by_eta, n, cx);
    rl_release(cx->tmp, h);
    return a;
}

rl_code rl_fit_margins(const rl_design *d, const rl_glm_fit *g, rl_fit *f, rl_ctx *cx)
{
    means s = {.d = d, .g = g, .family = f->family, .kept = RL_NEW(cx->tmp, size_t, g->k)};
    rl_margin *a = RL_NEW(cx->tmp, rl_margin, g->k);
    rl_str left = rl_str_new(cx->tmp);
    size_t count = 0, at = 0, unable = 0;
    s.weight = d->w != NULL ? rl_sum(d->w, d->n, cx) : (double)d->n;
    for (size_t j = 0; j < g->k; j++) s.kept[j] = g->dropped[j] ? SIZE_MAX : at++;
    for (size_t t = 0; t < d->formula->n_terms; t++) {
        const rl_term *term = &d->formula->term[t];
        size_t from = 0, to;
        while (from < g->k && d->x_term[from] != t) from++;
        for (to = from; to < g->k && d->x_term[to] == t;) to++;
        if (from == to || !stands_alone(d->formula, t)) {
            rl_str_addf(&left, "%s'%s'", unable++ ? ", " : "", term->text);
            continue;
        }
        bool levels = strstr(d->x_name[from], "::") != NULL;
        for (size_t j = from; j < to; j++)
            if (!g->dropped[j]) a[count++] = levels ? of_level(&s, j, from, to, cx) : of_number(&s, j, cx);
    }
    if (unable > 0)
        rl_remark(cx, "margins", "no average marginal effect of %s: its variables enter other terms too",
                  rl_str_text(&left));
    if (count == 0) return RL_OK;
    if (f->family == RL_LOGIT)
        rl_remark(cx, "margins", "ame:: are changes of the probability that '%s' is 1: 0.01 is one percentage point",
                  d->y_name);
    else
        rl_remark(cx, "margins", "ame:: are changes of the mean of '%s'", d->y_name);
    return rl_fit_append(d, g, a, count, f, cx);
}
