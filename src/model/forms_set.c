/* What the data know of the parameters: the values an F test does not reject. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/forms_fit.h"
#include "model/reach.h"
#include "num/dist.h"
#include "num/ols.h"

enum { GRID = 16, HALVINGS = 14, COARSE_GRID = 4, COARSE_HALVINGS = 9 }; /* coarse: many rows, narrow sets */

static const double CLOSE = 1e-4;

/* A set [lo, hi] of values of one parameter; whether it goes to the ends of the box. */
typedef struct set {
    double lo, hi;
    bool lo_end, hi_end;
} set;

typedef struct judge {
    rl_search *s;
    const rl_point *best;
    double most; /* rss up to which a value fits */
    double level;
    int grid, halvings;
} judge;

/* --- words ----------------------------------------------------------------------------- */

static const char *number(double x, rl_arena *in)
{
    char buf[32];
    return rl_strdup(in, rl_num_text(buf, rl_round_digits(x, 3)));
}

/* The form with its parameters given: this one, and the other at its best. */
static const char *example(const judge *g, size_t j, double x, rl_arena *in)
{
    const rl_forms *f = g->s->forms;
    const rl_form_par *p = &f->par[j];
    rl_str s = rl_str_new(in);
    rl_str_addn(&s, p->form, strlen(p->form) - 1);
    for (size_t which = 0; which < rl_fn_pars(p->fn); which++)
        for (size_t i = 0; i < f->q; i++)
            if (f->par[i].which == which && strcmp(f->par[i].form, p->form) == 0)
                rl_str_addf(&s, ",%s", number(i == j ? x : g->best->theta[i], in));
    rl_str_addc(&s, ')');
    return rl_str_text(&s);
}

/* What an end of the box means. */
static const char *meaning(const rl_form_par *p, bool low)
{
    if (p->fn == RL_FN_ADSTOCK)
        return low ? "no carry-over is seen: take what is inside by itself"
                   : "the stock never wears off in these data: a trend or a shift in level may be what it follows";
    if (p->fn == RL_FN_HILL && p->which == 0)
        return low ? "all but the smallest values do the same: a yes or no would do"
                   : "no saturation is seen within the data: take what is inside by itself, or log1p of it";
    if (p->fn == RL_FN_HILL)
        return low ? "hardly any bend is seen: take log1p" : "it is a step at the half: a yes or no would do";
    return p->which == 1 && low ? "no delay is seen: take what is inside by itself" : "give both, or take almon()";
}

/* --- the set of one parameter --------------------------------------------------------------- */

/* A share of the way from the optimum to an end of the box. */
static double on_the_way(const judge *g, size_t j, double share, bool down)
{
    const rl_form_par *p = &g->s->forms->par[j];
    double from = g->best->theta[j], to = down ? g->best->lo[j] : g->best->hi[j];
    if (share >= 1) return to;
    return rl_form_box(p->fn, p->which).log ? from * rl_exp(share * rl_log(to / from)) : from + share * (to - from);
}

/* How far theta_j = x is from the optimum, the others at their best: 0 there, 1 where it just fits, and
 * nearly linear in between.  at: where the last one was found, and where this one is. */
static rl_code distance(const judge *g, size_t j, double x, rl_point *at, double *far, rl_ctx *cx)
{
    bool fixed[RL_FORMS_MOST] = {false};
    fixed[j] = true;
    at->theta[j] = x;
    RL_TRY(rl_search_improve(g->s, at, fixed, cx));
    *far = sqrt(fmax(0, at->rss - g->best->rss) / (g->most - g->best->rss));
    return RL_OK;
}

