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
    rl_lagged l;
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
    for (size_t i = 0; i < w->l.p.n; i++)
        if (strcmp(w->l.p.v[i].e->text, col) == 0) return col;
    if (rl_formula_parse(rl_sprintf(cx->tmp, "y ~ %s", col), &f, w->keep, cx) == RL_OK && f.n_terms == 1 &&
        f.term[0].n == 1)
        return f.term[0].text;
    rl_forgive(cx);
    return col;
}

static rl_code unknown(const work *w, const char *col)
{
    size_t n;
    const char **known = rl_carry_bases(&w->l.p, false, &n, w->cx->tmp), *near = rl_nearest(col, known, n);
    rl_str list = rl_str_new(w->cx->tmp);
    for (size_t i = 0; i < n && list.n < 150; i++) rl_str_addf(&list, "%s%s", i ? " " : "", known[i]);
    if (rl_carry_in(w->l.p.f, col)) {
        rl_fail(w->cx, RL_EUSAGE, "--response %s: what is made of it was left out of the fit, as collinear or constant",
                col);
        return rl_hint(w->cx, "a note names the columns; what does not vary by itself has no response");
    }
    if (strcmp(col, w->l.p.f->y->text) == 0)
        rl_fail(w->cx, RL_EUSAGE, "--response %s: that is the outcome: it responds to regressors", col);
    else
        rl_fail(w->cx, RL_EUSAGE, "--response %s: no number of the formula is made of '%s'", col, col);
    if (near != NULL) return rl_hint(w->cx, "did you mean '%s'?", near);
    return n > 0 ? rl_hint(w->cx, "known: %s", rl_str_text(&list)) : RL_EUSAGE;
}

/* --- paths ---------------------------------------------------------------------------------- */

/* The mean of an expression over the rows used. */
static rl_code mean_of(work *w, const rl_expr *e, double *mean)
{
    double *v = RL_NEW(w->cx->tmp, double, w->d->t->n), sum = 0, n = 0;
    RL_TRY(rl_eval(&w->l.scene, e, 0, v, w->cx));
    for (size_t i = 0; i < w->d->n; i++) {
        if (isnan(v[w->d->row[i]])) continue;
        sum += v[w->d->row[i]];
        n++;
    }
    *mean = sum / n;
    return RL_OK;
}

/* The mean of what hop j of a term is applied to, over the rows used: where parameters are estimated, by
 * walking there. */
static rl_code mean_before(work *w, const rl_carry *c, size_t j, double *mean)
{
    rl_ctx *cx = w->cx;
    rl_line rows;
    if (!rl_expr_is_free(c->hop[j].of)) return mean_of(w, c->hop[j].of, mean);
    RL_TRY(rl_scene_line(&w->l.scene, w->l.f->y, &rows, cx));
    const rl_track *t = &rows.track;
    double *v = RL_NEW(cx->tmp, double, w->l.t->n), *x = RL_NEW(cx->tmp, double, w->l.t->n), sum = 0, n = 0;
    RL_TRY(rl_eval(&w->l.scene, c->base, 0, x, cx));
    for (size_t p = 0, end; p < t->n; p = end) {
        for (end = p; end < t->n && (t->unit == NULL || t->unit[end] == t->unit[p]); end++)
            v[end] = isnan(x[rl_line_row(&rows, end)]) ? 0 : x[rl_line_row(&rows, end)];
        rl_carry_walk(c, j, v + p, end - p, v[p], cx->tmp);
    }
    for (size_t p = 0; p < t->n; p++) x[rl_line_row(&rows, p)] = v[p];
    for (size_t i = 0; i < w->d->n; i++, n++) sum += x[w->d->row[i]];
    *mean = sum / n;
    return RL_OK;
}

