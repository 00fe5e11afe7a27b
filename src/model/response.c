#include "model/response.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/str.h"
#include "model/eval.h"
#include "num/dist.h"
#include "num/supt.h"

enum { FAR = 1200, MOST_DEFAULT = 36, SOME = 12 };

typedef struct work {
    const rl_request *req;
    const rl_design *d;
    rl_result *out;
    rl_pieces p;
    const rl_expr *y; /* what responds                                 */
    rl_carries past;  /* its own lags                                  */
    rl_scene scene;
    unsigned char *all; /* n of t, 1: the rows of the scene              */
    rl_arena *keep;
    rl_ctx *cx;
} work;

/* --- what is asked for ------------------------------------------------------------------- */

rl_code rl_response_parse(const char *text, const char **col, int *h, rl_arena *in, rl_ctx *cx)
{
    const char *comma = strrchr(text, ',');
    char *end = NULL;
    *col = rl_strdup(in, text);
    *h = -1;
    if (comma != NULL && strchr(comma, ')') == NULL) {
        long x = strtol(comma + 1, &end, 10);
        if (end == comma + 1 || *end != '\0' || x < 0 || x > 100000) {
            rl_fail(cx, RL_EUSAGE, "--response %s: '%s' is not a number of periods", text, comma + 1);
            return rl_hint(cx, "write --response COL or --response COL,12");
        }
        *h = (int)x;
        *col = rl_strndup(in, text, (size_t)(comma - text));
    }
    if (**col == '\0') return rl_fail(cx, RL_EUSAGE, "--response %s: no regressor is named", text);
    return RL_OK;
}

/* The regressor as labels spell it: without blanks and backticks. */
static const char *spelled(const work *w, const char *col)
{
    rl_formula f;
    rl_ctx *cx = w->cx;
    for (size_t i = 0; i < w->p.n; i++)
        if (strcmp(w->p.v[i].e->text, col) == 0) return col;
    if (rl_formula_parse(rl_sprintf(cx->tmp, "y ~ %s", col), &f, w->keep, cx) == RL_OK && f.n_terms == 1 &&
        f.term[0].n == 1)
        return f.term[0].text;
    rl_forgive(cx);
    return col;
}

static rl_code unknown(const work *w, const char *col)
{
    size_t n;
    const char **known = rl_carry_bases(&w->p, false, &n, w->cx->tmp), *near = rl_nearest(col, known, n);
    rl_str list = rl_str_new(w->cx->tmp);
    for (size_t i = 0; i < n && list.n < 150; i++) rl_str_addf(&list, "%s%s", i ? " " : "", known[i]);
    if (strcmp(col, w->p.f->y->text) == 0)
        rl_fail(w->cx, RL_EUSAGE, "--response %s: that is the outcome: it responds to regressors", col);
    else
        rl_fail(w->cx, RL_EUSAGE, "--response %s: no number of the formula is made of '%s'", col, col);
    if (near != NULL) return rl_hint(w->cx, "did you mean '%s'?", near);
    return n > 0 ? rl_hint(w->cx, "known: %s", rl_str_text(&list)) : RL_EUSAGE;
}

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

