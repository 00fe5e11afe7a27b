/* model/sim_truth.c -- the exact effect on the treated, counted arm by arm. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/rng.h"
#include "model/sim.h"

enum { ACCOUNTS_PER_BLOCK = 4096, BATCH = 64 };
static const uint64_t REDRAW_UNIT = 3ull << 60;

static const char *const NAME[RL_SIM_OUTCOMES] = {"value",    "opportunities", "wins",
                                                  "win_rate", "velocity",      "deal_size"};

const char *rl_sim_outcome_name(rl_sim_outcome o) { return NAME[o]; }

/* ------------------------------------------------------------ counting */

typedef struct tally {
    const rl_sim *s;
    rl_sim_sums *sums; /* ages-by-cohorts-by-periods; then ages: accounts that only feel it */
    size_t cohort;
    bool near;
} tally;

static size_t cells_of(const rl_sim *s) { return s->world->n_ages * s->n_cohorts * (size_t)s->periods; }

static rl_sim_sums *cell_of(const tally *y, size_t age, int period)
{
    if (y->near) return &y->sums[cells_of(y->s) + age];
    return &y->sums[(age * y->s->n_cohorts + y->cohort) * (size_t)y->s->periods + (size_t)period];
}

static void count_deal(void *user, const rl_sim_deal *d)
{
    const tally *y = user;
    const rl_world *w = y->s->world;
    bool both = d->arm[0].exists && d->arm[1].exists;
    for (size_t g = 0; g < w->n_ages; g++) {
        int h = w->age[g];
        if (!(y->near ? rl_sim_counted_near : rl_sim_counted)(y->s, d->account, d->period, h)) continue;
        rl_sim_sums *c = cell_of(y, g, d->period);
        c->both += both;
        for (int k = 0; k < 2; k++) {
            const struct rl_sim_fate *f = &d->arm[k];
            if (!f->exists) continue;
            c->deals[k]++;
            if (!f->won || f->days > h) continue;
            c->wins[k]++;
            c->amount[k] += f->amount;
            c->saved[k] += h - f->days;
            if (!both) continue;
            c->both_wins[k]++;
            c->both_amount[k] += f->amount;
            c->both_saved[k] += h - f->days;
        }
    }
}

static void count_accounts(const rl_sim *s, uint64_t seed, size_t from, size_t to, rl_sim_sums *sums)
{
    for (size_t i = from; i < to; i++) {
        bool near = s->account[i].near != RL_NO_DAY;
        if (s->account[i].cohort < 0 && !near) continue;
        tally y = {s, sums, near ? 0 : (size_t)s->account[i].cohort, near};
        for (size_t g = 0; g < s->world->n_ages; g++)
            for (int t = 0; t < s->periods; t++)
                cell_of(&y, g, t)->cells += (near ? rl_sim_counted_near : rl_sim_counted)(s, i, t, s->world->age[g]);
        rl_sim_deals(s, seed, i, count_deal, &y);
    }
}

static void add(rl_sim_sums *a, const rl_sim_sums *b)
{
    a->cells += b->cells;
    a->both += b->both;
    for (int k = 0; k < 2; k++) {
        a->deals[k] += b->deals[k];
        a->wins[k] += b->wins[k];
        a->amount[k] += b->amount[k];
        a->saved[k] += b->saved[k];
        a->both_wins[k] += b->both_wins[k];
        a->both_amount[k] += b->both_amount[k];
        a->both_saved[k] += b->both_saved[k];
    }
}

/* ------------------------------------------------------------ effects */

static double ratio(int64_t a, int64_t b) { return b > 0 ? (double)a / (double)b : NAN; }

static int64_t weight_of(const rl_sim_sums *c, rl_sim_outcome o, int arm)
{
    return o == RL_SIM_DEAL_SIZE ? c->wins[arm] : o >= RL_SIM_WIN_RATE ? c->deals[arm] : c->cells;
}

static int64_t sum_of(const rl_sim_sums *c, rl_sim_outcome o, int arm)
{
    switch (o) {
    case RL_SIM_OPPORTUNITIES:
        return c->deals[arm];
    case RL_SIM_WINS:
    case RL_SIM_WIN_RATE:
        return c->wins[arm];
    case RL_SIM_VELOCITY:
        return c->saved[arm];
    default:
        return c->amount[arm];
    }
}

static double mean_of_both(const rl_sim_sums *c, rl_sim_outcome o, int arm)
{
    switch (o) {
    case RL_SIM_VALUE:
        return ratio(c->both_amount[arm], c->cells);
    case RL_SIM_OPPORTUNITIES:
        return ratio(c->both, c->cells);
    case RL_SIM_WINS:
        return ratio(c->both_wins[arm], c->cells);
    case RL_SIM_WIN_RATE:
        return ratio(c->both_wins[arm], c->both);
    case RL_SIM_VELOCITY:
        return ratio(c->both_saved[arm], c->both);
    default:
        return ratio(c->both_amount[arm], c->both_wins[arm]);
    }
}

