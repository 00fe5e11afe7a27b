#include "model/forms.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"

/* --- boxes --------------------------------------------------------------------------- */

rl_box rl_form_box(rl_fn fn, size_t i)
{
    if (fn == RL_FN_ADSTOCK) return (rl_box){0, 0.99, false};
    if (fn == RL_FN_WEIBULL) return i == 0 ? (rl_box){0.5, 10, true} : (rl_box){0.25, RL_LONGEST_SCALE, true};
    return i == 0 ? (rl_box){0.01, 1, true} : (rl_box){0.2, 20, true};
}

static const char *word_of(rl_fn fn, size_t i)
{
    static const char *const WORD[][2] = {{"rate", NULL}, {"shape", "scale"}, {"half", "slope"}};
    return WORD[fn - RL_FN_ADSTOCK][i];
}

/* --- what can be estimated -------------------------------------------------------------- */

static bool is_stock(const rl_expr *e) { return e->op == RL_OP_FN && e->fn >= RL_FN_ADSTOCK && e->fn <= RL_FN_HILL; }

/* A lag of a form is the form, at another time. */
static const rl_expr *unshifted(const rl_expr *e)
{
    return e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD) ? e->a : e;
}

static const rl_expr *base_of(const rl_expr *e)
{
    while (is_stock(e)) e = e->a;
    return e;
}

static const rl_expr *free_form(const rl_expr *e)
{
    if (e == NULL) return NULL;
    if (e->op == RL_OP_FN && e->n_par < rl_fn_pars(e->fn)) return e;
    const rl_expr *a = free_form(e->a);
    return a != NULL ? a : free_form(e->b);
}

static const char *example(const rl_expr *e, rl_arena *in)
{
    return rl_sprintf(in, "%s(%s,%s)", rl_fn_name(e->fn), e->a->text,
                      e->fn == RL_FN_ADSTOCK   ? "0.5"
                      : e->fn == RL_FN_WEIBULL ? "2,3"
                                               : "20,2");
}

static rl_code refuse(const rl_build *b, const rl_expr *e, const char *why, rl_ctx *cx)
{
    const rl_expr *f = free_form(e);
    const char *what = word_of(f->fn, 0), *more = rl_fn_pars(f->fn) > 1 ? word_of(f->fn, 1) : NULL;
    rl_fail(cx, RL_EUSAGE, "the %s%s%s of '%s' cannot be estimated %s", what, more != NULL ? " and the " : "",
            more != NULL ? more : "", f->text, why);
    rl_hint(cx, "give %s, as in %s", more != NULL ? "them" : "it", example(f, cx->tmp));
    rl_formula_caret(b->f.text, f->at, cx);
    return RL_EUSAGE;
}

rl_code rl_forms_check(const rl_build *b, rl_ctx *cx)
{
    const rl_formula *f = &b->f;
    if (rl_expr_is_free(f->y)) return refuse(b, f->y, "in the outcome", cx);
    const rl_term *part[] = {f->endo, f->inst};
    size_t n_part[] = {f->n_endo, f->n_inst};
    for (size_t p = 0; p < 2; p++)
        for (size_t j = 0; j < n_part[p]; j++)
            for (size_t i = 0; i < part[p][j].n; i++)
                if (rl_expr_is_free(part[p][j].var[i]))
                    return refuse(b, part[p][j].var[i], p == 0 ? "of an endogenous regressor" : "of an instrument", cx);
    for (size_t j = 0; j < f->n_terms; j++) {
        size_t free = 0, almon = 0;
        for (size_t i = 0; i < f->term[j].n; i++) {
            const rl_expr *e = f->term[j].var[i];
            almon += e->op == RL_OP_FN && e->fn == RL_FN_ALMON;
            if (almon > 1)
                return rl_fail(cx, RL_EUSAGE, "formula: '%s' multiplies two polynomials of lags", f->term[j].text);
            if (!rl_expr_is_free(e)) continue;
            if (!b->req->estimator->forms)
                return refuse(b, e, rl_sprintf(cx->tmp, "by estimator '%s', only by ols", b->req->estimator->name), cx);
            if (!is_stock(unshifted(e)) || rl_expr_is_free(base_of(unshifted(e))))
                return refuse(b, e, "inside another function than lag, lead and each other", cx);
            if (++free > 1) return refuse(b, e, "in a product with another that is to be estimated", cx);
        }
    }
    return RL_OK;
}

