#include "app/fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/table.h"
#include "model/infer.h"
#include "model/linear.h"
#include "model/result.h"
#include "out/csv_out.h"
#include "out/json_fit.h"
#include "out/text_fit.h"

void rl_fit_args_init(rl_fit_args *a, const char *formula)
{
    *a = (rl_fit_args){.req = {.formula = formula, .level = 0.95, .vcov = {.lag = -1}}};
}

/* --- options ------------------------------------------------------------------- */

static rl_code bad_value(rl_ctx *cx, const char *name, const char *value, const char *want)
{
    rl_fail(cx, RL_EUSAGE, "--%s '%s' is not known", name, value);
    return rl_hint(cx, "%s", want);
}

static bool whole(const char *s, const char **end, int *k)
{
    char *stop;
    long x = strtol(s, &stop, 10);
    if (stop == s || x < -100000 || x > 100000) return false;
    *k = (int)x;
    *end = stop;
    return true;
}

static rl_code take_window(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *s;
    rl_request *r = &a->req;
    if (!whole(v, &s, &r->window_lo) || *s != ':' || !whole(s + 1, &s, &r->window_hi) || *s != '\0')
        return bad_value(cx, "window", v, "write the first and the last event time, as in --window -6:8");
    if (r->window_lo > r->window_hi)
        return bad_value(cx, "window", v, "the window goes from the smaller to the larger event time");
    r->has_window = true;
    return RL_OK;
}

static rl_code take_refs(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *s = v;
    rl_request *r = &a->req;
    for (r->n_ref = 0;; s++) {
        if (r->n_ref == RL_MAX_REFS || !whole(s, &s, &r->ref[r->n_ref]) || (*s != ',' && *s != '\0'))
            return bad_value(cx, "ref", v, "write event times, as in --ref -1 or --ref -1,-3");
        r->n_ref++;
        if (*s == '\0') return RL_OK;
    }
}

static rl_code take_panel(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *comma = strrchr(v, ',');
    if (comma == NULL || comma == v || comma[1] == '\0')
        return bad_value(cx, "panel", v, "write the columns of unit and time, as in --panel region,month");
    a->req.unit = rl_strndup(cx->keep, v, (size_t)(comma - v));
    a->req.time = rl_strdup(cx->keep, comma + 1);
    return RL_OK;
}

static rl_code take_estimator(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    static const char *const LATER[] = {"ardl",  "koyck",     "lp",  "cs",   "sunab", "bjs",  "did2s", "stacked",
                                        "lpdid", "staggered", "ddd", "dcdh", "sc",    "sdid", "bacon"};
    enum { N_LATER = sizeof LATER / sizeof *LATER };
    const char **known = RL_NEW(cx->tmp, const char *, N_LATER + rl_estimator_count());
    size_t n = 0;
    rl_str names = rl_str_new(cx->keep);
    a->req.estimator = rl_estimator_by_name(v);
    if (a->req.estimator != NULL) return RL_OK;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        known[n++] = rl_estimator_at(i)->name;
        rl_str_addf(&names, "%s%s", i ? " " : "", known[i]);
    }
    for (size_t i = 0; i < N_LATER; i++) {
        if (strcmp(v, LATER[i]) == 0) {
            rl_fail(cx, RL_EUSAGE, "estimator '%s' is not in this version", v);
            return rl_hint(cx, "known: %s", rl_str_text(&names));
        }
        known[n++] = LATER[i];
    }
    rl_fail(cx, RL_EUSAGE, "--estimator '%s' is not known", v);
    const char *near = rl_nearest(v, known, n);
    if (near != NULL) return rl_hint(cx, "did you mean '%s'? known: %s", near, rl_str_text(&names));
    return rl_hint(cx, "known: %s", rl_str_text(&names));
}

static rl_code take_agg(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    static const char *const NAME[] = {"group-time", "simple", "dynamic", "group", "calendar"};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        if (strcmp(v, NAME[i]) == 0) {
            a->req.agg = (rl_agg)(RL_AGG_GROUP_TIME + (int)i);
            return RL_OK;
        }
    return bad_value(cx, "agg", v, "known: group-time simple dynamic group calendar");
}

static rl_code take_period(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.calendar = (rl_calendar){rl_period_kind_of(v), 1};
    if (a->req.calendar.kind != RL_PERIOD_NONE) return RL_OK;
    return bad_value(cx, "period", v, "known: day week month quarter year");
}

