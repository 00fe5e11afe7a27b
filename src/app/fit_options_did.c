/* The options of fit for programmes that start at some time. */
#include <string.h>

#include "app/fit_options.h"

static rl_code take_window(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *s;
    rl_request *r = &a->req;
    if (!rl_fit_whole(v, &s, &r->window_lo) || *s != ':' || !rl_fit_whole(s + 1, &s, &r->window_hi) || *s != '\0')
        return rl_fit_bad_value(cx, "window", v, "write the first and the last event time, as in --window -6:8");
    if (r->window_lo > r->window_hi)
        return rl_fit_bad_value(cx, "window", v, "the window goes from the smaller to the larger event time");
    r->has_window = true;
    return RL_OK;
}

static rl_code take_refs(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    const char *s = v;
    rl_request *r = &a->req;
    for (r->n_ref = 0;; s++) {
        if (r->n_ref == RL_MAX_REFS || !rl_fit_whole(s, &s, &r->ref[r->n_ref]) || (*s != ',' && *s != '\0'))
            return rl_fit_bad_value(cx, "ref", v, "write event times, as in --ref -1 or --ref -1,-3");
        r->n_ref++;
        if (*s == '\0') return RL_OK;
    }
}

static rl_code take_agg(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    static const char *const NAME[] = {"group-time", "simple", "dynamic", "group", "calendar", "type", "pairs"};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        if (strcmp(v, NAME[i]) == 0) {
            a->req.agg = (rl_agg)(RL_AGG_GROUP_TIME + (int)i);
            return RL_OK;
        }
    return rl_fit_bad_value(cx, "agg", v, "known: group-time simple dynamic group calendar; bacon: type pairs");
}

static rl_code take_control(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.notyet = strcmp(v, "notyet") == 0;
    return rl_fit_take_word("control", v, "never", "notyet", cx);
}

static rl_code take_base(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.universal = strcmp(v, "universal") == 0;
    return rl_fit_take_word("base", v, "varying", "universal", cx);
}

static rl_code take_anticipation(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    return rl_fit_take_count("anticipation", v, &a->req.anticipation, cx);
}

static rl_code take_rcs(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    (void)v;
    (void)cx;
    a->req.rcs = true;
    return RL_OK;
}

static rl_code take_unit_trends(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    (void)v;
    (void)cx;
    a->req.unit_trends = true;
    return RL_OK;
}

static rl_code take_balance(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.has_balance = true;
    return rl_fit_take_count("balance", v, &a->req.balance, cx);
}

static rl_code take_unbalanced(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.keep_unbalanced = strcmp(v, "keep") == 0;
    return rl_fit_take_word("unbalanced", v, "balance", "keep", cx);
}

static rl_code take_composition(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.same_units = true;
    return rl_fit_take_word("composition", v, "fixed", NULL, cx);
}

static rl_code take_normalized(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.normalized = strcmp(v, "yes") == 0;
    return rl_fit_take_word("normalized", v, "yes", "no", cx);
}

static rl_code take_reweight(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.reweight = strcmp(v, "yes") == 0;
    return rl_fit_take_word("reweight", v, "yes", "no", cx);
}

static rl_code take_premean(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    return rl_fit_take_count("premean", v, &a->req.premean, cx);
}

static rl_code take_ylags(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    return rl_fit_take_count("ylags", v, &a->req.ylags, cx);
}

static rl_code take_stack_weights(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.stack_plain = strcmp(v, "none") == 0;
    return rl_fit_take_word("stack-weights", v, "wfh", "none", cx);
}

static rl_code take_endpoints(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    a->req.endpoints_drop = true;
    return rl_fit_take_word("endpoints", v, "drop", NULL, cx);
}

static rl_code take_multiplier(rl_fit_args *a, const char *v, rl_ctx *cx)
{
    static const char *const NAME[] = {"rademacher", "webb", "mammen"};
    for (size_t i = 0; i < sizeof NAME / sizeof *NAME; i++)
        if (strcmp(v, NAME[i]) == 0) {
            a->req.multiplier = (rl_boot_kind)(RL_RADEMACHER + (int)i);
            a->req.multiplier_said = true;
            return RL_OK;
        }
    return rl_fit_bad_value(cx, "multiplier", v, "known: rademacher webb mammen");
}

rl_code rl_fit_option_did(rl_fit_args *a, const char *name, const char *v, bool *taken, rl_ctx *cx)
{
    static const struct {
        const char *name;
        rl_code (*take)(rl_fit_args *, const char *, rl_ctx *);
    } WORD[] = {
        {"window", take_window},
        {"ref", take_refs},
        {"agg", take_agg},
        {"endpoints", take_endpoints},
        {"control", take_control},
        {"base", take_base},
        {"anticipation", take_anticipation},
        {"rcs", take_rcs},
        {"unit-trends", take_unit_trends},
        {"balance", take_balance},
        {"unbalanced", take_unbalanced},
        {"composition", take_composition},
        {"normalized", take_normalized},
        {"reweight", take_reweight},
        {"premean", take_premean},
        {"ylags", take_ylags},
        {"stack-weights", take_stack_weights},
        {"multiplier", take_multiplier},
    };
    const struct {
        const char *name;
        const char **to;
    } PLAIN[] = {{"partition", &a->req.partition}, {"ref-cohort", &a->req.ref_cohort}};
    enum { MOST = sizeof a->did / sizeof *a->did };
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++)
        if (strcmp(name, PLAIN[i].name) == 0) {
            *PLAIN[i].to = v;
            *taken = true;
        }
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++)
        if (strcmp(name, WORD[i].name) == 0) {
            RL_TRY(WORD[i].take(a, v, cx));
            *taken = true;
        }
    if (*taken && strcmp(name, "multiplier") != 0 && a->n_did < MOST) a->did[a->n_did++] = name;
    return RL_OK;
}