/* --- chains --------------------------------------------------------------------------------- */

static rl_code parameter(rl_forms *f, const rl_expr *e, size_t i, size_t *own, rl_ctx *cx)
{
    const char *label = rl_sprintf(cx->tmp, "%s::%s", word_of(e->fn, i), e->text);
    for (*own = 0; *own < f->q; ++*own)
        if (strcmp(f->par[*own].label, label) == 0) return RL_OK;
    if (f->q == RL_FORMS_MOST) {
        rl_fail(cx, RL_EUSAGE, "more than %d parameters to be estimated in one formula", RL_FORMS_MOST);
        return rl_hint(cx, "give some of them, as in %s", example(e, cx->tmp));
    }
    f->par[f->q++] = (rl_form_par){label, word_of(e->fn, i), e->text, e->fn, i};
    return RL_OK;
}

static rl_code nodes_of(rl_forms *f, rl_chain *c, const rl_expr *e, rl_ctx *cx)
{
    if (!is_stock(e)) return RL_OK;
    RL_TRY(nodes_of(f, c, e->a, cx)); /* the innermost first */
    rl_node *node = &c->node[c->n++];
    *node = (rl_node){.fn = e->fn, .par = {e->par[0], e->par[1]}, .own = {SIZE_MAX, SIZE_MAX}, .wear = rl_eval_wear(e)};
    for (size_t i = 0; i < rl_fn_pars(e->fn) && e->n_par == 0; i++) RL_TRY(parameter(f, e, i, &node->own[i], cx));
    return RL_OK;
}

static bool has_hill(const rl_chain *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->node[i].fn == RL_FN_HILL) return true;
    return false;
}

static uint32_t row_at(const rl_forms *f, size_t p) { return f->order != NULL ? f->order[p] : (uint32_t)p; }

/* A series that does not move tells nothing; one below 0 has no saturation. */
static rl_code look_at(const rl_build *b, const rl_forms *f, const rl_chain *c, const double *x, rl_ctx *cx)
{
    const rl_expr *base = base_of(c->e);
    const rl_scene *s = &b->scene;
    double lo = HUGE_VAL, hi = -HUGE_VAL, *v = RL_NEW(cx->tmp, double, b->t->n);
    size_t negative = 0;
    for (size_t p = 0; p < f->track.n; p++) {
        uint32_t i = row_at(f, p);
        v[i] = x[i];
        if (isnan(x[i])) continue;
        if (x[i] < 0) v[i] = INFINITY, negative++;
        lo = fmin(lo, x[i]);
        hi = fmax(hi, x[i]);
    }
    if (negative > 0 && has_hill(c)) return rl_eval_outside(s, c->e, x, v, cx);
    if (negative > 0)
        rl_remark(cx, "negative", "'%s' is negative in %zu %s: '%s' carries what is negative over like the rest",
                  base->text, negative, rl_plural("row", negative, cx->tmp), c->e->text);
    rl_release(cx->tmp, v);
    if (lo < hi) return RL_OK;
    const rl_expr *free = free_form(c->e);
    rl_fail(cx, RL_EDATA, "'%s' %s: the %s of '%s' cannot be learnt from it", base->text,
            lo == hi ? "is the same in all rows" : "has no value in any row", word_of(free->fn, 0), free->text);
    return rl_hint(cx, "give it, as in %s, or leave the form out", example(free, cx->tmp));
}

static rl_code add_chain(rl_build *b, rl_forms *f, const rl_expr *e, rl_ctx *cx)
{
    double *x;
    e = unshifted(e);
    for (size_t i = 0; i < f->n_chains; i++)
        if (strcmp(f->chain[i].e->text, e->text) == 0) return RL_OK;
    rl_chain *c = &f->chain[f->n_chains++];
    size_t n = 0;
    for (const rl_expr *at = e; is_stock(at); at = at->a) n++;
    *c = (rl_chain){.e = e, .node = RL_NEW(cx->tmp, rl_node, n)};
    RL_TRY(nodes_of(f, c, e, cx));
    RL_TRY(rl_build_number(b, base_of(e), 0, &x, cx));
    RL_TRY(look_at(b, f, c, x, cx));
    double *own = RL_NEW(cx->tmp, double, f->track.n);
    for (size_t p = 0; p < f->track.n; p++) own[p] = x[row_at(f, p)];
    c->x = own;
    return RL_OK;
}