static rl_code take_subset(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *eq = strchr(v, '=');
    if (eq == NULL || eq == v) return bad_value(cx, "subset", v, "write COL=VALUE, as in --subset region=North");
    a->req.subset_col = rl_strndup(cx->keep, v, (size_t)(eq - v));
    a->req.subset_value = rl_strdup(cx->keep, eq + 1);
    return RL_OK;
}

static rl_code take_level(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    char *end;
    a->req.level = strtod(v, &end);
    if (*v != '\0' && *end == '\0' && a->req.level > 0 && a->req.level < 1) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--level '%s': the level must lie between 0 and 1", v);
    return rl_hint(cx, "--level 0.95 gives 95 %% intervals");
}

static rl_code take_word(const char *name, const char *v, const char *a, const char *b, rl_ctx *cx)
{
    if (strcmp(v, a) == 0 || (b != NULL && strcmp(v, b) == 0)) return RL_OK;
    return rl_fail(cx, RL_EUSAGE, "--%s '%s' is not known: %s%s%s", name, v, a, b != NULL ? " or " : "",
                   b != NULL ? b : "");
}

static rl_code take_family(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.family = strcmp(v, "logit") == 0 ? RL_LOGIT : RL_POISSON;
    return take_word("family", v, "poisson", "logit", cx);
}

static void append(const char *const **list, size_t *n, const char *v, rl_ctx *cx)
{
    const char **more = RL_NEW(cx->keep, const char *, *n + 1);
    for (size_t i = 0; i < *n; i++) more[i] = (*list)[i];
    more[(*n)++] = v;
    *list = more;
}

static rl_code take_lincom(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    append(&a->req.lincom, &a->req.n_lincom, v, cx);
    return RL_OK;
}

static rl_code take_test(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    static const char *const IV[] = {"first-stage-f",    "first-stage-wald", "wu-hausman",
                                     "sargan",           "hansen",           "sanderson-windmeijer-f",
                                     "anderson-lm",      "cragg-donald-f",   "kleibergen-paap-lm",
                                     "kleibergen-paap-f"};
    for (size_t i = 0; i < sizeof IV / sizeof *IV; i++)
        if (strcmp(v, IV[i]) == 0) {
            a->iv_test = v;
            return RL_OK;
        }
    if (!rl_linear_is_restriction(v)) {
        rl_fail(cx, RL_EUSAGE, "--test '%s' is no restriction and no test of this version", v);
        return rl_hint(cx, "write what should be equal, as in --test 'x1 = x2, x3 = 0'; known by name: first-stage-f "
                           "first-stage-wald sanderson-windmeijer-f anderson-lm cragg-donald-f kleibergen-paap-lm "
                           "kleibergen-paap-f wu-hausman sargan hansen");
    }
    append(&a->req.restriction, &a->req.n_restriction, v, cx);
    return RL_OK;
}

static rl_code take_profile(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.profile = v;
    if (rl_profile_by_name(v) != NULL) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--as '%s' is not known", v);
    return rl_hint(cx, "known: %s", rl_profile_names());
}

rl_code rl_fit_option(rl_fit_args *a, const char *name, const char *v, rl_ctx *cx)
{
    static const struct {
        const char *name;
        rl_code (*take)(rl_fit_args *, const char *, rl_ctx *);
    } PARSED[] = {
        {"window", take_window}, {"ref", take_refs},      {"panel", take_panel},   {"estimator", take_estimator},
        {"agg", take_agg},       {"period", take_period}, {"subset", take_subset}, {"level", take_level},
        {"as", take_profile},    {"family", take_family}, {"lincom", take_lincom}, {"test", take_test},
    };
    const struct {
        const char *name;
        const char **to;
    } PLAIN[] = {
        {"data", &a->data},         {"unit", &a->req.unit},       {"time", &a->req.time},
        {"cohort", &a->req.cohort}, {"treated", &a->req.treated}, {"weights", &a->req.weights},
        {"offset", &a->req.offset}, {"vcov", &a->vcov},           {"cluster", &a->cluster},
        {"control", &a->control},   {"fe-out", &a->fe_out},
    };
    if (strcmp(name, "endpoints") == 0) {
        a->req.endpoints_drop = true;
        return take_word(name, v, "drop", NULL, cx);
    }
    if (strcmp(name, "singletons") == 0) {
        a->req.keep_singletons = strcmp(v, "keep") == 0;
        return take_word(name, v, "keep", "drop", cx);
    }
    if (strcmp(name, "na") == 0) {
        a->req.na_drop = strcmp(v, "drop") == 0;
        return take_word(name, v, "drop", "fail", cx);
    }
    if (strcmp(name, "margins") == 0) {
        a->req.margins = true;
        return RL_OK;
    }
    for (size_t i = 0; i < sizeof PARSED / sizeof *PARSED; i++)
        if (strcmp(name, PARSED[i].name) == 0) return PARSED[i].take(a, v, cx);
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++)
        if (strcmp(name, PLAIN[i].name) == 0) {
            *PLAIN[i].to = v;
            return RL_OK;
        }
    return rl_fail(cx, RL_EUSAGE, "fit does not take --%s", name);
}

