#include "app/fit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/fit_options.h"
#include "data/table.h"
#include "model/compare.h"
#include "model/infer.h"
#include "model/linear.h"
#include "model/result.h"
#include "out/csv_out.h"
#include "out/json_fit.h"
#include "out/text_fit.h"

static bool takes(const rl_estimator *e, const char *option)
{
    char word[40];
    snprintf(word, sizeof word, " %s ", option);
    return e->takes != NULL && strstr(e->takes, word) != NULL;
}

/* What only averages by event time look at. */
static void tell_idle_averages(const rl_request *r, rl_ctx *cx)
{
    const rl_estimator *e = r->estimator;
    bool imputed = e->frame == RL_FRAME_IMPUTE, cells = e->frame == RL_FRAME_CONTROLS || e->frame == RL_FRAME_DRAWN;
    if (r->agg == RL_AGG_DYNAMIC || (imputed && r->agg == RL_AGG_DEFAULT && (r->has_window || r->n_ref > 0))) return;
    if (r->has_balance && takes(e, "balance")) rl_remark(cx, "option", "--balance does nothing without --agg dynamic");
    if (r->has_window && cells && takes(e, "window"))
        rl_remark(cx, "option", "--window does nothing without --agg dynamic");
}

/* What was said and changes nothing is said back. */
static void tell_idle(const rl_fit_args *a, rl_ctx *cx)
{
    const rl_request *r = &a->req;
    const rl_estimator *e = r->estimator;
    const struct {
        const char *option;
        bool idle;
    } WORD[] = {{"--cohort", r->cohort != NULL && !e->needs_cohort},
                {"--treated", r->treated != NULL && !e->needs_cohort},
                {"--lags", r->n_orders > 0 && !e->orders},
                {"--max-lags", r->max_lags >= 0 && !e->orders},
                {"--ic", r->ic != RL_IC_DEFAULT && !e->orders},
                {"--method", r->method != NULL && e->methods == NULL},
                {"--gmm-lags", r->gmm_lo > 0 && !e->lists},
                {"--predetermined", r->n_predetermined > 0 && !e->lists},
                {"--endogenous", r->n_endogenous > 0 && !e->lists},
                {"--collapse", r->collapse && !e->lists},
                {"--shock", r->shock != NULL && !e->shocks},
                {"--horizon", r->horizon >= 0 && !e->shocks && r->n_response == 0}};
    const struct {
        const char *option;
        bool said;
    } DRAWN[] = {{"--multiplier", r->multiplier_said},
                 {"--reps", r->reps > 0 && (!e->refits || r->repeat == RL_REPEAT_JACKKNIFE)}};
    bool can_draw = !e->refits && (e->finish != NULL || e->by_unit); /* as rl_fit_finish() has it */
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++)
        if (WORD[i].idle) rl_remark(cx, "option", "%s does nothing with estimator '%s'", WORD[i].option, e->name);
    for (size_t i = 0; i < sizeof DRAWN / sizeof *DRAWN && !r->bootstrap; i++)
        if (DRAWN[i].said && can_draw)
            rl_remark(cx, "option", "%s does nothing without --inference bootstrap", DRAWN[i].option);
        else if (DRAWN[i].said && i == 1 && r->repeat == RL_REPEAT_JACKKNIFE && e->refits)
            rl_remark(cx, "option", "--reps does nothing with --inference jackknife: it leaves out each unit once");
        else if (DRAWN[i].said)
            rl_remark(cx, "option", "%s does nothing with estimator '%s'", DRAWN[i].option, e->name);
    for (size_t i = 0; i < a->n_did; i++)
        if (!takes(e, a->did[i])) rl_remark(cx, "option", "--%s does nothing with estimator '%s'", a->did[i], e->name);
    tell_idle_averages(r, cx);
}

/* --cluster a beside --vcov: cluster:a says the same, CR2, CR3 and wild without a
 * column take it over, anything else is meant otherwise. */
