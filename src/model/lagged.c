#include "model/lagged.h"

#include <math.h>
#include <string.h>

/* --- the outcome and its own lags ----------------------------------------------------------- */

static void find_column(void *user, const char *col, bool number, size_t at)
{
    const char **c = user;
    (void)number;
    (void)at;
    if (c[1] != NULL && strcmp(c[1], col) == 0) c[0] = col;
}

static bool is_past(const rl_carries *c, size_t at)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].at == at) return true;
    return false;
}

/* A term of the outcome must be a lag of it as it stands, in a regression. */
static rl_code check_past(const rl_lagged *l, const rl_expr *inner, rl_ctx *cx)
{
    const char *column[2] = {NULL, rl_expr_column(inner)};
    for (size_t i = 0; i < l->p.n; i++) {
        const rl_piece *x = &l->p.v[i];
        column[0] = NULL;
        rl_expr_columns(x->e, true, find_column, column);
        if (column[0] == NULL || is_past(&l->past, x->at)) continue;
        rl_fail(cx, RL_EUSAGE, "--response: '%s' is made of the outcome '%s', but is no lag of it",
                l->r->est[x->at].label.term, l->f->y->text);
        return rl_hint(cx, "write lags of the outcome as it stands: lag(%s,1)", l->f->y->text);
    }
    for (size_t i = 0; i < l->past.n; i++) {
        const rl_carry *c = &l->past.v[i];
        const char *term = l->r->est[c->at].label.term;
        for (size_t j = 0; j < c->n_hops; j++)
            if (c->hop[j].kind >= RL_HOP_BEND)
                return rl_fail(cx, RL_EUSAGE, "--response: '%s' bends the outcome's own past: no one response", term);
        if (l->r->estimator->family == RL_LINEAR) continue;
        rl_fail(cx, RL_EUSAGE,
                "--response: '%s' stands in the index of estimator '%s', so responses are not the same everywhere",
                term, l->r->estimator->name);
        return rl_hint(cx, "use lags of the regressors alone, or --estimator ols");
    }
    return RL_OK;
}

static bool lags_of(const rl_expr *e, const char *y)
{
    return e->op == RL_OP_FN && e->fn == RL_FN_LAG && strcmp(e->a->text, y) == 0;
}

/* An estimator's own error-correction form calls the level of the outcome `ec`, in place of its lags. */
static rl_code check_ec(const rl_lagged *l, rl_ctx *cx)
{
    const char *y = l->f->y->text;
    bool ec = false, asked = l->f->y->op == RL_OP_FN && l->f->y->fn == RL_FN_DIFF, there = false;
    for (size_t i = 0; i < l->r->m; i++) ec |= strcmp(l->r->est[i].label.term, "ec") == 0;
    for (size_t j = 0; j < l->f->n_terms; j++)
        for (size_t i = 0; i < l->f->term[j].n; i++) asked |= lags_of(l->f->term[j].var[i], y);
    for (size_t i = 0; i < l->p.n; i++) there |= lags_of(l->p.v[i].e, y);
    if (!ec || !asked || there) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--response: in this form the level of the outcome is the estimate 'ec'");
    return rl_hint(cx, "ask for it with --method levels: the same regression and the same response");
}

static rl_code find_outcome(rl_lagged *l, rl_ctx *cx)
{
    const rl_expr *y = l->f->y, *inner = y;
    rl_carries own, below;
    RL_TRY(check_ec(l, cx));
    RL_TRY(rl_carry_find(&l->p, y->text, &own, l->keep, cx));
    while (inner->op == RL_OP_FN && inner->fn == RL_FN_DIFF) inner = inner->a;
    RL_TRY(rl_carry_find(&l->p, inner->text, &below, l->keep, cx));
    bool level = below.n > own.n; /* an error-correction form: the level answers */
    l->y = level ? inner : y;
    l->past = level ? below : own;
    return check_past(l, inner, cx);
}

/* --- rows in time ------------------------------------------------------------------------------ */