/* What was said and changes nothing is said back. */
static void tell_idle(const rl_fit_args *a, rl_ctx *cx)
{
    const rl_request *r = &a->req;
    const rl_estimator *e = r->estimator;
    const struct {
        const char *option;
        bool idle;
    } WORD[] = {{"--window", r->has_window && e->frame != RL_FRAME_EVENT},
                {"--ref", r->n_ref > 0 && e->frame != RL_FRAME_EVENT},
                {"--endpoints", r->endpoints_drop && e->frame != RL_FRAME_EVENT},
                {"--agg", r->agg != RL_AGG_DEFAULT && e->frame != RL_FRAME_CELLS},
                {"--cohort", r->cohort != NULL && !e->needs_cohort},
                {"--treated", r->treated != NULL && !e->needs_cohort}};
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++)
        if (WORD[i].idle) rl_remark(cx, "option", "%s does nothing with estimator '%s'", WORD[i].option, e->name);
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
    if (a->iv_test != NULL && !r->estimator->instruments) {
        rl_fail(cx, RL_EUSAGE, "--test %s needs instruments", a->iv_test);
        return rl_hint(cx, "write outcome ~ regressors | effects | endogenous ~ instruments, 0 for no effects");
    }
    bool cells = r->estimator->frame == RL_FRAME_CELLS;
    if (a->control != NULL) {
        if (!cells) return rl_fail(cx, RL_EUSAGE, "--control does not apply to estimator '%s'", r->estimator->name);
        RL_TRY(take_word("control", a->control, "never", "notyet", cx));
    }
    r->leads = cells && (a->control == NULL || strcmp(a->control, "never") == 0);
    tell_idle(a, cx);
    static const char *const MISSING[] = {"NA", "NaN"}; /* as R and Python write it */
    a->source = rl_source_of(a->data);
    a->source.missing = MISSING;
    a->source.n_missing = 2;
    return RL_OK;
}

/* --- the command ------------------------------------------------------------------ */

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
            return rl_hint(cx, "%s%s%zu more cells could not be read", x->hint ? x->hint : "", x->hint ? "; " : "",
                           n - 1);
        return x->hint != NULL ? rl_hint(cx, "%s", x->hint) : RL_EINPUT;
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
    req.spend = cx->keep;
    return rl_estimate_run(&req, &t, r, cx->keep, cx);
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
    FILE *f = fopen(path, "wb");
    bool fine = f != NULL && fwrite(s.s, 1, s.n, f) == s.n;
    if (f != NULL) fine = fclose(f) == 0 && fine;
    return fine ? RL_OK : rl_fail_at(cx, RL_EIO, path, 0, 0, "cannot write the fixed effects: %s", strerror(errno));
}

rl_code rl_cmd_fit(const rl_opts *o, rl_ctx *cx)
{
    rl_fit_args a;
    rl_result r;
    size_t n_call;
    RL_TRY(read_args(o, &a, cx));
    RL_TRY(rl_fit_run(&a, &r, cx));
    if (a.fe_out != NULL) RL_TRY(write_effects(a.fe_out, &r, cx));
    const char *const *call = call_of(o, &n_call, cx);
    fputs(o->json ? rl_json_fit(&r, call, n_call, cx->keep) : rl_text_fit(&r, cx->keep), stdout);
    return RL_OK;
}
