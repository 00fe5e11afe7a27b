#include "model/att.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/seen.h"
#include "model/carry.h"
#include "model/study_says.h"
#include "num/dist.h"
#include "num/supt.h"

enum { MOST_BANDED = 200 };

static bool is(const rl_text t, const char *word) { return t.s != NULL && strcmp(t.s, word) == 0; }

/* The last event time before the start with rows: -1, unless the period before the start is partly exposed. */
static int base_event(const rl_panel *p)
{
    const double *period = rl_table_col(&p->t, "period")->num, *cohort = rl_table_col(&p->t, "cohort")->num;
    double last = -INFINITY;
    for (size_t i = 0; i < p->t.n; i++)
        if (!p->exposed[i] && period[i] - cohort[i] > last) last = period[i] - cohort[i];
    return last > -INFINITY ? (int)last : -1;
}

/* Is every cohort that is seen before its start seen at this event time? */
static bool all_seen_at(const rl_panel *p, int event, rl_arena *in)
{
    const double *period = rl_table_col(&p->t, "period")->num, *cohort = rl_table_col(&p->t, "cohort")->num;
    double first = INFINITY, last = -INFINITY;
    for (size_t i = 0; i < p->t.n; i++) {
        if (isnan(cohort[i])) continue;
        first = fmin(first, cohort[i]);
        last = fmax(last, cohort[i]);
    }
    if (!(first <= last)) return true;
    unsigned char *seen = RL_NEW(in, unsigned char, (size_t)(last - first) + 1);
    enum { BEFORE = 1, THERE = 2 };
    for (size_t i = 0; i < p->t.n; i++) {
        if (isnan(cohort[i]) || period[i] >= cohort[i]) continue;
        seen[(size_t)(cohort[i] - first)] |= period[i] - cohort[i] == event ? BEFORE | THERE : BEFORE;
    }
    for (size_t g = 0; g <= (size_t)(last - first); g++)
        if (seen[g] == BEFORE) return false;
    return true;
}

/* Are there rows of the period before a start, though none of a treated unit can be used? */
static bool seen_before_start(const rl_plan *plan, const rl_panel *p)
{
    const double *cohort = rl_table_col(&p->t, "cohort")->num;
    for (size_t i = 0; i < p->t.n; i++) {
        double k = isnan(cohort[i]) ? -1 : cohort[i] - 1 - plan->first_period;
        if (k < 0 || !(k < (double)p->n_trend)) continue;
        if (p->trend[(size_t)k].n_treated + p->trend[(size_t)k].n_control > 0) return true;
    }
    return false;
}

/* An estimator named in the study that cannot take such rows, said before anything is fitted. */
static rl_code refuse_misfit(const rl_tables *t, const rl_plan *plan, const rl_panel *p, const rl_estimator *est,
                             rl_ctx *cx)
{
    const rl_at at = plan->spec->estimator.at;
    if (plan->deal_level && est->needs_unit && !est->rows) {
        rl_fail_at(cx, RL_EINPUT, t->study->path, at.line, at.col,
                   "estimator '%s' follows units over time, and the rows of outcome '%s' are deals, each seen once",
                   est->name, rl_outcome_name(plan->outcome));
        return rl_hint(cx, "etwfe, cs, bjs and did2s take deals; or leave `estimator` out");
    }
    if (plan->spec->covariates.n > 0 && strcmp(est->name, "etwfe") != 0 && strcmp(est->name, "cs") != 0) {
        rl_fail_at(cx, RL_EINPUT, t->study->path, at.line, at.col,
                   "covariates need estimator 'etwfe' or 'cs', not '%s'", est->name);
        return rl_hint(cx, "leave `covariates` out, or `estimator`");
    }
    int base = base_event(p);
    if (strcmp(est->name, "dcdh") != 0 || base == -1) return RL_OK;
    rl_fail(
        cx, RL_EDATA,
        "estimator '%s' counts from the %s right before the start, which is %s: the last whole one is %d before the "
        "start",
        est->name, rl_period_name(plan->calendar.kind),
        seen_before_start(plan, p) ? "partly exposed here and left out" : "not in the data", -base);
    return rl_hint(cx, "etwfe, cs, bjs, did2s and sunab count from the last whole one; or set `transition: include`");
}