static rl_code set_scene(rl_lagged *l, const char *unit_name, const char *time_name, rl_ctx *cx)
{
    const rl_table *t = l->t;
    unsigned char *all = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(all, 1, t->n);
    rl_groups *unit = NULL;
    const rl_col *c;
    if (unit_name != NULL) {
        RL_TRY(rl_table_need(t, unit_name, "--unit", &c, cx));
        unit = RL_NEW(cx->tmp, rl_groups, 1);
        rl_groups_of(c, t->n, unit, cx->tmp, cx);
    }
    int32_t *at = RL_NEW(cx->tmp, int32_t, t->n);
    RL_TRY(rl_table_need(t, time_name, "--time", &c, cx));
    RL_TRY(rl_times_of(t, c, l->req->calendar, l->req->numbered, &l->clock, at, cx));
    l->scene = (rl_scene){.t = t,
                          .keep = all,
                          .na_drop = true,
                          .formula = l->f->text,
                          .unit_name = unit_name,
                          .time_name = time_name,
                          .unit = unit,
                          .at = at};
    return RL_OK;
}

rl_code rl_lagged_open(const rl_request *req, const rl_formula *f, const char *unit, const char *time,
                       const rl_table *t, const rl_result *r, rl_lagged *out, rl_arena *keep, rl_ctx *cx)
{
    *out = (rl_lagged){.req = req, .t = t, .r = r, .f = f, .keep = keep};
    if (time == NULL) {
        rl_fail(cx, RL_EUSAGE, "--response needs to know the time of a row");
        return rl_hint(cx, "add --panel UNIT,TIME, or --time COL for one series");
    }
    RL_TRY(set_scene(out, unit, time, cx));
    rl_pieces_of(r, f, &out->p, keep, cx);
    return find_outcome(out, cx);
}

rl_period_kind rl_lagged_step(const rl_lagged *l)
{
    return l->clock.cal.kind != RL_PERIOD_NONE ? l->clock.cal.kind : l->req->step;
}

int rl_lagged_quarter(const rl_lagged *l)
{
    rl_period_kind k = rl_lagged_step(l);
    return k == RL_MONTH ? 3 : k == RL_WEEK ? 13 : k == RL_DAY ? 91 : 1;
}

/* --- estimates in use ----------------------------------------------------------------------------- */

static void take(rl_places *s, int at)
{
    if (at < 0 || s->at[at] >= 0) return;
    s->at[at] = (int)s->q;
    s->use[s->q++] = (size_t)at;
}

rl_places rl_lagged_places(const rl_lagged *l, const rl_carries *x, const char *segment, rl_ctx *cx)
{
    size_t n = x->n + l->past.n;
    bool any = segment != NULL && *segment == '\0';
    rl_places s = {RL_NEW(cx->tmp, int, l->r->m), RL_NEW(l->keep, size_t, l->r->m), 0};
    for (size_t i = 0; i < l->r->m; i++) s.at[i] = -1;
    for (size_t i = 0; i < n; i++) {
        const rl_carry *c = i < x->n ? &x->v[i] : &l->past.v[i - x->n];
        if (!rl_lagged_of(c, segment, any)) continue;
        take(&s, (int)c->at);
        for (size_t j = 0; j < c->n_hops; j++) {
            take(&s, c->hop[j].at[0]);
            take(&s, c->hop[j].at[1]);
        }
    }
    return s;
}

rl_mat rl_lagged_covariance(const rl_lagged *l, const rl_places *s)
{
    rl_mat V = rl_mat_new(s->q, s->q, l->keep);
    for (size_t j = 0; j < s->q; j++)
        for (size_t i = 0; i < s->q; i++) *rl_mat_at(&V, i, j) = l->r->V[s->use[i] + s->use[j] * l->r->m];
    return V;
}

/* Of the result, or the fewest of the estimates in use. */
double rl_lagged_freedom(const rl_lagged *l, const rl_places *s)
{
    double df = l->r->df;
    if (!isnan(df)) return df;
    for (size_t i = 0; i < s->q; i++) df = fmin(df, l->r->est[s->use[i]].df);
    return df;
}

double rl_quadratic(const double *g, const rl_mat *V)
{
    double s = 0;
    for (size_t j = 0; j < V->k; j++)
        for (size_t i = 0; i < V->n && g[j] != 0; i++) s += g[i] * *rl_mat_at(V, i, j) * g[j];
    return s > 0 ? s : 0;
}

/* --- the outcome's own past: A(L) y = .., phi = -A ----------------------------------------------------- */