static rl_code inherit_cluster(rl_fit_args *a, rl_ctx *cx)
{
    rl_vcov_spec *v = &a->req.vcov, own;
    bool few = v->kind == RL_CR2 || v->kind == RL_CR3 || v->kind == RL_WILD;
    RL_TRY(rl_vcov_parse(rl_sprintf(cx->keep, "cluster:%s", a->cluster), &own, cx->keep, cx));
    bool same = (few || v->kind == RL_CLUSTER) && (v->ways == own.ways || (few && v->ways == 0));
    for (size_t i = 0; i < v->ways && same; i++) same = strcmp(v->by[i], own.by[i]) == 0;
    if (!same || (few && own.ways != 1)) {
        rl_fail(cx, RL_EUSAGE, "--vcov %s and --cluster %s contradict each other", a->vcov, a->cluster);
        if (v->kind == RL_WILD && v->ways == 1 && v->draw_by == NULL && own.ways == 1)
            return rl_hint(cx,
                           "draws take over the clusters of the errors; to draw by another column say so: "
                           "wild:%s,errors=%s",
                           v->by[0], own.by[0]);
        return few ? rl_hint(cx, "to cluster at another level leave --cluster out") : RL_EUSAGE;
    }
    v->ways = own.ways;
    v->by[0] = own.by[0];
    return RL_OK;
}

/* Errors by repetition are of some estimators, and all they have. */
static rl_code check_repeats(const rl_request *r, rl_ctx *cx)
{
    const rl_estimator *e = r->estimator;
    if (r->repeat != RL_REPEAT_DEFAULT && !e->refits) {
        rl_fail(cx, RL_EUSAGE, "--inference %s is of estimators 'sc' and 'sdid'",
                r->repeat == RL_REPEAT_PLACEBO ? "placebo" : "jackknife");
        return rl_hint(cx, "'%s' has %s", e->name,
                       e->by_unit ? "analytic errors, and --inference bootstrap" : "its errors by --vcov");
    }
    if (r->every && (!e->refits || r->bootstrap || r->repeat == RL_REPEAT_JACKKNIFE)) return rl_fit_few_draws(0, cx);
    return RL_OK;
}

/* Options without which an effect means something else are not passed over. */
static rl_code check_meaning(const rl_fit_args *a, rl_ctx *cx)
{
    const rl_request *r = &a->req;
    for (size_t i = 0; i < a->n_did; i++)
        if (strcmp(a->did[i], "control") == 0 && !takes(r->estimator, "control"))
            return rl_fail(cx, RL_EUSAGE, "--control does not apply to estimator '%s'", r->estimator->name);
    if (r->anticipation == 0 || takes(r->estimator, "anticipation")) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--anticipation does not apply to estimator '%s'", r->estimator->name);
    if (!r->estimator->needs_cohort) return RL_EUSAGE;
    return rl_hint(cx, "cs, bjs, did2s and ddd take it; elsewhere give a start so many periods earlier");
}

rl_code rl_fit_finish(rl_fit_args *a, rl_ctx *cx)
{
    const char *word = a->vcov;
    rl_request *r = &a->req;
    r->keep_effects = a->fe_out != NULL;
    if (a->data == NULL) {
        rl_fail(cx, RL_EUSAGE, "fit needs a CSV file");
        return rl_hint(cx, "write --data FILE.csv");
    }
    if (a->cluster != NULL && word == NULL) word = rl_sprintf(cx->keep, "cluster:%s", a->cluster);
    if (word != NULL) RL_TRY(rl_vcov_parse(word, &r->vcov, cx->keep, cx));
    if (a->cluster != NULL && a->vcov != NULL) RL_TRY(inherit_cluster(a, cx));
    if (r->estimator == NULL) RL_TRY(rl_estimator_default(r->formula, &r->estimator, cx));
    RL_TRY(rl_profile_settle(r, cx));
    if (r->n_iv_test > 0 && !r->estimator->instruments) {
        rl_fail(cx, RL_EUSAGE, "--test %s needs instruments", r->iv_test[0]);
        return rl_hint(cx, "write outcome ~ regressors | effects | endogenous ~ instruments, 0 for no effects");
    }
    if (a->bounds_test != NULL && strcmp(r->estimator->name, "ardl") != 0) {
        rl_fail(cx, RL_EUSAGE, "--test %s is of an ARDL model", a->bounds_test);
        return rl_hint(cx, "add --estimator ardl with --lags or --max-lags");
    }
    if (a->compare && !r->estimator->needs_cohort) {
        rl_fail(cx, RL_EUSAGE, "--compare is of programmes, and estimator '%s' knows none", r->estimator->name);
        return rl_hint(cx, "name one with --estimator, say cs or etwfe, and the start with --cohort");
    }
    if (r->bootstrap && r->estimator->finish == NULL && !r->estimator->by_unit) {
        rl_fail(cx, RL_EUSAGE, "--inference bootstrap is of programmes' estimators and of 'ardl'");
        return rl_hint(cx, "clusters have a bootstrap for every estimator: --vcov wild:COL");
    }
    RL_TRY(check_repeats(r, cx));
    RL_TRY(check_meaning(a, cx));
    r->leads = r->estimator->frame == RL_FRAME_CELLS && !r->notyet;
    r->between_never = rl_profile_is(r, "fixest") && !a->compare;
    tell_idle(a, cx);
    static const char *const MISSING[] = {"NA", "NaN"}; /* as R and Python write it */
    a->source.path = a->source.name = a->data;
    a->source.missing = MISSING;
    a->source.n_missing = 2;
    return RL_OK;
}

