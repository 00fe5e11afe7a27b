/* est_lp.c -- local projections: the response h periods on, a regression each.
 *
 *   y_(t+h) = a_h + b_h shock_t + controls_t + e_(t+h),   h = 0 .. H
 *
 * Each horizon uses all rows it can.  --method cumulative puts
 * y_t + .. + y_(t+h) on the left: b_h is what has come together by then.
 * Errors e_(t+h) of neighbouring periods overlap, so the default covariance of
 * one series is NW with lag h + 1 (no small-sample factor, normal, as lpirfs
 * has it); --method lag-augmented gives the outcome, the shock and every
 * lag() of the formula one lag more, after which HC errors are valid.
 *
 * The horizons' covariance: the influences of all b_h stand side by side on the
 * rows of the table, under the covariance asked for (iid and HC: by row; NW and
 * HAC: Bartlett weights of lag H + 1; clusters and DK as they are), each scaled
 * so that the variance of b_h is that of its own regression.
 *
 * Assumes   the shock is as good as random given the controls
 * Source    Jorda (2005), American Economic Review 95(1);
 *           Montiel Olea & Plagborg-Moller (2021), Econometrica 89(4)
 */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/dynamic.h"
#include "model/infer.h"
#include "num/dist.h"

extern const rl_estimator rl_est_ols, rl_est_lp;

static const char METHODS[] = "plain cumulative lag-augmented";
enum { PLAIN, CUMULATIVE, AUGMENTED, MOST_HORIZON = 500 };

typedef struct lp {
    const rl_request *req;
    const rl_table *t;
    rl_dynamic f;
    size_t method;
    int H;
    const char *rhs;   /* regressors, augmented                             */
    const char *shock; /* as the columns name it                            */
    rl_vcov_spec vcov;
    const char *profile;
    double **psi;          /* H+1 of t->n  influence by row of the table        */
    unsigned char *unused; /* t->n  no horizon uses the row                     */
    rl_estimate *est;      /* H+1                                               */
    size_t *rows;          /* H+1                                               */
    size_t clusters;       /* the fewest                                        */
    rl_result first;       /* horizon 0, for words                              */
    rl_dof dof;
    int lag; /* the same at all horizons, or -1                   */
    bool normal;
} lp;

/* --- what is asked ------------------------------------------------------------------------ */

static const char *without_blanks(const char *s, rl_arena *in)
{
    rl_str out = rl_str_new(in);
    for (; *s != '\0'; s++)
        if (*s != ' ' && *s != '`') rl_str_addc(&out, *s);
    return rl_str_text(&out);
}