static rl_code one_side(const judge *g, size_t j, bool down, double *end, bool *reached, rl_ctx *cx)
{
    size_t q = g->s->forms->q, m = g->s->forms->m;
    rl_point at = rl_point_new(q, m, cx->tmp), inner = rl_point_new(q, m, cx->tmp);
    double in = 0, near = 0, far = 2, x, last = 0, mid = 0;
    rl_point_copy(&at, g->best, q, m);
    rl_point_copy(&inner, g->best, q, m);
    for (int i = 1; i <= g->grid; i++) { /* all of them: the set may have holes */
        RL_TRY(distance(g, j, on_the_way(g, j, (double)i / g->grid, down), &at, &x, cx));
        if (x > 1) {
            if ((double)(i - 1) / g->grid == in) far = x;
            continue;
        }
        in = (double)i / g->grid;
        near = x;
        rl_point_copy(&inner, &at, q, m);
    }
    *reached = in == 1;
    double out = in + 1.0 / g->grid;
    for (int i = 0; i < g->halvings && !*reached && fabs(last - 1) > CLOSE; i++) {
        double share = i % 4 == 3 ? 0.5 : fmin(fmax((1 - near) / (far - near), 0.02), 0.98);
        mid = in + share * (out - in);
        rl_point_copy(&at, &inner, q, m);
        RL_TRY(distance(g, j, on_the_way(g, j, mid, down), &at, &last, cx));
        if (last > 1) {
            out = mid;
            far = last;
            continue;
        }
        in = mid;
        near = last;
        rl_point_copy(&inner, &at, q, m);
    }
    *end = on_the_way(g, j, fabs(last - 1) > CLOSE ? in : mid, down);
    return RL_OK;
}

static rl_code set_of(const judge *g, size_t j, set *out, rl_ctx *cx)
{
    RL_TRY(one_side(g, j, true, &out->lo, &out->lo_end, cx));
    return one_side(g, j, false, &out->hi, &out->hi_end, cx);
}

/* --- verdicts ----------------------------------------------------------------------------------- */

/* Is the optimum at an end of the box? -1 the lower, +1 the upper. */
static int end_of(const rl_point *p, size_t j)
{
    double near = 1e-6 * (p->hi[j] - p->lo[j]);
    return p->theta[j] <= p->lo[j] + near ? -1 : p->theta[j] >= p->hi[j] - near ? 1 : 0;
}

static rl_code refuse_end(const judge *g, size_t j, const set *t, int end, rl_ctx *cx)
{
    const rl_form_par *p = &g->s->forms->par[j];
    rl_fail(cx, RL_EDATA,
            "the data do not tell the %s of '%s': the best is %s, an end of what was looked at; from %s to %s "
            "all fit at %g %%",
            p->word, p->form, number(g->best->theta[j], cx->tmp), number(t->lo, cx->tmp), number(t->hi, cx->tmp),
            100 * g->level);
    return rl_hint(cx, "%s; or give it, as in %s", meaning(p, end < 0), example(g, j, (t->lo + t->hi) / 2, cx->tmp));
}

static rl_code refuse_flat(const judge *g, size_t j, const set *t, rl_ctx *cx)
{
    const rl_form_par *p = &g->s->forms->par[j];
    rl_fail(cx, RL_EDATA, "the data cannot tell the %s of '%s': every one from %s to %s fits at %g %%", p->word,
            p->form, number(t->lo, cx->tmp), number(t->hi, cx->tmp), 100 * g->level);
    return rl_hint(cx, "give it, as in %s, or leave the form out; longer series or larger swings would tell",
                   example(g, j, end_of(g->best, j) == 0 ? g->best->theta[j] : (t->lo + t->hi) / 2, cx->tmp));
}