/* --- the command ------------------------------------------------------------------ */

/* A hint that names a study's key names the option instead, or what fit does where it has none. */
static const char *as_option(const char *hint, rl_ctx *cx)
{
    static const struct {
        const char *key, *option;
    } WORD[] = {{"number_format: ", "--number-format "},
                {"empty cells are missing values; to accept this token add it to 'missing'",
                 "empty cells, NA and NaN are missing values: write the cell so if it is one"}};
    for (size_t w = 0; w < sizeof WORD / sizeof *WORD; w++) {
        rl_str s = rl_str_new(cx->keep);
        for (const char *at; (at = strstr(hint, WORD[w].key)) != NULL; hint = at + strlen(WORD[w].key)) {
            rl_str_addn(&s, hint, (size_t)(at - hint));
            rl_str_add(&s, WORD[w].option);
        }
        rl_str_add(&s, hint);
        hint = rl_str_text(&s);
    }
    return hint;
}

rl_code rl_fit_faults(rl_faults *f, rl_ctx *cx)
{
    size_t n = rl_faults_fatal(f);
    if (n == 0) return RL_OK;
    RL_TRY(rl_faults_locate(f, cx));
    for (size_t i = 0; i < f->n; i++) {
        const rl_fault *x = &f->fault[i];
        if (f->policy[x->rule] != RL_POLICY_ERROR) continue;
        rl_fail_at(cx, RL_EINPUT, x->file->name, x->line, x->col, "%s", x->what);
        if (x->excerpt != NULL) cx->err.excerpt = rl_strdup(cx->keep, x->excerpt);
        if (n > 1)
            return rl_hint(cx, "%s%s%zu more cells could not be read", x->hint ? as_option(x->hint, cx) : "",
                           x->hint ? "; " : "", n - 1);
        return x->hint != NULL ? rl_hint(cx, "%s", as_option(x->hint, cx)) : RL_EINPUT;
    }
    return rl_fail(cx, RL_EINPUT, "%zu cells could not be read", n);
}

static rl_code read_args(const rl_opts *o, rl_fit_args *a, rl_ctx *cx)
{
    rl_fit_args_init(a, o->arg[0]);
    for (size_t i = 0; i < o->n_given; i++) {
        const rl_option *opt = o->given[i].option;
        if (opt->in == RL_CMD_ANY) continue; /* main's */
        RL_TRY(rl_fit_option(a, opt->name, o->given[i].value, cx));
    }
    return rl_fit_finish(a, cx);
}

/* The call as the JSON shows it: the formula and the options as given. */
static const char *const *call_of(const rl_opts *o, size_t *n, rl_ctx *cx)
{
    const char **call = RL_NEW(cx->keep, const char *, 2 + 2 * o->n_given);
    *n = 0;
    call[(*n)++] = "fit";
    call[(*n)++] = o->arg[0];
    for (size_t i = 0; i < o->n_given; i++) {
        if (o->given[i].option->in == RL_CMD_ANY) continue;
        call[(*n)++] = rl_sprintf(cx->keep, "--%s", o->given[i].option->name);
        if (o->given[i].value != NULL) call[(*n)++] = o->given[i].value;
    }
    return call;
}

