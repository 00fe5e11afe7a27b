#include "model/eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fmath.h"

/* --- arithmetic -------------------------------------------------------------- */

static const rl_col *first_column(const rl_table *t, const rl_expr *e)
{
    while (e->op != RL_OP_COL) {
        const rl_expr *next = e->a != NULL && e->a->op != RL_OP_NUM ? e->a : e->b;
        if (next == NULL) return NULL; /* numbers, trend() */
        e = next;
    }
    return rl_table_col(t, e->col);
}

/* A value outside the domain: say which, where first, and how many. */
rl_code rl_eval_outside(const rl_scene *s, const rl_expr *e, const double *in, const double *out, rl_ctx *cx)
{
    size_t first = 0, count = 0;
    for (size_t i = s->t->n; i-- > 0;)
        if (s->keep[i] && (in == NULL || !isnan(in[i])) && !isfinite(out[i])) {
            first = i;
            count++;
        }
    const rl_col *c = first_column(s->t, e);
    char buf[32] = "", rest[64] = "";
    if (in != NULL) rl_num_text(buf, in[first]);
    if (count > 1) snprintf(rest, sizeof rest, ", and in %zu more rows", count - 1);
    bool log = e->op == RL_OP_FN && e->fn == RL_FN_LOG, big = e->op != RL_OP_FN || e->fn == RL_FN_EXP;
    if (c == NULL)
        rl_fail(cx, RL_EINPUT, "'%s' has no value", e->text);
    else if (big)
        rl_fail_cell(s->t, c, first, cx, RL_EINPUT, "'%s' is not a finite number here%s (column '%s')", e->text, rest,
                     c->name);
    else
        rl_fail_cell(s->t, c, first, cx, RL_EINPUT, "'%s': %s of %s does not exist%s (column '%s')", e->text,
                     rl_fn_name(e->fn), buf, rest, c->name);
    if (log) return rl_hint(cx, "log1p(x) = log(1 + x) takes zeros; --na drop leaves such rows out");
    return rl_hint(cx, "correct the cells, or leave the rows out with --na drop or --subset");
}

rl_code rl_eval_no_value(const rl_scene *s, const rl_expr *e, const double *in, double *out, rl_ctx *cx)
{
    size_t rows = 0;
    if (!s->na_drop) return rl_eval_outside(s, e, in, out, cx);
    for (size_t i = 0; i < s->t->n; i++) {
        if (isfinite(out[i])) continue;
        rows += s->keep[i] && !isnan(out[i]);
        out[i] = NAN;
    }
    rl_remark(cx, "missing", "%zu rows where '%s' has no value were left out", rows, e->text);
    return RL_OK;
}

static double apply(rl_fn fn, double x)
{
    switch (fn) {
    case RL_FN_LOG:
        return x > 0 ? rl_log(x) : INFINITY;
    case RL_FN_LOG1P:
        return x > -1 ? rl_log1p(x) : INFINITY;
    case RL_FN_EXP:
        return rl_exp(x);
    case RL_FN_SQRT:
        return x >= 0 ? sqrt(x) : INFINITY;
    default:
        return fabs(x);
    }
}