rl_code rl_estimator_choose(const rl_tables *t, const rl_plan *plan, const rl_panel *p, const rl_estimator **est,
                            const char **why, rl_ctx *cx)
{
    const rl_text name = plan->spec->estimator;
    if (name.s != NULL && !is(name, "auto")) {
        *est = rl_estimator_by_name(name.s);
        *why = "named in the study";
        if (*est == NULL || !(*est)->needs_cohort)
            return rl_fail_at(cx, RL_EINPUT, t->study->path, name.at.line, name.at.col,
                              "'%s' is not an estimator for a programme", name.s);
        return refuse_misfit(t, plan, p, *est, cx);
    }
    bool four_means =
        p->cohorts == 1 && p->has_never && plan->outcome == RL_OUT_COLUMN && plan->spec->covariates.n == 0;
    *est = rl_estimator_by_name(four_means ? "did" : "etwfe");
    assert(*est != NULL);
    if (four_means)
        *why = "one start date and a group that never started: the difference of two differences of four means";
    else if (p->cohorts == 1)
        *why = rl_sprintf(cx->keep, "one start date; period effects and %s effects, one effect per exposed period",
                          plan->deal_level ? "group" : "unit");
    else
        *why = rl_sprintf(cx->keep,
                          "%zu start dates: one effect per cohort and period, so that no treated %s serves as a "
                          "control for a later one "
                          "(plain two-way fixed effects would)",
                          p->cohorts, p->unit);
    return RL_OK;
}

static bool own_past(const rl_formula *f, const rl_expr *e)
{
    return strcmp(rl_carry_base(e)->text, rl_carry_base(f->y)->text) == 0;
}

/* Can the errors of the formula be averaged over?  Nothing in it asks for more. */
static rl_code plain(const char *formula, bool *yes, rl_ctx *cx)
{
    rl_formula f;
    RL_TRY(rl_formula_parse(formula, &f, cx->tmp, cx));
    *yes = f.n_effects == 0 && f.n_endo == 0 && f.n_terms > 0;
    for (size_t j = 0; j < f.n_terms; j++)
        for (size_t i = 0; i < f.term[j].n; i++)
            *yes = *yes && !rl_expr_is_free(f.term[j].var[i]) && !own_past(&f, f.term[j].var[i]);
    return RL_OK;
}

rl_code rl_estimator_for_formula(const rl_study *s, const rl_model_spec *m, const char *unit, bool series,
                                 const rl_estimator **est, const char **method, const char **why, rl_ctx *cx)
{
    const rl_text name = m->estimator;
    bool by_itself = name.s == NULL || is(name, "auto"), average = false;
    *method = m->method.s;
    *est = rl_estimator_by_name(by_itself ? "ols" : name.s);
    *why =
        "a regression on the formula given: what moves with what, in time; causal only if nothing left out moves both";
    if (*est == NULL || (*est)->needs_cohort)
        return rl_fail_at(cx, RL_EINPUT, s->path, name.at.line, name.at.col, "'%s' is not an estimator for a formula",
                          name.s);
    if (!by_itself || !series || unit != NULL || m->vcov.s != NULL || m->weights.s != NULL || m->method.s != NULL ||
        m->lags.s != NULL || m->max_lags > 0)
        return RL_OK;
    RL_TRY(plain(m->formula.s, &average, cx));
    if (!average) return RL_OK;
    *est = rl_estimator_by_name("ar");
    *method = "average";
    *why = "one series, and how much of an error is left a period later is poorly told by one series: the regression "
           "on the formula given is averaged over it, so that intervals hold in short and in trending series; what "
           "moves with what, in time; causal only if nothing left out moves both";
    return RL_OK;
}

static const char *alone(const rl_panel *p, rl_arena *in) { return rl_sprintf(in, "`%s` ~ 1", p->outcome); }

static void add_covariates(const rl_plan *plan, rl_request *r)
{
    for (size_t i = 0; i < plan->spec->covariates.n && i < RL_MAX_REFS; i++)
        r->covariates[r->n_covariates++] = plan->spec->covariates.v[i].s;
}

/* Comparisons given the levels of fixed traits: cs reads them in its formula. */
static const char *given_traits(const rl_plan *plan, const rl_panel *p, rl_arena *in)
{
    rl_str s = rl_str_new(in);
    rl_str_addf(&s, "`%s` ~ ", p->outcome);
    for (size_t i = 0; i < plan->spec->covariates.n; i++)
        rl_str_addf(&s, "%sfactor(`%s`)", i > 0 ? " + " : "", plan->spec->covariates.v[i].s);
    return rl_str_text(&s);
}