rl_code rl_fit_run(const rl_fit_args *a, rl_result *r, rl_ctx *cx)
{
    rl_want *want;
    rl_faults faults;
    rl_table t;
    size_t n_want;
    RL_TRY(rl_request_columns(&a->req, &want, &n_want, cx->keep, cx));
    rl_faults_init(&faults, cx->keep);
    faults.policy[RL_RULE_EMPTY] = RL_POLICY_KEEP; /* missing values like others, counted as such */
    RL_TRY(rl_table_read(&a->source, want, n_want, &faults, &t, cx->keep, cx));
    RL_TRY(rl_fit_faults(&faults, cx));
    rl_request req = a->req;
    if (!a->compare) req.spend = cx->keep;
    RL_TRY(rl_estimate_run(&req, &t, r, cx->keep, cx));
    if (!a->compare) return RL_OK;
    rl_sides *sides = RL_NEW(cx->keep, rl_sides, 1);
    r->sides = sides;
    return rl_compare(&req, &t, true, sides, cx->keep, cx);
}

static rl_code write_text(const char *path, const rl_str *s, const char *what, rl_ctx *cx)
{
    FILE *f = fopen(path, "wb");
    bool fine = f != NULL && fwrite(s->s, 1, s->n, f) == s->n;
    if (f != NULL) fine = fclose(f) == 0 && fine;
    return fine ? RL_OK : rl_fail_at(cx, RL_EIO, path, 0, 0, "cannot write the %s: %s", what, strerror(errno));
}

/* effect,level,coefficient; shortest text that reads back to the same number. */
static rl_code write_effects(const char *path, const rl_result *r, rl_ctx *cx)
{
    rl_str s = rl_str_new(cx->keep);
    rl_str_add(&s, "effect,level,coefficient\n");
    for (size_t i = 0; i < r->n_effects; i++) {
        char buf[32];
        const char *level = r->effect[i].level;
        double x;
        rl_csv_text_cell(&s, r->effect[i].effect);
        rl_str_addc(&s, ',');
        if (rl_number_parse(level, strlen(level), RL_NUMBERS_PLAIN, &x))
            rl_str_add(&s, level);
        else
            rl_csv_text_cell(&s, level);
        rl_str_addf(&s, ",%s\n", rl_num_text(buf, r->effect[i].coefficient));
    }
    return write_text(path, &s, "fixed effects", cx);
}

/* A row and a column an estimate, named as --lincom names them; empty where an estimate has no variance. */
static rl_code write_covariance(const char *path, const rl_result *r, rl_ctx *cx)
{
    rl_str s = rl_str_new(cx->keep);
    rl_str_add(&s, "estimate");
    for (size_t j = 0; j < r->m; j++) {
        rl_str_addc(&s, ',');
        rl_csv_text_cell(&s, rl_linear_name(&r->est[j].label, cx));
    }
    rl_str_addc(&s, '\n');
    for (size_t i = 0; i < r->m; i++) {
        rl_csv_text_cell(&s, rl_linear_name(&r->est[i].label, cx));
        for (size_t j = 0; j < r->m; j++) {
            char buf[32];
            double v = r->V[i + j * r->m];
            bool there = r->V[i + i * r->m] > 0 && r->V[j + j * r->m] > 0;
            rl_str_addf(&s, ",%s", there && isfinite(v) ? rl_num_text(buf, v) : "");
        }
        rl_str_addc(&s, '\n');
    }
    return write_text(path, &s, "covariance", cx);
}

/* --strict: a test that found a problem. */
static bool any_problem(const rl_result *r)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (r->test[i].verdict != NULL && strcmp(r->test[i].verdict, "problem") == 0) return true;
    return false;
}

rl_code rl_cmd_fit(const rl_opts *o, rl_ctx *cx)
{
    rl_fit_args a;
    rl_result r;
    size_t n_call;
    RL_TRY(read_args(o, &a, cx));
    RL_TRY(rl_fit_run(&a, &r, cx));
    if (a.cov_out != NULL && strcmp(r.vcov_kind, "none") == 0) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' gives no standard errors: there is no covariance for --cov-out",
                r.estimator->name);
        return rl_hint(cx, "its figures take another estimate apart, whose errors that estimator gives");
    }
    if (a.fe_out != NULL) RL_TRY(write_effects(a.fe_out, &r, cx));
    if (a.cov_out != NULL) RL_TRY(write_covariance(a.cov_out, &r, cx));
    const char *const *call = call_of(o, &n_call, cx);
    fputs(o->json ? rl_json_fit(&r, call, n_call, cx->keep) : rl_text_fit(&r, cx->keep), stdout);
    return o->strict && any_problem(&r) ? RL_EDIAG : RL_OK;
}