static rl_code find_outcome(work *w)
{
    const rl_expr *y = w->p.f->y, *inner = y;
    rl_carries own, below;
    RL_TRY(rl_carry_find(&w->p, y->text, &own, w->keep, w->cx));
    while (inner->op == RL_OP_FN && inner->fn == RL_FN_DIFF) inner = inner->a;
    RL_TRY(rl_carry_find(&w->p, inner->text, &below, w->keep, w->cx));
    bool level = below.n > own.n; /* an error-correction form: the level answers */
    w->y = level ? inner : y;
    w->past = level ? below : own;
    const char *column[2] = {NULL, rl_expr_column(inner)};
    for (size_t i = 0; i < w->p.n; i++) {
        const rl_piece *x = &w->p.v[i];
        column[0] = NULL;
        rl_expr_columns(x->e, true, find_column, column);
        if (column[0] == NULL || is_past(&w->past, x->at)) continue;
        rl_fail(w->cx, RL_EUSAGE, "--response: '%s' is made of the outcome '%s', but is no lag of it",
                w->out->est[x->at].label.term, y->text);
        return rl_hint(w->cx, "write lags of the outcome as it stands: lag(%s,1)", y->text);
    }
    for (size_t i = 0; i < w->past.n; i++) {
        const rl_carry *c = &w->past.v[i];
        for (size_t j = 0; j < c->n_hops; j++)
            if (c->hop[j].kind == RL_HOP_BEND)
                return rl_fail(w->cx, RL_EUSAGE, "--response: '%s' bends the outcome's own past: no one response",
                               w->out->est[c->at].label.term);
        if (w->out->estimator->family == RL_LINEAR) continue;
        rl_fail(w->cx, RL_EUSAGE,
                "--response: '%s' stands in the index of estimator '%s', so responses are not the "
                "same everywhere",
                w->out->est[c->at].label.term, w->out->estimator->name);
        return rl_hint(w->cx, "use lags of the regressors alone, or --estimator ols");
    }
    return RL_OK;
}

/* --- paths ---------------------------------------------------------------------------------- */

static bool of_segment(const rl_carry *c, const char *segment)
{
    return c->segment == NULL || (segment != NULL && strcmp(c->segment, segment) == 0);
}

/* The mean of an expression over the rows used. */
static rl_code mean_of(work *w, const rl_expr *e, double *mean)
{
    double *v = RL_NEW(w->cx->tmp, double, w->d->t->n), sum = 0, n = 0;
    RL_TRY(rl_eval(&w->scene, e, 0, v, w->cx));
    for (size_t i = 0; i < w->d->n; i++) {
        if (isnan(v[w->d->row[i]])) continue;
        sum += v[w->d->row[i]];
        n++;
    }
    *mean = sum / n;
    return RL_OK;
}

static double slope_of(rl_fn fn, double x)
{
    switch (fn) {
    case RL_FN_LOG:
        return 1 / x;
    case RL_FN_LOG1P:
        return 1 / (1 + x);
    case RL_FN_EXP:
        return rl_exp(x);
    case RL_FN_SQRT:
        return 0.5 / sqrt(x);
    default:
        return x < 0 ? -1 : 1;
    }
}

static rl_code hop(work *w, const rl_hop *s, rl_impulse *p)
{
    double mean;
    switch (s->kind) {
    case RL_HOP_LAG:
        return RL_OK; /* all at once: some may look ahead */
    case RL_HOP_DIFF:
        rl_impulse_diff(p, (size_t)s->k);
        return RL_OK;
    case RL_HOP_TIMES:
        rl_impulse_scale(p, s->p[0], RL_IMPULSE_GIVEN);
        return RL_OK;
    case RL_HOP_BEND:
        RL_TRY(mean_of(w, s->of, &mean));
        rl_impulse_scale(p, slope_of(s->e->fn, mean), RL_IMPULSE_GIVEN);
    }
    return RL_OK;
}

/* Place of each estimate among those in use, -1 = not. */
typedef struct places {
    int *at;
    size_t *use, q;
} places;

static places places_of(const work *w, const rl_carries *x, const char *segment)
{
    places s = {RL_NEW(w->cx->tmp, int, w->out->m), RL_NEW(w->keep, size_t, x->n + w->past.n), 0};
    for (size_t i = 0; i < w->out->m; i++) s.at[i] = -1;
    for (size_t i = 0; i < x->n + w->past.n; i++) {
        const rl_carry *c = i < x->n ? &x->v[i] : &w->past.v[i - x->n];
        if (!of_segment(c, segment) || s.at[c->at] >= 0) continue;
        s.at[c->at] = (int)s.q;
        s.use[s.q++] = c->at;
    }
    return s;
}