static rl_request request_for(const rl_plan *plan, const rl_panel *p, const rl_estimator *est, const rl_study *s,
                              rl_arena *in)
{
    rl_request r = {.estimator = est,
                    .max_lags = -1,
                    .horizon = -1,
                    .time = "period",
                    .calendar = plan->calendar,
                    .numbered = true,
                    .cohort = "cohort",
                    .level = s->level,
                    .agg = RL_AGG_SIMPLE,
                    .omega = "overall",
                    .student = true};
    r.formula = alone(p, in);
    r.method = plan->spec->method.s;
    r.anticipation = plan->spec->anticipation;
    r.unit = plan->deal_level ? NULL : p->unit;
    r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {p->cluster}, .lag = -1};
    r.weights = p->weights;
    r.leads = plan->spec->control_never;
    r.impute = true;
    if (strcmp(est->name, "cs") == 0) {
        r.rcs = r.unit == NULL;
        r.notyet = !plan->spec->control_never;
        r.universal = r.keep_unbalanced = true;
        if (plan->spec->covariates.n > 0) r.formula = given_traits(plan, p, in);
    } else {
        add_covariates(plan, &r);
    }
    int base = base_event(p);
    if (strcmp(est->name, "sunab") == 0 && base != -1 && all_seen_at(p, base, in)) {
        r.n_ref = 1; /* else each cohort's own: the last period in which it is seen before its start */
        r.ref[0] = base;
    }
    if (strcmp(est->name, "dcdh") == 0) r.profile = "exact";
    return r;
}

static rl_code find_overall(const rl_result *r, size_t *at, rl_ctx *cx)
{
    for (*at = 0; *at < r->m; ++*at)
        if (strcmp(r->est[*at].label.term, "overall") == 0) return RL_OK;
    return rl_fail(cx, RL_EDATA, "estimator '%s' gives no overall effect", r->estimator->name);
}

/* A drift, the money and the rows it answers for are counted with what each outcome weighs. */
static rl_code need_omega(const rl_result *r, rl_ctx *cx)
{
    if (r->omega != NULL) return RL_OK;
    rl_fail(cx, RL_EDATA, "estimator '%s' does not say what each row counts for: no lift can be counted from it",
            r->estimator->name);
    return rl_hint(cx, "leave `estimator` out, or take cs, bjs, did2s or sunab");
}

/* Influence by unit: of the effect as `by_unit`, clustered by the units, gives it, scaled so that the squares of its
 * sums by cluster add up to the variance. */
static void unit_influence(rl_att *e, const rl_result *by_unit, rl_arena *in, rl_ctx *cx)
{
    const rl_panel *p = &e->panel;
    const rl_dict *dict = p->t.col[0].dict;
    e->N = dict->n;
    e->psi = RL_NEW(in, double, e->N);
    e->cluster = p->cluster_of;
    e->n_clusters = p->n_clusters;
    for (size_t g = 0; g < by_unit->G; g++) {
        const char *label = by_unit->cluster_label[g];
        int32_t u = rl_dict_find(dict, label, strlen(label));
        assert(u >= 0);
        e->psi[u] = by_unit->psi_G[e->at * by_unit->G + g];
    }
    double v = e->cluster != NULL ? rl_att_cov(e, e->psi, e->psi, cx) : 0;
    for (size_t u = 0; u < e->N && v > 0; u++) e->psi[u] *= e->se / sqrt(v);
}

/* What a treated row counts for in the mean of the treated: as the estimate counts it where rows have weights. */
static double share_of(const rl_att *e, size_t k)
{
    if (e->panel.w == NULL) return 1;
    return e->fit.omega != NULL ? e->fit.omega[k] : e->panel.w[e->fit.row[k]];
}

/* The mean of the treated with its influence, and who they are: cells the estimator found no control for are not
 * answered for. */
static void treated_mean(rl_att *e, rl_arena *in)
{
    rl_panel *p = &e->panel;
    size_t rows = 0;
    double n = 0, sum = 0;
    bool *seen = RL_NEW(in, bool, e->N);
    e->psi_with = RL_NEW(in, double, e->N);
    p->treated_units = 0;
    for (size_t k = 0; k < e->fit.rows_used; k++) {
        size_t i = e->fit.row[k];
        if (!p->exposed[i]) continue;
        rows++;
        n += share_of(e, k);
        sum += share_of(e, k) * p->y[i];
        p->treated_units += rl_first_seen(seen, (size_t)p->unit_code[i]);
    }
    e->with = sum / n;
    for (size_t k = 0; k < e->fit.rows_used; k++) {
        size_t i = e->fit.row[k];
        if (p->exposed[i]) e->psi_with[p->unit_code[i]] += share_of(e, k) * (p->y[i] - e->with) / n;
    }
    size_t lost = p->treated_rows - rows;
    p->cells -= p->cells < lost ? p->cells : lost;
    p->treated_rows = rows;
}

