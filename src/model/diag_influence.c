/* Which single period moves a result most? */
#include "model/diag_list.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/diag_work.h"
#include "model/infer.h"
#include "num/dist.h"

enum { CELLS_MOST = 20000000 };

/* What is left out at a time: all rows of a period, or a row when there is no time. */
typedef struct periods {
    size_t G;
    const int32_t *code; /* NULL: row by row */
    rl_mat change;       /* G-by-m  what the estimates lose with it, about; exactly where a period is a row of
                                    least squares */
} periods;

static rl_code changes(const rl_diag *g, periods *p, rl_ctx *cx)
{
    const rl_design *d = g->d;
    const rl_fit *f = g->f;
    bool rows = d->time.G == 0 || d->time.G == d->n;
    *p = (periods){.G = rows ? d->n : d->time.G, .code = rows ? NULL : d->time.code};
    if (f->psi == NULL)
        return rl_fail(cx, RL_EUSAGE, "--test %s: this estimator does not say what each row adds", g->spec->text);
    if ((double)p->G * (double)f->m > CELLS_MOST)
        return rl_fail(cx, RL_EDATA, "--test %s: %zu periods and %zu estimates are too many", g->spec->text, p->G,
                       f->m);
    p->change = rl_mat_new(p->G, f->m, cx->tmp);
    RL_TRY(f->psi->sum_by(f->psi, p->code, p->G, &p->change, cx));
    const rl_core *c = f->core;
    if (!rows || c == NULL || f->family != RL_LINEAR || c->working || c->row_of != NULL) return RL_OK;
    double *h = RL_NEW(cx->tmp, double, d->n);
    if (rl_full_leverage(d, c, h, cx) != RL_OK) { /* too many effects: to the first order */
        rl_forgive(cx);
        return RL_OK;
    }
    for (size_t j = 0; j < f->m; j++)
        for (size_t i = 0; i < d->n; i++) *rl_mat_at(&p->change, i, j) /= fmax(1 - h[i], 1e-8);
    return RL_OK;
}

static const char *period_name(const rl_diag *g, const periods *p, size_t at, rl_ctx *cx)
{
    const rl_design *d = g->d;
    if (p->code != NULL) return rl_diag_when(g, d->time_at[at], cx->tmp);
    if (d->at != NULL) return rl_diag_when(g, d->at[at], cx->tmp);
    size_t r = d->row[at];
    return rl_sprintf(cx->tmp, "data row %llu", (unsigned long long)(d->t->row != NULL ? d->t->row[r] : r) + 1);
}

static const rl_estimate *same(const rl_result *r, const rl_label *l)
{
    for (size_t i = 0; i < r->m; i++) {
        const rl_label *x = &r->est[i].label;
        if (strcmp(x->term, l->term) == 0 && x->event == l->event && x->group == l->group && x->time == l->time)
            return &r->est[i];
    }
    return NULL;
}

static const char *turn(const rl_estimate *was, const rl_estimate *is, double alpha)
{
    bool before = was->p_value < alpha, now = is->p_value < alpha;
    if ((was->estimate < 0) != (is->estimate < 0))
        return before || now ? " and changes its sign" : " (noise either way)";
    if (before && !now) return " and is no longer significant";
    if (!before && now) return " and becomes significant";
    return "";
}

/* Without period `at` the fit is made again, under its own covariance. */
static rl_code without(const rl_diag *g, const periods *p, size_t at, size_t j, rl_test *t, bool *turned, rl_ctx *cx)
{
    const rl_design *d = g->d;
    rl_result r;
    char a[32], b[32];
    unsigned char *leave = RL_NEW(cx->tmp, unsigned char, d->t->n);
    if (g->req->leave != NULL) memcpy(leave, g->req->leave, d->t->n);
    for (size_t i = 0; i < d->n; i++)
        if ((p->code != NULL ? (size_t)p->code[i] : i) == at) leave[d->row[i]] = 1;
    rl_diag_ask ask = {.leave = leave};
    if (rl_diag_refit(g, &ask, NULL, &r, cx) != RL_OK) return rl_context(cx, "--test %s: ", g->spec->text);
    const rl_estimate *was = &g->out->est[j], *is = same(&r, &was->label);
    const char *when = period_name(g, p, at, cx), *term = rl_label_text(&was->label, cx->tmp);
    *t = (rl_test){
        .kind = "change in standard errors", .df = NAN, .df2 = NAN, .p_value = NAN, .variable = term, .model = when};
    if (is == NULL || !isfinite(is->estimate)) {
        t->statistic = *rl_mat_at(&p->change, at, j) / was->std_error;
        t->says = rl_sprintf(cx->tmp, "'%s' is known from '%s' alone: without it there is no estimate", term, when);
        t->verdict = RL_PROBLEM;
        *turned = true;
        return RL_OK;
    }
    const char *how = turn(was, is, 1 - g->req->level);
    *turned = strstr(how, "sig") != NULL;
    t->statistic = (was->estimate - is->estimate) / was->std_error;
    t->verdict = *turned ? RL_PROBLEM : fabs(t->statistic) > 1 ? RL_CAUTION : RL_FINE;
    t->says = rl_sprintf(cx->tmp, "without '%s' '%s' goes from %s to %s%s%s", when, term,
                         rl_num_text(a, rl_round_digits(was->estimate, 4)),
                         rl_num_text(b, rl_round_digits(is->estimate, 4)), how,
                         *turned || fabs(t->statistic) > 1 ? ": find out what happened then, and show both"
                                                           : "; no single period carries the result");
    return RL_OK;
}

rl_code rl_diag_influence(const rl_diag *g, rl_ctx *cx)
{
    periods p;
    size_t at = 0, which = SIZE_MAX, turn_at = 0, turn_which = SIZE_MAX;
    double most = 0, turn_most = 0, crit = rl_t_quantile(0.5 + g->req->level / 2, 0);
    rl_test t;
    bool turned;
    if (g->f->perfect)
        return rl_fail(cx, RL_EDATA, "--test %s: a perfect fit has no influential period", g->spec->text);
    RL_TRY(changes(g, &p, cx));
    for (size_t j = 0; j < g->f->m; j++) {
        const rl_estimate *e = &g->out->est[j];
        if (!(e->std_error > 0) || strcmp(e->label.term, "(Intercept)") == 0) continue;
        for (size_t i = 0; i < p.G; i++) {
            double v = fabs(*rl_mat_at(&p.change, i, j)) / e->std_error;
            double now = e->statistic - *rl_mat_at(&p.change, i, j) / e->std_error;
            if (v > most) most = v, at = i, which = j;
            bool other = (fabs(e->statistic) > crit) != (fabs(now) > crit);
            if (other && v > turn_most) turn_most = v, turn_at = i, turn_which = j;
        }
    }
    if (which == SIZE_MAX) return rl_fail(cx, RL_EDATA, "--test %s: no estimate has a standard error", g->spec->text);
    RL_TRY(without(g, &p, at, which, &t, &turned, cx));
    rl_diag_add(g, t);
    if (turned || turn_which == SIZE_MAX || (turn_which == which && turn_at == at)) return RL_OK;
    RL_TRY(without(g, &p, turn_at, turn_which, &t, &turned, cx));
    if (turned) rl_diag_add(g, t);
    return RL_OK;
}
