/* out/simtruth.c -- truth.json: the exact effects, this draw's and the expected ones.
 *
 *   realised, expected   by age: {overall, by_cohort, by_period, cells}
 *   each outcome         {effect, with, without, pooled, both, total}: rl_sim_effect of model/sim.h
 *
 * Numbers read back to the same bits; null = no deals to tell from.
 */
#include <stdio.h>

#include "out/json.h"
#include "out/simcsv.h"

static const char *period_text(const rl_sim *s, int t, char buf[16])
{
    int32_t origin = rl_period_of(s->world->calendar, s->first_day[0]);
    return rl_period_text(buf, s->world->calendar, origin + t);
}

/* A member for each outcome. */
static void put_effects(rl_json *j, const rl_sim_sums *cell, size_t n, double draws, const double *se)
{
    rl_sim_effect e[RL_SIM_OUTCOMES];
    rl_sim_effects(cell, n, draws, e);
    for (int o = 0; o < RL_SIM_OUTCOMES; o++) {
        rl_json_open_flat(j, rl_sim_outcome_name((rl_sim_outcome)o), '{');
        rl_json_num(j, "effect", e[o].effect);
        rl_json_num(j, "with", e[o].with);
        rl_json_num(j, "without", e[o].without);
        rl_json_num(j, "pooled", e[o].pooled);
        rl_json_num(j, "both", e[o].both);
        if (o < RL_SIM_WIN_RATE) rl_json_num(j, "total", e[o].total);
        if (se != NULL) rl_json_num(j, "monte_carlo_se", se[o]);
        rl_json_close(j);
    }
}

static int64_t count_of(const rl_sim_sums *cell, size_t n)
{
    int64_t cells = 0;
    for (size_t i = 0; i < n; i++) cells += cell[i].cells;
    return cells;
}

/* One age of one side. */
typedef struct view {
    const rl_sim *s;
    const rl_sim_sums *sums; /* cohorts-by-periods */
    int draws;
    rl_sim_sums *column; /* n_cohorts: room for one period */
    rl_json *j;
} view;

static void put_cohorts(const view *v)
{
    size_t T = (size_t)v->s->periods;
    char buf[16];
    rl_json_open(v->j, "by_cohort", '[');
    for (size_t c = 0; c < v->s->n_cohorts; c++) {
        if (count_of(v->sums + c * T, T) == 0) continue;
        rl_json_open_flat(v->j, NULL, '{');
        rl_json_str(v->j, "cohort", period_text(v->s, v->s->cohort[c], buf));
        put_effects(v->j, v->sums + c * T, T, v->draws, NULL);
        rl_json_close(v->j);
    }
    rl_json_close(v->j);
}

static void put_periods(const view *v)
{
    size_t C = v->s->n_cohorts, T = (size_t)v->s->periods;
    char buf[16];
    rl_json_open(v->j, "by_period", '[');
    for (size_t t = 0; t < T; t++) {
        for (size_t c = 0; c < C; c++) v->column[c] = v->sums[c * T + t];
        if (count_of(v->column, C) == 0) continue;
        rl_json_open_flat(v->j, NULL, '{');
        rl_json_str(v->j, "period", period_text(v->s, (int)t, buf));
        put_effects(v->j, v->column, C, v->draws, NULL);
        rl_json_close(v->j);
    }
    rl_json_close(v->j);
}

static void put_cells(const view *v)
{
    size_t C = v->s->n_cohorts, T = (size_t)v->s->periods;
    char buf[16];
    rl_json_open(v->j, "cells", '[');
    for (size_t i = 0; i < C * T; i++) {
        const rl_sim_sums *cell = &v->sums[i];
        int g = v->s->cohort[i / T], t = (int)(i % T);
        if (cell->cells == 0) continue;
        rl_json_open_flat(v->j, NULL, '{');
        rl_json_str(v->j, "cohort", period_text(v->s, g, buf));
        rl_json_str(v->j, "period", period_text(v->s, t, buf));
        rl_json_int(v->j, "event", t - g);
        rl_json_int(v->j, "accounts", cell->cells / v->draws);
        rl_json_num(v->j, "deals", (double)cell->deals[1] / v->draws);
        put_effects(v->j, cell, 1, v->draws, NULL);
        rl_json_close(v->j);
    }
    rl_json_close(v->j);
}

/* realised or expected: a member for each age. */
static void put_side(rl_json *j, const char *key, const rl_sim *s, const rl_sim_sums *sums, int draws, const double *se)
{
    size_t table = s->n_cohorts * (size_t)s->periods;
    char age[16];
    rl_json_open(j, key, '{');
    for (size_t g = 0; g < s->world->n_ages; g++) {
        view v = {s, sums + g * table, draws, RL_NEW(j->out.in, rl_sim_sums, s->n_cohorts), j};
        snprintf(age, sizeof age, "%d", s->world->age[g]);
        rl_json_open(j, age, '{');
        rl_json_int(j, "account_periods", count_of(v.sums, table) / draws);
        rl_json_open(j, "overall", '{');
        put_effects(j, v.sums, table, draws, se != NULL ? se + g * RL_SIM_OUTCOMES : NULL);
        rl_json_close(j);
        put_cohorts(&v);
        put_periods(&v);
        put_cells(&v);
        rl_json_close(j);
    }
    rl_json_close(j);
}