static rl_code fit_effect(const rl_tables *t, const rl_plan *plan, const rl_estimator *est, rl_att *out, rl_arena *in,
                          rl_ctx *cx)
{
    const char *why;
    *out = (rl_att){.plan = *plan};
    RL_TRY(rl_panel_build(t, plan, &out->panel, in, cx));
    if (est == NULL) RL_TRY(rl_estimator_choose(t, plan, &out->panel, &est, &why, cx));
    out->req = request_for(plan, &out->panel, est, t->study, in);
    RL_TRY(rl_estimate_run(&out->req, &out->panel.t, &out->fit, in, cx));
    RL_TRY(find_overall(&out->fit, &out->at, cx));
    RL_TRY(need_omega(&out->fit, cx));
    const rl_estimate *x = &out->fit.est[out->at];
    out->effect = x->estimate;
    out->se = x->std_error;
    out->df = x->df;
    rl_result by_unit = out->fit;
    if (out->panel.cluster_of != NULL) {
        rl_request r = out->req;
        size_t notes = cx->n_notes; /* said already */
        r.vcov.by[0] = out->panel.unit;
        r.omega = NULL;
        RL_TRY(rl_estimate_run(&r, &out->panel.t, &by_unit, cx->tmp, cx));
        cx->n_notes = notes;
    }
    unit_influence(out, &by_unit, in, cx);
    treated_mean(out, in);
    return RL_OK;
}

/* A fit leaves nothing behind in cx->tmp: a study makes dozens. */
rl_code rl_att_fit(const rl_tables *t, const rl_plan *plan, const rl_estimator *est, rl_att *out, rl_arena *in,
                   rl_ctx *cx)
{
    rl_arena *outer = cx->tmp;
    cx->tmp = rl_arena_like(outer);
    rl_code code = fit_effect(t, plan, est, out, in, cx);
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    return code;
}

double rl_att_of(const rl_att *e, const double *y)
{
    double sum = 0;
    for (size_t k = 0; k < e->fit.rows_used; k++) sum += e->fit.omega[k] * y[e->fit.row[k]];
    return sum;
}

/* Bands that hold for all event times at once, from the covariance. */
static void uniform_bands(rl_result *r, double level, rl_ctx *cx)
{
    rl_mat V = {r->V, r->m, r->m, r->m}, G = rl_mat_new(r->m, r->m, cx->tmp);
    double c, df = r->df > 0 ? r->df : 0;
    size_t n = 0;
    for (size_t j = 0; j < r->m; j++) {
        if (r->est[j].label.event == RL_NO_ID || !(r->est[j].std_error > 0)) continue;
        *rl_mat_at(&G, j, n++) = 1;
    }
    if (n < 2 || r->m > MOST_BANDED) return;
    G.k = n;
    rl_supt(&G, 1, &V, df, level, rl_t_quantile(0.5 + level / 2, df), cx->seed, &c, cx);
    if (!isfinite(c)) return;
    r->crit = c;
    for (size_t j = 0; j < r->m; j++) {
        rl_estimate *e = &r->est[j];
        if (e->label.event == RL_NO_ID || !(e->std_error > 0)) continue;
        e->band_low = e->estimate - c * e->std_error;
        e->band_high = e->estimate + c * e->std_error;
    }
}

static bool in_window(const rl_model_spec *m, const rl_estimate *e)
{
    if ((m->window_lo == 0 && m->window_hi == 0) || e->label.event == RL_NO_ID || isnan(e->std_error)) return true;
    return e->label.event >= m->window_lo && e->label.event <= m->window_hi;
}

/* Event times outside the window of the study are not shown; the base is, and the tests stay those of all.  What is
 * kept moves up in place: it never passes what is still to be read. */
static void keep_window(const rl_model_spec *m, rl_result *r, rl_ctx *cx)
{
    size_t n = 0, all = r->m, *from = RL_NEW(cx->tmp, size_t, all + 1);
    for (size_t j = 0; j < all; j++)
        if (in_window(m, &r->est[j])) from[n++] = j;
    for (size_t j = 0; j < n && n < all; j++) {
        r->est[j] = r->est[from[j]];
        for (size_t i = 0; i < n && r->V != NULL; i++) r->V[i + j * n] = r->V[from[i] + from[j] * all];
        for (size_t g = 0; g < r->G && r->psi_G != NULL; g++) r->psi_G[g + j * r->G] = r->psi_G[g + from[j] * r->G];
    }
    r->m = n;
    rl_release(cx->tmp, from);
}

/* The event study by etwfe, for estimators without one. */
static rl_request events_by_etwfe(const rl_att *e, rl_arena *in)
{
    rl_request r = e->req;
    r.estimator = rl_estimator_by_name("etwfe");
    r.formula = alone(&e->panel, in);
    r.method = NULL;
    r.n_covariates = r.n_ref = 0;
    r.notyet = r.rcs = false;
    add_covariates(&e->plan, &r);
    r.leads = true;
    return r;
}

