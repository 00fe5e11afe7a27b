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

/* One of two words (NULL: of one), of which `sets` turns the switch on. */
static rl_code take_word(rl_request *r, const char *name, const char *v, bool *taken, rl_ctx *cx)
{
    const struct {
        const char *name, *first, *second, *sets;
        bool *to;
    } WORD[] = {
        {"control", "never", "notyet", "notyet", &r->notyet},
        {"base", "varying", "universal", "universal", &r->universal},
        {"unbalanced", "balance", "keep", "keep", &r->keep_unbalanced},
        {"composition", "fixed", NULL, "fixed", &r->same_units},
        {"normalized", "yes", "no", "yes", &r->normalized},
        {"reweight", "yes", "no", "yes", &r->reweight},
        {"stack-weights", "wfh", "none", "none", &r->stack_plain},
        {"endpoints", "drop", NULL, "drop", &r->endpoints_drop},
    };
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++) {
        if (strcmp(name, WORD[i].name) != 0) continue;
        *WORD[i].to = strcmp(v, WORD[i].sets) == 0;
        *taken = true;
        return rl_fit_take_word(name, v, WORD[i].first, WORD[i].second, cx);
    }
    return RL_OK;
}

/* A whole number; `said`, where there is one, tells that it was given. */
static rl_code take_count(rl_request *r, const char *name, const char *v, bool *taken, rl_ctx *cx)
{
    const struct {
        const char *name;
        int *to;
        bool *said;
    } COUNT[] = {
        {"anticipation", &r->anticipation, NULL},
        {"balance", &r->balance, &r->has_balance},
        {"premean", &r->premean, NULL},
        {"ylags", &r->ylags, NULL},
    };
    for (size_t i = 0; i < sizeof COUNT / sizeof *COUNT; i++) {
        if (strcmp(name, COUNT[i].name) != 0) continue;
        if (COUNT[i].said != NULL) *COUNT[i].said = true;
        *taken = true;
        return rl_fit_take_count(name, v, COUNT[i].to, cx);
    }
    return RL_OK;
}

rl_code rl_fit_option_did(rl_fit_args *a, const char *name, const char *v, bool *taken, rl_ctx *cx)
{
    static const struct {
        const char *name;
        rl_code (*take)(rl_fit_args *, const char *, rl_ctx *);
    } OWN[] = {
        {"window", take_window},
        {"ref", take_refs},
        {"agg", take_agg},
        {"multiplier", take_multiplier},
    };
    const struct {
        const char *name;
        const char **to;
    } PLAIN[] = {{"partition", &a->req.partition}, {"ref-cohort", &a->req.ref_cohort}};
    const struct {
        const char *name;
        bool *to;
    } FLAG[] = {{"rcs", &a->req.rcs}, {"unit-trends", &a->req.unit_trends}};
    enum { MOST = sizeof a->did / sizeof *a->did };
    for (size_t i = 0; i < sizeof PLAIN / sizeof *PLAIN; i++)
        if (strcmp(name, PLAIN[i].name) == 0) {
            *PLAIN[i].to = v;
            *taken = true;
        }
    for (size_t i = 0; i < sizeof FLAG / sizeof *FLAG; i++)
        if (strcmp(name, FLAG[i].name) == 0) *taken = *FLAG[i].to = true;
    for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++)
        if (strcmp(name, OWN[i].name) == 0) {
            RL_TRY(OWN[i].take(a, v, cx));
            *taken = true;
        }
    RL_TRY(take_word(&a->req, name, v, taken, cx));
    RL_TRY(take_count(&a->req, name, v, taken, cx));
    if (*taken && strcmp(name, "multiplier") != 0 && a->n_did < MOST) a->did[a->n_did++] = name;
    return RL_OK;
}