/* Accounts that only feel it: a member for each age. */
static void put_near(rl_json *j, const char *key, const rl_sim *s, const rl_sim_sums *sums, int draws)
{
    char age[16];
    rl_json_open(j, key, '{');
    for (size_t g = 0; g < s->world->n_ages; g++) {
        snprintf(age, sizeof age, "%d", s->world->age[g]);
        rl_json_open(j, age, '{');
        rl_json_int(j, "account_periods", sums[g].cells / draws);
        put_effects(j, &sums[g], 1, draws, NULL);
        rl_json_close(j);
    }
    rl_json_close(j);
}

static void put_knobs(rl_json *j, const rl_world *w)
{
    rl_json_open_flat(j, "knobs", '{');
    rl_json_num(j, "volume", w->effect.volume);
    rl_json_num(j, "win_rate", w->effect.win_rate);
    rl_json_num(j, "deal_size", w->effect.deal_size);
    rl_json_num(j, "cycle", w->effect.cycle);
    rl_json_num(j, "lag", w->effect.lag);
    rl_json_num(j, "half_life", w->effect.half_life);
    if (w->effect.spillover > 0) rl_json_num(j, "spillover", w->effect.spillover);
    rl_json_num(j, "selection", w->rollout.selection);
    rl_json_num(j, "trend_violation", w->rollout.trend_violation);
    rl_json_close(j);
}

static void put_design(rl_json *j, const rl_sim *s)
{
    const rl_world *w = s->world;
    char buf[16];
    size_t treated = 0;
    for (size_t c = 0; c < s->n_cohorts; c++) treated += s->cohort_size[c];
    rl_json_str(j, "period", rl_period_name(w->calendar.kind));
    rl_json_int(j, "periods", s->periods);
    rl_json_str(j, "cut", rl_day_text(buf, w->cut));
    rl_json_int(j, "horizon", w->horizon);
    rl_json_count(j, "accounts", s->n);
    rl_json_count(j, "treated", treated);
    rl_json_open(j, "cohorts", '[');
    for (size_t c = 0; c < s->n_cohorts; c++) {
        rl_json_open_flat(j, NULL, '{');
        rl_json_str(j, "cohort", period_text(s, s->cohort[c], buf));
        rl_json_count(j, "accounts", s->cohort_size[c]);
        rl_json_close(j);
    }
    rl_json_close(j);
    put_knobs(j, w);
}

void rl_simtruth_text(const rl_sim *s, uint64_t seed, const rl_sim_truth *t, rl_str *out)
{
    char digits[24];
    rl_json j = rl_json_new(out->in);
    rl_json_open(&j, NULL, '{');
    rl_json_int(&j, "schema", 1);
    rl_json_str(&j, "world", s->world->title);
    rl_json_str(&j, "currency", s->world->currency);
    snprintf(digits, sizeof digits, "%llu",
             (unsigned long long)seed); /* a text: 64 bits are more than a JSON number keeps */
    rl_json_str(&j, "seed", digits);
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)s->accounts_seed);
    rl_json_str(&j, "accounts_seed", digits);
    rl_json_int(&j, "redraws", t->redraws);
    put_design(&j, s);
    rl_json_str(&j, "interval_is_for", "expected");
    rl_json_str(&j, "why",
                "an interval allows for other deals of the same accounts under the same rollout: it is for the effect "
                "expected over redraws of the deals, not for the one realised in this draw");
    rl_json_str(
        &j, "estimand",
        "effect on the treated: treated accounts, creation periods that begin at or after the start and have the "
        "horizon's follow-up at the cut");
    put_side(&j, "realised", s, t->realised, 1, NULL);
    if (t->expected != NULL)
        put_side(&j, "expected", s, t->expected, t->redraws, t->monte_carlo_se);
    else
        rl_json_null(&j, "expected");
    if (t->near_realised != NULL) {
        rl_json_open(&j, "spillover", '{');
        rl_json_str(&j, "estimand",
                    "effect on accounts that never get the programme and share a seller with one that did, "
                    "in creation periods counted in the same way from that account's start");
        put_near(&j, "realised", s, t->near_realised, 1);
        if (t->near_expected != NULL) put_near(&j, "expected", s, t->near_expected, t->redraws);
        rl_json_close(&j);
    }
    rl_json_close(&j);
    rl_str_add(out, rl_json_text(&j));
}
