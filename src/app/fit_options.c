/* The options of fit, one by one; what they mean together stands in fit.c. */
#include "app/fit_options.h"

#include <stdlib.h>
#include <string.h>

#include "model/diag.h"
#include "model/dynamic.h"
#include "model/infer.h"
#include "model/linear.h"
#include "model/response.h"
#include "model/study.h"

void rl_fit_args_init(rl_fit_args *a, const char *formula)
{
    *a = (rl_fit_args){.req = {.formula = formula, .level = 0.95, .vcov = {.lag = -1}, .max_lags = -1, .horizon = -1}};
}

rl_code rl_fit_bad_value(rl_ctx *cx, const char *name, const char *value, const char *want)
{
    rl_fail(cx, RL_EUSAGE, "--%s '%s' is not known", name, value);
    return rl_hint(cx, "%s", want);
}

/* --- how the file is written: the words of a study ---------------------------------- */

static rl_code take_choice(const char *name, const char *v, const rl_choice *c, const char *known, int *out, rl_ctx *cx)
{
    for (; c->name != NULL; c++)
        if (strcmp(v, c->name) == 0) {
            *out = c->value;
            return RL_OK;
        }
    return rl_fit_bad_value(cx, name, v, known);
}

static rl_code take_encoding(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    int x = 0;
    RL_TRY(take_choice("encoding", v, rl_encodings, "known: utf-8 utf-16 latin-1", &x, cx));
    a->source.encoding = (rl_encoding)x;
    return RL_OK;
}

static rl_code take_delimiter(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    int x = 0;
    RL_TRY(take_choice("delimiter", v, rl_delimiters, "known: comma semicolon pipe tab, or the character, quoted", &x,
                       cx));
    a->source.delimiter = (char)x;
    return RL_OK;
}

static rl_code take_numbers(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    int x = 0;
    RL_TRY(take_choice("number-format", v, rl_number_formats, "known: plain (1234.5), us ($1,234.50), eu (1.234,50)",
                       &x, cx));
    a->source.numbers = (rl_number_format)x;
    return RL_OK;
}

/* --- models --------------------------------------------------------------------------- */

bool rl_fit_whole(const char *s, const char **end, int *k)
{
    char *stop;
    long x = strtol(s, &stop, 10);
    if (stop == s || x < -100000 || x > 100000) return false;
    *k = (int)x;
    *end = stop;
    return true;
}

/* A:B, or A: for all from A on. */
static rl_code take_gmm_lags(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *s;
    rl_request *r = &a->req;
    r->gmm_hi = 0;
    if (!rl_fit_whole(v, &s, &r->gmm_lo) || *s != ':' ||
        (s[1] != '\0' && (!rl_fit_whole(s + 1, &s, &r->gmm_hi) || *s != '\0')))
        return rl_fit_bad_value(cx, "gmm-lags", v,
                                "write the first and the last lag, as in --gmm-lags 2:4, or 2: for all");
    if (r->gmm_lo < 2)
        return rl_fit_bad_value(cx, "gmm-lags", v,
                                "the outcome of one period ago moves with the differenced error: from 2 on");
    if (r->gmm_hi != 0 && r->gmm_hi < r->gmm_lo)
        return rl_fit_bad_value(cx, "gmm-lags", v, "the lags go from the smaller to the larger");
    return RL_OK;
}

static rl_code take_panel(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *comma = strrchr(v, ',');
    if (comma == NULL || comma == v || comma[1] == '\0')
        return rl_fit_bad_value(cx, "panel", v, "write the columns of unit and time, as in --panel region,month");
    a->req.unit = rl_strndup(cx->keep, v, (size_t)(comma - v));
    a->req.time = rl_strdup(cx->keep, comma + 1);
    return RL_OK;
}

static rl_code take_estimator(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char **known = RL_NEW(cx->tmp, const char *, rl_estimator_count());
    size_t n = 0;
    rl_str names = rl_str_new(cx->keep);
    a->req.estimator = rl_estimator_by_name(v);
    if (a->req.estimator != NULL) return RL_OK;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        known[n++] = rl_estimator_at(i)->name;
        rl_str_addf(&names, "%s%s", i ? " " : "", known[i]);
    }
    rl_fail(cx, RL_EUSAGE, "--estimator '%s' is not known", v);
    const char *near = rl_nearest(v, known, n);
    if (near != NULL) return rl_hint(cx, "did you mean '%s'? known: %s", near, rl_str_text(&names));
    return rl_hint(cx, "known: %s", rl_str_text(&names));
}