/* The weights of the outcome's own past: A(L) y = .., phi = -A. */
static rl_feedback feedback_of(const work *w, const places *s, const char *segment)
{
    rl_feedback f = {0};
    rl_ctx *cx = w->cx;
    size_t reach = 0;
    for (const rl_expr *e = w->p.f->y; e != w->y; e = e->a) reach += (size_t)e->lo;
    for (size_t i = 0; i < w->past.n; i++) {
        size_t r = (size_t)w->past.v[i].shift;
        for (size_t j = 0; j < w->past.v[i].n_hops; j++)
            if (w->past.v[i].hop[j].kind == RL_HOP_DIFF) r += (size_t)w->past.v[i].hop[j].k;
        if (r > reach) reach = r;
    }
    if (reach == 0) return f;
    f = (rl_feedback){
        reach, RL_NEW(w->keep, double, reach), rl_mat_new(s->q, reach, w->keep), false, w->out->units, w->out->periods};
    rl_impulse own = rl_impulse_new(reach + 1, s->q, 1, cx->tmp);
    for (const rl_expr *e = w->p.f->y; e != w->y; e = e->a) rl_impulse_diff(&own, (size_t)e->lo);
    rl_impulse_scale(&own, -1, RL_IMPULSE_GIVEN);
    for (size_t i = 0; i < w->past.n; i++) {
        const rl_carry *c = &w->past.v[i];
        if (!of_segment(c, segment)) continue;
        rl_impulse p = rl_impulse_new(reach + 1, s->q, 1, cx->tmp);
        rl_impulse_lag(&p, (size_t)c->shift);
        for (size_t j = 0; j < c->n_hops; j++) {
            if (c->hop[j].kind == RL_HOP_DIFF) rl_impulse_diff(&p, (size_t)c->hop[j].k);
            if (c->hop[j].kind == RL_HOP_TIMES) rl_impulse_scale(&p, c->hop[j].p[0], RL_IMPULSE_GIVEN);
        }
        rl_impulse_scale(&p, w->out->est[c->at].estimate, s->at[c->at]);
        rl_impulse_add(&own, &p);
    }
    for (size_t i = 1; i <= reach; i++) {
        f.phi[i - 1] = own.psi[i];
        memcpy(rl_mat_col(&f.dphi, i - 1), rl_mat_col(&own.J, i), s->q * sizeof(double));
    }
    f.stable = rl_impulse_stable(f.phi, reach, RL_NEW(cx->tmp, double, 2 * reach));
    return f;
}