static bool needs_time(const rl_expr *e)
{
    if (e != unshifted(e)) return true;
    return is_stock(e) && (e->fn != RL_FN_HILL || needs_time(e->a));
}

/* The rows as series; without any form that looks back, as they come. */
static rl_code lay_track(rl_build *b, rl_forms *f, rl_ctx *cx)
{
    for (size_t j = 0; j < b->n_var; j++) {
        const rl_expr *e = b->var[j].e;
        if (!rl_expr_is_free(e) || !needs_time(e)) continue;
        rl_line l;
        RL_TRY(rl_scene_line(&b->scene, e, &l, cx));
        f->track = l.track;
        f->order = l.row;
        return RL_OK;
    }
    uint32_t *order = RL_NEW(cx->tmp, uint32_t, b->t->n);
    int32_t *at = RL_NEW(cx->tmp, int32_t, b->t->n);
    for (size_t i = 0; i < b->t->n; i++)
        if (b->keep[i]) order[f->track.n++] = (uint32_t)i;
    for (size_t p = 0; p < f->track.n; p++) at[p] = (int32_t)p;
    f->track.at = at;
    f->order = order;
    return RL_OK;
}

static double longest_unit(const rl_track *t)
{
    double most = 1;
    for (size_t p = 0, first = 0; p < t->n; p++) {
        if (t->unit != NULL && t->unit[p] != t->unit[first]) first = p;
        double span = (double)t->at[p] - (double)t->at[first] + 1;
        most = fmax(most, span);
    }
    return most;
}

rl_code rl_forms_make(rl_build *b, rl_ctx *cx)
{
    size_t some = 0;
    for (size_t j = 0; j < b->n_var; j++) some += rl_expr_is_free(b->var[j].e);
    if (some == 0) return RL_OK;
    rl_forms *f = b->d->forms = RL_NEW(cx->tmp, rl_forms, 1);
    f->chain = RL_NEW(cx->tmp, rl_chain, some);
    f->par = RL_NEW(cx->tmp, rl_form_par, RL_FORMS_MOST);
    RL_TRY(lay_track(b, f, cx));
    for (size_t j = 0; j < b->n_var; j++)
        if (rl_expr_is_free(b->var[j].e)) RL_TRY(add_chain(b, f, b->var[j].e, cx));
    f->longest = longest_unit(&f->track);
    return RL_OK;
}

/* --- columns ----------------------------------------------------------------------------------- */

static size_t chain_of(const rl_forms *f, const rl_expr *e)
{
    size_t c = 0;
    while (strcmp(f->chain[c].e->text, unshifted(e)->text) != 0) c++;
    return c;
}

/* Periods back of the value that a column of this name takes. */
static int shift_of(const rl_expr *e, const char *name, rl_arena *in)
{
    if (unshifted(e) == e) return 0;
    size_t k = 0, width = rl_eval_width(e);
    while (k + 1 < width && strstr(name, rl_eval_name(e, k, in)) == NULL) k++;
    return (e->fn == RL_FN_LEAD ? -1 : 1) * (e->lo + (int)k);
}

static uint32_t *places(const rl_build *b, int shift, rl_ctx *cx)
{
    const rl_design *d = b->d;
    const rl_track *t = &d->forms->track;
    uint32_t *at = RL_NEW(cx->tmp, uint32_t, b->t->n), *from = RL_NEW(cx->tmp, uint32_t, d->n);
    size_t begin = 0;
    for (size_t p = 0; p < t->n; p++) {
        size_t q = rl_track_before(t, p, shift, &begin);
        at[row_at(d->forms, p)] = q == SIZE_MAX ? 0 : (uint32_t)q; /* a row without is not used */
    }
    for (size_t i = 0; i < d->n; i++) from[i] = at[d->row[i]];
    rl_release(cx->tmp, at);
    return from;
}