static rl_code find_shock(lp *p, rl_ctx *cx)
{
    rl_str names = rl_str_new(cx->tmp);
    const rl_formula *f = &p->f.f;
    const char **known = RL_NEW(cx->tmp, const char *, f->n_terms);
    for (size_t j = 0; j < f->n_terms; j++) {
        known[j] = f->term[j].text;
        rl_str_addf(&names, "%s%s", j ? " " : "", known[j]);
    }
    if (p->req->shock == NULL) {
        rl_fail(cx, RL_EUSAGE, "estimator 'lp' needs --shock");
        return rl_hint(cx, "the regressor whose response is asked for: one of %s", rl_str_text(&names));
    }
    const char *given = without_blanks(p->req->shock, cx->keep), *level = strstr(given, "::");
    for (size_t j = 0; j < f->n_terms; j++) {
        const char *name = without_blanks(known[j], cx->tmp);
        if (strcmp(name, given) == 0) p->shock = f->term[j].text;
        if (level != NULL && strncmp(name, given, (size_t)(level - given)) == 0) p->shock = p->req->shock;
    }
    if (p->shock != NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--shock '%s' is not a regressor of the formula", p->req->shock);
    const char *near = rl_nearest(given, known, f->n_terms);
    if (near != NULL) return rl_hint(cx, "did you mean '%s'?", near);
    return rl_hint(cx, "its regressors are %s", rl_str_text(&names));
}

/* One lag more of the outcome, the shock and what has lags. */
static const char *augmented(const lp *p, rl_ctx *cx)
{
    const rl_formula *f = &p->f.f;
    const char *s = f->text;
    rl_str out = rl_str_new(cx->keep);
    bool own = false, shock = false;
    rl_str_add(&out, p->f.rhs);
    for (size_t j = 0; j < f->n_terms; j++) {
        const rl_expr *e = f->term[j].var[0];
        bool last = true;
        if (f->term[j].n > 1 || e->op != RL_OP_FN || e->fn != RL_FN_LAG || e->hi < 0) continue;
        for (size_t i = 0; i < f->n_terms && last; i++) { /* is a later lag of the same written out as well? */
            const rl_expr *o = f->term[i].var[0];
            last = !(f->term[i].n == 1 && o->op == RL_OP_FN && o->fn == RL_FN_LAG && o->hi > e->hi &&
                     strcmp(o->a->text, e->a->text) == 0);
        }
        own |= strcmp(e->a->text, p->f.y) == 0;
        shock |= strcmp(e->a->text, p->shock) == 0;
        size_t from = e->at;
        while (s[from] != '(') from++;
        size_t to = from + 1;
        for (size_t open = 1; open > 0; to++) {
            if (s[to] == '(') open++;
            if (s[to] == ')' && --open == 0) break;
        }
        while (to > from && s[to - 1] != ',') to--; /* the lags stand behind the last comma, if there is one */
        bool comma = to > from + 1 && s[to - 1] == ',';
        const char *inner = comma ? rl_strndup(cx->tmp, s + from + 1, to - from - 2) : e->a->text;
        if (last) rl_str_addf(&out, " + lag(%s,%d)", inner, e->hi + 1);
    }
    if (!own) rl_str_addf(&out, " + lag(%s,1)", p->f.head);
    for (size_t j = 0; j < p->f.k && !shock; j++)
        if (strcmp(p->f.x[j], p->shock) == 0) rl_str_addf(&out, " + lag(%s,1)", p->f.x_text[j]);
    return rl_str_text(&out);
}

static void choose_covariance(lp *p)
{
    const rl_request *r = p->req;
    p->vcov = r->vcov;
    p->profile = r->profile;
    if (p->vcov.kind == RL_VCOV_DEFAULT && r->unit != NULL)
        p->vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {r->unit}, .lag = -1};
    else if (p->vcov.kind == RL_VCOV_DEFAULT)
        p->vcov = (rl_vcov_spec){.kind = p->method == AUGMENTED ? RL_HC1 : RL_NW, .lag = -1};
    if (p->vcov.kind == RL_NW && p->profile == NULL) p->profile = "lpirfs";
}

static bool by_horizon(const lp *p)
{
    return (p->vcov.kind == RL_NW || p->vcov.kind == RL_DK) && p->vcov.lag < 0 && p->vcov.rule == 0;
}

static rl_code settle(lp *p, rl_ctx *cx)
{
    const rl_request *r = p->req;
    RL_TRY(rl_dynamic_method(r, METHODS, &p->method, cx));
    RL_TRY(rl_dynamic_read(r->formula, r, p->t, true, &p->f, cx));
    if (p->f.f.n_endo > 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'lp' takes no instruments");
        return rl_hint(cx, "leave out the part with the second '~'");
    }
    if (r->keep_effects) return rl_fail(cx, RL_EUSAGE, "--fe-out does not apply to estimator 'lp'");
    if (r->n_diag > 0) {
        rl_fail(cx, RL_EUSAGE, "--test %s: 'lp' is several regressions, and the test is of one", r->diag[0]);
        return rl_hint(cx, "test that of horizon 0, which is ols on the same formula");
    }
    RL_TRY(find_shock(p, cx));
    if (r->horizon < 0) {
        rl_fail(cx, RL_EUSAGE, "estimator 'lp' needs --horizon");
        return rl_hint(cx, "how many periods after the shock, as in --horizon 12");
    }
    if (r->horizon > MOST_HORIZON)
        return rl_fail(cx, RL_EUSAGE, "--horizon %d: more than %d", r->horizon, MOST_HORIZON);
    p->H = r->horizon;
    p->rhs = p->method == AUGMENTED ? augmented(p, cx) : p->f.rhs;
    choose_covariance(p);
    size_t m = (size_t)p->H + 1;
    p->psi = RL_NEW(cx->tmp, double *, m);
    p->est = RL_NEW(cx->tmp, rl_estimate, m);
    p->rows = RL_NEW(cx->tmp, size_t, m);
    p->unused = RL_NEW(cx->tmp, unsigned char, p->t->n);
    memset(p->unused, 1, p->t->n);
    return RL_OK;
}

