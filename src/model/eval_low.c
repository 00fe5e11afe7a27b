/* What rounding takes from powers and products. */
#include <math.h>
#include <string.h>

#include "model/eval.h"

rl_dd rl_eval_power(rl_dd x, int d)
{
    rl_dd v = x;
    for (int p = 1; p < d; p++) v = rl_dd_times(v, x);
    return v;
}

static bool is_fn(const rl_expr *e, rl_fn fn) { return e->op == RL_OP_FN && e->fn == fn; }
static bool moves(const rl_expr *e) { return rl_eval_is_shift(e) || is_fn(e, RL_FN_DIFF); }

bool rl_eval_rounds(const rl_expr *e, int k)
{
    switch (e->op) {
    case RL_OP_POW:
    case RL_OP_MUL:
        return true;
    case RL_OP_ADD:
    case RL_OP_SUB:
        return rl_eval_rounds(e->a, 0) || rl_eval_rounds(e->b, 0);
    case RL_OP_NEG:
        return rl_eval_rounds(e->a, 0);
    default: /* poly(x - 2.5,d) is of x - 2.5 as it is written, in all its powers */
        if (is_fn(e, RL_FN_POLY))
            return k > 0 || e->a->op == RL_OP_ADD || e->a->op == RL_OP_SUB || rl_eval_rounds(e->a, 0);
        return moves(e) && rl_eval_rounds(e->a, 0);
    }
}

static rl_code pairs(rl_scene *s, const rl_expr *e, int k, double *hi, double *lo, rl_ctx *cx);

static rl_code arithmetic(rl_scene *s, const rl_expr *e, double *hi, double *lo, rl_ctx *cx)
{
    size_t n = s->t->n;
    double *b = RL_NEW(cx->tmp, double, 2 * n), *b_lo = b + n, sign = e->op == RL_OP_SUB ? -1 : 1;
    RL_TRY(pairs(s, e->a, 0, hi, lo, cx));
    RL_TRY(pairs(s, e->b, 0, b, b_lo, cx));
    for (size_t i = 0; i < n; i++) {
        rl_dd x = {hi[i], lo[i]}, y = {sign * b[i], sign * b_lo[i]};
        x = e->op == RL_OP_MUL ? rl_dd_times(x, y) : rl_dd_add(x, y);
        hi[i] = x.hi;
        lo[i] = x.lo;
    }
    rl_release(cx->tmp, b);
    return RL_OK;
}

static rl_code power(rl_scene *s, const rl_expr *e, int d, double *hi, double *lo, rl_ctx *cx)
{
    RL_TRY(pairs(s, e->a, 0, hi, lo, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        rl_dd x = rl_eval_power((rl_dd){hi[i], lo[i]}, d);
        hi[i] = x.hi;
        lo[i] = x.lo;
    }
    return RL_OK;
}

static rl_code moved(rl_scene *s, const rl_expr *e, int k, double *hi, double *lo, rl_ctx *cx)
{
    size_t n = s->t->n;
    double *x = RL_NEW(cx->tmp, double, 2 * n), *x_lo = x + n;
    rl_ago ago;
    RL_TRY(pairs(s, e->a, 0, x, x_lo, cx));
    RL_TRY(rl_scene_ago(s, e, rl_eval_shift(e, (size_t)k), &ago, cx));
    for (size_t i = 0; i < n; i++) {
        size_t j = rl_ago_row(&ago, i);
        rl_dd v = j == SIZE_MAX ? (rl_dd){NAN, 0} : (rl_dd){x[j], x_lo[j]};
        if (e->fn == RL_FN_DIFF) v = rl_dd_add((rl_dd){x[i], x_lo[i]}, (rl_dd){-v.hi, -v.lo});
        hi[i] = v.hi;
        lo[i] = v.lo;
    }
    rl_release(cx->tmp, x);
    return RL_OK;
}

/* Column k of e in two doubles; lo need not be finite where hi is not. */
static rl_code pairs(rl_scene *s, const rl_expr *e, int k, double *hi, double *lo, rl_ctx *cx)
{
    if (e->op == RL_OP_POW) return power(s, e, e->hi, hi, lo, cx);
    if (is_fn(e, RL_FN_POLY)) return power(s, e, k + 1, hi, lo, cx);
    if (moves(e)) return moved(s, e, k, hi, lo, cx);
    if (e->op == RL_OP_ADD || e->op == RL_OP_SUB || e->op == RL_OP_MUL) return arithmetic(s, e, hi, lo, cx);
    if (e->op != RL_OP_NEG) {
        memset(lo, 0, s->t->n * sizeof *lo);
        return rl_eval(s, e, k, hi, cx);
    }
    RL_TRY(pairs(s, e->a, 0, hi, lo, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        hi[i] = -hi[i];
        lo[i] = -lo[i];
    }
    return RL_OK;
}

rl_code rl_eval_low(rl_scene *s, const rl_expr *e, int k, const double *v, double *low, bool *some, rl_ctx *cx)
{
    double *hi = RL_NEW(cx->tmp, double, s->t->n);
    *some = false;
    RL_TRY(pairs(s, e, k, hi, low, cx));
    for (size_t i = 0; i < s->t->n; i++) {
        double l = (hi[i] - v[i]) + low[i];
        low[i] = isfinite(l) ? l : 0;
        *some = *some || low[i] != 0;
    }
    rl_release(cx->tmp, hi);
    return RL_OK;
}