static rl_code simple_function(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    double *x = RL_NEW(cx->tmp, double, s->t->n);
    bool bad = false;
    RL_TRY(rl_eval(s, e->a, 0, x, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        v[i] = isnan(x[i]) ? NAN : apply(e->fn, x[i]);
        bad |= s->keep[i] && isinf(v[i]);
    }
    if (bad) return rl_eval_no_value(s, e, x, v, cx);
    rl_release(cx->tmp, x);
    return RL_OK;
}

static rl_code power(rl_scene *s, const rl_expr *e, int d, double *v, rl_ctx *cx)
{
    double *x = RL_NEW(cx->tmp, double, s->t->n);
    bool bad = false;
    RL_TRY(rl_eval(s, e->a, 0, x, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        v[i] = rl_eval_power((rl_dd){x[i], 0}, d).hi;
        bad |= s->keep[i] && isinf(v[i]);
    }
    if (bad) return rl_eval_no_value(s, e, NULL, v, cx);
    rl_release(cx->tmp, x);
    return RL_OK;
}

bool rl_eval_is_shift(const rl_expr *e) { return e->op == RL_OP_FN && (e->fn == RL_FN_LAG || e->fn == RL_FN_LEAD); }

static rl_code shifted(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx)
{
    double *x = RL_NEW(cx->tmp, double, s->t->n);
    rl_ago ago;
    RL_TRY(rl_eval(s, e->a, 0, x, cx));
    RL_TRY(rl_scene_ago(s, e, rl_eval_shift(e, (size_t)k), &ago, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        size_t j = rl_ago_row(&ago, i);
        v[i] = j == SIZE_MAX ? (double)NAN : x[j];
        if (e->fn == RL_FN_DIFF) v[i] = x[i] - v[i];
    }
    rl_release(cx->tmp, x);
    return RL_OK;
}

static rl_code arithmetic(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    double *x = RL_NEW(cx->tmp, double, s->t->n);
    bool bad = false;
    RL_TRY(rl_eval(s, e->a, 0, v, cx));
    if (e->b != NULL) RL_TRY(rl_eval(s, e->b, 0, x, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        bool known = !isnan(v[i]) && !isnan(x[i]);
        if (e->op == RL_OP_ADD) v[i] += x[i];
        if (e->op == RL_OP_SUB) v[i] -= x[i];
        if (e->op == RL_OP_MUL) v[i] *= x[i];
        if (e->op == RL_OP_DIV) v[i] = x[i] == 0 && known ? INFINITY : v[i] / x[i];
        if (e->op == RL_OP_NEG) v[i] = -v[i];
        bad |= s->keep[i] && known && !isfinite(v[i]);
    }
    if (bad && s->na_drop) return rl_eval_no_value(s, e, NULL, v, cx);
    if (bad) {
        for (size_t i = 0; i < s->t->n; i++)
            if (isnan(v[i])) v[i] = 0; /* missing, not outside */
        return rl_eval_outside(s, e, NULL, v, cx);
    }
    rl_release(cx->tmp, x);
    return RL_OK;
}

static rl_code column(rl_scene *s, const rl_expr *e, double *v, rl_ctx *cx)
{
    const rl_col *c;
    RL_TRY(rl_table_need(s->t, e->col, "the formula", &c, cx));
    if (c->type != RL_NUM) {
        rl_fail(cx, RL_EINPUT, "column '%s' holds %s where the formula needs numbers", c->name,
                c->type == RL_DATE ? "dates" : "text");
        rl_formula_caret(s->formula, e->at, cx);
        return RL_EINPUT;
    }
    memcpy(v, c->num, s->t->n * sizeof *v);
    return RL_OK;
}

rl_code rl_eval(rl_scene *s, const rl_expr *e, int k, double *v, rl_ctx *cx)
{
    if (e->op == RL_OP_COL) return column(s, e, v, cx);
    if (e->op == RL_OP_NUM) {
        for (size_t i = 0; i < s->t->n; i++) v[i] = e->value;
        return RL_OK;
    }
    if (e->op == RL_OP_POW) return power(s, e, e->hi, v, cx);
    if (e->op != RL_OP_FN) return arithmetic(s, e, v, cx);
    if (e->fn < RL_FN_FACTOR) return simple_function(s, e, v, cx);
    if (e->fn == RL_FN_POLY) return power(s, e, k + 1, v, cx);
    if (e->fn > RL_FN_DIFF) return rl_eval_stock(s, e, k, v, cx);
    return shifted(s, e, k, v, cx);
}

size_t rl_eval_width(const rl_expr *e)
{
    if (e->op != RL_OP_FN || e->fn < RL_FN_POLY) return 1;
    if (e->fn > RL_FN_DIFF) return e->fn == RL_FN_ALMON ? rl_eval_basis(e) : 1;
    return e->fn == RL_FN_POLY ? (size_t)e->hi : (size_t)(e->hi - e->lo + 1);
}

const char *rl_eval_name(const rl_expr *e, size_t k, rl_arena *in)
{
    if (e->op == RL_OP_FN && e->fn == RL_FN_ALMON) return rl_sprintf(in, "%s[%zu]", e->text, k + 1);
    if (e->op != RL_OP_FN || e->fn < RL_FN_POLY || e->fn >= RL_FN_DIFF) return e->text;
    int i = e->fn == RL_FN_POLY ? (int)k + 1 : e->lo + (int)k;
    return rl_sprintf(in, "%s(%s,%d)", rl_fn_name(e->fn), e->a->text, i);
}