/* --- one horizon ------------------------------------------------------------------------------ */

static const char *formula_of(const lp *p, int h, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    if (h == 0)
        rl_str_add(&s, p->f.head);
    else if (p->method != CUMULATIVE)
        rl_str_addf(&s, "lead(%s,%d)", p->f.head, h);
    for (int i = 0; i <= h && h > 0 && p->method == CUMULATIVE; i++)
        rl_str_addf(&s, i == 0 ? "(lead(%s,%d)" : " + lead(%s,%d)", p->f.head, i);
    if (h > 0 && p->method == CUMULATIVE) rl_str_addc(&s, ')');
    rl_str_addf(&s, " ~ %s %s", p->rhs, p->f.tail);
    return rl_str_text(&s);
}

static rl_code too_long(const lp *p, const rl_design *d, rl_ctx *cx)
{
    int span = (int)(d->last_time - d->first_time);
    if (p->H <= span) return RL_OK;
    rl_fail(cx, RL_EDATA,
            "--horizon %d is longer than the series: the rows used go from the first to %d period%s later", p->H, span,
            span == 1 ? "" : "s");
    return rl_hint(cx, "a third of that is a long horizon already: --horizon %d", span / 3);
}

/* What the rows do to b_h, by row of the table. */
static double *influence(const lp *p, const rl_design *d, const rl_fit *f, size_t j, rl_ctx *cx)
{
    const rl_core *c = f->core;
    double *out = RL_NEW(cx->tmp, double, p->t->n), *la = RL_NEW(cx->tmp, double, c->X.k),
           *v = RL_NEW(cx->tmp, double, d->n);
    rl_core_direction(c, j, la, cx);
    rl_cols_times(&c->X, la, 0, d->n, v);
    for (size_t i = 0; i < d->n; i++) {
        out[d->row[i]] = v[i] * c->e[i] * (c->w != NULL ? c->w[i] : 1);
        p->unused[d->row[i]] = 0;
    }
    return out;
}

static rl_code not_there(const lp *p, const rl_result *r, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "the shock '%s' is not identified: its column depends on the other columns%s", p->shock,
            p->f.f.n_effects > 0 ? " and the effects" : "");
    return rl_hint(cx, "does it vary in the %zu rows used, given the controls?", r->rows_used);
}

static rl_code one_horizon(lp *p, int h, rl_ctx *cx)
{
    rl_request req = rl_infer_for_tests(p->req, false);
    rl_design d;
    rl_fit f = {.r2_within = NAN, .loglik = NAN};
    rl_result r = {.estimator = &rl_est_ols};
    size_t at = 0, notes = cx->n_notes;
    req.formula = formula_of(p, h, cx->keep);
    req.estimator = &rl_est_ols;
    req.spend = NULL;
    req.vcov = p->vcov;
    req.profile = p->profile;
    if (by_horizon(p)) req.vcov.lag = h + 1;
    RL_TRY(rl_design_make(&req, p->t, &d, cx));
    if (h == 0) RL_TRY(too_long(p, &d, cx));
    RL_TRY(rl_est_ols.fit(&d, &req, &f, cx));
    f.normal = p->normal;
    RL_TRY(rl_infer(&d, &f, &req, &r, cx->tmp, cx));
    r.rows_used = d.n;
    while (at < f.m && strcmp(f.label[at].term, p->shock) != 0) at++;
    if (at == f.m) return not_there(p, &r, cx);
    if (h == 0) {
        rl_result_sample(&d, &f, &r, cx->keep, cx);
        p->first = r;
        p->dof = f.dof;
        p->lag = r.lag;
    } else {
        cx->n_notes = notes; /* as at horizon 0 */
    }
    if (r.lag != p->lag) p->lag = -1;
    if (h == 0 || r.clusters < p->clusters) p->clusters = r.clusters;
    p->rows[h] = d.n;
    p->psi[h] = influence(p, &d, &f, at, cx);
    p->est[h] = r.est[at];
    p->est[h].label.event = h;
    if (p->method == CUMULATIVE) p->est[h].label.term = rl_sprintf(cx->keep, "cumulative::%s", p->shock);
    return RL_OK;
}