/* Where estimate and error would mislead. */
static void tell_set(const judge *g, size_t j, const set *t, rl_ctx *cx)
{
    const rl_form_par *p = &g->s->forms->par[j];
    double left = g->best->theta[j] - t->lo, right = t->hi - g->best->theta[j];
    bool lopsided = left > 1.5 * right || right > 1.5 * left, end = t->lo_end || t->hi_end;
    if (!lopsided && !end) return;
    rl_remark(
        cx, "search",
        "'%s': by the F test every %s from %s to %s fits at %g %%%s, the estimate being %s; the interval beside it is "
        "symmetric and says less",
        p->label, p->word, number(t->lo, cx->tmp), number(t->hi, cx->tmp), 100 * g->level,
        t->lo_end   ? ", down to the least that was looked at"
        : t->hi_end ? ", up to the most that was looked at"
                    : "",
        number(g->best->theta[j], cx->tmp));
}

/* Another optimum among the values that fit. */
static void tell_others(const judge *g, const rl_point *optimum, size_t count, rl_ctx *cx)
{
    const rl_forms *f = g->s->forms;
    for (size_t i = 1; i < count; i++) {
        if (!(optimum[i].rss <= g->most)) continue;
        for (size_t j = 0; j < f->q; j++) {
            double width = g->best->hi[j] - g->best->lo[j];
            if (!(fabs(optimum[i].theta[j] - g->best->theta[j]) > 0.05 * width)) continue;
            rl_remark(cx, "search", "another optimum fits nearly as well: '%s' at %s instead of %s", f->par[j].label,
                      number(optimum[i].theta[j], cx->tmp), number(g->best->theta[j], cx->tmp));
            return;
        }
    }
}

static rl_code judge_all(judge *g, const rl_point *optimum, size_t count, rl_ctx *cx)
{
    const rl_forms *f = g->s->forms;
    double each = 2 * (g->grid + g->halvings) * (f->q > 1 ? 10 : 1), budget = 2e9;
    bool cheap = g->s->cost * each * (double)f->q < budget;
    for (size_t j = 0; j < f->q; j++) {
        int end = end_of(g->best, j);
        set t = {g->best->lo[j], g->best->hi[j], true, true};
        if (!cheap && end == 0) continue;
        RL_TRY(set_of(g, j, &t, cx));
        if (t.lo_end && t.hi_end) return refuse_flat(g, j, &t, cx);
        if (end != 0) return refuse_end(g, j, &t, end, cx);
        tell_set(g, j, &t, cx);
    }
    if (!cheap)
        rl_remark(cx, "search",
                  "with so many rows the sets of parameters that fit were not searched: the intervals "
                  "rest on the optimum alone");
    tell_others(g, optimum, count, cx);
    return RL_OK;
}

rl_code rl_forms_fit(const rl_design *d, const rl_request *req, rl_fit *f, rl_ctx *cx)
{
    rl_search s;
    rl_point *optimum;
    size_t count;
    RL_TRY(rl_search_open(d, &s, cx));
    if (s.rank >= d->n) {
        rl_fail(cx, RL_EDATA, "%zu rows cannot carry %zu coefficients and %zu %s: no degree of freedom is left", d->n,
                s.rank - s.forms->q, s.forms->q, rl_plural("parameter", s.forms->q, cx->tmp));
        rl_hint_fewer_lags(d->formula, d->unit.G > 0 ? d->unit.G : 1, (int64_t)d->n, s.rank, cx);
        return rl_hint(cx, "give the parameters, use fewer regressors, or more rows");
    }
    RL_TRY(rl_search_start(&s, &optimum, &count, cx));
    double df = (double)(d->n - s.rank), t = rl_t_quantile(1 - (1 - req->level) / 2, df);
    double yy = rl_dot(NULL, s.y, s.y, d->n, cx);
    bool coarse = s.cost > 1e6;
    judge g = {&s,
               &optimum[0],
               optimum[0].rss * (1 + t * t / df),
               req->level,
               coarse ? COARSE_GRID : GRID,
               coarse ? COARSE_HALVINGS : HALVINGS};
    if (optimum[0].rss > 1e-24 * yy) RL_TRY(judge_all(&g, optimum, count, cx)); /* else a perfect fit */
    return rl_search_finish(&s, &optimum[0], f, cx);
}