static rl_code take_period(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.calendar = (rl_calendar){rl_period_kind_of(v), 1};
    if (a->req.calendar.kind != RL_PERIOD_NONE) return RL_OK;
    return rl_fit_bad_value(cx, "period", v, "known: day week month quarter year");
}

static rl_code take_subset(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *eq = strchr(v, '=');
    if (eq == NULL || eq == v) return rl_fit_bad_value(cx, "subset", v, "write COL=VALUE, as in --subset region=North");
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

rl_code rl_fit_take_word(const char *name, const char *v, const char *a, const char *b, rl_ctx *cx)
{
    if (strcmp(v, a) == 0 || (b != NULL && strcmp(v, b) == 0)) return RL_OK;
    return rl_fail(cx, RL_EUSAGE, "--%s '%s' is not known: %s%s%s", name, v, a, b != NULL ? " or " : "",
                   b != NULL ? b : "");
}

static rl_code take_family(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.family = strcmp(v, "logit") == 0 ? RL_LOGIT : RL_POISSON;
    return rl_fit_take_word("family", v, "poisson", "logit", cx);
}

void rl_fit_list_add(const char *const **list, size_t *n, const char *v, rl_ctx *cx)
{
    const char **more = RL_NEW(cx->keep, const char *, *n + 1);
    for (size_t i = 0; i < *n; i++) more[i] = (*list)[i];
    more[(*n)++] = v;
    *list = more;
}

static rl_code take_predetermined(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    rl_fit_list_add(&a->req.predetermined, &a->req.n_predetermined, v, cx);
    return RL_OK;
}

static rl_code take_endogenous(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    rl_fit_list_add(&a->req.endogenous, &a->req.n_endogenous, v, cx);
    return RL_OK;
}

static rl_code take_lags(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    if (rl_orders_read(v, &a->req)) return RL_OK;
    return rl_fit_bad_value(cx, "lags", v,
                            "write the lags of the outcome, then those of each regressor, as in --lags 2,1,0");
}

rl_code rl_fit_take_count(const char *name, const char *v, int *to, rl_ctx *cx)
{
    const char *s;
    if (rl_fit_whole(v, &s, to) && *s == '\0' && *to >= 0) return RL_OK;
    return rl_fit_bad_value(cx, name, v, "write a whole number, 0 or more");
}

static rl_code take_max_lags(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    return rl_fit_take_count("max-lags", v, &a->req.max_lags, cx);
}

static rl_code take_horizon(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    return rl_fit_take_count("horizon", v, &a->req.horizon, cx);
}

static rl_code take_ic(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    if (rl_ic_read(v, &a->req)) return RL_OK;
    return rl_fit_bad_value(cx, "ic", v, "known: aic bic hq");
}

static rl_code take_inference(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    static const char *const NAME[] = {"analytic", "bootstrap", "placebo", "jackknife"};
    size_t i = 0;
    while (i < 4 && strcmp(v, NAME[i]) != 0) i++;
    if (i == 4) return rl_fit_bad_value(cx, "inference", v, "known: analytic bootstrap; sc, sdid: placebo jackknife");
    a->req.bootstrap = i == 1;
    a->req.repeat = i == 2 ? RL_REPEAT_PLACEBO : i == 3 ? RL_REPEAT_JACKKNIFE : RL_REPEAT_DEFAULT;
    a->req.inference_said = true;
    return RL_OK;
}

static rl_code take_reps(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    int reps = 0;
    RL_TRY(rl_fit_take_count("reps", v, &reps, cx));
    a->req.reps = (size_t)reps;
    a->req.every = reps == 0; /* of placebos alone, see rl_fit_finish() */
    if (reps >= 99 || reps == 0) return RL_OK;
    return rl_fit_few_draws(reps, cx);
}

rl_code rl_fit_few_draws(int reps, rl_ctx *cx)
{
    rl_fail(cx, RL_EUSAGE, "--reps %d: draws are too few for an interval", reps);
    return rl_hint(cx, "99 are the least; the default is 1999, 1000 for multipliers, and 200 for sc and sdid");
}

static rl_code take_lincom(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    rl_fit_list_add(&a->req.lincom, &a->req.n_lincom, v, cx);
    return RL_OK;
}

static rl_code take_contrast(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    rl_fit_list_add(&a->req.contrast, &a->req.n_contrast, v, cx);
    return RL_OK;
}

static rl_code take_response(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *col;
    int h;
    RL_TRY(rl_response_parse(v, &col, &h, cx->keep, cx));
    rl_fit_list_add(&a->req.response, &a->req.n_response, v, cx);
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
            rl_fit_list_add(&a->req.iv_test, &a->req.n_iv_test, v, cx);
            return RL_OK;
        }
    if (strcmp(v, "bounds-f") == 0 || strcmp(v, "bounds-t") == 0) {
        a->bounds_test = v;
        return RL_OK;
    }
    if (rl_diag_known(v)) {
        rl_diag_spec spec;
        RL_TRY(rl_diag_parse(v, &spec, cx->keep, cx));
        rl_fit_list_add(&a->req.diag, &a->req.n_diag, v, cx);
        return RL_OK;
    }
    if (!rl_linear_is_restriction(v)) {
        rl_fail(cx, RL_EUSAGE, "--test '%s' is no restriction and no test of this version", v);
        return rl_hint(cx,
                       "write what should be equal, as in --test 'x1 = x2, x3 = 0'; known by name: first-stage-f "
                       "first-stage-wald sanderson-windmeijer-f anderson-lm cragg-donald-f kleibergen-paap-lm "
                       "kleibergen-paap-f wu-hausman sargan hansen %s",
                       rl_diag_names(cx->keep));
    }
    rl_fit_list_add(&a->req.restriction, &a->req.n_restriction, v, cx);
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
        {"encoding", take_encoding},
        {"delimiter", take_delimiter},
        {"number-format", take_numbers},
        {"panel", take_panel},
        {"estimator", take_estimator},
        {"period", take_period},
        {"subset", take_subset},
        {"level", take_level},
        {"as", take_profile},
        {"family", take_family},
        {"lincom", take_lincom},
        {"contrast", take_contrast},
        {"test", take_test},
        {"lags", take_lags},
        {"max-lags", take_max_lags},
        {"ic", take_ic},
        {"horizon", take_horizon},
        {"inference", take_inference},
        {"reps", take_reps},
        {"response", take_response},
        {"gmm-lags", take_gmm_lags},
        {"predetermined", take_predetermined},
        {"endogenous", take_endogenous},
    };
    const struct {
        const char *name;
        const char **to;
    } PLAIN[] = {
        {"data", &a->data},         {"unit", &a->req.unit},       {"time", &a->req.time},
        {"cohort", &a->req.cohort}, {"treated", &a->req.treated}, {"weights", &a->req.weights},
        {"offset", &a->req.offset}, {"vcov", &a->vcov},           {"cluster", &a->cluster},
        {"fe-out", &a->fe_out},     {"cov-out", &a->cov_out},     {"shock", &a->req.shock},
        {"method", &a->req.method},
    };
    if (strcmp(name, "singletons") == 0) {
        a->req.keep_singletons = strcmp(v, "keep") == 0;
        return rl_fit_take_word(name, v, "keep", "drop", cx);
    }
    if (strcmp(name, "na") == 0) {
        a->req.na_drop = strcmp(v, "drop") == 0;
        return rl_fit_take_word(name, v, "drop", "fail", cx);
    }
    if (strcmp(name, "average") == 0) {
        a->req.average = strcmp(v, "forms") == 0 ? RL_AVERAGE_FORMS : RL_AVERAGE_LENGTHS;
        return *v == '\0' ? RL_OK : rl_fit_take_word(name, v, "lengths", "forms", cx);
    }
    if (strcmp(name, "compare") == 0) {
        a->compare = true;
        return RL_OK;
    }
    if (strcmp(name, "collapse") == 0) {
        a->req.collapse = true;
        return RL_OK;
    }
    if (strcmp(name, "margins") == 0) {
        a->req.margins = true;
        return RL_OK;
    }
    bool taken = false;
    RL_TRY(rl_fit_option_did(a, name, v, &taken, cx));
    if (taken) return RL_OK;
    for (size_t i = 0; i < sizeof PARSED / sizeof *PARSED; i++)
        if (strcmp(name, PARSED[i].name) == 0) return PARSED[i].take(a, v, cx);
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++)
        if (strcmp(name, PLAIN[i].name) == 0) {
            *PLAIN[i].to = v;
            return RL_OK;
        }
    return rl_fail(cx, RL_EUSAGE, "fit does not take --%s", name);
}