/* --- all of them ------------------------------------------------------------------------------- */

/* The rows that any horizon uses, as a design of their own. */
static rl_code union_of_rows(const lp *p, rl_table *t, rl_request *req, rl_design *d, rl_ctx *cx)
{
    *t = *p->t;
    t->col = RL_NEW(cx->tmp, rl_col, t->k + 1);
    memcpy(t->col, p->t->col, t->k * sizeof *t->col);
    t->col[t->k++] =
        (rl_col){.name = "one of each row", .type = RL_NUM, .num = RL_NEW(cx->tmp, double, t->n), .field = -1};
    for (size_t i = 0; i < t->n; i++) t->col[t->k - 1].num[i] = 1;
    *req = *p->req;
    req->formula = "`one of each row` ~ 1";
    req->estimator = &rl_est_ols;
    req->spend = NULL;
    req->weights = req->subset_col = NULL;
    req->leave = p->unused;
    req->leave_why = "used by no horizon";
    req->profile = p->profile;
    req->vcov = p->vcov;
    switch (p->vcov.kind) {
    case RL_IID:
    case RL_HC1:
    case RL_HC2:
    case RL_HC3:
        req->vcov.kind = RL_HC0;
        break;
    case RL_CR2:
    case RL_CR3:
    case RL_WILD:
        req->vcov.kind = RL_CLUSTER;
        break;
    case RL_HAC:
        req->vcov.kind = RL_NW;
        break;
    default:
        break;
    }
    if (req->vcov.kind == RL_NW || req->vcov.kind == RL_DK) {
        if (p->vcov.kind == RL_HAC || by_horizon(p)) req->vcov.lag = p->H + 1;
        req->vcov.prewhite = -1;
    }
    return rl_design_make(req, t, d, cx);
}

static void fill_psi(const lp *p, const rl_design *d, const double *scale, double *v)
{
    for (int h = 0; h <= p->H; h++)
        for (size_t i = 0; i < d->n; i++)
            v[(size_t)h * d->n + i] = p->psi[h][d->row[i]] * (scale != NULL ? scale[h] : 1);
}

/* Covariance of the horizons, combinations and joint tests; the horizons' own figures put in their place. */
static rl_code together(lp *p, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    size_t m = (size_t)p->H + 1, notes = cx->n_notes;
    rl_table t;
    rl_request req;
    rl_design d;
    rl_result r = {.estimator = &rl_est_lp};
    rl_fit f = {.m = m, .rss = NAN, .tss = NAN, .tss_centred = NAN, .within = NAN, .r2_within = NAN, .rmse = NAN};
    f.loglik = f.deviance = f.loglik_null = NAN;
    f.label = RL_NEW(cx->tmp, rl_label, m);
    f.b = RL_NEW(cx->tmp, double, m);
    f.dof = p->dof;
    f.dof.n_fe = 0;
    f.normal = p->normal;
    for (size_t h = 0; h < m; h++) f.label[h] = p->est[h].label, f.b[h] = p->est[h].estimate;
    RL_TRY(union_of_rows(p, &t, &req, &d, cx));
    double *scale = RL_NEW(cx->tmp, double, m), *v = rl_psi_dense(&f, d.n, cx);
    rl_request bare = rl_infer_for_tests(&req, false);
    fill_psi(p, &d, NULL, v);
    RL_TRY(rl_infer(&d, &f, &bare, &r, cx->tmp, cx));
    for (size_t h = 0; h < m; h++) scale[h] = r.V[h + h * m] > 0 ? p->est[h].std_error / sqrt(r.V[h + h * m]) : 0;
    fill_psi(p, &d, scale, v);
    cx->n_notes = notes;
    rl_code code = rl_infer(&d, &f, &req, out, keep, cx);
    cx->n_notes = notes; /* each horizon has said its own */
    RL_TRY(code);
    for (size_t h = 0; h < m; h++) {
        rl_label label = out->est[h].label;
        out->est[h] = p->est[h];
        out->est[h].label = label;
        out->V[h + h * out->m] = p->est[h].std_error * p->est[h].std_error;
    }
    return RL_OK;
}