static bool has_events(const rl_estimator *e)
{
    static const char *const NAME[] = {"etwfe", "cs", "bjs", "did2s", "sunab", "dcdh"};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        if (strcmp(e->name, NAME[i]) == 0) return true;
    return false;
}

/* The longest that a treated unit is seen before its start. */
static int longest_before(const rl_panel *p)
{
    const double *period = rl_table_col(&p->t, "period")->num, *cohort = rl_table_col(&p->t, "cohort")->num;
    double most = 0;
    for (size_t i = 0; i < p->t.n; i++)
        if (cohort[i] - period[i] > most) most = cohort[i] - period[i];
    return (int)most;
}

/* The event study of the model's own estimator.  The leads of bjs are set against all earlier periods: where no window
 * says which, the later half of the periods before the start against the earlier. */
static rl_request events_of_its_own(const rl_att *e)
{
    rl_request r = e->req;
    const rl_model_spec *m = e->plan.spec;
    if (strcmp(r.estimator->name, "etwfe") == 0) r.leads = true;
    if (!r.estimator->leads_apart) return r;
    bool given = m->window_lo != 0 || m->window_hi != 0;
    int half = longest_before(&e->panel) / 2;
    r.has_window = true;
    r.window_lo = given ? m->window_lo : -r.anticipation - (half > 1 ? half : 1);
    r.window_hi = INT32_MAX;
    return r;
}

static rl_code run_events(rl_request *r, const rl_att *e, rl_result *out, rl_arena *in, rl_ctx *cx)
{
    r->omega = NULL;
    r->agg = RL_AGG_DYNAMIC;
    return rl_estimate_run(r, &e->panel.t, out, in, cx);
}

rl_code rl_att_events(const rl_att *e, rl_result *out, rl_arena *in, rl_ctx *cx)
{
    size_t notes = cx->n_notes;
    bool own = has_events(e->req.estimator);
    rl_request r = own ? events_of_its_own(e) : events_by_etwfe(e, in);
    rl_code code = run_events(&r, e, out, in, cx);
    if (own && rl_exit_status(code) == 4 && strcmp(r.estimator->name, "etwfe") != 0) {
        cx->n_notes = notes;
        rl_forgive(cx);
        r = events_by_etwfe(e, in);
        code = run_events(&r, e, out, in, cx);
    }
    RL_TRY(code);
    keep_window(e->plan.spec, out, cx);
    uniform_bands(out, r.level, cx);
    return RL_OK;
}

rl_code rl_att_try(const rl_tables *t, const rl_plan *plan, const rl_panel *p, const rl_estimator *est,
                   const char **refused, rl_sides *out, rl_arena *in, rl_ctx *cx)
{
    rl_request r = request_for(plan, p, est, t->study, in);
    rl_result fit;
    size_t at, notes = cx->n_notes;
    rl_arena *outer = cx->tmp;
    *refused = NULL;
    cx->tmp = rl_arena_like(outer);
    rl_code code = rl_estimate_run(&r, &p->t, &fit, cx->tmp, cx);
    if (code == RL_OK) code = find_overall(&fit, &at, cx);
    if (code == RL_OK) code = need_omega(&fit, cx);
    rl_arena_free(cx->tmp);
    cx->tmp = outer;
    cx->n_notes = notes; /* of drawn outcomes */
    if (code != RL_OK && rl_exit_status(code) != 4) return code;
    if (code != RL_OK) {
        rl_study_error(cx);
        *refused = rl_sprintf(in, "%s%s%s", cx->err.what, cx->err.hint[0] != '\0' ? "; " : "", cx->err.hint);
        rl_forgive(cx);
    }
    r.formula = alone(p, in);
    r.notyet = !r.leads;
    r.n_covariates = r.n_ref = 0;
    return rl_compare(&r, &p->t, true, out, in, cx);
}

rl_code rl_att_sides(const rl_att *e, bool events, rl_sides *out, rl_arena *in, rl_ctx *cx)
{
    rl_request r = e->req;
    r.formula = alone(&e->panel, in);
    r.notyet = !r.leads;
    r.n_covariates = r.n_ref = 0; /* the others have no traits: all without */
    RL_TRY(rl_compare(&r, &e->panel.t, events, out, in, cx));
    for (size_t i = 0; i < out->n; i++)
        if (out->v[i].has_event) keep_window(e->plan.spec, &out->v[i].event, cx);
    return RL_OK;
}
