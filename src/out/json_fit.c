#include "out/json_fit.h"

#include <math.h>

static void number_if(rl_json *j, const char *key, double x)
{
    if (isfinite(x)) rl_json_num(j, key, x);
}

static void count_if(rl_json *j, const char *key, size_t n)
{
    if (n > 0) rl_json_int(j, key, (int64_t)n);
}

static void id(rl_json *j, const char *key, int32_t x, const char *text)
{
    if (text != NULL)
        rl_json_str(j, key, text);
    else if (x != RL_NO_ID)
        rl_json_int(j, key, x);
}

static void comparison(rl_json *j, const rl_comparison *c)
{
    rl_json_str(j, "type", c->type);
    rl_json_num(j, "weight", c->weight);
    id(j, "treated", c->treated, c->treated_text);
    id(j, "untreated", c->untreated, c->untreated_text);
}

void rl_json_estimate(rl_json *j, const rl_estimate *e)
{
    rl_json_open_flat(j, NULL, '{');
    rl_json_str(j, "term", e->label.term);
    id(j, "group", e->label.group, e->label.group_text);
    id(j, "time", e->label.time, e->label.time_text);
    id(j, "event", e->label.event, NULL);
    if (e->label.comparison != NULL) comparison(j, e->label.comparison);
    rl_json_num(j, "estimate", e->estimate);
    rl_json_num(j, "std_error", e->std_error);
    if (e->std_error_neyman > 0) rl_json_num(j, "std_error_neyman", e->std_error_neyman);
    rl_json_num(j, "statistic", e->statistic);
    rl_json_num(j, "p_value", e->p_value);
    rl_json_num(j, "conf_low", e->conf_low);
    rl_json_num(j, "conf_high", e->conf_high);
    if (e->df > 0) rl_json_num(j, "df", e->df);
    if (isfinite(e->band_low) && isfinite(e->band_high)) {
        rl_json_num(j, "band_low", e->band_low);
        rl_json_num(j, "band_high", e->band_high);
    }
    rl_json_close(j);
}