static rl_code path_of(work *w, const rl_carries *x, const places *s, const char *segment, const rl_feedback *f,
                       size_t n, rl_impulse *out)
{
    *out = rl_impulse_new(n, s->q, 0, w->keep);
    for (size_t i = 0; i < x->n; i++) {
        const rl_carry *c = &x->v[i];
        if (!of_segment(c, segment)) continue;
        rl_impulse p = rl_impulse_new(n, s->q, 1, w->cx->tmp);
        rl_impulse_lag(&p, (size_t)c->shift);
        for (size_t j = 0; j < c->n_hops; j++) RL_TRY(hop(w, &c->hop[j], &p));
        rl_impulse_scale(&p, w->out->est[c->at].estimate, s->at[c->at]);
        rl_impulse_add(out, &p);
    }
    if (f->n > 0) rl_impulse_feed(out, f->phi, f->n, &f->dphi);
    out->fades = out->fades && (f->n == 0 || f->stable);
    return RL_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

static rl_mat covariance(const work *w, const places *s)
{
    rl_mat V = rl_mat_new(s->q, s->q, w->keep);
    for (size_t j = 0; j < s->q; j++)
        for (size_t i = 0; i < s->q; i++) *rl_mat_at(&V, i, j) = w->out->V[s->use[i] + s->use[j] * w->out->m];
    return V;
}

/* Degrees of freedom: of the result, or the fewest of the estimates in use. */
static double freedom(const work *w, const places *s)
{
    double df = w->out->df;
    if (!isnan(df)) return df;
    for (size_t i = 0; i < s->q; i++) df = fmin(df, w->out->est[s->use[i]].df);
    return df;
}

static rl_banded *banded(const work *w, const double *est, const rl_mat *G, const rl_mat *V, double point, double crit)
{
    rl_banded *row = RL_NEW(w->keep, rl_banded, G->k);
    for (size_t h = 0; h < G->k; h++) {
        rl_summary s = rl_response_figure(est[h], rl_mat_col(G, h), V, point);
        row[h] = (rl_banded){s.est, s.se, s.low, s.high, s.est - crit * s.se, s.est + crit * s.se};
    }
    return row;
}

static void rows(const work *w, rl_response *s, const rl_impulse *p, const rl_mat *V, double df, double point)
{
    double *sum = RL_NEW(w->cx->tmp, double, s->n), crit[2];
    rl_mat G[2] = {p->J, rl_mat_new(p->q, s->n, w->cx->tmp)};
    G[0].k = s->n;
    for (size_t h = 0; h < s->n; h++) {
        sum[h] = p->psi[h] + (h > 0 ? sum[h - 1] : 0);
        for (size_t j = 0; j < p->q; j++)
            *rl_mat_at(&G[1], j, h) = *rl_mat_at(&p->J, j, h) + (h > 0 ? *rl_mat_at(&G[1], j, h - 1) : 0);
    }
    rl_supt(G, 2, V, df, w->out->level, point, w->cx->seed, crit, w->cx);
    s->crit_impulse = crit[0];
    s->crit_cumulative = crit[1];
    s->impulse = banded(w, p->psi, &G[0], V, point, crit[0]);
    s->cumulative = banded(w, sum, &G[1], V, point, crit[1]);
}

/* Where to stop when nobody says: behind the last lag; when 98 % are in; or after a year or so. */
static size_t horizon_of(const rl_impulse *p, const rl_carries *x, bool goes_on)
{
    size_t last = 0, h = 0;
    double sum = 0;
    for (size_t i = 0; i < x->n; i++) {
        size_t reach = (size_t)x->v[i].shift;
        for (size_t j = 0; j < x->v[i].n_hops; j++)
            if (x->v[i].hop[j].kind == RL_HOP_DIFF) reach += (size_t)x->v[i].hop[j].k;
        last = reach > last ? reach : last;
    }
    if (!goes_on) return last;
    if (!p->fades) return last > SOME ? last : SOME;
    for (; h < MOST_DEFAULT; h++) {
        sum += p->psi[h];
        if (fabs(p->total - sum) <= 0.02 * fabs(p->total)) break;
    }
    return h > last ? h : last;
}

/* --- units ---------------------------------------------------------------------------------------- */

static bool is_log(const rl_expr *e) { return e->op == RL_OP_FN && (e->fn == RL_FN_LOG || e->fn == RL_FN_LOG1P); }
static bool is_bend(const rl_expr *e) { return e->op == RL_OP_FN && e->fn <= RL_FN_ABS; }

/* From the units of the regression to those of the columns, at the observed means. */
static rl_code units(work *w, rl_response *s, const rl_expr *x)
{
    rl_family family = w->out->estimator->family;
    const rl_expr *y = w->y, *ybar = is_bend(y) ? y->a : y, *xbar = is_bend(x) ? x->a : x;
    s->log_outcome = is_log(y) || family == RL_POISSON;
    s->log_variable = is_log(x);
    s->outcome_unit = rl_strdup(w->keep, ybar->text);
    s->variable_unit = rl_strdup(w->keep, xbar->text);
    RL_TRY(mean_of(w, ybar, &s->mean_outcome));
    RL_TRY(mean_of(w, xbar, &s->mean_variable));
    s->factor = 1;
    if (is_bend(x)) s->factor *= slope_of(x->fn, s->mean_variable);
    if (is_bend(y)) s->factor /= slope_of(y->fn, s->mean_outcome);
    if (family == RL_POISSON) s->factor *= s->mean_outcome;
    if (family == RL_LOGIT) s->factor *= s->mean_outcome * (1 - s->mean_outcome);
    if (!isfinite(s->factor)) s->factor = NAN;
    return RL_OK;
}

static const char *period_of(const work *w)
{
    rl_period_kind k = w->d->clock.cal.kind != RL_PERIOD_NONE ? w->d->clock.cal.kind : w->req->step;
    return k == RL_PERIOD_NONE ? "period" : rl_period_name(k);
}

/* Periods of a quarter: what comes later comes "after the quarter ends". */
static int quarter_of(const work *w)
{
    rl_period_kind k = w->d->clock.cal.kind != RL_PERIOD_NONE ? w->d->clock.cal.kind : w->req->step;
    return k == RL_MONTH ? 3 : k == RL_WEEK ? 13 : k == RL_DAY ? 91 : 1;
}

/* --- one response ------------------------------------------------------------------------------- */

static rl_code respond(work *w, const rl_carries *x, const char *segment, const char *name, int h, rl_response *s)
{
    places at = places_of(w, x, segment);
    rl_feedback f = feedback_of(w, &at, segment);
    bool goes_on = f.n > 0;
    size_t reach = h >= 0 ? (size_t)h + 1 : 1;
    for (size_t i = 0; i < x->n; i++) {
        size_t r = (size_t)x->v[i].shift + 1;
        for (size_t j = 0; j < x->v[i].n_hops; j++)
            if (x->v[i].hop[j].kind == RL_HOP_DIFF) r += (size_t)x->v[i].hop[j].k;
        reach = r > reach ? r : reach;
    }
    rl_impulse *p = RL_NEW(w->keep, rl_impulse, 1);
    RL_TRY(path_of(w, x, &at, segment, &f, goes_on ? reach + FAR : reach, p));
    rl_mat V = covariance(w, &at);
    double df = freedom(w, &at), crit = rl_t_quantile(0.5 + w->out->level / 2, df);
    *s = (rl_response){.variable = rl_strdup(w->keep, x->v[0].base->text),
                       .outcome = rl_strdup(w->keep, w->y->text),
                       .segment = name,
                       .period = period_of(w),
                       .level = w->out->level,
                       .after = quarter_of(w),
                       .leads = x->leads,
                       .path = p,
                       .use = at.use};
    s->n = (h >= 0 ? (size_t)h : horizon_of(p, x, goes_on)) + 1;
    rows(w, s, p, &V, df, crit);
    rl_response_sum(s, p, &f, &V, crit, w->keep, w->cx);
    RL_TRY(units(w, s, x->v[0].base));
    rl_response_words(s, w->keep);
    return RL_OK;
}

static rl_response *room(work *w)
{
    rl_result *r = w->out;
    r->response = rl_regrow(w->keep, r->response, r->n_responses, r->n_responses + 1, sizeof *r->response);
    return &r->response[r->n_responses++];
}

/* Each segment; and the reference level, when a term without a level is there. */
static rl_code segments(work *w, const rl_carries *x, int h)
{
    bool plain = false;
    size_t n = 0;
    const char **segment = RL_NEW(w->cx->tmp, const char *, x->n + w->past.n), *factor = NULL;
    for (size_t i = 0; i < x->n + w->past.n; i++) {
        const rl_carry *c = i < x->n ? &x->v[i] : &w->past.v[i - x->n];
        bool known = false;
        if (c->segment == NULL) {
            plain = plain || i < x->n;
            continue;
        }
        if (factor != NULL && strcmp(factor, c->factor) != 0)
            return rl_fail(w->cx, RL_EUSAGE, "--response %s: it differs by '%s' and by '%s': too many segments",
                           x->v[0].base->text, factor, c->factor);
        factor = c->factor;
        for (size_t j = 0; j < n; j++) known |= strcmp(segment[j], c->segment) == 0;
        if (!known) segment[n++] = c->segment;
    }
    if (plain || factor == NULL)
        RL_TRY(respond(w, x, NULL, factor ? rl_sprintf(w->keep, "%s: reference level", factor) : NULL, h, room(w)));
    for (size_t j = 0; j < n; j++) RL_TRY(respond(w, x, segment[j], rl_strdup(w->keep, segment[j]), h, room(w)));
    return RL_OK;
}

static rl_code check_horizon(const work *w, const char *text, int h)
{
    if (h < 0 || (size_t)h < w->out->periods) return RL_OK;
    rl_fail(w->cx, RL_EUSAGE, "--response %s: a horizon of %d periods is longer than the data, which have %zu", text, h,
            w->out->periods);
    return rl_hint(w->cx, "ask for %zu or less", w->out->periods - 1);
}

static rl_code ask(work *w, const char *text)
{
    const char *col;
    int h;
    size_t n = 1;
    RL_TRY(rl_response_parse(text, &col, &h, w->keep, w->cx));
    if (h < 0) h = w->req->horizon;
    RL_TRY(check_horizon(w, text, h));
    const char *one[1], **base = one;
    bool all = strcmp(col, "all") == 0;
    if (all)
        base = rl_carry_bases(&w->p, w->past.n == 0, &n, w->keep);
    else
        one[0] = spelled(w, col);
    if (n == 0 && w->req->response_if_any) return RL_OK;
    if (n == 0) {
        rl_fail(w->cx, RL_EUSAGE, "--response all: no regressor acts later than in its own period");
        return rl_hint(w->cx, "write lags, as in lag(spend, 0:4)");
    }
    for (size_t i = 0; i < n; i++) {
        rl_carries x;
        rl_code code = rl_carry_find(&w->p, base[i], &x, w->keep, w->cx);
        if (all && code == RL_EUSAGE) { /* said and passed over: others may answer */
            rl_remark(w->cx, "response", "%s", w->cx->err.what);
            rl_forgive(w->cx);
            continue;
        }
        RL_TRY(code);
        if (x.n == 0 && !all) return unknown(w, base[i]);
        if (x.n > 0) RL_TRY(segments(w, &x, h));
    }
    return RL_OK;
}

/* --- all of them ----------------------------------------------------------------------------------- */

static rl_code set_scene(work *w)
{
    const rl_table *t = w->d->t;
    rl_ctx *cx = w->cx;
    w->all = RL_NEW(cx->tmp, unsigned char, t->n);
    memset(w->all, 1, t->n);
    rl_groups *unit = NULL;
    const rl_col *c;
    if (w->d->unit_name != NULL) {
        RL_TRY(rl_table_need(t, w->d->unit_name, "--unit", &c, cx));
        unit = RL_NEW(cx->tmp, rl_groups, 1);
        rl_groups_of(c, t->n, unit, cx->tmp, cx);
    }
    int32_t *at = RL_NEW(cx->tmp, int32_t, t->n);
    rl_clock clock;
    RL_TRY(rl_table_need(t, w->d->time_name, "--time", &c, cx));
    RL_TRY(rl_times_of(t, c, w->req->calendar, &clock, at, cx));
    w->scene = (rl_scene){.t = t,
                          .keep = w->all,
                          .na_drop = true,
                          .formula = w->d->formula->text,
                          .unit_name = w->d->unit_name,
                          .time_name = w->d->time_name,
                          .unit = unit,
                          .at = at};
    return RL_OK;
}

rl_code rl_response_run(const rl_request *req, const rl_design *d, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    work w = {.req = req, .d = d, .out = out, .keep = keep, .cx = cx};
    if (req->n_response == 0) return RL_OK;
    if (d->at == NULL) {
        if (req->response_if_any) return RL_OK;
        rl_fail(cx, RL_EUSAGE, "--response needs to know the time of a row");
        return rl_hint(cx, "add --panel UNIT,TIME, or --time COL for one series");
    }
    RL_TRY(set_scene(&w));
    rl_formula *f = RL_NEW(keep, rl_formula, 1);
    RL_TRY(rl_formula_parse(d->formula->text, f, keep, cx));
    rl_pieces_of(out, f, &w.p, keep, cx);
    RL_TRY(find_outcome(&w));
    for (size_t i = 0; i < req->n_response; i++) RL_TRY(ask(&w, req->response[i]));
    return RL_OK;
}
