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

void rl_json_estimate(rl_json *j, const rl_estimate *e)
{
    rl_json_open_flat(j, NULL, '{');
    rl_json_str(j, "term", e->label.term);
    id(j, "group", e->label.group, e->label.group_text);
    id(j, "time", e->label.time, e->label.time_text);
    id(j, "event", e->label.event, NULL);
    rl_json_num(j, "estimate", e->estimate);
    rl_json_num(j, "std_error", e->std_error);
    rl_json_num(j, "statistic", e->statistic);
    rl_json_num(j, "p_value", e->p_value);
    rl_json_num(j, "conf_low", e->conf_low);
    rl_json_num(j, "conf_high", e->conf_high);
    if (e->df > 0) rl_json_num(j, "df", e->df);
    rl_json_close(j);
}

static void sample(rl_json *j, const rl_result *r)
{
    rl_json_open(j, "sample", '{');
    rl_json_int(j, "rows_read", (int64_t)r->rows_read);
    rl_json_int(j, "rows_used", (int64_t)r->rows_used);
    rl_json_open(j, "dropped", '[');
    for (size_t i = 0; i < r->n_dropped; i++) {
        rl_json_open_flat(j, NULL, '{');
        rl_json_str(j, "why", r->dropped[i].why);
        rl_json_int(j, "rows", (int64_t)r->dropped[i].rows);
        rl_json_close(j);
    }
    rl_json_close(j);
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
        if (t->says != NULL) rl_json_str(j, "says", t->says);
        rl_json_close(j);
    }
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
    tests(j, r);
    rl_json_open(j, "notes", '[');
    for (size_t i = 0; i < r->n_notes; i++) rl_json_str(j, NULL, r->note[i]);
    rl_json_close(j);
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