static void dropped(rl_json *j, const rl_dropped *x, size_t n)
{
    rl_json_open(j, "dropped", '[');
    for (size_t i = 0; i < n; i++) {
        rl_json_open_flat(j, NULL, '{');
        rl_json_str(j, "why", x[i].why);
        rl_json_count(j, "rows", x[i].rows);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void sample(rl_json *j, const rl_result *r)
{
    rl_json_open(j, "sample", '{');
    rl_json_count(j, "rows_read", r->rows_read);
    rl_json_count(j, "rows_used", r->rows_used);
    if (r->rows_behind < r->rows_used) rl_json_count(j, "rows_behind", r->rows_behind);
    dropped(j, r->dropped, r->n_dropped);
    count_if(j, "clusters", r->clusters);
    count_if(j, "units", r->units);
    count_if(j, "periods", r->periods);
    rl_json_close(j);
}

static void vcov(rl_json *j, const rl_result *r)
{
    rl_json_open(j, "vcov", '{');
    rl_json_str(j, "kind", r->vcov_kind);
    rl_json_open_flat(j, "by", '[');
    for (size_t c = 0; c < r->vcov_ways; c++) rl_json_str(j, NULL, r->vcov_by[c]);
    rl_json_close(j);
    rl_json_str(j, "ssc", r->ssc);
    if (r->lag >= 0)
        rl_json_int(j, "lag", r->lag);
    else
        rl_json_null(j, "lag");
    if (r->df > 0)
        rl_json_num(j, "df", r->df);
    else
        rl_json_null(j, "df");
    if (r->fixed_b > 0) rl_json_num(j, "fixed_b", r->fixed_b);
    count_if(j, "terms", r->terms);
    count_if(j, "block", r->block);
    count_if(j, "draws", r->draws);
    if (r->multiplier != NULL) {
        rl_json_str(j, "multiplier", r->multiplier);
        number_if(j, "crit", r->crit);
    }
    if (r->draw_by != NULL) rl_json_str(j, "draws_by", r->draw_by);
    rl_json_num(j, "level", r->level);
    rl_json_close(j);
}

static void fit(rl_json *j, const rl_result *r)
{
    rl_json_open(j, "fit", '{');
    number_if(j, "r2", r->r2);
    number_if(j, "r2_within", r->r2_within);
    number_if(j, "rmse", r->rmse);
    number_if(j, "sigma", r->sigma);
    number_if(j, "loglik", r->loglik);
    number_if(j, "aic", r->aic);
    number_if(j, "bic", r->bic);
    number_if(j, "deviance", r->deviance);
    number_if(j, "pseudo_r2", r->pseudo_r2);
    rl_json_close(j);
}

static void tests(rl_json *j, const rl_result *r)
{
    rl_json_open(j, "tests", '[');
    for (size_t i = 0; i < r->n_tests; i++) {
        const rl_test *t = &r->test[i];
        rl_json_open_flat(j, NULL, '{');
        rl_json_str(j, "name", t->name);
        if (t->variable != NULL) rl_json_str(j, "variable", t->variable);
        rl_json_num(j, "statistic", t->statistic);
        rl_json_num(j, "df", t->df);
        number_if(j, "df2", t->df2);
        if (t->n_lags > 0) rl_json_int(j, "lag", t->lag);
        if (t->kase > 0) rl_json_int(j, "case", t->kase);
        if (t->model != NULL) rl_json_str(j, "model", t->model);
        rl_json_num(j, "p_value", t->p_value);
        if (t->verdict != NULL) rl_json_str(j, "verdict", t->verdict);
        if (t->says != NULL) rl_json_str(j, "says", t->says);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void banded(rl_json *j, const char *key, const rl_banded *b)
{
    rl_json_open_flat(j, key, '{');
    rl_json_num(j, "estimate", b->est);
    rl_json_num(j, "std_error", b->se);
    rl_json_num(j, "low", b->low);
    rl_json_num(j, "high", b->high);
    rl_json_num(j, "band_low", b->band_low);
    rl_json_num(j, "band_high", b->band_high);
    rl_json_close(j);
}

static void summary(rl_json *j, const char *key, const rl_summary *s)
{
    rl_json_open_flat(j, key, '{');
    rl_json_num(j, "estimate", s->est);
    rl_json_num(j, "std_error", s->se);
    rl_json_num(j, "low", s->low);
    rl_json_num(j, "high", s->high);
    if (s->why != NULL) rl_json_str(j, "why", s->why);
    rl_json_close(j);
}

static void response_rows(rl_json *j, const rl_banded *impulse, const rl_banded *cumulative, size_t n)
{
    rl_json_open(j, "rows", '[');
    for (size_t h = 0; h < n; h++) {
        rl_json_open(j, NULL, '{');
        rl_json_count(j, "h", h);
        banded(j, "impulse", &impulse[h]);
        banded(j, "cumulative", &cumulative[h]);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void averaged(rl_json *j, const rl_response *s)
{
    const rl_average *a = s->average;
    if (a == NULL) return;
    rl_json_open(j, "averaged", '{');
    rl_json_str(j, "over", a->over == RL_AVERAGE_FORMS ? "forms" : "lengths");
    rl_json_str(j, "criterion", a->criterion);
    rl_json_open(j, "candidates", '[');
    for (size_t k = 0; k < a->n_candidates; k++) {
        const rl_candidate *c = &a->candidate[k];
        rl_json_open_flat(j, NULL, '{');
        rl_json_str(j, "form", c->form);
        rl_json_num(j, "weight", c->weight);
        if (c->why == NULL) rl_json_num(j, "criterion", c->ic);
        if (c->why == NULL) rl_json_num(j, "long_run", c->long_run);
        if (!isnan(c->rate)) rl_json_num(j, "rate", c->rate);
        if (!isnan(c->rate)) rl_json_num(j, "rate_sd", c->rate_sd);
        if (c->why != NULL) rl_json_str(j, "why", c->why);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_num(j, "goes_on", a->goes_on);
    response_rows(j, a->impulse, a->cumulative, s->n);
    summary(j, "long_run", &a->long_run);
    summary(j, "mean_lag", &a->mean_lag);
    summary(j, "half_life", &a->half_life);
    summary(j, "share_after", &a->share_after);
    rl_json_close(j);
}

void rl_json_response(rl_json *j, const rl_response *s)
{
    rl_json_open(j, NULL, '{');
    rl_json_str(j, "variable", s->variable);
    rl_json_str(j, "outcome", s->outcome);
    if (s->segment != NULL) rl_json_str(j, "segment", s->segment);
    rl_json_str(j, "period", s->period);
    rl_json_num(j, "crit_impulse", s->crit_impulse);
    rl_json_num(j, "crit_cumulative", s->crit_cumulative);
    response_rows(j, s->impulse, s->cumulative, s->n);
    summary(j, "long_run", &s->long_run);
    summary(j, "mean_lag", &s->mean_lag);
    summary(j, "half_life", &s->half_life);
    summary(j, "share_after", &s->share_after);
    rl_json_int(j, "after", s->after);
    if (s->verdict != NULL) {
        rl_json_str(j, "verdict", s->verdict);
        rl_json_str(j, "doubt", s->doubt);
    }
    averaged(j, s);
    rl_json_open_flat(j, "at_means", '{');
    rl_json_num(j, "factor", s->factor);
    rl_json_str(j, "outcome", s->outcome_unit);
    rl_json_num(j, "outcome_mean", s->mean_outcome);
    rl_json_str(j, "variable", s->variable_unit);
    rl_json_num(j, "variable_mean", s->mean_variable);
    rl_json_close(j);
    rl_json_texts(j, "says", s->says, s->n_says);
    rl_json_close(j);
}

static void persistence(rl_json *j, const rl_wander *w)
{
    if (w == NULL) return;
    rl_json_open_flat(j, "persistence", '{');
    rl_json_num(j, "mean", w->rho);
    rl_json_num(j, "sd", w->sd);
    rl_json_num(j, "chance_random_walk", w->chance);
    rl_json_close(j);
}

/* What the control is made of. */
static void shares(rl_json *j, const rl_result *r)
{
    if (r->n_share == 0) return;
    rl_json_open(j, "weights", '[');
    for (size_t i = 0; i < r->n_share; i++) {
        const rl_share *s = &r->share[i];
        rl_json_open_flat(j, NULL, '{');
        rl_json_str(j, s->unit != NULL ? "unit" : "period", s->unit != NULL ? s->unit : s->period);
        rl_json_num(j, "weight", s->weight);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void responses(rl_json *j, const rl_result *r)
{
    if (r->n_responses == 0) return;
    rl_json_open(j, "responses", '[');
    for (size_t i = 0; i < r->n_responses; i++) rl_json_response(j, &r->response[i]);
    rl_json_close(j);
}

void rl_json_sides(rl_json *j, const rl_sides *s)
{
    rl_json_open(j, "compare", '{');
    number_if(j, "low", s->low);
    number_if(j, "high", s->high);
    rl_json_str(j, "says", s->says);
    rl_json_count(j, "rows_read", s->read);
    rl_json_count(j, "rows_used", s->rows);
    dropped(j, s->dropped, s->n_dropped);
    if (s->last >= 0) {
        rl_json_open_flat(j, "event_times", '[');
        for (int e = 0; e <= s->last; e += s->step > 0 ? s->step : 1) rl_json_int(j, NULL, e);
        rl_json_close(j);
    }
    if (s->has_weights) {
        rl_json_open_flat(j, "twfe_weights", '{');
        rl_json_count(j, "treated", s->treated);
        rl_json_count(j, "negative", s->negative);
        rl_json_num(j, "negative_sum", s->negative_sum);
        rl_json_close(j);
    }
    if (s->has_bacon) {
        rl_json_open(j, "twfe_comparisons", '[');
        for (size_t i = 0; i < s->bacon.m; i++) rl_json_estimate(j, &s->bacon.est[i]);
        rl_json_close(j);
    }
    rl_json_open(j, "estimators", '[');
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        rl_json_open(j, NULL, '{');
        rl_json_str(j, "estimator", v->estimator);
        rl_json_str(j, "source", v->source);
        rl_json_bool(j, "fitted", v->fitted);
        if (!v->answered) {
            rl_json_str(j, "why", v->why);
            rl_json_close(j);
            continue;
        }
        rl_json_count(j, "rows_used", v->rows);
        rl_json_bool(j, "same_rows", v->same_rows);
        rl_json_bool(j, "same_estimand", v->same_estimand);
        rl_json_str(j, "compares", v->compares);
        rl_json_str(j, "base", v->base);
        rl_json_str(j, "weighs", v->weighs);
        if (v->without != NULL) rl_json_str(j, "leaves_out", v->without);
        rl_json_open(j, "estimates", '[');
        rl_json_estimate(j, &v->effect);
        if (v->near.std_error > 0 && v->near.label.term != v->effect.label.term) rl_json_estimate(j, &v->near);
        for (size_t k = 0; v->has_event && k < v->event.m; k++)
            if (v->event.est[k].label.event != RL_NO_ID) rl_json_estimate(j, &v->event.est[k]);
        rl_json_close(j);
        rl_json_close(j);
    }
    rl_json_close(j);
    rl_json_close(j);
}

void rl_json_result(rl_json *j, const rl_result *r)
{
    sample(j, r);
    vcov(j, r);
    rl_json_open(j, "estimates", '[');
    for (size_t i = 0; i < r->m; i++) rl_json_estimate(j, &r->est[i]);
    rl_json_close(j);
    fit(j, r);
    persistence(j, r->wander);
    shares(j, r);
    tests(j, r);
    responses(j, r);
    if (r->sides != NULL) rl_json_sides(j, r->sides);
    rl_json_texts(j, "notes", r->note, r->n_notes);
}

const char *rl_json_fit(const rl_result *r, const char *const *call, size_t n_call, rl_arena *in)
{
    rl_json j = rl_json_new(in);
    rl_json_open(&j, NULL, '{');
    rl_json_int(&j, "schema", 1);
    rl_json_str(&j, "estimator", r->estimator->name);
    rl_json_open_flat(&j, "call", '[');
    for (size_t i = 0; i < n_call; i++) rl_json_str(&j, NULL, call[i]);
    rl_json_close(&j);
    rl_json_result(&j, r);
    rl_json_close(&j);
    return rl_json_text(&j);
}