rl_feedback rl_lagged_feedback(const rl_lagged *l, const rl_places *s, const char *segment, rl_ctx *cx)
{
    rl_feedback f = {0};
    size_t reach = 0;
    for (const rl_expr *e = l->f->y; e != l->y; e = e->a) reach += (size_t)e->lo;
    for (size_t i = 0; i < l->past.n; i++) {
        size_t r = rl_carry_reach(&l->past.v[i]);
        if (r > reach) reach = r;
    }
    if (reach == 0) return f;
    f = (rl_feedback){.n = reach,
                      .phi = RL_NEW(l->keep, double, reach),
                      .dphi = rl_mat_new(s->q, reach, l->keep),
                      .d_sum = RL_NEW(l->keep, double, s->q),
                      .units = l->r->units,
                      .periods = l->r->periods};
    rl_impulse own = rl_impulse_new(reach + 1, s->q, 1, cx->tmp);
    for (const rl_expr *e = l->f->y; e != l->y; e = e->a) rl_impulse_diff(&own, (size_t)e->lo);
    rl_impulse_scale(&own, -1, RL_IMPULSE_GIVEN);
    for (size_t i = 0; i < l->past.n; i++) {
        const rl_carry *c = &l->past.v[i];
        if (!rl_lagged_of(c, segment, false)) continue;
        rl_impulse p = rl_impulse_new(reach + 1, s->q, 1, cx->tmp);
        rl_impulse_lag(&p, (size_t)c->shift);
        for (size_t j = 0; j < c->n_hops; j++) {
            if (c->hop[j].kind == RL_HOP_DIFF) rl_impulse_diff(&p, (size_t)c->hop[j].k);
            if (c->hop[j].kind == RL_HOP_TIMES) rl_impulse_scale(&p, c->hop[j].p[0], RL_IMPULSE_GIVEN);
        }
        rl_impulse_scale(&p, l->r->est[c->at].estimate, s->at[c->at]);
        rl_impulse_add(&own, &p);
    }
    for (size_t i = 1; i <= reach; i++) {
        f.phi[i - 1] = own.psi[i];
        f.sum += own.psi[i];
        for (size_t j = 0; j < s->q; j++) {
            *rl_mat_at(&f.dphi, j, i - 1) = *rl_mat_at(&own.J, j, i);
            f.d_sum[j] += *rl_mat_at(&own.J, j, i);
        }
    }
    f.stable = rl_impulse_stable(f.phi, reach, RL_NEW(cx->tmp, double, 2 * reach));
    return f;
}

rl_code rl_lagged_fit(const rl_formula *formula, const rl_estimator *by, const rl_fit *fit, rl_feedback *out,
                      rl_ctx *cx)
{
    rl_estimate *est = RL_NEW(cx->tmp, rl_estimate, fit->m);
    rl_places s = {RL_NEW(cx->tmp, int, fit->m), RL_NEW(cx->tmp, size_t, fit->m), fit->m};
    for (size_t i = 0; i < fit->m; i++) {
        est[i] = (rl_estimate){.label = fit->label[i], .estimate = fit->b[i]};
        s.at[i] = (int)i;
        s.use[i] = i;
    }
    rl_result r = {.estimator = by, .est = est, .m = fit->m};
    rl_lagged l = {.r = &r, .f = formula, .keep = cx->tmp};
    rl_pieces_of(&r, formula, &l.p, cx->tmp, cx);
    RL_TRY(find_outcome(&l, cx));
    for (size_t i = 0; i < l.past.n; i++)
        if (l.past.v[i].segment != NULL)
            return rl_fail(cx, RL_EUSAGE, "the lags of the outcome differ by '%s'", l.past.v[i].factor);
    *out = rl_lagged_feedback(&l, &s, NULL, cx);
    return RL_OK;
}

/* In a series with a unit root the ratio follows Dickey and Fuller's law, not the normal's: 5 %, with a
 * constant (MacKinnon 2010, table 2).  A panel averages over its units. */
bool rl_feedback_told(const rl_feedback *f, const rl_mat *V, double crit)
{
    double t = (double)f->periods;
    if (f->units <= 1) crit = fmax(crit, 2.86154 + 2.8903 / t + 4.234 / (t * t) + 40.04 / (t * t * t));
    return 1 - f->sum > crit * sqrt(rl_quadratic(f->d_sum, V));
}