static rl_code hop(work *w, rl_carry *c, size_t j, const rl_places *s, rl_impulse *p)
{
    rl_hop *h = &c->hop[j];
    double by[2], weight[3][RL_STOCK_MOST];
    const double *const dw[] = {weight[1], weight[2]};
    const int at[] = {h->at[0] < 0 ? -1 : s->at[h->at[0]], h->at[1] < 0 ? -1 : s->at[h->at[1]]};
    switch (h->kind) {
    case RL_HOP_LAG:
        return RL_OK; /* all at once: some may look ahead */
    case RL_HOP_DIFF:
        rl_impulse_diff(p, (size_t)h->k);
        return RL_OK;
    case RL_HOP_TIMES:
        rl_impulse_scale(p, h->p[0], RL_IMPULSE_GIVEN);
        return RL_OK;
    case RL_HOP_STOCK:
        rl_impulse_stock(p, h->p[0], at[0]);
        return RL_OK;
    case RL_HOP_DELAY:
        rl_impulse_weigh(p, weight[0], rl_delay_weights(h->p, weight[0], weight[1], weight[2]), dw, at, 2, w->cx->tmp);
        return RL_OK;
    case RL_HOP_BEND:
    case RL_HOP_HILL:
        RL_TRY(mean_before(w, c, j, &h->mean));
        double slope = rl_bend_slope(h, h->mean, by);
        rl_impulse_bend(p, slope, by, at);
    }
    return RL_OK;
}