void rl_sim_effects(const rl_sim_sums *cell, size_t n, double draws, rl_sim_effect out[RL_SIM_OUTCOMES])
{
    rl_sim_sums all = {0};
    for (size_t i = 0; i < n; i++) add(&all, &cell[i]);
    for (int j = 0; j < RL_SIM_OUTCOMES; j++) {
        rl_sim_outcome o = (rl_sim_outcome)j;
        double sum = 0, weight = 0;
        for (size_t i = 0; i < n; i++) {
            int64_t with = weight_of(&cell[i], o, 1), without = weight_of(&cell[i], o, 0);
            if (with == 0 || without == 0) continue;
            double e = ratio(sum_of(&cell[i], o, 1), with) - ratio(sum_of(&cell[i], o, 0), without);
            sum += (double)with * e;
            weight += (double)with;
        }
        rl_sim_effect *f = &out[o];
        f->with = ratio(sum_of(&all, o, 1), weight_of(&all, o, 1));
        f->without = ratio(sum_of(&all, o, 0), weight_of(&all, o, 0));
        f->effect = weight > 0 ? sum / weight : NAN;
        f->pooled = f->with - f->without;
        f->both = mean_of_both(&all, o, 1) - mean_of_both(&all, o, 0);
        f->total = o < RL_SIM_WIN_RATE ? (double)(sum_of(&all, o, 1) - sum_of(&all, o, 0)) / draws : NAN;
    }
}

/* ------------------------------------------------------------ redraws */

typedef struct job {
    const rl_sim *s;
    uint64_t seed; /* realised: the seed; redraws: the accounts seed */
    bool redraw;
    size_t first;      /* block or redraw number of slot 0              */
    size_t table;      /* cells in a slot                               */
    rl_sim_sums *slot; /* BATCH-by-table                                */
} job;

static void work(size_t b, void *arg)
{
    const job *j = arg;
    size_t k = j->first + b, n = j->s->n;
    rl_sim_sums *sums = j->slot + b * j->table;
    memset(sums, 0, j->table * sizeof *sums);
    if (j->redraw) {
        count_accounts(j->s, rl_draw(j->seed, REDRAW_UNIT, k), 0, n, sums);
    } else {
        size_t from = k * ACCOUNTS_PER_BLOCK, to = from + ACCOUNTS_PER_BLOCK;
        count_accounts(j->s, j->seed, from, to < n ? to : n, sums);
    }
}

/* Welford's sums of the overall effects over the redraws. */
typedef struct spread {
    double n, mean, m2;
} spread;

static void add_effects(const rl_sim *s, const rl_sim_sums *sums, spread *v)
{
    size_t per_age = s->n_cohorts * (size_t)s->periods;
    for (size_t g = 0; g < s->world->n_ages; g++) {
        rl_sim_effect e[RL_SIM_OUTCOMES];
        rl_sim_effects(sums + g * per_age, per_age, 1, e);
        for (int o = 0; o < RL_SIM_OUTCOMES; o++) {
            spread *x = &v[g * RL_SIM_OUTCOMES + (size_t)o];
            if (isnan(e[o].effect)) continue;
            double d = e[o].effect - x->mean;
            x->n++;
            x->mean += d / x->n;
            x->m2 += d * (e[o].effect - x->mean);
        }
    }
}

/* Run `count` blocks or redraws, BATCH at a time, and add them up in order. */
static void run(job *j, size_t count, rl_sim_sums *total, spread *v, rl_ctx *cx)
{
    for (j->first = 0; j->first < count; j->first += BATCH) {
        size_t n = count - j->first < BATCH ? count - j->first : BATCH;
        rl_par(n, work, j, cx);
        for (size_t b = 0; b < n; b++) {
            for (size_t i = 0; i < j->table; i++) add(&total[i], &j->slot[b * j->table + i]);
            if (v != NULL) add_effects(j->s, j->slot + b * j->table, v);
        }
        if (v != NULL) rl_progress(cx, "expected truth", (double)(j->first + n) / (double)count);
    }
}

void rl_sim_truth_make(const rl_sim *s, uint64_t seed, rl_sim_truth *t, rl_arena *in, rl_ctx *cx)
{
    bool spills = s->world->effect.spillover > 0;
    size_t ages = s->world->n_ages, table = cells_of(s) + (spills ? ages : 0);
    *t = (rl_sim_truth){.redraws = s->world->redraws};
    t->realised = RL_NEW(in, rl_sim_sums, table);
    job j = {.s = s, .seed = seed, .table = table, .slot = RL_NEW(cx->tmp, rl_sim_sums, BATCH * table)};
    run(&j, rl_blocks(s->n, ACCOUNTS_PER_BLOCK), t->realised, NULL, cx);
    if (spills) t->near_realised = t->realised + cells_of(s);
    if (t->redraws == 0) return;

    spread *v = RL_NEW(cx->tmp, spread, ages * RL_SIM_OUTCOMES);
    t->expected = RL_NEW(in, rl_sim_sums, table);
    t->monte_carlo_se = RL_NEW(in, double, ages *RL_SIM_OUTCOMES);
    j.redraw = true;
    j.seed = s->accounts_seed;
    run(&j, (size_t)t->redraws, t->expected, v, cx);
    if (spills) t->near_expected = t->expected + cells_of(s);
    for (size_t i = 0; i < ages * RL_SIM_OUTCOMES; i++)
        t->monte_carlo_se[i] = v[i].n > 1 ? sqrt(v[i].m2 / (v[i].n - 1) / v[i].n) : NAN;
}