rl_code rl_forms_place(rl_build *b, rl_ctx *cx)
{
    const rl_design *d = b->d;
    rl_forms *f = d->forms;
    if (f == NULL) return RL_OK;
    f->moving = RL_NEW(cx->tmp, rl_moving, d->X.k);
    for (size_t j = 0; j < d->X.k; j++) {
        if (d->x_term[j] == SIZE_MAX) continue;
        const rl_term *t = &b->f.term[d->x_term[j]];
        for (size_t i = 0; i < t->n; i++) {
            if (!rl_expr_is_free(t->var[i])) continue;
            int shift = shift_of(t->var[i], d->x_name[j], cx->tmp);
            f->moving[f->m++] = (rl_moving){j, chain_of(f, t->var[i]), places(b, shift, cx)};
        }
    }
    return RL_OK;
}

/* --- values --------------------------------------------------------------------------------------- */

/* The box of a node's parameter, given what goes into the function. */
static rl_box box_of(const rl_forms *f, const rl_node *node, size_t i, const rl_jet *x)
{
    rl_box box = rl_form_box(node->fn, i);
    if (node->fn == RL_FN_WEIBULL && i == 1) box.hi = fmax(1, fmin(box.hi, f->longest / 2));
    if (node->fn != RL_FN_HILL || i != 0) return box;
    double most = 0, least = HUGE_VAL;
    for (size_t p = 0; p < f->track.n; p++) {
        if (!(x->v[p] > 0)) continue;
        most = fmax(most, x->v[p]);
        least = fmin(least, x->v[p]);
    }
    box.lo = fmin(fmax(box.lo * most, least), 0.5 * most);
    box.hi *= most;
    return box;
}

static double in_box(rl_box b, double u)
{
    return b.log ? b.lo * rl_exp(u * rl_log(b.hi / b.lo)) : b.lo + u * (b.hi - b.lo);
}

/* Through all nodes: theta from the unit cube where that is given, boxes, values. */
static void walk(const rl_forms *f, const double *unit, double *theta, const bool *fixed, bool slopes, rl_jet *out,
                 double *lo, double *hi, rl_arena *in)
{
    for (size_t c = 0; c < f->n_chains; c++) {
        const rl_chain *chain = &f->chain[c];
        rl_jet x = rl_jet_new(0, slopes ? f->q : 0, in);
        x.v = (double *)chain->x;
        for (size_t k = 0; k < chain->n; k++) {
            const rl_node *node = &chain->node[k];
            double par[2] = {node->par[0], node->par[1]};
            for (size_t i = 0; i < 2; i++) {
                size_t j = node->own[i];
                if (j == SIZE_MAX) continue;
                rl_box box = box_of(f, node, i, &x);
                if (unit != NULL) theta[j] = in_box(box, unit[j]);
                if (lo != NULL) {
                    lo[j] = box.lo, hi[j] = box.hi;
                    if (fixed == NULL || !fixed[j]) theta[j] = fmin(fmax(theta[j], box.lo), box.hi);
                }
                par[i] = theta[j];
            }
            rl_jet y = rl_jet_new(f->track.n, x.q, in);
            if (node->fn == RL_FN_ADSTOCK)
                rl_jet_adstock(&f->track, &x, par[0], node->wear, node->own[0], &y, in);
            else if (node->fn == RL_FN_WEIBULL)
                rl_jet_weibull(&f->track, &x, par, node->wear, node->own, &y, in);
            else
                rl_jet_hill(f->track.n, &x, par, node->own, &y, in);
            x = y;
        }
        if (out != NULL) out[c] = x;
    }
}

void rl_forms_values(const rl_forms *f, double *theta, const bool *fixed, bool slopes, rl_jet *out, double *lo,
                     double *hi, rl_arena *in)
{
    walk(f, NULL, theta, fixed, slopes, out, lo, hi, in);
}

void rl_forms_theta(const rl_forms *f, const double *unit, double *theta, rl_arena *in)
{
    walk(f, unit, theta, NULL, false, NULL, NULL, NULL, in);
}