static void say(const lp *p, rl_ctx *cx)
{
    size_t kept = 0;
    for (size_t i = 0; i < cx->n_notes; i++) /* the lag rule of horizon 0 alone would mislead */
        if (strcmp(cx->note[i].topic, "lag rule") != 0) cx->note[kept++] = cx->note[i];
    cx->n_notes = kept;
    const char *kind = p->first.vcov_kind;
    if (by_horizon(p)) rl_remark(cx, "lag rule", "%s with lag h + 1 at horizon h: 1 to %d", kind, p->H + 1);
    if (p->vcov.kind == RL_HAC)
        rl_remark(cx, "horizons", "between horizons Bartlett weights of lag %d, scaled to each horizon's own error",
                  p->H + 1);
    if (p->method == AUGMENTED)
        rl_remark(cx, "horizons", "one more lag of the outcome, the shock and what has lags%s",
                  by_horizon(p) ? "; errors need no lags then, those asked for are used all the same"
                                : ": errors need no lags then");
    rl_remark(cx, "horizons", "each horizon is a regression of its own on all rows it can use: %zu at 0, %zu at %d",
              p->rows[0], p->rows[p->H], p->H);
    bool own = false, unit = false;
    for (size_t j = 0; j < p->f.f.n_terms; j++) {
        const rl_expr *e = p->f.f.term[j].var[0];
        own |= e->op == RL_OP_FN && e->fn == RL_FN_LAG && strcmp(e->a->text, p->f.y) == 0;
    }
    for (size_t j = 0; j < p->f.f.n_effects && p->req->unit != NULL; j++)
        unit |= strcmp(p->f.f.effect[j].text, p->req->unit) == 0;
    if ((own || p->method == AUGMENTED) && unit && p->first.periods < 30)
        rl_remark(cx, "nickell",
                  "effects of '%s' beside lags of the outcome in %zu periods: responses are off by some "
                  "1/%zu of the outcome's persistence (Nickell 1981), more at long horizons",
                  p->req->unit, p->first.periods, p->first.periods);
}

static rl_code run(const rl_request *req, const rl_table *t, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    lp p = {.req = req, .t = t};
    size_t notes = cx->n_notes;
    RL_TRY(settle(&p, cx));
    p.normal = p.vcov.kind == RL_NW && strcmp(p.profile, "lpirfs") == 0;
    for (int h = 0; h <= p.H; h++)
        if (one_horizon(&p, h, cx) != RL_OK) {
            cx->n_notes = notes;
            return h > 0 ? rl_context(cx, "horizon %d: ", h) : cx->err.code;
        }
    *out = (rl_result){.estimator = &rl_est_lp};
    RL_TRY(together(&p, out, keep, cx));
    const rl_result *r = &p.first;
    out->formula = rl_sprintf(keep, "%s ~ %s%s%s", p.f.head, p.rhs, *p.f.tail != '\0' ? " " : "", p.f.tail);
    out->rows_read = r->rows_read, out->rows_used = r->rows_used, out->rows_behind = r->rows_behind;
    out->dropped = r->dropped, out->n_dropped = r->n_dropped;
    out->units = r->units, out->periods = r->periods, out->clusters = p.clusters;
    out->vcov_kind = r->vcov_kind, out->lag = p.lag, out->draws = r->draws, out->p_draws = r->p_draws;
    out->ssc = rl_sprintf(keep, "at horizon 0: %s", r->ssc);
    say(&p, cx);
    rl_result_notes(cx, notes, out, keep);
    return RL_OK;
}

const rl_estimator rl_est_lp = {
    .name = "lp",
    .what = "local projections: the response of the outcome to --shock, a regression for each of\n"
            "the --horizon periods; --method cumulative or lag-augmented",
    .method = "The outcome h periods on is regressed on the shock and the controls of today, for each h; the shock's "
              "coefficient is the response, in the outcome's unit per unit of the shock.  Nothing is assumed about its "
              "shape.",
    .source = "Jorda (2005); Montiel Olea & Plagborg-Moller (2021)",
    .needs_time = true,
    .frame = RL_FRAME_PLAIN,
    .shocks = true,
    .methods = METHODS,
    .run = run,
};
