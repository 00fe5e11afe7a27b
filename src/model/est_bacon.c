/* est_bacon.c -- what plain two-way fixed effects compare: the coefficient
 * taken apart into differences of two differences (model/bacon.h).
 *
 * Estimates are the four kinds of comparison, the coefficient itself
 * (`overall`) and, with --agg pairs, every pair of cohorts, each with its
 * weight.  A weighted mean of dependent estimates with estimated weights has
 * no errors of its own here: twfe gives those of the coefficient.
 *
 * Source: Goodman-Bacon (2021), Journal of Econometrics 225(2), 254-277.
 */
#include <math.h>

#include "model/bacon.h"

static rl_label label(const char *term, rl_bacon_kind kind, double weight, rl_ctx *cx)
{
    rl_label l = rl_label_of(term);
    rl_comparison *c = RL_NEW(cx->tmp, rl_comparison, 1);
    *c = (rl_comparison){rl_bacon_name(kind), weight, RL_NO_ID, RL_NO_ID, NULL, NULL};
    l.comparison = c;
    return l;
}

static rl_label pair_label(const rl_design *d, const rl_bacon_pair *p, rl_ctx *cx)
{
    rl_label l = rl_label_of("pair");
    rl_comparison *c = RL_NEW(cx->tmp, rl_comparison, 1);
    *c = (rl_comparison){rl_bacon_name(p->kind), p->weight, p->treated, RL_NO_ID, NULL, NULL};
    c->treated_text = rl_time_text(d->clock, p->treated, cx->tmp);
    if (p->untreated != RL_NEVER) {
        c->untreated = p->untreated;
        c->untreated_text = rl_time_text(d->clock, p->untreated, cx->tmp);
    }
    l.comparison = c;
    return l;
}

static void report(const rl_bacon *b, rl_fit *f, rl_ctx *cx)
{
    rl_test *t = RL_NEW(cx->tmp, rl_test, 2);
    t[0] =
        (rl_test){.name = "forbidden-comparisons",
                  .statistic = b->forbidden,
                  .df = NAN,
                  .df2 = NAN,
                  .p_value = NAN,
                  .kind = "share",
                  .says = b->forbidden > 0
                              ? "weight of comparisons with units treated already, whose changing effects pass for a "
                                "trend"
                              : "no comparison uses units that are treated already as controls"};
    t[1] = (rl_test){.name = "negative-weights",
                     .statistic = b->negative_sum,
                     .df = NAN,
                     .df2 = NAN,
                     .p_value = NAN,
                     .kind = "sum",
                     .says = b->negative == 0
                                 ? rl_sprintf(cx->tmp,
                                              "the effects of all %zu treated unit-periods have a weight of 0 "
                                              "or more",
                                              b->treated)
                                 : rl_sprintf(cx->tmp,
                                              "the effects of %zu of %zu treated unit-periods have a negative "
                                              "weight in the coefficient",
                                              b->negative, b->treated)};
    f->test = t;
    f->n_test = 2;
}

static rl_code fit(const rl_design *d, const rl_request *r, rl_fit *f, rl_ctx *cx)
{
    rl_bacon b;
    RL_TRY(rl_fit_takes_nothing(d, r->estimator, "it takes apart the regression on the treatment alone", cx));
    if (r->agg != RL_AGG_DEFAULT && r->agg != RL_AGG_TYPE && r->agg != RL_AGG_PAIRS) {
        rl_fail(cx, RL_EUSAGE, "estimator 'bacon' has no such --agg");
        return rl_hint(cx, "--agg type gives the kinds of comparison, --agg pairs every pair of cohorts too");
    }
    RL_TRY(rl_bacon_make(d, &b, cx));
    size_t most = RL_BACON_KINDS + 1 + b.n;
    f->label = RL_NEW(cx->tmp, rl_label, most);
    f->b = RL_NEW(cx->tmp, double, most);
    for (rl_bacon_kind k = 0; k < RL_BACON_KINDS; k++) {
        if (!(b.weight[k] > 0)) continue;
        f->label[f->m] = label("type", k, b.weight[k], cx);
        f->b[f->m++] = b.mean[k];
    }
    f->label[f->m] = rl_label_of("overall");
    f->b[f->m++] = b.twfe;
    for (size_t i = 0; i < b.n && r->agg == RL_AGG_PAIRS; i++) {
        f->label[f->m] = pair_label(d, &b.pair[i], cx);
        f->b[f->m++] = b.pair[i].estimate;
    }
    report(&b, f, cx);
    f->dof = (rl_dof){.n = d->n, .k = f->m};
    return RL_OK;
}

const rl_estimator rl_est_bacon = {
    .name = "bacon",
    .what = "what two-way fixed effects compare, and with which weights\n(--agg type or pairs)",
    .method = "The coefficient of two-way fixed effects is taken apart into all comparisons of two groups of units and "
              "two spans of time that it averages.  Those that use units treated already as controls are the reason "
              "why it can be off.",
    .source = "Goodman-Bacon (2021); de Chaisemartin & D'Haultfoeuille (2020)",
    .needs_unit = true,
    .needs_time = true,
    .needs_cohort = true,
    .first_times = true,
    .takes = " agg ",
    .no_errors = true,
    .no_lift = "takes two-way fixed effects apart and gives no errors",
    .fit = fit,
};