static rl_code path_of(work *w, const rl_carries *x, const rl_places *s, const char *segment, const rl_feedback *f,
                       size_t n, rl_impulse *out, rl_impulse *direct)
{
    *out = rl_impulse_new(n, s->q, 0, w->keep);
    for (size_t i = 0; i < x->n; i++) {
        rl_carry *c = &x->v[i];
        if (!rl_lagged_of(c, segment, false)) continue;
        rl_impulse p = rl_impulse_new(n, s->q, 1, w->cx->tmp);
        rl_impulse_lag(&p, (size_t)c->shift);
        for (size_t j = 0; j < c->n_hops; j++) RL_TRY(hop(w, c, j, s, &p));
        rl_impulse_scale(&p, w->out->est[c->at].estimate, s->at[c->at]);
        rl_impulse_add(out, &p);
    }
    if (w->req->parts != NULL) {
        *direct = rl_impulse_new(n, s->q, 0, w->cx->tmp);
        rl_impulse_add(direct, out);
    }
    if (f->n > 0) rl_impulse_feed(out, f->phi, f->n, &f->dphi);
    out->fades = out->fades && (f->n == 0 || f->stable);
    return RL_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

static rl_banded *banded(const work *w, const double *est, const rl_mat *G, const rl_mat *V, double point, double crit)
{
    rl_banded *row = RL_NEW(w->keep, rl_banded, G->k);
    for (size_t h = 0; h < G->k; h++) {
        rl_summary s = rl_response_figure(est[h], rl_mat_col(G, h), V, point);
        row[h] = (rl_banded){s.est, s.se, s.low, s.high, s.est - crit * s.se, s.est + crit * s.se};
    }
    return row;
}

/* Is it a linear function of the estimates? */
static bool linear(const rl_carries *x, const rl_feedback *f)
{
    bool free = f->n > 0;
    for (size_t i = 0; i < x->n; i++)
        for (size_t j = 0; j < x->v[i].n_hops; j++) free |= x->v[i].hop[j].at[0] >= 0;
    return !free;
}

static void rows(const work *w, rl_response *s, const rl_impulse *p, const rl_recipe *r, const rl_mat *V, double df,
                 double point)
{
    double *sum = RL_NEW(w->cx->tmp, double, s->n), crit[2];
    bool straight = linear(r->x, r->f);
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
    if (!straight) rl_response_draw(r, V, df, w->out->level, s->n, s->impulse, s->cumulative, w->cx);
}

/* Where to stop when nobody says: behind the last lag; when 98 % are in; or after a year or so. */
static size_t horizon_of(const rl_impulse *p, const rl_carries *x, bool goes_on)
{
    size_t last = 0, h = 0;
    double sum = 0;
    for (size_t i = 0; i < x->n; i++) {
        size_t reach = rl_carry_reach(&x->v[i]);
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
    const rl_expr *y = w->l.y, *ybar = is_bend(y) ? y->a : y, *xbar = is_bend(x) ? x->a : x;
    s->log_outcome = is_log(y) || family == RL_POISSON;
    s->log_variable = is_log(x);
    s->outcome_unit = rl_strdup(w->keep, ybar->text);
    s->variable_unit = rl_strdup(w->keep, xbar->text);
    RL_TRY(mean_of(w, ybar, &s->mean_outcome));
    RL_TRY(mean_of(w, xbar, &s->mean_variable));
    s->factor = 1;
    const rl_hop bend_x = {.kind = RL_HOP_BEND, .e = x}, bend_y = {.kind = RL_HOP_BEND, .e = y};
    double by[2];
    if (is_bend(x)) s->factor *= rl_bend_slope(&bend_x, s->mean_variable, by);
    if (is_bend(y)) s->factor /= rl_bend_slope(&bend_y, s->mean_outcome, by);
    if (family == RL_POISSON) s->factor *= s->mean_outcome;
    if (family == RL_LOGIT) s->factor *= s->mean_outcome * (1 - s->mean_outcome);
    if (!isfinite(s->factor)) s->factor = NAN;
    return RL_OK;
}

static const char *period_name(const rl_lagged *l)
{
    rl_period_kind k = rl_lagged_step(l);
    return k == RL_PERIOD_NONE ? "period" : rl_period_name(k);
}

/* What the long run divides by: 1 - sum phi, and 1 - rate of each stock whose rate is estimated. */
static void room_of(const work *w, const rl_carries *x, const char *segment, const rl_places *s, const rl_feedback *f,
                    rl_room *out)
{
    *out = (rl_room){1 - f->sum, RL_NEW(w->cx->tmp, double, s->q), f->n > 0, NAN};
    bool *seen = RL_NEW(w->cx->tmp, bool, s->q);
    for (size_t j = 0; j < s->q && f->n > 0; j++) out->g[j] = -f->d_sum[j];
    for (size_t i = 0; i < x->n; i++)
        for (size_t k = 0; k < x->v[i].n_hops; k++) {
            const rl_hop *h = &x->v[i].hop[k];
            if (!rl_lagged_of(&x->v[i], segment, false) || h->kind != RL_HOP_STOCK || h->at[0] < 0) continue;
            size_t at = (size_t)s->at[h->at[0]];
            if (seen[at]) continue;
            for (size_t j = 0; j < s->q; j++) out->g[j] *= 1 - h->p[0];
            out->g[at] -= out->room;
            out->room *= 1 - h->p[0];
            out->rate = isnan(out->rate) ? h->p[0] : fmax(out->rate, h->p[0]);
            seen[at] = out->divides = true;
        }
}

/* The sum over all periods where errors are a random walk: to first order of what differs. */
static void doubt(const work *w, rl_response *s, const rl_impulse *p, const rl_places *at, double crit)
{
    const rl_wander *a = w->out->wander;
    double *g = RL_NEW(w->cx->tmp, double, at->q), b0 = s->cumulative[s->n - 1].est, var = 0;
    if (a == NULL) return;
    for (size_t j = 0; j < at->q; j++) {
        for (size_t h = 0; h < s->n; h++) g[j] += *rl_mat_at(&p->J, j, h);
        b0 += g[j] * (a->b[at->use[j]] - w->out->est[at->use[j]].estimate);
    }
    for (size_t j = 0; j < at->q; j++)
        for (size_t i = 0; i < at->q; i++) var += g[i] * *rl_mat_at(&a->V, at->use[i], at->use[j]) * g[j];
    rl_response_doubt(s, a->chance, b0, sqrt(var), crit, w->keep);
}

/* --- for an average ----------------------------------------------------------------------------- */

static double *kept(const double *v, size_t n, rl_arena *in)
{
    double *copy = RL_NEW(in, double, n);
    memcpy(copy, v, n * sizeof *v);
    return copy;
}

static rl_mat kept_mat(const rl_mat *m, size_t n, size_t k, rl_arena *in)
{
    rl_mat copy = rl_mat_new(n, k, in);
    for (size_t j = 0; j < k; j++) memcpy(rl_mat_col(&copy, j), rl_mat_col(m, j), n * sizeof(double));
    return copy;
}

/* Periods until the gradients are next to nothing. */
static size_t felt(const rl_impulse *p)
{
    double largest = 0;
    size_t n = p->n;
    for (size_t i = 0; i < p->n * p->q; i++) largest = fmax(largest, fabs(p->J.a[i]));
    for (; n > 0; n--)
        for (size_t j = 0; j < p->q; j++)
            if (fabs(*rl_mat_at(&p->J, j, n - 1)) > 1e-10 * largest) return n;
    return n;
}

static void keep_parts(const work *w, const rl_impulse *p, const rl_impulse *direct, const rl_feedback *f,
                       const double *theta, const rl_mat *V, double df, size_t n)
{
    rl_parts *to = w->req->parts;
    rl_arena *in = to->in;
    double *g = RL_NEW(w->cx->tmp, double, p->q), sum = 0;
    *to = (rl_parts){.in = in,
                     .n = n,
                     .impulse = RL_NEW(in, double, n),
                     .impulse_se = RL_NEW(in, double, n),
                     .cumulative = RL_NEW(in, double, n),
                     .cumulative_se = RL_NEW(in, double, n),
                     .n_path = p->n,
                     .path = kept(p->psi, p->n, in),
                     .total = p->total,
                     .total_se = sqrt(rl_quadratic(p->d_total, V)),
                     .first = p->first,
                     .fades = p->fades,
                     .q = p->q,
                     .theta = kept(theta, p->q, in),
                     .V = kept_mat(V, p->q, p->q, in),
                     .df = df,
                     .n_direct = felt(direct),
                     .d_total = kept(direct->d_total, p->q, in),
                     .d_first = kept(direct->d_first, p->q, in),
                     .n_phi = f->n};
    to->J = kept_mat(&direct->J, p->q, to->n_direct, in);
    if (f->n > 0) to->phi = kept(f->phi, f->n, in), to->dphi = kept_mat(&f->dphi, p->q, f->n, in);
    for (size_t h = 0; h < n; h++) {
        for (size_t j = 0; j < p->q; j++) g[j] += *rl_mat_at(&p->J, j, h);
        to->impulse[h] = p->psi[h];
        to->impulse_se[h] = sqrt(rl_quadratic(rl_mat_col(&p->J, h), V));
        to->cumulative[h] = sum += p->psi[h];
        to->cumulative_se[h] = sqrt(rl_quadratic(g, V));
    }
}

/* What the coefficients are of. */
static const char *outcome_of(const rl_lagged *l, rl_arena *in)
{
    rl_family family = l->r->estimator->family;
    return rl_sprintf(in, "%s%s",
                      family == RL_LOGIT     ? "log-odds of "
                      : family == RL_POISSON ? "log of the mean of "
                                             : "",
                      l->y->text);
}

/* --- one response ------------------------------------------------------------------------------- */

static rl_code respond(work *w, const rl_carries *x, const char *segment, const char *name, int h, rl_response *s)
{
    rl_places at = rl_lagged_places(&w->l, x, segment, w->cx);
    rl_feedback f = rl_lagged_feedback(&w->l, &at, segment, w->cx);
    bool goes_on = f.n > 0;
    for (size_t i = 0; i < x->n; i++) goes_on |= rl_carry_lasts(&x->v[i]);
    size_t reach = h >= 0 ? (size_t)h + 1 : 1;
    for (size_t i = 0; i < x->n; i++) {
        size_t r = rl_carry_reach(&x->v[i]) + 1;
        reach = r > reach ? r : reach;
    }
    rl_impulse *p = RL_NEW(w->keep, rl_impulse, 1), direct = {.n = 0};
    RL_TRY(path_of(w, x, &at, segment, &f, goes_on ? reach + FAR : reach, p, &direct));
    rl_mat V = rl_lagged_covariance(&w->l, &at);
    rl_room room;
    double df = rl_lagged_freedom(&w->l, &at), crit = rl_t_quantile(0.5 + w->out->level / 2, df);
    *s = (rl_response){.variable = rl_strdup(w->keep, x->v[0].base->text),
                       .outcome = outcome_of(&w->l, w->keep),
                       .index = w->out->estimator->family != RL_LINEAR,
                       .segment = name,
                       .period = period_name(&w->l),
                       .level = w->out->level,
                       .after = rl_lagged_quarter(&w->l),
                       .leads = x->leads,
                       .path = p,
                       .use = at.use};
    s->n = (h >= 0 ? (size_t)h : horizon_of(p, x, goes_on)) + 1;
    double *theta = RL_NEW(w->cx->tmp, double, at.q);
    for (size_t j = 0; j < at.q; j++) theta[j] = w->out->est[at.use[j]].estimate;
    if (w->req->parts != NULL) {
        keep_parts(w, p, &direct, &f, theta, &V, df, s->n);
        return RL_OK;
    }
    const rl_recipe recipe = {x, segment, &at, &f, theta, w->keep};
    rows(w, s, p, &recipe, &V, df, crit);
    doubt(w, s, p, &at, crit);
    room_of(w, x, segment, &at, &f, &room);
    rl_response_sum(s, p, &f, &room, &V, crit, w->keep, w->cx);
    RL_TRY(units(w, s, x->v[0].base));
    rl_response_beside(s, w->out, w->keep);
    s->bent = rl_response_bent(x, segment, w->keep);
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
    const char **segment = RL_NEW(w->cx->tmp, const char *, x->n + w->l.past.n), *factor = NULL;
    for (size_t i = 0; i < x->n + w->l.past.n; i++) {
        const rl_carry *c = i < x->n ? &x->v[i] : &w->l.past.v[i - x->n];
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

/* What a study tells unasked: spend, where there is any; everything would bury it under controls. */
static size_t worth_telling(const char **base, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (strstr(base[i], "spend") != NULL) base[kept++] = base[i];
    return kept > 0 ? kept : n;
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
        base = rl_carry_bases(&w->l.p, w->l.past.n == 0, &n, w->keep);
    else
        one[0] = spelled(w, col);
    if (all && w->req->response_if_any) n = worth_telling(base, n);
    if (n == 0 && w->req->response_if_any) return RL_OK;
    if (n == 0) {
        rl_fail(w->cx, RL_EUSAGE, "--response all: no regressor acts later than in its own period");
        return rl_hint(w->cx, "write lags, as in lag(spend, 0:4)");
    }
    for (size_t i = 0; i < n; i++) {
        rl_carries x;
        rl_code code = rl_carry_find(&w->l.p, base[i], &x, w->keep, w->cx);
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

static rl_code run(const rl_request *req, const rl_design *d, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    work w = {.req = req, .d = d, .out = out, .keep = keep, .cx = cx};
    rl_formula *f = RL_NEW(keep, rl_formula, 1);
    RL_TRY(rl_formula_parse(d->formula->text, f, keep, cx));
    RL_TRY(rl_lagged_open(req, f, d->unit_name, d->time_name, d->t, out, &w.l, keep, cx));
    for (size_t i = 0; i < req->n_response; i++) RL_TRY(ask(&w, req->response[i]));
    return RL_OK;
}

/* --- local projections: each horizon is an estimate --------------------------------------------------------- */

/* The sums and the single periods, from whichever of the two the estimates are. */
static void projected_rows(const work *w, rl_response *s, const rl_places *at, bool sums)
{
    size_t n = at->q;
    double *each = RL_NEW(w->cx->tmp, double, n), *sum = RL_NEW(w->cx->tmp, double, n), crit[2];
    rl_mat G[2] = {rl_mat_new(n, n, w->cx->tmp), rl_mat_new(n, n, w->cx->tmp)}, V = rl_lagged_covariance(&w->l, at);
    double df = rl_lagged_freedom(&w->l, at), point = rl_t_quantile(0.5 + w->out->level / 2, df);
    for (size_t h = 0; h < n; h++) {
        double b = w->out->est[at->use[h]].estimate;
        each[h] = sums && h > 0 ? b - w->out->est[at->use[h - 1]].estimate : b;
        sum[h] = sums || h == 0 ? b : sum[h - 1] + b;
        *rl_mat_at(&G[0], h, h) = *rl_mat_at(&G[1], h, h) = 1;
        if (sums && h > 0) *rl_mat_at(&G[0], h - 1, h) = -1;
        for (size_t k = 0; k < h && !sums; k++) *rl_mat_at(&G[1], k, h) = 1;
    }
    rl_supt(G, 2, &V, df, w->out->level, point, w->cx->seed, crit, w->cx);
    s->crit_impulse = crit[0];
    s->crit_cumulative = crit[1];
    s->impulse = banded(w, each, &G[0], &V, point, crit[0]);
    s->cumulative = banded(w, sum, &G[1], &V, point, crit[1]);
}

rl_code rl_response_projected(const rl_request *req, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    static const char *const WHY = "local projections say nothing of what comes after their last horizon";
    static const char SUM[] = "cumulative::";
    work w = {.req = req, .out = out, .keep = keep, .cx = cx, .l = {.req = req, .r = out, .keep = keep}};
    w.l.clock.cal = req->calendar;
    for (size_t i = 0; i < req->n_response; i++) {
        const char *col, *term = NULL;
        int h;
        RL_TRY(rl_response_parse(req->response[i], &col, &h, keep, cx));
        rl_places at = {.use = RL_NEW(keep, size_t, out->m)};
        for (size_t j = 0; j < out->m; j++) {
            const rl_label *l = &out->est[j].label;
            const char *name = strncmp(l->term, SUM, sizeof SUM - 1) == 0 ? l->term + sizeof SUM - 1 : l->term;
            bool is = l->event == (int32_t)at.q && (strcmp(col, "all") == 0 || strcmp(col, name) == 0);
            if (!is || (h >= 0 && at.q > (size_t)h)) continue;
            term = l->term;
            at.use[at.q++] = j;
        }
        if (at.q == 0 || (h >= 0 && at.q <= (size_t)h)) {
            rl_fail(cx, RL_EUSAGE, "--response %s: no such horizon was projected", req->response[i]);
            return rl_hint(cx, "the shock is '%s'; --horizon says how far", out->m > 0 ? out->est[0].label.term : "");
        }
        bool sums = strncmp(term, SUM, sizeof SUM - 1) == 0;
        const rl_summary none = {NAN, NAN, NAN, NAN, WHY};
        rl_response *s = room(&w);
        *s = (rl_response){.variable = rl_strdup(keep, sums ? term + sizeof SUM - 1 : term),
                           .outcome = rl_strndup(keep, out->formula, strcspn(out->formula, " ~")),
                           .period = period_name(&w.l),
                           .level = out->level,
                           .n = at.q,
                           .long_run = none,
                           .mean_lag = none,
                           .half_life = none,
                           .share_after = none,
                           .after = rl_lagged_quarter(&w.l),
                           .factor = NAN,
                           .mean_variable = NAN,
                           .mean_outcome = NAN};
        s->variable_unit = s->variable;
        s->outcome_unit = s->outcome;
        projected_rows(&w, s, &at, sums);
        rl_response_words(s, keep);
    }
    return RL_OK;
}

rl_code rl_response_run(const rl_request *req, const rl_design *d, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    if (req->n_response == 0 || (req->response_if_any && d->time_name == NULL)) return RL_OK;
    rl_code code = run(req, d, out, keep, cx);
    if (code != RL_EUSAGE || !req->response_if_any) return code;
    rl_remark(cx, "response", "%s", cx->err.what);
    rl_forgive(cx);
    out->n_responses = 0;
    return RL_OK;
}
